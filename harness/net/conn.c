/* Listeners and connections, whatever the make: their lives, their pieces, the tap of both. */
#include "net/internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define UNSENT_MOST ((size_t)8 << 20)

/* --- listeners --- */

struct oh_listener *oh_tcp_listen(struct oh_net *n, const char *label, const struct oh_addr *local,
                                  const struct oh_conn_owner *owner, struct oh_error *e)
{
    assert(label && owner);
    if (oh_net_check_local(label, local, e) < 0)
        return NULL;
    struct oh_listener *l = oh_alloc(sizeof *l);
    *l = (struct oh_listener){
        .net = n, .label = oh_strdup(label), .local = *local, .owner = *owner, .fd = -1};
    if (n->ops->listen(l, e) < 0) {
        free(l->label);
        free(l);
        return NULL;
    }
    l->next = n->listeners;
    n->listeners = l;
    return l;
}

void oh_listener_hold(struct oh_listener *l)
{
    l->held++;
}

void oh_listener_drop(struct oh_listener *l)
{
    assert(l->held > 0);
    if (--l->held > 0 || !l->closed)
        return;
    free(l->label);
    free(l);
}

void oh_listener_close(struct oh_listener *l)
{
    if (!l || l->closed)
        return;
    struct oh_listener **link = &l->net->listeners;
    while (*link != l)
        link = &(*link)->next;
    *link = l->next;
    if (l->net->ops->unlisten)
        l->net->ops->unlisten(l);
    l->closed = true;
    oh_listener_hold(l);
    oh_listener_drop(l);
}

const struct oh_addr *oh_listener_local(const struct oh_listener *l)
{
    return &l->local;
}

/* --- the life of a connection --- */

static struct oh_conn *new_conn(struct oh_net *n, const char *label, const struct oh_addr *local,
                                const struct oh_addr *remote, const struct oh_conn_owner *owner)
{
    struct oh_conn *c = oh_alloc(sizeof *c);
    *c = (struct oh_conn){.net = n,
                          .label = oh_strdup(label),
                          .local = *local,
                          .remote = *remote,
                          .owner = *owner,
                          .stream = oh_sip_stream_new(),
                          .fd = -1,
                          .next = n->conns};
    c->unsent_last = &c->unsent;
    n->conns = c;
    n->conn_count++;
    return c;
}

static void drop_unsent(struct oh_conn *c)
{
    while (c->unsent) {
        struct oh_unsent *first = c->unsent;
        c->unsent = first->next;
        free(first->cuts);
        free(first);
    }
    c->unsent_last = &c->unsent;
    c->unsent_len = 0;
}

void oh_conn_hold(struct oh_conn *c)
{
    c->held++;
}

void oh_conn_drop(struct oh_conn *c)
{
    assert(c->held > 0);
    if (--c->held > 0 || !c->closed || c->lingers)
        return;
    drop_unsent(c);
    oh_sip_stream_free(c->stream);
    free(c->label);
    free(c->why);
    free(c);
}

/* The net lets go of it. Its memory stays while somebody holds it. */
static void let_go(struct oh_conn *c, bool reset)
{
    struct oh_conn **link = &c->net->conns;
    while (*link != c)
        link = &(*link)->next;
    *link = c->next;
    c->net->conn_count--;
    c->net->ops->disconnect(c, reset);
    c->closed = true;
    c->lingers = false;
    oh_conn_hold(c);
    oh_conn_drop(c);
}

struct oh_conn *oh_tcp_connect(struct oh_net *n, const char *label, const struct oh_addr *local,
                               const struct oh_addr *remote, const struct oh_conn_owner *owner,
                               struct oh_error *e)
{
    char from[OH_ADDR_TEXT], to[OH_ADDR_TEXT];
    assert(label && owner);
    if (oh_net_check_local(label, local, e) < 0)
        return NULL;
    if (remote->family != local->family || remote->port == 0) {
        oh_error_set(e, "no connection can be made from %s to '%s': %s",
                     oh_addr_format(local, from), oh_addr_format(remote, to),
                     remote->family == local->family ? "it has no port"
                                                     : "it is of another address family");
        return NULL;
    }
    struct oh_conn *c = new_conn(n, label, local, remote, owner);
    if (n->ops->connect(c, e) == 0)
        return c;
    let_go(c, false);
    return NULL;
}

void oh_conn_close(struct oh_conn *c, bool reset)
{
    if (!c || c->closed)
        return;
    if (reset || !c->unsent || c->over) {
        let_go(c, reset);
        return;
    }
    c->closed = c->lingers = true;
}

void oh_conns_free(struct oh_net *n)
{
    while (n->listeners)
        oh_listener_close(n->listeners);
    while (n->conns)
        let_go(n->conns, false);
}

const struct oh_addr *oh_conn_local(const struct oh_conn *c)
{
    return &c->local;
}

const struct oh_addr *oh_conn_remote(const struct oh_conn *c)
{
    return &c->remote;
}

const char *oh_conn_label(const struct oh_conn *c)
{
    return c->label;
}

bool oh_conn_is_open(const struct oh_conn *c)
{
    return c->connected && !c->over && !c->closed;
}

void *oh_conn_data(const struct oh_conn *c)
{
    return c->data;
}

void oh_conn_set_data(struct oh_conn *c, void *data)
{
    c->data = data;
}

/* --- sending --- */

static void tap(const struct oh_conn *c, bool sent, struct oh_span bytes, int64_t wall_ns)
{
    oh_net_tell_tap(c->net, &(struct oh_tap_event){.wall_ns = wall_ns,
                                                   .label = c->label,
                                                   .sent = sent,
                                                   .transport = OH_TRANSPORT_TCP,
                                                   .local = c->local,
                                                   .remote = c->remote,
                                                   .bytes = bytes});
}

int oh_conn_send(struct oh_conn *c, struct oh_span bytes, struct oh_error *e)
{
    return oh_conn_send_cut(c, bytes, NULL, 0, e);
}

size_t oh_unsent_next(const struct oh_unsent *piece)
{
    for (size_t i = 0; i < piece->cut_count; i++) {
        if (piece->cuts[i] > piece->sent && piece->cuts[i] < piece->len)
            return piece->cuts[i] - piece->sent;
    }
    return piece->len - piece->sent;
}

int oh_conn_send_cut(struct oh_conn *c, struct oh_span bytes, const unsigned *cuts,
                     size_t cut_count, struct oh_error *e)
{
    char text[OH_ADDR_TEXT];
    assert(!c->closed);
    if (c->why)
        return oh_error_set(e, "%s", c->why);
    if (bytes.len > UNSENT_MOST - c->unsent_len)
        return oh_error_set(e, "TCP to %s: the other side does not read what it is sent",
                            oh_addr_format(&c->remote, text));
    if (bytes.len == 0)
        return 0;
    struct oh_unsent *piece = oh_alloc(sizeof *piece + bytes.len);
    piece->len = bytes.len;
    piece->cuts = oh_alloc((cut_count + 1) * sizeof *piece->cuts);
    piece->cut_count = cut_count;
    for (size_t i = 0; i < cut_count; i++)
        piece->cuts[i] = cuts[i];
    memcpy(piece->bytes, bytes.at, bytes.len);
    *c->unsent_last = piece;
    c->unsent_last = &piece->next;
    c->unsent_len += bytes.len;
    if (c->connected)
        c->net->ops->flush(c);
    return c->why ? oh_error_set(e, "%s", c->why) : 0;
}

static void wants_serving(struct oh_conn *c)
{
    c->waits = c->net->conns_wait = true;
}

void oh_conn_sent(struct oh_conn *c, size_t len, int64_t wall_ns)
{
    struct oh_unsent *piece = c->unsent;
    assert(piece && len <= piece->len - piece->sent);
    piece->sent += len;
    c->unsent_len -= len;
    if (piece->sent < piece->len)
        return;
    c->unsent = piece->next;
    if (!c->unsent)
        c->unsent_last = &c->unsent;
    tap(c, true, (struct oh_span){piece->bytes, piece->len}, wall_ns);
    free(piece->cuts);
    free(piece);
    if (c->lingers)
        wants_serving(c);
}

/* --- what the makes tell --- */

struct oh_conn *oh_conn_accept(struct oh_listener *l, const struct oh_addr *local,
                               const struct oh_addr *remote)
{
    if (l->net->conn_count >= OH_CONNS_MOST)
        return NULL;
    struct oh_conn *c = new_conn(l->net, l->label, local, remote, &l->owner);
    c->told = c->connected = true;
    return c;
}

void oh_conn_accepted(struct oh_listener *l, struct oh_conn *c)
{
    oh_conn_hold(c);
    if (l->owner.accepted)
        l->owner.accepted(l, c, l->owner.arg);
    oh_conn_drop(c);
}

void oh_conn_connected(struct oh_conn *c)
{
    c->connected = true;
    c->net->ops->flush(c);
    wants_serving(c);
}

void oh_conn_arrived(struct oh_conn *c, struct oh_span bytes, int64_t wall_ns)
{
    if (c->lingers) /* nobody listens any more */
        return;
    oh_sip_stream_add(c->stream, bytes);
    c->read_ns = wall_ns;
    wants_serving(c);
}

int oh_conn_error(const struct oh_conn *c, int error, struct oh_error *e)
{
    static const struct {
        int error;
        const char *text;
    } known[] = {
        {ECONNREFUSED, "nobody listens there"},
        {ECONNRESET, "the other side reset the connection"},
        {EPIPE, "the other side has closed the connection"},
        {ETIMEDOUT, "the other side does not answer any more"},
    };
    const char *text = strerror(error);
    char remote[OH_ADDR_TEXT];
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].error == error)
            text = known[i].text;
    }
    return oh_error_set(e, "TCP to %s: %s", oh_addr_format(&c->remote, remote), text);
}

void oh_conn_over(struct oh_conn *c, int error)
{
    struct oh_error e;
    if (c->over)
        return;
    c->over = true;
    if (error != 0) {
        oh_conn_error(c, error, &e);
        c->why = oh_strdup(e.text);
    }
    if (c->net->ops->deafen)
        c->net->ops->deafen(c);
    wants_serving(c);
}

/* --- what the owners are told --- */

/* The piece is copied: a nested run may read on while its owner looks at it. */
static void deliver(struct oh_conn *c, struct oh_span piece)
{
    char *bytes = oh_span_dup(piece);
    piece.at = bytes;
    tap(c, false, piece, c->read_ns);
    if (!c->closed && c->owner.got)
        c->owner.got(c, piece, c->owner.arg);
    free(bytes);
}

static void finish(struct oh_conn *c)
{
    struct oh_span rest = oh_sip_stream_rest(c->stream, NULL);
    if (rest.len > 0)
        tap(c, false, rest, c->read_ns);
    c->closed = true;
    if (c->owner.ended)
        c->owner.ended(c, c->why, c->owner.arg);
    let_go(c, false);
}

/* One thing of those that its owner is to know. */
static void serve(struct oh_conn *c)
{
    struct oh_span piece;
    if (c->lingers && (c->over || !c->unsent)) {
        let_go(c, false);
    } else if (c->lingers) {
        c->waits = false;
    } else if (c->connected && !c->told) {
        c->told = true;
        if (c->owner.connected)
            c->owner.connected(c, c->owner.arg);
    } else if (oh_sip_stream_next(c->stream, &piece, NULL) != OH_SIP_CUT_NOTHING) {
        deliver(c, piece);
    } else if (c->over) {
        finish(c);
    } else {
        c->waits = false;
    }
}

void oh_conns_serve(struct oh_net *n, const struct oh_run_level *level)
{
    while (n->conns_wait && !level->stopped) {
        struct oh_conn *c = n->conns;
        while (c && !c->waits)
            c = c->next;
        if (!c) {
            n->conns_wait = false;
            return;
        }
        oh_conn_hold(c);
        serve(c);
        oh_conn_drop(c);
    }
}
