/* What the flow leaves open is answered correctly all the same, so that no phone repeats itself
 * into the flow. */
#include "play/role.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>

#define OUR_METHODS     "INVITE, ACK, CANCEL, OPTIONS, BYE, NOTIFY, MESSAGE, INFO, UPDATE"
#define DEFAULT_EXPIRES 3600 /* RFC 3261 10.3 item 7: ours to choose when none is asked for */

struct oh_bench_slot *oh_player_slot_of(struct oh_player *p, const struct oh_exchange *x)
{
    struct oh_bench *b = p->bench;
    for (size_t i = 0; i < b->slot_count; i++) {
        if (oh_addr_same_ip(&b->slots[i].sip, &x->remote))
            return &b->slots[i];
    }
    return NULL;
}

static uint64_t asked_expires(const struct oh_sip_msg *m, struct oh_span contact)
{
    struct oh_sip_name_addr a;
    uint64_t seconds = DEFAULT_EXPIRES;
    oh_field_number(m, "expires", &seconds);
    if (oh_sip_name_addr_parse(contact, &a) == 0)
        oh_span_to_u64(oh_sip_param(a.params, "expires"), &seconds);
    return seconds;
}

void oh_background_registered(struct oh_player *p, const struct oh_exchange *x)
{
    struct oh_bench_slot *slot = oh_player_slot_of(p, x);
    struct oh_span contact = oh_sip_msg_value(x->request, OH_SIP_CONTACT, 0);
    struct oh_sip_name_addr a;
    if (!slot || !contact.at)
        return;
    uint64_t seconds = asked_expires(x->request, contact);
    free(slot->contact);
    slot->contact = NULL;
    if (seconds == 0 || oh_sip_name_addr_parse(contact, &a) != 0 || oh_span_is(contact, "*"))
        return;
    slot->contact = oh_span_dup(a.uri);
    slot->contact_until_ns = oh_net_now(p->net) + (int64_t)seconds * OH_NS_PER_S;
}

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

static void answer_register(struct oh_player *p, struct oh_exchange *x)
{
    const struct oh_role_ops *registrar = oh_role_ops_of(OH_ROLE_REGISTRAR);
    struct oh_draft *d = oh_draft_response(x->request, &x->remote, 200, NULL, x->to_tag);
    registrar->dress_response(p, x->seat, x, 200, d);
    oh_exchange_respond(x, d, OH_NONE);
}

/* A call that the flow knows nothing of: not taken. Inside a dialog: kept as it is. */
static void answer_invite(struct oh_player *p, struct oh_exchange *x)
{
    bool inside = x->call && x->call->confirmed && !x->call->ended;
    answer(p, x, inside ? 200 : 480);
}

static void answer_in_dialog(struct oh_player *p, struct oh_exchange *x)
{
    answer(p, x, x->call && x->call->dialog ? 200 : 481); /* RFC 3261 12.2.2, 15.1.2 */
}

/* RFC 3261 9.2: 200 to the CANCEL, 487 to the INVITE that it fits. */
static void answer_cancel(struct oh_player *p, struct oh_exchange *x)
{
    struct oh_exchange *invite = NULL;
    for (struct oh_exchange *i = p->exchanges; i && !invite; i = i->next) {
        if (i->is_server && i->is_invite &&
            oh_span_equal(oh_field_text(i->request, "via.branch"),
                          oh_field_text(x->request, "via.branch")))
            invite = i;
    }
    answer(p, x, invite ? 200 : 481);
    if (invite && !invite->final) {
        if (invite->call)
            invite->call->ended = true;
        oh_exchange_respond(invite, oh_compose_response(p, invite, 487, NULL), OH_NONE);
    }
}

static void answer_bad_event(struct oh_player *p, struct oh_exchange *x)
{
    answer(p, x, 489); /* RFC 6665 4.2.1.1: we keep no event package */
}

static const struct {
    const char *method;
    void (*answer)(struct oh_player *p, struct oh_exchange *x);
} answers[] = {
    {"REGISTER", answer_register}, {"OPTIONS", answer_ok},          {"INVITE", answer_invite},
    {"BYE", answer_in_dialog},     {"CANCEL", answer_cancel},       {"UPDATE", answer_in_dialog},
    {"INFO", answer_in_dialog},    {"PRACK", answer_in_dialog},     {"NOTIFY", answer_ok},
    {"MESSAGE", answer_ok},        {"SUBSCRIBE", answer_bad_event}, {"PUBLISH", answer_bad_event},
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
