#include "sip/header_names.h"
#include "sip/uri.h"

#include <assert.h>
#include <stdlib.h>

/* A longer comment is none: looking for its end anew at each "(" must stay cheap. */
enum { MAX_COMMENT = 1024 };

/* Index behind the comment that opens at `from`, nested ones included; `from` where it never
 * closes. */
static size_t skip_comment(struct oh_span s, size_t from)
{
    size_t depth = 0;
    for (size_t i = from; i < s.len && i - from < MAX_COMMENT; i++) {
        if (s.at[i] == '\\')
            i++;
        else if (s.at[i] == '(')
            depth++;
        else if (s.at[i] == ')' && --depth == 0)
            return i + 1;
    }
    return from;
}

/* Index behind the run between `open` and `close` that starts at `from`; the end where it never
 * closes. */
static size_t skip_enclosed(struct oh_span s, size_t from, char close, bool escapes)
{
    for (size_t i = from + 1; i < s.len; i++) {
        if (escapes && s.at[i] == '\\')
            i++;
        else if (s.at[i] == close)
            return i + 1;
    }
    return s.len;
}

/* What ends a value, or may hold a comma that does not. */
static const bool is_mark[256] = {[','] = true, ['"'] = true, ['<'] = true, ['('] = true};

/* Length of the value at the start of `s`: up to the first comma that joins values. */
static size_t value_len(struct oh_span s)
{
    bool comments = true; /* off after the first that never closes: the rest has none either */
    size_t i = 0;
    for (;;) {
        while (i < s.len && !is_mark[(unsigned char)s.at[i]])
            i++;
        if (i == s.len || s.at[i] == ',')
            return i;
        size_t from = i;
        if (s.at[i] == '"')
            i = skip_enclosed(s, i, '"', true);
        else if (s.at[i] == '<')
            i = skip_enclosed(s, i, '>', false);
        else if (s.at[i] == '(' && comments)
            i = skip_comment(s, i);
        else
            i++;
        if (i == from) {
            comments = false;
            i++;
        }
    }
}

/* Takes a token that stands alone between commas, as most do in lists of them. */
static bool take_token(struct oh_span *rest, struct oh_span *item)
{
    size_t from = 0;
    while (from < rest->len && rest->at[from] == ' ')
        from++;
    struct oh_span left = oh_span_sub(*rest, from, rest->len);
    size_t len = oh_sip_token_len(left);
    if (len == 0 || (len < left.len && left.at[len] != ','))
        return false;
    *item = oh_span_sub(left, 0, len);
    *rest = oh_span_sub(left, len + 1, left.len);
    return true;
}

bool oh_sip_list_next(struct oh_span *rest, struct oh_span *item)
{
    if (take_token(rest, item))
        return true;
    while (rest->len > 0) {
        bool is_last = oh_span_find(*rest, ',') == rest->len; /* as nearly always */
        size_t len = is_last ? rest->len : value_len(*rest);
        *item = oh_span_trim(oh_span_sub(*rest, 0, len));
        *rest = oh_span_sub(*rest, len + 1, rest->len);
        if (item->len > 0)
            return true;
    }
    *item = (struct oh_span){0};
    return false;
}

struct oh_span oh_sip_list_item(struct oh_span value, size_t n)
{
    struct oh_span item;
    while (oh_sip_list_next(&value, &item)) {
        if (n-- == 0)
            return item;
    }
    return item;
}

/* The values of one header: as joined by commas, or the one that it is. An empty one-value header
 * counts. */
static bool next_value(bool is_single, struct oh_span *rest, struct oh_span *item)
{
    if (!is_single)
        return oh_sip_list_next(rest, item);
    *item = *rest;
    *rest = (struct oh_span){0};
    return item->at != NULL;
}

struct oh_span oh_sip_msg_value_named(const struct oh_sip_msg *m, struct oh_span name, size_t n)
{
    const struct oh_sip_header *h;
    for (size_t line = 0; (h = oh_sip_msg_header_named(m, name, line)); line++) {
        struct oh_span rest = h->value, item;
        bool is_single = oh_sip_header_is_single(h);
        while (next_value(is_single, &rest, &item)) {
            if (n-- == 0)
                return item;
        }
    }
    return (struct oh_span){0};
}

size_t oh_sip_msg_count_named(const struct oh_sip_msg *m, struct oh_span name,
                              struct oh_span *first, struct oh_span *last)
{
    enum oh_sip_header_id id = oh_sip_header_id_of(name);
    size_t count = 0;
    name = oh_sip_header_long_name(name);
    for (size_t i = 0; i < m->header_count; i++) {
        const struct oh_sip_header *h = &m->headers[i];
        struct oh_span rest = h->value, item;
        bool is_it = h->id == id && (id != OH_SIP_OTHER ||
                                     oh_span_equal_nocase(oh_sip_header_long_name(h->name), name));
        while (is_it && next_value(oh_sip_header_is_single(h), &rest, &item)) {
            *first = count++ == 0 ? item : *first;
            *last = item;
        }
    }
    return count;
}

/* --- the values of a message, cut once --- */

/* Of a message with more of them each is looked for anew: memory stays small. */
enum { VALUES_KEPT = 48 };

struct oh_sip_values {
    bool all;                                                         /* none was too many */
    unsigned char first[OH_SIP_HEADER_IDS], count[OH_SIP_HEADER_IDS]; /* of each id */
    struct oh_span items[];
};

static size_t walk_values(const struct oh_sip_msg *m, enum oh_sip_header_id id, size_t n,
                          struct oh_span *item)
{
    size_t count = 0;
    size_t first = m->first_of[id] ? m->first_of[id] - 1U : m->header_count;
    for (size_t i = first; i < m->header_count; i++) {
        struct oh_span rest = m->headers[i].value;
        bool is_single = oh_sip_header_is_single(&m->headers[i]);
        while (m->headers[i].id == id && next_value(is_single, &rest, item)) {
            if (count++ == n)
                return count;
        }
    }
    *item = (struct oh_span){0};
    return count;
}

/* Those of the header that begins in this line and of its repeats; false: they are too many. */
static bool cut_header(const struct oh_sip_msg *m, size_t line, struct oh_sip_values *cut,
                       struct oh_span items[VALUES_KEPT], size_t *count)
{
    enum oh_sip_header_id id = m->headers[line].id;
    bool is_single = oh_sip_header_is_single(&m->headers[line]); /* told by its id */
    size_t end = m->is_repeated[id] ? m->header_count : line + 1, first = *count;
    for (; line < end; line++) {
        struct oh_span rest = m->headers[line].value, item;
        while (m->headers[line].id == id && next_value(is_single, &rest, &item)) {
            if (*count == VALUES_KEPT)
                return false;
            items[(*count)++] = item;
        }
    }
    cut->first[id] = (unsigned char)first;
    cut->count[id] = (unsigned char)(*count - first);
    return true;
}

static struct oh_sip_values *cut_values(const struct oh_sip_msg *m)
{
    struct oh_sip_values cut = {.all = true}, *kept;
    struct oh_span items[VALUES_KEPT];
    size_t count = 0;
    for (size_t line = 0; cut.all && line < m->header_count; line++) {
        enum oh_sip_header_id id = m->headers[line].id;
        if (id != OH_SIP_OTHER && m->first_of[id] == line + 1)
            cut.all = cut_header(m, line, &cut, items, &count);
    }
    static_assert(sizeof cut + sizeof items <= OH_SIP_VALUES_MOST, "what is promised");
    kept = oh_realloc(NULL, sizeof cut + count * sizeof *items);
    *kept = cut;
    memcpy(kept->items, items, count * sizeof *items);
    return kept;
}

static const struct oh_sip_values *values_of(const struct oh_sip_msg *m)
{
    if (!m->values)
        ((struct oh_sip_msg *)m)->values = cut_values(m); /* a cache, as in typed.c */
    return m->values;
}

/* A header that is there once, with something in it and no comma: nearly all are, and not worth
 * cutting those of the whole message for. */
static bool is_alone(const struct oh_sip_msg *m, enum oh_sip_header_id id, struct oh_span *item)
{
    *item = m->headers[m->first_of[id] - 1].value;
    return !m->is_repeated[id] && item->len > 0 && oh_span_find(*item, ',') == item->len;
}

struct oh_span oh_sip_msg_value(const struct oh_sip_msg *m, enum oh_sip_header_id id, size_t n)
{
    struct oh_span item = {0}, none = {0};
    if (id == OH_SIP_OTHER || !m->first_of[id])
        return none;
    if (is_alone(m, id, &item))
        return n == 0 ? item : none;
    const struct oh_sip_values *v = values_of(m);
    if (v->all)
        return n < v->count[id] ? v->items[v->first[id] + n] : none;
    (void)walk_values(m, id, n, &item);
    return item;
}

size_t oh_sip_msg_value_count(const struct oh_sip_msg *m, enum oh_sip_header_id id)
{
    struct oh_span item;
    if (!m->first_of[id])
        return 0;
    if (id != OH_SIP_OTHER && is_alone(m, id, &item))
        return 1;
    const struct oh_sip_values *v = values_of(m);
    if (v->all && id != OH_SIP_OTHER)
        return v->count[id];
    return walk_values(m, id, SIZE_MAX, &item);
}
