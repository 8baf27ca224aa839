/* What the roles of ours do by themselves: challenges, bindings, offers, routes. On the in-memory
 * net. */
#include "play/role.h"
#include "sip/sdp.h"
#include "twin.h"

static const char HELLO[] =
    "v=0\r\no=- 1 1 IN IP4 127.9.9.2\r\ns=-\r\nc=IN IP4 127.9.9.2\r\nt=0 0\r\n"
    "m=video 7000 RTP/AVP 31\r\nm=audio 6000 RTP/AVP 0 96\r\n"
    "a=rtpmap:96 telephone-event/8000\r\n";

/* --- challenges --- */

static struct oh_challenge challenges[] = {
    {.status = 401, .realm = "r", .algorithm = "SHA-256", .qop = "auth"},
    {.status = 401, .realm = "r", .opaque = "o"},
};

static struct oh_party registrar = {
    .name = "R", .role = OH_ROLE_REGISTRAR, .expires_s = -1, .min_expires_s = -1};

/* The phone's REGISTER and the answer to it, as `step` wants it. */
static const struct oh_sip_msg *register_answered(struct twin *t, int cseq, unsigned status,
                                                  const struct oh_step *step, const char *more)
{
    char *branch = oh_format("z9hG4bKr%d", cseq);
    char *text = request("REGISTER", branch, cseq, "reg@a", more);
    struct oh_sip_msg *m = oh_sip_msg_parse(oh_span_of(text));
    assert_non_null(m);
    oh_player_keep(&t->player, m);
    t->seats[0].role = OH_ROLE_REGISTRAR;
    t->seats[0].party = &registrar;
    struct oh_exchange *x = oh_exchange_server(&t->player, &t->seats[0], &t->seats[1].sip_addr, m);
    oh_exchange_respond(x, oh_compose_response(&t->player, x, status, step), OH_NONE);
    settle(t);
    free(branch);
    free(text);
    return latest(t);
}

static char *challenge_field(const struct oh_sip_msg *m, const char *path)
{
    return oh_span_dup(oh_field_text(m, path));
}

static void each_challenge_of_a_party_is_sent_in_order_with_its_own_nonce(void **state)
{
    struct twin *t = *state;
    registrar.challenges = challenges;
    registrar.challenge_count = 2;
    const struct oh_sip_msg *m = register_answered(t, 1, 401, NULL, "");
    registrar.challenge_count = 0;
    char *first = challenge_field(m, "www-authenticate[1].nonce");
    char *second = challenge_field(m, "www-authenticate[2].nonce");
    assert_true(oh_span_is(oh_field_text(m, "www-authenticate[1].algorithm"), "SHA-256"));
    assert_true(oh_span_is(oh_field_text(m, "www-authenticate[2].opaque"), "o"));
    assert_null(oh_field_text(m, "www-authenticate[2].algorithm").at);
    assert_string_not_equal(first, second);
    assert_null(oh_sip_msg_header(m, OH_SIP_WWW_AUTHENTICATE, 2));
    free(first);
    free(second);
}

static void a_step_challenges_in_its_own_way_and_may_keep_the_nonce(void **state)
{
    struct twin *t = *state;
    struct oh_challenge kept = {.status = 401, .realm = "s", .keep_nonce = true};
    struct oh_challenge fresh = {.status = 401, .realm = "s"};
    struct oh_step step = {.challenges = &fresh, .challenge_count = 1};
    char *first =
        challenge_field(register_answered(t, 1, 401, &step, ""), "www-authenticate.nonce");
    step.challenges = &kept;
    char *again =
        challenge_field(register_answered(t, 2, 401, &step, ""), "www-authenticate.nonce");
    step.challenges = &fresh;
    char *other =
        challenge_field(register_answered(t, 3, 401, &step, ""), "www-authenticate.nonce");
    assert_true(oh_span_is(oh_field_text(latest(t), "www-authenticate.realm"), "s"));
    assert_string_equal(first, again);
    assert_string_not_equal(first, other);
    free(first);
    free(again);
    free(other);
}

static void credentials_for_an_older_nonce_are_called_stale_and_rejected_ones_are_not(void **state)
{
    struct twin *t = *state;
    struct oh_challenge c = {.status = 401, .realm = "s"};
    struct oh_step step = {.challenges = &c, .challenge_count = 1};
    const char *old =
        "Authorization: Digest realm=\"s\", nonce=\"of-yesterday\", response=\"0\"\r\n";
    const char *foreign = "Authorization: Digest realm=\"x\", nonce=\"theirs\", response=\"0\"\r\n";
    assert_null(
        oh_field_text(register_answered(t, 1, 401, &step, ""), "www-authenticate.stale").at);
    assert_null(
        oh_field_text(register_answered(t, 2, 401, &step, foreign), "www-authenticate.stale").at);
    assert_true(oh_span_is(
        oh_field_text(register_answered(t, 3, 401, &step, old), "www-authenticate.stale"), "true"));
    char *now = oh_format("Authorization: Digest realm=\"s\", nonce=\"%s\", response=\"0\"\r\n",
                          t->seats[0].nonce);
    assert_null(
        oh_field_text(register_answered(t, 4, 401, &step, now), "www-authenticate.stale").at);
    c.stale = true;
    assert_true(oh_span_is(
        oh_field_text(register_answered(t, 5, 401, &step, now), "www-authenticate.stale"), "true"));
    free(now);
}

static void what_a_called_party_asks_for_goes_through_the_proxy(void **state)
{
    struct twin *t = *state;
    struct oh_party b = {.name = "B", .challenges = challenges, .challenge_count = 1};
    struct oh_seat callee = t->seats[0];
    callee.party = &b;
    char *text = request("INVITE", "z9hG4bKi", 1, "c@a", "");
    struct oh_sip_msg *m = oh_sip_msg_parse(oh_span_of(text));
    oh_player_keep(&t->player, m);
    struct oh_exchange *x = oh_exchange_server(&t->player, &t->seats[0], &t->seats[1].sip_addr, m);
    x->call = oh_call_incoming(&t->player, x);
    x->call->seat = &callee;
    oh_exchange_respond(x, oh_compose_response(&t->player, x, 401, NULL), OH_NONE);
    settle(t);
    assert_true(oh_span_is(oh_field_text(latest(t), "www-authenticate.algorithm"), "SHA-256"));
    x->call->seat = &t->seats[0];
    free(text);
}

/* --- bindings --- */

#define CONTACT "Contact: <sip:1@127.9.9.2:5060>;expires=600\r\n"

static void a_registrar_grants_no_more_than_it_will_and_lists_other_devices_first(void **state)
{
    struct twin *t = *state;
    char *others[] = {(char *)"sip:1@192.0.2.7", (char *)"sip:1@192.0.2.8"};
    registrar.expires_s = 8;
    registrar.contacts = others;
    registrar.contact_count = 2;
    const struct oh_sip_msg *m = register_answered(t, 1, 200, NULL, CONTACT);
    assert_int_equal(oh_sip_msg_value_count(m, OH_SIP_CONTACT), 3);
    assert_true(oh_span_is(oh_field_text(m, "contact[1].uri"), "sip:1@192.0.2.7"));
    assert_true(oh_span_is(oh_field_text(m, "contact[3].uri"), "sip:1@127.9.9.2:5060"));
    assert_true(oh_span_is(oh_field_text(m, "contact[3].expires"), "8"));
    m = register_answered(t, 2, 200, NULL, "Contact: <sip:1@127.9.9.2:5060>;expires=0\r\n");
    assert_int_equal(oh_sip_msg_value_count(m, OH_SIP_CONTACT), 2);
    assert_null(oh_bindings_contact(&t->slot, oh_net_now(t->bench.net)));
    m = register_answered(t, 3, 200, NULL, "Contact: *\r\nExpires: 0\r\n");
    assert_int_equal(oh_sip_msg_value_count(m, OH_SIP_CONTACT), 0);
    registrar.expires_s = -1;
    registrar.contact_count = 0;
}

static void a_423_says_the_least_interval(void **state)
{
    struct twin *t = *state;
    uint64_t least = 0;
    assert_true(
        oh_field_number(register_answered(t, 1, 423, NULL, CONTACT), "min-expires", &least));
    assert_int_equal(least, 1200);
    registrar.min_expires_s = 900;
    assert_true(
        oh_field_number(register_answered(t, 2, 423, NULL, CONTACT), "min-expires", &least));
    assert_int_equal(least, 900);
    registrar.min_expires_s = -1;
    assert_null(oh_field_text(register_answered(t, 3, 403, NULL, CONTACT), "min-expires").at);
    assert_null(oh_bindings_contact(&t->slot, oh_net_now(t->bench.net)));
}

/* --- offers and answers --- */

static struct oh_call *a_call(struct twin *t)
{
    struct oh_call *c = oh_call_outgoing(&t->player, &t->seats[0], &t->seats[0], &t->seats[1]);
    t->seats[0].rtp_addr = address("127.9.9.1:4000");
    return c;
}

/* Our description, parsed; and its text. */
static struct oh_sdp_audio described(struct oh_call *c, const struct oh_sdp_wish *wish,
                                     const char *offer, struct oh_text *out)
{
    struct oh_sip_msg *m = NULL;
    struct oh_sdp_audio audio;
    struct oh_error e = {0};
    if (offer) {
        char *text = oh_format("INVITE sip:a SIP/2.0\r\nContent-Length: %zu\r\n\r\n%s",
                               strlen(offer), offer);
        m = oh_sip_msg_parse(oh_span_of(text));
        assert_non_null(m);
        free(text);
    }
    oh_text_clear(out);
    assert_int_equal(oh_media_our_sdp(c, wish, m, out, &e), 0);
    assert_int_equal(oh_sdp_audio_parse(oh_text_span(out), &audio, &e), 0);
    oh_sip_msg_free(m);
    return audio;
}

static uint64_t version_of(const struct oh_text *sdp)
{
    unsigned long long id = 0, version = 0;
    assert_int_equal(sscanf(strstr(oh_text_str((struct oh_text *)sdp), "o="), "o=- %llu %llu", &id,
                            &version),
                     2);
    return version;
}

static void an_offer_is_as_the_step_wishes_and_its_version_counts_changes(void **state)
{
    struct twin *t = *state;
    struct oh_call *c = a_call(t);
    struct oh_text sdp = {0};
    unsigned char alaw[] = {8};
    struct oh_sdp_wish hold = {.given = true, .direction = (char *)"sendonly"};
    struct oh_sdp_wish old = {.given = true, .address = (char *)"0.0.0.0"};
    struct oh_sdp_wish one = {.given = true, .formats = alaw, .format_count = 1};
    assert_int_equal(described(c, NULL, NULL, &sdp).direction, OH_SDP_SENDRECV);
    uint64_t first = version_of(&sdp);
    described(c, NULL, NULL, &sdp);
    assert_int_equal(version_of(&sdp), first); /* RFC 3264 8: nothing changed */
    assert_int_equal(described(c, &hold, NULL, &sdp).direction, OH_SDP_SENDONLY);
    assert_int_equal(version_of(&sdp), first + 1);
    struct oh_sdp_audio zero = described(c, &old, NULL, &sdp);
    assert_true(zero.on_hold_2543 && zero.address.port == 4000);
    assert_non_null(strstr(oh_text_str(&sdp), " IN IP4 127.9.9.1\r\n")); /* o= stays */
    assert_int_equal(version_of(&sdp), first + 2);
    struct oh_sdp_audio few = described(c, &one, NULL, &sdp);
    assert_true(few.format_count == 1 && few.formats[0] == 8);
    oh_text_release(&sdp);
}

static void an_offer_after_an_answer_keeps_streams_and_payload_numbers(void **state)
{
    struct twin *t = *state;
    struct oh_call *c = a_call(t);
    struct oh_text sdp = {0};
    struct oh_sdp_wish hold = {.given = true, .direction = (char *)"inactive"};
    struct oh_sdp_audio answer = described(c, NULL, HELLO, &sdp);
    assert_true(answer.format_count == 2 && answer.formats[1] == 96);
    uint64_t first = version_of(&sdp);
    struct oh_sdp_audio offer = described(c, &hold, NULL, &sdp);
    const char *video = strstr(oh_text_str(&sdp), "m=video 0 ");
    assert_non_null(video); /* RFC 3264 8: as many m= lines, in their order */
    assert_true(strstr(oh_text_str(&sdp), "m=audio 4000 ") > video);
    assert_true(offer.format_count == 2 && offer.formats[1] == 96);
    assert_string_equal(offer.names[1], "telephone-event/8000");
    assert_int_equal(offer.direction, OH_SDP_INACTIVE);
    assert_int_equal(version_of(&sdp), first + 1);
    oh_text_release(&sdp);
}

static void an_answer_mirrors_the_offer_within_what_the_step_wishes(void **state)
{
    struct twin *t = *state;
    struct oh_call *c = a_call(t);
    struct oh_text sdp = {0};
    char *held = oh_format("%sa=sendonly\r\n", HELLO);
    struct oh_sdp_wish deaf = {.given = true, .direction = (char *)"inactive"};
    assert_int_equal(described(c, NULL, held, &sdp).direction, OH_SDP_RECVONLY);
    assert_int_equal(described(c, &deaf, held, &sdp).direction, OH_SDP_INACTIVE);
    oh_text_release(&sdp);
    free(held);
}

/* The phone's INVITE, answered by `status` as the step wishes; the answer as it was sent. */
static const struct oh_sip_msg *answered(struct twin *t, struct oh_exchange *x, unsigned status,
                                         const struct oh_step *step)
{
    oh_exchange_respond(x, oh_compose_response(&t->player, x, status, step), OH_NONE);
    settle(t);
    return latest(t);
}

static struct oh_exchange *offered(struct twin *t, const char *sdp)
{
    char *text = oh_format("INVITE sip:2@127.9.9.1 SIP/2.0\r\n"
                           "Via: SIP/2.0/UDP 127.9.9.2:5060;branch=z9hG4bKo\r\n"
                           "From: <sip:1@127.9.9.1>;tag=a\r\nTo: <sip:2@127.9.9.1>\r\n"
                           "Call-ID: o@a\r\nCSeq: 1 INVITE\r\nContact: <sip:1@127.9.9.2:5060>\r\n"
                           "Content-Type: application/sdp\r\nContent-Length: %zu\r\n\r\n%s",
                           strlen(sdp), sdp);
    struct oh_sip_msg *m = oh_sip_msg_parse(oh_span_of(text));
    assert_non_null(m);
    oh_player_keep(&t->player, m);
    struct oh_exchange *x = oh_exchange_server(&t->player, &t->seats[0], &t->seats[1].sip_addr, m);
    t->seats[0].rtp_addr = address("127.9.9.1:4000");
    x->call = oh_call_incoming(&t->player, x);
    free(text);
    return x;
}

static void an_answer_in_a_provisional_stays_the_answer(void **state)
{
    struct twin *t = *state;
    struct oh_exchange *x = offered(t, HELLO);
    struct oh_step early = {.sdp = {.given = true, .direction = (char *)"sendonly"}};
    assert_int_equal(answered(t, x, 180, NULL)->body.len, 0);
    char *in_183 = oh_span_dup(answered(t, x, 183, &early)->body);
    char *in_200 = oh_span_dup(answered(t, x, 200, NULL)->body);
    assert_non_null(strstr(in_183, "a=sendonly"));
    assert_string_equal(in_183, in_200); /* RFC 3261 13.2.1 */
    free(in_183);
    free(in_200);
}

static void a_2xx_to_an_invite_without_an_offer_has_one_unless_it_is_unwished(void **state)
{
    struct twin *t = *state;
    struct oh_exchange *x = offered(t, "");
    struct oh_step none = {.sdp = {.given = true, .none = true}};
    struct oh_draft *d = oh_compose_response(&t->player, x, 200, &none);
    struct oh_text wire = {0};
    oh_draft_format(d, &wire);
    assert_null(strstr(oh_text_str(&wire), "m=audio"));
    oh_draft_free(d);
    oh_text_release(&wire);
    assert_true(oh_span_search(answered(t, x, 200, NULL)->body, oh_span_of("m=audio 4000 ")) <
                latest(t)->body.len);
}

static void an_offer_in_the_2xx_is_answered_in_the_ack(void **state)
{
    struct twin *t = *state;
    struct oh_call *c;
    struct oh_exchange *x = our_request(t, "INVITE", &c);
    t->seats[0].rtp_addr = address("127.9.9.1:4000");
    struct oh_draft *d = oh_draft_response(t->got[0].msg, NULL, 200, NULL, "b");
    struct oh_text wire = {0};
    oh_draft_add(d, "Contact", "<sip:1@127.9.9.2:5060>");
    oh_draft_body(d, "application/sdp", oh_span_of(HELLO));
    oh_draft_format(d, &wire);
    phone_sends(t, oh_text_str(&wire));
    assert_true(oh_sip_msg_is_method(latest(t), "ACK"));
    assert_true(oh_span_search(latest(t)->body, oh_span_of("m=video 0 ")) < latest(t)->body.len);
    assert_true(x->acked && c->confirmed);
    oh_text_release(&wire);
    oh_draft_free(d);
}

/* --- routes --- */

static struct oh_draft *in_dialog(struct twin *t, const char *record_route, struct oh_addr *to)
{
    static struct oh_seat far;
    far = t->seats[0];
    struct oh_call *c = oh_call_outgoing(&t->player, &far, &t->seats[0], &t->seats[1]);
    char *text = oh_format("INVITE sip:2@127.9.9.1 SIP/2.0\r\n"
                           "Via: SIP/2.0/UDP 127.9.9.2:5060;branch=z9hG4bKo\r\n%s"
                           "From: <sip:1@127.9.9.1>;tag=a\r\nTo: <sip:2@127.9.9.1>\r\n"
                           "Call-ID: o@a\r\nCSeq: 1 INVITE\r\nContact: <sip:1@127.9.9.2:5060>\r\n"
                           "Content-Length: 0\r\n\r\n",
                           record_route);
    struct oh_sip_msg *m = oh_sip_msg_parse(oh_span_of(text));
    assert_non_null(m);
    c->dialog = oh_dialog_from_request(m, "b");
    assert_non_null(c->dialog);
    struct oh_draft *d = oh_call_request(c, "BYE", to);
    c->seat = c->via; /* the far seat does not outlive this */
    oh_sip_msg_free(m);
    free(text);
    return d;
}

static void a_request_of_the_far_end_leaves_its_proxy_alike_by_loose_and_strict_routes(void **state)
{
    struct twin *t = *state;
    static const char *const routes[] = {"", "Record-Route: <sip:127.9.9.1:5060;lr>\r\n",
                                         "Record-Route: <sip:127.9.9.1:5060>\r\n"};
    for (size_t i = 0; i < 3; i++) {
        struct oh_addr to;
        struct oh_draft *d = in_dialog(t, routes[i], &to);
        struct oh_text wire = {0};
        oh_draft_format(d, &wire);
        struct oh_sip_msg *m = oh_sip_msg_parse(oh_text_span(&wire));
        assert_true(oh_span_is(m->request_uri, "sip:1@127.9.9.2:5060"));
        assert_null(oh_sip_msg_header(m, OH_SIP_ROUTE, 0));
        assert_int_equal(oh_sip_msg_value_count(m, OH_SIP_VIA), 2);
        assert_int_equal(to.port, 5060);
        oh_sip_msg_free(m);
        oh_text_release(&wire);
        oh_draft_free(d);
    }
}

static void what_another_proxy_put_into_the_route_set_is_kept(void **state)
{
    struct twin *t = *state;
    struct oh_addr to;
    struct oh_draft *d =
        in_dialog(t, "Record-Route: <sip:127.9.9.1:5060;lr>, <sip:127.9.9.9;lr>\r\n", &to);
    struct oh_text wire = {0};
    oh_draft_format(d, &wire);
    struct oh_sip_msg *m = oh_sip_msg_parse(oh_text_span(&wire));
    assert_int_equal(oh_sip_msg_value_count(m, OH_SIP_ROUTE), 1);
    assert_true(oh_span_is(oh_sip_msg_value(m, OH_SIP_ROUTE, 0), "<sip:127.9.9.9;lr>"));
    oh_sip_msg_free(m);
    oh_text_release(&wire);
    oh_draft_free(d);
}

static void a_strict_proxy_leaves_lr_out(void **state)
{
    struct twin *t = *state;
    struct oh_party p = {.name = "P", .role = OH_ROLE_PROXY, .record_route = OH_ROUTE_STRICT};
    struct oh_exchange *x = offered(t, HELLO);
    t->seats[0].party = &p;
    assert_true(oh_span_is(oh_field_text(answered(t, x, 180, NULL), "record-route"),
                           "<sip:127.9.9.1:5060>"));
    p.record_route = OH_ROUTE_NONE;
    assert_null(oh_field_text(answered(t, x, 200, NULL), "record-route").at);
}

/* RFC 3261 12.1.1: a To tag alone is none of ours, and makes no dialog */
static void a_proxy_records_its_route_until_the_call_stands_whatever_the_to_tag(void **state)
{
    struct twin *t = *state;
    phone_requests(t, "INVITE", "z9hG4bKearly", 1, "early", "To: <sip:2@127.9.9.1>;tag=x\r\n");
    struct oh_exchange *x = t->player.exchanges;
    x->call = oh_call_incoming(&t->player, x);
    assert_non_null(oh_field_text(answered(t, x, 180, NULL), "record-route").at);
    assert_non_null(oh_field_text(answered(t, x, 200, NULL), "record-route").at);
    x->call->confirmed = true;
    struct oh_draft *d = oh_compose_response(&t->player, x, 200, NULL);
    struct oh_text wire = {0};
    oh_draft_format(d, &wire);
    assert_null(strstr(oh_text_str(&wire), "Record-Route"));
    oh_text_release(&wire);
    oh_draft_free(d);
}

#define WITH_TWIN(test) cmocka_unit_test_setup_teardown(test, twin_setup, twin_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TWIN(each_challenge_of_a_party_is_sent_in_order_with_its_own_nonce),
        WITH_TWIN(a_step_challenges_in_its_own_way_and_may_keep_the_nonce),
        WITH_TWIN(credentials_for_an_older_nonce_are_called_stale_and_rejected_ones_are_not),
        WITH_TWIN(what_a_called_party_asks_for_goes_through_the_proxy),
        WITH_TWIN(a_registrar_grants_no_more_than_it_will_and_lists_other_devices_first),
        WITH_TWIN(a_423_says_the_least_interval),
        WITH_TWIN(an_offer_is_as_the_step_wishes_and_its_version_counts_changes),
        WITH_TWIN(an_offer_after_an_answer_keeps_streams_and_payload_numbers),
        WITH_TWIN(an_answer_mirrors_the_offer_within_what_the_step_wishes),
        WITH_TWIN(an_answer_in_a_provisional_stays_the_answer),
        WITH_TWIN(a_2xx_to_an_invite_without_an_offer_has_one_unless_it_is_unwished),
        WITH_TWIN(an_offer_in_the_2xx_is_answered_in_the_ack),
        WITH_TWIN(a_request_of_the_far_end_leaves_its_proxy_alike_by_loose_and_strict_routes),
        WITH_TWIN(what_another_proxy_put_into_the_route_set_is_kept),
        WITH_TWIN(a_strict_proxy_leaves_lr_out),
        WITH_TWIN(a_proxy_records_its_route_until_the_call_stands_whatever_the_to_tag),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
