/*
 * judge/holes.h - what a foreign capture lacks and shows to lack: a response whose request is not
 * there, an ACK whose final response is not, a PRACK of an unseen provisional response.
 *
 * Why: a capture misses frames and nothing tells so. Where the call itself proves it, rules that
 * need all of the call must not speak (oh_rule_evidence_lost).
 *
 * A phone's own fault can look like a hole: its witness is a message, and the one under judgement
 * is none for itself. Holes are sought once per recording, OH_HELP_REACH messages around each.
 *
 * Uses: judge/rule.h. Private to rules.c and rule_stream.c.
 */
#ifndef OH_JUDGE_HOLES_H
#define OH_JUDGE_HOLES_H

#include "judge/rule.h"

struct oh_holes {
    bool known;
    int witness[2]; /* messages that prove a hole each; OH_NONE: none (more) */
};

/* Does another message than `judged` (NULL: any) prove a hole? Not asked of a run. */
bool oh_holes_shown(struct oh_holes *h, const struct oh_trace *t,
                    const struct oh_trace_msg *judged);

#endif
