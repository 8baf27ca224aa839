#include "trace/pairing.h"

#include "base/file.h"
#include "trace/index.h"
#include "trace/tapped.h"

#include <stdlib.h>
#include <string.h>

/* The capture may show one packet twice within this time; the tap never does. */
#define SAME_PACKET_NS OH_NS_PER_MS

struct packet {
    const struct oh_addr *src, *dst;
    struct oh_span bytes;
    enum oh_transport transport;
};

/* A message as the tap or the trace has it. Small, for there may be a million to sort. */
struct sighting {
    uint64_t key; /* of the packet: cheap to sort by, and it brings equal ones together */
    int64_t time_ns;
    const struct packet *packet;
    int index; /* of the tapped message or the trace's */
    bool in_tap;
};

struct pairing {
    struct oh_trace *trace;
    struct oh_tapped tapped;
    bool *found; /* by tapped message */
};

static uint64_t add_addr(uint64_t key, const struct oh_addr *a)
{
    key = oh_index_key_add(key, (struct oh_span){(const char *)a->ip, sizeof a->ip});
    return oh_index_key_add(key, (struct oh_span){(const char *)&a->port, sizeof a->port});
}

static struct sighting sighting(const struct packet *p, int64_t time_ns, int index, bool in_tap)
{
    uint64_t key = add_addr(add_addr(oh_index_key((unsigned)p->transport), p->src), p->dst);
    return (struct sighting){oh_index_key_add(key, p->bytes), time_ns, p, index, in_tap};
}

static int compare_addr(const struct oh_addr *a, const struct oh_addr *b)
{
    int order = (a->port > b->port) - (a->port < b->port);
    if (order == 0)
        order = (a->family > b->family) - (a->family < b->family);
    return order ? order : memcmp(a->ip, b->ip, sizeof a->ip);
}

static int compare_packet(const struct packet *x, const struct packet *y)
{
    int order = (x->transport > y->transport) - (x->transport < y->transport);
    if (order == 0)
        order = compare_addr(x->src, y->src);
    if (order == 0)
        order = compare_addr(x->dst, y->dst);
    if (order == 0)
        order = (x->bytes.len > y->bytes.len) - (x->bytes.len < y->bytes.len);
    return order || x->bytes.len == 0 ? order : memcmp(x->bytes.at, y->bytes.at, x->bytes.len);
}

static int compare_kind(const struct sighting *x, const struct sighting *y)
{
    int order = (x->key > y->key) - (x->key < y->key);
    return order ? order : compare_packet(x->packet, y->packet);
}

/* Equal packets beside each other: first the trace's by time, then the tap's in their own order. */
static int compare_sighting(const void *a, const void *b)
{
    const struct sighting *x = a, *y = b;
    int order = compare_kind(x, y);
    if (order == 0)
        order = x->in_tap - y->in_tap;
    if (order == 0 && !x->in_tap)
        order = (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns);
    return order ? order : (x->index > y->index) - (x->index < y->index);
}

/* `packets` has room for all. */
static struct sighting *sightings_of(const struct pairing *p, struct packet *packets, size_t count)
{
    struct sighting *all = oh_alloc(count * sizeof *all), *next = all;
    for (size_t i = 0; i < p->trace->msg_count; i++) {
        const struct oh_trace_msg *m = &p->trace->msgs[i];
        *packets = (struct packet){&m->src, &m->dst, m->sip->bytes, m->transport};
        *next++ = sighting(packets++, m->time_ns, (int)i, false);
    }
    for (size_t i = 0; i < p->tapped.count; i++) {
        const struct oh_tapped_message *m = &p->tapped.messages[i];
        struct oh_span bytes = oh_span_sub(m->bytes, 0, OH_SIP_MAX_BYTES);
        *packets = (struct packet){&m->src, &m->dst, bytes, m->transport};
        *next++ = sighting(packets++, m->time_ns, (int)i, true);
    }
    if (count > 1)
        qsort(all, count, sizeof *all, compare_sighting);
    return all;
}

static int64_t apart(const struct sighting *a, const struct sighting *b)
{
    return a->time_ns > b->time_ns ? a->time_ns - b->time_ns : b->time_ns - a->time_ns;
}

/* Equal packets, `seen` by the capture and `known` to the tap, both in order: pairs them in order,
 * nearest in time. What one side has too many of is passed over where the next one is nearer. */
static void pair(struct pairing *p, const struct sighting *seen, size_t seen_count,
                 const struct sighting *known, size_t known_count)
{
    size_t s = 0, k = 0;
    while (s < seen_count && k < known_count) {
        size_t seen_left = seen_count - s, known_left = known_count - k;
        if (seen_left > known_left && apart(&seen[s + 1], &known[k]) < apart(&seen[s], &known[k])) {
            s++;
        } else if (known_left > seen_left &&
                   apart(&seen[s], &known[k + 1]) < apart(&seen[s], &known[k])) {
            k++;
        } else {
            p->trace->msgs[seen[s++].index].tap = p->tapped.messages[known[k].index].tap;
            p->found[known[k++].index] = true;
        }
    }
}

/* Of one datagram captured twice the first is the one that the tap knows, whichever was nearer. */
static void prefer_first_copy(struct oh_trace *trace, const struct sighting *seen, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        struct oh_trace_msg *first = &trace->msgs[seen[i - 2].index];
        struct oh_trace_msg *second = &trace->msgs[seen[i - 1].index];
        if (first->transport != OH_TRANSPORT_UDP || first->tap != OH_NONE ||
            second->tap == OH_NONE || second->time_ns - first->time_ns > SAME_PACKET_NS)
            continue;
        first->tap = second->tap;
        second->tap = OH_NONE;
    }
}

static void pair_all(struct pairing *p)
{
    size_t count = p->trace->msg_count + p->tapped.count, from = 0;
    struct packet *packets = oh_alloc(count * sizeof *packets);
    struct sighting *all = sightings_of(p, packets, count);
    while (from < count) {
        size_t seen = 0, known = 0;
        while (from + seen < count && !all[from + seen].in_tap &&
               compare_kind(&all[from], &all[from + seen]) == 0)
            seen++;
        while (from + seen + known < count && all[from + seen + known].in_tap &&
               compare_kind(&all[from], &all[from + seen + known]) == 0)
            known++;
        pair(p, all + from, seen, all + from + seen, known);
        prefer_first_copy(p->trace, all + from, seen);
        from += seen + known;
    }
    free(all);
    free(packets);
}

/* Returns how many were added. */
static size_t add_missing(struct pairing *p, bool is_loss)
{
    size_t before = p->trace->msg_count;
    for (size_t i = 0; i < p->tapped.count; i++) {
        const struct oh_tapped_message *t = &p->tapped.messages[i];
        struct oh_trace_msg *m = NULL;
        if (!p->found[i])
            m = oh_trace_add(p->trace, 0, t->time_ns, &t->src, &t->dst, t->transport, t->bytes);
        if (!m)
            continue;
        m->tap = t->tap;
        m->tap_only = is_loss;
    }
    return p->trace->msg_count - before;
}

size_t oh_pairing_make(struct oh_run *run, struct oh_trace *trace)
{
    struct pairing p = {.trace = trace};
    bool is_loss = run->evidence == OH_EVIDENCE_CAPTURE;
    oh_tapped_init(&p.tapped, run);
    p.found = oh_alloc(p.tapped.count * sizeof *p.found);
    pair_all(&p);
    size_t added = add_missing(&p, is_loss);
    free(p.found);
    oh_tapped_release(&p.tapped);
    return is_loss ? added : 0;
}
