#include "phone/channel.h"

#include "phone/carrier.h"

#include <stdlib.h>

const char oh_channel_never_connected[] =
    "its control connection was never made; does 'connect' name the port that the program listens "
    "on?";

struct oh_driver {
    struct oh_driver_owner owner;
    const struct oh_framing_ops *ops;
    struct oh_framing *framing;
    struct oh_carrier *carrier;
};

/* --- from the carrier --- */

static void on_up(void *arg)
{
    struct oh_driver *d = arg;
    d->ops->begin(d->framing);
}

static void on_bytes(struct oh_span bytes, void *arg)
{
    struct oh_driver *d = arg;
    struct oh_error e = {0};
    if (d->ops->take(d->framing, bytes, &e) != 0)
        oh_carrier_give_up(d->carrier, e.text);
}

static void on_down(const char *why, void *arg)
{
    struct oh_driver *d = arg;
    d->ops->end(d->framing);
    d->owner.down(why, d->owner.arg);
}

/* --- from the framing --- */

static void on_message(struct oh_span message, uint64_t answer_to, void *arg)
{
    struct oh_driver *d = arg;
    d->owner.got(message, answer_to, d->owner.arg);
}

static void on_sendable(void *arg)
{
    struct oh_driver *d = arg;
    d->owner.up(d->owner.arg);
}

static int on_put(struct oh_span bytes, void *arg, struct oh_error *e)
{
    struct oh_driver *d = arg;
    return oh_carrier_write(d->carrier, bytes, e);
}

/* --- the driver --- */

struct oh_driver *oh_channel_open(struct oh_net *net, const struct oh_driver_plan *plan,
                                  const struct oh_driver_owner *owner, enum oh_driver_stdio stdio,
                                  const struct oh_framing_ops *framing, struct oh_error *e)
{
    struct oh_driver *d = oh_alloc(sizeof *d);
    struct oh_framing_owner above = {.got = on_message, .up = on_sendable, .put = on_put, .arg = d};
    struct oh_carrier_owner below = {.up = on_up, .bytes = on_bytes, .down = on_down, .arg = d};
    *d = (struct oh_driver){.owner = *owner, .ops = framing};
    d->framing = framing->open(plan, &above);
    d->carrier = oh_carrier_open(net, stdio, plan, &below, e);
    if (d->carrier)
        return d;
    oh_channel_close(d);
    return NULL;
}

int oh_channel_send(struct oh_driver *d, uint64_t id, struct oh_span message, struct oh_error *e)
{
    return d->ops->send(d->framing, id, message, e);
}

void oh_channel_close(struct oh_driver *d)
{
    if (!d)
        return;
    oh_carrier_close(d->carrier);
    d->ops->close(d->framing);
    free(d);
}
