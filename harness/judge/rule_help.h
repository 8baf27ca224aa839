/*
 * judge/rule_help.h - what the rule families share: reading parts, comparing them, finding dialogs.
 *
 * Comparisons are lenient wherever the text leaves room: a rule that accuses must be right. A part
 * that is absent is the absent span. Searches through the trace go OH_HELP_REACH messages far, so
 * that a rule costs the same in a long capture as in a short one; what lies farther is not seen.
 *
 * Uses: judge/rule.h. Private to judge/.
 */
#ifndef OH_JUDGE_RULE_HELP_H
#define OH_JUDGE_RULE_HELP_H

#include "judge/rule.h"
#include "sip/digest.h"
#include "sip/uri.h"
#include "sip/via.h"

enum { OH_HELP_REACH = 4096 };

/* --- speaking --- */

/* A breach whose values are spans. With `expected` given, an absent `observed` is told as "absent".
 * Evidence is `bytes`, else `observed` where it lies in the message. */
struct oh_say {
    const char *field;
    struct oh_span bytes, expected, observed;
    const char *text;
    const struct oh_trace_msg *also, *also_too;
};
void oh_say_broken(struct oh_rule_view *v, const struct oh_trace_msg *m, const struct oh_say *say);

/* --- parts of a message --- */

/* Of the topmost Via; absent where there is none. */
struct oh_span oh_help_branch(const struct oh_sip_msg *m);
struct oh_span oh_help_tag(const struct oh_sip_msg *m, enum oh_sip_header_id id);
struct oh_span oh_help_uri(const struct oh_sip_msg *m, enum oh_sip_header_id id);
/* "sip:...": the scheme in any case, whatever follows. */
bool oh_help_is_scheme(struct oh_span uri, const char *scheme);
/* Where quoting goes wrong in a value: a quote that is never closed, a backslash before what cannot
 * be escaped; its length where all is well. Quotes between < and > are none. RFC 3261 25.1 */
size_t oh_help_unquoted(struct oh_span value);
/* -1 where CSeq is absent or cannot be read. */
int oh_help_cseq(const struct oh_sip_msg *m, struct oh_sip_cseq *out);
static inline bool oh_help_is_request(const struct oh_trace_msg *m, const char *method)
{
    return m->sip->is_request && oh_span_is(m->sip->method, method);
}

/* --- comparing --- */

/* Tokens: any case (RFC 3261 7.3.1). Two absent ones are the same. */
static inline bool oh_help_same_token(struct oh_span a, struct oh_span b)
{
    return oh_span_equal_nocase(a, b);
}
/* From or To of two messages: URI (19.1.4) and tag. Display names and other parameters do not
 * count. */
bool oh_help_same_party(const struct oh_sip_msg *a, const struct oh_sip_msg *b,
                        enum oh_sip_header_id id);
/* Without angle brackets around it: those have a rule of their own. RFC 3261 7.1 */
static inline struct oh_span oh_help_request_uri(const struct oh_sip_msg *m)
{
    struct oh_span uri = m->request_uri;
    bool bare = !oh_span_starts_with(uri, "<") || uri.at[uri.len - 1] != '>';
    return bare ? uri : oh_span_sub(uri, 1, uri.len - 2);
}
/* Byte by byte, then by 19.1.4. */
bool oh_help_same_uri(struct oh_span a, struct oh_span b);
/* By scheme, user, host and port, the port 5060 as if left out; parameters do not count. */
bool oh_help_same_address(struct oh_span a, struct oh_span b);
bool oh_help_same_call(const struct oh_sip_msg *a, const struct oh_sip_msg *b);
/* Two Via values: protocol, sent-by and all parameters (RFC 3261 20.42). `answered`:
 * the server may have filled in received and rport (18.2.1, RFC 3581 4). True where `a` cannot be
 * read: that is another rule's matter. */
bool oh_help_same_via(struct oh_span a, struct oh_span b, bool answered);
/* Two URIs of a route set with all their parameters, which 12.2.1.1 wants kept though 19.1.4 passes
 * over some. */
bool oh_help_same_hop(struct oh_span a, struct oh_span b);
bool oh_help_is_loose(struct oh_span uri); /* it has lr: 19.1.1 */
/* Two values of Route or Record-Route by their URIs; with `copied` what stands behind those counts
 * too (12.1.1). */
bool oh_help_same_route(struct oh_span a, struct oh_span b, bool copied);
/* All values of Route. */
bool oh_help_same_routes(const struct oh_sip_msg *a, const struct oh_sip_msg *b);

/* --- the trace --- */

/* A first sending, which links and rules look at. */
static inline bool oh_help_is_first(const struct oh_trace_msg *m)
{
    return m->repeat_of == OH_NONE && m->duplicate_of == OH_NONE;
}
/* Is the sender of `a` the sender (`b_source`) or the receiver of `b`? By seat, else by address. */
bool oh_help_same_end(const struct oh_trace_msg *a, bool a_source, const struct oh_trace_msg *b,
                      bool b_source);
/* Did the sender make this message itself? A request with more than one Via was forwarded (by a
 * phone of a run only where it is seen to have received it), as was a response whose request its
 * sender had sent on. What is wrong in those is another's fault. */
bool oh_help_originates(const struct oh_rule_view *v, const struct oh_trace_msg *m);
/* A foreign capture may lack the request of a response: the one that fits best differs in branch
 * and CSeq, or is the CANCEL of its INVITE, or the INVITE of its CANCEL, which have the same
 * branch. In judge/unseen.c. */
bool oh_help_is_unseen(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                       const struct oh_trace_msg *request);
/* The request that its sender answers by this response, which it made itself; NULL: it did not, or
 * the request is unseen. */
const struct oh_trace_msg *oh_help_answered_by(const struct oh_rule_view *v,
                                               const struct oh_trace_msg *m);

/* An ACK to a final response of 300 and up, or a CANCEL: a copy of its INVITE, which other rules
 * compare. */
bool oh_help_is_copy(const struct oh_rule_view *v, const struct oh_trace_msg *m);

/* The same Call-ID, method and CSeq number. */
bool oh_help_same_request(const struct oh_sip_msg *a, const struct oh_sip_msg *b);
/* An earlier sending of the same request to the same end, not byte-equal, that had no final
 * response yet: what was to be a retransmission. NULL: none, or an ACK, or forwarded. */
const struct oh_trace_msg *oh_help_sent_before(const struct oh_rule_view *v,
                                               const struct oh_trace_msg *m);

/* Do these credentials of a retry repeat, unchanged, what the challenge before it has rejected?
 * What it calls stale may be sent again if it offers the same nonce. RFC 3261 22.1 */
bool oh_help_is_rejected(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                         enum oh_sip_header_id id, const struct oh_digest *credentials);

/* --- dialogs --- */

/* An INVITE dialog as the sender of a request in it knows it. RFC 3261 12.1 */
struct oh_help_dialog {
    const struct oh_trace_msg *invite; /* that created it */
    /* 2xx, or while there is none the first 101..199 with a tag, which created it: 12.1.2 */
    const struct oh_trace_msg *answer;
    bool is_uac; /* the sender sent that INVITE */
};
enum oh_help_by {
    OH_BY_ALL,
    OH_BY_REMOTE_TAG_AND_CALL,
    OH_BY_LOCAL_TAG_AND_CALL,
    OH_BY_TAGS,
    OH_BYS
};
/* The dialog of a request by what of its identity is to agree. False: none in the trace. */
bool oh_help_dialog_of(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                       enum oh_help_by by, struct oh_help_dialog *out);
struct oh_span oh_help_local_tag(const struct oh_help_dialog *d);
struct oh_span oh_help_remote_tag(const struct oh_help_dialog *d);

#endif
