/* offhook report: other forms of a report.json. */
#include "cli/cli.h"

#include "base/file.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "usage: offhook report REPORT.json|RUN-FOLDER [--FORM] [--verbose] [--color WHEN]\n"
    "\n"
    "Writes another form of a report to standard output; of a folder, that of its\n"
    "report.json.\n"
    "Forms:\n"
    "  --text     ladders, findings and summary, as 'offhook run' shows them; the\n"
    "             default\n"
    "  --junit    JUnit XML for Jenkins, GitLab and others: a suite for each folder\n"
    "             of scenarios; known findings fail nothing\n"
    "  --known    a first list of known findings: an entry for each that is not\n"
    "             known yet, with the reason left to be filled in\n"
    "\n"
    "examples:\n"
    "  offhook report offhook-out --text --verbose --color always | less -R\n"
    "  offhook report offhook-out --junit >offhook.xml\n"
    "  offhook report offhook-out --known >my-phone.known.yaml\n";

static int write_form(const char *path, const struct oh_report_format *format,
                      const struct oh_cli_common *o)
{
    struct oh_error e = {0};
    struct oh_text text = {0};
    struct oh_report_style style = oh_cli_style(o, STDOUT_FILENO);
    char *file = oh_file_is_folder(path) ? oh_file_join(path, "report.json") : oh_strdup(path);
    json_t *report = oh_report_read(file, &e);
    free(file);
    if (!report)
        return oh_cli_fail(&e, OH_EXIT_USAGE);
    format->write(report, &style, &text);
    fputs(oh_text_str(&text), stdout);
    oh_text_release(&text);
    json_decref(report);
    return OH_EXIT_OK;
}

static int run(int argc, char **argv)
{
    struct option longs[16] = {OH_CLI_COMMON_OPTIONS};
    const struct oh_report_format *const *all = oh_report_formats();
    const struct oh_report_format *chosen = oh_cli_form("text");
    struct oh_cli_common o = {0};
    int used = 5, c;
    for (size_t i = 0; all[i] && used < 15; i++)
        longs[used++] = (struct option){all[i]->name, no_argument, NULL, 2000 + (int)i};
    while ((c = getopt_long(argc, argv, ":h", longs, NULL)) != -1) {
        if (c >= 2000)
            chosen = all[c - 2000];
        else if (!oh_cli_take(&o, c, optarg))
            return oh_cli_wrong_option(&oh_command_report, c, argv);
    }
    if (argc - optind != 1 || !chosen)
        return oh_cli_usage(&oh_command_report,
                            "give one report.json, or the folder that it is in");
    return write_form(argv[optind], chosen, &o);
}

const struct oh_command oh_command_report = {"report", run, "other forms of a report", help};
