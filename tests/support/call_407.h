/*
 * support/call_407.h - the healthy call of scenarios/cisco-7960/authentication-407, message by
 * message, for recordings made by hand: tests edit one thing in it.
 */
#ifndef OH_TEST_SUPPORT_CALL_407_H
#define OH_TEST_SUPPORT_CALL_407_H

#include "support/recorded.h"

#define CALL_407_HEAD                                                                              \
    "title: The proxy challenges\n"                                                                \
    "source: [Cisco 7960 guide B-71, RFC 3261 22.3]\n"                                             \
    "needs: [dial, hangup, rtp]\n"
#define CALL_407_REST                                                                              \
    "parties:\n"                                                                                   \
    "  A: phone\n"                                                                                 \
    "  P: {role: proxy, challenge: {status: 407, realm: example.com, qop: auth}}\n"                \
    "  B: {behind: P, number: \"5551234\"}\n"                                                      \
    "flow:\n"                                                                                      \
    "  - A dials B\n"                                                                              \
    "  - A -> P: INVITE\n"                                                                         \
    "    must: {request-uri.user: $B.number}\n"                                                    \
    "    save: first\n"                                                                            \
    "  - P -> A: 407\n"                                                                            \
    "  - A -> P: ACK\n"                                                                            \
    "  - A -> P: INVITE\n"                                                                         \
    "    must: {proxy-authorization: valid, cseq.number: {above: $first.cseq.number}}\n"           \
    "    should: {call-id: $first.call-id}\n"                                                      \
    "  - P -> A: 180\n"                                                                            \
    "  - P -> A: 200\n"                                                                            \
    "  - A -> P: ACK\n"                                                                            \
    "  - A <-> B: RTP\n"                                                                           \
    "    for: 1 s\n"                                                                               \
    "  - A hangs up\n"                                                                             \
    "  - A -> P: BYE\n"                                                                            \
    "  - P -> A: 200\n"
#define CALL_407 CALL_407_HEAD CALL_407_REST

enum call_407_step { /* by their place in the flow */
                     DIALS,
                     INVITE_1,
                     REFUSED,
                     ACK_1,
                     INVITE_2,
                     RINGING,
                     OK,
                     ACK_2,
                     TALK,
                     HANGS_UP,
                     BYE,
                     OK_BYE
};

#define CALL_SDP                                                                                   \
    "v=0\r\no=- 1 1 IN IP4 127.0.0.2\r\ns=-\r\nc=IN IP4 127.0.0.2\r\nt=0 0\r\n"                    \
    "m=audio 16384 RTP/AVP 0 8\r\n"

#define CALL_FROM "From: <sip:alice@127.0.0.1:5060>;tag=a1\r\n"
#define CALL_TO   "To: <sip:5551234@127.0.0.1:5060>"
#define CALL_ID   "Call-ID: c1@127.0.0.2\r\n"

static inline const char *request_text(struct recorded *r, const char *method, const char *uri,
                                       const char *branch, const char *to_tag, unsigned cseq,
                                       const char *more, const char *body)
{
    return recorded_keep(
        r, oh_format("%s %s SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2:5060;rport;branch=z9hG4bK%s\r\n"
                     "Max-Forwards: 70\r\n" CALL_FROM CALL_TO "%s%s\r\n" CALL_ID
                     "CSeq: %u %s\r\n%sContent-Length: %zu\r\n\r\n%s",
                     method, uri, branch, *to_tag ? ";tag=" : "", to_tag, cseq, method, more,
                     strlen(body), body));
}

#define OUTSIDE "sip:5551234@127.0.0.1:5060"
#define INSIDE  "sip:5551234@127.0.0.3:5070"
#define CONTACT "Contact: <sip:alice@127.0.0.2:5060>\r\nAllow: INVITE, ACK, CANCEL, BYE\r\n"
#define ROUTE   "Route: <sip:127.0.0.1:5060;lr>\r\n"
#define TYPE    "Content-Type: application/sdp\r\n"

static inline const char *invite_1(struct recorded *r)
{
    return request_text(r, "INVITE", OUTSIDE, "one", "", 1, CONTACT "Supported: \r\n" TYPE,
                        CALL_SDP);
}

static inline const char *credentials(struct recorded *r, const char *method)
{
    static const char open[] = "Digest username=\"alice\", realm=\"example.com\", nonce=\"n1\", "
                               "uri=\"" OUTSIDE "\", cnonce=\"c\", nc=00000001, qop=auth";
    struct oh_digest_secret secret = {"alice", "secret", "example.com"};
    struct oh_digest d;
    char response[OH_DIGEST_TEXT];
    assert_int_equal(oh_digest_parse(oh_span_of(open), &d), 0);
    assert_int_equal(oh_digest_response(&d, &secret, oh_span_of(method), (struct oh_span){0},
                                        response, NULL),
                     0);
    return recorded_keep(r, oh_format("%s, response=\"%s\"", open, response));
}

static inline const char *invite_2(struct recorded *r)
{
    const char *more =
        recorded_keep(r, oh_format("Proxy-Authorization: %s\r\n" CONTACT "Supported: \r\n" TYPE,
                                   credentials(r, "INVITE")));
    return request_text(r, "INVITE", OUTSIDE, "two", "", 2, more, CALL_SDP);
}

static inline const char *ack_1(struct recorded *r)
{
    return request_text(r, "ACK", OUTSIDE, "one", "p1", 1, "", "");
}

static inline const char *ack_2(struct recorded *r)
{
    const char *more =
        recorded_keep(r, oh_format(ROUTE "Proxy-Authorization: %s\r\n", credentials(r, "INVITE")));
    return request_text(r, "ACK", INSIDE, "three", "b1", 2, more, "");
}

static inline const char *bye(struct recorded *r)
{
    return request_text(r, "BYE", INSIDE, "four", "b1", 3, ROUTE, "");
}

/* Ours, built as the player builds them. `more`: header lines "Name: value", NULL-ended list of
 * pairs is more than tests need: at most one. */
static inline const char *answer(struct recorded *r, const char *request, unsigned status,
                                 const char *tag, const char *name, const char *value, bool sdp)
{
    struct oh_sip_msg *m = oh_sip_msg_parse(oh_span_of(request));
    struct oh_draft *d = oh_draft_response(m, &r->phone, status, NULL, tag);
    struct oh_text text = {0};
    bool dialog = oh_sip_msg_is_method(m, "INVITE") && status > 100 && status < 300;
    if (dialog)
        oh_draft_add(d, "Record-Route", "%s", "<sip:127.0.0.1:5060;lr>");
    if (dialog)
        oh_draft_add(d, "Contact", "%s", "<" INSIDE ">");
    if (dialog && status >= 200)
        oh_draft_add(d, "Allow", "%s", "INVITE, ACK, CANCEL, OPTIONS, BYE");
    if (dialog && status >= 200)
        oh_draft_add(d, "Supported", "%s", "");
    if (name)
        oh_draft_add(d, name, "%s", value);
    if (sdp)
        oh_draft_body(d, "application/sdp",
                      oh_span_of("v=0\r\no=- 2 2 IN IP4 127.0.0.3\r\ns=-\r\nc=IN IP4 127.0.0.3\r\n"
                                 "t=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"));
    oh_draft_format(d, &text);
    oh_draft_free(d);
    oh_sip_msg_free(m);
    return recorded_keep(r, oh_text_take(&text));
}

static inline const char *refusal(struct recorded *r, const char *request)
{
    return answer(r, request, 407, "p1", "Proxy-Authenticate",
                  "Digest realm=\"example.com\", nonce=\"n1\", qop=\"auth\"", false);
}

/* --- stretches of the healthy call --- */

static inline void to_refusal(struct recorded *r)
{
    begins(r);
    told(r, DIALS);
    confirmed(r, DIALS);
    gets(r, INVITE_1, invite_1(r));
    sends(r, REFUSED, refusal(r, invite_1(r)));
}

static inline void to_answer(struct recorded *r, const char *second)
{
    gets(r, INVITE_2, second);
    sends(r, OH_NONE, answer(r, second, 100, NULL, NULL, NULL, false));
    sends(r, RINGING, answer(r, second, 180, "b1", NULL, NULL, false));
    sends(r, OK, answer(r, second, 200, "b1", NULL, NULL, true));
}

static inline void talk(struct recorded *r)
{
    for (int i = 0; i < 5; i++)
        rtp(r);
    media_over(r, TALK, 995);
}

static inline void hang_up(struct recorded *r)
{
    told(r, HANGS_UP);
    confirmed(r, HANGS_UP);
    gets(r, BYE, bye(r));
    sends(r, OK_BYE, answer(r, bye(r), 200, NULL, NULL, NULL, false));
}

static inline void from_ack(struct recorded *r)
{
    gets(r, ACK_2, ack_2(r));
    talk(r);
    hang_up(r);
    ends(r, OH_OUTCOME_COMPLETE, "");
}

static inline void healthy_call(struct recorded *r)
{
    to_refusal(r);
    gets(r, ACK_1, ack_1(r));
    to_answer(r, invite_2(r));
    from_ack(r);
}

#endif
