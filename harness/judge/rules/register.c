/* What a REGISTER must look like beyond other requests: RFC 3261 10.2. */
#include "judge/rule_help.h"

static void check_request_uri(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_sip_uri uri;
    if (oh_sip_uri_parse(m->sip->request_uri, &uri) < 0 || !uri.user.at ||
        !oh_help_originates(v, m))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "request-uri",
                                   .expected = oh_span_of("a URI without user and @"),
                                   .observed = m->sip->request_uri,
                                   .text = "The Request-URI of a REGISTER names the domain and "
                                           "must have no user."});
}

static const struct oh_rule rules[] = {
    {"register.request-uri", OH_LEVEL_MUST, "RFC 3261 10.2", OH_ON_REQUEST, "REGISTER",
     "The Request-URI of a REGISTER has no user.", NULL, check_request_uri},
};

const struct oh_rule_family oh_rules_register = {"register", rules, sizeof rules / sizeof *rules};
