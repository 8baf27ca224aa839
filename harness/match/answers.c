/* What answers what in a flow, by the scenario alone. */
#include "match/walk.h"

#include "scenario/blocks.h"

int oh_walk_request_step(const struct oh_scenario *s, int step)
{
    return oh_step_request(s, step);
}

const char *oh_walk_step_method(const struct oh_scenario *s, int step)
{
    const struct oh_step *at = &s->steps[step];
    if (at->method)
        return at->method;
    int request = oh_step_request(s, step);
    return request == OH_NONE ? NULL : s->steps[request].method;
}
