/* The recording once more through the walk, in the order in which the player saw it. */
#include "judge/internal.h"

#include <stdlib.h>
#include <string.h>

static int *all_none(size_t count)
{
    int *array = oh_alloc((count + 1) * sizeof *array);
    for (size_t i = 0; i <= count; i++)
        array[i] = OH_NONE;
    return array;
}

static void index_taps(struct oh_judging *j)
{
    j->msg_of_tap = all_none(j->run->tap_count);
    j->step_sent_by_tap = all_none(j->run->tap_count);
    for (size_t i = 0; i < j->trace->msg_count; i++) {
        int tap = j->trace->msgs[i].tap;
        if (tap != OH_NONE)
            j->msg_of_tap[tap] = (int)i;
    }
    for (size_t i = 0; i < j->run->journal_count; i++) {
        const struct oh_journal_entry *e = &j->run->journal[i];
        if (e->kind == OH_JOURNAL_SENT && e->tap >= 0 && (size_t)e->tap < j->run->tap_count)
            j->step_sent_by_tap[e->tap] = e->step;
    }
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

static void phone_message(struct oh_judging *j, const struct oh_trace_msg *m)
{
    oh_match_env_saw(j->env, m->sip);
    if (!j->in_flow || m->duplicate_of != OH_NONE)
        return;
    struct oh_walk_result r = oh_walk_got(j->walk, m->from_seat, m->to_seat, m->sip);
    belongs(j, m, r.step);
    if (r.kind == OH_WALK_REACHED || r.kind == OH_WALK_LATE) {
        done_at(j, r.step, m->time_ns);
        oh_flow_reached(j, m, r);
    } else if (r.kind == OH_WALK_UNEXPECTED) {
        oh_flow_unexpected(j, m);
    }
}

static void our_message(struct oh_judging *j, const struct oh_trace_msg *m)
{
    int step = m->tap == OH_NONE ? OH_NONE : j->step_sent_by_tap[m->tap];
    oh_match_env_saw(j->env, m->sip);
    if (m->repeat_of != OH_NONE || m->duplicate_of != OH_NONE) {
        int first = m->repeat_of != OH_NONE ? m->repeat_of : m->duplicate_of;
        belongs(j, m, j->verdict->step_of_msg[first]);
        return;
    }
    oh_walk_did(j->walk, step, m->sip);
    belongs(j, m, step);
    done_at(j, step, m->time_ns);
}

static void message(struct oh_judging *j, const struct oh_trace_msg *m)
{
    if (m->from_phone)
        phone_message(j, m);
    else
        our_message(j, m);
}

/* What the player says reached a step must be what the walk says here; anything else is our own
 * fault. */
static void check_agreement(struct oh_judging *j, const struct oh_journal_entry *e)
{
    int msg = e->tap >= 0 && (size_t)e->tap < j->run->tap_count ? j->msg_of_tap[e->tap] : OH_NONE;
    if (msg != OH_NONE && j->verdict->step_of_msg[msg] != e->step)
        j->disagreement = "player and judge took the same message for different steps";
}

static void journal(struct oh_judging *j, const struct oh_journal_entry *e)
{
    bool has_step = e->step >= 0 && (size_t)e->step < j->scenario->step_count;
    switch (e->kind) {
    case OH_JOURNAL_FLOW_BEGINS:
        j->in_flow = true;
        break;
    case OH_JOURNAL_FLOW_ENDS:
        j->in_flow = false;
        break;
    case OH_JOURNAL_TOLD:
        if (has_step) {
            oh_walk_did(j->walk, e->step, NULL);
            done_at(j, e->step, e->wall_ns);
        }
        break;
    case OH_JOURNAL_MEDIA:
        if (has_step) {
            oh_walk_did(j->walk, e->step, NULL);
            oh_flow_media(j, e->step, e->wall_ns);
            done_at(j, e->step, e->wall_ns);
        }
        break;
    case OH_JOURNAL_MISSED:
        if (has_step) {
            oh_walk_missed(j->walk, e->step);
            done_at(j, e->step, e->wall_ns);
        }
        break;
    case OH_JOURNAL_GOT:
        if (has_step)
            check_agreement(j, e);
        break;
    default:
        break;
    }
}

/* Messages on the wire that no socket of ours has stand in the trace by time: those before message
 * `until`. */
static size_t strays_before(struct oh_judging *j, size_t from, size_t until)
{
    for (; from < until; from++) {
        const struct oh_trace_msg *m = &j->trace->msgs[from];
        if (m->tap == OH_NONE && m->from_phone)
            message(j, m);
    }
    return from;
}

void oh_replay(struct oh_judging *j)
{
    const struct oh_run *run = j->run;
    size_t at = 0, trace_at = 0;
    index_taps(j);
    for (size_t tap = 0; tap <= run->tap_count; tap++) {
        for (; at < run->journal_count && run->journal[at].tap_before <= (int)tap; at++)
            journal(j, &run->journal[at]);
        if (tap == run->tap_count || j->msg_of_tap[tap] == OH_NONE)
            continue;
        size_t index = (size_t)j->msg_of_tap[tap];
        trace_at = strays_before(j, trace_at, index);
        message(j, &j->trace->msgs[index]);
    }
    strays_before(j, trace_at, j->trace->msg_count);
}
