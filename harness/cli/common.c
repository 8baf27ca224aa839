#include "cli/cli.h"

#include "base/file.h"
#include "judge/judge.h"
#include "judge/profile.h"
#include "scenario/yaml.h"

#include <errno.h>
#include <langinfo.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

int oh_cli_fail(const struct oh_error *e, int status)
{
    struct oh_text text = {0};
    oh_error_format(e, &text);
    fprintf(stderr, "%s%s", *e->file ? "" : "offhook: ", oh_text_str(&text));
    oh_text_release(&text);
    return status;
}

int oh_cli_fails(const struct oh_errors *list, int status)
{
    for (size_t i = 0; i < list->count; i++)
        oh_cli_fail(&list->items[i], status);
    return status;
}

int oh_cli_usage(const struct oh_command *c, const char *format, ...)
{
    va_list args;
    fprintf(stderr, "offhook %s: ", c->name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "; see 'offhook %s --help'\n", c->name);
    return OH_EXIT_USAGE;
}

bool oh_cli_take(struct oh_cli_common *o, int val, const char *arg)
{
    switch (val) {
    case OH_OPT_JSON:
        o->json = true;
        return true;
    case OH_OPT_VERBOSE:
        o->verbose = true;
        return true;
    case OH_OPT_STRICT:
        o->strict = true;
        return true;
    case OH_OPT_COLOR:
        o->color = arg;
        return strcmp(arg, "auto") == 0 || strcmp(arg, "always") == 0 || strcmp(arg, "never") == 0;
    default:
        return false;
    }
}

/* The word of the command line that holds the option; a short one may stand among others. */
static char *option_word(char *const *argv)
{
    if (optopt > 0 && optopt < OH_OPT_JSON && strncmp(argv[optind - 1], "--", 2) != 0)
        return oh_format("-%c", optopt);
    return oh_strdup(argv[optind - 1]);
}

bool oh_cli_transport(const char *word, enum oh_transport *out)
{
    static const enum oh_transport known[] = {OH_TRANSPORT_UDP, OH_TRANSPORT_TCP};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(word, oh_transport_name(known[i])) != 0)
            continue;
        *out = known[i];
        return true;
    }
    return false;
}

int oh_cli_wrong_option(const struct oh_command *c, int val, char *const *argv)
{
    if (val == OH_OPT_COLOR)
        return oh_cli_usage(c, "--color has no '%s': auto, always or never", optarg);
    if (val == OH_OPT_TRANSPORT)
        return oh_cli_usage(c, "--transport has no '%s': udp or tcp", optarg);
    if (val != ':' && val != '?')
        return oh_cli_usage(c, "'%s' is one too many", optarg);
    char *word = option_word(argv);
    size_t name_len = strcspn(word, "=");
    if (val == ':')
        oh_cli_usage(c, "%s wants a value", word);
    else if (optopt >= OH_OPT_JSON && word[name_len])
        oh_cli_usage(c, "%.*s takes no value", (int)name_len, word);
    else
        oh_cli_usage(c, "there is no option '%.*s'", (int)name_len, word);
    free(word);
    return OH_EXIT_USAGE;
}

int oh_cli_check_profile(const char *name, struct oh_error *e)
{
    const char *names[8] = {NULL};
    struct oh_text list = {0};
    if (!name || oh_profile_of(name))
        return 0;
    for (size_t i = 0; oh_profiles()[i] && i < sizeof names / sizeof *names - 1; i++) {
        names[i] = oh_profiles()[i]->name;
        oh_text_addf(&list, "%s%s", i ? ", " : "", names[i]);
    }
    const char *near = oh_nearest_word(name, names);
    oh_error_set(e, "there is no profile '%s'", name);
    oh_error_remedy(e, near ? "did you mean '%s'?" : "there is: %s",
                    near ? near : oh_text_str(&list));
    oh_text_release(&list);
    return -1;
}

struct oh_report_style oh_cli_style(const struct oh_cli_common *o, int fd)
{
    struct winsize size;
    struct oh_report_style style = {.verbose = o->verbose};
    bool terminal = isatty(fd) != 0;
    const char *color = o->color ? o->color : "auto";
    const char *no_color = getenv("NO_COLOR");
    style.color = strcmp(color, "always") == 0 ||
                  (strcmp(color, "auto") == 0 && terminal && (!no_color || !*no_color));
    style.unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    if (terminal && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        style.width = size.ws_col;
    return style;
}

/* --- lists --- */

#define LEAST_ROOM 36

/* Columns of the terminal; 0: it is none. */
static size_t terminal_width(void)
{
    struct winsize size;
    bool known = isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
    return known ? size.ws_col : 0;
}

/* Length of UTF-8 in characters. */
static size_t columns_of(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

void oh_cli_row(const char *head, size_t indent, const char *text)
{
    size_t width = terminal_width(), at = columns_of(head);
    bool narrow = width > 0 && width < indent + LEAST_ROOM;
    char *copy = oh_strdup(text), *rest = NULL;
    bool fresh = true;
    size_t left = narrow ? 4 : indent;
    if (narrow && at > 0) {
        struct oh_span trimmed = oh_span_trim(oh_span_of(head));
        printf("%.*s\n%*s", OH_SPAN_FMT(trimmed), (int)left, "");
        at = left;
    } else {
        int gap = at < left ? (int)(left - at) : (at > 0);
        printf("%s%*s", head, gap, "");
        at += (size_t)gap;
    }
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        size_t columns = columns_of(word);
        if (!fresh && width > 0 && at + 1 + columns > width) {
            printf("\n%*s", (int)left, "");
            at = left;
            fresh = true;
        }
        printf("%s%s", fresh ? "" : " ", word);
        at += columns + !fresh;
        fresh = false;
    }
    putchar('\n');
    free(copy);
}

/* --- where things lie --- */

char *oh_cli_program_folder(void)
{
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);
    if (len <= 0)
        return oh_strdup(".");
    path[len] = '\0';
    *strrchr(path, '/') = '\0';
    return oh_strdup(path);
}

/* Below the working folder; beside the build folder in a source tree; where it was installed to. */
static const char *const data_places[] = {"", "%s/../", "%s/../share/offhook/"};

static char *data_place(size_t i, const char *programs, const char *name)
{
    struct oh_text path = {0};
    const char *mark = strstr(data_places[i], "%s");
    oh_text_addf(&path, "%s%s%s", mark ? programs : "", mark ? mark + 2 : data_places[i], name);
    return oh_text_take(&path);
}

char *oh_cli_data(const char *name)
{
    char *programs = oh_cli_program_folder(), *found = NULL;
    for (size_t i = 0; i < sizeof data_places / sizeof *data_places; i++) {
        char *path = data_place(i, programs, name);
        if (!found && oh_file_is_folder(path))
            found = path;
        else
            free(path);
    }
    free(programs);
    return found ? found : oh_strdup(name);
}

/* Two ways to the same folder, as where the working folder is the source tree. */
static bool is_same_folder(const char *a, const char *b)
{
    char *x = realpath(a, NULL), *y = realpath(b, NULL);
    bool same = x && y && strcmp(x, y) == 0;
    free(x);
    free(y);
    return same;
}

char *oh_cli_adapter_path(void)
{
    enum { PLACES = sizeof data_places / sizeof *data_places };
    char *programs = oh_cli_program_folder(), *paths[PLACES];
    struct oh_text list = {0};
    for (size_t i = 0; i < PLACES; i++) {
        bool known = false;
        paths[i] = data_place(i, programs, "dut-adapters");
        for (size_t k = 0; k < i && !known; k++)
            known = is_same_folder(paths[i], paths[k]);
        if (!known)
            oh_text_addf(&list, "%s%s", i > 0 ? ":" : "", paths[i]);
    }
    for (size_t i = 0; i < PLACES; i++)
        free(paths[i]);
    free(programs);
    return oh_text_take(&list);
}

/* --- judging a folder --- */

static void show_scenario(const struct oh_report *report, const struct oh_cli_common *o,
                          const struct oh_baseline *baseline)
{
    struct oh_report_style style = oh_cli_style(o, STDOUT_FILENO);
    struct oh_text text = {0};
    json_t *marked = oh_baseline_scenario(baseline, oh_report_last(report));
    oh_report_scenario_text(marked, &style, &text);
    printf("%s\n", oh_text_str(&text));
    fflush(stdout);
    json_decref(marked);
    oh_text_release(&text);
}

/* What is wrong in a recording is told with the recording's name. */
static int bad_recording(const char *folder, struct oh_error *e)
{
    struct oh_error told = *e;
    if (!strstr(told.text, folder))
        oh_error_set(e, "%s/run.json: %s", folder, told.text);
    snprintf(e->remedy, sizeof e->remedy, "%s", told.remedy);
    return -1;
}

int oh_cli_judge_folder(struct oh_report *report, const char *folder, const char *relative,
                        const struct oh_cli_common *o, const struct oh_baseline *baseline,
                        struct oh_error *e)
{
    struct oh_judge_options options = {.strict = o->strict};
    struct oh_recording *recording = oh_recording_read(folder, e);
    if (!recording)
        return bad_recording(folder, e);
    struct oh_verdict *verdict = oh_judge(recording, &options);
    oh_report_add(report, verdict, relative);
    if (!o->json)
        show_scenario(report, o, baseline);
    oh_verdict_free(verdict);
    oh_recording_free(recording);
    return 0;
}

/* --- other forms of a report --- */

const struct oh_report_format *oh_cli_form(const char *name)
{
    const struct oh_report_format *const *all = oh_report_formats();
    for (size_t i = 0; all[i]; i++) {
        if (strcmp(all[i]->name, name) == 0)
            return all[i];
    }
    return NULL;
}

int oh_cli_prepare_form(const char *path, struct oh_error *e)
{
    int result = 0;
    if (!path)
        return 0;
    const char *slash = strrchr(path, '/');
    char *folder =
        slash ? oh_span_dup((struct oh_span){path, (size_t)(slash - path) + 1}) : oh_strdup(".");
    struct stat st;
    bool is_file = lstat(path, &st) != 0 || S_ISREG(st.st_mode) || S_ISDIR(st.st_mode);
    if (!is_file) /* /dev/stdout, a pipe, a link: nothing of it is older */
        result = 0;
    else if (oh_file_mkdirs(folder, e) != 0)
        result = -1;
    else if (access(folder, W_OK) != 0)
        result = oh_error_set(e, "%s cannot be written: %s", path, strerror(errno));
    else if (unlink(path) != 0 && errno != ENOENT)
        result = oh_error_set(e, "%s cannot be written anew: %s", path, strerror(errno));
    free(folder);
    return result;
}

int oh_cli_write_form(const json_t *report, const char *form, const char *path, struct oh_error *e)
{
    struct oh_report_style style = {.unicode = true};
    struct oh_text text = {0};
    oh_cli_form(form)->write(report, &style, &text);
    int result = oh_file_write(path, oh_text_span(&text), 0644, e);
    oh_text_release(&text);
    return result;
}

void oh_cli_print_end(const json_t *report, const struct oh_cli_common *o)
{
    if (o->json) {
        json_dumpf(report, stdout, JSON_INDENT(2));
        putchar('\n');
        return;
    }
    struct oh_report_style style = oh_cli_style(o, STDOUT_FILENO);
    struct oh_text text = {0};
    oh_report_summary_text(report, &style, &text);
    fputs(oh_text_str(&text), stdout);
    oh_text_release(&text);
}
