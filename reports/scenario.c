/* One judged scenario as JSON: an entry of "scenarios". */
#include "base/file.h"
#include "reports/build.h"

#include <stdlib.h>
#include <string.h>

static const struct oh_step *step_at(const struct oh_verdict *v, int step)
{
    const struct oh_scenario *s = v->recording->scenario;
    return s && step >= 0 && (size_t)step < s->step_count ? &s->steps[step] : NULL;
}

static json_t *frames(const unsigned *all, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;
        while (k < i && all[k] != all[i])
            k++;
        if (k == i && all[i] != 0) /* one packet of a stream may carry several messages */
            json_array_append_new(list, json_integer(all[i]));
    }
    return list;
}

/* --- who took part --- */

static const struct oh_run_seat *seat_named(const struct oh_run *run, const char *name)
{
    for (size_t i = 0; name && i < run->seat_count; i++) {
        if (strcmp(run->seats[i].name, name) == 0)
            return &run->seats[i];
    }
    return NULL;
}

static json_t *address_or_null(const struct oh_addr *a)
{
    char text[OH_ADDR_TEXT];
    return a->family == OH_FAMILY_NONE ? json_null() : oh_json_text(oh_addr_format(a, text));
}

static json_t *phones(const struct oh_run *run)
{
    json_t *list = json_array();
    for (size_t i = 0; i < run->phone_count; i++) {
        const struct oh_run_phone *p = &run->phones[i];
        const struct oh_run_seat *seat = seat_named(run, p->seat);
        json_t *json = json_object();
        json_object_set_new(json, "seat", oh_json_text(p->seat));
        json_object_set_new(json, "name", oh_json_text(p->name));
        json_object_set_new(json, "adapter", oh_json_text(p->adapter));
        json_object_set_new(json, "profile", oh_json_text(p->profile));
        json_object_set_new(json, "user_agent", oh_json_text(p->user_agent));
        json_object_set_new(json, "address", seat ? address_or_null(&seat->sip) : json_null());
        json_object_set_new(json, "reference", json_boolean(p->is_reference));
        json_object_set_new(json, "transport", json_string(oh_transport_name(p->transport)));
        json_object_set_new(json, "mutant", oh_json_text(p->mutant));
        json_array_append_new(list, json);
    }
    return list;
}

static json_t *seats(const struct oh_run *run)
{
    json_t *list = json_array();
    for (size_t i = 0; i < run->seat_count; i++) {
        const struct oh_run_seat *s = &run->seats[i];
        json_t *json = json_object();
        json_object_set_new(json, "name", oh_json_text(s->name));
        json_object_set_new(json, "role", oh_json_text(s->role));
        json_object_set_new(json, "phone", json_boolean(s->is_phone));
        json_object_set_new(json, "address", address_or_null(&s->sip));
        json_array_append_new(list, json);
    }
    return list;
}

/* --- what the verdict rests on --- */

static json_t *evidence(const struct oh_recording *r)
{
    const struct oh_run *run = r->run;
    json_t *json = json_object();
    json_object_set_new(json, "source",
                        json_string(run->evidence == OH_EVIDENCE_TAP ? "tap" : "capture"));
    json_object_set_new(json, "interface", oh_json_text(run->capture.interface));
    json_object_set_new(json, "received", json_integer((json_int_t)run->capture.received));
    json_object_set_new(json, "dropped", json_integer((json_int_t)run->capture.dropped));
    json_object_set_new(json, "lost", json_integer((json_int_t)r->lost));
    json_object_set_new(json, "strays", json_integer((json_int_t)r->strays));
    json_object_set_new(json, "complete", json_boolean(run->capture.complete));
    json_object_set_new(json, "timers_late_s", oh_json_seconds(run->worst_late_ns));
    if (run->clock_step_ns)
        json_object_set_new(json, "clock_step_s", oh_json_seconds(run->clock_step_ns));
    return json;
}

json_t *oh_report_rules(const struct oh_verdict *v)
{
    json_t *json = json_object();
    json_object_set_new(json, "applied", json_integer((json_int_t)v->rules_applied));
    json_object_set_new(json, "not_checkable", json_integer((json_int_t)v->rules_not_checkable));
    return json;
}

/* --- steps --- */

static const char *const step_kinds[] = {[OH_STEP_ACTION] = "action",
                                         [OH_STEP_MESSAGE] = "message",
                                         [OH_STEP_MEDIA] = "media",
                                         [OH_STEP_SILENCE] = "silence",
                                         [OH_STEP_CONNECTION] = "connection"};

/* When a step without a message was done or given up, by the journal; absent: null. */
static json_t *journal_time(const struct oh_verdict *v, int step)
{
    const struct oh_run *run = v->recording->run;
    for (size_t i = 0; i < run->journal_count; i++) {
        const struct oh_journal_entry *e = &run->journal[i];
        if (e->step == step && (e->kind == OH_JOURNAL_TOLD || e->kind == OH_JOURNAL_MEDIA))
            return oh_json_seconds(e->wall_ns - v->zero_ns);
    }
    return json_null();
}

static json_t *number_of(const struct oh_run *run, const char *party)
{
    char *name = party ? oh_format("%s.number", party) : NULL;
    json_t *json = oh_json_text(name ? oh_run_name_value(run, name) : NULL);
    free(name);
    return json;
}

static json_t *step(const struct oh_verdict *v, int index)
{
    const struct oh_step *s = step_at(v, index);
    const struct oh_step_result *r = &v->steps[index];
    bool never = r->time_ns < 0 && r->msg == OH_NONE;
    json_t *json = json_object();
    json_object_set_new(json, "line", json_integer(s->place.line));
    json_object_set_new(json, "text", oh_json_text(s->text));
    json_object_set_new(json, "kind", json_string(step_kinds[s->kind]));
    json_object_set_new(json, "from", oh_json_text(s->from));
    json_object_set_new(json, "to", oh_json_text(s->to));
    if (s->kind == OH_STEP_ACTION)
        json_object_set_new(json, "number", number_of(v->recording->run, s->to));
    json_object_set_new(json, "verdict", oh_json_text(oh_step_word_name(r->word)));
    json_object_set_new(json, "frames", frames(r->frames, r->frame_count));
    json_object_set_new(json, "message", oh_json_index(r->msg));
    json_object_set_new(json, "time_s",
                        never ? journal_time(v, index) : oh_json_seconds(r->time_ns));
    return json;
}

static json_t *steps(const struct oh_verdict *v)
{
    json_t *list = json_array();
    size_t count = v->recording->scenario && v->steps ? v->recording->scenario->step_count : 0;
    for (size_t i = 0; i < count; i++) {
        if (!v->recording->scenario->steps[i].prelude) /* what is given is no step */
            json_array_append_new(list, step(v, (int)i));
    }
    return list;
}

/* --- findings --- */

static json_t *byte_range(const struct oh_finding *f)
{
    return f->bytes_to > f->bytes_from
               ? json_pack("[I,I]", (json_int_t)f->bytes_from, (json_int_t)f->bytes_to)
               : json_null();
}

/* Which of the steps with its text a step is, from 1. */
static int nth_alike(const struct oh_scenario *s, int step)
{
    int nth = 1;
    for (int i = 0; i < step; i++)
        nth += !s->steps[i].prelude && strcmp(s->steps[i].text, s->steps[step].text) == 0;
    return nth;
}

json_t *oh_report_finding(const struct oh_verdict *v, const struct oh_finding *f)
{
    const struct oh_step *s = step_at(v, f->step);
    json_t *json = json_object();
    json_object_set_new(json, "id", oh_json_text(f->id));
    json_object_set_new(json, "level", json_string(f->level == OH_LEVEL_MUST ? "must" : "should"));
    json_object_set_new(json, "result", oh_json_text(oh_result_name(f->result)));
    json_object_set_new(json, "by", json_string(f->is_rule ? "rule" : "flow"));
    json_object_set_new(json, "clause", oh_json_text(f->clause));
    json_object_set_new(json, "frames", frames(f->frames, f->frame_count));
    json_object_set_new(json, "time_s", oh_json_seconds(f->time_ns));
    json_object_set_new(json, "message", oh_json_index(f->msg));
    json_object_set_new(json, "about", oh_json_index(f->about));
    json_object_set_new(json, "method", oh_json_text(f->method));
    json_object_set_new(json, "direction", json_string(f->from_phone ? "from-phone" : "to-phone"));
    json_object_set_new(json, "step", oh_json_text(s ? s->text : NULL));
    if (s && nth_alike(v->recording->scenario, f->step) > 1)
        json_object_set_new(json, "nth", json_integer(nth_alike(v->recording->scenario, f->step)));
    json_object_set_new(json, "line", s ? json_integer(s->place.line) : json_null());
    json_object_set_new(json, "field", oh_json_text(f->field));
    json_object_set_new(json, "bytes", byte_range(f));
    json_object_set_new(json, "expected", oh_json_text(f->expected));
    json_object_set_new(json, "observed", oh_json_text(f->observed));
    json_object_set_new(json, "text", oh_json_text(f->text ? f->text : ""));
    return json;
}

static json_t *findings(const struct oh_verdict *v)
{
    json_t *list = json_array();
    for (size_t i = 0; i < v->finding_count; i++)
        json_array_append_new(list, oh_report_finding(v, &v->findings[i]));
    return list;
}

/* --- what else happened --- */

static bool is_told(enum oh_journal_kind kind)
{
    return kind == OH_JOURNAL_TOLD || kind == OH_JOURNAL_CONFIRMED || kind == OH_JOURNAL_REFUSED ||
           kind == OH_JOURNAL_PHONE || kind == OH_JOURNAL_NOTE;
}

static json_t *events(const struct oh_verdict *v)
{
    const struct oh_run *run = v->recording->run;
    json_t *list = json_array();
    for (size_t i = 0; i < run->journal_count; i++) {
        const struct oh_journal_entry *e = &run->journal[i];
        const struct oh_step *s = step_at(v, e->step);
        if (!is_told(e->kind))
            continue;
        json_t *json = json_object();
        json_object_set_new(json, "event", oh_json_text(oh_journal_name(e->kind)));
        json_object_set_new(json, "time_s", oh_json_seconds(e->wall_ns - v->zero_ns));
        json_object_set_new(json, "seat", oh_json_text(e->seat));
        json_object_set_new(json, "step", s ? json_integer(s->place.line) : json_null());
        json_object_set_new(json, "detail", oh_json_text(e->detail));
        json_array_append_new(list, json);
    }
    return list;
}

/* A phone's last words are of use where something went wrong. */
static json_t *phone_output(const struct oh_verdict *v)
{
    bool wanted = v->word != OH_WORD_PASS && v->word != OH_WORD_SKIP;
    return oh_json_text(wanted ? v->recording->run->phone_output : NULL);
}

static json_t *started(const struct oh_run *run)
{
    char text[32];
    return oh_json_text(oh_clock_format(run->started_wall_ns, text));
}

static int64_t duration_ns(const struct oh_run *run)
{
    return run->ended_wall_ns > run->started_wall_ns ? run->ended_wall_ns - run->started_wall_ns
                                                     : 0;
}

/* --- the whole --- */

static void add_head(json_t *json, const struct oh_verdict *v, const char *folder)
{
    static const struct oh_scenario none = {0};
    const struct oh_run *run = v->recording->run;
    const struct oh_scenario *s = v->recording->scenario ? v->recording->scenario : &none;
    json_object_set_new(json, "id", oh_json_text(run->scenario_id ? run->scenario_id : ""));
    json_object_set_new(json, "title", oh_json_text(s->title ? s->title : ""));
    json_object_set_new(json, "file", oh_json_text(run->scenario_file));
    json_object_set_new(json, "verdict", oh_json_text(oh_word_name(v->word)));
    json_object_set_new(json, "reason", oh_json_text(v->reason));
    json_object_set_new(json, "started", started(run));
    json_object_set_new(json, "duration_s", oh_json_seconds(duration_ns(run)));
    json_object_set_new(json, "covers", oh_json_list(s->covers, s->cover_count));
    json_object_set_new(json, "source", oh_json_list(s->sources, s->source_count));
    json_object_set_new(json, "folder", oh_json_text(folder));
    json_object_set_new(json, "outcome", oh_json_text(oh_outcome_name(run->outcome)));
    json_object_set_new(json, "outcome_text", oh_json_text(run->outcome_text));
}

json_t *oh_report_scenario(const struct oh_verdict *v, const char *folder)
{
    const struct oh_run *run = v->recording->run;
    json_t *json = json_object();
    add_head(json, v, folder);
    json_object_set_new(json, "phones", phones(run));
    json_object_set_new(json, "seats", seats(run));
    json_object_set_new(json, "evidence", evidence(v->recording));
    json_object_set_new(json, "rules", oh_report_rules(v));
    json_object_set_new(json, "steps", steps(v));
    json_object_set_new(json, "findings", findings(v));
    json_object_set_new(json, "messages", oh_report_messages(v, NULL));
    json_object_set_new(json, "media", oh_report_media(v));
    json_object_set_new(json, "events", events(v));
    json_object_set_new(json, "phone_output", phone_output(v));
    return json;
}
