/* Which payload types a phone may send by, and which it may not. RFC 3264 5.1, 6.1, 8.3.2 */
#include "support/call_407.h"

/* Of the phone to B, whose answer has payload type 0 alone. */
static void voice_from(struct recorded *r, const struct oh_addr *src, unsigned type)
{
    char packet[172] = {'\x80', (char)type, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3};
    struct oh_span bytes = {packet, sizeof packet};
    r->now += 20 * MS;
    packet[3] = (char)r->frame; /* numbers and times that go on as they must */
    for (int i = 0; i < 4; i++)
        packet[4 + i] = (char)((uint64_t)(r->now / MS * 8) >> (24 - 8 * i));
    oh_trace_add_rtp(r->trace, ++r->frame, r->now, src, &r->peer_rtp, bytes);
    oh_run_tap(r->run, r->now, "B", false, &r->peer_rtp, src, bytes);
}

static void voice(struct recorded *r, unsigned type)
{
    struct oh_addr src = r->phone;
    src.port = 16384;
    voice_from(r, &src, type);
}

static void to_talk(struct recorded *r)
{
    to_refusal(r);
    gets(r, ACK_1, ack_1(r));
    to_answer(r, invite_2(r));
    gets(r, ACK_2, ack_2(r));
    voice(r, 0);
}

static const struct oh_verdict *from_talk(struct recorded *r)
{
    media_over(r, TALK, 990);
    hang_up(r);
    ends(r, OH_OUTCOME_COMPLETE, "");
    return judged(r);
}

static void a_payload_type_that_our_answer_does_not_have_is_found_once(void **state)
{
    (void)state;
    struct recorded *r = recorded_new(CALL_407);
    to_talk(r);
    r->now += 300 * MS;
    for (int i = 0; i < 3; i++)
        voice(r, 18);
    unsigned first = r->frame - 2;
    const struct oh_verdict *v = from_talk(r);
    expect_verdict(v, OH_WORD_FAIL, "media.payload-type", NULL);
    const struct oh_finding *f = finding(v, "media.payload-type");
    assert_int_equal(f->level, OH_LEVEL_MUST);
    assert_int_equal(f->step, TALK);
    assert_int_equal(f->frames[0], first);
    assert_int_equal(f->frame_count, 2);
    assert_string_equal(f->clause, "RFC 3264 5.1");
    assert_string_equal(f->expected, "one of the payload types 0");
    assert_string_equal(f->observed, "payload type 18");
    assert_non_null(strstr(f->text, "3 RTP packets of the phone to 127.0.0.3:4000"));
    recorded_free(r);
}

/* The phone offered it, but it is the answer that counts. */
static void what_was_offered_and_not_answered_is_found_too(void **state)
{
    (void)state;
    struct recorded *r = recorded_new(CALL_407);
    to_talk(r);
    r->now += 300 * MS;
    voice(r, 8);
    expect_verdict(from_talk(r), OH_WORD_FAIL, "media.payload-type", NULL);
    recorded_free(r);
}

static void to_talk_with_noise(struct recorded *r, bool agreed)
{
    const char *ok = answer(r, invite_2(r), 200, "b1", NULL, NULL, true);
    if (agreed) /* as long as it was */
        ok = edited(r, edited(r, ok, "RTP/AVP 0\r\n", "RTP/AVP 0 13\r\n"),
                    "o=- 2 2 IN IP4 127.0.0.3", "o=- 2 2 IN IP4 host.x");
    to_refusal(r);
    gets(r, ACK_1, ack_1(r));
    gets(r, INVITE_2, invite_2(r));
    sends(r, RINGING, answer(r, invite_2(r), 180, "b1", NULL, NULL, false));
    sends(r, OK, ok);
    gets(r, ACK_2, ack_2(r));
    voice(r, 0);
    r->now += 300 * MS;
}

static void comfort_noise_needs_to_be_agreed_on_as_any_format(void **state)
{
    (void)state;
    for (int agreed = 0; agreed < 2; agreed++) {
        struct recorded *r = recorded_new(CALL_407);
        to_talk_with_noise(r, agreed);
        voice(r, 13);
        assert_int_equal(finding(from_talk(r), "media.payload-type") == NULL, agreed);
        recorded_free(r);
    }
}

/* The call's own description must be known, or silence would prove nothing. */
static void beside_an_agreed_format_another_one_is_found(void **state)
{
    (void)state;
    struct recorded *r = recorded_new(CALL_407);
    to_talk_with_noise(r, true);
    voice(r, 13);
    voice(r, 18);
    assert_string_equal(finding(from_talk(r), "media.payload-type")->observed, "payload type 18");
    recorded_free(r);
}

static void what_is_no_voice_of_the_phone_is_no_finding(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct recorded *r = recorded_new(CALL_407);
        if (i == 0) { /* before our first description */
            r->now += MS;
            voice(r, 18);
        }
        to_talk(r);
        if (i == 1) /* in the phone's hands when our answer came */
            voice(r, 18);
        r->now += 300 * MS;
        if (i == 2) /* RTCP by the same port: extended reports, RFC 3611 */
            voice(r, 207 & 0x7f);
        if (i == 3)
            voice_from(r, &r->peer_rtp, 18);
        const struct oh_verdict *v = from_talk(r);
        assert_null(finding(v, "media.payload-type"));
        assert_int_equal(v->word, OH_WORD_PASS);
        recorded_free(r);
    }
}

/* --- a new offer of ours --- */

#define SDP_8                                                                                      \
    "v=0\r\no=- 2 3 IN IP4 127.0.0.3\r\ns=-\r\nc=IN IP4 127.0.0.3\r\nt=0 0\r\n"                    \
    "m=audio 4000 RTP/AVP 8\r\n"

static const char *our_re_invite(struct recorded *r)
{
    return recorded_keep(
        r, oh_format("INVITE sip:alice@127.0.0.2:5060 SIP/2.0\r\n"
                     "Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKre\r\nMax-Forwards: 70\r\n"
                     "From: <sip:5551234@127.0.0.1:5060>;tag=b1\r\n"
                     "To: <sip:alice@127.0.0.1:5060>;tag=a1\r\n" CALL_ID
                     "CSeq: 1 INVITE\r\nContact: <" INSIDE ">\r\n" TYPE
                     "Content-Length: %zu\r\n\r\n" SDP_8,
                     strlen(SDP_8)));
}

static const char *its_answer(struct recorded *r)
{
    struct oh_sip_msg *m = oh_sip_msg_parse(oh_span_of(our_re_invite(r)));
    struct oh_draft *d = oh_draft_response(m, &r->proxy, 200, NULL, NULL);
    struct oh_text text = {0};
    oh_draft_add(d, "Contact", "<sip:alice@127.0.0.2:5060>");
    oh_draft_body(d, "application/sdp", oh_span_of(CALL_SDP));
    oh_draft_format(d, &text);
    oh_draft_free(d);
    oh_sip_msg_free(m);
    return recorded_keep(r, oh_text_take(&text));
}

/* Old formats until the answer to a new offer, and what was under way; new ones from the offer on.
 */
static void a_new_offer_takes_the_old_formats_with_its_answer(void **state)
{
    (void)state;
    static const struct {
        unsigned type;
        int64_t after_offer_ms, after_answer_ms; /* of the packet; -1: there is none */
        bool answered, found;
    } cases[] = {
        {0, 1000, -1, true, false},  {8, 1000, -1, true, false}, {18, 1000, -1, true, true},
        {0, -1, 100, true, false},   {0, -1, 300, true, true},   {8, -1, 300, true, false},
        {0, 1000, -1, false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct recorded *r = recorded_new(CALL_407);
        to_talk(r);
        sends(r, OH_NONE, our_re_invite(r));
        if (cases[i].after_offer_ms >= 0) {
            r->now += cases[i].after_offer_ms * MS;
            voice(r, cases[i].type);
        }
        if (cases[i].answered)
            gets(r, OH_NONE, its_answer(r));
        if (cases[i].after_answer_ms >= 0) {
            r->now += cases[i].after_answer_ms * MS;
            voice(r, cases[i].type);
        }
        const struct oh_finding *f = finding(from_talk(r), "media.payload-type");
        assert_int_equal(f != NULL, cases[i].found);
        if (f)
            assert_string_equal(f->clause, "RFC 3264 6.1");
        recorded_free(r);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_payload_type_that_our_answer_does_not_have_is_found_once),
        cmocka_unit_test(what_was_offered_and_not_answered_is_found_too),
        cmocka_unit_test(comfort_noise_needs_to_be_agreed_on_as_any_format),
        cmocka_unit_test(beside_an_agreed_format_another_one_is_found),
        cmocka_unit_test(what_is_no_voice_of_the_phone_is_no_finding),
        cmocka_unit_test(a_new_offer_takes_the_old_formats_with_its_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
