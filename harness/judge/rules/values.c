/* Values that the grammar bounds: dates, seconds, warnings, what stands between separators and in
 * angle brackets, the address of received. RFC 3261 20.17, 20.19, 20.43, 25.1
 *
 * What a message copies from another is told of who wrote it first. */
#include "judge/rule_help.h"
#include "sip/facts.h"

#include <string.h>

/* --- separators and brackets --- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The byte behind the one at `i`, or behind the quoted string or the brackets that begin there. */
static size_t pass(struct oh_span value, size_t i)
{
    char closes = value.at[i] == '"' ? '"' : value.at[i] == '<' ? '>' : '\0';
    if (closes == '>')
        return oh_span_sub(value, 0, i + oh_span_find(oh_span_sub(value, i, value.len), '>') + 1)
            .len;
    for (i++; closes && i < value.len; i++) {
        if (value.at[i] == '\\')
            i++;
        else if (value.at[i] == closes)
            return i + 1;
    }
    return i < value.len ? i : value.len;
}

/* What separates, encloses, or is blank. */
static const bool is_mark[256] = {[';'] = true, [','] = true,  ['"'] = true,  ['<'] = true,
                                  [' '] = true, ['\t'] = true, ['\r'] = true, ['\n'] = true};

/* Is there a separator beside another, or at either end? One in quotes or brackets counts here. */
static bool may_be_idle(struct oh_span value, char separator)
{
    size_t at = oh_span_find(value, separator);
    while (at < value.len) {
        size_t before = at, behind = at + 1;
        while (before > 0 && is_blank(value.at[before - 1]))
            before--;
        while (behind < value.len && is_blank(value.at[behind]))
            behind++;
        char last = before > 0 ? value.at[before - 1] : ',';
        char next = behind < value.len ? value.at[behind] : ',';
        if (last == ',' || last == ';' || next == ',' || next == ';')
            return true;
        at = behind + oh_span_find(oh_span_sub(value, behind, value.len), separator);
    }
    return false;
}

/* A separator with nothing before it, or the last with nothing behind it. In a URI without brackets
 * the user part may have any of them. */
static struct oh_span idle_separator(struct oh_span value)
{
    if (!may_be_idle(value, ';') && !may_be_idle(value, ','))
        return (struct oh_span){0};
    bool is_idle = true, is_bare = oh_span_find(value, '<') == value.len;
    size_t last = 0, at = is_bare ? oh_span_find(value, '@') : value.len;
    for (size_t i = at < value.len ? at : 0; i < value.len; i = pass(value, i)) {
        while (i + 1 < value.len && !is_mark[(unsigned char)value.at[i]]) {
            is_idle = false;
            i++;
        }
        bool separates = value.at[i] == ';' || value.at[i] == ',';
        if (separates && is_idle)
            return oh_span_sub(value, i, value.len);
        is_idle = separates || (is_idle && is_blank(value.at[i]));
        last = separates ? i : last;
    }
    return is_idle ? oh_span_sub(value, last, value.len) : (struct oh_span){0};
}

/* Is there a blank behind an opening bracket, or before a closing one? */
static bool may_be_blank(struct oh_span value)
{
    size_t open = oh_span_find(value, '<'), close = oh_span_find(value, '>');
    while (open + 1 < value.len && !is_blank(value.at[open + 1]))
        open += 1 + oh_span_find(oh_span_sub(value, open + 1, value.len), '<');
    while (close < value.len && (close == 0 || !is_blank(value.at[close - 1])))
        close += 1 + oh_span_find(oh_span_sub(value, close + 1, value.len), '>');
    return open + 1 < value.len || close < value.len;
}

/* What stands in brackets with blanks around it. */
static struct oh_span blank_in_brackets(struct oh_span value)
{
    if (!may_be_blank(value))
        return (struct oh_span){0};
    for (size_t i = 0; i < value.len; i = pass(value, i)) {
        while (i + 1 < value.len && !is_mark[(unsigned char)value.at[i]])
            i++;
        struct oh_span whole = oh_span_sub(value, i, pass(value, i) - i);
        if (value.at[i] != '<' || whole.len < 3 || whole.at[whole.len - 1] != '>')
            continue;
        if (is_blank(whole.at[1]) || is_blank(whole.at[whole.len - 2]))
            return whole;
    }
    return (struct oh_span){0};
}

/* The first fault in the headers of URIs and Vias that the sender wrote itself; absent: none. */
static struct oh_span first_fault(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                                  struct oh_span (*find)(struct oh_span value))
{
    static const enum oh_sip_header_id ids[] = {OH_SIP_VIA, OH_SIP_CONTACT, OH_SIP_FROM, OH_SIP_TO};
    bool request = m->sip->is_request, outside = !oh_help_tag(m->sip, OH_SIP_TO).at;
    const bool wrote[] = {request, true, request && outside, request && outside};
    const struct oh_sip_header *h;
    for (size_t i = 0; i < sizeof ids / sizeof *ids && oh_help_originates(v, m); i++) {
        for (size_t n = 0; wrote[i] && (h = oh_sip_msg_header(m->sip, ids[i], n)) != NULL; n++) {
            struct oh_span fault = {0};
            if (h->value.len > 0 && (fault = find(h->value)).at)
                return fault;
        }
    }
    return (struct oh_span){0};
}

/* The first of the Vias is always the sender's own. */
static struct oh_span own_via(const struct oh_sip_msg *m)
{
    struct oh_span value = oh_sip_msg_whole(m, OH_SIP_VIA);
    size_t end = oh_span_find(value, ',') < value.len ? 0 : value.len;
    while (end < value.len && value.at[end] != ',')
        end = pass(value, end);
    return m->is_request ? oh_span_sub(value, 0, end) : (struct oh_span){0};
}

static void check_separators(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_span via = own_via(m->sip);
    struct oh_span fault = via.len > 0 ? idle_separator(via) : via;
    if (!fault.at)
        fault = first_fault(v, m, idle_separator);
    if (fault.at)
        oh_say_broken(v, m,
                      &(struct oh_say){.expected = oh_span_of("a value or parameter on both sides"),
                                       .observed = fault,
                                       .text = "Before and behind each comma and semicolon of a "
                                               "header must stand something."});
}

static void check_blanks(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_span fault = first_fault(v, m, blank_in_brackets);
    if (fault.at)
        oh_say_broken(v, m,
                      &(struct oh_say){.expected = oh_span_of("the URI alone"),
                                       .observed = fault,
                                       .text = "Between angle brackets and the URI in them there "
                                               "must be no blank."});
}

/* --- values --- */

/* 'A' and 'a' stand for letters, '0' for digits. */
static bool has_form(struct oh_span s, const char *form)
{
    if (s.len != strlen(form))
        return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i], wanted = form[i];
        bool fits = wanted == 'A'   ? c >= 'A' && c <= 'Z'
                    : wanted == 'a' ? c >= 'a' && c <= 'z'
                    : wanted == '0' ? c >= '0' && c <= '9'
                                    : c == wanted;
        if (!fits)
            return false;
    }
    return true;
}

static void check_date(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    static const char zone[] = " GMT";
    const struct oh_sip_header *h = oh_sip_msg_header_named(m->sip, oh_span_of("Date"), 0);
    if (!h || !oh_help_originates(v, m))
        return;
    struct oh_span time = h->value;
    bool is_gmt = time.len > 4 && memcmp(time.at + time.len - 4, zone, 4) == 0;
    if (is_gmt && has_form(oh_span_sub(time, 0, time.len - 4), "Aaa, 00 Aaa 0000 00:00:00"))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "date",
                                   .bytes = h->line,
                                   .expected = oh_span_of("as in Sat, 13 Nov 2010 23:29:00 GMT"),
                                   .observed = time,
                                   .text =
                                       "A Date must be in the form of RFC 1123, its zone GMT."});
}

static void check_seconds(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    static const enum oh_sip_header_id ids[] = {OH_SIP_EXPIRES, OH_SIP_MIN_EXPIRES};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        const struct oh_sip_header *h = oh_sip_msg_header(m->sip, ids[i], 0);
        uint64_t seconds;
        if (!h || h->value.len == 0 || !oh_help_originates(v, m) ||
            (oh_span_to_u64(h->value, &seconds) && seconds <= UINT32_MAX))
            continue;
        oh_say_broken(v, m,
                      &(struct oh_say){.field = i == 0 ? "expires" : "min-expires",
                                       .expected = oh_span_of("0 to 4294967295"),
                                       .observed = h->value,
                                       .text = "A time of expiry must be a number of seconds, less "
                                               "than 2**32."});
        return;
    }
}

/* 399 agent "text" */
static bool is_warning(struct oh_span value)
{
    struct oh_span rest = oh_span_trim(oh_span_sub(value, 3, value.len));
    size_t blank = 0;
    while (blank < rest.len && !is_blank(rest.at[blank]))
        blank++;
    struct oh_span text = oh_span_trim(oh_span_sub(rest, blank, rest.len));
    return value.len > 3 && has_form(oh_span_sub(value, 0, 3), "000") && is_blank(value.at[3]) &&
           blank > 0 && text.len > 1 && text.at[0] == '"' && pass(text, 0) == text.len;
}

static void check_warning(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_span value;
    for (size_t n = 0; (value = oh_sip_msg_value(m->sip, OH_SIP_WARNING, n)).at; n++) {
        if (is_warning(value) || !oh_help_originates(v, m))
            continue;
        oh_say_broken(v, m,
                      &(struct oh_say){.field = "warning",
                                       .expected = oh_span_of("as in 399 host \"text\""),
                                       .observed = value,
                                       .text = "A Warning must be a code of three digits, who "
                                               "warns, and a text in quotes."});
        return;
    }
}

/* That of the topmost Via is the sender's own where the request came without. */
static void check_received(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *request = oh_rule_msg(v, m->request);
    struct oh_span received = oh_sip_msg_facts(m->sip)->received;
    if (!request || !oh_help_originates(v, m) || !oh_sip_msg_facts(request->sip)->via.host.at ||
        oh_sip_msg_facts(request->sip)->received.at)
        return;
    if (received.len == 0 || received.at[0] != '[')
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "via.received",
                                   .expected = oh_span_of("the address without brackets"),
                                   .observed = received,
                                   .text = "The received parameter must have its IPv6 address "
                                           "without brackets.",
                                   .also = request});
}

#define VALUES(id, clause, on, meaning, covers, check)                                             \
    {                                                                                              \
        id, OH_LEVEL_MUST, clause, on, NULL, meaning, covers, check                                \
    }

static const struct oh_rule rules[] = {
    VALUES("values.separators", "RFC 3261 25.1", OH_ON_ANY,
           "Between the separators of a header stands something.", "lint.hdr.no-empty-list-element",
           check_separators),
    VALUES("values.blanks", "RFC 3261 25.1", OH_ON_ANY,
           "In angle brackets there is no blank beside the URI.", "lint.hdr.brackets-tight",
           check_blanks),
    VALUES("values.date", "RFC 3261 20.17", OH_ON_ANY | OH_WITH(OH_SIP_OTHER),
           "A Date is of RFC 1123 and in GMT.", "lint.hdr.date-gmt", check_date),
    VALUES("values.seconds", "RFC 3261 20.19",
           OH_ON_ANY | OH_WITH(OH_SIP_EXPIRES) | OH_WITH(OH_SIP_MIN_EXPIRES),
           "Times of expiry are seconds, less than 2**32.", "lint.hdr.expires-range",
           check_seconds),
    VALUES("values.warning", "RFC 3261 20.43", OH_ON_RESPONSE | OH_WITH(OH_SIP_WARNING),
           "A Warning is a code of three digits, an agent and a text.", "lint.hdr.warning-form",
           check_warning),
    VALUES("values.received", "RFC 3261 25.1", OH_ON_RESPONSE,
           "An IPv6 address in received has no brackets.", "lint.via.ipv6-brackets",
           check_received),
};

const struct oh_rule_family oh_rules_values = {"values", rules, sizeof rules / sizeof *rules};
