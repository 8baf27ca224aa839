#include "base/file.h"
#include "scenario/scenario.h"
#include "trace/calls_private.h"
#include "trace/index.h"

#include <stdlib.h>

/* A power of two; a mark that is lost here leaves a stray message a call of its own. */
#define MARK_ROWS 16384

enum mark_kind { MARK_BRANCH = 1, MARK_TAGS };

void oh_call_marks_init(struct oh_call_marks *m)
{
    m->rows = oh_alloc(MARK_ROWS * sizeof *m->rows);
}

void oh_call_marks_release(struct oh_call_marks *m)
{
    free(m->rows);
}

bool oh_call_begins_with(const struct oh_sip_msg *m, const struct oh_link_keys *k)
{
    return m->is_request && !k->to_tag.at && !oh_span_is(m->method, "ACK") &&
           !oh_span_is(m->method, "CANCEL");
}

/* Only such a branch is one transaction's alone: RFC 3261 8.1.1.7. */
static bool has_branch(const struct oh_link_keys *k)
{
    return oh_span_is_nocase(oh_span_sub(k->branch, 0, 7), "z9hG4bK");
}

static bool has_tags(const struct oh_link_keys *k)
{
    return k->from_tag.at && k->to_tag.at;
}

static uint64_t branch_key(const struct oh_link_keys *k)
{
    return oh_index_key_add(oh_index_key(MARK_BRANCH), k->branch);
}

/* The same from both ends. */
static uint64_t tags_key(const struct oh_link_keys *k)
{
    return oh_index_key_add(oh_index_key(MARK_TAGS), k->from_tag) +
           oh_index_key_add(oh_index_key(MARK_TAGS), k->to_tag);
}

static struct oh_call_mark *row_of(const struct oh_call_marks *m, uint64_t key)
{
    return &m->rows[(key ^ key >> 32) & (MARK_ROWS - 1)];
}

void oh_call_marks_take(struct oh_call_marks *m, const struct call *call,
                        const struct oh_sip_msg *sip, const struct oh_link_keys *k)
{
    if (sip->is_request && has_branch(k))
        *row_of(m, branch_key(k)) = (struct oh_call_mark){branch_key(k), call->hash};
    if (has_tags(k))
        *row_of(m, tags_key(k)) = (struct oh_call_mark){tags_key(k), call->hash};
}

static uint64_t call_at(const struct oh_call_marks *m, uint64_t key)
{
    const struct oh_call_mark *row = row_of(m, key);
    return row->key == key ? row->call : 0;
}

uint64_t oh_call_marks_by_branch(const struct oh_call_marks *m, const struct oh_link_keys *k)
{
    return has_branch(k) ? call_at(m, branch_key(k)) : 0;
}

uint64_t oh_call_marks_by_tags(const struct oh_call_marks *m, const struct oh_link_keys *k)
{
    return has_tags(k) ? call_at(m, tags_key(k)) : 0;
}

/* --- does it belong there? --- */

static bool is_same_end(const struct oh_trace_msg *m, const struct oh_addr *a,
                        const struct oh_addr *b)
{
    return m->transport == OH_TRANSPORT_UDP ? oh_addr_equal(a, b) : oh_addr_same_ip(a, b);
}

static bool goes_same_way(const struct oh_trace_msg *a, const struct oh_trace_msg *b)
{
    return a->transport == b->transport && is_same_end(a, &a->src, &b->src) &&
           is_same_end(a, &a->dst, &b->dst);
}

static bool goes_back(const struct oh_trace_msg *a, const struct oh_trace_msg *b)
{
    return a->transport == b->transport && is_same_end(a, &a->src, &b->dst) &&
           is_same_end(a, &a->dst, &b->src);
}

/* All but the Call-ID: a poor phone gives one branch to the requests of all calls. */
bool oh_call_has_transaction(const struct call *call, const struct oh_trace_msg *m,
                             const struct oh_link_keys *k)
{
    for (size_t i = call->count; i > 0; i--) {
        const struct kept *q = &call->kept[i - 1];
        bool way = m->sip->is_request ? goes_same_way(m, &q->msg) : goes_back(m, &q->msg);
        if (m->time_ns - q->msg.time_ns > OH_T1X64_MS * OH_NS_PER_MS)
            return false;
        if (q->msg.sip->is_request && way && oh_link_same_token(q->keys.branch, k->branch) &&
            oh_link_same_token(q->keys.from_tag, k->from_tag) && oh_link_same_number(&q->keys, k))
            return true;
    }
    return false;
}

/* The tag of the sender of `m` was that of the sender of `q`, or of its receiver. */
static bool has_same_tags(const struct oh_trace_msg *m, const struct oh_link_keys *k,
                          const struct kept *q)
{
    bool same_way = goes_same_way(m, &q->msg);
    if (!same_way && !goes_back(m, &q->msg))
        return false;
    bool same_order = same_way == (m->sip->is_request == q->msg.sip->is_request);
    return oh_link_same_token(k->from_tag, same_order ? q->keys.from_tag : q->keys.to_tag) &&
           oh_link_same_token(k->to_tag, same_order ? q->keys.to_tag : q->keys.from_tag);
}

bool oh_call_has_dialog(const struct call *call, const struct oh_trace_msg *m,
                        const struct oh_link_keys *k)
{
    for (size_t i = call->count; i > 0; i--) {
        if (has_same_tags(m, k, &call->kept[i - 1]))
            return true;
    }
    return false;
}
