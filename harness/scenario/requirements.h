/*
 * scenario/requirements.h - the catalogue of what is required of a SIP phone, as data.
 *
 * `scenarios/requirements/` holds one file per first part of the ids: `auth.yaml` has all that
 * begin with "auth.". Scenarios and rules name what they cover by these ids; what none covers is
 * seen by it. A file is read by tables of keys, as scenarios are: every mistake is told with its
 * place, in one go. Ids are unique: a file holds a key once, and only ids that begin with its name.
 *
 * Uses: base/, scenario/yaml.h.
 */
#ifndef OH_SCENARIO_REQUIREMENTS_H
#define OH_SCENARIO_REQUIREMENTS_H

#include "base/error.h"

#define OH_REQUIREMENTS_MOST 10000 /* of one catalogue */

enum oh_requirement_level { OH_REQUIRES_MUST, OH_REQUIRES_SHOULD, OH_REQUIRES_MAY };
enum oh_requirement_kind {
    OH_REQUIREMENT_RULE,    /* seen in any recording */
    OH_REQUIREMENT_FLOW,    /* takes an exchange that provokes it */
    OH_REQUIREMENT_TIMER,   /* a measured interval */
    OH_REQUIREMENT_MEDIA,   /* seen in RTP and what goes with it */
    OH_REQUIREMENT_TORTURE, /* odd or hostile input */
    OH_REQUIREMENT_KINDS
};
/* What the level was taken from. */
enum oh_requirement_ground {
    OH_GROUND_SENTENCE, /* a sentence with the word of the level, or plain prose of its force */
    OH_GROUND_GRAMMAR,  /* a production, or a table of header fields */
    OH_GROUND_STATE_MACHINE, /* a drawn or told state machine, a timer's definition */
    OH_GROUND_EXAMPLE,       /* a flow or message that an RFC shows */
    OH_GROUND_GUIDE,         /* how phones are used to behave; no RFC demands it */
    OH_GROUND_UNREAD         /* nobody held the level against the text yet: do not lean on it */
};
/* Why no rule covers an entry of kind rule. */
enum oh_uncovered {
    OH_UNCOVERED_NOT_TOLD, /* no reason is given */
    OH_UNCOVERED_NEEDS_STIMULUS,
    OH_UNCOVERED_NEEDS_SECRET,
    OH_UNCOVERED_NOT_ON_WIRE,
    OH_UNCOVERED_NEEDS_SEVERAL_CALLS,
    OH_UNCOVERED_NEEDS_CONFIGURATION,
    OH_UNCOVERED_DUPLICATE, /* of `same_as` */
    OH_UNCOVERED_REASONS
};

struct oh_requirement {
    char *id;    /* "ack.branch": group.what */
    char *title; /* one line */
    enum oh_requirement_level level;
    enum oh_requirement_ground ground;
    char **clauses; /* "RFC 3261 17.1.1.3"; none for what is practice only */
    size_t clause_count;
    char *sentence; /* where in the clause, in own words; NULL: not told */
    char *role;     /* "uac", "uas", "registrant" or "any": the phone's part */
    enum oh_requirement_kind kind;
    unsigned priority; /* 1: every phone; 2: common; 3: rare, or of an extension */
    char *stimulus;    /* what makes it seen */
    char *expect;      /* what must then be seen */
    char **sources;    /* where the entry comes from */
    size_t source_count;
    char *note; /* what to mind; NULL: nothing */
    enum oh_uncovered uncovered;
    char *same_as;         /* the id that it duplicates; NULL: none */
    const char *file;      /* that it stands in; owned by the catalogue */
    struct oh_place place; /* of its id */
    struct oh_place uncovered_place, same_as_place;
};

struct oh_catalogue; /* entries in the order of files and lines */

struct oh_catalogue *oh_catalogue_new(void);
void oh_catalogue_free(struct oh_catalogue *c);

/* Adds a file's entries. -1 with its mistakes in `errors`; what could be read of it is added all
 * the same, so that other files can be held against it. */
int oh_catalogue_read(struct oh_catalogue *c, const char *file, struct oh_errors *errors);
/* The same from text; `file` names it, and its entries by its base name. */
int oh_catalogue_parse(struct oh_catalogue *c, const char *file, struct oh_span text,
                       struct oh_errors *errors);
/* Tells each `same-as` that names no entry of it or of `others` (NULL: no others), or its own. -1
 * if there is one. */
int oh_catalogue_check(const struct oh_catalogue *c, const struct oh_catalogue *others,
                       struct oh_errors *errors);
/* All .yaml files of a folder, read and checked. NULL with mistakes. */
struct oh_catalogue *oh_catalogue_load(const char *folder, struct oh_errors *errors);

/* A mistake at a place of an entry's file, with its line where the file can be read; returns the
 * new entry of `errors`, so that a remedy can be added. */
struct oh_error *oh_requirement_mistake(const struct oh_requirement *q, struct oh_place place,
                                        struct oh_errors *errors, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

size_t oh_catalogue_count(const struct oh_catalogue *c);
const struct oh_requirement *oh_catalogue_item(const struct oh_catalogue *c, size_t i);
/* By id, in log time; NULL: there is none. */
const struct oh_requirement *oh_catalogue_find(const struct oh_catalogue *c, struct oh_span id);
/* The id that a misspelt one is nearest to, or NULL. */
const char *oh_catalogue_nearest(const struct oh_catalogue *c, const char *id);
/* Remedy for an id that is not there: what was meant, or where to look. */
void oh_catalogue_suggest(const struct oh_catalogue *c, const char *id, struct oh_error *e);

/* Words of letters, digits and '-', joined by dots: "auth.invite.407-retry", "tm.A.first". */
bool oh_is_requirement_id(const char *text);

/* The words of the file; NULL past the last. */
const char *oh_requirement_level_name(enum oh_requirement_level level);
const char *oh_requirement_kind_name(enum oh_requirement_kind kind);
const char *oh_requirement_ground_name(enum oh_requirement_ground ground);
const char *oh_uncovered_name(enum oh_uncovered reason); /* "" for not told */

/* The document that a source or clause belongs to: "RFC 3261" of "RFC 3261 17.1.1.3". */
struct oh_span oh_requirement_document(const char *source);

#endif
