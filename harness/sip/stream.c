/* A byte stream cut into SIP messages. What is cut depends on the bytes alone, never on the chunks
 * in which they came. */
#include "sip/stream.h"

#include "sip/message.h"

#include <stdlib.h>
#include <string.h>

#define LONGEST_START_LINE OH_SIP_MAX_BYTES

enum front { UNKNOWN, HEADERS, BODY, NOISE };

struct oh_sip_stream {
    char *bytes;
    size_t room;
    size_t from, to; /* held: [from, to) of `bytes` */
    uint64_t offset; /* in the stream, of the first byte held */
    enum front front;
    size_t searched; /* HEADERS and NOISE: what is held needs no second look up to here */
    size_t whole;    /* BODY: the message's length */
    bool inside;     /* what is held begins within a line of noise */
    bool lost;       /* it begins behind a gap: a line end may be the end of anything */
};

struct oh_sip_stream *oh_sip_stream_new(void)
{
    return oh_alloc(sizeof(struct oh_sip_stream));
}

void oh_sip_stream_free(struct oh_sip_stream *s)
{
    if (!s)
        return;
    free(s->bytes);
    free(s);
}

void oh_sip_stream_reset(struct oh_sip_stream *s)
{
    *s = (struct oh_sip_stream){.bytes = s->bytes, .room = s->room};
}

static struct oh_span held(const struct oh_sip_stream *s)
{
    return (struct oh_span){s->bytes ? s->bytes + s->from : NULL, s->to - s->from};
}

void oh_sip_stream_add(struct oh_sip_stream *s, struct oh_span bytes)
{
    if (bytes.len == 0)
        return;
    if (s->from > 0) {
        memmove(s->bytes, s->bytes + s->from, s->to - s->from);
        s->to -= s->from;
        s->from = 0;
    }
    if (s->room - s->to < bytes.len) {
        s->room = 2 * s->room > s->to + bytes.len ? 2 * s->room : s->to + bytes.len;
        s->bytes = oh_realloc(s->bytes, s->room);
    }
    memcpy(s->bytes + s->to, bytes.at, bytes.len);
    s->to += bytes.len;
}

/* Takes `len` bytes off the front. */
static struct oh_span take(struct oh_sip_stream *s, size_t len, uint64_t *offset)
{
    struct oh_span piece = oh_span_sub(held(s), 0, len);
    if (offset)
        *offset = s->offset;
    s->from += len;
    s->offset += len;
    s->front = UNKNOWN;
    s->searched = s->whole = 0;
    s->inside = s->lost = false;
    return piece;
}

/* --- what is a start line --- */

enum answer { NO, YES, NOT_YET };

/* Does a start line begin at `at`? */
static enum answer starts(struct oh_span bytes, size_t at)
{
    struct oh_span line = oh_span_sub(bytes, at, LONGEST_START_LINE);
    if (line.len > 0 && (line.at[0] == '\r' || line.at[0] == '\n'))
        return NO; /* an empty line, which oh_sip_looks_like would pass over */
    size_t end = oh_span_find(line, '\n');
    if (end == line.len)
        return line.len < LONGEST_START_LINE ? NOT_YET : NO;
    return oh_sip_looks_like(oh_span_sub(line, 0, end + 1)) ? YES : NO;
}

/* --- one message --- */

/* How long the header part is, its empty line included; 0: not known yet. */
static size_t header_part(struct oh_sip_stream *s)
{
    struct oh_span bytes = oh_span_sub(held(s), 0, OH_SIP_STREAM_MOST);
    for (;;) {
        struct oh_span rest = oh_span_sub(bytes, s->searched, bytes.len);
        size_t i = s->searched += oh_span_find(rest, '\n');
        if (i == bytes.len)
            return 0;
        struct oh_span next = oh_span_sub(bytes, i + 1, 2);
        if (next.len > 0 && next.at[0] == '\n')
            return i + 2;
        if (next.len == 2 && next.at[0] == '\r' && next.at[1] == '\n')
            return i + 3;
        if (next.len == 0 || (next.len == 1 && next.at[0] == '\r'))
            return 0; /* looked at again when more has come */
        s->searched++;
    }
}

/* The next header with its folds, without its last line end. RFC 3261 7.3.1 */
static struct oh_span next_header(struct oh_span *rest)
{
    size_t end = 0;
    do {
        end += oh_span_find(oh_span_sub(*rest, end, rest->len), '\n') + 1;
    } while (end < rest->len && (rest->at[end] == ' ' || rest->at[end] == '\t'));
    struct oh_span header = oh_span_sub(*rest, 0, end);
    *rest = oh_span_sub(*rest, end, rest->len);
    return oh_span_trim(header);
}

/* Most headers are told by their first letter. */
static bool may_be_content_length(struct oh_span header)
{
    return header.len > 0 && strchr("cClL", header.at[0]);
}

/* Of the first one there, as for a datagram (sip/message.h); 0 without one that is a number. */
static uint64_t content_length(struct oh_span headers)
{
    uint64_t length = 0;
    next_header(&headers); /* the start line */
    while (headers.len > 0) {
        struct oh_span header = next_header(&headers);
        if (!may_be_content_length(header))
            continue;
        size_t colon = oh_span_find(header, ':');
        struct oh_span name = oh_span_trim(oh_span_sub(header, 0, colon));
        if (colon == header.len || oh_sip_header_id_of(name) != OH_SIP_CONTENT_LENGTH)
            continue;
        struct oh_span value = oh_span_trim(oh_span_sub(header, colon + 1, header.len));
        bool digits = value.len > 0;
        for (size_t i = 0; i < value.len; i++)
            digits = digits && value.at[i] >= '0' && value.at[i] <= '9';
        if (digits && !oh_span_to_u64(value, &length))
            return UINT64_MAX; /* more than can be counted */
        return digits ? length : 0;
    }
    return 0;
}

/* Does the message at the front have all its bytes? It turns to noise where it is over the limit.
 */
static bool is_whole(struct oh_sip_stream *s)
{
    if (s->front == HEADERS) {
        size_t len = header_part(s);
        if (len > 0) {
            uint64_t body = content_length(oh_span_sub(held(s), 0, len));
            s->front = body > OH_SIP_STREAM_MOST - len ? NOISE : BODY;
            s->whole = s->front == BODY ? len + (size_t)body : 0;
        } else if (held(s).len >= OH_SIP_STREAM_MOST) {
            s->front = NOISE;
        }
        if (s->front == NOISE)
            s->searched = 1;
    }
    return s->front == BODY && held(s).len >= s->whole;
}

/* --- what is none --- */

/* Does a start line begin at `at`, amid noise? One with a line end inside is none: so each byte is
 * looked at once, whatever the noise is made of. */
static enum answer starts_amid(struct oh_span bytes, size_t at)
{
    struct oh_span line = oh_span_sub(bytes, at, LONGEST_START_LINE);
    size_t end = 0;
    while (end < line.len && line.at[end] != '\r' && line.at[end] != '\n')
        end++;
    if (end + 1 < line.len && line.at[end] == '\r' && line.at[end + 1] != '\n')
        return NO;
    return starts(bytes, at);
}

/* How much is noise, up to the next start line; 0: not known yet. */
static size_t noise(struct oh_sip_stream *s)
{
    struct oh_span bytes = held(s);
    for (size_t i = s->searched > 0 ? s->searched : 1; i <= bytes.len; i++) {
        if (i == OH_SIP_STREAM_MOST)
            return i;
        s->searched = i;
        if (bytes.at[i - 1] != '\n' && bytes.at[i - 1] != '\r')
            continue;
        enum answer start = starts_amid(bytes, i);
        if (start == YES)
            return i;
        if (start == NOT_YET)
            return 0;
    }
    return 0;
}

/* One CRLF, or two in a row; 0: neither. What is not known yet is `waits`. RFC 5626 3.5.1 */
static size_t keepalive(struct oh_span bytes, bool *waits)
{
    static const char ping[4] = "\r\n\r\n";
    size_t same = 0;
    while (same < sizeof ping && same < bytes.len && bytes.at[same] == ping[same])
        same++;
    *waits = same > 0 && same < sizeof ping && same == bytes.len;
    return *waits ? 0 : same - same % 2;
}

static enum oh_sip_cut look(struct oh_sip_stream *s, size_t *len)
{
    bool waits = false;
    if (s->front == UNKNOWN && !s->inside) {
        *len = s->lost ? 0 : keepalive(held(s), &waits);
        if (*len > 0)
            return OH_SIP_CUT_KEEPALIVE;
        enum answer start = waits ? NOT_YET : starts(held(s), 0);
        if (start == NOT_YET)
            return OH_SIP_CUT_NOTHING;
        s->front = start == YES ? HEADERS : NOISE;
    } else if (s->front == UNKNOWN) {
        s->front = NOISE;
    }
    if (is_whole(s)) {
        *len = s->whole;
        return OH_SIP_CUT_MESSAGE;
    }
    *len = s->front == NOISE ? noise(s) : 0;
    return *len > 0 ? OH_SIP_CUT_NOISE : OH_SIP_CUT_NOTHING;
}

enum oh_sip_cut oh_sip_stream_next(struct oh_sip_stream *s, struct oh_span *piece, uint64_t *offset)
{
    size_t len = 0;
    *piece = (struct oh_span){0};
    if (s->from == s->to)
        return OH_SIP_CUT_NOTHING;
    enum oh_sip_cut cut = look(s, &len);
    if (cut == OH_SIP_CUT_NOTHING)
        return cut;
    *piece = take(s, len, offset);
    s->inside = cut == OH_SIP_CUT_NOISE && len == OH_SIP_STREAM_MOST &&
                piece->at[len - 1] != '\n' && piece->at[len - 1] != '\r';
    return cut;
}

struct oh_span oh_sip_stream_rest(struct oh_sip_stream *s, uint64_t *offset)
{
    if (s->from == s->to)
        return (struct oh_span){0};
    return take(s, s->to - s->from, offset);
}

void oh_sip_stream_skip(struct oh_sip_stream *s, uint64_t len)
{
    take(s, s->to - s->from, NULL);
    s->offset += len;
    s->lost = true;
}
