/* A registrar: challenges, and tells the bindings that it keeps. RFC 3261 10.3, 22.2 */
#include "play/role.h"

static void dress_response(struct oh_player *p, struct oh_seat *seat,
                           const struct oh_exchange *exchange, unsigned status,
                           struct oh_draft *draft)
{
    if (status == 401 || status == 407)
        oh_role_challenge(p, seat, status, draft);
    if (status != 200 || !oh_sip_msg_is_method(exchange->request, "REGISTER"))
        return;
    oh_background_registered(p, exchange);
    const struct oh_bench_slot *slot = oh_player_slot_of(p, exchange);
    if (!slot || !slot->contact)
        return;
    int64_t left_s = (slot->contact_until_ns - oh_net_now(p->net)) / INT64_C(1000000000);
    oh_draft_set(draft, "Contact", "<%s>;expires=%lld", slot->contact, (long long)left_s);
}

const struct oh_role_ops oh_role_registrar = {.role = OH_ROLE_REGISTRAR,
                                              .dress_response = dress_response};
