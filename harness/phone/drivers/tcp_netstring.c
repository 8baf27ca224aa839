/* A TCP connection to the program; each JSON message a netstring, "LEN:JSON,". */
#include "phone/channel.h"

static struct oh_driver *tcp_netstring_open(struct oh_net *net, const struct oh_driver_plan *plan,
                                            const struct oh_driver_owner *owner, struct oh_error *e)
{
    return oh_channel_open(net, plan, owner, OH_STDIO_NONE, &oh_framing_netstrings, e);
}

const struct oh_driver_ops oh_driver_tcp_netstring = {
    .name = "tcp-netstring",
    .stdio = OH_STDIO_NONE,
    .never_up = oh_channel_never_connected,
    .open = tcp_netstring_open,
    .send = oh_channel_send,
    .close = oh_channel_close,
};
