/* Tap and capture side by side where messages came over TCP. */
#include "trace/run.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define MS OH_NS_PER_MS
#define MESSAGE(start, cseq, body)                                                                 \
    start "\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\nFrom: <sip:a@x>;tag=f\r\n"                    \
          "To: <sip:b@x>\r\nCall-ID: c\r\nCSeq: " cseq "\r\n" body

static const char invite[] = MESSAGE("INVITE sip:b SIP/2.0", "1 INVITE", "l: 4\r\n\r\nbody");
static const char rings[] = MESSAGE("SIP/2.0 180 Ringing", "1 INVITE", "l: 0\r\n\r\n");
static const char ok[] = MESSAGE("SIP/2.0 200 OK", "1 INVITE", "l: 0\r\n\r\n");

/* A is the phone; B and C share an address. A1 and B1 are ports that connections were opened from.
 */
static struct oh_addr a, p, b, c, a1, p1, b1;

static int set_addresses(void **state)
{
    (void)state;
    return oh_addr_parse(oh_span_of("127.0.0.2:5060"), &a, NULL) |
           oh_addr_parse(oh_span_of("127.0.0.1:5060"), &p, NULL) |
           oh_addr_parse(oh_span_of("127.0.0.3:5060"), &b, NULL) |
           oh_addr_parse(oh_span_of("127.0.0.3:5070"), &c, NULL) |
           oh_addr_parse(oh_span_of("127.0.0.2:40000"), &a1, NULL) |
           oh_addr_parse(oh_span_of("127.0.0.1:40001"), &p1, NULL) |
           oh_addr_parse(oh_span_of("127.0.0.3:40003"), &b1, NULL);
}

static struct oh_run *new_run(enum oh_evidence evidence)
{
    struct oh_run *r = oh_run_new(NULL);
    r->evidence = evidence;
    oh_run_add_seat(r, "A", "phone", true, &a, NULL);
    oh_run_add_seat(r, "P", "proxy", false, &p, NULL);
    oh_run_add_seat(r, "B", "peer", false, &b, NULL);
    oh_run_add_seat(r, "C", "peer", false, &c, NULL);
    return r;
}

static void tap_bytes(struct oh_run *r, int64_t time_ns, const char *label, bool sent,
                      const struct oh_addr *local, const struct oh_addr *remote,
                      struct oh_span bytes)
{
    int i = oh_run_tap(r, time_ns, label, sent, local, remote, bytes);
    r->tap[i].transport = OH_TRANSPORT_TCP;
}

static void tap(struct oh_run *r, int64_t time_ns, const char *label, bool sent,
                const struct oh_addr *local, const struct oh_addr *remote, const char *bytes)
{
    tap_bytes(r, time_ns, label, sent, local, remote, oh_span_of(bytes));
}

static void capture(struct oh_trace *t, int64_t time_ns, const struct oh_addr *src,
                    const struct oh_addr *dst, const char *message)
{
    assert_non_null(oh_trace_add(t, (unsigned)t->msg_count + 1, time_ns, src, dst, OH_TRANSPORT_TCP,
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

static void assert_whole(const struct oh_recording *r, size_t count)
{
    assert_int_equal(r->lost, 0);
    assert_int_equal(r->strays, 0);
    assert_int_equal(r->trace->msg_count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_not_equal(r->trace->msgs[i].tap, OH_NONE);
        assert_int_equal(r->trace->msgs[i].transport, OH_TRANSPORT_TCP);
        assert_false(r->trace->msgs[i].tap_only);
    }
}

static void keepalives_and_noise_are_entries_but_no_messages(void **state)
{
    (void)state;
    struct oh_run *run = new_run(OH_EVIDENCE_CAPTURE);
    struct oh_trace *t = oh_trace_new();
    tap(run, 10 * MS, "P", false, &p, &a1, "\r\n\r\n");
    tap(run, 10 * MS, "P", true, &p, &a1, "\r\n");
    tap(run, 11 * MS, "P", false, &p, &a1, invite);
    tap(run, 12 * MS, "P", false, &p, &a1, "what\r\n");
    tap_bytes(run, 12 * MS, "P", false, &p, &a1, (struct oh_span){"\x80\x08 like no RTP\r\n", 16});
    tap(run, 13 * MS, "P", true, &p, &a1, rings);
    tap(run, 14 * MS, "P", false, &p, &a1, ok);
    capture(t, 11 * MS, &a1, &p, invite);
    capture(t, 13 * MS, &p, &a1, rings);
    capture(t, 14 * MS, &a1, &p, ok);
    struct oh_recording *r = make(run, t);
    assert_whole(r, 3);
    static const int taps[] = {2, 5, 6};
    for (int i = 0; i < 3; i++)
        assert_int_equal(r->trace->msgs[i].tap, taps[i]);
    assert_string_equal(r->trace->msgs[0].from_seat, "A");
    assert_string_equal(r->trace->msgs[1].from_seat, "P");
    assert_true(r->trace->msgs[1].to_phone);
    oh_recording_free(r);
}

static void a_message_sent_in_parts_is_the_one_of_its_last_part(void **state)
{
    (void)state;
    struct oh_run *run = new_run(OH_EVIDENCE_CAPTURE);
    struct oh_trace *t = oh_trace_new();
    struct oh_span whole = oh_span_of(invite);
    tap_bytes(run, 10 * MS, "P", true, &p1, &a, oh_span_sub(whole, 0, 30));
    tap(run, 11 * MS, "P", true, &p, &a1, ok); /* another connection, in between */
    tap_bytes(run, 12 * MS, "P", true, &p1, &a, oh_span_sub(whole, 30, whole.len));
    tap_bytes(run, 13 * MS, "P", true, &p1, &a, oh_span_sub(whole, 0, 30)); /* never whole */
    capture(t, 11 * MS, &p, &a1, ok);
    capture(t, 12 * MS, &p1, &a, invite);
    struct oh_recording *r = make(run, t);
    assert_whole(r, 2);
    assert_int_equal(r->trace->msgs[0].tap, 1);
    assert_int_equal(r->trace->msgs[1].tap, 2);
    oh_recording_free(r);
}

static void messages_sent_at_once_are_several_of_one_entry(void **state)
{
    (void)state;
    struct oh_run *run = new_run(OH_EVIDENCE_CAPTURE);
    struct oh_trace *t = oh_trace_new();
    struct oh_text both = {0};
    oh_text_add(&both, rings);
    oh_text_add(&both, ok);
    tap_bytes(run, 10 * MS, "P", true, &p, &a1, oh_text_span(&both));
    capture(t, 10 * MS, &p, &a1, rings);
    capture(t, 10 * MS, &p, &a1, ok);
    struct oh_recording *r = make(run, t);
    assert_whole(r, 2);
    assert_int_equal(r->trace->msgs[0].tap, 0);
    assert_int_equal(r->trace->msgs[1].tap, 0);
    assert_int_equal(r->trace->msgs[0].sip->status, 180);
    oh_text_release(&both);
    oh_recording_free(r);
}

static void what_the_capture_lacks_of_a_connection_is_lost(void **state)
{
    (void)state;
    struct oh_run *run = new_run(OH_EVIDENCE_CAPTURE);
    struct oh_trace *t = oh_trace_new();
    tap(run, 10 * MS, "P", false, &p, &a1, invite);
    tap(run, 11 * MS, "P", true, &p, &a1, rings);
    tap(run, 12 * MS, "P", true, &p, &a1, ok);
    capture(t, 10 * MS, &a1, &p, invite);
    capture(t, 12 * MS, &p, &a1, ok);
    struct oh_recording *r = make(run, t);
    assert_int_equal(r->lost, 1);
    assert_int_equal(r->strays, 0);
    assert_true(r->trace->msgs[1].tap_only);
    assert_int_equal(r->trace->msgs[1].transport, OH_TRANSPORT_TCP);
    assert_int_equal(r->trace->msgs[1].request, 0);
    oh_recording_free(r);
}

static void the_same_message_on_another_way_is_a_stray(void **state)
{
    (void)state;
    struct oh_run *run = new_run(OH_EVIDENCE_CAPTURE);
    struct oh_trace *t = oh_trace_new();
    tap(run, 10 * MS, "P", false, &p, &a1, invite);
    capture(t, 9 * MS, &a, &p, invite); /* another connection of the phone's */
    capture(t, 10 * MS, &a1, &p, invite);
    assert_non_null(
        oh_trace_add(t, 3, 10 * MS, &a1, &p, OH_TRANSPORT_UDP, oh_span_of(invite))); /* by UDP */
    struct oh_recording *r = make(run, t);
    assert_int_equal(r->lost, 0);
    assert_int_equal(r->strays, 2);
    assert_int_equal(r->trace->msgs[1].tap, 0);
    oh_recording_free(r);
}

static void a_connection_that_we_opened_is_told_by_its_label(void **state)
{
    (void)state;
    struct oh_run *run = new_run(OH_EVIDENCE_CAPTURE);
    struct oh_trace *t = oh_trace_new();
    tap(run, 10 * MS, "B", true, &b1, &a, invite);
    tap(run, 11 * MS, "B", false, &b1, &a, ok);
    capture(t, 10 * MS, &b1, &a, invite);
    capture(t, 11 * MS, &a, &b1, ok);
    struct oh_recording *r = make(run, t);
    assert_whole(r, 2);
    assert_string_equal(r->trace->msgs[0].from_seat, "B");
    assert_string_equal(r->trace->msgs[1].to_seat, "B");
    assert_false(r->trace->msgs[1].to_phone);
    assert_int_equal(r->trace->msgs[1].request, 0);
    oh_recording_free(r);
}

static void the_tap_alone_has_its_connections_messages(void **state)
{
    (void)state;
    struct oh_run *run = new_run(OH_EVIDENCE_TAP);
    struct oh_span whole = oh_span_of(ok);
    tap(run, 10 * MS, "P", false, &p, &a1, invite);
    tap_bytes(run, 11 * MS, "P", true, &p, &a1, oh_span_sub(whole, 0, 20));
    tap_bytes(run, 12 * MS, "P", true, &p, &a1, oh_span_sub(whole, 20, whole.len));
    struct oh_recording *r = make(run, NULL);
    assert_whole(r, 2);
    assert_int_equal(r->trace->msgs[1].tap, 2);
    assert_int_equal(r->trace->msgs[1].time_ns, 12 * MS);
    assert_int_equal(r->trace->msgs[1].sip->defect_count, 0);
    oh_recording_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keepalives_and_noise_are_entries_but_no_messages),
        cmocka_unit_test(a_message_sent_in_parts_is_the_one_of_its_last_part),
        cmocka_unit_test(messages_sent_at_once_are_several_of_one_entry),
        cmocka_unit_test(what_the_capture_lacks_of_a_connection_is_lost),
        cmocka_unit_test(the_same_message_on_another_way_is_a_stray),
        cmocka_unit_test(a_connection_that_we_opened_is_told_by_its_label),
        cmocka_unit_test(the_tap_alone_has_its_connections_messages),
    };
    return cmocka_run_group_tests(tests, set_addresses, NULL);
}
