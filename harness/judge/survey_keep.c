#include "judge/survey_keep.h"

#include "judge/internal.h"

#include <stdlib.h>
#include <string.h>

#define WHOLE_CALL  100 /* of a call of up to so many messages all are kept */
#define NEIGHBOURS  8   /* of a longer one those that are cited, and so many on either side */
#define SENT_KINDS  32
#define OTHER_KINDS "others"

struct oh_kept *oh_kept_new(const struct oh_endpoint *phone, const char *profile)
{
    struct oh_kept *k = oh_alloc(sizeof *k);
    k->recording.trace = oh_trace_new();
    k->recording.profile = profile;
    k->verdict.recording = &k->recording;
    k->pub.phone = phone;
    k->pub.verdict = &k->verdict;
    return k;
}

void oh_kept_free(struct oh_kept *k)
{
    if (!k)
        return;
    for (size_t i = 0; i < k->verdict.finding_count; i++)
        oh_finding_release(&k->verdict.findings[i]);
    for (size_t i = 0; i < k->pub.call_count; i++)
        free(k->calls[i].call_id);
    for (size_t i = 0; i < k->pub.sent_count; i++)
        free(k->sent[i].what);
    free(k->verdict.findings);
    free(k->verdict.reason);
    free(k->calls);
    free(k->kinds);
    free(k->last_call);
    free(k->sent);
    oh_trace_free(k->recording.trace);
    free(k);
}

/* --- what it sent --- */

/* Is this "INVITE", or "200 to INVITE"? */
static bool is_what(const char *what, const struct oh_sip_msg *m, struct oh_span method)
{
    unsigned status = m->status;
    if (m->is_request)
        return oh_span_is(method, what);
    return status >= 100 && status <= 999 && what[0] == (char)('0' + status / 100) &&
           what[1] == (char)('0' + status / 10 % 10) && what[2] == (char)('0' + status % 10) &&
           strncmp(what + 3, " to ", 4) == 0 && oh_span_is(method, what + 7);
}

static void count_sent(struct oh_kept *k, const struct oh_trace_msg *m)
{
    struct oh_span method = oh_sip_msg_method(m->sip);
    size_t i = 0;
    while (i < k->pub.sent_count && !is_what(k->sent[i].what, m->sip, method) && i + 1 < SENT_KINDS)
        i++;
    if (i == k->pub.sent_count) {
        oh_grow(&k->sent, i, &k->sent_room, sizeof *k->sent);
        k->sent[i] = (struct oh_surveyed_sent){
            i + 1 < SENT_KINDS ? oh_method_text(m) : oh_strdup(OTHER_KINDS), 0};
        k->pub.sent = k->sent;
        k->pub.sent_count++;
    }
    k->sent[i].count++;
}

static void count_messages(struct oh_kept *k, const struct oh_trace *t)
{
    for (size_t i = 0; i < t->msg_count; i++) {
        const struct oh_trace_msg *m = &t->msgs[i];
        if (k->pub.first_ns == 0 || m->time_ns < k->pub.first_ns)
            k->pub.first_ns = m->time_ns;
        if (m->time_ns > k->pub.last_ns)
            k->pub.last_ns = m->time_ns;
        if (!m->from_phone || m->duplicate_of != OH_NONE)
            continue;
        if (k->pub.messages++ == 0)
            k->pub.transport = m->transport;
        if (m->repeat_of == OH_NONE)
            count_sent(k, m);
    }
}

/* --- kinds of findings --- */

static bool is_same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* The kind that a finding is of, or `kind_count` where it is the first. */
static size_t kind_of(const struct oh_kept *k, const struct oh_finding *f)
{
    size_t i = 0;
    for (; i < k->pub.kind_count; i++) {
        const struct oh_finding *first = &k->verdict.findings[k->kinds[i].first];
        if (first->result == f->result && strcmp(first->id, f->id) == 0 &&
            is_same_text(first->method, f->method))
            break;
    }
    return i;
}

static void count_found(struct oh_kept *k, size_t kind)
{
    k->kinds[kind].found++;
    if (k->last_call[kind] != k->pub.calls)
        k->kinds[kind].calls++;
    k->last_call[kind] = k->pub.calls;
}

static void add_kind(struct oh_kept *k, size_t at)
{
    oh_grow(&k->kinds, k->pub.kind_count, &k->kind_room, sizeof *k->kinds);
    oh_grow(&k->last_call, k->pub.kind_count, &k->last_call_room, sizeof *k->last_call);
    k->kinds[k->pub.kind_count] = (struct oh_surveyed_kind){.first = at};
    k->last_call[k->pub.kind_count++] = 0;
    k->pub.kinds = k->kinds;
}

/* --- messages --- */

static size_t cost_of_message(const struct oh_trace_msg *m)
{
    return sizeof *m + sizeof *m->sip + m->sip->bytes.len +
           m->sip->header_count * sizeof(struct oh_sip_header);
}

static size_t cost_of_finding(const struct oh_finding *f)
{
    const char *const texts[] = {f->id,       f->clause, f->field, f->expected,
                                 f->observed, f->text,   f->method};
    size_t cost = sizeof *f;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        cost += texts[i] ? strlen(texts[i]) + 1 : 0;
    return cost;
}

static void want(bool *wanted, size_t count, int index)
{
    size_t at = (size_t)index, from = at > NEIGHBOURS ? at - NEIGHBOURS : 0;
    for (size_t i = from; index != OH_NONE && i <= at + NEIGHBOURS && i < count; i++)
        wanted[i] = true;
}

static bool cites(const struct oh_finding *f, unsigned frame)
{
    for (size_t i = 0; i < f->frame_count; i++) {
        if (f->frames[i] == frame)
            return true;
    }
    return false;
}

/* Marks the messages of the call that its findings want to be shown. */
static void choose(const struct oh_trace *t, const struct oh_verdict *found, const bool *keep,
                   bool *wanted)
{
    for (size_t i = 0; i < t->msg_count; i++)
        wanted[i] = t->msg_count <= WHOLE_CALL;
    for (size_t f = 0; t->msg_count > WHOLE_CALL && f < found->finding_count; f++) {
        if (!keep[f])
            continue;
        want(wanted, t->msg_count, found->findings[f].msg);
        want(wanted, t->msg_count, found->findings[f].about);
        for (size_t i = 0; i < t->msg_count; i++)
            wanted[i] = wanted[i] || cites(&found->findings[f], t->msgs[i].frame);
    }
}

static int moved(const int *place, int link)
{
    return link == OH_NONE ? OH_NONE : place[link];
}

static void copy_message(struct oh_kept *k, const struct oh_trace_msg *m)
{
    struct oh_trace_msg *copy = oh_trace_add(k->recording.trace, m->frame, m->time_ns, &m->src,
                                             &m->dst, m->transport, m->sip->bytes);
    if (!copy)
        return;
    copy->from_phone = m->from_phone;
    copy->to_phone = m->to_phone;
    copy->from_seat = m->from_seat;
    copy->to_seat = m->to_seat;
}

/* Copies the wanted messages; `place` tells where each came to lie, OH_NONE: nowhere. */
static void copy_messages(struct oh_kept *k, const struct oh_trace *t, const bool *wanted,
                          int *place)
{
    struct oh_trace *to = k->recording.trace;
    size_t first = to->msg_count;
    for (size_t i = 0; i < t->msg_count; i++) {
        place[i] = OH_NONE;
        if (!wanted[i])
            continue;
        copy_message(k, &t->msgs[i]);
        place[i] = (int)to->msg_count - 1;
    }
    for (size_t i = 0; i < t->msg_count; i++) {
        if (place[i] == OH_NONE || (size_t)place[i] < first)
            continue;
        struct oh_trace_msg *m = &to->msgs[place[i]];
        m->repeat_of = moved(place, t->msgs[i].repeat_of);
        m->duplicate_of = moved(place, t->msgs[i].duplicate_of);
        m->request = moved(place, t->msgs[i].request);
    }
}

static char *call_id_of(const struct oh_trace *t)
{
    for (size_t i = 0; i < t->msg_count; i++) {
        struct oh_span id = oh_sip_msg_whole(t->msgs[i].sip, OH_SIP_CALL_ID);
        if (id.at)
            return oh_span_dup(id);
    }
    return NULL;
}

static void add_call(struct oh_kept *k, const struct oh_call *call, size_t first)
{
    size_t count = k->recording.trace->msg_count - first;
    oh_grow(&k->calls, k->pub.call_count, &k->call_room, sizeof *k->calls);
    k->calls[k->pub.call_count++] =
        (struct oh_surveyed_call){.call_id = call_id_of(call->trace),
                                  .first = first,
                                  .count = count,
                                  .left_out = call->trace->msg_count - count,
                                  .begins_within = call->begins_within,
                                  .cut = call->cut,
                                  .one_sided = call->one_sided,
                                  .lost = call->lost};
    k->pub.call_list = k->calls;
    k->pub.left_out += call->trace->msg_count - count;
}

/* --- taking --- */

static void add_finding(struct oh_kept *k, struct oh_finding *f, const int *place)
{
    size_t at = k->verdict.finding_count, kind = kind_of(k, f);
    f->msg = moved(place, f->msg);
    f->about = moved(place, f->about);
    oh_grow(&k->verdict.findings, at, &k->verdict.finding_room, sizeof *k->verdict.findings);
    k->verdict.findings[k->verdict.finding_count++] = *f;
    *f = (struct oh_finding){0};
    if (kind == k->pub.kind_count)
        add_kind(k, at);
    k->kinds[kind].last = at;
    k->kinds[kind].kept++;
    k->pub.kept++;
    count_found(k, kind);
}

/* Are there so many of its kind that this one is only counted? `earlier` of this call are marked to
 * be kept, and not yet among them. */
static bool is_flood(const struct oh_kept *k, const struct oh_verdict *found, const bool *keep,
                     size_t index)
{
    const struct oh_finding *f = &found->findings[index];
    size_t kind = kind_of(k, f), kept = kind < k->pub.kind_count ? k->kinds[kind].kept : 0;
    for (size_t i = 0; i < index && kept < OH_FINDINGS_ALIKE; i++) {
        const struct oh_finding *other = &found->findings[i];
        kept += keep[i] && other->result == f->result && strcmp(other->id, f->id) == 0 &&
                is_same_text(other->method, f->method);
    }
    return kept >= OH_FINDINGS_ALIKE;
}

/* Marks which findings are kept; returns how many. */
static size_t choose_findings(const struct oh_kept *k, const struct oh_verdict *found, bool *keep,
                              const struct oh_keep_limits *limits)
{
    size_t chosen = 0, cost = 0;
    for (size_t i = 0; i < found->finding_count; i++) {
        cost += cost_of_finding(&found->findings[i]);
        keep[i] = k->pub.kept + chosen < limits->of_a_phone && cost <= limits->bytes &&
                  !is_flood(k, found, keep, i);
        chosen += keep[i];
    }
    return chosen;
}

static void spend(struct oh_keep_limits *limits, size_t cost)
{
    limits->bytes -= cost < limits->bytes ? cost : limits->bytes;
}

static size_t cost_of_messages(const struct oh_trace *t, const bool *wanted)
{
    size_t cost = 0;
    for (size_t i = 0; i < t->msg_count; i++)
        cost += wanted[i] ? cost_of_message(&t->msgs[i]) : 0;
    return cost;
}

static void keep_some(struct oh_kept *k, const struct oh_call *call, struct oh_verdict *found,
                      const bool *keep, struct oh_keep_limits *limits)
{
    const struct oh_trace *t = call->trace;
    size_t first = k->recording.trace->msg_count;
    bool *wanted = oh_alloc((t->msg_count + 1) * sizeof *wanted);
    int *place = oh_alloc((t->msg_count + 1) * sizeof *place);
    choose(t, found, keep, wanted);
    size_t cost = cost_of_messages(t, wanted);
    if (cost > limits->bytes) {
        memset(wanted, 0, t->msg_count * sizeof *wanted);
        cost = 0;
    }
    copy_messages(k, t, wanted, place);
    spend(limits, cost);
    for (size_t i = 0; i < found->finding_count; i++) {
        if (!keep[i])
            continue;
        spend(limits, cost_of_finding(&found->findings[i]));
        add_finding(k, &found->findings[i], place);
    }
    add_call(k, call, first);
    free(wanted);
    free(place);
}

static void count_findings(struct oh_kept *k, const struct oh_verdict *found)
{
    for (size_t i = 0; i < found->finding_count; i++) {
        k->pub.musts += found->findings[i].result == OH_RESULT_FAIL;
        k->pub.shoulds += found->findings[i].result == OH_RESULT_WARN;
    }
    k->pub.findings += found->finding_count;
    k->pub.calls_with_findings += found->finding_count > 0;
}

/* Those that were not kept, once those that were have made their kinds. */
static void count_the_rest(struct oh_kept *k, const struct oh_verdict *found, const bool *keep)
{
    for (size_t i = 0; i < found->finding_count; i++) {
        size_t kind = keep[i] ? k->pub.kind_count : kind_of(k, &found->findings[i]);
        if (kind < k->pub.kind_count)
            count_found(k, kind);
    }
}

static void count_call(struct oh_kept *k, const struct oh_call *call)
{
    k->pub.calls++;
    k->pub.begins_within += call->begins_within;
    k->pub.cut += call->cut;
    k->pub.one_sided += call->one_sided;
    k->pub.lost += call->lost;
    count_messages(k, call->trace);
}

void oh_kept_take(struct oh_kept *k, const struct oh_call *call, struct oh_verdict *found,
                  struct oh_keep_limits *limits)
{
    bool *keep = oh_alloc((found->finding_count + 1) * sizeof *keep);
    count_call(k, call);
    k->verdict.rules_applied += found->rules_applied;
    k->verdict.rules_not_checkable += found->rules_not_checkable;
    count_findings(k, found);
    size_t chosen = choose_findings(k, found, keep, limits);
    if (chosen > 0)
        keep_some(k, call, found, keep, limits);
    else if (found->finding_count > 0)
        k->pub.left_out += call->trace->msg_count;
    count_the_rest(k, found, keep);
    for (size_t i = 0; i < found->finding_count; i++)
        oh_finding_release(&found->findings[i]);
    found->finding_count = 0;
    free(keep);
}
