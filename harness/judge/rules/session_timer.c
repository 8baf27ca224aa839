/* Session timers: what Session-Expires and Min-SE may say, who refreshes, and when. RFC 4028
 *
 * A session that expires is only a fault of who takes part in it still: its phone must be heard
 * after that time (in a run: was watched, and in order). */
#include "judge/rule_help.h"
#include "judge/time_help.h"

#include <stdio.h>

enum { LEAST_S = 90 };

#define NS_PER_S INT64_C(1000000000)

static struct oh_span params_of(struct oh_span value)
{
    size_t end = oh_span_find(value, ';');
    return oh_span_sub(value, end < value.len ? end + 1 : end, value.len);
}

static bool seconds_of(struct oh_span value, uint64_t *seconds)
{
    struct oh_span number = oh_span_trim(oh_span_sub(value, 0, oh_span_find(value, ';')));
    return value.at && oh_span_to_u64(number, seconds);
}

static struct oh_span min_se(const struct oh_sip_msg *m)
{
    const struct oh_sip_header *h = oh_sip_msg_header_named(m, oh_span_of("Min-SE"), 0);
    return h ? h->value : (struct oh_span){0};
}

static bool has_timer(const struct oh_sip_msg *m, enum oh_sip_header_id id)
{
    struct oh_span tag;
    for (size_t n = 0; (tag = oh_sip_msg_value(m, id, n)).at; n++) {
        if (oh_span_is_nocase(tag, "timer"))
            return true;
    }
    return false;
}

static bool is_refresh_method(const struct oh_sip_msg *m)
{
    return oh_sip_msg_is_method(m, "INVITE") || oh_sip_msg_is_method(m, "UPDATE");
}

/* --- what the headers say --- */

/* It uses the extension in this very request. A proxy may have put Session-Expires in. */
static void check_supported(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_span expires = oh_sip_msg_whole(m->sip, OH_SIP_SESSION_EXPIRES), min = min_se(m->sip);
    bool uses = expires.at || min.at || has_timer(m->sip, OH_SIP_REQUIRE);
    if (!uses || oh_help_is_request(m, "ACK") || has_timer(m->sip, OH_SIP_SUPPORTED) ||
        !oh_help_originates(v, m))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "supported",
                                   .bytes = expires.at ? expires : m->sip->start_line,
                                   .expected = oh_span_of("timer"),
                                   .observed = oh_sip_msg_whole(m->sip, OH_SIP_SUPPORTED),
                                   .text = "A request with a session timer must list timer in "
                                           "Supported."});
}

/* A callee that copies what was asked of it has not chosen it. */
static void check_least(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_span value = oh_sip_msg_whole(m->sip, OH_SIP_SESSION_EXPIRES);
    const struct oh_trace_msg *request = m->sip->is_request ? NULL : oh_rule_msg(v, m->request);
    uint64_t mine, asked;
    if (!seconds_of(value, &mine) || mine >= LEAST_S || !oh_help_originates(v, m) ||
        (request && seconds_of(oh_sip_msg_whole(request->sip, OH_SIP_SESSION_EXPIRES), &asked) &&
         asked == mine))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "session-expires",
                                   .expected = oh_span_of("90 or more"),
                                   .observed = value,
                                   .text = "Session-Expires must not be less than 90 seconds."});
}

static void check_min_se(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_span value = min_se(m->sip);
    uint64_t seconds;
    if (!seconds_of(value, &seconds) || seconds >= LEAST_S || !oh_help_originates(v, m))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "min-se",
                                   .expected = oh_span_of("90 or more"),
                                   .observed = value,
                                   .text = "Min-SE must not be less than 90 seconds."});
}

static bool answers_refresh(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                            const struct oh_trace_msg **request)
{
    *request = oh_rule_msg(v, m->request);
    return *request && m->sip->status / 100 == 2 && is_refresh_method((*request)->sip) &&
           oh_sip_msg_header(m->sip, OH_SIP_SESSION_EXPIRES, 0);
}

static struct oh_span refresher_of(const struct oh_sip_msg *m)
{
    return oh_sip_param(params_of(oh_sip_msg_whole(m, OH_SIP_SESSION_EXPIRES)), "refresher");
}

/* Table 2. */
static void check_refresher(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *request;
    if (!answers_refresh(v, m, &request) || !oh_help_originates(v, m))
        return;
    struct oh_span mine = refresher_of(m->sip), asked = refresher_of(request->sip);
    bool supports = has_timer(request->sip, OH_SIP_SUPPORTED);
    struct oh_span wanted = oh_span_of("uac or uas");
    if (!supports)
        wanted = oh_span_of("uas");
    else if (oh_span_is_nocase(asked, "uac") || oh_span_is_nocase(asked, "uas"))
        wanted = asked;
    bool either = oh_span_is(wanted, "uac or uas");
    if (either ? oh_span_is_nocase(mine, "uac") || oh_span_is_nocase(mine, "uas")
               : oh_span_equal_nocase(mine, wanted))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "session-expires",
                                   .bytes = oh_sip_msg_whole(m->sip, OH_SIP_SESSION_EXPIRES),
                                   .expected = wanted,
                                   .observed = mine,
                                   .text = "The refresher in the 2xx must be named, as the request "
                                           "chose it; uas where the caller knows no session "
                                           "timers.",
                                   .also = request});
}

static void check_require(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *request;
    if (!answers_refresh(v, m, &request) || !oh_help_originates(v, m) ||
        !oh_span_is_nocase(refresher_of(m->sip), "uac") || has_timer(m->sip, OH_SIP_REQUIRE) ||
        !has_timer(request->sip, OH_SIP_SUPPORTED))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "require",
                                   .bytes = oh_sip_msg_whole(m->sip, OH_SIP_SESSION_EXPIRES),
                                   .expected = oh_span_of("timer"),
                                   .observed = oh_sip_msg_whole(m->sip, OH_SIP_REQUIRE),
                                   .text = "A 2xx that makes the caller the refresher must list "
                                           "timer in Require.",
                                   .also = request});
}

/* --- who does what when --- */

struct session {
    const struct oh_trace_msg *request;
    bool refreshes; /* the phone does */
    bool callers;   /* the phone sent the request */
    int64_t interval_ns, expiry_ns;
    const struct oh_trace_msg *next; /* the first to refresh or end it; NULL: none */
};

/* A request of this dialog that refreshes or ends it. */
static const struct oh_trace_msg *next_of(const struct oh_rule_view *v,
                                          const struct oh_trace_msg *m)
{
    int end = (int)oh_rule_trace(v)->msg_count;
    struct oh_span from = oh_help_tag(m->sip, OH_SIP_FROM), to = oh_help_tag(m->sip, OH_SIP_TO);
    for (int i = m->index + 1; i < end && i < m->index + OH_HELP_REACH; i++) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        struct oh_span x = oh_help_tag(r->sip, OH_SIP_FROM), y = oh_help_tag(r->sip, OH_SIP_TO);
        bool of_dialog = (oh_help_same_token(from, x) && oh_help_same_token(to, y)) ||
                         (oh_help_same_token(from, y) && oh_help_same_token(to, x));
        if (r->sip->is_request && oh_help_is_first(r) && oh_help_same_call(r->sip, m->sip) &&
            of_dialog && (is_refresh_method(r->sip) || oh_help_is_request(r, "BYE")))
            return r;
    }
    return NULL;
}

/* The phone knows of the timer: it sent this 2xx itself, or said that it supports them. */
static bool read_session(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                         struct session *s)
{
    uint64_t seconds;
    if (!oh_sip_msg_header(m->sip, OH_SIP_SESSION_EXPIRES, 0))
        return false;
    struct oh_span refresher = refresher_of(m->sip);
    bool uac = oh_span_is_nocase(refresher, "uac"), uas = oh_span_is_nocase(refresher, "uas");
    if (!answers_refresh(v, m, &s->request) || !(m->from_phone || m->to_phone) || uac == uas ||
        !seconds_of(oh_sip_msg_whole(m->sip, OH_SIP_SESSION_EXPIRES), &seconds) ||
        seconds < LEAST_S || seconds > 7 * 86400)
        return false;
    s->callers = m->to_phone && s->request->from_phone;
    if (s->callers ? !has_timer(s->request->sip, OH_SIP_SUPPORTED)
                   : !m->from_phone || !oh_help_originates(v, m))
        return false;
    s->refreshes = s->callers ? uac : uas;
    s->interval_ns = (int64_t)seconds * NS_PER_S;
    s->expiry_ns = m->time_ns + s->interval_ns;
    s->next = next_of(v, m);
    return true;
}

/* Is the phone still in the call at that time, beyond doubt? */
static bool takes_part(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                       const struct session *s, int64_t at_ns)
{
    int end = (int)oh_rule_trace(v)->msg_count;
    if (oh_rule_run(v))
        return oh_help_heard_until(v, m) >= at_ns;
    for (int i = m->index + 1; i < end; i++) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        if (r->time_ns >= at_ns && oh_help_same_call(r->sip, m->sip) &&
            oh_help_same_end(r, true, s->callers ? s->request : m, true))
            return true;
    }
    return false;
}

static void say_late(struct oh_rule_view *v, const struct oh_trace_msg *m, const struct session *s,
                     const char *expected, const char *text)
{
    char got[64] = "nothing";
    if (s->next)
        snprintf(got, sizeof got, "%.*s after %.1f s", OH_SPAN_FMT(s->next->sip->method),
                 (double)(s->next->time_ns - m->time_ns) / 1e9);
    struct oh_breach breach = {.field = "session-expires",
                               .expected = expected,
                               .observed = got,
                               .text = text,
                               .also = {s->request, s->next}};
    if (s->callers)
        oh_rule_absent(v, m, &breach);
    else
        oh_rule_broken(v, m, &breach);
}

/* A tick of the phone's clock, and its drift against the capture's. */
static int64_t drift_ns(const struct session *s)
{
    return OH_HELP_T1_NS + s->interval_ns / 100;
}

/* Nobody has refreshed or ended it in time. */
static bool has_expired(struct oh_rule_view *v, const struct oh_trace_msg *m,
                        const struct session *s)
{
    int64_t limit_ns = s->expiry_ns + drift_ns(s);
    if (s->next && s->next->time_ns <= limit_ns)
        return false;
    if (!takes_part(v, m, s, limit_ns) || oh_help_time_in_doubt(v, s->interval_ns)) {
        oh_rule_not_checkable(v);
        return false;
    }
    return true;
}

static void check_refresh(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct session s;
    if (read_session(v, m, &s) && s.refreshes && has_expired(v, m, &s))
        say_late(
            v, m, &s, "a refresh before the session expires",
            "The refresher must send an INVITE or UPDATE before the session interval is over.");
}

/* In time, though late. That of an ordinary change may come sooner. */
static void check_half(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct session s;
    if (!read_session(v, m, &s) || !s.refreshes || !s.next || oh_help_is_request(s.next, "BYE") ||
        s.next->time_ns > s.expiry_ns + drift_ns(&s) ||
        !oh_help_same_end(s.next, true, s.callers ? s.request : m, true))
        return;
    int64_t half_ns = s.interval_ns / 2;
    if (s.next->time_ns - m->time_ns <= half_ns + oh_help_slack_ns(half_ns) ||
        oh_help_time_in_doubt(v, half_ns))
        return;
    say_late(v, m, &s, "a refresh after half the session interval",
             "The refresher should refresh once half the session interval has passed.");
}

static void check_bye(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct session s;
    if (read_session(v, m, &s) && !s.refreshes && has_expired(v, m, &s))
        say_late(v, m, &s, "BYE before the session expires",
                 "A session that the other party does not refresh should be ended by BYE, slightly "
                 "before it expires.");
}

#define EXPIRES OH_WITH(OH_SIP_SESSION_EXPIRES)
#define MIN_SE  OH_WITH(OH_SIP_OTHER) /* it has no id */
#define SESSION(id, level, clause, on, with, meaning, covers, check)                               \
    {                                                                                              \
        id, OH_LEVEL_##level, "RFC 4028 " clause, OH_ON_##on | with, NULL, meaning, covers, check  \
    }

static const struct oh_rule rules[] = {
    SESSION("session.supported", MUST, "7.1", REQUEST, EXPIRES | MIN_SE | OH_WITH(OH_SIP_REQUIRE),
            "A request with a session timer lists timer in Supported.", "st.uac.supported",
            check_supported),
    SESSION("session.least", MUST, "4", ANY, EXPIRES, "Session-Expires is 90 seconds or more.",
            "st.uac.min90", check_least),
    SESSION("session.min-se", MUST, "5", ANY, MIN_SE, "Min-SE is 90 seconds or more.",
            "st.uac.min90", check_min_se),
    SESSION("session.refresher", MUST, "9", RESPONSE, EXPIRES,
            "The 2xx names the refresher, as the request chose it.",
            "st.uas.refresher-given st.uas.refresher-default", check_refresher),
    SESSION("session.require", MUST, "9", RESPONSE, EXPIRES,
            "A 2xx that makes the caller the refresher lists timer in Require.", "st.uas.require",
            check_require),
    SESSION("session.refresh", MUST, "7.2 and 9", RESPONSE, EXPIRES | OH_OWED | OH_BY_TIME,
            "The refresher refreshes the session before it expires.", "st.uac.refresher-uac",
            check_refresh),
    SESSION("session.refresh-half", SHOULD, "7.2", RESPONSE, EXPIRES | OH_OWED | OH_BY_TIME,
            "The refresher refreshes the session after half its interval.", "st.uac.refresher-uac",
            check_half),
    SESSION("session.bye", SHOULD, "10", RESPONSE, EXPIRES | OH_OWED | OH_BY_TIME,
            "A session that is not refreshed is ended by BYE before it expires.",
            "st.uac.refresher-uas st.uas.no-refresh-bye", check_bye),
};

const struct oh_rule_family oh_rules_session_timer = {"session-timer", rules,
                                                      sizeof rules / sizeof *rules};
