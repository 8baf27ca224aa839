/* The engine of the always-on rules: who is asked about which message, and what becomes of the
 * answer. */
#include "judge/internal.h"
#include "judge/profile.h"
#include "judge/rule_book.h"
#include "judge/rule_view.h"
#include "judge/time_help.h"
#include "sip/digest.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define OH_COLLECT(family) extern const struct oh_rule_family oh_rules_##family;
#include "collected/rules.def"
#undef OH_COLLECT

const struct oh_rule_family *const *oh_rule_families(void)
{
    static const struct oh_rule_family *const families[] = {
#define OH_COLLECT(family) &oh_rules_##family,
#include "collected/rules.def"
#undef OH_COLLECT
        NULL};
    return families;
}

const struct oh_trace *oh_rule_trace(const struct oh_rule_view *v)
{
    return v->recording->trace;
}

const struct oh_run *oh_rule_run(const struct oh_rule_view *v)
{
    return v->recording->run;
}

const struct oh_trace_msg *oh_rule_msg(const struct oh_rule_view *v, int index)
{
    return index == OH_NONE ? NULL : &v->recording->trace->msgs[index];
}

int64_t oh_rule_watched_until(const struct oh_rule_view *v)
{
    const struct oh_run *run = v->recording->run;
    return run ? run->ended_wall_ns : v->recording->until_ns;
}

bool oh_rule_begins_within(const struct oh_rule_view *v)
{
    return v->recording->begins_within;
}

bool oh_rule_one_sided(const struct oh_rule_view *v)
{
    return v->recording->one_sided;
}

bool oh_rule_evidence_lost(const struct oh_rule_view *v)
{
    const struct oh_run *run = v->recording->run;
    return v->recording->lost > 0 || (run && run->capture.dropped > 0) ||
           (!run && v->holes && oh_holes_shown(v->holes, v->recording->trace, v->judged));
}

/* The user name of the first credentials in a message; absent: it has none. */
static struct oh_span username_in(const struct oh_sip_msg *m)
{
    static const enum oh_sip_header_id ids[] = {OH_SIP_PROXY_AUTHORIZATION, OH_SIP_AUTHORIZATION};
    struct oh_digest d;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        const struct oh_sip_header *h = oh_sip_msg_header(m, ids[i], 0);
        if (h && oh_digest_parse(h->value, &d) == 0 && d.username.at)
            return d.username;
    }
    return (struct oh_span){0};
}

/* Whose a foreign phone's accounts are is told by the user name alone. */
static const struct oh_run_secret *named_secret(const struct oh_recording *r,
                                                const struct oh_trace_msg *m)
{
    struct oh_span name = r->secret_count > 0 ? username_in(m->sip) : (struct oh_span){0};
    for (size_t i = 0; name.at && i < r->secret_count; i++) {
        if (oh_span_is(name, r->secrets[i].username))
            return &r->secrets[i];
    }
    return NULL;
}

const struct oh_run_secret *oh_rule_secret(const struct oh_rule_view *v,
                                           const struct oh_trace_msg *m)
{
    const struct oh_run *run = v->recording->run;
    if (!run)
        return named_secret(v->recording, m);
    for (size_t i = 0; m->from_seat && i < run->secret_count; i++) {
        if (strcmp(run->secrets[i].seat, m->from_seat) == 0)
            return &run->secrets[i];
    }
    return NULL;
}

/* The profile of the phone in this seat, or of the phone of a foreign capture. */
static const char *profile_of(const struct oh_recording *r, const char *seat)
{
    for (size_t i = 0; r->run && seat && i < r->run->phone_count; i++) {
        if (strcmp(r->run->phones[i].seat, seat) == 0)
            return r->run->phones[i].profile;
    }
    return r->profile;
}

bool oh_rule_may_speak(const struct oh_rule_view *v, bool is_phones, const char *seat)
{
    if (!is_phones)
        return v->recording->run != NULL;
    return !oh_profile_silences(oh_profile_of(profile_of(v->recording, seat)), v->rule->id);
}

bool oh_rule_is_voided(struct oh_rule_view *v)
{
    const struct oh_run *run = v->recording->run;
    bool by_time = v->rule->on & OH_BY_TIME;
    bool voided = (v->clock_set && (by_time || v->stream)) ||
                  (run && v->stream && by_time && run->worst_late_ns > OH_STALL_NS);
    if (voided)
        oh_rule_not_checkable(v);
    return voided;
}

static struct oh_finding *speak(struct oh_rule_view *v, const struct oh_trace_msg *m,
                                const struct oh_breach *b)
{
    struct oh_finding *f = oh_finding_add(v->verdict, v->rule->id, v->rule->level, v->strict);
    f->is_rule = true;
    f->clause = oh_strdup(v->rule->clause);
    f->field = oh_strdup(b->field);
    f->expected = oh_strdup(b->expected);
    f->observed = oh_strdup(b->observed);
    f->text = oh_strdup(b->text ? b->text : v->rule->meaning);
    f->method = oh_method_text(m);
    f->time_ns = m->time_ns - v->verdict->zero_ns;
    f->step = v->verdict->step_of_msg ? v->verdict->step_of_msg[m->index] : OH_NONE;
    oh_finding_frame(f, m->frame);
    for (size_t i = 0; i < sizeof b->also / sizeof *b->also; i++) {
        if (b->also[i])
            oh_finding_frame(f, b->also[i]->frame);
    }
    return f;
}

void oh_rule_broken(struct oh_rule_view *v, const struct oh_trace_msg *m,
                    const struct oh_breach *breach)
{
    if (!oh_rule_may_speak(v, m->from_phone, m->from_seat) || oh_rule_is_voided(v))
        return;
    struct oh_finding *f = speak(v, m, breach);
    f->msg = m->index;
    f->from_phone = m->from_phone;
    if (!f->from_phone && f->level == OH_LEVEL_SHOULD)
        f->result = OH_RESULT_WARN; /* --strict is about phones */
    if (breach->bytes.at) {
        f->bytes_from = oh_sip_msg_offset(m->sip, breach->bytes);
        f->bytes_to = f->bytes_from + breach->bytes.len;
    }
}

void oh_rule_absent(struct oh_rule_view *v, const struct oh_trace_msg *owed_to,
                    const struct oh_breach *breach)
{
    const struct oh_run *run = v->recording->run;
    assert(v->rule->on & OH_OWED);
    if (!oh_rule_may_speak(v, owed_to->to_phone, owed_to->to_seat) || oh_rule_is_voided(v))
        return;
    if (run && oh_outcome_silences(run->outcome) &&
        oh_silent_after(v->recording->trace, owed_to->time_ns)) {
        oh_rule_not_checkable(v); /* why nothing came is told by how the run ended */
        return;
    }
    struct oh_finding *f = speak(v, owed_to, breach);
    f->about = owed_to->index;
    f->from_phone = owed_to->to_phone;
    f->step = OH_NONE;
}

void oh_rule_not_checkable(struct oh_rule_view *v)
{
    v->verdict->rules_not_checkable++;
}

/* Of a call that began before the recording nothing can be said. In a foreign capture all are
 * shown: what the others sent may call for what the phone did not send. */
static bool is_shown(const struct oh_verdict *v, const struct oh_recording *r,
                     const struct oh_trace_msg *m)
{
    if (v->earlier_of_msg && v->earlier_of_msg[m->index])
        return false;
    bool on_purpose = r->run && m->tap != OH_NONE && r->run->tap[m->tap].ours_on_purpose;
    bool of_a_seat = m->from_phone || m->from_seat || !r->run;
    return of_a_seat && m->repeat_of == OH_NONE && m->duplicate_of == OH_NONE && !on_purpose;
}

static void ask(const struct oh_rule_book *book, struct oh_rule_view *view,
                const struct oh_trace_msg *m)
{
    struct oh_rule_set set = oh_rule_book_for(book, m, m->from_phone || oh_rule_run(view));
    view->verdict->rules_applied += set.asked;
    view->judged = m;
    for (size_t i = 0; i < set.count; i++) {
        view->rule = set.rules[i];
        view->rule->check(view, m);
    }
}

void oh_rules_apply_by(const struct oh_rule_book *b, struct oh_verdict *verdict,
                       const struct oh_recording *recording, bool strict)
{
    size_t count = recording->trace->msg_count;
    struct oh_rule_view view = {.verdict = verdict, .recording = recording, .strict = strict};
    struct oh_holes holes = {0};
    struct oh_known_dialog dialogs[OH_BYS] = {0};
    view.dialogs = dialogs;
    view.holes = recording->run ? NULL : &holes;
    view.clock_set = recording->run && oh_clock_was_set(recording->run);
    view.origins = oh_alloc(2 * count * sizeof *view.origins + 1);
    view.pairs = view.origins + count;
    view.sendings = oh_realloc(NULL, sizeof *view.sendings);
    view.sendings->count = 0; /* of no message yet */
    view.descriptions = oh_rule_book_descriptions(b);
    oh_sdp_cache_forget(view.descriptions);
    for (size_t i = 0; i < count; i++) {
        const struct oh_trace_msg *m = &recording->trace->msgs[i];
        if (is_shown(verdict, recording, m))
            ask(b, &view, m);
    }
    free(view.sendings);
    free(view.origins);
    oh_rules_apply_to_streams(verdict, recording, strict);
}

void oh_rules_apply(struct oh_verdict *verdict, const struct oh_recording *recording, bool strict)
{
    struct oh_rule_book *book = oh_rule_book_new();
    oh_rules_apply_by(book, verdict, recording, strict);
    oh_rule_book_free(book);
}
