/* The flow, step by step: does ours, tells the user's, waits for the phone's. */
#include "play/player.h"

#include "base/file.h"
#include "scenario/blocks.h"

#include <stdlib.h>
#include <string.h>

#define GOING_DOWN_MS 1500 /* a phone that is told to end hangs up first, and then un-registers */
#define HINT_MS       1000 /* after this long the terminal tells what is awaited */
#define OVERTAKEN_MS  1000 /* for a message that later ones overtook */
#define TAKEN_IN_MS   50   /* between a message and what the user does upon it */

/* --- user actions --- */

struct oh_action {
    struct oh_action *next;
    struct oh_player *player;
    int step;
    int awaited;           /* by hand: the step that shows that it is done; OH_NONE */
    struct oh_phone *hand; /* by hand: the phone; NULL */
    char *seat;
    bool answered;
};

/* Nothing goes on, and no time runs, while a person does what is asked. */
static bool is_at_hand(const struct oh_player *p)
{
    for (const struct oh_action *a = p->actions; a; a = a->next) {
        if (a->hand && !a->answered)
            return true;
    }
    return false;
}

void oh_player_came(struct oh_player *p)
{
    for (const struct oh_action *a = p->actions; a; a = a->next) {
        if (a->hand && !a->answered && a->awaited != OH_NONE &&
            oh_walk_state(p->walk, a->awaited) != OH_STEP_PENDING)
            oh_phone_came(a->hand);
    }
}

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
    if (result == OH_ACTION_SKIPPED) {
        oh_player_end(p, OH_OUTCOME_SKIPPED, a->step, "%s: %s", text, detail);
        return;
    }
    if (result == OH_ACTION_UNSUPPORTED) {
        oh_player_end(p, OH_OUTCOME_SKIPPED, a->step, "the phone lacks what '%s' needs: %s", text,
                      detail ? detail : "no more is known");
        return;
    }
    oh_player_end(p, result == OH_ACTION_HUNG ? OH_OUTCOME_PHONE_HUNG : OH_OUTCOME_ACTION_REFUSED,
                  a->step, "%s: %s", text, detail ? detail : "no more is known");
}

void oh_player_tell(struct oh_player *p, int step, struct oh_seat *phone, enum oh_verb verb,
                    const struct oh_action_args *args)
{
    struct oh_action *a = oh_alloc(sizeof *a);
    struct oh_error e = {0};
    a->player = p;
    a->step = step;
    a->awaited = OH_NONE;
    a->seat = oh_strdup(phone->name);
    if (oh_adapter_is_by_hand(phone->phone->adapter)) {
        a->hand = phone->phone->phone;
        a->awaited = step == OH_NONE ? OH_NONE : oh_desk_awaited(p, step);
        if (step != OH_NONE)
            oh_desk_tell(p, phone, a->awaited);
    }
    a->next = p->actions;
    p->actions = a;
    oh_record_journal(p, OH_JOURNAL_TOLD, step, OH_NONE, phone->name,
                      args && args->uri ? args->uri
                      : args            ? args->digits
                                        : NULL);
    if (verb == OH_VERB_RESTART) /* it knows of no registration when it is up again */
        oh_bindings_clear(phone->phone);
    if (oh_phone_do(phone->phone->phone, verb, args, on_action, a, &e) == 0)
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

/* No phone is told which of its calls is meant: it takes the latest. */
static bool is_latest_call(const struct oh_player *p, const struct oh_seat *phone, const char *name)
{
    const struct oh_call *c = p->calls;
    while (c && (c->phone != phone || c->ended))
        c = c->next;
    return c && c->name && strcmp(c->name, name) == 0;
}

static void do_action(struct oh_player *p, int index, const struct oh_step *step)
{
    struct oh_seat *phone = oh_player_seat(p, step->from);
    if (step->call && !oh_adapter_is_stand_in(phone->phone->adapter) &&
        !is_latest_call(p, phone, step->call)) {
        oh_player_end(
            p, OH_OUTCOME_ACTION_REFUSED, index,
            "%s: the phone cannot be told that call '%s' is meant, which is not its latest",
            step->text, step->call);
        return;
    }
    bool forwards = step->verb == OH_VERB_FORWARD;
    struct oh_action_args args = {.uri = target_uri(p, step),
                                  .digits = forwards ? NULL : step->value,
                                  .when = forwards ? step->value : NULL};
    oh_player_progress_text(p, OH_PROGRESS_ACTION, index, step->text);
    oh_walk_did(p->walk, index, NULL);
    oh_player_tell(p, index, phone, step->verb, &args);
}

/* --- what is awaited --- */

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

/* Does a message of the phone before this step stay away, that later ones came before? It may be
 * just behind them. */
static bool was_overtaken(const struct oh_player *p, int index)
{
    for (int i = 0; i < index; i++) {
        const struct oh_step *step = &p->scenario->steps[i];
        if (oh_step_is_phones(p->scenario, step) && !oh_clock_is_due(p, i) &&
            oh_walk_state(p->walk, i) == OH_STEP_MISSED && oh_step_precedes(p->scenario, i, index))
            return true;
    }
    return false;
}

static bool front_ours(struct oh_player *p, int index, const struct oh_step *step)
{
    struct oh_error e = {0};
    if (!oh_clock_is_up(p, index, step->after_ms) || oh_compose_must_wait(p, step))
        return false;
    int result = oh_compose_step(p, index, &e);
    if (result < 0 && was_overtaken(p, index) && !oh_clock_has_waited(p, index, OVERTAKEN_MS))
        return false;
    if (result < 0)
        oh_player_end(p, OH_OUTCOME_STUCK, index, "%s", e.text);
    return result == 0;
}

static bool front_phones(struct oh_player *p, struct oh_entry front)
{
    struct oh_wait wait = oh_entry_wait(p->scenario, front);
    const struct oh_step *step = &p->scenario->steps[wait.step];
    if (!oh_clock_is_up(p, front.step, wait.longest_ms))
        return false;
    for (int i = front.step; i <= wait.step; i++) {
        if (oh_clock_awaits_copy(p, i))
            return false;
    }
    oh_clock_is_up(p, wait.step, 0); /* its time is over with that of what stands before it */
    oh_walk_missed(p->walk, wait.step);
    oh_record_journal(p, OH_JOURNAL_MISSED, wait.step, OH_NONE, step->from, NULL);
    if (wait.must_come)
        oh_player_progress_text(p, OH_PROGRESS_MISSED, wait.step, step->text);
    return true;
}

static bool front_timed(struct oh_player *p, int index, const struct oh_step *step)
{
    if (!oh_clock_is_up(p, index, step->for_ms))
        return false;
    oh_walk_did(p->walk, index, NULL);
    oh_record_journal(p, OH_JOURNAL_MEDIA, index, OH_NONE, NULL, NULL);
    return true;
}

/* --- connections --- */

bool oh_player_is_silent(struct oh_player *p, const struct oh_seat *seat)
{
    if (p->phase != OH_PHASE_FLOW || p->ended)
        return false;
    for (int i = 0; i < (int)p->scenario->step_count; i++) {
        const struct oh_step *at = &p->scenario->steps[i];
        if (at->kind == OH_STEP_CONNECTION && at->act == OH_IS_SILENT &&
            oh_clock_is_started(p, i) && oh_walk_state(p->walk, i) == OH_STEP_PENDING &&
            strcmp(at->from, seat->name) == 0)
            return true;
    }
    return false;
}

static bool front_connection(struct oh_player *p, int index, const struct oh_step *step)
{
    const struct oh_seat *seat = oh_player_seat(p, step->from);
    struct oh_error e = {0};
    if (step->act == OH_CLOSES || step->act == OH_RESETS) {
        if (!oh_clock_is_up(p, index, step->after_ms))
            return false;
        oh_wires_cut(p->bench, seat, step->act == OH_RESETS);
    } else {
        if (step->act == OH_REFUSES && !oh_clock_is_started(p, index)) {
            oh_wires_refuse(p->bench, seat);
            oh_wires_cut(p->bench, seat, false);
        }
        if (!oh_clock_is_up(p, index, step->for_ms))
            return false;
        if (oh_wires_accept(p->bench, &e) != 0) {
            oh_player_bench_failed(p, &e);
            return false;
        }
    }
    oh_walk_did(p->walk, index, NULL);
    oh_record_journal(p, OH_JOURNAL_MEDIA, index, OH_NONE, seat->name, NULL);
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
    bool just_said =
        i >= 0 ? s->steps[i].kind == OH_STEP_MESSAGE || s->steps[i].kind == OH_STEP_CONNECTION
               : s->given_registered;
    return just_said && step->after_ms < TAKEN_IN_MS ? TAKEN_IN_MS : step->after_ms;
}

static bool front(struct oh_player *p, struct oh_walk_front at)
{
    const struct oh_step *step = &p->scenario->steps[at.step];
    if (oh_clock_is_held(p, at.step) || is_at_hand(p))
        return false;
    if (at.either != OH_NONE || oh_step_is_phones(p->scenario, step))
        return front_phones(p, (struct oh_entry){at.step, at.either});
    switch (step->kind) {
    case OH_STEP_ACTION:
        if (!oh_clock_is_up(p, at.step, user_waits_ms(p, at.step, step)))
            return false;
        do_action(p, at.step, step);
        return true;
    case OH_STEP_MEDIA:
    case OH_STEP_SILENCE:
        return front_timed(p, at.step, step);
    case OH_STEP_CONNECTION:
        return front_connection(p, at.step, step);
    case OH_STEP_MESSAGE:
        break;
    }
    return front_ours(p, at.step, step);
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

/* One step further at one of the fronts; false: all of them wait. */
static bool move_on(struct oh_player *p)
{
    size_t count;
    const struct oh_walk_front *fronts = oh_walk_fronts(p->walk, &count);
    if (count == 0) {
        oh_player_end(p, OH_OUTCOME_COMPLETE, OH_NONE, "%s", "");
        return false;
    }
    for (size_t i = 0; i < count && !p->ended; i++) {
        if (front(p, fronts[i])) /* then there are others */
            return true;
    }
    return false;
}

/* A call that is given does not stand without any of its messages. */
static bool prelude_failed(struct oh_player *p)
{
    const struct oh_scenario *s = p->scenario;
    for (int i = 0; i < (int)s->step_count && s->steps[i].prelude; i++) {
        if (s->steps[i].optional || oh_walk_state(p->walk, i) != OH_STEP_MISSED)
            continue;
        oh_player_end(p, OH_OUTCOME_STUCK, i, "%s never came", s->steps[i].text);
        return true;
    }
    return false;
}

void oh_player_advance(struct oh_player *p)
{
    if (p->phase != OH_PHASE_FLOW || p->advancing || p->ended || p->derailed)
        return;
    p->advancing = true;
    arm_hint(p);
    while (!p->ended && !prelude_failed(p) && move_on(p))
        ;
    oh_clocks_sweep(p);
    p->advancing = false;
}
