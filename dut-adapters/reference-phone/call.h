/*
 * One call as the files calls.c (its life) and change.c (its session) see it.
 */
#ifndef RP_CALL_H
#define RP_CALL_H

#include "phone.h"
#include "sdp.h"

#include <jansson.h>

enum { RP_SDP_MAX = 2048 };

enum rp_call_state {
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
    char *peer; /* URI of the other side */
    enum rp_call_state state;
    bool dialled; /* by us: the Call-ID is ours */
    bool told_calling;
    bool hung_up;       /* by the user, before a BYE was possible */
    bool answer_in_ack; /* our 200 carried the offer */
    bool offered_early; /* our reliable 180 carried it, and the PRACK has the answer: RFC 3262 5 */
    bool agreed_early;  /* a reliable provisional, or that PRACK, carried the answer */
    bool has_media;
    bool held;       /* by the user, and agreed */
    bool changing;   /* a re-INVITE of ours is under way, or is to be repeated */
    bool wants_held; /* what that re-INVITE asks for */
    bool was_held;
    bool remote_holds;  /* the other side receives nothing */
    su_timer_t *repeat; /* runs while a re-INVITE waits after a 491; or NULL */
    struct rp_media media;
    struct rp_media sent; /* what was sent last; for a fault */
    struct rp_sdp_local local;
    char sdp[RP_SDP_MAX]; /* the description sent last */
};

/* ---- calls.c ---- */

/* An event of the call; the reference to values is taken, NULL: none. */
void rp_call_tell(const struct rp_call *call, const char *event, json_t *values);

/* The call is over for the user; media stops before anything else is sent. Status 0: none. */
void rp_call_end(struct rp_call *call, const char *reason, int status);

void rp_call_send_bye(const struct rp_call *call);

/* ---- change.c ---- */

/* The message's session description; false if it has none. */
bool rp_call_sdp(sip_t const *sip, const char **text, size_t *len);

/* Whether it has a body that is no session description. */
bool rp_call_has_foreign_body(sip_t const *sip);

/* Prepares the description for a 200 to this INVITE: an answer, or an offer if there was none in
 * it. Returns as rp_sdp_answer; the call is unchanged unless that is above 0. */
int rp_call_prepare(struct rp_call *call, sip_t const *sip);

/* 400, or 488 with its reason (RFC 3261 13.3.1.3, 20.43), by the result of rp_call_prepare. */
void rp_call_refuse_offer(nua_handle_t *handle, int result, const char *host);

/* Sends and receives as was agreed, and tells if the other side has begun or ended a hold. */
void rp_call_run_media(struct rp_call *call);

/* Sends a re-INVITE that puts the other side on hold, or takes it off. */
void rp_call_change(struct rp_call *call, bool held);

/* A final response to that. */
void rp_call_changed(struct rp_call *call, int status, const char *phrase, sip_t const *sip);

/* A re-INVITE of the other side. */
void rp_call_on_reinvite(struct rp_call *call, sip_t const *sip);

#endif
