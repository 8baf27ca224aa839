#include "trace/tcp.h"

#include "sip/message.h"
#include "sip/stream.h"
#include "trace/tcp_order.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS (2 * OH_TCP_CONNECTIONS) /* a power of two */

#define RENEW_BYTES ((size_t)256 * 1024)

/* Where in a half's stream the bytes of a frame begin. */
struct mark {
    uint64_t offset;
    unsigned frame;
    int64_t time_ns;
};

/* One direction. */
struct half {
    struct connection *connection;
    struct oh_addr src, dst;
    struct oh_tcp_order order;
    struct oh_sip_stream *stream; /* NULL: nothing came yet, or nothing is wanted */
    struct mark *marks;           /* owned; those before `mark_from` are done with */
    size_t mark_from, mark_count, mark_room;
    uint64_t fed, taken; /* offsets in the stream: of what comes next, of what is held */
    bool unsure;         /* the next message is the first behind a gap */
};

enum kind { UNDECIDED, SIP, NO_SIP };

struct connection {
    struct oh_tcp *owner;
    struct half half[2];
    enum kind kind;
    bool has_syn_ack;
    uint32_t syn_ack;                   /* what the SYN-ACK acknowledged */
    size_t gaps, segments, noise;       /* segments: those with bytes */
    struct connection *next;            /* in the bucket */
    struct connection *older, *younger; /* by when it was last seen */
};

struct oh_tcp {
    struct oh_addr *sip_at;
    size_t sip_at_count;
    oh_tcp_message_fn *fn;
    void *arg;
    struct connection **buckets;
    struct connection *oldest, *youngest;
    size_t connection_count;
    size_t held; /* bytes that wait or are not whole */
    size_t gaps, others;
};

/* --- a half --- */

static bool is_sip_address(const struct oh_tcp *t, const struct oh_addr *a)
{
    for (size_t i = 0; i < t->sip_at_count; i++) {
        if (oh_addr_equal(&t->sip_at[i], a))
            return true;
    }
    return false;
}

/* Without its beginning a connection is only SIP on somebody's word, or, where there is none, by
 * its messages. */
static bool is_wanted(const struct half *h)
{
    const struct connection *c = h->connection;
    if (c->kind == NO_SIP)
        return false;
    return c->kind == SIP || h->order.has_isn || c->owner->sip_at_count == 0;
}

static size_t held_by(const struct half *h)
{
    return h->order.waiting_bytes + (size_t)(h->fed - h->taken) +
           (h->mark_count - h->mark_from) * sizeof *h->marks;
}

static void stop_cutting(struct half *h)
{
    oh_sip_stream_free(h->stream);
    free(h->marks);
    h->stream = NULL;
    h->marks = NULL;
    h->mark_from = h->mark_count = h->mark_room = 0;
    h->taken = h->fed;
}

static void decide(struct connection *c, enum kind kind)
{
    if (c->kind != UNDECIDED)
        return;
    c->kind = kind;
    if (kind == NO_SIP) {
        stop_cutting(&c->half[0]);
        stop_cutting(&c->half[1]);
    }
}

static void add_mark(struct half *h, const struct oh_tcp_bytes *b)
{
    if (h->mark_from > 64 && h->mark_from > h->mark_count / 2) {
        h->mark_count -= h->mark_from;
        memmove(h->marks, h->marks + h->mark_from, h->mark_count * sizeof *h->marks);
        h->mark_from = 0;
    }
    oh_grow(&h->marks, h->mark_count, &h->mark_room, sizeof *h->marks);
    h->marks[h->mark_count++] = (struct mark){h->fed, b->frame, b->time_ns};
}

/* Forgets the frames that end at or before `offset`. */
static void drop_marks(struct half *h, uint64_t offset)
{
    while (h->mark_count - h->mark_from > 1 && h->marks[h->mark_from + 1].offset <= offset)
        h->mark_from++;
    if (h->mark_from < h->mark_count && offset == h->fed)
        h->mark_from = h->mark_count = 0;
}

/* Behind a gap: from the last start line that stands in the header part. */
static struct oh_span without_fragment(struct oh_span message)
{
    size_t from = 0;
    for (size_t at = 0; at < message.len;) {
        struct oh_span rest = oh_span_sub(message, at, message.len);
        size_t len = oh_span_find(rest, '\n');
        struct oh_span line = oh_span_sub(rest, 0, len + 1);
        if (oh_span_trim(line).len == 0)
            break;
        if (oh_sip_looks_like(line))
            from = at;
        at += line.len;
    }
    return oh_span_sub(message, from, message.len);
}

static void give_message(struct half *h, struct oh_span piece, uint64_t offset)
{
    struct oh_tcp_message m = {.src = h->src, .dst = h->dst};
    struct oh_span kept = h->unsure ? without_fragment(piece) : piece;
    drop_marks(h, offset + (piece.len - kept.len));
    for (size_t i = h->mark_from; i < h->mark_count; i++) {
        const struct mark *mark = &h->marks[i];
        if (mark->offset >= offset + piece.len)
            break;
        if (m.frame == 0 || mark->frame < m.frame)
            m.frame = mark->frame;
        m.time_ns = mark->time_ns;
    }
    h->unsure = false;
    m.bytes = kept;
    h->connection->owner->fn(&m, h->connection->owner->arg);
}

/* A stream keeps the room of the largest message that it held: many idle ones would keep much. */
static void renew_stream(struct half *h)
{
    if (h->fed < RENEW_BYTES || h->fed != h->taken)
        return;
    oh_sip_stream_free(h->stream);
    h->stream = oh_sip_stream_new();
    h->fed = h->taken = 0;
}

static void cut(struct half *h)
{
    struct connection *c = h->connection;
    struct oh_span piece;
    uint64_t offset;
    enum oh_sip_cut kind, last = OH_SIP_CUT_NOTHING;
    while (h->stream &&
           (kind = oh_sip_stream_next(h->stream, &piece, &offset)) != OH_SIP_CUT_NOTHING) {
        h->taken = offset + piece.len;
        last = kind;
        if (kind == OH_SIP_CUT_MESSAGE) {
            decide(c, SIP);
            give_message(h, piece, offset);
        } else if (kind == OH_SIP_CUT_NOISE) {
            c->noise++;
            if (h->order.has_isn)
                decide(c, NO_SIP);
        }
        drop_marks(h, h->taken);
    }
    if (last == OH_SIP_CUT_MESSAGE)
        renew_stream(h);
}

static void on_bytes(const struct oh_tcp_bytes *b, void *arg)
{
    struct half *h = arg;
    h->connection->gaps += b->gap > 0;
    if (!is_wanted(h))
        return;
    if (!h->stream) {
        h->stream = oh_sip_stream_new();
        h->unsure = !h->order.has_isn;
        if (h->unsure)
            oh_sip_stream_skip(h->stream, 0);
        h->fed = h->taken = 0;
    }
    if (b->bytes.len > 0) {
        add_mark(h, b);
        oh_sip_stream_add(h->stream, b->bytes);
        h->fed += b->bytes.len;
        cut(h);
    }
    if (b->gap == 0 || !h->stream)
        return;
    oh_sip_stream_skip(h->stream, b->gap);
    h->fed += b->gap;
    h->taken = h->fed;
    h->mark_from = h->mark_count = 0;
    h->unsure = true;
}

/* The rest is no message any more; the last keep-alive is no noise. */
static void end_stream(struct half *h)
{
    if (h->stream)
        h->connection->noise += oh_span_trim(oh_sip_stream_rest(h->stream, NULL)).len > 0;
    stop_cutting(h);
}

/* --- a connection --- */

static void begin_half(struct connection *c, int which, const struct oh_addr *src,
                       const struct oh_addr *dst)
{
    c->half[which] = (struct half){.connection = c, .src = *src, .dst = *dst};
}

static void begin_connection(struct connection *c)
{
    struct oh_addr a = c->half[0].src, b = c->half[0].dst;
    begin_half(c, 0, &a, &b);
    begin_half(c, 1, &b, &a);
    c->kind = is_sip_address(c->owner, &a) || is_sip_address(c->owner, &b) ? SIP : UNDECIDED;
    c->has_syn_ack = false;
    c->gaps = c->segments = c->noise = 0;
}

/* Nothing more will come: gives what can be had, and adds up. */
static void settle(struct connection *c)
{
    struct oh_tcp *t = c->owner;
    for (int i = 0; i < 2; i++) {
        struct half *h = &c->half[i];
        oh_tcp_order_settle(&h->order, on_bytes, h);
        end_stream(h);
        oh_tcp_order_release(&h->order);
    }
    t->gaps += c->kind == SIP ? c->gaps : 0;
    t->others += c->kind == SIP ? c->noise : c->segments;
}

static void restart(struct connection *c)
{
    settle(c);
    begin_connection(c);
}

/* --- all connections --- */

static size_t bucket_of(const struct oh_addr *src, const struct oh_addr *dst)
{
    const struct oh_addr *ends[] = {src, dst};
    uint64_t sum = 0;
    for (int i = 0; i < 2; i++) { /* the same for both directions */
        uint64_t hash = ends[i]->port;
        for (size_t k = 0; k < sizeof ends[i]->ip; k++)
            hash = (hash ^ ends[i]->ip[k]) * 0x100000001b3u;
        sum += hash * 0x9e3779b97f4a7c15u >> 20;
    }
    return (size_t)sum & (BUCKETS - 1);
}

static void unlink_age(struct oh_tcp *t, struct connection *c)
{
    *(c->older ? &c->older->younger : &t->oldest) = c->younger;
    *(c->younger ? &c->younger->older : &t->youngest) = c->older;
    c->older = c->younger = NULL;
}

static void make_youngest(struct oh_tcp *t, struct connection *c)
{
    c->older = t->youngest;
    *(t->youngest ? &t->youngest->younger : &t->oldest) = c;
    t->youngest = c;
}

static void drop_oldest(struct oh_tcp *t)
{
    struct connection *c = t->oldest;
    struct connection **at = &t->buckets[bucket_of(&c->half[0].src, &c->half[0].dst)];
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    t->held -= held_by(&c->half[0]) + held_by(&c->half[1]);
    settle(c);
    unlink_age(t, c);
    t->connection_count--;
    free(c);
}

static struct half *find_half(struct oh_tcp *t, const struct oh_addr *src,
                              const struct oh_addr *dst)
{
    struct connection **bucket = &t->buckets[bucket_of(src, dst)], *c = *bucket;
    for (; c; c = c->next) {
        for (int i = 0; i < 2; i++) {
            if (!oh_addr_equal(&c->half[i].src, src) || !oh_addr_equal(&c->half[i].dst, dst))
                continue;
            unlink_age(t, c);
            make_youngest(t, c);
            return &c->half[i];
        }
    }
    if (t->connection_count == OH_TCP_CONNECTIONS)
        drop_oldest(t);
    c = oh_alloc(sizeof *c);
    c->owner = t;
    begin_half(c, 0, src, dst);
    begin_connection(c);
    c->next = *bucket;
    *bucket = c;
    make_youngest(t, c);
    t->connection_count++;
    return &c->half[0];
}

/* --- segments --- */

/* RFC 9293 3.5. A SYN seen again has the same number. */
static void take_syn(struct half *h, const struct oh_packet *s)
{
    struct connection *c = h->connection;
    const struct half *other = &c->half[h == &c->half[0]];
    bool is_answer = s->tcp_flags & OH_TCP_ACK;
    if (h->order.has_isn && h->order.isn == s->sequence)
        return;
    bool answered_before = c->has_syn_ack && c->syn_ack == s->sequence + 1;
    if (h->order.begun || (!is_answer && !answered_before && other->order.begun))
        restart(c);
    oh_tcp_order_begin(&h->order, s->sequence);
    if (is_answer) {
        c->has_syn_ack = true;
        c->syn_ack = s->acknowledgement;
    }
}

/* Behind the end of one connection, or far from it, lies another whose SYN was not captured. */
static bool is_anothers(const struct oh_tcp_order *o, const struct oh_packet *s)
{
    bool has_bytes = s->bytes.len + s->missing > 0;
    return has_bytes && (oh_tcp_order_is_far(o, s->sequence) ||
                         (o->ended && (int32_t)(s->sequence - o->next) >= 0));
}

static void take_segment(struct half *h, const struct oh_packet *segment)
{
    struct connection *c = h->connection;
    struct oh_packet s = *segment;
    struct half *other = &c->half[h == &c->half[0]];
    if (s.tcp_flags & OH_TCP_SYN) {
        take_syn(h, &s);
        s.sequence++; /* bytes may come with it: RFC 7413 */
    }
    if (is_anothers(&h->order, &s)) {
        restart(c);
        c->gaps++;
    }
    c->segments += s.bytes.len > 0;
    if (s.tcp_flags & OH_TCP_ACK)
        oh_tcp_order_acknowledge(&other->order, s.acknowledgement, s.time_ns, on_bytes, other);
    oh_tcp_order_add(&h->order, &s, on_bytes, h);
    if (h->order.ended)
        end_stream(h);
    if (other->order.ended)
        end_stream(other);
}

static void take_reset(struct connection *c)
{
    for (int i = 0; i < 2; i++)
        oh_tcp_order_give_up(&c->half[i].order, on_bytes, &c->half[i]);
}

/* --- the contract --- */

struct oh_tcp *oh_tcp_new(const struct oh_addr *sip_at, size_t count, oh_tcp_message_fn *fn,
                          void *arg)
{
    struct oh_tcp *t = oh_alloc(sizeof *t);
    *t = (struct oh_tcp){.sip_at_count = count, .fn = fn, .arg = arg};
    t->sip_at = oh_alloc(count * sizeof *t->sip_at);
    if (count > 0)
        memcpy(t->sip_at, sip_at, count * sizeof *t->sip_at);
    t->buckets = oh_alloc(BUCKETS * sizeof(struct connection *));
    return t;
}

static void ignore(const struct oh_tcp_message *m, void *arg)
{
    (void)m, (void)arg;
}

void oh_tcp_free(struct oh_tcp *t)
{
    if (!t)
        return;
    t->fn = ignore;
    oh_tcp_end(t);
    free(t->buckets);
    free(t->sip_at);
    free(t);
}

void oh_tcp_add(struct oh_tcp *t, const struct oh_packet *segment)
{
    struct half *h = find_half(t, &segment->src, &segment->dst);
    struct connection *c = h->connection;
    t->held -= held_by(&c->half[0]) + held_by(&c->half[1]);
    if (segment->tcp_flags & OH_TCP_RST)
        take_reset(c);
    else
        take_segment(h, segment);
    t->held += held_by(&c->half[0]) + held_by(&c->half[1]);
    while (t->held > OH_TCP_HELD_BYTES)
        drop_oldest(t);
}

void oh_tcp_end(struct oh_tcp *t)
{
    while (t->connection_count > 0)
        drop_oldest(t);
}

size_t oh_tcp_gaps(const struct oh_tcp *t)
{
    return t->gaps;
}

size_t oh_tcp_others(const struct oh_tcp *t)
{
    return t->others;
}
