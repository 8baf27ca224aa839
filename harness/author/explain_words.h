/*
 * author/explain_words.h - single words and sentences of explain. Private to explain*.c.
 */
#ifndef OH_AUTHOR_EXPLAIN_WORDS_H
#define OH_AUTHOR_EXPLAIN_WORDS_H

#include "author/explain.h"

/* One expectation: "must: the CSeq number is more than that of 'first' (line 14)". Appends. */
void oh_explain_expect(const struct oh_scenario *s, const struct oh_expect *x, struct oh_text *out);
/* A text of ours that may hold names, each name in words. Appends. */
void oh_explain_text(const struct oh_scenario *s, const char *text, struct oh_text *out);

#endif
