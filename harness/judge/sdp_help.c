#include "judge/sdp_help.h"

#include "judge/rule_help.h"

#include <string.h>

bool oh_help_has_sdp(const struct oh_sip_msg *m)
{
    static const char sdp[] = "application/sdp";
    struct oh_span type = oh_help_value(m, OH_SIP_CONTENT_TYPE);
    bool whole = m->body.len > 0 && m->body.at + m->body.len == m->bytes.at + m->bytes.len;
    return whole && type.len >= sizeof sdp - 1 &&
           oh_span_is_nocase(oh_span_sub(type, 0, sizeof sdp - 1), sdp);
}

struct oh_span oh_help_next_line(struct oh_span *rest)
{
    const char *end = rest->len ? memchr(rest->at, '\n', rest->len) : NULL;
    size_t len = end ? (size_t)(end - rest->at) : rest->len;
    struct oh_span line = oh_span_sub(*rest, 0, len);
    *rest = oh_span_sub(*rest, end ? len + 1 : len, rest->len);
    return oh_span_trim(line);
}

bool oh_help_next_word(struct oh_span *line, struct oh_span *word)
{
    size_t from = 0, to;
    while (from < line->len && line->at[from] == ' ')
        from++;
    for (to = from; to < line->len && line->at[to] != ' ';)
        to++;
    *word = oh_span_sub(*line, from, to - from);
    *line = oh_span_sub(*line, to, line->len);
    return word->len > 0;
}
