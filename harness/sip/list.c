#include "sip/header_names.h"
#include "sip/uri.h"

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

/* Length of the value at the start of `s`: up to the first comma that joins values. */
static size_t value_len(struct oh_span s)
{
    bool comments = true; /* off after the first that never closes: the rest has none either */
    size_t i = 0;
    while (i < s.len && s.at[i] != ',') {
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
    return i;
}

bool oh_sip_list_next(struct oh_span *rest, struct oh_span *item)
{
    while (rest->len > 0) {
        size_t len = value_len(*rest);
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
static bool next_value(const struct oh_sip_header *h, struct oh_span *rest, struct oh_span *item)
{
    if (!oh_sip_header_is_single(h))
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
        while (next_value(h, &rest, &item)) {
            if (n-- == 0)
                return item;
        }
    }
    return (struct oh_span){0};
}

struct oh_span oh_sip_msg_value(const struct oh_sip_msg *m, enum oh_sip_header_id id, size_t n)
{
    for (size_t i = 0; id != OH_SIP_OTHER && i < m->header_count; i++) {
        struct oh_span rest = m->headers[i].value, item;
        while (m->headers[i].id == id && next_value(&m->headers[i], &rest, &item)) {
            if (n-- == 0)
                return item;
        }
    }
    return (struct oh_span){0};
}

size_t oh_sip_msg_value_count(const struct oh_sip_msg *m, enum oh_sip_header_id id)
{
    size_t count = 0;
    for (size_t i = 0; i < m->header_count; i++) {
        struct oh_span rest = m->headers[i].value, item;
        while (m->headers[i].id == id && next_value(&m->headers[i], &rest, &item))
            count++;
    }
    return count;
}
