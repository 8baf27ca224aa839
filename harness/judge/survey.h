/*
 * judge/survey.h - a whole capture into a verdict on each phone in it.
 *
 * The same rules as after a run, over one call after another as trace/calls.h hands them out. What
 * is kept of a call is what its findings show: the messages of its dialog, up to a limit that the
 * report states; the others are counted and let go.
 *
 * survey.c reads and judges · survey_keep.c keeps what findings show, and counts the rest.
 *
 * Uses: trace/calls.h, trace/capture.h, judge/.
 */
#ifndef OH_JUDGE_SURVEY_H
#define OH_JUDGE_SURVEY_H

#include "judge/judge.h"
#include "trace/calls.h"

struct oh_survey;

/* A call has been judged, and this was found: for telling it at once. `verdict` is of this call
 * alone, all its messages in its trace; both are valid during the call. Whether `phone` is one may
 * turn out otherwise later in the capture. */
typedef void oh_survey_found_fn(const struct oh_endpoint *phone, const struct oh_verdict *verdict,
                                void *arg);

struct oh_survey_options {
    bool strict;
    const struct oh_addr *phones; /* --phone-address: these are the phones, whatever else they seem
                                     to be; a port of 0 is any. None: each user agent */
    size_t phone_count;
    const struct oh_run_secret *secrets; /* --credentials: by user name; may be none */
    size_t secret_count;
    const char *profile;           /* --profile: of judge/profile.h; NULL: none */
    struct oh_calls_limits limits; /* but for `wanted`, which is the survey's */
    size_t kept_bytes;         /* of messages and findings that are kept, all phones; 0: 4 MiB */
    size_t kept_findings;      /* of each phone; 0: 1,000. All are counted */
    oh_survey_found_fn *found; /* NULL: nobody is told */
    void *found_arg;
};
/* All that is pointed to is borrowed, and outlives the survey. */

/* One kind of message that a phone sent: "INVITE", "200 to INVITE". */
struct oh_surveyed_sent {
    char *what;
    size_t count;
};

/* Findings that say the same: of one rule, on one kind of message. The first OH_FINDINGS_ALIKE are
 * kept. */
struct oh_surveyed_kind {
    size_t first, last; /* in the verdict's findings, of those kept */
    size_t kept, found; /* found in all */
    size_t calls;       /* in how many calls (or pieces of them) */
};

/* A call of which findings are kept. */
struct oh_surveyed_call {
    char *call_id;                            /* NULL: it has none */
    size_t first, count;                      /* its messages, in the verdict's trace */
    size_t left_out;                          /* others of its messages */
    bool begins_within, cut, one_sided, lost; /* see struct oh_call */
};

/* One phone of the capture. */
struct oh_surveyed {
    const struct oh_endpoint *phone;
    struct oh_verdict *verdict;  /* its findings, and the messages of their calls; `recording` of it
                                    has neither scenario nor run. Call by call, as they ended */
    enum oh_transport transport; /* of its first message */
    int64_t first_ns, last_ns;   /* of what it sent and got */
    size_t calls, messages;      /* its own: what it sent */
    size_t calls_with_findings;
    size_t findings, kept; /* found in all; of them in `verdict` */
    size_t musts, shoulds; /* of those found in all: with result fail, and warn */
    size_t left_out;       /* messages of calls with findings, without those in `verdict` */
    size_t begins_within, cut, one_sided, lost; /* calls of which that is so */
    const struct oh_surveyed_call *call_list;   /* those of which findings are kept */
    size_t call_count;
    const struct oh_surveyed_kind *kinds;
    size_t kind_count;
    const struct oh_surveyed_sent *sent; /* the first 32 kinds; the last one counts the rest */
    size_t sent_count;
};

/* What the capture held, and what of it was passed over, and why. */
struct oh_survey_counts {
    struct oh_calls_counts calls;
    size_t frames, cut_frames, other_packets, unfinished_datagrams, tcp_gaps;
    size_t other_tcp;       /* segments and stretches of what is no SIP */
    size_t other_datagrams; /* neither SIP nor media of a call */
    size_t media_packets;
    size_t not_judged;         /* messages of servers, and of who was not asked for */
    bool truncated;            /* evidence is missing: see trace/capture.h */
    bool stopped;              /* before the end, by who was asked whether to go on */
    int64_t first_ns, last_ns; /* of its SIP messages; 0: there is none */
};

struct oh_survey *oh_survey_new(const struct oh_survey_options *options);
void oh_survey_free(struct oh_survey *s); /* NULL is fine */

/* Called now and then while reading, for showing progress; `done` of `of` bytes, `of` is 0 where
 * the end is not known (standard input). False stops reading: what was read is judged. */
typedef bool oh_survey_progress_fn(uint64_t done, uint64_t of, size_t messages, void *arg);

/* Reads and judges it all. -1: as oh_capture_scan. Once. */
int oh_survey_capture(struct oh_survey *s, const char *path, oh_survey_progress_fn *progress,
                      void *arg, struct oh_error *e);

size_t oh_survey_count(const struct oh_survey *s); /* phones */
const struct oh_surveyed *oh_survey_at(const struct oh_survey *s, size_t index);
struct oh_survey_counts oh_survey_counts(const struct oh_survey *s);
/* Everyone in the capture, judged or not; borrowed. */
const struct oh_endpoints *oh_survey_endpoints(const struct oh_survey *s);
bool oh_survey_is_judged(const struct oh_survey *s, const struct oh_endpoint *e);

#endif
