/*
 * phone/carrier.h - bytes to and from a phone program. Private to phone/.
 *
 * Over its standard input and output, as pipes or a terminal, or over a TCP connection that is
 * tried until it stands. What the bytes mean, the framing says (phone/framing.h).
 *
 * Uses: phone/driver.h.
 */
#ifndef OH_PHONE_CARRIER_H
#define OH_PHONE_CARRIER_H

#include "phone/driver.h"

/* Called from the loop, never from within a function here. */
struct oh_carrier_owner {
    void (*up)(void *arg);
    void (*bytes)(struct oh_span bytes, void *arg);
    void (*down)(const char *why, void *arg); /* nothing comes any more */
    void *arg;
};

struct oh_carrier;

/* By `stdio` over the plan's file descriptors, or (OH_STDIO_NONE) to its `connect`. NULL: that is
 * no address with a port. */
struct oh_carrier *oh_carrier_open(struct oh_net *net, enum oh_driver_stdio stdio,
                                   const struct oh_driver_plan *plan,
                                   const struct oh_carrier_owner *owner, struct oh_error *e);
/* As oh_driver_write. */
int oh_carrier_write(struct oh_carrier *c, struct oh_span bytes, struct oh_error *e);
/* What came cannot be used: it is down, which is told. */
void oh_carrier_give_up(struct oh_carrier *c, const char *why);
void oh_carrier_close(struct oh_carrier *c);

#endif
