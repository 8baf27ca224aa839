#include "reports/compare.h"

#include "reports/build.h"
#include "reports/identity.h"

#include <stdlib.h>

/* --- scenarios side by side --- */

/* Counts one more of `key`; returns how many there were before. */
static json_int_t tally(json_t *counts, const char *key)
{
    json_int_t before = oh_json_integer(counts, key, 0);
    oh_json_add(counts, key, 1);
    return before;
}

/* For each scenario in order, its id and which one with that id it is: "1 call-out" for the
 * second. */
static json_t *names_of(const json_t *report)
{
    json_t *names = json_array(), *counts = json_object();
    for (size_t i = 0; i < oh_json_count(report, "scenarios"); i++) {
        const char *id = oh_json_str(oh_json_item(report, "scenarios", i), "id");
        struct oh_text name = {0};
        oh_text_addf(&name, "%lld %s", (long long)tally(counts, id), id);
        json_array_append_new(names, json_string(oh_text_str(&name)));
        oh_text_release(&name);
    }
    json_decref(counts);
    return names;
}

/* The scenarios of a report by those names, borrowed from it. */
static json_t *by_name(const json_t *report, const json_t *names)
{
    json_t *found = json_object(), *scenarios = json_object_get(report, "scenarios");
    for (size_t i = 0; i < json_array_size(names); i++)
        json_object_set(found, json_string_value(json_array_get(names, i)),
                        json_array_get(scenarios, i));
    return found;
}

/* --- verdicts --- */

static int badness(const json_t *scenario)
{
    static const char *const words[] = {"inconclusive", "fail", "error"};
    if (!scenario || oh_report_is_forgiven(scenario))
        return 0;
    for (int i = 0; i < 3; i++) {
        if (oh_json_is(scenario, "verdict", words[i]))
            return i + 1;
    }
    return 0;
}

static bool is_worse(const json_t *older, const json_t *newer, bool interrupted)
{
    bool was_judged = older && oh_scenario_is_judged(older);
    if (!newer)
        return was_judged && interrupted;
    return badness(newer) > badness(older) || (was_judged && !oh_scenario_is_judged(newer));
}

static const char *change_of(const json_t *older, const json_t *newer, bool worse)
{
    if (!older || !newer)
        return older ? "missing" : "added";
    if (worse)
        return "worse";
    if (badness(older) > 0 && badness(newer) == 0)
        return "better";
    return json_equal(json_object_get(older, "verdict"), json_object_get(newer, "verdict"))
               ? "same"
               : "changed";
}

/* --- findings --- */

/* A should that has become a must is new. */
static char *key_of(const json_t *finding)
{
    struct oh_identity id = oh_identity_of(finding);
    char *same = oh_identity_key(&id);
    char *key = oh_format("%s\n%s", oh_json_str(finding, "level"), same);
    free(same);
    return key;
}

/* How many broken findings of each identity a scenario has. */
static json_t *counts_of(const json_t *scenario)
{
    json_t *counts = json_object();
    for (size_t i = 0; i < oh_json_count(scenario, "findings"); i++) {
        const json_t *finding = oh_json_item(scenario, "findings", i);
        char *key = key_of(finding);
        if (oh_finding_is_broken(finding))
            tally(counts, key);
        free(key);
    }
    return counts;
}

static void add(json_t *list, const json_t *finding, const char *change)
{
    json_t *copy = json_deep_copy(finding);
    json_object_set_new(copy, "change", json_string(change));
    json_array_append_new(list, copy);
}

static const char *change_in_newer(const json_t *finding)
{
    return oh_json_has(finding, "known") ? "known" : "new";
}

static const char *change_in_older(const json_t *finding, const json_t *newer)
{
    struct oh_identity id = oh_identity_of(finding);
    return newer && oh_identity_could_show(&id, newer) ? "gone" : "not-seen";
}

/* The findings of one side, paired with those of the other; the pairs are told by the newer one. */
static void add_side(json_t *list, const json_t *mine, const json_t *theirs, const json_t *newer)
{
    json_t *counts = counts_of(theirs), *seen = json_object();
    for (size_t i = 0; i < oh_json_count(mine, "findings"); i++) {
        const json_t *finding = oh_json_item(mine, "findings", i);
        if (!oh_finding_is_broken(finding))
            continue;
        char *key = key_of(finding);
        bool both = tally(seen, key) < oh_json_integer(counts, key, 0);
        if (both && mine == newer)
            add(list, finding, "unchanged");
        else if (!both)
            add(list, finding,
                mine == newer ? change_in_newer(finding) : change_in_older(finding, newer));
        free(key);
    }
    json_decref(counts);
    json_decref(seen);
}

/* --- putting together --- */

static void set_text(json_t *json, const char *key, const json_t *object, const char *from)
{
    const json_t *value = object ? json_object_get(object, from) : NULL;
    json_object_set_new(json, key, value ? json_deep_copy(value) : json_null());
}

static void add_scenario(json_t *list, const json_t *older, const json_t *newer, bool interrupted)
{
    const json_t *told = newer ? newer : older;
    bool worse = is_worse(older, newer, interrupted);
    json_t *json = json_object(), *findings = json_array();
    set_text(json, "id", told, "id");
    set_text(json, "title", told, "title");
    set_text(json, "file", told, "file");
    set_text(json, "old", older, "verdict");
    set_text(json, "new", newer, "verdict");
    set_text(json, "reason", newer, "reason");
    json_object_set_new(json, "change", json_string(change_of(older, newer, worse)));
    json_object_set_new(json, "worse", json_boolean(worse));
    add_side(findings, newer, older, newer);
    if (older)
        add_side(findings, older, newer, newer);
    json_object_set_new(json, "findings", findings);
    json_array_append_new(list, json);
}

static json_t *side(const json_t *report, const char *name)
{
    json_t *json = json_object();
    json_object_set_new(json, "file", oh_json_text(name));
    set_text(json, "started", report, "started");
    json_object_set_new(json, "interrupted", json_boolean(oh_json_flag(report, "interrupted")));
    set_text(json, "phones", report, "phones");
    json_object_set_new(json, "scenarios",
                        json_integer((json_int_t)oh_json_count(report, "scenarios")));
    return json;
}

static json_t *sums(const json_t *scenarios)
{
    static const char *const words[] = {"new",      "known",   "gone",   "unchanged",
                                        "not-seen", "worse",   "better", "added",
                                        "missing",  "changed", "same"};
    json_t *json = json_object();
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        json_object_set_new(json, words[i], json_integer(0));
    for (size_t i = 0; i < json_array_size(scenarios); i++) {
        const json_t *scenario = json_array_get(scenarios, i);
        bool worse = oh_json_flag(scenario, "worse");
        oh_json_add(json, worse ? "worse" : oh_json_str(scenario, "change"), 1);
        for (size_t k = 0; k < oh_json_count(scenario, "findings"); k++)
            oh_json_add(json, oh_json_str(oh_json_item(scenario, "findings", k), "change"), 1);
    }
    return json;
}

int oh_compare_exit_status(const json_t *comparison)
{
    const json_t *summary = json_object_get(comparison, "summary");
    return oh_json_integer(summary, "new", 0) > 0 || oh_json_integer(summary, "worse", 0) > 0;
}

/* In the order of the newer report, then what it lacks. */
static json_t *pair(const json_t *older, const json_t *newer)
{
    bool interrupted = oh_json_flag(newer, "interrupted");
    json_t *pairs = json_array(), *names = names_of(newer), *older_names = names_of(older);
    json_t *newer_by_name = by_name(newer, names), *older_by_name = by_name(older, older_names);
    size_t i;
    const json_t *name;
    json_array_foreach(names, i, name)
        add_scenario(pairs, json_object_get(older_by_name, json_string_value(name)),
                     oh_json_item(newer, "scenarios", i), interrupted);
    json_array_foreach(older_names, i, name)
    {
        if (!json_object_get(newer_by_name, json_string_value(name)))
            add_scenario(pairs, oh_json_item(older, "scenarios", i), NULL, interrupted);
    }
    json_decref(names);
    json_decref(older_names);
    json_decref(newer_by_name);
    json_decref(older_by_name);
    return pairs;
}

json_t *oh_compare_reports(const json_t *older, const char *older_name, const json_t *newer,
                           const char *newer_name)
{
    json_t *json = json_object(), *scenarios = pair(older, newer);
    json_object_set_new(json, "format", json_string(OH_COMPARE_FORMAT));
    json_object_set_new(json, "old", side(older, older_name));
    json_object_set_new(json, "new", side(newer, newer_name));
    json_object_set_new(json, "summary", sums(scenarios));
    json_object_set_new(json, "exit_status", json_null()); /* its place */
    json_object_set_new(json, "scenarios", scenarios);
    json_object_set_new(json, "exit_status", json_integer(oh_compare_exit_status(json)));
    return json;
}
