/*
 * phone/adapter.h - an adapter as it was read. Private to phone/.
 *
 * Keeps its document: what is sent and awaited stays YAML until it is filled with the phone's
 * values.
 *
 * Uses: phone/phone.h, phone/driver.h, scenario/yaml.h.
 */
#ifndef OH_PHONE_ADAPTER_H
#define OH_PHONE_ADAPTER_H

#include "phone/driver.h"
#include "phone/phone.h"
#include "scenario/yaml.h"

#include <regex.h>

/* A command, and how its answer is known. */
struct oh_command {
    bool given;
    const struct oh_yaml_node *send;    /* one message (a map) or several (a list); NULL: none */
    const struct oh_yaml_node *ok;      /* NULL: the drive's */
    const struct oh_yaml_node *refused; /* NULL: with a token any other answer, else none */
    const struct oh_yaml_node *event;   /* ready alone: what the phone says by itself */
    int64_t within_ms;
    int64_t kill_after_ms; /* stop alone */
};

struct oh_pair {
    char *name, *value;
};

struct oh_adapter {
    char *name;
    struct oh_yaml *y;
    char *title, *profile, *install;
    bool is_reference;
    char **abilities; /* the verbs, then the others */
    size_t ability_count, ability_room;
    struct oh_pair *params, *files, *environment;
    size_t param_count, param_room;
    size_t file_count, file_room;
    size_t environment_count, environment_room;
    char **start; /* at least one word */
    size_t start_count, start_room;
    const struct oh_driver_ops *driver;
    char *connect, *token, *reason, *event;
    const struct oh_yaml_node *ok;
    struct oh_command ready, stop, verbs[OH_VERBS];
    const struct oh_yaml_node *registered; /* the event, or NULL */
    bool has_version;
    regex_t version; /* its first group, found in the output, is the version */
};

#define OH_ADAPTER_FREE_PORTS 8 /* names that one adapter may use */

/* Reads and checks a file; NULL with its mistakes. */
struct oh_adapter *oh_adapter_read(const char *name, const char *path, struct oh_errors *errors);

/* What is wrong with the texts in the adapter: names that are none, where they may not stand. */
void oh_adapter_check_texts(struct oh_yaml_reader *r, const struct oh_adapter *a);

#endif
