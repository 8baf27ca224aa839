/* offhook lint: every mistake of scenario and adapter files, in one go. */
#include "cli/cli.h"

#include "base/file.h"
#include "phone/phone.h"
#include "scenario/scenario.h"
#include "scenario/yaml.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: offhook lint FILE|FOLDER...\n\n"
    "Reads scenario files, phone adapters and files of known findings, and reports every mistake "
    "with\n"
    "its place. Nothing is played. Exit status 0 if there is none, else 2.\n\n"
    "examples:\n"
    "  offhook lint scenarios\n"
    "  offhook lint scenarios/cisco-7960/authentication-407.yaml dut-adapters\n";

/* What a file is, by a key that only its kind has. */
enum kind { SCENARIO, ADAPTER, BASELINE };

static enum kind kind_of(const char *file)
{
    static const struct {
        const char *key;
        enum kind kind;
    } keys[] = {{"flow", SCENARIO}, {"start", ADAPTER}, {"verbs", ADAPTER}, {"known", BASELINE}};
    struct oh_errors unused = {0};
    struct oh_yaml *y = oh_yaml_load(file, &unused);
    enum kind found = SCENARIO;
    const struct oh_yaml_node *root = y ? oh_yaml_root(y) : NULL;
    if (root && oh_yaml_kind(root) == OH_YAML_MAP) {
        for (size_t i = 0; i < oh_yaml_count(root); i++) {
            for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
                const struct oh_yaml_node *key = oh_yaml_key(root, i);
                if (oh_yaml_kind(key) == OH_YAML_SCALAR &&
                    strcmp(oh_yaml_scalar(key), keys[k].key) == 0)
                    found = keys[k].kind;
            }
        }
    }
    oh_yaml_free(y);
    oh_errors_release(&unused);
    return found;
}

static void lint_file(const char *file, struct oh_errors *errors)
{
    switch (kind_of(file)) {
    case SCENARIO:
        oh_scenario_free(oh_scenario_load(file, errors));
        break;
    case ADAPTER:
        oh_adapter_free(oh_adapter_load(file, "", errors));
        break;
    case BASELINE:
        oh_baseline_free(oh_baseline_load(file, errors));
        break;
    }
}

static int run(int argc, char **argv)
{
    struct oh_errors errors = {0};
    size_t count = 0;
    if (argc < 2)
        return oh_cli_usage(&oh_command_lint, "give a file or folder");
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '-')
            return oh_cli_usage(&oh_command_lint, "there is no option %s", argv[i]);
    }
    for (int i = 1; i < argc; i++) {
        struct oh_error e = {0};
        char **files = oh_file_list(argv[i], ".yaml", &e);
        if (!files) {
            oh_errors_release(&errors);
            return oh_cli_fail(&e, OH_EXIT_USAGE);
        }
        for (size_t k = 0; files[k]; k++, count++)
            lint_file(files[k], &errors);
        oh_file_list_free(files);
    }
    int status = errors.count ? oh_cli_fails(&errors, OH_EXIT_USAGE) : OH_EXIT_OK;
    printf("%zu file%s, %zu mistake%s\n", count, count == 1 ? "" : "s", errors.count,
           errors.count == 1 ? "" : "s");
    oh_errors_release(&errors);
    return count ? status : oh_cli_usage(&oh_command_lint, "there is no .yaml file there");
}

const struct oh_command oh_command_lint = {
    "lint", run, "reports every mistake in scenario and adapter files", help};
