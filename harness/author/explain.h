/*
 * author/explain.h - a scenario in plain words: what happens, what is checked, how long it takes.
 *
 * Why: a writer wants to see that the file says what was meant, before any phone is there. The
 * words are made of the scenario alone; drawing the ladder is the caller's.
 *
 * Uses: scenario/scenario.h, match/walk.h.
 */
#ifndef OH_AUTHOR_EXPLAIN_H
#define OH_AUTHOR_EXPLAIN_H

#include "scenario/scenario.h"

/* What is said of one step: sentences in the order to be read in, each without a full stop. Owned;
 * release it. */
struct oh_explained {
    char *label; /* for the ladder: "INVITE", "200 to INVITE", "the user dials B", "audio, 1 s" */
    char **lines;
    size_t count;
};
void oh_explain_step(const struct oh_scenario *s, int step, struct oh_explained *out);
void oh_explained_release(struct oh_explained *x);

/* What is said of the whole: what is given, which abilities it takes, what others are. */
void oh_explain_head(const struct oh_scenario *s, struct oh_explained *out);

/* "the user part of the Request-URI": a field's path in words; the caller frees. */
char *oh_explain_field(const char *path);

/* Milliseconds. */
struct oh_explain_time {
    int64_t least_ms;  /* the phone answers at once */
    int64_t most_ms;   /* it takes for each step all the time that it may */
    int64_t silent_ms; /* it never answers; -1: nothing is awaited of it */
};
struct oh_explain_time oh_explain_time(const struct oh_scenario *s);
/* "50 ms", "1.5 s", "2 min 10 s"; the caller frees. */
char *oh_explain_duration(int64_t ms);

#endif
