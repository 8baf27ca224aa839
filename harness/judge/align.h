/*
 * judge/align.h - a scenario's flow, found in a capture that anyone made, and judged there.
 *
 * The flow is walked over the messages of one phone by the walk of match/walk.h, and what the
 * player of a run would have known is taken from the capture: which message did which step of ours,
 * who sits where, when a step's deadline had passed. That makes a recording, and oh_judge judges it
 * as it judges a run's. What a capture cannot know is held against nobody:
 *  - user actions: one counts as told when the message that the flow has after it comes. What a
 *    user may have done otherwise (hung up early, refused the call, put it on hold) ends the flow
 *    without a finding;
 *  - the other side: where it did something else than the scenario has it do, the flow ends there,
 *    and the reason names the frame;
 *  - media of which the capture has no RTP, and silence that was not kept, are not checkable, so
 *    that the flow is not passed;
 *  - flows with several phones under test: none is looked for;
 *  - names of the scenario that the capture does not show are not bound: what needs them is not
 *    checkable. A number that is dialled is the one in the first INVITE after the action.
 *
 * The flow may begin at any message that is its first. Where there are several such, the one from
 * which most steps are found is taken; the earliest among equals. Calls of the same phone that have
 * no part in the flow are passed over.
 *
 * Invariants: memory is bounded; what has no room is counted (`left_out`).
 *
 * align.c reads and chooses · align_walk.c walks · align_make.c makes the recording · align_ours.c
 * holds a message of the other side against our step.
 *
 * Uses: judge/judge.h, match/, trace/.
 */
#ifndef OH_JUDGE_ALIGN_H
#define OH_JUDGE_ALIGN_H

#include "judge/judge.h"
#include "judge/survey.h"

struct oh_align;

/* All that is pointed to is borrowed, and outlives the alignment. */
struct oh_align_options {
    const struct oh_scenario *scenario;
    struct oh_scenario *const *rows; /* of a table: of these the one whose flow goes furthest is
                                        taken, the first among equals; NULL: `scenario` */
    size_t row_count;
    bool strict;
    const struct oh_addr *phones; /* as in struct oh_survey_options */
    size_t phone_count;
    const struct oh_run_secret *secrets;
    size_t secret_count;
    const char *profile; /* NULL: none */
    size_t number_from;  /* so many results there are already: each further one has its number
                            behind the scenario's id, "~2" */
};

/* One phone, and the flow as it was found in its messages. */
struct oh_aligned {
    const struct oh_endpoint *phone;
    struct oh_recording *recording;
    struct oh_verdict *verdict;       /* scenario, steps and findings as after a run */
    unsigned first_frame, last_frame; /* of the messages of the flow's steps; 0: it is not there */
    size_t steps;                     /* that a message reached or did */
    size_t begins;                    /* other messages that the flow could have begun at */
    bool is_off; /* the other side or the user did otherwise, or it is not there at all */
};

struct oh_align *oh_align_new(const struct oh_align_options *options);
void oh_align_free(struct oh_align *a); /* NULL is fine */

/* Reads the capture and judges. -1: as oh_capture_scan. Once. */
int oh_align_capture(struct oh_align *a, const char *path, oh_survey_progress_fn *progress,
                     void *arg, struct oh_error *e);

/* Phones of which there is a result: each that was named; else those that went through the flow as
 * far as the others let them, and if there are none the one that got furthest. 0: the capture has
 * no message of a phone. */
size_t oh_align_count(const struct oh_align *a);
const struct oh_aligned *oh_align_at(const struct oh_align *a, size_t index);
size_t oh_align_messages(const struct oh_align *a); /* SIP messages that were read */
size_t oh_align_left_out(const struct oh_align *a); /* for want of room, at the capture's end */

#endif
