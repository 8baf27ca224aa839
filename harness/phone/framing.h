/*
 * phone/framing.h - where messages begin and end in a stream of bytes, both ways. Private to
 * phone/.
 *
 * Three so far: lines of JSON and netstrings ("LEN:JSON,"; framing.c), and lines of text as a
 * person types and reads them (typist.c).
 *
 * Uses: phone/driver.h.
 */
#ifndef OH_PHONE_FRAMING_H
#define OH_PHONE_FRAMING_H

#include "phone/driver.h"

struct oh_framing; /* the framing's own state */

struct oh_framing_owner {
    void (*got)(struct oh_span message, uint64_t answer_to, void *arg);
    void (*up)(void *arg); /* messages can be sent */
    int (*put)(struct oh_span bytes, void *arg, struct oh_error *e);
    void *arg;
};

struct oh_framing_ops {
    struct oh_framing *(*open)(const struct oh_driver_plan *plan,
                               const struct oh_framing_owner *owner);
    void (*begin)(struct oh_framing *f); /* bytes can be put */
    /* -1: what comes is not framed so. */
    int (*take)(struct oh_framing *f, struct oh_span bytes, struct oh_error *e);
    int (*send)(struct oh_framing *f, uint64_t id, struct oh_span message, struct oh_error *e);
    void (*end)(struct oh_framing *f); /* nothing more will come: tells what is open */
    void (*close)(struct oh_framing *f);
};

extern const struct oh_framing_ops oh_framing_json_lines, oh_framing_netstrings, oh_framing_text;

/* Whether a line "NAME: VALUE" of text becomes a member. */
bool oh_text_is_member(const char *name);

#endif
