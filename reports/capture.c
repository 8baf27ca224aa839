/* What `check` finds in a foreign capture, as JSON: its phones as entries of "scenarios", and the
 * capture itself as an entry of "captures". */
#include "base/file.h"
#include "reports/build.h"
#include "reports/report.h"

#include <stdlib.h>
#include <string.h>

#define SERVERS_TOLD 50

json_int_t oh_report_weight(const json_t *finding)
{
    return 1 + oh_json_integer(finding, "more", 0);
}

static void put_count(json_t *object, const char *key, size_t count)
{
    json_object_set_new(object, key, json_integer((json_int_t)count));
}

static json_t *moment(int64_t wall_ns)
{
    char text[32];
    return oh_json_text(oh_clock_format(wall_ns, text));
}

static json_t *span_s(int64_t first_ns, int64_t last_ns)
{
    return oh_json_seconds(last_ns > first_ns ? last_ns - first_ns : 0);
}

/* --- who --- */

static json_t *phones(const struct oh_surveyed *p, const char *name)
{
    const char *agent = p->phone->user_agent, *profile = p->verdict->recording->profile;
    json_t *json = json_object();
    json_object_set_new(json, "seat", oh_json_text(name));
    json_object_set_new(json, "name", oh_json_text(agent ? agent : "phone without a User-Agent"));
    json_object_set_new(json, "adapter", json_null());
    json_object_set_new(json, "profile", oh_json_text(profile));
    json_object_set_new(json, "user_agent", oh_json_text(agent));
    json_object_set_new(json, "address", oh_json_text(name));
    json_object_set_new(json, "reference", json_false());
    json_object_set_new(json, "transport", json_string(oh_transport_name(p->transport)));
    json_object_set_new(json, "mutant", json_null());
    return json_pack("[o]", json);
}

static json_t *seats(const char *name)
{
    return json_pack("[{s:o, s:s, s:b, s:o}]", "name", oh_json_text(name), "role", "phone", "phone",
                     1, "address", oh_json_text(name));
}

/* --- what it rests on --- */

/* What the calls of a phone lack, in sentences: "One call began ...", "3 calls began ...". */
static json_t *missing_of(const struct oh_surveyed *p)
{
    const struct {
        size_t count;
        const char *one, *many;
    } rows[] = {
        {p->begins_within, "One call began before the capture.", "calls began before the capture."},
        {p->cut, "One call was not over when the capture ended, or when room was needed.",
         "calls were not over when the capture ended, or when room was needed."},
        {p->one_sided, "One call was captured in one direction only.",
         "calls were captured in one direction only."},
        {p->lost, "Packets are missing during one call.", "calls had packets missing meanwhile."},
    };
    json_t *list = json_array();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].count == 0)
            continue;
        char *text = rows[i].count == 1 ? oh_strdup(rows[i].one)
                                        : oh_format("%zu %s", rows[i].count, rows[i].many);
        json_array_append_new(list, oh_json_text(text));
        free(text);
    }
    return list;
}

static json_t *evidence(const struct oh_survey_counts *counts)
{
    json_t *json = json_object();
    json_object_set_new(json, "source", json_string("capture"));
    json_object_set_new(json, "interface", json_null());
    put_count(json, "received", counts->frames);
    put_count(json, "dropped", 0);
    put_count(json, "lost", 0);
    put_count(json, "strays", 0);
    json_object_set_new(json, "complete", json_boolean(!counts->truncated));
    json_object_set_new(json, "timers_late_s", oh_json_seconds(0));
    return json;
}

/* --- what was found --- */

static json_t *findings(const struct oh_surveyed *p)
{
    json_t *list = json_array();
    for (size_t i = 0; i < p->verdict->finding_count; i++)
        json_array_append_new(list, oh_report_finding(p->verdict, &p->verdict->findings[i]));
    for (size_t i = 0; i < p->kind_count; i++) {
        const struct oh_surveyed_kind *k = &p->kinds[i];
        json_t *last = json_array_get(list, k->last);
        if (k->found > k->kept)
            put_count(last, "more", k->found - k->kept);
        if (k->calls > 1)
            put_count(last, "calls", k->calls);
    }
    return list;
}

static size_t told(const struct oh_surveyed *p)
{
    size_t count = 0;
    for (size_t i = 0; i < p->kind_count; i++)
        count += p->kinds[i].found;
    return count;
}

static json_t *calls(const struct oh_surveyed *p)
{
    json_t *list = json_array();
    for (size_t i = 0; i < p->call_count; i++) {
        const struct oh_surveyed_call *c = &p->call_list[i];
        json_t *json = json_object();
        json_object_set_new(json, "call_id", oh_json_text(c->call_id));
        put_count(json, "first", c->first);
        put_count(json, "count", c->count);
        put_count(json, "left_out", c->left_out);
        json_array_append_new(list, json);
    }
    return list;
}

static json_t *sent(const struct oh_surveyed *p)
{
    json_t *json = json_object();
    for (size_t i = 0; i < p->sent_count; i++) {
        json_t *key = oh_json_text(p->sent[i].what);
        oh_json_add(json, json_string_value(key), (json_int_t)p->sent[i].count);
        json_decref(key);
    }
    return json;
}

static json_t *capture(const struct oh_surveyed *p, const char *file)
{
    json_t *json = json_object();
    json_object_set_new(json, "file", oh_json_text(file));
    put_count(json, "calls", p->calls);
    put_count(json, "messages", p->messages);
    put_count(json, "calls_with_findings", p->calls_with_findings);
    put_count(json, "found", p->findings);
    put_count(json, "untold", p->findings - told(p));
    put_count(json, "left_out", p->left_out);
    json_object_set_new(json, "sent", sent(p));
    json_object_set_new(json, "missing", missing_of(p));
    json_object_set_new(json, "dialogs", calls(p));
    return json;
}

/* --- an entry --- */

static char *title(const struct oh_surveyed *p)
{
    return oh_format("%zu call%s, %zu message%s sent", p->calls, p->calls == 1 ? "" : "s",
                     p->messages, p->messages == 1 ? "" : "s");
}

static void add_head(json_t *json, const struct oh_surveyed *p, const char *name)
{
    char *id = oh_format("capture/%s", name), *words = title(p);
    json_object_set_new(json, "id", oh_json_text(id));
    json_object_set_new(json, "title", oh_json_text(words));
    json_object_set_new(json, "file", json_null());
    json_object_set_new(json, "verdict", oh_json_text(oh_word_name(p->verdict->word)));
    json_object_set_new(json, "reason", oh_json_text(p->verdict->reason));
    json_object_set_new(json, "started", moment(p->first_ns));
    json_object_set_new(json, "duration_s", span_s(p->first_ns, p->last_ns));
    json_object_set_new(json, "covers", json_array());
    json_object_set_new(json, "source", json_array());
    json_object_set_new(json, "folder", json_null());
    json_object_set_new(json, "outcome", json_string("not-played"));
    json_object_set_new(json, "outcome_text", json_null());
    free(id);
    free(words);
}

json_t *oh_report_surveyed(const struct oh_surveyed *p, const struct oh_survey_counts *counts,
                           const char *file)
{
    const char *name = p->phone->name;
    json_t *json = json_object();
    add_head(json, p, name);
    json_object_set_new(json, "phones", phones(p, name));
    json_object_set_new(json, "seats", seats(name));
    json_object_set_new(json, "evidence", evidence(counts));
    json_object_set_new(json, "rules", oh_report_rules(p->verdict));
    json_object_set_new(json, "steps", json_array());
    json_object_set_new(json, "findings", findings(p));
    json_object_set_new(json, "messages", oh_report_messages(p->verdict, name));
    json_object_set_new(json, "media", json_array());
    json_object_set_new(json, "events", json_array());
    json_object_set_new(json, "phone_output", json_null());
    json_object_set_new(json, "capture", capture(p, file));
    return json;
}

json_t *oh_report_call(const struct oh_endpoint *phone, const struct oh_verdict *v)
{
    struct oh_surveyed_call call = {.count = v->recording->trace->msg_count};
    struct oh_surveyed p = {.phone = phone,
                            .verdict = (struct oh_verdict *)v, /* only read */
                            .calls = 1,
                            .findings = v->finding_count,
                            .call_list = &call,
                            .call_count = 1};
    struct oh_survey_counts none = {0};
    if (call.count > 0) {
        struct oh_span id = oh_sip_msg_whole(v->recording->trace->msgs[0].sip, OH_SIP_CALL_ID);
        call.call_id = id.at ? oh_span_dup(id) : NULL;
        p.first_ns = p.last_ns = v->recording->trace->msgs[0].time_ns;
    }
    json_t *json = oh_report_surveyed(&p, &none, "");
    free(call.call_id);
    return json;
}

/* --- the capture itself --- */

/* What an endpoint that is not judged is. */
static const char *kind_of(const struct oh_endpoint *e)
{
    if (e->forwards && e->registers)
        return "proxy and registrar";
    if (e->forwards || e->registers)
        return e->forwards ? "proxy" : "registrar";
    return "not asked for";
}

static bool is_told(const struct oh_survey *s, const struct oh_endpoint *e)
{
    return e->sent > 0 && !oh_survey_is_judged(s, e);
}

static void add_others(json_t *json, const struct oh_survey *s)
{
    const struct oh_endpoints *all = oh_survey_endpoints(s);
    json_t *list = json_array();
    size_t more = 0;
    for (size_t i = 0; i < oh_endpoints_count(all); i++) {
        const struct oh_endpoint *e = oh_endpoints_at(all, i);
        if (!is_told(s, e))
            continue;
        if (json_array_size(list) == SERVERS_TOLD) {
            more++;
            continue;
        }
        json_t *other = json_object();
        json_object_set_new(other, "address", oh_json_text(e->name));
        json_object_set_new(other, "kind", json_string(kind_of(e)));
        json_object_set_new(other, "user_agent", oh_json_text(e->user_agent));
        put_count(other, "messages", e->sent);
        json_array_append_new(list, other);
    }
    json_object_set_new(json, "others", list);
    put_count(json, "more_others", more);
}

static json_t *skipped(const struct oh_survey_counts *c)
{
    json_t *json = json_object();
    put_count(json, "cut_frames", c->cut_frames);
    put_count(json, "unfinished_datagrams", c->unfinished_datagrams);
    put_count(json, "tcp_gaps", c->tcp_gaps);
    put_count(json, "other_packets", c->other_packets);
    put_count(json, "other_datagrams", c->other_datagrams);
    put_count(json, "other_tcp", c->other_tcp);
    return json;
}

json_t *oh_report_capture(const struct oh_survey *s, const char *file)
{
    struct oh_survey_counts c = oh_survey_counts(s);
    json_t *json = json_object();
    json_object_set_new(json, "file", oh_json_text(file));
    put_count(json, "frames", c.frames);
    put_count(json, "messages", c.calls.messages);
    put_count(json, "calls", c.calls.calls);
    put_count(json, "cut_calls", c.calls.cut);
    put_count(json, "media_packets", c.media_packets);
    put_count(json, "phones", oh_survey_count(s));
    put_count(json, "not_judged", c.not_judged);
    json_object_set_new(json, "complete", json_boolean(!c.truncated));
    json_object_set_new(json, "stopped", json_boolean(c.stopped));
    json_object_set_new(json, "skipped", skipped(&c));
    add_others(json, s);
    return json;
}
