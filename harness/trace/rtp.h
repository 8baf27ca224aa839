/*
 * trace/rtp.h - one RTP packet, its header read.
 *
 * What is kept is what rules on media ask for: numbers, the marker bit, and the four bytes that a
 * telephone event is (RFC 4733 2.3). The sound itself is let go.
 *
 * Uses: base/.
 */
#ifndef OH_TRACE_RTP_H
#define OH_TRACE_RTP_H

#include "base/addr.h"

#define OH_RTP_HEADER_LEN 12

struct oh_trace_rtp {
    unsigned frame;
    int64_t time_ns;
    struct oh_addr src, dst;
    uint8_t payload_type;
    bool marker;
    bool malformed; /* CSRCs, header extension or padding are more than the packet: RFC 3550 5.1 */
    bool has_event; /* the payload has four bytes or more, and they are known: */
    uint8_t event[4]; /* the first of them */
    uint16_t sequence;
    uint16_t payload_len; /* without padding */
    uint32_t timestamp, ssrc;
    uint64_t digest; /* of all its bytes: two packets of one digest are one and the same */
};

/* Reads a datagram; frame, time and addresses are left as they are. False: not RTP (RFC 3550 5.1:
 * version 2, payload type not 72..76, which are RTCP's 200..204). */
bool oh_rtp_parse(struct oh_span bytes, struct oh_trace_rtp *out);

/* Is it RTCP: version 2, packet type 200..207 (RFC 3550 12.1, RFC 4585 6.1, RFC 3611 2), a length
 * that it can have? */
bool oh_rtp_is_rtcp(struct oh_span bytes);

#endif
