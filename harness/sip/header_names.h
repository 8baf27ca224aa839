/*
 * sip/header_names.h - what is known of a header by its name alone. Private to sip/.
 *
 * Uses: sip/message.h.
 */
#ifndef OH_SIP_HEADER_NAMES_H
#define OH_SIP_HEADER_NAMES_H

#include "sip/message.h"

/* The long form of a compact one-letter name ("s" -> "Subject"), else `name` itself. RFC 3261 7.3.3
 */
struct oh_span oh_sip_header_long_name(struct oh_span name);

/* Is the value of this header one value, in which a comma means nothing to a counter of values
 * (Date, Subject, From, credentials and challenges)? Of names that we do not know: no. */
bool oh_sip_header_is_single(const struct oh_sip_header *h);

#endif
