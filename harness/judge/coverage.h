/*
 * judge/coverage.h - the always-on rules held against the catalogue of requirements.
 *
 * A rule names the requirements that it covers (`covers` of judge/rule.h); an entry of the
 * catalogue that no rule covers may say why. Here the two are joined, and what does not fit is
 * told.
 *
 * Uses: judge/rule.h, scenario/requirements.h.
 */
#ifndef OH_JUDGE_COVERAGE_H
#define OH_JUDGE_COVERAGE_H

#include "judge/rule.h"
#include "scenario/requirements.h"

/* Takes the next id off the front of a rule's `covers` (oh_span_of it; NULL is fine); false at the
 * end. */
bool oh_rule_next_covered(struct oh_span *rest, struct oh_span *id);

/* The nth rule, from 0 on, that covers this requirement; NULL past the last. */
const struct oh_rule *oh_rule_covering(const char *id, size_t nth);

/* The entry is for rules, every phone must meet it, and no rule covers it. */
bool oh_requirement_lacks_rule(const struct oh_requirement *q);

/* Tells each id in a rule's `covers` that the catalogue does not have, and each that is in it
 * twice. -1 if there is one. */
int oh_coverage_check_rules(const struct oh_catalogue *c, struct oh_errors *errors);
/* Tells each entry that says why no rule covers it, although a rule does, or although it is not of
 * kind rule. -1 if there is one. */
int oh_coverage_check_reasons(const struct oh_catalogue *c, struct oh_errors *errors);

#endif
