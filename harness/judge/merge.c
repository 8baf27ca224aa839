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
    {"flow.status", "status."},     /* another status than awaited, and than is due */
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

/* What it does to the verdict: fail, inconclusive, nothing. */
static int severity(const struct oh_finding *f)
{
    if (f->result == OH_RESULT_NOT_CHECKABLE)
        return f->level == OH_LEVEL_MUST && !f->is_rule ? 2 : 0;
    return f->result == OH_RESULT_FAIL ? 3 : f->result == OH_RESULT_WARN ? 1 : 0;
}

static bool same_matter(const struct oh_finding *flow, const struct oh_finding *rule)
{
    return rule->msg != OH_NONE && rule->msg == flow->msg && says_better(rule, flow);
}

/* The scenario asks for more than the rule of the very same field. */
static bool asks_for_more(const struct oh_finding *flow, const struct oh_finding *rule)
{
    return flow->result != OH_RESULT_NOT_CHECKABLE && severity(rule) < severity(flow) &&
           flow->field && rule->field && strcasecmp(flow->field, rule->field) == 0;
}

static bool is_ack_rule(const struct oh_finding *rule)
{
    return strncmp(rule->id, "ack", 3) == 0;
}

/* An absence that the flow tells already: owed to the same message, an ACK or not an ACK. */
static bool same_absence(const struct oh_judging *j, const struct oh_finding *flow,
                         const struct oh_finding *rule)
{
    if (rule->msg != OH_NONE || flow->msg != OH_NONE || rule->about == OH_NONE ||
        rule->about != flow->about || flow->step == OH_NONE)
        return false;
    const char *method = oh_walk_step_method(j->scenario, flow->step);
    return is_ack_rule(rule) == (method && strcmp(method, "ACK") == 0);
}

/* Flow findings stand before those of rules. Only those of a step can say what a rule says, and
 * they are few. */
static void compare(const struct oh_judging *j, bool *drop, size_t flow_count)
{
    const struct oh_verdict *v = j->verdict;
    for (size_t i = 0; i < flow_count; i++) {
        const struct oh_finding *flow = &v->findings[i];
        if (flow->step == OH_NONE)
            continue;
        for (size_t k = flow_count; k < v->finding_count; k++) {
            const struct oh_finding *rule = &v->findings[k];
            bool same = same_matter(flow, rule);
            if (same && severity(rule) >= severity(flow))
                drop[i] = true;
            else if ((same && asks_for_more(flow, rule)) || same_absence(j, flow, rule))
                drop[k] = true;
        }
    }
}

static size_t count_flow(const struct oh_verdict *v)
{
    size_t count = 0;
    while (count < v->finding_count && !v->findings[count].is_rule)
        count++;
    return count;
}

static void remove_dropped(struct oh_verdict *v, const bool *drop)
{
    size_t kept = 0;
    for (size_t i = 0; i < v->finding_count; i++) {
        if (drop[i])
            oh_finding_release(&v->findings[i]);
        else
            v->findings[kept++] = v->findings[i];
    }
    v->finding_count = kept;
}

void oh_merge(struct oh_judging *j)
{
    bool *drop = oh_alloc((j->verdict->finding_count + 1) * sizeof *drop);
    compare(j, drop, count_flow(j->verdict));
    remove_dropped(j->verdict, drop);
    free(drop);
}

/* --- a flood is one finding, many times --- */

static bool is_same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool is_alike(const struct oh_finding *a, const struct oh_finding *b)
{
    return a->step == b->step && a->from_phone == b->from_phone && a->result == b->result &&
           strcmp(a->id, b->id) == 0 && is_same_text(a->method, b->method);
}

struct kind {
    size_t first, last; /* of its findings that are kept */
    size_t kept, more;
};

static struct kind *kind_of(const struct oh_verdict *v, struct kind *kinds, size_t *count, size_t i)
{
    for (size_t k = 0; k < *count; k++) {
        if (is_alike(&v->findings[kinds[k].first], &v->findings[i]))
            return &kinds[k];
    }
    kinds[*count] = (struct kind){.first = i};
    return &kinds[(*count)++];
}

void oh_merge_floods(struct oh_verdict *v)
{
    bool *drop = oh_alloc((v->finding_count + 1) * sizeof *drop);
    struct kind *kinds = oh_alloc((v->finding_count + 1) * sizeof *kinds);
    size_t count = 0;
    for (size_t i = 0; i < v->finding_count; i++) {
        struct kind *k = kind_of(v, kinds, &count, i);
        drop[i] = k->kept == OH_FINDINGS_ALIKE;
        if (drop[i]) {
            k->more++;
        } else {
            k->kept++;
            k->last = i;
        }
    }
    for (size_t k = 0; k < count; k++) {
        struct oh_finding *f = &v->findings[kinds[k].last];
        if (kinds[k].more == 0)
            continue;
        char *text = oh_format("%s (And %zu more like this.)", f->text, kinds[k].more);
        free(f->text);
        f->text = text;
    }
    remove_dropped(v, drop);
    free(kinds);
    free(drop);
}
