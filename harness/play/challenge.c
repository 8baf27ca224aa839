#include "play/role.h"

#include "sip/digest.h"

#include <stdlib.h>

struct challenges {
    const struct oh_challenge *list;
    size_t count;
};

static const struct oh_challenge of_nobody = {.realm = "offhook.invalid", .qop = "auth"};

/* The party's own, if a response of this status can carry them. */
static bool of_party(const struct oh_party *party, unsigned status, struct challenges *out)
{
    if (!party || !party->challenge_count || party->challenges[0].status != status)
        return false;
    *out = (struct challenges){party->challenges, party->challenge_count};
    return true;
}

static struct challenges find_challenges(const struct oh_seat *seat, const struct oh_answering *a)
{
    struct challenges found = {&of_nobody, 1};
    const struct oh_call *call = a->exchange->call;
    if (a->step && a->step->challenge_count)
        return (struct challenges){a->step->challenges, a->step->challenge_count};
    if (!of_party(seat->party, a->status, &found) && call)
        of_party(call->seat->party, a->status, &found);
    return found;
}

static void renew_nonce(struct oh_seat *seat, const struct challenges *c)
{
    char nonce[33];
    for (size_t i = 0; seat->nonce && i < c->count; i++) {
        if (c->list[i].keep_nonce)
            return;
    }
    oh_random_hex(nonce, 16);
    free(seat->nonce);
    seat->nonce = oh_strdup(nonce);
}

/* Credentials that answer no challenge that stands: they were made for an older one, and only the
 * nonce is wrong with them. RFC 7616 3.3: a phone told nothing of that would have to think its
 * password wrong. */
static bool is_outdated(const struct oh_seat *seat, const struct oh_answering *a, const char *realm)
{
    enum oh_sip_header_id id = a->status == 401 ? OH_SIP_AUTHORIZATION : OH_SIP_PROXY_AUTHORIZATION;
    const struct oh_sip_header *h;
    for (size_t n = 0; (h = oh_sip_msg_header(a->exchange->request, id, n)) != NULL; n++) {
        struct oh_digest d;
        if (oh_digest_parse(h->value, &d) == 0 && oh_span_is(d.realm, realm) && d.nonce.at &&
            !(seat->nonce && oh_span_starts_with(d.nonce, seat->nonce)))
            return true;
    }
    return false;
}

void oh_role_challenge(struct oh_seat *seat, const struct oh_answering *a, struct oh_draft *draft)
{
    const char *header = a->status == 401 ? "WWW-Authenticate" : "Proxy-Authenticate";
    struct challenges c = find_challenges(seat, a);
    struct oh_text value = {0};
    bool outdated = is_outdated(seat, a, c.list[0].realm ? c.list[0].realm : of_nobody.realm);
    renew_nonce(seat, &c);
    for (size_t i = 0; i < c.count; i++) {
        const struct oh_challenge *said = &c.list[i];
        /* the nonce tells which of them is answered */
        char *nonce = i ? oh_format("%s-%zu", seat->nonce, i + 1) : oh_strdup(seat->nonce);
        struct oh_digest_challenge made = {.realm = said->realm ? said->realm : of_nobody.realm,
                                           .nonce = nonce,
                                           .algorithm = said->algorithm,
                                           .qop = said->qop,
                                           .opaque = said->opaque,
                                           .stale = said->stale || outdated};
        oh_text_clear(&value);
        oh_digest_challenge_format(&made, &value);
        oh_draft_add(draft, header, "%s", oh_text_str(&value));
        free(nonce);
    }
    oh_text_release(&value);
}
