/* Reliable provisional responses, and what a PRACK acknowledges. RFC 3262 3, 4, 7.2 */
#include "judge/rule_help.h"
#include "judge/sdp_help.h"

#include <stdlib.h>

/* Is there a reliable provisional response of this dialog? Only then is it clear what RAck may say.
 */
static const struct oh_trace_msg *reliable(const struct oh_rule_view *v,
                                           const struct oh_trace_msg *m)
{
    struct oh_span tag = oh_help_tag(m->sip, OH_SIP_TO);
    for (int i = m->index - 1; i >= 0 && i > m->index - OH_HELP_REACH; i--) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        if (!r->sip->is_request && r->sip->status > 100 && r->sip->status < 200 &&
            oh_sip_msg_header(r->sip, OH_SIP_RSEQ, 0) && oh_help_same_call(r->sip, m->sip) &&
            oh_help_same_end(m, true, r, false) &&
            oh_help_same_token(oh_help_tag(r->sip, OH_SIP_TO), tag))
            return r;
    }
    return NULL;
}

static void check_rack(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *r = oh_help_originates(v, m) ? reliable(v, m) : NULL;
    if (!r || oh_rule_evidence_lost(v) || oh_help_acknowledged(v, m))
        return;
    char *expected = oh_format("%.*s %.*s", OH_SPAN_FMT(oh_sip_msg_whole(r->sip, OH_SIP_RSEQ)),
                               OH_SPAN_FMT(oh_sip_msg_whole(r->sip, OH_SIP_CSEQ)));
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "rack",
                                   .bytes = m->sip->start_line,
                                   .expected = oh_span_of(expected),
                                   .observed = oh_sip_msg_whole(m->sip, OH_SIP_RACK),
                                   .text = "The RAck of a PRACK must have the RSeq and the CSeq of "
                                           "the reliable provisional response that it "
                                           "acknowledges.",
                                   .also = r});
    free(expected);
}

/* RSeq is what a response that is sent reliably has (7.1), and 100 never is one. */
static void check_require(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_span tag;
    if (m->sip->status <= 100 || m->sip->status >= 200 ||
        !oh_sip_msg_header(m->sip, OH_SIP_RSEQ, 0) || !oh_help_originates(v, m))
        return;
    for (size_t n = 0; (tag = oh_sip_msg_value(m->sip, OH_SIP_REQUIRE, n)).at; n++) {
        if (oh_help_same_token(tag, oh_span_of("100rel")))
            return;
    }
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "require",
                                   .bytes = oh_sip_msg_whole(m->sip, OH_SIP_RSEQ),
                                   .expected = oh_span_of("100rel"),
                                   .observed = oh_sip_msg_whole(m->sip, OH_SIP_REQUIRE),
                                   .text = "A provisional response with RSeq must carry Require "
                                           "with the option tag 100rel."});
}

static const struct oh_rule rules[] = {
    {"prack.rack", OH_LEVEL_MUST, "RFC 3262 7.2", OH_ON_REQUEST, "PRACK",
     "RAck names a reliable provisional response that was sent.", "lint.prack.rack", check_rack},
    {"prack.require", OH_LEVEL_MUST, "RFC 3262 3", OH_ON_RESPONSE, "INVITE",
     "A provisional response with RSeq has Require with 100rel.", "lint.rel1xx.require",
     check_require},
};

const struct oh_rule_family oh_rules_prack = {"prack", rules, sizeof rules / sizeof *rules};
