/* Late messages of calls of earlier scenarios, and what is none. */
#include "support/call_407.h"

#define THEN_ID     "Call-ID: c0@127.0.0.2\r\n"
#define THEN_BRANCH "z9hG4bKthen"

static struct recorded *new_call(bool listed)
{
    struct recorded *r = recorded_new(CALL_407);
    if (listed)
        oh_run_add_earlier(r->run, "c0@127.0.0.2", THEN_BRANCH);
    return r;
}

static const char *of_then(struct recorded *r, const char *start, const char *branch,
                           const char *to_tag, const char *cseq)
{
    return recorded_keep(r, oh_format("%s\r\nVia: SIP/2.0/UDP 127.0.0.2:5060;branch=%s\r\n"
                                      "Max-Forwards: 70\r\nFrom: <sip:alice@127.0.0.1>;tag=a0\r\n"
                                      "To: <sip:5551234@127.0.0.1>%s\r\n" THEN_ID
                                      "CSeq: %s\r\nContact: <sip:alice@127.0.0.2:5060>\r\n"
                                      "Content-Length: 0\r\n\r\n",
                                      start, branch, to_tag, cseq));
}

#define URI "sip:5551234@127.0.0.1:5060 SIP/2.0"

static const struct {
    const char *start, *branch, *to_tag, *cseq;
    const char *without; /* the finding where nothing is known of the call */
} late[] = {
    {"BYE " URI, "z9hG4bKb", ";tag=b0", "9 BYE", "flow.early"},
    {"ACK " URI, "z9hG4bKa", ";tag=b0", "9 ACK", "flow.unexpected"},
    {"CANCEL " URI, THEN_BRANCH, "", "9 CANCEL", "flow.unexpected"},
    {"INVITE " URI, THEN_BRANCH, "", "9 INVITE", "flow.unexpected"},
    {"INVITE " URI, "z9hG4bKr", ";tag=b0", "9 INVITE", "flow.unexpected"},
    {"INFO " URI, "z9hG4bKi", ";tag=b0", "9 INFO", "flow.unexpected"},
    {"SIP/2.0 200 OK", "z9hG4bKours", ";tag=b0", "9 BYE", "flow.unexpected"},
};
#define LATE (sizeof late / sizeof *late)

/* In the middle of the talk, with the phone's own BYE still awaited. */
static const struct oh_verdict *with_late(struct recorded *r, size_t i)
{
    to_refusal(r);
    gets(r, ACK_1, ack_1(r));
    to_answer(r, invite_2(r));
    gets(r, ACK_2, ack_2(r));
    rtp(r);
    gets(r, OH_NONE, of_then(r, late[i].start, late[i].branch, late[i].to_tag, late[i].cseq));
    media_over(r, TALK, 990);
    hang_up(r);
    ends(r, OH_OUTCOME_COMPLETE, "");
    return judged(r);
}

static void late_messages_of_an_earlier_call_are_no_part_of_the_flow(void **state)
{
    (void)state;
    for (size_t i = 0; i < LATE; i++) {
        struct recorded *r = new_call(true);
        expect_verdict(with_late(r, i), OH_WORD_PASS, NULL);
        recorded_free(r);
    }
}

/* A BYE that is taken for this call's makes player and judge differ here: the player of this
 * recording knew of the call. */
static void the_same_messages_of_a_call_unknown_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < LATE; i++) {
        struct recorded *r = new_call(false);
        const struct oh_verdict *v = with_late(r, i);
        assert_non_null(finding(v, late[i].without));
        recorded_free(r);
    }
}

static void what_reached_a_step_by_the_player_is_no_late_message_of_the_judges(void **state)
{
    (void)state;
    struct recorded *r = new_call(true);
    to_refusal(r);
    gets(r, ACK_1, ack_1(r));
    to_answer(r, invite_2(r));
    gets(r, ACK_2, ack_2(r));
    rtp(r);
    gets(r, BYE, of_then(r, late[0].start, late[0].branch, late[0].to_tag, late[0].cseq));
    ends(r, OH_OUTCOME_STUCK, "");
    assert_int_equal(judged(r)->word, OH_WORD_ERROR);
    recorded_free(r);
}

/* RFC 3261 8.1.1.4 forbids it, but then it is this call that is to be judged. */
static void a_call_that_uses_an_earlier_call_id_again_is_judged(void **state)
{
    (void)state;
    struct recorded *r = recorded_new(CALL_407);
    oh_run_add_earlier(r->run, "c1@127.0.0.2", THEN_BRANCH);
    healthy_call(r);
    expect_verdict(judged(r), OH_WORD_PASS, NULL);
    recorded_free(r);
}

#define ASKS                                                                                       \
    "title: t\nsource: RFC 3261 10\nparties: {A: phone, P: proxy}\n"                               \
    "flow:\n  - A -> P: REGISTER\n  - P -> A: 200\n"

static void a_register_may_use_an_earlier_call_id_again(void **state)
{
    (void)state;
    struct recorded *r = recorded_new(ASKS);
    oh_run_add_earlier(r->run, "c0@127.0.0.2", NULL);
    begins(r);
    const char *text =
        of_then(r, "REGISTER sip:127.0.0.1:5060 SIP/2.0", "z9hG4bKreg", "", "9 REGISTER");
    gets(r, 0, text);
    sends(r, 1, answer(r, text, 200, "p0", NULL, NULL, false));
    ends(r, OH_OUTCOME_COMPLETE, "");
    const struct oh_verdict *v = judged(r);
    assert_true(v->word != OH_WORD_ERROR);
    assert_string_equal(oh_step_word_name(v->steps[0].word), "pass");
    recorded_free(r);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(late_messages_of_an_earlier_call_are_no_part_of_the_flow),
        cmocka_unit_test(the_same_messages_of_a_call_unknown_are_found),
        cmocka_unit_test(what_reached_a_step_by_the_player_is_no_late_message_of_the_judges),
        cmocka_unit_test(a_call_that_uses_an_earlier_call_id_again_is_judged),
        cmocka_unit_test(a_register_may_use_an_earlier_call_id_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
