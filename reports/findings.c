/* What is said of a scenario: each finding, and on demand the messages and steps behind it. */
#include "reports/identity.h"
#include "reports/text.h"

#include <stdlib.h>
#include <string.h>

#define ID_LEAST    12
#define ID_MOST     28
#define VALUE_LIMIT 120 /* bytes of expected and observed that are shown unless verbose */

/* --- one finding --- */

static void add_frames(const json_t *finding, struct oh_text *text)
{
    char time[OH_SECONDS_TEXT];
    size_t count = oh_json_count(finding, "frames");
    if (count == 0) {
        oh_text_addf(text, "at %s", oh_cells_seconds(oh_json_number(finding, "time_s"), time));
        return;
    }
    oh_text_add(text, count == 1 ? "frame" : "frames");
    for (size_t i = 0; i < count; i++)
        oh_text_addf(text, "%s %lld", i ? "," : "",
                     (long long)json_integer_value(oh_json_item(finding, "frames", i)));
}

static void add_value(const struct oh_view *v, const json_t *finding, const char *key,
                      struct oh_text *text)
{
    const char *value = oh_json_str(finding, key);
    oh_text_addf(text, "%s ", key);
    if (!*value)
        oh_text_add(text, "\"\"");
    oh_text_add_quoted(text, oh_span_of(value), v->style->verbose ? strlen(value) : VALUE_LIMIT);
}

/* "frame 3, via.branch: expected X, observed Y" */
static void add_facts(const struct oh_view *v, const json_t *finding, struct oh_text *text)
{
    static const char *const keys[] = {"expected", "observed"};
    const char *separator = ": ";
    add_frames(finding, text);
    if (oh_json_has(finding, "field"))
        oh_text_addf(text, ", %s", oh_json_str(finding, "field"));
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (!oh_json_has(finding, keys[i]))
            continue;
        oh_text_add(text, separator);
        add_value(v, finding, keys[i], text);
        separator = ", ";
    }
}

static void add_sentence(const json_t *finding, struct oh_text *text)
{
    const char *clause = oh_json_str(finding, "clause");
    oh_text_sentence(oh_json_str(finding, "text"), text);
    if (*clause)
        oh_text_addf(text, " %s", clause);
    if (oh_json_is(finding, "result", "not-checkable"))
        oh_text_add(text, " (not checkable)");
}

static void paragraph(const struct oh_view *v, struct oh_text *text, size_t at, size_t indent)
{
    if (at == 0)
        oh_cells_pad(indent, v->out);
    oh_cells_wrap(v->style, oh_text_str(text), at ? at : indent, indent, v->out);
    oh_text_clear(text);
}

void oh_text_finding(const struct oh_view *v, const json_t *finding, const char *mark,
                     size_t id_width)
{
    struct oh_text text = {0}, id = {0};
    size_t indent = 2 + id_width + 3, mark_width;
    oh_text_addf(&id, "%s ", mark);
    mark_width = oh_cells_count(oh_text_str(&id));
    size_t used =
        mark_width + oh_cells_add(v->style, oh_json_str(finding, "id"), id_width - mark_width, &id);
    oh_cells_pad(2, v->out);
    oh_cells_paint(v->style, oh_text_finding_paint(finding), oh_text_str(&id), v->out);
    oh_cells_pad(id_width - used + 3, v->out);
    add_facts(v, finding, &text);
    paragraph(v, &text, indent, indent);
    add_sentence(finding, &text);
    paragraph(v, &text, 0, indent);
    if (oh_json_has(finding, "line") && oh_json_has(v->scenario, "file")) {
        oh_text_addf(&text, "%s:%lld", oh_json_str(v->scenario, "file"),
                     (long long)oh_json_integer(finding, "line", 0));
        paragraph(v, &text, 0, indent);
    }
    if (json_object_get(v->scenario, "capture"))
        oh_text_times(v, finding, indent);
    oh_text_known(finding, &text);
    if (text.len)
        paragraph(v, &text, 0, indent);
    oh_text_release(&text);
    oh_text_release(&id);
}

static size_t id_width(const struct oh_view *v)
{
    size_t width = ID_LEAST;
    for (size_t i = 0; i < oh_json_count(v->scenario, "findings"); i++) {
        const json_t *finding = oh_json_item(v->scenario, "findings", i);
        const char *mark = oh_text_finding_mark(finding, oh_cells_glyphs(v->style));
        size_t columns = oh_cells_count(mark) + 1 + oh_cells_count(oh_json_str(finding, "id"));
        width = columns > width ? columns : width;
    }
    return width < ID_MOST ? width : ID_MOST;
}

/* Gravest first: broken musts, broken shoulds, what could not be checked, what is only told; known
 * ones and those about our own messages last. */
static int rank(const json_t *finding)
{
    static const char *const results[] = {"fail", "warn", "not-checkable", "info"};
    int known = oh_json_has(finding, "known") || oh_finding_is_ours(finding) ? 4 : 0;
    for (int i = 0; i < 4; i++) {
        if (oh_json_is(finding, "result", results[i]))
            return known + i;
    }
    return known + 3;
}

void oh_text_findings(const struct oh_view *v)
{
    size_t count = oh_json_count(v->scenario, "findings"), width = id_width(v);
    for (int r = 0; r < 8; r++) {
        for (size_t i = 0; i < count; i++) {
            const json_t *finding = oh_json_item(v->scenario, "findings", i);
            if (rank(finding) == r && !oh_text_is_told(v->scenario, i))
                oh_text_finding(v, finding,
                                oh_text_finding_mark(finding, oh_cells_glyphs(v->style)), width);
        }
    }
}

/* --- on demand: messages --- */

/* Does a finding point at bytes of [from, to) of message `index`? */
static bool is_pointed_at(const json_t *scenario, size_t index, size_t from, size_t to)
{
    for (size_t i = 0; i < oh_json_count(scenario, "findings"); i++) {
        const json_t *finding = oh_json_item(scenario, "findings", i);
        json_int_t begin = json_integer_value(oh_json_item(finding, "bytes", 0));
        json_int_t end = json_integer_value(oh_json_item(finding, "bytes", 1));
        if (oh_json_integer(finding, "message", -1) == (json_int_t)index && begin < end &&
            begin < (json_int_t)to && end > (json_int_t)from)
            return true;
    }
    return false;
}

static void show_lines(const struct oh_view *v, const json_t *message, size_t index)
{
    const char *text = oh_json_str(message, "text");
    bool escaped = oh_json_has(message, "encoding"); /* then bytes are not where they were */
    size_t len = strlen(text);
    for (size_t from = 0; from < len;) {
        struct oh_span rest = {text + from, len - from};
        size_t to = from + oh_span_find(rest, '\n') + 1;
        bool marked = !escaped && is_pointed_at(v->scenario, index, from, to);
        char *line = oh_span_dup(oh_span_trim(oh_span_sub(rest, 0, to - from)));
        oh_text_add(v->out, "    ");
        oh_cells_paint(v->style, marked ? OH_PAINT_BAD : OH_PAINT_DIM,
                       marked ? oh_cells_glyphs(v->style)->head_right
                              : oh_cells_glyphs(v->style)->lifeline,
                       v->out);
        oh_text_add(v->out, *line ? " " : "");
        oh_cells_add_all(v->style, line, v->out);
        oh_text_add_char(v->out, '\n');
        free(line);
        from = to;
    }
}

static void show_message(const struct oh_view *v, const json_t *message, size_t index)
{
    char time[OH_SECONDS_TEXT];
    struct oh_text title = {0};
    oh_text_addf(&title, "%s -> %s, %s", oh_json_str(message, "source"),
                 oh_json_str(message, "destination"),
                 oh_cells_seconds(oh_json_number(message, "time_s"), time));
    if (oh_json_has(message, "frame"))
        oh_text_addf(&title, ", frame %lld", (long long)oh_json_integer(message, "frame", 0));
    oh_text_add(v->out, "\n  ");
    oh_cells_add_all(v->style, oh_text_str(&title), v->out);
    oh_text_add_char(v->out, '\n');
    show_lines(v, message, index);
    oh_text_release(&title);
}

static bool cites(const json_t *finding, json_int_t frame)
{
    for (size_t i = 0; frame > 0 && i < oh_json_count(finding, "frames"); i++) {
        if (json_integer_value(oh_json_item(finding, "frames", i)) == frame)
            return true;
    }
    return false;
}

/* What a finding is of, what it is about, and what else proves it. */
static bool is_evidence(const json_t *scenario, size_t index)
{
    json_int_t frame = oh_json_integer(oh_json_item(scenario, "messages", index), "frame", 0);
    for (size_t i = 0; i < oh_json_count(scenario, "findings"); i++) {
        const json_t *finding = oh_json_item(scenario, "findings", i);
        if (oh_json_integer(finding, "message", -1) == (json_int_t)index ||
            oh_json_integer(finding, "about", -1) == (json_int_t)index || cites(finding, frame))
            return true;
    }
    return false;
}

/* --- on demand: steps --- */

static void show_step(const struct oh_view *v, const json_t *step)
{
    char time[OH_SECONDS_TEXT];
    oh_text_addf(v->out, "  %5lld  ", (long long)oh_json_integer(step, "line", 0));
    size_t used = oh_cells_add(v->style, oh_json_str(step, "text"), 40, v->out);
    oh_cells_pad(42 - used, v->out);
    oh_cells_add_all(v->style, oh_json_str(step, "verdict"), v->out);
    if (oh_json_has(step, "time_s"))
        oh_text_addf(v->out, ", %s", oh_cells_seconds(oh_json_number(step, "time_s"), time));
    if (oh_json_count(step, "frames") > 0) {
        oh_text_add(v->out, ", ");
        add_frames(step, v->out);
    }
    oh_text_add_char(v->out, '\n');
}

static void show_output(const struct oh_view *v)
{
    const char *output = oh_json_str(v->scenario, "phone_output");
    if (!*output)
        return;
    oh_text_add(v->out, "\n  what the phone's program printed last\n");
    while (*output) {
        size_t len = strcspn(output, "\n");
        char *line = oh_span_dup((struct oh_span){output, len});
        oh_text_add(v->out, "    ");
        oh_cells_add_all(v->style, line, v->out);
        oh_text_add_char(v->out, '\n');
        free(line);
        output += len + (output[len] == '\n');
    }
}

void oh_text_details(const struct oh_view *v)
{
    const json_t *rules = json_object_get(v->scenario, "rules");
    if (oh_json_count(v->scenario, "steps") > 0)
        oh_text_add(v->out, "\n  steps, by line of the scenario\n");
    for (size_t i = 0; i < oh_json_count(v->scenario, "steps"); i++)
        show_step(v, oh_json_item(v->scenario, "steps", i));
    oh_text_addf(v->out, "\n  checks by rules: %lld, of them not checkable: %lld\n",
                 (long long)oh_json_integer(rules, "applied", 0),
                 (long long)oh_json_integer(rules, "not_checkable", 0));
    for (size_t i = 0; i < oh_json_count(v->scenario, "messages"); i++) {
        if (is_evidence(v->scenario, i))
            show_message(v, oh_json_item(v->scenario, "messages", i), i);
    }
    show_output(v);
}
