/* A comparison as a reader of logs wants it: what is new first, each thing on lines that grep can
 * find, and one line at the end that says it all. */
#include "reports/compare.h"
#include "reports/identity.h"
#include "reports/text.h"

#include <stdlib.h>
#include <string.h>

#define MARK_WIDTH 28 /* "NEW ack2xx.credentials" */

static const struct change {
    const char *word, *mark;
    enum oh_paint paint;
    bool in_full, always; /* else where --verbose wants it */
} changes[] = {
    {"new", "NEW", OH_PAINT_BAD, true, true},
    {"known", "known", OH_PAINT_DIM, false, true},
    {"not-seen", "not seen", OH_PAINT_WARN, false, true},
    {"gone", "gone", OH_PAINT_GOOD, false, true},
    {"unchanged", "unchanged", OH_PAINT_DIM, false, false},
};
#define CHANGES (sizeof changes / sizeof *changes)

/* --- the two sides --- */

static void side(const json_t *comparison, const char *key, const struct oh_report_style *s,
                 struct oh_text *out)
{
    const json_t *one = json_object_get(comparison, key);
    json_int_t count = oh_json_integer(one, "scenarios", 0);
    struct oh_text text = {0};
    oh_text_addf(&text, "%s: %s   %.19s   %lld scenario%s", key, oh_json_str(one, "file"),
                 oh_json_str(one, "started"), (long long)count, count == 1 ? "" : "s");
    for (size_t i = 0; i < oh_json_count(one, "phones"); i++) {
        const json_t *phone = oh_json_item(one, "phones", i);
        oh_text_addf(&text, "   %s", oh_json_str(phone, "name"));
        if (oh_json_has(phone, "transport") && !oh_json_is(phone, "transport", "udp"))
            oh_text_addf(&text, " over %s", oh_json_str(phone, "transport"));
        if (oh_json_has(phone, "mutant"))
            oh_text_addf(&text, " with the fault %s", oh_json_str(phone, "mutant"));
    }
    if (oh_json_flag(one, "interrupted"))
        oh_text_add(&text, "   interrupted");
    oh_cells_wrap(s, oh_text_str(&text), 0, 5, out);
    oh_text_release(&text);
}

/* --- scenarios --- */

static bool shows(const struct oh_view *v, const struct change *c)
{
    return c->always || v->style->verbose;
}

static bool is_worth_telling(const struct oh_view *v)
{
    bool worth = !oh_json_is(v->scenario, "change", "same");
    for (size_t i = 0; i < oh_json_count(v->scenario, "findings"); i++) {
        for (size_t c = 0; c < CHANGES; c++)
            worth |= shows(v, &changes[c]) && oh_json_is(oh_json_item(v->scenario, "findings", i),
                                                         "change", changes[c].word);
    }
    return worth;
}

/* "pass -> fail", "fail -> not played", "only in the new report" */
static void add_verdicts(const json_t *scenario, struct oh_text *text)
{
    const char *older = oh_json_str(scenario, "old"), *newer = oh_json_str(scenario, "new");
    if (!*older)
        oh_text_addf(text, "%s, was not there before", newer);
    else if (!*newer)
        oh_text_addf(text, "%s -> not in the new report", older);
    else if (strcmp(older, newer) == 0)
        oh_text_add(text, newer);
    else
        oh_text_addf(text, "%s -> %s", older, newer);
}

static void head(const struct oh_view *v)
{
    bool worse = oh_json_flag(v->scenario, "worse");
    bool better = oh_json_is(v->scenario, "change", "better");
    const char *reason = oh_json_str(v->scenario, "reason");
    struct oh_text id = {0}, text = {0};
    size_t used = oh_cells_add_all(v->style, oh_json_str(v->scenario, "id"), &id);
    oh_cells_paint(v->style, OH_PAINT_STRONG, oh_text_str(&id), v->out);
    oh_text_add(v->out, "   ");
    add_verdicts(v->scenario, &text);
    if (worse || better) {
        const char *mark = worse ? "WORSE " : "better ";
        oh_cells_paint(v->style, worse ? OH_PAINT_BAD : OH_PAINT_GOOD, mark, v->out);
        used += strlen(mark);
    }
    if (*reason && !oh_json_is(v->scenario, "new", "fail") &&
        !oh_json_is(v->scenario, "new", "pass"))
        oh_text_addf(&text, ": %s", reason);
    oh_cells_wrap(v->style, oh_text_str(&text), used + 3, 2, v->out);
    oh_text_release(&id);
    oh_text_release(&text);
}

/* "  gone ack.branch               ACK from the phone" */
static void one_line(const struct oh_view *v, const json_t *finding, const struct change *c)
{
    struct oh_identity id = oh_identity_of(finding);
    struct oh_text text = {0}, mark = {0};
    oh_text_addf(&mark, "%s ", c->mark);
    size_t used = oh_cells_count(oh_text_str(&mark));
    used += oh_cells_add_all(v->style, oh_json_str(finding, "id"), &mark);
    oh_text_add(v->out, "  ");
    oh_cells_paint(v->style, c->paint, oh_text_str(&mark), v->out);
    oh_cells_pad(used < MARK_WIDTH ? MARK_WIDTH - used + 3 : 3, v->out);
    oh_identity_place_text(&id, &text);
    struct oh_text known = {0};
    oh_text_known(finding, &known);
    if (known.len)
        oh_text_addf(&text, "%s%s", text.len ? ", " : "", oh_text_str(&known));
    oh_text_release(&known);
    oh_cells_wrap(v->style, oh_text_str(&text), MARK_WIDTH + 5, MARK_WIDTH + 5, v->out);
    oh_text_release(&text);
    oh_text_release(&mark);
}

static void findings(const struct oh_view *v, const struct change *c)
{
    for (size_t i = 0; i < oh_json_count(v->scenario, "findings"); i++) {
        const json_t *finding = oh_json_item(v->scenario, "findings", i);
        if (!oh_json_is(finding, "change", c->word))
            continue;
        if (c->in_full)
            oh_text_finding(v, finding, c->mark, MARK_WIDTH);
        else
            one_line(v, finding, c);
    }
}

/* A scenario that is only missing, with nothing that says more of it. */
static bool is_folded(const struct oh_view *v)
{
    return !v->style->verbose && oh_json_is(v->scenario, "change", "missing") &&
           !oh_json_flag(v->scenario, "worse") && oh_json_count(v->scenario, "findings") == 0;
}

/* Of a run of a part of all: what it left out shares a line. */
static void missing(const json_t *comparison, const struct oh_report_style *s, struct oh_text *out)
{
    static const char *const words[] = {"pass", "fail", "inconclusive", "error", "skip"};
    size_t counts[sizeof words / sizeof *words] = {0}, all = 0;
    struct oh_text text = {0};
    for (size_t i = 0; i < oh_json_count(comparison, "scenarios"); i++) {
        const json_t *one = oh_json_item(comparison, "scenarios", i);
        for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
            bool is = is_folded(&(struct oh_view){one, s, out}) && oh_json_is(one, "old", words[w]);
            counts[w] += is;
            all += is;
        }
    }
    if (all == 0)
        return;
    oh_text_addf(&text, "%zu scenario%s of the old report %s not in the new one:", all,
                 all == 1 ? "" : "s", all == 1 ? "is" : "are");
    const char *separator = " ";
    for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
        if (counts[w] == 0)
            continue;
        oh_text_addf(&text, "%s%zu %s", separator, counts[w], words[w]);
        separator = ", ";
    }
    oh_text_add(&text, "; --verbose names them");
    oh_cells_wrap(s, oh_text_str(&text), 0, 2, out);
    oh_text_add_char(out, '\n');
    oh_text_release(&text);
}

static void scenario(const struct oh_view *v)
{
    if (is_folded(v) || !is_worth_telling(v))
        return;
    head(v);
    for (size_t c = 0; c < CHANGES; c++) {
        if (shows(v, &changes[c]))
            findings(v, &changes[c]);
    }
    oh_text_add_char(v->out, '\n');
}

/* --- the end --- */

static void sums(const json_t *comparison, const struct oh_report_style *s, struct oh_text *out)
{
    static const struct {
        const char *key, *word;
        bool always;
    } rows[] = {{"known", "known", false},     {"not-seen", "not seen", false},
                {"gone", "gone", true},        {"unchanged", "unchanged", true},
                {"worse", "worse", true},      {"better", "better", false},
                {"changed", "changed", false}, {"added", "added", false},
                {"missing", "missing", false}};
    const json_t *summary = json_object_get(comparison, "summary");
    json_int_t fresh = oh_json_integer(summary, "new", 0);
    struct oh_text text = {0};
    oh_text_addf(&text, "findings: %lld new", (long long)fresh);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        json_int_t count = oh_json_integer(summary, rows[i].key, 0);
        if (strcmp(rows[i].key, "worse") == 0)
            oh_text_addf(&text, "; scenarios: %lld worse", (long long)count);
        else if (rows[i].always || count > 0)
            oh_text_addf(&text, ", %lld %s", (long long)count, rows[i].word);
    }
    bool bad = oh_compare_exit_status(comparison) != 0;
    oh_cells_paint(s, bad ? OH_PAINT_BAD : OH_PAINT_GOOD, bad ? "NEW TROUBLE" : "NOTHING NEW", out);
    oh_text_add(out, "   ");
    oh_cells_wrap(s, oh_text_str(&text), 14, 14, out);
    oh_text_release(&text);
}

void oh_compare_text(const json_t *comparison, const struct oh_report_style *style,
                     struct oh_text *out)
{
    side(comparison, "old", style, out);
    side(comparison, "new", style, out);
    /* to the second: what the head shows */
    if (strncmp(oh_json_str(json_object_get(comparison, "old"), "started"),
                oh_json_str(json_object_get(comparison, "new"), "started"),
                strlen("2026-11-22T10:00:00")) > 0)
        oh_text_add(out, "note: the first one is the newer; the older one is to be given first\n");
    oh_text_add_char(out, '\n');
    for (size_t i = 0; i < oh_json_count(comparison, "scenarios"); i++)
        scenario(&(struct oh_view){oh_json_item(comparison, "scenarios", i), style, out});
    missing(comparison, style, out);
    sums(comparison, style, out);
}
