/*
 * trace/trace.h - what was on the wire, in order: SIP messages and RTP packets, linked to one
 * another.
 *
 * A trace is made by a source (capture file, live recording, tap, readable text) adding packets,
 * and is then frozen by oh_trace_link, which finds retransmissions, answers and transactions. The
 * judge reads it only.
 *
 * Links are by *best fit*, never by trust: a response whose branch was changed is still linked to
 * the request that it fits best, so that the rule about branches can speak and others need not.
 *
 * Invariants: messages stand in the order of `time_ns` (equal times: in order of arrival); `index`
 * is the place in the array; all links are indices of the same array or -1 (OH_NONE). Messages that
 * the tap knows stand in the tap's order among themselves, even where capture stamps disagree with
 * it (trace/order.h). A repeat or duplicate has the links of its first sending; the links of others
 * point to first sendings only.
 *
 * Uses: base/, sip/.
 */
#ifndef OH_TRACE_TRACE_H
#define OH_TRACE_TRACE_H

#include "base/addr.h"
#include "sip/message.h"
#include "trace/streams.h"

/* What the sender of a request did before, in other calls of the same recording (trace/ledger.h).
 * Frames of the earlier messages; 0: none is known. */
struct oh_before {
    /* A request with another Call-ID and the same branch in its topmost Via. RFC 3261 8.1.1.7 */
    unsigned branch_frame;
    /* Requests with another Call-ID and the same nonce for the same user: the highest count of
     * theirs. Also where this request has several credentials: of the first that is found. RFC 7616
     * 3.4 */
    unsigned nonce_frame;
    uint32_t nonce_count;
    /* REGISTER: the latest of the same address-of-record at the same registrar (Request-URI), with
     * another Call-ID / with the same Call-ID and its CSeq number. The latter is told though it may
     * stand in the same trace: a long row of registrations comes in pieces. RFC 3261 10.2 */
    unsigned register_frame;
    unsigned register_cseq_frame;
    uint32_t register_cseq;
};

struct oh_trace_msg {
    int index;
    unsigned frame;  /* first frame of the capture that carries it, from 1; 0: not in the capture */
    int64_t time_ns; /* wall clock: the capture's stamp, else the tap's */
    struct oh_addr src, dst;
    enum oh_transport transport;
    struct oh_sip_msg *sip; /* owned by the trace */

    /* which side, by oh_trace_seats; NULL: an address that belongs to no seat */
    const char *from_seat, *to_seat; /* names borrowed from the seats given */
    bool from_phone, to_phone;

    /* reconciliation with the tap (trace/run.h) */
    int tap;       /* entry of the run's tap; OH_NONE: no socket of ours sent or got it - a stray */
    bool tap_only; /* our sockets know it, the capture lacks it */

    /* links, by oh_trace_link */
    int duplicate_of; /* the same packet captured twice (bridge, "any"): the first one. Not a
                         retransmission */
    /* Sent again: the first sending (byte-equal, same source and destination; over TCP whatever the
     * ports: a repeat may come on another connection). Over UDP that is a retransmission by timer.
     * Over TCP no transaction repeats by timer (RFC 3261 17.1.1.2, 17.1.2.2, 17.2.1); there it is
     * the core that sent it again, which it must until the ACK for a 2xx to INVITE (13.3.1.4) and
     * for each such 2xx with the ACK (13.2.2.4). Segments that TCP itself repeats are never two
     * messages. */
    int repeat_of;
    int request;   /* response: its request. CANCEL: the request it cancels. ACK: the INVITE it
                      belongs to */
    int answered;  /* ACK: the final response that it fits best */
    int retry_of;  /* request sent again after a 401/407 (other CSeq or branch): the refused request
                    */
    int challenge; /* with retry_of: that 401/407 */
    int final;     /* request: its (first) final response */
    int ack;       /* final response to INVITE: its first ACK */

    struct oh_before before; /* by oh_trace_link; of a capture's calls by trace/calls.h */
};

/* An address and whose it is. */
struct oh_seat_address {
    const char *seat;
    bool is_phone;
    /* Matched with the port, else by address alone if no other seat shares it: phones always (a
     * phone may send from another port, RFC 3261 18.1.1 and 18.2.1), others on TCP, where who opens
     * a connection does so from any port. */
    struct oh_addr sip;
    struct oh_addr rtp; /* ours; zero for phones */
};

struct oh_trace {
    struct oh_trace_msg *msgs;
    size_t msg_count, msg_room;
    struct oh_trace_rtp *rtp; /* packets between seats only */
    size_t rtp_count, rtp_room;
    /* The same as streams, made of `rtp` by oh_trace_link; of a foreign capture, which has no
     * `rtp`, put there before. Owned; NULL: no RTP. */
    struct oh_streams *streams;
    bool borrows_messages; /* their `sip`, and `streams`, belong to somebody else */
    bool knows_before;     /* `before` of its messages is filled in: oh_trace_link leaves it */
    size_t frames;         /* of the capture file that was read, whatever they held */
    size_t skipped; /* packets that were neither SIP (counted by the source) nor RTP of a seat; on
                       TCP segments with bytes of what is no SIP, stretches of noise in what is */
};

struct oh_trace *oh_trace_new(void);
void oh_trace_free(struct oh_trace *t);

/* A message that nothing is known of yet but where it came from. */
struct oh_trace_msg oh_trace_msg_of(unsigned frame, int64_t time_ns, const struct oh_addr *src,
                                    const struct oh_addr *dst, enum oh_transport transport,
                                    struct oh_sip_msg *sip);
/* Adds a datagram or a cut-out message in any order of time. Takes no ownership. Returns the new
 * message, valid until the next call, or NULL where the bytes are no SIP message. */
struct oh_trace_msg *oh_trace_add(struct oh_trace *t, unsigned frame, int64_t time_ns,
                                  const struct oh_addr *src, const struct oh_addr *dst,
                                  enum oh_transport transport, struct oh_span bytes);
/* True if it was an RTP packet (RFC 3550 5.1: version 2, payload type not 72..76) and was added. */
bool oh_trace_add_rtp(struct oh_trace *t, unsigned frame, int64_t time_ns,
                      const struct oh_addr *src, const struct oh_addr *dst, struct oh_span bytes);

/* Says whose each message is. The seats' names must outlive the trace. A seat without a port
 * (check's --phone-address IP) is matched by address. RTP with neither end at the address of a seat
 * is dropped and counted as skipped. */
void oh_trace_seats(struct oh_trace *t, const struct oh_seat_address *seats, size_t count);

/* Sorts by time, numbers, and links (above); makes the streams. Called once, after the last add.
 * Linear in the number of messages for calls of ordinary size. */
void oh_trace_link(struct oh_trace *t);

/* Readable text, for tests and for people; one message after another:
 *   # comment
 *   0.012 127.0.0.2:5060 -> 127.0.0.1:5060        ("udp", "tcp" or "tls" may follow)
 *   INVITE sip:... SIP/2.0        (lines end in LF in the file, CRLF in the message; body after the
 * empty line) .                              (a lone dot ends the message) Escapes inside: \r \n \0
 * \xNN \\ ; Content-Length: * is replaced by the true length. A dot alone on a line of the message
 * is written \x2e. Frames are numbered on from those in the trace. -1 with the place; messages
 * before it stay added.
 * RTP packets stand there so, a line for some of them each (what a line does not say goes on from
 * the one before, words in trace/text_rtp.c):
 *   0.512 127.0.0.2:4000 -> 127.0.0.3:4000 rtp
 *   packets 50 type 0 sequence 7 timestamp 160 timestamp-step 160 ssrc 1001 length 160 marker
 *   packets 5 type 101 event 5 duration 160 timestamp-step 0 duration-step 160 marker
 *   packets 3 event 5 duration 960 duration-step 0 end
 *   .
 * 20 ms lie between two packets, or `every-us` so many microseconds. */
int oh_trace_read_text(struct oh_trace *t, const char *file, struct oh_span text,
                       struct oh_error *e);

#endif
