/* The structure of the flow as it is walked: what is open, what is passed over, what is chosen. */
#include "match/walk_path.h"

#include <stdlib.h>
#include <string.h>

void oh_path_init(struct oh_path *p, const struct oh_scenario *s)
{
    *p = (struct oh_path){.scenario = s};
    p->states = oh_alloc((s->step_count + 1) * sizeof *p->states);
    p->chosen = oh_alloc((s->group_count + 1) * sizeof *p->chosen);
    for (size_t i = 0; i < s->group_count; i++)
        p->chosen[i] = OH_NONE;
    p->requests = oh_step_requests(s, s->step_count);
}

void oh_path_release(struct oh_path *p)
{
    free(p->states);
    free(p->chosen);
    free(p->requests);
    free(p->fronts);
}

int oh_path_next(const struct oh_path *p)
{
    int i = 0;
    while (i < (int)p->scenario->step_count && p->states[i] != OH_STEP_PENDING)
        i++;
    return i;
}

static bool is_done(const struct oh_path *p, struct oh_row row)
{
    while (row.first < row.end && p->states[row.first] != OH_STEP_PENDING)
        row.first++;
    return row.first == row.end;
}

static bool is_undecided(const struct oh_path *p, int block)
{
    return p->scenario->groups[block].kind == OH_GROUP_EITHER && p->chosen[block] == OH_NONE;
}

static int branches_of(const struct oh_path *p, int block)
{
    return p->scenario->groups[block].branch_count;
}

/* An answer of ours to what the phone may leave out, or only should send, and has not sent. */
static bool hangs_on_what_may_not_come(const struct oh_path *p, int i)
{
    int request = p->requests[i];
    const struct oh_step *asked = request == OH_NONE ? NULL : &p->scenario->steps[request];
    return asked && p->states[request] == OH_STEP_PENDING &&
           (asked->optional || asked->level == OH_LEVEL_SHOULD);
}

/* A search stops at a send of ours or a user action that is not done yet. */
static bool is_barrier(const struct oh_path *p, int i)
{
    const struct oh_step *at = &p->scenario->steps[i];
    return p->states[i] == OH_STEP_PENDING &&
           (at->kind == OH_STEP_ACTION || at->kind == OH_STEP_CONNECTION ||
            (oh_step_is_ours(p->scenario, at) && !hangs_on_what_may_not_come(p, i)));
}

/* --- fronts --- */

static void add_front(struct oh_path *p, int step, int either)
{
    oh_grow(&p->fronts, p->front_count, &p->front_room, sizeof *p->fronts);
    p->fronts[p->front_count++] = (struct oh_walk_front){step, either};
}

static void fronts_of_row(struct oh_path *p, struct oh_row row, int block)
{
    const struct oh_scenario *s = p->scenario;
    for (int i = row.first; i < row.end;) {
        int inner = oh_block_in_row(s, i, block);
        if (inner == OH_NONE) {
            if (p->states[i] == OH_STEP_PENDING) {
                add_front(p, i, OH_NONE);
                return;
            }
            i++;
            continue;
        }
        i = s->groups[inner].end;
        if (is_done(p, oh_row_of_block(s, inner)))
            continue;
        if (is_undecided(p, inner)) {
            add_front(p, s->groups[inner].first, inner);
            return;
        }
        for (int b = 0; b < branches_of(p, inner); b++)
            fronts_of_row(p, oh_row_of_branch(s, inner, b), inner);
        return;
    }
}

void oh_path_find_fronts(struct oh_path *p)
{
    p->front_count = 0;
    fronts_of_row(p, oh_row_whole(p->scenario), OH_NONE);
}

/* --- searching --- */

struct search {
    const struct oh_path *path;
    oh_path_visit_fn *visit; /* NULL: only to see whether there is a way through */
    void *arg;
};

static bool search_block(const struct search *q, int block);

/* True if nothing stands in the way at its end. */
static bool search_row(const struct search *q, struct oh_row row, int block)
{
    const struct oh_path *p = q->path;
    const struct oh_scenario *s = p->scenario;
    int round = OH_NONE; /* not begun: those after it cannot be either */
    for (int i = row.first; i < row.end;) {
        int inner = oh_block_in_row(s, i, block);
        if (inner == OH_NONE) {
            if (is_barrier(p, i))
                return false;
            if (p->states[i] == OH_STEP_PENDING && q->visit)
                q->visit(i, q->arg);
            i++;
            continue;
        }
        i = s->groups[inner].end;
        bool is_later = round != OH_NONE && oh_block_is_round(s, round, inner);
        if (!is_later && !search_block(q, inner))
            return false;
        round = is_undecided(p, inner) && oh_block_is_optional(s, inner) ? inner : OH_NONE;
    }
    return true;
}

static bool search_block(const struct search *q, int block)
{
    const struct oh_path *p = q->path;
    bool undecided = is_undecided(p, block), all = true, any = false;
    for (int b = 0; b < branches_of(p, block); b++) {
        bool through = search_row(q, oh_row_of_branch(p->scenario, block, b), block);
        all = all && through;
        any = any || through;
    }
    return undecided ? any : all;
}

void oh_path_search(const struct oh_path *p, oh_path_visit_fn *visit, void *arg)
{
    struct search q = {p, visit, arg};
    search_row(&q, oh_row_whole(p->scenario), OH_NONE);
}

size_t oh_path_skips(const struct oh_path *p, int step)
{
    const struct oh_scenario *s = p->scenario;
    size_t count = 0;
    for (int i = 0; i < step; i++)
        count += p->states[i] == OH_STEP_PENDING && oh_step_is_phones(s, &s->steps[i]) &&
                 !s->steps[i].optional && oh_step_precedes(s, i, step);
    return count;
}

/* --- choosing --- */

static void choose(struct oh_path *p, int block, int branch)
{
    const struct oh_scenario *s = p->scenario;
    p->chosen[block] = branch;
    for (int i = s->groups[block].first; i < s->groups[block].end; i++) {
        if (oh_block_branch(s, block, i) != branch && p->states[i] == OH_STEP_PENDING)
            p->states[i] = OH_STEP_NOT_TAKEN;
    }
}

static void leave_out(struct oh_path *p, int block)
{
    const struct oh_scenario *s = p->scenario;
    choose(p, block, branches_of(p, block) - 1);
    for (int next = block + 1; next < (int)s->group_count; next++) {
        if (!oh_block_is_round(s, block, next))
            continue;
        choose(p, next, branches_of(p, next) - 1);
        block = next;
    }
}

void oh_path_take_way(struct oh_path *p, int step)
{
    const struct oh_scenario *s = p->scenario;
    int branch = s->steps[step].branch;
    for (int at = s->steps[step].group; at != OH_NONE; at = s->groups[at].parent) {
        if (is_undecided(p, at))
            choose(p, at, branch);
        branch = s->groups[at].parent_branch;
    }
}

bool oh_path_is_left_out(const struct oh_path *p, int step)
{
    const struct oh_scenario *s = p->scenario;
    if (p->states[step] != OH_STEP_NOT_TAKEN)
        return false;
    for (int at = s->steps[step].group; at != OH_NONE; at = s->groups[at].parent) {
        if (s->groups[at].first == step && oh_block_is_optional(s, at) &&
            p->chosen[at] == branches_of(p, at) - 1)
            return true;
    }
    return false;
}

/* --- passing over --- */

static void pass_answers(struct oh_path *p, int step);

static bool is_request(const struct oh_step *at, const char *method, const char *from)
{
    return at->kind == OH_STEP_MESSAGE && at->is_request && strcmp(at->method, method) == 0 &&
           strcmp(at->from, from) == 0;
}

/* Nothing of the phone is owed to an answer that is not sent: no ACK, no PRACK. */
static void pass_thanks(struct oh_path *p, int answer, const struct oh_step *asked)
{
    const struct oh_scenario *s = p->scenario;
    const struct oh_step *own = &s->steps[answer];
    const char *method = own->status >= 200 ? "ACK" : "PRACK";
    if (strcmp(asked->method, "INVITE") != 0 || (own->status < 200 && !own->reliable))
        return;
    for (int i = answer + 1; i < (int)s->step_count; i++) {
        const struct oh_step *at = &s->steps[i];
        if (!oh_step_precedes(s, answer, i) || p->states[i] != OH_STEP_PENDING)
            continue;
        if (oh_step_is_ours(s, at) && p->requests[i] != OH_NONE && at->status >= 200 &&
            strcmp(s->steps[p->requests[i]].method, "INVITE") == 0)
            return; /* those behind it are for that one */
        if (!is_request(at, method, asked->from))
            continue;
        p->states[i] = OH_STEP_NOT_TAKEN;
        pass_answers(p, i);
        return;
    }
}

/* What the phone may leave out, or only should send, and did not: our answers to it are not to be
 * sent either. */
static void pass_answers(struct oh_path *p, int step)
{
    const struct oh_scenario *s = p->scenario;
    for (int i = step + 1; i < (int)s->step_count; i++) {
        const struct oh_step *at = &s->steps[i];
        if (p->states[i] != OH_STEP_PENDING || p->requests[i] != step || !oh_step_is_ours(s, at))
            continue;
        p->states[i] = OH_STEP_NOT_TAKEN;
        pass_thanks(p, i, &s->steps[step]);
    }
}

static void give_up(struct oh_path *p, int step)
{
    const struct oh_step *at = &p->scenario->steps[step];
    p->states[step] = at->optional ? OH_STEP_PASSED : OH_STEP_MISSED;
    if (at->optional || at->level == OH_LEVEL_SHOULD)
        pass_answers(p, step);
}

static bool skip_row(struct oh_path *p, struct oh_row row, int block, int until);

/* The first branch with nothing of ours or the user's; OH_NONE. */
static int branch_through(const struct oh_path *p, int block)
{
    struct search q = {p, NULL, NULL};
    for (int b = 0; b < branches_of(p, block); b++) {
        if (search_row(&q, oh_row_of_branch(p->scenario, block, b), block))
            return b;
    }
    return OH_NONE;
}

static bool skip_block(struct oh_path *p, int block)
{
    bool through = true;
    if (is_undecided(p, block)) {
        if (oh_block_is_optional(p->scenario, block)) {
            leave_out(p, block);
            return true;
        }
        int branch = branch_through(p, block);
        if (branch == OH_NONE)
            return false;
        choose(p, block, branch);
    }
    for (int b = 0; b < branches_of(p, block); b++)
        through = skip_row(p, oh_row_of_branch(p->scenario, block, b), block, OH_NONE) && through;
    return through;
}

/* False once `until` was met, or a step that cannot be passed over. */
static bool skip_row(struct oh_path *p, struct oh_row row, int block, int until)
{
    const struct oh_scenario *s = p->scenario;
    for (int i = row.first; i < row.end;) {
        int inner = oh_block_in_row(s, i, block);
        if (inner == OH_NONE) {
            if (i == until || is_barrier(p, i))
                return false;
            if (p->states[i] == OH_STEP_PENDING && oh_step_is_phones(s, &s->steps[i]))
                give_up(p, i);
            else if (p->states[i] == OH_STEP_PENDING)
                p->states[i] = OH_STEP_PASSED;
            i++;
            continue;
        }
        i = s->groups[inner].end;
        int branch = until == OH_NONE ? OH_NONE : oh_block_branch(s, inner, until);
        if (branch != OH_NONE) {
            skip_row(p, oh_row_of_branch(s, inner, branch), inner, until);
            return false;
        }
        if (!skip_block(p, inner))
            return false;
    }
    return true;
}

void oh_path_skip_before(struct oh_path *p, int step)
{
    skip_row(p, oh_row_whole(p->scenario), OH_NONE, step);
}

/* The outermost undecided `either` that the step is in; OH_NONE. */
static int choice_over(const struct oh_path *p, int step)
{
    const struct oh_scenario *s = p->scenario;
    int found = OH_NONE;
    for (int at = s->steps[step].group; at != OH_NONE; at = s->groups[at].parent) {
        if (is_undecided(p, at))
            found = at;
    }
    return found;
}

void oh_path_miss(struct oh_path *p, int step)
{
    const struct oh_scenario *s = p->scenario;
    oh_path_skip_before(p, step);
    for (int at; p->states[step] == OH_STEP_PENDING && (at = choice_over(p, step)) != OH_NONE;) {
        if (oh_block_is_optional(s, at))
            leave_out(p, at);
        else
            choose(p, at, oh_block_branch(s, at, step));
    }
    if (p->states[step] == OH_STEP_PENDING)
        give_up(p, step);
}
