/* What follows an `either` must come to pass whichever way the phone takes. Told of files alone. */
#include "scenario/blocks.h"
#include "scenario/reader.h"

#include <stdlib.h>
#include <string.h>

/* A final answer to an INVITE before step `at`, which an ACK from there can be to. */
static bool is_acked(const struct oh_scenario *s, const int *requests, size_t at)
{
    const struct oh_step *ack = &s->steps[at];
    for (size_t i = 0; i < at; i++) {
        const struct oh_step *step = &s->steps[i];
        int request = step->kind == OH_STEP_MESSAGE && step->status >= 200 ? requests[i] : OH_NONE;
        if (request != OH_NONE && !strcmp(s->steps[request].method, "INVITE") &&
            oh_step_is_ours(s, step) == oh_step_is_phones(s, ack) &&
            oh_step_precedes(s, (int)i, (int)at))
            return true;
    }
    return false;
}

static bool is_ack(const struct oh_step *step)
{
    return step->kind == OH_STEP_MESSAGE && step->is_request && !strcmp(step->method, "ACK");
}

/* Has the step what it stands on: a response its request, an ACK the answer? Other steps have. */
static bool stands(const struct oh_scenario *s, const int *requests, size_t at)
{
    const struct oh_step *step = &s->steps[at];
    if (is_ack(step))
        return is_acked(s, requests, at);
    return step->kind != OH_STEP_MESSAGE || step->is_request || requests[at] != OH_NONE;
}

/* What answers what where this way of the block is the one that is taken; the caller frees. */
static int *requests_of_way(const struct oh_scenario *s, int block, int branch)
{
    struct oh_scenario only = *s;
    only.steps = oh_alloc((s->step_count + 1) * sizeof *only.steps);
    memcpy(only.steps, s->steps, s->step_count * sizeof *only.steps);
    for (int i = s->groups[block].first; i < s->groups[block].end; i++) {
        if (oh_block_branch(s, block, i) != branch)
            only.steps[i].kind = OH_STEP_SILENCE;
    }
    int *requests = oh_step_requests(&only, s->step_count);
    free(only.steps);
    return requests;
}

static void tell(struct oh_reading *g, const struct oh_step *step, int block)
{
    struct oh_error *e = oh_yaml_mistake_at(g->r->y, step->place, g->r->errors,
                                            "only one way of an 'either' has what this %s",
                                            is_ack(step) ? "ACK is to" : "answers");
    oh_error_remedy(e,
                    "the 'either' is on line %u: put this step into that way, or let each way have "
                    "what it needs",
                    g->s->groups[block].place.line);
}

/* The first step behind the block that does not stand in each of its ways. */
static void check_block(struct oh_reading *g, int block, const int *requests)
{
    const struct oh_scenario *s = g->s;
    const struct oh_group *group = &s->groups[block];
    size_t first = s->step_count;
    for (int b = 0; b < group->branch_count; b++) {
        int *in_way = requests_of_way(s, block, b);
        for (size_t i = (size_t)group->end; i < first; i++) {
            const struct oh_step *step = &s->steps[i];
            bool instead = oh_steps_relation(s, group->first, (int)i) == OH_STEP_COMES_INSTEAD;
            if (!instead && !step->call && !step->fork && stands(s, requests, i) &&
                !stands(s, in_way, i))
                first = i;
        }
        free(in_way);
    }
    if (first < s->step_count)
        tell(g, &s->steps[first], block);
}

/* Does any step behind the block answer what stands in it, or acknowledge anything? */
static bool is_built_on(const struct oh_scenario *s, const struct oh_group *group,
                        const int *requests)
{
    for (size_t i = (size_t)group->end; i < s->step_count; i++) {
        int request = requests[i];
        if (is_ack(&s->steps[i]) || (request >= group->first && request < group->end))
            return true;
    }
    return false;
}

void oh_check_ways(struct oh_reading *g, const int *requests)
{
    for (size_t i = 0; i < g->s->group_count; i++) {
        if (g->s->groups[i].kind == OH_GROUP_EITHER &&
            is_built_on(g->s, &g->s->groups[i], requests))
            check_block(g, (int)i, requests);
    }
}

/* --- names --- */

/* Is it saved among the steps [first, end) of one row before step `now`, whichever way is taken? */
static bool is_saved_in(const struct oh_scenario *s, struct oh_row row, int block, int now,
                        const char *name)
{
    for (int i = row.first; i < row.end && i < now;) {
        int inner = oh_block_in_row(s, i, block);
        const struct oh_group *group = inner == OH_NONE ? NULL : &s->groups[inner];
        if (!group) {
            if (s->steps[i].save && !strcmp(s->steps[i].save, name))
                return true;
            i++;
            continue;
        }
        int open = oh_block_branch(s, inner, now), saved = 0;
        if (open != OH_NONE) { /* all that comes before it there is in its own way */
            struct oh_row rest = {i, now};
            while (rest.first < now && oh_block_branch(s, inner, rest.first) != open &&
                   group->kind == OH_GROUP_EITHER)
                rest.first++;
            return is_saved_in(s, rest, inner, now, name);
        }
        for (int b = 0; b < group->branch_count; b++)
            saved += is_saved_in(s, oh_row_of_branch(s, inner, b), inner, now, name);
        if (group->kind == OH_GROUP_EITHER ? saved == group->branch_count : saved > 0)
            return true;
        i = group->end;
    }
    return false;
}

bool oh_is_surely_saved(const struct oh_reading *g, const char *name)
{
    return is_saved_in(g->s, oh_row_whole(g->s), OH_NONE, (int)(g->step - g->s->steps), name);
}
