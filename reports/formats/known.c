/* The findings of a report as the beginning of a list of known ones: an entry for each that is
 * broken and not known yet, with the reason left to whoever looks into it. A list with an empty
 * reason is refused, so nothing is forgiven unread. */
#include "reports/identity.h"
#include "reports/report.h"

#include <stdlib.h>
#include <string.h>

#define COMMENT_LIMIT 400

/* In double quotes: YAML 1.2 7.3.1, whose escapes JSON's are among. */
static void add_quoted(const char *text, struct oh_text *out)
{
    json_t *json = json_string(text);
    char *quoted = json_dumps(json, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    oh_text_add(out, quoted ? quoted : "\"\"");
    free(quoted);
    json_decref(json);
}

static void add_pair(const char *key, const char *value, struct oh_text *out)
{
    if (!value || !*value)
        return;
    oh_text_addf(out, "    %s: ", key);
    add_quoted(value, out);
    oh_text_add_char(out, '\n');
}

/* What it is, for the eyes of whoever fills in the reason. */
static void add_comment(const json_t *finding, struct oh_text *out)
{
    struct oh_text text = {0}, quoted = {0};
    static const char *const keys[] = {"expected", "observed"};
    oh_text_add(&text, oh_json_str(finding, "text"));
    for (size_t i = 0; i < 2; i++) {
        if (*oh_json_str(finding, keys[i]))
            oh_text_addf(&text, "; %s %s", keys[i], oh_json_str(finding, keys[i]));
    }
    oh_text_add_quoted(&quoted, oh_text_span(&text), COMMENT_LIMIT);
    oh_text_addf(out, "  # %s\n", oh_text_str(&quoted));
    oh_text_release(&text);
    oh_text_release(&quoted);
}

static void add_entry(const char *scenario, const json_t *finding, struct oh_text *out)
{
    struct oh_identity id = oh_identity_of(finding);
    add_comment(finding, out);
    oh_text_add(out, "  - finding: ");
    add_quoted(id.finding, out);
    oh_text_add_char(out, '\n');
    add_pair("scenario", scenario, out);
    add_pair("step", id.step, out);
    if (id.nth > 1)
        oh_text_addf(out, "    nth: %u\n", id.nth);
    add_pair("method", id.method, out);
    add_pair("direction", id.method && *id.method ? id.direction : NULL, out);
    oh_text_add(out, "    reason: \"\"\n");
    add_pair("clause", oh_json_str(finding, "clause"), out);
}

/* The adapter, where there is but one. */
static const char *phone_of(const json_t *report)
{
    const char *first = oh_json_str(oh_json_item(report, "phones", 0), "adapter");
    for (size_t i = 1; i < oh_json_count(report, "phones"); i++) {
        if (!oh_json_is(oh_json_item(report, "phones", i), "adapter", first))
            return "";
    }
    return first;
}

/* A scenario's id is a pattern in the list; what would be one stands for itself there. */
static char *pattern_of(const json_t *scenario)
{
    struct oh_text text = {0};
    for (const char *at = oh_json_str(scenario, "id"); *at; at++) {
        if (strchr("*?[\\", *at))
            oh_text_add_char(&text, '\\');
        oh_text_add_char(&text, *at);
    }
    oh_text_add(&text, "");
    return oh_text_take(&text);
}

static size_t add_entries(const json_t *report, struct oh_text *out)
{
    json_t *told = json_object();
    size_t count = 0;
    for (size_t s = 0; s < oh_json_count(report, "scenarios"); s++) {
        const json_t *scenario = oh_json_item(report, "scenarios", s);
        char *pattern = pattern_of(scenario);
        for (size_t i = 0; i < oh_json_count(scenario, "findings"); i++) {
            const json_t *finding = oh_json_item(scenario, "findings", i);
            struct oh_identity id = oh_identity_of(finding);
            char *key = oh_identity_key(&id), *whole = oh_format("%s\n%s", pattern, key);
            if (oh_finding_is_broken(finding) && !oh_json_has(finding, "known") &&
                !json_object_get(told, whole)) {
                add_entry(pattern, finding, out);
                json_object_set_new(told, whole, json_true());
                count++;
            }
            free(key);
            free(whole);
        }
        free(pattern);
    }
    json_decref(told);
    return count;
}

static void write(const json_t *report, const struct oh_report_style *style, struct oh_text *out)
{
    const char *phone = phone_of(report);
    struct oh_text entries = {0};
    (void)style;
    oh_text_add(out,
                "# Look into each finding in the capture, give its reason (an entry without one "
                "is refused), and take\n# off what is to be mended.\n");
    if (*phone) {
        oh_text_add(out, "phone: ");
        add_quoted(phone, out);
        oh_text_add_char(out, '\n');
    }
    if (add_entries(report, &entries) == 0)
        oh_text_add(out, "known: []\n");
    else
        oh_text_addf(out, "known:\n%s", oh_text_str(&entries));
    oh_text_release(&entries);
}

const struct oh_report_format oh_format_known;
const struct oh_report_format oh_format_known = {
    "known", "a first list of known findings, with the reasons left to be filled in", write};
