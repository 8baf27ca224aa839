/* The recording once more through the walk, in the order in which the player saw it. */
#include "judge/internal.h"
#include "scenario/blocks.h"

#include <stdlib.h>
#include <string.h>

static int *all_none(size_t count)
{
    int *array = oh_alloc((count + 1) * sizeof *array);
    for (size_t i = 0; i <= count; i++)
        array[i] = OH_NONE;
    return array;
}

static void index_journal(struct oh_judging *j, const struct oh_journal_entry *e)
{
    bool has_tap = e->tap >= 0 && (size_t)e->tap < j->run->tap_count;
    bool by_walk = e->kind == OH_JOURNAL_SENT || e->kind == OH_JOURNAL_GOT ||
                   e->kind == OH_JOURNAL_MISSED || e->kind == OH_JOURNAL_MEDIA;
    if (by_walk && e->tap_before > j->last_step_tap)
        j->last_step_tap = e->tap_before;
    if (has_tap && e->kind == OH_JOURNAL_SENT)
        j->step_sent_by_tap[e->tap] = e->step;
    if (has_tap && e->kind == OH_JOURNAL_GOT)
        j->step_got_by_tap[e->tap] = e->step;
    if (e->kind == OH_JOURNAL_FLOW_BEGINS)
        j->begin_ns = e->wall_ns;
    if (e->kind == OH_JOURNAL_FLOW_ENDS)
        j->end_ns = e->wall_ns;
}

static void index_taps(struct oh_judging *j)
{
    j->msg_of_tap = all_none(j->run->tap_count);
    j->step_sent_by_tap = all_none(j->run->tap_count);
    j->step_got_by_tap = all_none(j->run->tap_count);
    j->begin_ns = j->end_ns = INT64_MAX;
    for (size_t i = 0; i < j->trace->msg_count; i++) {
        int tap = j->trace->msgs[i].tap;
        if (tap != OH_NONE)
            j->msg_of_tap[tap] = (int)i;
    }
    for (size_t i = 0; i < j->run->journal_count; i++)
        index_journal(j, &j->run->journal[i]);
}

static void done_at(struct oh_judging *j, int step, int64_t wall_ns)
{
    if (step != OH_NONE && j->step_done_ns[step] == 0)
        j->step_done_ns[step] = wall_ns;
}

static void belongs(struct oh_judging *j, const struct oh_trace_msg *m, int step)
{
    struct oh_verdict *v = j->verdict;
    v->step_of_msg[m->index] = step;
    if (step == OH_NONE)
        return;
    struct oh_step_result *r = &v->steps[step];
    if (m->frame && r->frame_count < OH_FINDING_FRAMES)
        r->frames[r->frame_count++] = m->frame;
    if (r->msg == OH_NONE) {
        r->msg = m->index;
        r->time_ns = m->time_ns - j->zero_ns;
    }
}

/* What the player says reached a step must be what the walk says here; anything else is our own
 * fault. What came after the player's last step it no longer looked at. */
static void check_agreement(struct oh_judging *j, const struct oh_trace_msg *m,
                            struct oh_walk_result r)
{
    bool reached = r.kind == OH_WALK_REACHED || r.kind == OH_WALK_LATE || r.kind == OH_WALK_EARLY;
    int players = j->step_got_by_tap[m->tap];
    if (players == (reached ? r.step : OH_NONE))
        return;
    if (players != OH_NONE || m->tap < j->last_step_tap)
        j->disagreement = "player and judge took the same message for different steps";
}

/* The silence that is being kept, if the flow stands there. */
static int silence_now(const struct oh_judging *j)
{
    size_t count;
    const struct oh_walk_front *fronts = oh_walk_fronts(j->walk, &count);
    for (size_t i = 0; i < count; i++) {
        if (j->scenario->steps[fronts[i].step].kind == OH_STEP_SILENCE)
            return fronts[i].step;
    }
    return OH_NONE;
}

static void take(struct oh_judging *j, const struct oh_trace_msg *m, struct oh_walk_result r,
                 int silence)
{
    bool reached = r.kind == OH_WALK_REACHED || r.kind == OH_WALK_LATE;
    bool breaks = silence != OH_NONE &&
                  (r.kind == OH_WALK_UNEXPECTED ||
                   (r.kind == OH_WALK_REACHED && oh_step_precedes(j->scenario, silence, r.step)));
    belongs(j, m, r.step);
    if (j->run->foreign && (breaks || r.kind == OH_WALK_UNEXPECTED)) {
        /* it may be the user's doing */
    } else if (breaks) {
        done_at(j, silence, m->time_ns);
        oh_flow_not_silent(j, silence, m);
    } else if (r.kind == OH_WALK_UNEXPECTED) {
        oh_flow_unexpected(j, m);
    }
    if (r.kind == OH_WALK_EARLY)
        oh_flow_early(j, m, r.step);
    if (reached) {
        done_at(j, r.step, m->time_ns);
        oh_flow_reached(j, m, r);
    }
}

static bool is_earlier(struct oh_judging *j, const struct oh_trace_msg *m)
{
    return j->verdict->earlier_of_msg[m->index] = oh_match_is_earlier(j->env, m->sip);
}

static void phone_message(struct oh_judging *j, const struct oh_trace_msg *m)
{
    struct oh_walk_result r = {OH_WALK_TOLERATED, OH_NONE, false};
    oh_match_env_saw(j->env, m->sip);
    bool earlier = is_earlier(j, m);
    if (!j->in_flow)
        return;
    int silence = silence_now(j);
    if (!earlier)
        r = oh_walk_got(j->walk, m->from_seat, m->to_seat, m->sip);
    check_agreement(j, m, r);
    take(j, m, r, silence);
}

/* Repeats are not told, as the player does not; but what the player calls a step is one, even where
 * it equals an earlier message byte for byte (a 100 that was sent before by itself). */
static void our_message(struct oh_judging *j, const struct oh_trace_msg *m)
{
    int step = j->step_sent_by_tap[m->tap];
    oh_match_env_saw(j->env, m->sip);
    if (m->repeat_of != OH_NONE && step == OH_NONE) {
        belongs(j, m, j->verdict->step_of_msg[m->repeat_of]);
        return;
    }
    oh_walk_did(j->walk, step, m->sip);
    belongs(j, m, step);
    done_at(j, step, m->time_ns);
}

/* Third parties that send to our sockets are nobody's: the player does not look at them either. */
static void message(struct oh_judging *j, const struct oh_trace_msg *m)
{
    if (j->run->tap[m->tap].sent)
        our_message(j, m);
    else if (m->from_phone)
        phone_message(j, m);
}

static void done(struct oh_judging *j, const struct oh_journal_entry *e)
{
    oh_walk_did(j->walk, e->step, NULL);
    done_at(j, e->step, e->wall_ns);
    if (e->kind == OH_JOURNAL_MEDIA)
        oh_flow_media(j, e->step, e->wall_ns);
}

static void missed(struct oh_judging *j, const struct oh_journal_entry *e)
{
    enum oh_step_state state = oh_walk_state(j->walk, e->step);
    if (state == OH_STEP_REACHED || state == OH_STEP_LATE)
        j->disagreement = "the player gave up a step that the judge sees reached";
    oh_walk_missed(j->walk, e->step);
    j->given_up_ns[e->step] = e->wall_ns;
    done_at(j, e->step, e->wall_ns);
}

static void step_entry(struct oh_judging *j, const struct oh_journal_entry *e)
{
    if (e->kind == OH_JOURNAL_TOLD || e->kind == OH_JOURNAL_MEDIA)
        done(j, e);
    else if (e->kind == OH_JOURNAL_MISSED)
        missed(j, e);
    else if (e->kind == OH_JOURNAL_REFUSED)
        j->verdict->steps[e->step].word = OH_STEP_IS_UNCLEAR;
}

static void journal(struct oh_judging *j, const struct oh_journal_entry *e)
{
    if (e->kind == OH_JOURNAL_FLOW_BEGINS)
        j->in_flow = true;
    else if (e->kind == OH_JOURNAL_FLOW_ENDS)
        j->in_flow = false;
    else if (e->step >= 0 && (size_t)e->step < j->scenario->step_count)
        step_entry(j, e);
}

/* Messages on the wire that no socket of ours got. The player never saw them, so they are looked at
 * when all that it saw has its place: they can only stand for what is missing. */
static void strays(struct oh_judging *j)
{
    for (size_t i = 0; i < j->trace->msg_count; i++) {
        const struct oh_trace_msg *m = &j->trace->msgs[i];
        if (m->tap != OH_NONE || !m->from_phone || m->duplicate_of != OH_NONE || is_earlier(j, m) ||
            m->time_ns < j->begin_ns || m->time_ns > j->end_ns)
            continue;
        struct oh_walk_result r = oh_walk_got(j->walk, m->from_seat, m->to_seat, m->sip);
        take(j, m, r, OH_NONE);
    }
}

void oh_replay(struct oh_judging *j)
{
    const struct oh_run *run = j->run;
    size_t at = 0;
    index_taps(j);
    if (run->foreign) /* who made the capture lost nothing on purpose */
        oh_walk_loses_nothing(j->walk);
    for (size_t tap = 0; tap <= run->tap_count; tap++) {
        for (; at < run->journal_count && run->journal[at].tap_before <= (int)tap; at++)
            journal(j, &run->journal[at]);
        if (tap < run->tap_count && j->msg_of_tap[tap] != OH_NONE)
            message(j, &j->trace->msgs[j->msg_of_tap[tap]]);
    }
    strays(j);
}
