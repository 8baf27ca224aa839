/*
 * judge/verdict.h - what the judge says: findings, steps, the scenario's verdict.
 *
 * Plain results; reports/ turns them into files. Strings are owned by the verdict.
 *
 * Uses: trace/, scenario/.
 */
#ifndef OH_JUDGE_VERDICT_H
#define OH_JUDGE_VERDICT_H

#include "trace/run.h"

enum oh_word { /* how a scenario ends; the first that applies, top down; skip stands apart */
               OH_WORD_PASS,
               OH_WORD_INCONCLUSIVE,
               OH_WORD_FAIL,
               OH_WORD_ERROR,
               OH_WORD_SKIP,
               OH_WORDS
};
const char *oh_word_name(enum oh_word w); /* "pass" ... as in report.json */

enum oh_result { OH_RESULT_FAIL, OH_RESULT_WARN, OH_RESULT_INFO, OH_RESULT_NOT_CHECKABLE };
const char *oh_result_name(enum oh_result r); /* "fail", "warn", "info", "not-checkable" */

#define OH_FINDING_FRAMES 8

/* One broken expectation or rule. */
struct oh_finding {
    char *id; /* "ack.branch", "expect.cseq.number", "flow.missing" */
    enum oh_level level;
    enum oh_result result;
    char *clause; /* "RFC 3261 17.1.1.3"; an expectation of the scenario: its source, or NULL */
    unsigned frames[OH_FINDING_FRAMES]; /* the evidence, the message itself first; 0s left out */
    size_t frame_count;
    int64_t time_ns; /* since the scenario's first message; of the message, or of the moment of
                        absence */
    int msg;         /* index in the trace; OH_NONE for an absence */
    char *field;     /* path of sip/field.h; NULL where it concerns no field */
    size_t bytes_from, bytes_to; /* half-open range in the message; equal: none */
    char *expected, *observed;   /* may be NULL */
    char *text;                  /* one sentence that a tester can act on */
    int step;                    /* index into the scenario's steps; OH_NONE */
    bool is_rule;                /* by an always-on rule; else by the flow */
    char *method;    /* rules: of the message, for identification ("ACK", "200 to INVITE") */
    bool from_phone; /* false: our own message, which is our error */
    int about;       /* absences: the message that called for it; OH_NONE */
};

enum oh_step_word {
    OH_STEP_IS_PASS,
    OH_STEP_IS_WARN,
    OH_STEP_IS_FAIL,
    OH_STEP_IS_MISSED,
    OH_STEP_IS_UNCLEAR, /* inconclusive: no evidence either way */
    OH_STEP_IS_NOT_REACHED,
    OH_STEP_IS_SKIPPED /* an optional one that did not come */
};
const char *oh_step_word_name(enum oh_step_word w); /* "pass", "warn", "fail", "missed",
                                                       "inconclusive", "not-reached", "skipped" */

struct oh_step_result {
    enum oh_step_word word;
    unsigned frames[OH_FINDING_FRAMES]; /* of the messages that belong to it, repeats included */
    size_t frame_count;
    int64_t time_ns; /* since the scenario's first message; -1: never */
    int msg;         /* that reached or did it; OH_NONE */
};

struct oh_verdict {
    const struct oh_recording *recording; /* borrowed; must outlive the verdict */
    enum oh_word word;
    char *reason;    /* a sentence; NULL for a plain pass */
    int64_t zero_ns; /* wall time that all times are told from: the first message of the flow, else
                        of the trace */
    struct oh_finding *findings;
    size_t finding_count, finding_room;
    struct oh_step_result *steps; /* scenario->step_count */
    int *step_of_msg;             /* per trace message: the step that it belongs to; OH_NONE */
    bool *earlier_of_msg;         /* per trace message: it is of a call of an earlier scenario */
    size_t rules_applied;         /* checks made by always-on rules */
    size_t rules_not_checkable;   /* of them, for want of evidence; they change no verdict */
};

void oh_verdict_free(struct oh_verdict *v);

#endif
