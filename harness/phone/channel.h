/*
 * phone/channel.h - a driver made of a carrier and a framing, for the files in phone/drivers/ that
 * are no more than that. Private to phone/.
 *
 * Uses: phone/carrier.h, phone/framing.h.
 */
#ifndef OH_PHONE_CHANNEL_H
#define OH_PHONE_CHANNEL_H

#include "phone/framing.h"

/* As `open`, `send` and `close` of struct oh_driver_ops. */
struct oh_driver *oh_channel_open(struct oh_net *net, const struct oh_driver_plan *plan,
                                  const struct oh_driver_owner *owner, enum oh_driver_stdio stdio,
                                  const struct oh_framing_ops *framing, struct oh_error *e);
int oh_channel_send(struct oh_driver *d, uint64_t id, struct oh_span message, struct oh_error *e);
void oh_channel_close(struct oh_driver *d);

/* What may be wrong where a connection is never made. */
extern const char oh_channel_never_connected[];

#endif
