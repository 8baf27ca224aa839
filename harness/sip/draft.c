#include "sip/draft.h"

#include "sip/uri.h"
#include "sip/via.h"

#include <stdlib.h>
#include <string.h>

struct header {
    char *name;
    char *value;
};

struct oh_draft {
    struct oh_text start_line;
    struct header *headers;
    size_t count;
    size_t room;
    struct oh_text body;
    struct oh_text exact; /* sent in place of all that; empty: none */
};

/* ---- headers ---- */

static bool breaks_line(char c)
{
    return c == '\r' || c == '\n' || c == '\0';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Appends `s` as one line: runs of blanks and line breaks that hold a line break become `instead`.
 */
static void add_one_line(struct oh_text *out, struct oh_span s, const char *instead)
{
    size_t whole = 0;
    while (whole < s.len && !breaks_line(s.at[whole]))
        whole++;
    if (whole == s.len) { /* nearly always */
        oh_text_add_span(out, s);
        return;
    }
    for (size_t i = 0; i < s.len;) {
        size_t end = i;
        bool broken = false;
        while (end < s.len && (is_blank(s.at[end]) || breaks_line(s.at[end])))
            broken = breaks_line(s.at[end++]) || broken;
        if (broken) {
            oh_text_add(out, instead);
        } else {
            end = end > i ? end : i + 1;
            oh_text_add_span(out, oh_span_sub(s, i, end - i));
        }
        i = end;
    }
}

static char *one_line(struct oh_span s, const char *instead)
{
    struct oh_text text = {0};
    add_one_line(&text, s, instead);
    return text.at ? oh_text_take(&text) : oh_strdup("");
}

/* Compact forms of the headers that have no id of their own, RFC 3261 7.3.3 and 20, RFC 6665 8.2.2.
 */
static const char *const compact_names[][2] = {
    {"s", "Subject"},
    {"e", "Content-Encoding"},
    {"u", "Allow-Events"},
};

static struct oh_span long_name(struct oh_span name)
{
    for (size_t i = 0; i < sizeof(compact_names) / sizeof(compact_names[0]); i++)
        if (oh_span_is_nocase(name, compact_names[i][0]))
            return oh_span_of(compact_names[i][1]);
    return name;
}

static bool same_name(const char *a, const char *b)
{
    enum oh_sip_header_id id = oh_sip_header_id_of(oh_span_of(a));
    if (id != oh_sip_header_id_of(oh_span_of(b)))
        return false;
    return id != OH_SIP_OTHER ||
           oh_span_equal_nocase(long_name(oh_span_of(a)), long_name(oh_span_of(b)));
}

/* Index of the first header of that name, or the count where there is none. */
static size_t find(const struct oh_draft *d, const char *name)
{
    size_t i = 0;
    while (i < d->count && !same_name(d->headers[i].name, name))
        i++;
    return i;
}

static void insert(struct oh_draft *d, size_t at, const char *name, struct oh_span value)
{
    oh_grow(&d->headers, d->count, &d->room, sizeof(*d->headers));
    memmove(&d->headers[at + 1], &d->headers[at], (d->count - at) * sizeof(*d->headers));
    d->headers[at].name = one_line(oh_span_of(name), "");
    d->headers[at].value = one_line(value, " ");
    d->count++;
}

static void take_out(struct oh_draft *d, size_t at)
{
    free(d->headers[at].name);
    free(d->headers[at].value);
    d->count--;
    memmove(&d->headers[at], &d->headers[at + 1], (d->count - at) * sizeof(*d->headers));
}

void oh_draft_remove(struct oh_draft *d, const char *name)
{
    for (size_t i = find(d, name); i < d->count; i = find(d, name))
        take_out(d, i);
}

void oh_draft_add(struct oh_draft *d, const char *name, const char *value_format, ...)
{
    struct oh_text value = {0};
    va_list args;
    va_start(args, value_format);
    oh_text_addv(&value, value_format, args);
    va_end(args);
    insert(d, d->count, name, oh_text_span(&value));
    oh_text_release(&value);
}

void oh_draft_set(struct oh_draft *d, const char *name, const char *value_format, ...)
{
    struct oh_text value = {0};
    va_list args;
    va_start(args, value_format);
    oh_text_addv(&value, value_format, args);
    va_end(args);
    size_t at = find(d, name);
    oh_draft_remove(d, name);
    insert(d, at, name, oh_text_span(&value));
    oh_text_release(&value);
}

void oh_draft_push(struct oh_draft *d, const char *name, const char *value_format, ...)
{
    struct oh_text value = {0};
    va_list args;
    va_start(args, value_format);
    oh_text_addv(&value, value_format, args);
    va_end(args);
    size_t at = find(d, name);
    insert(d, at < d->count ? at : 0, name, oh_text_span(&value));
    oh_text_release(&value);
}

void oh_draft_body(struct oh_draft *d, const char *content_type, struct oh_span body)
{
    oh_text_clear(&d->body);
    oh_text_add_span(&d->body, body);
    if (body.len == 0)
        oh_draft_remove(d, "Content-Type");
    else if (content_type)
        oh_draft_set(d, "Content-Type", "%s", content_type);
}

void oh_draft_format(const struct oh_draft *d, struct oh_text *out)
{
    if (d->exact.len) {
        oh_text_add_span(out, oh_text_span(&d->exact));
        return;
    }
    oh_text_add_span(out, oh_text_span(&d->start_line));
    oh_text_add(out, "\r\n");
    for (size_t i = 0; i < d->count; i++)
        oh_text_addf(out, "%s: %s\r\n", d->headers[i].name, d->headers[i].value);
    if (find(d, "Content-Length") == d->count)
        oh_text_addf(out, "Content-Length: %zu\r\n", d->body.len);
    oh_text_add(out, "\r\n");
    oh_text_add_span(out, oh_text_span(&d->body));
}

/* ---- making and freeing ---- */

struct oh_draft *oh_draft_request(const char *method, const char *request_uri)
{
    struct oh_draft *d = oh_alloc(sizeof(*d));
    add_one_line(&d->start_line, oh_span_of(method), "");
    oh_text_add_char(&d->start_line, ' ');
    add_one_line(&d->start_line, oh_span_of(request_uri), "");
    oh_text_add(&d->start_line, " SIP/2.0");
    return d;
}

struct oh_draft *oh_draft_exact(struct oh_span bytes)
{
    struct oh_draft *d = oh_alloc(sizeof(*d));
    oh_text_add_span(&d->exact, bytes);
    return d;
}

void oh_draft_free(struct oh_draft *d)
{
    if (!d)
        return;
    while (d->count > 0)
        take_out(d, d->count - 1);
    free(d->headers);
    oh_text_release(&d->start_line);
    oh_text_release(&d->body);
    oh_text_release(&d->exact);
    free(d);
}

/* ---- responses ---- */

/* Cuts one parameter off the front of `*rest`, minding quotes; the ';' goes too. */
static struct oh_span take_param(struct oh_span *rest)
{
    size_t n = 0;
    bool quoted = false;
    for (; n < rest->len && (quoted || rest->at[n] != ';'); n++) {
        if (quoted && rest->at[n] == '\\')
            n += n + 1 < rest->len;
        else if (rest->at[n] == '"')
            quoted = !quoted;
    }
    struct oh_span param = oh_span_sub(*rest, 0, n);
    *rest = oh_span_sub(*rest, n + 1, rest->len);
    return param;
}

static bool param_is(struct oh_span param, const char *name)
{
    return oh_span_is_nocase(oh_span_trim(oh_span_sub(param, 0, oh_span_find(param, '='))), name);
}

static bool has_value(struct oh_span param)
{
    size_t equals = oh_span_find(param, '=');
    return oh_span_trim(oh_span_sub(param, equals + 1, param.len)).len > 0;
}

/* Does sent-by name something else than the address the request came from? */
static bool differs(const struct oh_sip_via *via, const struct oh_addr *source)
{
    struct oh_addr said;
    return oh_sip_host_addr(via->host, 0, &said, NULL) < 0 || !oh_addr_same_ip(&said, source);
}

/* One Via value with received and rport filled in; a received that the sender put itself is
 * replaced. */
static void add_stamped_via(struct oh_text *out, struct oh_span item, const struct oh_addr *source)
{
    char ip[OH_ADDR_TEXT];
    struct oh_sip_via via;
    if (oh_sip_via_parse(item, &via) < 0) {
        oh_text_add_span(out, item);
        return;
    }
    bool stamp = differs(&via, source); /* RFC 3261 18.2.1 */
    oh_text_add_span(out, oh_span_sub(item, 0, oh_span_find(item, ';')));
    for (struct oh_span rest = via.params; rest.len > 0;) {
        struct oh_span param = take_param(&rest);
        bool received = param_is(param, "received"), rport = param_is(param, "rport");
        stamp = stamp || received || rport; /* RFC 3581 4: received even where it is equal */
        if (received)
            continue;
        oh_text_add_char(out, ';');
        if (rport && !has_value(param))
            oh_text_addf(out, "rport=%u", (unsigned)source->port);
        else
            oh_text_add_span(out, param);
    }
    if (stamp)
        oh_text_addf(out, ";received=%s", oh_addr_format_ip(source, ip));
}

static void copy_top_via(struct oh_draft *d, struct oh_span value, const struct oh_addr *source)
{
    struct oh_span top = oh_sip_list_item(value, 0);
    struct oh_text text = {0};
    if (!top.at || !source || source->family == OH_FAMILY_NONE) {
        insert(d, d->count, "Via", value);
        return;
    }
    size_t before = (size_t)(top.at - value.at);
    oh_text_add_span(&text, oh_span_sub(value, 0, before));
    add_stamped_via(&text, top, source);
    oh_text_add_span(&text, oh_span_sub(value, before + top.len, value.len));
    insert(d, d->count, "Via", oh_text_span(&text));
    oh_text_release(&text);
}

/* Copies the headers with this id, at most `limit` of them. */
static void copy(struct oh_draft *d, const struct oh_sip_msg *m, enum oh_sip_header_id id,
                 size_t limit)
{
    const struct oh_sip_header *h;
    for (size_t n = 0; n < limit && (h = oh_sip_msg_header(m, id, n)) != NULL; n++)
        insert(d, d->count, oh_sip_header_name(id), h->value);
}

static void copy_to(struct oh_draft *d, const struct oh_sip_msg *request, const char *tag)
{
    const struct oh_sip_header *to = oh_sip_msg_header(request, OH_SIP_TO, 0);
    struct oh_sip_name_addr parts;
    if (!to)
        return;
    bool tagged = oh_sip_name_addr_parse(to->value, &parts) == 0 &&
                  oh_sip_param(parts.params, "tag").at != NULL;
    copy(d, request, OH_SIP_TO, 1);
    if (!tag || tagged)
        return;
    struct header *copied = &d->headers[d->count - 1];
    struct oh_text tagged_value = {0};
    oh_text_addf(&tagged_value, "%s;tag=", copied->value);
    add_one_line(&tagged_value, oh_span_of(tag), "");
    free(copied->value);
    copied->value = oh_text_take(&tagged_value);
}

static bool forms_dialog(const struct oh_sip_msg *request)
{
    static const char *const methods[] = {"INVITE", "SUBSCRIBE", "NOTIFY", "REFER"};
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        if (oh_sip_msg_is_method(request, methods[i]))
            return true;
    return false;
}

struct oh_draft *oh_draft_response(const struct oh_sip_msg *request, const struct oh_addr *source,
                                   unsigned status, const char *reason, const char *to_tag)
{
    struct oh_draft *d = oh_alloc(sizeof(*d));
    const struct oh_sip_header *h;

    oh_text_addf(&d->start_line, "SIP/2.0 %03u ", status);
    add_one_line(&d->start_line, oh_span_of(reason ? reason : oh_sip_reason(status)), " ");
    for (size_t n = 0; (h = oh_sip_msg_header(request, OH_SIP_VIA, n)) != NULL; n++) {
        if (n == 0)
            copy_top_via(d, h->value, source);
        else
            insert(d, d->count, "Via", h->value);
    }
    if (status > 100 && status < 300 && forms_dialog(request))
        copy(d, request, OH_SIP_RECORD_ROUTE, SIZE_MAX); /* RFC 3261 12.1.1 */
    copy(d, request, OH_SIP_FROM, 1);
    copy_to(d, request, status == 100 ? NULL : to_tag);
    copy(d, request, OH_SIP_CALL_ID, 1);
    copy(d, request, OH_SIP_CSEQ, 1);
    h = oh_sip_msg_header_named(request, oh_span_of("Timestamp"), 0);
    if (status == 100 && h)
        insert(d, d->count, "Timestamp", h->value); /* RFC 3261 8.2.6.1 */
    return d;
}

/* ---- phrases ---- */

struct phrase {
    unsigned status;
    const char *text;
};
static const struct phrase phrases[] = {
    {100, "Trying"},
    {180, "Ringing"},
    {181, "Call Is Being Forwarded"},
    {182, "Queued"},
    {183, "Session Progress"},
    {200, "OK"},
    {202, "Accepted"}, /* RFC 6665 8.3.1 */
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Moved Temporarily"},
    {305, "Use Proxy"},
    {380, "Alternative Service"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {410, "Gone"},
    {412, "Conditional Request Failed"}, /* RFC 3903 11.2.1 */
    {413, "Request Entity Too Large"},
    {414, "Request-URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Unsupported URI Scheme"},
    {420, "Bad Extension"},
    {421, "Extension Required"},
    {422, "Session Interval Too Small"}, /* RFC 4028 6 */
    {423, "Interval Too Brief"},
    {429, "Provide Referrer Identity"},        /* RFC 3892 5 */
    {430, "Flow Failed"},                      /* RFC 5626 11.5 */
    {439, "First Hop Lacks Outbound Support"}, /* RFC 5626 11.6 */
    {440, "Max-Breadth Exceeded"},             /* RFC 5393 6.2 */
    {469, "Bad Info Package"},                 /* RFC 6086 11.6 */
    {480, "Temporarily Unavailable"},
    {481, "Call/Transaction Does Not Exist"},
    {482, "Loop Detected"},
    {483, "Too Many Hops"},
    {484, "Address Incomplete"},
    {485, "Ambiguous"},
    {486, "Busy Here"},
    {487, "Request Terminated"},
    {488, "Not Acceptable Here"},
    {489, "Bad Event"}, /* RFC 6665 8.3.2 */
    {491, "Request Pending"},
    {493, "Undecipherable"},
    {500, "Server Internal Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Server Time-out"},
    {505, "Version Not Supported"},
    {513, "Message Too Large"},
    {600, "Busy Everywhere"},
    {603, "Decline"},
    {604, "Does Not Exist Anywhere"},
    {606, "Not Acceptable"},
};

const char *oh_sip_reason(unsigned status)
{
    for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
        if (phrases[i].status == status)
            return phrases[i].text;
    return "";
}
