/* offhook lint: every mistake of scenario and adapter files, in one go. */
#include "cli/cli.h"

#include "base/file.h"
#include "cli/kind.h"
#include "cli/list.h"
#include "judge/coverage.h"
#include "phone/phone.h"
#include "scenario/scenario.h"
#include "scenario/yaml.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: offhook lint FILE|FOLDER|SCENARIO-ID...\n"
    "\n"
    "Reads scenario files, phone adapters, files of known findings and files of\n"
    "requirements, and reports every mistake with its place. Nothing is played. Exit\n"
    "status 0 if there is none, else 2.\n"
    "\n"
    "examples:\n"
    "  offhook lint scenarios\n"
    "  offhook lint scenarios/cisco-7960/authentication-407.yaml dut-adapters\n";

/* The adapters that a list of known findings may name: those that offhook finds by name, and those
 * beside the list. */
static void add_names(const char *folder, const char **names, size_t room)
{
    struct oh_error unused;
    char **files = oh_file_list(folder, ".yaml", &unused);
    size_t count = 0;
    while (names[count])
        count++;
    for (size_t i = 0; files && files[i] && count + 1 < room; i++) {
        struct oh_errors mistakes = {0};
        struct oh_adapter *a = oh_cli_kind(files[i]) == OH_CLI_ADAPTER
                                   ? oh_adapter_load(files[i], "", &mistakes)
                                   : NULL;
        if (a)
            names[count++] = oh_strdup(oh_adapter_name(a));
        oh_adapter_free(a);
        oh_errors_release(&mistakes);
    }
    oh_file_list_free(files);
}

static void check_phone(const char *file, const char *phone, struct oh_errors *errors)
{
    enum { ROOM = 256 };
    const char *names[ROOM] = {0}, *slash = strrchr(file, '/');
    char *standard = oh_cli_data("dut-adapters");
    char *beside =
        slash ? oh_span_dup((struct oh_span){file, (size_t)(slash - file) + 1}) : oh_strdup(".");
    bool known = false;
    add_names(standard, names, ROOM);
    add_names(beside, names, ROOM);
    for (size_t i = 0; names[i]; i++)
        known |= strcmp(names[i], phone) == 0;
    if (!known) {
        struct oh_error *e = oh_errors_add(errors);
        const char *near = oh_nearest_word(phone, names);
        oh_error_at(e, file, (struct oh_place){0}, "no adapter is called '%s'", phone);
        if (near)
            oh_error_remedy(e, "did you mean 'phone: %s'?", near);
        else
            oh_error_remedy(e, "name one of 'offhook list phones', or one beside this list");
    }
    for (size_t i = 0; names[i]; i++)
        free((void *)(uintptr_t)names[i]);
    free(beside);
    free(standard);
}

static void lint_baseline(const char *file, struct oh_errors *errors)
{
    struct oh_baseline *b = oh_baseline_load(file, errors);
    if (b && oh_baseline_phone(b))
        check_phone(file, oh_baseline_phone(b), errors);
    oh_baseline_free(b);
}

/* What files are held against: the requirements among them, and offhook's own. */
struct linting {
    struct oh_errors *errors;
    struct oh_catalogue **catalogues; /* NULL-ended; the first is offhook's own, if there is one */
    size_t count, room;
};

static void add_catalogue(struct linting *l, struct oh_catalogue *c)
{
    oh_grow(&l->catalogues, l->count + 1, &l->room, sizeof(void *)); /* and a NULL behind */
    if (c)
        l->catalogues[l->count++] = c;
}

/* Mistakes of the catalogue itself are those of its files, where they are linted. */
static void begin(struct linting *l)
{
    struct oh_errors unused = {0};
    add_catalogue(l, oh_cli_catalogue(&unused));
    oh_errors_release(&unused);
}

static void release(struct linting *l)
{
    for (size_t i = 0; i < l->count; i++)
        oh_catalogue_free(l->catalogues[i]);
    free(l->catalogues);
}

/* Phones would be skipped for nothing. Of a table: what no row takes. */
static void note_needs(const struct oh_scenario_set *set)
{
    const struct oh_scenario *first = set->scenarios[0];
    for (size_t i = 0; i < first->need_count; i++) {
        bool used = false;
        for (size_t k = 0; k < set->count; k++) {
            const struct oh_scenario *s = set->scenarios[k];
            used |=
                i >= s->need_count || strcmp(s->needs[i], first->needs[i]) != 0 || s->need_used[i];
        }
        if (!used)
            printf("%s:%u:%u: note: nothing in this flow takes the ability '%s'; leave it out, or "
                   "phones that lack it are skipped for nothing\n",
                   first->file, first->need_places[i].line, first->need_places[i].column,
                   first->needs[i]);
    }
}

static void lint_scenario(struct linting *l, const char *file, const char *row)
{
    struct oh_scenario_set *set = oh_cli_load_rows(file, row, NULL, 0, l->errors);
    if (set)
        note_needs(set);
    if (set)
        oh_cli_check_covers((const struct oh_catalogue *const *)l->catalogues, set->scenarios[0],
                            l->errors);
    oh_scenario_set_free(set);
}

/* An entry may point at one of another file: then it is one of offhook's own. */
static void lint_requirements(struct linting *l, const char *file)
{
    struct oh_catalogue *c = oh_catalogue_new();
    if (oh_catalogue_read(c, file, l->errors) == 0) {
        oh_catalogue_check(c, l->catalogues[0], l->errors);
        oh_coverage_check_reasons(c, l->errors);
    }
    add_catalogue(l, c);
}

static void lint_adapter(const char *file, struct oh_errors *errors)
{
    struct oh_adapter *a = oh_adapter_load(file, "", errors);
    struct oh_error e = {0};
    if (a && oh_cli_check_profile(oh_adapter_profile(a), &e) != 0) {
        snprintf(e.file, sizeof e.file, "%s", file);
        *oh_errors_add(errors) = e;
    }
    /* The same file may be meant for another machine. */
    if (a && !oh_adapter_has_program(a, &e))
        printf("%s:%u:%u: note: %s; %s\n", e.file, e.place.line, e.place.column, e.text, e.remedy);
    oh_adapter_free(a);
}

static void lint_file(struct linting *l, const char *file, const char *row, enum oh_cli_kind kind)
{
    switch (kind) {
    case OH_CLI_SCENARIO:
        lint_scenario(l, file, row);
        break;
    case OH_CLI_ADAPTER:
        lint_adapter(file, l->errors);
        break;
    case OH_CLI_BASELINE:
        lint_baseline(file, l->errors);
        break;
    case OH_CLI_REQUIREMENTS:
        lint_requirements(l, file);
        break;
    }
}

/* Requirements first: scenarios may cover those that are named with them. Returns how many. */
static size_t lint_files(struct linting *l, char ***lists, char *const *rows, size_t count)
{
    size_t files = 0;
    for (int later = 0; later < 2; later++) {
        for (size_t i = 0; i < count; i++) {
            for (size_t k = 0; lists[i][k]; k++) {
                enum oh_cli_kind kind = oh_cli_kind(lists[i][k]);
                if ((kind != OH_CLI_REQUIREMENTS) != later)
                    continue;
                lint_file(l, lists[i][k], rows[i], kind);
                files++;
            }
        }
    }
    return files;
}

static int lint(char ***lists, char *const *rows, size_t list_count)
{
    struct oh_errors errors = {0};
    struct linting l = {.errors = &errors};
    begin(&l);
    size_t count = lint_files(&l, lists, rows, list_count);
    int status = errors.count ? oh_cli_fails(&errors, OH_EXIT_USAGE) : OH_EXIT_OK;
    printf("%zu file%s, %zu mistake%s\n", count, count == 1 ? "" : "s", errors.count,
           errors.count == 1 ? "" : "s");
    oh_errors_release(&errors);
    release(&l);
    return count ? status : oh_cli_usage(&oh_command_lint, "there is no .yaml file there");
}

static int run(int argc, char **argv)
{
    struct oh_error e = {0};
    size_t count = 0;
    if (argc < 2)
        return oh_cli_usage(&oh_command_lint, "give a file or folder");
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '-')
            return oh_cli_usage(&oh_command_lint, "there is no option '%s'", argv[i]);
    }
    char ***lists = oh_alloc((size_t)argc * sizeof *lists);
    char **words = oh_alloc((size_t)argc * sizeof *words);
    char **rows = oh_alloc((size_t)argc * sizeof *rows); /* within the words */
    for (int i = 1; i < argc; i++) {
        words[count] = oh_strdup(argv[i]);
        lists[count] = oh_cli_files(words[count], &rows[count], &e);
        if (!lists[count]) {
            free(words[count]);
            break;
        }
        count++;
    }
    int status =
        count + 1 == (size_t)argc ? lint(lists, rows, count) : oh_cli_fail(&e, OH_EXIT_USAGE);
    for (size_t i = 0; i < count; i++) {
        oh_file_list_free(lists[i]);
        free(words[i]);
    }
    free(lists);
    free(words);
    free(rows);
    return status;
}

const struct oh_command oh_command_lint = {
    "lint", run, "reports every mistake in scenario and adapter files", help};
