/* Reads a capture, tries where a flow may begin, and chooses. */
#include "judge/align.h"

#include "judge/align_private.h"
#include "trace/capture.h"

#include <stdlib.h>
#include <string.h>

#define KEPT_BYTES   ((size_t)64 << 20) /* of messages */
#define KEPT_PACKETS 500000             /* of RTP */
#define TRIED        1000               /* beginnings, of one phone */
#define LOOKED_AT    1000000            /* messages, over all tries of one phone */

struct oh_align {
    struct oh_align_options options;
    struct oh_endpoints *endpoints;
    struct oh_trace *all;            /* every message, and RTP */
    const struct oh_endpoint **ends; /* sender and receiver of each */
    size_t end_room;
    size_t bytes, left_out;
    size_t *lost; /* how many messages there were each time that evidence was lost */
    size_t lost_count, lost_room;
    int64_t last_ns;
    oh_survey_progress_fn *progress;
    void *progress_arg;
    bool stopped;
    struct oh_capture_counts counts;
    struct oh_aligned *found;
    size_t found_count, found_room;
};

struct oh_align *oh_align_new(const struct oh_align_options *options)
{
    struct oh_align *a = oh_alloc(sizeof *a);
    a->options = *options;
    a->endpoints = oh_endpoints_new();
    a->all = oh_trace_new();
    return a;
}

static void release_found(struct oh_aligned *f)
{
    oh_verdict_free(f->verdict);
    if (f->recording) {
        oh_streams_free(f->recording->trace->streams); /* its own: the messages are borrowed */
        f->recording->scenario = NULL;                 /* the caller's */
    }
    oh_recording_free(f->recording);
}

void oh_align_free(struct oh_align *a)
{
    if (!a)
        return;
    for (size_t i = 0; i < a->found_count; i++)
        release_found(&a->found[i]);
    free(a->found);
    free(a->ends);
    free(a->lost);
    oh_trace_free(a->all);
    oh_endpoints_free(a->endpoints);
    free(a);
}

/* --- reading --- */

static bool take_message(struct oh_align *a, unsigned frame, int64_t time_ns,
                         const struct oh_addr *src, const struct oh_addr *dst,
                         enum oh_transport transport, struct oh_span bytes)
{
    if (!oh_sip_looks_like(bytes))
        return false;
    if (a->bytes > KEPT_BYTES) {
        a->left_out++;
        return true;
    }
    const struct oh_trace_msg *m = oh_trace_add(a->all, frame, time_ns, src, dst, transport, bytes);
    if (!m)
        return false;
    a->bytes += 2 * bytes.len + 1024;
    oh_grow(&a->ends, 2 * a->all->msg_count, &a->end_room, sizeof *a->ends);
    const struct oh_endpoint **ends = &a->ends[2 * (size_t)m->index];
    oh_endpoints_take(a->endpoints, m->sip, NULL, src, dst, transport, &ends[0], &ends[1]);
    return true;
}

static void note_time(struct oh_align *a, int64_t time_ns)
{
    a->last_ns = time_ns > a->last_ns ? time_ns : a->last_ns;
}

static void on_datagram(unsigned frame, int64_t time_ns, const struct oh_addr *src,
                        const struct oh_addr *dst, struct oh_span bytes, void *arg)
{
    struct oh_align *a = arg;
    if (a->left_out == 0)
        note_time(a, time_ns);
    if (!take_message(a, frame, time_ns, src, dst, OH_TRANSPORT_UDP, bytes) &&
        a->all->rtp_count < KEPT_PACKETS)
        oh_trace_add_rtp(a->all, frame, time_ns, src, dst, bytes);
}

static void on_tcp_message(unsigned frame, int64_t time_ns, const struct oh_addr *src,
                           const struct oh_addr *dst, struct oh_span bytes, void *arg)
{
    struct oh_align *a = arg;
    if (a->left_out == 0)
        note_time(a, time_ns);
    take_message(a, frame, time_ns, src, dst, OH_TRANSPORT_TCP, bytes);
}

static void on_lost(void *arg)
{
    struct oh_align *a = arg;
    if (a->lost_count > 0 && a->lost[a->lost_count - 1] == a->all->msg_count)
        return;
    oh_grow(&a->lost, a->lost_count, &a->lost_room, sizeof *a->lost);
    a->lost[a->lost_count++] = a->all->msg_count;
}

static bool goes_on(uint64_t done, uint64_t of, void *arg)
{
    struct oh_align *a = arg;
    a->stopped =
        a->stopped || (a->progress && !a->progress(done, of, a->all->msg_count, a->progress_arg));
    return !a->stopped;
}

/* --- one phone --- */

static bool is_candidate(const struct oh_align *a, const struct oh_endpoint *e)
{
    const struct oh_align_options *o = &a->options;
    for (size_t i = 0; i < o->phone_count; i++) {
        if (o->phones[i].port == 0 ? oh_addr_same_ip(&o->phones[i], &e->addr)
                                   : oh_addr_equal(&o->phones[i], &e->addr))
            return e->sent > 0;
    }
    return o->phone_count == 0 && oh_endpoint_is_user_agent(e);
}

/* What one phone sent and got. */
struct side {
    struct oh_trace *trace;
    const struct oh_endpoint **peers;
    size_t *places; /* by message: its place in the whole */
};

static void take_side(const struct oh_align *a, const struct oh_endpoint *phone, struct side *s)
{
    size_t count = a->all->msg_count;
    s->trace = oh_trace_new();
    s->trace->borrows_messages = true;
    s->trace->knows_before = true; /* of the whole nobody asks it */
    for (size_t i = 0; i < count; i++) {
        const struct oh_endpoint *const *ends = &a->ends[2 * i];
        if (ends[0] == ends[1] || (ends[0] != phone && ends[1] != phone))
            continue;
        struct oh_trace *t = s->trace;
        oh_grow(&t->msgs, t->msg_count, &t->msg_room, sizeof *t->msgs);
        struct oh_trace_msg *m = &t->msgs[t->msg_count];
        *m = a->all->msgs[i];
        m->from_phone = ends[0] == phone;
        m->to_phone = ends[1] == phone;
        m->from_seat = ends[0]->name;
        m->to_seat = ends[1]->name;
        m->index = (int)t->msg_count++;
    }
    oh_trace_link(s->trace);
}

/* After linking: the order may be another. */
static void find_places(const struct oh_align *a, const struct oh_endpoint *phone, struct side *s)
{
    size_t count = s->trace->msg_count, place = 0;
    s->peers = oh_alloc((count + 1) * sizeof *s->peers);
    s->places = oh_alloc((count + 1) * sizeof *s->places);
    for (size_t i = 0; i < count; i++) {
        const struct oh_trace_msg *m = &s->trace->msgs[i];
        while (a->all->msgs[place].sip != m->sip)
            place = (place + 1) % a->all->msg_count;
        s->places[i] = place;
        s->peers[i] = a->ends[2 * place] == phone ? a->ends[2 * place + 1] : a->ends[2 * place];
    }
}

static void seat_phone(struct side *s, const char *seat)
{
    for (size_t i = 0; i < s->trace->msg_count; i++) {
        if (s->trace->msgs[i].from_phone)
            s->trace->msgs[i].from_seat = seat;
    }
}

static void release_side(struct side *s)
{
    oh_trace_free(s->trace);
    free(s->peers);
    free(s->places);
}

static const char *phone_party(const struct oh_scenario *s)
{
    for (size_t i = 0; i < s->party_count; i++) {
        if (s->parties[i].role == OH_ROLE_PHONE)
            return s->parties[i].name;
    }
    return "";
}

/* Which of them is which a capture does not tell. */
static bool has_several_phones(const struct oh_scenario *s)
{
    size_t count = 0;
    for (size_t i = 0; i < s->party_count; i++)
        count += s->parties[i].role == OH_ROLE_PHONE;
    return count > 1;
}

static void release_walk(struct oh_align_walk *w)
{
    free(w->step_of);
    free(w->step_msgs);
    free(w->why);
    oh_run_free(w->run);
    *w = (struct oh_align_walk){0};
}

static bool goes_further(const struct oh_align_walk *w, const struct oh_align_walk *best)
{
    return w->step_of &&
           (!best->step_of || w->complete > best->complete || w->reached > best->reached);
}

/* The walk from where most steps are found; its step_of is NULL where the flow begins nowhere. */
static struct oh_align_walk best_walk(const struct oh_align *a, const struct oh_scenario *s,
                                      const struct side *side, size_t *looked)
{
    struct oh_align_walk best = {0};
    size_t begins = 0;
    for (size_t i = 0; i < side->trace->msg_count; i++) {
        if (!oh_align_begins(s, &side->trace->msgs[i]))
            continue;
        begins++;
        if (begins > TRIED || *looked > LOOKED_AT || best.complete)
            continue;
        struct oh_align_walk w = {.scenario = s,
                                  .trace = side->trace,
                                  .run = oh_run_new(NULL),
                                  .begin = (int)i,
                                  .until_ns = a->last_ns};
        w.run->foreign = true;
        oh_align_walk(&w);
        *looked += (size_t)(w.end - w.begin);
        if (goes_further(&w, &best)) {
            release_walk(&best);
            best = w;
        } else {
            release_walk(&w);
        }
    }
    return best;
}

/* Messages that have no part in the flow as found and could begin it elsewhere. */
static size_t other_begins(const struct oh_align *a, const struct side *s,
                           const struct oh_align_walk *w)
{
    size_t count = 0;
    for (size_t i = 0; i < s->trace->msg_count; i++)
        count +=
            w->step_of[i] == OH_NONE && oh_align_begins(a->options.scenario, &s->trace->msgs[i]);
    return count;
}

static bool is_lost(const struct oh_align *a, const struct side *s, const struct oh_align_walk *w)
{
    size_t from = s->places[w->begin];
    size_t to = w->complete ? s->places[w->last] : SIZE_MAX;
    for (size_t i = 0; i < a->lost_count; i++) {
        if (a->lost[i] > from && a->lost[i] <= to)
            return true;
    }
    return false;
}

/* A phone that lacks what the scenario needs would not be played: skip. */
static const char *missing_ability(const struct oh_scenario *s, const struct side *side)
{
    for (size_t i = 0; i < s->need_count; i++) {
        if (!oh_align_shows_ability(side->trace, s->needs[i]))
            return s->needs[i];
    }
    return NULL;
}

static char *why_absent(const struct oh_align *a, const struct oh_endpoint *phone,
                        const char *missing)
{
    const struct oh_scenario *s = a->options.scenario;
    size_t i = 0;
    if (has_several_phones(s))
        return oh_strdup("a flow with several phones under test is not looked for in a capture: "
                         "which phone is which party is known of a run only");
    if (missing)
        return oh_format("the scenario needs the ability '%s', and no message of %s shows it",
                         missing, phone->name);
    while (i < s->step_count && s->steps[i].kind != OH_STEP_MESSAGE)
        i++;
    return oh_format("the flow is not in the capture: %s has no message that is '%s'%s%s",
                     phone->name, i < s->step_count ? s->steps[i].text : "its first",
                     s->transport_given ? " over " : "",
                     s->transport_given ? oh_transport_name(s->transport) : "");
}

/* Of the rows of a table, the one whose flow goes furthest becomes the scenario. */
static struct oh_align_walk walk_rows(struct oh_align *a, struct side *side)
{
    const struct oh_align_options *o = &a->options;
    const size_t count = o->row_count ? o->row_count : 1;
    const struct oh_scenario *chosen = NULL;
    struct oh_align_walk best = {0};
    size_t looked = 0;
    for (size_t i = 0; i < count && !best.complete; i++) {
        const struct oh_scenario *s = o->row_count ? o->rows[i] : o->scenario;
        struct oh_align_walk walk = {0};
        seat_phone(side, phone_party(s));
        if (!missing_ability(s, side) && !has_several_phones(s))
            walk = best_walk(a, s, side, &looked);
        bool better = goes_further(&walk, &best);
        release_walk(better ? &best : &walk);
        if (better)
            best = walk;
        if (better || !chosen)
            chosen = s;
    }
    a->options.scenario = chosen;
    seat_phone(side, phone_party(chosen));
    return best;
}

static void align_phone(struct oh_align *a, const struct oh_endpoint *phone)
{
    struct side side = {0};
    struct oh_aligned found = {.phone = phone};
    take_side(a, phone, &side);
    find_places(a, phone, &side);
    struct oh_align_walk walk = walk_rows(a, &side);
    struct oh_align_source source = {.options = &a->options,
                                     .phone = phone,
                                     .whole = side.trace,
                                     .peers = side.peers,
                                     .rtp = a->all->rtp,
                                     .rtp_count = a->all->rtp_count,
                                     .until_ns = a->last_ns,
                                     .frames = a->counts.frames};
    if (walk.step_of) {
        source.lost = is_lost(a, &side, &walk);
        oh_align_judge(&source, &walk, &found);
        found.begins = other_begins(a, &side, &walk);
    } else {
        char *why = why_absent(a, phone, missing_ability(a->options.scenario, &side));
        oh_align_judge_absent(&source, why, &found);
        free(why);
    }
    release_walk(&walk);
    release_side(&side);
    oh_grow(&a->found, a->found_count, &a->found_room, sizeof *a->found);
    a->found[a->found_count++] = found;
}

/* --- whose results are told --- */

/* An entry of a report is known by its id. */
static void number(struct oh_align *a)
{
    for (size_t i = 0; i < a->found_count; i++) {
        char **id = &a->found[i].recording->run->scenario_id, *plain = *id;
        if (a->options.number_from + i == 0)
            continue;
        *id = oh_format("%s~%zu", plain, a->options.number_from + i + 1);
        free(plain);
    }
}

static bool is_better(const struct oh_aligned *x, const struct oh_aligned *y)
{
    return x->is_off != y->is_off ? !x->is_off : x->steps > y->steps;
}

/* Of phones that nobody named: who went through the flow, else who got furthest. */
static void choose(struct oh_align *a)
{
    size_t best = 0, kept = 0;
    for (size_t i = 1; i < a->found_count; i++)
        best = is_better(&a->found[i], &a->found[best]) ? i : best;
    const bool any = a->found_count > 0 && !a->found[best].is_off;
    for (size_t i = 0; i < a->found_count; i++) {
        if (any ? !a->found[i].is_off : i == best)
            a->found[kept++] = a->found[i];
        else
            release_found(&a->found[i]);
    }
    a->found_count = kept;
}

int oh_align_capture(struct oh_align *a, const char *path, oh_survey_progress_fn *progress,
                     void *arg, struct oh_error *e)
{
    const struct oh_capture_sink sink = {.datagram = on_datagram,
                                         .tcp_message = on_tcp_message,
                                         .lost = on_lost,
                                         .go_on = goes_on,
                                         .arg = a};
    a->progress = progress;
    a->progress_arg = arg;
    if (oh_capture_scan(path, NULL, 0, &sink, &a->counts, e) < 0)
        return -1;
    for (size_t i = 0; i < oh_endpoints_count(a->endpoints); i++) {
        const struct oh_endpoint *phone = oh_endpoints_at(a->endpoints, i);
        if (is_candidate(a, phone))
            align_phone(a, phone);
    }
    if (a->options.phone_count == 0)
        choose(a);
    number(a);
    return 0;
}

size_t oh_align_count(const struct oh_align *a)
{
    return a->found_count;
}

const struct oh_aligned *oh_align_at(const struct oh_align *a, size_t index)
{
    return &a->found[index];
}

size_t oh_align_messages(const struct oh_align *a)
{
    return a->all->msg_count + a->left_out;
}

size_t oh_align_left_out(const struct oh_align *a)
{
    return a->left_out;
}
