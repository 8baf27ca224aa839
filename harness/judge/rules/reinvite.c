/* One INVITE at a time in a dialog, in either direction. RFC 3261 14.1
 *
 * That an INVITE is open is known to its sender, and to who has answered it with a provisional
 * response; two that cross on their way are glare, and lawful (14.2). */
#include "judge/rule_help.h"

/* Without a final response the sender's transaction ends by then: 64*T1, RFC 3261 17.1.1.2. */
#define LIFE_NS INT64_C(32000000000)

/* One of the other side that is this young may have crossed: T1, RFC 3261 17.1.1.1. */
#define CROSSING_NS INT64_C(500000000)

/* Is `other` an INVITE of the dialog of `m`, or the one that created it? `own`: by the sender of
 * `m`. One that has no To tag created the dialog if a response with its tag came before `m`. */
static bool is_of_dialog(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                         const struct oh_trace_msg *other, bool own)
{
    struct oh_span from = oh_help_tag(m->sip, own ? OH_SIP_FROM : OH_SIP_TO);
    struct oh_span to = oh_help_tag(m->sip, own ? OH_SIP_TO : OH_SIP_FROM);
    struct oh_span other_to = oh_help_tag(other->sip, OH_SIP_TO);
    struct oh_help_dialog d;
    if (!oh_help_is_request(other, "INVITE") || !oh_help_is_first(other) ||
        !oh_help_same_call(m->sip, other->sip) || !oh_help_same_end(m, true, other, own) ||
        !oh_help_same_token(from, oh_help_tag(other->sip, OH_SIP_FROM)))
        return false;
    if (other_to.at)
        return oh_help_same_token(to, other_to);
    return oh_help_dialog_of(v, m, OH_BY_ALL, &d) && d.invite == other;
}

/* A provisional response to `invite` before `m`: both sides know of it. */
static bool was_answered(const struct oh_rule_view *v, const struct oh_trace_msg *invite,
                         const struct oh_trace_msg *m)
{
    for (int i = invite->index + 1; i < m->index; i++) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        if (!r->sip->is_request && r->request == invite->index && r->sip->status / 100 == 1)
            return true;
    }
    return false;
}

/* One without any response may have failed on its way (17.1.4), and is not counted. */
static bool is_open(const struct oh_rule_view *v, const struct oh_trace_msg *invite,
                    const struct oh_trace_msg *m, bool own)
{
    if (invite->final != OH_NONE && invite->final < m->index)
        return false;
    int64_t age_ns = m->time_ns - invite->time_ns;
    if (own ? age_ns >= LIFE_NS : age_ns < CROSSING_NS)
        return false;
    return was_answered(v, invite, m) || (own && invite->final != OH_NONE);
}

static void check_open(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (!oh_help_tag(m->sip, OH_SIP_TO).at || !oh_help_originates(v, m) || oh_rule_evidence_lost(v))
        return;
    for (int i = m->index - 1; i >= 0 && i > m->index - OH_HELP_REACH; i--) {
        const struct oh_trace_msg *other = oh_rule_msg(v, i);
        bool own = is_of_dialog(v, m, other, true);
        if (!(own || is_of_dialog(v, m, other, false)) || !is_open(v, other, m, own))
            continue;
        oh_say_broken(v, m,
                      &(struct oh_say){.bytes = m->sip->start_line,
                                       .expected = oh_span_of("the final response to the INVITE "
                                                              "before it"),
                                       .observed = m->sip->start_line,
                                       .text = "A new INVITE must not be sent in a dialog while "
                                               "another one is in progress there.",
                                       .also = other});
        return;
    }
}

static const struct oh_rule rules[] = {
    {"reinvite.open", OH_LEVEL_MUST, "RFC 3261 14.1", OH_ON_REQUEST, "INVITE",
     "No INVITE is sent in a dialog while another one is in progress.", NULL, check_open},
};

const struct oh_rule_family oh_rules_reinvite = {"reinvite", rules, sizeof rules / sizeof *rules};
