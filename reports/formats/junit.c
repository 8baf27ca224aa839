/* JUnit XML as Jenkins, GitLab and others read it: a suite for each folder of scenarios, a case for
 * each scenario. A failure's text is the finding itself.
 *
 * fail is <failure>; error and inconclusive are <error>, with the word as type, since neither is a
 * verdict on the phone; skip is <skipped>. Known findings do not fail a case: they stand in
 * <system-out>, as do broken shoulds. Where the run as a whole did not end well though each of its
 * cases did, a case of its own tells that: a gate on this file holds what the exit status holds. */
#include "reports/build.h"
#include "reports/identity.h"
#include "reports/text.h"
#include "reports/xml.h"

#include <stdlib.h>
#include <string.h>

#define SUITE_OF_NONE "scenarios" /* an id without a folder */
#define RUN_CASE      "the run as a whole"

/* --- names --- */

/* "cisco-7960" of "cisco-7960/call-out"; the caller frees. */
static char *suite_of(const json_t *scenario)
{
    const char *id = oh_json_str(scenario, "id"), *slash = strrchr(id, '/');
    if (!slash || slash == id)
        return oh_strdup(SUITE_OF_NONE);
    return oh_span_dup((struct oh_span){id, (size_t)(slash - id)});
}

/* "call-out", and "call-out~2" for the second of the same id; the caller frees. */
static char *name_of(const json_t *scenario, size_t nth)
{
    const char *id = oh_json_str(scenario, "id"), *slash = strrchr(id, '/');
    const char *name = slash && slash != id && slash[1] ? slash + 1 : id;
    return nth == 1 ? oh_strdup(name) : oh_format("%s~%zu", name, nth);
}

/* "baresip.cisco-7960": readers take what stands before the last dot for a package. So dots of the
 * names themselves become lines, and runs with several phones stand apart. */
static char *class_of(const json_t *phones, const char *suite)
{
    struct oh_text text = {0};
    for (size_t i = 0; i < json_array_size(phones); i++) {
        const json_t *phone = json_array_get(phones, i);
        const char *name = oh_json_str(phone, "adapter");
        oh_text_addf(&text, "%s%s", i ? "+" : "", *name ? name : "phone");
    }
    if (!text.len)
        oh_text_add(&text, "phone");
    size_t dot = text.len;
    oh_text_addf(&text, " %s", suite);
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '.')
            text.at[i] = '_';
        else if (text.at[i] == '/' && i > dot)
            text.at[i] = '.';
    }
    text.at[dot] = '.';
    return oh_text_take(&text);
}

static void add_number(const char *name, size_t value, struct oh_text *out)
{
    oh_text_addf(out, " %s=\"%zu\"", name, value);
}

static void add_seconds(double seconds, struct oh_text *out)
{
    oh_text_addf(out, " time=\"%.3f\"", seconds > 0 ? seconds : 0);
}

/* --- what is said of a case --- */

static const char *tag_of(const json_t *scenario)
{
    static const struct {
        const char *verdict, *tag;
    } tags[] = {
        {"fail", "failure"}, {"error", "error"}, {"inconclusive", "error"}, {"skip", "skipped"}};
    if (oh_report_is_forgiven(scenario))
        return NULL;
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        if (oh_json_is(scenario, "verdict", tags[i].verdict))
            return tags[i].tag;
    }
    return NULL;
}

/* What made the case fail; all others are told beside it. What is wrong with our own message makes
 * it an error; else it is no word on the phone, and is left out. */
static bool is_at_fault(const json_t *finding)
{
    return oh_json_is(finding, "result", "fail") && !oh_json_has(finding, "known");
}

static bool is_left_out(const json_t *finding)
{
    return oh_finding_is_ours(finding) && !oh_json_is(finding, "result", "fail");
}

/* "ack.branch: The ACK to ..., and 2 more" */
static char *message_of(const json_t *scenario, const char **type)
{
    struct oh_text text = {0};
    size_t more = 0;
    *type = oh_json_str(scenario, "verdict");
    for (size_t i = 0;
         oh_json_is(scenario, "verdict", "fail") && i < oh_json_count(scenario, "findings"); i++) {
        const json_t *finding = oh_json_item(scenario, "findings", i);
        if (!is_at_fault(finding))
            continue;
        more += (size_t)oh_report_weight(finding);
        if (text.len > 0)
            continue;
        more--;
        *type = oh_json_str(finding, "id");
        oh_text_addf(&text, "%s: ", *type);
        oh_text_sentence(oh_json_str(finding, "text"), &text);
    }
    if (more)
        oh_text_addf(&text, " (and %zu more)", more);
    if (!text.len)
        oh_text_sentence(oh_json_str(scenario, "reason"), &text);
    return oh_text_take(&text);
}

static const struct oh_report_style in_log = {.unicode = true};

/* The findings that are at fault, or those that are not. */
static void add_findings(const json_t *scenario, bool at_fault, struct oh_text *out)
{
    struct oh_view v = {scenario, &in_log, out};
    for (size_t i = 0; i < oh_json_count(scenario, "findings"); i++) {
        const json_t *finding = oh_json_item(scenario, "findings", i);
        if (is_at_fault(finding) != at_fault || is_left_out(finding) ||
            oh_text_is_told(scenario, i))
            continue;
        const char *mark = oh_text_finding_mark(finding, oh_cells_glyphs(&in_log));
        oh_text_finding(&v, finding, mark,
                        oh_cells_count(mark) + 1 + oh_cells_count(oh_json_str(finding, "id")));
    }
}

static void add_verdict(const json_t *scenario, struct oh_text *out)
{
    const char *tag = tag_of(scenario), *type;
    struct oh_text text = {0};
    if (!tag)
        return;
    char *message = message_of(scenario, &type);
    oh_text_addf(out, "      <%s", tag);
    oh_xml_add_attribute("message", message, out);
    oh_xml_add_attribute("type", type, out);
    if (!oh_json_is(scenario, "verdict", "fail"))
        oh_text_addf(&text, "%s\n", message);
    add_findings(scenario, true, &text);
    oh_text_add(out, ">");
    oh_xml_add_text(oh_text_span(&text), out);
    oh_text_addf(out, "</%s>\n", tag);
    oh_text_release(&text);
    free(message);
}

/* What of it is of use to a reader who has this file alone. */
static void add_output(const json_t *scenario, struct oh_text *out)
{
    struct oh_text text = {0};
    struct oh_view v = {scenario, &in_log, &text};
    oh_text_addf(&text, "%s\n", oh_json_str(scenario, "title"));
    for (size_t i = 0; i < oh_json_count(scenario, "phones"); i++) {
        oh_text_addf(&text, "phone %s: ", oh_json_str(oh_json_item(scenario, "phones", i), "seat"));
        oh_text_phone(&in_log, oh_json_item(scenario, "phones", i), &text);
        oh_text_add_char(&text, '\n');
    }
    if (*oh_json_str(scenario, "folder"))
        oh_text_addf(&text, "recording: %s\n", oh_json_str(scenario, "folder"));
    add_findings(scenario, false, &text);
    if (!oh_json_is(scenario, "verdict", "pass")) {
        oh_text_add_char(&text, '\n');
        if (json_object_get(scenario, "capture"))
            oh_text_calls(&v);
        else
            oh_text_ladder(&v);
    }
    oh_text_add(out, "      <system-out>");
    oh_xml_add_text(oh_text_span(&text), out);
    oh_text_add(out, "</system-out>\n");
    if (*oh_json_str(scenario, "phone_output")) {
        oh_text_add(out, "      <system-err>");
        oh_xml_add_text(oh_span_of(oh_json_str(scenario, "phone_output")), out);
        oh_text_add(out, "</system-err>\n");
    }
    oh_text_release(&text);
}

/* One scenario in its place. */
struct item {
    const json_t *scenario;
    char *suite, *name;
    bool begins_suite;
};

static void add_case(const struct item *item, struct oh_text *out)
{
    char *class = class_of(json_object_get(item->scenario, "phones"), item->suite);
    oh_text_add(out, "    <testcase");
    oh_xml_add_attribute("name", item->name, out);
    oh_xml_add_attribute("classname", class, out);
    add_seconds(oh_json_number(item->scenario, "duration_s"), out);
    oh_text_add(out, ">\n");
    add_verdict(item->scenario, out);
    add_output(item->scenario, out);
    oh_text_add(out, "    </testcase>\n");
    free(class);
}

/* --- suites --- */

struct sums {
    size_t tests, failures, errors, skipped;
    double seconds;
    const char *started;
};

static void add_to(struct sums *s, const json_t *scenario)
{
    const char *tag = tag_of(scenario);
    if (s->tests++ == 0)
        s->started = oh_json_str(scenario, "started");
    s->failures += tag && strcmp(tag, "failure") == 0;
    s->errors += tag && strcmp(tag, "error") == 0;
    s->skipped += tag && strcmp(tag, "skipped") == 0;
    s->seconds += oh_json_number(scenario, "duration_s");
}

static void add_sums(const struct sums *s, struct oh_text *out)
{
    add_number("tests", s->tests, out);
    add_number("failures", s->failures, out);
    add_number("errors", s->errors, out);
}

static void add_property(const char *name, const char *value, struct oh_text *out)
{
    if (!*value)
        return;
    oh_text_add(out, "      <property");
    oh_xml_add_attribute("name", name, out);
    oh_xml_add_attribute("value", value, out);
    oh_text_add(out, "/>\n");
}

static bool is_first_of_seat(const json_t *report, size_t index)
{
    const char *seat = oh_json_str(oh_json_item(report, "phones", index), "seat");
    for (size_t i = 0; i < index; i++) {
        if (oh_json_is(oh_json_item(report, "phones", i), "seat", seat))
            return false;
    }
    return true;
}

/* A property has one value: "udp, tcp" where a seat's phone was played over both. The caller
 * frees. */
static char *values_of(const json_t *report, const char *seat, const char *key)
{
    struct oh_text text = {0};
    json_t *told = json_object();
    for (size_t i = 0; i < oh_json_count(report, "phones"); i++) {
        const json_t *phone = oh_json_item(report, "phones", i);
        const char *value = oh_json_str(phone, key);
        if (!*value || !oh_json_is(phone, "seat", seat) || json_object_get(told, value))
            continue;
        json_object_set_new(told, value, json_true());
        oh_text_addf(&text, "%s%s", text.len ? ", " : "", value);
    }
    json_decref(told);
    oh_text_add(&text, "");
    return oh_text_take(&text);
}

static void add_properties(const json_t *report, struct oh_text *out)
{
    static const char *const keys[] = {"name", "adapter", "user_agent", "transport", "mutant"};
    oh_text_add(out, "    <properties>\n");
    add_property("offhook.version", oh_json_str(json_object_get(report, "harness"), "version"),
                 out);
    for (size_t i = 0; i < oh_json_count(report, "phones"); i++) {
        const char *seat = oh_json_str(oh_json_item(report, "phones", i), "seat");
        for (size_t k = 0; is_first_of_seat(report, i) && k < sizeof keys / sizeof *keys; k++) {
            char *name = oh_format("phone.%s.%s", seat, keys[k]);
            char *value = values_of(report, seat, keys[k]);
            add_property(name, value, out);
            free(value);
            free(name);
        }
    }
    oh_text_add(out, "    </properties>\n");
}

/* The suite that items[first] begins. */
static void add_suite(const json_t *report, const struct item *items, size_t first, size_t count,
                      struct oh_text *out)
{
    struct sums sums = {.started = ""};
    const char *suite = items[first].suite;
    for (size_t i = first; i < count; i++) {
        if (strcmp(items[i].suite, suite) == 0)
            add_to(&sums, items[i].scenario);
    }
    oh_text_add(out, "  <testsuite");
    oh_xml_add_attribute("name", suite, out);
    add_sums(&sums, out);
    add_number("skipped", sums.skipped, out);
    add_seconds(sums.seconds, out);
    oh_xml_add_attribute("timestamp", sums.started, out);
    oh_text_add(out, ">\n");
    add_properties(report, out);
    for (size_t i = first; i < count; i++) {
        if (strcmp(items[i].suite, suite) == 0)
            add_case(&items[i], out);
    }
    oh_text_add(out, "  </testsuite>\n");
}

/* How often `key` was seen, this time included. */
static size_t seen(json_t *counts, const char *key)
{
    oh_json_add(counts, key, 1);
    return (size_t)oh_json_integer(counts, key, 1);
}

static struct item *items_of(const json_t *report, size_t count)
{
    struct item *items = oh_alloc((count + 1) * sizeof *items);
    json_t *ids = json_object(), *suites = json_object();
    for (size_t i = 0; i < count; i++) {
        const json_t *scenario = oh_json_item(report, "scenarios", i);
        items[i].scenario = scenario;
        items[i].suite = suite_of(scenario);
        items[i].name = name_of(scenario, seen(ids, oh_json_str(scenario, "id")));
        items[i].begins_suite = seen(suites, items[i].suite) == 1;
    }
    json_decref(ids);
    json_decref(suites);
    return items;
}

static void free_items(struct item *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(items[i].suite);
        free(items[i].name);
    }
    free(items);
}

/* --- the run as a whole --- */

/* Why it did not end well though no case says so; NULL: it did, or one does. */
static const char *trouble_of(const json_t *report, const struct sums *all)
{
    json_int_t status = oh_json_integer(report, "exit_status", oh_report_exit_status(report));
    if (oh_json_flag(report, "interrupted"))
        return "The run was interrupted: not all scenarios were played";
    if (all->failures + all->errors > 0 || status == 0)
        return NULL;
    return all->tests == all->skipped ? "Nothing was judged" : "Not everything could be judged";
}

static void add_trouble(const char *trouble, struct oh_text *out)
{
    oh_text_add(out, "  <testsuite name=\"offhook\" tests=\"1\" failures=\"0\" errors=\"1\">\n"
                     "    <testcase name=\"" RUN_CASE "\" classname=\"offhook.run\">\n"
                     "      <error");
    oh_xml_add_attribute("message", trouble, out);
    oh_text_add(out, " type=\"error\"/>\n    </testcase>\n  </testsuite>\n");
}

static void write(const json_t *report, const struct oh_report_style *style, struct oh_text *out)
{
    struct sums all = {.started = ""};
    size_t count = oh_json_count(report, "scenarios");
    struct item *items = items_of(report, count);
    (void)style;
    for (size_t i = 0; i < count; i++)
        add_to(&all, items[i].scenario);
    const char *trouble = trouble_of(report, &all);
    all.tests += trouble != NULL;
    all.errors += trouble != NULL;
    oh_text_add(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"offhook\"");
    add_sums(&all, out);
    add_seconds(all.seconds, out);
    oh_text_add(out, ">\n");
    for (size_t i = 0; i < count; i++) {
        if (items[i].begins_suite)
            add_suite(report, items, i, count, out);
    }
    if (trouble)
        add_trouble(trouble, out);
    oh_text_add(out, "</testsuites>\n");
    free_items(items, count);
}

const struct oh_report_format oh_format_junit;
const struct oh_report_format oh_format_junit = {
    "junit", "JUnit XML, for Jenkins, GitLab and the like", write};
