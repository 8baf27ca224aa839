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
    "usage: offhook list scenarios|rules|phones|mutants\n"
    "\n"
    "  scenarios  id, title and what a phone needs for it\n"
    "  rules      the always-on rules: id, level, clause, what each demands\n"
    "  phones     the adapters: name, title, abilities\n"
    "  mutants    the faults for 'run --mutant': name, clause, what the phone does,\n"
    "             when\n";

#define SCENARIO_INDENT 37
#define PHONE_INDENT    21
#define RULE_INDENT     65

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
            oh_cli_row(s->id, SCENARIO_INDENT, s->title);
            list_words("", SCENARIO_INDENT, "needs:", (const char *const *)s->needs, s->need_count);
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
            char *head = oh_format("%-24s %-6s %-32s", r->id,
                                   r->level == OH_LEVEL_MUST ? "must" : "should", r->clause);
            oh_cli_row(head, RULE_INDENT, r->meaning);
            free(head);
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
