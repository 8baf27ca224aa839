/*
 * mutant.h - one phone with one fault: what becomes of each message it sends and receives.
 *
 * What the phone sends is edited; what it receives is mapped back, so that the phone knows its own
 * transactions and dialogs again: a response gets the Via, From, To tag, Call-ID and CSeq that the
 * phone's request had, a request of the other party the Call-ID and To tag that the phone gave the
 * dialog. Bytes in, bytes out: nothing here knows of sockets, threads or time. Not locked.
 */
#ifndef MUTANT_MUTANT_H
#define MUTANT_MUTANT_H

#include "faults.h"

struct mu_mutant;

struct mu_mutant *mu_mutant_new(const struct mu_fault *fault);
void mu_mutant_free(struct mu_mutant *m);

/* What to do with a message of the phone. */
struct mu_plan {
    bool struck;    /* the fault was put upon it */
    bool drop;      /* not sent */
    bool elsewhere; /* to the next higher port */
    bool hold;      /* behind the next message */
    long delay_ms;  /* 0: at once */
    bool again;     /* a second copy, after_ms behind the first */
    long after_ms;
};

/* `t` holds a whole message about to be sent; it is edited in place. */
void mu_outgoing(struct mu_mutant *m, struct mu_text *t, struct mu_plan *plan);
/* `t` holds a whole message received; it is mapped back in place. The same message gives the same
 * result however often it comes. */
void mu_incoming(struct mu_mutant *m, struct mu_text *t);

#endif
