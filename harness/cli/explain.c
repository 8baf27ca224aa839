/* offhook explain: a scenario as a ladder and in words, without a phone. */
#include "cli/cli.h"

#include "author/explain.h"
#include "cli/kind.h"
#include "reports/ladder.h"
#include "scenario/blocks.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "usage: offhook explain [OPTIONS] SCENARIO...\n"
    "\n"
    "Draws what a scenario file says as a ladder, tells each thing that will be\n"
    "checked in words, and how long it will take. Nothing is played; no phone is\n"
    "needed.\n"
    "\n"
    "  --color auto|always|never\n"
    "\n"
    "examples:\n"
    "  offhook explain scenarios/cisco-7960/authentication-407.yaml\n"
    "  offhook explain 'dialog/status-codes[486]'\n"
    "  offhook explain my-flow.yaml | less -R\n";

struct drawing {
    const struct oh_scenario_set *set;
    const struct oh_scenario *s;
    const struct oh_report_style *style;
    struct oh_ladder ladder;
    const char *parties[OH_LADDER_MAX_COLUMNS];
    size_t party_count;
    bool too_many; /* parties for one ladder */
    struct oh_text out;
};

/* --- the ladder --- */

static size_t column_of(const struct drawing *d, const char *party)
{
    size_t i = 0;
    while (i < d->party_count && strcmp(d->parties[i], party))
        i++;
    return i;
}

/* Who has a lifeline: who sends or gets messages; the phones first. */
static void find_columns(struct drawing *d)
{
    for (int others = 0; others < 2; others++) {
        for (size_t i = 0; i < d->s->step_count; i++) {
            const struct oh_step *step = &d->s->steps[i];
            const char *ends[] = {step->from, step->kind == OH_STEP_MESSAGE ? step->to : NULL};
            for (size_t k = 0; k < 2; k++) {
                const struct oh_party *p = ends[k] ? oh_scenario_party(d->s, ends[k]) : NULL;
                if (!p || (p->role != OH_ROLE_PHONE) != others ||
                    column_of(d, p->name) < d->party_count)
                    continue;
                d->too_many = d->too_many || d->party_count == OH_LADDER_MAX_COLUMNS;
                if (!d->too_many)
                    d->parties[d->party_count++] = p->name;
            }
        }
    }
}

static void add_names(struct drawing *d)
{
    const char *names[OH_LADDER_MAX_COLUMNS] = {"", "", "", ""};
    char *texts[OH_LADDER_MAX_COLUMNS] = {0};
    for (size_t i = 0; i < d->party_count; i++) {
        const struct oh_party *p = oh_scenario_party(d->s, d->parties[i]);
        names[i] = texts[i] = oh_format("%s %s", p->name, oh_role_name(p->role));
    }
    oh_ladder_names(&d->ladder, names, &d->out);
    for (size_t i = 0; i < d->party_count; i++)
        free(texts[i]);
}

/* The party behind a proxy has no lifeline of its own: media goes to the proxy's. */
static size_t end_of(const struct drawing *d, const char *party)
{
    size_t column = party ? column_of(d, party) : 0;
    const struct oh_party *p = party ? oh_scenario_party(d->s, party) : NULL;
    if (column == d->party_count && p && p->behind)
        column = column_of(d, p->behind);
    return column < d->party_count ? column : d->party_count - 1;
}

static void add_step(struct drawing *d, int at)
{
    const struct oh_step *step = &d->s->steps[at];
    struct oh_explained x;
    oh_explain_step(d->s, at, &x);
    struct oh_ladder_row row = {.from = end_of(d, step->from),
                                .to = end_of(d, step->to),
                                .label = x.label,
                                .frame = (unsigned)at + 1,
                                .dashed = step->optional};
    if (step->kind == OH_STEP_ACTION || step->kind == OH_STEP_SILENCE ||
        step->kind == OH_STEP_CONNECTION) {
        row.paint = OH_PAINT_USER;
        oh_ladder_event(&d->ladder, &row, &d->out);
    } else if (step->kind == OH_STEP_MEDIA) {
        oh_ladder_dots(&d->ladder, &row, &d->out);
    } else {
        oh_ladder_arrow(&d->ladder, &row, &d->out);
    }
    oh_explained_release(&x);
}

/* Lines through the ladder where a block begins, its next branch, and where it ends. */
static void add_cuts(struct drawing *d, int at)
{
    bool given = at < (int)d->s->step_count && d->s->steps[at].prelude;
    bool was_given = at > 0 && d->s->steps[at - 1].prelude;
    if (given != was_given)
        oh_ladder_cut(&d->ladder, given ? "given" : "the flow", &d->out);
    static const char *const begins[] = {
        [OH_GROUP_ANY_ORDER] = "in any order", [OH_GROUP_EITHER] = "either"};
    for (size_t i = 0; i < d->s->group_count; i++) {
        const struct oh_group *g = &d->s->groups[i];
        const struct oh_step *step = at < (int)d->s->step_count ? &d->s->steps[at] : NULL;
        bool goes_on = false;
        for (size_t k = i + 1; k < d->s->group_count; k++)
            goes_on = goes_on || oh_block_is_round(d->s, (int)i, (int)k);
        if (g->end == at && !goes_on)
            oh_ladder_cut(&d->ladder, "and then", &d->out);
        if (g->first == at)
            oh_ladder_cut(&d->ladder,
                          oh_block_is_optional(d->s, (int)i) ? "once more, or not"
                                                             : begins[g->kind],
                          &d->out);
        else if (step && step->group == (int)i && at < g->end &&
                 d->s->steps[at - 1].group == (int)i && d->s->steps[at - 1].branch != step->branch)
            oh_ladder_cut(&d->ladder, g->kind == OH_GROUP_EITHER ? "or" : "and", &d->out);
    }
}

static void add_ladder(struct drawing *d)
{
    find_columns(d);
    if (d->too_many || d->party_count == 0)
        return;
    d->ladder = oh_ladder_of(d->style, d->party_count);
    add_names(d);
    for (int at = 0; at < (int)d->s->step_count; at++) {
        add_cuts(d, at);
        add_step(d, at);
    }
    oh_text_add_char(&d->out, '\n');
}

/* --- words --- */

enum { NUMBER_WIDTH = 5 };

static void add_words(struct drawing *d, int at)
{
    const struct oh_step *step = &d->s->steps[at];
    struct oh_explained x;
    char *head = oh_format("%3d  ", at + 1), *line = oh_format("   line %u", step->place.line);
    oh_explain_step(d->s, at, &x);
    oh_text_add(&d->out, head);
    oh_cells_paint(d->style, OH_PAINT_STRONG, step->text, &d->out);
    if (!step->prelude)
        oh_cells_paint(d->style, OH_PAINT_DIM, line, &d->out);
    oh_text_add_char(&d->out, '\n');
    for (size_t i = 0; i < x.count; i++) {
        oh_cells_pad(NUMBER_WIDTH, &d->out);
        oh_cells_wrap(d->style, x.lines[i], NUMBER_WIDTH, NUMBER_WIDTH + 2, &d->out);
    }
    oh_explained_release(&x);
    free(head);
    free(line);
}

/* Of a table the first row is explained. */
static void add_rows(struct drawing *d)
{
    struct oh_text list = {0};
    if (d->set->count < 2)
        return;
    oh_text_addf(
        &list, "the file is a table of %zu scenarios, of which this is the first: ", d->set->count);
    for (size_t i = 0; i < d->set->count; i++)
        oh_text_addf(&list, "%s%s", i ? ", " : "", d->set->scenarios[i]->row);
    oh_text_addf(&list, "; 'offhook explain '%s'' shows another", d->set->scenarios[1]->id);
    oh_cells_pad(2, &d->out);
    oh_cells_wrap(d->style, oh_text_str(&list), 2, 4, &d->out);
    oh_text_release(&list);
}

static void add_head(struct drawing *d)
{
    struct oh_explained x;
    char *id = d->s->row && !strchr(d->s->id, '[') ? oh_format("%s[%s]", d->s->id, d->s->row)
                                                   : oh_strdup(d->s->id);
    oh_cells_paint(d->style, OH_PAINT_STRONG, id, &d->out);
    oh_text_add(&d->out, "   ");
    oh_cells_wrap(d->style, d->s->title, oh_cells_count(id) + 3, 2, &d->out);
    oh_explain_head(d->s, &x);
    for (size_t i = 0; i < x.count; i++) {
        oh_cells_pad(2, &d->out);
        oh_cells_wrap(d->style, x.lines[i], 2, 4, &d->out);
    }
    add_rows(d);
    oh_text_add_char(&d->out, '\n');
    oh_explained_release(&x);
    free(id);
}

static void add_times(struct drawing *d)
{
    struct oh_explain_time t = oh_explain_time(d->s);
    char *least = oh_explain_duration(t.least_ms), *most = oh_explain_duration(t.most_ms);
    struct oh_text text = {0};
    oh_text_addf(&text, "It takes %s if the phone answers at once, and at most %s",
                 t.least_ms < 50 ? "no time" : least, most);
    if (t.silent_ms >= 0) {
        char *silent = oh_explain_duration(t.silent_ms);
        oh_text_addf(&text, "; if the phone never answers, it ends after %s", silent);
        free(silent);
    }
    oh_text_add(&text, ". Besides what stands here, the rules of 'offhook list rules' hold for "
                       "every message of the phone.");
    oh_text_add_char(&d->out, '\n');
    oh_cells_wrap(d->style, oh_text_str(&text), 0, 0, &d->out);
    oh_text_release(&text);
    free(least);
    free(most);
}

static void explain(const struct oh_scenario_set *set, const struct oh_report_style *style)
{
    struct drawing d = {.set = set, .s = set->scenarios[0], .style = style};
    add_head(&d);
    add_ladder(&d);
    for (int at = 0; at < (int)d.s->step_count; at++)
        add_words(&d, at);
    add_times(&d);
    fputs(oh_text_str(&d.out), stdout);
    oh_text_release(&d.out);
}

static int explain_file(const char *word, const struct oh_report_style *style)
{
    struct oh_errors errors = {0};
    struct oh_scenario_set *set = oh_cli_load_word(word, &errors);
    int status = set ? OH_EXIT_OK : oh_cli_fails(&errors, OH_EXIT_USAGE);
    if (set)
        explain(set, style);
    oh_scenario_set_free(set);
    oh_errors_release(&errors);
    return status;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {OH_CLI_COMMON_OPTIONS, {0}};
    struct oh_cli_common o = {.color = "auto"};
    int c, status = OH_EXIT_OK;
    while ((c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        if (c != OH_OPT_COLOR || !oh_cli_take(&o, c, optarg))
            return oh_cli_wrong_option(&oh_command_explain, c, argv);
    }
    if (optind == argc)
        return oh_cli_usage(&oh_command_explain, "give a scenario file");
    struct oh_report_style style = oh_cli_style(&o, STDOUT_FILENO);
    for (int i = optind; i < argc && status == OH_EXIT_OK; i++) {
        if (i > optind)
            putchar('\n');
        status = explain_file(argv[i], &style);
    }
    return status;
}

const struct oh_command oh_command_explain = {
    "explain", run, "shows a scenario as a ladder and in words, without a phone", help};
