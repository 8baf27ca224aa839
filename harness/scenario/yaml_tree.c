#include "scenario/yaml_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void find_lines(struct oh_yaml *y)
{
    size_t room = 0;
    oh_grow(&y->line_starts, 0, &room, sizeof *y->line_starts);
    y->line_starts[y->line_count++] = 0;
    for (size_t i = 0; i < y->len; i++) {
        if (y->text[i] != '\n' || i + 1 == y->len)
            continue;
        oh_grow(&y->line_starts, y->line_count, &room, sizeof *y->line_starts);
        y->line_starts[y->line_count++] = i + 1;
    }
}

struct oh_yaml *oh_yaml_new(const char *file, struct oh_span text)
{
    struct oh_yaml *y = oh_alloc(sizeof *y);
    y->file = oh_strdup(file ? file : "");
    y->text = oh_span_dup(text.at ? text : (struct oh_span){"", 0});
    y->len = text.len;
    y->tally = oh_alloc(sizeof *y->tally);
    find_lines(y);
    return y;
}

struct oh_yaml_node *oh_yaml_add_node(struct oh_yaml *y, enum oh_yaml_kind kind,
                                      struct oh_place place)
{
    struct oh_yaml_node *node = oh_alloc(sizeof *node);
    node->kind = kind;
    node->place = place;
    oh_grow(&y->nodes, y->node_count, &y->node_room, sizeof *y->nodes);
    y->nodes[y->node_count++] = node;
    return node;
}

bool oh_yaml_is_null_word(const char *text)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcmp(text, words[i]))
            return true;
    return false;
}

void oh_yaml_put_text(struct oh_yaml_node *n, const char *text, bool plain)
{
    if (n->written)
        free(n->text);
    else {
        n->written = n->text;
        n->written_plain = n->plain;
    }
    n->text = oh_strdup(text);
    n->plain = plain;
    n->null = plain && oh_yaml_is_null_word(text);
    if (n->null)
        n->text[0] = '\0';
}

void oh_yaml_free(struct oh_yaml *y)
{
    if (!y)
        return;
    for (size_t i = 0; i < y->node_count; i++) {
        free(y->nodes[i]->text);
        free(y->nodes[i]->written);
        free(y->nodes[i]->items);
        free(y->nodes[i]);
    }
    free(y->nodes);
    free(y->line_starts);
    free(y->text);
    free(y->file);
    free(y->tally);
    free(y);
}

struct oh_span oh_yaml_line(const struct oh_yaml *y, unsigned line)
{
    if (line == 0 || line > y->line_count)
        return (struct oh_span){0};
    size_t from = y->line_starts[line - 1];
    size_t to = line < y->line_count ? y->line_starts[line] : y->len;
    while (to > from && (y->text[to - 1] == '\n' || y->text[to - 1] == '\r'))
        to--;
    return (struct oh_span){y->text + from, to - from};
}

/* RFC 3629 4: how many continuation bytes follow, and the range of the first of them. */
static const struct {
    unsigned char first, last, more, low, high;
} utf8_rows[] = {
    {0x00, 0x7f, 0, 0, 0},       {0xc2, 0xdf, 1, 0x80, 0xbf}, {0xe0, 0xe0, 2, 0xa0, 0xbf},
    {0xe1, 0xec, 2, 0x80, 0xbf}, {0xed, 0xed, 2, 0x80, 0x9f}, {0xee, 0xef, 2, 0x80, 0xbf},
    {0xf0, 0xf0, 3, 0x90, 0xbf}, {0xf1, 0xf3, 3, 0x80, 0xbf}, {0xf4, 0xf4, 3, 0x80, 0x8f},
};

/* Bytes of the character that `s` begins with, or 0. */
static size_t utf8_len(struct oh_span s)
{
    for (size_t r = 0; r < sizeof utf8_rows / sizeof *utf8_rows; r++) {
        unsigned char c = (unsigned char)s.at[0];
        if (c < utf8_rows[r].first || c > utf8_rows[r].last)
            continue;
        if (s.len <= utf8_rows[r].more)
            return 0;
        for (size_t i = 1; i <= utf8_rows[r].more; i++) {
            unsigned char next = (unsigned char)s.at[i];
            if (next < (i == 1 ? utf8_rows[r].low : 0x80) ||
                next > (i == 1 ? utf8_rows[r].high : 0xbf))
                return 0;
        }
        return utf8_rows[r].more + 1u;
    }
    return 0;
}

size_t oh_yaml_bad_utf8(struct oh_span s)
{
    size_t at = 0;
    while (at < s.len) {
        size_t len = utf8_len(oh_span_sub(s, at, s.len - at));
        if (len == 0)
            return at;
        at += len;
    }
    return s.len;
}

const char *oh_yaml_file(const struct oh_yaml *y)
{
    return y->file;
}

struct oh_span oh_yaml_text(const struct oh_yaml *y)
{
    return (struct oh_span){y->text, y->len};
}

const struct oh_yaml_node *oh_yaml_root(const struct oh_yaml *y)
{
    return y->root;
}

enum oh_yaml_kind oh_yaml_kind(const struct oh_yaml_node *n)
{
    return n->kind;
}

struct oh_place oh_yaml_place(const struct oh_yaml *y, const struct oh_yaml_node *n)
{
    (void)y;
    return n->place;
}

const char *oh_yaml_scalar(const struct oh_yaml_node *n)
{
    return n->text ? n->text : "";
}

bool oh_yaml_is_plain(const struct oh_yaml_node *n)
{
    return n->plain;
}

void oh_yaml_observe(struct oh_yaml *y, const struct oh_yaml_observer *o)
{
    y->observer = o;
}

void oh_yaml_tell_sort(const struct oh_yaml *y, enum oh_yaml_sort sort, const char *const *words)
{
    if (y->observer && y->observer->value)
        y->observer->value(y->observer->arg, sort, words);
}

bool oh_yaml_is_null(const struct oh_yaml_node *n)
{
    return n->null;
}

size_t oh_yaml_count(const struct oh_yaml_node *n)
{
    return n->kind == OH_YAML_MAP ? n->item_count / 2 : n->item_count;
}

const struct oh_yaml_node *oh_yaml_item(const struct oh_yaml_node *list, size_t i)
{
    return list->items[i];
}

const struct oh_yaml_node *oh_yaml_key(const struct oh_yaml_node *map, size_t i)
{
    return map->items[2 * i];
}

const struct oh_yaml_node *oh_yaml_value(const struct oh_yaml_node *map, size_t i)
{
    return map->items[2 * i + 1];
}

static void excerpt(const struct oh_yaml *y, struct oh_error *e)
{
    struct oh_span line = oh_yaml_line(y, e->place.line);
    size_t len = line.len < sizeof e->excerpt - 1 ? line.len : sizeof e->excerpt - 1;
    if (!line.at)
        return;
    memcpy(e->excerpt, line.at, len);
    e->excerpt[len] = '\0';
    struct oh_span rest = {e->excerpt, len};
    for (size_t bad; (bad = oh_yaml_bad_utf8(rest)) < rest.len;) {
        e->excerpt[(size_t)(rest.at - e->excerpt) + bad] = '?';
        rest = oh_span_sub(rest, bad + 1, rest.len);
    }
}

static struct oh_error *new_entry(const struct oh_yaml *y, struct oh_errors *errors)
{
    size_t n = y->tally->mistakes++;
    if (n < OH_YAML_MAX_MISTAKES)
        return oh_errors_add(errors);
    if (n == OH_YAML_MAX_MISTAKES)
        oh_error_at(oh_errors_add(errors), y->file, (struct oh_place){0},
                    "more than %d mistakes; the rest is not shown", OH_YAML_MAX_MISTAKES);
    return &y->tally->spill;
}

static struct oh_error *tell(const struct oh_yaml *y, struct oh_place place,
                             struct oh_errors *errors, const char *format, va_list args)
    __attribute__((format(printf, 4, 0)));
static struct oh_error *tell(const struct oh_yaml *y, struct oh_place place,
                             struct oh_errors *errors, const char *format, va_list args)
{
    char text[sizeof((struct oh_error *)0)->text];
    vsnprintf(text, sizeof text, format, args);
    struct oh_error *e = new_entry(y, errors);
    oh_error_at(e, y->file, place, "%s", text);
    excerpt(y, e);
    return e;
}

struct oh_error *oh_yaml_mistake_at(const struct oh_yaml *y, struct oh_place place,
                                    struct oh_errors *errors, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct oh_error *e = tell(y, place, errors, format, args);
    va_end(args);
    return e;
}

struct oh_error *oh_yaml_mistake(const struct oh_yaml *y, const struct oh_yaml_node *n,
                                 struct oh_errors *errors, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct oh_error *e = tell(y, n->place, errors, format, args);
    va_end(args);
    return e;
}

bool oh_yaml_blame_comment(const struct oh_yaml *y, struct oh_place place, struct oh_error *e)
{
    struct oh_span line = oh_yaml_line(y, place.line);
    for (size_t i = place.column > 0 ? place.column : 1; i < line.len; i++) {
        if (line.at[i] != '#' || (line.at[i - 1] != ' ' && line.at[i - 1] != '\t'))
            continue;
        oh_error_remedy(e,
                        "the '#' at %u:%zu begins a comment; if it is meant as text, put the text "
                        "in quotes",
                        place.line, i + 1);
        return true;
    }
    return false;
}

static int compare_places(const void *a, const void *b)
{
    const struct oh_place *x = &((const struct oh_error *)a)->place;
    const struct oh_place *y = &((const struct oh_error *)b)->place;
    if (x->line != y->line)
        return x->line - 1 < y->line - 1 ? -1 : 1; /* 0, unknown, wraps to the end */
    return x->column < y->column ? -1 : x->column > y->column;
}

void oh_yaml_sort_mistakes(struct oh_errors *errors, size_t from)
{
    /* Insertion keeps the order of those at one place; the list is short. */
    for (size_t i = from + 1; i < errors->count; i++) {
        struct oh_error moved = errors->items[i];
        size_t to = i;
        for (; to > from && compare_places(&errors->items[to - 1], &moved) > 0; to--)
            errors->items[to] = errors->items[to - 1];
        errors->items[to] = moved;
    }
}
