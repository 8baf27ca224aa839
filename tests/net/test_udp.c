/* Real sockets and watches, on loopback. */
#include "base/file.h"
#include "net/net.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define MS       OH_NS_PER_MS
#define PATIENCE (20000 * MS) /* for what must happen; never waited out where all is well */

static struct oh_addr addr(const char *text)
{
    struct oh_addr a;
    assert_int_equal(oh_addr_parse(oh_span_of(text), &a, NULL), 0);
    return a;
}

struct bench {
    struct oh_net *net;
    struct oh_socket *a, *b;
    struct oh_text log;
    struct oh_text got;    /* the bytes of the latest datagram */
    size_t awaited, count; /* stops the net when so many have come to B */
    bool close_b, close_a, nested;
    struct oh_watch *watch;
};

static void setup_on(struct bench *bench, const char *ip, oh_datagram_fn *fn)
{
    struct oh_error e;
    struct oh_addr local = addr(ip);
    *bench = (struct bench){.net = oh_net_new(&e)};
    assert_non_null(bench->net);
    bench->a = oh_udp_open(bench->net, "A", &local, fn, bench, &e);
    bench->b = oh_udp_open(bench->net, "B", &local, fn, bench, &e);
    if (!bench->a || !bench->b) {
        oh_net_free(bench->net);
        bench->net = NULL;
    }
}

static void teardown(struct bench *bench)
{
    oh_net_free(bench->net);
    oh_text_release(&bench->log);
    oh_text_release(&bench->got);
}

static void on_datagram(struct oh_socket *s, const struct oh_addr *from, struct oh_span bytes,
                        void *arg)
{
    struct bench *bench = arg;
    assert_ptr_equal(s, bench->b);
    assert_true(oh_addr_equal(from, oh_socket_local(bench->a)));
    oh_text_clear(&bench->got);
    oh_text_add_span(&bench->got, bytes);
    oh_text_addf(&bench->log, "%.*s ", bytes.len > 20 ? 1 : (int)bytes.len, bytes.at);
    if (++bench->count == bench->awaited)
        oh_net_stop(bench->net);
    if (bench->close_b)
        oh_socket_close(bench->b);
    if (bench->close_a)
        oh_socket_close(bench->a);
    bench->close_a = bench->close_b = false;
    if (bench->nested) {
        bench->nested = false;
        assert_true(oh_net_run(bench->net, oh_net_now(bench->net) + PATIENCE));
        oh_text_addf(&bench->log, "outer:%.*s ", OH_SPAN_FMT(bytes));
    }
}

static void setup(struct bench *bench)
{
    setup_on(bench, "127.0.0.1", on_datagram);
    assert_non_null(bench->net);
}

static void send_bytes(struct bench *bench, struct oh_span bytes)
{
    struct oh_error e = {.text = ""};
    int result = oh_udp_send(bench->a, oh_socket_local(bench->b), bytes, &e);
    assert_string_equal(e.text, "");
    assert_int_equal(result, 0);
}

static void send_text(struct bench *bench, const char *text)
{
    send_bytes(bench, oh_span_of(text));
}

static void await(struct bench *bench, size_t count)
{
    bench->awaited = bench->count + count;
    assert_true(oh_net_run(bench->net, oh_net_now(bench->net) + PATIENCE));
}

static void datagrams_arrive_in_order_empty_ones_included(void **state)
{
    (void)state;
    struct bench bench;
    setup(&bench);
    assert_true(oh_socket_local(bench.a)->port != 0);
    assert_true(oh_socket_local(bench.a)->port != oh_socket_local(bench.b)->port);
    assert_string_equal(oh_socket_label(bench.b), "B");
    send_text(&bench, "one");
    send_text(&bench, "");
    send_bytes(&bench, (struct oh_span){NULL, 0});
    send_text(&bench, "two");
    assert_int_equal(bench.count, 0);
    await(&bench, 4);
    assert_string_equal(oh_text_str(&bench.log), "one   two ");
    teardown(&bench);
}

static void datagrams_of_64_kilobytes_arrive_whole(void **state)
{
    (void)state;
    struct bench bench;
    setup(&bench);
    char *bytes = oh_alloc(65508);
    for (size_t i = 0; i < 65508; i++)
        bytes[i] = (char)('a' + i % 23);
    send_bytes(&bench, (struct oh_span){bytes, 65507});
    await(&bench, 1);
    assert_int_equal(bench.got.len, 65507);
    assert_memory_equal(bench.got.at, bytes, 65507);

    struct oh_error e;
    assert_int_equal(
        oh_udp_send(bench.a, oh_socket_local(bench.b), (struct oh_span){bytes, 65508}, &e), -1);
    assert_non_null(strstr(e.text, "do not fit a UDP datagram"));
    free(bytes);
    teardown(&bench);
}

/* Whether this program may have buffers of 4 MB: root may, others as far as the system allows. */
static bool large_buffers_allowed(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0), size = 4 * 1024 * 1024, got = 0;
    socklen_t len = sizeof got;
    assert_true(fd >= 0);
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &got, &len), 0);
    close(fd);
    return got >= size;
}

static void a_flood_of_a_thousand_is_not_lost(void **state)
{
    (void)state;
    struct bench bench;
    if (!large_buffers_allowed())
        skip();
    setup(&bench);
    char bytes[1200];
    for (int i = 0; i < 1000; i++) {
        memset(bytes, 'a' + i % 26, sizeof bytes);
        send_bytes(&bench, (struct oh_span){bytes, sizeof bytes});
    }
    await(&bench, 1000);
    assert_int_equal(bench.log.len, 2000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(bench.log.at[2 * i], 'a' + i % 26);
    teardown(&bench);
}

static void ipv6_works_as_well(void **state)
{
    (void)state;
    struct bench bench;
    setup_on(&bench, "::1", on_datagram);
    if (!bench.net)
        skip(); /* this machine has no IPv6 */
    char *bytes = oh_alloc(65527);
    send_bytes(&bench, (struct oh_span){bytes, 65527});
    await(&bench, 1);
    assert_int_equal(bench.got.len, 65527);
    free(bytes);
    teardown(&bench);
}

static void a_socket_may_be_closed_in_its_own_callback(void **state)
{
    (void)state;
    struct bench bench;
    setup(&bench);
    send_text(&bench, "one");
    send_text(&bench, "late");
    bench.close_b = true;
    await(&bench, 1);
    assert_false(oh_net_run(bench.net, oh_net_now(bench.net) + MS));
    assert_string_equal(oh_text_str(&bench.log), "one ");
    teardown(&bench);
}

static void a_socket_may_be_closed_in_another_s_callback(void **state)
{
    (void)state;
    struct bench bench;
    setup(&bench);
    struct oh_addr b = *oh_socket_local(bench.b);
    assert_int_equal(oh_udp_send(bench.a, &b, oh_span_of("one"), NULL), 0);
    assert_int_equal(oh_udp_send(bench.b, oh_socket_local(bench.a), oh_span_of("A"), NULL), 0);
    struct oh_addr a = *oh_socket_local(bench.a);
    oh_socket_close(bench.a); /* what waits for it is gone */
    bench.a = oh_udp_open(bench.net, "A", &a, on_datagram, &bench, NULL);
    assert_non_null(bench.a);
    bench.close_a = bench.close_b = true;
    await(&bench, 1);
    assert_false(oh_net_run(bench.net, oh_net_now(bench.net) + MS));
    assert_string_equal(oh_text_str(&bench.log), "one ");
    teardown(&bench);
}

static void a_nested_run_leaves_the_outer_datagram_alone(void **state)
{
    (void)state;
    struct bench bench;
    setup(&bench);
    send_text(&bench, "one");
    send_text(&bench, "two");
    send_text(&bench, "six");
    bench.nested = true;
    bench.awaited = 2;
    assert_false(oh_net_run(bench.net, oh_net_now(bench.net) + 2 * MS));
    if (bench.count < 3)
        await(&bench, 3 - bench.count);
    assert_string_equal(oh_text_str(&bench.log), "one two outer:one six ");
    teardown(&bench);
}

static void a_stop_leaves_the_rest_for_the_next_run(void **state)
{
    (void)state;
    struct bench bench;
    setup(&bench);
    send_text(&bench, "one");
    send_text(&bench, "two");
    await(&bench, 1);
    assert_string_equal(oh_text_str(&bench.log), "one ");
    await(&bench, 1);
    assert_string_equal(oh_text_str(&bench.log), "one two ");
    teardown(&bench);
}

static void a_taken_port_is_told_by_whom_with_the_remedy(void **state)
{
    (void)state;
    struct bench bench;
    struct oh_error e;
    char text[OH_ADDR_TEXT], expected[200];
    setup(&bench);
    assert_null(oh_udp_open(bench.net, "P", oh_socket_local(bench.b), on_datagram, &bench, &e));
    snprintf(expected, sizeof expected,
             "'P' cannot be bound to %s: another socket has that UDP port",
             oh_addr_format(oh_socket_local(bench.b), text));
    assert_string_equal(e.text, expected);
    assert_non_null(strstr(e.remedy, "end the program that has it"));

    /* The same by a socket on every address. */
    struct sockaddr_storage name;
    struct oh_addr any = addr("0.0.0.0"), local = addr("127.0.0.7");
    socklen_t len = oh_addr_to_sockaddr(&any, &name);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&name, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &len), 0);
    oh_addr_from_sockaddr((struct sockaddr *)&name, &any);
    local.port = any.port;
    assert_null(oh_udp_open(bench.net, "P", &local, on_datagram, &bench, &e));
    snprintf(expected, sizeof expected,
             "'P' cannot be bound to 127.0.0.7:%u: a socket on 0.0.0.0:%u has that UDP port",
             any.port, any.port);
    assert_string_equal(e.text, expected);
    close(fd);
    struct oh_socket *s = oh_udp_open(bench.net, "P", &local, on_datagram, &bench, &e);
    assert_non_null(s);
    teardown(&bench);
}

static void an_address_of_another_machine_is_refused_with_the_remedy(void **state)
{
    (void)state;
    struct oh_error e;
    struct oh_net *n = oh_net_new(&e);
    struct oh_addr foreign = addr("192.0.2.1:5060");
    assert_null(oh_udp_open(n, "P", &foreign, on_datagram, NULL, &e));
    assert_string_equal(e.text,
                        "'P' cannot be bound to 192.0.2.1:5060: this machine has no such address");
    assert_non_null(strstr(e.remedy, "name an address of this machine"));
    oh_net_free(n);
}

static void a_port_that_nobody_listens_on_kills_no_socket(void **state)
{
    (void)state;
    struct bench bench;
    setup(&bench);
    struct oh_addr gone = *oh_socket_local(bench.b);
    oh_socket_close(bench.b);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(oh_udp_send(bench.a, &gone, oh_span_of("lost"), NULL), 0);
        assert_false(oh_net_run(bench.net, oh_net_now(bench.net) + MS));
    }
    bench.b = oh_udp_open(bench.net, "B", &gone, on_datagram, &bench, NULL);
    assert_non_null(bench.b);
    send_text(&bench, "found");
    await(&bench, 1);
    assert_string_equal(oh_text_str(&bench.log), "found ");
    teardown(&bench);
}

struct tapped {
    struct bench bench;
    int64_t began_ns, sent_ns;
    size_t sent, received;
};

static void on_tap(const struct oh_tap_event *event, void *arg)
{
    struct tapped *t = arg;
    assert_true(oh_span_is(event->bytes, "x"));
    assert_true(event->wall_ns >= t->began_ns && event->wall_ns <= oh_clock_wall_ns());
    const struct oh_socket *s = event->sent ? t->bench.a : t->bench.b;
    const struct oh_socket *other = event->sent ? t->bench.b : t->bench.a;
    assert_string_equal(event->label, oh_socket_label(s));
    assert_true(oh_addr_equal(&event->local, oh_socket_local(s)));
    assert_true(oh_addr_equal(&event->remote, oh_socket_local(other)));
    if (event->sent) {
        t->sent++;
        t->sent_ns = event->wall_ns;
        return;
    }
    t->received++;
    assert_int_equal(t->bench.count, 0); /* the callback comes after */
    assert_true(event->wall_ns >= t->sent_ns);
}

static void the_tap_tells_of_each_datagram_before_its_callback(void **state)
{
    (void)state;
    struct tapped t = {.began_ns = oh_clock_wall_ns()};
    setup(&t.bench);
    oh_net_tap(t.bench.net, on_tap, &t);
    send_text(&t.bench, "x");
    assert_int_equal(t.sent, 1);
    assert_int_equal(t.received, 0);
    await(&t.bench, 1);
    assert_int_equal(t.received, 1);
    oh_net_tap(t.bench.net, NULL, NULL);
    send_text(&t.bench, "y");
    await(&t.bench, 1);
    assert_int_equal(t.sent + t.received, 2);
    teardown(&t.bench);
}

static void hush(void *arg)
{
    oh_net_stop(arg);
}

static void set_hush(struct oh_socket *s, const struct oh_addr *from, struct oh_span bytes,
                     void *arg)
{
    struct bench *bench = arg;
    if (bench->count == 0)
        oh_timer_set(bench->net, oh_net_now(bench->net), hush, bench->net);
    on_datagram(s, from, bytes, arg);
}

static void a_flood_does_not_keep_a_timer_from_firing(void **state)
{
    (void)state;
    struct bench bench;
    setup_on(&bench, "127.0.0.1", set_hush);
    for (int i = 0; i < 150; i++)
        send_text(&bench, "x");
    assert_true(oh_net_run(bench.net, oh_net_now(bench.net) + PATIENCE));
    assert_true(bench.count < 150);
    await(&bench, 150 - bench.count);
    teardown(&bench);
}

/* Always due: set for a moment long past, again and again. */
static void pester(void *arg)
{
    struct bench *bench = arg;
    oh_text_add_char(&bench->got, '.');
    if (bench->got.len < 100000)
        oh_timer_set(bench->net, 0, pester, bench);
    else
        oh_net_stop(bench->net);
}

static void a_timer_that_is_always_due_does_not_keep_datagrams_away(void **state)
{
    (void)state;
    struct bench bench;
    setup(&bench);
    send_text(&bench, "heard");
    oh_timer_set(bench.net, 0, pester, &bench);
    await(&bench, 1);
    assert_string_equal(oh_text_str(&bench.log), "heard ");
    teardown(&bench);
}

/* Reads 8 bytes at most; at the end of the pipe the watch frees itself. */
static void on_pipe(int fd, void *arg)
{
    struct bench *bench = arg;
    char bytes[8];
    ssize_t len = read(fd, bytes, sizeof bytes);
    assert_true(len >= 0);
    oh_text_addf(&bench->log, "%.*s|", (int)len, bytes);
    if (len == 0) {
        oh_watch_free(bench->watch);
        bench->watch = NULL;
        oh_net_stop(bench->net);
    }
}

static void a_watch_reads_a_pipe_to_its_end_and_leaves_its_flags_alone(void **state)
{
    (void)state;
    struct bench bench = {.net = oh_net_new(NULL)};
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    bench.watch = oh_watch_new(bench.net, ends[0], on_pipe, &bench);
    assert_non_null(bench.watch);
    assert_int_equal(fcntl(ends[0], F_GETFL) & O_NONBLOCK, 0);
    assert_false(oh_net_run(bench.net, oh_net_now(bench.net) + MS));
    assert_string_equal(oh_text_str(&bench.log), "");
    assert_int_equal(write(ends[1], "registered", 10), 10);
    close(ends[1]);
    assert_true(oh_net_run(bench.net, oh_net_now(bench.net) + PATIENCE));
    assert_string_equal(oh_text_str(&bench.log), "register|ed||");
    close(ends[0]);
    teardown(&bench);
}

static void read_all_nested(int fd, void *arg)
{
    struct bench *bench = arg;
    char byte;
    assert_int_equal(read(fd, &byte, 1), 1); /* would block for ever on an event that is stale */
    oh_text_add_char(&bench->log, byte);
    if (byte == '(') {
        assert_false(oh_net_run(bench->net, oh_net_now(bench->net) + 2 * MS));
        oh_text_add_char(&bench->log, ')');
    }
}

static void a_nested_run_leaves_no_stale_event_behind(void **state)
{
    (void)state;
    struct bench bench = {.net = oh_net_new(NULL)};
    int one[2], two[2];
    assert_int_equal(pipe(one) + pipe(two), 0);
    assert_int_equal(write(one[1], "(", 1) + write(two[1], "(", 1), 2);
    oh_watch_new(bench.net, one[0], read_all_nested, &bench);
    struct oh_watch *w = oh_watch_new(bench.net, two[0], read_all_nested, &bench);
    assert_false(oh_net_run(bench.net, oh_net_now(bench.net) + 2 * MS));
    assert_string_equal(oh_text_str(&bench.log), "(())");
    oh_watch_free(w);
    oh_watch_free(NULL);
    teardown(&bench); /* frees the other */
    for (int i = 0; i < 2; i++) {
        close(one[i]);
        close(two[i]);
    }
}

static void what_cannot_be_waited_for_is_refused(void **state)
{
    (void)state;
    struct oh_net *n = oh_net_new(NULL);
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    assert_true(file >= 0);
    assert_null(oh_watch_new(n, file, on_pipe, NULL));
    close(file);
    assert_null(oh_watch_new(n, file, on_pipe, NULL));
    oh_net_free(n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(datagrams_arrive_in_order_empty_ones_included),
        cmocka_unit_test(datagrams_of_64_kilobytes_arrive_whole),
        cmocka_unit_test(a_flood_of_a_thousand_is_not_lost),
        cmocka_unit_test(ipv6_works_as_well),
        cmocka_unit_test(a_socket_may_be_closed_in_its_own_callback),
        cmocka_unit_test(a_socket_may_be_closed_in_another_s_callback),
        cmocka_unit_test(a_nested_run_leaves_the_outer_datagram_alone),
        cmocka_unit_test(a_stop_leaves_the_rest_for_the_next_run),
        cmocka_unit_test(a_taken_port_is_told_by_whom_with_the_remedy),
        cmocka_unit_test(an_address_of_another_machine_is_refused_with_the_remedy),
        cmocka_unit_test(a_port_that_nobody_listens_on_kills_no_socket),
        cmocka_unit_test(the_tap_tells_of_each_datagram_before_its_callback),
        cmocka_unit_test(a_flood_does_not_keep_a_timer_from_firing),
        cmocka_unit_test(a_timer_that_is_always_due_does_not_keep_datagrams_away),
        cmocka_unit_test(a_watch_reads_a_pipe_to_its_end_and_leaves_its_flags_alone),
        cmocka_unit_test(a_nested_run_leaves_no_stale_event_behind),
        cmocka_unit_test(what_cannot_be_waited_for_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
