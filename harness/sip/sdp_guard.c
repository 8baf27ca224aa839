#include "sip/sdp.h"

#include <string.h>

/* RFC 4566 9 */
static bool is_token_char(char c)
{
    return c > 0x20 && c < 0x7f && !strchr("\"(),/:;<=>?@[\\]", c);
}

static bool ends_line(char c)
{
    return c == '\r' || c == '\n' || c == '\0';
}

enum { MEDIA_WORD, PORT_WORD, PROTO_WORD };

static bool may_stand(char c, size_t word)
{
    if (c == '/')
        return word == PORT_WORD || word == PROTO_WORD;
    return word == PORT_WORD ? c >= '0' && c <= '9' : is_token_char(c);
}

/* "media port[/count] proto fmt ...": tokens with spaces between them (RFC 4566 9: SP, no tab);
 * slashes in port and proto alone. `line` as it stands: a tab at its end is enough for Sofia's
 * parser never to come back. */
static bool is_harmless_media(struct oh_span line)
{
    size_t word = MEDIA_WORD;
    if (oh_span_find(line, '\t') < line.len)
        return false;
    line = oh_span_trim(line);
    line = oh_span_trim(oh_span_sub(line, 2, line.len));
    for (size_t i = 0; i < line.len; i++) {
        if (line.at[i] == ' ')
            word += i > 0 && line.at[i - 1] != ' ';
        else if (!may_stand(line.at[i], word))
            return false;
    }
    return true;
}

static bool is_media(struct oh_span line)
{
    return line.len >= 2 && (line.at[0] == 'm' || line.at[0] == 'M') && line.at[1] == '=';
}

bool oh_sdp_is_harmless(struct oh_span body)
{
    for (size_t i = 0; i < body.len;) {
        size_t end = i;
        while (end < body.len && !ends_line(body.at[end]))
            end++;
        struct oh_span line = oh_span_sub(body, i, end - i);
        if (is_media(oh_span_trim(line)) && !is_harmless_media(line))
            return false;
        i = end + 1;
    }
    return true;
}
