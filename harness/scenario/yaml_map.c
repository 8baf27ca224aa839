#include "scenario/yaml_tree.h"

#include <stdlib.h>
#include <string.h>

static const char *kind_name(enum oh_yaml_kind kind)
{
    return kind == OH_YAML_SCALAR ? "a single value" : kind == OH_YAML_LIST ? "a list" : "a map";
}

static const char *kinds_name(unsigned kinds)
{
    static const char *const names[] = {
        [OH_YAML_SCALAR] = "a single value",
        [OH_YAML_LIST] = "a list",
        [OH_YAML_SCALAR | OH_YAML_LIST] = "a single value or a list",
        [OH_YAML_MAP] = "a map",
        [OH_YAML_SCALAR | OH_YAML_MAP] = "a single value or a map",
        [OH_YAML_LIST | OH_YAML_MAP] = "a list or a map",
        [OH_YAML_SCALAR | OH_YAML_LIST | OH_YAML_MAP] = "a single value, a list or a map",
    };
    return kinds < sizeof names / sizeof *names && names[kinds] ? names[kinds] : "a value";
}

static const char *nearest_key(const struct oh_yaml_field *fields, const char *word)
{
    const char *words[64] = {0};
    for (size_t i = 0; fields[i].key && i < 63; i++)
        words[i] = fields[i].key;
    return oh_nearest_word(word, words);
}

/* "did you mean", or the keys that there are. */
static void suggest_key(const struct oh_yaml_field *fields, const char *word, struct oh_error *e)
{
    const char *near = nearest_key(fields, word);
    if (near) {
        oh_error_remedy(e, "did you mean '%s'?", near);
        return;
    }
    struct oh_text list = {0};
    for (size_t i = 0; fields[i].key; i++)
        oh_text_addf(&list, "%s%s", i ? ", " : "", fields[i].key);
    oh_error_remedy(e, "the keys there are: %s", oh_text_str(&list));
    oh_text_release(&list);
}

/* Does a misspelt key stand for this one? Then it is not missing. */
static bool is_misspelt(const struct oh_yaml_node *map, size_t skip,
                        const struct oh_yaml_field *fields, const char *key)
{
    for (size_t i = skip; i < oh_yaml_count(map); i++) {
        const char *near = nearest_key(fields, oh_yaml_scalar(oh_yaml_key(map, i)));
        if (near && !strcmp(near, key))
            return true;
    }
    return false;
}

static void tell_unknown_keys(struct oh_yaml_reader *r, const struct oh_yaml_node *map, size_t skip,
                              const char *what, const struct oh_yaml_field *fields)
{
    for (size_t i = skip; i < oh_yaml_count(map); i++) {
        const char *key = oh_yaml_scalar(oh_yaml_key(map, i));
        const struct oh_yaml_field *field = fields;
        while (field->key && strcmp(field->key, key))
            field++;
        if (field->key)
            continue;
        struct oh_error *e = oh_yaml_mistake(r->y, oh_yaml_key(map, i), r->errors,
                                             "unknown key '%s' in %s", key, what);
        suggest_key(fields, key, e);
    }
}

static void read_field(struct oh_yaml_reader *r, const struct oh_yaml_node *key,
                       const struct oh_yaml_node *value, const struct oh_yaml_field *field,
                       void *target)
{
    if (oh_yaml_is_null(value)) {
        struct oh_error *e = oh_yaml_mistake(r->y, key, r->errors, "'%s' has no value", field->key);
        if (!oh_yaml_blame_comment(r->y, oh_yaml_place(r->y, key), e))
            oh_error_remedy(e, "wanted: %s", field->meaning);
    } else if (!(field->kinds & (unsigned)oh_yaml_kind(value))) {
        struct oh_error *e =
            oh_yaml_mistake(r->y, value, r->errors, "'%s' is %s, where %s is wanted", field->key,
                            kind_name(oh_yaml_kind(value)), kinds_name(field->kinds));
        oh_error_remedy(e, "wanted: %s", field->meaning);
    } else {
        const struct oh_yaml_observer *o = r->y->observer;
        if (o && o->begin)
            o->begin(o->arg, field);
        field->read(r, value, target);
        if (o && o->end)
            o->end(o->arg, field);
    }
}

void oh_yaml_read_rest(struct oh_yaml_reader *r, const struct oh_yaml_node *map, size_t skip,
                       const char *what, const struct oh_yaml_field *fields, void *target)
{
    if (oh_yaml_kind(map) != OH_YAML_MAP) {
        oh_yaml_mistake(r->y, map, r->errors, "%s is %s, where a map is wanted", what,
                        kind_name(oh_yaml_kind(map)));
        return;
    }
    if (r->y->observer && r->y->observer->table)
        r->y->observer->table(r->y->observer->arg, what, fields);
    tell_unknown_keys(r, map, skip, what, fields);
    for (const struct oh_yaml_field *field = fields; field->key; field++) {
        size_t i = skip;
        while (i < oh_yaml_count(map) && strcmp(oh_yaml_scalar(oh_yaml_key(map, i)), field->key))
            i++;
        if (i < oh_yaml_count(map)) {
            read_field(r, oh_yaml_key(map, i), oh_yaml_value(map, i), field, target);
        } else if (field->required && !is_misspelt(map, skip, fields, field->key)) {
            struct oh_error *e =
                oh_yaml_mistake(r->y, map, r->errors, "%s has no '%s'", what, field->key);
            oh_error_remedy(e, "add '%s': %s", field->key, field->meaning);
        }
    }
}

void oh_yaml_read_map(struct oh_yaml_reader *r, const struct oh_yaml_node *map, const char *what,
                      const struct oh_yaml_field *fields, void *target)
{
    oh_yaml_read_rest(r, map, 0, what, fields, target);
}

enum { LONGEST_WORD = 48 };

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edits between two words, case-blind: a letter put in, left out, changed, or two neighbours
 * swapped. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t rows[3][LONGEST_WORD + 1];
    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            char x = lower(a[i - 1]), y = lower(b[j - 1]);
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == lower(b[j - 2]) && lower(a[i - 2]) == y)
                row[j] = least(row[j], two_above[j - 2] + 1);
        }
    }
    return rows[a_len % 3][b_len];
}

const char *oh_nearest_word(const char *word, const char *const *words)
{
    const char *nearest = NULL;
    size_t len = strlen(word);
    size_t best = len <= 2 ? 1 : len <= 5 ? 2 : len <= 9 ? 3 : 4; /* must stay below */
    if (len == 0 || len > LONGEST_WORD)
        return NULL;
    for (; *words; words++) {
        size_t other = strlen(*words);
        if (other > LONGEST_WORD)
            continue;
        size_t d = distance(word, len, *words, other);
        if (d < best) {
            best = d;
            nearest = *words;
        }
    }
    return nearest;
}
