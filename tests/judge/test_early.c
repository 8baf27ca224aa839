/* A phone that ends a call before the flow comes to that: by itself, or as its user told it. */
#include "support/recorded.h"

#define FLOW                                                                                       \
    "title: t\nsource: RFC 3261 9.1\nneeds: [dial, hangup]\n"                                      \
    "parties: {A: phone, P: proxy, B: {behind: P, number: \"5551234\"}}\n"                         \
    "flow:\n  - A dials B\n  - A -> P: INVITE\n%s  - P -> A: 180\n%s  - A -> P: CANCEL\n"
#define HANGS_UP "  - A hangs up\n"

static const char *message(struct recorded *r, const char *start, const char *cseq, const char *to)
{
    return recorded_keep(
        r, oh_format("%s\r\nVia: SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bKi\r\nMax-Forwards: 70\r\n"
                     "From: <sip:alice@127.0.0.1>;tag=a\r\nTo: <sip:5551234@127.0.0.1>%s\r\n"
                     "Call-ID: c\r\nCSeq: 1 %s\r\nContact: <sip:alice@127.0.0.2:5060>\r\n"
                     "Allow: INVITE, ACK, CANCEL, BYE\r\nSupported:\r\nContent-Length: 0\r\n\r\n",
                     start, to, cseq));
}

#define URI "sip:5551234@127.0.0.1:5060 SIP/2.0"

/* The CANCEL comes after the 100 that every proxy of ours sends, and before the flow's 180. */
static struct recorded *cancelled(bool told_before)
{
    char *flow = oh_format(FLOW, told_before ? HANGS_UP : "", told_before ? "" : HANGS_UP);
    struct recorded *r = recorded_new(flow);
    free(flow);
    begins(r);
    told(r, 0);
    confirmed(r, 0);
    gets(r, 1, message(r, "INVITE " URI, "INVITE", ""));
    sends(r, OH_NONE, message(r, "SIP/2.0 100 Trying", "INVITE", ""));
    if (told_before) {
        recorded_journal(r, OH_JOURNAL_TOLD, 2, OH_NONE);
        confirmed(r, 2);
    }
    gets(r, 4, message(r, "CANCEL " URI, "CANCEL", ""));
    ends(r, OH_OUTCOME_STUCK, "the phone ended the call by itself");
    return r;
}

static void a_phone_that_was_told_is_not_blamed(void **state)
{
    (void)state;
    for (int told_before = 0; told_before < 2; told_before++) {
        struct recorded *r = cancelled(told_before);
        const struct oh_verdict *v = judged(r);
        expect_verdict(v, told_before ? OH_WORD_INCONCLUSIVE : OH_WORD_FAIL, "flow.early", NULL);
        assert_non_null(strstr(finding(v, "flow.early")->text,
                               told_before ? "told by 'A hangs up'" : "by itself"));
        recorded_free(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_phone_that_was_told_is_not_blamed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
