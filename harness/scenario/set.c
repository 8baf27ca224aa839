/* Files as scenarios: one, or one for each row of a table. */
#include "scenario/params.h"
#include "scenario/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_BAD_ROWS 10 /* are looked at; what is wrong with more is most often the same */

/* The scenario of one row; NULL with the mistakes told. */
static struct oh_scenario *read_row(struct oh_yaml *y, const struct oh_row_values *row,
                                    struct oh_errors *errors, bool is_file)
{
    y->tally->mistakes = 0;
    if (oh_params_put(y, row->params, row->count, errors) != 0)
        return NULL;
    struct oh_scenario *s = oh_read_document(y, errors, is_file);
    if (!s)
        return NULL;
    s->params = oh_params_copy(row->params, row->count);
    s->param_count = row->count;
    if (!row->row)
        return s;
    char *id = oh_format("%s[%s]", s->id, row->row);
    free(s->id);
    s->id = id;
    s->row = oh_strdup(row->row);
    return s;
}

static bool is_same(const struct oh_error *a, const struct oh_error *b)
{
    return a->place.line == b->place.line && a->place.column == b->place.column &&
           strcmp(a->text, b->text) == 0;
}

static bool is_among(const struct oh_errors *errors, size_t from, const struct oh_error *e)
{
    for (size_t i = from; i < errors->count; i++) {
        if (is_same(&errors->items[i], e))
            return true;
    }
    return false;
}

/* What is told of every row is told once; what only some have, with the first row that has it. */
static void join_mistakes(const struct oh_errors *of_rows, const struct oh_row_values *rows,
                          size_t count, struct oh_errors *errors)
{
    size_t before = errors->count;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < of_rows[i].count; k++) {
            const struct oh_error *e = &of_rows[i].items[k];
            size_t others = 0, seen_before = 0;
            for (size_t n = 0; n < count; n++) {
                others += is_among(&of_rows[n], 0, e);
                seen_before += n < i && is_among(&of_rows[n], 0, e);
            }
            if (seen_before)
                continue;
            struct oh_error *told = oh_errors_add(errors);
            *told = *e;
            size_t len = strlen(told->text);
            if (others < count && len + strlen(rows[i].row) + 16 < sizeof told->text)
                sprintf(told->text + len, " (in row '%s')", rows[i].row);
        }
    }
    oh_yaml_sort_mistakes(errors, before);
}

static void add_scenario(struct oh_scenario_set *set, struct oh_scenario *s)
{
    set->scenarios = oh_realloc(set->scenarios, (set->count + 1) * sizeof(void *));
    set->scenarios[set->count++] = s;
}

static void read_rows(struct oh_yaml *y, const struct oh_row_values *rows, size_t count,
                      struct oh_scenario_set *set, struct oh_errors *errors)
{
    struct oh_errors bad[MOST_BAD_ROWS] = {0};
    struct oh_row_values bad_rows[MOST_BAD_ROWS] = {0};
    size_t bad_count = 0;
    for (size_t i = 0; i < count && bad_count < MOST_BAD_ROWS; i++) {
        struct oh_scenario *s = read_row(y, &rows[i], &bad[bad_count], true);
        if (s) {
            add_scenario(set, s);
            continue;
        }
        bad_rows[bad_count++] = rows[i];
    }
    if (bad_count && (bad_count < count && bad_count < MOST_BAD_ROWS)) {
        /* a row that is good lacks them all */
        struct oh_errors none = {0};
        struct oh_errors *with = oh_alloc((bad_count + 1) * sizeof *with);
        memcpy(with, bad, bad_count * sizeof *with);
        with[bad_count] = none;
        join_mistakes(with, bad_rows, bad_count + 1, errors);
        free(with);
    } else if (bad_count) {
        join_mistakes(bad, bad_rows, bad_count, errors);
    }
    for (size_t i = 0; i < bad_count; i++)
        oh_errors_release(&bad[i]);
}

static struct oh_scenario_set *read_set(struct oh_yaml *y, const struct oh_param *values,
                                        size_t value_count, struct oh_errors *errors)
{
    size_t before = errors->count, count = 0;
    struct oh_row_values *rows = oh_params_rows(y, values, value_count, &count, errors);
    struct oh_scenario_set *set = oh_alloc(sizeof *set);
    if (rows && !rows[0].row && count == 1) {
        struct oh_scenario *s = read_row(y, &rows[0], errors, true);
        if (s)
            add_scenario(set, s);
    } else if (rows) {
        read_rows(y, rows, count, set, errors);
    }
    if (rows && errors->count == before)
        oh_params_check_used(y, rows[0].params, rows[0].count, errors);
    oh_params_free_rows(rows, count);
    if (errors->count == before)
        return set;
    oh_scenario_set_free(set);
    return NULL;
}

struct oh_scenario_set *oh_scenario_set_load(const char *file, const struct oh_param *values,
                                             size_t value_count, struct oh_errors *errors)
{
    struct oh_yaml *y = oh_yaml_load(file, errors);
    struct oh_scenario_set *set = y ? read_set(y, values, value_count, errors) : NULL;
    oh_yaml_free(y);
    return set;
}

struct oh_scenario_set *oh_scenario_set_parse(const char *file, struct oh_span text,
                                              const struct oh_param *values, size_t value_count,
                                              struct oh_errors *errors)
{
    struct oh_yaml *y = oh_yaml_parse(file, text, errors);
    struct oh_scenario_set *set = y ? read_set(y, values, value_count, errors) : NULL;
    oh_yaml_free(y);
    return set;
}

void oh_scenario_set_free(struct oh_scenario_set *set)
{
    if (!set)
        return;
    for (size_t i = 0; i < set->count; i++)
        oh_scenario_free(set->scenarios[i]);
    free(set->scenarios);
    free(set);
}

struct oh_scenario *oh_scenario_set_take(struct oh_scenario_set *set, size_t i)
{
    struct oh_scenario *s = set->scenarios[i];
    set->scenarios[i] = NULL;
    return s;
}

struct oh_scenario *oh_scenario_load(const char *file, struct oh_errors *errors)
{
    struct oh_scenario_set *set = oh_scenario_set_load(file, NULL, 0, errors);
    struct oh_scenario *s = set ? oh_scenario_set_take(set, 0) : NULL;
    oh_scenario_set_free(set);
    return s;
}

struct oh_scenario *oh_scenario_parse_row(const char *file, struct oh_span text, const char *row,
                                          const struct oh_param *params, size_t count,
                                          struct oh_errors *errors)
{
    struct oh_yaml *y = oh_yaml_parse(file, text, errors);
    struct oh_param *copy = oh_params_copy(params, count);
    char *name = oh_strdup(row);
    struct oh_row_values values = {.row = name, .params = copy, .count = count};
    struct oh_scenario *s = y ? read_row(y, &values, errors, false) : NULL;
    free(name);
    oh_params_free(copy, count);
    oh_yaml_free(y);
    return s;
}

struct oh_scenario *oh_scenario_parse(const char *file, struct oh_span text,
                                      struct oh_errors *errors)
{
    struct oh_yaml *y = oh_yaml_parse(file, text, errors);
    size_t count = 0;
    struct oh_row_values *rows = y ? oh_params_rows(y, NULL, 0, &count, errors) : NULL;
    struct oh_scenario *s = rows ? read_row(y, &rows[0], errors, false) : NULL;
    oh_params_free_rows(rows, count);
    oh_yaml_free(y);
    return s;
}
