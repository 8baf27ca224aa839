/* What a user agent says of itself: Allow and Supported. RFC 3261 13.1, 13.2.1, 20.5 */
#include "judge/rule_help.h"

static const struct oh_span needed[] = {{"INVITE", 6}, {"ACK", 3}, {"CANCEL", 6}, {"BYE", 3}};
enum { NEEDED = sizeof needed / sizeof *needed };

/* Which of those needed Allow names: a bit for each. */
static unsigned allowed(const struct oh_sip_msg *m)
{
    const struct oh_sip_header *h;
    struct oh_span value;
    unsigned named = 0;
    for (size_t n = 0; (h = oh_sip_msg_header(m, OH_SIP_ALLOW, n)) != NULL; n++) {
        struct oh_span rest = h->value;
        while (oh_sip_list_next(&rest, &value)) {
            for (size_t i = 0; i < NEEDED; i++)
                named |= oh_span_equal(value, needed[i]) ? 1U << i : 0;
        }
    }
    return named;
}

/* Who sends INVITE, answers it with a 2xx or names it here supports it, and must then support these
 * (13.1). */
static void check_methods(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    bool has_allow = oh_sip_msg_header(m->sip, OH_SIP_ALLOW, 0);
    unsigned named = has_allow ? allowed(m->sip) : 0;
    bool takes_part =
        oh_sip_msg_is_method(m->sip, "INVITE") && (m->sip->is_request || m->sip->status / 100 == 2);
    if (!has_allow || (!takes_part && !(named & 1)) || !oh_help_originates(v, m))
        return;
    for (size_t i = 0; i < NEEDED; i++) {
        if (named & 1U << i)
            continue;
        oh_say_broken(v, m,
                      &(struct oh_say){.field = "allow",
                                       .expected = needed[i],
                                       .observed = oh_sip_msg_whole(m->sip, OH_SIP_ALLOW),
                                       .text = "Allow must name all methods that the user agent "
                                               "understands; who takes part in calls understands "
                                               "INVITE, ACK, CANCEL and BYE."});
        return;
    }
}

static void check_header(struct oh_rule_view *v, const struct oh_trace_msg *m,
                         enum oh_sip_header_id id, const char *field, const char *text)
{
    if (oh_sip_msg_header(m->sip, id, 0) || oh_help_tag(m->sip, OH_SIP_TO).at ||
        !oh_help_originates(v, m))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = field,
                                   .bytes = m->sip->start_line,
                                   .expected = oh_span_of("such a header, empty if need be"),
                                   .text = text});
}

static void check_allow(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    check_header(v, m, OH_SIP_ALLOW, "allow",
                 "An initial INVITE should say in Allow which methods may come in the dialog.");
}

static void check_supported(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    check_header(v, m, OH_SIP_SUPPORTED, "supported",
                 "An initial INVITE should say in Supported which extensions are understood.");
}

/* RFC 3261 13.3.1.4. What a server in between makes of a response is not the phone's. */
static void check_answer(struct oh_rule_view *v, const struct oh_trace_msg *m,
                         enum oh_sip_header_id id, const char *field, const char *text)
{
    const struct oh_trace_msg *request = oh_rule_msg(v, m->request);
    if (!m->from_phone || m->sip->status / 100 != 2 || oh_sip_msg_header(m->sip, id, 0) ||
        !request || oh_help_tag(request->sip, OH_SIP_TO).at || !oh_help_originates(v, m))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = field,
                                   .bytes = m->sip->start_line,
                                   .expected = oh_span_of("such a header, empty if need be"),
                                   .text = text});
}

static void check_allow_answer(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    check_answer(v, m, OH_SIP_ALLOW, "allow",
                 "A 2xx to an INVITE should say in Allow which methods may come in the dialog.");
}

static void check_supported_answer(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    check_answer(v, m, OH_SIP_SUPPORTED, "supported",
                 "A 2xx to an INVITE should say in Supported which extensions are understood.");
}

static const struct oh_rule rules[] = {
    {"allow.methods", OH_LEVEL_MUST, "RFC 3261 20.5", OH_ON_ANY | OH_WITH(OH_SIP_ALLOW), NULL,
     "An Allow names INVITE, ACK, CANCEL and BYE.", "lint.invite.allow", check_methods},
    {"allow.invite", OH_LEVEL_SHOULD, "RFC 3261 13.2.1", OH_ON_REQUEST, "INVITE",
     "An initial INVITE has an Allow.", "lint.invite.allow", check_allow},
    {"supported.invite", OH_LEVEL_SHOULD, "RFC 3261 13.2.1", OH_ON_REQUEST, "INVITE",
     "An initial INVITE has a Supported.", "lint.invite.supported", check_supported},
    {"allow.answer", OH_LEVEL_SHOULD, "RFC 3261 13.3.1.4", OH_ON_RESPONSE, "INVITE",
     "A 2xx to an initial INVITE has an Allow.",
     "lint.r2xx.allow-supported lint.r2xx.invite-contact", check_allow_answer},
    {"supported.answer", OH_LEVEL_SHOULD, "RFC 3261 13.3.1.4", OH_ON_RESPONSE, "INVITE",
     "A 2xx to an initial INVITE has a Supported.",
     "lint.r2xx.allow-supported lint.r2xx.invite-contact", check_supported_answer},
};

const struct oh_rule_family oh_rules_capability = {"capability", rules,
                                                   sizeof rules / sizeof *rules};
