/* How soon an INVITE is answered: RFC 3261 17.2.1. */
#include "judge/rule_help.h"
#include "judge/time_help.h"

#include <stdio.h>

/* A round trip, for which T1 is the estimate (17.1.1.1). */
#define CROSSING_NS OH_HELP_T1_NS

static bool is_first_response(const struct oh_rule_view *v, const struct oh_trace_msg *invite,
                              const struct oh_trace_msg *m)
{
    for (int i = invite->index + 1; i < m->index; i++) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        if (!r->sip->is_request && r->request == invite->index)
            return false;
    }
    return true;
}

/* Beyond the 200 ms: 100 ms for the way through the phone's host; in a foreign capture a round
 * trip between it and the phone. There a response may have been missed as well, and the
 * first copies may have been lost behind the capture: sure is that none had come where the INVITE
 * was repeated more than once. */
static void check_trying(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *invite = oh_rule_msg(v, m->request), *asked = invite;
    size_t repeats = 0;
    if (!m->from_phone || !invite || !oh_help_is_request(invite, "INVITE") ||
        !oh_help_originates(v, m) || !is_first_response(v, invite, m))
        return;
    for (int i = invite->index + 1; i < m->index; i++) { /* the one that it answers */
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        if (r->repeat_of != invite->index)
            continue;
        asked = r;
        repeats++;
    }
    int64_t took_ns = m->time_ns - asked->time_ns;
    int64_t limit_ns = INT64_C(200000000) + (oh_rule_run(v) ? INT64_C(100000000) : CROSSING_NS);
    if (took_ns <= limit_ns || (repeats < 2 && !oh_rule_run(v)) ||
        oh_help_time_in_doubt(v, limit_ns))
        return;
    char got[48];
    snprintf(got, sizeof got, "after %.2f s", (double)took_ns / 1e9);
    oh_rule_broken(v, m,
                   &(struct oh_breach){.bytes = m->sip->start_line,
                                       .expected = "a response within 200 ms",
                                       .observed = got,
                                       .text = "An INVITE that is not answered within 200 ms must "
                                               "be answered by 100 Trying at once.",
                                       .also = {asked}});
}

static const struct oh_rule rules[] = {
    {"timer.trying", OH_LEVEL_MUST, "RFC 3261 17.2.1", OH_ON_RESPONSE | OH_BY_TIME, "INVITE",
     "An INVITE is answered within 200 ms, if only by 100.", "tm.100-200ms", check_trying},
};

const struct oh_rule_family oh_rules_trying = {"trying", rules, sizeof rules / sizeof *rules};
