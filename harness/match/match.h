/*
 * match/match.h - does this message meet this expectation, given the names bound so far?
 *
 * The one matcher: the player uses it to advance, the judge to decide. Pure: no clock, no socket.
 *
 * Uses: base/, sip/, scenario/, trace/run.h (names and secrets).
 */
#ifndef OH_MATCH_MATCH_H
#define OH_MATCH_MATCH_H

#include "scenario/scenario.h"
#include "sip/field.h"
#include "trace/run.h"

struct oh_match_env; /* names bound so far */

/* `run` lends names and secrets; must outlive the environment. */
struct oh_match_env *oh_match_env_new(const struct oh_run *run);
void oh_match_env_free(struct oh_match_env *env);
/* Binds a saved name to a message (borrowed; must outlive the environment). Binding again replaces.
 */
void oh_match_env_save(struct oh_match_env *env, const char *name, const struct oh_sip_msg *m);
/* Tells the environment of every message that passed, in order: it remembers challenges (nonce,
 * realm, algorithm), which `valid` needs, and Call-IDs of earlier scenarios that begin a call anew.
 */
void oh_match_env_saw(struct oh_match_env *env, const struct oh_sip_msg *m);

/* Is it of a call of an earlier scenario (oh_run's `earlier`)? By its Call-ID, and as a response, a
 * request inside a dialog, or an INVITE of then sent again. No flow awaits such a message. REGISTER
 * and other requests outside of dialogs may lawfully use a Call-ID again (RFC 3261 10.2) and never
 * are; nor is anything of a Call-ID that the environment saw begin a call anew. */
bool oh_match_is_earlier(const struct oh_match_env *env, const struct oh_sip_msg *m);

enum oh_fit {
    OH_FIT_YES,
    OH_FIT_NO,
    OH_FIT_UNKNOWN
}; /* unknown: not checkable (no secret, name not bound) */

struct oh_mismatch { /* filled for NO and UNKNOWN; release it whatever was returned */
    enum oh_predicate_kind predicate;
    struct oh_span bytes;    /* evidence inside the message; absent where the field is absent */
    struct oh_text expected; /* "5551234", "above 1", "any of 0, 8" */
    struct oh_text observed; /* the value as it is; "absent" */
    struct oh_text why;      /* a clause that explains, or empty: the digest's wrong input */
};
void oh_mismatch_release(struct oh_mismatch *m);

enum oh_fit oh_match_expect(const struct oh_match_env *env, const struct oh_expect *expect,
                            const struct oh_sip_msg *m, struct oh_mismatch *why);

/* The text of an operand with its name resolved; absent (NULL at) where it is not bound. Owned by
 * `store`. */
struct oh_span oh_match_resolve(const struct oh_match_env *env, const struct oh_operand *operand,
                                struct oh_text *store);
/* Replaces $names inside free text (header overrides); an unbound one is an error. */
int oh_match_expand(const struct oh_match_env *env, const char *text, struct oh_text *out,
                    struct oh_error *e);

/* How well the message meets all expectations of a step: number of musts met minus musts broken,
 * shoulds counting less. For choosing between candidates. */
int oh_match_score(const struct oh_match_env *env, const struct oh_step *step,
                   const struct oh_sip_msg *m);

#endif
