#include "judge/rule_book.h"

#include "judge/sdp_cache.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_METHODS = 32 }; /* that rules name */

struct page {
    const struct oh_rule **rules;
    size_t count, room;
};

struct oh_rule_book {
    struct oh_sdp_cache *descriptions;
    struct oh_span methods[MOST_METHODS];
    size_t method_count;
    /* by method, the last for all others; requests, responses, and the same of those not judged */
    struct page pages[MOST_METHODS + 1][4];
};

static size_t row_of(const struct oh_rule_book *b, struct oh_span method)
{
    for (size_t i = 0; i < b->method_count; i++) {
        if (oh_span_equal(b->methods[i], method)) /* case-sensitive: RFC 3261 7.1 */
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
    oh_grow(&p->rules, p->count, &p->room, sizeof *p->rules);
    p->rules[p->count++] = rule;
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
    for_each(b, note_method);
    for_each(b, enter_rule);
    return b;
}

void oh_rule_book_free(struct oh_rule_book *b)
{
    for (size_t i = 0; b && i <= MOST_METHODS; i++) {
        for (size_t k = 0; k < 4; k++)
            free((void *)b->pages[i][k].rules);
    }
    if (b)
        oh_sdp_cache_free(b->descriptions);
    free(b);
}

struct oh_sdp_cache *oh_rule_book_descriptions(const struct oh_rule_book *b)
{
    return b->descriptions;
}

const struct oh_rule *const *oh_rule_book_for(const struct oh_rule_book *b,
                                              const struct oh_sip_msg *m, bool judged,
                                              size_t *count)
{
    const struct page *p =
        &b->pages[row_of(b, oh_sip_msg_method(m))][(m->is_request ? 0 : 1) + (judged ? 0 : 2)];
    *count = p->count;
    return p->rules;
}
