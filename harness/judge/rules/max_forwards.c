/* Max-Forwards: RFC 3261 8.1.1.6, 20.22. Along the way it is counted down, so the value is looked
 * at where the request begins. */
#include "judge/rule_help.h"

static bool number_of(const struct oh_trace_msg *m, struct oh_span *value, uint64_t *number)
{
    *value = oh_sip_msg_whole(m->sip, OH_SIP_MAX_FORWARDS);
    return value->at && oh_span_to_u64(*value, number) && *number <= 255;
}

static void check_present(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (oh_sip_msg_whole(m->sip, OH_SIP_MAX_FORWARDS).at || !oh_help_originates(v, m))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "max-forwards",
                                   .bytes = m->sip->start_line,
                                   .expected = oh_span_of("70"),
                                   .text = "Every request must carry a Max-Forwards."});
}

static void check_range(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_span value;
    uint64_t number;
    if (number_of(m, &value, &number) || !value.at || !oh_help_originates(v, m))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "max-forwards",
                                   .expected = oh_span_of("a number from 0 to 255"),
                                   .observed = value,
                                   .text = "Max-Forwards must be a number from 0 to 255."});
}

static void check_value(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_span value;
    uint64_t number;
    if (!number_of(m, &value, &number) || number == 70 || !oh_help_originates(v, m))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "max-forwards",
                                   .expected = oh_span_of("70"),
                                   .observed = value,
                                   .text = "The Max-Forwards of a new request should be 70."});
}

#define MAX_FORWARDS(id, level, clause, meaning, covers, check)                                    \
    {                                                                                              \
        id, OH_LEVEL_##level, clause, OH_ON_REQUEST, NULL, meaning, covers, check                  \
    }

static const struct oh_rule rules[] = {
    MAX_FORWARDS("max-forwards.present", MUST, "RFC 3261 8.1.1.6", "A request has a Max-Forwards.",
                 "lint.mf.present lint.hdr.request-mandatory", check_present),
    MAX_FORWARDS("max-forwards.range", MUST, "RFC 3261 20.22",
                 "Max-Forwards is a number from 0 to 255.", "lint.mf.present", check_range),
    MAX_FORWARDS("max-forwards.value", SHOULD, "RFC 3261 8.1.1.6",
                 "A new request has a Max-Forwards of 70.", "lint.mf.seventy", check_value),
};

const struct oh_rule_family oh_rules_max_forwards = {"max_forwards", rules,
                                                     sizeof rules / sizeof *rules};
