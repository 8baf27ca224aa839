/*
 * judge/align_private.h - what the files of the alignment share. Private to judge/.
 *
 * Uses: judge/align.h, match/walk.h.
 */
#ifndef OH_JUDGE_ALIGN_PRIVATE_H
#define OH_JUDGE_ALIGN_PRIVATE_H

#include "judge/align.h"
#include "match/walk.h"

/* The flow over a trace of one phone's messages, begun at one of them. */
struct oh_align_walk {
    const struct oh_scenario *scenario;
    const struct oh_trace *trace; /* linked; the phone's messages bear its party as from_seat */
    struct oh_run *run;           /* lends names; its journal is written */
    int begin;                    /* index of the flow's first message */
    int64_t until_ns;             /* the capture's end */
    bool alone; /* the trace holds the flow's calls alone: every message is the flow's to look at */

    /* filled in */
    int *step_of;   /* by message: its step; OH_NONE. The caller frees */
    int *step_msgs; /* the messages that reached or did a step. The caller frees */
    size_t step_msg_count, step_msg_room;
    int last;       /* the last message of a step; OH_NONE */
    size_t reached; /* steps with a message */
    bool complete;
    char *why;   /* why it ended before its end; the caller frees. NULL: the capture ended */
    int end;     /* first message that it did not look at any more */
    int stopped; /* the step that it stopped at; OH_NONE */

    /* while it goes */
    struct oh_match_env *env;
    struct oh_walk *walk;
    int64_t base_ns; /* when the latest step was done */
    bool not_silent;
    bool over;
};

/* Can this be the flow's first message? */
bool oh_align_begins(const struct oh_scenario *s, const struct oh_trace_msg *m);
void oh_align_walk(struct oh_align_walk *w);
/* Has it the Call-ID of a message that reached or did a step, or the phone's own tag of one? */
bool oh_align_is_of_flow(const struct oh_align_walk *w, const struct oh_trace_msg *m);

/* What in a message of the other side is not as our step has it, as a clause ("it has no
 * qop=auth"); NULL: nothing. The caller frees. */
char *oh_align_differs(const struct oh_scenario *s, int step, const struct oh_sip_msg *m);

/* Does a message of the phone show that it has this ability? True for those that no message shows.
 */
bool oh_align_shows_ability(const struct oh_trace *t, const char *ability);

/* What the flow's messages are to be judged by. `whole`: all messages of the phone, of which those
 * of the flow's calls are taken. */
struct oh_align_source {
    const struct oh_align_options *options;
    const struct oh_endpoint *phone;
    const struct oh_trace *whole;
    const struct oh_endpoint *const *peers; /* by message of `whole`: who it came from or went to */
    const struct oh_trace_rtp *rtp;
    size_t rtp_count;
    int64_t until_ns;
    bool lost; /* evidence of its time may be missing */
    size_t frames;
};
/* `first` is the walk over the whole. Fills in recording, verdict, frames and steps. */
void oh_align_judge(const struct oh_align_source *source, const struct oh_align_walk *first,
                    struct oh_aligned *to);
/* The flow is nowhere. */
void oh_align_judge_absent(const struct oh_align_source *source, const char *why,
                           struct oh_aligned *to);

#endif
