/* Whole scenarios on a bench of the real net, against a phone that the test itself is. */
#include "base/file.h"
#include "play/player.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct stage {
    struct oh_adapter *adapter;
    struct oh_bench *bench;
    struct oh_socket *phone;
    struct oh_run *run; /* as read back */
    char folder[64];
    void (*on_message)(struct stage *st, const struct oh_sip_msg *m);
    void (*on_action)(struct stage *st);
    struct oh_sip_msg *got[64];
    size_t got_count;
    volatile int interrupted;
    int pipe[2];
    const struct oh_sip_msg *invite; /* the latest that the phone got */
    unsigned flooded, answered, dials;
    bool rang, cancelled_before_ringing;
};

static void on_datagram(struct oh_socket *s, const struct oh_addr *from, struct oh_span bytes,
                        void *arg)
{
    struct stage *st = arg;
    struct oh_sip_msg *m = oh_sip_msg_parse(bytes);
    (void)s;
    (void)from;
    if (!m || st->got_count == sizeof st->got / sizeof *st->got) {
        oh_sip_msg_free(m);
        return;
    }
    st->got[st->got_count++] = m;
    if (st->on_message)
        st->on_message(st, m);
}

static void on_progress(const struct oh_progress *p, void *arg)
{
    struct stage *st = arg;
    if (p->kind == OH_PROGRESS_ACTION && st->on_action)
        st->on_action(st);
}

static int setup(void **state)
{
    struct stage *st = oh_alloc(sizeof *st);
    struct oh_errors errors = {0};
    struct oh_error e = {0};
    snprintf(st->folder, sizeof st->folder, "/tmp/offhook-test-play-XXXXXX");
    assert_non_null(mkdtemp(st->folder));
    assert_int_equal(pipe2(st->pipe, O_CLOEXEC | O_NONBLOCK), 0);
    st->adapter = oh_adapter_load(OH_TEST_DATA "/play/echo.yaml", "", &errors);
    assert_non_null(st->adapter);
    struct oh_bench_options options = {.no_capture = true,
                                       .program_folder = ".",
                                       .progress = on_progress,
                                       .progress_arg = st,
                                       .interrupted = &st->interrupted,
                                       .interrupt_fd = st->pipe[0]};
    struct oh_bench_phone phone = {"", st->adapter};
    st->bench = oh_bench_open(&options, &phone, 1, &e);
    assert_non_null(st->bench);
    st->phone = oh_udp_open(st->bench->net, "phone", &st->bench->slots[0].sip, on_datagram, st, &e);
    assert_non_null(st->phone);
    *state = st;
    return 0;
}

static int teardown(void **state)
{
    struct stage *st = *state;
    st->on_message = NULL;
    oh_bench_close(st->bench); /* and the phone's socket */
    oh_adapter_free(st->adapter);
    oh_run_free(st->run);
    for (size_t i = 0; i < st->got_count; i++)
        oh_sip_msg_free(st->got[i]);
    close(st->pipe[0]);
    close(st->pipe[1]);
    char *command = oh_format("rm -r %s", st->folder);
    assert_int_equal(system(command), 0);
    free(command);
    free(st);
    return 0;
}

#define PARTIES                                                                                    \
    "format: 1\ntitle: t\nsource: [RFC 3261]\ncovers: [call.out.basic]\nneeds: "                   \
    "[dial]\nparties:\n  A: phone\n  P: proxy\n  B: {behind: P, number: \"2\"}\n"

static enum oh_outcome play(struct stage *st, const char *flow)
{
    struct oh_errors errors = {0};
    struct oh_error e = {0};
    char *text = oh_format("%sflow:\n%s", PARTIES, flow);
    struct oh_scenario *s = oh_scenario_parse("t.yaml", oh_span_of(text), &errors);
    if (!s)
        print_message("%s\n", errors.items[0].text);
    assert_non_null(s);
    assert_int_equal(oh_play(st->bench, s, st->folder, &e), 0);
    for (int i = 0; i < 8; i++) /* what is under way to the phone */
        oh_net_run(st->bench->net, oh_net_now(st->bench->net));
    oh_run_free(st->run);
    st->run = oh_run_read(st->folder, &e);
    assert_non_null(st->run);
    oh_scenario_free(s);
    free(text);
    return st->run->outcome;
}

static void phone_sends(struct stage *st, struct oh_draft *d)
{
    struct oh_text wire = {0};
    struct oh_error e = {0};
    oh_draft_format(d, &wire);
    assert_int_equal(oh_udp_send(st->phone, &st->bench->home_addr, oh_text_span(&wire), &e), 0);
    oh_text_release(&wire);
    oh_draft_free(d);
}

/* In the call of this name. */
static void phone_requests_in(struct stage *st, const char *method, const char *branch,
                              const char *call_id, const char *to_tag)
{
    char at[OH_ADDR_TEXT], home[OH_ADDR_TEXT];
    oh_addr_format(oh_socket_local(st->phone), at);
    oh_addr_format(&st->bench->home_addr, home);
    char *uri = oh_format("sip:2@%s", home);
    struct oh_draft *d = oh_draft_request(method, uri);
    oh_draft_add(d, "Via", "SIP/2.0/UDP %s;branch=z9hG4bK%s", at, branch);
    oh_draft_add(d, "Max-Forwards", "70");
    oh_draft_add(d, "From", "<sip:1001@%s>;tag=a", home);
    oh_draft_add(d, "To", "<%s>%s%s", uri, *to_tag ? ";tag=" : "", to_tag);
    oh_draft_add(d, "Call-ID", "%s", call_id);
    oh_draft_add(d, "CSeq", "1 %s", method);
    oh_draft_add(d, "Contact", "<sip:1001@%s>", at);
    phone_sends(st, d);
    free(uri);
}

static void phone_requests(struct stage *st, const char *method, const char *branch)
{
    phone_requests_in(st, method, branch, branch, "");
}

static void phone_answers(struct stage *st, const struct oh_sip_msg *m, unsigned status)
{
    char at[OH_ADDR_TEXT];
    struct oh_draft *d = oh_draft_response(m, NULL, status, NULL, "b");
    oh_draft_add(d, "Contact", "<sip:1001@%s>", oh_addr_format(oh_socket_local(st->phone), at));
    phone_sends(st, d);
}

static size_t got_of(const struct stage *st, const char *method, unsigned status)
{
    size_t count = 0;
    for (size_t i = 0; i < st->got_count; i++)
        count += status ? st->got[i]->status == status &&
                              oh_span_is(oh_sip_msg_method(st->got[i]), method)
                        : oh_sip_msg_is_method(st->got[i], method);
    return count;
}

static void dial(struct stage *st)
{
    char *name = st->dials++ ? oh_format("call-%u", st->dials) : oh_strdup("call");
    phone_requests(st, "INVITE", name);
    free(name);
}

static void acknowledge(struct stage *st, const struct oh_sip_msg *m)
{
    char at[OH_ADDR_TEXT], *uri = oh_span_dup(oh_field_text(m, "to.uri"));
    struct oh_span branch = oh_field_text(m, "via.branch");
    struct oh_draft *d = oh_draft_request("ACK", uri);
    if (m->status < 300)
        branch = oh_span_of("z9hG4bKack");
    oh_draft_add(d, "Via", "SIP/2.0/UDP %s;branch=%.*s",
                 oh_addr_format(oh_socket_local(st->phone), at), OH_SPAN_FMT(branch));
    oh_draft_add(d, "Max-Forwards", "70");
    oh_draft_add(d, "From", "%.*s", OH_SPAN_FMT(oh_sip_msg_header(m, OH_SIP_FROM, 0)->value));
    oh_draft_add(d, "To", "%.*s", OH_SPAN_FMT(oh_sip_msg_header(m, OH_SIP_TO, 0)->value));
    oh_draft_add(d, "Call-ID", "%.*s", OH_SPAN_FMT(oh_field_text(m, "call-id")));
    oh_draft_add(d, "CSeq", "1 ACK");
    phone_sends(st, d);
    free(uri);
}

/* --- interruption --- */

static void interrupt(struct stage *st)
{
    st->interrupted = 2;
    assert_int_equal(write(st->pipe[1], "x", 1), 1);
}

static void interrupt_when_ringing(struct stage *st, const struct oh_sip_msg *m)
{
    if (m->status == 180)
        interrupt(st);
    else if (m->status >= 200)
        acknowledge(st, m);
}

static void an_interrupted_flow_leaves_no_invite_unanswered(void **state)
{
    struct stage *st = *state;
    st->on_action = dial;
    st->on_message = interrupt_when_ringing;
    enum oh_outcome outcome = play(st, "  - A dials B\n  - A -> P: INVITE\n  - P -> A: 180\n"
                                       "  - P -> A: 200\n    after: 60 s\n");
    assert_int_equal(outcome, OH_OUTCOME_INTERRUPTED);
    assert_int_equal(got_of(st, "INVITE", 480), 1);
}

/* A flow may end with a provisional: nothing else is sent before it, and a final answer after. */
static void a_provisional_alone_is_no_reason_to_answer_before_it(void **state)
{
    struct stage *st = *state;
    st->on_action = dial;
    st->on_message = NULL;
    assert_int_equal(play(st, "  - A dials B\n  - A -> P: INVITE\n  - P -> A: 180\n"),
                     OH_OUTCOME_COMPLETE);
    assert_int_equal(st->got[0]->status, 180);
    assert_int_equal(got_of(st, "INVITE", 480) > 0, 1);
}

static void cancel_when_ringing(struct stage *st, const struct oh_sip_msg *m)
{
    if (m->status == 180)
        phone_requests(st, "CANCEL", "call");
    else if (m->status >= 200 && oh_span_is(oh_sip_msg_method(m), "INVITE"))
        acknowledge(st, m);
}

/* RFC 3261 9.2, 17.2.1 */
static void a_cancelled_invite_gets_no_second_final_answer(void **state)
{
    struct stage *st = *state;
    st->on_action = dial;
    st->on_message = cancel_when_ringing;
    assert_int_equal(play(st, "  - A dials B\n  - A -> P: INVITE\n  - P -> A: 180\n"
                              "  - P -> A: 200\n    after: 300 ms\n"),
                     OH_OUTCOME_STUCK);
    assert_int_equal(got_of(st, "CANCEL", 200), 1);
    assert_int_equal(got_of(st, "INVITE", 487), 1);
    assert_int_equal(got_of(st, "INVITE", 200), 0);
}

/* --- too much --- */

static void flood(struct stage *st)
{
    for (int i = 0; i < 200; i++) {
        char branch[32];
        snprintf(branch, sizeof branch, "flood%u", st->flooded++);
        phone_requests(st, "OPTIONS", branch);
    }
}

/* The next ones go out when the last were answered: the sockets are to lose none. */
static void flood_on(struct stage *st, const struct oh_sip_msg *m)
{
    if (m->status == 486)
        acknowledge(st, m);
    else if (++st->answered == st->flooded && st->flooded < 10000)
        flood(st);
    else if (st->answered == 10000)
        dial(st);
    st->got_count = 0;
    oh_sip_msg_free((struct oh_sip_msg *)(uintptr_t)m);
}

static void ten_thousand_messages_are_answered_and_the_flow_goes_on(void **state)
{
    struct stage *st = *state;
    st->on_action = flood;
    st->on_message = flood_on;
    int64_t began_ns = oh_net_now(st->bench->net);
    assert_int_equal(play(st, "  - A dials B\n  - A -> P: INVITE\n  - P -> A: 486\n"
                              "  - A -> P: ACK\n"),
                     OH_OUTCOME_COMPLETE);
    assert_true(oh_net_now(st->bench->net) - began_ns < 20 * OH_NS_PER_S);
    assert_true(st->run->tap_count >= 20003);
}

/* --- recording --- */

static void refuse(struct stage *st, const struct oh_sip_msg *m)
{
    if (m->status == 486)
        acknowledge(st, m);
}

static void what_came_before_a_scenario_is_answered_but_not_recorded(void **state)
{
    struct stage *st = *state;
    static const char flow[] = "  - A dials B\n  - A -> P: INVITE\n  - P -> A: 486\n"
                               "  - A -> P: ACK\n";
    st->on_action = dial;
    st->on_message = refuse;
    assert_int_equal(play(st, flow), OH_OUTCOME_COMPLETE);
    phone_requests(st, "REGISTER", "between");
    assert_int_equal(play(st, flow), OH_OUTCOME_COMPLETE);
    assert_int_equal(got_of(st, "REGISTER", 200), 1);
    for (size_t i = 0; i < st->run->tap_count; i++)
        assert_false(oh_span_starts_with(st->run->tap[i].bytes, "REGISTER"));
    assert_int_equal(st->run->tap_count >= 3, 1);
}

static void a_hundred_scenarios_leave_nothing_behind_in_the_bench(void **state)
{
    struct stage *st = *state;
    st->on_action = dial;
    st->on_message = refuse;
    for (int i = 0; i < 100; i++) {
        for (; st->got_count > 0; st->got_count--)
            oh_sip_msg_free(st->got[st->got_count - 1]);
        assert_int_equal(play(st, "  - A dials B\n  - A -> P: INVITE\n  - P -> A: 486\n"
                                  "  - A -> P: ACK\n"),
                         OH_OUTCOME_COMPLETE);
    }
    assert_null(st->bench->player);
}

/* --- late messages of a scenario before --- */

static void refuse_and_hang_up_before(struct stage *st, const struct oh_sip_msg *m)
{
    if (m->status == 486)
        acknowledge(st, m);
    else if (m->status == 180)
        phone_requests_in(st, "BYE", "late", "call", "b");
}

/* The flow awaits a BYE; that of the call before is none. */
static void a_late_bye_of_the_scenario_before_reaches_no_step(void **state)
{
    struct stage *st = *state;
    st->on_action = dial;
    st->on_message = refuse;
    assert_int_equal(play(st, "  - A dials B\n  - A -> P: INVITE\n  - P -> A: 486\n"
                              "  - A -> P: ACK\n"),
                     OH_OUTCOME_COMPLETE);
    assert_int_equal(st->run->earlier_count, 0);
    st->on_message = refuse_and_hang_up_before;
    assert_int_equal(play(st, "  - A dials B\n  - A -> P: INVITE\n  - P -> A: 180\n"
                              "  - P -> A: 486\n    after: 100 ms\n  - A -> P: ACK\n"
                              "  - A -> P: BYE\n    within: 300 ms\n"),
                     OH_OUTCOME_COMPLETE);
    assert_int_equal(got_of(st, "BYE", 481), 1);
    assert_int_equal(st->run->earlier_count, 1);
    assert_string_equal(st->run->earlier[0].call_id, "call");
    assert_string_equal(st->run->earlier[0].branch, "z9hG4bKcall");
    for (size_t i = 0; i < st->run->journal_count; i++) {
        const struct oh_journal_entry *j = &st->run->journal[i];
        assert_false(j->kind == OH_JOURNAL_GOT && j->step == 5);
    }
}

/* --- our own calls --- */

static void ring(void *arg)
{
    struct stage *st = arg;
    st->rang = true;
    phone_answers(st, st->invite, 180);
}

static void ring_slowly(struct stage *st, const struct oh_sip_msg *m)
{
    if (oh_sip_msg_is_method(m, "INVITE") && !st->invite) {
        st->invite = m;
        oh_timer_set(st->bench->net, oh_net_now(st->bench->net) + 100 * OH_NS_PER_MS, ring, st);
    } else if (oh_sip_msg_is_method(m, "CANCEL")) {
        st->cancelled_before_ringing = !st->rang;
        phone_answers(st, m, 200);
        phone_answers(st, st->invite, 487);
    }
}

/* RFC 3261 9.1 */
static void a_cancel_step_waits_for_the_first_provisional(void **state)
{
    struct stage *st = *state;
    st->on_message = ring_slowly;
    assert_int_equal(play(st, "  - P -> A: INVITE\n  - P -> A: CANCEL\n  - A -> P: 200\n"
                              "  - A -> P: 487\n  - P -> A: ACK\n"),
                     OH_OUTCOME_COMPLETE);
    assert_int_equal(got_of(st, "CANCEL", 0), 1);
    assert_false(st->cancelled_before_ringing);
    assert_int_equal(got_of(st, "ACK", 0), 1);
}

static void answer_all(struct stage *st, const struct oh_sip_msg *m)
{
    if (m->is_request && !oh_sip_msg_is_method(m, "ACK"))
        phone_answers(st, m, 200);
}

static void our_re_invite_offers_the_same_session_again(void **state)
{
    struct stage *st = *state;
    st->on_message = answer_all;
    assert_int_equal(play(st, "  - P -> A: INVITE\n  - A -> P: 200\n  - P -> A: ACK\n"
                              "  - P -> A: INVITE\n  - A -> P: 200\n  - P -> A: ACK\n"
                              "  - P -> A: BYE\n  - A -> P: 200\n"),
                     OH_OUTCOME_COMPLETE);
    const struct oh_sip_msg *invites[2] = {0};
    uint64_t numbers[2] = {0}, bye = 0;
    for (size_t i = 0, n = 0; i < st->got_count; i++) {
        if (oh_sip_msg_is_method(st->got[i], "INVITE") && n < 2)
            invites[n++] = st->got[i];
        if (oh_sip_msg_is_method(st->got[i], "BYE"))
            assert_true(oh_field_number(st->got[i], "cseq.number", &bye));
    }
    assert_non_null(invites[1]);
    assert_true(invites[1]->body.len > 0);
    assert_true(oh_span_equal(invites[0]->body, invites[1]->body)); /* RFC 3264 8 */
    for (size_t i = 0; i < 2; i++)
        assert_true(oh_field_number(invites[i], "cseq.number", &numbers[i]));
    assert_true(numbers[1] == numbers[0] + 1);
    assert_true(bye == numbers[1] + 1);
}

/* RFC 3261 19.1.1, table 1: a port is allowed in the Request-URI, not in From and To. */
static void our_requests_have_no_port_in_from_and_to(void **state)
{
    struct stage *st = *state;
    st->on_message = answer_all;
    assert_int_equal(play(st, "  - P -> A: INVITE\n  - A -> P: 200\n  - P -> A: ACK\n"
                              "  - P -> A: BYE\n  - A -> P: 200\n"),
                     OH_OUTCOME_COMPLETE);
    for (size_t i = 0; i < st->got_count; i++) {
        const struct oh_sip_msg *m = st->got[i];
        assert_non_null(oh_field_text(m, "request-uri.port").at);
        assert_null(oh_field_text(m, "from.port").at);
        assert_null(oh_field_text(m, "to.port").at);
        assert_true(oh_span_is(oh_field_text(m, "from.user"), "2"));
    }
    assert_int_equal(st->got_count, 3);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(an_interrupted_flow_leaves_no_invite_unanswered),
        CASE(a_provisional_alone_is_no_reason_to_answer_before_it),
        CASE(a_cancelled_invite_gets_no_second_final_answer),
        CASE(ten_thousand_messages_are_answered_and_the_flow_goes_on),
        CASE(what_came_before_a_scenario_is_answered_but_not_recorded),
        CASE(a_late_bye_of_the_scenario_before_reaches_no_step),
        CASE(a_hundred_scenarios_leave_nothing_behind_in_the_bench),
        CASE(a_cancel_step_waits_for_the_first_provisional),
        CASE(our_requests_have_no_port_in_from_and_to),
        CASE(our_re_invite_offers_the_same_session_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
