/* Calls: our side of each dialog, made, kept and ended. RFC 3261 12, 13, 15. */
#include "play/role.h"

#include "base/file.h"
#include "sip/digest.h"

#include <stdlib.h>
#include <string.h>

struct oh_call *oh_call_of(struct oh_player *p, const struct oh_sip_msg *m)
{
    struct oh_span id = oh_field_text(m, "call-id");
    for (struct oh_call *c = p->calls; c; c = c->next) {
        if (oh_span_is(id, c->call_id))
            return c;
    }
    return NULL;
}

struct oh_call *oh_call_latest(struct oh_player *p, const struct oh_seat *phone)
{
    for (struct oh_call *c = p->calls; c; c = c->next) {
        if (c->phone == phone)
            return c;
    }
    return NULL;
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

struct oh_call *oh_call_incoming(struct oh_player *p, struct oh_exchange *invite)
{
    const struct oh_sip_msg *m = invite->request;
    struct oh_call *c =
        new_call(p, callee(p, invite->seat, m), invite->seat,
                 oh_player_phone_at(p, &invite->remote), oh_span_dup(oh_field_text(m, "call-id")));
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
    if (m->status >= 200 && m->status < 300) {
        c->confirmed = true;
        oh_media_offer_answer(c, x->request);
        oh_media_start(c);
    }
}

void oh_call_got_response(struct oh_call *c, struct oh_exchange *x, const struct oh_sip_msg *m)
{
    bool tagged = oh_field_text(m, "to.tag").at != NULL;
    if (oh_sip_msg_is_method(x->request, "BYE") && m->status >= 200) {
        oh_call_ended(c);
        return;
    }
    if (!x->is_invite || m->status <= 100 || m->status >= 300)
        return;
    if (!tagged && m->status < 200) /* RFC 3261 12.1: makes no dialog; a 2xx does, 12.1.2 */
        return;
    if (!c->confirmed) { /* the 2xx settles what an early dialog began */
        oh_dialog_free(c->dialog);
        c->dialog = oh_dialog_from_response(x->request, m);
    }
    if (m->status >= 200) {
        if (c->confirmed && c->dialog)
            oh_dialog_refresh_target(c->dialog, m);
        c->confirmed = true;
        oh_media_offer_answer(c, m);
        oh_media_start(c);
    }
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

/* The proxy in front of our user agent takes its own Route off, puts its Via on top and counts
 * Max-Forwards down. RFC 3261 16.6 */
static void through_proxy(struct oh_call *c, struct oh_draft *d)
{
    char branch[33];
    if (c->via == c->seat)
        return;
    oh_random_hex(branch, 12);
    oh_draft_push(d, "Via", "SIP/2.0/UDP %s;branch=z9hG4bK%s", c->via->host_port, branch);
    oh_draft_set(d, "Max-Forwards", "69");
}

static void drop_own_route(struct oh_call *c, struct oh_draft *d)
{
    struct oh_text wire = {0};
    oh_draft_format(d, &wire);
    struct oh_sip_msg *m = oh_sip_msg_parse(oh_text_span(&wire));
    size_t count = m ? oh_sip_msg_value_count(m, OH_SIP_ROUTE) : 0;
    struct oh_span top = m ? oh_sip_msg_value(m, OH_SIP_ROUTE, 0) : (struct oh_span){0};
    if (count && oh_span_search(top, oh_span_of(c->via->host_port)) < top.len) {
        oh_draft_remove(d, "Route");
        for (size_t i = 1; i < count; i++) {
            struct oh_span route = oh_sip_msg_value(m, OH_SIP_ROUTE, i);
            oh_draft_add(d, "Route", "%.*s", OH_SPAN_FMT(route));
        }
    }
    oh_sip_msg_free(m);
    oh_text_release(&wire);
}

struct oh_draft *oh_call_request(struct oh_call *c, const char *method, struct oh_addr *to)
{
    struct oh_seat_ids ids = {c->seat->host_port, "UDP", c->seat->contact};
    struct oh_error e = {0};
    if (!c->dialog)
        return NULL;
    struct oh_draft *d = oh_dialog_request(c->dialog, method, &ids);
    if (c->via != c->seat)
        drop_own_route(c, d);
    through_proxy(c, d);
    struct oh_sip_uri uri;
    struct oh_span target = oh_span_of(c->dialog->remote_target ? c->dialog->remote_target : "");
    *to = c->phone ? c->phone->sip_addr : (struct oh_addr){0};
    if (oh_sip_uri_parse(target, &uri) == 0) { /* only literal addresses lead somewhere */
        struct oh_addr a;
        if (oh_addr_parse(uri.host, &a, &e) == 0) {
            a.port = (uint16_t)(uri.port ? uri.port : 5060);
            *to = a;
        }
    }
    return d;
}

/* RFC 3261 13.2.2.4: an offer in the 2xx is answered in the ACK. */
static void add_answer(struct oh_exchange *x, struct oh_draft *d)
{
    struct oh_text sdp = {0};
    struct oh_error e = {0};
    if (!x->request->body.len && x->final->body.len &&
        oh_media_our_sdp(x->call, x->final, &sdp, &e) == 0)
        oh_draft_body(d, "application/sdp", oh_text_span(&sdp));
    oh_text_release(&sdp);
}

const struct oh_sip_msg *oh_call_ack(struct oh_exchange *x, int step)
{
    struct oh_call *c = x->call;
    struct oh_addr to = x->wire_to;
    struct oh_draft *d = NULL;
    if (!x->final)
        return NULL;
    if (x->final->status >= 300)
        d = oh_draft_ack_non2xx(x->request, x->final);
    else if (c)
        d = oh_call_request(c, "ACK", &to);
    if (d && x->final->status < 300)
        add_answer(x, d);
    return d ? oh_exchange_ack(x, &to, d, step) : NULL;
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

static void send_cancel(struct oh_player *p, struct oh_call *c)
{
    c->cancel_sent = true;
    oh_exchange_request(p, c->via, &c->invite->wire_to, oh_draft_cancel(c->invite->request),
                        OH_NONE, NULL);
}

static void close_call(struct oh_player *p, struct oh_call *c)
{
    struct oh_exchange *x = c->invite;
    if (x && !x->is_server && x->final && !x->acked) /* the flow's ACK, which it did not come to */
        oh_call_ack(x, OH_NONE);
    if (c->ended || c->bye_sent)
        return;
    oh_media_stop(c);
    if (c->confirmed) {
        /* RFC 3261 15: the callee's BYE waits for the ACK, or until it is too late for one */
        if (!x || !oh_exchange_awaits_ack(x) || x->final->status >= 300)
            send_bye(p, c);
    } else if (x && !x->is_server && !x->final && x->proceeding && !c->cancel_sent) {
        send_cancel(p, c); /* 9.1: not before a provisional */
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
        oh_text_release(&c->offer);
        oh_text_release(&c->described);
        free(c->call_id);
        free(c->local_tag);
        free(c);
    }
}
