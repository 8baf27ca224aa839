/* offhook schema: the JSON Schema of scenario or adapter files. */
#include "cli/cli.h"

#include "author/schema.h"
#include "phone/phone.h"
#include "scenario/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: offhook schema scenario|adapter\n"
    "\n"
    "Prints the JSON Schema (2020-12) of scenario files or of phone adapters, for\n"
    "editors that complete keys and show what they mean. It is made of what the\n"
    "reader itself knows. The same stands in scenarios/scenario.schema.json and\n"
    "dut-adapters/adapter.schema.json; the first line of each file there names it:\n"
    "\n"
    "  # yaml-language-server: $schema=../scenario.schema.json\n"
    "\n"
    "example:\n"
    "  offhook schema scenario >scenario.schema.json\n";

static int run(int argc, char **argv)
{
    const char *word = argc == 2 ? argv[1] : "";
    char *text = NULL;
    if (argc == 2 && word[0] == '-')
        return oh_cli_usage(&oh_command_schema, "there is no option '%s'", word);
    if (!strcmp(word, "scenario"))
        text = oh_schema_of_scenarios(oh_scenario_observe);
    else if (!strcmp(word, "adapter"))
        text = oh_schema_of_adapters(oh_adapter_observe);
    else
        return oh_cli_usage(&oh_command_schema, "give 'scenario' or 'adapter'");
    fputs(text, stdout);
    free(text);
    return OH_EXIT_OK;
}

const struct oh_command oh_command_schema = {
    "schema", run, "prints the JSON Schema of scenario or adapter files", help};
