/* Calls: our side of each dialog, made, kept and ended. RFC 3261 12, 13, 15. */
#include "play/mirror.h"
#include "play/role.h"

#include "base/file.h"
#include "sip/digest.h"

#include <stdlib.h>
#include <string.h>

struct oh_call *oh_call_of(struct oh_player *p, const struct oh_sip_msg *m)
{
    struct oh_span id = oh_field_text(m, "call-id");
    struct oh_span tag = oh_field_text(m, m->is_request ? "to.tag" : "from.tag");
    struct oh_call *found = NULL;
    for (struct oh_call *c = p->calls; c; c = c->next) {
        if (!oh_span_is(id, c->call_id))
            continue;
        if (oh_span_is(tag, c->local_tag))
            return c;
        found = found && !found->fork ? found : c; /* what no fork is for belongs to the first */
    }
    return found;
}

struct oh_call *oh_call_latest(struct oh_player *p, const struct oh_seat *phone)
{
    struct oh_call *c = p->calls;
    while (c && c->phone != phone)
        c = c->next;
    return c;
}

struct oh_call *oh_call_for(struct oh_player *p, const struct oh_seat *phone,
                            const struct oh_step *step)
{
    for (struct oh_call *c = p->calls; c; c = c->next) {
        if (c->phone == phone && (!step->call || (c->name && !strcmp(c->name, step->call))) &&
            (!step->fork || (c->fork && !strcmp(c->fork, step->fork))))
            return c;
    }
    return NULL;
}

void oh_call_name(struct oh_call *c, const char *name)
{
    if (!name)
        return;
    free(c->name);
    c->name = oh_strdup(name);
}

static struct oh_call *new_call(struct oh_player *p, struct oh_seat *seat, struct oh_seat *via,
                                struct oh_seat *phone, char *call_id)
{
    struct oh_call *c = oh_alloc(sizeof *c);
    char tag[17];
    oh_random_hex(tag, 8);
    c->player = p;
    c->seat = seat;
    c->via = via;
    c->phone = phone;
    c->call_id = call_id;
    c->local_tag = oh_strdup(tag);
    c->sdp_id = (uint64_t)oh_net_wall(p->net) / (uint64_t)OH_NS_PER_S;
    c->sdp_version = c->sdp_id;
    c->next = p->calls;
    p->calls = c;
    return c;
}

/* Whom does the phone call? The party whose number the Request-URI names, behind the seat that got
 * it; else the first one behind it; else that seat itself. */
static struct oh_seat *callee(struct oh_player *p, struct oh_seat *at, const struct oh_sip_msg *m)
{
    struct oh_span user = oh_field_text(m, "request-uri.user");
    struct oh_seat *first = NULL;
    for (size_t i = 0; i < p->seat_count; i++) {
        struct oh_seat *s = &p->seats[i];
        if (s->behind != at || s->phone)
            continue;
        if (s->party->number && oh_span_is(user, s->party->number))
            return s;
        first = first ? first : s;
    }
    return first ? first : at;
}

struct oh_call *oh_call_fork(struct oh_player *p, struct oh_exchange *invite, const char *fork)
{
    struct oh_span id = oh_field_text(invite->request, "call-id");
    for (struct oh_call *c = p->calls; c; c = c->next) {
        if (c->fork && oh_span_is(id, c->call_id) && !strcmp(c->fork, fork))
            return c;
    }
    const struct oh_call *first = invite->call;
    if (!first)
        return NULL;
    struct oh_call *c = new_call(p, first->seat, first->via, first->phone, oh_span_dup(id));
    c->fork = oh_strdup(fork);
    c->name = oh_strdup(first->name);
    c->invite = invite;
    return c;
}

struct oh_call *oh_call_incoming(struct oh_player *p, struct oh_exchange *invite)
{
    const struct oh_sip_msg *m = invite->request;
    struct oh_call *c =
        new_call(p, callee(p, invite->seat, m), invite->seat, oh_player_seat_with(p, invite->slot),
                 oh_span_dup(oh_field_text(m, "call-id")));
    c->invite = invite;
    return c;
}

struct oh_call *oh_call_outgoing(struct oh_player *p, struct oh_seat *from, struct oh_seat *via,
                                 struct oh_seat *phone)
{
    char id[33], host[OH_ADDR_TEXT];
    oh_random_hex(id, 12);
    struct oh_call *c = new_call(
        p, from, via, phone, oh_format("%s@%s", id, oh_addr_format_host(&from->sip_addr, host)));
    c->we_called = true;
    return c;
}

/* Both sides may have asked at once: RFC 3261 14.1. */
static struct oh_exchange *latest_invite(const struct oh_call *c, bool is_server)
{
    if (c->invite && c->invite->is_server == is_server)
        return c->invite;
    struct oh_exchange *x = c->player->exchanges;
    while (x && (x->call != c || !x->is_invite || x->is_server != is_server))
        x = x->next;
    return x;
}

struct oh_exchange *oh_call_our_invite(const struct oh_call *c)
{
    return latest_invite(c, false);
}

struct oh_exchange *oh_call_their_invite(const struct oh_call *c)
{
    return latest_invite(c, true);
}

/* --- what passes changes the call --- */

void oh_call_sent_response(struct oh_call *c, struct oh_exchange *x, const struct oh_sip_msg *m)
{
    if (oh_sip_msg_is_method(x->request, "BYE") && m->status < 300) {
        oh_call_ended(c);
        return;
    }
    if (!x->is_invite || m->status <= 100)
        return;
    if (m->status < 300 && !c->dialog)
        c->dialog = oh_dialog_from_request(x->request, c->local_tag);
    bool early = c->seat->role == OH_ROLE_GATEWAY && m->status == 183 && m->body.len;
    c->confirmed = c->confirmed || (m->status >= 200 && m->status < 300);
    if (early || (m->status >= 200 && m->status < 300)) {
        oh_media_offer_answer(c, x->request);
        oh_media_start(c);
    }
}

void oh_call_got_response(struct oh_call *c, struct oh_exchange *x, const struct oh_sip_msg *m)
{
    bool tagged = oh_field_text(m, "to.tag").at != NULL;
    /* RFC 3261 15.1.1: another refusal ends nothing */
    bool ends = (m->status >= 200 && m->status < 300) || m->status == 408 || m->status == 481;
    if (oh_sip_msg_is_method(x->request, "BYE") && ends) {
        oh_call_ended(c);
        return;
    }
    if (!x->is_invite || m->status <= 100 || m->status >= 300)
        return;
    if (!tagged && m->status < 200) /* RFC 3261 12.1: makes no dialog; a 2xx does, 12.1.2 */
        return;
    if (c->player->mirror && c->confirmed && oh_mirror_is_another(c->dialog, m))
        return;
    if (!c->confirmed) { /* the 2xx settles what an early dialog began */
        uint32_t used = c->dialog ? c->dialog->local_cseq : 0;
        oh_dialog_free(c->dialog);
        c->dialog = oh_dialog_from_response(x->request, m);
        if (c->dialog && c->dialog->local_cseq < used) /* a PRACK went: 12.2.1.1 */
            c->dialog->local_cseq = used;
    }
    if (m->status >= 200) {
        if (c->confirmed && c->dialog)
            oh_dialog_refresh_target(c->dialog, m);
        c->confirmed = true;
        oh_media_offer_answer(c, m);
        oh_media_start(c);
    }
}

/* RAck: response-num, CSeq number and method. RFC 3262 7.2 */
static bool read_rack(const struct oh_sip_msg *m, uint64_t *rseq, uint64_t *cseq)
{
    struct oh_span rest = oh_span_trim(oh_field_text(m, "rack"));
    size_t gap = oh_span_find(rest, ' ');
    struct oh_span first = oh_span_sub(rest, 0, gap);
    rest = oh_span_trim(oh_span_sub(rest, gap, rest.len));
    return oh_span_to_u64(first, rseq) &&
           oh_span_to_u64(oh_span_sub(rest, 0, oh_span_find(rest, ' ')), cseq);
}

bool oh_call_is_prack(const struct oh_call *c, const struct oh_sip_msg *prack)
{
    const struct oh_exchange *x = oh_call_their_invite(c);
    uint64_t rseq = 0, cseq = 0, number = 0;
    return x && x->rseq && read_rack(prack, &rseq, &cseq) && rseq == x->rseq &&
           oh_field_number(x->request, "cseq.number", &number) && cseq == number;
}

/* What is not the right PRACK, but is one, ends our repeating as well: the judge tells of it. */
static void got_prack(struct oh_call *c, const struct oh_sip_msg *m)
{
    struct oh_exchange *x = oh_call_their_invite(c);
    if (!x || !x->rseq || x->final)
        return;
    oh_exchange_stop(x);
    if (!x->request->body.len) /* our offer went in the provisional: RFC 3262 5 */
        oh_media_offer_answer(c, m);
}

void oh_call_got_request(struct oh_call *c, const struct oh_sip_msg *m)
{
    uint64_t number;
    if (oh_sip_msg_is_method(m, "ACK")) {
        oh_media_offer_answer(c, m); /* an answer in the ACK, RFC 3264 and 3261 13.2.2.4 */
        return;
    }
    if (!c->dialog)
        return;
    if (oh_sip_msg_is_method(m, "PRACK"))
        got_prack(c, m);
    if (oh_field_number(m, "cseq.number", &number))
        c->dialog->remote_cseq = (uint32_t)number;
    if (oh_sip_msg_is_method(m, "INVITE") || oh_sip_msg_is_method(m, "UPDATE"))
        oh_dialog_refresh_target(c->dialog, m);
}

void oh_call_ended(struct oh_call *c)
{
    c->ended = true;
    oh_media_stop(c);
}

/* --- our requests in a call --- */

/* The proxy in front of our user agent puts its Via on top and counts Max-Forwards down. RFC 3261
 * 16.6 */
static void through_proxy(struct oh_call *c, const char *transport, struct oh_draft *d)
{
    char branch[33];
    if (c->via == c->seat)
        return;
    oh_random_hex(branch, 12);
    oh_draft_push(d, "Via", "SIP/2.0/%s %s;branch=z9hG4bK%s", transport, c->via->host_port, branch);
    oh_draft_set(d, "Max-Forwards", "69");
}

/* Does the route set begin with the proxy in front of our user agent? */
static bool begins_with_own_proxy(const struct oh_call *c)
{
    const struct oh_dialog *d = c->dialog;
    if (c->via == c->seat || !d->route_count)
        return false;
    struct oh_span first = oh_span_of(d->route_set[0]);
    return oh_span_search(first, oh_span_of(c->via->host_port)) < first.len;
}

/* As it leaves that proxy. Loose: its Route is gone, the Request-URI is the target (16.4, 16.6).
 * Strict: our user agent put the proxy's URI into the Request-URI and the target behind the last
 * Route (12.2.1.1), and the proxy puts the next Route into the Request-URI in turn. Either way that
 * is what the route set without this proxy gives. */
static struct oh_draft *dialog_request(struct oh_call *c, const char *method,
                                       const struct oh_seat_ids *ids)
{
    struct oh_dialog *d = c->dialog;
    size_t own = begins_with_own_proxy(c) ? 1 : 0;
    d->route_set += own;
    d->route_count -= own;
    struct oh_draft *draft = oh_dialog_request(d, method, ids);
    d->route_set -= own;
    d->route_count += own;
    return draft;
}

struct oh_draft *oh_call_request(struct oh_call *c, const char *method, struct oh_addr *to)
{
    struct oh_error e = {0};
    if (!c->dialog)
        return NULL;
    struct oh_span target = oh_span_of(c->dialog->remote_target ? c->dialog->remote_target : "");
    const char *transport = oh_wire_via(c->player, target);
    struct oh_seat_ids ids = {c->seat->host_port, transport, c->seat->contact};
    struct oh_draft *d = dialog_request(c, method, &ids);
    through_proxy(c, transport, d);
    *to = c->phone ? c->phone->sip_addr : (struct oh_addr){0};
    oh_sip_uri_address(target, to, &e);
    if (c->player->mirror)
        oh_mirror_next_hop(c->dialog, to);
    return d;
}

/* RFC 3261 13.2.2.4: an offer in the 2xx is answered in the ACK. */
static void add_answer(struct oh_exchange *x, const struct oh_sdp_wish *wish, struct oh_draft *d)
{
    struct oh_text sdp = {0};
    struct oh_error e = {0};
    if (!(wish && wish->none) && !x->request->body.len && x->final->body.len &&
        oh_media_our_sdp(x->call, wish, x->final, &sdp, &e) == 0)
        oh_draft_body(d, "application/sdp", oh_text_span(&sdp));
    oh_text_release(&sdp);
}

struct oh_draft *oh_call_ack_draft(struct oh_exchange *x, const struct oh_sdp_wish *wish,
                                   struct oh_addr *to)
{
    struct oh_call *c = x->call;
    struct oh_draft *d = NULL;
    *to = x->way.to;
    if (!x->final)
        return NULL;
    if (x->final->status >= 300)
        d = oh_draft_ack_non2xx(x->request, x->final);
    else if (c)
        d = oh_call_request(c, "ACK", to);
    if (d && x->final->status < 300)
        add_answer(x, wish, d);
    return d;
}

const struct oh_sip_msg *oh_call_ack(struct oh_exchange *x)
{
    struct oh_addr to;
    struct oh_draft *d = oh_call_ack_draft(x, NULL, &to);
    return d ? oh_exchange_ack(x, &to, d, OH_NONE) : NULL;
}

/* --- the end of the scenario: no dialog is left behind --- */

static void send_bye(struct oh_player *p, struct oh_call *c)
{
    struct oh_addr to;
    struct oh_exchange *x = NULL;
    struct oh_draft *d = oh_call_request(c, "BYE", &to);
    c->bye_sent = true;
    if (d && oh_exchange_request(p, c->via, &to, d, OH_NONE, &x))
        x->call = c;
}

static void send_cancel(struct oh_player *p, struct oh_call *c, const struct oh_exchange *invite)
{
    c->cancel_sent = true;
    oh_exchange_request(p, c->via, &invite->way.to, oh_draft_cancel(invite->request), OH_NONE,
                        NULL);
}

static void close_call(struct oh_player *p, struct oh_call *c)
{
    struct oh_exchange *ours = oh_call_our_invite(c), *theirs = oh_call_their_invite(c);
    if (ours && ours->final && !ours->acked) /* the flow's ACK, which it did not come to */
        oh_call_ack(ours);
    if (c->ended || c->bye_sent)
        return;
    oh_media_stop(c);
    if (c->confirmed) {
        /* RFC 3261 15: the callee's BYE waits for the ACK, or until it is too late for one */
        if (!theirs || !oh_exchange_awaits_ack(theirs) || theirs->final->status >= 300)
            send_bye(p, c);
    } else if (ours && !ours->final && ours->proceeding && !c->cancel_sent) {
        send_cancel(p, c, ours); /* 9.1: not before a provisional */
    }
}

void oh_call_close_all(struct oh_player *p)
{
    for (struct oh_call *c = p->calls; c; c = c->next)
        close_call(p, c);
}

void oh_call_free_all(struct oh_player *p)
{
    while (p->calls) {
        struct oh_call *c = p->calls;
        p->calls = c->next;
        oh_media_stop(c);
        oh_dialog_free(c->dialog);
        oh_text_release(&c->described);
        free(c->call_id);
        free(c->name);
        free(c->fork);
        free(c->local_tag);
        free(c);
    }
}
