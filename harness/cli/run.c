/* offhook run: plays, records, judges, reports. */
#include "cli/cli.h"

#include "base/file.h"
#include "cli/kind.h"
#include "cli/mutants.h"
#include "cli/session.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static const char help[] =
    "usage: offhook run [SCENARIO|FOLDER|ID...] [OPTIONS]\n"
    "\n"
    "Plays each scenario against the phone, captures the wire, judges what was\n"
    "captured, and writes DIR/report.json and, per scenario, DIR/<id>/ with\n"
    "capture.pcap and run.json. An ID is one of 'offhook list scenarios'. Without a\n"
    "scenario: all of scenarios/. Without a phone: the reference phone that comes\n"
    "with offhook.\n"
    "\n"
    "  -p, --phone [SEAT=]ADAPTER   a phone by its name in dut-adapters/, or an\n"
    "                               adapter file\n"
    "      --phone-param NAME=VALUE a parameter that the adapter declares (e.g.\n"
    "                               mutant=no-rtp)\n"
    "      --set NAME=VALUE         a parameter of the scenarios, in place of its\n"
    "                               default\n"
    "      --mutant FAULT           put a fault upon the phone, to try the\n"
    "                               scenarios: 'offhook list mutants'\n"
    "      --transport udp|tcp      what carries scenarios that say none; default:\n"
    "                               udp\n"
    "      --interface NAME         for phones that stand on a network: where\n"
    "      --address IP[:PORT]      offhook listens; or its address there\n"
    "      --phone-address IP[:PORT] where the phone is; else its registration tells\n"
    "  -o, --output DIR             default: offhook-out\n"
    "      --continue DIR           take up a run that was stopped: its output folder\n"
    "      --baseline FILE          known findings: they do not count for the exit\n"
    "                               status\n"
    "      --junit FILE             the report as JUnit XML, too, for CI\n"
    "      --strict                 a broken should fails, too\n"
    "      --no-capture             no right to capture: judge what offhook's own\n"
    "                               sockets saw\n"
    "      --json                   the report on standard output, and nothing else\n"
    "                               there\n"
    "      --verbose                whole messages beside their findings\n"
    "      --color WHEN             auto, always or never\n"
    "\n" OH_CLI_EXIT_STATUS "\n"
    "examples:\n"
    "  offhook run cisco-7960/authentication-407\n"
    "  offhook run 'dialog/status-codes[486]'\n"
    "  offhook run --phone baresip --baseline dut-adapters/baresip.known.yaml\n"
    "  offhook run --phone A=./my-phone.yaml -o results scenarios/rfc3665\n"
    "  offhook run --phone baresip --junit offhook.xml\n"
    "  offhook run --phone person --interface eth0 scenarios/cisco-7960\n";

/* --- reading everything before anything is played --- */

/* Which of the values of --set the scenario has a parameter for. */
static void note_values(struct oh_session *s, const struct oh_scenario *scenario)
{
    for (size_t i = 0; i < s->options->value_count; i++) {
        for (size_t k = 0; k < scenario->param_count; k++)
            s->value_used[i] |= strcmp(scenario->params[k].name, s->options->values[i].name) == 0;
    }
}

/* All rows of the file, or the one that is named. */
static void load_file(struct oh_session *s, const char *file, const char *row,
                      struct oh_errors *errors)
{
    struct oh_scenario_set *set =
        oh_cli_load_rows(file, row, s->options->values, s->options->value_count, errors);
    for (size_t i = 0; set && i < set->count; i++) {
        note_values(s, set->scenarios[i]);
        oh_grow(&s->scenarios, s->scenario_count, &s->scenario_room, sizeof *s->scenarios);
        s->scenarios[s->scenario_count++] = oh_scenario_set_take(set, i);
    }
    oh_scenario_set_free(set);
}

static int load_path(struct oh_session *s, const char *path, const char *row,
                     struct oh_errors *errors)
{
    struct oh_error e = {0};
    if (oh_cli_check_row(path, row, &e) != 0)
        return oh_cli_fail(&e, -1);
    char **files = oh_file_is_folder(path) ? oh_file_list(path, ".yaml", &e) : NULL;
    if (!files && oh_file_is_folder(path))
        return oh_cli_fail(&e, -1);
    if (!files)
        load_file(s, path, row, errors);
    for (size_t i = 0; files && files[i]; i++) {
        if (oh_cli_kind(files[i]) == OH_CLI_SCENARIO)
            load_file(s, files[i], NULL, errors);
    }
    oh_file_list_free(files);
    return 0;
}

static int check_values(const struct oh_session *s)
{
    struct oh_error e = {0};
    for (size_t i = 0; i < s->options->value_count; i++) {
        if (s->value_used[i])
            continue;
        oh_error_set(&e, "no scenario has a parameter '%s'", s->options->values[i].name);
        oh_error_remedy(&e, "parameters stand under 'params:' in a scenario's head");
        return oh_cli_fail(&e, -1);
    }
    return 0;
}

static int load_scenarios(struct oh_session *s, char **paths, int count)
{
    struct oh_errors errors = {0};
    char *standard = oh_cli_data("scenarios");
    int result = 0;
    for (int i = 0; i < count && result == 0; i++) {
        char *word = oh_strdup(paths[i]), *row = oh_cli_take_row(word),
             *path = oh_cli_scenario_path(word);
        result = load_path(s, path, row, &errors);
        free(word);
        free(path);
    }
    if (count == 0)
        result = load_path(s, standard, NULL, &errors);
    if (errors.count)
        result = oh_cli_fails(&errors, -1);
    else if (result == 0 && s->scenario_count == 0)
        result = oh_cli_usage(&oh_command_run, "there is no scenario (.yaml) there") ? -1 : 0;
    else if (result == 0)
        result = check_values(s);
    oh_errors_release(&errors);
    free(standard);
    return result;
}

static int load_phone(struct oh_session *s, const char *word, const char *path_list)
{
    struct oh_errors errors = {0};
    const char *equal = strchr(word, '=');
    size_t n = s->phone_count;
    s->seats[n] =
        equal ? oh_span_dup((struct oh_span){word, (size_t)(equal - word)}) : oh_strdup("");
    s->adapters[n] = oh_adapter_load(equal ? equal + 1 : word, path_list, &errors);
    s->phones[n] = (struct oh_bench_phone){.seat = s->seats[n], .adapter = s->adapters[n]};
    s->phone_count++;
    int result = s->adapters[n] ? 0 : oh_cli_fails(&errors, -1);
    oh_errors_release(&errors);
    struct oh_error e = {0};
    if (result == 0 && oh_cli_check_profile(oh_adapter_profile(s->adapters[n]), &e) != 0)
        result = oh_cli_fail(&e, -1);
    return result;
}

static int set_param(struct oh_session *s, const char *word)
{
    struct oh_error e = {0};
    const char *equal = strchr(word, '=');
    if (!equal)
        return oh_cli_usage(&oh_command_run, "--phone-param wants NAME=VALUE") ? -1 : 0;
    char *name = oh_span_dup((struct oh_span){word, (size_t)(equal - word)});
    int result = 0;
    for (size_t i = 0; i < s->phone_count && result == 0; i++)
        result = oh_adapter_set(s->adapters[i], name, equal + 1, &e);
    free(name);
    return result == 0 ? 0 : oh_cli_fail(&e, -1);
}

/* The first phone's party of that name, or of any name where it is NULL, in any scenario. */
static const struct oh_party *phone_party(const struct oh_session *s, const char *name)
{
    for (size_t i = 0; i < s->scenario_count; i++) {
        for (size_t k = 0; k < s->scenarios[i]->party_count; k++) {
            const struct oh_party *party = &s->scenarios[i]->parties[k];
            if (party->role == OH_ROLE_PHONE && (!name || strcmp(party->name, name) == 0))
                return party;
        }
    }
    return NULL;
}

static int two_phones(const char *seat)
{
    if (*seat)
        oh_cli_usage(&oh_command_run, "seat '%s' is given two phones", seat);
    else
        oh_cli_usage(&oh_command_run, "two phones are given for the same seat; write -p SEAT=NAME");
    return -1;
}

static int check_seats(const struct oh_session *s)
{
    const struct oh_party *any = phone_party(s, NULL);
    for (size_t i = 0; i < s->phone_count; i++) {
        struct oh_error e = {0};
        for (size_t k = 0; k < i; k++) {
            if (strcmp(s->seats[k], s->seats[i]) == 0)
                return two_phones(s->seats[i]);
        }
        if (!*s->seats[i] || phone_party(s, s->seats[i]))
            continue;
        oh_error_set(&e, "no scenario has a phone in seat '%s'", s->seats[i]);
        oh_error_remedy(&e, "the first phone there sits at %s", any ? any->name : "no seat");
        return oh_cli_fail(&e, -1);
    }
    return 0;
}

static bool has_own_phone(const struct oh_session *s, const char *seat)
{
    for (size_t i = 0; i < s->phone_count; i++) {
        if (strcmp(s->seats[i], seat) == 0)
            return true;
    }
    return false;
}

/* So many phones that are given for no seat does the scenario need. One phone alone that nobody
 * gave is told when it is played. */
static size_t phones_for_any(const struct oh_session *s, const struct oh_scenario *scenario)
{
    size_t all = 0, any = 0;
    for (size_t i = 0; i < scenario->party_count; i++) {
        if (scenario->parties[i].role != OH_ROLE_PHONE)
            continue;
        all++;
        any += !has_own_phone(s, scenario->parties[i].name);
    }
    return all > 1 ? any : 0;
}

/* Further instances of the phone that was given for any seat, else of the reference phone. */
static int load_further(struct oh_session *s, const char *path_list)
{
    size_t wanted = 0, given = 0;
    const char *phone = "reference-phone";
    for (size_t i = 0; i < s->scenario_count; i++) {
        size_t count = phones_for_any(s, s->scenarios[i]);
        wanted = count > wanted ? count : wanted;
    }
    for (size_t i = 0; i < s->options->phone_count; i++) {
        if (!strchr(s->options->phones[i], '='))
            phone = s->options->phones[i];
    }
    for (size_t i = 0; i < s->phone_count; i++)
        given += !*s->seats[i];
    for (; given < wanted && s->phone_count < OH_SESSION_PHONES; given++) {
        if (load_phone(s, phone, path_list) != 0)
            return -1;
    }
    return 0;
}

static int load_phones(struct oh_session *s)
{
    char *path_list = oh_cli_adapter_path();
    int result = 0;
    for (size_t i = 0; i < s->options->phone_count && result == 0; i++)
        result = load_phone(s, s->options->phones[i], path_list);
    if (result == 0 && s->options->phone_count == 0)
        result = load_phone(s, "reference-phone", path_list);
    if (result == 0)
        result = check_seats(s);
    if (result == 0)
        result = load_further(s, path_list);
    for (size_t i = 0; i < s->options->param_count && result == 0; i++)
        result = set_param(s, s->options->params[i]);
    free(path_list);
    return result;
}

/* A list for another phone would forgive nothing, and nobody would know why. */
static int check_baseline_phone(const struct oh_session *s)
{
    const char *phone = oh_baseline_phone(s->baseline);
    struct oh_error e = {0};
    for (size_t i = 0; i < s->phone_count; i++) {
        if (!phone || strcmp(oh_adapter_name(s->adapters[i]), phone) == 0)
            return 0;
    }
    oh_error_set(&e, "%s is for the phone %s, but %s is to be tested", s->options->baseline, phone,
                 oh_adapter_name(s->adapters[0]));
    oh_error_remedy(&e, "give the list of that phone, or '--phone %s'", phone);
    return oh_cli_fail(&e, -1);
}

static int load_baseline(struct oh_session *s)
{
    struct oh_errors errors = {0};
    if (!s->options->baseline)
        return 0;
    s->baseline = oh_baseline_load(s->options->baseline, &errors);
    int result = s->baseline ? 0 : oh_cli_fails(&errors, -1);
    oh_errors_release(&errors);
    return result == 0 ? check_baseline_phone(s) : result;
}

static int check_mutant(const struct oh_session_options *o)
{
    struct oh_error e = {0};
    if (!o->mutant || oh_cli_check_mutant(o->mutant, &e) == 0)
        return 0;
    return oh_cli_fail(&e, -1);
}

/* Two runs into one folder would mix their recordings. Where the file system knows no locks, nobody
 * is kept out. */
static int lock_output(struct oh_session *s, struct oh_error *e)
{
    const char *out = s->options->out;
    s->lock = open(out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->lock >= 0 && flock(s->lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return oh_error_set(e, "%s is being written by another offhook run", out);
    return 0;
}

/* An older run's report does not stay: where this one comes to none, none is there. */
static int prepare_output(struct oh_session *s)
{
    struct oh_error e = {0};
    const char *out = s->options->out;
    char *report = oh_file_join(out, "report.json");
    if (oh_file_mkdirs(out, &e) == 0 && access(out, W_OK) != 0)
        oh_error_set(&e, "nothing can be written to %s: %s", out, strerror(errno));
    else if (!*e.text && lock_output(s, &e) == 0 && unlink(report) != 0 && errno != ENOENT)
        oh_error_set(&e, "the older %s cannot be removed: %s", report, strerror(errno));
    free(report);
    if (!*e.text)
        return oh_cli_prepare_form(s->options->junit, &e) == 0 ? 0 : oh_cli_fail(&e, -1);
    oh_error_remedy(&e, "choose another folder with -o");
    return oh_cli_fail(&e, -1);
}

/* --- the whole --- */

static void release(struct oh_session *s)
{
    for (size_t i = 0; i < s->scenario_count; i++)
        oh_scenario_free(s->scenarios[i]);
    free(s->scenarios);
    for (size_t i = 0; i < s->phone_count; i++) {
        oh_adapter_free(s->adapters[i]);
        free(s->seats[i]);
    }
    oh_desk_close(&s->desk);
    oh_resume_free(s->resume);
    free(s->is_done);
    oh_baseline_free(s->baseline);
    oh_report_free(s->report);
    if (s->lock >= 0)
        close(s->lock);
    free(s->program_folder);
}

/* What is on the network, and in the run that goes on. */
static int take_up(struct oh_session *s)
{
    struct oh_error e = {0};
    if (oh_lan_resolve(&s->options->lan, &s->address, &s->phone_address, &e) != 0)
        return oh_cli_fail(&e, -1);
    if (s->options->resumed && !(s->resume = oh_resume_read(s->options->resumed, &e)))
        return oh_cli_fail(&e, -1);
    return 0;
}

static int run_session(const struct oh_session_options *o, char **paths, int count)
{
    struct oh_session s = {.options = o, .program_folder = oh_cli_program_folder(), .lock = -1};
    int status = OH_EXIT_USAGE;
    s.live.style = oh_cli_style(&o->common, STDOUT_FILENO);
    s.live.on = !o->common.json && isatty(STDOUT_FILENO);
    if (load_scenarios(&s, paths, count) == 0 && load_phones(&s) == 0 && load_baseline(&s) == 0 &&
        check_mutant(o) == 0 && take_up(&s) == 0 && prepare_output(&s) == 0) {
        s.report = oh_report_new(o->out);
        status = oh_session_play(&s);
    }
    release(&s);
    return status;
}

static int take_value(struct oh_session_options *o, const char *arg)
{
    const char *equal = strchr(arg, '=');
    if (!equal || equal == arg || o->value_count == OH_SESSION_PARAMS)
        return -1;
    o->values[o->value_count++] =
        (struct oh_param){.name = oh_span_dup((struct oh_span){arg, (size_t)(equal - arg)}),
                          .value = oh_strdup(equal + 1)};
    return 0;
}

static int take(struct oh_session_options *o, int c, const char *arg)
{
    switch (c) {
    case 'o':
        o->out = arg;
        return 0;
    case 'm':
        o->mutant = arg;
        return 0;
    case OH_OPT_TRANSPORT:
        return oh_cli_transport(arg, &o->transport) ? 0 : -1;
    case 'b':
        o->baseline = arg;
        return 0;
    case 'j':
        o->junit = arg;
        return 0;
    case 'n':
        o->no_capture = true;
        return 0;
    case 'i':
        o->lan.interface = arg;
        return 0;
    case 'a':
        o->lan.address = arg;
        return 0;
    case 'A':
        o->lan.phone = arg;
        return 0;
    case 'c':
        o->resumed = o->out = arg;
        return 0;
    case 'p':
        if (o->phone_count == OH_SESSION_PHONES)
            return -1;
        o->phones[o->phone_count++] = arg;
        return 0;
    case 'P':
        if (o->param_count == OH_SESSION_PARAMS)
            return -1;
        o->params[o->param_count++] = arg;
        return 0;
    case 's':
        return take_value(o, arg);
    default:
        return oh_cli_take(&o->common, c, arg) ? 0 : -1;
    }
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        {"phone", required_argument, NULL, 'p'},
        {"set", required_argument, NULL, 's'},
        {"phone-param", required_argument, NULL, 'P'},
        {"mutant", required_argument, NULL, 'm'},
        {"transport", required_argument, NULL, OH_OPT_TRANSPORT},
        {"output", required_argument, NULL, 'o'},
        {"baseline", required_argument, NULL, 'b'},
        {"junit", required_argument, NULL, 'j'},
        {"no-capture", no_argument, NULL, 'n'},
        {"interface", required_argument, NULL, 'i'},
        {"address", required_argument, NULL, 'a'},
        {"phone-address", required_argument, NULL, 'A'},
        {"continue", required_argument, NULL, 'c'},
        OH_CLI_COMMON_OPTIONS,
        {0},
    };
    struct oh_session_options o = {.out = "offhook-out", .transport = OH_TRANSPORT_UDP};
    int c;
    int status = -1;
    while (status < 0 && (c = getopt_long(argc, argv, ":p:o:h", longs, NULL)) != -1) {
        if (take(&o, c, optarg) != 0)
            status = oh_cli_wrong_option(&oh_command_run, c, argv);
    }
    if (status < 0)
        status = run_session(&o, argv + optind, argc - optind);
    for (size_t i = 0; i < o.value_count; i++) {
        free(o.values[i].name);
        free(o.values[i].value);
    }
    return status;
}

const struct oh_command oh_command_run = {
    "run", run, "plays scenarios against a phone, records, judges and reports", help};
