/*
 * cli/list.h - the lists of `offhook list` that are more than a few lines; one file each.
 *
 * Uses: scenario/, cli/cli.h.
 */
#ifndef OH_CLI_LIST_H
#define OH_CLI_LIST_H

#include "cli/cli.h"
#include "scenario/requirements.h"
#include "scenario/scenario.h"

/* Each takes its own options; argv[0] is the list's name. */
int oh_cli_list_rules(int argc, char **argv);
int oh_cli_list_requirements(int argc, char **argv);

/* --- catalogue.c: the catalogue of requirements as the commands use it --- */

/* offhook's own. NULL with mistakes; NULL without, where there is none beside this program. */
struct oh_catalogue *oh_cli_catalogue(struct oh_errors *errors);
/* The same, held against the rules: what does not fit is a mistake, too. */
struct oh_catalogue *oh_cli_held_catalogue(struct oh_errors *errors);
/* Tells each id in a scenario's `covers` that none of the catalogues has (NULL-ended; an empty list
 * knows everything), or that stands there twice. */
void oh_cli_check_covers(const struct oh_catalogue *const *catalogues, const struct oh_scenario *s,
                         struct oh_errors *errors);
/* offhook's own scenarios, sorted by file; NULL, and a count of 0, with mistakes. Ended by NULL;
 * *count without it. */
struct oh_scenario **oh_cli_scenarios(size_t *count, struct oh_errors *errors);
void oh_cli_scenarios_free(struct oh_scenario **scenarios);

/* Why no rule covers the entry: "needs a stimulus", "the same as X"; the caller frees. */
char *oh_cli_reason(const struct oh_requirement *q);

#endif
