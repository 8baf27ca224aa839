#include "judge/holes.h"

#include "judge/unseen.h"

static const struct oh_trace_msg *linked(const struct oh_trace *t, int index)
{
    return index == OH_NONE ? NULL : &t->msgs[index];
}

static int first_near(int index)
{
    return index > OH_HELP_REACH ? index - OH_HELP_REACH : 0;
}

static int last_near(const struct oh_trace *t, int index)
{
    int count = (int)t->msg_count;
    return count - index > OH_HELP_REACH ? index + OH_HELP_REACH : count;
}

static bool is_success(const struct oh_trace_msg *m)
{
    return m && !m->sip->is_request && m->sip->status / 100 == 2;
}

static bool same_side(const struct oh_trace_msg *a, const struct oh_trace_msg *b)
{
    return a->from_phone == b->from_phone && oh_help_same_call(a->sip, b->sip);
}

/* A response to a request that is not there: that which fits best has another branch and another
 * number. */
static bool is_response_to_unseen(const struct oh_trace *t, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *request = linked(t, m->request);
    struct oh_sip_cseq mine, other;
    if (m->sip->is_request || oh_help_cseq(m->sip, &mine) < 0 || !oh_help_branch(m->sip).at)
        return false;
    return !request || (oh_help_cseq(request->sip, &other) == 0 && mine.number != other.number &&
                        !oh_help_same_token(oh_help_branch(m->sip), oh_help_branch(request->sip)));
}

/* The INVITE with the CSeq number of an ACK, by the same side. */
static const struct oh_trace_msg *invite_of(const struct oh_trace *t,
                                            const struct oh_trace_msg *ack, uint64_t number)
{
    struct oh_sip_cseq cseq;
    for (int i = ack->index - 1; i >= first_near(ack->index); i--) {
        const struct oh_trace_msg *r = &t->msgs[i];
        if (oh_help_is_request(r, "INVITE") && oh_help_is_first(r) && same_side(r, ack) &&
            oh_help_cseq(r->sip, &cseq) == 0 && cseq.number == number)
            return r;
    }
    return NULL;
}

/* A refusal with that branch, whose request that is there has another: the other side got it. */
static bool acknowledges_unseen(const struct oh_trace *t, const struct oh_trace_msg *ack)
{
    const struct oh_trace_msg *final = linked(t, ack->answered);
    const struct oh_trace_msg *invite = final ? linked(t, final->request) : NULL;
    struct oh_span branch = oh_help_branch(ack->sip);
    return !ack->from_phone && invite && final->sip->status >= 300 && branch.at &&
           oh_help_same_token(branch, oh_help_branch(final->sip)) &&
           !oh_help_same_token(branch, oh_help_branch(invite->sip));
}

/* The 2xx of one branch has its ACK, and this one is for another branch's. RFC 3261 13.2.2.4 */
static bool is_to_unseen_fork(const struct oh_trace *t, const struct oh_trace_msg *ack,
                              const struct oh_trace_msg *invite)
{
    struct oh_span tag = oh_help_tag(ack->sip, OH_SIP_TO);
    for (int i = invite->index + 1; i < ack->index && i < last_near(t, invite->index); i++) {
        const struct oh_trace_msg *r = &t->msgs[i];
        if (!r->sip->is_request && r->request == invite->index && r->sip->status >= 200 &&
            oh_help_same_token(tag, oh_help_tag(r->sip, OH_SIP_TO)))
            return false;
    }
    return oh_unseen_is_of_fork(t, ack, linked(t, invite->final));
}

static bool is_ack_to_unseen(const struct oh_trace *t, const struct oh_trace_msg *m)
{
    struct oh_sip_cseq cseq;
    if (!oh_help_is_request(m, "ACK") || oh_help_cseq(m->sip, &cseq) < 0)
        return false;
    const struct oh_trace_msg *invite = invite_of(t, m, cseq.number);
    return !invite || invite->final == OH_NONE || acknowledges_unseen(t, m) ||
           is_to_unseen_fork(t, m, invite);
}

/* The response number of RAck. RFC 3262 7.2 */
static bool rack_number(const struct oh_sip_msg *prack, uint64_t *number)
{
    struct oh_span rack = oh_span_trim(oh_sip_msg_whole(prack, OH_SIP_RACK));
    size_t digits = 0;
    while (digits < rack.len && rack.at[digits] >= '0' && rack.at[digits] <= '9')
        digits++;
    return oh_span_to_u64(oh_span_sub(rack, 0, digits), number);
}

/* The 2xx to a PRACK: what that acknowledges was sent (RFC 3262 3), and is not there. */
static bool accepts_unseen_rack(const struct oh_trace *t, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *prack = is_success(m) ? linked(t, m->request) : NULL;
    uint64_t number, sent;
    if (!prack || !oh_help_is_request(prack, "PRACK") || !rack_number(prack->sip, &number))
        return false;
    for (int i = prack->index - 1; i >= first_near(prack->index); i--) {
        const struct oh_trace_msg *r = &t->msgs[i];
        if (!r->sip->is_request && r->sip->status / 100 == 1 && same_side(r, m) &&
            oh_span_to_u64(oh_span_trim(oh_sip_msg_whole(r->sip, OH_SIP_RSEQ)), &sent) &&
            sent == number)
            return false;
    }
    return true;
}

/* The other side's 2xx to a request in a dialog (RFC 3261 12.2.2) with a tag that it was never seen
 * to give. */
static bool accepts_unseen_tag(const struct oh_trace *t, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *request = is_success(m) ? linked(t, m->request) : NULL;
    struct oh_span tag = request ? oh_help_tag(request->sip, OH_SIP_TO) : (struct oh_span){0};
    if (!tag.at || m->from_phone)
        return false;
    for (int i = request->index - 1; i >= first_near(request->index); i--) {
        const struct oh_trace_msg *r = &t->msgs[i];
        if (same_side(r, m) &&
            oh_help_same_token(tag,
                               oh_help_tag(r->sip, r->sip->is_request ? OH_SIP_FROM : OH_SIP_TO)))
            return false;
    }
    return true;
}

/* What may be sent, and accepted, while an INVITE is still open. */
static bool may_come_between(const struct oh_trace_msg *m)
{
    static const char *const methods[] = {"PRACK", "UPDATE", "INFO", "CANCEL"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (oh_help_is_request(m, methods[i]))
            return true;
    }
    return !oh_help_tag(m->sip, OH_SIP_TO).at;
}

/* A final response to this request, be it linked to another sending of it. */
static bool is_final_of(const struct oh_trace_msg *m, const struct oh_trace_msg *r)
{
    struct oh_sip_cseq a, b;
    return !r->sip->is_request && r->sip->status >= 200 && r->from_phone != m->from_phone &&
           oh_help_same_call(r->sip, m->sip) && oh_help_cseq(m->sip, &a) == 0 &&
           oh_help_cseq(r->sip, &b) == 0 && a.number == b.number &&
           oh_span_equal(a.method, b.method);
}

/* Does `r` go on in a dialog as is not done while the INVITE or UPDATE `m` is open? A 2xx of the
 * other side to a request of the phone; an INVITE of its own after its own. RFC 3261 14.1, 14.2 */
static bool goes_on(const struct oh_trace *t, const struct oh_trace_msg *m,
                    const struct oh_trace_msg *r)
{
    const struct oh_trace_msg *request = is_success(r) ? linked(t, r->request) : NULL;
    if (r->from_phone || !oh_help_same_call(r->sip, m->sip) || !oh_help_is_first(r))
        return false;
    if (!request)
        return !m->from_phone && oh_help_is_request(r, "INVITE") && !may_come_between(r);
    return request->index > m->index && request->from_phone && !may_come_between(request) &&
           (m->from_phone || oh_help_is_request(request, "INVITE"));
}

/* The message that goes on after `m`, which has no final response; NULL. */
static const struct oh_trace_msg *goes_on_after(const struct oh_trace *t,
                                                const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *found = NULL;
    bool update = m->from_phone && oh_help_is_request(m, "UPDATE");
    if (m->final != OH_NONE || !(update || oh_help_is_request(m, "INVITE")))
        return NULL;
    for (int i = m->index + 1; i < last_near(t, m->index); i++) {
        const struct oh_trace_msg *r = &t->msgs[i];
        if (is_final_of(m, r))
            return NULL;
        if (!found && goes_on(t, m, r))
            found = r;
    }
    return found;
}

static const struct oh_trace_msg *witness_of(const struct oh_trace *t, const struct oh_trace_msg *m)
{
    if (!oh_help_is_first(m))
        return NULL;
    if (m->sip->is_request)
        return is_ack_to_unseen(t, m) ? m : goes_on_after(t, m);
    return is_response_to_unseen(t, m) || accepts_unseen_rack(t, m) || accepts_unseen_tag(t, m)
               ? m
               : NULL;
}

static void find(struct oh_holes *h, const struct oh_trace *t)
{
    size_t found = 0;
    h->known = true;
    h->witness[0] = h->witness[1] = OH_NONE;
    for (size_t i = 0; i < t->msg_count && found < 2; i++) {
        const struct oh_trace_msg *w = witness_of(t, &t->msgs[i]);
        if (w && w->index != h->witness[0])
            h->witness[found++] = w->index;
    }
}

bool oh_holes_shown(struct oh_holes *h, const struct oh_trace *t, const struct oh_trace_msg *judged)
{
    if (!h->known)
        find(h, t);
    return h->witness[1] != OH_NONE ||
           (h->witness[0] != OH_NONE && !(judged && judged->index == h->witness[0]));
}
