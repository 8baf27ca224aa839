/*
 * Offers and answers (RFC 3264): one audio stream, PCMU and PCMA, with telephone-event.
 */
#ifndef RP_SDP_H
#define RP_SDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* This side of a session. */
struct rp_sdp_local {
    const char *address; /* numeric */
    unsigned rtp_port;
    uint32_t session_id; /* one per call */
    uint32_t version;    /* one more for each changed description */
};

/* What an exchange agreed on. */
struct rp_media {
    struct sockaddr_storage remote; /* where RTP is to go */
    socklen_t remote_len;
    uint8_t payload_type; /* to send with */
    bool pcma;            /* A-law, else mu-law */
    bool send;            /* direction and address allow us to send */
};

/* Writes an offer; returns its length. The buffer should hold 1024 bytes. */
size_t rp_sdp_offer(char *to, size_t size, const struct rp_sdp_local *local);

/* Writes the answer to an offer: the intersection in the offerer's order and with its payload types
 * (RFC 3264 6.1), streams that this phone cannot carry refused by port 0. Fills media.
 * Returns the length, 0 if no stream is possible, -1 if the offer is not SDP or does not fit. */
int rp_sdp_answer(char *to, size_t size, const struct rp_sdp_local *local, const char *offer,
                  size_t offer_len, struct rp_media *media);

/* Reads the answer to an offer of rp_sdp_offer. Returns 0, or -1 if it gives no usable stream. */
int rp_sdp_read_answer(const char *answer, size_t len, struct rp_media *media);

#endif
