/*
 * match/walk.h - where in the flow are we? The one way in which messages meet steps.
 *
 * A pure state machine that player and judge both feed with what happened, in the same order: the
 * player as it happens, the judge from the recording. So they cannot disagree.
 *
 * A phone's step is *reached* by who sent the message and what it is (method; status of a response
 * to that method). Identity (branch, CSeq, Call-ID, tags, Route, Request-URI) is content, and
 * judged, not searched by. Rules:
 *  - where in the flow we are is a set of fronts: one; one per open branch of an `any order`. The
 * search runs from each front to the first send of ours or user action not yet done, and never past
 * it; media and silence steps do not stop it. An `any order` is passed when all its branches are;
 *  - an `either` is undecided until a message of the phone reaches one of its branches. That
 * decides it, and what the others have is *not taken*: neither reached nor missed. Until then the
 * search runs in all of them; past it only where it is optional, or a branch has nothing of ours or
 * the user's. An optional one that the flow went past is not taken either;
 *  - among several candidates the best fitting wins (oh_match_score), the earliest among equals;
 *  - phone steps skipped over by a hit become missed, optional ones passed, with our answers to
 * them; a message for one of
 * these that still comes makes it reached, late. An ACK may come before a send of ours that stands
 * before it: that send stays to be done;
 *  - another final status than the awaited one reaches the awaited response (and is its finding);
 * where the awaited final lies behind a user action, the provisional that is awaited instead;
 *  - a byte-equal repeat, or a message that fits a passed step (an ACK to the final response it
 * fits best) and none awaited, belongs to the passed step;
 *  - a BYE or CANCEL that a later step awaits, but that comes before a send of ours or a user
 * action in front of it, is early: it reaches that step, and the call is over;
 *  - provisionals (100 always; others unless listed), background traffic (REGISTER, OPTIONS,
 * SUBSCRIBE, PUBLISH, NOTIFY outside what the flow lists, keep-alives), and the ACKs and answers
 * that our own unlisted messages call for, are tolerated; what is left is unexpected.
 *
 *
 * walk.c the rules · walk_path.c the structure of the flow: fronts, what is passed over, what is
 * chosen · answers.c what answers what.
 *
 * Uses: match/match.h, scenario/blocks.h.
 */
#ifndef OH_MATCH_WALK_H
#define OH_MATCH_WALK_H

#include "match/match.h"

struct oh_walk;

enum oh_step_state {
    OH_STEP_PENDING,
    OH_STEP_REACHED, /* phone's message came */
    OH_STEP_LATE,    /* it came after a later step's message */
    OH_STEP_MISSED,  /* deadline passed, or a later step was reached first */
    OH_STEP_PASSED,  /* ours was sent, the action was told, the media time is over; an optional one
                        was skipped */
    OH_STEP_NOT_TAKEN, /* of a branch of an `either` that the phone did not choose; or it hangs on a
                          message that the phone left out: our answer, and the ACK or PRACK to it */
};

enum oh_walk_kind {
    OH_WALK_REACHED,
    OH_WALK_LATE,
    OH_WALK_REPEAT, /* a retransmission, or another message of a passed step */
    OH_WALK_EARLY,  /* it ends the call before the flow comes to that: nothing more can be played in
                       it */
    OH_WALK_TOLERATED,
    OH_WALK_UNEXPECTED,
    OH_WALK_LOST, /* the step has it lost on the way (`lose`), or it came to a party that is silent
                     (step OH_NONE): as if it had not come */
};

struct oh_walk_result {
    enum oh_walk_kind kind;
    int step;          /* the step that it belongs to; OH_NONE for tolerated and unexpected */
    bool other_status; /* reached by another final status than awaited */
};

/* Scenario and environment are borrowed. */
struct oh_walk *oh_walk_new(const struct oh_scenario *s, struct oh_match_env *env);
void oh_walk_free(struct oh_walk *w);

/* A message from party `from` (a phone) to one of ours (`to`: the seat whose socket got it; NULL
 * for a stray). `m` is borrowed and must outlive the walk. Saves its name in the environment when
 * it reaches a step. */
struct oh_walk_result oh_walk_got(struct oh_walk *w, const char *from, const char *to,
                                  const struct oh_sip_msg *m);

/* A message that a step would have lost is taken all the same: in a capture of anyone's it was. */
void oh_walk_loses_nothing(struct oh_walk *w);

/* Our step `step` was done with this message (first sending); NULL for actions, media and silence.
 * Saves its name. Our unlisted messages (step OH_NONE: 100s, closing BYEs, answers to background
 * traffic, ACKs) are told too. */
void oh_walk_did(struct oh_walk *w, int step, const struct oh_sip_msg *m);

/* The player's deadline for a phone's step has passed. In an undecided `either` that is optional:
 * the phone leaves it out; else the phone chose nothing, and this step's branch stands for all. */
void oh_walk_missed(struct oh_walk *w, int step);

enum oh_step_state oh_walk_state(const struct oh_walk *w, int step);
const struct oh_sip_msg *oh_walk_message(const struct oh_walk *w,
                                         int step); /* what reached or did it; NULL */
/* The first step that is still pending; step_count at the end. */
int oh_walk_next(const struct oh_walk *w);

/* A place where the flow is: a step to be done or awaited, or an undecided `either`, of which
 * `step` is the first. */
struct oh_walk_front {
    int step;
    int either; /* OH_NONE: it is a step */
};
/* All places where the flow is, in its order; none at its end. Valid until the walk is told of
 * something. */
const struct oh_walk_front *oh_walk_fronts(struct oh_walk *w, size_t *count);
/* The branch of an `either` that was chosen; OH_NONE: none yet. */
int oh_walk_chosen(const struct oh_walk *w, int either);
/* Copies of the step's message that were lost so far. */
unsigned oh_walk_lost(const struct oh_walk *w, int step);
/* The message belongs to a step that the phone may leave out: an optional one, or a round of an
 * optional `either`. */
bool oh_walk_may_leave_out(const struct oh_walk *w, int step);

/* The request that a response step answers / the step whose request it is: the latest open request
 * step before it in the other direction with that method ("200 to PRACK"), or of any method;
 * OH_NONE where there is none. Static: by the scenario. */
int oh_walk_request_step(const struct oh_scenario *s, int step);
/* For a request step of ours or the phone's: method; for a response step the method that it
 * answers. */
const char *oh_walk_step_method(const struct oh_scenario *s, int step);

#endif
