/*
 * scenario/scenario.h - a scenario as it was read: parties, and the flow as steps.
 *
 * The file's shape is described in scenarios/README.md. Every node keeps its place, so that a
 * verdict can point at the line that asked for it. A scenario is immutable once read; it never
 * holds anything that is known only when playing (addresses, saved values): those are names,
 * resolved by match/.
 *
 * Uses: base/, scenario/yaml.h, sip/field.h (to know field names).
 */
#ifndef OH_SCENARIO_SCENARIO_H
#define OH_SCENARIO_SCENARIO_H

#include "base/addr.h"
#include "scenario/yaml.h"

/* RFC 3261 17.1.1.1 and 17.1.2.1: the default timers that deadlines are made of. */
#define OH_T1_MS    500
#define OH_T2_MS    4000
#define OH_T4_MS    5000
#define OH_T1X64_MS (64 * OH_T1_MS)

enum oh_role {
    OH_ROLE_PHONE, /* the phone under test */
    OH_ROLE_PROXY,
    OH_ROLE_REGISTRAR,
    OH_ROLE_PEER, /* another user agent: callee or caller */
    OH_ROLE_REDIRECT,
    OH_ROLE_GATEWAY,
    OH_ROLES
};
const char *oh_role_name(enum oh_role r); /* "phone", "proxy", ... */

/* challenge: {status: 407, realm: example.com, qop: auth}, or a list of these: then a response
 * carries one challenge for each, in this order (RFC 7616 3.7: the client takes the first that it
 * supports). */
struct oh_challenge {
    unsigned status; /* 401 or 407; the same for all in a list */
    char *realm;
    char *algorithm; /* NULL: not sent, which means MD5 (RFC 7616 3.3) */
    char *qop;       /* NULL: not sent */
    char *opaque;    /* NULL: not sent */
    bool stale;      /* stale=true: the nonce was too old, the credentials else right. 22.1 */
    bool keep_nonce; /* the nonce of this party's challenge before; else a fresh one */
};

/* record-route: how a proxy stays in the path of later requests. RFC 3261 16.6, 16.12.1 */
enum oh_route {
    OH_ROUTE_LOOSE,  /* true, the default: a URI with lr */
    OH_ROUTE_STRICT, /* strict: without lr, as the routers of RFC 2543 did */
    OH_ROUTE_NONE,   /* false: it does not */
};

struct oh_party {
    char *name;
    enum oh_role role;
    struct oh_place place;
    char *behind;                    /* name of the proxy that it stands behind, or NULL */
    char *number;                    /* the user part of its URI, or NULL */
    enum oh_route record_route;      /* proxies */
    struct oh_challenge *challenges; /* NULL: it challenges nobody */
    size_t challenge_count;
    /* registrars. RFC 3261 10.3 */
    int64_t expires_s;     /* the longest binding that it grants; -1: what is asked for */
    int64_t min_expires_s; /* Min-Expires of its 423; -1: twice what was asked for */
    char **contacts;       /* bindings of other devices at the same address of record, listed in
                              its 200 besides the phone's own */
    size_t contact_count;
};

enum oh_level { OH_LEVEL_MUST, OH_LEVEL_SHOULD };

enum oh_predicate_kind {
    OH_IS_EQUAL, /* by the comparison rule of the field: URIs by 19.1.4, tokens case-blind, else
                    exact */
    OH_IS_NOT,
    OH_IS_PRESENT,
    OH_IS_ABSENT,
    OH_IS_VALID, /* credentials: the digest is right; others: the field can be read as what it is */
    OH_IS_ANY_OF, /* single: one of the operands; list fields: they share one at least */
    OH_IS_ABOVE,  /* numbers */
    OH_IS_BELOW,
    OH_IS_MATCHING, /* POSIX extended regular expression over the whole value */
    OH_IS_STARTING_WITH,
    OH_IS_CONTAINING, /* each operand: lists have it as a value, others as a part of their text */
    OH_PREDICATES
};
const char *oh_predicate_name(enum oh_predicate_kind k); /* "equals", "any of", ... */

/* A literal, or a name: "$first.cseq.number", "$B.number". "$$" begins a literal dollar. */
struct oh_operand {
    struct oh_place place;
    char *text; /* literal text, or the name without "$" */
    bool is_name;
    bool is_number; /* a plain YAML number */
    uint64_t number;
};

struct oh_predicate {
    enum oh_predicate_kind kind;
    struct oh_operand *operands;
    size_t operand_count;
};

/* One line under must: or should: */
struct oh_expect {
    struct oh_place place;
    enum oh_level level;
    char *field;                     /* a path of sip/field.h */
    struct oh_predicate *predicates; /* all must hold */
    size_t predicate_count;
};

enum oh_step_kind {
    OH_STEP_ACTION,     /* A dials B */
    OH_STEP_MESSAGE,    /* A -> P: INVITE */
    OH_STEP_MEDIA,      /* A <-> B: RTP, A -> B: RTP, A -> B: no RTP */
    OH_STEP_SILENCE,    /* nothing for: 5 s */
    OH_STEP_CONNECTION, /* P closes the connection */
};

/* What a party of ours does to the connections with the phone, or to all that comes. RFC 3261 18 */
enum oh_connection_act {
    OH_CLOSES,    /* in order */
    OH_RESETS,    /* what is under way is lost */
    OH_REFUSES,   /* for a time: open ones are closed, and no new ones taken */
    OH_IS_SILENT, /* for a time: over UDP, nothing is taken in or said */
};

enum oh_verb { /* what a user does; abilities carry the same names */
               OH_VERB_REGISTER,
               OH_VERB_UNREGISTER,
               OH_VERB_DIAL,
               OH_VERB_ANSWER,
               OH_VERB_REJECT,
               OH_VERB_HANGUP,
               OH_VERB_HOLD,
               OH_VERB_RESUME,
               OH_VERB_TRANSFER, /* blind, to whom. RFC 5589 6 */
               OH_VERB_CONSULT,  /* a second call, the first on hold */
               OH_VERB_COMPLETE_TRANSFER,
               OH_VERB_JOIN, /* two calls into one conference */
               OH_VERB_DTMF,
               OH_VERB_FORWARD,
               OH_VERB_FORWARD_OFF,
               OH_VERB_DND,
               OH_VERB_DND_OFF,
               OH_VERB_MUTE,
               OH_VERB_UNMUTE,
               OH_VERB_REDIAL,
               OH_VERB_RESTART,
               OH_VERBS
};
const char *oh_verb_name(enum oh_verb v); /* "dial": the ability and the adapter's key */
/* The verb of an ability name, or -1. */
int oh_verb_of(const char *name);

/* What a phone may be able to do: the verbs, then "rtp", "tcp" and the others of
 * scenarios/README.md. The n-th, NULL behind the last; the index of a name, or -1. */
const char *oh_ability_name(int n);
int oh_ability_index(const char *name);

struct oh_header_override {
    char *name;
    char *value; /* may hold $names, replaced when built */
};

/* sdp: {direction: sendonly, ...} or "none": what is otherwise in our description. RFC 3264 */
/* retransmits: when the copies of a request are due. RFC 3261 17.1.1.2, 17.1.2.2 */
struct oh_schedule {
    struct oh_place place;
    int64_t first_ms, most_ms, until_ms; /* most: gaps double up to it; -1: without end */
    unsigned tolerance_percent;
    unsigned count; /* copies in all, the first included; 0: as many as fall before `until` */
};

/* A block of steps: any order, or one of several branches. `repeat` is unrolled when read, what
 * the phone may leave out of it is an EITHER with an empty last branch. Steps of a block stand one
 * behind the other in the scenario's list, branch by branch. */
enum oh_group_kind { OH_GROUP_ANY_ORDER, OH_GROUP_EITHER };
struct oh_group {
    enum oh_group_kind kind;
    struct oh_place place;
    int parent, parent_branch; /* OH_NONE: the flow itself */
    int branch_count;
    int first, end; /* its steps: [first, end) */
};

struct oh_sdp_wish {
    bool given;
    bool none;              /* no body at all: an INVITE without an offer, RFC 3261 13.2.1 */
    char *direction;        /* "sendonly"...; NULL: sendrecv in an offer, the mirror in an answer */
    char *address;          /* c= address ("0.0.0.0", the hold of RFC 2543); NULL: our own */
    unsigned char *formats; /* payload types in order of preference; NULL: 0, 8 */
    size_t format_count;
};

struct oh_step {
    enum oh_step_kind kind;
    struct oh_place place;
    char *text; /* as written, for reports: "A -> P: INVITE", "A dials B" */
    char *from; /* party names; the acting party of an action */
    char *to;   /* the other party, or NULL */

    enum oh_connection_act act; /* connections */
    enum oh_verb verb;          /* actions */
    char *value;                /* actions: digits of "A presses", "all"... of "A forwards"; NULL */
    char *with;                 /* actions: the third party of "A joins B and C"; NULL */
    char *call;                 /* the call's name; NULL: the latest call between the two */
    int group;    /* the innermost block that it stands in, OH_NONE: none; and which of its */
    int branch;   /* branches */
    bool prelude; /* put there by `given:`: a precondition, without findings */

    bool is_request; /* messages */
    char *method;    /* of a request; of a response where written "200 to PRACK", else NULL */
    unsigned status; /* of a response; */
    char *reason;    /* overriding phrase, ours only */
    struct oh_expect *expects; /* must and should, in file order */
    size_t expect_count;
    char *save; /* name that the message is known by afterwards, or NULL */
    bool optional;
    enum oh_level level; /* of the phone's message itself: what it is if it never comes */
    bool reliable;       /* ours only, 101..199 to INVITE: to be acknowledged by PRACK. RFC 3262 */
    struct oh_header_override *headers; /* ours only */
    size_t header_count;
    char **remove; /* ours only */
    size_t remove_count;
    char *body;                      /* ours only; NULL: the harness's own */
    struct oh_sdp_wish sdp;          /* ours only */
    struct oh_challenge *challenges; /* our 401 and 407 only: in place of the party's; NULL */
    size_t challenge_count;

    /* messages of the phone */
    struct oh_schedule *retransmits; /* the times of its copies; NULL: not asked for */
    int64_t not_before_ms;           /* `after: X .. Y`: the window that it must fall in; -1 */
    int64_t not_after_ms;
    unsigned lose; /* the first copies, the phone's or ours, that are as if lost on the way */
    /* ours */
    char *raw;              /* the whole message, names to be expanded; NULL */
    bool raw_exact;         /* bytes as written; else each line ends in CRLF on the wire */
    int64_t twice_after_ms; /* sent again so long after; -1: not */
    bool swap;              /* goes out after our next message */
    bool again;             /* a response though the request has its final one */
    char *fork;             /* the callee that speaks, with a To tag and dialog of its own; NULL */
    unsigned pieces;        /* TCP: segments of about the same size; 0: not cut, or by `cuts` */
    unsigned *cuts; /* TCP: the bytes, counted from 0, that begin a further segment; rising */
    size_t cut_count;

    bool media_both_ways;
    bool media_none;   /* A -> B: no RTP */
    int64_t within_ms; /* deadline after the step before it is done; -1: not given */
    int64_t after_ms;  /* ours: send this long after the step before it; 0: at once */
    int64_t for_ms;    /* media, silence, and what lasts of connections; else -1 */
};

#define OH_PIECES_MOST 100 /* that a message of ours is sent in */

enum oh_others { OH_OTHERS_SHOULD, OH_OTHERS_MUST, OH_OTHERS_TOLERATE };

struct oh_param {
    char *name, *value;
    bool plain; /* a plain YAML scalar: 503, not "503" */
};

struct oh_scenario {
    char *id;   /* path below the folder scenarios/, without ".yaml"; else the file's base name */
    char *file; /* as given */
    char *source_text; /* the file, whole: run.json carries it, so that a judge needs no file */
    char *title;
    char **sources;
    size_t source_count;
    char **covers; /* ids of scenario/requirements.h; whether there are such is not checked here */
    struct oh_place *cover_places; /* of each */
    size_t cover_count;
    char **needs;
    struct oh_place *need_places; /* of each */
    bool *need_used;              /* something in the file takes it */
    size_t need_count;
    bool given_registered; /* given: registered */
    /* transport: tcp. What carries the flow; without it what `run --transport` says, else UDP. The
     * phone needs the ability "tcp" for anything but UDP. */
    bool transport_given;
    enum oh_transport transport;
    enum oh_others others;
    struct oh_party *parties;
    size_t party_count;
    struct oh_step *steps;
    size_t step_count;
    struct oh_group *groups;
    size_t group_count;
    struct oh_param *params; /* of this row, with the values in force */
    size_t param_count;
    char *row; /* the name of its row of `each`; NULL: there is no table */
};

/* A file as scenarios: one, or one for each row of its table (`each`), in the file's order. */
struct oh_scenario_set {
    struct oh_scenario **scenarios; /* owned; NULL where taken */
    size_t count;
};
/* Reads and checks all of a file. `values` are put in place of the defaults of those parameters
 * that it declares. NULL with every mistake found in `errors`: what all rows have is told once. */
struct oh_scenario_set *oh_scenario_set_load(const char *file, const struct oh_param *values,
                                             size_t value_count, struct oh_errors *errors);
/* The same from the text of a file. */
struct oh_scenario_set *oh_scenario_set_parse(const char *file, struct oh_span text,
                                              const struct oh_param *values, size_t value_count,
                                              struct oh_errors *errors);
void oh_scenario_set_free(struct oh_scenario_set *set);
struct oh_scenario *oh_scenario_set_take(struct oh_scenario_set *set, size_t i);
/* One row of a text, by the values that were in force for it: what a judge calls with the source
 * and the values in run.json. `row` is NULL where there is no table. */
struct oh_scenario *oh_scenario_parse_row(const char *file, struct oh_span text, const char *row,
                                          const struct oh_param *params, size_t count,
                                          struct oh_errors *errors);

/* The same for a file that is one scenario; of a table it is the first row. NULL with every
 * mistake found in `errors`. The text form is what a judge calls with the source in run.json: it
 * does not refuse a flow that can be read but cannot go, as one that waits for a call that nobody
 * makes. */
struct oh_scenario *oh_scenario_load(const char *file, struct oh_errors *errors);
struct oh_scenario *oh_scenario_parse(const char *file, struct oh_span text,
                                      struct oh_errors *errors);
void oh_scenario_free(struct oh_scenario *s);
/* Reads a text, right or wrong, only to tell the observer what there is: for the JSON Schema. */
void oh_scenario_observe(struct oh_span text, const struct oh_yaml_observer *o);
/* The n-th sentence of a user's action without who acts ("dials", "hangs up"), and whether parties,
 * or a value, follow it; NULL behind the last. */
const char *oh_action_words(size_t n, bool *more);

/* The same of what a party of ours does to its connections ("closes the connection"). */
const char *oh_connection_words(size_t n);

const struct oh_party *oh_scenario_party(const struct oh_scenario *s, const char *name);
/* The step is the phone's to do (its message), ours to do (our message), the user's, or
 * media/silence. */
bool oh_step_is_phones(const struct oh_scenario *s, const struct oh_step *step);
bool oh_step_is_ours(const struct oh_scenario *s, const struct oh_step *step);
/* How long a message of the phone is waited for: `within`; else the end of its window, and some
 * more so that what comes too late is seen; else, from its earliest time on, 64*T1 and one T1 more,
 * so that what a phone does when its own 64*T1 have run out comes before we give up, not in the
 * same moment. */
int64_t oh_step_deadline_ms(const struct oh_step *step);

/* The name of a message, as reports have it: "ACK", "200 to INVITE". False: it is none; `*near` is
 * the method that was misspelt, or NULL. */
bool oh_is_message_name(const char *text, const char **near);

/* Texts that may hold names (header overrides) are taken apart by this alone, so that reader and
 * player agree. Takes the next piece off the front of `rest`: a run of literal text ("$$" is one
 * piece, "$") or a name without its "$" ("first.call-id"; letters, digits, '_', '-', '[', ']' and
 * inner dots). False at the end. */
struct oh_piece {
    bool is_name;
    struct oh_span text;
};
bool oh_scenario_next_piece(struct oh_span *rest, struct oh_piece *piece);

/* "500 ms", "2 s", "1 min", "T1", "64*T1" -> milliseconds; -1 if it is none of these. */
int64_t oh_duration_ms(const char *text);

#endif
