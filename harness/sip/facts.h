/*
 * sip/facts.h - what nearly everybody asks of a message, read once.
 *
 * Why: linking a trace and the always-on rules ask for tags, branch, CSeq and URIs of From and To
 * hundreds of times of the same message. They are read at the first question and kept with the
 * message. Nothing is demanded here: what cannot be read is absent.
 *
 * Uses: sip/uri.h, sip/via.h.
 */
#ifndef OH_SIP_FACTS_H
#define OH_SIP_FACTS_H

#include "sip/uri.h"
#include "sip/via.h"

struct oh_sip_facts {
    struct oh_sip_name_addr contact;  /* the first value */
    struct oh_sip_name_addr from, to; /* all absent where it is not there or cannot be read */
    struct oh_span from_tag, to_tag;
    struct oh_span call_id; /* the whole value */
    struct oh_span top_via; /* the first value */
    struct oh_sip_via via;  /* it taken apart; all absent where it cannot be read */
    struct oh_span branch, received, rport, maddr; /* of it */
    size_t via_count;                              /* values */
    struct oh_sip_cseq cseq; /* method and number_text absent where it cannot be read */
    bool has_cseq;
    /* The body is a session description by its Content-Type. Not one that Content-Length cuts
     * short, nor one that is longer than our limits, of which the end is not known. */
    bool has_sdp;
};

const struct oh_sip_facts *oh_sip_msg_read_facts(const struct oh_sip_msg *m); /* for the first */

/* Valid as long as the message. */
static inline const struct oh_sip_facts *oh_sip_msg_facts(const struct oh_sip_msg *m)
{
    return m->facts ? m->facts : oh_sip_msg_read_facts(m);
}

#endif
