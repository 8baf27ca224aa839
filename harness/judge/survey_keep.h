/*
 * judge/survey_keep.h - of what was found in the calls of one phone, what is kept. Private to
 * judge/.
 *
 * Uses: judge/survey.h.
 */
#ifndef OH_JUDGE_SURVEY_KEEP_H
#define OH_JUDGE_SURVEY_KEEP_H

#include "judge/survey.h"

/* A phone and what is kept of it. `pub` points into the rest. */
struct oh_kept {
    struct oh_surveyed pub;
    struct oh_verdict verdict;
    struct oh_recording recording;
    struct oh_surveyed_call *calls;
    size_t call_room;
    struct oh_surveyed_kind *kinds;
    size_t kind_room;
    size_t *last_call; /* per kind: the number of the last call that it was found in */
    size_t last_call_room;
    struct oh_surveyed_sent *sent;
    size_t sent_room;
};

struct oh_keep_limits {
    size_t bytes;      /* that may still be kept, of all phones; is counted down */
    size_t of_a_phone; /* findings */
};

/* `profile` is borrowed; NULL: none. */
struct oh_kept *oh_kept_new(const struct oh_endpoint *phone, const char *profile);
void oh_kept_free(struct oh_kept *k); /* NULL is fine */

/* Takes what was found in one call: counts it, and keeps what the limits allow. `found` is left
 * without findings. */
void oh_kept_take(struct oh_kept *k, const struct oh_call *call, struct oh_verdict *found,
                  struct oh_keep_limits *limits);

#endif
