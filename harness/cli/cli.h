/*
 * cli/cli.h - what the subcommands share. The only room that knows both halves, prints, and exits.
 *
 * One subcommand is one file with one function; the table stands in main.c. Exit status: 0, 1, 2, 3
 * as the README's table says.
 */
#ifndef OH_CLI_CLI_H
#define OH_CLI_CLI_H

#include "base/error.h"
#include "reports/report.h"

enum { OH_EXIT_OK = 0, OH_EXIT_FAIL = 1, OH_EXIT_USAGE = 2, OH_EXIT_UNDECIDED = 3 };

struct oh_command {
    const char *name;
    int (*run)(int argc,
               char **argv); /* argv[0] is the command's name; getopt may be used afresh */
    const char *summary;
    const char *help; /* whole text of --help, with examples */
};
extern const struct oh_command oh_command_run, oh_command_check, oh_command_lint, oh_command_list,
    oh_command_report, oh_command_compare, oh_command_doctor, oh_command_schema, oh_command_explain,
    oh_command_record, oh_command_rehearse;

/* "offhook: error: ..." or FILE:LINE:COLUMN on stderr; returns `status`. */
int oh_cli_fail(const struct oh_error *e, int status);
int oh_cli_fails(const struct oh_errors *list, int status);
int oh_cli_usage(const struct oh_command *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* -1 where there is no profile of this name (judge/profile.h), with those that there are. NULL is
 * none, and fine. */
int oh_cli_check_profile(const char *name, struct oh_error *e);

/* Options that several commands have. */
struct oh_cli_common {
    bool json, verbose, strict;
    const char *color; /* "auto", "always", "never" */
};
/* Takes a common long option (its `val` as in OH_CLI_COMMON_OPTIONS); false if it is none of them,
 * or its value is none that it has. */
bool oh_cli_take(struct oh_cli_common *o, int val, const char *arg);
enum { OH_OPT_JSON = 1000, OH_OPT_COLOR, OH_OPT_STRICT, OH_OPT_VERBOSE, OH_OPT_TRANSPORT };
#define OH_CLI_COMMON_OPTIONS                                                                      \
    {"json", no_argument, NULL, OH_OPT_JSON}, {"color", required_argument, NULL, OH_OPT_COLOR},    \
        {"strict", no_argument, NULL, OH_OPT_STRICT},                                              \
        {"verbose", no_argument, NULL, OH_OPT_VERBOSE},                                            \
    {                                                                                              \
        "help", no_argument, NULL, 'h'                                                             \
    }

/* "udp" or "tcp", the value of --transport (OH_OPT_TRANSPORT); false for anything else. */
bool oh_cli_transport(const char *word, enum oh_transport *out);

/* Tells what is wrong with an option: what getopt_long returned as ':' (its optstring begins with
 * ':', opterr is 0) or '?', or an option whose value was refused. Returns OH_EXIT_USAGE. */
int oh_cli_wrong_option(const struct oh_command *c, int val, char *const *argv);

/* What --help says of exit statuses, in the same words everywhere. */
#define OH_CLI_EXIT_STATUS                                                                         \
    "exit status: 0 all that was judged passed; 1 at least one scenario failed;\n"                 \
    "2 wrong usage or a mistaken file: nothing was done;\n"                                        \
    "3 at least one error or inconclusive, or nothing was judged\n"

/* A row of a list: `head` (in full), then `text` from column `indent` on. On a terminal it is
 * wrapped by words to its width; where there is little room behind `indent`, on lines of its own.
 */
void oh_cli_row(const char *head, size_t indent, const char *text);

struct oh_report_style oh_cli_style(const struct oh_cli_common *o, int fd);

/* Where offhook's own data lies: `name` ("scenarios", "dut-adapters") below the working folder,
 * else beside the binary's tree. The caller frees. */
char *oh_cli_data(const char *name);
/* ":"-separated folders in which adapters are looked up by name. The caller frees. */
char *oh_cli_adapter_path(void);
/* The folder of the running binary. The caller frees. */
char *oh_cli_program_folder(void);

/* Judges the run folder `folder` and adds it to the report; `relative` is how the report names the
 * folder. The scenario's text form, with the findings that `baseline` knows (NULL: none) marked,
 * goes to stdout unless --json. */
int oh_cli_judge_folder(struct oh_report *report, const char *folder, const char *relative,
                        const struct oh_cli_common *o, const struct oh_baseline *baseline,
                        struct oh_error *e);

/* A file that is to hold another form of the report (--junit FILE), before anything is played: an
 * older one does not stay, and its folder must be one that can be written to. NULL for no file. */
int oh_cli_prepare_form(const char *path, struct oh_error *e);
/* Writes it. */
int oh_cli_write_form(const json_t *report, const char *form, const char *path, struct oh_error *e);

/* The form of this name; NULL. */
const struct oh_report_format *oh_cli_form(const char *name);

/* Prints what a whole report ends with (summary, or all of it as JSON). */
void oh_cli_print_end(const json_t *report, const struct oh_cli_common *o);

#endif
