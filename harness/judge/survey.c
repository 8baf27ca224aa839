#include "judge/survey.h"

#include "judge/internal.h"
#include "judge/rule_book.h"
#include "judge/survey_keep.h"
#include "trace/capture.h"

#include <stdlib.h>
#include <string.h>

#define KEPT_BYTES    ((size_t)4 << 20)
#define KEPT_FINDINGS 1000

struct oh_survey {
    struct oh_survey_options options;
    struct oh_endpoints *endpoints;
    struct oh_calls *calls;
    struct oh_keep_limits limits;
    struct oh_rule_book *rules;
    struct oh_kept **kept; /* by the endpoint's index; NULL: not judged */
    size_t kept_room;
    const struct oh_kept **phones; /* of them those that are phones, at the end */
    size_t phone_count;
    struct oh_survey_counts counts;
    oh_survey_progress_fn *progress;
    void *progress_arg;
};

/* --- who is judged --- */

static bool is_named(const struct oh_survey_options *o, const struct oh_endpoint *e)
{
    for (size_t i = 0; i < o->phone_count; i++) {
        if (o->phones[i].port == 0 ? oh_addr_same_ip(&o->phones[i], &e->addr)
                                   : oh_addr_equal(&o->phones[i], &e->addr))
            return true;
    }
    return false;
}

/* What has once been seen to pass on is no user agent from then on. */
bool oh_survey_is_judged(const struct oh_survey *s, const struct oh_endpoint *e)
{
    if (s->options.phone_count > 0)
        return e->sent > 0 && is_named(&s->options, e);
    return oh_endpoint_is_user_agent(e);
}

static struct oh_kept *kept_of(struct oh_survey *s, const struct oh_endpoint *phone)
{
    size_t at = (size_t)phone->index;
    if (at >= s->kept_room) {
        size_t room = s->kept_room ? s->kept_room : 16;
        while (room <= at)
            room *= 2;
        s->kept = oh_realloc(s->kept, room * sizeof(struct oh_kept *));
        for (; s->kept_room < room; s->kept_room++)
            s->kept[s->kept_room] = NULL;
    }
    if (!s->kept[at])
        s->kept[at] = oh_kept_new(phone, s->options.profile);
    return s->kept[at];
}

static bool is_wanted(const struct oh_endpoint *e, void *arg)
{
    return oh_survey_is_judged(arg, e);
}

/* --- one call --- */

static void take_call(const struct oh_call *call, void *arg)
{
    struct oh_survey *s = arg;
    struct oh_recording recording = {.trace = call->trace,
                                     .lost = call->lost,
                                     .until_ns = call->until_ns,
                                     .begins_within = call->begins_within,
                                     .one_sided = call->one_sided,
                                     .secrets = s->options.secrets,
                                     .secret_count = s->options.secret_count,
                                     .profile = s->options.profile};
    struct oh_verdict found = {.recording = &recording, .zero_ns = s->counts.first_ns};
    oh_rules_apply_by(s->rules, &found, &recording, s->options.strict);
    oh_findings_sort(&found);
    if (found.finding_count > 0 && s->options.found)
        s->options.found(call->phone, &found, s->options.found_arg);
    oh_kept_take(kept_of(s, call->phone), call, &found, &s->limits);
    free(found.findings);
}

/* --- reading --- */

static void note_time(struct oh_survey *s, int64_t time_ns)
{
    struct oh_survey_counts *c = &s->counts;
    if (c->first_ns == 0)
        c->first_ns = time_ns;
    c->last_ns = time_ns > c->last_ns ? time_ns : c->last_ns;
}

static bool take_message(struct oh_survey *s, unsigned frame, int64_t time_ns,
                         const struct oh_addr *src, const struct oh_addr *dst,
                         enum oh_transport transport, struct oh_span bytes)
{
    if (!oh_sip_looks_like(bytes))
        return false;
    note_time(s, time_ns);
    return oh_calls_message(s->calls, frame, time_ns, src, dst, transport, bytes);
}

static void on_datagram(unsigned frame, int64_t time_ns, const struct oh_addr *src,
                        const struct oh_addr *dst, struct oh_span bytes, void *arg)
{
    struct oh_survey *s = arg;
    if (take_message(s, frame, time_ns, src, dst, OH_TRANSPORT_UDP, bytes))
        return;
    if (oh_calls_datagram(s->calls, frame, time_ns, src, dst, bytes))
        s->counts.media_packets++;
    else
        s->counts.other_datagrams++;
}

static void on_tcp_message(unsigned frame, int64_t time_ns, const struct oh_addr *src,
                           const struct oh_addr *dst, struct oh_span bytes, void *arg)
{
    take_message(arg, frame, time_ns, src, dst, OH_TRANSPORT_TCP, bytes);
}

static bool goes_on(uint64_t done, uint64_t of, void *arg)
{
    struct oh_survey *s = arg;
    if (!s->counts.stopped && s->progress &&
        !s->progress(done, of, oh_calls_counts(s->calls).messages, s->progress_arg))
        s->counts.stopped = true;
    return !s->counts.stopped;
}

/* A read that a signal ended looks like a damaged tail, and is none. */
static void on_lost(void *arg)
{
    struct oh_survey *s = arg;
    if (goes_on(0, 0, s))
        oh_calls_lost(s->calls);
}

static void take_counts(struct oh_survey_counts *to, const struct oh_capture_counts *from)
{
    to->frames = from->frames;
    to->cut_frames = from->cut;
    to->other_packets = from->other;
    to->unfinished_datagrams = from->unfinished;
    to->tcp_gaps = from->tcp_gaps;
    to->other_tcp = from->tcp_other;
    to->truncated = from->truncated;
}

/* --- the verdict on a phone --- */

static void decide(struct oh_kept *k)
{
    struct oh_verdict *v = &k->verdict;
    const struct oh_finding *first = NULL;
    v->word = k->pub.musts > 0 ? OH_WORD_FAIL : OH_WORD_PASS;
    for (size_t i = 0; !first && i < v->finding_count; i++)
        first = v->findings[i].result == OH_RESULT_FAIL ? &v->findings[i] : NULL;
    if (first && k->pub.musts > 1)
        v->reason = oh_format("%s, and %zu more: %s", first->id, k->pub.musts - 1, first->text);
    else if (first)
        v->reason = oh_format("%s: %s", first->id, first->text);
    else if (k->pub.musts > 0)
        v->reason = oh_format("%zu musts are broken, of which none could be kept", k->pub.musts);
}

static void find_phones(struct oh_survey *s)
{
    s->phones = oh_alloc((s->kept_room + 1) * sizeof *s->phones);
    for (size_t i = 0; i < s->kept_room; i++) {
        struct oh_kept *k = s->kept[i];
        if (!k || !oh_survey_is_judged(s, k->pub.phone))
            continue;
        k->verdict.zero_ns = s->counts.first_ns;
        decide(k);
        s->phones[s->phone_count++] = k;
    }
    for (size_t i = 0; i < oh_endpoints_count(s->endpoints); i++) {
        const struct oh_endpoint *e = oh_endpoints_at(s->endpoints, i);
        s->counts.not_judged += oh_survey_is_judged(s, e) ? 0 : e->sent;
    }
}

int oh_survey_capture(struct oh_survey *s, const char *path, oh_survey_progress_fn *progress,
                      void *arg, struct oh_error *e)
{
    const struct oh_capture_sink sink = {.datagram = on_datagram,
                                         .tcp_message = on_tcp_message,
                                         .lost = on_lost,
                                         .go_on = goes_on,
                                         .arg = s};
    struct oh_capture_counts counts = {0};
    s->progress = progress;
    s->progress_arg = arg;
    if (oh_capture_scan(path, NULL, 0, &sink, &counts, e) < 0)
        return -1;
    oh_calls_end(s->calls);
    take_counts(&s->counts, &counts);
    if (s->counts.stopped && !goes_on(0, 0, s))
        s->counts.truncated = counts.cut + counts.unfinished + counts.tcp_gaps > 0;
    s->counts.calls = oh_calls_counts(s->calls);
    find_phones(s);
    return 0;
}

/* --- asking --- */

size_t oh_survey_count(const struct oh_survey *s)
{
    return s->phone_count;
}

const struct oh_surveyed *oh_survey_at(const struct oh_survey *s, size_t index)
{
    return &s->phones[index]->pub;
}

struct oh_survey_counts oh_survey_counts(const struct oh_survey *s)
{
    return s->counts;
}

const struct oh_endpoints *oh_survey_endpoints(const struct oh_survey *s)
{
    return s->endpoints;
}

struct oh_survey *oh_survey_new(const struct oh_survey_options *options)
{
    struct oh_survey *s = oh_alloc(sizeof *s);
    s->options = *options;
    s->limits.bytes = options->kept_bytes ? options->kept_bytes : KEPT_BYTES;
    s->limits.of_a_phone = options->kept_findings ? options->kept_findings : KEPT_FINDINGS;
    s->endpoints = oh_endpoints_new();
    s->rules = oh_rule_book_new();
    s->options.limits.wanted = is_wanted;
    s->options.limits.wanted_arg = s;
    s->calls = oh_calls_new(&s->options.limits, s->endpoints, take_call, s);
    return s;
}

void oh_survey_free(struct oh_survey *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->kept_room; i++)
        oh_kept_free(s->kept[i]);
    free(s->kept);
    free(s->phones);
    oh_rule_book_free(s->rules);
    oh_calls_free(s->calls);
    oh_endpoints_free(s->endpoints);
    free(s);
}
