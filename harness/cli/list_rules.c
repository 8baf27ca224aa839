/* offhook list rules: the always-on rules, what each covers, and what none does. */
#include "cli/list.h"

#include "judge/coverage.h"

#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#define RULE_INDENT   65
#define REASON_INDENT 37

static const char *level_name(const struct oh_rule *r)
{
    return r->level == OH_LEVEL_MUST ? "must" : "should";
}

typedef void each_fn(const struct oh_rule *r, void *target);

static size_t for_each_rule(each_fn *each, void *target)
{
    const struct oh_rule_family *const *families = oh_rule_families();
    size_t count = 0;
    for (size_t f = 0; families[f]; f++)
        for (size_t i = 0; i < families[f]->count; i++, count++)
            each(&families[f]->rules[i], target);
    return count;
}

/* --- text --- */

static void print_rule(const struct oh_rule *r, void *target)
{
    const struct oh_cli_common *o = target;
    char *head = oh_format("%-24s %-6s %-32s", r->id, level_name(r), r->clause);
    oh_cli_row(head, RULE_INDENT, r->meaning);
    free(head);
    if (!o->verbose)
        return;
    char *text = oh_format("covers: %s", r->covers ? r->covers : "no requirement of the catalogue");
    oh_cli_row("", RULE_INDENT, text);
    free(text);
}

static void print_uncovered(const struct oh_catalogue *c)
{
    size_t due = 0, lacking = 0;
    for (size_t i = 0; i < oh_catalogue_count(c); i++) {
        const struct oh_requirement *q = oh_catalogue_item(c, i);
        due += q->kind == OH_REQUIREMENT_RULE && q->priority == 1;
        lacking += oh_requirement_lacks_rule(q);
    }
    printf("%zu of %zu requirements of priority 1 and kind rule are covered", due - lacking, due);
    printf(lacking ? "; not covered:\n" : "\n");
    for (size_t i = 0; i < oh_catalogue_count(c); i++) {
        const struct oh_requirement *q = oh_catalogue_item(c, i);
        if (!oh_requirement_lacks_rule(q))
            continue;
        char *reason = oh_cli_reason(q), *head = oh_format("  %s", q->id);
        oh_cli_row(head, REASON_INDENT, reason);
        free(reason);
        free(head);
    }
}

/* --- JSON --- */

static void add_rule(const struct oh_rule *r, void *target)
{
    json_t *covers = json_array();
    struct oh_span rest = oh_span_of(r->covers), id;
    while (oh_rule_next_covered(&rest, &id))
        json_array_append_new(covers, json_stringn(id.at, id.len));
    json_array_append_new(target, json_pack("{s:s, s:s, s:s, s:s, s:o}", "id", r->id, "level",
                                            level_name(r), "clause", r->clause, "meaning",
                                            r->meaning, "covers", covers));
}

static void print_json(const struct oh_catalogue *c)
{
    json_t *rules = json_array(), *uncovered = json_array();
    for_each_rule(add_rule, rules);
    for (size_t i = 0; c && i < oh_catalogue_count(c); i++) {
        const struct oh_requirement *q = oh_catalogue_item(c, i);
        if (!oh_requirement_lacks_rule(q))
            continue;
        json_array_append_new(
            uncovered, json_pack("{s:s, s:s, s:s*, s:s*}", "id", q->id, "title", q->title, "reason",
                                 q->uncovered ? oh_uncovered_name(q->uncovered) : NULL, "same-as",
                                 q->same_as));
    }
    json_t *all = json_pack("{s:o, s:o}", "rules", rules, "uncovered", uncovered);
    json_dumpf(all, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(all);
}

int oh_cli_list_rules(int argc, char **argv)
{
    static const struct option longs[] = {OH_CLI_COMMON_OPTIONS, {0}};
    struct oh_cli_common o = {0};
    struct oh_errors errors = {0};
    opterr = 0;
    for (int val; (val = getopt_long(argc, argv, ":", longs, NULL)) != -1;)
        if (!oh_cli_take(&o, val, optarg))
            return oh_cli_wrong_option(&oh_command_list, val, argv);
    if (optind < argc)
        return oh_cli_usage(&oh_command_list, "'%s' is one too many", argv[optind]);
    struct oh_catalogue *c = oh_cli_held_catalogue(&errors);
    int status = errors.count ? oh_cli_fails(&errors, OH_EXIT_USAGE) : OH_EXIT_OK;
    if (o.json) {
        print_json(c);
    } else {
        printf("%zu rules\n", for_each_rule(print_rule, &o));
        if (c)
            print_uncovered(c);
    }
    oh_catalogue_free(c);
    oh_errors_release(&errors);
    return status;
}
