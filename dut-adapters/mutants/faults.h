/*
 * faults.h - the table of faults: which message, what is done to it, and the clause that it breaks.
 *
 * A fault is data where it can be: a selector, a verb, a field and a value. A lawful variant breaks
 * no clause; a judge that finds anything in it accuses a healthy phone.
 */
#ifndef MUTANT_FAULTS_H
#define MUTANT_FAULTS_H

#include "text.h"

enum mu_kind { MU_REQUEST, MU_RESPONSE };

enum mu_where {
    MU_OUT = 1,       /* outside of a dialog: no To tag */
    MU_IN = 2,        /* in a dialog: a To tag */
    MU_AUTH = 4,      /* with credentials */
    MU_ACK_ERROR = 8, /* an ACK with the branch of an INVITE: to a response of 300 or more */
    MU_ACK_2XX = 16,  /* any other ACK */
    MU_SDP = 32,      /* with a body */
};

/* The phone's messages that a fault is put upon; what is not set does not matter. */
struct mu_on {
    enum mu_kind kind;
    const char *method; /* of responses: the request's. NULL: any */
    unsigned low, high; /* status; 0: any */
    unsigned where;     /* all of these must hold */
    unsigned nth;       /* of the messages that fit, repeats not counted; 0: all of them */
};

enum mu_verb {
    MU_SET,        /* field: value */
    MU_FLIP,       /* field: its last character becomes another */
    MU_STRIP,      /* field: loses its first `number` characters */
    MU_ADD,        /* field: a number, to which `number` is added */
    MU_REMOVE,     /* field: a header or a parameter */
    MU_DUPLICATE,  /* field: the header's line stands twice */
    MU_SWAP,       /* field: the first two lines of that header change places */
    MU_LINE,       /* value: a header line is added */
    MU_OLD_BRANCH, /* the branch of the call's INVITE */
    MU_OLD_CSEQ,   /* the CSeq number of the call's INVITE */
    MU_BODY,       /* `spoil`, then Content-Length is made right */
    MU_SPOIL,      /* `spoil` */
    MU_DROP,       /* is not sent */
    MU_DELAY,      /* is sent `number` ms later */
    MU_HOLD,       /* is sent behind the next message of the phone */
    MU_REPEAT,     /* is sent a second time, `number` ms later */
    MU_ELSEWHERE,  /* is sent to the next higher port; over a stream: not at all */
};

/* Whether the rest of the phone's messages follows. */
enum mu_scope {
    MU_ONCE, /* only what the selector picks */
    MU_ON,   /* from then on: branch, Call-ID, own tag, CSeq numbers and credentials as they now are
              */
};

struct mu_fault {
    const char *name;
    const char *clause; /* "-": lawful */
    const char *text;   /* what the phone does, in a sentence */
    const char *flow;   /* what must happen for it to strike */
    struct mu_on on;
    enum mu_verb verb;
    const char *field, *value;
    long number;
    void (*spoil)(struct mu_text *t);
    enum mu_scope scope;
};

extern const struct mu_fault mu_faults[];
extern const size_t mu_fault_count;

/* NULL: there is none of that name. */
const struct mu_fault *mu_fault_named(const char *name);

/* spoil.c: edits that a verb cannot say. */
void mu_spoil_sdp_extra_media(struct mu_text *t);
void mu_spoil_sdp_no_media(struct mu_text *t);
void mu_spoil_sdp_port_zero(struct mu_text *t);
void mu_spoil_sdp_no_connection(struct mu_text *t);
void mu_spoil_sdp_no_origin(struct mu_text *t);
void mu_spoil_sdp_no_timing(struct mu_text *t);
void mu_spoil_sdp_other_codec(struct mu_text *t);
void mu_spoil_sdp_sendrecv(struct mu_text *t);
void mu_spoil_sdp_old_version(struct mu_text *t);
void mu_spoil_contact_scheme(struct mu_text *t);
void mu_spoil_contact_port(struct mu_text *t);
void mu_spoil_digest_quoted(struct mu_text *t);
void mu_spoil_to_user(struct mu_text *t);
void mu_spoil_from_user(struct mu_text *t);
void mu_spoil_uri_user(struct mu_text *t);
void mu_spoil_register_uri_user(struct mu_text *t);
void mu_spoil_to_tag(struct mu_text *t);
void mu_spoil_no_expires(struct mu_text *t);
void mu_spoil_status_603(struct mu_text *t);
void mu_spoil_status_200(struct mu_text *t);
void mu_spoil_line_ends(struct mu_text *t);
void mu_spoil_compact(struct mu_text *t);
void mu_spoil_case(struct mu_text *t);
void mu_spoil_fold(struct mu_text *t);
void mu_spoil_blanks(struct mu_text *t);
void mu_spoil_order(struct mu_text *t);

#endif
