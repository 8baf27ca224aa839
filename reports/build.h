/*
 * reports/build.h - what the files that build report.json share. Private to reports/.
 *
 * scenario.c makes one entry of "scenarios" · messages.c its messages and media streams · report.c
 * the whole, and its sums.
 */
#ifndef OH_REPORTS_BUILD_H
#define OH_REPORTS_BUILD_H

#include "judge/verdict.h"
#include "reports/json.h"

#define OH_REPORT_FORMAT "offhook-report/1"

/* One judged scenario as JSON: a new reference. `folder` relative to the run's; NULL for none. */
json_t *oh_report_scenario(const struct oh_verdict *v, const char *folder);

json_t *oh_report_messages(const struct oh_verdict *v);
json_t *oh_report_media(const struct oh_verdict *v);

/* "summary" of these scenarios. Findings are the phone's broken musts and shoulds; known
 * ones count apart, as do those about our own messages. */
json_t *oh_report_summary(const json_t *scenarios);

/* A fail that consists of known findings alone: it does not count for the exit status. */
bool oh_report_is_forgiven(const json_t *scenario);

#endif
