/*
 * author/schema_private.h - a JSON Schema being made. Private to schema*.c.
 *
 * Uses: author/schema.h, jansson.
 */
#ifndef OH_AUTHOR_SCHEMA_PRIVATE_H
#define OH_AUTHOR_SCHEMA_PRIVATE_H

#include "author/schema.h"

#include <jansson.h>

/* What a key's value is, where the table does not say it all: a schema as JSON text. */
struct oh_schema_row {
    const char *what; /* of the map, as the reader names it in sentences; NULL ends the rows */
    const char *key;
    const char *json;
};

/* A map that is reached through values which no table reads: the text around its pairs, which go
 * where `open` ends. Its schema is "#/$defs/<slug of what>". */
struct oh_schema_way {
    const char *open, *close; /* NULL open ends the ways */
};

struct oh_schema_plan {
    const char *id, *title, *description;
    const struct oh_schema_row *rows;
    const struct oh_schema_way *ways;
    bool has_params; /* "${name}" may stand for any single value */
};

/* `defs` are further definitions; taken over. The caller frees the text. */
char *oh_schema_make(const struct oh_schema_plan *plan, oh_schema_read_fn *read, json_t *defs);

#endif
