/* What is sent again is the same. RFC 3261 17.1.1.2, 17.1.2.2
 *
 * Equal copies are linked to the first sending and not shown to rules; those that differ are. */
#include "judge/rule_help.h"

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

static const struct oh_rule rules[] = {
    {"retransmit.same", OH_LEVEL_MUST, "RFC 3261 17.1.1.2", OH_ON_REQUEST, NULL,
     "A request that is sent again is the same.", "lint.via.branch-retransmit-same", check_same},
};

const struct oh_rule_family oh_rules_retransmit = {"retransmit", rules,
                                                   sizeof rules / sizeof *rules};
