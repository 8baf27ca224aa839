#include "trace/order.h"

#include <stdlib.h>

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

static int by_time(const void *a, const void *b)
{
    const struct oh_trace_msg *x = a, *y = b;
    int order = COMPARE(x->time_ns, y->time_ns);
    return order ? order : COMPARE(x->index, y->index);
}

static int by_tap(const void *a, const void *b)
{
    const struct oh_trace_msg *x = a, *y = b;
    int order = COMPARE(x->tap, y->tap);
    return order ? order : COMPARE(x->index, y->index);
}

static int rtp_by_time(const void *a, const void *b)
{
    const struct oh_trace_rtp *x = a, *y = b;
    int order = COMPARE(x->time_ns, y->time_ns);
    if (order == 0)
        order = COMPARE(x->frame, y->frame);
    return order ? order : COMPARE(x->sequence, y->sequence);
}

static void number(struct oh_trace *t)
{
    for (size_t i = 0; i < t->msg_count; i++)
        t->msgs[i].index = (int)i;
}

static bool tap_is_in_order(const struct oh_trace *t, size_t *tapped)
{
    bool in_order = true;
    int before = OH_NONE;
    *tapped = 0;
    for (size_t i = 0; i < t->msg_count; i++) {
        int tap = t->msgs[i].tap;
        if (tap == OH_NONE)
            continue;
        in_order = in_order && tap > before;
        before = tap;
        (*tapped)++;
    }
    return in_order;
}

static bool follow_tap(struct oh_trace *t)
{
    size_t tapped, n = 0;
    if (tap_is_in_order(t, &tapped))
        return false;
    struct oh_trace_msg *sorted = oh_alloc(tapped * sizeof *sorted);
    for (size_t i = 0; i < t->msg_count; i++) {
        if (t->msgs[i].tap != OH_NONE)
            sorted[n++] = t->msgs[i];
    }
    qsort(sorted, tapped, sizeof *sorted, by_tap);
    n = 0;
    for (size_t i = 0; i < t->msg_count; i++) {
        if (t->msgs[i].tap != OH_NONE)
            t->msgs[i] = sorted[n++];
    }
    free(sorted);
    return true;
}

static bool is_in_time(const struct oh_trace *t)
{
    size_t i = 1;
    while (i < t->msg_count && by_time(&t->msgs[i - 1], &t->msgs[i]) <= 0)
        i++;
    return i >= t->msg_count;
}

bool oh_trace_order(struct oh_trace *t)
{
    bool moved = !is_in_time(t); /* as most captures are */
    if (moved)
        qsort(t->msgs, t->msg_count, sizeof *t->msgs, by_time);
    number(t);
    moved |= follow_tap(t);
    number(t);
    if (t->rtp_count > 1)
        qsort(t->rtp, t->rtp_count, sizeof *t->rtp, rtp_by_time);
    return moved;
}
