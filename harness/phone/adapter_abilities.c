/* What a phone can do, which of it depends on what is installed, and what runs beside it. */
#include "phone/adapter_reader.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_ABILITIES = 32 };

#define BESIDE_MS 5000

static void add_ability(struct oh_adapter *a, const char *word)
{
    oh_grow(&a->abilities, a->ability_count, &a->ability_room, sizeof *a->abilities);
    a->abilities[a->ability_count++] = oh_strdup(word);
}

static void suggest_ability(struct oh_error *e, const char *word)
{
    const char *others[MOST_ABILITIES + 1] = {0};
    struct oh_text list = {0};
    for (int i = OH_VERBS; oh_ability_name(i) && i - OH_VERBS < MOST_ABILITIES; i++) {
        others[i - OH_VERBS] = oh_ability_name(i);
        oh_text_addf(&list, "%s%s", list.len ? ", " : "", oh_ability_name(i));
    }
    const char *near = oh_nearest_word(word, others);
    if (near)
        oh_error_remedy(e, "did you mean '%s'?", near);
    else
        oh_error_remedy(e, "known besides the verbs: %s", oh_text_str(&list));
    oh_text_release(&list);
}

/* Whether the word is an ability that can be named here. */
static bool is_other_ability(struct oh_yaml_reader *r, const struct oh_yaml_node *n,
                             const char *word)
{
    if (oh_verb_of(word) >= 0) {
        oh_error_remedy(oh_yaml_mistake(r->y, n, r->errors, "'%s' is a verb", word),
                        "a phone has the abilities that stand under 'verbs'; name here the others");
        return false;
    }
    if (oh_ability_index(word) >= 0)
        return true;
    suggest_ability(oh_yaml_mistake(r->y, n, r->errors, "unknown ability '%s'", word), word);
    return false;
}

/* --- abilities that need something --- */

struct condition {
    char *needs, *install;
};

static void read_needs(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    oh_adapter_read_text(r, n, &((struct condition *)target)->needs);
}

static void read_condition_install(struct oh_yaml_reader *r, const struct oh_yaml_node *n,
                                   void *target)
{
    oh_adapter_read_text(r, n, &((struct condition *)target)->install);
}

static const struct oh_yaml_field condition_fields[] = {
    {"needs", OH_YAML_SCALAR, true, read_needs,
     "a program, or the path of a file, without which the phone lacks the ability"},
    {"install", OH_YAML_SCALAR, false, read_condition_install, "how that is had"},
    {0},
};

/* A path, or a program in PATH. */
static bool is_there(const char *needed)
{
    struct oh_span path = oh_span_of(getenv("PATH"));
    if (strchr(needed, '/'))
        return oh_file_exists(needed);
    while (path.len) {
        size_t len = oh_span_find(path, ':');
        char *file = oh_format("%.*s/%s", (int)len, path.at, needed);
        bool found = access(file, X_OK) == 0 && !oh_file_is_folder(file);
        free(file);
        if (found)
            return true;
        path = oh_span_sub(path, len + 1, path.len);
    }
    return false;
}

bool oh_adapter_has_program(const struct oh_adapter *a, struct oh_error *e)
{
    const char *program = a->start.count ? a->start.at[0] : "";
    const struct oh_yaml_node *root = a->y ? oh_yaml_root(a->y) : NULL;
    if (!*program || strstr(program, "${") || is_there(program))
        return true;
    for (size_t i = 0; i < oh_yaml_count(root); i++)
        if (!strcmp(oh_yaml_scalar(oh_yaml_key(root, i)), "start"))
            oh_error_at(e, oh_yaml_file(a->y),
                        oh_yaml_place(a->y, oh_yaml_item(oh_yaml_value(root, i), 0)),
                        "there is no program '%s' here%s", program,
                        strchr(program, '/') ? "" : " (in PATH)");
    oh_error_remedy(e, "%s", a->install ? a->install : "install it, or correct 'start'");
    return false;
}

static void add_lack(struct oh_adapter *a, const char *ability, const struct condition *c)
{
    oh_grow(&a->lacks, a->lack_count, &a->lack_room, sizeof *a->lacks);
    a->lacks[a->lack_count++] =
        (struct oh_lack){.ability = oh_strdup(ability),
                         .why = oh_format("%s is not there%s%s", c->needs, c->install ? "; " : "",
                                          c->install ? c->install : "")};
}

static void read_condition(struct oh_yaml_reader *r, const struct oh_yaml_node *map,
                           struct oh_adapter *a)
{
    for (size_t i = 0; i < oh_yaml_count(map); i++) {
        const struct oh_yaml_node *key = oh_yaml_key(map, i), *value = oh_yaml_value(map, i);
        const char *word = oh_yaml_scalar(key);
        struct condition c = {0};
        if (!is_other_ability(r, key, word))
            continue;
        if (oh_yaml_kind(value) != OH_YAML_MAP) {
            oh_error_remedy(oh_yaml_mistake(r->y, key, r->errors, "what '%s' needs is a map", word),
                            "as in rtp: {needs: pulseaudio}");
            continue;
        }
        oh_yaml_read_map(r, value, "a condition", condition_fields, &c);
        if (c.needs && is_there(c.needs))
            add_ability(a, word);
        else if (c.needs)
            add_lack(a, word, &c);
        free(c.needs);
        free(c.install);
    }
}

void oh_adapter_read_abilities(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    for (size_t i = 0; i < oh_yaml_count(n); i++) {
        const struct oh_yaml_node *item = oh_yaml_item(n, i);
        const char *word = oh_yaml_kind(item) == OH_YAML_SCALAR ? oh_yaml_scalar(item) : "";
        if (oh_yaml_kind(item) == OH_YAML_MAP)
            read_condition(r, item, target);
        else if (is_other_ability(r, item, word))
            add_ability(target, word);
    }
}

void oh_adapter_order_abilities(struct oh_adapter *a)
{
    struct oh_adapter others = *a;
    a->abilities = NULL;
    a->ability_count = a->ability_room = 0;
    for (int v = 0; v < OH_VERBS; v++)
        if (a->verbs[v].given)
            add_ability(a, oh_verb_name((enum oh_verb)v));
    for (size_t i = 0; i < others.ability_count; i++) {
        add_ability(a, others.abilities[i]);
        free(others.abilities[i]);
    }
    free(others.abilities);
}

/* --- programs beside the phone --- */

static void read_beside_start(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_words *start = &((struct oh_beside *)target)->start;
    oh_adapter_read_words(r, n, "a word of 'start'", start);
    if (oh_yaml_count(n) == 0 || (start->count && !*start->at[0]))
        oh_yaml_mistake(r->y, n, r->errors, "'start' names no program");
}

static void read_beside_until(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    oh_adapter_read_text(r, n, &((struct oh_beside *)target)->until);
}

static void read_beside_for(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_beside *b = target;
    if (is_other_ability(r, n, oh_yaml_scalar(n)))
        b->for_ability = oh_strdup(oh_yaml_scalar(n));
}

static void read_beside_within(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    oh_adapter_read_duration(r, n, &((struct oh_beside *)target)->within_ms);
}

static const struct oh_yaml_field beside_fields[] = {
    {"start", OH_YAML_LIST, true, read_beside_start, "a list: the program and its arguments"},
    {"until", OH_YAML_SCALAR, false, read_beside_until,
     "the file that is there when it can be used"},
    {"within", OH_YAML_SCALAR, false, read_beside_within, "how long that may take, as in 5 s"},
    {"for", OH_YAML_SCALAR, false, read_beside_for, "the ability that it is there for"},
    {0},
};

void oh_adapter_read_beside(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_adapter *a = target;
    for (size_t i = 0; i < oh_yaml_count(n); i++) {
        const struct oh_yaml_node *item = oh_yaml_item(n, i);
        if (oh_yaml_kind(item) != OH_YAML_MAP) {
            oh_yaml_mistake(r->y, item, r->errors, "a program beside the phone is a map");
        } else if (a->beside_count == OH_ADAPTER_BESIDE) {
            oh_yaml_mistake(r->y, item, r->errors, "more than %d programs", OH_ADAPTER_BESIDE);
        } else {
            struct oh_beside *b = &a->beside[a->beside_count++];
            b->within_ms = BESIDE_MS;
            oh_yaml_read_map(r, item, "a program beside the phone", beside_fields, b);
        }
    }
}
