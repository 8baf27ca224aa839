/* A TCP connection to the program; one JSON message a line. */
#include "phone/channel.h"

static struct oh_driver *tcp_json_lines_open(struct oh_net *net, const struct oh_driver_plan *plan,
                                             const struct oh_driver_owner *owner,
                                             struct oh_error *e)
{
    return oh_channel_open(net, plan, owner, OH_STDIO_NONE, &oh_framing_json_lines, e);
}

const struct oh_driver_ops oh_driver_tcp_json_lines = {
    .name = "tcp-json-lines",
    .stdio = OH_STDIO_NONE,
    .never_up = oh_channel_never_connected,
    .open = tcp_json_lines_open,
    .send = oh_channel_send,
    .close = oh_channel_close,
};
