#include "trace/tcp_order.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>

#define FAR 0x1000000 /* 16 MiB: more than any window that SIP is sent with */

/* For what was acknowledged and is not there: a capture hands packets of several processors on out
 * of order, by some milliseconds or packets. */
#define PATIENCE_NS       (100 * OH_NS_PER_MS)
#define PATIENCE_SEGMENTS 64

/* An acknowledgement may be delayed so long (RFC 1122 4.2.3.2): until then it may speak of what was
 * sent before the capture began. */
#define DELAYED_ACK_NS (500 * OH_NS_PER_MS)

struct oh_tcp_waiting {
    uint32_t sequence;
    size_t missing; /* bytes behind `bytes` that the frame had and the capture has not */
    unsigned frame;
    int64_t time_ns;
    struct oh_span bytes; /* owned */
};

/* Sequence numbers are a circle: RFC 9293 3.4. */
static int32_t ahead(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b);
}

static void tell(struct oh_tcp_told *told, uint32_t sequence, int64_t time_ns)
{
    if (!told->any)
        *told = (struct oh_tcp_told){true, sequence, sequence, time_ns};
    else if (ahead(sequence, told->last) > 0)
        told->last = sequence;
}

static void drop_first(struct oh_tcp_order *o)
{
    free((char *)(uintptr_t)o->waiting[0].bytes.at);
    o->waiting_bytes -= o->waiting[0].bytes.len;
    o->waiting_count--;
    memmove(o->waiting, o->waiting + 1, o->waiting_count * sizeof *o->waiting);
}

void oh_tcp_order_release(struct oh_tcp_order *o)
{
    while (o->waiting_count > 0)
        drop_first(o);
    free(o->waiting);
    *o = (struct oh_tcp_order){0};
}

void oh_tcp_order_begin(struct oh_tcp_order *o, uint32_t isn)
{
    o->begun = o->has_isn = true;
    o->isn = isn;
    o->next = isn + 1;
}

bool oh_tcp_order_is_far(const struct oh_tcp_order *o, uint32_t sequence)
{
    int32_t distance = ahead(sequence, o->next);
    return o->begun && (distance > FAR || distance < -FAR);
}

/* --- giving --- */

static void reach_end(struct oh_tcp_order *o)
{
    if (!o->has_end || o->ended || o->next != o->end)
        return;
    o->ended = true;
    o->next++;
}

/* Gives what of `w` is not known yet; false where it lies ahead. */
static bool give(struct oh_tcp_order *o, const struct oh_tcp_waiting *w, int64_t time_ns,
                 oh_tcp_bytes_fn *fn, void *arg)
{
    int32_t early = ahead(w->sequence, o->next);
    if (early > 0)
        return false;
    size_t known = (size_t) - (int64_t)early, whole = w->bytes.len + w->missing;
    struct oh_tcp_bytes b = {.frame = w->frame, .time_ns = time_ns};
    if (known >= whole)
        return true;
    b.bytes = oh_span_sub(w->bytes, known, w->bytes.len);
    b.gap = whole - known - b.bytes.len;
    o->next += (uint32_t)(whole - known);
    fn(&b, arg);
    return true;
}

/* Gives what waits and need not any more. `*time_ns` is that of what it waited for. */
static void give_ready(struct oh_tcp_order *o, int64_t *time_ns, oh_tcp_bytes_fn *fn, void *arg)
{
    while (o->waiting_count > 0 && ahead(o->waiting[0].sequence, o->next) <= 0) {
        if (o->waiting[0].time_ns > *time_ns)
            *time_ns = o->waiting[0].time_ns;
        give(o, &o->waiting[0], *time_ns, fn, arg);
        drop_first(o);
    }
}

/* The bytes before the first that waits are lost. */
static void give_up_hole(struct oh_tcp_order *o, int64_t *time_ns, oh_tcp_bytes_fn *fn, void *arg)
{
    const struct oh_tcp_waiting *first = &o->waiting[0];
    struct oh_tcp_bytes gap = {.gap = first->sequence - o->next};
    o->next = first->sequence;
    fn(&gap, arg);
    give_ready(o, time_ns, fn, arg);
}

static bool is_hopeless(const struct oh_tcp_order *o, int64_t time_ns)
{
    if (o->waiting_count == 0)
        return false;
    if (o->waiting_bytes > OH_TCP_WAITING_BYTES || o->waiting_count > OH_TCP_WAITING_SEGMENTS)
        return true;
    bool received = o->acknowledged.any && ahead(o->acknowledged.last, o->waiting[0].sequence) >= 0;
    return received &&
           (o->waiting_count >= PATIENCE_SEGMENTS || time_ns - o->waiting[0].time_ns > PATIENCE_NS);
}

static void give_up_hopeless(struct oh_tcp_order *o, int64_t time_ns, oh_tcp_bytes_fn *fn,
                             void *arg)
{
    int64_t given_ns = 0;
    while (is_hopeless(o, time_ns))
        give_up_hole(o, &given_ns, fn, arg);
}

void oh_tcp_order_give_up(struct oh_tcp_order *o, oh_tcp_bytes_fn *fn, void *arg)
{
    int64_t given_ns = 0;
    while (o->waiting_count > 0)
        give_up_hole(o, &given_ns, fn, arg);
    reach_end(o);
}

/* --- taking --- */

static void wait(struct oh_tcp_order *o, const struct oh_tcp_waiting *w)
{
    size_t at = o->waiting_count;
    while (at > 0 && ahead(w->sequence, o->waiting[at - 1].sequence) < 0)
        at--;
    if (at > 0 && o->waiting[at - 1].sequence == w->sequence &&
        o->waiting[at - 1].bytes.len >= w->bytes.len)
        return; /* a copy of what waits */
    oh_grow(&o->waiting, o->waiting_count, &o->waiting_room, sizeof *o->waiting);
    memmove(o->waiting + at + 1, o->waiting + at, (o->waiting_count - at) * sizeof *o->waiting);
    o->waiting[at] = *w;
    o->waiting[at].bytes.at = oh_span_dup(w->bytes);
    o->waiting_bytes += w->bytes.len;
    o->waiting_count++;
}

/* The connection was there before the capture. What its sender said to have sent by then is not
 * waited for; what it sent since, is. */
static void begin_amid(struct oh_tcp_order *o, uint32_t sequence)
{
    int32_t missed = o->sent.any ? ahead(sequence, o->sent.last) : 0;
    o->begun = true;
    bool is_told = missed > 1 && missed <= FAR; /* a probe's number is one too low: 3.8.4 */
    o->next = is_told ? o->sent.last : sequence;
}

static void note_end(struct oh_tcp_order *o, uint32_t end, const struct oh_packet *s)
{
    if ((s->tcp_flags & OH_TCP_FIN) && !o->has_end) {
        o->has_end = true;
        o->end = end;
    }
    tell(&o->sent, end, s->time_ns);
}

void oh_tcp_order_add(struct oh_tcp_order *o, const struct oh_packet *s, oh_tcp_bytes_fn *fn,
                      void *arg)
{
    struct oh_tcp_waiting w = {s->sequence, s->missing, s->frame, s->time_ns, s->bytes};
    size_t len = s->bytes.len + s->missing;
    int64_t time_ns = s->time_ns;
    if (!o->begun && (len > 1 || (s->tcp_flags & OH_TCP_FIN))) /* one: perhaps a probe, 3.8.4 */
        begin_amid(o, s->sequence);
    note_end(o, s->sequence + (uint32_t)len, s);
    if (len > 0 && o->begun) {
        if (give(o, &w, time_ns, fn, arg))
            give_ready(o, &time_ns, fn, arg);
        else
            wait(o, &w);
    }
    give_up_hopeless(o, s->time_ns, fn, arg);
    reach_end(o);
}

void oh_tcp_order_acknowledge(struct oh_tcp_order *o, uint32_t ack, int64_t time_ns,
                              oh_tcp_bytes_fn *fn, void *arg)
{
    if (oh_tcp_order_is_far(o, ack))
        return;
    tell(&o->acknowledged, ack, time_ns);
    if (!o->begun && time_ns - o->acknowledged.since_ns < DELAYED_ACK_NS)
        o->acknowledged.first = o->acknowledged.last;
    give_up_hopeless(o, time_ns, fn, arg);
    reach_end(o);
}

/* How many bytes `told` says that there were behind what is known. A FIN has a number as well, and
 * may not have been captured. */
static int32_t unseen(const struct oh_tcp_order *o, const struct oh_tcp_told *told)
{
    if (!told->any)
        return 0;
    return ahead(told->last, o->begun ? o->next : told->first) - !o->has_end;
}

void oh_tcp_order_settle(struct oh_tcp_order *o, oh_tcp_bytes_fn *fn, void *arg)
{
    oh_tcp_order_give_up(o, fn, arg);
    int32_t by_receiver = unseen(o, &o->acknowledged), by_sender = unseen(o, &o->sent);
    int32_t lost = by_receiver > by_sender ? by_receiver : by_sender;
    if (lost > 0) {
        struct oh_tcp_bytes gap = {.gap = (uint64_t)lost};
        fn(&gap, arg);
    }
}
