/*
 * The phone as a whole: what its parts share, and its life from the first event to the last.
 *
 * Single thread, one su_root. Parts: control.c (JSON lines), registration.c, calls.c and its kin,
 * rtp.c; beneath them the stack `nua`, whose events phone.c hands to the part concerned.
 */
#ifndef RP_PHONE_H
#define RP_PHONE_H

#include "options.h"

#include <stdbool.h>

struct rp_call;
struct rp_phone;

#define NUA_MAGIC_T     struct rp_phone
#define NUA_HMAGIC_T    struct rp_call
#define SU_ROOT_MAGIC_T struct rp_phone
#include <sofia-sip/nua.h>
#include <sofia-sip/su_wait.h>

struct rp_rtp;
struct rp_control;
struct rp_registration;

enum { RP_LINES = 3 }; /* calls at a time */

enum rp_forward { RP_FORWARD_ALL, RP_FORWARD_BUSY, RP_FORWARD_NO_ANSWER, RP_FORWARDS };

/* What the user has set up, until the phone is started anew. */
struct rp_services {
    char *forward[RP_FORWARDS]; /* URIs; NULL: not forwarded */
    bool not_disturb;
    bool muted;
    char *dialled; /* by the user, last; NULL: nobody yet */
};

struct rp_phone {
    const struct rp_options *options;
    su_root_t *root;
    nua_t *nua;
    struct rp_rtp *rtp[RP_LINES]; /* the first is at the port of the options */
    struct rp_control *control;
    struct rp_registration *registration;
    struct rp_call *calls; /* the latest first */
    struct rp_services services;
    char address[512]; /* From and To of the account: "name" <sip:user@host> */
    char server[192];  /* registrar and proxy: sip:host:port */
    char contact[256]; /* <sip:user@ip:port>, with ;transport=tcp where that is so */
    int signalled;     /* the signal that made it quit; 0: none */
    bool quitting;
    bool restarting;      /* quits in order to be started anew */
    bool shutting_down;   /* nua_shutdown was called */
    bool shut_down;       /* and has ended: nua may be destroyed */
    su_timer_t *deadline; /* runs while quitting */
};

/* Opens sockets and the stack; `root` stays the caller's. Returns 0, or -1 after logging why. */
int rp_phone_init(struct rp_phone *phone, const struct rp_options *options, su_root_t *root);

/* Ends calls and registration, then breaks out of the root's loop; within about a second whatever
 * the network does. A second call changes nothing. */
void rp_phone_quit(struct rp_phone *phone);

/* Whether this is a 5xx with a Retry-After: of less than 32 s the stack tells it with status 100,
 * as it means to repeat the request by itself. */
bool rp_is_retry_after(sip_t const *sip);

/* To be called when a call or the registration has come to its end: quitting may go on. */
void rp_phone_settle(struct rp_phone *phone);

void rp_phone_release(struct rp_phone *phone);

#endif
