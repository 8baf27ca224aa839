/* When an offer may be made at all: one exchange at a time (RFC 3264 4), and none in an ACK whose
 * INVITE had one (RFC 3261 13.2.1). INVITE within INVITE is the matter of reinvite.c. */
#include "judge/sdp_help.h"
#include "judge/time_help.h"
#include "judge/unseen.h"

/* One of the other side that is this young may have crossed: T1, RFC 3261 17.1.1.1. */
#define CROSSING_NS OH_HELP_T1_NS

/* Only a body that is called session is an offer or an answer. RFC 3261 13.2.1, 20.11 */
static bool has_session(const struct oh_sip_msg *m)
{
    struct oh_span name = oh_span_of("Content-Disposition");
    struct oh_span value = oh_sip_msg_value_named(m, name, 0);
    value = oh_span_trim(oh_span_sub(value, 0, oh_span_find(value, ';')));
    return oh_help_has_sdp(m) && (value.len == 0 || oh_span_is_nocase(value, "session"));
}

/* --- in an ACK --- */

static void check_ack(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *final = oh_unseen_acknowledged(v, m);
    const struct oh_trace_msg *invite = final ? oh_rule_msg(v, final->request) : NULL;
    if (!invite || final->sip->status / 100 != 2 || !has_session(m->sip) ||
        !has_session(invite->sip) || !oh_help_originates(v, m))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "body",
                                   .bytes = m->sip->body,
                                   .expected = oh_span_of("no session description"),
                                   .observed = oh_span_of("a session description"),
                                   .text = "The ACK may carry a session description only as the "
                                           "answer to an offer in the 2xx: this INVITE had the "
                                           "offer itself.",
                                   .also = invite,
                                   .also_too = final});
}

/* --- while another is open --- */

/* An offer that opens an exchange by its request. */
static bool is_offer(const struct oh_trace_msg *m)
{
    return (oh_help_is_request(m, "INVITE") || oh_help_is_request(m, "UPDATE")) &&
           oh_help_is_first(m) && has_session(m->sip);
}

static bool is_same_dialog(const struct oh_trace_msg *m, const struct oh_trace_msg *other, bool own)
{
    struct oh_span to = oh_help_tag(other->sip, OH_SIP_TO);
    return oh_help_same_call(m->sip, other->sip) && oh_help_same_end(m, true, other, own) &&
           oh_help_same_token(oh_help_tag(m->sip, own ? OH_SIP_FROM : OH_SIP_TO),
                              oh_help_tag(other->sip, OH_SIP_FROM)) &&
           (!to.at || oh_help_same_token(oh_help_tag(m->sip, own ? OH_SIP_TO : OH_SIP_FROM), to));
}

/* Answered by a description in any response, be it only shown early (the caller takes the first
 * that comes for the answer, 13.2.1), or rejected or accepted by a final one. */
static bool is_closed(const struct oh_rule_view *v, const struct oh_trace_msg *offer,
                      const struct oh_trace_msg *m)
{
    if (offer->final != OH_NONE && offer->final < m->index)
        return true;
    for (int i = offer->index + 1; i < m->index; i++) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        if (!r->sip->is_request && r->request == offer->index && oh_help_has_sdp(r->sip))
            return true;
    }
    return false;
}

/* Without any response it may never have arrived, or have failed on its way (RFC 3261 17.1.4). */
static bool is_known(const struct oh_rule_view *v, const struct oh_trace_msg *offer,
                     const struct oh_trace_msg *m, bool own)
{
    int64_t age_ns = m->time_ns - offer->time_ns;
    if (own ? age_ns >= OH_HELP_T1X64_NS : age_ns < CROSSING_NS)
        return false;
    for (int i = offer->index + 1; i < m->index; i++) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        if (!r->sip->is_request && r->request == offer->index)
            return true;
    }
    return own && (offer->final != OH_NONE || oh_rule_run(v));
}

/* A foreign capture may lack the answer to `offer`: sure is that none was there where its final
 * response comes later, or the other side refuses `m` (RFC 3311 5.2: by 491 or 500). */
static bool may_be_closed(const struct oh_rule_view *v, const struct oh_trace_msg *offer,
                          const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *final = oh_rule_msg(v, m->final);
    return !oh_rule_run(v) && offer->final == OH_NONE && final && final->sip->status / 100 == 2;
}

static void check_open(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (!is_offer(m) || !oh_help_tag(m->sip, OH_SIP_TO).at || !oh_help_originates(v, m) ||
        oh_rule_evidence_lost(v) || oh_rule_one_sided(v))
        return;
    for (int i = m->index - 1; i >= 0 && i > m->index - OH_HELP_REACH; i--) {
        const struct oh_trace_msg *other = oh_rule_msg(v, i);
        bool own = is_same_dialog(m, other, true);
        bool both = oh_help_is_request(m, "INVITE") && oh_help_is_request(other, "INVITE");
        if (!is_offer(other) || both || !(own || is_same_dialog(m, other, false)) ||
            m->retry_of == other->index || is_closed(v, other, m) || may_be_closed(v, other, m) ||
            !is_known(v, other, m, own))
            continue;
        oh_say_broken(v, m,
                      &(struct oh_say){.field = "body",
                                       .bytes = m->sip->body,
                                       .expected = oh_span_of("the answer to the offer before it"),
                                       .observed = oh_span_of("a new offer"),
                                       .text = "A new offer must not be made while another one is "
                                               "neither answered nor rejected.",
                                       .also = other});
        return;
    }
}

static const struct oh_rule rules[] = {
    {"offer.ack", OH_LEVEL_MUST, "RFC 3261 13.2.1", OH_ON_REQUEST, "ACK",
     "An ACK carries a session description only in answer to one in the 2xx.",
     "mod.offer-in-ack-only", check_ack},
    {"offer.open", OH_LEVEL_MUST, "RFC 3264 4", OH_ON_REQUEST | OH_BY_TIME, NULL,
     "No offer is made while another one is open.", "mod.one-offer-open", check_open},
};

const struct oh_rule_family oh_rules_offer_state = {"offer-state", rules,
                                                    sizeof rules / sizeof *rules};
