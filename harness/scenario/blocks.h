/*
 * scenario/blocks.h - how the steps of a flow stand to one another, where blocks make it more than
 * a list.
 *
 * A flow is a row of entries; an entry is a step or a block (struct oh_group), a block has
 * branches, and each branch is again such a row. A row is named by its block and branch; block
 * OH_NONE is the flow itself. Steps of a row stand one behind the other in the scenario's list, and
 * so do those of a block, branch by branch.
 *
 * Invariants: everything here is by the scenario alone. Of a flow without blocks every step stands
 * before all that follow.
 *
 * Uses: scenario/scenario.h.
 */
#ifndef OH_SCENARIO_BLOCKS_H
#define OH_SCENARIO_BLOCKS_H

#include "scenario/scenario.h"

/* [first, end) */
struct oh_row {
    int first, end;
};
struct oh_row oh_row_whole(const struct oh_scenario *s);
struct oh_row oh_row_of_block(const struct oh_scenario *s, int block);
struct oh_row oh_row_of_branch(const struct oh_scenario *s, int block, int branch);

/* What step `step` is part of in the row of `block`, of which it is or which it is in: the block
 * that stands in that row; OH_NONE: it stands there itself. */
int oh_block_in_row(const struct oh_scenario *s, int step, int block);
/* The branch of `block` that the step is in; OH_NONE: it is not in that block. */
int oh_block_branch(const struct oh_scenario *s, int block, int step);
/* An `either` whose last branch has no steps: the phone may leave it out, as a round of `repeat:
 * 1 .. 5`. */
bool oh_block_is_optional(const struct oh_scenario *s, int block);
/* `next` is another round of the same repeat as `block`: where one round is left out, those after
 * it are as well. */
bool oh_block_is_round(const struct oh_scenario *s, int block, int next);

/* One of a row: a step, or a block and the first step of it. */
struct oh_entry {
    int step, block; /* block OH_NONE: it is a step */
};
/* What the flow comes to after this entry: the next of its row; at the end of a branch of an
 * `either` what follows that. False: nothing does, or it waits for the other branches of an `any
 * order`. */
bool oh_entry_next(const struct oh_scenario *s, struct oh_entry at, struct oh_entry *next);

/* What a place of the flow is waited for that begins with a message of the phone. */
struct oh_wait {
    int step; /* the message that is given up when the time is over; of an `either` that of its
                 first way */
    int64_t longest_ms; /* counted from the step before that was reached */
    bool must_come;     /* false: the phone may leave it out */
};
/* What the phone may leave out is waited for at once with what follows it, past our answers to it
 * and the ACKs to these: until the deadline of the first message that must come, and as long as
 * anything before that says `within`. An `either` is waited for as long as the longest of its ways.
 * Where something else of ours or the user's comes first, as long as that says, else 0; `step` is
 * then the last of what may be left out. */
struct oh_wait oh_entry_wait(const struct oh_scenario *s, struct oh_entry at);

enum oh_relation {
    OH_STEP_COMES_BEFORE,  /* a before b */
    OH_STEP_COMES_AFTER,   /* a after b, or they are the same */
    OH_STEP_COMES_BESIDE,  /* in other branches of an `any order`: either may come first */
    OH_STEP_COMES_INSTEAD, /* in other branches of an `either`: only one of them comes */
};
enum oh_relation oh_steps_relation(const struct oh_scenario *s, int a, int b);
/* a comes before b wherever both come. */
bool oh_step_precedes(const struct oh_scenario *s, int a, int b);

/* The request that a response step answers: the latest open request step before it in the other
 * direction with that method ("200 to PRACK"), or of any method; OH_NONE where there is none, or
 * the step is no response. */
int oh_step_request(const struct oh_scenario *s, int step);
/* The same of each of the first `count` steps, in one go; the caller frees. */
int *oh_step_requests(const struct oh_scenario *s, size_t count);

#define OH_SCHEDULE_MOST_COPIES 100

/* The schedule's gap before copy `n` (from 1 on), and how many copies there are before `until_ms`,
 * the first included. RFC 3261 17.1.1.2, 17.1.2.2 */
int64_t oh_schedule_gap_ms(const struct oh_schedule *r, unsigned n);
unsigned oh_schedule_copies(const struct oh_schedule *r);

#endif
