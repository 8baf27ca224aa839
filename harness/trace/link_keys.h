/*
 * trace/link_keys.h - the parts of a message that linking compares, read once.
 *
 * A part that is missing or cannot be read is the absent span; it equals nothing, not even another
 * absent one. The spans live as long as the message.
 *
 * Uses: trace/trace.h. Private to trace/.
 */
#ifndef OH_TRACE_LINK_KEYS_H
#define OH_TRACE_LINK_KEYS_H

#include "trace/trace.h"

struct oh_link_keys {
    struct oh_span call_id;
    struct oh_span branch; /* of the topmost Via */
    struct oh_span from_tag, to_tag;
    struct oh_span cseq_method;
    uint64_t cseq_number;
    bool has_cseq_number;
    bool begins_call; /* request: no earlier one of its sender with this method and Call-ID */
};

struct oh_link_keys oh_link_keys_read(const struct oh_sip_msg *m);

/* oh_trace_link where these are known, one for each message as they stand, and used up; NULL: they
 * are read. */
void oh_trace_link_by(struct oh_trace *t, struct oh_link_keys *keys);

/* Both there and equal: byte by byte (Call-ID, RFC 3261 20.8) / as tokens, in any case (7.3.1). */
bool oh_link_same(struct oh_span a, struct oh_span b);
bool oh_link_same_token(struct oh_span a, struct oh_span b);
bool oh_link_same_number(const struct oh_link_keys *a, const struct oh_link_keys *b);

/* How near two ends of messages are: the same seat, or without seats the same address and port (2);
 * the same address with another port, where not both have a seat (1); neither (0). */
int oh_link_near(const char *seat, const struct oh_addr *address, const char *other_seat,
                 const struct oh_addr *other);

/* The user of From (the absent span where it has none); whether To or Request-URI name the same
 * target. */
struct oh_span oh_link_from_user(const struct oh_sip_msg *m);
bool oh_link_same_target(const struct oh_sip_msg *a, const struct oh_sip_msg *b);

#endif
