#include "sip/header_names.h"

enum form { SINGLE, LIST };

static const struct {
    enum oh_sip_header_id id;
    const char *name;
    char compact; /* 0: none */
    enum form form;
} names[] = {
    {OH_SIP_ACCEPT, "Accept", 0, LIST},
    {OH_SIP_ALLOW, "Allow", 0, LIST},
    {OH_SIP_AUTHENTICATION_INFO, "Authentication-Info", 0, SINGLE},
    {OH_SIP_AUTHORIZATION, "Authorization", 0, SINGLE}, /* RFC 3261 7.3.1: never comma-joined */
    {OH_SIP_CALL_ID, "Call-ID", 'i', SINGLE},
    {OH_SIP_CONTACT, "Contact", 'm', LIST},
    {OH_SIP_CONTENT_LENGTH, "Content-Length", 'l', SINGLE},
    {OH_SIP_CONTENT_TYPE, "Content-Type", 'c', SINGLE},
    {OH_SIP_CSEQ, "CSeq", 0, SINGLE},
    {OH_SIP_EVENT, "Event", 'o', SINGLE},
    {OH_SIP_EXPIRES, "Expires", 0, SINGLE},
    {OH_SIP_FROM, "From", 'f', SINGLE},
    {OH_SIP_MAX_FORWARDS, "Max-Forwards", 0, SINGLE},
    {OH_SIP_MIN_EXPIRES, "Min-Expires", 0, SINGLE},
    {OH_SIP_PROXY_AUTHENTICATE, "Proxy-Authenticate", 0, SINGLE},
    {OH_SIP_PROXY_AUTHORIZATION, "Proxy-Authorization", 0, SINGLE},
    {OH_SIP_PROXY_REQUIRE, "Proxy-Require", 0, LIST},
    {OH_SIP_RACK, "RAck", 0, SINGLE},
    {OH_SIP_RECORD_ROUTE, "Record-Route", 0, LIST},
    {OH_SIP_REFER_TO, "Refer-To", 'r', SINGLE},
    {OH_SIP_REFERRED_BY, "Referred-By", 'b', SINGLE},
    {OH_SIP_REPLACES, "Replaces", 0, SINGLE},
    {OH_SIP_REQUIRE, "Require", 0, LIST},
    {OH_SIP_RETRY_AFTER, "Retry-After", 0, SINGLE},
    {OH_SIP_ROUTE, "Route", 0, LIST},
    {OH_SIP_RSEQ, "RSeq", 0, SINGLE},
    {OH_SIP_SERVER, "Server", 0, SINGLE},
    {OH_SIP_SESSION_EXPIRES, "Session-Expires", 'x', SINGLE},
    {OH_SIP_SUBSCRIPTION_STATE, "Subscription-State", 0, SINGLE},
    {OH_SIP_SUPPORTED, "Supported", 'k', LIST},
    {OH_SIP_TO, "To", 't', SINGLE},
    {OH_SIP_UNSUPPORTED, "Unsupported", 0, LIST},
    {OH_SIP_USER_AGENT, "User-Agent", 0, SINGLE},
    {OH_SIP_VIA, "Via", 'v', LIST},
    {OH_SIP_WARNING, "Warning", 0, LIST},
    {OH_SIP_WWW_AUTHENTICATE, "WWW-Authenticate", 0, SINGLE},
    /* Without an id, but with a compact form or a comma that separates nothing. */
    {OH_SIP_OTHER, "Accept-Contact", 'a', LIST},
    {OH_SIP_OTHER, "Allow-Events", 'u', LIST},
    {OH_SIP_OTHER, "Content-Encoding", 'e', LIST},
    {OH_SIP_OTHER, "Date", 0, SINGLE},
    {OH_SIP_OTHER, "Identity", 'y', SINGLE},
    {OH_SIP_OTHER, "Identity-Info", 'n', SINGLE},
    {OH_SIP_OTHER, "Organization", 0, SINGLE},
    {OH_SIP_OTHER, "Reject-Contact", 'j', LIST},
    {OH_SIP_OTHER, "Reply-To", 0, SINGLE},
    {OH_SIP_OTHER, "Request-Disposition", 'd', LIST},
    {OH_SIP_OTHER, "Subject", 's', SINGLE},
};

static const size_t name_count = sizeof names / sizeof names[0];

/* The row of a name in any form, or name_count. */
static size_t find(struct oh_span name)
{
    for (size_t i = 0; i < name_count; i++) {
        if (name.len == 1 ? names[i].compact && (name.at[0] | 0x20) == names[i].compact
                          : oh_span_is_nocase(name, names[i].name))
            return i;
    }
    return name_count;
}

const char *oh_sip_header_name(enum oh_sip_header_id id)
{
    for (size_t i = 0; id != OH_SIP_OTHER && i < name_count; i++) {
        if (names[i].id == id)
            return names[i].name;
    }
    return "";
}

enum oh_sip_header_id oh_sip_header_id_of(struct oh_span name)
{
    size_t row = find(name);
    return row < name_count ? names[row].id : OH_SIP_OTHER;
}

struct oh_span oh_sip_header_long_name(struct oh_span name)
{
    size_t row = name.len == 1 ? find(name) : name_count;
    return row < name_count ? oh_span_of(names[row].name) : name;
}

bool oh_sip_header_is_single(struct oh_span name)
{
    size_t row = find(name);
    return row < name_count && names[row].form == SINGLE;
}
