#include "calls_talk.h"

static void a_call_is_handed_out_once_for_each_of_its_two_sides(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    say_call(&k, 0, PHONE, OTHER, "c1");
    assert_int_equal(k.handed, 0);
    oh_calls_end(k.calls);
    assert_int_equal(k.handed, 2);
    const struct seen *a = view_of(&k, PHONE, 0), *b = view_of(&k, OTHER, 0);
    assert_string_equal(a->words, ">INVITE <180 <200 >ACK >BYE <200");
    assert_string_equal(b->words, "<INVITE >180 >200 <ACK <BYE >200");
    assert_false(a->begins_within || a->cut || a->one_sided || a->lost);
    assert_false(b->begins_within || b->cut || b->one_sided || b->lost);
    assert_int_equal(a->until_ms, 2000);
    struct oh_calls_counts c = oh_calls_counts(k.calls);
    assert_int_equal(c.messages, 6);
    assert_int_equal(c.calls, 1);
    assert_int_equal(c.cut, 0);
    talk_end(&k);
}

static void what_is_no_sip_is_refused(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    struct oh_addr a = addr_of(PHONE);
    assert_false(oh_calls_message(k.calls, 1, 1, &a, &a, OH_TRANSPORT_UDP, oh_span_of("\r\n\r\n")));
    assert_int_equal(oh_calls_counts(k.calls).messages, 0);
    talk_end(&k);
}

static void a_call_that_is_over_is_handed_out_after_64_t1_of_quiet(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    say_call(&k, 0, PHONE, OTHER, "c1");
    say(&k, 33999, PHONE, OTHER, "OPTIONS sip:b@example.com", (struct part){.call = "c2"});
    assert_int_equal(k.handed, 0);
    say(&k, 34000, OTHER, PHONE, "SIP/2.0 200 OK",
        (struct part){.call = "c2", .method = "OPTIONS", .to_tag = "x"});
    assert_int_equal(k.handed, 2);
    assert_int_equal(view_of(&k, PHONE, 0)->messages, 6);
    assert_int_equal(view_of(&k, PHONE, 0)->until_ms, 34000);
    assert_false(view_of(&k, PHONE, 0)->cut);
    oh_calls_end(k.calls);
    assert_int_equal(k.handed, 4);
    talk_end(&k);
}

static void a_late_message_keeps_a_call_that_is_over(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    struct part late = {.branch = "b3", .to_tag = "t", .cseq = 2, .method = "BYE"};
    say_call(&k, 0, PHONE, OTHER, "c1");
    say(&k, 33000, OTHER, PHONE, "SIP/2.0 200 OK", late);
    say(&k, 40000, PHONE, OTHER, "OPTIONS sip:b@example.com", (struct part){.call = "c2"});
    assert_int_equal(k.handed, 0);
    say(&k, 65000, PHONE, OTHER, "OPTIONS sip:b@example.com", (struct part){.call = "c3"});
    assert_int_equal(k.handed, 2);
    assert_string_equal(view_of(&k, PHONE, 0)->words, ">INVITE <180 <200 >ACK >BYE <200 +<200");
    talk_end(&k);
}

static void a_call_that_goes_on_is_kept_however_long(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    struct part p = {0};
    say(&k, 0, PHONE, OTHER, "INVITE sip:b@example.com", p);
    p.to_tag = "t";
    say(&k, 200, OTHER, PHONE, "SIP/2.0 180 Ringing", p);
    say(&k, 150000, PHONE, OTHER, "OPTIONS sip:b@example.com", (struct part){.call = "c2"});
    say(&k, 150100, OTHER, PHONE, "SIP/2.0 200 OK", p);
    p.branch = "b2";
    say(&k, 150200, PHONE, OTHER, "ACK sip:b@example.com", p);
    p.branch = "b4";
    p.cseq = 7;
    say(&k, 4000000, OTHER, PHONE, "INFO sip:a@example.com",
        (struct part){.branch = "x", .from_tag = "t", .to_tag = "f"});
    say(&k, 4000100, PHONE, OTHER, "SIP/2.0 200 OK",
        (struct part){.branch = "x", .from_tag = "t", .to_tag = "f", .method = "INFO"});
    say(&k, 9000000, OTHER, PHONE, "BYE sip:a@example.com",
        (struct part){.branch = "y", .from_tag = "t", .to_tag = "f", .cseq = 2});
    oh_calls_end(k.calls);
    assert_string_equal(view_of(&k, PHONE, 1)->words, ">INVITE <180 <200 >ACK <INFO >200 <BYE");
    assert_true(view_of(&k, PHONE, 1)->cut); /* the BYE has no answer yet */
    talk_end(&k);
}

static void a_refused_or_cancelled_call_is_over(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    struct part p = {.call = "refused"}, q = {.call = "cancelled"};
    say(&k, 0, PHONE, OTHER, "INVITE sip:b@example.com", p);
    p.to_tag = "t";
    say(&k, 10, OTHER, PHONE, "SIP/2.0 486 Busy Here", p);
    say(&k, 20, PHONE, OTHER, "ACK sip:b@example.com", p);
    say(&k, 30, PHONE, OTHER, "INVITE sip:b@example.com", q);
    q.to_tag = "t";
    say(&k, 40, OTHER, PHONE, "SIP/2.0 180 Ringing", q);
    q.to_tag = NULL;
    say(&k, 50, PHONE, OTHER, "CANCEL sip:b@example.com", q);
    q.to_tag = "t";
    say(&k, 60, OTHER, PHONE, "SIP/2.0 200 OK",
        (struct part){.call = "cancelled", .to_tag = "t", .method = "CANCEL"});
    say(&k, 70, OTHER, PHONE, "SIP/2.0 487 Request Terminated", q);
    say(&k, 80, PHONE, OTHER, "ACK sip:b@example.com", q);
    say(&k, 33000, PHONE, OTHER, "OPTIONS sip:b@example.com", (struct part){.call = "c2"});
    assert_int_equal(k.handed, 4);
    assert_false(view_of(&k, PHONE, 0)->cut || view_of(&k, PHONE, 1)->cut);
    assert_string_equal(view_of(&k, PHONE, 1)->words, ">INVITE <180 >CANCEL <200 <487 >ACK");
    talk_end(&k);
}

static void a_request_that_nobody_answers_is_given_up_after_twice_64_t1(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    say(&k, 0, PHONE, OTHER, "INVITE sip:b@example.com", (struct part){0});
    say(&k, 63999, PHONE, OTHER, "OPTIONS sip:b@example.com", (struct part){.call = "c2"});
    assert_int_equal(k.handed, 0);
    say(&k, 64000, PHONE, OTHER, "OPTIONS sip:b@example.com",
        (struct part){.call = "c3", .branch = "b3"});
    assert_int_equal(k.handed, 1);
    assert_false(k.seen[0].cut);
    assert_true(k.seen[0].one_sided); /* of the other nothing was ever seen */
    talk_end(&k);
}

static void a_2xx_that_comes_after_the_bye_does_not_open_the_call_again(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    say_call(&k, 0, PHONE, OTHER, "c1");
    say(&k, 2100, OTHER, PHONE, "SIP/2.0 200 OK", (struct part){.to_tag = "t"});
    say(&k, 40000, PHONE, OTHER, "OPTIONS sip:b@example.com", (struct part){.call = "c2"});
    assert_int_equal(k.handed, 2);
    talk_end(&k);
}

static void a_2xx_seen_only_after_its_bye_opens_nothing(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    say(&k, 0, PHONE, OTHER, "INVITE sip:b@example.com", (struct part){0});
    struct part bye = {.branch = "b3", .to_tag = "t", .cseq = 2, .method = "BYE"};
    say(&k, 10, PHONE, OTHER, "BYE sip:b@example.com", bye);
    say(&k, 20, OTHER, PHONE, "SIP/2.0 200 OK", bye);
    say(&k, 30, OTHER, PHONE, "SIP/2.0 200 OK", (struct part){.to_tag = "t"});
    say(&k, 40000, PHONE, OTHER, "OPTIONS sip:b@example.com", (struct part){.call = "c2"});
    assert_int_equal(k.handed, 2);
    talk_end(&k);
}

static void a_call_that_the_called_one_hangs_up_is_over(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    struct part bye = {.branch = "y", .from_tag = "t", .to_tag = "f", .cseq = 1, .method = "BYE"};
    say(&k, 0, PHONE, OTHER, "INVITE sip:b@example.com", (struct part){0});
    say(&k, 10, OTHER, PHONE, "SIP/2.0 200 OK", (struct part){.to_tag = "t"});
    say(&k, 20, PHONE, OTHER, "ACK sip:b@example.com",
        (struct part){.to_tag = "t", .branch = "b2"});
    say(&k, 30, OTHER, PHONE, "BYE sip:a@example.com", bye);
    say(&k, 40, PHONE, OTHER, "SIP/2.0 200 OK", bye);
    say(&k, 40000, PHONE, OTHER, "OPTIONS sip:b@example.com", (struct part){.call = "c2"});
    assert_int_equal(k.handed, 2);
    assert_string_equal(view_of(&k, PHONE, 0)->words, ">INVITE <200 >ACK <BYE >200");
    talk_end(&k);
}

static void each_fork_that_was_answered_needs_its_own_bye(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    say_call(&k, 0, PHONE, OTHER, "c1");
    say(&k, 2100, OTHER, PHONE, "SIP/2.0 200 OK", (struct part){.to_tag = "u"});
    say(&k, 2200, PHONE, OTHER, "ACK sip:b@example.com",
        (struct part){.to_tag = "u", .branch = "b5"});
    say(&k, 90000, PHONE, OTHER, "OPTIONS sip:b@example.com", (struct part){.call = "c2"});
    assert_int_equal(k.handed, 0);
    say(&k, 90100, PHONE, OTHER, "BYE sip:b@example.com",
        (struct part){.to_tag = "u", .branch = "b6", .cseq = 2});
    say(&k, 90200, OTHER, PHONE, "SIP/2.0 200 OK",
        (struct part){.to_tag = "u", .branch = "b6", .cseq = 2, .method = "BYE"});
    say(&k, 123000, PHONE, OTHER, "OPTIONS sip:b@example.com", (struct part){.call = "c3"});
    assert_string_equal(view_of(&k, PHONE, 0)->words,
                        ">INVITE <180 <200 >ACK >BYE <200 <200 >ACK >BYE <200");
    talk_end(&k);
}

/* --- captures that begin late, lack a side, or end early --- */

static void a_capture_that_begins_in_a_call_says_so(void **state)
{
    (void)state;
    static const char *const firsts[] = {"SIP/2.0 200 OK", "BYE sip:b@example.com",
                                         "ACK sip:b@example.com", "CANCEL sip:b@example.com",
                                         "INVITE sip:b@example.com"};
    for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++) {
        struct talk k;
        talk_begin(&k);
        bool is_cancel = strncmp(firsts[i], "CANCEL", 6) == 0;
        say(&k, 0, PHONE, OTHER, firsts[i], (struct part){.to_tag = is_cancel ? NULL : "t"});
        oh_calls_end(k.calls);
        assert_true(view_of(&k, PHONE, 0)->begins_within);
        talk_end(&k);
    }
}

static void what_comes_after_a_call_was_handed_out_begins_within_it(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    struct part p = {0}, q = {.cseq = 2, .branch = "b2"};
    say(&k, 0, PHONE, OTHER, "REGISTER sip:example.com", p);
    p.to_tag = "t";
    p.method = "REGISTER";
    say(&k, 10, OTHER, PHONE, "SIP/2.0 200 OK", p);
    say(&k, 3600000, PHONE, OTHER, "REGISTER sip:example.com", q);
    oh_calls_end(k.calls);
    assert_int_equal(views_of(&k, OTHER), 0); /* it is a registrar */
    assert_false(view_of(&k, PHONE, 0)->begins_within);
    assert_true(view_of(&k, PHONE, 1)->begins_within);
    assert_int_equal(view_of(&k, PHONE, 1)->last_before.register_cseq_frame, 1);
    assert_int_equal(view_of(&k, PHONE, 1)->last_before.register_cseq, 1);
    talk_end(&k);
}

static void a_call_of_which_one_direction_was_captured_is_one_sided(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    struct part p = {0};
    say(&k, 0, PHONE, OTHER, "INVITE sip:b@example.com", p);
    p.to_tag = "t";
    p.branch = "b2";
    say(&k, 500, PHONE, OTHER, "ACK sip:b@example.com", p);
    p.branch = "b3";
    p.cseq = 2;
    say(&k, 900000, PHONE, OTHER, "BYE sip:b@example.com", p);
    oh_calls_end(k.calls);
    assert_int_equal(k.handed, 1); /* the other one sent nothing */
    assert_string_equal(k.seen[0].words, ">INVITE >ACK >BYE");
    assert_true(k.seen[0].one_sided);
    talk_end(&k);
}

static void an_unanswered_call_is_not_one_sided_where_the_peer_was_heard_before(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    say_call(&k, 0, PHONE, OTHER, "c1");
    say(&k, 5000, PHONE, OTHER, "INVITE sip:b@example.com", (struct part){.call = "c2"});
    oh_calls_end(k.calls);
    for (size_t i = 0; i < 2; i++)
        assert_false(view_of(&k, PHONE, i)->one_sided);
    assert_false(view_of(&k, OTHER, 1)->one_sided); /* it does not answer: it was asked */
    talk_end(&k);
}

static void an_open_call_at_the_end_of_the_capture_is_cut(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    say(&k, 0, PHONE, OTHER, "INVITE sip:b@example.com", (struct part){0});
    say(&k, 100, OTHER, PHONE, "SIP/2.0 180 Ringing", (struct part){.to_tag = "t"});
    oh_calls_end(k.calls);
    assert_true(view_of(&k, PHONE, 0)->cut);
    assert_int_equal(oh_calls_counts(k.calls).cut, 0); /* not for want of room */
    talk_end(&k);
}

static void lost_frames_are_lost_for_the_calls_of_that_time_alone(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    say_call(&k, 0, PHONE, OTHER, "c1");
    say(&k, 40000, PHONE, OTHER, "OPTIONS sip:b@example.com", (struct part){.call = "c2"});
    oh_calls_lost(k.calls);
    say(&k, 40100, PHONE, OTHER, "OPTIONS sip:b@example.com", (struct part){.call = "c3"});
    oh_calls_end(k.calls);
    assert_false(view_of(&k, PHONE, 0)->lost);
    assert_true(view_of(&k, PHONE, 1)->lost);
    assert_false(view_of(&k, PHONE, 2)->lost);
    talk_end(&k);
}

/* --- copies --- */

static void a_frame_captured_twice_is_a_duplicate_and_a_later_one_a_repeat(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    say(&k, 0, PHONE, OTHER, "OPTIONS sip:b@example.com", (struct part){0});
    say(&k, 0, PHONE, OTHER, "OPTIONS sip:b@example.com", (struct part){0});
    say(&k, 500, PHONE, OTHER, "OPTIONS sip:b@example.com", (struct part){0});
    oh_calls_end(k.calls);
    assert_string_equal(k.seen[0].words, ">OPTIONS =>OPTIONS +>OPTIONS");
    talk_end(&k);
}

static void a_message_without_call_id_is_a_call_of_its_own(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    say(&k, 0, PHONE, OTHER, "OPTIONS sip:b@example.com", (struct part){.call = ""});
    assert_int_equal(k.handed, 1);
    say(&k, 0, PHONE, OTHER, "OPTIONS sip:b@example.com", (struct part){.call = ""});
    assert_int_equal(k.handed, 2);
    oh_calls_end(k.calls);
    assert_int_equal(k.handed, 2);
    assert_int_equal(oh_calls_counts(k.calls).without_id, 2);
    talk_end(&k);
}

/* --- a wrong Call-ID --- */

static void a_message_with_a_wrong_call_id_joins_its_call_by_transaction_or_dialog(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    say(&k, 0, PHONE, OTHER, "INVITE sip:b@example.com", (struct part){0});
    say(&k, 100, OTHER, PHONE, "SIP/2.0 180 Ringing", (struct part){.call = "x1", .to_tag = "t"});
    say(&k, 200, OTHER, PHONE, "SIP/2.0 200 OK", (struct part){.to_tag = "t"});
    say(&k, 300, PHONE, OTHER, "ACK sip:b@example.com",
        (struct part){.call = "x2", .branch = "b2", .to_tag = "t"});
    say(&k, 900, OTHER, PHONE, "BYE sip:a@example.com",
        (struct part){.call = "x3", .branch = "o", .from_tag = "t", .to_tag = "f", .cseq = 7});
    say(&k, 950, PHONE, OTHER, "SIP/2.0 481 No Call",
        (struct part){.call = "x3",
                      .branch = "o",
                      .from_tag = "t",
                      .to_tag = "f",
                      .cseq = 7,
                      .method = "BYE"});
    oh_calls_end(k.calls);
    assert_int_equal(oh_calls_counts(k.calls).calls, 1);
    assert_string_equal(view_of(&k, PHONE, 0)->words, ">INVITE <180 <200 >ACK <BYE >481");
    assert_false(view_of(&k, PHONE, 0)->cut);
    talk_end(&k);
}

static void a_cancel_with_a_wrong_call_id_joins_its_invite(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    say(&k, 0, PHONE, OTHER, "INVITE sip:b@example.com", (struct part){0});
    say(&k, 100, OTHER, PHONE, "SIP/2.0 180 Ringing", (struct part){.to_tag = "t"});
    say(&k, 200, PHONE, OTHER, "CANCEL sip:b@example.com", (struct part){.call = "x"});
    say(&k, 300, OTHER, PHONE, "SIP/2.0 487 Terminated", (struct part){.to_tag = "t"});
    say(&k, 400, PHONE, OTHER, "ACK sip:b@example.com", (struct part){.call = "y", .to_tag = "t"});
    oh_calls_end(k.calls);
    assert_string_equal(view_of(&k, PHONE, 0)->words, ">INVITE <180 >CANCEL <487 >ACK");
    talk_end(&k);
}

/* Each differs from what would belong to the open call c1 in one part; a call of its own each. */
static void what_only_looks_like_it_is_of_another_call_stays_apart(void **state)
{
    static const struct {
        const char *src, *dst, *start;
        struct part part;
        int64_t ms;
    } others[] = {
        /* other ends: the far side of a server that hides who calls */
        {OTHER, SECOND, "BYE sip:b@example.com", {.branch = "n", .to_tag = "t", .cseq = 2}, 1000},
        {"192.0.2.1:5062", OTHER, "BYE sip:b@example.com", {.to_tag = "t", .cseq = 2}, 1000},
        /* a poor phone gives its tag again, to another party */
        {PHONE, OTHER, "BYE sip:b@example.com", {.branch = "n", .to_tag = "u", .cseq = 2}, 1000},
        {PHONE,
         OTHER,
         "BYE sip:b@example.com",
         {.branch = "n", .from_tag = "t", .to_tag = "f"},
         1000},
        /* a poor phone gives its branch again */
        {OTHER, PHONE, "SIP/2.0 200 OK", {.from_tag = "g", .to_tag = "u"}, 1000},
        {OTHER, PHONE, "SIP/2.0 200 OK", {.to_tag = "u", .cseq = 3}, 1000},
        {OTHER, PHONE, "SIP/2.0 200 OK", {.to_tag = "t"}, 40000},
        {PHONE, OTHER, "SIP/2.0 200 OK", {.to_tag = "t"}, 1000},
        /* what a call begins with */
        {PHONE, OTHER, "INVITE sip:b@example.com", {.branch = "b1"}, 1000},
    };
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct talk k;
        struct part p = others[i].part;
        talk_begin(&k);
        say(&k, 0, PHONE, OTHER, "INVITE sip:b@example.com", (struct part){0});
        say(&k, 100, OTHER, PHONE, "SIP/2.0 200 OK", (struct part){.to_tag = "t"});
        say(&k, 200, PHONE, OTHER, "ACK sip:b@example.com",
            (struct part){.branch = "b2", .to_tag = "t"});
        p.call = "x";
        say(&k, others[i].ms, others[i].src, others[i].dst, others[i].start, p);
        oh_calls_end(k.calls);
        if (oh_calls_counts(k.calls).calls != 2)
            fail_msg("%zu: %s joined", i, others[i].start);
        talk_end(&k);
    }
}

static void a_dialog_that_is_over_or_has_lost_evidence_takes_no_stranger_in(void **state)
{
    (void)state;
    for (int lost = 0; lost < 2; lost++) {
        struct talk k;
        talk_begin(&k);
        say(&k, 0, PHONE, OTHER, "INVITE sip:b@example.com", (struct part){0});
        say(&k, 100, OTHER, PHONE, "SIP/2.0 200 OK", (struct part){.to_tag = "t"});
        if (lost)
            oh_calls_lost(k.calls);
        else
            say(&k, 200, PHONE, OTHER, "BYE sip:b@example.com",
                (struct part){.branch = "b3", .to_tag = "t", .cseq = 2});
        say(&k, 300, PHONE, OTHER, "INFO sip:b@example.com",
            (struct part){.call = "x", .branch = "b4", .to_tag = "t", .cseq = 3});
        assert_int_equal(oh_calls_counts(k.calls).calls, 2);
        oh_calls_end(k.calls);
        talk_end(&k);
    }
}

/* Two calls at once of phones that give one tag to all calls: each Call-ID is known. */
static void two_calls_with_the_same_tags_are_not_mixed(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    say_call(&k, 0, PHONE, OTHER, "c1");
    say_call(&k, 1, PHONE, OTHER, "c2");
    oh_calls_end(k.calls);
    assert_int_equal(oh_calls_counts(k.calls).calls, 2);
    for (size_t i = 0; i < 2; i++)
        assert_string_equal(view_of(&k, PHONE, i)->words, ">INVITE <180 <200 >ACK >BYE <200");
    talk_end(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_is_handed_out_once_for_each_of_its_two_sides),
        cmocka_unit_test(what_is_no_sip_is_refused),
        cmocka_unit_test(a_call_that_is_over_is_handed_out_after_64_t1_of_quiet),
        cmocka_unit_test(a_late_message_keeps_a_call_that_is_over),
        cmocka_unit_test(a_call_that_goes_on_is_kept_however_long),
        cmocka_unit_test(a_refused_or_cancelled_call_is_over),
        cmocka_unit_test(a_request_that_nobody_answers_is_given_up_after_twice_64_t1),
        cmocka_unit_test(a_2xx_that_comes_after_the_bye_does_not_open_the_call_again),
        cmocka_unit_test(a_2xx_seen_only_after_its_bye_opens_nothing),
        cmocka_unit_test(a_call_that_the_called_one_hangs_up_is_over),
        cmocka_unit_test(each_fork_that_was_answered_needs_its_own_bye),
        cmocka_unit_test(a_capture_that_begins_in_a_call_says_so),
        cmocka_unit_test(what_comes_after_a_call_was_handed_out_begins_within_it),
        cmocka_unit_test(a_call_of_which_one_direction_was_captured_is_one_sided),
        cmocka_unit_test(an_unanswered_call_is_not_one_sided_where_the_peer_was_heard_before),
        cmocka_unit_test(an_open_call_at_the_end_of_the_capture_is_cut),
        cmocka_unit_test(lost_frames_are_lost_for_the_calls_of_that_time_alone),
        cmocka_unit_test(a_frame_captured_twice_is_a_duplicate_and_a_later_one_a_repeat),
        cmocka_unit_test(a_message_without_call_id_is_a_call_of_its_own),
        cmocka_unit_test(a_message_with_a_wrong_call_id_joins_its_call_by_transaction_or_dialog),
        cmocka_unit_test(a_cancel_with_a_wrong_call_id_joins_its_invite),
        cmocka_unit_test(what_only_looks_like_it_is_of_another_call_stays_apart),
        cmocka_unit_test(a_dialog_that_is_over_or_has_lost_evidence_takes_no_stranger_in),
        cmocka_unit_test(two_calls_with_the_same_tags_are_not_mixed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
