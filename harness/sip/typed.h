/*
 * sip/typed.h - Sofia-SIP's reading of a message, made the first time it is asked for. Private to
 * sip/.
 *
 * The bytes stay the evidence; this is the second opinion on whether they can be read at all.
 *
 * Uses: sip/message.h.
 */
#ifndef OH_SIP_TYPED_H
#define OH_SIP_TYPED_H

#include "sip/message.h"

/* Is the message's body a session description that Sofia's parser accepts in its lenient mode (a
 * missing c=, o= or t= is forgiven, a line that cannot be read is not)? The answer is kept with the
 * message. */
bool oh_sip_typed_sdp_is_readable(const struct oh_sip_msg *m);

void oh_sip_typed_free(struct oh_sip_typed *t);

#endif
