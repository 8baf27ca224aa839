/*
 * reports/baseline.h - a list of known findings as it was read. Private to reports/.
 *
 * baseline_read.c reads it and tells its mistakes · baseline.c lays it over a report.
 */
#ifndef OH_REPORTS_BASELINE_H
#define OH_REPORTS_BASELINE_H

#include "reports/report.h"

/* One entry. What a finding is identified by, never by line or frame; what is NULL may be anything,
 * but for `finding`, `scenario` ("*") and `reason`. */
struct oh_known {
    char *finding, *scenario, *step, *method, *direction, *reason, *clause, *link, *expires;
    unsigned nth; /* which of the steps with that text; 0: the first */
};

struct oh_baseline {
    char *file;
    char *phone; /* the adapter that the list is for; NULL: any */
    struct oh_known *items;
    size_t count, room;
};

#endif
