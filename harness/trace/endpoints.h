/*
 * trace/endpoints.h - who takes part in a capture: addresses into user agents and servers.
 *
 * An endpoint is a program that speaks SIP. It may send from another port than it listens on: a
 * request whose topmost Via names the source's own address and another port (RFC 3261 18.1.1), or a
 * connection that it opened over TCP, belongs to the endpoint at that port. Behind a NAT, where Via
 * names an address that is not the source's, the endpoint is the source, for as long as what Via
 * names stays the same, whatever port the NAT gives it next.
 *
 * A proxy is told by what it does: it sends on a request that came to it (same Call-ID, CSeq and
 * From tag), with a Via of its own above the others. So does who sends a message on as it is, seen
 * on both sides: a NAT, or a gateway that mends addresses. Where only one of its sides was
 * captured, it is told by requests with the Vias of others or a Record-Route, by responses with
 * more Record-Routes than their requests had, and by answering 407. A registrar answers REGISTER
 * and does not refuse the method. Everyone else who sends requests of its own, or answers, is a
 * user agent, and judged; a B2BUA is one, too.
 *
 * Over TCP the port of who opened a connection says nothing. A connection that was there before the
 * capture belongs to the one endpoint of its address, if there is one only and no NAT.
 *
 * Invariants: memory is bounded (OH_ENDPOINTS_MAX; more are one endpoint, the last, which is not
 * judged). What an endpoint is may only become known later in the capture; ask at its end.
 *
 * Uses: base/, sip/, trace/link_keys.h.
 */
#ifndef OH_TRACE_ENDPOINTS_H
#define OH_TRACE_ENDPOINTS_H

#include "base/addr.h"
#include "sip/message.h"

#define OH_ENDPOINTS_MAX 65536

struct oh_endpoint {
    int index;           /* from 0, in order of appearance */
    struct oh_addr addr; /* where it listens, as far as is known; else where it sends from */
    char *user_agent;    /* its User-Agent, or Server; NULL; owned by the table */
    size_t sent, got;    /* messages */
    bool forwards;       /* a proxy: it passes on what others sent */
    bool registers;      /* it answers REGISTER */
    bool is_others;      /* those who had no room */
    /* Who was seen to send on what it sends, as it is: a NAT before it. NULL: nobody. */
    const struct oh_endpoint *sent_on_by;
    char name[OH_ADDR_TEXT]; /* `addr` as text: its seat in traces */
};
/* It speaks for itself: neither proxy nor registrar, and it sent something. */
bool oh_endpoint_is_user_agent(const struct oh_endpoint *e);

struct oh_link_keys; /* trace/link_keys.h */
struct oh_endpoints;
struct oh_endpoints *oh_endpoints_new(void);
void oh_endpoints_free(struct oh_endpoints *e); /* NULL is fine */

/* Takes in one message, in the order of the capture; the endpoints that sent and got it, valid as
 * long as the table. `keys` are those of the message; NULL: they are read here. */
void oh_endpoints_take(struct oh_endpoints *e, const struct oh_sip_msg *m,
                       const struct oh_link_keys *keys, const struct oh_addr *src,
                       const struct oh_addr *dst, enum oh_transport transport,
                       const struct oh_endpoint **sender, const struct oh_endpoint **receiver);

size_t oh_endpoints_count(const struct oh_endpoints *e);
const struct oh_endpoint *oh_endpoints_at(const struct oh_endpoints *e, size_t index);

#endif
