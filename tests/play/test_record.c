/* What gets into the tap, and how a clock that is set is told. */
#include "play/twin.h"

static const char stun[] = "\0\1\0\0\x21\x12\xa4\x42transaction!";
static const char voice[] = "\x80\0\0\1\0\0\0\xa0\0\0\0\7payload";

static void on_rtp(struct oh_socket *s, const struct oh_addr *from, struct oh_span bytes, void *arg)
{
    (void)s;
    (void)from;
    (void)bytes;
    (void)arg;
}

static void begin(struct twin *t)
{
    struct oh_error e = {0};
    t->seats[0].rtp_addr = address("127.9.9.1:4000");
    t->seats[0].rtp = oh_udp_open(t->bench.net, "rtp", &t->seats[0].rtp_addr, on_rtp, NULL, &e);
    assert_non_null(t->seats[0].rtp);
    t->player.run = oh_run_new(NULL);
    t->player.recorded_until_ns = INT64_MAX;
    oh_net_tap(t->bench.net, oh_record_tap, &t->bench);
}

static void end(struct twin *t)
{
    oh_net_tap(t->bench.net, NULL, NULL);
    oh_run_free(t->player.run);
    t->player.run = NULL;
}

static void phone_sends_to(struct twin *t, const struct oh_addr *to, struct oh_span bytes)
{
    struct oh_error e = {0};
    assert_int_equal(oh_udp_send(t->phone, to, bytes, &e), 0);
    settle(t);
}

/* The tap is of our sockets and, in the twin, of the phone's too. */
static size_t received(const struct twin *t, bool rtp)
{
    size_t count = 0;
    for (size_t i = 0; i < t->player.run->tap_count; i++) {
        const struct oh_tap_entry *entry = &t->player.run->tap[i];
        count += !entry->sent && entry->is_rtp == rtp;
    }
    return count;
}

/* RFC 8445: phones look for their way by STUN where their voice goes */
static void stun_where_voice_is_awaited_is_no_voice(void **state)
{
    struct twin *t = *state;
    begin(t);
    phone_sends_to(t, &t->seats[0].rtp_addr, (struct oh_span){stun, sizeof stun - 1});
    assert_int_equal(received(t, true) + received(t, false), 0);
    phone_sends_to(t, &t->seats[0].rtp_addr, (struct oh_span){voice, 11});
    assert_int_equal(received(t, true), 0); /* shorter than a header */
    phone_sends_to(t, &t->seats[0].rtp_addr, (struct oh_span){voice, sizeof voice - 1});
    assert_int_equal(received(t, true), 1);
    assert_int_equal(received(t, false), 0);
    end(t);
}

static void voice_is_tapped_by_its_header_alone_with_its_whole_length(void **state)
{
    struct twin *t = *state;
    begin(t);
    phone_sends_to(t, &t->seats[0].rtp_addr, (struct oh_span){voice, sizeof voice - 1});
    phone_sends_to(t, &t->seats[0].sip_addr, oh_span_of("noise at a SIP port"));
    assert_int_equal(received(t, true), 1);
    assert_int_equal(received(t, false), 1);
    for (size_t i = 0; i < t->player.run->tap_count; i++) {
        const struct oh_tap_entry *entry = &t->player.run->tap[i];
        if (!entry->is_rtp || entry->sent)
            continue;
        assert_int_equal(entry->bytes.len, 12);
        assert_int_equal(entry->whole_len, sizeof voice - 1);
    }
    end(t);
}

static int64_t offset(const struct twin *t)
{
    return oh_net_wall(t->bench.net) - oh_net_now(t->bench.net);
}

/* As if the wall clock had been set by this much since the recording began. */
static void set_clock_by(struct twin *t, int64_t ns)
{
    t->player.clock_offset_ns = offset(t) - ns;
    oh_record_journal(&t->player, OH_JOURNAL_NOTE, OH_NONE, OH_NONE, NULL, NULL);
}

static void a_clock_that_is_set_is_told_by_its_farthest_step_either_way(void **state)
{
    struct twin *t = *state;
    begin(t);
    set_clock_by(t, 5); /* two readings lie apart */
    assert_int_equal(t->player.run->clock_step_ns, 5);
    set_clock_by(t, -3 * OH_NS_PER_S);
    assert_int_equal(t->player.run->clock_step_ns, 3 * OH_NS_PER_S);
    set_clock_by(t, 2 * OH_NS_PER_S);
    assert_int_equal(t->player.run->clock_step_ns, 3 * OH_NS_PER_S);
    set_clock_by(t, 4 * OH_NS_PER_S);
    assert_int_equal(t->player.run->clock_step_ns, 4 * OH_NS_PER_S);
    run_until_ms(t, 60000); /* time that passes is no step */
    set_clock_by(t, 0);
    assert_int_equal(t->player.run->clock_step_ns, 4 * OH_NS_PER_S);
    end(t);
}

static void what_came_before_the_recording_is_left_out_unless_the_clock_was_set_back(void **state)
{
    struct twin *t = *state;
    struct oh_span noise = oh_span_of("noise");
    begin(t);
    t->player.recorded_from_ns = oh_net_wall(t->bench.net) + OH_NS_PER_S;
    phone_sends_to(t, &t->seats[0].sip_addr, noise);
    assert_int_equal(received(t, false), 0);
    set_clock_by(t, -2 * OH_NS_PER_S);
    phone_sends_to(t, &t->seats[0].sip_addr, noise);
    assert_int_equal(received(t, false), 1);
    end(t);
}

#define WITH_TWIN(test) cmocka_unit_test_setup_teardown(test, twin_setup, twin_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TWIN(stun_where_voice_is_awaited_is_no_voice),
        WITH_TWIN(voice_is_tapped_by_its_header_alone_with_its_whole_length),
        WITH_TWIN(a_clock_that_is_set_is_told_by_its_farthest_step_either_way),
        WITH_TWIN(what_came_before_the_recording_is_left_out_unless_the_clock_was_set_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
