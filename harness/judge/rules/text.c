/* What stands in header values: control characters, quoted strings, display names, brackets around
 * URIs, credentials in rows of their own, the form of a Call-ID. RFC 3261 7.3.1, 20.10, 25.1
 *
 * What a message copies from another (a response, a request in a dialog) is told of who wrote it
 * first. */
#include "judge/rule_help.h"

#include <string.h>

/* --- control characters --- */

static bool is_control(char c)
{
    unsigned char u = (unsigned char)c;
    return (u < 0x20 && u != '\t' && u != '\r' && u != '\n' && u != '\0') || u == 0x7f;
}

/* From the first header to the end of the last. */
static struct oh_span all_headers(const struct oh_sip_msg *m)
{
    if (m->header_count == 0)
        return (struct oh_span){0};
    struct oh_span last = m->headers[m->header_count - 1].line;
    const char *from = m->headers[0].line.at;
    return (struct oh_span){from, (size_t)(last.at + last.len - from)};
}

/* A quoted-pair may be any character but CR and LF; line ends and NUL have rules of their own. */
static void check_control(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (!oh_span_has_control(all_headers(m->sip)))
        return;
    for (size_t i = 0; i < m->sip->header_count; i++) {
        struct oh_span value = m->sip->headers[i].value;
        for (size_t k = 0; k < value.len; k++) {
            if (value.at[k] == '\\' && k + 1 < value.len) {
                k++;
                continue;
            }
            if (!is_control(value.at[k]) || !oh_help_originates(v, m))
                continue;
            oh_say_broken(v, m,
                          &(struct oh_say){.bytes = oh_span_sub(value, k, 1),
                                           .expected = oh_span_of("no control character"),
                                           .observed = value,
                                           .text = "A header value must hold no control character "
                                                   "but the tab: take it out or escape it."});
            return;
        }
    }
}

/* --- quoted strings --- */

/* Headers whose grammar has quoted strings; elsewhere a quote is a character like others. */
static const enum oh_sip_header_id quoting[] = {OH_SIP_AUTHENTICATION_INFO,
                                                OH_SIP_AUTHORIZATION,
                                                OH_SIP_CONTACT,
                                                OH_SIP_CONTENT_TYPE,
                                                OH_SIP_FROM,
                                                OH_SIP_PROXY_AUTHENTICATE,
                                                OH_SIP_PROXY_AUTHORIZATION,
                                                OH_SIP_RECORD_ROUTE,
                                                OH_SIP_REFER_TO,
                                                OH_SIP_REFERRED_BY,
                                                OH_SIP_ROUTE,
                                                OH_SIP_TO,
                                                OH_SIP_VIA,
                                                OH_SIP_WARNING,
                                                OH_SIP_WWW_AUTHENTICATE};

/* From and To that this message has from another. */
static bool is_copied(const struct oh_sip_msg *m, enum oh_sip_header_id id)
{
    bool party = id == OH_SIP_FROM || id == OH_SIP_TO;
    bool routes = id == OH_SIP_RECORD_ROUTE || id == OH_SIP_ROUTE;
    if (!m->is_request)
        return party || routes || id == OH_SIP_VIA;
    return routes || (party && oh_help_tag(m, OH_SIP_TO).at);
}

static void say_quoting(struct oh_rule_view *v, const struct oh_trace_msg *m, struct oh_span value,
                        size_t at)
{
    bool pair = value.at[at] == '\\';
    oh_say_broken(v, m,
                  &(struct oh_say){.bytes = oh_span_sub(value, at, value.len),
                                   .expected = oh_span_of(pair ? "a character that may be escaped"
                                                               : "a quote that closes the string"),
                                   .observed = oh_span_sub(value, at, value.len),
                                   .text =
                                       pair ? "In a quoted string a backslash must stand before a "
                                              "character of ASCII other than CR and LF."
                                            : "A quoted string must be closed by a second quote."});
}

static void check_quotes(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_sip_header *h;
    for (size_t i = 0; i < sizeof quoting / sizeof *quoting; i++) {
        if (!m->sip->first_of[quoting[i]] || is_copied(m->sip, quoting[i]))
            continue;
        for (size_t n = 0; (h = oh_sip_msg_header(m->sip, quoting[i], n)) != NULL; n++) {
            if (oh_span_find(h->value, '"') == h->value.len)
                continue;
            size_t wrong = oh_help_unquoted(h->value);
            if (wrong == h->value.len || !oh_help_originates(v, m))
                continue;
            say_quoting(v, m, h->value, wrong);
            return;
        }
    }
}

/* --- names and brackets --- */

/* Values of name-addr or addr-spec that the sender wrote itself. */
static const struct written {
    enum oh_sip_header_id id;
    const char *field;
} written[] = {{OH_SIP_FROM, "from"},
               {OH_SIP_TO, "to"},
               {OH_SIP_CONTACT, "contact"},
               {OH_SIP_REFER_TO, "refer-to"},
               {OH_SIP_REFERRED_BY, "referred-by"}};
enum { WRITTEN = sizeof written / sizeof *written };

typedef struct oh_span wrong_fn(struct oh_span value);

/* The first value with something wrong; false where there is none. */
static bool find_wrong(const struct oh_sip_msg *m, wrong_fn *fn, const char **field,
                       struct oh_span *wrong)
{
    const struct oh_sip_header *h;
    for (size_t i = 0; i < WRITTEN; i++) {
        *field = written[i].field;
        if (!m->first_of[written[i].id] || is_copied(m, written[i].id))
            continue;
        for (size_t n = 0; (h = oh_sip_msg_header(m, written[i].id, n)) != NULL; n++) {
            struct oh_span rest = h->value, value = h->value;
            bool is_list = written[i].id == OH_SIP_CONTACT;
            if (oh_help_unquoted(h->value) < h->value.len)
                continue;
            while (is_list ? oh_sip_list_next(&rest, &value) : value.len > 0) {
                *wrong = fn(value);
                if (wrong->at)
                    return true;
                if (!is_list)
                    break;
            }
        }
    }
    return false;
}

/* display-name = *(token LWS) / quoted-string: what stands before "<" and is neither. */
static struct oh_span wrong_name(struct oh_span value)
{
    size_t open = 0;
    if (value.len > 0 && value.at[0] == '"') {
        for (open = 1; open < value.len && value.at[open] != '"'; open++)
            open += value.at[open] == '\\';
        open++;
    }
    struct oh_span rest = oh_span_sub(value, open, value.len);
    size_t len = oh_span_find(rest, '<');
    struct oh_span name = oh_span_trim(oh_span_sub(rest, 0, len));
    if (len == rest.len || name.len == 0)
        return (struct oh_span){0};
    bool wrong = open > 0;
    for (size_t i = 0; i < name.len && !wrong; i++)
        wrong = !strchr(" \t\r\n", name.at[i]) && !oh_sip_is_token(oh_span_sub(name, i, 1));
    return wrong ? name : (struct oh_span){0};
}

static void check_name(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const char *field;
    struct oh_span wrong;
    if (!find_wrong(m->sip, wrong_name, &field, &wrong) || !oh_help_originates(v, m))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = field,
                                   .expected = oh_span_of("words of letters and digits, or quotes "
                                                          "around the name"),
                                   .observed = wrong,
                                   .text = "A display name with other characters than those of "
                                           "tokens and spaces must stand in quotes."});
}

/* Of a SIP or SIPS URI without brackets: a comma or question mark in it, or a semicolon that is no
 * header parameter's, since an @ or a question mark comes behind it, which none may hold. Where
 * what follows a semicolon reads as a parameter, it is the header's, whatever its name: RFC
 * 3261 20. */
static struct oh_span wrong_bare(struct oh_span value)
{
    if (oh_span_find(value, '<') < value.len ||
        (!oh_help_is_scheme(value, "sip") && !oh_help_is_scheme(value, "sips")))
        return (struct oh_span){0};
    size_t from = oh_span_find(value, ';');
    for (size_t i = 0; i < value.len && value.at[i] != '"'; i++) {
        if (value.at[i] == ',' || value.at[i] == '?')
            return oh_span_sub(value, i, value.len);
        if (value.at[i] == '@' && i > from)
            return oh_span_sub(value, from, value.len);
    }
    return (struct oh_span){0};
}

static void check_brackets(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const char *field;
    struct oh_span wrong;
    if (!find_wrong(m->sip, wrong_bare, &field, &wrong) || !oh_help_originates(v, m))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = field,
                                   .expected = oh_span_of("the URI in < and >"),
                                   .observed = wrong,
                                   .text =
                                       "A URI with a comma, a semicolon or a question mark must "
                                       "stand in angle brackets, else what follows does not "
                                       "belong to it."});
}

/* --- credentials --- */

/* Does a value of the list begin with a scheme and white space: a second challenge, or second
 * credentials? */
static bool begins_scheme(struct oh_span item)
{
    size_t end = 0;
    while (end < item.len && !strchr(" \t\r\n=", item.at[end]))
        end++;
    struct oh_span rest = oh_span_trim(oh_span_sub(item, end, item.len));
    return end < item.len && item.at[end] != '=' && rest.len > 0 && rest.at[0] != '=' &&
           oh_sip_is_token(oh_span_sub(item, 0, end)) && oh_span_find(rest, '=') < rest.len;
}

static void check_combined(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    static const enum oh_sip_header_id ids[] = {OH_SIP_AUTHORIZATION, OH_SIP_PROXY_AUTHENTICATE,
                                                OH_SIP_PROXY_AUTHORIZATION,
                                                OH_SIP_WWW_AUTHENTICATE};
    const struct oh_sip_header *h;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        for (size_t n = 0; (h = oh_sip_msg_header(m->sip, ids[i], n)) != NULL; n++) {
            struct oh_span rest = h->value, item;
            for (size_t k = 0; oh_sip_list_next(&rest, &item); k++) {
                if (k == 0 || !begins_scheme(item) || !oh_help_originates(v, m))
                    continue;
                oh_say_broken(v, m,
                              &(struct oh_say){.bytes = item,
                                               .expected = oh_span_of("a header row of its own"),
                                               .observed = item,
                                               .text = "Several challenges or credentials must "
                                                       "not be joined by a comma: give each a "
                                                       "header row of its own."});
                return;
            }
        }
    }
}

/* --- Call-ID --- */

/* word, RFC 3261 25.1 */
static bool is_word(struct oh_span s)
{
    for (size_t i = oh_sip_token_len(s); i < s.len;) {
        if (s.at[i] == '\0' || !strchr("()<>:\\\"/[]?{}", s.at[i]))
            return false;
        i++;
        i += oh_sip_token_len(oh_span_sub(s, i, s.len));
    }
    return s.len > 0;
}

/* callid = word [ "@" word ], where the sender chose it. */
static void check_call_id(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_span value = oh_sip_msg_whole(m->sip, OH_SIP_CALL_ID);
    size_t at = oh_span_find(value, '@');
    bool form = is_word(oh_span_sub(value, 0, at)) &&
                (at == value.len || is_word(oh_span_sub(value, at + 1, value.len)));
    if (value.len == 0 || form || oh_help_tag(m->sip, OH_SIP_TO).at || oh_help_is_copy(v, m) ||
        !oh_help_originates(v, m))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "call-id",
                                   .expected = oh_span_of("word, or word@word"),
                                   .observed = value,
                                   .text = "A Call-ID must be a word, or two with an @ between "
                                           "them, without spaces, commas, semicolons or equal "
                                           "signs."});
}

#define TEXT(id, clause, on, meaning, covers, check)                                               \
    {                                                                                              \
        id, OH_LEVEL_MUST, clause, on, NULL, meaning, covers, check                                \
    }

static const struct oh_rule rules[] = {
    TEXT("text.control", "RFC 3261 25.1", OH_ON_ANY, "Header values hold no control characters.",
         "lint.frame.no-control-chars", check_control),
    TEXT("text.quotes", "RFC 3261 25.1", OH_ON_ANY,
         "Quoted strings are closed, and escape what can be escaped.", "lint.hdr.quoted-string",
         check_quotes),
    TEXT("text.display-name", "RFC 3261 25.1", OH_ON_ANY,
         "A display name is made of tokens or stands in quotes.", "lint.hdr.displayname-quote",
         check_name),
    TEXT("text.brackets", "RFC 3261 20", OH_ON_ANY,
         "A URI with comma, semicolon or question mark stands in angle brackets.",
         "lint.hdr.name-addr-needed", check_brackets),
    TEXT("text.combined", "RFC 3261 7.3.1", OH_ON_ANY | OH_WITH_CREDENTIALS | OH_WITH_CHALLENGE,
         "Each challenge and each set of credentials has a header row of its own.",
         "lint.hdr.no-combine-auth", check_combined),
    TEXT("text.call-id", "RFC 3261 25.1", OH_ON_REQUEST, "A Call-ID is word or word@word.",
         "lint.callid.form", check_call_id),
};

const struct oh_rule_family oh_rules_text = {"text", rules, sizeof rules / sizeof *rules};
