/* CSeq: RFC 3261 8.1.1.5, 12.2.1.1, 10.2. */
#include "judge/rule_help.h"

#include <stdio.h>
#include <stdlib.h>

static bool is_ack_or_cancel(const struct oh_trace_msg *m)
{
    return oh_help_is_request(m, "ACK") || oh_help_is_request(m, "CANCEL");
}

static void check_present(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_sip_cseq cseq;
    struct oh_span value = oh_sip_msg_whole(m->sip, OH_SIP_CSEQ);
    if (!oh_help_originates(v, m) || oh_help_cseq(m->sip, &cseq) == 0)
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "cseq",
                                   .bytes = value.len > 0 ? value : m->sip->start_line,
                                   .expected = oh_span_of("a number and the method"),
                                   .observed = value,
                                   .text = "Every request must carry a CSeq of a number and the "
                                           "method."});
}

static void check_method(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_sip_cseq cseq;
    if (!oh_help_originates(v, m) || oh_help_cseq(m->sip, &cseq) < 0 ||
        oh_span_equal(cseq.method, m->sip->method))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "cseq.method",
                                   .expected = m->sip->method,
                                   .observed = cseq.method,
                                   .text = "The method in CSeq must be that of the request."});
}

static void check_range(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_sip_cseq cseq;
    if (!oh_help_originates(v, m) || oh_help_is_copy(v, m) || oh_help_cseq(m->sip, &cseq) < 0 ||
        cseq.number < UINT64_C(1) << 31)
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "cseq.number",
                                   .expected = oh_span_of("less than 2147483648"),
                                   .observed = cseq.number_text,
                                   .text = "The CSeq number must be less than 2**31."});
}

/* --- one after another --- */

struct step {
    const struct oh_trace_msg *before;
    struct oh_sip_cseq mine, last;
};

static void say_step(struct oh_rule_view *v, const struct oh_trace_msg *m, const struct step *s,
                     const char *text)
{
    char wanted[32];
    snprintf(wanted, sizeof wanted, "%llu", (unsigned long long)s->last.number + 1);
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "cseq.number",
                                   .expected = oh_span_of(wanted),
                                   .observed = s->mine.number_text,
                                   .text = text,
                                   .also = s->before});
}

/* A request that counts in the dialog (or, before there was a To tag, led to it: `leads`): of the
 * same sender, Call-ID, From tag and To tag. */
static bool counts_with(const struct oh_trace_msg *m, const struct oh_trace_msg *other, bool leads)
{
    if (!other->sip->is_request || !oh_help_same_call(m->sip, other->sip) ||
        !oh_help_is_first(other) || is_ack_or_cancel(other) ||
        !oh_help_same_end(m, true, other, true) ||
        !oh_help_same_token(oh_help_tag(m->sip, OH_SIP_FROM), oh_help_tag(other->sip, OH_SIP_FROM)))
        return false;
    struct oh_span tag = oh_help_tag(other->sip, OH_SIP_TO);
    return tag.at ? oh_help_same_token(tag, oh_help_tag(m->sip, OH_SIP_TO))
                  : leads && oh_help_is_request(other, "INVITE");
}

static bool read_step(const struct oh_rule_view *v, const struct oh_trace_msg *m, struct step *s)
{
    if (!oh_help_originates(v, m) || is_ack_or_cancel(m) || !oh_help_tag(m->sip, OH_SIP_TO).at ||
        oh_help_cseq(m->sip, &s->mine) < 0)
        return false;
    struct oh_help_dialog d;
    bool known = oh_help_dialog_of(v, m, OH_BY_ALL, &d);
    for (int i = m->index - 1; i >= 0 && i > m->index - OH_HELP_REACH; i--) {
        s->before = oh_rule_msg(v, i);
        if (counts_with(m, s->before, known) && oh_help_cseq(s->before->sip, &s->last) == 0)
            return true;
    }
    return false;
}

static void check_rising(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct step s;
    if (!read_step(v, m, &s) || s.mine.number > s.last.number || m->retry_of == s.before->index ||
        oh_help_sent_before(v, m))
        return;
    say_step(v, m, &s,
             "Each request in a dialog must have a higher CSeq number than the one before it.");
}

/* A response to a request between the two that is not in the trace: it was sent, and missed. */
static bool missed_one(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                       const struct step *s)
{
    int end = (int)oh_rule_trace(v)->msg_count;
    for (int i = s->before->index + 1; i < end && i < s->before->index + OH_HELP_REACH; i++) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        struct oh_sip_cseq cseq;
        if (!r->sip->is_request && oh_help_same_end(m, true, r, false) &&
            oh_help_same_call(m->sip, r->sip) && oh_help_cseq(r->sip, &cseq) == 0 &&
            cseq.number > s->last.number && cseq.number < s->mine.number)
            return true;
    }
    return false;
}

/* Did the INVITE reach more than one party? Then requests in its other dialogs take numbers too. */
static bool forked(const struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_span mine = oh_help_tag(m->sip, OH_SIP_TO);
    for (int i = m->index - 1; i >= 0 && i > m->index - OH_HELP_REACH; i--) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        if (r->sip->is_request || r->sip->status <= 100 || r->sip->status >= 300 ||
            !oh_help_same_call(m->sip, r->sip))
            continue;
        struct oh_span tag = oh_help_tag(r->sip, OH_SIP_TO);
        if (tag.at && oh_help_same_end(m, true, r, false) && !oh_help_same_token(tag, mine) &&
            oh_help_same_token(oh_help_tag(r->sip, OH_SIP_FROM), oh_help_tag(m->sip, OH_SIP_FROM)))
            return true;
    }
    return false;
}

/* A request that a foreign capture lost together with its response leaves no trace. */
static void check_by_one(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct step s;
    if (!read_step(v, m, &s) || s.mine.number <= s.last.number + 1)
        return;
    if (!oh_rule_run(v) || oh_rule_evidence_lost(v) || forked(v, m) || missed_one(v, m, &s)) {
        oh_rule_not_checkable(v);
        return;
    }
    say_step(v, m, &s,
             "Each request in a dialog must have a CSeq number just one higher than the one before "
             "it.");
}

/* Of two nonce counts, hexadecimal; `before` may be absent. */
static bool is_next_count(struct oh_span nc, struct oh_span before)
{
    char mine[9], last[9];
    snprintf(mine, sizeof mine, "%.*s", OH_SPAN_FMT(nc));
    snprintf(last, sizeof last, "%.*s", OH_SPAN_FMT(before));
    return nc.len > 0 && strtoul(mine, NULL, 16) == strtoul(last, NULL, 16) + 1;
}

static bool has_nonce(const struct oh_trace_msg *challenge, struct oh_span nonce)
{
    static const enum oh_sip_header_id ids[] = {OH_SIP_WWW_AUTHENTICATE, OH_SIP_PROXY_AUTHENTICATE};
    const struct oh_sip_header *h;
    struct oh_digest d;
    for (size_t i = 0; i < 2 && challenge; i++) {
        for (size_t n = 0; (h = oh_sip_msg_header(challenge->sip, ids[i], n)) != NULL; n++) {
            if (oh_digest_parse(h->value, &d) == 0 && oh_span_equal(d.nonce, nonce))
                return true;
        }
    }
    return false;
}

/* Credentials for the challenge to the request before, or with the next count of its nonce: nothing
 * was sent in between. RFC 7616 3.4 */
static bool follows_at_once(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                            const struct oh_trace_msg *before)
{
    static const enum oh_sip_header_id ids[] = {OH_SIP_AUTHORIZATION, OH_SIP_PROXY_AUTHORIZATION};
    for (size_t i = 0; i < 2; i++) {
        const struct oh_sip_header *mine = oh_sip_msg_header(m->sip, ids[i], 0);
        const struct oh_sip_header *last = oh_sip_msg_header(before->sip, ids[i], 0);
        struct oh_digest a, b;
        if (!mine || oh_digest_parse(mine->value, &a) < 0 || !a.nonce.at)
            continue;
        if (last && oh_digest_parse(last->value, &b) == 0 && oh_span_equal(a.nonce, b.nonce))
            return is_next_count(a.nc, b.nc);
        if (m->retry_of == before->index && has_nonce(oh_rule_msg(v, m->challenge), a.nonce))
            return !a.nc.at || is_next_count(a.nc, (struct oh_span){0});
    }
    return false;
}

/* RFC 3261 10.2. A phone may count over several registrars, so only two in a row to the same one
 * are compared. */
static void check_register(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct step s;
    if (!oh_help_originates(v, m) || oh_help_cseq(m->sip, &s.mine) < 0)
        return;
    for (int i = m->index - 1; i >= 0 && i > m->index - OH_HELP_REACH; i--) {
        s.before = oh_rule_msg(v, i);
        if (!oh_help_is_request(s.before, "REGISTER") || !oh_help_is_first(s.before) ||
            !oh_help_same_end(m, true, s.before, true) ||
            !oh_help_same_call(m->sip, s.before->sip) || oh_help_cseq(s.before->sip, &s.last) < 0)
            continue;
        if (!oh_help_same_end(m, false, s.before, false))
            return;
        bool back = s.mine.number <= s.last.number && m->retry_of != i;
        bool gap = s.mine.number > s.last.number + 1 && !oh_rule_evidence_lost(v) &&
                   !missed_one(v, m, &s) && (oh_rule_run(v) || follows_at_once(v, m, s.before));
        if ((back && !oh_help_sent_before(v, m)) || gap)
            say_step(v, m, &s,
                     "The CSeq number must rise by one with each REGISTER of the same Call-ID.");
        return;
    }
}

#define CSEQ(id, clause, method, meaning, covers, check)                                           \
    {                                                                                              \
        id, OH_LEVEL_MUST, clause, OH_ON_REQUEST, method, meaning, covers, check                   \
    }

static const struct oh_rule rules[] = {
    CSEQ("cseq.present", "RFC 3261 8.1.1", NULL, "A request has a CSeq.",
         "lint.hdr.request-mandatory", check_present),
    CSEQ("cseq.method", "RFC 3261 8.1.1.5", NULL, "The CSeq method is the request's.",
         "lint.cseq.method-match", check_method),
    CSEQ("cseq.range", "RFC 3261 8.1.1.5", NULL, "The CSeq number is less than 2**31.",
         "lint.cseq.range", check_range),
    CSEQ("cseq.rising", "RFC 3261 12.2.1.1", NULL, "CSeq numbers rise within a dialog.",
         "lint.cseq.increment lint.bye.in-dialog", check_rising),
    CSEQ("cseq.by-one", "RFC 3261 12.2.1.1", NULL, "CSeq numbers within a dialog have no gaps.",
         "lint.cseq.increment lint.bye.in-dialog", check_by_one),
    CSEQ("cseq.register", "RFC 3261 10.2", "REGISTER",
         "CSeq numbers rise by one within the registrations of one Call-ID.",
         "lint.register.cseq-up auth.register.cseq-callid", check_register),
};

const struct oh_rule_family oh_rules_cseq = {"cseq", rules, sizeof rules / sizeof *rules};
