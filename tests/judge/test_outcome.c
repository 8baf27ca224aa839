/* How a run ended, and the word that the scenario gets; faults of our own; floods. */
#include "support/call_407.h"

#include "judge/internal.h"

#include <time.h>

static struct recorded *new_call(void)
{
    return recorded_new(CALL_407);
}

/* --- outcomes: each its word, none with a cascade --- */

static void a_run_that_ends_early_has_its_word_and_no_cascade(void **state)
{
    (void)state;
    static const struct {
        enum oh_outcome outcome;
        enum oh_word word;
        const char *finding;
    } cases[] = {
        {OH_OUTCOME_PRECONDITION, OH_WORD_INCONCLUSIVE, NULL},
        {OH_OUTCOME_INTERRUPTED, OH_WORD_INCONCLUSIVE, NULL},
        {OH_OUTCOME_PHONE_KILLED, OH_WORD_INCONCLUSIVE, NULL},
        {OH_OUTCOME_ACTION_REFUSED, OH_WORD_INCONCLUSIVE, NULL},
        {OH_OUTCOME_STUCK, OH_WORD_INCONCLUSIVE, NULL},
        {OH_OUTCOME_PHONE_DIED, OH_WORD_FAIL, "phone.died"},
        {OH_OUTCOME_PHONE_HUNG, OH_WORD_FAIL, "phone.hung"},
        {OH_OUTCOME_BENCH, OH_WORD_ERROR, NULL},
        {OH_OUTCOME_SKIPPED, OH_WORD_SKIP, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct recorded *r = new_call();
        if (cases[i].outcome != OH_OUTCOME_SKIPPED && cases[i].outcome != OH_OUTCOME_PRECONDITION) {
            to_refusal(r);
            gets(r, ACK_1, ack_1(r));
        }
        ends(r, cases[i].outcome, "what happened");
        const struct oh_verdict *v = judged(r);
        expect_verdict(v, cases[i].word, cases[i].finding, NULL);
        assert_non_null(strstr(v->reason, "what happened"));
        assert_string_equal(oh_step_word_name(v->steps[INVITE_2].word), "not-reached");
        assert_string_equal(oh_step_word_name(v->steps[OK_BYE].word), "not-reached");
        recorded_free(r);
    }
}

static void a_dead_phones_last_words_are_told_printably(void **state)
{
    (void)state;
    struct recorded *r = new_call();
    to_refusal(r);
    r->run->phone_output = oh_strdup("first\nSegmentation fault \x1b[0m\n");
    ends(r, OH_OUTCOME_PHONE_DIED, "the phone crashed (SIGSEGV)");
    const struct oh_verdict *v = judged(r);
    expect_verdict(v, OH_WORD_FAIL, "phone.died", NULL);
    assert_non_null(strstr(v->findings[0].observed, "Segmentation fault \\x1B[0m"));
    assert_non_null(strstr(v->findings[0].text, "the flow was at: A -> P: ACK"));
    recorded_free(r);
}

static void what_a_hung_phone_owes_is_no_finding_of_its_own(void **state)
{
    (void)state;
    static const enum oh_outcome outcomes[] = {OH_OUTCOME_PHONE_HUNG, OH_OUTCOME_PHONE_KILLED};
    for (size_t i = 0; i < 2; i++) {
        struct recorded *r = new_call();
        to_refusal(r);
        gets(r, ACK_1, ack_1(r));
        to_answer(r, invite_2(r));
        misses(r, ACK_2, 32000);
        media_over(r, TALK, 1000);
        told(r, HANGS_UP);
        ends(r, outcomes[i], "no answer to its driver");
        expect_verdict(judged(r), i ? OH_WORD_INCONCLUSIVE : OH_WORD_FAIL, i ? NULL : "phone.hung",
                       NULL);
        recorded_free(r);
    }
}

static void a_broken_must_outweighs_an_interruption(void **state)
{
    (void)state;
    struct recorded *r = new_call();
    begins(r);
    told(r, DIALS);
    gets(r, INVITE_1, edited(r, invite_1(r), "INVITE sip:5551234@", "INVITE sip:555@"));
    ends(r, OH_OUTCOME_INTERRUPTED, "interrupted by the user");
    assert_int_equal(judged(r)->word, OH_WORD_FAIL);
    recorded_free(r);
}

/* --- our own faults --- */

static void a_broken_must_in_our_own_message_is_an_error(void **state)
{
    (void)state;
    struct recorded *r = new_call();
    to_refusal(r);
    gets(r, ACK_1, ack_1(r));
    gets(r, INVITE_2, invite_2(r));
    const char *ringing = answer(r, invite_2(r), 180, "b1", NULL, NULL, false);
    sends(r, RINGING, edited(r, ringing, "CSeq: 2 INVITE", "CSeq: 5 INVITE"));
    sends(r, OK, answer(r, invite_2(r), 200, "b1", NULL, NULL, true));
    from_ack(r);
    const struct oh_verdict *v = judged(r);
    assert_int_equal(v->word, OH_WORD_ERROR);
    assert_non_null(strstr(v->reason, "offhook's own message breaks"));
    recorded_free(r);
}

static void what_is_wrong_on_purpose_is_no_error(void **state)
{
    (void)state;
    struct recorded *r = new_call();
    to_refusal(r);
    gets(r, ACK_1, ack_1(r));
    gets(r, INVITE_2, invite_2(r));
    const char *ringing = answer(r, invite_2(r), 180, "b1", NULL, NULL, false);
    sends(r, RINGING, edited(r, ringing, "CSeq: 2 INVITE", "CSeq: 5 INVITE"));
    r->run->tap[r->run->tap_count - 1].ours_on_purpose = true;
    sends(r, OK, answer(r, invite_2(r), 200, "b1", NULL, NULL, true));
    from_ack(r);
    assert_int_equal(judged(r)->word, OH_WORD_PASS);
    recorded_free(r);
}

static void player_and_judge_that_disagree_are_an_error(void **state)
{
    (void)state;
    enum { OTHER_STEP, NO_STEP, GIVEN_UP };
    for (int how = OTHER_STEP; how <= GIVEN_UP; how++) {
        struct recorded *r = new_call();
        to_refusal(r);
        gets(r, how == OTHER_STEP ? ACK_2 : how == NO_STEP ? OH_NONE : ACK_1, ack_1(r));
        if (how == GIVEN_UP)
            misses(r, ACK_1, 1000);
        to_answer(r, invite_2(r));
        from_ack(r);
        const struct oh_verdict *v = judged(r);
        assert_int_equal(v->word, OH_WORD_ERROR);
        assert_non_null(strstr(v->reason, "offhook's own fault"));
        recorded_free(r);
    }
}

static void what_comes_after_the_last_step_is_no_disagreement(void **state)
{
    (void)state;
    struct recorded *r =
        recorded_new("title: t\nsource: RFC 3261 13\nneeds: [dial]\n"
                     "parties: {A: phone, P: proxy, B: {behind: P, number: \"5551234\"}}\n"
                     "flow:\n  - A dials B\n  - A -> P: INVITE\n  - P -> A: 486\n  - A -> P: ACK\n"
                     "    optional: true\n");
    begins(r);
    told(r, DIALS);
    gets(r, INVITE_1, invite_1(r));
    sends(r, REFUSED, answer(r, invite_1(r), 486, "p1", NULL, NULL, false));
    misses(r, ACK_1, 0);
    gets(r, OH_NONE, ack_1(r)); /* the player had ended, its last entry comes only now */
    ends(r, OH_OUTCOME_COMPLETE, "");
    expect_verdict(judged(r), OH_WORD_PASS, NULL);
    recorded_free(r);
}

static void a_step_of_ours_that_equals_an_earlier_message_is_done(void **state)
{
    (void)state;
    struct recorded *r =
        recorded_new("title: t\nsource: RFC 3261 13\nneeds: [dial]\n"
                     "parties: {A: phone, P: proxy, B: {behind: P, number: \"5551234\"}}\n"
                     "flow:\n  - A dials B\n  - A -> P: INVITE\n  - P -> A: 100\n    after: 1 s\n"
                     "  - P -> A: 486\n  - A -> P: ACK\n");
    const char *trying = answer(r, invite_1(r), 100, NULL, NULL, NULL, false);
    begins(r);
    told(r, 0);
    gets(r, 1, invite_1(r));
    r->now += 200 * MS;
    sends(r, OH_NONE, trying); /* by itself, RFC 3261 17.2.1 */
    r->now += 800 * MS;
    sends(r, 2, trying);
    sends(r, 3, answer(r, invite_1(r), 486, "p1", NULL, NULL, false));
    gets(r, 4, ack_1(r));
    ends(r, OH_OUTCOME_COMPLETE, "");
    const struct oh_verdict *v = judged(r);
    expect_verdict(v, OH_WORD_PASS, NULL);
    assert_int_equal(v->steps[2].frame_count, 1);
    recorded_free(r);
}

/* --- again, and many --- */

static void same_string(const char *a, const char *b)
{
    assert_int_equal(a == NULL, b == NULL);
    if (a)
        assert_string_equal(a, b);
}

static void same_finding(const struct oh_finding *a, const struct oh_finding *b)
{
    same_string(a->id, b->id);
    same_string(a->clause, b->clause);
    same_string(a->field, b->field);
    same_string(a->expected, b->expected);
    same_string(a->observed, b->observed);
    same_string(a->text, b->text);
    same_string(a->method, b->method);
    assert_int_equal(a->level, b->level);
    assert_int_equal(a->result, b->result);
    assert_int_equal(a->msg, b->msg);
    assert_int_equal(a->step, b->step);
    assert_int_equal(a->about, b->about);
    assert_true(a->time_ns == b->time_ns);
    assert_int_equal(a->bytes_from, b->bytes_from);
    assert_int_equal(a->bytes_to, b->bytes_to);
    assert_int_equal(a->frame_count, b->frame_count);
    assert_memory_equal(a->frames, b->frames, sizeof a->frames);
}

static void judging_twice_gives_the_same(void **state)
{
    (void)state;
    struct recorded *r = new_call();
    to_refusal(r); /* several faults: no ACK, wrong digest, a stray, no BYE */
    to_answer(r, edited(r, invite_2(r), "response=\"", "response=\"0"));
    gets(r, ACK_2, ack_2(r));
    media_over(r, TALK, 1000);
    strays(r, bye(r));
    told(r, HANGS_UP);
    confirmed(r, HANGS_UP);
    misses(r, BYE, 32000);
    ends(r, OH_OUTCOME_STUCK, "no BYE");
    const struct oh_verdict *a = judged(r);
    struct oh_verdict *b = oh_judge(r->recording, NULL);
    assert_true(a->finding_count >= 3);
    assert_int_equal(a->finding_count, b->finding_count);
    assert_int_equal(a->word, b->word);
    same_string(a->reason, b->reason);
    for (size_t i = 0; i < a->finding_count; i++)
        same_finding(&a->findings[i], &b->findings[i]);
    for (int i = 0; i <= OK_BYE; i++)
        assert_memory_equal(&a->steps[i], &b->steps[i], sizeof a->steps[i]);
    assert_int_equal(a->rules_applied, b->rules_applied);
    oh_verdict_free(b);
    recorded_free(r);
}

static void send_odd(struct recorded *r, int n)
{
    char *text = oh_format("MESSAGE " OUTSIDE " SIP/2.0\r\n"
                           "Via: SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bKflood%d\r\n"
                           "Max-Forwards: 70\r\nFrom: <sip:alice@127.0.0.1>;tag=f%d\r\n"
                           "To: <sip:b@127.0.0.1>\r\nCall-ID: flood%d\r\nCSeq: 1 MESSAGE\r\n"
                           "Content-Length: 0\r\n\r\n",
                           n, n, n);
    gets(r, OH_NONE, text);
    free(text);
}

static void a_flood_is_judged_in_bounded_time_and_counted(void **state)
{
    (void)state;
    struct recorded *r = new_call();
    clock_t begin = clock();
    to_refusal(r);
    gets(r, ACK_1, ack_1(r));
    for (int i = 0; i < 2000; i++)
        send_odd(r, i);
    to_answer(r, invite_2(r));
    from_ack(r);
    const struct oh_verdict *v = judged(r);
    size_t unexpected = 0;
    const char *last = NULL;
    for (size_t i = 0; i < v->finding_count; i++) {
        if (strcmp(v->findings[i].id, "flow.unexpected") == 0) {
            unexpected++;
            last = v->findings[i].text;
        }
    }
    assert_int_equal(unexpected, OH_FINDINGS_ALIKE);
    assert_non_null(strstr(last, "(And 1980 more like this.)"));
    assert_true((double)(clock() - begin) / CLOCKS_PER_SEC < 20);
    recorded_free(r);
}

/* --- merging, by findings made by hand --- */

static struct oh_finding *made(struct oh_verdict *v, const char *id, enum oh_level level,
                               const char *field, int msg, int about, int step)
{
    struct oh_finding *f = oh_finding_add(v, id, level, false);
    f->field = oh_strdup(field);
    f->text = oh_strdup(id);
    f->msg = msg;
    f->about = about;
    f->step = step;
    f->is_rule = strchr(id, '/') != NULL;
    return f;
}

static void expect_merged(struct oh_judging *j, const char *kept, const char *other)
{
    oh_merge(j);
    assert_int_equal(j->verdict->finding_count, other ? 2 : 1);
    assert_string_equal(j->verdict->findings[0].id, kept);
    if (other)
        assert_string_equal(j->verdict->findings[1].id, other);
    oh_verdict_free(j->verdict);
    j->verdict = oh_alloc(sizeof *j->verdict);
}

static void of_two_that_say_the_same_one_stays(void **state)
{
    (void)state;
    struct recorded *r = new_call();
    healthy_call(r);
    judged(r);
    struct oh_judging j = {.scenario = r->recording->scenario,
                           .verdict = oh_alloc(sizeof *j.verdict)};
    const enum oh_level must = OH_LEVEL_MUST, should = OH_LEVEL_SHOULD;
    made(j.verdict, "expect.cseq.number", must, "cseq.number", 4, OH_NONE, INVITE_2);
    made(j.verdict, "r/cseq", must, "cseq.number", 4, OH_NONE, INVITE_2);
    expect_merged(&j, "r/cseq", NULL);
    made(j.verdict, "expect.cseq.number", must, "cseq.number", 4, OH_NONE, INVITE_2);
    made(j.verdict, "r/cseq", must, "cseq.number", 5, OH_NONE, INVITE_2); /* another message */
    expect_merged(&j, "expect.cseq.number", "r/cseq");
    made(j.verdict, "expect.call-id", must, "call-id", 4, OH_NONE, INVITE_2);
    made(j.verdict, "r/call-id", should, "call-id", 4, OH_NONE, INVITE_2); /* says less */
    expect_merged(&j, "expect.call-id", NULL);
    made(j.verdict, "expect.proxy-authorization", must, "proxy-authorization", 4, OH_NONE,
         INVITE_2);
    made(j.verdict, "r/response", must, "proxy-authorization.response", 4, OH_NONE, INVITE_2);
    expect_merged(&j, "r/response", NULL);
    made(j.verdict, "expect.call-id", must, "call-id", 4, OH_NONE, INVITE_2)->result =
        OH_RESULT_NOT_CHECKABLE; /* decides the verdict: a mere warning does not replace it */
    made(j.verdict, "r/call-id", should, "call-id", 4, OH_NONE, INVITE_2);
    expect_merged(&j, "expect.call-id", "r/call-id");
    made(j.verdict, "expect.call-id", must, "call-id", 4, OH_NONE, INVITE_2)->result =
        OH_RESULT_NOT_CHECKABLE;
    made(j.verdict, "r/call-id", must, "call-id", 4, OH_NONE, INVITE_2);
    expect_merged(&j, "r/call-id", NULL);
    made(j.verdict, "expect.proxy-authorization", must, "proxy-authorization", 4, OH_NONE,
         INVITE_2);
    made(j.verdict, "r/opaque", should, "proxy-authorization.opaque", 4, OH_NONE, INVITE_2);
    expect_merged(&j, "expect.proxy-authorization", "r/opaque"); /* another part, less severe */
    made(j.verdict, "flow.missing", must, NULL, OH_NONE, 1, ACK_1);
    made(j.verdict, "ack/missing", must, NULL, OH_NONE, 1, OH_NONE);
    expect_merged(&j, "flow.missing", NULL);
    made(j.verdict, "flow.missing", must, NULL, OH_NONE, 1, INVITE_2);
    made(j.verdict, "ack/missing", must, NULL, OH_NONE, 1,
         OH_NONE); /* the ACK is another message */
    expect_merged(&j, "flow.missing", "ack/missing");
    oh_verdict_free(j.verdict);
    recorded_free(r);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_that_ends_early_has_its_word_and_no_cascade),
        cmocka_unit_test(a_dead_phones_last_words_are_told_printably),
        cmocka_unit_test(what_a_hung_phone_owes_is_no_finding_of_its_own),
        cmocka_unit_test(a_broken_must_outweighs_an_interruption),
        cmocka_unit_test(a_broken_must_in_our_own_message_is_an_error),
        cmocka_unit_test(what_is_wrong_on_purpose_is_no_error),
        cmocka_unit_test(player_and_judge_that_disagree_are_an_error),
        cmocka_unit_test(what_comes_after_the_last_step_is_no_disagreement),
        cmocka_unit_test(a_step_of_ours_that_equals_an_earlier_message_is_done),
        cmocka_unit_test(judging_twice_gives_the_same),
        cmocka_unit_test(a_flood_is_judged_in_bounded_time_and_counted),
        cmocka_unit_test(of_two_that_say_the_same_one_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
