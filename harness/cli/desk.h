/*
 * cli/desk.h - the terminal of a person who does at a phone what a run asks (phone/person.h).
 *
 * One sentence at a time. On a terminal that can, each stands on a screen of its own, and what was
 * there before is scrolled away, not lost; elsewhere (TERM=dumb, no terminal) all is lines. Keys
 * are read singly from a terminal, whose mode is put back at any end, and as lines from anything
 * else. A process has one terminal, so there is one of these at a time.
 */
#ifndef OH_CLI_DESK_H
#define OH_CLI_DESK_H

#include "cli/cli.h"
#include "phone/person.h"
#include "play/play.h"
#include "reports/report.h"

#include <stdio.h>

struct oh_desk {
    struct oh_person *person; /* NULL: no phone of the run is driven by hand */
    struct oh_report_style style;
    FILE *out;
    bool is_screen; /* the cursor can be put anywhere */
    bool is_shown;  /* a prompt stands on the screen */
    bool was_asked; /* something, since oh_desk_begin */
    unsigned reminders;
    char *about, *left; /* "scenario 3 of 14: ...", "about 12 min left" */
};

/* `json`: standard output is not for people. */
void oh_desk_open(struct oh_desk *d, const struct oh_cli_common *o);
/* The terminal is as it was; more than once is fine. */
void oh_desk_close(struct oh_desk *d);

/* Before each scenario, `times` of which it was played already. `left_s`: an estimate of the time
 * that all those to come take. */
void oh_desk_begin(struct oh_desk *d, const struct oh_scenario *s, size_t nth, size_t count,
                   unsigned times, double left_s);
void oh_desk_progress(struct oh_desk *d, const struct oh_progress *p);
/* The scenario did not pass: whether the person wants it played again. Asks only who sits at a
 * terminal and was asked to do something in it; without a key it goes on. */
bool oh_desk_asks_again(struct oh_desk *d, const char *verdict);

/* "about 12 min", "less than a minute" */
char *oh_desk_duration(double seconds);

#endif
