#include "base/span.h"

#include "base/text.h"

#include <string.h>
#include <strings.h>

struct oh_span oh_span_of(const char *text)
{
    return (struct oh_span){text, text ? strlen(text) : 0};
}

struct oh_span oh_span_sub(struct oh_span s, size_t from, size_t len)
{
    if (!s.at)
        return s;
    if (from > s.len)
        from = s.len;
    if (len > s.len - from)
        len = s.len - from;
    return (struct oh_span){s.at + from, len};
}

static bool is_lws(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct oh_span oh_span_trim(struct oh_span s)
{
    while (s.len > 0 && is_lws(s.at[s.len - 1]))
        s.len--;
    while (s.len > 0 && is_lws(s.at[0])) {
        s.at++;
        s.len--;
    }
    return s;
}

static bool same_presence(struct oh_span a, struct oh_span b)
{
    return a.len == b.len && !a.at == !b.at;
}

bool oh_span_equal(struct oh_span a, struct oh_span b)
{
    return same_presence(a, b) && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static unsigned char lower(char c)
{
    unsigned char u = (unsigned char)c;
    return u >= 'A' && u <= 'Z' ? (unsigned char)(u + 32) : u;
}

bool oh_span_equal_nocase(struct oh_span a, struct oh_span b)
{
    if (!same_presence(a, b))
        return false;
    if (a.len == 0 || memcmp(a.at, b.at, a.len) == 0) /* as nearly always */
        return true;
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.at[i]) != lower(b.at[i]))
            return false;
    }
    return true;
}

bool oh_span_is(struct oh_span s, const char *text)
{
    return oh_span_equal(s, oh_span_of(text));
}

bool oh_span_is_nocase(struct oh_span s, const char *text)
{
    return oh_span_equal_nocase(s, oh_span_of(text));
}

bool oh_span_starts_with(struct oh_span s, const char *prefix)
{
    size_t len = strlen(prefix);
    return s.at && s.len >= len && memcmp(s.at, prefix, len) == 0;
}

size_t oh_span_find(struct oh_span s, char c)
{
    const char *hit = s.len > 0 ? memchr(s.at, c, s.len) : NULL;
    return hit ? (size_t)(hit - s.at) : s.len;
}

size_t oh_span_search(struct oh_span s, struct oh_span needle)
{
    if (needle.len == 0)
        return 0;
    const char *hit = s.len >= needle.len ? memmem(s.at, s.len, needle.at, needle.len) : NULL;
    return hit ? (size_t)(hit - s.at) : s.len;
}

bool oh_span_to_u64(struct oh_span s, uint64_t *value)
{
    uint64_t sum = 0;
    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] < '0' || s.at[i] > '9')
            return false;
        uint64_t digit = (uint64_t)(s.at[i] - '0');
        if (sum > (UINT64_MAX - digit) / 10)
            return false;
        sum = sum * 10 + digit;
    }
    *value = sum;
    return true;
}

char *oh_span_dup(struct oh_span s)
{
    char *copy = oh_alloc(s.len + 1);
    if (s.len > 0)
        memcpy(copy, s.at, s.len);
    return copy;
}
