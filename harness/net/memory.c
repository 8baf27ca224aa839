/* The in-memory twin: sockets are names in a list, the wire is a queue, time is a number. */
#include "base/file.h"
#include "net/internal.h"

#include <stdlib.h>
#include <string.h>

#define WALL_EPOCH_NS (1767225600 * OH_NS_PER_S) /* 2026-01-01T00:00:00Z */
#define FIRST_PORT    49152                      /* of those chosen for port 0 */
#define LAST_PORT     65535

struct datagram {
    struct datagram *next;
    struct oh_socket *to;
    struct oh_addr from;
    size_t len;
    char bytes[];
};

struct memory {
    struct oh_net net;
    int64_t now_ns;
    struct datagram *first, **last; /* under way, in the order of sending */
    uint16_t next_port;
};

static struct memory *memory_of(struct oh_net *n)
{
    return (struct memory *)n;
}

static void memory_free(struct oh_net *n)
{
    free(n); /* closing the sockets has emptied the queue */
}

static int64_t memory_now(const struct oh_net *n)
{
    return ((const struct memory *)n)->now_ns;
}

static int64_t memory_wall(const struct oh_net *n)
{
    return WALL_EPOCH_NS + memory_now(n);
}

static struct oh_socket *find(struct oh_net *n, const struct oh_addr *local)
{
    struct oh_socket *s = n->sockets;
    while (s && !oh_addr_equal(&s->local, local))
        s = s->next;
    return s;
}

static int choose_port(struct memory *m, struct oh_socket *s, struct oh_error *e)
{
    for (unsigned tries = 0; tries <= LAST_PORT - FIRST_PORT; tries++) {
        s->local.port = m->next_port;
        m->next_port = m->next_port == LAST_PORT ? FIRST_PORT : (uint16_t)(m->next_port + 1);
        if (!find(s->net, &s->local))
            return 0;
    }
    return oh_error_set(e, "'%s' cannot be bound: all ports are taken", s->label);
}

static int memory_open(struct oh_socket *s, struct oh_error *e)
{
    if (s->local.port == 0)
        return choose_port(memory_of(s->net), s, e);
    const struct oh_socket *holder = find(s->net, &s->local);
    return holder ? oh_taken_error(e, s->label, &s->local, &holder->local) : 0;
}

static void memory_close(struct oh_socket *s)
{
    struct memory *m = memory_of(s->net);
    struct datagram **link = &m->first;
    while (*link) {
        struct datagram *d = *link;
        if (d->to == s) {
            *link = d->next;
            free(d);
        } else {
            link = &d->next;
        }
    }
    m->last = link;
}

static int memory_send(struct oh_socket *s, const struct oh_addr *to, struct oh_span bytes,
                       int64_t *wall_ns, struct oh_error *e)
{
    (void)e;
    struct memory *m = memory_of(s->net);
    struct oh_socket *receiver = find(s->net, to);
    *wall_ns = memory_wall(s->net);
    if (!receiver)
        return 0; /* lost, as on a real wire */
    struct datagram *d = oh_alloc(sizeof *d + bytes.len);
    d->to = receiver;
    d->from = s->local;
    d->len = bytes.len;
    if (bytes.len > 0)
        memcpy(d->bytes, bytes.at, bytes.len);
    *m->last = d;
    m->last = &d->next;
    return 0;
}

static void deliver_first(struct memory *m)
{
    struct datagram *d = m->first;
    struct oh_socket *to = d->to;
    m->first = d->next;
    if (!m->first)
        m->last = &m->first;
    oh_socket_hold(to);
    oh_socket_deliver(to, &d->from, (struct oh_span){d->bytes, d->len}, memory_wall(&m->net));
    oh_socket_drop(to);
    free(d);
}

/* A datagram takes no time, so all that is under way arrives before the clock moves or a timer
 * fires. */
static void memory_run(struct oh_net *n, const struct oh_run_level *level, int64_t deadline_ns)
{
    struct memory *m = memory_of(n);
    while (!level->stopped) {
        int64_t next_ns = oh_timers_next(n);
        if (m->first) {
            deliver_first(m);
        } else if (n->timer_count > 0 && (next_ns <= deadline_ns || next_ns <= m->now_ns)) {
            if (next_ns > m->now_ns)
                m->now_ns = next_ns;
            oh_timers_fire_first(n);
        } else {
            if (deadline_ns > m->now_ns && deadline_ns != INT64_MAX)
                m->now_ns = deadline_ns;
            return;
        }
    }
}

static const struct oh_net_ops memory_ops = {
    .free = memory_free,
    .now = memory_now,
    .wall = memory_wall,
    .run = memory_run,
    .open = memory_open,
    .close = memory_close,
    .send = memory_send,
};

struct oh_net *oh_net_new_memory(void)
{
    struct memory *m = oh_alloc(sizeof *m);
    m->net.ops = &memory_ops;
    m->last = &m->first;
    m->next_port = FIRST_PORT;
    return &m->net;
}
