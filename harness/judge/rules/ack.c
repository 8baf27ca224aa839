/* The ACK. To a final response of 300 to 699 it belongs to the INVITE's transaction and copies the
 * INVITE (RFC 3261 17.1.1.3); to a 2xx it is a request in the dialog (13.2.2.4). */
#include "judge/unseen.h"

#define T1_NS INT64_C(500000000)
#define T2_NS (8 * T1_NS)

struct answered {
    const struct oh_trace_msg *final, *invite;
};

static bool same_branch(const struct oh_trace_msg *m, const struct answered *a)
{
    return oh_help_same_token(oh_help_branch(m->sip), oh_help_branch(a->invite->sip));
}

static bool read_answered(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                          struct answered *a)
{
    a->final = oh_unseen_acknowledged(v, m);
    a->invite = a->final ? oh_rule_msg(v, a->final->request) : NULL;
    return a->invite != NULL;
}

static bool to_refusal(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                       struct answered *a)
{
    return read_answered(v, m, a) && a->final->sip->status >= 300;
}

/* One that is forwarded was made by another. */
static bool to_success(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                       struct answered *a)
{
    return read_answered(v, m, a) && a->final->sip->status < 300 && oh_help_originates(v, m);
}

static void check_branch(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct answered a;
    if (!to_refusal(v, m, &a) || same_branch(m, &a) || !oh_sip_msg_value(m->sip, OH_SIP_VIA, 0).at)
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "via.branch",
                                   .expected = oh_help_branch(a.invite->sip),
                                   .observed = oh_help_branch(m->sip),
                                   .text = "The ACK to a response of 300 or more must carry the "
                                           "branch of the INVITE, not one of its own.",
                                   .also = a.invite,
                                   .also_too = a.final});
}

static void check_via(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct answered a;
    struct oh_span mine = oh_sip_msg_value(m->sip, OH_SIP_VIA, 0);
    if (!to_refusal(v, m, &a) || !mine.at || !same_branch(m, &a))
        return;
    struct oh_span wanted = oh_sip_msg_value(a.invite->sip, OH_SIP_VIA, 0);
    if (oh_help_same_via(wanted, mine, false)) /* 20.42 */
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "via",
                                   .expected = wanted,
                                   .observed = mine,
                                   .text =
                                       "The ACK's Via must equal the topmost Via of the INVITE, "
                                       "its transport, host, port and parameters included.",
                                   .also = a.invite});
}

static void check_via_count(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct answered a;
    size_t count = oh_sip_msg_value_count(m->sip, OH_SIP_VIA);
    if (!to_refusal(v, m, &a) || count < 2 || !same_branch(m, &a))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "via",
                                   .bytes = oh_sip_msg_value(m->sip, OH_SIP_VIA, 1),
                                   .expected = oh_span_of("a single Via"),
                                   .observed = oh_span_of("more than one Via"),
                                   .text = "The ACK to a response of 300 or more must carry one "
                                           "single Via, the INVITE's topmost.",
                                   .also = a.invite});
}

static void say_cseq(struct oh_rule_view *v, const struct oh_trace_msg *m, const struct answered *a)
{
    struct oh_sip_cseq mine, wanted;
    if (oh_help_cseq(m->sip, &mine) < 0 || oh_help_cseq(a->invite->sip, &wanted) < 0 ||
        mine.number == wanted.number)
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "cseq.number",
                                   .expected = wanted.number_text,
                                   .observed = mine.number_text,
                                   .text = "The ACK must carry the CSeq number of the INVITE that "
                                           "it acknowledges.",
                                   .also = a->invite,
                                   .also_too = a->final});
}

static void check_cseq(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct answered a;
    if (to_refusal(v, m, &a))
        say_cseq(v, m, &a);
}

static void check_request_uri(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct answered a;
    if (!to_refusal(v, m, &a) ||
        oh_help_same_uri(oh_help_request_uri(m->sip), oh_help_request_uri(a.invite->sip)))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "request-uri",
                                   .expected = a.invite->sip->request_uri,
                                   .observed = m->sip->request_uri,
                                   .text = "The ACK to a response of 300 or more must go to the "
                                           "Request-URI of the INVITE.",
                                   .also = a.invite});
}

static void say_call_id(struct oh_rule_view *v, const struct oh_trace_msg *m,
                        const struct answered *a)
{
    if (oh_help_same_call(m->sip, a->invite->sip) ||
        !oh_sip_msg_whole(a->invite->sip, OH_SIP_CALL_ID).at)
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "call-id",
                                   .expected = oh_sip_msg_whole(a->invite->sip, OH_SIP_CALL_ID),
                                   .observed = oh_sip_msg_whole(m->sip, OH_SIP_CALL_ID),
                                   .text = "The ACK must carry the Call-ID of its INVITE.",
                                   .also = a->invite});
}

static void check_call_id(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct answered a;
    if (to_refusal(v, m, &a))
        say_call_id(v, m, &a);
}

static void check_from(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct answered a;
    if (!to_refusal(v, m, &a) || oh_help_same_party(m->sip, a.invite->sip, OH_SIP_FROM))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "from",
                                   .expected = oh_sip_msg_whole(a.invite->sip, OH_SIP_FROM),
                                   .observed = oh_sip_msg_whole(m->sip, OH_SIP_FROM),
                                   .text =
                                       "The ACK must carry the From of its INVITE, URI and tag.",
                                   .also = a.invite});
}

static void check_to(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct answered a;
    if (!to_refusal(v, m, &a) || oh_help_same_party(m->sip, a.final->sip, OH_SIP_TO))
        return;
    bool tag =
        !oh_help_same_token(oh_help_tag(m->sip, OH_SIP_TO), oh_help_tag(a.final->sip, OH_SIP_TO));
    oh_say_broken(v, m,
                  &(struct oh_say){.field = tag ? "to.tag" : "to",
                                   .expected = oh_sip_msg_whole(a.final->sip, OH_SIP_TO),
                                   .observed = oh_sip_msg_whole(m->sip, OH_SIP_TO),
                                   .text = "The ACK must carry the To of the response that it "
                                           "acknowledges, its tag included.",
                                   .also = a.final});
}

static void check_route(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct answered a;
    if (!to_refusal(v, m, &a) || !oh_sip_msg_whole(a.invite->sip, OH_SIP_ROUTE).at ||
        oh_help_same_routes(m->sip, a.invite->sip))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "route",
                                   .expected = oh_sip_msg_whole(a.invite->sip, OH_SIP_ROUTE),
                                   .observed = oh_sip_msg_whole(m->sip, OH_SIP_ROUTE),
                                   .text = "The ACK to a response of 300 or more must carry the "
                                           "Route header fields of the INVITE.",
                                   .also = a.invite});
}

/* --- an ACK that did not come --- */

static bool is_again(const struct oh_trace_msg *m, const struct oh_trace_msg *final)
{
    return m->repeat_of == final->index && m->duplicate_of == OH_NONE;
}

/* A foreign capture may have missed the ACK: it did not come if the response comes again, and did
 * come if that ends although the call goes on. RFC 3261 17.2.1, 13.3.1.4: intervals double up to
 * T2. Once proves nothing: the first ACK may be lost on its way, and only the second in the
 * capture. */
static bool is_awaited(const struct oh_rule_view *v, const struct oh_trace_msg *final)
{
    int end = (int)oh_rule_trace(v)->msg_count;
    int64_t last_ns = final->time_ns, due_ns = INT64_MAX;
    int again = 0;
    for (int i = final->index + 1; i < end && i < final->index + OH_HELP_REACH; i++) {
        const struct oh_trace_msg *m = oh_rule_msg(v, i);
        int64_t gap_ns = m->time_ns - last_ns;
        if (is_again(m, final) && gap_ns >= T1_NS / 2) {
            due_ns = m->time_ns + (gap_ns < T2_NS / 2 ? 2 * gap_ns : T2_NS) + T1_NS;
            last_ns = m->time_ns;
            again++;
        } else if (m->time_ns > due_ns && oh_help_same_call(m->sip, final->sip)) {
            return oh_rule_run(v) != NULL;
        }
    }
    return oh_rule_run(v) || again > 1;
}

/* Proof that the final response arrived: its receiver answered the challenge, went on in that call
 * otherwise than by repeating the INVITE or giving it up, or spoke to us after a repetition. */
static const struct oh_trace_msg *reaction(const struct oh_rule_view *v,
                                           const struct oh_trace_msg *final,
                                           const struct oh_trace_msg *invite)
{
    bool again = false;
    int end = (int)oh_rule_trace(v)->msg_count;
    for (int i = final->index + 1; i < end && i < final->index + OH_HELP_REACH; i++) {
        const struct oh_trace_msg *m = oh_rule_msg(v, i);
        again = again || is_again(m, final);
        if (!oh_help_same_end(m, true, invite, true))
            continue;
        if (m->retry_of == invite->index)
            return m;
        bool stale = m->repeat_of != OH_NONE || m->duplicate_of != OH_NONE ||
                     oh_help_is_request(m, "CANCEL") || oh_help_is_request(m, "ACK") ||
                     oh_help_same_token(oh_help_branch(m->sip), oh_help_branch(invite->sip));
        bool in_call = oh_help_same_call(m->sip, invite->sip) && m->sip->is_request;
        if (!stale && (in_call || (again && m->time_ns - final->time_ns >= T1_NS)))
            return m;
    }
    return NULL;
}

/* Only phones owe it to us: what our own parties leave out, the scenario wants left out. */
static bool is_unacknowledged(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                              bool success, const struct oh_trace_msg **invite)
{
    *invite = oh_rule_msg(v, m->request);
    if (!oh_sip_msg_is_final(m->sip) || (m->sip->status < 300) != success || m->ack != OH_NONE ||
        !*invite || !oh_help_is_request(*invite, "INVITE") || oh_rule_evidence_lost(v) ||
        oh_rule_one_sided(v))
        return false;
    if ((*invite)->final != m->index && !success)
        return false; /* a second refusal is the first one's business */
    return !(*invite)->from_seat || (*invite)->from_phone;
}

/* The wire was not watched long enough after the proof: the ACK may be on its way (T1 is the
 * estimate of a round trip, 17.1.1.1). */
static bool is_unfinished(const struct oh_rule_view *v, const struct oh_trace_msg *proof)
{
    return oh_rule_watched_until(v) < proof->time_ns + T1_NS;
}

static void check_missing(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *invite;
    if (!is_unacknowledged(v, m, false, &invite))
        return;
    const struct oh_trace_msg *proof = reaction(v, m, invite);
    if (!proof || is_unfinished(v, proof) || !is_awaited(v, m)) {
        oh_rule_not_checkable(v);
        return;
    }
    oh_rule_absent(v, m,
                   &(struct oh_breach){.expected = "ACK",
                                       .observed = "absent",
                                       .text = "Every final response to an INVITE must be "
                                               "acknowledged: send an ACK to this one.",
                                       .also = {proof}});
}

/* Does the ACK's way lead by the sender of the 2xx, where we would have seen it? */
static bool ack_passes_here(const struct oh_trace_msg *final)
{
    struct oh_sip_name_addr a;
    struct oh_sip_uri uri;
    struct oh_addr next;
    size_t routes = oh_sip_msg_value_count(final->sip, OH_SIP_RECORD_ROUTE);
    struct oh_span hop = routes > 0 ? oh_sip_msg_value(final->sip, OH_SIP_RECORD_ROUTE, routes - 1)
                                    : oh_sip_msg_value(final->sip, OH_SIP_CONTACT, 0);
    if (!hop.at || oh_sip_name_addr_parse(hop, &a) < 0 || oh_sip_uri_parse(a.uri, &uri) < 0 ||
        oh_sip_host_addr(uri.host, uri.port ? uri.port : 5060, &next, NULL) < 0)
        return false;
    next.port = final->src.port;
    return oh_addr_equal(&next, &final->src);
}

static void check_missing_success(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *invite;
    if (!is_unacknowledged(v, m, true, &invite))
        return;
    const struct oh_trace_msg *proof = ack_passes_here(m) ? reaction(v, m, invite) : NULL;
    if (!proof || is_unfinished(v, proof) || !is_awaited(v, m)) {
        oh_rule_not_checkable(v);
        return;
    }
    oh_rule_absent(v, m,
                   &(struct oh_breach){.expected = "ACK",
                                       .observed = "absent",
                                       .text = "Every 2xx to an INVITE must be acknowledged: send "
                                               "an ACK to this one.",
                                       .also = {proof}});
}

/* --- ACK to a 2xx --- */

static void check_success_branch(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct answered a;
    if (!to_success(v, m, &a) || !oh_help_branch(m->sip).at || !same_branch(m, &a))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "via.branch",
                                   .expected = oh_span_of("a new branch"),
                                   .observed = oh_help_branch(m->sip),
                                   .text = "The ACK to a 2xx is a transaction of its own and must "
                                           "have a branch of its own, not the INVITE's.",
                                   .also = a.invite});
}

static void check_success_cseq(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct answered a;
    if (to_success(v, m, &a))
        say_cseq(v, m, &a);
}

static void check_success_call_id(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct answered a;
    if (to_success(v, m, &a))
        say_call_id(v, m, &a);
}

static void check_success_tags(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    static const struct {
        enum oh_sip_header_id id;
        const char *field, *text;
    } sides[] = {{OH_SIP_FROM, "from.tag",
                  "The ACK to a 2xx must keep the From tag of the dialog."},
                 {OH_SIP_TO, "to.tag", "The ACK to a 2xx must carry the To tag of that 2xx."}};
    struct answered a;
    bool forked = !oh_rule_run(v) && oh_rule_evidence_lost(v); /* the 2xx of another may be lost */
    for (size_t i = 0; i < 2 && !forked && to_success(v, m, &a); i++) {
        struct oh_span wanted = oh_help_tag(a.final->sip, sides[i].id);
        struct oh_span mine = oh_help_tag(m->sip, sides[i].id);
        if (!oh_help_same_token(wanted, mine))
            oh_say_broken(v, m,
                          &(struct oh_say){.field = sides[i].field,
                                           .expected = wanted.at ? wanted : oh_span_of("no tag"),
                                           .observed = mine,
                                           .text = sides[i].text,
                                           .also = a.final});
    }
}

/* `*near`: the response of credentials for the same realm; absent where there are none. */
static bool has_credentials(const struct oh_sip_msg *m, enum oh_sip_header_id id,
                            const struct oh_digest *wanted, struct oh_span *near)
{
    const struct oh_sip_header *h;
    *near = (struct oh_span){0};
    for (size_t n = 0; (h = oh_sip_msg_header(m, id, n)) != NULL; n++) {
        struct oh_digest d;
        if (oh_digest_parse(h->value, &d) < 0 || !oh_span_equal(d.realm, wanted->realm))
            continue;
        if (oh_span_equal(d.response, wanted->response) && oh_span_equal(d.nonce, wanted->nonce))
            return true;
        *near = d.response;
    }
    return false;
}

struct credential_kind {
    enum oh_sip_header_id id;
    const char *header, *response;
};

static void say_credentials(struct oh_rule_view *v, const struct oh_trace_msg *m,
                            const struct answered *a, const struct credential_kind *kind,
                            const struct oh_digest *wanted, struct oh_span near)
{
    oh_say_broken(v, m,
                  &(struct oh_say){.field = near.at ? kind->response : kind->header,
                                   .bytes = near.at ? near : m->sip->start_line,
                                   .expected = wanted->response.at ? wanted->response
                                                                   : oh_span_of("credentials"),
                                   .observed = near,
                                   .text = near.at ? "The ACK to a 2xx must repeat the credentials "
                                                     "of the INVITE unchanged, not compute others."
                                                   : "The ACK to a 2xx must carry the same "
                                                     "credentials as the INVITE.",
                                   .also = a->invite});
}

static void check_success_credentials(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    static const struct credential_kind kinds[] = {
        {OH_SIP_AUTHORIZATION, "authorization", "authorization.response"},
        {OH_SIP_PROXY_AUTHORIZATION, "proxy-authorization", "proxy-authorization.response"}};
    struct answered a;
    const struct oh_sip_header *h;
    if (!to_success(v, m, &a))
        return;
    for (size_t k = 0; k < 2; k++) {
        for (size_t n = 0; (h = oh_sip_msg_header(a.invite->sip, kinds[k].id, n)) != NULL; n++) {
            struct oh_digest d;
            struct oh_span near;
            if (oh_digest_parse(h->value, &d) == 0 &&
                !has_credentials(m->sip, kinds[k].id, &d, &near))
                say_credentials(v, m, &a, &kinds[k], &d, near);
        }
    }
}

#define REFUSAL "RFC 3261 17.1.1.3"
#define SUCCESS "RFC 3261 13.2.2.4"
#define ACK(id, level, clause, meaning, covers, check)                                             \
    {                                                                                              \
        id, OH_LEVEL_##level, clause, OH_ON_REQUEST, "ACK", meaning, covers, check                 \
    }

static const struct oh_rule rules[] = {
    ACK("ack.branch", MUST, REFUSAL,
        "An ACK to a response of 300 or more has the branch of its INVITE.", "lint.ack.non2xx",
        check_branch),
    ACK("ack.via", MUST, REFUSAL,
        "An ACK to a response of 300 or more has the INVITE's topmost Via.", "lint.ack.non2xx",
        check_via),
    ACK("ack.via-count", MUST, REFUSAL, "An ACK to a response of 300 or more has a single Via.",
        "lint.ack.non2xx", check_via_count),
    ACK("ack.cseq", MUST, REFUSAL,
        "An ACK to a response of 300 or more has the CSeq number of its INVITE.",
        "lint.ack.non2xx lint.cseq.ack-cancel-same", check_cseq),
    ACK("ack.request-uri", MUST, REFUSAL,
        "An ACK to a response of 300 or more has the Request-URI of its INVITE.", "lint.ack.non2xx",
        check_request_uri),
    ACK("ack.call-id", MUST, REFUSAL,
        "An ACK to a response of 300 or more has the Call-ID of its INVITE.", "lint.ack.non2xx",
        check_call_id),
    ACK("ack.from", MUST, REFUSAL,
        "An ACK to a response of 300 or more has the From of its INVITE.", "lint.ack.non2xx",
        check_from),
    ACK("ack.to", MUST, REFUSAL,
        "An ACK to a response of 300 or more has the To of that response, tag included.",
        "lint.ack.non2xx", check_to),
    ACK("ack.route", MUST, REFUSAL,
        "An ACK to a response of 300 or more has the Route header fields of its INVITE.",
        "lint.ack.non2xx", check_route),
    {"ack.missing", OH_LEVEL_MUST, "RFC 3261 17.1.1.2", OH_ON_RESPONSE | OH_OWED | OH_BY_TIME,
     "INVITE", "A final response of 300 or more to an INVITE is acknowledged.",
     "call.out.final-in-calling call.out.final-in-proceeding", check_missing},
    ACK("ack2xx.branch", MUST, "RFC 3261 8.1.1.7", "An ACK to a 2xx has a branch of its own.",
        "lint.ack.2xx", check_success_branch),
    ACK("ack2xx.cseq", MUST, SUCCESS, "An ACK to a 2xx has the CSeq number of its INVITE.",
        "lint.ack.2xx lint.cseq.ack-cancel-same", check_success_cseq),
    ACK("ack2xx.call-id", MUST, "RFC 3261 12.2.1.1",
        "An ACK to a 2xx has the Call-ID of its INVITE.", "lint.ack.2xx", check_success_call_id),
    ACK("ack2xx.tags", MUST, "RFC 3261 12.2.1.1", "An ACK to a 2xx has the tags of the dialog.",
        "lint.ack.2xx", check_success_tags),
    ACK("ack2xx.credentials", MUST, SUCCESS,
        "An ACK to a 2xx has the same credentials as its INVITE.", "lint.ack.2xx-credentials",
        check_success_credentials),
    {"ack2xx.missing", OH_LEVEL_MUST, SUCCESS, OH_ON_RESPONSE | OH_OWED | OH_BY_TIME, "INVITE",
     "A 2xx to an INVITE is acknowledged.", "call.out.2xx-ack-content", check_missing_success},
};

const struct oh_rule_family oh_rules_ack = {"ack", rules, sizeof rules / sizeof *rules};
