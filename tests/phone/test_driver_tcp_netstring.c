/* The driver against an endpoint in the test: frames whole, in parts, several at once, and none. */
#include "wire_case.h"

static int begin_wire(void **state)
{
    return begin_wire_of(state, "tcp-netstring");
}

static void it_waits_for_a_phone_that_does_not_listen_yet(void **state)
{
    struct wire *w = *state;
    open_driver(w);
    oh_net_run(w->net, oh_net_now(w->net) + 60 * OH_NS_PER_MS);
    assert_int_equal(w->ups, 0);
    listen_now(w);
    await_count(w, &w->ups);
}

static void messages_are_framed(void **state)
{
    struct wire *w = *state;
    struct oh_error e;
    char bytes[64] = "";
    connect_all(w);
    const struct oh_driver_ops *ops = oh_driver_by_name("tcp-netstring");
    assert_int_equal(ops->send(w->driver, 1, oh_span_of("{\"a\":1}"), &e), 0);
    assert_int_equal(recv(w->peer, bytes, sizeof bytes - 1, 0), 10);
    assert_string_equal(bytes, "7:{\"a\":1},");
}

static void frames_come_several_at_once_and_in_parts(void **state)
{
    struct wire *w = *state;
    connect_all(w);
    say(w, "2:{},0:,1");
    await_text(w, "{}\n\n");
    say(w, "1:{\"a\":\"b:c");
    oh_net_run(w->net, oh_net_now(w->net) + 20 * OH_NS_PER_MS);
    assert_string_equal(oh_text_str(&w->got), "{}\n\n");
    say(w, "\"},");
    await_text(w, "{}\n\n{\"a\":\"b:c\"}\n");
    assert_int_equal(w->downs, 0);
}

static void what_is_no_netstring_ends_the_connection(void **state)
{
    static const char *const bad[] = {"x:{},", "2:{};", "999999999:", "-1:,", "123456789012"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct wire *w = *state;
        connect_all(w);
        say(w, bad[i]);
        await_count(w, &w->downs);
        assert_string_equal(w->why, "what came on the control connection is no netstring");
        assert_int_equal(w->got.len, 0);
        end_wire(state);
        assert_int_equal(begin_wire(state), 0);
    }
}

static void a_closed_connection_is_told_and_takes_nothing_more(void **state)
{
    struct wire *w = *state;
    struct oh_error e;
    connect_all(w);
    close(w->peer);
    w->peer = -1;
    await_count(w, &w->downs);
    assert_int_equal(oh_driver_by_name("tcp-netstring")->send(w->driver, 1, oh_span_of("{}"), &e),
                     -1);
}

static void an_address_without_port_is_refused(void **state)
{
    struct wire *w = *state;
    struct oh_error e;
    struct oh_driver_owner owner = {on_got, on_up, on_down, w};
    struct oh_driver_plan plan = {.connect = "127.0.0.1"};
    assert_null(oh_driver_by_name("tcp-netstring")->open(w->net, &plan, &owner, &e));
    assert_non_null(strstr(e.text, "has no port"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WIRE(it_waits_for_a_phone_that_does_not_listen_yet),
        WIRE(messages_are_framed),
        WIRE(frames_come_several_at_once_and_in_parts),
        WIRE(what_is_no_netstring_ends_the_connection),
        WIRE(a_closed_connection_is_told_and_takes_nothing_more),
        WIRE(an_address_without_port_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
