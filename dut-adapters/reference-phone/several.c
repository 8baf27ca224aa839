/* Two calls of one user: the second while the first is on hold, one in place of the other, or both
 * at once. */
#include "call.h"
#include "calls.h"
#include "rtp.h"

#include <stdlib.h>

/* ---- one after the other ---- */

void rp_call_next_step(struct rp_call *call, const char *reason, int status)
{
    struct rp_call *next = call->next_step;
    call->next_step = NULL;
    if (!next)
        return;
    if (!reason && next->state == RP_WAITING) {
        rp_call_go(next);
    } else if (!reason && next->state == RP_ESTABLISHED && !rp_call_is_changing(next)) {
        rp_call_change(next, false);
    } else if (next->state == RP_WAITING) {
        rp_call_end(next, reason, status);
        rp_call_drop(next);
    } else {
        json_t *values =
            json_pack("{s:s}", "reason", reason ? reason : "another change came first");
        rp_call_tell(next, "resume-failed", values);
    }
}

/* The call that the user is in: up, not on hold, and no other is to follow it. */
static struct rp_call *find_active(const struct rp_phone *phone)
{
    struct rp_call *call = phone->calls;
    while (call && (call->state != RP_ESTABLISHED || call->held))
        call = call->next;
    return call;
}

static struct rp_call *find_held(const struct rp_phone *phone)
{
    struct rp_call *call = phone->calls;
    while (call && (call->state != RP_ESTABLISHED || !call->held))
        call = call->next;
    return call;
}

const char *rp_calls_resume(struct rp_phone *phone, const char *id)
{
    struct rp_call *call = id ? rp_call_find(phone, id) : find_held(phone);
    struct rp_call *other = find_active(phone);
    if (!call && rp_call_find(phone, NULL))
        return "The call is not on hold.";
    if (!call || call->state != RP_ESTABLISHED)
        return "There is no call to resume.";
    if (rp_call_is_changing(call) || (other && rp_call_is_changing(other)))
        return "The other side has not agreed to the last change yet.";
    if (!call->held)
        return "The call is not on hold.";
    if (other && other->partner != call) {
        other->next_step = call;
        rp_call_change(other, true);
    } else {
        rp_call_change(call, false);
    }
    return NULL;
}

const char *rp_calls_consult(struct rp_phone *phone, const char *to, const char **id)
{
    struct rp_call *first = find_active(phone), *held = find_held(phone);
    const char *error = NULL;
    if (!first && !held)
        return "There is no call to put on hold.";
    if (rp_call_find(phone, NULL)->state != RP_ESTABLISHED)
        return "A call is being made or rings.";
    if (first && rp_call_is_changing(first))
        return "The other side has not agreed to the last change yet.";
    struct rp_dial dial = {.to = to, .first = first};
    struct rp_call *call = rp_call_dial(phone, &dial, &error);
    if (!call)
        return error;
    *id = call->id;
    rp_services_note_dialled(phone, to);
    if (first) {
        first->next_step = call;
        rp_call_change(first, true);
    }
    return NULL;
}

/* ---- both at once ---- */

void rp_call_mix(struct rp_call *call)
{
    struct rp_call *other = call->partner;
    bool both = other && call->state == RP_ESTABLISHED && other->state == RP_ESTABLISHED &&
                !call->held && !other->held;
    if (!other || both == call->is_mixed)
        return;
    call->is_mixed = other->is_mixed = both;
    rp_rtp_mix(call->rtp, both ? other->rtp : NULL);
    rp_rtp_mix(other->rtp, both ? call->rtp : NULL);
    if (both)
        rp_call_tell(call, "joined", json_pack("{s:s}", "with", other->id));
}

static struct rp_call *find_established(struct rp_call *call)
{
    while (call && call->state != RP_ESTABLISHED)
        call = call->next;
    return call;
}

const char *rp_calls_join(struct rp_phone *phone)
{
    struct rp_call *first = find_established(phone->calls);
    struct rp_call *second = first ? find_established(first->next) : NULL;
    if (!second)
        return "There are no two calls to join.";
    if (rp_call_is_changing(first) || rp_call_is_changing(second))
        return "The other side has not agreed to the last change yet.";
    if (first->partner || second->partner)
        return "The calls are joined already.";
    first->partner = second;
    second->partner = first;
    if (first->held)
        rp_call_change(first, false);
    if (second->held)
        rp_call_change(second, false);
    rp_call_mix(first);
    return NULL;
}

/* ---- the end ---- */

void rp_call_part(struct rp_call *call)
{
    struct rp_call *partner = call->partner;
    rp_call_next_step(call, "the call to be put on hold has ended", 0);
    for (struct rp_call *other = call->phone->calls; other; other = other->next)
        if (other->next_step == call)
            other->next_step = NULL;
    if (partner) {
        if (call->is_mixed) {
            rp_rtp_mix(call->rtp, NULL);
            rp_rtp_mix(partner->rtp, NULL);
        }
        call->partner = partner->partner = NULL;
        call->is_mixed = partner->is_mixed = false;
    }
}
