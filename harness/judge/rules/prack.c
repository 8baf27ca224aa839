/* What a PRACK acknowledges. RFC 3262 4, 7.2 */
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

static const struct oh_rule rules[] = {
    {"prack.rack", OH_LEVEL_MUST, "RFC 3262 7.2", OH_ON_REQUEST, "PRACK",
     "RAck names a reliable provisional response that was sent.", NULL, check_rack},
};

const struct oh_rule_family oh_rules_prack = {"prack", rules, sizeof rules / sizeof *rules};
