/* What an adapter file has that no table of its reader says. */
#include "author/schema_private.h"

#include "scenario/scenario.h"

#include <stdlib.h>
#include <string.h>

#define TEXTS "{\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/text\"}}"
#define TEXTS_BY_NAME                                                                              \
    "{\"type\": \"object\", \"additionalProperties\": {\"$ref\": \"#/$defs/text\"}}"

static const struct oh_schema_row rows[] = {
    {"the adapter", "format", "{\"const\": 1}"},
    {"the adapter", "abilities",
     "{\"type\": \"array\", \"items\": {\"anyOf\": [{\"$ref\": \"#/$defs/ability\"},"
     " {\"type\": \"object\", \"propertyNames\": {\"$ref\": \"#/$defs/ability\"},"
     " \"additionalProperties\": {\"$ref\": \"#/$defs/condition\"}}]}}"},
    {"the adapter", "params", TEXTS_BY_NAME},
    {"the adapter", "files", TEXTS_BY_NAME},
    {"the adapter", "environment", TEXTS_BY_NAME},
    {"the adapter", "start", TEXTS},
    {"the adapter", "anew", "{\"enum\": [\"after-register\"]}"},
    {"the adapter", "keep",
     "{\"type\": \"object\", \"additionalProperties\": {\"$ref\": "
     "\"#/$defs/value-that-is-kept\"}}"},
    {"the adapter", "verbs", "{\"$ref\": \"#/$defs/verbs\"}"},
    {"a program beside the phone", "start", TEXTS},
    {"a program beside the phone", "for", "{\"$ref\": \"#/$defs/ability\"}"},
    {0},
};

static const struct oh_schema_way ways[] = {
    {"{verbs: {dial: {", "}}}"},
    {"{keep: {call: {", "}}}"},
    {"{abilities: [{rtp: {", "}}]}"},
    {0},
};

/* What a person drives is not started. Takes the schema. */
static char *without_start(char *text)
{
    json_t *root = json_loads(text, 0, NULL), *required = json_object_get(root, "required");
    for (size_t i = json_array_size(required); i-- > 0;) {
        if (!strcmp(json_string_value(json_array_get(required, i)), "start"))
            json_array_remove(required, i);
    }
    json_object_set_new(root, "if",
                        json_pack("{s:{s:{s:{s:{s:s}}, s:[s]}}, s:[s]}", "properties", "drive",
                                  "properties", "with", "const", "person", "required", "with",
                                  "required", "drive"));
    json_object_set_new(root, "then", json_true());
    json_object_set_new(root, "else", json_pack("{s:[s]}", "required", "start"));
    char *json = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    free(text);
    text = oh_format("%s\n", json);
    free(json);
    json_decref(root);
    return text;
}

char *oh_schema_of_adapters(oh_schema_read_fn *read)
{
    static const struct oh_schema_plan plan = {
        .id = "urn:offhook:adapter:1",
        .title = "offhook phone adapter",
        .description = "How one model of phone is started, driven and stopped.",
        .rows = rows,
        .ways = ways,
    };
    json_t *verbs = json_object(), *abilities = json_array();
    for (int v = 0; v < OH_VERBS; v++)
        json_object_set_new(verbs, oh_verb_name((enum oh_verb)v),
                            json_pack("{s:s}", "$ref", "#/$defs/verb"));
    json_object_set_new(verbs, "state", json_pack("{s:s}", "$ref", "#/$defs/verb"));
    for (int i = OH_VERBS; oh_ability_name(i); i++)
        json_array_append_new(abilities, json_string(oh_ability_name(i)));
    json_t *defs =
        json_pack("{s:{s:s, s:o, s:b}, s:{s:o}}", "verbs", "type", "object", "properties", verbs,
                  "additionalProperties", 0, "ability", "enum", abilities);
    /* Without `send` are the verbs of programs that are told verbs: these have no answers either.
     */
    json_object_set_new(defs, "verb",
                        json_pack("{s:{s:[s], s:[s]}}", "dependentRequired", "ok", "send",
                                  "refused", "send"));
    return without_start(oh_schema_make(&plan, read, defs));
}
