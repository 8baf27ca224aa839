/* Digest credentials: RFC 3261 22.4, RFC 7616 3.4. Each rule speaks of one parameter; the response
 * is accused only where all that goes into it is in order.
 *
 * An ACK and a CANCEL repeat their INVITE's credentials (RFC 3261 22.1, 13.2.2.4) and a forwarded
 * request carries another's: those are not looked at. */
#include "judge/rule_help.h"

#include <stdlib.h>
#include <string.h>

/* One header with credentials, its challenge where that is in the trace, and the secret. */
struct credentials {
    const struct oh_sip_header *header;
    bool proxy;
    struct oh_digest d;
    const struct oh_trace_msg *offered_by; /* with the same nonce; NULL: none in the trace */
    struct oh_digest challenge;
    const struct oh_run_secret *secret; /* of the sender; NULL: not known */
};

typedef void check_fn(struct oh_rule_view *v, const struct oh_trace_msg *m,
                      const struct credentials *c);

static const char *field(const struct credentials *c, const char *with_proxy)
{
    return c->proxy ? with_proxy : with_proxy + strlen("proxy-");
}
#define FIELD(c, part) field(c, "proxy-authorization." part)

/* --- challenges --- */

static struct oh_span or_md5(struct oh_span algorithm)
{
    return algorithm.at ? algorithm : oh_span_of("MD5"); /* RFC 7616 3.3 */
}

/* One nonce may be offered for several algorithms (RFC 7616 3.9.1): the challenge that fits best.
 */
static bool offers(const struct oh_trace_msg *m, bool proxy, const struct oh_digest *given,
                   struct oh_digest *out)
{
    const struct oh_sip_header *h;
    enum oh_sip_header_id id = proxy ? OH_SIP_PROXY_AUTHENTICATE : OH_SIP_WWW_AUTHENTICATE;
    int best = -1;
    for (size_t n = 0; (h = oh_sip_msg_header(m->sip, id, n)) != NULL; n++) {
        struct oh_digest c;
        if (oh_digest_parse(h->value, &c) < 0 || !oh_span_equal(c.nonce, given->nonce))
            continue;
        int fit = 2 * oh_span_equal(c.realm, given->realm) +
                  oh_help_same_token(or_md5(c.algorithm), or_md5(given->algorithm));
        if (fit > best)
            *out = c;
        best = fit > best ? fit : best;
    }
    return best >= 0;
}

static void find_challenge(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                           struct credentials *c)
{
    for (int i = m->index - 1; i >= 0 && i > m->index - OH_HELP_REACH; i--) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        if (!r->sip->is_request && (r->sip->status == 401 || r->sip->status == 407) &&
            c->d.nonce.at && offers(r, c->proxy, &c->d, &c->challenge)) {
            c->offered_by = r;
            return;
        }
    }
}

/* Asks about all Digest credentials of a request that its sender made for it. */
static void for_each(struct oh_rule_view *v, const struct oh_trace_msg *m, check_fn *check)
{
    bool has_any = oh_sip_msg_header(m->sip, OH_SIP_AUTHORIZATION, 0) ||
                   oh_sip_msg_header(m->sip, OH_SIP_PROXY_AUTHORIZATION, 0);
    if (!has_any || oh_help_is_request(m, "ACK") || oh_help_is_request(m, "CANCEL") ||
        !oh_help_originates(v, m))
        return;
    for (int proxy = 0; proxy < 2; proxy++) {
        enum oh_sip_header_id id = proxy ? OH_SIP_PROXY_AUTHORIZATION : OH_SIP_AUTHORIZATION;
        struct credentials c = {.proxy = proxy == 1, .secret = oh_rule_secret(v, m)};
        for (size_t n = 0; (c.header = oh_sip_msg_header(m->sip, id, n)) != NULL; n++) {
            c.offered_by = NULL;
            if (oh_digest_parse(c.header->value, &c.d) < 0 ||
                !oh_span_is_nocase(c.d.scheme, "Digest"))
                continue;
            find_challenge(v, m, &c);
            check(v, m, &c);
        }
    }
}

/* Some earlier request of this sender's account with the same nonce that shows it used: the latest,
 * or the first. */
static const struct oh_trace_msg *earlier_use(const struct oh_rule_view *v,
                                              const struct oh_trace_msg *m,
                                              const struct credentials *c, enum oh_sip_header_id in,
                                              bool first, struct oh_digest *out)
{
    const struct oh_trace_msg *found = NULL;
    for (int i = m->index - 1; i >= 0 && i > m->index - OH_HELP_REACH; i--) {
        const struct oh_trace_msg *q = oh_rule_msg(v, i);
        const struct oh_sip_header *h;
        if (!q->sip->is_request || !oh_help_is_first(q) || !oh_help_same_end(m, true, q, true) ||
            oh_help_is_request(q, "ACK") || oh_help_is_request(q, "CANCEL"))
            continue;
        for (size_t n = 0; (h = oh_sip_msg_header(q->sip, in, n)) != NULL; n++) {
            struct oh_digest d;
            if (oh_digest_parse(h->value, &d) < 0 || !oh_span_equal(d.nonce, c->d.nonce) ||
                !oh_span_equal(d.realm, c->d.realm) || !oh_span_equal(d.username, c->d.username))
                continue;
            *out = d;
            found = q;
            if (!first)
                return found;
        }
    }
    return found;
}

/* --- required parameters --- */

static bool has_username(const struct credentials *c)
{
    return c->d.username.at ||
           oh_span_search(c->header->value, oh_span_of("username*")) < c->header->value.len;
}

static const char *missing_field(const struct credentials *c)
{
    const struct {
        const char *name;
        bool there;
    } required[] = {{"username", has_username(c)},
                    {"realm", c->d.realm.at},
                    {"nonce", c->d.nonce.at},
                    {"uri", c->d.uri.at},
                    {"response", c->d.response.at}};
    for (size_t i = 0; i < sizeof required / sizeof *required; i++) {
        if (!required[i].there)
            return required[i].name;
    }
    return NULL;
}

static void fields(struct oh_rule_view *v, const struct oh_trace_msg *m,
                   const struct credentials *c)
{
    const char *name = missing_field(c);
    if (!name)
        return;
    char *text = oh_format("The credentials must have the parameter %s.", name);
    oh_say_broken(v, m,
                  &(struct oh_say){.field = c->proxy ? "proxy-authorization" : "authorization",
                                   .bytes = c->header->value,
                                   .expected = oh_span_of(name),
                                   .text = text});
    free(text);
}

/* --- quotes --- */

static void quotes(struct oh_rule_view *v, const struct oh_trace_msg *m,
                   const struct credentials *c)
{
    static const struct {
        const char *name, *field;
        bool quoted;
    } forms[] = {
        {"username", "proxy-authorization.username", true},
        {"realm", "proxy-authorization.realm", true},
        {"nonce", "proxy-authorization.nonce", true},
        {"uri", "proxy-authorization.uri", true},
        {"response", "proxy-authorization.response", true},
        {"cnonce", "proxy-authorization.cnonce", true},
        {"opaque", "proxy-authorization.opaque", true},
        {"algorithm", "proxy-authorization.algorithm", false},
        {"qop", "proxy-authorization.qop", false},
        {"nc", "proxy-authorization.nc", false},
    };
    struct oh_span value = c->header->value;
    struct oh_span params = oh_span_sub(value, c->d.scheme.len, value.len);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct oh_span raw =
            oh_sip_param_named(oh_span_trim(params), ',', oh_span_of(forms[i].name));
        if (!raw.at || (raw.len > 0 && raw.at[0] == '"') == forms[i].quoted)
            continue;
        char *text = oh_format("The parameter %s must stand %s quotation marks.", forms[i].name,
                               forms[i].quoted ? "in" : "without");
        oh_say_broken(v, m,
                      &(struct oh_say){.field = field(c, forms[i].field),
                                       .expected = oh_span_of(forms[i].quoted ? "a quoted string"
                                                                              : "a token"),
                                       .observed = raw,
                                       .text = text});
        free(text);
    }
}

/* --- what the challenge gave --- */

/* Between the challenged request and this one a foreign capture lacks one, by its number: the nonce
 * may be of the challenge to that. */
static bool skips_one(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                      const struct oh_trace_msg *refused)
{
    struct oh_sip_cseq mine, before;
    return !oh_rule_run(v) && refused && oh_help_cseq(m->sip, &mine) == 0 &&
           oh_help_cseq(refused->sip, &before) == 0 && mine.number > before.number + 1;
}

/* Nonces come from challenges. Sure only right after one: others may have been offered before the
 * trace began. */
static void nonce(struct oh_rule_view *v, const struct oh_trace_msg *m, const struct credentials *c)
{
    const struct oh_trace_msg *challenge = oh_rule_msg(v, m->challenge);
    enum oh_sip_header_id id = c->proxy ? OH_SIP_PROXY_AUTHENTICATE : OH_SIP_WWW_AUTHENTICATE;
    const struct oh_sip_header *h;
    struct oh_digest offered = {0};
    bool of_realm = false;
    if (c->offered_by || !c->d.nonce.at)
        return;
    for (size_t n = 0; challenge && (h = oh_sip_msg_header(challenge->sip, id, n)) != NULL; n++) {
        struct oh_digest d;
        if (oh_digest_parse(h->value, &d) == 0 && (!of_realm || !offered.nonce.at)) {
            of_realm = oh_span_equal(d.realm, c->d.realm);
            offered = d;
        }
    }
    bool only = !oh_sip_msg_header(m->sip, c->header->id, 1);
    const struct oh_trace_msg *refused = oh_rule_msg(v, m->retry_of);
    bool other_call = refused && !oh_help_same_call(m->sip, refused->sip);
    if (!offered.nonce.at || (!of_realm && !only) || (other_call && !of_realm) ||
        skips_one(v, m, refused)) {
        oh_rule_not_checkable(v);
        return;
    }
    oh_say_broken(v, m,
                  &(struct oh_say){.field = FIELD(c, "nonce"),
                                   .expected = offered.nonce,
                                   .observed = c->d.nonce,
                                   .text = "The credentials must carry the nonce of the challenge; "
                                           "this one was never offered.",
                                   .also = challenge});
}

static void realm(struct oh_rule_view *v, const struct oh_trace_msg *m, const struct credentials *c)
{
    if (!c->offered_by || !c->d.realm.at || oh_span_equal(c->d.realm, c->challenge.realm))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = FIELD(c, "realm"),
                                   .expected = c->challenge.realm,
                                   .observed = c->d.realm,
                                   .text = "The credentials must carry the realm of the challenge "
                                           "whose nonce they use.",
                                   .also = c->offered_by});
}

static void opaque(struct oh_rule_view *v, const struct oh_trace_msg *m,
                   const struct credentials *c)
{
    bool none = !c->challenge.opaque.at && !c->d.opaque.len;
    if (!c->offered_by || none || oh_span_equal(c->d.opaque, c->challenge.opaque))
        return;
    bool offered = c->challenge.opaque.at != NULL;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = FIELD(c, "opaque"),
                                   .bytes = c->d.opaque.at ? c->d.opaque : c->header->value,
                                   .expected =
                                       offered ? c->challenge.opaque : oh_span_of("no opaque"),
                                   .observed = c->d.opaque,
                                   .text = "The credentials should return the opaque of the "
                                           "challenge unchanged.",
                                   .also = c->offered_by});
}

static void algorithm(struct oh_rule_view *v, const struct oh_trace_msg *m,
                      const struct credentials *c)
{
    if (!c->offered_by ||
        oh_help_same_token(or_md5(c->d.algorithm), or_md5(c->challenge.algorithm)))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = FIELD(c, "algorithm"),
                                   .bytes = c->d.algorithm.at ? c->d.algorithm : c->header->value,
                                   .expected = or_md5(c->challenge.algorithm),
                                   .observed = c->d.algorithm,
                                   .text = "The credentials must use the algorithm of the "
                                           "challenge.",
                                   .also = c->offered_by});
}

static bool is_offered_qop(struct oh_span offered, struct oh_span qop)
{
    struct oh_span item;
    while (oh_sip_list_next(&offered, &item)) {
        if (oh_help_same_token(item, qop))
            return true;
    }
    return false;
}

static void qop(struct oh_rule_view *v, const struct oh_trace_msg *m, const struct credentials *c)
{
    struct oh_span offered = c->challenge.qop;
    if (!c->offered_by || (!offered.at && !c->d.qop.at) || is_offered_qop(offered, c->d.qop))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = FIELD(c, "qop"),
                                   .bytes = c->d.qop.at ? c->d.qop : c->header->value,
                                   .expected = offered.at ? offered : oh_span_of("no qop"),
                                   .observed = c->d.qop,
                                   .text = c->d.qop.at
                                               ? "The qop of the credentials must be one of those "
                                                 "that the challenge offers."
                                               : "The challenge offers qop, so the credentials "
                                                 "must carry a qop.",
                                   .also = c->offered_by});
}

/* --- what the client makes --- */

static bool read_nc(struct oh_span nc, unsigned long *value)
{
    char text[9] = {0};
    if (nc.len != 8)
        return false;
    for (size_t i = 0; i < nc.len; i++) {
        if (!strchr("0123456789abcdef", nc.at[i]) || !nc.at[i])
            return false;
        text[i] = nc.at[i];
    }
    *value = strtoul(text, NULL, 16);
    return true;
}

/* Credentials that leave out an offered qop: its rule tells that, and what hangs on it is silent.
 */
static bool leaves_out_qop(const struct credentials *c)
{
    return !c->d.qop.at && c->offered_by && c->challenge.qop.at;
}

static void say_nc(struct oh_rule_view *v, const struct oh_trace_msg *m,
                   const struct credentials *c, const char *expected, const char *text,
                   const struct oh_trace_msg *also)
{
    oh_say_broken(v, m,
                  &(struct oh_say){.field = FIELD(c, "nc"),
                                   .bytes = c->d.nc.at ? c->d.nc : c->header->value,
                                   .expected = oh_span_of(expected),
                                   .observed = c->d.nc,
                                   .text = text,
                                   .also = also});
}

/* A server may offer one nonce to several calls, of which a foreign capture shows one at a time. */
static bool sees_all_uses(const struct oh_rule_view *v)
{
    return oh_rule_run(v) && !oh_rule_evidence_lost(v);
}

static void nc(struct oh_rule_view *v, const struct oh_trace_msg *m, const struct credentials *c)
{
    struct oh_digest before;
    unsigned long mine = 0, last = 0;
    /* One nonce may be offered by proxy and server; the count may then go over both. */
    enum oh_sip_header_id other = c->proxy ? OH_SIP_AUTHORIZATION : OH_SIP_PROXY_AUTHORIZATION;
    if (!c->d.qop.at) {
        if (c->d.nc.at && !leaves_out_qop(c))
            say_nc(v, m, c, "no nc", "Without a qop the credentials must not carry nc.", NULL);
        return;
    }
    if (!read_nc(c->d.nc, &mine)) {
        say_nc(v, m, c, "eight lower-case hexadecimal digits",
               "With a qop the credentials must carry nc of eight hexadecimal digits.", NULL);
        return;
    }
    if (oh_help_is_rejected(v, m, c->header->id, &c->d))
        return; /* told by its own rule */
    const struct oh_trace_msg *use = earlier_use(v, m, c, c->header->id, false, &before);
    /* A server may offer a nonce again; the phone cannot be sure that it is the old one. */
    bool anew = use && c->offered_by && c->offered_by->index > use->index && mine == 1;
    if (use && !anew && read_nc(before.nc, &last) && mine <= last)
        say_nc(v, m, c, "a higher count",
               "The nonce count must rise with each request that uses the same nonce.", use);
    else if (!use && c->offered_by && m->challenge == c->offered_by->index && mine != 1 &&
             !earlier_use(v, m, c, other, false, &before) && sees_all_uses(v))
        say_nc(v, m, c, "00000001", "The first request that uses a nonce must carry nc=00000001.",
               c->offered_by);
}

static bool is_session(const struct credentials *c)
{
    struct oh_span a = c->d.algorithm;
    return a.len > 5 && oh_span_is_nocase(oh_span_sub(a, a.len - 5, 5), "-sess");
}

static void cnonce(struct oh_rule_view *v, const struct oh_trace_msg *m,
                   const struct credentials *c)
{
    if (!c->d.qop.at == !c->d.cnonce.at || leaves_out_qop(c) || (!c->d.qop.at && is_session(c)))
        return; /* the hash of a session needs it, with a qop or without: RFC 2617 3.2.2.2 */
    oh_say_broken(v, m,
                  &(struct oh_say){.field = FIELD(c, "cnonce"),
                                   .bytes = c->d.cnonce.at ? c->d.cnonce : c->header->value,
                                   .expected = oh_span_of(c->d.qop.at ? "a cnonce" : "no cnonce"),
                                   .observed = c->d.cnonce,
                                   .text = c->d.qop.at
                                               ? "With a qop the credentials must carry a cnonce."
                                               : "Without a qop the credentials must not carry a "
                                                 "cnonce."});
}

/* RFC 3261 22.2: a request may be tried as "anonymous". A hashed one is the hash's matter. */
static bool is_other_user(const struct credentials *c)
{
    struct oh_span user = c->d.username;
    return c->secret && user.at && oh_span_find(user, '\\') == user.len &&
           !oh_span_is(user, c->secret->username) && !oh_span_is_nocase(user, "anonymous") &&
           !oh_span_is_nocase(c->d.userhash, "true");
}

static void username(struct oh_rule_view *v, const struct oh_trace_msg *m,
                     const struct credentials *c)
{
    if (!c->secret)
        oh_rule_not_checkable(v);
    if (!is_other_user(c))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = FIELD(c, "username"),
                                   .expected = oh_span_of(c->secret->username),
                                   .observed = c->d.username,
                                   .text = "The credentials must carry the account's user name "
                                           "for this realm."});
}

/* It "must agree" with the Request-URI (RFC 7616 3.4.6), which RFC 3261 22.4 (6) takes less than
 * literally: parameters do not count. With a strict router in the Request-URI the target stands
 * last in Route (RFC 3261 12.2.1.1) and is as good. */
static bool agrees(const struct oh_trace_msg *m, struct oh_span uri)
{
    struct oh_sip_name_addr target;
    size_t routes = oh_sip_msg_value_count(m->sip, OH_SIP_ROUTE);
    struct oh_span last =
        routes ? oh_sip_msg_value(m->sip, OH_SIP_ROUTE, routes - 1) : (struct oh_span){0};
    return oh_span_equal(uri, m->sip->request_uri) ||
           oh_help_same_address(uri, oh_help_request_uri(m->sip)) ||
           (last.at && oh_sip_name_addr_parse(last, &target) == 0 &&
            !oh_help_is_loose(target.uri) && oh_help_same_address(uri, target.uri));
}

static void uri(struct oh_rule_view *v, const struct oh_trace_msg *m, const struct credentials *c)
{
    if (!c->d.uri.at || agrees(m, c->d.uri))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = FIELD(c, "uri"),
                                   .expected = m->sip->request_uri,
                                   .observed = c->d.uri,
                                   .text = "The uri of the credentials must agree with the "
                                           "Request-URI of the request that they stand in."});
}

/* --- the response --- */

enum { OTHER_NONCES = 32 };

static size_t other_nonces(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                           const struct credentials *c, struct oh_span out[OTHER_NONCES])
{
    static const enum oh_sip_header_id ids[] = {OH_SIP_PROXY_AUTHENTICATE, OH_SIP_WWW_AUTHENTICATE};
    size_t count = 0;
    for (int i = m->index - 1; i >= 0 && i > m->index - OH_HELP_REACH; i--) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        bool challenge = !r->sip->is_request && (r->sip->status == 401 || r->sip->status == 407);
        for (size_t k = 0; k < 2 && challenge; k++) {
            struct oh_digest d;
            struct oh_span value = oh_sip_msg_whole(r->sip, ids[k]);
            if (count < OTHER_NONCES && value.at && oh_digest_parse(value, &d) == 0 &&
                !oh_span_equal(d.nonce, c->d.nonce))
                out[count++] = d.nonce;
        }
    }
    return count;
}

static enum oh_digest_fault fault_of(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                                     const struct credentials *c)
{
    struct oh_span nonces[OTHER_NONCES];
    struct oh_digest first;
    char *challenged = oh_span_dup(c->offered_by ? c->challenge.realm : c->d.realm);
    struct oh_digest_secret secret = {c->secret->username, c->secret->password, challenged};
    struct oh_digest_context context = {
        .method = m->sip->method, .request_uri = m->sip->request_uri, .body = m->sip->body};
    if (c->offered_by) {
        context.challenge_realm = c->challenge.realm;
        context.challenge_algorithm = c->challenge.algorithm;
    }
    if (is_session(c) && earlier_use(v, m, c, c->header->id, true, &first))
        context.session_cnonce = first.cnonce;
    enum oh_digest_fault fault = oh_digest_check(&c->d, &secret, &context);
    if (fault == OH_DIGEST_WRONG_UNKNOWN) { /* perhaps another nonce explains it */
        context.other_nonces = nonces;
        context.other_nonce_count = other_nonces(v, m, c, nonces);
        fault = oh_digest_check(&c->d, &secret, &context);
    }
    free(challenged);
    return fault;
}

static void response(struct oh_rule_view *v, const struct oh_trace_msg *m,
                     const struct credentials *c)
{
    unsigned long count;
    bool complete = !missing_field(c) && !c->d.qop.at == !c->d.cnonce.at &&
                    (!c->d.qop.at || read_nc(c->d.nc, &count));
    if (!complete || oh_span_is_nocase(c->d.username, "anonymous") || is_other_user(c))
        return; /* another user's password is not known here; the username's rule tells that one */
    if (!c->secret || oh_span_is_nocase(c->d.userhash, "true")) {
        oh_rule_not_checkable(v);
        return;
    }
    enum oh_digest_fault fault = fault_of(v, m, c);
    if (fault == OH_DIGEST_NOT_CHECKABLE)
        oh_rule_not_checkable(v);
    if (fault == OH_DIGEST_RIGHT || fault == OH_DIGEST_NOT_CHECKABLE)
        return;
    char *text = oh_format("The digest response is not the one that these credentials give: %s.",
                           oh_digest_fault_text(fault));
    oh_say_broken(v, m,
                  &(struct oh_say){.field = FIELD(c, "response"),
                                   .observed = c->d.response,
                                   .text = text,
                                   .also = c->offered_by});
    free(text);
}

/* --- the table --- */

#define FOR_EACH(part)                                                                             \
    static void check_##part(struct oh_rule_view *v, const struct oh_trace_msg *m)                 \
    {                                                                                              \
        for_each(v, m, part);                                                                      \
    }
FOR_EACH(fields)
FOR_EACH(quotes)
FOR_EACH(nonce)
FOR_EACH(realm)
FOR_EACH(opaque)
FOR_EACH(algorithm)
FOR_EACH(qop)
FOR_EACH(nc)
FOR_EACH(cnonce)
FOR_EACH(username)
FOR_EACH(uri)
FOR_EACH(response)

#define DIGEST(id, level, clause, meaning, covers, check)                                          \
    {                                                                                              \
        id, OH_LEVEL_##level, clause, OH_ON_REQUEST | OH_WITH_CREDENTIALS, NULL, meaning, covers,  \
            check                                                                                  \
    }

static const struct oh_rule rules[] = {
    DIGEST("digest.fields", MUST, "RFC 2617 3.2.2",
           "Credentials have username, realm, nonce, uri and response.", "auth.digest.fields",
           check_fields),
    DIGEST("digest.quotes", MUST, "RFC 7616 3.4",
           "algorithm, qop and nc stand without quotation marks, the other parameters in them.",
           "auth.digest.qop-auth auth.digest.uri-match", check_quotes),
    DIGEST("digest.nonce", MUST, "RFC 7616 3.3", "The nonce is one that a challenge offered.",
           "auth.digest.fields", check_nonce),
    DIGEST("digest.realm", MUST, "RFC 3261 22.3", "The realm is the challenge's.",
           "auth.digest.realm-exact", check_realm),
    DIGEST("digest.opaque", SHOULD, "RFC 7616 3.3", "The opaque is the challenge's.",
           "auth.digest.opaque auth.digest.fields", check_opaque),
    DIGEST("digest.algorithm", MUST, "RFC 7616 3.4", "The algorithm is the challenge's.",
           "auth.digest.fields", check_algorithm),
    DIGEST("digest.qop", MUST, "RFC 3261 22.4",
           "A qop is sent where the challenge offers it, and is one of those offered.",
           "auth.digest.qop-auth", check_qop),
    DIGEST("digest.nc", MUST, "RFC 7616 3.4",
           "With a qop, nc counts the requests that use the nonce, from 00000001.",
           "auth.digest.qop-auth auth.digest.nc-up", check_nc),
    DIGEST("digest.cnonce", MUST, "RFC 2617 3.2.2", "A cnonce is sent if and only if a qop is.",
           "auth.digest.qop-auth", check_cnonce),
    DIGEST("digest.username", MUST, "RFC 7616 3.4", "The username is the account's.",
           "auth.digest.username", check_username),
    DIGEST("digest.uri", MUST, "RFC 7616 3.4.6", "The uri agrees with the Request-URI.",
           "auth.digest.uri-match", check_uri),
    DIGEST("digest.response", MUST, "RFC 7616 3.4.1",
           "The response is the hash of these credentials with the account's password.",
           "auth.digest.response-md5 auth.digest.realm-exact", check_response),
};

const struct oh_rule_family oh_rules_digest = {"digest", rules, sizeof rules / sizeof *rules};
