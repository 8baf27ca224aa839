/*
 * One call as the files see it that have to do with calls: calls.c (its life), change.c (its
 * session), several.c (beside another call), transfer.c (REFER and Replaces) and services.c (what
 * the phone does with a call without being told).
 */
#ifndef RP_CALL_H
#define RP_CALL_H

#include "phone.h"
#include "sdp.h"

#include <jansson.h>

enum { RP_SDP_MAX = 2048 };

enum rp_call_state {
    RP_WAITING,  /* the INVITE is sent once another call is on hold */
    RP_DIALING,  /* INVITE sent */
    RP_ALERTING, /* 18x received */
    RP_INCOMING, /* 180 sent, the user has not answered */
    RP_ANSWERED, /* 200 sent, ACK awaited */
    RP_ESTABLISHED,
    RP_ENDED /* for the user; the stack may still be closing the dialog */
};

struct rp_call {
    struct rp_call *next;
    struct rp_phone *phone;
    nua_handle_t *handle;
    char *id;
    char *peer;         /* URI of the other side */
    char *contact;      /* its Contact, of the 2xx or the INVITE; NULL: none yet */
    struct rp_rtp *rtp; /* its own while it is up */
    enum rp_call_state state;
    bool dialled; /* by us: the Call-ID is ours */
    bool told_calling;
    bool hung_up;       /* by the user, before a BYE was possible */
    bool answer_in_ack; /* our 200 carried the offer */
    bool offered_early; /* our reliable 180 carried it, and the PRACK has the answer: RFC 3262 5 */
    bool has_early_dialog; /* ours: a reliable provisional has come; of others the stack makes none
                            */
    bool agreed_early;     /* a reliable provisional, or that PRACK, carried the answer */
    bool has_media;
    bool held;       /* by the user, and agreed */
    bool changing;   /* a re-INVITE of ours is under way, or is to be repeated */
    bool wants_held; /* what that re-INVITE asks for */
    bool was_held;
    bool remote_holds;         /* the other side receives nothing */
    su_timer_t *repeat;        /* runs while a re-INVITE waits after a 491; or NULL */
    bool updating;             /* an UPDATE of ours is under way */
    bool update_offers;        /* and has an offer */
    su_timer_t *no_answer;     /* runs while it rings and would be forwarded; or NULL */
    struct rp_call *next_step; /* once this is on hold: the call to be sent or resumed; or NULL */
    struct rp_call *partner;   /* that it is joined with, or is to be; or NULL */
    bool is_mixed;             /* with the partner */
    bool transferring;         /* by a REFER of ours */
    char *replaces;            /* for our INVITE; NULL: none */
    char *referred_by;         /* likewise */
    struct rp_call *referrer;  /* where we were told by REFER to dial this; NULL: nowhere */
    struct rp_call *referred;  /* on the referrer: the call dialled for it; or NULL */
    char *refer_event;         /* on the referrer: Event of the NOTIFYs; NULL: no REFER is open */
    unsigned notifies;         /* on the referrer: those not answered yet */
    bool is_over;              /* its session has ended in the stack, a subscription has not */
    struct rp_media media;
    struct rp_media sent; /* what was sent last; for a fault */
    struct rp_sdp_local local;
    char sdp[RP_SDP_MAX]; /* the description sent last */
};

/* What a call is made for. All but `to` may be NULL; borrowed. */
struct rp_dial {
    const char *to;
    const char *replaces, *referred_by; /* header values */
    struct rp_call *referrer;
    struct rp_call *first; /* is to be on hold before */
};

/* ---- call.c ---- */

/* A call with a line for media. NULL: there is none, or no memory. */
struct rp_call *rp_call_new(struct rp_phone *phone, const char *id, const char *peer);

/* A line that no call has; NULL: none. */
struct rp_rtp *rp_call_line(const struct rp_phone *phone);

void rp_call_add(struct rp_phone *phone, struct rp_call *call); /* to the list */
void rp_call_keep_contact(struct rp_call *call, sip_t const *sip);
void rp_call_free(struct rp_call *call);

/* An event of the call; the reference to values is taken, NULL: none. */
void rp_call_tell(const struct rp_call *call, const char *event, json_t *values);

/* The latest call of that Call-ID that is up for the user. `id` NULL: the latest of all. */
struct rp_call *rp_call_find(const struct rp_phone *phone, const char *id);

/* The call is over for the user; media stops before anything else is sent. Status 0: none. */
void rp_call_end(struct rp_call *call, const char *reason, int status);

void rp_call_send_bye(const struct rp_call *call);

/* Forgets the call and its handle; the stack finishes open transactions without us. */
void rp_call_drop(struct rp_call *call);

/* ---- calls.c ---- */

/* Makes a call. Returns NULL and fills `error` with a sentence if it cannot. */
struct rp_call *rp_call_dial(struct rp_phone *phone, const struct rp_dial *dial,
                             const char **error);

/* Sends the INVITE of a call that has waited. */
void rp_call_go(struct rp_call *call);

/* A new call from the other side, not in the list yet. NULL: no memory, or no line is free. */
struct rp_call *rp_call_take(struct rp_phone *phone, nua_handle_t *handle, sip_t const *sip);

/* Ends it as a user would: BYE, CANCEL or a rejection. */
void rp_call_hang_up(struct rp_call *call);

/* Answers it: 200 with the prepared description. */
void rp_call_accept(struct rp_call *call);

/* ---- change.c ---- */

/* The message's session description; false if it has none. */
bool rp_call_sdp(sip_t const *sip, const char **text, size_t *len);

/* Whether it has a body that is no session description. */
bool rp_call_has_foreign_body(sip_t const *sip);

/* Prepares the description for a 200 to this request: an answer, or an offer if there was none in
 * it. Returns as rp_sdp_answer; the call is unchanged unless that is above 0. */
int rp_call_prepare(struct rp_call *call, sip_t const *sip);

/* 400, or 488 with its reason (RFC 3261 13.3.1.3, 20.43), by the result of rp_call_prepare. */
void rp_call_refuse_offer(const struct rp_phone *phone, nua_handle_t *handle, int result);

/* Sends and receives as was agreed, and tells if the other side has begun or ended a hold. */
void rp_call_run_media(struct rp_call *call);

/* Whether an answer of the other side to a change of ours is still to come. */
bool rp_call_is_changing(const struct rp_call *call);

/* Sends a re-INVITE that puts the other side on hold, or takes it off. */
void rp_call_change(struct rp_call *call, bool held);

/* A final response to that. */
void rp_call_changed(struct rp_call *call, int status, const char *phrase, sip_t const *sip);

/* A re-INVITE of the other side. */
void rp_call_on_reinvite(struct rp_call *call, sip_t const *sip);

/* A response to our UPDATE, and one of the other side: RFC 3311. */
void rp_call_updated(struct rp_call *call, int status, const char *phrase, sip_t const *sip);
void rp_call_on_update(struct rp_call *call, sip_t const *sip);

/* ---- several.c ---- */

/* Goes on with what waits for this call to be on hold. `reason` NULL: it is; else it is not, and
 * what waits is given up. */
void rp_call_next_step(struct rp_call *call, const char *reason, int status);

/* Mixes the voices of joined calls where both are up, or no longer. */
void rp_call_mix(struct rp_call *call);

/* Ends what ties a call to another. */
void rp_call_part(struct rp_call *call);

/* ---- transfer.c ---- */

void rp_transfer_event(struct rp_phone *phone, nua_event_t event, int status, const char *phrase,
                       nua_handle_t *handle, struct rp_call *call, sip_t const *sip, tagi_t tags[]);

/* A call that was dialled for a REFER has a final response: the last NOTIFY. */
void rp_transfer_tell(struct rp_call *call, int status, const char *phrase);

/* Whether the stack still needs the handle for a subscription. */
bool rp_transfer_is_open(const struct rp_call *call);

/* An INVITE with Replaces, answered here. RFC 3891 3 */
void rp_transfer_on_replaces(struct rp_phone *phone, nua_handle_t *handle, sip_t const *sip);

/* ---- services.c ---- */

/* Whether a new INVITE is refused or sent elsewhere; it is answered then. */
bool rp_services_take(struct rp_phone *phone, nua_handle_t *handle);

/* The call rings: it may be forwarded after a while. */
void rp_services_ring(struct rp_call *call);

#endif
