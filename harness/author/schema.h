/*
 * author/schema.h - the JSON Schemas of scenario and adapter files, for a writer's editor.
 *
 * Why: an editor that knows the schema completes keys, shows what they mean, and marks mistakes
 * while one types. The schemas are made of the reader's own tables: each key, its meaning, what
 * kinds of values it takes and, asked of the reader itself by reading one small document for each,
 * which words there are. So they cannot drift. What no table says, as the sentence that a step is,
 * stands in rows beside (schema_scenario.c, schema_adapter.c).
 *
 * A schema is never stricter than the reader: a file that the reader takes is valid. It is laxer
 * where a mistake only shows in the whole file (an unknown party, a status that answers nothing).
 *
 * Draft 2020-12. Uses: scenario/yaml.h (observers), sip/field.h.
 */
#ifndef OH_AUTHOR_SCHEMA_H
#define OH_AUTHOR_SCHEMA_H

#include "scenario/yaml.h"

/* Reads a text and tells the observer what there is: oh_scenario_observe, oh_adapter_observe. */
typedef void oh_schema_read_fn(struct oh_span text, const struct oh_yaml_observer *o);

/* The schema as indented JSON, ending in a newline; the caller frees. */
char *oh_schema_of_scenarios(oh_schema_read_fn *read);
char *oh_schema_of_adapters(oh_schema_read_fn *read);

#endif
