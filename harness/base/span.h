/*
 * base/span.h - a borrowed run of bytes.
 *
 * Wire data is (pointer, length): it never ends in NUL by promise and may hold NULs. A span owns
 * nothing; it lives as long as the bytes it points into. An absent thing is the span {NULL, 0}; an
 * empty one has a non-NULL `at`.
 *
 * Uses: nothing.
 */
#ifndef OH_BASE_SPAN_H
#define OH_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct oh_span {
    const char *at;
    size_t len;
};

/* For printf's "%.*s". Cuts at INT_MAX, which no message of ours reaches. */
#define OH_SPAN_FMT(s) (int)(s).len, (s).at ? (s).at : ""

/* The bytes of a C string, without its NUL. NULL gives the absent span. */
struct oh_span oh_span_of(const char *text);

/* Bytes [from, from + len) of `s`, cut to what `s` has. */
struct oh_span oh_span_sub(struct oh_span s, size_t from, size_t len);

/* Without spaces, tabs, CRs and LFs at both ends (SIP's LWS, folds included). */
struct oh_span oh_span_trim(struct oh_span s);

/* Byte-exact and ASCII-case-blind equality. Two absent spans are equal; absent and empty are not.
 */
bool oh_span_equal(struct oh_span a, struct oh_span b);
bool oh_span_equal_nocase(struct oh_span a, struct oh_span b);

/* The same against a C string. */
bool oh_span_is(struct oh_span s, const char *text);
bool oh_span_is_nocase(struct oh_span s, const char *text);

bool oh_span_starts_with(struct oh_span s, const char *prefix);

/* Index of the first `c`, or s.len where there is none. */
size_t oh_span_find(struct oh_span s, char c);

/* Index of the first occurrence of `needle`, or s.len where there is none. An empty needle is found
 * at 0. */
size_t oh_span_search(struct oh_span s, struct oh_span needle);

/* All of `s` as decimal digits. Returns false for an empty span, another character or overflow. */
bool oh_span_to_u64(struct oh_span s, uint64_t *value);

/* A NUL-ended copy; the caller frees it with free(). NULs inside are kept (the length is lost). */
char *oh_span_dup(struct oh_span s);

#endif
