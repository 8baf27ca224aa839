#include "sip/sdp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define S(text) oh_span_of(text)
#define HEAD    "v=0\r\no=alice 1 2 IN IP4 192.0.2.1\r\ns=call\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"

static struct oh_sdp_audio audio_of(const char *body)
{
    struct oh_sdp_audio a;
    struct oh_error e = {.text = ""};
    if (oh_sdp_audio_parse(S(body), &a, &e) < 0)
        fail_msg("%s", e.text);
    return a;
}

static void assert_refused(const char *body, const char *words)
{
    struct oh_sdp_audio a;
    struct oh_error e = {.text = ""};
    assert_int_equal(oh_sdp_audio_parse(S(body), &a, &e), -1);
    assert_non_null(strstr(e.text, words));
}

/* ---- reading ---- */

static void formats_come_in_order_with_their_names(void **state)
{
    (void)state;
    struct oh_sdp_audio a = audio_of(HEAD "m=audio 5004 RTP/AVP 8 97 0 101 98 18\r\n"
                                          "a=rtpmap:97 iLBC/8000\r\na=rtpmap:98 L16/16000/2\r\n"
                                          "a=rtpmap:101 telephone-event/8000\r\n");
    static const struct {
        unsigned type;
        const char *name;
    } expected[] = {{8, "PCMA/8000"},    {97, "iLBC/8000"},
                    {0, "PCMU/8000"},    {101, "telephone-event/8000"},
                    {98, "L16/16000/2"}, {18, "G729/8000"}};
    char text[OH_ADDR_TEXT];
    assert_string_equal(oh_addr_format(&a.address, text), "192.0.2.1:5004");
    assert_int_equal(a.format_count, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(a.formats[i], expected[i].type);
        assert_string_equal(a.names[i], expected[i].name);
    }
    assert_int_equal(a.direction, OH_SDP_SENDRECV);
    assert_false(a.on_hold_2543);
}

static void a_dynamic_type_without_rtpmap_has_no_name(void **state)
{
    (void)state;
    struct oh_sdp_audio a = audio_of(HEAD "m=audio 5004 RTP/AVP 0 96\r\n");
    assert_int_equal(a.format_count, 2);
    assert_int_equal(a.formats[1], 96);
    assert_string_equal(a.names[1], "");
}

static void other_profiles_are_read_too(void **state)
{
    (void)state;
    struct oh_sdp_audio a =
        audio_of(HEAD "m=audio 5004 RTP/AVPF 0 111 96\r\n"
                      "a=rtpmap\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:96\r\n");
    assert_int_equal(a.format_count, 3);
    assert_string_equal(a.names[0], "PCMU/8000");
    assert_string_equal(a.names[1], "opus/48000/2");
    assert_string_equal(a.names[2], "");
}

static void the_first_audio_stream_counts(void **state)
{
    (void)state;
    struct oh_sdp_audio a = audio_of(HEAD "m=video 6000 RTP/AVP 31\r\na=inactive\r\n"
                                          "m=audio 5004 RTP/AVP 0\r\nc=IN IP6 2001:db8::1\r\n"
                                          "m=audio 5006 RTP/AVP 8\r\n");
    char text[OH_ADDR_TEXT];
    assert_string_equal(oh_addr_format(&a.address, text), "[2001:db8::1]:5004");
    assert_int_equal(a.formats[0], 0);
    assert_int_equal(a.direction, OH_SDP_SENDRECV);
}

static void the_direction_is_the_streams_or_the_sessions(void **state)
{
    (void)state;
    static const struct {
        const char *session, *stream;
        enum oh_sdp_direction direction;
    } rows[] = {
        {"", "", OH_SDP_SENDRECV},
        {"", "a=sendrecv\r\n", OH_SDP_SENDRECV},
        {"", "a=sendonly\r\n", OH_SDP_SENDONLY},
        {"", "a=recvonly\r\n", OH_SDP_RECVONLY},
        {"", "a=inactive\r\n", OH_SDP_INACTIVE},
        {"a=sendonly\r\n", "", OH_SDP_SENDONLY},
        {"a=inactive\r\n", "a=recvonly\r\n", OH_SDP_RECVONLY},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int port = 0; port <= 5004; port += 5004) {
            char *body = oh_format(HEAD "%sm=audio %d RTP/AVP 0\r\n%s", rows[i].session, port,
                                   rows[i].stream);
            struct oh_sdp_audio a = audio_of(body);
            assert_int_equal(a.direction, rows[i].direction);
            assert_int_equal(a.address.port, port);
            free(body);
        }
    }
}

static void the_hold_of_rfc_2543_is_told_apart(void **state)
{
    (void)state;
    struct oh_sdp_audio a = audio_of("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n"
                                     "c=IN IP4 0.0.0.0\r\nt=0 0\r\nm=audio 5004 RTP/AVP 0\r\n");
    assert_true(a.on_hold_2543);
    assert_int_equal(a.direction, OH_SDP_SENDRECV);
    assert_int_equal(a.address.port, 5004);
}

static void missing_lines_are_forgiven(void **state)
{
    (void)state;
    struct oh_sdp_audio a = audio_of("v=0\ns=-\nm=audio 5004 RTP/AVP 0\n");
    assert_int_equal(a.address.family, OH_FAMILY_NONE);
    assert_int_equal(a.address.port, 5004);
    a = audio_of("v=0\r\no=- 1 1 IN IP4 x\r\ns=-\r\nc=IN IP4 host.example.com\r\nt=0 0\r\n"
                 "m=audio 5004 RTP/AVP 0");
    assert_int_equal(a.address.family, OH_FAMILY_NONE);
    assert_int_equal(a.format_count, 1);
}

static void more_formats_than_we_hold_are_left_out(void **state)
{
    (void)state;
    struct oh_text body = {0};
    oh_text_add(&body, HEAD "m=audio 5004 RTP/AVP");
    for (int i = 0; i < 60; i++)
        oh_text_addf(&body, " %d", 60 + i);
    oh_text_add(&body, "\r\na=rtpmap:60 a-name-that-is-much-longer-than-any-codec/8000\r\n");
    struct oh_sdp_audio a = audio_of(oh_text_str(&body));
    assert_int_equal(a.format_count, OH_SDP_MAX_FORMATS);
    assert_int_equal(a.formats[OH_SDP_MAX_FORMATS - 1], 60 + OH_SDP_MAX_FORMATS - 1);
    assert_string_equal(a.names[0], "");
    oh_text_release(&body);
}

static void what_is_no_audio_offer_is_refused(void **state)
{
    (void)state;
    assert_refused("", "no SDP body");
    assert_refused("hello", "not SDP");
    assert_refused(HEAD, "no audio");
    assert_refused(HEAD "m=video 6000 RTP/AVP 31\r\n", "no audio");
    assert_refused(HEAD "m=audio 99999 RTP/AVP 0\r\n", "99999");
    assert_refused(HEAD "m=audio\r\n", "not SDP");
    assert_refused(HEAD "m=audio x RTP/AVP 0\r\n", "not SDP");
    assert_refused(HEAD "m=audio 5004 RTP/AVP 300\r\n", "not SDP");
}

static void bytes_past_the_end_are_never_read(void **state)
{
    (void)state;
    static const char body[] = HEAD "m=audio 5004 RTP/AVP 0 101\r\na=rtpmap:101 x/8000\r\n";
    for (size_t len = 0; len < sizeof body; len++) {
        struct oh_sdp_audio a;
        struct oh_error e;
        char *exact = malloc(len ? len : 1);
        assert_non_null(exact);
        memcpy(exact, body, len);
        int result = oh_sdp_audio_parse((struct oh_span){exact, len}, &a, &e);
        assert_true(result == 0 || strlen(e.text) > 0);
        free(exact);
    }
}

/* Sofia's parser would not come back from these. */
static void formats_that_are_no_tokens_are_refused_before_parsing(void **state)
{
    (void)state;
    static const char *const bad[] = {"\"x\"",    "/x",     "t38 @", "(",    "\x80", "\x1f",
                                      "a b c =d", "1//4 8", " \t",   "a \t", "\t\t"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char *body = oh_format(HEAD "m=audio 5004 RTP/AVP 0\r\nm=foo 1 bar/x %s\r\n", bad[i]);
        assert_false(oh_sdp_is_harmless(S(body)));
        assert_refused(body, "m= line is not media");
        free(body);
    }
    static const char *const lines[] = {"o 0/0/ /",   "o 0/0/ / 0", "o 0/0/0 RTP/AVP 0",
                                        "o 0 RTP/ 0", "o 0 /AVP 0", "o /0 RTP/AVP 0"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char *body = oh_format(HEAD "m=%s\r\n", lines[i]);
        assert_refused(body, "m= line is not media");
        free(body);
    }
    assert_true(oh_sdp_is_harmless(S(HEAD "m=audio 5004/2 RTP/AVP 0\r\nm=foo 1 b/x/y * a.b-c\r\n"
                                          "a=\"any\" /thing\r\n")));
    assert_true(oh_sdp_is_harmless(S("")));
    assert_true(oh_sdp_is_harmless((struct oh_span){NULL, 0}));
}

/* ---- offering and answering ---- */

static const unsigned g711[] = {0, 8, 101};

static struct oh_sdp_local local(enum oh_sdp_direction direction)
{
    struct oh_sdp_local l = {
        .session_id = 77, .version = 3, .formats = g711, .format_count = 3, .direction = direction};
    assert_int_equal(oh_addr_parse(S("192.0.2.9:4000"), &l.rtp, NULL), 0);
    return l;
}

#define OUR_HEAD "v=0\r\no=- 77 3 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"

static void our_offer_lists_what_we_can_do(void **state)
{
    (void)state;
    struct oh_sdp_local l = local(OH_SDP_SENDONLY);
    struct oh_text out = {0};
    oh_sdp_offer_format(&l, &out);
    assert_string_equal(oh_text_str(&out),
                        OUR_HEAD "m=audio 4000 RTP/AVP 0 8 101\r\n"
                                 "a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
                                 "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
                                 "a=sendonly\r\n");
    struct oh_sdp_audio a = audio_of(oh_text_str(&out));
    assert_int_equal(a.format_count, 3);
    assert_int_equal(a.direction, OH_SDP_SENDONLY);
    oh_text_release(&out);
}

static void an_ipv6_seat_says_so(void **state)
{
    (void)state;
    struct oh_sdp_local l = local(OH_SDP_SENDRECV);
    struct oh_text out = {0};
    assert_int_equal(oh_addr_parse(S("[2001:db8::9]:4000"), &l.rtp, NULL), 0);
    oh_sdp_offer_format(&l, &out);
    assert_non_null(strstr(oh_text_str(&out), "\r\nc=IN IP6 2001:db8::9\r\n"));
    assert_non_null(strstr(oh_text_str(&out), "o=- 77 3 IN IP6 2001:db8::9\r\n"));
    struct oh_sdp_audio a = audio_of(oh_text_str(&out));
    assert_true(oh_addr_equal(&a.address, &l.rtp));
    oh_text_release(&out);
}

static void assert_answer(const char *offer, const char *expected)
{
    struct oh_sdp_local l = local(OH_SDP_SENDRECV);
    struct oh_text out = {0};
    struct oh_error e = {.text = ""};
    assert_int_equal(oh_sdp_answer_format(S(offer), &l, &out, &e), 0);
    assert_string_equal(oh_text_str(&out), expected);
    oh_text_release(&out);
}

static void the_answer_keeps_the_offers_order_and_numbers(void **state)
{
    (void)state;
    assert_answer(HEAD "m=audio 5004 RTP/AVP 18 8 96 3 0 97\r\n"
                       "a=rtpmap:96 TELEPHONE-EVENT/8000\r\na=fmtp:96 0-11\r\n"
                       "a=rtpmap:97 telephone-event/16000\r\n",
                  OUR_HEAD "m=audio 4000 RTP/AVP 8 96 0\r\n"
                           "a=rtpmap:8 PCMA/8000\r\na=rtpmap:96 TELEPHONE-EVENT/8000\r\n"
                           "a=fmtp:96 0-15\r\na=rtpmap:0 PCMU/8000\r\na=sendrecv\r\n");
}

static void a_dynamic_number_is_matched_by_its_name(void **state)
{
    (void)state;
    /* 101 is not telephone-event here, and PCMU has a dynamic number */
    assert_answer(HEAD "m=audio 5004 RTP/AVP 101 100\r\n"
                       "a=rtpmap:101 opus/48000/2\r\na=rtpmap:100 pcmu/8000\r\n",
                  OUR_HEAD "m=audio 4000 RTP/AVP 100\r\na=rtpmap:100 pcmu/8000\r\na=sendrecv\r\n");
}

static void other_streams_are_refused_in_their_places(void **state)
{
    (void)state;
    assert_answer(HEAD "m=video 6000 RTP/AVP 31 34\r\n"
                       "m=audio 5000 RTP/SAVP 0\r\n"
                       "m=audio 5002 RTP/AVP 18\r\n"
                       "m=audio 5004 RTP/AVP 0\r\n"
                       "m=audio 5006 RTP/AVP 0 8\r\n"
                       "m=image 7000 udptl t38\r\n"
                       "m=message 8000 TCP/MSRP *\r\n",
                  OUR_HEAD "m=video 0 RTP/AVP 31 34\r\n"
                           "m=audio 0 RTP/SAVP 0\r\n"
                           "m=audio 0 RTP/AVP 18\r\n"
                           "m=audio 4000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=sendrecv\r\n"
                           "m=audio 0 RTP/AVP 0 8\r\n"
                           "m=image 0 udptl t38\r\n"
                           "m=message 0 TCP/MSRP *\r\n");
}

static void a_stream_with_port_0_stays_refused(void **state)
{
    (void)state;
    assert_answer(HEAD "m=audio 0 RTP/AVP 0\r\nm=audio 5004 RTP/AVP 8\r\n",
                  OUR_HEAD "m=audio 0 RTP/AVP 0\r\n"
                           "m=audio 4000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=sendrecv\r\n");
    assert_answer(HEAD "m=audio 0 RTP/AVP 0\r\n", OUR_HEAD "m=audio 0 RTP/AVP 0\r\n");
    assert_answer(HEAD, OUR_HEAD);
}

/* RFC 3264 6: the t= line equals the offer's */
static void the_time_is_the_offers(void **state)
{
    (void)state;
    struct oh_sdp_local l = local(OH_SDP_SENDRECV);
    struct oh_text out = {0};
    assert_int_equal(oh_sdp_answer_format(S("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n"
                                            "c=IN IP4 192.0.2.1\r\nt=3034423619 3042462419\r\n"
                                            "m=audio 5004 RTP/AVP 0\r\n"),
                                          &l, &out, NULL),
                     0);
    assert_non_null(strstr(oh_text_str(&out), "\r\nt=3034423619 3042462419\r\n"));
    oh_text_release(&out);
}

static void the_direction_is_mirrored_within_what_we_allow(void **state)
{
    (void)state;
    static const char *const names[] = {"sendrecv", "sendonly", "recvonly", "inactive"};
    /* rows: the offer's; columns: ours */
    static const char *const expected[4][4] = {
        {"sendrecv", "sendonly", "recvonly", "inactive"},
        {"recvonly", "inactive", "recvonly", "inactive"},
        {"sendonly", "sendonly", "inactive", "inactive"},
        {"inactive", "inactive", "inactive", "inactive"},
    };
    for (int theirs = 0; theirs < 4; theirs++) {
        for (int ours = 0; ours < 4; ours++) {
            struct oh_sdp_local l = local((enum oh_sdp_direction)ours);
            struct oh_text out = {0};
            char *offer = oh_format(HEAD "m=audio 5004 RTP/AVP 0\r\na=%s\r\n", names[theirs]);
            char *line = oh_format("\r\na=%s\r\n", expected[theirs][ours]);
            assert_int_equal(oh_sdp_answer_format(S(offer), &l, &out, NULL), 0);
            assert_non_null(strstr(oh_text_str(&out), line));
            oh_text_release(&out);
            free(offer);
            free(line);
        }
    }
}

static void nothing_in_common_is_no_answer(void **state)
{
    (void)state;
    static const char *const offers[][2] = {
        {HEAD "m=audio 5004 RTP/AVP 18 3\r\n", "no audio format"},
        {HEAD "m=audio 5004 RTP/AVP 101\r\na=rtpmap:101 telephone-event/8000\r\n",
         "no audio format"},
        {HEAD "m=audio 5004 RTP/AVP 96\r\n", "no audio format"},
        {HEAD "m=audio 5004 RTP/SAVP 0\r\n", "no audio format"},
        {HEAD "m=video 6000 RTP/AVP 31\r\n", "no audio format"},
        {HEAD "m=audio 70000 RTP/AVP 0\r\n", "70000"},
        {"what", "not SDP"},
        {"", "no SDP body"},
    };
    struct oh_sdp_local l = local(OH_SDP_SENDRECV);
    for (size_t i = 0; i < sizeof offers / sizeof offers[0]; i++) {
        struct oh_text out = {0};
        struct oh_error e = {.text = ""};
        oh_text_add(&out, "before");
        assert_int_equal(oh_sdp_answer_format(S(offers[i][0]), &l, &out, &e), -1);
        assert_non_null(strstr(e.text, offers[i][1]));
        assert_string_equal(oh_text_str(&out), "before");
        oh_text_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_come_in_order_with_their_names),
        cmocka_unit_test(a_dynamic_type_without_rtpmap_has_no_name),
        cmocka_unit_test(other_profiles_are_read_too),
        cmocka_unit_test(the_first_audio_stream_counts),
        cmocka_unit_test(the_direction_is_the_streams_or_the_sessions),
        cmocka_unit_test(the_hold_of_rfc_2543_is_told_apart),
        cmocka_unit_test(missing_lines_are_forgiven),
        cmocka_unit_test(more_formats_than_we_hold_are_left_out),
        cmocka_unit_test(what_is_no_audio_offer_is_refused),
        cmocka_unit_test(bytes_past_the_end_are_never_read),
        cmocka_unit_test(formats_that_are_no_tokens_are_refused_before_parsing),
        cmocka_unit_test(our_offer_lists_what_we_can_do),
        cmocka_unit_test(an_ipv6_seat_says_so),
        cmocka_unit_test(the_answer_keeps_the_offers_order_and_numbers),
        cmocka_unit_test(a_dynamic_number_is_matched_by_its_name),
        cmocka_unit_test(other_streams_are_refused_in_their_places),
        cmocka_unit_test(a_stream_with_port_0_stays_refused),
        cmocka_unit_test(the_time_is_the_offers),
        cmocka_unit_test(the_direction_is_mirrored_within_what_we_allow),
        cmocka_unit_test(nothing_in_common_is_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
