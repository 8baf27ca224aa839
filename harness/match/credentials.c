/* `valid` for credentials: they answer a challenge that was made, and their digest is right. RFC
 * 3261 22, RFC 7616. */
#include "match/internal.h"

#include <stdlib.h>
#include <string.h>

static const struct oh_run_secret *secret_of(const struct oh_match_env *env,
                                             const struct oh_digest *d)
{
    for (size_t i = 0; env->run && i < env->run->secret_count; i++) {
        if (oh_span_is(d->username, env->run->secrets[i].username))
            return &env->run->secrets[i];
    }
    return env->run && env->run->secret_count == 1 ? &env->run->secrets[0] : NULL;
}

/* RFC 3261 22.1: an ACK repeats the credentials of its INVITE. */
static struct oh_span hashed_method(const struct oh_sip_msg *m)
{
    return oh_sip_msg_is_method(m, "ACK") ? oh_span_of("INVITE") : m->method;
}

static enum oh_fit check_digest(const struct oh_match_env *env, const struct oh_digest *d,
                                const struct seen_challenge *c, const struct oh_run_secret *s,
                                const struct oh_sip_msg *m, struct oh_text *why)
{
    char *realm = oh_span_dup(c->digest.realm);
    struct oh_span *nonces = oh_alloc((env->challenge_count + 1) * sizeof *nonces);
    for (size_t i = 0; i < env->challenge_count; i++)
        nonces[i] = env->challenges[i].digest.nonce;
    struct oh_digest_secret secret = {s->username, s->password, realm};
    struct oh_digest_context context = {.method = hashed_method(m),
                                        .request_uri = m->request_uri,
                                        .body = m->body,
                                        .challenge_realm = c->digest.realm,
                                        .challenge_algorithm = c->digest.algorithm,
                                        .other_nonces = nonces,
                                        .other_nonce_count = env->challenge_count,
                                        .session_cnonce = c->session_cnonce};
    enum oh_digest_fault fault = oh_digest_check(d, &secret, &context);
    free(nonces);
    free(realm);
    if (fault == OH_DIGEST_RIGHT)
        return OH_FIT_YES;
    oh_text_add(why, oh_digest_fault_text(fault));
    return fault == OH_DIGEST_NOT_CHECKABLE ? OH_FIT_UNKNOWN : OH_FIT_NO;
}

/* What is wrong before any hash is computed; NULL. */
static const char *plainly_wrong(const struct oh_digest *d, const struct seen_challenge *c)
{
    if (!oh_span_is_nocase(d->scheme, "Digest"))
        return "the scheme is not Digest";
    if (!c)
        return "the nonce is none that was offered";
    return oh_span_equal(d->realm, c->digest.realm) ? NULL
                                                    : "the realm is not that of the challenge";
}

static enum oh_fit check_one(const struct oh_match_env *env, const struct oh_digest *d,
                             const struct oh_sip_msg *m, struct oh_text *why)
{
    const struct seen_challenge *c = oh_match_challenge(env, d->nonce);
    const struct oh_run_secret *s = secret_of(env, d);
    const char *wrong = plainly_wrong(d, c);
    bool accounts_known = env->run && env->run->secret_count > 0;
    if (!c && env->run && env->run->foreign) {
        oh_text_add(why, "the challenge that it answers is not in the capture");
        return OH_FIT_UNKNOWN;
    }
    if (!wrong && !s && accounts_known)
        wrong = "the username is none that was given out";
    if (!wrong && s)
        return check_digest(env, d, c, s, m, why);
    oh_text_add(why, wrong ? wrong : "the account's password is not known here");
    return wrong ? OH_FIT_NO : OH_FIT_UNKNOWN;
}

enum oh_fit oh_match_credentials(const struct oh_match_env *env, const char *field,
                                 const struct oh_sip_msg *m, struct oh_text *why)
{
    enum oh_sip_header_id id = oh_sip_header_id_of(oh_span_of(field));
    const struct oh_sip_header *h;
    enum oh_fit best = OH_FIT_NO;
    for (size_t n = 0; (h = oh_sip_msg_header(m, id, n)) != NULL && best != OH_FIT_YES; n++) {
        struct oh_digest d;
        struct oh_text mine = {0};
        bool readable = oh_digest_parse(h->value, &d) == 0;
        enum oh_fit fit = readable ? check_one(env, &d, m, &mine) : OH_FIT_NO;
        if (!readable)
            oh_text_add(&mine, "the credentials cannot be read");
        if (n == 0 || fit != OH_FIT_NO) { /* tell of the one that decides */
            oh_text_clear(why);
            oh_text_add_span(why, oh_text_span(&mine));
            best = fit;
        }
        oh_text_release(&mine);
    }
    return best;
}
