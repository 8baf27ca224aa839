#include "trace/ledger.h"

#include "sip/digest.h"
#include "sip/uri.h"
#include "trace/index.h"

#include <assert.h>
#include <stdlib.h>

/* A row may stand in any of so many places, so that making room costs the same always. */
#define WAYS 4

enum kind { KIND_BRANCH = 1, KIND_NONCE, KIND_REGISTER };

struct row {
    uint64_t key;         /* 0: empty */
    uint64_t call;        /* of the latest request */
    uint64_t used;        /* the clock when it was last asked for */
    unsigned frame;       /* the latest request */
    uint32_t number;      /* its nonce count or CSeq; of one call the highest count */
    unsigned other_frame; /* a request of another call */
    uint32_t other_number;
};

struct oh_ledger {
    struct row *rows;
    size_t row_count; /* a power of two */
    uint64_t clock;
    size_t evicted;
};

struct oh_ledger *oh_ledger_new(size_t rows)
{
    struct oh_ledger *l = oh_alloc(sizeof *l);
    l->row_count = WAYS;
    while (l->row_count < (rows ? rows : OH_LEDGER_ROWS))
        l->row_count *= 2;
    l->rows = oh_alloc(l->row_count * sizeof *l->rows);
    return l;
}

void oh_ledger_free(struct oh_ledger *l)
{
    if (!l)
        return;
    free(l->rows);
    free(l);
}

size_t oh_ledger_evicted(const struct oh_ledger *l)
{
    return l->evicted;
}

/* The row of this key; a new one, with frame 0, where there is none. */
static struct row *row_of(struct oh_ledger *l, uint64_t key)
{
    struct row *set = &l->rows[(key & (l->row_count / WAYS - 1)) * WAYS], *oldest = set;
    key = key ? key : 1;
    l->clock++;
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].key == key) {
            set[i].used = l->clock;
            return &set[i];
        }
        if (set[i].used < oldest->used)
            oldest = &set[i];
    }
    l->evicted += oldest->key != 0;
    *oldest = (struct row){.key = key, .used = l->clock};
    return oldest;
}

static uint64_t key_of(enum kind kind, uint64_t sender, struct oh_span text)
{
    struct oh_span number = {(const char *)&sender, sizeof sender};
    return oh_index_key_add(oh_index_key_add(oh_index_key(kind), number), text);
}

static void set_latest(struct row *r, uint64_t call, unsigned frame, uint32_t number)
{
    r->call = call;
    r->frame = frame;
    r->number = number;
}

static void take_branch(struct oh_ledger *l, uint64_t sender, uint64_t call,
                        const struct oh_link_keys *k, struct oh_trace_msg *m)
{
    if (!k->branch.at)
        return;
    struct row *r = row_of(l, key_of(KIND_BRANCH, sender, k->branch));
    if (r->frame && r->call != call)
        m->before.branch_frame = r->frame;
    set_latest(r, call, m->frame, 0);
}

static bool read_hex(struct oh_span s, uint32_t *value)
{
    *value = 0;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        bool digit = c >= '0' && c <= '9', letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'f';
        if (!digit && !letter)
            return false;
        *value = *value << 4 | (uint32_t)(digit ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return s.len > 0 && s.len <= 8;
}

static void take_nonce(struct oh_ledger *l, uint64_t sender, uint64_t call,
                       const struct oh_sip_header *h, struct oh_trace_msg *m)
{
    struct oh_digest d;
    uint32_t count;
    if (oh_digest_parse(h->value, &d) < 0 || !d.nonce.at || !read_hex(d.nc, &count))
        return;
    struct row *r =
        row_of(l, oh_index_key_add(key_of(KIND_NONCE, sender, d.nonce), oh_span_trim(d.username)));
    if (r->frame && r->call != call) {
        if (!r->other_frame || r->number >= r->other_number) {
            r->other_frame = r->frame;
            r->other_number = r->number;
        }
        set_latest(r, call, m->frame, count);
    } else if (!r->frame || count >= r->number) {
        set_latest(r, call, m->frame, count);
    }
    if (r->other_frame && !m->before.nonce_frame) {
        m->before.nonce_frame = r->other_frame;
        m->before.nonce_count = r->other_number;
    }
}

static void take_register(struct oh_ledger *l, uint64_t sender, uint64_t call,
                          const struct oh_link_keys *k, struct oh_trace_msg *m)
{
    struct oh_sip_name_addr to;
    if (!k->has_cseq_number || k->cseq_number > UINT32_MAX ||
        oh_sip_name_addr_parse(oh_sip_msg_whole(m->sip, OH_SIP_TO), &to) < 0)
        return;
    uint64_t key = key_of(KIND_REGISTER, sender, to.uri);
    struct row *r = row_of(l, oh_index_key_add(key, m->sip->request_uri));
    uint32_t number = (uint32_t)k->cseq_number;
    if (r->frame && r->call != call) {
        r->other_frame = r->frame;
    } else if (r->frame && r->number == number) {
        m->before.register_frame = r->other_frame; /* sent again */
        return;
    } else if (r->frame) {
        m->before.register_cseq_frame = r->frame;
        m->before.register_cseq = r->number;
    }
    m->before.register_frame = r->other_frame;
    set_latest(r, call, m->frame, number);
}

void oh_ledger_take(struct oh_ledger *l, uint64_t sender, const struct oh_link_keys *k,
                    struct oh_trace_msg *m)
{
    static const enum oh_sip_header_id credentials[] = {OH_SIP_AUTHORIZATION,
                                                        OH_SIP_PROXY_AUTHORIZATION};
    const struct oh_sip_msg *sip = m->sip;
    m->before = (struct oh_before){0};
    if (!sip->is_request || m->frame == 0 || oh_span_is(sip->method, "ACK") ||
        oh_span_is(sip->method, "CANCEL"))
        return;
    if (!k->call_id.at)
        return;
    uint64_t call = oh_index_key_add(oh_index_key(0), k->call_id);
    take_branch(l, sender, call, k, m);
    for (size_t i = 0; i < sizeof credentials / sizeof *credentials; i++) {
        const struct oh_sip_header *h;
        for (size_t n = 0; (h = oh_sip_msg_header(sip, credentials[i], n)) != NULL; n++)
            take_nonce(l, sender, call, h, m);
    }
    if (oh_span_is(sip->method, "REGISTER"))
        take_register(l, sender, call, k, m);
}
