/*
 * net/net.h - event loop, timers, UDP sockets, TCP connections, and the tap of every byte sent and
 * received.
 *
 * One interface, two makes: the real one on Sofia's su_root (epoll, own sockets - not tport, which
 * answers and swallows traffic by itself), and an in-memory twin with a virtual clock in which
 * 64*T1 costs nothing. Everything runs in one thread; callbacks are called from oh_net_run only.
 *
 * Times are nanoseconds. `oh_net_now` is monotonic (virtual in the twin) and is what timers are set
 * by; `oh_net_wall` is comparable with capture stamps.
 *
 * Uses: base/, sip/stream.h. No Sofia type appears in this header.
 */
#ifndef OH_NET_NET_H
#define OH_NET_NET_H

#include "base/addr.h"

struct oh_net;
struct oh_socket;
struct oh_timer;
struct oh_watch;

struct oh_net *oh_net_new(struct oh_error *e); /* real */
struct oh_net *oh_net_new_memory(void);        /* in-memory twin, clock at zero */
void oh_net_free(struct oh_net *n); /* closes what is open, cancels timers, frees watches */

int64_t oh_net_now(const struct oh_net *n);
int64_t oh_net_wall(const struct oh_net *n);

/* Runs callbacks until oh_net_stop is called or `deadline_ns` (of oh_net_now) has passed; returns
 * true if stopped. The twin jumps its clock to the next timer instead of waiting; with nothing left
 * to do it jumps to the deadline. May be nested from a callback; oh_net_stop then ends the
 * innermost run, and does nothing outside of any. INT64_MAX is no deadline: the real net waits on,
 * the twin returns when nothing is left. Timers due by the deadline are called, and a deadline
 * already past still gives one round to what is due and ready. In the twin all datagrams under way
 * arrive, in the order of sending, before a timer is called or the clock moves. */
bool oh_net_run(struct oh_net *n, int64_t deadline_ns);
void oh_net_stop(struct oh_net *n);

/* Calls `fn` once at `at_ns`; timers of the same moment in the order they were set in. The handle
 * is dead after the call; oh_timer_cancel before then (NULL is fine; from within the call itself it
 * does nothing). */
typedef void oh_timer_fn(void *arg);
struct oh_timer *oh_timer_set(struct oh_net *n, int64_t at_ns, oh_timer_fn *fn, void *arg);
void oh_timer_cancel(struct oh_timer *t);

/* The worst lateness of any timer callback so far (how long our own host stalled); and its reset.
 */
int64_t oh_net_worst_late_ns(const struct oh_net *n);
void oh_net_reset_late(struct oh_net *n);

/* Calls `fn` whenever `fd` can be read (or has hung up). For pipes, the capture, control
 * connections. The fd stays the caller's: one watch each, freed before the fd is closed; its flags
 * are left alone. At the end of a pipe `fn` is called until the watch is freed. NULL for what
 * cannot be waited for (a regular file, a closed fd). Real net only (the twin asserts). */
typedef void oh_watch_fn(int fd, void *arg);
struct oh_watch *oh_watch_new(struct oh_net *n, int fd, oh_watch_fn *fn, void *arg);
void oh_watch_free(struct oh_watch *w); /* allowed inside its own callback */

/* --- UDP --- */

/* `bytes` are valid during the call. */
typedef void oh_datagram_fn(struct oh_socket *s, const struct oh_addr *from, struct oh_span bytes,
                            void *arg);

/* Binds `local` (port 0: a free one is chosen; see oh_socket_local). Large kernel buffers. `label`
 * names the socket in the tap ("P", "B rtp"). NULL where the port is taken: the sentence says by
 * what address, the remedy what to do. NULL as well for 0.0.0.0 and ::, since the record must tell
 * addresses apart. */
struct oh_socket *oh_udp_open(struct oh_net *n, const char *label, const struct oh_addr *local,
                              oh_datagram_fn *fn, void *arg, struct oh_error *e);
void oh_socket_close(struct oh_socket *s); /* allowed inside its own callback; NULL is fine */
const struct oh_addr *oh_socket_local(const struct oh_socket *s);
const char *oh_socket_label(const struct oh_socket *s);
/* -1 where `to` is of another family or has no port, the datagram is too large, or the kernel
 * refuses it twice. That nobody listens at `to` is no error. */
int oh_udp_send(struct oh_socket *s, const struct oh_addr *to, struct oh_span bytes,
                struct oh_error *e);

/* --- TCP --- */

struct oh_listener;
struct oh_conn;

/* What an owner of connections is told. Any member may be NULL. A callback may close the
 * connection. */
struct oh_conn_owner {
    /* A listener took a connection. */
    void (*accepted)(struct oh_listener *l, struct oh_conn *c, void *arg);
    /* oh_tcp_connect succeeded. What was sent before then goes out now. */
    void (*connected)(struct oh_conn *c, void *arg);
    /* A whole SIP message, keep-alive or stretch of noise (sip/stream.h). */
    void (*got)(struct oh_conn *c, struct oh_span bytes, void *arg);
    /* It is over: closed or reset by the other side, or never made (`why` is a sentence; NULL: an
     * orderly end). The connection is freed after this call. Not called after oh_conn_close. */
    void (*ended)(struct oh_conn *c, const char *why, void *arg);
    void *arg;
};

/* Listens at `local` (port 0: a free one). The same rules and sentences as oh_udp_open. */
struct oh_listener *oh_tcp_listen(struct oh_net *n, const char *label, const struct oh_addr *local,
                                  const struct oh_conn_owner *owner, struct oh_error *e);
void oh_listener_close(struct oh_listener *l); /* its connections stay; NULL is fine */
const struct oh_addr *oh_listener_local(const struct oh_listener *l);

/* Begins a connection from `local` (its port 0: any). NULL for what is known at once. */
struct oh_conn *oh_tcp_connect(struct oh_net *n, const char *label, const struct oh_addr *local,
                               const struct oh_addr *remote, const struct oh_conn_owner *owner,
                               struct oh_error *e);
/* In order, whole; kept until the kernel takes it (8 MiB at most, then -1). */
int oh_conn_send(struct oh_conn *c, struct oh_span bytes, struct oh_error *e);
/* The same in segments: each of `cuts`, which rise, is the byte that begins a new one; those behind
 * the end are passed over. The tap sees the whole. */
int oh_conn_send_cut(struct oh_conn *c, struct oh_span bytes, const unsigned *cuts,
                     size_t cut_count, struct oh_error *e);
/* With `reset` the other side gets an RST and what is unsent is lost; else the end is orderly. */
void oh_conn_close(struct oh_conn *c, bool reset);
const struct oh_addr *oh_conn_local(const struct oh_conn *c);
const struct oh_addr *oh_conn_remote(const struct oh_conn *c);
const char *oh_conn_label(const struct oh_conn *c);
bool oh_conn_is_open(const struct oh_conn *c); /* connected and not yet ended */
void *oh_conn_data(const struct oh_conn *c);   /* the owner's, NULL at first */
void oh_conn_set_data(struct oh_conn *c, void *data);

/* --- the tap --- */

struct oh_tap_event {
    int64_t wall_ns;   /* received: the kernel's stamp; sent: just before it was handed over */
    const char *label; /* the socket's */
    bool sent;         /* by us; else received by us */
    enum oh_transport transport;
    struct oh_addr local, remote;
    struct oh_span bytes; /* valid during the call */
};
/* Called for every datagram, and for every piece of a connection (what oh_conn_send was given, what
 * `got` is given), after it was handed to the kernel and before a received one reaches its
 * callback. A piece that waits for its connection is told when the kernel has taken all of it; what
 * never goes out is not told. */
typedef void oh_tap_fn(const struct oh_tap_event *event, void *arg);
void oh_net_tap(struct oh_net *n, oh_tap_fn *fn, void *arg); /* one tap; NULL fn ends it */

/* --- choosing addresses --- */

/* A free UDP (and TCP) port on `ip`, kept by nobody: for a phone program that binds it itself. 0 on
 * trouble. With `even`, an even port whose successor is free as well (RTP and RTCP). */
uint16_t oh_net_free_port(const struct oh_addr *ip, bool even, struct oh_error *e);

/* Whether there is a way to this address of ours. -1 with a sentence where its interface is down or
 * gone. */
int oh_net_reaches(const struct oh_addr *host, struct oh_error *e);

/* A /24 of 127.0.0.0/8 that nothing on this machine is bound to, chosen by chance: `out` becomes
 * 127.x.y.0. */
int oh_net_free_loopback(struct oh_addr *out, struct oh_error *e);

#endif
