/*
 * sip/stream.h - a byte stream cut into SIP messages, as TCP carries them. RFC 3261 18.3, 7.5.
 *
 * Bytes go in as they come; pieces come out whole. A message ends where its Content-Length (in any
 * case, or compact "l") says; without one, or with one that is no number, a body cannot be told
 * from what follows (18.3: MUST be used on streams), so the message ends with its empty line.
 * CRLFs between messages are keep-alives (7.5: ignored; RFC 5626 3.5.1: CRLFCRLF is a ping, CRLF
 * its pong). What cannot begin a message is noise, cut up to where a start line follows a line end:
 * one bad message does not take the rest of the stream with it.
 *
 * Used by net/ (what our connections receive) and by trace/ (what a capture shows), so that both
 * cut the same bytes into the same messages. Knows nothing of sockets. Uses: base/.
 */
#ifndef OH_SIP_STREAM_H
#define OH_SIP_STREAM_H

#include "base/error.h"

struct oh_sip_stream;

enum oh_sip_cut {
    OH_SIP_CUT_NOTHING, /* the piece at the front is not whole yet */
    OH_SIP_CUT_MESSAGE,
    OH_SIP_CUT_KEEPALIVE, /* one CRLF or one CRLFCRLF */
    OH_SIP_CUT_NOISE,
};

/* A message larger than this is cut as noise: 1 MiB. */
#define OH_SIP_STREAM_MOST ((size_t)1 << 20)

struct oh_sip_stream *oh_sip_stream_new(void);
void oh_sip_stream_free(struct oh_sip_stream *s); /* NULL is fine */
/* As just made; only its room is kept. */
void oh_sip_stream_reset(struct oh_sip_stream *s);
void oh_sip_stream_add(struct oh_sip_stream *s, struct oh_span bytes);
/* Takes the next whole piece off the front. `piece` is valid until the next call with `s`. `offset`
 * (NULL is fine) becomes where in the stream it began, counted from 0. */
enum oh_sip_cut oh_sip_stream_next(struct oh_sip_stream *s, struct oh_span *piece,
                                   uint64_t *offset);
/* The stream has ended: what is held and cannot become whole any more; absent where nothing is.
 * Valid until the next call. */
struct oh_span oh_sip_stream_rest(struct oh_sip_stream *s, uint64_t *offset);
/* A gap: `len` bytes were lost. What is held is given up, cutting goes on at the next start line.
 */
void oh_sip_stream_skip(struct oh_sip_stream *s, uint64_t len);

#endif
