/* Calls of scenarios before, by which their late messages are known. */
#include "play/player.h"

#include <stdlib.h>
#include <string.h>

/* Of one phone. What a phone repeats it repeats for 64*T1, in which real ones play some ten
 * scenarios. */
#define EARLIER_CALLS 64

static void drop_oldest(struct oh_bench_slot *slot)
{
    free(slot->earlier[0].call_id);
    free(slot->earlier[0].branch);
    slot->earlier_count--;
    memmove(slot->earlier, slot->earlier + 1, slot->earlier_count * sizeof *slot->earlier);
}

void oh_earlier_clear(struct oh_bench_slot *slot)
{
    while (slot->earlier_count)
        drop_oldest(slot);
    free(slot->earlier);
    slot->earlier = NULL;
}

/* The phone whose call the request begins; NULL: it begins none. */
static struct oh_bench_slot *slot_of(const struct oh_exchange *x)
{
    if (x->call && x->is_server)
        return x->is_invite ? x->slot : NULL;
    bool inside = oh_field_text(x->request, "to.tag").at != NULL;
    return x->call && x->call->phone && !inside ? x->call->phone->phone : NULL;
}

/* The branch of an INVITE of the phone; the caller frees. NULL: it is ours, or has none. */
static char *branch_of(const struct oh_exchange *x)
{
    struct oh_span branch = oh_field_text(x->request, "via.branch");
    return x->is_server && branch.at ? oh_span_dup(branch) : NULL;
}

static void remember(const struct oh_exchange *x)
{
    struct oh_bench_slot *slot = slot_of(x);
    if (!slot->earlier)
        slot->earlier = oh_alloc(EARLIER_CALLS * sizeof *slot->earlier);
    if (slot->earlier_count == EARLIER_CALLS)
        drop_oldest(slot);
    slot->earlier[slot->earlier_count++] =
        (struct oh_earlier){oh_strdup(x->call->call_id), branch_of(x)};
}

void oh_earlier_remember(struct oh_player *p)
{
    const struct oh_exchange *newest[EARLIER_CALLS];
    size_t count = 0;
    for (struct oh_exchange *x = p->exchanges; x && count < EARLIER_CALLS; x = x->next) {
        if (slot_of(x))
            newest[count++] = x;
    }
    while (count)
        remember(newest[--count]);
}

void oh_earlier_record(struct oh_player *p)
{
    for (size_t i = 0; i < p->seat_count; i++) {
        const struct oh_bench_slot *slot = p->seats[i].phone;
        if (!slot || !oh_phone_is_running(slot->phone))
            continue;
        for (size_t k = 0; k < slot->earlier_count; k++)
            oh_run_add_earlier(p->run, slot->earlier[k].call_id, slot->earlier[k].branch);
    }
}

void oh_earlier_now(struct oh_player *p, const struct oh_exchange *invite)
{
    char *branch = branch_of(invite);
    if (p->run && p->is_outside)
        oh_run_add_earlier(p->run, invite->call->call_id, branch);
    free(branch);
}
