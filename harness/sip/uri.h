/*
 * sip/uri.h - SIP URIs and the comparisons of RFC 3261.
 *
 * Uses: sip/message.h.
 */
#ifndef OH_SIP_URI_H
#define OH_SIP_URI_H

#include "sip/message.h"

/* Spans into the text that was parsed, as they stand there: escapes kept, an IPv6 host in its
 * brackets, `params` and `headers` without the leading ';' and '?'. A part that is not given is
 * absent. */
struct oh_sip_uri {
    struct oh_span scheme, user, password, host, params, headers;
    struct oh_span port_text; /* the digits */
    unsigned port;            /* 0 = not given */
};

/* "sip:user@host:port;params?headers", also sips: and tel: (the number as user). -1 if it is none.
 * Lenient in the characters of user, host name and parameters (an unescaped '#' can still be read),
 * not in the shape. */
int oh_sip_uri_parse(struct oh_span text, struct oh_sip_uri *out);

/* "[2001:db8::1]"; also with the third colon before an IPv4 address that the grammar of RFC
 * 3261 25.1 puts there and RFC 5118 4.10 wants borne. */
bool oh_sip_is_ipv6_reference(struct oh_span s);

/* The value of a URI parameter, its name in any case; absent where it is not there, empty where it
 * has no value ("lr"). `*has` (NULL allowed) says whether it is there. */
struct oh_span oh_sip_uri_param(const struct oh_sip_uri *u, const char *name, bool *has);

/* RFC 3261 19.1.4: escapes, case rules, parameters that must match when either has them; tel: by
 * RFC 3966 4. What is no such URI, or has more than 64 parameters or headers, is compared byte by
 * byte. */
bool oh_sip_uri_equal(struct oh_span a, struct oh_span b);

/* The URI inside a name-addr or addr-spec header value ("\"A\" <sip:a@b>;tag=1"), its header
 * parameters and display name. -1 if the value is neither. RFC 3261 20.10, 25.1 */
struct oh_sip_name_addr {
    struct oh_span display; /* with quotes, as on the wire */
    struct oh_span uri;
    /* after '>' (or after the bare URI's first ';'), without the leading ';' */
    struct oh_span params;
    bool bracketed;
};
int oh_sip_name_addr_parse(struct oh_span value, struct oh_sip_name_addr *out);

/* "314159 INVITE", any white space between. A number of more than 64 bits reads as UINT64_MAX. -1
 * where there is no number, no method token, or more than the two. RFC 3261 20.16 */
struct oh_sip_cseq {
    struct oh_span number_text;
    struct oh_span method;
    uint64_t number;
};
int oh_sip_cseq_parse(struct oh_span value, struct oh_sip_cseq *out);

/* A parameter from "a=1;b;c=\"x\"", its name in any case: quotes kept, white space around ';' and
 * '=' left out; absent if not there; empty where it has no value. The first counts if it stands
 * there twice. */
struct oh_span oh_sip_param(struct oh_span params, const char *name);

/* The same for any separator (',' for credentials and challenges) and a name that is not a C
 * string. */
struct oh_span oh_sip_param_named(struct oh_span params, char separator, struct oh_span name);
/* Several of them in one pass: the value of each name into its place. */
void oh_sip_params(struct oh_span params, const struct oh_span *names, size_t count,
                   struct oh_span *values);

/* Counts out comma-joined values of one header value, minding quotes, angle brackets and comments:
 * the n-th (from 0), trimmed, or absent. Empty ones (", ,") are not counted. */
struct oh_span oh_sip_list_item(struct oh_span value, size_t n);

/* The next such value off the front of `*rest`, which is moved behind it; false at the end. */
bool oh_sip_list_next(struct oh_span *rest, struct oh_span *item);

/* The n-th (from 0) value of a header over repeated and comma-joined forms alike. Headers whose
 * grammar is no list (Date, From, credentials) are never split: each is one value. RFC 3261 7.3.1
 */
struct oh_span oh_sip_msg_value(const struct oh_sip_msg *m, enum oh_sip_header_id id, size_t n);
struct oh_span oh_sip_msg_value_named(const struct oh_sip_msg *m, struct oh_span name, size_t n);
size_t oh_sip_msg_value_count(const struct oh_sip_msg *m, enum oh_sip_header_id id);
/* How many such values a header of any name has, and where the first and the last stand (left as
 * they are where there is none). */
size_t oh_sip_msg_count_named(const struct oh_sip_msg *m, struct oh_span name,
                              struct oh_span *first, struct oh_span *last);

/* Tokens are compared without regard to case unless a grammar says otherwise (RFC 3261 7.3.1). */
bool oh_sip_is_token(struct oh_span s);
size_t oh_sip_token_len(struct oh_span s); /* of the token that it begins with; 0: none */

#endif
