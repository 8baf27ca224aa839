/*
 * cli/rehearse_judge.h - what a rehearsal showed: whether a file is consistent, and what notices
 * that something in it is not done.
 *
 * Uses: play/rehearse.h, judge/.
 */
#ifndef OH_CLI_REHEARSE_JUDGE_H
#define OH_CLI_REHEARSE_JUDGE_H

#include "judge/judge.h"
#include "play/rehearse.h"

/* Something that was tried: the flow as it is, or one break. */
struct oh_trial {
    struct oh_break broken; /* of a break */
    struct oh_place place;  /* of what was broken, or of what cannot be met */
    bool holds;             /* the flow passed; the break was noticed */
    char *noticed_by;       /* of a break: the finding's id; NULL */
    char *why;              /* a sentence where it does not hold; NULL */
};

struct oh_trials {
    struct oh_trial whole; /* without a break */
    struct oh_trial *breaks;
    size_t count, room;
    double virtual_s; /* how long the flow took by the clock that it was played with */
};

enum { OH_BREAK_NOTHING = 0, OH_BREAK_EVERYTHING = -1 };

struct oh_trial_options {
    struct oh_rehearse_options how;
    int break_line;     /* a line of the file, or one of the two above */
    const char *folder; /* of the unbroken one's recording; NULL: none is kept */
};

/* -1 where nothing could be played. Release `out` in any case. Breaks are tried where the flow
 * passes alone. */
int oh_trials_make(const struct oh_scenario *s, const struct oh_trial_options *options,
                   struct oh_trials *out, struct oh_error *e);
void oh_trials_release(struct oh_trials *t);

/* "A -> P: ACK is left out", "request-uri.user is otherwise"; the caller frees. */
char *oh_break_text(const struct oh_scenario *s, const struct oh_break *b);
const char *oh_break_name(enum oh_break_kind kind); /* "left-out", "otherwise", ... */

#endif
