/*
 * cli/mutants.h - the faults that `run --mutant` can put upon a phone, by name.
 *
 * They are read from offhook-mutants.txt, which is made beside offhook with the library that makes
 * them; offhook itself shares nothing with that library.
 */
#ifndef OH_CLI_MUTANTS_H
#define OH_CLI_MUTANTS_H

#include "base/error.h"

/* -1 with a sentence where there is no such fault, or no list of them. */
int oh_cli_check_mutant(const char *name, struct oh_error *e);
/* Prints the table; an exit status. */
int oh_cli_list_mutants(void);

#endif
