/*
 * trace/ledger.h - what a sender did before, in other calls: branches, nonce counts, registrations.
 *
 * Why: calls of a capture are judged one by one (trace/calls.h), and some demands reach over them:
 * a branch is for one transaction only (RFC 3261 8.1.1.7), a nonce count goes on from call to call
 * (RFC 7616 3.4), registrations at one registrar keep their Call-ID and count on (RFC 3261 10.2).
 * The ledger takes in every request, in the order of the capture, and says of each what was there
 * before: `before` of struct oh_trace_msg. Runs are read through it as well, by oh_trace_link.
 *
 * Invariants: memory is bounded and made at once (OH_LEDGER_ROWS); what has not been asked for
 * longest makes room, and is counted. What was forgotten is not accused: an answer is a fact, no
 * answer is none. Senders are numbers given by the caller: an endpoint, or a seat.
 *
 * Uses: base/, sip/, trace/link_keys.h. Private to trace/.
 */
#ifndef OH_TRACE_LEDGER_H
#define OH_TRACE_LEDGER_H

#include "trace/link_keys.h"

#define OH_LEDGER_ROWS 32768

struct oh_ledger;
struct oh_ledger *oh_ledger_new(size_t rows); /* 0: OH_LEDGER_ROWS; rounded up to a power of two */
void oh_ledger_free(struct oh_ledger *l);     /* NULL is fine */

/* Takes a message in and fills `m->before`. Responses, ACK and CANCEL, which repeat what their
 * INVITE has, and messages without a frame have none. A message sent again (the same bytes) does
 * no harm: it is of the same call. */
void oh_ledger_take(struct oh_ledger *l, uint64_t sender, const struct oh_link_keys *k,
                    struct oh_trace_msg *m);

size_t oh_ledger_evicted(const struct oh_ledger *l);

#endif
