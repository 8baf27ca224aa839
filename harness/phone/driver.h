/*
 * phone/driver.h - one way of driving a phone: what each file in phone/drivers/ gives.
 *
 * A driver carries messages between harness and phone program; which messages, the adapter says.
 * What comes from the phone is JSON always: of text a driver makes objects. It exports
 * `const struct oh_driver_ops oh_driver_<file>`; CMake collects the files (table in
 * phone/driver.c).
 *
 * Uses: net/, phone/terminal.h.
 */
#ifndef OH_PHONE_DRIVER_H
#define OH_PHONE_DRIVER_H

#include "net/net.h"
#include "phone/terminal.h"

struct oh_driver; /* the driver's own state */
struct oh_person;

/* Which command a message answers: a number that `send` was given, or one of these. */
#define OH_ANSWERS_SOMETHING 0          /* the adapter's token and patterns tell */
#define OH_ANSWERS_NOTHING   UINT64_MAX /* the phone said it by itself */

struct oh_driver_owner {
    /* A whole message came. What is no JSON object is something that the program printed. */
    void (*got)(struct oh_span message, uint64_t answer_to, void *arg);
    /* The connection was made (now messages can be sent) / was lost. */
    void (*up)(void *arg);
    void (*down)(const char *why, void *arg);
    void *arg;
};

/* How the program's standard input and output are connected. */
enum oh_driver_stdio {
    OH_STDIO_NONE,     /* it reads nothing; what it prints is kept */
    OH_STDIO_PIPES,    /* they are the driver's: `to_phone`, `from_phone` */
    OH_STDIO_TERMINAL, /* likewise, and the program finds a terminal there */
};

struct oh_driver_plan {
    const char *connect; /* where to (TCP); NULL where it is driven over its stdio */
    int to_phone, from_phone;
    const struct oh_terminal_plan *terminal; /* for drivers of text */
    struct oh_person *person;                /* by hand: who does it, or NULL */
    const char *seat, *user;                 /* by hand: which phone it is */
};

struct oh_driver_ops {
    const char *name; /* the adapter's "drive: with:" word, e.g. "json-lines" */
    enum oh_driver_stdio stdio;
    bool is_text; /* commands are lines of text; else JSON objects */
    const char
        *enter;      /* of text that is typed: what ends a command, if the adapter names nothing */
    size_t line_max; /* of text: the longest command, in bytes; 0: any */
    bool needs_no_prompt; /* of text: one may be left out */
    bool is_told_verbs;   /* what is sent and answered is not the adapter's: phone/told.c */
    bool is_by_hand;      /* no program is started: a person does what is sent */
    const char *never_up; /* a sentence for an `up` that never came, with what may be wrong */
    /* Tries until closed; `up` tells. The plan is valid until close. */
    struct oh_driver *(*open)(struct oh_net *net, const struct oh_driver_plan *plan,
                              const struct oh_driver_owner *owner, struct oh_error *e);
    /* `id` is neither of the two above; a driver that knows which answer is whose repeats it. */
    int (*send)(struct oh_driver *d, uint64_t id, struct oh_span message, struct oh_error *e);
    void (*close)(struct oh_driver *d);
    /* By hand alone. What the wire is to show of the next command (NULL: nothing), and as whom the
     * scenario knows the phone; that it did show what the oldest one awaits; and that a command is
     * no longer waited for. */
    void (*awaits)(struct oh_driver *d, const char *seat, const char *what);
    void (*came)(struct oh_driver *d);
    void (*drop)(struct oh_driver *d, uint64_t id);
};

const struct oh_driver_ops *oh_driver_by_name(const char *name); /* NULL: none */
const struct oh_driver_ops *const *oh_drivers(void);             /* NULL-ended */

/* Writes all to a pipe, terminal or socket that does not block; -1 where the program takes nothing
 * for a while or is gone: "<what>: ...". No SIGPIPE comes of it. */
int oh_driver_write(int fd, struct oh_span bytes, const char *what, struct oh_error *e);

#endif
