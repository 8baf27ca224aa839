/* offhook list requirements: the catalogue, what covers each entry, and what none does. */
#include "cli/list.h"

#include "judge/coverage.h"
#include "scenario/yaml.h"

#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define INDENT      44
#define GROUPS_MOST 200 /* documents that entries come from */
#define GROUPS_TOLD 10  /* of them in the table, but with --verbose */

/* --- what is asked for --- */

struct question {
    struct oh_cli_common common;
    const char *kind, *source; /* NULL: all */
    unsigned priority;         /* 0: all */
    bool uncovered;
    struct oh_scenario **scenarios;
    size_t scenario_count;
};

/* "RFC 3261 17" has "RFC 3261", "rfc 3261" and "3261", but not "RFC 326". */
static bool begins_with(const char *source, const char *wanted)
{
    size_t len = strlen(wanted);
    if (strncmp(source, "RFC ", 4) == 0 && wanted[0] >= '0' && wanted[0] <= '9')
        source += 4;
    return strncasecmp(source, wanted, len) == 0 &&
           (source[len] == '\0' || strchr(" .:", source[len]));
}

static bool comes_from(const struct oh_requirement *q, const char *wanted)
{
    for (size_t i = 0; i < q->source_count; i++)
        if (begins_with(q->sources[i], wanted))
            return true;
    return false;
}

static bool is_asked_for(const struct question *ask, const struct oh_requirement *q)
{
    return (!ask->kind || strcmp(ask->kind, oh_requirement_kind_name(q->kind)) == 0) &&
           (ask->priority == 0 || ask->priority == q->priority) &&
           (!ask->source || comes_from(q, ask->source));
}

/* --- what covers an entry --- */

/* The nth scenario that covers it, from 0 on. */
static const struct oh_scenario *scenario_covering(const struct question *ask, const char *id,
                                                   size_t nth)
{
    for (size_t i = 0; i < ask->scenario_count; i++)
        for (size_t k = 0; k < ask->scenarios[i]->cover_count; k++)
            if (strcmp(ask->scenarios[i]->covers[k], id) == 0 && nth-- == 0)
                return ask->scenarios[i];
    return NULL;
}

static bool is_covered(const struct question *ask, const struct oh_requirement *q)
{
    return oh_rule_covering(q->id, 0) || scenario_covering(ask, q->id, 0);
}

/* --- counts --- */

struct group {
    struct oh_span name;
    size_t entries, covered, by_rules, by_scenarios;
};

struct groups {
    const char *heading;
    struct group items[GROUPS_MOST];
    size_t count, told; /* told: how many a table shows */
};

static void count_in(struct groups *groups, struct oh_span name, const struct question *ask,
                     const struct oh_requirement *q)
{
    size_t i = 0;
    while (i < groups->count && !oh_span_equal(groups->items[i].name, name))
        i++;
    if (i == GROUPS_MOST)
        return;
    groups->count += i == groups->count;
    struct group *g = &groups->items[i];
    g->name = name;
    g->entries++;
    g->covered += is_covered(ask, q);
    g->by_rules += oh_rule_covering(q->id, 0) != NULL;
    g->by_scenarios += scenario_covering(ask, q->id, 0) != NULL;
}

/* An entry with two sources of one document counts there once. */
static void count_sources(struct groups *groups, const struct question *ask,
                          const struct oh_requirement *q)
{
    for (size_t i = 0; i < q->source_count; i++) {
        struct oh_span name = oh_requirement_document(q->sources[i]);
        bool again = false;
        for (size_t k = 0; k < i; k++)
            again |= oh_span_equal(name, oh_requirement_document(q->sources[k]));
        if (!again)
            count_in(groups, name, ask, q);
    }
}

static int by_entries(const void *a, const void *b)
{
    const struct group *x = a, *y = b;
    if (x->entries != y->entries)
        return x->entries < y->entries ? 1 : -1;
    size_t common = x->name.len < y->name.len ? x->name.len : y->name.len;
    int order = memcmp(x->name.at, y->name.at, common);
    return order ? order : x->name.len < y->name.len ? -1 : 1;
}

static int by_name(const void *a, const void *b)
{
    const struct group *x = a, *y = b;
    return memcmp(x->name.at, y->name.at, 1); /* priorities: one digit */
}

enum { ALL, BY_PRIORITY, BY_KIND, BY_SOURCE, TABLES };

static struct groups *count_all(const struct oh_catalogue *c, const struct question *ask)
{
    static const char *const digits[] = {"0", "1", "2", "3"};
    struct groups *tables = oh_alloc(TABLES * sizeof *tables);
    tables[ALL].heading = "";
    tables[BY_PRIORITY].heading = "priority";
    tables[BY_KIND].heading = "kind";
    tables[BY_SOURCE].heading = "source";
    for (size_t i = 0; i < oh_catalogue_count(c); i++) {
        const struct oh_requirement *q = oh_catalogue_item(c, i);
        if (!is_asked_for(ask, q))
            continue;
        count_in(&tables[ALL], oh_span_of("all"), ask, q);
        count_in(&tables[BY_PRIORITY], oh_span_of(digits[q->priority]), ask, q);
        count_in(&tables[BY_KIND], oh_span_of(oh_requirement_kind_name(q->kind)), ask, q);
        count_sources(&tables[BY_SOURCE], ask, q);
    }
    qsort(tables[BY_PRIORITY].items, tables[BY_PRIORITY].count, sizeof(struct group), by_name);
    qsort(tables[BY_KIND].items, tables[BY_KIND].count, sizeof(struct group), by_entries);
    qsort(tables[BY_SOURCE].items, tables[BY_SOURCE].count, sizeof(struct group), by_entries);
    for (size_t i = 0; i < TABLES; i++)
        tables[i].told = tables[i].count;
    if (!ask->common.verbose && tables[BY_SOURCE].count > GROUPS_TOLD + 1)
        tables[BY_SOURCE].told = GROUPS_TOLD;
    return tables;
}

/* --- text --- */

static void print_by(const struct question *ask, const struct oh_requirement *q)
{
    struct oh_text by = {0};
    const struct oh_rule *rule;
    const struct oh_scenario *s;
    for (size_t i = 0; (rule = oh_rule_covering(q->id, i)); i++)
        oh_text_addf(&by, "%s%s", i ? ", " : "rules: ", rule->id);
    struct oh_span told = {0}; /* the rows of a table count as one */
    for (size_t i = 0; (s = scenario_covering(ask, q->id, i)); i++) {
        struct oh_span id = oh_span_of(s->id);
        id = oh_span_sub(id, 0, oh_span_find(id, '['));
        if (!oh_span_equal(id, told))
            oh_text_addf(&by, "%s%.*s",
                         told.at  ? ", "
                         : by.len ? "; scenarios: "
                                  : "scenarios: ",
                         OH_SPAN_FMT(id));
        told = id;
    }
    if (by.len == 0) {
        char *reason = q->uncovered ? oh_cli_reason(q) : oh_strdup("");
        oh_text_addf(&by, "covered by none%s%s", *reason ? ": " : "", reason);
        free(reason);
    }
    oh_cli_row("", INDENT, oh_text_str(&by));
    oh_text_release(&by);
}

static void print_details(const struct oh_requirement *q)
{
    struct oh_text from = {0};
    for (size_t i = 0; i < q->clause_count; i++)
        oh_text_addf(&from, "%s%s", i ? ", " : "", q->clauses[i]);
    oh_text_addf(&from, "%slevel by %s", from.len ? "; " : "",
                 oh_requirement_ground_name(q->ground));
    if (q->sentence)
        oh_text_addf(&from, ": %s", q->sentence);
    oh_cli_row("", INDENT, oh_text_str(&from));
    oh_text_clear(&from);
    oh_text_addf(&from, "stimulus: %s; expected: %s", q->stimulus, q->expect);
    oh_cli_row("", INDENT, oh_text_str(&from));
    oh_text_clear(&from);
    oh_text_addf(&from, "note: %s", q->note ? q->note : "");
    if (q->note)
        oh_cli_row("", INDENT, oh_text_str(&from));
    oh_text_release(&from);
}

static void print_groups(const struct groups *groups)
{
    for (size_t i = 0; i < groups->told; i++) {
        const struct group *g = &groups->items[i];
        printf("%-9s %-19.*s %7zu %8zu %9zu %13zu %8zu\n", i == 0 ? groups->heading : "",
               OH_SPAN_FMT(g->name), g->entries, g->covered, g->by_rules, g->by_scenarios,
               g->entries - g->covered);
    }
    if (groups->told < groups->count)
        printf("%-9s %zu more with fewer: --verbose lists them\n", "",
               groups->count - groups->told);
}

/* A level that was read nowhere is no more than a guess. */
static void print_heading(const struct oh_requirement *q)
{
    const char *unread = q->ground == OH_GROUND_UNREAD ? " (unread)" : "";
    char *text = oh_format("%u %s%s %s: %s", q->priority, oh_requirement_level_name(q->level),
                           unread, oh_requirement_kind_name(q->kind), q->title);
    oh_cli_row(q->id, INDENT, text);
    free(text);
}

static void print_text(const struct oh_catalogue *c, const struct question *ask)
{
    oh_cli_row("id", INDENT, "priority, level, kind: title");
    putchar('\n');
    for (size_t i = 0; i < oh_catalogue_count(c); i++) {
        const struct oh_requirement *q = oh_catalogue_item(c, i);
        if (!is_asked_for(ask, q) || (ask->uncovered && is_covered(ask, q)))
            continue;
        print_heading(q);
        if (ask->common.verbose)
            print_details(q);
        if (!ask->uncovered || q->uncovered || ask->common.verbose)
            print_by(ask, q);
    }
    struct groups *tables = count_all(c, ask);
    printf("\n%29s %7s %8s %9s %13s %8s\n", "", "entries", "covered", "by rules", "by scenarios",
           "by none");
    for (size_t i = 0; i < TABLES; i++)
        print_groups(&tables[i]);
    free(tables);
}

/* --- JSON --- */

static json_t *json_lines(char *const *lines, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_string(lines[i]));
    return list;
}

static json_t *json_entry(const struct question *ask, const struct oh_requirement *q)
{
    json_t *rules = json_array(), *scenarios = json_array();
    const struct oh_rule *rule;
    const struct oh_scenario *s;
    for (size_t i = 0; (rule = oh_rule_covering(q->id, i)); i++)
        json_array_append_new(rules, json_string(rule->id));
    for (size_t i = 0; (s = scenario_covering(ask, q->id, i)); i++)
        json_array_append_new(scenarios, json_string(s->id));
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:o, s:s*, s:s, s:s, s:i, s:s, s:s, s:o, s:s*, s:s*, s:s*, s:o, s:o}",
        "id", q->id, "title", q->title, "level", oh_requirement_level_name(q->level), "ground",
        oh_requirement_ground_name(q->ground), "clause", json_lines(q->clauses, q->clause_count),
        "sentence", q->sentence, "role", q->role, "kind", oh_requirement_kind_name(q->kind),
        "priority", (int)q->priority, "stimulus", q->stimulus, "expect", q->expect, "source",
        json_lines(q->sources, q->source_count), "note", q->note, "uncovered",
        q->uncovered ? oh_uncovered_name(q->uncovered) : NULL, "same-as", q->same_as, "rules",
        rules, "scenarios", scenarios);
}

static json_t *json_groups(const struct groups *groups)
{
    json_t *list = json_array();
    for (size_t i = 0; i < groups->count; i++) {
        const struct group *g = &groups->items[i];
        json_array_append_new(list, json_pack("{s:s%, s:i, s:i, s:i, s:i}", "name", g->name.at,
                                              g->name.len, "entries", (int)g->entries, "covered",
                                              (int)g->covered, "by-rules", (int)g->by_rules,
                                              "by-scenarios", (int)g->by_scenarios));
    }
    return list;
}

static void print_json(const struct oh_catalogue *c, const struct question *ask)
{
    json_t *entries = json_array(), *all = json_object(), *counts = json_object();
    for (size_t i = 0; i < oh_catalogue_count(c); i++) {
        const struct oh_requirement *q = oh_catalogue_item(c, i);
        if (is_asked_for(ask, q) && !(ask->uncovered && is_covered(ask, q)))
            json_array_append_new(entries, json_entry(ask, q));
    }
    struct groups *tables = count_all(c, ask);
    for (size_t i = 0; i < TABLES; i++)
        json_object_set_new(counts, i == ALL ? "all" : tables[i].heading, json_groups(&tables[i]));
    free(tables);
    json_object_set_new(all, "requirements", entries);
    json_object_set_new(all, "counts", counts);
    json_dumpf(all, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(all);
}

/* --- the command --- */

enum { OPT_KIND = 2000, OPT_PRIORITY, OPT_SOURCE, OPT_UNCOVERED };

static int wrong_kind(const char *word)
{
    const char *words[OH_REQUIREMENT_KINDS + 1] = {0};
    struct oh_text list = {0};
    for (int i = 0; i < OH_REQUIREMENT_KINDS; i++) {
        words[i] = oh_requirement_kind_name((enum oh_requirement_kind)i);
        oh_text_addf(&list, "%s%s", i ? ", " : "", words[i]);
    }
    const char *near = oh_nearest_word(word, words);
    int status =
        oh_cli_usage(&oh_command_list, "--kind has no '%s': %s%s%s%s", word, oh_text_str(&list),
                     near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
    oh_text_release(&list);
    return status;
}

/* 0, or the exit status of wrong usage. */
static int take(struct question *ask, int val, char **argv)
{
    bool known = false;
    switch (val) {
    case OPT_KIND:
        ask->kind = optarg;
        for (int i = 0; i < OH_REQUIREMENT_KINDS; i++)
            known |= strcmp(optarg, oh_requirement_kind_name((enum oh_requirement_kind)i)) == 0;
        return known ? 0 : wrong_kind(optarg);
    case OPT_PRIORITY:
        ask->priority = (unsigned)(optarg[0] - '0');
        known = optarg[0] >= '1' && optarg[0] <= '3' && optarg[1] == '\0';
        return known ? 0
                     : oh_cli_usage(&oh_command_list, "--priority has no '%s': 1, 2 or 3", optarg);
    case OPT_SOURCE:
        ask->source = optarg;
        return 0;
    case OPT_UNCOVERED:
        ask->uncovered = true;
        return 0;
    default:
        return oh_cli_take(&ask->common, val, optarg)
                   ? 0
                   : oh_cli_wrong_option(&oh_command_list, val, argv);
    }
}

/* A source that no entry has is a misspelt one. */
static int check_source(const struct oh_catalogue *c, const char *source)
{
    bool found = !source;
    for (size_t i = 0; i < oh_catalogue_count(c) && !found; i++)
        found = comes_from(oh_catalogue_item(c, i), source);
    return found ? OH_EXIT_OK
                 : oh_cli_usage(&oh_command_list, "no requirement comes from '%s'", source);
}

static int show(struct question *ask)
{
    struct oh_errors errors = {0};
    int status = OH_EXIT_OK;
    struct oh_catalogue *c = oh_cli_held_catalogue(&errors);
    if (c)
        ask->scenarios = oh_cli_scenarios(&ask->scenario_count, &errors);
    const struct oh_catalogue *const catalogues[] = {c, NULL};
    for (size_t i = 0; i < ask->scenario_count; i++)
        oh_cli_check_covers(catalogues, ask->scenarios[i], &errors);
    if (!c && errors.count == 0)
        oh_error_set(oh_errors_add(&errors), "there is no folder scenarios/requirements here");
    if (errors.count)
        status = oh_cli_fails(&errors, OH_EXIT_USAGE);
    else
        status = check_source(c, ask->source);
    if (status == OH_EXIT_OK && ask->common.json)
        print_json(c, ask);
    else if (status == OH_EXIT_OK)
        print_text(c, ask);
    oh_cli_scenarios_free(ask->scenarios);
    oh_catalogue_free(c);
    oh_errors_release(&errors);
    return status;
}

int oh_cli_list_requirements(int argc, char **argv)
{
    static const struct option longs[] = {{"kind", required_argument, NULL, OPT_KIND},
                                          {"priority", required_argument, NULL, OPT_PRIORITY},
                                          {"source", required_argument, NULL, OPT_SOURCE},
                                          {"uncovered", no_argument, NULL, OPT_UNCOVERED},
                                          OH_CLI_COMMON_OPTIONS,
                                          {0}};
    struct question ask = {0};
    opterr = 0;
    for (int val; (val = getopt_long(argc, argv, ":", longs, NULL)) != -1;) {
        int status = take(&ask, val, argv);
        if (status)
            return status;
    }
    if (optind < argc)
        return oh_cli_usage(&oh_command_list, "'%s' is one too many", argv[optind]);
    return show(&ask);
}
