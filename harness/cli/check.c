/* offhook check: judges a recording again, or what others captured, with no phone and no network.
 */
#include "cli/check.h"

#include "base/file.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: offhook check CAPTURE... [OPTIONS]\n"
    "       offhook check RUN-FOLDER [OPTIONS]\n"
    "\n"
    "Judges captures that anyone made: every message that a phone sent is held\n"
    "against all rules ('offhook list rules'). A file is a capture (pcap or pcapng,\n"
    "also gzipped), whatever its name; - is standard input, also while it is\n"
    "captured: what is found in a call is told when the call is over. SIP is found\n"
    "by its content, on any port. Each user agent is judged by itself; proxies and\n"
    "registrars are listed, and judged only if --phone-address names them.\n"
    "What a capture does not hold is held against nobody.\n"
    "\n"
    "Judges a run again from what it recorded, if a folder is given: a whole output\n"
    "folder of 'offhook run' (the scenarios of its report.json; without one, all\n"
    "recordings below), or one scenario's folder in it. The folder may have been\n"
    "moved, and the scenario and adapter files may be gone. Give the options that\n"
    "change the verdict or the exit status again: --strict, --baseline.\n"
    "\n"
    "  -o, --output DIR    write DIR/report.json\n"
    "      --baseline FILE known findings, as for 'offhook run'\n"
    "      --junit FILE    the report as JUnit XML, too\n"
    "      --strict        a broken should fails, too\n"
    "      --json          the report on standard output\n"
    "      --verbose       all calls with findings, whole messages beside them\n"
    "      --color WHEN    auto, always or never\n"
    "of captures:\n"
    "      --phone-address IP[:PORT]\n"
    "                      this is the phone; may be given several times\n"
    "      --scenario FILE the flow of this scenario is looked for in what each phone\n"
    "                      sent and got, and judged where it goes furthest; of a\n"
    "                      table each row's, or that of 'FILE[row]'\n"
    "      --credentials FILE\n"
    "                      user names and passwords, for checking digests:\n"
    "                        credentials:\n"
    "                          - username: alice\n"
    "                            password: secret\n"
    "                      or the secrets.json of a run\n"
    "      --profile NAME  what the phones were built for: 'offhook list profiles'\n"
    "\n" OH_CLI_EXIT_STATUS "\n"
    "examples:\n"
    "  offhook check calls.pcap\n"
    "  offhook check calls.pcapng.gz --phone-address 192.0.2.7\n"
    "  offhook check call.pcap --scenario scenarios/rfc3665/call-out-busy.yaml\n"
    "  tcpdump -U -s 0 -w - | offhook check -\n"
    "  offhook check offhook-out\n"
    "  offhook check offhook-out/cisco-7960/authentication-407 --json\n";

/* What there is to be judged: folders relative to `top`, in order. */
struct work {
    const char *top;
    char **folders;
    size_t count, room;
    bool interrupted; /* the run was: more was to be played */
};

static void add_folder(struct work *w, struct oh_span name)
{
    oh_grow(&w->folders, w->count, &w->room, sizeof *w->folders);
    w->folders[w->count++] = oh_span_dup(name);
}

static void release(struct work *w)
{
    for (size_t i = 0; i < w->count; i++)
        free(w->folders[i]);
    free(w->folders);
}

/* The scenarios of this run alone: an output folder may hold those of older ones, too. */
static int list_reported(struct work *w, const char *path, struct oh_error *e)
{
    json_t *report = oh_report_read(path, e);
    if (!report)
        return oh_error_remedy(e, "take it away, and all recordings below %s are judged", w->top);
    const json_t *scenario;
    size_t i;
    json_array_foreach(json_object_get(report, "scenarios"), i, scenario)
    {
        const char *folder = json_string_value(json_object_get(scenario, "folder"));
        add_folder(w, oh_span_of(folder ? folder : ""));
    }
    w->interrupted = json_is_true(json_object_get(report, "interrupted"));
    json_decref(report);
    return 0;
}

/* "TOP/a/b/run.json" is the folder "a/b"; "TOP/run.json" is "". */
static int list_recordings(struct work *w, struct oh_error *e)
{
    static const char name[] = "run.json";
    char **files = oh_file_list(w->top, name, e);
    for (size_t i = 0; files && files[i]; i++) {
        struct oh_span at = oh_span_of(files[i] + strlen(w->top));
        at = oh_span_sub(at, 0, at.len - strlen(name));
        if (at.len == 0 || at.at[at.len - 1] != '/')
            continue;
        while (at.len > 0 && at.at[0] == '/')
            at = oh_span_sub(at, 1, at.len);
        while (at.len > 0 && at.at[at.len - 1] == '/')
            at.len--;
        add_folder(w, at);
    }
    oh_file_list_free(files);
    return files ? 0 : -1;
}

static int list_work(struct work *w, struct oh_error *e)
{
    char *report = oh_file_join(w->top, "report.json");
    int result = oh_file_exists(report) ? list_reported(w, report, e) : list_recordings(w, e);
    if (result == 0 && w->count == 0 && !oh_file_exists(report)) {
        oh_error_set(e, "%s is no run folder: there is no run.json in it", w->top);
        oh_error_remedy(e, "give the folder that 'offhook run -o' wrote, or a scenario's in it");
        result = -1;
    }
    free(report);
    return result;
}

static int judge_one(struct oh_report *report, const char *folder, const char *relative,
                     const struct oh_check_options *o, const struct oh_baseline *baseline,
                     struct oh_error *e)
{
    char *path = oh_file_join(folder, "run.json");
    bool there = oh_file_exists(path);
    free(path);
    if (there)
        return oh_cli_judge_folder(report, folder, relative, &o->common, baseline, e);
    oh_error_set(e, "%s: there is no recording (run.json), though the report lists it", folder);
    return oh_error_remedy(e,
                           "what 'offhook check -o' wrote holds none: give the run's own folder");
}

/* Returns how many could not be judged; each is told. */
static size_t judge_all(struct oh_report *report, const struct work *w,
                        const struct oh_check_options *o, const struct oh_baseline *baseline)
{
    size_t bad = 0;
    for (size_t i = 0; i < w->count; i++) {
        struct oh_error e = {0};
        char *folder = *w->folders[i] ? oh_file_join(w->top, w->folders[i]) : oh_strdup(w->top);
        if (judge_one(report, folder, w->folders[i], o, baseline, &e) != 0) {
            oh_cli_fail(&e, 0);
            bad++;
        }
        free(folder);
    }
    return bad;
}

int oh_check_finish(const struct oh_report *report, bool interrupted, size_t bad,
                    const struct oh_check_options *o, const struct oh_baseline *baseline)
{
    struct oh_error e = {0};
    json_t *json = oh_report_json(report, interrupted);
    if (baseline)
        oh_baseline_apply(baseline, json);
    int status = oh_report_exit_status(json);
    if (bad > 0 && status == OH_EXIT_OK)
        status = OH_EXIT_UNDECIDED;
    oh_report_set_exit_status(json, status);
    if (o->out) {
        char *path = oh_file_join(o->out, "report.json");
        if (oh_file_mkdirs(o->out, &e) != 0 || oh_report_write(json, path, &e) != 0)
            status = oh_cli_fail(&e, status == OH_EXIT_FAIL ? status : OH_EXIT_UNDECIDED);
        free(path);
    }
    if (o->junit && oh_cli_write_form(json, "junit", o->junit, &e) != 0)
        status = oh_cli_fail(&e, status == OH_EXIT_FAIL ? status : OH_EXIT_UNDECIDED);
    oh_cli_print_end(json, &o->common);
    json_decref(json);
    return status;
}

static int check_folder(const char *folder, const struct oh_check_options *o)
{
    struct oh_error e = {0};
    struct oh_errors errors = {0};
    struct work work = {.top = folder};
    struct oh_report *report = oh_report_new(folder);
    struct oh_baseline *baseline = NULL;
    int status = OH_EXIT_USAGE;
    if (o->baseline && !(baseline = oh_baseline_load(o->baseline, &errors))) {
        oh_cli_fails(&errors, status);
    } else if (list_work(&work, &e) != 0 || oh_cli_prepare_form(o->junit, &e) != 0) {
        oh_cli_fail(&e, status);
    } else {
        size_t bad = judge_all(report, &work, o, baseline);
        if (bad == 0 || bad < work.count)
            status = oh_check_finish(report, work.interrupted, bad, o, baseline);
    }
    release(&work);
    oh_baseline_free(baseline);
    oh_errors_release(&errors);
    oh_report_free(report);
    return status;
}

/* --- the command line --- */

enum { OPT_PHONE = 'p', OPT_CREDENTIALS = 'c', OPT_PROFILE = 'P', OPT_SCENARIO = 's' };

static int add_phone(struct oh_check_options *o, const char *text)
{
    struct oh_error e = {0};
    oh_grow(&o->phones, o->phone_count, &o->phone_room, sizeof *o->phones);
    if (oh_addr_parse(oh_span_of(text), &o->phones[o->phone_count], &e) != 0)
        return oh_cli_usage(&oh_command_check, "--phone-address: %s", e.text);
    o->phone_count++;
    return OH_EXIT_OK;
}

static bool take_file(struct oh_check_options *o, int c, const char *value)
{
    const struct {
        int c;
        const char **to;
    } files[] = {{'o', &o->out},
                 {'b', &o->baseline},
                 {'j', &o->junit},
                 {OPT_CREDENTIALS, &o->credentials},
                 {OPT_PROFILE, &o->profile},
                 {OPT_SCENARIO, &o->scenario}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (files[i].c != c)
            continue;
        *files[i].to = value;
        return true;
    }
    return false;
}

static int take_options(int argc, char **argv, struct oh_check_options *o)
{
    static const struct option longs[] = {
        {"output", required_argument, NULL, 'o'},
        {"baseline", required_argument, NULL, 'b'},
        {"junit", required_argument, NULL, 'j'},
        {"phone-address", required_argument, NULL, OPT_PHONE},
        {"credentials", required_argument, NULL, OPT_CREDENTIALS},
        {"profile", required_argument, NULL, OPT_PROFILE},
        {"scenario", required_argument, NULL, OPT_SCENARIO},
        OH_CLI_COMMON_OPTIONS,
        {0},
    };
    int c, status = OH_EXIT_OK;
    while (status == OH_EXIT_OK && (c = getopt_long(argc, argv, ":o:h", longs, NULL)) != -1) {
        if (c == OPT_PHONE)
            status = add_phone(o, optarg);
        else if (!take_file(o, c, optarg) && !oh_cli_take(&o->common, c, optarg))
            status = oh_cli_wrong_option(&oh_command_check, c, argv);
    }
    return status;
}

static int check(char *const *paths, size_t count, const struct oh_check_options *o)
{
    size_t folders = 0;
    for (size_t i = 0; i < count; i++)
        folders += oh_file_is_folder(paths[i]);
    if (count == 0)
        return oh_cli_usage(&oh_command_check, "give a capture, or a run folder");
    if (folders == 0)
        return oh_check_captures(paths, count, o);
    if (count > 1)
        return oh_cli_usage(&oh_command_check, "give one run folder, or captures alone");
    if (o->phone_count > 0 || o->credentials || o->profile || o->scenario)
        return oh_cli_usage(&oh_command_check,
                            "--phone-address, --credentials, --profile and --scenario are for "
                            "captures; a run folder holds all that");
    return check_folder(paths[0], o);
}

static int run(int argc, char **argv)
{
    struct oh_check_options o = {0};
    int status = take_options(argc, argv, &o);
    if (status == OH_EXIT_OK)
        status = check(argv + optind, (size_t)(argc - optind), &o);
    free(o.phones);
    return status;
}

const struct oh_command oh_command_check = {
    "check", run, "judges anyone's capture, or a recording again, without a phone", help};
