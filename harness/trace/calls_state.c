#include "trace/calls_private.h"
#include "trace/index.h"

#include <stdlib.h>

/* More at once than any healthy call has; closed ones make room. */
#define ITEMS_MAX 64

enum key_kind { KEY_TRANSACTION = 1, KEY_DIALOG };

static uint64_t transaction_key(const struct oh_link_keys *k, struct oh_span method)
{
    struct oh_span number = {(const char *)&k->cseq_number, sizeof k->cseq_number};
    uint64_t key = oh_index_key_add(oh_index_key(KEY_TRANSACTION), k->branch);
    key = oh_index_key_add(oh_index_key_add(key, number), method);
    return oh_index_key_add(key, k->from_tag);
}

/* The same from both ends. */
static uint64_t dialog_key(const struct oh_link_keys *k)
{
    uint64_t from = oh_index_key_add(oh_index_key(KEY_DIALOG), k->from_tag);
    uint64_t to = oh_index_key_add(oh_index_key(KEY_DIALOG), k->to_tag);
    return from + to;
}

static struct oh_call_item *find(const struct oh_call_state *s, uint64_t key)
{
    for (size_t i = s->count; i > 0; i--) {
        if (s->items[i - 1].key == key)
            return &s->items[i - 1];
    }
    return NULL;
}

static struct oh_call_item *room_for(struct oh_call_state *s)
{
    if (s->count < ITEMS_MAX) {
        oh_grow(&s->items, s->count, &s->room, sizeof *s->items);
        return &s->items[s->count++];
    }
    for (size_t i = 0; i < s->count; i++) {
        if (s->items[i].closed && !s->items[i].is_dialog)
            return &s->items[i];
    }
    return NULL;
}

static void open_item(struct oh_call_state *s, struct oh_call_item item)
{
    struct oh_call_item *at = find(s, item.key);
    if (at)
        return; /* sent again; and what was closed stays so */
    at = room_for(s);
    if (at)
        *at = item;
    else
        s->crowded = true;
}

static void close_item(struct oh_call_state *s, uint64_t key, bool is_dialog)
{
    struct oh_call_item *at = find(s, key);
    if (at)
        at->closed = true;
    else if (is_dialog) /* a 2xx that comes late opens it no more */
        open_item(s, (struct oh_call_item){.key = key, .is_dialog = true, .closed = true});
}

static void take_request(struct oh_call_state *s, const struct oh_sip_msg *m,
                         const struct oh_link_keys *k)
{
    if (oh_span_is(m->method, "ACK")) {
        uint64_t invite = transaction_key(k, oh_span_of("INVITE"));
        /* RFC 3261 13.2.2.4: to a 2xx, if it is no copy of the INVITE's branch. Its answer may be
         * on the side that was not captured. */
        if (k->to_tag.at && !find(s, invite))
            open_item(s, (struct oh_call_item){.key = dialog_key(k), .is_dialog = true});
        return;
    }
    if (oh_span_is(m->method, "BYE") && k->to_tag.at) /* RFC 3261 15.1.1: over once it is sent */
        close_item(s, dialog_key(k), true);
    open_item(s, (struct oh_call_item){.key = transaction_key(k, m->method),
                                       .is_invite = oh_span_is(m->method, "INVITE")});
}

static void take_response(struct oh_call_state *s, const struct oh_sip_msg *m,
                          const struct oh_link_keys *k)
{
    struct oh_call_item *request = find(s, transaction_key(k, k->cseq_method));
    if (m->status < 200) {
        if (request && m->status > 100)
            request->proceeding = request->is_invite;
        return;
    }
    if (request)
        request->closed = true;
    if (m->status < 300 && k->to_tag.at && oh_span_is(k->cseq_method, "INVITE"))
        open_item(s, (struct oh_call_item){.key = dialog_key(k), .is_dialog = true});
}

void oh_call_state_take(struct oh_call_state *s, const struct oh_sip_msg *m,
                        const struct oh_link_keys *k)
{
    if (m->is_request)
        take_request(s, m, k);
    else
        take_response(s, m, k);
}

enum oh_call_phase oh_call_state_phase(const struct oh_call_state *s)
{
    enum oh_call_phase phase = s->crowded ? OH_CALL_UNANSWERED : OH_CALL_OVER;
    for (size_t i = 0; i < s->count; i++) {
        const struct oh_call_item *item = &s->items[i];
        if (item->closed)
            continue;
        if (item->is_dialog || item->proceeding)
            return OH_CALL_OPEN;
        phase = OH_CALL_UNANSWERED;
    }
    return phase;
}

bool oh_call_state_has_ended(const struct oh_call_state *s)
{
    bool ended = false;
    for (size_t i = 0; i < s->count; i++) {
        const struct oh_call_item *item = &s->items[i];
        if ((item->is_dialog || item->proceeding) && !item->closed)
            return false;
        ended = ended || item->is_dialog;
    }
    return ended || oh_call_state_phase(s) == OH_CALL_OVER;
}

void oh_call_state_release(struct oh_call_state *s)
{
    free(s->items);
    *s = (struct oh_call_state){0};
}
