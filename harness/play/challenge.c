#include "play/role.h"

#include "sip/digest.h"

#include <stdlib.h>

void oh_role_challenge(struct oh_player *p, struct oh_seat *seat, unsigned status,
                       struct oh_draft *draft)
{
    const struct oh_challenge *declared =
        seat->party && seat->party->challenge_count ? seat->party->challenges : NULL;
    char nonce[33];
    struct oh_text value = {0};
    (void)p;
    oh_random_hex(nonce, 16);
    free(seat->nonce);
    seat->nonce = oh_strdup(nonce);
    struct oh_digest_challenge c = {.realm = declared && declared->realm ? declared->realm
                                                                         : "offhook.invalid",
                                    .nonce = seat->nonce,
                                    .algorithm = declared ? declared->algorithm : NULL,
                                    .qop = declared ? declared->qop : "auth",
                                    .opaque = declared ? declared->opaque : NULL};
    oh_digest_challenge_format(&c, &value);
    oh_draft_set(draft, status == 401 ? "WWW-Authenticate" : "Proxy-Authenticate", "%s",
                 oh_text_str(&value));
    oh_text_release(&value);
}
