/* How messages meet steps where the flow leaves the phone some freedom. */
#include "walk_play.h"

#define HEAD                                                                                       \
    "title: t\nsource: s\nneeds: [dial, hangup, answer, rtp, register]\nparties: {A: phone, P: "   \
    "{role: proxy, challenge: {realm: r}}, B: {behind: P, number: \"5551234\"}}\nflow:\n"

/* 0 INVITE, 1 200 2 ACK 3 BYE 4 200, 5 486 6 ACK, 7 silence */
#define TAKEN_OR_BUSY                                                                              \
    HEAD "  - P -> A: INVITE\n  - either:\n      - A -> P: 200\n      - P -> A: ACK\n"             \
         "      - P -> A: BYE\n      - A -> P: 200\n    or:\n      - A -> P: 486\n"                \
         "      - P -> A: ACK\n  - nothing for: 1 s\n"

/* 0 INVITE; 1 BYE 2 200 | 3 INVITE 4 491 5 ACK | 6 OPTIONS 7 200; 8 NOTIFY */
#define ANY_ORDER                                                                                  \
    HEAD "  - P -> A: INVITE\n  - any order:\n      - - A -> P: BYE\n        - P -> A: 200\n"      \
         "      - - P -> A: INVITE\n        - A -> P: 491\n        - P -> A: ACK\n"                \
         "      - - A -> P: OPTIONS\n        - P -> A: 200\n  - A -> P: NOTIFY\n"

/* 0 REGISTER 1 503, 2 REGISTER 3 503, 4 REGISTER 5 503, then 6 OPTIONS of ours */
#define ROUNDS                                                                                     \
    HEAD "  - repeat: 1 .. 3\n    flow:\n      - A -> P: REGISTER\n      - P -> A: 503\n"          \
         "  - P -> A: OPTIONS\n"

static size_t fronts(struct play *p)
{
    size_t count;
    oh_walk_fronts(p->walk, &count);
    return count;
}

/* 0 OPTIONS, 1 200, 2 INVITE, 3 407 4 ACK, 5 MESSAGE 6 200 */
#define MAY_THEN_SHOULD                                                                            \
    HEAD "  - A -> P: OPTIONS\n    optional: true\n  - P -> A: 200\n"                              \
         "  - A -> P: INVITE\n    level: should\n  - P -> A: 407\n  - A -> P: ACK\n"               \
         "  - A -> P: MESSAGE\n  - P -> A: 200\n"

#define STATE(p, step, state) assert_int_equal(oh_walk_state((p)->walk, step), state)

static struct play *rung(const char *flow)
{
    struct play *p = new_play(flow);
    DID(p, 0, "INVITE", "INVITE", "1", NULL, NULL, 1);
    return p;
}

static void the_first_message_of_a_branch_decides(void **state)
{
    (void)state;
    struct play *p = rung(TAKEN_OR_BUSY);
    assert_int_equal(oh_walk_chosen(p->walk, 0), OH_NONE);
    assert_int_equal(fronts(p), 1);
    GOT(p, OH_WALK_REACHED, 5, "486", "INVITE", "1", "t", NULL, 1);
    assert_int_equal(oh_walk_chosen(p->walk, 0), 1);
    for (int i = 1; i <= 4; i++)
        STATE(p, i, OH_STEP_NOT_TAKEN);
    assert_int_equal(oh_walk_next(p->walk), 6);
    DID(p, 6, "ACK", "ACK", "1", "t", NULL, 1);
    assert_int_equal(oh_walk_next(p->walk), 7);
    end_play(p);
}

static void what_a_branch_not_taken_awaits_is_unexpected(void **state)
{
    (void)state;
    struct play *p = rung(TAKEN_OR_BUSY);
    GOT(p, OH_WALK_REACHED, 5, "486", "INVITE", "1", "t", NULL, 1);
    DID(p, 6, "ACK", "ACK", "1", "t", NULL, 1);
    GOT(p, OH_WALK_UNEXPECTED, OH_NONE, "BYE", "BYE", "2", "t", NULL, 2);
    end_play(p);
}

static void another_final_reaches_the_first_branch(void **state)
{
    (void)state;
    struct play *p = rung(TAKEN_OR_BUSY);
    struct oh_walk_result r = got(p, (struct message){"603", "INVITE", "1", "t", NULL, 1});
    assert_int_equal(r.step, 1);
    assert_true(r.other_status);
    STATE(p, 5, OH_STEP_NOT_TAKEN);
    end_play(p);
}

static void where_nothing_comes_one_way_is_missed_and_the_others_are_not_taken(void **state)
{
    (void)state;
    struct play *p = rung(TAKEN_OR_BUSY);
    oh_walk_missed(p->walk, 1);
    STATE(p, 1, OH_STEP_MISSED);
    STATE(p, 5, OH_STEP_NOT_TAKEN);
    assert_int_equal(oh_walk_next(p->walk), 2);
    end_play(p);
}

/* 0 INVITE, 1 180 2 200, 3 200, 4 ACK */
static void of_two_ways_that_fit_the_one_with_nothing_missing_is_taken(void **state)
{
    (void)state;
    struct play *p =
        rung(HEAD "  - P -> A: INVITE\n  - either:\n      - A -> P: 180\n      - A -> P: 200\n"
                  "    or:\n      - A -> P: 200\n  - P -> A: ACK\n");
    GOT(p, OH_WALK_REACHED, 3, "200", "INVITE", "1", "t", NULL, 1);
    STATE(p, 1, OH_STEP_NOT_TAKEN);
    assert_int_equal(oh_walk_next(p->walk), 4);
    end_play(p);
}

static void members_of_any_order_come_in_any_order_and_each_keeps_its_own(void **state)
{
    (void)state;
    struct play *p = rung(ANY_ORDER);
    assert_int_equal(fronts(p), 3);
    GOT(p, OH_WALK_REACHED, 6, "OPTIONS", "OPTIONS", "o", NULL, "o", 1);
    DID(p, 3, "INVITE", "INVITE", "3", NULL, NULL, 2);
    GOT(p, OH_WALK_REACHED, 1, "BYE", "BYE", "b", "t", NULL, 7);
    DID(p, 7, "200", "OPTIONS", "o", "t", "o", 1);
    assert_int_equal(fronts(p), 2);
    DID(p, 2, "200", "BYE", "b", "t", NULL, 7);
    GOT(p, OH_WALK_REACHED, 4, "491", "INVITE", "3", "t", NULL, 2);
    assert_int_equal(fronts(p), 1);
    STATE(p, 8, OH_STEP_PENDING);
    DID(p, 5, "ACK", "ACK", "3", "t", NULL, 2);
    GOT(p, OH_WALK_REACHED, 8, "NOTIFY", "NOTIFY", "n", "t", NULL, 8);
    assert_int_equal(fronts(p), 0);
    end_play(p);
}

static void what_follows_any_order_is_not_reached_before_all_of_it(void **state)
{
    (void)state;
    struct play *p = rung(ANY_ORDER);
    GOT(p, OH_WALK_REACHED, 1, "BYE", "BYE", "b", "t", NULL, 7);
    DID(p, 2, "200", "BYE", "b", "t", NULL, 7);
    GOT(p, OH_WALK_TOLERATED, OH_NONE, "NOTIFY", "NOTIFY", "n", "t", NULL, 8);
    STATE(p, 8, OH_STEP_PENDING);
    end_play(p);
}

static void a_member_that_never_comes_is_missed_when_what_follows_comes(void **state)
{
    (void)state;
    struct play *p = rung(HEAD "  - P -> A: INVITE\n  - any order:\n      - A -> P: OPTIONS\n"
                               "      - A -> P: MESSAGE\n  - A -> P: NOTIFY\n");
    GOT(p, OH_WALK_REACHED, 2, "MESSAGE", "MESSAGE", "m", NULL, "m", 1);
    GOT(p, OH_WALK_REACHED, 3, "NOTIFY", "NOTIFY", "n", NULL, "n", 1);
    STATE(p, 1, OH_STEP_MISSED);
    GOT(p, OH_WALK_LATE, 1, "OPTIONS", "OPTIONS", "o", NULL, "o", 1);
    end_play(p);
}

static void rounds_come_one_after_the_other(void **state)
{
    (void)state;
    struct play *p = new_play(ROUNDS);
    GOT(p, OH_WALK_REACHED, 0, "REGISTER", "REGISTER", "1", NULL, NULL, 1);
    DID(p, 1, "503", "REGISTER", "1", "t", NULL, 1);
    GOT(p, OH_WALK_REACHED, 2, "REGISTER", "REGISTER", "2", NULL, NULL, 2);
    DID(p, 3, "503", "REGISTER", "2", "t", NULL, 2);
    GOT(p, OH_WALK_REACHED, 4, "REGISTER", "REGISTER", "3", NULL, NULL, 3);
    DID(p, 5, "503", "REGISTER", "3", "t", NULL, 3);
    assert_int_equal(oh_walk_next(p->walk), 6);
    end_play(p);
}

static void a_round_that_does_not_come_ends_the_repeat(void **state)
{
    (void)state;
    struct play *p = new_play(ROUNDS);
    GOT(p, OH_WALK_REACHED, 0, "REGISTER", "REGISTER", "1", NULL, NULL, 1);
    DID(p, 1, "503", "REGISTER", "1", "t", NULL, 1);
    oh_walk_missed(p->walk, 2);
    for (int i = 2; i < 6; i++)
        STATE(p, i, OH_STEP_NOT_TAKEN);
    assert_int_equal(oh_walk_next(p->walk), 6);
    GOT(p, OH_WALK_LATE, 2, "REGISTER", "REGISTER", "2", NULL, NULL, 2);
    assert_true(oh_walk_may_leave_out(p->walk, 2));
    end_play(p);
}

static void a_saved_name_is_of_the_latest_round(void **state)
{
    (void)state;
    struct play *p = new_play(HEAD "  - repeat: 2\n    flow:\n      - A -> P: REGISTER\n"
                                   "        save: round\n      - P -> A: 503\n");
    GOT(p, OH_WALK_REACHED, 0, "REGISTER", "REGISTER", "1", NULL, NULL, 1);
    DID(p, 1, "503", "REGISTER", "1", "t", NULL, 1);
    GOT(p, OH_WALK_REACHED, 2, "REGISTER", "REGISTER", "2", NULL, NULL, 2);
    assert_string_equal(p->scenario->steps[0].save, p->scenario->steps[2].save);
    assert_int_equal(p->scenario->steps[0].place.line, p->scenario->steps[2].place.line);
    end_play(p);
}

#define LOST HEAD "  - A dials B\n  - A -> P: INVITE\n    lose: 2\n  - P -> A: 180\n"

static void the_first_copies_are_as_if_they_had_not_come(void **state)
{
    (void)state;
    struct play *p = new_play(LOST);
    oh_walk_did(p->walk, 0, NULL);
    for (unsigned i = 0; i < 2; i++) {
        GOT(p, OH_WALK_LOST, 1, "INVITE", "INVITE", "1", NULL, NULL, 1);
        assert_int_equal(oh_walk_lost(p->walk, 1), i + 1);
        STATE(p, 1, OH_STEP_PENDING);
    }
    GOT(p, OH_WALK_REACHED, 1, "INVITE", "INVITE", "1", NULL, NULL, 1);
    GOT(p, OH_WALK_REPEAT, 1, "INVITE", "INVITE", "1", NULL, NULL, 1);
    end_play(p);
}

static void in_a_capture_of_others_nothing_is_lost(void **state)
{
    (void)state;
    struct play *p = new_play(LOST);
    oh_walk_loses_nothing(p->walk);
    oh_walk_did(p->walk, 0, NULL);
    GOT(p, OH_WALK_REACHED, 1, "INVITE", "INVITE", "1", NULL, NULL, 1);
    end_play(p);
}

static void a_response_answers_the_request_of_its_own_way(void **state)
{
    (void)state;
    struct play *p = new_play(TAKEN_OR_BUSY);
    assert_int_equal(oh_walk_request_step(p->scenario, 1), 0);
    assert_int_equal(oh_walk_request_step(p->scenario, 4), 3);
    assert_int_equal(oh_walk_request_step(p->scenario, 5), 0);
    end_play(p);
    p = new_play(ANY_ORDER);
    assert_int_equal(oh_walk_request_step(p->scenario, 2), 1);
    assert_int_equal(oh_walk_request_step(p->scenario, 4), 3);
    assert_int_equal(oh_walk_request_step(p->scenario, 7), 6);
    end_play(p);
}

/* --- what hangs on a message that may not come --- */

static void an_answer_to_what_may_be_left_out_hides_nothing_behind_it(void **state)
{
    (void)state;
    struct play *p = new_play(MAY_THEN_SHOULD);
    GOT(p, OH_WALK_REACHED, 2, "INVITE", "INVITE", "1", NULL, NULL, 1);
    STATE(p, 0, OH_STEP_PASSED);
    STATE(p, 1, OH_STEP_NOT_TAKEN);
    STATE(p, 3, OH_STEP_PENDING);
    end_play(p);
}

static void nor_does_one_to_what_only_should_come_nor_the_ack_to_it(void **state)
{
    (void)state;
    struct play *p = new_play(MAY_THEN_SHOULD);
    GOT(p, OH_WALK_REACHED, 5, "MESSAGE", "MESSAGE", "1", NULL, NULL, 1);
    STATE(p, 2, OH_STEP_MISSED);
    STATE(p, 3, OH_STEP_NOT_TAKEN);
    STATE(p, 4, OH_STEP_NOT_TAKEN);
    assert_int_equal(oh_walk_next(p->walk), 6);
    end_play(p);
}

static void the_ack_to_an_answer_that_is_not_sent_is_not_awaited(void **state)
{
    (void)state;
    struct play *p = new_play(MAY_THEN_SHOULD);
    oh_walk_missed(p->walk, 2);
    STATE(p, 2, OH_STEP_MISSED);
    STATE(p, 4, OH_STEP_NOT_TAKEN);
    assert_int_equal(oh_walk_next(p->walk), 5);
    end_play(p);
}

static void what_is_answered_still_stands_in_the_way(void **state)
{
    (void)state;
    struct play *p = new_play(MAY_THEN_SHOULD);
    GOT(p, OH_WALK_REACHED, 0, "OPTIONS", "OPTIONS", "1", NULL, NULL, 1);
    GOT(p, OH_WALK_UNEXPECTED, OH_NONE, "INVITE", "INVITE", "2", NULL, NULL, 2);
    end_play(p);
}

/* --- answers that name another method --- */

/* 0 INVITE of ours 1 180, 2 CANCEL of ours, 3 200 to CANCEL, 4 487 to INVITE */
#define CANCELLED                                                                                  \
    HEAD "  - P -> A: INVITE\n  - A -> P: 180\n  - P -> A: CANCEL\n  - A -> P: 200 to CANCEL\n"    \
         "  - A -> P: 487 to INVITE\n"

static struct play *cancelled(void)
{
    struct play *p = rung(CANCELLED);
    GOT(p, OH_WALK_REACHED, 1, "180", "INVITE", "1", "t", NULL, 1);
    DID(p, 2, "CANCEL", "CANCEL", "1", NULL, NULL, 1);
    return p;
}

/* RFC 3261 8.2.6.2: which is content, and not what it is looked for by */
static void an_answer_whose_cseq_names_no_request_of_ours_is_told_by_its_branch(void **state)
{
    (void)state;
    struct play *p = cancelled();
    GOT(p, OH_WALK_REACHED, 3, "200", "CANCEx", "1", "t", NULL, 1);
    GOT(p, OH_WALK_REACHED, 4, "487", "INVITx", "1", "t", NULL, 1);
    end_play(p);
}

static void one_of_another_branch_is_not(void **state)
{
    (void)state;
    struct play *p = cancelled();
    GOT(p, OH_WALK_UNEXPECTED, OH_NONE, "200", "CANCEx", "9", "t", NULL, 1);
    end_play(p);
}

static void what_names_the_other_request_of_its_branch_answers_that(void **state)
{
    (void)state;
    struct play *p = cancelled();
    GOT(p, OH_WALK_REACHED, 4, "200", "INVITE", "1", "t", NULL, 1);
    STATE(p, 3, OH_STEP_MISSED);
    end_play(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_message_of_a_branch_decides),
        cmocka_unit_test(what_a_branch_not_taken_awaits_is_unexpected),
        cmocka_unit_test(another_final_reaches_the_first_branch),
        cmocka_unit_test(where_nothing_comes_one_way_is_missed_and_the_others_are_not_taken),
        cmocka_unit_test(of_two_ways_that_fit_the_one_with_nothing_missing_is_taken),
        cmocka_unit_test(members_of_any_order_come_in_any_order_and_each_keeps_its_own),
        cmocka_unit_test(what_follows_any_order_is_not_reached_before_all_of_it),
        cmocka_unit_test(a_member_that_never_comes_is_missed_when_what_follows_comes),
        cmocka_unit_test(rounds_come_one_after_the_other),
        cmocka_unit_test(a_round_that_does_not_come_ends_the_repeat),
        cmocka_unit_test(a_saved_name_is_of_the_latest_round),
        cmocka_unit_test(the_first_copies_are_as_if_they_had_not_come),
        cmocka_unit_test(in_a_capture_of_others_nothing_is_lost),
        cmocka_unit_test(a_response_answers_the_request_of_its_own_way),
        cmocka_unit_test(an_answer_to_what_may_be_left_out_hides_nothing_behind_it),
        cmocka_unit_test(nor_does_one_to_what_only_should_come_nor_the_ack_to_it),
        cmocka_unit_test(the_ack_to_an_answer_that_is_not_sent_is_not_awaited),
        cmocka_unit_test(what_is_answered_still_stands_in_the_way),
        cmocka_unit_test(an_answer_whose_cseq_names_no_request_of_ours_is_told_by_its_branch),
        cmocka_unit_test(one_of_another_branch_is_not),
        cmocka_unit_test(what_names_the_other_request_of_its_branch_answers_that),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
