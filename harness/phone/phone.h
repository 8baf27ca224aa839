/*
 * phone/phone.h - the phone under test as the harness sees it: an adapter, a program, verbs.
 *
 * An adapter (dut-adapters/<name>.yaml, described in dut-adapters/README.md) says how one phone
 * model is started, driven and stopped. The phone is given an address of its own; templates in the
 * adapter are filled with it. All is asynchronous on the run's loop: verbs and life tell their
 * outcome by callback. The wire, not the driver, decides what a phone did; the driver's
 * confirmation only tells that it took the user's action.
 *
 * Programs run in a process group of their own, die with the harness (PR_SET_PDEATHSIG), and their
 * output's tail is kept. A private folder for rendered files is made under TMPDIR and removed at
 * the end.
 *
 * Uses: base/, net/, scenario/ (YAML, verbs). One file per way of driving in phone/drivers/.
 */
#ifndef OH_PHONE_PHONE_H
#define OH_PHONE_PHONE_H

#include "net/net.h"
#include "scenario/scenario.h"

struct oh_adapter;
struct oh_person; /* phone/person.h */

/* Who plays a phone that is no program of its own (play/rehearse.h). It is ready at once and takes
 * every action; each is called from within the function of its name. Borrowed. */
struct oh_stand_in {
    int (*start)(void *arg, struct oh_error *e);
    int (*act)(enum oh_verb verb, const char *uri, void *arg, struct oh_error *e);
    void *arg;
};
/* The adapter of such a phone, which has every ability. The caller frees. */
struct oh_adapter *oh_adapter_new_stand_in(const struct oh_stand_in *who);
bool oh_adapter_is_stand_in(const struct oh_adapter *a);

/* By path (it has a slash or ends in .yaml) or by name in the folders of `path_list`
 * (":"-separated). NULL with every mistake told. */
struct oh_adapter *oh_adapter_load(const char *name_or_path, const char *path_list,
                                   struct oh_errors *errors);
void oh_adapter_free(struct oh_adapter *a);
/* Reads a text, right or wrong, only to tell the observer what there is: for the JSON Schema. */
void oh_adapter_observe(struct oh_span text, const struct oh_yaml_observer *o);

const char *oh_adapter_name(const struct oh_adapter *a); /* "baresip" */
const char *oh_adapter_title(const struct oh_adapter *a);
const char *oh_adapter_file(const struct oh_adapter *a);
const char *oh_adapter_text(const struct oh_adapter *a);    /* the source, whole */
const char *oh_adapter_profile(const struct oh_adapter *a); /* or NULL */
bool oh_adapter_is_reference(const struct oh_adapter *a);
/* Nothing is started: the phone stands somewhere, and a person does what is to be done at it. */
bool oh_adapter_is_by_hand(const struct oh_adapter *a);
/* The account that the phone has already, with its parameters filled in; NULL: it is given one. The
 * caller frees. */
char *oh_adapter_account_user(const struct oh_adapter *a);
char *oh_adapter_account_password(const struct oh_adapter *a);
size_t oh_adapter_ability_count(const struct oh_adapter *a);
const char *oh_adapter_ability(const struct oh_adapter *a,
                               size_t i); /* verbs it has, and "rtp" and the like */
bool oh_adapter_can(const struct oh_adapter *a, const char *ability);
/* Abilities that the phone has elsewhere, and lacks where something is not installed: `why` says
 * what, and how it is had. */
size_t oh_adapter_lack_count(const struct oh_adapter *a);
const char *oh_adapter_lack(const struct oh_adapter *a, size_t i, const char **why);
const char *oh_adapter_why_lacking(const struct oh_adapter *a, const char *ability); /* or NULL */
/* Whether a text of the adapter holds "${value_name}" ("realm", "transport"): such a phone is
 * started anew where that value changes. */
bool oh_adapter_uses(const struct oh_adapter *a, const char *value_name);
/* Whether the phone can be asked if it is idle. */
bool oh_adapter_tells_state(const struct oh_adapter *a);
/* False with a sentence, its place and a remedy: the program that is started is not there. */
bool oh_adapter_has_program(const struct oh_adapter *a, struct oh_error *e);
/* Parameters that the adapter declares (with defaults), e.g. mutant: none. -1: it has no such one.
 */
int oh_adapter_set(struct oh_adapter *a, const char *param, const char *value, struct oh_error *e);

/* What the bench gives the phone. Copied. */
struct oh_phone_place {
    const char *seat;      /* "A" */
    struct oh_addr sip;    /* the phone's own address and SIP port */
    struct oh_addr server; /* its registrar and proxy: our home seat */
    uint16_t rtp_port;     /* even; a range of 20 above it is free */
    const char *user;      /* account: "1001" */
    const char *auth_user, *password;
    const char *realm;           /* of the challenge, for phones that must know it beforehand */
    const char *program_folder;  /* where offhook's own programs lie (the reference phone) */
    enum oh_transport transport; /* "${transport}" in the adapter: udp, tcp */
    /* A fault of dut-adapters/mutants/, put upon the program by preloading; NULL: none. What cannot
     * be preloaded (a build with sanitizers, no local program) fails to start with a sentence. */
    const char *mutant;
    struct oh_person *person; /* for phones by hand, borrowed; NULL: nobody is there */
};

struct oh_phone;

enum oh_phone_event {
    OH_PHONE_READY,  /* started and can be driven */
    OH_PHONE_FAILED, /* could not be started: program missing, port taken, never ready; detail with
                        remedy */
    OH_PHONE_REGISTERED, /* the driver says so, if it can */
    OH_PHONE_DIED,       /* crashed or exited unasked */
    OH_PHONE_KILLED,     /* by a signal from outside that was not ours: SIGKILL, SIGTERM */
    OH_PHONE_STOPPED,    /* SIGSTOP from outside */
    OH_PHONE_CONTINUED,
    OH_PHONE_HUNG,        /* runs, but its driver gave no answer in time */
    OH_PHONE_ENDED,       /* after oh_phone_stop */
    OH_PHONE_UNSUPPORTED, /* its program says that it cannot drive it, or do what it was told; and
                             has ended */
    OH_PHONE_SAYS,        /* any other event of the driver, for the journal: "CALL_RINGING ..." */
};
typedef void oh_phone_event_fn(struct oh_phone *p, enum oh_phone_event event, const char *detail,
                               void *arg);

/* Nothing is started yet. The adapter must outlive the phone. */
struct oh_phone *oh_phone_new(struct oh_net *net, const struct oh_adapter *a,
                              const struct oh_phone_place *place, oh_phone_event_fn *fn, void *arg);
/* Kills what still runs, removes the private folder. */
void oh_phone_free(struct oh_phone *p);

/* Renders files, starts the program, connects the driver; READY or FAILED follows within the
 * adapter's time. -1 at once for what is known at once (program missing), with the remedy. */
int oh_phone_start(struct oh_phone *p, struct oh_error *e);

/* What a user action is about; each is NULL where its verb has no use for it. */
struct oh_action_args {
    const char *uri;    /* dial, transfer, consult, forward: whom */
    const char *digits; /* dtmf */
    const char *when;   /* forward: all, busy, no-answer */
};

/* A user action; `args` are copied, NULL is none. `done` is called once: taken (the driver
 * confirms), refused (it or the phone says no), or hung (no answer in time). */
enum oh_action_result {
    OH_ACTION_TAKEN,
    OH_ACTION_REFUSED,
    OH_ACTION_HUNG,
    OH_ACTION_UNSUPPORTED, /* its program lacks this verb */
    OH_ACTION_SKIPPED,     /* the person skips the scenario */
};
typedef void oh_action_fn(struct oh_phone *p, enum oh_action_result result, const char *detail,
                          void *arg);
int oh_phone_do(struct oh_phone *p, enum oh_verb verb, const struct oh_action_args *args,
                oh_action_fn *done, void *arg, struct oh_error *e);

/* For phones by hand, nothing for others. What the wire is to show of the next action (NULL:
 * nothing that can be told), and what the scenario calls the phone; and that it has shown what the
 * oldest action is for: that one is taken. */
void oh_phone_awaits(struct oh_phone *p, const char *seat, const char *what);
void oh_phone_came(struct oh_phone *p);

/* Is it idle? `done` is told taken: it is; refused: it is not, in its own words; else as of an
 * action. -1 where it cannot be asked. */
int oh_phone_ask_state(struct oh_phone *p, oh_action_fn *done, void *arg, struct oh_error *e);

/* A verb that its adapter has, and that the phone was found out to lack since it was made: why;
 * NULL otherwise. */
const char *oh_phone_why_lacking(const struct oh_phone *p, const char *ability);

/* The phone's open actions no longer call `done`: for a caller whose `arg` ends. oh_phone_stop and
 * oh_phone_free do the same. */
void oh_phone_forget_actions(struct oh_phone *p);

/* Asks it to stop (adapter's way), then SIGTERM, then SIGKILL to its group, at the adapter's times.
 * ENDED follows. The registrar must go on answering until then. */
void oh_phone_stop(struct oh_phone *p);

/* What has become of place.mutant: `in_force`, the program of now, or the last one, has the library
 * in it and uses sockets (a program that is static, setuid or none of ours has not); `struck`, how
 * many messages it was put upon since the phone was made. */
struct oh_phone_mutant {
    bool in_force;
    size_t struck;
};
struct oh_phone_mutant oh_phone_mutant(const struct oh_phone *p);

/* -1 with a sentence where another program holds a socket at the IP that the phone listens at: what
 * comes from there may be the other's, and what goes there may go to it. */
int oh_phone_is_alone(const struct oh_phone *p, struct oh_error *e);

bool oh_phone_is_running(const struct oh_phone *p);
/* It was told something that its adapter cannot undo (`anew: after-register`): it is to be started
 * anew before the next scenario, whose flow it would disturb. */
bool oh_phone_is_worn(const struct oh_phone *p);
const char *oh_phone_name(
    const struct oh_phone *p); /* name and version where the driver tells, else the title */
/* The tail of what it printed (stdout that is not the driver's, and stderr); owned by the phone. */
struct oh_span oh_phone_output(const struct oh_phone *p);

#endif
