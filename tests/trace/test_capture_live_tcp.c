/* Capturing TCP on loopback: what the listener is told while it goes on is what the file gives
 * afterwards. Needs the right to capture; without it all are skipped, visibly. */
#include "trace/capture.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_NS (20 * OH_NS_PER_S) /* never waited out where all is well */

/* Two plain sockets that are connected to each other, watched by a capture. */
struct bench {
    struct oh_net *net;
    struct oh_capture *capture;
    struct oh_addr hosts[2], local, remote;
    int listener, ends[2]; /* [0] at hosts[0], the one that opened the connection */
    unsigned told, awaited;
    bool in_order;
    char path[64];
    uint64_t received, dropped;
    struct oh_error e;
};

static struct oh_text message(unsigned number, size_t body_len)
{
    struct oh_text t = {0};
    oh_text_addf(&t, "OPTIONS sip:b SIP/2.0\r\nCSeq: %u OPTIONS\r\nContent-Length: %zu\r\n\r\n",
                 number, body_len);
    for (size_t i = 0; i < body_len; i++)
        oh_text_add_char(&t, (char)('a' + i * 7 % 26));
    return t;
}

static void on_captured(int64_t wall_ns, const struct oh_addr *src, const struct oh_addr *dst,
                        enum oh_transport transport, struct oh_span bytes, void *arg)
{
    struct bench *b = arg;
    char start[64];
    snprintf(start, sizeof start, "OPTIONS sip:b SIP/2.0\r\nCSeq: %u OPTIONS\r\n", b->told);
    b->in_order &= transport == OH_TRANSPORT_TCP && oh_span_starts_with(bytes, start) &&
                   oh_addr_equal(src, &b->local) && oh_addr_equal(dst, &b->remote) && wall_ns > 0;
    if (++b->told == b->awaited)
        oh_net_stop(b->net);
}

static struct oh_addr name_of(int fd, bool peer)
{
    struct sockaddr_storage name;
    struct oh_addr a;
    socklen_t len = sizeof name;
    struct sockaddr *out = (struct sockaddr *)&name;
    assert_int_equal(peer ? getpeername(fd, out, &len) : getsockname(fd, out, &len), 0);
    oh_addr_from_sockaddr(out, &a);
    return a;
}

static int bound_socket(const struct oh_addr *a)
{
    struct sockaddr_storage name;
    socklen_t len = oh_addr_to_sockaddr(a, &name);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&name, len), 0);
    return fd;
}

static void connect_ends(struct bench *b)
{
    struct sockaddr_storage name;
    struct oh_addr at = name_of(b->listener, false);
    socklen_t len = oh_addr_to_sockaddr(&at, &name);
    b->ends[0] = bound_socket(&b->hosts[0]);
    assert_int_equal(connect(b->ends[0], (struct sockaddr *)&name, len), 0);
    b->ends[1] = accept(b->listener, NULL, NULL);
    assert_true(b->ends[1] >= 0);
    b->local = name_of(b->ends[0], false);
    b->remote = name_of(b->ends[0], true);
}

static void close_ends(struct bench *b)
{
    close(b->ends[0]);
    close(b->ends[1]);
}

static void close_bench(struct bench *b)
{
    oh_capture_close(b->capture);
    oh_net_free(b->net);
    close(b->listener);
    unlink(b->path);
}

static void open_bench(struct bench *b)
{
    struct oh_addr net24;
    *b = (struct bench){.in_order = true};
    assert_int_equal(oh_net_free_loopback(&net24, &b->e), 0);
    for (int i = 0; i < 2; i++) {
        b->hosts[i] = net24;
        b->hosts[i].ip[3] = (uint8_t)(i + 1);
    }
    b->net = oh_net_new(&b->e);
    b->listener = bound_socket(&b->hosts[1]);
    assert_int_equal(listen(b->listener, 4), 0);
    snprintf(b->path, sizeof b->path, "/tmp/offhook-test-XXXXXX");
    int fd = mkstemp(b->path);
    assert_true(fd >= 0);
    close(fd);
    b->capture = oh_capture_open(b->net, b->hosts, 2, &b->e);
    if (!b->capture && strstr(b->e.text, "no right")) {
        close_bench(b);
        print_message("skipped: %s\n", b->e.text);
        skip();
    }
    assert_non_null(b->capture);
    oh_capture_listen(b->capture, on_captured, b);
}

static void begin(struct bench *b)
{
    assert_int_equal(oh_capture_begin(b->capture, b->path, &b->e), 0);
}

static void end(struct bench *b)
{
    assert_int_equal(oh_capture_end(b->capture, &b->received, &b->dropped, &b->e), 0);
    assert_int_equal(b->dropped, 0);
}

static void say(struct bench *b, struct oh_span bytes)
{
    assert_int_equal(send(b->ends[0], bytes.at, bytes.len, MSG_NOSIGNAL), (ssize_t)bytes.len);
    for (size_t got = 0; got < bytes.len;) { /* the other end takes all before we go on */
        char room[4096];
        size_t want = bytes.len - got < sizeof room ? bytes.len - got : sizeof room;
        ssize_t n = recv(b->ends[1], room, want, 0);
        assert_true(n > 0);
        got += (size_t)n;
    }
}

static void say_text(struct bench *b, const char *text)
{
    say(b, oh_span_of(text));
}

/* Message `number` in parts of at most `most` bytes. */
static void say_message(struct bench *b, unsigned number, size_t body_len, size_t most)
{
    struct oh_text m = message(number, body_len);
    struct oh_span all = oh_text_span(&m);
    for (size_t at = 0; at < all.len; at += most)
        say(b, oh_span_sub(all, at, most));
    oh_text_release(&m);
}

static void await(struct bench *b, unsigned count)
{
    b->awaited = count;
    assert_true(b->told >= count || oh_net_run(b->net, oh_net_now(b->net) + PATIENCE_NS));
    assert_int_equal(b->told, count);
    assert_true(b->in_order);
}

static void assert_file(const struct bench *b, unsigned count, size_t skipped)
{
    bool truncated;
    struct oh_trace *t = oh_trace_new();
    assert_int_equal(oh_capture_read_sip_at(b->path, &b->remote, 1, t, &truncated, NULL), 0);
    assert_false(truncated);
    assert_int_equal(t->msg_count, count);
    assert_int_equal(t->skipped, skipped);
    assert_int_equal(t->frames, b->received);
    for (unsigned i = 0; i < count; i++) {
        char cseq[32];
        snprintf(cseq, sizeof cseq, "%u OPTIONS", i);
        assert_true(oh_span_is(oh_sip_msg_header(t->msgs[i].sip, OH_SIP_CSEQ, 0)->value, cseq));
        assert_int_equal(t->msgs[i].transport, OH_TRANSPORT_TCP);
        assert_int_equal(t->msgs[i].sip->defect_count, 0);
        assert_true(oh_addr_equal(&t->msgs[i].src, &b->local));
    }
    oh_trace_free(t);
}

static void every_message_of_a_connection_is_told_once_and_in_order(void **state)
{
    (void)state;
    struct bench b;
    open_bench(&b);
    begin(&b);
    connect_ends(&b);
    for (unsigned i = 0; i < 200; i++)
        say_message(&b, i, i % 7 * 400, i % 3 ? 333 : 100000);
    close_ends(&b);
    await(&b, 200);
    end(&b);
    assert_int_equal(b.told, 200);
    assert_file(&b, 200, 0);
    close_bench(&b);
}

static void keepalives_noise_and_halves_are_not_told(void **state)
{
    (void)state;
    struct bench b;
    open_bench(&b);
    begin(&b);
    connect_ends(&b);
    say_text(&b, "\r\n\r\n");
    say_message(&b, 0, 0, 1000);
    say_text(&b, "nonsense\r\n");
    say_message(&b, 1, 0, 1000);
    say_text(&b, "\r\n\r\nOPTIONS sip:b SIP/2.0\r\n");
    close_ends(&b);
    await(&b, 2);
    end(&b);
    assert_int_equal(b.told, 2);
    assert_file(&b, 2, 2); /* the nonsense and the half */
    close_bench(&b);
}

static void a_connection_goes_on_into_the_next_file(void **state)
{
    (void)state;
    struct bench b;
    open_bench(&b);
    begin(&b);
    connect_ends(&b);
    say_message(&b, 0, 10, 1000);
    await(&b, 1);
    end(&b);
    assert_file(&b, 1, 0);
    oh_capture_sip_at(b.capture, &b.remote, 1);
    begin(&b);
    b.told = 0;
    say_message(&b, 0, 2000, 500);
    say_message(&b, 1, 10, 1000);
    await(&b, 2);
    close_ends(&b);
    end(&b);
    assert_file(&b, 2, 0);
    close_bench(&b);
}

static void a_control_connection_between_the_same_hosts_is_not_sip(void **state)
{
    (void)state;
    struct bench b;
    struct oh_addr elsewhere;
    open_bench(&b);
    elsewhere = b.hosts[1];
    elsewhere.port = 5060;
    connect_ends(&b);
    oh_capture_sip_at(b.capture, &elsewhere, 1);
    begin(&b);
    say_text(&b, "event: sent\r\nOPTIONS sip:b SIP/2.0\r\nCSeq: 0 OPTIONS\r\n\r\n");
    close_ends(&b);
    end(&b);
    assert_int_equal(b.told, 0);
    assert_true(b.received > 0); /* it is in the file for people to see */
    bool truncated;
    struct oh_trace *t = oh_trace_new();
    assert_int_equal(oh_capture_read_sip_at(b.path, &elsewhere, 1, t, &truncated, NULL), 0);
    assert_int_equal(t->msg_count, 0);
    assert_false(truncated);
    oh_trace_free(t);
    close_bench(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_of_a_connection_is_told_once_and_in_order),
        cmocka_unit_test(keepalives_noise_and_halves_are_not_told),
        cmocka_unit_test(a_connection_goes_on_into_the_next_file),
        cmocka_unit_test(a_control_connection_between_the_same_hosts_is_not_sip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
