#include "base/file.h"
#include "trace/capture.h"
#include "trace/run.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define CAPTURE_FILE "capture.pcap"

/* The capture may show one packet twice within this time; the tap never does. */
#define SAME_PACKET_NS OH_NS_PER_MS

/* --- tap and trace side by side --- */

/* A message as the tap or the trace has it. */
struct sighting {
    struct oh_addr src, dst;
    struct oh_span bytes;
    int64_t time_ns;
    bool in_tap;
    int index; /* of the tap entry or the trace message */
};

static int compare_addr(const struct oh_addr *a, const struct oh_addr *b)
{
    int order = (a->port > b->port) - (a->port < b->port);
    if (order == 0)
        order = (a->family > b->family) - (a->family < b->family);
    return order ? order : memcmp(a->ip, b->ip, sizeof a->ip);
}

static int compare_packet(const struct sighting *x, const struct sighting *y)
{
    int order = compare_addr(&x->src, &y->src);
    if (order == 0)
        order = compare_addr(&x->dst, &y->dst);
    if (order == 0)
        order = (x->bytes.len > y->bytes.len) - (x->bytes.len < y->bytes.len);
    return order || x->bytes.len == 0 ? order : memcmp(x->bytes.at, y->bytes.at, x->bytes.len);
}

/* Equal packets beside each other: first the trace's by time, then the tap's in their own order. */
static int compare_sighting(const void *a, const void *b)
{
    const struct sighting *x = a, *y = b;
    int order = compare_packet(x, y);
    if (order == 0)
        order = x->in_tap - y->in_tap;
    if (order == 0 && !x->in_tap)
        order = (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns);
    return order ? order : (x->index > y->index) - (x->index < y->index);
}

static bool is_sip(const struct oh_tap_entry *t)
{
    return !t->is_rtp && oh_sip_looks_like(t->bytes);
}

static struct sighting *sightings_of(const struct oh_run *run, const struct oh_trace *trace,
                                     size_t *count)
{
    struct sighting *all = oh_alloc((run->tap_count + trace->msg_count) * sizeof *all);
    *count = 0;
    for (size_t i = 0; i < trace->msg_count; i++) {
        const struct oh_trace_msg *m = &trace->msgs[i];
        all[(*count)++] =
            (struct sighting){m->src, m->dst, m->sip->bytes, m->time_ns, false, (int)i};
    }
    for (size_t i = 0; i < run->tap_count; i++) {
        const struct oh_tap_entry *t = &run->tap[i];
        if (is_sip(t))
            all[(*count)++] = (struct sighting){t->sent ? t->local : t->remote,
                                                t->sent ? t->remote : t->local,
                                                oh_span_sub(t->bytes, 0, OH_SIP_MAX_BYTES),
                                                t->wall_ns,
                                                true,
                                                (int)i};
    }
    if (*count > 1)
        qsort(all, *count, sizeof *all, compare_sighting);
    return all;
}

static int64_t apart(const struct sighting *a, const struct sighting *b)
{
    return a->time_ns > b->time_ns ? a->time_ns - b->time_ns : b->time_ns - a->time_ns;
}

/* Equal packets, `seen` by the capture and `known` to the tap, both in order: pairs them in order,
 * nearest in time. What one side has too many of is passed over where the next one is nearer. */
static void pair(struct oh_trace *trace, const struct sighting *seen, size_t seen_count,
                 const struct sighting *known, size_t known_count)
{
    size_t s = 0, k = 0;
    while (s < seen_count && k < known_count) {
        size_t seen_left = seen_count - s, known_left = known_count - k;
        if (seen_left > known_left && apart(&seen[s + 1], &known[k]) < apart(&seen[s], &known[k]))
            s++;
        else if (known_left > seen_left &&
                 apart(&seen[s], &known[k + 1]) < apart(&seen[s], &known[k]))
            k++;
        else
            trace->msgs[seen[s++].index].tap = known[k++].index;
    }
}

/* Of one packet captured twice the first is the one that the tap knows, whichever was nearer. */
static void prefer_first_copy(struct oh_trace *trace, const struct sighting *seen, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        struct oh_trace_msg *first = &trace->msgs[seen[i - 2].index];
        struct oh_trace_msg *second = &trace->msgs[seen[i - 1].index];
        if (first->tap != OH_NONE || second->tap == OH_NONE ||
            second->time_ns - first->time_ns > SAME_PACKET_NS)
            continue;
        first->tap = second->tap;
        second->tap = OH_NONE;
    }
}

static void pair_all(struct oh_run *run, struct oh_trace *trace)
{
    size_t count, from = 0;
    struct sighting *all = sightings_of(run, trace, &count);
    while (from < count) {
        size_t seen = 0, known = 0;
        while (from + seen < count && !all[from + seen].in_tap &&
               compare_packet(&all[from], &all[from + seen]) == 0)
            seen++;
        while (from + seen + known < count && all[from + seen + known].in_tap &&
               compare_packet(&all[from], &all[from + seen + known]) == 0)
            known++;
        pair(trace, all + from, seen, all + from + seen, known);
        prefer_first_copy(trace, all + from, seen);
        from += seen + known;
    }
    free(all);
}

static struct oh_trace_msg *add_tapped(struct oh_trace *trace, const struct oh_run *run, size_t i)
{
    const struct oh_tap_entry *t = &run->tap[i];
    struct oh_trace_msg *m =
        oh_trace_add(trace, 0, t->wall_ns, t->sent ? &t->local : &t->remote,
                     t->sent ? &t->remote : &t->local, OH_TRANSPORT_UDP, t->bytes);
    if (m)
        m->tap = (int)i;
    return m;
}

/* Adds what only the tap has: all of it where the tap is the evidence, else what the capture lost.
 */
static void add_missing(struct oh_recording *r)
{
    bool *found = oh_alloc(r->run->tap_count * sizeof *found);
    bool is_loss = r->run->evidence == OH_EVIDENCE_CAPTURE;
    for (size_t i = 0; i < r->trace->msg_count; i++) {
        if (r->trace->msgs[i].tap != OH_NONE)
            found[r->trace->msgs[i].tap] = true;
    }
    for (size_t i = 0; i < r->run->tap_count; i++) {
        struct oh_trace_msg *m = NULL;
        if (!found[i] && is_sip(&r->run->tap[i]))
            m = add_tapped(r->trace, r->run, i);
        if (!m || !is_loss)
            continue;
        m->tap_only = true;
        r->lost++;
    }
    free(found);
}

static void add_tapped_rtp(struct oh_recording *r)
{
    for (size_t i = 0; i < r->run->tap_count; i++) {
        const struct oh_tap_entry *t = &r->run->tap[i];
        if (!t->is_rtp ||
            !oh_trace_add_rtp(r->trace, 0, t->wall_ns, t->sent ? &t->local : &t->remote,
                              t->sent ? &t->remote : &t->local, t->bytes))
            continue;
        /* of the packet the tap keeps the fixed header only; CSRCs are in the rest */
        size_t header = 12 + 4 * ((size_t)(unsigned char)t->bytes.at[0] & 0x0f);
        size_t payload = t->whole_len > header ? t->whole_len - header : 0;
        struct oh_trace_rtp *rtp = &r->trace->rtp[r->trace->rtp_count - 1];
        rtp->payload_len = (uint16_t)(payload > UINT16_MAX ? UINT16_MAX : payload);
    }
}

static void count_strays(struct oh_recording *r)
{
    for (size_t i = 0; i < r->trace->msg_count; i++) {
        const struct oh_trace_msg *m = &r->trace->msgs[i];
        if ((m->from_phone || m->to_phone) && m->tap == OH_NONE && m->duplicate_of == OH_NONE)
            r->strays++;
    }
}

/* --- the whole --- */

static void put_seats(struct oh_recording *r)
{
    const struct oh_run *run = r->run;
    struct oh_seat_address *seats = oh_alloc(run->seat_count * sizeof *seats);
    for (size_t i = 0; i < run->seat_count; i++) {
        const struct oh_run_seat *s = &run->seats[i];
        seats[i] = (struct oh_seat_address){s->name, s->is_phone, s->sip, s->rtp};
    }
    oh_trace_seats(r->trace, seats, run->seat_count);
    free(seats);
}

/* The journal speaks of steps by number: they must be there. */
static int check_steps(const struct oh_run *run, const struct oh_scenario *s, struct oh_error *e)
{
    static const char sentence[] =
        "the recording is damaged: it speaks of step %d, its scenario has %zu";
    if (run->outcome_step >= (int)s->step_count)
        return oh_error_set(e, sentence, run->outcome_step, s->step_count);
    for (size_t i = 0; i < run->journal_count; i++) {
        if (run->journal[i].step >= (int)s->step_count)
            return oh_error_set(e, sentence, run->journal[i].step, s->step_count);
    }
    return 0;
}

static int parse_scenario(struct oh_recording *r, struct oh_error *e)
{
    struct oh_errors errors = {0};
    const struct oh_run *run = r->run;
    if (!run->scenario_text)
        return 0;
    r->scenario = oh_scenario_parse(run->scenario_file ? run->scenario_file : "scenario",
                                    oh_span_of(run->scenario_text), &errors);
    int result = r->scenario ? check_steps(run, r->scenario, e) : -1;
    if (!r->scenario && errors.count > 0 && e)
        *e = errors.items[0];
    else if (!r->scenario)
        oh_error_set(e, "the scenario in the recording cannot be read");
    oh_errors_release(&errors);
    return result;
}

struct oh_recording *oh_recording_make(struct oh_run *run, struct oh_trace *trace,
                                       struct oh_error *e)
{
    struct oh_recording *r = oh_alloc(sizeof *r);
    *r = (struct oh_recording){.run = run, .trace = trace ? trace : oh_trace_new()};
    if (parse_scenario(r, e) < 0) {
        oh_recording_free(r);
        return NULL;
    }
    pair_all(run, r->trace);
    add_missing(r);
    if (run->evidence == OH_EVIDENCE_TAP)
        add_tapped_rtp(r);
    put_seats(r);
    oh_trace_link(r->trace);
    count_strays(r);
    return r;
}

/* A run that ended before its first packet has no capture file. One that captured packets must have
 * it. */
static int read_capture(struct oh_run *run, const char *folder, struct oh_trace *t,
                        struct oh_error *e)
{
    char *path = oh_file_join(folder, CAPTURE_FILE);
    bool truncated = false;
    int result = 0;
    if (oh_file_exists(path) || run->capture.received > 0)
        result = oh_capture_read(path, t, &truncated, e);
    if (truncated)
        run->capture.complete = false;
    free(path);
    return result;
}

struct oh_recording *oh_recording_read(const char *folder, struct oh_error *e)
{
    struct oh_run *run = oh_run_read(folder, e);
    if (!run)
        return NULL;
    struct oh_trace *trace = oh_trace_new();
    if (run->evidence == OH_EVIDENCE_CAPTURE && read_capture(run, folder, trace, e) < 0) {
        oh_trace_free(trace);
        oh_run_free(run);
        return NULL;
    }
    return oh_recording_make(run, trace, e);
}

void oh_recording_free(struct oh_recording *r)
{
    if (!r)
        return;
    oh_trace_free(r->trace);
    oh_scenario_free(r->scenario);
    oh_run_free(r->run);
    free(r);
}
