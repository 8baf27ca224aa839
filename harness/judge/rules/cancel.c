/* The CANCEL, a copy of the INVITE that it cancels: RFC 3261 9.1; and its answer: 9.2. */
#include "judge/rule_help.h"

static const struct oh_trace_msg *invite_of(const struct oh_rule_view *v,
                                            const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *invite = oh_rule_msg(v, m->request);
    return invite && oh_help_is_request(invite, "INVITE") ? invite : NULL;
}

static void say(struct oh_rule_view *v, const struct oh_trace_msg *m,
                const struct oh_trace_msg *invite, const char *field, struct oh_span expected,
                struct oh_span observed, const char *text)
{
    oh_say_broken(v, m,
                  &(struct oh_say){.field = field,
                                   .bytes = m->sip->start_line,
                                   .expected = expected,
                                   .observed = observed,
                                   .text = text,
                                   .also = invite});
}

static void check_branch(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *invite = invite_of(v, m);
    if (!invite || !oh_sip_msg_value(m->sip, OH_SIP_VIA, 0).at ||
        oh_help_same_token(oh_help_branch(m->sip), oh_help_branch(invite->sip)))
        return;
    say(v, m, invite, "via.branch", oh_help_branch(invite->sip), oh_help_branch(m->sip),
        "The CANCEL must carry the branch of the INVITE that it cancels.");
}

static void check_via_count(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *invite = invite_of(v, m);
    if (!invite || oh_sip_msg_value_count(m->sip, OH_SIP_VIA) < 2 ||
        !oh_help_same_token(oh_help_branch(m->sip), oh_help_branch(invite->sip)))
        return;
    say(v, m, invite, "via", oh_span_of("a single Via"), oh_sip_msg_value(m->sip, OH_SIP_VIA, 1),
        "The CANCEL must carry one single Via, the INVITE's topmost.");
}

static void check_via(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *invite = invite_of(v, m);
    struct oh_span mine = oh_sip_msg_value(m->sip, OH_SIP_VIA, 0);
    if (!invite || !mine.at ||
        !oh_help_same_token(oh_help_branch(m->sip), oh_help_branch(invite->sip)))
        return;
    struct oh_span wanted = oh_sip_msg_value(invite->sip, OH_SIP_VIA, 0);
    if (!oh_help_same_via(wanted, mine, false)) /* 20.42 */
        say(v, m, invite, "via", wanted, mine,
            "The CANCEL's Via must equal the topmost Via of the INVITE that it cancels, its "
            "transport, host, port and parameters included.");
}

static void check_cseq(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *invite = invite_of(v, m);
    struct oh_sip_cseq mine, wanted;
    if (!invite || oh_help_cseq(m->sip, &mine) < 0 || oh_help_cseq(invite->sip, &wanted) < 0 ||
        mine.number == wanted.number)
        return;
    say(v, m, invite, "cseq.number", wanted.number_text, mine.number_text,
        "The CANCEL must carry the CSeq number of the INVITE that it cancels.");
}

static void check_request_uri(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *invite = invite_of(v, m);
    if (!invite || oh_help_same_uri(oh_help_request_uri(m->sip), oh_help_request_uri(invite->sip)))
        return;
    say(v, m, invite, "request-uri", invite->sip->request_uri, m->sip->request_uri,
        "The CANCEL must go to the Request-URI of the INVITE that it cancels.");
}

static void check_call_id(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *invite = invite_of(v, m);
    if (!invite || !oh_sip_msg_whole(invite->sip, OH_SIP_CALL_ID).at ||
        oh_help_same_call(m->sip, invite->sip))
        return;
    say(v, m, invite, "call-id", oh_sip_msg_whole(invite->sip, OH_SIP_CALL_ID),
        oh_sip_msg_whole(m->sip, OH_SIP_CALL_ID),
        "The CANCEL must carry the Call-ID of the INVITE that it cancels.");
}

static void check_from(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *invite = invite_of(v, m);
    if (!invite || oh_help_same_party(m->sip, invite->sip, OH_SIP_FROM))
        return;
    say(v, m, invite, "from", oh_sip_msg_whole(invite->sip, OH_SIP_FROM),
        oh_sip_msg_whole(m->sip, OH_SIP_FROM),
        "The CANCEL must carry the From of the INVITE that it cancels, URI and tag.");
}

static void check_to(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *invite = invite_of(v, m);
    if (!invite || oh_help_same_party(m->sip, invite->sip, OH_SIP_TO))
        return;
    say(v, m, invite, "to", oh_sip_msg_whole(invite->sip, OH_SIP_TO),
        oh_sip_msg_whole(m->sip, OH_SIP_TO),
        "The CANCEL must carry the To of the INVITE that it cancels, with a tag only if that has "
        "one.");
}

static void check_route(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *invite = invite_of(v, m);
    if (!invite || !oh_sip_msg_whole(invite->sip, OH_SIP_ROUTE).at ||
        oh_help_same_routes(m->sip, invite->sip))
        return;
    say(v, m, invite, "route", oh_sip_msg_whole(invite->sip, OH_SIP_ROUTE),
        oh_sip_msg_whole(m->sip, OH_SIP_ROUTE),
        "The CANCEL must carry the Route values of the INVITE that it cancels.");
}

static void check_require(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    static const enum oh_sip_header_id ids[] = {OH_SIP_REQUIRE, OH_SIP_PROXY_REQUIRE};
    for (size_t i = 0; i < 2; i++) {
        struct oh_span value = oh_sip_msg_whole(m->sip, ids[i]);
        if (value.at)
            say(v, m, oh_rule_msg(v, m->request), i ? "proxy-require" : "require",
                oh_span_of("no such header"), value,
                "A CANCEL must not carry Require or Proxy-Require.");
    }
}

/* Does the trace show what comes the other way at all? */
static bool hears(const struct oh_rule_view *v, const struct oh_trace_msg *invite)
{
    int end = (int)oh_rule_trace(v)->msg_count;
    for (int i = invite->index + 1; i < end && i < invite->index + OH_HELP_REACH; i++) {
        const struct oh_trace_msg *m = oh_rule_msg(v, i);
        if (oh_help_same_end(m, false, invite, true) && oh_help_same_end(m, true, invite, false))
            return true;
    }
    return false;
}

/* A foreign capture may have missed the response: sure is that none had come where the INVITE was
 * repeated before the CANCEL, or its 100 came behind it. */
static bool was_unanswered(const struct oh_rule_view *v, const struct oh_trace_msg *invite,
                           const struct oh_trace_msg *m)
{
    int end = (int)oh_rule_trace(v)->msg_count;
    for (int i = invite->index + 1; i < end && i < m->index + OH_HELP_REACH; i++) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        if (i < m->index ? r->repeat_of == invite->index
                         : r->request == invite->index && r->sip->status == 100)
            return true;
    }
    return oh_rule_run(v) != NULL;
}

/* Sure only where nothing at all came for this call. */
static void check_early(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *invite = invite_of(v, m);
    if (!invite || !oh_help_same_call(m->sip, invite->sip) || !oh_help_originates(v, m))
        return;
    for (int i = invite->index + 1; i < m->index; i++) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        if (!r->sip->is_request &&
            (r->request == invite->index || oh_help_same_call(r->sip, invite->sip)))
            return;
    }
    if (oh_rule_evidence_lost(v) || oh_rule_one_sided(v) || !hears(v, invite) ||
        !was_unanswered(v, invite, m)) {
        oh_rule_not_checkable(v);
        return;
    }
    oh_say_broken(v, m,
                  &(struct oh_say){.bytes = m->sip->start_line,
                                   .expected = oh_span_of("a provisional response before it"),
                                   .observed = oh_span_of("none"),
                                   .text = "A CANCEL must wait for a provisional response to its "
                                           "INVITE.",
                                   .also = invite});
}

/* Said without a keyword. */
static void check_answer(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (m->sip->status <= 200 || m->sip->status >= 300 || !oh_help_originates(v, m))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "status",
                                   .bytes = m->sip->start_line,
                                   .expected = oh_span_of("200"),
                                   .observed = m->sip->start_line,
                                   .text = "A CANCEL that finds its transaction should be answered "
                                           "by 200.",
                                   .also = oh_rule_msg(v, m->request)});
}

#define CANCEL(id, meaning, covers, check)                                                         \
    {                                                                                              \
        id, OH_LEVEL_MUST, "RFC 3261 9.1", OH_ON_REQUEST, "CANCEL", meaning, covers, check         \
    }

static const struct oh_rule rules[] = {
    CANCEL("cancel.branch", "A CANCEL has the branch of its INVITE.",
           "lint.cancel.match lint.cancel.one-via", check_branch),
    CANCEL("cancel.via-count", "A CANCEL has a single Via.", "lint.cancel.one-via",
           check_via_count),
    CANCEL("cancel.via", "A CANCEL has the INVITE's topmost Via.",
           "lint.cancel.match lint.cancel.one-via", check_via),
    CANCEL("cancel.cseq", "A CANCEL has the CSeq number of its INVITE.",
           "lint.cancel.match lint.cseq.ack-cancel-same", check_cseq),
    CANCEL("cancel.request-uri", "A CANCEL has the Request-URI of its INVITE.", "lint.cancel.match",
           check_request_uri),
    CANCEL("cancel.call-id", "A CANCEL has the Call-ID of its INVITE.", "lint.cancel.match",
           check_call_id),
    CANCEL("cancel.from", "A CANCEL has the From of its INVITE.", "lint.cancel.match", check_from),
    CANCEL("cancel.to", "A CANCEL has the To of its INVITE.", "lint.cancel.match", check_to),
    CANCEL("cancel.route", "A CANCEL has the Route values of its INVITE.", "lint.cancel.match",
           check_route),
    CANCEL("cancel.require", "A CANCEL has no Require and no Proxy-Require.",
           "lint.cancel.no-require", check_require),
    {"cancel.answer", OH_LEVEL_SHOULD, "RFC 3261 9.2", OH_ON_RESPONSE, "CANCEL",
     "A CANCEL that is not refused is answered by 200.", "call.in.cancel", check_answer},
    CANCEL("cancel.early", "A CANCEL follows a provisional response to its INVITE.",
           "lint.cancel.after-1xx", check_early),
};

const struct oh_rule_family oh_rules_cancel = {"cancel", rules, sizeof rules / sizeof *rules};
