/* Our SDP in a call. */
#include "play/twin.h"

static struct oh_sip_msg *offer(const char *direction)
{
    char *body =
        oh_format("v=0\r\no=- 1 1 IN IP4 127.9.9.2\r\ns=-\r\nc=IN IP4 127.9.9.2\r\nt=0 0\r\n"
                  "m=audio 4000 RTP/AVP 0\r\na=%s\r\n",
                  direction);
    char *text = oh_format("INVITE sip:2@127.9.9.1 SIP/2.0\r\nContent-Type: application/sdp\r\n"
                           "Content-Length: %zu\r\n\r\n%s",
                           strlen(body), body);
    struct oh_sip_msg *m = oh_sip_msg_parse(oh_span_of(text));
    free(body);
    free(text);
    return m;
}

static uint64_t version_of_answer(struct oh_call *c, const char *direction)
{
    struct oh_text sdp = {0};
    struct oh_error e = {0};
    struct oh_sip_msg *m = offer(direction);
    unsigned long long id = 0, version = 0;
    assert_int_equal(oh_media_our_sdp(c, NULL, m, &sdp, &e), 0);
    const char *origin = strstr(oh_text_str(&sdp), "o=");
    assert_non_null(origin);
    assert_int_equal(sscanf(origin, "o=%*s %llu %llu", &id, &version), 2);
    assert_true(id == c->sdp_id);
    oh_text_release(&sdp);
    oh_sip_msg_free(m);
    return version;
}

/* RFC 3264 8: the version of the origin goes up by one with each change, else it stays */
static void a_changed_description_has_the_next_version_and_the_same_one_the_same(void **state)
{
    struct twin *t = *state;
    t->seats[0].rtp_addr = address("127.9.9.1:4000");
    struct oh_call *c = oh_call_outgoing(&t->player, &t->seats[0], &t->seats[0], &t->seats[1]);
    uint64_t first = version_of_answer(c, "sendrecv");
    assert_true(version_of_answer(c, "sendrecv") == first);
    assert_true(version_of_answer(c, "sendonly") == first + 1);
    assert_true(version_of_answer(c, "sendonly") == first + 1);
    assert_true(version_of_answer(c, "sendrecv") == first + 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_changed_description_has_the_next_version_and_the_same_one_the_same, twin_setup,
            twin_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
