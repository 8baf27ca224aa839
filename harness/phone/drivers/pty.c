/* A program on a terminal, with a prompt for people. */
#include "phone/channel.h"

static struct oh_driver *pty_open(struct oh_net *net, const struct oh_driver_plan *plan,
                                  const struct oh_driver_owner *owner, struct oh_error *e)
{
    return oh_channel_open(net, plan, owner, OH_STDIO_TERMINAL, &oh_framing_text, e);
}

const struct oh_driver_ops oh_driver_pty = {
    .name = "terminal",
    .stdio = OH_STDIO_TERMINAL,
    .is_text = true,
    .enter = "\r",
    .line_max = 4095, /* the kernel cuts off what is longer while the program reads whole lines */
    .never_up = "its prompt never came; does 'prompt' fit what it shows when it waits for a "
                "command?",
    .open = pty_open,
    .send = oh_channel_send,
    .close = oh_channel_close,
};
