/* The flow as a phone sees it: its own messages to send, offhook's to await, and nothing of the
 * user, who is waited for by the messages behind him. */
#include "play/mirror.h"

#include "scenario/blocks.h"

#include <stdlib.h>
#include <string.h>

#define MARGIN_MS  20 /* after media and silence: offhook's own clock runs out first */
#define PATIENT_MS INT64_C(86400000) /* offhook's messages are waited for, however long */

/* --- which way through its blocks --- */

static void choose(struct oh_mirror *m, int block, int branch)
{
    const struct oh_scenario *s = m->scenario;
    bool none = block != OH_NONE && oh_block_is_optional(s, block) &&
                branch == s->groups[block].branch_count - 1;
    for (int i = block + 1; none && i < (int)s->group_count; i++) {
        if (oh_block_is_round(s, block, i)) /* no more rounds after one that is left out */
            m->chosen[i] = s->groups[i].branch_count - 1;
    }
    for (; block != OH_NONE; block = s->groups[block].parent) {
        m->chosen[block] = branch;
        branch = s->groups[block].parent_branch;
    }
}

void oh_mirror_choose(struct oh_mirror *m, const struct oh_choice *choice)
{
    const struct oh_scenario *s = m->scenario;
    m->chosen = oh_alloc((s->group_count + 1) * sizeof *m->chosen);
    if (choice)
        m->is_sparing = choice->is_sparing;
    if (choice)
        choose(m, choice->block, choice->branch);
    if (m->broken)
        choose(m, s->steps[m->broken->step].group, s->steps[m->broken->step].branch);
}

static bool is_taken(const struct oh_mirror *m, const struct oh_step *step)
{
    const struct oh_scenario *s = m->scenario;
    int block = step->group, branch = step->branch;
    while (block != OH_NONE) {
        const struct oh_group *g = &s->groups[block];
        if (g->kind == OH_GROUP_EITHER && m->chosen[block] != branch)
            return false;
        branch = g->parent_branch;
        block = g->parent;
    }
    return true;
}

/* What is optional, and offhook's answers to it. */
static bool is_spared(const struct oh_mirror *m, int index)
{
    const struct oh_scenario *s = m->scenario;
    bool own = s->steps[index].from && strcmp(s->steps[index].from, m->seat) == 0;
    int of = own ? index : oh_step_request(s, index);
    return m->is_sparing && of != OH_NONE && s->steps[of].optional &&
           strcmp(s->steps[of].from, m->seat) == 0;
}

/* --- the steps --- */

static bool concerns(const struct oh_mirror *m, const struct oh_step *step)
{
    if (step->kind == OH_STEP_ACTION)
        return false;
    return step->kind == OH_STEP_SILENCE || (step->from && strcmp(step->from, m->seat) == 0) ||
           (step->to && strcmp(step->to, m->seat) == 0);
}

/* RFC 3262: an answer that offhook acknowledges by PRACK has to be reliable. */
static bool is_pracked(const struct oh_scenario *s, int step)
{
    const struct oh_step *at = &s->steps[step];
    if (at->is_request || at->status <= 100 || at->status >= 200)
        return false;
    for (int i = step + 1; i < (int)s->step_count; i++) {
        const struct oh_step *next = &s->steps[i];
        if (next->kind != OH_STEP_MESSAGE)
            continue;
        if (next->is_request && strcmp(next->method, "PRACK") == 0 &&
            strcmp(next->to, at->from) == 0)
            return true;
        if (!next->is_request && strcmp(next->from, at->from) == 0) /* that is for the next */
            return false;
    }
    return false;
}

static struct oh_step mirrored(const struct oh_mirror *m, int index)
{
    struct oh_step step = m->scenario->steps[index];
    bool own = step.kind == OH_STEP_MESSAGE && strcmp(step.from, m->seat) == 0;
    step.expects = NULL;
    step.expect_count = 0;
    step.after_ms = 0;
    step.retransmits = NULL;
    step.not_before_ms = step.not_after_ms = -1;
    step.raw = NULL;
    step.twice_after_ms = -1;
    step.swap = step.again = step.prelude = false;
    step.lose = step.pieces = 0;
    step.cuts = NULL;
    step.cut_count = 0;
    step.fork = NULL;
    step.challenges = NULL;
    step.header_count = step.remove_count = step.challenge_count = 0;
    step.sdp = (struct oh_sdp_wish){0};
    step.body = step.reason = NULL;
    step.reliable = own && is_pracked(m->scenario, index);
    if (step.kind == OH_STEP_MESSAGE)
        step.within_ms = own ? -1 : PATIENT_MS;
    else
        step.for_ms += MARGIN_MS;
    if (own)
        step.optional = false;
    return step;
}

/* Of the blocks those in any order stay; where the others stood is where they stand. */
static void place(const struct oh_mirror *m, const int *block_of, int *block, int *branch)
{
    const struct oh_scenario *s = m->scenario;
    while (*block != OH_NONE && s->groups[*block].kind == OH_GROUP_EITHER) {
        *branch = s->groups[*block].parent_branch;
        *block = s->groups[*block].parent;
    }
    *block = *block == OH_NONE ? OH_NONE : block_of[*block];
}

static void make_blocks(struct oh_mirror *m)
{
    const struct oh_scenario *s = m->scenario;
    struct oh_scenario *flow = &m->flow;
    int *block_of = oh_alloc((s->group_count + 1) * sizeof *block_of);
    flow->groups = oh_alloc((s->group_count + 1) * sizeof *flow->groups);
    flow->group_count = 0;
    for (size_t i = 0; i < s->group_count; i++) { /* outer ones first */
        struct oh_group g = s->groups[i];
        if (g.kind == OH_GROUP_EITHER)
            continue;
        place(m, block_of, &g.parent, &g.parent_branch);
        int from = g.first, to = g.end;
        g.first = g.end = 0;
        for (size_t k = 0; k < flow->step_count; k++) {
            g.first += m->step_of[k] < from;
            g.end += m->step_of[k] < to;
        }
        block_of[i] = (int)flow->group_count;
        flow->groups[flow->group_count++] = g;
    }
    for (size_t k = 0; k < flow->step_count; k++)
        place(m, block_of, &flow->steps[k].group, &flow->steps[k].branch);
    free(block_of);
}

void oh_mirror_make_flow(struct oh_mirror *m)
{
    const struct oh_scenario *s = m->scenario;
    struct oh_scenario *flow = &m->flow;
    *flow = *s;
    flow->given_registered = false;
    flow->parties = oh_alloc((s->party_count + 1) * sizeof *flow->parties);
    memcpy(flow->parties, s->parties, s->party_count * sizeof *flow->parties);
    for (size_t i = 0; i < s->party_count; i++)
        flow->parties[i].role =
            strcmp(s->parties[i].name, m->seat) == 0 ? OH_ROLE_PEER : OH_ROLE_PHONE;
    flow->steps = oh_alloc((s->step_count + 1) * sizeof *flow->steps);
    m->step_of = oh_alloc((s->step_count + 1) * sizeof *m->step_of);
    flow->step_count = 0;
    for (int i = 0; i < (int)s->step_count; i++) {
        if (!concerns(m, &s->steps[i]) || !is_taken(m, &s->steps[i]) || is_spared(m, i))
            continue;
        m->step_of[flow->step_count] = i;
        flow->steps[flow->step_count++] = mirrored(m, i);
    }
    make_blocks(m);
}

void oh_mirror_release_flow(struct oh_mirror *m)
{
    free(m->chosen);
    free(m->flow.groups);
    free(m->flow.parties);
    free(m->flow.steps);
    free(m->step_of);
}

const struct oh_step *oh_mirror_step(const struct oh_mirror *m, int flow_step)
{
    return &m->scenario->steps[m->step_of[flow_step]];
}

int oh_mirror_action_before(const struct oh_mirror *m, int step)
{
    for (int i = step - 1; i >= 0; i--) {
        const struct oh_step *at = &m->scenario->steps[i];
        if (at->kind == OH_STEP_ACTION && strcmp(at->from, m->seat) == 0 && is_taken(m, at) &&
            oh_step_precedes(m->scenario, i, step))
            return i;
    }
    return OH_NONE;
}
