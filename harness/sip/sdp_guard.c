#include "sip/sdp.h"

#include <stdint.h>
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

enum { MEDIA_WORD, PORT_WORD, PROTO_WORD, FORMAT_WORD };

static bool may_stand(char c, size_t word)
{
    return word == PORT_WORD ? c >= '0' && c <= '9' : is_token_char(c);
}

/* Parts with a slash between any two: one of media and format, at most two of a port, any of a
 * protocol. None is empty: "0/0/ /" is enough for Sofia's parser to fill all memory. */
static bool is_harmless_word(struct oh_span text, size_t word)
{
    static const size_t most[] = {[MEDIA_WORD] = 1, [PORT_WORD] = 2, [PROTO_WORD] = SIZE_MAX};
    size_t parts = 1, len = 0;
    for (size_t i = 0; i < text.len; i++) {
        bool slash = text.at[i] == '/';
        if (slash ? len == 0 : !may_stand(text.at[i], word))
            return false;
        parts += slash;
        len = slash ? 0 : len + 1;
    }
    return len > 0 && parts <= (word < FORMAT_WORD ? most[word] : 1);
}

/* "media port[/count] proto fmt ...": words with spaces between them (RFC 4566 9: SP, no tab).
 * `line` as it stands: a tab at its end is enough for Sofia's parser never to come back. */
static bool is_harmless_media(struct oh_span line)
{
    if (oh_span_find(line, '\t') < line.len)
        return false;
    line = oh_span_trim(line);
    line = oh_span_trim(oh_span_sub(line, 2, line.len));
    for (size_t word = MEDIA_WORD; line.len > 0; word++) {
        size_t end = oh_span_find(line, ' ');
        if (!is_harmless_word(oh_span_sub(line, 0, end), word))
            return false;
        line = oh_span_trim(oh_span_sub(line, end, line.len));
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
