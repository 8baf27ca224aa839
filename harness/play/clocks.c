/* Deadlines, delays and durations: each step at a front has its clock. */
#include "play/player.h"

#include "base/file.h"
#include "scenario/blocks.h"

#include <stdlib.h>
#include <string.h>

struct oh_clock {
    struct oh_player *player;
    struct oh_timer *timer; /* NULL: none is pending */
    bool is_started, is_due;
    struct oh_timer *hold; /* its message is left unanswered until then */
    struct oh_timer *wait; /* of what it cannot go without; see oh_clock_has_waited */
    bool waits, has_waited;
    struct oh_timer
        *copy; /* a copy of its message was lost: the next one is waited for until then */
};

static struct oh_clock *clock_of(struct oh_player *p, int step)
{
    if (!p->clocks)
        p->clocks = oh_alloc((p->scenario->step_count + 1) * sizeof *p->clocks);
    p->clocks[step].player = p;
    return &p->clocks[step];
}

static void on_time(void *arg)
{
    struct oh_clock *c = arg;
    c->timer = NULL;
    c->is_due = true;
    oh_player_advance(c->player);
}

bool oh_clock_is_up(struct oh_player *p, int step, int64_t after_ms)
{
    struct oh_clock *c = clock_of(p, step);
    if (c->is_started)
        return c->is_due;
    c->is_started = true;
    c->is_due = after_ms <= 0;
    if (!c->is_due)
        c->timer = oh_timer_set(p->net, oh_net_now(p->net) + after_ms * OH_NS_PER_MS, on_time, c);
    return c->is_due;
}

bool oh_clock_is_due(const struct oh_player *p, int step)
{
    return p->clocks && p->clocks[step].is_due;
}

bool oh_clock_is_started(const struct oh_player *p, int step)
{
    return p->clocks && p->clocks[step].is_started;
}

static void on_waited(void *arg)
{
    struct oh_clock *c = arg;
    c->wait = NULL;
    c->has_waited = true;
    oh_player_advance(c->player);
}

bool oh_clock_has_waited(struct oh_player *p, int step, int64_t most_ms)
{
    struct oh_clock *c = clock_of(p, step);
    if (!c->waits)
        c->wait = oh_timer_set(p->net, oh_net_now(p->net) + most_ms * OH_NS_PER_MS, on_waited, c);
    c->waits = true;
    return c->has_waited;
}

static void on_hold_over(void *arg)
{
    struct oh_clock *c = arg;
    c->hold = NULL;
    oh_player_advance(c->player);
}

void oh_clock_hold(struct oh_player *p, int step)
{
    struct oh_clock *c = clock_of(p, step);
    int64_t until_ms = p->scenario->steps[step].retransmits->until_ms;
    if (!c->hold)
        c->hold =
            oh_timer_set(p->net, oh_net_now(p->net) + until_ms * OH_NS_PER_MS, on_hold_over, c);
}

bool oh_clock_is_holding(const struct oh_player *p, int step)
{
    return p->clocks && p->clocks[step].hold;
}

bool oh_clock_is_held(const struct oh_player *p, int step)
{
    for (int i = 0; p->clocks && i < step; i++) {
        if (p->clocks[i].hold && oh_step_precedes(p->scenario, i, step))
            return true;
    }
    return false;
}

static void on_no_copy(void *arg)
{
    struct oh_clock *c = arg;
    c->copy = NULL;
    oh_player_advance(c->player);
}

void oh_clock_await_copy(struct oh_player *p, int step)
{
    const struct oh_step *at = &p->scenario->steps[step];
    bool invite = at->is_request && strcmp(at->method, "INVITE") == 0;
    const struct oh_schedule timers = {
        .first_ms = OH_T1_MS, .most_ms = invite ? -1 : OH_T2_MS, .until_ms = OH_T1X64_MS};
    int64_t gap_ms = oh_schedule_gap_ms(&timers, oh_walk_lost(p->walk, step));
    struct oh_clock *c = clock_of(p, step);
    oh_timer_cancel(c->copy);
    c->copy = oh_timer_set(p->net, oh_net_now(p->net) + (2 * gap_ms + OH_T1_MS) * OH_NS_PER_MS,
                           on_no_copy, c);
}

bool oh_clock_awaits_copy(const struct oh_player *p, int step)
{
    return p->clocks && p->clocks[step].copy && oh_walk_state(p->walk, step) == OH_STEP_PENDING;
}

void oh_clocks_sweep(struct oh_player *p)
{
    for (int i = 0; p->clocks && i < (int)p->scenario->step_count; i++) {
        if (!p->clocks[i].timer || oh_walk_state(p->walk, i) == OH_STEP_PENDING)
            continue;
        oh_timer_cancel(p->clocks[i].timer);
        p->clocks[i].timer = NULL;
    }
}

void oh_clocks_free(struct oh_player *p)
{
    for (size_t i = 0; p->clocks && i < p->scenario->step_count; i++) {
        oh_timer_cancel(p->clocks[i].timer);
        oh_timer_cancel(p->clocks[i].hold);
        oh_timer_cancel(p->clocks[i].wait);
        oh_timer_cancel(p->clocks[i].copy);
    }
    free(p->clocks);
    p->clocks = NULL;
}
