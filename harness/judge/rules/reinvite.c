/* One INVITE at a time in a dialog, in either direction. RFC 3261 14.1
 *
 * That an INVITE is open is known to its sender, and to who has answered it with a provisional
 * response; two that cross on their way are glare, and lawful (14.2). */
#include "judge/rule_help.h"
#include "judge/time_help.h"

#include <stdio.h>

/* Without a final response the sender's transaction ends by then: 64*T1, RFC 3261 17.1.1.2. */
#define LIFE_NS INT64_C(32000000000)

/* One of the other side that is this young may have crossed: T1, RFC 3261 17.1.1.1. */
#define CROSSING_NS INT64_C(500000000)

/* Is `other` an INVITE of the dialog of `m`, or the one that created it? `own`: by the sender of
 * `m`. One that has no To tag created the dialog if a response with its tag came before `m`. */
static bool is_of_dialog(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                         const struct oh_trace_msg *other, bool own)
{
    struct oh_span from = oh_help_tag(m->sip, own ? OH_SIP_FROM : OH_SIP_TO);
    struct oh_span to = oh_help_tag(m->sip, own ? OH_SIP_TO : OH_SIP_FROM);
    struct oh_span other_to = oh_help_tag(other->sip, OH_SIP_TO);
    struct oh_help_dialog d;
    if (!oh_help_is_request(other, "INVITE") || !oh_help_is_first(other) ||
        !oh_help_same_call(m->sip, other->sip) || !oh_help_same_end(m, true, other, own) ||
        !oh_help_same_token(from, oh_help_tag(other->sip, OH_SIP_FROM)))
        return false;
    if (other_to.at)
        return oh_help_same_token(to, other_to);
    return oh_help_dialog_of(v, m, OH_BY_ALL, &d) && d.invite == other;
}

/* A provisional response to `invite` before `m`: both sides know of it. */
static bool was_answered(const struct oh_rule_view *v, const struct oh_trace_msg *invite,
                         const struct oh_trace_msg *m)
{
    for (int i = invite->index + 1; i < m->index; i++) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        if (!r->sip->is_request && r->request == invite->index && r->sip->status / 100 == 1)
            return true;
    }
    return false;
}

/* Its ACK shows that it has had its final response, which a foreign capture may have missed. */
static bool was_acknowledged(const struct oh_rule_view *v, const struct oh_trace_msg *invite,
                             const struct oh_trace_msg *m)
{
    struct oh_sip_cseq a, b;
    for (int i = invite->index + 1; i < m->index; i++) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        if (oh_help_is_request(r, "ACK") && oh_help_same_call(r->sip, invite->sip) &&
            oh_help_cseq(r->sip, &a) == 0 && oh_help_cseq(invite->sip, &b) == 0 &&
            a.number == b.number && oh_help_same_end(r, true, invite, true))
            return true;
    }
    return false;
}

/* One without any response may have failed on its way (17.1.4), and is not counted. */
static bool is_open(const struct oh_rule_view *v, const struct oh_trace_msg *invite,
                    const struct oh_trace_msg *m, bool own)
{
    if ((invite->final != OH_NONE && invite->final < m->index) || was_acknowledged(v, invite, m))
        return false;
    int64_t age_ns = m->time_ns - invite->time_ns;
    if (own ? age_ns >= LIFE_NS : age_ns < CROSSING_NS)
        return false;
    return was_answered(v, invite, m) || (own && invite->final != OH_NONE);
}

static void check_open(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (!oh_help_tag(m->sip, OH_SIP_TO).at || !oh_help_originates(v, m) || oh_rule_evidence_lost(v))
        return;
    for (int i = m->index - 1; i >= 0 && i > m->index - OH_HELP_REACH; i--) {
        const struct oh_trace_msg *other = oh_rule_msg(v, i);
        bool own = is_of_dialog(v, m, other, true);
        if (!(own || is_of_dialog(v, m, other, false)) || !is_open(v, other, m, own))
            continue;
        oh_say_broken(v, m,
                      &(struct oh_say){.bytes = m->sip->start_line,
                                       .expected = oh_span_of("the final response to the INVITE "
                                                              "before it"),
                                       .observed = m->sip->start_line,
                                       .text = "A new INVITE must not be sent in a dialog while "
                                               "another one is in progress there.",
                                       .also = other});
        return;
    }
}

/* --- again after a 491 --- */

/* The sender's INVITE in this dialog before `m`, if that was refused by 491. */
static const struct oh_trace_msg *refused_before(const struct oh_rule_view *v,
                                                 const struct oh_trace_msg *m)
{
    for (int i = m->index - 1; i >= 0 && i > m->index - OH_HELP_REACH; i--) {
        const struct oh_trace_msg *other = oh_rule_msg(v, i);
        if (!is_of_dialog(v, m, other, true))
            continue;
        const struct oh_trace_msg *final = oh_rule_msg(v, other->final);
        return final && final->index < m->index && final->sip->status == 491 ? final : NULL;
    }
    return NULL;
}

/* Did its user ask for it? Then it is no attempt once more. */
static bool was_asked_for(const struct oh_rule_view *v, const struct oh_trace_msg *final,
                          const struct oh_trace_msg *m)
{
    return oh_help_heard_until(v, final) < m->time_ns;
}

/* The INVITE of the other side may last longer than the wait, and comes first (14.1). */
static bool was_held_up(const struct oh_rule_view *v, const struct oh_trace_msg *m, int64_t due_ns)
{
    for (int i = m->index - 1; i >= 0 && i > m->index - OH_HELP_REACH; i--) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        bool lasted = oh_help_is_request(r, "INVITE") || oh_help_is_request(r, "ACK");
        if (lasted && r->time_ns >= due_ns && oh_help_same_call(r->sip, m->sip) &&
            oh_help_same_end(m, true, r, false))
            return true;
    }
    return false;
}

struct wait {
    const struct oh_trace_msg *final;
    bool owner; /* of the Call-ID */
    int64_t least_ns, most_ns, waited_ns;
};

static bool read_wait(const struct oh_rule_view *v, const struct oh_trace_msg *m, struct wait *w)
{
    struct oh_help_dialog d;
    w->final = oh_help_originates(v, m) ? refused_before(v, m) : NULL;
    if (!w->final || !oh_help_dialog_of(v, m, OH_BY_ALL, &d))
        return false;
    w->owner = d.is_uac;
    w->least_ns = w->owner ? INT64_C(2100000000) : 0;
    w->most_ns = w->owner ? INT64_C(4000000000) : INT64_C(2000000000);
    w->waited_ns = m->time_ns - w->final->time_ns;
    return !oh_help_time_in_doubt(v, w->most_ns);
}

static void say_wait(struct oh_rule_view *v, const struct oh_trace_msg *m, const struct wait *w,
                     const char *text)
{
    char got[48];
    snprintf(got, sizeof got, "after %.2f s", (double)w->waited_ns / 1e9);
    oh_say_broken(v, m,
                  &(struct oh_say){.bytes = m->sip->start_line,
                                   .expected =
                                       oh_span_of(w->owner ? "after 2.1 to 4 s" : "within 2 s"),
                                   .observed = oh_span_of(got),
                                   .text = text,
                                   .also = w->final});
}

/* What is random is only bound: a tick of the phone's clock may be taken from it. */
static void check_too_soon(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct wait w;
    if (read_wait(v, m, &w) && w.owner && w.waited_ns < w.least_ns - INT64_C(100000000) &&
        !was_asked_for(v, w.final, m))
        say_wait(v, m, &w,
                 "After a 491 the party that made the Call-ID should wait 2.1 to 4 s before it "
                 "tries the INVITE again.");
}

/* Only a run knows that no user stands behind a late one. */
static void check_too_late(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct wait w;
    if (!oh_rule_run(v) || !read_wait(v, m, &w) ||
        w.waited_ns <= w.most_ns + oh_help_slack_ns(w.most_ns) || was_asked_for(v, w.final, m) ||
        was_held_up(v, m, w.final->time_ns + w.most_ns / 2))
        return;
    say_wait(v, m, &w,
             w.owner ? "After a 491 the party that made the Call-ID should try the INVITE again "
                       "within 4 s."
                     : "After a 491 the party that did not make the Call-ID should try the INVITE "
                       "again within 2 s.");
}

static const struct oh_rule rules[] = {
    {"reinvite.open", OH_LEVEL_MUST, "RFC 3261 14.1", OH_ON_REQUEST | OH_BY_TIME, "INVITE",
     "No INVITE is sent in a dialog while another one is in progress.",
     "mod.reinvite.one-at-a-time", check_open},
    {"reinvite.too-soon", OH_LEVEL_SHOULD, "RFC 3261 14.1", OH_ON_REQUEST | OH_BY_TIME, "INVITE",
     "After a 491 who made the Call-ID waits 2.1 s before the INVITE is tried again.",
     "mod.reinvite.glare-out", check_too_soon},
    {"reinvite.too-late", OH_LEVEL_SHOULD, "RFC 3261 14.1", OH_ON_REQUEST | OH_BY_TIME, "INVITE",
     "After a 491 the INVITE is tried again within 4 s, or 2 s by who did not make the Call-ID.",
     "mod.reinvite.glare-out mod.reinvite.glare-out-callee", check_too_late},
};

const struct oh_rule_family oh_rules_reinvite = {"reinvite", rules, sizeof rules / sizeof *rules};
