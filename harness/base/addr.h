/*
 * base/addr.h - an IP address with a port, as a plain value.
 *
 * Compared and copied as a struct; a zeroed one is "no address". IPv4 stands in ip[0..3], the rest
 * zero.
 *
 * Uses: base/error.h.
 */
#ifndef OH_BASE_ADDR_H
#define OH_BASE_ADDR_H

#include "base/error.h"

#include <sys/socket.h>

enum oh_family { OH_FAMILY_NONE = 0, OH_FAMILY_IPV4 = 4, OH_FAMILY_IPV6 = 6 };

struct oh_addr {
    uint8_t family; /* enum oh_family */
    uint8_t ip[16];
    uint16_t port; /* host byte order; 0 = none given */
};

/* What carries messages between two addresses. UDP is zero: what nobody says otherwise. */
enum oh_transport { OH_TRANSPORT_UDP, OH_TRANSPORT_TCP, OH_TRANSPORT_TLS, OH_TRANSPORTS };
/* "udp", "tcp", "tls": as in a URI's transport parameter, RFC 3261 19.1.1. */
const char *oh_transport_name(enum oh_transport t);

/* "127.0.0.1", "127.0.0.1:5060", "::1", "[::1]", "[::1]:5060". ":0" is the same as no port. No
 * names are looked up. -1 with a sentence in `e` where it is none of these; `out` is left alone
 * then. */
int oh_addr_parse(struct oh_span text, struct oh_addr *out, struct oh_error *e);

/* The largest text of an address with port and its NUL. */
#define OH_ADDR_TEXT 56

/* "127.0.0.1:5060", "[::1]:5060"; without a port the bare address; "-" for no address. Return
 * `out`. */
const char *oh_addr_format(const struct oh_addr *a, char out[OH_ADDR_TEXT]);
/* The address alone, IPv6 without brackets / in brackets as SIP wants it (RFC 3261 25.1
 * IPv6reference). */
const char *oh_addr_format_ip(const struct oh_addr *a, char out[OH_ADDR_TEXT]);
const char *oh_addr_format_host(const struct oh_addr *a, char out[OH_ADDR_TEXT]);

bool oh_addr_equal(const struct oh_addr *a, const struct oh_addr *b);   /* address and port */
bool oh_addr_same_ip(const struct oh_addr *a, const struct oh_addr *b); /* address only */

/* To and from the socket calls' form. `oh_addr_to_sockaddr` returns the length to pass on, 0 for no
 * address; a family that is neither IPv4 nor IPv6 gives no address. */
socklen_t oh_addr_to_sockaddr(const struct oh_addr *a, struct sockaddr_storage *out);
void oh_addr_from_sockaddr(const struct sockaddr *sa, struct oh_addr *out);

#endif
