/* What a scenario file has that no table of its reader says. */
#include "author/schema_private.h"

#include "scenario/scenario.h"
#include "sip/field.h"

#include <stdlib.h>
#include <string.h>

#define NAME "[A-Za-z][A-Za-z0-9_]*"

static const struct oh_schema_row rows[] = {
    {"the scenario", "format", "{\"const\": 1}"},
    {"the scenario", "source",
     "{\"anyOf\": [{\"$ref\": \"#/$defs/text\"}, {\"type\": \"array\", \"minItems\": 1,"
     " \"items\": {\"$ref\": \"#/$defs/text\"}}]}"},
    {"the scenario", "covers",
     "{\"type\": \"array\", \"items\": {\"type\": \"string\", \"pattern\":"
     " \"^[A-Za-z0-9-]+([.][A-Za-z0-9-]+)+$|[$][{]\"}}"},
    {"the scenario", "needs", "{\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/ability\"}}"},
    {"the scenario", "parties",
     "{\"type\": \"object\", \"minProperties\": 1, \"propertyNames\": {\"pattern\": \"^" NAME
     "$\"}, \"additionalProperties\": {\"$ref\": \"#/$defs/party-or-role\"}}"},
    {"the scenario", "params",
     "{\"type\": \"object\", \"additionalProperties\": {\"$ref\": \"#/$defs/text\"}}"},
    {"the scenario", "each",
     "{\"type\": \"array\", \"minItems\": 1, \"items\": {\"type\": \"object\", \"minProperties\": "
     "1,"
     " \"additionalProperties\": {\"$ref\": \"#/$defs/text\"}}}"},
    {"the scenario", "given",
     "{\"anyOf\": [{\"$ref\": \"#/$defs/given\"}, {\"type\": \"array\", \"items\":"
     " {\"$ref\": \"#/$defs/given\"}}]}"},
    {"the scenario", "flow", "{\"$ref\": \"#/$defs/steps\"}"},
    {"'either'", "or", "{\"$ref\": \"#/$defs/steps\"}"},
    {"'repeat'", "flow", "{\"$ref\": \"#/$defs/steps\"}"},
    {"a party", "number", "{\"type\": [\"string\", \"boolean\"]}"},
    {"a party", "contacts", "{\"type\": \"array\", \"items\": {\"type\": \"string\"}}"},
    {"a challenge", "stale", "{\"$ref\": \"#/$defs/truth\"}"},
    {"a step", "must", "{\"$ref\": \"#/$defs/expectations\"}"},
    {"a step", "should", "{\"$ref\": \"#/$defs/expectations\"}"},
    {"a step", "save", "{\"type\": \"string\", \"pattern\": \"^" NAME "$|[$][{]\"}"},
    {"a step", "headers",
     "{\"type\": \"object\", \"additionalProperties\": {\"$ref\": \"#/$defs/text\"}}"},
    {"a step", "remove",
     "{\"anyOf\": [{\"type\": \"string\"}, {\"type\": \"array\", \"items\": {\"type\":"
     " \"string\"}}]}"},
    {"a step", "after",
     "{\"anyOf\": [{\"$ref\": \"#/$defs/time\"}, {\"type\": \"string\", \"pattern\":"
     " \"[0-9a-zA-Z] *[.][.] *[0-9T]|[$][{]\"}]}"},
    {"a step", "twice",
     "{\"anyOf\": [{\"const\": true}, {\"$ref\": \"#/$defs/time\"},"
     " {\"$ref\": \"#/$defs/parameter\"}]}"},
    {"a step", "lose", "{\"$ref\": \"#/$defs/count\"}"},
    {"a step", "pieces",
     "{\"anyOf\": [{\"$ref\": \"#/$defs/count\"}, {\"type\": \"array\", \"minItems\": 1,"
     " \"items\": {\"$ref\": \"#/$defs/count\"}}]}"},
    {"'retransmits'", "count", "{\"$ref\": \"#/$defs/count\"}"},
    {"'retransmits'", "tolerance",
     "{\"type\": \"string\", \"pattern\": \"^ *[0-9]+ *% *$|[$][{]\"}"},
    {"sdp", "formats", "{\"type\": \"array\", \"minItems\": 1}"},
    {0},
};

static const struct oh_schema_way ways[] = {
    {"{parties: {A: {", "}}}"},
    {"{parties: {A: phone, P: proxy}, flow: [{\"A -> P\": INVITE, ", "}]}"},
    {"{parties: {A: phone, P: proxy}, flow: [{either: [A answers], ", "}]}"},
    {"{parties: {A: phone, P: proxy}, flow: [{repeat: 2, ", "}]}"},
    {0},
};

static json_t *words(const char *(*nth)(int))
{
    json_t *list = json_array();
    for (int i = 0; nth(i); i++)
        json_array_append_new(list, json_string(nth(i)));
    return list;
}

static json_t *of_json(const char *text)
{
    return json_loads(text, JSON_DECODE_ANY, NULL);
}

/* must and should: every field by its name, and any other header. */
static json_t *expectations(void)
{
    json_t *properties = json_object();
    const char *path, *meaning;
    for (size_t i = 0; (path = oh_field_list(i, &meaning)); i++) {
        if (strstr(path, "NAME"))
            continue;
        json_t *field = json_pack("{s:s}", "$ref", "#/$defs/wanted");
        if (meaning)
            json_object_set_new(field, "description", json_string(meaning));
        json_object_set_new(properties, path, field);
    }
    return json_pack("{s:s, s:i, s:o, s:{s:s}}", "type", "object", "minProperties", 1, "properties",
                     properties, "additionalProperties", "$ref", "#/$defs/wanted");
}

/* {above: 1}: a comparison in braces, by the words that there are. */
static json_t *comparison(void)
{
    static const struct {
        enum oh_predicate_kind kind;
        const char *json;
    } others[] = {
        {OH_IS_ANY_OF, "{\"type\": \"array\", \"minItems\": 1, \"items\": {\"$ref\":"
                       " \"#/$defs/text\"}}"},
        {OH_IS_MATCHING, "{\"$ref\": \"#/$defs/text\"}"},
        {OH_IS_CONTAINING, "{\"anyOf\": [{\"$ref\": \"#/$defs/text\"}, {\"type\": \"array\","
                           " \"minItems\": 1, \"items\": {\"$ref\": \"#/$defs/text\"}}]}"},
    };
    json_t *properties = json_object();
    for (int k = 0; k < OH_PREDICATES; k++) {
        if (k == OH_IS_PRESENT || k == OH_IS_ABSENT || k == OH_IS_VALID)
            continue;
        const char *json = "{\"$ref\": \"#/$defs/text\"}";
        for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
            if (others[i].kind == (enum oh_predicate_kind)k)
                json = others[i].json;
        }
        json_object_set_new(properties, oh_predicate_name((enum oh_predicate_kind)k),
                            of_json(json));
    }
    return json_pack("{s:s, s:i, s:o, s:b}", "type", "object", "minProperties", 1, "properties",
                     properties, "additionalProperties", 0);
}

static json_t *wanted(void)
{
    return json_pack("{s:[{s:[s,s,s]}, {s:s}, {s:s, s:i, s:{s:s}}, {s:s}]}", "anyOf", "enum",
                     "present", "absent", "valid", "$ref", "#/$defs/text", "type", "array",
                     "minItems", 1, "items", "$ref", "#/$defs/text", "$ref", "#/$defs/comparison");
}

/* "^NAME +(dials +NAME|answers|...)$" */
static char *sentence_pattern(void)
{
    struct oh_text text = {0};
    const char *sentence;
    bool more;
    oh_text_add(&text, "^ *" NAME " +(");
    for (size_t i = 0; (sentence = oh_action_words(i, &more)); i++)
        oh_text_addf(&text, "%s%s%s", i ? "|" : "", sentence, more ? " .+" : "");
    for (size_t i = 0; (sentence = oh_connection_words(i)); i++)
        oh_text_addf(&text, "|%s", sentence);
    oh_text_add(&text, ") *$|[$][{]");
    return oh_text_take(&text);
}

static const char arrow[] = "^ *(" NAME " *(->|<->) *" NAME ") *$";

/* What makes a map a step, beside the keys of the table. */
static json_t *step(const char *sentence)
{
    json_t *patterns = json_object();
    json_object_set_new(patterns, arrow, json_pack("{s:s}", "$ref", "#/$defs/message"));
    json_object_set_new(patterns, sentence,
                        json_pack("{s:s, s:[s,s,s,s]}", "description",
                                  "what the phone's user does, or a party of ours to its "
                                  "connections; keys stand on the lines below",
                                  "type", "null", "string", "number", "boolean"));
    json_object_set_new(patterns, "^nothing for$",
                        json_pack("{s:s, s:[{s:s},{s:s}]}", "description",
                                  "no message of the phone for that time, as in '5 s'", "anyOf",
                                  "$ref", "#/$defs/time", "$ref", "#/$defs/parameter"));
    json_object_set_new(patterns, "[$][{]", json_true());
    return json_pack("{s:i, s:o}", "minProperties", 1, "patternProperties", patterns);
}

static json_t *message(void)
{
    static const char *const methods[] = {"INVITE",   "ACK",     "BYE",       "CANCEL",
                                          "REGISTER", "OPTIONS", "INFO",      "PRACK",
                                          "UPDATE",   "REFER",   "SUBSCRIBE", "NOTIFY",
                                          "MESSAGE",  "PUBLISH", "RTP",       "no RTP"};
    json_t *list = json_array();
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        json_array_append_new(list, json_string(methods[i]));
    return json_pack(
        "{s:s, s:[{s:o}, {s:s,s:i,s:i}, {s:s,s:s}]}", "description",
        "what is sent: a method, a status, '200 to PRACK', RTP or no RTP", "anyOf", "enum", list,
        "type", "integer", "minimum", 100, "maximum", 699, "type", "string", "pattern",
        "^ *([1-6][0-9][0-9]( +to +[A-Z][A-Z0-9.!%*_+`'~-]*)?|[A-Z][A-Z0-9.!%*_+`'~-]*|([Nn][Oo] "
        ")?[Rr][Tt][Pp]) *$|[$][{]");
}

static json_t *steps(const char *sentence)
{
    static const char *const blocks[] = {"step", "any-order", "either", "repeat"};
    json_t *items = json_array();
    json_array_append_new(items, json_pack("{s:s, s:s}", "type", "string", "pattern", sentence));
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        json_array_append_new(items, json_pack("{s:s+}", "$ref", "#/$defs/", blocks[i]));
    return json_pack("{s:s, s:i, s:{s:o}}", "type", "array", "minItems", 1, "items", "anyOf",
                     items);
}

/* What no table says of blocks and of values that several keys have. */
static const struct {
    const char *name, *json;
} others[] = {
    {"truth", "{\"anyOf\": [{\"type\": \"boolean\"}, {\"enum\": [\"true\", \"false\"]},"
              " {\"$ref\": \"#/$defs/parameter\"}]}"},
    {"count", "{\"anyOf\": [{\"type\": \"integer\", \"minimum\": 1}, {\"type\": \"string\","
              " \"pattern\": \"^0*[1-9][0-9]*$|[$][{]\"}]}"},
    {"given", "{\"anyOf\": [{\"const\": \"registered\"}, {\"type\": \"string\", \"pattern\":"
              " \"^ *call +established +" NAME " *- *" NAME " *$|[$][{]\"}]}"},
    {"party-or-role", "{\"anyOf\": [{\"$ref\": \"#/$defs/party/properties/role\"},"
                      " {\"$ref\": \"#/$defs/party\"}]}"},
    {"row", "{\"anyOf\": [{\"$ref\": \"#/$defs/steps\"}, {\"$ref\": \"#/$defs/steps/items\"}]}"},
    {"any-order",
     "{\"type\": \"object\", \"required\": [\"any order\"], \"additionalProperties\": false,"
     " \"properties\": {\"any order\": {\"description\": \"steps, or lists of steps, that happen in"
     " whatever order\", \"type\": \"array\", \"minItems\": 2, \"items\":"
     " {\"$ref\": \"#/$defs/row\"}}}}"},
    {"either",
     "{\"required\": [\"either\"], \"properties\": {\"either\": {\"description\": \"one way that "
     "the"
     " phone may take; the other stands below 'or:'. Of more than two each is a list here\","
     " \"type\": \"array\", \"minItems\": 1, \"items\": {\"$ref\": \"#/$defs/row\"}}}}"},
    {"repeat",
     "{\"required\": [\"repeat\", \"flow\"], \"properties\": {\"repeat\": {\"description\":"
     " \"how often, as in 3, or the fewest and the most, as in '1 .. 5'\", \"anyOf\":"
     " [{\"$ref\": \"#/$defs/count\"}, {\"type\": \"string\", \"pattern\":"
     " \"^ *[0-9]+ *[.][.] *[0-9]+ *$\"}]}}}"},
};

char *oh_schema_of_scenarios(oh_schema_read_fn *read)
{
    static const struct oh_schema_plan plan = {
        .id = "urn:offhook:scenario:1",
        .title = "offhook scenario",
        .description = "One call flow: who takes part, and what happens, from top to bottom.",
        .rows = rows,
        .ways = ways,
        .has_params = true,
    };
    char *sentence = sentence_pattern();
    json_t *defs =
        json_pack("{s:{s:[{s:o},{s:s}]}, s:o, s:o, s:o, s:o, s:o, s:o}", "ability", "anyOf", "enum",
                  words(oh_ability_name), "$ref", "#/$defs/parameter", "expectations",
                  expectations(), "wanted", wanted(), "comparison", comparison(), "message",
                  message(), "steps", steps(sentence), "step", step(sentence));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        json_object_set_new(defs, others[i].name, of_json(others[i].json));
    free(sentence);
    return oh_schema_make(&plan, read, defs);
}
