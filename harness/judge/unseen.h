/*
 * judge/unseen.h - what a foreign capture lacks of what a message there belongs to.
 *
 * Why: links are by best fit. Where a capture has lost the message that belongs to another one, the
 * next best is linked, and a rule that compares the two accuses a sound phone. Here it is told
 * which pairs are none. Of a run, where nothing is missing unsaid, every pair is one.
 *
 * Uses: judge/rule_help.h. Private to judge/.
 */
#ifndef OH_JUDGE_UNSEEN_H
#define OH_JUDGE_UNSEEN_H

#include "judge/rule_help.h"

/* The final response to an INVITE that an ACK acknowledges: what it is linked to. NULL: none, or
 * what it acknowledges is not in the capture. RFC 3261 13.2.2.4, 17.1.1.3 */
const struct oh_trace_msg *oh_unseen_acknowledged(const struct oh_rule_view *v,
                                                  const struct oh_trace_msg *ack);

/* An ACK or a PRACK to what is not in the capture: which dialog it is of is not known. */
bool oh_unseen_is_stray(const struct oh_rule_view *v, const struct oh_trace_msg *m);

/* Is this ACK for the 2xx of another branch of the INVITE that `final` answers, which is not in the
 * trace: with another To tag, while an ACK to `final` is there? RFC 3261 13.2.2.4 */
bool oh_unseen_is_of_fork(const struct oh_trace *t, const struct oh_trace_msg *ack,
                          const struct oh_trace_msg *final);

#endif
