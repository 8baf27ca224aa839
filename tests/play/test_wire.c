/* Over TCP on the virtual clock: by which connection a message goes, and what is not sent again. */
#include "play/twin.h"

/* The phone's side of TCP: it listens, and may connect to our seat. */
struct line {
    struct twin *t;
    struct oh_listener *listener;
    struct oh_conn *out, *in; /* opened by the phone; by us. NULL: none or ended */
    unsigned in_count;
    struct oh_text raw;   /* what is no message */
    struct oh_conn *last; /* that something came by */
    bool in_ended, out_ended;
};

static void accepted(struct oh_listener *l, struct oh_conn *c, void *arg)
{
    struct line *line = arg;
    (void)l;
    line->in = c;
    line->in_count++;
}

static void got(struct oh_conn *c, struct oh_span bytes, void *arg)
{
    struct line *line = arg;
    line->last = c;
    if (oh_sip_looks_like(bytes))
        on_phone_datagram(NULL, NULL, bytes, line->t);
    else
        oh_text_add_span(&line->raw, bytes);
}

static void ended(struct oh_conn *c, const char *why, void *arg)
{
    struct line *line = arg;
    /* A lone CRLF is held until more comes, or this. */
    (void)why;
    line->in_ended |= c == line->in;
    line->out_ended |= c == line->out;
    *(c == line->in ? &line->in : &line->out) = NULL;
}

static struct oh_conn_owner owner_of(struct line *line)
{
    return (struct oh_conn_owner){.accepted = accepted, .got = got, .ended = ended, .arg = line};
}

static void setup(struct line *line, void **state, bool listens)
{
    struct twin *t = *state;
    struct oh_error e = {0};
    struct oh_conn_owner ours = oh_wire_owner(&t->bench), phones = owner_of(line);
    *line = (struct line){.t = t};
    t->player.transport = t->seats[0].transport = OH_TRANSPORT_TCP;
    t->bench.home_listener = oh_tcp_listen(t->bench.net, "home", &t->seats[0].sip_addr, &ours, &e);
    assert_non_null(t->bench.home_listener);
    if (listens)
        line->listener = oh_tcp_listen(t->bench.net, "phone", &t->seats[1].sip_addr, &phones, &e);
}

static void teardown(struct line *line)
{
    oh_wires_close(&line->t->bench, false);
    oh_text_release(&line->raw);
}

static void phone_connects(struct line *line)
{
    struct oh_error e = {0};
    struct oh_conn_owner phones = owner_of(line);
    struct oh_addr local = line->t->seats[1].sip_addr;
    local.port = 0;
    line->out = oh_tcp_connect(line->t->bench.net, "phone", &local, &line->t->seats[0].sip_addr,
                               &phones, &e);
    settle(line->t);
    assert_true(oh_conn_is_open(line->out));
}

static void phone_says(struct line *line, struct oh_conn *c, const char *text)
{
    struct oh_error e = {0};
    assert_int_equal(oh_conn_send(c, oh_span_of(text), &e), 0);
    settle(line->t);
}

/* Over the connection that the phone opened. */
static void tcp_request(struct line *line, const char *method, const char *branch,
                        const char *call_id, const char *sent_by)
{
    char *text = oh_format("%s sip:2@127.9.9.1:5060;transport=tcp SIP/2.0\r\n"
                           "Via: SIP/2.0/TCP %s;branch=%s\r\n"
                           "Max-Forwards: 70\r\n"
                           "From: <sip:1@127.9.9.1>;tag=a\r\n"
                           "To: <sip:2@127.9.9.1>\r\n"
                           "Call-ID: %s\r\n"
                           "CSeq: 1 %s\r\n"
                           "Contact: <sip:1@127.9.9.2:5060;transport=tcp>\r\n"
                           "Content-Length: 0\r\n\r\n",
                           method, sent_by, branch, call_id, method);
    phone_says(line, line->out, text);
    free(text);
}

/* Our request by TCP. */
static struct oh_exchange *tcp_call(struct line *line, const char *method, int step)
{
    struct twin *t = line->t;
    struct oh_exchange *x = NULL;
    struct oh_call *c = oh_call_outgoing(&t->player, &t->seats[0], &t->seats[0], &t->seats[1]);
    struct oh_draft *d = oh_draft_request(method, t->seats[1].contact);
    oh_draft_add(d, "Via", "SIP/2.0/%s 127.9.9.1:5060;branch=z9hG4bKour%s%u",
                 oh_wire_via(&t->player, oh_span_of(t->seats[1].contact)), method,
                 (unsigned)t->got_count);
    oh_draft_add(d, "Max-Forwards", "70");
    oh_draft_add(d, "From", "<%s>;tag=%s", t->seats[0].uri, c->local_tag);
    oh_draft_add(d, "To", "<%s>", t->seats[1].uri);
    oh_draft_add(d, "Call-ID", "%s", c->call_id);
    oh_draft_add(d, "CSeq", "1 %s", method);
    oh_exchange_request(&t->player, &t->seats[0], &t->seats[1].sip_addr, d, step, &x);
    if (x)
        x->call = c;
    settle(t);
    return x;
}

/* RFC 3261 18.2.2 */
static void a_response_goes_back_over_its_requests_connection(void **state)
{
    struct line line;
    setup(&line, state, true);
    phone_connects(&line);
    tcp_request(&line, "OPTIONS", "z9hG4bK1", "c1", "127.9.9.2:5060;rport");
    assert_int_equal(got_of(line.t, "OPTIONS", 200), 1);
    assert_ptr_equal(line.last, line.out);
    assert_int_equal(line.in_count, 0);
    teardown(&line);
}

/* RFC 3261 18.2.2: not by rport, which tells the port of the connection that is gone; nor by UDP */
static void a_response_whose_connection_has_ended_goes_to_the_sent_by_address(void **state)
{
    struct line line;
    setup(&line, state, true);
    struct twin *t = line.t;
    t->bench.player = &t->player;
    t->player.phase = OH_PHASE_CLOSING;
    phone_connects(&line);
    tcp_request(&line, "INVITE", "z9hG4bK1", "c1", "127.9.9.2:5060;rport");
    assert_int_equal(got_of(t, "INVITE", 480), 1);
    struct oh_exchange *x = t->player.exchanges;
    oh_conn_close(line.out, false);
    line.out = NULL;
    settle(t);
    oh_exchange_respond(x, oh_draft_response(x->request, &x->remote, 486, NULL, "t"), OH_NONE);
    settle(t);
    assert_int_equal(got_of(t, "INVITE", 486), 1);
    assert_int_equal(line.in_count, 1);
    assert_ptr_equal(line.last, line.in);
    teardown(&line);
}

static void without_any_way_back_a_response_is_lost_and_not_sent_by_UDP(void **state)
{
    struct line line;
    setup(&line, state, false);
    struct twin *t = line.t;
    phone_connects(&line);
    tcp_request(&line, "OPTIONS", "z9hG4bK1", "c1", "127.9.9.2:5060");
    struct oh_exchange *x = t->player.exchanges;
    oh_conn_close(line.out, false);
    line.out = NULL;
    settle(t);
    oh_exchange_respond(x, oh_draft_response(x->request, &x->remote, 200, NULL, "t"), OH_NONE);
    settle(t);
    assert_int_equal(got_of(t, "OPTIONS", 200), 1); /* the first one */
    teardown(&line);
}

/* RFC 3261 17.1.1.2, 17.1.2.2: timers A and E are of unreliable transports, B and F of all */
static void an_unanswered_request_is_sent_once_and_given_up_after_64_t1(void **state)
{
    static const char *const methods[] = {"INVITE", "OPTIONS"};
    for (size_t i = 0; i < 2; i++) {
        struct line line;
        setup(&line, state, true);
        struct oh_exchange *x = tcp_call(&line, methods[i], OH_NONE);
        int64_t now_ms = oh_net_now(line.t->bench.net) / OH_NS_PER_MS;
        run_until_ms(line.t, now_ms + 31999);
        assert_false(x->given_up);
        run_until_ms(line.t, now_ms + 32001);
        assert_true(x->given_up);
        assert_int_equal(got_of(line.t, methods[i], 0), 1);
        oh_listener_close(line.listener);
        oh_listener_close(line.t->bench.home_listener);
        teardown(&line);
    }
}

static struct oh_exchange *answered_invite(struct line *line, unsigned status)
{
    struct twin *t = line->t;
    phone_connects(line);
    t->player.phase = OH_PHASE_PREPARING;
    tcp_request(line, "INVITE", "z9hG4bK1", "c1", "127.9.9.2:5060");
    struct oh_exchange *x = t->player.exchanges;
    oh_exchange_respond(x, oh_draft_response(x->request, &x->remote, status, NULL, "t"), OH_NONE);
    return x;
}

/* RFC 3261 17.2.1: timer G is of unreliable transports, H of all */
static void a_refusal_is_sent_once_and_given_up_after_64_t1(void **state)
{
    struct line line;
    setup(&line, state, true);
    struct oh_exchange *x = answered_invite(&line, 486);
    run_until_ms(line.t, 31999);
    assert_false(x->given_up);
    assert_int_equal(got_of(line.t, "INVITE", 486), 1);
    run_until_ms(line.t, 32001);
    assert_true(x->given_up);
    assert_int_equal(got_of(line.t, "INVITE", 486), 1);
    teardown(&line);
}

/* RFC 3261 13.3.1.4: the way may go on over other transports */
static void a_2xx_is_repeated_over_TCP_too_until_its_ACK(void **state)
{
    struct line line;
    setup(&line, state, true);
    answered_invite(&line, 200);
    run_until_ms(line.t, 4000);
    assert_int_equal(got_of(line.t, "INVITE", 200), 4); /* 0, 500, 1500, 3500 ms */
    tcp_request(&line, "ACK", "z9hG4bK2", "c1", "127.9.9.2:5060");
    run_until_ms(line.t, 40000);
    assert_int_equal(got_of(line.t, "INVITE", 200), 4);
    teardown(&line);
}

static void an_open_connection_is_used_again(void **state)
{
    struct line line;
    setup(&line, state, true);
    tcp_call(&line, "OPTIONS", OH_NONE);
    tcp_call(&line, "OPTIONS", OH_NONE);
    assert_int_equal(got_of(line.t, "OPTIONS", 0), 2);
    assert_int_equal(line.in_count, 1);
    assert_true(oh_span_starts_with(oh_field_text(latest(line.t), "via.transport"), "TCP"));
    teardown(&line);
}

static void who_does_not_listen_is_reached_by_its_own_connection(void **state)
{
    struct line line;
    setup(&line, state, false);
    phone_connects(&line);
    tcp_call(&line, "OPTIONS", OH_NONE);
    assert_int_equal(got_of(line.t, "OPTIONS", 0), 1);
    assert_ptr_equal(line.last, line.out);
    teardown(&line);
}

/* As for a refusal that the kernel tells at once. */
static void who_cannot_be_connected_to_is_reached_by_its_own_connection(void **state)
{
    struct line line;
    struct oh_error e = {0};
    setup(&line, state, false);
    struct twin *t = line.t;
    struct oh_way way = {.transport = OH_TRANSPORT_TCP, .to = t->seats[1].sip_addr};
    struct oh_span bytes = oh_span_of("OPTIONS sip:1@a SIP/2.0\r\nContent-Length: 0\r\n\r\n");
    way.to.port = 0;
    assert_int_equal(oh_wire_send(&t->player, &t->seats[0], &way, bytes, OH_NONE, &e), OH_NOT_SENT);
    assert_non_null(strstr(e.text, "no connection of the other side is open"));
    phone_connects(&line);
    assert_int_equal(oh_wire_send(&t->player, &t->seats[0], &way, bytes, OH_NONE, &e), OH_SENT);
    settle(t);
    assert_int_equal(t->got_count, 1);
    assert_ptr_equal(line.last, line.out);
    teardown(&line);
}

static void where_there_is_no_way_at_all_the_step_is_named(void **state)
{
    struct line line;
    setup(&line, state, false);
    struct twin *t = line.t;
    struct oh_step step = {.text = (char *)(uintptr_t) "P -> A: OPTIONS"};
    struct oh_scenario scenario = {.steps = &step, .step_count = 1};
    t->player.scenario = &scenario;
    t->player.run = oh_run_new(NULL);
    tcp_call(&line, "OPTIONS", 0);
    assert_int_equal(t->player.run->outcome, OH_OUTCOME_STUCK);
    assert_int_equal(t->player.run->outcome_step, 0);
    assert_string_equal(t->player.run->outcome_text,
                        "P -> A: OPTIONS cannot be sent: TCP to 127.9.9.2:5060: nobody listens "
                        "there, and no connection of the other side is open");
    oh_run_free(t->player.run);
    t->player.run = NULL;
    t->player.scenario = NULL;
    teardown(&line);
}

/* What waits for its connection is journalled with the tap entry that it becomes, and what the
 * writer made it is that entry's. */
static void a_message_is_in_the_journal_when_it_has_gone_out(void **state)
{
    struct line line;
    setup(&line, state, true);
    struct twin *t = line.t;
    struct oh_step steps[4] = {[3] = {.header_count = 1}};
    struct oh_scenario scenario = {.steps = steps, .step_count = 4};
    t->player.scenario = &scenario;
    t->player.run = oh_run_new(NULL);
    t->player.recorded_until_ns = INT64_MAX;
    oh_net_tap(t->bench.net, oh_record_tap, &t->bench);
    phone_connects(&line);
    tcp_request(&line, "OPTIONS", "z9hG4bK1", "c1", "127.9.9.2:5060");
    tcp_call(&line, "OPTIONS", 3);
    const struct oh_run *run = t->player.run;
    int found = 0;
    for (size_t i = 0; i < run->journal_count; i++) {
        const struct oh_journal_entry *entry = &run->journal[i];
        if (entry->kind != OH_JOURNAL_SENT)
            continue;
        found++;
        assert_int_equal(entry->step, 3);
        assert_true(entry->tap >= 0);
        assert_true(run->tap[entry->tap].sent);
        assert_int_equal(run->tap[entry->tap].transport, OH_TRANSPORT_TCP);
        assert_true(oh_span_starts_with(run->tap[entry->tap].bytes, "OPTIONS "));
        assert_true(run->tap[entry->tap].ours_on_purpose);
    }
    assert_int_equal(found, 1);
    size_t on_purpose = 0;
    for (size_t i = 0; i < run->tap_count; i++)
        on_purpose += run->tap[i].ours_on_purpose;
    assert_int_equal(on_purpose, 1);
    t->player.scenario = NULL;
    oh_net_tap(t->bench.net, NULL, NULL);
    oh_run_free(t->player.run);
    t->player.run = NULL;
    teardown(&line);
}

/* A program that does not bind what it connects with comes from where its host likes. */
static void a_phone_is_known_by_its_Via_where_its_address_does_not_tell(void **state)
{
    struct line line;
    struct oh_error e = {0};
    setup(&line, state, false);
    struct twin *t = line.t;
    struct oh_conn_owner phones = owner_of(&line);
    struct oh_addr local = address("127.0.0.1"), stranger = address("127.7.7.7");
    struct oh_bench_slot slots[2] = {{.sip = stranger, .bench = &t->bench}, t->slot};
    t->bench.slots = slots;
    t->bench.slot_count = 2;
    t->seats[1].phone = &slots[1];
    t->player.run = oh_run_new(NULL);
    line.out = oh_tcp_connect(t->bench.net, "phone", &local, &t->seats[0].sip_addr, &phones, &e);
    settle(t);
    tcp_request(&line, "REGISTER", "z9hG4bK1", "c1", "127.9.9.2:5060");
    assert_int_equal(got_of(t, "REGISTER", 200), 1);
    assert_int_equal(slots[1].binding_count, 1);
    assert_int_equal(t->player.run->conn_count, 1);
    assert_string_equal(t->player.run->conns[0].seat, "A");
    assert_true(oh_addr_equal(&t->player.run->conns[0].remote, oh_conn_local(line.out)));
    tcp_call(&line, "OPTIONS", OH_NONE); /* it does not listen: by its own connection */
    assert_int_equal(got_of(t, "OPTIONS", 0), 1);
    oh_bindings_clear(&slots[1]);
    oh_run_free(t->player.run);
    t->player.run = NULL;
    teardown(&line);
}

/* The Via of an answer is ours: it tells nothing of who sent it. */
static void an_answer_from_elsewhere_is_of_whom_the_request_went_to(void **state)
{
    struct line line;
    struct oh_error e = {0};
    setup(&line, state, true);
    struct twin *t = line.t;
    struct oh_conn_owner phones = owner_of(&line);
    struct oh_addr local = address("127.0.0.1"), another = address("127.7.7.7");
    struct oh_bench_slot slots[2] = {{.sip = another, .bench = &t->bench}, t->slot};
    t->bench.slots = slots;
    t->bench.slot_count = 2;
    t->seats[1].phone = &slots[1];
    t->player.run = oh_run_new(NULL);
    struct oh_exchange *x = tcp_call(&line, "OPTIONS", OH_NONE);
    line.out = oh_tcp_connect(t->bench.net, "phone", &local, &t->seats[0].sip_addr, &phones, &e);
    settle(t);
    struct oh_span via = oh_sip_msg_value(x->request, OH_SIP_VIA, 0);
    char *text = oh_format("SIP/2.0 200 OK\r\nVia: %.*s\r\nFrom: <sip:2@127.9.9.1>;tag=%s\r\n"
                           "To: <sip:1@127.9.9.1>;tag=b\r\nCall-ID: %s\r\nCSeq: 1 OPTIONS\r\n"
                           "Content-Length: 0\r\n\r\n",
                           OH_SPAN_FMT(via), x->call->local_tag, x->call->call_id);
    phone_says(&line, line.out, text);
    free(text);
    assert_non_null(x->final);
    assert_int_equal(t->player.run->conn_count, 1);
    assert_string_equal(t->player.run->conns[0].seat, "A");
    assert_true(oh_addr_equal(&t->player.run->conns[0].remote, oh_conn_local(line.out)));
    oh_run_free(t->player.run);
    t->player.run = NULL;
    teardown(&line);
}

/* RFC 5626 5.4 */
static void two_line_ends_are_answered_by_one(void **state)
{
    struct line line;
    setup(&line, state, true);
    phone_connects(&line);
    phone_says(&line, line.out, "\r\n\r\n\r\n\r\n"); /* each gives one, together one piece */
    assert_string_equal(oh_text_str(&line.raw), "\r\n\r\n");
    teardown(&line);
}

static void noise_and_half_a_message_are_answered_by_nothing(void **state)
{
    struct line line;
    setup(&line, state, true);
    phone_connects(&line);
    phone_says(&line, line.out, "\x01\x02 noise\r\nOPTIONS sip:2@127.9.9.1 SIP/2.0\r\nVia: SIP");
    run_until_ms(line.t, 1000);
    assert_int_equal(line.t->got_count, 0);
    assert_string_equal(oh_text_str(&line.raw), "");
    assert_non_null(line.out);
    oh_conn_close(line.out, true);
    line.out = NULL;
    settle(line.t);
    assert_null(line.t->bench.wires);
    teardown(&line);
}

static void at_the_end_of_a_scenario_our_connections_end_and_the_phones_stay(void **state)
{
    struct line line;
    setup(&line, state, true);
    phone_connects(&line);
    tcp_call(&line, "OPTIONS", OH_NONE);
    assert_int_equal(line.in_count, 1);
    oh_wires_close(&line.t->bench, true);
    settle(line.t);
    assert_true(line.in_ended);
    assert_false(line.out_ended);
    tcp_request(&line, "OPTIONS", "z9hG4bK9", "c9", "127.9.9.2:5060");
    assert_int_equal(got_of(line.t, "OPTIONS", 200), 1);
    teardown(&line);
}

static void a_URI_that_says_its_transport_is_followed(void **state)
{
    struct line line;
    setup(&line, state, true);
    struct oh_player *p = &line.t->player;
    assert_string_equal(oh_wire_via(p, oh_span_of("sip:1@127.9.9.2")), "TCP");
    assert_string_equal(oh_wire_via(p, oh_span_of("sip:1@127.9.9.2;transport=UDP")), "UDP");
    p->transport = OH_TRANSPORT_UDP;
    assert_string_equal(oh_wire_via(p, oh_span_of("sip:1@127.9.9.2")), "UDP");
    assert_string_equal(oh_wire_via(p, oh_span_of("sip:1@127.9.9.2;ob;transport=tcp")), "TCP");
    assert_string_equal(oh_seat_uri_params(&line.t->seats[0]), ";transport=tcp");
    assert_string_equal(oh_seat_uri_params(&line.t->seats[1]), "");
    teardown(&line);
}

int main(void)
{
#define TWIN(test) cmocka_unit_test_setup_teardown(test, twin_setup, twin_teardown)
    const struct CMUnitTest tests[] = {
        TWIN(a_response_goes_back_over_its_requests_connection),
        TWIN(a_response_whose_connection_has_ended_goes_to_the_sent_by_address),
        TWIN(without_any_way_back_a_response_is_lost_and_not_sent_by_UDP),
        TWIN(an_unanswered_request_is_sent_once_and_given_up_after_64_t1),
        TWIN(a_refusal_is_sent_once_and_given_up_after_64_t1),
        TWIN(a_2xx_is_repeated_over_TCP_too_until_its_ACK),
        TWIN(an_open_connection_is_used_again),
        TWIN(who_does_not_listen_is_reached_by_its_own_connection),
        TWIN(who_cannot_be_connected_to_is_reached_by_its_own_connection),
        TWIN(where_there_is_no_way_at_all_the_step_is_named),
        TWIN(a_message_is_in_the_journal_when_it_has_gone_out),
        TWIN(a_phone_is_known_by_its_Via_where_its_address_does_not_tell),
        TWIN(an_answer_from_elsewhere_is_of_whom_the_request_went_to),
        TWIN(two_line_ends_are_answered_by_one),
        TWIN(noise_and_half_a_message_are_answered_by_nothing),
        TWIN(at_the_end_of_a_scenario_our_connections_end_and_the_phones_stay),
        TWIN(a_URI_that_says_its_transport_is_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
