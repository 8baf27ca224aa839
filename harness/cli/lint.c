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

/* What several files are held against, made when the first of them asks. */
struct linting {
    struct oh_errors *errors;
    struct oh_catalogue *own; /* offhook's requirements; NULL: none, or not asked for yet */
    bool asked;
};

/* Mistakes of the catalogue itself are those of its files, where they are linted. */
static const struct oh_catalogue *own_catalogue(struct linting *l)
{
    struct oh_errors unused = {0};
    if (!l->asked)
        l->own = oh_cli_catalogue(&unused);
    l->asked = true;
    oh_errors_release(&unused);
    return l->own;
}

static void lint_scenario(struct linting *l, const char *file)
{
    struct oh_scenario *s = oh_scenario_load(file, l->errors);
    if (s && s->cover_count > 0)
        oh_cli_check_covers(own_catalogue(l), s, l->errors);
    oh_scenario_free(s);
}

/* An entry may point at one of another file: then it is one of offhook's own. */
static void lint_requirements(struct linting *l, const char *file)
{
    struct oh_catalogue *c = oh_catalogue_new();
    if (oh_catalogue_read(c, file, l->errors) == 0) {
        oh_catalogue_check(c, own_catalogue(l), l->errors);
        oh_coverage_check_reasons(c, l->errors);
    }
    oh_catalogue_free(c);
}

static void lint_file(struct linting *l, const char *file)
{
    switch (oh_cli_kind(file)) {
    case OH_CLI_SCENARIO:
        lint_scenario(l, file);
        break;
    case OH_CLI_ADAPTER:
        oh_adapter_free(oh_adapter_load(file, "", l->errors));
        break;
    case OH_CLI_BASELINE:
        lint_baseline(file, l->errors);
        break;
    case OH_CLI_REQUIREMENTS:
        lint_requirements(l, file);
        break;
    }
}

static int run(int argc, char **argv)
{
    struct oh_errors errors = {0};
    struct linting l = {.errors = &errors};
    size_t count = 0;
    if (argc < 2)
        return oh_cli_usage(&oh_command_lint, "give a file or folder");
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '-')
            return oh_cli_usage(&oh_command_lint, "there is no option '%s'", argv[i]);
    }
    for (int i = 1; i < argc; i++) {
        struct oh_error e = {0};
        char *path = oh_cli_scenario_path(argv[i]);
        char **files = oh_file_list(path, ".yaml", &e);
        free(path);
        if (!files) {
            oh_errors_release(&errors);
            oh_catalogue_free(l.own);
            return oh_cli_fail(&e, OH_EXIT_USAGE);
        }
        for (size_t k = 0; files[k]; k++, count++)
            lint_file(&l, files[k]);
        oh_file_list_free(files);
    }
    int status = errors.count ? oh_cli_fails(&errors, OH_EXIT_USAGE) : OH_EXIT_OK;
    printf("%zu file%s, %zu mistake%s\n", count, count == 1 ? "" : "s", errors.count,
           errors.count == 1 ? "" : "s");
    oh_errors_release(&errors);
    oh_catalogue_free(l.own);
    return count ? status : oh_cli_usage(&oh_command_lint, "there is no .yaml file there");
}

const struct oh_command oh_command_lint = {
    "lint", run, "reports every mistake in scenario and adapter files", help};
