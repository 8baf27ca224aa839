/* What answers what in a flow, by the scenario alone. */
#include "match/walk.h"

#include <stdlib.h>
#include <string.h>

static bool opposite(const struct oh_step *request, const struct oh_step *response)
{
    return strcmp(request->from, response->to) == 0 && strcmp(request->to, response->from) == 0;
}

/* `open[j]`: request step j has no final answer among the steps before. Finds the one that response
 * step i answers. */
static int latest_open(const struct oh_scenario *s, const bool *open, int i)
{
    const struct oh_step *response = &s->steps[i];
    for (int j = i - 1; j >= 0; j--) {
        const struct oh_step *request = &s->steps[j];
        if (request->kind != OH_STEP_MESSAGE || !request->is_request ||
            !opposite(request, response))
            continue;
        if (strcmp(request->method, "ACK") == 0) /* RFC 3261 17.2.1: nothing answers an ACK */
            continue;
        if (response->method ? strcmp(request->method, response->method) == 0 : open[j])
            return j;
    }
    return OH_NONE;
}

int oh_walk_request_step(const struct oh_scenario *s, int step)
{
    bool *open = oh_alloc((s->step_count + 1) * sizeof *open);
    int found = OH_NONE;
    for (int i = 0; i <= step; i++) {
        const struct oh_step *at = &s->steps[i];
        if (at->kind != OH_STEP_MESSAGE)
            continue;
        if (at->is_request) {
            open[i] = true;
            continue;
        }
        found = latest_open(s, open, i);
        if (found != OH_NONE && at->status >= 200 && i < step)
            open[found] = false;
    }
    free(open);
    return s->steps[step].kind == OH_STEP_MESSAGE && !s->steps[step].is_request ? found : OH_NONE;
}

const char *oh_walk_step_method(const struct oh_scenario *s, int step)
{
    const struct oh_step *at = &s->steps[step];
    if (at->method)
        return at->method;
    int request = oh_walk_request_step(s, step);
    return request == OH_NONE ? NULL : s->steps[request].method;
}
