/* offhook list: what there is. */
#include "cli/cli.h"

#include "base/file.h"
#include "cli/kind.h"
#include "cli/list.h"
#include "cli/mutants.h"
#include "judge/profile.h"
#include "phone/phone.h"
#include "scenario/scenario.h"
#include "scenario/yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: offhook list scenarios|rules|phones|profiles|mutants|requirements\n"
    "       [OPTION...]\n"
    "\n"
    "  scenarios     id, title and what a phone needs for it\n"
    "  rules         the always-on rules: id, level, clause, what each demands; and\n"
    "                the requirements of priority 1 and kind rule that none of them\n"
    "                covers, with the reason\n"
    "  phones        the adapters: name, title, abilities\n"
    "  profiles      for phones that are lawfully otherwise ('check --profile', an\n"
    "                adapter's 'profile'): the rules that do not hold for them, with\n"
    "                the clause\n"
    "  mutants       the faults for 'run --mutant': name, clause, what the phone\n"
    "                does, when\n"
    "  requirements  the catalogue of scenarios/requirements: id, priority, level,\n"
    "                kind, title, which rules and scenarios cover it; then counts\n"
    "\n"
    "options of rules and requirements:\n"
    "  --json              machine output\n"
    "  --verbose           more of each: what a rule covers; a requirement's clause,\n"
    "                      and where its level comes from\n"
    "options of requirements:\n"
    "  --kind KIND         rule, flow, timer, media or torture only\n"
    "  --priority N        1 (every phone), 2 (common) or 3 (rare) only\n"
    "  --source SOURCE     only what comes from it: 'RFC 3261', '3261 17.1', ETSI\n"
    "  --uncovered         only what neither a rule nor a scenario covers\n"
    "\n"
    "examples:\n"
    "  offhook list rules --verbose\n"
    "  offhook list requirements --priority 1 --kind rule --uncovered\n";

#define SCENARIO_INDENT 37
#define PHONE_INDENT    21
#define PROFILE_INDENT  42

/* "needs: dial hangup" behind `head`. */
static void list_words(const char *head, size_t indent, const char *first, const char *const *words,
                       size_t count)
{
    struct oh_text text = {0};
    oh_text_add(&text, first);
    for (size_t i = 0; i < count; i++)
        oh_text_addf(&text, " %s", words[i]);
    oh_cli_row(head, indent, oh_text_str(&text));
    oh_text_release(&text);
}

static int list_scenarios(int argc, char **argv)
{
    (void)argc, (void)argv;
    struct oh_errors errors = {0};
    size_t count = 0;
    struct oh_scenario **all = oh_cli_scenarios(&count, &errors);
    int status = all ? OH_EXIT_OK : oh_cli_fails(&errors, OH_EXIT_USAGE);
    for (size_t i = 0; i < count; i++) {
        oh_cli_row(all[i]->id, SCENARIO_INDENT, all[i]->title);
        list_words("", SCENARIO_INDENT, "needs:", (const char *const *)all[i]->needs,
                   all[i]->need_count);
    }
    oh_cli_scenarios_free(all);
    oh_errors_release(&errors);
    return status;
}

static void list_phone(const char *file, int *status)
{
    struct oh_errors errors = {0};
    struct oh_adapter *a = oh_adapter_load(file, "", &errors);
    if (!a) {
        *status = oh_cli_fails(&errors, OH_EXIT_USAGE);
    } else {
        size_t count = oh_adapter_ability_count(a);
        const char **words = oh_alloc((count + 1) * sizeof *words);
        for (size_t i = 0; i < count; i++)
            words[i] = oh_adapter_ability(a, i);
        oh_cli_row(oh_adapter_name(a), PHONE_INDENT, oh_adapter_title(a));
        list_words("", PHONE_INDENT, "can:", words, count);
        free(words);
        for (size_t i = 0; i < oh_adapter_lack_count(a); i++) {
            const char *why, *ability = oh_adapter_lack(a, i, &why);
            char *text = oh_format("not here: %s, since %s", ability, why);
            oh_cli_row("", PHONE_INDENT, text);
            free(text);
        }
    }
    oh_adapter_free(a);
    oh_errors_release(&errors);
}

static int list_phones(int argc, char **argv)
{
    (void)argc, (void)argv;
    struct oh_error e = {0};
    char *folder = oh_cli_data("dut-adapters");
    char **files = oh_file_list(folder, ".yaml", &e);
    int status = OH_EXIT_OK;
    free(folder);
    if (!files)
        return oh_cli_fail(&e, OH_EXIT_USAGE);
    for (size_t i = 0; files[i]; i++) {
        if (oh_cli_kind(files[i]) == OH_CLI_ADAPTER)
            list_phone(files[i], &status);
    }
    oh_file_list_free(files);
    return status;
}

static int list_mutants(int argc, char **argv)
{
    (void)argc, (void)argv;
    return oh_cli_list_mutants();
}

static int list_profiles(int argc, char **argv)
{
    (void)argc, (void)argv;
    for (const struct oh_profile *const *p = oh_profiles(); *p; p++) {
        printf("%s: %s\n", (*p)->name, (*p)->meaning);
        for (size_t i = 0; i < (*p)->count; i++) {
            const struct oh_profile_rule *r = &(*p)->rules[i];
            char *head = oh_format("  %-22s %-16s", r->rule, r->clause);
            oh_cli_row(head, PROFILE_INDENT, r->why);
            free(head);
        }
    }
    return OH_EXIT_OK;
}

#define LISTS "scenarios, rules, phones, profiles, mutants or requirements"

static int run(int argc, char **argv)
{
    static const struct {
        const char *word;
        int (*list)(int argc, char **argv);
        bool has_options;
    } lists[] = {
        {"scenarios", list_scenarios, false}, {"rules", oh_cli_list_rules, true},
        {"phones", list_phones, false},       {"profiles", list_profiles, false},
        {"mutants", list_mutants, false},     {"requirements", oh_cli_list_requirements, true}};
    const char *words[sizeof lists / sizeof *lists + 1] = {0};
    if (argc < 2)
        return oh_cli_usage(&oh_command_list, "say one: " LISTS);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        words[i] = lists[i].word;
        if (strcmp(argv[1], lists[i].word) != 0)
            continue;
        if (argc > 2 && !lists[i].has_options)
            return oh_cli_usage(&oh_command_list, "'%s' is one too many", argv[2]);
        return lists[i].list(argc - 1, argv + 1);
    }
    const char *near = oh_nearest_word(argv[1], words);
    return oh_cli_usage(&oh_command_list, "there is no list of '%s': " LISTS "%s%s%s", argv[1],
                        near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

const struct oh_command oh_command_list = {"list", run, LISTS, help};
