#include "cli/order.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>

#define SECONDS_BASE   2.0  /* preparing, closing, judging */
#define SECONDS_ACTION 12.0 /* to read it and to do it */

/* What the phone must do for it, in the order in which it is played; and what undoes it. */
static const struct {
    int rank;
    int undone_by; /* a verb that puts the phone back; -1: nothing is left of it */
} verbs[OH_VERBS] = {
    [OH_VERB_REGISTER] = {1, -1},
    [OH_VERB_DIAL] = {2, -1},
    [OH_VERB_REDIAL] = {2, -1},
    [OH_VERB_ANSWER] = {3, -1},
    [OH_VERB_REJECT] = {3, -1},
    [OH_VERB_HANGUP] = {2, -1},
    [OH_VERB_DTMF] = {4, -1},
    [OH_VERB_MUTE] = {4, OH_VERB_UNMUTE},
    [OH_VERB_UNMUTE] = {4, -1},
    [OH_VERB_HOLD] = {5, -1},
    [OH_VERB_RESUME] = {5, -1},
    [OH_VERB_TRANSFER] = {6, -1},
    [OH_VERB_CONSULT] = {6, -1},
    [OH_VERB_COMPLETE_TRANSFER] = {6, -1},
    [OH_VERB_JOIN] = {6, -1},
    [OH_VERB_DND] = {7, OH_VERB_DND_OFF},
    [OH_VERB_DND_OFF] = {7, -1},
    [OH_VERB_FORWARD] = {8, OH_VERB_FORWARD_OFF},
    [OH_VERB_FORWARD_OFF] = {8, -1},
    [OH_VERB_RESTART] = {9, -1},
    [OH_VERB_UNREGISTER] = {9, OH_VERB_REGISTER},
};

#define RANK_LEFT 20 /* it leaves the phone otherwise than it was */

static bool is_undone(const struct oh_scenario *s, size_t step)
{
    int verb = verbs[s->steps[step].verb].undone_by;
    for (size_t i = step + 1; i < s->step_count; i++) {
        if (s->steps[i].kind == OH_STEP_ACTION && (int)s->steps[i].verb == verb)
            return true;
    }
    return verb < 0;
}

static int rank_of(const struct oh_scenario *s)
{
    int rank = 0, left = 0;
    for (size_t i = 0; i < s->step_count; i++) {
        if (s->steps[i].kind != OH_STEP_ACTION)
            continue;
        int of_verb = verbs[s->steps[i].verb].rank;
        rank = of_verb > rank ? of_verb : rank;
        if (!is_undone(s, i))
            left = RANK_LEFT;
    }
    return rank + left;
}

struct place {
    struct oh_scenario *scenario;
    int rank;
    size_t index;
};

static int by_rank(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

void oh_order_scenarios(struct oh_scenario **scenarios, size_t count)
{
    struct place *places = oh_alloc((count ? count : 1) * sizeof *places);
    for (size_t i = 0; i < count; i++)
        places[i] = (struct place){scenarios[i], rank_of(scenarios[i]), i};
    qsort(places, count, sizeof *places, by_rank);
    for (size_t i = 0; i < count; i++)
        scenarios[i] = places[i].scenario;
    free(places);
}

double oh_order_estimate(const struct oh_scenario *s)
{
    double seconds = SECONDS_BASE;
    for (size_t i = 0; i < s->step_count; i++) {
        const struct oh_step *step = &s->steps[i];
        if (step->kind == OH_STEP_ACTION)
            seconds += SECONDS_ACTION;
        if (step->for_ms > 0)
            seconds += (double)step->for_ms / 1e3;
        if (step->after_ms > 0)
            seconds += (double)step->after_ms / 1e3;
        if (step->retransmits)
            seconds += (double)step->retransmits->until_ms / 1e3;
    }
    return seconds;
}
