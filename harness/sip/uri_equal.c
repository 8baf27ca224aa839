#include "sip/uri.h"

#include <string.h>

/* The parameters or headers of a URI; more than this many are compared byte by byte. */
enum { MAX_PAIRS = 64 };

struct pair {
    struct oh_span name, value; /* value absent where there is no '=' */
};

struct pairs {
    struct pair items[MAX_PAIRS];
    size_t count;
};

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *hit = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;
    return hit ? (int)(hit - digits) : -1;
}

/* One character off the front of `*s`; 256 and up: a reserved one in its escaped form, which is
 * another than the plain one. RFC 3261 19.1.4, RFC 2396 2.2 */
static int take_char(struct oh_span *s)
{
    unsigned char c = (unsigned char)s->at[0];
    int high = s->len >= 3 && c == '%' ? hex_digit(s->at[1]) : -1;
    int low = high >= 0 ? hex_digit(s->at[2]) : -1;
    *s = oh_span_sub(*s, low >= 0 ? 3 : 1, s->len);
    if (low < 0)
        return c;
    int code = high * 16 + low;
    bool reserved = code != 0 && strchr(";/?:@&=+$,", code) != NULL;
    return reserved ? code + 256 : code;
}

static int fold_case(int c)
{
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

static bool same_text(struct oh_span a, struct oh_span b, bool any_case)
{
    if (!a.at != !b.at)
        return false;
    while (a.len > 0 && b.len > 0) {
        int x = take_char(&a), y = take_char(&b);
        if (any_case ? fold_case(x) != fold_case(y) : x != y)
            return false;
    }
    return a.len == b.len;
}

static bool split_pairs(struct oh_span text, char separator, struct pairs *out)
{
    out->count = 0;
    while (text.len > 0) {
        size_t end = oh_span_find(text, separator);
        struct oh_span one = oh_span_sub(text, 0, end);
        size_t equals = oh_span_find(one, '=');
        if (out->count == MAX_PAIRS)
            return false;
        struct pair *pair = &out->items[out->count++];
        *pair = (struct pair){.name = oh_span_sub(one, 0, equals)};
        if (equals < one.len)
            pair->value = oh_span_sub(one, equals + 1, one.len);
        text = oh_span_sub(text, end + 1, text.len);
    }
    return true;
}

static const struct pair *find_pair(const struct pairs *in, struct oh_span name)
{
    for (size_t i = 0; i < in->count; i++) {
        if (same_text(in->items[i].name, name, true))
            return &in->items[i];
    }
    return NULL;
}

/* RFC 3261 19.1.4: parameters that never match when only one URI has them. */
static bool must_be_in_both(struct oh_span name)
{
    static const char *const names[] = {"user", "ttl", "method", "maddr", "transport"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (same_text(name, oh_span_of(names[i]), true))
            return true;
    }
    return false;
}

static bool same_sip_param(const struct pair *a, const struct pair *b)
{
    if (!b)
        return !must_be_in_both(a->name);
    bool method = same_text(a->name, oh_span_of("method"), true); /* 7.1: case-sensitive */
    return same_text(a->value, b->value, !method);
}

static bool same_sip_params(const struct pairs *a, const struct pairs *b)
{
    for (size_t i = 0; i < a->count; i++) {
        if (!same_sip_param(&a->items[i], find_pair(b, a->items[i].name)))
            return false;
    }
    return true;
}

static size_t count_equal(const struct pairs *in, const struct pair *wanted)
{
    size_t n = 0;
    for (size_t i = 0; i < in->count; i++) {
        if (same_text(in->items[i].name, wanted->name, true) &&
            same_text(in->items[i].value, wanted->value, true))
            n++;
    }
    return n;
}

/* Each is in both, as often. */
static bool same_pairs(const struct pairs *a, const struct pairs *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (count_equal(a, &a->items[i]) != count_equal(b, &a->items[i]))
            return false;
    }
    return true;
}

static bool same_params(const struct oh_sip_uri *a, const struct oh_sip_uri *b, bool tel,
                        bool *countable)
{
    struct pairs x, y;
    *countable = split_pairs(a->params, ';', &x) && split_pairs(b->params, ';', &y);
    if (!*countable)
        return false;
    return tel ? same_pairs(&x, &y) : same_sip_params(&x, &y) && same_sip_params(&y, &x);
}

static bool same_headers(const struct oh_sip_uri *a, const struct oh_sip_uri *b, bool *countable)
{
    struct pairs x, y;
    *countable = split_pairs(a->headers, '&', &x) && split_pairs(b->headers, '&', &y);
    return *countable && same_pairs(&x, &y);
}

static bool is_separator(char c)
{
    return c == '-' || c == '.' || c == '(' || c == ')';
}

/* RFC 3966 4: without visual separators, without regard to case; the '+' of a global number counts.
 */
static bool same_number(struct oh_span a, struct oh_span b)
{
    for (;;) {
        while (a.len > 0 && is_separator(a.at[0]))
            a = oh_span_sub(a, 1, a.len);
        while (b.len > 0 && is_separator(b.at[0]))
            b = oh_span_sub(b, 1, b.len);
        if (a.len == 0 || b.len == 0)
            return a.len == b.len;
        if (fold_case(take_char(&a)) != fold_case(take_char(&b)))
            return false;
    }
}

static bool same_address(const struct oh_sip_uri *a, const struct oh_sip_uri *b)
{
    return same_text(a->user, b->user, false) && same_text(a->password, b->password, false) &&
           oh_span_equal_nocase(a->host, b->host) && !a->port_text.at == !b->port_text.at &&
           a->port == b->port;
}

bool oh_sip_uri_equal(struct oh_span a, struct oh_span b)
{
    struct oh_sip_uri x, y;
    bool countable;
    if (oh_sip_uri_parse(a, &x) < 0 || oh_sip_uri_parse(b, &y) < 0)
        return oh_span_equal(a, b);
    if (!oh_span_equal_nocase(x.scheme, y.scheme))
        return false;
    bool tel = oh_span_is_nocase(x.scheme, "tel");
    if (tel ? !same_number(x.user, y.user) : !same_address(&x, &y))
        return false;
    bool params = same_params(&x, &y, tel, &countable);
    if (!countable)
        return oh_span_equal(a, b);
    bool headers = same_headers(&x, &y, &countable);
    return countable ? params && headers : oh_span_equal(a, b);
}
