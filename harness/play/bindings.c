/* What a registrar keeps: where a phone is, and for how long. RFC 3261 10.3.
 *
 * The order of Call-ID and CSeq is not enforced: a REGISTER that breaks it is for the judge to
 * tell, and refusing it would change the flow. */
#include "play/player.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_EXPIRES_S 3600 /* 10.3 item 7: ours to choose when none is asked for; 20.10 */
#define MOST_EXPIRES_S    86400
#define MOST_BINDINGS     32

static uint64_t asked_expires(const struct oh_sip_msg *m, const struct oh_sip_name_addr *a)
{
    uint64_t seconds = DEFAULT_EXPIRES_S;
    struct oh_span own = oh_sip_param(a->params, "expires");
    if (own.at && !oh_span_to_u64(own, &seconds))
        seconds = DEFAULT_EXPIRES_S; /* 20.10: malformed */
    else if (!own.at && !oh_field_number(m, "expires", &seconds))
        seconds = DEFAULT_EXPIRES_S;
    return seconds < MOST_EXPIRES_S ? seconds : MOST_EXPIRES_S;
}

static void drop(struct oh_bench_slot *slot, size_t i)
{
    free(slot->bindings[i].uri);
    slot->binding_count--;
    memmove(&slot->bindings[i], &slot->bindings[i + 1],
            (slot->binding_count - i) * sizeof *slot->bindings);
}

void oh_bindings_clear(struct oh_bench_slot *slot)
{
    while (slot->binding_count)
        drop(slot, slot->binding_count - 1);
    free(slot->bindings);
    slot->bindings = NULL;
    slot->binding_room = 0;
}

static void drop_expired(struct oh_bench_slot *slot, int64_t now_ns)
{
    for (size_t i = slot->binding_count; i-- > 0;) {
        if (slot->bindings[i].until_ns <= now_ns)
            drop(slot, i);
    }
}

/* 10.3 item 7: a shorter interval than was asked for may be granted. */
static uint64_t granted(const struct oh_party *registrar, uint64_t asked_s)
{
    bool limited = registrar && registrar->expires_s >= 0;
    return limited && asked_s > (uint64_t)registrar->expires_s ? (uint64_t)registrar->expires_s
                                                               : asked_s;
}

static void bind_contact(struct oh_bench_slot *slot, const struct oh_seat *registrar,
                         int64_t now_ns, const struct oh_sip_msg *m, struct oh_span contact)
{
    struct oh_sip_name_addr a;
    if (oh_sip_name_addr_parse(contact, &a) != 0)
        return;
    for (size_t i = slot->binding_count; i-- > 0;) {
        if (oh_sip_uri_equal(oh_span_of(slot->bindings[i].uri), a.uri))
            drop(slot, i);
    }
    uint64_t seconds = granted(registrar->party, asked_expires(m, &a));
    if (seconds == 0 || slot->binding_count >= MOST_BINDINGS)
        return;
    oh_grow(&slot->bindings, slot->binding_count, &slot->binding_room, sizeof *slot->bindings);
    slot->bindings[slot->binding_count++] = (struct oh_binding){
        .uri = oh_span_dup(a.uri), .until_ns = now_ns + (int64_t)seconds * OH_NS_PER_S};
}

unsigned oh_bindings_update(struct oh_bench_slot *slot, struct oh_seat *registrar, int64_t now_ns,
                            const struct oh_sip_msg *request)
{
    size_t count = oh_sip_msg_value_count(request, OH_SIP_CONTACT), stars = 0;
    uint64_t expires = DEFAULT_EXPIRES_S;
    for (size_t i = 0; i < count; i++)
        stars += oh_span_is(oh_sip_msg_value(request, OH_SIP_CONTACT, i), "*");
    drop_expired(slot, now_ns);
    if (stars && (count > 1 || !oh_field_number(request, "expires", &expires) || expires != 0))
        return 400; /* 10.3 item 6 */
    if (stars) {
        oh_bindings_clear(slot);
        registrar->others_removed = true;
    }
    for (size_t i = 0; i < count && !stars; i++)
        bind_contact(slot, registrar, now_ns, request,
                     oh_sip_msg_value(request, OH_SIP_CONTACT, i));
    return 200;
}

/* Those of the other devices come first: a phone must look for its own. */
void oh_bindings_list(struct oh_bench_slot *slot, const struct oh_seat *registrar, int64_t now_ns,
                      struct oh_draft *draft)
{
    const struct oh_party *party = registrar->party;
    for (size_t i = 0; party && !registrar->others_removed && i < party->contact_count; i++)
        oh_draft_add(draft, "Contact", "<%s>;expires=%d", party->contacts[i], DEFAULT_EXPIRES_S);
    drop_expired(slot, now_ns);
    for (size_t i = 0; i < slot->binding_count; i++) { /* 10.3 item 8; to the nearest second */
        int64_t left_s = (slot->bindings[i].until_ns - now_ns + OH_NS_PER_S / 2) / OH_NS_PER_S;
        oh_draft_add(draft, "Contact", "<%s>;expires=%lld", slot->bindings[i].uri,
                     (long long)(left_s > 0 ? left_s : 1));
    }
}

void oh_bindings_too_brief(const struct oh_seat *registrar, const struct oh_sip_msg *request,
                           struct oh_draft *draft)
{
    struct oh_sip_name_addr a = {0};
    uint64_t wanted = 0;
    for (size_t i = 0; i < oh_sip_msg_value_count(request, OH_SIP_CONTACT); i++) {
        if (oh_sip_name_addr_parse(oh_sip_msg_value(request, OH_SIP_CONTACT, i), &a) != 0)
            continue;
        uint64_t asked = asked_expires(request, &a);
        wanted = asked > wanted ? asked : wanted;
    }
    wanted = wanted ? 2 * wanted : DEFAULT_EXPIRES_S;
    if (registrar->party && registrar->party->min_expires_s >= 0)
        wanted = (uint64_t)registrar->party->min_expires_s;
    oh_draft_set(draft, "Min-Expires", "%llu", (unsigned long long)wanted);
}

const char *oh_bindings_contact(struct oh_bench_slot *slot, int64_t now_ns)
{
    drop_expired(slot, now_ns);
    return slot->binding_count ? slot->bindings[slot->binding_count - 1].uri : NULL;
}
