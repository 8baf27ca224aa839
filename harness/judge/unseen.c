#include "judge/unseen.h"

#include "judge/sdp_help.h"
#include "judge/time_help.h"

/* --- responses --- */

/* A response with another branch than the request's: another one with the right branch is final and
 * came before it, or has another To tag. Then this one is for a request that came besides, by
 * another way (RFC 3261 8.2.2.2), or later. */
static bool is_of_merged(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                         const struct oh_trace_msg *request)
{
    struct oh_span branch = oh_help_branch(request->sip), tag = oh_help_tag(m->sip, OH_SIP_TO);
    const struct oh_trace_msg *ack = oh_rule_msg(v, m->ack);
    int end = (int)oh_rule_trace(v)->msg_count;
    if (ack && oh_help_same_token(oh_help_branch(ack->sip), branch))
        return false; /* its sender takes it for the request's */
    for (int i = request->index + 1; i < end && i < request->index + OH_HELP_REACH; i++) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        if (r->sip->is_request || i == m->index || r->request != request->index ||
            !oh_help_same_token(oh_help_branch(r->sip), branch))
            continue;
        struct oh_span other = oh_help_tag(r->sip, OH_SIP_TO);
        if ((i < m->index && r->sip->status >= 200) ||
            (tag.at && other.at && !oh_help_same_token(tag, other)))
            return true;
    }
    return false;
}

bool oh_help_is_unseen(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                       const struct oh_trace_msg *request)
{
    struct oh_sip_cseq mine, other;
    if (oh_rule_run(v) || oh_help_cseq(m->sip, &mine) < 0 || oh_help_cseq(request->sip, &other) < 0)
        return false;
    bool same_branch = oh_help_same_token(oh_help_branch(m->sip), oh_help_branch(request->sip));
    bool cancels = oh_span_is(mine.method, "CANCEL"); /* or is cancelled: RFC 3261 9.1 */
    bool pair = cancels != oh_span_is(other.method, "CANCEL") &&
                (cancels || oh_span_is(mine.method, "INVITE"));
    if (mine.number != other.number)
        return !same_branch;
    if (same_branch)
        return pair;
    return is_of_merged(v, m, request) || oh_rule_evidence_lost(v);
}

/* --- ACK --- */

struct pair {
    const struct oh_trace_msg *ack, *final, *invite;
    struct oh_sip_cseq mine, invited; /* CSeq of the ACK, and of the INVITE */
};

static bool has_branch_of(const struct oh_trace_msg *ack, const struct oh_trace_msg *other)
{
    return oh_help_same_token(oh_help_branch(ack->sip), oh_help_branch(other->sip));
}

static bool has_to_tag_of(const struct oh_trace_msg *ack, const struct oh_trace_msg *other)
{
    return oh_help_same_token(oh_help_tag(ack->sip, OH_SIP_TO), oh_help_tag(other->sip, OH_SIP_TO));
}

/* The first ACK to that final response, where it is another than `ack`. One that is sent again is
 * the same (13.2.2.4), and no second one. */
static const struct oh_trace_msg *other_ack(const struct oh_trace *t,
                                            const struct oh_trace_msg *ack,
                                            const struct oh_trace_msg *final)
{
    const struct oh_trace_msg *first = final->ack == OH_NONE ? NULL : &t->msgs[final->ack];
    return first && first->index != ack->index && first->index != ack->repeat_of ? first : NULL;
}

bool oh_unseen_is_of_fork(const struct oh_trace *t, const struct oh_trace_msg *ack,
                          const struct oh_trace_msg *final)
{
    const struct oh_trace_msg *other = other_ack(t, ack, final);
    return final->sip->status / 100 == 2 && other && oh_help_tag(ack->sip, OH_SIP_TO).at &&
           has_to_tag_of(other, final) && !has_to_tag_of(ack, final) &&
           !has_branch_of(ack, other) &&
           oh_help_same_token(oh_help_tag(ack->sip, OH_SIP_FROM),
                              oh_help_tag(final->sip, OH_SIP_FROM));
}

/* A refusal came after the 2xx, which has its ACK already: this one has the branch of the INVITE,
 * as is right for a refusal. RFC 3261 17.1.1.3 */
static bool is_to_refusal(const struct oh_trace *t, const struct pair *p)
{
    const struct oh_trace_msg *other =
        p->final->sip->status / 100 == 2 ? other_ack(t, p->ack, p->final) : NULL;
    return other && has_branch_of(p->ack, p->invite) && !has_branch_of(other, p->invite);
}

/* The ACK and the refusal agree in another branch than that of the INVITE that fits best: it was
 * merged with one that is not there. */
static bool is_to_merged(const struct pair *p)
{
    return p->final->sip->status >= 300 && oh_help_branch(p->ack->sip).at &&
           has_branch_of(p->ack, p->final) && !has_branch_of(p->ack, p->invite);
}

/* Is there an INVITE with the ACK's number by its sender, or a response to one, other than what the
 * ACK is linked to? */
static bool has_other(const struct oh_rule_view *v, const struct pair *p)
{
    struct oh_sip_cseq cseq;
    const struct oh_trace_msg *m = p->ack;
    for (int i = m->index - 1; i >= 0 && i > m->index - OH_HELP_REACH; i--) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        bool asks = oh_help_is_request(r, "INVITE");
        if ((asks || (!r->sip->is_request && r->request != p->invite->index)) &&
            oh_help_same_call(r->sip, m->sip) && oh_help_same_end(m, true, r, asks) &&
            oh_help_cseq(r->sip, &cseq) == 0 && cseq.number == p->mine.number &&
            oh_span_is(cseq.method, "INVITE"))
            return true;
    }
    return false;
}

/* A number above the INVITE's is that of a later INVITE, unless the ACK follows so soon that there
 * was hardly one, another request has that number, or one that comes behind has none higher. RFC
 * 3261 12.2.1.1 */
static bool is_of_later(const struct oh_rule_view *v, const struct pair *p)
{
    struct oh_sip_cseq cseq;
    const struct oh_trace_msg *m = p->ack;
    int end = (int)oh_rule_trace(v)->msg_count;
    if (m->time_ns - p->final->time_ns < OH_HELP_T1_NS)
        return false;
    for (int i = p->invite->index + 1; i < end && i < p->invite->index + OH_HELP_REACH; i++) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        if (!r->sip->is_request || oh_help_is_request(r, "ACK") ||
            oh_help_is_request(r, "CANCEL") || !oh_help_same_call(r->sip, m->sip) ||
            !oh_help_same_end(m, true, r, true) || oh_help_cseq(r->sip, &cseq) < 0)
            continue;
        if (cseq.number == p->mine.number || (i > m->index && cseq.number < p->mine.number))
            return false;
    }
    return p->mine.number > p->invited.number;
}

/* Has the other side given that tag elsewhere in the call? Then the ACK is for that dialog. */
static bool has_tag_of_other(const struct oh_rule_view *v, const struct pair *p)
{
    const struct oh_trace_msg *m = p->ack;
    if (!oh_help_tag(m->sip, OH_SIP_TO).at || has_to_tag_of(m, p->final))
        return false;
    for (int i = m->index - 1; i >= 0 && i > m->index - OH_HELP_REACH; i--) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        if (!r->sip->is_request && oh_help_same_call(r->sip, m->sip) &&
            oh_help_same_end(m, true, r, false) && has_to_tag_of(m, r))
            return true;
    }
    return false;
}

static bool is_unseen(const struct oh_rule_view *v, const struct pair *p)
{
    struct oh_sip_cseq answer;
    if (p->mine.number == p->invited.number)
        return is_to_merged(p) || is_to_refusal(oh_rule_trace(v), p) ||
               oh_unseen_is_of_fork(oh_rule_trace(v), p->ack, p->final) || has_tag_of_other(v, p);
    bool agree = oh_help_cseq(p->final->sip, &answer) == 0 && answer.number == p->mine.number;
    return agree || (p->final->sip->status >= 300 && !has_branch_of(p->ack, p->invite)) ||
           has_other(v, p) || is_of_later(v, p);
}

const struct oh_trace_msg *oh_unseen_acknowledged(const struct oh_rule_view *v,
                                                  const struct oh_trace_msg *ack)
{
    struct pair p = {.ack = ack, .final = oh_rule_msg(v, ack->answered)};
    p.invite = p.final ? oh_rule_msg(v, p.final->request) : NULL;
    if (oh_rule_run(v) || !p.invite || oh_help_cseq(ack->sip, &p.mine) < 0 ||
        oh_help_cseq(p.invite->sip, &p.invited) < 0)
        return p.final;
    return oh_help_is_unseen(v, p.final, p.invite) || is_unseen(v, &p) ? NULL : p.final;
}

bool oh_unseen_is_stray(const struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (oh_help_is_request(m, "ACK"))
        return !oh_unseen_acknowledged(v, m);
    return oh_help_is_request(m, "PRACK") && !oh_rule_run(v) && !oh_help_acknowledged(v, m);
}
