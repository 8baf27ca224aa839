#include "sip/message.h"

#include "sip/facts.h"
#include "sip/header_names.h"
#include "sip/typed.h"
#include "sip/uri.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Most messages have no more: their headers are collected without the heap. */
#define USUAL_HEADERS 48
/* What the heap takes for itself, of a few blocks. */
#define HEAP_BYTES 64

/* The message while it is being split: of the bytes given, and moved into one block of memory with
 * its arrays and a copy of the bytes when all is known. */
struct splitter {
    struct oh_sip_msg *m;
    size_t at;                     /* next byte to look at */
    size_t full_len;               /* of the bytes given, before our limit cut them */
    struct oh_sip_header *headers; /* `usual`, or on the heap */
    size_t header_room;
    struct oh_sip_defect *defects; /* on the heap */
    size_t defect_room;
    unsigned per_kind[OH_SIP_DEFECT_KINDS];
    bool over_limit, has_nul;
    struct oh_sip_header usual[USUAL_HEADERS]; /* last: it is not set to zero */
};

static void defect(struct splitter *s, enum oh_sip_defect_kind kind, struct oh_span bytes)
{
    if (s->per_kind[kind]++ >= OH_SIP_MAX_DEFECTS_PER_KIND)
        return;
    oh_grow(&s->defects, s->m->defect_count, &s->defect_room, sizeof *s->defects);
    s->defects[s->m->defect_count++] = (struct oh_sip_defect){kind, bytes};
}

static bool is_wsp(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static struct oh_span trim_wsp(struct oh_span s)
{
    while (s.len > 0 && is_wsp(s.at[s.len - 1]))
        s.len--;
    while (s.len > 0 && is_wsp(s.at[0]))
        s = oh_span_sub(s, 1, s.len);
    return s;
}

static size_t leading_line_ends(struct oh_span bytes)
{
    size_t n = 0;
    while (n < bytes.len && (bytes.at[n] == '\r' || bytes.at[n] == '\n'))
        n++;
    return n;
}

static size_t find_wsp(struct oh_span s)
{
    size_t i = 0;
    while (i < s.len && !is_wsp(s.at[i]))
        i++;
    return i;
}

/* "SIP/" 1*DIGIT "." 1*DIGIT, in any case. RFC 3261 25.1 */
static bool is_version(struct oh_span s)
{
    if (!oh_span_is_nocase(oh_span_sub(s, 0, 4), "SIP/"))
        return false;
    s = oh_span_sub(s, 4, s.len);
    size_t dot = oh_span_find(s, '.');
    for (size_t i = 0; i < s.len; i++) {
        if (i != dot && !is_digit(s.at[i]))
            return false;
    }
    return dot > 0 && dot + 1 < s.len;
}

/* The last word of a line and what stands before it, both without white space around. */
static struct oh_span last_word(struct oh_span line, struct oh_span *before)
{
    line = trim_wsp(line);
    size_t from = line.len;
    while (from > 0 && !is_wsp(line.at[from - 1]))
        from--;
    *before = trim_wsp(oh_span_sub(line, 0, from));
    return oh_span_sub(line, from, line.len);
}

static bool is_status_line(struct oh_span line)
{
    return oh_span_is_nocase(oh_span_sub(line, 0, 4), "SIP/");
}

static bool is_request_line(struct oh_span line)
{
    struct oh_span before;
    if (!is_version(last_word(line, &before)))
        return false;
    return oh_sip_is_token(oh_span_sub(before, 0, find_wsp(before)));
}

/* The line at the start of `bytes`, without its end: CRLF or LF (a lone CR is part of the line). */
static struct oh_span first_line(struct oh_span bytes)
{
    struct oh_span line = oh_span_sub(bytes, 0, oh_span_find(bytes, '\n'));
    if (line.len < bytes.len && line.len > 0 && line.at[line.len - 1] == '\r')
        line.len--;
    return line;
}

bool oh_sip_looks_like(struct oh_span bytes)
{
    if (!bytes.at)
        return false;
    bytes = oh_span_sub(bytes, leading_line_ends(bytes), bytes.len);
    struct oh_span line = first_line(bytes);
    return is_status_line(line) || is_request_line(line);
}

/* quoted-pair = "\" (%x00-09 / ...): the one place where a NUL is legal. RFC 3261 25.1 */
static bool is_escaped(struct oh_span bytes, size_t at, size_t line_start)
{
    size_t backslashes = 0;
    while (at > line_start && bytes.at[at - 1] == '\\') {
        backslashes++;
        at--;
    }
    return backslashes % 2 == 1;
}

static void note_odd_bytes(struct splitter *s, size_t start, size_t end)
{
    struct oh_span bytes = s->m->bytes;
    for (size_t i = start; i < end; i++) {
        if (bytes.at[i] == '\r')
            defect(s, OH_SIP_DEFECT_BARE_CR, oh_span_sub(bytes, i, 1));
        if (bytes.at[i] == '\0' && !is_escaped(bytes, i, start))
            defect(s, OH_SIP_DEFECT_NUL, oh_span_sub(bytes, i, 1));
    }
}

/* Takes one line, records what is odd in its bytes, returns it without its end; `*whole` with it.
 */
static struct oh_span take_line(struct splitter *s, struct oh_span *whole)
{
    struct oh_span bytes = s->m->bytes;
    size_t start = s->at;
    size_t end = start + oh_span_find(oh_span_sub(bytes, start, bytes.len), '\n');
    bool ended = end < bytes.len;
    bool crlf = ended && end > start && bytes.at[end - 1] == '\r';
    size_t text_end = crlf ? end - 1 : end;
    struct oh_span text = oh_span_sub(bytes, start, text_end - start);
    if (oh_span_find(text, '\r') < text.len || (s->has_nul && oh_span_find(text, '\0') < text.len))
        note_odd_bytes(s, start, text_end);
    if (ended && !crlf)
        defect(s, OH_SIP_DEFECT_BARE_LF, oh_span_sub(bytes, end, 1));
    s->at = ended ? end + 1 : bytes.len;
    *whole = oh_span_sub(bytes, start, s->at - start);
    return text;
}

/* An absolute URI by its characters: scheme ":" and no byte that no URI may hold. */
static bool is_uri_like(struct oh_span uri)
{
    size_t colon = oh_span_find(uri, ':');
    if (colon == uri.len || colon + 1 == uri.len || !oh_sip_is_token(oh_span_sub(uri, 0, colon)))
        return false;
    for (size_t i = 0; i < uri.len; i++) {
        unsigned char c = (unsigned char)uri.at[i];
        if (c <= 0x20 || c >= 0x7f || c == '<' || c == '>' || c == '"')
            return false;
    }
    return true;
}

/* Method SP Request-URI SP SIP-Version. RFC 3261 7.1: no other white space than the two SP. */
static void split_request_line(struct splitter *s)
{
    struct oh_sip_msg *m = s->m;
    struct oh_span before;
    m->is_request = true;
    m->version = last_word(m->start_line, &before);
    m->method = oh_span_sub(before, 0, find_wsp(before));
    m->request_uri = trim_wsp(oh_span_sub(before, m->method.len, before.len));
    size_t strict_len = m->method.len + 1 + m->request_uri.len + 1 + m->version.len;
    bool tabs = oh_span_find(m->start_line, '\t') < m->start_line.len;
    if (m->start_line.len != strict_len || tabs || !is_uri_like(m->request_uri))
        defect(s, OH_SIP_DEFECT_START_LINE, m->start_line);
}

static void split_status_code(struct splitter *s, struct oh_span code)
{
    uint64_t value = 0;
    bool number = oh_span_to_u64(code, &value);
    if (number && value <= 9999)
        s->m->status = (unsigned)value;
    if (!number || code.len != 3 || value < 100 || value > 699)
        defect(s, OH_SIP_DEFECT_STATUS_CODE, code);
}

/* SIP-Version SP Status-Code SP Reason-Phrase; the phrase may be empty, its SP may not be missing.
 */
static void split_status_line(struct splitter *s)
{
    struct oh_sip_msg *m = s->m;
    struct oh_span line = m->start_line;
    m->version = oh_span_sub(line, 0, find_wsp(line));
    struct oh_span rest = oh_span_sub(line, m->version.len, line.len);
    struct oh_span words = trim_wsp(rest);
    struct oh_span code = oh_span_sub(words, 0, find_wsp(words));
    size_t code_end = (size_t)(code.at - line.at) + code.len;
    struct oh_span after = oh_span_sub(line, code_end, line.len);
    m->reason = trim_wsp(after);
    bool one_space = oh_span_starts_with(rest, " ") && code.at == rest.at + 1;
    if (!one_space || !oh_span_starts_with(after, " ") || code.len == 0)
        defect(s, OH_SIP_DEFECT_START_LINE, line);
    split_status_code(s, code);
}

static void split_start_line(struct splitter *s)
{
    struct oh_span whole;
    s->m->start_line = take_line(s, &whole);
    if (is_status_line(s->m->start_line))
        split_status_line(s);
    else
        split_request_line(s);
    /* RFC 3261 7.1: compared without regard to case, but MUST be sent in upper case */
    if (!oh_span_is(s->m->version, "SIP/2.0"))
        defect(s, OH_SIP_DEFECT_VERSION, s->m->version);
}

static const bool is_unique[OH_SIP_HEADER_IDS] = {
    [OH_SIP_FROM] = true,
    [OH_SIP_TO] = true,
    [OH_SIP_CALL_ID] = true,
    [OH_SIP_CSEQ] = true,
    [OH_SIP_MAX_FORWARDS] = true,
    [OH_SIP_CONTENT_LENGTH] = true,
    [OH_SIP_CONTENT_TYPE] = true,
    [OH_SIP_EVENT] = true,
    [OH_SIP_EXPIRES] = true,
    [OH_SIP_MIN_EXPIRES] = true,
    [OH_SIP_RACK] = true,
    [OH_SIP_REFER_TO] = true,
    [OH_SIP_REFERRED_BY] = true,
    [OH_SIP_REPLACES] = true,
    [OH_SIP_RETRY_AFTER] = true,
    [OH_SIP_RSEQ] = true,
    [OH_SIP_SERVER] = true,
    [OH_SIP_SESSION_EXPIRES] = true,
    [OH_SIP_SUBSCRIPTION_STATE] = true,
    [OH_SIP_USER_AGENT] = true,
};

static struct oh_sip_header *new_header(struct splitter *s)
{
    size_t count = s->m->header_count++;
    if (count < s->header_room)
        return &s->headers[count];
    if (s->headers != s->usual) {
        oh_grow(&s->headers, count, &s->header_room, sizeof *s->headers);
        return &s->headers[count];
    }
    s->header_room = 2 * USUAL_HEADERS;
    s->headers = oh_alloc(s->header_room * sizeof *s->headers);
    memcpy(s->headers, s->usual, sizeof s->usual);
    return &s->headers[count];
}

/* field-name HCOLON field-value; white space may stand before the colon. RFC 3261 7.3.1 */
static void add_header(struct splitter *s, struct oh_span text, struct oh_span line)
{
    struct oh_span name = oh_span_sub(text, 0, oh_sip_token_len(text));
    size_t colon = name.len;
    while (colon < text.len && is_wsp(text.at[colon]))
        colon++;
    if (name.len == 0 || colon == text.len || text.at[colon] != ':') {
        defect(s, OH_SIP_DEFECT_HEADER_LINE, line);
        return;
    }
    if (s->m->header_count == OH_SIP_MAX_HEADERS) {
        defect(s, OH_SIP_DEFECT_LIMIT, line);
        s->over_limit = true;
        return;
    }
    enum oh_sip_header_id id = oh_sip_header_id_of(name);
    s->m->has |= UINT64_C(1) << id;
    if (is_unique[id] && s->m->first_of[id])
        defect(s, OH_SIP_DEFECT_REPEATED_HEADER, line);
    if (s->m->first_of[id])
        s->m->is_repeated[id] = true;
    else
        s->m->first_of[id] = (unsigned short)(s->m->header_count + 1);
    *new_header(s) = (struct oh_sip_header){
        .id = id,
        .name = name,
        .value = oh_span_trim(oh_span_sub(text, colon + 1, text.len)),
        .line = line,
    };
}

/* All lines up to the empty one. Returns whether that one was there. */
static bool split_headers(struct splitter *s)
{
    struct oh_span bytes = s->m->bytes;
    struct oh_span last = s->m->start_line;
    while (s->at < bytes.len && !s->over_limit) {
        struct oh_span line, more;
        struct oh_span text = take_line(s, &line);
        if (text.len == 0)
            return true;
        while (s->at < bytes.len && is_wsp(bytes.at[s->at])) { /* folds, RFC 3261 7.3.1 */
            struct oh_span folded = take_line(s, &more);
            text.len = (size_t)(folded.at - text.at) + folded.len;
            line.len += more.len;
        }
        add_header(s, text, line);
        last = line;
    }
    if (s->over_limit) { /* only the body is still wanted */
        struct oh_span rest = oh_span_sub(bytes, s->at, bytes.len);
        size_t empty = oh_span_search(rest, oh_span_of("\r\n\r\n"));
        s->at += empty < rest.len ? empty + 4 : rest.len;
        return true;
    }
    if (s->full_len == bytes.len)
        defect(s, OH_SIP_DEFECT_NO_BLANK_LINE, last);
    return false;
}

/* The bytes that belong to the body: one datagram is one message. RFC 3261 18.3 */
static void cut_body(struct splitter *s)
{
    struct oh_sip_msg *m = s->m;
    struct oh_span rest = oh_span_sub(m->bytes, s->at, m->bytes.len);
    size_t full_rest = s->full_len - s->at;
    const struct oh_sip_header *header = oh_sip_msg_header(m, OH_SIP_CONTENT_LENGTH, 0);
    uint64_t length = 0;
    bool number = header && oh_span_to_u64(header->value, &length);
    bool digits = header && header->value.len > 0;
    for (size_t i = 0; digits && i < header->value.len; i++)
        digits = is_digit(header->value.at[i]);
    if (header && !digits)
        defect(s, OH_SIP_DEFECT_LENGTH_SYNTAX, header->value.len ? header->value : header->line);
    else if (digits && (!number || length > full_rest))
        defect(s, OH_SIP_DEFECT_LENGTH_TOO_LARGE, header->value);
    else if (number && length < full_rest)
        defect(s, OH_SIP_DEFECT_LENGTH_TOO_SMALL, header->value);
    if (number && length < rest.len)
        rest.len = (size_t)length;
    if (rest.len > 0)
        m->body = rest;
}

/* --- into one block --- */

static struct oh_span moved(struct oh_span s, const char *from, const char *to)
{
    return s.at ? (struct oh_span){to + (s.at - from), s.len} : s;
}

static void move_spans(struct oh_sip_msg *m, const char *from, const char *to)
{
    struct oh_span *const spans[] = {&m->bytes,  &m->start_line, &m->method, &m->request_uri,
                                     &m->reason, &m->version,    &m->body};
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++)
        *spans[i] = moved(*spans[i], from, to);
}

/* The message, room for its facts, its headers, its defects and the bytes, one behind the other. */
static struct oh_sip_msg *pack(const struct splitter *s)
{
    const struct oh_sip_msg *m = s->m;
    size_t header_bytes = m->header_count * sizeof *s->headers;
    size_t defect_bytes = m->defect_count * sizeof *s->defects;
    char *block = oh_realloc(NULL, sizeof *m + sizeof *m->facts + header_bytes + defect_bytes +
                                       m->bytes.len + 1);
    struct oh_sip_facts *facts = (struct oh_sip_facts *)(void *)(block + sizeof *m);
    struct oh_sip_header *headers = (struct oh_sip_header *)(void *)(facts + 1);
    struct oh_sip_defect *defects =
        (struct oh_sip_defect *)(void *)((char *)headers + header_bytes);
    char *bytes = (char *)defects + defect_bytes;
    const char *from = m->bytes.at;
    memcpy(bytes, from, m->bytes.len);
    bytes[m->bytes.len] = '\0';
    for (size_t i = 0; i < m->header_count; i++) {
        const struct oh_sip_header *h = &s->headers[i];
        headers[i] = *h; /* of a header no part is absent */
        headers[i].name.at = bytes + (h->name.at - from);
        headers[i].value.at = bytes + (h->value.at - from);
        headers[i].line.at = bytes + (h->line.at - from);
    }
    for (size_t i = 0; i < m->defect_count; i++)
        defects[i] =
            (struct oh_sip_defect){s->defects[i].kind, moved(s->defects[i].bytes, from, bytes)};
    struct oh_sip_msg *packed = (struct oh_sip_msg *)(void *)block;
    *packed = *m;
    move_spans(packed, from, bytes);
    packed->room_for_facts = facts;
    packed->headers = headers;
    packed->defects = defects;
    return packed;
}

struct oh_sip_msg *oh_sip_msg_parse(struct oh_span bytes)
{
    if (!oh_sip_looks_like(bytes))
        return NULL;
    struct oh_sip_msg m = {.bytes = oh_span_sub(bytes, 0, OH_SIP_MAX_BYTES)};
    struct splitter s;
    memset(&s, 0, offsetof(struct splitter, usual));
    s.m = &m;
    s.full_len = bytes.len;
    s.headers = s.usual;
    s.header_room = USUAL_HEADERS;
    s.has_nul = oh_span_find(m.bytes, '\0') < m.bytes.len;
    if (m.bytes.len < bytes.len)
        defect(&s, OH_SIP_DEFECT_LIMIT, oh_span_sub(m.bytes, m.bytes.len, 0));
    s.at = leading_line_ends(m.bytes);
    if (s.at > 0)
        defect(&s, OH_SIP_DEFECT_LEADING_BYTES, oh_span_sub(m.bytes, 0, s.at));
    split_start_line(&s);
    bool whole = split_headers(&s);
    m.headers = s.headers;
    if (whole)
        cut_body(&s);
    struct oh_sip_msg *packed = pack(&s);
    if (s.headers != s.usual)
        free(s.headers);
    free(s.defects);
    return packed;
}

void oh_sip_msg_free(struct oh_sip_msg *m)
{
    if (!m)
        return;
    oh_sip_typed_free(m->typed);
    free(m->values);
    free(m);
}

const struct oh_sip_header *oh_sip_msg_next_header(const struct oh_sip_msg *m,
                                                   enum oh_sip_header_id id, size_t n)
{
    size_t first = m->first_of[id] ? m->first_of[id] - 1U : m->header_count;
    for (size_t i = first; i < m->header_count; i++) {
        if (m->headers[i].id == id && n-- == 0)
            return &m->headers[i];
    }
    return NULL;
}

const struct oh_sip_header *oh_sip_msg_header_named(const struct oh_sip_msg *m, struct oh_span name,
                                                    size_t n)
{
    enum oh_sip_header_id id = oh_sip_header_id_of(name);
    if (id != OH_SIP_OTHER)
        return oh_sip_msg_header(m, id, n);
    size_t first = m->first_of[id] ? m->first_of[id] - 1U : m->header_count;
    name = oh_sip_header_long_name(name);
    for (size_t i = first; i < m->header_count; i++) {
        const struct oh_sip_header *h = &m->headers[i];
        if (h->id == OH_SIP_OTHER && oh_span_equal_nocase(oh_sip_header_long_name(h->name), name) &&
            n-- == 0)
            return h;
    }
    return NULL;
}

struct oh_span oh_sip_msg_method(const struct oh_sip_msg *m)
{
    return m->is_request ? m->method : oh_sip_msg_facts(m)->cseq.method;
}

bool oh_sip_msg_is_method(const struct oh_sip_msg *m, const char *method)
{
    return oh_span_is(oh_sip_msg_method(m), method);
}

bool oh_sip_msg_is_final(const struct oh_sip_msg *m)
{
    return !m->is_request && m->status >= 200;
}

size_t oh_sip_msg_memory(const struct oh_sip_msg *m)
{
    return sizeof *m + m->bytes.len + m->header_count * sizeof *m->headers +
           m->defect_count * sizeof *m->defects + sizeof *m->facts +
           (m->values ? OH_SIP_VALUES_MOST : 0) + HEAP_BYTES;
}

size_t oh_sip_msg_offset(const struct oh_sip_msg *m, struct oh_span s)
{
    uintptr_t start = (uintptr_t)m->bytes.at, at = (uintptr_t)s.at;
    assert(at >= start && at + s.len <= start + m->bytes.len);
    return at - start;
}
