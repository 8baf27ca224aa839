/* What phones must be before a scenario: able to play it, fit for it, and started for its transport
 * and realm. */
#include "play/player.h"

#include <stdlib.h>
#include <string.h>

#define REGISTER_PATIENCE_MS 10000
#define BY_HAND_PATIENCE_MS  1200000 /* the adapter's own time rules */

#define STOP_PATIENCE_MS 40000 /* a phone may wait 64*T1 for the answer to its last request */

const char *oh_player_lacking(const struct oh_player *p, const char **why)
{
    *why = NULL;
    for (size_t k = 0; k < p->seat_count; k++) {
        const struct oh_bench_slot *slot = p->seats[k].phone;
        if (!slot)
            continue;
        for (size_t i = 0; i < p->scenario->need_count; i++) {
            const char *needed = p->scenario->needs[i];
            *why = oh_adapter_why_lacking(slot->adapter, needed);
            if (!oh_adapter_can(slot->adapter, needed))
                return needed;
            *why = oh_phone_why_lacking(slot->phone, needed);
            if (*why)
                return needed;
        }
        *why = oh_adapter_why_lacking(slot->adapter, "tcp");
        if (p->transport == OH_TRANSPORT_TCP && !oh_adapter_can(slot->adapter, "tcp"))
            return "tcp";
    }
    return NULL;
}

/* The realm of the first challenge; NULL: nobody challenges. */
static const char *realm_of(const struct oh_scenario *s)
{
    for (size_t i = 0; i < s->party_count; i++) {
        if (s->parties[i].challenge_count)
            return s->parties[i].challenges[0].realm;
    }
    for (size_t i = 0; i < s->step_count; i++) {
        if (s->steps[i].challenge_count)
            return s->steps[i].challenges[0].realm;
    }
    return NULL;
}

static bool other_realm(const struct oh_player *p, const struct oh_bench_slot *slot)
{
    const char *realm = realm_of(p->scenario);
    return realm && strcmp(realm, slot->place.realm) != 0;
}

/* It runs with a transport or realm that it cannot play this scenario with. */
static bool is_otherwise(const struct oh_player *p, const struct oh_bench_slot *slot)
{
    return (slot->place.transport != p->transport && oh_adapter_uses(slot->adapter, "transport")) ||
           (other_realm(p, slot) && oh_adapter_uses(slot->adapter, "realm"));
}

static bool must_end(const struct oh_player *p, const struct oh_bench_slot *slot)
{
    return slot && oh_phone_is_running(slot->phone) &&
           (slot->unfit || oh_phone_is_worn(slot->phone) || is_otherwise(p, slot));
}

static bool all_ended(void *arg)
{
    const struct oh_player *p = arg;
    for (size_t i = 0; i < p->seat_count; i++) {
        if (must_end(p, p->seats[i].phone))
            return oh_bench_hurries(p->bench);
    }
    return true;
}

static void place_phone(const struct oh_player *p, struct oh_bench_slot *slot)
{
    const char *realm = realm_of(p->scenario);
    if (oh_phone_is_running(slot->phone) ||
        (slot->place.transport == p->transport && !other_realm(p, slot)))
        return;
    if (is_otherwise(p, slot)) /* that may be what it could not start with */
        slot->starts_failed = 0;
    slot->place.transport = p->transport;
    if (realm) {
        char *copy = oh_strdup(realm);
        free(slot->realm);
        slot->place.realm = slot->realm = copy;
    }
    oh_bench_renew_phone(slot);
}

void oh_player_fit_phones(struct oh_player *p)
{
    for (size_t i = 0; i < p->seat_count; i++) {
        if (must_end(p, p->seats[i].phone))
            oh_phone_stop(p->seats[i].phone->phone);
    }
    oh_bench_wait(p->bench, all_ended, p, STOP_PATIENCE_MS);
    for (size_t i = 0; i < p->seat_count; i++) {
        if (p->seats[i].phone)
            place_phone(p, p->seats[i].phone);
    }
}

/* --- given: registered --- */

static bool registered(void *arg)
{
    const struct oh_player *p = arg;
    for (size_t i = 0; i < p->seat_count; i++) {
        struct oh_bench_slot *slot = p->seats[i].phone;
        if (slot && !oh_bindings_contact(slot, oh_net_now(p->net)))
            return p->ended;
    }
    return true;
}

/* Says whether a person does it, who takes his time. */
static bool tell_to_register(struct oh_player *p)
{
    bool by_hand = false;
    for (size_t i = 0; i < p->seat_count; i++) {
        struct oh_bench_slot *slot = p->seats[i].phone;
        if (!slot || slot->binding_count || !oh_adapter_can(slot->adapter, "register"))
            continue;
        by_hand = by_hand || oh_adapter_is_by_hand(slot->adapter);
        oh_phone_awaits(slot->phone, p->seats[i].name, "REGISTER");
        oh_player_tell(p, OH_NONE, &p->seats[i], OH_VERB_REGISTER, NULL);
    }
    return by_hand;
}

void oh_player_reach_registered(struct oh_player *p)
{
    if (registered(p))
        return;
    bool by_hand = tell_to_register(p);
    bool reached = oh_bench_wait(p->bench, registered, p,
                                 by_hand ? BY_HAND_PATIENCE_MS : REGISTER_PATIENCE_MS);
    for (size_t i = 0; reached && !p->ended && i < p->seat_count; i++) {
        if (p->seats[i].phone)
            oh_phone_came(p->seats[i].phone->phone);
    }
    if (!reached)
        oh_player_end(p, OH_OUTCOME_PRECONDITION, OH_NONE,
                      "given: registered was not reached: no REGISTER of the phone was answered "
                      "with 200 within %d s",
                      REGISTER_PATIENCE_MS / 1000);
}
