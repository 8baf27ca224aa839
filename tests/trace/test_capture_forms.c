/* The forms of capture files: byte orders, pcapng with all that may stand in it, gzip. */
#include "trace/capture_files.h"

#define T0 ((int64_t)SECOND * OH_NS_PER_S)

static void assert_times(struct outcome o, const int64_t *times_ns, size_t count)
{
    assert_int_equal(o.status, 0);
    assert_false(o.truncated);
    assert_int_equal(o.trace->msg_count, count);
    for (size_t i = 0; i < count; i++) {
        assert_message(&o, i, (unsigned)i + 1, (unsigned)i + 1);
        assert_int_equal(o.trace->msgs[i].time_ns, times_ns[i]);
    }
    oh_trace_free(o.trace);
}

/* --- classic --- */

static void a_capture_of_a_machine_of_the_other_byte_order_is_read(void **state)
{
    (void)state;
    static const uint32_t magics[] = {MAGIC_MICRO, MAGIC_NANO, 0xa1b2cd34};
    for (size_t i = 0; i < 3; i++) {
        const struct ng other = {.swapped = true}; /* for its numbers only */
        struct oh_text file = {0}, frame = sip4(1);
        ng32(&other, &file, magics[i]);
        ng16(&other, &file, 2);
        ng16(&other, &file, 4);
        const uint32_t rest[] = {
            0, 0, 262144, RAW, SECOND, i == 1 ? 5000 : 5, (uint32_t)frame.len, (uint32_t)frame.len};
        for (size_t k = 0; k < sizeof rest / sizeof *rest; k++)
            ng32(&other, &file, rest[k]);
        if (i == 2) { /* a record with eight bytes more */
            put32(&file, 0);
            put32(&file, 0);
        }
        put_text(&file, frame);
        assert_times(read_bytes(file), (const int64_t[]){T0 + 5000}, 1);
    }
}

static void other_formats_are_refused_by_their_name(void **state)
{
    (void)state;
    static const struct {
        const char *begins, *word;
    } forms[] = {
        {"\x28\xb5\x2f\xfd....", "zstd"},
        {"\x04\x22\x4d\x18....", "lz4"},
        {"\xfd"
         "7zXZ....",
         "xz"},
        {"BZh9....", "bzip2"},
        {"PK\x03\x04....", "zip"},
        {"snoop....", "snoop"},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct oh_text t = {0};
        oh_text_add(&t, forms[i].begins);
        struct outcome o = read_bytes(t);
        assert_int_equal(o.status, -1);
        assert_non_null(strstr(o.e.text, forms[i].word));
        assert_true(o.e.remedy[0]);
        oh_trace_free(o.trace);
    }
}

static void a_header_cut_short_or_of_another_version_is_refused(void **state)
{
    (void)state;
    struct oh_text whole = capture_of(MAGIC_MICRO, RAW), other = capture_of(MAGIC_MICRO, RAW);
    for (size_t len = 1; len < whole.len; len++) {
        struct oh_text t = {0};
        oh_text_add_span(&t, oh_span_sub(oh_text_span(&whole), 0, len));
        struct outcome o = read_bytes(t);
        assert_int_equal(o.status, -1);
        assert_true(o.e.remedy[0]);
        oh_trace_free(o.trace);
    }
    oh_text_release(&whole);
    other.at[4] = 3;
    struct outcome o = read_bytes(other);
    assert_int_equal(o.status, -1);
    assert_non_null(strstr(o.e.text, "version 3.4"));
    oh_trace_free(o.trace);
}

/* --- pcapng --- */

static void interfaces_of_one_file_may_differ_in_link_and_clock(void **state)
{
    (void)state;
    for (int swapped = 0; swapped < 2; swapped++) {
        struct ng ng = new_ng(swapped);
        interface(&ng, ETHERNET, 6, 0);
        interface(&ng, RAW, 9, 0);
        interface(&ng, LINK_NULL, 0x80 | 10, 0);
        interface(&ng, RAW, 3, SECOND);
        interface(&ng, RAW, 12, 0);
        struct oh_text null4 = {0};
        put_host32(&null4, 2);
        put_text(&null4, sip4(3));
        packet(&ng, 0, SECOND * 1000000ULL + 1, ether_of(0x0800, sip4(1)));
        packet(&ng, 1, (uint64_t)T0 + 2, sip4(2));
        packet(&ng, 2, (uint64_t)SECOND << 10 | 512, null4);
        packet(&ng, 3, 4, sip4(4));
        packet(&ng, 4, 5000000000001, sip4(5));
        static const int64_t times[] = {T0 + 1000, T0 + 2, T0 + OH_NS_PER_S / 2,
                                        T0 + 4 * OH_NS_PER_MS, 5 * OH_NS_PER_S};
        struct outcome o = read_bytes(ng.file);
        assert_int_equal(o.trace->skipped, 0);
        assert_times(o, times, 5);
    }
}

static void clocks_of_any_resolution_give_a_time(void **state)
{
    (void)state;
    for (unsigned resolution = 0; resolution < 256; resolution++) {
        struct ng ng = new_ng(false);
        interface(&ng, RAW, resolution, 7);
        packet(&ng, 0, UINT64_MAX, sip4(1));
        packet(&ng, 0, 0, sip4(2));
        struct outcome o = read_bytes(ng.file);
        assert_int_equal(o.status, 0);
        assert_int_equal(o.trace->msg_count, 2);
        assert_true(o.trace->msgs[0].time_ns >= o.trace->msgs[1].time_ns);
        assert_int_equal(o.trace->msgs[1].time_ns, 7 * OH_NS_PER_S);
        oh_trace_free(o.trace);
    }
}

static void sections_of_either_byte_order_follow_one_another(void **state)
{
    (void)state;
    struct ng ng = new_ng(false);
    for (unsigned i = 1; i <= 4; i++) {
        if (i > 1) {
            ng.swapped = i % 2 == 0;
            section(&ng);
        }
        interface(&ng, i % 2 ? RAW : LINK_IPV4, 6, 0);
        packet(&ng, 0, i, sip4(i));
    }
    assert_times(read_bytes(ng.file), (const int64_t[]){1000, 2000, 3000, 4000}, 4);
}

static void the_other_packet_blocks_are_read(void **state)
{
    (void)state;
    struct ng ng = new_ng(true);
    struct oh_text simple = {0}, frame = sip4(1);
    interface(&ng, RAW, 6, 0);
    ng32(&ng, &simple, (uint32_t)frame.len);
    put_text(&simple, frame);
    block(&ng, 3, simple);
    packet_of_kind(&ng, 2, 0, 7, sip4(2));
    assert_times(read_bytes(ng.file), (const int64_t[]){0, 7000}, 2);
}

static void blocks_of_other_kinds_are_passed_over_whatever_their_length(void **state)
{
    (void)state;
    struct ng ng = new_ng(false);
    struct oh_text large = {0};
    interface(&ng, RAW, 6, 0);
    block(&ng, 4, (struct oh_text){0});
    packet(&ng, 0, 1, sip4(1));
    for (int i = 0; i < 3 << 18; i++)
        put32(&large, 0x0a0d0d0a);
    block(&ng, 0x40000bad, large);
    packet(&ng, 0, 2, sip4(2));
    assert_times(read_bytes(ng.file), (const int64_t[]){1000, 2000}, 2);
}

static void frames_of_a_link_that_is_not_read_are_counted_beside_others(void **state)
{
    (void)state;
    struct ng ng = new_ng(false);
    struct told t = {0};
    interface(&ng, WLAN, 6, 0);
    interface(&ng, RAW, 6, 0);
    packet(&ng, 0, 1, sip4(1));
    packet(&ng, 1, 2, sip4(2));
    packet(&ng, 0, 3, sip4(3));
    scan(&t, ng.file);
    assert_int_equal(t.status, 0);
    assert_int_equal(t.datagrams, 1);
    assert_int_equal(t.counts.frames, 3);
    assert_int_equal(t.counts.other, 2);
    assert_false(t.counts.truncated);
}

static void a_file_with_no_link_that_is_read_is_refused(void **state)
{
    (void)state;
    struct ng ng = new_ng(false);
    interface(&ng, WLAN, 6, 0);
    interface(&ng, RAW, 6, 0);
    packet(&ng, 0, 1, sip4(1));
    struct outcome o = read_bytes(ng.file);
    assert_int_equal(o.status, -1);
    assert_non_null(strstr(o.e.text, "802.11"));
    oh_trace_free(o.trace);
}

static void put_lost(struct ng *ng, unsigned which, uint32_t lost)
{
    struct oh_text t = {0};
    ng32(ng, &t, which);
    ng32(ng, &t, 0);
    ng32(ng, &t, 0);
    ng16(ng, &t, 5); /* isb_ifdrop */
    ng16(ng, &t, 8);
    ng32(ng, &t, lost);
    ng32(ng, &t, 0);
    block(ng, 5, t);
}

static void frames_that_the_capturing_program_lost_are_lost_evidence(void **state)
{
    (void)state;
    for (uint32_t lost = 0; lost < 3; lost++) {
        struct ng ng = new_ng(false);
        struct told t = {0};
        interface(&ng, RAW, 6, 0);
        packet(&ng, 0, 1, sip4(1));
        put_lost(&ng, 0, lost);
        put_lost(&ng, 0, lost); /* counts on from the beginning */
        put_lost(&ng, 7, 9);    /* of nobody */
        section(&ng);
        interface(&ng, RAW, 6, 0);
        put_lost(&ng, 0, lost);
        scan(&t, ng.file);
        assert_int_equal(t.status, 0);
        assert_int_equal(t.counts.dropped, 2 * lost);
        assert_int_equal(t.counts.truncated, lost > 0);
        assert_int_equal(t.lost, lost > 0);
    }
}

static struct ng two_packets(size_t *first_ends)
{
    struct ng ng = new_ng(false);
    interface(&ng, RAW, 9, 0);
    packet(&ng, 0, 1, sip4(1));
    *first_ends = ng.file.len;
    packet(&ng, 0, 2, sip4(2));
    return ng;
}

static void a_pcapng_file_cut_anywhere_keeps_what_stands_before(void **state)
{
    (void)state;
    size_t first_ends, whole = 1;
    for (size_t len = 1; len <= whole; len++) {
        struct ng ng = two_packets(&first_ends);
        struct told t = {0};
        whole = ng.file.len;
        ng.file.len = len;
        scan(&t, ng.file);
        assert_int_equal(t.status, len < 4 ? -1 : 0);
        assert_int_equal(t.datagrams, (len >= first_ends) + (len >= whole));
        bool at_a_block = len == 28 || len == 56 || len == first_ends || len == whole;
        assert_int_equal(t.counts.truncated, !at_a_block && len >= 4);
    }
}

static void damaged_blocks_end_reading_and_are_told(void **state)
{
    (void)state;
    static const struct {
        size_t at; /* from the second packet's block on */
        uint32_t value;
    } damages[] = {
        {4, 8},           /* shorter than any block */
        {4, 0xfffffff0},  /* longer than any file */
        {4, 33},          /* no multiple of four */
        {8, 1},           /* an interface that is not there */
        {20, 0xffffffff}, /* longer than the block */
        {20, 0x00100000}, /* longer than any frame */
        {0, 0x0a0d0d0a},  /* a section of no byte order */
        {4, 36},          /* ends that do not agree */
        {0, 1},           /* as an interface it is one; what follows is whole */
    };
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        size_t at;
        struct ng ng = two_packets(&at);
        struct told t = {0};
        memcpy(ng.file.at + at + damages[i].at, &damages[i].value, 4);
        scan(&t, ng.file);
        bool is_damage = i + 1 < sizeof damages / sizeof *damages;
        assert_int_equal(t.status, 0);
        assert_int_equal(t.datagrams, 1);
        assert_int_equal(t.counts.truncated, is_damage);
        assert_int_equal(t.lost, is_damage);
    }
}

static void a_block_whose_two_lengths_differ_is_damaged(void **state)
{
    (void)state;
    size_t at;
    struct ng ng = two_packets(&at);
    struct told t = {0};
    ng.file.at[ng.file.len - 4] ^= 4;
    scan(&t, ng.file);
    assert_int_equal(t.datagrams, 1);
    assert_true(t.counts.truncated);
}

static void a_record_longer_than_any_frame_is_damaged(void **state)
{
    (void)state;
    struct told t = {0};
    struct oh_text file = capture_of(MAGIC_NANO, RAW), frame = sip4(2);
    add(&file, sip4(1));
    while (frame.len <= 256 * 1024)
        oh_text_add(&frame, "padding");
    add(&file, frame);
    scan(&t, file);
    assert_int_equal(t.datagrams, 1);
    assert_true(t.counts.truncated);
}

/* --- gzip --- */

static struct oh_text classic(unsigned from, unsigned to)
{
    struct oh_text file = capture_of(MAGIC_NANO, RAW);
    for (unsigned i = from; i <= to; i++)
        add(&file, sip4(i));
    return file;
}

static void gzipped_files_are_read_as_the_others(void **state)
{
    (void)state;
    size_t ignored;
    static const int64_t same[] = {T0, T0}, ng[] = {1, 2};
    assert_times(read_bytes(gzip_of(classic(1, 2))), same, 2);
    assert_times(read_bytes(gzip_of(two_packets(&ignored).file)), ng, 2);
}

static void several_members_are_one_file_and_padding_is_none(void **state)
{
    (void)state;
    static const int64_t same[] = {T0, T0, T0};
    struct oh_text whole = classic(1, 3);
    for (size_t at = 1; at < whole.len; at += 13) {
        struct oh_text first = {0}, second = {0};
        oh_text_add_span(&first, oh_span_sub(oh_text_span(&whole), 0, at));
        oh_text_add_span(&second, oh_span_sub(oh_text_span(&whole), at, whole.len));
        struct oh_text file = gzip_of(first);
        put_text(&file, gzip_of((struct oh_text){0}));
        put_text(&file, gzip_of(second));
        for (int i = 0; i < 512; i++)
            put8(&file, 0);
        assert_times(read_bytes(file), same, 3);
    }
    oh_text_release(&whole);
}

static void shortened_gzip_keeps_what_stands_before_and_is_told(void **state)
{
    (void)state;
    struct oh_text whole = gzip_of(classic(1, 40));
    size_t seen = 0;
    for (size_t len = 2; len < whole.len; len++) {
        struct oh_text part = {0};
        struct told t = {0};
        oh_text_add_span(&part, oh_span_sub(oh_text_span(&whole), 0, len));
        scan(&t, part);
        assert_true(t.status == -1 ? t.datagrams == 0 : t.counts.truncated);
        assert_true(t.datagrams <= 40 && t.datagrams >= seen);
        seen = t.datagrams;
    }
    assert_int_equal(seen, 40); /* only gzip's own end was missing */
    oh_text_release(&whole);
}

static void damaged_gzip_is_told(void **state)
{
    (void)state;
    struct oh_text whole = gzip_of(classic(1, 40));
    for (size_t at = 10; at < whole.len; at++) {
        struct oh_text damaged = {0};
        struct told t = {0};
        oh_text_add_span(&damaged, oh_text_span(&whole));
        damaged.at[at] ^= 0x55;
        scan(&t, damaged);
        assert_true(t.status == -1 || t.counts.truncated);
    }
    oh_text_release(&whole);
}

/* 32 MiB of frames of no length, in 32 KiB. */
static void much_in_little_is_read_to_its_end(void **state)
{
    (void)state;
    struct oh_text file = capture_of(MAGIC_NANO, RAW);
    struct told t = {0};
    size_t frames = 2u << 20;
    file.room = file.len + frames * 16;
    file.at = oh_realloc(file.at, file.room);
    memset(file.at + file.len, 0, frames * 16);
    file.len = file.room;
    scan(&t, gzip_of(file));
    assert_int_equal(t.status, 0);
    assert_int_equal(t.counts.other, frames);
    assert_true(t.asked >= frames / 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_capture_of_a_machine_of_the_other_byte_order_is_read),
        cmocka_unit_test(other_formats_are_refused_by_their_name),
        cmocka_unit_test(a_header_cut_short_or_of_another_version_is_refused),
        cmocka_unit_test(interfaces_of_one_file_may_differ_in_link_and_clock),
        cmocka_unit_test(clocks_of_any_resolution_give_a_time),
        cmocka_unit_test(sections_of_either_byte_order_follow_one_another),
        cmocka_unit_test(the_other_packet_blocks_are_read),
        cmocka_unit_test(blocks_of_other_kinds_are_passed_over_whatever_their_length),
        cmocka_unit_test(frames_of_a_link_that_is_not_read_are_counted_beside_others),
        cmocka_unit_test(a_file_with_no_link_that_is_read_is_refused),
        cmocka_unit_test(frames_that_the_capturing_program_lost_are_lost_evidence),
        cmocka_unit_test(a_pcapng_file_cut_anywhere_keeps_what_stands_before),
        cmocka_unit_test(damaged_blocks_end_reading_and_are_told),
        cmocka_unit_test(a_block_whose_two_lengths_differ_is_damaged),
        cmocka_unit_test(a_record_longer_than_any_frame_is_damaged),
        cmocka_unit_test(gzipped_files_are_read_as_the_others),
        cmocka_unit_test(several_members_are_one_file_and_padding_is_none),
        cmocka_unit_test(shortened_gzip_keeps_what_stands_before_and_is_told),
        cmocka_unit_test(damaged_gzip_is_told),
        cmocka_unit_test(much_in_little_is_read_to_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
