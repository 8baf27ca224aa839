/* A request sent again after a 401 or 407. */
#include "judge/rule_help.h"

#include <stdio.h>
#include <string.h>

/* A phone answers a challenge at once; a user may dial the number again later. */
#define SOON_NS INT64_C(2000000000)

struct retry {
    const struct oh_trace_msg *refused, *challenge;
};

/* A run knows when a user told the phone to do something: what follows that is no repetition. */
static bool user_asked_anew(const struct oh_rule_view *v, const struct oh_trace_msg *challenge,
                            const struct oh_trace_msg *m)
{
    const struct oh_run *run = oh_rule_run(v);
    for (size_t i = 0; run && m->from_seat && i < run->journal_count; i++) {
        const struct oh_journal_entry *e = &run->journal[i];
        if (e->kind == OH_JOURNAL_TOLD && e->seat && strcmp(e->seat, m->from_seat) == 0 &&
            e->wall_ns > challenge->time_ns && e->wall_ns < m->time_ns)
            return true;
    }
    return false;
}

static bool read_any_retry(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                           struct retry *r)
{
    r->refused = oh_rule_msg(v, m->retry_of);
    r->challenge = oh_rule_msg(v, m->challenge);
    return r->refused && r->challenge && !user_asked_anew(v, r->challenge, m) &&
           oh_help_originates(v, m);
}

/* In another Call-ID it may be a call of its own, to which no rule on repeating applies. */
static bool read_retry(const struct oh_rule_view *v, const struct oh_trace_msg *m, struct retry *r)
{
    return read_any_retry(v, m, r) && oh_help_same_call(m->sip, r->refused->sip);
}

static bool numbers(const struct oh_trace_msg *m, const struct retry *r, struct oh_sip_cseq *mine,
                    struct oh_sip_cseq *before)
{
    return oh_help_cseq(m->sip, mine) == 0 && oh_help_cseq(r->refused->sip, before) == 0;
}

static void say_number(struct oh_rule_view *v, const struct oh_trace_msg *m, const struct retry *r,
                       const struct oh_sip_cseq *mine, uint64_t before, const char *text)
{
    char wanted[32];
    snprintf(wanted, sizeof wanted, "%llu", (unsigned long long)before + 1);
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "cseq.number",
                                   .expected = oh_span_of(wanted),
                                   .observed = mine->number_text,
                                   .text = text,
                                   .also = r->refused,
                                   .also_too = r->challenge});
}

static void check_cseq(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct retry r;
    struct oh_sip_cseq mine, before;
    if (!read_retry(v, m, &r) || !numbers(m, &r, &mine, &before) || mine.number > before.number)
        return;
    say_number(v, m, &r, &mine, before.number,
               "A request sent again with credentials must have a higher CSeq number than the one "
               "that was challenged.");
}

/* Where the number must rise by one (in dialogs and registrations) the rules on CSeq speak. */
static void check_cseq_by_one(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct retry r;
    struct oh_sip_cseq mine, before;
    if (!read_retry(v, m, &r) || oh_help_tag(m->sip, OH_SIP_TO).at ||
        oh_help_is_request(m, "REGISTER") || !numbers(m, &r, &mine, &before) ||
        mine.number <= before.number + 1)
        return;
    say_number(v, m, &r, &mine, before.number,
               "A request sent again after a challenge should have a CSeq number just one higher.");
}

static enum oh_sip_header_id wanted_header(const struct retry *r)
{
    return r->challenge->sip->status == 401 ? OH_SIP_AUTHORIZATION : OH_SIP_PROXY_AUTHORIZATION;
}

/* Only what uses the challenge's nonce, and soon, is sure to be the request sent again. */
static bool answers_challenge(const struct oh_trace_msg *m, const struct retry *r)
{
    bool proxy = wanted_header(r) == OH_SIP_PROXY_AUTHORIZATION;
    enum oh_sip_header_id id = proxy ? OH_SIP_PROXY_AUTHENTICATE : OH_SIP_WWW_AUTHENTICATE;
    struct oh_span offered = oh_sip_msg_whole(r->challenge->sip, id);
    struct oh_span given = oh_sip_msg_whole(m->sip, wanted_header(r));
    struct oh_digest a, b;
    return offered.at && given.at && oh_digest_parse(offered, &a) == 0 &&
           oh_digest_parse(given, &b) == 0 && a.nonce.at && oh_span_equal(a.nonce, b.nonce) &&
           m->time_ns - r->challenge->time_ns <= SOON_NS;
}

static void check_call_id(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct retry r;
    if (!read_any_retry(v, m, &r) || oh_help_same_call(m->sip, r.refused->sip) ||
        !answers_challenge(m, &r))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "call-id",
                                   .expected = oh_sip_msg_whole(r.refused->sip, OH_SIP_CALL_ID),
                                   .observed = oh_sip_msg_whole(m->sip, OH_SIP_CALL_ID),
                                   .text = "A request sent again after a challenge should keep its "
                                           "Call-ID.",
                                   .also = r.refused,
                                   .also_too = r.challenge});
}

static void say_party(struct oh_rule_view *v, const struct oh_trace_msg *m,
                      enum oh_sip_header_id id, const char *field, const char *text)
{
    struct retry r;
    if (!read_retry(v, m, &r) || oh_help_same_party(m->sip, r.refused->sip, id))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = field,
                                   .expected = oh_sip_msg_whole(r.refused->sip, id),
                                   .observed = oh_sip_msg_whole(m->sip, id),
                                   .text = text,
                                   .also = r.refused,
                                   .also_too = r.challenge});
}

static void check_from(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    say_party(v, m, OH_SIP_FROM, "from",
              "A request sent again after a challenge should keep its From, URI and tag.");
}

static void check_to(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    say_party(v, m, OH_SIP_TO, "to", "A request sent again after a challenge should keep its To.");
}

static void check_branch(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct retry r;
    struct oh_span mine = oh_help_branch(m->sip);
    if (!read_retry(v, m, &r) || !mine.at ||
        !oh_help_same_token(mine, oh_help_branch(r.refused->sip)))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "via.branch",
                                   .expected = oh_span_of("a new branch"),
                                   .observed = mine,
                                   .text = "A request sent again after a challenge is a new "
                                           "transaction and must have a new branch.",
                                   .also = r.refused,
                                   .also_too = r.challenge});
}

static bool is_challenge(const struct oh_trace_msg *m)
{
    return oh_help_is_first(m) && !m->sip->is_request &&
           (m->sip->status == 401 || m->sip->status == 407);
}

/* Somebody answered with this tag, whatever brought it there. */
static bool is_of_dialog(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                         struct oh_span tag)
{
    for (int i = m->index - 1; i >= 0 && i > m->index - OH_HELP_REACH; i--) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        if (!r->sip->is_request && r->sip->status > 100 && r->sip->status < 300 &&
            oh_help_same_call(r->sip, m->sip) &&
            oh_help_same_token(tag, oh_help_tag(r->sip, OH_SIP_TO)))
            return true;
    }
    return false;
}

/* The challenge's tag belongs to no dialog. Such a request is not linked as a retry. */
static void check_no_to_tag(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_span tag = oh_help_tag(m->sip, OH_SIP_TO);
    if (!tag.at || oh_help_is_request(m, "ACK") || !oh_help_originates(v, m) ||
        is_of_dialog(v, m, tag))
        return;
    for (int i = m->index - 1; i >= 0 && i > m->index - OH_HELP_REACH; i--) {
        const struct oh_trace_msg *c = oh_rule_msg(v, i);
        const struct oh_trace_msg *refused = is_challenge(c) ? oh_rule_msg(v, c->request) : NULL;
        if (!refused || !oh_help_same_token(tag, oh_help_tag(c->sip, OH_SIP_TO)) ||
            oh_help_tag(refused->sip, OH_SIP_TO).at || !oh_help_same_end(m, true, refused, true) ||
            !oh_span_equal(m->sip->method, refused->sip->method))
            continue;
        oh_say_broken(v, m,
                      &(struct oh_say){.field = "to.tag",
                                       .expected = oh_span_of("no tag"),
                                       .observed = tag,
                                       .text = "A request sent again after a challenge must not "
                                               "take over the To tag of the challenge.",
                                       .also = refused,
                                       .also_too = c});
        return;
    }
}

static void check_credentials(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct retry r;
    if (!read_retry(v, m, &r) || oh_sip_msg_whole(m->sip, wanted_header(&r)).at)
        return;
    bool proxy = wanted_header(&r) == OH_SIP_PROXY_AUTHORIZATION;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = proxy ? "proxy-authorization" : "authorization",
                                   .expected = oh_span_of("credentials"),
                                   .text = proxy ? "A request sent again after a 407 should carry "
                                                   "credentials in Proxy-Authorization."
                                                 : "A request sent again after a 401 should carry "
                                                   "credentials in Authorization.",
                                   .also = r.refused,
                                   .also_too = r.challenge});
}

static bool is_right(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                     const struct oh_digest *d)
{
    const struct oh_run_secret *known = oh_rule_secret(v, m);
    char text[OH_DIGEST_TEXT];
    if (!known || !oh_span_is(d->username, known->username))
        return false;
    struct oh_digest_secret secret = {known->username, known->password, NULL};
    return oh_digest_response(d, &secret, m->sip->method, m->sip->body, text, NULL) == 0 &&
           oh_span_is(d->response, text);
}

static bool offers(const struct oh_sip_msg *m, enum oh_sip_header_id id, const struct oh_digest *d)
{
    const struct oh_sip_header *h;
    for (size_t n = 0; m && (h = oh_sip_msg_header(m, id, n)) != NULL; n++) {
        struct oh_digest c;
        if (oh_digest_parse(h->value, &c) == 0 && oh_span_equal(c.nonce, d->nonce) &&
            oh_span_equal(c.realm, d->realm) && !oh_span_is_nocase(c.stale, "true"))
            return true;
    }
    return false;
}

/* The same user and password for a new nonce, after an answer to a challenge was refused and not as
 * stale: RFC 7616 3.3 wants new values then. Cached credentials may be refused for their age. */
static bool is_same_account(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                            const struct retry *r, const struct oh_digest *d)
{
    const struct oh_trace_msg *before = oh_rule_msg(v, r->refused->challenge);
    bool proxy = wanted_header(r) == OH_SIP_PROXY_AUTHORIZATION;
    enum oh_sip_header_id id = proxy ? OH_SIP_PROXY_AUTHENTICATE : OH_SIP_WWW_AUTHENTICATE;
    const struct oh_sip_header *h;
    if (!before || !offers(r->challenge->sip, id, d) || !is_right(v, m, d))
        return false;
    for (size_t n = 0; (h = oh_sip_msg_header(r->refused->sip, wanted_header(r), n)) != NULL; n++) {
        struct oh_digest old;
        if (oh_digest_parse(h->value, &old) == 0 && oh_span_equal(old.realm, d->realm) &&
            offers(before->sip, id, &old) && is_right(v, r->refused, &old))
            return true;
    }
    return false;
}

static void check_rejected(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct retry r;
    const struct oh_sip_header *h;
    if (!read_retry(v, m, &r))
        return;
    for (size_t n = 0; (h = oh_sip_msg_header(m->sip, wanted_header(&r), n)) != NULL; n++) {
        struct oh_digest d;
        if (oh_digest_parse(h->value, &d) < 0 ||
            (!oh_help_is_rejected(v, m, wanted_header(&r), &d) && !is_same_account(v, m, &r, &d)))
            continue;
        bool proxy = wanted_header(&r) == OH_SIP_PROXY_AUTHORIZATION;
        oh_say_broken(
            v, m,
            &(struct oh_say){.field = proxy ? "proxy-authorization" : "authorization",
                             .observed = h->value,
                             .text = "Credentials that have just been rejected must not be sent "
                                     "again.",
                             .also = r.refused,
                             .also_too = r.challenge});
        return;
    }
}

/* --- the nonce --- */

static bool has_nonce(const struct oh_sip_msg *m, enum oh_sip_header_id id, struct oh_span nonce)
{
    const struct oh_sip_header *h;
    for (size_t n = 0; (h = oh_sip_msg_header(m, id, n)) != NULL; n++) {
        struct oh_digest d;
        if (oh_digest_parse(h->value, &d) == 0 && oh_span_equal(d.nonce, nonce))
            return true;
    }
    return false;
}

/* A nonce that the challenge offers for the realm; absent where it offers none, or one of those in
 * use. */
static struct oh_span passed_over(const struct oh_trace_msg *m, const struct retry *r,
                                  enum oh_sip_header_id id, struct oh_span realm)
{
    bool proxy = id == OH_SIP_PROXY_AUTHORIZATION;
    enum oh_sip_header_id from = proxy ? OH_SIP_PROXY_AUTHENTICATE : OH_SIP_WWW_AUTHENTICATE;
    struct oh_span offered = {0};
    const struct oh_sip_header *h;
    for (size_t n = 0; (h = oh_sip_msg_header(r->challenge->sip, from, n)) != NULL; n++) {
        struct oh_digest d;
        if (oh_digest_parse(h->value, &d) < 0 || !d.nonce.at || !oh_span_equal(d.realm, realm))
            continue;
        if (has_nonce(m->sip, id, d.nonce))
            return (struct oh_span){0};
        offered = d.nonce;
    }
    return offered;
}

/* The nonce that was refused comes again. One that was never offered is told by its own rule. */
static void check_nonce(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct retry r;
    const struct oh_sip_header *h;
    if (!read_retry(v, m, &r))
        return;
    for (size_t n = 0; (h = oh_sip_msg_header(m->sip, wanted_header(&r), n)) != NULL; n++) {
        struct oh_digest d;
        if (oh_digest_parse(h->value, &d) < 0 ||
            !has_nonce(r.refused->sip, wanted_header(&r), d.nonce) ||
            oh_help_is_rejected(v, m, wanted_header(&r), &d))
            continue;
        struct oh_span offered = passed_over(m, &r, wanted_header(&r), d.realm);
        if (!offered.at)
            continue;
        bool proxy = wanted_header(&r) == OH_SIP_PROXY_AUTHORIZATION;
        oh_say_broken(
            v, m,
            &(struct oh_say){.field = proxy ? "proxy-authorization.nonce" : "authorization.nonce",
                             .expected = offered,
                             .observed = d.nonce,
                             .text = "The credentials must carry the nonce of the new challenge, "
                                     "not the one just refused.",
                             .also = r.challenge,
                             .also_too = r.refused});
        return;
    }
}

#define RETRY(id, level, clause, meaning, covers, check)                                           \
    {                                                                                              \
        id, OH_LEVEL_##level, clause, OH_ON_REQUEST | OH_WITH_RETRY, NULL, meaning, covers, check  \
    }

static const struct oh_rule rules[] = {
    RETRY("retry.cseq", MUST, "RFC 3261 22.2",
          "A request sent again after a 401 or 407 has a higher CSeq number.",
          "auth.register.cseq-callid", check_cseq),
    RETRY("retry.cseq-by-one", SHOULD, "RFC 3261 8.1.3.5",
          "A request sent again after a 401 or 407 has a CSeq number just one higher.",
          "auth.register.cseq-callid", check_cseq_by_one),
    {"retry.call-id", OH_LEVEL_SHOULD, "RFC 3261 8.1.3.5",
     OH_ON_REQUEST | OH_WITH_RETRY | OH_BY_TIME, NULL,
     "A request sent again after a 401 or 407 keeps its Call-ID.",
     "auth.register.cseq-callid auth.invite.retry-same-ids", check_call_id},
    RETRY("retry.from", SHOULD, "RFC 3261 8.1.3.5",
          "A request sent again after a 401 or 407 keeps its From.",
          "auth.register.cseq-callid auth.invite.retry-same-ids", check_from),
    RETRY("retry.to", SHOULD, "RFC 3261 8.1.3.5",
          "A request sent again after a 401 or 407 keeps its To.",
          "auth.register.cseq-callid auth.invite.retry-same-ids", check_to),
    RETRY("retry.branch", MUST, "RFC 3261 8.1.1.7",
          "A request sent again after a 401 or 407 has a new branch.",
          "lint.via.branch-unique auth.invite.407-retry", check_branch),
    {"retry.no-to-tag", OH_LEVEL_MUST, "RFC 3261 8.1.1.2", OH_ON_REQUEST, NULL,
     "A request sent again after a 401 or 407 does not take over that response's To tag.",
     "auth.invite.retry-same-ids lint.register.no-to-tag", check_no_to_tag},
    RETRY("retry.credentials", SHOULD, "RFC 3261 8.1.3.5",
          "A request sent again after a 401 or 407 carries credentials.",
          "auth.register.401-retry auth.invite.401-retry auth.invite.407-retry", check_credentials),
    RETRY("retry.rejected", MUST, "RFC 3261 22.1",
          "Credentials that were rejected are not sent again.", "auth.register.wrong-password",
          check_rejected),
    RETRY("retry.nonce", SHOULD, "RFC 7616 3.6",
          "A request sent again after a 401 or 407 uses that response's nonce.", "auth.stale",
          check_nonce),
};

const struct oh_rule_family oh_rules_retry = {"retry", rules, sizeof rules / sizeof *rules};
