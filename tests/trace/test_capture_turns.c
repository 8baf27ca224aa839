/* Many short scenarios on one capture: each file has its own datagrams, all of them, and turning
 * from one to the next costs next to nothing. Needs the right to capture; skipped without it. */
#include "trace/capture.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { TURNS = 200, DATAGRAMS = 100, BETWEEN = 7 };

struct turns {
    struct oh_net *net;
    struct oh_capture *capture;
    struct oh_addr host;
    struct oh_socket *socket;
    unsigned told;
    char path[64];
};

static void ignore(struct oh_socket *s, const struct oh_addr *from, struct oh_span bytes, void *arg)
{
    (void)s, (void)from, (void)bytes, (void)arg;
}

static void on_captured(int64_t wall_ns, const struct oh_addr *src, const struct oh_addr *dst,
                        enum oh_transport transport, struct oh_span bytes, void *arg)
{
    struct turns *t = arg;
    (void)wall_ns, (void)src, (void)dst, (void)transport;
    t->told += oh_span_is(bytes, "within");
}

static int setup(void **state)
{
    struct turns *t = oh_alloc(sizeof *t);
    struct oh_error e = {0};
    *state = t;
    t->net = oh_net_new(&e);
    assert_int_equal(oh_net_free_loopback(&t->host, &e), 0);
    t->host.ip[3] = 1;
    t->socket = oh_udp_open(t->net, "A", &t->host, ignore, t, &e);
    assert_non_null(t->socket);
    t->capture = oh_capture_open(t->net, &t->host, 1, &e);
    snprintf(t->path, sizeof t->path, "/tmp/offhook-test-turns-%d.pcap", (int)getpid());
    return 0;
}

static int teardown(void **state)
{
    struct turns *t = *state;
    oh_capture_close(t->capture);
    oh_net_free(t->net);
    unlink(t->path);
    free(t);
    return 0;
}

static void send_many(struct turns *t, const char *text, int count)
{
    struct oh_error e = {0};
    for (int i = 0; i < count; i++)
        assert_int_equal(oh_udp_send(t->socket, oh_socket_local(t->socket), oh_span_of(text), &e),
                         0);
}

static int by_size(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void each_of_many_files_has_all_of_its_own_and_turning_takes_no_time(void **state)
{
    struct turns *t = *state;
    struct oh_error e = {0};
    int64_t took_ns[TURNS];
    if (!t->capture)
        skip();
    for (int i = 0; i < TURNS; i++) {
        uint64_t received, dropped;
        send_many(t, "between", BETWEEN);
        t->told = 0;
        int64_t began_ns = oh_clock_mono_ns();
        assert_int_equal(oh_capture_begin(t->capture, t->path, &e), 0);
        took_ns[i] = oh_clock_mono_ns() - began_ns;
        oh_capture_listen(t->capture, on_captured, t);
        send_many(t, "within", DATAGRAMS);
        began_ns = oh_clock_mono_ns();
        assert_int_equal(oh_capture_end(t->capture, &received, &dropped, &e), 0);
        took_ns[i] += oh_clock_mono_ns() - began_ns;
        assert_int_equal(received, DATAGRAMS);
        assert_int_equal(t->told, DATAGRAMS);
        assert_int_equal(dropped, 0);
        assert_true(oh_capture_began_ns(t->capture) < oh_capture_ended_ns(t->capture));
    }
    qsort(took_ns, TURNS, sizeof *took_ns, by_size);
    print_message("begin and end: median %.2f ms, worst %.2f ms\n",
                  (double)took_ns[TURNS / 2] / 1e6, (double)took_ns[TURNS - 1] / 1e6);
    assert_true(took_ns[TURNS / 2] < 20 * OH_NS_PER_MS); /* a tick of the slowest clock is 10 ms */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            each_of_many_files_has_all_of_its_own_and_turning_takes_no_time, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
