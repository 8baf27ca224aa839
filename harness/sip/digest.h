/*
 * sip/digest.h - HTTP digest for SIP: making challenges, recomputing responses, telling what is
 * wrong.
 *
 * RFC 3261 22, RFC 7616, RFC 8760 (MD5, MD5-sess, SHA-256, SHA-256-sess, SHA-512-256,
 * SHA-512-256-sess; qop absent, auth, auth-int). Hashes by OpenSSL.
 *
 * Uses: sip/message.h.
 */
#ifndef OH_SIP_DIGEST_H
#define OH_SIP_DIGEST_H

#include "sip/message.h"

/* A Digest challenge or credentials taken apart; spans into the header value, quotes off (escapes
 * kept). */
struct oh_digest {
    struct oh_span scheme; /* "Digest" in any case, else another scheme and the rest is absent */
    struct oh_span username, realm, nonce, uri, response, algorithm, qop, nc, cnonce, opaque, stale;
    struct oh_span userhash;
    bool qop_quoted, nc_quoted,
        algorithm_quoted; /* credentials must not quote qop and nc, RFC 7616 3.4 */
};
/* Names in any case; of a repeated parameter the first counts; an unclosed quote ends with the
 * value. -1: no auth-scheme can be read. */
int oh_digest_parse(struct oh_span value, struct oh_digest *out);

struct oh_digest_secret { /* what the harness gave the phone */
    const char *username;
    const char *password;
    const char *realm; /* the challenge's */
};

#define OH_DIGEST_TEXT 129 /* hex of 512 bits and NUL */

/* The response that these inputs give, lower-case hex. `method` and `body` of the request (body:
 * for auth-int). Uses `cred` for everything on the wire (uri, nonce, nc, cnonce, qop, algorithm)
 * and `secret` for username, password; realm from `cred`. Backslash escapes inside quoted strings
 * are taken out before hashing (RFC 7616 3.3, "unq"). -1: an algorithm or qop we do not know, or an
 * input that is missing. */
int oh_digest_response(const struct oh_digest *cred, const struct oh_digest_secret *secret,
                       struct oh_span method, struct oh_span body, char out[OH_DIGEST_TEXT],
                       struct oh_error *e);

/* What is wrong with a response value, found by trying the usual mistakes one at a time (first that
 * fits). */
enum oh_digest_fault {
    OH_DIGEST_RIGHT = 0,
    OH_DIGEST_WRONG_METHOD, /* it fits with another method, e.g. REGISTER's or the upper/lower-case
                               one */
    OH_DIGEST_WRONG_URI,   /* it fits with another uri than the uri parameter: the Request-URI, or a
                              part */
    OH_DIGEST_WRONG_REALM, /* it fits with the challenge's realm / an empty or quoted one */
    OH_DIGEST_WRONG_USERNAME, /* it fits with the username parameter but that is not the account's
                               */
    OH_DIGEST_WRONG_PASSWORD_EMPTY, /* it fits with an empty password */
    OH_DIGEST_WRONG_NONCE,          /* it fits with another nonce that was offered earlier */
    OH_DIGEST_WRONG_QOP, /* it fits computed without qop (RFC 2069 form), or with auth for auth-int
                          */
    OH_DIGEST_WRONG_NC,  /* it fits with nc 00000001 / unpadded */
    OH_DIGEST_WRONG_ALGORITHM, /* it fits with another algorithm */
    OH_DIGEST_WRONG_CASE,      /* right but in upper-case hex (RFC 7616 3.3 wants LHEX) */
    OH_DIGEST_WRONG_UNKNOWN,   /* no single input explains it: password or several */
    OH_DIGEST_NOT_CHECKABLE,   /* no secret, or an algorithm we do not know */
};
struct oh_digest_context { /* other values worth trying; any may be absent */
    struct oh_span method, request_uri, body;
    struct oh_span challenge_realm, challenge_algorithm;
    const struct oh_span *other_nonces;
    size_t other_nonce_count;
    /* -sess: the cnonce of the first request answering this challenge, which stays in A1 (RFC
     * 7616 3.4.2); absent: only the credentials' own is tried */
    struct oh_span session_cnonce;
};
/* RIGHT also for a response that hashed the escapes of quoted strings as they stand on the wire:
 * RFC 2617, which RFC 3261 refers to, does not say that they are taken out. Only one input is
 * changed at a time. Credentials that lack a parameter which the hash needs are never RIGHT; those
 * without a response are WRONG_UNKNOWN; those of another scheme are NOT_CHECKABLE. An ACK carries
 * its INVITE's credentials (RFC 3261 22.1): give INVITE. */
enum oh_digest_fault oh_digest_check(const struct oh_digest *cred,
                                     const struct oh_digest_secret *secret,
                                     const struct oh_digest_context *context);
/* One clause of a sentence: "it was computed with another method than the request's". Static
 * storage; never NULL. */
const char *oh_digest_fault_text(enum oh_digest_fault f);

/* A challenge's value: Digest realm="…", nonce="…", … ; what is NULL is left out. Appended to
 * `out`. Quotes and backslashes are escaped, control characters dropped; algorithm and stale stand
 * without quotes (RFC 7616 3.3). */
struct oh_digest_challenge {
    const char *realm, *nonce, *algorithm, *qop, *opaque;
    bool stale;
};
void oh_digest_challenge_format(const struct oh_digest_challenge *c, struct oh_text *out);

/* Fresh random hex for nonces, tags, branches: `bytes` bytes as 2*bytes characters and NUL. */
void oh_random_hex(char *out, size_t bytes);

#endif
