/*
 * cli/doctor_proof.h - what in a recording proves that the phone did what its user told it.
 *
 * The driver's word proves nothing; a message of the phone on the wire does.
 */
#ifndef OH_CLI_DOCTOR_PROOF_H
#define OH_CLI_DOCTOR_PROOF_H

#include "match/match.h"
#include "trace/run.h"

/* How an action ended. */
enum oh_proof_word {
    OH_PROOF_DONE,      /* `message` shows it */
    OH_PROOF_OTHERWISE, /* `message` came of it, but is not what the verb is for */
    OH_PROOF_NOTHING,   /* it was told and taken, and nothing came */
    OH_PROOF_UNTAKEN,   /* it was told, and the driver never said that the phone took it */
    OH_PROOF_REFUSED,   /* the phone or its driver refused; `detail` */
    OH_PROOF_GONE,      /* the phone ended the call by itself before it: `message` is how */
    OH_PROOF_UNTOLD,    /* the flow did not come to it */
    OH_PROOF_UNSEEN,    /* its RTP would show it, of which the recording has the heads alone */
};

struct oh_proof {
    enum oh_proof_word word;
    const struct oh_trace_msg *message; /* borrowed from the trace */
    const char *detail;                 /* borrowed from the journal; NULL: none */
    const char *media; /* what of its RTP shows it, where no message does; NULL: none */
    int64_t after_ns;  /* from telling the phone to `message`; 0: it was not told. Below 0: the
                          phone did it before it was told, whatever our sockets saw first */
};

/* What step `step` of the recording, a user action, came to. */
struct oh_proof oh_proof_of(const struct oh_recording *r, int step);
/* "an INVITE with sendonly or inactive audio": what is wanted of a verb. */
const char *oh_proof_wanted(enum oh_verb verb);
/* The message by which the phone ended the flow's call by itself; NULL: it did not. */
const struct oh_trace_msg *oh_proof_self_end(const struct oh_recording *r);

/* What the phone's credentials came to, in a flow that challenges it once. */
struct oh_proof_password {
    bool came;          /* a request with credentials, after the challenge */
    enum oh_fit fit;    /* the step's expectation: right with the password that it was given */
    struct oh_text why; /* the caller releases */
};
struct oh_proof_password oh_proof_password(const struct oh_recording *r);
/* RTP packets that came to us, and where the last one was sent from: a phone bound to all addresses
 * may send from another one than its own. */
size_t oh_proof_rtp(const struct oh_recording *r, struct oh_addr *from);
/* The flow came to its media step. */
bool oh_proof_had_media(const struct oh_recording *r);

#endif
