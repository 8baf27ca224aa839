/*
 * judge/internal.h - what the judge's files share. Private to judge/.
 *
 * judge.c draws the verdict · replay.c walks the recording in the player's order · flow.c makes
 * findings of the flow, flow_times.c those of its times · media.c finds the steps of findings on
 * RTP · absence.c decides what a missing message proves · rules.c runs the always-on rules,
 * rule_stream.c those on RTP · merge.c lets one fault be one finding. align*.c make a recording of
 * a flow found in a capture.
 */
#ifndef OH_JUDGE_INTERNAL_H
#define OH_JUDGE_INTERNAL_H

#include "judge/judge.h"
#include "judge/rule.h"
#include "match/walk.h"

/* A stall of our own host beyond this, or beyond a tenth of the time in question if that is more,
 * voids what timers of ours decided: a fifth of a second is the shortest time that an RFC 3261 rule
 * of ours hangs on (17.2.1: 100 after 200 ms). */
#define OH_STALL_NS INT64_C(200000000)

/* Findings that say the same of message after message: so many are kept, the last one counts the
 * rest. */
#define OH_FINDINGS_ALIKE 20

struct oh_judging {
    const struct oh_recording *recording;
    const struct oh_run *run;
    const struct oh_scenario *scenario;
    const struct oh_trace *trace;
    const struct oh_judge_options *options;
    struct oh_verdict *verdict;
    struct oh_match_env *env;
    struct oh_walk *walk;
    int64_t zero_ns;          /* wall time that times are told from */
    int *msg_of_tap;          /* per tap entry: the trace message; OH_NONE */
    int *step_sent_by_tap;    /* per tap entry: our step that it was; OH_NONE */
    int *step_got_by_tap;     /* per tap entry: the step that the player says it reached; OH_NONE */
    int last_step_tap;        /* the player did or awaited steps up to this many tap entries */
    int64_t *step_done_ns;    /* per step: wall time at which it was passed or given up; 0: never */
    int64_t *given_up_ns;     /* per step: wall time at which its deadline passed; 0: it did not */
    int64_t begin_ns, end_ns; /* of the flow, wall time */
    bool in_flow;
    bool derailed; /* a final response of another class than awaited: what follows cannot come */
    const char *disagreement; /* player and judge saw different steps: our fault */
};

/* A new finding of this level; result by level and --strict. Strings to be filled with
 * oh_format/oh_strdup. */
struct oh_finding *oh_finding_add(struct oh_verdict *v, const char *id, enum oh_level level,
                                  bool strict);
void oh_finding_release(struct oh_finding *f);
/* Cites a message: frame, time. The first one cited is the finding's message. */
void oh_finding_cite(struct oh_judging *j, struct oh_finding *f, const struct oh_trace_msg *m);
void oh_finding_frame(struct oh_finding *f, unsigned frame);
/* By time; those of one time in an order of their own that is always the same. */
void oh_findings_sort(struct oh_verdict *v);

void oh_replay(struct oh_judging *j);

/* flow.c: a finding of the flow at this step, after the scenario's sources; `m` may be NULL. */
struct oh_finding *oh_flow_finding(struct oh_judging *j, const char *id, enum oh_level level,
                                   int step, const struct oh_trace_msg *m);

/* flow_times.c: did the message that reached a step come in its window? */
void oh_flow_window(struct oh_judging *j, const struct oh_trace_msg *m, int step);
/* It came after its deadline, or behind a later step's message. */
void oh_flow_lateness(struct oh_judging *j, const struct oh_trace_msg *m, int index);
/* Once at the end: were the copies of those that were left unanswered sent when they were due? */
void oh_flow_schedules(struct oh_judging *j);

/* flow.c: called by the replay as things happen, and once at the end. */
void oh_flow_reached(struct oh_judging *j, const struct oh_trace_msg *m,
                     struct oh_walk_result reached);
/* A request that ends the call, before the flow came to it. */
void oh_flow_early(struct oh_judging *j, const struct oh_trace_msg *m, int step);
void oh_flow_unexpected(struct oh_judging *j, const struct oh_trace_msg *m);
void oh_flow_media(struct oh_judging *j, int step, int64_t end_ns);
void oh_flow_not_silent(struct oh_judging *j, int step, const struct oh_trace_msg *m);
void oh_flow_end(struct oh_judging *j);
/* Datagrams of the phone to our SIP ports that are neither messages nor keep-alives: one finding,
 * which weighs nothing. */
void oh_flow_noise(struct oh_judging *j);

/* media.c: what the rules say of RTP belongs to the media step that was the flow's then. What such
 * a step says of unwanted RTP itself stays alone. */
void oh_flow_place_media(struct oh_judging *j);

/* absence.c: findings for each step that was missed. */
void oh_absences(struct oh_judging *j);
/* Why nothing can be said of an absence or a time of `duration_ms`: a clause; NULL: it can. */
const char *oh_timing_doubt(const struct oh_judging *j, int64_t duration_ms);
/* Beside the step, in an `any order`, a message crossed it that makes another answer of the phone
 * right, or none of its requests: a clause; NULL: nothing did. `status`: the final one that came;
 * 0: nothing came. RFC 3261 9.1, 14, 15 */
const char *oh_crossing_doubt(const struct oh_judging *j, int step, unsigned status);
/* What the capture lacks, in a sentence; NULL: nothing. */
const char *oh_evidence_gap(const struct oh_judging *j);
/* While it was recorded: no two stamps can be compared. */
bool oh_clock_was_set(const struct oh_run *run);
/* A person did at the phone in this seat what was asked, in his own time; and perhaps more. */
bool oh_is_by_hand(const struct oh_run *run, const char *seat);
/* The phone has been silent since an earlier step's deadline: that is the finding, once. */
bool oh_follows_silence(const struct oh_judging *j, int index);
/* No first sending of a phone is later than this. */
bool oh_silent_after(const struct oh_trace *t, int64_t time_ns);
/* The run's end explains why a phone said no more: it died, hung or was killed, or we stopped. */
bool oh_outcome_silences(enum oh_outcome outcome);

/* Drops what says twice the same. A rule's finding stays, unless the flow's is more severe or tells
 * of a missing message. Wants flow findings before rule findings, as they are made. */
void oh_merge(struct oh_judging *j);
/* Of findings that differ in their message alone OH_FINDINGS_ALIKE stay. Wants them by time. */
void oh_merge_floods(struct oh_verdict *v);

/* The scenario's first source that is an RFC, else its first; NULL. */
char *oh_flow_clause(const struct oh_judging *j);
/* "ACK", "200 to INVITE"; the caller frees. */
char *oh_method_text(const struct oh_trace_msg *m);

#endif
