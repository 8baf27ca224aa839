/*
 * judge/time_help.h - what the rules about time share: how often a message was sent, until when its
 * sender can be blamed for silence, and when no time can be told at all.
 *
 * Tolerance. RFC 3261's timers are the phone's; what is measured are the stamps of a capture. A
 * phone's clock ticks in steps of up to 100 ms, its program may be busy for a moment, and a path of
 * several hops adds its jitter; so an interval may be a quarter and 100 ms off (oh_help_slack_ns)
 * before a rule speaks. Doubling intervals are told from constant or tripled ones with that: they
 * differ by half at the least. What is only possibly too long (T1 may be chosen larger, 17.1.1.2)
 * is never accused by the length of the first interval.
 *
 * Where evidence comes from a foreign capture (no run) any one frame may be missing unnoticed, and
 * a message that was captured may never have arrived: so nothing is said there of long intervals
 * and of absences that one frame explains, and of what a phone should have known only where it has
 * shown that it does.
 *
 * Uses: judge/rule.h. Private to judge/.
 */
#ifndef OH_JUDGE_TIME_HELP_H
#define OH_JUDGE_TIME_HELP_H

#include "judge/rule.h"

/* RFC 3261 17.1.1.1, 17.1.2.2 and table 4 */
#define OH_HELP_T1_NS    INT64_C(500000000)
#define OH_HELP_T2_NS    INT64_C(4000000000)
#define OH_HELP_T1X64_NS (64 * OH_HELP_T1_NS)

/* Two sightings nearer than this are no retransmission (no timer of RFC 3261 is so short) but a
 * capture that sees a frame at two places. */
#define OH_HELP_TWICE_NS INT64_C(20000000)

int64_t oh_help_slack_ns(int64_t interval_ns);

/* Nothing can be said of an interval of this length: evidence is lost or one-sided, or in a run our
 * own host stalled or its clock was set. */
bool oh_help_time_in_doubt(const struct oh_rule_view *v, int64_t interval_ns);

/* Until when the sender of `m` was there to be heard, and nobody meddled: the end of watching; in a
 * run the end of the flow at the latest, a process event of the phone, or the next thing that its
 * user told it. A time before `m` where it was silenced by how the run ended. */
int64_t oh_help_heard_until(const struct oh_rule_view *v, const struct oh_trace_msg *m);

/* All sendings of one message: the first, and its repeats, also where those are not byte-equal (the
 * same transaction, and status). In a foreign capture without copies that the network may have
 * made: those soon behind another, unless they come one after the other. */
enum { OH_HELP_SENDINGS = 64 };
struct oh_help_sendings {
    const struct oh_trace_msg *at[OH_HELP_SENDINGS];
    size_t count;
};
void oh_help_find_sendings(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                           struct oh_help_sendings *out);
bool oh_help_is_repeated(const struct oh_rule_view *v, const struct oh_trace_msg *m);
/* Between sending n - 1 and n, n from 1. */
int64_t oh_help_gap_ns(const struct oh_help_sendings *s, size_t n);

#endif
