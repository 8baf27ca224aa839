/*
 * Digest credentials for the SIP stack: MD5, SHA-256 and SHA-512-256, each also as -sess, with
 * qop=auth, auth-int or none (RFC 7616, RFC 8760).
 *
 * Sofia computes MD5 alone, but lets a program replace the authenticator named "Digest". This one
 * takes the topmost challenge of a realm that it can answer (RFC 8760 2.4), knows name and password
 * itself, and so lets the stack repeat a challenged request without asking the program.
 */
#ifndef RP_DIGEST_H
#define RP_DIGEST_H

/* What the authenticator answers with; all borrowed for the life of the process. */
struct rp_digest_account {
    const char *user;
    const char *password;
    unsigned mutants; /* bits of enum rp_mutant */
};

/* Makes this the process's Digest authenticator. Call before nua_create.
 * Returns 0, or -1 if the stack refuses it. */
int rp_digest_install(const struct rp_digest_account *account);

#endif
