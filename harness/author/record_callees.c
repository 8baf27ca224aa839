/* Several callees of one INVITE, each with a To tag and a dialog of his own (RFC 3261 12.1.2,
 * 13.2.2.4), and what we say to a request beside its final answer. */
#include "author/record_private.h"

#include "sip/field.h"

static const struct oh_trace_msg *at(const struct oh_recorded *r, int index)
{
    return &r->heard->trace->msgs[index];
}

static bool same_call(const struct oh_trace_msg *a, const struct oh_trace_msg *b)
{
    return oh_span_equal(oh_field_text(a->sip, "call-id"), oh_field_text(b->sip, "call-id"));
}

/* The tag of the other end. */
static struct oh_span tag_of(const struct oh_trace_msg *m)
{
    bool is_callers = m->sip->is_request && !m->from_phone;
    return oh_field_text(m->sip, is_callers ? "from.tag" : "to.tag");
}

static int find(const struct oh_recorded *r, const struct oh_trace_msg *m)
{
    struct oh_span tag = tag_of(m);
    for (size_t i = 0; tag.at && i < r->callee_count; i++) {
        if (same_call(r->callees[i], m) && oh_span_equal(tag_of(r->callees[i]), tag))
            return (int)i;
    }
    return OH_NONE;
}

/* By which an early or a standing dialog comes to be. RFC 3261 12.1 */
static bool makes_dialog(const struct oh_recorded *r, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *request = oh_heard_request(r->heard, m);
    return !m->from_phone && !m->sip->is_request && m->sip->status > 100 && m->sip->status < 300 &&
           request && oh_sip_msg_is_method(request->sip, "INVITE") &&
           !oh_field_text(request->sip, "to.tag").at && tag_of(m).at;
}

static bool has_rival(const struct oh_recorded *r, const bool *chosen, const struct oh_trace_msg *m)
{
    for (size_t i = 0; i < r->heard->trace->msg_count; i++) {
        const struct oh_trace_msg *b = at(r, (int)i);
        if (chosen[i] && makes_dialog(r, b) && b->request == m->request &&
            !oh_span_equal(tag_of(b), tag_of(m)))
            return true;
    }
    return false;
}

void oh_recorded_find_callees(struct oh_recorded *r, const bool *chosen)
{
    for (size_t i = 0; i < r->heard->trace->msg_count; i++) {
        const struct oh_trace_msg *m = at(r, (int)i);
        if (chosen[i] && r->callee_count < OH_CAST_MOST && makes_dialog(r, m) &&
            find(r, m) == OH_NONE && has_rival(r, chosen, m))
            r->callees[r->callee_count++] = m;
    }
}

int oh_recorded_callee(const struct oh_recorded *r, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *request = oh_heard_request(r->heard, m);
    bool answers_call = request && oh_sip_msg_is_method(request->sip, "INVITE") &&
                        !oh_field_text(request->sip, "to.tag").at;
    if (!m->sip->is_request && (m->from_phone || !answers_call))
        return OH_NONE;
    return find(r, m);
}

bool oh_recorded_is_sent_beside(const struct oh_recorded *r, const struct oh_trace_msg *m,
                                bool *again)
{
    bool beside = false;
    *again = false;
    for (int i = 0; !m->from_phone && !m->sip->is_request && i < m->index; i++) {
        const struct oh_trace_msg *b = at(r, i);
        if (r->step_of[i] == OH_NONE || b->from_phone || b->sip->is_request ||
            b->sip->status < 200 || b->request != m->request)
            continue;
        beside = true;
        *again = *again || find(r, m) == OH_NONE || find(r, b) == find(r, m);
    }
    return beside;
}

bool oh_recorded_is_one_too_many(const struct oh_recorded *r, const struct oh_trace_msg *bye)
{
    bool stands[OH_CAST_MOST] = {false};
    int own = find(r, bye);
    for (int i = 0; own != OH_NONE && i < bye->index; i++) {
        const struct oh_trace_msg *b = at(r, i);
        int callee = r->step_of[i] == OH_NONE ? OH_NONE : find(r, b);
        if (callee == OH_NONE || !same_call(b, bye))
            continue;
        if (b->sip->is_request && oh_sip_msg_is_method(b->sip, "BYE"))
            stands[callee] = false;
        else if (makes_dialog(r, b) && b->sip->status >= 200)
            stands[callee] = true;
    }
    for (size_t i = 0; own != OH_NONE && i < r->callee_count; i++) {
        if (stands[i] && (int)i != own)
            return true;
    }
    return false;
}
