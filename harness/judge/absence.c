/* What a missing message proves: a fault of the phone, or nothing. architecture: "Verdict words".
 */
#include "judge/internal.h"
#include "scenario/blocks.h"

#include <stdlib.h>
#include <string.h>

/* 7 sends of an INVITE between 0 and 64*T1 (RFC 3261 17.1.1.2): all repeats made means at least
 * this many. */
#define EXHAUSTED_REPEATS 6

/* One that a later message overtook was not decided by any clock of ours: no stall is long enough
 * to matter. */
#define NO_CLOCK_MS INT64_C(86400000)

static const char not_called[] = "nothing in the flow calls for it";
static const char not_arrived[] = "nothing shows that the phone got the message that calls for it";
static const char not_confirmed[] = "nothing shows that the phone took the user's action";
static const char evidence_lost[] =
    "frames were lost in the capture, so that an absence proves nothing";
static const char clock_set[] =
    "the machine's clock was set meanwhile, so that its times prove nothing";
static const char host_stalled[] = "our own host stalled, so that a deadline proves nothing";

/* By what the player knows, or by stamps that go back further than our sockets can have been read
 * out of order. */
bool oh_is_by_hand(const struct oh_run *run, const char *seat)
{
    for (size_t i = 0; seat && i < run->phone_count; i++) {
        if (run->phones[i].is_by_hand && strcmp(run->phones[i].seat, seat) == 0)
            return true;
    }
    return false;
}

bool oh_clock_was_set(const struct oh_run *run)
{
    int64_t bound_ns = OH_STALL_NS + run->worst_late_ns, latest_ns = 0;
    for (size_t i = 0; i < run->tap_count; i++) {
        if (latest_ns - bound_ns > run->tap[i].wall_ns)
            return true;
        latest_ns = run->tap[i].wall_ns > latest_ns ? run->tap[i].wall_ns : latest_ns;
    }
    return run->clock_step_ns > OH_STALL_NS;
}

const char *oh_timing_doubt(const struct oh_judging *j, int64_t duration_ms)
{
    int64_t tenth_ns = duration_ms * 1000000 / 10;
    int64_t bound_ns = tenth_ns > OH_STALL_NS ? tenth_ns : OH_STALL_NS;
    if (oh_evidence_gap(j))
        return evidence_lost;
    if (oh_clock_was_set(j->run))
        return clock_set;
    return j->run->worst_late_ns > bound_ns ? host_stalled : NULL;
}

/* --- one silence is one finding --- */

static bool phone_ended(enum oh_outcome outcome)
{
    return outcome == OH_OUTCOME_PHONE_DIED || outcome == OH_OUTCOME_PHONE_HUNG ||
           outcome == OH_OUTCOME_PHONE_KILLED;
}

bool oh_outcome_silences(enum oh_outcome outcome)
{
    return phone_ended(outcome) || outcome == OH_OUTCOME_INTERRUPTED || outcome == OH_OUTCOME_BENCH;
}

bool oh_silent_after(const struct oh_trace *t, int64_t time_ns)
{
    for (size_t i = t->msg_count; i > 0; i--) {
        const struct oh_trace_msg *m = &t->msgs[i - 1];
        if (m->from_phone && m->repeat_of == OH_NONE && m->duplicate_of == OH_NONE)
            return m->time_ns <= time_ns;
    }
    return true;
}

static bool spoke_between(const struct oh_trace *t, const char *phone, int64_t from_ns,
                          int64_t to_ns)
{
    for (size_t i = 0; i < t->msg_count; i++) {
        const struct oh_trace_msg *m = &t->msgs[i];
        if (m->from_phone && m->repeat_of == OH_NONE && m->duplicate_of == OH_NONE &&
            m->time_ns > from_ns && m->time_ns <= to_ns &&
            (!m->from_seat || strcmp(m->from_seat, phone) == 0))
            return true;
    }
    return false;
}

/* Whose silence would leave this step out; NULL: no phone's. */
static const char *phone_of(const struct oh_scenario *s, const struct oh_step *step)
{
    const char *const ends[] = {step->from, step->to};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        const struct oh_party *p = ends[i] ? oh_scenario_party(s, ends[i]) : NULL;
        if (p && p->role == OH_ROLE_PHONE)
            return p->name;
    }
    return NULL;
}

/* A silence that is told as a should hides no must. */
bool oh_follows_silence(const struct oh_judging *j, int index)
{
    const struct oh_scenario *s = j->scenario;
    const char *phone = phone_of(s, &s->steps[index]);
    int64_t until_ns = j->step_done_ns[index] ? j->step_done_ns[index] : INT64_MAX;
    for (int i = index - 1; phone && i >= 0; i--) {
        const struct oh_step *before = &s->steps[i];
        bool weighs = before->level == OH_LEVEL_MUST || s->steps[index].level != OH_LEVEL_MUST;
        if (oh_walk_state(j->walk, i) == OH_STEP_MISSED && j->given_up_ns[i] && weighs &&
            oh_step_precedes(s, i, index) && strcmp(before->from, phone) == 0 &&
            !spoke_between(j->trace, phone, j->given_up_ns[i], until_ns))
            return true;
    }
    return false;
}

/* --- what crossed it? --- */

static bool is_one_of(const struct oh_step *at, const char *const *methods)
{
    for (; *methods && at->is_request; methods++) {
        if (strcmp(at->method, *methods) == 0)
            return true;
    }
    return false;
}

/* A request with one of these methods stands beside the step, in another branch of an `any order`.
 * `only_done`: and came to pass. OH_NONE: none does. */
static int beside(const struct oh_judging *j, int step, const char *const *methods, bool only_done)
{
    const struct oh_scenario *s = j->scenario;
    if (s->steps[step].group == OH_NONE)
        return OH_NONE;
    for (int i = 0; i < (int)s->step_count; i++) {
        if (s->steps[i].kind == OH_STEP_MESSAGE && is_one_of(&s->steps[i], methods) &&
            (!only_done || oh_walk_message(j->walk, i)) &&
            oh_steps_relation(s, i, step) == OH_STEP_COMES_BESIDE)
            return i;
    }
    return OH_NONE;
}

/* What may be said to a request whose call was ended meanwhile, or nothing at all. RFC 3261 9.2,
 * 12.2.2 */
static bool is_of_ended(unsigned status)
{
    return status == 0 || status / 100 == 2 || status == 481 || status == 487;
}

/* RFC 3261 14.1, 14.2: both sides change the session. */
static bool is_glare(unsigned status)
{
    return (status >= 200 && status < 300) || status == 491 || status == 500;
}

const char *oh_crossing_doubt(const struct oh_judging *j, int step, unsigned status)
{
    static const char *const enders[] = {"BYE", "CANCEL", NULL};
    static const char *const changers[] = {"INVITE", "UPDATE", NULL};
    const struct oh_step *at = &j->scenario->steps[step];
    const char *method = oh_walk_step_method(j->scenario, step);
    bool changes =
        method &&
        is_one_of(&(struct oh_step){.is_request = true, .method = (char *)method}, changers);
    if (at->is_request ? strcmp(at->method, "ACK") == 0 : status == 0)
        return NULL;
    if (is_of_ended(status) && beside(j, step, enders, true) != OH_NONE)
        return "beside it the call was ended, and which of the two came first the phone decides";
    if (status && changes && is_glare(at->status) && is_glare(status) &&
        beside(j, step, changers, false) != OH_NONE)
        return "beside it the other side changes the session, and which came first is not the "
               "flow's to say";
    return NULL;
}

/* --- what was it owed to? --- */

static bool answers_invite(const struct oh_scenario *s, int step)
{
    const char *method = oh_walk_step_method(s, step);
    return !s->steps[step].is_request && s->steps[step].status >= 200 && method &&
           strcmp(method, "INVITE") == 0;
}

/* The step that called for step `index`: of an ACK the final answer to INVITE, else the nearest
 * message of ours to that phone, or action at it. */
static int caller_of(const struct oh_judging *j, int index)
{
    const struct oh_scenario *s = j->scenario;
    const char *phone = s->steps[index].from;
    bool is_ack = s->steps[index].is_request && strcmp(s->steps[index].method, "ACK") == 0;
    for (int i = index - 1; i >= 0; i--) {
        const struct oh_step *at = &s->steps[i];
        if (!oh_step_precedes(s, i, index) || oh_walk_state(j->walk, i) == OH_STEP_NOT_TAKEN)
            continue;
        if (at->kind == OH_STEP_ACTION && strcmp(at->from, phone) == 0)
            return i;
        if (at->kind == OH_STEP_MESSAGE && oh_step_is_ours(s, at) && strcmp(at->to, phone) == 0 &&
            (!is_ack || answers_invite(s, i)))
            return i;
    }
    return OH_NONE;
}

static bool confirmed(const struct oh_judging *j, int step)
{
    for (size_t i = 0; i < j->run->journal_count; i++) {
        if (j->run->journal[i].kind == OH_JOURNAL_CONFIRMED && j->run->journal[i].step == step)
            return true;
    }
    return false;
}

/* --- did that reach the phone? --- */

static bool is_on_this_host(const struct oh_trace_msg *m)
{
    static const uint8_t one[16] = {[15] = 1};
    bool loopback = m->dst.family == OH_FAMILY_IPV4 ? m->dst.ip[0] == 127
                                                    : memcmp(m->dst.ip, one, sizeof one) == 0;
    return loopback || oh_addr_same_ip(&m->src, &m->dst);
}

/* The phone's message is there because of `stimulus`: it answers it, or goes on from it. A phone
 * that never got our final answer would still send CANCEL, or BYE in the early dialog (RFC 3261
 * 15).
 */
static bool is_reaction(const struct oh_trace_msg *m, const struct oh_trace_msg *stimulus)
{
    static const char *const blind[] = {"ACK", "CANCEL", "BYE"};
    if (m->request == stimulus->index || m->answered == stimulus->index ||
        m->challenge == stimulus->index)
        return true;
    if (stimulus->sip->is_request || !m->sip->is_request)
        return false;
    for (size_t i = 0; i < sizeof blind / sizeof *blind; i++) {
        if (oh_span_is(m->sip->method, blind[i]))
            return false;
    }
    struct oh_span id = oh_field_text(stimulus->sip, "call-id");
    return id.at && oh_span_equal(oh_field_text(m->sip, "call-id"), id);
}

static bool reacted(const struct oh_judging *j, const struct oh_trace_msg *stimulus)
{
    for (size_t i = (size_t)stimulus->index + 1; i < j->trace->msg_count; i++) {
        const struct oh_trace_msg *m = &j->trace->msgs[i];
        if (m->from_phone && m->repeat_of == OH_NONE && m->duplicate_of == OH_NONE &&
            is_reaction(m, stimulus))
            return true;
    }
    return false;
}

static bool spoke_in(const struct oh_trace *t, size_t from, size_t until)
{
    for (size_t i = from; i < until; i++) {
        if (t->msgs[i].from_phone)
            return true;
    }
    return false;
}

/* All its retransmissions were made, and the phone was alive before and after. */
static bool exhausted(const struct oh_judging *j, const struct oh_trace_msg *stimulus)
{
    const struct oh_trace *t = j->trace;
    size_t last = (size_t)stimulus->index;
    int repeats = 0;
    for (size_t i = last + 1; i < t->msg_count; i++) {
        if (t->msgs[i].repeat_of == stimulus->index) {
            repeats++;
            last = i;
        }
    }
    return repeats >= EXHAUSTED_REPEATS && spoke_in(t, 0, (size_t)stimulus->index) &&
           spoke_in(t, last + 1, t->msg_count);
}

static bool arrived(const struct oh_judging *j, const struct oh_trace_msg *stimulus)
{
    bool same_host = stimulus->frame != 0 && is_on_this_host(stimulus);
    return same_host || reacted(j, stimulus) || exhausted(j, stimulus);
}

/* Why the absence of step `index` proves nothing; NULL: it was owed, and did not come. */
static const char *doubt_about(const struct oh_judging *j, int index, int caller)
{
    const struct oh_step *step = &j->scenario->steps[index];
    const char *doubt =
        oh_timing_doubt(j, j->given_up_ns[index] ? oh_step_deadline_ms(step) : NO_CLOCK_MS);
    if (doubt)
        return doubt;
    doubt = oh_crossing_doubt(j, index, 0);
    if (doubt)
        return doubt;
    if (caller == OH_NONE)
        return not_called;
    if (j->scenario->steps[caller].kind == OH_STEP_ACTION)
        return confirmed(j, caller) ? NULL : not_confirmed;
    int msg = j->verdict->steps[caller].msg;
    return msg != OH_NONE && arrived(j, &j->trace->msgs[msg]) ? NULL : not_arrived;
}

/* --- telling it --- */

/* What the RFC says of a message that is owed; a scenario's own wish has the scenario's source. */
static const struct {
    const char *method;
    enum { TO_NOTHING, TO_NON2XX, TO_2XX, IS_ANSWER } owed;
    const char *clause;
} clauses[] = {
    {"ACK", TO_NON2XX,
     "RFC 3261 17.1.1.2"}, /* "the client transaction MUST generate an ACK request" */
    {"ACK", TO_2XX, "RFC 3261 13.2.2.4"},  /* "MUST generate an ACK request for each 2xx" */
    {"BYE", IS_ANSWER, "RFC 3261 15.1.2"}, /* "MUST generate a 2xx response to the BYE" */
};

static int owed_kind(const struct oh_judging *j, int index, int caller)
{
    const struct oh_scenario *s = j->scenario;
    if (!s->steps[index].is_request)
        return IS_ANSWER;
    if (caller == OH_NONE || s->steps[caller].kind != OH_STEP_MESSAGE ||
        s->steps[caller].is_request)
        return TO_NOTHING;
    return s->steps[caller].status >= 300 ? TO_NON2XX : TO_2XX;
}

static char *clause(const struct oh_judging *j, int index, int caller)
{
    const char *method = oh_walk_step_method(j->scenario, index);
    int owed = owed_kind(j, index, caller);
    for (size_t i = 0; method && i < sizeof clauses / sizeof *clauses; i++) {
        if ((int)clauses[i].owed == owed && strcmp(clauses[i].method, method) == 0)
            return oh_strdup(clauses[i].clause);
    }
    return oh_flow_clause(j);
}

static double waited_s(const struct oh_judging *j, int index)
{
    int64_t given_up = j->step_done_ns[index], begin = j->zero_ns;
    for (int i = 0; i < index; i++) {
        if (oh_step_precedes(j->scenario, i, index) && j->step_done_ns[i] > begin &&
            j->step_done_ns[i] <= given_up)
            begin = j->step_done_ns[i];
    }
    return given_up ? (double)(given_up - begin) / 1e9 : 0;
}

/* The first message of the phone in this branch that must come. */
static int first_of_branch(const struct oh_scenario *s, int block, int branch)
{
    struct oh_row row = oh_row_of_branch(s, block, branch);
    while (row.first + 1 < row.end && s->steps[row.first].optional)
        row.first++;
    return row.first;
}

/* Of an `either` that was never decided: what its other ways begin with. */
static void add_alternatives(const struct oh_scenario *s, int index, struct oh_text *text)
{
    int block = s->steps[index].group, own = s->steps[index].branch;
    if (block == OH_NONE || s->groups[block].kind != OH_GROUP_EITHER ||
        first_of_branch(s, block, own) != index)
        return;
    for (int b = 0; b < s->groups[block].branch_count; b++) {
        int first = first_of_branch(s, block, b);
        if (b != own && first < s->groups[block].end)
            oh_text_addf(text, " or %s", s->steps[first].text);
    }
}

static char *missing_text(const struct oh_judging *j, int index, int caller, const char *doubt)
{
    struct oh_text text = {0};
    double waited = waited_s(j, index);
    unsigned lost = oh_walk_lost(j->walk, index);
    oh_text_add(&text, j->scenario->steps[index].text);
    add_alternatives(j->scenario, index, &text);
    if (lost)
        oh_text_addf(&text, " came %u time%s, which the flow has lost, and never again", lost,
                     lost == 1 ? "" : "s");
    else
        oh_text_add(&text, " never came");
    if (caller != OH_NONE)
        oh_text_addf(&text, " after %s", j->scenario->steps[caller].text);
    if (j->given_up_ns[index])
        oh_text_addf(&text, "; waited %.1f s", waited);
    else
        oh_text_add(&text, "; the phone went on without it");
    if (doubt)
        oh_text_addf(&text, ", but %s", doubt);
    oh_text_add(&text, ".");
    return oh_text_take(&text);
}

static void missing(struct oh_judging *j, int index)
{
    int caller = caller_of(j, index);
    const char *doubt = doubt_about(j, index, caller);
    struct oh_finding *f = oh_finding_add(j->verdict, "flow.missing",
                                          j->scenario->steps[index].level, j->options->strict);
    f->step = index;
    f->clause = clause(j, index, caller);
    f->time_ns =
        (j->step_done_ns[index] ? j->step_done_ns[index] : j->run->ended_wall_ns) - j->zero_ns;
    f->expected = oh_strdup(j->scenario->steps[index].text);
    f->observed = oh_strdup("it never came");
    if (caller != OH_NONE)
        f->about = j->verdict->steps[caller].msg;
    if (f->about != OH_NONE)
        oh_finding_frame(f, j->trace->msgs[f->about].frame);
    if (doubt)
        f->result = OH_RESULT_NOT_CHECKABLE;
    f->text = missing_text(j, index, caller, doubt);
}

/* What follows from something else that is told already: a call that was not taken, a phone that
 * has been silent since an earlier deadline (unless its user proves it alive), or that died, hung
 * or was stopped. */
static bool is_consequence(const struct oh_judging *j, int index)
{
    int caller = caller_of(j, index);
    bool by_user = caller != OH_NONE && j->scenario->steps[caller].kind == OH_STEP_ACTION;
    int64_t since_ns = caller == OH_NONE ? j->zero_ns : j->step_done_ns[caller];
    if (j->derailed && j->given_up_ns[index])
        return true;
    if (phone_ended(j->run->outcome) && oh_silent_after(j->trace, since_ns))
        return true;
    return j->given_up_ns[index] && !(by_user && confirmed(j, caller)) &&
           oh_follows_silence(j, index);
}

static void mark_absent(struct oh_judging *j, int index)
{
    struct oh_step_result *r = &j->verdict->steps[index];
    const struct oh_step *step = &j->scenario->steps[index];
    bool timed = step->kind == OH_STEP_MEDIA || step->kind == OH_STEP_SILENCE;
    switch (oh_walk_state(j->walk, index)) {
    case OH_STEP_MISSED:
        r->word =
            step->prelude || is_consequence(j, index) ? OH_STEP_IS_NOT_REACHED : OH_STEP_IS_MISSED;
        if (r->word == OH_STEP_IS_MISSED)
            missing(j, index);
        break;
    case OH_STEP_PENDING:
        r->word = OH_STEP_IS_NOT_REACHED;
        break;
    case OH_STEP_PASSED:
        if (step->optional && r->msg == OH_NONE)
            r->word = OH_STEP_IS_SKIPPED;
        if (timed && j->step_done_ns[index] == 0) /* a later message cut it short */
            r->word = OH_STEP_IS_NOT_REACHED;
        break;
    case OH_STEP_NOT_TAKEN:
        r->word = OH_STEP_IS_SKIPPED;
        break;
    case OH_STEP_REACHED:
    case OH_STEP_LATE:
        break;
    }
}

void oh_absences(struct oh_judging *j)
{
    for (int i = 0; i < (int)j->scenario->step_count; i++)
        mark_absent(j, i);
}
