/*
 * judge/rule_book.h - the rules sorted by what they are asked about.
 *
 * Why: hundreds of rules, and most of them are for requests alone, or for one method. Sorted once,
 * a message is shown to those it concerns and no others is looked at. Who judges many traces makes
 * one book and keeps it.
 *
 * Uses: judge/rule.h.
 */
#ifndef OH_JUDGE_RULE_BOOK_H
#define OH_JUDGE_RULE_BOOK_H

#include "judge/rule.h"

struct oh_rule_book;

struct oh_rule_book *oh_rule_book_new(void);
void oh_rule_book_free(struct oh_rule_book *b); /* NULL is fine */

struct oh_rule_set {
    const struct oh_rule *const *rules; /* in the order of the families; till the next question */
    size_t count;
    size_t asked; /* these, and those that are silent since it lacks what they are about */
};

/* The rules on messages like this. Of those who are not judged only what is owed to their messages:
 * OH_OWED. */
struct oh_rule_set oh_rule_book_for(const struct oh_rule_book *b, const struct oh_trace_msg *m,
                                    bool judged);

/* Where what is read of descriptions is kept, for one trace after another. */
struct oh_sdp_cache *oh_rule_book_descriptions(const struct oh_rule_book *b);

/* oh_rules_apply by a book that the caller keeps. */
void oh_rules_apply_by(const struct oh_rule_book *b, struct oh_verdict *verdict,
                       const struct oh_recording *recording, bool strict);

#endif
