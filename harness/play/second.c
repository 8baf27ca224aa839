/* What is sent once more on purpose, as it was: its exchange may say other things meanwhile. */
#include "play/player.h"

#include "base/file.h"

#include <stdlib.h>

struct oh_second {
    struct oh_second *next;
    struct oh_exchange *exchange;
    struct oh_timer *timer; /* NULL: it was sent */
    struct oh_text wire;
    struct oh_way way;
};

static void on_second(void *arg)
{
    struct oh_second *again = arg;
    struct oh_exchange *x = again->exchange;
    struct oh_error e = {0};
    again->timer = NULL;
    oh_wire_send(x->player, x->seat, &again->way, oh_text_span(&again->wire), OH_NONE, &e);
}

void oh_second_set(struct oh_exchange *x, const struct oh_step *step)
{
    struct oh_net *net = x->player->net;
    if (!step || step->twice_after_ms < 0)
        return;
    struct oh_second *again = oh_alloc(sizeof *again);
    again->exchange = x;
    again->way = x->way;
    oh_text_add_span(&again->wire, oh_text_span(&x->wire));
    again->timer =
        oh_timer_set(net, oh_net_now(net) + step->twice_after_ms * OH_NS_PER_MS, on_second, again);
    again->next = x->seconds;
    x->seconds = again;
}

void oh_seconds_free(struct oh_exchange *x)
{
    while (x->seconds) {
        struct oh_second *again = x->seconds;
        x->seconds = again->next;
        oh_timer_cancel(again->timer);
        oh_text_release(&again->wire);
        free(again);
    }
}
