/*
 * match/walk_path.h - the state of every step of a flow, and which way the phone took. Private to
 * match/.
 *
 * Knows blocks, and nothing of messages. The rules that it keeps are those of match/walk.h.
 *
 * Uses: match/walk.h, scenario/blocks.h.
 */
#ifndef OH_MATCH_WALK_PATH_H
#define OH_MATCH_WALK_PATH_H

#include "match/walk.h"
#include "scenario/blocks.h"

struct oh_path {
    const struct oh_scenario *scenario; /* borrowed */
    enum oh_step_state *states;
    int *chosen;   /* by block: the branch of an `either`; OH_NONE: undecided, or no `either` */
    int *requests; /* by step: the request that it answers, oh_step_request; OH_NONE */
    struct oh_walk_front *fronts;
    size_t front_count, front_room;
};

void oh_path_init(struct oh_path *p, const struct oh_scenario *s);
void oh_path_release(struct oh_path *p);

int oh_path_next(const struct oh_path *p);
void oh_path_find_fronts(struct oh_path *p);

/* Every pending step from the fronts on to their barriers, in the order of the flow. */
typedef void oh_path_visit_fn(int step, void *arg);
void oh_path_search(const struct oh_path *p, oh_path_visit_fn *visit, void *arg);

/* Messages of the phone that must come and would be missed if this step were reached now. */
size_t oh_path_skips(const struct oh_path *p, int step);

/* A message of the phone reaches this step, and so takes the way to it. */
void oh_path_take_way(struct oh_path *p, int step);
/* What stands before the step and nothing reached: missed, or passed where it is optional. What is
 * ours or the user's to do is never passed over, nor what comes behind it. */
void oh_path_skip_before(struct oh_path *p, int step);
/* oh_walk_missed */
void oh_path_miss(struct oh_path *p, int step);

/* Of a round that the flow went past: what it begins with. */
bool oh_path_is_left_out(const struct oh_path *p, int step);

#endif
