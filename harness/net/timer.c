#include "net/internal.h"

#include <stdlib.h>

#define NOT_IN_HEAP SIZE_MAX

struct oh_timer {
    struct oh_net *net;
    int64_t at_ns;
    int64_t set_ns;  /* when it was set: a moment already past then is not lateness */
    uint64_t number; /* timers of the same moment fire in the order they were set in */
    size_t index;    /* in the heap */
    oh_timer_fn *fn;
    void *arg;
};

static bool before(const struct oh_timer *a, const struct oh_timer *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->number < b->number;
}

static void put(struct oh_net *n, size_t index, struct oh_timer *t)
{
    n->timers[index] = t;
    t->index = index;
}

static void rise(struct oh_net *n, size_t index, struct oh_timer *t)
{
    while (index > 0 && before(t, n->timers[(index - 1) / 2])) {
        put(n, index, n->timers[(index - 1) / 2]);
        index = (index - 1) / 2;
    }
    put(n, index, t);
}

static void sink(struct oh_net *n, size_t index, struct oh_timer *t)
{
    for (size_t child; (child = 2 * index + 1) < n->timer_count; index = child) {
        if (child + 1 < n->timer_count && before(n->timers[child + 1], n->timers[child]))
            child++;
        if (!before(n->timers[child], t))
            break;
        put(n, index, n->timers[child]);
    }
    put(n, index, t);
}

static void take_out(struct oh_timer *t)
{
    struct oh_net *n = t->net;
    size_t index = t->index;
    struct oh_timer *last = n->timers[--n->timer_count];
    t->index = NOT_IN_HEAP;
    if (last == t)
        return;
    if (before(last, t))
        rise(n, index, last);
    else
        sink(n, index, last);
}

struct oh_timer *oh_timer_set(struct oh_net *n, int64_t at_ns, oh_timer_fn *fn, void *arg)
{
    oh_grow(&n->timers, n->timer_count, &n->timer_room, sizeof *n->timers);
    struct oh_timer *t = oh_alloc(sizeof *t);
    *t = (struct oh_timer){.net = n,
                           .at_ns = at_ns,
                           .set_ns = oh_net_now(n),
                           .number = n->timer_number++,
                           .fn = fn,
                           .arg = arg};
    rise(n, n->timer_count++, t);
    return t;
}

void oh_timer_cancel(struct oh_timer *t)
{
    if (!t || t->index == NOT_IN_HEAP) /* the latter: inside its own callback */
        return;
    take_out(t);
    free(t);
}

int64_t oh_timers_next(const struct oh_net *n)
{
    return n->timer_count > 0 ? n->timers[0]->at_ns : INT64_MAX;
}

void oh_timers_fire_first(struct oh_net *n)
{
    struct oh_timer *t = n->timers[0];
    take_out(t);
    int64_t due_ns = t->at_ns > t->set_ns ? t->at_ns : t->set_ns;
    int64_t late_ns = oh_net_now(n) - due_ns;
    if (late_ns > n->worst_late_ns)
        n->worst_late_ns = late_ns;
    t->fn(t->arg);
    free(t);
}

void oh_timers_fire_due(struct oh_net *n, const struct oh_run_level *level)
{
    int64_t now_ns = oh_net_now(n);
    uint64_t first_new = n->timer_number;
    while (!level->stopped && oh_timers_next(n) <= now_ns && n->timers[0]->number < first_new)
        oh_timers_fire_first(n);
}

void oh_timers_free(struct oh_net *n)
{
    for (size_t i = 0; i < n->timer_count; i++)
        free(n->timers[i]);
    free(n->timers);
    n->timers = NULL;
    n->timer_count = n->timer_room = 0;
}
