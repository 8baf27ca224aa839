/* Responses and the request that they answer: RFC 3261 8.2.6.2, 12.1.1. One that is forwarded was
 * made by another. */
#include "judge/rule_help.h"

static bool read_request(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                         const struct oh_trace_msg **request)
{
    *request = oh_help_answered_by(v, m);
    return *request != NULL;
}

static void check_via(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *request;
    if (!read_request(v, m, &request))
        return;
    size_t count = oh_sip_msg_value_count(request->sip, OH_SIP_VIA);
    for (size_t i = 0; i <= count; i++) {
        struct oh_span wanted = oh_sip_msg_value(request->sip, OH_SIP_VIA, i);
        struct oh_span mine = oh_sip_msg_value(m->sip, OH_SIP_VIA, i);
        if (wanted.at ? mine.at && oh_help_same_via(wanted, mine, true) : !mine.at)
            continue;
        oh_say_broken(v, m,
                      &(struct oh_say){.field = i == 0 ? "via" : "via[2]",
                                       .bytes = m->sip->start_line,
                                       .expected = wanted.at ? wanted : oh_span_of("no more Via"),
                                       .observed = mine,
                                       .text = "A response must carry all Vias of its request, in "
                                               "their order, and no other.",
                                       .also = request});
        return;
    }
}

static void say_differs(struct oh_rule_view *v, const struct oh_trace_msg *m,
                        const struct oh_trace_msg *request, enum oh_sip_header_id id,
                        const char *field, const char *text)
{
    oh_say_broken(v, m,
                  &(struct oh_say){.field = field,
                                   .bytes = m->sip->start_line,
                                   .expected = oh_sip_msg_whole(request->sip, id),
                                   .observed = oh_sip_msg_whole(m->sip, id),
                                   .text = text,
                                   .also = request});
}

static void check_from(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *request;
    if (read_request(v, m, &request) && !oh_help_same_party(m->sip, request->sip, OH_SIP_FROM))
        say_differs(v, m, request, OH_SIP_FROM, "from",
                    "A response must carry the From of its request, URI and tag.");
}

static void check_call_id(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *request;
    if (read_request(v, m, &request) && oh_sip_msg_whole(request->sip, OH_SIP_CALL_ID).at &&
        !oh_help_same_call(m->sip, request->sip))
        say_differs(v, m, request, OH_SIP_CALL_ID, "call-id",
                    "A response must carry the Call-ID of its request.");
}

/* A second answer to the INVITE's transaction that names ACK: an answer to the ACK. */
static bool answers_ack(const struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *request = oh_rule_msg(v, m->request);
    return oh_sip_msg_is_method(m->sip, "ACK") &&
           (!request || oh_help_is_request(request, "ACK") ||
            (request->final != OH_NONE && request->final < m->index));
}

static void check_cseq(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *request;
    struct oh_sip_cseq mine, wanted;
    if (!read_request(v, m, &request) || answers_ack(v, m) ||
        oh_help_cseq(request->sip, &wanted) < 0)
        return;
    if (oh_help_cseq(m->sip, &mine) < 0 || mine.number != wanted.number ||
        !oh_span_equal(mine.method, wanted.method))
        say_differs(v, m, request, OH_SIP_CSEQ, "cseq",
                    "A response must carry the CSeq of its request, number and method.");
}

static void check_to_ack(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (answers_ack(v, m) && oh_help_originates(v, m))
        oh_say_broken(v, m,
                      &(struct oh_say){.field = "cseq.method",
                                       .observed = oh_sip_msg_whole(m->sip, OH_SIP_CSEQ),
                                       .text = "An ACK must not be answered."});
}

static void check_to(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *request;
    if (!read_request(v, m, &request))
        return;
    struct oh_span tag = oh_help_tag(request->sip, OH_SIP_TO);
    bool uri =
        oh_help_same_uri(oh_help_uri(m->sip, OH_SIP_TO), oh_help_uri(request->sip, OH_SIP_TO));
    if (!uri || (tag.at && !oh_help_same_token(tag, oh_help_tag(m->sip, OH_SIP_TO))))
        say_differs(v, m, request, OH_SIP_TO, uri ? "to.tag" : "to",
                    "A response must carry the To of its request, with its tag if it has one.");
}

/* A request without a readable To is told by its own rule. */
static void check_to_tag(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *request;
    if (m->sip->status <= 100 || !read_request(v, m, &request) ||
        !oh_help_uri(m->sip, OH_SIP_TO).at || oh_help_tag(request->sip, OH_SIP_TO).at ||
        oh_help_tag(m->sip, OH_SIP_TO).len > 0)
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "to.tag",
                                   .bytes = oh_sip_msg_whole(m->sip, OH_SIP_TO),
                                   .expected = oh_span_of("a tag"),
                                   .text = "A response other than 100 must add a tag to the To.",
                                   .also = request});
}

/* Only phones are sure to be one party: a proxy may pass on the responses of several. */
static void check_same_tag(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *request;
    struct oh_span mine = oh_help_tag(m->sip, OH_SIP_TO);
    if (!m->from_phone || m->sip->status <= 100 || !mine.at || !read_request(v, m, &request) ||
        oh_help_tag(request->sip, OH_SIP_TO).at)
        return;
    for (int i = m->index - 1; i > request->index && i > m->index - OH_HELP_REACH; i--) {
        const struct oh_trace_msg *before = oh_rule_msg(v, i);
        struct oh_span tag = oh_help_tag(before->sip, OH_SIP_TO);
        if (before->sip->is_request || before->request != request->index || !tag.at ||
            before->sip->status <= 100 || !oh_help_is_first(before) ||
            oh_help_is_unseen(v, before, request))
            continue;
        if (!oh_help_same_token(tag, mine))
            oh_say_broken(v, m,
                          &(struct oh_say){.field = "to.tag",
                                           .expected = tag,
                                           .observed = mine,
                                           .text = "All responses to one request must carry the "
                                                   "same To tag.",
                                           .also = before,
                                           .also_too = request});
        return;
    }
}

/* With its request at hand the rules that compare the two tell it. */
/* A request that its sender got lacks it, too: what is copied was not there. */
static bool is_lacking_before(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                              enum oh_sip_header_id id)
{
    for (int i = m->index - 1; i >= 0 && i > m->index - OH_HELP_REACH; i--) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        if (r->sip->is_request && oh_sip_msg_whole(r->sip, id).len == 0 &&
            oh_help_same_end(m, true, r, false))
            return true;
    }
    return false;
}

static void check_present(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    static const struct {
        enum oh_sip_header_id id;
        const char *field;
    } needed[] = {{OH_SIP_VIA, "via"},
                  {OH_SIP_FROM, "from"},
                  {OH_SIP_TO, "to"},
                  {OH_SIP_CALL_ID, "call-id"},
                  {OH_SIP_CSEQ, "cseq"}};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        if (oh_sip_msg_whole(m->sip, needed[i].id).len > 0 || oh_rule_msg(v, m->request) ||
            is_lacking_before(v, m, needed[i].id))
            continue;
        oh_say_broken(v, m,
                      &(struct oh_say){.field = needed[i].field,
                                       .bytes = m->sip->start_line,
                                       .expected = oh_span_of(oh_sip_header_name(needed[i].id)),
                                       .observed = oh_span_of("absent"),
                                       .text = "Every response must carry Via, From, To, Call-ID "
                                               "and CSeq."});
        return;
    }
}

/* --- what makes a dialog --- */

static bool creates_dialog(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                           const struct oh_trace_msg **request)
{
    unsigned status = m->sip->status;
    return read_request(v, m, request) && oh_help_is_request(*request, "INVITE") &&
           !oh_help_tag((*request)->sip, OH_SIP_TO).at && status > 100 && status < 300 &&
           (status >= 200 || oh_help_tag(m->sip, OH_SIP_TO).at);
}

static void check_contact(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *request;
    struct oh_span uri = oh_help_uri(m->sip, OH_SIP_CONTACT);
    if (!creates_dialog(v, m, &request) || oh_help_is_scheme(uri, "sip") ||
        oh_help_is_scheme(uri, "sips"))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "contact",
                                   .bytes = uri.at ? uri : m->sip->start_line,
                                   .expected = oh_span_of("a SIP or SIPS URI"),
                                   .observed = uri,
                                   .text = "A response to an INVITE that creates a dialog must "
                                           "carry a Contact with a SIP or SIPS URI."});
}

/* RFC 3261 12.1.1: "a" Contact with "an" address, which the other side takes as its target. */
static void check_one_contact(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *request;
    if (oh_sip_msg_value_count(m->sip, OH_SIP_CONTACT) < 2 || !creates_dialog(v, m, &request))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "contact",
                                   .bytes = oh_sip_msg_value(m->sip, OH_SIP_CONTACT, 1),
                                   .expected = oh_span_of("one Contact"),
                                   .observed = oh_span_of("more than one Contact"),
                                   .text = "A response that creates a dialog should carry one "
                                           "Contact, the address for requests in the dialog."});
}

static void check_secure(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *request;
    struct oh_span uri = oh_help_uri(m->sip, OH_SIP_CONTACT);
    if (!oh_help_is_scheme(uri, "sip") || !creates_dialog(v, m, &request))
        return;
    bool routed = oh_sip_msg_value(request->sip, OH_SIP_RECORD_ROUTE, 0).at;
    struct oh_span next = oh_help_uri(request->sip, routed ? OH_SIP_RECORD_ROUTE : OH_SIP_CONTACT);
    if (!oh_help_is_scheme(request->sip->request_uri, "sips") && !oh_help_is_scheme(next, "sips"))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "contact.scheme",
                                   .expected = oh_span_of("a SIPS URI"),
                                   .observed = uri,
                                   .text = "A response that creates a dialog must carry a SIPS URI "
                                           "in its Contact where the Request-URI, the top "
                                           "Record-Route or else the Contact of the INVITE is one.",
                                   .also = request});
}

/* In a dialog too: Table 2 has "m" for Contact in a 2xx to INVITE. */
static void check_contact_again(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *request;
    if (m->sip->status < 200 || m->sip->status >= 300 || !read_request(v, m, &request) ||
        !oh_help_is_request(request, "INVITE") || !oh_help_tag(request->sip, OH_SIP_TO).at ||
        oh_sip_msg_value(m->sip, OH_SIP_CONTACT, 0).at)
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "contact",
                                   .bytes = m->sip->start_line,
                                   .expected = oh_span_of("a Contact"),
                                   .text = "A 2xx to an INVITE in a dialog must carry a Contact."});
}

/* The table of RFC 3311 7 has "m", too. */
static void check_contact_update(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *request;
    if (m->sip->status / 100 != 2 || oh_sip_msg_value(m->sip, OH_SIP_CONTACT, 0).at ||
        !read_request(v, m, &request) || !oh_help_is_request(request, "UPDATE"))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "contact",
                                   .bytes = m->sip->start_line,
                                   .expected = oh_span_of("a Contact"),
                                   .text = "A 2xx to an UPDATE must carry a Contact.",
                                   .also = request});
}

/* What was added on the way back stands before what the request brought; a phone adds nothing. */
static void check_record_route(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *request;
    if (!creates_dialog(v, m, &request))
        return;
    size_t wanted = oh_sip_msg_value_count(request->sip, OH_SIP_RECORD_ROUTE);
    size_t mine = oh_sip_msg_value_count(m->sip, OH_SIP_RECORD_ROUTE);
    bool same = m->from_phone ? wanted == mine : wanted <= mine;
    for (size_t i = 0; same && i < wanted; i++) {
        struct oh_span a = oh_sip_msg_value(request->sip, OH_SIP_RECORD_ROUTE, i);
        struct oh_span b = oh_sip_msg_value(m->sip, OH_SIP_RECORD_ROUTE, mine - wanted + i);
        same = oh_help_same_route(a, b, true);
    }
    if (same)
        return;
    struct oh_span expected = oh_sip_msg_whole(request->sip, OH_SIP_RECORD_ROUTE);
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "record-route",
                                   .bytes = m->sip->start_line,
                                   .expected =
                                       expected.at ? expected : oh_span_of("no Record-Route"),
                                   .observed = oh_sip_msg_whole(m->sip, OH_SIP_RECORD_ROUTE),
                                   .text = "A response that creates a dialog must carry all "
                                           "Record-Route values of the INVITE with all their "
                                           "parameters, in their order.",
                                   .also = request});
}

#define RESPONSE(id, level, clause, method, meaning, covers, check)                                \
    {                                                                                              \
        id, OH_LEVEL_##level, clause, OH_ON_RESPONSE, method, meaning, covers, check               \
    }

static const struct oh_rule rules[] = {
    RESPONSE("response.present", MUST, "RFC 3261 8.2.6.2", NULL,
             "A response has Via, From, To, Call-ID and CSeq.", "lint.hdr.response-mandatory",
             check_present),
    RESPONSE("response.via", MUST, "RFC 3261 8.2.6.2", NULL,
             "A response has all Vias of its request, in order.",
             "lint.via.response-copy lint.hdr.response-mandatory opt.in.copy", check_via),
    RESPONSE("response.from", MUST, "RFC 3261 8.2.6.2", NULL, "A response has its request's From.",
             "lint.from.copied lint.hdr.response-mandatory opt.in.copy", check_from),
    RESPONSE("response.call-id", MUST, "RFC 3261 8.2.6.2", NULL,
             "A response has its request's Call-ID.",
             "lint.callid.copied lint.hdr.response-mandatory opt.in.copy", check_call_id),
    RESPONSE("response.cseq", MUST, "RFC 3261 8.2.6.2", NULL, "A response has its request's CSeq.",
             "lint.cseq.copied lint.hdr.response-mandatory opt.in.copy", check_cseq),
    RESPONSE("response.to", MUST, "RFC 3261 8.2.6.2", NULL,
             "A response has its request's To, and its tag if there is one.",
             "lint.to.tag-kept lint.hdr.response-mandatory opt.in.copy", check_to),
    RESPONSE("response.to-tag", MUST, "RFC 3261 8.2.6.2", NULL,
             "A response other than 100 has a To tag.", "lint.to.tag-in-response opt.in.copy",
             check_to_tag),
    RESPONSE("response.same-tag", MUST, "RFC 3261 8.2.6.2", NULL,
             "All responses to one request have the same To tag.", "lint.to.tag-stable",
             check_same_tag),
    RESPONSE("response.to-ack", MUST, "RFC 3261 17", NULL, "An ACK is not answered.",
             "lint.ack.no-response", check_to_ack),
    RESPONSE("response.contact", MUST, "RFC 3261 12.1.1", "INVITE",
             "A response that creates a dialog has a Contact.",
             "lint.contact.2xx-one lint.r2xx.invite-contact lint.r1xx.dialog-contact",
             check_contact),
    RESPONSE("response.one-contact", SHOULD, "RFC 3261 12.1.1", "INVITE",
             "A response that creates a dialog has one Contact.", "lint.contact.2xx-one",
             check_one_contact),
    RESPONSE("response.sips", MUST, "RFC 3261 12.1.1", "INVITE",
             "The Contact of a response that creates a dialog is SIPS where the INVITE's way is.",
             "lint.uri.sips-contact", check_secure),
    RESPONSE("response.contact-again", MUST, "RFC 3261 20", "INVITE",
             "A 2xx to an INVITE in a dialog has a Contact.", "lint.r2xx.invite-contact",
             check_contact_again),
    RESPONSE("response.contact-update", MUST, "RFC 3311 7", "UPDATE",
             "A 2xx to an UPDATE has a Contact.", "lint.update.contact", check_contact_update),
    RESPONSE("response.record-route", MUST, "RFC 3261 12.1.1", "INVITE",
             "A response that creates a dialog has the INVITE's Record-Route.",
             "lint.rr.copied lint.r1xx.dialog-contact", check_record_route),
};

const struct oh_rule_family oh_rules_response = {"response", rules, sizeof rules / sizeof *rules};
