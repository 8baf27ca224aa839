#include "base/file.h"
#include "trace/trace.h"

#include "calls_talk.h"

#define SRC "192.0.2.1:4000"
#define DST "192.0.2.2:4000"

/* A packet of audio; what is said of it as in RFC 3550 5.1. */
struct rtp {
    int64_t ms;
    unsigned sequence, timestamp, ssrc, type;
    bool marker;
    const char *payload;
    size_t payload_len;
    const char *src, *dst;
};

static struct oh_span packet_of(const struct rtp *p, char out[256])
{
    unsigned char *b = (unsigned char *)out;
    static const char silence[] = "0123456789abcdef";
    const char *payload = p->payload ? p->payload : silence;
    size_t len = p->payload ? p->payload_len : sizeof silence - 1;
    memset(b, 0, 12);
    b[0] = 0x80;
    b[1] = (unsigned char)(p->type | (p->marker ? 0x80u : 0));
    b[2] = (unsigned char)(p->sequence >> 8);
    b[3] = (unsigned char)p->sequence;
    for (unsigned i = 0; i < 4; i++) {
        b[4 + i] = (unsigned char)(p->timestamp >> (24 - 8 * i));
        b[8 + i] = (unsigned char)(p->ssrc >> (24 - 8 * i));
    }
    memcpy(b + 12, payload, len);
    return (struct oh_span){out, 12 + len};
}

static unsigned frame;

static enum oh_stream_kind add(struct oh_streams *s, const struct rtp *p)
{
    char bytes[256];
    struct oh_addr src = addr_of(p->src ? p->src : SRC), dst = addr_of(p->dst ? p->dst : DST);
    return oh_streams_add(s, ++frame, p->ms * OH_NS_PER_MS, &src, &dst, packet_of(p, bytes));
}

/* `count` packets of 20 ms each of PCMU. */
static void talk_on(struct oh_streams *s, unsigned from, unsigned count)
{
    for (unsigned i = from; i < from + count; i++)
        add(s, &(struct rtp){.ms = 20 * i, .sequence = 65530 + i, .timestamp = 160 * i, .ssrc = 7});
}

static struct oh_streams *begin(void)
{
    frame = 0;
    return oh_streams_new();
}

static void an_hour_of_talk_is_one_run_of_a_few_hundred_bytes(void **state)
{
    (void)state;
    struct oh_streams *s = begin();
    talk_on(s, 0, 180000);
    assert_int_equal(oh_streams_count(s), 1);
    const struct oh_stream *t = oh_streams_at(s, 0);
    assert_int_equal(t->packets, 180000);
    assert_int_equal(t->run_count, 1);
    assert_int_equal(t->runs[0].packets, 180000);
    assert_int_equal(t->runs[0].step, 160);
    assert_int_equal(t->runs[0].steps, 179999);
    assert_int_equal(t->runs[0].odd_steps, 0);
    assert_int_equal(t->lost, 0);
    assert_int_equal(t->sequence_jump_frame, 0); /* though the number went round */
    assert_int_equal(t->runs[0].last_ns, 179999 * 20 * OH_NS_PER_MS);
    assert_true(oh_streams_bytes(s) < 6000);
    oh_streams_free(s);
}

static void a_pause_or_another_payload_type_begins_a_new_run(void **state)
{
    (void)state;
    struct oh_streams *s = begin();
    talk_on(s, 0, 10);
    talk_on(s, 30, 10); /* 400 ms later */
    add(s, &(struct rtp){.ms = 800, .sequence = 65570, .timestamp = 6400, .ssrc = 7, .type = 8});
    const struct oh_stream *t = oh_streams_at(s, 0);
    assert_int_equal(t->run_count, 3);
    assert_int_equal(t->runs[1].first_frame, 11);
    assert_int_equal(t->runs[1].packets, 10);
    assert_int_equal(t->runs[2].payload_type, 8);
    assert_int_equal(t->lost, 20);
    oh_streams_free(s);
}

static void runs_beyond_the_limit_grow_the_last_one(void **state)
{
    (void)state;
    struct oh_streams *s = begin();
    for (unsigned i = 0; i < 100; i++)
        add(s, &(struct rtp){.ms = 1000 * i, .sequence = i, .timestamp = 8000 * i, .ssrc = 7});
    const struct oh_stream *t = oh_streams_at(s, 0);
    assert_int_equal(t->run_count, OH_STREAM_RUNS);
    assert_true(t->merged);
    assert_int_equal(t->runs[OH_STREAM_RUNS - 1].packets, 100 - OH_STREAM_RUNS + 1);
    oh_streams_free(s);
}

static void another_ssrc_source_or_destination_is_another_stream(void **state)
{
    (void)state;
    struct oh_streams *s = begin();
    talk_on(s, 0, 2);
    add(s, &(struct rtp){.ms = 40, .ssrc = 8});
    add(s, &(struct rtp){.ms = 40, .ssrc = 7, .src = "192.0.2.1:4002"});
    add(s, &(struct rtp){.ms = 40, .ssrc = 7, .dst = "192.0.2.2:4002"});
    assert_int_equal(oh_streams_count(s), 4);
    oh_streams_free(s);
}

static void streams_beyond_the_limit_are_counted_only(void **state)
{
    (void)state;
    struct oh_streams *s = begin();
    for (unsigned i = 0; i < OH_STREAMS_MAX + 3; i++)
        assert_int_equal(add(s, &(struct rtp){.ssrc = i}), OH_STREAM_RTP);
    assert_int_equal(oh_streams_count(s), OH_STREAMS_MAX);
    assert_int_equal(oh_streams_left_out(s), 3);
    oh_streams_free(s);
}

static void a_packet_captured_twice_is_one(void **state)
{
    (void)state;
    struct oh_streams *s = begin();
    for (unsigned i = 0; i < 10; i++) {
        struct rtp p = {.ms = 20 * i, .sequence = i, .timestamp = 160 * i};
        add(s, &p);
        p.ms += 1;
        add(s, &p);
    }
    const struct oh_stream *t = oh_streams_at(s, 0);
    assert_int_equal(t->packets, 10);
    assert_int_equal(t->duplicates, 10);
    assert_int_equal(t->repeated_frame, 0);
    assert_int_equal(t->runs[0].odd_steps, 0);
    oh_streams_free(s);
}

static void a_number_used_again_is_told(void **state)
{
    (void)state;
    struct oh_streams *s = begin();
    add(s, &(struct rtp){.ms = 0, .sequence = 1, .timestamp = 0});
    add(s, &(struct rtp){.ms = 20, .sequence = 1, .timestamp = 160});
    const struct oh_stream *t = oh_streams_at(s, 0);
    assert_int_equal(t->same_sequence_frame, 2);
    assert_int_equal(t->repeated_frame, 0);
    add(s, &(struct rtp){.ms = 50, .sequence = 1, .timestamp = 160});
    assert_int_equal(t->repeated_frame, 3);
    oh_streams_free(s);
}

static void what_the_network_lost_or_turned_round_is_no_jump(void **state)
{
    (void)state;
    struct oh_streams *s = begin();
    static const unsigned order[] = {0, 1, 3, 2, 5, 6, 9};
    for (unsigned i = 0; i < sizeof order / sizeof *order; i++)
        add(s, &(struct rtp){.ms = 20 * i, .sequence = order[i], .timestamp = 160 * order[i]});
    const struct oh_stream *t = oh_streams_at(s, 0);
    assert_int_equal(t->lost, 3); /* 4, 7, 8 */
    assert_int_equal(t->reordered, 1);
    assert_int_equal(t->sequence_jump_frame, 0);
    assert_int_equal(t->timestamp_back_frame, 0);
    oh_streams_free(s);
}

static void a_jump_of_the_number_is_told_unless_there_was_a_pause(void **state)
{
    (void)state;
    for (unsigned pause = 0; pause < 2; pause++) {
        struct oh_streams *s = begin();
        talk_on(s, 0, 5);
        add(s, &(struct rtp){
                   .ms = pause ? 1000 : 100, .sequence = 20000, .timestamp = 800, .ssrc = 7});
        const struct oh_stream *t = oh_streams_at(s, 0);
        assert_int_equal(t->sequence_jump_frame, pause ? 0 : 6);
        assert_int_equal(t->lost, 0);
        oh_streams_free(s);
    }
}

static void a_timestamp_that_goes_back_or_steps_oddly_is_told(void **state)
{
    (void)state;
    struct oh_streams *s = begin();
    talk_on(s, 0, 10);
    add(s, &(struct rtp){.ms = 200, .sequence = 65540, .timestamp = 1650, .ssrc = 7});
    add(s, &(struct rtp){.ms = 220, .sequence = 65541, .timestamp = 1000, .ssrc = 7});
    const struct oh_stream *t = oh_streams_at(s, 0);
    assert_int_equal(t->runs[0].step, 160);
    assert_int_equal(t->runs[0].odd_steps, 2);
    assert_int_equal(t->runs[0].odd_step_frame, 11);
    assert_int_equal(t->timestamp_back_frame, 12);
    oh_streams_free(s);
}

static void rtcp_and_what_is_neither_are_told_apart(void **state)
{
    (void)state;
    struct oh_streams *s = begin();
    struct oh_addr src = addr_of("192.0.2.1:4001"), dst = addr_of("192.0.2.2:4001");
    static const char report[] = "\x80\xc9\x00\x01\x00\x00\x00\x07";
    static const char stun[] = "\x00\x01\x00\x00\x21\x12\xa4\x42\x00\x00\x00\x00\x00\x00\x00\x00";
    struct oh_span rtcp = {report, 8}, other = {stun, 16};
    assert_int_equal(oh_streams_add(s, 1, 5, &src, &dst, rtcp), OH_STREAM_RTCP);
    assert_int_equal(oh_streams_add(s, 2, 6, &src, &dst, rtcp), OH_STREAM_RTCP);
    assert_int_equal(oh_streams_add(s, 3, 7, &src, &dst, other), OH_STREAM_NONE);
    assert_int_equal(oh_streams_count(s), 0);
    assert_int_equal(oh_streams_rtcp_count(s), 1);
    assert_int_equal(oh_streams_rtcp_at(s, 0)->packets, 2);
    assert_int_equal(oh_streams_rtcp_at(s, 0)->last_frame, 2);
    oh_streams_free(s);
}

static void a_header_that_is_more_than_the_packet_is_malformed(void **state)
{
    (void)state;
    static const struct {
        const char *first;
        bool malformed;
    } rows[] = {{"\x80", false}, {"\x8f", true}, {"\xa0", true}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct oh_streams *s = begin();
        struct oh_addr a = addr_of(SRC);
        char bytes[256];
        struct oh_span span = packet_of(&(struct rtp){.sequence = 1}, bytes);
        bytes[0] = rows[i].first[0];
        oh_streams_add(s, 9, 5, &a, &a, span);
        assert_int_equal(oh_streams_at(s, 0)->malformed_frame, rows[i].malformed ? 9 : 0);
        oh_streams_free(s);
    }
}

/* --- telephone events --- */

struct key {
    unsigned n; /* of packets before the event: 20 ms each */
    unsigned sequence, timestamp, duration;
    bool marker, end;
    char code;
};

static void press(struct oh_streams *s, const struct key *k)
{
    char payload[4] = {k->code, (char)((k->end ? 0x80 : 0) | 10), (char)(k->duration >> 8),
                       (char)k->duration};
    add(s, &(struct rtp){.ms = 20 * k->n,
                         .sequence = k->sequence,
                         .timestamp = k->timestamp,
                         .ssrc = 7,
                         .type = 101,
                         .marker = k->marker,
                         .payload = payload,
                         .payload_len = 4});
}

/* A healthy event of the digit 5 behind ten packets of audio: five packets and three of its end. */
static void press_well(struct oh_streams *s)
{
    talk_on(s, 0, 10);
    for (unsigned i = 0; i < 7; i++)
        press(s, &(struct key){.n = 10 + i,
                               .sequence = 65540 + i,
                               .timestamp = 1600,
                               .duration = 160 * (i < 4 ? i + 1 : 5),
                               .marker = i == 0,
                               .end = i >= 4,
                               .code = 5});
}

static void a_healthy_event_is_one_with_marker_and_three_ends(void **state)
{
    (void)state;
    struct oh_streams *s = begin();
    press_well(s);
    const struct oh_stream *t = oh_streams_at(s, 0);
    assert_int_equal(t->event_count, 1);
    const struct oh_stream_event *e = &t->events[0];
    assert_int_equal(e->payload_type, 101);
    assert_int_equal(e->code, 5);
    assert_int_equal(e->volume, 10);
    assert_int_equal(e->packets, 7);
    assert_int_equal(e->ends, 3);
    assert_int_equal(e->first_duration, 160);
    assert_int_equal(e->last_duration, 800);
    assert_int_equal(e->first_frame, 11);
    assert_int_equal(e->end_frame, 15);
    assert_true(e->marked && e->begin_seen);
    assert_false(e->gaps || e->interleaved || e->goes_on || e->reserved_bit);
    assert_int_equal(e->marked_late_frame + e->shorter_frame + e->code_frame + e->open_frame +
                         e->end_differs_frame,
                     0);
    assert_int_equal(t->timestamp_back_frame, 0);
    assert_int_equal(t->run_count, 2);
    oh_streams_free(s);
}

static void what_is_odd_in_an_event_is_told_with_its_frame(void **state)
{
    (void)state;
    struct oh_streams *s = begin();
    static const struct key keys[] = {
        {.n = 10, .sequence = 65540, .timestamp = 1600, .duration = 160, .code = 5},
        {.n = 11, .sequence = 65541, .timestamp = 1600, .duration = 320, .marker = true, .code = 5},
        {.n = 12, .sequence = 65542, .timestamp = 1600, .duration = 240, .code = 6},
        {.n = 14, .sequence = 65544, .timestamp = 1600, .duration = 480, .end = true, .code = 5},
        {.n = 15, .sequence = 65545, .timestamp = 1600, .duration = 500, .end = true, .code = 5},
        {.n = 16, .sequence = 65546, .timestamp = 1600, .duration = 500, .code = 5},
    };
    talk_on(s, 0, 10);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        press(s, &keys[i]);
    const struct oh_stream_event *e = &oh_streams_at(s, 0)->events[0];
    assert_int_equal(oh_streams_at(s, 0)->event_count, 1);
    assert_false(e->marked);
    assert_true(e->gaps);
    assert_int_equal(e->marked_late_frame, 12);
    assert_int_equal(e->shorter_frame, 13);
    assert_int_equal(e->code_frame, 13);
    assert_int_equal(e->end_frame, 14);
    assert_int_equal(e->end_differs_frame, 15);
    assert_int_equal(e->open_frame, 16);
    oh_streams_free(s);
}

static void a_timestamp_that_does_not_stay_makes_events_that_go_on(void **state)
{
    (void)state;
    struct oh_streams *s = begin();
    talk_on(s, 0, 10);
    for (unsigned i = 0; i < 3; i++)
        press(s, &(struct key){.n = 10 + i,
                               .sequence = 65540 + i,
                               .timestamp = 1600 + 160 * i,
                               .duration = 160,
                               .marker = i == 0,
                               .end = i == 2,
                               .code = 5});
    const struct oh_stream *t = oh_streams_at(s, 0);
    assert_int_equal(t->event_count, 3);
    assert_false(t->events[0].goes_on);
    assert_true(t->events[1].goes_on && t->events[2].goes_on);
    oh_streams_free(s);
}

static void events_of_a_packet_that_comes_late_are_not_taken_for_odd(void **state)
{
    (void)state;
    struct oh_streams *s = begin();
    static const unsigned order[] = {0, 2, 1, 3};
    talk_on(s, 0, 10);
    for (unsigned i = 0; i < 4; i++)
        press(s, &(struct key){.n = 10 + i,
                               .sequence = 65540 + order[i],
                               .timestamp = 1600,
                               .duration = 160 * (order[i] + 1),
                               .marker = order[i] == 0,
                               .end = order[i] == 3,
                               .code = 5});
    const struct oh_stream_event *e = &oh_streams_at(s, 0)->events[0];
    assert_int_equal(e->packets, 4);
    assert_int_equal(e->shorter_frame, 0);
    assert_int_equal(e->ends, 1);
    oh_streams_free(s);
}

static void audio_behind_an_event_may_be_of_an_earlier_time(void **state)
{
    (void)state;
    struct oh_streams *s = begin();
    talk_on(s, 0, 10);
    press(s, &(struct key){.n = 10, .sequence = 65540, .timestamp = 1700, .duration = 80});
    add(s, &(struct rtp){.ms = 220, .sequence = 65541, .timestamp = 1600, .ssrc = 7});
    assert_int_equal(oh_streams_at(s, 0)->timestamp_back_frame, 0);
    oh_streams_free(s);
}

static void a_runs_rtp_packets_become_the_same_streams(void **state)
{
    (void)state;
    struct oh_trace *t = oh_trace_new();
    struct oh_addr src = addr_of(SRC), dst = addr_of(DST);
    char bytes[256];
    for (unsigned i = 0; i < 5; i++) {
        struct rtp p = {.sequence = i, .timestamp = 160 * i};
        assert_true(
            oh_trace_add_rtp(t, i + 1, 20 * OH_NS_PER_MS * i, &src, &dst, packet_of(&p, bytes)));
    }
    oh_trace_link(t);
    assert_int_equal(oh_streams_count(t->streams), 1);
    assert_int_equal(oh_streams_at(t->streams, 0)->packets, 5);
    assert_int_equal(oh_streams_at(t->streams, 0)->runs[0].step, 160);
    oh_trace_free(t);
}

/* --- whose media it is --- */

#define SDP(ip, port)                                                                              \
    "v=0\r\no=- 1 1 IN IP4 " ip "\r\ns=-\r\nc=IN IP4 " ip "\r\nt=0 0\r\nm=audio " port             \
    " RTP/AVP 0\r\n"

static bool datagram(struct talk *k, int64_t ms, const char *src, const char *dst)
{
    char bytes[256];
    struct oh_addr from = addr_of(src), to = addr_of(dst);
    struct rtp p = {.sequence = (unsigned)ms, .timestamp = (unsigned)ms};
    return oh_calls_datagram(k->calls, ++k->frame, ms * OH_NS_PER_MS, &from, &to,
                             packet_of(&p, bytes));
}

static void set_up(struct talk *k, const char *call, const char *offer, const char *answer)
{
    struct part p = {.call = call, .body = offer};
    say(k, 0, PHONE, OTHER, "INVITE sip:b@example.com", p);
    p = (struct part){.call = call, .body = answer, .to_tag = "t"};
    say(k, 100, OTHER, PHONE, "SIP/2.0 200 OK", p);
}

static void packets_belong_to_the_call_that_names_their_address(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    set_up(&k, "c1", SDP("192.0.2.1", "4000"), SDP("192.0.2.2", "5000"));
    assert_true(datagram(&k, 200, "192.0.2.1:4000", "192.0.2.2:5000"));
    assert_true(datagram(&k, 210, "192.0.2.2:5000", "192.0.2.1:4000"));
    assert_true(datagram(&k, 220, "192.0.2.1:4002", "192.0.2.2:5000"));  /* from another port */
    assert_true(datagram(&k, 230, "192.0.2.1:4000", "198.51.100.1:9"));  /* to nobody's */
    assert_false(datagram(&k, 240, "198.51.100.1:9", "192.0.2.1:4000")); /* a stranger's */
    assert_false(datagram(&k, 250, "192.0.2.1:6000", "192.0.2.2:6000"));
    oh_calls_end(k.calls);
    assert_int_equal(view_of(&k, PHONE, 0)->streams, 4);
    assert_int_equal(view_of(&k, OTHER, 0)->streams, 4);
    assert_int_equal(oh_calls_counts(k.calls).media, 4);
    talk_end(&k);
}

static void media_behind_a_nat_is_known_by_the_source_of_its_signalling(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    struct part p = {.via = "192.168.1.5:5060", .body = SDP("192.168.1.5", "4000")};
    say(&k, 0, "203.0.113.5:40001", OTHER, "INVITE sip:b@example.com", p);
    p = (struct part){.body = SDP("192.0.2.2", "5000"), .to_tag = "t"};
    say(&k, 100, OTHER, "203.0.113.5:40001", "SIP/2.0 200 OK", p);
    assert_true(datagram(&k, 200, "203.0.113.5:41000", "192.0.2.2:5000"));
    assert_true(datagram(&k, 210, "192.0.2.2:5000", "203.0.113.5:41000"));
    assert_false(datagram(&k, 220, "203.0.113.6:41000", "192.0.2.2:5000"));
    talk_end(&k);
}

static void media_of_a_call_that_was_handed_out_is_nobodys(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    set_up(&k, "c1", SDP("192.0.2.1", "4000"), SDP("192.0.2.2", "5000"));
    oh_calls_end(k.calls);
    assert_false(datagram(&k, 200, "192.0.2.1:4000", "192.0.2.2:5000"));
    talk_end(&k);
}

static void rtcp_is_the_calls_by_the_next_port_or_by_its_attribute(void **state)
{
    (void)state;
    static const char receiver_report[] = "\x80\xc9\x00\x01\x00\x00\x00\x07";
    struct oh_addr from = addr_of("192.0.2.1:4001"), next = addr_of("192.0.2.2:5001"),
                   named = addr_of("192.0.2.2:7000");
    struct oh_span bytes = {receiver_report, 8};
    struct talk k;
    talk_begin(&k);
    set_up(&k, "c1", SDP("192.0.2.1", "4000"), SDP("192.0.2.2", "5000"));
    assert_true(oh_calls_datagram(k.calls, 9, 0, &from, &next, bytes));
    set_up(&k, "c2", SDP("192.0.2.3", "4000"), SDP("192.0.2.2", "6000") "a=rtcp:7000\r\n");
    from = addr_of("192.0.2.3:9999");
    assert_true(oh_calls_datagram(k.calls, 9, 0, &from, &named, bytes));
    talk_end(&k);
}

static void many_calls_at_one_address_of_media_cost_no_more_each(void **state)
{
    (void)state;
    struct talk k;
    struct oh_calls_limits limits = {.bytes = 1 << 20};
    talk_begin_with(&k, &limits);
    for (unsigned i = 0; i < 20000; i++) {
        char call[32];
        snprintf(call, sizeof call, "c%u", i);
        set_up(&k, call, SDP("192.0.2.1", "4000"), SDP("192.0.2.2", "5000"));
        assert_true(datagram(&k, 200, "192.0.2.1:4000", "192.0.2.2:5000"));
    }
    assert_true(oh_calls_counts(k.calls).peak_bytes < (1 << 20) + 100000);
    talk_end(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_hour_of_talk_is_one_run_of_a_few_hundred_bytes),
        cmocka_unit_test(a_pause_or_another_payload_type_begins_a_new_run),
        cmocka_unit_test(runs_beyond_the_limit_grow_the_last_one),
        cmocka_unit_test(another_ssrc_source_or_destination_is_another_stream),
        cmocka_unit_test(streams_beyond_the_limit_are_counted_only),
        cmocka_unit_test(a_packet_captured_twice_is_one),
        cmocka_unit_test(a_number_used_again_is_told),
        cmocka_unit_test(what_the_network_lost_or_turned_round_is_no_jump),
        cmocka_unit_test(a_jump_of_the_number_is_told_unless_there_was_a_pause),
        cmocka_unit_test(a_timestamp_that_goes_back_or_steps_oddly_is_told),
        cmocka_unit_test(rtcp_and_what_is_neither_are_told_apart),
        cmocka_unit_test(a_header_that_is_more_than_the_packet_is_malformed),
        cmocka_unit_test(a_healthy_event_is_one_with_marker_and_three_ends),
        cmocka_unit_test(what_is_odd_in_an_event_is_told_with_its_frame),
        cmocka_unit_test(a_timestamp_that_does_not_stay_makes_events_that_go_on),
        cmocka_unit_test(events_of_a_packet_that_comes_late_are_not_taken_for_odd),
        cmocka_unit_test(audio_behind_an_event_may_be_of_an_earlier_time),
        cmocka_unit_test(a_runs_rtp_packets_become_the_same_streams),
        cmocka_unit_test(packets_belong_to_the_call_that_names_their_address),
        cmocka_unit_test(media_behind_a_nat_is_known_by_the_source_of_its_signalling),
        cmocka_unit_test(media_of_a_call_that_was_handed_out_is_nobodys),
        cmocka_unit_test(rtcp_is_the_calls_by_the_next_port_or_by_its_attribute),
        cmocka_unit_test(many_calls_at_one_address_of_media_cost_no_more_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
