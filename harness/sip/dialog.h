/*
 * sip/dialog.h - one side of a dialog, as our seats keep it, and the requests built inside it.
 *
 * RFC 3261 12. Only the seats that the harness plays use this; the judge has a tracker of its own
 * over the trace, so that a slip here cannot hide itself.
 *
 * Uses: sip/draft.h.
 */
#ifndef OH_SIP_DIALOG_H
#define OH_SIP_DIALOG_H

#include "sip/draft.h"

struct oh_dialog {
    char *call_id;
    char *local_tag, *remote_tag; /* remote: NULL where the other side gave none (RFC 2543) */
    char *local_uri,
        *remote_uri;     /* the name-addr of From/To without tag and other header parameters */
    char *remote_target; /* the URI alone */
    char **route_set;    /* name-addrs, in the order to be sent */
    size_t route_count;
    uint32_t local_cseq;  /* of the last request sent; 0 before the first */
    uint32_t remote_cseq; /* of the last request got; 0 before the first */
    uint32_t invite_cseq; /* of our last INVITE, for its ACK and CANCEL */
};

/* Both: NULL where Call-ID, From or To cannot be read. A missing Contact is no reason to fail (the
 * judge tells of it): the remote target is then the other side's From URI, or our own Request-URI.
 * The caller frees. */

/* UAS side: from the request and the To tag that we put on our answer (12.1.1). */
struct oh_dialog *oh_dialog_from_request(const struct oh_sip_msg *request, const char *local_tag);
/* UAC side: from our request and the answer to it that made the dialog (12.1.2). */
struct oh_dialog *oh_dialog_from_response(const struct oh_sip_msg *request,
                                          const struct oh_sip_msg *response);
void oh_dialog_free(struct oh_dialog *d);

/* Takes the new remote target from the Contact of a target refresh request or its 2xx (12.2):
 * INVITE, UPDATE (RFC 3311 5), SUBSCRIBE, NOTIFY (RFC 6665 3). Any other message, or one without a
 * Contact URI, changes nothing. */
void oh_dialog_refresh_target(struct oh_dialog *d, const struct oh_sip_msg *m);

/* What a seat puts into its own requests. Contact goes into INVITE, UPDATE, SUBSCRIBE, NOTIFY,
 * REFER and OPTIONS only: it is "not applicable" in BYE, CANCEL, PRACK, INFO and MESSAGE (RFC 3261
 * 20 table 2 and its extensions). */
struct oh_seat_ids {
    const char *via_sent_by; /* host:port of our socket */
    const char *transport;   /* "UDP" */
    const char *contact;     /* the URI; NULL: no Contact */
};

/* An in-dialog request with its next CSeq number (ACK: the INVITE's), fresh branch, Max-Forwards
 * 70, Route and Request-URI by 12.2.1.1 (loose and strict first hop). `local_cseq` counts up here
 * except for ACK, which so is the ACK to a 2xx (13.2.2.4); "INVITE" also sets `invite_cseq`. The
 * caller frees. */
struct oh_draft *oh_dialog_request(struct oh_dialog *d, const char *method,
                                   const struct oh_seat_ids *ids);

/* ACK to a final response other than 2xx: the INVITE's own transaction (17.1.1.3). CANCEL (9.1).
 * Both copy from `invite` as it was sent: top Via, Request-URI, Route. The caller frees. */
struct oh_draft *oh_draft_ack_non2xx(const struct oh_sip_msg *invite,
                                     const struct oh_sip_msg *response);
struct oh_draft *oh_draft_cancel(const struct oh_sip_msg *invite);

/* Where a request to this SIP URI is sent: only literal addresses lead somewhere (no DNS). A maddr
 * counts as the host. -1 with a sentence where it leads nowhere; `out` is left alone then. Default
 * port 5060. RFC 3261 8.1.2, 19.1.1 */
int oh_sip_uri_address(struct oh_span uri, struct oh_addr *out, struct oh_error *e);

/* Where a response goes: RFC 3261 18.2.2 and RFC 3581 4: maddr of the top Via; else its received,
 * with rport or the port of sent-by; else sent-by. Default port 5060. -1 with a sentence: no
 * readable Via, or no literal address. */
int oh_sip_response_address(const struct oh_sip_msg *response, struct oh_addr *out,
                            struct oh_error *e);

#endif
