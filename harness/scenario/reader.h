/*
 * scenario/reader.h - a scenario file being read; private to this room.
 *
 * One struct goes through all read functions of the key tables as their target: it knows the
 * document, the model made so far and which part of it is being filled. Parties are read before the
 * flow, so that a step can be checked at once; what needs the whole flow is checked at its end.
 *
 * Uses: scenario/scenario.h, scenario/yaml.h.
 */
#ifndef OH_SCENARIO_READER_H
#define OH_SCENARIO_READER_H

#include "scenario/scenario.h"
#include "scenario/yaml.h"

#define OH_SCENARIO_MAX_STEPS   1000
#define OH_SCENARIO_MAX_PARTIES 64
#define OH_ABILITIES_MOST       32

struct oh_reading {
    struct oh_yaml_reader *r;
    struct oh_scenario *s;
    size_t party_room;
    size_t step_room;
    struct oh_party *party; /* being read, or NULL */
    struct oh_step *step;   /* being read, or NULL */
    enum oh_level level;    /* of the expectations being read */
    bool role_unclear;      /* a role was misspelt: say nothing more of who is missing */
    bool flow_unclear;      /* a step could not be read: say nothing more of what is missing before
                               others */
    bool needs_unclear;     /* needs could not be read: say nothing more of what it lacks */
    /* abilities told to be missing, by their index: which mistake it is, from 1 on; 0: none */
    size_t told[OH_ABILITIES_MOST];
    const struct oh_yaml_node *given_call; /* or NULL */
    const struct oh_yaml_node *flow;       /* to know what is saved later on */
    /* blocks_read.c: where the next step goes */
    int group, branch; /* the block and its branch; OH_NONE: the flow itself */
    unsigned depth;    /* blocks that are open */
    size_t group_room;
    const int *requests; /* flow_check.c: by step, oh_step_request */
    bool is_file;        /* to be played; else a recording's, which is judged whatever its flow */
    bool is_full;        /* there are more steps than there may be: told */
};

/* A word of a table; `value` where it is wanted. */
struct oh_word {
    const char *word; /* NULL ends the table */
    int value;
};

/* --- read.c --- */

/* The scenario of a document whose parameters are put in; NULL with the mistakes told. */
struct oh_scenario *oh_read_document(const struct oh_yaml *y, struct oh_errors *errors,
                                     bool is_file);

/* --- read_values.c: single values, each telling its own mistakes --- */

/* The value of a plain or quoted word of the table, or -1 with the mistake told. `what` names it in
 * the sentence. */
int oh_read_word(struct oh_yaml_reader *r, const struct oh_yaml_node *n, const char *what,
                 const struct oh_word *words);
bool oh_read_bool(struct oh_yaml_reader *r, const struct oh_yaml_node *n, bool otherwise);
/* Not empty, one line; a copy, or NULL with the mistake told. */
char *oh_read_line(struct oh_yaml_reader *r, const struct oh_yaml_node *n, const char *what);
/* Milliseconds, or -1 with the mistake told. */
int64_t oh_read_duration(struct oh_yaml_reader *r, const struct oh_yaml_node *n);
/* A plain number from 1 on, as Expires has it, or -1 with the mistake told. */
int64_t oh_read_seconds(struct oh_yaml_reader *r, const struct oh_yaml_node *n);
/* A scalar or a list of scalars. Appends copies to the array. */
void oh_read_lines(struct oh_yaml_reader *r, const struct oh_yaml_node *n, const char *what,
                   char ***lines, size_t *count);
/* As remedy: the party that was meant, or those that there are. */
void oh_suggest_party(const struct oh_scenario *s, const char *word, struct oh_error *e);
/* A party's name, or a saved one: a letter, then letters, digits and '_'. */
bool oh_is_name(struct oh_span text);
/* The key node of a map, or NULL. */
const struct oh_yaml_node *oh_find_key(const struct oh_yaml_node *map, const char *key);

/* --- read_parties.c, steps.c, predicates.c, names.c --- */

oh_yaml_read_fn oh_read_parties;
oh_yaml_read_fn oh_read_flow;
oh_yaml_read_fn oh_read_must;
oh_yaml_read_fn oh_read_should;

/* Finds "$name.field" (without the "$") among parties and steps before the one being read; tells
 * what is wrong. */
void oh_check_name(struct oh_reading *g, struct oh_place place, struct oh_span name);
/* Would it be a name of a party or of a message saved before, with a part that it has? */
bool oh_names_something(const struct oh_reading *g, struct oh_span name);
/* Every name in a text that may hold some; `place` is the text's. */
void oh_check_names_in(struct oh_reading *g, struct oh_place place, const char *text);
/* The save key: a new name. */
oh_yaml_read_fn oh_read_save;

/* --- challenges.c, descriptions.c --- */

/* One challenge or a list of them, appended to the array; `status` where they give none. What a
 * phone must be able to do to answer one of them must stand in needs. */
void oh_read_challenges(struct oh_reading *g, const struct oh_yaml_node *n, unsigned status,
                        struct oh_challenge **list, size_t *count);
/* The sdp key of a step. */
oh_yaml_read_fn oh_read_sdp;

/* --- steps.c, blocks_read.c, times.c --- */

/* One item of a flow: a step, or a block of steps. Tells where there are too many. */
void oh_read_step(struct oh_reading *g, const struct oh_yaml_node *item);
/* Is it a block (any order, either, repeat)? Then it is read, whatever is wrong with it. */
bool oh_read_block(struct oh_reading *g, const struct oh_yaml_node *item);
/* Keys of a step: when a message comes, and how often. */
oh_yaml_read_fn oh_read_after;
oh_yaml_read_fn oh_read_retransmits;
oh_yaml_read_fn oh_read_lose;

/* --- headers.c --- */

/* The known header that a name is a misspelling of, or NULL: it is known, or far from all that are.
 */
const char *oh_misspelt_header(struct oh_span name);

/* --- given.c --- */

oh_yaml_read_fn oh_read_given;
/* The steps of a call that is given, before the flow's own are read. */
void oh_read_prelude(struct oh_reading *g);
/* A new step at the end of the flow, which stands where `heading` does. */
struct oh_step *oh_new_step(struct oh_reading *g, const struct oh_yaml_node *heading);

/* --- mischief.c: keys of a step --- */

oh_yaml_read_fn oh_read_call, oh_read_fork, oh_read_again, oh_read_raw, oh_read_twice, oh_read_swap,
    oh_read_pieces;
/* Once the step's keys are read: do they go together? */
void oh_check_mischief(struct oh_reading *g, const struct oh_yaml_node *map);

/* --- connections.c: "P closes the connection" --- */

/* Is it such a sentence? Then it is read into the step; `*good` false: with mistakes, told. */
bool oh_read_connection(struct oh_reading *g, const struct oh_yaml_node *sentence,
                        const struct oh_yaml_node *value, bool *good);

/* --- messages.c: what an arrow carries --- */

/* Is this text meant as an arrow? */
bool oh_looks_like_arrow(const char *text);
/* "A -> P" or "A <-> B" and what is sent, into the step. False, with the mistake told: too wrong to
 * read on. */
bool oh_read_arrow(struct oh_reading *g, const struct oh_yaml_node *key,
                   const struct oh_yaml_node *value);
/* Once the step's keys are read: is there a request that a response answers, a challenge that a 407
 * can be made of? */
void oh_check_message(struct oh_reading *g, const struct oh_yaml_node *value);

/* --- actions.c --- */

/* "A dials B", into the step; false with the mistake told. `value`: what stands after its colon;
 * NULL: it has none. */
bool oh_read_action(struct oh_reading *g, const struct oh_yaml_node *sentence,
                    const struct oh_yaml_node *value);
/* An ability that the step at `place` uses must stand in needs. */
void oh_check_ability(struct oh_reading *g, struct oh_place place, const char *ability);
/* One that is listed is of use; nothing is told where it is not. */
void oh_use_ability(struct oh_reading *g, const char *ability);
/* Once all is read: what is missing is told with one and the same remedy. */
void oh_suggest_needs(struct oh_reading *g);

/* --- flow_check.c --- */

/* Once all is read: what cannot come to pass, though each step for itself is right. */
void oh_check_flow(struct oh_reading *g);

/* --- flow_ways.c --- */

/* A step behind an `either` stands on what each of its ways has. `requests`: oh_step_requests. */
void oh_check_ways(struct oh_reading *g, const int *requests);
/* Is the name saved before the step being read, whichever ways the phone takes? */
bool oh_is_surely_saved(const struct oh_reading *g, const char *name);

#endif
