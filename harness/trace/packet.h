/*
 * trace/packet.h - one captured frame after another into UDP datagrams and TCP segments.
 *
 * Takes off the link layer, the IPv4 or IPv6 header with options and extension headers, and tunnels
 * (trace/layers.h), puts fragments together (trace/fragments.h), and gives the payload with its two
 * addresses, which are those of the innermost IP header. Used for live packets and for capture
 * files alike, so both see the same. What segments make together is trace/tcp.h's.
 *
 * Invariants: bytes of the wire are never trusted (every length is held against what is there);
 * memory is bounded by trace/fragments.h; at most OH_PACKET_MOST_IP headers stand in one another.
 *
 * Private to trace/. Uses: base/.
 */
#ifndef OH_TRACE_PACKET_H
#define OH_TRACE_PACKET_H

#include "base/addr.h"

#define OH_PACKET_MOST_IP 8

enum oh_packet_kind {
    OH_PACKET_OTHER, /* neither UDP nor TCP: another protocol, or damaged headers */
    OH_PACKET_PART,  /* a fragment, kept until its datagram is whole */
    OH_PACKET_CUT,   /* UDP, or a TCP header, of which the capture holds only the beginning (snap
                        length) */
    OH_PACKET_UDP,
    OH_PACKET_TCP
};

/* RFC 9293 3.1 */
enum { OH_TCP_FIN = 1, OH_TCP_SYN = 2, OH_TCP_RST = 4, OH_TCP_ACK = 16 };

struct oh_packet {
    unsigned frame;  /* the one that carries it; of several fragments the one seen first */
    int64_t time_ns; /* that frame's */
    struct oh_addr src, dst;
    struct oh_span bytes; /* the payload; valid until the next oh_packets_add */
    /* TCP only */
    uint32_t sequence, acknowledgement;
    unsigned tcp_flags;
    size_t missing; /* payload behind `bytes` that the capture does not hold (snap length) */
};

struct oh_packets; /* the decoder and its unfinished datagrams */

/* `link` is the capture's link layer as pcap_datalink tells it. NULL where it is none of those of
 * trace/layers.h. */
struct oh_packets *oh_packets_new(int link);
void oh_packets_free(struct oh_packets *p); /* NULL is fine */

/* The link layer of the frames that follow. False where it is not read; all is then as before. */
bool oh_packets_set_link(struct oh_packets *p, int link);

/* One frame, as much as was captured of it. Fills `out` where it returns OH_PACKET_UDP or
 * OH_PACKET_TCP, and only then. */
enum oh_packet_kind oh_packets_add(struct oh_packets *p, unsigned frame, int64_t time_ns,
                                   struct oh_span bytes, struct oh_packet *out);

/* How many datagrams were begun and given up so far: fragments missing, or contradicting. */
size_t oh_packets_given_up(const struct oh_packets *p);
/* Those, and the ones whose fragments still wait. */
size_t oh_packets_unfinished(const struct oh_packets *p);

#endif
