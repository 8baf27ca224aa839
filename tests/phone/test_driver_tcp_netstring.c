/* The driver against an endpoint in the test: frames whole, in parts, several at once, and none. */
#include "phone/driver.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_NS (20 * OH_NS_PER_S)

struct wire {
    struct oh_net *net;
    struct oh_addr at;
    int listener, peer;
    struct oh_driver *driver;
    int ups, downs;
    struct oh_text got; /* messages, each followed by a newline */
    char *why;
};

static void on_got(struct oh_span message, uint64_t answer_to, void *arg)
{
    assert_int_equal(answer_to, OH_ANSWERS_SOMETHING);
    struct wire *w = arg;
    oh_text_add_span(&w->got, message);
    oh_text_add_char(&w->got, '\n');
    oh_net_stop(w->net);
}

static void on_up(void *arg)
{
    struct wire *w = arg;
    w->ups++;
    oh_net_stop(w->net);
}

static void on_down(const char *why, void *arg)
{
    struct wire *w = arg;
    w->downs++;
    free(w->why);
    w->why = oh_strdup(why);
    oh_net_stop(w->net);
}

static int begin_wire(void **state)
{
    struct wire *w = oh_alloc(sizeof *w);
    *state = w;
    w->listener = w->peer = -1;
    w->net = oh_net_new(NULL);
    if (!w->net || oh_net_free_loopback(&w->at, NULL) != 0)
        return -1;
    w->at.ip[3] = 2;
    w->at.port = oh_net_free_port(&w->at, false, NULL);
    return w->at.port ? 0 : -1;
}

static int end_wire(void **state)
{
    struct wire *w = *state;
    oh_driver_by_name("tcp-netstring")->close(w->driver);
    if (w->peer >= 0)
        close(w->peer);
    if (w->listener >= 0)
        close(w->listener);
    oh_net_free(w->net);
    oh_text_release(&w->got);
    free(w->why);
    free(w);
    return 0;
}

static void open_driver(struct wire *w)
{
    char text[OH_ADDR_TEXT];
    struct oh_error e = {0};
    struct oh_driver_owner owner = {on_got, on_up, on_down, w};
    struct oh_driver_plan plan = {.connect = oh_addr_format(&w->at, text)};
    w->driver = oh_driver_by_name("tcp-netstring")->open(w->net, &plan, &owner, &e);
    assert_non_null(w->driver);
}

static void listen_now(struct wire *w)
{
    struct sockaddr_storage name;
    socklen_t len = oh_addr_to_sockaddr(&w->at, &name);
    int on = 1;
    w->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(w->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    assert_int_equal(bind(w->listener, (struct sockaddr *)&name, len), 0);
    assert_int_equal(listen(w->listener, 1), 0);
}

static void await_count(struct wire *w, const int *count)
{
    int64_t end = oh_net_now(w->net) + PATIENCE_NS;
    while (!*count && oh_net_now(w->net) < end)
        oh_net_run(w->net, end);
    assert_int_equal(*count, 1);
}

static void await_text(struct wire *w, const char *wanted)
{
    int64_t end = oh_net_now(w->net) + PATIENCE_NS;
    while (w->got.len < strlen(wanted) && oh_net_now(w->net) < end)
        oh_net_run(w->net, end);
    assert_string_equal(oh_text_str(&w->got), wanted);
}

static void connect_all(struct wire *w)
{
    listen_now(w);
    open_driver(w);
    await_count(w, &w->ups);
    w->peer = accept(w->listener, NULL, NULL);
    assert_true(w->peer >= 0);
}

static void say(struct wire *w, const char *bytes)
{
    assert_int_equal(send(w->peer, bytes, strlen(bytes), MSG_NOSIGNAL), (ssize_t)strlen(bytes));
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

#define WIRE(f) cmocka_unit_test_setup_teardown(f, begin_wire, end_wire)

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
