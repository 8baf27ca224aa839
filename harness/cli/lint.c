/* offhook lint: every mistake of scenario and adapter files, in one go. */
#include "cli/cli.h"

#include "base/file.h"
#include "cli/kind.h"
#include "phone/phone.h"
#include "scenario/scenario.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: offhook lint FILE|FOLDER|SCENARIO-ID...\n\n"
    "Reads scenario files, phone adapters and files of known findings, and reports every mistake\n"
    "with its place. Nothing is played. Exit status 0 if there is none, else 2.\n\n"
    "examples:\n"
    "  offhook lint scenarios\n"
    "  offhook lint scenarios/cisco-7960/authentication-407.yaml dut-adapters\n";

static void lint_file(const char *file, struct oh_errors *errors)
{
    switch (oh_cli_kind(file)) {
    case OH_CLI_SCENARIO:
        oh_scenario_free(oh_scenario_load(file, errors));
        break;
    case OH_CLI_ADAPTER:
        oh_adapter_free(oh_adapter_load(file, "", errors));
        break;
    case OH_CLI_BASELINE:
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
            return oh_cli_usage(&oh_command_lint, "there is no option '%s'", argv[i]);
    }
    for (int i = 1; i < argc; i++) {
        struct oh_error e = {0};
        char *path = oh_cli_scenario_path(argv[i]);
        char **files = oh_file_list(path, ".yaml", &e);
        free(path);
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
