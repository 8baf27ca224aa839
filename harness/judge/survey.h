/*
 * judge/survey.h - a whole capture into a verdict on each phone in it.
 *
 * The same rules as after a run, over one call after another as trace/calls.h hands them out. What
 * is kept of a call is what its findings show: the messages of its dialog, up to a limit that the
 * report states; the others are counted and let go.
 *
 * Uses: trace/calls.h, trace/capture.h, judge/.
 */
#ifndef OH_JUDGE_SURVEY_H
#define OH_JUDGE_SURVEY_H

#include "judge/judge.h"
#include "trace/calls.h"

struct oh_survey;

struct oh_survey_options {
    bool strict;
    const struct oh_addr *phones; /* --phone-address: these are the phones, whatever else they seem
                                     to be; a port of 0 is any. None: each user agent */
    size_t phone_count;
    const struct oh_run_secret *secrets; /* --credentials: by user name; may be none */
    size_t secret_count;
    struct oh_calls_limits limits;
    size_t kept_bytes;    /* of messages kept for their findings, all phones; 0: 16 MiB */
    size_t kept_findings; /* of each phone; 0: 1,000. All are counted */
};

/* One phone of the capture. */
struct oh_surveyed {
    const struct oh_endpoint *phone;
    struct oh_verdict *verdict; /* its findings, and the messages of their calls; `recording` of it
                                   has neither scenario nor run */
    size_t calls, messages;     /* its own: what it sent */
    size_t findings, kept;      /* found in all; of them in `verdict` */
};

/* What the capture held, and what of it was passed over, and why. */
struct oh_survey_counts {
    struct oh_calls_counts calls;
    size_t frames, cut_frames, other_packets, unfinished_datagrams, tcp_gaps;
    size_t not_judged; /* messages of servers */
    bool truncated;    /* evidence is missing: see trace/capture.h */
};

struct oh_survey *oh_survey_new(const struct oh_survey_options *options);
void oh_survey_free(struct oh_survey *s); /* NULL is fine */

/* Called now and then while reading, for showing progress; `done` of `of` bytes, `of` is 0 where
 * the end is not known (standard input). False stops reading: what was read is judged. */
typedef bool oh_survey_progress_fn(uint64_t done, uint64_t of, size_t messages, void *arg);

/* Reads and judges it all. -1: as oh_capture_read. Once. */
int oh_survey_capture(struct oh_survey *s, const char *path, oh_survey_progress_fn *progress,
                      void *arg, struct oh_error *e);

size_t oh_survey_count(const struct oh_survey *s); /* phones */
const struct oh_surveyed *oh_survey_at(const struct oh_survey *s, size_t index);
struct oh_survey_counts oh_survey_counts(const struct oh_survey *s);

#endif
