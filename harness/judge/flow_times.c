/* When the phone's messages came, and how often: windows and schedules that the flow asks for. */
#include "judge/internal.h"
#include "scenario/blocks.h"

#include <stdlib.h>
#include <string.h>

#define NS_PER_MS INT64_C(1000000)

/* A phone's clock ticks in steps of up to 100 ms; where times are short, finer. */
#define TICK_MS         100
#define TICKS_OF_T1     5
#define TICKS_OF_WINDOW 20
#define SHOWN_COPIES    12 /* gaps that a sentence lists */
#define KEPT_SENDINGS   (OH_SCHEDULE_MOST_COPIES + 8)

static double seconds(int64_t ns)
{
    return (double)ns / 1e9;
}

/* --- when the step before was done --- */

/* The last of the steps before that was done, not given up; OH_NONE. A message that is left
 * unanswered for a time lasts so long. */
static int step_before(const struct oh_judging *j, int step, int64_t *done_ns)
{
    const struct oh_scenario *s = j->scenario;
    int last = OH_NONE;
    *done_ns = j->zero_ns;
    for (int i = 0; i < step; i++) {
        const struct oh_schedule *r = s->steps[i].retransmits;
        int64_t lasts_ns = r && !j->run->foreign ? r->until_ms * NS_PER_MS : 0;
        int64_t at_ns = j->step_done_ns[i] + lasts_ns;
        if (!j->step_done_ns[i] || j->given_up_ns[i] || !oh_step_precedes(s, i, step))
            continue;
        if (last == OH_NONE || at_ns >= *done_ns) {
            last = i;
            *done_ns = at_ns;
        }
    }
    return last;
}

/* Why a time that is off by so much proves nothing; NULL: it does. */
static const char *doubt_about(const struct oh_judging *j, int64_t duration_ns, int64_t off_ns)
{
    const char *doubt = oh_timing_doubt(j, duration_ns / NS_PER_MS);
    if (!doubt && j->run->worst_late_ns >= off_ns)
        return "our own host stalled by as much";
    return doubt;
}

/* --- its deadline --- */

/* It came in time, was lost as the flow has it, and then not again as RFC 3261 17.1 has it. */
static void copy_late(struct oh_judging *j, const struct oh_trace_msg *m, int index)
{
    const struct oh_step *step = &j->scenario->steps[index];
    const struct oh_trace_msg *before = &j->trace->msgs[m->repeat_of];
    for (int i = m->repeat_of; i < m->index; i++) {
        if (j->trace->msgs[i].repeat_of == m->repeat_of)
            before = &j->trace->msgs[i];
    }
    double gap_s = seconds(m->time_ns - before->time_ns);
    struct oh_finding *f = oh_flow_finding(j, "flow.late", OH_LEVEL_SHOULD, index, m);
    f->observed = oh_format("%.3f s after the copy before it", gap_s);
    f->text = oh_format("%s, of which the flow has a copy lost, came again %.3f s after that.",
                        step->text, gap_s);
    if (oh_timing_doubt(j, (m->time_ns - before->time_ns) / 1000000))
        f->result = OH_RESULT_NOT_CHECKABLE;
}

/* After its deadline by the capture's clock, or only after a message that the flow has later. */
void oh_flow_lateness(struct oh_judging *j, const struct oh_trace_msg *m, int index)
{
    const struct oh_step *step = &j->scenario->steps[index];
    int64_t given_up_ns = j->given_up_ns[index], deadline_ms = oh_step_deadline_ms(step);
    if (oh_walk_may_leave_out(j->walk, index) || (given_up_ns && m->time_ns <= given_up_ns))
        return;
    bool too_late = given_up_ns != 0;
    if (too_late && m->repeat_of != OH_NONE && oh_walk_lost(j->walk, index) > 0) {
        copy_late(j, m, index);
        return;
    }
    struct oh_finding *f = oh_flow_finding(j, too_late ? "flow.late" : "flow.order",
                                           too_late ? step->level : OH_LEVEL_SHOULD, index, m);
    const char *doubt = too_late ? oh_timing_doubt(j, deadline_ms) : NULL;
    if (!too_late) {
        f->text = oh_format("%s came after a message that the flow has later.", step->text);
        return;
    }
    f->expected = oh_format("within %.1f s", (double)deadline_ms / 1e3);
    f->observed = oh_format("%.3f s later", seconds(m->time_ns - given_up_ns));
    f->text = oh_format("%s came %.3f s after its deadline of %.1f s%s%s.", step->text,
                        seconds(m->time_ns - given_up_ns), (double)deadline_ms / 1e3,
                        doubt ? ", but " : "", doubt ? doubt : "");
    if (doubt)
        f->result = OH_RESULT_NOT_CHECKABLE;
}

/* --- after: X, after: X .. Y --- */

static char *window_text(const struct oh_step *step)
{
    if (step->not_after_ms < 0)
        return oh_format("after %.1f s at the earliest", (double)step->not_before_ms / 1e3);
    return oh_format("after %.1f s to %.1f s", (double)step->not_before_ms / 1e3,
                     (double)step->not_after_ms / 1e3);
}

static int64_t grace_ns(int64_t limit_ms)
{
    int64_t ms = limit_ms / TICKS_OF_WINDOW;
    return (ms < TICK_MS ? ms : TICK_MS) * NS_PER_MS;
}

void oh_flow_window(struct oh_judging *j, const struct oh_trace_msg *m, int index)
{
    const struct oh_step *step = &j->scenario->steps[index];
    int64_t from_ns = 0, to_ns = step->not_after_ms * NS_PER_MS;
    int before = step_before(j, index, &from_ns);
    if (step->not_before_ms < 0 || before == OH_NONE ||
        (j->run->foreign && j->scenario->steps[before].kind != OH_STEP_MESSAGE))
        return;                  /* who else captured does not know when the user did it */
    if (m->repeat_of != OH_NONE) /* those before it were lost */
        m = &j->trace->msgs[m->repeat_of];
    int64_t after_ns = m->time_ns - from_ns, early_ns = step->not_before_ms * NS_PER_MS - after_ns;
    int64_t late_ns = step->not_after_ms < 0 ? 0 : after_ns - to_ns;
    int64_t off_ns = early_ns > late_ns ? early_ns : late_ns;
    if (off_ns <= grace_ns(early_ns > late_ns ? step->not_before_ms : step->not_after_ms))
        return;
    const char *doubt = doubt_about(j, after_ns, off_ns);
    if (!doubt && j->scenario->steps[before].kind == OH_STEP_ACTION &&
        oh_is_by_hand(j->run, j->scenario->steps[before].from))
        doubt = "a person did what comes before it, in his own time";
    struct oh_finding *f = oh_flow_finding(j, "flow.time", step->level, index, m);
    f->expected = window_text(step);
    f->observed = oh_format("after %.3f s", seconds(after_ns));
    f->text =
        oh_format("%s came %.3f s after '%s': %.3f s too %s%s%s.", step->text, seconds(after_ns),
                  j->scenario->steps[before].text, seconds(off_ns),
                  early_ns > late_ns ? "early" : "late", doubt ? ", but " : "", doubt ? doubt : "");
    if (doubt)
        f->result = OH_RESULT_NOT_CHECKABLE;
}

/* --- retransmits --- */

struct sendings {
    const struct oh_trace_msg *at[KEPT_SENDINGS];
    size_t count;
    int64_t end_ns; /* it is owed up to here: it was answered then, or its time is over */
};

static int64_t gap_ns(const struct sendings *s, size_t n)
{
    return s->at[n]->time_ns - s->at[n - 1]->time_ns;
}

/* The first message of the other side that tells the phone to stop. */
static bool stops(const struct oh_trace_msg *first, const struct oh_trace_msg *m)
{
    if (m->from_phone || m->repeat_of != OH_NONE || m->duplicate_of != OH_NONE)
        return false;
    if (first->sip->is_request)
        return !m->sip->is_request && m->request == first->index;
    return oh_sip_msg_is_method(m->sip, "ACK")
               ? m->answered == first->index
               : oh_sip_msg_is_method(m->sip, "PRACK") && first->sip->status < 200;
}

static void find_sendings(const struct oh_judging *j, const struct oh_schedule *r,
                          const struct oh_trace_msg *first, struct sendings *out)
{
    *out = (struct sendings){.at = {first}, .count = 1};
    out->end_ns = first->time_ns + r->until_ms * NS_PER_MS;
    if (out->end_ns > j->end_ns)
        out->end_ns = j->end_ns;
    for (size_t i = (size_t)first->index + 1; i < j->trace->msg_count; i++) {
        const struct oh_trace_msg *m = &j->trace->msgs[i];
        if (stops(first, m)) {
            out->end_ns = m->time_ns < out->end_ns ? m->time_ns : out->end_ns;
            return;
        }
        if (m->repeat_of == first->index && m->duplicate_of == OH_NONE && m->from_phone &&
            out->count < KEPT_SENDINGS)
            out->at[out->count++] = m;
    }
}

static int64_t slack_ns(const struct oh_schedule *r, int64_t gap)
{
    int64_t tick_ms = r->first_ms / TICKS_OF_T1 < TICK_MS ? r->first_ms / TICKS_OF_T1 : TICK_MS;
    int64_t tolerated_ns = gap / 100 * (int64_t)r->tolerance_percent;
    return tolerated_ns > tick_ms * NS_PER_MS ? tolerated_ns : tick_ms * NS_PER_MS;
}

struct fault {
    enum { IS_GAP, IS_MISSING, IS_MORE } kind;
    size_t copy;     /* from 1 on: the first repeat */
    int64_t off_ns;  /* by how much */
    int64_t long_ns; /* the time in question */
};

/* The first copy that is not as the schedule has it. */
static bool find_fault(const struct oh_schedule *r, const struct sendings *s, struct fault *fault)
{
    unsigned due = oh_schedule_copies(r);
    int64_t until_ns = s->at[0]->time_ns + r->until_ms * NS_PER_MS;
    for (size_t n = 1; n < s->count && n < due; n++) {
        int64_t wanted = oh_schedule_gap_ms(r, (unsigned)n) * NS_PER_MS, got = gap_ns(s, n);
        int64_t off = got > wanted ? got - wanted : wanted - got;
        if (off > slack_ns(r, wanted)) {
            *fault = (struct fault){IS_GAP, n, off, got > wanted ? got : wanted};
            return true;
        }
    }
    if (s->count < due) {
        int64_t wanted = oh_schedule_gap_ms(r, (unsigned)s->count) * NS_PER_MS;
        int64_t over = s->end_ns - s->at[s->count - 1]->time_ns - wanted;
        *fault = (struct fault){IS_MISSING, s->count, over, wanted};
        return over > slack_ns(r, wanted);
    }
    if (s->count > due) {
        int64_t over = until_ns - s->at[due]->time_ns;
        *fault = (struct fault){IS_MORE, due, over, until_ns - s->at[0]->time_ns};
        return over > slack_ns(r, r->until_ms * NS_PER_MS);
    }
    return false;
}

static char *gaps_text(const int64_t *gaps_ns, size_t count)
{
    struct oh_text text = {0};
    for (size_t i = 0; i < count && i < SHOWN_COPIES; i++)
        oh_text_addf(&text, "%s%.2f", i ? ", " : "", seconds(gaps_ns[i]));
    oh_text_addf(&text, "%s", count > SHOWN_COPIES ? ", ... s" : count ? " s" : "no repeat");
    return oh_text_take(&text);
}

static char *fault_text(const struct oh_step *step, const struct fault *fault,
                        const struct sendings *s, const char *doubt)
{
    struct oh_text text = {0};
    double wanted = (double)oh_schedule_gap_ms(step->retransmits, (unsigned)fault->copy) / 1e3;
    oh_text_addf(&text, "%s was left unanswered: ", step->text);
    if (fault->kind == IS_GAP)
        oh_text_addf(&text, "repeat %zu came %.2f s after the copy before it, not %.2f s",
                     fault->copy, seconds(gap_ns(s, fault->copy)), wanted);
    else if (fault->kind == IS_MISSING)
        oh_text_addf(&text, "repeat %zu, due %.2f s after the copy before it, never came",
                     fault->copy, wanted);
    else
        oh_text_addf(&text, "repeat %zu is more than there are within %.1f s", fault->copy,
                     (double)step->retransmits->until_ms / 1e3);
    oh_text_addf(&text, "%s%s.", doubt ? ", but " : "", doubt ? doubt : "");
    return oh_text_take(&text);
}

/* Which clause has the timer. */
static const char *clause_of(const struct oh_judging *j, int index)
{
    const struct oh_step *step = &j->scenario->steps[index];
    if (step->is_request)
        return strcmp(step->method, "INVITE") == 0 ? "RFC 3261 17.1.1.2" : "RFC 3261 17.1.2.2";
    if (step->status < 200)
        return "RFC 3262 3";
    return step->status < 300 ? "RFC 3261 13.3.1.4" : "RFC 3261 17.2.1";
}

/* What the RFCs make of it: the timers of an INVITE are a must, and so is that another request
 * comes again at all; how it does, and how responses do, is told in plain prose or as a should. */
static enum oh_level level_of(const struct oh_step *step, const struct fault *fault)
{
    bool invite = step->is_request && strcmp(step->method, "INVITE") == 0;
    bool never_again = step->is_request && fault->kind == IS_MISSING && fault->copy == 1;
    return invite || never_again ? step->level : OH_LEVEL_SHOULD;
}

static void tell(struct oh_judging *j, int index, const struct sendings *s,
                 const struct fault *fault)
{
    const struct oh_step *step = &j->scenario->steps[index];
    const char *doubt = doubt_about(j, fault->long_ns, fault->off_ns);
    int64_t wanted[KEPT_SENDINGS], got[KEPT_SENDINGS];
    size_t due = oh_schedule_copies(step->retransmits);
    for (size_t n = 1; n < due; n++)
        wanted[n - 1] = oh_schedule_gap_ms(step->retransmits, (unsigned)n) * NS_PER_MS;
    for (size_t n = 1; n < s->count; n++)
        got[n - 1] = gap_ns(s, n);
    struct oh_finding *f =
        oh_flow_finding(j, "flow.retransmits", level_of(step, fault), index, s->at[0]);
    for (size_t n = 1; n < s->count; n++)
        oh_finding_frame(f, s->at[n]->frame);
    free(f->clause);
    f->clause = oh_strdup(clause_of(j, index));
    f->expected = gaps_text(wanted, due - 1);
    f->observed = gaps_text(got, s->count - 1);
    f->text = fault_text(step, fault, s, doubt);
    if (doubt)
        f->result = OH_RESULT_NOT_CHECKABLE;
}

static void schedule(struct oh_judging *j, int index)
{
    const struct oh_schedule *r = j->scenario->steps[index].retransmits;
    int msg = j->verdict->steps[index].msg;
    struct sendings s;
    struct fault fault;
    enum oh_step_state state = oh_walk_state(j->walk, index);
    if (!r || msg == OH_NONE || (state != OH_STEP_REACHED && state != OH_STEP_LATE))
        return; /* of one that came too seldom to reach its step, its absence tells */
    const struct oh_trace_msg *first = &j->trace->msgs[msg];
    if (first->repeat_of != OH_NONE)
        first = &j->trace->msgs[first->repeat_of];
    /* over TCP no timer has it sent again: 17.1.1.2, 17.1.2.2 */
    if (first->transport != OH_TRANSPORT_UDP || oh_outcome_silences(j->run->outcome))
        return;
    find_sendings(j, r, first, &s);
    if (find_fault(r, &s, &fault))
        tell(j, index, &s, &fault);
}

void oh_flow_schedules(struct oh_judging *j)
{
    for (int i = 0; i < (int)j->scenario->step_count; i++)
        schedule(j, i);
}
