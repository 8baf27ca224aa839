/* What a REFER has, what a phone that accepts it tells of it, and whom a REFER replaces. RFC 3515
 * 2, RFC 3891 3, 6.1 */
#include "judge/rule_help.h"
#include "judge/time_help.h"

#include <stdlib.h>
#include <string.h>

/* "Immediate" has no number: what a server takes that does not answer at once, T2 (RFC 3261
 * 17.1.2.2). */
#define AT_ONCE_NS OH_HELP_T2_NS

/* --- the request --- */

/* A second value behind a comma is only sure where both stand in < and >: the comma may be of a
 * URI. A second line is told with other headers that come twice. */
static bool has_one_target(const struct oh_sip_msg *m)
{
    struct oh_span rest = oh_sip_msg_whole(m, OH_SIP_REFER_TO), value;
    size_t bracketed = 0;
    if (oh_span_trim(rest).len == 0)
        return false;
    while (oh_sip_list_next(&rest, &value))
        bracketed += oh_span_find(value, '<') < value.len;
    return bracketed <= 1;
}

static void check_target(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (has_one_target(m->sip) || !oh_help_originates(v, m))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "refer-to",
                                   .bytes = m->sip->start_line,
                                   .expected = oh_span_of("one Refer-To"),
                                   .observed = oh_sip_msg_whole(m->sip, OH_SIP_REFER_TO),
                                   .text = "A REFER must carry exactly one value of Refer-To."});
}

/* That of a REFER outside of a dialog has a rule with those of other requests: contact.one. */
static void check_contact(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    size_t count = oh_sip_msg_value_count(m->sip, OH_SIP_CONTACT);
    if (count == 1 || !oh_help_tag(m->sip, OH_SIP_TO).at || !oh_help_originates(v, m))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "contact",
                                   .bytes = m->sip->start_line,
                                   .expected = oh_span_of("one Contact"),
                                   .observed = oh_sip_msg_whole(m->sip, OH_SIP_CONTACT),
                                   .text = "A REFER must carry one Contact, in a dialog as well as "
                                           "outside of one."});
}

/* --- the notifications --- */

static bool is_of_refer(const struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_span event = oh_sip_msg_whole(m->sip, OH_SIP_EVENT);
    event = oh_span_trim(oh_span_sub(event, 0, oh_span_find(event, ';')));
    return oh_help_is_request(m, "NOTIFY") && oh_span_is(event, "refer") &&
           oh_help_originates(v, m);
}

static struct oh_span type_of(const struct oh_sip_msg *m)
{
    struct oh_span type = oh_sip_msg_whole(m, OH_SIP_CONTENT_TYPE);
    return oh_span_trim(oh_span_sub(type, 0, oh_span_find(type, ';')));
}

/* A part of a multipart body is not looked into. */
static bool is_multipart(struct oh_span type)
{
    return oh_span_is_nocase(oh_span_sub(type, 0, strlen("multipart/")), "multipart/");
}

static bool is_fragment(const struct oh_sip_msg *m)
{
    return m->body.len > 0 && oh_span_is_nocase(type_of(m), "message/sipfrag");
}

static void check_type(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (!is_of_refer(v, m) || is_fragment(m->sip) || is_multipart(type_of(m->sip)))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "content-type",
                                   .bytes = m->sip->start_line,
                                   .expected = oh_span_of("a body of message/sipfrag"),
                                   .observed = m->sip->body.len > 0 ? type_of(m->sip)
                                                                    : oh_span_of("no body"),
                                   .text = "A NOTIFY about a REFER must carry a body of type "
                                           "message/sipfrag."});
}

/* 0: the body does not begin with a Status-Line. RFC 3261 7.2 */
static unsigned status_in(const struct oh_sip_msg *m)
{
    static const char version[] = "SIP/2.0 ";
    uint64_t status;
    struct oh_span line = oh_span_sub(m->body, 0, oh_span_find(m->body, '\n'));
    bool is = oh_span_is_nocase(oh_span_sub(line, 0, sizeof version - 1), version) &&
              oh_span_to_u64(oh_span_sub(line, sizeof version - 1, 3), &status) && status >= 100 &&
              status <= 699;
    line = oh_span_sub(line, sizeof version - 1 + 3, line.len);
    return is && (oh_span_trim(line).len == 0 || line.at[0] == ' ') ? (unsigned)status : 0;
}

static void check_status_line(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (!is_of_refer(v, m) || !is_fragment(m->sip) || status_in(m->sip))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "body",
                                   .bytes = m->sip->body,
                                   .expected = oh_span_of("a Status-Line"),
                                   .observed = oh_span_trim(oh_span_sub(
                                       m->sip->body, 0, oh_span_find(m->sip->body, '\n'))),
                                   .text = "The body of a NOTIFY about a REFER must begin with "
                                           "the Status-Line of what came of it."});
}

static bool is_terminated(const struct oh_sip_msg *m, struct oh_span *reason)
{
    struct oh_span value = oh_sip_msg_whole(m, OH_SIP_SUBSCRIPTION_STATE);
    size_t end = oh_span_find(value, ';');
    *reason =
        oh_sip_param(oh_span_sub(value, end < value.len ? end + 1 : end, value.len), "reason");
    return oh_span_is_nocase(oh_span_trim(oh_span_sub(value, 0, end)), "terminated");
}

/* A reference that was declined after the 202 may say when it can be tried again (2.4.7), and a
 * subscription that ran out or was given up before the end has other reasons (RFC 6665 4.2.1.4). */
static bool may_have_other_reason(unsigned status, struct oh_span reason)
{
    static const char *const reasons[] = {"rejected", "probation", "giveup", "deactivated"};
    if (status < 200)
        return true;
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons && status >= 300; i++) {
        if (oh_span_is_nocase(reason, reasons[i]))
            return true;
    }
    return false;
}

/* Has the agent that sent the REFER ended the subscription itself? */
static bool was_unsubscribed(const struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    for (int i = m->index - 1; i >= 0 && i > m->index - OH_HELP_REACH; i--) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        if (oh_help_is_request(r, "SUBSCRIBE") && oh_help_same_call(r->sip, m->sip))
            return true;
    }
    return oh_rule_begins_within(v) || oh_rule_evidence_lost(v) || oh_rule_one_sided(v);
}

static void check_final(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_span reason;
    if (!is_of_refer(v, m) || !is_fragment(m->sip) || !is_terminated(m->sip, &reason) ||
        oh_span_is_nocase(reason, "noresource") ||
        may_have_other_reason(status_in(m->sip), reason) || was_unsubscribed(v, m))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "subscription-state",
                                   .bytes = oh_sip_msg_whole(m->sip, OH_SIP_SUBSCRIPTION_STATE),
                                   .expected = oh_span_of("terminated;reason=noresource"),
                                   .observed = oh_sip_msg_whole(m->sip, OH_SIP_SUBSCRIPTION_STATE),
                                   .text = "The last NOTIFY about a REFER must say terminated with "
                                           "the reason noresource."});
}

/* --- the first one --- */

/* RFC 4488 4: no subscription where both say so. RFC 7614 has other option tags for that. */
static bool waives(const struct oh_sip_msg *request, const struct oh_sip_msg *response)
{
    struct oh_span name = oh_span_of("Refer-Sub"), tag;
    const struct oh_sip_header *h = oh_sip_msg_header_named(response, name, 0);
    if (h && oh_span_is_nocase(oh_span_sub(h->value, 0, 5), "false"))
        return true;
    for (size_t n = 0; (tag = oh_sip_msg_value(request, OH_SIP_REQUIRE, n)).at; n++) {
        if (oh_span_is_nocase(tag, "nosub") || oh_span_is_nocase(tag, "explicitsub"))
            return true;
    }
    return false;
}

/* In a foreign capture what the phone sends in this dialog must be there to be seen: NOTIFY may
 * take another way than the response. */
static bool is_notified(const struct oh_rule_view *v, const struct oh_trace_msg *m, bool *requests)
{
    int end = (int)oh_rule_trace(v)->msg_count;
    *requests = oh_rule_run(v) != NULL;
    for (int i = 0; i < end && i < m->index + OH_HELP_REACH; i++) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        if (!r->sip->is_request || !oh_help_same_call(r->sip, m->sip) ||
            !oh_help_same_end(m, true, r, true))
            continue;
        if (oh_help_is_request(r, "NOTIFY"))
            return true;
        *requests = *requests || i > m->index;
    }
    return false;
}

static void check_first(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *refer = oh_rule_msg(v, m->request);
    bool requests;
    if (!m->from_phone || m->sip->status / 100 != 2 || !refer || waives(refer->sip, m->sip) ||
        !oh_help_originates(v, m) || is_notified(v, m, &requests))
        return;
    if (!requests || oh_help_heard_until(v, m) < m->time_ns + AT_ONCE_NS ||
        oh_help_time_in_doubt(v, AT_ONCE_NS)) {
        oh_rule_not_checkable(v);
        return;
    }
    oh_rule_broken(v, m,
                   &(struct oh_breach){.bytes = m->sip->start_line,
                                       .expected = "NOTIFY",
                                       .observed = "absent",
                                       .text = "A REFER that is accepted must be followed at once "
                                               "by a NOTIFY that tells of its progress.",
                                       .also = {refer}});
}

/* --- Replaces in Refer-To --- */

static int hex(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c | 0x20) : NULL;
    return at && ((c >= '0' && c <= '9') || (c | 0x20) >= 'a') ? (int)(at - digits) : -1;
}

static char *unescaped(struct oh_span s)
{
    struct oh_text text = {0};
    for (size_t i = 0; i < s.len; i++) {
        bool escape =
            s.at[i] == '%' && i + 2 < s.len && hex(s.at[i + 1]) >= 0 && hex(s.at[i + 2]) >= 0;
        oh_text_add_char(&text,
                         escape ? (char)(16 * hex(s.at[i + 1]) + hex(s.at[i + 2])) : s.at[i]);
        i += escape ? 2 : 0;
    }
    oh_text_add(&text, "");
    return oh_text_take(&text);
}

/* The Replaces that the referred-to INVITE is to have, unescaped; NULL: none. Free it. */
static char *replaces_of(const struct oh_sip_msg *m)
{
    struct oh_sip_uri uri;
    struct oh_span refer = oh_help_uri(m, OH_SIP_REFER_TO);
    if (!refer.at || oh_sip_uri_parse(refer, &uri) < 0 || !uri.headers.at)
        return NULL;
    struct oh_span value = oh_sip_param_named(uri.headers, '&', oh_span_of("Replaces"));
    return value.at ? unescaped(value) : NULL;
}

struct replaced {
    struct oh_span call_id, to_tag, from_tag; /* of Replaces */
    struct oh_span theirs, own;               /* of the dialog: the target's tag, the sender's */
    const struct oh_trace_msg *answer;
};

/* A tag of zero stands for none: RFC 3891 6.1. */
static bool is_tag(struct oh_span given, struct oh_span tag)
{
    return oh_help_same_token(given, tag) || (!tag.at && oh_span_is(given, "0"));
}

/* The dialog with that Call-ID, of the sender of `m`; the one whose tags fit, else any. */
static bool find_replaced(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                          struct replaced *r, bool *fits)
{
    bool found = false;
    *fits = false;
    for (int i = m->index - 1; i >= 0 && i > m->index - OH_HELP_REACH && !*fits; i--) {
        const struct oh_trace_msg *a = oh_rule_msg(v, i), *invite = oh_rule_msg(v, a->request);
        if (a->sip->is_request || a->sip->status <= 100 || a->sip->status >= 300 || !invite ||
            !oh_help_is_request(invite, "INVITE") || oh_help_tag(invite->sip, OH_SIP_TO).at ||
            !oh_span_equal(oh_sip_msg_whole(a->sip, OH_SIP_CALL_ID), r->call_id))
            continue;
        bool uac = oh_help_same_end(m, true, invite, true);
        if (!uac && !oh_help_same_end(m, true, invite, false))
            continue;
        r->own = oh_help_tag(a->sip, uac ? OH_SIP_FROM : OH_SIP_TO);
        r->theirs = oh_help_tag(a->sip, uac ? OH_SIP_TO : OH_SIP_FROM);
        r->answer = a;
        found = true;
        *fits = is_tag(r->to_tag, r->theirs) && is_tag(r->from_tag, r->own);
    }
    return found;
}

/* The other call of an attended transfer: where the trace shows it. */
static void check_tags(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    char *text = oh_help_originates(v, m) ? replaces_of(m->sip) : NULL;
    struct oh_span value = oh_span_of(text);
    size_t end = oh_span_find(value, ';');
    struct oh_span params = oh_span_sub(value, end < value.len ? end + 1 : end, value.len);
    struct replaced r = {.call_id = oh_span_trim(oh_span_sub(value, 0, end)),
                         .to_tag = oh_sip_param(params, "to-tag"),
                         .from_tag = oh_sip_param(params, "from-tag")};
    bool fits;
    if (text && find_replaced(v, m, &r, &fits) && !fits) {
        char *wanted =
            oh_format("to-tag=%.*s;from-tag=%.*s", OH_SPAN_FMT(r.theirs), OH_SPAN_FMT(r.own));
        oh_say_broken(v, m,
                      &(struct oh_say){.field = "refer-to",
                                       .bytes = oh_sip_msg_whole(m->sip, OH_SIP_REFER_TO),
                                       .expected = oh_span_of(wanted),
                                       .observed = params.len ? params : oh_span_of("no tags"),
                                       .text = "The to-tag in Replaces must be the tag of the "
                                               "party that the REFER points to, the from-tag the "
                                               "sender's own: as that party sees the dialog.",
                                       .also = r.answer});
        free(wanted);
    }
    free(text);
}

#define REFER(id, clause, on, method, meaning, covers, check)                                      \
    {                                                                                              \
        id, OH_LEVEL_MUST, "RFC " clause, OH_ON_##on, method, meaning, covers, check               \
    }

static const struct oh_rule rules[] = {
    REFER("refer.refer-to", "3515 2.4.1", REQUEST, "REFER",
          "A REFER has exactly one value of Refer-To.", "lint.refer.one-refer-to", check_target),
    REFER("refer.contact", "3515 2", REQUEST, "REFER", "A REFER in a dialog has one Contact.",
          "lint.refer.contact", check_contact),
    REFER("refer.notify", "3515 2.4.4", RESPONSE | OH_BY_TIME, "REFER",
          "A REFER that is accepted is followed by a NOTIFY at once.", "refer.in.notify-first",
          check_first),
    REFER("refer.notify-type", "3515 2.4.5", REQUEST, "NOTIFY",
          "A NOTIFY about a REFER has a body of message/sipfrag.", "refer.in.notify-sipfrag",
          check_type),
    REFER("refer.notify-status", "3515 2.4.5", REQUEST, "NOTIFY",
          "The body of a NOTIFY about a REFER begins with a Status-Line.",
          "refer.in.notify-sipfrag", check_status_line),
    REFER("refer.notify-final", "3515 2.4.7", REQUEST, "NOTIFY",
          "The last NOTIFY about a REFER is terminated with the reason noresource.",
          "refer.in.notify-final", check_final),
    REFER("refer.replaces", "3891 3", REQUEST, "REFER",
          "The tags of Replaces are as the party sees them that the REFER points to.",
          "refer.out.attended-tags", check_tags),
};

const struct oh_rule_family oh_rules_refer = {"refer", rules, sizeof rules / sizeof *rules};
