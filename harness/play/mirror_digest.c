/* Credentials of a rehearsed phone. RFC 3261 22, RFC 7616 3.4 */
#include "play/mirror.h"

#include "sip/digest.h"

#include <stdlib.h>
#include <string.h>

#define MOST_REALMS 8

static const struct oh_run_secret *secret_of(const struct oh_mirror *m)
{
    const struct oh_run *run = m->player.run;
    for (size_t i = 0; i < run->secret_count; i++) {
        if (strcmp(run->secrets[i].seat, m->seat) == 0)
            return &run->secrets[i];
    }
    return NULL;
}

static struct oh_mirror_nonce *count_of(struct oh_mirror *m, struct oh_span nonce)
{
    for (size_t i = 0; i < m->nonce_count; i++) {
        if (oh_span_is(nonce, m->nonces[i].nonce))
            return &m->nonces[i];
    }
    oh_grow(&m->nonces, m->nonce_count, &m->nonce_room, sizeof *m->nonces);
    struct oh_mirror_nonce *n = &m->nonces[m->nonce_count++];
    n->nonce = oh_span_dup(nonce);
    oh_random_hex(n->cnonce, 8);
    return n;
}

/* Is it among these, "auth,auth-int"? */
static bool is_listed(struct oh_span list, const char *word)
{
    while (list.len) {
        size_t one = oh_span_find(list, ',');
        if (oh_span_is_nocase(oh_span_trim(oh_span_sub(list, 0, one)), word))
            return true;
        list = oh_span_sub(list, one + 1, list.len);
    }
    return false;
}

static int compute(const struct oh_mirror *m, struct oh_span value, const struct oh_sip_msg *to,
                   char response[OH_DIGEST_TEXT])
{
    const struct oh_run_secret *known = secret_of(m);
    struct oh_digest cred;
    struct oh_error e = {0};
    if (!known || oh_digest_parse(value, &cred) != 0)
        return -1;
    char *realm = oh_span_dup(cred.realm.at ? cred.realm : oh_span_of(""));
    struct oh_digest_secret secret = {known->username, known->password, realm};
    int result = oh_digest_response(&cred, &secret, to->method,
                                    to->body.at ? to->body : oh_span_of(""), response, &e);
    free(realm);
    return result;
}

static void write_credentials(struct oh_mirror *m, const struct oh_digest *c,
                              const struct oh_sip_msg *request, const char *response,
                              struct oh_text *out)
{
    const struct oh_mirror_nonce *n = count_of(m, c->nonce);
    oh_text_addf(out,
                 "Digest username=\"%s\", realm=\"%.*s\", nonce=\"%.*s\", uri=\"%.*s\", "
                 "response=\"%s\"",
                 secret_of(m)->username, OH_SPAN_FMT(c->realm), OH_SPAN_FMT(c->nonce),
                 OH_SPAN_FMT(request->request_uri), response);
    if (c->algorithm.at)
        oh_text_addf(out, ", algorithm=%.*s", OH_SPAN_FMT(c->algorithm));
    if (c->opaque.at)
        oh_text_addf(out, ", opaque=\"%.*s\"", OH_SPAN_FMT(c->opaque));
    if (c->qop.at)
        oh_text_addf(out, ", qop=%s, nc=%08x, cnonce=\"%s\"",
                     is_listed(c->qop, "auth") ? "auth" : "auth-int", n->count, n->cnonce);
}

static bool answer(struct oh_mirror *m, const struct oh_digest *challenge, const char *header,
                   struct oh_text *wire)
{
    struct oh_sip_msg *request = oh_sip_msg_parse(oh_text_span(wire));
    struct oh_text value = {0};
    char response[OH_DIGEST_TEXT];
    bool known = request && secret_of(m) && oh_span_is_nocase(challenge->scheme, "Digest");
    if (known) {
        count_of(m, challenge->nonce)->count++;
        write_credentials(m, challenge, request, "", &value);
        known = compute(m, oh_text_span(&value), request, response) == 0;
    }
    if (known) {
        oh_text_clear(&value);
        write_credentials(m, challenge, request, response, &value);
        oh_mirror_add_header(wire, header, oh_text_str(&value));
    } else if (request && secret_of(m) && challenge->nonce.at) {
        count_of(m, challenge->nonce)->count--;
    }
    oh_text_release(&value);
    oh_sip_msg_free(request);
    return known;
}

/* Of each realm the first challenge that it knows how to answer. RFC 7616 3.7, RFC 8760 2.4 */
static size_t answer_all(struct oh_mirror *m, const struct oh_sip_msg *refusal,
                         enum oh_sip_header_id id, const char *header, struct oh_text *wire)
{
    struct oh_span realms[MOST_REALMS];
    size_t count = 0;
    const struct oh_sip_header *h;
    for (size_t n = 0; (h = oh_sip_msg_header(refusal, id, n)) != NULL; n++) {
        struct oh_digest challenge;
        bool answered = false;
        if (count == MOST_REALMS || oh_digest_parse(h->value, &challenge) != 0)
            continue;
        for (size_t i = 0; i < count; i++)
            answered = answered || oh_span_equal(realms[i], challenge.realm);
        if (!answered && answer(m, &challenge, header, wire))
            realms[count++] = challenge.realm;
    }
    return count;
}

bool oh_mirror_answer_challenge(struct oh_mirror *m, const struct oh_sip_msg *refusal,
                                struct oh_text *wire)
{
    size_t www = answer_all(m, refusal, OH_SIP_WWW_AUTHENTICATE, "Authorization", wire);
    size_t proxy = answer_all(m, refusal, OH_SIP_PROXY_AUTHENTICATE, "Proxy-Authorization", wire);
    return www + proxy > 0;
}

static void recompute(struct oh_mirror *m, enum oh_sip_header_id id, struct oh_text *wire)
{
    struct oh_sip_msg *request = oh_sip_msg_parse(oh_text_span(wire));
    const struct oh_sip_header *h = request ? oh_sip_msg_header(request, id, 0) : NULL;
    struct oh_digest cred;
    char response[OH_DIGEST_TEXT];
    if (h && oh_digest_parse(h->value, &cred) == 0 && cred.response.at &&
        compute(m, h->value, request, response) == 0) {
        char *field = oh_format("%s.response", oh_sip_header_name(id));
        oh_mirror_set(wire, field, response);
        free(field);
    }
    oh_sip_msg_free(request);
}

void oh_mirror_recompute(struct oh_mirror *m, struct oh_text *wire)
{
    recompute(m, OH_SIP_AUTHORIZATION, wire);
    recompute(m, OH_SIP_PROXY_AUTHORIZATION, wire);
}
