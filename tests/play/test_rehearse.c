/* Both sides of a scenario from the one file, in memory. */
#include "play/rehearse.h"

#include "base/file.h"
#include "play/mirror.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct oh_rehearse_options in_memory = {.on_sockets = false};

static struct oh_scenario *parsed(const char *flow)
{
    struct oh_errors errors = {0};
    struct oh_text told = {0};
    char *text = oh_format("format: 1\n"
                           "title: A flow of a test\n"
                           "source: RFC 3261 13\n"
                           "needs: [dial, hangup, answer, register, rtp, hold]\n"
                           "parties:\n"
                           "  A: phone\n"
                           "  P: {role: proxy, challenge: {realm: example.com, qop: auth}}\n"
                           "  B: {behind: P, number: \"5551234\"}\n"
                           "flow:\n%s",
                           flow);
    struct oh_scenario *s = oh_scenario_parse("test.yaml", oh_span_of(text), &errors);
    oh_errors_format(&errors, &told);
    if (!s)
        print_error("%s", oh_text_str(&told));
    assert_non_null(s);
    oh_text_release(&told);
    oh_errors_release(&errors);
    free(text);
    return s;
}

static const char call_out[] = "  - A dials B\n"
                               "  - A -> P: INVITE\n"
                               "    must: {request-uri.user: $B.number}\n"
                               "    save: first\n"
                               "  - P -> A: 407\n"
                               "  - A -> P: ACK\n"
                               "  - A -> P: INVITE\n"
                               "    must: {proxy-authorization: valid, subject: lunch, "
                               "max-forwards: {below: 60}, call-id: $first.call-id}\n"
                               "  - P -> A: 200\n"
                               "  - A -> P: ACK\n"
                               "  - A <-> B: RTP\n"
                               "    for: 1 s\n"
                               "  - A hangs up\n"
                               "  - A -> P: BYE\n"
                               "  - P -> A: 200\n";

/* The n-th message of the phone that offhook got, with this method; NULL. The caller frees. */
static struct oh_sip_msg *said(const struct oh_run *run, const char *method, size_t nth)
{
    for (size_t i = 0; i < run->tap_count; i++) {
        const struct oh_tap_entry *t = &run->tap[i];
        struct oh_sip_msg *m = t->sent || t->is_rtp ? NULL : oh_sip_msg_parse(t->bytes);
        if (m && m->is_request && oh_sip_msg_is_method(m, method) && nth-- == 0)
            return m;
        oh_sip_msg_free(m);
    }
    return NULL;
}

static size_t count_of(const struct oh_run *run, const char *method)
{
    size_t count = 0;
    for (struct oh_sip_msg *m; (m = said(run, method, count)) != NULL; count++)
        oh_sip_msg_free(m);
    return count;
}

static struct oh_rehearsal rehearsed(const struct oh_scenario *s, const struct oh_break *broken)
{
    struct oh_rehearsal r;
    struct oh_error e = {0};
    assert_int_equal(oh_rehearse(s, &in_memory, broken, &r, &e), 0);
    assert_non_null(r.run);
    return r;
}

static void a_healthy_phone_goes_through_the_flow_and_meets_what_is_wanted(void **state)
{
    struct oh_scenario *s = parsed(call_out);
    struct oh_rehearsal r = rehearsed(s, NULL);
    uint64_t forwards = 0;
    (void)state;
    assert_null(r.trouble);
    assert_int_equal(r.run->outcome, OH_OUTCOME_COMPLETE);
    assert_int_equal(count_of(r.run, "INVITE"), 2);
    assert_int_equal(count_of(r.run, "ACK"), 2);
    assert_int_equal(count_of(r.run, "BYE"), 1);
    struct oh_sip_msg *m = said(r.run, "INVITE", 1);
    assert_true(oh_span_is(oh_field_text(m, "subject"), "lunch"));
    assert_true(oh_field_number(m, "max-forwards", &forwards) && forwards == 59);
    oh_sip_msg_free(m);
    oh_rehearsal_release(&r);
    oh_scenario_free(s);
}

static struct oh_scenario *parsed_whole(const char *text)
{
    struct oh_errors errors = {0};
    struct oh_scenario *s = oh_scenario_parse("whole.yaml", oh_span_of(text), &errors);
    assert_non_null(s);
    oh_errors_release(&errors);
    return s;
}

static const char silent_registrar[] = "title: silent\n"
                                       "source: none\n"
                                       "needs: [register]\n"
                                       "transport: udp\n"
                                       "parties:\n"
                                       "  A: phone\n"
                                       "  R: registrar\n"
                                       "flow:\n"
                                       "  - A registers\n"
                                       "  - R is silent:\n"
                                       "    for: 3 s\n"
                                       "  - A -> R: REGISTER\n"
                                       "  - R -> A: 200\n";

/* RFC 3261 17.1.2.2: at 0, 0.5, 1.5 and 3.5 s. */
static void a_silent_party_takes_nothing_in_until_its_time_is_over(void **state)
{
    struct oh_scenario *s = parsed_whole(silent_registrar);
    struct oh_rehearsal r = rehearsed(s, NULL);
    size_t answers = 0;
    (void)state;
    assert_null(r.trouble);
    assert_int_equal(r.run->outcome, OH_OUTCOME_COMPLETE);
    assert_int_equal(count_of(r.run, "REGISTER"), 4);
    for (size_t i = 0; i < r.run->tap_count; i++)
        answers += r.run->tap[i].sent;
    assert_int_equal(answers, 1);
    oh_rehearsal_release(&r);
    oh_scenario_free(s);
}

static const char refusing[] = "title: refusing\n"
                               "source: none\n"
                               "needs: [dial, tcp]\n"
                               "transport: tcp\n"
                               "parties:\n"
                               "  A: phone\n"
                               "  P: proxy\n"
                               "  B: {behind: P, number: \"5551234\"}\n"
                               "flow:\n"
                               "  - P refuses connections:\n"
                               "    for: 2 s\n"
                               "  - A dials B\n"
                               "  - A -> P: INVITE\n"
                               "  - P -> A: 486\n"
                               "  - A -> P: ACK\n";

static void who_refuses_connections_takes_them_again_when_the_time_is_over(void **state)
{
    struct oh_scenario *s = parsed_whole(refusing);
    struct oh_rehearsal r = rehearsed(s, NULL);
    (void)state;
    assert_null(r.trouble);
    assert_int_equal(r.run->outcome, OH_OUTCOME_COMPLETE);
    assert_int_equal(count_of(r.run, "INVITE"), 1);
    assert_int_equal(count_of(r.run, "ACK"), 1);
    oh_rehearsal_release(&r);
    oh_scenario_free(s);
}

static size_t rtp_of_phone(const struct oh_run *run)
{
    size_t count = 0;
    for (size_t i = 0; i < run->tap_count; i++)
        count += run->tap[i].is_rtp && !run->tap[i].sent;
    return count;
}

static int break_of(const struct oh_scenario *s, enum oh_break_kind kind, size_t nth,
                    struct oh_break *out)
{
    struct oh_break *all = NULL;
    size_t count = oh_rehearse_breaks(s, &all);
    int found = -1;
    for (size_t i = 0; i < count && found < 0; i++) {
        if (all[i].kind == kind && nth-- == 0) {
            *out = all[i];
            found = 0;
        }
    }
    free(all);
    return found;
}

static void each_message_check_and_media_step_is_a_break(void **state)
{
    struct oh_scenario *s = parsed(call_out);
    struct oh_break *all = NULL;
    size_t count = oh_rehearse_breaks(s, &all), of[OH_BREAKS] = {0};
    (void)state;
    for (size_t i = 0; i < count; i++)
        of[all[i].kind]++;
    assert_int_equal(of[OH_BREAK_LEFT_OUT], 5);
    assert_int_equal(of[OH_BREAK_EXPECTED], 5);
    assert_int_equal(of[OH_BREAK_NO_MEDIA], 1);
    assert_int_equal(count, 11);
    free(all);
    oh_scenario_free(s);
}

static void a_round_that_may_be_left_out_is_no_break(void **state)
{
    struct oh_scenario *s = parsed("  - A registers\n  - repeat: 1 .. 3\n    flow:\n"
                                   "      - A -> P: REGISTER\n        within: 4 s\n"
                                   "      - P -> A: 503\n");
    struct oh_break *all = NULL;
    (void)state;
    assert_int_equal(oh_rehearse_breaks(s, &all), 1);
    assert_int_equal(all[0].step, 1);
    free(all);
    oh_scenario_free(s);
}

static void what_is_left_out_is_not_on_the_wire(void **state)
{
    struct oh_scenario *s = parsed(call_out);
    struct oh_break b;
    (void)state;
    assert_int_equal(break_of(s, OH_BREAK_LEFT_OUT, 4, &b), 0);
    struct oh_rehearsal r = rehearsed(s, &b);
    assert_true(r.is_broken);
    assert_int_equal(count_of(r.run, "INVITE"), 2);
    assert_int_equal(count_of(r.run, "BYE"), 0);
    oh_rehearsal_release(&r);
    oh_scenario_free(s);
}

static void of_a_broken_check_its_field_alone_is_otherwise(void **state)
{
    struct oh_scenario *s = parsed(call_out);
    struct oh_break b;
    (void)state;
    assert_int_equal(break_of(s, OH_BREAK_EXPECTED, 2, &b), 0); /* subject */
    struct oh_rehearsal r = rehearsed(s, &b);
    assert_true(r.is_broken);
    assert_null(r.trouble);
    assert_int_equal(r.run->outcome, OH_OUTCOME_COMPLETE);
    struct oh_sip_msg *first = said(r.run, "INVITE", 0), *m = said(r.run, "INVITE", 1);
    assert_false(oh_span_is(oh_field_text(m, "subject"), "lunch"));
    assert_true(oh_span_equal(oh_field_text(m, "call-id"), oh_field_text(first, "call-id")));
    oh_sip_msg_free(first);
    oh_sip_msg_free(m);
    oh_rehearsal_release(&r);
    oh_scenario_free(s);
}

/* Values of lists, parts of texts and numbers of headers are made to hold, and not to. */
static void what_is_contained_and_how_many_there_are_is_met_and_broken(void **state)
{
    static const char *const wanted[] = {
        "allow: {contains: [INVITE, FLY]}",
        "supported: {contains: own-tag}",
        "user-agent: {contains: rehe}",
        "x-own: {contains: [a, b c]}",
        "sdp.audio.formats: {contains: 8}",
        "call-id: {contains: \"@\"}",
        "contact.count: 1",
        "contact.count: {above: 1}",
        "route.count: {above: 0, below: 4}",
        "record-route.count: 0",
        "via.count: 1",
        "x-own.count: 2",
        "accept: {contains: application/sdp}",
        "sdp.audio.rtpmap: {contains: PCMU}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        char *flow = oh_format("  - A dials B\n  - A -> P: INVITE\n    must: {%s}\n"
                               "  - P -> A: 486\n  - A -> P: ACK\n",
                               wanted[i]);
        struct oh_scenario *s = parsed(flow);
        struct oh_rehearsal r = rehearsed(s, NULL);
        struct oh_break b;
        if (r.trouble)
            fail_msg("%s: %s", wanted[i], r.trouble);
        oh_rehearsal_release(&r);
        assert_int_equal(break_of(s, OH_BREAK_EXPECTED, 0, &b), 0);
        r = rehearsed(s, &b);
        if (!r.is_broken)
            fail_msg("%s is not broken", wanted[i]);
        oh_rehearsal_release(&r);
        oh_scenario_free(s);
        free(flow);
    }
}

static void media_is_sent_where_it_is_wanted_and_not_where_that_is_broken(void **state)
{
    struct oh_scenario *s = parsed(call_out);
    struct oh_break b;
    (void)state;
    struct oh_rehearsal r = rehearsed(s, NULL);
    assert_in_range(rtp_of_phone(r.run), 45, 55);
    oh_rehearsal_release(&r);
    assert_int_equal(break_of(s, OH_BREAK_NO_MEDIA, 0, &b), 0);
    r = rehearsed(s, &b);
    assert_true(r.is_broken);
    assert_int_equal(rtp_of_phone(r.run), 0);
    oh_rehearsal_release(&r);
    oh_scenario_free(s);
}

static void what_cannot_be_met_is_told_with_its_line(void **state)
{
    struct oh_scenario *s = parsed("  - A dials B\n"
                                   "  - A -> P: INVITE\n"
                                   "    must: {max-forwards: {above: 70, below: 60}}\n"
                                   "  - P -> A: 486\n"
                                   "  - A -> P: ACK\n");
    (void)state;
    struct oh_rehearsal r = rehearsed(s, NULL);
    assert_non_null(r.trouble);
    assert_non_null(strstr(r.trouble, "max-forwards"));
    assert_int_equal(r.step, 1);
    assert_int_equal(r.place.line, 12);
    oh_rehearsal_release(&r);
    oh_scenario_free(s);
}

static void a_flow_that_no_phone_can_go_through_is_told(void **state)
{
    struct oh_scenario *s = parsed("  - A dials B\n"
                                   "  - A -> P: INVITE\n"
                                   "  - P -> A: 486\n"
                                   "  - A -> P: ACK\n"
                                   "  - A hangs up\n"
                                   "  - A -> P: BYE\n"
                                   "  - P -> A: 200\n");
    (void)state;
    struct oh_rehearsal r = rehearsed(s, NULL);
    assert_non_null(r.trouble);
    assert_non_null(strstr(r.trouble, "BYE"));
    assert_int_equal(r.step, 5);
    oh_rehearsal_release(&r);
    oh_scenario_free(s);
}

/* RFC 3261 14.1: both INVITEs are under way, and each has its own ACK, whichever came first. */
static void both_sides_change_the_session_at_once(void **state)
{
    static const char *const orders[] = {"      - - P -> A: INVITE\n        - A -> P: 491\n"
                                         "        - P -> A: ACK\n"
                                         "      - - A -> P: INVITE\n        - P -> A: 200\n"
                                         "        - A -> P: ACK\n",
                                         "      - - A -> P: INVITE\n        - P -> A: 200\n"
                                         "        - A -> P: ACK\n"
                                         "      - - P -> A: INVITE\n        - A -> P: 491\n"
                                         "        - P -> A: ACK\n"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char *flow = oh_format("  - A dials B\n  - A -> P: INVITE\n  - P -> A: 200\n"
                               "  - A -> P: ACK\n  - A holds\n  - any order:\n%s",
                               orders[i]);
        struct oh_scenario *s = parsed(flow);
        struct oh_rehearsal r = rehearsed(s, NULL);
        assert_null(r.trouble);
        assert_int_equal(r.run->outcome, OH_OUTCOME_COMPLETE);
        oh_rehearsal_release(&r);
        oh_scenario_free(s);
        free(flow);
    }
}

/* Six hours of waiting, in less than the time limit of this test. */
static void hours_take_no_time(void **state)
{
    struct oh_scenario *s = parsed("  - A dials B\n"
                                   "  - A -> P: INVITE\n"
                                   "  - P -> A: 180\n"
                                   "  - P -> A: 486\n"
                                   "    after: 6 h\n"
                                   "  - A -> P: ACK\n");
    (void)state;
    struct oh_rehearsal r = rehearsed(s, NULL);
    assert_null(r.trouble);
    assert_int_equal(r.run->outcome, OH_OUTCOME_COMPLETE);
    assert_true(r.run->ended_wall_ns - r.run->started_wall_ns >= 6 * 3600 * OH_NS_PER_S);
    oh_rehearsal_release(&r);
    oh_scenario_free(s);
}

static void real_sockets_carry_it_as_well(void **state)
{
    static const struct oh_rehearse_options on_sockets = {.on_sockets = true};
    struct oh_scenario *s = parsed("  - A dials B\n"
                                   "  - A -> P: INVITE\n"
                                   "  - P -> A: 486\n"
                                   "  - A -> P: ACK\n");
    struct oh_rehearsal r;
    struct oh_error e = {0};
    (void)state;
    assert_int_equal(oh_rehearse(s, &on_sockets, NULL, &r, &e), 0);
    assert_null(r.trouble);
    assert_int_equal(r.run->outcome, OH_OUTCOME_COMPLETE);
    assert_int_equal(count_of(r.run, "ACK"), 1);
    oh_rehearsal_release(&r);
    oh_scenario_free(s);
}

/* --- choices --- */

static void each_way_through_the_flow_can_be_chosen(void **state)
{
    struct oh_scenario *s = parsed("  - P -> A: INVITE\n"
                                   "  - A -> P: 180\n"
                                   "    optional: true\n"
                                   "    within: 1 s\n"
                                   "  - A answers\n"
                                   "  - either:\n"
                                   "      - A -> P: 200\n"
                                   "      - P -> A: ACK\n"
                                   "    or:\n"
                                   "      - A -> P: 486\n"
                                   "      - P -> A: ACK\n");
    struct oh_choice *choices = NULL;
    struct oh_error e = {0};
    (void)state;
    assert_int_equal(oh_rehearse_choices(s, &choices), 2);
    for (size_t i = 0; i < 2; i++) {
        struct oh_rehearse_options o = {.choice = &choices[i]};
        struct oh_rehearsal r;
        unsigned rang = 0, busy = 0;
        assert_int_equal(oh_rehearse(s, &o, NULL, &r, &e), 0);
        assert_null(r.trouble);
        assert_int_equal(r.run->outcome, OH_OUTCOME_COMPLETE);
        for (size_t k = 0; k < r.run->tap_count; k++) {
            struct oh_sip_msg *m = oh_sip_msg_parse(r.run->tap[k].bytes);
            rang += m && m->status == 180;
            busy += m && m->status == 486;
            oh_sip_msg_free(m);
        }
        assert_int_equal(rang, choices[i].is_sparing ? 0 : 1);
        assert_int_equal(busy, choices[i].is_sparing ? 0 : 1);
        oh_rehearsal_release(&r);
    }
    free(choices);
    oh_scenario_free(s);
}

/* --- one field of a message --- */

static const char invite[] = "INVITE sip:2@127.0.0.1 SIP/2.0\r\n"
                             "Via: SIP/2.0/UDP 127.0.0.2;branch=z9hG4bKx\r\n"
                             "From: <sip:1@127.0.0.1>;tag=a\r\n"
                             "To: <sip:2@127.0.0.1>\r\n"
                             "Proxy-Authorization: Digest realm=\"x\", nc=00000001\r\n"
                             "Content-Type: application/sdp\r\n"
                             "Content-Length: 60\r\n\r\n"
                             "v=0\r\no=- 1 1 IN IP4 127.0.0.2\r\ns=-\r\n"
                             "m=audio 4000 RTP/AVP 0\r\n";

static void edit(struct oh_text *wire)
{
    oh_text_clear(wire);
    oh_text_add(wire, invite);
}

static void a_field_is_set_where_it_stands_and_added_where_it_does_not(void **state)
{
    static const struct {
        const char *field, *value, *shows;
    } rows[] = {
        {"via.branch", "z9hG4bKy", ";branch=z9hG4bKy\r\n"},
        {"from.tag", "b", "<sip:1@127.0.0.1>;tag=b\r\n"},
        {"to.tag", "c", "To: <sip:2@127.0.0.1>;tag=c\r\n"},
        {"request-uri.user", "9", "INVITE sip:9@127.0.0.1 SIP/2.0\r\n"},
        {"request-uri.user-param", "phone", "INVITE sip:2@127.0.0.1;user=phone SIP/2.0\r\n"},
        {"subject", "lunch", "\r\nSubject: lunch\r\n"},
        {"proxy-authorization.realm", "y", "realm=\"y\", nc=00000001\r\n"},
        {"proxy-authorization.opaque", "o", ", opaque=\"o\"\r\n"},
        {"sdp.audio.formats", "8", "m=audio 4000 RTP/AVP 8\r\n"},
        {"sdp.audio.direction", "inactive", "a=inactive\r\n"},
        {"via.count", "2",
         "Via: SIP/2.0/UDP 127.0.0.2;branch=z9hG4bKx\r\n"
         "Via: SIP/2.0/UDP 127.0.0.2;branch=z9hG4bKx\r\n"},
        {"route.count", "1", "\r\nRoute: <sip:192.0.2.1;lr>\r\n"},
        {"x-own.count", "2", "\r\nX-Own: rehearsed\r\nX-Own: rehearsed\r\n"},
    };
    struct oh_text wire = {0};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        edit(&wire);
        assert_true(oh_mirror_set(&wire, rows[i].field, rows[i].value));
        if (!strstr(oh_text_str(&wire), rows[i].shows))
            print_error("%s: %s\n", rows[i].field, oh_text_str(&wire));
        assert_non_null(strstr(oh_text_str(&wire), rows[i].shows));
        struct oh_sip_msg *m = oh_sip_msg_parse(oh_text_span(&wire));
        uint64_t length = 0;
        assert_true(oh_field_number(m, "content-length", &length));
        assert_int_equal(length, m->body.len);
        oh_sip_msg_free(m);
    }
    oh_text_release(&wire);
}

static void a_field_is_taken_away(void **state)
{
    static const struct {
        const char *field, *gone;
    } rows[] = {
        {"from.tag", ";tag=a"},        {"proxy-authorization", "Proxy-Authorization"},
        {"sdp.audio.port", "m=audio"}, {"to.uri", "To:"},
        {"via.count", "Via:"},
    };
    struct oh_text wire = {0};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        edit(&wire);
        assert_true(oh_mirror_remove(&wire, rows[i].field));
        assert_null(strstr(oh_text_str(&wire), rows[i].gone));
    }
    edit(&wire);
    assert_false(oh_mirror_remove(&wire, "subject"));
    assert_string_equal(oh_text_str(&wire), invite);
    oh_text_release(&wire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_healthy_phone_goes_through_the_flow_and_meets_what_is_wanted),
        cmocka_unit_test(a_silent_party_takes_nothing_in_until_its_time_is_over),
        cmocka_unit_test(who_refuses_connections_takes_them_again_when_the_time_is_over),
        cmocka_unit_test(both_sides_change_the_session_at_once),
        cmocka_unit_test(hours_take_no_time),
        cmocka_unit_test(each_message_check_and_media_step_is_a_break),
        cmocka_unit_test(a_round_that_may_be_left_out_is_no_break),
        cmocka_unit_test(what_is_left_out_is_not_on_the_wire),
        cmocka_unit_test(of_a_broken_check_its_field_alone_is_otherwise),
        cmocka_unit_test(what_is_contained_and_how_many_there_are_is_met_and_broken),
        cmocka_unit_test(media_is_sent_where_it_is_wanted_and_not_where_that_is_broken),
        cmocka_unit_test(what_cannot_be_met_is_told_with_its_line),
        cmocka_unit_test(a_flow_that_no_phone_can_go_through_is_told),
        cmocka_unit_test(real_sockets_carry_it_as_well),
        cmocka_unit_test(each_way_through_the_flow_can_be_chosen),
        cmocka_unit_test(a_field_is_set_where_it_stands_and_added_where_it_does_not),
        cmocka_unit_test(a_field_is_taken_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
