/* offhook rehearse: plays both sides of scenarios, to prove the files before a phone is touched. */
#include "cli/cli.h"

#include "base/file.h"
#include "cli/kind.h"
#include "cli/rehearse_judge.h"

#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: offhook rehearse FILE|FOLDER|ID... [OPTIONS]\n"
    "\n"
    "Plays both sides of each scenario from the one file, in memory and with a clock\n"
    "of its own, and judges that as any run: no phone is needed, and no time passes.\n"
    "It proves that a file is consistent and, with --break, that its checks can fail.\n"
    "It proves nothing of any phone.\n"
    "\n"
    "      --break all|LINE   one thing is done otherwise at a time: a message of the\n"
    "                         phone is left out, a field is not as it is wanted, RTP\n"
    "                         or a message comes where none may be, or none comes.\n"
    "                         What nothing notices is named. LINE: of a step or check\n"
    "      --sockets          over real sockets of the loopback, in real time\n"
    "      --transport udp|tcp  what carries scenarios that say none; default: udp\n"
    "  -o, --output DIR       keeps each recording: DIR/<id>/, for 'offhook check DIR'\n"
    "      --json             the results as JSON on standard output\n"
    "      --verbose          names each break and what noticed it\n"
    "\n"
    "exit status: 0 all files are consistent, and each break was noticed; 1 one is\n"
    "not, or nothing notices a break; 2 wrong usage or a mistaken file\n"
    "\n"
    "examples:\n"
    "  offhook rehearse scenarios/cisco-7960/authentication-407.yaml\n"
    "  offhook rehearse --break all scenarios\n"
    "  offhook rehearse 'dialog/status-codes[486]'\n"
    "  offhook rehearse --break 21 my-flow.yaml\n";

static const char proves[] =
    "a rehearsal proves that a file is consistent and that its checks can fail, no more";

struct options {
    struct oh_cli_common common;
    struct oh_trial_options trial;
    const char *output;
};

struct tally {
    size_t scenarios, inconsistent, breaks, unnoticed;
};

/* --- telling --- */

static json_t *trial_json(const struct oh_scenario *s, const struct oh_trial *t)
{
    char *text = oh_break_text(s, &t->broken);
    json_t *j = json_pack("{s:i, s:s, s:s, s:b, s:s?, s:s?}", "line", (int)t->place.line, "kind",
                          oh_break_name(t->broken.kind), "text", text, "noticed", t->holds, "by",
                          t->noticed_by, "why", t->why);
    free(text);
    return j;
}

static json_t *scenario_json(const struct oh_scenario *s, const struct oh_trials *t)
{
    json_t *breaks = json_array();
    for (size_t i = 0; i < t->count; i++)
        json_array_append_new(breaks, trial_json(s, &t->breaks[i]));
    return json_pack("{s:s, s:s, s:s, s:b, s:s?, s:i, s:f, s:o}", "id", s->id, "file", s->file,
                     "title", s->title, "consistent", t->whole.holds, "why", t->whole.why, "line",
                     (int)t->whole.place.line, "flow_s", t->virtual_s, "breaks", breaks);
}

static void tell_break(const struct oh_scenario *s, const struct oh_trial *t, bool verbose)
{
    char *text = oh_break_text(s, &t->broken);
    if (!t->holds)
        printf("%s:%u: %s: %s\n", s->file, t->place.line, text, t->why);
    else if (verbose)
        printf("%s:%u: %s: noticed by %s\n", s->file, t->place.line, text, t->noticed_by);
    free(text);
}

static void tell(const struct oh_scenario *s, const struct oh_trials *t, bool verbose)
{
    size_t noticed = 0;
    for (size_t i = 0; i < t->count; i++)
        noticed += t->breaks[i].holds;
    if (!t->whole.holds && t->whole.place.line)
        printf("%s:%u: %s\n", s->file, t->whole.place.line, t->whole.why);
    else if (!t->whole.holds)
        printf("%s: %s\n", s->file, t->whole.why);
    for (size_t i = 0; i < t->count; i++)
        tell_break(s, &t->breaks[i], verbose);
    printf("%-12s %s", t->whole.holds ? "consistent" : "INCONSISTENT", s->id);
    if (t->count)
        printf(": %zu of %zu breaks noticed", noticed, t->count);
    putchar('\n');
}

static json_t *tally_json(const struct tally *n)
{
    return json_pack("{s:i, s:i, s:i, s:i}", "scenarios", (int)n->scenarios, "inconsistent",
                     (int)n->inconsistent, "breaks", (int)n->breaks, "unnoticed",
                     (int)n->unnoticed);
}

static void tell_tally(const struct tally *n, const struct options *o)
{
    printf("%zu scenario%s rehearsed, %zu inconsistent", n->scenarios, n->scenarios == 1 ? "" : "s",
           n->inconsistent);
    if (o->trial.break_line != OH_BREAK_NOTHING)
        printf("; %zu breaks, %zu unnoticed", n->breaks, n->unnoticed);
    printf("\n%s\n", proves);
}

static void print_json(json_t *scenarios, const struct tally *n)
{
    json_t *all = json_pack("{s:s, s:s, s:o, s:o}", "format", "offhook-rehearsal/1", "proves",
                            proves, "summary", tally_json(n), "scenarios", scenarios);
    json_dumpf(all, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(all);
}

/* --- doing --- */

static int rehearse_one(const struct oh_scenario *s, const struct options *o, json_t *list,
                        struct tally *n, struct oh_error *e)
{
    struct oh_trial_options trial = o->trial;
    struct oh_trials t;
    char *folder = o->output ? oh_file_join(o->output, s->id) : NULL;
    trial.folder = folder;
    int result = oh_trials_make(s, &trial, &t, e);
    free(folder);
    n->scenarios++;
    n->inconsistent += !t.whole.holds;
    n->breaks += t.count;
    for (size_t i = 0; i < t.count; i++)
        n->unnoticed += !t.breaks[i].holds;
    if (result == 0 && o->common.json)
        json_array_append_new(list, scenario_json(s, &t));
    else if (result == 0)
        tell(s, &t, o->common.verbose);
    oh_trials_release(&t);
    return result;
}

static int rehearse_all(struct oh_scenario_set **sets, size_t count, const struct options *o)
{
    struct tally n = {0};
    struct oh_error e = {0};
    json_t *list = json_array();
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        for (size_t k = 0; k < sets[i]->count && result == 0; k++)
            result = rehearse_one(sets[i]->scenarios[k], o, list, &n, &e);
    }
    if (result == 0 && o->common.json)
        print_json(json_incref(list), &n);
    else if (result == 0)
        tell_tally(&n, o);
    json_decref(list);
    if (result != 0)
        return oh_cli_fail(&e, OH_EXIT_USAGE);
    return n.inconsistent || n.unnoticed ? OH_EXIT_FAIL : OH_EXIT_OK;
}

struct sets {
    struct oh_scenario_set **at;
    size_t count, room;
};

static void load_files(char **files, const char *row, struct sets *sets, struct oh_errors *errors)
{
    for (size_t i = 0; files[i]; i++) {
        struct oh_scenario_set *set = oh_cli_kind(files[i]) == OH_CLI_SCENARIO
                                          ? oh_cli_load_rows(files[i], row, NULL, 0, errors)
                                          : NULL;
        if (!set)
            continue;
        oh_grow(&sets->at, sets->count, &sets->room, sizeof *sets->at);
        sets->at[sets->count++] = set;
    }
}

static int load(int count, char **words, struct sets *sets)
{
    struct oh_errors errors = {0};
    struct oh_error e = {0};
    int status = OH_EXIT_OK;
    for (int i = 0; i < count && status == OH_EXIT_OK; i++) {
        char *word = oh_strdup(words[i]), *row;
        char **files = oh_cli_files(word, &row, &e);
        if (!files)
            status = oh_cli_fail(&e, OH_EXIT_USAGE);
        else
            load_files(files, row, sets, &errors);
        oh_file_list_free(files);
        free(word);
    }
    if (status == OH_EXIT_OK && errors.count)
        status = oh_cli_fails(&errors, OH_EXIT_USAGE);
    if (status == OH_EXIT_OK && !sets->count)
        status = oh_cli_usage(&oh_command_rehearse, "there is no scenario there");
    oh_errors_release(&errors);
    return status;
}

/* --- options --- */

enum { OPT_BREAK = 2000, OPT_SOCKETS };

static bool take_break(const char *word, int *line)
{
    uint64_t number;
    bool all = strcmp(word, "all") == 0;
    if (!all && (!oh_span_to_u64(oh_span_of(word), &number) || number == 0 || number > 1000000))
        return false;
    *line = all ? OH_BREAK_EVERYTHING : (int)number;
    return true;
}

static bool take(struct options *o, int val)
{
    switch (val) {
    case OPT_BREAK:
        return take_break(optarg, &o->trial.break_line);
    case OPT_SOCKETS:
        o->trial.how.on_sockets = true;
        return true;
    case OH_OPT_TRANSPORT:
        return oh_cli_transport(optarg, &o->trial.how.transport);
    case 'o':
        o->output = optarg;
        return true;
    default:
        return oh_cli_take(&o->common, val, optarg);
    }
}

static int run(int argc, char **argv)
{
    static const struct option table[] = {{"break", required_argument, NULL, OPT_BREAK},
                                          {"sockets", no_argument, NULL, OPT_SOCKETS},
                                          {"transport", required_argument, NULL, OH_OPT_TRANSPORT},
                                          {"output", required_argument, NULL, 'o'},
                                          OH_CLI_COMMON_OPTIONS,
                                          {NULL, 0, NULL, 0}};
    struct options o = {.output = NULL};
    struct sets sets = {0};
    int val;
    optind = 1;
    while ((val = getopt_long(argc, argv, ":o:h", table, NULL)) != -1) {
        if (val == ':' || val == '?' || !take(&o, val))
            return oh_cli_wrong_option(&oh_command_rehearse, val, argv);
    }
    if (optind == argc)
        return oh_cli_usage(&oh_command_rehearse, "give a file or folder");
    int status = load(argc - optind, argv + optind, &sets);
    if (status == OH_EXIT_OK)
        status = rehearse_all(sets.at, sets.count, &o);
    for (size_t i = 0; i < sets.count; i++)
        oh_scenario_set_free(sets.at[i]);
    free(sets.at);
    return status;
}

const struct oh_command oh_command_rehearse = {
    "rehearse", run, "plays both sides of scenarios, to prove the files", help};
