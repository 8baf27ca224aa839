/*
 * reports/compare.h - what a newer report has that an older one had not, and the other way round.
 *
 * Findings are paired by identity (reports/identity.h), and counted: where there was one and now
 * are two, one is new. Scenarios are paired by id, several of the same id in their order. What an
 * older report had and the newer one has not is "gone" only where it could have shown itself; in a
 * scenario that was not judged, or not that far, it is "not-seen", which is no good news.
 *
 * Uses: reports/report.h.
 */
#ifndef OH_REPORTS_COMPARE_H
#define OH_REPORTS_COMPARE_H

#include "reports/report.h"

#define OH_COMPARE_FORMAT "offhook-compare/1"

/* The difference as JSON ("format": "offhook-compare/1", described by reports/compare.schema.json):
 * a new reference. The names are those of the files, for the reader. */
json_t *oh_compare_reports(const json_t *older, const char *older_name, const json_t *newer,
                           const char *newer_name);

/* 1 if there is something new, else 0: a finding that is new and not on the list of known ones, or
 * a scenario that is worse. Worse is: it failed, or ended with inconclusive or error, and ended
 * better before (error > fail > inconclusive > pass; not played and a fail of known findings alone
 * are as good as pass); or it was judged and now is not (inconclusive, error, skip); or it is
 * missing because the newer run was interrupted. */
int oh_compare_exit_status(const json_t *comparison);

/* As a tester reads it; `verbose` shows unchanged findings, too. */
void oh_compare_text(const json_t *comparison, const struct oh_report_style *style,
                     struct oh_text *out);

#endif
