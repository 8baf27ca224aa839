/* offhook compare: what is new between two reports. */
#include "cli/cli.h"

#include "base/file.h"
#include "reports/compare.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char help[] =
    "usage: offhook compare OLD NEW [OPTIONS]\n"
    "\n"
    "Tells what NEW has that OLD had not: findings that are new, gone or unchanged,\n"
    "and scenarios that ended otherwise. Each is a report.json, or a folder with\n"
    "one. A finding is the same if scenario, id, and step (or, for rules, message\n"
    "and direction) are the same; lines and frames do not matter, but how many there\n"
    "are does: two where one was is one new.\n"
    "\n"
    "A scenario is worse if it failed or was not judged (error, inconclusive) and\n"
    "had ended better (error > fail > inconclusive > pass), if it was judged before\n"
    "and now was not (error, inconclusive, skip), or if an interrupted run did not\n"
    "come to it. What else is missing is told and does not count. Findings that\n"
    "NEW's list of known ones holds do not count; a fail of them alone is as good as\n"
    "a pass. 'gone' is said only where the finding could have shown itself again,\n"
    "else it is 'not seen'.\n"
    "\n"
    "      --json          the comparison on standard output as JSON\n"
    "      --verbose       unchanged findings, too\n"
    "      --color WHEN    auto, always or never\n"
    "\n"
    "exit status: 0 nothing new; 1 a new finding, or a scenario that is worse; 2\n"
    "wrong usage, or a file that is no report\n"
    "\n"
    "examples:\n"
    "  offhook compare last-week/report.json offhook-out/report.json\n"
    "  offhook compare firmware-1.2 firmware-1.3 --json | python3 -m json.tool\n";

/* Also where the name is a folder's. */
static json_t *read_report(const char *path, struct oh_error *e)
{
    char *file = oh_file_is_folder(path) ? oh_file_join(path, "report.json") : oh_strdup(path);
    json_t *report = oh_report_read(file, e);
    free(file);
    return report;
}

static void show(const json_t *comparison, const struct oh_cli_common *o)
{
    struct oh_report_style style = oh_cli_style(o, STDOUT_FILENO);
    struct oh_text text = {0};
    if (o->json) {
        json_dumpf(comparison, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
        putchar('\n');
        return;
    }
    oh_compare_text(comparison, &style, &text);
    fputs(oh_text_str(&text), stdout);
    oh_text_release(&text);
}

static int compare(const char *older_path, const char *newer_path, const struct oh_cli_common *o)
{
    struct oh_error e = {0};
    int status = OH_EXIT_USAGE;
    json_t *older = read_report(older_path, &e);
    json_t *newer = older ? read_report(newer_path, &e) : NULL;
    if (newer) {
        json_t *comparison = oh_compare_reports(older, older_path, newer, newer_path);
        show(comparison, o);
        status = oh_compare_exit_status(comparison) ? OH_EXIT_FAIL : OH_EXIT_OK;
        json_decref(comparison);
    } else {
        oh_cli_fail(&e, status);
    }
    json_decref(older);
    json_decref(newer);
    return status;
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {OH_CLI_COMMON_OPTIONS, {0}};
    struct oh_cli_common o = {0};
    int c;
    while ((c = getopt_long(argc, argv, ":h", longs, NULL)) != -1) {
        if (c == OH_OPT_STRICT || !oh_cli_take(&o, c, optarg))
            return oh_cli_wrong_option(&oh_command_compare, c, argv);
    }
    if (argc - optind != 2)
        return oh_cli_usage(&oh_command_compare, "give two reports, the older one first");
    return compare(argv[optind], argv[optind + 1], &o);
}

const struct oh_command oh_command_compare = {
    "compare", run, "what is new, gone and unchanged between two reports", help};
