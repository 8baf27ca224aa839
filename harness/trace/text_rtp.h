/*
 * trace/text_rtp.h - bursts of RTP packets in the readable text of a trace (trace/trace.h).
 *
 * A line says what its packets have, in words and numbers; what it does not say goes on from the
 * line before: the sequence number and the timestamp by their steps, the rest as it was.
 *
 * Uses: base/.
 */
#ifndef OH_TRACE_TEXT_RTP_H
#define OH_TRACE_TEXT_RTP_H

#include "base/span.h"

#include <stdint.h>

enum { OH_TEXT_RTP_MAX = 1500 };

/* In order of the words of oh_text_rtp_line. */
struct oh_text_rtp {
    uint64_t packets, every_us, version, type, sequence, sequence_step, timestamp, timestamp_step;
    uint64_t ssrc, length, event, volume, duration, duration_step, csrcs, padding;
    bool marker, end, is_event;
};

/* Before the first line: one packet each 20 ms, version 2, 160 bytes, steps of 1 and 160. */
void oh_text_rtp_begin(struct oh_text_rtp *r);
/* Takes in a line. NULL, or what is wrong with `bad`, a word of it. */
const char *oh_text_rtp_line(struct oh_text_rtp *r, struct oh_span line, struct oh_span *bad);
/* The next packet, and all steps made behind it; its length. */
size_t oh_text_rtp_next(struct oh_text_rtp *r, unsigned char out[OH_TEXT_RTP_MAX]);

#endif
