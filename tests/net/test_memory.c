/* Datagrams in the in-memory twin. */
#include "base/file.h"
#include "net/net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MS OH_NS_PER_MS

static struct oh_addr addr(const char *text)
{
    struct oh_addr a;
    assert_int_equal(oh_addr_parse(oh_span_of(text), &a, NULL), 0);
    return a;
}

/* A net with two sockets, and a log of all that happens to them. */
struct bench {
    struct oh_net *net;
    struct oh_socket *a, *b;
    struct oh_text log;
};

/* B writes down what it gets; "close b" and "close a" are obeyed, "nested" runs the net. */
static void on_b(struct oh_socket *s, const struct oh_addr *from, struct oh_span bytes, void *arg)
{
    struct bench *bench = arg;
    char text[OH_ADDR_TEXT];
    oh_text_addf(&bench->log, "%s<%s:%.*s ", oh_socket_label(s), oh_addr_format(from, text),
                 OH_SPAN_FMT(bytes));
    if (oh_span_is(bytes, "close b"))
        oh_socket_close(bench->b);
    if (oh_span_is(bytes, "close a"))
        oh_socket_close(bench->a);
    if (oh_span_is(bytes, "stop"))
        oh_net_stop(bench->net);
    if (oh_span_is(bytes, "nested")) {
        oh_text_add(&bench->log, "( ");
        assert_false(oh_net_run(bench->net, oh_net_now(bench->net)));
        oh_text_addf(&bench->log, "%.*s ) ", OH_SPAN_FMT(bytes));
    }
}

/* A sends back what it gets. */
static void on_a(struct oh_socket *s, const struct oh_addr *from, struct oh_span bytes, void *arg)
{
    struct bench *bench = arg;
    oh_text_addf(&bench->log, "A<%.*s ", OH_SPAN_FMT(bytes));
    assert_int_equal(oh_udp_send(s, from, bytes, NULL), 0);
}

static void tick(void *arg)
{
    struct bench *bench = arg;
    oh_text_addf(&bench->log, "%dms ", (int)(oh_net_now(bench->net) / MS));
}

static void setup(struct bench *bench)
{
    struct oh_addr a = addr("127.0.0.1:5060"), b = addr("127.0.0.2:5060");
    *bench = (struct bench){.net = oh_net_new_memory()};
    bench->a = oh_udp_open(bench->net, "A", &a, on_a, bench, NULL);
    bench->b = oh_udp_open(bench->net, "B", &b, on_b, bench, NULL);
    assert_non_null(bench->a);
    assert_non_null(bench->b);
}

static void teardown(struct bench *bench)
{
    oh_net_free(bench->net);
    oh_text_release(&bench->log);
}

static void send_text(struct oh_socket *s, const char *to, const char *text)
{
    struct oh_addr remote = addr(to);
    assert_int_equal(oh_udp_send(s, &remote, oh_span_of(text), NULL), 0);
}

static void run_to(struct bench *bench, int64_t ms)
{
    assert_false(oh_net_run(bench->net, ms * MS));
}

static void datagrams_arrive_in_order_and_only_while_the_net_runs(void **state)
{
    (void)state;
    struct bench bench;
    setup(&bench);
    send_text(bench.a, "127.0.0.2:5060", "one");
    send_text(bench.a, "127.0.0.2:5060", "two");
    send_text(bench.a, "127.0.0.2:5060", "");
    send_text(bench.b, "127.0.0.1:5060", "three");
    assert_string_equal(oh_text_str(&bench.log), "");
    run_to(&bench, 0);
    assert_string_equal(oh_text_str(&bench.log),
                        "B<127.0.0.1:5060:one B<127.0.0.1:5060:two B<127.0.0.1:5060: A<three "
                        "B<127.0.0.1:5060:three ");
    teardown(&bench);
}

static void a_datagram_to_nobody_is_lost_without_a_word(void **state)
{
    (void)state;
    struct bench bench;
    setup(&bench);
    send_text(bench.a, "127.0.0.3:5060", "one");
    send_text(bench.a, "127.0.0.2:5061", "two");
    run_to(&bench, 1);
    assert_string_equal(oh_text_str(&bench.log), "");
    teardown(&bench);
}

static void datagrams_under_way_arrive_before_the_clock_moves_and_before_timers(void **state)
{
    (void)state;
    struct bench bench;
    setup(&bench);
    oh_timer_set(bench.net, 0, tick, &bench);
    oh_timer_set(bench.net, 500 * MS, tick, &bench);
    send_text(bench.b, "127.0.0.1:5060", "echo");
    run_to(&bench, 1000);
    assert_string_equal(oh_text_str(&bench.log), "A<echo B<127.0.0.1:5060:echo 0ms 500ms ");
    teardown(&bench);
}

static void a_socket_may_be_closed_in_its_own_callback(void **state)
{
    (void)state;
    struct bench bench;
    setup(&bench);
    send_text(bench.a, "127.0.0.2:5060", "close b");
    send_text(bench.a, "127.0.0.2:5060", "late");
    oh_socket_close(NULL);
    oh_timer_set(bench.net, 0, tick, &bench);
    run_to(&bench, 1);
    assert_string_equal(oh_text_str(&bench.log), "B<127.0.0.1:5060:close b 0ms ");
    teardown(&bench);
}

static void a_socket_may_be_closed_in_another_s_callback_and_loses_what_waits_for_it(void **state)
{
    (void)state;
    struct bench bench;
    setup(&bench);
    send_text(bench.b, "127.0.0.2:5060", "close a");
    send_text(bench.b, "127.0.0.1:5060", "late");
    send_text(bench.b, "127.0.0.2:5060", "after");
    run_to(&bench, 0);
    assert_string_equal(oh_text_str(&bench.log),
                        "B<127.0.0.2:5060:close a B<127.0.0.2:5060:after ");
    struct oh_addr a = addr("127.0.0.1:5060"); /* its address is free again, and its queue gone */
    bench.a = oh_udp_open(bench.net, "A", &a, on_a, &bench, NULL);
    assert_non_null(bench.a);
    send_text(bench.b, "127.0.0.1:5060", "new");
    run_to(&bench, 0);
    assert_string_equal(oh_text_str(&bench.log),
                        "B<127.0.0.2:5060:close a B<127.0.0.2:5060:after A<new "
                        "B<127.0.0.1:5060:new ");
    teardown(&bench);
}

static void a_closed_socket_takes_only_its_own_datagrams_along(void **state)
{
    (void)state;
    struct bench bench;
    setup(&bench);
    send_text(bench.b, "127.0.0.2:5060", "one");
    send_text(bench.b, "127.0.0.1:5060", "late");
    oh_socket_close(bench.a);
    send_text(bench.b, "127.0.0.2:5060", "two");
    run_to(&bench, 0);
    assert_string_equal(oh_text_str(&bench.log), "B<127.0.0.2:5060:one B<127.0.0.2:5060:two ");
    teardown(&bench);
}

static void a_nested_run_delivers_what_follows_and_leaves_the_outer_datagram_alone(void **state)
{
    (void)state;
    struct bench bench;
    setup(&bench);
    send_text(bench.a, "127.0.0.2:5060", "nested");
    send_text(bench.a, "127.0.0.2:5060", "close b");
    run_to(&bench, 0);
    assert_string_equal(oh_text_str(&bench.log),
                        "B<127.0.0.1:5060:nested ( B<127.0.0.1:5060:close b nested ) ");
    teardown(&bench);
}

static void a_stop_leaves_the_rest_for_the_next_run(void **state)
{
    (void)state;
    struct bench bench;
    setup(&bench);
    send_text(bench.a, "127.0.0.2:5060", "stop");
    send_text(bench.a, "127.0.0.2:5060", "rest");
    assert_true(oh_net_run(bench.net, 7 * MS));
    assert_string_equal(oh_text_str(&bench.log), "B<127.0.0.1:5060:stop ");
    assert_int_equal(oh_net_now(bench.net), 0);
    run_to(&bench, 7);
    assert_string_equal(oh_text_str(&bench.log), "B<127.0.0.1:5060:stop B<127.0.0.1:5060:rest ");
    assert_int_equal(oh_net_now(bench.net), 7 * MS);
    teardown(&bench);
}

static void a_taken_port_is_refused_with_the_remedy_and_port_0_takes_a_free_one(void **state)
{
    (void)state;
    struct bench bench;
    struct oh_error e;
    setup(&bench);
    struct oh_addr a = addr("127.0.0.1:5060"), any = addr("127.0.0.1"),
                   first = addr("127.0.0.1:49152");
    assert_null(oh_udp_open(bench.net, "P", &a, on_a, &bench, &e));
    assert_string_equal(e.text,
                        "'P' cannot be bound to 127.0.0.1:5060: another socket has that UDP port");
    assert_non_null(strstr(e.remedy, "choose another port or address"));

    struct oh_socket *held = oh_udp_open(bench.net, "P", &first, on_a, &bench, &e);
    assert_non_null(held);
    struct oh_socket *x = oh_udp_open(bench.net, "P", &any, on_a, &bench, &e);
    struct oh_socket *y = oh_udp_open(bench.net, "P", &any, on_a, &bench, &e);
    assert_non_null(x);
    assert_non_null(y);
    assert_int_equal(oh_socket_local(x)->port, 49153);
    assert_int_equal(oh_socket_local(y)->port, 49154);
    teardown(&bench);
}

static void note_tap(const struct oh_tap_event *event, void *arg)
{
    struct bench *bench = arg;
    char local[OH_ADDR_TEXT], remote[OH_ADDR_TEXT], stamp[32];
    oh_text_addf(&bench->log, "[%s %s %s %s %.*s %s] ", event->label,
                 oh_addr_format_ip(&event->local, local), event->sent ? "to" : "from",
                 oh_addr_format_ip(&event->remote, remote), OH_SPAN_FMT(event->bytes),
                 oh_clock_format(event->wall_ns, stamp));
}

static void the_tap_tells_of_each_datagram_before_its_callback_with_virtual_wall_time(void **state)
{
    (void)state;
    struct bench bench;
    setup(&bench);
    oh_net_tap(bench.net, note_tap, &bench);
    run_to(&bench, 1500);
    send_text(bench.a, "127.0.0.2:5060", "x");
    send_text(bench.a, "127.0.0.3:5060", "y");
    run_to(&bench, 1500);
    oh_net_tap(bench.net, NULL, NULL);
    send_text(bench.a, "127.0.0.2:5060", "z");
    run_to(&bench, 1500);
    assert_string_equal(oh_text_str(&bench.log),
                        "[A 127.0.0.1 to 127.0.0.2 x 2026-01-01T00:00:01.500Z] "
                        "[A 127.0.0.1 to 127.0.0.3 y 2026-01-01T00:00:01.500Z] "
                        "[B 127.0.0.2 from 127.0.0.1 x 2026-01-01T00:00:01.500Z] "
                        "B<127.0.0.1:5060:x B<127.0.0.1:5060:z ");
    teardown(&bench);
}

static void close_b_on_arrival(const struct oh_tap_event *event, void *arg)
{
    struct bench *bench = arg;
    if (!event->sent)
        oh_socket_close(bench->b);
}

static void a_socket_closed_by_the_tap_gets_no_callback(void **state)
{
    (void)state;
    struct bench bench;
    setup(&bench);
    oh_net_tap(bench.net, close_b_on_arrival, &bench);
    send_text(bench.a, "127.0.0.2:5060", "x");
    run_to(&bench, 0);
    assert_string_equal(oh_text_str(&bench.log), "");
    teardown(&bench);
}

static void what_cannot_be_sent_is_an_error_and_is_not_tapped(void **state)
{
    (void)state;
    struct bench bench;
    struct oh_error e;
    char *large = oh_alloc(65508);
    setup(&bench);
    oh_net_tap(bench.net, note_tap, &bench);
    struct oh_addr six = addr("[::1]:5060"), portless = addr("127.0.0.2"), b = addr("127.0.0.2:9");
    assert_int_equal(oh_udp_send(bench.a, &six, oh_span_of("x"), &e), -1);
    assert_non_null(strstr(e.text, "another address family"));
    assert_int_equal(oh_udp_send(bench.a, &portless, oh_span_of("x"), &e), -1);
    assert_non_null(strstr(e.text, "it has no port"));
    assert_int_equal(oh_udp_send(bench.a, &b, (struct oh_span){large, 65508}, &e), -1);
    assert_non_null(strstr(e.text, "65508 bytes to 127.0.0.2:9 do not fit"));
    assert_string_equal(oh_text_str(&bench.log), "");
    assert_int_equal(oh_udp_send(bench.a, &b, (struct oh_span){large, 65507}, &e), 0);
    free(large);
    teardown(&bench);
}

static void addresses_that_blur_the_record_are_refused(void **state)
{
    (void)state;
    struct oh_net *n = oh_net_new_memory();
    struct oh_error e;
    struct oh_addr none = {0}, any4 = addr("0.0.0.0:5060"), any6 = addr("[::]:5060");
    assert_null(oh_udp_open(n, "P", &none, on_a, NULL, &e));
    assert_non_null(strstr(e.text, "has no address"));
    assert_null(oh_udp_open(n, "P", &any4, on_a, NULL, &e));
    assert_non_null(strstr(e.text, "every address of this machine"));
    assert_null(oh_udp_open(n, "P", &any6, on_a, NULL, &e));
    oh_net_free(n);
    oh_net_free(NULL);
}

/* One play: an echo among three, with timers in between. */
static void play(struct oh_text *out)
{
    struct bench bench;
    setup(&bench);
    oh_net_tap(bench.net, note_tap, &bench);
    for (int i = 0; i < 5; i++) {
        oh_timer_set(bench.net, (i * 7 % 5) * 10 * MS, tick, &bench);
        run_to(&bench, i * 9);
        send_text(bench.b, "127.0.0.1:5060", "ping");
        send_text(bench.a, "127.0.0.2:5060", "pong");
    }
    run_to(&bench, 100);
    oh_text_add_span(out, oh_text_span(&bench.log));
    teardown(&bench);
}

static void the_same_play_gives_the_same_events(void **state)
{
    (void)state;
    struct oh_text one = {0}, two = {0};
    play(&one);
    play(&two);
    assert_true(one.len > 500);
    assert_string_equal(oh_text_str(&one), oh_text_str(&two));
    oh_text_release(&one);
    oh_text_release(&two);
}

static void a_net_is_freed_with_datagrams_and_timers_under_way(void **state)
{
    (void)state;
    struct bench bench;
    setup(&bench);
    send_text(bench.a, "127.0.0.2:5060", "never seen");
    oh_timer_set(bench.net, 5 * MS, tick, &bench);
    teardown(&bench);
    assert_int_equal(bench.log.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(datagrams_arrive_in_order_and_only_while_the_net_runs),
        cmocka_unit_test(a_datagram_to_nobody_is_lost_without_a_word),
        cmocka_unit_test(datagrams_under_way_arrive_before_the_clock_moves_and_before_timers),
        cmocka_unit_test(a_socket_may_be_closed_in_its_own_callback),
        cmocka_unit_test(a_socket_may_be_closed_in_another_s_callback_and_loses_what_waits_for_it),
        cmocka_unit_test(a_closed_socket_takes_only_its_own_datagrams_along),
        cmocka_unit_test(a_nested_run_delivers_what_follows_and_leaves_the_outer_datagram_alone),
        cmocka_unit_test(a_stop_leaves_the_rest_for_the_next_run),
        cmocka_unit_test(a_taken_port_is_refused_with_the_remedy_and_port_0_takes_a_free_one),
        cmocka_unit_test(the_tap_tells_of_each_datagram_before_its_callback_with_virtual_wall_time),
        cmocka_unit_test(a_socket_closed_by_the_tap_gets_no_callback),
        cmocka_unit_test(what_cannot_be_sent_is_an_error_and_is_not_tapped),
        cmocka_unit_test(addresses_that_blur_the_record_are_refused),
        cmocka_unit_test(the_same_play_gives_the_same_events),
        cmocka_unit_test(a_net_is_freed_with_datagrams_and_timers_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
