/* What is sent again, and how: the same bytes, and not by timer over what is reliable.
 * RFC 3261 17.1.1.2, 17.1.2.2, 17.2.1
 *
 * Equal copies are linked to the first sending and not shown to rules; those that differ are. */
#include "judge/rule_help.h"

/* A transaction lives no longer than this: 64*T1. RFC 3261 17.1.1.2 */
#define LIFE_NS INT64_C(32000000000)

/* --- not quite the same --- */

static struct oh_span take_line(struct oh_span *rest)
{
    size_t len = oh_span_find(*rest, '\n');
    struct oh_span line = oh_span_sub(*rest, 0, len < rest->len ? len + 1 : len);
    *rest = oh_span_sub(*rest, line.len, rest->len);
    return line;
}

/* When it was sent may be told anew each time: RFC 3261 20.38 */
static bool is_timestamp(struct oh_span line)
{
    return oh_span_is_nocase(oh_span_sub(line, 0, 10), "Timestamp:");
}

/* The first line that differs, of both; false where none does. */
static bool differs(const struct oh_sip_msg *a, const struct oh_sip_msg *b, struct oh_span *mine,
                    struct oh_span *before)
{
    struct oh_span x = a->bytes, y = b->bytes;
    while (x.len > 0 || y.len > 0) {
        *mine = take_line(&x);
        *before = take_line(&y);
        if (!oh_span_equal(*mine, *before) && !(is_timestamp(*mine) && is_timestamp(*before)))
            return true;
    }
    return false;
}

static void check_same(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *first = oh_help_sent_before(v, m);
    struct oh_span mine, before;
    if (!first || !differs(m->sip, first->sip, &mine, &before))
        return;
    bool branch = !oh_help_same_token(oh_help_branch(m->sip), oh_help_branch(first->sip));
    oh_say_broken(v, m,
                  &(struct oh_say){.field = branch ? "via.branch" : NULL,
                                   .bytes = mine,
                                   .expected =
                                       branch ? oh_help_branch(first->sip) : oh_span_trim(before),
                                   .observed = branch ? oh_help_branch(m->sip) : oh_span_trim(mine),
                                   .text = "A request that is sent again before its final response "
                                           "must be the same, with the same branch: retransmit it "
                                           "as it was, or give it a new CSeq number.",
                                   .also = first});
}

/* --- by timer over what is reliable --- */

/* What its sender's core, not its transaction, sends again: a 2xx to INVITE until the ACK, that ACK
 * (13.3.1.4, 13.2.2.4), and provisional responses (13.3.1.1, RFC 3262 3). A request is answered
 * once more with each time that it comes. */
static bool may_repeat(const struct oh_trace_msg *m)
{
    if (m->sip->is_request)
        return oh_help_is_request(m, "ACK");
    return m->sip->status < 300 || !oh_sip_msg_is_method(m->sip, "INVITE");
}

static bool is_again(const struct oh_trace_msg *m, const struct oh_trace_msg *other)
{
    return other->repeat_of == m->index && other->duplicate_of == OH_NONE &&
           other->transport == m->transport && oh_addr_equal(&other->src, &m->src) &&
           oh_addr_equal(&other->dst, &m->dst);
}

/* The request came again: answering it so is right. */
static bool came_again(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                       const struct oh_trace_msg *until)
{
    for (int i = m->index + 1; m->request != OH_NONE && i < until->index; i++) {
        if (oh_rule_msg(v, i)->repeat_of == m->request)
            return true;
    }
    return false;
}

/* On another connection it may be sent again: the first may have failed (18.4). */
static void check_reliable(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    int end = (int)oh_rule_trace(v)->msg_count;
    if (m->transport == OH_TRANSPORT_UDP || may_repeat(m) || !oh_help_originates(v, m))
        return;
    for (int i = m->index + 1; i < end && i < m->index + OH_HELP_REACH; i++) {
        const struct oh_trace_msg *again = oh_rule_msg(v, i);
        if (again->time_ns - m->time_ns > LIFE_NS)
            return;
        if (!is_again(m, again) || (!m->sip->is_request && came_again(v, m, again)))
            continue;
        oh_say_broken(v, m,
                      &(struct oh_say){.bytes = m->sip->start_line,
                                       .expected = oh_span_of("once"),
                                       .observed = oh_span_of("sent again on the same connection"),
                                       .text =
                                           "Over TCP or TLS a transaction should not retransmit: "
                                           "leave that to the transport.",
                                       .also = again});
        return;
    }
}

static const struct oh_rule rules[] = {
    {"retransmit.same", OH_LEVEL_MUST, "RFC 3261 17.1.1.2", OH_ON_REQUEST, NULL,
     "A request that is sent again is the same.", "lint.via.branch-retransmit-same", check_same},
    {"retransmit.reliable", OH_LEVEL_SHOULD, "RFC 3261 17.1.1.2", OH_ON_ANY, NULL,
     "Over a reliable transport nothing is sent again by timer.", "tr.tcp.no-retransmit",
     check_reliable},
};

const struct oh_rule_family oh_rules_retransmit = {"retransmit", rules,
                                                   sizeof rules / sizeof *rules};
