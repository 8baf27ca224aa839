/* offhook list: what there is. */
#include "cli/cli.h"

#include "base/file.h"
#include "cli/kind.h"
#include "cli/mutants.h"
#include "judge/rule.h"
#include "phone/phone.h"
#include "scenario/scenario.h"
#include "scenario/yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: offhook list scenarios|rules|phones|mutants\n\n"
    "  scenarios  id, title and what a phone needs for it\n"
    "  rules      the always-on rules: id, level, clause, what each demands\n"
    "  phones     the adapters: name, title, abilities\n"
    "  mutants    the faults for 'run --mutant': name, clause, what the phone does, when\n";

static int list_scenarios(void)
{
    struct oh_error e = {0};
    char *folder = oh_cli_data("scenarios");
    char **files = oh_file_list(folder, ".yaml", &e);
    int status = OH_EXIT_OK;
    free(folder);
    if (!files)
        return oh_cli_fail(&e, OH_EXIT_USAGE);
    for (size_t i = 0; files[i]; i++) {
        struct oh_errors errors = {0};
        if (oh_cli_kind(files[i]) != OH_CLI_SCENARIO)
            continue;
        struct oh_scenario *s = oh_scenario_load(files[i], &errors);
        if (s) {
            printf("%-36s %s\n", s->id, s->title);
            printf("%-36s needs:", "");
            for (size_t k = 0; k < s->need_count; k++)
                printf(" %s", s->needs[k]);
            putchar('\n');
        } else {
            status = oh_cli_fails(&errors, OH_EXIT_USAGE);
        }
        oh_scenario_free(s);
        oh_errors_release(&errors);
    }
    oh_file_list_free(files);
    return status;
}

static int list_rules(void)
{
    const struct oh_rule_family *const *families = oh_rule_families();
    size_t count = 0;
    for (size_t f = 0; families[f]; f++) {
        for (size_t i = 0; i < families[f]->count; i++, count++) {
            const struct oh_rule *r = &families[f]->rules[i];
            printf("%-24s %-6s %-32s %s\n", r->id, r->level == OH_LEVEL_MUST ? "must" : "should",
                   r->clause, r->meaning);
        }
    }
    printf("%zu rules\n", count);
    return OH_EXIT_OK;
}

static void list_phone(const char *file, int *status)
{
    struct oh_errors errors = {0};
    struct oh_adapter *a = oh_adapter_load(file, "", &errors);
    if (!a) {
        *status = oh_cli_fails(&errors, OH_EXIT_USAGE);
    } else {
        printf("%-20s %s\n%-20s can:", oh_adapter_name(a), oh_adapter_title(a), "");
        for (size_t i = 0; i < oh_adapter_ability_count(a); i++)
            printf(" %s", oh_adapter_ability(a, i));
        putchar('\n');
        for (size_t i = 0; i < oh_adapter_lack_count(a); i++) {
            const char *why, *ability = oh_adapter_lack(a, i, &why);
            printf("%-20s not here: %s, since %s\n", "", ability, why);
        }
    }
    oh_adapter_free(a);
    oh_errors_release(&errors);
}

static int list_phones(void)
{
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

static int run(int argc, char **argv)
{
    static const struct {
        const char *word;
        int (*list)(void);
    } lists[] = {{"scenarios", list_scenarios},
                 {"rules", list_rules},
                 {"phones", list_phones},
                 {"mutants", oh_cli_list_mutants}};
    for (size_t i = 0; argc == 2 && i < sizeof lists / sizeof *lists; i++) {
        if (strcmp(argv[1], lists[i].word) == 0)
            return lists[i].list();
    }
    static const char *const words[] = {"scenarios", "rules", "phones", "mutants", NULL};
    const char *near = argc == 2 ? oh_nearest_word(argv[1], words) : NULL;
    if (argc != 2)
        return oh_cli_usage(&oh_command_list, "say one: scenarios, rules, phones or mutants");
    return oh_cli_usage(&oh_command_list,
                        "there is no list of '%s': scenarios, rules, phones or mutants%s%s%s",
                        argv[1], near ? " (did you mean '" : "", near ? near : "",
                        near ? "'?)" : "");
}

const struct oh_command oh_command_list = {"list", run, "scenarios, rules, phones or mutants",
                                           help};
