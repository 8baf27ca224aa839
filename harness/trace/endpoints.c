#include "trace/endpoints.h"

#include "sip/via.h"
#include "trace/index.h"
#include "trace/link_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is remembered of messages of late, for seeing them sent on: a newer one may take the place
 * of an older. */
#define RECENT_ROWS 16384
/* More aliases than this are begun anew: ports of old connections. */
#define ALIASES_MAX (3 * OH_ENDPOINTS_MAX)
/* A User-Agent is looked for in so many of the first messages. */
#define INTRODUCTIONS   16
#define USER_AGENT_MOST 256

enum kind {
    KIND_ADDRESS = 1, /* listens there */
    KIND_SOURCE,      /* sends UDP from there */
    KIND_CONNECTION,  /* that end of a TCP connection */
    KIND_BEHIND,      /* a sent-by behind a source, over TCP */
    KIND_HOST,        /* an address without its port */
    KIND_GOT,         /* request: who got it */
    KIND_SENT,        /* message as it is: who sent it */
    KIND_SERVER,      /* transaction: who got its request */
    KIND_CLIENT,      /* transaction: who sent its request */
    KIND_ROUTES,      /* transaction: how many Record-Routes its request had */
};

struct alias {
    uint64_t key; /* 0: empty */
    int endpoint;
    bool several; /* KIND_HOST: more than one */
};

struct recent {
    uint64_t key;
    int endpoint;
};

struct oh_endpoints {
    struct oh_endpoint **list;
    size_t count, room;
    struct alias *aliases; /* open addressing, at most half full */
    size_t alias_count, alias_room;
    struct recent *recent;
};

bool oh_endpoint_is_user_agent(const struct oh_endpoint *e)
{
    return !e->forwards && !e->registers && !e->is_others && e->sent > 0;
}

struct oh_endpoints *oh_endpoints_new(void)
{
    struct oh_endpoints *e = oh_alloc(sizeof *e);
    e->alias_room = 256;
    e->aliases = oh_alloc(e->alias_room * sizeof *e->aliases);
    e->recent = oh_alloc(RECENT_ROWS * sizeof *e->recent);
    return e;
}

void oh_endpoints_free(struct oh_endpoints *e)
{
    if (!e)
        return;
    for (size_t i = 0; i < e->count; i++) {
        free(e->list[i]->user_agent);
        free(e->list[i]);
    }
    free(e->list);
    free(e->aliases);
    free(e->recent);
    free(e);
}

size_t oh_endpoints_count(const struct oh_endpoints *e)
{
    return e->count;
}

const struct oh_endpoint *oh_endpoints_at(const struct oh_endpoints *e, size_t index)
{
    return e->list[index];
}

/* --- names for endpoints --- */

static uint64_t key_of_addr(enum kind kind, const struct oh_addr *a, bool with_port)
{
    struct oh_span ip = {(const char *)a->ip, a->family == OH_FAMILY_IPV6 ? sizeof a->ip : 4};
    uint16_t port = with_port ? a->port : 0;
    struct oh_span number = {(const char *)&port, sizeof port};
    uint64_t key = oh_index_key_add(oh_index_key_add(oh_index_key(kind), ip), number);
    return key ? key : 1;
}

static struct alias *slot_of(const struct oh_endpoints *e, uint64_t key)
{
    size_t at = (size_t)key & (e->alias_room - 1);
    while (e->aliases[at].key != 0 && e->aliases[at].key != key)
        at = (at + 1) & (e->alias_room - 1);
    return &e->aliases[at];
}

static int find(const struct oh_endpoints *e, uint64_t key)
{
    const struct alias *a = slot_of(e, key);
    return a->key && !a->several ? a->endpoint : -1;
}

static void resize(struct oh_endpoints *e, size_t room)
{
    struct alias *old = e->aliases;
    size_t count = e->alias_room;
    e->aliases = oh_alloc(room * sizeof *e->aliases);
    e->alias_room = room;
    for (size_t i = 0; i < count; i++) {
        if (old[i].key)
            *slot_of(e, old[i].key) = old[i];
    }
    free(old);
}

static void name_it(struct oh_endpoints *e, uint64_t key, int endpoint)
{
    struct alias *a = slot_of(e, key);
    if (!a->key)
        e->alias_count++;
    *a = (struct alias){.key = key, .endpoint = endpoint};
    if (e->alias_count * 2 > e->alias_room)
        resize(e, e->alias_room * 2);
}

static void name_host(struct oh_endpoints *e, const struct oh_addr *addr, int endpoint)
{
    uint64_t key = key_of_addr(KIND_HOST, addr, false);
    struct alias *a = slot_of(e, key);
    if (a->key && a->endpoint != endpoint)
        a->several = true;
    else
        name_it(e, key, endpoint);
}

static void name_listening(struct oh_endpoints *e, const struct oh_endpoint *p)
{
    name_it(e, key_of_addr(KIND_ADDRESS, &p->addr, true), p->index);
    name_host(e, &p->addr, p->index);
}

/* Ports of connections are without number; where endpoints listen is kept. */
static void forget_aliases(struct oh_endpoints *e)
{
    memset(e->aliases, 0, e->alias_room * sizeof *e->aliases);
    e->alias_count = 0;
    for (size_t i = 0; i < e->count; i++) {
        if (!e->list[i]->is_others)
            name_listening(e, e->list[i]);
    }
}

static int new_endpoint(struct oh_endpoints *e, const struct oh_addr *addr)
{
    if (e->count == OH_ENDPOINTS_MAX)
        return OH_ENDPOINTS_MAX - 1;
    oh_grow(&e->list, e->count, &e->room, sizeof *e->list);
    struct oh_endpoint *p = oh_alloc(sizeof *p);
    p->index = (int)e->count;
    p->addr = *addr;
    p->is_others = e->count == OH_ENDPOINTS_MAX - 1;
    if (p->is_others)
        snprintf(p->name, sizeof p->name, "others");
    else
        oh_addr_format(addr, p->name);
    e->list[e->count++] = p;
    if (!p->is_others)
        name_listening(e, p);
    return p->index;
}

static int at_address(struct oh_endpoints *e, const struct oh_addr *addr)
{
    int known = find(e, key_of_addr(KIND_ADDRESS, addr, true));
    return known >= 0 ? known : new_endpoint(e, addr);
}

/* --- what was seen of late --- */

static struct recent *recent_of(const struct oh_endpoints *e, uint64_t key)
{
    return &e->recent[key & (RECENT_ROWS - 1)];
}

static int seen(const struct oh_endpoints *e, uint64_t key)
{
    const struct recent *r = recent_of(e, key);
    return r->key == key ? r->endpoint : -1;
}

static void see(struct oh_endpoints *e, uint64_t key, int endpoint)
{
    *recent_of(e, key) = (struct recent){key, endpoint};
}

/* Of a message, read once. */
struct hashes {
    uint64_t request;     /* Call-ID, CSeq, From tag */
    uint64_t transaction; /* and topmost branch */
};

static struct hashes hashes_of(const struct oh_link_keys *k)
{
    struct hashes h;
    uint64_t key = oh_index_key_add(oh_index_key(0), k->call_id);
    key = oh_index_key_add(oh_index_key_mix(key, k->cseq_number), k->cseq_method);
    h.request = oh_index_key_add(key, k->from_tag);
    h.transaction = oh_index_key_add(h.request, k->branch);
    return h;
}

static uint64_t key_of(enum kind kind, uint64_t hash, unsigned number)
{
    return oh_index_key_mix(hash, (uint64_t)kind << 32 | number);
}

/* --- who sent it, who got it --- */

/* The other end of the transaction that a response belongs to, where it is at this address. */
static int by_transaction(const struct oh_endpoints *e, enum kind kind, const struct hashes *h,
                          const struct oh_addr *addr)
{
    int i = seen(e, key_of(kind, h->transaction, 0));
    return i >= 0 && oh_addr_same_ip(&e->list[i]->addr, addr) ? i : -1;
}

static enum kind kind_of(enum oh_transport transport)
{
    return transport == OH_TRANSPORT_UDP ? KIND_SOURCE : KIND_CONNECTION;
}

/* Where nothing but the address tells. */
static int by_address(struct oh_endpoints *e, const struct oh_addr *addr,
                      enum oh_transport transport)
{
    int known = find(e, key_of_addr(kind_of(transport), addr, true));
    if (known < 0)
        known = find(e, key_of_addr(KIND_ADDRESS, addr, true));
    if (known < 0 && transport != OH_TRANSPORT_UDP)
        known = find(e, key_of_addr(KIND_HOST, addr, false));
    return known >= 0 ? known : new_endpoint(e, addr);
}

/* The endpoint that calls itself so behind a source: a NAT may give it another port at any time. */
static int behind(struct oh_endpoints *e, const struct oh_addr *src, struct oh_span host,
                  unsigned port, enum oh_transport transport)
{
    uint64_t key = oh_index_key_add(key_of_addr(KIND_BEHIND, src, false), host);
    key = oh_index_key_mix(key, port);
    int known = find(e, key);
    if (known < 0)
        known = find(e, key_of_addr(kind_of(transport), src, true));
    if (known < 0)
        known = at_address(e, src);
    name_it(e, key, known);
    slot_of(e, key_of_addr(KIND_HOST, src, false))->several = true; /* there may be others */
    return known;
}

/* The endpoint of a request by its topmost Via; -1: Via does not tell. RFC 3261 18.1.1 */
static int by_via(struct oh_endpoints *e, const struct oh_sip_msg *m, const struct oh_addr *src,
                  const struct oh_addr *dst, enum oh_transport transport)
{
    struct oh_sip_via via;
    struct oh_addr sent_by;
    const struct oh_sip_header *h = oh_sip_msg_header(m, OH_SIP_VIA, 0);
    if (!h || oh_sip_via_parse(oh_sip_list_item(h->value, 0), &via) < 0)
        return -1;
    unsigned usual = transport == OH_TRANSPORT_TLS ? 5061 : 5060;
    unsigned port = via.port ? via.port : usual;
    bool is_literal = oh_sip_host_addr(via.host, port, &sent_by, NULL) == 0;
    if (!is_literal || !oh_addr_same_ip(&sent_by, src))
        return behind(e, src, via.host, port, transport);
    return oh_addr_equal(&sent_by, dst) ? -1
                                        : at_address(e, &sent_by); /* nobody writes to himself */
}

static int sender_of_request(struct oh_endpoints *e, const struct oh_sip_msg *m,
                             const struct oh_addr *src, const struct oh_addr *dst,
                             enum oh_transport transport)
{
    uint64_t source = key_of_addr(kind_of(transport), src, true);
    int known = -1;
    /* who sends from where he is known to listen is that one, whatever his Via says */
    if (transport == OH_TRANSPORT_UDP)
        known = find(e, key_of_addr(KIND_ADDRESS, src, true));
    if (known < 0)
        known = by_via(e, m, src, dst, transport);
    if (known < 0)
        return by_address(e, src, transport);
    if (find(e, source) != known)
        name_it(e, source, known);
    return known;
}

static int end_of_response(struct oh_endpoints *e, enum kind kind, const struct hashes *h,
                           const struct oh_addr *addr, enum oh_transport transport)
{
    int known = by_transaction(e, kind, h, addr);
    return known >= 0 ? known : by_address(e, addr, transport);
}

/* --- what an endpoint is --- */

static bool has_two_vias(const struct oh_sip_msg *m)
{
    const struct oh_sip_header *first = oh_sip_msg_header(m, OH_SIP_VIA, 0);
    if (!first)
        return false;
    if (oh_sip_msg_header(m, OH_SIP_VIA, 1))
        return true;
    return oh_span_find(first->value, ',') < first->value.len &&
           oh_sip_list_item(first->value, 1).at;
}

/* Where the other side of a proxy was not captured, its messages tell: its requests bear the Vias
 * of others (RFC 3261 8.1.1.7: who makes a request sets one) or a Record-Route (16.6), and it is
 * the one that answers 407 (21.4.8). */
static bool has_vias_of_others(const struct oh_sip_msg *m, const struct oh_endpoint *sender)
{
    struct oh_sip_via first, second;
    struct oh_addr addr;
    if (oh_sip_via_parse(oh_sip_msg_value(m, OH_SIP_VIA, 0), &first) < 0 ||
        oh_sip_via_parse(oh_sip_msg_value(m, OH_SIP_VIA, 1), &second) < 0)
        return false;
    bool own = oh_sip_host_addr(second.host, second.port, &addr, NULL) == 0 &&
               oh_addr_same_ip(&addr, &sender->addr);
    return !own && !oh_span_equal_nocase(first.host, second.host);
}

/* A response that has more Record-Routes than the request had here: it comes from behind. 12.1.1 */
static bool has_new_routes(const struct oh_endpoints *e, const struct oh_sip_msg *m,
                           const struct hashes *h)
{
    int had = oh_sip_msg_header(m, OH_SIP_RECORD_ROUTE, 0)
                  ? seen(e, key_of(KIND_ROUTES, h->transaction, 0))
                  : -1;
    return had >= 0 && (size_t)had < oh_sip_msg_value_count(m, OH_SIP_RECORD_ROUTE);
}

static void introduce(struct oh_endpoint *p, const struct oh_sip_msg *m)
{
    struct oh_span name = oh_sip_msg_whole(m, m->is_request ? OH_SIP_USER_AGENT : OH_SIP_SERVER);
    if (!name.at && !m->is_request)
        name = oh_sip_msg_whole(m, OH_SIP_USER_AGENT); /* what many phones put there */
    if (name.len > 0)
        p->user_agent = oh_span_dup(oh_span_sub(name, 0, USER_AGENT_MOST));
}

/* RFC 3261 10.3: what a registrar answers; who refuses the method is none. */
static bool is_registrars(const struct oh_sip_msg *m)
{
    static const unsigned refusals[] = {401, 403, 404, 407, 423};
    if (m->status >= 200 && m->status < 300)
        return true;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        if (m->status == refusals[i])
            return true;
    }
    return false;
}

/* The same message, its topmost branch included, from another address: sent on as it is. */
static void see_sent_on(struct oh_endpoints *e, const struct oh_sip_msg *m,
                        const struct oh_link_keys *k, const struct hashes *h,
                        struct oh_endpoint *sender)
{
    if (!k->call_id.at || !k->branch.at)
        return;
    uint64_t key = key_of(KIND_SENT, h->transaction, m->is_request ? 0 : m->status);
    key = oh_index_key_add(key, k->to_tag);
    int first = seen(e, key);
    if (first < 0)
        see(e, key, sender->index);
    if (first < 0 || first == sender->index || sender->is_others ||
        oh_addr_same_ip(&e->list[first]->addr, &sender->addr))
        return;
    sender->forwards = true;
    e->list[first]->sent_on_by = sender;
}

static void take_request(struct oh_endpoints *e, const struct oh_sip_msg *m, const struct hashes *h,
                         struct oh_endpoint *sender, int receiver)
{
    bool two = has_two_vias(m);
    if (two && !sender->forwards &&
        seen(e, key_of(KIND_GOT, h->request, (unsigned)sender->index)) >= 0)
        sender->forwards = true;
    if (oh_sip_msg_header(m, OH_SIP_RECORD_ROUTE, 0) || (two && has_vias_of_others(m, sender)))
        sender->forwards = true;
    see(e, key_of(KIND_ROUTES, h->transaction, 0),
        (int)oh_sip_msg_value_count(m, OH_SIP_RECORD_ROUTE));
    see(e, key_of(KIND_GOT, h->request, (unsigned)receiver), receiver);
    see(e, key_of(KIND_SERVER, h->transaction, 0), receiver);
    see(e, key_of(KIND_CLIENT, h->transaction, 0), sender->index);
    if (!two && !sender->user_agent && sender->sent <= INTRODUCTIONS)
        introduce(sender, m);
}

static void take_response(const struct oh_endpoints *e, const struct oh_sip_msg *m,
                          const struct oh_link_keys *k, const struct hashes *h,
                          struct oh_endpoint *sender)
{
    if (m->status == 407 || has_new_routes(e, m, h))
        sender->forwards = true;
    if (oh_span_is(k->cseq_method, "REGISTER") && is_registrars(m))
        sender->registers = true;
    if (!sender->forwards && !sender->user_agent && sender->sent <= INTRODUCTIONS)
        introduce(sender, m);
}

void oh_endpoints_take(struct oh_endpoints *e, const struct oh_sip_msg *m,
                       const struct oh_link_keys *keys, const struct oh_addr *src,
                       const struct oh_addr *dst, enum oh_transport transport,
                       const struct oh_endpoint **sender, const struct oh_endpoint **receiver)
{
    struct oh_link_keys own;
    if (!keys) {
        own = oh_link_keys_read(m);
        keys = &own;
    }
    struct hashes h = hashes_of(keys);
    if (e->alias_count > ALIASES_MAX)
        forget_aliases(e);
    int from, to;
    if (m->is_request) {
        from = sender_of_request(e, m, src, dst, transport);
        to = by_address(e, dst, transport);
    } else {
        from = end_of_response(e, KIND_SERVER, &h, src, transport);
        to = end_of_response(e, KIND_CLIENT, &h, dst, transport);
    }
    struct oh_endpoint *s = e->list[from], *r = e->list[to];
    s->sent++;
    r->got++;
    see_sent_on(e, m, keys, &h, s);
    if (m->is_request)
        take_request(e, m, &h, s, to);
    else
        take_response(e, m, keys, &h, s);
    *sender = s;
    *receiver = r;
}
