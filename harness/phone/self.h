/*
 * phone/self.h - a phone's own state. Private to phone/.
 *
 * Who does what: phone.c its life · commands.c what is sent, and which answer belongs to it ·
 * told.c programs that are told verbs · values.c what the names in the adapter stand for, and what
 * is made of them · beside.c the programs that run beside it · last_words.c what it printed, for a
 * sentence.
 *
 * Uses: phone/adapter.h, phone/process.h, phone/template.h.
 */
#ifndef OH_PHONE_SELF_H
#define OH_PHONE_SELF_H

#include "phone/adapter.h"
#include "phone/process.h"
#include "phone/template.h"

enum oh_phone_state {
    OH_PHONE_IS_IDLE,     /* no process */
    OH_PHONE_IS_STARTING, /* not ready yet */
    OH_PHONE_IS_UP,
    OH_PHONE_IS_FAILING,  /* never became ready; waits for the process's end */
    OH_PHONE_IS_STOPPING, /* by oh_phone_stop */
};

enum oh_purpose { OH_FOR_VERB, OH_FOR_READY, OH_FOR_STOP };

/* A command under way. */
struct oh_pending {
    struct oh_pending *next;
    struct oh_phone *phone;
    const struct oh_command *command;
    enum oh_purpose purpose;
    size_t message; /* which of its messages is sent and not yet answered */
    char token[24];
    char *uri, *digits, *when; /* of its struct oh_action_args, or NULL */
    oh_action_fn *done;
    void *arg;
    struct oh_timer *late;
    char *trouble;   /* why the message could not be sent, or NULL */
    uint64_t id;     /* of the message that is sent */
    bool is_refused; /* by us: it cannot be said, or something that it needs is not known */
};

struct oh_phone {
    struct oh_net *net;
    const struct oh_adapter *a;
    struct oh_phone_place place;
    char *texts[7];                /* the copies that `place` points at */
    struct oh_phone_mutant mutant; /* of programs that have ended */
    oh_phone_event_fn *fn;
    void *arg;
    enum oh_phone_state state;
    char *folder;
    int folder_lock; /* held while we live, so that later runs know it as ours; -1: none */
    char *name;
    struct oh_process *process; /* kept after its end, for its output */
    struct oh_driver *driver;
    struct oh_terminal_plan terminal; /* for drivers of text; owns its texts */
    struct oh_terminal_block blocks[OH_ADAPTER_SAYS];
    char *kept[OH_ADAPTER_KEPT]; /* by the adapter's `keeps`; NULL: not said yet */
    struct oh_process *beside[OH_ADAPTER_BESIDE];
    struct oh_timer *look_beside; /* are they ready to be used? */
    int64_t beside_began_ns;
    bool link_up;
    char *link_lost; /* why, or NULL */
    char *last_said; /* the latest message over the link, shortened; NULL: none yet */
    struct oh_pair ports[OH_ADAPTER_FREE_PORTS];
    size_t port_count;
    struct oh_error port_trouble; /* the first port that could not be had */
    struct oh_pending *pending;   /* oldest first */
    uint64_t sent;                /* messages, for tokens */
    struct oh_timer *deadline;    /* of starting, then of stopping */
    struct oh_timer *ask_again;   /* ready by asking */
    struct oh_timer *lost;        /* link lost: does the process end as well? */
    bool asked_to_end;            /* stopping: SIGTERM was sent */
    bool is_worn;
    bool lacks[OH_VERBS + 1]; /* by oh_phone_verb_of, as its program said; told.c */
    bool is_unsupported;      /* failing: it said that it cannot drive the phone */
    char *failure;
};

/* values.c */
struct oh_filling {
    struct oh_phone *phone;
    struct oh_action_args args;
    const char *missing; /* out: a value that was never kept */
};
void oh_phone_value(struct oh_span name, struct oh_text *out, void *filling);
/* The same as a pattern that fits the value alone. */
void oh_phone_pattern_value(struct oh_span name, struct oh_text *out, void *filling);
/* Ports, private folder and files. -1 with the reason. */
int oh_phone_render(struct oh_phone *p, struct oh_error *e);
char *oh_phone_fill(struct oh_phone *p, const char *text);
/* A program and its arguments, filled; NULL-ended. */
char **oh_phone_words(struct oh_phone *p, const struct oh_words *texts);
char **oh_phone_environment(struct oh_phone *p); /* "NAME=VALUE"; NULL-ended */
void oh_phone_free_words(char **words);
void oh_phone_remove_folder(struct oh_phone *p);
void oh_phone_plan_terminal(struct oh_phone *p);
void oh_phone_forget_terminal(struct oh_phone *p);

/* mutant.c: adds to the variables what puts the place's mutant upon the program; -1 with the
 * reason. */
int oh_phone_add_mutant(const struct oh_phone *p, char ***environment, struct oh_error *e);
/* Before the private folder goes. */
void oh_phone_keep_mutant(struct oh_phone *p);

/* commands.c */
void oh_phone_send(struct oh_phone *p, enum oh_purpose purpose, const struct oh_command *command,
                   const struct oh_action_args *args, oh_action_fn *done, void *arg);
void oh_phone_got(struct oh_phone *p, struct oh_span message, uint64_t answer_to);
/* Verbs end as hung for this reason; the rest is dropped. */
void oh_phone_end_commands(struct oh_phone *p, const char *why);
void oh_phone_drop_commands(struct oh_phone *p);
/* What it is to say when it is ready, filled: "{\"event\":\"ready\"}". The caller frees. */
char *oh_phone_ready_pattern(struct oh_phone *p);

/* Its actions end as unsupported, and those verbs are lacking from now on. Whether there were any.
 */
bool oh_phone_cannot_do(struct oh_phone *p, const char *why);
/* Of an action; OH_VERBS: the question whether it is idle. */
enum oh_verb oh_phone_verb_of(const struct oh_pending *c);

/* told.c */
/* The message, as JSON; the caller frees. */
char *oh_phone_told(const struct oh_pending *c);
/* Whether `message` answers `c`, and how. */
bool oh_phone_told_answers(const struct oh_pending *c, const json_t *message,
                           enum oh_action_result *result);
/* What the answer to `start` says about verbs. */
void oh_phone_take_verbs(struct oh_phone *p, const json_t *message);

/* stand_in.c: oh_phone_start and oh_phone_do for a phone that is no program. */
int oh_phone_start_stand_in(struct oh_phone *p, struct oh_error *e);
int oh_phone_tell_stand_in(struct oh_phone *p, enum oh_verb verb, const char *uri,
                           oh_action_fn *done, void *arg, struct oh_error *e);

/* last_words.c */
/* Appends "; it printed last: LINE | LINE": of its last lines, those that complain if there are
 * any, without what only moves a terminal's cursor or colours it. Nothing where it printed nothing.
 */
void oh_phone_add_last_words(struct oh_span output, struct oh_text *out);

/* beside.c */
/* Starts the programs; 1: all can be used, 0: `oh_phone_begin` or `oh_phone_fail` follows, -1: one
 * cannot be started. */
int oh_phone_start_beside(struct oh_phone *p, struct oh_error *e);
void oh_phone_end_beside(struct oh_phone *p);

/* phone.c */
void oh_phone_begin(struct oh_phone *p); /* what runs beside it is there */
/* Cannot be started, or cannot be used any more, by no fault of its own; takes `why`. */
void oh_phone_fail(struct oh_phone *p, char *why);
/* The program that drives it says that it cannot; takes `why`. */
void oh_phone_is_unsupported(struct oh_phone *p, char *why);
void oh_phone_tell(struct oh_phone *p, enum oh_phone_event event, const char *detail);
void oh_phone_is_ready(struct oh_phone *p);
/* Asks, or asks again soon, whether it is ready. */
void oh_phone_ask_ready(struct oh_phone *p, bool again);

#endif
