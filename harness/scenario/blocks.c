/* Which step stands before which. */
#include "scenario/blocks.h"

#include <stdlib.h>
#include <string.h>

struct oh_row oh_row_whole(const struct oh_scenario *s)
{
    return (struct oh_row){0, (int)s->step_count};
}

struct oh_row oh_row_of_block(const struct oh_scenario *s, int block)
{
    return (struct oh_row){s->groups[block].first, s->groups[block].end};
}

int oh_block_branch(const struct oh_scenario *s, int block, int step)
{
    int at = s->steps[step].group, branch = s->steps[step].branch;
    while (at != OH_NONE && at != block) {
        branch = s->groups[at].parent_branch;
        at = s->groups[at].parent;
    }
    return at == block ? branch : OH_NONE;
}

struct oh_row oh_row_of_branch(const struct oh_scenario *s, int block, int branch)
{
    struct oh_row row = oh_row_of_block(s, block);
    while (row.first < row.end && oh_block_branch(s, block, row.first) < branch)
        row.first++;
    int end = row.first;
    while (end < row.end && oh_block_branch(s, block, end) == branch)
        end++;
    return (struct oh_row){row.first, end};
}

int oh_block_in_row(const struct oh_scenario *s, int step, int block)
{
    int at = s->steps[step].group;
    if (at == block)
        return OH_NONE;
    while (s->groups[at].parent != block)
        at = s->groups[at].parent;
    return at;
}

bool oh_block_is_optional(const struct oh_scenario *s, int block)
{
    const struct oh_group *g = &s->groups[block];
    struct oh_row last = oh_row_of_branch(s, block, g->branch_count - 1);
    return g->kind == OH_GROUP_EITHER && last.first == last.end;
}

bool oh_block_is_round(const struct oh_scenario *s, int block, int next)
{
    const struct oh_group *a = &s->groups[block], *b = &s->groups[next];
    return a->parent == b->parent && a->parent_branch == b->parent_branch && a->end == b->first &&
           a->place.line == b->place.line && a->place.column == b->place.column &&
           oh_block_is_optional(s, block) && oh_block_is_optional(s, next);
}

/* How deep a block lies; 0: the flow itself. */
static int depth_of(const struct oh_scenario *s, int block)
{
    int depth = 0;
    for (; block != OH_NONE; block = s->groups[block].parent)
        depth++;
    return depth;
}

struct spot {
    int block, branch;
};

static struct spot above(const struct oh_scenario *s, struct spot at)
{
    return (struct spot){s->groups[at.block].parent, s->groups[at.block].parent_branch};
}

enum oh_relation oh_steps_relation(const struct oh_scenario *s, int a, int b)
{
    enum oh_relation listed = a < b ? OH_STEP_COMES_BEFORE : OH_STEP_COMES_AFTER;
    struct spot x = {s->steps[a].group, s->steps[a].branch};
    struct spot y = {s->steps[b].group, s->steps[b].branch};
    if (x.block == OH_NONE || y.block == OH_NONE)
        return listed;
    for (int over = depth_of(s, x.block) - depth_of(s, y.block); over > 0; over--)
        x = above(s, x);
    for (int over = depth_of(s, y.block) - depth_of(s, x.block); over > 0; over--)
        y = above(s, y);
    while (x.block != y.block) {
        x = above(s, x);
        y = above(s, y);
    }
    if (x.block == OH_NONE || x.branch == y.branch)
        return listed;
    return s->groups[x.block].kind == OH_GROUP_EITHER ? OH_STEP_COMES_INSTEAD
                                                      : OH_STEP_COMES_BESIDE;
}

bool oh_step_precedes(const struct oh_scenario *s, int a, int b)
{
    return oh_steps_relation(s, a, b) == OH_STEP_COMES_BEFORE;
}

bool oh_entry_next(const struct oh_scenario *s, struct oh_entry at, struct oh_entry *next)
{
    bool is_block = at.block != OH_NONE;
    struct spot in = {s->steps[at.step].group, s->steps[at.step].branch};
    int end = is_block ? s->groups[at.block].end : at.step + 1;
    if (is_block)
        in = above(s, (struct spot){at.block, 0});
    for (;;) {
        struct oh_row row =
            in.block == OH_NONE ? oh_row_whole(s) : oh_row_of_branch(s, in.block, in.branch);
        if (end < row.end) {
            *next = (struct oh_entry){end, oh_block_in_row(s, end, in.block)};
            return true;
        }
        if (in.block == OH_NONE || s->groups[in.block].kind == OH_GROUP_ANY_ORDER)
            return false;
        end = s->groups[in.block].end;
        in = above(s, in);
    }
}

/* --- how long what is waited for --- */

static bool may_be_left_out(const struct oh_scenario *s, struct oh_entry at)
{
    return at.block == OH_NONE ? s->steps[at.step].optional : oh_block_is_optional(s, at.block);
}

/* A message of the phone, or an `either`, which begins with one. */
static bool is_awaited(const struct oh_scenario *s, struct oh_entry at)
{
    return at.block == OH_NONE ? oh_step_is_phones(s, &s->steps[at.step])
                               : s->groups[at.block].kind == OH_GROUP_EITHER;
}

/* The first message of the phone in this branch that must come: it begins with one. */
static int first_of_branch(const struct oh_scenario *s, int block, int branch)
{
    struct oh_row row = oh_row_of_branch(s, block, branch);
    int i = row.first;
    while (i + 1 < row.end && (!oh_step_is_phones(s, &s->steps[i]) || s->steps[i].optional))
        i++;
    return i;
}

static int64_t step_wait_ms(const struct oh_step *step, bool must_come)
{
    return must_come || step->within_ms >= 0 ? oh_step_deadline_ms(step) : 0;
}

static int64_t longer(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t own_wait_ms(const struct oh_scenario *s, struct oh_entry at, bool must_come)
{
    int64_t longest_ms = 0;
    if (at.block == OH_NONE)
        return step_wait_ms(&s->steps[at.step], must_come);
    for (int b = 0; b < s->groups[at.block].branch_count; b++) {
        struct oh_row row = oh_row_of_branch(s, at.block, b);
        if (row.first == row.end)
            continue;
        const struct oh_step *first = &s->steps[first_of_branch(s, at.block, b)];
        longest_ms = longer(longest_ms, step_wait_ms(first, must_come));
    }
    return longest_ms;
}

static struct oh_wait wait_for(const struct oh_scenario *s, struct oh_entry at, int64_t longest_ms,
                               bool must_come)
{
    int step = at.block == OH_NONE ? at.step : first_of_branch(s, at.block, 0);
    return (struct oh_wait){step, longest_ms, must_come};
}

/* The final answer of ours to an INVITE that this ACK of the phone is for; OH_NONE. */
static int acknowledged(const struct oh_scenario *s, int ack)
{
    for (int i = ack - 1; i >= 0; i--) {
        const struct oh_step *at = &s->steps[i];
        if (at->kind == OH_STEP_MESSAGE && !at->is_request && at->status >= 200 &&
            oh_step_is_ours(s, at) && oh_step_precedes(s, i, ack))
            return i;
    }
    return OH_NONE;
}

/* Our answer to a request that stands at `from` or behind, or the phone's ACK to that: without the
 * request there is none. */
static bool hangs_on_what_is_open(const struct oh_scenario *s, struct oh_entry at, int from)
{
    const struct oh_step *step = &s->steps[at.step];
    int answer = at.step;
    if (at.block != OH_NONE || step->kind != OH_STEP_MESSAGE)
        return false;
    if (step->is_request)
        answer = strcmp(step->method, "ACK") == 0 ? acknowledged(s, at.step) : OH_NONE;
    return answer >= from && oh_step_is_ours(s, &s->steps[answer]) &&
           oh_step_request(s, answer) >= from;
}

struct oh_wait oh_entry_wait(const struct oh_scenario *s, struct oh_entry at)
{
    struct oh_entry next = at, last = at;
    int64_t longest_ms = 0;
    do {
        if (hangs_on_what_is_open(s, next, at.step))
            continue;
        if (!is_awaited(s, next))
            break;
        bool must_come = !may_be_left_out(s, next);
        longest_ms = longer(longest_ms, own_wait_ms(s, next, must_come));
        if (must_come)
            return wait_for(s, next, longest_ms, true);
        last = next;
    } while (oh_entry_next(s, next, &next));
    return wait_for(s, last, longest_ms, false);
}

/* --- what answers what --- */

static bool is_answerable(const struct oh_step *request, const struct oh_step *response)
{
    return request->kind == OH_STEP_MESSAGE && request->is_request &&
           (!request->call || !response->call || strcmp(request->call, response->call) == 0) &&
           strcmp(request->method, "ACK") != 0 && /* RFC 3261 17.2.1: nothing answers an ACK */
           strcmp(request->from, response->to) == 0 && strcmp(request->to, response->from) == 0;
}

/* Of each step before the one looked at: the request that it answers; and chains of the steps that
 * give a request its final answer. */
struct answers {
    const struct oh_scenario *scenario;
    int *request;      /* by response step; OH_NONE */
    int *final, *more; /* by request step: the latest that answers it; by that: the one before it */
};

static bool is_open(const struct answers *a, int request, int step)
{
    for (int k = a->final[request]; k != OH_NONE; k = a->more[k]) {
        if (oh_step_precedes(a->scenario, k, step))
            return false;
    }
    return true;
}

/* A final answer beside another one: sent on purpose, or that of another callee. */
static bool may_follow(const struct oh_step *request, const struct oh_step *response)
{
    return response->again || (response->fork && strcmp(request->method, "INVITE") == 0);
}

static int latest_open(const struct answers *a, int i)
{
    const struct oh_scenario *s = a->scenario;
    const struct oh_step *response = &s->steps[i];
    for (int j = i - 1; j >= 0; j--) {
        const struct oh_step *request = &s->steps[j];
        if (is_answerable(request, response) && oh_step_precedes(s, j, i) &&
            (response->method ? strcmp(request->method, response->method) == 0
                              : may_follow(request, response) || is_open(a, j, i)))
            return j;
    }
    return OH_NONE;
}

static void look_at(struct answers *a, int i)
{
    const struct oh_step *at = &a->scenario->steps[i];
    a->request[i] = a->final[i] = a->more[i] = OH_NONE;
    if (at->kind != OH_STEP_MESSAGE || at->is_request)
        return;
    int request = a->request[i] = latest_open(a, i);
    if (request == OH_NONE || at->status < 200)
        return;
    a->more[i] = a->final[request];
    a->final[request] = i;
}

int *oh_step_requests(const struct oh_scenario *s, size_t count)
{
    size_t room = (count + 1) * sizeof(int);
    struct answers a = {s, oh_alloc(room), oh_alloc(room), oh_alloc(room)};
    for (int i = 0; i < (int)count; i++)
        look_at(&a, i);
    free(a.final);
    free(a.more);
    return a.request;
}

int oh_step_request(const struct oh_scenario *s, int step)
{
    int *requests = oh_step_requests(s, (size_t)step + 1);
    int found = requests[step];
    free(requests);
    return found;
}

/* --- schedules --- */

int64_t oh_schedule_gap_ms(const struct oh_schedule *r, unsigned n)
{
    int64_t gap_ms = r->first_ms;
    for (unsigned i = 1; i < n && gap_ms <= r->until_ms; i++)
        gap_ms *= 2;
    return r->most_ms >= 0 && gap_ms > r->most_ms ? r->most_ms : gap_ms;
}

unsigned oh_schedule_copies(const struct oh_schedule *r)
{
    unsigned copies = 1;
    int64_t at_ms = oh_schedule_gap_ms(r, 1);
    if (r->count)
        return r->count;
    while (at_ms < r->until_ms && copies < OH_SCHEDULE_MOST_COPIES) {
        copies++;
        at_ms += oh_schedule_gap_ms(r, copies);
    }
    return copies;
}
