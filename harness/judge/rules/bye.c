/* When a BYE may be sent: in a dialog, by the callee only once the call is confirmed.
 * RFC 3261 15 */
#include "judge/rule_help.h"
#include "judge/time_help.h"

/* What the other side sends just now may cross it: T1, RFC 3261 17.1.1.1. */
#define CROSSING_NS OH_HELP_T1_NS

/* The first message of the call in the trace, if that shows the call's beginning. */
static bool begins_here(const struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (oh_rule_begins_within(v) || oh_rule_one_sided(v) || oh_rule_evidence_lost(v) ||
        m->index >= OH_HELP_REACH)
        return false;
    for (int i = 0; i < m->index; i++) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        if (oh_help_same_call(r->sip, m->sip))
            return oh_help_is_request(r, "INVITE") && !oh_help_tag(r->sip, OH_SIP_TO).at;
    }
    return false;
}

/* Does this response leave a dialog standing when `m` is sent? A refusal takes those along that
 * came early (12.3), once it is known. */
static bool leaves_dialog(const struct oh_rule_view *v, const struct oh_trace_msg *r,
                          const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *request = oh_rule_msg(v, r->request);
    const struct oh_trace_msg *final = request ? oh_rule_msg(v, request->final) : NULL;
    if (r->sip->is_request || r->sip->status <= 100 || r->sip->status >= 300 ||
        !oh_help_same_call(r->sip, m->sip))
        return false;
    return r->sip->status >= 200 || !final || final->index > m->index || final->sip->status < 300 ||
           m->time_ns - final->time_ns < CROSSING_NS;
}

/* A foreign capture may have missed the response that created the dialog: who got the BYE knows of
 * none. */
static bool is_refuted(const struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *final = oh_rule_msg(v, m->final);
    return !oh_rule_run(v) && !(final && final->sip->status == 481);
}

static void check_outside(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (!oh_help_originates(v, m) || !begins_here(v, m) || is_refuted(v, m))
        return;
    for (int i = 0; i < m->index; i++) {
        if (leaves_dialog(v, oh_rule_msg(v, i), m))
            return;
    }
    oh_say_broken(v, m,
                  &(struct oh_say){.bytes = m->sip->start_line,
                                   .expected = oh_span_of("a dialog"),
                                   .observed = m->sip->start_line,
                                   .text = "A BYE must not be sent where no dialog stands: an "
                                           "INVITE that is still unanswered is given up by "
                                           "CANCEL, and one that was refused needs nothing."});
}

static bool read_as_callee(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                           struct oh_help_dialog *d)
{
    return oh_help_originates(v, m) && oh_help_dialog_of(v, m, OH_BY_ALL, d) && !d->is_uac &&
           !oh_rule_evidence_lost(v) && !oh_rule_one_sided(v);
}

/* An ACK to it: its final response was sent, be it in the capture or not. */
static bool was_acknowledged(const struct oh_rule_view *v, const struct oh_trace_msg *invite,
                             const struct oh_trace_msg *m)
{
    for (int i = invite->index + 1; i < m->index; i++) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        if (oh_help_is_request(r, "ACK") && oh_help_same_call(r->sip, invite->sip))
            return true;
    }
    return false;
}

/* A foreign capture may have missed both the 2xx and its ACK: sure is that there was none where the
 * final response comes after the BYE. */
static bool was_answered_later(const struct oh_rule_view *v, const struct oh_trace_msg *invite,
                               const struct oh_trace_msg *m)
{
    return invite->final == OH_NONE ? oh_rule_run(v) != NULL : invite->final > m->index;
}

static void check_early(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_help_dialog d;
    if (!read_as_callee(v, m, &d) || d.answer->sip->status >= 200 ||
        !was_answered_later(v, d.invite, m) || was_acknowledged(v, d.invite, m))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.bytes = m->sip->start_line,
                                   .expected = oh_span_of("a final response to the INVITE"),
                                   .observed = m->sip->start_line,
                                   .text = "The callee must not send a BYE before it has accepted "
                                           "the call: it refuses the INVITE instead.",
                                   .also = d.invite,
                                   .also_too = d.answer});
}

/* A foreign capture may have missed the ACK: sure is that there was none while the phone goes on
 * repeating its 2xx. */
static bool seems_acknowledged(const struct oh_rule_view *v, const struct oh_help_sendings *s,
                               const struct oh_trace_msg *m)
{
    if (oh_rule_run(v))
        return false;
    if (s->count < 2)
        return true;
    int64_t wait_ns = 2 * oh_help_gap_ns(s, s->count - 1);
    if (wait_ns > OH_HELP_T2_NS)
        wait_ns = OH_HELP_T2_NS;
    return m->time_ns - s->at[s->count - 1]->time_ns > wait_ns;
}

/* 64*T1 after the first sending, which a foreign capture may have missed, and the next with it. */
static int64_t life_of(const struct oh_rule_view *v, const struct oh_help_sendings *s)
{
    int64_t t1_ns =
        s->count > 1 && oh_help_gap_ns(s, 1) < OH_HELP_T1_NS ? oh_help_gap_ns(s, 1) : OH_HELP_T1_NS;
    return (oh_rule_run(v) ? 64 : 60) * t1_ns - oh_help_slack_ns(t1_ns);
}

static void check_before_ack(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_help_dialog d;
    struct oh_help_sendings s;
    if (!read_as_callee(v, m, &d) || d.answer->sip->status < 200 ||
        (d.answer->ack != OH_NONE && d.answer->ack < m->index))
        return;
    oh_help_find_sendings(v, d.answer, &s);
    int64_t life_ns = life_of(v, &s);
    if (m->time_ns - d.answer->time_ns >= life_ns || seems_acknowledged(v, &s, m) ||
        oh_help_time_in_doubt(v, life_ns))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.bytes = m->sip->start_line,
                                   .expected = oh_span_of("the ACK to its 2xx before it"),
                                   .observed = m->sip->start_line,
                                   .text = "The callee must not send a BYE before the ACK to its "
                                           "2xx has come, or 64*T1 have passed.",
                                   .also = d.answer});
}

#define BYE(id, meaning, covers, check)                                                            \
    {                                                                                              \
        id, OH_LEVEL_MUST, "RFC 3261 15", OH_ON_REQUEST | OH_BY_TIME, "BYE", meaning, covers,      \
            check                                                                                  \
    }

static const struct oh_rule rules[] = {
    BYE("bye.outside", "A BYE is sent in a dialog.", "lint.bye.in-dialog", check_outside),
    BYE("bye.early", "The callee sends no BYE in an early dialog.", "lint.bye.not-early-callee",
        check_early),
    BYE("bye.before-ack", "The callee sends no BYE before the ACK to its 2xx.",
        "lint.bye.not-early-callee", check_before_ack),
};

const struct oh_rule_family oh_rules_bye = {"bye", rules, sizeof rules / sizeof *rules};
