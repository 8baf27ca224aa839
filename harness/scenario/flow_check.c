/* Flows that can be read but cannot go: what they wait for, or are to send, never can be. Told of
 * files alone; a recording is judged whatever its flow was. */
#include "scenario/blocks.h"
#include "scenario/reader.h"

#include <stdlib.h>
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
        if (is_request(step, method) && (!from || !strcmp(step->from, from)) &&
            oh_step_precedes(s, (int)i - 1, (int)end))
            return (int)i - 1;
    }
    return -1;
}

static bool is_dialled(const struct oh_scenario *s, size_t end)
{
    for (size_t i = 0; i < end; i++) {
        enum oh_verb verb = s->steps[i].verb;
        if (s->steps[i].kind == OH_STEP_ACTION && oh_step_precedes(s, (int)i, (int)end) &&
            (verb == OH_VERB_DIAL || verb == OH_VERB_CONSULT || verb == OH_VERB_REDIAL))
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
    if (step->kind != OH_STEP_MESSAGE || step->is_request || step->status >= 200 || step->again ||
        step->fork || step->call || !oh_step_is_ours(g->s, step) ||
        (step->method && strcmp(step->method, "INVITE")))
        return;
    int invite = last_request(g->s, at, "INVITE", step->to);
    bool other = false; /* a request of the phone's that a final response may be to */
    for (size_t i = (size_t)(invite + 1); invite >= 0 && i < at; i++) {
        const struct oh_step *s = &g->s->steps[i];
        if (s->kind != OH_STEP_MESSAGE || !oh_step_precedes(g->s, (int)i, (int)at))
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

static bool is_refused(const struct oh_reading *g, int request)
{
    const struct oh_scenario *s = g->s;
    for (int i = request + 1; i < (int)s->step_count; i++) {
        const struct oh_step *step = &s->steps[i];
        if (step->kind == OH_STEP_MESSAGE && !step->is_request && step->status >= 300 &&
            g->requests[i] == request)
            return true;
    }
    return false;
}

static void check_bye(struct oh_reading *g, size_t at)
{
    const struct oh_step *step = &g->s->steps[at];
    if (!is_request(step, "BYE") || !oh_step_is_ours(g->s, step) || step->call || step->fork ||
        step->header_count || step->raw)
        return;
    int before = last_request(g->s, at, "BYE", step->from);
    if (before >= 0 && is_refused(g, before))
        return;
    if (before < 0 || strcmp(g->s->steps[before].to, step->to) != 0 ||
        last_request(g->s, at, "INVITE", NULL) > before)
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

/* The step before `at` that gives this request its final answer; OH_NONE. */
static int final_before(const struct oh_reading *g, int request, size_t at)
{
    const struct oh_scenario *s = g->s;
    for (size_t i = (size_t)request + 1; i < at; i++) {
        const struct oh_step *step = &s->steps[i];
        if (step->kind == OH_STEP_MESSAGE && !step->is_request && step->status >= 200 &&
            oh_step_precedes(s, (int)i, (int)at) && g->requests[i] == request)
            return (int)i;
    }
    return OH_NONE;
}

/* RFC 3261 17.2: a request has one final answer, and none after it. A phone's can come no more. */
static void check_answer(struct oh_reading *g, size_t at)
{
    const struct oh_step *step = &g->s->steps[at];
    if (step->kind != OH_STEP_MESSAGE || step->is_request || !oh_step_is_phones(g->s, step) ||
        step->call || step->fork)
        return;
    int request = g->requests[at];
    int final = request == OH_NONE ? OH_NONE : final_before(g, request, at);
    if (request == OH_NONE)
        oh_error_remedy(tell(g, step, "this answers nothing: every request has its final answer"),
                        "an answer that comes again for lack of an ACK is no step");
    else if (final != OH_NONE)
        oh_error_remedy(tell(g, step, "this cannot come: what it answers has its final answer"),
                        "it is '%s', on line %u", g->s->steps[final].text,
                        g->s->steps[final].place.line);
}

/* RFC 3261 17.1.1.3, 13.2.2.4 */
static void check_ack(struct oh_reading *g, size_t at)
{
    const struct oh_scenario *s = g->s;
    const struct oh_step *step = &s->steps[at];
    if (!is_request(step, "ACK") || !oh_step_is_phones(s, step))
        return;
    for (size_t i = 0; i < at; i++) {
        int request = OH_NONE;
        if (s->steps[i].kind == OH_STEP_MESSAGE && !s->steps[i].is_request &&
            s->steps[i].status >= 200 && oh_step_is_ours(s, &s->steps[i]) &&
            oh_step_precedes(s, (int)i, (int)at))
            request = g->requests[i];
        if (request != OH_NONE && is_request(&s->steps[request], "INVITE"))
            return;
    }
    oh_error_remedy(tell(g, step, "there is no final answer to an INVITE that this ACK is to"),
                    "it needs one of ours before it, as in '%s -> %s: 200'", step->to, step->from);
}

static bool is_alike(const struct oh_step *a, const struct oh_step *b)
{
    return a->kind == OH_STEP_MESSAGE && b->kind == OH_STEP_MESSAGE &&
           a->is_request == b->is_request && !strcmp(a->from, b->from) &&
           (a->is_request ? !strcmp(a->method, b->method) : a->status == b->status) &&
           a->expect_count == 0 && b->expect_count == 0;
}

/* A way that begins like one before it, with nothing asked of either, is never taken. */
static void check_way(struct oh_reading *g, size_t at)
{
    const struct oh_scenario *s = g->s;
    const struct oh_step *step = &s->steps[at];
    int block = step->group, branch = step->branch;
    if (block == OH_NONE || s->groups[block].kind != OH_GROUP_EITHER ||
        oh_row_of_branch(s, block, branch).first != (int)at)
        return;
    for (int b = 0; b < branch; b++) {
        const struct oh_step *other = &s->steps[oh_row_of_branch(s, block, b).first];
        if (!is_alike(other, step))
            continue;
        oh_error_remedy(tell(g, step, "this way is never taken: one before it begins alike"),
                        "it is on line %u; a message that only one of them has, or a 'must' under "
                        "each, tells them apart",
                        other->place.line);
        return;
    }
}

/* Who stands behind a proxy and should speak, or be spoken to, through it in this step; NULL. Later
 * requests go past a proxy that did not ask to stay. RFC 3261 16.6 item 4, 12.2.1.1 */
static const struct oh_party *left_out(const struct oh_scenario *s, size_t at)
{
    const struct oh_step *step = &s->steps[at];
    if (step->kind != OH_STEP_MESSAGE)
        return NULL;
    const struct oh_party *ours =
        oh_scenario_party(s, oh_step_is_ours(s, step) ? step->from : step->to);
    const struct oh_party *proxy = ours && ours->behind ? oh_scenario_party(s, ours->behind) : NULL;
    if (!proxy || proxy->role != OH_ROLE_PROXY)
        return NULL;
    bool within = proxy->record_route == OH_ROUTE_NONE &&
                  (!is_request(step, "INVITE") || last_request(s, at, "INVITE", NULL) >= 0);
    return within ? NULL : proxy;
}

static void check_behind(struct oh_reading *g, size_t at)
{
    const struct oh_step *step = &g->s->steps[at];
    const struct oh_party *proxy = left_out(g->s, at);
    if (!proxy)
        return;
    for (size_t i = 0; i < at; i++) {
        if (left_out(g->s, i)) /* one such line tells of all */
            return;
    }
    bool ours = oh_step_is_ours(g->s, step);
    oh_error_remedy(tell(g, step, "this message cannot go past the proxy"),
                    "%s stands behind %s: write '%s -> %s: ...', here and below",
                    ours ? step->from : step->to, proxy->name, ours ? proxy->name : step->from,
                    ours ? step->to : proxy->name);
}

/* RFC 3262 3: it is repeated until our PRACK. */
static bool is_reliable(const struct oh_scenario *s, size_t at)
{
    const struct oh_step *step = &s->steps[at];
    for (size_t i = 0; i < step->expect_count; i++) {
        if (!strncmp(step->expects[i].field, "rseq", strlen("rseq")))
            return true;
    }
    for (size_t i = at + 1; i < s->step_count; i++) {
        if (is_request(&s->steps[i], "PRACK") && !strcmp(s->steps[i].to, step->from))
            return true;
    }
    return false;
}

/* RFC 3261 13.3.1: another provisional is sent once, and one that is lost stays away. */
static void check_lost(struct oh_reading *g, size_t at)
{
    const struct oh_step *step = &g->s->steps[at];
    if (step->kind != OH_STEP_MESSAGE || step->is_request || step->lose == 0 ||
        step->status >= 200 || !oh_step_is_phones(g->s, step) || is_reliable(g->s, at))
        return;
    oh_error_remedy(tell(g, step, "what is lost here does not come again: it is sent once"),
                    "take 'lose' out: of provisional answers only those with a PRACK are repeated");
}

static void check_media(struct oh_reading *g, size_t at)
{
    const struct oh_step *step = &g->s->steps[at];
    const struct oh_party *from = oh_scenario_party(g->s, step->from);
    const struct oh_party *end =
        from && from->role != OH_ROLE_PHONE ? from : oh_scenario_party(g->s, step->to);
    if (step->kind != OH_STEP_MEDIA || !end ||
        (end->role != OH_ROLE_PROXY && end->role != OH_ROLE_REGISTRAR &&
         end->role != OH_ROLE_REDIRECT))
        return;
    struct oh_error *e = oh_yaml_mistake_at(g->r->y, step->place, g->r->errors,
                                            "'%s' is a %s, and no media goes there", end->name,
                                            oh_role_name(end->role));
    for (size_t i = 0; i < g->s->party_count; i++) {
        const struct oh_party *p = &g->s->parties[i];
        if (p->role != OH_ROLE_PEER && p->role != OH_ROLE_GATEWAY)
            continue;
        oh_error_remedy(e, "name who is talked to: '%s' in place of '%s'", p->name, end->name);
        return;
    }
    oh_error_remedy(e, "name who is talked to, a party with 'behind:' or 'role: peer'");
}

/* It changes places with the message behind it, in the same row. */
static void check_swap(struct oh_reading *g, size_t at)
{
    const struct oh_scenario *s = g->s;
    const struct oh_step *step = &s->steps[at];
    const struct oh_step *next = at + 1 < s->step_count ? &s->steps[at + 1] : NULL;
    if (next && (next->group != step->group || next->branch != step->branch))
        next = NULL;
    if (step->kind != OH_STEP_MESSAGE || !step->swap || (next && oh_step_is_ours(s, next)))
        return;
    struct oh_error *e = tell(g, step, "'swap' has no message of ours behind it to change with");
    if (next)
        oh_error_remedy(e, "the next step is '%s', on line %u", next->text, next->place.line);
    else
        oh_error_remedy(e, "put the message that goes out before it behind it, or take 'swap' out");
}

void oh_check_flow(struct oh_reading *g)
{
    static void (*const checks[])(struct oh_reading *, size_t) = {
        check_call_begins, check_after_final, check_bye,  check_cancel, check_answer, check_ack,
        check_way,         check_behind,      check_lost, check_media,  check_swap};
    if (g->flow_unclear || g->role_unclear)
        return;
    int *requests = oh_step_requests(g->s, g->s->step_count);
    g->requests = requests;
    for (size_t i = 0; i < g->s->step_count; i++) {
        for (size_t k = 0; k < sizeof checks / sizeof *checks; k++)
            checks[k](g, i);
    }
    g->requests = NULL;
    oh_check_ways(g, requests);
    free(requests);
}
