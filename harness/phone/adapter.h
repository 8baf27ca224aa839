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

struct oh_words {
    char **at;
    size_t count, room;
};

/* A command, and how its answer is known. */
struct oh_command {
    bool given;
    const struct oh_yaml_node *send;    /* one message (a map; for drivers of text a text) or
                                           several (a list); NULL: none */
    const struct oh_yaml_node *ok;      /* NULL: the drive's */
    const struct oh_yaml_node *refused; /* NULL: with a token any other answer, else none */
    const struct oh_yaml_node *event;   /* ready alone: what the phone says by itself */
    int64_t within_ms;
    int64_t kill_after_ms; /* stop alone */
};

struct oh_pair {
    char *name, *value;
};

/* A value of what the phone says, under a name. */
struct oh_keep {
    char *name, *field;
    const struct oh_yaml_node *of; /* a pattern or a list of them; NULL: of all that it says */
};
#define OH_ADAPTER_KEPT 8

/* A program that runs beside the phone. */
struct oh_beside {
    struct oh_words start;
    char *until;       /* the file that is there when it can be used, or NULL */
    char *for_ability; /* without which it is not started, or NULL */
    int64_t within_ms; /* for `until` */
};
#define OH_ADAPTER_BESIDE 4

/* An ability that the phone would have. */
struct oh_lack {
    char *ability, *why;
};

/* What a driver of text needs to know, with the texts not yet filled. */
struct oh_says {
    char *begins;
    struct oh_words until;
};
#define OH_ADAPTER_SAYS 8

struct oh_adapter {
    const struct oh_stand_in *stand_in; /* plays the phone, of which nothing else is said; NULL */
    char *name;
    char *folder; /* where its file lies, absolute; NULL: a stand-in's */
    struct oh_yaml *y;
    char *title, *profile, *install;
    bool is_reference;
    char *account_user, *account_password; /* not filled; NULL: it is given them */
    bool anew_after_register;              /* see oh_phone_is_worn */
    char **abilities;                      /* the verbs, then the others */
    size_t ability_count, ability_room;
    struct oh_pair *params, *files, *environment;
    size_t param_count, param_room;
    size_t file_count, file_room;
    size_t environment_count, environment_room;
    struct oh_words start; /* at least one word */
    struct oh_lack *lacks;
    size_t lack_count, lack_room;
    struct oh_beside beside[OH_ADAPTER_BESIDE];
    size_t beside_count;
    struct oh_keep keeps[OH_ADAPTER_KEPT];
    size_t keep_count;
    const struct oh_driver_ops *driver;
    char *connect, *token, *reason, *event;
    char *prompt, *answer; /* drivers of text; either may be NULL */
    struct oh_words asks;  /* further prompts */
    struct oh_words ends;  /* the last lines of answers */
    const char *enter;     /* NULL: the driver's */
    bool echo, redraws;
    struct oh_says says[OH_ADAPTER_SAYS];
    size_t says_count;
    const struct oh_yaml_node *ok;
    struct oh_command ready, stop, verbs[OH_VERBS];
    struct oh_command state; /* the question whether it is idle: no action of a user */
    const struct oh_yaml_node *registered; /* the event, or NULL */
    bool has_version;
    regex_t version; /* its first group, found in the output, is the version */
};

#define OH_ADAPTER_FREE_PORTS 8 /* names that one adapter may use */

/* Reads and checks a file; NULL with its mistakes. */
struct oh_adapter *oh_adapter_read(const char *name, const char *path, struct oh_errors *errors);

/* Patterns that nothing can fit, or everything; the adapter is whole. */
void oh_adapter_check_patterns(struct oh_yaml_reader *r, const struct oh_adapter *a);

/* What is wrong with the texts in the adapter: names that are none, where they may not stand. */
void oh_adapter_check_texts(struct oh_yaml_reader *r, const struct oh_adapter *a);

#endif
