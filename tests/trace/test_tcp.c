/* SIP over TCP in capture files: segments of every kind into messages. */
#include "trace/tcp_wire.h"

/* --- what a healthy connection shows --- */

static void a_segment_with_a_message_is_a_message(void **state)
{
    (void)state;
    for (int six = 0; six < 2; six++) {
        struct wire w = new_wire();
        w.ipv6 = six;
        hello(&w);
        says(&w, message(1, 9));
        acknowledges(&w);
        answers(&w, message(2, 0));
        struct outcome o = read_wire(&w);
        char src[OH_ADDR_TEXT];
        assert_tcp(&o, 0, 1, 4, 4);
        assert_tcp(&o, 1, 2, 6, 6);
        assert_string_equal(oh_addr_format(&o.trace->msgs[0].src, src),
                            six ? "[2001:db8::2]:40000" : "127.0.0.2:40000");
        assert_string_equal(oh_addr_format(&o.trace->msgs[1].src, src),
                            six ? "[2001:db8::1]:5060" : "127.0.0.1:5060");
        assert_int_equal(o.trace->frames, 6);
        assert_messages(o, 2);
    }
}

static void a_message_cut_anywhere_is_whole_with_its_last_segment(void **state)
{
    (void)state;
    struct oh_text whole = message(1, 20);
    for (size_t at = 1; at < whole.len; at++) {
        struct wire w = new_wire();
        hello(&w);
        says(&w, part_of(&whole, 0, at));
        acknowledges(&w);
        says(&w, part_of(&whole, at, whole.len));
        struct outcome o = read_wire(&w);
        assert_tcp(&o, 0, 1, 4, 6);
        assert_messages(o, 1);
    }
    oh_text_release(&whole);
}

static void messages_that_share_segments_are_told_apart(void **state)
{
    (void)state;
    struct oh_text all = message(1, 30), second = message(2, 0), third = message(3, 5);
    size_t first_len = all.len;
    put_text(&all, second);
    size_t two_len = all.len;
    put_text(&all, third);
    struct wire w = new_wire();
    hello(&w);
    says(&w, part_of(&all, 0, first_len + 10)); /* frame 4: the first and some */
    says(&w, part_of(&all, first_len + 10, two_len - first_len - 10 + 4));
    says(&w, part_of(&all, two_len + 4, all.len));
    struct outcome o = read_wire(&w);
    assert_tcp(&o, 0, 1, 4, 4);
    assert_tcp(&o, 1, 2, 4, 5);
    assert_tcp(&o, 2, 3, 5, 6);
    assert_messages(o, 3);
    oh_text_release(&all);
}

static void a_message_larger_than_a_segment_is_one(void **state)
{
    (void)state;
    struct oh_text whole = message(1, 60000);
    struct wire w = new_wire();
    hello(&w);
    for (size_t at = 0; at < whole.len; at += 1448)
        says(&w, part_of(&whole, at, 1448));
    says(&w, message(2, 0));
    oh_text_release(&whole);
    struct outcome o = read_wire(&w);
    assert_int_equal(o.trace->msgs[0].sip->body.len, 60000);
    assert_int_equal(o.trace->msgs[0].frame, 4);
    assert_messages(o, 2);
}

static void messages_may_come_byte_by_byte(void **state)
{
    (void)state;
    struct wire w = new_wire();
    hello(&w);
    for (unsigned number = 1; number <= 5; number++) {
        struct oh_text whole = message(number, 200);
        for (size_t at = 0; at < whole.len; at++)
            says(&w, part_of(&whole, at, 1));
        oh_text_release(&whole);
    }
    struct outcome o = read_wire(&w);
    for (size_t i = 1; i < 5; i++)
        assert_int_equal(o.trace->msgs[i].frame, 4 + i * o.trace->msgs[0].sip->bytes.len);
    assert_messages(o, 5);
}

static void keepalives_are_no_messages(void **state)
{
    (void)state;
    struct wire w = new_wire();
    hello(&w);
    says(&w, text_of("\r\n\r\n"));
    answers(&w, text_of("\r\n"));
    says(&w, message(1, 0));
    says(&w, text_of("\r\n\r\n"));
    assert_messages(read_wire(&w), 1);
}

/* --- segments as networks and captures have them --- */

static void segments_that_came_twice_or_overlap_count_once(void **state)
{
    (void)state;
    struct oh_text whole = message(1, 40);
    struct wire w = new_wire();
    hello(&w);
    uint32_t begin = w.client;
    says(&w, part_of(&whole, 0, 50));
    put_segment(&w, true, begin, w.server, ACK, part_of(&whole, 0, 50), 0);
    put_segment(&w, true, begin + 20, w.server, ACK, part_of(&whole, 20, 60), 0);
    put_segment(&w, true, begin + 10, w.server, ACK, part_of(&whole, 10, whole.len), 0);
    w.client = begin + (uint32_t)whole.len;
    put_segment(&w, true, begin, w.server, ACK, part_of(&whole, 0, whole.len), 0);
    put_segment(&w, true, CLIENT_ISN, 0, SYN, (struct oh_text){0}, 0); /* late copy */
    says(&w, message(2, 0));
    oh_text_release(&whole);
    struct outcome o = read_wire(&w);
    assert_tcp(&o, 0, 1, 4, 7);
    assert_messages(o, 2);
}

static void segments_out_of_order_wait_for_the_earlier_ones(void **state)
{
    (void)state;
    static const unsigned orders[][3] = {{2, 1, 0}, {1, 0, 2}, {2, 0, 1}, {1, 2, 0}, {0, 2, 1}};
    for (size_t i = 0; i < 5; i++) {
        struct oh_text texts[] = {message(1, 10), message(2, 10), message(3, 10)};
        uint32_t at[3];
        struct wire w = new_wire();
        hello(&w);
        for (size_t k = 0; k < 3; k++) {
            at[k] = w.client;
            w.client += (uint32_t)texts[k].len;
        }
        for (size_t k = 0; k < 3; k++)
            put_segment(&w, true, at[orders[i][k]], w.server, ACK, texts[orders[i][k]], 0);
        struct outcome o = read_wire(&w);
        int64_t before = 0;
        for (size_t k = 0; k < 3; k++) { /* as the receiver had them: in the stream's order */
            assert_true(o.trace->msgs[k].time_ns >= before);
            before = o.trace->msgs[k].time_ns;
        }
        assert_int_equal(o.trace->msgs[orders[i][0]].frame, 4);
        assert_messages(o, 3);
    }
}

static void numbers_wrap_around_within_a_message(void **state)
{
    (void)state;
    struct wire w = new_wire();
    hello(&w);
    for (unsigned i = 1; i <= 20; i++)
        answers(&w, message(i, 50)); /* 2^32 lies 256 bytes behind the server's SYN */
    assert_messages(read_wire(&w), 20);
}

static void probes_of_an_idle_connection_are_no_bytes(void **state)
{
    (void)state;
    struct wire w = new_wire();
    hello(&w);
    says(&w, message(1, 0));
    put_segment(&w, true, w.client - 1, w.server, ACK, (struct oh_text){0}, 0);
    put_segment(&w, true, w.client - 1, w.server, ACK, text_of("?"), 0); /* RFC 9293 3.8.4 */
    says(&w, message(2, 0));
    assert_messages(read_wire(&w), 2);
}

/* --- ends, and connections one after another --- */

static void the_last_message_may_come_with_the_fin(void **state)
{
    (void)state;
    struct wire w = new_wire();
    hello(&w);
    struct oh_text last = message(1, 0);
    uint32_t len = (uint32_t)last.len;
    put_segment(&w, true, w.client, w.server, FIN | ACK, last, 0);
    w.client += len + 1;
    acknowledges(&w);
    answers(&w, message(2, 0)); /* half closed: the other side may still speak */
    assert_messages(read_wire(&w), 2);
}

static void the_same_ports_may_carry_one_connection_after_another(void **state)
{
    (void)state;
    static const uint32_t later[] = {0x70000000, 5000, 900}; /* far, near and behind */
    for (size_t i = 0; i < 3; i++) {
        for (unsigned closed = 0; closed < 3; closed++) {
            struct wire w = new_wire();
            hello(&w);
            says(&w, message(1, 0));
            if (closed == 1)
                bye(&w);
            if (closed == 2)
                put_segment(&w, true, w.client, w.server, RST, (struct oh_text){0}, 0);
            w.client = later[i];
            w.server = later[i] + 77;
            hello(&w);
            says(&w, message(2, 0));
            answers(&w, message(3, 0));
            assert_messages(read_wire(&w), 3);
        }
    }
}

static void a_connection_whose_syn_was_lost_begins_anew_and_is_a_loss(void **state)
{
    (void)state;
    for (int closed = 0; closed < 3; closed++) {
        struct wire w = new_wire();
        hello(&w);
        says(&w, message(1, 0));
        if (closed == 1)
            bye(&w);
        w.client = closed == 1 ? w.client + 50 : closed == 0 ? 0x70000000 : 0x90000000;
        w.server = 0x60000000;
        says(&w, message(2, 0));
        answers(&w, message(3, 0));
        struct outcome o = read_wire(&w);
        assert_true(o.truncated);
        assert_int_equal(o.trace->msg_count, 3);
        oh_trace_free(o.trace);
    }
}

static void a_message_may_come_with_the_syn(void **state)
{
    (void)state;
    struct wire w = new_wire();
    struct oh_text first = message(1, 0);
    uint32_t len = (uint32_t)first.len;
    put_segment(&w, true, w.client, 0, SYN, first, 0); /* RFC 7413 */
    w.client += 1 + len;
    put_segment(&w, false, w.server++, w.client, SYN | ACK, (struct oh_text){0}, 0);
    says(&w, message(2, 0));
    assert_messages(read_wire(&w), 2);
}

/* Neither end is known to be SIP's: only the beginning tells. */
static void a_syn_may_come_after_its_answer(void **state)
{
    (void)state;
    struct wire w = new_wire();
    put_segment(&w, false, w.server++, w.client + 1, SYN | ACK, (struct oh_text){0}, 0);
    put_segment(&w, true, w.client++, 0, SYN, (struct oh_text){0}, 0);
    answers(&w, message(1, 0));
    says(&w, message(2, 0));
    assert_messages(read_wire_at(&w, "127.0.0.9:5060"), 2);
}

/* More than are kept track of: those that were silent longest make room. */
static void ten_thousand_connections_are_all_read(void **state)
{
    (void)state;
    struct wire w = new_wire();
    for (unsigned i = 1; i <= 10000; i++) {
        w.client = w.server = CLIENT_ISN;
        w.client_port = 20000 + i;
        hello(&w);
        says(&w, message(i, 0));
        w.now %= 900000000;
    }
    assert_messages(read_wire(&w), 10000);
}

static void half_a_message_at_the_end_is_none_and_no_loss(void **state)
{
    (void)state;
    for (int how = 0; how < 3; how++) {
        struct oh_text whole = message(2, 100);
        struct wire w = new_wire();
        hello(&w);
        says(&w, message(1, 0));
        says(&w, part_of(&whole, 0, 60));
        acknowledges(&w);
        if (how == 1)
            bye(&w);
        if (how == 2)
            put_segment(&w, true, w.client, w.server, RST, (struct oh_text){0}, 0);
        oh_text_release(&whole);
        struct outcome o = read_wire(&w);
        assert_int_equal(o.trace->msg_count, 1);
        assert_false(o.truncated);
        assert_int_equal(o.trace->skipped, 1);
        oh_trace_free(o.trace);
    }
}

static void connections_side_by_side_do_not_mix(void **state)
{
    (void)state;
    struct oh_text a = message(1, 60), b = message(2, 60);
    struct wire w = new_wire();
    hello(&w);
    uint32_t first = w.client;
    w.client_port = 40001;
    w.client = CLIENT_ISN;
    w.server = SERVER_ISN;
    hello(&w);
    put_segment(&w, true, w.client, w.server, ACK, part_of(&b, 0, 40), 0);
    w.client_port = 40000;
    put_segment(&w, true, first, w.server, ACK, part_of(&a, 0, 50), 0);
    put_segment(&w, true, first + 50, w.server, ACK, part_of(&a, 50, a.len), 0);
    w.client_port = 40001;
    put_segment(&w, true, w.client + 40, w.server, ACK, part_of(&b, 40, b.len), 0);
    oh_text_release(&a);
    oh_text_release(&b);
    struct outcome o = read_wire(&w);
    assert_int_equal(o.trace->msgs[0].src.port, 40000);
    assert_int_equal(o.trace->msgs[1].src.port, 40001);
    assert_tcp(&o, 1, 2, 7, 10);
    assert_messages(o, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_segment_with_a_message_is_a_message),
        cmocka_unit_test(a_message_cut_anywhere_is_whole_with_its_last_segment),
        cmocka_unit_test(messages_that_share_segments_are_told_apart),
        cmocka_unit_test(a_message_larger_than_a_segment_is_one),
        cmocka_unit_test(messages_may_come_byte_by_byte),
        cmocka_unit_test(keepalives_are_no_messages),
        cmocka_unit_test(segments_that_came_twice_or_overlap_count_once),
        cmocka_unit_test(segments_out_of_order_wait_for_the_earlier_ones),
        cmocka_unit_test(numbers_wrap_around_within_a_message),
        cmocka_unit_test(probes_of_an_idle_connection_are_no_bytes),
        cmocka_unit_test(the_last_message_may_come_with_the_fin),
        cmocka_unit_test(the_same_ports_may_carry_one_connection_after_another),
        cmocka_unit_test(a_connection_whose_syn_was_lost_begins_anew_and_is_a_loss),
        cmocka_unit_test(a_message_may_come_with_the_syn),
        cmocka_unit_test(a_syn_may_come_after_its_answer),
        cmocka_unit_test(ten_thousand_connections_are_all_read),
        cmocka_unit_test(half_a_message_at_the_end_is_none_and_no_loss),
        cmocka_unit_test(connections_side_by_side_do_not_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
