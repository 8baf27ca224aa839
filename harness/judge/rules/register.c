/* What a REGISTER must look like beyond other requests, and how one follows another: RFC 3261 10.2.
 */
#include "judge/rule_help.h"
#include "judge/time_help.h"

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

static void check_to(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_span uri = oh_help_uri(m->sip, OH_SIP_TO);
    struct oh_sip_uri parts;
    if (!uri.at || !oh_help_originates(v, m) ||
        (oh_sip_uri_parse(uri, &parts) == 0 &&
         (oh_span_is_nocase(parts.scheme, "sip") || oh_span_is_nocase(parts.scheme, "sips"))))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "to.uri",
                                   .expected = oh_span_of("a SIP or SIPS URI"),
                                   .observed = uri,
                                   .text = "The To of a REGISTER is the address of record and "
                                           "must be a SIP or SIPS URI."});
}

/* The user name of the credentials, or the account that a run knows. */
static struct oh_span account_of(const struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    static const enum oh_sip_header_id ids[] = {OH_SIP_AUTHORIZATION, OH_SIP_PROXY_AUTHORIZATION};
    const struct oh_run_secret *known = oh_rule_secret(v, m);
    struct oh_digest d;
    for (size_t i = 0; i < 2; i++) {
        const struct oh_sip_header *h = oh_sip_msg_header(m->sip, ids[i], 0);
        if (h && oh_digest_parse(h->value, &d) == 0 && d.username.at)
            return d.username;
    }
    return known ? oh_span_of(known->username) : (struct oh_span){0};
}

/* A third party registers another's address of record under its own name: lawful. Sure to be the
 * phone's own registration is one for the user that it authenticates as, or where both have the
 * same user. Said without a keyword. */
static void check_from(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_span to = oh_help_uri(m->sip, OH_SIP_TO), from = oh_help_uri(m->sip, OH_SIP_FROM);
    struct oh_sip_uri x, y;
    if (!oh_help_originates(v, m) || oh_sip_uri_parse(to, &x) < 0 ||
        oh_sip_uri_parse(from, &y) < 0 || !x.user.at || oh_help_same_address(to, from))
        return;
    struct oh_span account = account_of(v, m);
    bool own = oh_span_equal(x.user, y.user) || (account.at && oh_span_equal(account, x.user));
    if (!own)
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "from.uri",
                                   .expected = to,
                                   .observed = from,
                                   .text = "The From of a phone's own REGISTER should be the "
                                           "address of record, as its To is."});
}

/* --- one after another --- */

static bool is_same_aor(const struct oh_trace_msg *a, const struct oh_trace_msg *b)
{
    return oh_help_same_address(oh_help_uri(a->sip, OH_SIP_TO), oh_help_uri(b->sip, OH_SIP_TO));
}

/* RFC 5626 4.2: each flow of several has a registration of its own. */
static struct oh_span flow_of(const struct oh_trace_msg *m)
{
    struct oh_sip_name_addr a;
    struct oh_span value = oh_sip_msg_value(m->sip, OH_SIP_CONTACT, 0);
    if (!value.at || oh_sip_name_addr_parse(value, &a) < 0)
        return (struct oh_span){0};
    return oh_sip_param(a.params, "reg-id");
}

/* The REGISTER of the same address of record to the same registrar before this one. */
static const struct oh_trace_msg *before(const struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    for (int i = m->index - 1; i >= 0 && i > m->index - OH_HELP_REACH; i--) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        if (oh_help_is_request(r, "REGISTER") && oh_help_is_first(r) && is_same_aor(m, r) &&
            oh_help_same_end(m, true, r, true) && oh_help_same_end(m, false, r, false) &&
            oh_help_same_token(flow_of(m), flow_of(r)))
            return r;
    }
    return NULL;
}

/* A boot cycle ends where the phone's program does. */
static bool booted_between(const struct oh_rule_view *v, const struct oh_trace_msg *a,
                           const struct oh_trace_msg *b)
{
    const struct oh_run *run = oh_rule_run(v);
    for (size_t i = 0; run && i < run->journal_count; i++) {
        const struct oh_journal_entry *e = &run->journal[i];
        if (e->kind == OH_JOURNAL_PHONE && e->wall_ns > a->time_ns && e->wall_ns < b->time_ns)
            return true;
    }
    return !run; /* a foreign capture is judged call by call, and shows no boot */
}

/* The answer to a challenge has a rule of its own. */
static void check_call_id(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *last = oh_help_originates(v, m) ? before(v, m) : NULL;
    if (!last || m->retry_of != OH_NONE || oh_help_same_call(m->sip, last->sip) ||
        !oh_sip_msg_whole(m->sip, OH_SIP_CALL_ID).at || booted_between(v, last, m))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "call-id",
                                   .expected = oh_sip_msg_whole(last->sip, OH_SIP_CALL_ID),
                                   .observed = oh_sip_msg_whole(m->sip, OH_SIP_CALL_ID),
                                   .text = "All registrations with one registrar should use the "
                                           "same Call-ID until the phone is started again.",
                                   .also = last});
}

/* Did the registrar hear the phone at that time? Without an answer the transaction may have failed
 * on its way (17.1.4, 18.4), which a foreign capture does not show. */
static bool is_pending(const struct oh_rule_view *v, const struct oh_trace_msg *last,
                       const struct oh_trace_msg *m)
{
    if (last->final != OH_NONE && last->final < m->index)
        return false;
    if (m->time_ns - last->time_ns >= OH_HELP_T1X64_NS - oh_help_slack_ns(OH_HELP_T1_NS))
        return false;
    return last->final != OH_NONE || (oh_rule_run(v) && last->transport == OH_TRANSPORT_UDP &&
                                      m->transport == OH_TRANSPORT_UDP);
}

/* A query has no Contact and registers nothing. One that only differs from its own copies is the
 * matter of the rules on repeats. */
static void check_pending(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *last = oh_help_originates(v, m) ? before(v, m) : NULL;
    if (!last || !oh_sip_msg_value(m->sip, OH_SIP_CONTACT, 0).at || !is_pending(v, last, m) ||
        oh_help_same_token(oh_help_branch(m->sip), oh_help_branch(last->sip)) ||
        oh_help_time_in_doubt(v, OH_HELP_T1X64_NS))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.bytes = m->sip->start_line,
                                   .expected = oh_span_of("the final response to the REGISTER "
                                                          "before it"),
                                   .observed = m->sip->start_line,
                                   .text = "A new REGISTER must not be sent before the one before "
                                           "it is answered or has timed out.",
                                   .also = last});
}

#define REGISTER(id, level, meaning, covers, check)                                                \
    {                                                                                              \
        id, OH_LEVEL_##level, "RFC 3261 10.2", OH_ON_REQUEST, "REGISTER", meaning, covers, check   \
    }

static const struct oh_rule rules[] = {
    REGISTER("register.request-uri", MUST, "The Request-URI of a REGISTER has no user.",
             "lint.register.ruri-no-user", check_request_uri),
    REGISTER("register.to", MUST, "The To of a REGISTER is a SIP or SIPS URI.",
             "lint.register.to-aor", check_to),
    REGISTER("register.from", SHOULD, "The From of a phone's own REGISTER is its To.",
             "lint.register.from-eq-to", check_from),
    REGISTER("register.call-id", SHOULD,
             "All registrations of a boot cycle with one registrar have the same Call-ID.",
             "lint.register.callid-same", check_call_id),
    REGISTER("register.pending", MUST, "No REGISTER is sent while the one before it is unanswered.",
             "lint.register.one-pending", check_pending),
};

const struct oh_rule_family oh_rules_register = {"register", rules, sizeof rules / sizeof *rules};
