/* When messages are sent again, and until when: the timers of RFC 3261 17 as they show on the wire.
 *
 * Only phones are judged: what our own parties repeat is the scenario's. A repeat that an INVITE
 * repeated calls forth (17.2.1) is none of a timer. The tolerances are judge/time_help.h's. */
#include "judge/rule_help.h"
#include "judge/time_help.h"

#include <stdio.h>
#include <stdlib.h>

/* T1 itself may be 100 ms short: a phone's clock ticks that coarsely. */
#define T1_LEAST_NS (OH_HELP_T1_NS - INT64_C(100000000))

/* What the phone cannot yet have known: a round trip, for which T1 is the estimate (17.1.1.1). */
#define CROSSING_NS OH_HELP_T1_NS

/* One copy more at the least must have been due: the longest first interval that is waited for. It
 * may be chosen larger than T1 where the way is long (17.1.1.2), yet beyond T2 no request is
 * awaited. */
#define LONGEST_FIRST_NS OH_HELP_T2_NS

static bool is_udp(const struct oh_trace_msg *m)
{
    return m->transport == OH_TRANSPORT_UDP;
}

/* --- which schedule a message has --- */

static const struct oh_trace_msg *invite_of(const struct oh_rule_view *v,
                                            const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *q = m->sip->is_request ? NULL : oh_rule_msg(v, m->request);
    return q && oh_help_is_request(q, "INVITE") ? q : NULL;
}

static bool is_invite(const struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    return m->from_phone && is_udp(m) && oh_help_is_request(m, "INVITE") &&
           oh_help_originates(v, m);
}

static bool is_other_request(const struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    return m->from_phone && is_udp(m) && m->sip->is_request && !oh_help_is_request(m, "ACK") &&
           !oh_help_is_request(m, "INVITE") && oh_help_originates(v, m);
}

static bool is_refusal(const struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    return m->from_phone && is_udp(m) && invite_of(v, m) && m->sip->status >= 300 &&
           oh_help_originates(v, m);
}

/* Independent of the transport: RFC 3261 13.3.1.4 */
static bool is_success(const struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    return m->from_phone && invite_of(v, m) && m->sip->status / 100 == 2 &&
           oh_help_originates(v, m);
}

/* --- what ends a schedule --- */

/* The INVITE came again after its response: copies of the response may answer that. */
static bool invite_came_again(const struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *invite = invite_of(v, m);
    int end = (int)oh_rule_trace(v)->msg_count;
    for (int i = m->index + 1; invite && i < end && i < m->index + OH_HELP_REACH; i++) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        if (r->repeat_of == invite->index ||
            (oh_help_is_request(r, "INVITE") && r->index != invite->index &&
             oh_help_same_token(oh_help_branch(r->sip), oh_help_branch(invite->sip))))
            return true;
    }
    return false;
}

/* The first message that tells the sender to stop: a response to a request, the ACK to a response.
 * `final`: provisional ones do not count. */
static const struct oh_trace_msg *stopper(const struct oh_rule_view *v,
                                          const struct oh_trace_msg *m, bool final)
{
    int end = (int)oh_rule_trace(v)->msg_count;
    if (!m->sip->is_request)
        return oh_rule_msg(v, m->ack);
    for (int i = m->index + 1; i < end && i < m->index + OH_HELP_REACH; i++) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        if (!r->sip->is_request && r->request == m->index &&
            (!final || oh_sip_msg_is_final(r->sip)))
            return r;
    }
    return NULL;
}

/* Any sign at all, however odd, that the other side has the message. */
static bool is_answered(const struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    int end = (int)oh_rule_trace(v)->msg_count;
    if (stopper(v, m, false))
        return true;
    for (int i = m->index + 1; i < end && i < m->index + OH_HELP_REACH; i++) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        bool fits = m->sip->is_request
                        ? !r->sip->is_request &&
                              oh_help_same_token(oh_help_branch(r->sip), oh_help_branch(m->sip))
                        : oh_help_is_request(r, "ACK");
        if (fits && (oh_help_same_call(r->sip, m->sip) || m->sip->is_request))
            return true;
    }
    return false;
}

/* --- saying it --- */

static void say_gap(struct oh_rule_view *v, const struct oh_help_sendings *s, size_t n,
                    int64_t wanted_ns, const char *text)
{
    char wanted[48], got[48];
    snprintf(wanted, sizeof wanted, "%.2f s", (double)wanted_ns / 1e9);
    snprintf(got, sizeof got, "%.2f s", (double)oh_help_gap_ns(s, n) / 1e9);
    oh_rule_broken(v, s->at[0],
                   &(struct oh_breach){.bytes = s->at[0]->sip->start_line,
                                       .expected = wanted,
                                       .observed = got,
                                       .text = text,
                                       .also = {s->at[n - 1], s->at[n]}});
}

static void say_again(struct oh_rule_view *v, const struct oh_trace_msg *m,
                      const struct oh_trace_msg *again, const struct oh_trace_msg *why,
                      const char *expected, const char *text)
{
    char got[64];
    snprintf(got, sizeof got, "once more after %.2f s",
             (double)(again->time_ns - m->time_ns) / 1e9);
    oh_rule_broken(v, m,
                   &(struct oh_breach){.bytes = m->sip->start_line,
                                       .expected = expected,
                                       .observed = got,
                                       .text = text,
                                       .also = {again, why}});
}

/* --- T1 --- */

static bool has_schedule(const struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    return is_invite(v, m) || is_other_request(v, m) ||
           ((is_refusal(v, m) || is_success(v, m)) && !invite_came_again(v, m));
}

static void check_t1(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_help_sendings s;
    if (!has_schedule(v, m))
        return;
    oh_help_find_sendings(v, m, &s);
    if (s.count < 2 || oh_help_gap_ns(&s, 1) >= T1_LEAST_NS ||
        oh_help_time_in_doubt(v, OH_HELP_T1_NS))
        return;
    say_gap(v, &s, 1, OH_HELP_T1_NS,
            "The first repeat should wait for T1, 500 ms: a smaller T1 is for closed, private "
            "networks alone.");
}

/* --- doubling --- */

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* In a foreign capture any copy may be missing, which makes one interval the sum of several, and
 * the next one seem short: sure is only that they do not grow at all. */
static bool grows(const struct oh_help_sendings *s, size_t n, bool capped)
{
    int64_t before_ns = oh_help_gap_ns(s, n - 1);
    bool at_cap = capped && before_ns >= OH_HELP_T2_NS - oh_help_slack_ns(OH_HELP_T2_NS);
    return at_cap || 10 * oh_help_gap_ns(s, n) >= 11 * before_ns;
}

/* The n-th interval by the one before it. T2 scales with T1, so both may stand for it. */
static bool is_next(const struct oh_rule_view *v, const struct oh_help_sendings *s, size_t n,
                    bool capped)
{
    int64_t now_ns = oh_help_gap_ns(s, n), low_ns = 2 * oh_help_gap_ns(s, n - 1), high_ns = low_ns;
    if (!oh_rule_run(v))
        return grows(s, n, capped);
    if (capped) {
        int64_t scaled_ns = 8 * oh_help_gap_ns(s, 1);
        low_ns = least(low_ns, least(OH_HELP_T2_NS, scaled_ns));
        high_ns = least(high_ns, scaled_ns > OH_HELP_T2_NS ? scaled_ns : OH_HELP_T2_NS);
    }
    return now_ns >= low_ns - oh_help_slack_ns(low_ns) &&
           now_ns <= high_ns + oh_help_slack_ns(high_ns);
}

/* Up to the first response or ACK. A provisional one lets a request that is no INVITE go on at T2
 * (17.1.2.2), which is at least as slow. */
static void check_doubling(struct oh_rule_view *v, const struct oh_trace_msg *m, bool capped,
                           const char *text)
{
    struct oh_help_sendings s;
    const struct oh_trace_msg *stop = stopper(v, m, false);
    oh_help_find_sendings(v, m, &s);
    for (size_t n = 2; n < s.count; n++) {
        if (stop && stop->index < s.at[n]->index)
            return;
        if (is_next(v, &s, n, capped) || oh_help_time_in_doubt(v, oh_help_gap_ns(&s, n)))
            continue;
        say_gap(v, &s, n,
                capped ? least(2 * oh_help_gap_ns(&s, n - 1), OH_HELP_T2_NS)
                       : 2 * oh_help_gap_ns(&s, n - 1),
                text);
        return;
    }
}

static void check_invite(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (is_invite(v, m))
        check_doubling(v, m, false,
                       "Each repeat of an INVITE must wait twice as long as the one before it.");
}

static void check_request(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (is_other_request(v, m))
        check_doubling(v, m, true,
                       "Each repeat of a request should wait twice as long as the one before it, "
                       "up to T2, 4 s.");
}

static void check_refusal(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (is_refusal(v, m) && !invite_came_again(v, m))
        check_doubling(v, m, true,
                       "Each repeat of a final response to an INVITE should wait twice as long as "
                       "the one before it, up to T2, 4 s.");
}

static void check_success(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (is_success(v, m) && !invite_came_again(v, m))
        check_doubling(v, m, true,
                       "Each repeat of a 2xx to an INVITE should wait twice as long as the one "
                       "before it, up to T2, 4 s.");
}

/* --- going on --- */

/* When the next copy is due at the latest; 0: none any more. */
static int64_t next_due_ns(const struct oh_help_sendings *s, bool capped)
{
    const struct oh_trace_msg *first = s->at[0], *last = s->at[s->count - 1];
    int64_t wait_ns = LONGEST_FIRST_NS, life_ns = OH_HELP_T1X64_NS;
    if (s->count > 1) {
        int64_t gap_ns = oh_help_gap_ns(s, s->count - 1);
        life_ns = 64 * oh_help_gap_ns(s, 1); /* its T1 may be another */
        wait_ns = 2 * gap_ns;
        if (capped && wait_ns > OH_HELP_T2_NS)
            wait_ns = gap_ns > OH_HELP_T2_NS ? gap_ns : OH_HELP_T2_NS;
    }
    int64_t due_ns = last->time_ns + wait_ns;
    /* the last one is due before the transaction's end, from which a tick may be taken */
    if (due_ns - first->time_ns + oh_help_slack_ns(OH_HELP_T1_NS) >= life_ns)
        return 0;
    return due_ns + oh_help_slack_ns(wait_ns);
}

/* A BYE from either side before then, or the answer to one: nothing of the call is repeated after
 * it. */
static bool ends_dialog(const struct oh_rule_view *v, const struct oh_trace_msg *m, int64_t by_ns)
{
    int end = (int)oh_rule_trace(v)->msg_count;
    for (int i = m->index + 1; i < end && i < m->index + OH_HELP_REACH; i++) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        if (oh_sip_msg_is_method(r->sip, "BYE") && r->time_ns <= by_ns &&
            oh_help_same_call(r->sip, m->sip))
            return true;
    }
    return false;
}

/* No socket of ours got it: it went elsewhere, and what became of it there is not known. */
static bool is_stray(const struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_run *run = oh_rule_run(v);
    return run && run->tap_count > 0 && m->tap == OH_NONE;
}

/* Only in a run: a foreign capture does not show an unreachable port, nor a user who gives up, and
 * may have missed the response or the ACK that ended it. What is itself a changed copy of a request
 * has a rule of its own. */
static void check_goes_on(struct oh_rule_view *v, const struct oh_trace_msg *m, bool capped,
                          const char *text)
{
    struct oh_help_sendings s;
    if (!oh_rule_run(v) || is_stray(v, m) || is_answered(v, m) || oh_help_sent_before(v, m))
        return;
    oh_help_find_sendings(v, m, &s);
    int64_t due_ns = next_due_ns(&s, capped);
    if (due_ns == 0 || ends_dialog(v, m, due_ns))
        return;
    if (oh_help_heard_until(v, s.at[s.count - 1]) < due_ns ||
        oh_help_time_in_doubt(v, due_ns - s.at[s.count - 1]->time_ns)) {
        oh_rule_not_checkable(v);
        return;
    }
    char got[48];
    snprintf(got, sizeof got, "sent %zu time%s", s.count, s.count == 1 ? "" : "s");
    oh_rule_broken(v, m,
                   &(struct oh_breach){.bytes = m->sip->start_line,
                                       .expected = "a further repeat",
                                       .observed = got,
                                       .text = text,
                                       .also = {s.at[s.count - 1]}});
}

static void check_invite_on(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (is_invite(v, m))
        check_goes_on(v, m, false,
                      "An INVITE without any response must be repeated over UDP until 64*T1 have "
                      "passed.");
}

/* That it is repeated at all is timer E, a MUST; for how long is timer F, a SHOULD. */
static void check_request_repeated(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (is_other_request(v, m) && !oh_help_is_repeated(v, m))
        check_goes_on(v, m, true, "A request without any response must be repeated over UDP.");
}

static void check_request_on(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (is_other_request(v, m) && oh_help_is_repeated(v, m))
        check_goes_on(v, m, true,
                      "A request without any response should be repeated over UDP until 64*T1 have "
                      "passed.");
}

static void check_refusal_on(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *invite = invite_of(v, m);
    if (is_refusal(v, m) && invite->final == m->index)
        check_goes_on(v, m, true,
                      "A final response to an INVITE should be repeated over UDP until its ACK "
                      "comes or 64*T1 have passed.");
}

/* Of several 2xx only the last may still be awaiting its ACK. */
static void check_success_on(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *invite = invite_of(v, m);
    if (is_success(v, m) && invite->final == m->index)
        check_goes_on(v, m, true,
                      "A 2xx to an INVITE should be repeated over any transport until its ACK "
                      "comes or 64*T1 have passed.");
}

/* --- stopping --- */

/* Has the sender shown that it knows the response to its INVITE? */
static bool knows(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                  const struct oh_trace_msg *stop, const struct oh_trace_msg *again)
{
    if (oh_rule_run(v))
        return true;
    for (int i = stop->index + 1; i < again->index; i++) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        bool tells = oh_help_is_request(r, "ACK") || oh_help_is_request(r, "PRACK") ||
                     oh_help_is_request(r, "CANCEL");
        if (tells && oh_help_same_call(r->sip, m->sip) && oh_help_same_end(m, true, r, true) &&
            again->time_ns - r->time_ns > OH_HELP_TWICE_NS)
            return true;
    }
    return false;
}

/* What should stop it may have gone where the phone does not listen: a request's response to the
 * port that it was sent from, of which a rule on rport tells; an ACK to an odd Contact. */
static bool may_be_deaf(const struct oh_trace_msg *m, const struct oh_trace_msg *stop)
{
    struct oh_sip_via via;
    struct oh_span top = oh_sip_msg_value(m->sip, OH_SIP_VIA, 0);
    if (!is_udp(m))
        return false;
    if (!m->sip->is_request)
        return !oh_addr_equal(&stop->dst, &m->src);
    return !top.at || oh_sip_via_parse(top, &via) < 0 ||
           (via.port ? via.port : 5060) != m->src.port;
}

static const struct oh_trace_msg *sent_after(const struct oh_rule_view *v,
                                             const struct oh_trace_msg *m,
                                             const struct oh_trace_msg *stop)
{
    struct oh_help_sendings s;
    oh_help_find_sendings(v, m, &s);
    for (size_t n = 1; stop && n < s.count; n++) {
        if (s.at[n]->time_ns - stop->time_ns > CROSSING_NS)
            return s.at[n];
    }
    return NULL;
}

static void check_stop(struct oh_rule_view *v, const struct oh_trace_msg *m, bool final,
                       const char *expected, const char *text)
{
    const struct oh_trace_msg *stop = stopper(v, m, final), *again = sent_after(v, m, stop);
    if (!again || oh_help_time_in_doubt(v, CROSSING_NS))
        return;
    if (may_be_deaf(m, stop) ||
        (m->sip->is_request ? !knows(v, m, stop, again) : !oh_rule_run(v))) {
        oh_rule_not_checkable(v); /* what stops it may not have come */
        return;
    }
    say_again(v, m, again, stop, expected, text);
}

static void check_after_response(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (is_invite(v, m))
        check_stop(v, m, false, "no repeat after a response",
                   "Once a response has come, an INVITE should not be repeated any longer.");
}

static void check_after_final(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (is_other_request(v, m))
        check_stop(v, m, true, "no repeat after the final response",
                   "Once the final response has come, a request must not be repeated.");
}

static void check_after_ack(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (is_refusal(v, m) && !invite_came_again(v, m))
        check_stop(v, m, false, "no repeat after the ACK",
                   "Once the ACK has come, a final response must not be repeated.");
}

static void check_success_after_ack(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (is_success(v, m) && !invite_came_again(v, m))
        check_stop(v, m, false, "no repeat after the ACK",
                   "Once the ACK has come, a 2xx should not be repeated.");
}

/* --- giving up --- */

/* 64*T1, T1 being what the first interval shows, if that is longer. */
static int64_t life_ns(const struct oh_help_sendings *s)
{
    int64_t t1_ns = s->count > 1 ? oh_help_gap_ns(s, 1) : OH_HELP_T1_NS;
    return 64 * (t1_ns > OH_HELP_T1_NS ? t1_ns : OH_HELP_T1_NS);
}

static void check_life(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_help_sendings s;
    oh_help_find_sendings(v, m, &s);
    int64_t limit_ns = life_ns(&s) + oh_help_slack_ns(OH_HELP_T1_NS);
    const struct oh_trace_msg *last = s.at[s.count - 1];
    if (last->time_ns - m->time_ns <= limit_ns || stopper(v, m, true) ||
        oh_help_time_in_doubt(v, limit_ns))
        return;
    say_again(v, m, last, NULL, "no repeat after 64*T1, 32 s",
              "After 64*T1 the transaction is over: nothing of it must be repeated any longer.");
}

static void check_give_up(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (is_invite(v, m) || (is_refusal(v, m) && !invite_came_again(v, m)))
        check_life(v, m);
}

static void check_request_life(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (is_other_request(v, m))
        check_life(v, m);
}

static void check_success_life(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (is_success(v, m) && !invite_came_again(v, m))
        check_life(v, m);
}

/* --- none over TCP --- */

static bool repeats_by_timer(const struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (m->sip->is_request)
        return !oh_help_is_request(m, "ACK");
    return invite_of(v, m) && m->sip->status >= 300 && !invite_came_again(v, m);
}

/* On another connection it may be another attempt. */
static void check_reliable(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_help_sendings s;
    if (!m->from_phone || is_udp(m) || !repeats_by_timer(v, m) || !oh_help_originates(v, m))
        return;
    oh_help_find_sendings(v, m, &s);
    for (size_t n = 1; n < s.count; n++) {
        if (!oh_addr_equal(&m->src, &s.at[n]->src) || !oh_addr_equal(&m->dst, &s.at[n]->dst))
            continue;
        say_again(v, m, s.at[n], NULL, "sent once",
                  "Over a reliable transport nothing should be repeated by a timer.");
        return;
    }
}

/* --- a 2xx that is never acknowledged --- */

/* The phone shows by its repeats that it went without an ACK all the time. */
static void check_success_ends(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_help_sendings s;
    if (!is_success(v, m) || is_answered(v, m) || ends_dialog(v, m, INT64_MAX))
        return;
    oh_help_find_sendings(v, m, &s);
    const struct oh_trace_msg *last = s.at[s.count - 1];
    int64_t limit_ns = life_ns(&s) + oh_help_slack_ns(life_ns(&s));
    if (last->time_ns - m->time_ns < life_ns(&s) / 2)
        return;
    if (oh_help_heard_until(v, m) < m->time_ns + limit_ns || oh_help_time_in_doubt(v, limit_ns)) {
        oh_rule_not_checkable(v);
        return;
    }
    oh_rule_broken(v, m,
                   &(struct oh_breach){.bytes = m->sip->start_line,
                                       .expected = "BYE",
                                       .observed = "absent",
                                       .text = "A call whose 2xx was not acknowledged for 64*T1 "
                                               "should be ended: send a BYE.",
                                       .also = {last}});
}

#define TIMER(id, level, clause, on, method, meaning, covers, check)                               \
    {                                                                                              \
        id, OH_LEVEL_##level, "RFC 3261 " clause, OH_ON_##on | OH_BY_TIME, method, meaning,        \
            covers, check                                                                          \
    }

static const struct oh_rule rules[] = {
    TIMER("timer.t1", SHOULD, "17.1.1.2", ANY, NULL, "The first repeat comes after T1, 500 ms.",
          "tm.A.first tm.E.first tm.G.first tm.200.first", check_t1),
    TIMER("timer.invite", MUST, "17.1.1.2", REQUEST, "INVITE",
          "An INVITE is repeated at intervals that double.", "tm.A.double", check_invite),
    TIMER("timer.request", SHOULD, "17.1.2.2", REQUEST, NULL,
          "Other requests are repeated at intervals that double up to T2.",
          "tm.E.double tm.E.proceeding", check_request),
    TIMER("timer.refusal", SHOULD, "17.2.1", RESPONSE, "INVITE",
          "A refusal of an INVITE is repeated at intervals that double up to T2.", "tm.G.double",
          check_refusal),
    TIMER("timer.success", SHOULD, "13.3.1.4", RESPONSE, "INVITE",
          "A 2xx to an INVITE is repeated at intervals that double up to T2.", "tm.200.double",
          check_success),
    TIMER("timer.invite-goes-on", MUST, "17.1.1.2", REQUEST, "INVITE",
          "An INVITE without a response is repeated for 64*T1.", "tm.A.first tm.B",
          check_invite_on),
    TIMER("timer.request-repeated", MUST, "17.1.2.2", REQUEST, NULL,
          "Other requests without a response are repeated.", "tm.E.first", check_request_repeated),
    TIMER("timer.request-goes-on", SHOULD, "17.1.2.2", REQUEST, NULL,
          "They are repeated for 64*T1.", "tm.F", check_request_on),
    TIMER("timer.refusal-goes-on", SHOULD, "17.2.1", RESPONSE, "INVITE",
          "A refusal of an INVITE is repeated until its ACK comes, for 64*T1.", "tm.G.first tm.H",
          check_refusal_on),
    TIMER("timer.success-goes-on", SHOULD, "13.3.1.4", RESPONSE, "INVITE",
          "A 2xx to an INVITE is repeated until its ACK comes, for 64*T1.",
          "tm.200.first tr.tcp.2xx-retransmit", check_success_on),
    TIMER("timer.after-response", SHOULD, "17.1.1.2", REQUEST, "INVITE",
          "An INVITE is not repeated after a response.", "tm.A.stop-1xx", check_after_response),
    TIMER("timer.after-final", MUST, "17.1.2.2", REQUEST, NULL,
          "Other requests are not repeated after the final response.", "tm.E.stop-final",
          check_after_final),
    TIMER("timer.after-ack", MUST, "17.2.1", RESPONSE, "INVITE",
          "A refusal of an INVITE is not repeated after its ACK.", "tm.G.stop-ack",
          check_after_ack),
    TIMER("timer.success-after-ack", SHOULD, "13.3.1.4", RESPONSE, "INVITE",
          "A 2xx to an INVITE is not repeated after its ACK.", "tm.200.stop-ack",
          check_success_after_ack),
    TIMER("timer.give-up", MUST, "17.1.1.2", ANY, "INVITE",
          "Neither an INVITE nor its refusal is repeated beyond 64*T1.", "tm.B tm.H",
          check_give_up),
    TIMER("timer.request-give-up", SHOULD, "17.1.2.2", REQUEST, NULL,
          "Other requests are not repeated beyond 64*T1.", "tm.F", check_request_life),
    TIMER("timer.success-give-up", SHOULD, "13.3.1.4", RESPONSE, "INVITE",
          "A 2xx to an INVITE is not repeated beyond 64*T1.", "tm.200.giveup", check_success_life),
    TIMER("timer.reliable", SHOULD, "17.1.1.2", ANY, NULL,
          "Over a reliable transport nothing is repeated by a timer.",
          "tm.A.reliable tm.E.reliable tm.G.reliable tr.tcp.no-retransmit", check_reliable),
    TIMER("timer.success-ends", SHOULD, "13.3.1.4", RESPONSE, "INVITE",
          "A call whose 2xx is not acknowledged for 64*T1 is ended by BYE.", "tm.200.giveup",
          check_success_ends),
};

const struct oh_rule_family oh_rules_timers = {"timers", rules, sizeof rules / sizeof *rules};
