/*
 * cli/check.h - what the two ways of `offhook check` share: run folders (check.c), and captures
 * that anyone made (check_capture.c).
 */
#ifndef OH_CLI_CHECK_H
#define OH_CLI_CHECK_H

#include "cli/cli.h"

struct oh_check_options {
    struct oh_cli_common common;
    const char *out, *baseline, *junit;
    /* captures alone */
    struct oh_addr *phones; /* --phone-address */
    size_t phone_count, phone_room;
    const char *credentials, *profile, *scenario;
};

/* Judges captures into one report; the exit status. */
int oh_check_captures(char *const *paths, size_t count, const struct oh_check_options *o);

/* Closes a report: known findings, files, what is printed. `bad`: parts that could not be read.
 * Returns the exit status. */
int oh_check_finish(const struct oh_report *report, bool interrupted, size_t bad,
                    const struct oh_check_options *o, const struct oh_baseline *baseline);

#endif
