/*
 * judge/rule_view.h - one rule looking at one message, or at one stream. Private to rules.c,
 * rule_stream.c and rule_help.c.
 */
#ifndef OH_JUDGE_RULE_VIEW_H
#define OH_JUDGE_RULE_VIEW_H

#include "judge/media_help.h"
#include "judge/rule.h"

struct oh_rule_view {
    struct oh_verdict *verdict;
    const struct oh_recording *recording;
    const struct oh_rule *rule;
    bool strict;
    unsigned char *origins; /* per message, see oh_help_originates: 0 not yet asked, 1 no, 2 yes */
    /* Of a stream; else NULL. */
    const struct oh_stream *stream;
    const char *seat; /* of its phone; NULL: of a foreign capture */
    struct oh_sessions *sessions;
};

/* Of a foreign capture the phone alone is judged; and each by its profile. */
bool oh_rule_may_speak(const struct oh_rule_view *v, bool is_phones, const char *seat);
void oh_rules_apply_to_streams(struct oh_verdict *verdict, const struct oh_recording *recording,
                               bool strict);

#endif
