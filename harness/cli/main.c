/*
 * offhook: call-flow conformance test harness for SIP phones.
 */
#include "cli/cli.h"

#include "scenario/yaml.h"

#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

static const struct oh_command *const commands[] = {
    &oh_command_run,      &oh_command_check,   &oh_command_compare, &oh_command_doctor,
    &oh_command_rehearse, &oh_command_lint,    &oh_command_list,    &oh_command_report,
    &oh_command_schema,   &oh_command_explain, &oh_command_record,
};

static void print_help(FILE *to)
{
    fputs("offhook plays call flows against a SIP phone, captures the wire, and judges it.\n\n"
          "usage: offhook COMMAND [OPTIONS] [ARGUMENTS]\n\n",
          to);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        fprintf(to, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
    fputs("  help     what a command does, with examples: offhook help run\n\n" OH_CLI_EXIT_STATUS,
          to);
}

static const struct oh_command *find(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    }
    return NULL;
}

static bool wants_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    }
    return false;
}

static int unknown(const char *word)
{
    const char *words[sizeof commands / sizeof *commands + 2] = {"help"};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        words[i + 1] = commands[i]->name;
    const char *near = oh_nearest_word(word, words);
    bool is_option = word[0] == '-';
    fprintf(stderr, "offhook: there is no %s '%s'%s%s%s; see 'offhook --help'\n",
            is_option ? "option" : "command", word, near ? " (did you mean '" : "",
            near ? near : "", near ? "'?)" : "");
    return OH_EXIT_USAGE;
}

static int help(const char *word)
{
    const struct oh_command *c = word ? find(word) : NULL;
    if (word && !c)
        return unknown(word);
    if (c)
        fputs(c->help, stdout);
    else
        print_help(stdout);
    return OH_EXIT_OK;
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help(argc < 2 ? stderr : stdout);
        return argc < 2 ? OH_EXIT_USAGE : OH_EXIT_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("offhook " OH_VERSION);
        return OH_EXIT_OK;
    }
    const struct oh_command *c = find(argv[1]);
    if (!c && strcmp(argv[1], "help") == 0)
        return help(argc > 2 ? argv[2] : NULL);
    if (!c)
        return unknown(argv[1]);
    if (wants_help(argc - 1, argv + 1))
        return help(c->name);
    opterr = 0; /* oh_cli_wrong_option tells it */
    return c->run(argc - 1, argv + 1);
}

/* What did not reach its reader was not said; a script must not take it for a success. */
static int close_output(int status)
{
    bool lost = ferror(stdout) != 0;
    const char *why = fflush(stdout) != 0 ? strerror(errno) : "not all of it was taken";
    if (!lost && !ferror(stdout))
        return status;
    fprintf(stderr, "offhook: error: standard output cannot be written: %s\n", why);
    return status ? status : OH_EXIT_UNDECIDED;
}

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "");
    return close_output(dispatch(argc, argv));
}
