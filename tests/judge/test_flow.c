/* Recordings made by hand, and what the judge says of what did come. */
#include "support/call_407.h"

static struct recorded *new_call(void)
{
    return recorded_new(CALL_407);
}

/* The healthy call with another second INVITE. */
static const struct oh_verdict *with_second_invite(struct recorded *r, const char *second,
                                                   bool strict)
{
    to_refusal(r);
    gets(r, ACK_1, ack_1(r));
    to_answer(r, second);
    from_ack(r);
    return judge_with(r, strict);
}

static void a_healthy_call_passes_without_findings(void **state)
{
    (void)state;
    struct recorded *r = new_call();
    healthy_call(r);
    const struct oh_verdict *v = judged(r);
    expect_verdict(v, OH_WORD_PASS, NULL);
    assert_null(v->reason);
    for (int i = 0; i <= OK_BYE; i++)
        assert_string_equal(oh_step_word_name(v->steps[i].word), "pass");
    assert_int_equal(v->steps[INVITE_1].time_ns, 0);
    assert_int_equal(v->steps[INVITE_2].frames[0], 4);
    assert_true(v->rules_applied > 0);
    recorded_free(r);
}

static void retransmissions_belong_to_their_step_and_are_no_finding(void **state)
{
    (void)state;
    struct recorded *r = new_call();
    to_refusal(r);
    r->now += 450 * MS; /* T1, but for what has passed */
    gets(r, OH_NONE, invite_1(r));
    sends(r, OH_NONE, refusal(r, invite_1(r)));
    gets(r, ACK_1, ack_1(r));
    gets(r, OH_NONE, ack_1(r));
    to_answer(r, invite_2(r));
    from_ack(r);
    const struct oh_verdict *v = judged(r);
    expect_verdict(v, OH_WORD_PASS, NULL);
    assert_int_equal(v->steps[INVITE_1].frame_count, 2);
    assert_int_equal(v->steps[REFUSED].frame_count, 2);
    assert_int_equal(v->steps[ACK_1].frame_count, 2);
    recorded_free(r);
}

/* --- expectations --- */

static void a_broken_expectation_cites_field_bytes_and_values(void **state)
{
    (void)state;
    struct recorded *r = new_call();
    begins(r);
    told(r, DIALS);
    confirmed(r, DIALS);
    gets(r, INVITE_1, edited(r, invite_1(r), "INVITE sip:5551234@", "INVITE sip:555@"));
    ends(r, OH_OUTCOME_INTERRUPTED, "interrupted by the user");
    const struct oh_verdict *v = judged(r);
    const struct oh_finding *f = finding(v, "expect.request-uri.user");
    assert_int_equal(v->word, OH_WORD_FAIL);
    assert_non_null(f);
    assert_string_equal(f->expected, "5551234");
    assert_string_equal(f->observed, "555");
    assert_int_equal(f->bytes_from, strlen("INVITE sip:"));
    assert_int_equal(f->bytes_to, strlen("INVITE sip:555"));
    assert_string_equal(oh_step_word_name(v->steps[INVITE_1].word), "fail");
    recorded_free(r);
}

static void a_broken_should_warns_and_fails_only_when_strict(void **state)
{
    (void)state;
    struct recorded *r = new_call();
    begins(r);
    told(r, DIALS);
    confirmed(r, DIALS);
    r->run->scenario_text[0] = 't';
    free(r->run->scenario_text);
    r->run->scenario_text =
        oh_strdup("title: t\nsource: RFC 3261 13\nneeds: [dial]\n"
                  "parties: {A: phone, P: proxy, B: {behind: P, number: \"5551234\"}}\n"
                  "flow:\n  - A dials B\n  - A -> P: INVITE\n    should: {x-mood: good}\n");
    gets(r, INVITE_1, invite_1(r));
    ends(r, OH_OUTCOME_COMPLETE, "");
    const struct oh_verdict *v = judged(r);
    expect_verdict(v, OH_WORD_PASS, "expect.x-mood", NULL);
    assert_int_equal(finding(v, "expect.x-mood")->result, OH_RESULT_WARN);
    assert_string_equal(oh_step_word_name(v->steps[INVITE_1].word), "warn");
    v = judge_with(r, true);
    expect_verdict(v, OH_WORD_FAIL, "expect.x-mood", NULL);
    recorded_free(r);
}

static void an_expectation_and_a_rule_on_one_field_are_one_finding(void **state)
{
    (void)state;
    struct recorded *r = new_call();
    char *wrong = oh_strdup(invite_2(r));
    char *digit = strstr(wrong, "response=\"") + strlen("response=\"");
    *digit = *digit == '0' ? '1' : '0';
    const struct oh_verdict *v = with_second_invite(r, recorded_keep(r, wrong), false);
    assert_int_equal(v->word, OH_WORD_FAIL);
    assert_null(finding(v, "expect.proxy-authorization"));
    size_t about_credentials = 0;
    for (size_t i = 0; i < v->finding_count; i++) {
        const struct oh_finding *f = &v->findings[i];
        about_credentials +=
            f->step == INVITE_2 && f->field && strncmp(f->field, "proxy-authorization", 19) == 0;
    }
    assert_int_equal(about_credentials, 1);
    assert_string_equal(oh_step_word_name(v->steps[INVITE_2].word), "fail");
    recorded_free(r);
}

static void without_secrets_credentials_are_not_checkable(void **state)
{
    (void)state;
    struct recorded *r = new_call();
    free(r->run->secrets[0].seat);
    free(r->run->secrets[0].username);
    free(r->run->secrets[0].password);
    r->run->secret_count = 0;
    healthy_call(r);
    const struct oh_verdict *v = judged(r);
    expect_verdict(v, OH_WORD_INCONCLUSIVE, "expect.proxy-authorization", NULL);
    assert_int_equal(v->findings[0].result, OH_RESULT_NOT_CHECKABLE);
    assert_non_null(strstr(v->reason, "password is not known"));
    assert_true(v->rules_not_checkable > 0);
    recorded_free(r);
}

/* --- status, order, destination, what is not listed --- */

#define CALL_IN                                                                                    \
    "title: t\nsource: RFC 3261 13\nneeds: [answer, rtp]\n"                                        \
    "parties: {A: phone, P: proxy, B: {behind: P, number: \"5551234\"}}\n"                         \
    "flow:\n  - P -> A: INVITE\n  - A -> P: 100\n    optional: true\n  - A -> P: 180\n"            \
    "  - A answers\n  - A -> P: 200\n  - P -> A: ACK\n  - A <-> B: RTP\n    for: 1 s\n"            \
    "  - P -> A: BYE\n  - A -> P: 200\n"

static const char *our_request(struct recorded *r, const char *method, const char *branch,
                               unsigned cseq, const char *to_tag)
{
    return recorded_keep(
        r, oh_format("%s sip:alice@127.0.0.2:5060 SIP/2.0\r\n"
                     "Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK%s\r\nMax-Forwards: 70\r\n"
                     "From: <sip:5551234@127.0.0.1:5060>;tag=b7\r\n"
                     "To: <sip:alice@127.0.0.1:5060>%s%s\r\nCall-ID: in@127.0.0.3\r\n"
                     "CSeq: %u %s\r\nContact: <sip:5551234@127.0.0.3:5070>\r\n"
                     "Allow: INVITE, ACK, CANCEL, OPTIONS, BYE\r\nSupported: \r\n"
                     "Content-Length: 0\r\n\r\n",
                     method, branch, *to_tag ? ";tag=" : "", to_tag, cseq, method));
}

static const char *phone_answers(struct recorded *r, const char *request, unsigned status)
{
    struct oh_sip_msg *m = oh_sip_msg_parse(oh_span_of(request));
    struct oh_draft *d = oh_draft_response(m, &r->proxy, status, NULL, "a7");
    struct oh_text text = {0};
    if (status > 100 && status < 300)
        oh_draft_add(d, "Contact", "%s", "<sip:alice@127.0.0.2:5060>");
    if (status == 200) {
        oh_draft_add(d, "Allow", "%s", "INVITE, ACK, CANCEL, BYE");
        oh_draft_add(d, "Supported", "%s", "");
    }
    if (status == 200 && oh_sip_msg_is_method(m, "INVITE"))
        oh_draft_body(d, "application/sdp", oh_span_of(CALL_SDP));
    oh_draft_format(d, &text);
    oh_draft_free(d);
    oh_sip_msg_free(m);
    return recorded_keep(r, oh_text_take(&text));
}

static void another_final_status_is_one_finding_and_no_cascade(void **state)
{
    (void)state;
    struct recorded *r = recorded_new(CALL_IN);
    const char *invite = our_request(r, "INVITE", "in1", 1, "");
    begins(r);
    sends(r, 0, invite);
    gets(r, 2, phone_answers(r, invite, 180));
    told(r, 3);
    confirmed(r, 3);
    gets(r, 4, phone_answers(r, invite, 486));
    sends(r, 5, our_request(r, "ACK", "in1", 1, "a7"));
    media_over(r, 6, 1000);
    ends(r, OH_OUTCOME_STUCK, "P -> A: BYE cannot be sent: there is no dialog for it");
    const struct oh_verdict *v = judged(r);
    expect_verdict(v, OH_WORD_FAIL, "flow.status", NULL);
    const struct oh_finding *f = finding(v, "flow.status");
    assert_string_equal(f->expected, "200");
    assert_string_equal(f->observed, "486");
    assert_string_equal(oh_step_word_name(v->steps[1].word), "skipped");
    assert_string_equal(oh_step_word_name(v->steps[4].word), "fail");
    assert_string_equal(oh_step_word_name(v->steps[6].word), "not-reached");
    recorded_free(r);
}

static void a_refusal_before_the_user_answers_reaches_the_awaited_180(void **state)
{
    (void)state;
    struct recorded *r = recorded_new(CALL_IN);
    const char *invite = our_request(r, "INVITE", "in1", 1, "");
    begins(r);
    sends(r, 0, invite);
    gets(r, 2, phone_answers(r, invite, 486));
    sends(r, OH_NONE, our_request(r, "ACK", "in1", 1, "a7"));
    told(r, 3);
    recorded_journal(r, OH_JOURNAL_REFUSED, 3, OH_NONE);
    ends(r, OH_OUTCOME_ACTION_REFUSED, "A answers: no call");
    const struct oh_verdict *v = judged(r);
    expect_verdict(v, OH_WORD_FAIL, "flow.status", NULL);
    assert_string_equal(oh_step_word_name(v->steps[3].word), "inconclusive");
    recorded_free(r);
}

static void a_message_after_a_later_one_is_out_of_order(void **state)
{
    (void)state;
    struct recorded *r = new_call();
    to_refusal(r);
    gets(r, INVITE_2, invite_2(r));
    gets(r, ACK_1, ack_1(r));
    sends(r, RINGING, answer(r, invite_2(r), 180, "b1", NULL, NULL, false));
    sends(r, OK, answer(r, invite_2(r), 200, "b1", NULL, NULL, true));
    from_ack(r);
    const struct oh_verdict *v = judged(r);
    expect_verdict(v, OH_WORD_PASS, "flow.order", NULL);
    assert_int_equal(finding(v, "flow.order")->result, OH_RESULT_WARN);
    assert_int_equal(finding(v, "flow.order")->step, ACK_1);
    recorded_free(r);
}

static void a_message_to_another_party_is_found(void **state)
{
    (void)state;
    struct recorded *r = new_call();
    to_refusal(r);
    gets(r, ACK_1, ack_1(r));
    to_answer(r, invite_2(r));
    gets_at(r, &r->peer, ACK_2, ack_2(r));
    talk(r);
    hang_up(r);
    ends(r, OH_OUTCOME_COMPLETE, "");
    const struct oh_verdict *v = judged(r);
    expect_verdict(v, OH_WORD_FAIL, "flow.destination", NULL);
    assert_string_equal(finding(v, "flow.destination")->expected, "P");
    assert_string_equal(finding(v, "flow.destination")->observed, "127.0.0.3:5070, which is B");
    recorded_free(r);
}

static void a_message_that_no_socket_of_ours_got_is_found_and_not_missing(void **state)
{
    (void)state;
    struct recorded *r = new_call();
    to_refusal(r);
    gets(r, ACK_1, ack_1(r));
    strays(r, invite_2(r));
    misses(r, INVITE_2, 32000);
    ends(r, OH_OUTCOME_STUCK, "P -> A: 180 cannot be sent");
    const struct oh_verdict *v = judged(r);
    assert_int_equal(r->recording->strays, 1);
    expect_verdict(v, OH_WORD_FAIL, "flow.destination", NULL);
    assert_string_equal(finding(v, "flow.destination")->observed, "127.0.0.9:5099");
    recorded_free(r);
}

static void a_stray_does_not_take_the_step_from_what_arrived(void **state)
{
    (void)state;
    struct recorded *r = new_call();
    to_refusal(r);
    gets(r, ACK_1, ack_1(r));
    strays(r, edited(r, invite_2(r), "z9hG4bKtwo", "z9hG4bKelsewhere"));
    to_answer(r, invite_2(r));
    from_ack(r);
    const struct oh_verdict *v = judged(r);
    assert_true(v->word != OH_WORD_ERROR);
    assert_null(finding(v, "flow.destination"));
    recorded_free(r);
}

static const char *odd_request(struct recorded *r, const char *method)
{
    return edited(
        r, edited(r, request_text(r, method, OUTSIDE, method, "", 44, "", ""), "c1@127", "c9@127"),
        "tag=a1", "tag=a9");
}

static const struct oh_verdict *with_odd_request(struct recorded *r, const char *method)
{
    to_refusal(r);
    gets(r, ACK_1, ack_1(r));
    gets(r, OH_NONE, odd_request(r, method));
    sends(r, OH_NONE, answer(r, odd_request(r, method), 200, "x1", NULL, NULL, false));
    to_answer(r, invite_2(r));
    from_ack(r);
    return judged(r);
}

static void what_the_flow_does_not_list_is_judged_by_others(void **state)
{
    (void)state;
    static const struct {
        const char *others;
        enum oh_word word;
        int findings;
    } policies[] = {{"others: report\n", OH_WORD_PASS, 1},
                    {"others: must\n", OH_WORD_FAIL, 1},
                    {"others: tolerate\n", OH_WORD_PASS, 0}};
    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++) {
        char *text = oh_format("%s%s%s", CALL_407_HEAD, policies[i].others, CALL_407_REST);
        struct recorded *r = recorded_new(text);
        const struct oh_verdict *v = with_odd_request(r, "MESSAGE");
        assert_int_equal(v->word, policies[i].word);
        const struct oh_finding *f = finding(v, "flow.unexpected");
        assert_int_equal(f != NULL, policies[i].findings);
        if (f)
            assert_string_equal(f->method, "MESSAGE");
        free(text);
        recorded_free(r);
    }
}

static void background_traffic_is_no_finding(void **state)
{
    (void)state;
    static const char *const methods[] = {"OPTIONS", "SUBSCRIBE", "PUBLISH"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        struct recorded *r = new_call();
        assert_null(finding(with_odd_request(r, methods[i]), "flow.unexpected"));
        recorded_free(r);
    }
}

static void a_third_party_at_our_socket_is_nobodys(void **state)
{
    (void)state;
    struct recorded *r = new_call();
    struct oh_addr scanner = recorded_addr("127.0.0.77:9999");
    const char *probe = odd_request(r, "OPTIONS");
    to_refusal(r);
    oh_run_tap(r->run, r->now, "P", false, &r->proxy, &scanner, oh_span_of(probe));
    recorded_wire(r, &scanner, &r->proxy, probe);
    gets(r, ACK_1, ack_1(r));
    to_answer(r, invite_2(r));
    from_ack(r);
    expect_verdict(judged(r), OH_WORD_PASS, NULL);
    recorded_free(r);
}

#define ASKED                                                                                      \
    "title: t\nsource: RFC 3261 11\nparties: {A: phone, P: proxy}\n"                               \
    "flow:\n  - P -> A: OPTIONS\n  - A -> P: 200\n"

static const char *of_call(struct recorded *r, const char *start, const char *to_tag,
                           const char *call)
{
    return recorded_keep(
        r, oh_format("%s\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK%s\r\n%s"
                     "From: <sip:p@127.0.0.1>;tag=f%s\r\nTo: <sip:a@127.0.0.2>%s\r\n"
                     "Call-ID: %s\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
                     start, call, *to_tag ? "" : "Max-Forwards: 70\r\n", call, to_tag, call));
}

static void an_answer_of_another_call_is_one_finding(void **state)
{
    (void)state;
    for (int other = 0; other < 2; other++) {
        struct recorded *r = recorded_new(ASKED);
        begins(r);
        sends(r, 0, of_call(r, "OPTIONS sip:a@127.0.0.2 SIP/2.0", "", "mine"));
        gets(r, 1, of_call(r, "SIP/2.0 200 OK", ";tag=t", other ? "others" : "mine"));
        ends(r, OH_OUTCOME_COMPLETE, "");
        const struct oh_verdict *v = judged(r);
        expect_verdict(v, other ? OH_WORD_FAIL : OH_WORD_PASS, other ? "flow.other-call" : NULL,
                       NULL);
        if (other)
            assert_string_equal(finding(v, "flow.other-call")->observed, "others");
        recorded_free(r);
    }
}

/* Noise is told and weighs nothing; keep-alives are none. */
static void noise_is_told_and_weighs_nothing(void **state)
{
    (void)state;
    static const struct oh_span noise[] = {{"\xff\x00x", 3}, {"hello", 5}};
    static const struct oh_span quiet[] = {
        {"\r\n\r\n", 4}, {"", 0}, {"\0\1\0\0\x21\x12\xa4\x42 transaction", 20}};
    for (int loud = 0; loud < 2; loud++) {
        struct recorded *r = recorded_new(ASKED);
        const struct oh_run_seat *phone = &r->run->seats[0], *ours = &r->run->seats[1];
        begins(r);
        for (size_t i = 0; i < 3; i++)
            oh_run_tap(r->run, r->run->started_wall_ns, "P", false, &ours->sip, &phone->sip,
                       loud ? noise[i % 2] : quiet[i]);
        sends(r, 0, of_call(r, "OPTIONS sip:a@127.0.0.2 SIP/2.0", "", "mine"));
        gets(r, 1, of_call(r, "SIP/2.0 200 OK", ";tag=t", "mine"));
        ends(r, OH_OUTCOME_COMPLETE, "");
        const struct oh_verdict *v = judged(r);
        assert_int_equal(v->word, OH_WORD_PASS);
        assert_int_equal(v->finding_count, loud);
        if (loud)
            assert_non_null(strstr(finding(v, "flow.noise")->text, "3 datagrams of the phone"));
        recorded_free(r);
    }
}

static void a_phone_that_hangs_up_by_itself_is_told_once(void **state)
{
    (void)state;
    struct recorded *r = new_call();
    to_refusal(r);
    gets(r, ACK_1, ack_1(r));
    to_answer(r, invite_2(r));
    gets(r, ACK_2, ack_2(r));
    gets(r, BYE, bye(r));
    ends(r, OH_OUTCOME_STUCK, "the phone ended the call by itself");
    const struct oh_verdict *v = judged(r);
    expect_verdict(v, OH_WORD_FAIL, "flow.early", NULL);
    assert_non_null(strstr(finding(v, "flow.early")->text, "ended the call by itself"));
    assert_string_equal(oh_step_word_name(v->steps[TALK].word), "not-reached");
    recorded_free(r);
}

/* Told first, by the player's order; but the wire shows who was first. */
static void what_left_the_phone_before_its_user_was_told_is_early(void **state)
{
    (void)state;
    for (int by_ms = 1; by_ms >= -1; by_ms -= 2) {
        struct recorded *r = new_call();
        to_refusal(r);
        gets(r, ACK_1, ack_1(r));
        to_answer(r, invite_2(r));
        gets(r, ACK_2, ack_2(r));
        talk(r);
        told(r, HANGS_UP);
        int64_t *told_ns = &r->run->journal[r->run->journal_count - 1].wall_ns;
        confirmed(r, HANGS_UP);
        gets(r, BYE, bye(r));
        *told_ns = r->trace->msgs[r->trace->msg_count - 1].time_ns + by_ms * MS;
        sends(r, OK_BYE, answer(r, bye(r), 200, NULL, NULL, NULL, false));
        ends(r, OH_OUTCOME_COMPLETE, "");
        const struct oh_verdict *v = judged(r);
        if (by_ms > 0) {
            expect_verdict(v, OH_WORD_FAIL, "flow.early", NULL);
            assert_non_null(strstr(finding(v, "flow.early")->text, "1.0 ms before A hangs up"));
        } else {
            assert_int_equal(v->word, OH_WORD_PASS);
        }
        recorded_free(r);
    }
}

#define SILENT                                                                                     \
    "title: t\nsource: RFC 3261 13\nneeds: [dial]\nparties: {A: phone, P: proxy, B: {behind: P, "  \
    "number: \"5551234\"}}\nflow:\n  - A dials B\n  - A -> P: INVITE\n  - P -> A: 486\n"           \
    "  - A -> P: ACK\n  - nothing for: 5 s\n  - A -> P: MESSAGE\n  - P -> A: 200\n"

static void to_silence(struct recorded *r)
{
    begins(r);
    told(r, 0);
    confirmed(r, 0);
    gets(r, 1, invite_1(r));
    sends(r, 2, answer(r, invite_1(r), 486, "p1", NULL, NULL, false));
    gets(r, 3, ack_1(r));
}

static void silence_that_is_kept_is_no_finding(void **state)
{
    (void)state;
    struct recorded *r = recorded_new(SILENT);
    to_silence(r);
    gets(r, OH_NONE, ack_1(r));                    /* a repeat */
    gets(r, OH_NONE, odd_request(r, "SUBSCRIBE")); /* background */
    media_over(r, 4, 5000);
    gets(r, 5, odd_request(r, "MESSAGE"));
    sends(r, 6, answer(r, odd_request(r, "MESSAGE"), 200, "x1", NULL, NULL, false));
    ends(r, OH_OUTCOME_COMPLETE, "");
    const struct oh_verdict *v = judged(r);
    assert_null(finding(v, "flow.not-silent"));
    assert_string_equal(oh_step_word_name(v->steps[4].word), "pass");
    recorded_free(r);
}

static void silence_is_broken_by_what_is_not_listed_or_too_early(void **state)
{
    (void)state;
    for (int listed = 0; listed < 2; listed++) {
        struct recorded *r = recorded_new(SILENT);
        to_silence(r);
        gets(r, listed ? 5 : OH_NONE, odd_request(r, listed ? "MESSAGE" : "INFO"));
        if (!listed)
            media_over(r, 4, 5000);
        ends(r, OH_OUTCOME_INTERRUPTED, "");
        const struct oh_verdict *v = judged(r);
        assert_int_equal(v->word, OH_WORD_FAIL);
        assert_int_equal(finding(v, "flow.not-silent")->step, 4);
        assert_null(finding(v, "flow.unexpected"));
        assert_string_equal(oh_step_word_name(v->steps[4].word), "fail");
        recorded_free(r);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_healthy_call_passes_without_findings),
        cmocka_unit_test(retransmissions_belong_to_their_step_and_are_no_finding),
        cmocka_unit_test(a_broken_expectation_cites_field_bytes_and_values),
        cmocka_unit_test(a_broken_should_warns_and_fails_only_when_strict),
        cmocka_unit_test(an_expectation_and_a_rule_on_one_field_are_one_finding),
        cmocka_unit_test(without_secrets_credentials_are_not_checkable),
        cmocka_unit_test(another_final_status_is_one_finding_and_no_cascade),
        cmocka_unit_test(a_refusal_before_the_user_answers_reaches_the_awaited_180),
        cmocka_unit_test(a_message_after_a_later_one_is_out_of_order),
        cmocka_unit_test(a_message_to_another_party_is_found),
        cmocka_unit_test(a_message_that_no_socket_of_ours_got_is_found_and_not_missing),
        cmocka_unit_test(a_stray_does_not_take_the_step_from_what_arrived),
        cmocka_unit_test(what_the_flow_does_not_list_is_judged_by_others),
        cmocka_unit_test(background_traffic_is_no_finding),
        cmocka_unit_test(a_third_party_at_our_socket_is_nobodys),
        cmocka_unit_test(an_answer_of_another_call_is_one_finding),
        cmocka_unit_test(noise_is_told_and_weighs_nothing),
        cmocka_unit_test(a_phone_that_hangs_up_by_itself_is_told_once),
        cmocka_unit_test(what_left_the_phone_before_its_user_was_told_is_early),
        cmocka_unit_test(silence_that_is_kept_is_no_finding),
        cmocka_unit_test(silence_is_broken_by_what_is_not_listed_or_too_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
