/* An adapter file, read by table. */
#include "phone/adapter.h"

#include <stdlib.h>
#include <string.h>

#define WITHIN_MS     5000
#define STOP_MS       2000
#define KILL_AFTER_MS 1000

/* --- single values --- */

static void read_text(struct oh_yaml_reader *r, const struct oh_yaml_node *n, char **text)
{
    if (!*oh_yaml_scalar(n))
        oh_yaml_mistake(r->y, n, r->errors, "an empty text");
    *text = oh_strdup(oh_yaml_scalar(n));
}

static void read_duration(struct oh_yaml_reader *r, const struct oh_yaml_node *n, int64_t *ms)
{
    *ms = oh_duration_ms(oh_yaml_scalar(n));
    if (*ms <= 0)
        oh_error_remedy(oh_yaml_mistake(r->y, n, r->errors, "'%s' is no length of time",
                                        oh_yaml_scalar(n)),
                        "as in '500 ms' or '5 s'");
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
    read_text(r, n, &((struct oh_adapter *)target)->title);
}

static void read_profile(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    read_text(r, n, &((struct oh_adapter *)target)->profile);
}

static void read_install(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    read_text(r, n, &((struct oh_adapter *)target)->install);
}

static void read_reference(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_adapter *a = target;
    a->is_reference = !strcmp(oh_yaml_scalar(n), "true");
    if (!oh_yaml_is_plain(n) || (!a->is_reference && strcmp(oh_yaml_scalar(n), "false")))
        oh_yaml_mistake(r->y, n, r->errors, "'%s' is neither true nor false", oh_yaml_scalar(n));
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

static const char *const other_abilities[] = {"rtp", NULL};

static void add_ability(struct oh_adapter *a, const char *word)
{
    oh_grow(&a->abilities, a->ability_count, &a->ability_room, sizeof *a->abilities);
    a->abilities[a->ability_count++] = oh_strdup(word);
}

static void read_ability(struct oh_yaml_reader *r, const struct oh_yaml_node *n,
                         struct oh_adapter *a)
{
    const char *word = oh_yaml_kind(n) == OH_YAML_SCALAR ? oh_yaml_scalar(n) : "";
    if (oh_verb_of(word) >= 0) {
        oh_error_remedy(oh_yaml_mistake(r->y, n, r->errors, "'%s' is a verb", word),
                        "a phone has the abilities that stand under 'verbs'; name here the others");
        return;
    }
    for (size_t i = 0; other_abilities[i]; i++) {
        if (!strcmp(other_abilities[i], word)) {
            add_ability(a, word);
            return;
        }
    }
    const char *near = oh_nearest_word(word, other_abilities);
    struct oh_error *e = oh_yaml_mistake(r->y, n, r->errors, "unknown ability '%s'", word);
    if (near)
        oh_error_remedy(e, "did you mean '%s'?", near);
    else
        oh_error_remedy(e, "known besides the verbs: rtp");
}

static void read_abilities(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    for (size_t i = 0; i < oh_yaml_count(n); i++)
        read_ability(r, oh_yaml_item(n, i), target);
}

static void read_start(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_adapter *a = target;
    if (oh_yaml_count(n) == 0)
        oh_yaml_mistake(r->y, n, r->errors, "'start' names no program");
    for (size_t i = 0; i < oh_yaml_count(n); i++) {
        const struct oh_yaml_node *word = oh_yaml_item(n, i);
        if (oh_yaml_kind(word) != OH_YAML_SCALAR || (i == 0 && !*oh_yaml_scalar(word))) {
            oh_yaml_mistake(r->y, word, r->errors, "a word of 'start' is a text");
            continue;
        }
        oh_grow(&a->start, a->start_count, &a->start_room, sizeof *a->start);
        a->start[a->start_count++] = oh_strdup(oh_yaml_scalar(word));
    }
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

static bool is_word(const char *name)
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
    read_pairs(r, n, "a parameter", is_word, &a->params, &a->param_count, &a->param_room);
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

/* --- drive --- */

static void read_with(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_adapter *a = target;
    struct oh_text words = {0};
    a->driver = oh_driver_by_name(oh_yaml_scalar(n));
    if (a->driver)
        return;
    for (const struct oh_driver_ops *const *d = oh_drivers(); *d; d++)
        oh_text_addf(&words, "%s%s", words.len ? ", " : "", (*d)->name);
    oh_error_remedy(oh_yaml_mistake(r->y, n, r->errors, "no way of driving is called '%s'",
                                    oh_yaml_scalar(n)),
                    "there are: %s", oh_text_str(&words));
    oh_text_release(&words);
}

static void read_connect(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_adapter *a = target;
    read_text(r, n, &a->connect);
    if (a->driver && a->driver->on_pipes)
        oh_yaml_mistake(r->y, n, r->errors, "'%s' goes over pipes and connects to nothing",
                        a->driver->name);
}

static void read_token(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    read_text(r, n, &((struct oh_adapter *)target)->token);
}

static void read_reason(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    read_text(r, n, &((struct oh_adapter *)target)->reason);
}

static void read_drive_event(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    read_text(r, n, &((struct oh_adapter *)target)->event);
}

static void read_drive_ok(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    (void)r;
    ((struct oh_adapter *)target)->ok = n;
}

static const struct oh_yaml_field drive_fields[] = {
    {"with", OH_YAML_SCALAR, true, read_with, "json-lines or tcp-netstring"},
    {"connect", OH_YAML_SCALAR, false, read_connect, "address and port that the phone listens on"},
    {"token", OH_YAML_SCALAR, false, read_token,
     "the field that a command bears and its answer repeats"},
    {"reason", OH_YAML_SCALAR, false, read_reason, "the field in which a refusal tells why"},
    {"event", OH_YAML_SCALAR, false, read_drive_event,
     "the field that names what the phone says by itself"},
    {"ok", OH_YAML_MAP, false, read_drive_ok, "what an answer has if the command was taken"},
    {0},
};

static void read_drive(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_adapter *a = target;
    size_t before = r->errors->count;
    oh_yaml_read_map(r, n, "'drive'", drive_fields, a);
    if (a->driver && !a->driver->on_pipes && !a->connect && r->errors->count == before)
        oh_error_remedy(oh_yaml_mistake(r->y, n, r->errors, "'%s' needs 'connect'",
                                        a->driver->name),
                        "as in connect: ${phone.address}:${free-port.control}");
}

/* --- commands --- */

static void read_send(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_command *c = target;
    bool is_list = oh_yaml_kind(n) == OH_YAML_LIST;
    c->send = n;
    if (is_list && oh_yaml_count(n) == 0)
        oh_yaml_mistake(r->y, n, r->errors, "'send' sends nothing");
    for (size_t i = 0; is_list && i < oh_yaml_count(n); i++) {
        if (oh_yaml_kind(oh_yaml_item(n, i)) != OH_YAML_MAP)
            oh_yaml_mistake(r->y, oh_yaml_item(n, i), r->errors, "a message is a map");
    }
}

static void read_ok(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    (void)r;
    ((struct oh_command *)target)->ok = n;
}

static void read_refused(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    (void)r;
    ((struct oh_command *)target)->refused = n;
}

static void read_event(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    (void)r;
    ((struct oh_command *)target)->event = n;
}

static void read_within(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    read_duration(r, n, &((struct oh_command *)target)->within_ms);
}

static void read_kill_after(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    read_duration(r, n, &((struct oh_command *)target)->kill_after_ms);
}

static const char sent[] = "the message to the phone, a map; several: a list";
static const char length[] = "a length of time, as in 5 s";

static const struct oh_yaml_field verb_fields[] = {
    {"send", OH_YAML_MAP | OH_YAML_LIST, true, read_send, sent},
    {"ok", OH_YAML_MAP, false, read_ok, "what the answer has if the phone took the action"},
    {"refused", OH_YAML_MAP, false, read_refused, "what the answer has if it did not"},
    {"within", OH_YAML_SCALAR, false, read_within, length},
    {0},
};

static const struct oh_yaml_field ready_fields[] = {
    {"event", OH_YAML_MAP, false, read_event, "what the phone says when it is ready"},
    {"send", OH_YAML_MAP, false, read_send, "what it is asked until the answer fits 'ok'"},
    {"ok", OH_YAML_MAP, false, read_ok, "what the answer has if it is ready"},
    {"within", OH_YAML_SCALAR, false, read_within, length},
    {0},
};

static const struct oh_yaml_field stop_fields[] = {
    {"send", OH_YAML_MAP | OH_YAML_LIST, false, read_send, sent},
    {"within", OH_YAML_SCALAR, false, read_within, length},
    {"kill-after", OH_YAML_SCALAR, false, read_kill_after, length},
    {0},
};

static void read_ready(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_command *c = &((struct oh_adapter *)target)->ready;
    oh_yaml_read_map(r, n, "'ready'", ready_fields, c);
    c->given = true;
    if (c->send && c->event)
        oh_yaml_mistake(r->y, n, r->errors, "'ready' has 'event' and 'send', where one is wanted");
}

static void read_stop(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_command *c = &((struct oh_adapter *)target)->stop;
    oh_yaml_read_map(r, n, "'stop'", stop_fields, c);
    c->given = true;
}

static void read_verb(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_command *c = target;
    c->given = true;
    oh_yaml_read_map(r, n, "a verb", verb_fields, c);
}

static void tell_unknown_verb(struct oh_yaml_reader *r, const struct oh_yaml_node *key)
{
    const char *words[OH_VERBS + 1] = {0};
    struct oh_text list = {0};
    for (int v = 0; v < OH_VERBS; v++) {
        words[v] = oh_verb_name((enum oh_verb)v);
        oh_text_addf(&list, "%s%s", v ? ", " : "", words[v]);
    }
    struct oh_error *e =
        oh_yaml_mistake(r->y, key, r->errors, "no verb is called '%s'", oh_yaml_scalar(key));
    const char *near = oh_nearest_word(oh_yaml_scalar(key), words);
    if (near)
        oh_error_remedy(e, "did you mean '%s'?", near);
    else
        oh_error_remedy(e, "there are: %s", oh_text_str(&list));
    oh_text_release(&list);
}

static void read_verbs(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_adapter *a = target;
    for (size_t i = 0; i < oh_yaml_count(n); i++) {
        const struct oh_yaml_node *key = oh_yaml_key(n, i);
        int verb = oh_verb_of(oh_yaml_scalar(key));
        if (verb < 0) {
            tell_unknown_verb(r, key);
            continue;
        }
        read_verb(r, oh_yaml_value(n, i), &a->verbs[verb]);
        if (a->verbs[verb].send && !a->verbs[verb].ok && !a->ok)
            oh_error_remedy(oh_yaml_mistake(r->y, key, r->errors,
                                            "nothing says how '%s' is confirmed",
                                            oh_yaml_scalar(key)),
                            "add 'ok' to it, or to 'drive' for all");
    }
}

static void read_registered(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    (void)r;
    ((struct oh_adapter *)target)->registered = n;
}

static const struct oh_yaml_field event_fields[] = {
    {"registered", OH_YAML_MAP, false, read_registered,
     "what the phone says when it is registered"},
    {0},
};

static void read_events(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    oh_yaml_read_map(r, n, "'events'", event_fields, target);
}

static const struct oh_yaml_field fields[] = {
    {"format", OH_YAML_SCALAR, true, read_format, "1"},
    {"title", OH_YAML_SCALAR, true, read_title, "the name that people know the phone by"},
    {"reference", OH_YAML_SCALAR, false, read_reference, "true for offhook's own phone alone"},
    {"profile", OH_YAML_SCALAR, false, read_profile, "name of the profile that it is judged by"},
    {"install", OH_YAML_SCALAR, false, read_install, "how its program is installed"},
    {"abilities", OH_YAML_LIST, false, read_abilities,
     "a list of what it can do besides its verbs"},
    {"params", OH_YAML_MAP, false, read_params, "a map of names and what they are if not set"},
    {"files", OH_YAML_MAP, false, read_files, "a map of file names and contents"},
    {"start", OH_YAML_LIST, true, read_start, "a list: the program and its arguments"},
    {"environment", OH_YAML_MAP, false, read_environment, "a map of variables and values"},
    {"version", OH_YAML_SCALAR, false, read_version,
     "a regular expression; its group is the version in what the program prints"},
    {"drive", OH_YAML_MAP, true, read_drive, "a map: how messages go to the phone"},
    {"ready", OH_YAML_MAP, false, read_ready, "a map: how one knows that it can be driven"},
    {"verbs", OH_YAML_MAP, true, read_verbs, "a map of user actions"},
    {"events", OH_YAML_MAP, false, read_events, "a map of what it says by itself"},
    {"stop", OH_YAML_MAP, false, read_stop, "a map: how it is ended"},
    {0},
};

/* --- the whole --- */

struct oh_adapter *oh_adapter_read(const char *name, const char *path, struct oh_errors *errors)
{
    size_t before = errors->count;
    struct oh_yaml *y = oh_yaml_load(path, errors);
    if (!y)
        return NULL;
    struct oh_adapter *a = oh_alloc(sizeof *a);
    struct oh_yaml_reader r = {.y = y, .errors = errors};
    a->y = y;
    a->name = oh_strdup(name);
    for (int v = 0; v < OH_VERBS; v++)
        a->verbs[v].within_ms = WITHIN_MS;
    a->ready.within_ms = WITHIN_MS;
    a->stop.within_ms = STOP_MS;
    a->stop.kill_after_ms = KILL_AFTER_MS;
    oh_yaml_read_map(&r, oh_yaml_root(y), "the adapter", fields, a);
    oh_adapter_check_texts(&r, a);
    if (errors->count > before) {
        oh_yaml_sort_mistakes(errors, before);
        oh_adapter_free(a);
        return NULL;
    }
    struct oh_adapter ordered = *a; /* verbs first among the abilities */
    a->abilities = NULL;
    a->ability_count = a->ability_room = 0;
    for (int v = 0; v < OH_VERBS; v++)
        if (a->verbs[v].given)
            add_ability(a, oh_verb_name((enum oh_verb)v));
    for (size_t i = 0; i < ordered.ability_count; i++) {
        add_ability(a, ordered.abilities[i]);
        free(ordered.abilities[i]);
    }
    free(ordered.abilities);
    return a;
}
