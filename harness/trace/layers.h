/*
 * trace/layers.h - what stands before UDP and TCP in a frame: link layers, tags and labels, IP
 * headers, and the tunnels that carry one IP packet in another. One step at a time, without memory;
 * fragments are trace/fragments.h's, and how often to go on is trace/packet.h's.
 *
 * Invariants: every length is held against what is there.
 *
 * Private to trace/. Uses: base/.
 */
#ifndef OH_TRACE_LAYERS_H
#define OH_TRACE_LAYERS_H

#include "base/addr.h"

enum { OH_IP_TCP = 6, OH_IP_UDP = 17 };

/* The link layer of a DLT_ value; NULL where it is none of Ethernet, Linux cooked v1 and v2,
 * loopback (NULL, LOOP), raw IP, IPv4 and IPv6, PPP, PPPoE and Cisco HDLC. */
struct oh_link;
const struct oh_link *oh_link_of(int dlt);

/* Leaves the IP packet of a frame: takes off the link layer, VLAN tags (one behind another, too),
 * PPPoE, MPLS labels and SNAP. False where there is none. */
bool oh_link_strip(const struct oh_link *link, struct oh_span *bytes);

/* An IP packet taken apart; of its ports nothing is said. */
struct oh_ip {
    struct oh_addr src, dst;
    uint8_t protocol; /* of the payload, behind extension headers */
    struct oh_span payload;
    bool cut;       /* the capture has less of it than the header tells */
    size_t missing; /* how much less */
    bool fragment;
    bool more; /* fragments follow */
    uint32_t id;
    size_t from; /* where in the datagram this fragment's payload belongs */
};

/* False where it is damaged, or carries nothing that is read: neither UDP nor TCP, nor a tunnel. */
bool oh_ip_read(struct oh_span bytes, struct oh_ip *ip);
/* The extension headers before the payload of a datagram that was put together. False as above. */
bool oh_ip_skip_extensions(struct oh_ip *ip);

/* Is there an IP packet in it (RFC 2003, RFC 4213, RFC 2473: IP in IP; RFC 2784 and RFC 2890: GRE,
 * also with a whole Ethernet frame; RFC 4023: MPLS)? Then `inner` becomes that. */
bool oh_ip_unwrap(const struct oh_ip *ip, struct oh_span *inner);

#endif
