/*
 * judge/sdp_cache.h - descriptions that were just read, kept for the next rule that asks.
 *
 * Why: dozens of rules look at the same description, or at an offer and its answer, one after the
 * other. The few that were asked for last are kept, however long a trace is.
 *
 * Uses: judge/sdp_help.h. Private to rules.c and rule_book.c; rules ask oh_help_description_of and
 * oh_help_types_of.
 */
#ifndef OH_JUDGE_SDP_CACHE_H
#define OH_JUDGE_SDP_CACHE_H

struct oh_sdp_cache;

struct oh_sdp_cache *oh_sdp_cache_new(void);
void oh_sdp_cache_free(struct oh_sdp_cache *c); /* NULL is fine */

/* Another trace begins: what was read may be gone. */
void oh_sdp_cache_forget(struct oh_sdp_cache *c);

#endif
