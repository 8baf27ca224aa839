/*
 * trace/fragments.h - IPv4 and IPv6 fragments into datagrams. RFC 791 3.2, RFC 8200 4.5.
 *
 * Invariants: a datagram is given only where its content is beyond doubt: fragments that overlap
 * agree, and so do those that tell its end. Memory is bounded: at most OH_FRAGMENTS_MOST datagrams
 * and OH_FRAGMENTS_BYTES of them wait; the oldest makes room. Fragments whose stamps lie more than
 * 30 s apart do not belong together (the RFCs bound it at 60 s).
 *
 * A capture may show each fragment twice (bridge, "any"). What is left over of a datagram that was
 * whole a moment ago is no loss.
 *
 * Private to trace/. Uses: trace/layers.h.
 */
#ifndef OH_TRACE_FRAGMENTS_H
#define OH_TRACE_FRAGMENTS_H

#include "trace/layers.h"

#define OH_FRAGMENTS_MOST  256
#define OH_FRAGMENTS_BYTES ((size_t)4 << 20)

struct oh_fragments;

struct oh_fragments *oh_fragments_new(void);
void oh_fragments_free(struct oh_fragments *f); /* NULL is fine */

/* A fragment of `frame`. True if its datagram is whole now: then `ip` is that datagram, its payload
 * valid until the next one is, and `*frame` and `*time_ns` are those of the fragment seen first. */
bool oh_fragments_add(struct oh_fragments *f, struct oh_ip *ip, unsigned *frame, int64_t *time_ns);
/* The capture is at this time: gives up what waited too long. */
void oh_fragments_pass(struct oh_fragments *f, int64_t time_ns);

/* Datagrams given up so far: fragments missing, or contradicting one another. */
size_t oh_fragments_given_up(const struct oh_fragments *f);
/* Those, and what still waits. */
size_t oh_fragments_unfinished(const struct oh_fragments *f);

#endif
