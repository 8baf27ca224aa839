/* Known findings: a list that a user keeps, laid over a report. */
#include "reports/baseline.h"

#include "reports/build.h"
#include "reports/identity.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

/* What became of an entry while the list is laid over a report. */
struct fate {
    bool met;    /* it knows a finding */
    bool listed; /* a scenario that it names is in the report */
    bool played; /* one that could show the finding was judged */
};

static struct oh_identity identity_of(const struct oh_known *k)
{
    return (struct oh_identity){k->finding, k->step, k->method, k->direction, k->nth};
}

/* A list for one phone model says nothing of another. */
static bool is_for(const struct oh_baseline *b, const json_t *scenario)
{
    bool named = b->phone == NULL;
    for (size_t i = 0; !named && i < oh_json_count(scenario, "phones"); i++)
        named = oh_json_is(oh_json_item(scenario, "phones", i), "adapter", b->phone);
    return named;
}

static bool names(const struct oh_known *k, const json_t *scenario)
{
    return fnmatch(k->scenario, oh_json_str(scenario, "id"), 0) == 0;
}

/* By the day of the run, not of reading: judging again later tells the same. */
static bool is_expired(const struct oh_known *k, const json_t *run)
{
    return k->expires && strncmp(oh_json_str(run, "started"), k->expires, 10) > 0;
}

/* An entry that has expired leaves its words, and forgives nothing. */
static void mark(json_t *finding, const struct oh_known *k, bool expired)
{
    json_object_set_new(finding, expired ? "was_known" : "known", oh_json_text(k->reason));
    if (expired)
        json_object_set_new(finding, "known_until", oh_json_text(k->expires));
    if (k->link)
        json_object_set_new(finding, "link", oh_json_text(k->link));
}

/* Returns how many findings of the scenario the entry knows and no entry before it knew. */
static json_int_t apply_entry(const struct oh_known *k, json_t *scenario, bool expired,
                              struct fate *fate)
{
    struct oh_identity entry = identity_of(k);
    json_int_t met = 0;
    if (!names(k, scenario))
        return 0;
    fate->listed = true;
    for (size_t i = 0; i < oh_json_count(scenario, "findings"); i++) {
        json_t *finding = json_array_get(json_object_get(scenario, "findings"), i);
        struct oh_identity found = oh_identity_of(finding);
        if (!oh_finding_is_broken(finding) || !oh_identity_covers(&entry, &found))
            continue;
        fate->met = true;
        if (oh_json_has(finding, "known"))
            continue;
        met++;
        mark(finding, k, expired);
    }
    fate->played |= oh_identity_could_show(&entry, scenario);
    return met;
}

static json_t *entry_json(const struct oh_known *k)
{
    const struct {
        const char *key, *value;
    } pairs[] = {{"finding", k->finding}, {"scenario", k->scenario},   {"step", k->step},
                 {"method", k->method},   {"direction", k->direction}, {"reason", k->reason},
                 {"clause", k->clause},   {"link", k->link},           {"expires", k->expires}};
    json_t *json = json_object();
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        if (pairs[i].value)
            json_object_set_new(json, pairs[i].key, oh_json_text(pairs[i].value));
    }
    return json;
}

/* Where a finding of the entry's id is that no entry knows: "BYE from the phone"; NULL: nowhere. */
static json_t *elsewhere(const struct oh_baseline *b, const struct oh_known *k,
                         const json_t *scenarios)
{
    struct oh_text text = {0};
    for (size_t s = 0; s < json_array_size(scenarios); s++) {
        const json_t *scenario = json_array_get(scenarios, s);
        for (size_t i = 0; is_for(b, scenario) && i < oh_json_count(scenario, "findings"); i++) {
            const json_t *finding = oh_json_item(scenario, "findings", i);
            struct oh_identity found = oh_identity_of(finding);
            if (!oh_json_is(finding, "id", k->finding) || !names(k, scenario) ||
                !oh_finding_is_broken(finding) || oh_json_has(finding, "known"))
                continue;
            oh_text_addf(&text, "%s: ", oh_json_str(scenario, "id"));
            oh_identity_place_text(&found, &text);
            json_t *place = oh_json_text(oh_text_str(&text));
            oh_text_release(&text);
            return place;
        }
    }
    return NULL;
}

/* What is told of the entries that met nothing. */
struct told {
    json_t *gone, *expired, *elsewhere, *unplayed;
};

static void tell(const struct oh_baseline *b, const struct oh_known *k, const struct fate *fate,
                 const json_t *scenarios, struct told *told)
{
    json_t *place = fate->met ? NULL : elsewhere(b, k, scenarios), *json = entry_json(k);
    if (place) {
        json_object_set_new(json, "seen", place);
        json_array_append(told->elsewhere, json);
    } else if (!fate->met && !fate->listed) {
        json_array_append(told->unplayed, json);
    } else if (!fate->met && fate->played) {
        json_array_append(told->gone, json);
    }
    json_decref(json);
}

/* All entries that have expired, or all that have not; returns how many findings they know. */
static json_int_t apply_all(const struct oh_baseline *b, json_t *report, bool expired,
                            struct fate *fates)
{
    json_t *scenarios = json_object_get(report, "scenarios");
    json_int_t met = 0;
    for (size_t i = 0; i < b->count; i++) {
        for (size_t s = 0; s < json_array_size(scenarios); s++) {
            json_t *scenario = json_array_get(scenarios, s);
            if (is_expired(&b->items[i], report) == expired && is_for(b, scenario))
                met += apply_entry(&b->items[i], scenario, expired, &fates[i]);
        }
    }
    return met;
}

static bool is_for_any(const struct oh_baseline *b, const json_t *scenarios)
{
    bool any = false;
    for (size_t s = 0; s < json_array_size(scenarios) && !any; s++)
        any = is_for(b, json_array_get(scenarios, s));
    return any;
}

void oh_baseline_apply(const struct oh_baseline *b, json_t *report)
{
    json_t *scenarios = json_object_get(report, "scenarios"), *json = json_object();
    struct told told = {json_array(), json_array(), json_array(), json_array()};
    struct fate *fates = oh_alloc((b->count + 1) * sizeof *fates);
    json_int_t met = apply_all(b, report, false, fates);
    apply_all(b, report, true, fates);
    bool used = is_for_any(b, scenarios);
    for (size_t i = 0; i < b->count; i++) {
        if (is_expired(&b->items[i], report))
            json_array_append_new(told.expired, entry_json(&b->items[i]));
        else if (used)
            tell(b, &b->items[i], &fates[i], scenarios, &told);
    }
    free(fates);
    json_object_set_new(json, "file", oh_json_text(b->file));
    if (b->phone)
        json_object_set_new(json, "phone", oh_json_text(b->phone));
    json_object_set_new(json, "known", json_integer(met));
    json_object_set_new(json, "gone", told.gone);
    json_object_set_new(json, "expired", told.expired);
    json_object_set_new(json, "elsewhere", told.elsewhere);
    json_object_set_new(json, "unplayed", told.unplayed);
    json_object_set_new(report, "baseline", json);
    json_object_set_new(report, "summary", oh_report_summary(scenarios));
    oh_report_set_exit_status(report, oh_report_exit_status(report));
}

json_t *oh_baseline_scenario(const struct oh_baseline *b, const json_t *scenario)
{
    json_t *copy = json_deep_copy(scenario);
    for (int expired = 0; expired < 2; expired++) {
        for (size_t i = 0; b && is_for(b, scenario) && i < b->count; i++) {
            struct fate unused = {0};
            if (is_expired(&b->items[i], scenario) == (expired != 0))
                apply_entry(&b->items[i], copy, expired != 0, &unused);
        }
    }
    return copy;
}
