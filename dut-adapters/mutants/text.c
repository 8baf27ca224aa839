#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { START_LINE_MAX = 4096 };

static const struct {
    const char *name;
    char compact;
} compacts[] = {
    {"Via", 'v'},     {"From", 'f'},         {"To", 't'},
    {"Call-ID", 'i'}, {"Contact", 'm'},      {"Content-Length", 'l'},
    {"Subject", 's'}, {"Content-Type", 'c'}, {"Supported", 'k'},
};

/* ---- the bytes ---- */

static void reserve(struct mu_text *t, size_t room)
{
    if (room <= t->room)
        return;
    char *grown = realloc(t->at, room + room / 2 + 64);
    if (!grown)
        abort();
    t->at = grown;
    t->room = room + room / 2 + 64;
}

void mu_text_set(struct mu_text *t, const char *bytes, size_t len)
{
    reserve(t, len + 1);
    if (len)
        memmove(t->at, bytes, len);
    t->len = len;
}

void mu_text_release(struct mu_text *t)
{
    free(t->at);
    *t = (struct mu_text){0};
}

void mu_cut(struct mu_text *t, size_t at, size_t len)
{
    memmove(t->at + at, t->at + at + len, t->len - at - len);
    t->len -= len;
}

void mu_append(struct mu_text *t, const char *bytes, size_t len)
{
    reserve(t, t->len + len);
    if (len)
        memcpy(t->at + t->len, bytes, len);
    t->len += len;
}

void mu_insert(struct mu_text *t, size_t at, const char *string)
{
    size_t len = strlen(string);
    reserve(t, t->len + len);
    memmove(t->at + at + len, t->at + at, t->len - at);
    memcpy(t->at + at, string, len);
    t->len += len;
}

void mu_put(struct mu_text *t, struct mu_span s, const char *string)
{
    if (!s.found)
        return;
    mu_cut(t, s.at, s.len);
    mu_insert(t, s.at, string);
}

void mu_put_number(struct mu_text *t, struct mu_span s, unsigned long number)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%lu", number);
    mu_put(t, s, digits);
}

/* ---- start line ---- */

enum mu_looks mu_looks_like_sip(const char *bytes, size_t len)
{
    static const char version[] = "SIP/2.0";
    const size_t version_len = sizeof version - 1;
    const char *end = memchr(bytes, '\n', len < START_LINE_MAX ? len : START_LINE_MAX);
    size_t line = end ? (size_t)(end - bytes) : len, method = 0;
    if (memcmp(bytes, version, line < version_len ? line : version_len) == 0)
        return line > version_len && bytes[version_len] == ' ' ? MU_SIP : end ? MU_NO : MU_MAYBE;
    while (method < line && bytes[method] >= 'A' && bytes[method] <= 'Z')
        method++;
    if (method < line && (method < 3 || bytes[method] != ' '))
        return MU_NO;
    if (!end)
        return len < START_LINE_MAX ? MU_MAYBE : MU_NO;
    if (line && bytes[line - 1] == '\r')
        line--;
    return line > version_len && memcmp(bytes + line - version_len, version, version_len) == 0
               ? MU_SIP
               : MU_NO;
}

bool mu_is_response(const struct mu_text *t)
{
    return t->len > 8 && memcmp(t->at, "SIP/2.0 ", 8) == 0;
}

bool mu_is_request(const struct mu_text *t, const char *method)
{
    size_t len = strlen(method);
    return t->len > len && memcmp(t->at, method, len) == 0 && t->at[len] == ' ';
}

/* The nth word of the start line. */
static struct mu_span start_word(const struct mu_text *t, size_t nth)
{
    size_t at = 0, end = 0;
    for (;; at = end + 1) {
        for (end = at; end < t->len && t->at[end] != ' ' && t->at[end] != '\r';)
            end++;
        if (nth-- == 0)
            return (struct mu_span){at, end - at, end > at};
        if (end >= t->len || t->at[end] != ' ')
            return (struct mu_span){0, 0, false};
    }
}

/* ---- headers ---- */

static size_t line_end(const struct mu_text *t, size_t at)
{
    const char *end = at < t->len ? memchr(t->at + at, '\n', t->len - at) : NULL;
    return end ? (size_t)(end - t->at) + 1 : t->len;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_empty_line(const struct mu_text *t, size_t at)
{
    return at >= t->len || t->at[at] == '\n' ||
           (t->at[at] == '\r' && at + 1 < t->len && t->at[at + 1] == '\n');
}

static size_t header_end(const struct mu_text *t, size_t at)
{
    size_t end = line_end(t, at);
    while (end < t->len && is_blank(t->at[end]))
        end = line_end(t, end);
    return end;
}

static bool is_named(const char *line, size_t len, const char *name)
{
    if (len == strlen(name) && strncasecmp(line, name, len) == 0)
        return true;
    for (size_t i = 0; len == 1 && i < sizeof compacts / sizeof *compacts; i++)
        if (strcasecmp(compacts[i].name, name) == 0)
            return (line[0] | 0x20) == compacts[i].compact;
    return false;
}

/* Length of a header line's name; 0: it is none. */
static size_t name_length(const struct mu_text *t, size_t at, size_t end)
{
    const char *colon = memchr(t->at + at, ':', end - at);
    size_t len = colon ? (size_t)(colon - t->at) - at : 0;
    while (len && is_blank(t->at[at + len - 1]))
        len--;
    return len;
}

struct mu_span mu_header_line(const struct mu_text *t, const char *name, size_t nth)
{
    for (size_t at = line_end(t, 0), end; !is_empty_line(t, at); at = end) {
        end = header_end(t, at);
        size_t len = name_length(t, at, end);
        if (len && is_named(t->at + at, len, name) && nth-- == 0)
            return (struct mu_span){at, end - at, true};
    }
    return (struct mu_span){0, 0, false};
}

struct mu_span mu_header(const struct mu_text *t, const char *name, size_t nth)
{
    struct mu_span line = mu_header_line(t, name, nth);
    if (!line.found)
        return line;
    const char *colon = memchr(t->at + line.at, ':', line.len);
    size_t from = (size_t)(colon - t->at) + 1, to = line.at + line.len;
    while (from < to && strchr(" \t\r\n", t->at[from]))
        from++;
    while (to > from && strchr(" \t\r\n", t->at[to - 1]))
        to--;
    return (struct mu_span){from, to - from, true};
}

size_t mu_body(const struct mu_text *t)
{
    size_t at = line_end(t, 0);
    while (!is_empty_line(t, at))
        at = header_end(t, at);
    return at >= t->len ? t->len : line_end(t, at);
}

void mu_add_header(struct mu_text *t, const char *line)
{
    mu_insert(t, line_end(t, 0), line);
}

size_t mu_message_length(const char *bytes, size_t len)
{
    char copy[16];
    struct mu_text t = {(char *)(size_t)bytes, len, 0};
    const char *end = memmem(bytes, len, "\r\n\r\n", 4);
    if (!end)
        return 0;
    t.len = (size_t)(end - bytes) + 4;
    mu_copy(&t, mu_header(&t, "Content-Length", 0), copy, sizeof copy);
    size_t whole = t.len + strtoul(copy, NULL, 10);
    return whole <= len ? whole : 0;
}

/* ---- parameters ---- */

/* Where the parameters of a header's value begin: behind the URI in angle brackets, if there is
 * one. */
static size_t params_begin(const struct mu_text *t, struct mu_span header)
{
    const char *bracket = memchr(t->at + header.at, '>', header.len);
    return bracket ? (size_t)(bracket - t->at) + 1 : header.at;
}

/* The parameter from its name to its value's end, quotes included; of a list's first element. */
static struct mu_span whole_param(const struct mu_text *t, struct mu_span header, const char *name)
{
    size_t end = header.at + header.len, name_len = strlen(name);
    bool quoted = false;
    for (size_t i = params_begin(t, header); header.found && i < end; i++) {
        if (t->at[i] == '"')
            quoted = !quoted;
        if (quoted || end - i < name_len || strncasecmp(t->at + i, name, name_len) != 0 ||
            i == header.at || !strchr(";, \t\n", t->at[i - 1]))
            continue;
        size_t to = i + name_len;
        if (to < end && !strchr("=;, ", t->at[to]))
            continue;
        for (bool inside = false; to < end && (inside || !strchr(";, \t\r", t->at[to])); to++)
            if (t->at[to] == '"')
                inside = !inside;
        return (struct mu_span){i, to - i, true};
    }
    return (struct mu_span){0, 0, false};
}

struct mu_span mu_param(const struct mu_text *t, struct mu_span header, const char *name)
{
    struct mu_span p = whole_param(t, header, name);
    size_t skip = strlen(name) + 1;
    if (!p.found || p.len < skip)
        return (struct mu_span){0, 0, false};
    p.at += skip;
    p.len -= skip;
    if (p.len >= 2 && t->at[p.at] == '"')
        return (struct mu_span){p.at + 1, p.len - 2, true};
    return p;
}

void mu_cut_param(struct mu_text *t, struct mu_span header, const char *name)
{
    struct mu_span p = whole_param(t, header, name);
    if (!p.found)
        return;
    size_t from = p.at, to = p.at + p.len, end = header.at + header.len;
    while (from > header.at && is_blank(t->at[from - 1]))
        from--;
    if (from > header.at && strchr(";,", t->at[from - 1])) {
        from--;
    } else { /* the first of the credentials: what follows moves up */
        from = p.at;
        while (to < end && strchr(", \t", t->at[to]))
            to++;
    }
    mu_cut(t, from, to - from);
}

/* ---- fields by name ---- */

static struct mu_span credentials(const struct mu_text *t)
{
    struct mu_span s = mu_header(t, "Proxy-Authorization", 0);
    return s.found ? s : mu_header(t, "Authorization", 0);
}

/* A stretch of a header's value: from the nth of its words, which are parted by blanks or slashes.
 */
static struct mu_span cseq_word(const struct mu_text *t, size_t nth)
{
    struct mu_span s = mu_header(t, "CSeq", 0);
    size_t digits = 0, gap;
    while (digits < s.len && t->at[s.at + digits] >= '0' && t->at[s.at + digits] <= '9')
        digits++;
    if (nth == 0)
        return (struct mu_span){s.at, digits, digits > 0};
    for (gap = digits; gap < s.len && is_blank(t->at[s.at + gap]);)
        gap++;
    return (struct mu_span){s.at + gap, s.len - gap, s.len > gap};
}

/* "SIP/2.0/UDP host": the first two thirds, or the last, of the protocol. */
static struct mu_span via_protocol(const struct mu_text *t, bool transport)
{
    struct mu_span s = mu_header(t, "Via", 0);
    size_t end = 0, slash = 0;
    for (; end < s.len && !is_blank(t->at[s.at + end]); end++)
        if (t->at[s.at + end] == '/')
            slash = end;
    if (!slash)
        return (struct mu_span){0, 0, false};
    return transport ? (struct mu_span){s.at + slash + 1, end - slash - 1, true}
                     : (struct mu_span){s.at, slash, true};
}

struct mu_span mu_field(const struct mu_text *t, const char *field)
{
    const char *dot = strchr(field, '.');
    char name[64];
    if (!strcmp(field, "request-uri"))
        return mu_is_response(t) ? (struct mu_span){0, 0, false} : start_word(t, 1);
    if (!strcmp(field, "method"))
        return mu_is_response(t) ? (struct mu_span){0, 0, false} : start_word(t, 0);
    if (!strcmp(field, "status"))
        return mu_is_response(t) ? start_word(t, 1) : (struct mu_span){0, 0, false};
    if (!strncmp(field, "cseq.", 5))
        return cseq_word(t, !strcmp(dot, ".method"));
    if (!strcmp(field, "via.version") || !strcmp(field, "via.transport"))
        return via_protocol(t, !strcmp(dot, ".transport"));
    if (!strncmp(field, "auth.", 5))
        return mu_param(t, credentials(t), dot + 1);
    if (!dot)
        return mu_header(t, field, 0);
    snprintf(name, sizeof name, "%.*s", (int)(dot - field), field);
    return mu_param(t, mu_header(t, name, 0), dot + 1);
}

struct mu_span mu_body_line(const struct mu_text *t, const char *begins)
{
    size_t len = strlen(begins);
    for (size_t at = mu_body(t), end; at < t->len; at = end) {
        end = line_end(t, at);
        if (end - at < len || memcmp(t->at + at, begins, len) != 0)
            continue;
        size_t stop = end;
        while (stop > at && strchr("\r\n", t->at[stop - 1]))
            stop--;
        return (struct mu_span){at, stop - at, true};
    }
    return (struct mu_span){0, 0, false};
}

bool mu_span_is(const struct mu_text *t, struct mu_span s, const char *string)
{
    return s.found && s.len == strlen(string) && memcmp(t->at + s.at, string, s.len) == 0;
}

char *mu_copy(const struct mu_text *t, struct mu_span s, char *to, size_t room)
{
    size_t len = !s.found ? 0 : s.len < room ? s.len : room - 1;
    if (len)
        memcpy(to, t->at + s.at, len);
    to[len] = '\0';
    return to;
}

unsigned long mu_number(const struct mu_text *t, struct mu_span s)
{
    char digits[24];
    return strtoul(mu_copy(t, s, digits, sizeof digits), NULL, 10);
}

void mu_fix_length(struct mu_text *t)
{
    mu_put_number(t, mu_header(t, "Content-Length", 0), t->len - mu_body(t));
}
