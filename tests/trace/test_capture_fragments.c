/* IPv4 and IPv6 fragments and IPv6 extension headers in capture files. */
#include "trace/capture_bytes.h"
#include "trace/fragments.h"
#include "trace/packet.h"

/* --- IPv6 extension headers --- */

static void ipv6_extension_headers_are_skipped(void **state)
{
    (void)state;
    struct oh_text udp = udp_of(message(1, 0));
    struct oh_text inner = extension_of(UDP, 2, udp);
    struct oh_text routing = extension_of(DESTINATION, 0, inner);
    assert_single(read_single(RAW, ipv6_of(HOP_BY_HOP, extension_of(ROUTING, 1, routing))));
}

static void an_ipv6_extension_header_longer_than_the_packet_is_no_datagram(void **state)
{
    (void)state;
    struct oh_text t = extension_of(UDP, 0, (struct oh_text){0});
    t.at[1] = (char)255;
    assert_nothing(read_single(RAW, ipv6_of(HOP_BY_HOP, t)), 1);
}

/* --- fragments --- */

enum { BODY = 100, PIECE = 56, PIECES = 4 };

static struct oh_span piece(const struct oh_text *udp, size_t n)
{
    return oh_span_sub(oh_text_span(udp), n * PIECE, PIECE);
}

/* Fragment n of the datagram of message(1, BODY), which makes PIECES of PIECE bytes, the last one
 * shorter. */
static struct oh_text fragment(bool six, unsigned n)
{
    struct oh_text udp = udp_of(message(1, BODY));
    struct oh_text part = {0};
    unsigned more = (n + 1u) * PIECE < udp.len;
    unsigned units = n * PIECE / 8;
    assert_int_equal((udp.len + PIECE - 1) / PIECE, PIECES);
    if (six) {
        put16(&part, UDP << 8);
        put16(&part, units << 3 | more);
        put32(&part, 0xabcdef);
    }
    oh_text_add_span(&part, piece(&udp, n));
    oh_text_release(&udp);
    return six ? ipv6_of(FRAGMENT, part) : ipv4_of(UDP, 77, more << 13 | units, part);
}

static struct oh_text fragments_file(bool six, const char *order)
{
    struct oh_text file = capture_of(MAGIC_NANO, RAW);
    for (; *order; order++)
        add(&file, fragment(six, (unsigned)(*order - '0')));
    return file;
}

static void fragments_are_put_together_in_any_order(void **state)
{
    (void)state;
    static const char *const orders[] = {"0123", "3210", "1302", "2013", "001123"};
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        assert_single(read_bytes(fragments_file(false, orders[i])));
        assert_single(read_bytes(fragments_file(true, orders[i])));
    }
}

static void a_missing_fragment_gives_no_message_and_is_counted(void **state)
{
    (void)state;
    static const char *const orders[] = {"012", "123", "013", "0"};
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        assert_evidence_missing(read_bytes(fragments_file(false, orders[i])), 1);
        assert_evidence_missing(read_bytes(fragments_file(true, orders[i])), 1);
    }
}

static void the_frame_of_a_fragmented_message_is_its_first_fragments(void **state)
{
    (void)state;
    struct oh_text file = capture_of(MAGIC_NANO, RAW);
    add(&file, sip4(5));
    add_cut(&file, 1000, fragment(false, 0), 0);
    add(&file, sip4(6));
    add_cut(&file, 2000, fragment(false, 1), 0);
    add_cut(&file, 3000, fragment(false, 2), 0);
    add_cut(&file, 4000, fragment(false, 3), 0);
    struct outcome o = read_bytes(file);
    assert_int_equal(o.trace->msg_count, 3);
    assert_message(&o, 2, 1, 2);
    assert_true(o.trace->msgs[2].time_ns == SECOND * OH_NS_PER_S + 1000);
    assert_int_equal(o.trace->msgs[2].sip->body.len, BODY);
    oh_trace_free(o.trace);
}

/* IPv4 fragment of the datagram of message(1, BODY) at [from, from + len). */
static struct oh_text slice(unsigned from, unsigned len, unsigned more)
{
    struct oh_text udp = udp_of(message(1, BODY)), part = {0};
    oh_text_add_span(&part, oh_span_sub(oh_text_span(&udp), from, len));
    oh_text_release(&udp);
    return ipv4_of(UDP, 77, more << 13 | from / 8, part);
}

static void overlapping_fragments_that_agree_are_accepted(void **state)
{
    (void)state;
    struct oh_text file = capture_of(MAGIC_NANO, RAW);
    add(&file, slice(64, 500, 0));
    add(&file, slice(0, 48, 1));
    add(&file, slice(16, 64, 1));
    assert_single(read_bytes(file));
}

static void overlapping_fragments_that_contradict_give_no_message(void **state)
{
    (void)state;
    struct oh_text file = capture_of(MAGIC_NANO, RAW), other = slice(16, 64, 1);
    other.at[20 + 16] ^= 1; /* byte 32 of the datagram, in both */
    add(&file, slice(0, 48, 1));
    add(&file, other);
    add(&file, slice(64, 500, 0));
    assert_evidence_missing(read_bytes(file), 1);
}

static void fragments_that_disagree_about_the_end_give_no_message(void **state)
{
    (void)state;
    struct oh_text file = capture_of(MAGIC_NANO, RAW);
    add(&file, slice(64, 24, 0));
    add(&file, slice(0, 64, 1));
    add(&file, slice(64, 500, 0));
    struct outcome o = read_bytes(file);
    assert_int_equal(o.trace->msg_count,
                     0); /* what seemed whole had not the length that UDP tells */
    oh_trace_free(o.trace);

    file = capture_of(MAGIC_NANO, RAW);
    add(&file, slice(64, 500, 0));
    add(&file, slice(64, 24, 0));
    add(&file, slice(0, 64, 1));
    assert_evidence_missing(read_bytes(file), 1);
}

static void a_fragment_past_the_largest_datagram_is_refused(void **state)
{
    (void)state;
    struct oh_text file = capture_of(MAGIC_NANO, RAW), part = {0};
    oh_text_add(&part, "0123456789abcdef");
    add(&file, ipv4_of(UDP, 77, 0x1fff, part));
    add(&file, slice(0, 64, 1));
    assert_evidence_missing(read_bytes(file), 1);
}

static void stray_fragments_use_bounded_memory_and_do_not_stop_later_ones(void **state)
{
    (void)state;
    struct oh_text file = capture_of(MAGIC_NANO, RAW);
    for (unsigned id = 1000; id < 1000 + 3 * OH_FRAGMENTS_MOST; id++) {
        struct oh_text part = {0};
        oh_text_add(&part, "01234567");
        add(&file, ipv4_of(UDP, id, 0x2000, part));
    }
    for (unsigned n = 0; n < PIECES; n++)
        add(&file, fragment(false, n));
    struct outcome o = read_bytes(file);
    assert_int_equal(o.trace->msg_count, 1);
    assert_message(&o, 0, 1, 3 * OH_FRAGMENTS_MOST + 1);
    assert_int_equal(o.trace->skipped, 3 * OH_FRAGMENTS_MOST);
    oh_trace_free(o.trace);
}

/* All in one go, as ones that a hostile sender would have kept for it. */
static void fragments_of_the_largest_datagrams_use_bounded_memory(void **state)
{
    (void)state;
    const unsigned count = 4 * OH_FRAGMENTS_BYTES / 65536;
    struct oh_packets *p = oh_packets_new(12); /* raw IP */
    struct oh_packet packet;
    for (unsigned id = 0; id < count; id++) {
        struct oh_text part = {0};
        oh_text_add(&part, "01234567");
        struct oh_text frame = ipv4_of(UDP, id, 0x2000 | 65000 / 8, part);
        assert_int_equal(oh_packets_add(p, id + 1, 0, oh_text_span(&frame), &packet),
                         OH_PACKET_PART);
        oh_text_release(&frame);
    }
    assert_true(oh_packets_given_up(p) > 2 * count / 3);
    assert_true(oh_packets_given_up(p) < count);
    assert_int_equal(oh_packets_unfinished(p), count);
    oh_packets_free(p);
}

/* A bridge, or "any", shows each frame twice. */
static void fragments_captured_twice_are_no_loss(void **state)
{
    (void)state;
    static const char *const orders[] = {"00112233", "01230123", "01023123", "001122331"};
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        for (int six = 0; six < 2; six++) {
            struct outcome o = read_bytes(fragments_file(six, orders[i]));
            assert_false(o.truncated);
            assert_int_equal(o.trace->skipped, 0);
            assert_true(o.trace->msg_count >= 1);
            assert_message(&o, 0, 1, 1);
            oh_trace_free(o.trace);
        }
    }
}

static enum oh_packet_kind add_to(struct oh_packets *p, int64_t time_ns, unsigned n, bool other)
{
    struct oh_packet packet;
    struct oh_text frame = fragment(false, n);
    frame.at[frame.len - 1] ^= other;
    enum oh_packet_kind kind = oh_packets_add(p, 1, time_ns, oh_text_span(&frame), &packet);
    oh_text_release(&frame);
    return kind;
}

static void what_is_left_of_a_whole_datagram_spoils_no_later_one_of_its_name(void **state)
{
    (void)state;
    struct oh_packets *p = oh_packets_new(12);
    static const unsigned frames[] = {0, 1, 2, 3, 3};
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(add_to(p, 0, frames[i], false), i == 3 ? OH_PACKET_UDP : OH_PACKET_PART);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(add_to(p, 2 * OH_NS_PER_S, frames[i], true),
                         i == 3 ? OH_PACKET_UDP : OH_PACKET_PART);
    assert_int_equal(oh_packets_unfinished(p), 0);
    oh_packets_free(p);
}

static void a_fragment_that_waited_half_a_minute_is_told_as_lost(void **state)
{
    (void)state;
    struct oh_text first = fragment(false, 0), other = sip4(1);
    struct oh_packets *p = oh_packets_new(12);
    struct oh_packet packet;
    oh_packets_add(p, 1, 0, oh_text_span(&first), &packet);
    oh_packets_add(p, 2, 30 * OH_NS_PER_S, oh_text_span(&other), &packet);
    assert_int_equal(oh_packets_given_up(p), 0);
    oh_packets_add(p, 3, 30 * OH_NS_PER_S + 1, oh_text_span(&other), &packet);
    assert_int_equal(oh_packets_given_up(p), 1);
    assert_int_equal(oh_packets_unfinished(p), 1);
    oh_packets_free(p);
    oh_text_release(&first);
    oh_text_release(&other);
}

static void fragments_half_a_minute_apart_do_not_belong_together(void **state)
{
    (void)state;
    struct oh_text first = fragment(false, 0), second = fragment(false, 1);
    struct oh_packets *p = oh_packets_new(12); /* raw IP */
    struct oh_packet packet;
    struct oh_span a = oh_text_span(&first), b = oh_text_span(&second);
    assert_int_equal(oh_packets_add(p, 1, 0, a, &packet), OH_PACKET_PART);
    assert_int_equal(oh_packets_add(p, 2, 30 * OH_NS_PER_S, b, &packet), OH_PACKET_PART);
    assert_int_equal(oh_packets_unfinished(p), 1);
    assert_int_equal(oh_packets_add(p, 3, 31 * OH_NS_PER_S, b, &packet), OH_PACKET_PART);
    assert_int_equal(oh_packets_unfinished(p), 2);
    oh_packets_free(p);
    oh_text_release(&first);
    oh_text_release(&second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ipv6_extension_headers_are_skipped),
        cmocka_unit_test(an_ipv6_extension_header_longer_than_the_packet_is_no_datagram),
        cmocka_unit_test(fragments_are_put_together_in_any_order),
        cmocka_unit_test(a_missing_fragment_gives_no_message_and_is_counted),
        cmocka_unit_test(the_frame_of_a_fragmented_message_is_its_first_fragments),
        cmocka_unit_test(overlapping_fragments_that_agree_are_accepted),
        cmocka_unit_test(overlapping_fragments_that_contradict_give_no_message),
        cmocka_unit_test(fragments_that_disagree_about_the_end_give_no_message),
        cmocka_unit_test(a_fragment_past_the_largest_datagram_is_refused),
        cmocka_unit_test(stray_fragments_use_bounded_memory_and_do_not_stop_later_ones),
        cmocka_unit_test(fragments_of_the_largest_datagrams_use_bounded_memory),
        cmocka_unit_test(fragments_captured_twice_are_no_loss),
        cmocka_unit_test(what_is_left_of_a_whole_datagram_spoils_no_later_one_of_its_name),
        cmocka_unit_test(a_fragment_that_waited_half_a_minute_is_told_as_lost),
        cmocka_unit_test(fragments_half_a_minute_apart_do_not_belong_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
