/* Flows that can be read but cannot go: what they wait for, or are to send, never can be. Told of
 * files alone; a recording is judged whatever its flow was. */
#include "scenario/reader.h"

#include <string.h>

static bool is_request(const struct oh_step *step, const char *method)
{
    return step->kind == OH_STEP_MESSAGE && step->is_request && !strcmp(step->method, method);
}

static struct oh_error *tell(struct oh_reading *g, const struct oh_step *step, const char *text)
{
    return oh_yaml_mistake_at(g->r->y, step->place, g->r->errors, "%s", text);
}

/* The last step before `end` that is this request, between these two in any direction unless `from`
 * says whose; -1: none. */
static int last_request(const struct oh_scenario *s, size_t end, const char *method,
                        const char *from)
{
    for (size_t i = end; i > 0; i--) {
        const struct oh_step *step = &s->steps[i - 1];
        if (is_request(step, method) && (!from || !strcmp(step->from, from)))
            return (int)i - 1;
    }
    return -1;
}

static bool is_dialled(const struct oh_scenario *s, size_t end)
{
    for (size_t i = 0; i < end; i++) {
        if (s->steps[i].kind == OH_STEP_ACTION && s->steps[i].verb == OH_VERB_DIAL)
            return true;
    }
    return last_request(s, end, "REFER", NULL) >= 0;
}

/* A phone's first INVITE: its user dials, or it is told to by REFER (RFC 3515). */
static void check_call_begins(struct oh_reading *g, size_t at)
{
    const struct oh_step *step = &g->s->steps[at];
    if (!is_request(step, "INVITE") || !oh_step_is_phones(g->s, step) || step->optional ||
        last_request(g->s, at, "INVITE", NULL) >= 0 || is_dialled(g->s, at))
        return;
    oh_error_remedy(tell(g, step, "nothing before this INVITE makes the phone call"),
                    "put what its user does before it, as in '%s dials B'", step->from);
}

/* RFC 3261 17.2.1: nothing follows a final response. */
static void check_after_final(struct oh_reading *g, size_t at)
{
    const struct oh_step *step = &g->s->steps[at];
    if (step->kind != OH_STEP_MESSAGE || step->is_request || step->status >= 200 ||
        !oh_step_is_ours(g->s, step) || (step->method && strcmp(step->method, "INVITE")))
        return;
    int invite = last_request(g->s, at, "INVITE", step->to);
    bool other = false; /* a request of the phone's that a final response may be to */
    for (size_t i = (size_t)(invite + 1); invite >= 0 && i < at; i++) {
        const struct oh_step *s = &g->s->steps[i];
        if (s->kind != OH_STEP_MESSAGE)
            continue;
        if (s->is_request)
            other |= oh_step_is_phones(g->s, s) && strcmp(s->method, "ACK") != 0;
        else if (oh_step_is_ours(g->s, s) && s->status >= 200 &&
                 (s->method ? !strcmp(s->method, "INVITE") : !other)) {
            oh_error_remedy(tell(g, step, "the INVITE has its final answer already"),
                            "it is '%s', on line %u; a provisional one comes before it", s->text,
                            s->place.line);
            return;
        }
    }
}

static void check_bye(struct oh_reading *g, size_t at)
{
    const struct oh_step *step = &g->s->steps[at];
    if (!is_request(step, "BYE") || !oh_step_is_ours(g->s, step))
        return;
    int before = last_request(g->s, at, "BYE", step->from);
    if (before < 0 || last_request(g->s, at, "INVITE", NULL) > before)
        return;
    oh_error_remedy(tell(g, step, "the call was ended by a BYE of ours already"),
                    "it is on line %u; a BYE that is sent again for lack of an answer is no step",
                    g->s->steps[before].place.line);
}

/* RFC 3261 9.1 */
static void check_cancel(struct oh_reading *g, size_t at)
{
    const struct oh_step *step = &g->s->steps[at];
    if (!is_request(step, "CANCEL") || !oh_step_is_ours(g->s, step) ||
        last_request(g->s, at, "INVITE", step->from) >= 0)
        return;
    oh_error_remedy(tell(g, step, "there is no INVITE of ours that this CANCEL could end"),
                    "it needs '%s -> %s: INVITE' before it, with no final answer yet", step->from,
                    step->to);
}

void oh_check_flow(struct oh_reading *g)
{
    static void (*const checks[])(struct oh_reading *, size_t) = {
        check_call_begins, check_after_final, check_bye, check_cancel};
    for (size_t i = 0; i < g->s->step_count && !g->flow_unclear && !g->role_unclear; i++) {
        for (size_t k = 0; k < sizeof checks / sizeof *checks; k++)
            checks[k](g, i);
    }
}
