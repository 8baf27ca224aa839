/* Tap and capture side by side: what is lost, what is stray, and whose each message is. */
#include "trace/run.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char invite[] = "INVITE sip:b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n"
                             "From: <sip:a@x>;tag=f\r\nTo: <sip:b@x>\r\nCall-ID: c\r\n"
                             "CSeq: 1 INVITE\r\n\r\n";
static const char refusal[] = "SIP/2.0 486 Busy Here\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n"
                              "From: <sip:a@x>;tag=f\r\nTo: <sip:b@x>;tag=t\r\nCall-ID: c\r\n"
                              "CSeq: 1 INVITE\r\n\r\n";
static const char ack[] = "ACK sip:b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n"
                          "From: <sip:a@x>;tag=f\r\nTo: <sip:b@x>;tag=t\r\nCall-ID: c\r\n"
                          "CSeq: 1 ACK\r\n\r\n";

#define MS OH_NS_PER_MS
#define US 1000LL

static struct oh_addr phone, proxy, proxy_rtp, nowhere;

static int set_addresses(void **state)
{
    (void)state;
    return oh_addr_parse(oh_span_of("127.0.0.2:5060"), &phone, NULL) |
           oh_addr_parse(oh_span_of("127.0.0.1:5060"), &proxy, NULL) |
           oh_addr_parse(oh_span_of("127.0.0.1:4000"), &proxy_rtp, NULL) |
           oh_addr_parse(oh_span_of("127.0.0.1:5999"), &nowhere, NULL);
}

static struct oh_run *new_run(enum oh_evidence evidence)
{
    struct oh_run *r = oh_run_new(NULL);
    r->evidence = evidence;
    oh_run_add_seat(r, "A", "phone", true, &phone, NULL);
    oh_run_add_seat(r, "P", "proxy", false, &proxy, &proxy_rtp);
    return r;
}

static int tap(struct oh_run *r, int64_t time_ns, bool sent, const char *message)
{
    return oh_run_tap(r, time_ns, "P", sent, &proxy, &phone, oh_span_of(message));
}

static void capture(struct oh_trace *t, int64_t time_ns, const struct oh_addr *src,
                    const struct oh_addr *dst, const char *message)
{
    assert_non_null(oh_trace_add(t, (unsigned)t->msg_count + 1, time_ns, src, dst, OH_TRANSPORT_UDP,
                                 oh_span_of(message)));
}

static struct oh_recording *make(struct oh_run *run, struct oh_trace *t)
{
    struct oh_error e = {0};
    struct oh_recording *r = oh_recording_make(run, t, &e);
    if (!r)
        fail_msg("%s", e.text);
    return r;
}

static void a_whole_recording_has_neither_losses_nor_strays(void **state)
{
    (void)state;
    struct oh_run *run = new_run(OH_EVIDENCE_CAPTURE);
    struct oh_trace *t = oh_trace_new();
    tap(run, 10 * MS, false, invite);
    tap(run, 11 * MS, true, refusal);
    tap(run, 13 * MS, false, ack);
    capture(t, 10 * MS - 50 * US, &phone, &proxy, invite);
    capture(t, 11 * MS + 20 * US, &proxy, &phone, refusal);
    capture(t, 13 * MS - 50 * US, &phone, &proxy, ack);
    struct oh_recording *r = make(run, t);
    assert_int_equal(r->lost, 0);
    assert_int_equal(r->strays, 0);
    assert_int_equal(r->trace->msg_count, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(r->trace->msgs[i].tap, i);
        assert_int_equal(r->trace->msgs[i].frame, i + 1);
        assert_false(r->trace->msgs[i].tap_only);
    }
    assert_string_equal(r->trace->msgs[0].from_seat, "A");
    assert_true(r->trace->msgs[0].from_phone);
    assert_int_equal(r->trace->msgs[1].request, 0);
    assert_int_equal(r->trace->msgs[2].answered, 1);
    oh_recording_free(r);
}

static void where_nothing_can_be_lost_the_tap_stands_for_a_capture(void **state)
{
    (void)state;
    struct oh_error e = {0};
    struct oh_run *run = new_run(OH_EVIDENCE_TAP);
    tap(run, 10 * MS, false, invite);
    tap(run, 11 * MS, true, refusal);
    struct oh_recording *r = oh_recording_of_tap(run, &e);
    assert_non_null(r);
    assert_int_equal(r->run->evidence, OH_EVIDENCE_CAPTURE);
    assert_int_equal(r->lost, 0);
    assert_int_equal(r->strays, 0);
    assert_int_equal(r->trace->msgs[0].frame, 1);
    assert_int_equal(r->trace->msgs[1].frame, 2);
    assert_int_equal(r->trace->frames, r->run->capture.received);
    oh_recording_free(r);
}

static void what_the_capture_lacks_is_lost_and_comes_from_the_tap(void **state)
{
    (void)state;
    struct oh_run *run = new_run(OH_EVIDENCE_CAPTURE);
    struct oh_trace *t = oh_trace_new();
    tap(run, 10 * MS, false, invite);
    tap(run, 11 * MS, true, refusal);
    tap(run, 13 * MS, false, ack);
    capture(t, 10 * MS, &phone, &proxy, invite);
    capture(t, 13 * MS, &phone, &proxy, ack);
    struct oh_recording *r = make(run, t);
    assert_int_equal(r->lost, 1);
    assert_int_equal(r->strays, 0);
    const struct oh_trace_msg *m = &r->trace->msgs[1];
    assert_int_equal(m->sip->status, 486);
    assert_true(m->tap_only);
    assert_int_equal(m->frame, 0);
    assert_int_equal(m->tap, 1);
    assert_int_equal(m->time_ns, 11 * MS);
    assert_true(m->to_phone);
    assert_int_equal(r->trace->msgs[2].answered, 1);
    oh_recording_free(r);
}

static void a_lost_retransmission_is_the_one_that_is_far_in_time(void **state)
{
    (void)state;
    struct oh_run *run = new_run(OH_EVIDENCE_CAPTURE);
    struct oh_trace *t = oh_trace_new();
    tap(run, 0, false, invite);
    tap(run, 500 * MS, false, invite);
    tap(run, 1500 * MS, false, invite);
    capture(t, 0, &phone, &proxy, invite);
    capture(t, 1500 * MS, &phone, &proxy, invite);
    struct oh_recording *r = make(run, t);
    assert_int_equal(r->lost, 1);
    assert_int_equal(r->trace->msg_count, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(r->trace->msgs[i].tap, i);
        assert_int_equal(r->trace->msgs[i].tap_only, i == 1);
        assert_int_equal(r->trace->msgs[i].repeat_of, i ? 0 : OH_NONE);
    }
    oh_recording_free(r);
}

static void a_message_to_a_wrong_port_is_a_stray(void **state)
{
    (void)state;
    struct oh_run *run = new_run(OH_EVIDENCE_CAPTURE);
    struct oh_trace *t = oh_trace_new();
    tap(run, 10 * MS, false, invite);
    tap(run, 11 * MS, true, refusal);
    capture(t, 10 * MS, &phone, &proxy, invite);
    capture(t, 11 * MS, &proxy, &phone, refusal);
    capture(t, 12 * MS, &phone, &nowhere, ack);
    struct oh_recording *r = make(run, t);
    assert_int_equal(r->lost, 0);
    assert_int_equal(r->strays, 1);
    assert_int_equal(r->trace->msgs[2].tap, OH_NONE);
    assert_null(r->trace->msgs[2].to_seat);
    assert_int_equal(r->trace->msgs[2].answered, 1); /* linked all the same */
    oh_recording_free(r);
}

static void traffic_of_others_is_no_stray(void **state)
{
    (void)state;
    struct oh_run *run = new_run(OH_EVIDENCE_CAPTURE);
    struct oh_trace *t = oh_trace_new();
    capture(t, 0, &proxy, &nowhere, invite);
    struct oh_recording *r = make(run, t);
    assert_int_equal(r->strays, 0);
    oh_recording_free(r);
}

static void a_packet_captured_twice_is_neither_stray_nor_repeat(void **state)
{
    (void)state;
    struct oh_run *run = new_run(OH_EVIDENCE_CAPTURE);
    struct oh_trace *t = oh_trace_new();
    tap(run, 40 * US, false, invite);
    tap(run, 500 * MS + 40 * US, false, invite);
    capture(t, 0, &phone, &proxy, invite);
    capture(t, 3 * US, &phone, &proxy, invite); /* nearer to the tap, yet the second sight */
    capture(t, 500 * MS, &phone, &proxy, invite);
    capture(t, 500 * MS + 3 * US, &phone, &proxy, invite);
    struct oh_recording *r = make(run, t);
    const struct oh_trace_msg *m = r->trace->msgs;
    assert_int_equal(r->lost, 0);
    assert_int_equal(r->strays, 0);
    assert_int_equal(m[0].tap, 0);
    assert_int_equal(m[1].tap, OH_NONE);
    assert_int_equal(m[1].duplicate_of, 0);
    assert_int_equal(m[2].tap, 1);
    assert_int_equal(m[2].repeat_of, 0);
    assert_int_equal(m[3].duplicate_of, 2);
    oh_recording_free(r);
}

static void two_sendings_in_one_millisecond_that_both_arrived_are_two(void **state)
{
    (void)state;
    struct oh_run *run = new_run(OH_EVIDENCE_CAPTURE);
    struct oh_trace *t = oh_trace_new();
    tap(run, 100 * US, false, invite);
    tap(run, 120 * US, false, invite);
    capture(t, 0, &phone, &proxy, invite);
    capture(t, 20 * US, &phone, &proxy, invite);
    struct oh_recording *r = make(run, t);
    assert_int_equal(r->trace->msgs[1].duplicate_of, OH_NONE);
    assert_int_equal(r->trace->msgs[1].repeat_of, 0);
    assert_int_equal(r->trace->msgs[1].tap, 1);
    oh_recording_free(r);
}

static void the_order_is_the_players(void **state)
{
    (void)state;
    struct oh_run *run = new_run(OH_EVIDENCE_CAPTURE);
    struct oh_trace *t = oh_trace_new();
    tap(run, 10 * MS, false, invite);
    tap(run, 10 * MS + 10 * US, true, refusal);
    capture(t, 10 * MS + 30 * US, &phone, &proxy, invite); /* stamped late */
    capture(t, 10 * MS + 20 * US, &proxy, &phone, refusal);
    struct oh_recording *r = make(run, t);
    assert_true(r->trace->msgs[0].sip->is_request);
    assert_int_equal(r->trace->msgs[1].request, 0);
    oh_recording_free(r);
}

static void the_tap_alone_is_evidence_without_losses(void **state)
{
    (void)state;
    static const char rtp[] = "\x80\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03payload";
    struct oh_run *run = new_run(OH_EVIDENCE_TAP);
    tap(run, 10 * MS, false, invite);
    tap(run, 11 * MS, true, refusal);
    tap(run, 12 * MS, false, "\r\n\r\n"); /* a keep-alive */
    oh_run_tap(run, 13 * MS, "P rtp", false, &proxy_rtp, &phone,
               (struct oh_span){rtp, sizeof rtp - 1});
    tap(run, 14 * MS, false, ack);
    struct oh_recording *r = make(run, NULL);
    assert_int_equal(r->lost, 0);
    assert_int_equal(r->strays, 0);
    assert_int_equal(r->trace->msg_count, 3);
    static const int taps[] = {0, 1, 4};
    for (int i = 0; i < 3; i++) {
        assert_false(r->trace->msgs[i].tap_only);
        assert_int_equal(r->trace->msgs[i].frame, 0);
        assert_int_equal(r->trace->msgs[i].tap, taps[i]);
    }
    assert_true(oh_addr_equal(&r->trace->msgs[0].src, &phone));
    assert_true(oh_addr_equal(&r->trace->msgs[1].src, &proxy));
    assert_int_equal(r->trace->msgs[2].answered, 1);
    assert_int_equal(r->trace->rtp_count, 1);
    assert_int_equal(r->trace->rtp[0].payload_len, 7);
    assert_int_equal(r->trace->rtp[0].src.port, 5060);
    assert_int_equal(r->trace->rtp[0].dst.port, 4000);
    oh_recording_free(r);
}

/* --- folders --- */

static const char scenario[] = "format: 1\n"
                               "title: A call that is refused\n"
                               "source: [RFC 3261 21.4.24]\n"
                               "covers: []\n"
                               "needs: [dial]\n"
                               "parties:\n"
                               "  A: phone\n"
                               "  P: proxy\n"
                               "  B: {behind: P, number: \"5551234\"}\n"
                               "flow:\n"
                               "  - A dials B\n"
                               "  - A -> P: INVITE\n"
                               "  - P -> A: 486\n"
                               "  - A -> P: ACK\n";

static int make_folder(void **state)
{
    char path[] = "/tmp/offhook-test-recording-XXXXXX";
    *state = mkdtemp(path) ? oh_strdup(path) : NULL;
    return *state ? 0 : -1;
}

static int remove_folder(void **state)
{
    oh_file_remove_tree(*state);
    free(*state);
    return 0;
}

static struct oh_run *run_of_scenario(enum oh_evidence evidence, const char *text)
{
    struct oh_run *run = new_run(evidence);
    run->scenario_id = oh_strdup("busy");
    run->scenario_file = oh_strdup("busy.yaml");
    run->scenario_text = oh_strdup(text);
    return run;
}

static void write_and_free(struct oh_run *run, const char *folder)
{
    struct oh_error e = {0};
    assert_int_equal(oh_run_write(run, folder, &e), 0);
    oh_run_free(run);
}

static void a_folder_with_the_tap_only_is_read(void **state)
{
    struct oh_error e = {0};
    struct oh_run *run = run_of_scenario(OH_EVIDENCE_TAP, scenario);
    tap(run, 10 * MS, false, invite);
    oh_run_journal(run, OH_JOURNAL_GOT, 10 * MS, 1, 0, NULL, NULL);
    write_and_free(run, *state);
    struct oh_recording *r = oh_recording_read(*state, &e);
    if (!r)
        fail_msg("%u: %s", e.place.line, e.text);
    assert_int_equal(r->scenario->step_count, 4);
    assert_int_equal(r->trace->msg_count, 1);
    assert_int_equal(r->run->journal[0].tap, 0);
    assert_string_equal(r->trace->msgs[0].to_seat, "P");
    oh_recording_free(r);
}

static void a_run_that_ended_before_its_capture_needs_none(void **state)
{
    struct oh_error e = {0};
    write_and_free(run_of_scenario(OH_EVIDENCE_CAPTURE, scenario), *state);
    struct oh_recording *r = oh_recording_read(*state, &e);
    assert_non_null(r);
    assert_int_equal(r->trace->msg_count, 0);
    oh_recording_free(r);
}

static void a_capture_that_is_gone_is_told(void **state)
{
    struct oh_error e = {0};
    struct oh_run *run = run_of_scenario(OH_EVIDENCE_CAPTURE, scenario);
    run->capture.received = 3;
    write_and_free(run, *state);
    assert_null(oh_recording_read(*state, &e));
    assert_non_null(strstr(e.text, "capture.pcap"));
}

static void a_scenario_that_cannot_be_read_is_told(void **state)
{
    struct oh_error e = {0};
    write_and_free(run_of_scenario(OH_EVIDENCE_TAP, "title: [\n"), *state);
    assert_null(oh_recording_read(*state, &e));
    assert_true(e.text[0] != '\0');
}

static void a_journal_of_steps_that_are_not_there_is_told(void **state)
{
    struct oh_error e = {0};
    struct oh_run *run = run_of_scenario(OH_EVIDENCE_TAP, scenario);
    oh_run_journal(run, OH_JOURNAL_MISSED, 0, 4, OH_NONE, NULL, NULL);
    write_and_free(run, *state);
    assert_null(oh_recording_read(*state, &e));
    assert_non_null(strstr(e.text, "step 4"));
    assert_null(oh_recording_read("/nowhere/at/all", &e));
}

int main(void)
{
#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_recording_has_neither_losses_nor_strays),
        cmocka_unit_test(where_nothing_can_be_lost_the_tap_stands_for_a_capture),
        cmocka_unit_test(what_the_capture_lacks_is_lost_and_comes_from_the_tap),
        cmocka_unit_test(a_lost_retransmission_is_the_one_that_is_far_in_time),
        cmocka_unit_test(a_message_to_a_wrong_port_is_a_stray),
        cmocka_unit_test(traffic_of_others_is_no_stray),
        cmocka_unit_test(a_packet_captured_twice_is_neither_stray_nor_repeat),
        cmocka_unit_test(two_sendings_in_one_millisecond_that_both_arrived_are_two),
        cmocka_unit_test(the_order_is_the_players),
        cmocka_unit_test(the_tap_alone_is_evidence_without_losses),
        IN_FOLDER(a_folder_with_the_tap_only_is_read),
        IN_FOLDER(a_run_that_ended_before_its_capture_needs_none),
        IN_FOLDER(a_capture_that_is_gone_is_told),
        IN_FOLDER(a_scenario_that_cannot_be_read_is_told),
        IN_FOLDER(a_journal_of_steps_that_are_not_there_is_told),
    };
    return cmocka_run_group_tests(tests, set_addresses, NULL);
}
