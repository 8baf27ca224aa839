/*
 * sip/digest_inputs.h - the digest hash as a function of its inputs; private to sip/digest*.c.
 *
 * Every input of RFC 7616 3.4.1 to 3.4.3 is one span here, so that the check can change exactly one
 * of them. An absent span hashes as nothing.
 *
 * Uses: sip/digest.h.
 */
#ifndef OH_SIP_DIGEST_INPUTS_H
#define OH_SIP_DIGEST_INPUTS_H

#include "sip/digest.h"

struct oh_digest_inputs {
    struct oh_span username, realm, password, nonce, nc, cnonce, qop, uri, method, body;
    struct oh_span session_cnonce; /* the one in A1 of a -sess algorithm */
    struct oh_span algorithm;      /* absent: MD5 */
};

/* A set of inputs whose texts may have been unescaped; zero-initialise, release after use. */
#define OH_DIGEST_QUOTED 5
struct oh_digest_plain {
    struct oh_digest_inputs inputs;
    struct oh_text store[OH_DIGEST_QUOTED];
};

/* The inputs as the credentials state them, escapes kept; username and password are the secret's.
 */
struct oh_digest_inputs oh_digest_inputs_of(const struct oh_digest *cred,
                                            const struct oh_digest_secret *secret,
                                            struct oh_span method, struct oh_span body);
/* The same with the escapes taken out of all that stands in a quoted string. */
void oh_digest_plain_init(struct oh_digest_plain *p, const struct oh_digest_inputs *wire);
void oh_digest_plain_release(struct oh_digest_plain *p);

/* Appends `s` without its backslash escapes. */
void oh_digest_unescape(struct oh_span s, struct oh_text *out);

/* 0 and lower-case hex, or -1: the algorithm is none of ours. */
int oh_digest_compute(const struct oh_digest_inputs *in, char out[OH_DIGEST_TEXT]);

/* The n-th algorithm that we know; NULL at the end. */
const char *oh_digest_algorithm(size_t n);

#endif
