/*
 * net/internal.h - what the two makes of a net share. For the files of net/ and their tests alone.
 *
 * net.c holds what is common (levels of running, sockets' lives, the tap), timer.c the timers. A
 * make (real.c with udp.c, memory.c) is a table of operations and a struct that begins with struct
 * oh_net.
 *
 * Uses: net/net.h.
 */
#ifndef OH_NET_INTERNAL_H
#define OH_NET_INTERNAL_H

#include "net/net.h"

/* One call of oh_net_run; nested ones stop one by one, the innermost first. */
struct oh_run_level {
    bool stopped;
    struct oh_run_level *outer;
};

struct oh_net_ops {
    void (*free)(
        struct oh_net *n); /* what the make owns and `n` itself; all else is gone by then */
    int64_t (*now)(const struct oh_net *n);
    int64_t (*wall)(const struct oh_net *n);
    /* Until the level is stopped or the deadline has passed. */
    void (*run)(struct oh_net *n, const struct oh_run_level *level, int64_t deadline_ns);
    /* Binds s->local and fills in its port. */
    int (*open)(struct oh_socket *s, struct oh_error *e);
    void (*close)(struct oh_socket *s);
    /* `*wall_ns` becomes the moment of sending. */
    int (*send)(struct oh_socket *s, const struct oh_addr *to, struct oh_span bytes,
                int64_t *wall_ns, struct oh_error *e);
    bool (*watch)(struct oh_watch *w); /* NULL where the make has no watches */
    void (*unwatch)(struct oh_watch *w);
};

struct oh_net {
    const struct oh_net_ops *ops;
    struct oh_run_level *level; /* the innermost run; NULL outside */
    struct oh_socket *sockets;
    struct oh_watch *watches;
    struct oh_timer **timers; /* a heap, the first one due at [0] */
    size_t timer_count, timer_room;
    uint64_t timer_number; /* of the next timer; the order among timers of the same moment */
    int64_t worst_late_ns;
    oh_tap_fn *tap;
    void *tap_arg;
    char *spare_buffer; /* for a datagram; NULL while one is being delivered from it */
};

struct oh_socket {
    struct oh_net *net;
    struct oh_socket *next;
    char *label;
    struct oh_addr local;
    oh_datagram_fn *fn;
    void *arg;
    unsigned held; /* by how many callers further up the stack */
    bool closed;   /* freed when nobody holds it any more */
    int fd;        /* real only */
    int registration;
};

struct oh_watch {
    struct oh_net *net;
    struct oh_watch *next;
    int fd;
    oh_watch_fn *fn;
    void *arg;
    int registration;
};

/* Keep a socket's memory while callbacks run that may close it. */
void oh_socket_hold(struct oh_socket *s);
void oh_socket_drop(struct oh_socket *s);

/* Hands a datagram to the tap and then to the socket's callback. The caller holds the socket. */
void oh_socket_deliver(struct oh_socket *s, const struct oh_addr *from, struct oh_span bytes,
                       int64_t wall_ns);

/* When the first timer is due; INT64_MAX without any. */
int64_t oh_timers_next(const struct oh_net *n);
void oh_timers_fire_first(struct oh_net *n);
/* Fires what is due by now, except what its callbacks set anew: those wait until sockets had their
 * turn. */
void oh_timers_fire_due(struct oh_net *n, const struct oh_run_level *level);
void oh_timers_free(struct oh_net *n);

/* The real socket (udp.c): non-blocking, bound; s->fd is set. */
int oh_udp_bind(struct oh_socket *s, struct oh_error *e);
int oh_udp_transmit(struct oh_socket *s, const struct oh_addr *to, struct oh_span bytes,
                    int64_t *wall_ns, struct oh_error *e);
/* Delivers what has arrived, up to a bound, so that timers and other sockets get their turn. */
void oh_udp_drain(struct oh_socket *s);

/* Says why `local` could not be bound for `label` (NULL: for nobody in particular), with the
 * remedy. Returns -1. */
int oh_bind_error(struct oh_error *e, const char *label, const struct oh_addr *local, int error);
/* The same for a port that the socket on `holder` has. */
int oh_taken_error(struct oh_error *e, const char *label, const struct oh_addr *local,
                   const struct oh_addr *holder);

/* Whether no socket of this machine is bound to an address of the /24 that `net24` begins. */
bool oh_loopback_is_free(const struct oh_addr *net24);

/* 0.0.0.0 or ::. */
bool oh_addr_is_wildcard(const struct oh_addr *a);

#endif
