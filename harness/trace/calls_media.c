#include "trace/calls_private.h"
#include "trace/index.h"

#include <stdlib.h>

/* Of one call; the session descriptions of a call name a few. */
#define ADDRESSES_MAX 64
#define BUCKETS_LEAST 1024
/* Calls that name one address are looked through so far, newest first. */
#define REACH 64

static uint64_t key_of(const struct oh_addr *a)
{
    struct oh_span ip = {(const char *)a->ip, sizeof a->ip};
    return oh_index_key_add(oh_index_key(a->port), ip);
}

static struct oh_call_address **bucket(const struct oh_call_addresses *a, const struct oh_addr *at)
{
    return &a->buckets[key_of(at) & (a->bucket_count - 1)];
}

void oh_call_addresses_init(struct oh_call_addresses *a)
{
    *a = (struct oh_call_addresses){.bucket_count = BUCKETS_LEAST};
    a->buckets = oh_alloc(a->bucket_count * sizeof *a->buckets);
}

void oh_call_addresses_release(struct oh_call_addresses *a)
{
    free(a->buckets);
    *a = (struct oh_call_addresses){0};
}

static void put(struct oh_call_addresses *a, struct oh_call_address *at)
{
    struct oh_call_address **head = bucket(a, &at->addr);
    at->in_bucket = *head;
    at->link = head;
    if (*head)
        (*head)->link = &at->in_bucket;
    *head = at;
}

static void take_out(struct oh_call_address *at)
{
    *at->link = at->in_bucket;
    if (at->in_bucket)
        at->in_bucket->link = at->link;
}

static void grow(struct oh_call_addresses *a)
{
    struct oh_call_addresses bigger = {.bucket_count = a->bucket_count * 2, .count = a->count};
    bigger.buckets = oh_alloc(bigger.bucket_count * sizeof *bigger.buckets);
    for (size_t i = 0; i < a->bucket_count; i++) {
        while (a->buckets[i]) {
            struct oh_call_address *at = a->buckets[i];
            take_out(at);
            put(&bigger, at);
        }
    }
    free(a->buckets);
    *a = bigger;
}

static bool is_known(const struct call *call, const struct oh_addr *addr)
{
    for (const struct oh_call_address *at = call->addresses; at; at = at->of_call) {
        if (oh_addr_equal(&at->addr, addr))
            return true;
    }
    return false;
}

static size_t enter(struct oh_call_addresses *a, struct call *call, struct oh_addr addr)
{
    if (addr.port == 0 || addr.family == OH_FAMILY_NONE || call->address_count >= ADDRESSES_MAX ||
        is_known(call, &addr))
        return 0;
    struct oh_call_address *at = oh_alloc(sizeof *at);
    *at = (struct oh_call_address){.addr = addr, .call = call, .of_call = call->addresses};
    put(a, at);
    call->addresses = at;
    call->address_count++;
    if (++a->count > a->bucket_count)
        grow(a);
    return sizeof *at;
}

/* --- session descriptions: RFC 4566 5.7, 5.14; a=rtcp of RFC 3605 --- */

static struct oh_span take_line(struct oh_span *rest)
{
    size_t end = oh_span_find(*rest, '\n');
    struct oh_span line = oh_span_trim(oh_span_sub(*rest, 0, end));
    *rest = oh_span_sub(*rest, end + 1, rest->len);
    return line;
}

static struct oh_span take_word(struct oh_span *line)
{
    size_t end = oh_span_find(*line, ' ');
    struct oh_span word = oh_span_sub(*line, 0, end);
    *line = oh_span_trim(oh_span_sub(*line, end + 1, line->len));
    return word;
}

/* "IN IP4 192.0.2.1/127"; no address where it is a name, or of nobody. */
static struct oh_addr connection(struct oh_span line)
{
    struct oh_addr addr = {0};
    static const struct oh_addr none;
    take_word(&line);
    take_word(&line);
    struct oh_span host = oh_span_sub(line, 0, oh_span_find(line, '/'));
    if (oh_addr_parse(take_word(&host), &addr, NULL) < 0)
        return none;
    addr.port = 0;
    bool nobody = true; /* 0.0.0.0 and ::, RFC 3264 8.4 */
    for (size_t i = 0; i < sizeof addr.ip; i++)
        nobody = nobody && addr.ip[i] == 0;
    return nobody ? none : addr;
}

static uint16_t port_of(struct oh_span word)
{
    uint64_t port = 0;
    bool fine = oh_span_to_u64(oh_span_sub(word, 0, oh_span_find(word, '/')), &port);
    return fine && port <= UINT16_MAX ? (uint16_t)port : 0;
}

/* A description while it is read: a stream is entered when the next one begins. */
struct media {
    struct oh_addr session, stream, rtcp;
    uint16_t port;
    bool in_stream;
};

static size_t enter_stream(struct oh_call_addresses *a, struct call *call, struct media *m)
{
    struct oh_addr rtp = m->stream.family ? m->stream : m->session, rtcp = rtp;
    size_t bytes = 0;
    if (m->in_stream && m->port && rtp.family) {
        rtp.port = m->port;
        /* RFC 3550 11: the next higher port, if no attribute says otherwise */
        rtcp.port = m->port < UINT16_MAX ? (uint16_t)(m->port + 1) : 0;
        if (m->rtcp.port) {
            rtcp = m->rtcp.family ? m->rtcp : rtp;
            rtcp.port = m->rtcp.port;
        }
        bytes = enter(a, call, rtp) + enter(a, call, rtcp);
    }
    m->stream = m->rtcp = (struct oh_addr){0};
    m->port = 0;
    return bytes;
}

static size_t read_line(struct oh_call_addresses *a, struct call *call, struct media *m,
                        struct oh_span line)
{
    size_t bytes = 0;
    struct oh_span value = oh_span_sub(line, 2, line.len);
    if (oh_span_starts_with(line, "c=")) {
        *(m->in_stream ? &m->stream : &m->session) = connection(value);
    } else if (oh_span_starts_with(line, "m=")) {
        bytes = enter_stream(a, call, m);
        m->in_stream = true;
        take_word(&value);
        m->port = port_of(take_word(&value));
    } else if (oh_span_starts_with(line, "a=rtcp:")) {
        value = oh_span_sub(line, 7, line.len);
        uint16_t port = port_of(take_word(&value));
        m->rtcp = value.len ? connection(value) : (struct oh_addr){0};
        m->rtcp.port = port;
    }
    return bytes;
}

size_t oh_call_addresses_take(struct oh_call_addresses *a, struct call *call,
                              const struct oh_sip_msg *m)
{
    struct oh_span rest = m->body;
    struct media media = {0};
    size_t bytes = 0;
    /* in a multipart body it stands among others */
    if (oh_span_search(rest, oh_span_of("v=0")) == rest.len)
        return 0;
    while (rest.len > 0 && call->address_count < ADDRESSES_MAX)
        bytes += read_line(a, call, &media, take_line(&rest));
    return bytes + enter_stream(a, call, &media);
}

void oh_call_addresses_forget(struct oh_call_addresses *a, struct call *call)
{
    while (call->addresses) {
        struct oh_call_address *at = call->addresses;
        take_out(at);
        call->addresses = at->of_call;
        a->count--;
        free(at);
    }
    call->address_count = 0;
}

/* --- packets --- */

static bool is_partys(const struct call *call, const struct oh_addr *addr)
{
    for (const struct oh_call_address *at = call->addresses; at; at = at->of_call) {
        if (oh_addr_same_ip(&at->addr, addr))
            return true;
    }
    for (size_t i = 0; i < call->party_count; i++) {
        if (oh_addr_same_ip(&call->parties[i]->addr, addr))
            return true;
    }
    return false;
}

/* The calls that know most of the addresses of a packet. */
struct finding {
    const struct oh_addr *src, *dst;
    struct call **calls;
    size_t count, most;
    unsigned best;
};

/* The more of its addresses a call names, the more it is the call's; then, the less it has ended.
 */
static unsigned claim(const struct call *call, const struct finding *f)
{
    unsigned ends = is_known(call, f->src) + is_known(call, f->dst);
    return 2 * ends + !oh_call_state_has_ended(&call->state);
}

static void take_claim(struct finding *f, struct call *call)
{
    unsigned its = claim(call, f);
    for (size_t i = 0; i < f->count; i++) {
        if (f->calls[i] == call)
            return;
    }
    if (its > f->best)
        f->count = 0;
    if (its < f->best || f->count == f->most)
        return;
    f->best = its;
    f->calls[f->count++] = call;
}

size_t oh_call_addresses_find(const struct oh_call_addresses *a, const struct oh_addr *src,
                              const struct oh_addr *dst, struct call **calls, size_t most)
{
    struct finding f = {.src = src, .dst = dst, .calls = calls, .most = most};
    size_t seen = 0;
    for (struct oh_call_address *at = *bucket(a, dst); at && seen < REACH; at = at->in_bucket) {
        /* behind a NAT media comes from an address that no description names: then it is that of
         * who speaks SIP in this call, or a stranger's */
        if (oh_addr_equal(&at->addr, dst) && is_partys(at->call, src))
            take_claim(&f, at->call);
        seen++;
    }
    seen = 0;
    for (struct oh_call_address *at = *bucket(a, src); at && seen < REACH; at = at->in_bucket) {
        if (oh_addr_equal(&at->addr, src))
            take_claim(&f, at->call);
        seen++;
    }
    return f.count;
}
