/* A TCP connection to the program; lines of text as a person types and reads them. */
#include "phone/channel.h"

static struct oh_driver *tcp_lines_open(struct oh_net *net, const struct oh_driver_plan *plan,
                                        const struct oh_driver_owner *owner, struct oh_error *e)
{
    return oh_channel_open(net, plan, owner, OH_STDIO_NONE, &oh_framing_text, e);
}

const struct oh_driver_ops oh_driver_tcp_lines = {
    .name = "tcp-lines",
    .stdio = OH_STDIO_NONE,
    .is_text = true,
    .enter = "\n",
    .needs_no_prompt = true,
    .never_up = "its control connection was never made, or no prompt came over it; do 'connect' "
                "and 'prompt' name what the program has?",
    .open = tcp_lines_open,
    .send = oh_channel_send,
    .close = oh_channel_close,
};
