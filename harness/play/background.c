/* What the flow leaves open is answered correctly all the same, so that no phone repeats itself
 * into the flow. */
#include "play/role.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>

#define OUR_METHODS "INVITE, ACK, CANCEL, OPTIONS, BYE, NOTIFY, MESSAGE, INFO, UPDATE"

/* --- one row, one method --- */

static void answer(struct oh_player *p, struct oh_exchange *x, unsigned status)
{
    struct oh_draft *d = oh_compose_response(p, x, status, NULL);
    if (status == 405 || oh_sip_msg_is_method(x->request, "OPTIONS"))
        oh_draft_set(d, "Allow", "%s", OUR_METHODS); /* RFC 3261 8.2.1, 11.2 */
    oh_exchange_respond(x, d, OH_NONE);
}

static void answer_ok(struct oh_player *p, struct oh_exchange *x)
{
    answer(p, x, 200);
}

/* Where nothing can be bound, nothing is. */
static void answer_register(struct oh_player *p, struct oh_exchange *x)
{
    struct oh_bench_slot *slot = x->slot, stranger = {0};
    int64_t now_ns = oh_net_now(p->net);
    slot = slot ? slot : &stranger;
    unsigned status = oh_bindings_update(slot, x->seat, now_ns, x->request);
    struct oh_draft *d = oh_draft_response(x->request, &x->remote, status, NULL, x->to_tag);
    if (status == 200)
        oh_bindings_list(slot, x->seat, now_ns, d);
    oh_exchange_respond(x, d, OH_NONE);
    oh_bindings_clear(&stranger);
}

static bool in_dialog(const struct oh_exchange *x)
{
    return x->call && x->call->dialog && !x->call->ended;
}

/* A call that the flow knows nothing of: not taken. Inside a dialog: kept as it is. */
static void answer_invite(struct oh_player *p, struct oh_exchange *x)
{
    bool inside = in_dialog(x) && x->call->confirmed;
    if (oh_field_text(x->request, "to.tag").at && !in_dialog(x))
        answer(p, x, 481); /* RFC 3261 12.2.2 */
    else
        answer(p, x, inside && p->phase != OH_PHASE_CLOSING ? 200 : 480);
}

static void answer_in_dialog(struct oh_player *p, struct oh_exchange *x)
{
    answer(p, x, in_dialog(x) ? 200 : 481); /* RFC 3261 12.2.2, 15.1.2; RFC 6665 4.1.3 */
}

/* 487 ends what a CANCEL or BYE was for (RFC 3261 9.2, 15.1.2), 480 the rest. */
static void refuse_invite(struct oh_player *p, struct oh_exchange *invite)
{
    bool ended = invite->cancelled || (invite->call && invite->call->ended);
    if (invite->call && !invite->call->confirmed)
        invite->call->ended = true;
    oh_exchange_respond(invite, oh_compose_response(p, invite, ended ? 487 : 480, NULL), OH_NONE);
}

/* RFC 3261 9.2: 200 to the CANCEL, 487 to the INVITE that it fits. */
static void answer_cancel(struct oh_player *p, struct oh_exchange *x)
{
    struct oh_exchange *invite = oh_exchange_of_cancel(p, x->request);
    answer(p, x, invite ? 200 : 481);
    if (invite && !invite->final)
        refuse_invite(p, invite);
}

static void answer_prack(struct oh_player *p, struct oh_exchange *x)
{
    bool fits = in_dialog(x) && oh_call_is_prack(x->call, x->request);
    answer(p, x, fits ? 200 : 481); /* RFC 3262 3 */
}

static void answer_bad_event(struct oh_player *p, struct oh_exchange *x)
{
    answer(p, x, 489); /* RFC 6665 4.2.1.1: we keep no event package */
}

/* RFC 3903 4 and 6 are for who takes publications; 489 would have to name event packages. */
static void answer_not_allowed(struct oh_player *p, struct oh_exchange *x)
{
    answer(p, x, 405);
}

static const struct {
    const char *method;
    void (*answer)(struct oh_player *p, struct oh_exchange *x);
} answers[] = {
    {"REGISTER", answer_register}, {"OPTIONS", answer_ok},          {"INVITE", answer_invite},
    {"BYE", answer_in_dialog},     {"CANCEL", answer_cancel},       {"UPDATE", answer_in_dialog},
    {"INFO", answer_in_dialog},    {"PRACK", answer_prack},         {"NOTIFY", answer_in_dialog},
    {"MESSAGE", answer_ok},        {"SUBSCRIBE", answer_bad_event}, {"PUBLISH", answer_not_allowed},
};

void oh_background_answer(struct oh_player *p, struct oh_exchange *x)
{
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        if (oh_sip_msg_is_method(x->request, answers[i].method)) {
            answers[i].answer(p, x);
            return;
        }
    }
    answer(p, x, 405);
}

void oh_background_finish(struct oh_player *p)
{
    for (struct oh_exchange *x = p->exchanges; x; x = x->next) {
        bool left_alone = x->given_up && x->step != OH_NONE && p->scenario &&
                          p->scenario->steps[x->step].retransmits;
        if (!x->is_server || x->final || left_alone)
            continue;
        if (x->is_invite)
            refuse_invite(p, x);
        else
            oh_background_answer(p, x);
    }
}
