#include "scenario/params.h"

#include "scenario/reader.h"

#include <stdlib.h>
#include <string.h>

static const char PARAMS[] = "params", EACH[] = "each", ROW[] = "row";

static const struct oh_yaml_node *head_value(const struct oh_yaml *y, const char *key)
{
    const struct oh_yaml_node *root = y->root;
    for (size_t i = 0; root && root->kind == OH_YAML_MAP && i < oh_yaml_count(root); i++)
        if (!strcmp(oh_yaml_scalar(oh_yaml_key(root, i)), key))
            return oh_yaml_value(root, i);
    return NULL;
}

void oh_params_free(struct oh_param *params, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(params[i].name);
        free(params[i].value);
    }
    free(params);
}

void oh_params_free_rows(struct oh_row_values *rows, size_t count)
{
    for (size_t i = 0; rows && i < count; i++) {
        free(rows[i].row);
        oh_params_free(rows[i].params, rows[i].count);
    }
    free(rows);
}

struct oh_param *oh_params_copy(const struct oh_param *params, size_t count)
{
    struct oh_param *copy = oh_alloc((count + 1) * sizeof *copy);
    for (size_t i = 0; i < count; i++)
        copy[i] = (struct oh_param){oh_strdup(params[i].name), oh_strdup(params[i].value),
                                    params[i].plain};
    return copy;
}

/* --- what is declared --- */

static bool is_param_name(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char others[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    return *name && strchr(letters, *name) && strspn(name, others) == strlen(name) &&
           strlen(name) <= 64;
}

static struct oh_param *find_param(struct oh_param *params, size_t count, struct oh_span name)
{
    for (size_t i = 0; i < count; i++)
        if (oh_span_is(name, params[i].name))
            return &params[i];
    return NULL;
}

/* Appended, or put in place of the value that there is. */
static void put_param(struct oh_row_values *row, const char *name, const char *value, bool plain)
{
    struct oh_param *p = find_param(row->params, row->count, oh_span_of(name));
    if (!p) {
        row->params = oh_realloc(row->params, (row->count + 1) * sizeof *row->params);
        p = &row->params[row->count++];
        *p = (struct oh_param){.name = oh_strdup(name)};
    }
    free(p->value);
    p->value = oh_strdup(value);
    p->plain = plain;
}

/* A name and its value, wherever they are given. */
static bool check_pair(struct oh_yaml *y, const struct oh_yaml_node *key,
                       const struct oh_yaml_node *value, struct oh_errors *errors)
{
    struct oh_error *e;
    const char *text = oh_yaml_scalar(value);
    if (!is_param_name(oh_yaml_scalar(key))) {
        e = oh_yaml_mistake(y, key, errors, "'%s' cannot name a parameter", oh_yaml_scalar(key));
        oh_error_remedy(e, "a name is a letter, then letters, digits, '-' and '_'");
    } else if (value->kind != OH_YAML_SCALAR || oh_yaml_is_null(value)) {
        e = oh_yaml_mistake(y, key, errors, "parameter '%s' has no single value",
                            oh_yaml_scalar(key));
        if (!oh_yaml_is_null(value) || !oh_yaml_blame_comment(y, key->place, e))
            oh_error_remedy(e, "wanted: a text or a number; an empty text is \"\"");
    } else if (strstr(text, "${")) {
        e = oh_yaml_mistake(y, value, errors, "the value of a parameter holds a parameter");
        oh_error_remedy(e, "what it is to be is written out; '${' is replaced once only");
    } else if (strlen(text) > OH_PARAM_MOST_BYTES) {
        oh_yaml_mistake(y, value, errors, "the value of a parameter has more than %d bytes",
                        OH_PARAM_MOST_BYTES);
    } else {
        return true;
    }
    return false;
}

static void read_defaults(struct oh_yaml *y, struct oh_row_values *row, struct oh_errors *errors)
{
    const struct oh_yaml_node *map = head_value(y, PARAMS);
    if (!map || map->kind != OH_YAML_MAP) /* another kind is told by the reader of the head */
        return;
    if (oh_yaml_count(map) > OH_PARAMS_MOST) {
        oh_yaml_mistake(y, map, errors, "more than %d parameters", OH_PARAMS_MOST);
        return;
    }
    for (size_t i = 0; i < oh_yaml_count(map); i++) {
        const struct oh_yaml_node *key = oh_yaml_key(map, i), *value = oh_yaml_value(map, i);
        if (!strcmp(oh_yaml_scalar(key), ROW))
            oh_yaml_mistake(y, key, errors, "'row' names the rows of 'each', and no parameter");
        else if (check_pair(y, key, value, errors))
            put_param(row, oh_yaml_scalar(key), oh_yaml_scalar(value), oh_yaml_is_plain(value));
    }
}

/* --- the table --- */

/* It becomes part of an id and the name of a folder. */
static bool is_row_name(const char *name)
{
    static const char fit[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.+";
    return *name && *name != '.' && strspn(name, fit) == strlen(name) && strlen(name) <= 64;
}

static void name_row(struct oh_yaml *y, const struct oh_yaml_node *map, struct oh_row_values *rows,
                     size_t index, struct oh_errors *errors)
{
    const struct oh_yaml_node *given = oh_find_key(map, ROW), *named = oh_yaml_value(map, 0);
    struct oh_error *e;
    for (size_t i = 0; given && i < oh_yaml_count(map); i++)
        if (oh_yaml_key(map, i) == given)
            named = oh_yaml_value(map, i);
    const char *name = oh_yaml_scalar(named);
    if (!is_row_name(name)) {
        e = oh_yaml_mistake(y, named, errors, "'%s' cannot name a row", name);
        oh_error_remedy(e, "add 'row:' with a name of letters, digits, '-', '_', '.' and '+'");
        return;
    }
    for (size_t i = 0; i < index; i++) {
        if (!rows[i].row || strcmp(rows[i].row, name) != 0)
            continue;
        e = oh_yaml_mistake(y, named, errors, "a row '%s' is there already", name);
        oh_error_remedy(e, "it is on line %u; give each a name of its own under 'row:'",
                        rows[i].place.line);
        return;
    }
    rows[index].row = oh_strdup(name);
}

/* Keys that are no parameter of `params` must stand in every row; the first row tells which. */
static void check_row_keys(struct oh_yaml *y, const struct oh_yaml_node *map,
                           const struct oh_yaml_node *first, const struct oh_row_values *defaults,
                           struct oh_errors *errors)
{
    struct oh_error *e;
    for (size_t i = 0; i < oh_yaml_count(map); i++) {
        const struct oh_yaml_node *key = oh_yaml_key(map, i);
        const char *name = oh_yaml_scalar(key);
        if (!strcmp(name, ROW) || oh_find_key(first, name) ||
            find_param(defaults->params, defaults->count, oh_span_of(name)))
            continue;
        e = oh_yaml_mistake(y, key, errors, "'%s' is not a parameter of every row", name);
        oh_error_remedy(e, "declare it under 'params' with what it is in the other rows");
    }
    for (size_t i = 0; i < oh_yaml_count(first); i++) {
        const char *name = oh_yaml_scalar(oh_yaml_key(first, i));
        if (!strcmp(name, ROW) || oh_find_key(map, name) ||
            find_param(defaults->params, defaults->count, oh_span_of(name)))
            continue;
        e = oh_yaml_mistake(y, map, errors, "this row lacks '%s'", name);
        oh_error_remedy(e, "declare it under 'params' with what it is where a row does not say");
    }
}

static void read_row(struct oh_yaml *y, const struct oh_yaml_node *map, struct oh_row_values *rows,
                     size_t index, const struct oh_row_values *defaults, struct oh_errors *errors)
{
    struct oh_row_values *row = &rows[index];
    *row = (struct oh_row_values){.place = map->place,
                                  .params = oh_params_copy(defaults->params, defaults->count),
                                  .count = defaults->count};
    if (map->kind != OH_YAML_MAP || oh_yaml_count(map) == 0) {
        oh_error_remedy(oh_yaml_mistake(y, map, errors, "a row is a map of parameters"),
                        "as in '- {status: 503}'");
        return;
    }
    for (size_t i = 0; i < oh_yaml_count(map); i++) {
        const struct oh_yaml_node *key = oh_yaml_key(map, i), *value = oh_yaml_value(map, i);
        if (check_pair(y, key, value, errors) && strcmp(oh_yaml_scalar(key), ROW) != 0)
            put_param(row, oh_yaml_scalar(key), oh_yaml_scalar(value), oh_yaml_is_plain(value));
    }
    name_row(y, map, rows, index, errors);
}

static bool is_too_large(struct oh_yaml *y, const struct oh_yaml_node *each,
                         struct oh_errors *errors)
{
    size_t count = oh_yaml_count(each);
    if (count == 0)
        oh_yaml_mistake(y, each, errors, "'each' has no rows");
    else if (count > OH_PARAMS_MOST_ROWS)
        oh_yaml_mistake(y, each, errors, "more than %d rows", OH_PARAMS_MOST_ROWS);
    else if (count * y->len > OH_PARAMS_MOST_SIZE)
        oh_yaml_mistake(y, each, errors,
                        "%zu rows of a file of %zu bytes are too many: at most %u MiB in all",
                        count, y->len, OH_PARAMS_MOST_SIZE >> 20);
    else
        return false;
    return true;
}

static struct oh_row_values *read_rows(struct oh_yaml *y, const struct oh_yaml_node *each,
                                       struct oh_row_values *defaults, size_t *count,
                                       struct oh_errors *errors)
{
    *count = 0;
    if (is_too_large(y, each, errors))
        return NULL;
    struct oh_row_values *rows = oh_alloc(oh_yaml_count(each) * sizeof *rows);
    const struct oh_yaml_node *first = oh_yaml_item(each, 0);
    for (; *count < oh_yaml_count(each); ++*count) {
        const struct oh_yaml_node *map = oh_yaml_item(each, *count);
        read_row(y, map, rows, *count, defaults, errors);
        if (*count && map->kind == OH_YAML_MAP && first->kind == OH_YAML_MAP)
            check_row_keys(y, map, first, defaults, errors);
    }
    return rows;
}

struct oh_row_values *oh_params_rows(struct oh_yaml *y, const struct oh_param *set,
                                     size_t set_count, size_t *row_count, struct oh_errors *errors)
{
    struct oh_row_values *rows = oh_alloc(sizeof *rows);
    const struct oh_yaml_node *each = head_value(y, EACH);
    size_t before = errors->count;
    read_defaults(y, rows, errors);
    *row_count = 1;
    for (size_t i = 0; i < set_count; i++) { /* a value is as plain as the one that it replaces */
        struct oh_param *p = find_param(rows->params, rows->count, oh_span_of(set[i].name));
        if (p)
            put_param(rows, set[i].name, set[i].value, p->plain);
    }
    if (each && each->kind == OH_YAML_LIST) {
        struct oh_row_values *defaults = rows;
        rows = read_rows(y, each, defaults, row_count, errors);
        oh_params_free_rows(defaults, 1);
    }
    if (errors->count == before)
        return rows;
    oh_params_free_rows(rows, *row_count);
    return NULL;
}

/* --- putting them in --- */

struct putting {
    struct oh_yaml *y;
    struct oh_param *params;
    size_t count;
    size_t grown; /* bytes that values have added to the document */
    bool *used;   /* by index; NULL: nobody asks */
    struct oh_errors *errors;
};

/* Where the name stands, if the scalar is on one line as it was written. */
static struct oh_place place_in(const struct oh_yaml_node *n, size_t offset, size_t len)
{
    struct oh_place place = n->place;
    if (n->plain && offset + len <= place.width) {
        place.column += (unsigned)offset;
        place.width = (unsigned)len;
    }
    return place;
}

static void tell_unknown(struct putting *p, struct oh_place place, struct oh_span name)
{
    const char *names[OH_PARAMS_MOST * 2 + 1] = {0};
    char *word = oh_span_dup(name);
    for (size_t i = 0; i < p->count && i < OH_PARAMS_MOST * 2; i++)
        names[i] = p->params[i].name;
    struct oh_error *e =
        oh_yaml_mistake_at(p->y, place, p->errors, "there is no parameter '%s'", word);
    const char *near = oh_nearest_word(word, names);
    if (near)
        oh_error_remedy(e, "did you mean '${%s}'?", near);
    else
        oh_error_remedy(e, "declare it with a value under 'params'; a literal \"${\" is \"$${\"");
    free(word);
}

/* The text with its names replaced; NULL with the mistake told. `whole`: the parameter that it is
 * and nothing besides. */
static char *fill(struct putting *p, const struct oh_yaml_node *n, const char *text,
                  const struct oh_param **whole)
{
    struct oh_text out = {0};
    const char *at = text, *dollar;
    for (; (dollar = strstr(at, "${")); at = dollar) {
        if (dollar > at && dollar[-1] == '$') { /* "$${" */
            oh_text_add_span(&out, (struct oh_span){at, (size_t)(dollar - at)});
            oh_text_add(&out, "{");
            dollar += 2;
            continue;
        }
        oh_text_add_span(&out, (struct oh_span){at, (size_t)(dollar - at)});
        const char *end = strchr(dollar, '}');
        size_t len = end ? (size_t)(end - dollar) + 1 : strlen(dollar);
        struct oh_place place = place_in(n, (size_t)(dollar - text), len);
        struct oh_span name = {dollar + 2, end ? len - 3 : 0};
        struct oh_param *param = find_param(p->params, p->count, name);
        if (!end)
            oh_yaml_mistake_at(p->y, place, p->errors, "a '${' is not closed by '}'");
        else if (!param)
            tell_unknown(p, place, name);
        if (!param) {
            oh_text_release(&out);
            return NULL;
        }
        if (p->used)
            p->used[param - p->params] = true;
        oh_text_add(&out, param->value);
        p->grown += strlen(param->value);
        *whole = dollar == text && !dollar[len] ? param : NULL;
        dollar += len;
        if (p->grown > OH_YAML_MAX_BYTES) {
            oh_yaml_mistake_at(p->y, place, p->errors, "with its parameters the file is too large");
            oh_text_release(&out);
            return NULL;
        }
    }
    oh_text_add(&out, at);
    return out.len ? oh_text_take(&out) : (oh_text_release(&out), oh_strdup(""));
}

static void put_scalar(struct putting *p, struct oh_yaml_node *n)
{
    const char *text = n->written ? n->written : n->text;
    const struct oh_param *whole = NULL;
    if (!text || !strstr(text, "${") || (n->null && !n->written))
        return;
    char *filled = fill(p, n, text, &whole);
    if (filled)
        oh_yaml_put_text(n, filled,
                         whole        ? whole->plain
                         : n->written ? n->written_plain
                                      : n->plain);
    free(filled);
}

static void check_keys(struct putting *p, const struct oh_yaml_node *map, size_t at)
{
    const struct oh_yaml_node *key = oh_yaml_key(map, at);
    for (size_t i = 0; key->written && i < oh_yaml_count(map); i++) {
        if (i == at || strcmp(oh_yaml_scalar(oh_yaml_key(map, i)), oh_yaml_scalar(key)))
            continue;
        struct oh_error *e = oh_yaml_mistake(p->y, key, p->errors,
                                             "with its parameters key '%s' is given twice in one "
                                             "map",
                                             oh_yaml_scalar(key));
        oh_error_remedy(e, "it stands on line %u already", oh_yaml_key(map, i)->place.line);
        return;
    }
}

static void put_node(struct putting *p, struct oh_yaml_node *n)
{
    if (n->kind == OH_YAML_SCALAR)
        put_scalar(p, n);
    for (size_t i = 0; i < n->item_count && p->grown <= OH_YAML_MAX_BYTES; i++)
        put_node(p, n->items[i]);
    for (size_t i = 0; n->kind == OH_YAML_MAP && i < oh_yaml_count(n); i++)
        check_keys(p, n, i);
}

static void put_all(struct putting *p)
{
    struct oh_yaml_node *root = p->y->root;
    for (size_t i = 0; root && root->kind == OH_YAML_MAP && i < oh_yaml_count(root); i++) {
        const char *key = oh_yaml_scalar(oh_yaml_key(root, i));
        if (strcmp(key, PARAMS) != 0 && strcmp(key, EACH) != 0)
            put_node(p, root->items[2 * i + 1]);
    }
}

int oh_params_put(struct oh_yaml *y, const struct oh_param *params, size_t count,
                  struct oh_errors *errors)
{
    struct oh_param *copy = oh_params_copy(params, count);
    struct putting p = {.y = y, .params = copy, .count = count, .errors = errors};
    size_t before = errors->count;
    put_all(&p);
    oh_params_free(copy, count);
    return errors->count == before ? 0 : -1;
}

void oh_params_check_used(struct oh_yaml *y, const struct oh_param *params, size_t count,
                          struct oh_errors *errors)
{
    struct oh_errors unheard = {0};
    struct oh_param *copy = oh_params_copy(params, count);
    bool *used = oh_alloc((count + 1) * sizeof *used);
    struct putting p = {.y = y, .params = copy, .count = count, .used = used, .errors = &unheard};
    put_all(&p);
    for (size_t i = 0; i < count; i++) {
        const struct oh_yaml_node *map = head_value(y, PARAMS), *key = NULL;
        if (map && map->kind == OH_YAML_MAP)
            key = oh_find_key(map, params[i].name);
        const struct oh_yaml_node *each = head_value(y, EACH);
        if (!key && each && each->kind == OH_YAML_LIST)
            key = oh_find_key(oh_yaml_item(each, 0), params[i].name);
        if (used[i] || !key)
            continue;
        oh_error_remedy(oh_yaml_mistake(y, key, errors, "parameter '%s' stands nowhere in the file",
                                        params[i].name),
                        "write '${%s}' where it is wanted, or take it off", params[i].name);
    }
    free(used);
    oh_params_free(copy, count);
    oh_errors_release(&unheard);
}
