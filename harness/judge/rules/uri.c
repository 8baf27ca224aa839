/* SIP and SIPS URIs held against their grammar, and what does not belong where they stand.
 * RFC 3261 19.1.1, 19.1.2, 25.1
 *
 * Only where the sender wrote the URI itself: requests in a dialog go to what the other side gave,
 * as do those to a Contact of a redirection. */
#include "judge/rule_help.h"

#include <string.h>

/* A URI taken apart without regard to what may stand in its parts. */
struct pieces {
    struct oh_span user, password, host, port, params, headers; /* absent: not there */
};

static struct oh_span cut(struct oh_span *s, char c)
{
    size_t at = oh_span_find(*s, c);
    struct oh_span behind = {0};
    if (at < s->len) {
        behind = oh_span_sub(*s, at + 1, s->len);
        s->len = at;
    }
    return behind;
}

/* Neither parameters nor headers may hold an @, so the last one ends the user's part. */
static void split(struct oh_span uri, struct pieces *out)
{
    struct oh_span rest = uri;
    *out = (struct pieces){0};
    rest = cut(&rest, ':');
    for (size_t i = rest.len; i > 0; i--) {
        if (rest.at[i - 1] != '@')
            continue;
        out->user = oh_span_sub(rest, 0, i - 1);
        out->password = cut(&out->user, ':');
        rest = oh_span_sub(rest, i, rest.len);
        break;
    }
    out->headers = cut(&rest, '?');
    out->params = cut(&rest, ';');
    size_t bracket = rest.len > 0 && rest.at[0] == '[' ? oh_span_find(rest, ']') : 0;
    struct oh_span tail = oh_span_sub(rest, bracket, rest.len);
    out->port = cut(&tail, ':');
    out->host = oh_span_sub(rest, 0, bracket + tail.len);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
    return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* --- characters --- */

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
}

/* The first place that is neither unreserved, escaped, nor one of `more`; its length: none. */
static size_t odd_character(struct oh_span s, const char *more)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] == '%') {
            if (i + 2 >= s.len || !is_hex(s.at[i + 1]) || !is_hex(s.at[i + 2]))
                return i;
            i += 2;
        } else if (s.at[i] == '\0' || (!is_alnum(s.at[i]) && !strchr("-_.!~*'()", s.at[i]) &&
                                       !strchr(more, s.at[i]))) {
            return i;
        }
    }
    return s.len;
}

/* What must be escaped and is not; absent: nothing. RFC 3261 25.1: user-unreserved and so on, with
 * what separates the parts */
static struct oh_span unescaped(struct oh_span uri)
{
    struct pieces p;
    split(uri, &p);
    const struct {
        struct oh_span part;
        const char *more;
    } parts[] = {{p.user, "&=+$,;?/"},
                 {p.password, "&=+$,"},
                 {p.params, "[]/:&+$=;"},
                 {p.headers, "[]/?:+$=&"}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        size_t at = odd_character(parts[i].part, parts[i].more);
        if (at < parts[i].part.len)
            return oh_span_sub(parts[i].part, at, parts[i].part.at[at] == '%' ? 3 : 1);
    }
    return (struct oh_span){0};
}

/* --- shape --- */

static bool is_ipv4(struct oh_span s)
{
    size_t dots = 0, digits = 0;
    for (size_t i = 0; i < s.len; i++) {
        bool ends = s.at[i] == '.' && digits > 0 && dots < 3;
        if (!ends && (!is_digit(s.at[i]) || digits == 3))
            return false;
        dots += ends;
        digits = ends ? 0 : digits + 1;
    }
    return dots == 3 && digits > 0;
}

/* A label of letters, digits and hyphens, the hyphens inside. */
static bool is_label(struct oh_span s)
{
    if (s.len == 0 || !is_alnum(s.at[0]) || !is_alnum(s.at[s.len - 1]))
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (!is_alnum(s.at[i]) && s.at[i] != '-')
            return false;
    }
    return true;
}

/* *( domainlabel "." ) toplabel [ "." ]; the last label begins with a letter */
static bool is_host_name(struct oh_span s)
{
    if (s.len > 0 && s.at[s.len - 1] == '.')
        s.len--;
    while (s.at) {
        struct oh_span rest = cut(&s, '.');
        if (!is_label(s) || (!rest.at && is_digit(s.at[0])))
            return false;
        s = rest;
    }
    return true;
}

static bool is_host(struct oh_span s)
{
    if (s.len > 0 && s.at[0] == '[')
        return oh_sip_is_ipv6_reference(s);
    return is_ipv4(s) || (s.len > 0 && is_host_name(s));
}

static bool is_port(struct oh_span s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!is_digit(s.at[i]))
            return false;
    }
    return s.len > 0;
}

/* Each parameter has a name, a value where there is a "=", and stands once. */
static struct oh_span odd_parameter(struct oh_span params)
{
    struct oh_span rest = params, one;
    while (rest.at) {
        struct oh_span more = cut(&rest, ';'), name = rest;
        struct oh_span value = cut(&name, '=');
        one = rest;
        if (name.len == 0 || (value.at && value.len == 0))
            return more.at ? oh_span_sub(one, 0, one.len + 1) : one;
        for (struct oh_span later = more; later.at;) {
            struct oh_span next = cut(&later, ';'), other = later;
            (void)cut(&other, '=');
            if (oh_span_equal_nocase(name, other))
                return later;
            later = next;
        }
        rest = more;
    }
    return (struct oh_span){0};
}

/* header = hname "=" hvalue */
static struct oh_span odd_header(struct oh_span headers)
{
    while (headers.at) {
        struct oh_span more = cut(&headers, '&'), name = headers;
        if (!cut(&name, '=').at || name.len == 0)
            return headers;
        headers = more;
    }
    return (struct oh_span){0};
}

/* "sip:user@host:port" of plain characters and without more, as most are: all is well with it. */
static bool is_plain(struct oh_span uri)
{
    if (!oh_span_starts_with(uri, "sip:"))
        return false;
    struct oh_span rest = oh_span_sub(uri, 4, uri.len);
    struct oh_span word = oh_span_sub(rest, 0, oh_sip_token_len(rest));
    if (word.len > 0 && word.len < rest.len && rest.at[word.len] == '@') {
        if (oh_span_find(word, '%') < word.len || oh_span_find(word, '`') < word.len)
            return false;
        rest = oh_span_sub(rest, word.len + 1, rest.len);
        word = oh_span_sub(rest, 0, oh_sip_token_len(rest));
    }
    bool has_port = word.len < rest.len && rest.at[word.len] == ':';
    return is_host(word) &&
           (has_port ? is_port(oh_span_sub(rest, word.len + 1, rest.len)) : word.len == rest.len);
}

/* What is not as the grammar has it; absent: nothing. An empty part is shown by the whole. */
static struct oh_span misshapen(struct oh_span uri, const char **wanted)
{
    struct pieces p;
    split(uri, &p);
    *wanted = "a user before the @, or no @";
    if (p.user.at && p.user.len == 0)
        return uri;
    *wanted = "a host name, an IPv4 address, or an IPv6 address in brackets";
    if (!is_host(p.host))
        return p.host.len > 0 ? p.host : uri;
    *wanted = "a port number behind the colon";
    if (p.port.at && !is_port(p.port))
        return p.port.len > 0 ? p.port : uri;
    *wanted = "parameters with a name, each once";
    struct oh_span odd = odd_parameter(p.params);
    if (odd.at)
        return odd.len > 0 ? odd : uri;
    *wanted = "headers as name=value";
    odd = odd_header(p.headers);
    return odd.at && odd.len == 0 ? uri : odd;
}

/* --- where URIs stand --- */

/* Did the other side send this URI before? Then it is not the sender's own writing. */
static bool was_given(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                      struct oh_span uri)
{
    for (int i = m->index - 1; i >= 0 && i > m->index - OH_HELP_REACH; i--) {
        const struct oh_trace_msg *other = oh_rule_msg(v, i);
        if (!oh_help_same_end(m, true, other, true) &&
            oh_span_search(other->sip->bytes, uri) < other->sip->bytes.len)
            return true;
    }
    return false;
}

typedef struct oh_span odd_fn(struct oh_span uri, const char **wanted);

static bool is_sip(struct oh_span uri)
{
    return oh_help_is_scheme(uri, "sip") || oh_help_is_scheme(uri, "sips");
}

/* One URI with something odd, which the sender wrote. */
static bool is_odd(const struct oh_rule_view *v, const struct oh_trace_msg *m, struct oh_span uri,
                   odd_fn *fn, const char **wanted, struct oh_span *odd)
{
    if (!uri.at || is_plain(uri) || !is_sip(uri))
        return false;
    *odd = fn(uri, wanted);
    return odd->at && oh_help_originates(v, m) && !was_given(v, m, uri);
}

static bool has_bad_start_line(const struct oh_sip_msg *m)
{
    for (size_t i = 0; i < m->defect_count; i++) {
        if (m->defects[i].kind == OH_SIP_DEFECT_START_LINE)
            return true;
    }
    return false;
}

/* The URI of the n-th value; absent where it cannot be read. */
static struct oh_span uri_in(const struct oh_sip_msg *m, enum oh_sip_header_id id, size_t n,
                             struct oh_span value)
{
    struct oh_sip_name_addr a;
    bool is_known = n == 0 && (id == OH_SIP_FROM || id == OH_SIP_TO || id == OH_SIP_CONTACT);
    if (is_known)
        return oh_help_uri(m, id);
    return oh_sip_name_addr_parse(value, &a) == 0 ? a.uri : (struct oh_span){0};
}

static bool find_odd(const struct oh_rule_view *v, const struct oh_trace_msg *m, odd_fn *fn,
                     const char **field, const char **wanted, struct oh_span *odd)
{
    static const struct {
        enum oh_sip_header_id id;
        const char *field;
        bool in_requests; /* else anywhere */
    } places[] = {{OH_SIP_FROM, "from.uri", true},
                  {OH_SIP_TO, "to.uri", true},
                  {OH_SIP_CONTACT, "contact.uri", false},
                  {OH_SIP_REFER_TO, "refer-to.uri", true},
                  {OH_SIP_ROUTE, "route.uri", true}};
    struct oh_span value;
    bool outside = m->sip->is_request && !oh_help_tag(m->sip, OH_SIP_TO).at;
    *field = "request-uri";
    if (outside && !has_bad_start_line(m->sip) &&
        is_odd(v, m, m->sip->request_uri, fn, wanted, odd))
        return true;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        *field = places[i].field;
        if (places[i].in_requests && !outside)
            continue;
        for (size_t n = 0; (value = oh_sip_msg_value(m->sip, places[i].id, n)).at; n++) {
            if (is_odd(v, m, uri_in(m->sip, places[i].id, n, value), fn, wanted, odd))
                return true;
        }
    }
    return false;
}

static void check_form(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const char *field, *wanted;
    struct oh_span odd;
    if (find_odd(v, m, misshapen, &field, &wanted, &odd))
        oh_say_broken(v, m,
                      &(struct oh_say){.field = field,
                                       .expected = oh_span_of(wanted),
                                       .observed = odd,
                                       .text = "A SIP URI must be sip:user@host:port;parameters"
                                               "?headers, with what is left out left out whole."});
}

static struct oh_span wrong_character(struct oh_span uri, const char **wanted)
{
    *wanted = "% and two hexadecimal digits";
    return unescaped(uri);
}

static void check_escape(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const char *field, *wanted;
    struct oh_span odd;
    if (find_odd(v, m, wrong_character, &field, &wanted, &odd))
        oh_say_broken(v, m,
                      &(struct oh_say){.field = field,
                                       .expected = oh_span_of(wanted),
                                       .observed = odd,
                                       .text = "A character that may not stand in this part of a "
                                               "URI must be escaped by % and its two hexadecimal "
                                               "digits."});
}

/* --- what does not belong into a Request-URI --- */

static struct oh_span foreign_part(struct oh_span uri)
{
    struct pieces p;
    split(uri, &p);
    if (p.headers.at)
        return p.headers.len > 0 ? p.headers : uri;
    while (p.params.at) {
        struct oh_span more = cut(&p.params, ';'), name = p.params;
        (void)cut(&name, '=');
        if (oh_span_is_nocase(name, "method"))
            return p.params;
        p.params = more;
    }
    return (struct oh_span){0};
}

/* RFC 3261 19.1.1, table 1. A strict router's own URI is copied from the route set (12.2.1.1), and
 * CANCEL and ACK copy their INVITE's. */
static void check_request_uri(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_span uri = m->sip->request_uri;
    struct oh_span odd = !is_plain(uri) && is_sip(uri) ? foreign_part(uri) : (struct oh_span){0};
    if (!odd.at || has_bad_start_line(m->sip) || oh_help_is_copy(v, m) ||
        !oh_help_originates(v, m) || was_given(v, m, uri))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "request-uri",
                                   .expected = oh_span_of("neither headers nor a method"),
                                   .observed = odd,
                                   .text = "A Request-URI must have neither a headers part nor a "
                                           "method parameter: put the headers into the request "
                                           "and leave both out."});
}

#define URI(id, clause, on, meaning, covers, check)                                                \
    {                                                                                              \
        id, OH_LEVEL_MUST, clause, on, NULL, meaning, covers, check                                \
    }

static const struct oh_rule rules[] = {
    URI("uri.form", "RFC 3261 19.1.1", OH_ON_ANY, "A SIP or SIPS URI is as the grammar has it.",
        "lint.uri.grammar", check_form),
    URI("uri.escape", "RFC 3261 19.1.2", OH_ON_ANY,
        "What may not stand in a part of a URI is escaped.", "lint.uri.escape", check_escape),
    URI("uri.request", "RFC 3261 19.1.1", OH_ON_REQUEST,
        "A Request-URI has no headers part and no method parameter.", "lint.uri.ruri-no-headers",
        check_request_uri),
};

const struct oh_rule_family oh_rules_uri = {"uri", rules, sizeof rules / sizeof *rules};
