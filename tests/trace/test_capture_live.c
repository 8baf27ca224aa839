/* Capturing on loopback, into files. Needs the right to capture; without it all but two of these
 * are skipped, visibly. */
#include "trace/capture.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_NS                                                                                \
    (20 * OH_NS_PER_S) /* for what must happen; never waited out where all is well */
enum { FILE_HEADER = 24, RECORD_HEADER = 16 };

struct bench {
    struct oh_net *net;
    struct oh_capture *capture;
    struct oh_addr hosts[2];
    struct oh_socket *a, *b;
    unsigned seen, awaited; /* datagrams that the capture told of */
    unsigned sent, to_send;
    size_t body_len;
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

static void ignore(struct oh_socket *s, const struct oh_addr *from, struct oh_span bytes, void *arg)
{
    (void)s, (void)from, (void)bytes, (void)arg;
}

static void on_captured(int64_t wall_ns, const struct oh_addr *src, const struct oh_addr *dst,
                        enum oh_transport transport, struct oh_span bytes, void *arg)
{
    struct bench *b = arg;
    struct oh_text wanted = message(b->seen, b->body_len);
    int64_t age_ns = oh_clock_wall_ns() - wall_ns;
    b->in_order &= oh_span_equal(bytes, oh_text_span(&wanted)) && age_ns > 0 &&
                   age_ns < PATIENCE_NS && oh_addr_equal(src, oh_socket_local(b->a)) &&
                   oh_addr_equal(dst, oh_socket_local(b->b)) && transport == OH_TRANSPORT_UDP;
    oh_text_release(&wanted);
    if (++b->seen == b->awaited)
        oh_net_stop(b->net);
}

/* Some datagrams a turn, so that the loop gets to read as well. */
static void send_some(void *arg)
{
    struct bench *b = arg;
    for (int i = 0; i < 10 && b->sent < b->to_send; i++) {
        struct oh_text m = message(b->sent++, b->body_len);
        assert_int_equal(oh_udp_send(b->a, oh_socket_local(b->b), oh_text_span(&m), &b->e), 0);
        oh_text_release(&m);
    }
    if (b->sent < b->to_send)
        oh_timer_set(b->net, oh_net_now(b->net), send_some, b);
}

/* Sends `count` datagrams from A to B and returns when the capture has told of all. */
static void send_and_see(struct bench *b, unsigned count)
{
    b->sent = b->seen = 0;
    b->to_send = b->awaited = count;
    b->in_order = true;
    oh_timer_set(b->net, oh_net_now(b->net), send_some, b);
    assert_true(oh_net_run(b->net, oh_net_now(b->net) + PATIENCE_NS));
    assert_int_equal(b->seen, count);
    assert_true(b->in_order);
}

static void close_bench(struct bench *b)
{
    oh_capture_close(b->capture);
    oh_net_free(b->net);
    if (b->path[0])
        unlink(b->path);
}

/* A and B with a socket each, and a capture that watches both. */
static void open_bench_at(struct bench *b, const char *first, const char *second)
{
    assert_int_equal(oh_addr_parse(oh_span_of(first), &b->hosts[0], NULL), 0);
    assert_int_equal(oh_addr_parse(oh_span_of(second), &b->hosts[1], NULL), 0);
    b->net = oh_net_new(&b->e);
    assert_non_null(b->net);
    b->a = oh_udp_open(b->net, "A", &b->hosts[0], ignore, b, &b->e);
    b->b = oh_udp_open(b->net, "B", &b->hosts[1], ignore, b, &b->e);
    assert_non_null(b->a);
    assert_non_null(b->b);
    b->capture = oh_capture_open(b->net, b->hosts, 2, &b->e);
    if (!b->capture && strstr(b->e.text, "no right")) {
        close_bench(b);
        print_message("skipped: %s\n", b->e.text);
        skip();
    }
    assert_non_null(b->capture);
    oh_capture_listen(b->capture, on_captured, b);
    snprintf(b->path, sizeof b->path, "/tmp/offhook-test-XXXXXX");
    int fd = mkstemp(b->path);
    assert_true(fd >= 0);
    close(fd);
}

static void open_bench(struct bench *b)
{
    struct oh_addr net24;
    char first[OH_ADDR_TEXT], second[OH_ADDR_TEXT];
    *b = (struct bench){0};
    assert_int_equal(oh_net_free_loopback(&net24, &b->e), 0);
    net24.ip[3] = 1;
    oh_addr_format(&net24, first);
    net24.ip[3] = 2;
    oh_addr_format(&net24, second);
    open_bench_at(b, first, second);
}

static void begin(struct bench *b)
{
    assert_int_equal(oh_capture_begin(b->capture, b->path, &b->e), 0);
}

static int end(struct bench *b)
{
    return oh_capture_end(b->capture, &b->received, &b->dropped, &b->e);
}

static struct oh_trace *read_back(const struct bench *b)
{
    bool truncated;
    struct oh_trace *t = oh_trace_new();
    assert_int_equal(oh_capture_read(b->path, t, &truncated, NULL), 0);
    assert_false(truncated);
    assert_int_equal(t->skipped, 0);
    return t;
}

static void assert_all_there(const struct bench *b, unsigned count)
{
    struct oh_trace *t = read_back(b);
    assert_int_equal(t->msg_count, count);
    for (unsigned i = 0; i < count; i++) {
        char cseq[32];
        snprintf(cseq, sizeof cseq, "%u OPTIONS", i);
        assert_true(oh_span_is(oh_sip_msg_header(t->msgs[i].sip, OH_SIP_CSEQ, 0)->value, cseq));
        assert_int_equal(t->msgs[i].frame, i + 1);
        assert_true(oh_addr_equal(&t->msgs[i].src, oh_socket_local(b->a)));
        assert_true(i == 0 || t->msgs[i].time_ns >= t->msgs[i - 1].time_ns);
    }
    oh_trace_free(t);
}

static void two_thousand_datagrams_are_all_captured_once_and_none_dropped(void **state)
{
    (void)state;
    struct bench b;
    open_bench(&b);
    assert_string_equal(oh_capture_interface(b.capture), "lo");
    begin(&b);
    send_and_see(&b, 2000);
    assert_int_equal(end(&b), 0);
    assert_int_equal(b.received, 2000);
    assert_int_equal(b.dropped, 0);
    assert_all_there(&b, 2000);
    close_bench(&b);
}

static void the_file_is_a_classic_pcap_with_nanoseconds(void **state)
{
    (void)state;
    struct bench b;
    struct oh_text file = {0};
    uint32_t words[6], finest = 0;
    open_bench(&b);
    begin(&b);
    send_and_see(&b, 20);
    assert_int_equal(end(&b), 0);
    assert_int_equal(oh_file_read(b.path, 1 << 20, &file, &b.e), 0);
    memcpy(words, file.at, sizeof words);
    assert_int_equal(words[0], 0xa1b23c4d);
    assert_int_equal(words[5], 1); /* Ethernet */
    for (size_t at = FILE_HEADER; at < file.len;) {
        uint32_t record[4];
        memcpy(record, file.at + at, sizeof record);
        assert_true(record[1] < 1000000000);
        finest |= record[1] % 1000;
        at += RECORD_HEADER + record[2];
    }
    assert_true(finest != 0); /* the stamps are no microseconds in disguise */
    oh_text_release(&file);
    close_bench(&b);
}

static void what_is_still_in_the_kernel_at_the_end_is_handed_on(void **state)
{
    (void)state;
    struct bench b;
    open_bench(&b);
    begin(&b);
    b.to_send = 10;
    b.in_order = true;
    send_some(&b); /* the net is not run */
    assert_int_equal(b.seen, 0);
    assert_int_equal(end(&b), 0);
    assert_int_equal(b.seen, 10);
    assert_int_equal(b.received, 10);
    assert_all_there(&b, 10);
    close_bench(&b);
}

/* Time must really pass here: the kernel's clock uses up the buffer, not the packets. */
static void a_packet_per_millisecond_while_we_stall_is_not_lost(void **state)
{
    (void)state;
    enum { PACKETS = 400 };
    const struct timespec millisecond = {.tv_nsec = 1000000};
    struct bench b;
    open_bench(&b);
    begin(&b);
    for (unsigned i = 0; i < PACKETS; i++) {
        struct oh_text m = message(i, 0);
        assert_int_equal(oh_udp_send(b.a, oh_socket_local(b.b), oh_text_span(&m), &b.e), 0);
        oh_text_release(&m);
        nanosleep(&millisecond, NULL);
    }
    assert_int_equal(end(&b), 0);
    assert_int_equal(b.dropped, 0);
    assert_all_there(&b, PACKETS);
    close_bench(&b);
}

static void packets_between_two_scenarios_are_in_neither_file(void **state)
{
    (void)state;
    struct bench b;
    open_bench(&b);
    for (int scenario = 0; scenario < 2; scenario++) {
        b.sent = 0;
        b.to_send = 10;
        send_some(&b); /* nobody's */
        begin(&b);
        send_and_see(&b, 30);
        assert_int_equal(end(&b), 0);
        assert_int_equal(b.received, 30);
        assert_int_equal(b.dropped, 0);
        assert_all_there(&b, 30);
    }
    close_bench(&b);
}

static void datagrams_of_other_hosts_are_not_captured(void **state)
{
    (void)state;
    struct bench b, other;
    open_bench(&b);
    open_bench(&other);
    begin(&b);
    begin(&other);
    send_and_see(&other, 50);
    send_and_see(&b, 20);
    assert_int_equal(end(&b), 0);
    assert_int_equal(end(&other), 0);
    assert_int_equal(b.received, 20);
    assert_int_equal(other.received, 50);
    close_bench(&b);
    close_bench(&other);
}

/* --- trouble --- */

static void a_file_that_cannot_be_made_is_told_and_the_capture_goes_on(void **state)
{
    (void)state;
    struct bench b;
    open_bench(&b);
    assert_int_equal(oh_capture_begin(b.capture, "/tmp/no/such/folder/x.pcap", &b.e), -1);
    assert_non_null(strstr(b.e.text, "No such file"));
    assert_int_equal(oh_capture_begin(b.capture, "/dev/full", &b.e), -1);
    assert_non_null(strstr(b.e.text, "No space left"));
    assert_true(b.e.remedy[0]);
    begin(&b);
    send_and_see(&b, 5);
    assert_int_equal(end(&b), 0);
    assert_all_there(&b, 5);
    close_bench(&b);
}

static void a_disk_that_fills_up_is_told_and_leaves_whole_packets(void **state)
{
    (void)state;
    struct bench b;
    struct rlimit old, small;
    open_bench(&b);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 20001; /* no record ends there */
    signal(SIGXFSZ, SIG_IGN);
    begin(&b);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    send_and_see(&b, 1000);
    int status = end(&b);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(status, -1);
    assert_non_null(strstr(b.e.text, "could not be written whole"));
    assert_non_null(strstr(b.e.text, b.path));
    assert_in_range(b.received, 10, 999);
    struct oh_trace *t = read_back(&b);
    assert_int_equal(t->msg_count, b.received);
    oh_trace_free(t);

    begin(&b); /* and the next scenario has a file again */
    send_and_see(&b, 5);
    assert_int_equal(end(&b), 0);
    assert_int_equal(b.received, 5);
    close_bench(&b);
}

static void closing_with_an_open_file_leaves_a_file_that_reads(void **state)
{
    (void)state;
    struct bench b;
    open_bench(&b);
    begin(&b);
    send_and_see(&b, 7);
    oh_capture_close(b.capture);
    b.capture = NULL;
    assert_all_there(&b, 7);
    close_bench(&b);
}

static void packets_lost_by_a_stalled_reader_are_counted(void **state)
{
    (void)state;
    struct bench b;
    open_bench(&b);
    begin(&b);
    b.body_len = 30000;
    b.to_send = 3000; /* 90 MB, twice in the kernel's buffer of 32 MiB */
    oh_capture_listen(b.capture, NULL, NULL);
    while (b.sent < b.to_send)
        send_some(&b);
    assert_int_equal(end(&b), 0);
    assert_in_range(b.received, 100, 2999);
    assert_true(b.dropped > 0);
    close_bench(&b);
}

static void without_the_right_to_capture_the_sentence_says_how_to_get_it(void **state)
{
    (void)state;
    struct oh_error e;
    struct oh_addr host;
    if (geteuid() == 0)
        assert_int_equal(seteuid(65534), 0);
    assert_int_equal(oh_addr_parse(oh_span_of("127.20.3.4"), &host, NULL), 0);
    struct oh_net *net = oh_net_new(&e);
    struct oh_capture *c = oh_capture_open(net, &host, 1, &e);
    if (getuid() == 0)
        assert_int_equal(seteuid(0), 0);
    bool allowed = c != NULL;
    oh_capture_close(c);
    oh_net_free(net);
    if (allowed)
        skip(); /* the test program itself was given the right */
    assert_string_equal(e.text, "no right to capture on lo");
    char self[200] = "";
    ssize_t len = readlink("/proc/self/exe", self, sizeof self);
    assert_non_null(strstr(e.remedy, "setcap cap_net_raw+ep "));
    if (len > 0 && (size_t)len < sizeof self) /* a longer one has no place in the sentence */
        assert_non_null(strstr(e.remedy, self));
    assert_non_null(strstr(e.remedy, "--no-capture"));
}

static void an_address_of_no_interface_is_named(void **state)
{
    (void)state;
    struct oh_error e;
    struct oh_addr host;
    assert_int_equal(oh_addr_parse(oh_span_of("203.0.113.77:5060"), &host, NULL), 0);
    struct oh_net *net = oh_net_new(&e);
    assert_null(oh_capture_open(net, &host, 1, &e));
    assert_string_equal(e.text, "no interface of this machine carries 203.0.113.77");
    assert_non_null(strstr(e.remedy, "--no-capture"));
    oh_net_free(net);
}

/* --- fragments, on a loopback of our own with the MTU of Ethernet --- */

static bool bring_up_small_loopback(void)
{
    struct ifreq request = {.ifr_name = "lo", .ifr_mtu = 1500};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool done = fd >= 0 && ioctl(fd, SIOCSIFMTU, &request) == 0;
    request.ifr_flags = IFF_UP | IFF_LOOPBACK;
    done = done && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    close(fd);
    return done;
}

static void capture_large_messages(const char *first, const char *second)
{
    struct bench b = {.body_len = 4000};
    open_bench_at(&b, first, second);
    begin(&b);
    send_and_see(&b, 5);
    assert_int_equal(end(&b), 0);
    assert_int_equal(b.received, 15); /* three fragments each */
    struct oh_trace *t = read_back(&b);
    assert_int_equal(t->msg_count, 5);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(t->msgs[i].frame, 1 + 3 * i);
        assert_int_equal(t->msgs[i].sip->body.len, 4000);
        assert_int_equal(t->msgs[i].sip->defect_count, 0);
    }
    oh_trace_free(t);
    close_bench(&b);
}

static void all_fragments_of_large_messages_are_captured_and_put_together(void **state)
{
    (void)state;
    int before = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (before < 0 || unshare(CLONE_NEWNET) < 0) {
        print_message("skipped: no right to a network namespace\n");
        close(before);
        skip();
    }
    assert_true(bring_up_small_loopback());
    capture_large_messages("127.0.0.2", "127.0.0.3");
    capture_large_messages("::1", "::1");
    assert_int_equal(setns(before, CLONE_NEWNET), 0);
    close(before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_thousand_datagrams_are_all_captured_once_and_none_dropped),
        cmocka_unit_test(the_file_is_a_classic_pcap_with_nanoseconds),
        cmocka_unit_test(what_is_still_in_the_kernel_at_the_end_is_handed_on),
        cmocka_unit_test(a_packet_per_millisecond_while_we_stall_is_not_lost),
        cmocka_unit_test(packets_between_two_scenarios_are_in_neither_file),
        cmocka_unit_test(datagrams_of_other_hosts_are_not_captured),
        cmocka_unit_test(a_file_that_cannot_be_made_is_told_and_the_capture_goes_on),
        cmocka_unit_test(a_disk_that_fills_up_is_told_and_leaves_whole_packets),
        cmocka_unit_test(closing_with_an_open_file_leaves_a_file_that_reads),
        cmocka_unit_test(packets_lost_by_a_stalled_reader_are_counted),
        cmocka_unit_test(without_the_right_to_capture_the_sentence_says_how_to_get_it),
        cmocka_unit_test(an_address_of_no_interface_is_named),
        cmocka_unit_test(all_fragments_of_large_messages_are_captured_and_put_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
