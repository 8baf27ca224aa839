/*
 * reports/build.h - what the files that build report.json share. Private to reports/.
 *
 * scenario.c makes one entry of "scenarios" · messages.c its messages and media streams · capture.c
 * what a foreign capture adds · report.c the whole, and its sums.
 */
#ifndef OH_REPORTS_BUILD_H
#define OH_REPORTS_BUILD_H

#include "judge/survey.h"
#include "reports/json.h"

#define OH_REPORT_FORMAT "offhook-report/1"

/* One judged scenario as JSON: a new reference. `folder` relative to the run's; NULL for none. */
json_t *oh_report_scenario(const struct oh_verdict *v, const char *folder);

json_t *oh_report_finding(const struct oh_verdict *v, const struct oh_finding *f);
json_t *oh_report_rules(const struct oh_verdict *v);
/* `phone`: the name of whoever sent and got what is the phone's; NULL: by the seats. */
json_t *oh_report_messages(const struct oh_verdict *v, const char *phone);
json_t *oh_report_media(const struct oh_verdict *v);

/* One phone of a foreign capture as an entry of "scenarios": a new reference. `file` is the
 * capture's name as it was given. */
json_t *oh_report_surveyed(const struct oh_surveyed *p, const struct oh_survey_counts *counts,
                           const char *file);
/* What the capture itself held, as an entry of "captures". */
json_t *oh_report_capture(const struct oh_survey *s, const char *file);
/* How many findings a finding of a report stands for: itself, and those left out for it. */
json_int_t oh_report_weight(const json_t *finding);

/* "summary" of these scenarios. Findings are the phone's broken musts and shoulds; known
 * ones count apart, as do those about our own messages. */
json_t *oh_report_summary(const json_t *scenarios);

/* A fail that consists of known findings alone: it does not count for the exit status. */
bool oh_report_is_forgiven(const json_t *scenario);

#endif
