/* Subscriptions and notifications: RFC 6665 3.1.2, 3.2, 4.1.3, 4.2.2, 8.2. */
#include "judge/rule_help.h"

static size_t count_events(const struct oh_sip_msg *m)
{
    size_t count = 0;
    while (oh_sip_msg_header(m, OH_SIP_EVENT, count))
        count++;
    return count;
}

/* "presence;id=7": the package, and the rest behind its semicolon. */
static struct oh_span package_of(const struct oh_sip_msg *m, struct oh_span *params)
{
    struct oh_span value = oh_sip_msg_whole(m, OH_SIP_EVENT);
    size_t end = oh_span_find(value, ';');
    *params = oh_span_sub(value, end < value.len ? end + 1 : end, value.len);
    return oh_span_trim(oh_span_sub(value, 0, end));
}

static bool has_one_event(const struct oh_sip_msg *m)
{
    struct oh_span params, package = package_of(m, &params);
    return count_events(m) == 1 && oh_sip_is_token(package);
}

static void say_event(struct oh_rule_view *v, const struct oh_trace_msg *m, const char *text)
{
    if (has_one_event(m->sip) || !oh_help_originates(v, m))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "event",
                                   .bytes = m->sip->start_line,
                                   .expected = oh_span_of("one Event with one package"),
                                   .observed = oh_sip_msg_whole(m->sip, OH_SIP_EVENT),
                                   .text = text});
}

static void check_event(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    say_event(v, m, "A SUBSCRIBE must carry exactly one Event with the name of one package.");
}

static void check_notify_event(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    say_event(v, m, "A NOTIFY must carry one Event with the name of one package.");
}

/* --- the subscription of a NOTIFY --- */

/* Byte by byte, the package and the id. RFC 6665 8.2.1 */
static bool same_event(const struct oh_sip_msg *a, const struct oh_sip_msg *b)
{
    struct oh_span x, y, package = package_of(a, &x), other = package_of(b, &y);
    return oh_span_equal(package, other) &&
           oh_span_equal(oh_sip_param(x, "id"), oh_sip_param(y, "id"));
}

/* That of a REFER: event refer, with the id of its CSeq or none (RFC 3515 2.4.6). */
static bool is_of_refer(const struct oh_sip_msg *notify, const struct oh_sip_msg *refer)
{
    struct oh_span params, package = package_of(notify, &params), id = oh_sip_param(params, "id");
    struct oh_sip_cseq cseq;
    return oh_span_is(package, "refer") &&
           (!id.at || (oh_help_cseq(refer, &cseq) == 0 && oh_span_equal(id, cseq.number_text)));
}

/* Did this request create or refresh what the NOTIFY may tell of? RFC 6665 4.4.1 */
static bool subscribes(const struct oh_trace_msg *r, const struct oh_trace_msg *m)
{
    return (oh_help_is_request(r, "SUBSCRIBE") || oh_help_is_request(r, "REFER")) &&
           oh_help_same_call(r->sip, m->sip) && oh_help_same_end(m, true, r, false) &&
           oh_help_same_token(oh_help_tag(r->sip, OH_SIP_FROM), oh_help_tag(m->sip, OH_SIP_TO));
}

/* A subscription that is older than the trace may share the dialog (4.5.1). */
static void check_match(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *near = NULL;
    if (!oh_help_originates(v, m) || !has_one_event(m->sip) || oh_rule_begins_within(v) ||
        oh_rule_evidence_lost(v))
        return;
    for (int i = m->index - 1; i >= 0 && i > m->index - OH_HELP_REACH; i--) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        if (!subscribes(r, m))
            continue;
        if (oh_help_is_request(r, "REFER") ? is_of_refer(m->sip, r->sip)
                                           : same_event(m->sip, r->sip))
            return;
        if (!near && (oh_help_is_request(r, "REFER") || has_one_event(r->sip)))
            near = r;
    }
    if (!near)
        return;
    bool refer = oh_help_is_request(near, "REFER");
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "event",
                                   .expected = refer ? oh_span_of("refer")
                                                     : oh_sip_msg_whole(near->sip, OH_SIP_EVENT),
                                   .observed = oh_sip_msg_whole(m->sip, OH_SIP_EVENT),
                                   .text = "The Event of a NOTIFY must have the package and the id "
                                           "of its subscription.",
                                   .also = near});
}

/* --- the state --- */

static struct oh_span state_of(const struct oh_sip_msg *m, struct oh_span *params)
{
    struct oh_span value = oh_sip_msg_whole(m, OH_SIP_SUBSCRIPTION_STATE);
    size_t end = oh_span_find(value, ';');
    *params = oh_span_sub(value, end < value.len ? end + 1 : end, value.len);
    return oh_span_trim(oh_span_sub(value, 0, end));
}

static void check_state(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (oh_sip_msg_header(m->sip, OH_SIP_SUBSCRIPTION_STATE, 0) || !oh_help_originates(v, m))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "subscription-state",
                                   .bytes = m->sip->start_line,
                                   .expected = oh_span_of("a Subscription-State"),
                                   .text = "A NOTIFY must carry Subscription-State."});
}

static void check_state_value(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    static const char *const states[] = {"active", "pending", "terminated"};
    struct oh_span params, state = state_of(m->sip, &params);
    if (!oh_sip_msg_header(m->sip, OH_SIP_SUBSCRIPTION_STATE, 0) || !oh_help_originates(v, m))
        return;
    for (size_t i = 0; i < 3; i++) {
        if (oh_span_is_nocase(state, states[i]))
            return;
    }
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "subscription-state",
                                   .bytes = m->sip->start_line,
                                   .expected = oh_span_of("active, pending or terminated"),
                                   .observed = state,
                                   .text = "The value of Subscription-State must be active, "
                                           "pending or terminated."});
}

static void check_expires(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_span params, state = state_of(m->sip, &params);
    uint64_t seconds;
    bool lives = oh_span_is_nocase(state, "active") || oh_span_is_nocase(state, "pending");
    if (!lives || oh_span_to_u64(oh_sip_param(params, "expires"), &seconds) ||
        !oh_help_originates(v, m))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "subscription-state",
                                   .bytes = oh_sip_msg_whole(m->sip, OH_SIP_SUBSCRIPTION_STATE),
                                   .expected = oh_span_of("the parameter expires, in seconds"),
                                   .observed = oh_sip_msg_whole(m->sip, OH_SIP_SUBSCRIPTION_STATE),
                                   .text = "A Subscription-State that is active or pending must "
                                           "say with expires how long that lasts."});
}

/* It refreshes the target (RFC 6665 3.2), and such a request should have a Contact. */
static void check_contact(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (oh_sip_msg_value(m->sip, OH_SIP_CONTACT, 0).at || !oh_help_originates(v, m))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "contact",
                                   .bytes = m->sip->start_line,
                                   .expected = oh_span_of("a Contact"),
                                   .text = "A NOTIFY should carry a Contact: it refreshes the "
                                           "target of its dialog."});
}

#define EVENT(id, level, clause, method, meaning, covers, check)                                   \
    {                                                                                              \
        id, OH_LEVEL_##level, "RFC " clause, OH_ON_REQUEST, method, meaning, covers, check         \
    }

static const struct oh_rule rules[] = {
    EVENT("subscribe.event", MUST, "6665 3.1.2", "SUBSCRIBE", "A SUBSCRIBE has exactly one Event.",
          "lint.subscribe.event", check_event),
    EVENT("notify.event", MUST, "6665 3.2.1", "NOTIFY", "A NOTIFY has one Event.",
          "lint.notify.headers", check_notify_event),
    EVENT("notify.event-match", MUST, "6665 3.2.1", "NOTIFY",
          "The Event of a NOTIFY is that of its subscription.", "lint.notify.headers", check_match),
    EVENT("notify.state", MUST, "6665 4.1.3", "NOTIFY", "A NOTIFY has a Subscription-State.",
          "lint.notify.headers", check_state),
    EVENT("notify.state-value", MUST, "6665 4.2.2", "NOTIFY",
          "Subscription-State is active, pending or terminated.", "lint.notify.sub-state",
          check_state_value),
    EVENT("notify.expires", MUST, "6665 4.2.2", "NOTIFY",
          "An active or pending Subscription-State has expires.", "lint.notify.sub-state",
          check_expires),
    EVENT("notify.contact", SHOULD, "3261 12.2.1.1", "NOTIFY", "A NOTIFY has a Contact.",
          "lint.notify.headers", check_contact),
};

const struct oh_rule_family oh_rules_subscribe = {"subscribe", rules, sizeof rules / sizeof *rules};
