/* The report as a whole: put together, written, summed up. */
#include "reports/report.h"

#include "base/file.h"
#include "judge/rule.h"
#include "reports/build.h"
#include "reports/identity.h"

#include <stdlib.h>
#include <string.h>

struct oh_report {
    char *folder;
    json_t *scenarios, *phones, *captures;
    int64_t started_ns, ended_ns; /* 0: nothing added yet */
};

struct oh_report *oh_report_new(const char *folder)
{
    struct oh_report *r = oh_alloc(sizeof *r);
    *r = (struct oh_report){.folder = oh_strdup(folder ? folder : ""),
                            .scenarios = json_array(),
                            .phones = json_array(),
                            .captures = json_array()};
    return r;
}

void oh_report_free(struct oh_report *r)
{
    if (!r)
        return;
    json_decref(r->scenarios);
    json_decref(r->phones);
    json_decref(r->captures);
    free(r->folder);
    free(r);
}

/* --- adding --- */

/* The same phone, whatever it said of itself. */
static bool is_same_phone(const json_t *a, const json_t *b)
{
    static const char *const keys[] = {"seat",    "name",   "adapter",  "profile",
                                       "address", "mutant", "transport"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (!json_equal(json_object_get(a, keys[i]), json_object_get(b, keys[i])))
            return false;
    }
    return true;
}

static void add_phone(json_t *phones, json_t *phone)
{
    size_t i;
    json_t *known;
    json_array_foreach(phones, i, known)
    {
        if (!is_same_phone(known, phone))
            continue;
        if (!oh_json_has(known, "user_agent"))
            json_object_set(known, "user_agent", json_object_get(phone, "user_agent"));
        return;
    }
    json_array_append_new(phones, json_deep_copy(phone));
}

/* "DIR/x" as "x": a report stays true when its folder is moved. */
static const char *relative(const char *folder, const char *path)
{
    size_t len = strlen(folder);
    if (path && len > 0 && strncmp(path, folder, len) == 0 && (path[len] == '/' || !path[len]))
        path += len;
    while (path && len > 0 && *path == '/')
        path++;
    return path;
}

static void add(struct oh_report *r, json_t *scenario)
{
    size_t i;
    json_t *phone;
    json_array_foreach(json_object_get(scenario, "phones"), i, phone) add_phone(r->phones, phone);
    json_array_append_new(r->scenarios, scenario);
}

static void add_time(struct oh_report *r, int64_t started_ns, int64_t ended_ns)
{
    if (r->started_ns == 0 || started_ns < r->started_ns)
        r->started_ns = started_ns;
    if (ended_ns > r->ended_ns)
        r->ended_ns = ended_ns;
}

void oh_report_add(struct oh_report *r, const struct oh_verdict *v, const char *scenario_folder)
{
    const struct oh_run *run = v->recording->run;
    add(r, oh_report_scenario(v, relative(r->folder, scenario_folder)));
    add_time(r, run->started_wall_ns, run->ended_wall_ns);
}

void oh_report_add_capture(struct oh_report *r, const struct oh_survey *s, const char *file)
{
    struct oh_survey_counts counts = oh_survey_counts(s);
    for (size_t i = 0; i < oh_survey_count(s); i++)
        add(r, oh_report_surveyed(oh_survey_at(s, i), &counts, file));
    json_array_append_new(r->captures, oh_report_capture(s, file));
    if (counts.first_ns > 0)
        add_time(r, counts.first_ns, counts.last_ns);
}

const json_t *oh_report_last(const struct oh_report *r)
{
    size_t count = json_array_size(r->scenarios);
    return count ? json_array_get(r->scenarios, count - 1) : NULL;
}

size_t oh_report_count(const struct oh_report *r)
{
    return json_array_size(r->scenarios);
}

const json_t *oh_report_at(const struct oh_report *r, size_t index)
{
    return json_array_get(r->scenarios, index);
}

/* --- the whole --- */

static json_t *harness(void)
{
    const struct oh_rule_family *const *families = oh_rule_families();
    size_t rules = 0;
    for (size_t i = 0; families[i]; i++)
        rules += families[i]->count;
    char *text = oh_format("%s (%zu rules)", OH_VERSION, rules);
    json_t *json = json_pack("{s:s, s:s}", "version", OH_VERSION, "rules", text);
    free(text);
    return json;
}

json_t *oh_report_summary(const json_t *scenarios)
{
    json_t *summary = json_pack("{s:i, s:i, s:i, s:i, s:i}", "pass", 0, "fail", 0, "inconclusive",
                                0, "error", 0, "skip", 0);
    json_t *sums = json_pack("{s:i, s:i, s:i, s:i}", "must", 0, "should", 0, "known", 0, "ours", 0);
    for (size_t i = 0; i < json_array_size(scenarios); i++) {
        const json_t *scenario = json_array_get(scenarios, i);
        const char *word = oh_json_str(scenario, "verdict");
        if (json_object_get(summary, word))
            oh_json_add(summary, word, 1);
        for (size_t k = 0; k < oh_json_count(scenario, "findings"); k++) {
            const json_t *finding = oh_json_item(scenario, "findings", k);
            if (oh_finding_is_ours(finding))
                oh_json_add(sums, "ours", 1);
            if (!oh_finding_is_broken(finding))
                continue;
            const char *level = oh_json_is(finding, "level", "must") ? "must" : "should";
            oh_json_add(sums, oh_json_has(finding, "known") ? "known" : level,
                        oh_report_weight(finding));
        }
    }
    json_object_set_new(summary, "findings", sums);
    return summary;
}

json_t *oh_report_json(const struct oh_report *r, bool interrupted)
{
    char started[32];
    json_t *json = json_object();
    oh_clock_format(r->started_ns ? r->started_ns : oh_clock_wall_ns(), started);
    json_object_set_new(json, "format", json_string(OH_REPORT_FORMAT));
    json_object_set_new(json, "harness", harness());
    json_object_set_new(json, "started", json_string(started));
    json_object_set_new(json, "duration_s",
                        oh_json_seconds(r->ended_ns > r->started_ns ? r->ended_ns - r->started_ns
                                                                    : 0));
    json_object_set_new(json, "interrupted", json_boolean(interrupted));
    json_object_set_new(json, "exit_status", json_null()); /* its place */
    json_object_set_new(json, "phones", json_deep_copy(r->phones));
    json_object_set_new(json, "summary", oh_report_summary(r->scenarios));
    json_object_set_new(json, "scenarios", json_deep_copy(r->scenarios));
    if (json_array_size(r->captures) > 0)
        json_object_set_new(json, "captures", json_deep_copy(r->captures));
    oh_report_set_exit_status(json, oh_report_exit_status(json));
    return json;
}

int oh_report_write(const json_t *report, const char *path, struct oh_error *e)
{
    /* 15 digits hold nanoseconds for days, and show 0.012 as 0.012 */
    char *text = json_dumps(report, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    struct oh_text file = {0};
    if (!text)
        return oh_error_set(e, "the report is too large for memory");
    oh_text_addf(&file, "%s\n", text);
    free(text);
    int result = oh_file_write(path, oh_text_span(&file), 0644, e);
    oh_text_release(&file);
    return result;
}

/* --- exit status --- */

bool oh_report_is_forgiven(const json_t *scenario)
{
    size_t known = 0;
    bool untold = oh_json_integer(json_object_get(scenario, "capture"), "untold", 0) > 0;
    if (!oh_json_is(scenario, "verdict", "fail") || untold)
        return false;
    for (size_t i = 0; i < oh_json_count(scenario, "findings"); i++) {
        const json_t *finding = oh_json_item(scenario, "findings", i);
        if (!oh_json_is(finding, "result", "fail"))
            continue;
        if (!oh_json_has(finding, "known"))
            return false;
        known++;
    }
    return known > 0;
}

int oh_report_exit_status(const json_t *report)
{
    size_t judged = 0, doubtful = 0;
    for (size_t i = 0; i < oh_json_count(report, "scenarios"); i++) {
        const json_t *scenario = oh_json_item(report, "scenarios", i);
        bool failed = oh_json_is(scenario, "verdict", "fail");
        if (failed && !oh_report_is_forgiven(scenario))
            return 1;
        judged += failed || oh_json_is(scenario, "verdict", "pass");
        doubtful += oh_json_is(scenario, "verdict", "error") ||
                    oh_json_is(scenario, "verdict", "inconclusive");
    }
    return doubtful > 0 || judged == 0 || oh_json_flag(report, "interrupted") ? 3 : 0;
}

void oh_report_set_exit_status(json_t *report, int status)
{
    json_object_set_new(report, "exit_status", json_integer(status));
}
