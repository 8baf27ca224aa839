#include "base/span.h"

#include "base/text.h"

#include <string.h>
#include <strings.h>

static unsigned char lower(char c)
{
    unsigned char u = (unsigned char)c;
    return u >= 'A' && u <= 'Z' ? (unsigned char)(u + 32) : u;
}

bool oh_span_same_letters(const char *a, const char *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (lower(a[i]) != lower(b[i]))
            return false;
    }
    return true;
}

/* Eight bytes at a time: the top bit of each that is below a space, or above a tilde. */
static uint64_t odd_bytes(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = UINT64_C(0x8080808080808080);
    uint64_t low =
        (word & ~tops) + ones * (0x80 - 0x20); /* carries into the top bit: 0x20 and up */
    uint64_t high = (word & ~tops) + ones;     /* carries only from 0x7f */
    return (~low | high | word) & tops;
}

bool oh_span_is_printable(struct oh_span s)
{
    uint64_t odd = 0, word;
    size_t i = 0;
    for (; i + sizeof word <= s.len; i += sizeof word) {
        memcpy(&word, s.at + i, sizeof word);
        odd |= odd_bytes(word);
    }
    if (i > 0 && i < s.len) { /* the last eight, some of them once more */
        memcpy(&word, s.at + s.len - sizeof word, sizeof word);
        return (odd | odd_bytes(word)) == 0;
    }
    for (; i < s.len; i++)
        odd |= s.at[i] < ' ' || s.at[i] > '~';
    return odd == 0;
}

/* Without a branch, for the compiler to take many at a time. */
bool oh_span_has_control(struct oh_span s)
{
    unsigned char odd = 0;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        odd |= (unsigned char)(((c < ' ') & (c != '\t') & (c != '\r') & (c != '\n')) | (c == 0x7f));
    }
    return odd;
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
