/* offhook check: judges a recording again, with no phone and no network. */
#include "cli/cli.h"

#include "base/file.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: offhook check RUN-FOLDER [OPTIONS]\n\n"
    "Judges a run again from what it recorded: a whole output folder of 'offhook run', or one\n"
    "scenario's folder in it. The folder may have been moved, and the scenario and adapter files "
    "may\n"
    "be gone.\n\n"
    "  -o DIR              write DIR/report.json\n"
    "      --baseline FILE known findings, as for 'offhook run'\n"
    "      --strict        a broken should fails, too\n"
    "      --json          the report on standard output\n"
    "      --verbose       whole messages beside their findings\n"
    "      --color WHEN    auto, always or never\n\n"
    "examples:\n"
    "  offhook check offhook-out\n"
    "  offhook check offhook-out/cisco-7960/authentication-407 --json\n";

struct options {
    struct oh_cli_common common;
    const char *out, *baseline;
};

/* "DIR/a/b/run.json" -> "DIR/a/b", in place. */
static void cut_name(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash)
        *slash = '\0';
    else
        strcpy(path, ".");
}

static int judge_all(struct oh_report *report, char **files, const char *top,
                     const struct options *o, const struct oh_baseline *baseline,
                     struct oh_error *e)
{
    size_t top_len = strlen(top);
    for (size_t i = 0; files[i]; i++) {
        char *folder = oh_strdup(files[i]);
        cut_name(folder);
        const char *relative = strlen(folder) > top_len ? folder + top_len : "";
        while (*relative == '/')
            relative++;
        int result = oh_cli_judge_folder(report, folder, relative, &o->common, baseline, e);
        free(folder);
        if (result != 0)
            return -1;
    }
    return 0;
}

static int finish(struct oh_report *report, const struct options *o, struct oh_baseline *baseline)
{
    struct oh_error e = {0};
    json_t *json = oh_report_json(report, false);
    int status = OH_EXIT_UNDECIDED;
    if (baseline)
        oh_baseline_apply(baseline, json);
    status = oh_report_exit_status(json);
    if (o->out) {
        char *path = oh_file_join(o->out, "report.json");
        if (oh_file_mkdirs(o->out, &e) != 0 || oh_report_write(json, path, &e) != 0)
            status = oh_cli_fail(&e, OH_EXIT_USAGE);
        free(path);
    }
    oh_cli_print_end(json, &o->common);
    json_decref(json);
    return status;
}

static int check(const char *folder, const struct options *o)
{
    struct oh_error e = {0};
    struct oh_errors errors = {0};
    struct oh_report *report = oh_report_new(folder);
    struct oh_baseline *baseline = NULL;
    char **files = NULL;
    int status = OH_EXIT_USAGE;
    if (o->baseline && !(baseline = oh_baseline_load(o->baseline, &errors))) {
        oh_cli_fails(&errors, status);
        goto out;
    }
    files = oh_file_is_folder(folder) ? oh_file_list(folder, "run.json", &e) : NULL;
    if (!files || !files[0]) {
        oh_error_set(&e, "%s is no run folder: there is no run.json in it", folder);
        oh_error_remedy(&e, "give the folder that 'offhook run -o' wrote, or a scenario's in it");
        oh_cli_fail(&e, status);
        goto out;
    }
    if (judge_all(report, files, folder, o, baseline, &e) != 0) {
        oh_cli_fail(&e, status);
        goto out;
    }
    status = finish(report, o, baseline);
out:
    oh_file_list_free(files);
    oh_baseline_free(baseline);
    oh_errors_release(&errors);
    oh_report_free(report);
    return status;
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        {"output", required_argument, NULL, 'o'},
        {"baseline", required_argument, NULL, 'b'},
        OH_CLI_COMMON_OPTIONS,
        {0},
    };
    struct options o = {0};
    int c;
    while ((c = getopt_long(argc, argv, "o:h", longs, NULL)) != -1) {
        if (c == 'o')
            o.out = optarg;
        else if (c == 'b')
            o.baseline = optarg;
        else if (!oh_cli_take(&o.common, c, optarg))
            return oh_cli_usage(&oh_command_check, "wrong option");
    }
    if (argc - optind != 1)
        return oh_cli_usage(&oh_command_check, "give one run folder");
    return check(argv[optind], &o);
}

const struct oh_command oh_command_check = {"check", run,
                                            "judges a recording again, without a phone", help};
