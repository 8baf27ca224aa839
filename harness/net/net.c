#include "net/internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* What an IP packet of 65,535 bytes leaves for the payload (RFC 768, RFC 791, RFC 8200). */
#define IPV4_PAYLOAD_LIMIT (65535 - 20 - 8)
#define IPV6_PAYLOAD_LIMIT (65535 - 8)

void oh_net_free(struct oh_net *n)
{
    if (!n)
        return;
    assert(!n->level && "a net is not freed from its own callbacks");
    while (n->sockets)
        oh_socket_close(n->sockets);
    while (n->watches)
        oh_watch_free(n->watches);
    oh_conns_free(n);
    oh_timers_free(n);
    free(n->spare_buffer);
    n->ops->free(n);
}

int64_t oh_net_now(const struct oh_net *n)
{
    return n->ops->now(n);
}

int64_t oh_net_wall(const struct oh_net *n)
{
    return n->ops->wall(n);
}

bool oh_net_run(struct oh_net *n, int64_t deadline_ns)
{
    struct oh_run_level level = {.outer = n->level};
    n->level = &level;
    n->ops->run(n, &level, deadline_ns);
    n->level = level.outer;
    return level.stopped;
}

void oh_net_stop(struct oh_net *n)
{
    if (n->level)
        n->level->stopped = true;
}

int64_t oh_net_worst_late_ns(const struct oh_net *n)
{
    return n->worst_late_ns;
}

void oh_net_reset_late(struct oh_net *n)
{
    n->worst_late_ns = 0;
}

struct oh_watch *oh_watch_new(struct oh_net *n, int fd, oh_watch_fn *fn, void *arg)
{
    assert(n->ops->watch && "the in-memory net has no file descriptors");
    assert(fn);
    for (struct oh_watch *w = n->watches; w; w = w->next)
        assert(w->fd != fd && "a file descriptor has one watch");
    struct oh_watch *w = oh_alloc(sizeof *w);
    *w = (struct oh_watch){.net = n, .next = n->watches, .fd = fd, .fn = fn, .arg = arg};
    if (!n->ops->watch(w)) {
        free(w);
        return NULL;
    }
    n->watches = w;
    return w;
}

void oh_watch_free(struct oh_watch *w)
{
    if (!w)
        return;
    struct oh_watch **link = &w->net->watches;
    while (*link != w)
        link = &(*link)->next;
    *link = w->next;
    w->net->ops->unwatch(w);
    free(w);
}

bool oh_addr_is_wildcard(const struct oh_addr *a)
{
    static const uint8_t zero[sizeof a->ip];
    return memcmp(a->ip, zero, sizeof zero) == 0;
}

int oh_net_check_local(const char *label, const struct oh_addr *local, struct oh_error *e)
{
    char text[OH_ADDR_TEXT];
    if (local->family == OH_FAMILY_NONE) {
        oh_error_set(e, "'%s' has no address to be bound to", label);
        return oh_error_remedy(e, "name an address of this machine");
    }
    if (oh_addr_is_wildcard(local)) {
        oh_error_set(e, "'%s' cannot be bound to %s, which is every address of this machine", label,
                     oh_addr_format_ip(local, text));
        return oh_error_remedy(e, "name one address of this machine, so that the record can tell "
                                  "who sent what to whom");
    }
    return 0;
}

struct oh_socket *oh_udp_open(struct oh_net *n, const char *label, const struct oh_addr *local,
                              oh_datagram_fn *fn, void *arg, struct oh_error *e)
{
    assert(label && fn);
    if (oh_net_check_local(label, local, e) < 0)
        return NULL;
    struct oh_socket *s = oh_alloc(sizeof *s);
    *s = (struct oh_socket){
        .net = n, .label = oh_strdup(label), .local = *local, .fn = fn, .arg = arg, .fd = -1};
    if (n->ops->open(s, e) < 0) {
        free(s->label);
        free(s);
        return NULL;
    }
    s->next = n->sockets;
    n->sockets = s;
    return s;
}

void oh_socket_hold(struct oh_socket *s)
{
    s->held++;
}

void oh_socket_drop(struct oh_socket *s)
{
    assert(s->held > 0);
    if (--s->held > 0 || !s->closed)
        return;
    free(s->label);
    free(s);
}

void oh_socket_close(struct oh_socket *s)
{
    if (!s || s->closed)
        return;
    struct oh_socket **link = &s->net->sockets;
    while (*link != s)
        link = &(*link)->next;
    *link = s->next;
    s->net->ops->close(s);
    s->closed = true;
    oh_socket_hold(s);
    oh_socket_drop(s);
}

const struct oh_addr *oh_socket_local(const struct oh_socket *s)
{
    return &s->local;
}

const char *oh_socket_label(const struct oh_socket *s)
{
    return s->label;
}

void oh_net_tell_tap(struct oh_net *n, const struct oh_tap_event *event)
{
    if (n->tap)
        n->tap(event, n->tap_arg);
}

static void tap(const struct oh_socket *s, bool sent, const struct oh_addr *remote,
                struct oh_span bytes, int64_t wall_ns)
{
    struct oh_tap_event event = {.wall_ns = wall_ns,
                                 .label = s->label,
                                 .sent = sent,
                                 .local = s->local,
                                 .remote = *remote,
                                 .bytes = bytes};
    oh_net_tell_tap(s->net, &event);
}

void oh_socket_deliver(struct oh_socket *s, const struct oh_addr *from, struct oh_span bytes,
                       int64_t wall_ns)
{
    assert(s->held > 0);
    tap(s, false, from, bytes, wall_ns);
    if (!s->closed)
        s->fn(s, from, bytes, s->arg);
}

/* The destination may come from the wire (a Via, a Contact): what is wrong with it is no fault of
 * ours. */
static int check_remote(const struct oh_socket *s, const struct oh_addr *to, size_t len,
                        struct oh_error *e)
{
    char from_text[OH_ADDR_TEXT], to_text[OH_ADDR_TEXT];
    oh_addr_format(&s->local, from_text);
    oh_addr_format(to, to_text);
    if (to->family != s->local.family || to->port == 0)
        return oh_error_set(e, "nothing can be sent from %s to '%s': %s", from_text, to_text,
                            to->family == s->local.family ? "it has no port"
                                                          : "it is of another address family");
    size_t limit = to->family == OH_FAMILY_IPV6 ? IPV6_PAYLOAD_LIMIT : IPV4_PAYLOAD_LIMIT;
    if (len > limit)
        return oh_error_set(e, "%zu bytes to %s do not fit a UDP datagram, which holds %zu", len,
                            to_text, limit);
    return 0;
}

int oh_udp_send(struct oh_socket *s, const struct oh_addr *to, struct oh_span bytes,
                struct oh_error *e)
{
    assert(!s->closed);
    int64_t wall_ns = 0;
    if (check_remote(s, to, bytes.len, e) < 0 || s->net->ops->send(s, to, bytes, &wall_ns, e) < 0)
        return -1;
    tap(s, true, to, bytes, wall_ns);
    return 0;
}

void oh_net_tap(struct oh_net *n, oh_tap_fn *fn, void *arg)
{
    n->tap = fn;
    n->tap_arg = arg;
}
