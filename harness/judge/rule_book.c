#include "judge/rule_book.h"

#include "judge/sdp_cache.h"
#include "judge/sdp_help.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_METHODS = 32 }; /* that rules name */

/* The lowest bit stands for any message. */
#define ANY_MESSAGE UINT64_C(1)
#define ALL_WITH    (~(OH_WITH(0) - 1))
static_assert((OH_WITH(OH_SIP_HEADER_IDS - 1) & OH_WITH_RETRY) == 0 && 8 + OH_SIP_HEADER_IDS <= 61,
              "each header has a bit of its own");

struct entry {
    const struct oh_rule *rule;
    uint64_t with; /* called for what has one of these */
};

/* Those of a page that are called for messages with the same traits. */
struct selection {
    uint64_t traits; /* 0: none yet */
    const struct oh_rule **rules;
    size_t count;
};
enum { SELECTIONS = 8 }; /* of late; the oldest makes room */

struct page {
    struct entry *rules;
    size_t count, room;
    struct selection of_late[SELECTIONS];
    size_t oldest;
};

struct oh_rule_book {
    struct oh_sdp_cache *descriptions;
    struct oh_span methods[MOST_METHODS];
    size_t method_count;
    /* by method, the last for all others; requests, responses, and the same of those not judged */
    struct page (*pages)[4]; /* owned; MOST_METHODS + 1 of them */
};

static size_t row_of(const struct oh_rule_book *b, struct oh_span method)
{
    for (size_t i = 0; i < b->method_count && method.len > 0; i++) {
        if (b->methods[i].at[0] == method.at[0] &&
            oh_span_equal(b->methods[i], method)) /* case-sensitive: RFC 3261 7.1 */
            return i;
    }
    return MOST_METHODS;
}

typedef void each_fn(struct oh_rule_book *b, const struct oh_rule *rule);

static void for_each(struct oh_rule_book *b, each_fn *fn)
{
    for (const struct oh_rule_family *const *f = oh_rule_families(); *f; f++) {
        for (size_t i = 0; i < (*f)->count; i++)
            fn(b, &(*f)->rules[i]);
    }
}

static void note_method(struct oh_rule_book *b, const struct oh_rule *rule)
{
    struct oh_span method = oh_span_of(rule->method);
    if (!method.at || row_of(b, method) < MOST_METHODS)
        return;
    assert(b->method_count < MOST_METHODS);
    b->methods[b->method_count++] = method;
}

static void enter(struct page *p, const struct oh_rule *rule)
{
    uint64_t with = rule->on & ALL_WITH;
    oh_grow(&p->rules, p->count, &p->room, sizeof *p->rules);
    p->rules[p->count++] = (struct entry){rule, with ? with : ANY_MESSAGE};
}

static void enter_rule(struct oh_rule_book *b, const struct oh_rule *rule)
{
    size_t only = rule->method ? row_of(b, oh_span_of(rule->method)) : 0;
    for (size_t i = 0; i <= MOST_METHODS; i++) {
        bool is_used = i < b->method_count || i == MOST_METHODS;
        if (!is_used || (rule->method && i != only))
            continue;
        for (size_t k = 0; k < 4; k++) {
            unsigned on = k % 2 == 0 ? OH_ON_REQUEST : OH_ON_RESPONSE;
            if ((rule->on & on) && (k < 2 || (rule->on & OH_OWED)))
                enter(&b->pages[i][k], rule);
        }
    }
}

struct oh_rule_book *oh_rule_book_new(void)
{
    struct oh_rule_book *b = oh_alloc(sizeof *b);
    b->descriptions = oh_sdp_cache_new();
    b->pages = oh_alloc((MOST_METHODS + 1) * sizeof *b->pages);
    for_each(b, note_method);
    for_each(b, enter_rule);
    return b;
}

static void release_page(struct page *p)
{
    for (size_t i = 0; i < SELECTIONS; i++)
        free((void *)p->of_late[i].rules);
    free(p->rules);
}

void oh_rule_book_free(struct oh_rule_book *b)
{
    if (!b)
        return;
    for (size_t i = 0; i <= MOST_METHODS; i++) {
        for (size_t k = 0; k < 4; k++)
            release_page(&b->pages[i][k]);
    }
    free(b->pages);
    oh_sdp_cache_free(b->descriptions);
    free(b);
}

struct oh_sdp_cache *oh_rule_book_descriptions(const struct oh_rule_book *b)
{
    return b->descriptions;
}

/* What a message has: its OH_WITH..., and what every message has. */
static uint64_t traits_of(const struct oh_trace_msg *m)
{
    return ANY_MESSAGE | m->sip->has * OH_WITH(0) | (m->retry_of != OH_NONE ? OH_WITH_RETRY : 0) |
           (m->sip->defect_count > 0 ? OH_WITH_DEFECT : 0) |
           (oh_help_has_sdp(m->sip) ? OH_WITH_SDP : 0);
}

static void select_rules(const struct page *p, struct selection *s)
{
    s->count = 0;
    if (!s->rules)
        s->rules = oh_alloc((p->count + 1) * sizeof *s->rules);
    for (size_t i = 0; i < p->count; i++) {
        if (p->rules[i].with & s->traits)
            s->rules[s->count++] = p->rules[i].rule;
    }
}

static const struct selection *selection_of(struct page *p, uint64_t traits)
{
    size_t i = 0;
    while (i < SELECTIONS && p->of_late[i].traits != traits)
        i++;
    if (i == SELECTIONS) {
        i = p->oldest;
        p->oldest = (i + 1) % SELECTIONS;
        p->of_late[i].traits = traits;
        select_rules(p, &p->of_late[i]);
    }
    return &p->of_late[i];
}

struct oh_rule_set oh_rule_book_for(const struct oh_rule_book *b, const struct oh_trace_msg *m,
                                    bool judged)
{
    size_t column = (m->sip->is_request ? 0U : 1U) + (judged ? 0U : 2U);
    struct page *p = &b->pages[row_of(b, oh_sip_msg_method(m->sip))][column];
    const struct selection *s = selection_of(p, traits_of(m));
    return (struct oh_rule_set){s->rules, s->count, p->count};
}
