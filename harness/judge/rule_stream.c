/* The always-on rules on streams of RTP: which streams they are asked about, and how they speak.
 * rules.c does the same for messages. */
#include "judge/internal.h"
#include "judge/rule_view.h"

#include <stdlib.h>
#include <string.h>

static bool is_ours(const struct oh_run *run, const struct oh_addr *a)
{
    for (size_t i = 0; i < run->seat_count; i++) {
        if (!run->seats[i].is_phone && oh_addr_equal(&run->seats[i].rtp, a))
            return true;
    }
    return false;
}

/* The seat of the phone at this address; NULL. Seats that share it cannot be told apart. */
static const char *phone_at(const struct oh_run *run, const struct oh_addr *a)
{
    const char *found = NULL;
    for (size_t i = 0; i < run->seat_count; i++) {
        const struct oh_run_seat *s = &run->seats[i];
        if (!s->is_phone || !oh_addr_same_ip(&s->sip, a))
            continue;
        if (found)
            return NULL;
        found = s->name;
    }
    return found;
}

static const char *only_phone(const struct oh_run *run)
{
    const char *found = NULL;
    for (size_t i = 0; i < run->seat_count; i++) {
        if (run->seats[i].is_phone && found)
            return NULL;
        if (run->seats[i].is_phone)
            found = run->seats[i].name;
    }
    return found;
}

/* Of a run: what comes to our seat from elsewhere than ours is a phone's, wherever it was sent from
 * (RFC 3264 5.1 gives the address to send to, none to send from). */
static bool is_phones_in_run(const struct oh_run *run, const struct oh_stream *s, const char **seat)
{
    *seat = phone_at(run, &s->src);
    if (is_ours(run, &s->src))
        return false;
    if (!*seat && is_ours(run, &s->dst))
        *seat = only_phone(run);
    return *seat != NULL;
}

/* Of a foreign capture: from where the phone said that it is, or to where it was told to send. */
static bool is_phones_in_capture(const struct oh_sessions *all, const struct oh_stream *s)
{
    bool from_told = oh_sessions_naming(all, false, &s->src) != NULL;
    return oh_sessions_naming(all, true, &s->src) ||
           (!from_told && oh_sessions_naming(all, false, &s->dst));
}

static void ask(struct oh_rule_view *v)
{
    const struct oh_rule_family *const *families = oh_rule_families();
    for (size_t f = 0; families[f]; f++) {
        for (size_t k = 0; k < families[f]->count; k++) {
            v->rule = &families[f]->rules[k];
            if (!(v->rule->on & OH_ON_STREAM))
                continue;
            v->verdict->rules_applied++;
            v->rule->check(v, NULL);
        }
    }
}

void oh_rules_apply_to_streams(struct oh_verdict *verdict, const struct oh_recording *r,
                               bool strict)
{
    const struct oh_streams *streams = r->trace->streams;
    bool clock_set = r->run && oh_clock_was_set(r->run);
    struct oh_holes holes = {0};
    for (size_t i = 0; i < oh_streams_count(streams); i++) {
        struct oh_rule_view v = {.verdict = verdict, .recording = r, .strict = strict};
        v.clock_set = clock_set;
        v.holes = r->run ? NULL : &holes;
        v.stream = oh_streams_at(streams, i);
        if (r->run && !is_phones_in_run(r->run, v.stream, &v.seat))
            continue;
        v.sessions = oh_sessions_new(r->trace, v.seat);
        if (r->run || is_phones_in_capture(v.sessions, v.stream))
            ask(&v);
        oh_sessions_free(v.sessions);
    }
}

const struct oh_stream *oh_rule_stream(const struct oh_rule_view *v)
{
    return v->stream;
}

const struct oh_sessions *oh_rule_sessions(const struct oh_rule_view *v)
{
    return v->sessions;
}

void oh_rule_broken_stream(struct oh_rule_view *v, const struct oh_stream_breach *b)
{
    if (!oh_rule_may_speak(v, true, v->seat) || oh_rule_is_voided(v))
        return;
    struct oh_finding *f = oh_finding_add(v->verdict, v->rule->id, v->rule->level, v->strict);
    f->is_rule = true;
    f->from_phone = true;
    f->clause = oh_strdup(b->clause ? b->clause : v->rule->clause);
    f->expected = oh_strdup(b->expected);
    f->observed = oh_strdup(b->observed);
    f->text = oh_strdup(b->text ? b->text : v->rule->meaning);
    f->method = oh_strdup(OH_RULE_RTP);
    f->time_ns = b->time_ns - v->verdict->zero_ns;
    oh_finding_frame(f, b->frame);
    oh_finding_frame(f, b->frame_too);
    for (size_t i = 0; i < 2; i++) {
        if (b->by[i])
            oh_finding_frame(f, b->by[i]->frame);
    }
}

/* Of a run each packet is there, of a foreign capture the ends of a run alone. */
unsigned oh_rule_frame_at(const struct oh_rule_view *v, const struct oh_stream_run *run,
                          int64_t time_ns)
{
    const struct oh_trace *t = v->recording->trace;
    const struct oh_stream *s = v->stream;
    for (size_t i = 0; i < t->rtp_count; i++) {
        const struct oh_trace_rtp *r = &t->rtp[i];
        if (r->time_ns >= time_ns && r->ssrc == s->ssrc && oh_addr_equal(&r->src, &s->src) &&
            oh_addr_equal(&r->dst, &s->dst))
            return r->frame;
    }
    return time_ns <= run->first_ns ? run->first_frame : run->last_frame;
}
