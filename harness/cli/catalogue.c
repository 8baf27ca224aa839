/* The catalogue of requirements, and what offhook's own scenarios cover of it. */
#include "cli/list.h"

#include "base/file.h"
#include "cli/kind.h"
#include "judge/coverage.h"
#include "scenario/yaml.h"

#include <stdlib.h>
#include <string.h>

struct oh_catalogue *oh_cli_catalogue(struct oh_errors *errors)
{
    char *folder = oh_cli_data("scenarios/requirements");
    struct oh_catalogue *c = oh_file_is_folder(folder) ? oh_catalogue_load(folder, errors) : NULL;
    free(folder);
    return c;
}

struct oh_catalogue *oh_cli_held_catalogue(struct oh_errors *errors)
{
    struct oh_catalogue *c = oh_cli_catalogue(errors);
    size_t before = errors->count;
    if (!c)
        return NULL;
    oh_coverage_check_rules(c, errors);
    oh_coverage_check_reasons(c, errors);
    if (errors->count == before)
        return c;
    oh_catalogue_free(c);
    return NULL;
}

/* With its line, which the scenario's own text gives. */
static struct oh_error *mistake(const struct oh_scenario *s, struct oh_place place,
                                struct oh_errors *errors, const char *sentence)
{
    struct oh_errors unused = {0};
    struct oh_yaml *y = oh_yaml_parse(s->file, oh_span_of(s->source_text), &unused);
    struct oh_error *e;
    if (y) {
        e = oh_yaml_mistake_at(y, place, errors, "%s", sentence);
    } else {
        e = oh_errors_add(errors);
        oh_error_at(e, s->file, place, "%s", sentence);
    }
    oh_errors_release(&unused);
    oh_yaml_free(y);
    return e;
}

static bool is_known(const struct oh_catalogue *const *catalogues, const char *id)
{
    for (; *catalogues; catalogues++)
        if (oh_catalogue_find(*catalogues, oh_span_of(id)))
            return true;
    return false;
}

static void suggest(const struct oh_catalogue *const *catalogues, const char *id,
                    struct oh_error *e)
{
    const struct oh_catalogue *const *c = catalogues;
    while (*c && !oh_catalogue_nearest(*c, id))
        c++;
    oh_catalogue_suggest(*c ? *c : catalogues[0], id, e);
}

void oh_cli_check_covers(const struct oh_catalogue *const *catalogues, const struct oh_scenario *s,
                         struct oh_errors *errors)
{
    for (size_t i = 0; catalogues[0] && i < s->cover_count; i++) {
        const char *id = s->covers[i];
        bool twice = false, known = is_known(catalogues, id);
        for (size_t k = 0; k < i; k++)
            twice |= strcmp(s->covers[k], id) == 0;
        if (known && !twice)
            continue;
        char *sentence =
            oh_format(known ? "'%s' is named twice" : "no requirement is called '%s'", id);
        struct oh_error *e = mistake(s, s->cover_places[i], errors, sentence);
        if (!known)
            suggest(catalogues, id, e);
        free(sentence);
    }
}

struct oh_scenario **oh_cli_scenarios(size_t *count, struct oh_errors *errors)
{
    struct oh_error e = {0};
    char *folder = oh_cli_data("scenarios");
    char **files = oh_file_list(folder, ".yaml", &e);
    size_t before = errors->count;
    free(folder);
    *count = 0;
    if (!files) {
        *oh_errors_add(errors) = e;
        return NULL;
    }
    struct oh_scenario **all = oh_alloc(sizeof *all);
    for (size_t i = 0; files[i]; i++) {
        struct oh_scenario_set *set = oh_cli_kind(files[i]) == OH_CLI_SCENARIO
                                          ? oh_scenario_set_load(files[i], NULL, 0, errors)
                                          : NULL;
        all = oh_realloc(all, (*count + (set ? set->count : 0) + 1) * sizeof *all);
        for (size_t k = 0; set && k < set->count; k++)
            all[(*count)++] = oh_scenario_set_take(set, k);
        all[*count] = NULL;
        oh_scenario_set_free(set);
    }
    oh_file_list_free(files);
    if (errors->count == before)
        return all;
    oh_cli_scenarios_free(all);
    *count = 0;
    return NULL;
}

void oh_cli_scenarios_free(struct oh_scenario **scenarios)
{
    for (size_t i = 0; scenarios && scenarios[i]; i++)
        oh_scenario_free(scenarios[i]);
    free(scenarios);
}

char *oh_cli_reason(const struct oh_requirement *q)
{
    static const char *const words[OH_UNCOVERED_REASONS] = {
        [OH_UNCOVERED_NOT_TOLD] = "no reason is given",
        [OH_UNCOVERED_NEEDS_STIMULUS] = "needs a stimulus",
        [OH_UNCOVERED_NEEDS_SECRET] = "needs a secret",
        [OH_UNCOVERED_NOT_ON_WIRE] = "not visible on the wire",
        [OH_UNCOVERED_NEEDS_SEVERAL_CALLS] = "needs several calls",
        [OH_UNCOVERED_NEEDS_CONFIGURATION] = "needs the phone's configuration",
        [OH_UNCOVERED_DUPLICATE] = "the same as"};
    return oh_format("%s%s%s", words[q->uncovered],
                     q->uncovered == OH_UNCOVERED_DUPLICATE ? " " : "",
                     q->uncovered == OH_UNCOVERED_DUPLICATE ? q->same_as : "");
}
