/*
 * trace/tcp_order.h - one direction of a TCP connection: segments as a capture has them into bytes
 * in the order of the stream. RFC 9293 3.4.
 *
 * Takes away what came twice, waits for what came early, and gives up what never comes: when the
 * receiver acknowledged it and some time has passed (a capture may show an acknowledgement before
 * the segment), when too much waits, or when the owner says that nothing more can come.
 *
 * Invariants: each byte of the stream is given once at most, in order; nothing waits that could be
 * given; OH_TCP_WAITING_BYTES and OH_TCP_WAITING_SEGMENTS bound what waits.
 *
 * Private to trace/. Uses: trace/packet.h.
 */
#ifndef OH_TRACE_TCP_ORDER_H
#define OH_TRACE_TCP_ORDER_H

#include "trace/packet.h"

#define OH_TCP_WAITING_BYTES    ((size_t)1 << 20)
#define OH_TCP_WAITING_SEGMENTS 1024

/* What is given: the next bytes, and how many behind them are lost. Either may be none. */
struct oh_tcp_bytes {
    struct oh_span bytes;
    unsigned frame;  /* that carried them */
    int64_t time_ns; /* when the receiver could have them: its stamp, or, having waited, the later
                        one of the segment waited for */
    uint64_t gap;
};
typedef void oh_tcp_bytes_fn(const struct oh_tcp_bytes *b, void *arg);

/* A sequence number that was told: the first time and at last. */
struct oh_tcp_told {
    bool any;
    uint32_t first, last;
    int64_t since_ns;
};

/* Zeroed is a direction of which nothing is known. */
struct oh_tcp_order {
    bool begun;                      /* `next` is known */
    bool has_isn;                    /* from its SYN */
    bool has_end, ended;             /* its FIN was seen / reached */
    uint32_t isn, next, end;         /* `end`: the FIN's own number */
    struct oh_tcp_told acknowledged; /* by the other side */
    struct oh_tcp_told sent;         /* up to here, says its sender */
    struct oh_tcp_waiting *waiting;  /* owned; in the order of the stream */
    size_t waiting_count, waiting_room, waiting_bytes;
};

void oh_tcp_order_release(struct oh_tcp_order *o); /* zeroes it; what waits is gone */

/* The direction begins behind this SYN. */
void oh_tcp_order_begin(struct oh_tcp_order *o, uint32_t isn);

/* A segment of this direction, SYN and RST apart: its bytes, if any, and its FIN. */
void oh_tcp_order_add(struct oh_tcp_order *o, const struct oh_packet *segment, oh_tcp_bytes_fn *fn,
                      void *arg);
/* A segment of the other direction acknowledged this one up to `ack`. */
void oh_tcp_order_acknowledge(struct oh_tcp_order *o, uint32_t ack, int64_t time_ns,
                              oh_tcp_bytes_fn *fn, void *arg);
/* What is missing will not come any more: gives what waits, with its gaps. */
void oh_tcp_order_give_up(struct oh_tcp_order *o, oh_tcp_bytes_fn *fn, void *arg);
/* Nothing more will come at all: gives what waits, with its gaps, and tells the bytes that were
 * sent or acknowledged and never captured as a last gap. */
void oh_tcp_order_settle(struct oh_tcp_order *o, oh_tcp_bytes_fn *fn, void *arg);

/* The segment lies so far from where the direction is that it must be another connection's. */
bool oh_tcp_order_is_far(const struct oh_tcp_order *o, uint32_t sequence);

#endif
