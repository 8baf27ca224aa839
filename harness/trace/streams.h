/*
 * trace/streams.h - RTP packets into streams, so that an hour of talk costs a few hundred bytes.
 *
 * A stream is what one source sent to one destination with one SSRC (RFC 3550 3). Its packets are
 * kept as runs: stretches with one payload type, without a pause of more than OH_STREAM_PAUSE_MS.
 * A rule on media asks when there was RTP, of which type, from where to where, and whether its
 * numbers went on as they must; never for single packets. Telephone events (RFC 4733) are kept one
 * by one, since each has a form of its own.
 *
 * Who may hear what, and which payload type means what, the session descriptions say, not this
 * file: an "event" here is what could be one by its form.
 *
 * Invariants: memory is bounded (OH_STREAMS_MAX for each call; OH_STREAM_RUNS for each stream,
 * later ones grow the last run and `merged` says so; OH_STREAM_EVENTS, of later ones `more_events`
 * says that there were some). Packets captured twice (same sequence number, timestamp and bytes
 * within 10 ms) are one.
 *
 * Of frames: the first that shows a thing; 0: it was not seen. Where the capture lacks packets,
 * numbers step as if the network had lost them: ask `lost`, and oh_rule_evidence_lost.
 *
 * Uses: base/, trace/rtp.h.
 */
#ifndef OH_TRACE_STREAMS_H
#define OH_TRACE_STREAMS_H

#include "trace/rtp.h"

#define OH_STREAM_PAUSE_MS 200
#define OH_STREAM_LATE_MS  60
#define OH_STREAM_RUNS     64
#define OH_STREAM_EVENTS   64
#define OH_STREAMS_MAX     64

struct oh_stream_run {
    uint8_t payload_type;
    bool marked; /* its first packet has the marker bit */
    unsigned first_frame, last_frame;
    int64_t first_ns, last_ns;
    int64_t late_ns; /* what its gaps are longer than OH_STREAM_LATE_MS: its sender was held up */
    uint16_t first_sequence, last_sequence;
    uint32_t first_timestamp, last_timestamp;
    uint32_t packets;
    /* How the timestamp went on where the sequence number went on by one within the run: `step` is
     * how most often, of `steps` so looked at; `odd_steps` of them otherwise, `odd_step_frame` the
     * first of these. A run of audio has one step (RFC 3550 5.1), of video often none. */
    uint32_t step, steps, odd_steps;
    unsigned odd_step_frame;
};

/* Packets with payloads of four bytes, one dynamic payload type and one timestamp: what a telephone
 * event is made of, RFC 4733 2.3, 2.5.1. All but the counts by sequence number, not by arrival. */
struct oh_stream_event {
    uint8_t payload_type, code, volume; /* of the first packet */
    bool reserved_bit;                  /* the R bit was set in some packet: 2.3.3 */
    /* The packet before its first one, by sequence number, was seen: the first one is the first. */
    bool begin_seen;
    bool marked;      /* the first packet has the marker bit: 2.5.1.2 */
    bool gaps;        /* sequence numbers within it are missing */
    bool interleaved; /* other packets of the stream came between */
    /* The packet before it is one of another event of this type and code that had no end yet: a
     * later segment of a long event (2.5.1.3) - or a timestamp that did not stay. */
    bool goes_on;
    uint32_t timestamp;
    unsigned first_frame, last_frame;
    int64_t first_ns, last_ns;
    uint16_t first_duration, last_duration;
    uint16_t first_sequence, last_sequence;
    uint32_t packets, ends;     /* of which with the E bit: 2.3.2, 2.5.1.4 */
    unsigned marked_late_frame; /* a later packet with the marker bit */
    unsigned shorter_frame;     /* a packet with a smaller duration than one before it: 2.5.1.2 */
    unsigned code_frame;        /* a packet with another event code */
    unsigned open_frame;        /* a packet without E behind one with it */
    unsigned end_frame;         /* the first packet with E */
    unsigned end_differs_frame; /* a later packet with E and another duration */
};

struct oh_stream {
    struct oh_addr src, dst;
    uint32_t ssrc;
    unsigned first_frame, last_frame;
    int64_t first_ns, last_ns;
    uint16_t first_sequence;
    uint32_t first_timestamp;
    struct oh_stream_run *runs; /* in order of time; owned */
    size_t run_count;
    bool merged;
    uint32_t packets, duplicates; /* duplicates are not among the packets */
    /* By sequence numbers: the network's doing, or the capture's. */
    uint32_t lost, reordered;
    /* The number went on by more than 3,000, or back by more than 100, from one packet to the next
     * without a pause between them (RFC 3550 A.1). */
    unsigned sequence_jump_frame;
    unsigned same_sequence_frame;   /* a number again, with other bytes, within a second */
    unsigned repeated_frame;        /* a number again, with the same bytes, 10 ms to 1 s later */
    unsigned timestamp_back_frame;  /* a later packet (by number) with an earlier timestamp; not
                                       where one of the two is of an event, which keeps its first */
    unsigned malformed_frame;       /* see trace/rtp.h */
    struct oh_stream_event *events; /* in order of their first packets; owned */
    size_t event_count;
    bool more_events;
};

/* RTCP from one source to one destination: RFC 3550 6. */
struct oh_stream_rtcp {
    struct oh_addr src, dst;
    unsigned first_frame, last_frame;
    int64_t first_ns, last_ns;
    uint32_t packets;
};

struct oh_streams; /* those of one call, or of one run */
struct oh_streams *oh_streams_new(void);
void oh_streams_free(struct oh_streams *s); /* NULL is fine */

enum oh_stream_kind { OH_STREAM_NONE, OH_STREAM_RTP, OH_STREAM_RTCP };

/* Takes a datagram in, in the order of the capture. NONE: it is neither. */
enum oh_stream_kind oh_streams_add(struct oh_streams *s, unsigned frame, int64_t time_ns,
                                   const struct oh_addr *src, const struct oh_addr *dst,
                                   struct oh_span bytes);
/* The same for a packet that was read (trace/rtp.h), with frame, time and addresses. */
void oh_streams_take(struct oh_streams *s, const struct oh_trace_rtp *packet);

size_t oh_streams_count(const struct oh_streams *s); /* 0 for NULL */
const struct oh_stream *oh_streams_at(const struct oh_streams *s, size_t index);
size_t oh_streams_rtcp_count(const struct oh_streams *s); /* 0 for NULL */
const struct oh_stream_rtcp *oh_streams_rtcp_at(const struct oh_streams *s, size_t index);
/* Packets of streams beyond OH_STREAMS_MAX. */
size_t oh_streams_left_out(const struct oh_streams *s);
size_t oh_streams_bytes(const struct oh_streams *s); /* memory, for limits */

#endif
