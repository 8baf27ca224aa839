/*
 * phone/template.h - "${name}" in the texts of an adapter, and its maps as JSON.
 *
 * Only "${" is special; "$${" writes it out. Which names there are is a table in template.c; what
 * they mean, the phone says.
 *
 * Uses: base/, scenario/yaml.h, jansson.
 */
#ifndef OH_PHONE_TEMPLATE_H
#define OH_PHONE_TEMPLATE_H

#include "base/text.h"
#include "scenario/yaml.h"

#include <jansson.h>

/* Takes the next piece off the front of `rest`: literal text, or the name in "${name}". A "${" that
 * is not closed is a piece with is_broken. False at the end. */
struct oh_template_piece {
    bool is_name;
    bool is_broken;
    struct oh_span text;
};
bool oh_template_next(struct oh_span *rest, struct oh_template_piece *piece);

/* Names with a free ending: "free-port.control", "param.mutant", "kept.call". */
#define OH_TEMPLATE_FREE_PORT "free-port."
#define OH_TEMPLATE_PARAM     "param."
#define OH_TEMPLATE_KEPT      "kept."

/* NULL-ended list of the names that are always there ("uri", "digits" and "when" only in what some
 * verbs send). */
const char *const *oh_template_names(void);

/* Appends the value of `name` to `out`. Called with names that the adapter's reader has let pass.
 */
typedef void oh_template_value_fn(struct oh_span name, struct oh_text *out, void *arg);

struct oh_template_values {
    oh_template_value_fn *value;
    void *arg;
};

/* The text with its names replaced; the caller frees. */
char *oh_template_fill(const char *text, const struct oh_template_values *values);

/* A YAML node as JSON, texts filled: quoted scalars are strings, plain `true`, `false`, `null` and
 * whole numbers are what they look like, other plain ones strings. A new reference. `values` may be
 * NULL: nothing is replaced. */
json_t *oh_template_json(const struct oh_yaml_node *n, const struct oh_template_values *values);

/* Whether `message` has all that `pattern` has: maps by key, lists item by item and of equal
 * length, a '*' in a text for any characters, all else equal. */
bool oh_json_fits(const json_t *pattern, const json_t *message);
/* Whether each message that fits the pattern `narrow` fits `wide`, as far as can be told. */
bool oh_json_holds(const json_t *wide, const json_t *narrow);

#endif
