/* Requests of a phone: the first of a call, those in it, those outside of any, and what is asked
 * again after a refusal. RFC 3261 8.1, 10.2, 12.2.1, 13.2 */
#include "play/mirror.h"

#include "base/file.h"
#include "sip/digest.h"

#include <stdlib.h>
#include <string.h>

/* --- which call, which refusal --- */

static struct oh_seat *other_seat(struct oh_mirror *m, const struct oh_step *step)
{
    return oh_player_seat(&m->player, strcmp(step->from, m->seat) == 0 ? step->to : step->from);
}

/* The latest response of this callee, that makes a dialog. */
static const struct oh_sip_msg *word_of(const struct oh_mirror *m, int flow_step, const char *fork)
{
    for (int i = flow_step - 1; i >= 0; i--) {
        const struct oh_step *at = oh_mirror_step(m, i);
        const struct oh_sip_msg *said = oh_walk_message(m->player.walk, i);
        if (!at->is_request && at->fork && strcmp(at->fork, fork) == 0 && said &&
            oh_field_text(said, "to.tag").at)
            return said;
    }
    return NULL;
}

/* Each callee that answers the phone's INVITE has a dialog of his own. RFC 3261 13.2.2.4 */
static struct oh_call *forked(struct oh_mirror *m, int flow_step, const char *fork)
{
    const struct oh_sip_msg *said = word_of(m, flow_step, fork);
    struct oh_exchange *x = said ? oh_exchange_of_response(&m->player, said) : NULL;
    struct oh_call *base = x ? x->call : NULL;
    if (!base)
        return NULL;
    if (base->dialog && base->dialog->remote_tag &&
        oh_span_is(oh_field_text(said, "to.tag"), base->dialog->remote_tag))
        return base;
    struct oh_call *c = oh_call_fork(&m->player, x, fork);
    if (!c->dialog) {
        free(c->local_tag);
        c->local_tag = oh_strdup(base->local_tag);
        c->dialog = oh_dialog_from_response(x->request, said);
        c->confirmed = true;
        c->we_called = true;
    }
    return c;
}

struct oh_call *oh_mirror_call(struct oh_mirror *m, int flow_step)
{
    const char *fork = oh_mirror_step(m, flow_step)->fork;
    struct oh_call *of_fork = fork ? forked(m, flow_step, fork) : NULL;
    if (of_fork)
        return of_fork;
    const struct oh_step *step = &m->flow.steps[flow_step];
    const struct oh_seat *other = other_seat(m, step);
    for (int i = flow_step - 1; step->call && i >= 0; i--) {
        const struct oh_step *at = &m->flow.steps[i];
        const struct oh_sip_msg *said = oh_walk_message(m->player.walk, i);
        if (at->call && strcmp(at->call, step->call) == 0 && said)
            return oh_call_of(&m->player, said);
    }
    if (step->call)
        return NULL;
    struct oh_call *latest = oh_call_latest(&m->player, other);
    return latest ? latest : m->player.calls; /* begun through a proxy that has left the path */
}

static bool is_retried(unsigned status)
{
    static const unsigned statuses[] = {401, 407, 420, 421, 422, 423, 491, 500, 503};
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        if (status == statuses[i])
            return true;
    }
    return status >= 300 && status < 400;
}

/* The user began something else since. */
static bool is_new(const struct oh_mirror *m, int flow_step, const struct oh_exchange *x)
{
    int action = oh_mirror_action_before(m, m->step_of[flow_step]);
    return action != OH_NONE && (x->step == OH_NONE || m->step_of[x->step] < action);
}

/* RFC 3261 8.1.3.4: of the contacts of the latest redirection in this call the first that was not
 * tried yet; NULL: there is none. */
static char *next_contact(const struct oh_mirror *m, const struct oh_call *call)
{
    unsigned tried = 0;
    for (const struct oh_exchange *x = m->player.exchanges; call && x; x = x->next) {
        if (x->is_server || !x->is_invite || x->call != call || !x->final)
            continue;
        if (x->final->status / 100 == 3) {
            char *field = oh_format("contact[%u].uri", tried + 1);
            struct oh_span uri = oh_field_text(x->final, field);
            free(field);
            return uri.at ? oh_span_dup(uri) : NULL;
        }
        tried++;
    }
    return NULL;
}

static bool goes_on(const struct oh_mirror *m, const struct oh_exchange *x)
{
    char *contact = x->is_invite ? next_contact(m, x->call) : NULL;
    free(contact);
    return contact != NULL;
}

struct oh_exchange *oh_mirror_refused(struct oh_mirror *m, int flow_step, const char *method,
                                      const struct oh_call *call)
{
    for (struct oh_exchange *x = m->player.exchanges; x; x = x->next) {
        if (x->is_server || !oh_sip_msg_is_method(x->request, method) ||
            (call && x->call && x->call != call))
            continue;
        bool refused =
            x->final && x->final->status >= 300 && (is_retried(x->final->status) || goes_on(m, x));
        return refused && !is_new(m, flow_step, x) ? x : NULL;
    }
    return NULL;
}

/* --- drafts --- */

static void add_via(struct oh_mirror *m, struct oh_draft *d, const char *target)
{
    const struct oh_seat *own = oh_player_seat(&m->player, m->seat);
    char branch[25];
    oh_random_hex(branch, 12);
    oh_draft_add(d, "Via", "SIP/2.0/%s %s;branch=z9hG4bK%s;rport",
                 oh_wire_via(&m->player, oh_span_of(target)), own->host_port, branch);
}

/* From and To name whom, not where: no port. RFC 3261 19.1.1, table 1 */
static void add_whom(struct oh_draft *d, const char *name, const char *uri, const char *tag)
{
    struct oh_sip_uri parts;
    size_t from = strlen(uri), to = from;
    if (oh_sip_uri_parse(oh_span_of(uri), &parts) == 0 && parts.port_text.at) {
        from = (size_t)(parts.port_text.at - uri) - 1;
        to = from + 1 + parts.port_text.len;
    }
    oh_draft_add(d, name, "<%.*s%s>%s%s", (int)from, uri, uri + to, tag ? ";tag=" : "",
                 tag ? tag : "");
}

static struct oh_draft *begin(struct oh_mirror *m, const char *method, const char *target,
                              const char *to, const char *tag, const char *call_id, uint32_t cseq)
{
    const struct oh_seat *own = oh_player_seat(&m->player, m->seat);
    struct oh_draft *d = oh_draft_request(method, target);
    add_via(m, d, target);
    oh_draft_add(d, "Max-Forwards", "70");
    add_whom(d, "From", own->uri, tag);
    add_whom(d, "To", to, NULL);
    oh_draft_add(d, "Call-ID", "%s", call_id);
    oh_draft_add(d, "CSeq", "%u %s", (unsigned)cseq, method);
    if (strcmp(method, "MESSAGE") != 0 && strcmp(method, "PUBLISH") != 0) /* RFC 3428 4 */
        oh_draft_add(d, "Contact", "<%s>", own->contact);
    return d;
}

struct oh_draft *oh_mirror_register_draft(struct oh_mirror *m, uint64_t expires_s,
                                          struct oh_addr *to)
{
    const struct oh_seat *own = oh_player_seat(&m->player, m->seat);
    char server[OH_ADDR_TEXT];
    if (!m->register_id) {
        char id[25];
        oh_random_hex(id, 12);
        m->register_id = oh_format("%s@%s", id, oh_addr_format_host(&own->sip_addr, server));
    }
    *to = m->stage->home_addr;
    char *target = oh_format("sip:%s", oh_addr_format(to, server));
    struct oh_draft *d =
        begin(m, "REGISTER", target, own->uri, m->register_tag, m->register_id, ++m->register_cseq);
    oh_draft_add(d, "Expires", "%llu", (unsigned long long)expires_s);
    free(target);
    return d;
}

/* --- what goes with a method --- */

static const char *uri_of_action(const struct oh_mirror *m, int flow_step, enum oh_verb *verb)
{
    int action = oh_mirror_action_before(m, m->step_of[flow_step]);
    *verb = action == OH_NONE ? OH_VERBS : m->scenario->steps[action].verb;
    return action == OH_NONE ? NULL : m->uri_of[action];
}

/* On hold since the user said so, or, where the call stands, since he asked another one. RFC 3264
 * 8.4, RFC 5359 2.2 */
static struct oh_sdp_wish wish_at(const struct oh_mirror *m, int flow_step, bool stands)
{
    struct oh_sdp_wish wish = {.given = true};
    for (int i = 0; i < m->step_of[flow_step]; i++) {
        const struct oh_step *at = &m->scenario->steps[i];
        if (at->kind != OH_STEP_ACTION || m->told_ns[i] < 0 || strcmp(at->from, m->seat) != 0)
            continue;
        if (at->verb == OH_VERB_HOLD || (at->verb == OH_VERB_CONSULT && stands))
            wish.direction = (char *)(uintptr_t) "sendonly";
        else if (at->verb == OH_VERB_RESUME || at->verb == OH_VERB_JOIN)
            wish.direction = NULL;
    }
    return wish;
}

static void add_offer(struct oh_mirror *m, struct oh_call *c, int flow_step, struct oh_draft *d)
{
    struct oh_sdp_wish wish = wish_at(m, flow_step, c->dialog != NULL);
    struct oh_text offer = {0};
    struct oh_error e = {0};
    oh_draft_set(d, "Allow",
                 "INVITE, ACK, CANCEL, OPTIONS, BYE, PRACK, NOTIFY, UPDATE, REFER, "
                 "INFO, MESSAGE");
    oh_draft_set(d, "Supported", "100rel, replaces, timer");
    if (oh_media_our_sdp(c, &wish, NULL, &offer, &e) == 0)
        oh_draft_body(d, "application/sdp", oh_text_span(&offer));
    oh_text_release(&offer);
}

static void add_refer(struct oh_mirror *m, int flow_step, struct oh_draft *d)
{
    enum oh_verb verb;
    const char *uri = uri_of_action(m, flow_step, &verb);
    const struct oh_seat *own = oh_player_seat(&m->player, m->seat);
    oh_draft_add(d, "Refer-To", "<%s>", uri ? uri : own->uri);
    oh_draft_add(d, "Referred-By", "<%s>", own->uri);
}

static void add_subscription(struct oh_draft *d)
{
    oh_draft_add(d, "Event", "message-summary");
    oh_draft_add(d, "Accept", "application/simple-message-summary");
    oh_draft_add(d, "Expires", "3600");
}

static void add_notified(struct oh_draft *d)
{
    oh_draft_add(d, "Event", "refer");
    oh_draft_add(d, "Subscription-State", "active;expires=60");
    oh_draft_body(d, "message/sipfrag;version=2.0", oh_span_of("SIP/2.0 100 Trying\r\n"));
}

static void add_digits(struct oh_mirror *m, int flow_step, struct oh_draft *d)
{
    int action = oh_mirror_action_before(m, m->step_of[flow_step]);
    const char *digits = action == OH_NONE ? NULL : m->scenario->steps[action].value;
    char *body = oh_format("Signal=%c\r\nDuration=100\r\n", digits && *digits ? *digits : '1');
    oh_draft_body(d, "application/dtmf-relay", oh_span_of(body));
    free(body);
}

static void dress(struct oh_mirror *m, struct oh_call *c, int flow_step, struct oh_draft *d)
{
    const char *method = m->flow.steps[flow_step].method;
    if (strcmp(method, "INVITE") == 0)
        add_offer(m, c, flow_step, d);
    else if (strcmp(method, "REFER") == 0)
        add_refer(m, flow_step, d);
    else if (strcmp(method, "SUBSCRIBE") == 0)
        add_subscription(d);
    else if (strcmp(method, "NOTIFY") == 0)
        add_notified(d);
    else if (strcmp(method, "INFO") == 0)
        add_digits(m, flow_step, d);
    else if (strcmp(method, "MESSAGE") == 0)
        oh_draft_body(d, "text/plain", oh_span_of("hello"));
}

/* --- asked again --- */

static bool is_made_anew(const struct oh_sip_header *h)
{
    static const enum oh_sip_header_id ids[] = {
        OH_SIP_VIA,           OH_SIP_CSEQ,         OH_SIP_CONTENT_LENGTH,
        OH_SIP_AUTHORIZATION, OH_SIP_CONTENT_TYPE, OH_SIP_PROXY_AUTHORIZATION};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        if (h->id == ids[i])
            return true;
    }
    return false;
}

static struct oh_draft *copy(struct oh_mirror *m, const struct oh_sip_msg *old, const char *target,
                             uint32_t cseq)
{
    char *method = oh_span_dup(old->method), *type = NULL;
    struct oh_draft *d = oh_draft_request(method, target);
    add_via(m, d, target);
    for (size_t i = 0; i < old->header_count; i++) {
        const struct oh_sip_header *h = &old->headers[i];
        if (h->id == OH_SIP_CONTENT_TYPE)
            type = oh_span_dup(h->value);
        if (h->id == OH_SIP_CSEQ)
            oh_draft_add(d, "CSeq", "%u %s", (unsigned)cseq, method);
        if (is_made_anew(h))
            continue;
        char *name = oh_span_dup(h->name);
        oh_draft_add(d, name, "%.*s", OH_SPAN_FMT(h->value));
        free(name);
    }
    oh_draft_body(d, type, old->body);
    free(type);
    free(method);
    return d;
}

static struct oh_seat *seat_at(struct oh_mirror *m, const struct oh_addr *at)
{
    for (size_t i = 0; i < m->player.seat_count; i++) {
        if (oh_addr_equal(&m->player.seats[i].sip_addr, at))
            return &m->player.seats[i];
    }
    return NULL;
}

static struct oh_draft *again(struct oh_mirror *m, struct oh_exchange *refused, struct oh_call *c,
                              struct oh_addr *to)
{
    uint64_t number = 0, asked = 0;
    struct oh_error e = {0};
    char *elsewhere = refused->is_invite ? next_contact(m, refused->call) : NULL;
    char *target = elsewhere ? elsewhere : oh_span_dup(refused->request->request_uri);
    bool inside = c && c->dialog && !c->ended && oh_field_text(refused->request, "to.tag").at;
    oh_field_number(refused->request, "cseq.number", &number);
    uint32_t cseq = inside ? ++c->dialog->local_cseq : (uint32_t)number + 1;
    if (inside && refused->is_invite)
        c->dialog->invite_cseq = cseq;
    if (oh_sip_msg_is_method(refused->request, "REGISTER"))
        m->register_cseq = cseq;
    *to = refused->way.to;
    if (elsewhere)
        oh_sip_uri_address(oh_span_of(target), to, &e);
    struct oh_seat *there = seat_at(m, to);
    if (c && there)
        c->phone = there;
    struct oh_draft *d = copy(m, refused->request, target, cseq);
    if (refused->final->status == 423 && oh_field_number(refused->final, "min-expires", &asked)) {
        m->expires_s = asked;
        oh_draft_set(d, "Expires", "%llu", (unsigned long long)asked);
    }
    free(target);
    return d;
}

/* --- the request of a step --- */

/* Of the phone's INVITEs in this call the one whose answer still waits for its ACK; else the latest
 * that has one. */
static struct oh_exchange *answered(struct oh_mirror *m, const struct oh_call *c)
{
    struct oh_exchange *latest = NULL;
    for (struct oh_exchange *x = m->player.exchanges; c && x; x = x->next) {
        bool is_its = x->call == c || (c->fork && x == c->invite);
        if (x->is_server || !x->is_invite || !x->final || !is_its)
            continue;
        if (!x->acked)
            return x;
        latest = latest ? latest : x;
    }
    return latest;
}

static struct oh_draft *acknowledge(struct oh_mirror *m, struct oh_call *c, struct oh_exchange **of,
                                    struct oh_addr *to, struct oh_error *e)
{
    static const enum oh_sip_header_id ids[] = {OH_SIP_AUTHORIZATION, OH_SIP_PROXY_AUTHORIZATION};
    struct oh_exchange *x = *of = answered(m, c);
    struct oh_draft *d = NULL;
    if (x && x->call != c)
        d = oh_call_request(c, "ACK", to); /* another callee's 2xx */
    else if (x)
        d = oh_call_ack_draft(x, NULL, to);
    if (!d) {
        oh_error_set(e, "no final response to the phone's INVITE came that an ACK is for");
        return NULL;
    }
    for (size_t i = 0; i < 2 && x->final->status < 300; i++) { /* RFC 3261 13.2.2.4 */
        const struct oh_sip_header *h;
        for (size_t n = 0; (h = oh_sip_msg_header(x->request, ids[i], n)) != NULL; n++)
            oh_draft_add(d, oh_sip_header_name(ids[i]), "%.*s", OH_SPAN_FMT(h->value));
    }
    return d;
}

static struct oh_draft *cancel(struct oh_call *c, struct oh_addr *to, struct oh_error *e)
{
    const struct oh_exchange *invite = c ? oh_call_our_invite(c) : NULL;
    if (!invite || invite->final) {
        oh_error_set(e, "the phone has no INVITE under way that a CANCEL could end");
        return NULL;
    }
    *to = invite->way.to;
    return oh_draft_cancel(invite->request);
}

static bool is_lone(const char *method)
{
    static const char *const methods[] = {"REGISTER", "SUBSCRIBE", "PUBLISH", "MESSAGE", "OPTIONS"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (strcmp(method, methods[i]) == 0)
            return true;
    }
    return false;
}

static struct oh_draft *first(struct oh_mirror *m, int flow_step, struct oh_call **call,
                              struct oh_addr *to)
{
    const struct oh_step *step = &m->flow.steps[flow_step];
    struct oh_seat *own = oh_player_seat(&m->player, m->seat), *other = other_seat(m, step);
    enum oh_verb verb;
    const char *uri = uri_of_action(m, flow_step, &verb);
    bool of_own = strcmp(step->method, "SUBSCRIBE") == 0 || strcmp(step->method, "PUBLISH") == 0;
    const char *target = of_own ? own->uri : uri ? uri : other->uri;
    *call = oh_call_outgoing(&m->player, own, own, other);
    (*call)->ended = is_lone(step->method); /* no dialog of ours comes of it */
    *to = other->sip_addr;
    struct oh_draft *d =
        begin(m, step->method, target, target, (*call)->local_tag, (*call)->call_id, 1);
    dress(m, *call, flow_step, d);
    return d;
}

static struct oh_draft *inside(struct oh_mirror *m, int flow_step, struct oh_call *c,
                               struct oh_addr *to)
{
    const char *method = m->flow.steps[flow_step].method;
    if (strcmp(method, "PRACK") == 0)
        return oh_compose_prack(c, NULL, to);
    struct oh_draft *d = oh_call_request(c, method, to);
    if (d)
        dress(m, c, flow_step, d);
    return d;
}

struct oh_draft *oh_mirror_request(struct oh_mirror *m, int flow_step, struct oh_exchange **of,
                                   struct oh_call **call, struct oh_addr *to, struct oh_error *e)
{
    struct oh_exchange *refused = *of;
    const char *method = m->flow.steps[flow_step].method;
    enum oh_verb verb;
    struct oh_call *c = *call = oh_mirror_call(m, flow_step);
    if (strcmp(method, "ACK") == 0)
        return acknowledge(m, c, of, to, e);
    if (strcmp(method, "CANCEL") == 0)
        return cancel(c, to, e);
    if (refused) {
        *call = refused->call;
        return again(m, refused, refused->call, to);
    }
    if (strcmp(method, "REGISTER") == 0) {
        *call = NULL;
        uri_of_action(m, flow_step, &verb);
        return oh_mirror_register_draft(m, verb == OH_VERB_UNREGISTER ? 0 : m->expires_s, to);
    }
    if (c && c->dialog && !c->ended && !is_lone(method))
        return inside(m, flow_step, c, to);
    if (strcmp(method, "INVITE") == 0 || is_lone(method))
        return first(m, flow_step, call, to);
    oh_error_set(e, "the phone has no dialog that a %s could be sent in", method);
    return NULL;
}

void oh_mirror_next_hop(const struct oh_dialog *d, struct oh_addr *to)
{
    struct oh_sip_name_addr route;
    struct oh_error e = {0};
    if (d->route_count && oh_sip_name_addr_parse(oh_span_of(d->route_set[0]), &route) == 0)
        oh_sip_uri_address(route.uri, to, &e);
}

bool oh_mirror_is_another(const struct oh_dialog *d, const struct oh_sip_msg *response)
{
    return d && d->remote_tag && !oh_span_is(oh_field_text(response, "to.tag"), d->remote_tag);
}
