/* Transactions, from either side: who answers what, and what is repeated until when. RFC 3261 17.
 */
#include "play/player.h"

#include "base/file.h"
#include "sip/digest.h"
#include "trace/index.h"

#include <stdlib.h>
#include <string.h>

/* --- finding --- */

static bool same_field(const struct oh_sip_msg *a, const struct oh_sip_msg *b, const char *path)
{
    struct oh_span x = oh_field_text(a, path), y = oh_field_text(b, path);
    return x.at && oh_span_equal(x, y);
}

/* The same, or absent from both. */
static bool alike_field(const struct oh_sip_msg *a, const struct oh_sip_msg *b, const char *path)
{
    return oh_span_equal(oh_field_text(a, path), oh_field_text(b, path));
}

/* Texts that are looked for among many exchanges are compared by these first. */
static uint64_t key_of(const struct oh_sip_msg *m, const char *path)
{
    return oh_index_key_add(oh_index_key(0), oh_field_text(m, path));
}

static struct oh_exchange **bucket(struct oh_player *p, uint64_t branch_key)
{
    return &p->by_branch[branch_key % OH_EXCHANGE_BUCKETS];
}

/* RFC 3261 17.2.3: branch and sent-by of the top Via, and the method; what comes from before the
 * magic cookie goes by the whole of it. CSeq and Call-ID tell apart what bears one branch twice. */
static bool same_transaction(const struct oh_sip_msg *a, const struct oh_sip_msg *b)
{
    if (!oh_span_equal(a->method, b->method) || !alike_field(a, b, "cseq.number") ||
        !alike_field(a, b, "call-id"))
        return false;
    if (oh_span_starts_with(oh_field_text(a, "via.branch"), "z9hG4bK"))
        return same_field(a, b, "via.branch") && alike_field(a, b, "via.host") &&
               alike_field(a, b, "via.port");
    return oh_span_equal(a->request_uri, b->request_uri) && alike_field(a, b, "from.tag") &&
           alike_field(a, b, "to.tag") &&
           oh_span_equal(oh_sip_msg_value(a, OH_SIP_VIA, 0), oh_sip_msg_value(b, OH_SIP_VIA, 0));
}

struct oh_exchange *oh_exchange_of_request(struct oh_player *p, const struct oh_sip_msg *m)
{
    uint64_t key = key_of(m, "via.branch");
    for (struct oh_exchange *x = *bucket(p, key); x; x = x->next_in_bucket) {
        if (x->is_server && x->branch_key == key && same_transaction(x->request, m))
            return x;
    }
    return NULL;
}

struct oh_exchange *oh_exchange_of_cancel(struct oh_player *p, const struct oh_sip_msg *cancel)
{
    uint64_t key = key_of(cancel, "via.branch");
    for (struct oh_exchange *x = *bucket(p, key); x; x = x->next_in_bucket) {
        if (x->is_server && x->is_invite && x->branch_key == key &&
            alike_field(x->request, cancel, "via.branch") &&
            alike_field(x->request, cancel, "call-id"))
            return x;
    }
    return NULL;
}

struct oh_exchange *oh_exchange_with(struct oh_player *p, const struct oh_sip_msg *request)
{
    for (struct oh_exchange *x = p->exchanges; x; x = x->next) {
        if (x->request == request)
            return x;
    }
    return NULL;
}

/* An ACK with one wrong part must still stop our retransmission (its fault is for the judge): the
 * INVITE that it fits best, preferring those that still wait for one. */
struct oh_exchange *oh_exchange_of_ack(struct oh_player *p, const struct oh_sip_msg *ack)
{
    struct oh_exchange *best = NULL;
    int best_score = 0;
    uint64_t branch = key_of(ack, "via.branch"), call = key_of(ack, "call-id");
    uint64_t number = key_of(ack, "cseq.number"), tag = key_of(ack, "to.tag");
    for (struct oh_exchange *x = p->exchanges; x; x = x->next) {
        if (!x->is_server || !x->is_invite || !x->final)
            continue;
        int score = (x->branch_key == branch ? 8 : 0) + (x->call_key == call ? 4 : 0) +
                    (x->number_key == number ? 4 : 0) + (x->tag_key == tag ? 4 : 0) +
                    (x->acked ? 0 : 1);
        if (score > best_score && score >= 4) {
            best = x;
            best_score = score;
        }
    }
    return best;
}

struct oh_exchange *oh_exchange_of_response(struct oh_player *p, const struct oh_sip_msg *m)
{
    struct oh_span method = oh_sip_msg_method(m);
    uint64_t branch = key_of(m, "via.branch"), call = key_of(m, "call-id");
    for (struct oh_exchange *x = *bucket(p, branch); x; x = x->next_in_bucket) {
        if (!x->is_server && x->branch_key == branch && oh_span_equal(x->request->method, method) &&
            same_field(x->request, m, "via.branch")) /* RFC 3261 17.1.3 */
            return x;
    }
    for (struct oh_exchange *x = p->exchanges; x; x = x->next) {
        if (!x->is_server && x->call_key == call && oh_span_equal(x->request->method, method) &&
            same_field(x->request, m, "call-id"))
            return x;
    }
    return NULL;
}

void oh_exchange_cancelled(struct oh_player *p, const struct oh_sip_msg *cancel)
{
    struct oh_exchange *invite = oh_exchange_of_cancel(p, cancel);
    if (invite)
        invite->cancelled = true;
}

/* --- sending --- */

/* Trouble with a datagram is ours; a connection that cannot be had is the other side's. What no
 * step asks for is then lost, as on a real wire. */
static void not_sent(struct oh_player *p, const struct oh_way *way, int step,
                     const struct oh_error *e)
{
    if (way->transport == OH_TRANSPORT_UDP)
        oh_player_end(p, OH_OUTCOME_BENCH, step, "%s", e->text);
    else if (step != OH_NONE)
        oh_player_end(p, OH_OUTCOME_STUCK, step, "%s cannot be sent: %s",
                      p->scenario->steps[step].text, e->text);
}

static const struct oh_step *step_of(const struct oh_player *p, int step)
{
    return step == OH_NONE ? NULL : &p->scenario->steps[step];
}

/* `m` is what `wire` holds, kept; NULL where that is no message: it is sent all the same. False:
 * not sent. */
static bool send_text(struct oh_player *p, struct oh_seat *seat, const struct oh_way *way,
                      const struct oh_text *wire, const struct oh_sip_msg *m, int step)
{
    struct oh_error e = {0};
    struct oh_way cut = *way;
    if (step != OH_NONE) {
        cut.pieces = step_of(p, step)->pieces;
        cut.cuts = step_of(p, step)->cuts;
        cut.cut_count = step_of(p, step)->cut_count;
    }
    enum oh_sent sent = oh_wire_send(p, seat, &cut, oh_text_span(wire), step, &e);
    if (sent == OH_NOT_SENT) {
        not_sent(p, way, step, &e);
        return false;
    }
    if (p->walk)
        oh_walk_did(p->walk, step, m);
    if (p->env && m)
        oh_match_env_saw(p->env, m);
    if (p->run && sent == OH_SENT)
        oh_record_sent(p, step, (int)p->run->tap_count - 1, seat->name);
    if (m)
        oh_player_progress(
            p, &(struct oh_progress){.kind = OH_PROGRESS_MESSAGE, .msg = m, .step = step});
    return true;
}

static bool flow_is_on(const struct oh_player *p)
{
    return p->phase == OH_PHASE_FLOW && !p->ended;
}

static void forget_loss(struct oh_exchange *x)
{
    oh_timer_cancel(x->loss);
    x->loss = NULL;
    x->lose = 0;
    x->lost_step = OH_NONE;
}

/* What was lost never came to be sent: no timer will do it any more, and its step stays open. */
static void end_of_loss(struct oh_exchange *x, const char *why)
{
    struct oh_player *p = x->player;
    int step = x->lost_step;
    forget_loss(x);
    if (!flow_is_on(p) || step == OH_NONE || oh_walk_state(p->walk, step) != OH_STEP_PENDING)
        return;
    oh_player_end(p, OH_OUTCOME_STUCK, step, "%s is lost, and %s", step_of(p, step)->text, why);
}

static void on_loss(void *arg)
{
    struct oh_exchange *x = arg;
    x->loss = NULL;
    end_of_loss(x, "within 64*T1 nothing has sent it again so often that a copy arrives");
}

/* Over TCP a 2xx to INVITE (RFC 3261 13.3.1.4) and a reliable provisional (RFC 3262 3) come again;
 * else nothing does. */
static bool comes_again(const struct oh_exchange *x, const struct oh_sip_msg *m)
{
    if (x->way.transport == OH_TRANSPORT_UDP)
        return true;
    return x->is_server && x->is_invite && m && !m->is_request &&
           ((m->status >= 200 && m->status < 300) || oh_sip_msg_header(m, OH_SIP_RSEQ, 0));
}

/* The first sending of what may be lost, or come twice, on purpose. */
static bool send_first(struct oh_exchange *x, const struct oh_sip_msg *m, int step)
{
    if (x->lost_step != OH_NONE) {
        end_of_loss(x, "another message took its place before it was sent again");
        step = flow_is_on(x->player) ? step : OH_NONE;
    }
    const struct oh_step *s = step_of(x->player, step);
    if (s && s->lose && !comes_again(x, m)) {
        oh_player_end(x->player, OH_OUTCOME_STUCK, step,
                      "%s is lost, and over TCP nothing sends it again", s->text);
        return false;
    }
    if (s && s->lose) {
        struct oh_net *net = x->player->net;
        x->lose = s->lose - 1;
        x->lost_step = step;
        x->loss = oh_timer_set(net, oh_net_now(net) + OH_T1X64_MS * OH_NS_PER_MS, on_loss, x);
        return true;
    }
    if (!send_text(x->player, x->seat, &x->way, &x->wire, m, step))
        return false;
    oh_second_set(x, s);
    return true;
}

static const struct oh_sip_msg *keep_text(struct oh_player *p, const struct oh_text *wire)
{
    struct oh_sip_msg *m = oh_sip_msg_parse(oh_text_span(wire));
    return m ? oh_player_keep(p, m) : NULL;
}

/* A repeat, of which the first to arrive is what the flow waited for. True: nothing is left to do.
 */
static bool is_lost(struct oh_exchange *x)
{
    struct oh_player *p = x->player;
    int step = x->lost_step;
    if (!flow_is_on(p)) /* what closes it is lost no more */
        forget_loss(x);
    if (x->lose) {
        x->lose--;
        return true;
    }
    if (x->lost_step == OH_NONE)
        return false;
    forget_loss(x);
    if (send_text(p, x->seat, &x->way, &x->wire, keep_text(p, &x->wire), step))
        oh_second_set(x, step_of(p, step));
    oh_player_stirred(p);
    return true;
}

void oh_exchange_repeat(struct oh_exchange *x)
{
    struct oh_error e = {0};
    if (!is_lost(x))
        oh_wire_send(x->player, x->seat, &x->way, oh_text_span(&x->wire), OH_NONE, &e);
}

static void repeat_wire(struct oh_exchange *x)
{
    struct oh_error e = {0};
    if (is_lost(x))
        return;
    oh_wire_send(x->player, x->seat, &x->way, oh_text_span(&x->wire), OH_NONE, &e);
    struct oh_sip_msg *m = oh_sip_msg_parse(oh_text_span(&x->wire));
    if (!m)
        return;
    oh_player_progress(
        x->player, &(struct oh_progress){
                       .kind = OH_PROGRESS_MESSAGE, .msg = m, .is_repeat = true, .step = OH_NONE});
    oh_sip_msg_free(m);
}

static void on_repeat(void *arg);

/* The next sending, or the end of it all: timers B, F, H come when they are due. */
static void set_repeat(struct oh_exchange *x)
{
    struct oh_player *p = x->player;
    int64_t at_ns = oh_net_now(p->net) + x->interval_ms * OH_NS_PER_MS;
    x->repeat = oh_timer_set(p->net, at_ns < x->until_ns ? at_ns : x->until_ns, on_repeat, x);
}

static void on_repeat(void *arg)
{
    struct oh_exchange *x = arg;
    struct oh_player *p = x->player;
    x->repeat = NULL;
    if (oh_net_now(p->net) >= x->until_ns) { /* timers B, F, H, and 13.3.1.4: given up */
        oh_exchange_stop(x);
        x->given_up = !x->is_server || x->final;
        oh_player_stirred(p);
        return;
    }
    repeat_wire(x);
    /* timer A, and RFC 3262 3; E, G and 2xx stop at T2 */
    bool doubles_freely = x->is_server ? !x->final : x->is_invite;
    x->interval_ms *= 2;
    if (!doubles_freely && (x->interval_ms > OH_T2_MS || x->proceeding))
        x->interval_ms = OH_T2_MS; /* E in the proceeding state: T2 at once, 17.1.2.2 */
    set_repeat(x);
}

/* Timers A, E and G are not set over a reliable transport (17.1.1.2, 17.1.2.2, 17.2.1); B, F and H
 * are. A 2xx to INVITE is repeated all the same: its way may go on over others (13.3.1.4); so is a
 * reliable provisional (RFC 3262 3). */
static bool is_repeated(const struct oh_exchange *x)
{
    return x->way.transport == OH_TRANSPORT_UDP ||
           (x->is_server && (!x->final || x->final->status < 300));
}

static void start_repeating(struct oh_exchange *x)
{
    oh_timer_cancel(x->repeat);
    x->interval_ms = is_repeated(x) ? OH_T1_MS : OH_T1X64_MS;
    x->until_ns = oh_net_now(x->player->net) + OH_T1X64_MS * OH_NS_PER_MS;
    set_repeat(x);
}

void oh_exchange_stop(struct oh_exchange *x)
{
    oh_timer_cancel(x->repeat);
    oh_timer_cancel(x->trying);
    x->repeat = x->trying = NULL;
}

static struct oh_exchange *new_exchange(struct oh_player *p, struct oh_seat *seat,
                                        const struct oh_addr *remote,
                                        const struct oh_sip_msg *request)
{
    struct oh_exchange *x = oh_alloc(sizeof *x);
    char tag[17];
    oh_random_hex(tag, 8);
    x->player = p;
    x->seat = seat;
    x->remote = *remote;
    x->from.to = *remote;
    x->request = request;
    x->is_invite = oh_sip_msg_is_method(request, "INVITE");
    x->to_tag = oh_strdup(tag);
    x->step = x->lost_step = OH_NONE;
    x->branch_key = key_of(request, "via.branch");
    x->call_key = key_of(request, "call-id");
    x->number_key = key_of(request, "cseq.number");
    x->next = p->exchanges;
    p->exchanges = x;
    struct oh_exchange **alike = bucket(p, x->branch_key);
    x->next_in_bucket = *alike;
    *alike = x;
    return x;
}

/* --- server side --- */

/* RFC 3261 17.2.1: 100 unless we answer otherwise within 200 ms. */
static void on_trying(void *arg)
{
    struct oh_exchange *x = arg;
    x->trying = NULL;
    if (!x->provisional && !x->final)
        oh_exchange_respond(x, oh_draft_response(x->request, &x->remote, 100, NULL, NULL), OH_NONE);
}

struct oh_exchange *oh_exchange_server(struct oh_player *p, struct oh_seat *seat,
                                       const struct oh_addr *from, const struct oh_sip_msg *request)
{
    struct oh_exchange *x = new_exchange(p, seat, from, request);
    x->is_server = true;
    x->slot = oh_wire_slot(p->bench, &x->from, request);
    if (x->is_invite)
        x->trying = oh_timer_set(p->net, oh_net_now(p->net) + 200 * OH_NS_PER_MS, on_trying, x);
    return x;
}

const struct oh_sip_msg *oh_exchange_respond(struct oh_exchange *x, struct oh_draft *draft,
                                             int step)
{
    struct oh_player *p = x->player;
    oh_exchange_stop(x);
    oh_text_clear(&x->wire);
    oh_draft_format(draft, &x->wire);
    oh_draft_free(draft);
    const struct oh_sip_msg *m = keep_text(p, &x->wire);
    oh_wire_response_way(x, m, &x->way);
    if (!send_first(x, m, step)) {
        x->given_up = true;
        return NULL;
    }
    if (!m || m->is_request) { /* raw bytes that are none: it has all the answer that it gets */
        x->given_up = true;
        return x->request;
    }
    if (m->status >= 200) {
        x->final = m;
        x->tag_key = key_of(m, "to.tag");
        if (x->is_invite) /* G/H for 300..699 (17.2.1), the TU's own repeats for 2xx (13.3.1.4) */
            start_repeating(x);
    } else if (m->status > 100) {
        x->provisional = m;
        if (oh_sip_msg_header(m, OH_SIP_RSEQ, 0))
            start_repeating(x);
    }
    if (x->call)
        oh_call_sent_response(x->call, x, m);
    return m;
}

int oh_exchange_respond_again(struct oh_exchange *x, struct oh_call *c, struct oh_draft *draft,
                              int step)
{
    struct oh_player *p = x->player;
    struct oh_exchange *other = new_exchange(p, x->seat, &x->remote, x->request);
    other->is_server = true;
    other->slot = x->slot;
    other->from = x->from;
    other->call = c;
    other->acked = true; /* the first one is what an ACK is for */
    bool is_callee = c && c->fork;
    if (is_callee) {
        other->acked = false;
        c->invite = other;
        return oh_exchange_respond(other, draft, step) ? 0 : -1;
    }
    other->final = x->final; /* sent once: what it is answered by is the first one's */
    other->tag_key = x->tag_key;
    oh_draft_format(draft, &other->wire);
    oh_draft_free(draft);
    const struct oh_sip_msg *m = keep_text(p, &other->wire);
    oh_wire_response_way(other, m, &other->way);
    return send_first(other, m, step) ? 0 : -1;
}

void oh_exchange_acked(struct oh_exchange *x)
{
    x->acked = true;
    oh_exchange_stop(x);
}

/* --- client side --- */

const struct oh_sip_msg *oh_exchange_request(struct oh_player *p, struct oh_seat *via,
                                             const struct oh_addr *to, struct oh_draft *draft,
                                             int step, struct oh_exchange **out)
{
    struct oh_text wire = {0};
    oh_draft_format(draft, &wire);
    oh_draft_free(draft);
    const struct oh_sip_msg *m = keep_text(p, &wire);
    struct oh_way way = {.transport = m ? oh_wire_transport(p, m) : p->transport, .to = *to};
    if (!m) {
        oh_text_release(&wire);
        return NULL;
    }
    struct oh_exchange *x = new_exchange(p, via, to, m);
    x->wire = wire;
    x->way = way;
    x->step = step;
    if (!send_first(x, m, step)) {
        x->given_up = true;
        return NULL;
    }
    start_repeating(x);
    if (out)
        *out = x;
    return m;
}

bool oh_exchange_send_only(struct oh_player *p, struct oh_seat *via, const struct oh_addr *to,
                           struct oh_draft *draft, int step)
{
    struct oh_text wire = {0};
    oh_draft_format(draft, &wire);
    oh_draft_free(draft);
    const struct oh_sip_msg *m = keep_text(p, &wire);
    struct oh_way way = {.transport = m && m->is_request ? oh_wire_transport(p, m) : p->transport,
                         .to = *to};
    bool sent = send_text(p, via, &way, &wire, m, step);
    oh_text_release(&wire);
    return sent;
}

const struct oh_sip_msg *oh_exchange_ack(struct oh_exchange *x, const struct oh_addr *to,
                                         struct oh_draft *draft, int step)
{
    oh_text_clear(&x->ack);
    oh_draft_format(draft, &x->ack);
    oh_draft_free(draft);
    x->acked = true;
    const struct oh_sip_msg *m = keep_text(x->player, &x->ack);
    x->ack_way = (struct oh_way){
        .transport = m ? oh_wire_transport(x->player, m) : x->way.transport, .to = *to};
    return send_text(x->player, x->seat, &x->ack_way, &x->ack, m, step) ? m : NULL;
}

static void got_provisional(struct oh_exchange *x, const struct oh_sip_msg *response)
{
    if (x->final) /* overtaken on the way */
        return;
    x->proceeding = true;
    if (response->status > 100)
        x->provisional = response;
    if (x->is_invite) /* any provisional ends timers A and B (17.1.1.2) */
        oh_exchange_stop(x);
}

void oh_exchange_answered(struct oh_exchange *x, const struct oh_sip_msg *response)
{
    struct oh_error e = {0};
    if (response->status < 200) {
        got_provisional(x, response);
        return;
    }
    if (x->final && x->ack.len) { /* a repeated final: the ACK again (17.1.1.2, 13.2.2.4) */
        bool lasts = x->way.transport == OH_TRANSPORT_UDP || x->final->status < 300;
        if (lasts) /* timer D is zero over a reliable transport: there is no transaction any more */
            oh_wire_send(x->player, x->seat, &x->ack_way, oh_text_span(&x->ack), OH_NONE, &e);
        return;
    }
    if (!x->final)
        x->final = response;
    oh_exchange_stop(x);
}

/* --- all --- */

bool oh_exchange_awaits_ack(const struct oh_exchange *x)
{
    return x->is_server && x->is_invite && x->final && !x->acked && !x->given_up;
}

bool oh_exchange_pending(const struct oh_player *p)
{
    for (const struct oh_exchange *x = p->exchanges; x; x = x->next) {
        if (x->is_server ? (!x->final && !x->given_up) || oh_exchange_awaits_ack(x)
                         : !x->final && (x->repeat || x->proceeding))
            return true;
    }
    return false;
}

void oh_exchange_free_all(struct oh_player *p)
{
    memset(p->by_branch, 0, sizeof p->by_branch);
    while (p->exchanges) {
        struct oh_exchange *x = p->exchanges;
        p->exchanges = x->next;
        oh_exchange_stop(x);
        forget_loss(x);
        oh_seconds_free(x);
        free(x->to_tag);
        oh_text_release(&x->wire);
        oh_text_release(&x->ack);
        free(x);
    }
}
