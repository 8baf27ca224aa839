/* Flows that leave the phone some freedom, played on the in-memory net: each front has its clock.
 */
#include "twin.h"

#define HEAD                                                                                       \
    "title: t\nsource: s\nneeds: [dial, register]\nparties: {A: phone, P: proxy}\n"                \
    "flow:\n"

static struct oh_scenario *scenario_of(const char *flow)
{
    struct oh_errors errors = {0};
    char *text = oh_format("%s%s", HEAD, flow);
    struct oh_scenario *s = oh_scenario_parse("t.yaml", oh_span_of(text), &errors);
    if (!s)
        fail_msg("line %u: %s", errors.items[0].place.line, errors.items[0].text);
    free(text);
    return s;
}

static void begin(struct twin *t, const char *flow)
{
    struct oh_player *p = &t->player;
    p->scenario = scenario_of(flow);
    p->run = oh_run_new(p->scenario);
    p->env = oh_match_env_new(p->run);
    p->walk = oh_walk_new(p->scenario, p->env);
    p->phase = OH_PHASE_FLOW;
    p->ended = false;
    oh_player_advance(p);
    settle(t);
}

static int end(void **state)
{
    struct twin *t = *state;
    struct oh_player *p = &t->player;
    oh_clocks_free(p);
    oh_timer_cancel(p->hint_timer);
    oh_walk_free(p->walk);
    oh_match_env_free(p->env);
    oh_scenario_free((struct oh_scenario *)p->scenario);
    oh_run_free(p->run);
    p->run = NULL;
    p->env = NULL;
    p->walk = NULL;
    p->scenario = NULL;
    p->phase = OH_PHASE_CLOSING;
    return twin_teardown(state);
}

/* The player gave this step up. */
static bool was_missed(const struct twin *t, int step)
{
    const struct oh_run *run = t->player.run;
    for (size_t i = 0; i < run->journal_count; i++) {
        if (run->journal[i].kind == OH_JOURNAL_MISSED && run->journal[i].step == step)
            return true;
    }
    return false;
}

static void complete(const struct twin *t)
{
    assert_true(t->player.ended);
    assert_int_equal(t->player.run->outcome, OH_OUTCOME_COMPLETE);
}

static void what_is_ours_in_any_order_is_done_at_once(void **state)
{
    struct twin *t = *state;
    begin(t, "  - any order:\n      - - P -> A: OPTIONS\n        - A -> P: 200\n"
             "      - - P -> A: MESSAGE\n        - A -> P: 200\n  - P -> A: NOTIFY\n");
    assert_int_equal(got_of(t, "OPTIONS", 0), 1);
    assert_int_equal(got_of(t, "MESSAGE", 0), 1);
    phone_answers(t, 1, 200, "");
    assert_int_equal(got_of(t, "NOTIFY", 0), 0);
    phone_answers(t, 0, 200, "");
    assert_int_equal(got_of(t, "NOTIFY", 0), 1);
    complete(t);
}

static void each_front_has_its_own_deadline(void **state)
{
    struct twin *t = *state;
    begin(t, "  - any order:\n      - A -> P: MESSAGE\n        within: 5 s\n"
             "      - A -> P: OPTIONS\n        within: 2 s\n  - P -> A: NOTIFY\n");
    run_until_ms(t, 1999);
    assert_false(was_missed(t, 1));
    run_until_ms(t, 2001);
    assert_true(was_missed(t, 1));
    assert_false(was_missed(t, 0));
    run_until_ms(t, 5001);
    assert_true(was_missed(t, 0));
    settle(t);
    assert_int_equal(got_of(t, "NOTIFY", 0), 1);
}

static void an_either_waits_for_the_longest_of_its_ways_and_is_missed_once(void **state)
{
    struct twin *t = *state;
    begin(t, "  - either:\n      - A -> P: MESSAGE\n        within: 2 s\n    or:\n"
             "      - A -> P: OPTIONS\n        within: 5 s\n  - P -> A: NOTIFY\n");
    run_until_ms(t, 4999);
    assert_int_equal(got_of(t, "NOTIFY", 0), 0);
    run_until_ms(t, 5001);
    settle(t);
    assert_true(was_missed(t, 0));
    assert_false(was_missed(t, 1));
    assert_int_equal(oh_walk_state(t->player.walk, 1), OH_STEP_NOT_TAKEN);
    assert_int_equal(got_of(t, "NOTIFY", 0), 1);
}

static void the_way_that_the_phone_takes_is_played(void **state)
{
    struct twin *t = *state;
    begin(t, "  - either:\n      - A -> P: MESSAGE\n      - P -> A: 403\n    or:\n"
             "      - A -> P: OPTIONS\n      - P -> A: 503\n");
    phone_requests(t, "OPTIONS", "z9hG4bK1", 1, "c1", "");
    assert_int_equal(latest(t)->status, 503);
    complete(t);
}

#define ROUNDS                                                                                     \
    "  - repeat: 1 .. 3\n    flow:\n      - A -> P: REGISTER\n%s      - P -> A: 503\n"             \
    "  - P -> A: NOTIFY\n"

static void a_round_that_need_not_come_is_not_waited_for(void **state)
{
    struct twin *t = *state;
    char *flow = oh_format(ROUNDS, "");
    begin(t, flow);
    free(flow);
    phone_requests(t, "REGISTER", "z9hG4bK1", 1, "c1", "");
    assert_int_equal(got_of(t, "REGISTER", 503), 1);
    assert_int_equal(got_of(t, "NOTIFY", 0), 1);
    complete(t);
}

static void a_round_is_waited_for_as_long_as_it_says_and_the_rest_not_again(void **state)
{
    struct twin *t = *state;
    char *flow = oh_format(ROUNDS, "        within: 4 s\n");
    begin(t, flow);
    free(flow);
    phone_requests(t, "REGISTER", "z9hG4bK1", 1, "c1", "");
    run_until_ms(t, 3000);
    phone_requests(t, "REGISTER", "z9hG4bK2", 2, "c1", "");
    assert_int_equal(got_of(t, "REGISTER", 503), 2);
    run_until_ms(t, 6999);
    assert_int_equal(got_of(t, "NOTIFY", 0), 0);
    run_until_ms(t, 7001);
    settle(t);
    assert_int_equal(got_of(t, "NOTIFY", 0), 1);
    complete(t);
}

/* What may be left out first, then what must come, then ours. */
#define MAY_THEN_MUST                                                                              \
    "  - A -> P: OPTIONS\n    optional: true\n%s  - A -> P: MESSAGE\n    within: %u s\n"           \
    "  - P -> A: NOTIFY\n"

static void begin_may_then_must(struct twin *t, const char *may_within, unsigned must_within_s)
{
    char *flow = oh_format(MAY_THEN_MUST, may_within, must_within_s);
    begin(t, flow);
    free(flow);
}

static void expect_missed_at_ms(struct twin *t, int step, unsigned ms)
{
    run_until_ms(t, ms - 1);
    assert_false(was_missed(t, step));
    assert_int_equal(got_of(t, "NOTIFY", 0), 0);
    run_until_ms(t, ms + 1);
    settle(t);
    assert_true(was_missed(t, step));
    assert_int_equal(got_of(t, "NOTIFY", 0), 1);
}

static void a_deadline_counts_from_the_optional_step_that_came(void **state)
{
    struct twin *t = *state;
    begin_may_then_must(t, "    within: 4 s\n", 4);
    run_until_ms(t, 3000);
    phone_requests(t, "OPTIONS", "z9hG4bK1", 1, "c1", "");
    expect_missed_at_ms(t, 1, 7000);
}

static void so_it_does_from_one_that_is_not_waited_for(void **state)
{
    struct twin *t = *state;
    begin_may_then_must(t, "", 4);
    run_until_ms(t, 3000);
    phone_requests(t, "OPTIONS", "z9hG4bK1", 1, "c1", "");
    expect_missed_at_ms(t, 1, 7000);
}

static void without_the_optional_step_it_counts_from_the_one_before(void **state)
{
    struct twin *t = *state;
    begin_may_then_must(t, "    within: 1 s\n", 4);
    expect_missed_at_ms(t, 1, 4000);
    assert_false(was_missed(t, 0));
}

static void an_optional_step_may_take_longer_than_what_follows_it(void **state)
{
    struct twin *t = *state;
    begin_may_then_must(t, "    within: 5 s\n", 2);
    expect_missed_at_ms(t, 1, 5000);
}

/* 0 OPTIONS 1 200, 2 MESSAGE 3 200, 4 REGISTER, 5 NOTIFY of ours */
#define TWO_MAY                                                                                    \
    "  - A -> P: OPTIONS\n    optional: true\n    within: 4 s\n  - P -> A: 200\n"                  \
    "  - A -> P: MESSAGE\n    optional: true\n    within: 6 s\n  - P -> A: 200\n"

static void what_may_be_left_out_is_waited_for_at_once(void **state)
{
    struct twin *t = *state;
    begin(t, TWO_MAY "  - A -> P: REGISTER\n    within: 2 s\n  - P -> A: NOTIFY\n");
    expect_missed_at_ms(t, 4, 6000);
}

static void so_it_is_before_what_is_ours(void **state)
{
    struct twin *t = *state;
    begin(t, TWO_MAY "  - P -> A: NOTIFY\n");
    run_until_ms(t, 5999);
    assert_int_equal(got_of(t, "NOTIFY", 0), 0);
    run_until_ms(t, 6001);
    settle(t);
    assert_int_equal(got_of(t, "NOTIFY", 0), 1);
    complete(t);
}

static void the_second_of_them_is_answered_without_the_first(void **state)
{
    struct twin *t = *state;
    begin(t, TWO_MAY "  - P -> A: NOTIFY\n");
    run_until_ms(t, 1000);
    phone_requests(t, "MESSAGE", "z9hG4bK1", 1, "c1", "");
    settle(t);
    assert_int_equal(got_of(t, "MESSAGE", 200), 1);
    assert_int_equal(got_of(t, "NOTIFY", 0), 1);
    complete(t);
}

static void no_ack_is_awaited_to_what_was_not_answered(void **state)
{
    struct twin *t = *state;
    begin(t, "  - A -> P: INVITE\n    level: should\n    within: 4 s\n  - P -> A: 486\n"
             "  - A -> P: ACK\n  - P -> A: NOTIFY\n");
    run_until_ms(t, 3999);
    assert_int_equal(got_of(t, "NOTIFY", 0), 0);
    run_until_ms(t, 4001);
    settle(t);
    assert_int_equal(got_of(t, "NOTIFY", 0), 1);
    assert_true(was_missed(t, 0));
    assert_false(was_missed(t, 2));
    complete(t);
}

static void a_deadline_counts_from_the_optional_round_that_came(void **state)
{
    struct twin *t = *state;
    begin(t, "  - repeat: 1 .. 4\n    flow:\n      - A -> P: REGISTER\n        within: 4 s\n"
             "      - P -> A: 503\n  - A -> P: MESSAGE\n    within: 4 s\n  - P -> A: NOTIFY\n");
    for (int i = 1; i <= 3; i++) {
        char *branch = oh_format("z9hG4bK%d", i);
        run_until_ms(t, i * 3000);
        phone_requests(t, "REGISTER", branch, i, "c1", "");
        assert_int_equal(got_of(t, "REGISTER", 503), i);
        free(branch);
    }
    expect_missed_at_ms(t, 8, 13000);
}

static void a_request_whose_repeats_are_looked_at_is_answered_when_its_time_is_over(void **state)
{
    struct twin *t = *state;
    begin(t, "  - A -> P: INVITE\n    retransmits: {until: 4 s}\n  - P -> A: 486\n");
    phone_requests(t, "INVITE", "z9hG4bK1", 1, "c1", "");
    run_until_ms(t, 500);
    phone_requests(t, "INVITE", "z9hG4bK1", 1, "c1", "");
    run_until_ms(t, 3999);
    assert_int_equal(t->got_count, 0); /* nor a 100 */
    run_until_ms(t, 4001);
    settle(t);
    assert_int_equal(got_of(t, "INVITE", 486), 1);
    complete(t);
}

static void one_that_the_flow_never_answers_is_let_go(void **state)
{
    struct twin *t = *state;
    begin(t, "  - A -> P: INVITE\n    retransmits: {until: 4 s}\n  - nothing for: 1 s\n");
    phone_requests(t, "INVITE", "z9hG4bK1", 1, "c1", "");
    run_until_ms(t, 4999);
    assert_false(t->player.ended);
    run_until_ms(t, 5001);
    complete(t);
    assert_int_equal(t->got_count, 0);
    assert_false(oh_exchange_pending(&t->player));
    phone_requests(t, "INVITE", "z9hG4bK1", 1, "c1", ""); /* it goes on: it gets an answer */
    assert_true(latest(t)->status >= 400);
}

#define OVERTAKING "  - A -> P: MESSAGE\n  - A -> P: OPTIONS\n  - P -> A: 202 to MESSAGE\n"

static void a_message_that_was_overtaken_is_still_answered(void **state)
{
    struct twin *t = *state;
    begin(t, OVERTAKING);
    phone_requests(t, "OPTIONS", "z9hG4bK1", 1, "c1", "");
    assert_false(t->player.ended);
    phone_requests(t, "MESSAGE", "z9hG4bK2", 1, "c2", "");
    assert_int_equal(got_of(t, "MESSAGE", 202), 1);
    complete(t);
}

static void one_that_never_comes_is_not_waited_for_long(void **state)
{
    struct twin *t = *state;
    begin(t, OVERTAKING);
    phone_requests(t, "OPTIONS", "z9hG4bK1", 1, "c1", "");
    run_until_ms(t, 990);
    assert_false(t->player.ended);
    run_until_ms(t, 1500);
    assert_true(t->player.ended);
    assert_int_equal(t->player.run->outcome, OH_OUTCOME_STUCK);
}

static void copies_that_are_lost_are_not_answered(void **state)
{
    struct twin *t = *state;
    begin(t, "  - A -> P: INVITE\n    lose: 2\n  - P -> A: 486\n");
    phone_requests(t, "INVITE", "z9hG4bK1", 1, "c1", "");
    run_until_ms(t, 500);
    phone_requests(t, "INVITE", "z9hG4bK1", 1, "c1", "");
    run_until_ms(t, 1499);
    assert_int_equal(t->got_count, 0);
    phone_requests(t, "INVITE", "z9hG4bK1", 1, "c1", "");
    assert_int_equal(got_of(t, "INVITE", 486), 1);
    complete(t);
}

static void the_deadline_of_what_is_lost_is_that_of_its_first_copy(void **state)
{
    struct twin *t = *state;
    begin(t, "  - A -> P: INVITE\n    lose: 2\n    within: 1 s\n  - P -> A: 486\n");
    static const int at_ms[] = {900, 1400, 2400}; /* RFC 3261 17.1.1.2 */
    for (size_t i = 0; i < 3; i++) {
        run_until_ms(t, at_ms[i]);
        assert_false(was_missed(t, 0));
        phone_requests(t, "INVITE", "z9hG4bK1", 1, "c1", "");
    }
    assert_int_equal(got_of(t, "INVITE", 486), 1);
    complete(t);
}

static void one_that_never_comes_again_is_missed_when_its_copy_is_overdue(void **state)
{
    struct twin *t = *state;
    begin(t, "  - A -> P: INVITE\n    lose: 1\n    within: 1 s\n  - P -> A: 486\n");
    run_until_ms(t, 900);
    phone_requests(t, "INVITE", "z9hG4bK1", 1, "c1", "");
    run_until_ms(t, 2399);
    assert_false(was_missed(t, 0));
    run_until_ms(t, 2401);
    assert_true(was_missed(t, 0));
}

static void one_whose_first_copy_is_late_is_missed_at_its_deadline(void **state)
{
    struct twin *t = *state;
    begin(t, "  - A -> P: INVITE\n    lose: 1\n    within: 1 s\n  - P -> A: 486\n");
    run_until_ms(t, 999);
    assert_false(was_missed(t, 0));
    run_until_ms(t, 1001);
    assert_true(was_missed(t, 0));
}

static void stuck_at(const struct twin *t, int step, const char *why)
{
    assert_true(t->player.ended);
    assert_int_equal(t->player.run->outcome, OH_OUTCOME_STUCK);
    assert_int_equal(t->player.run->outcome_step, step);
    assert_non_null(strstr(t->player.run->outcome_text, why));
}

static void what_is_ours_is_sent_when_as_many_copies_are_lost_as_are_to_be(void **state)
{
    struct twin *t = *state;
    begin(t, "  - P -> A: OPTIONS\n    lose: 2\n  - A -> P: 200\n");
    run_until_ms(t, 1499);
    assert_int_equal(t->got_count, 0);
    run_until_ms(t, 1501);
    assert_int_equal(got_of(t, "OPTIONS", 0), 1);
    phone_answers(t, 0, 200, "");
    complete(t);
    run_until_ms(t, 40000);
    assert_int_equal(t->player.run->outcome, OH_OUTCOME_COMPLETE);
}

/* RFC 3261 17.1.1.2: timer A has it sent seven times, and then B fires */
static void a_request_that_is_lost_more_often_than_it_is_sent_ends_the_flow(void **state)
{
    struct twin *t = *state;
    begin(t, "  - P -> A: INVITE\n    lose: 7\n  - A -> P: 180\n    within: 2 s\n");
    run_until_ms(t, 31999);
    assert_false(t->player.ended);
    run_until_ms(t, 32001);
    stuck_at(t, 0, "P -> A: INVITE is lost, and within 64*T1 nothing");
    assert_int_equal(t->got_count, 0);
}

/* RFC 3261 17.1.1.2: our 100 ends the repeats of the INVITE, with which alone our 180 would come */
static void an_answer_that_nothing_asks_for_again_ends_the_flow(void **state)
{
    struct twin *t = *state;
    begin(t, "  - A -> P: INVITE\n  - P -> A: 180\n    after: 1 s\n    lose: 1\n  - P -> A: 486\n");
    phone_requests(t, "INVITE", "z9hG4bK1", 1, "c1", "");
    run_until_ms(t, 32999);
    assert_false(t->player.ended);
    run_until_ms(t, 33001);
    stuck_at(t, 1, "P -> A: 180 is lost, and within 64*T1 nothing");
    assert_int_equal(got_of(t, "INVITE", 180), 0);
}

static void an_answer_that_is_lost_comes_with_the_repeat_of_its_request(void **state)
{
    struct twin *t = *state;
    begin(t, "  - A -> P: INVITE\n  - P -> A: 180\n    lose: 1\n  - P -> A: 486\n");
    phone_requests(t, "INVITE", "z9hG4bK1", 1, "c1", "");
    assert_int_equal(t->got_count, 0);
    phone_requests(t, "INVITE", "z9hG4bK1", 1, "c1", "");
    assert_int_equal(got_of(t, "INVITE", 180), 1);
    assert_int_equal(got_of(t, "INVITE", 486), 1);
    complete(t);
}

static void an_answer_that_another_takes_the_place_of_ends_the_flow(void **state)
{
    struct twin *t = *state;
    begin(t, "  - A -> P: INVITE\n  - any order:\n      - - P -> A: 180\n          lose: 1\n"
             "      - - P -> A: 486\n");
    phone_requests(t, "INVITE", "z9hG4bK1", 1, "c1", "");
    settle(t);
    stuck_at(t, 1, "another message took its place");
}

static void what_comes_twice_is_the_same_though_its_request_has_another_answer_now(void **state)
{
    struct twin *t = *state;
    begin(t, "  - A -> P: INVITE\n  - P -> A: 180\n    twice: 100 ms\n  - P -> A: 183\n"
             "    twice: 150 ms\n  - P -> A: 486\n");
    phone_requests(t, "INVITE", "z9hG4bK1", 1, "c1", "");
    assert_int_equal(got_of(t, "INVITE", 180), 1);
    run_until_ms(t, 200);
    assert_int_equal(t->got_count, 5);
    assert_int_equal(got_of(t, "INVITE", 486), 1);
    assert_int_equal(got_of(t, "INVITE", 180), 2);
    assert_int_equal(got_of(t, "INVITE", 183), 2);
    assert_true(oh_span_equal(t->got[0].msg->bytes, t->got[3].msg->bytes));
}

static void what_is_lost_and_then_comes_twice_does_both(void **state)
{
    struct twin *t = *state;
    begin(t, "  - P -> A: OPTIONS\n    lose: 1\n    twice: 100 ms\n  - A -> P: 200\n");
    run_until_ms(t, 499);
    assert_int_equal(t->got_count, 0);
    run_until_ms(t, 599);
    assert_int_equal(t->got_count, 1);
    run_until_ms(t, 601);
    assert_int_equal(t->got_count, 2);
}

int main(void)
{
#define PLAYED(test) cmocka_unit_test_setup_teardown(test, twin_setup, end)
    const struct CMUnitTest tests[] = {
        PLAYED(what_is_ours_in_any_order_is_done_at_once),
        PLAYED(each_front_has_its_own_deadline),
        PLAYED(an_either_waits_for_the_longest_of_its_ways_and_is_missed_once),
        PLAYED(the_way_that_the_phone_takes_is_played),
        PLAYED(a_round_that_need_not_come_is_not_waited_for),
        PLAYED(a_round_is_waited_for_as_long_as_it_says_and_the_rest_not_again),
        PLAYED(a_deadline_counts_from_the_optional_step_that_came),
        PLAYED(so_it_does_from_one_that_is_not_waited_for),
        PLAYED(without_the_optional_step_it_counts_from_the_one_before),
        PLAYED(an_optional_step_may_take_longer_than_what_follows_it),
        PLAYED(what_may_be_left_out_is_waited_for_at_once),
        PLAYED(so_it_is_before_what_is_ours),
        PLAYED(the_second_of_them_is_answered_without_the_first),
        PLAYED(no_ack_is_awaited_to_what_was_not_answered),
        PLAYED(a_deadline_counts_from_the_optional_round_that_came),
        PLAYED(a_request_whose_repeats_are_looked_at_is_answered_when_its_time_is_over),
        PLAYED(one_that_the_flow_never_answers_is_let_go),
        PLAYED(a_message_that_was_overtaken_is_still_answered),
        PLAYED(one_that_never_comes_is_not_waited_for_long),
        PLAYED(copies_that_are_lost_are_not_answered),
        PLAYED(the_deadline_of_what_is_lost_is_that_of_its_first_copy),
        PLAYED(one_that_never_comes_again_is_missed_when_its_copy_is_overdue),
        PLAYED(one_whose_first_copy_is_late_is_missed_at_its_deadline),
        PLAYED(what_is_ours_is_sent_when_as_many_copies_are_lost_as_are_to_be),
        PLAYED(a_request_that_is_lost_more_often_than_it_is_sent_ends_the_flow),
        PLAYED(an_answer_that_nothing_asks_for_again_ends_the_flow),
        PLAYED(an_answer_that_is_lost_comes_with_the_repeat_of_its_request),
        PLAYED(an_answer_that_another_takes_the_place_of_ends_the_flow),
        PLAYED(what_comes_twice_is_the_same_though_its_request_has_another_answer_now),
        PLAYED(what_is_lost_and_then_comes_twice_does_both),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
