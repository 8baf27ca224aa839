/*
 * sip/sdp.h - the little of SDP that playing a call needs: what the other side offers, and our
 * answer.
 *
 * Parsed by Sofia's sdp parser. RFC 4566, RFC 3264.
 *
 * Uses: sip/message.h, base/addr.h.
 */
#ifndef OH_SIP_SDP_H
#define OH_SIP_SDP_H

#include "base/addr.h"
#include "sip/message.h"

#define OH_SDP_MAX_FORMATS 32

/* Can these bytes be given to Sofia's parser? 1.12.11 never returns, and eats all memory, on an m=
 * line whose formats are no tokens (RFC 4566 9), so every sdp_parse in the room
 * asks first. True says nothing about the rest of the body. */
bool oh_sdp_is_harmless(struct oh_span body);

enum oh_sdp_direction { OH_SDP_SENDRECV, OH_SDP_SENDONLY, OH_SDP_RECVONLY, OH_SDP_INACTIVE };

struct oh_sdp_audio {                     /* the first audio stream */
    struct oh_addr address;               /* connection and port; port 0: refused or none */
    unsigned formats[OH_SDP_MAX_FORMATS]; /* payload types in order */
    char names[OH_SDP_MAX_FORMATS]
              [24]; /* "PCMU/8000" by rtpmap or RFC 3551's static table, else "" */
    size_t format_count;
    enum oh_sdp_direction direction;
    bool on_hold_2543; /* c= 0.0.0.0 */
};

/* Lenient (the judge has rules for what SDP must have): lines that RFC 4566 demands may be missing.
 * Formats beyond OH_SDP_MAX_FORMATS are left out; an address that is a name leaves `address.family`
 * none. -1 with a sentence where the body is no SDP or has no audio stream. */
int oh_sdp_audio_parse(struct oh_span body, struct oh_sdp_audio *out, struct oh_error *e);

struct oh_sdp_local {
    struct oh_addr rtp; /* our RTP address and port */
    uint64_t session_id, version;
    const unsigned
        *formats; /* what we can do, best first; static types and 101 = telephone-event/8000 */
    size_t format_count;
    enum oh_sdp_direction direction;
    struct oh_addr connection; /* what c= says instead of rtp's address; family none: nothing */
};
/* One audio stream, "RTP/AVP"; appended to `out`. */
void oh_sdp_offer_format(const struct oh_sdp_local *local, struct oh_text *out);

/* A new offer in a session that has one, RFC 3264 8: as many m-lines as in `before`, our latest
 * description of either kind, in the same order. Its first audio stream is offered anew, with the
 * formats that it had and their payload numbers (8.3.2) unless `local` names others; all else stays
 * refused. Appended to `out`. -1, `out` unchanged: `before` is not SDP or has no audio stream. */
int oh_sdp_reoffer_format(struct oh_span before, const struct oh_sdp_local *local,
                          struct oh_text *out, struct oh_error *e);

/* RFC 3264 6: same number of m-lines in the same order; the first RTP/AVP audio stream with a codec
 * that we can do is answered with those of the offer's formats that we can do, in the offer's order
 * and with its payload numbers; all others are refused with port 0. Dynamic types are matched by
 * name. The direction is the offer's mirrored, less what `local->direction` does not allow. The t=
 * line is the offer's. Appended to `out`. An offer without streams, or whose streams all have port
 * 0, is answered alike. -1, `out` unchanged: nothing in common (488), or not SDP. */
int oh_sdp_answer_format(struct oh_span offer, const struct oh_sdp_local *local,
                         struct oh_text *out, struct oh_error *e);

#endif
