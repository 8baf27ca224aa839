/* The flow, step by step: does ours, tells the user's, waits for the phone's. */
#include "play/player.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>

#define GOING_DOWN_MS 1500 /* a phone that is told to end hangs up first, and then un-registers */
#define HINT_MS       1000 /* after this long the terminal tells what is awaited */
#define TAKEN_IN_MS   50   /* between a message and what the user does upon it */

/* --- user actions --- */

struct oh_action {
    struct oh_action *next;
    struct oh_player *player;
    int step;
    char *seat;
    bool answered;
};

void oh_player_release_actions(struct oh_player *p)
{
    for (size_t i = 0; i < p->seat_count; i++) {
        if (p->seats[i].phone)
            oh_phone_forget_actions(p->seats[i].phone->phone);
    }
    while (p->actions) {
        struct oh_action *a = p->actions;
        p->actions = a->next;
        free(a->seat);
        free(a);
    }
}

bool oh_player_actions_pending(const struct oh_player *p)
{
    for (const struct oh_action *a = p->actions; a; a = a->next) {
        if (!a->answered)
            return true;
    }
    return false;
}

static void on_action(struct oh_phone *phone, enum oh_action_result result, const char *detail,
                      void *arg)
{
    struct oh_action *a = arg;
    struct oh_player *p = a->player;
    (void)phone;
    a->answered = true;
    const char *text = a->step == OH_NONE ? "a user action" : p->scenario->steps[a->step].text;
    if (result == OH_ACTION_TAKEN) {
        oh_record_journal(p, OH_JOURNAL_CONFIRMED, a->step, OH_NONE, a->seat, detail);
        oh_player_advance(p);
        oh_bench_wake(p->bench);
        return;
    }
    oh_record_journal(p, OH_JOURNAL_REFUSED, a->step, OH_NONE, a->seat, detail);
    oh_bench_wake(p->bench);
    if (p->phase == OH_PHASE_CLOSING) /* the flow is over: the wire has told what came of it */
        return;
    oh_player_end(p, result == OH_ACTION_HUNG ? OH_OUTCOME_PHONE_HUNG : OH_OUTCOME_ACTION_REFUSED,
                  a->step, "%s: %s", text, detail ? detail : "no more is known");
}

void oh_player_tell(struct oh_player *p, int step, struct oh_seat *phone, enum oh_verb verb,
                    const char *uri)
{
    struct oh_action *a = oh_alloc(sizeof *a);
    struct oh_error e = {0};
    a->player = p;
    a->step = step;
    a->seat = oh_strdup(phone->name);
    a->next = p->actions;
    p->actions = a;
    oh_record_journal(p, OH_JOURNAL_TOLD, step, OH_NONE, phone->name, uri);
    if (oh_phone_do(phone->phone->phone, verb, uri, on_action, a, &e) == 0)
        return;
    a->answered = true; /* there will be no call */
    oh_player_end(p, OH_OUTCOME_ACTION_REFUSED, step, "%s", e.text);
}

/* "A dials B": the address of record that B has at its proxy. */
static const char *target_uri(struct oh_player *p, const struct oh_step *step)
{
    const struct oh_seat *target = oh_player_seat(p, step->to);
    if (!target)
        return NULL;
    return target->uri;
}

static void do_action(struct oh_player *p, int index, const struct oh_step *step)
{
    struct oh_seat *phone = oh_player_seat(p, step->from);
    oh_player_progress_text(p, OH_PROGRESS_ACTION, index, step->text);
    oh_walk_did(p->walk, index, NULL);
    oh_player_tell(p, index, phone, step->verb, target_uri(p, step));
}

/* --- the clock of the step at the front --- */

static void on_step_time(void *arg)
{
    struct oh_player *p = arg;
    p->step_timer = NULL;
    p->timer_due = true;
    oh_player_advance(p);
}

/* Starts the clock for `step` if it runs for another; says whether it has run out. */
static bool time_is_up(struct oh_player *p, int step, int64_t after_ms)
{
    if (p->timer_step == step)
        return p->timer_due;
    oh_timer_cancel(p->step_timer);
    p->timer_step = step;
    p->timer_due = after_ms <= 0;
    p->step_timer =
        p->timer_due
            ? NULL
            : oh_timer_set(p->net, oh_net_now(p->net) + after_ms * OH_NS_PER_MS, on_step_time, p);
    return p->timer_due;
}

static void on_hint(void *arg)
{
    struct oh_player *p = arg;
    int next = p->walk ? oh_walk_next(p->walk) : 0;
    p->hint_timer = NULL;
    if (!p->ended && next < (int)p->scenario->step_count)
        oh_player_progress_text(p, OH_PROGRESS_WAITING, next, p->scenario->steps[next].text);
}

static void arm_hint(struct oh_player *p)
{
    oh_timer_cancel(p->hint_timer);
    p->hint_timer = oh_timer_set(p->net, oh_net_now(p->net) + HINT_MS * OH_NS_PER_MS, on_hint, p);
}

/* --- one step at the front; true if it is passed and the next may be looked at --- */

static bool front_ours(struct oh_player *p, int index, const struct oh_step *step)
{
    struct oh_error e = {0};
    if (!time_is_up(p, index, step->after_ms) || oh_compose_must_wait(p, step))
        return false;
    if (oh_compose_step(p, index, &e) != 0) {
        oh_player_end(p, OH_OUTCOME_STUCK, index, "%s", e.text);
        return false;
    }
    return true;
}

/* The first phone's step from `index` on that must come, if only optional ones of the phone stand
 * before it; else OH_NONE. */
static int awaited(const struct oh_player *p, int index)
{
    const struct oh_scenario *s = p->scenario;
    for (int i = index; i < (int)s->step_count && oh_step_is_phones(s, &s->steps[i]); i++) {
        if (!s->steps[i].optional)
            return i;
    }
    return OH_NONE;
}

static bool front_phones(struct oh_player *p, int index)
{
    int target = awaited(p, index);
    int counted = target == OH_NONE ? index : target;
    const struct oh_step *step = &p->scenario->steps[counted];
    bool passed_over = target == OH_NONE && step->within_ms < 0; /* optional, and we go on */
    if (!time_is_up(p, counted, passed_over ? 0 : oh_step_deadline_ms(step)))
        return false;
    oh_walk_missed(p->walk, counted);
    oh_record_journal(p, OH_JOURNAL_MISSED, counted, OH_NONE, step->from, NULL);
    if (!step->optional)
        oh_player_progress_text(p, OH_PROGRESS_MISSED, counted, step->text);
    return true;
}

static bool front_timed(struct oh_player *p, int index, const struct oh_step *step)
{
    if (!time_is_up(p, index, step->for_ms))
        return false;
    oh_walk_did(p->walk, index, NULL);
    oh_record_journal(p, OH_JOURNAL_MEDIA, index, OH_NONE, NULL, NULL);
    return true;
}

/* What has just been said must be taken in before the user acts on it: a phone that has not read
 * our 200 yet would refuse to end its registration; and one that goes on by itself is to be seen
 * doing so. */
static int64_t user_waits_ms(const struct oh_player *p, int index, const struct oh_step *step)
{
    const struct oh_scenario *s = p->scenario;
    int i = index - 1;
    while (i >= 0 && s->steps[i].optional)
        i--;
    bool just_said = i >= 0 ? s->steps[i].kind == OH_STEP_MESSAGE : s->given_registered;
    return just_said && step->after_ms < TAKEN_IN_MS ? TAKEN_IN_MS : step->after_ms;
}

static bool front(struct oh_player *p, int index)
{
    const struct oh_step *step = &p->scenario->steps[index];
    switch (step->kind) {
    case OH_STEP_ACTION:
        if (!time_is_up(p, index, user_waits_ms(p, index, step)))
            return false;
        do_action(p, index, step);
        return true;
    case OH_STEP_MEDIA:
    case OH_STEP_SILENCE:
        return front_timed(p, index, step);
    case OH_STEP_MESSAGE:
        break;
    }
    return oh_step_is_ours(p->scenario, step) ? front_ours(p, index, step) : front_phones(p, index);
}

void oh_player_stirred(struct oh_player *p)
{
    if (p->phase == OH_PHASE_CLOSING && p->scenario)
        oh_call_close_all(p);
    oh_player_advance(p);
    oh_bench_wake(p->bench);
}

static void on_derailed(void *arg)
{
    struct oh_player *p = arg;
    p->step_timer = NULL;
    oh_player_end(p, OH_OUTCOME_STUCK, p->derailed_step, "the phone ended the call by itself");
}

void oh_player_derail(struct oh_player *p, int step)
{
    if (p->derailed)
        return;
    p->derailed = true;
    p->derailed_step = step;
    oh_timer_cancel(p->step_timer);
    p->step_timer =
        oh_timer_set(p->net, oh_net_now(p->net) + GOING_DOWN_MS * OH_NS_PER_MS, on_derailed, p);
}

void oh_player_advance(struct oh_player *p)
{
    if (p->phase != OH_PHASE_FLOW || p->advancing || p->ended || p->derailed)
        return;
    p->advancing = true;
    arm_hint(p);
    while (!p->ended) {
        int next = oh_walk_next(p->walk);
        if (next >= (int)p->scenario->step_count) {
            oh_player_end(p, OH_OUTCOME_COMPLETE, OH_NONE, "%s", "");
            break;
        }
        if (!front(p, next))
            break;
    }
    p->advancing = false;
}
