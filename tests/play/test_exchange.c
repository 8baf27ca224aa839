/* Transactions on the virtual clock: what is sent again, until when, and what is answered. */
#include "play/twin.h"

#include <time.h>

static void expect_times(const struct twin *t, const int64_t *wanted, size_t count)
{
    assert_int_equal(t->got_count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(t->got[i].at_ms, wanted[i]);
}
#define EXPECT_TIMES(t, ...)                                                                       \
    expect_times(t, (const int64_t[]){__VA_ARGS__},                                                \
                 sizeof(const int64_t[]){__VA_ARGS__} / sizeof(int64_t))

/* RFC 3261 17.1.1.2: timers A and B */
static void an_unanswered_invite_doubles_without_bound_until_64_t1(void **state)
{
    struct twin *t = *state;
    struct oh_exchange *x = our_request(t, "INVITE", NULL);
    run_until_ms(t, 31999);
    assert_false(x->given_up);
    run_until_ms(t, 32001);
    assert_true(x->given_up);
    run_until_ms(t, 100000);
    EXPECT_TIMES(t, 0, 500, 1500, 3500, 7500, 15500, 31500);
}

/* RFC 3261 17.1.2.2: timers E and F */
static void an_unanswered_request_doubles_up_to_t2_until_64_t1(void **state)
{
    struct twin *t = *state;
    struct oh_exchange *x = our_request(t, "OPTIONS", NULL);
    run_until_ms(t, 32001);
    assert_true(x->given_up);
    run_until_ms(t, 100000);
    EXPECT_TIMES(t, 0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500);
}

/* RFC 3261 17.1.2.2: in the proceeding state E is T2 */
static void a_provisional_slows_a_request_down_to_t2_but_does_not_end_it(void **state)
{
    struct twin *t = *state;
    our_request(t, "OPTIONS", NULL);
    phone_answers(t, 0, 100, "");
    run_until_ms(t, 9000);
    EXPECT_TIMES(t, 0, 500, 4500, 8500);
}

/* RFC 3261 17.1.1.2 */
static void a_100_ends_the_repeats_of_an_invite(void **state)
{
    struct twin *t = *state;
    our_request(t, "INVITE", NULL);
    phone_answers(t, 0, 100, "");
    run_until_ms(t, 100000);
    EXPECT_TIMES(t, 0);
    assert_true(oh_exchange_pending(&t->player)); /* a final answer is still owed */
}

/* RFC 3261 17.2.1: timers G and H; 13.3.1.4 for 2xx */
static void expect_repeats_of(struct twin *t, unsigned status)
{
    char *text = request("INVITE", "z9hG4bKa", 1, "a", "");
    const struct oh_sip_msg *m = oh_player_keep(&t->player, oh_sip_msg_parse(oh_span_of(text)));
    struct oh_exchange *x = oh_exchange_server(&t->player, &t->seats[0], &t->seats[1].sip_addr, m);
    oh_exchange_respond(x, oh_draft_response(m, &x->remote, status, NULL, "t"), OH_NONE);
    run_until_ms(t, 31999);
    assert_true(oh_exchange_awaits_ack(x));
    run_until_ms(t, 100000);
    assert_false(oh_exchange_awaits_ack(x));
    EXPECT_TIMES(t, 0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500);
    free(text);
}

static void a_refusal_of_an_invite_is_repeated_until_64_t1(void **state)
{
    expect_repeats_of(*state, 486);
}

static void a_200_to_an_invite_is_repeated_until_64_t1(void **state)
{
    expect_repeats_of(*state, 200);
}

static void an_ack_ends_the_repeats_and_absorbs_the_invite(void **state)
{
    struct twin *t = *state;
    phone_requests(t, "INVITE", "z9hG4bKa", 1, "a", "");
    assert_int_equal(latest(t)->status, 480);
    char *to = oh_format("To: <sip:2@127.9.9.1>;tag=%.*s\r\n",
                         OH_SPAN_FMT(oh_field_text(latest(t), "to.tag")));
    phone_requests(t, "ACK", "z9hG4bKa", 1, "a", to);
    phone_requests(t, "INVITE", "z9hG4bKa", 1, "a", ""); /* a late duplicate */
    run_until_ms(t, 40000);
    assert_int_equal(t->got_count, 1);
    free(to);
}

/* RFC 3261 17.2.1 */
static void a_100_is_sent_at_200_ms_and_only_where_nothing_else_was(void **state)
{
    struct twin *t = *state;
    char *text = request("INVITE", "z9hG4bKa", 1, "a", "");
    const struct oh_sip_msg *m = oh_player_keep(&t->player, oh_sip_msg_parse(oh_span_of(text)));
    oh_exchange_server(&t->player, &t->seats[0], &t->seats[1].sip_addr, m);
    run_until_ms(t, 1000);
    EXPECT_TIMES(t, 200);
    assert_int_equal(latest(t)->status, 100);
    assert_null(oh_field_text(latest(t), "to.tag").at);
    struct oh_exchange *x = oh_exchange_server(&t->player, &t->seats[0], &t->seats[1].sip_addr, m);
    oh_exchange_respond(x, oh_draft_response(m, &x->remote, 180, NULL, "x"), OH_NONE);
    run_until_ms(t, 3000);
    assert_int_equal(got_of(t, "INVITE", 100), 1);
    free(text);
}

/* An ACK belongs to a final response alone. */
static void a_provisional_that_is_overtaken_by_its_final_calls_for_no_ack(void **state)
{
    struct twin *t = *state;
    our_request(t, "INVITE", NULL);
    phone_answers(t, 0, 486, "");
    assert_int_equal(got_of(t, "ACK", 0), 1);
    phone_answers(t, 0, 180, "");
    phone_answers(t, 0, 100, "");
    assert_int_equal(got_of(t, "ACK", 0), 1);
    phone_answers(t, 0, 486, "");
    assert_int_equal(got_of(t, "ACK", 0), 2);
    assert_true(oh_span_equal(oh_field_text(t->got[0].msg, "via.branch"),
                              oh_field_text(latest(t), "via.branch")));
}

/* RFC 3261 17.2.3: without the magic cookie the whole Via, the Request-URI, tags and CSeq tell */
static void a_repeat_of_an_old_phone_without_branch_is_told(void **state)
{
    struct twin *t = *state;
    static const char text[] = "OPTIONS sip:2@127.9.9.1:5060 SIP/2.0\r\n"
                               "Via: SIP/2.0/UDP 127.9.9.2:5060\r\n"
                               "From: <sip:1@127.9.9.1>;tag=a\r\n"
                               "To: <sip:2@127.9.9.1>\r\n"
                               "Call-ID: a\r\n"
                               "CSeq: 1 OPTIONS\r\n\r\n";
    phone_sends(t, text);
    phone_sends(t, text);
    assert_int_equal(t->got_count, 2);
    assert_true(oh_span_equal(t->got[0].msg->bytes, t->got[1].msg->bytes));
    assert_null(t->player.exchanges->next);
}

/* Ports of the sent-by are part of it. */
static void the_same_branch_from_another_sent_by_is_another_transaction(void **state)
{
    struct twin *t = *state;
    phone_requests(t, "OPTIONS", "z9hG4bKa", 1, "a", "");
    char *text = request("OPTIONS", "z9hG4bKa", 1, "a", "");
    char *port = strstr(text, "127.9.9.2:5060");
    memcpy(port, "127.9.9.2:5070", 14);
    phone_sends(t, text);
    assert_non_null(t->player.exchanges->next);
    free(text);
}

/* RFC 3261 18.2.2 and RFC 3581 4: a phone may send from another port than its Via says. */
static void answers_go_where_via_says_and_by_rport_where_the_request_came_from(void **state)
{
    struct twin *t = *state;
    struct oh_error e = {0};
    struct oh_addr other = address("127.9.9.2:50123");
    struct oh_socket *sender =
        oh_udp_open(t->bench.net, "sender", &other, on_phone_datagram, t, &e);
    char *text = request("OPTIONS", "z9hG4bKa", 1, "a", "");
    oh_udp_send(sender, &t->seats[0].sip_addr, oh_span_of(text), &e);
    settle(t);
    assert_true(t->player.exchanges->way.to.port == 5060);
    free(text);
    text = request("OPTIONS", "z9hG4bKb;rport", 1, "b", "");
    oh_udp_send(sender, &t->seats[0].sip_addr, oh_span_of(text), &e);
    settle(t);
    assert_true(t->player.exchanges->way.to.port == 50123);
    free(text);
}

static void ten_thousand_requests_and_acks_are_answered_in_bounded_time(void **state)
{
    struct twin *t = *state;
    struct timespec began, ended;
    clock_gettime(CLOCK_MONOTONIC, &began);
    for (int i = 0; i < 5000; i++) {
        char branch[32], id[32];
        snprintf(branch, sizeof branch, "z9hG4bK%d", i);
        snprintf(id, sizeof id, "call-%d", i);
        phone_requests(t, "INVITE", branch, 1, id, "");
        phone_requests(t, "ACK", branch, 1, id, "");
    }
    clock_gettime(CLOCK_MONOTONIC, &ended);
    assert_int_equal(got_of(t, "INVITE", 480), 5000);
    for (const struct oh_exchange *x = t->player.exchanges; x; x = x->next)
        assert_true(x->acked);
    assert_true(ended.tv_sec - began.tv_sec < 20); /* quadratic with texts: minutes */
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, twin_setup, twin_teardown)
    const struct CMUnitTest tests[] = {
        CASE(an_unanswered_invite_doubles_without_bound_until_64_t1),
        CASE(an_unanswered_request_doubles_up_to_t2_until_64_t1),
        CASE(a_provisional_slows_a_request_down_to_t2_but_does_not_end_it),
        CASE(a_100_ends_the_repeats_of_an_invite),
        CASE(a_refusal_of_an_invite_is_repeated_until_64_t1),
        CASE(a_200_to_an_invite_is_repeated_until_64_t1),
        CASE(an_ack_ends_the_repeats_and_absorbs_the_invite),
        CASE(a_100_is_sent_at_200_ms_and_only_where_nothing_else_was),
        CASE(a_provisional_that_is_overtaken_by_its_final_calls_for_no_ack),
        CASE(a_repeat_of_an_old_phone_without_branch_is_told),
        CASE(the_same_branch_from_another_sent_by_is_another_transaction),
        CASE(answers_go_where_via_says_and_by_rport_where_the_request_came_from),
        CASE(ten_thousand_requests_and_acks_are_answered_in_bounded_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
