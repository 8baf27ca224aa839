/*
 * match/internal.h - the environment's own structures. Private to match/.
 */
#ifndef OH_MATCH_INTERNAL_H
#define OH_MATCH_INTERNAL_H

#include "match/match.h"
#include "sip/digest.h"

struct saved {
    char *name;
    const struct oh_sip_msg *msg; /* borrowed */
};

struct seen_challenge {
    struct oh_digest digest;       /* spans into a message that outlives the environment */
    struct oh_span session_cnonce; /* of the first credentials that answered it; absent: none */
};

struct oh_match_env {
    const struct oh_run *run;
    struct saved *saved;
    size_t saved_count, saved_room;
    struct seen_challenge *challenges;
    size_t challenge_count, challenge_room;
    const char **anew; /* Call-IDs of earlier calls that were used for a new one; borrowed of run */
    size_t anew_count, anew_room;
};

/* The value of a name without its "$"; absent where it is not bound. Owned by `store`. */
struct oh_span oh_match_name_value(const struct oh_match_env *env, struct oh_span name,
                                   struct oh_text *store);

/* The challenge that offered this nonce; NULL. */
const struct seen_challenge *oh_match_challenge(const struct oh_match_env *env,
                                                struct oh_span nonce);

/* earlier.c: an INVITE that is none of then, with a Call-ID of then. */
void oh_match_saw_anew(struct oh_match_env *env, const struct oh_sip_msg *m);

/* `valid` on Authorization and Proxy-Authorization: some credentials of the message are right. */
enum oh_fit oh_match_credentials(const struct oh_match_env *env, const char *field,
                                 const struct oh_sip_msg *m, struct oh_text *why);

#endif
