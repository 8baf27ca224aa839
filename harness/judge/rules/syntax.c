/* The bytes themselves: framing and strictness, as sip/message.h records them. RFC 3261 7, 18.3,
 * 20.14, 25.1
 *
 * Line ends before the start line are let pass (7.5). A forwarded message may carry another's fault
 * and is not looked at. */
#include "judge/rule_help.h"

#include <string.h>

static void say_kind(struct oh_rule_view *v, const struct oh_trace_msg *m,
                     enum oh_sip_defect_kind kind, const char *field, const char *expected,
                     const char *text)
{
    for (size_t i = 0; i < m->sip->defect_count; i++) {
        if (m->sip->defects[i].kind != kind)
            continue;
        if (oh_help_originates(v, m))
            oh_say_broken(v, m,
                          &(struct oh_say){.field = field,
                                           .expected = oh_span_of(expected),
                                           .observed = m->sip->defects[i].bytes,
                                           .text = text});
        return; /* one finding for a message, however often */
    }
}

static void check_bare_lf(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    say_kind(v, m, OH_SIP_DEFECT_BARE_LF, NULL, "\r\n",
             "Lines must end in CRLF, not in a line feed alone.");
}

static void check_bare_cr(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    say_kind(v, m, OH_SIP_DEFECT_BARE_CR, NULL, "\r\n",
             "A carriage return must stand only before a line feed.");
}

static void check_nul(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    say_kind(v, m, OH_SIP_DEFECT_NUL, NULL, "no NUL",
             "Start line and headers must not contain a NUL.");
}

static bool is_bracketed(const struct oh_sip_msg *m)
{
    return m->is_request && oh_span_starts_with(m->request_uri, "<");
}

/* In brackets it has a rule of its own. */
static void check_start_line(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (is_bracketed(m->sip))
        return;
    say_kind(v, m, OH_SIP_DEFECT_START_LINE, NULL,
             m->sip->is_request ? "Method, Request-URI, SIP/2.0" : "SIP/2.0, code, reason",
             "The elements of the start line must be separated by single spaces and be whole.");
}

static void check_bracketed(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (is_bracketed(m->sip) && oh_help_originates(v, m))
        oh_say_broken(v, m,
                      &(struct oh_say){.field = "request-uri",
                                       .expected = oh_span_of("the URI without < and >"),
                                       .observed = m->sip->request_uri,
                                       .text = "The Request-URI must not stand in angle "
                                               "brackets."});
}

/* Extensions may have any name, but none that differs from a known one by its letters alone. */
static void check_method_case(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
#define KNOWN(literal)                                                                             \
    {                                                                                              \
        literal, sizeof literal - 1                                                                \
    }
    static const struct oh_span known[] = {KNOWN("ACK"),       KNOWN("BYE"),     KNOWN("CANCEL"),
                                           KNOWN("INFO"),      KNOWN("INVITE"),  KNOWN("MESSAGE"),
                                           KNOWN("NOTIFY"),    KNOWN("OPTIONS"), KNOWN("PRACK"),
                                           KNOWN("PUBLISH"),   KNOWN("REFER"),   KNOWN("REGISTER"),
                                           KNOWN("SUBSCRIBE"), KNOWN("UPDATE")};
#undef KNOWN
    for (size_t i = 0; i < sizeof known / sizeof *known && m->sip->is_request; i++) {
        if (!oh_span_equal_nocase(m->sip->method, known[i]))
            continue;
        if (!oh_span_equal(m->sip->method, known[i]) && oh_help_originates(v, m))
            oh_say_broken(v, m,
                          &(struct oh_say){.field = "method",
                                           .expected = known[i],
                                           .observed = m->sip->method,
                                           .text = "The method must be in capitals: in other "
                                                   "letters it is another method."});
        return;
    }
}

static void check_version(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    say_kind(v, m, OH_SIP_DEFECT_VERSION, NULL, "SIP/2.0",
             "The version must be SIP/2.0, in capitals.");
}

static void check_status(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    say_kind(v, m, OH_SIP_DEFECT_STATUS_CODE, "status", "100 to 699",
             "The status code must have three digits, from 100 to 699.");
}

static void check_header_line(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    say_kind(v, m, OH_SIP_DEFECT_HEADER_LINE, NULL, "name: value",
             "Each header line must be a field name, a colon and a value.");
}

static void check_blank_line(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (!oh_rule_evidence_lost(v))
        say_kind(v, m, OH_SIP_DEFECT_NO_BLANK_LINE, NULL, "an empty line",
                 "An empty line must follow the headers, also where there is no body.");
}

static void check_repeated(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    say_kind(v, m, OH_SIP_DEFECT_REPEATED_HEADER, NULL, "one header of this name",
             "A header that is no comma-separated list must not stand in a message twice.");
}

static void check_length_large(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (!oh_rule_evidence_lost(v))
        say_kind(v, m, OH_SIP_DEFECT_LENGTH_TOO_LARGE, "content-length",
                 "the number of bytes in the body",
                 "The Content-Length must not be more than the bytes that follow.");
}

/* Only line ends or NULs behind the body: padding, which the receiver throws away (18.3). */
static bool is_padded(const struct oh_sip_msg *m)
{
    uint64_t length = 0;
    size_t empty = oh_span_search(m->bytes, oh_span_of("\r\n\r\n"));
    struct oh_span rest = oh_span_sub(m->bytes, empty + 4, m->bytes.len);
    if (!oh_span_to_u64(oh_sip_msg_whole(m, OH_SIP_CONTENT_LENGTH), &length) || length > rest.len)
        return false;
    bool cuts_line = length > 0 && rest.at[length - 1] == '\r';
    rest = oh_span_sub(rest, (size_t)length, rest.len);
    if (cuts_line && oh_span_starts_with(rest, "\n"))
        return false;
    for (size_t i = 0; i < rest.len; i++) {
        if (rest.at[i] != '\0' && rest.at[i] != '\r' && rest.at[i] != '\n')
            return false;
    }
    return true;
}

/* What stands behind the body in its datagram, line ends apart; absent: nothing. */
static struct oh_span next_message(const struct oh_trace_msg *m)
{
    struct oh_span body = m->sip->body, rest = m->sip->bytes;
    size_t end = body.at ? (size_t)(body.at - rest.at) + body.len
                         : oh_span_search(rest, oh_span_of("\r\n\r\n")) + 4;
    rest = oh_span_sub(rest, end, rest.len);
    bool is = m->transport == OH_TRANSPORT_UDP && oh_sip_looks_like(rest);
    return is ? oh_span_trim(rest) : (struct oh_span){0};
}

static bool has_defect(const struct oh_sip_msg *m, enum oh_sip_defect_kind kind)
{
    for (size_t i = 0; i < m->defect_count; i++) {
        if (m->defects[i].kind == kind)
            return true;
    }
    return false;
}

static void check_datagram(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (!has_defect(m->sip, OH_SIP_DEFECT_LENGTH_TOO_SMALL))
        return;
    struct oh_span next = next_message(m);
    if (next.at && oh_help_originates(v, m))
        oh_say_broken(v, m,
                      &(struct oh_say){.expected = oh_span_of("one message"),
                                       .bytes = next,
                                       .observed = oh_span_sub(next, 0, oh_span_find(next, '\r')),
                                       .text =
                                           "A datagram should hold one message: what follows the "
                                           "first is thrown away, so send each in its own."});
}

static void check_length_small(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (has_defect(m->sip, OH_SIP_DEFECT_LENGTH_TOO_SMALL) && !is_padded(m->sip) &&
        !next_message(m).at)
        say_kind(v, m, OH_SIP_DEFECT_LENGTH_TOO_SMALL, "content-length",
                 "the number of bytes in the body",
                 "The Content-Length should be that of the body; what is more is cut off.");
}

static void check_length_syntax(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    say_kind(v, m, OH_SIP_DEFECT_LENGTH_SYNTAX, "content-length", "decimal digits",
             "The Content-Length must be a decimal number.");
}

static void check_length_present(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (m->transport == OH_TRANSPORT_UDP || oh_sip_msg_header(m->sip, OH_SIP_CONTENT_LENGTH, 0) ||
        !oh_help_originates(v, m))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "content-length",
                                   .bytes = m->sip->start_line,
                                   .expected = oh_span_of("a Content-Length"),
                                   .text = "Over a stream every message must carry a "
                                           "Content-Length."});
}

/* Of the headers that other rules read, those say so themselves. */
static void check_empty(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    static const enum oh_sip_header_id ids[] = {OH_SIP_AUTHORIZATION, OH_SIP_CONTACT,
                                                OH_SIP_CONTENT_TYPE,  OH_SIP_EXPIRES,
                                                OH_SIP_PROXY_REQUIRE, OH_SIP_PROXY_AUTHORIZATION,
                                                OH_SIP_RACK,          OH_SIP_REQUIRE,
                                                OH_SIP_RSEQ};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        const struct oh_sip_header *h = oh_sip_msg_header(m->sip, ids[i], 0);
        if (!h || h->value.len > 0 || !oh_help_originates(v, m))
            continue;
        oh_say_broken(v, m,
                      &(struct oh_say){.bytes = h->line,
                                       .expected = oh_span_of("a value"),
                                       .observed = h->line,
                                       .text = "This header must not be empty: give it a value or "
                                               "leave it out."});
        return;
    }
}

/* Nothing but tokens with a comma and perhaps spaces between them: sure, and soon seen. */
static bool is_token_list(struct oh_span list)
{
    size_t at = 0;
    for (;;) {
        size_t len = oh_sip_token_len(oh_span_sub(list, at, list.len));
        at += len;
        if (len == 0 || at == list.len)
            return len > 0;
        if (list.at[at++] != ',')
            return false;
        while (at < list.len && list.at[at] == ' ')
            at++;
    }
}

/* What is no token in a list of them, or the whole list where nothing stands beside a comma;
 * absent: it is well. A list that is wholly empty is one, too. */
static struct oh_span no_token(struct oh_span list)
{
    bool alone = oh_span_find(list, ',') == list.len;
    for (size_t at = 0; at <= list.len && list.len > 0; at++) {
        size_t len = oh_span_find(oh_span_sub(list, at, list.len), ',');
        struct oh_span one = oh_span_trim(oh_span_sub(list, at, len));
        if (oh_sip_token_len(one) < one.len)
            return one;
        if (one.len == 0 && !alone)
            return list;
        at += len;
    }
    return (struct oh_span){0};
}

/* Methods and option tags. */
#define OF_TOKENS                                                                                  \
    (OH_WITH(OH_SIP_ALLOW) | OH_WITH(OH_SIP_PROXY_REQUIRE) | OH_WITH(OH_SIP_REQUIRE) |             \
     OH_WITH(OH_SIP_SUPPORTED) | OH_WITH(OH_SIP_UNSUPPORTED))
static void check_tokens(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    static const enum oh_sip_header_id ids[] = {OH_SIP_ALLOW, OH_SIP_PROXY_REQUIRE, OH_SIP_REQUIRE,
                                                OH_SIP_SUPPORTED, OH_SIP_UNSUPPORTED};
    const struct oh_sip_header *h;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        for (size_t n = 0; (h = oh_sip_msg_header(m->sip, ids[i], n)) != NULL; n++) {
            struct oh_span fault =
                is_token_list(h->value) ? (struct oh_span){0} : no_token(h->value);
            if (!fault.at || !oh_help_originates(v, m))
                continue;
            oh_say_broken(v, m,
                          &(struct oh_say){.bytes = fault,
                                           .expected = oh_span_of("tokens with commas between"),
                                           .observed = fault,
                                           .text = "Methods and option tags must be tokens, with "
                                                   "commas between them."});
            return;
        }
    }
}

/* Over UDP the datagram's end will do (18.3). */
static void check_length_given(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (m->transport != OH_TRANSPORT_UDP || oh_sip_msg_header(m->sip, OH_SIP_CONTENT_LENGTH, 0) ||
        !oh_help_originates(v, m))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "content-length",
                                   .bytes = m->sip->start_line,
                                   .expected = oh_span_of("a Content-Length"),
                                   .text = "A message should tell the length of its body, also "
                                           "where that is none."});
}

static void check_content_type(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (m->sip->body.len == 0 || oh_sip_msg_header(m->sip, OH_SIP_CONTENT_TYPE, 0) ||
        !oh_help_originates(v, m))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "content-type",
                                   .bytes = m->sip->start_line,
                                   .expected = oh_span_of("a Content-Type"),
                                   .text = "A message with a body must carry a Content-Type."});
}

#define SYNTAX(id, level, clause, on, meaning, covers, check)                                      \
    {                                                                                              \
        id, OH_LEVEL_##level, clause, OH_ON_##on, NULL, meaning, covers, check                     \
    }

static const struct oh_rule rules[] = {
    SYNTAX("syntax.line-end", MUST, "RFC 3261 7", ANY | OH_WITH_DEFECT, "Lines end in CRLF.",
           "lint.frame.crlf-lines", check_bare_lf),
    SYNTAX("syntax.bare-cr", MUST, "RFC 3261 7.1", ANY | OH_WITH_DEFECT, "No CR stands alone.",
           "lint.frame.crlf-lines", check_bare_cr),
    SYNTAX("syntax.nul", MUST, "RFC 3261 25.1", ANY | OH_WITH_DEFECT,
           "No NUL stands in start line or headers.", "lint.frame.no-control-chars", check_nul),
    SYNTAX("syntax.start-line", MUST, "RFC 3261 7.1", ANY | OH_WITH_DEFECT,
           "The elements of the start line are separated by single spaces.",
           "lint.start.request-line-form lint.start.status-line-form", check_start_line),
    SYNTAX("syntax.request-uri-brackets", MUST, "RFC 3261 7.1", ANY,
           "A Request-URI does not stand in angle brackets.", "lint.start.no-angle-request-uri",
           check_bracketed),
    SYNTAX("syntax.method-case", MUST, "RFC 3261 25.1", ANY, "Known methods are in capitals.",
           "lint.start.method-case", check_method_case),
    SYNTAX("syntax.version", MUST, "RFC 3261 7.1", ANY | OH_WITH_DEFECT,
           "The version is SIP/2.0 in capitals.", "lint.start.version", check_version),
    SYNTAX("syntax.status", MUST, "RFC 3261 7.2", ANY | OH_WITH_DEFECT,
           "The status code is three digits, 100 to 699.", "lint.start.status-line-form",
           check_status),
    SYNTAX("syntax.header-line", MUST, "RFC 3261 7.3.1", ANY | OH_WITH_DEFECT,
           "A header line is name, colon, value.", "lint.hdr.name-token", check_header_line),
    SYNTAX("syntax.blank-line", MUST, "RFC 3261 7", ANY | OH_WITH_DEFECT,
           "An empty line ends the headers.", "lint.frame.blank-line", check_blank_line),
    SYNTAX("syntax.repeated", MUST, "RFC 3261 7.3.1", ANY | OH_WITH_DEFECT,
           "A header that is no list stands in a message once.", "lint.hdr.single-instance",
           check_repeated),
    SYNTAX("syntax.length-too-large", MUST, "RFC 3261 18.3", ANY | OH_WITH_DEFECT,
           "The Content-Length is not more than what follows.",
           "lint.frame.content-length-exact lint.frame.single-datagram", check_length_large),
    SYNTAX("syntax.datagram", SHOULD, "RFC 3261 18.3", ANY | OH_WITH_DEFECT,
           "A datagram holds one message.", "lint.frame.single-datagram", check_datagram),
    SYNTAX("syntax.length-too-small", SHOULD, "RFC 3261 20.14", ANY | OH_WITH_DEFECT,
           "The Content-Length is that of the body.", "lint.frame.content-length-exact",
           check_length_small),
    SYNTAX("syntax.length", MUST, "RFC 3261 20.14", ANY | OH_WITH_DEFECT,
           "The Content-Length is a decimal number.", "lint.frame.stream-content-length",
           check_length_syntax),
    SYNTAX("syntax.length-present", MUST, "RFC 3261 20.14", ANY,
           "A message over a stream has a Content-Length.", "lint.frame.stream-content-length",
           check_length_present),
    SYNTAX("syntax.empty", MUST, "RFC 3261 25.1", ANY, "A header that must have a value has one.",
           "lint.hdr.value-given", check_empty),
    SYNTAX("syntax.tokens", MUST, "RFC 3261 25.1", ANY | OF_TOKENS,
           "Methods and option tags are tokens.", "lint.hdr.tokens", check_tokens),
    SYNTAX("syntax.length-given", SHOULD, "RFC 3261 20.14", ANY, "A message has a Content-Length.",
           "lint.frame.content-length-given", check_length_given),
    SYNTAX("syntax.content-type", MUST, "RFC 3261 20.15", ANY,
           "A message with a body has a Content-Type.", "lint.body.content-type",
           check_content_type),
};

const struct oh_rule_family oh_rules_syntax = {"syntax", rules, sizeof rules / sizeof *rules};
