/* One field of a message's bytes made otherwise, and nothing else of it. */
#include "play/mirror.h"

#include "sip/uri.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void splice(struct oh_text *wire, size_t from, size_t len, const char *with)
{
    struct oh_text out = {0};
    struct oh_span all = oh_text_span(wire);
    oh_text_add_span(&out, oh_span_sub(all, 0, from));
    oh_text_add(&out, with);
    oh_text_add_span(&out, oh_span_sub(all, from + len, all.len));
    oh_text_release(wire);
    *wire = out;
}

/* Where the headers end: the empty line. */
static size_t end_of_headers(const struct oh_text *wire)
{
    size_t at = oh_span_search(oh_text_span(wire), oh_span_of("\r\n\r\n"));
    return at < wire->len ? at + 2 : wire->len;
}

/* The body has changed. */
static void measure(struct oh_text *wire)
{
    struct oh_sip_msg *m = oh_sip_msg_parse(oh_text_span(wire));
    const struct oh_sip_header *h = m ? oh_sip_msg_header(m, OH_SIP_CONTENT_LENGTH, 0) : NULL;
    size_t body = end_of_headers(wire) + 2;
    char digits[24];
    snprintf(digits, sizeof digits, "%zu", wire->len > body ? wire->len - body : 0);
    if (h)
        splice(wire, oh_sip_msg_offset(m, h->value), h->value.len, digits);
    oh_sip_msg_free(m);
}

static bool is_of_body(const char *field)
{
    return strncasecmp(field, "sdp", 3) == 0 || strcasecmp(field, "body") == 0;
}

/* "Proxy-Authorization" of "proxy-authorization.nc". */
static char *header_of(const char *field)
{
    char *name = oh_span_dup((struct oh_span){field, strcspn(field, ".[")});
    bool first = true;
    for (char *c = name; *c; c++) {
        *c = (char)(first ? toupper((unsigned char)*c) : *c);
        first = *c == '-';
    }
    return name;
}

void oh_mirror_add_header(struct oh_text *wire, const char *name, const char *value)
{
    char *line = oh_format("%s: %s\r\n", name, value);
    splice(wire, end_of_headers(wire), 0, line);
    free(line);
}

/* --- what is not there yet --- */

const char *oh_mirror_usual(const char *name)
{
    static const char *const wholes[][2] = {
        {"Contact", "<sip:rehearsed@192.0.2.1:5060>"},
        {"Route", "<sip:192.0.2.1;lr>"},
        {"Record-Route", "<sip:192.0.2.1;lr>"},
        {"Refer-To", "<sip:rehearsed@192.0.2.1>"},
        {"Referred-By", "<sip:rehearsed@192.0.2.1>"},
        {"Authorization",
         "Digest username=\"rehearsed\", realm=\"rehearsed\", nonce=\"rehearsed\", "
         "uri=\"sip:192.0.2.1\", response=\"00000000000000000000000000000000\""},
        {"Proxy-Authorization",
         "Digest username=\"rehearsed\", realm=\"rehearsed\", nonce=\"rehearsed\", "
         "uri=\"sip:192.0.2.1\", response=\"00000000000000000000000000000000\""},
        {"From", "<sip:rehearsed@192.0.2.1>"},
        {"To", "<sip:rehearsed@192.0.2.1>"},
        {"Expires", "3600"},
        {"Content-Length", "0"},
        {"Rseq", "1"},
        {"Min-Expires", "3600"},
        {"Max-Forwards", "70"},
        {"Session-Expires", "1800;refresher=uac"},
        {"Min-Se", "90"},
        {"Retry-After", "5"},
        {"Event", "message-summary"},
        {"Subscription-State", "active;expires=600"},
        {"Allow", "INVITE, ACK, CANCEL, OPTIONS, BYE"},
        {"Accept", "application/sdp"},
        {"Supported", "replaces"},
        {"Allow-Events", "message-summary"},
        {"User-Agent", "rehearsed"},
        {"Server", "rehearsed"},
        {"P-Asserted-Identity", "<sip:rehearsed@192.0.2.1>"},
        {"P-Preferred-Identity", "<sip:rehearsed@192.0.2.1>"},
        {"Privacy", "id"},
        {"Replaces", "rehearsed;to-tag=1;from-tag=2"},
        {"Warning", "399 rehearsed \"no more is known\""},
        {"Date", "Sat, 13 Nov 2010 23:29:00 GMT"},
    };
    for (size_t i = 0; i < sizeof wholes / sizeof *wholes; i++) {
        if (strcasecmp(wholes[i][0], name) == 0)
            return wholes[i][1];
    }
    return NULL;
}

static bool ends_in(const char *field, const char *ending)
{
    size_t len = strlen(field), end = strlen(ending);
    return len >= end && strcasecmp(field + len - end, ending) == 0;
}

/* ";tag=x" of "to.tag". */
static char *param_of(const char *field, const char *value)
{
    const char *name = strrchr(field, '.') + 1;
    if (strcasecmp(name, "user-param") == 0)
        name = "user";
    return *value ? oh_format(";%s=%s", name, value) : oh_format(";%s", name);
}

static bool is_uri_param(const char *field)
{
    static const char *const names[] = {".transport", ".lr", ".user-param"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (ends_in(field, names[i]) && strncasecmp(field, "via", 3) != 0)
            return true;
    }
    return strncasecmp(field, "request-uri.", 12) == 0;
}

/* Where a parameter of this field is added: behind the value, or inside its URI. */
static bool place_of_param(const struct oh_sip_msg *m, const char *field, size_t *at)
{
    struct oh_field root;
    char *path = oh_span_dup((struct oh_span){field, strcspn(field, ".")});
    bool found = oh_field_get(m, oh_span_of(path), &root) == 0 && root.state == OH_FIELD_PRESENT &&
                 root.bytes.len;
    free(path);
    if (found) {
        struct oh_span value = root.bytes;
        size_t close = is_uri_param(field) ? oh_span_find(value, '>') : value.len;
        *at = oh_sip_msg_offset(m, value) + close;
    }
    oh_field_release(&root);
    return found;
}

static bool add_to_sdp(struct oh_text *wire, const char *field, const char *value)
{
    char *line = ends_in(field, ".direction") ? oh_format("a=%s\r\n", value)
                 : ends_in(field, ".ptime")   ? oh_format("a=ptime:%s\r\n", value)
                                              : NULL;
    if (!line || wire->len <= end_of_headers(wire) + 2)
        return free(line), false;
    splice(wire, wire->len, 0, line);
    measure(wire);
    free(line);
    return true;
}

static bool add_part(struct oh_text *wire, const char *field, const char *value)
{
    struct oh_sip_msg *m = oh_sip_msg_parse(oh_text_span(wire));
    size_t at = 0;
    bool found = m && place_of_param(m, field, &at);
    char *text = ends_in(field, ".param") ? NULL : param_of(field, value);
    if (strcasestr(field, "authorization.")) {
        free(text);
        text = oh_format(", %s=\"%s\"", strrchr(field, '.') + 1, value);
    }
    if (found && text)
        splice(wire, at, 0, text);
    free(text);
    oh_sip_msg_free(m);
    return found;
}

static bool add(struct oh_text *wire, const char *field, const char *value)
{
    char *name = header_of(field);
    const char *whole = oh_mirror_usual(name);
    bool done = true;
    if (is_of_body(field))
        done = add_to_sdp(wire, field, value);
    else if (!strpbrk(field, ".["))
        oh_mirror_add_header(wire, name, value);
    else if (!add_part(wire, field, value) && whole)
        oh_mirror_add_header(wire, name, whole);
    else
        done = strchr(field, '.') != NULL;
    free(name);
    return done;
}

/* --- how many there are --- */

static bool remove_header(struct oh_text *wire, const char *field)
{
    char *name = header_of(field);
    bool removed = false, again = true;
    while (again) {
        struct oh_sip_msg *m = oh_sip_msg_parse(oh_text_span(wire));
        const struct oh_sip_header *h = m ? oh_sip_msg_header_named(m, oh_span_of(name), 0) : NULL;
        again = h != NULL;
        removed = removed || again;
        if (h)
            splice(wire, oh_sip_msg_offset(m, h->line), h->line.len, "");
        oh_sip_msg_free(m);
    }
    free(name);
    return removed;
}

#define MOST_VALUES 99

/* Each value in a line of its own, the last again and again where there are to be more. */
static bool set_count(struct oh_text *wire, const char *field, const char *value)
{
    struct oh_sip_msg *m = oh_sip_msg_parse(oh_text_span(wire));
    char *name = header_of(field);
    const char *usual = oh_mirror_usual(name);
    struct oh_span last = oh_span_of(usual ? usual : "rehearsed"), at;
    uint64_t count;
    bool done = m && oh_span_to_u64(oh_span_of(value), &count) && count <= MOST_VALUES;
    if (done)
        remove_header(wire, field);
    for (size_t i = 0; done && i < count; i++) {
        at = oh_sip_msg_value_named(m, oh_span_of(name), i);
        last = at.at ? at : last;
        char *text = oh_span_dup(last);
        oh_mirror_add_header(wire, name, text);
        free(text);
    }
    free(name);
    oh_sip_msg_free(m);
    return done;
}

/* --- what is there --- */

/* Where a field stands. What is not said is not there, even where the RFC says what that means. */
struct spot {
    size_t from, len;
    bool is_there;
};

static bool is_said(const char *field, const struct oh_field *f)
{
    uintptr_t at = f->count ? (uintptr_t)f->items[0].text.at : 0, from = (uintptr_t)f->bytes.at;
    return !is_of_body(field) || (at >= from && at < from + f->bytes.len);
}

static bool find(const struct oh_text *wire, const char *field, struct spot *out)
{
    struct oh_sip_msg *m = oh_sip_msg_parse(oh_text_span(wire));
    struct oh_field f;
    *out = (struct spot){0};
    if (!m)
        return false;
    bool known = oh_field_get(m, oh_span_of(field), &f) == 0;
    out->is_there = known && f.state != OH_FIELD_ABSENT && is_said(field, &f);
    if (out->is_there && f.bytes.at) {
        out->from = oh_sip_msg_offset(m, f.bytes);
        out->len = f.bytes.len;
    }
    if (known)
        oh_field_release(&f);
    oh_sip_msg_free(m);
    return known;
}

bool oh_mirror_set(struct oh_text *wire, const char *field, const char *value)
{
    struct spot spot;
    if (oh_field_is_count(oh_span_of(field)))
        return set_count(wire, field, value);
    if (!find(wire, field, &spot))
        return false;
    if (!spot.is_there && (!add(wire, field, value) || !find(wire, field, &spot) || !spot.is_there))
        return false;
    if (spot.len) { /* what stands in quotes stays there */
        bool quotes = wire->at[spot.from] == '"' && *value != '"';
        char *quoted = quotes ? oh_format("\"%s\"", value) : NULL;
        splice(wire, spot.from, spot.len, quoted ? quoted : value);
        free(quoted);
    }
    if (is_of_body(field))
        measure(wire);
    return true;
}

static bool remove_body(struct oh_text *wire)
{
    size_t body = end_of_headers(wire) + 2;
    if (wire->len <= body)
        return false;
    splice(wire, body, wire->len - body, "");
    remove_header(wire, "content-type");
    measure(wire);
    return true;
}

/* ";tag=x" whole, of which `from` is the value. */
static bool remove_param(struct oh_text *wire, size_t from, size_t len)
{
    size_t start = from;
    while (start > 0 && wire->at[start] != ';' && wire->at[start] != '\n' && wire->at[start] != '<')
        start--;
    bool is_param = wire->at[start] == ';';
    if (is_param)
        splice(wire, start, from + len - start, "");
    return is_param;
}

bool oh_mirror_remove(struct oh_text *wire, const char *field)
{
    struct spot spot;
    if (oh_field_is_count(oh_span_of(field)))
        return remove_header(wire, field);
    if (!find(wire, field, &spot) || !spot.is_there)
        return false;
    if (is_of_body(field))
        return remove_body(wire);
    if (strchr(field, '.') && strncasecmp(field, "cseq", 4) != 0 && !ends_in(field, ".uri") &&
        !ends_in(field, ".user") && !ends_in(field, ".host") && !ends_in(field, ".scheme") &&
        !strcasestr(field, "authorization") && remove_param(wire, spot.from, spot.len))
        return true;
    return remove_header(wire, field);
}
