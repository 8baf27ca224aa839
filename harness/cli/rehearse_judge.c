#include "cli/rehearse_judge.h"

#include "base/file.h"
#include "scenario/blocks.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- words --- */

static const struct {
    const char *name, *text;
} words[OH_BREAKS] = {
    [OH_BREAK_LEFT_OUT] = {"left-out", "is left out"},
    [OH_BREAK_EXPECTED] = {"otherwise", "is otherwise"},
    [OH_BREAK_NO_MEDIA] = {"no-media", "without RTP of the phone"},
    [OH_BREAK_MEDIA] = {"media", "with RTP of the phone"},
    [OH_BREAK_TALKS] = {"talks", "with a message of the phone"},
    [OH_BREAK_TOO_EARLY] = {"too-early", "comes too early"},
    [OH_BREAK_TOO_LATE] = {"too-late", "comes too late"},
    [OH_BREAK_ONCE] = {"once", "is sent but once"},
};

const char *oh_break_name(enum oh_break_kind kind)
{
    return words[kind].name;
}

char *oh_break_text(const struct oh_scenario *s, const struct oh_break *b)
{
    const struct oh_step *step = &s->steps[b->step];
    const char *what = b->kind == OH_BREAK_EXPECTED ? step->expects[b->expect].field : step->text;
    return oh_format("%s %s", what, words[b->kind].text);
}

static struct oh_place place_of(const struct oh_scenario *s, const struct oh_break *b)
{
    const struct oh_step *step = &s->steps[b->step];
    return b->kind == OH_BREAK_EXPECTED ? step->expects[b->expect].place : step->place;
}

/* --- what was noticed --- */

static bool counts(const struct oh_finding *f)
{
    return f->from_phone && (f->result == OH_RESULT_FAIL || f->result == OH_RESULT_WARN);
}

static bool is_part_of(const char *part, const char *whole)
{
    size_t len = strlen(whole);
    return strncasecmp(part, whole, len) == 0 && (part[len] == '\0' || part[len] == '.');
}

/* A rule may have taken the place of an expectation on the same field, or on a part of it, or on
 * the whole that it is a part of: it says the same. */
static bool is_about(const struct oh_finding *f, const char *field)
{
    return f->field && (is_part_of(f->field, field) || is_part_of(field, f->field));
}

/* Of a way that the phone would have begun to take nothing came: the first way stands for all. What
 * crosses another message and is not there leaves that one another answer. */
static bool is_at(const struct oh_finding *f, const struct oh_scenario *s, const struct oh_break *b)
{
    return f->step == b->step ||
           (f->step != OH_NONE && b->kind == OH_BREAK_LEFT_OUT && f->msg == OH_NONE &&
            oh_steps_relation(s, f->step, b->step) == OH_STEP_COMES_INSTEAD) ||
           (f->step != OH_NONE && b->kind == OH_BREAK_LEFT_OUT &&
            oh_steps_relation(s, f->step, b->step) == OH_STEP_COMES_BESIDE);
}

static const struct oh_finding *noticed(const struct oh_verdict *v, const struct oh_scenario *s,
                                        const struct oh_break *b)
{
    const char *field =
        b->kind == OH_BREAK_EXPECTED ? s->steps[b->step].expects[b->expect].field : NULL;
    for (size_t i = 0; i < v->finding_count; i++) {
        const struct oh_finding *f = &v->findings[i];
        if (counts(f) && is_at(f, s, b) && (!field || is_about(f, field)))
            return f;
    }
    return NULL;
}

/* --- one trial --- */

struct judged {
    struct oh_rehearsal rehearsal;
    struct oh_recording *recording;
    struct oh_verdict *verdict;
};

/* "DIR/<id>", and of the n-th break "DIR/<id>/break-n". */
static int keep(const struct oh_run *run, const char *folder, size_t nth, struct oh_error *e)
{
    char *of_break = nth ? oh_format("%s/break-%zu", folder, nth) : NULL;
    int result = oh_run_write(run, of_break ? of_break : folder, e);
    free(of_break);
    return result;
}

static int judge(const struct oh_scenario *s, const struct oh_trial_options *o,
                 const struct oh_break *broken, size_t nth, struct judged *j, struct oh_error *e)
{
    if (oh_rehearse(s, &o->how, broken, &j->rehearsal, e) != 0)
        return -1;
    if (o->folder && keep(j->rehearsal.run, o->folder, nth, e) != 0)
        return -1;
    j->recording = oh_recording_of_tap(j->rehearsal.run, e);
    j->rehearsal.run = NULL;
    if (!j->recording)
        return -1;
    j->verdict = oh_judge(j->recording, NULL);
    return 0;
}

static void release_judged(struct judged *j)
{
    oh_verdict_free(j->verdict);
    oh_recording_free(j->recording);
    oh_rehearsal_release(&j->rehearsal);
}

static struct oh_place place_of_verdict(const struct oh_scenario *s, const struct oh_verdict *v)
{
    for (size_t i = 0; i < v->finding_count; i++) {
        const struct oh_finding *f = &v->findings[i];
        if (f->result == OH_RESULT_FAIL && f->step != OH_NONE)
            return s->steps[f->step].place;
    }
    int step = v->recording->run->outcome_step; /* where offhook could not go on */
    if (step != OH_NONE && step < (int)s->step_count)
        return s->steps[step].place;
    return (struct oh_place){0};
}

static void conclude_whole(const struct oh_scenario *s, const struct oh_choice *choice,
                           const struct judged *j, struct oh_trials *t)
{
    const struct oh_rehearsal *r = &j->rehearsal;
    struct oh_trial *whole = &t->whole;
    const struct oh_run *run = j->recording->run;
    const char *reason = j->verdict->reason ? j->verdict->reason : "the flow did not pass";
    if (!choice)
        t->virtual_s = (double)(run->ended_wall_ns - run->started_wall_ns) / (double)OH_NS_PER_S;
    whole->holds = !r->trouble && j->verdict->word == OH_WORD_PASS;
    if (whole->holds)
        return;
    whole->place = r->trouble ? r->place : place_of_verdict(s, j->verdict);
    whole->why = oh_format("%s%s",
                           !choice              ? ""
                           : choice->is_sparing ? "where the phone leaves out what is optional: "
                                                : "where the phone takes another way: ",
                           r->trouble ? r->trouble : reason);
}

static int try_choice(const struct oh_scenario *s, const struct oh_trial_options *o,
                      const struct oh_choice *choice, struct oh_trials *t, struct oh_error *e)
{
    struct judged j = {.verdict = NULL};
    struct oh_trial_options with = *o;
    with.how.choice = choice;
    with.folder = choice ? NULL : o->folder;
    int result = judge(s, &with, NULL, 0, &j, e);
    if (result == 0)
        conclude_whole(s, choice, &j, t);
    release_judged(&j);
    return result;
}

/* As it is written, and then each other way that it leaves the phone, up to one that does not go.
 */
static int try_whole(const struct oh_scenario *s, const struct oh_trial_options *o,
                     struct oh_trials *t, struct oh_error *e)
{
    struct oh_choice *choices = NULL;
    size_t count = oh_rehearse_choices(s, &choices);
    int result = try_choice(s, o, NULL, t, e);
    for (size_t i = 0; i < count && result == 0 && t->whole.holds; i++)
        result = try_choice(s, o, &choices[i], t, e);
    free(choices);
    return result;
}

static const char *why_not_broken(const struct oh_scenario *s, const struct judged *j,
                                  const struct oh_break *b)
{
    const struct oh_step *step = &s->steps[b->step];
    if (b->kind == OH_BREAK_EXPECTED && j->verdict->steps[b->step].msg != OH_NONE)
        return "no value was found that does not meet it";
    if (step->optional && step->within_ms < 0)
        return "the flow was over before it came: without 'within' it is not waited for";
    return "the flow never came to it";
}

static void conclude_break(const struct oh_scenario *s, const struct judged *j,
                           struct oh_trial *trial)
{
    const struct oh_finding *f = noticed(j->verdict, s, &trial->broken);
    trial->holds = j->rehearsal.is_broken && f != NULL;
    if (trial->holds)
        trial->noticed_by = oh_strdup(f->id);
    else if (!j->rehearsal.is_broken)
        trial->why = oh_strdup(why_not_broken(s, j, &trial->broken));
    else
        trial->why = oh_strdup("nothing notices it");
}

static int try_break(const struct oh_scenario *s, const struct oh_trial_options *o,
                     struct oh_break broken, struct oh_trials *t, struct oh_error *e)
{
    struct judged j = {.verdict = NULL};
    oh_grow(&t->breaks, t->count, &t->room, sizeof *t->breaks);
    struct oh_trial *trial = &t->breaks[t->count++];
    *trial = (struct oh_trial){.broken = broken, .place = place_of(s, &broken)};
    int result = judge(s, o, &trial->broken, t->count, &j, e);
    if (result == 0)
        conclude_break(s, &j, trial);
    release_judged(&j);
    return result;
}

static bool is_meant(const struct oh_scenario *s, const struct oh_trial_options *o,
                     const struct oh_break *b)
{
    return o->break_line == OH_BREAK_EVERYTHING || (int)place_of(s, b).line == o->break_line ||
           (int)s->steps[b->step].place.line == o->break_line;
}

int oh_trials_make(const struct oh_scenario *s, const struct oh_trial_options *options,
                   struct oh_trials *out, struct oh_error *e)
{
    struct oh_break *breaks = NULL;
    *out = (struct oh_trials){.count = 0};
    int result = try_whole(s, options, out, e);
    size_t count = 0;
    if (result == 0 && out->whole.holds && options->break_line != OH_BREAK_NOTHING)
        count = oh_rehearse_breaks(s, &breaks);
    for (size_t i = 0; i < count && result == 0; i++) {
        if (is_meant(s, options, &breaks[i]))
            result = try_break(s, options, breaks[i], out, e);
    }
    free(breaks);
    return result;
}

void oh_trials_release(struct oh_trials *t)
{
    free(t->whole.why);
    for (size_t i = 0; i < t->count; i++) {
        free(t->breaks[i].noticed_by);
        free(t->breaks[i].why);
    }
    free(t->breaks);
    *t = (struct oh_trials){.count = 0};
}
