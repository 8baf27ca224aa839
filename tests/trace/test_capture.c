/* Capture files into a trace: link layers, what is no SIP, damaged files. */
#include "trace/capture_bytes.h"

/* --- link layers --- */

static struct oh_text cooked(size_t zeros, unsigned type, size_t zeros_after,
                             struct oh_text payload)
{
    struct oh_text t = {0};
    for (size_t i = 0; i < zeros; i++)
        put8(&t, 0);
    put16(&t, type);
    for (size_t i = 0; i < zeros_after; i++)
        put8(&t, 0);
    put_text(&t, payload);
    return t;
}

static struct oh_text tag_of(unsigned inner_type, struct oh_text payload)
{
    struct oh_text t = {0};
    put16(&t, 0x0064);
    put16(&t, inner_type);
    put_text(&t, payload);
    return t;
}

static void every_link_layer_of_the_contract_is_read(void **state)
{
    (void)state;
    struct oh_text null4 = {0}, loop6 = {0};
    assert_single(read_single(ETHERNET, ether_of(0x0800, sip4(1))));
    assert_single(read_single(ETHERNET, ether_of(0x86dd, sip6(1))));
    assert_single(read_single(SLL, cooked(14, 0x0800, 0, sip4(1))));
    assert_single(read_single(SLL, cooked(14, 0x86dd, 0, sip6(1))));
    assert_single(read_single(SLL2, cooked(0, 0x0800, 18, sip4(1))));
    assert_single(read_single(SLL2, cooked(0, 0x86dd, 18, sip6(1))));
    put_host32(&null4, 2);
    put_text(&null4, sip4(1));
    assert_single(read_single(LINK_NULL, null4));
    put32(&loop6, 30);
    put_text(&loop6, sip6(1));
    assert_single(read_single(LOOP, loop6));
    assert_single(read_single(RAW, sip4(1)));
    assert_single(read_single(RAW, sip6(1)));
    assert_single(read_single(LINK_IPV4, sip4(1)));
    assert_single(read_single(LINK_IPV6, sip6(1)));
}

static void vlan_tags_one_or_two_are_taken_off(void **state)
{
    (void)state;
    assert_single(read_single(ETHERNET, ether_of(0x8100, tag_of(0x0800, sip4(1)))));
    assert_single(read_single(ETHERNET, ether_of(0x88a8, tag_of(0x8100, tag_of(0x86dd, sip6(1))))));
    assert_single(read_single(SLL, cooked(14, 0x8100, 0, tag_of(0x0800, sip4(1)))));
    assert_nothing(read_single(ETHERNET, ether_of(0x8100, (struct oh_text){0})), 1);
}

static void padding_of_short_ethernet_frames_is_no_part_of_the_message(void **state)
{
    (void)state;
    struct oh_text frame = ether_of(0x0800, sip4(1));
    oh_text_add(&frame, "padding");
    assert_single(read_single(ETHERNET, frame));
}

static void a_link_layer_that_is_not_read_is_named(void **state)
{
    (void)state;
    struct outcome o = read_single(WLAN, sip4(1));
    assert_int_equal(o.status, -1);
    assert_non_null(strstr(o.e.text, "802.11"));
    assert_true(o.e.remedy[0]);
    oh_trace_free(o.trace);
}

/* --- what else is on a wire --- */

static void rtp_is_told_from_sip_and_the_rest_is_counted(void **state)
{
    (void)state;
    struct oh_text file = capture_of(MAGIC_NANO, RAW), rtp = {0}, stun = {0}, tcp = {0};
    put32(&rtp, 0x80000007);
    put32(&rtp, 160);
    put32(&rtp, 0x1234);
    oh_text_add(&rtp, "voice");
    put32(&stun, 0x00010000);
    oh_text_add(&tcp, "INVITE sip:b SIP/2.0\r\n\r\n");
    add(&file, sip4(1));
    add(&file, ipv4_of(UDP, 2, 0, udp_of(rtp)));
    add(&file, ipv4_of(UDP, 3, 0, udp_of(stun)));
    add(&file, ipv4_of(TCP, 4, 0, tcp));
    add(&file, ipv4_of(UDP, 5, 0, udp_of((struct oh_text){0})));
    struct outcome o = read_bytes(file);
    assert_int_equal(o.trace->msg_count, 1);
    assert_int_equal(o.trace->rtp_count, 1);
    assert_int_equal(o.trace->rtp[0].frame, 2);
    assert_int_equal(o.trace->rtp[0].sequence, 7);
    assert_int_equal(o.trace->rtp[0].payload_len, 5);
    assert_int_equal(o.trace->skipped, 3);
    oh_trace_free(o.trace);
}

static void damaged_headers_are_skipped(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        unsigned value;
    } damages[] = {
        {0, 0x44},  /* header of 16 bytes */
        {0, 0x4f},  /* header of 60 bytes: what stands there is no UDP of this length */
        {0, 0x55},  /* version 5 */
        {3, 19},    /* told shorter than its header, with the high byte zero */
        {24, 0xff}, /* UDP length past the packet */
        {25, 7},    /* UDP length shorter than its header */
    };
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        struct oh_text frame = sip4(1);
        frame.at[damages[i].at] = (char)damages[i].value;
        assert_nothing(read_single(RAW, frame), 1);
    }
}

static void every_shortened_frame_is_survived_and_said(void **state)
{
    (void)state;
    struct oh_text whole =
        ether_of(0x86dd, ipv6_of(HOP_BY_HOP, extension_of(UDP, 0, udp_of(message(1, 9)))));
    size_t len = whole.len;
    oh_text_release(&whole);
    for (size_t cut = 1; cut <= len; cut++) {
        struct oh_text file = capture_of(MAGIC_NANO, ETHERNET);
        add_cut(&file, 0,
                ether_of(0x86dd, ipv6_of(HOP_BY_HOP, extension_of(UDP, 0, udp_of(message(1, 9))))),
                cut);
        struct outcome o = read_bytes(file);
        assert_int_equal(o.status, 0);
        assert_int_equal(o.trace->msg_count, 0);
        assert_int_equal(o.trace->skipped, 1);
        assert_true(o.truncated == (len - cut >= 14 + 40 + 8));
        oh_trace_free(o.trace);
    }
}

/* --- the file itself --- */

static void microseconds_and_nanoseconds_are_both_told_from_the_magic(void **state)
{
    (void)state;
    static const struct {
        uint32_t magic, fraction;
    } forms[] = {{MAGIC_MICRO, 123456}, {MAGIC_NANO, 123456000}, {MAGIC_NANO, 123456789}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct oh_text file = capture_of(forms[i].magic, RAW);
        add_cut(&file, forms[i].fraction, sip4(1), 0);
        struct outcome o = read_bytes(file);
        assert_int_equal(o.trace->msg_count, 1);
        assert_true(o.trace->msgs[0].time_ns ==
                    SECOND * OH_NS_PER_S + (i == 2 ? 123456789 : 123456000));
        oh_trace_free(o.trace);
    }
}

static void a_pcapng_file_is_read(void **state)
{
    (void)state;
    struct oh_text file = {0}, frame = sip4(1);
    uint32_t padded = (uint32_t)(frame.len + 3) & ~3u;
    put_host32(&file, 0x0a0d0d0a); /* section header */
    put_host32(&file, 28);
    put_host32(&file, 0x1a2b3c4d);
    put_host32(&file, 1);
    put_host32(&file, UINT32_MAX);
    put_host32(&file, UINT32_MAX);
    put_host32(&file, 28);
    put_host32(&file, 1); /* interface, microseconds */
    put_host32(&file, 20);
    put_host32(&file, RAW);
    put_host32(&file, 262144);
    put_host32(&file, 20);
    put_host32(&file, 6); /* packet, 2^32 + 5 microseconds */
    put_host32(&file, 32 + padded);
    put_host32(&file, 0);
    put_host32(&file, 1);
    put_host32(&file, 5);
    put_host32(&file, (uint32_t)frame.len);
    put_host32(&file, (uint32_t)frame.len);
    put_text(&file, frame);
    while (file.len % 4 != 0)
        put8(&file, 0);
    put_host32(&file, 32 + padded);
    struct outcome o = read_bytes(file);
    assert_int_equal(o.trace->msg_count, 1);
    assert_true(o.trace->msgs[0].time_ns == ((1LL << 32) + 5) * 1000);
    assert_single(o);
}

static void a_damaged_tail_keeps_what_stands_before_it(void **state)
{
    (void)state;
    for (size_t cut = 1; cut < 100; cut++) {
        struct oh_text file = capture_of(MAGIC_NANO, RAW);
        add(&file, sip4(1));
        size_t one = file.len;
        add(&file, sip4(2));
        bool nothing_of_second = file.len - cut <= one;
        file.len -= cut;
        if (nothing_of_second)
            file.len = one;
        struct outcome o = read_bytes(file);
        assert_int_equal(o.status, 0);
        assert_int_equal(o.trace->msg_count, 1);
        assert_message(&o, 0, 1, 1);
        assert_true(o.truncated == !nothing_of_second);
        oh_trace_free(o.trace);
    }
}

static void a_tail_of_noise_keeps_what_stands_before_it(void **state)
{
    (void)state;
    struct oh_text file = capture_of(MAGIC_NANO, RAW);
    add(&file, sip4(1));
    for (int i = 0; i < 64; i++)
        put8(&file, 0xfe);
    struct outcome o = read_bytes(file);
    assert_int_equal(o.status, 0);
    assert_true(o.truncated);
    assert_int_equal(o.trace->msg_count, 1);
    oh_trace_free(o.trace);
}

static void a_capture_without_packets_is_an_empty_trace(void **state)
{
    (void)state;
    assert_nothing(read_bytes(capture_of(MAGIC_NANO, ETHERNET)), 0);
}

static void assert_refused(struct outcome o, const char *words)
{
    assert_int_equal(o.status, -1);
    assert_false(o.truncated);
    if (!strstr(o.e.text, words))
        fail_msg("'%s' is not in: %s", words, o.e.text);
    assert_true(words[0] == 'N' || o.e.remedy[0]); /* "No such file" speaks for itself */
    oh_trace_free(o.trace);
}

static void what_is_no_capture_is_refused_with_its_reason(void **state)
{
    (void)state;
    struct oh_text text = {0};
    oh_text_add(&text, "name: a scenario\nthat is no capture at all\n");
    assert_refused(read_bytes(text), "is no capture");
    assert_refused(read_bytes((struct oh_text){0}), "it is empty");
    assert_refused(read_path("/tmp"), "it is a folder");
    assert_refused(read_path("/tmp/there/is/no/such.pcap"), "No such file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_link_layer_of_the_contract_is_read),
        cmocka_unit_test(vlan_tags_one_or_two_are_taken_off),
        cmocka_unit_test(padding_of_short_ethernet_frames_is_no_part_of_the_message),
        cmocka_unit_test(a_link_layer_that_is_not_read_is_named),
        cmocka_unit_test(rtp_is_told_from_sip_and_the_rest_is_counted),
        cmocka_unit_test(damaged_headers_are_skipped),
        cmocka_unit_test(every_shortened_frame_is_survived_and_said),
        cmocka_unit_test(microseconds_and_nanoseconds_are_both_told_from_the_magic),
        cmocka_unit_test(a_pcapng_file_is_read),
        cmocka_unit_test(a_damaged_tail_keeps_what_stands_before_it),
        cmocka_unit_test(a_tail_of_noise_keeps_what_stands_before_it),
        cmocka_unit_test(a_capture_without_packets_is_an_empty_trace),
        cmocka_unit_test(what_is_no_capture_is_refused_with_its_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
