/*
 * cli/kind.h - which kind of file a YAML file is, where a scenario that was named lies, and its
 * rows.
 *
 * Folders may hold scenarios, adapters, lists of known findings and requirements side by side; a
 * file's kind is told by a key that only its kind has, so that each command takes what it is for.
 */
#ifndef OH_CLI_KIND_H
#define OH_CLI_KIND_H

#include "scenario/scenario.h"

enum oh_cli_kind { OH_CLI_SCENARIO, OH_CLI_ADAPTER, OH_CLI_BASELINE, OH_CLI_REQUIREMENTS };

/* What cannot be read, or has no such key, counts as a scenario: reading it as one tells why. */
enum oh_cli_kind oh_cli_kind(const char *file);

/* The path of a file or folder that was named: itself where it is there, else that of the scenario
 * (or folder of them) with this id among offhook's own, else itself. The caller frees. */
char *oh_cli_scenario_path(const char *word);
/* "cisco-7960/status[503]": cuts the row off and returns it, within `word`; NULL: it names none. */
char *oh_cli_take_row(char *word);
/* The files of a word: one, or those of a folder; `*row` is what it names, within `word`, which is
 * cut. NULL with the trouble; a folder has no rows. By oh_file_list_free. */
char **oh_cli_files(char *word, char **row, struct oh_error *e);
/* -1 where the path is a folder and a row is named. */
int oh_cli_check_row(const char *path, const char *row, struct oh_error *e);
/* The scenarios of a file: all rows of its table, or with `row` that one alone. NULL with every
 * mistake, of any row, in `errors`; also where there is no such row. */
struct oh_scenario_set *oh_cli_load_rows(const char *path, const char *row,
                                         const struct oh_param *values, size_t value_count,
                                         struct oh_errors *errors);
/* The same of what a user named: "x.yaml", "dialog/status-codes[486]". */
struct oh_scenario_set *oh_cli_load_word(const char *word, struct oh_errors *errors);

#endif
