/* How messages meet steps. Each test plays a flow by hand: what was got and done, in order. */
#include "walk_play.h"

#include <time.h>

#define HEAD                                                                                       \
    "title: t\nsource: s\nneeds: [dial, hangup, answer, rtp]\nparties: {A: phone, P: {role: "      \
    "proxy, challenge: {realm: r}}, B: {behind: P, number: \"5551234\"}}\nflow:\n"

/* steps 0.. : dials INVITE 407 ACK INVITE 180 200 ACK RTP hangs-up BYE 200 */
#define CALL                                                                                       \
    HEAD "  - A dials B\n  - A -> P: INVITE\n    save: first\n  - P -> A: 407\n"                   \
         "  - A -> P: ACK\n  - A -> P: INVITE\n"                                                   \
         "    must: {cseq.number: {above: $first.cseq.number}}\n    save: second\n"                \
         "  - P -> A: 180\n  - P -> A: 200\n  - A -> P: ACK\n  - A <-> B: RTP\n    for: 1 s\n"     \
         "  - A hangs up\n  - A -> P: BYE\n  - P -> A: 200\n"
/* INVITE 100? 180 answers 200 ACK BYE 200 */
#define CALLED                                                                                     \
    HEAD "  - P -> A: INVITE\n  - A -> P: 100\n    optional: true\n  - A -> P: 180\n"              \
         "  - A answers\n  - A -> P: 200\n  - P -> A: ACK\n  - P -> A: BYE\n  - A -> P: 200\n"

#define INVITE_1 "INVITE", "INVITE", "1", NULL, NULL, 1
#define ANSWER_1 "407", "INVITE", "1", "t1", NULL, 1
#define ACK_1    "ACK", "ACK", "1", "t1", NULL, 1
#define INVITE_2 "INVITE", "INVITE", "2", NULL, NULL, 2
#define RING_2   "180", "INVITE", "2", "t2", NULL, 2
#define ANSWER_2 "200", "INVITE", "2", "t2", NULL, 2
#define ACK_2    "ACK", "ACK", "3", "t2", NULL, 2
#define BYE_4    "BYE", "BYE", "4", "t2", NULL, 3

static struct play *to_second_answer(bool first_ack)
{
    struct play *p = new_play(CALL);
    oh_walk_did(p->walk, 0, NULL);
    GOT(p, OH_WALK_REACHED, 1, INVITE_1);
    DID(p, 2, ANSWER_1);
    if (first_ack)
        GOT(p, OH_WALK_REACHED, 3, ACK_1);
    GOT(p, OH_WALK_REACHED, 4, INVITE_2);
    DID(p, 5, RING_2);
    DID(p, 6, ANSWER_2);
    return p;
}

/* register 401? REGISTER 200 */
#define AGAIN                                                                                      \
    "title: t\nsource: s\nneeds: [register]\nparties: {A: phone, R: registrar}\nflow:\n"           \
    "  - A registers\n  - A -> R: REGISTER\n  - R -> A: 503\n  - A -> R: REGISTER\n"               \
    "    optional: true\n  - R -> A: 180\n  - R -> A: 200\n"

static struct play *to_the_optional_request(void)
{
    struct play *p = new_play(AGAIN);
    oh_walk_did(p->walk, 0, NULL);
    GOT(p, OH_WALK_REACHED, 1, "REGISTER", "REGISTER", "1", NULL, NULL, 1);
    DID(p, 2, "503", "REGISTER", "1", "t1", NULL, 1);
    return p;
}

static void what_answers_an_optional_request_that_does_not_come_is_left_out(void **state)
{
    (void)state;
    struct play *p = to_the_optional_request();
    oh_walk_missed(p->walk, 3);
    assert_int_equal(oh_walk_state(p->walk, 3), OH_STEP_PASSED);
    assert_int_equal(oh_walk_state(p->walk, 4), OH_STEP_NOT_TAKEN);
    assert_int_equal(oh_walk_state(p->walk, 5), OH_STEP_NOT_TAKEN);
    assert_int_equal(oh_walk_next(p->walk), 6);
    end_play(p);
}

static void what_answers_a_request_that_only_should_come_is_left_out_with_it(void **state)
{
    (void)state;
    char *text = oh_format("%s", AGAIN), *at = strstr(text, "optional: true");
    memcpy(at, "level: should ", strlen("optional: true"));
    struct play *p = new_play(text);
    oh_walk_did(p->walk, 0, NULL);
    GOT(p, OH_WALK_REACHED, 1, "REGISTER", "REGISTER", "1", NULL, NULL, 1);
    DID(p, 2, "503", "REGISTER", "1", "t1", NULL, 1);
    oh_walk_missed(p->walk, 3);
    assert_int_equal(oh_walk_state(p->walk, 3), OH_STEP_MISSED);
    assert_int_equal(oh_walk_next(p->walk), 6);
    end_play(p);
    free(text);
}

static void what_answers_an_optional_request_that_comes_is_to_be_done(void **state)
{
    (void)state;
    struct play *p = to_the_optional_request();
    GOT(p, OH_WALK_REACHED, 3, "REGISTER", "REGISTER", "2", NULL, NULL, 2);
    assert_int_equal(oh_walk_next(p->walk), 4);
    end_play(p);
}

static void a_call_is_walked_from_end_to_end(void **state)
{
    (void)state;
    struct play *p = to_second_answer(true);
    GOT(p, OH_WALK_REACHED, 7, ACK_2);
    assert_int_equal(oh_walk_next(p->walk), 8);
    oh_walk_did(p->walk, 8, NULL);
    oh_walk_did(p->walk, 9, NULL);
    GOT(p, OH_WALK_REACHED, 10, BYE_4);
    DID(p, 11, "200", "BYE", "4", "t2", NULL, 3);
    assert_int_equal(oh_walk_next(p->walk), 12);
    for (int i = 0; i < 12; i++)
        assert_true(oh_walk_state(p->walk, i) == OH_STEP_REACHED ||
                    oh_walk_state(p->walk, i) == OH_STEP_PASSED);
    assert_true(oh_span_is(oh_field_text(oh_walk_message(p->walk, 4), "via.branch"), "z9hG4bK2"));
    struct oh_text saved = {0};
    assert_int_equal(oh_match_expand(p->env, "$first.via.branch $second.via.branch", &saved, NULL),
                     0);
    assert_string_equal(oh_text_str(&saved), "z9hG4bK1 z9hG4bK2");
    oh_text_release(&saved);
    end_play(p);
}

static void a_byte_equal_message_is_a_repeat_wherever_the_flow_stands(void **state)
{
    (void)state;
    struct play *p = to_second_answer(true);
    GOT(p, OH_WALK_REPEAT, 1, INVITE_1);
    GOT(p, OH_WALK_REPEAT, 3, ACK_1);
    GOT(p, OH_WALK_REPEAT, 4, INVITE_2);
    GOT(p, OH_WALK_REACHED, 7, ACK_2);
    GOT(p, OH_WALK_REPEAT, 7, ACK_2);
    end_play(p);
}

static void a_repeat_with_another_branch_belongs_to_the_passed_step(void **state)
{
    (void)state;
    struct play *p = to_second_answer(true);
    GOT(p, OH_WALK_REPEAT, 4, "INVITE", "INVITE", "2b", NULL, NULL, 2);
    GOT(p, OH_WALK_REACHED, 7, ACK_2);
    GOT(p, OH_WALK_REPEAT, 7, "ACK", "ACK", "3b", "t2", NULL, 2);
    end_play(p);
}

static void a_later_message_makes_the_one_before_missed_and_then_late(void **state)
{
    (void)state;
    struct play *p = to_second_answer(false);
    assert_int_equal(oh_walk_state(p->walk, 3), OH_STEP_MISSED);
    GOT(p, OH_WALK_LATE, 3, ACK_1);
    assert_int_equal(oh_walk_state(p->walk, 3), OH_STEP_LATE);
    GOT(p, OH_WALK_REACHED, 7, ACK_2);
    end_play(p);
}

static void a_message_after_its_deadline_is_late(void **state)
{
    (void)state;
    struct play *p = new_play(CALL);
    oh_walk_did(p->walk, 0, NULL);
    oh_walk_missed(p->walk, 1);
    assert_int_equal(oh_walk_state(p->walk, 1), OH_STEP_MISSED);
    GOT(p, OH_WALK_LATE, 1, INVITE_1);
    end_play(p);
}

static void an_ack_with_one_wrong_part_belongs_to_its_answer(void **state)
{
    (void)state;
    static const struct message to_refusal[] = {
        {"ACK", "ACK", "new", "t1", NULL, 1}, /* branch */
        {"ACK", "ACK", "1", "bad", NULL, 1},  /* To tag */
        {"ACK", "ACK", "1", NULL, NULL, 1},   {"ACK", "ACK", "1", "t1", "other", 1},
        {"ACK", "ACK", "1", "t1", NULL, 9}, /* CSeq */
    };
    static const struct message to_success[] = {
        {"ACK", "ACK", "2", "t2", NULL, 2}, /* the INVITE's branch */
        {"ACK", "ACK", "3", "t1", NULL, 2}, /* the tag of the 407 */
        {"ACK", "ACK", "3", NULL, NULL, 2}, {"ACK", "ACK", "3", "t2", "other", 2},
        {"ACK", "ACK", "3", "t2", NULL, 1}, /* the CSeq of the first INVITE */
    };
    for (size_t i = 0; i < sizeof to_refusal / sizeof *to_refusal; i++) {
        struct play *p = new_play(CALL);
        oh_walk_did(p->walk, 0, NULL);
        GOT(p, OH_WALK_REACHED, 1, INVITE_1);
        DID(p, 2, ANSWER_1);
        struct oh_walk_result r = got(p, to_refusal[i]);
        assert_int_equal(r.kind, OH_WALK_REACHED);
        assert_int_equal(r.step, 3);
        end_play(p);
    }
    for (size_t i = 0; i < sizeof to_success / sizeof *to_success; i++) {
        struct play *p = to_second_answer(true);
        struct oh_walk_result r = got(p, to_success[i]);
        assert_int_equal(r.kind, OH_WALK_REACHED);
        assert_int_equal(r.step, 7);
        end_play(p);
    }
}

static void an_ack_to_a_refusal_that_comes_after_the_next_answer_is_the_refusals(void **state)
{
    (void)state;
    static const struct message acks[] = {{ACK_1}, {"ACK", "ACK", "1", "t2", NULL, 1}};
    for (size_t i = 0; i < 2; i++) {
        struct play *p = to_second_answer(false);
        struct oh_walk_result r = got(p, acks[i]);
        assert_int_equal(r.step, 3);
        GOT(p, OH_WALK_REACHED, 7, ACK_2);
        end_play(p);
    }
}

static void an_ack_to_an_answer_that_the_flow_does_not_list_is_tolerated(void **state)
{
    (void)state;
    struct play *p = to_second_answer(true);
    GOT(p, OH_WALK_REACHED, 7, ACK_2);
    GOT(p, OH_WALK_UNEXPECTED, OH_NONE, "INVITE", "INVITE", "9", NULL, "d", 1);
    DID(p, OH_NONE, "480", "INVITE", "9", "t9", "d", 1);
    GOT(p, OH_WALK_TOLERATED, OH_NONE, "ACK", "ACK", "9", "t9", "d", 1);
    GOT(p, OH_WALK_UNEXPECTED, OH_NONE, "ACK", "ACK", "x", "x", "x", 7); /* to nothing at all */
    end_play(p);
}

static void an_ack_before_a_send_of_ours_does_not_pass_it(void **state)
{
    (void)state;
    struct play *p = new_play(HEAD "  - A dials B\n  - A -> P: INVITE\n  - P -> A: 486\n"
                                   "  - P -> A: OPTIONS\n  - A -> P: ACK\n  - A -> P: 200\n");
    oh_walk_did(p->walk, 0, NULL);
    GOT(p, OH_WALK_REACHED, 1, INVITE_1);
    DID(p, 2, "486", "INVITE", "1", "t1", NULL, 1);
    GOT(p, OH_WALK_REACHED, 4, ACK_1);
    assert_int_equal(oh_walk_state(p->walk, 3), OH_STEP_PENDING);
    assert_int_equal(oh_walk_next(p->walk), 3);
    end_play(p);
}

static void the_search_never_passes_what_is_ours_or_the_users_to_do(void **state)
{
    (void)state;
    struct play *p = new_play(CALL);
    GOT(p, OH_WALK_UNEXPECTED, OH_NONE, INVITE_1); /* before A dials */
    oh_walk_did(p->walk, 0, NULL);
    GOT(p, OH_WALK_REACHED, 1, "INVITE", "INVITE", "1b", NULL, NULL, 1);
    GOT(p, OH_WALK_UNEXPECTED, OH_NONE, INVITE_2); /* before the 407 */
    end_play(p);
    p = to_second_answer(true);
    GOT(p, OH_WALK_UNEXPECTED, OH_NONE, "INFO", "INFO", "9", NULL, NULL, 9); /* before A hangs up */
    end_play(p);
}

static void a_bye_before_its_time_reaches_its_step_early(void **state)
{
    (void)state;
    struct play *p = to_second_answer(true);
    GOT(p, OH_WALK_EARLY, 10, BYE_4);
    assert_int_equal(oh_walk_state(p->walk, 10), OH_STEP_REACHED);
    assert_int_equal(oh_walk_state(p->walk, 9), OH_STEP_PENDING); /* A hangs up */
    GOT(p, OH_WALK_REPEAT, 10, BYE_4);
    end_play(p);
}

static void media_does_not_stop_the_search(void **state)
{
    (void)state;
    struct play *p = new_play(HEAD "  - P -> A: OPTIONS\n  - A <-> B: RTP\n    for: 1 s\n"
                                   "  - A -> P: BYE\n");
    DID(p, 0, "OPTIONS", "OPTIONS", "1", NULL, NULL, 1);
    GOT(p, OH_WALK_REACHED, 2, BYE_4);
    assert_int_equal(oh_walk_state(p->walk, 1), OH_STEP_PASSED);
    end_play(p);
}

static void provisionals_are_tolerated_unless_listed(void **state)
{
    (void)state;
    struct play *p = new_play(CALLED);
    DID(p, 0, INVITE_1);
    GOT(p, OH_WALK_TOLERATED, OH_NONE, "183", "INVITE", "1", "a", NULL, 1);
    GOT(p, OH_WALK_REACHED, 2, "180", "INVITE", "1", "a", NULL, 1);
    assert_int_equal(oh_walk_state(p->walk, 1), OH_STEP_PASSED); /* the optional 100 */
    assert_null(oh_walk_message(p->walk, 1));
    GOT(p, OH_WALK_LATE, 1, "100", "INVITE", "1", NULL, NULL, 1); /* after all */
    assert_int_equal(oh_walk_state(p->walk, 2), OH_STEP_REACHED);
    end_play(p);
}

static void an_optional_step_is_reached_or_passed(void **state)
{
    (void)state;
    struct play *p = new_play(CALLED);
    DID(p, 0, INVITE_1);
    GOT(p, OH_WALK_REACHED, 1, "100", "INVITE", "1", NULL, NULL, 1);
    end_play(p);
    p = new_play(CALLED);
    DID(p, 0, INVITE_1);
    oh_walk_missed(p->walk, 2);
    assert_int_equal(oh_walk_state(p->walk, 1), OH_STEP_PASSED);
    assert_int_equal(oh_walk_state(p->walk, 2), OH_STEP_MISSED);
    end_play(p);
}

static void another_final_status_reaches_the_awaited_answer(void **state)
{
    (void)state;
    struct play *p = new_play(CALLED);
    DID(p, 0, INVITE_1);
    GOT(p, OH_WALK_REACHED, 2, "180", "INVITE", "1", "a", NULL, 1);
    oh_walk_did(p->walk, 3, NULL);
    struct oh_walk_result r = got(p, (struct message){"486", "INVITE", "1", "a", NULL, 1});
    assert_int_equal(r.step, 4);
    assert_true(r.other_status);
    end_play(p);
}

static void a_final_answer_before_the_user_acts_reaches_the_awaited_provisional(void **state)
{
    (void)state;
    struct play *p = new_play(CALLED);
    DID(p, 0, INVITE_1);
    struct oh_walk_result r = got(p, (struct message){"486", "INVITE", "1", "a", NULL, 1});
    assert_int_equal(r.kind, OH_WALK_REACHED);
    assert_int_equal(r.step, 2);
    assert_true(r.other_status);
    end_play(p);
}

static void an_answer_is_not_taken_for_another_requests(void **state)
{
    (void)state;
    struct play *p = new_play(CALLED);
    DID(p, 0, INVITE_1);
    DID(p, OH_NONE, "OPTIONS", "OPTIONS", "o", NULL, "o", 5);
    GOT(p, OH_WALK_TOLERATED, OH_NONE, "200", "OPTIONS", "o", "a", "o", 5); /* ours, unlisted */
    GOT(p, OH_WALK_UNEXPECTED, OH_NONE, "200", "OPTIONS", "q", "a", "q", 5);
    assert_int_equal(oh_walk_state(p->walk, 2), OH_STEP_PENDING);
    end_play(p);
}

static void an_unlisted_ack_of_ours_calls_for_no_answer(void **state)
{
    (void)state;
    struct play *p = new_play(CALLED);
    DID(p, 0, INVITE_1);
    DID(p, OH_NONE, "ACK", "ACK", "1", "a", NULL, 1); /* same call, branch and CSeq number */
    GOT(p, OH_WALK_REACHED, 2, "180", "INVITE", "1", "a", NULL, 1);
    end_play(p);
}

static void an_unlisted_cancel_of_ours_does_not_hide_its_invites_answer(void **state)
{
    (void)state;
    struct play *p = new_play(CALLED);
    DID(p, 0, INVITE_1);
    GOT(p, OH_WALK_REACHED, 2, "180", "INVITE", "1", "a", NULL, 1);
    oh_walk_did(p->walk, 3, NULL);
    DID(p, OH_NONE, "CANCEL", "CANCEL", "1", NULL, NULL, 1); /* its INVITE's branch and number */
    GOT(p, OH_WALK_TOLERATED, OH_NONE, "200", "CANCEL", "1", "a", NULL, 1);
    GOT(p, OH_WALK_REACHED, 4, "487", "INVITE", "1", "a", NULL, 1);
    end_play(p);
}

static void the_answer_to_our_unlisted_bye_is_tolerated(void **state)
{
    (void)state;
    struct play *p = to_second_answer(true);
    DID(p, OH_NONE, "BYE", "BYE", "ours", "f", NULL, 1);
    GOT(p, OH_WALK_TOLERATED, OH_NONE, "200", "BYE", "ours", "f", NULL, 1);
    GOT(p, OH_WALK_TOLERATED, OH_NONE, "481", "BYE", "altered", "f", NULL, 1); /* by call, CSeq */
    end_play(p);
}

static void background_traffic_is_tolerated_unless_listed(void **state)
{
    (void)state;
    static const char *const methods[] = {"REGISTER", "OPTIONS", "SUBSCRIBE", "PUBLISH", "NOTIFY"};
    struct play *p = to_second_answer(true);
    for (unsigned i = 0; i < 5; i++)
        GOT(p, OH_WALK_TOLERATED, OH_NONE, methods[i], methods[i], "r", NULL, "reg", i + 1);
    end_play(p);
    p = new_play(HEAD "  - A dials B\n  - A -> P: REGISTER\n");
    oh_walk_did(p->walk, 0, NULL);
    GOT(p, OH_WALK_REACHED, 1, "REGISTER", "REGISTER", "r", NULL, "reg", 1);
    end_play(p);
}

static void of_two_candidates_the_best_fitting_wins(void **state)
{
    (void)state;
    static const char flow[] = HEAD "  - A dials B\n"
                                    "  - A -> P: INFO\n    must: {cseq.number: 1}\n"
                                    "  - A -> P: INFO\n    must: {cseq.number: 2}\n";
    struct play *p = new_play(flow);
    oh_walk_did(p->walk, 0, NULL);
    GOT(p, OH_WALK_REACHED, 2, "INFO", "INFO", "1", NULL, NULL, 2);
    GOT(p, OH_WALK_LATE, 1, "INFO", "INFO", "2", NULL, NULL, 1);
    end_play(p);
    p = new_play(flow);
    oh_walk_did(p->walk, 0, NULL);
    GOT(p, OH_WALK_REACHED, 1, "INFO", "INFO", "1", NULL, NULL, 7); /* equals: the earliest */
    end_play(p);
}

/* --- by the scenario alone --- */

static void a_response_answers_the_latest_open_request_or_the_named_one(void **state)
{
    (void)state;
    struct play *p =
        new_play(HEAD "  - A dials B\n  - A -> P: INVITE\n  - P -> A: 183\n  - A -> P: PRACK\n"
                      "  - P -> A: 200 to PRACK\n  - P -> A: 180\n  - A -> P: CANCEL\n"
                      "  - P -> A: 200 to CANCEL\n  - P -> A: 487\n  - A -> P: ACK\n");
    static const int answered[] = {OH_NONE, OH_NONE, 1, OH_NONE, 3, 1, OH_NONE, 6, 1, OH_NONE};
    static const char *const methods[] = {NULL,     "INVITE", "INVITE", "PRACK",  "PRACK",
                                          "INVITE", "CANCEL", "CANCEL", "INVITE", "ACK"};
    for (int i = 0; i < 10; i++) {
        const char *method = oh_walk_step_method(p->scenario, i);
        assert_int_equal(oh_walk_request_step(p->scenario, i), answered[i]);
        if (methods[i])
            assert_string_equal(method, methods[i]);
        else
            assert_null(method);
    }
    end_play(p);
}

static void a_flood_is_walked_in_bounded_time(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    struct play *p = to_second_answer(true);
    struct oh_sip_msg **flood = oh_alloc(COUNT * 2 * sizeof *flood);
    clock_t begin = clock();
    for (unsigned i = 0; i < COUNT; i++) {
        char *branch = oh_format("flood%u", i);
        struct message m = {"INVITE", "INVITE", branch, NULL, branch, i};
        p->count = 10; /* make() keeps it there; the flood array owns it */
        flood[2 * i] = (struct oh_sip_msg *)make(p, m);
        assert_int_equal(oh_walk_got(p->walk, "A", "P", flood[2 * i]).kind, OH_WALK_UNEXPECTED);
        m.start = "480";
        p->count = 10;
        flood[2 * i + 1] = (struct oh_sip_msg *)make(p, m);
        oh_walk_did(p->walk, OH_NONE, flood[2 * i + 1]);
        free(branch);
    }
    p->count = 10;
    GOT(p, OH_WALK_REACHED, 7, ACK_2);
    assert_true((double)(clock() - begin) / CLOCKS_PER_SEC < 20);
    oh_walk_free(p->walk);
    p->walk = NULL;
    for (size_t i = 0; i < COUNT * 2; i++)
        oh_sip_msg_free(flood[i]);
    free(flood);
    end_play(p);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_answers_an_optional_request_that_does_not_come_is_left_out),
        cmocka_unit_test(what_answers_a_request_that_only_should_come_is_left_out_with_it),
        cmocka_unit_test(what_answers_an_optional_request_that_comes_is_to_be_done),
        cmocka_unit_test(a_call_is_walked_from_end_to_end),
        cmocka_unit_test(a_byte_equal_message_is_a_repeat_wherever_the_flow_stands),
        cmocka_unit_test(a_repeat_with_another_branch_belongs_to_the_passed_step),
        cmocka_unit_test(a_later_message_makes_the_one_before_missed_and_then_late),
        cmocka_unit_test(a_message_after_its_deadline_is_late),
        cmocka_unit_test(an_ack_with_one_wrong_part_belongs_to_its_answer),
        cmocka_unit_test(an_ack_to_a_refusal_that_comes_after_the_next_answer_is_the_refusals),
        cmocka_unit_test(an_ack_to_an_answer_that_the_flow_does_not_list_is_tolerated),
        cmocka_unit_test(an_ack_before_a_send_of_ours_does_not_pass_it),
        cmocka_unit_test(the_search_never_passes_what_is_ours_or_the_users_to_do),
        cmocka_unit_test(a_bye_before_its_time_reaches_its_step_early),
        cmocka_unit_test(media_does_not_stop_the_search),
        cmocka_unit_test(provisionals_are_tolerated_unless_listed),
        cmocka_unit_test(an_optional_step_is_reached_or_passed),
        cmocka_unit_test(another_final_status_reaches_the_awaited_answer),
        cmocka_unit_test(a_final_answer_before_the_user_acts_reaches_the_awaited_provisional),
        cmocka_unit_test(an_answer_is_not_taken_for_another_requests),
        cmocka_unit_test(an_unlisted_ack_of_ours_calls_for_no_answer),
        cmocka_unit_test(an_unlisted_cancel_of_ours_does_not_hide_its_invites_answer),
        cmocka_unit_test(the_answer_to_our_unlisted_bye_is_tolerated),
        cmocka_unit_test(background_traffic_is_tolerated_unless_listed),
        cmocka_unit_test(of_two_candidates_the_best_fitting_wins),
        cmocka_unit_test(a_response_answers_the_latest_open_request_or_the_named_one),
        cmocka_unit_test(a_flood_is_walked_in_bounded_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
