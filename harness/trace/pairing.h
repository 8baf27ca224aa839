/*
 * trace/pairing.h - tap and capture side by side: which message of the trace is which tap entry.
 *
 * Paired are byte-equal messages of the same way (addresses and ports, transport), in order,
 * nearest in time. A tap entry over UDP is a message or none. What was tapped of a TCP connection
 * is cut anew from all that went the same way (sip/stream.h), as the capture's is: so a message
 * sent in parts is one, keep-alives and noise are none, and both sides cut the same. It belongs to
 * the entry that made it whole.
 *
 * Private to trace/. Uses: trace/run.h.
 */
#ifndef OH_TRACE_PAIRING_H
#define OH_TRACE_PAIRING_H

#include "trace/run.h"

/* Puts `tap` on the trace's messages, then adds those that only the tap has: all of them where the
 * tap is the evidence, else what the capture lost (`tap_only`). Returns how many were lost. */
size_t oh_pairing_make(struct oh_run *run, struct oh_trace *trace);

#endif
