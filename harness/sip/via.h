/*
 * sip/via.h - a Via value taken apart, for sending responses back.
 *
 * RFC 3261 20.42 and 25.1: "SIP/2.0/UDP host:port;params", white space allowed around slashes, the
 * colon and the semicolons.
 *
 * Uses: sip/uri.h, base/addr.h.
 */
#ifndef OH_SIP_VIA_H
#define OH_SIP_VIA_H

#include "base/addr.h"
#include "sip/uri.h"

struct oh_sip_via { /* spans into the value that was parsed */
    struct oh_span transport;
    struct oh_span host;   /* of sent-by; IPv6 in its brackets, as on the wire */
    struct oh_span params; /* without the leading ';'; absent where there are none */
    unsigned port;         /* 0 = not given */
};

/* One value (no comma-joined list). -1: no sent-protocol with a transport, no host, or no port
 * number. */
int oh_sip_via_parse(struct oh_span value, struct oh_sip_via *out);

/* A literal address with or without brackets and its port; -1 for a name. */
int oh_sip_host_addr(struct oh_span host, unsigned port, struct oh_addr *out, struct oh_error *e);

#endif
