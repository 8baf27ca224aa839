/*
 * Offers and answers (RFC 3264): one audio stream, PCMU and PCMA, with telephone-event.
 */
#ifndef RP_SDP_H
#define RP_SDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { RP_SDP_LINES = 8 };

/* This side of a session. Address, port, session_id and version are the caller's; the rest begins
 * as zeros and is kept by the functions below. */
struct rp_sdp_local {
    const char *address; /* numeric */
    unsigned rtp_port;
    uint32_t session_id; /* one per call */
    uint32_t version;    /* one more for each changed description */
    bool held;           /* by the user: nothing is to be received. The caller's */
    /* RFC 3264 8: later offers keep the media lines, and what a payload type means. */
    unsigned line_count; /* of the other side's last offer; 0: it has made none */
    unsigned audio_line;
    char refused[RP_SDP_LINES][96]; /* the other lines */
    uint8_t event_type;             /* of telephone-event in that offer; 0: not in it */
};

/* What an exchange agreed on. */
struct rp_media {
    struct sockaddr_storage remote; /* where RTP is to go */
    socklen_t remote_len;
    uint8_t payload_type; /* to send with */
    bool pcma;            /* A-law, else mu-law */
    bool send;            /* direction and address allow us to send */
    uint8_t event_type;   /* to send telephone-event with; 0: the other side takes none */
    uint16_t events;      /* the keys that it takes, a bit each: RFC 4733 3.2, events 0 to 15 */
};

/* Writes an offer with that direction ("sendrecv", "sendonly" ...); returns its length. The buffer
 * should hold 2048 bytes. */
size_t rp_sdp_offer(char *to, size_t size, const struct rp_sdp_local *local, const char *direction);

/* Writes the answer to an offer: the intersection in the offerer's order and with its payload types
 * (RFC 3264 6.1), streams that this phone cannot carry refused by port 0. Fills media.
 * Where `held`, the direction has no receiving in it.
 * Returns the length, 0 if no stream is possible, -1 if the offer is not SDP or does not fit. */
int rp_sdp_answer(char *to, size_t size, struct rp_sdp_local *local, const char *offer,
                  size_t offer_len, struct rp_media *media);

/* Reads the answer to an offer of rp_sdp_offer. Returns 0, or -1 if it gives no usable stream. */
int rp_sdp_read_answer(const struct rp_sdp_local *local, const char *answer, size_t len,
                       struct rp_media *media);

#endif
