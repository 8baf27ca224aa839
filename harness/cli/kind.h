/*
 * cli/kind.h - which kind of file a YAML file is, and where a scenario that was named lies.
 *
 * Folders may hold scenarios, adapters, lists of known findings and requirements side by side; a
 * file's kind is told by a key that only its kind has, so that each command takes what it is for.
 */
#ifndef OH_CLI_KIND_H
#define OH_CLI_KIND_H

enum oh_cli_kind { OH_CLI_SCENARIO, OH_CLI_ADAPTER, OH_CLI_BASELINE, OH_CLI_REQUIREMENTS };

/* What cannot be read, or has no such key, counts as a scenario: reading it as one tells why. */
enum oh_cli_kind oh_cli_kind(const char *file);

/* The path of a file or folder that was named: itself where it is there, else that of the scenario
 * (or folder of them) with this id among offhook's own, else itself. The caller frees. */
char *oh_cli_scenario_path(const char *word);

#endif
