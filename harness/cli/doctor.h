/*
 * cli/doctor.h - what the files of `offhook doctor` share. Private to them.
 *
 * doctor.c the command and its lines · doctor_host.c what the machine must give · doctor_phone.c
 * the phone: small flows are played · doctor_steps.c each verb is proven by what was on the wire.
 *
 * The doctor proves the bench, not the phone's conformance: no line here rests on a verdict.
 */
#ifndef OH_CLI_DOCTOR_H
#define OH_CLI_DOCTOR_H

#include "cli/cli.h"
#include "cli/lan.h"
#include "phone/phone.h"
#include "trace/run.h"

enum oh_doctor_word {
    OH_DOCTOR_OK,
    OH_DOCTOR_BAD,
    OH_DOCTOR_UNTRIED, /* something before it is not ok; the same is told once */
    OH_DOCTOR_NOTE,    /* said, counts for nothing */
};

struct oh_doctor {
    struct oh_cli_common common;
    const char *out;  /* where runs will write: for the room there */
    const char *keep; /* where the recordings go; NULL: they are removed */
    enum oh_transport transport;
    struct oh_lan lan;          /* for phones by hand */
    bool no_capture;            /* there is no right to, or it is not wanted */
    struct oh_adapter *adapter; /* the phone's */
    char *programs;             /* the folder of offhook's own */
    char *folder;               /* a private one for the time of the command; TMPDIR of the phone */
    char *mark;                 /* in the environment of all that is started: NAME=VALUE */
    json_t *checks;             /* what was told */
    size_t bad, untried;
    bool on_terminal, hinting; /* a hint stands on the last line */
    struct oh_addr phone;      /* where it is told to listen */
    json_t *broken;            /* verbs that do not work */
};

/* Tells one line, and keeps it. `remedy` says what to do; NULL: nothing. */
void oh_doctor_tell(struct oh_doctor *d, enum oh_doctor_word word, const char *check,
                    const char *remedy, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* On a terminal, what is waited for; the next line takes its place. */
void oh_doctor_hint(struct oh_doctor *d, const char *check, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* "NOT ok" with an error's sentence and remedy. */
void oh_doctor_tell_error(struct oh_doctor *d, const char *check, const struct oh_error *e);

/* Interface, sockets, right to capture, room on the disk. Turns no_capture on where there is no
 * such right, so that the rest can be proven by our own sockets. */
void oh_doctor_host(struct oh_doctor *d);
/* Starts the phone, proves its verbs, ends it, and looks for what it left. */
void oh_doctor_phone(struct oh_doctor *d);

/* The same for a phone at which a person does what is asked: doctor_desk.c. */
void oh_doctor_desk(struct oh_doctor *d);

/* A line for each verb of the flow that was played, by its recording; `flow` is its name. */
void oh_doctor_steps(struct oh_doctor *d, const char *flow, const struct oh_recording *r);
/* The same lines for one that was not played. */
void oh_doctor_untried(struct oh_doctor *d, const char *flow, const struct oh_scenario *s,
                       const char *why);

#endif
