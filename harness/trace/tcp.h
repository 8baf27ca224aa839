/*
 * trace/tcp.h - TCP segments, as a capture has them, into the SIP messages that connections
 * carried.
 *
 * Each direction is put in order (trace/tcp_order.h) and cut by sip/stream.h, as our own
 * connections are, so that both see the same messages. Which connections are SIP at all: see
 * trace/capture.h. A SYN with a number of its own, or a segment far from all others, begins another
 * connection between the same ports. An RST ends waiting for what is missing, not the reading:
 * what was sent was on the wire.
 *
 * Behind a gap, and where the capture begins amid a connection, cutting goes on at the next start
 * line. That may stand in a body (message/sipfrag): a first message in whose header part another
 * start line stands is given from there on.
 *
 * A connection that was there before the capture and shows OH_TCP_LOOKED_AT bytes without a message
 * is not SIP.
 *
 * Invariants: memory is bounded: OH_TCP_CONNECTIONS, the one that was silent longest makes room,
 * and OH_TCP_HELD_BYTES of all that waits and is not whole: what the one holds that was silent
 * longest is given up, and counts as a gap.
 *
 * Private to trace/. Uses: trace/packet.h, sip/stream.h.
 */
#ifndef OH_TRACE_TCP_H
#define OH_TRACE_TCP_H

#include "trace/packet.h"

#define OH_TCP_CONNECTIONS 8192
#define OH_TCP_HELD_BYTES  ((size_t)8 << 20)
#define OH_TCP_LOOKED_AT   ((size_t)256 << 10)

struct oh_tcp;

struct oh_tcp_message {
    unsigned frame;  /* the first of those that carry it */
    int64_t time_ns; /* of the segment that made it whole */
    struct oh_addr src, dst;
    struct oh_span bytes; /* valid during the call */
};
typedef void oh_tcp_message_fn(const struct oh_tcp_message *m, void *arg);

/* `sip_at`: addresses with ports where SIP is listened for; copied. */
struct oh_tcp *oh_tcp_new(const struct oh_addr *sip_at, size_t count, oh_tcp_message_fn *fn,
                          void *arg);
void oh_tcp_free(struct oh_tcp *t); /* NULL is fine */

/* A segment (OH_PACKET_TCP), in the order of the capture. */
void oh_tcp_add(struct oh_tcp *t, const struct oh_packet *segment);
/* No more segments: what can still be cut is given, what is missing is counted. Once. */
void oh_tcp_end(struct oh_tcp *t);

/* Stretches of SIP connections that the capture lacks, as far as is known. */
size_t oh_tcp_gaps(const struct oh_tcp *t);
/* After oh_tcp_end. Segments with bytes on connections that are not SIP, and stretches of noise on
 * those that are. */
size_t oh_tcp_others(const struct oh_tcp *t);

#endif
