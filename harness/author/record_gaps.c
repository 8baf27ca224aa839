/* What the flow's messages lack, or are, so that no scenario can have them: told with their frames
 * before anything is written. */
#include "author/record_private.h"

#include "sip/field.h"

#include <stdlib.h>

struct looking {
    const struct oh_heard *h;
    const bool *chosen;
};

static const struct oh_trace_msg *at(const struct looking *l, int index)
{
    return index == OH_NONE ? NULL : &l->h->trace->msgs[index];
}

static bool is_step(const struct looking *l, int index)
{
    return index != OH_NONE && l->chosen[index];
}

static bool is(const struct oh_trace_msg *m, const char *method)
{
    return m->sip->is_request && oh_sip_msg_is_method(m->sip, method);
}

static struct oh_span text(const struct oh_trace_msg *m, const char *field)
{
    return oh_field_text(m->sip, field);
}

static const char *whose(bool from_phone)
{
    return from_phone ? "the phone's" : "the other side's";
}

static int lacks(struct oh_error *e, const char *what)
{
    oh_error_set(e, "the capture's flow has a gap: %s", what);
    return oh_error_remedy(e, "capture where both directions pass, from before the call begins");
}

static int lack(struct oh_error *e, char *what)
{
    lacks(e, what);
    free(what);
    return -1;
}

/* --- one message --- */

/* RFC 3261 17.1.1.3, 13.2.2.4. One who says a second final answer to the same request may have been
 * answered once. */
static int check_final(const struct looking *l, const struct oh_trace_msg *m, struct oh_error *e)
{
    const struct oh_trace_msg *request = at(l, m->request);
    struct oh_span method = text(m, "cseq.method");
    if (m->sip->is_request || !request)
        return 0;
    if (!oh_span_equal(method, request->sip->method))
        return oh_error_set(e,
                            "frame %u is a %u to %.*s by its CSeq, but what it answers is %.*s in "
                            "frame %u: no scenario can have that",
                            m->frame, m->sip->status, OH_SPAN_FMT(method),
                            OH_SPAN_FMT(request->sip->method), request->frame);
    if (m->from_phone || m->sip->status < 200 || !is(request, "INVITE") ||
        request->final != m->index || m->ack != OH_NONE)
        return 0;
    return lack(e, oh_format("the phone's ACK to frame %u (%u to INVITE) is not there", m->frame,
                             m->sip->status));
}

/* Has the other side of this dialog said a message with its tag? RFC 3261 12.1 */
static bool is_tag_known(const struct looking *l, const struct oh_trace_msg *m)
{
    struct oh_span tag = text(m, "to.tag"), id = text(m, "call-id");
    for (int i = 0; i < m->index; i++) {
        const struct oh_trace_msg *b = at(l, i);
        if (is_step(l, i) && b->from_phone != m->from_phone &&
            oh_span_equal(text(b, b->sip->is_request ? "from.tag" : "to.tag"), tag) &&
            oh_span_equal(text(b, "call-id"), id))
            return true;
    }
    return false;
}

/* Dialogs of calls are all that the language has. */
static bool is_of_call(const struct looking *l, const struct oh_trace_msg *m)
{
    for (int i = 0; i < m->index; i++) {
        if (is_step(l, i) && is(at(l, i), "INVITE") &&
            oh_span_equal(text(at(l, i), "call-id"), text(m, "call-id")))
            return true;
    }
    return false;
}

static int check_request(const struct looking *l, const struct oh_trace_msg *m, struct oh_error *e)
{
    bool acks = is(m, "ACK"), inside = text(m, "to.tag").at != NULL;
    if (!m->sip->is_request)
        return 0;
    if (acks && !is_step(l, m->answered))
        return lack(e, oh_format("what the ACK in frame %u acknowledges is not there", m->frame));
    if (acks)
        return 0;
    if (inside && !is_of_call(l, m))
        return oh_error_set(e,
                            "frame %u is a %.*s in a dialog that no INVITE made: only dialogs of "
                            "calls can be written as a scenario",
                            m->frame, OH_SPAN_FMT(m->sip->method));
    if (inside && !is_tag_known(l, m))
        return lack(e, oh_format("%s message that bears the To tag of the %.*s in frame %u is not "
                                 "there",
                                 whose(!m->from_phone), OH_SPAN_FMT(m->sip->method), m->frame));
    if (!m->from_phone && !is_step(l, m->final))
        return lack(e, oh_format("the phone's answer to the %.*s in frame %u is not there",
                                 OH_SPAN_FMT(m->sip->method), m->frame));
    return 0;
}

/* --- the whole --- */

int oh_heard_check_gaps(const struct oh_heard *h, const bool *chosen, struct oh_error *e)
{
    struct looking l = {h, chosen};
    for (size_t i = 0; i < h->trace->msg_count; i++) {
        const struct oh_trace_msg *m = &h->trace->msgs[i];
        if (chosen[i] && (check_request(&l, m, e) != 0 || check_final(&l, m, e) != 0))
            return -1;
    }
    return 0;
}
