/*
 * scenario/yaml_tree.h - the document as yaml.c builds it; private to the yaml_*.c files.
 *
 * Uses: scenario/yaml.h.
 */
#ifndef OH_SCENARIO_YAML_TREE_H
#define OH_SCENARIO_YAML_TREE_H

#include "scenario/yaml.h"

struct oh_yaml_node {
    enum oh_yaml_kind kind;
    struct oh_place place;
    bool plain;
    bool null;
    char *text;    /* scalars */
    char *written; /* what stood there before a parameter's value was put in; NULL: the same */
    bool written_plain;
    struct oh_yaml_node **items; /* of a list; of a map: key, value, key, value */
    size_t item_count;
    size_t item_room;
};

/* What changes while mistakes are told about a document that is const to its readers. */
struct oh_yaml_tally {
    size_t mistakes;
    struct oh_error spill; /* takes what is over OH_YAML_MAX_MISTAKES */
};

struct oh_yaml {
    char *file;
    char *text;
    size_t len;
    size_t *line_starts; /* offsets in text, line_starts[0] is line 1 */
    size_t line_count;
    struct oh_yaml_node **nodes; /* all of them, for freeing */
    size_t node_count;
    size_t node_room;
    struct oh_yaml_node *root;
    struct oh_yaml_tally *tally;
    const struct oh_yaml_observer *observer; /* or NULL */
};

/* Line `line` (from 1) without its end; absent if there is none. */
struct oh_span oh_yaml_line(const struct oh_yaml *y, unsigned line);

/* Copies file and text and finds the lines; the tree is yaml.c's to build. */
struct oh_yaml *oh_yaml_new(const char *file, struct oh_span text);
struct oh_yaml_node *oh_yaml_add_node(struct oh_yaml *y, enum oh_yaml_kind kind,
                                      struct oh_place place);

/* In place of a scalar's text; `written` keeps what the file has. */
void oh_yaml_put_text(struct oh_yaml_node *n, const char *text, bool plain);
/* Nothing, "null" and the like: what no value is when it is plain. */
bool oh_yaml_is_null_word(const char *text);

/* Offset of the first byte that is not UTF-8 (RFC 3629), or s.len. */
size_t oh_yaml_bad_utf8(struct oh_span s);

#endif
