#include "trace/calls.h"

#include "base/file.h"
#include "scenario/scenario.h"
#include "trace/calls_private.h"
#include "trace/index.h"
#include "trace/link_keys.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define BYTES_USUAL    (32u << 20)
#define MESSAGES_USUAL 2000
#define BUCKETS_LEAST  1024
/* Call-IDs that were handed out of late; an answer lost here makes a late message look like the
 * first of its call. */
#define GONE_ROWS 65536
/* Pairs of endpoints of which one direction was seen. */
#define PAIR_ROWS 4096
/* Calls that one media packet may belong to: both sides of a B2BUA that leaves media alone. */
#define MEDIA_CALLS 4

/* Calls of one phase, those silent longest first. */
struct list {
    struct call *first, *last;
};

struct oh_calls {
    struct oh_calls_limits limits;
    struct oh_endpoints *endpoints;
    oh_calls_ready_fn *fn;
    void *arg;
    struct call **buckets;
    size_t bucket_count, call_count;
    struct list lists[OH_CALL_PHASES];
    struct oh_call_addresses addresses;
    struct oh_call_marks marks;
    struct oh_ledger *ledger;
    uint64_t *gone, *pairs;
    struct oh_trace *view; /* used again and again, and the keys of its messages */
    struct oh_link_keys *view_keys;
    size_t view_key_room;
    int64_t now_ns; /* the latest stamp */
    uint64_t touches;
    size_t bytes, lost;
    struct oh_calls_counts counts;
};

static bool is_wanted_usually(const struct oh_endpoint *e, void *arg)
{
    (void)arg;
    return oh_endpoint_is_user_agent(e);
}

struct oh_calls *oh_calls_new(const struct oh_calls_limits *limits, struct oh_endpoints *endpoints,
                              oh_calls_ready_fn *fn, void *arg)
{
    struct oh_calls *c = oh_alloc(sizeof *c);
    c->limits = limits ? *limits : (struct oh_calls_limits){0};
    if (!c->limits.bytes)
        c->limits.bytes = BYTES_USUAL;
    if (!c->limits.call_messages)
        c->limits.call_messages = MESSAGES_USUAL;
    if (c->limits.quiet_ms <= 0)
        c->limits.quiet_ms = OH_T1X64_MS;
    if (!c->limits.wanted)
        c->limits.wanted = is_wanted_usually;
    c->endpoints = endpoints;
    c->fn = fn;
    c->arg = arg;
    c->bucket_count = BUCKETS_LEAST;
    c->buckets = oh_alloc(c->bucket_count * sizeof *c->buckets);
    oh_call_addresses_init(&c->addresses);
    oh_call_marks_init(&c->marks);
    c->ledger = oh_ledger_new(0);
    c->gone = oh_alloc(GONE_ROWS * sizeof *c->gone);
    c->pairs = oh_alloc(PAIR_ROWS * sizeof *c->pairs);
    c->view = oh_trace_new();
    c->view->borrows_messages = true;
    c->view->knows_before = true;
    c->now_ns = INT64_MIN;
    return c;
}

struct oh_calls_counts oh_calls_counts(const struct oh_calls *c)
{
    struct oh_calls_counts counts = c->counts;
    counts.evicted = oh_ledger_evicted(c->ledger);
    return counts;
}

void oh_calls_lost(struct oh_calls *c)
{
    c->lost++;
}

/* --- the lists --- */

static void unlink_call(struct oh_calls *c, struct call *call)
{
    struct list *l = &c->lists[call->phase];
    *(call->before ? &call->before->after : &l->first) = call->after;
    *(call->after ? &call->after->before : &l->last) = call->before;
    call->before = call->after = NULL;
}

static void append_call(struct oh_calls *c, struct call *call, enum oh_call_phase phase)
{
    struct list *l = &c->lists[phase];
    call->phase = phase;
    call->touched = ++c->touches;
    call->before = l->last;
    call->after = NULL;
    *(l->last ? &l->last->after : &l->first) = call;
    l->last = call;
}

static void move_to_end(struct oh_calls *c, struct call *call, enum oh_call_phase phase)
{
    unlink_call(c, call);
    append_call(c, call, phase);
}

/* --- by Call-ID --- */

static struct call **slot_of(const struct oh_calls *c, uint64_t hash, struct oh_span id)
{
    struct call **at = &c->buckets[hash & (c->bucket_count - 1)];
    while (*at &&
           !((*at)->hash == hash && oh_span_equal((struct oh_span){(*at)->id, (*at)->id_len}, id)))
        at = &(*at)->in_bucket;
    return at;
}

static void grow_buckets(struct oh_calls *c)
{
    size_t count = c->bucket_count * 2;
    struct call **buckets = oh_alloc(count * sizeof *buckets);
    for (size_t i = 0; i < c->bucket_count; i++) {
        while (c->buckets[i]) {
            struct call *call = c->buckets[i];
            c->buckets[i] = call->in_bucket;
            call->in_bucket = buckets[call->hash & (count - 1)];
            buckets[call->hash & (count - 1)] = call;
        }
    }
    free(c->buckets);
    c->buckets = buckets;
    c->bucket_count = count;
}

static void account(struct oh_calls *c, struct call *call, size_t bytes)
{
    call->bytes += bytes;
    c->bytes += bytes;
    if (c->bytes > c->counts.peak_bytes)
        c->counts.peak_bytes = c->bytes;
}

/* All but messages and streams. */
static size_t bytes_of_itself(const struct call *call)
{
    return sizeof *call + call->id_len + 1 + call->state.room * sizeof *call->state.items +
           call->address_count * sizeof *call->addresses;
}

static uint64_t *gone_row(const struct oh_calls *c, uint64_t hash)
{
    return &c->gone[hash & (GONE_ROWS - 1)];
}

static struct call *new_call(struct oh_calls *c, uint64_t hash, struct oh_span id)
{
    struct call *call = oh_alloc(sizeof *call);
    call->id = oh_span_dup(id);
    call->id_len = id.len;
    call->hash = hash;
    call->lost_before = c->lost;
    call->begins_within = *gone_row(c, hash) == hash;
    append_call(c, call, OH_CALL_OVER);
    account(c, call, bytes_of_itself(call));
    c->counts.calls++;
    return call;
}

static struct call *by_hash(const struct oh_calls *c, uint64_t hash)
{
    struct call *call = c->buckets[hash & (c->bucket_count - 1)];
    while (call && call->hash != hash)
        call = call->in_bucket;
    return call;
}

/* The call that a message is of though its Call-ID is another, which was not seen till now: by its
 * transaction, or by a dialog that stands. NULL: none. */
static struct call *strayed_from(const struct oh_calls *c, const struct oh_trace_msg *m,
                                 const struct oh_link_keys *k)
{
    if (oh_call_begins_with(m->sip, k))
        return NULL;
    struct call *call = by_hash(c, oh_call_marks_by_branch(&c->marks, k));
    if (call && oh_call_has_transaction(call, m, k))
        return call;
    call = m->sip->is_request ? by_hash(c, oh_call_marks_by_tags(&c->marks, k)) : NULL;
    bool stands = call && call->phase == OH_CALL_OPEN && call->lost_before == c->lost;
    return stands && oh_call_has_dialog(call, m, k) ? call : NULL;
}

static struct call *call_of(struct oh_calls *c, const struct oh_trace_msg *m,
                            const struct oh_link_keys *k)
{
    struct oh_span id = k->call_id;
    uint64_t hash = oh_index_key_add(oh_index_key(0), id);
    struct call **at = slot_of(c, hash, id);
    if (*at)
        return *at;
    struct call *call = *gone_row(c, hash) == hash ? NULL : strayed_from(c, m, k);
    if (call)
        return call;
    call = new_call(c, hash, id);
    *at = call;
    if (++c->call_count > c->bucket_count)
        grow_buckets(c);
    return call;
}

/* --- handing out --- */

static uint64_t pair_key(const struct oh_endpoint *from, const struct oh_endpoint *to)
{
    uint64_t both = (uint64_t)(uint32_t)from->index << 32 | (uint32_t)to->index;
    struct oh_span number = {(const char *)&both, sizeof both};
    return oh_index_key_add(oh_index_key(1), number);
}

static void see_pair(struct oh_calls *c, const struct oh_endpoint *from,
                     const struct oh_endpoint *to)
{
    uint64_t key = pair_key(from, to);
    c->pairs[key & (PAIR_ROWS - 1)] = key;
}

static bool is_pair_seen(const struct oh_calls *c, const struct oh_endpoint *from,
                         const struct oh_endpoint *to)
{
    uint64_t key = pair_key(from, to);
    return c->pairs[key & (PAIR_ROWS - 1)] == key;
}

/* Was one direction only seen, in this call and, between these two, at all? */
static bool is_one_sided(const struct oh_calls *c, const struct call *call,
                         const struct oh_endpoint *phone)
{
    bool sent = false, got = false, other_way = true;
    for (size_t i = 0; i < call->count; i++) {
        const struct kept *k = &call->kept[i];
        sent |= k->from == phone;
        got |= k->to == phone;
        if (k->from == phone || k->to == phone)
            other_way &= is_pair_seen(c, k->to, k->from);
    }
    return !(sent && got) && !other_way;
}

static bool begins_within(const struct oh_trace *view)
{
    struct oh_link_keys keys = oh_link_keys_read(view->msgs[0].sip);
    return !oh_call_begins_with(view->msgs[0].sip, &keys);
}

static void set_sides(struct oh_trace *view, const struct oh_endpoint *phone)
{
    for (size_t i = 0; i < view->msg_count; i++) {
        struct oh_trace_msg *m = &view->msgs[i];
        m->from_phone = m->from_seat == phone->name;
        m->to_phone = m->to_seat == phone->name;
    }
}

static void add_to_view(struct oh_calls *c, const struct kept *k)
{
    struct oh_trace *view = c->view;
    oh_grow(&view->msgs, view->msg_count, &view->msg_room, sizeof *view->msgs);
    oh_grow(&c->view_keys, view->msg_count, &c->view_key_room, sizeof *c->view_keys);
    c->view_keys[view->msg_count] = k->keys;
    view->msgs[view->msg_count] = k->msg;
    view->msgs[view->msg_count].index = (int)view->msg_count;
    view->msg_count++;
}

static bool is_between(const struct kept *k, const struct oh_endpoint *a,
                       const struct oh_endpoint *b)
{
    return (k->from == a && k->to == b) || (k->from == b && k->to == a);
}

/* Where a NAT is seen on both sides, its peers have each message twice: the NAT's is theirs. */
static bool is_inner_leg(const struct call *call, const struct kept *k,
                         const struct oh_endpoint *phone)
{
    const struct oh_endpoint *nat = (k->from == phone ? k->to : k->from)->sent_on_by;
    for (size_t i = 0; nat && nat != phone && i < call->count; i++) {
        if (is_between(&call->kept[i], phone, nat))
            return true;
    }
    return false;
}

static bool is_in_view(const struct call *call, const struct kept *k,
                       const struct oh_endpoint *phone)
{
    return (k->from == phone || k->to == phone) && !is_inner_leg(call, k, phone);
}

/* The messages of one party, linked. A view that has all of them serves the other party, too. */
static void fill_view(struct oh_calls *c, const struct call *call, const struct oh_endpoint *phone)
{
    size_t mine = 0;
    for (size_t i = 0; i < call->count; i++)
        mine += is_in_view(call, &call->kept[i], phone);
    if (mine < call->count || c->view->msg_count != call->count) {
        c->view->msg_count = 0;
        for (size_t i = 0; i < call->count; i++) {
            if (is_in_view(call, &call->kept[i], phone))
                add_to_view(c, &call->kept[i]);
        }
        oh_trace_link_by(c->view, c->view_keys);
    }
    set_sides(c->view, phone);
}

static void hand_to(struct oh_calls *c, const struct call *call, const struct oh_endpoint *phone,
                    bool cut)
{
    fill_view(c, call, phone);
    if (c->view->msg_count == 0)
        return;
    struct oh_call ready = {
        .trace = c->view,
        .phone = phone,
        .until_ns = c->now_ns,
        .begins_within = call->begins_within || begins_within(c->view),
        .cut = cut,
        .one_sided = is_one_sided(c, call, phone),
        .lost = call->lost_before != c->lost,
    };
    c->counts.views++;
    c->fn(&ready, c->arg);
}

static void let_go(struct call *call)
{
    for (size_t i = 0; i < call->count; i++)
        oh_sip_msg_free(call->kept[i].msg.sip);
    oh_streams_free(call->streams);
    free(call->kept);
    free(call->parties);
    call->streams = NULL;
    call->kept = NULL;
    call->parties = NULL;
    call->count = call->room = call->party_count = call->party_room = 0;
}

/* Its messages go out, and out of memory; who it is and how far it has come stays. */
static void hand_out(struct oh_calls *c, struct call *call, bool cut)
{
    c->view->msg_count = 0;
    c->view->streams = call->streams;
    for (size_t i = 0; i < call->party_count; i++) {
        if (c->limits.wanted(call->parties[i], c->limits.wanted_arg))
            hand_to(c, call, call->parties[i], cut);
    }
    c->view->streams = NULL;
    let_go(call);
    call->begins_within = true;
    call->lost_before = c->lost;
    c->bytes -= call->bytes;
    call->bytes = 0;
    account(c, call, bytes_of_itself(call));
}

static void free_call(struct oh_calls *c, struct call *call)
{
    unlink_call(c, call);
    oh_call_addresses_forget(&c->addresses, call);
    oh_call_state_release(&call->state);
    let_go(call);
    c->bytes -= call->bytes;
    free(call->id);
    free(call);
}

static void finish(struct oh_calls *c, struct call *call, bool cut)
{
    struct oh_span id = {call->id, call->id_len};
    hand_out(c, call, cut);
    struct call **at = slot_of(c, call->hash, id);
    if (*at == call) { /* not without a Call-ID */
        *at = call->in_bucket;
        c->call_count--;
        *gone_row(c, call->hash) = call->hash;
    }
    free_call(c, call);
}

void oh_calls_free(struct oh_calls *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < OH_CALL_PHASES; i++) {
        while (c->lists[i].first)
            free_call(c, c->lists[i].first);
    }
    c->view->msg_count = 0;
    oh_trace_free(c->view);
    oh_call_addresses_release(&c->addresses);
    oh_call_marks_release(&c->marks);
    oh_ledger_free(c->ledger);
    free(c->buckets);
    free(c->gone);
    free(c->pairs);
    free(c->view_keys);
    free(c);
}

/* --- time and room --- */

static int64_t patience_ns(const struct oh_calls *c, enum oh_call_phase phase)
{
    int64_t ms = c->limits.quiet_ms + (phase == OH_CALL_UNANSWERED ? OH_T1X64_MS : 0);
    return ms > INT64_MAX / OH_NS_PER_MS ? INT64_MAX : ms * OH_NS_PER_MS;
}

static bool is_due(const struct oh_calls *c, const struct call *call)
{
    if (call->phase == OH_CALL_OPEN)
        return false;
    /* stamps are anybody's: the difference may be more than fits */
    uint64_t silent = (uint64_t)c->now_ns - (uint64_t)call->last_ns;
    return silent >= (uint64_t)patience_ns(c, call->phase);
}

static void hand_out_due(struct oh_calls *c)
{
    static const enum oh_call_phase phases[] = {OH_CALL_OVER, OH_CALL_UNANSWERED};
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++) {
        struct call *first;
        while ((first = c->lists[phases[i]].first) != NULL && is_due(c, first))
            finish(c, first, false);
    }
}

/* Those that are over, then those that were silent longest; NULL: none is kept. */
static struct call *first_to_go(const struct oh_calls *c)
{
    struct call *open = c->lists[OH_CALL_OPEN].first;
    struct call *unanswered = c->lists[OH_CALL_UNANSWERED].first;
    if (c->lists[OH_CALL_OVER].first)
        return c->lists[OH_CALL_OVER].first;
    if (!open || !unanswered)
        return open ? open : unanswered;
    return open->touched < unanswered->touched ? open : unanswered;
}

static void make_room(struct oh_calls *c)
{
    struct call *call;
    while (c->bytes > c->limits.bytes && (call = first_to_go(c)) != NULL) {
        bool cut = call->phase != OH_CALL_OVER;
        c->counts.cut += cut;
        finish(c, call, cut);
    }
}

/* --- what comes in --- */

static void add_party(struct oh_calls *c, struct call *call, const struct oh_endpoint *e)
{
    for (size_t i = 0; i < call->party_count; i++) {
        if (call->parties[i] == e)
            return;
    }
    size_t room = call->party_room;
    if (call->party_count == room) {
        call->party_room = room ? room * 2 : 2;
        call->parties = oh_realloc(call->parties, call->party_room * sizeof(void *));
    }
    account(c, call, (call->party_room - room) * sizeof(void *));
    call->parties[call->party_count++] = e;
}

static struct kept *keep(struct oh_calls *c, struct call *call, const struct oh_link_keys *keys,
                         const struct oh_trace_msg *m)
{
    size_t room = call->room;
    if (call->count == room) { /* most calls are short */
        call->room = room ? room * 2 : 2;
        call->kept = oh_realloc(call->kept, call->room * sizeof *call->kept);
    }
    account(c, call, (call->room - room) * sizeof *call->kept + oh_sip_msg_memory(m->sip));
    struct kept *k = &call->kept[call->count++];
    k->msg = *m;
    k->keys = *keys;
    return k;
}

static void add_message(struct oh_calls *c, struct call *call, const struct oh_link_keys *keys,
                        const struct oh_trace_msg *m)
{
    struct kept *k = keep(c, call, keys, m);
    oh_endpoints_take(c->endpoints, m->sip, keys, &m->src, &m->dst, m->transport, &k->from, &k->to);
    k->msg.from_seat = k->from->name;
    k->msg.to_seat = k->to->name;
    see_pair(c, k->from, k->to);
    add_party(c, call, k->from);
    add_party(c, call, k->to);
    oh_call_marks_take(&c->marks, call, m->sip, keys);
    oh_ledger_take(c->ledger, (uint64_t)k->from->index, keys, &k->msg);
    account(c, call, oh_call_addresses_take(&c->addresses, call, m->sip));
    size_t room = call->state.room;
    oh_call_state_take(&call->state, m->sip, keys);
    account(c, call, (call->state.room - room) * sizeof *call->state.items);
    call->last_ns = c->now_ns;
}

bool oh_calls_message(struct oh_calls *c, unsigned frame, int64_t time_ns,
                      const struct oh_addr *src, const struct oh_addr *dst,
                      enum oh_transport transport, struct oh_span bytes)
{
    struct oh_sip_msg *sip = oh_sip_msg_parse(bytes);
    if (!sip)
        return false;
    struct oh_trace_msg m = oh_trace_msg_of(frame, time_ns, src, dst, transport, sip);
    struct oh_link_keys keys = oh_link_keys_read(sip);
    c->counts.messages++;
    if (time_ns > c->now_ns)
        c->now_ns = time_ns;
    hand_out_due(c);
    if (!keys.call_id.at) {
        c->counts.without_id++;
        struct call *alone = new_call(c, 0, (struct oh_span){"", 0});
        alone->begins_within = false;
        add_message(c, alone, &keys, &m);
        finish(c, alone, true);
        return true;
    }
    struct call *call = call_of(c, &m, &keys);
    add_message(c, call, &keys, &m);
    move_to_end(c, call, oh_call_state_phase(&call->state));
    if (call->count >= c->limits.call_messages)
        hand_out(c, call, true);
    make_room(c);
    return true;
}

/* Media keeps a call that stands from being the one silent longest. */
static bool add_media(struct oh_calls *c, struct call *call, unsigned frame, int64_t time_ns,
                      const struct oh_addr *src, const struct oh_addr *dst, struct oh_span bytes)
{
    if (!call->streams)
        call->streams = oh_streams_new();
    size_t before = call->streams ? oh_streams_bytes(call->streams) : 0;
    enum oh_stream_kind kind = oh_streams_add(call->streams, frame, time_ns, src, dst, bytes);
    account(c, call, oh_streams_bytes(call->streams) - before);
    if (call->phase == OH_CALL_OPEN)
        move_to_end(c, call, OH_CALL_OPEN);
    return kind != OH_STREAM_NONE;
}

bool oh_calls_datagram(struct oh_calls *c, unsigned frame, int64_t time_ns,
                       const struct oh_addr *src, const struct oh_addr *dst, struct oh_span bytes)
{
    struct call *calls[MEDIA_CALLS];
    bool is_media = false;
    if (time_ns > c->now_ns)
        c->now_ns = time_ns;
    size_t count = oh_call_addresses_find(&c->addresses, src, dst, calls, MEDIA_CALLS);
    for (size_t i = 0; i < count; i++)
        is_media |= add_media(c, calls[i], frame, time_ns, src, dst, bytes);
    c->counts.media += is_media;
    hand_out_due(c);
    make_room(c);
    return is_media;
}

void oh_calls_end(struct oh_calls *c)
{
    for (size_t i = OH_CALL_PHASES; i > 0; i--) {
        struct call *first;
        while ((first = c->lists[i - 1].first) != NULL)
            finish(c, first, first->phase != OH_CALL_OVER && !is_due(c, first));
    }
}
