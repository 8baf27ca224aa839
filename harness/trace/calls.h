/*
 * trace/calls.h - a capture of any length, cut into one small trace for each call of each user
 * agent.
 *
 * Why: a verdict on half a million messages must cost neither half a million messages of memory nor
 * a judge of its own. Messages are gathered by Call-ID (RFC 3261 8.1.1.4: one for all requests and
 * responses of a dialog, and for a user agent's registrations). When a call is over and quiet, or
 * room is needed, or the capture ends, its messages are handed out as traces, one for each user
 * agent that took part: only what that one sent and got, itself as the phone (`from_phone`,
 * `to_phone`), linked as ever. So a call through a proxy, captured on both sides, is two calls of
 * two phones, and the same rules hold as after a run.
 *
 * A message that no call begins with (a response, an ACK, a CANCEL, a request with a To tag) and
 * whose Call-ID was not seen before joins the call that it is of by all else, between the same two
 * ends: by branch, From tag and CSeq number within 64*T1, or a request by both tags of a dialog
 * that stands. Its Call-ID is wrong, and a rule is to see that.
 *
 * Who is a user agent and who only passes on is trace/endpoints.h's. Whose side is worth a trace is
 * said by `wanted`; what an endpoint is may come out later, so ask again at the end.
 *
 * A call is over when no dialog of an INVITE is open (BYE) and every request is answered; it is
 * then kept until it was quiet for `quiet_ms` of the capture's time. One whose requests nobody
 * answered is given up after another 64*T1. What comes later with its Call-ID begins a new call,
 * which `begins_within`: registrations and subscriptions come so, one refresh after another. For
 * want of room those that are over go first, then those that were silent longest.
 *
 * Seats: each endpoint is one, named by its address (`from_seat`, `to_seat`: names of the
 * endpoints), so that both ports of a phone and all its connections are one party. Messages of a
 * view are the phone's own and those to it; what is for its peers to answer for is not judged.
 *
 * Links are made within a call: a request that was sent again after a challenge with another
 * Call-ID is not seen as a retry. What reaches over calls stands in `before` of its messages.
 *
 * Invariants: memory is bounded by `limits`; what had to be handed out before its time is counted
 * and says so (`cut`). Every message of a wanted endpoint is handed out to it, in one call, in the
 * order of the capture. RTP is kept as streams (trace/streams.h), never packet by packet; a view
 * has those of the whole call.
 *
 * Uses: trace/trace.h, trace/endpoints.h, trace/streams.h.
 */
#ifndef OH_TRACE_CALLS_H
#define OH_TRACE_CALLS_H

#include "trace/endpoints.h"
#include "trace/trace.h"

struct oh_calls;

struct oh_calls_limits {
    size_t bytes;         /* of all calls that are kept; 0: 32 MiB */
    size_t call_messages; /* of one; 0: 2,000. More: it is handed out in pieces */
    int64_t quiet_ms;     /* a call that is over waits this long for what is late; 0: 64*T1 */
    /* Is a trace of this endpoint's side wanted? NULL: of each that is not known as a proxy, as a
     * registrar or as "others", and has sent something (oh_endpoint_is_user_agent, asked when a
     * call is handed out). Who names phones by address says so here. */
    bool (*wanted)(const struct oh_endpoint *e, void *arg);
    void *wanted_arg;
};

/* One call of one user agent. */
struct oh_call {
    struct oh_trace *trace;          /* linked; borrowed, for the time of the handing-out */
    const struct oh_endpoint *phone; /* whose side it is */
    int64_t until_ns;   /* watched until then: what had not come by then may still come */
    bool begins_within; /* its first messages are not in the capture: it was there before */
    bool cut;           /* handed out before it was over; or the capture ended so */
    /* Only what it sent is in the capture, or only what it got, and of the peer nothing has shown
     * till now that the other direction is captured at all. */
    bool one_sided;
    bool lost; /* evidence of its time may be missing: see oh_calls_lost */
};

typedef void oh_calls_ready_fn(const struct oh_call *call, void *arg);

/* `endpoints` is borrowed, and told of each message. */
struct oh_calls *oh_calls_new(const struct oh_calls_limits *limits, struct oh_endpoints *endpoints,
                              oh_calls_ready_fn *fn, void *arg);
void oh_calls_free(struct oh_calls *c); /* NULL is fine */

/* One SIP message, in the order of the capture. False: the bytes are none. */
bool oh_calls_message(struct oh_calls *c, unsigned frame, int64_t time_ns,
                      const struct oh_addr *src, const struct oh_addr *dst,
                      enum oh_transport transport, struct oh_span bytes);
/* A UDP datagram that is no SIP. True if it was RTP or RTCP of a call: to or from an address that a
 * session description of that call named. */
bool oh_calls_datagram(struct oh_calls *c, unsigned frame, int64_t time_ns,
                       const struct oh_addr *src, const struct oh_addr *dst, struct oh_span bytes);
/* The capture lacks something from here on back (cut frames, gaps): calls that are open then have
 * lost evidence. */
void oh_calls_lost(struct oh_calls *c);
/* No more: hands out what is left. Once. */
void oh_calls_end(struct oh_calls *c);

struct oh_calls_counts {
    size_t messages, calls;
    size_t cut;        /* calls that were handed out before they were over, for want of room */
    size_t peak_bytes; /* most that was kept at once */
    size_t without_id; /* messages without a Call-ID: each is a call of its own */
    size_t views;      /* traces handed out */
    size_t media;      /* RTP and RTCP packets of calls */
    size_t evicted;    /* facts across calls that were forgotten for want of room */
};
struct oh_calls_counts oh_calls_counts(const struct oh_calls *c);

#endif
