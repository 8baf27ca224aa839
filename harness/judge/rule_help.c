#include "judge/rule_help.h"

#include "judge/rule_view.h"
#include "sip/facts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static bool lies_in(const struct oh_sip_msg *m, struct oh_span s)
{
    uintptr_t start = (uintptr_t)m->bytes.at, at = (uintptr_t)s.at;
    return s.at && at >= start && at + s.len <= start + m->bytes.len;
}

static char *readable(struct oh_span s)
{
    struct oh_text text = {0};
    oh_text_add_quoted(&text, s, 200);
    if (!text.at)
        oh_text_add(&text, "empty");
    return oh_text_take(&text);
}

void oh_say_broken(struct oh_rule_view *v, const struct oh_trace_msg *m, const struct oh_say *say)
{
    char *expected = say->expected.at ? readable(say->expected) : NULL;
    char *observed = NULL;
    if (say->observed.at)
        observed = readable(say->observed);
    else if (expected)
        observed = oh_strdup("absent");
    struct oh_breach breach = {.field = say->field,
                               .expected = expected,
                               .observed = observed,
                               .text = say->text,
                               .also = {say->also, say->also_too}};
    if (lies_in(m->sip, say->bytes))
        breach.bytes = say->bytes;
    else if (lies_in(m->sip, say->observed))
        breach.bytes = say->observed;
    oh_rule_broken(v, m, &breach);
    free(expected);
    free(observed);
}

struct oh_span oh_help_branch(const struct oh_sip_msg *m)
{
    return oh_sip_msg_facts(m)->branch;
}

static bool party(const struct oh_sip_msg *m, enum oh_sip_header_id id,
                  struct oh_sip_name_addr *out)
{
    struct oh_span value = oh_sip_msg_value(m, id, 0);
    return value.at && oh_sip_name_addr_parse(value, out) == 0;
}

struct oh_span oh_help_tag(const struct oh_sip_msg *m, enum oh_sip_header_id id)
{
    const struct oh_sip_facts *f = oh_sip_msg_facts(m);
    assert(id == OH_SIP_FROM || id == OH_SIP_TO);
    return id == OH_SIP_FROM ? f->from_tag : f->to_tag;
}

struct oh_span oh_help_uri(const struct oh_sip_msg *m, enum oh_sip_header_id id)
{
    const struct oh_sip_facts *f = oh_sip_msg_facts(m);
    struct oh_sip_name_addr a;
    if (id == OH_SIP_FROM || id == OH_SIP_TO)
        return id == OH_SIP_FROM ? f->from.uri : f->to.uri;
    if (id == OH_SIP_CONTACT)
        return f->contact.uri;
    return party(m, id, &a) ? a.uri : (struct oh_span){0};
}

bool oh_help_is_scheme(struct oh_span uri, const char *scheme)
{
    size_t colon = oh_span_find(uri, ':');
    return colon < uri.len && oh_span_is_nocase(oh_span_sub(uri, 0, colon), scheme);
}

/* Behind the quoted string that opens at `from`; `*wrong` becomes where it goes wrong. */
static size_t behind_quotes(struct oh_span s, size_t from, size_t *wrong)
{
    for (size_t i = from + 1; i < s.len; i++) {
        if (s.at[i] == '"')
            return i + 1;
        if (s.at[i] != '\\')
            continue;
        if (++i == s.len || (unsigned char)s.at[i] >= 0x80 || s.at[i] == '\r' || s.at[i] == '\n') {
            *wrong = i - 1;
            return s.len;
        }
    }
    *wrong = from;
    return s.len;
}

size_t oh_help_unquoted(struct oh_span value)
{
    bool has_quotes = oh_span_find(value, '"') < value.len;
    size_t wrong = value.len, i = has_quotes ? 0 : value.len;
    while (i < value.len) {
        if (value.at[i] == '"') {
            i = behind_quotes(value, i, &wrong);
        } else if (value.at[i] == '<') {
            size_t close = oh_span_find(oh_span_sub(value, i, value.len), '>');
            i += close;
        } else {
            i++;
        }
    }
    return wrong;
}

int oh_help_cseq(const struct oh_sip_msg *m, struct oh_sip_cseq *out)
{
    *out = oh_sip_msg_facts(m)->cseq;
    return oh_sip_msg_facts(m)->has_cseq ? 0 : -1;
}

bool oh_help_same_uri(struct oh_span a, struct oh_span b)
{
    return oh_span_equal(a, b) || (a.at && b.at && oh_sip_uri_equal(a, b));
}

static struct oh_span address_of(struct oh_span uri)
{
    struct oh_sip_uri u;
    if (oh_sip_uri_parse(uri, &u) < 0 || !u.host.at)
        return uri;
    bool port = u.port != 0 && u.port != 5060;
    const char *end = port ? u.port_text.at + u.port_text.len : u.host.at + u.host.len;
    return oh_span_sub(uri, 0, (size_t)(end - uri.at));
}

bool oh_help_same_address(struct oh_span a, struct oh_span b)
{
    return oh_help_same_uri(a, b) || oh_help_same_uri(address_of(a), address_of(b));
}

bool oh_help_same_party(const struct oh_sip_msg *a, const struct oh_sip_msg *b,
                        enum oh_sip_header_id id)
{
    return oh_help_same_uri(oh_help_uri(a, id), oh_help_uri(b, id)) &&
           oh_help_same_token(oh_help_tag(a, id), oh_help_tag(b, id));
}

bool oh_help_same_call(const struct oh_sip_msg *a, const struct oh_sip_msg *b)
{
    struct oh_span x = oh_sip_msg_facts(a)->call_id, y = oh_sip_msg_facts(b)->call_id;
    return x.at && oh_span_equal(x, y); /* RFC 3261 8.1.1.4: byte by byte */
}

/* --- parameters --- */

static struct oh_span without_quotes(struct oh_span s)
{
    bool quoted = s.len >= 2 && s.at[0] == '"' && s.at[s.len - 1] == '"';
    return quoted ? oh_span_sub(s, 1, s.len - 2) : s;
}

/* Those are in small letters. */
static bool is_one_of(struct oh_span name, const char *const *names)
{
    for (; names && *names; names++) {
        if ((name.at[0] | 0x20) == **names && oh_span_is_nocase(name, *names))
            return true;
    }
    return false;
}

/* The first parameter of `*rest`, which is moved behind it. */
static struct oh_span take_param(struct oh_span *rest)
{
    size_t end = oh_span_find(*rest, ';');
    size_t quote = oh_span_find(oh_span_sub(*rest, 0, end), '"');
    if (quote < end) { /* what it encloses separates nothing */
        end = quote;
        for (bool quoted = false; end < rest->len && (quoted || rest->at[end] != ';'); end++) {
            if (quoted && rest->at[end] == '\\')
                end++;
            else if (rest->at[end] == '"')
                quoted = !quoted;
        }
    }
    struct oh_span one = oh_span_sub(*rest, 0, end);
    *rest = oh_span_sub(*rest, end + 1, rest->len);
    return one;
}

/* Has `b` every parameter of `a`, with its value? Of the `free` ones neither is looked at. */
static bool has_params(struct oh_span a, struct oh_span b, const char *const *free_names)
{
    while (a.len > 0) {
        struct oh_span one = take_param(&a);
        size_t equals = oh_span_find(one, '=');
        struct oh_span name = oh_span_trim(oh_span_sub(one, 0, equals));
        if (name.len == 0 || is_one_of(name, free_names))
            continue;
        struct oh_span x = oh_span_trim(oh_span_sub(one, equals + 1, one.len));
        struct oh_span y = oh_sip_param_named(b, ';', name);
        bool flag = oh_span_is_nocase(name, "lr"); /* lr=on, lr=true: what counts is that it is */
        if (!y.at || (!flag && !oh_help_same_token(without_quotes(x), without_quotes(y))))
            return false;
    }
    return true;
}

/* The first that is not free; of length 0 behind the last. */
static struct oh_span take_bound(struct oh_span *rest, const char *const *free_names)
{
    while (rest->len > 0) {
        struct oh_span one = take_param(rest);
        struct oh_span name = oh_span_trim(oh_span_sub(one, 0, oh_span_find(one, '=')));
        if (name.len > 0 && !is_one_of(name, free_names))
            return one;
    }
    return (struct oh_span){0};
}

/* The same parameters in the same order, as nearly always, are not looked for by their names: no
 * two of them begin with the same letter, so each stands for itself. */
static bool in_step(struct oh_span a, struct oh_span b, const char *const *free_names)
{
    uint32_t letters = 0;
    if (oh_span_find(a, '"') < a.len || oh_span_find(b, '"') < b.len)
        return false;
    for (;;) {
        struct oh_span x = take_bound(&a, free_names), y = take_bound(&b, free_names);
        if (x.len == 0 || !oh_span_equal(x, y))
            return x.len == 0 && y.len == 0;
        unsigned char first = (unsigned char)x.at[0];
        uint32_t letter = UINT32_C(1) << (first & 0x1f);
        if (first <= ' ' || (letters & letter))
            return false;
        letters |= letter;
    }
}

static bool same_params(struct oh_span a, struct oh_span b, const char *const *free_names)
{
    if (in_step(a, b, free_names))
        return true;
    return has_params(a, b, free_names) && has_params(b, a, free_names);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* What stands before the transport, "SIP/2.0/", white space apart. */
static bool same_protocol(struct oh_span a, struct oh_span b)
{
    size_t i = 0, k = 0;
    for (;; i++, k++) {
        while (i < a.len && is_blank(a.at[i]))
            i++;
        while (k < b.len && is_blank(b.at[k]))
            k++;
        if (i == a.len || k == b.len)
            return i == a.len && k == b.len;
        if (!oh_span_equal_nocase(oh_span_sub(a, i, 1), oh_span_sub(b, k, 1)))
            return false;
    }
}

/* Is all that stands before the parameters the same byte by byte, as nearly always? */
static bool same_to_params(struct oh_span a, struct oh_span b)
{
    return oh_span_equal(oh_span_sub(a, 0, oh_span_find(a, ';')),
                         oh_span_sub(b, 0, oh_span_find(b, ';')));
}

static struct oh_span behind_semicolon(struct oh_span s)
{
    size_t at = oh_span_find(s, ';');
    return at < s.len ? oh_span_sub(s, at + 1, s.len) : (struct oh_span){0};
}

bool oh_help_same_via(struct oh_span a, struct oh_span b, bool answered)
{
    static const char *const filled_in[] = {"received", "rport", NULL};
    const char *const *free_names = answered ? filled_in : NULL;
    struct oh_sip_via x, y;
    bool same_head = same_to_params(a, b);
    if (oh_span_equal(a, b) ||
        (same_head && in_step(behind_semicolon(a), behind_semicolon(b), free_names)) ||
        oh_sip_via_parse(a, &x) < 0)
        return true;
    if (same_head)
        return same_params(x.params, behind_semicolon(b), free_names);
    return oh_sip_via_parse(b, &y) == 0 && oh_help_same_token(x.transport, y.transport) &&
           same_protocol(oh_span_sub(a, 0, (size_t)(x.transport.at - a.at)),
                         oh_span_sub(b, 0, (size_t)(y.transport.at - b.at))) &&
           oh_help_same_token(x.host, y.host) &&
           (x.port ? x.port : 5060) == (y.port ? y.port : 5060) &&
           same_params(x.params, y.params, free_names);
}

bool oh_help_same_hop(struct oh_span a, struct oh_span b)
{
    struct oh_sip_uri x, y;
    if (oh_sip_uri_parse(a, &x) < 0 || oh_sip_uri_parse(b, &y) < 0)
        return oh_span_equal(a, b);
    return oh_help_same_address(a, b) && same_params(x.params, y.params, NULL);
}

bool oh_help_is_loose(struct oh_span uri)
{
    struct oh_sip_uri parts;
    bool lr = false;
    if (oh_sip_uri_parse(uri, &parts) == 0)
        (void)oh_sip_uri_param(&parts, "lr", &lr);
    return lr;
}

bool oh_help_same_route(struct oh_span a, struct oh_span b, bool copied)
{
    struct oh_sip_name_addr x, y;
    if (oh_sip_name_addr_parse(a, &x) < 0 || oh_sip_name_addr_parse(b, &y) < 0)
        return oh_span_equal(a, b);
    return oh_help_same_hop(x.uri, y.uri) && (!copied || same_params(x.params, y.params, NULL));
}

bool oh_help_same_routes(const struct oh_sip_msg *a, const struct oh_sip_msg *b)
{
    size_t count = oh_sip_msg_value_count(a, OH_SIP_ROUTE);
    bool same = count == oh_sip_msg_value_count(b, OH_SIP_ROUTE);
    for (size_t i = 0; same && i < count; i++)
        same = oh_help_same_route(oh_sip_msg_value(a, OH_SIP_ROUTE, i),
                                  oh_sip_msg_value(b, OH_SIP_ROUTE, i), false);
    return same;
}

bool oh_help_same_end(const struct oh_trace_msg *a, bool a_source, const struct oh_trace_msg *b,
                      bool b_source)
{
    const char *x = a_source ? a->from_seat : a->to_seat;
    const char *y = b_source ? b->from_seat : b->to_seat;
    const struct oh_addr *p = a_source ? &a->src : &a->dst, *q = b_source ? &b->src : &b->dst;
    if (x && y)
        return strcmp(x, y) == 0;
    if (a->transport != OH_TRANSPORT_UDP || b->transport != OH_TRANSPORT_UDP)
        return oh_addr_same_ip(p, q); /* who opens a connection does so from any port */
    return oh_addr_equal(p, q);
}

static bool was_sent_on(const struct oh_trace_msg *request, const struct oh_trace_msg *onward)
{
    struct oh_sip_via via;
    struct oh_sip_cseq a, b;
    if (!onward->sip->is_request || oh_sip_msg_facts(onward->sip)->via_count < 2 ||
        oh_help_cseq(request->sip, &a) < 0 || oh_help_cseq(onward->sip, &b) < 0 ||
        a.number != b.number || !oh_span_equal(a.method, b.method) ||
        !oh_help_same_end(request, false, onward, true))
        return false;
    return oh_sip_via_parse(oh_sip_msg_value(onward->sip, OH_SIP_VIA, 1), &via) == 0 &&
           oh_help_same_token(oh_sip_param(via.params, "branch"), oh_help_branch(request->sip));
}

static bool was_received(const struct oh_rule_view *v, const struct oh_trace_msg *onward)
{
    for (int i = onward->index - 1; i >= 0 && i > onward->index - OH_HELP_REACH; i--) {
        const struct oh_trace_msg *request = oh_rule_msg(v, i);
        if (request->sip->is_request && was_sent_on(request, onward))
            return true;
    }
    return false;
}

static bool originates(const struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (m->sip->is_request)
        return oh_sip_msg_facts(m->sip)->via_count < 2 ||
               (m->from_phone && oh_rule_run(v) && !was_received(v, m));
    const struct oh_trace_msg *request = oh_rule_msg(v, m->request);
    if (!request)
        return true;
    for (int i = request->index + 1; i < m->index && i < request->index + OH_HELP_REACH; i++) {
        if (was_sent_on(request, oh_rule_msg(v, i)))
            return false;
    }
    return true;
}

bool oh_help_originates(const struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (!v->origins)
        return originates(v, m);
    if (v->origins[m->index] == 0)
        v->origins[m->index] = originates(v, m) ? 2 : 1;
    return v->origins[m->index] == 2;
}

const struct oh_trace_msg *oh_help_answered_by(const struct oh_rule_view *v,
                                               const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *request = oh_rule_msg(v, m->request);
    unsigned char *known = v->pairs && v->judged == m ? &v->pairs[m->index] : NULL, is_pair;
    if (known && *known)
        return *known == 2 ? request : NULL;
    is_pair = request && oh_help_originates(v, m) && !oh_help_is_unseen(v, m, request) ? 2 : 1;
    if (known)
        *known = is_pair;
    return is_pair == 2 ? request : NULL;
}

bool oh_help_is_copy(const struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *final = oh_rule_msg(v, m->answered);
    if (oh_help_is_request(m, "ACK"))
        return final && final->sip->status >= 300;
    return oh_help_is_request(m, "CANCEL") && m->request != OH_NONE;
}

bool oh_help_same_request(const struct oh_sip_msg *a, const struct oh_sip_msg *b)
{
    struct oh_sip_cseq x, y;
    return oh_span_equal(a->method, b->method) && oh_help_same_call(a, b) &&
           oh_help_cseq(a, &x) == 0 && oh_help_cseq(b, &y) == 0 && x.number == y.number;
}

/* A transaction lives no longer than this: 64*T1. RFC 3261 17.1.1.2 */
#define LIFE_NS INT64_C(32000000000)

static bool same_transaction(const struct oh_trace_msg *m, const struct oh_trace_msg *other)
{
    return other->sip->is_request && oh_help_is_first(other) && other->transport == m->transport &&
           m->time_ns - other->time_ns < LIFE_NS && oh_help_same_end(m, true, other, true) &&
           oh_help_same_end(m, false, other, false) && oh_help_same_request(m->sip, other->sip) &&
           oh_help_same_token(oh_help_tag(m->sip, OH_SIP_FROM),
                              oh_help_tag(other->sip, OH_SIP_FROM)) &&
           oh_help_same_token(oh_help_tag(m->sip, OH_SIP_TO), oh_help_tag(other->sip, OH_SIP_TO));
}

const struct oh_trace_msg *oh_help_sent_before(const struct oh_rule_view *v,
                                               const struct oh_trace_msg *m)
{
    if (!m->sip->is_request || oh_help_is_request(m, "ACK") || !oh_help_originates(v, m))
        return NULL;
    for (int i = m->index - 1; i >= 0 && i > m->index - OH_HELP_REACH; i--) {
        const struct oh_trace_msg *other = oh_rule_msg(v, i);
        if (m->time_ns - other->time_ns >= LIFE_NS)
            return NULL;
        bool open = other->final == OH_NONE || other->final > m->index;
        if (open && same_transaction(m, other))
            return other;
    }
    return NULL;
}

/* --- credentials --- */

static bool rejects(const struct oh_sip_msg *challenge, bool proxy, const struct oh_digest *given)
{
    enum oh_sip_header_id id = proxy ? OH_SIP_PROXY_AUTHENTICATE : OH_SIP_WWW_AUTHENTICATE;
    const struct oh_sip_header *h;
    for (size_t n = 0; (h = oh_sip_msg_header(challenge, id, n)) != NULL; n++) {
        struct oh_digest c;
        if (oh_digest_parse(h->value, &c) == 0 && oh_span_equal(c.realm, given->realm))
            return !oh_span_is_nocase(c.stale, "true") || !oh_span_equal(c.nonce, given->nonce);
    }
    return false;
}

bool oh_help_is_rejected(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                         enum oh_sip_header_id id, const struct oh_digest *credentials)
{
    const struct oh_trace_msg *refused = oh_rule_msg(v, m->retry_of);
    const struct oh_trace_msg *challenge = oh_rule_msg(v, m->challenge);
    const struct oh_sip_header *h;
    bool proxy = id == OH_SIP_PROXY_AUTHORIZATION;
    if (!refused || !challenge || !credentials->response.at ||
        !rejects(challenge->sip, proxy, credentials))
        return false;
    for (size_t n = 0; (h = oh_sip_msg_header(refused->sip, id, n)) != NULL; n++) {
        struct oh_digest d;
        if (oh_digest_parse(h->value, &d) == 0 &&
            oh_span_equal(d.response, credentials->response) &&
            oh_span_equal(d.nonce, credentials->nonce) &&
            oh_span_equal(d.realm, credentials->realm))
            return true;
    }
    return false;
}

/* --- dialogs --- */

struct oh_span oh_help_local_tag(const struct oh_help_dialog *d)
{
    return oh_help_tag(d->answer->sip, d->is_uac ? OH_SIP_FROM : OH_SIP_TO);
}

struct oh_span oh_help_remote_tag(const struct oh_help_dialog *d)
{
    return oh_help_tag(d->answer->sip, d->is_uac ? OH_SIP_TO : OH_SIP_FROM);
}

/* A response to an INVITE without To tag that creates a dialog: RFC 3261 12.1 */
static bool creates_dialog(const struct oh_rule_view *v, const struct oh_trace_msg *r,
                           struct oh_help_dialog *d)
{
    d->answer = r;
    d->invite = oh_rule_msg(v, r->request);
    return oh_help_is_first(r) && !r->sip->is_request && r->sip->status > 100 &&
           r->sip->status < 300 && d->invite && oh_help_is_request(d->invite, "INVITE") &&
           oh_help_tag(r->sip, OH_SIP_TO).at && !oh_help_tag(d->invite->sip, OH_SIP_TO).at &&
           !oh_help_is_unseen(v, r, d->invite);
}

static bool identity_fits(const struct oh_trace_msg *m, enum oh_help_by by,
                          const struct oh_help_dialog *d)
{
    struct oh_span from = oh_help_tag(m->sip, OH_SIP_FROM), to = oh_help_tag(m->sip, OH_SIP_TO);
    bool local = oh_help_same_token(from, oh_help_local_tag(d));
    bool remote = oh_help_same_token(to, oh_help_remote_tag(d));
    bool call = oh_help_same_call(m->sip, d->answer->sip);
    switch (by) {
    case OH_BY_ALL:
        return local && remote && call;
    case OH_BY_REMOTE_TAG_AND_CALL:
        return remote && call;
    case OH_BY_LOCAL_TAG_AND_CALL:
        return local && call;
    default:
        return local && remote;
    }
}

static bool sender_fits(const struct oh_trace_msg *m, struct oh_help_dialog *d)
{
    d->is_uac = oh_help_same_end(m, true, d->invite, true);
    return d->is_uac || oh_help_same_end(m, true, d->invite, false);
}

/* Without a To tag only what no other request can be: dialogs with a party of RFC 2543. */
static bool may_be_in_dialog(const struct oh_trace_msg *m)
{
    return oh_help_tag(m->sip, OH_SIP_TO).at || oh_help_is_request(m, "ACK") ||
           oh_help_is_request(m, "BYE");
}

static bool has_tags_of(const struct oh_help_dialog *a, const struct oh_help_dialog *b)
{
    return oh_help_same_token(oh_help_local_tag(a), oh_help_local_tag(b)) &&
           oh_help_same_token(oh_help_remote_tag(a), oh_help_remote_tag(b));
}

static bool find_dialog(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                        enum oh_help_by by, struct oh_help_dialog *out)
{
    bool found = false;
    for (int i = m->index - 1; i >= 0 && i > m->index - OH_HELP_REACH; i--) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        struct oh_help_dialog d;
        if (r->sip->is_request || r->sip->status >= 300 ||
            (by != OH_BY_TAGS && !oh_help_same_call(m->sip, r->sip)) || !creates_dialog(v, r, &d) ||
            !sender_fits(m, &d) || !identity_fits(m, by, &d))
            continue;
        bool earlier = found && d.invite == out->invite && has_tags_of(&d, out);
        if (!found || earlier || d.answer->sip->status >= 200)
            *out = d;
        found = true;
        if (d.answer->sip->status >= 200)
            return true; /* the 2xx counts before what came early: 13.2.2.4 */
    }
    return found;
}

bool oh_help_dialog_of(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                       enum oh_help_by by, struct oh_help_dialog *out)
{
    if (!may_be_in_dialog(m))
        return false;
    if (!v->dialogs)
        return find_dialog(v, m, by, out);
    struct oh_known_dialog *known = &v->dialogs[by];
    if (known->of != m) {
        known->of = m;
        known->is_there = find_dialog(v, m, by, &known->dialog);
    }
    *out = known->is_there ? known->dialog : *out;
    return known->is_there;
}
