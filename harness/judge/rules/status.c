/* What a response of this or that status must carry, and which one is due. RFC 3261 8.2, 9.2, 14.2,
 * 21; RFC 3262 3; RFC 4320 4.1 */
#include "judge/rule_help.h"
#include "judge/time_help.h"

#include <stdio.h>

static bool has(const struct oh_trace_msg *m, enum oh_sip_header_id id)
{
    return oh_sip_msg_header(m->sip, id, 0) != NULL;
}

static bool has_named(const struct oh_trace_msg *m, const char *name)
{
    return oh_sip_msg_header_named(m->sip, oh_span_of(name), 0) != NULL;
}

static void say_lacks(struct oh_rule_view *v, const struct oh_trace_msg *m, const char *field,
                      const char *expected, const char *text)
{
    oh_say_broken(v, m,
                  &(struct oh_say){.field = field,
                                   .bytes = m->sip->start_line,
                                   .expected = oh_span_of(expected),
                                   .text = text,
                                   .also = oh_rule_msg(v, m->request)});
}

static bool names(const struct oh_sip_msg *m, enum oh_sip_header_id id, struct oh_span word)
{
    struct oh_span value;
    for (size_t n = 0; (value = oh_sip_msg_value(m, id, n)).at; n++) {
        if (oh_span_equal_nocase(value, word))
            return true;
    }
    return false;
}

/* --- provisional responses --- */

/* Timer E of the client is reset to T2 with its third firing: 0.5 + 1 + 2 s, RFC 3261 17.1.2.2.
 * With another T1 it comes to as many repetitions. A tenth of a second is let be for the capture.
 */
#define RESET_NS INT64_C(3400000000)
enum { FIRINGS = 3 };

static bool is_plain_provisional(const struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    return m->sip->status / 100 == 1 && oh_sip_msg_method(m->sip).at &&
           !oh_sip_msg_is_method(m->sip, "INVITE") && !oh_sip_msg_is_method(m->sip, "ACK") &&
           oh_help_originates(v, m);
}

static void check_provisional(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (!is_plain_provisional(v, m) || m->sip->status == 100)
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "status",
                                   .expected = oh_span_of("a final response"),
                                   .observed = m->sip->start_line,
                                   .text = "A request other than INVITE must not get a provisional "
                                           "response other than 100.",
                                   .also = oh_rule_msg(v, m->request)});
}

/* A foreign capture may lack the first sendings: sure is that it does not where the next one comes
 * after T1, or would still have to come. RFC 3261 17.1.2.2 */
static bool is_first_seen(const struct oh_rule_view *v, const struct oh_trace_msg *request,
                          const struct oh_trace_msg *m)
{
    for (int i = request->index + 1; i < m->index && !oh_rule_run(v); i++) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        if (r->repeat_of == request->index && r->duplicate_of == OH_NONE)
            return r->time_ns - request->time_ns < OH_HELP_T1_NS * 3 / 2;
    }
    return oh_rule_run(v) || m->time_ns - request->time_ns < OH_HELP_T1_NS;
}

static void check_early_100(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *request = oh_rule_msg(v, m->request);
    char observed[64];
    int repeats = 0;
    if (!request || m->sip->status != 100 || m->transport != OH_TRANSPORT_UDP ||
        m->time_ns - request->time_ns >= RESET_NS || !is_plain_provisional(v, m))
        return;
    for (int i = request->index + 1; i < m->index; i++)
        repeats += oh_rule_msg(v, i)->repeat_of == request->index;
    if (repeats >= FIRINGS || !is_first_seen(v, request, m))
        return;
    snprintf(observed, sizeof observed, "100 after %.3f s",
             (double)(m->time_ns - request->time_ns) / 1e9);
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "status",
                                   .bytes = m->sip->start_line,
                                   .expected = oh_span_of("no 100 before 3.5 s"),
                                   .observed = oh_span_of(observed),
                                   .text =
                                       "Over UDP a request other than INVITE must not get a 100 "
                                       "before the client's Timer E has come to T2.",
                                   .also = request});
}

static void check_408(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (m->sip->status != 408 || !oh_sip_msg_method(m->sip).at ||
        oh_sip_msg_is_method(m->sip, "INVITE") || oh_sip_msg_is_method(m->sip, "ACK") ||
        !oh_help_originates(v, m))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "status",
                                   .expected = oh_span_of("no response"),
                                   .observed = m->sip->start_line,
                                   .text = "A request other than INVITE must not get a 408: by the "
                                           "time it is sent the client has given up.",
                                   .also = oh_rule_msg(v, m->request)});
}

static void check_reliable_100(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (m->sip->status != 100 ||
        (!has(m, OH_SIP_RSEQ) && !names(m->sip, OH_SIP_REQUIRE, oh_span_of("100rel"))) ||
        !oh_help_originates(v, m))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = has(m, OH_SIP_RSEQ) ? "rseq" : "require",
                                   .bytes = m->sip->start_line,
                                   .expected = oh_span_of("neither RSeq nor Require: 100rel"),
                                   .observed = has(m, OH_SIP_RSEQ)
                                                   ? oh_sip_msg_whole(m->sip, OH_SIP_RSEQ)
                                                   : oh_sip_msg_whole(m->sip, OH_SIP_REQUIRE),
                                   .text = "A 100 must not be sent reliably: leave RSeq and "
                                           "100rel out."});
}

/* --- what refusals carry --- */

static void check_redirect(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (m->sip->status >= 300 && m->sip->status <= 302 &&
        !oh_sip_msg_value(m->sip, OH_SIP_CONTACT, 0).at && oh_help_originates(v, m))
        say_lacks(v, m, "contact", "a Contact",
                  "A 300, 301 or 302 should carry the new addresses in Contact.");
}

static void check_405(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *request = oh_rule_msg(v, m->request);
    if (m->sip->status != 405 || !oh_help_originates(v, m))
        return;
    if (!has(m, OH_SIP_ALLOW)) {
        say_lacks(v, m, "allow", "an Allow",
                  "A 405 must say in Allow which methods are valid there.");
    } else if (request && names(m->sip, OH_SIP_ALLOW, request->sip->method)) {
        oh_say_broken(v, m,
                      &(struct oh_say){.field = "allow",
                                       .expected = oh_span_of("no method that is refused"),
                                       .observed = oh_sip_msg_whole(m->sip, OH_SIP_ALLOW),
                                       .text = "A 405 must not name the method in Allow that it "
                                               "refuses.",
                                       .also = request});
    }
}

static void check_415(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (m->sip->status == 415 && !has(m, OH_SIP_ACCEPT) && !has_named(m, "Accept-Encoding") &&
        !has_named(m, "Accept-Language") && oh_help_originates(v, m))
        say_lacks(v, m, "accept", "Accept, Accept-Encoding or Accept-Language",
                  "A 415 must say what is acceptable, in Accept, Accept-Encoding or "
                  "Accept-Language.");
}

/* What it refuses must have been asked for. */
static void check_420(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *request = oh_rule_msg(v, m->request);
    struct oh_span tag;
    if (m->sip->status != 420 || !oh_help_originates(v, m))
        return;
    if (!oh_sip_msg_value(m->sip, OH_SIP_UNSUPPORTED, 0).at) {
        say_lacks(v, m, "unsupported", "an Unsupported",
                  "A 420 must name in Unsupported the option tags that are not understood.");
        return;
    }
    for (size_t n = 0; request && (tag = oh_sip_msg_value(m->sip, OH_SIP_UNSUPPORTED, n)).at; n++) {
        if (names(request->sip, OH_SIP_REQUIRE, tag) ||
            names(request->sip, OH_SIP_PROXY_REQUIRE, tag))
            continue;
        oh_say_broken(v, m,
                      &(struct oh_say){.field = "unsupported",
                                       .expected = oh_span_of("option tags that Require names"),
                                       .observed = tag,
                                       .text = "The Unsupported of a 420 must name option tags of "
                                               "the request's Require, and no others.",
                                       .also = request});
        return;
    }
}

/* --- what ends a pending INVITE --- */

/* A 200 by the sender of `m` to a CANCEL of the INVITE, or to a BYE of its early dialog, before
 * `m`: so it knew. */
static const struct oh_trace_msg *ended_by(const struct oh_rule_view *v,
                                           const struct oh_trace_msg *invite,
                                           const struct oh_trace_msg *m)
{
    for (int i = invite->index + 1; i < m->index && i < invite->index + OH_HELP_REACH; i++) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        const struct oh_trace_msg *request = r->sip->is_request ? NULL : oh_rule_msg(v, r->request);
        if (!request || r->sip->status / 100 != 2 || !oh_help_same_end(m, true, r, true))
            continue;
        bool cancelled = oh_help_is_request(request, "CANCEL") && request->request == invite->index;
        bool ended = oh_help_is_request(request, "BYE") &&
                     oh_help_same_end(request, true, invite, true) &&
                     oh_help_same_call(request->sip, invite->sip) &&
                     oh_help_same_token(oh_help_tag(request->sip, OH_SIP_FROM),
                                        oh_help_tag(invite->sip, OH_SIP_FROM)) &&
                     oh_help_same_token(oh_help_tag(request->sip, OH_SIP_TO),
                                        oh_help_tag(m->sip, OH_SIP_TO));
        if (cancelled || ended)
            return r;
    }
    return NULL;
}

static void check_487(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *invite = oh_rule_msg(v, m->request);
    if (!invite || !oh_sip_msg_is_final(m->sip) || m->sip->status == 487 ||
        !oh_help_is_request(invite, "INVITE") || invite->final != m->index ||
        !oh_help_originates(v, m))
        return;
    const struct oh_trace_msg *end = ended_by(v, invite, m);
    if (end)
        oh_say_broken(v, m,
                      &(struct oh_say){.field = "status",
                                       .expected = oh_span_of("487"),
                                       .observed = m->sip->start_line,
                                       .text =
                                           "An INVITE that was cancelled, or whose early dialog "
                                           "was ended by BYE, should end with 487.",
                                       .also = end,
                                       .also_too = invite});
}

/* --- one INVITE at a time --- */

/* An INVITE of the same dialog with a lower CSeq number that came before `second` and that its
 * receiver answered finally only after `m`, so that it was pending; NULL. */
static const struct oh_trace_msg *pending(const struct oh_rule_view *v,
                                          const struct oh_trace_msg *second,
                                          const struct oh_trace_msg *m)
{
    struct oh_sip_cseq mine, earlier, answered;
    if (oh_help_cseq(second->sip, &mine) < 0)
        return NULL;
    for (int i = second->index - 1; i >= 0 && i > second->index - OH_HELP_REACH; i--) {
        const struct oh_trace_msg *first = oh_rule_msg(v, i);
        if (oh_help_is_request(first, "INVITE") && oh_help_is_first(first) &&
            first->final > m->index && oh_help_same_end(first, true, second, true) &&
            oh_help_same_end(first, false, second, false) &&
            oh_help_same_call(first->sip, second->sip) &&
            oh_help_same_token(oh_help_tag(first->sip, OH_SIP_FROM),
                               oh_help_tag(second->sip, OH_SIP_FROM)) &&
            oh_help_same_token(oh_help_tag(oh_rule_msg(v, first->final)->sip, OH_SIP_TO),
                               oh_help_tag(second->sip, OH_SIP_TO)) &&
            oh_help_cseq(first->sip, &earlier) == 0 && earlier.number < mine.number &&
            oh_help_cseq(oh_rule_msg(v, first->final)->sip, &answered) == 0 &&
            answered.number == earlier.number) /* else it answers one that was not captured */
            return first;
    }
    return NULL;
}

/* What is looked at before the session is: who asks, whether it came twice, whether the server can
 * at all; and 491 for an INVITE of its own. RFC 3261 8.2, 14.2 */
static bool is_refused_otherwise(unsigned status)
{
    static const unsigned others[] = {400, 401, 403, 407, 415, 416, 420, 481, 482, 491, 503};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (status == others[i])
            return true;
    }
    return false;
}

static void check_500(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *second = oh_rule_msg(v, m->request);
    uint64_t seconds = 0;
    if (!second || !oh_sip_msg_is_final(m->sip) || is_refused_otherwise(m->sip->status) ||
        !oh_help_is_request(second, "INVITE") || !oh_help_tag(second->sip, OH_SIP_TO).at ||
        !oh_help_originates(v, m))
        return;
    struct oh_span after = oh_sip_msg_whole(m->sip, OH_SIP_RETRY_AFTER);
    size_t digits = 0;
    while (digits < after.len && after.at[digits] >= '0' && after.at[digits] <= '9')
        digits++;
    bool good = m->sip->status == 500 && oh_span_to_u64(oh_span_sub(after, 0, digits), &seconds) &&
                seconds <= 10;
    const struct oh_trace_msg *first = good ? NULL : pending(v, second, m);
    if (first)
        oh_say_broken(v, m,
                      &(struct oh_say){.field = m->sip->status == 500 ? "retry-after" : "status",
                                       .bytes = m->sip->start_line,
                                       .expected = oh_span_of("500 with a Retry-After of 0 to 10"),
                                       .observed =
                                           m->sip->status == 500 ? after : m->sip->start_line,
                                       .text = "An INVITE that comes while an earlier one of the "
                                               "dialog is still unanswered must get a 500 with a "
                                               "Retry-After of 0 to 10 seconds.",
                                       .also = second,
                                       .also_too = first});
}

#define STATUS(id, level, clause, method, meaning, covers, check)                                  \
    {                                                                                              \
        id, OH_LEVEL_##level, clause, OH_ON_RESPONSE, method, meaning, covers, check               \
    }

static const struct oh_rule rules[] = {
    STATUS("status.provisional", MUST, "RFC 4320 4.1", NULL,
           "A request other than INVITE gets no provisional response but 100.",
           "lint.r100.only-invite", check_provisional),
    {"status.early-100", OH_LEVEL_MUST, "RFC 4320 4.1", OH_ON_RESPONSE | OH_BY_TIME, NULL,
     "Over UDP a request other than INVITE gets no 100 before Timer E has come to T2.",
     "lint.r100.only-invite", check_early_100},
    STATUS("status.408", MUST, "RFC 4320 4.2", NULL, "A request other than INVITE gets no 408.",
           "lint.r408.non-invite", check_408),
    STATUS("status.reliable-100", MUST, "RFC 3262 3", NULL, "A 100 is not sent reliably.",
           "lint.rseq.not-on-100", check_reliable_100),
    STATUS("status.redirect", SHOULD, "RFC 3261 13.3.1.2", "INVITE",
           "A 300, 301 or 302 has a Contact.", "lint.r3xx.contact", check_redirect),
    STATUS("status.405", MUST, "RFC 3261 21.4.6", NULL,
           "A 405 has an Allow, without the method that it refuses.", "lint.r405.allow", check_405),
    STATUS("status.415", MUST, "RFC 3261 21.4.13", NULL, "A 415 says what is acceptable.",
           "lint.r415.accept", check_415),
    STATUS("status.420", MUST, "RFC 3261 8.2.2.3", NULL,
           "A 420 names what is not supported of what was required.", "lint.r420.unsupported",
           check_420),
    STATUS("status.487", SHOULD, "RFC 3261 9.2", "INVITE",
           "An INVITE that was cancelled or ended by BYE ends with 487.", "lint.r487.after-cancel",
           check_487),
    STATUS("status.500", MUST, "RFC 3261 14.2", "INVITE",
           "An INVITE while another is pending gets a 500 with Retry-After.",
           "lint.r500.retry-after", check_500),
};

const struct oh_rule_family oh_rules_status = {"status", rules, sizeof rules / sizeof *rules};
