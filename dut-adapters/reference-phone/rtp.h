/*
 * G.711 over RTP: one socket, 20 ms packets of a test tone (RFC 3550, RFC 3551), with keys as
 * telephone events (RFC 4733). A phone has one for each call that it can have at a time.
 */
#ifndef RP_RTP_H
#define RP_RTP_H

#include "sdp.h"

#include <sofia-sip/su_wait.h>

struct rp_rtp;

/* What a session tells its call; called with `arg`. */
struct rp_rtp_events {
    void (*heard)(void *arg);               /* the first packet of the session arrived */
    void (*heard_key)(void *arg, char key); /* an event of the other side began */
    void (*pressed)(void *arg);             /* all keys are sent */
};

/* Binds the address; port 0 takes a free even one. Returns NULL with errno set on failure. */
struct rp_rtp *rp_rtp_new(su_root_t *root, const char *address, unsigned port);

unsigned rp_rtp_port(const struct rp_rtp *rtp);

/* Begins a session, or changes the one that runs. `events` must outlive the session. */
void rp_rtp_start(struct rp_rtp *rtp, const struct rp_media *media,
                  const struct rp_rtp_events *events, void *arg);

/* Sends the keys, 100 ms each, in place of the voice. Returns NULL, or a sentence saying why not.
 */
const char *rp_rtp_press(struct rp_rtp *rtp, const char *keys);

/* While muted, silence is sent in place of the tone. */
void rp_rtp_mute(struct rp_rtp *rtp, bool muted);

/* What `other` hears is added to what is sent here; NULL: no longer. */
void rp_rtp_mix(struct rp_rtp *rtp, struct rp_rtp *other);

/* The session goes on, but its call is told nothing more. */
void rp_rtp_forget(struct rp_rtp *rtp);

/* Ends the session; no packet is sent after this. */
void rp_rtp_stop(struct rp_rtp *rtp);

void rp_rtp_free(struct rp_rtp *rtp);

#endif
