#include "match/match.h"

#include "match/internal.h"
#include "sip/uri.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

void oh_mismatch_release(struct oh_mismatch *m)
{
    oh_text_release(&m->expected);
    oh_text_release(&m->observed);
    oh_text_release(&m->why);
}

/* --- how two values of a field compare --- */

typedef bool compare_fn(struct oh_span a, struct oh_span b);

static bool numbers_equal(struct oh_span a, struct oh_span b)
{
    uint64_t x, y;
    return oh_span_to_u64(a, &x) && oh_span_to_u64(b, &y) ? x == y : oh_span_equal(a, b);
}

/* By the end of the path; the first row that fits. Everything else is compared byte by byte. */
static const struct {
    const char *ending;
    compare_fn *equal;
} comparisons[] = {
    {"request-uri", oh_sip_uri_equal},
    {".uri", oh_sip_uri_equal},
    {".host", oh_span_equal_nocase},
    {".transport", oh_span_equal_nocase},
    {".scheme", oh_span_equal_nocase},
    {".port", numbers_equal},
    {".number", numbers_equal},
    {".algorithm", oh_span_equal_nocase},
    {".branch", oh_span_equal_nocase},
    {".tag", oh_span_equal_nocase},
    {"content-type", oh_span_equal_nocase},
    {"status", numbers_equal},
    {"max-forwards", numbers_equal},
    {"expires", numbers_equal},
    {"content-length", numbers_equal},
    {".formats", numbers_equal},
    {".ptime", numbers_equal},
    {"rseq", numbers_equal},
    {".count", numbers_equal},
    {".rtpmap", oh_span_equal_nocase}, /* encoding names, RFC 4566 6 */
    {".direction", oh_span_equal_nocase},
    {".user-param", oh_span_equal_nocase},
    {".qop", oh_span_equal_nocase},
    {".stale", oh_span_equal_nocase},
    {"accept", oh_span_equal_nocase},
    {"event", oh_span_equal_nocase},
    {"supported", oh_span_equal_nocase},
    {"require", oh_span_equal_nocase},
};

static compare_fn *comparison_of(const char *field)
{
    size_t len = strlen(field);
    for (size_t i = 0; i < sizeof comparisons / sizeof *comparisons; i++) {
        size_t end = strlen(comparisons[i].ending);
        if (len >= end && strcasecmp(field + len - end, comparisons[i].ending) == 0)
            return comparisons[i].equal;
    }
    return oh_span_equal;
}

/* --- predicates, one function each --- */

struct question {
    const struct oh_match_env *env;
    const struct oh_expect *expect;
    const struct oh_predicate *predicate;
    const struct oh_sip_msg *msg;
    const struct oh_field *field;
    struct oh_mismatch *why;
};

static struct oh_span first_text(const struct question *q)
{
    return q->field->count ? q->field->items[0].text : (struct oh_span){0};
}

/* The i-th operand's value; absent where its name is not bound. */
static struct oh_span operand(const struct question *q, size_t i, struct oh_text *store)
{
    return oh_match_resolve(q->env, &q->predicate->operands[i], store);
}

static bool some_item_equals(const struct question *q, struct oh_span wanted)
{
    compare_fn *equal = comparison_of(q->expect->field);
    for (size_t i = 0; i < q->field->count; i++) {
        if (equal(q->field->items[i].text, wanted))
            return true;
    }
    return false;
}

/* What stands behind the last value that is read is not known. */
static bool is_cut(const struct question *q)
{
    return q->field->count == OH_FIELD_MAX_ITEMS;
}

/* A list field has the value among its own. */
static enum oh_fit is_any_of(const struct question *q)
{
    struct oh_text store = {0};
    bool hit = false, unbound = false;
    for (size_t i = 0; i < q->predicate->operand_count && !hit; i++) {
        struct oh_span wanted = operand(q, i, &store);
        unbound = unbound || !wanted.at;
        hit = wanted.at && some_item_equals(q, wanted);
    }
    oh_text_release(&store);
    return hit ? OH_FIT_YES : unbound || is_cut(q) ? OH_FIT_UNKNOWN : OH_FIT_NO;
}

static enum oh_fit is_not(const struct question *q)
{
    enum oh_fit fit = is_any_of(q);
    return fit == OH_FIT_UNKNOWN ? fit : fit == OH_FIT_YES ? OH_FIT_NO : OH_FIT_YES;
}

static enum oh_fit is_present(const struct question *q)
{
    return q->field->state == OH_FIELD_ABSENT ? OH_FIT_NO : OH_FIT_YES;
}

static enum oh_fit is_absent(const struct question *q)
{
    return q->field->state == OH_FIELD_ABSENT ? OH_FIT_YES : OH_FIT_NO;
}

static enum oh_fit is_valid(const struct question *q)
{
    const char *field = q->expect->field;
    if (q->field->state == OH_FIELD_ABSENT)
        return OH_FIT_NO;
    if (strcasecmp(field, "authorization") == 0 || strcasecmp(field, "proxy-authorization") == 0)
        return oh_match_credentials(q->env, field, q->msg, &q->why->why);
    return q->field->state == OH_FIELD_PRESENT ? OH_FIT_YES : OH_FIT_NO;
}

static enum oh_fit compare_numbers(const struct question *q, bool above)
{
    struct oh_text store = {0};
    struct oh_span wanted = operand(q, 0, &store);
    uint64_t limit, value;
    enum oh_fit fit = OH_FIT_UNKNOWN;
    if (wanted.at && oh_span_to_u64(wanted, &limit))
        fit = oh_span_to_u64(first_text(q), &value) && (above ? value > limit : value < limit)
                  ? OH_FIT_YES
                  : OH_FIT_NO;
    oh_text_release(&store);
    return fit;
}

static enum oh_fit is_above(const struct question *q)
{
    return compare_numbers(q, true);
}

static enum oh_fit is_below(const struct question *q)
{
    return compare_numbers(q, false);
}

/* The whole value, not a part of it. A value with a NUL inside is no text that a pattern could
 * mean.
 */
static bool matches_whole(struct oh_span value, const regex_t *re)
{
    char *text = value.at ? oh_span_dup(value) : NULL;
    bool fits = text && strlen(text) == value.len && regexec(re, text, 0, NULL, 0) == 0;
    free(text);
    return fits;
}

static enum oh_fit is_matching(const struct question *q)
{
    regex_t re;
    struct oh_text store = {0}, whole = {0};
    struct oh_span pattern = operand(q, 0, &store);
    enum oh_fit fit = OH_FIT_UNKNOWN;
    oh_text_addf(&whole, "^(%.*s)$", OH_SPAN_FMT(pattern));
    if (pattern.at && regcomp(&re, oh_text_str(&whole), REG_EXTENDED | REG_NOSUB) == 0) {
        fit = matches_whole(first_text(q), &re) ? OH_FIT_YES : OH_FIT_NO;
        regfree(&re);
    }
    oh_text_release(&whole);
    oh_text_release(&store);
    return fit;
}

static enum oh_fit is_starting_with(const struct question *q)
{
    struct oh_text store = {0};
    struct oh_span wanted = operand(q, 0, &store);
    struct oh_span value = first_text(q);
    enum oh_fit fit = OH_FIT_UNKNOWN;
    if (wanted.at)
        fit = value.at && value.len >= wanted.len &&
                      oh_span_equal(oh_span_sub(value, 0, wanted.len), wanted)
                  ? OH_FIT_YES
                  : OH_FIT_NO;
    oh_text_release(&store);
    return fit;
}

/* The text stands somewhere in one of the values, letters compared as the whole field's are. */
static bool is_within(const struct question *q, struct oh_span wanted)
{
    bool blind = comparison_of(q->expect->field) == oh_span_equal_nocase;
    for (size_t i = 0; i < q->field->count; i++) {
        struct oh_span value = q->field->items[i].text;
        for (size_t at = 0; at + wanted.len <= value.len; at++) {
            struct oh_span part = oh_span_sub(value, at, wanted.len);
            if (blind ? oh_span_equal_nocase(part, wanted) : oh_span_equal(part, wanted))
                return true;
        }
    }
    return false;
}

/* It is one of the values, their parameters aside: "application/sdp" of "application/sdp;level=1".
 */
static bool is_listed(const struct question *q, struct oh_span wanted)
{
    compare_fn *equal = comparison_of(q->expect->field);
    for (size_t i = 0; i < q->field->count; i++) {
        struct oh_span value = q->field->items[i].text;
        struct oh_span head = oh_span_trim(oh_span_sub(value, 0, oh_span_find(value, ';')));
        if (equal(value, wanted) || equal(head, wanted))
            return true;
    }
    return false;
}

/* Of an rtpmap, which is "0 PCMU/8000", a part is asked for. */
static bool has_tokens(const char *field)
{
    size_t len = strlen(field), end = strlen(".rtpmap");
    bool is_rtpmap = len > end && strcasecmp(field + len - end, ".rtpmap") == 0;
    return oh_field_is_list(oh_span_of(field)) && !is_rtpmap;
}

static enum oh_fit is_containing(const struct question *q)
{
    struct oh_text store = {0};
    bool tokens = has_tokens(q->expect->field);
    enum oh_fit fit = OH_FIT_YES;
    for (size_t i = 0; i < q->predicate->operand_count && fit != OH_FIT_NO; i++) {
        struct oh_span wanted = operand(q, i, &store);
        if (!wanted.at)
            fit = OH_FIT_UNKNOWN;
        else if (!(tokens ? is_listed(q, wanted) : is_within(q, wanted)))
            fit = is_cut(q) ? OH_FIT_UNKNOWN : OH_FIT_NO;
    }
    oh_text_release(&store);
    return fit;
}

static const struct {
    enum oh_fit (*holds)(const struct question *q);
    bool needs_value; /* an absent field does not meet it */
} predicates[OH_PREDICATES] = {
    [OH_IS_EQUAL] = {is_any_of, true},          [OH_IS_NOT] = {is_not, false},
    [OH_IS_PRESENT] = {is_present, false},      [OH_IS_ABSENT] = {is_absent, false},
    [OH_IS_VALID] = {is_valid, false},          [OH_IS_ANY_OF] = {is_any_of, true},
    [OH_IS_ABOVE] = {is_above, true},           [OH_IS_BELOW] = {is_below, true},
    [OH_IS_MATCHING] = {is_matching, true},     [OH_IS_STARTING_WITH] = {is_starting_with, true},
    [OH_IS_CONTAINING] = {is_containing, true},
};

/* --- telling what did not fit --- */

#define SHOWN_BYTES 120

static void tell_expected(const struct question *q)
{
    struct oh_text *out = &q->why->expected, store = {0};
    const struct oh_predicate *p = q->predicate;
    if (p->kind != OH_IS_EQUAL)
        oh_text_add(out, oh_predicate_name(p->kind));
    for (size_t i = 0; i < p->operand_count; i++) {
        struct oh_span value = operand(q, i, &store);
        if (out->len)
            oh_text_add(out, i > 0 ? ", " : " ");
        if (value.at)
            oh_text_add_quoted(out, value, SHOWN_BYTES);
        else
            oh_text_addf(out, "$%s (not bound)", p->operands[i].text);
    }
    oh_text_release(&store);
}

static void tell_observed(const struct question *q)
{
    struct oh_text *out = &q->why->observed;
    if (q->field->state == OH_FIELD_ABSENT)
        oh_text_add(out, "absent");
    for (size_t i = 0; i < q->field->count; i++) {
        if (i > 0)
            oh_text_add(out, ", ");
        oh_text_add_quoted(out, q->field->items[i].text, SHOWN_BYTES);
    }
    if (q->field->state == OH_FIELD_BROKEN) {
        oh_text_add_quoted(out, q->field->bytes, SHOWN_BYTES);
        oh_text_add(out, " (cannot be read)");
    }
}

static enum oh_fit ask(const struct question *q)
{
    const struct oh_predicate *p = q->predicate;
    bool readable = q->field->state == OH_FIELD_PRESENT;
    return predicates[p->kind].needs_value && !readable ? OH_FIT_NO : predicates[p->kind].holds(q);
}

static void tell(const struct question *q)
{
    q->why->predicate = q->predicate->kind;
    q->why->bytes = q->field->bytes;
    oh_text_clear(&q->why->expected);
    oh_text_clear(&q->why->observed);
    tell_expected(q);
    tell_observed(q);
}

/* All predicates must hold: one that does not decides, whatever cannot be checked beside it. */
static enum oh_fit ask_all(struct question *q)
{
    const struct oh_expect *expect = q->expect;
    enum oh_fit worst = OH_FIT_YES;
    for (size_t i = 0; i < expect->predicate_count && worst != OH_FIT_NO; i++) {
        q->predicate = &expect->predicates[i];
        enum oh_fit fit = ask(q);
        if (fit == OH_FIT_YES || fit == worst)
            continue;
        worst = fit;
        tell(q);
    }
    return worst;
}

enum oh_fit oh_match_expect(const struct oh_match_env *env, const struct oh_expect *expect,
                            const struct oh_sip_msg *m, struct oh_mismatch *why)
{
    struct oh_field field;
    struct question q = {env, expect, NULL, m, &field, why};
    enum oh_fit fit = OH_FIT_UNKNOWN;
    *why = (struct oh_mismatch){0};
    if (oh_field_get(m, oh_span_of(expect->field), &field) == 0)
        fit = ask_all(&q);
    else
        oh_text_add(&why->why, "no such field is known");
    oh_field_release(&field);
    return fit;
}

int oh_match_score(const struct oh_match_env *env, const struct oh_step *step,
                   const struct oh_sip_msg *m)
{
    int score = 0;
    for (size_t i = 0; i < step->expect_count; i++) {
        struct oh_mismatch why;
        enum oh_fit fit = oh_match_expect(env, &step->expects[i], m, &why);
        int weight = step->expects[i].level == OH_LEVEL_MUST ? 4 : 1;
        score += fit == OH_FIT_YES ? weight : fit == OH_FIT_NO ? -weight : 0;
        oh_mismatch_release(&why);
    }
    return score;
}
