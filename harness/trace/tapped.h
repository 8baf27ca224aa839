/*
 * trace/tapped.h - the SIP messages that a run's tap holds.
 *
 * Private to trace/ (pairing.h says why TCP is cut anew). Uses: trace/run.h.
 */
#ifndef OH_TRACE_TAPPED_H
#define OH_TRACE_TAPPED_H

#include "trace/run.h"

struct oh_tapped_message {
    struct oh_addr src, dst;
    enum oh_transport transport;
    struct oh_span bytes; /* of the run, or owned */
    int64_t time_ns;
    int tap;     /* the entry; of several the one that made it whole */
    char *owned; /* the bytes, where no entry has them in one piece; NULL */
};

struct oh_tapped {
    struct oh_tapped_message *messages; /* in the order of the tap */
    size_t count, room;
};

void oh_tapped_init(struct oh_tapped *t, const struct oh_run *run); /* the run must outlive it */
void oh_tapped_release(struct oh_tapped *t);

#endif
