/* Edits that no verb of the table can say: bodies, parts of URIs, and whole headers rewritten. */
#include "faults.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LINE_MAX_BYTES = 2048 };

/* ---- SDP ---- */

static void cut_line(struct mu_text *t, struct mu_span line)
{
    size_t end = line.at + line.len;
    if (!line.found)
        return;
    while (end < t->len && (t->at[end] == '\r' || t->at[end] == '\n'))
        end++;
    mu_cut(t, line.at, end - line.at);
}

/* The nth word of a line, from 0. */
static struct mu_span word(const struct mu_text *t, struct mu_span line, size_t nth)
{
    size_t at = line.at, end = line.at + line.len;
    for (; line.found && nth > 0 && at < end; at++)
        if (t->at[at] == ' ')
            nth--;
    size_t to = at;
    while (to < end && t->at[to] != ' ')
        to++;
    return (struct mu_span){at, to - at, line.found && nth == 0 && to > at};
}

void mu_spoil_sdp_extra_media(struct mu_text *t)
{
    mu_insert(t, t->len, "m=video 0 RTP/AVP 31\r\n");
}

void mu_spoil_sdp_no_media(struct mu_text *t)
{
    struct mu_span media = mu_body_line(t, "m=");
    if (media.found)
        mu_cut(t, media.at, t->len - media.at);
}

void mu_spoil_sdp_port_zero(struct mu_text *t)
{
    mu_put(t, word(t, mu_body_line(t, "m="), 1), "0");
}

void mu_spoil_sdp_no_connection(struct mu_text *t)
{
    for (struct mu_span c; (c = mu_body_line(t, "c=")).found;)
        cut_line(t, c);
}

void mu_spoil_sdp_no_origin(struct mu_text *t)
{
    cut_line(t, mu_body_line(t, "o="));
}

void mu_spoil_sdp_no_timing(struct mu_text *t)
{
    cut_line(t, mu_body_line(t, "t="));
}

/* The offered formats go; one takes their place that nobody offers. */
void mu_spoil_sdp_other_codec(struct mu_text *t)
{
    struct mu_span media = mu_body_line(t, "m="), first = word(t, media, 3);
    if (!first.found)
        return;
    first.len = media.at + media.len - first.at;
    mu_put(t, first, "4");
    for (struct mu_span a; (a = mu_body_line(t, "a=rtpmap:")).found;)
        cut_line(t, a);
    for (struct mu_span a; (a = mu_body_line(t, "a=fmtp:")).found;)
        cut_line(t, a);
}

void mu_spoil_sdp_sendrecv(struct mu_text *t)
{
    static const char *const directions[] = {"a=recvonly", "a=inactive", "a=sendonly"};
    for (size_t i = 0; i < sizeof directions / sizeof *directions; i++)
        mu_put(t, mu_body_line(t, directions[i]), "a=sendrecv");
}

/* The version that the first description of a session has is a constant of the phone's making; a
 * smaller number is never one more than the one before. */
void mu_spoil_sdp_old_version(struct mu_text *t)
{
    struct mu_span version = word(t, mu_body_line(t, "o="), 2);
    unsigned long number = mu_number(t, version);
    if (number > 0)
        mu_put_number(t, version, number - 1);
}

/* ---- URIs ---- */

static void put_in_header(struct mu_text *t, const char *header, const char *from, const char *to)
{
    struct mu_span s = mu_header(t, header, 0);
    const char *found = s.found ? memmem(t->at + s.at, s.len, from, strlen(from)) : NULL;
    if (found)
        mu_put(t, (struct mu_span){(size_t)(found - t->at), strlen(from), true}, to);
}

void mu_spoil_contact_scheme(struct mu_text *t)
{
    struct mu_span s = mu_header(t, "Contact", 0);
    mu_put(t, s, "<tel:+15551234>");
}

/* The port behind the host of the Contact, one higher. */
void mu_spoil_contact_port(struct mu_text *t)
{
    struct mu_span s = mu_header(t, "Contact", 0);
    size_t at = s.at, end = s.at + s.len;
    for (size_t i = s.at; i < end && t->at[i] != '>' && t->at[i] != ';'; i++)
        if (t->at[i] == ':')
            at = i + 1;
    size_t to = at;
    while (to < end && isdigit((unsigned char)t->at[to]))
        to++;
    struct mu_span port = {at, to - at, s.found && to > at};
    mu_put_number(t, port, mu_number(t, port) + 1);
}

void mu_spoil_to_user(struct mu_text *t)
{
    put_in_header(t, "To", "sip:", "sip:x");
}

void mu_spoil_from_user(struct mu_text *t)
{
    put_in_header(t, "From", "sip:", "sip:x");
}

void mu_spoil_uri_user(struct mu_text *t)
{
    struct mu_span uri = mu_field(t, "request-uri");
    if (uri.found && uri.len > 4)
        mu_insert(t, uri.at + 4, memchr(t->at + uri.at, '@', uri.len) ? "x" : "x@");
}

void mu_spoil_register_uri_user(struct mu_text *t)
{
    struct mu_span uri = mu_field(t, "request-uri");
    if (uri.found && uri.len > 4)
        mu_insert(t, uri.at + 4, "1001@");
}

void mu_spoil_to_tag(struct mu_text *t)
{
    struct mu_span s = mu_header(t, "To", 0);
    if (s.found)
        mu_insert(t, s.at + s.len, ";tag=early");
}

void mu_spoil_no_expires(struct mu_text *t)
{
    struct mu_span line = mu_header_line(t, "Expires", 0);
    if (line.found)
        mu_cut(t, line.at, line.len);
    mu_cut_param(t, mu_header(t, "Contact", 0), "expires");
}

/* ---- credentials, status ---- */

/* qop in quotes, as challenges have it and credentials must not. */
void mu_spoil_digest_quoted(struct mu_text *t)
{
    struct mu_span qop = mu_field(t, "auth.qop");
    if (!qop.found || t->at[qop.at - 1] == '"')
        return;
    mu_insert(t, qop.at + qop.len, "\"");
    mu_insert(t, qop.at, "\"");
}

static void put_status(struct mu_text *t, const char *status_and_phrase)
{
    struct mu_span status = mu_field(t, "status");
    const char *end = status.found ? memchr(t->at, '\r', t->len) : NULL;
    if (end) {
        status.len = (size_t)(end - t->at) - status.at;
        mu_put(t, status, status_and_phrase);
    }
}

void mu_spoil_status_603(struct mu_text *t)
{
    put_status(t, "603 Decline");
}

void mu_spoil_status_200(struct mu_text *t)
{
    put_status(t, "200 OK");
}

/* ---- the headers as they are written ---- */

/* A header line's parts; the message is rebuilt line by line from them. */
struct header {
    char line[LINE_MAX_BYTES];
    size_t name_len;
};

typedef void rewrite_fn(struct header *h);

static void rewrite(struct mu_text *t, rewrite_fn *fn)
{
    struct header h;
    size_t at = 0;
    const char *end = memchr(t->at, '\n', t->len);
    for (at = end ? (size_t)(end - t->at) + 1 : t->len; at < t->len && t->at[at] != '\r';) {
        end = memchr(t->at + at, '\n', t->len - at);
        const char *colon = memchr(t->at + at, ':', t->len - at);
        size_t len = end ? (size_t)(end - t->at) + 1 - at : 0;
        if (!len || !colon || colon > end || len + 16 >= sizeof h.line)
            return;
        memcpy(h.line, t->at + at, len);
        h.line[len] = '\0';
        h.name_len = (size_t)(colon - t->at) - at;
        fn(&h);
        mu_put(t, (struct mu_span){at, len, true}, h.line);
        at += strlen(h.line);
    }
}

static void put_name(struct header *h, const char *name)
{
    char rest[LINE_MAX_BYTES];
    snprintf(rest, sizeof rest, "%s", h->line + h->name_len);
    snprintf(h->line, sizeof h->line, "%.32s%.2000s", name, rest);
    h->name_len = strlen(name);
}

static void make_compact(struct header *h)
{
    static const struct {
        const char *name, *compact;
    } names[] = {{"Via", "v"},     {"From", "f"},           {"To", "t"},
                 {"Call-ID", "i"}, {"Contact", "m"},        {"Supported", "k"},
                 {"Subject", "s"}, {"Content-Length", "l"}, {"Content-Type", "c"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (h->name_len != strlen(names[i].name) ||
            strncasecmp(h->line, names[i].name, h->name_len) != 0)
            continue;
        put_name(h, names[i].compact);
        return;
    }
}

static void change_case(struct header *h)
{
    for (size_t i = 0; i < h->name_len; i++)
        h->line[i] =
            (char)(i % 2 ? toupper((unsigned char)h->line[i]) : tolower((unsigned char)h->line[i]));
}

/* Behind the colon a new line begins. RFC 3261 7.3.1 */
static void fold(struct header *h)
{
    char value[LINE_MAX_BYTES];
    const char *at = h->line + h->name_len + 1;
    snprintf(value, sizeof value, "%s", at + strspn(at, " \t"));
    if (*value != '\r')
        snprintf(h->line + h->name_len + 1, sizeof h->line - h->name_len - 1, "\r\n  %s", value);
}

/* RFC 3261 25.1: HCOLON has blanks on both sides. */
static void add_blanks(struct header *h)
{
    char value[LINE_MAX_BYTES];
    const char *at = h->line + h->name_len + 1;
    snprintf(value, sizeof value, "%s", at + strspn(at, " \t"));
    snprintf(h->line + h->name_len, sizeof h->line - h->name_len, " \t: %.2000s", value);
}

void mu_spoil_compact(struct mu_text *t)
{
    rewrite(t, make_compact);
}

void mu_spoil_case(struct mu_text *t)
{
    rewrite(t, change_case);
}

void mu_spoil_fold(struct mu_text *t)
{
    rewrite(t, fold);
}

void mu_spoil_blanks(struct mu_text *t)
{
    rewrite(t, add_blanks);
}

/* The lines of headers that are no lists change places: the last becomes the first. RFC 3261 7.3.1
 */
void mu_spoil_order(struct mu_text *t)
{
    static const char *const names[] = {"CSeq", "Call-ID", "To", "From", "Max-Forwards"};
    char line[LINE_MAX_BYTES];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct mu_span s = mu_header_line(t, names[i], 0);
        if (!s.found || s.len >= sizeof line)
            continue;
        mu_copy(t, s, line, sizeof line);
        mu_cut(t, s.at, s.len);
        mu_add_header(t, line);
    }
}

static void strip_cr(struct mu_text *t)
{
    size_t body = mu_body(t), to = 0;
    for (size_t i = 0; i < t->len; i++)
        if (i >= body || t->at[i] != '\r')
            t->at[to++] = t->at[i];
    t->len = to;
}

void mu_spoil_line_ends(struct mu_text *t)
{
    strip_cr(t);
}
