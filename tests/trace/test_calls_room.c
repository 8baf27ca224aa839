/* Calls under their limits: what goes first when room is needed, and that it is enough. */
#include "calls_talk.h"

static void begin_call(struct talk *k, int64_t ms, const char *call, bool answered)
{
    struct part p = {.call = call};
    say(k, ms, PHONE, OTHER, "INVITE sip:b@example.com", p);
    p.to_tag = "t";
    if (answered)
        say(k, ms + 1, OTHER, PHONE, "SIP/2.0 200 OK", p);
}

static void calls_that_are_over_go_before_those_that_stand(void **state)
{
    (void)state;
    struct oh_calls_limits limits = {.bytes = 60000};
    struct talk k;
    talk_begin_with(&k, &limits);
    begin_call(&k, 0, "stands", true);
    say_call(&k, 10, PHONE, OTHER, "over");
    for (unsigned i = 0; k.handed == 0 && i < 100; i++) {
        char call[32];
        snprintf(call, sizeof call, "more-%u", i);
        begin_call(&k, 3000 + i, call, true);
    }
    assert_int_equal(k.handed, 2);
    assert_int_equal(k.seen[0].messages, 6); /* "over" */
    assert_false(k.seen[0].cut);
    assert_int_equal(oh_calls_counts(k.calls).cut, 0);
    talk_end(&k);
}

static void the_call_that_was_silent_longest_goes_first(void **state)
{
    (void)state;
    struct oh_calls_limits limits = {.bytes = 60000};
    struct talk k;
    talk_begin_with(&k, &limits);
    begin_call(&k, 0, "silent", true);
    begin_call(&k, 10, "speaks", true);
    say(&k, 500, PHONE, OTHER, "ACK sip:b@example.com",
        (struct part){.call = "silent", .branch = "b2", .to_tag = "t"});
    begin_call(&k, 600, "new", true);
    for (unsigned i = 0; k.handed < 4 && i < 100; i++) {
        char call[32];
        snprintf(call, sizeof call, "more-%u", i);
        begin_call(&k, 3000 + i, call, true);
    }
    assert_string_equal(k.seen[0].words, ">INVITE <200"); /* "speaks" */
    assert_string_equal(k.seen[2].words, ">INVITE <200 >ACK");
    assert_true(k.seen[0].cut && k.seen[2].cut);
    assert_int_equal(oh_calls_counts(k.calls).cut, 2);
    talk_end(&k);
}

static void what_follows_a_call_that_was_cut_begins_within_it(void **state)
{
    (void)state;
    struct oh_calls_limits limits = {.bytes = 1};
    struct talk k;
    talk_begin_with(&k, &limits);
    say_call(&k, 0, PHONE, OTHER, "c1");
    oh_calls_end(k.calls);
    assert_int_equal(views_of(&k, PHONE), 6);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(view_of(&k, PHONE, i)->messages, 1);
        assert_int_equal(view_of(&k, PHONE, i)->begins_within, i > 0);
    }
    talk_end(&k);
}

static void a_call_without_end_comes_in_pieces(void **state)
{
    (void)state;
    struct oh_calls_limits limits = {.call_messages = 4};
    struct talk k;
    talk_begin_with(&k, &limits);
    say_call(&k, 0, PHONE, OTHER, "c1");
    assert_int_equal(k.handed, 2);
    assert_int_equal(view_of(&k, PHONE, 0)->messages, 4);
    assert_true(view_of(&k, PHONE, 0)->cut);
    assert_false(view_of(&k, PHONE, 0)->begins_within);
    oh_calls_end(k.calls);
    assert_int_equal(view_of(&k, PHONE, 1)->messages, 2);
    assert_true(view_of(&k, PHONE, 1)->begins_within);
    assert_false(view_of(&k, PHONE, 1)->cut); /* its BYE was seen: it is known to be over */
    assert_int_equal(oh_calls_counts(k.calls).calls, 1);
    assert_int_equal(oh_calls_counts(k.calls).cut, 0);
    talk_end(&k);
}

static void one_call_larger_than_all_room_is_handed_out_all_the_same(void **state)
{
    (void)state;
    struct oh_calls_limits limits = {.bytes = 100000};
    struct talk k;
    talk_begin_with(&k, &limits);
    for (unsigned i = 0; i < 1000; i++)
        say(&k, i, PHONE, OTHER, "INFO sip:b@example.com",
            (struct part){.to_tag = "t", .cseq = i + 1});
    assert_true(oh_calls_counts(k.calls).peak_bytes < 120000);
    oh_calls_end(k.calls);
    assert_true(k.handed > 5);
    assert_int_equal(oh_calls_counts(k.calls).messages, 1000);
    talk_end(&k);
}

/* What 10^6 would do, in fewer: nothing is freed by itself, and the table of calls, the lists and
 * the eviction must stay cheap. */
static void calls_that_never_end_stay_under_the_limit(void **state)
{
    (void)state;
    enum { CALLS = 100000, LIMIT = 4 << 20 };
    struct oh_calls_limits limits = {.bytes = LIMIT};
    struct talk k;
    talk_begin_with(&k, &limits);
    for (unsigned i = 0; i < CALLS; i++) {
        char call[32];
        snprintf(call, sizeof call, "call-%u", i);
        begin_call(&k, i, call, true);
    }
    struct oh_calls_counts c = oh_calls_counts(k.calls);
    assert_in_range(c.peak_bytes, LIMIT - 20000, LIMIT + 20000);
    assert_int_equal(c.calls, CALLS);
    oh_calls_end(k.calls);
    assert_int_equal(k.handed, 2 * CALLS); /* none is lost */
    assert_in_range(c.cut, CALLS - 3000, CALLS - 500);
    talk_end(&k);
}

static void requests_that_nobody_answers_do_not_fill_the_memory(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    for (unsigned i = 0; i < 20000; i++) {
        char call[32];
        snprintf(call, sizeof call, "ping-%u", i);
        say(&k, 1000 * (int64_t)i, PHONE, OTHER, "OPTIONS sip:b@example.com",
            (struct part){.call = call});
    }
    assert_true(oh_calls_counts(k.calls).peak_bytes < 200000);
    assert_int_equal(oh_calls_counts(k.calls).cut, 0);
    talk_end(&k);
}

static void stamps_that_leap_do_no_harm(void **state)
{
    (void)state;
    static const int64_t stamps[] = {0, INT64_MAX, INT64_MIN, -1, INT64_MAX, 5, INT64_MIN};
    struct talk k;
    talk_begin(&k);
    struct oh_addr a = addr_of(PHONE), b = addr_of(OTHER);
    for (unsigned i = 0; i < sizeof stamps / sizeof *stamps; i++) {
        char text[256];
        snprintf(
            text, sizeof text,
            "OPTIONS sip:b@x SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK%u\r\n"
            "From: <sip:a@x>;tag=f\r\nTo: <sip:b@x>\r\nCall-ID: c%u\r\nCSeq: 1 OPTIONS\r\n\r\n",
            i, i % 3);
        assert_true(oh_calls_message(k.calls, i + 1, stamps[i], &a, &b, OH_TRANSPORT_UDP,
                                     oh_span_of(text)));
    }
    oh_calls_end(k.calls);
    size_t messages = 0;
    for (size_t i = 0; i < k.seen_count; i++)
        messages += k.seen[i].messages;
    assert_int_equal(messages, sizeof stamps / sizeof *stamps);
    talk_end(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_that_are_over_go_before_those_that_stand),
        cmocka_unit_test(the_call_that_was_silent_longest_goes_first),
        cmocka_unit_test(what_follows_a_call_that_was_cut_begins_within_it),
        cmocka_unit_test(a_call_without_end_comes_in_pieces),
        cmocka_unit_test(one_call_larger_than_all_room_is_handed_out_all_the_same),
        cmocka_unit_test(calls_that_never_end_stay_under_the_limit),
        cmocka_unit_test(requests_that_nobody_answers_do_not_fill_the_memory),
        cmocka_unit_test(stamps_that_leap_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
