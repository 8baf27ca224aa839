/* Our steps' messages: correct by themselves, then overridden where the scenario says so. */
#include "play/role.h"

#include "play/mirror.h"
#include "sip/digest.h"

#include <stdlib.h>
#include <string.h>

static void no_dress(struct oh_seat *seat, const struct oh_answering *a, struct oh_draft *draft)
{
    (void)seat;
    (void)a;
    (void)draft;
}

#define OH_COLLECT(role) extern const struct oh_role_ops oh_role_##role;
#include "collected/roles.def"
#undef OH_COLLECT

const struct oh_role_ops *oh_role_ops_of(enum oh_role role)
{
    static const struct oh_role_ops plain = {.role = OH_ROLE_PEER, .dress_response = no_dress};
    static const struct oh_role_ops *const all[] = {
#define OH_COLLECT(role) &oh_role_##role,
#include "collected/roles.def"
#undef OH_COLLECT
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (all[i]->role == role)
            return all[i];
    }
    return &plain;
}

/* --- overrides --- */

static int override(struct oh_player *p, const struct oh_step *step, struct oh_draft *d,
                    struct oh_error *e)
{
    struct oh_text value = {0};
    int result = -1;
    for (size_t i = 0; i < step->remove_count; i++)
        oh_draft_remove(d, step->remove[i]);
    if (step->body) /* its type is SDP unless a header says otherwise */
        oh_draft_body(d, "application/sdp", oh_span_of(step->body));
    for (size_t i = 0; i < step->header_count; i++) {
        oh_text_clear(&value);
        if (oh_match_expand(p->env, step->headers[i].value, &value, e) != 0)
            goto out;
        oh_draft_set(d, step->headers[i].name, "%s", oh_text_str(&value));
    }
    result = 0;
out:
    oh_text_release(&value);
    return result;
}

/* --- responses --- */

static const struct oh_sdp_wish *wish_of(const struct oh_step *step)
{
    return step && step->sdp.given ? &step->sdp : NULL;
}

/* An answer that went in a provisional stays the answer: RFC 3261 13.2.1. */
static void add_sdp(struct oh_exchange *x, const struct oh_sdp_wish *wish, struct oh_draft *d)
{
    struct oh_text sdp = {0};
    struct oh_error e = {0};
    if (wish && wish->none)
        return;
    if (!wish && x->provisional && x->provisional->body.len && !x->call->fork)
        oh_draft_body(d, "application/sdp", x->provisional->body);
    else if (oh_media_our_sdp(x->call, wish, x->request, &sdp, &e) == 0)
        oh_draft_body(d, "application/sdp", oh_text_span(&sdp));
    oh_text_release(&sdp);
}

/* Offers in an INVITE are answered in the 2xx, at the writer's wish before; RFC 3311 5.2 and 3262 5
 * in the 2xx of the others. */
static bool describes(const struct oh_exchange *x, unsigned status, const struct oh_step *step)
{
    if (!x->call || status <= 100 || status >= 300)
        return false;
    if (x->is_invite && x->agreed && !wish_of(step))
        return false;
    bool early = status == 183 && x->call->seat->role == OH_ROLE_GATEWAY; /* RFC 3398 7.2.3 */
    if (x->is_invite)
        return status >= 200 || wish_of(step) || early ||
               (step && step->reliable && !x->request->body.len); /* RFC 3262 5 */
    const struct oh_exchange *invite = oh_call_their_invite(x->call);
    bool offers =
        x->request->body.len &&
        (oh_sip_msg_is_method(x->request, "UPDATE") ||
         (oh_sip_msg_is_method(x->request, "PRACK") && invite && invite->request->body.len));
    return status >= 200 && offers;
}

/* RFC 3262 3: numbers from 1 to 2**31 - 1, each one higher than the one before. */
static void make_reliable(struct oh_exchange *x, struct oh_draft *d)
{
    char hex[9];
    oh_random_hex(hex, 4);
    if (!x->rseq)
        x->rseq = (uint32_t)(strtoul(hex, NULL, 16) & 0x3fffffff);
    x->rseq++;
    oh_draft_set(d, "Require", "100rel");
    oh_draft_set(d, "RSeq", "%u", (unsigned)x->rseq);
}

/* Whatever the role: who accepts a REGISTER is its registrar. RFC 3261 10.3 */
static void add_bindings(struct oh_player *p, const struct oh_exchange *x, struct oh_draft *d)
{
    struct oh_bench_slot *slot = x->slot;
    if (slot && oh_bindings_update(slot, x->seat, oh_net_now(p->net), x->request) == 200)
        oh_bindings_list(slot, x->seat, oh_net_now(p->net), d);
}

/* Each callee has a place of his own. */
static void add_contact(const struct oh_call *c, struct oh_draft *d)
{
    static const char scheme[] = "sip:";
    const char *contact = c->seat->contact, *at = strchr(contact, '@');
    size_t user = at ? (size_t)(at - contact) : strlen(scheme);
    if (!c->fork)
        oh_draft_set(d, "Contact", "<%s>", contact);
    else
        oh_draft_set(d, "Contact", "<%.*s%s%s%s%s>", (int)user, contact, at ? "." : "", c->fork,
                     at ? "" : "@", contact + user);
}

struct oh_draft *oh_compose_response(struct oh_player *p, struct oh_exchange *x, unsigned status,
                                     const struct oh_step *step)
{
    const struct oh_answering answering = {x, status, step};
    struct oh_call *c = x->call;
    bool own = status == 401 || status == 407; /* the server's own word, not the callee's */
    const char *tag = c && !own ? c->local_tag : x->to_tag;
    struct oh_draft *d =
        oh_draft_response(x->request, &x->remote, status, step ? step->reason : NULL, tag);
    oh_role_ops_of(x->seat->role)->dress_response(x->seat, &answering, d);
    if (status == 200 && oh_sip_msg_is_method(x->request, "REGISTER"))
        add_bindings(p, x, d);
    if (c && x->is_invite && status > 100 && status < 300)
        add_contact(c, d); /* RFC 3261 12.1.1 */
    if (c && oh_sip_msg_is_method(x->request, "UPDATE") && status >= 200 && status < 300)
        add_contact(c, d); /* RFC 3311 7 */
    if (c && x->is_invite && status >= 200 && status < 300) {
        oh_draft_set(d, "Allow", "INVITE, ACK, CANCEL, OPTIONS, BYE"); /* 13.3.1.4 */
        oh_draft_set(d, "Supported", "%s", "");
    }
    bool described = describes(x, status, step);
    if (described)
        add_sdp(x, wish_of(step), d);
    if (step && step->reliable) {
        make_reliable(x, d);
        x->agreed = x->agreed || described;
    }
    return d;
}

/* The bytes that the step gives, with the values of their names. RFC 3261 7: lines end in CRLF,
 * headers in an empty one. */
static struct oh_draft *raw_draft(struct oh_player *p, const struct oh_step *step,
                                  struct oh_error *e)
{
    struct oh_text text = {0}, bytes = {0};
    if (oh_match_expand(p->env, step->raw, &text, e) != 0) {
        oh_text_release(&text);
        return NULL;
    }
    struct oh_span rest = oh_text_span(&text);
    for (size_t i = 0; i < rest.len; i++) {
        if (rest.at[i] == '\n' && !step->raw_exact)
            oh_text_add(&bytes, "\r");
        oh_text_add_span(&bytes, oh_span_sub(rest, i, 1));
    }
    struct oh_span whole = oh_text_span(&bytes);
    if (!step->raw_exact && oh_span_search(whole, oh_span_of("\r\n\r\n")) == whole.len)
        oh_text_add(&bytes, "\r\n");
    struct oh_draft *d = oh_draft_exact(oh_text_span(&bytes));
    oh_text_release(&text);
    oh_text_release(&bytes);
    return d;
}

/* A second final response: asked for, or that of another callee to an INVITE that one took. */
static bool may_follow_final(const struct oh_exchange *x, const struct oh_step *step)
{
    bool both_take = step->status < 300 && x->final->status < 300;
    return step->again || step->swap ||
           (step->fork && x->is_invite && step->status >= 200 && both_take);
}

static bool respond(struct oh_exchange *x, struct oh_call *c, struct oh_draft *d, int index)
{
    if (x->final)
        return oh_exchange_respond_again(x, c, d, index) == 0;
    return oh_exchange_respond(x, d, index) != NULL;
}

static int send_response(struct oh_player *p, int index, const struct oh_step *step,
                         struct oh_error *e)
{
    int request_step = oh_walk_request_step(p->scenario, index);
    const struct oh_sip_msg *request =
        request_step == OH_NONE ? NULL : oh_walk_message(p->walk, request_step);
    struct oh_exchange *x = request ? oh_exchange_with(p, request) : NULL;
    if (!x)
        return oh_error_set(e, "%s cannot be sent: the request that it answers never came",
                            step->text);
    if (x->final && !may_follow_final(x, step)) /* RFC 3261 17.2: one, and none before it */
        return oh_error_set(e, "%s cannot be sent: the request%s has its final answer, %u",
                            step->text, x->cancelled ? " was cancelled and" : "", x->final->status);
    struct oh_call *before = x->call, *callee = before;
    if (step->fork)
        callee = x->call = oh_call_fork(p, x, step->fork);
    struct oh_draft *d =
        step->raw ? raw_draft(p, step, e) : oh_compose_response(p, x, step->status, step);
    if (x->final)
        x->call = before;
    if (!d || override(p, step, d, e) != 0) {
        oh_draft_free(d);
        return -1;
    }
    if (!respond(x, callee, d, index))
        return oh_error_set(e, "%s could not be sent", step->text);
    return 0;
}

/* --- requests --- */

/* Who speaks through this seat: the first party behind a proxy, else the seat itself. */
static struct oh_seat *speaker(struct oh_player *p, struct oh_seat *at)
{
    for (size_t i = 0; i < p->seat_count; i++) {
        if (p->seats[i].behind == at && !p->seats[i].phone)
            return &p->seats[i];
    }
    return at;
}

static const char *phone_target(struct oh_player *p, const struct oh_seat *phone)
{
    const char *bound = oh_bindings_contact(phone->phone, oh_net_now(p->net));
    return bound ? bound : phone->contact;
}

static bool may_make_dialog(const char *method)
{
    static const char *const methods[] = {"INVITE", "SUBSCRIBE", "NOTIFY", "REFER"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (strcmp(method, methods[i]) == 0)
            return true;
    }
    return false;
}

/* From and To name whom, not where: no port. RFC 3261 19.1.1, table 1 */
static void add_party(struct oh_draft *d, const char *name, const char *uri, const char *tag)
{
    struct oh_sip_uri parts;
    size_t from = strlen(uri), to = from;
    if (oh_sip_uri_parse(oh_span_of(uri), &parts) == 0 && parts.port_text.at) {
        from = (size_t)(parts.port_text.at - uri) - 1; /* with its colon */
        to = from + 1 + parts.port_text.len;
    }
    oh_draft_add(d, name, "<%.*s%s>%s%s", (int)from, uri, uri + to, tag ? ";tag=" : "",
                 tag ? tag : "");
}

static struct oh_draft *new_request(struct oh_call *c, const char *method, const char *target)
{
    struct oh_draft *d = oh_draft_request(method, target);
    const char *transport = oh_wire_via(c->player, oh_span_of(target));
    char branch[33];
    oh_random_hex(branch, 12);
    oh_draft_add(d, "Via", "SIP/2.0/%s %s;branch=z9hG4bK%s", transport, c->seat->host_port, branch);
    if (c->via != c->seat) {
        oh_random_hex(branch, 12);
        oh_draft_push(d, "Via", "SIP/2.0/%s %s;branch=z9hG4bK%s", transport, c->via->host_port,
                      branch);
    }
    oh_draft_add(d, "Max-Forwards", "%d", c->via != c->seat ? 69 : 70);
    const struct oh_role_ops *ops = oh_role_ops_of(c->via->role);
    if (ops->dress_request && may_make_dialog(method))
        ops->dress_request(c->via, d);
    add_party(d, "From", c->seat->uri, c->local_tag);
    add_party(d, "To", c->phone->uri, NULL);
    oh_draft_add(d, "Call-ID", "%s", c->call_id);
    oh_draft_add(d, "CSeq", "1 %s", method);
    if (may_make_dialog(method) || strcmp(method, "OPTIONS") == 0)
        oh_draft_add(d, "Contact", "<%s>", c->seat->contact); /* never in MESSAGE: RFC 3428 4 */
    return d;
}

/* RFC 3261 13.2.1: an INVITE may leave the offer to the other side. */
static void add_offer(struct oh_call *c, const struct oh_sdp_wish *wish, struct oh_draft *d)
{
    struct oh_error e = {0};
    struct oh_text offer = {0};
    oh_draft_add(d, "Allow", "INVITE, ACK, CANCEL, OPTIONS, BYE");
    oh_draft_add(d, "Supported", "%s", "");
    if (!wish || !wish->none) {
        oh_media_our_sdp(c, wish, NULL, &offer, &e);
        oh_draft_body(d, "application/sdp", oh_text_span(&offer));
    }
    oh_text_release(&offer);
}

static struct oh_draft *invite_draft(struct oh_player *p, struct oh_call *c,
                                     const struct oh_sdp_wish *wish, struct oh_addr *to)
{
    const char *target = phone_target(p, c->phone);
    struct oh_draft *d = new_request(c, "INVITE", target);
    struct oh_error e = {0};
    add_offer(c, wish, d);
    *to = c->phone->sip_addr;
    oh_sip_uri_address(oh_span_of(target), to, &e);
    return d;
}

struct oh_draft *oh_compose_prack(struct oh_call *c, const struct oh_sdp_wish *wish,
                                  struct oh_addr *to)
{
    struct oh_draft *d = oh_call_request(c, "PRACK", to);
    const struct oh_exchange *x = oh_call_our_invite(c);
    const struct oh_sip_msg *r = x ? x->provisional : NULL;
    struct oh_text sdp = {0};
    struct oh_error e = {0};
    if (!d || !r || !oh_sip_msg_header(r, OH_SIP_RSEQ, 0))
        return d;
    oh_draft_add(d, "RAck", "%.*s %.*s INVITE", OH_SPAN_FMT(oh_field_text(r, "rseq")),
                 OH_SPAN_FMT(oh_field_text(r, "cseq.number")));
    if (!(wish && wish->none) && !x->request->body.len && r->body.len &&
        oh_media_our_sdp(c, wish, r, &sdp, &e) == 0)
        oh_draft_body(d, "application/sdp", oh_text_span(&sdp));
    oh_text_release(&sdp);
    return d;
}

/* The draft of a request step that begins or continues a call; NULL where what it needs never came.
 */
static struct oh_draft *request_draft(struct oh_player *p, const struct oh_step *step,
                                      struct oh_call **call, struct oh_addr *to)
{
    struct oh_seat *at = oh_player_seat(p, step->from), *phone = oh_player_seat(p, step->to);
    struct oh_call *c = oh_call_for(p, phone, step);
    bool in_dialog = c && !c->ended && c->dialog;
    if (strcmp(step->method, "CANCEL") == 0) {
        const struct oh_exchange *invite = c ? oh_call_our_invite(c) : NULL;
        if (!invite || invite->given_up)
            return NULL;
        *call = c;
        *to = invite->way.to;
        return oh_draft_cancel(invite->request);
    }
    if (strcmp(step->method, "INVITE") != 0 || in_dialog) {
        *call = c;
        if (in_dialog && strcmp(step->method, "PRACK") == 0)
            return oh_compose_prack(c, wish_of(step), to);
        struct oh_draft *d = in_dialog ? oh_call_request(c, step->method, to) : NULL;
        if (d && strcmp(step->method, "INVITE") == 0)
            add_offer(c, wish_of(step), d);
        return d;
    }
    *call = oh_call_outgoing(p, speaker(p, at), at, phone);
    return invite_draft(p, *call, wish_of(step), to);
}

/* Requests of ours outside of any dialog that are no INVITE (OPTIONS, NOTIFY, MESSAGE). */
static struct oh_draft *lone_draft(struct oh_player *p, const struct oh_step *step,
                                   struct oh_call **call, struct oh_addr *to)
{
    struct oh_seat *at = oh_player_seat(p, step->from), *phone = oh_player_seat(p, step->to);
    if (strcmp(step->method, "BYE") == 0 || strcmp(step->method, "CANCEL") == 0)
        return NULL;
    *call = oh_call_outgoing(p, speaker(p, at), at, phone);
    (*call)->ended = true; /* no dialog comes of it */
    *to = phone->sip_addr;
    return new_request(*call, step->method, phone_target(p, phone));
}

/* It goes where the sound one would have gone; only where it is a request is an answer awaited. */
static int send_raw(struct oh_player *p, int index, struct oh_call *c, struct oh_draft *sound,
                    const struct oh_addr *to, struct oh_error *e)
{
    const struct oh_step *step = &p->scenario->steps[index];
    struct oh_draft *d = raw_draft(p, step, e);
    struct oh_exchange *x = NULL;
    struct oh_text text = {0};
    oh_draft_free(sound);
    if (!d)
        return -1;
    oh_draft_format(d, &text);
    struct oh_sip_msg *m = oh_sip_msg_parse(oh_text_span(&text));
    bool is_request = m && m->is_request && !oh_sip_msg_is_method(m, "ACK");
    bool sent = is_request ? oh_exchange_request(p, c->via, to, d, index, &x) != NULL
                           : oh_exchange_send_only(p, c->via, to, d, index);
    if (x)
        x->call = c;
    if (x && x->is_invite)
        c->invite = x;
    oh_sip_msg_free(m);
    oh_text_release(&text);
    return sent ? 0 : oh_error_set(e, "%s could not be sent", step->text);
}

static int send_ack(struct oh_player *p, int index, const struct oh_step *step, struct oh_error *e)
{
    struct oh_call *c = oh_call_for(p, oh_player_seat(p, step->to), step);
    struct oh_exchange *x = c ? oh_call_our_invite(c) : NULL;
    struct oh_addr to;
    struct oh_draft *d = x ? oh_call_ack_draft(x, wish_of(step), &to) : NULL;
    if (!d)
        return oh_error_set(e, "%s cannot be sent: no final response to our INVITE came",
                            step->text);
    if (step->raw)
        return send_raw(p, index, c, d, &to, e);
    if (override(p, step, d, e) != 0) {
        oh_draft_free(d);
        return -1;
    }
    if (!oh_exchange_ack(x, &to, d, index))
        return oh_error_set(e, "%s could not be sent", step->text);
    return 0;
}

static int send_request(struct oh_player *p, int index, const struct oh_step *step,
                        struct oh_error *e)
{
    struct oh_call *c = NULL;
    struct oh_exchange *x = NULL;
    struct oh_addr to;
    if (strcmp(step->method, "ACK") == 0)
        return send_ack(p, index, step, e);
    struct oh_draft *d = request_draft(p, step, &c, &to);
    if (!d)
        d = lone_draft(p, step, &c, &to);
    if (!d)
        return oh_error_set(e, "%s cannot be sent: there is no dialog for it", step->text);
    oh_call_name(c, step->call);
    if (step->raw)
        return send_raw(p, index, c, d, &to, e);
    if (override(p, step, d, e) != 0) {
        oh_draft_free(d);
        return -1;
    }
    if (!oh_exchange_request(p, c->via, &to, d, index, &x))
        return oh_error_set(e, "%s could not be sent", step->text);
    x->call = c;
    if (x->is_invite)
        c->invite = x;
    return 0;
}

/* The exchange of the step whose first sending was lost on purpose. */
static struct oh_exchange *lost_one(struct oh_player *p, int index)
{
    struct oh_exchange *x = p->exchanges;
    while (x && x->lost_step != index)
        x = x->next;
    return x;
}

bool oh_compose_must_wait(struct oh_player *p, const struct oh_step *step)
{
    if (p->mirror && oh_mirror_must_wait(p->mirror, step))
        return true;
    if (lost_one(p, (int)(step - p->scenario->steps)))
        return true;
    if (!step->is_request || strcmp(step->method, "CANCEL") != 0)
        return false;
    const struct oh_call *c = oh_call_for(p, oh_player_seat(p, step->to), step);
    const struct oh_exchange *x = c ? oh_call_our_invite(c) : NULL;
    return x && !x->final && !x->proceeding && !x->given_up;
}

static int send_step(struct oh_player *p, int index, struct oh_error *e)
{
    const struct oh_step *step = &p->scenario->steps[index];
    return step->is_request ? send_request(p, index, step, e) : send_response(p, index, step, e);
}

int oh_compose_step(struct oh_player *p, int index, struct oh_error *e)
{
    const struct oh_scenario *s = p->scenario;
    if (p->mirror)
        return oh_mirror_speak(p->mirror, index, e);
    int next = index + 1;
    bool swaps = s->steps[index].swap && next < (int)s->step_count &&
                 oh_step_is_ours(s, &s->steps[next]) &&
                 oh_walk_state(p->walk, next) == OH_STEP_PENDING;
    if (swaps && send_step(p, next, e) != 0)
        return -1;
    if (send_step(p, index, e) != 0)
        return -1;
    return lost_one(p, index) ? 1 : 0;
}
