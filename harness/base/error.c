#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The arguments may point into `e` itself, so the sentence is made before `e` is emptied. */
static void fill(struct oh_error *e, const char *file, struct oh_place place, const char *format,
                 va_list args) __attribute__((format(printf, 4, 0)));
static void fill(struct oh_error *e, const char *file, struct oh_place place, const char *format,
                 va_list args)
{
    struct oh_error fresh = {.place = place};
    vsnprintf(fresh.text, sizeof fresh.text, format, args);
    snprintf(fresh.file, sizeof fresh.file, "%s", file ? file : "");
    *e = fresh;
}

int oh_error_set(struct oh_error *e, const char *format, ...)
{
    if (!e)
        return -1;
    va_list args;
    va_start(args, format);
    fill(e, NULL, (struct oh_place){0}, format, args);
    va_end(args);
    return -1;
}

int oh_error_at(struct oh_error *e, const char *file, struct oh_place place, const char *format,
                ...)
{
    if (!e)
        return -1;
    va_list args;
    va_start(args, format);
    fill(e, file, place, format, args);
    va_end(args);
    return -1;
}

int oh_error_remedy(struct oh_error *e, const char *format, ...)
{
    if (!e)
        return -1;
    char remedy[sizeof e->remedy];
    va_list args;
    va_start(args, format);
    vsnprintf(remedy, sizeof remedy, format, args);
    va_end(args);
    memcpy(e->remedy, remedy, sizeof remedy);
    return -1;
}

static void add_place(const struct oh_error *e, struct oh_text *out)
{
    if (!e->file[0])
        return;
    oh_text_add(out, e->file);
    if (e->place.line > 0)
        oh_text_addf(out, ":%u", e->place.line);
    if (e->place.line > 0 && e->place.column > 0)
        oh_text_addf(out, ":%u", e->place.column);
    oh_text_add(out, ": ");
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* The line, every byte one column wide (UTF-8 characters one column together). */
static void add_excerpt(const char *line, struct oh_text *out)
{
    oh_text_add(out, "  ");
    for (const char *c = line; *c; c++) {
        bool control = (unsigned char)*c < 0x20 || *c == 0x7f;
        oh_text_add_char(out, *c == '\t' ? ' ' : control ? '?' : *c);
    }
    oh_text_add_char(out, '\n');
}

static void add_caret(const char *line, struct oh_place place, struct oh_text *out)
{
    size_t len = strlen(line);
    size_t start = place.column - 1;
    if (start > len)
        return; /* the excerpt was cut before it */
    size_t end = start + (place.width > 1 ? place.width : 1);
    if (end > len + 1)
        end = len + 1;
    oh_text_add(out, "  ");
    for (size_t i = 0; i < end; i++) {
        if (i < len && i != start && is_continuation(line[i]))
            continue;
        oh_text_add_char(out, i < start ? ' ' : i == start ? '^' : '~');
    }
    oh_text_add_char(out, '\n');
}

void oh_error_format(const struct oh_error *e, struct oh_text *out)
{
    add_place(e, out);
    oh_text_addf(out, "error: %s\n", e->text);
    if (e->excerpt[0]) {
        add_excerpt(e->excerpt, out);
        if (e->place.column > 0)
            add_caret(e->excerpt, e->place, out);
    }
    if (e->remedy[0])
        oh_text_addf(out, "  %s\n", e->remedy);
}

struct oh_error *oh_errors_add(struct oh_errors *list)
{
    oh_grow(&list->items, list->count, &list->room, sizeof *list->items);
    struct oh_error *e = &list->items[list->count++];
    *e = (struct oh_error){0};
    return e;
}

void oh_errors_format(const struct oh_errors *list, struct oh_text *out)
{
    for (size_t i = 0; i < list->count; i++)
        oh_error_format(&list->items[i], out);
}

void oh_errors_release(struct oh_errors *list)
{
    if (!list)
        return;
    free(list->items);
    *list = (struct oh_errors){0};
}
