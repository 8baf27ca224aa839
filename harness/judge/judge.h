/*
 * judge/judge.h - from a recording to a verdict. A pure function: same folder, same verdict.
 *
 * Uses: match/, trace/, scenario/, sip/.
 */
#ifndef OH_JUDGE_JUDGE_H
#define OH_JUDGE_JUDGE_H

#include "judge/verdict.h"

struct oh_judge_options {
    bool strict; /* warn becomes fail */
};

/* Never NULL. Replays the walk of match/walk.h over the recording in the player's order, holds
 * every expectation and every rule, drops what says the same thing twice (of an expectation and a
 * rule on the same field of the same message the rule stays, unless the scenario asks for more, and
 * the step points at it; an absence that the flow already tells silences the rule's), and draws the
 * verdict: error > fail > inconclusive > pass; skip apart. */
struct oh_verdict *oh_judge(const struct oh_recording *recording,
                            const struct oh_judge_options *options);

#endif
