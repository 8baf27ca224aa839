/*
 * sip/message.h - the bytes of one SIP message, split and read-only.
 *
 * Why an own splitter: the bytes are the evidence. Every header and part keeps its byte range,
 * every departure from RFC 3261's grammar that a lenient parser would mend is recorded as a defect,
 * and nothing is rewritten. Typed values (URIs, SDP) come on demand from sip/field.h and sip/uri.h.
 *
 * Invariants: `bytes` is a copy that the message owns; every span below points into it; headers
 * stand in wire order; a header that folds over lines keeps the folds in `value`; comma-joined
 * values are one header here (sip/field.h counts them out).
 *
 * Uses: base/. No Sofia type appears in this header.
 */
#ifndef OH_SIP_MESSAGE_H
#define OH_SIP_MESSAGE_H

#include "base/error.h"

/* Limits: a message beyond them is still split, the rest is left out and a defect says so. */
#define OH_SIP_MAX_BYTES   65536
#define OH_SIP_MAX_HEADERS 512
/* Of each kind of defect only the first places are recorded. */
#define OH_SIP_MAX_DEFECTS_PER_KIND 16

enum oh_sip_header_id {
    OH_SIP_OTHER = 0, /* any header this table does not name */
    OH_SIP_ACCEPT,
    OH_SIP_ALLOW,
    OH_SIP_AUTHENTICATION_INFO,
    OH_SIP_AUTHORIZATION,
    OH_SIP_CALL_ID,
    OH_SIP_CONTACT,
    OH_SIP_CONTENT_LENGTH,
    OH_SIP_CONTENT_TYPE,
    OH_SIP_CSEQ,
    OH_SIP_EVENT,
    OH_SIP_EXPIRES,
    OH_SIP_FROM,
    OH_SIP_MAX_FORWARDS,
    OH_SIP_MIN_EXPIRES,
    OH_SIP_PROXY_AUTHENTICATE,
    OH_SIP_PROXY_AUTHORIZATION,
    OH_SIP_PROXY_REQUIRE,
    OH_SIP_RACK,
    OH_SIP_RECORD_ROUTE,
    OH_SIP_REFER_TO,
    OH_SIP_REFERRED_BY,
    OH_SIP_REPLACES,
    OH_SIP_REQUIRE,
    OH_SIP_RETRY_AFTER,
    OH_SIP_ROUTE,
    OH_SIP_RSEQ,
    OH_SIP_SERVER,
    OH_SIP_SESSION_EXPIRES,
    OH_SIP_SUBSCRIPTION_STATE,
    OH_SIP_SUPPORTED,
    OH_SIP_TO,
    OH_SIP_UNSUPPORTED,
    OH_SIP_USER_AGENT,
    OH_SIP_VIA,
    OH_SIP_WARNING,
    OH_SIP_WWW_AUTHENTICATE,
    OH_SIP_HEADER_IDS
};

struct oh_sip_header {
    enum oh_sip_header_id id; /* compact forms and any case are recognised */
    struct oh_span name;      /* as on the wire */
    struct oh_span value;     /* without LWS at both ends, folds inside kept; may be empty */
    struct oh_span line;      /* the whole line(s), final CRLF included */
};

/* What a strict reader of RFC 3261 section 7 and 25.1 objects to. judge/rules/ gives each a clause.
 */
enum oh_sip_defect_kind {
    OH_SIP_DEFECT_LEADING_BYTES, /* line ends before the start line (RFC 3261 7.5 allows them) */
    OH_SIP_DEFECT_BARE_LF,       /* a line ends in LF alone */
    OH_SIP_DEFECT_BARE_CR,       /* a CR that no LF follows */
    OH_SIP_DEFECT_NUL,           /* a NUL in start line or headers, but for a quoted-pair (25.1) */
    OH_SIP_DEFECT_START_LINE,    /* not "Method SP URI SP Version" / "Version SP Code SP Reason", or
                                    the URI has no scheme or bytes that no URI may have */
    OH_SIP_DEFECT_VERSION,       /* not SIP/2.0, in these capitals (7.1) */
    OH_SIP_DEFECT_STATUS_CODE,   /* not three digits, or outside 100..699 */
    OH_SIP_DEFECT_HEADER_LINE,   /* no colon, or no token before it; it is not among the headers */
    OH_SIP_DEFECT_NO_BLANK_LINE, /* the headers do not end in an empty line */
    OH_SIP_DEFECT_LENGTH_TOO_LARGE, /* Content-Length is more than the bytes that follow */
    OH_SIP_DEFECT_LENGTH_TOO_SMALL, /* Content-Length is less (UDP: the rest is dropped, 18.3) */
    OH_SIP_DEFECT_LENGTH_SYNTAX,    /* not a number */
    OH_SIP_DEFECT_REPEATED_HEADER,  /* one that is no list (From, CSeq, Content-Type ...) twice */
    OH_SIP_DEFECT_LIMIT,            /* more than our limits; the rest was not looked at */
    OH_SIP_DEFECT_KINDS
};

struct oh_sip_defect {
    enum oh_sip_defect_kind kind;
    /* where, inside the message's bytes: the odd bytes themselves, the header's value for
     * Content-Length, the line for headers; empty at the cut for the byte limit */
    struct oh_span bytes;
};

struct oh_sip_typed;  /* Sofia's view, made on demand; private to sip/ */
struct oh_sip_facts;  /* sip/facts.h, made on demand */
struct oh_sip_values; /* its lists cut into values, made on demand; private to sip/list.c */
enum { OH_SIP_VALUES_MOST = 1024 }; /* bytes that those take */

struct oh_sip_msg {
    struct oh_span bytes;      /* leading line ends and bytes behind the body included */
    struct oh_span start_line; /* without its line end */
    bool is_request;
    /* requests */
    struct oh_span method;
    struct oh_span request_uri;
    /* responses */
    unsigned status; /* 0 where it cannot be read */
    struct oh_span reason;
    struct oh_span version;
    const struct oh_sip_header *headers;
    size_t header_count;
    uint64_t has; /* of each id that is there its bit, 1 << id; OH_SIP_OTHER's for any other */
    unsigned short first_of[OH_SIP_HEADER_IDS]; /* of each id: its index and 1; 0: there is none */
    bool is_repeated[OH_SIP_HEADER_IDS];
    /* cut at Content-Length, all the rest without one; absent where it has no byte */
    struct oh_span body;
    const struct oh_sip_defect *defects;
    size_t defect_count;
    struct oh_sip_typed *typed;
    struct oh_sip_facts *facts; /* NULL: not read yet; they stand in room_for_facts then */
    struct oh_sip_facts *room_for_facts;
    struct oh_sip_values *values;
};

/* Do these bytes look like a SIP message (a start line that names SIP/, in either form)? What is
 * not is no message at all: keep-alives (CRLF CRLF, STUN), noise. Looks at the first line only. */
bool oh_sip_looks_like(struct oh_span bytes);

/* Splits a copy of `bytes` (one datagram, or one message cut from a stream). NULL only where
 * oh_sip_looks_like is false; anything else gives a message, with defects where it has any. The
 * caller frees. */
struct oh_sip_msg *oh_sip_msg_parse(struct oh_span bytes);
void oh_sip_msg_free(struct oh_sip_msg *m);

/* The n-th header (from 0) with this id / this name in any case or compact form; NULL where there
 * is none. */
const struct oh_sip_header *oh_sip_msg_next_header(const struct oh_sip_msg *m,
                                                   enum oh_sip_header_id id, size_t n);
static inline const struct oh_sip_header *oh_sip_msg_header(const struct oh_sip_msg *m,
                                                            enum oh_sip_header_id id, size_t n)
{
    if (n == 0)
        return m->first_of[id] ? &m->headers[m->first_of[id] - 1] : NULL;
    return m->is_repeated[id] ? oh_sip_msg_next_header(m, id, n) : NULL;
}
const struct oh_sip_header *oh_sip_msg_header_named(const struct oh_sip_msg *m, struct oh_span name,
                                                    size_t n);

/* The whole value of the first header with this id; absent where there is none. */
static inline struct oh_span oh_sip_msg_whole(const struct oh_sip_msg *m, enum oh_sip_header_id id)
{
    const struct oh_sip_header *h = oh_sip_msg_header(m, id, 0);
    return h ? h->value : (struct oh_span){NULL, 0};
}

/* The canonical name ("Call-ID"), or "" for OH_SIP_OTHER; the id of a name in any form. */
const char *oh_sip_header_name(enum oh_sip_header_id id);
enum oh_sip_header_id oh_sip_header_id_of(struct oh_span name);

/* The method that the message belongs to: a request's own, a response's from its CSeq (absent if
 * that cannot be read). */
struct oh_span oh_sip_msg_method(const struct oh_sip_msg *m);
bool oh_sip_msg_is_method(const struct oh_sip_msg *m, const char *method); /* case-sensitive, 7.1 */

bool oh_sip_msg_is_final(const struct oh_sip_msg *m); /* a response of 200 or more */

/* Bytes of memory that it takes, with what was read of it on demand and kept, save Sofia's view. */
size_t oh_sip_msg_memory(const struct oh_sip_msg *m);

/* Byte offset of a span inside the message; for reports' "bytes": [from, to]. */
size_t oh_sip_msg_offset(const struct oh_sip_msg *m, struct oh_span s);

#endif
