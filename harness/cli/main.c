/*
 * offhook: call-flow conformance test harness for SIP phones.
 */
#include "cli/cli.h"

#include "base/file.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct oh_command *const commands[] = {
    &oh_command_run, &oh_command_check, &oh_command_lint, &oh_command_list, &oh_command_report,
};

static void print_help(FILE *to)
{
    fputs("offhook plays call flows against a SIP phone, captures the wire, and judges it.\n\n"
          "usage: offhook COMMAND [OPTIONS] [ARGUMENTS]\n\n",
          to);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        fprintf(to, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\n'offhook COMMAND --help' tells more, with examples.\n"
          "exit status: 0 all passed, 1 a scenario failed, 2 wrong usage or input, 3 nothing "
          "decided\n",
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

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "");
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help(argc < 2 ? stderr : stdout);
        return argc < 2 ? OH_EXIT_USAGE : OH_EXIT_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("offhook " OH_VERSION);
        return OH_EXIT_OK;
    }
    const struct oh_command *c = find(argv[1]);
    if (!c) {
        fprintf(stderr, "offhook: there is no command '%s'; see 'offhook --help'\n", argv[1]);
        return OH_EXIT_USAGE;
    }
    if (wants_help(argc - 1, argv + 1)) {
        fputs(c->help, stdout);
        return OH_EXIT_OK;
    }
    char *name = oh_format("offhook %s", c->name); /* what getopt's own sentences begin with */
    argv[1] = name;
    int status = c->run(argc - 1, argv + 1);
    free(name);
    return status;
}
