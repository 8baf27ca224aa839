/* A request sent again although the answer said not to, or not yet. Only what is sure to be the
 * same request counts: the same call, method and To (registrations of several addresses should
 * share a Call-ID: RFC 3261 10.2), by the same sender to the same receiver. */
#include "judge/rule_help.h"

#include <stdio.h>
#include <string.h>

/* A user may try again later; a phone by itself does it at once. */
#define SOON_NS INT64_C(2000000000)
#define S_NS    INT64_C(1000000000)

/* The answer of this status to the latest request before `m` that `m` is once more; NULL. */
static const struct oh_trace_msg *refusal(const struct oh_rule_view *v,
                                          const struct oh_trace_msg *m, unsigned status)
{
    if (oh_help_is_request(m, "ACK") || oh_help_is_request(m, "CANCEL") ||
        !oh_help_originates(v, m))
        return NULL;
    for (int i = m->index - 1; i >= 0 && i > m->index - OH_HELP_REACH; i--) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        const struct oh_trace_msg *request = r->sip->is_request ? NULL : oh_rule_msg(v, r->request);
        if (!request || r->sip->status < 200 || !oh_help_is_first(r) ||
            !oh_help_same_call(r->sip, m->sip) ||
            !oh_span_equal(request->sip->method, m->sip->method) ||
            !oh_help_same_uri(oh_help_uri(request->sip, OH_SIP_TO),
                              oh_help_uri(m->sip, OH_SIP_TO)) ||
            !oh_help_same_end(m, true, request, true) ||
            !oh_help_same_end(m, false, request, false))
            continue;
        return r->sip->status == status ? r : NULL;
    }
    return NULL;
}

/* RFC 3261 20.33: delta-seconds, then perhaps a comment and parameters. */
static bool read_retry_after(const struct oh_sip_msg *m, uint64_t *seconds)
{
    struct oh_span value = oh_span_trim(oh_sip_msg_whole(m, OH_SIP_RETRY_AFTER));
    size_t digits = 0;
    while (digits < value.len && value.at[digits] >= '0' && value.at[digits] <= '9')
        digits++;
    return oh_span_to_u64(oh_span_sub(value, 0, digits), seconds) && *seconds <= UINT32_MAX;
}

static void check_retry_after(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *r = refusal(v, m, 503);
    uint64_t seconds = 0;
    char wanted[64], observed[64];
    if (!r || !read_retry_after(r->sip, &seconds) ||
        m->time_ns - r->time_ns >= (int64_t)seconds * S_NS)
        return;
    snprintf(wanted, sizeof wanted, "not within %llu s", (unsigned long long)seconds);
    snprintf(observed, sizeof observed, "after %.3f s", (double)(m->time_ns - r->time_ns) / 1e9);
    oh_say_broken(v, m,
                  &(struct oh_say){.bytes = m->sip->start_line,
                                   .expected = oh_span_of(wanted),
                                   .observed = oh_span_of(observed),
                                   .text = "A request that was refused with 503 should not be sent "
                                           "to that server again before Retry-After has passed.",
                                   .also = r});
}

/* The interval that a binding is asked for; false where none is said. */
static bool asked(const struct oh_sip_msg *m, struct oh_span contact, uint64_t *seconds)
{
    struct oh_sip_name_addr a;
    if (oh_sip_name_addr_parse(contact, &a) < 0)
        return false;
    struct oh_span own = oh_sip_param(a.params, "expires");
    return oh_span_to_u64(oh_span_trim(own.at ? own : oh_sip_msg_whole(m, OH_SIP_EXPIRES)),
                          seconds);
}

/* A phone that is refused may still take back what it registered before. RFC 3261 10.2.2 */
static bool ends_registration(const struct oh_sip_msg *m)
{
    uint64_t seconds = 1;
    struct oh_span contact = oh_sip_msg_value(m, OH_SIP_CONTACT, 0);
    return oh_sip_msg_is_method(m, "REGISTER") && contact.at &&
           (oh_span_is(contact, "*") || (asked(m, contact, &seconds) && seconds == 0));
}

static void check_forbidden(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *r = refusal(v, m, 403);
    if (!r || m->time_ns - r->time_ns > SOON_NS || ends_registration(m->sip))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.bytes = m->sip->start_line,
                                   .expected = oh_span_of("no repetition"),
                                   .observed = m->sip->start_line,
                                   .text = "A request that was refused with 403 should not be "
                                           "repeated.",
                                   .also = r});
}

/* What is permitted is to retry after that change (10.2.8: a MAY); without it the client should not
 * retry (21.4). Neither is a MUST. */
static void check_min_expires(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *r = refusal(v, m, 423);
    uint64_t least = 0, seconds = 0;
    if (!r || !oh_span_to_u64(oh_span_trim(oh_sip_msg_whole(r->sip, OH_SIP_MIN_EXPIRES)), &least))
        return;
    for (size_t i = 0; i < oh_sip_msg_value_count(m->sip, OH_SIP_CONTACT); i++) {
        struct oh_span contact = oh_sip_msg_value(m->sip, OH_SIP_CONTACT, i);
        if (!asked(m->sip, contact, &seconds) || seconds == 0 || seconds >= least)
            continue;
        char observed[32];
        snprintf(observed, sizeof observed, "%llu", (unsigned long long)seconds);
        oh_say_broken(v, m,
                      &(struct oh_say){.field = "expires",
                                       .bytes = contact,
                                       .expected = oh_sip_msg_whole(r->sip, OH_SIP_MIN_EXPIRES),
                                       .observed = oh_span_of(observed),
                                       .text = "A REGISTER refused with 423 may be sent again only "
                                               "with an expiration interval of at least its "
                                               "Min-Expires.",
                                       .also = r});
        return;
    }
}

static const struct oh_rule rules[] = {
    {"refused.retry-after", OH_LEVEL_SHOULD, "RFC 3261 21.5.4", OH_ON_REQUEST | OH_BY_TIME, NULL,
     "What a 503 refused is not sent again before its Retry-After has passed.",
     "call.out.503-retry-after reg.503-retry-after", check_retry_after},
    {"refused.forbidden", OH_LEVEL_SHOULD, "RFC 3261 21.4.4", OH_ON_REQUEST | OH_BY_TIME, NULL,
     "What a 403 refused is not repeated.", "reg.403", check_forbidden},
    {"refused.min-expires", OH_LEVEL_SHOULD, "RFC 3261 10.2.8", OH_ON_REQUEST, "REGISTER",
     "A REGISTER is sent again after a 423 only with at least its Min-Expires.", "reg.423",
     check_min_expires},
};

const struct oh_rule_family oh_rules_refused = {"refused", rules, sizeof rules / sizeof *rules};
