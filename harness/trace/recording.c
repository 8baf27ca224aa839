#include "base/file.h"
#include "trace/capture.h"
#include "trace/pairing.h"

#include <stdlib.h>
#include <string.h>

#define CAPTURE_FILE "capture.pcap"

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
        rtp->malformed = false;
    }
}

/* --- whose each message is --- */

static const struct oh_run_seat *our_seat(const struct oh_run *run, const char *name)
{
    for (size_t i = 0; i < run->seat_count; i++) {
        const struct oh_run_seat *s = &run->seats[i];
        if (!s->is_phone && name && s->name && strcmp(s->name, name) == 0)
            return s;
    }
    return NULL;
}

/* A connection that we opened has a port of its own, and several of our seats may share an address:
 * the tap knows whose it was. */
static void put_seats_of_connections(struct oh_recording *r)
{
    for (size_t i = 0; i < r->trace->msg_count; i++) {
        struct oh_trace_msg *m = &r->trace->msgs[i];
        const struct oh_tap_entry *t = m->tap == OH_NONE ? NULL : &r->run->tap[m->tap];
        if (!t || t->transport != OH_TRANSPORT_TCP)
            continue;
        const char **seat = t->sent ? &m->from_seat : &m->to_seat;
        const struct oh_run_seat *ours = *seat ? NULL : our_seat(r->run, t->label);
        if (ours)
            *seat = ours->name;
    }
}

static void put_seats(struct oh_recording *r)
{
    const struct oh_run *run = r->run;
    size_t count = run->seat_count + run->conn_count;
    struct oh_seat_address *seats = oh_alloc((count ? count : 1) * sizeof *seats);
    for (size_t i = 0; i < run->seat_count; i++) {
        const struct oh_run_seat *s = &run->seats[i];
        seats[i] = (struct oh_seat_address){s->name, s->is_phone, s->sip, s->rtp};
    }
    for (size_t i = 0; i < run->conn_count; i++)
        seats[run->seat_count + i] =
            (struct oh_seat_address){run->conns[i].seat, true, run->conns[i].remote, {0}};
    oh_trace_seats(r->trace, seats, count);
    free(seats);
    put_seats_of_connections(r);
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
    r->scenario = oh_scenario_parse_row(run->scenario_file ? run->scenario_file : "scenario",
                                        oh_span_of(run->scenario_text), run->scenario_row,
                                        run->params, run->param_count, &errors);
    int result = r->scenario ? check_steps(run, r->scenario, e) : -1;
    if (!r->scenario && errors.count > 0 && e)
        *e = errors.items[0];
    else if (!r->scenario)
        oh_error_set(e, "the scenario in the recording cannot be read");
    oh_errors_release(&errors);
    return result;
}

/* What a capture would have seen: of a net that loses nothing, all that the tap has. */
static void number_as_captured(struct oh_recording *r)
{
    for (size_t i = 0; i < r->trace->msg_count; i++)
        r->trace->msgs[i].frame = (unsigned)(r->trace->msgs[i].tap + 1);
    r->trace->frames = r->run->tap_count;
    r->run->evidence = OH_EVIDENCE_CAPTURE;
    r->run->capture = (struct oh_capture_counters){.received = r->run->tap_count, .complete = true};
}

static struct oh_recording *make(struct oh_run *run, struct oh_trace *trace, bool is_lossless,
                                 struct oh_error *e)
{
    struct oh_recording *r = oh_alloc(sizeof *r);
    *r = (struct oh_recording){.run = run, .trace = trace ? trace : oh_trace_new()};
    if (parse_scenario(r, e) < 0) {
        oh_recording_free(r);
        return NULL;
    }
    r->lost = oh_pairing_make(run, r->trace);
    if (run->evidence == OH_EVIDENCE_TAP)
        add_tapped_rtp(r);
    if (is_lossless)
        number_as_captured(r);
    put_seats(r);
    oh_trace_link(r->trace);
    count_strays(r);
    return r;
}

struct oh_recording *oh_recording_make(struct oh_run *run, struct oh_trace *trace,
                                       struct oh_error *e)
{
    return make(run, trace, false, e);
}

struct oh_recording *oh_recording_of_tap(struct oh_run *run, struct oh_error *e)
{
    return make(run, NULL, true, e);
}

/* A run that ended before its first packet has no capture file. One that captured packets must have
 * it. */
static int read_capture(struct oh_run *run, const char *folder, struct oh_trace *t,
                        struct oh_error *e)
{
    char *path = oh_file_join(folder, CAPTURE_FILE);
    bool truncated = false;
    int result = 0;
    struct oh_addr *sip_at = oh_alloc(run->seat_count * sizeof *sip_at);
    for (size_t i = 0; i < run->seat_count; i++)
        sip_at[i] = run->seats[i].sip;
    if (oh_file_exists(path) || run->capture.received > 0)
        result = oh_capture_read_sip_at(path, sip_at, run->seat_count, t, &truncated, e);
    free(sip_at);
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
