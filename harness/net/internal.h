/*
 * net/internal.h - what the two makes of a net share. For the files of net/ and their tests alone.
 *
 * net.c holds what is common (levels of running, sockets' lives, the tap), conn.c the same of
 * connections, timer.c the timers. A make (real.c with udp.c and tcp.c, memory.c) is
 * a table of operations and a struct that begins with struct oh_net.
 *
 * Uses: net/net.h.
 */
#ifndef OH_NET_INTERNAL_H
#define OH_NET_INTERNAL_H

#include "net/net.h"
#include "sip/stream.h"

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
    /* Binds l->local and fills in its port; what comes goes to oh_conn_accept. */
    int (*listen)(struct oh_listener *l, struct oh_error *e);
    void (*unlisten)(struct oh_listener *l);
    /* Fills in c->local's port. What comes of it goes to oh_conn_connected or oh_conn_over, from
     * `run`. */
    int (*connect)(struct oh_conn *c, struct oh_error *e);
    /* Hands over what is unsent of a connected one, as far as that goes now (oh_conn_sent). */
    void (*flush)(struct oh_conn *c);
    /* Nothing more comes; what is still to be sent may be. NULL: nothing to do. */
    void (*deafen)(struct oh_conn *c);
    void (*disconnect)(struct oh_conn *c, bool reset);
    bool (*watch)(struct oh_watch *w); /* NULL where the make has no watches */
    void (*unwatch)(struct oh_watch *w);
};

struct oh_net {
    const struct oh_net_ops *ops;
    struct oh_run_level *level; /* the innermost run; NULL outside */
    struct oh_socket *sockets;
    struct oh_watch *watches;
    struct oh_listener *listeners;
    struct oh_conn *conns;
    size_t conn_count;
    bool conns_wait;          /* one of them has what its owner must be told */
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

struct oh_listener {
    struct oh_net *net;
    struct oh_listener *next;
    char *label;
    struct oh_addr local;
    struct oh_conn_owner owner;
    unsigned held;
    bool closed;
    int fd; /* real only */
    int registration;
};

/* What oh_conn_send was given and the kernel has not taken. */
struct oh_unsent {
    struct oh_unsent *next;
    size_t len, sent;
    unsigned *cuts; /* where a new segment begins; owned */
    size_t cut_count;
    char bytes[];
};

struct oh_conn {
    struct oh_net *net;
    struct oh_conn *next;
    char *label;
    struct oh_addr local, remote;
    struct oh_conn_owner owner;
    void *data;
    struct oh_sip_stream *stream;
    int64_t read_ns; /* the stamp of the latest bytes */
    struct oh_unsent *unsent, **unsent_last;
    size_t unsent_len;
    unsigned held;
    bool connected;
    bool waits;   /* its owner must be told of something */
    bool told;    /* of its being connected */
    bool over;    /* nothing more comes */
    char *why;    /* of that; NULL: an orderly end */
    bool closed;  /* its owner has let go; freed when nobody holds it any more */
    bool lingers; /* closed, with something still to be sent */
    int fd;       /* real only */
    int registration;
    struct oh_conn *peer; /* twin only: the other end; NULL: none yet or no more */
};

/* How many connections may be open at a time; more are reset when they are accepted. */
#define OH_CONNS_MOST 1024

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

/* 0, or -1 with the sentence: an address that nothing of ours is bound to. */
int oh_net_check_local(const char *label, const struct oh_addr *local, struct oh_error *e);
void oh_net_tell_tap(struct oh_net *n, const struct oh_tap_event *event);

/* --- conn.c: what the makes tell of listeners and connections --- */

/* A connection from `remote` to the listener; NULL where there are too many. The make fills in what
 * is its own, and then its owner is told of it. */
struct oh_conn *oh_conn_accept(struct oh_listener *l, const struct oh_addr *local,
                               const struct oh_addr *remote);
void oh_conn_accepted(struct oh_listener *l, struct oh_conn *c);
/* The one that we began has come about. */
void oh_conn_connected(struct oh_conn *c);
void oh_conn_arrived(struct oh_conn *c, struct oh_span bytes, int64_t wall_ns);
/* Nothing more comes: an orderly end (0), or for this reason (errno). */
void oh_conn_over(struct oh_conn *c, int error);
/* The sentence of that reason. */
int oh_conn_error(const struct oh_conn *c, int error, struct oh_error *e);
/* How many bytes of it go to the kernel at once: up to where a new segment begins. */
size_t oh_unsent_next(const struct oh_unsent *piece);
/* The kernel has taken so many bytes of the first unsent piece, handed over at `wall_ns`. */
void oh_conn_sent(struct oh_conn *c, size_t len, int64_t wall_ns);
void oh_listener_hold(struct oh_listener *l);
void oh_listener_drop(struct oh_listener *l);
void oh_conn_hold(struct oh_conn *c);
void oh_conn_drop(struct oh_conn *c);
/* Tells owners what has come, until the level is stopped. */
void oh_conns_serve(struct oh_net *n, const struct oh_run_level *level);
/* Closes and frees all connections and listeners without a word to their owners. */
void oh_conns_free(struct oh_net *n);

/* --- tcp.c: the real ones --- */
int oh_tcp_bind(struct oh_listener *l, struct oh_error *e); /* l->fd is set */
int oh_tcp_dial(struct oh_conn *c, struct oh_error *e);     /* c->fd is set */
int oh_tcp_enlist(struct oh_conn *c); /* real.c: waits for what happens on c->fd */
/* Takes those who call. */
void oh_tcp_accept(struct oh_listener *l);
void oh_tcp_read(struct oh_conn *c);  /* one turn */
void oh_tcp_write(struct oh_conn *c); /* as far as it goes */
void oh_tcp_dialled(struct oh_conn *c);
void oh_tcp_hang_up(struct oh_conn *c, bool reset);

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
int oh_bind_error(struct oh_error *e, const char *label, const struct oh_addr *local,
                  enum oh_transport transport, int error);
/* The same for a port that the socket on `holder` has. */
int oh_taken_error(struct oh_error *e, const char *label, const struct oh_addr *local,
                   enum oh_transport transport, const struct oh_addr *holder);

/* Calls `fn` for each address that a TCP socket of this machine listens on. -1 where the kernel
 * does not say (no netlink for it); `fn` may then have been told of some. */
typedef void oh_listening_fn(const struct oh_addr *a, void *arg);
int oh_net_listening(oh_listening_fn *fn, void *arg);

/* Whether no UDP socket of this machine is bound, and none for TCP listens, at an address of the
 * /24 that `net24` begins. */
bool oh_loopback_is_free(const struct oh_addr *net24);

/* 0.0.0.0 or ::. */
bool oh_addr_is_wildcard(const struct oh_addr *a);

#endif
