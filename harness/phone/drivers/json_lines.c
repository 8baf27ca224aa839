/* A program on pipes: one JSON message a line, both ways. */
#include "phone/channel.h"

static struct oh_driver *json_lines_open(struct oh_net *net, const struct oh_driver_plan *plan,
                                         const struct oh_driver_owner *owner, struct oh_error *e)
{
    return oh_channel_open(net, plan, owner, OH_STDIO_PIPES, &oh_framing_json_lines, e);
}

const struct oh_driver_ops oh_driver_json_lines = {
    .name = "json-lines",
    .stdio = OH_STDIO_PIPES,
    .never_up = "it was never begun with",
    .open = json_lines_open,
    .send = oh_channel_send,
    .close = oh_channel_close,
};
