#include "sip/draft.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define S(text) oh_span_of(text)

static struct oh_sip_msg *message(const char *text)
{
    struct oh_sip_msg *m = oh_sip_msg_parse(S(text));
    assert_non_null(m);
    return m;
}

/* The draft's bytes, which must be a message without defects, and nothing else. */
static char *written(const struct oh_draft *d)
{
    struct oh_text out = {0};
    oh_draft_format(d, &out);
    struct oh_sip_msg *m = oh_sip_msg_parse(oh_text_span(&out));
    assert_non_null(m);
    assert_int_equal(m->defect_count, 0);
    oh_sip_msg_free(m);
    return oh_text_take(&out);
}

static void assert_written(struct oh_draft *d, const char *expected)
{
    char *text = written(d);
    assert_string_equal(text, expected);
    free(text);
    oh_draft_free(d);
}

static struct oh_addr address(const char *text)
{
    struct oh_addr a;
    assert_int_equal(oh_addr_parse(S(text), &a, NULL), 0);
    return a;
}

#define INVITE                                                                                     \
    "INVITE sip:bob@192.0.2.9 SIP/2.0\r\n"                                                         \
    "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKtop\r\n"                                        \
    "v: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKmid, SIP/2.0/UDP 192.0.2.8;branch=z9hG4bKlow\r\n"      \
    "Max-Forwards: 70\r\n"                                                                         \
    "Record-Route: <sip:p2.example.com;lr>, <sip:p1.example.com;lr>\r\n"                           \
    "Record-Route: <sip:p0.example.com;lr;x=1>;y=2\r\n"                                            \
    "f: \"Alice\" <sip:alice@example.com>;tag=from1\r\n"                                           \
    "To: <sip:bob@example.com>\r\n"                                                                \
    "Call-ID: c1@192.0.2.1\r\n"                                                                    \
    "CSeq: 1 INVITE\r\n"                                                                           \
    "Timestamp: 54\r\n"                                                                            \
    "Contact: <sip:alice@192.0.2.1>\r\n"                                                           \
    "Content-Length: 0\r\n\r\n"

#define COPIED_VIAS                                                                                \
    "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKtop\r\n"                                        \
    "Via: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKmid, SIP/2.0/UDP 192.0.2.8;branch=z9hG4bKlow\r\n"
#define COPIED_ROUTES                                                                              \
    "Record-Route: <sip:p2.example.com;lr>, <sip:p1.example.com;lr>\r\n"                           \
    "Record-Route: <sip:p0.example.com;lr;x=1>;y=2\r\n"
#define COPIED_FROM "From: \"Alice\" <sip:alice@example.com>;tag=from1\r\n"
#define COPIED_REST "Call-ID: c1@192.0.2.1\r\nCSeq: 1 INVITE\r\n"

/* ---- requests and overrides ---- */

static void a_request_is_written_as_it_was_put_together(void **state)
{
    (void)state;
    struct oh_draft *d = oh_draft_request("OPTIONS", "sip:a@192.0.2.1");
    oh_draft_add(d, "Via", "SIP/2.0/UDP %s;branch=z9hG4bK%d", "192.0.2.2:5060", 7);
    oh_draft_add(d, "X-Own", "one");
    oh_draft_add(d, "x-own", "two");
    oh_draft_body(d, "text/plain", S("hello"));
    assert_written(d, "OPTIONS sip:a@192.0.2.1 SIP/2.0\r\n"
                      "Via: SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK7\r\n"
                      "X-Own: one\r\n"
                      "x-own: two\r\n"
                      "Content-Type: text/plain\r\n"
                      "Content-Length: 5\r\n\r\nhello");
}

static void setting_a_header_replaces_all_of_its_forms_in_place(void **state)
{
    (void)state;
    struct oh_draft *d = oh_draft_request("OPTIONS", "sip:a");
    oh_draft_add(d, "f", "one");
    oh_draft_add(d, "Subject", "s1");
    oh_draft_add(d, "FROM", "two");
    oh_draft_add(d, "s", "s2");
    oh_draft_set(d, "From", "three");
    oh_draft_set(d, "SUBJECT", "s3");
    oh_draft_set(d, "Expires", "%d", 60);
    assert_written(d, "OPTIONS sip:a SIP/2.0\r\n"
                      "From: three\r\n"
                      "SUBJECT: s3\r\n"
                      "Expires: 60\r\n"
                      "Content-Length: 0\r\n\r\n");
}

static void pushing_puts_in_front_of_the_first_of_that_name(void **state)
{
    (void)state;
    struct oh_draft *d = oh_draft_request("OPTIONS", "sip:a");
    oh_draft_add(d, "Max-Forwards", "70");
    oh_draft_add(d, "Via", "old");
    oh_draft_push(d, "v", "new");
    oh_draft_push(d, "Route", "<sip:p;lr>");
    assert_written(d, "OPTIONS sip:a SIP/2.0\r\n"
                      "Route: <sip:p;lr>\r\n"
                      "Max-Forwards: 70\r\n"
                      "v: new\r\n"
                      "Via: old\r\n"
                      "Content-Length: 0\r\n\r\n");
}

static void removing_takes_all_of_a_name_away(void **state)
{
    (void)state;
    struct oh_draft *d = oh_draft_request("OPTIONS", "sip:a");
    oh_draft_add(d, "Contact", "<sip:x>");
    oh_draft_add(d, "To", "<sip:y>");
    oh_draft_add(d, "m", "<sip:z>");
    oh_draft_remove(d, "CONTACT");
    oh_draft_remove(d, "Route");
    assert_written(d, "OPTIONS sip:a SIP/2.0\r\nTo: <sip:y>\r\nContent-Length: 0\r\n\r\n");
}

static void a_content_length_set_by_hand_stays(void **state)
{
    (void)state;
    struct oh_text out = {0};
    struct oh_draft *d = oh_draft_request("OPTIONS", "sip:a");
    oh_draft_body(d, "a/b", S("12345"));
    oh_draft_set(d, "l", "3");
    oh_draft_format(d, &out);
    assert_string_equal(oh_text_str(&out),
                        "OPTIONS sip:a SIP/2.0\r\nContent-Type: a/b\r\nl: 3\r\n\r\n12345");
    oh_text_release(&out);
    oh_draft_free(d);
}

static void a_body_can_be_replaced_and_taken_away(void **state)
{
    (void)state;
    struct oh_draft *d = oh_draft_request("OPTIONS", "sip:a");
    oh_draft_body(d, "a/b", S("12345"));
    oh_draft_body(d, NULL, (struct oh_span){"x\0y", 3});
    struct oh_text out = {0};
    oh_draft_format(d, &out);
    static const char expected[] =
        "OPTIONS sip:a SIP/2.0\r\nContent-Type: a/b\r\nContent-Length: 3\r\n\r\nx\0y";
    assert_int_equal(out.len, sizeof expected - 1);
    assert_memory_equal(out.at, expected, out.len);
    oh_text_release(&out);
    oh_draft_body(d, "a/b", (struct oh_span){NULL, 0});
    assert_written(d, "OPTIONS sip:a SIP/2.0\r\nContent-Length: 0\r\n\r\n");
}

static void no_text_can_break_out_of_its_line(void **state)
{
    (void)state;
    struct oh_draft *d = oh_draft_request("OPT\r\nIONS", "sip:a\r\n b");
    oh_draft_add(d, "X\r\nInjected", "one \r\n\t two\r\nInjected: yes\n\r");
    oh_draft_set(d, "Plain", "tab\tand  blanks stay");
    assert_written(d, "OPTIONS sip:ab SIP/2.0\r\n"
                      "XInjected: one two Injected: yes \r\n"
                      "Plain: tab\tand  blanks stay\r\n"
                      "Content-Length: 0\r\n\r\n");
}

/* ---- responses ---- */

static void a_final_response_copies_what_it_must(void **state)
{
    (void)state;
    struct oh_sip_msg *m = message(INVITE);
    struct oh_addr source = address("192.0.2.1:5060");
    assert_written(oh_draft_response(m, &source, 486, NULL, "to1"),
                   "SIP/2.0 486 Busy Here\r\n" COPIED_VIAS COPIED_FROM
                   "To: <sip:bob@example.com>;tag=to1\r\n" COPIED_REST "Content-Length: 0\r\n\r\n");
    oh_sip_msg_free(m);
}

static void responses_that_form_a_dialog_copy_record_route(void **state)
{
    (void)state;
    struct oh_sip_msg *m = message(INVITE);
    assert_written(oh_draft_response(m, NULL, 200, "Fine", "to1"),
                   "SIP/2.0 200 Fine\r\n" COPIED_VIAS COPIED_ROUTES COPIED_FROM
                   "To: <sip:bob@example.com>;tag=to1\r\n" COPIED_REST "Content-Length: 0\r\n\r\n");
    assert_written(oh_draft_response(m, NULL, 180, NULL, "to1"),
                   "SIP/2.0 180 Ringing\r\n" COPIED_VIAS COPIED_ROUTES COPIED_FROM
                   "To: <sip:bob@example.com>;tag=to1\r\n" COPIED_REST "Content-Length: 0\r\n\r\n");
    oh_sip_msg_free(m);
}

static void a_100_has_no_tag_and_no_route_but_the_timestamp(void **state)
{
    (void)state;
    struct oh_sip_msg *m = message(INVITE);
    assert_written(oh_draft_response(m, NULL, 100, NULL, "to1"),
                   "SIP/2.0 100 Trying\r\n" COPIED_VIAS COPIED_FROM
                   "To: <sip:bob@example.com>\r\n" COPIED_REST
                   "Timestamp: 54\r\nContent-Length: 0\r\n\r\n");
    oh_sip_msg_free(m);
}

static void a_to_tag_that_is_there_stays(void **state)
{
    (void)state;
    struct oh_sip_msg *m = message("BYE sip:b SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1\r\n"
                                   "Record-Route: <sip:p;lr>\r\n"
                                   "From: <sip:a>;tag=1\r\nt: sip:b;x=1;TAG=there\r\n"
                                   "Call-ID: c\r\nCSeq: 2 BYE\r\nContent-Length: 0\r\n\r\n");
    assert_written(oh_draft_response(m, NULL, 200, NULL, "mine"),
                   "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1\r\n"
                   "From: <sip:a>;tag=1\r\nTo: sip:b;x=1;TAG=there\r\n"
                   "Call-ID: c\r\nCSeq: 2 BYE\r\nContent-Length: 0\r\n\r\n");
    oh_sip_msg_free(m);
}

static void a_folded_request_is_answered_on_single_lines(void **state)
{
    (void)state;
    struct oh_sip_msg *m =
        message("BYE sip:b SIP/2.0\r\nVia: SIP/2.0/UDP\r\n 192.0.2.1\r\n ;branch=z9hG4bK1\r\n"
                "From: <sip:a>\r\n\t;tag=1\r\nTo: <sip:b>;tag=2\r\n"
                "Call-ID: c\r\nCSeq: 2\r\n  BYE\r\nContent-Length: 0\r\n\r\n");
    struct oh_addr source = address("192.0.2.1:5060");
    assert_written(oh_draft_response(m, &source, 200, NULL, NULL),
                   "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1 ;branch=z9hG4bK1\r\n"
                   "From: <sip:a> ;tag=1\r\nTo: <sip:b>;tag=2\r\n"
                   "Call-ID: c\r\nCSeq: 2 BYE\r\nContent-Length: 0\r\n\r\n");
    oh_sip_msg_free(m);
}

/* RFC 3261 18.2.1, RFC 3581 4 */
static void the_top_via_tells_where_the_request_came_from(void **state)
{
    (void)state;
    static const struct {
        const char *via, *source, *answered;
    } rows[] = {
        {"SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1", "192.0.2.1:5060",
         "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1"},
        {"SIP/2.0/UDP 192.0.2.1:5061;branch=z9hG4bK1", "192.0.2.1:6000",
         "SIP/2.0/UDP 192.0.2.1:5061;branch=z9hG4bK1"},
        {"SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1", "192.0.2.4:5060",
         "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1;received=192.0.2.4"},
        {"SIP/2.0/UDP pc33.example.com:5066", "192.0.2.4:5060",
         "SIP/2.0/UDP pc33.example.com:5066;received=192.0.2.4"},
        {"SIP/2.0/UDP 192.0.2.1;rport;branch=z9hG4bK1", "192.0.2.1:6000",
         "SIP/2.0/UDP 192.0.2.1;rport=6000;branch=z9hG4bK1;received=192.0.2.1"},
        {"SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK1;RPORT", "192.0.2.4:6000",
         "SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK1;rport=6000;received=192.0.2.4"},
        {"SIP/2.0/UDP 192.0.2.1;received=6.6.6.6;branch=z9hG4bK1", "192.0.2.1:5060",
         "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1;received=192.0.2.1"},
        {"SIP / 2.0 / UDP first.example.com: 4000 ;x=\";received=1\" ;ttl=16 , SIP/2.0/UDP a;rport",
         "192.0.2.4:6000",
         "SIP / 2.0 / UDP first.example.com: 4000 ;x=\";received=1\" ;ttl=16;received=192.0.2.4 "
         ", SIP/2.0/UDP a;rport"},
        {"SIP/2.0/UDP [2001:db8::1]:5060;branch=z9hG4bK1", "[2001:DB8:0::1]:5060",
         "SIP/2.0/UDP [2001:db8::1]:5060;branch=z9hG4bK1"},
        {"SIP/2.0/UDP [2001:db8::1];rport", "[2001:db8::2]:5070",
         "SIP/2.0/UDP [2001:db8::1];rport=5070;received=2001:db8::2"},
        {"no via at all", "192.0.2.4:6000", "no via at all"},
        {"SIP/2.0/UDP", "192.0.2.4:6000", "SIP/2.0/UDP"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *request =
            oh_format("OPTIONS sip:b SIP/2.0\r\nVia: %s\r\nContent-Length: 0\r\n\r\n", rows[i].via);
        char *answer =
            oh_format("SIP/2.0 200 OK\r\nVia: %s\r\nContent-Length: 0\r\n\r\n", rows[i].answered);
        struct oh_sip_msg *m = message(request);
        struct oh_addr source = address(rows[i].source);
        assert_written(oh_draft_response(m, &source, 200, NULL, NULL), answer);
        oh_sip_msg_free(m);
        free(request);
        free(answer);
    }
}

static void a_bare_request_gets_a_bare_response(void **state)
{
    (void)state;
    struct oh_sip_msg *m = message("OPTIONS sip:b SIP/2.0\r\n\r\n");
    struct oh_addr source = address("192.0.2.1:5060");
    assert_written(oh_draft_response(m, &source, 200, NULL, "t"),
                   "SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n");
    oh_sip_msg_free(m);
}

static void phrases_are_those_of_the_rfcs(void **state)
{
    (void)state;
    assert_string_equal(oh_sip_reason(407), "Proxy Authentication Required");
    assert_string_equal(oh_sip_reason(481), "Call/Transaction Does Not Exist");
    assert_string_equal(oh_sip_reason(504), "Server Time-out");
    assert_string_equal(oh_sip_reason(489), "Bad Event");
    assert_string_equal(oh_sip_reason(299), "");
    assert_string_equal(oh_sip_reason(0), "");
}

static void a_status_without_a_phrase_is_still_a_status_line(void **state)
{
    (void)state;
    struct oh_sip_msg *m = message("OPTIONS sip:b SIP/2.0\r\n\r\n");
    assert_written(oh_draft_response(m, NULL, 499, NULL, NULL),
                   "SIP/2.0 499 \r\nContent-Length: 0\r\n\r\n");
    assert_written(oh_draft_response(m, NULL, 499, "a\r\nb", NULL),
                   "SIP/2.0 499 a b\r\nContent-Length: 0\r\n\r\n");
    oh_sip_msg_free(m);
}

static void exact_bytes_are_written_as_they_are(void **state)
{
    struct oh_draft *d = oh_draft_exact(S("no SIP\r\n\r\nat all"));
    struct oh_text out = {0};
    (void)state;
    oh_draft_add(d, "Subject", "not sent");
    oh_draft_format(d, &out);
    assert_string_equal(oh_text_str(&out), "no SIP\r\n\r\nat all");
    oh_text_release(&out);
    oh_draft_free(d);
}

static void freeing_nothing_is_fine(void **state)
{
    (void)state;
    oh_draft_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_written_as_it_was_put_together),
        cmocka_unit_test(setting_a_header_replaces_all_of_its_forms_in_place),
        cmocka_unit_test(pushing_puts_in_front_of_the_first_of_that_name),
        cmocka_unit_test(removing_takes_all_of_a_name_away),
        cmocka_unit_test(a_content_length_set_by_hand_stays),
        cmocka_unit_test(a_body_can_be_replaced_and_taken_away),
        cmocka_unit_test(no_text_can_break_out_of_its_line),
        cmocka_unit_test(a_final_response_copies_what_it_must),
        cmocka_unit_test(responses_that_form_a_dialog_copy_record_route),
        cmocka_unit_test(a_100_has_no_tag_and_no_route_but_the_timestamp),
        cmocka_unit_test(a_to_tag_that_is_there_stays),
        cmocka_unit_test(a_folded_request_is_answered_on_single_lines),
        cmocka_unit_test(the_top_via_tells_where_the_request_came_from),
        cmocka_unit_test(a_bare_request_gets_a_bare_response),
        cmocka_unit_test(phrases_are_those_of_the_rfcs),
        cmocka_unit_test(a_status_without_a_phrase_is_still_a_status_line),
        cmocka_unit_test(exact_bytes_are_written_as_they_are),
        cmocka_unit_test(freeing_nothing_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
