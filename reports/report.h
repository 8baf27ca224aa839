/*
 * reports/report.h - verdicts into report.json, and report.json into every other form.
 *
 * JSON is the source (reports/report.schema.json describes it, "format": "offhook-report/1"); each
 * other form is one file here, made from the JSON alone, so that `offhook report report.json` can
 * make it later and elsewhere.
 *
 * Uses: judge/verdict.h, judge/survey.h, trace/, scenario/. jansson's json_t stands in this
 * interface.
 */
#ifndef OH_REPORTS_REPORT_H
#define OH_REPORTS_REPORT_H

#include "judge/survey.h"

#include <jansson.h>

struct oh_report;

/* A report being put together. `folder` is DIR of the run ("" for a check): scenario folders are
 * given relative to it. */
struct oh_report *oh_report_new(const char *folder);
void oh_report_free(struct oh_report *r);
/* Adds one judged scenario; copies what it needs. `scenario_folder` relative to DIR; NULL for none.
 */
void oh_report_add(struct oh_report *r, const struct oh_verdict *v, const char *scenario_folder);
/* Adds what was found in a foreign capture: an entry for each of its phones, and one of "captures".
 * `file` as it was given; "-" is standard input. */
void oh_report_add_capture(struct oh_report *r, const struct oh_survey *s, const char *file);
/* One call of a foreign capture and what was found in it, as an entry of "scenarios" of that call
 * alone, for showing it at once. A new reference. */
json_t *oh_report_call(const struct oh_endpoint *phone, const struct oh_verdict *v);
/* The whole as JSON; a new reference that the caller drops with json_decref. `interrupted`: not all
 * scenarios were played. */
json_t *oh_report_json(const struct oh_report *r, bool interrupted);

/* One scenario of a report ("scenarios"[i]) as JSON: what oh_report_add made last. Borrowed. For
 * showing it at once. */
const json_t *oh_report_last(const struct oh_report *r);
/* All that were added, in order; borrowed. */
size_t oh_report_count(const struct oh_report *r);
const json_t *oh_report_at(const struct oh_report *r, size_t index);
/* A phone of a foreign capture of which there is nothing to say: its text form is one line. */
bool oh_report_is_quiet(const json_t *scenario);

int oh_report_write(const json_t *report, const char *path, struct oh_error *e);
/* NULL where the file is no report of this format. New reference. */
json_t *oh_report_read(const char *path, struct oh_error *e);

/* Exit status of run and check (command-line contract): 1 a scenario failed; else 3 error,
 * inconclusive or nothing judged; else 0. Fails made only of known must findings do not count. */
int oh_report_exit_status(const json_t *report);
/* "exit_status" of the report where the command ends with another one: a recording that could not
 * be judged, a folder that could not be written. oh_report_json and oh_baseline_apply set it else.
 */
void oh_report_set_exit_status(json_t *report, int status);

/* --- other forms --- */
struct oh_report_style {
    bool color;     /* ANSI colours */
    bool unicode;   /* box and arrow characters; else ASCII */
    unsigned width; /* columns; 0: 100 */
    bool verbose;   /* whole messages of findings, all steps */
    bool brief;     /* no ladders of a foreign capture's calls: they were shown */
};
struct oh_report_format {
    const char *name; /* "text": the option --text */
    const char *meaning;
    void (*write)(const json_t *report, const struct oh_report_style *style, struct oh_text *out);
};
const struct oh_report_format *const *
oh_report_formats(void); /* NULL-ended; CMake collects reports/formats/ */

/* The ladder and findings of one scenario object, as `run` shows it when a scenario is done. */
void oh_report_scenario_text(const json_t *scenario, const struct oh_report_style *style,
                             struct oh_text *out);
/* Phones of a foreign capture (an array of such scenario objects): those with trouble first; the
 * clean ones, and those that have no finding of a new kind, are summed up where there are many.
 * `verbose` shows each. */
void oh_report_phones_text(const json_t *phones, const struct oh_report_style *style,
                           struct oh_text *out);
/* The ladder and findings of what oh_report_call made. */
void oh_report_call_text(const json_t *call, const struct oh_report_style *style,
                         struct oh_text *out);
/* The closing summary lines of a report. */
void oh_report_summary_text(const json_t *report, const struct oh_report_style *style,
                            struct oh_text *out);
/* One ladder line, as it happens (live progress) and in the text form alike. */
struct oh_ladder_line {
    double time_s;
    const char *label; /* "INVITE sip:5551234@..." */
    bool to_right;     /* left column is the phone */
    const char *mark;  /* "✓", "✗ branch is not the INVITE's", or NULL */
    enum { OH_MARK_NONE, OH_MARK_GOOD, OH_MARK_WARN, OH_MARK_BAD } mood;
    unsigned frame; /* 0: not known yet */
};
void oh_ladder_line_text(const struct oh_ladder_line *line, const struct oh_report_style *style,
                         struct oh_text *out);
/* What a user does, or the phone's program, at the left lifeline: "A dials B". */
void oh_ladder_note_text(double time_s, const char *text, const struct oh_report_style *style,
                         struct oh_text *out);
/* The label of a message on a ladder: its start line without the version, and whether it brings
 * credentials. Appends; wire bytes are kept as they are, oh_ladder_line_text escapes. */
void oh_ladder_label_text(struct oh_span message, struct oh_text *out);
/* Its two-line head with the parties' names. */
void oh_ladder_head_text(const char *left, const char *right, const struct oh_report_style *style,
                         struct oh_text *out);

/* --- known findings: run --baseline FILE --- */
struct oh_baseline;
struct oh_baseline *oh_baseline_load(const char *file, struct oh_errors *errors);
void oh_baseline_free(struct oh_baseline *b);
/* The adapter that the list is for; NULL: any. It is not laid over what other phones played. */
const char *oh_baseline_phone(const struct oh_baseline *b);
/* Marks each known finding in the report with "known": reason; a known one that did not appear in a
 * scenario that was played is listed under "gone" of the report's "baseline". Expired entries do
 * not count. */
void oh_baseline_apply(const struct oh_baseline *b, json_t *report);
/* A copy of one scenario of a report with its known findings marked, for showing it before the
 * whole report is there. NULL for `b` marks nothing. The caller drops it with json_decref. */
json_t *oh_baseline_scenario(const struct oh_baseline *b, const json_t *scenario);

#endif
