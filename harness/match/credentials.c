/* `valid` for credentials: they answer a challenge that was made, and their digest is right. RFC
 * 3261 22, RFC 7616. */
#include "match/internal.h"

#include <string.h>

static const struct seen_challenge *challenge_of(const struct oh_match_env *env,
                                                 const struct oh_digest *d)
{
    for (size_t i = env->challenge_count; i > 0; i--) {
        const struct seen_challenge *c = &env->challenges[i - 1];
        if (oh_span_equal(c->digest.nonce, d->nonce))
            return c;
    }
    return NULL;
}

static const struct oh_run_secret *secret_of(const struct oh_match_env *env,
                                             const struct oh_digest *d)
{
    for (size_t i = 0; env->run && i < env->run->secret_count; i++) {
        if (oh_span_is(d->username, env->run->secrets[i].username))
            return &env->run->secrets[i];
    }
    return env->run && env->run->secret_count == 1 ? &env->run->secrets[0] : NULL;
}

static enum oh_fit check_one(const struct oh_match_env *env, const struct oh_digest *d,
                             const struct oh_sip_msg *m, struct oh_text *why)
{
    const struct seen_challenge *c = challenge_of(env, d);
    const struct oh_run_secret *s = secret_of(env, d);
    oh_text_clear(why);
    if (!oh_span_is_nocase(d->scheme, "Digest")) {
        oh_text_add(why, "the scheme is not Digest");
        return OH_FIT_NO;
    }
    if (!c) {
        oh_text_add(why, "the nonce is none that was offered");
        return OH_FIT_NO;
    }
    if (!s) {
        oh_text_add(why, "the account's password is not known here");
        return OH_FIT_UNKNOWN;
    }
    char realm[256];
    size_t len = c->digest.realm.len < sizeof realm - 1 ? c->digest.realm.len : sizeof realm - 1;
    memcpy(realm, c->digest.realm.at ? c->digest.realm.at : "", len);
    realm[len] = '\0';
    struct oh_digest_secret secret = {s->username, s->password, realm};
    struct oh_digest_context context = {.method = m->method,
                                        .request_uri = m->request_uri,
                                        .body = m->body,
                                        .challenge_realm = c->digest.realm,
                                        .challenge_algorithm = c->digest.algorithm};
    enum oh_digest_fault fault = oh_digest_check(d, &secret, &context);
    if (fault == OH_DIGEST_RIGHT)
        return OH_FIT_YES;
    oh_text_add(why, oh_digest_fault_text(fault));
    return fault == OH_DIGEST_NOT_CHECKABLE ? OH_FIT_UNKNOWN : OH_FIT_NO;
}

enum oh_fit oh_match_credentials(const struct oh_match_env *env, const char *field,
                                 const struct oh_sip_msg *m, struct oh_text *why)
{
    enum oh_sip_header_id id = oh_sip_header_id_of(oh_span_of(field));
    const struct oh_sip_header *h;
    enum oh_fit best = OH_FIT_NO;
    for (size_t n = 0; (h = oh_sip_msg_header(m, id, n)) != NULL; n++) {
        struct oh_digest d;
        if (oh_digest_parse(h->value, &d) != 0)
            continue;
        enum oh_fit fit = check_one(env, &d, m, why);
        if (fit == OH_FIT_YES)
            return OH_FIT_YES;
        if (fit == OH_FIT_UNKNOWN)
            best = OH_FIT_UNKNOWN;
    }
    return best;
}
