/*
 * trace/run.h - the run folder: what the player knew, written by it and read by the judge.
 *
 * DIR/<scenario id>/run.json ("format": "offhook-run/1"), beside capture.pcap and secrets.json
 * (mode 0600, what is needed to recompute digests). Nothing here is a verdict. The judge must be
 * able to judge from this folder alone, on another machine, with scenario and adapter files gone.
 *
 * Ownership: every string and array is owned by the struct oh_run.
 * Uses: base/, scenario/, trace/trace.h. jansson behind it.
 */
#ifndef OH_TRACE_RUN_H
#define OH_TRACE_RUN_H

#include "base/addr.h"
#include "scenario/scenario.h"
#include "trace/trace.h"

struct oh_run_seat {
    char *name; /* the party's */
    char *role; /* "phone", "proxy", ... */
    bool is_phone;
    struct oh_addr sip;
    struct oh_addr rtp; /* ours; zero where it has none */
};

/* The end of a TCP connection that is a phone's though it is not at the phone's address: a program
 * that does not bind what it connects with is given an address by its host. */
struct oh_run_conn {
    char *seat;
    struct oh_addr remote;
};

/* An INVITE, or a request of ours outside of any dialog, of a scenario before this one in which the
 * same phone program ran. What still comes of its call is no part of this flow. */
struct oh_run_earlier {
    char *call_id;
    char *branch; /* of the phone's INVITE; NULL: the request was ours */
};

struct oh_run_phone {
    char *seat;
    char *adapter;      /* "baresip" */
    char *name;         /* what it calls itself: "baresip 1.0.0"; else the adapter's title */
    char *profile;      /* NULL: none */
    char *user_agent;   /* from the wire; NULL: none seen */
    char *adapter_text; /* the adapter file, whole */
    char **abilities;
    size_t ability_count;
    bool is_by_hand;             /* a person did what it was told, in his own time */
    bool is_reference;           /* offhook's own reference phone: "not yours" */
    char *mutant;                /* the fault put upon it on purpose (run --mutant); NULL: none */
    enum oh_transport transport; /* that it was told to use */
};

/* A name that the scenario may use and its value in this run: "B.number" -> "5551234". */
struct oh_run_name {
    char *name;
    char *value;
};

enum oh_journal_kind {
    OH_JOURNAL_FLOW_BEGINS, /* before: preparing (phone starts, registers) */
    OH_JOURNAL_FLOW_ENDS,   /* after: closing (dialogs are ended) */
    OH_JOURNAL_CLOSED,
    OH_JOURNAL_TOLD,      /* a user action was given to the phone's driver */
    OH_JOURNAL_CONFIRMED, /* the driver says that the phone took it */
    OH_JOURNAL_REFUSED,   /* the phone or its driver refused it */
    OH_JOURNAL_SENT,      /* we did our step: `tap` is what we sent */
    OH_JOURNAL_GOT,       /* a phone's message reached the step: `tap` */
    OH_JOURNAL_MISSED,    /* the player gave the step up at its deadline */
    OH_JOURNAL_MEDIA,     /* a media or silence step's time was over */
    OH_JOURNAL_PHONE, /* process event of the phone: started, exited, killed, stopped, hung, ready;
                         in `detail` */
    OH_JOURNAL_NOTE,
    OH_JOURNAL_KINDS
};
const char *oh_journal_name(enum oh_journal_kind k); /* "flow-begins" ... as in run.json */

struct oh_journal_entry {
    enum oh_journal_kind kind;
    int64_t wall_ns;
    int step;       /* index into the scenario's steps; OH_NONE */
    int tap;        /* index into the tap; OH_NONE */
    int tap_before; /* how many tap entries were made before this one: the exact interleaving */
    char *seat;     /* NULL: none */
    char *detail; /* NULL: none. PHONE: one of the words below, a colon and more: "exited: status 1"
                   */
};

/* A datagram; of a TCP connection one SIP message, keep-alive, or stretch of noise
 * (sip/stream.h). The label of what our side's socket or connection sent or got is its seat's name:
 * a connection that we opened has a port of no seat. */
struct oh_tap_entry {
    int64_t wall_ns;
    char *label;
    bool sent;
    enum oh_transport transport; /* oh_run_tap makes it UDP */
    struct oh_addr local, remote;
    /* owned; RTP: the first 12 bytes only, with `whole_len` the true length */
    struct oh_span bytes;
    size_t whole_len;
    bool is_rtp;
    bool ours_on_purpose; /* scenario's own mischief: the always-on rules do not judge it */
};

enum oh_evidence { OH_EVIDENCE_CAPTURE, OH_EVIDENCE_TAP };

struct oh_capture_counters {
    uint64_t received; /* packets written to capture.pcap */
    uint64_t dropped;  /* by the kernel (ps_drop) and by the interface (ps_ifdrop) */
    bool complete;     /* every tapped message was seen in the capture before it was closed */
    char *interface;   /* NULL for the tap */
};

/* How playing ended. Facts, no verdict. */
enum oh_outcome {
    OH_OUTCOME_COMPLETE,       /* the last step was passed */
    OH_OUTCOME_STUCK,          /* our next message could not be built without a missed one */
    OH_OUTCOME_PRECONDITION,   /* given: was not reached */
    OH_OUTCOME_INTERRUPTED,    /* Ctrl-C, SIGTERM */
    OH_OUTCOME_PHONE_DIED,     /* crashed or exited unasked */
    OH_OUTCOME_PHONE_HUNG,     /* its driver answers no more though it runs */
    OH_OUTCOME_PHONE_KILLED,   /* killed or stopped from outside: SIGKILL, SIGTERM, SIGSTOP */
    OH_OUTCOME_ACTION_REFUSED, /* the phone did not take a user action */
    OH_OUTCOME_BENCH,          /* port taken, phone program missing, disk full, ... */
    OH_OUTCOME_SKIPPED,        /* the phone lacks an ability; named in `outcome_text` */
    OH_OUTCOMES
};
const char *oh_outcome_name(enum oh_outcome o); /* "complete" ... as in run.json */

struct oh_run_secret {
    char *seat, *username, *password;
};

struct oh_run {
    char *scenario_id;
    char *scenario_file;     /* as given on the command line */
    char *scenario_text;     /* the source, whole; parsed again by the judge */
    char *scenario_row;      /* of its table; NULL: it has none */
    struct oh_param *params; /* the values that were put into the text */
    size_t param_count, param_room;
    int64_t started_wall_ns, ended_wall_ns;
    enum oh_evidence evidence;
    struct oh_capture_counters capture;
    int64_t worst_late_ns; /* of our own timers, during this scenario */
    int64_t clock_step_ns; /* how far the wall clock was set, forth or back, while we recorded */
    enum oh_outcome outcome;
    int outcome_step;   /* OH_NONE */
    char *outcome_text; /* a sentence, with the remedy where it is the bench's; NULL */
    char *phone_output; /* tail of what the phone program printed, at most 64 KiB; NULL */

    struct oh_run_seat *seats;
    size_t seat_count, seat_room;
    struct oh_run_conn *conns;
    size_t conn_count, conn_room;
    struct oh_run_phone *phones;
    size_t phone_count, phone_room;
    struct oh_run_earlier *earlier; /* oldest first */
    size_t earlier_count, earlier_room;
    struct oh_run_name *names;
    size_t name_count, name_room;
    struct oh_journal_entry *journal;
    size_t journal_count, journal_room;
    struct oh_tap_entry *tap;
    size_t tap_count, tap_room;
    struct oh_run_secret *secrets;
    size_t secret_count, secret_room; /* in secrets.json only */
    bool foreign; /* no run: a scenario's flow as it was found in a capture (judge/align.h). What
                     nobody played may be a user's doing, or be missing from the capture. Not
                     written */
    bool has_secrets; /* reading: secrets.json was there */
};

struct oh_run *
oh_run_new(const struct oh_scenario *s); /* copies id, file and text; NULL is allowed */
void oh_run_free(struct oh_run *r);

/* Appending; strings are copied. `detail` by format, may be NULL. Return the index of the entry.
 * The tap tells RTP by its first bytes (RFC 3550 5.1) and keeps 12 of them. */
int oh_run_journal(struct oh_run *r, enum oh_journal_kind kind, int64_t wall_ns, int step, int tap,
                   const char *seat, const char *detail, ...) __attribute__((format(printf, 7, 8)));
int oh_run_tap(struct oh_run *r, int64_t wall_ns, const char *label, bool sent,
               const struct oh_addr *local, const struct oh_addr *remote, struct oh_span bytes);
struct oh_run_seat *oh_run_add_seat(struct oh_run *r, const char *name, const char *role,
                                    bool is_phone, const struct oh_addr *sip,
                                    const struct oh_addr *rtp);
void oh_run_add_conn(struct oh_run *r, const char *seat, const struct oh_addr *remote); /* once */
void oh_run_add_earlier(struct oh_run *r, const char *call_id, const char *branch);
void oh_run_add_param(struct oh_run *r, const char *name, const char *value, bool plain);
void oh_run_add_name(struct oh_run *r, const char *name, const char *value);
void oh_run_add_secret(struct oh_run *r, const char *seat, const char *username,
                       const char *password);
const char *oh_run_name_value(const struct oh_run *r, const char *name); /* NULL: unknown */

/* Writes run.json and secrets.json into `folder` (made if need be). Reads them; NULL with a
 * sentence where they are missing, not JSON, of another format or damaged; unknown keys are passed
 * over. What reading needs: the scenario's id, file and text, a name and role for each seat, and
 * seat, adapter and name for each phone. Secrets that are not there or not readable (mode 0600,
 * another user's) leave `has_secrets` false. */
int oh_run_write(const struct oh_run *r, const char *folder, struct oh_error *e);
struct oh_run *oh_run_read(const char *folder, struct oh_error *e);

/* A recording: the run, its scenario parsed from the text in it, and the trace made of capture.pcap
 * (or of the tap, when that is the evidence), reconciled with the tap, seats put on, linked.
 * Everything a verdict is made from. A capture that breaks off sets run->capture.complete to false;
 * one that is missing is an error unless it was empty. */
struct oh_recording {
    struct oh_run *run;
    struct oh_scenario *scenario;
    struct oh_trace *trace;
    size_t lost;   /* messages that the tap has and the capture lacks */
    size_t strays; /* messages to or from the phone that no socket of ours got or sent */
    /* Without a run (a call of a foreign capture, trace/calls.h); else 0. */
    int64_t until_ns;
    bool begins_within, one_sided;
    const struct oh_run_secret *secrets; /* told apart by user name; borrowed */
    size_t secret_count;
    const char *profile; /* NULL: none; borrowed */
};
struct oh_recording *oh_recording_read(const char *folder, struct oh_error *e);
void oh_recording_free(struct oh_recording *r);
/* The same from parts in memory (tests): takes ownership of run and trace, also where it fails; the
 * trace is not yet linked, NULL is an empty one. Without a text in the run the scenario is NULL. */
struct oh_recording *oh_recording_make(struct oh_run *run, struct oh_trace *trace,
                                       struct oh_error *e);
/* The same for a run on a net that loses nothing (the in-memory one, net/net.h): what its tap has
 * is taken for a capture, the n-th entry for the n-th frame. */
struct oh_recording *oh_recording_of_tap(struct oh_run *run, struct oh_error *e);

#endif
