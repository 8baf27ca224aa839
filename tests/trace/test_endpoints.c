#include "calls_talk.h"

static const struct oh_endpoint *endpoint_at(const struct talk *k, const char *name)
{
    for (size_t i = 0; i < oh_endpoints_count(k->endpoints); i++) {
        const struct oh_endpoint *e = oh_endpoints_at(k->endpoints, i);
        assert_int_equal(e->index, (int)i);
        if (strcmp(e->name, name) == 0)
            return e;
    }
    return NULL;
}

#define INVITE  "INVITE sip:b@example.com"
#define OPTIONS "OPTIONS sip:b@example.com"
#define OK      "SIP/2.0 200 OK"

static void a_phone_that_sends_from_another_port_is_where_its_via_says(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    say(&k, 0, "192.0.2.1:40000", OTHER, OPTIONS, (struct part){.via = "192.0.2.1:5062"});
    say(&k, 1, OTHER, "192.0.2.1:40000", OK, (struct part){.method = "OPTIONS", .to_tag = "t"});
    say(&k, 2, OTHER, "192.0.2.1:5062", OPTIONS, (struct part){.call = "c2"});
    assert_int_equal(oh_endpoints_count(k.endpoints), 2);
    const struct oh_endpoint *e = endpoint_at(&k, "192.0.2.1:5062");
    assert_non_null(e);
    assert_int_equal(e->sent, 1);
    assert_int_equal(e->got, 2);
    talk_end(&k);
}

static void a_via_without_port_means_5060(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    say(&k, 0, "192.0.2.1:40000", OTHER, OPTIONS, (struct part){.via = "192.0.2.1"});
    assert_non_null(endpoint_at(&k, PHONE));
    assert_int_equal(oh_endpoints_count(k.endpoints), 2);
    talk_end(&k);
}

static void who_stands_behind_a_nat_is_the_source_that_is_seen(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    say(&k, 0, "203.0.113.5:40001", OTHER, OPTIONS, (struct part){.via = "192.168.1.5:5060"});
    say(&k, 1, "203.0.113.5:40002", OTHER, OPTIONS,
        (struct part){.via = "192.168.1.6:5060", .call = "c2"});
    say(&k, 2, OTHER, "203.0.113.5:40001", OK, (struct part){.method = "OPTIONS", .to_tag = "t"});
    assert_int_equal(oh_endpoints_count(k.endpoints), 3);
    assert_int_equal(endpoint_at(&k, "203.0.113.5:40001")->got, 1);
    assert_non_null(endpoint_at(&k, "203.0.113.5:40002"));
    talk_end(&k);
}

static void a_nat_that_gives_another_port_within_a_call_does_not_tear_it(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    struct part p = {.via = "192.168.1.5:5060"};
    say(&k, 0, "203.0.113.5:40001", OTHER, INVITE, p);
    p.to_tag = "t";
    say(&k, 9, OTHER, "203.0.113.5:40001", OK, p);
    p.branch = "b2";
    say(&k, 20, "203.0.113.5:40777", OTHER, "ACK sip:b@example.com", p);
    oh_calls_end(k.calls);
    assert_int_equal(oh_endpoints_count(k.endpoints), 2);
    assert_string_equal(view_of(&k, "203.0.113.5:40001", 0)->words, ">INVITE <200 >ACK");
    talk_end(&k);
}

static void a_via_that_names_the_receiver_names_nobody(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    say(&k, 0, "127.0.0.1:5070", "127.0.0.1:5060", OPTIONS, (struct part){.via = "127.0.0.1:5060"});
    assert_int_equal(oh_endpoints_count(k.endpoints), 2);
    assert_int_equal(endpoint_at(&k, "127.0.0.1:5070")->sent, 1);
    talk_end(&k);
}

static void an_answer_from_another_port_is_of_who_was_asked(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    say(&k, 0, PHONE, OTHER, OPTIONS, (struct part){0});
    say(&k, 1, "192.0.2.2:6000", PHONE, OK, (struct part){.method = "OPTIONS", .to_tag = "t"});
    assert_int_equal(oh_endpoints_count(k.endpoints), 2);
    assert_int_equal(endpoint_at(&k, OTHER)->sent, 1);
    talk_end(&k);
}

static void two_user_agents_on_one_address_are_two(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    say_call(&k, 0, "127.0.0.1:5060", "127.0.0.1:5070", "c1");
    oh_calls_end(k.calls);
    assert_int_equal(oh_endpoints_count(k.endpoints), 2);
    assert_string_equal(view_of(&k, "127.0.0.1:5070", 0)->words,
                        "<INVITE >180 >200 <ACK <BYE >200");
    assert_string_equal(view_of(&k, "127.0.0.1:5060", 0)->words,
                        ">INVITE <180 <200 >ACK >BYE <200");
    talk_end(&k);
}

static void who_sends_from_where_he_listens_is_not_taken_for_another_by_a_wrong_via(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    say_call(&k, 0, "127.0.0.1:5070", "127.0.0.1:5060", "c1");
    say(&k, 5000, "127.0.0.1:5070", "127.0.0.1:5060", OPTIONS,
        (struct part){.via = "127.0.0.1:5080", .call = "c2"});
    assert_int_equal(oh_endpoints_count(k.endpoints), 2);
    assert_int_equal(endpoint_at(&k, "127.0.0.1:5070")->sent, 4);
    talk_end(&k);
}

/* --- TCP --- */

static void connections_of_one_phone_are_one_endpoint(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    k.transport = OH_TRANSPORT_TCP;
    struct part p = {.via = PHONE, .branch = "b1"};
    say(&k, 0, "192.0.2.1:50001", OTHER, INVITE, p);
    say(&k, 1, OTHER, "192.0.2.1:50001", OK, (struct part){.to_tag = "t"});
    p = (struct part){.via = PHONE, .branch = "b2", .to_tag = "t"};
    say(&k, 2, "192.0.2.1:50002", OTHER, "ACK sip:b@example.com", p);
    /* the peer opens a connection of its own to where the phone listens */
    struct part bye = {.via = OTHER, .branch = "x", .from_tag = "t", .to_tag = "f", .cseq = 1};
    say(&k, 3, "192.0.2.2:50003", PHONE, "BYE sip:a@example.com", bye);
    bye.method = "BYE";
    say(&k, 4, PHONE, "192.0.2.2:50003", OK, bye);
    oh_calls_end(k.calls);
    assert_int_equal(oh_endpoints_count(k.endpoints), 2);
    assert_string_equal(view_of(&k, PHONE, 0)->words, ">INVITE <200 >ACK <BYE >200");
    assert_string_equal(view_of(&k, OTHER, 0)->words, "<INVITE >200 <ACK >BYE <200");
    talk_end(&k);
}

static void a_connection_from_before_the_capture_is_the_one_endpoints_there(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    say(&k, 0, PHONE, OTHER, OPTIONS, (struct part){0});
    k.transport = OH_TRANSPORT_TCP;
    say(&k, 1, OTHER, "192.0.2.1:50001", OPTIONS, (struct part){.call = "c2"});
    assert_int_equal(oh_endpoints_count(k.endpoints), 2);
    assert_int_equal(endpoint_at(&k, PHONE)->got, 1);
    talk_end(&k);
}

static void a_phone_behind_a_nat_stays_itself_on_its_next_connection(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    k.transport = OH_TRANSPORT_TCP;
    struct part p = {.via = "192.168.1.5:5060"}, q = {.via = "192.168.1.6:5060", .call = "c3"};
    say(&k, 0, "203.0.113.5:50001", OTHER, OPTIONS, p);
    p.call = "c2";
    say(&k, 1, "203.0.113.5:50002", OTHER, OPTIONS, p);
    say(&k, 2, "203.0.113.5:50003", OTHER, OPTIONS, q);
    assert_int_equal(oh_endpoints_count(k.endpoints), 3);
    assert_int_equal(endpoint_at(&k, "203.0.113.5:50001")->sent, 2);
    talk_end(&k);
}

/* --- proxies and registrars --- */

/* A call from PHONE by way of `PROXY` to OTHER. */
static void say_proxied(struct talk *k)
{
    static const char via[] = "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKb1\r\n";
    struct part p = {0}, q = {.branch = "p1", .more = via};
    say(k, 0, PHONE, PROXY, INVITE, p);
    say(k, 1, PROXY, PHONE, "SIP/2.0 100 Trying", p);
    say(k, 2, PROXY, OTHER, INVITE, q);
    q.to_tag = p.to_tag = "t";
    say(k, 3, OTHER, PROXY, "SIP/2.0 180 Ringing", q);
    say(k, 4, PROXY, PHONE, "SIP/2.0 180 Ringing", p);
    say(k, 5, OTHER, PROXY, OK, q);
    say(k, 6, PROXY, PHONE, OK, p);
    p.branch = "b2";
    say(k, 7, PHONE, OTHER, "ACK sip:b@example.com", p);
    p = (struct part){.branch = "b3", .to_tag = "t", .cseq = 2};
    say(k, 8, PHONE, OTHER, "BYE sip:b@example.com", p);
    p.method = "BYE";
    say(k, 9, OTHER, PHONE, OK, p);
}

static void a_proxy_seen_on_both_sides_gives_a_call_to_each_phone_and_none_to_itself(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    say_proxied(&k);
    oh_calls_end(k.calls);
    assert_true(endpoint_at(&k, PROXY)->forwards);
    assert_false(oh_endpoint_is_user_agent(endpoint_at(&k, PROXY)));
    assert_int_equal(k.handed, 2);
    assert_string_equal(view_of(&k, PHONE, 0)->words, ">INVITE <100 <180 <200 >ACK >BYE <200");
    assert_string_equal(view_of(&k, OTHER, 0)->words, "<INVITE >180 >200 <ACK <BYE >200");
    assert_false(view_of(&k, PHONE, 0)->one_sided || view_of(&k, OTHER, 0)->one_sided);
    talk_end(&k);
}

static bool is_proxy_wanted(const struct oh_endpoint *e, void *arg)
{
    (*(unsigned *)arg)++;
    return strcmp(e->name, PROXY) == 0;
}

static void whose_side_is_wanted_is_the_callers_to_say(void **state)
{
    (void)state;
    struct talk k;
    unsigned asked = 0;
    struct oh_calls_limits limits = {.wanted = is_proxy_wanted, .wanted_arg = &asked};
    talk_begin_with(&k, &limits);
    say_proxied(&k);
    oh_calls_end(k.calls);
    assert_int_equal(k.handed, 1);
    assert_int_equal(asked, 3);
    assert_string_equal(view_of(&k, PROXY, 0)->words, "<INVITE >100 >INVITE <180 >180 <200 >200");
    talk_end(&k);
}

static void a_b2bua_is_a_user_agent_on_both_of_its_sides(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    say_call(&k, 0, PHONE, PROXY, "c1");
    say_call(&k, 50, PROXY, OTHER, "c2");
    oh_calls_end(k.calls);
    assert_true(oh_endpoint_is_user_agent(endpoint_at(&k, PROXY)));
    assert_int_equal(views_of(&k, PROXY), 2);
    assert_int_equal(k.handed, 4);
    talk_end(&k);
}

static void a_nat_seen_on_both_sides_is_no_user_agent(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    struct part p = {.via = "192.168.1.5:5060"};
    say(&k, 0, "192.168.1.5:5060", OTHER, OPTIONS, p);
    say(&k, 0, "203.0.113.5:40001", OTHER, OPTIONS, p);
    assert_true(endpoint_at(&k, "203.0.113.5:40001")->forwards);
    assert_false(endpoint_at(&k, "192.168.1.5:5060")->forwards);
    talk_end(&k);
}

static void a_peer_of_a_nat_seen_on_both_sides_has_each_message_once(void **state)
{
    (void)state;
    static const char inner[] = "192.168.1.5:5060", outer[] = "203.0.113.5:40001";
    struct talk k;
    talk_begin(&k);
    struct part p = {.via = inner};
    say(&k, 0, inner, OTHER, INVITE, p);
    say(&k, 0, outer, OTHER, INVITE, p);
    p.to_tag = "t";
    say(&k, 9, OTHER, outer, "SIP/2.0 200 OK", p);
    say(&k, 9, OTHER, inner, "SIP/2.0 200 OK", p);
    p.branch = "b2";
    say(&k, 20, inner, OTHER, "ACK sip:b@example.com", p);
    say(&k, 20, outer, OTHER, "ACK sip:b@example.com", p);
    oh_calls_end(k.calls);
    assert_int_equal(k.handed, 2);
    assert_string_equal(view_of(&k, inner, 0)->words, ">INVITE <200 >ACK");
    assert_string_equal(view_of(&k, OTHER, 0)->words, "<INVITE >200 <ACK");
    talk_end(&k);
}

static void who_answers_register_is_a_registrar_but_not_who_refuses_the_method(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        bool registers;
    } rows[] = {{"SIP/2.0 200 OK", true},
                {"SIP/2.0 401 Unauthorized", true},
                {"SIP/2.0 423 Interval Too Brief", true},
                {"SIP/2.0 405 Method Not Allowed", false},
                {"SIP/2.0 501 Not Implemented", false},
                {"SIP/2.0 100 Trying", false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct talk k;
        talk_begin(&k);
        say(&k, 0, PHONE, OTHER, "REGISTER sip:example.com", (struct part){0});
        say(&k, 1, OTHER, PHONE, rows[i].answer,
            (struct part){.method = "REGISTER", .to_tag = "t"});
        assert_int_equal(endpoint_at(&k, OTHER)->registers, rows[i].registers);
        assert_false(endpoint_at(&k, PHONE)->registers);
        talk_end(&k);
    }
}

static void an_endpoint_is_called_what_it_calls_itself(void **state)
{
    (void)state;
    struct talk k;
    talk_begin(&k);
    say(&k, 0, PHONE, OTHER, OPTIONS, (struct part){.more = "User-Agent: one/1.0\r\n"});
    say(&k, 1, OTHER, PHONE, OK,
        (struct part){.method = "OPTIONS", .to_tag = "t", .more = "Server: two/2.0\r\n"});
    assert_string_equal(endpoint_at(&k, PHONE)->user_agent, "one/1.0");
    assert_string_equal(endpoint_at(&k, OTHER)->user_agent, "two/2.0");
    talk_end(&k);
}

static void more_endpoints_than_have_room_are_the_others(void **state)
{
    (void)state;
    struct oh_endpoints *e = oh_endpoints_new();
    struct oh_sip_msg *m = oh_sip_msg_parse(oh_span_of(
        "OPTIONS sip:b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKa\r\nCall-ID: a\r\n\r\n"));
    struct oh_addr src = addr_of("10.0.0.0:5060"), dst = addr_of(OTHER);
    const struct oh_endpoint *from, *to;
    for (unsigned i = 0; i < OH_ENDPOINTS_MAX + 5; i++) {
        src.ip[1] = (uint8_t)(i >> 16);
        src.ip[2] = (uint8_t)(i >> 8);
        src.ip[3] = (uint8_t)i;
        oh_endpoints_take(e, m, NULL, &src, &dst, OH_TRANSPORT_UDP, &from, &to);
    }
    assert_int_equal(oh_endpoints_count(e), OH_ENDPOINTS_MAX);
    assert_true(from->is_others);
    assert_false(oh_endpoint_is_user_agent(from));
    assert_int_equal(from->sent, 7); /* one place is the receiver's, one that of the others */
    assert_int_equal(to->got, OH_ENDPOINTS_MAX + 5);
    oh_sip_msg_free(m);
    oh_endpoints_free(e);
}

static void names_without_end_on_one_connection_are_one_endpoint_still(void **state)
{
    (void)state;
    struct oh_endpoints *e = oh_endpoints_new();
    struct oh_addr src = addr_of("203.0.113.5:50001"), dst = addr_of(OTHER);
    const struct oh_endpoint *from, *to;
    for (unsigned i = 0; i < 4 * OH_ENDPOINTS_MAX; i++) {
        char text[160];
        snprintf(text, sizeof text,
                 "OPTIONS sip:b SIP/2.0\r\nVia: SIP/2.0/TCP h%u;branch=z9hG4bKa\r\n\r\n", i);
        struct oh_sip_msg *m = oh_sip_msg_parse(oh_span_of(text));
        oh_endpoints_take(e, m, NULL, &src, &dst, OH_TRANSPORT_TCP, &from, &to);
        oh_sip_msg_free(m);
    }
    assert_int_equal(oh_endpoints_count(e), 2);
    assert_int_equal(from->sent, 4 * OH_ENDPOINTS_MAX);
    oh_endpoints_free(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_phone_that_sends_from_another_port_is_where_its_via_says),
        cmocka_unit_test(a_via_without_port_means_5060),
        cmocka_unit_test(who_stands_behind_a_nat_is_the_source_that_is_seen),
        cmocka_unit_test(a_nat_that_gives_another_port_within_a_call_does_not_tear_it),
        cmocka_unit_test(a_via_that_names_the_receiver_names_nobody),
        cmocka_unit_test(an_answer_from_another_port_is_of_who_was_asked),
        cmocka_unit_test(two_user_agents_on_one_address_are_two),
        cmocka_unit_test(who_sends_from_where_he_listens_is_not_taken_for_another_by_a_wrong_via),
        cmocka_unit_test(connections_of_one_phone_are_one_endpoint),
        cmocka_unit_test(a_connection_from_before_the_capture_is_the_one_endpoints_there),
        cmocka_unit_test(a_phone_behind_a_nat_stays_itself_on_its_next_connection),
        cmocka_unit_test(a_proxy_seen_on_both_sides_gives_a_call_to_each_phone_and_none_to_itself),
        cmocka_unit_test(whose_side_is_wanted_is_the_callers_to_say),
        cmocka_unit_test(a_b2bua_is_a_user_agent_on_both_of_its_sides),
        cmocka_unit_test(a_nat_seen_on_both_sides_is_no_user_agent),
        cmocka_unit_test(a_peer_of_a_nat_seen_on_both_sides_has_each_message_once),
        cmocka_unit_test(who_answers_register_is_a_registrar_but_not_who_refuses_the_method),
        cmocka_unit_test(an_endpoint_is_called_what_it_calls_itself),
        cmocka_unit_test(names_without_end_on_one_connection_are_one_endpoint_still),
        cmocka_unit_test(more_endpoints_than_have_room_are_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
