/* What a missing message proves, and what not. */
#include "support/call_407.h"

static struct recorded *new_call(void)
{
    return recorded_new(CALL_407);
}

static void a_missing_ack_is_one_finding_though_the_phone_goes_on(void **state)
{
    (void)state;
    struct recorded *r = new_call();
    to_refusal(r);
    to_answer(r, invite_2(r));
    from_ack(r);
    const struct oh_verdict *v = judged(r);
    expect_verdict(v, OH_WORD_FAIL, "flow.missing", NULL);
    const struct oh_finding *f = finding(v, "flow.missing");
    assert_string_equal(f->clause, "RFC 3261 17.1.1.2");
    assert_int_equal(f->level, OH_LEVEL_MUST);
    assert_int_equal(f->step, ACK_1);
    assert_int_equal(f->msg, OH_NONE);
    assert_int_equal(f->about, 1);
    assert_int_equal(f->frames[0], 2);
    assert_non_null(strstr(f->text, "the phone went on without it"));
    assert_string_equal(oh_step_word_name(v->steps[ACK_1].word), "missed");
    assert_string_equal(oh_step_word_name(v->steps[INVITE_2].word), "pass");
    recorded_free(r);
}

static void a_message_that_only_should_come_fails_nothing_but_is_told(void **state)
{
    (void)state;
    const char *bye = strstr(CALL_407, "  - A -> P: BYE\n"), *behind = strstr(bye, "\n") + 1;
    char *text = oh_format("%.*s    level: should\n%s", (int)(behind - CALL_407), CALL_407, behind);
    struct recorded *r = recorded_new(text);
    to_refusal(r);
    gets(r, ACK_1, ack_1(r));
    to_answer(r, invite_2(r));
    gets(r, ACK_2, ack_2(r));
    talk(r);
    told(r, HANGS_UP);
    confirmed(r, HANGS_UP);
    misses(r, BYE, 32000);
    ends(r, OH_OUTCOME_COMPLETE, "");
    const struct oh_verdict *v = judged(r);
    expect_verdict(v, OH_WORD_PASS, "flow.missing", NULL);
    assert_int_equal(finding(v, "flow.missing")->level, OH_LEVEL_SHOULD);
    recorded_free(r);
    free(text);
}

static void no_second_invite(struct recorded *r)
{
    to_refusal(r);
    gets(r, ACK_1, ack_1(r));
    misses(r, INVITE_2, 32000);
    ends(r, OH_OUTCOME_STUCK, "P -> A: 180 cannot be sent");
    r->run->outcome_step = RINGING;
}

static void a_second_invite_that_never_comes_fails(void **state)
{
    (void)state;
    struct recorded *r = new_call();
    no_second_invite(r);
    const struct oh_verdict *v = judged(r);
    expect_verdict(v, OH_WORD_FAIL, "flow.missing", NULL);
    const struct oh_finding *f = finding(v, "flow.missing");
    assert_int_equal(f->step, INVITE_2);
    assert_string_equal(f->clause, "Scenario after Cisco 7960 guide B-71, RFC 3261 22.3");
    assert_non_null(strstr(f->text, "waited 32.0 s"));
    assert_string_equal(oh_step_word_name(v->steps[RINGING].word), "not-reached");
    assert_string_equal(oh_step_word_name(v->steps[OK_BYE].word), "not-reached");
    recorded_free(r);
}

/* The phone elsewhere than on this host: that a message was sent does not show that it arrived. */
static void move_away(struct recorded *r)
{
    r->phone = recorded_addr("192.0.2.2:5060");
    r->proxy = recorded_addr("192.0.2.1:5060");
    r->run->seats[0].sip = r->phone;
    r->run->seats[1].sip = r->proxy;
}

static void without_proof_of_arrival_an_absence_is_inconclusive(void **state)
{
    (void)state;
    struct recorded *r = new_call();
    move_away(r);
    to_refusal(r);
    misses(r, ACK_1, 32000);
    misses(r, INVITE_2, 32000);
    ends(r, OH_OUTCOME_STUCK, "P -> A: 180 cannot be sent");
    const struct oh_verdict *v = judged(r);
    assert_int_equal(v->word, OH_WORD_INCONCLUSIVE);
    const struct oh_finding *f = finding(v, "flow.missing");
    assert_int_equal(f->result, OH_RESULT_NOT_CHECKABLE);
    assert_non_null(strstr(v->reason, "nothing shows that the phone got"));
    assert_string_equal(oh_step_word_name(v->steps[ACK_1].word), "inconclusive");
    assert_string_equal(oh_step_word_name(v->steps[INVITE_2].word), "not-reached");
    recorded_free(r);
}

static void a_reaction_proves_arrival(void **state)
{
    (void)state;
    struct recorded *r = new_call();
    move_away(r);
    no_second_invite(r); /* it did acknowledge the 407 */
    expect_verdict(judged(r), OH_WORD_FAIL, "flow.missing", NULL);
    recorded_free(r);
}

static void exhausted_retransmissions_prove_arrival_of_a_phone_that_lives(void **state)
{
    (void)state;
    for (int alive = 0; alive < 2; alive++) {
        struct recorded *r = new_call();
        static const int64_t waits_ms[] = {490, 990, 1990, 3990, 3990, 3990, 3990};
        move_away(r);
        to_refusal(r);
        const char *again = refusal(r, invite_1(r));
        for (size_t i = 0; i < sizeof waits_ms / sizeof *waits_ms; i++) {
            r->now += waits_ms[i] * MS;
            sends(r, OH_NONE, again);
        }
        if (alive)
            gets(r, OH_NONE,
                 edited(r,
                        edited(r, request_text(r, "OPTIONS", OUTSIDE, "opt", "", 77, "", ""),
                               "c1@127", "c9@127"),
                        "tag=a1", "tag=a9"));
        misses(r, ACK_1, 12000);
        misses(r, INVITE_2, 32000);
        ends(r, OH_OUTCOME_STUCK, "");
        const struct oh_verdict *v = judged(r);
        assert_int_equal(v->word, alive ? OH_WORD_FAIL : OH_WORD_INCONCLUSIVE);
        recorded_free(r);
    }
}

static void lost_frames_void_an_absence(void **state)
{
    (void)state;
    struct recorded *r = new_call();
    no_second_invite(r);
    r->run->capture.dropped = 3;
    const struct oh_verdict *v = judged(r);
    expect_verdict(v, OH_WORD_INCONCLUSIVE, "flow.missing", NULL);
    assert_non_null(strstr(v->reason, "frames were lost"));
    recorded_free(r);
}

static void a_message_that_the_capture_lacks_voids_an_absence(void **state)
{
    (void)state;
    struct recorded *r = new_call();
    to_refusal(r);
    r->uncaptured = true;
    gets(r, ACK_1, ack_1(r));
    r->uncaptured = false;
    misses(r, INVITE_2, 32000);
    ends(r, OH_OUTCOME_STUCK, "");
    const struct oh_verdict *v = judged(r);
    assert_int_equal(r->recording->lost, 1);
    expect_verdict(v, OH_WORD_INCONCLUSIVE, "flow.missing", NULL);
    recorded_free(r);
}

static void lost_frames_do_not_void_what_was_seen(void **state)
{
    (void)state;
    struct recorded *r = new_call();
    to_refusal(r);
    gets(r, ACK_1, ack_1(r));
    to_answer(r, edited(r, invite_2(r), "response=\"", "response=\"0"));
    from_ack(r);
    r->run->capture.dropped = 3;
    assert_int_equal(judged(r)->word, OH_WORD_FAIL);
    recorded_free(r);
}

/* Nobody told the phone to call: that it does not is no fault of its. */
static void a_message_that_nothing_calls_for_is_not_owed(void **state)
{
    (void)state;
    struct recorded *r =
        recorded_new("title: t\nsource: RFC 3261 13\nparties: {A: phone, P: proxy}\n"
                     "flow:\n  - A -> P: INVITE\n  - P -> A: 486\n");
    begins(r);
    misses(r, 0, 32000);
    ends(r, OH_OUTCOME_STUCK, "P -> A: 486 cannot be sent");
    const struct oh_verdict *v = judged(r);
    expect_verdict(v, OH_WORD_INCONCLUSIVE, "flow.missing", NULL);
    assert_non_null(strstr(finding(v, "flow.missing")->text, "nothing in the flow calls for it"));
    recorded_free(r);
}

/* The whole healthy call, but the evidence has a hole: no fault is shown, and no pass either. */
static void a_healthy_call_with_a_hole_in_its_evidence_is_no_pass(void **state)
{
    (void)state;
    static const struct {
        uint64_t dropped, received;
        const char *reason;
    } holes[] = {{1, 0, "packets were lost while capturing"},
                 {0, 4, "the capture holds other packets than were captured"}};
    for (size_t i = 0; i < sizeof holes / sizeof *holes; i++) {
        struct recorded *r = new_call();
        healthy_call(r);
        r->run->capture.dropped = holes[i].dropped;
        r->run->capture.received = holes[i].received;
        const struct oh_verdict *v = judged(r);
        expect_verdict(v, OH_WORD_INCONCLUSIVE, NULL);
        assert_non_null(strstr(v->reason, holes[i].reason));
        recorded_free(r);
    }
    struct recorded *r = new_call();
    healthy_call(r);
    r->run->evidence = OH_EVIDENCE_TAP; /* no capture was wanted: the report says so */
    r->trace->rtp_count = 0;            /* voice is taken from the tap, too */
    r->run->capture.received = 4;
    expect_verdict(judged(r), OH_WORD_PASS, NULL);
    recorded_free(r);
}

static void no_bye(struct recorded *r, bool taken)
{
    to_refusal(r);
    gets(r, ACK_1, ack_1(r));
    to_answer(r, invite_2(r));
    gets(r, ACK_2, ack_2(r));
    talk(r);
    told(r, HANGS_UP);
    if (taken)
        confirmed(r, HANGS_UP);
    misses(r, BYE, 32000);
    ends(r, OH_OUTCOME_STUCK, "P -> A: 200 cannot be sent");
}

static void a_bye_owed_to_a_confirmed_hang_up_fails(void **state)
{
    (void)state;
    struct recorded *r = new_call();
    no_bye(r, true);
    const struct oh_verdict *v = judged(r);
    expect_verdict(v, OH_WORD_FAIL, "flow.missing", NULL);
    assert_int_equal(finding(v, "flow.missing")->step, BYE);
    recorded_free(r);
}

static void a_bye_owed_to_an_unconfirmed_hang_up_is_inconclusive(void **state)
{
    (void)state;
    struct recorded *r = new_call();
    no_bye(r, false);
    const struct oh_verdict *v = judged(r);
    expect_verdict(v, OH_WORD_INCONCLUSIVE, "flow.missing", NULL);
    assert_non_null(strstr(v->reason, "took the user's action"));
    recorded_free(r);
}

static void two_absences_of_one_silence_are_one_finding(void **state)
{
    (void)state;
    struct recorded *r = new_call();
    to_refusal(r);
    misses(r, ACK_1, 32000);
    misses(r, INVITE_2, 32000);
    ends(r, OH_OUTCOME_STUCK, "");
    const struct oh_verdict *v = judged(r);
    expect_verdict(v, OH_WORD_FAIL, "flow.missing", NULL);
    assert_int_equal(finding(v, "flow.missing")->step, ACK_1);
    recorded_free(r);
}

static void a_should_that_never_came_hides_no_must(void **state)
{
    (void)state;
    const char *ack = strstr(CALL_407, "  - A -> P: ACK\n"), *behind = strstr(ack, "\n") + 1;
    char *text = oh_format("%.*s    level: should\n%s", (int)(behind - CALL_407), CALL_407, behind);
    struct recorded *r = recorded_new(text);
    to_refusal(r);
    misses(r, ACK_1, 32000);
    misses(r, INVITE_2, 32000);
    ends(r, OH_OUTCOME_STUCK, "");
    const struct oh_verdict *v = judged(r);
    expect_verdict(v, OH_WORD_FAIL, "flow.missing", "flow.missing", NULL);
    assert_string_equal(oh_step_word_name(v->steps[INVITE_2].word), "missed");
    recorded_free(r);
    free(text);
}

static void media_that_a_silent_phone_owes_is_no_finding_of_its_own(void **state)
{
    (void)state;
    struct recorded *r = new_call();
    to_refusal(r);
    gets(r, ACK_1, ack_1(r));
    to_answer(r, invite_2(r));
    misses(r, ACK_2, 32000);
    media_over(r, TALK, 1000);
    told(r, HANGS_UP);
    misses(r, BYE, 32000);
    ends(r, OH_OUTCOME_STUCK, "");
    const struct oh_verdict *v = judged(r);
    expect_verdict(v, OH_WORD_FAIL, "flow.missing", NULL);
    assert_int_equal(finding(v, "flow.missing")->step, ACK_2);
    assert_string_equal(finding(v, "flow.missing")->clause, "RFC 3261 13.2.2.4");
    assert_string_equal(oh_step_word_name(v->steps[TALK].word), "not-reached");
    recorded_free(r);
}

static void a_silent_phone_that_its_user_proves_alive_owes_again(void **state)
{
    (void)state;
    struct recorded *r = new_call();
    to_refusal(r);
    gets(r, ACK_1, ack_1(r));
    to_answer(r, invite_2(r));
    misses(r, ACK_2, 32000);
    media_over(r, TALK, 1000);
    told(r, HANGS_UP);
    confirmed(r, HANGS_UP);
    misses(r, BYE, 32000);
    ends(r, OH_OUTCOME_STUCK, "");
    const struct oh_verdict *v = judged(r);
    expect_verdict(v, OH_WORD_FAIL, "flow.missing", "flow.missing", NULL);
    assert_int_equal(v->findings[0].step, ACK_2);
    assert_int_equal(v->findings[1].step, BYE);
    recorded_free(r);
}

static void what_a_refused_call_cannot_have_is_not_missing(void **state)
{
    (void)state;
    struct recorded *r = recorded_new(
        "title: t\nsource: RFC 3261 13\nneeds: [answer, hangup]\n"
        "parties: {A: phone, P: proxy, B: {behind: P, number: \"5551234\"}}\n"
        "flow:\n  - P -> A: OPTIONS\n  - A -> P: 200\n  - A hangs up\n  - A -> P: BYE\n");
    const char *options = "OPTIONS sip:alice@127.0.0.2:5060 SIP/2.0\r\n"
                          "Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKopt\r\n"
                          "Max-Forwards: 70\r\nFrom: <sip:p@127.0.0.1>;tag=p\r\n"
                          "To: <sip:alice@127.0.0.1>\r\nCall-ID: opt\r\nCSeq: 1 OPTIONS\r\n"
                          "Accept: application/sdp\r\nContact: <sip:p@127.0.0.1:5060>\r\n"
                          "Content-Length: 0\r\n\r\n";
    begins(r);
    sends(r, 0, options);
    gets(r, 1, answer(r, options, 486, "a1", NULL, NULL, false));
    told(r, 2);
    confirmed(r, 2);
    misses(r, 3, 32000);
    ends(r, OH_OUTCOME_COMPLETE, "");
    const struct oh_verdict *v = judged(r);
    assert_non_null(finding(v, "flow.status"));
    assert_null(finding(v, "flow.missing"));
    recorded_free(r);
}

static void a_killed_phone_owes_nothing_more_by_any_rule(void **state)
{
    (void)state;
    struct recorded *r = new_call();
    to_refusal(r);
    for (int i = 0; i < 7; i++) {
        r->now += 4000 * MS;
        sends(r, OH_NONE, refusal(r, invite_1(r)));
    }
    r->now += 40000 * MS;
    ends(r, OH_OUTCOME_PHONE_KILLED, "it was killed");
    expect_verdict(judged(r), OH_WORD_INCONCLUSIVE, NULL);
    recorded_free(r);
}

#define QUICK                                                                                      \
    "title: t\nsource: RFC 3261 13\nneeds: [dial]\nparties: {A: phone, P: proxy, B: {behind: P, "  \
    "number: \"5551234\"}}\nflow:\n  - A dials B\n  - A -> P: INVITE\n    within: 2 s\n"           \
    "  - P -> A: 486\n  - A -> P: ACK\n"

static void a_stall_of_our_own_host_voids_a_deadline(void **state)
{
    (void)state;
    for (int stalled = 0; stalled < 2; stalled++) {
        struct recorded *r = recorded_new(QUICK);
        begins(r);
        told(r, DIALS);
        confirmed(r, DIALS);
        misses(r, INVITE_1, 2000);
        ends(r, OH_OUTCOME_STUCK, "");
        r->run->worst_late_ns = (stalled ? 300 : 100) * MS;
        const struct oh_verdict *v = judged(r);
        expect_verdict(v, stalled ? OH_WORD_INCONCLUSIVE : OH_WORD_FAIL, "flow.missing", NULL);
        recorded_free(r);
    }
}

/* By what the player knows, and by stamps that go back by more than sockets are read out of order.
 */
static void a_clock_that_was_set_voids_a_deadline(void **state)
{
    (void)state;
    for (int back = 0; back < 3; back++) {
        struct recorded *r = new_call();
        no_second_invite(r);
        r->run->clock_step_ns = back == 0 ? 3600000 * MS : 0;
        if (back > 0)
            r->run->tap[r->run->tap_count - 1].wall_ns -= (back == 1 ? 3600000 : 100) * MS;
        const struct oh_verdict *v = judged(r);
        expect_verdict(v, back == 2 ? OH_WORD_FAIL : OH_WORD_INCONCLUSIVE, "flow.missing", NULL);
        assert_int_equal(strstr(v->reason, "the machine's clock was set") != NULL, back != 2);
        recorded_free(r);
    }
}

static void a_capture_that_is_cut_voids_an_absence(void **state)
{
    (void)state;
    struct recorded *r = new_call();
    no_second_invite(r);
    r->run->capture.received = 4;
    expect_verdict(judged(r), OH_WORD_INCONCLUSIVE, "flow.missing", NULL);
    recorded_free(r);
}

static void a_stall_voids_nothing_that_no_deadline_decided(void **state)
{
    (void)state;
    struct recorded *r = new_call();
    to_refusal(r);
    to_answer(r, invite_2(r)); /* the second INVITE shows that the ACK was left out */
    from_ack(r);
    r->run->worst_late_ns = 5000 * MS;
    const struct oh_verdict *v = judged(r);
    assert_int_equal(v->word, OH_WORD_FAIL);
    assert_int_equal(finding(v, "flow.missing")->result, OH_RESULT_FAIL);
    recorded_free(r);
}

static void an_interruption_does_not_void_a_deadline_that_passed(void **state)
{
    (void)state;
    struct recorded *r = new_call();
    to_refusal(r);
    gets(r, ACK_1, ack_1(r));
    misses(r, INVITE_2, 32000);
    ends(r, OH_OUTCOME_INTERRUPTED, "interrupted by the user");
    expect_verdict(judged(r), OH_WORD_FAIL, "flow.missing", NULL);
    recorded_free(r);
}

/* On the wire, to our own address, but our socket did not get it: the fault is not the phone's. */
static void what_our_own_socket_missed_is_not_held_against_the_phone(void **state)
{
    (void)state;
    struct recorded *r = new_call();
    to_refusal(r);
    gets(r, ACK_1, ack_1(r));
    r->now += 10 * MS;
    recorded_wire(r, &r->phone, &r->proxy, invite_2(r));
    misses(r, INVITE_2, 32000);
    ends(r, OH_OUTCOME_STUCK, "P -> A: 180 cannot be sent");
    expect_verdict(judged(r), OH_WORD_INCONCLUSIVE, NULL);
    recorded_free(r);
}

static void late_invite(struct recorded *r, int64_t captured_ms)
{
    begins(r);
    told(r, DIALS);
    confirmed(r, DIALS);
    gets(r, OH_NONE,
         edited(r, request_text(r, "OPTIONS", OUTSIDE, "opt", "", 77, "", ""), "c1@127", "c9@127"));
    misses(r, INVITE_1, 2000);
    r->now += (captured_ms - 10) * MS;
    gets(r, INVITE_1, invite_1(r));
    ends(r, OH_OUTCOME_STUCK, "");
}

static void a_message_after_its_deadline_fails(void **state)
{
    (void)state;
    struct recorded *r = recorded_new(QUICK);
    late_invite(r, 500);
    const struct oh_verdict *v = judged(r);
    expect_verdict(v, OH_WORD_FAIL, "flow.late", NULL);
    assert_non_null(strstr(finding(v, "flow.late")->text, "after its deadline of 2.0 s"));
    recorded_free(r);
}

static void what_should_come_and_comes_late_is_a_should(void **state)
{
    (void)state;
    const char *invite = strstr(QUICK, "  - A -> P: INVITE\n"), *behind = strstr(invite, "\n") + 1;
    char *text = oh_format("%.*s    level: should\n%s", (int)(behind - QUICK), QUICK, behind);
    struct recorded *r = recorded_new(text);
    late_invite(r, 500);
    const struct oh_finding *f = finding(judged(r), "flow.late");
    assert_non_null(f);
    assert_int_equal(f->level, OH_LEVEL_SHOULD);
    recorded_free(r);
    free(text);
}

static void a_message_that_we_only_read_late_is_in_time(void **state)
{
    (void)state;
    struct recorded *r = recorded_new(QUICK);
    late_invite(r, -5); /* on the wire before the deadline */
    assert_null(finding(judged(r), "flow.late"));
    assert_null(finding(judged(r), "flow.missing"));
    recorded_free(r);
}

static void without_a_capture_the_tap_is_the_evidence(void **state)
{
    (void)state;
    for (int whole = 0; whole < 2; whole++) {
        struct recorded *r = new_call();
        r->uncaptured = true;
        r->run->evidence = OH_EVIDENCE_TAP;
        if (whole)
            healthy_call(r);
        else
            no_second_invite(r);
        const struct oh_verdict *v = judged(r);
        assert_int_equal(r->recording->lost, 0);
        if (whole)
            expect_verdict(v, OH_WORD_PASS, NULL);
        else
            expect_verdict(v, OH_WORD_FAIL, "flow.missing", NULL); /* its ACK shows arrival */
        recorded_free(r);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_ack_is_one_finding_though_the_phone_goes_on),
        cmocka_unit_test(a_message_that_only_should_come_fails_nothing_but_is_told),
        cmocka_unit_test(a_second_invite_that_never_comes_fails),
        cmocka_unit_test(without_proof_of_arrival_an_absence_is_inconclusive),
        cmocka_unit_test(a_reaction_proves_arrival),
        cmocka_unit_test(exhausted_retransmissions_prove_arrival_of_a_phone_that_lives),
        cmocka_unit_test(lost_frames_void_an_absence),
        cmocka_unit_test(a_message_that_the_capture_lacks_voids_an_absence),
        cmocka_unit_test(lost_frames_do_not_void_what_was_seen),
        cmocka_unit_test(a_message_that_nothing_calls_for_is_not_owed),
        cmocka_unit_test(a_healthy_call_with_a_hole_in_its_evidence_is_no_pass),
        cmocka_unit_test(a_bye_owed_to_a_confirmed_hang_up_fails),
        cmocka_unit_test(a_bye_owed_to_an_unconfirmed_hang_up_is_inconclusive),
        cmocka_unit_test(two_absences_of_one_silence_are_one_finding),
        cmocka_unit_test(a_should_that_never_came_hides_no_must),
        cmocka_unit_test(media_that_a_silent_phone_owes_is_no_finding_of_its_own),
        cmocka_unit_test(a_silent_phone_that_its_user_proves_alive_owes_again),
        cmocka_unit_test(what_a_refused_call_cannot_have_is_not_missing),
        cmocka_unit_test(a_killed_phone_owes_nothing_more_by_any_rule),
        cmocka_unit_test(a_stall_of_our_own_host_voids_a_deadline),
        cmocka_unit_test(a_clock_that_was_set_voids_a_deadline),
        cmocka_unit_test(a_capture_that_is_cut_voids_an_absence),
        cmocka_unit_test(a_stall_voids_nothing_that_no_deadline_decided),
        cmocka_unit_test(an_interruption_does_not_void_a_deadline_that_passed),
        cmocka_unit_test(what_our_own_socket_missed_is_not_held_against_the_phone),
        cmocka_unit_test(a_message_after_its_deadline_fails),
        cmocka_unit_test(what_should_come_and_comes_late_is_a_should),
        cmocka_unit_test(a_message_that_we_only_read_late_is_in_time),
        cmocka_unit_test(without_a_capture_the_tap_is_the_evidence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
