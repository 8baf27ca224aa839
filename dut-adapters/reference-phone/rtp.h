/*
 * G.711 over RTP: one socket, 20 ms packets of a test tone (RFC 3550, RFC 3551).
 */
#ifndef RP_RTP_H
#define RP_RTP_H

#include "sdp.h"

#include <sofia-sip/su_wait.h>

struct rp_rtp;

/* Called when the first packet of a session arrives. */
typedef void rp_rtp_heard(void *arg);

/* Binds the address; port 0 takes a free even one. Returns NULL with errno set on failure. */
struct rp_rtp *rp_rtp_new(su_root_t *root, const char *address, unsigned port);

unsigned rp_rtp_port(const struct rp_rtp *rtp);

/* Begins a session, or changes the one that runs. `heard` is called at most once per session. */
void rp_rtp_start(struct rp_rtp *rtp, const struct rp_media *media, rp_rtp_heard *heard, void *arg);

/* Ends the session; no packet is sent after this. */
void rp_rtp_stop(struct rp_rtp *rtp);

void rp_rtp_free(struct rp_rtp *rtp);

#endif
