/*
 * base/error.h - a mistake of the user's or trouble with the outside world, told with its place.
 *
 * Not for a phone's faults (those are findings) and not for ours (those are asserts). A function
 * that can fail so returns -1 or NULL and fills the caller's `struct oh_error`. Readers that find
 * several mistakes in one go collect them in a `struct oh_errors`.
 *
 * Uses: base/text.h.
 */
#ifndef OH_BASE_ERROR_H
#define OH_BASE_ERROR_H

#include "base/text.h"

/* Where in a text file. Line and column count from 1; 0 means unknown. Columns count bytes. */
struct oh_place {
    unsigned line;
    unsigned column;
    unsigned width; /* bytes under the caret; 0 or 1 draws a single caret */
};

struct oh_error {
    char file[256]; /* "" where the trouble has no file */
    struct oh_place place;
    char text[768];    /* one sentence, lower-case start, no full stop: "unknown key 'musst'" */
    char remedy[512];  /* what to do about it, or "" : "did you mean 'must'?" */
    char excerpt[256]; /* the line itself, or "" */
};

/* Fill `e` (NULL is allowed and does nothing). Every field not given is emptied; the arguments may
 * point into `e`. Too long a text is cut. Return -1, so that `return oh_error_set(e, ...)` reads
 * well. */
int oh_error_set(struct oh_error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
int oh_error_at(struct oh_error *e, const char *file, struct oh_place place, const char *format,
                ...) __attribute__((format(printf, 4, 5)));
/* Adds the remedy; returns -1. */
int oh_error_remedy(struct oh_error *e, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* As the user sees it, ending in a newline:
 *   FILE:LINE:COLUMN: error: TEXT
 *     the line itself
 *       ^~~~
 *     REMEDY
 * Parts that are empty are left out. A tab in the line is shown as one space, so that the caret
 * stands right. */
void oh_error_format(const struct oh_error *e, struct oh_text *out);

/* Several mistakes, in file order of discovery. */
struct oh_errors {
    struct oh_error *items; /* owned */
    size_t count;
    size_t room;
};

struct oh_error *oh_errors_add(struct oh_errors *list); /* a zeroed new entry, to be filled */
void oh_errors_format(const struct oh_errors *list, struct oh_text *out);
void oh_errors_release(struct oh_errors *list);

#endif
