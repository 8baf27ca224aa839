/*
 * judge/rule_view.h - one rule looking at one message, or at one stream. Private to rules.c,
 * rule_stream.c, rule_help.c and time_help.c.
 */
#ifndef OH_JUDGE_RULE_VIEW_H
#define OH_JUDGE_RULE_VIEW_H

#include "judge/holes.h"
#include "judge/media_help.h"
#include "judge/rule_help.h"
#include "judge/sdp_cache.h"

/* The dialog that was found for a message: several rules ask for it, one after another. */
struct oh_known_dialog {
    const struct oh_trace_msg *of; /* NULL: none was looked for */
    bool is_there;
    struct oh_help_dialog dialog;
};

struct oh_rule_view {
    struct oh_verdict *verdict;
    const struct oh_recording *recording;
    const struct oh_rule *rule;
    bool strict;
    bool clock_set;         /* during the run */
    unsigned char *origins; /* per message, see oh_help_originates: 0 not yet asked, 1 no, 2 yes */
    unsigned char *pairs;   /* the same of oh_help_answered_by */
    struct oh_sdp_cache *descriptions; /* NULL for a rule on a stream */
    struct oh_help_sendings *sendings; /* of the message that was asked for last; NULL: not kept */
    struct oh_known_dialog *dialogs;   /* OH_BYS of them; NULL: not kept */
    struct oh_holes *holes;            /* NULL: of a run, which has none */
    const struct oh_trace_msg *judged; /* NULL for a rule on a stream */
    /* Of a stream; else NULL. */
    const struct oh_stream *stream;
    const char *seat; /* of its phone; NULL: of a foreign capture */
    struct oh_sessions *sessions;
};

/* Of a foreign capture the phone alone is judged; and each by its profile. */
bool oh_rule_may_speak(const struct oh_rule_view *v, bool is_phones, const char *seat);
/* The rule rests on times that prove nothing, see OH_BY_TIME: counted as not checkable. */
bool oh_rule_is_voided(struct oh_rule_view *v);
void oh_rules_apply_to_streams(struct oh_verdict *verdict, const struct oh_recording *recording,
                               bool strict);

#endif
