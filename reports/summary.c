/* The closing lines of a report. */
#include "reports/build.h"
#include "reports/text.h"

#include <stdlib.h>
#include <string.h>

/* Fails that consist of known findings alone. */
static json_int_t forgiven(const json_t *report)
{
    json_int_t count = 0;
    for (size_t i = 0; i < oh_json_count(report, "scenarios"); i++)
        count += oh_report_is_forgiven(oh_json_item(report, "scenarios", i));
    return count;
}

/* "1 fail (known findings only)", "3 fail (1 of them: known findings only)" */
static char *count_of(const json_t *report, const char *word, json_int_t number)
{
    json_int_t known = strcmp(word, "fail") == 0 ? forgiven(report) : 0;
    if (known == 0)
        return oh_format("%lld %s", (long long)number, word);
    if (known == number)
        return oh_format("%lld %s (known findings only)", (long long)number, word);
    return oh_format("%lld %s (%lld of them: known findings only)", (long long)number, word,
                     (long long)known);
}

static void count_line(const json_t *report, const struct oh_report_style *s, struct oh_text *out)
{
    static const char *const words[] = {"pass", "fail", "inconclusive", "error", "skip"};
    const json_t *summary = json_object_get(report, "summary");
    const json_t *findings = json_object_get(summary, "findings");
    size_t count = oh_json_count(report, "scenarios");
    const char *noun = oh_json_count(report, "captures") > 0 ? "phone" : "scenario";
    oh_text_addf(out, "%zu %s%s: ", count, noun, count == 1 ? "" : "s");
    const char *separator = "";
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        json_int_t number = oh_json_integer(summary, words[i], 0);
        char *text = count_of(report, words[i], number);
        if (number > 0 || i < 2) {
            oh_text_add(out, separator);
            oh_cells_paint(s, number ? oh_text_verdict_paint(words[i]) : OH_PAINT_PLAIN, text, out);
            separator = ", ";
        }
        free(text);
    }
    oh_text_addf(out, "\nfindings: %lld must, %lld should",
                 (long long)oh_json_integer(findings, "must", 0),
                 (long long)oh_json_integer(findings, "should", 0));
    if (oh_json_integer(findings, "known", 0) > 0)
        oh_text_addf(out, ", %lld known", (long long)oh_json_integer(findings, "known", 0));
    oh_text_add_char(out, '\n');
    if (oh_json_integer(findings, "ours", 0) > 0)
        oh_text_addf(out, "about offhook's own messages, not the phone's: %lld\n",
                     (long long)oh_json_integer(findings, "ours", 0));
}

#define PHONES_NAMED 8 /* of a foreign capture, which may hold hundreds */

/* Of several scenarios, those that are to be looked at, or those that are known. */
static void not_passed(const json_t *report, bool known, const struct oh_report_style *s,
                       struct oh_text *out)
{
    size_t count = oh_json_count(report, "scenarios"), named = 0;
    bool few = oh_json_count(report, "captures") > 0 && !s->verbose;
    for (size_t i = 0; i < count && count > 1; i++) {
        const json_t *scenario = oh_json_item(report, "scenarios", i);
        const char *word = known ? "known" : oh_json_str(scenario, "verdict");
        if (oh_json_is(scenario, "verdict", "pass") || oh_report_is_forgiven(scenario) != known)
            continue;
        if (few && ++named > PHONES_NAMED)
            continue;
        char *text =
            oh_format("%s: %s", oh_json_str(scenario, "id"), oh_json_str(scenario, "reason"));
        oh_text_add(out, "  ");
        oh_cells_paint(s, oh_text_verdict_paint(word), word, out);
        size_t used = 2 + oh_cells_count(word);
        oh_cells_pad(used < 16 ? 16 - used : 1, out);
        oh_cells_wrap(s, text, used < 16 ? 16 : used + 1, 18, out);
        free(text);
    }
    if (named > PHONES_NAMED)
        oh_text_addf(out, "  and %zu more\n", named - PHONES_NAMED);
}

static void phones(const json_t *report, const struct oh_report_style *s, struct oh_text *out)
{
    for (size_t i = 0; i < oh_json_count(report, "phones"); i++) {
        const json_t *phone = oh_json_item(report, "phones", i);
        struct oh_text text = {0};
        oh_text_addf(&text, "phone %s: ", oh_json_str(phone, "seat"));
        oh_text_phone(s, phone, &text);
        if (oh_json_flag(phone, "reference"))
            oh_text_add(&text, " - reference phone, not yours");
        if (oh_json_has(phone, "mutant"))
            oh_text_add(&text, " - a mutant, not the phone itself");
        oh_cells_wrap(s, oh_text_str(&text), 0, 2, out);
        oh_text_release(&text);
    }
}

static void add_entry(const json_t *known, struct oh_text *text)
{
    const char *step = oh_json_str(known, "step"), *method = oh_json_str(known, "method");
    oh_text_addf(text, "%s (%s%s%s)", oh_json_str(known, "finding"), oh_json_str(known, "scenario"),
                 *step || *method ? ", " : "", *step ? step : method);
}

/* What is said of the entries of one list, with a member of the entry behind it. */
static void entries(const json_t *baseline, const char *list, const char *words, const char *key,
                    const struct oh_report_style *s, struct oh_text *out)
{
    for (size_t i = 0; i < oh_json_count(baseline, list); i++) {
        const json_t *known = oh_json_item(baseline, list, i);
        struct oh_text text = {0};
        add_entry(known, &text);
        oh_text_addf(&text, ": %s%s", words, oh_json_str(known, key));
        oh_text_add(out, "  ");
        oh_cells_wrap(s, oh_text_str(&text), 2, 4, out);
        oh_text_release(&text);
    }
}

/* A run of a part of all leaves most entries out: they share a line. */
static void unplayed(const json_t *baseline, const struct oh_report_style *s, struct oh_text *out)
{
    size_t count = oh_json_count(baseline, "unplayed"), most = s->verbose ? count : 3;
    struct oh_text text = {0};
    if (count == 0)
        return;
    oh_text_addf(&text,
                 count == 1 ? "not met: its scenario was not played: "
                            : "%zu not met: their scenarios were not played: ",
                 count);
    for (size_t i = 0; i < count && i < most; i++) {
        oh_text_add(&text, i ? ", " : "");
        add_entry(oh_json_item(baseline, "unplayed", i), &text);
    }
    if (count > most)
        oh_text_addf(&text, " and %zu more", count - most);
    oh_text_add(out, "  ");
    oh_cells_wrap(s, oh_text_str(&text), 2, 4, out);
    oh_text_release(&text);
}

static bool has_phone(const json_t *report, const char *adapter)
{
    for (size_t i = 0; i < oh_json_count(report, "phones"); i++) {
        if (oh_json_is(oh_json_item(report, "phones", i), "adapter", adapter))
            return true;
    }
    return false;
}

static void baseline(const json_t *report, const struct oh_report_style *s, struct oh_text *out)
{
    const json_t *b = json_object_get(report, "baseline");
    if (!b)
        return;
    oh_text_add(out, "known findings of ");
    oh_cells_add_all(s, oh_json_str(b, "file"), out);
    if (oh_json_has(b, "phone") && !has_phone(report, oh_json_str(b, "phone"))) {
        oh_text_add(out, ": it is for the phone ");
        oh_cells_add_all(s, oh_json_str(b, "phone"), out);
        oh_text_add(out, ", which played nothing here\n");
        return;
    }
    oh_text_addf(out, ": %lld met, %zu gone, %zu expired\n",
                 (long long)oh_json_integer(b, "known", 0), oh_json_count(b, "gone"),
                 oh_json_count(b, "expired"));
    entries(b, "elsewhere",
            "not met, but it appeared at another place; correct the entry: ", "seen", s, out);
    entries(b, "gone", "did not appear; take it off the list", "", s, out);
    entries(b, "expired", "counts no more, expired ", "expires", s, out);
    unplayed(b, s, out);
}

void oh_report_summary_text(const json_t *report, const struct oh_report_style *style,
                            struct oh_text *out)
{
    count_line(report, style, out);
    not_passed(report, false, style, out);
    not_passed(report, true, style, out);
    if (oh_json_count(report, "captures") > 0)
        oh_text_captures(report, style, out);
    else
        phones(report, style, out);
    baseline(report, style, out);
    if (oh_json_flag(report, "interrupted"))
        oh_text_add(out, oh_json_count(report, "captures") > 0
                             ? "Interrupted: not all was read\n"
                             : "Interrupted: not all scenarios were played\n");
}
