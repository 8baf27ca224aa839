/* How calls, requests and registrations end: lawfully, whatever state they are in. */
#include "play/twin.h"

/* Lets the flow hold back what the background would answer at once. */
static void hold_invite(struct twin *t)
{
    char *text =
        request("INVITE", "z9hG4bKinvite", 1, "call", "Contact: <sip:1@127.9.9.2:5060>\r\n");
    const struct oh_sip_msg *m = oh_player_keep(&t->player, oh_sip_msg_parse(oh_span_of(text)));
    struct oh_exchange *x = oh_exchange_server(&t->player, &t->seats[0], &t->seats[1].sip_addr, m);
    x->call = oh_call_incoming(&t->player, x);
    free(text);
}

static struct oh_exchange *answered(struct twin *t, unsigned status)
{
    hold_invite(t);
    struct oh_exchange *x = t->player.exchanges;
    oh_exchange_respond(x, oh_compose_response(&t->player, x, status, NULL), OH_NONE);
    settle(t);
    return x;
}

static char *to_of(const struct twin *t)
{
    return oh_format("To: <sip:2@127.9.9.1>;tag=%.*s\r\n",
                     OH_SPAN_FMT(oh_field_text(latest(t), "to.tag")));
}

/* RFC 3261 15: the callee MUST NOT send BYE before the ACK to its 2xx or the end of waiting for it
 */
static void our_bye_to_a_caller_waits_for_the_ack(void **state)
{
    struct twin *t = *state;
    answered(t, 200);
    char *to = to_of(t);
    oh_call_close_all(&t->player);
    run_until_ms(t, 1000);
    assert_int_equal(got_of(t, "BYE", 0), 0);
    assert_int_equal(got_of(t, "INVITE", 200), 2); /* and is repeated meanwhile */
    phone_requests(t, "ACK", "z9hG4bKack", 1, "call", to);
    oh_call_close_all(&t->player);
    settle(t);
    assert_int_equal(got_of(t, "BYE", 0), 1);
    oh_call_close_all(&t->player);
    settle(t);
    assert_int_equal(got_of(t, "BYE", 0), 1);
    free(to);
}

/* RFC 3261 13.3.1.4 */
static void without_an_ack_our_bye_comes_after_64_t1(void **state)
{
    struct twin *t = *state;
    answered(t, 200);
    run_until_ms(t, 31900);
    oh_call_close_all(&t->player);
    settle(t);
    assert_int_equal(got_of(t, "BYE", 0), 0);
    run_until_ms(t, 32001);
    oh_call_close_all(&t->player);
    settle(t);
    assert_int_equal(got_of(t, "BYE", 0), 1);
}

/* RFC 3261 9.1 */
static void our_cancel_waits_for_a_provisional_and_a_late_200_gets_ack_and_bye(void **state)
{
    struct twin *t = *state;
    our_request(t, "INVITE", NULL);
    oh_call_close_all(&t->player);
    settle(t);
    assert_int_equal(got_of(t, "CANCEL", 0), 0);
    phone_answers(t, 0, 100, "");
    oh_call_close_all(&t->player);
    settle(t);
    assert_int_equal(got_of(t, "CANCEL", 0), 1);
    assert_true(oh_span_equal(oh_field_text(latest(t), "via.branch"),
                              oh_field_text(t->got[0].msg, "via.branch")));
    phone_answers(t, 0, 200, "");
    oh_call_close_all(&t->player);
    settle(t);
    assert_int_equal(got_of(t, "ACK", 0), 1);
    assert_int_equal(got_of(t, "BYE", 0), 1);
    assert_int_equal(got_of(t, "CANCEL", 0), 1);
}

/* What the flow did not come to is done at the end: RFC 3261 13.2.2.4, 17.1.1.3 */
static void a_final_answer_that_the_flow_did_not_acknowledge_is_at_the_end(void **state)
{
    struct twin *t = *state;
    struct oh_exchange *x = our_request(t, "INVITE", NULL);
    phone_answers(t, 0, 200, "");
    assert_int_equal(got_of(t, "ACK", 0), 1);
    x->acked = false; /* as if the flow had an ACK of its own to come */
    oh_call_close_all(&t->player);
    settle(t);
    assert_int_equal(got_of(t, "ACK", 0), 2);
    assert_int_equal(got_of(t, "BYE", 0), 1);
    assert_true(oh_sip_msg_is_method(latest(t), "BYE"));
}

/* RFC 3261 12.1.2: an absent tag is a null tag */
static void a_200_without_a_tag_is_acknowledged_and_ended(void **state)
{
    struct twin *t = *state;
    struct oh_error e = {0};
    struct oh_text wire = {0};
    our_request(t, "INVITE", NULL);
    struct oh_draft *d = oh_draft_response(t->got[0].msg, NULL, 200, NULL, NULL);
    oh_draft_add(d, "Contact", "<sip:1@127.9.9.2:5060>");
    oh_draft_format(d, &wire);
    assert_int_equal(oh_udp_send(t->phone, &t->seats[0].sip_addr, oh_text_span(&wire), &e), 0);
    settle(t);
    assert_int_equal(got_of(t, "ACK", 0), 1);
    oh_call_close_all(&t->player);
    settle(t);
    assert_int_equal(got_of(t, "BYE", 0), 1);
    oh_draft_free(d);
    oh_text_release(&wire);
}

/* The INVITE after a challenge is the call's; the one before has its answer. */
static void a_second_invite_of_the_call_is_the_one_that_is_closed(void **state)
{
    struct twin *t = *state;
    struct oh_exchange *first = answered(t, 407);
    phone_requests(t, "INVITE", "z9hG4bKsecond", 2, "call", "");
    assert_ptr_not_equal(first->call->invite, first);
    assert_int_equal(got_of(t, "INVITE", 480), 1);
}

static void open_requests_get_their_final_answer_at_the_end(void **state)
{
    struct twin *t = *state;
    hold_invite(t);
    char *text = request("INFO", "z9hG4bKinfo", 2, "call", "");
    const struct oh_sip_msg *m = oh_player_keep(&t->player, oh_sip_msg_parse(oh_span_of(text)));
    oh_exchange_server(&t->player, &t->seats[0], &t->seats[1].sip_addr, m);
    oh_background_finish(&t->player);
    settle(t);
    assert_int_equal(got_of(t, "INVITE", 480), 1);
    assert_int_equal(got_of(t, "INFO", 481), 1);
    free(text);
}

/* RFC 3261 9.2; the To tags of both answers SHOULD be the same */
static void a_cancel_gets_200_and_its_invite_487_with_one_tag(void **state)
{
    struct twin *t = *state;
    answered(t, 180);
    phone_requests(t, "CANCEL", "z9hG4bKinvite", 1, "call", "");
    assert_int_equal(got_of(t, "CANCEL", 200), 1);
    assert_int_equal(got_of(t, "INVITE", 487), 1);
    for (size_t i = 1; i < t->got_count; i++)
        assert_true(oh_span_equal(oh_field_text(t->got[0].msg, "to.tag"),
                                  oh_field_text(t->got[i].msg, "to.tag")));
}

static void a_cancel_of_a_re_invite_does_not_end_the_call(void **state)
{
    struct twin *t = *state;
    struct oh_exchange *x = answered(t, 200);
    oh_exchange_acked(x);
    x->call->invite = x;
    x->cancelled = false;
    struct oh_call *c = x->call;
    char *text = request("INVITE", "z9hG4bKre", 2, "call", "To: <sip:2@127.9.9.1>;tag=t\r\n");
    const struct oh_sip_msg *m = oh_player_keep(&t->player, oh_sip_msg_parse(oh_span_of(text)));
    struct oh_exchange *re = oh_exchange_server(&t->player, &t->seats[0], &t->seats[1].sip_addr, m);
    re->call = c;
    c->invite = re;
    phone_requests(t, "CANCEL", "z9hG4bKre", 2, "call", "To: <sip:2@127.9.9.1>;tag=t\r\n");
    assert_int_equal(got_of(t, "INVITE", 487), 1);
    assert_false(c->ended);
    free(text);
}

/* RFC 3261 15.1.2: a pending request is answered as well; a BYE of no dialog gets 481 */
static void a_bye_before_the_final_answer_ends_the_invite_with_487(void **state)
{
    struct twin *t = *state;
    answered(t, 180);
    char *to = to_of(t);
    phone_requests(t, "BYE", "z9hG4bKbye", 2, "call", to);
    assert_int_equal(got_of(t, "BYE", 200), 1);
    oh_background_finish(&t->player);
    settle(t);
    assert_int_equal(got_of(t, "INVITE", 487), 1);
    phone_requests(t, "BYE", "z9hG4bKbye2", 3, "call", to);
    assert_int_equal(got_of(t, "BYE", 481), 1);
    free(to);
}

/* RFC 3261 12.2.2 */
static void an_invite_inside_an_unknown_dialog_gets_481(void **state)
{
    struct twin *t = *state;
    phone_requests(t, "INVITE", "z9hG4bKa", 9, "elsewhere", "To: <sip:2@127.9.9.1>;tag=gone\r\n");
    assert_int_equal(latest(t)->status, 481);
}

/* RFC 6665 4.1.3, RFC 3261 8.2.1 */
static void what_we_do_not_keep_is_refused_as_its_rfc_says(void **state)
{
    static const struct {
        const char *method;
        unsigned status;
    } cases[] = {{"NOTIFY", 481},  {"SUBSCRIBE", 489}, {"PUBLISH", 405}, {"OPTIONS", 200},
                 {"MESSAGE", 200}, {"BYE", 481},       {"INFO", 481},    {"FROBNICATE", 405}};
    struct twin *t = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char branch[32];
        snprintf(branch, sizeof branch, "z9hG4bK%zu", i);
        phone_requests(t, cases[i].method, branch, 1, branch, "");
        assert_int_equal(latest(t)->status, cases[i].status);
        if (cases[i].status == 405)
            assert_non_null(oh_sip_msg_header(latest(t), OH_SIP_ALLOW, 0));
    }
}

static void expect_contacts(const struct twin *t, unsigned status, const char *first,
                            const char *second)
{
    const char *wanted[] = {first, second};
    size_t count = second ? 2 : first ? 1 : 0;
    assert_int_equal(latest(t)->status, status);
    assert_int_equal(oh_sip_msg_value_count(latest(t), OH_SIP_CONTACT), count);
    for (size_t i = 0; i < count; i++) {
        char *value = oh_span_dup(oh_sip_msg_value(latest(t), OH_SIP_CONTACT, i));
        assert_string_equal(value, wanted[i]);
        free(value);
    }
}

/* RFC 3261 10.3 */
static void a_registrar_tells_all_current_bindings_with_their_time(void **state)
{
    struct twin *t = *state;
    phone_requests(t, "REGISTER", "z9hG4bK1", 1, "r",
                   "Contact: <sip:1@127.9.9.2>;expires=60, \"x\" <sip:1@127.9.9.2:6000>\r\n"
                   "Expires: 1800\r\n");
    expect_contacts(t, 200, "<sip:1@127.9.9.2>;expires=60", "<sip:1@127.9.9.2:6000>;expires=1800");
    run_until_ms(t, 20000);
    phone_requests(t, "REGISTER", "z9hG4bK2", 2, "r", ""); /* a question, 10.2.3 */
    expect_contacts(t, 200, "<sip:1@127.9.9.2>;expires=40", "<sip:1@127.9.9.2:6000>;expires=1780");
    run_until_ms(t, 61000);
    phone_requests(t, "REGISTER", "z9hG4bK3", 3, "r",
                   "Contact: <sip:1@127.9.9.2:6000>;expires=0\r\n");
    expect_contacts(t, 200, NULL, NULL);
    assert_null(oh_bindings_contact(&t->slot, oh_net_now(t->bench.net)));
}

static void a_star_removes_all_bindings_and_is_good_for_nothing_else(void **state)
{
    struct twin *t = *state;
    phone_requests(t, "REGISTER", "z9hG4bK1", 1, "r", "Contact: <sip:1@127.9.9.2>\r\n");
    expect_contacts(t, 200, "<sip:1@127.9.9.2>;expires=3600", NULL);
    phone_requests(t, "REGISTER", "z9hG4bK2", 2, "r", "Contact: *\r\nExpires: 60\r\n");
    expect_contacts(t, 400, NULL, NULL);
    phone_requests(t, "REGISTER", "z9hG4bK3", 3, "r",
                   "Contact: *, <sip:1@127.9.9.2>\r\nExpires: 0\r\n");
    expect_contacts(t, 400, NULL, NULL);
    assert_non_null(oh_bindings_contact(&t->slot, oh_net_now(t->bench.net)));
    phone_requests(t, "REGISTER", "z9hG4bK4", 4, "r", "Contact: *\r\nExpires: 0\r\n");
    expect_contacts(t, 200, NULL, NULL);
}

static void an_endless_expiry_is_shortened_and_a_malformed_one_replaced(void **state)
{
    struct twin *t = *state;
    phone_requests(t, "REGISTER", "z9hG4bK1", 1, "r",
                   "Contact: <sip:1@127.9.9.2>;expires=18446744073709551615\r\n");
    expect_contacts(t, 200, "<sip:1@127.9.9.2>;expires=86400", NULL);
    phone_requests(t, "REGISTER", "z9hG4bK2", 2, "r",
                   "Contact: <sip:1@127.9.9.2>;expires=soon\r\n");
    expect_contacts(t, 200, "<sip:1@127.9.9.2>;expires=3600", NULL);
}

static void noise_is_not_answered(void **state)
{
    struct twin *t = *state;
    static char large[65507];
    struct oh_error e = {0};
    memset(large, 'x', sizeof large);
    phone_sends(t, "\r\n\r\n");
    phone_sends(t, "\r\n");
    phone_sends(t, "SIP/2.0");
    phone_sends(t, "\x01\x02");
    oh_udp_send(t->phone, &t->seats[0].sip_addr, (struct oh_span){large, sizeof large}, &e);
    phone_sends(t, "SIP/2.0 200 OK\r\n\r\n");
    phone_sends(t, "ACK sip:a SIP/2.0\r\n\r\n");
    run_until_ms(t, 1000);
    assert_int_equal(t->got_count, 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, twin_setup, twin_teardown)
    const struct CMUnitTest tests[] = {
        CASE(our_bye_to_a_caller_waits_for_the_ack),
        CASE(without_an_ack_our_bye_comes_after_64_t1),
        CASE(our_cancel_waits_for_a_provisional_and_a_late_200_gets_ack_and_bye),
        CASE(a_second_invite_of_the_call_is_the_one_that_is_closed),
        CASE(a_final_answer_that_the_flow_did_not_acknowledge_is_at_the_end),
        CASE(a_200_without_a_tag_is_acknowledged_and_ended),
        CASE(open_requests_get_their_final_answer_at_the_end),
        CASE(a_cancel_gets_200_and_its_invite_487_with_one_tag),
        CASE(a_cancel_of_a_re_invite_does_not_end_the_call),
        CASE(a_bye_before_the_final_answer_ends_the_invite_with_487),
        CASE(an_invite_inside_an_unknown_dialog_gets_481),
        CASE(what_we_do_not_keep_is_refused_as_its_rfc_says),
        CASE(a_registrar_tells_all_current_bindings_with_their_time),
        CASE(a_star_removes_all_bindings_and_is_good_for_nothing_else),
        CASE(an_endless_expiry_is_shortened_and_a_malformed_one_replaced),
        CASE(noise_is_not_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
