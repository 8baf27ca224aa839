/*
 * cli/credentials.h - user names and passwords that a user gives, so that digests in a capture can
 * be recomputed.
 *
 *   credentials:
 *     - username: alice
 *       password: secret
 *
 * A run's secrets.json is read as well. Passwords stand in no report.
 */
#ifndef OH_CLI_CREDENTIALS_H
#define OH_CLI_CREDENTIALS_H

#include "trace/run.h"

struct oh_credentials {
    struct oh_run_secret *items;
    size_t count, room;
};

/* -1 with all mistakes and their places in `errors`; `c` is empty then. */
int oh_credentials_load(const char *file, struct oh_credentials *c, struct oh_errors *errors);
void oh_credentials_release(struct oh_credentials *c);

#endif
