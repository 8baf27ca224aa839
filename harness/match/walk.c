#include "match/walk.h"

#include "trace/index.h"

#include <stdlib.h>
#include <string.h>

#define EXPECTED_MESSAGES 4096 /* of a phone in one flow; more are slower to find, not wrong */
#define CHAIN_LIMIT       64   /* our answers that share a text with an ACK, newest first */

enum key_kind { KEY_BYTES, KEY_ALIKE, KEY_ANSWER_CALL, KEY_ANSWER_BRANCH, KEY_ANSWER_TAG };

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
    bool acked;
};

struct oh_walk {
    const struct oh_scenario *scenario;
    struct oh_match_env *env;
    enum oh_step_state *states;
    const struct oh_sip_msg **messages;
    const char **methods; /* by step: oh_walk_step_method */
    struct seen *seen;
    size_t seen_count, seen_room;
    struct answer *answers;
    size_t answer_count, answer_room;
    const struct oh_sip_msg **unlisted; /* our requests that the flow does not list */
    size_t unlisted_count, unlisted_room;
    struct oh_index index; /* of seen (bytes, alike) and answers */
};

struct oh_walk *oh_walk_new(const struct oh_scenario *s, struct oh_match_env *env)
{
    struct oh_walk *w = oh_alloc(sizeof *w);
    w->scenario = s;
    w->env = env;
    w->states = oh_alloc((s->step_count + 1) * sizeof *w->states);
    w->messages = oh_alloc((s->step_count + 1) * sizeof *w->messages);
    w->methods = oh_alloc((s->step_count + 1) * sizeof *w->methods);
    for (size_t i = 0; i < s->step_count; i++)
        w->methods[i] = oh_walk_step_method(s, (int)i);
    oh_index_init(&w->index, EXPECTED_MESSAGES);
    return w;
}

void oh_walk_free(struct oh_walk *w)
{
    if (!w)
        return;
    oh_index_release(&w->index);
    free(w->states);
    free(w->messages);
    free(w->methods);
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

/* --- telling a repeat --- */

static bool same(const struct oh_sip_msg *a, const struct oh_sip_msg *b, const char *field)
{
    struct oh_span x = oh_field_text(a, field), y = oh_field_text(b, field);
    return x.at && oh_span_equal(x, y);
}

static uint64_t key_of(enum key_kind kind, struct oh_span text)
{
    return oh_index_key_add(oh_index_key(kind), text);
}

static const struct seen *find_repeat(const struct oh_walk *w, const struct oh_sip_msg *m)
{
    const struct oh_index_node *n = oh_index_first(&w->index, key_of(KEY_BYTES, m->bytes));
    while (n && !oh_span_equal(w->seen[n->message].msg->bytes, m->bytes))
        n = oh_index_next(&w->index, n);
    return n ? &w->seen[n->message] : NULL;
}

static uint64_t alike_key(const struct oh_sip_msg *m)
{
    uint64_t key = key_of(KEY_ALIKE, oh_sip_msg_method(m));
    key = oh_index_key_add(key, oh_field_text(m, "call-id"));
    key = oh_index_key_add(key, oh_field_text(m, "cseq.number"));
    return oh_index_key_add(key, (struct oh_span){(const char *)&m->status, sizeof m->status});
}

static bool is_alike(const struct oh_sip_msg *a, const struct oh_sip_msg *b)
{
    return a->is_request == b->is_request && a->status == b->status &&
           oh_span_equal(oh_sip_msg_method(a), oh_sip_msg_method(b)) && same(a, b, "call-id") &&
           same(a, b, "cseq.number");
}

/* The same request or answer again, though not byte for byte: same call, CSeq and start. Looks at
 * messages of steps alone. */
static const struct seen *find_alike(const struct oh_walk *w, const struct oh_sip_msg *m)
{
    const struct oh_index_node *n = oh_index_first(&w->index, alike_key(m));
    while (n && !is_alike(w->seen[n->message].msg, m))
        n = oh_index_next(&w->index, n);
    return n ? &w->seen[n->message] : NULL;
}

static void note_seen(struct oh_walk *w, const struct oh_sip_msg *m, int step)
{
    int i = (int)w->seen_count;
    oh_grow(&w->seen, w->seen_count, &w->seen_room, sizeof *w->seen);
    w->seen[w->seen_count++] = (struct seen){m, step};
    oh_index_add(&w->index, key_of(KEY_BYTES, m->bytes), i);
    if (step != OH_NONE)
        oh_index_add(&w->index, alike_key(m), i);
}

/* --- candidates --- */

/* How a message is the step's: the higher the better. */
enum likeness { NO_LIKENESS, FINAL_FOR_PROVISIONAL, OTHER_FINAL, AWAITED };

static enum likeness likeness_of(const struct oh_walk *w, int step, const struct oh_sip_msg *m)
{
    const struct oh_step *at = &w->scenario->steps[step];
    if (at->is_request != m->is_request)
        return NO_LIKENESS;
    if (m->is_request)
        return oh_span_is(m->method, at->method) ? AWAITED : NO_LIKENESS;
    const char *method = w->methods[step];
    struct oh_span answered = oh_sip_msg_method(m); /* absent: a CSeq that cannot be read */
    if (method && answered.at && !oh_span_is(answered, method))
        return NO_LIKENESS;
    if (at->status == m->status)
        return AWAITED;
    if (m->status < 200 || at->optional)
        return NO_LIKENESS;
    return at->status >= 200 ? OTHER_FINAL : FINAL_FOR_PROVISIONAL;
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
    enum likeness likeness;
    int score;
};

static struct candidate best_candidate(const struct oh_walk *w, const char *from,
                                       const struct oh_sip_msg *m)
{
    const struct oh_scenario *s = w->scenario;
    struct candidate best = {OH_NONE, NO_LIKENESS, 0};
    for (int i = oh_walk_next(w); i < (int)s->step_count && !is_barrier(w, i); i++) {
        if (w->states[i] != OH_STEP_PENDING || !oh_step_is_phones(s, &s->steps[i]) ||
            strcmp(s->steps[i].from, from) != 0)
            continue;
        enum likeness likeness = likeness_of(w, i, m);
        if (likeness == NO_LIKENESS || likeness < best.likeness)
            continue;
        int score = oh_match_score(w->env, &s->steps[i], m);
        if (likeness > best.likeness || score > best.score)
            best = (struct candidate){i, likeness, score};
    }
    return best;
}

static void bind_step(struct oh_walk *w, int step, const struct oh_sip_msg *m)
{
    w->messages[step] = m;
    if (w->scenario->steps[step].save)
        oh_match_env_save(w->env, w->scenario->steps[step].save, m);
}

/* What the phone may leave out, or only should send, and did not: our answers to it are not to be
 * sent either. */
static void pass_answers(struct oh_walk *w, int step)
{
    const struct oh_scenario *s = w->scenario;
    for (int i = step + 1; i < (int)s->step_count; i++) {
        const struct oh_step *at = &s->steps[i];
        if (w->states[i] == OH_STEP_PENDING && at->kind == OH_STEP_MESSAGE && !at->is_request &&
            oh_step_is_ours(s, at) && oh_walk_request_step(s, i) == step)
            w->states[i] = OH_STEP_PASSED;
    }
}

static void give_up(struct oh_walk *w, int step)
{
    const struct oh_step *at = &w->scenario->steps[step];
    w->states[step] = at->optional ? OH_STEP_PASSED : OH_STEP_MISSED;
    if (at->optional || at->level == OH_LEVEL_SHOULD)
        pass_answers(w, step);
}

/* Phone steps before `step` that nothing reached: missed, or passed where they are optional. What
 * is ours or the user's to do is never passed over. */
static void skip_before(struct oh_walk *w, int step)
{
    for (int i = 0; i < step && !is_barrier(w, i); i++) {
        const struct oh_step *at = &w->scenario->steps[i];
        if (w->states[i] != OH_STEP_PENDING)
            continue;
        if (oh_step_is_phones(w->scenario, at))
            give_up(w, i);
        else
            w->states[i] = OH_STEP_PASSED;
    }
}

/* Nothing reached it and the flow went on: what still comes is late. */
static bool is_passed_over(const struct oh_walk *w, int step)
{
    const struct oh_step *at = &w->scenario->steps[step];
    return w->states[step] == OH_STEP_MISSED ||
           (w->states[step] == OH_STEP_PASSED && at->optional && !w->messages[step]);
}

static struct oh_walk_result reach(struct oh_walk *w, int step, bool other,
                                   const struct oh_sip_msg *m)
{
    bool late = is_passed_over(w, step);
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

static bool same_token(const struct oh_sip_msg *a, const struct oh_sip_msg *b, const char *field)
{
    struct oh_span x = oh_field_text(a, field), y = oh_field_text(b, field);
    return x.at && oh_span_equal_nocase(x, y);
}

/* RFC 3261 17.1.1.3 (to 300..699: the INVITE's branch) and 13.2.2.4 (to 2xx: a branch of its own),
 * of which any part may be wrong. Negative: they do not belong together. */
static int ack_score(const struct answer *a, const struct oh_sip_msg *ack)
{
    bool tag = same_token(a->msg, ack, "to.tag"), from = same_token(a->msg, ack, "from.tag");
    bool branch = same_token(a->msg, ack, "via.branch"), call = same(a->msg, ack, "call-id");
    bool number = same(a->msg, ack, "cseq.number");
    bool plausible =
        a->acked ? (tag && number) || branch : call + tag + from + branch + number >= 2;
    int by_branch = a->msg->status < 300 ? 3 * !branch : 8 * branch;
    if (!plausible)
        return -1;
    return 8 * tag + by_branch + 6 * call + 6 * number + 3 * from + 7 * !a->acked;
}

static const struct {
    enum key_kind kind;
    const char *field;
} answer_keys[] = {
    {KEY_ANSWER_CALL, "call-id"}, {KEY_ANSWER_BRANCH, "via.branch"}, {KEY_ANSWER_TAG, "to.tag"}};
#define ANSWER_KEYS (sizeof answer_keys / sizeof *answer_keys)

static void note_answer(struct oh_walk *w, const struct oh_sip_msg *m, int step)
{
    int i = (int)w->answer_count;
    oh_grow(&w->answers, w->answer_count, &w->answer_room, sizeof *w->answers);
    w->answers[w->answer_count++] = (struct answer){m, step, false};
    for (size_t k = 0; k < ANSWER_KEYS; k++) {
        struct oh_span text = oh_field_text(m, answer_keys[k].field);
        if (text.at)
            oh_index_add(&w->index, key_of(answer_keys[k].kind, text), i);
    }
}

static struct answer *answer_of_ack(struct oh_walk *w, const struct oh_sip_msg *ack)
{
    int best = OH_NONE, best_score = -1;
    for (size_t k = 0; k < ANSWER_KEYS; k++) {
        struct oh_span text = oh_field_text(ack, answer_keys[k].field);
        const struct oh_index_node *n =
            text.at ? oh_index_first(&w->index, key_of(answer_keys[k].kind, text)) : NULL;
        for (int looked = 0; n && looked < CHAIN_LIMIT; looked++) {
            int score = ack_score(&w->answers[n->message], ack);
            if (score > best_score || (score == best_score && n->message > best)) {
                best = n->message;
                best_score = score;
            }
            n = oh_index_next(&w->index, n);
        }
    }
    return best_score < 0 ? NULL : &w->answers[best];
}

/* The flow's ACK step for the answer that step `answer` sends: the first one of that phone before
 * our next final answer. */
static int ack_step_after(const struct oh_walk *w, int answer, const char *from)
{
    const struct oh_scenario *s = w->scenario;
    for (int i = answer + 1; i < (int)s->step_count; i++) {
        const struct oh_step *at = &s->steps[i];
        if (at->kind != OH_STEP_MESSAGE)
            continue;
        if (at->is_request && strcmp(at->method, "ACK") == 0 && strcmp(at->from, from) == 0)
            return i;
        if (!at->is_request && at->status >= 200 && w->methods[i] &&
            strcmp(w->methods[i], "INVITE") == 0 && oh_step_is_ours(s, at))
            return OH_NONE;
    }
    return OH_NONE;
}

static struct oh_walk_result of_no_step(struct oh_walk *w, const struct oh_sip_msg *m,
                                        enum oh_walk_kind kind)
{
    note_seen(w, m, OH_NONE);
    return (struct oh_walk_result){kind, OH_NONE, false};
}

static struct oh_walk_result got_ack(struct oh_walk *w, const char *from,
                                     const struct oh_sip_msg *m)
{
    struct answer *a = answer_of_ack(w, m);
    if (!a)
        return of_no_step(w, m, OH_WALK_UNEXPECTED);
    a->acked = true;
    int step = a->step == OH_NONE ? OH_NONE : ack_step_after(w, a->step, from);
    if (step == OH_NONE) /* our own unlisted answer called for it, or the flow leaves it open */
        return of_no_step(w, m, OH_WALK_TOLERATED);
    if (w->states[step] == OH_STEP_PENDING || is_passed_over(w, step))
        return reach(w, step, false, m);
    return repeat_of(w, m, step);
}

/* --- the rest --- */

/* A missed step that this message is, after all; the earliest. */
static int missed_step(const struct oh_walk *w, const char *from, const struct oh_sip_msg *m)
{
    const struct oh_scenario *s = w->scenario;
    for (int i = 0; i < (int)s->step_count; i++) {
        if (oh_step_is_phones(s, &s->steps[i]) && is_passed_over(w, i) &&
            strcmp(s->steps[i].from, from) == 0 && likeness_of(w, i, m) == AWAITED)
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
        if (!oh_span_equal(w->unlisted[i]->method, oh_sip_msg_method(m)))
            continue; /* a CANCEL has its INVITE's branch and number */
        if (same(w->unlisted[i], m, "via.branch") ||
            (same(w->unlisted[i], m, "call-id") && same(w->unlisted[i], m, "cseq.number")))
            return true;
    }
    return false;
}

static bool is_tolerated(const struct oh_sip_msg *m)
{
    return m->is_request ? is_background(m) : m->status < 200;
}

/* The later step that awaits this request, which ends the call; behind a barrier, or it would have
 * been a candidate. */
static int early_step(const struct oh_walk *w, const char *from, const struct oh_sip_msg *m)
{
    const struct oh_scenario *s = w->scenario;
    if (!oh_sip_msg_is_method(m, "BYE") && !oh_sip_msg_is_method(m, "CANCEL"))
        return OH_NONE;
    for (int i = oh_walk_next(w); i < (int)s->step_count; i++) {
        const struct oh_step *at = &s->steps[i];
        if (w->states[i] == OH_STEP_PENDING && at->kind == OH_STEP_MESSAGE && at->is_request &&
            strcmp(at->from, from) == 0 && oh_span_is(m->method, at->method))
            return i;
    }
    return OH_NONE;
}

static struct oh_walk_result reach_early(struct oh_walk *w, int step, const struct oh_sip_msg *m)
{
    w->states[step] = OH_STEP_REACHED;
    bind_step(w, step, m);
    note_seen(w, m, step);
    return (struct oh_walk_result){OH_WALK_EARLY, step, false};
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
    if (!m->is_request && answers_unlisted(w, m))
        return of_no_step(w, m, OH_WALK_TOLERATED);
    struct candidate best = best_candidate(w, from, m);
    if (best.step != OH_NONE)
        return reach(w, best.step, best.likeness != AWAITED, m);
    int missed = missed_step(w, from, m);
    if (missed != OH_NONE)
        return reach(w, missed, false, m);
    old = find_alike(w, m);
    if (old)
        return repeat_of(w, m, old->step);
    int early = early_step(w, from, m);
    if (early != OH_NONE)
        return reach_early(w, early, m);
    return of_no_step(w, m, is_tolerated(m) ? OH_WALK_TOLERATED : OH_WALK_UNEXPECTED);
}

void oh_walk_did(struct oh_walk *w, int step, const struct oh_sip_msg *m)
{
    if (step != OH_NONE) {
        w->states[step] = OH_STEP_PASSED;
        if (m)
            bind_step(w, step, m);
    } else if (m && m->is_request && !oh_sip_msg_is_method(m, "ACK")) {
        oh_grow(&w->unlisted, w->unlisted_count, &w->unlisted_room, sizeof *w->unlisted);
        w->unlisted[w->unlisted_count++] = m;
    }
    if (m && oh_sip_msg_is_final(m) && oh_span_is(oh_sip_msg_method(m), "INVITE"))
        note_answer(w, m, step);
}

void oh_walk_missed(struct oh_walk *w, int step)
{
    skip_before(w, step);
    if (w->states[step] == OH_STEP_PENDING)
        give_up(w, step);
}
