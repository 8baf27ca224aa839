/*
 * sip/field.h - any part of a message by its name: what scenario files and reports call things.
 *
 * Paths (case-blind, '-' in header names as on the wire):
 *   method  status  reason  request-uri  body
 *   request-uri .user .host .port .scheme .user-param .transport .lr .param.NAME
 *   HEADER         the whole value of the first header of that name (call-id, subject, x-any);
 *                  of accept, allow, proxy-require, require, supported, unsupported: a list of
 *                  all values
 *   HEADER[2]      its second value; comma-joined and repeated ones counted alike, from 1
 *   HEADER.count   how many values it has, a number; 0 where there is none, so never absent
 *   via .branch .protocol .transport .host .port .received .rport .param.NAME
 *   from to contact route record-route refer-to referred-by
 *                  .uri .user .host .port .scheme .user-param .transport .lr  of the URI
 *                  .display .tag .q .expires .param.NAME  of the header
 *   cseq .number .method
 *   authorization proxy-authorization www-authenticate proxy-authenticate
 *                  .scheme .username .realm .nonce .uri .response .algorithm .qop .nc
 *                  .cnonce .opaque .stale .param.NAME  (quotes taken off)
 *   content-length expires max-forwards min-expires rseq  (numbers)
 *   sdp            the body, if it is SDP
 *   sdp .origin (all that follows o=) .connection (the session's address) .version
 *                  .session-id .session-version
 *   sdp.audio      what follows m= of the first audio stream; also sdp.video, sdp.image
 *   sdp.audio .port .formats (a list) .connection (the address; the session's if the stream
 *                  has none) .direction (sendrecv if none is given) .rtpmap (a list of
 *                  "0 PCMU/8000") .proto .ptime
 *
 * A header's part is read from its first value; via[2].branch, contact[3].user from the n-th. In
 * hosts an IPv6 address keeps its brackets. Escapes in URIs are kept.
 *
 * One table (field_table.c) lists them; oh_field_list() walks it for documentation and completion.
 *
 * Uses: sip/message.h. Sofia-SIP says behind it whether a body is SDP that can be read.
 */
#ifndef OH_SIP_FIELD_H
#define OH_SIP_FIELD_H

#include "sip/message.h"

enum oh_field_state {
    OH_FIELD_ABSENT,  /* the message has no such thing */
    OH_FIELD_PRESENT, /* value(s) below; none where a list header is empty ("Supported:") */
    OH_FIELD_BROKEN,  /* it is there but cannot be read as what it should be; `bytes` says where */
};

/* Values beyond these are left out. */
#define OH_FIELD_MAX_ITEMS 32

struct oh_field_item {
    /* The value: quotes and their escapes off, LWS trimmed, a fold made one space (not in bodies);
     * inside the message or in `store`. Empty for what is there without a value (";lr", ";rport").
     */
    struct oh_span text;
    bool is_number; /* only where the grammar says number, and for payload types */
    uint64_t number;
};

struct oh_field {
    enum oh_field_state state;
    size_t count; /* 1, or for a list any number up to OH_FIELD_MAX_ITEMS */
    struct oh_field_item items[OH_FIELD_MAX_ITEMS];
    /* The evidence in the message: the value itself as on the wire (of a list from the first to the
     * last), where that has no bytes the value or line that it belongs to; absent if absent, and of
     * a count of 0. */
    struct oh_span bytes;
    struct oh_text store; /* owns texts that do not stand in the message literally */
};

/* Reads `path` from `m` into `out` (initialised here; release it afterwards, whatever is returned).
 * -1: no such field is known at all (a scenario mistake that lint should have caught). */
int oh_field_get(const struct oh_sip_msg *m, struct oh_span path, struct oh_field *out);
void oh_field_release(struct oh_field *f);

/* Shorthands for code: the text of a single-valued field ({NULL,0} where absent or broken). Only
 * for fields whose text stands in the message literally (tags, branches, Call-ID, methods, users,
 * hosts); one that had to be mended (folds, escapes in quotes) comes as {NULL,0} too. The path must
 * be known: anything else is our mistake. */
struct oh_span oh_field_text(const struct oh_sip_msg *m, const char *path);
/* A number field; false where absent or broken. */
bool oh_field_number(const struct oh_sip_msg *m, const char *path, uint64_t *out);

/* Is this a field at all, and can a request / a response have it (either pointer may be NULL)? For
 * lint. A name that is no known path but a plain header token is a header by its name and known. */
bool oh_field_known(struct oh_span path, bool *in_requests, bool *in_responses);

/* Is it a list of values; a number; a count of values (`HEADER.count`)? False for what is no field.
 */
bool oh_field_is_list(struct oh_span path);
bool oh_field_is_number(struct oh_span path);
bool oh_field_is_count(struct oh_span path);

/* The nearest known path to a misspelt one ("cseq.numer" -> "cseq.number"), or NULL where none is
 * near. An index is left out of both. Static storage. */
const char *oh_field_suggest(struct oh_span path);

/* The n-th path of the table with its one-line meaning (NULL allowed); NULL at the end. */
const char *oh_field_list(size_t n, const char **meaning);

#endif
