#include "match/walk.h"

#include "match/walk_path.h"
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
    struct oh_path path;
    struct oh_match_env *env;
    const struct oh_sip_msg **messages;
    const char **methods; /* by step: oh_walk_step_method */
    unsigned *lost;       /* by step: copies that did not come, as the flow has it */
    bool loses_nothing;
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
    oh_path_init(&w->path, s);
    w->env = env;
    w->lost = oh_alloc((s->step_count + 1) * sizeof *w->lost);
    w->messages = oh_alloc((s->step_count + 1) * sizeof *w->messages);
    w->methods = oh_alloc((s->step_count + 1) * sizeof *w->methods);
    int *requests = oh_step_requests(s, s->step_count);
    for (size_t i = 0; i < s->step_count; i++) {
        const char *asked = requests[i] == OH_NONE ? NULL : s->steps[requests[i]].method;
        w->methods[i] = s->steps[i].method ? s->steps[i].method : asked;
    }
    free(requests);
    oh_index_init(&w->index, EXPECTED_MESSAGES);
    return w;
}

void oh_walk_free(struct oh_walk *w)
{
    if (!w)
        return;
    oh_index_release(&w->index);
    oh_path_release(&w->path);
    free(w->lost);
    free(w->messages);
    free(w->methods);
    free(w->seen);
    free(w->answers);
    free(w->unlisted);
    free(w);
}

enum oh_step_state oh_walk_state(const struct oh_walk *w, int step)
{
    return w->path.states[step];
}

const struct oh_sip_msg *oh_walk_message(const struct oh_walk *w, int step)
{
    return w->messages[step];
}

int oh_walk_next(const struct oh_walk *w)
{
    return oh_path_next(&w->path);
}

const struct oh_walk_front *oh_walk_fronts(struct oh_walk *w, size_t *count)
{
    oh_path_find_fronts(&w->path);
    *count = w->path.front_count;
    return w->path.fronts;
}

int oh_walk_chosen(const struct oh_walk *w, int either)
{
    return w->path.chosen[either];
}

unsigned oh_walk_lost(const struct oh_walk *w, int step)
{
    return w->lost[step];
}

void oh_walk_loses_nothing(struct oh_walk *w)
{
    w->loses_nothing = true;
}

bool oh_walk_may_leave_out(const struct oh_walk *w, int step)
{
    const struct oh_scenario *s = w->path.scenario;
    for (int at = s->steps[step].group; at != OH_NONE; at = s->groups[at].parent) {
        if (s->groups[at].first == step && oh_block_is_optional(s, at))
            return true;
    }
    return s->steps[step].optional;
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

static bool answers_by_branch(const struct oh_walk *w, int step, const struct oh_sip_msg *m)
{
    int asked = w->path.requests[step];
    const struct oh_sip_msg *request = asked == OH_NONE ? NULL : w->messages[asked];
    return request && same(request, m, "via.branch");
}

/* Its CSeq names a method that no request of ours with its branch has: that is content, and wrong.
 */
static bool misnames_its_request(const struct oh_walk *w, const struct oh_sip_msg *m)
{
    const struct oh_scenario *s = w->path.scenario;
    struct oh_span named = oh_sip_msg_method(m);
    bool any = false;
    for (size_t i = 0; i < s->step_count + w->unlisted_count; i++) {
        const struct oh_sip_msg *request =
            i < s->step_count ? w->messages[i] : w->unlisted[i - s->step_count];
        if (!request || !request->is_request || !same(request, m, "via.branch"))
            continue;
        if (oh_span_equal(request->method, named))
            return false;
        any = true;
    }
    return any;
}

/* How a message is the step's: the higher the better. */
enum likeness { NO_LIKENESS, FINAL_FOR_PROVISIONAL, OTHER_FINAL, AWAITED };

static enum likeness likeness_of(const struct oh_walk *w, int step, const struct oh_sip_msg *m)
{
    const struct oh_step *at = &w->path.scenario->steps[step];
    if (at->is_request != m->is_request)
        return NO_LIKENESS;
    if (m->is_request)
        return oh_span_is(m->method, at->method) ? AWAITED : NO_LIKENESS;
    const char *method = w->methods[step];
    struct oh_span answered = oh_sip_msg_method(m); /* absent: a CSeq that cannot be read */
    if (method && answered.at && !oh_span_is(answered, method) &&
        !(answers_by_branch(w, step, m) && misnames_its_request(w, m)))
        return NO_LIKENESS;
    if (at->status == m->status)
        return AWAITED;
    if (m->status < 200 || at->optional)
        return NO_LIKENESS;
    return at->status >= 200 ? OTHER_FINAL : FINAL_FOR_PROVISIONAL;
}

struct candidate {
    int step;
    enum likeness likeness;
    int score;
};

struct looking {
    const struct oh_walk *walk;
    const char *from;
    const struct oh_sip_msg *msg;
    struct candidate best;
};

/* One step after the other: the better fit, the earlier one among equals. Where the two are no row,
 * first the one that passes over less: with another way before it, nothing is missed. */
static bool is_better(const struct oh_walk *w, const struct candidate *now,
                      const struct candidate *best)
{
    const struct oh_scenario *s = w->path.scenario;
    if (now->likeness != best->likeness)
        return now->likeness > best->likeness;
    if (!oh_step_precedes(s, best->step, now->step)) {
        size_t skips = oh_path_skips(&w->path, now->step);
        size_t best_skips = oh_path_skips(&w->path, best->step);
        if (skips != best_skips)
            return skips < best_skips;
    }
    return now->score > best->score;
}

static void look_at(int step, void *arg)
{
    struct looking *l = arg;
    const struct oh_step *at = &l->walk->path.scenario->steps[step];
    if (!oh_step_is_phones(l->walk->path.scenario, at) || strcmp(at->from, l->from) != 0)
        return;
    struct candidate now = {step, likeness_of(l->walk, step, l->msg), 0};
    if (now.likeness == NO_LIKENESS || now.likeness < l->best.likeness)
        return;
    now.score = oh_match_score(l->walk->env, at, l->msg);
    if (l->best.step == OH_NONE || is_better(l->walk, &now, &l->best))
        l->best = now;
}

static struct candidate best_candidate(const struct oh_walk *w, const char *from,
                                       const struct oh_sip_msg *m)
{
    struct looking l = {w, from, m, {OH_NONE, NO_LIKENESS, 0}};
    oh_path_search(&w->path, look_at, &l);
    return l.best;
}

static void bind_step(struct oh_walk *w, int step, const struct oh_sip_msg *m)
{
    w->messages[step] = m;
    if (w->path.scenario->steps[step].save)
        oh_match_env_save(w->env, w->path.scenario->steps[step].save, m);
}

/* Nothing reached it and the flow went on: what still comes is late. */
static bool is_passed_over(const struct oh_walk *w, int step)
{
    const struct oh_step *at = &w->path.scenario->steps[step];
    return w->path.states[step] == OH_STEP_MISSED || oh_path_is_left_out(&w->path, step) ||
           (w->path.states[step] == OH_STEP_PASSED && at->optional && !w->messages[step]);
}

/* `lose`: of what timers send again, which over TCP nothing does. */
static bool is_lost(struct oh_walk *w, int step, const struct oh_sip_msg *m)
{
    struct oh_span transport = oh_field_text(m, "via.transport");
    if (w->loses_nothing || w->lost[step] >= w->path.scenario->steps[step].lose ||
        !oh_span_equal_nocase(transport, oh_span_of("UDP")))
        return false;
    w->lost[step]++;
    return true;
}

static struct oh_walk_result reach(struct oh_walk *w, int step, bool other,
                                   const struct oh_sip_msg *m)
{
    bool late = is_passed_over(w, step);
    if (!late && is_lost(w, step, m))
        return (struct oh_walk_result){OH_WALK_LOST, step, other};
    if (!late) {
        oh_path_take_way(&w->path, step);
        oh_path_skip_before(&w->path, step);
    }
    w->path.states[step] = late ? OH_STEP_LATE : OH_STEP_REACHED;
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
    const struct oh_scenario *s = w->path.scenario;
    for (int i = answer + 1; i < (int)s->step_count; i++) {
        const struct oh_step *at = &s->steps[i];
        if (at->kind != OH_STEP_MESSAGE || !oh_step_precedes(s, answer, i) ||
            w->path.states[i] == OH_STEP_NOT_TAKEN)
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
    int step = a->step == OH_NONE ? OH_NONE : ack_step_after(w, a->step, from);
    if (step == OH_NONE) {
        a->acked = true; /* our own unlisted answer called for it, or the flow leaves it open */
        return of_no_step(w, m, OH_WALK_TOLERATED);
    }
    bool is_new = w->path.states[step] == OH_STEP_PENDING || is_passed_over(w, step);
    struct oh_walk_result r = is_new ? reach(w, step, false, m) : repeat_of(w, m, step);
    a->acked = a->acked || r.kind != OH_WALK_LOST;
    return r;
}

/* --- the rest --- */

/* A missed step that this message is, after all; the earliest. */
static int missed_step(const struct oh_walk *w, const char *from, const struct oh_sip_msg *m)
{
    const struct oh_scenario *s = w->path.scenario;
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
    const struct oh_scenario *s = w->path.scenario;
    if (!oh_sip_msg_is_method(m, "BYE") && !oh_sip_msg_is_method(m, "CANCEL"))
        return OH_NONE;
    for (int i = oh_walk_next(w); i < (int)s->step_count; i++) {
        const struct oh_step *at = &s->steps[i];
        if (w->path.states[i] == OH_STEP_PENDING && at->kind == OH_STEP_MESSAGE && at->is_request &&
            strcmp(at->from, from) == 0 && oh_span_is(m->method, at->method))
            return i;
    }
    return OH_NONE;
}

static struct oh_walk_result reach_early(struct oh_walk *w, int step, const struct oh_sip_msg *m)
{
    oh_path_take_way(&w->path, step);
    w->path.states[step] = OH_STEP_REACHED;
    bind_step(w, step, m);
    note_seen(w, m, step);
    return (struct oh_walk_result){OH_WALK_EARLY, step, false};
}

/* `P is silent`: the flow stands there. Over TCP nothing would be sent again. */
static bool falls_silent(struct oh_walk *w, const char *to, const struct oh_sip_msg *m)
{
    size_t count;
    if (w->loses_nothing || !to)
        return false;
    const struct oh_walk_front *fronts = oh_walk_fronts(w, &count);
    for (size_t i = 0; i < count; i++) {
        const struct oh_step *at = &w->path.scenario->steps[fronts[i].step];
        if (fronts[i].either == OH_NONE && at->kind == OH_STEP_CONNECTION &&
            at->act == OH_IS_SILENT && strcmp(at->from, to) == 0)
            return oh_span_equal_nocase(oh_field_text(m, "via.transport"), oh_span_of("UDP"));
    }
    return false;
}

struct oh_walk_result oh_walk_got(struct oh_walk *w, const char *from, const char *to,
                                  const struct oh_sip_msg *m)
{
    if (falls_silent(w, to, m)) /* else, where it arrived is content: the judge's */
        return (struct oh_walk_result){OH_WALK_LOST, OH_NONE, false};
    const struct seen *old = find_repeat(w, m);
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
        w->path.states[step] = OH_STEP_PASSED;
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
    oh_path_miss(&w->path, step);
}
