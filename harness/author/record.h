/*
 * author/record.h - a scenario written from a capture that anyone made.
 *
 * Why: who has a flow on the wire has most of a scenario. What is written is the flow of one phone
 * as a person would write it: parties by their roles, what the user must have done, messages
 * without repeats, keep-alives and background traffic, and for each message of the phone what had
 * to be in it because of the messages before: values that recur stand there as saved names. Every
 * check was held against the capture by the matcher, so that the scenario passes on its own
 * capture; a value that changes breaks it.
 *
 * The calls of the capture are taken from the first on, with those that overlap it or follow at
 * once; without a call, its registrations; else whatever requests there are.
 *
 * record_read.c the messages of one phone · record_noise.c which of them make the flow ·
 * record_gaps.c what they lack · record_who.c the parties · record_callees.c callees of one INVITE
 * · record_flow.c messages into steps · record_checks.c what is checked · record_covers.c which
 * requirements it shows · record_write.c the text · record.c the whole.
 *
 * Uses: trace/, match/, scenario/.
 */
#ifndef OH_AUTHOR_RECORD_H
#define OH_AUTHOR_RECORD_H

#include "base/addr.h"
#include "base/error.h"

struct oh_record_options {
    const struct oh_addr *phone; /* whose flow it is; a port of 0 is any. NULL: the user agent of
                                    which most can be said */
    const char *name;            /* of the capture, for `source`; NULL: the path's last part */
};

/* Appends the scenario's text to `out` and to `notes` what its reader should know, a line each
 * (either may be the caller's own text already). -1: the capture cannot be read, or has no phone or
 * no flow in it. */
int oh_record(const char *path, const struct oh_record_options *options, struct oh_text *out,
              struct oh_text *notes, struct oh_error *e);

#endif
