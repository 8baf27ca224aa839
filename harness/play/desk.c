/* Phones at which a person does what is asked: what the wire is to show of it, and where such a
 * phone is. */
#include "play/player.h"

#include "sip/via.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_PORT 5060

int oh_desk_awaited(const struct oh_player *p, int action)
{
    const struct oh_scenario *s = p->scenario;
    const struct oh_step *told = &s->steps[action];
    for (int i = action + 1; i < (int)s->step_count; i++) {
        const struct oh_step *step = &s->steps[i];
        bool is_his = oh_step_is_phones(s, step) && strcmp(step->from, told->from) == 0;
        if (!is_his || oh_walk_state(p->walk, i) != OH_STEP_PENDING)
            return OH_NONE;
        if (!step->optional)
            return i;
    }
    return OH_NONE;
}

static char *awaited_text(const struct oh_step *step)
{
    if (step->is_request)
        return oh_strdup(step->method);
    return oh_format("%u%s%s", step->status, step->method ? " to " : "",
                     step->method ? step->method : "");
}

void oh_desk_tell(const struct oh_player *p, const struct oh_seat *phone, int awaited)
{
    char *what = awaited == OH_NONE ? NULL : awaited_text(&p->scenario->steps[awaited]);
    oh_phone_awaits(phone->phone->phone, phone->name, what);
    free(what);
}

/* --- where it is --- */

/* Its own word on where it listens, if that is where it sends from. */
static struct oh_addr listening(const struct oh_way *from, const struct oh_sip_msg *m)
{
    struct oh_sip_name_addr contact;
    struct oh_sip_uri uri;
    struct oh_addr said, at = from->to;
    struct oh_error e = {0};
    if (from->transport == OH_TRANSPORT_TCP)
        at.port = DEFAULT_PORT;
    if (oh_sip_name_addr_parse(oh_sip_msg_value(m, OH_SIP_CONTACT, 0), &contact) == 0 &&
        oh_sip_uri_parse(contact.uri, &uri) == 0 &&
        oh_sip_host_addr(uri.host, uri.port ? uri.port : DEFAULT_PORT, &said, &e) == 0 &&
        oh_addr_same_ip(&said, &at))
        return said;
    return at;
}

struct oh_bench_slot *oh_desk_claim(struct oh_bench *b, const struct oh_way *from,
                                    const struct oh_sip_msg *m)
{
    if (!oh_sip_msg_is_method(m, "REGISTER"))
        return NULL;
    struct oh_span user = oh_field_text(m, "to.user");
    for (size_t i = 0; i < b->slot_count; i++) {
        struct oh_bench_slot *slot = &b->slots[i];
        if (!oh_adapter_is_by_hand(slot->adapter) || slot->is_found ||
            !oh_span_is(user, slot->user))
            continue;
        slot->is_found = true;
        slot->sip = slot->place.sip = listening(from, m);
        return slot;
    }
    return NULL;
}

/* --- before the first scenario --- */

struct finding {
    struct oh_bench *bench;
    struct oh_bench_slot *slot;
    char *why; /* it cannot be found */
};

static bool is_over(void *arg)
{
    const struct finding *f = arg;
    return f->slot->is_found || f->slot->failed || f->why || oh_bench_interrupted(f->bench);
}

static bool is_ready(void *arg)
{
    const struct finding *f = arg;
    return f->slot->ready || is_over(arg);
}

static void on_answer(struct oh_phone *phone, enum oh_action_result result, const char *detail,
                      void *arg)
{
    struct finding *f = arg;
    (void)phone;
    if (result != OH_ACTION_TAKEN && !f->why)
        f->why = oh_strdup(detail ? detail : "no more is known");
    oh_bench_wake(f->bench);
}

static int find(struct oh_bench *b, struct oh_bench_slot *slot, struct oh_error *e)
{
    struct finding f = {.bench = b, .slot = slot};
    char at[OH_ADDR_TEXT];
    if (oh_phone_start(slot->phone, e) != 0)
        return -1;
    oh_bench_answer(b, is_ready, &f);
    oh_phone_awaits(slot->phone, slot->place.seat, "REGISTER");
    if (!is_over(&f) && oh_phone_do(slot->phone, OH_VERB_REGISTER, NULL, on_answer, &f, e) != 0)
        return -1;
    oh_bench_answer(b, is_over, &f);
    if (slot->is_found)
        oh_phone_came(slot->phone);
    oh_phone_forget_actions(slot->phone);
    int result = 0;
    if (!slot->is_found && !oh_bench_interrupted(b)) {
        oh_error_set(e, "no REGISTER of '%s' came to %s%s%s", slot->user,
                     oh_addr_format(&b->home_addr, at), f.why ? ": " : "", f.why ? f.why : "");
        result = oh_error_remedy(e,
                                 "set %s as the phone's registrar and proxy, and %s as its user; "
                                 "or name where it is with --phone-address",
                                 at, slot->user);
    }
    free(f.why);
    return result;
}

int oh_bench_find_phones(struct oh_bench *b, struct oh_error *e)
{
    for (size_t i = 0; i < b->slot_count && !oh_bench_interrupted(b); i++) {
        struct oh_bench_slot *slot = &b->slots[i];
        if (oh_adapter_is_by_hand(slot->adapter) && !slot->is_found && find(b, slot, e) != 0)
            return -1;
    }
    return b->capture ? 0 : oh_bench_open_capture(b, e);
}

const struct oh_addr *oh_bench_home(const struct oh_bench *b)
{
    return &b->home_addr;
}

const struct oh_addr *oh_bench_phone_address(const struct oh_bench *b, size_t n)
{
    return &b->slots[n].sip;
}
