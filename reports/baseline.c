/* Known findings: a list that a user keeps, laid over a report. */
#include "judge/rule.h"
#include "reports/build.h"
#include "reports/identity.h"
#include "reports/report.h"
#include "scenario/yaml.h"

#include <fnmatch.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* What a finding is identified by; never by line or frame. */
struct known {
    char *finding, *scenario, *step, *method, *direction, *reason, *clause, *link, *expires;
    bool met, played; /* while applied: found; a scenario that could show it was played */
};

struct oh_baseline {
    char *file;
    char *phone; /* the adapter that the list is for; NULL: any */
    struct known *items;
    size_t count, room;
};

/* --- reading --- */

static void read_string(struct oh_yaml_reader *r, const struct oh_yaml_node *value, void *target,
                        size_t offset)
{
    char **string = (char **)(void *)((char *)target + offset);
    if (!*oh_yaml_scalar(value))
        oh_yaml_mistake(r->y, value, r->errors, "this is empty");
    free(*string);
    *string = oh_strdup(oh_yaml_scalar(value));
}

#define READ_STRING(member)                                                                        \
    static void read_##member(struct oh_yaml_reader *r, const struct oh_yaml_node *value,          \
                              void *target)                                                        \
    {                                                                                              \
        read_string(r, value, target, offsetof(struct known, member));                             \
    }
READ_STRING(scenario)
READ_STRING(step)
READ_STRING(method)
READ_STRING(clause)
READ_STRING(link)
#undef READ_STRING

/* Findings that no rule makes; "expect.FIELD" stands apart. */
static const char *const flow_ids[] = {"flow.missing",    "flow.status",       "flow.order",
                                       "flow.late",       "flow.destination",  "flow.unexpected",
                                       "flow.not-silent", "flow.early",        "flow.other-call",
                                       "flow.noise",      "media.rtp-missing", "media.rtp-unwanted",
                                       "phone.died",      "phone.hung"};
#define FLOW_IDS (sizeof flow_ids / sizeof *flow_ids)
static const char expectation[] = "expect.";

/* All ids that findings can have, NULL-ended; the caller frees the array. */
static const char **finding_ids(void)
{
    const struct oh_rule_family *const *families = oh_rule_families();
    size_t count = FLOW_IDS;
    for (size_t f = 0; families[f]; f++)
        count += families[f]->count;
    const char **ids = oh_alloc((count + 1) * sizeof *ids);
    memcpy(ids, flow_ids, sizeof flow_ids);
    count = FLOW_IDS;
    for (size_t f = 0; families[f]; f++) {
        for (size_t i = 0; i < families[f]->count; i++)
            ids[count++] = families[f]->rules[i].id;
    }
    return ids;
}

static bool is_finding(const char *id, const char *const *ids)
{
    size_t head = strlen(expectation);
    if (strncmp(id, expectation, head) == 0 && id[head])
        return true;
    while (*ids && strcmp(id, *ids) != 0)
        ids++;
    return *ids != NULL;
}

/* A misspelt one would forgive nothing, and nobody would be told. */
static void read_finding(struct oh_yaml_reader *r, const struct oh_yaml_node *value, void *target)
{
    const char *id = oh_yaml_scalar(value), **ids = finding_ids();
    const char *near = oh_nearest_word(id, ids);
    if (*id && !is_finding(id, ids)) {
        struct oh_error *e =
            oh_yaml_mistake(r->y, value, r->errors, "no finding is called '%s'", id);
        if (near)
            oh_error_remedy(e, "did you mean '%s'?", near);
        else
            oh_error_remedy(e,
                            "copy the id from a report; 'offhook list rules' has those of rules");
    }
    free(ids);
    read_string(r, value, target, offsetof(struct known, finding));
}

static void read_direction(struct oh_yaml_reader *r, const struct oh_yaml_node *value, void *target)
{
    const char *word = oh_yaml_scalar(value);
    if (strcmp(word, "from-phone") != 0 && strcmp(word, "to-phone") != 0) {
        struct oh_error *e = oh_yaml_mistake(r->y, value, r->errors, "'%s' is no direction", word);
        oh_error_remedy(e, "write from-phone or to-phone");
    }
    read_string(r, value, target, offsetof(struct known, direction));
}

/* "reason:" alone is what a list made from a report has: its author has yet to look into it. */
static void read_reason(struct oh_yaml_reader *r, const struct oh_yaml_node *value, void *target)
{
    struct known *k = target;
    const char *text = oh_yaml_scalar(value);
    if (!text[strspn(text, " \t\r\n")]) {
        struct oh_error *e = oh_yaml_mistake(r->y, value, r->errors, "there is no reason");
        oh_error_remedy(e, "look into the finding, then say in one sentence why it is known");
    }
    free(k->reason);
    k->reason = oh_strdup(text);
}

static bool is_date(const char *text)
{
    static const unsigned days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned year, month, day;
    char end;
    if (strlen(text) != 10 || strspn(text, "0123456789-") != 10 || text[4] != '-' ||
        sscanf(text, "%4u-%2u-%2u%c", &year, &month, &day, &end) != 3)
        return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1] &&
           (month != 2 || day < 29 || leap);
}

static void read_expires(struct oh_yaml_reader *r, const struct oh_yaml_node *value, void *target)
{
    if (!is_date(oh_yaml_scalar(value))) {
        struct oh_error *e =
            oh_yaml_mistake(r->y, value, r->errors, "'%s' is no date", oh_yaml_scalar(value));
        oh_error_remedy(e, "write it as in 2027-06-30: the last day on which the entry counts");
    }
    read_string(r, value, target, offsetof(struct known, expires));
}

static const struct oh_yaml_field entry_fields[] = {
    {"finding", OH_YAML_SCALAR, true, read_finding, "id of the finding: ack.branch"},
    {"scenario", OH_YAML_SCALAR, false, read_scenario,
     "id of the scenario, * and ? stand for anything; without it: every scenario"},
    {"step", OH_YAML_SCALAR, false, read_step, "findings of the flow: the step's text"},
    {"method", OH_YAML_SCALAR, false, read_method,
     "findings of rules: what the message is, 'ACK' or '200 to INVITE'"},
    {"direction", OH_YAML_SCALAR, false, read_direction,
     "with method: from-phone (default) or to-phone"},
    {"reason", OH_YAML_SCALAR, true, read_reason, "why it is known, one sentence"},
    {"clause", OH_YAML_SCALAR, false, read_clause, "what it breaks: RFC 3261 22.1"},
    {"link", OH_YAML_SCALAR, false, read_link, "where more is told of it"},
    {"expires", OH_YAML_SCALAR, false, read_expires, "the last day on which the entry counts"},
    {0}};

/* Steps are of the flow, methods of the rules; a finding is one or the other. */
static void check_entry(struct oh_yaml_reader *r, const struct oh_yaml_node *node, struct known *k)
{
    if (k->step && k->method) {
        struct oh_error *e =
            oh_yaml_mistake(r->y, node, r->errors, "'step' and 'method' exclude each other");
        oh_error_remedy(e, "give 'step' for a finding of the flow, 'method' for one of a rule");
    }
    if (k->direction && !k->method)
        oh_yaml_mistake(r->y, node, r->errors, "'direction' is of use beside 'method' alone");
    if (!k->scenario)
        k->scenario = oh_strdup("*");
    if (k->method && !k->direction)
        k->direction = oh_strdup("from-phone");
}

static void read_known(struct oh_yaml_reader *r, const struct oh_yaml_node *list, void *target)
{
    struct oh_baseline *b = target;
    for (size_t i = 0; i < oh_yaml_count(list); i++) {
        const struct oh_yaml_node *node = oh_yaml_item(list, i);
        if (oh_yaml_kind(node) != OH_YAML_MAP) {
            struct oh_error *e = oh_yaml_mistake(r->y, node, r->errors, "a known finding is a map");
            oh_error_remedy(e, "write '- finding: ID' and below it 'reason: a sentence'");
            continue;
        }
        oh_grow(&b->items, b->count, &b->room, sizeof *b->items);
        struct known *k = &b->items[b->count++];
        oh_yaml_read_map(r, node, "a known finding", entry_fields, k);
        check_entry(r, node, k);
    }
}

static void read_format(struct oh_yaml_reader *r, const struct oh_yaml_node *value, void *target)
{
    (void)target;
    if (strcmp(oh_yaml_scalar(value), "1") != 0 || !oh_yaml_is_plain(value)) {
        struct oh_error *e = oh_yaml_mistake(
            r->y, value, r->errors, "format '%s' is not known here", oh_yaml_scalar(value));
        oh_error_remedy(e, "this program reads format: 1");
    }
}

static void read_phone(struct oh_yaml_reader *r, const struct oh_yaml_node *value, void *target)
{
    struct oh_baseline *b = target;
    if (!*oh_yaml_scalar(value))
        oh_yaml_mistake(r->y, value, r->errors, "this is empty");
    free(b->phone);
    b->phone = oh_strdup(oh_yaml_scalar(value));
}

static const struct oh_yaml_field file_fields[] = {
    {"format", OH_YAML_SCALAR, false, read_format, "1: the version of this file's shape"},
    {"phone", OH_YAML_SCALAR, false, read_phone,
     "the adapter that the list is for; without it: any"},
    {"known", OH_YAML_LIST, true, read_known, "the known findings"},
    {0}};

static void release(struct known *k)
{
    char *const strings[] = {k->finding, k->scenario, k->step, k->method, k->direction,
                             k->reason,  k->clause,   k->link, k->expires};
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        free(strings[i]);
}

void oh_baseline_free(struct oh_baseline *b)
{
    if (!b)
        return;
    for (size_t i = 0; i < b->count; i++)
        release(&b->items[i]);
    free(b->items);
    free(b->file);
    free(b->phone);
    free(b);
}

const char *oh_baseline_phone(const struct oh_baseline *b)
{
    return b->phone;
}

struct oh_baseline *oh_baseline_load(const char *file, struct oh_errors *errors)
{
    size_t before = errors->count;
    struct oh_yaml *y = oh_yaml_load(file, errors);
    if (!y)
        return NULL;
    struct oh_yaml_reader reader = {y, errors};
    struct oh_baseline *b = oh_alloc(sizeof *b);
    b->file = oh_strdup(file);
    if (oh_yaml_kind(oh_yaml_root(y)) == OH_YAML_MAP)
        oh_yaml_read_map(&reader, oh_yaml_root(y), "a file of known findings", file_fields, b);
    else
        oh_yaml_mistake(y, oh_yaml_root(y), errors,
                        "a file of known findings begins with 'known:'");
    oh_yaml_sort_mistakes(errors, before);
    oh_yaml_free(y);
    if (errors->count > before) {
        oh_baseline_free(b);
        return NULL;
    }
    return b;
}

/* --- applying --- */

static struct oh_identity identity_of(const struct known *k)
{
    return (struct oh_identity){k->finding, k->step, k->method, k->direction};
}

/* A list for one phone model says nothing of another. */
static bool is_for(const struct oh_baseline *b, const json_t *scenario)
{
    bool named = b->phone == NULL;
    for (size_t i = 0; !named && i < oh_json_count(scenario, "phones"); i++)
        named = oh_json_is(oh_json_item(scenario, "phones", i), "adapter", b->phone);
    return named;
}

/* Returns how many findings of the scenario the entry knows. */
static json_int_t apply_entry(struct known *k, json_t *scenario)
{
    struct oh_identity entry = identity_of(k);
    json_int_t met = 0;
    if (fnmatch(k->scenario, oh_json_str(scenario, "id"), 0) != 0)
        return 0;
    for (size_t i = 0; i < oh_json_count(scenario, "findings"); i++) {
        json_t *finding = json_array_get(json_object_get(scenario, "findings"), i);
        struct oh_identity found = oh_identity_of(finding);
        if (!oh_finding_is_broken(finding) || !oh_identity_is_same(&found, &entry))
            continue;
        if (!oh_json_has(finding, "known"))
            met++;
        json_object_set_new(finding, "known", oh_json_text(k->reason));
        k->met = true;
    }
    k->played |= oh_identity_could_show(&entry, scenario);
    return met;
}

static json_t *entry_json(const struct known *k)
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

/* By the day of the run, not of reading: judging again later tells the same. */
static bool is_expired(const struct known *k, const json_t *run)
{
    return k->expires && strncmp(oh_json_str(run, "started"), k->expires, 10) > 0;
}

void oh_baseline_apply(const struct oh_baseline *b, json_t *report)
{
    json_t *scenarios = json_object_get(report, "scenarios");
    json_t *gone = json_array(), *expired = json_array();
    json_int_t met = 0;
    for (size_t i = 0; i < b->count; i++) {
        struct known k = b->items[i]; /* the marks are this report's */
        if (is_expired(&k, report)) {
            json_array_append_new(expired, entry_json(&k));
            continue;
        }
        for (size_t s = 0; s < json_array_size(scenarios); s++) {
            json_t *scenario = json_array_get(scenarios, s);
            met += is_for(b, scenario) ? apply_entry(&k, scenario) : 0;
        }
        if (k.played && !k.met)
            json_array_append_new(gone, entry_json(&k));
    }
    json_t *told = json_object();
    json_object_set_new(told, "file", oh_json_text(b->file));
    if (b->phone)
        json_object_set_new(told, "phone", oh_json_text(b->phone));
    json_object_set_new(told, "known", json_integer(met));
    json_object_set_new(told, "gone", gone);
    json_object_set_new(told, "expired", expired);
    json_object_set_new(report, "baseline", told);
    json_object_set_new(report, "summary", oh_report_summary(scenarios));
    oh_report_set_exit_status(report, oh_report_exit_status(report));
}

json_t *oh_baseline_scenario(const struct oh_baseline *b, const json_t *scenario)
{
    json_t *copy = json_deep_copy(scenario);
    for (size_t i = 0; b && is_for(b, scenario) && i < b->count; i++) {
        struct known k = b->items[i];
        if (!is_expired(&k, scenario))
            apply_entry(&k, copy);
    }
    return copy;
}
