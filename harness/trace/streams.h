/*
 * trace/streams.h - RTP packets into streams, so that an hour of talk costs a few hundred bytes.
 *
 * A stream is what one source sent to one destination with one SSRC (RFC 3550 3). Its packets are
 * kept as runs: stretches with one payload type, without a pause of more than OH_STREAM_PAUSE_MS.
 * A rule on media asks when there was RTP, of which type, from where to where, and whether its
 * numbers went on as they must; never for single packets.
 *
 * Invariants: memory is bounded (OH_STREAM_RUNS for each stream; later ones grow the last run, and
 * `merged` says so). Packets captured twice (same sequence number, timestamp and bytes within
 * 10 ms) are one.
 *
 * Uses: base/.
 */
#ifndef OH_TRACE_STREAMS_H
#define OH_TRACE_STREAMS_H

#include "base/addr.h"

#define OH_STREAM_PAUSE_MS 200
#define OH_STREAM_RUNS     64

struct oh_stream_run {
    uint8_t payload_type;
    unsigned first_frame, last_frame;
    int64_t first_ns, last_ns;
    uint32_t packets;
};

struct oh_stream {
    struct oh_addr src, dst;
    uint32_t ssrc;
    struct oh_stream_run *runs; /* in order of time; owned */
    size_t run_count;
    bool merged;
    uint32_t packets, duplicates;
    /* What went wrong first, as RFC 3550 5.1 has it; frame 0: nothing. */
    uint32_t lost, reordered;      /* by sequence numbers: the network's doing, or the capture's */
    unsigned sequence_jump_frame;  /* the number went on by more than 3,000, or back by more than
                                      100, without a pause (RFC 3550 A.1) */
    unsigned timestamp_back_frame; /* a later packet with an earlier timestamp */
    unsigned events;               /* telephone-event packets (RFC 4733), see streams.c */
};

struct oh_streams; /* those of one call */
struct oh_streams *oh_streams_new(void);
void oh_streams_free(struct oh_streams *s); /* NULL is fine */

/* True if it was an RTP packet (RFC 3550 5.1: version 2, payload type not 72..76). */
bool oh_streams_add(struct oh_streams *s, unsigned frame, int64_t time_ns,
                    const struct oh_addr *src, const struct oh_addr *dst, struct oh_span bytes);

size_t oh_streams_count(const struct oh_streams *s);
const struct oh_stream *oh_streams_at(const struct oh_streams *s, size_t index);
size_t oh_streams_bytes(const struct oh_streams *s); /* memory, for limits */

#endif
