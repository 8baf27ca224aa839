/* When messages come and how often; which way a phone takes: recordings made by hand. */
#include "support/call_407.h"

#define HEAD                                                                                       \
    "title: t\nsource: RFC 3261 17\nneeds: [dial]\nparties: {A: phone, P: {role: proxy, "          \
    "challenge: {status: 407, realm: example.com, qop: auth}}, B: {behind: P, number: "            \
    "\"5551234\"}}\nothers: tolerate\nflow:\n  - A dials B\n"

/* Copies after 0, 0.5, 1.5 and 3.5 s. */
#define LEFT_ALONE                                                                                 \
    HEAD "  - A -> P: INVITE\n    retransmits: {first: T1, until: 4 s}\n  - P -> A: 407\n"         \
         "  - A -> P: ACK\n"

static struct recorded *dialled(const char *flow)
{
    struct recorded *r = recorded_new(flow);
    begins(r);
    told(r, 0);
    confirmed(r, 0);
    return r;
}

/* The INVITE at these gaps in ms, 0-ended, then our answer when 4 s are over, and the ACK. */
static const struct oh_verdict *copies(struct recorded *r, const int64_t *gaps_ms)
{
    gets(r, 1, invite_1(r));
    int64_t first = r->now;
    for (; *gaps_ms; gaps_ms++) {
        r->now += *gaps_ms * MS - 10 * MS - MS / 10; /* which gets() adds */
        gets(r, OH_NONE, invite_1(r));
    }
    if (r->now < first + 4000 * MS)
        r->now = first + 4000 * MS;
    sends(r, 2, refusal(r, invite_1(r)));
    gets(r, 3, ack_1(r));
    ends(r, OH_OUTCOME_COMPLETE, "complete");
    return judged(r);
}

static void copies_at_their_times_are_no_finding(void **state)
{
    (void)state;
    static const int64_t exact[] = {500, 1000, 2000, 0}, coarse[] = {580, 1090, 1850, 0};
    struct recorded *r = dialled(LEFT_ALONE);
    expect_verdict(copies(r, exact), OH_WORD_PASS, NULL);
    assert_int_equal(r->verdict->steps[1].frame_count, 4);
    recorded_free(r);
    r = dialled(LEFT_ALONE);
    expect_verdict(copies(r, coarse), OH_WORD_PASS, NULL);
    recorded_free(r);
}

static void a_wrong_gap_is_told_with_all_of_them(void **state)
{
    (void)state;
    static const int64_t gaps[] = {500, 1000, 1500, 0};
    struct recorded *r = dialled(LEFT_ALONE);
    const struct oh_finding *f = finding(copies(r, gaps), "flow.retransmits");
    assert_non_null(f);
    assert_int_equal(r->verdict->word, OH_WORD_FAIL);
    assert_int_equal(f->step, 1);
    assert_string_equal(f->clause, "RFC 3261 17.1.1.2");
    assert_string_equal(f->expected, "0.50, 1.00, 2.00 s");
    assert_string_equal(f->observed, "0.50, 1.00, 1.50 s");
    assert_int_equal(f->frame_count, 4);
    recorded_free(r);
}

static void a_copy_that_is_missing_or_one_too_many_is_told(void **state)
{
    (void)state;
    static const int64_t fewer[] = {500, 1000, 0}, none[] = {0};
    static const int64_t more[] = {500, 1000, 900, 0};
    struct recorded *r = dialled(LEFT_ALONE);
    assert_non_null(strstr(finding(copies(r, fewer), "flow.retransmits")->text, "repeat 3, due"));
    recorded_free(r);
    r = dialled(LEFT_ALONE);
    const struct oh_finding *f = finding(copies(r, none), "flow.retransmits");
    assert_string_equal(f->observed, "no repeat");
    recorded_free(r);
    r = dialled(HEAD "  - A -> P: INVITE\n    retransmits: {first: T1, until: 4 s, count: 3}\n"
                     "  - P -> A: 407\n  - A -> P: ACK\n");
    f = finding(copies(r, more), "flow.retransmits");
    assert_non_null(strstr(f->text, "repeat 3 is more than there are within 4.0 s"));
    recorded_free(r);
}

static void what_was_answered_need_not_come_again(void **state)
{
    (void)state;
    struct recorded *r = dialled(LEFT_ALONE);
    gets(r, 1, invite_1(r));
    r->now += 300 * MS;
    sends(r, 2, refusal(r, invite_1(r)));
    gets(r, 3, ack_1(r));
    ends(r, OH_OUTCOME_COMPLETE, "complete");
    expect_verdict(judged(r), OH_WORD_PASS, NULL);
    recorded_free(r);
}

static void a_stall_a_set_clock_or_lost_frames_void_a_schedule(void **state)
{
    (void)state;
    static const int64_t gaps[] = {500, 1000, 1500, 0};
    for (int i = 0; i < 3; i++) {
        struct recorded *r = dialled(LEFT_ALONE);
        r->run->worst_late_ns = i == 0 ? 600 * MS : 0;
        r->run->clock_step_ns = i == 1 ? 400 * MS : 0;
        r->run->capture.dropped = i == 2;
        const struct oh_finding *f = finding(copies(r, gaps), "flow.retransmits");
        assert_int_equal(f->result, OH_RESULT_NOT_CHECKABLE);
        assert_int_equal(r->verdict->word, OH_WORD_INCONCLUSIVE);
        recorded_free(r);
    }
}

/* 13.3.1.4 tells of a 2xx's repeats in plain prose. */
static void repeats_of_a_2xx_are_a_should(void **state)
{
    (void)state;
    struct recorded *r =
        recorded_new("title: t\nsource: s\nneeds: []\nparties: {A: phone, P: proxy, B: {behind: P}}"
                     "\nothers: tolerate\nflow:\n  - P -> A: INVITE\n  - A -> P: 200\n"
                     "    retransmits: {first: T1, until: 2 s}\n  - P -> A: ACK\n");
    static const char invite[] = "INVITE sip:alice@127.0.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP "
                                 "127.0.0.1:5060;branch=z9hG4bKp1\r\nFrom: <sip:b@127.0.0.1>;"
                                 "tag=p\r\nTo: <sip:alice@127.0.0.1>\r\nCall-ID: p\r\nCSeq: 1 "
                                 "INVITE\r\nMax-Forwards: 70\r\nContact: "
                                 "<sip:b@127.0.0.1:5060>\r\nContent-Length: 0\r\n\r\n";
    begins(r);
    sends(r, 0, invite);
    gets(r, 1, answer(r, invite, 200, "t", NULL, NULL, false));
    r->now += 2000 * MS;
    ends(r, OH_OUTCOME_STUCK, "stuck");
    const struct oh_finding *f = finding(judged(r), "flow.retransmits");
    assert_non_null(f);
    assert_int_equal(f->level, OH_LEVEL_SHOULD);
    assert_string_equal(f->clause, "RFC 3261 13.3.1.4");
    recorded_free(r);
}

/* --- windows --- */

static struct recorded *after(const char *key, int64_t ms)
{
    char *flow = oh_format(HEAD "  - A -> P: INVITE\n  - P -> A: 407\n  - A -> P: ACK\n"
                                "    after: %s\n",
                           key);
    struct recorded *r = dialled(flow);
    free(flow);
    gets(r, 1, invite_1(r));
    sends(r, 2, refusal(r, invite_1(r)));
    r->now += ms * MS - 10 * MS;
    gets(r, 3, ack_1(r));
    ends(r, OH_OUTCOME_COMPLETE, "complete");
    return r;
}

static void a_message_within_its_window_is_no_finding(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        int64_t ms;
    } table[] = {{"2 s .. 4 s", 2000}, {"2 s .. 4 s", 4000}, {"2 s .. 4 s", 1950}, {"2 s", 20000}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct recorded *r = after(table[i].key, table[i].ms);
        assert_null(finding(judged(r), "flow.time"));
        recorded_free(r);
    }
}

static void a_message_outside_its_window_is_told_with_its_time(void **state)
{
    (void)state;
    struct recorded *r = after("2 s .. 4 s", 1000);
    const struct oh_finding *f = finding(judged(r), "flow.time");
    assert_int_equal(r->verdict->word, OH_WORD_FAIL);
    assert_string_equal(f->expected, "after 2.0 s to 4.0 s");
    assert_non_null(strstr(f->text, "1.000 s too early"));
    recorded_free(r);
    r = after("2 s .. 4 s", 4400);
    assert_non_null(strstr(finding(judged(r), "flow.time")->text, "0.400 s too late"));
    recorded_free(r);
    r = after("2 s", 1000);
    assert_string_equal(finding(judged(r), "flow.time")->expected, "after 2.0 s at the earliest");
    recorded_free(r);
}

static void a_stall_of_our_own_voids_a_window(void **state)
{
    (void)state;
    struct recorded *r = after("2 s .. 4 s", 4400);
    r->run->worst_late_ns = 450 * MS;
    assert_int_equal(finding(judged(r), "flow.time")->result, OH_RESULT_NOT_CHECKABLE);
    recorded_free(r);
}

/* --- ways --- */

#define WAYS                                                                                       \
    HEAD "  - either:\n      - A -> P: INVITE\n      - P -> A: 407\n      - A -> P: ACK\n"         \
         "    or:\n      - A -> P: OPTIONS\n      - P -> A: 200\n"

static void steps_of_a_way_not_taken_are_skipped_without_findings(void **state)
{
    (void)state;
    struct recorded *r = dialled(WAYS);
    gets(r, 1, invite_1(r));
    sends(r, 2, refusal(r, invite_1(r)));
    gets(r, 3, ack_1(r));
    ends(r, OH_OUTCOME_COMPLETE, "complete");
    expect_verdict(judged(r), OH_WORD_PASS, NULL);
    assert_string_equal(oh_step_word_name(r->verdict->steps[3].word), "pass");
    assert_string_equal(oh_step_word_name(r->verdict->steps[4].word), "skipped");
    assert_string_equal(oh_step_word_name(r->verdict->steps[5].word), "skipped");
    recorded_free(r);
}

static void where_no_way_is_taken_one_finding_names_them_all(void **state)
{
    (void)state;
    struct recorded *r = dialled(WAYS);
    misses(r, 1, 32500);
    ends(r, OH_OUTCOME_STUCK, "stuck");
    const struct oh_verdict *v = judged(r);
    assert_int_equal(v->finding_count, 1);
    assert_string_equal(v->findings[0].id, "flow.missing");
    assert_non_null(
        strstr(v->findings[0].text, "A -> P: INVITE or A -> P: OPTIONS never came after"));
    recorded_free(r);
}

static void copies_that_the_flow_loses_reach_nothing(void **state)
{
    (void)state;
    struct recorded *r = dialled(HEAD "  - A -> P: INVITE\n    lose: 2\n  - P -> A: 407\n"
                                      "  - A -> P: ACK\n");
    gets(r, OH_NONE, invite_1(r));
    r->now += 490 * MS;
    gets(r, OH_NONE, invite_1(r));
    r->now += 990 * MS;
    gets(r, 1, invite_1(r));
    sends(r, 2, refusal(r, invite_1(r)));
    gets(r, 3, ack_1(r));
    ends(r, OH_OUTCOME_COMPLETE, "complete");
    expect_verdict(judged(r), OH_WORD_PASS, NULL);
    assert_int_equal(r->verdict->steps[1].frame_count, 3);
    recorded_free(r);
}

static void one_that_never_comes_again_is_missing(void **state)
{
    (void)state;
    struct recorded *r = dialled(HEAD "  - A -> P: INVITE\n    lose: 2\n  - P -> A: 407\n");
    gets(r, OH_NONE, invite_1(r));
    misses(r, 1, 32500);
    ends(r, OH_OUTCOME_STUCK, "stuck");
    const struct oh_finding *f = finding(judged(r), "flow.missing");
    assert_int_equal(f->result, OH_RESULT_FAIL);
    assert_non_null(strstr(f->text, "came 1 time, which the flow has lost, and never again"));
    recorded_free(r);
}

/* RFC 3261 17.1.1.1: T1 may be larger where the way is long */
static void a_copy_that_comes_late_fails_nothing_where_the_first_came_in_time(void **state)
{
    (void)state;
    struct recorded *r = dialled(HEAD "  - A -> P: INVITE\n    lose: 1\n    within: 1 s\n");
    gets(r, OH_NONE, invite_1(r));
    misses(r, 1, 1500);
    r->now += 300 * MS;
    gets(r, 1, invite_1(r));
    ends(r, OH_OUTCOME_COMPLETE, "complete");
    const struct oh_finding *f = finding(judged(r), "flow.late");
    assert_int_equal(f->level, OH_LEVEL_SHOULD);
    assert_non_null(strstr(f->text, "came again 1.8"));
    recorded_free(r);
}

/* --- what crosses --- */

/* 1 INVITE 2 200 3 ACK, 4 the user hangs up; 5 our BYE 6 200 | 7 its BYE 8 200 */
#define CROSSING                                                                                   \
    "title: t\nsource: RFC 3261 15\nneeds: [dial, hangup]\nparties: {A: phone, P: proxy, "         \
    "B: {behind: P, number: \"5551234\"}}\nflow:\n  - A dials B\n  - A -> P: INVITE\n"             \
    "  - P -> A: 200\n  - A -> P: ACK\n  - A hangs up\n  - any order:\n"                           \
    "      - - P -> A: BYE\n        - A -> P: 200\n"                                               \
    "      - - A -> P: BYE\n        - P -> A: 200\n"
#define OUR_BYE                                                                                    \
    "BYE sip:alice@127.0.0.2:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKo\r\n"  \
    "Max-Forwards: 70\r\nFrom: <sip:5551234@127.0.0.1:5060>;tag=b1\r\n"                            \
    "To: <sip:alice@127.0.0.1:5060>;tag=a1\r\n" CALL_ID "CSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n"

static struct recorded *both_hang_up(void)
{
    struct recorded *r = dialled(CROSSING);
    gets(r, 1, invite_1(r));
    sends(r, 2, answer(r, invite_1(r), 200, "b1", NULL, NULL, true));
    gets(r, 3, request_text(r, "ACK", INSIDE, "three", "b1", 1, ROUTE, ""));
    told(r, 4);
    confirmed(r, 4);
    return r;
}

static const char *bye_answer(struct recorded *r, unsigned status)
{
    struct oh_sip_msg *m = oh_sip_msg_parse(oh_span_of(OUR_BYE));
    struct oh_draft *d = oh_draft_response(m, &r->phone, status, NULL, NULL);
    struct oh_text text = {0};
    oh_draft_format(d, &text);
    oh_draft_free(d);
    oh_sip_msg_free(m);
    return recorded_keep(r, oh_text_take(&text));
}

static void who_got_our_bye_first_owes_none(void **state)
{
    (void)state;
    struct recorded *r = both_hang_up();
    sends(r, 5, OUR_BYE);
    gets(r, 6, bye_answer(r, 200));
    misses(r, 7, 32500);
    ends(r, OH_OUTCOME_STUCK, "stuck");
    const struct oh_finding *f = finding(judged(r), "flow.missing");
    assert_int_equal(f->result, OH_RESULT_NOT_CHECKABLE);
    assert_non_null(strstr(f->text, "which of the two came first"));
    assert_int_equal(r->verdict->word, OH_WORD_INCONCLUSIVE);
    recorded_free(r);
}

/* RFC 3261 15.1.2: there is no call any more */
static void who_hung_up_first_may_know_our_bye_no_more(void **state)
{
    (void)state;
    struct recorded *r = both_hang_up();
    const char *its = request_text(r, "BYE", INSIDE, "four", "b1", 2, ROUTE, "");
    gets(r, 7, its);
    sends(r, 5, OUR_BYE);
    sends(r, 8, answer(r, its, 200, NULL, NULL, NULL, false));
    gets(r, 6, bye_answer(r, 481));
    ends(r, OH_OUTCOME_COMPLETE, "complete");
    const struct oh_finding *f = finding(judged(r), "flow.status");
    assert_int_equal(f->result, OH_RESULT_NOT_CHECKABLE);
    assert_int_equal(r->verdict->word, OH_WORD_INCONCLUSIVE);
    recorded_free(r);
}

static void an_answer_is_owed_whatever_crosses_it(void **state)
{
    (void)state;
    struct recorded *r = both_hang_up();
    const char *its = request_text(r, "BYE", INSIDE, "four", "b1", 2, ROUTE, "");
    gets(r, 7, its);
    sends(r, 5, OUR_BYE);
    sends(r, 8, answer(r, its, 200, NULL, NULL, NULL, false));
    misses(r, 6, 32500);
    ends(r, OH_OUTCOME_COMPLETE, "complete");
    assert_int_equal(finding(judged(r), "flow.missing")->result, OH_RESULT_FAIL);
    recorded_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_at_their_times_are_no_finding),
        cmocka_unit_test(a_wrong_gap_is_told_with_all_of_them),
        cmocka_unit_test(a_copy_that_is_missing_or_one_too_many_is_told),
        cmocka_unit_test(what_was_answered_need_not_come_again),
        cmocka_unit_test(a_stall_a_set_clock_or_lost_frames_void_a_schedule),
        cmocka_unit_test(repeats_of_a_2xx_are_a_should),
        cmocka_unit_test(a_message_within_its_window_is_no_finding),
        cmocka_unit_test(a_message_outside_its_window_is_told_with_its_time),
        cmocka_unit_test(a_stall_of_our_own_voids_a_window),
        cmocka_unit_test(steps_of_a_way_not_taken_are_skipped_without_findings),
        cmocka_unit_test(where_no_way_is_taken_one_finding_names_them_all),
        cmocka_unit_test(copies_that_the_flow_loses_reach_nothing),
        cmocka_unit_test(who_got_our_bye_first_owes_none),
        cmocka_unit_test(who_hung_up_first_may_know_our_bye_no_more),
        cmocka_unit_test(an_answer_is_owed_whatever_crosses_it),
        cmocka_unit_test(a_copy_that_comes_late_fails_nothing_where_the_first_came_in_time),
        cmocka_unit_test(one_that_never_comes_again_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
