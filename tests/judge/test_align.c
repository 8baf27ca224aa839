/* A scenario's flow found in a capture. Each test takes a sound call (tests/data/captures/call.txt,
 * or the same seen from the other side), changes its text, makes a capture of it and asks what was
 * found where. */
#include "judge/align_capture.h"

/* --- the flow is there --- */

static void a_sound_call_passes_and_each_step_has_its_frame(void **state)
{
    static const unsigned frames[STEPS] = {0, 1, 3, 4, 5, 0, 6, 7};
    struct found f = look_in_call(NULL, SIZE_MAX);
    const struct oh_aligned *a = only(&f);
    (void)state;
    expect_verdict(a, OH_WORD_PASS, NULL);
    for (int i = 0; i < STEPS; i++)
        assert_int_equal(frame_of(a, i), frames[i]);
    assert_int_equal(a->first_frame, 1);
    assert_int_equal(a->last_frame, 7);
    assert_int_equal(a->steps, 6);
    assert_int_equal(a->begins, 0);
    assert_false(a->is_off);
    assert_int_equal(oh_align_messages(f.align), 7);
    assert_int_equal(oh_align_left_out(f.align), 0);
    release(&f);
}

static void nobody_named_the_phone_is_who_went_through_the_flow(void **state)
{
    struct capture c = {0};
    (void)state;
    begin(&c);
    add_call(&c, NULL, 0, SIZE_MAX, 0);
    struct found f = look(&c, PHONE_CALLS, NULL);
    const struct oh_aligned *a = only(&f);
    assert_string_equal(a->phone->name, ALICE);
    expect_verdict(a, OH_WORD_PASS, NULL);
    release(&f);
}

static void who_is_called_is_found_by_a_flow_of_his_own(void **state)
{
    static const struct edit bob_hangs_up[] = {
        /* the call is Bob's to Alice */
        {ALICE " -> " BOB, "192.0.2.9:5060 -> " BOB},
        {BOB " -> " ALICE, BOB " -> 192.0.2.9:5060"},
        {"192.0.2.7", "192.0.2.9"},
        {NULL, NULL},
    };
    struct capture c = {0};
    (void)state;
    begin(&c);
    add_call(&c, bob_hangs_up, 0, SIZE_MAX, 0);
    struct found f = look(&c, PHONE_IS_CALLED, NULL);
    const struct oh_aligned *a = only(&f);
    assert_string_equal(a->phone->name, BOB);
    expect_verdict(a, OH_WORD_PASS, NULL);
    assert_int_equal(frame_of(a, 1), 3);
    release(&f);
}

static void a_fault_is_found_at_its_step_with_its_frame(void **state)
{
    static const struct edit elsewhere[] = {
        {"BYE sip:bob@192.0.2.8:5060", "BYE sip:bob@192.0.2.99"}, {NULL, NULL}};
    struct found f = look_in_call(elsewhere, SIZE_MAX);
    const struct oh_aligned *a = only(&f);
    (void)state;
    expect_verdict(a, OH_WORD_FAIL, NULL);
    assert_int_equal(flow_fails(a), 1);
    assert_int_equal(finding_at(a, BYE)->frames[0], 6);
    assert_string_equal(finding_at(a, BYE)->field, "request-uri");
    assert_string_equal(finding_at(a, BYE)->expected, "sip:bob@192.0.2.8:5060");
    assert_false(a->is_off);
    release(&f);
}

static void a_message_sent_again_is_of_its_step(void **state)
{
    struct capture c = {0};
    (void)state;
    begin(&c);
    add_call(&c, NULL, 0, 1, 0);
    add_call(&c, NULL, 0, 1, 0.5);
    add_call(&c, NULL, 1, SIZE_MAX, 1);
    struct found f = look(&c, PHONE_CALLS, ALICE);
    const struct oh_aligned *a = only(&f);
    expect_verdict(a, OH_WORD_PASS, NULL);
    assert_int_equal(a->verdict->steps[INVITE].frame_count, 2);
    assert_int_equal(a->begins, 0);
    release(&f);
}

/* --- where it is --- */

static const struct edit another[] = {
    {"call1@", "other@"}, {"tag=f1", "tag=f9"}, {"tag=t1", "tag=t9"}, {"bKa", "bKb"}, {NULL, NULL}};

static void of_two_calls_the_one_that_goes_further_is_the_flow(void **state)
{
    struct capture c = {0};
    (void)state;
    begin(&c);
    add_call(&c, another, 0, 4, 0);
    add_call(&c, NULL, 0, SIZE_MAX, 100);
    struct found f = look(&c, PHONE_CALLS, ALICE);
    const struct oh_aligned *a = only(&f);
    expect_verdict(a, OH_WORD_PASS, NULL);
    assert_int_equal(a->first_frame, 5);
    assert_int_equal(a->last_frame, 11);
    assert_int_equal(a->begins, 1);
    release(&f);
}

static void among_equals_the_earliest_is_the_flow(void **state)
{
    struct capture c = {0};
    (void)state;
    begin(&c);
    add_call(&c, another, 0, SIZE_MAX, 0);
    add_call(&c, NULL, 0, SIZE_MAX, 100);
    struct found f = look(&c, PHONE_CALLS, ALICE);
    assert_int_equal(only(&f)->first_frame, 1);
    assert_int_equal(only(&f)->begins, 1);
    release(&f);
}

static void a_call_beside_the_flow_is_passed_over(void **state)
{
    struct capture c = {0};
    (void)state;
    begin(&c);
    add_call(&c, NULL, 0, 5, 0);
    add_call(&c, another, 0, 4, 3); /* while the first goes on */
    add_call(&c, NULL, 5, SIZE_MAX, 0);
    struct found f = look(&c, PHONE_CALLS, ALICE);
    const struct oh_aligned *a = only(&f);
    expect_verdict(a, OH_WORD_PASS, NULL);
    assert_int_equal(frame_of(a, BYE), 10);
    release(&f);
}

static const struct edit other_call_id[] = {{"call1@192.0.2.7", "call9@192.0.2.7"}, {NULL, NULL}};

/* A refusal behind the answer, which no step of the flow is, and the phone's ACK to it. */
static void what_the_flow_does_not_list_is_judged_though_its_call_id_is_wrong(void **state)
{
    static const struct edit refusal[] = {
        {"SIP/2.0 200 OK\nVia: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bKa1", /* the INVITE's */
         "SIP/2.0 486 Busy\nVia: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bKa1"},
        {NULL, NULL}};
    static const struct edit ack[] = {{"ACK sip:bob@192.0.2.8:5060", "ACK sip:bob@192.0.2.8"},
                                      {"z9hG4bKa2", "z9hG4bKa1"},
                                      {"call1@192.0.2.7", "call9@192.0.2.7"},
                                      {NULL, NULL}};
    struct capture c = {0};
    (void)state;
    begin(&c);
    add_call(&c, NULL, 0, 5, 0);
    add_call(&c, refusal, 3, 4, 1);
    add_call(&c, ack, 4, 5, 1);
    add_call(&c, NULL, 5, SIZE_MAX, 0);
    struct found f = look(&c, PHONE_CALLS, ALICE);
    const struct oh_aligned *a = only(&f);
    expect_verdict(a, OH_WORD_FAIL, NULL);
    assert_int_equal(a->verdict->finding_count, 1);
    assert_string_equal(a->verdict->findings[0].id, "ack.call-id");
    assert_int_equal(a->verdict->findings[0].frames[0], 7);
    release(&f);
}

static void another_call_with_the_same_tag_has_no_part_in_it(void **state)
{
    struct capture c = {0};
    (void)state;
    begin(&c);
    add_call(&c, NULL, 0, SIZE_MAX, 0);
    add_call(&c, other_call_id, 0, SIZE_MAX, 20);
    struct found f = look(&c, PHONE_CALLS, ALICE);
    const struct oh_aligned *a = only(&f);
    expect_verdict(a, OH_WORD_PASS, NULL);
    assert_int_equal(a->recording->trace->msg_count, 7);
    release(&f);
}

static void a_further_result_of_the_same_scenario_has_a_number(void **state)
{
    struct capture c = {0};
    (void)state;
    begin(&c);
    add_call(&c, NULL, 0, SIZE_MAX, 0);
    struct found f = look_from(&c, PHONE_CALLS, ALICE, 1);
    const char *id = only(&f)->recording->run->scenario_id;
    assert_string_equal(id + strlen(id) - 2, "~2");
    release(&f);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_call_passes_and_each_step_has_its_frame),
        cmocka_unit_test(nobody_named_the_phone_is_who_went_through_the_flow),
        cmocka_unit_test(who_is_called_is_found_by_a_flow_of_his_own),
        cmocka_unit_test(a_fault_is_found_at_its_step_with_its_frame),
        cmocka_unit_test(a_message_sent_again_is_of_its_step),
        cmocka_unit_test(of_two_calls_the_one_that_goes_further_is_the_flow),
        cmocka_unit_test(among_equals_the_earliest_is_the_flow),
        cmocka_unit_test(a_call_beside_the_flow_is_passed_over),
        cmocka_unit_test(what_the_flow_does_not_list_is_judged_though_its_call_id_is_wrong),
        cmocka_unit_test(another_call_with_the_same_tag_has_no_part_in_it),
        cmocka_unit_test(a_further_result_of_the_same_scenario_has_a_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
