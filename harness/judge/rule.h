/*
 * judge/rule.h - what an always-on rule is, and how it speaks.
 *
 * A family of rules is one file of judge/rules/: its functions, then its table as the last thing,
 * exported as `const struct oh_rule_family oh_rules_<file>`; CMake collects the files. A rule is
 * asked about each message of each sender it applies to. It is silent where all is well, speaks
 * with oh_rule_broken where it is sure, and says oh_rule_not_checkable where it lacks evidence -
 * which is counted and accuses nobody.
 *
 * A rule on media looks at streams of RTP (trace/streams.h) in place of messages, held against the
 * session descriptions of the calls that they are of.
 *
 * Repeats (repeat_of), duplicates, messages sent as mischief and those of calls of an earlier
 * scenario are not shown to rules.
 *
 * Uses: trace/, sip/, judge/verdict.h.
 */
#ifndef OH_JUDGE_RULE_H
#define OH_JUDGE_RULE_H

#include "judge/verdict.h"
#include "match/match.h"

/* What a rule is asked about. */
enum {
    OH_ON_REQUEST = 1,
    OH_ON_RESPONSE = 2,
    OH_ON_ANY = 3,
    OH_ON_STREAM = 4,
    OH_OWED = 8,
    OH_BY_TIME = 16
};

/* OH_OWED besides: the rule tells what was owed to a message and did not come (oh_rule_absent). Of
 * a foreign capture only such rules are asked about what others than the phone sent. */
/* OH_BY_TIME besides: what it says rests on when something came, or did not. Where the clock was
 * set during a run it says nothing, and is counted as not checkable; so is each rule on a stream,
 * since what may be sent depends on what was said before it. A rule on streams that holds them
 * against a time that may pass is so where our own host stalled, too; one on messages asks
 * oh_help_time_in_doubt for the time that is its own. */
/* OH_ON_STREAM: the rule is asked about each stream of RTP that a phone sent, of a run as of
 * a foreign capture; `m` is NULL, and it asks for oh_rule_stream. */

/* OH_WITH...: messages without this are none of the rule's business, and it is not called for them;
 * with several of these, messages that have none of them. Of a rule that looks at nothing else this
 * is the whole reason to be silent, so it counts as asked. */
#define OH_WITH(id)         (UINT64_C(1) << (8 + (id))) /* a header of this id */
#define OH_WITH_CREDENTIALS (OH_WITH(OH_SIP_AUTHORIZATION) | OH_WITH(OH_SIP_PROXY_AUTHORIZATION))
#define OH_WITH_CHALLENGE   (OH_WITH(OH_SIP_WWW_AUTHENTICATE) | OH_WITH(OH_SIP_PROXY_AUTHENTICATE))
#define OH_WITH_RETRY       (UINT64_C(1) << 61) /* a request sent again after a challenge */
#define OH_WITH_DEFECT      (UINT64_C(1) << 62) /* one of sip/message.h */
#define OH_WITH_SDP         (UINT64_C(1) << 63) /* a session description: oh_help_has_sdp */

struct oh_rule_view; /* one rule looking at one message, or one stream; judge/rule_view.h */

struct oh_rule {
    const char *id;      /* "ack.branch": family.what */
    enum oh_level level; /* taken from the normative sentence: MUST -> must, SHOULD -> should */
    const char *clause;  /* "RFC 3261 17.1.1.3" */
    uint64_t on;         /* OH_ON_..., OH_WITH... */
    const char *method;  /* only messages of this method (responses: to it); NULL: all */
    const char *meaning; /* what it demands, one sentence */
    const char *covers;  /* ids of scenarios/requirements/, parted by spaces; NULL: none */
    void (*check)(struct oh_rule_view *v, const struct oh_trace_msg *m);
};

struct oh_rule_family {
    const char *name;
    const struct oh_rule *rules;
    size_t count;
};

/* All families, NULL-ended, in file order. */
const struct oh_rule_family *const *oh_rule_families(void);

/* --- what a rule may ask --- */
const struct oh_trace *oh_rule_trace(const struct oh_rule_view *v);
const struct oh_run *oh_rule_run(const struct oh_rule_view *v); /* NULL for a foreign capture */
/* The message at a link; NULL for OH_NONE. */
const struct oh_trace_msg *oh_rule_msg(const struct oh_rule_view *v, int index);
/* Until when the wire was watched (wall clock): what had not come by then may still have come. A
 * rule of absence or of time speaks only where all the time that it allows had passed. */
int64_t oh_rule_watched_until(const struct oh_rule_view *v);
/* Messages before the first may be missing: the recording begins in the middle of a call. */
bool oh_rule_begins_within(const struct oh_rule_view *v);
/* Only one direction was recorded: nothing can be said of what was, or was not, answered. */
bool oh_rule_one_sided(const struct oh_rule_view *v);
/* Evidence may be incomplete: frames were lost, so a rule of absence or timing must not speak. Of
 * a foreign capture also where the call itself shows that it lacks one (judge/holes.h). */
bool oh_rule_evidence_lost(const struct oh_rule_view *v);
/* The account of the phone that sent `m`; NULL where it is not known. */
const struct oh_run_secret *oh_rule_secret(const struct oh_rule_view *v,
                                           const struct oh_trace_msg *m);

/* --- how it speaks --- */
struct oh_breach {
    const char *field;               /* path; NULL: none */
    struct oh_span bytes;            /* evidence inside the message; absent: none */
    const char *expected, *observed; /* plain text; NULL: none */
    const char *text; /* one sentence that a tester can act on; it says what to change */
    const struct oh_trace_msg *also[4]; /* other messages that prove it: their frames are cited */
};
void oh_rule_broken(struct oh_rule_view *v, const struct oh_trace_msg *m,
                    const struct oh_breach *breach);
/* A message that is owed and did not come; `owed_to` called for it. */
void oh_rule_absent(struct oh_rule_view *v, const struct oh_trace_msg *owed_to,
                    const struct oh_breach *breach);
void oh_rule_not_checkable(struct oh_rule_view *v);

/* --- rules on media --- */

struct oh_sessions;
const struct oh_stream *oh_rule_stream(const struct oh_rule_view *v);
/* What its phone said, and was told, of where to send what: judge/media_help.h. */
const struct oh_sessions *oh_rule_sessions(const struct oh_rule_view *v);
/* The frame of a run's packet at that time or next after it. */
unsigned oh_rule_frame_at(const struct oh_rule_view *v, const struct oh_stream_run *run,
                          int64_t time_ns);

/* What findings on media have in place of a message's method. */
#define OH_RULE_RTP "RTP"
struct oh_stream_breach {
    unsigned frame, frame_too; /* of packets; 0: none */
    int64_t time_ns;
    const struct oh_trace_msg *by[2]; /* messages that prove it; NULL: none */
    const char *clause;               /* NULL: the rule's */
    const char *expected, *observed, *text;
};
void oh_rule_broken_stream(struct oh_rule_view *v, const struct oh_stream_breach *breach);

/* Runs all rules over the trace into `verdict` (findings, counts). */
void oh_rules_apply(struct oh_verdict *verdict, const struct oh_recording *recording, bool strict);

#endif
