/* Any program that speaks JSON lines about verbs, as told in dut-adapters/README.md: what it is
 * told and what it answers are offhook's, not the adapter's (phone/told.c). */
#include "phone/channel.h"

static struct oh_driver *external_open(struct oh_net *net, const struct oh_driver_plan *plan,
                                       const struct oh_driver_owner *owner, struct oh_error *e)
{
    return oh_channel_open(net, plan, owner, OH_STDIO_PIPES, &oh_framing_json_lines, e);
}

const struct oh_driver_ops oh_driver_external = {
    .name = "external",
    .stdio = OH_STDIO_PIPES,
    .is_told_verbs = true,
    .never_up = "it was never begun with",
    .open = external_open,
    .send = oh_channel_send,
    .close = oh_channel_close,
};
