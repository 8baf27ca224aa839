/* The Contact of a request that can begin a dialog, and of an INVITE or UPDATE in one: RFC 3261
 * 8.1.1.8, 12.2.1.1, RFC 3311 7. */
#include "judge/rule_help.h"

/* INVITE, and by RFC 6665 4.4.1 and RFC 3515 2 these. */
static bool is_initial(const struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    bool begins = oh_help_is_request(m, "INVITE") || oh_help_is_request(m, "SUBSCRIBE") ||
                  oh_help_is_request(m, "REFER");
    return begins && !oh_help_tag(m->sip, OH_SIP_TO).at && oh_help_originates(v, m);
}

static bool is_scheme(struct oh_span uri, const char *a, const char *b)
{
    return oh_help_is_scheme(uri, a) || oh_help_is_scheme(uri, b);
}

static void check_one(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    size_t count = oh_sip_msg_value_count(m->sip, OH_SIP_CONTACT);
    if (!is_initial(v, m) || count == 1)
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "contact",
                                   .bytes = count ? oh_sip_msg_value(m->sip, OH_SIP_CONTACT, 1)
                                                  : m->sip->start_line,
                                   .expected = oh_span_of("one Contact"),
                                   .observed = oh_sip_msg_whole(m->sip, OH_SIP_CONTACT),
                                   .text = "A request that can begin a dialog must carry one "
                                           "Contact with exactly one URI."});
}

static void check_scheme(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_span value = oh_sip_msg_value(m->sip, OH_SIP_CONTACT, 0);
    if (!is_initial(v, m) || !value.at ||
        is_scheme(oh_help_uri(m->sip, OH_SIP_CONTACT), "sip", "sips"))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "contact.scheme",
                                   .expected = oh_span_of("a SIP or SIPS URI"),
                                   .observed = value,
                                   .text = "The Contact of a request that can begin a dialog must "
                                           "be a SIP or SIPS URI."});
}

static void check_secure(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_span uri = oh_help_uri(m->sip, OH_SIP_CONTACT);
    bool secure = is_scheme(m->sip->request_uri, "sips", "sips") ||
                  is_scheme(oh_help_uri(m->sip, OH_SIP_ROUTE), "sips", "sips");
    if (!is_initial(v, m) || !secure || !is_scheme(uri, "sip", "sip"))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "contact.scheme",
                                   .expected = oh_span_of("a SIPS URI"),
                                   .observed = uri,
                                   .text = "A request to a SIPS URI must carry a SIPS URI in its "
                                           "Contact."});
}

static void check_refresh(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (!oh_help_tag(m->sip, OH_SIP_TO).at || !oh_help_originates(v, m) ||
        oh_sip_msg_value(m->sip, OH_SIP_CONTACT, 0).at)
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "contact",
                                   .bytes = m->sip->start_line,
                                   .expected = oh_span_of("a Contact"),
                                   .text = "An INVITE in a dialog should carry a Contact."});
}

/* A target refresh like INVITE (5.1), but with "m" for Contact in the table. */
static void check_update(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (oh_sip_msg_value(m->sip, OH_SIP_CONTACT, 0).at || !oh_help_originates(v, m))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "contact",
                                   .bytes = m->sip->start_line,
                                   .expected = oh_span_of("a Contact"),
                                   .text = "An UPDATE must carry a Contact."});
}

/* A scheme (RFC 3986 3.1), a colon, and more. */
static bool is_uri(struct oh_span uri)
{
    size_t colon = oh_span_find(uri, ':');
    for (size_t i = 0; i < colon && i < uri.len; i++) {
        char c = uri.at[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.')))
            return false;
    }
    return colon > 0 && colon + 1 < uri.len;
}

/* That of a request which begins a dialog has a rule of its own. */
static void check_uri(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_span value;
    if (is_initial(v, m) || !oh_help_originates(v, m))
        return;
    for (size_t n = 0; (value = oh_sip_msg_value(m->sip, OH_SIP_CONTACT, n)).at; n++) {
        struct oh_sip_name_addr parts;
        if (oh_span_is(value, "*") ||
            (oh_sip_name_addr_parse(value, &parts) == 0 && is_uri(oh_span_trim(parts.uri))))
            continue;
        oh_say_broken(v, m,
                      &(struct oh_say){.field = "contact",
                                       .bytes = value,
                                       .expected = oh_span_of("a URI"),
                                       .observed = value,
                                       .text = "The value of a Contact must be a URI: a scheme, a "
                                               "colon and the address."});
        return;
    }
}

/* "*" takes all bindings back, with Expires: 0 and nothing beside it. */
static void check_star(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_span value, star = {0};
    uint64_t seconds = 1;
    size_t count = 0;
    for (; (value = oh_sip_msg_value(m->sip, OH_SIP_CONTACT, count)).at; count++) {
        if (oh_span_is(value, "*"))
            star = value;
    }
    bool is_register = oh_help_is_request(m, "REGISTER");
    if (!star.at || (!is_register && is_initial(v, m)) || !oh_help_originates(v, m))
        return;
    if (is_register && count == 1 &&
        oh_span_to_u64(oh_sip_msg_whole(m->sip, OH_SIP_EXPIRES), &seconds) && seconds == 0)
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "contact",
                                   .bytes = star,
                                   .expected = oh_span_of("* alone, in a REGISTER with Expires: 0"),
                                   .observed = is_register && count == 1
                                                   ? oh_sip_msg_whole(m->sip, OH_SIP_EXPIRES)
                                                   : oh_sip_msg_whole(m->sip, OH_SIP_CONTACT),
                                   .text = "The Contact * must stand alone, and only in a REGISTER "
                                           "with the header Expires: 0."});
}

#define CONTACT(id, level, clause, method, meaning, covers, check)                                 \
    {                                                                                              \
        id, OH_LEVEL_##level, clause, OH_ON_REQUEST, method, meaning, covers, check                \
    }

static const struct oh_rule rules[] = {
    CONTACT("contact.one", MUST, "RFC 3261 8.1.1.8", NULL,
            "A request that can begin a dialog has exactly one Contact.",
            "lint.contact.invite-one lint.subscribe.event", check_one),
    CONTACT("contact.scheme", MUST, "RFC 3261 8.1.1.8", NULL,
            "The Contact of a request that can begin a dialog is a SIP or SIPS URI.",
            "lint.contact.invite-one", check_scheme),
    CONTACT("contact.sips", MUST, "RFC 3261 8.1.1.8", NULL,
            "The Contact of a request to a SIPS URI is a SIPS URI.", "lint.uri.sips-contact",
            check_secure),
    CONTACT("contact.uri", MUST, "RFC 3261 25.1", NULL, "The value of a Contact is a URI.",
            "lint.contact.uri", check_uri),
    CONTACT("contact.star", MUST, "RFC 3261 10.2.2", NULL,
            "Contact * stands alone in a REGISTER with Expires: 0.", "lint.contact.star-only-unreg",
            check_star),
    CONTACT("contact.refresh", SHOULD, "RFC 3261 12.2.1.1", "INVITE",
            "An INVITE in a dialog has a Contact.", "lint.contact.refresh", check_refresh),
    CONTACT("contact.update", MUST, "RFC 3311 7", "UPDATE", "An UPDATE has a Contact.",
            "lint.update.contact", check_update),
};

const struct oh_rule_family oh_rules_contact = {"contact", rules, sizeof rules / sizeof *rules};
