/*
 * scenario/yaml.h - YAML 1.2 with positions, and maps read by table.
 *
 * libfyaml parses (duplicate keys refused, marks for line:column); this header hides it. A file
 * format is a table of keys: a new key is a new row. Unknown keys, wrong kinds and missing keys are
 * told with place, excerpt, what was found, what is wanted and "did you mean", all in one go.
 *
 * Used by scenario files, phone adapters and files of known findings. Uses: base/.
 */
#ifndef OH_SCENARIO_YAML_H
#define OH_SCENARIO_YAML_H

#include "base/error.h"

#define OH_YAML_MAX_BYTES    (1U << 20)
#define OH_YAML_MAX_DEPTH    24   /* lists and maps within each other */
#define OH_YAML_MAX_PAIRS    1024 /* of one map */
#define OH_YAML_MAX_MISTAKES 100  /* told of one file; the rest is only said to be there */

struct oh_yaml;      /* one document; owns everything below */
struct oh_yaml_node; /* borrowed from the document */

enum oh_yaml_kind { OH_YAML_SCALAR = 1, OH_YAML_LIST = 2, OH_YAML_MAP = 4 };

/* Parses `text` (`file` names it in errors; both are copied). NULL with entries in `errors`: not
 * YAML, empty, more than one document, too large, not UTF-8, a key given twice, anchors or tags (no
 * format of ours has them). */
struct oh_yaml *oh_yaml_parse(const char *file, struct oh_span text, struct oh_errors *errors);
/* The same from a file. */
struct oh_yaml *oh_yaml_load(const char *file, struct oh_errors *errors);
void oh_yaml_free(struct oh_yaml *y);

const char *oh_yaml_file(const struct oh_yaml *y);
struct oh_span oh_yaml_text(const struct oh_yaml *y); /* the source, whole */
const struct oh_yaml_node *oh_yaml_root(const struct oh_yaml *y);

enum oh_yaml_kind oh_yaml_kind(const struct oh_yaml_node *n);
struct oh_place oh_yaml_place(const struct oh_yaml *y, const struct oh_yaml_node *n);
/* A scalar's text, unquoted, NUL-ended, owned by the document ("" for null). Its plainness tells
 * 5551234 (number) from "5551234" (text), and the word `absent` from the text "absent". */
const char *oh_yaml_scalar(const struct oh_yaml_node *n);
bool oh_yaml_is_plain(const struct oh_yaml_node *n);

size_t oh_yaml_count(const struct oh_yaml_node *n); /* items of a list, pairs of a map */
const struct oh_yaml_node *oh_yaml_item(const struct oh_yaml_node *list, size_t i);
const struct oh_yaml_node *oh_yaml_key(const struct oh_yaml_node *map, size_t i);
const struct oh_yaml_node *oh_yaml_value(const struct oh_yaml_node *map, size_t i);

/* Null: nothing, `null` or `~` stands where a value could. "" in quotes is not null. */
bool oh_yaml_is_null(const struct oh_yaml_node *n);

/* A mistake at a node: fills place, excerpt and text; returns the new entry so that a remedy can be
 * added. Never NULL. The entry stays good until the next mistake is told. */
struct oh_error *oh_yaml_mistake(const struct oh_yaml *y, const struct oh_yaml_node *n,
                                 struct oh_errors *errors, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same at a place that is a part of a node, or whose node is no longer at hand. */
struct oh_error *oh_yaml_mistake_at(const struct oh_yaml *y, struct oh_place place,
                                    struct oh_errors *errors, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* For a value that is missing: adds the remedy that a '#' began a comment, if the rest of the line
 * from `place` on has one. Returns whether it did. */
bool oh_yaml_blame_comment(const struct oh_yaml *y, struct oh_place place, struct oh_error *e);
/* Puts the entries from index `from` on in the order of their places; those without a place last.
 */
void oh_yaml_sort_mistakes(struct oh_errors *errors, size_t from);

/* --- maps by table --- */

struct oh_yaml_reader {
    const struct oh_yaml *y;
    struct oh_errors *errors;
};

/* Reads one value into `target`; reports its own mistakes through the reader. */
typedef void oh_yaml_read_fn(struct oh_yaml_reader *r, const struct oh_yaml_node *value,
                             void *target);

struct oh_yaml_field {
    const char *key;
    unsigned kinds; /* OR of enum oh_yaml_kind that the value may be */
    bool required;
    oh_yaml_read_fn *read;
    const char *meaning; /* one line: documentation and the JSON Schema are made from it */
};

/* Reads a map by its table (ended by a row with key NULL). Says every unknown, missing or
 * wrongly-kinded key and every key without a value. `what` names the map in sentences ("a step",
 * "the scenario"). Keys are read in the order of the table, so that a row may build on the rows
 * before it. */
void oh_yaml_read_map(struct oh_yaml_reader *r, const struct oh_yaml_node *map, const char *what,
                      const struct oh_yaml_field *fields, void *target);
/* The same without the first `skip` pairs: maps whose first key is their heading. */
void oh_yaml_read_rest(struct oh_yaml_reader *r, const struct oh_yaml_node *map, size_t skip,
                       const char *what, const struct oh_yaml_field *fields, void *target);

/* --- what a format has: for the JSON Schemas, which are made of the tables themselves --- */

enum oh_yaml_sort { OH_YAML_WORD, OH_YAML_TRUTH, OH_YAML_TIME, OH_YAML_SECONDS };

/* Told while a document is read; any of the functions may be NULL. */
struct oh_yaml_observer {
    /* A map is about to be read by this table; `what` as in sentences. */
    void (*table)(void *arg, const char *what, const struct oh_yaml_field *fields);
    /* A value of a table is about to be read, and was. */
    void (*begin)(void *arg, const struct oh_yaml_field *field);
    void (*end)(void *arg, const struct oh_yaml_field *field);
    /* A single value is read as this; `words`, NULL-ended, are those that there are. */
    void (*value)(void *arg, enum oh_yaml_sort sort, const char *const *words);
    void *arg;
};
/* From now on; borrowed. NULL ends it. */
void oh_yaml_observe(struct oh_yaml *y, const struct oh_yaml_observer *o);
/* For those who read single values: what this one is read as. `words` are NULL but for WORD. */
void oh_yaml_tell_sort(const struct oh_yaml *y, enum oh_yaml_sort sort, const char *const *words);

/* The nearest of a NULL-ended list of words to a misspelt one, or NULL if none is near. */
const char *oh_nearest_word(const char *word, const char *const *words);

#endif
