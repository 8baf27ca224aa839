/*
 * author/record_private.h - what the files of record share.
 *
 * Uses: author/record.h, trace/, scenario/.
 */
#ifndef OH_AUTHOR_RECORD_PRIVATE_H
#define OH_AUTHOR_RECORD_PRIVATE_H

#include "author/record.h"
#include "base/file.h"
#include "scenario/scenario.h"
#include "trace/endpoints.h"
#include "trace/trace.h"

/* --- record_read.c: one phone's messages --- */

struct oh_heard {
    struct oh_trace *trace; /* linked; messages of the phone alone, and all RTP. The other end's
                               seat is its endpoint's name */
    struct oh_endpoints *endpoints;
    const struct oh_endpoint *phone;
};
int oh_heard_read(struct oh_heard *h, const char *path, const struct oh_addr *phone,
                  struct oh_text *notes, struct oh_error *e);
void oh_heard_release(struct oh_heard *h);
/* Who sent the message to the phone, or got it from there. */
const struct oh_endpoint *oh_heard_other(const struct oh_heard *h, const struct oh_trace_msg *m);

/* --- record_noise.c: what makes the flow --- */

/* One for each message of the trace: is it a step? The caller frees. */
bool *oh_heard_choose(const struct oh_heard *h, struct oh_text *notes);
/* The request that a response answers, or that is it; NULL: it is not in the trace. */
const struct oh_trace_msg *oh_heard_request(const struct oh_heard *h, const struct oh_trace_msg *m);

/* --- record_gaps.c --- */

/* -1: the messages that are steps lack something that they cannot go without. */
int oh_heard_check_gaps(const struct oh_heard *h, const bool *chosen, struct oh_error *e);

/* --- record_who.c: parties --- */

enum { OH_CAST_MOST = 24 };

struct oh_cast_party {
    char name[8];
    enum oh_role role;
    int behind;      /* index; OH_NONE */
    int contacts[4]; /* of a redirect server: parties, in order of preference */
    size_t contact_count;
    char *number;                 /* or NULL */
    const struct oh_endpoint *at; /* NULL: behind a proxy, never met itself */
    char *contact;                /* where it is, as host:port of its Contact; NULL */
    enum oh_route route;          /* proxies */
    bool route_known;
    char *challenge;      /* as YAML; NULL */
    uint64_t expires;     /* registrars: the most that it granted where the phone wanted more; 0 */
    uint64_t min_expires; /* of its 423; 0 */
};
struct oh_cast {
    struct oh_cast_party parties[OH_CAST_MOST];
    size_t count; /* the first is the phone */
    int *of_msg;  /* by message: the party that it comes from or goes to; OH_NONE: no step */
};
void oh_cast_release(struct oh_cast *c);
/* From the messages that are steps. */
void oh_cast_make(struct oh_cast *c, const struct oh_heard *h, const bool *chosen);
/* The party that the arrow of this message goes from or to, beside the phone. */
const struct oh_cast_party *oh_cast_other(const struct oh_cast *c, const struct oh_trace_msg *m);
/* The peer with that number; NULL. */
const struct oh_cast_party *oh_cast_number(const struct oh_cast *c, struct oh_span number);
/* "{status: 407, realm: \"x\"}" or a list of these, of a 401 or 407; the caller frees. NULL: none
 * that can be read. */
char *oh_cast_challenge(const struct oh_sip_msg *m);

/* A text in double quotes, escaped for YAML. Appends. */
void oh_record_quote(struct oh_span text, struct oh_text *out);

/* --- record_flow.c: steps --- */

struct oh_recorded_check {
    enum oh_level level;
    char *field;
    char *value; /* YAML: "present", "$first.call-id", "{above: $first.cseq.number}" */
    int of;      /* the step whose name it has; OH_NONE */
    bool keep;
};
struct oh_recorded_step {
    char *text;  /* "A dials B", "A -> P" */
    char *value; /* behind the arrow: "INVITE"; NULL: an action */
    int msg;     /* index in the trace; OH_NONE */
    bool from_phone;
    bool is_free;      /* another phone may lawfully leave it out */
    int64_t after_ms;  /* 0: at once */
    int64_t within_ms; /* of a message that lets itself be waited for long; else 0 */
    int64_t for_ms;    /* media; else -1 */
    char *save;        /* its name, if anything uses it */
    bool is_used;
    int callee;  /* of several that one INVITE has, from 0; OH_NONE */
    int call;    /* of several at once with the same party, from 1; 0: there is but one */
    char *lines; /* further keys of ours, each as "key: value\n"; NULL */
    struct oh_recorded_check *checks;
    size_t check_count, check_room;
};
struct oh_recorded {
    const struct oh_heard *heard;
    struct oh_cast cast;
    struct oh_recorded_step *steps;
    size_t count, room;
    int *step_of; /* by message; OH_NONE */
    bool needs[OH_VERBS];
    bool needs_rtp, needs_100rel, needs_digest[4];
    bool registered; /* given */
    /* Of INVITEs with several callees: the message by which each of these came to be. */
    const struct oh_trace_msg *callees[OH_CAST_MOST];
    size_t callee_count;
    bool is_tcp;
    unsigned first_frame, last_frame;
    char *covers; /* suggested ids, joined by ", " */
};
void oh_recorded_release(struct oh_recorded *r);
void oh_recorded_make(struct oh_recorded *r, const struct oh_heard *h, const bool *chosen);

/* --- record_callees.c: several callees of one INVITE --- */

void oh_recorded_find_callees(struct oh_recorded *r, const bool *chosen);
/* Whose message it is, or to whom; OH_NONE where there is but one. */
int oh_recorded_callee(const struct oh_recorded *r, const struct oh_trace_msg *m);
/* Does our response come though its request has a final answer? `again`: from the same callee. */
bool oh_recorded_is_sent_beside(const struct oh_recorded *r, const struct oh_trace_msg *m,
                                bool *again);
/* Does this BYE end the call of one callee while another's stands? A phone does that by itself. RFC
 * 3261 13.2.2.4 */
bool oh_recorded_is_one_too_many(const struct oh_recorded *r, const struct oh_trace_msg *bye);

/* --- record_checks.c --- */

/* All that could be checked of the phone's messages; `keep` is decided by who holds them against
 * the capture. */
void oh_recorded_add_checks(struct oh_recorded *r);

/* --- record_covers.c --- */

/* Ids of requirements that the flow shows. */
void oh_recorded_suggest_covers(struct oh_recorded *r);

/* --- record_write.c --- */

/* All checks (`kept` false), or those that are kept. Appends. */
void oh_recorded_write(const struct oh_recorded *r, const char *source, bool kept,
                       struct oh_text *out);

#endif
