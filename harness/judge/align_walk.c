/* The flow, step by step, over what a phone and the others said. */
#include "judge/align_private.h"
#include "scenario/blocks.h"

#include <stdlib.h>
#include <string.h>

#define NS_PER_MS INT64_C(1000000)

/* --- what kind of message --- */

static bool has_kind(const struct oh_scenario *s, int step, const struct oh_sip_msg *m,
                     bool any_final)
{
    const struct oh_step *at = &s->steps[step];
    if (at->kind != OH_STEP_MESSAGE || at->is_request != m->is_request)
        return false;
    if (m->is_request)
        return oh_span_is(m->method, at->method);
    const char *method = oh_walk_step_method(s, step);
    if (method && !oh_span_is(oh_sip_msg_method(m), method))
        return false;
    return at->status == m->status || (any_final && m->status >= 200);
}

static bool is_first_sending(const struct oh_trace_msg *m)
{
    return m->repeat_of == OH_NONE && m->duplicate_of == OH_NONE;
}

static bool has_to_tag(const struct oh_sip_msg *m)
{
    return oh_field_text(m, "to.tag").at != NULL;
}

bool oh_align_begins(const struct oh_scenario *s, const struct oh_trace_msg *m)
{
    int step = 0;
    while (step < (int)s->step_count && s->steps[step].kind != OH_STEP_MESSAGE)
        step++;
    return step < (int)s->step_count && is_first_sending(m) && m->sip->is_request &&
           !has_to_tag(m->sip) && (!s->transport_given || s->transport == m->transport) &&
           oh_step_is_phones(s, &s->steps[step]) == m->from_phone &&
           has_kind(s, step, m->sip, false);
}

/* --- what is of the flow --- */

static bool same(const struct oh_sip_msg *a, const char *field, const struct oh_sip_msg *b,
                 const char *other)
{
    struct oh_span x = oh_field_text(a, field), y = oh_field_text(b, other);
    return x.at && oh_span_equal(x, y);
}

/* By its Call-ID; by the phone's own tag where that is wrong. RFC 3261 19.3: it is unique. */
bool oh_align_is_of_flow(const struct oh_align_walk *w, const struct oh_trace_msg *m)
{
    const char *own = m->sip->is_request == m->from_phone ? "from.tag" : "to.tag";
    for (size_t i = 0; i < w->step_msg_count; i++) {
        const struct oh_trace_msg *of = &w->trace->msgs[w->step_msgs[i]];
        const char *its = of->sip->is_request == of->from_phone ? "from.tag" : "to.tag";
        if (same(m->sip, "call-id", of->sip, "call-id") || same(m->sip, own, of->sip, its))
            return true;
    }
    return false;
}

/* A message inside another call that the flow knows nothing of. */
static bool is_elsewhere(const struct oh_align_walk *w, const struct oh_trace_msg *m)
{
    static const char *const within[] = {"ACK", "BYE", "CANCEL", "PRACK"};
    if (w->alone || m->index == w->begin)
        return false;
    bool inside = !m->sip->is_request || has_to_tag(m->sip);
    for (size_t i = 0; i < sizeof within / sizeof *within; i++)
        inside = inside || oh_sip_msg_is_method(m->sip, within[i]);
    return inside && !oh_align_is_of_flow(w, m);
}

/* --- what is written down --- */

static void note(struct oh_align_walk *w, enum oh_journal_kind kind, int64_t time_ns, int step,
                 int tap)
{
    const char *seat = step == OH_NONE ? NULL : w->scenario->steps[step].from;
    int id = oh_run_journal(w->run, kind, time_ns, step, tap, seat, NULL);
    w->run->journal[id].tap_before = tap;
}

/* Done without a message of its own. */
static void pass(struct oh_align_walk *w, enum oh_journal_kind kind, int64_t time_ns, int step,
                 const struct oh_trace_msg *before)
{
    int tap = before ? before->tap : (int)w->run->tap_count;
    int id =
        oh_run_journal(w->run, kind, time_ns, step, OH_NONE, w->scenario->steps[step].from, NULL);
    w->run->journal[id].tap_before = tap;
    if (kind == OH_JOURNAL_MISSED)
        oh_walk_missed(w->walk, step);
    else
        oh_walk_did(w->walk, step, NULL);
    w->base_ns = time_ns;
    w->not_silent = false;
}

static void took(struct oh_align_walk *w, const struct oh_trace_msg *m, int step)
{
    oh_grow(&w->step_msgs, w->step_msg_count, &w->step_msg_room, sizeof *w->step_msgs);
    w->step_msgs[w->step_msg_count++] = m->index;
    w->step_of[m->index] = step;
    w->last = m->index;
    w->reached++;
    w->base_ns = m->time_ns;
    w->not_silent = false;
}

static void stop(struct oh_align_walk *w, const struct oh_trace_msg *m, int step, char *why)
{
    w->over = true;
    w->end = m->index;
    w->stopped = step;
    w->why = why;
}

static char *shown(const struct oh_sip_msg *m)
{
    struct oh_text text = {0};
    if (!m->is_request)
        oh_text_addf(&text, "%u to ", m->status);
    oh_text_add_quoted(&text, oh_sip_msg_method(m), 40);
    return oh_text_take(&text);
}

static void other_side(struct oh_align_walk *w, const struct oh_trace_msg *m, int step,
                       const char *what)
{
    char *got = shown(m->sip);
    stop(w, m, step,
         oh_format(
             "the other side did not do what the flow has it do: frame %u is %s, the flow has "
             "'%s' there%s%s",
             m->frame, got, w->scenario->steps[step].text, what ? ": " : "", what ? what : ""));
    free(got);
}

static void user_did(struct oh_align_walk *w, const struct oh_trace_msg *m, int step)
{
    char *got = shown(m->sip);
    stop(w, m, step,
         oh_format("frame %u is %s, the flow has '%s' next; what the user of the phone did is not "
                   "in a capture",
                   m->frame, got, w->scenario->steps[step].text));
    free(got);
}

/* --- time --- */

/* How long the flow stays at this front if nothing comes, and which step is over then; false: for
 * ever, as what the phone may leave out is over with what the other side or the user does. */
static bool is_over_after(const struct oh_align_walk *w, struct oh_walk_front front,
                          struct oh_wait *wait)
{
    const struct oh_step *at = &w->scenario->steps[front.step];
    if (at->kind == OH_STEP_SILENCE && !w->not_silent) {
        *wait = (struct oh_wait){front.step, at->for_ms, false};
        return true;
    }
    if (front.either == OH_NONE && !oh_step_is_phones(w->scenario, at))
        return false;
    *wait = oh_entry_wait(w->scenario, (struct oh_entry){front.step, front.either});
    return wait->must_come;
}

/* The front that is over first; false: none ever is. */
static bool first_over(struct oh_align_walk *w, struct oh_wait *first)
{
    size_t count;
    bool found = false;
    struct oh_wait wait = {0};
    const struct oh_walk_front *fronts = oh_walk_fronts(w->walk, &count);
    for (size_t i = 0; i < count; i++) {
        if (!is_over_after(w, fronts[i], &wait) || (found && wait.longest_ms >= first->longest_ms))
            continue;
        *first = wait;
        found = true;
    }
    return found;
}

/* What was over, or given up, at this time of the capture. */
static void pass_time(struct oh_align_walk *w, int64_t now_ns, const struct oh_trace_msg *before)
{
    struct oh_wait over = {0};
    while (first_over(w, &over) && now_ns > w->base_ns + over.longest_ms * NS_PER_MS) {
        bool silence = w->scenario->steps[over.step].kind == OH_STEP_SILENCE;
        pass(w, silence ? OH_JOURNAL_MEDIA : OH_JOURNAL_MISSED,
             w->base_ns + over.longest_ms * NS_PER_MS, over.step, before);
    }
}

/* Media, silence and what is optional before a step that is reached; actions too, where told. */
static void pass_before(struct oh_align_walk *w, const struct oh_trace_msg *m, int step,
                        bool actions)
{
    const struct oh_scenario *s = w->scenario;
    for (int i = oh_walk_next(w->walk); i < step; i++) {
        const struct oh_step *at = &s->steps[i];
        if (oh_walk_state(w->walk, i) != OH_STEP_PENDING || !oh_step_precedes(s, i, step))
            continue;
        if (at->kind == OH_STEP_MEDIA || at->kind == OH_STEP_SILENCE ||
            at->kind == OH_STEP_CONNECTION)
            pass(w, OH_JOURNAL_MEDIA, m->time_ns, i, m);
        else if (at->kind == OH_STEP_ACTION && actions)
            pass(w, OH_JOURNAL_TOLD, m->time_ns, i, m);
        else if (oh_walk_may_leave_out(w->walk, i) && !actions)
            pass(w, OH_JOURNAL_MISSED, m->time_ns, i, m);
    }
}

/* --- the phone's --- */

/* The step is open, and stands at this front or behind it. */
static bool is_open_from(const struct oh_align_walk *w, int front, int step)
{
    return oh_walk_state(w->walk, step) == OH_STEP_PENDING &&
           (step == front || oh_step_precedes(w->scenario, front, step));
}

static int consequence_from(const struct oh_align_walk *w, const struct oh_trace_msg *m, int front)
{
    const struct oh_scenario *s = w->scenario;
    bool behind = false;
    for (int i = front; i < (int)s->step_count; i++) {
        const struct oh_step *at = &s->steps[i];
        if (!is_open_from(w, front, i))
            continue;
        if (at->kind == OH_STEP_ACTION)
            behind = true;
        else if (oh_step_is_ours(s, at))
            return OH_NONE;
        else if (oh_step_is_phones(s, at) && has_kind(s, i, m->sip, false))
            return behind ? i : OH_NONE;
    }
    return OH_NONE;
}

/* The first step behind an action not told yet that this message is; OH_NONE: an action has
 * nothing to do with it. */
static int consequence(const struct oh_align_walk *w, const struct oh_trace_msg *m)
{
    size_t count;
    int found = OH_NONE;
    if (!is_first_sending(m) || oh_sip_msg_is_method(m->sip, "ACK"))
        return OH_NONE;
    const struct oh_walk_front *fronts = oh_walk_fronts(w->walk, &count);
    for (size_t i = 0; i < count && found == OH_NONE; i++)
        found = consequence_from(w, m, fronts[i].step);
    return found;
}

/* The first front where the user is to do something; OH_NONE. */
static int users_turn(const struct oh_align_walk *w)
{
    size_t count;
    const struct oh_walk_front *fronts = oh_walk_fronts(w->walk, &count);
    for (size_t i = 0; i < count; i++) {
        if (w->scenario->steps[fronts[i].step].kind == OH_STEP_ACTION)
            return fronts[i].step;
    }
    return OH_NONE;
}

/* What becomes of a call that comes in is the user's to say, or that of settings. */
static bool is_users_answer(const struct oh_align_walk *w, const struct oh_trace_msg *m)
{
    return !m->sip->is_request && m->request != OH_NONE &&
           oh_sip_msg_is_method(w->trace->msgs[m->request].sip, "INVITE") &&
           !has_to_tag(w->trace->msgs[m->request].sip);
}

static bool ends_call(const struct oh_sip_msg *m)
{
    return oh_sip_msg_is_method(m, "BYE") || oh_sip_msg_is_method(m, "CANCEL");
}

static void phones(struct oh_align_walk *w, const struct oh_trace_msg *m)
{
    int caused = consequence(w, m);
    if (caused != OH_NONE)
        pass_before(w, m, caused, true);
    int next = oh_walk_next(w->walk), turn = users_turn(w);
    bool users = is_users_answer(w, m);
    if (oh_sip_msg_is_final(m->sip) && users && turn != OH_NONE && is_first_sending(m)) {
        user_did(w, m, turn); /* it answered, but not as the user was to do it */
        return;
    }
    struct oh_walk_result r = oh_walk_got(w->walk, m->from_seat, m->to_seat, m->sip);
    bool in_flow = next < (int)w->scenario->step_count;
    if (r.kind == OH_WALK_EARLY || (r.other_status && users)) {
        user_did(w, m, r.kind == OH_WALK_EARLY && in_flow ? next : r.step);
    } else if (r.kind == OH_WALK_REACHED || r.kind == OH_WALK_LATE) {
        note(w, OH_JOURNAL_GOT, m->time_ns, r.step, m->tap);
        took(w, m, r.step);
    } else if (r.kind == OH_WALK_REPEAT) {
        w->step_of[m->index] = r.step;
    } else if (r.kind == OH_WALK_UNEXPECTED) {
        w->not_silent = true;
        if (ends_call(m->sip) && in_flow && oh_align_is_of_flow(w, m))
            user_did(w, m, next);
    }
}

/* --- the others' --- */

static int request_step(const struct oh_align_walk *w, const struct oh_trace_msg *m)
{
    return m->request == OH_NONE ? OH_NONE : w->step_of[m->request];
}

static bool is_step(const struct oh_align_walk *w, int step, const struct oh_trace_msg *m)
{
    int request = oh_walk_request_step(w->scenario, step);
    if (!has_kind(w->scenario, step, m->sip, false))
        return false;
    if (!m->sip->is_request)
        return request == OH_NONE || request_step(w, m) == request;
    bool begins = m->index == w->begin || !has_to_tag(m->sip);
    return begins || oh_align_is_of_flow(w, m);
}

/* The next step of ours from this front on, if nothing of the user stands before it; not before
 * step `behind`. OH_NONE. */
static int our_next(const struct oh_align_walk *w, int from, int behind)
{
    const struct oh_scenario *s = w->scenario;
    for (int i = from; i < (int)s->step_count; i++) {
        if (!is_open_from(w, from, i) || i < behind)
            continue;
        if (s->steps[i].kind == OH_STEP_ACTION)
            return OH_NONE;
        if (oh_step_is_ours(s, &s->steps[i]))
            return i;
    }
    return OH_NONE;
}

/* RFC 3261 17.2.1: whether a 100 is sent hangs on how fast the server is. One that is to be
 * overtaken comes behind the next. */
static int our_step_from(struct oh_align_walk *w, const struct oh_trace_msg *m, int front)
{
    int step = our_next(w, front, 0);
    if (step == OH_NONE || is_step(w, step, m))
        return step;
    const struct oh_step *at = &w->scenario->steps[step];
    int after = our_next(w, front, step + 1);
    if ((at->status != 100 && !at->swap) || after == OH_NONE || !is_step(w, after, m))
        return OH_NONE;
    if (at->swap)
        return after;
    pass_before(w, m, step, false);
    pass(w, OH_JOURNAL_MEDIA, m->time_ns, step, m);
    return after;
}

/* Also behind rounds of a repeat that the phone may have left out. */
static int our_step_at(struct oh_align_walk *w, const struct oh_trace_msg *m,
                       struct oh_walk_front front)
{
    const struct oh_scenario *s = w->scenario;
    struct oh_entry at = {front.step, front.either};
    int found = our_step_from(w, m, at.step);
    while (found == OH_NONE && at.block != OH_NONE && oh_block_is_optional(s, at.block) &&
           oh_entry_next(s, at, &at))
        found = our_step_from(w, m, at.step);
    return found;
}

static int our_step(struct oh_align_walk *w, const struct oh_trace_msg *m)
{
    size_t count;
    int found = OH_NONE;
    const struct oh_walk_front *fronts = oh_walk_fronts(w->walk, &count);
    for (size_t i = 0; i < count && found == OH_NONE; i++)
        found = our_step_at(w, m, fronts[i]); /* passes something only where it finds one */
    return found;
}

/* The step that the flow has in place of what the other side did; OH_NONE: it does no harm. */
static int instead(const struct oh_align_walk *w, const struct oh_trace_msg *m)
{
    const struct oh_scenario *s = w->scenario;
    int next = oh_walk_next(w->walk), request = request_step(w, m);
    if (m->sip
            ->is_request) /* RFC 3262 3: where provisionals are acknowledged offers go other ways */
        return (ends_call(m->sip) || oh_sip_msg_is_method(m->sip, "PRACK")) &&
                       oh_align_is_of_flow(w, m)
                   ? next
                   : OH_NONE;
    if (m->sip->status < 200 || request == OH_NONE)
        return OH_NONE;
    for (int i = next; i < (int)s->step_count; i++) {
        if (oh_walk_state(w->walk, i) == OH_STEP_PENDING && oh_step_is_ours(s, &s->steps[i]) &&
            !s->steps[i].is_request && oh_walk_request_step(s, i) == request)
            return i;
    }
    return OH_NONE;
}

static void others(struct oh_align_walk *w, const struct oh_trace_msg *m)
{
    if (m->repeat_of != OH_NONE) {
        w->step_of[m->index] = w->step_of[m->repeat_of];
        return;
    }
    int step = our_step(w, m);
    if (step == OH_NONE) {
        int other = instead(w, m);
        if (other != OH_NONE && other < (int)w->scenario->step_count)
            other_side(w, m, other, NULL);
        else
            oh_walk_did(w->walk, OH_NONE, m->sip);
        return;
    }
    char *differs = oh_align_differs(w->scenario, step, m->sip);
    if (differs) {
        other_side(w, m, step, differs);
    } else {
        pass_before(w, m, step, false);
        note(w, OH_JOURNAL_SENT, m->time_ns, step, m->tap);
        oh_walk_did(w->walk, step, m->sip);
        took(w, m, step);
    }
    free(differs);
}

/* --- the whole --- */

static void before_flow(struct oh_align_walk *w)
{
    for (int i = 0; i < w->begin; i++) {
        const struct oh_trace_msg *m = &w->trace->msgs[i];
        if (m->duplicate_of != OH_NONE)
            continue;
        oh_match_env_saw(w->env, m->sip);
        if (w->alone && !m->from_phone && m->repeat_of == OH_NONE)
            oh_walk_did(w->walk, OH_NONE, m->sip);
    }
}

/* What became of connections is not asked of a capture. */
static void pass_connections(struct oh_align_walk *w, int64_t now_ns,
                             const struct oh_trace_msg *before)
{
    size_t count;
    const struct oh_walk_front *fronts = oh_walk_fronts(w->walk, &count);
    for (size_t i = 0; i < count;) {
        const struct oh_step *at = &w->scenario->steps[fronts[i].step];
        if (fronts[i].either != OH_NONE || at->kind != OH_STEP_CONNECTION) {
            i++;
            continue;
        }
        int64_t over_ns = w->base_ns + (at->for_ms > 0 ? at->for_ms : 0) * NS_PER_MS;
        pass(w, OH_JOURNAL_MEDIA, over_ns < now_ns ? over_ns : now_ns, fronts[i].step, before);
        fronts = oh_walk_fronts(w->walk, &count);
        i = 0;
    }
}

static void look_at(struct oh_align_walk *w, const struct oh_trace_msg *m)
{
    if (m->duplicate_of != OH_NONE || is_elsewhere(w, m))
        return;
    pass_connections(w, m->time_ns, m);
    pass_time(w, m->time_ns, m);
    pass_connections(w, m->time_ns, m);
    oh_match_env_saw(w->env, m->sip);
    if (m->from_phone)
        phones(w, m);
    else
        others(w, m);
    if (!w->over && oh_walk_next(w->walk) == (int)w->scenario->step_count) {
        w->complete = w->over = true;
        w->end = m->index + 1;
    }
}

/* What has no message at the flow's end lasts as long as the capture shows. */
static void pass_last(struct oh_align_walk *w)
{
    const struct oh_scenario *s = w->scenario;
    int next = oh_walk_next(w->walk), end = (int)s->step_count;
    for (int i = next; i < (int)s->step_count; i++) {
        if (s->steps[i].kind != OH_STEP_MEDIA && s->steps[i].kind != OH_STEP_SILENCE)
            end = next;
    }
    for (int i = next; i < end; i++) {
        int64_t over_ns = w->base_ns + s->steps[i].for_ms * NS_PER_MS;
        pass(w, OH_JOURNAL_MEDIA, over_ns < w->until_ns ? over_ns : w->until_ns, i, NULL);
    }
}

/* What the phone may leave out does not come any more. */
static void pass_left_out(struct oh_align_walk *w)
{
    size_t count;
    const struct oh_walk_front *fronts = oh_walk_fronts(w->walk, &count);
    for (size_t i = 0; i < count;) {
        const struct oh_step *at = &w->scenario->steps[fronts[i].step];
        struct oh_entry entry = {fronts[i].step, fronts[i].either};
        bool is_phones = fronts[i].either != OH_NONE || oh_step_is_phones(w->scenario, at);
        struct oh_wait wait = {0};
        if (is_phones)
            wait = oh_entry_wait(w->scenario, entry);
        if (!is_phones || wait.must_come) {
            i++;
            continue;
        }
        int64_t over_ns = w->base_ns + wait.longest_ms * NS_PER_MS;
        pass(w, OH_JOURNAL_MISSED, over_ns < w->until_ns ? over_ns : w->until_ns, wait.step, NULL);
        fronts = oh_walk_fronts(w->walk, &count);
        i = 0;
    }
}

/* Sent so often in vain, a message of ours had all the time to be answered: RFC 3261 17.1.1.2 has
 * an INVITE sent seven times, 17.2.1 a refusal of one eleven times. */
#define SENT_IN_VAIN 6

static void pass_unanswered(struct oh_align_walk *w)
{
    int next = oh_walk_next(w->walk), repeats = 0;
    if (w->last == OH_NONE || next == (int)w->scenario->step_count ||
        !oh_step_is_phones(w->scenario, &w->scenario->steps[next]) ||
        w->scenario->steps[next].optional)
        return;
    for (size_t i = (size_t)w->last; i < w->trace->msg_count; i++)
        repeats += w->trace->msgs[i].repeat_of == w->last && !w->trace->msgs[i].from_phone;
    if (repeats >= SENT_IN_VAIN)
        pass(w, OH_JOURNAL_MISSED, w->until_ns, next, NULL);
}

static void end_of_capture(struct oh_align_walk *w)
{
    w->end = (int)w->trace->msg_count;
    pass_connections(w, w->until_ns, NULL);
    pass_time(w, w->until_ns, NULL);
    pass_connections(w, w->until_ns, NULL);
    pass_unanswered(w);
    pass_left_out(w);
    pass_last(w);
    int next = oh_walk_next(w->walk);
    w->complete = next == (int)w->scenario->step_count;
    w->stopped = w->complete ? OH_NONE : next;
    if (!w->complete)
        w->why = oh_format("the capture ends before '%s'", w->scenario->steps[next].text);
}

void oh_align_walk(struct oh_align_walk *w)
{
    size_t count = w->trace->msg_count;
    int64_t begin_ns = w->trace->msgs[w->begin].time_ns;
    w->step_of = oh_alloc((count + 1) * sizeof *w->step_of);
    for (size_t i = 0; i <= count; i++)
        w->step_of[i] = OH_NONE;
    w->last = w->stopped = OH_NONE;
    w->env = oh_match_env_new(w->run);
    w->walk = oh_walk_new(w->scenario, w->env);
    oh_walk_loses_nothing(w->walk);
    w->base_ns = begin_ns;
    before_flow(w);
    note(w, OH_JOURNAL_FLOW_BEGINS, begin_ns, OH_NONE, w->trace->msgs[w->begin].tap);
    for (size_t i = (size_t)w->begin; i < count && !w->over; i++)
        look_at(w, &w->trace->msgs[i]);
    if (!w->over)
        end_of_capture(w);
    oh_walk_free(w->walk);
    oh_match_env_free(w->env);
}
