#include "judge/judge.h"

#include "judge/internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static int64_t zero_of(const struct oh_recording *r)
{
    int64_t begin = INT64_MIN;
    for (size_t i = 0; i < r->run->journal_count; i++) {
        if (r->run->journal[i].kind == OH_JOURNAL_FLOW_BEGINS)
            begin = r->run->journal[i].wall_ns;
    }
    for (size_t i = 0; i < r->trace->msg_count; i++) {
        if (r->trace->msgs[i].time_ns >= begin)
            return r->trace->msgs[i].time_ns;
    }
    return r->trace->msg_count ? r->trace->msgs[0].time_ns : r->run->started_wall_ns;
}

static struct oh_verdict *new_verdict(const struct oh_recording *r)
{
    struct oh_verdict *v = oh_alloc(sizeof *v);
    size_t steps = r->scenario->step_count, msgs = r->trace->msg_count;
    v->recording = r;
    v->zero_ns = zero_of(r);
    v->steps = oh_alloc((steps + 1) * sizeof *v->steps);
    v->step_of_msg = oh_alloc((msgs + 1) * sizeof *v->step_of_msg);
    v->earlier_of_msg = oh_alloc((msgs + 1) * sizeof *v->earlier_of_msg);
    for (size_t i = 0; i < steps; i++)
        v->steps[i] = (struct oh_step_result){.msg = OH_NONE, .time_ns = -1};
    for (size_t i = 0; i < msgs; i++)
        v->step_of_msg[i] = OH_NONE;
    return v;
}

/* --- steps by their findings --- */

static enum oh_step_word worse(enum oh_step_word word, const struct oh_finding *f)
{
    static const enum oh_step_word by_result[] = {[OH_RESULT_FAIL] = OH_STEP_IS_FAIL,
                                                  [OH_RESULT_WARN] = OH_STEP_IS_WARN,
                                                  [OH_RESULT_INFO] = OH_STEP_IS_PASS,
                                                  [OH_RESULT_NOT_CHECKABLE] = OH_STEP_IS_UNCLEAR};
    static const int weight[] = {[OH_STEP_IS_PASS] = 0,
                                 [OH_STEP_IS_WARN] = 1,
                                 [OH_STEP_IS_UNCLEAR] = 2,
                                 [OH_STEP_IS_FAIL] = 3};
    enum oh_step_word mine = by_result[f->result];
    if (word == OH_STEP_IS_MISSED)
        return f->result == OH_RESULT_NOT_CHECKABLE ? OH_STEP_IS_UNCLEAR : word;
    if (word == OH_STEP_IS_NOT_REACHED || word == OH_STEP_IS_SKIPPED)
        return word;
    return weight[mine] > weight[word] ? mine : word;
}

static void judge_steps(struct oh_judging *j)
{
    struct oh_verdict *v = j->verdict;
    for (size_t i = 0; i < v->finding_count; i++) {
        const struct oh_finding *f = &v->findings[i];
        if (f->step != OH_NONE && f->from_phone)
            v->steps[f->step].word = worse(v->steps[f->step].word, f);
    }
}

/* --- the verdict's word --- */

/* The first finding with this result, of the phone or of ours; NULL. */
static const struct oh_finding *first_with(const struct oh_verdict *v, enum oh_result result,
                                           bool from_phone)
{
    for (size_t i = 0; i < v->finding_count; i++) {
        if (v->findings[i].result == result && v->findings[i].from_phone == from_phone)
            return &v->findings[i];
    }
    return NULL;
}

static void say(struct oh_verdict *v, enum oh_word word, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void say(struct oh_verdict *v, enum oh_word word, const char *format, ...)
{
    struct oh_text text = {0};
    va_list args;
    va_start(args, format);
    oh_text_addv(&text, format, args);
    va_end(args);
    v->word = word;
    v->reason = oh_text_take(&text);
}

/* Outcomes that decide by themselves unless a broken must weighs more. */
static const struct {
    enum oh_outcome outcome;
    const char *fallback;
} outcomes[] = {
    {OH_OUTCOME_PRECONDITION, "a precondition was not reached"},
    {OH_OUTCOME_INTERRUPTED, "interrupted"},
    {OH_OUTCOME_PHONE_KILLED, "the phone was ended from outside"},
    {OH_OUTCOME_ACTION_REFUSED, "the phone did not take a user action"},
};

static bool decide_error(struct oh_judging *j)
{
    struct oh_verdict *v = j->verdict;
    const struct oh_finding *own = first_with(v, OH_RESULT_FAIL, false);
    const struct oh_run *run = j->run;
    if (run->outcome == OH_OUTCOME_BENCH)
        say(v, OH_WORD_ERROR, "%s", run->outcome_text ? run->outcome_text : "the bench failed");
    else if (j->disagreement)
        say(v, OH_WORD_ERROR, "offhook's own fault: %s", j->disagreement);
    else if (own)
        say(v, OH_WORD_ERROR, "offhook's own message breaks %s (%s): %s", own->id,
            own->clause ? own->clause : "no clause", own->text);
    else
        return false;
    return true;
}

static bool inconclusive(struct oh_verdict *v, const char *told, const char *fallback)
{
    say(v, OH_WORD_INCONCLUSIVE, "%s", told && *told ? told : fallback);
    return true;
}

const char *oh_evidence_gap(const struct oh_judging *j)
{
    const struct oh_run *run = j->run;
    if (run->evidence != OH_EVIDENCE_CAPTURE)
        return NULL;
    if (j->recording->lost > 0)
        return "the capture lacks messages that offhook's sockets sent or received";
    if (run->capture.dropped > 0)
        return "packets were lost while capturing";
    if (j->trace->frames != run->capture.received)
        return "the capture holds other packets than were captured: it is cut or changed";
    return NULL;
}

/* What the capture lacks cannot be shown to have been lawful: no pass without it. */
static bool decide_by_evidence(struct oh_judging *j)
{
    const char *text = oh_evidence_gap(j);
    return text && inconclusive(j->verdict, text, text);
}

static bool decide_inconclusive(struct oh_judging *j)
{
    struct oh_verdict *v = j->verdict;
    const struct oh_run *run = j->run;
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
        if (run->outcome == outcomes[i].outcome)
            return inconclusive(v, run->outcome_text, outcomes[i].fallback);
    }
    for (size_t i = 0; i < v->finding_count; i++) {
        const struct oh_finding *f = &v->findings[i];
        if (f->result == OH_RESULT_NOT_CHECKABLE && f->level == OH_LEVEL_MUST && !f->is_rule)
            return inconclusive(v, f->text, "a must of the flow cannot be checked");
    }
    if (run->outcome !=
        OH_OUTCOME_COMPLETE) /* the flow ended before its end, and nothing above says why */
        return inconclusive(v, run->outcome_text, "the flow could not go on");
    return decide_by_evidence(j);
}

static size_t count_results(const struct oh_verdict *v, enum oh_result result)
{
    size_t count = 0;
    for (size_t i = 0; i < v->finding_count; i++)
        count += v->findings[i].result == result;
    return count;
}

static void decide(struct oh_judging *j)
{
    struct oh_verdict *v = j->verdict;
    const struct oh_finding *fail = first_with(v, OH_RESULT_FAIL, true);
    size_t fails = count_results(v, OH_RESULT_FAIL);
    if (j->run->outcome == OH_OUTCOME_SKIPPED)
        say(v, OH_WORD_SKIP, "%s", j->run->outcome_text ? j->run->outcome_text : "not played");
    else if (decide_error(j))
        return;
    else if (fail && fails > 1)
        say(v, OH_WORD_FAIL, "%s, and %zu more: %s", fail->id, fails - 1, fail->text);
    else if (fail)
        say(v, OH_WORD_FAIL, "%s: %s", fail->id, fail->text);
    else
        decide_inconclusive(j);
}

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

static int by_time(const void *a, const void *b)
{
    const struct oh_finding *x = a, *y = b;
    int order = COMPARE(x->time_ns, y->time_ns);
    if (order == 0)
        order = strcmp(x->id, y->id);
    if (order == 0)
        order = COMPARE(x->msg, y->msg);
    if (order == 0)
        order = COMPARE(x->bytes_from, y->bytes_from);
    return order ? order : strcmp(x->text, y->text);
}

void oh_findings_sort(struct oh_verdict *v)
{
    if (v->finding_count > 1)
        qsort(v->findings, v->finding_count, sizeof *v->findings, by_time);
}

/* What was not played is held against the rules as any capture is. */
static void apply_rules(struct oh_judging *j)
{
    struct oh_recording of = *j->recording;
    if (j->run->foreign) {
        of.run = NULL;
        of.lost = j->run->capture.dropped > 0;
    }
    oh_rules_apply(j->verdict, &of, j->options->strict);
}

static void judge_all(struct oh_judging *j)
{
    struct oh_verdict *v = j->verdict;
    oh_replay(j);
    oh_absences(j);
    oh_flow_schedules(j);
    oh_flow_end(j);
    oh_flow_noise(j);
    apply_rules(j);
    oh_flow_place_media(j);
    oh_merge(j);
    oh_findings_sort(v);
    judge_steps(j);
    oh_merge_floods(v);
    decide(j);
}

struct oh_verdict *oh_judge(const struct oh_recording *recording,
                            const struct oh_judge_options *options)
{
    static const struct oh_judge_options plain = {.strict = false};
    assert(recording->scenario); /* every recording of a run has one */
    struct oh_judging j = {.recording = recording,
                           .run = recording->run,
                           .scenario = recording->scenario,
                           .trace = recording->trace,
                           .options = options ? options : &plain,
                           .verdict = new_verdict(recording)};
    size_t steps = j.scenario->step_count + 1;
    j.zero_ns = j.verdict->zero_ns;
    j.env = oh_match_env_new(j.run);
    j.walk = oh_walk_new(j.scenario, j.env);
    j.step_done_ns = oh_alloc(steps * sizeof *j.step_done_ns);
    j.given_up_ns = oh_alloc(steps * sizeof *j.given_up_ns);
    judge_all(&j);
    oh_walk_free(j.walk);
    oh_match_env_free(j.env);
    free(j.step_done_ns);
    free(j.given_up_ns);
    free(j.msg_of_tap);
    free(j.step_sent_by_tap);
    free(j.step_got_by_tap);
    return j.verdict;
}
