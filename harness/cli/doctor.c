/* offhook doctor: proves the bench, line by line. */
#include "cli/doctor.h"

#include "base/file.h"
#include "cli/interrupt.h"
#include "reports/cells.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_PARAMS    16
#define CLOCK_JUMP_MS 100 /* more than any slewing clock moves while the doctor works */

static const char help[] =
    "usage: offhook doctor [OPTIONS]\n\n"
    "Proves that phone and machine are fit for 'offhook run': right to capture, addresses, ports,\n"
    "sockets, clock, disk; that the phone starts and can be driven; that each verb of its adapter\n"
    "does on the wire what it says, and that its password is right; that it stops and leaves\n"
    "nothing. Each is a line: 'ok', 'NOT ok' with what to do, or '-' for what was not tried\n"
    "because of that. Nothing here judges the phone; that broken rules were seen in passing is\n"
    "only said. It takes about three seconds, and three more for each message that does not "
    "come.\n\n"
    "  -p, --phone ADAPTER          by its name in dut-adapters/, or an adapter file; default: "
    "the\n"
    "                               reference phone\n"
    "      --phone-param NAME=VALUE a parameter that the adapter declares\n"
    "      --transport udp|tcp      what carries the calls; default: udp\n"
    "      --interface NAME, --address IP[:PORT], --phone-address IP[:PORT]\n"
    "                               for a phone on the desk, as in 'offhook run'\n"
    "      --no-capture             do without the right to capture\n"
    "  -o, --output DIR             where runs will write; looked at, not written to. Default:\n"
    "                               offhook-out\n"
    "      --keep DIR               the recordings go there; 'offhook check DIR' judges them\n"
    "      --json                   the lines as JSON\n"
    "      --color WHEN             auto, always or never\n\n"
    "exit status: 0 all is ok; 1 something is not, or was not tried; 2 wrong usage, or an adapter\n"
    "that cannot be read\n\n"
    "examples:\n"
    "  offhook doctor\n"
    "  offhook doctor --phone ./my-phone.yaml --keep proof\n"
    "  offhook doctor --phone baresip --transport tcp\n";

/* --- telling --- */

#define CHECK_WIDTH 12

static void drop_hint(struct oh_doctor *d)
{
    if (d->hinting)
        fputs("\r\033[K", stdout);
    d->hinting = false;
}

void oh_doctor_hint(struct oh_doctor *d, const char *check, const char *format, ...)
{
    struct oh_report_style style = oh_cli_style(&d->common, STDOUT_FILENO);
    struct oh_text text = {0}, line = {0};
    va_list args;
    if (!d->on_terminal)
        return;
    drop_hint(d);
    va_start(args, format);
    oh_text_addv(&text, format, args);
    va_end(args);
    oh_cells_pad(8, &line);
    size_t used = 8 + oh_cells_add(&style, check, CHECK_WIDTH - 1, &line);
    oh_cells_pad(8 + CHECK_WIDTH - used, &line);
    oh_cells_add(&style, oh_text_str(&text), oh_cells_width(&style) - 8 - CHECK_WIDTH - 1, &line);
    fputs(oh_text_str(&line), stdout);
    fflush(stdout);
    d->hinting = true;
    oh_text_release(&text);
    oh_text_release(&line);
}

static void print_line(const struct oh_doctor *d, enum oh_doctor_word word, const char *check,
                       const char *text, const char *remedy)
{
    static const struct {
        const char *word;
        enum oh_paint paint;
    } words[] = {[OH_DOCTOR_OK] = {"ok      ", OH_PAINT_GOOD},
                 [OH_DOCTOR_BAD] = {"NOT ok  ", OH_PAINT_BAD},
                 [OH_DOCTOR_UNTRIED] = {"-       ", OH_PAINT_DIM},
                 [OH_DOCTOR_NOTE] = {"note    ", OH_PAINT_DIM}};
    struct oh_report_style style = oh_cli_style(&d->common, STDOUT_FILENO);
    struct oh_text line = {0};
    size_t used = 8, indent = 8 + CHECK_WIDTH;
    oh_cells_paint(&style, words[word].paint, words[word].word, &line);
    used += oh_cells_add(&style, check, CHECK_WIDTH - 1, &line);
    oh_cells_pad(indent - used, &line);
    oh_cells_wrap(&style, text, indent, indent, &line);
    if (remedy && *remedy) {
        oh_cells_pad(indent, &line);
        oh_text_add(&line, "do: ");
        oh_cells_wrap(&style, remedy, indent + 4, indent + 4, &line);
    }
    fputs(oh_text_str(&line), stdout);
    fflush(stdout);
    oh_text_release(&line);
}

static bool was_told(const struct oh_doctor *d, const char *check, const char *text)
{
    size_t i;
    json_t *json;
    json_array_foreach(d->checks, i, json)
    {
        if (strcmp(json_string_value(json_object_get(json, "check")), check) == 0 &&
            strcmp(json_string_value(json_object_get(json, "text")), text) == 0)
            return true;
    }
    return false;
}

static void keep(struct oh_doctor *d, enum oh_doctor_word word, const char *check, const char *text,
                 const char *remedy)
{
    static const char *const words[] = {"ok", "not ok", "not tried", "note"};
    json_t *json = json_pack("{s:s, s:s, s:s}", "check", check, "word", words[word], "text", text);
    json_object_set_new(json, "remedy", remedy ? json_string(remedy) : json_null());
    json_array_append_new(d->checks, json);
    d->bad += word == OH_DOCTOR_BAD;
    d->untried += word == OH_DOCTOR_UNTRIED;
}

void oh_doctor_tell(struct oh_doctor *d, enum oh_doctor_word word, const char *check,
                    const char *remedy, const char *format, ...)
{
    struct oh_text text = {0}, clean = {0}, advice = {0};
    va_list args;
    va_start(args, format);
    oh_text_addv(&text, format, args);
    va_end(args);
    oh_text_add_quoted(&clean, oh_text_span(&text), SIZE_MAX);
    oh_text_add_quoted(&advice, oh_span_of(remedy ? remedy : ""), SIZE_MAX);
    if (word != OH_DOCTOR_UNTRIED || !was_told(d, check, oh_text_str(&clean))) {
        keep(d, word, check, oh_text_str(&clean), remedy ? oh_text_str(&advice) : NULL);
        drop_hint(d);
        if (!d->common.json)
            print_line(d, word, check, oh_text_str(&clean), oh_text_str(&advice));
    }
    oh_text_release(&text);
    oh_text_release(&clean);
    oh_text_release(&advice);
}

void oh_doctor_tell_error(struct oh_doctor *d, const char *check, const struct oh_error *e)
{
    oh_doctor_tell(d, OH_DOCTOR_BAD, check, *e->remedy ? e->remedy : NULL, "%s", e->text);
}

/* --- the visit --- */

struct options {
    struct oh_doctor doctor;
    const char *phone;
    const char *params[MAX_PARAMS];
    size_t param_count;
};

static int load_phone(struct options *o)
{
    struct oh_errors errors = {0};
    struct oh_error e = {0};
    char *path_list = oh_cli_adapter_path();
    struct oh_adapter *a = oh_adapter_load(o->phone, path_list, &errors);
    int result = a ? 0 : oh_cli_fails(&errors, -1);
    for (size_t i = 0; a && i < o->param_count && result == 0; i++) {
        const char *equal = strchr(o->params[i], '=');
        char *name = oh_span_dup((struct oh_span){o->params[i], strcspn(o->params[i], "=")});
        if (!equal)
            result = oh_cli_usage(&oh_command_doctor, "--phone-param wants NAME=VALUE");
        else if (oh_adapter_set(a, name, equal + 1, &e) != 0)
            result = oh_cli_fail(&e, -1);
        free(name);
    }
    o->doctor.adapter = a;
    oh_errors_release(&errors);
    free(path_list);
    return result;
}

/* What the phone's program leaves in TMPDIR, and what bears our mark, is seen at the end. */
static int make_folder(struct oh_doctor *d)
{
    struct oh_error e = {0};
    const char *tmp = getenv("TMPDIR");
    char *folder = oh_format("%s/offhook-doctor-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(folder)) {
        oh_error_set(&e, "no folder can be made in %s: %s", tmp && *tmp ? tmp : "/tmp",
                     strerror(errno));
        free(folder);
        return oh_cli_fail(&e, -1);
    }
    d->folder = folder;
    d->mark = oh_format("OFFHOOK_DOCTOR=%s", folder);
    char *inner = oh_file_join(folder, "tmp");
    int result = oh_file_mkdirs(inner, &e) == 0 ? 0 : oh_cli_fail(&e, -1);
    setenv("OFFHOOK_DOCTOR", folder, 1);
    setenv("TMPDIR", inner, 1);
    free(inner);
    return result;
}

static void tell_adapter(struct oh_doctor *d)
{
    struct oh_text abilities = {0};
    for (size_t i = 0; i < oh_adapter_ability_count(d->adapter); i++)
        oh_text_addf(&abilities, " %s", oh_adapter_ability(d->adapter, i));
    oh_doctor_tell(d, OH_DOCTOR_OK, "adapter", NULL, "%s; it claims:%s",
                   oh_adapter_file(d->adapter),
                   abilities.len ? oh_text_str(&abilities) : " nothing");
    oh_text_release(&abilities);
}

static int64_t clock_offset_ns(void)
{
    return oh_clock_wall_ns() - oh_clock_mono_ns();
}

static void check_clock_was_left_alone(struct oh_doctor *d, int64_t before_ns)
{
    int64_t moved_ms = (clock_offset_ns() - before_ns) / OH_NS_PER_MS;
    if (llabs(moved_ms) > CLOCK_JUMP_MS)
        oh_doctor_tell(d, OH_DOCTOR_BAD, "clock",
                       "let it be set before runs, not during them: stamps of captures jump",
                       "it was set by %lld ms meanwhile", (long long)moved_ms);
}

static void finish(struct oh_doctor *d)
{
    bool sound = d->bad + d->untried == 0;
    drop_hint(d);
    if (d->common.json) {
        json_t *json = json_pack("{s:s, s:s, s:s, s:b, s:O}", "format", "offhook-doctor/1", "phone",
                                 oh_adapter_name(d->adapter), "title", oh_adapter_title(d->adapter),
                                 "ok", sound, "checks", d->checks);
        json_dumpf(json, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(json);
    } else if (d->untried > 0) {
        printf("%zu not ok, %zu not tried\n", d->bad, d->untried);
    } else if (!sound) {
        printf("%zu not ok\n", d->bad);
    } else {
        printf("all ok: %s can be tested here%s\n", oh_adapter_title(d->adapter),
               oh_adapter_is_reference(d->adapter) ? " (the reference phone, not yours)" : "");
    }
}

static int visit(struct options *o)
{
    struct oh_doctor *d = &o->doctor;
    struct oh_error e = {0};
    int status = OH_EXIT_USAGE;
    d->programs = oh_cli_program_folder();
    d->checks = json_array();
    d->broken = json_object();
    d->on_terminal = !d->common.json && isatty(STDOUT_FILENO);
    if (load_phone(o) == 0 && make_folder(d) == 0) {
        int64_t offset_ns = clock_offset_ns();
        if (oh_interrupt_catch(&e) != 0)
            oh_doctor_tell_error(d, "signals", &e);
        oh_doctor_host(d);
        tell_adapter(d);
        if (oh_adapter_is_by_hand(d->adapter))
            oh_doctor_desk(d);
        else
            oh_doctor_phone(d);
        check_clock_was_left_alone(d, offset_ns);
        finish(d);
        status = d->bad + d->untried ? OH_EXIT_FAIL : OH_EXIT_OK;
    }
    if (d->folder)
        oh_file_remove_tree(d->folder);
    oh_adapter_free(d->adapter);
    json_decref(d->checks);
    json_decref(d->broken);
    free(d->programs);
    free(d->folder);
    free(d->mark);
    return status;
}

/* --- options --- */

static int take(struct options *o, int c, const char *arg)
{
    switch (c) {
    case 'p':
        o->phone = arg;
        return 0;
    case 'P':
        if (o->param_count == MAX_PARAMS)
            return -1;
        o->params[o->param_count++] = arg;
        return 0;
    case OH_OPT_TRANSPORT:
        return oh_cli_transport(arg, &o->doctor.transport) ? 0 : -1;
    case 'o':
        o->doctor.out = arg;
        return 0;
    case 'k':
        o->doctor.keep = arg;
        return 0;
    case 'i':
        o->doctor.lan.interface = arg;
        return 0;
    case 'a':
        o->doctor.lan.address = arg;
        return 0;
    case 'A':
        o->doctor.lan.phone = arg;
        return 0;
    case 'n':
        o->doctor.no_capture = true;
        return 0;
    case OH_OPT_STRICT:
        return -1;
    default:
        return oh_cli_take(&o->doctor.common, c, arg) ? 0 : -1;
    }
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        {"phone", required_argument, NULL, 'p'},
        {"phone-param", required_argument, NULL, 'P'},
        {"transport", required_argument, NULL, OH_OPT_TRANSPORT},
        {"no-capture", no_argument, NULL, 'n'},
        {"output", required_argument, NULL, 'o'},
        {"keep", required_argument, NULL, 'k'},
        {"interface", required_argument, NULL, 'i'},
        {"address", required_argument, NULL, 'a'},
        {"phone-address", required_argument, NULL, 'A'},
        OH_CLI_COMMON_OPTIONS,
        {0},
    };
    struct options o = {.doctor.out = "offhook-out", .phone = "reference-phone"};
    int c;
    while ((c = getopt_long(argc, argv, ":p:o:h", longs, NULL)) != -1) {
        if (take(&o, c, optarg) != 0)
            return oh_cli_wrong_option(&oh_command_doctor, c, argv);
    }
    if (optind < argc)
        return oh_cli_usage(&oh_command_doctor, "'%s' is one too many", argv[optind]);
    return visit(&o);
}

const struct oh_command oh_command_doctor = {
    "doctor", run, "proves that phone and machine are fit, says what to do where not", help};
