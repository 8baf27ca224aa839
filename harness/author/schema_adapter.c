/* What an adapter file has that no table of its reader says. */
#include "author/schema_private.h"

#include "scenario/scenario.h"

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
    {"'drive'", "with", "{\"enum\": [\"json-lines\", \"tcp-netstring\", \"terminal\"]}"},
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
    for (int i = OH_VERBS; oh_ability_name(i); i++)
        json_array_append_new(abilities, json_string(oh_ability_name(i)));
    json_t *defs =
        json_pack("{s:{s:s, s:o, s:b}, s:{s:o}}", "verbs", "type", "object", "properties", verbs,
                  "additionalProperties", 0, "ability", "enum", abilities);
    return oh_schema_make(&plan, read, defs);
}
