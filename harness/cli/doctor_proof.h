/*
 * cli/doctor_proof.h - what in a recording proves that the phone did what its user told it.
 *
 * The driver's word proves nothing; a message of the phone on the wire does.
 */
#ifndef OH_CLI_DOCTOR_PROOF_H
#define OH_CLI_DOCTOR_PROOF_H

#include "trace/run.h"

/* How an action ended. */
enum oh_proof_word {
    OH_PROOF_DONE,      /* `message` shows it */
    OH_PROOF_OTHERWISE, /* `message` came of it, but is not what the verb is for */
    OH_PROOF_NOTHING,   /* it was told and taken, and nothing came */
    OH_PROOF_UNTAKEN,   /* it was told, and the driver never said that the phone took it */
    OH_PROOF_REFUSED,   /* the phone or its driver refused; `detail` */
    OH_PROOF_UNTOLD,    /* the flow did not come to it */
};

struct oh_proof {
    enum oh_proof_word word;
    const struct oh_trace_msg *message; /* borrowed from the trace */
    const char *detail;                 /* borrowed from the journal; NULL: none */
    int64_t after_ns;                   /* from telling the phone to `message` */
};

/* What step `step` of the recording, a user action, came to. */
struct oh_proof oh_proof_of(const struct oh_recording *r, int step);
/* "a re-INVITE with a=sendonly": what is wanted of a verb. */
const char *oh_proof_wanted(enum oh_verb verb);
/* RTP packets that came to us, and where the last one was sent from: a phone bound to all addresses
 * may send from another one than its own. */
size_t oh_proof_rtp(const struct oh_recording *r, struct oh_addr *from);
/* The flow came to its media step. */
bool oh_proof_had_media(const struct oh_recording *r);

#endif
