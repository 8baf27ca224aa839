/* SIP over TCP in capture files that do not show all: begun late, frames lost; and what is no SIP.
 */
#include "trace/tcp_wire.h"

/* --- begun before the capture --- */

static void a_capture_may_begin_between_two_messages(void **state)
{
    (void)state;
    struct wire w = new_wire();
    says(&w, message(1, 30));
    acknowledges(&w);
    answers(&w, message(2, 0));
    assert_messages(read_wire(&w), 2);
}

static void acknowledgements_of_what_was_before_are_no_loss(void **state)
{
    (void)state;
    for (int late = 0; late < 2; late++) {
        struct wire w = new_wire();
        answers(&w, message(1, 0));
        acknowledges(&w);
        w.client += 700; /* sent before the capture; or, where that is told too late, lost by it */
        w.now += late ? 600 * MS : 100 * MS;
        acknowledges(&w);
        if (late)
            assert_lost(&w, 1);
        else
            assert_messages(read_wire(&w), 1);
    }
}

static void a_capture_that_begins_within_a_message_finds_the_next(void **state)
{
    (void)state;
    struct oh_text whole = message(7, 30);
    for (size_t at = 1; at < whole.len; at++) {
        struct wire w = new_wire();
        says(&w, part_of(&whole, at, whole.len));
        says(&w, message(1, 0));
        says(&w, message(2, 0));
        struct outcome o = read_wire(&w);
        /* what ends in no line end hides where the next one begins */
        size_t missed = 0;
        while (missed < 2 && o.trace->msg_count + missed < 2)
            missed++;
        assert_true(missed <= 1);
        assert_false(o.truncated);
        assert_tcp(&o, o.trace->msg_count - 1, 2, 3, 3);
        oh_trace_free(o.trace);
    }
    oh_text_release(&whole);
}

static void a_quoted_message_at_the_beginning_hides_none(void **state)
{
    (void)state;
    struct wire w = new_wire();
    says(&w, text_of("sipfrag\r\n\r\nSIP/2.0 180 Ringing\r\n")); /* RFC 3420 */
    says(&w, message(1, 0));
    says(&w, message(2, 0));
    struct outcome o = read_wire(&w);
    assert_int_equal(o.trace->msg_count, 2);
    assert_tcp(&o, 0, 1, 2, 2);
    assert_tcp(&o, 1, 2, 3, 3);
    oh_trace_free(o.trace);
}

/* --- what the capture lost --- */

static void a_lost_segment_is_told_and_the_next_message_found(void **state)
{
    (void)state;
    for (int acknowledged = 0; acknowledged < 2; acknowledged++) {
        struct wire w = new_wire();
        hello(&w);
        says(&w, message(1, 0));
        says_unseen(&w, message(9, 0));
        says(&w, message(2, 0));
        if (acknowledged) {
            w.now += 200 * MS;
            acknowledges(&w);
        }
        says(&w, message(3, 0));
        struct outcome o = read_wire(&w);
        assert_tcp(&o, 1, 2, 5, 5); /* its own time: nobody waited for what was lost here only */
        assert_tcp(&o, 2, 3, acknowledged ? 7 : 6, acknowledged ? 207 : 6);
        assert_true(o.truncated);
        assert_int_equal(o.trace->msg_count, 3);
        oh_trace_free(o.trace);
    }
}

static void a_loss_within_a_message_costs_that_message(void **state)
{
    (void)state;
    struct oh_text whole = message(9, 900);
    struct wire w = new_wire();
    hello(&w);
    says(&w, message(1, 0));
    says(&w, part_of(&whole, 0, 300));
    says_unseen(&w, part_of(&whole, 300, 300));
    says(&w, part_of(&whole, 600, whole.len));
    says(&w, text_of("\r\n\r\n"));
    says(&w, message(2, 0));
    oh_text_release(&whole);
    assert_lost(&w, 2);
}

static void a_last_message_that_was_lost_is_told_by_its_acknowledgement(void **state)
{
    (void)state;
    for (int how = 0; how < 4; how++) {
        struct wire w = new_wire();
        hello(&w);
        says(&w, message(1, 0));
        says_unseen(&w, message(9, 0));
        if (how == 0)
            acknowledges(&w);
        if (how == 1)
            bye(&w);
        if (how == 2) /* the sender goes on, silently */
            put_segment(&w, true, w.client, w.server, ACK, (struct oh_text){0}, 0);
        if (how == 3)
            answers(&w, message(2, 0));
        assert_lost(&w, how == 3 ? 2 : 1);
    }
}

static void a_lost_syn_or_fin_is_no_loss_of_messages(void **state)
{
    (void)state;
    for (int lost = 0; lost < 5; lost++) {
        struct wire w = new_wire();
        if (lost != 0)
            put_segment(&w, true, w.client, 0, SYN, (struct oh_text){0}, 0);
        w.client++;
        if (lost != 1)
            put_segment(&w, false, w.server, w.client, SYN | ACK, (struct oh_text){0}, 0);
        w.server++;
        says(&w, message(1, 0));
        answers(&w, message(2, 0));
        if (lost != 2)
            put_segment(&w, true, w.client, w.server, FIN | ACK, (struct oh_text){0}, 0);
        w.client++;
        if (lost != 3)
            put_segment(&w, false, w.server, w.client, FIN | ACK, (struct oh_text){0}, 0);
        w.server++;
        put_segment(&w, true, w.client, w.server, ACK, (struct oh_text){0}, 0);
        assert_messages(read_wire(&w), 2);
    }
}

static void a_quoted_message_behind_a_gap_hides_none(void **state)
{
    (void)state;
    struct wire w = new_wire();
    hello(&w);
    says(&w, message(1, 0));
    says_unseen(&w, message(9, 400));
    says(&w, text_of("sipfrag\r\n\r\nSIP/2.0 180 Ringing\r\n")); /* RFC 3420 */
    says(&w, message(2, 0));
    struct outcome o = read_wire(&w);
    assert_true(o.truncated);
    assert_int_equal(o.trace->msg_count, 2);
    assert_true(o.trace->msgs[1].sip->is_request);
    assert_tcp(&o, 1, 2, 6, 6);
    oh_trace_free(o.trace);
}

static void what_was_sent_before_the_first_bytes_seen_is_a_loss(void **state)
{
    (void)state;
    struct wire w = new_wire();
    put_segment(&w, true, w.client, w.server, ACK, (struct oh_text){0}, 0);
    says_unseen(&w, message(9, 0));
    says(&w, message(1, 0));
    assert_lost(&w, 1);
}

static void a_probe_before_the_first_bytes_seen_is_none_of_them(void **state)
{
    (void)state;
    for (int with_byte = 0; with_byte < 2; with_byte++) { /* RFC 9293 3.8.4: either form */
        struct wire w = new_wire();
        put_segment(&w, true, w.client - 1, w.server, ACK, text_of(with_byte ? "?" : ""), 0);
        says(&w, message(1, 0));
        assert_messages(read_wire(&w), 1);
    }
}

static void a_shortened_last_segment_is_a_loss(void **state)
{
    (void)state;
    struct wire w = new_wire();
    hello(&w);
    says(&w, message(1, 0));
    put_segment(&w, true, w.client, w.server, ACK, message(9, 900), 400);
    assert_lost(&w, 1);
}

static void a_shortened_segment_is_a_loss(void **state)
{
    (void)state;
    struct oh_text whole = message(9, 900);
    uint32_t len = (uint32_t)whole.len;
    struct wire w = new_wire();
    hello(&w);
    put_segment(&w, true, w.client, w.server, ACK, whole, 400);
    w.client += len;
    says(&w, message(1, 0));
    assert_lost(&w, 1);
}

static void more_than_can_wait_is_given_up(void **state)
{
    (void)state;
    struct wire w = new_wire();
    hello(&w);
    says_unseen(&w, message(9, 0));
    for (unsigned i = 1; i <= 3000; i++)
        says(&w, message(i, 0));
    assert_lost(&w, 3000);
}

/* --- what is no SIP --- */

static void put_control(struct wire *w, bool from_its_beginning)
{
    if (from_its_beginning)
        hello(w);
    answers(w, text_of("SIP console\r\n> trace\r\n"));
    says(w, text_of("trace on\r\n"));
    answers(w,
            text_of("received:\r\nOPTIONS sip:b SIP/2.0\r\nCall-ID: c\r\nCSeq: 9 OPTIONS\r\n\r\n"));
    says_unseen(w, text_of("lost\r\n"));
    acknowledges(w);
}

static void a_connection_that_begins_otherwise_is_not_sip(void **state)
{
    (void)state;
    struct wire w = new_wire();
    put_control(&w, true);
    assert_nothing(read_wire(&w), 3);
}

static void addresses_of_sip_decide_where_the_beginning_is_not_there(void **state)
{
    (void)state;
    static const struct {
        const char *at;
        size_t messages;
    } cases[] = {{"127.0.0.1:5060", 1}, {"127.0.0.2:40000", 1}, {"127.0.0.1:5070", 0}};
    for (size_t i = 0; i < 3; i++) {
        struct wire w = new_wire();
        put_control(&w, false);
        struct outcome o = read_wire_at(&w, cases[i].at);
        assert_int_equal(o.status, 0);
        assert_int_equal(o.trace->msg_count, cases[i].messages);
        assert_int_equal(o.truncated, cases[i].messages); /* a loss counts where it is SIP */
        oh_trace_free(o.trace);
    }
}

static void noise_on_a_sip_connection_costs_no_message(void **state)
{
    (void)state;
    struct wire w = new_wire();
    hello(&w);
    says(&w, message(1, 0));
    says(&w, text_of("\x01\x02 what is this\r\n"));
    says(&w, message(2, 0));
    struct outcome o = read_wire(&w);
    assert_false(o.truncated);
    assert_int_equal(o.trace->skipped, 1);
    assert_int_equal(o.trace->msg_count, 2);
    oh_trace_free(o.trace);
}

/* --- a bad capture --- */

/* A fixed seed: the same frames are lost in every run. */
static bool falls(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 16 < 65536 * 8 / 100;
}

static void eight_in_a_hundred_frames_lost_are_told_and_survived(void **state)
{
    (void)state;
    size_t found = 0, sent = 0;
    for (uint32_t round = 0; round < 200; round++) {
        struct wire whole = new_wire(), torn = new_wire();
        uint32_t seed = round;
        bool lost_bytes = false;
        hello(&whole);
        for (unsigned i = 1; i <= 30; i++) {
            struct oh_text m = message(i, i % 5 * 700);
            for (size_t at = 0; at < m.len; at += 1000)
                says(&whole, part_of(&m, at, 1000));
            oh_text_release(&m);
            acknowledges(&whole);
        }
        for (size_t at = 24; at < whole.file.len;) { /* copies frame by frame */
            uint32_t len;
            memcpy(&len, whole.file.at + at + 8, sizeof len);
            struct oh_span frame = {whole.file.at + at, 16 + len};
            bool has_bytes = len > 20 + 32;
            if (falls(&seed))
                lost_bytes = lost_bytes || has_bytes;
            else
                oh_text_add_span(&torn.file, frame);
            at += frame.len;
        }
        oh_text_release(&whole.file);
        struct outcome o = read_wire(&torn);
        assert_int_equal(o.status, 0);
        if (lost_bytes)
            assert_true(o.truncated);
        else
            assert_int_equal(o.trace->msg_count, 30);
        for (size_t i = 0; i < o.trace->msg_count; i++)
            assert_int_equal(o.trace->msgs[i].sip->defect_count, 0);
        found += o.trace->msg_count;
        sent += 30;
        oh_trace_free(o.trace);
    }
    assert_true(found < sent);
    assert_true(found > sent / 2); /* one lost frame costs the messages in it, not the rest */
}

static void damaged_tcp_headers_are_skipped(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        unsigned value;
    } damages[] = {
        {20 + 12, 0x40}, /* a header of 16 bytes */
        {20 + 12, 0xf0}, /* of 60, which are not there */
        {9, 7},          /* another protocol */
    };
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        struct wire w = new_wire();
        put_segment(&w, true, 1, 1, ACK, (struct oh_text){0}, 0);
        w.file.at[24 + 16 + damages[i].at] = (char)damages[i].value;
        assert_nothing(read_wire(&w), 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_capture_may_begin_between_two_messages),
        cmocka_unit_test(acknowledgements_of_what_was_before_are_no_loss),
        cmocka_unit_test(a_capture_that_begins_within_a_message_finds_the_next),
        cmocka_unit_test(a_quoted_message_at_the_beginning_hides_none),
        cmocka_unit_test(a_lost_segment_is_told_and_the_next_message_found),
        cmocka_unit_test(a_loss_within_a_message_costs_that_message),
        cmocka_unit_test(a_last_message_that_was_lost_is_told_by_its_acknowledgement),
        cmocka_unit_test(a_lost_syn_or_fin_is_no_loss_of_messages),
        cmocka_unit_test(a_quoted_message_behind_a_gap_hides_none),
        cmocka_unit_test(what_was_sent_before_the_first_bytes_seen_is_a_loss),
        cmocka_unit_test(a_probe_before_the_first_bytes_seen_is_none_of_them),
        cmocka_unit_test(a_shortened_last_segment_is_a_loss),
        cmocka_unit_test(a_shortened_segment_is_a_loss),
        cmocka_unit_test(more_than_can_wait_is_given_up),
        cmocka_unit_test(a_connection_that_begins_otherwise_is_not_sip),
        cmocka_unit_test(addresses_of_sip_decide_where_the_beginning_is_not_there),
        cmocka_unit_test(noise_on_a_sip_connection_costs_no_message),
        cmocka_unit_test(eight_in_a_hundred_frames_lost_are_told_and_survived),
        cmocka_unit_test(damaged_tcp_headers_are_skipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
