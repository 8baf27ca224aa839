/* What a capture in which a flow is sought cannot know, what it can, and how long the flow waits.
 * Each test takes a sound call, as in test_align.c. */
#include "judge/align_capture.h"

/* --- what a capture cannot know --- */

static void a_flow_that_is_not_there_is_inconclusive(void **state)
{
    struct capture c = {0};
    (void)state;
    begin(&c);
    add_call(&c, NULL, 5, SIZE_MAX, 0);
    struct found f = look(&c, PHONE_CALLS, ALICE);
    const struct oh_aligned *a = only(&f);
    expect_verdict(a, OH_WORD_INCONCLUSIVE, "the flow is not in the capture");
    assert_int_equal(a->first_frame, 0);
    assert_true(a->is_off);
    assert_int_equal(a->verdict->finding_count, 0);
    release(&f);
}

static void a_capture_that_ends_early_accuses_nobody(void **state)
{
    static const struct {
        size_t messages;
        const char *reason;
    } ends[] = {{1, "the capture ends before 'B -> A: 180'"},
                {3, "the capture ends before 'B -> A: 200'"},
                {4, "the capture ends before 'A -> B: ACK'"},
                {5, "the capture ends before 'A hangs up'"},
                {6, "the capture ends before 'B -> A: 200'"}};
    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct found f = look_in_call(NULL, ends[i].messages);
        expect_verdict(only(&f), OH_WORD_INCONCLUSIVE, ends[i].reason);
        assert_int_equal(flow_fails(only(&f)), 0);
        release(&f);
    }
}

static void what_the_other_side_did_otherwise_ends_the_flow_and_names_the_frame(void **state)
{
    static const struct edit refused[] = {
        {"2.000 192.0.2.8:5060 -> 192.0.2.7:5060\nSIP/2.0 200 OK",
         "2.000 192.0.2.8:5060 -> 192.0.2.7:5060\nSIP/2.0 486 Busy Here"},
        {"ACK sip:bob@192.0.2.8:5060 ", "ACK sip:bob@192.0.2.8 "},
        {"bKa2;rport", "bKa1;rport"},
        {NULL, NULL}};
    struct found f = look_in_call(refused, 5);
    const struct oh_aligned *a = only(&f);
    (void)state;
    expect_verdict(a, OH_WORD_INCONCLUSIVE, "frame 4 is 486 to INVITE");
    assert_true(a->is_off);
    assert_int_equal(flow_fails(a), 0);
    release(&f);
}

static void what_the_user_did_otherwise_is_not_the_phones_fault(void **state)
{
    struct capture c = {0};
    (void)state;
    begin(&c);
    add_call(&c, NULL, 0, 3, 0);
    add_call(&c, NULL, 5, SIZE_MAX, 0); /* a BYE in the early dialog: RFC 3261 15 has it lawful */
    struct found f = look(&c, PHONE_CALLS, ALICE);
    const struct oh_aligned *a = only(&f);
    expect_verdict(a, OH_WORD_INCONCLUSIVE, "what the user of the phone did");
    assert_true(a->is_off);
    assert_int_equal(flow_fails(a), 0);
    release(&f);
}

static void a_phone_without_an_ability_that_is_needed_is_skipped_over(void **state)
{
    struct capture c = {0};
    (void)state;
    begin(&c);
    add_call(&c, NULL, 0, SIZE_MAX, 0);
    char *flow = edited(oh_strdup(PHONE_CALLS), (const struct edit[]){
                                                    {"[dial, hangup]", "[dial, hangup, 100rel]"},
                                                    {NULL, NULL},
                                                });
    struct found f = look(&c, flow, ALICE);
    expect_verdict(only(&f), OH_WORD_INCONCLUSIVE, "needs the ability '100rel'");
    assert_true(only(&f)->is_off);
    release(&f);
    free(flow);
}

/* --- what it can know --- */

/* The 2xx until 64*T1 without its ACK. RFC 3261 13.3.1.4 */
static void add_unacknowledged(struct capture *c)
{
    static const double later_s[] = {0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5};
    add_call(c, NULL, 0, 3, 0);
    for (size_t i = 0; i < sizeof later_s / sizeof *later_s; i++)
        add_call(c, NULL, 3, 4, later_s[i]);
}

static void what_the_phone_owed_to_a_message_that_it_reacted_to_is_missing(void **state)
{
    struct capture c = {0};
    (void)state;
    begin(&c);
    add_unacknowledged(&c);
    add_call(&c, NULL, 5, SIZE_MAX, 26);
    struct found f = look(&c, PHONE_CALLS, ALICE);
    const struct oh_aligned *a = only(&f);
    expect_verdict(a, OH_WORD_FAIL, NULL);
    assert_string_equal(finding_at(a, ACK)->id, "flow.missing");
    assert_int_equal(frame_of(a, BYE), 15);
    release(&f);
}

static void what_it_owed_to_a_message_that_may_never_have_arrived_is_not(void **state)
{
    struct capture c = {0};
    (void)state;
    begin(&c);
    add_unacknowledged(&c);
    struct found f = look(&c, PHONE_CALLS, ALICE);
    expect_verdict(only(&f), OH_WORD_INCONCLUSIVE, "nothing shows that the phone got the message");
    assert_int_equal(flow_fails(only(&f)), 0);
    release(&f);
}

static void where_frames_were_lost_an_absence_proves_nothing(void **state)
{
    struct capture c = {0};
    (void)state;
    begin(&c);
    add_unacknowledged(&c);
    add_call(&c, NULL, 5, SIZE_MAX, 26);
    c.bytes.len -= 10; /* it breaks off in the last frame */
    struct found f = look(&c, PHONE_CALLS, ALICE);
    expect_verdict(only(&f), OH_WORD_INCONCLUSIVE, NULL);
    assert_int_equal(flow_fails(only(&f)), 0);
    release(&f);
}

static void nobody_is_found_in_a_capture_without_sip(void **state)
{
    struct capture c = {0};
    (void)state;
    begin(&c);
    struct found f = look(&c, PHONE_CALLS, NULL);
    assert_int_equal(oh_align_count(f.align), 0);
    assert_int_equal(oh_align_messages(f.align), 0);
    release(&f);
}

/* --- how long it waits --- */

#define ACK_STEP                                                                                   \
    "  - A -> B: ACK\n    must: {request-uri: $B.contact, cseq.number: $call.cseq.number}\n"

/* The ACK comes two seconds late, and all that follows it. */
static struct found look_for_late_ack(const char *in_place)
{
    const struct edit edits[] = {{ACK_STEP, in_place}, {NULL, NULL}};
    struct capture c = {0};
    char *flow = edited(oh_strdup(PHONE_CALLS), edits);
    begin(&c);
    add_call(&c, NULL, 0, 4, 0);
    add_call(&c, NULL, 4, SIZE_MAX, 2);
    struct found f = look(&c, flow, ALICE);
    free(flow);
    return f;
}

static void an_either_is_over_with_the_longest_of_its_ways(void **state)
{
    (void)state;
    struct found f = look_for_late_ack("  - either:\n      - A -> B: INFO\n        within: 1 s\n"
                                       "    or:\n      - A -> B: ACK\n        within: 10 s\n");
    assert_int_equal(flow_fails(only(&f)), 0);
    expect_verdict(only(&f), OH_WORD_PASS, NULL);
    release(&f);
}

static void what_follows_an_optional_step_that_may_take_longer_is_not_late(void **state)
{
    (void)state;
    struct found f = look_for_late_ack("  - A -> B: INFO\n    optional: true\n    within: 10 s\n"
                                       "  - A -> B: ACK\n    within: 1 s\n");
    assert_int_equal(flow_fails(only(&f)), 0);
    expect_verdict(only(&f), OH_WORD_PASS, NULL);
    release(&f);
}

static void what_follows_an_optional_step_has_its_deadline(void **state)
{
    (void)state;
    struct found f = look_for_late_ack("  - A -> B: INFO\n    optional: true\n"
                                       "  - A -> B: ACK\n    within: 1 s\n");
    expect_verdict(only(&f), OH_WORD_FAIL, NULL);
    assert_string_equal(finding_at(only(&f), ACK + 1)->id, "flow.late");
    release(&f);
}

/* --- what a capture does not show --- */

static struct found look_with(const char *find, const char *put)
{
    const struct edit edits[] = {
        {find, put}, {"[dial, hangup]", "[dial, hangup, rtp]"}, {NULL, NULL}};
    struct capture c = {0};
    char *flow = edited(oh_strdup(PHONE_CALLS), edits);
    begin(&c);
    add_call(&c, NULL, 0, SIZE_MAX, 0);
    struct found f = look(&c, flow, ALICE);
    free(flow);
    return f;
}

static void a_flow_with_several_phones_is_not_looked_for(void **state)
{
    (void)state;
    struct found f = look_with("  A: phone\n", "  A: phone\n  C: phone\n");
    expect_verdict(only(&f), OH_WORD_INCONCLUSIVE, "several phones under test");
    release(&f);
}

static void expect_not_seen(const char *step, const char *id, const char *why)
{
    char *put = oh_format("%s  - A hangs up\n", step);
    struct found f = look_with("  - A hangs up\n", put);
    const struct oh_finding *found = finding_at(only(&f), HANG_UP);
    expect_verdict(only(&f), OH_WORD_INCONCLUSIVE, NULL);
    assert_string_equal(found->id, id);
    assert_int_equal(found->result, OH_RESULT_NOT_CHECKABLE);
    if (!strstr(found->text, why))
        fail_msg("%s", found->text);
    release(&f);
    free(put);
}

static void media_of_which_a_capture_has_nothing_is_neither_passed_nor_failed(void **state)
{
    (void)state;
    expect_not_seen("  - A -> B: RTP\n    for: 20 ms\n", "media.rtp-missing", "no RTP of it");
    expect_not_seen("  - A -> B: no RTP\n    for: 20 ms\n", "media.rtp-unwanted", "no RTP of it");
}

static void a_silence_that_was_over_sooner_is_not_passed(void **state)
{
    (void)state;
    expect_not_seen("  - nothing for: 60 s\n", "flow.not-silent", "over sooner");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flow_that_is_not_there_is_inconclusive),
        cmocka_unit_test(a_capture_that_ends_early_accuses_nobody),
        cmocka_unit_test(what_the_other_side_did_otherwise_ends_the_flow_and_names_the_frame),
        cmocka_unit_test(what_the_user_did_otherwise_is_not_the_phones_fault),
        cmocka_unit_test(a_phone_without_an_ability_that_is_needed_is_skipped_over),
        cmocka_unit_test(what_the_phone_owed_to_a_message_that_it_reacted_to_is_missing),
        cmocka_unit_test(what_it_owed_to_a_message_that_may_never_have_arrived_is_not),
        cmocka_unit_test(where_frames_were_lost_an_absence_proves_nothing),
        cmocka_unit_test(nobody_is_found_in_a_capture_without_sip),
        cmocka_unit_test(an_either_is_over_with_the_longest_of_its_ways),
        cmocka_unit_test(what_follows_an_optional_step_that_may_take_longer_is_not_late),
        cmocka_unit_test(what_follows_an_optional_step_has_its_deadline),
        cmocka_unit_test(a_flow_with_several_phones_is_not_looked_for),
        cmocka_unit_test(media_of_which_a_capture_has_nothing_is_neither_passed_nor_failed),
        cmocka_unit_test(a_silence_that_was_over_sooner_is_not_passed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
