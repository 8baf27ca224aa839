#include "author/record.h"

#include "author/record_private.h"
#include "match/match.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* --- holding the checks against the capture --- */

/* The scenario's step of each of ours: they stand in the same order, one for one. */
static void weigh_step(struct oh_recorded_step *s, const struct oh_step *step,
                       const struct oh_match_env *env, const struct oh_sip_msg *m)
{
    size_t at = 0;
    for (int level = 0; level < 2; level++) { /* musts were written first */
        for (size_t i = 0; i < s->check_count; i++) {
            struct oh_recorded_check *c = &s->checks[i];
            struct oh_mismatch why = {0};
            if (c->level != (level ? OH_LEVEL_SHOULD : OH_LEVEL_MUST))
                continue;
            while (at < step->expect_count && strcmp(step->expects[at].field, c->field))
                at++; /* that of `fork` */
            assert(at < step->expect_count);
            enum oh_fit fit = oh_match_expect(env, &step->expects[at++], m, &why);
            /* a should that only the password can decide says so to who has it */
            c->keep = fit == OH_FIT_YES || (fit == OH_FIT_UNKNOWN && level);
            oh_mismatch_release(&why);
        }
    }
}

static void mark_used(struct oh_recorded *r)
{
    for (size_t i = 0; i < r->count; i++) {
        for (size_t k = 0; k < r->steps[i].check_count; k++) {
            const struct oh_recorded_check *c = &r->steps[i].checks[k];
            if (c->keep && c->of != OH_NONE)
                r->steps[c->of].is_used = true;
        }
    }
}

static void weigh(struct oh_recorded *r, const struct oh_scenario *s)
{
    struct oh_run *run = oh_run_new(s);
    for (size_t i = 0; i < r->cast.count; i++) {
        const struct oh_cast_party *p = &r->cast.parties[i];
        char *name = oh_format("%s.number", p->name);
        if (p->number)
            oh_run_add_name(run, name, p->number);
        free(name);
    }
    struct oh_match_env *env = oh_match_env_new(run);
    assert(s->step_count == r->count);
    for (size_t i = 0; i < r->count; i++) {
        struct oh_recorded_step *step = &r->steps[i];
        if (step->msg == OH_NONE)
            continue;
        const struct oh_sip_msg *m = r->heard->trace->msgs[step->msg].sip;
        oh_match_env_saw(env, m);
        if (step->from_phone)
            weigh_step(step, &s->steps[i], env, m);
        if (step->save)
            oh_match_env_save(env, step->save, m);
    }
    oh_match_env_free(env);
    oh_run_free(run);
    mark_used(r);
}

/* The message whose step, or the step behind which, this line of the scenario is; NULL. */
static const struct oh_trace_msg *msg_at_line(const struct oh_recorded *r, struct oh_span text,
                                              unsigned line)
{
    size_t step = 0;
    bool in_flow = false;
    for (unsigned n = 1; n <= line && text.len; n++) {
        size_t end = oh_span_find(text, '\n');
        struct oh_span one = oh_span_sub(text, 0, end);
        step += in_flow && one.len > 4 && !memcmp(one.at, "  - ", 4);
        in_flow = in_flow || oh_span_is(one, "flow:");
        text = oh_span_sub(text, end + 1, text.len);
    }
    for (size_t i = step; i > 0 && i <= r->count; i--) {
        if (r->steps[i - 1].msg != OH_NONE)
            return &r->heard->trace->msgs[r->steps[i - 1].msg];
    }
    return NULL;
}

/* The line is of a text that nobody sees. */
static int tell_unwritable(const struct oh_recorded *r, const struct oh_text *text,
                           const struct oh_errors *errors, struct oh_error *e)
{
    const struct oh_error *first = &errors->items[0];
    const struct oh_trace_msg *m = msg_at_line(r, oh_text_span(text), first->place.line);
    struct oh_text where = {0};
    if (m && m->sip->is_request)
        oh_text_addf(&where, "frame %u (%.*s): ", m->frame, OH_SPAN_FMT(m->sip->method));
    else if (m)
        oh_text_addf(&where, "frame %u (%u to %.*s): ", m->frame, m->sip->status,
                     OH_SPAN_FMT(oh_sip_msg_method(m->sip)));
    oh_error_set(e, "this capture's flow cannot be written as a scenario: %s%s",
                 oh_text_str(&where), first->text);
    oh_text_release(&where);
    return -1;
}

/* What cannot be read again is our mistake, and told as such with the sentence. */
static int weigh_text(struct oh_recorded *r, const char *source, struct oh_error *e)
{
    struct oh_text all = {0};
    struct oh_errors errors = {0};
    oh_recorded_write(r, source, false, &all);
    struct oh_scenario *s = oh_scenario_parse("", oh_text_span(&all), &errors);
    int result = s ? 0 : -1;
    if (s)
        weigh(r, s);
    else
        tell_unwritable(r, &all, &errors, e);
    oh_scenario_free(s);
    oh_errors_release(&errors);
    oh_text_release(&all);
    return result;
}

/* --- the whole --- */

static void note_loose(const struct oh_recorded *r, struct oh_text *notes)
{
    for (size_t i = 0; i < r->count; i++) {
        const struct oh_recorded_step *s = &r->steps[i];
        size_t kept = 0;
        for (size_t k = 0; k < s->check_count; k++)
            kept += s->checks[k].keep;
        if (s->from_phone && !kept)
            oh_text_addf(notes, "nothing is checked of '%s: %s' (frame %u)\n", s->text, s->value,
                         r->heard->trace->msgs[s->msg].frame);
    }
}

/* A flow that can be read but not go, as two INVITEs answered crosswise, has no scenario. */
static int check_text(const struct oh_recorded *r, const struct oh_text *text, struct oh_error *e)
{
    struct oh_errors errors = {0};
    struct oh_scenario_set *set = oh_scenario_set_parse("", oh_text_span(text), NULL, 0, &errors);
    int result = set ? 0 : -1;
    if (!set)
        tell_unwritable(r, text, &errors, e);
    oh_scenario_set_free(set);
    oh_errors_release(&errors);
    return result;
}

static int record_flow(const struct oh_heard *h, const char *name, struct oh_text *out,
                       struct oh_text *notes, struct oh_error *e)
{
    struct oh_recorded r;
    bool *chosen = oh_heard_choose(h, notes);
    if (oh_heard_check_gaps(h, chosen, e) != 0) {
        free(chosen);
        return -1;
    }
    oh_recorded_make(&r, h, chosen);
    int result = -1;
    if (r.count == 0) {
        oh_error_set(e,
                     "%s holds no call, no registration and no other request of %s that "
                     "begins within it",
                     name, h->phone->name);
        goto out;
    }
    char *source = oh_format("capture %s, frames %u to %u", name, r.first_frame, r.last_frame);
    oh_recorded_add_checks(&r);
    result = weigh_text(&r, source, e);
    if (result == 0) {
        oh_recorded_suggest_covers(&r);
        struct oh_text text = {0};
        oh_recorded_write(&r, source, true, &text);
        result = check_text(&r, &text, e);
        if (result == 0)
            oh_text_add_span(out, oh_text_span(&text));
        oh_text_release(&text);
        note_loose(&r, notes);
    }
    free(source);
out:
    oh_recorded_release(&r);
    free(chosen);
    return result;
}

int oh_record(const char *path, const struct oh_record_options *options, struct oh_text *out,
              struct oh_text *notes, struct oh_error *e)
{
    struct oh_heard h;
    const char *slash = strrchr(path, '/');
    const char *name = options->name ? options->name : slash ? slash + 1 : path;
    int result = oh_heard_read(&h, path, options->phone, notes, e);
    if (result == 0)
        result = record_flow(&h, name, out, notes, e);
    oh_heard_release(&h);
    return result;
}
