/* Which messages of a phone make a flow: the rest is repeated, goes on in the background, or
 * belongs to other calls. */
#include "author/record_private.h"

#include "sip/field.h"

#include <stdlib.h>

#define NEXT_CALL_NS (4 * OH_NS_PER_S) /* a call that begins so soon belongs to the flow */
#define MOST_STEPS   200

const struct oh_trace_msg *oh_heard_request(const struct oh_heard *h, const struct oh_trace_msg *m)
{
    if (m->sip->is_request)
        return m;
    return m->request == OH_NONE ? NULL : &h->trace->msgs[m->request];
}

static bool is_request(const struct oh_trace_msg *m, const char *method)
{
    return m->sip->is_request && oh_sip_msg_is_method(m->sip, method);
}

static bool has_to_tag(const struct oh_sip_msg *m)
{
    return oh_field_text(m, "to.tag").at != NULL;
}

static struct oh_span call_id(const struct oh_trace_msg *m)
{
    return oh_field_text(m->sip, "call-id");
}

/* Said once already, or by the transport alone. */
static bool is_repeat(const struct oh_trace_msg *m)
{
    return m->repeat_of != OH_NONE || m->duplicate_of != OH_NONE ||
           (!m->sip->is_request && m->sip->status <= 100);
}

/* Goes on beside calls: bindings, subscriptions, presence, questions whether one is there. */
static bool is_background(const struct oh_sip_msg *m)
{
    static const char *const methods[] = {"REGISTER", "OPTIONS", "SUBSCRIBE", "PUBLISH", "NOTIFY"};
    struct oh_span method = oh_sip_msg_method(m);
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (oh_span_is(method, methods[i]))
            return true;
    }
    return false;
}

enum level { CALLS, REGISTRATIONS, ANYTHING };

/* What a phone without a call is told, but for questions whether it is there. */
static bool tells(const struct oh_trace_msg *m)
{
    return m->to_phone && (is_request(m, "NOTIFY") || !is_background(m->sip));
}

/* Does the flow begin with a message such as this? */
static bool begins(const struct oh_trace_msg *m, enum level level)
{
    if (!m->sip->is_request || has_to_tag(m->sip) || is_repeat(m) || is_request(m, "ACK") ||
        is_request(m, "CANCEL"))
        return false;
    if (is_request(m, "REGISTER") && !m->from_phone)
        return false; /* whoever is asked to register somebody is no phone */
    if (level == REGISTRATIONS)
        return is_request(m, "REGISTER") || tells(m);
    return level == ANYTHING || is_request(m, "INVITE");
}

/* The call's beginning is in the trace. */
static bool is_begun(const struct oh_heard *h, const struct oh_trace_msg *m, enum level level)
{
    for (size_t i = 0; i <= (size_t)m->index; i++) {
        const struct oh_trace_msg *first = &h->trace->msgs[i];
        if (begins(first, level) && oh_span_equal(call_id(first), call_id(m)))
            return true;
    }
    return false;
}

/* Is it a step, if its call is part of the flow? */
static bool can_be_step(const struct oh_heard *h, const struct oh_trace_msg *m, enum level level)
{
    const struct oh_trace_msg *request = oh_heard_request(h, m);
    if (is_repeat(m) || !request || is_repeat(request) || !is_begun(h, m, level))
        return false;
    if (level == REGISTRATIONS)
        return is_request(request, "REGISTER") || tells(request);
    if (level == ANYTHING)
        return true;
    /* NOTIFY within a call's dialog tells of a transfer: RFC 3515 2.4.4 */
    return !is_background(m->sip) ||
           (oh_span_is(oh_sip_msg_method(m->sip), "NOTIFY") && has_to_tag(request->sip));
}

/* From `from` on: the end of the calls that begin before `end_ns` or soon behind. */
static int64_t end_of_calls(const struct oh_heard *h, enum level level, int64_t end_ns)
{
    const struct oh_trace *t = h->trace;
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < t->msg_count; i++) {
            const struct oh_trace_msg *m = &t->msgs[i];
            if (!begins(m, level) || m->time_ns > end_ns + NEXT_CALL_NS)
                continue;
            for (size_t k = i; k < t->msg_count; k++) {
                if (!oh_span_equal(call_id(&t->msgs[k]), call_id(m)) ||
                    t->msgs[k].time_ns <= end_ns || !can_be_step(h, &t->msgs[k], level))
                    continue;
                end_ns = t->msgs[k].time_ns;
                more = true;
            }
        }
    }
    return end_ns;
}

static int first_of(const struct oh_heard *h, enum level level)
{
    for (size_t i = 0; i < h->trace->msg_count; i++) {
        if (begins(&h->trace->msgs[i], level))
            return (int)i;
    }
    return OH_NONE;
}

bool *oh_heard_choose(const struct oh_heard *h, struct oh_text *notes)
{
    const struct oh_trace *t = h->trace;
    bool *chosen = oh_alloc((t->msg_count + 1) * sizeof *chosen);
    enum level level = CALLS;
    while (level < ANYTHING && first_of(h, level) == OH_NONE)
        level++;
    int first = first_of(h, level);
    if (first == OH_NONE)
        return chosen;
    int64_t end_ns = end_of_calls(h, level, t->msgs[first].time_ns);
    size_t steps = 0, left = 0;
    for (size_t i = (size_t)first; i < t->msg_count; i++) {
        bool can = can_be_step(h, &t->msgs[i], level);
        chosen[i] = can && t->msgs[i].time_ns <= end_ns && steps < MOST_STEPS;
        steps += chosen[i];
        left += can && !chosen[i];
    }
    if (left)
        oh_text_addf(notes, "%zu message%s of later calls %s left out\n", left,
                     left == 1 ? "" : "s", left == 1 ? "is" : "are");
    return chosen;
}
