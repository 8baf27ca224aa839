/* What a missing message proves: a fault of the phone, or nothing. architecture: "Verdict words".
 */
#include "judge/internal.h"

#include <stdlib.h>
#include <string.h>

/* 7 sends of an INVITE between 0 and 64*T1 (RFC 3261 17.1.1.2): all repeats made means at least
 * this many. */
#define EXHAUSTED_REPEATS 6

enum proof {
    PROVEN,        /* it was owed, and did not come */
    NOT_ARRIVED,   /* nothing shows that what called for it reached the phone */
    NOT_CONFIRMED, /* nothing shows that the phone took the user's action */
    EVIDENCE_LOST, /* the capture has gaps */
    HOST_STALLED,  /* our own clock was late when the deadline was near */
};

static const char *const doubts[] = {
    [NOT_ARRIVED] = "nothing shows that the phone got the message that calls for it",
    [NOT_CONFIRMED] = "nothing shows that the phone took the user's action",
    [EVIDENCE_LOST] = "frames were lost in the capture, so that an absence proves nothing",
    [HOST_STALLED] = "our own host stalled, so that a deadline proves nothing",
};

/* The step that called for step `index`: the nearest message of ours to that phone, or action at
 * it. */
static int caller_of(const struct oh_judging *j, int index)
{
    const struct oh_scenario *s = j->scenario;
    const char *phone = s->steps[index].from;
    for (int i = index - 1; i >= 0; i--) {
        const struct oh_step *at = &s->steps[i];
        if (at->kind == OH_STEP_ACTION && strcmp(at->from, phone) == 0)
            return i;
        if (at->kind == OH_STEP_MESSAGE && oh_step_is_ours(s, at) && strcmp(at->to, phone) == 0)
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

static bool is_loopback(const struct oh_addr *a)
{
    static const uint8_t one[16] = {[15] = 1};
    return a->family == OH_FAMILY_IPV4 ? a->ip[0] == 127 : memcmp(a->ip, one, sizeof one) == 0;
}

/* A later message of the phone in the same call, other than one that it would have sent anyway. */
static bool reacted(const struct oh_judging *j, const struct oh_trace_msg *stimulus)
{
    struct oh_span id = oh_field_text(stimulus->sip, "call-id");
    for (size_t i = (size_t)stimulus->index + 1; i < j->trace->msg_count; i++) {
        const struct oh_trace_msg *m = &j->trace->msgs[i];
        if (m->from_phone && m->repeat_of == OH_NONE && m->duplicate_of == OH_NONE &&
            oh_span_equal(oh_field_text(m->sip, "call-id"), id))
            return true;
    }
    return false;
}

static bool exhausted(const struct oh_judging *j, const struct oh_trace_msg *stimulus)
{
    int repeats = 0, last = stimulus->index;
    for (size_t i = (size_t)stimulus->index + 1; i < j->trace->msg_count; i++) {
        if (j->trace->msgs[i].repeat_of == stimulus->index) {
            repeats++;
            last = (int)i;
        }
    }
    for (size_t i = (size_t)last + 1; i < j->trace->msg_count; i++) {
        if (j->trace->msgs[i].from_phone)
            return repeats >= EXHAUSTED_REPEATS;
    }
    return false;
}

static bool arrived(const struct oh_judging *j, const struct oh_trace_msg *stimulus)
{
    bool same_host = stimulus->frame != 0 && is_loopback(&stimulus->dst);
    return same_host || reacted(j, stimulus) || exhausted(j, stimulus);
}

static enum proof prove(const struct oh_judging *j, int index, int caller)
{
    const struct oh_step *step = &j->scenario->steps[index];
    if (j->recording->lost > 0 || j->run->capture.dropped > 0)
        return EVIDENCE_LOST;
    if (step->within_ms >= 0 && j->run->worst_late_ns > OH_STALL_NS)
        return HOST_STALLED;
    if (caller == OH_NONE)
        return PROVEN; /* the flow begins with it: the precondition was reached */
    if (j->scenario->steps[caller].kind == OH_STEP_ACTION)
        return confirmed(j, caller) ? PROVEN : NOT_CONFIRMED;
    int msg = j->verdict->steps[caller].msg;
    return msg != OH_NONE && arrived(j, &j->trace->msgs[msg]) ? PROVEN : NOT_ARRIVED;
}

/* What the RFC says of a message that is owed; a scenario's own wish has the scenario's source. */
static const struct {
    const char *method;
    enum { TO_NOTHING, TO_NON2XX, TO_2XX, IS_ANSWER } owed;
    const char *clause;
} clauses[] = {
    {"ACK", TO_NON2XX, "RFC 3261 17.1.1.3"}, /* "MUST generate an ACK request" (with 17.1.1.2) */
    {"ACK", TO_2XX, "RFC 3261 13.2.2.4"},    /* "MUST generate an ACK request for each 2xx" */
    {"BYE", IS_ANSWER, "RFC 3261 15.1.2"},   /* "MUST generate a 2xx response to the BYE" */
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
    return oh_strdup(oh_flow_source(j));
}

static double waited_s(const struct oh_judging *j, int index)
{
    int64_t given_up = j->step_done_ns[index], begin = j->zero_ns;
    for (int i = 0; i < index; i++) {
        if (j->step_done_ns[i] > begin && j->step_done_ns[i] <= given_up)
            begin = j->step_done_ns[i];
    }
    return given_up ? (double)(given_up - begin) / 1e9 : 0;
}

static void missing(struct oh_judging *j, int index)
{
    const struct oh_step *step = &j->scenario->steps[index];
    int caller = caller_of(j, index);
    enum proof proof = prove(j, index, caller);
    struct oh_finding *f =
        oh_finding_add(j->verdict, "flow.missing", OH_LEVEL_MUST, j->options->strict);
    f->step = index;
    f->clause = clause(j, index, caller);
    f->time_ns =
        (j->step_done_ns[index] ? j->step_done_ns[index] : j->run->ended_wall_ns) - j->zero_ns;
    f->expected = oh_strdup(step->text);
    f->observed = oh_strdup("it never came");
    if (caller != OH_NONE) {
        f->about = j->verdict->steps[caller].msg;
        if (f->about != OH_NONE)
            oh_finding_frame(f, j->trace->msgs[f->about].frame);
    }
    const char *after = caller == OH_NONE ? "" : j->scenario->steps[caller].text;
    if (proof != PROVEN)
        f->result = OH_RESULT_NOT_CHECKABLE;
    double waited = waited_s(j, index);
    f->text = waited >= 0.001
                  ? oh_format("%s never came%s%s; waited %.1f s%s%s.", step->text,
                              *after ? " after " : "", after, waited,
                              proof == PROVEN ? "" : ", but ", proof == PROVEN ? "" : doubts[proof])
                  : oh_format("%s never came%s%s; the phone went on without it%s%s.", step->text,
                              *after ? " after " : "", after, proof == PROVEN ? "" : ", but ",
                              proof == PROVEN ? "" : doubts[proof]);
}

/* Two missed steps that the same thing called for, one right after the other at their deadlines,
 * are one silence. */
static bool is_cascade(const struct oh_judging *j, int index)
{
    if (index == 0 || oh_walk_state(j->walk, index - 1) != OH_STEP_MISSED)
        return false;
    return oh_step_is_phones(j->scenario, &j->scenario->steps[index - 1]) &&
           caller_of(j, index) == caller_of(j, index - 1);
}

static void mark_absent(struct oh_judging *j, int index)
{
    struct oh_step_result *r = &j->verdict->steps[index];
    const struct oh_step *step = &j->scenario->steps[index];
    switch (oh_walk_state(j->walk, index)) {
    case OH_STEP_MISSED:
        r->word = OH_STEP_IS_MISSED;
        if (is_cascade(j, index))
            r->word = OH_STEP_IS_NOT_REACHED;
        else
            missing(j, index);
        break;
    case OH_STEP_PENDING:
        r->word = OH_STEP_IS_NOT_REACHED;
        break;
    case OH_STEP_PASSED:
        if (step->optional && r->msg == OH_NONE)
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
