#include "sip/uri.h"

#include "base/addr.h"

#include <string.h>

/* RFC 3261 25.1: alphanum and "-.!%*_+`'~" */
static const bool token_chars[256] = {
    ['0'] = true, ['1'] = true, ['2'] = true, ['3'] = true, ['4'] = true,  ['5'] = true,
    ['6'] = true, ['7'] = true, ['8'] = true, ['9'] = true, ['A'] = true,  ['B'] = true,
    ['C'] = true, ['D'] = true, ['E'] = true, ['F'] = true, ['G'] = true,  ['H'] = true,
    ['I'] = true, ['J'] = true, ['K'] = true, ['L'] = true, ['M'] = true,  ['N'] = true,
    ['O'] = true, ['P'] = true, ['Q'] = true, ['R'] = true, ['S'] = true,  ['T'] = true,
    ['U'] = true, ['V'] = true, ['W'] = true, ['X'] = true, ['Y'] = true,  ['Z'] = true,
    ['a'] = true, ['b'] = true, ['c'] = true, ['d'] = true, ['e'] = true,  ['f'] = true,
    ['g'] = true, ['h'] = true, ['i'] = true, ['j'] = true, ['k'] = true,  ['l'] = true,
    ['m'] = true, ['n'] = true, ['o'] = true, ['p'] = true, ['q'] = true,  ['r'] = true,
    ['s'] = true, ['t'] = true, ['u'] = true, ['v'] = true, ['w'] = true,  ['x'] = true,
    ['y'] = true, ['z'] = true, ['-'] = true, ['.'] = true, ['!'] = true,  ['%'] = true,
    ['*'] = true, ['_'] = true, ['+'] = true, ['`'] = true, ['\''] = true, ['~'] = true,
};

size_t oh_sip_token_len(struct oh_span s)
{
    size_t i = 0;
    while (i < s.len && token_chars[(unsigned char)s.at[i]])
        i++;
    return i;
}

bool oh_sip_is_token(struct oh_span s)
{
    return s.len > 0 && oh_sip_token_len(s) == s.len;
}

static const bool breaks[256] = {
    [0x00] = true, [0x01] = true, [0x02] = true, [0x03] = true, [0x04] = true, [0x05] = true,
    [0x06] = true, [0x07] = true, [0x08] = true, [0x09] = true, [0x0a] = true, [0x0b] = true,
    [0x0c] = true, [0x0d] = true, [0x0e] = true, [0x0f] = true, [0x10] = true, [0x11] = true,
    [0x12] = true, [0x13] = true, [0x14] = true, [0x15] = true, [0x16] = true, [0x17] = true,
    [0x18] = true, [0x19] = true, [0x1a] = true, [0x1b] = true, [0x1c] = true, [0x1d] = true,
    [0x1e] = true, [0x1f] = true, [0x20] = true, [0x7f] = true, ['<'] = true,  ['>'] = true,
    ['"'] = true};

/* No byte that ends a URI wherever it stands: white space, controls, the brackets and quotes around
 * it. */
static bool is_unbroken(struct oh_span s)
{
    size_t i = 0;
    while (i < s.len && !breaks[(unsigned char)s.at[i]])
        i++;
    return i == s.len;
}

static bool is_host_name(struct oh_span s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        bool alnum = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        if (!alnum && c != '-' && c != '.' && c != '_' && c < 0x80)
            return false;
    }
    return s.len > 0;
}

/* "[2001:db8:::192.0.2.1]", which the grammar of RFC 3261 makes of an IPv6 address that ends in an
 * IPv4 one, with the third colon taken away. RFC 5118 4.10 */
static struct oh_span without_third_colon(struct oh_span s, char out[OH_ADDR_TEXT])
{
    size_t at = oh_span_search(s, oh_span_of(":::"));
    struct oh_span behind = oh_span_sub(s, at + 3, s.len);
    if (s.len >= OH_ADDR_TEXT || oh_span_find(behind, '.') == behind.len ||
        oh_span_find(behind, ':') < behind.len)
        return s;
    memcpy(out, s.at, at + 2);
    memcpy(out + at + 2, behind.at, behind.len);
    return (struct oh_span){out, s.len - 1};
}

bool oh_sip_is_ipv6_reference(struct oh_span s)
{
    char plain[OH_ADDR_TEXT];
    struct oh_addr a;
    return s.len > 2 && s.at[0] == '[' && s.at[s.len - 1] == ']' &&
           oh_addr_parse(without_third_colon(s, plain), &a, NULL) == 0 &&
           a.family == OH_FAMILY_IPV6;
}

/* Cuts all behind the first `c` off `*s` and returns it; absent where there is no `c`. */
static struct oh_span cut_behind(struct oh_span *s, char c)
{
    size_t at = oh_span_find(*s, c);
    if (at == s->len)
        return (struct oh_span){0};
    struct oh_span behind = oh_span_sub(*s, at + 1, s->len);
    s->len = at;
    return behind;
}

static int parse_host_port(struct oh_span text, struct oh_sip_uri *out)
{
    bool bracketed = oh_span_starts_with(text, "[");
    size_t host_len = bracketed ? oh_span_find(text, ']') + 1 : oh_span_find(text, ':');
    out->host = oh_span_sub(text, 0, host_len);
    if (bracketed ? !oh_sip_is_ipv6_reference(out->host) : !is_host_name(out->host))
        return -1;
    struct oh_span rest = oh_span_sub(text, out->host.len, text.len);
    if (rest.len == 0)
        return 0;
    uint64_t port;
    out->port_text = oh_span_sub(rest, 1, rest.len);
    if (rest.at[0] != ':' || !oh_span_to_u64(out->port_text, &port) || port > UINT16_MAX)
        return -1;
    out->port = (unsigned)port;
    return 0;
}

/* [user [":" password] "@"] host [":" port] *(";" param) ["?" headers]. RFC 3261 19.1.1 */
static int parse_sip(struct oh_span rest, struct oh_sip_uri *out)
{
    size_t at = oh_span_find(rest, '@'); /* before it, ';' and '?' belong to the user */
    if (at < rest.len) {
        out->user = oh_span_sub(rest, 0, at);
        out->password = cut_behind(&out->user, ':');
        if (out->user.len == 0)
            return -1;
        rest = oh_span_sub(rest, at + 1, rest.len);
    }
    if (oh_span_find(rest, '@') < rest.len)
        return -1;
    out->headers = cut_behind(&rest, '?');
    out->params = cut_behind(&rest, ';');
    return parse_host_port(rest, out);
}

static int parse_tel(struct oh_span rest, struct oh_sip_uri *out)
{
    out->params = cut_behind(&rest, ';');
    out->user = rest;
    return rest.len > 0 ? 0 : -1;
}

int oh_sip_uri_parse(struct oh_span text, struct oh_sip_uri *out)
{
    static const struct {
        const char *scheme;
        int (*parse)(struct oh_span, struct oh_sip_uri *);
    } schemes[] = {{"sip", parse_sip}, {"sips", parse_sip}, {"tel", parse_tel}};
    *out = (struct oh_sip_uri){0};
    size_t colon = oh_span_find(text, ':');
    if (colon == text.len || !is_unbroken(text))
        return -1;
    out->scheme = oh_span_sub(text, 0, colon);
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (oh_span_is_nocase(out->scheme, schemes[i].scheme))
            return schemes[i].parse(oh_span_sub(text, colon + 1, text.len), out);
    }
    return -1;
}

struct oh_span oh_sip_uri_param(const struct oh_sip_uri *u, const char *name, bool *has)
{
    struct oh_span value = oh_sip_param(u->params, name);
    if (has)
        *has = value.at != NULL;
    return value;
}

/* Index behind the quoted string that starts at `from`; s.len where it does not end. */
static size_t skip_quoted(struct oh_span s, size_t from)
{
    for (size_t i = from + 1; i < s.len; i++) {
        if (s.at[i] == '\\')
            i++;
        else if (s.at[i] == '"')
            return i + 1;
    }
    return s.len;
}

/* Index of the first `c` outside quotes, or s.len. */
static size_t find_unquoted(struct oh_span s, char c)
{
    size_t hit = oh_span_find(s, c), i = oh_span_find(oh_span_sub(s, 0, hit), '"');
    while (i < s.len && s.at[i] != c)
        i = s.at[i] == '"' ? skip_quoted(s, i) : i + 1;
    return i;
}

/* May a parameter that begins so be of this name? Most are not, by their first letter. */
static bool may_be_named(struct oh_span one, struct oh_span name)
{
    unsigned char first = one.len > 0 ? (unsigned char)one.at[0] : 0;
    return first <= ' ' || name.len == 0 || ((first ^ (unsigned char)name.at[0]) & ~0x20) == 0;
}

/* The first parameter of `*rest`, which is moved behind it. */
static struct oh_span take_param(struct oh_span *rest, char separator, bool quotes)
{
    size_t end = quotes ? find_unquoted(*rest, separator) : oh_span_find(*rest, separator);
    struct oh_span one = oh_span_sub(*rest, 0, end);
    *rest = oh_span_sub(*rest, end + 1, rest->len);
    return one;
}

/* Its value, where it has this name; else absent. */
static struct oh_span value_if(struct oh_span one, struct oh_span name)
{
    if (!may_be_named(one, name))
        return (struct oh_span){0};
    if (one.len > name.len && one.at[name.len] == '=' && memcmp(one.at, name.at, name.len) == 0)
        return oh_span_trim(oh_span_sub(one, name.len + 1, one.len));
    size_t equals = oh_span_find(one, '=');
    if (!oh_span_equal_nocase(oh_span_trim(oh_span_sub(one, 0, equals)), name))
        return (struct oh_span){0};
    return oh_span_trim(oh_span_sub(one, equals + 1, one.len));
}

struct oh_span oh_sip_param_named(struct oh_span params, char separator, struct oh_span name)
{
    bool quotes = oh_span_find(params, '"') < params.len;
    while (params.len > 0) {
        struct oh_span value = value_if(take_param(&params, separator, quotes), name);
        if (value.at)
            return value;
    }
    return (struct oh_span){0};
}

void oh_sip_params(struct oh_span params, const struct oh_span *names, size_t count,
                   struct oh_span *values)
{
    bool quotes = oh_span_find(params, '"') < params.len;
    for (size_t i = 0; i < count; i++)
        values[i] = (struct oh_span){0};
    while (params.len > 0) {
        struct oh_span one = take_param(&params, ';', quotes);
        for (size_t i = 0; i < count; i++) {
            if (!values[i].at)
                values[i] = value_if(one, names[i]);
        }
    }
}

struct oh_span oh_sip_param(struct oh_span params, const char *name)
{
    return oh_sip_param_named(params, ';', oh_span_of(name));
}

/* name-addr: [display-name] "<" addr-spec ">". RFC 3261 25.1 */
static int parse_bracketed(struct oh_span value, size_t open, struct oh_sip_name_addr *out,
                           struct oh_span *rest)
{
    struct oh_span display = oh_span_trim(oh_span_sub(value, 0, open));
    struct oh_span inner = oh_span_sub(value, open + 1, value.len);
    size_t close = oh_span_find(inner, '>');
    if (close == inner.len)
        return -1;
    out->bracketed = true;
    if (display.len > 0)
        out->display = display;
    out->uri = oh_span_trim(oh_span_sub(inner, 0, close));
    *rest = oh_span_trim(oh_span_sub(inner, close + 1, inner.len));
    return 0;
}

int oh_sip_name_addr_parse(struct oh_span value, struct oh_sip_name_addr *out)
{
    *out = (struct oh_sip_name_addr){0};
    value = oh_span_trim(value);
    struct oh_span rest;
    size_t open = oh_span_starts_with(value, "<") ? 0 : find_unquoted(value, '<');
    if (open < value.len) {
        if (parse_bracketed(value, open, out, &rest) < 0)
            return -1;
    } else { /* RFC 3261 20.10: without brackets all parameters are the header's */
        size_t semicolon = oh_span_find(value, ';');
        out->uri = oh_span_trim(oh_span_sub(value, 0, semicolon));
        rest = oh_span_sub(value, semicolon, value.len);
    }
    size_t colon = oh_span_find(out->uri, ':');
    bool uri = is_unbroken(out->uri) && oh_sip_is_token(oh_span_sub(out->uri, 0, colon));
    if (!uri || colon + 1 >= out->uri.len)
        return -1;
    if (rest.len == 0)
        return 0;
    out->params = oh_span_trim(oh_span_sub(rest, 1, rest.len));
    return rest.at[0] == ';' ? 0 : -1;
}

int oh_sip_cseq_parse(struct oh_span value, struct oh_sip_cseq *out)
{
    *out = (struct oh_sip_cseq){0};
    value = oh_span_trim(value);
    size_t digits = 0;
    while (digits < value.len && value.at[digits] >= '0' && value.at[digits] <= '9')
        digits++;
    out->number_text = oh_span_sub(value, 0, digits);
    struct oh_span rest = oh_span_sub(value, digits, value.len);
    out->method = oh_span_trim(rest);
    if (digits > 0 && !oh_span_to_u64(out->number_text, &out->number))
        out->number = UINT64_MAX;
    bool apart = out->method.len < rest.len;
    return digits > 0 && apart && oh_sip_is_token(out->method) ? 0 : -1;
}
