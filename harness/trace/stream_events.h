/*
 * trace/stream_events.h - the telephone events of a stream, one by one. RFC 4733
 *
 * Uses: trace/streams.h. Private to trace/.
 */
#ifndef OH_TRACE_STREAM_EVENTS_H
#define OH_TRACE_STREAM_EVENTS_H

#include "trace/streams.h"

/* Could this packet be of a telephone event: a dynamic payload type (RFC 3551 6), four bytes? */
bool oh_stream_has_event_form(const struct oh_trace_rtp *packet);

/* Takes a packet into the events of its stream, if it could be of one. `room` is that of
 * `stream->events`; `follows`: the packet with the sequence number before was the newest till now.
 */
void oh_stream_events_take(struct oh_stream *stream, size_t *room, const struct oh_trace_rtp *p,
                           bool follows);

#endif
