/*
 * base/text.h - text that grows: for messages, reports and sentences being put together.
 *
 * Always NUL-ended, so `at` can be printed; may hold NULs inside (`len` counts). A zero-initialised
 * struct is an empty text. Running out of memory ends the program (there is no verdict to be had
 * then).
 *
 * Uses: base/span.h.
 */
#ifndef OH_BASE_TEXT_H
#define OH_BASE_TEXT_H

#include "base/span.h"

#include <stdarg.h>

struct oh_text {
    char *at; /* owned; NULL while empty and never written */
    size_t len;
    size_t room;
};

void oh_text_release(struct oh_text *t); /* frees, leaves an empty text; NULL is fine */
void oh_text_clear(struct oh_text *t);   /* empty again, memory kept */

void oh_text_add(struct oh_text *t, const char *text);
void oh_text_add_span(struct oh_text *t, struct oh_span s);
void oh_text_add_char(struct oh_text *t, char c);
void oh_text_addf(struct oh_text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void oh_text_addv(struct oh_text *t, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* Bytes for a human eye on one line: control characters and non-UTF-8 bytes become \r \n \t \xNN,
 * and anything past `limit` bytes becomes "…" (characters are not cut in two). */
void oh_text_add_quoted(struct oh_text *t, struct oh_span s, size_t limit);

struct oh_span oh_text_span(const struct oh_text *t); /* borrowed until the next change */
const char *oh_text_str(const struct oh_text *t);     /* "" while empty; borrowed likewise */
char *oh_text_take(struct oh_text *t);                /* the caller frees with free(); t is empty */

/* malloc, calloc, strdup and printf-to-heap that end the program when memory runs out. */
void *oh_alloc(size_t size); /* zeroed */
void *oh_realloc(void *old, size_t size);
char *oh_strdup(const char *text); /* NULL gives NULL */
char *oh_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Makes room for one more element in a growing array: doubles `*room` when count reaches it.
 * `array` is the address of the array pointer, `*room` counts elements. New memory is zeroed. */
void oh_grow(void *array, size_t count, size_t *room, size_t element_size);

#endif
