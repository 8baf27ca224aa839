/*
 * cli/live.h - the ladder as it grows, while a scenario is played on a terminal.
 *
 * Each message is a line when it passes; when the judge has spoken the lines are replaced by the
 * judged ladder. Where standard output is no terminal nothing is shown until then.
 */
#ifndef OH_CLI_LIVE_H
#define OH_CLI_LIVE_H

#include "play/play.h"
#include "reports/report.h"

struct oh_live {
    bool on;
    struct oh_report_style style;
    const struct oh_scenario *scenario;
    unsigned lines; /* rows of the terminal taken since the scenario began */
    unsigned hint;  /* of them, by a waiting hint at the end; 0: there is none */
};

void oh_live_begin(struct oh_live *l, const struct oh_scenario *s, const char *phone);
void oh_live_progress(const struct oh_progress *p, void *live); /* an oh_progress_fn */
/* Takes the shown lines off the terminal again. */
void oh_live_clear(struct oh_live *l);

#endif
