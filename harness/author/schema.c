#include "author/schema_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_TABLES = 64 };

struct making {
    const struct oh_schema_plan *plan;
    oh_schema_read_fn *read;
    json_t *defs;
    const struct oh_yaml_field *tables[MOST_TABLES];
    char *names[MOST_TABLES]; /* of their definitions */
    size_t table_count;
    /* of the document being read */
    const struct oh_yaml_field *asked; /* the field that is looked at */
    bool within;                       /* it is being read */
    const struct oh_yaml_field *last; /* the table that was met last; within the field, the first */
    const char *last_what;
    bool sorted;
    enum oh_yaml_sort sort;
    json_t *words; /* strings, or NULL */
};

/* --- what the reader tells --- */

static void saw_table(void *arg, const char *what, const struct oh_yaml_field *fields)
{
    struct making *k = arg;
    if (k->asked && (!k->within || k->last))
        return;
    k->last = fields;
    k->last_what = what;
}

static void saw_begin(void *arg, const struct oh_yaml_field *field)
{
    struct making *k = arg;
    k->within = k->within || field == k->asked;
}

static void saw_end(void *arg, const struct oh_yaml_field *field)
{
    struct making *k = arg;
    k->within = k->within && field != k->asked;
}

static void saw_value(void *arg, enum oh_yaml_sort sort, const char *const *words)
{
    struct making *k = arg;
    if (!k->within || k->sorted)
        return;
    k->sorted = true;
    k->sort = sort;
    if (sort != OH_YAML_WORD)
        return;
    k->words = json_array();
    for (; *words; words++)
        json_array_append_new(k->words, json_string(*words));
}

/* Reads "OPEN KEY: VALUE CLOSE"; without a field "OPEN CLOSE". */
static void ask(struct making *k, const struct oh_schema_way *way,
                const struct oh_yaml_field *field, const char *value)
{
    struct oh_yaml_observer o = {
        .table = saw_table, .begin = saw_begin, .end = saw_end, .value = saw_value, .arg = k};
    struct oh_text text = {0};
    json_decref(k->words);
    k->words = NULL;
    k->last = NULL;
    k->sorted = k->within = false;
    k->asked = field;
    oh_text_add(&text, way->open);
    if (field)
        oh_text_addf(&text, "\"%s\": %s", field->key, value);
    oh_text_add(&text, way->close);
    k->read(oh_text_span(&text), &o);
    oh_text_release(&text);
}

/* --- single values --- */

static json_t *of_json(const char *text)
{
    json_t *j = json_loads(text, JSON_DECODE_ANY, NULL);
    assert(j);
    return j;
}

/* A word as YAML has it where it stands without quotes: 401, true, "strict". */
static json_t *as_plain(const char *word)
{
    uint64_t number;
    if (oh_span_to_u64(oh_span_of(word), &number))
        return json_integer((json_int_t)number);
    if (!strcmp(word, "true") || !strcmp(word, "false"))
        return json_boolean(!strcmp(word, "true"));
    return json_string(word);
}

/* In quotes a word is the same to the reader. */
static void add_words(const json_t *words, json_t *variants)
{
    json_t *plain = json_array(), *word;
    struct oh_text pattern = {0};
    size_t i;
    bool all_text = true;
    json_array_foreach(words, i, word)
    {
        json_t *value = as_plain(json_string_value(word));
        all_text = all_text && json_is_string(value);
        json_array_append_new(plain, value);
        oh_text_addf(&pattern, "%s%s", i ? "|" : "^(", json_string_value(word));
    }
    oh_text_add(&pattern, ")$");
    json_array_append_new(variants, json_pack("{s:o}", "enum", plain));
    if (!all_text)
        json_array_append_new(variants, json_pack("{s:s, s:s}", "type", "string", "pattern",
                                                  oh_text_str(&pattern)));
    oh_text_release(&pattern);
}

static void add_scalar(struct making *k, json_t *variants)
{
    static const char *const refs[] = {
        [OH_YAML_TIME] = "#/$defs/time", [OH_YAML_SECONDS] = "#/$defs/seconds"};
    if (!k->sorted)
        json_array_append_new(variants, json_pack("{s:s}", "$ref", "#/$defs/text"));
    else if (k->sort == OH_YAML_WORD)
        add_words(k->words, variants);
    else if (k->sort == OH_YAML_TRUTH)
        json_array_append_new(variants, json_pack("{s:s}", "type", "boolean"));
    else
        json_array_append_new(variants, json_pack("{s:s}", "$ref", refs[k->sort]));
    if (k->sorted && k->plan->has_params)
        json_array_append_new(variants, json_pack("{s:s}", "$ref", "#/$defs/parameter"));
}

/* --- maps by table --- */

/* "a challenge" -> "challenge", "'drive'" -> "drive". */
static char *slug_of(const char *what)
{
    static const char *const articles[] = {"a ", "an ", "the "};
    struct oh_text slug = {0};
    for (size_t i = 0; i < sizeof articles / sizeof *articles; i++) {
        if (!strncmp(what, articles[i], strlen(articles[i]))) {
            what += strlen(articles[i]);
            break;
        }
    }
    for (; *what; what++) {
        if (*what != '\'')
            oh_text_add_char(&slug, *what == ' ' ? '-' : *what);
    }
    return oh_text_take(&slug);
}

static const char *define(struct making *k, const struct oh_schema_way *way,
                          const struct oh_yaml_field *fields, const char *what);

static json_t *ref_to(const char *name)
{
    return json_pack("{s:s+}", "$ref", "#/$defs/", name);
}

/* The table that is read where the field's value is `value`: {} or [{}]. */
static json_t *nested(struct making *k, const struct oh_schema_way *way,
                      const struct oh_yaml_field *field, const char *value)
{
    ask(k, way, field, value);
    if (!k->last)
        return NULL;
    const struct oh_yaml_field *fields = k->last;
    const char *what = k->last_what;
    bool in_list = *value == '[';
    char *open = oh_format("%s\"%s\": %s", way->open, field->key, in_list ? "[{" : "{");
    char *close = oh_format("%s%s", in_list ? "}]" : "}", way->close);
    const char *name = define(k, &(struct oh_schema_way){open, close}, fields, what);
    free(open);
    free(close);
    return ref_to(name);
}

static void add_map(struct making *k, const struct oh_schema_way *way,
                    const struct oh_yaml_field *field, json_t *variants)
{
    json_t *map = nested(k, way, field, "{}");
    json_array_append_new(variants, map ? map : json_pack("{s:s}", "type", "object"));
}

static void add_list(struct making *k, const struct oh_schema_way *way,
                     const struct oh_yaml_field *field, json_t *variants)
{
    json_t *items = nested(k, way, field, "[{}]");
    json_t *list = json_pack("{s:s}", "type", "array");
    if (items)
        json_object_set_new(list, "items", items);
    json_array_append_new(variants, list);
}

static const char *row_for(const struct making *k, const char *what, const char *key)
{
    for (const struct oh_schema_row *row = k->plan->rows; row->what; row++) {
        if (!strcmp(row->what, what) && !strcmp(row->key, key))
            return row->json;
    }
    return NULL;
}

static json_t *value_of(struct making *k, const struct oh_schema_way *way,
                        const struct oh_yaml_field *field, const char *what)
{
    const char *row = row_for(k, what, field->key);
    json_t *variants = json_array();
    if (row)
        json_array_append_new(variants, of_json(row));
    if (!row && field->kinds & OH_YAML_SCALAR) {
        ask(k, way, field, "x");
        add_scalar(k, variants);
    }
    if (!row && field->kinds & OH_YAML_MAP)
        add_map(k, way, field, variants);
    if (!row && field->kinds & OH_YAML_LIST)
        add_list(k, way, field, variants);
    json_t *value = json_pack("{s:s}", "description", field->meaning ? field->meaning : "");
    if (json_array_size(variants) == 1)
        json_object_update(value, json_array_get(variants, 0));
    else
        json_object_set(value, "anyOf", variants);
    json_decref(variants);
    return value;
}

static json_t *map_of(struct making *k, const struct oh_schema_way *way,
                      const struct oh_yaml_field *fields, const char *what)
{
    json_t *properties = json_object(), *required = json_array();
    for (const struct oh_yaml_field *f = fields; f->key; f++) {
        json_object_set_new(properties, f->key, value_of(k, way, f, what));
        if (f->required)
            json_array_append_new(required, json_string(f->key));
    }
    json_t *map = json_pack("{s:s, s:o}", "type", "object", "properties", properties);
    if (json_array_size(required))
        json_object_set(map, "required", required);
    json_object_set_new(map, "additionalProperties", json_false());
    json_decref(required);
    return map;
}

/* The name of the table's definition, made if there is none yet. */
static const char *define(struct making *k, const struct oh_schema_way *way,
                          const struct oh_yaml_field *fields, const char *what)
{
    for (size_t i = 0; i < k->table_count; i++) {
        if (k->tables[i] == fields)
            return k->names[i];
    }
    assert(k->table_count < MOST_TABLES);
    char *name = slug_of(what);
    k->tables[k->table_count] = fields;
    k->names[k->table_count++] = name;
    json_t *map = map_of(k, way, fields, what), *row = json_object_get(k->defs, name);
    /* Further words of a definition stand beside what the table gives. */
    if (row) {
        json_t *more = json_object_get(row, "properties");
        if (more)
            json_object_update(json_object_get(map, "properties"), more);
        json_object_del(row, "properties");
        json_object_update(map, row);
    }
    json_object_set_new(k->defs, name, map);
    return name;
}

/* --- the whole --- */

static void add_common(json_t *defs, bool has_params)
{
    static const struct {
        const char *name, *json;
        bool of_params;
    } rows[] = {
        {"text", "{\"type\": [\"string\", \"number\", \"boolean\"]}", false},
        {"time",
         "{\"type\": \"string\", \"pattern\": \"^ *([0-9]+([.][0-9]+)? *(ms|s|min|h|[*] *T[124])|"
         "T[124]) *$\"}",
         false},
        {"seconds",
         "{\"anyOf\": [{\"type\": \"integer\", \"minimum\": 1},"
         " {\"type\": \"string\", \"pattern\": \"^0*[1-9][0-9]*$\"}]}",
         false},
        {"parameter", "{\"type\": \"string\", \"pattern\": \"[$][{]\"}", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (has_params || !rows[i].of_params)
            json_object_set_new(defs, rows[i].name, of_json(rows[i].json));
    }
}

static json_t *root_of(const struct making *k, const char *top)
{
    const struct oh_schema_plan *plan = k->plan;
    json_t *root =
        json_pack("{s:s, s:s, s:s, s:s}", "$schema", "https://json-schema.org/draft/2020-12/schema",
                  "$id", plan->id, "title", plan->title, "description", plan->description);
    json_object_update(root, json_object_get(k->defs, top));
    json_object_del(k->defs, top);
    json_object_set(root, "$defs", k->defs);
    return root;
}

char *oh_schema_make(const struct oh_schema_plan *plan, oh_schema_read_fn *read, json_t *defs)
{
    static const struct oh_schema_way whole = {"{", "}"};
    struct making k = {.plan = plan, .read = read, .defs = defs};
    add_common(defs, plan->has_params);
    ask(&k, &whole, NULL, NULL);
    const char *top = define(&k, &whole, k.last, k.last_what);
    for (const struct oh_schema_way *way = plan->ways; way->open; way++) {
        ask(&k, way, NULL, NULL);
        define(&k, way, k.last, k.last_what);
    }
    json_t *root = root_of(&k, top);
    char *json = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    char *text = oh_format("%s\n", json);
    free(json);
    json_decref(root);
    json_decref(k.defs);
    json_decref(k.words);
    for (size_t i = 0; i < k.table_count; i++)
        free(k.names[i]);
    return text;
}
