#include "base/text.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void out_of_memory(void)
{
    fputs("offhook: out of memory\n", stderr);
    abort();
}

void *oh_alloc(size_t size)
{
    void *p = calloc(1, size ? size : 1);
    if (!p)
        out_of_memory();
    return p;
}

void *oh_realloc(void *old, size_t size)
{
    void *p = realloc(old, size ? size : 1);
    if (!p)
        out_of_memory();
    return p;
}

char *oh_strdup(const char *text)
{
    return text ? oh_span_dup(oh_span_of(text)) : NULL;
}

char *oh_format(const char *format, ...)
{
    struct oh_text t = {0};
    va_list args;
    va_start(args, format);
    oh_text_addv(&t, format, args);
    va_end(args);
    return oh_text_take(&t);
}

void oh_grow(void *array, size_t count, size_t *room, size_t element_size)
{
    if (count < *room)
        return;
    size_t wanted = *room ? *room * 2 : 8;
    while (wanted <= count)
        wanted *= 2;
    assert(wanted <= SIZE_MAX / element_size);
    char *p;
    memcpy(&p, array, sizeof p);
    p = oh_realloc(p, wanted * element_size);
    memset(p + *room * element_size, 0, (wanted - *room) * element_size);
    memcpy(array, &p, sizeof p);
    *room = wanted;
}

void oh_text_release(struct oh_text *t)
{
    if (!t)
        return;
    free(t->at);
    *t = (struct oh_text){0};
}

void oh_text_clear(struct oh_text *t)
{
    t->len = 0;
    if (t->at)
        t->at[0] = '\0';
}

/* Room for `more` bytes and the NUL behind them. */
static void reserve(struct oh_text *t, size_t more)
{
    assert(more < SIZE_MAX / 4 && t->len < SIZE_MAX / 4);
    size_t wanted = t->len + more + 1;
    if (wanted <= t->room)
        return;
    size_t room = t->room ? t->room : 64;
    while (room < wanted)
        room *= 2;
    t->at = oh_realloc(t->at, room);
    t->room = room;
}

void oh_text_add_span(struct oh_text *t, struct oh_span s)
{
    reserve(t, s.len);
    if (s.len > 0)
        memcpy(t->at + t->len, s.at, s.len);
    t->len += s.len;
    t->at[t->len] = '\0';
}

void oh_text_add(struct oh_text *t, const char *text)
{
    oh_text_add_span(t, oh_span_of(text));
}

void oh_text_add_char(struct oh_text *t, char c)
{
    oh_text_add_span(t, (struct oh_span){&c, 1});
}

void oh_text_addf(struct oh_text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    oh_text_addv(t, format, args);
    va_end(args);
}

void oh_text_addv(struct oh_text *t, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    reserve(t, 0);
    int len = vsnprintf(t->at + t->len, t->room - t->len, format, args);
    assert(len >= 0); /* a format of ours that the library refuses */
    if ((size_t)len >= t->room - t->len) {
        reserve(t, (size_t)len);
        vsnprintf(t->at + t->len, t->room - t->len, format, again);
    }
    t->len += (size_t)len;
    va_end(again);
}

/* How many bytes at the start of `s` are one printable UTF-8 character; 0 for none (RFC 3629 4). */
static size_t printable_utf8(struct oh_span s)
{
    static const struct {
        unsigned char mask, lead;
        uint32_t least;
    } forms[] = {
        {0x80, 0x00, 0x20}, {0xe0, 0xc0, 0xa0}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
    unsigned char first = (unsigned char)s.at[0];
    for (size_t more = 0; more < sizeof forms / sizeof forms[0]; more++) {
        if ((first & forms[more].mask) != forms[more].lead)
            continue;
        if (s.len <= more)
            return 0;
        uint32_t code = first & (unsigned char)~forms[more].mask;
        for (size_t i = 1; i <= more; i++) {
            unsigned char c = (unsigned char)s.at[i];
            if ((c & 0xc0) != 0x80)
                return 0;
            code = (code << 6) | (c & 0x3f);
        }
        bool surrogate = code >= 0xd800 && code <= 0xdfff;
        bool fine = code >= forms[more].least && code <= 0x10ffff && code != 0x7f && !surrogate;
        return fine ? more + 1 : 0;
    }
    return 0;
}

static void add_escaped(struct oh_text *t, char c)
{
    static const struct {
        char c;
        const char *text;
    } names[] = {{'\r', "\\r"}, {'\n', "\\n"}, {'\t', "\\t"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].c == c) {
            oh_text_add(t, names[i].text);
            return;
        }
    }
    oh_text_addf(t, "\\x%02X", (unsigned)(unsigned char)c);
}

void oh_text_add_quoted(struct oh_text *t, struct oh_span s, size_t limit)
{
    size_t i = 0;
    while (i < s.len) {
        size_t len = printable_utf8(oh_span_sub(s, i, s.len));
        size_t step = len ? len : 1;
        if (i + step > limit) {
            oh_text_add(t, "\xe2\x80\xa6");
            return;
        }
        if (len)
            oh_text_add_span(t, oh_span_sub(s, i, len));
        else
            add_escaped(t, s.at[i]);
        i += step;
    }
}

struct oh_span oh_text_span(const struct oh_text *t)
{
    return (struct oh_span){oh_text_str(t), t->len};
}

const char *oh_text_str(const struct oh_text *t)
{
    return t->at ? t->at : "";
}

char *oh_text_take(struct oh_text *t)
{
    reserve(t, 0);
    char *taken = t->at;
    taken[t->len] = '\0';
    *t = (struct oh_text){0};
    return taken;
}
