/* What a phone says, and when: right by itself, then as the file wants it, then as a break has it.
 */
#include "play/mirror.h"

#include "base/file.h"
#include "sip/digest.h"

#include <stdlib.h>
#include <string.h>

/* --- when --- */

static void on_wake(void *arg)
{
    struct oh_mirror *m = arg;
    m->wake = NULL;
    oh_player_advance(&m->player);
}

static bool is_broken_here(const struct oh_mirror *m, enum oh_break_kind kind, int step)
{
    return m->broken && m->broken->kind == kind && m->broken->step == step;
}

/* Within its window, or as long after as is wanted; at the window's wrong side where that is the
 * break. */
static int64_t pause_ms(struct oh_mirror *m, int step)
{
    const struct oh_step *at = &m->scenario->steps[step];
    int64_t from = at->not_before_ms > 0 ? at->not_before_ms : 0;
    int64_t to = at->not_after_ms > from ? at->not_after_ms : from + 200;
    bool early = is_broken_here(m, OH_BREAK_TOO_EARLY, step);
    bool late = is_broken_here(m, OH_BREAK_TOO_LATE, step);
    m->is_broken = m->is_broken || early || late;
    if (early)
        return from / 2;
    if (late)
        return to + OH_T1_MS;
    return from ? from + (to - from) / 2 : 0;
}

/* RFC 3261 20.33: not before then, for what was refused with it. */
static int64_t retry_after_ms(struct oh_mirror *m, const struct oh_step *step)
{
    uint64_t seconds = 0;
    if (!step->is_request)
        return 0;
    for (const struct oh_exchange *x = m->player.exchanges; x; x = x->next) {
        if (x->is_server || !oh_sip_msg_is_method(x->request, step->method))
            continue;
        struct oh_span text =
            x->final ? oh_sip_msg_whole(x->final, OH_SIP_RETRY_AFTER) : (struct oh_span){0};
        size_t digits = 0;
        while (digits < text.len && text.at[digits] >= '0' && text.at[digits] <= '9')
            digits++;
        return oh_span_to_u64(oh_span_sub(text, 0, digits), &seconds) && seconds < 86400
                   ? (int64_t)seconds * 1000 + 20
                   : 0;
    }
    return 0;
}

bool oh_mirror_must_wait(struct oh_mirror *m, const struct oh_step *step)
{
    int flow_step = (int)(step - m->flow.steps), index = m->step_of[flow_step];
    int action = oh_mirror_action_before(m, index);
    int64_t now_ns = oh_net_now(m->bench.net);
    if (action != OH_NONE && m->told_ns[action] < 0)
        return true;
    if (m->front != flow_step) {
        m->front = flow_step;
        m->front_ns = now_ns;
    }
    int64_t own_ms = pause_ms(m, index), asked_ms = retry_after_ms(m, step);
    int64_t at_ns = m->front_ns + (own_ms > asked_ms ? own_ms : asked_ms) * OH_NS_PER_MS;
    if (now_ns >= at_ns)
        return false;
    oh_timer_cancel(m->wake);
    m->wake = oh_timer_set(m->bench.net, at_ns, on_wake, m);
    return true;
}

/* --- what --- */

static bool is_answered(const struct oh_mirror *m, int flow_step)
{
    for (int i = flow_step + 1; i < (int)m->flow.step_count; i++) {
        if (oh_walk_request_step(&m->flow, i) == flow_step)
            return true;
    }
    return false;
}

/* A request that is not made gets no answer to go on from: the phone has nothing more to say by
 * itself. */
static int leave_out(struct oh_mirror *m, int flow_step)
{
    m->is_broken = true;
    oh_walk_did(m->player.walk, flow_step, NULL);
    if (is_answered(m, flow_step))
        oh_player_end(&m->player, OH_OUTCOME_COMPLETE, OH_NONE, "%s", "");
    return 0;
}

/* As the file wants it, and as the break does not. */
static int shape(struct oh_mirror *m, int index, struct oh_text *wire, struct oh_error *e)
{
    const struct oh_step *step = &m->scenario->steps[index];
    if (oh_mirror_fit(m, step, wire) != 0)
        return oh_error_set(e, "%s", m->trouble);
    if (is_broken_here(m, OH_BREAK_EXPECTED, index) && !m->is_broken)
        m->is_broken = oh_mirror_unfit(m, &step->expects[m->broken->expect], wire);
    return 0;
}

/* Not repeated, though nothing answers it. */
static void hush(struct oh_mirror *m, int index, struct oh_exchange *x)
{
    if (!is_broken_here(m, OH_BREAK_ONCE, index))
        return;
    m->is_broken = true;
    oh_exchange_stop(x);
}

/* --- responses --- */

static void copy_values(const struct oh_sip_msg *from, enum oh_sip_header_id id, const char *name,
                        struct oh_draft *d)
{
    struct oh_span value = oh_sip_msg_whole(from, id);
    if (value.at)
        oh_draft_set(d, name, "%.*s", OH_SPAN_FMT(value));
}

/* RFC 4028 9: who refreshes is named, and a caller that does has to know of it. */
static void agree_on_timer(const struct oh_sip_msg *request, struct oh_draft *d)
{
    struct oh_span value = oh_sip_msg_whole(request, OH_SIP_SESSION_EXPIRES);
    struct oh_span refresher = oh_sip_param(value, "refresher");
    if (!value.at)
        return;
    oh_draft_set(d, "Session-Expires", "%.*s%s", OH_SPAN_FMT(value),
                 refresher.at ? "" : ";refresher=uas");
    if (oh_span_is_nocase(refresher, "uac"))
        oh_draft_set(d, "Require", "timer");
}

/* What a response of this status has to name. RFC 3261 21.4, 20.2; RFC 6665 8.2.1 */
static void dress(const struct oh_mirror *m, const struct oh_exchange *x, unsigned status,
                  struct oh_draft *d)
{
    static const char methods[] =
        "INVITE, ACK, CANCEL, OPTIONS, BYE, PRACK, NOTIFY, UPDATE, REFER, "
        "INFO, MESSAGE";
    bool is_options = oh_sip_msg_is_method(x->request, "OPTIONS");
    if (status == 405 || (is_options && status < 300))
        oh_draft_set(d, "Allow", "%s", methods);
    if (is_options && status < 300) {
        oh_draft_set(d, "Supported", "100rel, replaces");
        oh_draft_set(d, "Contact", "<%s>",
                     oh_player_seat((struct oh_player *)&m->player, m->seat)->contact);
    }
    if (status == 415 || (is_options && status < 300))
        oh_draft_set(d, "Accept", "application/sdp");
    if (status == 489)
        oh_draft_set(d, "Allow-Events", "message-summary, refer");
    if (status == 420)
        copy_values(x->request, OH_SIP_REQUIRE, "Unsupported", d);
    if (status >= 200 && status < 300 && oh_sip_msg_is_method(x->request, "SUBSCRIBE"))
        copy_values(x->request, OH_SIP_EXPIRES, "Expires", d);
    if (status >= 200 && status < 300 &&
        (x->is_invite || oh_sip_msg_is_method(x->request, "UPDATE")))
        agree_on_timer(x->request, d);
    if (status >= 300 && status < 400)
        oh_draft_set(d, "Contact", "<sip:elsewhere@%s>", m->player.seats[0].host_port);
}

static int answer(struct oh_mirror *m, int flow_step, struct oh_error *e)
{
    struct oh_player *p = &m->player;
    const struct oh_step *step = &m->flow.steps[flow_step];
    int request_step = oh_walk_request_step(&m->flow, flow_step);
    const struct oh_sip_msg *request =
        request_step == OH_NONE ? NULL : oh_walk_message(p->walk, request_step);
    struct oh_exchange *x = request ? oh_exchange_with(p, request) : NULL;
    struct oh_text wire = {0};
    if (!x)
        return oh_error_set(e, "%s cannot be said: the request that it answers never came",
                            step->text);
    if (x->final)
        return oh_error_set(e, "%s cannot be said: the request has its final answer, %u",
                            step->text, x->final->status);
    struct oh_draft *d = oh_compose_response(p, x, step->status, step);
    dress(m, x, step->status, d);
    oh_draft_format(d, &wire);
    oh_draft_free(d);
    int result = shape(m, m->step_of[flow_step], &wire, e);
    if (result == 0 && !oh_exchange_respond(x, oh_draft_exact(oh_text_span(&wire)), flow_step))
        result = oh_error_set(e, "%s could not be sent", step->text);
    if (result == 0)
        hush(m, m->step_of[flow_step], x);
    oh_text_release(&wire);
    return result;
}

/* --- requests --- */

static int send_ack(struct oh_mirror *m, struct oh_call *c, struct oh_exchange *invite,
                    const struct oh_addr *to, struct oh_draft *d, int flow_step)
{
    struct oh_player *p = &m->player;
    if (invite->call == c)
        return oh_exchange_ack(invite, to, d, flow_step) ? 0 : -1;
    return oh_exchange_send_only(p, oh_player_seat(p, m->seat), to, d, flow_step) ? 0 : -1;
}

static int send_request(struct oh_mirror *m, struct oh_call *c, struct oh_exchange *of,
                        const struct oh_addr *to, const struct oh_text *wire, int flow_step)
{
    struct oh_player *p = &m->player;
    struct oh_draft *d = oh_draft_exact(oh_text_span(wire));
    struct oh_exchange *x = NULL;
    if (strcmp(m->flow.steps[flow_step].method, "ACK") == 0)
        return send_ack(m, c, of, to, d, flow_step);
    if (!oh_exchange_request(p, oh_player_seat(p, m->seat), to, d, flow_step, &x))
        return -1;
    x->call = c;
    if (x->is_invite)
        c->invite = x;
    hush(m, m->step_of[flow_step], x);
    return 0;
}

static bool is_challenged(const struct oh_exchange *refused)
{
    return refused && (refused->final->status == 401 || refused->final->status == 407);
}

static int ask(struct oh_mirror *m, int flow_step, struct oh_error *e)
{
    const struct oh_step *step = &m->flow.steps[flow_step];
    struct oh_call *c = NULL;
    struct oh_addr to = {0};
    struct oh_text wire = {0};
    struct oh_exchange *of =
        oh_mirror_refused(m, flow_step, step->method, oh_mirror_call(m, flow_step));
    bool challenged = is_challenged(of);
    struct oh_draft *d = oh_mirror_request(m, flow_step, &of, &c, &to, e);
    if (!d)
        return -1;
    oh_draft_format(d, &wire);
    oh_draft_free(d);
    int result = 0;
    if (challenged && !oh_mirror_answer_challenge(m, of->final, &wire))
        result = oh_error_set(e, "%s cannot be said: no challenge of the %u can be answered",
                              step->text, of->final->status);
    if (result == 0)
        result = shape(m, m->step_of[flow_step], &wire, e);
    if (result == 0 && send_request(m, c, of, &to, &wire, flow_step) != 0)
        result = oh_error_set(e, "%s could not be sent", step->text);
    oh_text_release(&wire);
    return result;
}

int oh_mirror_register(struct oh_mirror *m, struct oh_error *e)
{
    struct oh_addr to = {0};
    struct oh_draft *d = oh_mirror_register_draft(m, m->expires_s, &to);
    struct oh_player *p = &m->player;
    return oh_exchange_request(p, oh_player_seat(p, m->seat), &to, d, OH_NONE, NULL)
               ? 0
               : oh_error_set(e, "the rehearsed phone could not send its REGISTER");
}

int oh_mirror_speak(struct oh_mirror *m, int flow_step, struct oh_error *e)
{
    int index = m->step_of[flow_step];
    const struct oh_step *step = &m->scenario->steps[index];
    if (is_broken_here(m, OH_BREAK_LEFT_OUT, index))
        return leave_out(m, flow_step);
    int result = step->is_request ? ask(m, flow_step, e) : answer(m, flow_step, e);
    if (result != 0)
        oh_mirror_trouble(m, index, step->place, "%s", e->text);
    return result;
}
