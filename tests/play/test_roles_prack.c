/* Reliable provisional responses, from either side. RFC 3262. On the in-memory net. */
#include "play/role.h"
#include "twin.h"

static const char SDP[] =
    "v=0\r\no=- 1 1 IN IP4 127.9.9.2\r\ns=-\r\nc=IN IP4 127.9.9.2\r\nt=0 0\r\n"
    "m=audio 6000 RTP/AVP 0\r\n";

static char *with_body(const char *head, const char *body)
{
    return oh_format("%s%sContent-Length: %zu\r\n\r\n%s", head,
                     *body ? "Content-Type: application/sdp\r\n" : "", strlen(body), body);
}

/* The phone's INVITE as an exchange with its call. */
static struct oh_exchange *invited(struct twin *t, const char *body)
{
    char *text = with_body("INVITE sip:2@127.9.9.1 SIP/2.0\r\n"
                           "Via: SIP/2.0/UDP 127.9.9.2:5060;branch=z9hG4bKi\r\n"
                           "From: <sip:1@127.9.9.1>;tag=a\r\nTo: <sip:2@127.9.9.1>\r\n"
                           "Call-ID: i@a\r\nCSeq: 7 INVITE\r\nContact: <sip:1@127.9.9.2:5060>\r\n"
                           "Supported: 100rel\r\n",
                           body);
    struct oh_sip_msg *m = oh_sip_msg_parse(oh_span_of(text));
    assert_non_null(m);
    oh_player_keep(&t->player, m);
    struct oh_exchange *x = oh_exchange_server(&t->player, &t->seats[0], &t->seats[1].sip_addr, m);
    t->seats[0].rtp_addr = address("127.9.9.1:4000");
    x->call = oh_call_incoming(&t->player, x);
    free(text);
    return x;
}

static const struct oh_sip_msg *answers(struct twin *t, struct oh_exchange *x, unsigned status,
                                        const struct oh_step *step)
{
    oh_exchange_respond(x, oh_compose_response(&t->player, x, status, step), OH_NONE);
    settle(t);
    return latest(t);
}

static void phone_pracks(struct twin *t, const char *branch, const char *rack, const char *body)
{
    char *head = oh_format("PRACK sip:2@127.9.9.1:5060 SIP/2.0\r\n"
                           "Via: SIP/2.0/UDP 127.9.9.2:5060;branch=%s\r\nMax-Forwards: 70\r\n"
                           "From: <sip:1@127.9.9.1>;tag=a\r\nTo: <sip:2@127.9.9.1>;tag=%s\r\n"
                           "Call-ID: i@a\r\nCSeq: 8 PRACK\r\nRAck: %s\r\n",
                           branch, t->player.calls->local_tag, rack);
    char *text = with_body(head, body);
    phone_sends(t, text);
    free(text);
    free(head);
}

static const struct oh_step reliable = {.reliable = true,
                                        .sdp = {.given = true, .direction = (char *)"sendrecv"}};
static const struct oh_step plain = {.reliable = true};

static void a_reliable_provisional_is_repeated_until_its_prack(void **state)
{
    struct twin *t = *state;
    struct oh_exchange *x = invited(t, SDP);
    const struct oh_sip_msg *m = answers(t, x, 183, &reliable);
    char *rseq = oh_span_dup(oh_field_text(m, "rseq"));
    assert_true(oh_span_is(oh_field_text(m, "require"), "100rel"));
    assert_true(m->body.len > 0);
    run_until_ms(t, 16000); /* 500, 1500, 3500, 7500, 15500: doubled beyond T2, RFC 3262 3 */
    assert_int_equal(got_of(t, "INVITE", 183), 6);
    char *rack = oh_format("%s 7 INVITE", rseq);
    phone_pracks(t, "z9hG4bKp", rack, "");
    assert_int_equal(got_of(t, "PRACK", 200), 1);
    run_until_ms(t, 60000);
    assert_int_equal(got_of(t, "INVITE", 183), 6);
    free(rack);
    free(rseq);
}

static void a_prack_of_nothing_gets_481(void **state)
{
    struct twin *t = *state;
    struct oh_exchange *x = invited(t, SDP);
    answers(t, x, 180, NULL);
    phone_pracks(t, "z9hG4bKp", "1 7 INVITE", "");
    assert_int_equal(got_of(t, "PRACK", 481), 1);
    answers(t, x, 183, &reliable);
    phone_pracks(t, "z9hG4bKq", "0 7 INVITE", "");
    assert_int_equal(got_of(t, "PRACK", 481), 2);
}

static void numbers_rise_by_one_and_the_agreed_description_is_not_sent_again(void **state)
{
    struct twin *t = *state;
    struct oh_exchange *x = invited(t, SDP);
    uint64_t first = 0, second = 0;
    assert_true(oh_field_number(answers(t, x, 183, &reliable), "rseq", &first));
    assert_true(oh_field_number(answers(t, x, 180, &plain), "rseq", &second));
    assert_true(first >= 1 && second == first + 1);
    assert_int_equal(latest(t)->body.len, 0);
    assert_int_equal(answers(t, x, 200, NULL)->body.len, 0);
}

static void an_offer_of_ours_in_a_provisional_is_answered_in_the_prack(void **state)
{
    struct twin *t = *state;
    struct oh_exchange *x = invited(t, "");
    const struct oh_sip_msg *m = answers(t, x, 183, &plain);
    assert_true(m->body.len > 0); /* RFC 3262 5: it must be there */
    char *rack = oh_format("%u 7 INVITE", (unsigned)x->rseq);
    phone_pracks(t, "z9hG4bKp", rack, SDP);
    assert_int_equal(x->call->remote_rtp.port, 6000);
    assert_int_equal(latest(t)->body.len, 0); /* an answer gets none */
    free(rack);
}

static void our_prack_acknowledges_the_phones_provisional_and_answers_its_offer(void **state)
{
    struct twin *t = *state;
    struct oh_call *c;
    struct oh_exchange *x = our_request(t, "INVITE", &c);
    struct oh_draft *d = oh_draft_response(t->got[0].msg, NULL, 183, NULL, "b");
    struct oh_text wire = {0};
    struct oh_error e = {0};
    oh_draft_add(d, "Contact", "<sip:1@127.9.9.2:5060>");
    oh_draft_add(d, "Require", "100rel");
    oh_draft_add(d, "RSeq", "41");
    oh_draft_body(d, "application/sdp", oh_span_of(SDP));
    oh_draft_format(d, &wire);
    phone_sends(t, oh_text_str(&wire));
    t->seats[0].rtp_addr = address("127.9.9.1:4000");
    assert_true(x->provisional != NULL && c->dialog != NULL);
    struct oh_draft *prack = oh_compose_prack(c, NULL, &(struct oh_addr){0});
    assert_non_null(prack);
    assert_non_null(
        oh_exchange_request(&t->player, &t->seats[0], &t->seats[1].sip_addr, prack, OH_NONE, NULL));
    settle(t);
    assert_true(oh_span_is(oh_field_text(latest(t), "rack"), "41 1 INVITE"));
    assert_true(latest(t)->body.len > 0);
    assert_true(oh_span_is(oh_field_text(latest(t), "cseq.number"), "2"));
    phone_answers(t, 0, 200, "tag:b");
    assert_int_equal(c->dialog->local_cseq, 2); /* the BYE is to come after the PRACK */
    oh_text_release(&wire);
    oh_draft_free(d);
    (void)e;
}

#define WITH_TWIN(test) cmocka_unit_test_setup_teardown(test, twin_setup, twin_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TWIN(a_reliable_provisional_is_repeated_until_its_prack),
        WITH_TWIN(a_prack_of_nothing_gets_481),
        WITH_TWIN(numbers_rise_by_one_and_the_agreed_description_is_not_sent_again),
        WITH_TWIN(an_offer_of_ours_in_a_provisional_is_answered_in_the_prack),
        WITH_TWIN(our_prack_acknowledges_the_phones_provisional_and_answers_its_offer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
