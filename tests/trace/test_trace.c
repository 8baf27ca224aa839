/* The trace as a container: adding, seats, RTP, and the readable text. */
#include "trace/trace.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct oh_addr addr(const char *text)
{
    struct oh_addr a;
    struct oh_error e = {0};
    if (oh_addr_parse(oh_span_of(text), &a, &e) < 0)
        fail_msg("%s", e.text);
    return a;
}

static const char options[] = "OPTIONS sip:a SIP/2.0\r\nCall-ID: x\r\n\r\n";

static struct oh_trace_msg *add(struct oh_trace *t, int64_t time_ns, const char *src,
                                const char *dst)
{
    struct oh_addr from = addr(src), to = addr(dst);
    return oh_trace_add(t, 1, time_ns, &from, &to, OH_TRANSPORT_UDP, oh_span_of(options));
}

static void a_new_message_has_no_links(void **state)
{
    (void)state;
    struct oh_trace *t = oh_trace_new();
    struct oh_trace_msg *m = add(t, 7, "127.0.0.2:5060", "127.0.0.1:5060");
    assert_non_null(m);
    assert_int_equal(m->time_ns, 7);
    assert_int_equal(m->frame, 1);
    assert_int_equal(m->tap, OH_NONE);
    assert_int_equal(m->request, OH_NONE);
    assert_int_equal(m->answered, OH_NONE);
    assert_int_equal(m->final, OH_NONE);
    assert_int_equal(m->ack, OH_NONE);
    assert_false(m->tap_only);
    assert_null(m->from_seat);
    oh_trace_free(t);
}

static void what_is_no_sip_is_not_added(void **state)
{
    (void)state;
    struct oh_addr a = addr("127.0.0.1:1");
    struct oh_trace *t = oh_trace_new();
    assert_null(oh_trace_add(t, 1, 0, &a, &a, OH_TRANSPORT_UDP, oh_span_of("\r\n\r\n")));
    assert_null(oh_trace_add(t, 1, 0, &a, &a, OH_TRANSPORT_UDP, oh_span_of("")));
    assert_int_equal(t->msg_count, 0);
    oh_trace_free(t);
    oh_trace_free(NULL);
}

static void messages_are_ordered_by_time_and_then_by_arrival(void **state)
{
    (void)state;
    struct oh_trace *t = oh_trace_new();
    add(t, 30, "127.0.0.3:1", "127.0.0.1:1");
    add(t, 10, "127.0.0.3:2", "127.0.0.1:1");
    add(t, 20, "127.0.0.3:3", "127.0.0.1:1");
    add(t, 10, "127.0.0.3:4", "127.0.0.1:1");
    oh_trace_link(t);
    static const unsigned ports[] = {2, 4, 3, 1};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(t->msgs[i].src.port, ports[i]);
        assert_int_equal(t->msgs[i].index, i);
    }
    oh_trace_free(t);
}

static void seats_are_told_by_address_and_a_phone_by_its_ip_too(void **state)
{
    (void)state;
    const struct oh_seat_address seats[] = {
        {"A", true, addr("127.0.0.2:5060"), {0}},
        {"P", false, addr("127.0.0.1:5060"), {0}},
        {"B", false, addr("127.0.0.1:5070"), {0}},
    };
    struct oh_trace *t = oh_trace_new();
    add(t, 1, "127.0.0.2:5060", "127.0.0.1:5060");
    add(t, 2, "127.0.0.2:40000", "127.0.0.1:5070");
    add(t, 3, "127.0.0.2:5060", "127.0.0.1:5080");
    add(t, 4, "127.0.0.9:5060", "127.0.0.2:5060");
    oh_trace_seats(t, seats, 3);
    const struct oh_trace_msg *m = t->msgs;
    assert_string_equal(m[0].from_seat, "A");
    assert_string_equal(m[0].to_seat, "P");
    assert_true(m[0].from_phone);
    assert_false(m[0].to_phone);
    assert_string_equal(m[1].from_seat, "A"); /* another port of the phone's */
    assert_string_equal(m[1].to_seat, "B");
    assert_true(m[1].from_phone);
    assert_null(m[2].to_seat); /* no seat of ours there: a stray */
    assert_null(m[3].from_seat);
    assert_true(m[3].to_phone);
    oh_trace_free(t);
}

static void a_phone_that_shares_its_ip_is_told_by_its_port(void **state)
{
    (void)state;
    const struct oh_seat_address seats[] = {
        {"A", true, addr("127.0.0.1:5062"), {0}},
        {"P", false, addr("127.0.0.1:5060"), {0}},
    };
    struct oh_trace *t = oh_trace_new();
    add(t, 1, "127.0.0.1:5062", "127.0.0.1:5060");
    add(t, 2, "127.0.0.1:40000", "127.0.0.1:5060");
    oh_trace_seats(t, seats, 2);
    assert_string_equal(t->msgs[0].from_seat, "A");
    assert_string_equal(t->msgs[0].to_seat, "P");
    assert_null(t->msgs[1].from_seat);
    oh_trace_free(t);
}

static void rtp_is_read_and_kept_where_a_seat_has_part_in_it(void **state)
{
    (void)state;
    static const char packet[] = "\x80\x88\x12\x34\x00\x00\x01\x00\xde\xad\xbe\xef"
                                 "payload";
    struct oh_span bytes = {packet, sizeof packet - 1};
    struct oh_addr a = addr("127.0.0.2:4000"), b = addr("127.0.0.1:4002");
    struct oh_addr x = addr("10.0.0.1:1"), y = addr("10.0.0.2:1");
    const struct oh_seat_address seat = {"A", true, addr("127.0.0.2:5060"), {0}};
    struct oh_trace *t = oh_trace_new();
    assert_true(oh_trace_add_rtp(t, 3, 20, &a, &b, bytes));
    assert_true(oh_trace_add_rtp(t, 2, 10, &b, &a, bytes));
    assert_true(oh_trace_add_rtp(t, 4, 30, &x, &y, bytes));
    oh_trace_seats(t, &seat, 1);
    oh_trace_link(t);
    assert_int_equal(t->rtp_count, 2);
    assert_int_equal(t->skipped, 1);
    const struct oh_trace_rtp *r = &t->rtp[0];
    assert_int_equal(r->frame, 2);
    assert_int_equal(r->payload_type, 8);
    assert_int_equal(r->sequence, 0x1234);
    assert_int_equal(r->timestamp, 256);
    assert_int_equal(r->ssrc, 0xdeadbeef);
    assert_int_equal(r->payload_len, 7);
    assert_int_equal(t->rtp[1].frame, 3);
    oh_trace_free(t);
}

static void csrcs_and_extensions_are_no_payload(void **state)
{
    (void)state;
    static const char packet[] = "\x91\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03"
                                 "CSRC"
                                 "\xbe\xde\x00\x01"
                                 "ext."
                                 "abc";
    struct oh_addr a = addr("127.0.0.2:4000");
    struct oh_trace *t = oh_trace_new();
    assert_true(oh_trace_add_rtp(t, 1, 1, &a, &a, (struct oh_span){packet, sizeof packet - 1}));
    assert_int_equal(t->rtp[0].payload_len, 3);
    assert_true(oh_trace_add_rtp(t, 1, 1, &a, &a, (struct oh_span){packet, 12}));
    assert_int_equal(t->rtp[1].payload_len, 0);
    oh_trace_free(t);
}

static void rtcp_short_and_other_packets_are_no_rtp(void **state)
{
    (void)state;
    static const char *const packets[] = {"\x80\xc8xxxxxxxxxx", "\x80\xccxxxxxxxxxx",
                                          "\x40\x00xxxxxxxxxx", "\x80\x08xxxxxxxxx", ""};
    struct oh_addr a = addr("127.0.0.2:4000");
    struct oh_trace *t = oh_trace_new();
    for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++) {
        size_t len = i == 2 ? 12 : strlen(packets[i]);
        assert_false(oh_trace_add_rtp(t, 1, 1, &a, &a, (struct oh_span){packets[i], len}));
    }
    assert_int_equal(t->rtp_count, 0);
    oh_trace_free(t);
}

static void text_becomes_messages_with_crlf_and_the_true_length(void **state)
{
    (void)state;
    static const char text[] = "# a comment\n"
                               "\n"
                               "0.012 127.0.0.2:5060 -> [::1]:5061\n"
                               "MESSAGE sip:b SIP/2.0\n"
                               "X: a\\\\b\\r\\n\\0\\x41\n"
                               "# not a comment\n"
                               "l: *\n"
                               "\n"
                               "hi\n"
                               "l: *\n"
                               "\\x2e\n"
                               ".\n"
                               "12 127.0.0.2:5060 -> 127.0.0.1:5060\n"
                               "SIP/2.0 200 OK\n"
                               ".\n";
    static const char want[] = "MESSAGE sip:b SIP/2.0\r\nX: a\\b\r\n\0A\r\n# not a comment\r\n"
                               "l: 13\r\n\r\nhi\r\nl: *\r\n.\r\n";
    struct oh_trace *t = oh_trace_new();
    struct oh_error e = {0};
    assert_int_equal(oh_trace_read_text(t, "f", oh_span_of(text), &e), 0);
    assert_int_equal(t->msg_count, 2);
    const struct oh_trace_msg *m = &t->msgs[0];
    assert_int_equal(m->time_ns, 12 * OH_NS_PER_MS);
    assert_int_equal(m->src.port, 5060);
    assert_int_equal(m->dst.family, OH_FAMILY_IPV6);
    assert_int_equal(m->frame, 1);
    assert_int_equal(m->sip->bytes.len, sizeof want - 1);
    assert_memory_equal(m->sip->bytes.at, want, sizeof want - 1);
    assert_int_equal(t->msgs[1].time_ns, 12 * OH_NS_PER_S);
    assert_int_equal(t->msgs[1].frame, 2);
    assert_string_equal(oh_transport_name(m->transport), "udp");
    oh_trace_free(t);
}

static void the_text_says_what_carried_a_message(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        enum oh_transport transport;
    } words[] = {{"", OH_TRANSPORT_UDP},
                 {" udp", OH_TRANSPORT_UDP},
                 {" tcp", OH_TRANSPORT_TCP},
                 {"  tls ", OH_TRANSPORT_TLS}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        char text[120];
        struct oh_trace *t = oh_trace_new();
        snprintf(text, sizeof text, "1 127.0.0.2:40000 -> 127.0.0.1:5060%s\nBYE sip:b SIP/2.0\n.\n",
                 words[i].word);
        assert_int_equal(oh_trace_read_text(t, "f", oh_span_of(text), NULL), 0);
        assert_int_equal(t->msgs[0].transport, words[i].transport);
        assert_int_equal(t->msgs[0].dst.port, 5060);
        oh_trace_free(t);
    }
}

static void who_opens_a_tcp_connection_is_told_by_its_ip(void **state)
{
    (void)state;
    struct oh_trace *t = oh_trace_new();
    struct oh_seat_address seats[] = {
        {"A", true, addr("127.0.0.2:5060"), {0}},
        {"P", false, addr("127.0.0.1:5060"), {0}},
        {"B", false, addr("127.0.0.3:5060"), {0}},
        {"C", false, addr("127.0.0.3:5070"), {0}},
    };
    static const char text[] = "1 127.0.0.1:40000 -> 127.0.0.2:5060 tcp\nBYE sip:a SIP/2.0\n.\n"
                               "2 127.0.0.1:40000 -> 127.0.0.2:5060\nBYE sip:a SIP/2.0\n.\n"
                               "3 127.0.0.3:40000 -> 127.0.0.2:40000 tcp\nBYE sip:a SIP/2.0\n.\n"
                               "4 127.0.0.3:5070 -> 127.0.0.2:40000 tcp\nBYE sip:a SIP/2.0\n.\n";
    assert_int_equal(oh_trace_read_text(t, "f", oh_span_of(text), NULL), 0);
    oh_trace_seats(t, seats, 4);
    assert_string_equal(t->msgs[0].from_seat, "P");
    assert_null(t->msgs[1].from_seat); /* over UDP it has sent from elsewhere */
    assert_null(t->msgs[2].from_seat); /* two seats have that address */
    assert_string_equal(t->msgs[3].from_seat, "C");
    for (int i = 0; i < 4; i++)
        assert_true(t->msgs[i].to_phone);
    oh_trace_free(t);
}

static void a_mistake_in_the_text_is_told_with_its_place(void **state)
{
    (void)state;
#define HEADING "0.1 127.0.0.2:5060 -> 127.0.0.1:5060\n"
    static const struct {
        const char *text;
        unsigned line, column;
        const char *says;
    } cases[] = {
        {"soon 127.0.0.2:5060 -> 127.0.0.1:5060\n", 1, 1, "no time"},
        {"0.1234567890 127.0.0.2:1 -> 127.0.0.1:1\n", 1, 1, "no time"},
        {"0. 127.0.0.2:1 -> 127.0.0.1:1\n", 1, 1, "no time"},
        {"99999999999 127.0.0.2:1 -> 127.0.0.1:1\n", 1, 1, "no time"},
        {"\n0.1 here -> 127.0.0.1:5060\n", 2, 5, "no source"},
        {"0.1 127.0.0.2 -> 127.0.0.1:5060\n", 1, 5, "no source"},
        {"0.1 127.0.0.2:5060 <- 127.0.0.1:5060\n", 1, 20, "'->'"},
        {"0.1 127.0.0.2:5060 -> there\n", 1, 23, "no destination"},
        {"0.1 127.0.0.2:5060 ->\n", 1, 22, "no destination"},
        {"0.1 127.0.0.2:5060 -> 127.0.0.1:5060 sctp\n", 1, 38, "no transport"},
        {"0.1 127.0.0.2:5060 -> 127.0.0.1:5060 TCP\n", 1, 38, "no transport"},
        {"0.1 127.0.0.2:5060 -> 127.0.0.1:5060 tcp now\n", 1, 42, "more after"},
        {HEADING "BYE sip:a SIP/2.0\n", 1, 1, "does not end"},
        {HEADING, 1, 1, "does not end"},
        {HEADING "hello\n.\n", 2, 1, "no SIP message"},
        {HEADING "BYE sip:a SIP/2.0\nX: \\q\n.\n", 3, 4, "unknown escape"},
        {HEADING "BYE sip:a SIP/2.0\nX: \\x4\n.\n", 3, 4, "unknown escape"},
        {HEADING "BYE sip:a SIP/2.0\nX: \\", 3, 4, "unknown escape"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct oh_trace *t = oh_trace_new();
        struct oh_error e = {0};
        assert_int_equal(oh_trace_read_text(t, "f.txt", oh_span_of(cases[i].text), &e), -1);
        assert_non_null(strstr(e.text, cases[i].says));
        assert_string_equal(e.file, "f.txt");
        assert_int_equal(e.place.line, cases[i].line);
        assert_int_equal(e.place.column, cases[i].column);
        assert_true(e.remedy[0] != '\0');
        oh_trace_free(t);
    }
}

static void a_long_line_with_a_mistake_fits_its_excerpt(void **state)
{
    (void)state;
    char text[1200] = HEADING "BYE sip:a SIP/2.0\n";
    size_t len = strlen(text);
    memset(text + len, '\x01', 1000);
    memcpy(text + len + 1000, "\\q\n", 4);
    struct oh_trace *t = oh_trace_new();
    struct oh_error e = {0};
    assert_int_equal(oh_trace_read_text(t, "f", oh_span_of(text), &e), -1);
    assert_true(strlen(e.excerpt) < sizeof e.excerpt);
    assert_int_equal(e.place.column, 1001);
    assert_int_equal(oh_trace_read_text(t, "f", oh_span_of(text), NULL), -1);
    oh_trace_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_message_has_no_links),
        cmocka_unit_test(what_is_no_sip_is_not_added),
        cmocka_unit_test(messages_are_ordered_by_time_and_then_by_arrival),
        cmocka_unit_test(seats_are_told_by_address_and_a_phone_by_its_ip_too),
        cmocka_unit_test(a_phone_that_shares_its_ip_is_told_by_its_port),
        cmocka_unit_test(rtp_is_read_and_kept_where_a_seat_has_part_in_it),
        cmocka_unit_test(csrcs_and_extensions_are_no_payload),
        cmocka_unit_test(rtcp_short_and_other_packets_are_no_rtp),
        cmocka_unit_test(text_becomes_messages_with_crlf_and_the_true_length),
        cmocka_unit_test(the_text_says_what_carried_a_message),
        cmocka_unit_test(who_opens_a_tcp_connection_is_told_by_its_ip),
        cmocka_unit_test(a_mistake_in_the_text_is_told_with_its_place),
        cmocka_unit_test(a_long_line_with_a_mistake_fits_its_excerpt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
