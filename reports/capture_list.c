/* The phones of a foreign capture as a tester looks at them: those with trouble first. A capture
 * may hold hundreds, so of many that are alike, or clean, it is told how many there are. */
#include "reports/build.h"
#include "reports/identity.h"
#include "reports/text.h"

#include <stdlib.h>
#include <string.h>

#define PHONES_IN_FULL 4 /* whatever they have; further ones if they have something new */
#define PHONES_IN_LINE 20
#define CLEAN_IN_LINE  4
#define CLEAN_NAMED    3

struct list {
    const json_t *phones; /* array of "scenarios" */
    const struct oh_report_style *style;
    struct oh_text *out;
    json_t *kinds; /* of findings that were shown */
    size_t in_full, in_line, left_out;
    bool gap; /* the last thing shown ends with an empty line */
};

/* What is to be looked at first has the lowest. */
enum { BROKEN, UNDECIDED, REMARKED, CLEAN, RANKS };

static int rank_of(const json_t *phone)
{
    if (oh_report_is_quiet(phone))
        return CLEAN;
    if (oh_json_is(phone, "verdict", "pass") || oh_report_is_forgiven(phone))
        return REMARKED;
    return oh_json_is(phone, "verdict", "fail") ? BROKEN : UNDECIDED;
}

/* --- those of which there is something to say --- */

/* Has it findings of a kind that none before it had? They count as shown from now on. */
static bool is_news(struct list *l, const json_t *phone)
{
    bool any = false;
    for (size_t i = 0; i < oh_json_count(phone, "findings"); i++) {
        const json_t *f = oh_json_item(phone, "findings", i);
        char *key = oh_format("%s %s %s", oh_json_str(f, "id"), oh_json_str(f, "result"),
                              oh_json_str(f, "known"));
        any = any || !json_object_get(l->kinds, key);
        json_object_set_new(l->kinds, key, json_true());
        free(key);
    }
    return any;
}

static void show_in_full(struct list *l, const json_t *phone)
{
    oh_report_scenario_text(phone, l->style, l->out);
    oh_text_add_char(l->out, '\n');
    l->in_full++;
    l->gap = true;
}

/* "FAIL   capture/192.0.2.7:5060   cseq.rising, via.cookie: as above" */
static void show_in_line(struct list *l, const json_t *phone)
{
    const char *word = oh_json_str(phone, "verdict");
    struct oh_text capital = {0}, text = {0};
    json_t *told = json_object();
    for (const char *at = word; *at; at++)
        oh_text_add_char(&capital, *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at);
    oh_cells_paint(l->style, oh_text_verdict_paint(word), oh_text_str(&capital), l->out);
    oh_text_addf(&text, "%s  ", oh_json_str(phone, "id"));
    for (size_t i = 0; i < oh_json_count(phone, "findings"); i++) {
        const char *id = oh_json_str(oh_json_item(phone, "findings", i), "id");
        if (json_object_get(told, id))
            continue;
        oh_text_addf(&text, "%s%s", json_object_size(told) ? ", " : "", id);
        json_object_set_new(told, id, json_true());
    }
    oh_text_add(&text, ": as above");
    oh_cells_pad(3, l->out);
    oh_cells_wrap(l->style, oh_text_str(&text), capital.len + 3, 7, l->out);
    oh_text_release(&capital);
    oh_text_release(&text);
    json_decref(told);
    l->in_line++;
    l->gap = false;
}

static void show(struct list *l, const json_t *phone)
{
    bool foreign = json_object_get(phone, "capture") != NULL;
    bool news = is_news(l, phone);
    if (news || !foreign || l->style->verbose || l->in_full < PHONES_IN_FULL)
        show_in_full(l, phone);
    else if (l->in_line < PHONES_IN_LINE)
        show_in_line(l, phone);
    else
        l->left_out++;
}

static void show_left_out(struct list *l)
{
    if (l->left_out == 0)
        return;
    oh_text_addf(l->out,
                 "%zu more phone%s with the same findings %s not shown; --verbose and "
                 "report.json have %s\n",
                 l->left_out, l->left_out == 1 ? "" : "s", l->left_out == 1 ? "is" : "are",
                 l->left_out == 1 ? "it" : "them");
    l->gap = false;
}

/* --- the clean ones --- */

static void show_many_clean(struct list *l, size_t count)
{
    struct oh_text text = {0};
    size_t named = 0, lacking = 0;
    oh_text_addf(&text, "%zu phones without a finding: ", count);
    for (size_t i = 0; i < json_array_size(l->phones); i++) {
        const json_t *phone = json_array_get(l->phones, i);
        if (rank_of(phone) != CLEAN)
            continue;
        lacking += oh_json_count(json_object_get(phone, "capture"), "missing") > 0;
        if (named < CLEAN_NAMED)
            oh_text_addf(&text, "%s%s", named++ ? ", " : "",
                         oh_json_str(oh_json_item(phone, "phones", 0), "address"));
    }
    oh_text_addf(&text, " and %zu more", count - named);
    oh_cells_paint(l->style, OH_PAINT_GOOD, "PASS", l->out);
    oh_cells_pad(3, l->out);
    oh_cells_wrap(l->style, oh_text_str(&text), 7, 7, l->out);
    oh_text_clear(&text);
    if (lacking > 0) {
        oh_text_addf(&text,
                     "%zu of them %s calls that are not whole in the capture. What could not be "
                     "seen is held against nobody.",
                     lacking, lacking == 1 ? "has" : "have");
        oh_text_add(l->out, "  evidence: ");
        oh_cells_wrap(l->style, oh_text_str(&text), 12, 12, l->out);
    }
    oh_text_release(&text);
    l->gap = false;
}

static void show_clean(struct list *l, size_t count)
{
    if (count > CLEAN_IN_LINE && !l->style->verbose) {
        show_many_clean(l, count);
        return;
    }
    for (size_t i = 0; i < json_array_size(l->phones); i++) {
        const json_t *phone = json_array_get(l->phones, i);
        if (rank_of(phone) != CLEAN)
            continue;
        oh_report_scenario_text(phone, l->style, l->out);
        if (l->style->verbose)
            oh_text_add_char(l->out, '\n');
        l->gap = l->style->verbose;
    }
}

void oh_report_phones_text(const json_t *phones, const struct oh_report_style *style,
                           struct oh_text *out)
{
    struct list l = {.phones = phones, .style = style, .out = out, .gap = true};
    size_t counts[RANKS] = {0};
    l.kinds = json_object();
    for (size_t i = 0; i < json_array_size(phones); i++)
        counts[rank_of(json_array_get(phones, i))]++;
    for (int rank = 0; rank < CLEAN; rank++) {
        for (size_t i = 0; counts[rank] > 0 && i < json_array_size(phones); i++) {
            if (rank_of(json_array_get(phones, i)) == rank)
                show(&l, json_array_get(phones, i));
        }
    }
    show_left_out(&l);
    show_clean(&l, counts[CLEAN]);
    if (!l.gap)
        oh_text_add_char(out, '\n');
    json_decref(l.kinds);
}
