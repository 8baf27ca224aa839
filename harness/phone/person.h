/*
 * phone/person.h - a person who does at a phone what is asked of him, and the keys that he presses.
 *
 * For phones that are no programs. All phones of a run share one person: what is to be done is
 * asked one thing at a time, the oldest first. A request is over when the wire shows what it was
 * for (then no key is needed), when a key says how it ended, or when it is withdrawn. Where the
 * wire is to show something and a key says "done" before it does, that is doubted once: a key
 * pressed by accident must not make a healthy phone's silence a finding.
 *
 *   Enter d  it is done            s  skip this scenario        w  something went wrong (and a
 * note) a        play it again, from its beginning                  q  end the run
 *
 * Nothing is printed here: what is to be seen is told to the owner of the terminal. Keys are single
 * bytes, or lines whose first letter is the key and whose rest is the note. When nothing can be
 * read any more, whatever needs a key is refused with a sentence; what the wire confirms goes on.
 *
 * Uses: net/.
 */
#ifndef OH_PHONE_PERSON_H
#define OH_PHONE_PERSON_H

#include "net/net.h"

enum oh_person_state {
    OH_PERSON_ASKED,
    OH_PERSON_WAITS,  /* "done" was said; the wire has a moment to show it */
    OH_PERSON_DOUBTS, /* it did not: is it sure? */
    OH_PERSON_NOTES,  /* a note on what went wrong is being typed */
};

/* What the person is to see. Texts are valid during the call. */
struct oh_person_view {
    const char *seat;     /* "A" */
    const char *user;     /* the phone's account: "1001" */
    const char *sentence; /* "dial 2002" */
    const char *awaited;  /* what the wire is to show: "INVITE"; NULL: only a key ends it */
    enum oh_person_state state;
    const char *note; /* NOTES: what was typed so far */
    unsigned reminders;
    bool deaf; /* no keys come any more */
};

enum oh_person_answer { OH_PERSON_DONE, OH_PERSON_SEEN, OH_PERSON_SKIPS, OH_PERSON_FAILED };

struct oh_person_plan {
    int keys;     /* readable, left as it is; -1: nobody presses any */
    bool by_line; /* lines, not single keys */
    /* The request at the front is new or has changed. */
    void (*show)(const struct oh_person_view *v, void *arg);
    /* It is over: "done", "seen: INVITE", "skipped" ... */
    void (*over)(enum oh_person_answer answer, const char *words, void *arg);
    void (*quit)(void *arg); /* q */
    void *arg;
};

struct oh_person;

struct oh_person *oh_person_new(const struct oh_person_plan *plan);
void oh_person_free(struct oh_person *p); /* NULL is fine */
/* The scenario is to be played again; forgotten when asked. */
bool oh_person_wants_again(struct oh_person *p);

/* --- for the driver --- */

/* Keys are read from then on; each join has its leave. */
void oh_person_join(struct oh_person *p, struct oh_net *net);
void oh_person_leave(struct oh_person *p);

struct oh_person_request;
/* Called once, unless the request is withdrawn; `words` is a sentence. */
typedef void oh_person_fn(enum oh_person_answer answer, const char *words, void *arg);
/* Texts are copied. Its callback is never called from within. */
struct oh_person_request *oh_person_ask(struct oh_person *p, const struct oh_person_view *what,
                                        oh_person_fn *fn, void *arg);
/* The wire has shown what the request was for. */
void oh_person_saw(struct oh_person_request *r);
void oh_person_withdraw(struct oh_person_request *r);

#endif
