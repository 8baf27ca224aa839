/*
 * sip/draft.h - building correct messages, and overriding them where a scenario says so.
 *
 * A draft is a start line, headers in order and a body. Content-Length is added (last) when
 * formatted unless it was set by hand. Names keep the case that they were given. Responses and the
 * requests of sip/dialog.h come in the usual order: Via, Max-Forwards, Record-Route/Route, From,
 * To, Call-ID, CSeq, Contact; what is added later follows.
 *
 * Invariant: no text given to a draft can end a header line. CR, LF and NUL, with the white space
 * around them, become one space (in a name or a Request-URI: nothing), so that folded values from
 * the wire come out on one line. Bytes that are wrong on purpose are sent raw, without a draft.
 *
 * Uses: sip/message.h.
 */
#ifndef OH_SIP_DRAFT_H
#define OH_SIP_DRAFT_H

#include "base/addr.h"
#include "sip/message.h"

struct oh_draft;

/* A start line, no headers yet. The caller frees. */
struct oh_draft *oh_draft_request(const char *method, const char *request_uri);

/* RFC 3261 8.2.6: copies all Via (adding received/rport for `source` as 18.2.1 and RFC 3581 4 say;
 * NULL: as they are), From, To, Call-ID, CSeq; Record-Route for 101..299 of dialog-forming methods
 * (12.1.1: INVITE, SUBSCRIBE, NOTIFY, REFER); Timestamp for 100 (8.2.6.1). `to_tag` is put on To
 * where the request's To has none (NULL or status 100: none is put). `reason` NULL: the RFC's
 * phrase. What the request lacks, the response lacks. The caller frees. */
struct oh_draft *oh_draft_response(const struct oh_sip_msg *request, const struct oh_addr *source,
                                   unsigned status, const char *reason, const char *to_tag);

/* Exactly these bytes, whatever they are: nothing is added or looked at. What is set in it later is
 * not sent. The caller frees. */
struct oh_draft *oh_draft_exact(struct oh_span bytes);

void oh_draft_free(struct oh_draft *d);

/* Adds at the end / replaces all of that name by one in the first one's place (added if absent) /
 * adds in front of the first of that name (Via of a proxy; in front of all headers if there is
 * none) / removes all of that name. Names in any case; compact forms count as the same. */
void oh_draft_add(struct oh_draft *d, const char *name, const char *value_format, ...)
    __attribute__((format(printf, 3, 4)));
void oh_draft_set(struct oh_draft *d, const char *name, const char *value_format, ...)
    __attribute__((format(printf, 3, 4)));
void oh_draft_push(struct oh_draft *d, const char *name, const char *value_format, ...)
    __attribute__((format(printf, 3, 4)));
void oh_draft_remove(struct oh_draft *d, const char *name);

/* Replaces the body (copied) and sets Content-Type to it; NULL leaves Content-Type as it is. A body
 * that is absent or empty takes body and Content-Type away. */
void oh_draft_body(struct oh_draft *d, const char *content_type, struct oh_span body);

/* The bytes for the wire, appended to `out`. */
void oh_draft_format(const struct oh_draft *d, struct oh_text *out);

/* The phrase of RFC 3261 21 (and its extensions' ones) for a status; "" where we know none. */
const char *oh_sip_reason(unsigned status);

#endif
