#include "trace/tcp.h"

#include "sip/message.h"
#include "sip/stream.h"
#include "trace/tcp_order.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS (2 * OH_TCP_CONNECTIONS) /* a power of two */

/* What a segment that waits costs beside its bytes. */
#define WAITING_COST 128
#define SPARES       64
#define SPARE_BYTES  ((size_t)8 << 10) /* one that held more is not kept as a spare */

/* Where in a half's stream the bytes of a frame begin. */
struct mark {
    uint64_t offset;
    unsigned frame;
    int64_t time_ns;
};

/* Cuts a direction into messages, while something of it is not cut yet. Idle connections have none,
 * for its room would be most of what they cost. */
struct cutter {
    struct oh_sip_stream *stream;
    struct mark *marks; /* owned; those before `mark_from` are done with */
    size_t mark_from, mark_count, mark_room;
    uint64_t fed, taken; /* offsets in the stream: of what comes next, of what is held */
    size_t most;         /* that was ever held: its room is up to twice that */
    struct cutter *next; /* spare */
};

/* One direction. */
struct half {
    struct connection *connection;
    struct oh_addr src, dst;
    struct oh_tcp_order order;
    struct cutter *cutter; /* NULL: nothing is held, or nothing is wanted */
    bool begun;
    bool amid;        /* what comes next may stand within a message */
    bool unsure;      /* the next message is the first behind a gap */
    size_t looked_at; /* bytes, while it is not known whether it is SIP */
};

enum kind { UNDECIDED, SIP, NO_SIP };

/* By when they were last seen: all, and those that hold something. */
enum list { ALL, HOLDERS, LISTS };

struct connection {
    struct oh_tcp *owner;
    struct half half[2];
    enum kind kind;
    bool has_syn_ack;
    uint32_t syn_ack;             /* what the SYN-ACK acknowledged */
    size_t gaps, segments, noise; /* gaps: before it was known to be SIP; segments: with bytes */
    size_t held;
    struct connection *next; /* in the bucket */
    struct connection *older[LISTS], *younger[LISTS];
};

struct oh_tcp {
    struct oh_addr *sip_at;
    size_t sip_at_count;
    oh_tcp_message_fn *fn;
    void *arg;
    struct connection **buckets;
    struct connection *oldest[LISTS], *youngest[LISTS];
    size_t connection_count;
    size_t held; /* memory for what waits or is not whole */
    size_t gaps, others;
    struct cutter *spares;
    size_t spare_count;
};

/* --- cutters --- */

static struct cutter *take_cutter(struct oh_tcp *t)
{
    struct cutter *k = t->spares;
    if (k) {
        t->spares = k->next;
        t->spare_count--;
        return k;
    }
    k = oh_alloc(sizeof *k);
    k->stream = oh_sip_stream_new();
    return k;
}

static void free_cutter(struct cutter *k)
{
    oh_sip_stream_free(k->stream);
    free(k->marks);
    free(k);
}

/* It holds nothing any more. */
static void give_back(struct oh_tcp *t, struct cutter *k)
{
    if (t->spare_count == SPARES || k->most > SPARE_BYTES) {
        free_cutter(k);
        return;
    }
    oh_sip_stream_reset(k->stream);
    k->fed = k->taken = 0;
    k->mark_from = k->mark_count = 0;
    k->next = t->spares;
    t->spares = k;
    t->spare_count++;
}

static void add_mark(struct cutter *k, const struct oh_tcp_bytes *b)
{
    if (k->mark_from > 64 && k->mark_from > k->mark_count / 2) {
        k->mark_count -= k->mark_from;
        memmove(k->marks, k->marks + k->mark_from, k->mark_count * sizeof *k->marks);
        k->mark_from = 0;
    }
    oh_grow(&k->marks, k->mark_count, &k->mark_room, sizeof *k->marks);
    k->marks[k->mark_count++] = (struct mark){k->fed, b->frame, b->time_ns};
}

/* Forgets the frames that end at or before `offset`. */
static void drop_marks(struct cutter *k, uint64_t offset)
{
    while (k->mark_count - k->mark_from > 1 && k->marks[k->mark_from + 1].offset <= offset)
        k->mark_from++;
    if (k->mark_from < k->mark_count && offset == k->fed)
        k->mark_from = k->mark_count = 0;
}

static size_t cost_of(const struct cutter *k)
{
    return sizeof *k + 2 * k->most + k->mark_room * sizeof *k->marks;
}

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
    return h->order.waiting_bytes + h->order.waiting_count * WAITING_COST +
           (h->cutter ? cost_of(h->cutter) : 0);
}

static void begin_cutting(struct half *h)
{
    h->cutter = take_cutter(h->connection->owner);
    if (!h->begun)
        h->amid = !h->order.has_isn;
    h->begun = true;
    if (h->amid) {
        oh_sip_stream_skip(h->cutter->stream, 0);
        h->unsure = true;
    }
    h->amid = false;
}

/* What is held is let go. */
static void stop_cutting(struct half *h)
{
    struct cutter *k = h->cutter;
    if (!k)
        return;
    h->cutter = NULL;
    give_back(h->connection->owner, k);
}

static void count_gap(struct connection *c)
{
    *(c->kind == SIP ? &c->owner->gaps : &c->gaps) += 1;
}

static void decide(struct connection *c, enum kind kind)
{
    if (c->kind != UNDECIDED)
        return;
    c->kind = kind;
    if (kind == SIP) {
        c->owner->gaps += c->gaps;
        return;
    }
    stop_cutting(&c->half[0]);
    stop_cutting(&c->half[1]);
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
    struct cutter *k = h->cutter;
    struct oh_tcp_message m = {.src = h->src, .dst = h->dst};
    struct oh_span kept = h->unsure ? without_fragment(piece) : piece;
    drop_marks(k, offset + (piece.len - kept.len));
    for (size_t i = k->mark_from; i < k->mark_count; i++) {
        const struct mark *mark = &k->marks[i];
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

static void take_piece(struct half *h, enum oh_sip_cut kind, struct oh_span piece, uint64_t offset)
{
    struct connection *c = h->connection;
    if (kind == OH_SIP_CUT_MESSAGE) {
        decide(c, SIP);
        give_message(h, piece, offset);
    } else if (kind == OH_SIP_CUT_NOISE) {
        c->noise++;
        if (h->order.has_isn)
            decide(c, NO_SIP);
    }
}

static void cut(struct half *h)
{
    struct oh_span piece;
    uint64_t offset;
    enum oh_sip_cut kind, last = OH_SIP_CUT_NOTHING;
    struct cutter *k = h->cutter;
    while (h->cutter &&
           (kind = oh_sip_stream_next(k->stream, &piece, &offset)) != OH_SIP_CUT_NOTHING) {
        k->taken = offset + piece.len;
        last = kind;
        take_piece(h, kind, piece, offset);
        if (h->cutter)
            drop_marks(k, k->taken);
    }
    if (h->cutter && k->fed == k->taken && last != OH_SIP_CUT_NOISE && last != OH_SIP_CUT_NOTHING)
        stop_cutting(h);
}

/* Bulk without a message: looking on would only cost. */
static void look_no_longer(struct half *h, size_t len)
{
    if (h->connection->kind != UNDECIDED || !h->unsure)
        return;
    h->looked_at += len;
    if (h->looked_at > OH_TCP_LOOKED_AT)
        decide(h->connection, NO_SIP);
}

static void feed(struct half *h, const struct oh_tcp_bytes *b)
{
    struct cutter *k = h->cutter;
    add_mark(k, b);
    oh_sip_stream_add(k->stream, b->bytes);
    k->fed += b->bytes.len;
    size_t held = (size_t)(k->fed - k->taken);
    k->most = held > k->most ? held : k->most;
    cut(h);
    look_no_longer(h, b->bytes.len);
}

static void on_bytes(const struct oh_tcp_bytes *b, void *arg)
{
    struct half *h = arg;
    if (b->gap > 0)
        count_gap(h->connection);
    if (!is_wanted(h))
        return;
    if (!h->cutter)
        begin_cutting(h);
    if (b->bytes.len > 0)
        feed(h, b);
    if (b->gap == 0)
        return;
    stop_cutting(h);
    h->amid = true;
}

/* The rest is no message any more; the last keep-alive is no noise. */
static void end_stream(struct half *h)
{
    if (!h->cutter)
        return;
    h->connection->noise += oh_span_trim(oh_sip_stream_rest(h->cutter->stream, NULL)).len > 0;
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
    t->others += c->kind == SIP ? c->noise : c->segments;
}

static void restart(struct connection *c)
{
    settle(c);
    begin_connection(c);
}

/* --- all connections --- */

static uint64_t mix(uint64_t a, uint64_t b)
{
    uint64_t sum = (a ^ b) * 0x9e3779b97f4a7c15u;
    return sum ^ sum >> 29;
}

static size_t bucket_of(const struct oh_addr *src, const struct oh_addr *dst)
{
    const struct oh_addr *ends[] = {src, dst};
    uint64_t sum = 0;
    for (int i = 0; i < 2; i++) { /* the same for both directions */
        uint64_t ip[2];
        memcpy(ip, ends[i]->ip, sizeof ip);
        sum += mix(mix(mix(ends[i]->port, ip[0]), ip[1]), ends[i]->family) >> 20;
    }
    return (size_t)sum & (BUCKETS - 1);
}

static void leave(struct oh_tcp *t, enum list l, struct connection *c)
{
    *(c->older[l] ? &c->older[l]->younger[l] : &t->oldest[l]) = c->younger[l];
    *(c->younger[l] ? &c->younger[l]->older[l] : &t->youngest[l]) = c->older[l];
    c->older[l] = c->younger[l] = NULL;
}

static void join(struct oh_tcp *t, enum list l, struct connection *c)
{
    c->older[l] = t->youngest[l];
    *(t->youngest[l] ? &t->youngest[l]->younger[l] : &t->oldest[l]) = c;
    t->youngest[l] = c;
}

static void count_held(struct connection *c)
{
    struct oh_tcp *t = c->owner;
    size_t held = held_by(&c->half[0]) + held_by(&c->half[1]);
    t->held += held - c->held;
    if (c->held > 0)
        leave(t, HOLDERS, c);
    if (held > 0)
        join(t, HOLDERS, c);
    c->held = held;
}

/* Too much is held by all together. */
static void let_go(struct connection *c)
{
    for (int i = 0; i < 2; i++) {
        struct half *h = &c->half[i];
        oh_tcp_order_give_up(&h->order, on_bytes, h);
        if (!h->cutter)
            continue;
        if (h->cutter->fed > h->cutter->taken)
            count_gap(c);
        stop_cutting(h);
        h->amid = true;
    }
    count_held(c);
}

static void drop_oldest(struct oh_tcp *t)
{
    struct connection *c = t->oldest[ALL];
    struct connection **at = &t->buckets[bucket_of(&c->half[0].src, &c->half[0].dst)];
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    settle(c);
    count_held(c);
    leave(t, ALL, c);
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
            leave(t, ALL, c);
            join(t, ALL, c);
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
    join(t, ALL, c);
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
        count_gap(c);
    }
    c->segments += s.bytes.len > 0;
    if (c->kind == NO_SIP) { /* only the numbers matter */
        s.missing += s.bytes.len;
        s.bytes.len = 0;
    }
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
    while (t->spares)
        free_cutter(take_cutter(t));
    free(t->buckets);
    free(t->sip_at);
    free(t);
}

void oh_tcp_add(struct oh_tcp *t, const struct oh_packet *segment)
{
    struct half *h = find_half(t, &segment->src, &segment->dst);
    struct connection *c = h->connection;
    if (segment->tcp_flags & OH_TCP_RST)
        take_reset(c);
    else
        take_segment(h, segment);
    count_held(c);
    while (t->held > OH_TCP_HELD_BYTES)
        let_go(t->oldest[HOLDERS]);
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
