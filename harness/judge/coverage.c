#include "judge/coverage.h"

#include <stdlib.h>

bool oh_rule_next_covered(struct oh_span *rest, struct oh_span *id)
{
    *rest = oh_span_trim(*rest);
    if (rest->len == 0)
        return false;
    size_t end = 0;
    while (end < rest->len && rest->at[end] != ' ')
        end++;
    *id = oh_span_sub(*rest, 0, end);
    *rest = oh_span_sub(*rest, end, rest->len - end);
    return true;
}

static bool covers(const struct oh_rule *rule, struct oh_span wanted)
{
    struct oh_span rest = oh_span_of(rule->covers), id;
    while (oh_rule_next_covered(&rest, &id))
        if (oh_span_equal(id, wanted))
            return true;
    return false;
}

const struct oh_rule *oh_rule_covering(const char *id, size_t nth)
{
    const struct oh_rule_family *const *families = oh_rule_families();
    struct oh_span wanted = oh_span_of(id);
    for (size_t f = 0; families[f]; f++)
        for (size_t i = 0; i < families[f]->count; i++)
            if (covers(&families[f]->rules[i], wanted) && nth-- == 0)
                return &families[f]->rules[i];
    return NULL;
}

bool oh_requirement_lacks_rule(const struct oh_requirement *q)
{
    return q->kind == OH_REQUIREMENT_RULE && q->priority == 1 && !oh_rule_covering(q->id, 0);
}

/* Rules stand in no file that a user could be shown: the rule is named instead. */
static void check_rule(const struct oh_catalogue *c, const struct oh_rule *rule,
                       struct oh_errors *errors)
{
    struct oh_span rest = oh_span_of(rule->covers), id;
    while (oh_rule_next_covered(&rest, &id)) {
        struct oh_span again = rest, other;
        while (oh_rule_next_covered(&again, &other))
            if (oh_span_equal(id, other))
                oh_error_set(oh_errors_add(errors), "rule %s covers '%.*s' twice", rule->id,
                             OH_SPAN_FMT(id));
        if (oh_catalogue_find(c, id))
            continue;
        struct oh_error *e = oh_errors_add(errors);
        char *word = oh_span_dup(id);
        oh_error_set(e, "rule %s covers '%s', which is no requirement", rule->id, word);
        oh_catalogue_suggest(c, word, e);
        free(word);
    }
}

int oh_coverage_check_rules(const struct oh_catalogue *c, struct oh_errors *errors)
{
    const struct oh_rule_family *const *families = oh_rule_families();
    size_t before = errors->count;
    for (size_t f = 0; families[f]; f++)
        for (size_t i = 0; i < families[f]->count; i++)
            check_rule(c, &families[f]->rules[i], errors);
    return errors->count == before ? 0 : -1;
}

int oh_coverage_check_reasons(const struct oh_catalogue *c, struct oh_errors *errors)
{
    size_t before = errors->count;
    for (size_t i = 0; i < oh_catalogue_count(c); i++) {
        const struct oh_requirement *q = oh_catalogue_item(c, i);
        const struct oh_rule *rule = oh_rule_covering(q->id, 0);
        if (q->uncovered == OH_UNCOVERED_NOT_TOLD)
            continue;
        if (q->kind != OH_REQUIREMENT_RULE)
            oh_requirement_mistake(q, q->uncovered_place, errors,
                                   "'%s' is of kind %s, which no rule need cover", q->id,
                                   oh_requirement_kind_name(q->kind));
        else if (rule)
            oh_requirement_mistake(q, q->uncovered_place, errors,
                                   "'%s' says why no rule covers it, but %s does", q->id, rule->id);
    }
    return errors->count == before ? 0 : -1;
}
