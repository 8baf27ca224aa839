/* What comes in: sorted into requests, ACKs and responses, shown to the walk, and answered. */
#include "play/player.h"

#include "scenario/blocks.h"

#include <stdlib.h>
#include <string.h>

/* What the phone calls itself. */
static void note_user_agent(struct oh_player *p, const struct oh_seat *phone,
                            const struct oh_sip_msg *m)
{
    const struct oh_sip_header *h = oh_sip_msg_header(m, OH_SIP_USER_AGENT, 0);
    for (size_t i = 0; h && p->run && i < p->run->phone_count; i++) {
        struct oh_run_phone *known = &p->run->phones[i];
        if (strcmp(known->seat, phone->name) == 0 && !known->user_agent)
            known->user_agent = oh_span_dup(h->value);
    }
}

static int last_tap(const struct oh_player *p)
{
    return p->run ? (int)p->run->tap_count - 1 : OH_NONE;
}

/* It is of a call of an earlier scenario, which none of our calls and steps is. */
static bool is_earlier(const struct oh_player *p, const struct oh_sip_msg *m)
{
    return p->env && oh_match_is_earlier(p->env, m);
}

/* Shows a phone's message to the walk while the flow runs. Returns the step that it reached, else
 * OH_NONE. */
static int show_walk(struct oh_player *p, const struct oh_seat *phone, const struct oh_seat *seat,
                     const struct oh_sip_msg *m)
{
    struct oh_walk_result r = {OH_WALK_TOLERATED, OH_NONE, false};
    if (p->env && !p->is_outside)
        oh_match_env_saw(p->env, m);
    if (p->phase != OH_PHASE_FLOW || p->ended || p->is_outside)
        return OH_NONE;
    if (!is_earlier(p, m))
        r = oh_walk_got(p->walk, phone->name, seat->name, m);
    oh_player_progress(p, &(struct oh_progress){.kind = OH_PROGRESS_MESSAGE,
                                                .msg = m,
                                                .from_phone = true,
                                                .is_repeat = r.kind == OH_WALK_REPEAT,
                                                .step = r.step});
    bool awaited = r.step != OH_NONE && (r.kind == OH_WALK_REACHED || r.kind == OH_WALK_LOST);
    p->is_lost = r.kind == OH_WALK_LOST;
    if (awaited && p->is_lost)
        oh_clock_await_copy(p, r.step);
    if (awaited && p->scenario->steps[r.step].retransmits)
        oh_clock_hold(p, r.step);
    if (r.kind != OH_WALK_REACHED && r.kind != OH_WALK_LATE && r.kind != OH_WALK_EARLY)
        return OH_NONE;
    oh_record_journal(p, OH_JOURNAL_GOT, r.step, last_tap(p), phone->name, NULL);
    if (r.other_status && p->scenario->steps[r.step].prelude && m->status >= 200)
        oh_player_end(p, OH_OUTCOME_STUCK, r.step, "%s was answered by %u",
                      p->scenario->steps[r.step].text, m->status);
    if (r.kind == OH_WALK_EARLY)
        oh_player_derail(p, r.step);
    return r.step;
}

static void show_progress_only(struct oh_player *p, const struct oh_sip_msg *m)
{
    if (p->phase != OH_PHASE_FLOW)
        oh_player_progress(
            p, &(struct oh_progress){
                   .kind = OH_PROGRESS_MESSAGE, .msg = m, .from_phone = true, .step = OH_NONE});
}

/* Does the flow answer what reached `step` itself, be it with a provisional? What it leaves without
 * a final answer gets one when the scenario closes. */
static bool flow_answers(const struct oh_player *p, int step)
{
    const struct oh_scenario *s = p->scenario;
    for (int i = step + 1; step != OH_NONE && i < (int)s->step_count; i++) {
        const struct oh_step *answer = &s->steps[i];
        if (answer->kind == OH_STEP_MESSAGE && !answer->is_request && oh_step_is_ours(s, answer) &&
            oh_walk_request_step(s, i) == step && oh_walk_state(p->walk, i) == OH_STEP_PENDING)
            return true;
    }
    return false;
}

/* The flow looks how often it comes again. */
static bool is_left_alone(const struct oh_player *p, int step)
{
    return step != OH_NONE && p->scenario->steps[step].retransmits;
}

static void got_repeat(struct oh_exchange *x)
{
    if (x->given_up && is_left_alone(x->player, x->step) && !x->wire.len) {
        if (oh_clock_is_holding(x->player, x->step))
            return;
        x->given_up = false; /* it was to end by itself, and does not */
        oh_background_answer(x->player, x);
        return;
    }
    if (x->is_invite && x->acked) /* RFC 3261 17.2.1, RFC 6026 7.1: absorbed */
        return;
    if (x->wire.len) /* RFC 3261 17.2.1, 17.2.2: the latest response again */
        oh_exchange_repeat(x);
}

static void got_ack(struct oh_player *p, const struct oh_sip_msg *m)
{
    struct oh_exchange *x = is_earlier(p, m) ? NULL : oh_exchange_of_ack(p, m);
    if (!x)
        return;
    oh_exchange_acked(x);
    if (x->call && x->final->status < 300)
        oh_call_got_request(x->call, m);
}

static void got_request(struct oh_player *p, struct oh_seat *seat, struct oh_seat *phone,
                        const struct oh_way *from, const struct oh_sip_msg *m)
{
    struct oh_exchange *x = oh_exchange_of_request(p, m);
    bool is_ack = oh_sip_msg_is_method(m, "ACK");
    int step = phone ? show_walk(p, phone, seat, m) : OH_NONE;
    show_progress_only(p, m);
    if (p->is_lost)
        return;
    if (is_ack) {
        got_ack(p, m);
        return;
    }
    if (x) {
        got_repeat(x);
        return;
    }
    if (is_earlier(p, m) && oh_sip_msg_is_method(m, "INVITE") && !oh_field_text(m, "to.tag").at)
        return; /* of then, sent again: RFC 6026 7.1 */
    x = oh_exchange_server(p, seat, &from->to, m);
    if (is_left_alone(p, step)) /* no 100 either: it would end the repeats. RFC 3261 17.1.1.2 */
        oh_exchange_stop(x);
    x->from = *from;
    x->slot = oh_wire_slot(p->bench, from, m);
    x->step = step;
    x->call = oh_call_of(p, m);
    bool elsewhere = x->call && x->is_invite && !oh_field_text(m, "to.tag").at &&
                     x->call->via != seat; /* redirected: RFC 3261 8.1.3.4 */
    if (elsewhere)
        x->call = NULL;
    if (!x->call && x->is_invite && phone && !is_earlier(p, m)) {
        x->call = oh_call_incoming(p, x);
        oh_earlier_now(p, x);
    }
    if (x->call && step != OH_NONE)
        oh_call_name(x->call, p->scenario->steps[step].call);
    if (x->call && x->is_invite)
        x->call->invite = x;
    if (x->call)
        oh_call_got_request(x->call, m);
    if (oh_sip_msg_is_method(m, "CANCEL"))
        oh_exchange_cancelled(p, m);
    bool flows = p->phase == OH_PHASE_FLOW && !p->ended && !p->derailed && flow_answers(p, step);
    if (!flows && is_left_alone(p, step))
        x->given_up = true; /* nobody ever answers it */
    else if (!flows)
        oh_background_answer(p, x);
}

/* Is one of our coming steps the ACK to this INVITE's answer, which reached `got`? */
static bool flow_acks(const struct oh_player *p, int got)
{
    const struct oh_scenario *s = p->scenario;
    if (p->phase != OH_PHASE_FLOW || p->ended)
        return false;
    for (int i = oh_walk_next(p->walk); i < (int)s->step_count; i++) {
        const struct oh_step *step = &s->steps[i];
        bool open = oh_walk_state(p->walk, i) == OH_STEP_PENDING &&
                    (got == OH_NONE || oh_step_precedes(s, got, i));
        if (open && step->kind == OH_STEP_MESSAGE && step->is_request && oh_step_is_ours(s, step))
            return strcmp(step->method, "ACK") == 0;
    }
    return false;
}

static void got_response(struct oh_player *p, struct oh_seat *seat, struct oh_seat *phone,
                         const struct oh_sip_msg *m)
{
    int step = OH_NONE;
    if (phone)
        step = show_walk(p, phone, seat, m);
    show_progress_only(p, m);
    struct oh_exchange *x = p->is_lost ? NULL : oh_exchange_of_response(p, m);
    int asked = step == OH_NONE ? OH_NONE : oh_walk_request_step(p->scenario, step);
    const struct oh_sip_msg *request = asked == OH_NONE ? NULL : oh_walk_message(p->walk, asked);
    if (!x && request && !p->is_lost) /* what reached a step is taken, be its CSeq wrong */
        x = oh_exchange_with(p, request);
    if (!x || x->is_server)
        return;
    bool first_final = m->status >= 200 && !x->final;
    oh_exchange_answered(x, m);
    if (x->call)
        oh_call_got_response(x->call, x, m);
    if (first_final && x->is_invite && !flow_acks(p, step) && !is_left_alone(p, step))
        oh_call_ack(x);
}

void oh_player_received(struct oh_player *p, struct oh_seat *seat, const struct oh_way *from,
                        struct oh_span bytes)
{
    if (!seat) /* RTP: the tap and the capture have it, which is all there is to do */
        return;
    struct oh_sip_msg *m = oh_sip_msg_parse(bytes);
    if (!m) /* keep-alive or noise: recorded, not answered */
        return;
    oh_player_keep(p, m);
    p->is_lost = false;
    struct oh_seat *phone = oh_player_seat_with(p, oh_wire_slot(p->bench, from, m));
    if (phone)
        note_user_agent(p, phone, m);
    if (m->is_request)
        got_request(p, seat, phone, from, m);
    else
        got_response(p, seat, phone, m);
    oh_player_came(p);
    oh_player_stirred(p);
}

void oh_player_datagram(struct oh_socket *s, const struct oh_addr *from, struct oh_span bytes,
                        void *bench)
{
    struct oh_bench *b = bench;
    struct oh_way way = {.transport = OH_TRANSPORT_UDP, .to = *from};
    if (b->player)
        oh_player_received(b->player, oh_player_seat_of(b->player, s), &way, bytes);
}
