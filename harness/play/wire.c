/* Which socket or connection a message goes by. RFC 3261 18, RFC 5923 (an open connection is used
 * again). Phones keep a connection for a whole run; those that we opened end with their scenario.
 */
#include "play/player.h"

#include "sip/via.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PORT_TRIES   16
#define DEFAULT_PORT 5060

/* A message that waits for its connection: it is recorded when it has gone out. */
struct waiting {
    struct waiting *next;
    struct oh_text bytes;
    int step;
    char *seat;
};

struct oh_wire {
    struct oh_wire *next;
    struct oh_bench *bench;
    struct oh_conn *conn;
    unsigned number;
    struct oh_addr seat;        /* where our seat listens */
    bool is_ours;               /* we opened it */
    bool stands;                /* it was open once */
    struct oh_bench_slot *slot; /* whose the other end is; NULL: not known */
    struct waiting *waiting, **waiting_last;
};

/* --- their lives --- */

static struct oh_wire *new_wire(struct oh_bench *b, struct oh_conn *conn,
                                const struct oh_addr *seat, bool is_ours)
{
    struct oh_wire *w = oh_alloc(sizeof *w);
    *w = (struct oh_wire){.next = b->wires,
                          .bench = b,
                          .conn = conn,
                          .number = ++b->wire_number,
                          .seat = *seat,
                          .is_ours = is_ours,
                          .stands = !is_ours || oh_conn_is_open(conn)};
    w->waiting_last = &w->waiting;
    b->wires = w;
    oh_conn_set_data(conn, w);
    return w;
}

static struct waiting *take_waiting(struct oh_wire *w)
{
    struct waiting *first = w->waiting;
    w->waiting = NULL;
    w->waiting_last = &w->waiting;
    return first;
}

static struct waiting *free_waiting(struct waiting *m)
{
    struct waiting *next = m->next;
    oh_text_release(&m->bytes);
    free(m->seat);
    free(m);
    return next;
}

static void free_wire(struct oh_wire *w)
{
    struct oh_wire **link = &w->bench->wires;
    while (*link != w)
        link = &(*link)->next;
    *link = w->next;
    struct waiting *m = take_waiting(w);
    while (m)
        m = free_waiting(m);
    free(w);
}

void oh_wires_close(struct oh_bench *b, bool ours_only)
{
    struct oh_wire *next;
    for (struct oh_wire *w = b->wires; w; w = next) {
        next = w->next;
        if (ours_only && !w->is_ours)
            continue;
        oh_conn_close(w->conn, false);
        free_wire(w);
    }
}

void oh_wires_cut(struct oh_bench *b, const struct oh_seat *seat, bool reset)
{
    struct oh_wire *next;
    for (struct oh_wire *w = b->wires; w; w = next) {
        next = w->next;
        if (!oh_addr_equal(&w->seat, &seat->sip_addr) || !oh_conn_is_open(w->conn))
            continue;
        oh_conn_close(w->conn, reset);
        free_wire(w);
    }
}

/* --- choosing one --- */

static bool is_usable(const struct oh_wire *w)
{
    return oh_conn_is_open(w->conn) || (w->is_ours && !w->stands);
}

static struct oh_wire *by_number(const struct oh_bench *b, unsigned number)
{
    struct oh_wire *w = b->wires;
    while (w && w->number != number)
        w = w->next;
    return w;
}

static struct oh_wire *by_remote(const struct oh_bench *b, const struct oh_seat *seat,
                                 const struct oh_addr *to)
{
    for (struct oh_wire *w = b->wires; w; w = w->next) {
        if (oh_addr_equal(&w->seat, &seat->sip_addr) && is_usable(w) &&
            oh_addr_equal(oh_conn_remote(w->conn), to))
            return w;
    }
    return NULL;
}

/* The latest that whoever is at this address has opened himself, and which is open still. */
static struct oh_wire *opened_by(const struct oh_bench *b, const struct oh_addr *seat,
                                 const struct oh_addr *remote)
{
    for (struct oh_wire *w = b->wires; w; w = w->next) {
        bool is_his = oh_addr_same_ip(oh_conn_remote(w->conn), remote) ||
                      (w->slot && oh_addr_same_ip(&w->slot->sip, remote));
        if (is_his && !w->is_ours && oh_addr_equal(&w->seat, seat) && oh_conn_is_open(w->conn))
            return w;
    }
    return NULL;
}

static struct oh_wire *dial(struct oh_bench *b, const struct oh_seat *seat,
                            const struct oh_addr *to, struct oh_error *e)
{
    struct oh_conn_owner owner = oh_wire_owner(b);
    struct oh_addr local = seat->sip_addr;
    local.port = 0;
    struct oh_conn *conn = oh_tcp_connect(b->net, seat->name, &local, to, &owner, e);
    return conn ? new_wire(b, conn, &seat->sip_addr, true) : NULL;
}

static struct oh_wire *choose(struct oh_bench *b, const struct oh_seat *seat,
                              const struct oh_addr *to, unsigned number, struct oh_error *e)
{
    struct oh_wire *w = by_number(b, number);
    if (!w || !is_usable(w))
        w = by_remote(b, seat, to);
    if (!w)
        w = dial(b, seat, to, e);
    if (!w)
        w = opened_by(b, &seat->sip_addr, to);
    return w;
}

/* --- whose the other end is --- */

static struct oh_bench_slot *slot_at(const struct oh_bench *b, const struct oh_addr *a)
{
    for (size_t i = 0; i < b->slot_count; i++) {
        if (oh_addr_same_ip(&b->slots[i].sip, a))
            return &b->slots[i];
    }
    return NULL;
}

static struct oh_bench_slot *slot_by_via(const struct oh_bench *b, const struct oh_sip_msg *m)
{
    struct oh_sip_via via;
    struct oh_addr a;
    struct oh_error e = {0};
    if (!m->is_request || oh_sip_via_parse(oh_sip_msg_value(m, OH_SIP_VIA, 0), &via) != 0 ||
        oh_sip_host_addr(via.host, via.port, &a, &e) != 0)
        return NULL;
    return slot_at(b, &a);
}

/* An answer is of whom the request went to, from wherever it comes. */
static struct oh_bench_slot *slot_by_request(const struct oh_bench *b, const struct oh_sip_msg *m)
{
    const struct oh_exchange *x =
        b->player && !m->is_request ? oh_exchange_of_response(b->player, m) : NULL;
    return x ? slot_at(b, &x->remote) : NULL;
}

struct oh_bench_slot *oh_wire_slot(struct oh_bench *b, const struct oh_way *from,
                                   const struct oh_sip_msg *m)
{
    struct oh_wire *w = from->transport == OH_TRANSPORT_TCP ? by_number(b, from->wire) : NULL;
    struct oh_bench_slot *slot = slot_at(b, &from->to);
    if (!slot)
        slot = oh_desk_claim(b, from, m);
    if (!w)
        return slot;
    if (!slot)
        slot = w->slot;
    if (!slot)
        slot = slot_by_via(b, m);
    if (!slot)
        slot = slot_by_request(b, m);
    if (!slot && b->slot_count == 1)
        slot = &b->slots[0];
    return w->slot = slot;
}

/* The record must tell whose it is where the address does not. */
static void note_whose(struct oh_player *p, const struct oh_wire *w)
{
    struct oh_seat *phone = oh_player_seat_with(p, w->slot);
    if (p->run && phone && !oh_addr_same_ip(&w->slot->sip, oh_conn_remote(w->conn)))
        oh_run_add_conn(p->run, phone->name, oh_conn_remote(w->conn));
}

/* --- sending --- */

static void wait_on(struct oh_wire *w, const struct oh_seat *seat, struct oh_span bytes, int step)
{
    struct waiting *m = oh_alloc(sizeof *m);
    oh_text_add_span(&m->bytes, bytes);
    m->step = step;
    m->seat = oh_strdup(seat->name);
    *w->waiting_last = m;
    w->waiting_last = &m->next;
}

/* `e` holds why no connection could be made. */
static int no_way(struct oh_error *e)
{
    char why[sizeof e->text];
    memcpy(why, e->text, sizeof why);
    return oh_error_set(e, "%s, and no connection of the other side is open", why);
}

/* In so many segments of about one size, or at the bytes that are given. */
static int send_cut(struct oh_wire *w, const struct oh_way *way, struct oh_span bytes,
                    struct oh_error *e)
{
    unsigned each[OH_PIECES_MOST], count = way->pieces ? way->pieces : 1;
    size_t size = bytes.len / count + (bytes.len % count != 0);
    assert(count <= OH_PIECES_MOST);
    for (unsigned i = 1; i < count; i++)
        each[i - 1] = (unsigned)(i * size);
    return way->cut_count ? oh_conn_send_cut(w->conn, bytes, way->cuts, way->cut_count, e)
                          : oh_conn_send_cut(w->conn, bytes, each, count - 1, e);
}

enum oh_sent oh_wire_send(struct oh_player *p, struct oh_seat *seat, const struct oh_way *way,
                          struct oh_span bytes, int step, struct oh_error *e)
{
    if (way->transport == OH_TRANSPORT_UDP && step == OH_NONE && oh_player_is_silent(p, seat))
        return OH_SENT; /* lost on the way */
    if (way->transport == OH_TRANSPORT_UDP)
        return oh_udp_send(seat->sip, &way->to, bytes, e) == 0 ? OH_SENT : OH_NOT_SENT;
    struct oh_wire *w = choose(p->bench, seat, &way->to, way->wire, e);
    if (!w) {
        no_way(e);
        return OH_NOT_SENT;
    }
    note_whose(p, w);
    if (!w->stands)
        wait_on(w, seat, bytes, step);
    if (send_cut(w, way, bytes, e) != 0)
        return OH_NOT_SENT;
    return w->stands ? OH_SENT : OH_WAITS;
}

/* --- what comes of them --- */

static void accepted(struct oh_listener *l, struct oh_conn *c, void *arg)
{
    new_wire(arg, c, oh_listener_local(l), false);
}

static int tap_of(const struct oh_run *run, const struct oh_conn *c, struct oh_span bytes)
{
    for (int i = (int)run->tap_count - 1; i >= 0; i--) {
        const struct oh_tap_entry *t = &run->tap[i];
        if (t->sent && oh_addr_equal(&t->local, oh_conn_local(c)) &&
            oh_span_equal(oh_span_sub(t->bytes, 0, t->bytes.len), bytes))
            return i;
    }
    return OH_NONE;
}

static void connected(struct oh_conn *c, void *arg)
{
    struct oh_wire *w = oh_conn_data(c);
    struct oh_player *p = ((struct oh_bench *)arg)->player;
    w->stands = true;
    for (struct waiting *m = take_waiting(w); m; m = free_waiting(m)) {
        if (p && p->run)
            oh_record_sent(p, m->step, tap_of(p->run, c, oh_text_span(&m->bytes)), m->seat);
    }
}

/* RFC 5626 5.4: two CRLFs are answered by one. */
static void answer_ping(struct oh_conn *c)
{
    struct oh_error e;
    oh_conn_send(c, oh_span_of("\r\n"), &e);
}

static void take(struct oh_player *p, struct oh_wire *w, const struct oh_way *from,
                 struct oh_span bytes)
{
    struct oh_sip_msg *m = oh_sip_msg_parse(bytes);
    if (m)
        oh_wire_slot(p->bench, from, m);
    oh_sip_msg_free(m);
    note_whose(p, w);
    oh_player_received(p, oh_player_seat_at(p, &w->seat), from, bytes);
}

static void got(struct oh_conn *c, struct oh_span bytes, void *arg)
{
    struct oh_bench *b = arg;
    struct oh_wire *w = oh_conn_data(c);
    struct oh_way from = {
        .transport = OH_TRANSPORT_TCP, .to = *oh_conn_remote(c), .wire = w->number};
    if (oh_span_is(bytes, "\r\n\r\n"))
        answer_ping(c);
    else if (b->player)
        take(b->player, w, &from, bytes);
}

/* The messages that waited for a connection go by the one that the other side has opened itself. */
static void go_elsewhere(struct oh_bench *b, struct oh_wire *failed, const char *why)
{
    struct oh_player *p = b->player;
    struct oh_wire *w = opened_by(b, &failed->seat, oh_conn_remote(failed->conn));
    for (struct waiting *m = take_waiting(failed); m; m = free_waiting(m)) {
        struct oh_error e = {0};
        oh_error_set(&e, "%s", why ? why : "the connection has ended");
        bool sent = w ? oh_conn_send(w->conn, oh_text_span(&m->bytes), &e) == 0 : no_way(&e) == 0;
        if (!p || !p->run || m->step == OH_NONE)
            continue;
        if (sent)
            oh_record_sent(p, m->step, tap_of(p->run, w->conn, oh_text_span(&m->bytes)), m->seat);
        else
            oh_player_end(p, OH_OUTCOME_STUCK, m->step, "%s cannot be sent: %s",
                          p->scenario->steps[m->step].text, e.text);
    }
}

static void ended(struct oh_conn *c, const char *why, void *arg)
{
    struct oh_bench *b = arg;
    struct oh_wire *w = oh_conn_data(c);
    if (!w)
        return;
    w->stands = true; /* no longer to be waited for */
    go_elsewhere(b, w, why);
    free_wire(w);
    oh_conn_set_data(c, NULL);
}

struct oh_conn_owner oh_wire_owner(struct oh_bench *b)
{
    return (struct oh_conn_owner){
        .accepted = accepted, .connected = connected, .got = got, .ended = ended, .arg = b};
}

/* --- the seats' own sockets --- */

int oh_wire_listen(struct oh_bench *b, const char *label, struct oh_addr *at,
                   struct oh_socket **udp, struct oh_listener **tcp, struct oh_error *e)
{
    struct oh_conn_owner owner = oh_wire_owner(b);
    for (int i = 0; i < PORT_TRIES; i++) { /* another program may be quicker */
        at->port = oh_bench_port(b, at, false, e);
        if (!at->port)
            return -1;
        *udp = oh_udp_open(b->net, label, at, oh_player_datagram, b, e);
        *tcp = *udp ? oh_tcp_listen(b->net, label, at, &owner, e) : NULL;
        if (*tcp)
            return 0;
        oh_socket_close(*udp);
        *udp = NULL;
    }
    return -1;
}

void oh_wires_refuse(struct oh_bench *b, const struct oh_seat *seat)
{
    struct oh_listener **of =
        oh_addr_equal(&b->home_addr, &seat->sip_addr) ? &b->home_listener : NULL;
    for (size_t i = 0; !of && i < OH_BENCH_SEATS; i++) {
        if (b->listeners[i] && oh_addr_equal(&b->seat_sip[i], &seat->sip_addr))
            of = &b->listeners[i];
    }
    oh_listener_close(of ? *of : NULL);
    if (of)
        *of = NULL;
}

static int listen_again(struct oh_bench *b, const char *label, const struct oh_addr *at,
                        struct oh_listener **tcp, struct oh_error *e)
{
    struct oh_conn_owner owner = oh_wire_owner(b);
    *tcp = oh_tcp_listen(b->net, label, at, &owner, e);
    return *tcp ? 0 : -1;
}

int oh_wires_accept(struct oh_bench *b, struct oh_error *e)
{
    if (b->home && !b->home_listener &&
        listen_again(b, "home", &b->home_addr, &b->home_listener, e) != 0)
        return -1;
    for (size_t i = 0; i < OH_BENCH_SEATS; i++) {
        if (b->sip_sockets[i] && !b->listeners[i] &&
            listen_again(b, "seat", &b->seat_sip[i], &b->listeners[i], e) != 0)
            return -1;
    }
    return 0;
}

/* --- where to, and what Via and URIs say of it --- */

const char *oh_seat_uri_params(const struct oh_seat *seat)
{
    return seat->transport == OH_TRANSPORT_TCP ? ";transport=tcp" : "";
}

/* RFC 3261 18.1.1: what the URI says, else what the scenario does. */
const char *oh_wire_via(const struct oh_player *p, struct oh_span target)
{
    struct oh_sip_uri uri;
    struct oh_span said = {0};
    if (oh_sip_uri_parse(target, &uri) == 0)
        said = oh_sip_param(uri.params, "transport");
    if (oh_span_is_nocase(said, "tcp"))
        return "TCP";
    if (oh_span_is_nocase(said, "udp"))
        return "UDP";
    return p->transport == OH_TRANSPORT_TCP ? "TCP" : "UDP";
}

/* The Via of a request tells what it goes by, so that the two never differ. */
enum oh_transport oh_wire_transport(const struct oh_player *p, const struct oh_sip_msg *request)
{
    struct oh_sip_via via;
    if (oh_sip_via_parse(oh_sip_msg_value(request, OH_SIP_VIA, 0), &via) != 0)
        return p->transport;
    return oh_span_is_nocase(via.transport, "TCP")   ? OH_TRANSPORT_TCP
           : oh_span_is_nocase(via.transport, "UDP") ? OH_TRANSPORT_UDP
                                                     : p->transport;
}

/* RFC 3261 18.2.2: received, else sent-by, with sent-by's port; rport is of UDP (RFC 3581 4). */
static int stream_response_address(const struct oh_sip_msg *response, bool host_chose,
                                   struct oh_addr *out, struct oh_error *e)
{
    struct oh_sip_via via;
    if (oh_sip_via_parse(oh_sip_msg_value(response, OH_SIP_VIA, 0), &via) != 0)
        return oh_error_set(e, "the response has no Via that can be read");
    struct oh_span received = oh_span_trim(oh_sip_param(via.params, "received"));
    if (host_chose) /* the phone is where its sent-by says */
        received = (struct oh_span){0};
    return oh_sip_host_addr(received.len ? received : via.host, via.port ? via.port : DEFAULT_PORT,
                            out, e);
}

void oh_wire_response_way(const struct oh_exchange *x, const struct oh_sip_msg *response,
                          struct oh_way *way)
{
    struct oh_error e = {0};
    int result = -1;
    bool host_chose = x->slot && !oh_addr_same_ip(&x->slot->sip, &x->remote);
    *way = x->from;
    if (response && x->from.transport == OH_TRANSPORT_TCP)
        result = stream_response_address(response, host_chose, &way->to, &e);
    else if (response)
        result = oh_sip_response_address(response, &way->to, &e);
    if (result != 0) /* a Via that leads nowhere: answer where the request came from */
        way->to = x->remote;
}
