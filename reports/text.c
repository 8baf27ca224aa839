/* One scenario as a tester sees it: head, ladder, verdict, findings. */
#include "reports/text.h"
#include "reports/build.h"
#include "reports/identity.h"
#include "scenario/scenario.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* --- shared words --- */

enum oh_paint oh_text_finding_paint(const json_t *finding)
{
    if (oh_json_has(finding, "known"))
        return OH_PAINT_DIM;
    if (oh_json_is(finding, "result", "fail"))
        return OH_PAINT_BAD;
    if (oh_finding_is_ours(finding))
        return OH_PAINT_DIM;
    return oh_json_is(finding, "result", "warn") ? OH_PAINT_WARN : OH_PAINT_DIM;
}

const char *oh_text_finding_mark(const json_t *finding, const struct oh_glyphs *g)
{
    if (oh_json_has(finding, "known"))
        return "known";
    if (oh_finding_is_ours(finding))
        return "ours";
    if (oh_json_is(finding, "result", "fail"))
        return g->bad;
    if (oh_json_is(finding, "result", "warn"))
        return g->warn;
    return oh_json_is(finding, "result", "not-checkable") ? g->unknown : g->dot;
}

enum oh_paint oh_text_verdict_paint(const char *word)
{
    static const struct {
        const char *word;
        enum oh_paint paint;
    } paints[] = {{"pass", OH_PAINT_GOOD},
                  {"fail", OH_PAINT_BAD},
                  {"error", OH_PAINT_BAD},
                  {"inconclusive", OH_PAINT_WARN}};
    for (size_t i = 0; i < sizeof paints / sizeof *paints; i++) {
        if (strcmp(paints[i].word, word) == 0)
            return paints[i].paint;
    }
    return OH_PAINT_PLAIN;
}

const json_t *oh_text_seat(const json_t *scenario, const char *name)
{
    for (size_t i = 0; i < oh_json_count(scenario, "seats"); i++) {
        const json_t *seat = oh_json_item(scenario, "seats", i);
        if (oh_json_is(seat, "name", name))
            return seat;
    }
    return NULL;
}

void oh_text_phone(const struct oh_report_style *s, const json_t *phone, struct oh_text *out)
{
    oh_cells_add_all(s, oh_json_str(phone, "name"), out);
    if (oh_json_has(phone, "profile")) {
        oh_text_add(out, ", profile ");
        oh_cells_add_all(s, oh_json_str(phone, "profile"), out);
    }
    if (oh_json_has(phone, "address")) {
        oh_text_add(out, " at ");
        oh_cells_add_all(s, oh_json_str(phone, "address"), out);
    }
    if (oh_json_has(phone, "transport") && !oh_json_is(phone, "transport", "udp")) {
        oh_text_add(out, " over ");
        for (const char *at = oh_json_str(phone, "transport"); *at; at++)
            oh_text_add_char(out, (char)toupper((unsigned char)*at));
    }
    if (oh_json_has(phone, "mutant")) {
        oh_text_add(out, " with the fault ");
        oh_cells_add_all(s, oh_json_str(phone, "mutant"), out);
    }
}

struct oh_text_counts oh_text_count(const json_t *scenario)
{
    struct oh_text_counts c = {0};
    for (size_t i = 0; i < oh_json_count(scenario, "findings"); i++) {
        const json_t *finding = oh_json_item(scenario, "findings", i);
        c.unchecked += oh_json_is(finding, "result", "not-checkable");
        c.ours += oh_finding_is_ours(finding);
        if (!oh_finding_is_broken(finding))
            continue;
        size_t *count = oh_json_has(finding, "known")          ? &c.known
                        : oh_json_is(finding, "level", "must") ? &c.must
                                                               : &c.should;
        *count += (size_t)oh_report_weight(finding);
    }
    return c;
}

void oh_text_known(const json_t *finding, struct oh_text *out)
{
    const char *link = oh_json_str(finding, "link");
    if (oh_json_has(finding, "known"))
        oh_text_addf(out, "known: %s", oh_json_str(finding, "known"));
    else if (oh_json_has(finding, "was_known"))
        oh_text_addf(out, "known until %s: %s", oh_json_str(finding, "known_until"),
                     oh_json_str(finding, "was_known"));
    if (out->len && *link)
        oh_text_addf(out, " (%s)", link);
}

void oh_text_sentence(const char *sentence, struct oh_text *out)
{
    size_t word = strspn(sentence, "abcdefghijklmnopqrstuvwxyz");
    bool plain = word > 0 && (!sentence[word] || strchr(" ,;:'", sentence[word]));
    if (plain)
        oh_text_add_char(out, (char)toupper((unsigned char)*sentence));
    oh_text_add(out, sentence + plain);
}

/* --- head --- */

/* "id   title        phone": on one line where it fits, else the phone on its own. */
static void head(const struct oh_view *v)
{
    struct oh_text id = {0}, title = {0}, phones = {0};
    size_t width = oh_cells_width(v->style), used;
    used = oh_cells_add(v->style, oh_json_str(v->scenario, "id"), width - 1, &id);
    for (size_t i = 0; i < oh_json_count(v->scenario, "phones"); i++) {
        oh_text_add(&phones, i ? ", " : "");
        oh_text_phone(v->style, oh_json_item(v->scenario, "phones", i), &phones);
    }
    size_t phone_columns = oh_cells_count(oh_text_str(&phones));
    oh_cells_paint(v->style, OH_PAINT_STRONG, oh_text_str(&id), v->out);
    if (oh_json_has(v->scenario, "title") && *oh_json_str(v->scenario, "title")) {
        size_t room = width > used + 3 ? width - used - 3 : 8;
        used += 3 + oh_cells_add(v->style, oh_json_str(v->scenario, "title"), room, &title);
        oh_text_addf(v->out, "   %s", oh_text_str(&title));
    }
    if (phone_columns > 0 && used + 3 + phone_columns <= width) {
        oh_cells_pad(width - used - phone_columns, v->out);
        oh_text_addf(v->out, "%s\n\n", oh_text_str(&phones));
    } else if (phone_columns > 0) {
        oh_text_add(v->out, "\n  ");
        oh_cells_wrap(v->style, oh_text_str(&phones), 2, 2, v->out);
        oh_text_add_char(v->out, '\n');
    } else {
        oh_text_add(v->out, "\n\n");
    }
    oh_text_release(&id);
    oh_text_release(&title);
    oh_text_release(&phones);
}

/* --- verdict --- */

static void add_counts(const json_t *scenario, struct oh_text *text)
{
    struct oh_text_counts c = oh_text_count(scenario);
    if (oh_report_is_forgiven(scenario)) {
        oh_text_addf(text, "%zu known finding%s, nothing new", c.known, c.known == 1 ? "" : "s");
        if (c.should)
            oh_text_addf(text, " but %zu should", c.should);
    } else {
        oh_text_addf(text, "%zu must broken, %zu should", c.must, c.should);
        if (c.known)
            oh_text_addf(text, ", %zu known", c.known);
    }
    if (c.unchecked)
        oh_text_addf(text, ", %zu not checkable", c.unchecked);
    if (c.ours)
        oh_text_addf(text, "; %zu about offhook's own messages", c.ours);
}

/* A pass and a fail are told by their findings, which stand below; the others by their reason. */
static void verdict(const struct oh_view *v)
{
    const char *word = oh_json_str(v->scenario, "verdict");
    const char *reason = oh_json_str(v->scenario, "reason");
    bool counted = strcmp(word, "pass") == 0 || strcmp(word, "fail") == 0 || !*reason;
    struct oh_text capital = {0}, text = {0};
    for (const char *at = word; *at; at++)
        oh_text_add_char(&capital, (char)toupper((unsigned char)*at));
    size_t used = oh_cells_add_all(v->style, oh_text_str(&capital), &text), gap = 3;
    oh_cells_paint(v->style, oh_text_verdict_paint(word), oh_text_str(&text), v->out);
    oh_text_clear(&text);
    if (oh_report_is_forgiven(v->scenario)) {
        oh_text_add(v->out, ", known:");
        used += strlen(", known:");
        gap = 1;
    }
    if (!counted)
        oh_text_sentence(reason, &text);
    if (!counted && oh_json_count(v->scenario, "findings") > 0)
        oh_text_add(&text, "; ");
    if (counted || oh_json_count(v->scenario, "findings") > 0)
        add_counts(v->scenario, &text);
    oh_cells_pad(gap, v->out);
    oh_cells_wrap(v->style, oh_text_str(&text), used + gap, used + gap, v->out);
    oh_text_release(&capital);
    oh_text_release(&text);
}

/* "the phone lacks the ability 'rtp'", and no more: nothing on this machine stands in its way, its
 * adapter does not say that it can. */
static void skip(const struct oh_view *v)
{
    static const char words[] = "the phone lacks the ability '";
    const char *reason = oh_json_str(v->scenario, "reason");
    const char *adapter = oh_json_str(oh_json_item(v->scenario, "phones", 0), "adapter");
    struct oh_text text = {0};
    if (!oh_json_is(v->scenario, "verdict", "skip") || strncmp(reason, words, strlen(words)) != 0)
        return;
    struct oh_span ability = oh_span_of(reason + strlen(words));
    ability = oh_span_sub(ability, 0, oh_span_find(ability, '\''));
    if (strlen(reason) != strlen(words) + ability.len + 1)
        return; /* why it lacks it here is told */
    char *name = oh_span_dup(ability);
    bool is_verb = oh_verb_of(name) >= 0;
    oh_text_addf(&text, "if it can: add %s%s under '%s:' in the adapter%s%s",
                 is_verb ? "how to " : "", name, is_verb ? "verbs" : "abilities",
                 *adapter ? " " : "", adapter);
    oh_cells_pad(7, v->out);
    oh_cells_wrap(v->style, oh_text_str(&text), 7, 7, v->out);
    oh_text_release(&text);
    free(name);
}

/* What weakens the evidence; silent where nothing does. */
static void evidence(const struct oh_view *v)
{
    const json_t *e = json_object_get(v->scenario, "evidence");
    static const struct {
        const char *key, *one, *many;
        bool of_capture;
    } rows[] = {
        {"dropped", "One packet was dropped by the capture. ",
         " packets were dropped by the capture. ", true},
        {"lost", "One message is not in the capture. ", " messages are not in the capture. ", true},
        {"strays", "One message passed our sockets by (stray). ",
         " messages passed our sockets by (stray). ", false},
    };
    bool tap = oh_json_is(e, "source", "tap");
    struct oh_text text = {0};
    if (oh_json_count(v->scenario, "messages") == 0)
        return;
    if (tap)
        oh_text_add(&text, "What our own sockets sent and got; there was no capture. ");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        json_int_t count = oh_json_integer(e, rows[i].key, 0);
        if (count <= 0 || (tap && rows[i].of_capture))
            continue;
        if (count > 1)
            oh_text_addf(&text, "%lld", (long long)count);
        oh_text_add(&text, count > 1 ? rows[i].many : rows[i].one);
    }
    if (!tap && json_is_false(json_object_get(e, "complete")))
        oh_text_add(&text, "The capture is not complete. ");
    if (text.len > 0) {
        oh_text_add(v->out, "  evidence: ");
        oh_cells_wrap(v->style, oh_text_str(&text), 12, 12, v->out);
    }
    oh_text_release(&text);
}

/* A phone of a foreign capture of which nothing is to be said: there may be thousands. */
static void line(const struct oh_view *v)
{
    struct oh_text text = {0};
    oh_cells_paint(v->style, OH_PAINT_GOOD, "PASS", v->out);
    oh_text_add(v->out, "   ");
    oh_cells_paint(v->style, OH_PAINT_STRONG, oh_json_str(v->scenario, "id"), v->out);
    oh_text_addf(&text, "  %s, ", oh_json_str(v->scenario, "title"));
    oh_cells_add_all(v->style, oh_json_str(oh_json_item(v->scenario, "phones", 0), "name"), &text);
    oh_text_addf(v->out, "%s\n", oh_text_str(&text));
    oh_text_release(&text);
}

bool oh_report_is_quiet(const json_t *scenario)
{
    return json_object_get(scenario, "capture") && oh_json_is(scenario, "verdict", "pass") &&
           oh_json_count(scenario, "findings") == 0;
}

void oh_report_scenario_text(const json_t *scenario, const struct oh_report_style *style,
                             struct oh_text *out)
{
    struct oh_view v = {scenario, style, out};
    bool foreign = json_object_get(scenario, "capture") != NULL;
    if (oh_report_is_quiet(scenario) && !style->verbose) {
        line(&v);
        oh_text_capture_notes(&v);
        return;
    }
    head(&v);
    if (foreign && !style->brief)
        oh_text_calls(&v);
    else if (!foreign)
        oh_text_ladder(&v);
    if (!foreign && oh_json_count(scenario, "messages") > 0)
        oh_text_add_char(out, '\n');
    verdict(&v);
    skip(&v);
    oh_text_findings(&v);
    if (foreign)
        oh_text_capture_notes(&v);
    else
        evidence(&v);
    if (style->verbose)
        oh_text_details(&v);
}
