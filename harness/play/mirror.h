/*
 * play/mirror.h - a rehearsed phone: the flow seen from the other side, played by a second player.
 *
 * A mirror is a stand-in (phone/phone.h) for a phone program. It has a bench and a player of its
 * own on the net of the bench that rehearses, sits at the phone's address, and walks the same flow
 * with the sides changed: the phone's messages are its own to send, offhook's are awaited.
 * Transactions, dialogs, retransmission and media are those of the player; what a phone does and a
 * server does not (dialling, registering, credentials, Route) stands in mirror_speak.c. A message
 * that is right by the RFCs is then given what the file wants of it (mirror_fit.c), and what a
 * break makes otherwise (rehearse.h).
 *
 * Private to play/.
 */
#ifndef OH_PLAY_MIRROR_H
#define OH_PLAY_MIRROR_H

#include "play/player.h"
#include "play/rehearse.h"

/* A challenge that was answered once: later requests count on. RFC 7616 3.4 */
struct oh_mirror_nonce {
    char *nonce;
    char cnonce[17];
    unsigned count;
};

struct oh_mirror {
    const struct oh_scenario *scenario; /* as it was written */
    const char *seat;                   /* the phone's party */
    struct oh_bench *stage;             /* where it is rehearsed */
    struct oh_stand_in stand_in;
    const struct oh_break *broken; /* NULL: none */
    bool is_broken;                /* it has been done */

    bool is_sparing; /* see struct oh_choice */
    int *chosen;     /* of each block of `scenario`: the branch that it takes of an `either` */

    struct oh_scenario flow; /* its own steps and offhook's, sides changed, actions left out */
    int *step_of;            /* of each step of `flow`: its place in `scenario` */
    int64_t *told_ns;        /* of each step of `scenario`: when the user did it; -1: not yet */
    char **uri_of;           /* of each step of `scenario`: what the action was told with; NULL */

    struct oh_bench bench;
    struct oh_player player;
    int front; /* the step of `flow` that is to be said next; and since when it is */
    int64_t front_ns;
    struct oh_timer *wake; /* its own time has come */
    struct oh_timer *tick; /* media and silence steps are looked after */
    uint16_t loud_sequence;
    struct oh_mirror_nonce *nonces;
    size_t nonce_count, nonce_room;
    char *register_id, register_tag[17]; /* all REGISTERs: RFC 3261 10.2 */
    uint32_t register_cseq;
    uint64_t expires_s;

    int trouble_step; /* of `scenario`; OH_NONE */
    struct oh_place trouble_place;
    char *trouble; /* why it could not go on, or what cannot be met; NULL */
};

/* For this phone of a scenario; it sits down when it is started. */
struct oh_mirror *oh_mirror_new(const struct oh_scenario *s, const char *seat,
                                const struct oh_choice *choice, const struct oh_break *broken);
/* Ends all that it does, while the net is still there. */
void oh_mirror_quiet(struct oh_mirror *m);
void oh_mirror_free(struct oh_mirror *m);
/* The stage's flow begins. */
void oh_mirror_begin(struct oh_mirror *m);
/* The first trouble stays. */
void oh_mirror_trouble(struct oh_mirror *m, int step, struct oh_place place, const char *format,
                       ...) __attribute__((format(printf, 4, 5)));

/* --- mirror_flow.c: the other side's view --- */
/* Which ways it goes: those of `choice` (NULL: the first ones), and those that lead to the break.
 */
void oh_mirror_choose(struct oh_mirror *m, const struct oh_choice *choice);
void oh_mirror_make_flow(struct oh_mirror *m);
void oh_mirror_release_flow(struct oh_mirror *m);
/* The step of the scenario that this one of `flow` is. */
const struct oh_step *oh_mirror_step(const struct oh_mirror *m, int flow_step);
/* The latest user action of this phone that comes before a step of the scenario; OH_NONE. */
int oh_mirror_action_before(const struct oh_mirror *m, int step);

/* --- mirror_speak.c: called by compose.c and call.c --- */
/* Says the phone's message of this step of `flow`. -1: it cannot be built. */
int oh_mirror_speak(struct oh_mirror *m, int flow_step, struct oh_error *e);
/* A user action is still to come, or the step's own time. */
bool oh_mirror_must_wait(struct oh_mirror *m, const struct oh_step *step);
/* RFC 3261 12.2.1.1: by the first Route. */
void oh_mirror_next_hop(const struct oh_dialog *d, struct oh_addr *to);
/* The response is another callee's than the one that the dialog is with. */
bool oh_mirror_is_another(const struct oh_dialog *d, const struct oh_sip_msg *response);
/* Outside of the flow: a precondition. */
int oh_mirror_register(struct oh_mirror *m, struct oh_error *e);

/* --- mirror_request.c --- */
/* The call that a step is of: by its name, else the latest with that party; NULL. */
struct oh_call *oh_mirror_call(struct oh_mirror *m, int flow_step);
/* The draft of a request that begins or goes on with something. `*of`: what was refused and is
 * asked again, or NULL; of an ACK it becomes the INVITE that it is for. NULL with a sentence. */
struct oh_draft *oh_mirror_request(struct oh_mirror *m, int flow_step, struct oh_exchange **of,
                                   struct oh_call **call, struct oh_addr *to, struct oh_error *e);
/* REGISTER with this interval; 0 ends the registration. */
struct oh_draft *oh_mirror_register_draft(struct oh_mirror *m, uint64_t expires_s,
                                          struct oh_addr *to);
/* The request before this one that it repeats with what its answer asked for; NULL. */
struct oh_exchange *oh_mirror_refused(struct oh_mirror *m, int flow_step, const char *method,
                                      const struct oh_call *call);

/* --- mirror_digest.c --- */
/* Puts credentials for the challenges of `refusal` into the request in `wire`. False where there is
 * none that it knows. RFC 3261 22, RFC 7616 3.4, 3.7 */
bool oh_mirror_answer_challenge(struct oh_mirror *m, const struct oh_sip_msg *refusal,
                                struct oh_text *wire);
/* The response anew, for parameters that were changed. */
void oh_mirror_recompute(struct oh_mirror *m, struct oh_text *wire);

/* --- mirror_edit.c: one field of the bytes of a message --- */
/* False where it cannot be: `wire` is then as it was. */
bool oh_mirror_set(struct oh_text *wire, const char *field, const char *value);
bool oh_mirror_remove(struct oh_text *wire, const char *field);
/* What a header may say when one is wanted and there is none; NULL: not known. */
const char *oh_mirror_usual(const char *name);
void oh_mirror_add_header(struct oh_text *wire, const char *name, const char *value);

/* --- mirror_fit.c --- */
/* Gives the message what the step's expectations want. -1 where it cannot be: the place is told. */
int oh_mirror_fit(struct oh_mirror *m, const struct oh_step *step, struct oh_text *wire);
/* Makes what this expectation is about otherwise. False: nothing that was tried fails it. */
bool oh_mirror_unfit(struct oh_mirror *m, const struct oh_expect *expect, struct oh_text *wire);

/* --- mirror_media.c --- */
void oh_mirror_watch_media(struct oh_mirror *m);

#endif
