#include "match/walk.h"

#include <stdlib.h>
#include <string.h>

/* A phone's message that was seen, and where it went. */
struct seen {
    const struct oh_sip_msg *msg;
    int step;
};

/* A final answer of ours to an INVITE, which an ACK may belong to; OH_NONE: the flow does not list
 * it. */
struct answer {
    const struct oh_sip_msg *msg;
    int step;
};

struct oh_walk {
    const struct oh_scenario *scenario;
    struct oh_match_env *env;
    enum oh_step_state *states;
    const struct oh_sip_msg **messages;
    struct seen *seen;
    size_t seen_count, seen_room;
    struct answer *answers;
    size_t answer_count, answer_room;
    const struct oh_sip_msg **unlisted; /* our requests that the flow does not list */
    size_t unlisted_count, unlisted_room;
};

struct oh_walk *oh_walk_new(const struct oh_scenario *s, struct oh_match_env *env)
{
    struct oh_walk *w = oh_alloc(sizeof *w);
    w->scenario = s;
    w->env = env;
    w->states = oh_alloc((s->step_count + 1) * sizeof *w->states);
    w->messages = oh_alloc((s->step_count + 1) * sizeof *w->messages);
    return w;
}

void oh_walk_free(struct oh_walk *w)
{
    if (!w)
        return;
    free(w->states);
    free(w->messages);
    free(w->seen);
    free(w->answers);
    free(w->unlisted);
    free(w);
}

enum oh_step_state oh_walk_state(const struct oh_walk *w, int step)
{
    return w->states[step];
}

const struct oh_sip_msg *oh_walk_message(const struct oh_walk *w, int step)
{
    return w->messages[step];
}

int oh_walk_next(const struct oh_walk *w)
{
    int i = 0;
    while (i < (int)w->scenario->step_count && w->states[i] != OH_STEP_PENDING)
        i++;
    return i;
}

/* --- what answers what, by the scenario alone --- */

static bool opposite(const struct oh_step *request, const struct oh_step *response)
{
    return strcmp(request->from, response->to) == 0;
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

/* --- telling a repeat --- */

static bool same(const struct oh_sip_msg *a, const struct oh_sip_msg *b, const char *field)
{
    struct oh_span x = oh_field_text(a, field), y = oh_field_text(b, field);
    return x.at && oh_span_equal(x, y);
}

static const struct seen *find_repeat(const struct oh_walk *w, const struct oh_sip_msg *m)
{
    for (size_t i = w->seen_count; i > 0; i--) {
        if (oh_span_equal(w->seen[i - 1].msg->bytes, m->bytes))
            return &w->seen[i - 1];
    }
    return NULL;
}

/* The same request or answer again, though not byte for byte: same call, CSeq and start. */
static const struct seen *find_alike(const struct oh_walk *w, const struct oh_sip_msg *m)
{
    for (size_t i = w->seen_count; i > 0; i--) {
        const struct oh_sip_msg *old = w->seen[i - 1].msg;
        if (w->seen[i - 1].step != OH_NONE && old->is_request == m->is_request &&
            oh_span_equal(oh_sip_msg_method(old), oh_sip_msg_method(m)) &&
            old->status == m->status && same(old, m, "call-id") && same(old, m, "cseq.number"))
            return &w->seen[i - 1];
    }
    return NULL;
}

/* --- candidates --- */

static bool is_what(const struct oh_scenario *s, int step, const struct oh_sip_msg *m,
                    bool *other_status)
{
    const struct oh_step *at = &s->steps[step];
    *other_status = false;
    if (at->is_request != m->is_request)
        return false;
    if (m->is_request)
        return oh_span_is(m->method, at->method);
    const char *method = oh_walk_step_method(s, step);
    if (method && !oh_span_is(oh_sip_msg_method(m), method))
        return false;
    if (at->status == m->status)
        return true;
    *other_status = true;
    return at->status >= 200 && m->status >= 200;
}

/* The search stops at a send of ours or a user action that is not done yet. */
static bool is_barrier(const struct oh_walk *w, int i)
{
    const struct oh_step *at = &w->scenario->steps[i];
    return w->states[i] == OH_STEP_PENDING &&
           (at->kind == OH_STEP_ACTION || oh_step_is_ours(w->scenario, at));
}

struct candidate {
    int step;
    bool other_status;
    int score;
};

static struct candidate best_candidate(const struct oh_walk *w, const char *from,
                                       const struct oh_sip_msg *m)
{
    const struct oh_scenario *s = w->scenario;
    struct candidate best = {OH_NONE, false, 0};
    for (int i = oh_walk_next(w); i < (int)s->step_count && !is_barrier(w, i); i++) {
        bool other;
        if (w->states[i] != OH_STEP_PENDING || !oh_step_is_phones(s, &s->steps[i]) ||
            strcmp(s->steps[i].from, from) != 0 || !is_what(s, i, m, &other))
            continue;
        int score = oh_match_score(w->env, &s->steps[i], m);
        if (best.step == OH_NONE || (best.other_status && !other) ||
            (best.other_status == other && score > best.score))
            best = (struct candidate){i, other, score};
    }
    return best;
}

static void note_seen(struct oh_walk *w, const struct oh_sip_msg *m, int step)
{
    oh_grow(&w->seen, w->seen_count, &w->seen_room, sizeof *w->seen);
    w->seen[w->seen_count++] = (struct seen){m, step};
}

static void bind_step(struct oh_walk *w, int step, const struct oh_sip_msg *m)
{
    w->messages[step] = m;
    if (w->scenario->steps[step].save)
        oh_match_env_save(w->env, w->scenario->steps[step].save, m);
}

/* Phone steps before `step` that nothing reached: missed, or passed where they are optional. */
static void skip_before(struct oh_walk *w, int step)
{
    for (int i = 0; i < step; i++) {
        const struct oh_step *at = &w->scenario->steps[i];
        if (w->states[i] == OH_STEP_PENDING)
            w->states[i] = oh_step_is_phones(w->scenario, at) && !at->optional ? OH_STEP_MISSED
                                                                               : OH_STEP_PASSED;
    }
}

static struct oh_walk_result reach(struct oh_walk *w, int step, bool other,
                                   const struct oh_sip_msg *m)
{
    bool late = w->states[step] == OH_STEP_MISSED;
    if (!late)
        skip_before(w, step);
    w->states[step] = late ? OH_STEP_LATE : OH_STEP_REACHED;
    bind_step(w, step, m);
    note_seen(w, m, step);
    return (struct oh_walk_result){late ? OH_WALK_LATE : OH_WALK_REACHED, step, other};
}

static struct oh_walk_result repeat_of(struct oh_walk *w, const struct oh_sip_msg *m, int step)
{
    note_seen(w, m, step);
    return (struct oh_walk_result){OH_WALK_REPEAT, step, false};
}

/* --- ACKs: by the final answer that they fit best --- */

static int ack_score(const struct oh_sip_msg *answer, const struct oh_sip_msg *ack)
{
    return (same(answer, ack, "to.tag") ? 4 : 0) + (same(answer, ack, "via.branch") ? 4 : 0) +
           (same(answer, ack, "cseq.number") ? 2 : 0) + (same(answer, ack, "call-id") ? 1 : 0);
}

static const struct answer *answer_of_ack(const struct oh_walk *w, const struct oh_sip_msg *ack)
{
    const struct answer *best = NULL;
    int best_score = -1;
    for (size_t i = 0; i < w->answer_count; i++) {
        int score = ack_score(w->answers[i].msg, ack);
        if (score >= best_score) { /* the latest among equals */
            best = &w->answers[i];
            best_score = score;
        }
    }
    return best;
}

/* The flow's ACK step for the answer that step `answer` sends: the first one of that phone before
 * our next final answer. */
static int ack_step_after(const struct oh_scenario *s, int answer, const char *from)
{
    for (int i = answer + 1; i < (int)s->step_count; i++) {
        const struct oh_step *at = &s->steps[i];
        if (at->kind != OH_STEP_MESSAGE)
            continue;
        if (at->is_request && strcmp(at->method, "ACK") == 0 && strcmp(at->from, from) == 0)
            return i;
        const char *method = at->is_request ? NULL : oh_walk_step_method(s, i);
        if (method && at->status >= 200 && strcmp(method, "INVITE") == 0 && oh_step_is_ours(s, at))
            return OH_NONE;
    }
    return OH_NONE;
}

static struct oh_walk_result got_ack(struct oh_walk *w, const char *from,
                                     const struct oh_sip_msg *m)
{
    const struct answer *a = answer_of_ack(w, m);
    int step = a && a->step != OH_NONE ? ack_step_after(w->scenario, a->step, from) : OH_NONE;
    if (!a) {
        note_seen(w, m, OH_NONE);
        return (struct oh_walk_result){OH_WALK_UNEXPECTED, OH_NONE, false};
    }
    if (step == OH_NONE) { /* our own unlisted answer called for it, or the flow leaves it open */
        note_seen(w, m, OH_NONE);
        return (struct oh_walk_result){OH_WALK_TOLERATED, OH_NONE, false};
    }
    if (w->states[step] == OH_STEP_PENDING || w->states[step] == OH_STEP_MISSED)
        return reach(w, step, false, m);
    return repeat_of(w, m, step);
}

/* --- the rest --- */

/* A missed step that this message is, after all; the earliest. */
static int missed_step(const struct oh_walk *w, const char *from, const struct oh_sip_msg *m)
{
    const struct oh_scenario *s = w->scenario;
    for (int i = 0; i < (int)s->step_count; i++) {
        bool other;
        if (w->states[i] == OH_STEP_MISSED && strcmp(s->steps[i].from, from) == 0 &&
            is_what(s, i, m, &other) && !other)
            return i;
    }
    return OH_NONE;
}

static bool is_background(const struct oh_sip_msg *m)
{
    static const char *const methods[] = {"REGISTER", "OPTIONS", "SUBSCRIBE", "PUBLISH", "NOTIFY"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (oh_span_is(m->method, methods[i]))
            return true;
    }
    return false;
}

static bool answers_unlisted(const struct oh_walk *w, const struct oh_sip_msg *m)
{
    for (size_t i = 0; i < w->unlisted_count; i++) {
        if (same(w->unlisted[i], m, "via.branch") ||
            (same(w->unlisted[i], m, "call-id") && same(w->unlisted[i], m, "cseq.number")))
            return true;
    }
    return false;
}

static bool is_tolerated(const struct oh_walk *w, const struct oh_sip_msg *m)
{
    if (m->is_request)
        return is_background(m);
    return m->status < 200 || answers_unlisted(w, m);
}

struct oh_walk_result oh_walk_got(struct oh_walk *w, const char *from, const char *to,
                                  const struct oh_sip_msg *m)
{
    const struct seen *old = find_repeat(w, m);
    (void)to; /* where it arrived is content: the judge's */
    if (old)
        return (struct oh_walk_result){OH_WALK_REPEAT, old->step, false};
    if (oh_sip_msg_is_method(m, "ACK"))
        return got_ack(w, from, m);
    if (!m->is_request && answers_unlisted(w, m)) {
        note_seen(w, m, OH_NONE);
        return (struct oh_walk_result){OH_WALK_TOLERATED, OH_NONE, false};
    }
    struct candidate best = best_candidate(w, from, m);
    if (best.step != OH_NONE)
        return reach(w, best.step, best.other_status, m);
    int missed = missed_step(w, from, m);
    if (missed != OH_NONE)
        return reach(w, missed, false, m);
    old = find_alike(w, m);
    if (old)
        return repeat_of(w, m, old->step);
    bool tolerated = is_tolerated(w, m);
    note_seen(w, m, OH_NONE);
    return (struct oh_walk_result){tolerated ? OH_WALK_TOLERATED : OH_WALK_UNEXPECTED, OH_NONE,
                                   false};
}

void oh_walk_did(struct oh_walk *w, int step, const struct oh_sip_msg *m)
{
    if (step != OH_NONE) {
        w->states[step] = OH_STEP_PASSED;
        if (m)
            bind_step(w, step, m);
    } else if (m && m->is_request) {
        oh_grow(&w->unlisted, w->unlisted_count, &w->unlisted_room, sizeof *w->unlisted);
        w->unlisted[w->unlisted_count++] = m;
    }
    if (m && !m->is_request && m->status >= 200 && oh_span_is(oh_sip_msg_method(m), "INVITE")) {
        oh_grow(&w->answers, w->answer_count, &w->answer_room, sizeof *w->answers);
        w->answers[w->answer_count++] = (struct answer){m, step};
    }
}

void oh_walk_missed(struct oh_walk *w, int step)
{
    skip_before(w, step);
    if (w->states[step] == OH_STEP_PENDING)
        w->states[step] = w->scenario->steps[step].optional ? OH_STEP_PASSED : OH_STEP_MISSED;
}
