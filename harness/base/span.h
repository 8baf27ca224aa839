/*
 * base/span.h - a borrowed run of bytes.
 *
 * Wire data is (pointer, length): it never ends in NUL by promise and may hold NULs. A span owns
 * nothing; it lives as long as the bytes it points into. An absent thing is the span {NULL, 0}; an
 * empty one has a non-NULL `at`.
 *
 * What parsers and rules ask hundreds of times of each message stands here, for the compiler to see
 * through: a comparison with a literal costs no call.
 *
 * Uses: nothing.
 */
#ifndef OH_BASE_SPAN_H
#define OH_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* An index that is none: of a step, a message, an entry. */
#define OH_NONE (-1)

struct oh_span {
    const char *at;
    size_t len;
};

/* For printf's "%.*s". Cuts at INT_MAX, which no message of ours reaches. */
#define OH_SPAN_FMT(s) (int)(s).len, (s).at ? (s).at : ""

/* The bytes of a C string, without its NUL. NULL gives the absent span. */
static inline struct oh_span oh_span_of(const char *text)
{
    return (struct oh_span){text, text ? strlen(text) : 0};
}

/* Bytes [from, from + len) of `s`, cut to what `s` has. */
static inline struct oh_span oh_span_sub(struct oh_span s, size_t from, size_t len)
{
    if (!s.at)
        return s;
    if (from > s.len)
        from = s.len;
    if (len > s.len - from)
        len = s.len - from;
    return (struct oh_span){s.at + from, len};
}

/* Without spaces, tabs, CRs and LFs at both ends (SIP's LWS, folds included). */
static inline struct oh_span oh_span_trim(struct oh_span s)
{
#define OH_SPAN_IS_LWS(c) ((c) == ' ' || (c) == '\t' || (c) == '\r' || (c) == '\n')
    while (s.len > 0 && OH_SPAN_IS_LWS(s.at[s.len - 1]))
        s.len--;
    while (s.len > 0 && OH_SPAN_IS_LWS(s.at[0])) {
        s.at++;
        s.len--;
    }
#undef OH_SPAN_IS_LWS
    return s;
}

/* Byte-exact and ASCII-case-blind equality. Two absent spans are equal; absent and empty are not.
 */
static inline bool oh_span_equal(struct oh_span a, struct oh_span b)
{
    return a.len == b.len && !a.at == !b.at && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}
bool oh_span_same_letters(const char *a, const char *b, size_t len); /* but for their case */
static inline bool oh_span_equal_nocase(struct oh_span a, struct oh_span b)
{
    return a.len == b.len && !a.at == !b.at &&
           (a.len == 0 || memcmp(a.at, b.at, a.len) == 0 || /* as nearly always */
            oh_span_same_letters(a.at, b.at, a.len));
}

/* The same against a C string. */
static inline bool oh_span_is(struct oh_span s, const char *text)
{
    return oh_span_equal(s, oh_span_of(text));
}
static inline bool oh_span_is_nocase(struct oh_span s, const char *text)
{
    struct oh_span other = oh_span_of(text);
    return s.len == other.len && oh_span_equal_nocase(s, other);
}

static inline bool oh_span_starts_with(struct oh_span s, const char *prefix)
{
    size_t len = strlen(prefix);
    return s.at && s.len >= len && memcmp(s.at, prefix, len) == 0;
}

/* Nothing but the characters of ASCII from space to tilde: looked at eight at a time, to leave the
 * closer look to what needs one. */
bool oh_span_is_printable(struct oh_span s);

/* Is there a character that stands in no line of text: below a space but tab, CR and LF, or DEL? */
bool oh_span_has_control(struct oh_span s);

/* Index of the first `c`, or s.len where there is none. */
static inline size_t oh_span_find(struct oh_span s, char c)
{
    const char *hit = s.len > 0 ? (const char *)memchr(s.at, c, s.len) : NULL;
    return hit ? (size_t)(hit - s.at) : s.len;
}

/* Index of the first occurrence of `needle`, or s.len where there is none. An empty needle is found
 * at 0. */
size_t oh_span_search(struct oh_span s, struct oh_span needle);

/* All of `s` as decimal digits. Returns false for an empty span, another character or overflow. */
bool oh_span_to_u64(struct oh_span s, uint64_t *value);

/* A NUL-ended copy; the caller frees it with free(). NULs inside are kept (the length is lost). */
char *oh_span_dup(struct oh_span s);

#endif
