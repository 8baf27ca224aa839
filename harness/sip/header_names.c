#include "sip/header_names.h"

#include <assert.h>

enum form { SINGLE, LIST };

#define NAME(literal) literal, sizeof literal - 1

/* Those with an id stand in its order. */
static const struct {
    enum oh_sip_header_id id;
    const char *name;
    size_t len;
    char compact; /* 0: none */
    enum form form;
} names[] = {
    {OH_SIP_ACCEPT, NAME("Accept"), 0, LIST},
    {OH_SIP_ALLOW, NAME("Allow"), 0, LIST},
    {OH_SIP_AUTHENTICATION_INFO, NAME("Authentication-Info"), 0, SINGLE},
    {OH_SIP_AUTHORIZATION, NAME("Authorization"), 0,
     SINGLE}, /* RFC 3261 7.3.1: never comma-joined */
    {OH_SIP_CALL_ID, NAME("Call-ID"), 'i', SINGLE},
    {OH_SIP_CONTACT, NAME("Contact"), 'm', LIST},
    {OH_SIP_CONTENT_LENGTH, NAME("Content-Length"), 'l', SINGLE},
    {OH_SIP_CONTENT_TYPE, NAME("Content-Type"), 'c', SINGLE},
    {OH_SIP_CSEQ, NAME("CSeq"), 0, SINGLE},
    {OH_SIP_EVENT, NAME("Event"), 'o', SINGLE},
    {OH_SIP_EXPIRES, NAME("Expires"), 0, SINGLE},
    {OH_SIP_FROM, NAME("From"), 'f', SINGLE},
    {OH_SIP_MAX_FORWARDS, NAME("Max-Forwards"), 0, SINGLE},
    {OH_SIP_MIN_EXPIRES, NAME("Min-Expires"), 0, SINGLE},
    {OH_SIP_PROXY_AUTHENTICATE, NAME("Proxy-Authenticate"), 0, SINGLE},
    {OH_SIP_PROXY_AUTHORIZATION, NAME("Proxy-Authorization"), 0, SINGLE},
    {OH_SIP_PROXY_REQUIRE, NAME("Proxy-Require"), 0, LIST},
    {OH_SIP_RACK, NAME("RAck"), 0, SINGLE},
    {OH_SIP_RECORD_ROUTE, NAME("Record-Route"), 0, LIST},
    {OH_SIP_REFER_TO, NAME("Refer-To"), 'r', SINGLE},
    {OH_SIP_REFERRED_BY, NAME("Referred-By"), 'b', SINGLE},
    {OH_SIP_REPLACES, NAME("Replaces"), 0, SINGLE},
    {OH_SIP_REQUIRE, NAME("Require"), 0, LIST},
    {OH_SIP_RETRY_AFTER, NAME("Retry-After"), 0, SINGLE},
    {OH_SIP_ROUTE, NAME("Route"), 0, LIST},
    {OH_SIP_RSEQ, NAME("RSeq"), 0, SINGLE},
    {OH_SIP_SERVER, NAME("Server"), 0, SINGLE},
    {OH_SIP_SESSION_EXPIRES, NAME("Session-Expires"), 'x', SINGLE},
    {OH_SIP_SUBSCRIPTION_STATE, NAME("Subscription-State"), 0, SINGLE},
    {OH_SIP_SUPPORTED, NAME("Supported"), 'k', LIST},
    {OH_SIP_TO, NAME("To"), 't', SINGLE},
    {OH_SIP_UNSUPPORTED, NAME("Unsupported"), 0, LIST},
    {OH_SIP_USER_AGENT, NAME("User-Agent"), 0, SINGLE},
    {OH_SIP_VIA, NAME("Via"), 'v', LIST},
    {OH_SIP_WARNING, NAME("Warning"), 0, LIST},
    {OH_SIP_WWW_AUTHENTICATE, NAME("WWW-Authenticate"), 0, SINGLE},
    /* Without an id, but with a compact form or a comma that separates nothing. */
    {OH_SIP_OTHER, NAME("Accept-Contact"), 'a', LIST},
    {OH_SIP_OTHER, NAME("Allow-Events"), 'u', LIST},
    {OH_SIP_OTHER, NAME("Content-Encoding"), 'e', LIST},
    {OH_SIP_OTHER, NAME("Date"), 0, SINGLE},
    {OH_SIP_OTHER, NAME("Identity"), 'y', SINGLE},
    {OH_SIP_OTHER, NAME("Identity-Info"), 'n', SINGLE},
    {OH_SIP_OTHER, NAME("Organization"), 0, SINGLE},
    {OH_SIP_OTHER, NAME("Reject-Contact"), 'j', LIST},
    {OH_SIP_OTHER, NAME("Reply-To"), 0, SINGLE},
    {OH_SIP_OTHER, NAME("Request-Disposition"), 'd', LIST},
    {OH_SIP_OTHER, NAME("Subject"), 's', SINGLE},
};

static const size_t name_count = sizeof names / sizeof names[0];

/* Of each first letter, a to z, the row of its first name, and where those of the next begin: among
 * the names with an id, and among those without. Most rows need no look. */
enum { LETTERS = 26, WITH_ID = OH_SIP_HEADER_IDS - 1 };
static const unsigned char first_rows[2][LETTERS + 1] = {
    {0,  4,  4,  9,  9,  11, 12, 12, 12, 12, 12, 12, 12, 14,
     14, 14, 17, 17, 26, 30, 31, 33, 34, 36, 36, 36, 36},
    {36, 38, 38, 39, 40, 40, 40, 40, 40, 42, 42, 42, 42, 42,
     42, 43, 43, 43, 46, 47, 47, 47, 47, 47, 47, 47, 47}};
static_assert(WITH_ID == 36 && sizeof names / sizeof names[0] == 47, "the rows that are counted");

static size_t find_compact(char letter)
{
    for (size_t i = 0; i < name_count; i++) {
        if (names[i].compact && (letter | 0x20) == names[i].compact)
            return i;
    }
    return name_count;
}

/* The row of a name in any form, or name_count. */
static size_t find(struct oh_span name)
{
    if (name.len == 1)
        return find_compact(name.at[0]);
    size_t letter = name.len > 0 ? (size_t)(unsigned char)(name.at[0] | 0x20) - 'a' : LETTERS;
    for (size_t k = 0; letter < LETTERS && k < 2; k++) {
        for (size_t i = first_rows[k][letter]; i < first_rows[k][letter + 1]; i++) {
            if (name.len == names[i].len &&
                oh_span_equal_nocase(name, (struct oh_span){names[i].name, name.len}))
                return i;
        }
    }
    return name_count;
}

const char *oh_sip_header_name(enum oh_sip_header_id id)
{
    if (id == OH_SIP_OTHER)
        return "";
    assert(names[id - 1].id == id);
    return names[id - 1].name;
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

bool oh_sip_header_is_single(const struct oh_sip_header *h)
{
    size_t row = h->id != OH_SIP_OTHER ? h->id - 1U : find(h->name);
    return row < name_count && names[row].form == SINGLE;
}
