#include "sip/field_table.h"

#include "sip/typed.h"

#include <string.h>

/* The line at the front of `*rest`, without its end; false at the end of the text. */
static bool next_line(struct oh_span *rest, struct oh_span *line)
{
    if (rest->len == 0)
        return false;
    size_t end = oh_span_find(*rest, '\n');
    *line = oh_span_sub(*rest, 0, end);
    *rest = oh_span_sub(*rest, end + 1, rest->len);
    if (line->len > 0 && line->at[line->len - 1] == '\r')
        line->len--;
    return true;
}

/* What follows `key` in the n-th line that starts with it. */
static struct oh_span find_line(struct oh_span section, const char *key, size_t n)
{
    struct oh_span line;
    while (next_line(&section, &line)) {
        if (oh_span_starts_with(line, key) && n-- == 0)
            return oh_span_sub(line, strlen(key), line.len);
    }
    return (struct oh_span){0};
}

static struct oh_span find_word(struct oh_span line, size_t n)
{
    if (!line.at || n == SIZE_MAX)
        return line;
    while (line.len > 0) {
        size_t len = oh_span_find(line, ' ');
        if (len > 0 && n-- == 0)
            return oh_span_sub(line, 0, len);
        line = oh_span_sub(line, len + 1, line.len);
    }
    return (struct oh_span){0};
}

/* Cuts the body into the session's part and that of the first stream of `media`. RFC 4566 5 */
static void cut_sections(struct oh_span body, struct oh_span media, struct oh_field_view *v)
{
    struct oh_span rest = body, line, *open = &v->sdp.session;
    v->sdp.session = (struct oh_span){body.at, 0};
    while (next_line(&rest, &line)) {
        if (oh_span_starts_with(line, "m=")) {
            struct oh_span name = find_word(oh_span_sub(line, 2, line.len), 0);
            bool wanted = !v->sdp.media.at && media.at && oh_span_equal(name, media);
            open = wanted ? &v->sdp.media : NULL;
            if (wanted)
                v->sdp.media = (struct oh_span){line.at, 0};
        }
        if (open)
            open->len = (size_t)(rest.at - open->at);
    }
}

static bool is_sdp(const struct oh_sip_msg *m)
{
    const struct oh_sip_header *type = oh_sip_msg_header(m, OH_SIP_CONTENT_TYPE, 0);
    if (!type)
        return oh_span_starts_with(m->body, "v=");
    struct oh_span name = oh_span_sub(type->value, 0, oh_span_find(type->value, ';'));
    return oh_span_is_nocase(oh_span_trim(name), "application/sdp");
}

enum oh_field_state oh_field_open_sdp(const struct oh_field_query *q, struct oh_field_view *v)
{
    if (!q->m->body.at || !is_sdp(q->m))
        return OH_FIELD_ABSENT;
    v->whole = v->message.body = q->m->body;
    if (!oh_sip_typed_sdp_is_readable(q->m))
        return OH_FIELD_BROKEN;
    cut_sections(q->m->body, oh_span_of(q->row->name), v);
    if (!q->row->name)
        return OH_FIELD_PRESENT;
    struct oh_span rest = v->sdp.media;
    return next_line(&rest, &v->whole) ? OH_FIELD_PRESENT : OH_FIELD_ABSENT;
}

static struct oh_span pick_from(struct oh_span section, const struct oh_field_row *row, size_t n)
{
    return find_word(find_line(section, row->key, n), row->word);
}

/* "224.2.1.1/127", "49170/2": what stands before the slash. */
static struct oh_span before_slash(struct oh_span s)
{
    return oh_span_sub(s, 0, oh_span_find(s, '/'));
}

struct oh_span oh_field_pick_sdp_session(const struct oh_field_query *q,
                                         const struct oh_field_view *v, size_t n)
{
    struct oh_span picked = pick_from(v->sdp.session, q->row, n);
    return q->row->word == SIZE_MAX ? picked : before_slash(picked);
}

struct oh_span oh_field_pick_sdp_stream(const struct oh_field_query *q,
                                        const struct oh_field_view *v, size_t n)
{
    struct oh_span picked = pick_from(v->sdp.media, q->row, n);
    return q->row->word == 1 ? before_slash(picked) : picked;
}

struct oh_span oh_field_pick_sdp_connection(const struct oh_field_query *q,
                                            const struct oh_field_view *v, size_t n)
{
    struct oh_span own = pick_from(v->sdp.media, q->row, n);
    return before_slash(own.at ? own : pick_from(v->sdp.session, q->row, n));
}

struct oh_span oh_field_pick_sdp_formats(const struct oh_field_query *q,
                                         const struct oh_field_view *v, size_t n)
{
    return find_word(find_line(v->sdp.media, q->row->key, 0), q->row->word + n);
}

struct oh_span oh_field_pick_sdp_lines(const struct oh_field_query *q,
                                       const struct oh_field_view *v, size_t n)
{
    return pick_from(v->sdp.media, q->row, n);
}

static struct oh_span find_direction(struct oh_span section)
{
    static const char *const words[] = {"sendrecv", "sendonly", "recvonly", "inactive"};
    struct oh_span line;
    while (next_line(&section, &line)) {
        if (!oh_span_starts_with(line, "a="))
            continue;
        struct oh_span value = oh_span_sub(line, 2, line.len);
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
            if (oh_span_is(value, words[i]))
                return value;
        }
    }
    return (struct oh_span){0};
}

/* The stream's own, else the session's, else sendrecv. RFC 4566 6 */
struct oh_span oh_field_pick_sdp_direction(const struct oh_field_query *q,
                                           const struct oh_field_view *v, size_t n)
{
    (void)q, (void)n;
    struct oh_span own = find_direction(v->sdp.media);
    struct oh_span session = own.at ? own : find_direction(v->sdp.session);
    return session.at ? session : oh_span_of("sendrecv");
}
