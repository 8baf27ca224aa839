/* The in-memory twin: sockets and connections are names in lists, the wire is a queue, time is a
 * number. */
#include "base/file.h"
#include "net/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WALL_EPOCH_NS (1767225600 * OH_NS_PER_S) /* 2026-01-01T00:00:00Z */
#define FIRST_PORT    49152                      /* of those chosen for port 0 */
#define LAST_PORT     65535

enum kind { DATAGRAM, CALL, TAKEN, REFUSED, BYTES, END, RESET };

struct parcel {
    struct parcel *next;
    enum kind kind;
    struct oh_socket *to; /* DATAGRAM */
    struct oh_conn *conn; /* CALL: who calls; else who is told */
    struct oh_addr from;
    size_t len;
    char bytes[];
};

struct memory {
    struct oh_net net;
    int64_t now_ns;
    struct parcel *first, **last; /* under way, in the order of sending */
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
    return holder ? oh_taken_error(e, s->label, &s->local, OH_TRANSPORT_UDP, &holder->local) : 0;
}

/* What is under way to either of these. */
static void forget(struct memory *m, const struct oh_socket *s, const struct oh_conn *c)
{
    struct parcel **link = &m->first;
    while (*link) {
        struct parcel *d = *link;
        if ((s && d->to == s) || (c && d->conn == c)) {
            *link = d->next;
            free(d);
        } else {
            link = &d->next;
        }
    }
    m->last = link;
}

static void memory_close(struct oh_socket *s)
{
    forget(memory_of(s->net), s, NULL);
}

static struct parcel *post(struct memory *m, enum kind kind, struct oh_span bytes)
{
    struct parcel *d = oh_alloc(sizeof *d + bytes.len);
    d->kind = kind;
    d->len = bytes.len;
    if (bytes.len > 0)
        memcpy(d->bytes, bytes.at, bytes.len);
    *m->last = d;
    m->last = &d->next;
    return d;
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
    struct parcel *d = post(m, DATAGRAM, bytes);
    d->to = receiver;
    d->from = s->local;
    return 0;
}

/* --- TCP --- */

static struct oh_listener *find_listener(struct oh_net *n, const struct oh_addr *local)
{
    struct oh_listener *l = n->listeners;
    while (l && !oh_addr_equal(&l->local, local))
        l = l->next;
    return l;
}

static void choose_tcp_port(struct memory *m, struct oh_addr *local)
{
    do {
        local->port = m->next_port;
        m->next_port = m->next_port == LAST_PORT ? FIRST_PORT : (uint16_t)(m->next_port + 1);
    } while (find_listener(&m->net, local));
}

static int memory_listen(struct oh_listener *l, struct oh_error *e)
{
    if (l->local.port == 0)
        choose_tcp_port(memory_of(l->net), &l->local);
    const struct oh_listener *holder = find_listener(l->net, &l->local);
    return holder ? oh_taken_error(e, l->label, &l->local, OH_TRANSPORT_TCP, &holder->local) : 0;
}

static int memory_connect(struct oh_conn *c, struct oh_error *e)
{
    (void)e;
    if (c->local.port == 0)
        choose_tcp_port(memory_of(c->net), &c->local);
    post(memory_of(c->net), CALL, (struct oh_span){0})->conn = c;
    return 0;
}

static void memory_flush(struct oh_conn *c)
{
    struct memory *m = memory_of(c->net);
    while (c->unsent) {
        struct oh_span bytes = {c->unsent->bytes, c->unsent->len};
        if (c->peer)
            post(m, BYTES, bytes)->conn = c->peer;
        oh_conn_sent(c, bytes.len, memory_wall(c->net));
    }
}

static void memory_disconnect(struct oh_conn *c, bool reset)
{
    struct memory *m = memory_of(c->net);
    forget(m, NULL, c);
    if (!c->peer)
        return;
    post(m, reset ? RESET : END, (struct oh_span){0})->conn = c->peer;
    c->peer->peer = NULL;
    c->peer = NULL;
}

static void deliver_call(struct memory *m, struct oh_conn *caller)
{
    struct oh_listener *l = find_listener(&m->net, &caller->remote);
    struct oh_conn *c = l ? oh_conn_accept(l, &caller->remote, &caller->local) : NULL;
    post(m, c ? TAKEN : REFUSED, (struct oh_span){0})->conn = caller;
    if (!c)
        return;
    c->peer = caller;
    caller->peer = c;
    oh_conn_accepted(l, c);
}

static void deliver_to_conn(struct memory *m, const struct parcel *d)
{
    switch (d->kind) {
    case CALL:
        deliver_call(m, d->conn);
        break;
    case TAKEN:
        oh_conn_connected(d->conn);
        break;
    case BYTES:
        oh_conn_arrived(d->conn, (struct oh_span){d->bytes, d->len}, memory_wall(&m->net));
        break;
    default:
        oh_conn_over(d->conn, d->kind == REFUSED ? ECONNREFUSED
                              : d->kind == RESET ? ECONNRESET
                                                 : 0);
        break;
    }
}

static void deliver_first(struct memory *m)
{
    struct parcel *d = m->first;
    m->first = d->next;
    if (!m->first)
        m->last = &m->first;
    if (d->kind != DATAGRAM) {
        deliver_to_conn(m, d);
    } else {
        struct oh_socket *to = d->to;
        oh_socket_hold(to);
        oh_socket_deliver(to, &d->from, (struct oh_span){d->bytes, d->len}, memory_wall(&m->net));
        oh_socket_drop(to);
    }
    free(d);
}

/* The way takes no time, so all that is under way arrives before the clock moves or a timer
 * fires. */
static void memory_run(struct oh_net *n, const struct oh_run_level *level, int64_t deadline_ns)
{
    struct memory *m = memory_of(n);
    for (;;) {
        oh_conns_serve(n, level);
        if (level->stopped)
            return;
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
    .listen = memory_listen,
    .connect = memory_connect,
    .flush = memory_flush,
    .disconnect = memory_disconnect,
};

struct oh_net *oh_net_new_memory(void)
{
    struct memory *m = oh_alloc(sizeof *m);
    m->net.ops = &memory_ops;
    m->last = &m->first;
    m->next_port = FIRST_PORT;
    return &m->net;
}
