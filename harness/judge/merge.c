/* One fault is one finding: of two that say the same thing the narrower stays. */
#include "judge/internal.h"

#include <stdlib.h>
#include <string.h>

static size_t root_len(const char *field)
{
    const char *dot = strchr(field, '.');
    return dot ? (size_t)(dot - field) : strlen(field);
}

static bool same_root(const char *a, const char *b)
{
    size_t len = root_len(a);
    return len == root_len(b) && strncasecmp(a, b, len) == 0;
}

/* Whole-header expectations (`proxy-authorization: valid`) cover what a rule says of a part of that
 * header. */
static bool same_field(const struct oh_finding *expectation, const struct oh_finding *rule)
{
    if (!expectation->field || !rule->field)
        return false;
    bool whole = !strchr(expectation->field, '.');
    return whole ? same_root(expectation->field, rule->field)
                 : strcasecmp(expectation->field, rule->field) == 0;
}

/* What a flow finding says that a rule says better; by the beginning of the rule's id. */
static const struct {
    const char *flow, *rule;
} narrower[] = {
    {"flow.destination", "route."}, /* sent past the proxy: because Route or target is wrong */
};

static bool says_better(const struct oh_finding *rule, const struct oh_finding *flow)
{
    for (size_t i = 0; i < sizeof narrower / sizeof *narrower; i++) {
        if (strcmp(flow->id, narrower[i].flow) == 0 &&
            strncmp(rule->id, narrower[i].rule, strlen(narrower[i].rule)) == 0)
            return true;
    }
    return strncmp(flow->id, "expect.", 7) == 0 && same_field(flow, rule);
}

/* Lower is worse: OH_RESULT_FAIL comes first. */
static bool as_severe(const struct oh_finding *a, const struct oh_finding *b)
{
    return a->result <= b->result || b->result == OH_RESULT_NOT_CHECKABLE;
}

static bool covered(const struct oh_verdict *v, const struct oh_finding *f)
{
    for (size_t i = 0; i < v->finding_count; i++) {
        const struct oh_finding *other = &v->findings[i];
        if (other == f || other->is_rule == f->is_rule)
            continue;
        if (!f->is_rule && other->msg != OH_NONE && other->msg == f->msg && says_better(other, f) &&
            as_severe(other, f))
            return true;
        if (f->is_rule && f->msg == OH_NONE && f->about != OH_NONE && other->about == f->about &&
            other->msg == OH_NONE)
            return true; /* the flow tells this absence already */
    }
    return false;
}

void oh_merge(struct oh_judging *j)
{
    struct oh_verdict *v = j->verdict;
    bool *drop = oh_alloc((v->finding_count + 1) * sizeof *drop);
    size_t kept = 0;
    for (size_t i = 0; i < v->finding_count; i++)
        drop[i] = covered(v, &v->findings[i]);
    for (size_t i = 0; i < v->finding_count; i++) {
        if (drop[i])
            oh_finding_release(&v->findings[i]);
        else
            v->findings[kept++] = v->findings[i];
    }
    v->finding_count = kept;
    free(drop);
}
