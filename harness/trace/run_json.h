/*
 * trace/run_json.h - what writing and reading of run.json and secrets.json share.
 *
 * Texts that are not UTF-8 stand in JSON as {"base64": "..."} where a string is expected.
 *
 * Uses: trace/run.h. Private to trace/ and its fuzz target.
 */
#ifndef OH_TRACE_RUN_JSON_H
#define OH_TRACE_RUN_JSON_H

#include "trace/run.h"

#define OH_RUN_FILE       "run.json"
#define OH_RUN_FORMAT     "offhook-run/1"
#define OH_SECRETS_FILE   "secrets.json"
#define OH_SECRETS_FORMAT "offhook-secrets/1"

/* The texts of the two files. */
void oh_run_format(const struct oh_run *r, struct oh_text *out);
void oh_run_secrets_format(const struct oh_run *r, struct oh_text *out);

/* The way back. `file` is for the sentences only. Reading secrets fills `secrets` and `has_secrets`
 * of `r`. */
struct oh_run *oh_run_parse(const char *file, struct oh_span text, struct oh_error *e);
int oh_run_secrets_parse(struct oh_run *r, const char *file, struct oh_span text,
                         struct oh_error *e);

#endif
