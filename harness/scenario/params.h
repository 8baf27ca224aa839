/*
 * scenario/params.h - `params` and `each`: one file, many scenarios. Private to this room.
 *
 * "${name}" in any scalar of a document, key or value, below any key of its head but these two, is
 * replaced in the parsed tree, before the scenario is read: places stay those of the file. Only
 * what a file declares is replaced, once: a value holds no "${" itself. "$${" writes "${" out.
 *
 * Uses: scenario/yaml_tree.h, scenario/scenario.h.
 */
#ifndef OH_SCENARIO_PARAMS_H
#define OH_SCENARIO_PARAMS_H

#include "scenario/scenario.h"
#include "scenario/yaml_tree.h"

#define OH_PARAMS_MOST      64          /* of a file */
#define OH_PARAMS_MOST_ROWS 1000        /* of `each` */
#define OH_PARAMS_MOST_SIZE (16U << 20) /* rows times the bytes of the file */
#define OH_PARAM_MOST_BYTES 4096        /* of a value */

/* The values in force for one scenario of a file. */
struct oh_row_values {
    char *row; /* its name; NULL: the file has no table */
    struct oh_place place;
    struct oh_param *params;
    size_t count;
};

/* What a file declares: one entry without `each`, even where it has no `params`. NULL with the
 * mistakes told. `set` is put in place of defaults. */
struct oh_row_values *oh_params_rows(struct oh_yaml *y, const struct oh_param *set,
                                     size_t set_count, size_t *row_count, struct oh_errors *errors);
void oh_params_free_rows(struct oh_row_values *rows, size_t count);
void oh_params_free(struct oh_param *params, size_t count);
struct oh_param *oh_params_copy(const struct oh_param *params, size_t count);

/* Puts the values into the tree, in place of those of another row. -1 with the mistakes told. */
int oh_params_put(struct oh_yaml *y, const struct oh_param *params, size_t count,
                  struct oh_errors *errors);
/* Tells of what is declared and stands nowhere. */
void oh_params_check_used(struct oh_yaml *y, const struct oh_param *params, size_t count,
                          struct oh_errors *errors);

#endif
