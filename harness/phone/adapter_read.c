/* An adapter file, read by table. */
#include "phone/adapter_reader.h"

#include <stdlib.h>
#include <string.h>

#define WITHIN_MS     5000
#define BY_HAND_MS    300000 /* a person's time */
#define STOP_MS       2000
#define KILL_AFTER_MS 1000

/* --- single values --- */

void oh_adapter_read_text(struct oh_yaml_reader *r, const struct oh_yaml_node *n, char **text)
{
    if (!*oh_yaml_scalar(n))
        oh_yaml_mistake(r->y, n, r->errors, "an empty text");
    *text = oh_strdup(oh_yaml_scalar(n));
}

void oh_adapter_read_duration(struct oh_yaml_reader *r, const struct oh_yaml_node *n, int64_t *ms)
{
    *ms = oh_duration_ms(oh_yaml_scalar(n));
    oh_yaml_tell_sort(r->y, OH_YAML_TIME, NULL);
    if (*ms <= 0)
        oh_error_remedy(oh_yaml_mistake(r->y, n, r->errors, "'%s' is no length of time",
                                        oh_yaml_scalar(n)),
                        "as in '500 ms' or '5 s'");
}

bool oh_adapter_read_bool(struct oh_yaml_reader *r, const struct oh_yaml_node *n)
{
    bool is_true = !strcmp(oh_yaml_scalar(n), "true");
    oh_yaml_tell_sort(r->y, OH_YAML_TRUTH, NULL);
    if (!oh_yaml_is_plain(n) || (!is_true && strcmp(oh_yaml_scalar(n), "false")))
        oh_yaml_mistake(r->y, n, r->errors, "'%s' is neither true nor false", oh_yaml_scalar(n));
    return is_true;
}

void oh_adapter_read_words(struct oh_yaml_reader *r, const struct oh_yaml_node *n, const char *what,
                           struct oh_words *words)
{
    bool is_list = oh_yaml_kind(n) == OH_YAML_LIST;
    for (size_t i = 0; i < (is_list ? oh_yaml_count(n) : 1); i++) {
        const struct oh_yaml_node *word = is_list ? oh_yaml_item(n, i) : n;
        if (oh_yaml_kind(word) != OH_YAML_SCALAR) {
            oh_yaml_mistake(r->y, word, r->errors, "%s is a text", what);
            continue;
        }
        oh_grow(&words->at, words->count, &words->room, sizeof *words->at);
        words->at[words->count++] = oh_strdup(oh_yaml_scalar(word));
    }
}

static void read_format(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    (void)target;
    if (strcmp(oh_yaml_scalar(n), "1") || !oh_yaml_is_plain(n))
        oh_error_remedy(oh_yaml_mistake(r->y, n, r->errors, "format '%s' is not known here",
                                        oh_yaml_scalar(n)),
                        "this program reads format: 1");
}

static void read_title(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    oh_adapter_read_text(r, n, &((struct oh_adapter *)target)->title);
}

static void read_profile(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    oh_adapter_read_text(r, n, &((struct oh_adapter *)target)->profile);
}

static void read_install(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    oh_adapter_read_text(r, n, &((struct oh_adapter *)target)->install);
}

static void read_reference(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    ((struct oh_adapter *)target)->is_reference = oh_adapter_read_bool(r, n);
}

static void read_anew(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    if (strcmp(oh_yaml_scalar(n), "after-register"))
        oh_error_remedy(oh_yaml_mistake(r->y, n, r->errors, "'%s' is not known here",
                                        oh_yaml_scalar(n)),
                        "there is: after-register");
    ((struct oh_adapter *)target)->anew_after_register = true;
}

static void read_version(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_adapter *a = target;
    char why[128];
    int trouble = regcomp(&a->version, oh_yaml_scalar(n), REG_EXTENDED | REG_NEWLINE);
    if (trouble) {
        regerror(trouble, &a->version, why, sizeof why);
        oh_yaml_mistake(r->y, n, r->errors, "this is no regular expression: %s", why);
        return;
    }
    a->has_version = true;
    if (a->version.re_nsub != 1)
        oh_error_remedy(oh_yaml_mistake(r->y, n, r->errors,
                                        "the expression has %s group that is the version",
                                        a->version.re_nsub ? "more than one" : "no"),
                        "as in 'baresip v([0-9.]+)'");
}

/* --- lists and maps of texts --- */

static void read_start(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_words *start = &((struct oh_adapter *)target)->start;
    oh_adapter_read_words(r, n, "a word of 'start'", start);
    if (oh_yaml_count(n) == 0 || (start->count && !*start->at[0]))
        oh_yaml_mistake(r->y, n, r->errors, "'start' names no program");
}

static void read_account_user(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    oh_adapter_read_text(r, n, &((struct oh_adapter *)target)->account_user);
}

static void read_account_password(struct oh_yaml_reader *r, const struct oh_yaml_node *n,
                                  void *target)
{
    oh_adapter_read_text(r, n, &((struct oh_adapter *)target)->account_password);
}

static const struct oh_yaml_field account_fields[] = {
    {"user", OH_YAML_SCALAR, false, read_account_user, "the user part of its address"},
    {"password", OH_YAML_SCALAR, false, read_account_password, "what it answers challenges with"},
    {0},
};

static void read_account(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    oh_yaml_read_map(r, n, "'account'", account_fields, target);
}

static void read_pairs(struct oh_yaml_reader *r, const struct oh_yaml_node *map, const char *what,
                       bool (*is_name)(const char *), struct oh_pair **pairs, size_t *count,
                       size_t *room)
{
    for (size_t i = 0; i < oh_yaml_count(map); i++) {
        const struct oh_yaml_node *key = oh_yaml_key(map, i), *value = oh_yaml_value(map, i);
        if (!is_name(oh_yaml_scalar(key)))
            oh_yaml_mistake(r->y, key, r->errors, "'%s' cannot be the name of %s",
                            oh_yaml_scalar(key), what);
        if (oh_yaml_kind(value) != OH_YAML_SCALAR || oh_yaml_is_null(value)) {
            oh_yaml_mistake(r->y, key, r->errors, "the value of %s is a text", what);
            continue;
        }
        oh_grow(pairs, *count, room, sizeof **pairs);
        (*pairs)[(*count)++] = (struct oh_pair){.name = oh_strdup(oh_yaml_scalar(key)),
                                                .value = oh_strdup(oh_yaml_scalar(value))};
    }
}

bool oh_adapter_is_word(const char *name)
{
    return *name && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name);
}

static bool is_file_name(const char *name)
{
    return *name && *name != '.' && !strchr(name, '/');
}

static bool is_variable(const char *name)
{
    return *name && !strchr(name, '=');
}

static void read_params(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_adapter *a = target;
    read_pairs(r, n, "a parameter", oh_adapter_is_word, &a->params, &a->param_count,
               &a->param_room);
}

static void read_files(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_adapter *a = target;
    read_pairs(r, n, "a file", is_file_name, &a->files, &a->file_count, &a->file_room);
}

static void read_environment(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_adapter *a = target;
    read_pairs(r, n, "a variable", is_variable, &a->environment, &a->environment_count,
               &a->environment_room);
}

static const struct oh_yaml_field fields[] = {
    {"format", OH_YAML_SCALAR, true, read_format, "1"},
    {"title", OH_YAML_SCALAR, true, read_title, "the name that people know the phone by"},
    {"reference", OH_YAML_SCALAR, false, read_reference, "true for offhook's own phone alone"},
    {"profile", OH_YAML_SCALAR, false, read_profile, "name of the profile that it is judged by"},
    {"install", OH_YAML_SCALAR, false, read_install, "how its program is installed"},
    {"abilities", OH_YAML_LIST, false, oh_adapter_read_abilities,
     "a list of what it can do besides its verbs"},
    {"beside", OH_YAML_LIST, false, oh_adapter_read_beside,
     "a list of programs that run beside it"},
    {"params", OH_YAML_MAP, false, read_params, "a map of names and what they are if not set"},
    {"files", OH_YAML_MAP, false, read_files, "a map of file names and contents"},
    {"start", OH_YAML_LIST, true, read_start, "a list: the program and its arguments"},
    {"account", OH_YAML_MAP, false, read_account,
     "a map: the account that the phone has already, and is not given"},
    {"environment", OH_YAML_MAP, false, read_environment, "a map of variables and values"},
    {"anew", OH_YAML_SCALAR, false, read_anew,
     "after-register: it is started anew for the scenario after one in which it was told to"},
    {"version", OH_YAML_SCALAR, false, read_version,
     "a regular expression; its group is the version in what the program prints"},
    {"drive", OH_YAML_MAP, true, oh_adapter_read_drive, "a map: how messages go to the phone"},
    {"ready", OH_YAML_MAP, false, oh_adapter_read_ready,
     "a map: how one knows that it can be driven"},
    {"keep", OH_YAML_MAP, false, oh_adapter_read_keep,
     "a map of values that it says and later commands need"},
    {"verbs", OH_YAML_MAP, true, oh_adapter_read_verbs, "a map of user actions"},
    {"events", OH_YAML_MAP, false, oh_adapter_read_events, "a map of what it says by itself"},
    {"stop", OH_YAML_MAP, false, oh_adapter_read_stop, "a map: how it is ended"},
    {0},
};

/* --- the whole --- */

void oh_adapter_observe(struct oh_span text, const struct oh_yaml_observer *o)
{
    struct oh_errors errors = {0};
    struct oh_yaml *y = oh_yaml_parse("", text, &errors);
    if (y) {
        struct oh_adapter *a = oh_alloc(sizeof *a);
        struct oh_yaml_reader r = {.y = y, .errors = &errors};
        a->y = y;
        oh_yaml_observe(y, o);
        oh_yaml_read_map(&r, oh_yaml_root(y), "the adapter", fields, a);
        oh_adapter_free(a);
    }
    oh_errors_release(&errors);
}

static const struct oh_yaml_node *value_of(const struct oh_yaml_node *map, const char *key)
{
    if (!map || oh_yaml_kind(map) != OH_YAML_MAP)
        return NULL;
    for (size_t i = 0; i < oh_yaml_count(map); i++)
        if (!strcmp(oh_yaml_scalar(oh_yaml_key(map, i)), key))
            return oh_yaml_value(map, i);
    return NULL;
}

/* What is driven by hand is not started. */
static void choose_fields(const struct oh_yaml *y, struct oh_yaml_field chosen[])
{
    const struct oh_yaml_node *with = value_of(value_of(oh_yaml_root(y), "drive"), "with");
    bool is_scalar = with && oh_yaml_kind(with) == OH_YAML_SCALAR;
    const struct oh_driver_ops *driver = is_scalar ? oh_driver_by_name(oh_yaml_scalar(with)) : NULL;
    memcpy(chosen, fields, sizeof fields);
    for (struct oh_yaml_field *f = chosen; f->key; f++)
        if (driver && driver->is_by_hand && !strcmp(f->key, "start"))
            f->required = false;
}

struct oh_adapter *oh_adapter_read(const char *name, const char *path, struct oh_errors *errors)
{
    size_t before = errors->count;
    struct oh_yaml *y = oh_yaml_load(path, errors);
    if (!y)
        return NULL;
    struct oh_adapter *a = oh_alloc(sizeof *a);
    struct oh_yaml_reader r = {.y = y, .errors = errors};
    struct oh_yaml_field chosen[sizeof fields / sizeof *fields];
    a->y = y;
    a->name = oh_strdup(name);
    choose_fields(y, chosen);
    for (int v = 0; v < OH_VERBS; v++)
        a->verbs[v].within_ms = 0;
    a->ready.within_ms = a->state.within_ms = WITHIN_MS;
    a->stop.within_ms = STOP_MS;
    a->stop.kill_after_ms = KILL_AFTER_MS;
    oh_yaml_read_map(&r, oh_yaml_root(y), "the adapter", chosen, a);
    for (int v = 0; v < OH_VERBS; v++)
        if (a->verbs[v].within_ms == 0)
            a->verbs[v].within_ms = oh_adapter_is_by_hand(a) ? BY_HAND_MS : WITHIN_MS;
    oh_adapter_check_texts(&r, a);
    oh_adapter_check_patterns(&r, a);
    if (errors->count > before) {
        oh_yaml_sort_mistakes(errors, before);
        oh_adapter_free(a);
        return NULL;
    }
    oh_adapter_order_abilities(a);
    return a;
}
