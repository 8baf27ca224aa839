/* The same messages, captured live by the programs that people use: tcpdump and dumpcap, on one
 * interface, on "any" and on both at once. Over IPv4 and IPv6, in fragments, over TCP. In a network
 * namespace of its own; skipped where there is no right to make one, and for a program that is not
 * there. */
#include "trace/capture_bytes.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

enum { MTU = 1500, PATIENCE_MS = 20, MESSAGES = 9 };

/* What is sent: message n + 1 with so long a body. The first three as datagrams. */
static const struct {
    bool tcp, six;
    size_t body_len;
} sent[MESSAGES] = {
    {false, false, 10},   {false, false, 5000}, {false, true, 5000},
    {true, false, 0},     {true, false, 20},    {true, false, 0},
    {true, false, 60000}, {true, false, 300},   {true, false, 0},
};

/* --- the talker, a process of its own --- */

static void must(bool ok)
{
    if (!ok)
        _exit(1);
}

static socklen_t loopback(bool six, struct sockaddr_storage *out)
{
    struct oh_addr a;
    must(oh_addr_parse(oh_span_of(six ? "::1" : "127.0.0.1"), &a, NULL) == 0);
    return oh_addr_to_sockaddr(&a, out);
}

/* To itself: what nobody reads is on the wire all the same. */
static int datagram_socket(bool six)
{
    struct sockaddr_storage sa;
    socklen_t len = loopback(six, &sa);
    int fd = socket(six ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    must(bind(fd, (struct sockaddr *)&sa, len) == 0);
    must(getsockname(fd, (struct sockaddr *)&sa, &len) == 0);
    must(connect(fd, (struct sockaddr *)&sa, len) == 0);
    return fd;
}

static void say(int fd, size_t from, size_t count)
{
    struct oh_text all = {0};
    for (size_t i = from; i < from + count; i++)
        put_text(&all, message((unsigned)i + 1, sent[i].body_len));
    must(send(fd, all.at, all.len, 0) == (ssize_t)all.len);
    oh_text_release(&all);
}

static void say_in_two(int client, int server, size_t which)
{
    struct oh_text m = message((unsigned)which + 1, sent[which].body_len);
    char some[64];
    must(send(client, m.at, 40, 0) == 40);
    must(recv(server, some, 40, MSG_WAITALL) == 40);
    must(send(client, m.at + 40, m.len - 40, 0) == (ssize_t)m.len - 40);
    oh_text_release(&m);
}

static void drain(int fd)
{
    char some[4096];
    while (recv(fd, some, sizeof some, 0) > 0)
        continue;
}

static void talk_over_tcp(void)
{
    struct sockaddr_storage sa;
    socklen_t len = loopback(false, &sa);
    int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
    int on = 1;
    must(bind(listener, (struct sockaddr *)&sa, len) == 0 && listen(listener, 1) == 0);
    must(getsockname(listener, (struct sockaddr *)&sa, &len) == 0);
    must(connect(client, (struct sockaddr *)&sa, len) == 0);
    int server = accept(listener, NULL, NULL);
    must(setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
    say_in_two(client, server, 7);
    say(client, 3, 3); /* in one segment */
    say(client, 6, 1); /* in many */
    say(client, 8, 1);
    must(shutdown(client, SHUT_WR) == 0);
    drain(server);
    close(server);
    drain(client);
}

/* Probes until the first is captured, which `captured` tells. */
static void talk(int captured)
{
    int four = datagram_socket(false), six = datagram_socket(true);
    struct pollfd told = {.fd = captured, .events = POLLIN};
    alarm(30);
    do
        must(send(four, "probe", 5, 0) == 5);
    while (poll(&told, 1, PATIENCE_MS) == 0);
    say(four, 0, 1);
    say(four, 1, 1);
    say(six, 2, 1);
    talk_over_tcp();
    must(send(four, "end", 3, 0) == 3);
    _exit(0);
}

/* --- the listener --- */

struct heard {
    bool all[MESSAGES];
    size_t others;
    bool probed, ended;
    int tell; /* the talker */
};

static void hear(struct heard *h, bool tcp, struct oh_span bytes)
{
    for (size_t i = 0; i < MESSAGES; i++) {
        struct oh_text m = message((unsigned)i + 1, sent[i].body_len);
        bool same = sent[i].tcp == tcp && oh_span_equal(oh_text_span(&m), bytes);
        oh_text_release(&m);
        h->all[i] |= same;
        if (same)
            return;
    }
    h->others++;
}

static void on_datagram(unsigned frame, int64_t time_ns, const struct oh_addr *src,
                        const struct oh_addr *dst, struct oh_span bytes, void *arg)
{
    struct heard *h = arg;
    (void)frame, (void)time_ns, (void)src, (void)dst;
    if (oh_span_is(bytes, "probe")) {
        if (!h->probed)
            assert_int_equal(write(h->tell, "!", 1), 1);
        h->probed = true;
    } else if (oh_span_is(bytes, "end")) {
        h->ended = true;
    } else {
        hear(h, false, bytes);
    }
}

static void on_message(unsigned frame, int64_t time_ns, const struct oh_addr *src,
                       const struct oh_addr *dst, struct oh_span bytes, void *arg)
{
    (void)frame, (void)time_ns, (void)src, (void)dst;
    hear(arg, true, bytes);
}

static bool go_on(uint64_t bytes_read, uint64_t bytes_in_all, void *arg)
{
    const struct heard *h = arg;
    (void)bytes_read;
    assert_int_equal(bytes_in_all, 0);
    return !h->ended;
}

/* --- programs --- */

static bool is_there(const char *program)
{
    char path[64];
    snprintf(path, sizeof path, "/usr/bin/%s", program);
    return access(path, X_OK) == 0;
}

static pid_t start(char *const *args, int out)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    int null = open("/dev/null", O_RDWR);
    dup2(null, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    execvp(args[0], args);
    _exit(127);
}

static void stop(pid_t pid)
{
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
}

/* The program's capture comes through a pipe, and is read while it is made. */
static void capture_by(char *const *args)
{
    int capture[2], tell[2], status;
    char path[32];
    struct heard h = {0};
    struct oh_capture_counts counts;
    struct oh_error e = {0};
    const struct oh_capture_sink sink = {
        .datagram = on_datagram, .tcp_message = on_message, .go_on = go_on, .arg = &h};
    alarm(30);
    assert_int_equal(pipe2(capture, O_CLOEXEC) | pipe2(tell, O_CLOEXEC), 0);
    pid_t program = start(args, capture[1]);
    close(capture[1]);
    pid_t talker = fork();
    if (talker == 0)
        talk(tell[0]);
    h.tell = tell[1];
    snprintf(path, sizeof path, "/proc/self/fd/%d", capture[0]);
    int scanned = oh_capture_scan(path, NULL, 0, &sink, &counts, &e);
    waitpid(talker, &status, 0);
    stop(program);
    close(capture[0]);
    close(tell[0]);
    close(tell[1]);
    alarm(0);
    if (scanned < 0)
        fail_msg("%s", e.text);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    for (size_t i = 0; i < MESSAGES; i++) {
        if (!h.all[i])
            fail_msg("message %zu is missing", i + 1);
    }
    assert_int_equal(h.others, 0);
    assert_false(counts.truncated);
}

/* tcpdump would else hand on what it has once a second; at once it needs room, for it loses what
 * the kernel's buffer does not hold, in which each packet takes its snap length. */
#define CAPTURED_BY(name, program, ...)                                                            \
    static void name(void **state)                                                                 \
    {                                                                                              \
        static const char *const args[] = {program, __VA_ARGS__, NULL};                            \
        (void)state;                                                                               \
        if (!is_there(program)) {                                                                  \
            print_message("%s is not there\n", program);                                           \
            skip();                                                                                \
        }                                                                                          \
        capture_by((char *const *)(uintptr_t)args);                                                \
    }

CAPTURED_BY(tcpdump_on_one_interface, "tcpdump", "--immediate-mode", "-B", "65536", "-Z", "root",
            "-i", "lo", "-U", "-w", "-")
CAPTURED_BY(tcpdump_on_any, "tcpdump", "--immediate-mode", "-B", "65536", "-Z", "root", "-i", "any",
            "-U", "-w", "-")
CAPTURED_BY(tcpdump_on_any_cooked_once, "tcpdump", "--immediate-mode", "-B", "65536", "-Z", "root",
            "-y", "LINUX_SLL", "-i", "any", "-U", "-w", "-")
CAPTURED_BY(tcpdump_with_nanoseconds, "tcpdump", "--immediate-mode", "-B", "65536", "-Z", "root",
            "--time-stamp-precision=nano", "-i", "lo", "-U", "-w", "-")
CAPTURED_BY(dumpcap_into_pcapng, "dumpcap", "-q", "-i", "lo", "-w", "-")
CAPTURED_BY(dumpcap_into_pcap, "dumpcap", "-q", "-P", "-i", "lo", "-w", "-")
CAPTURED_BY(dumpcap_on_any, "dumpcap", "-q", "-i", "any", "-w", "-")
CAPTURED_BY(dumpcap_on_interfaces_of_different_links, "dumpcap", "-q", "-i", "any", "-i", "lo",
            "-w", "-")

/* --- a network of our own --- */

static bool set_loopback(int fd)
{
    struct ifreq r = {.ifr_name = "lo"};
    r.ifr_mtu = MTU;
    if (ioctl(fd, SIOCSIFMTU, &r) != 0)
        return false;
    r.ifr_flags = IFF_UP | IFF_RUNNING;
    return ioctl(fd, SIOCSIFFLAGS, &r) == 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tcpdump_on_one_interface),
        cmocka_unit_test(tcpdump_on_any),
        cmocka_unit_test(tcpdump_on_any_cooked_once),
        cmocka_unit_test(tcpdump_with_nanoseconds),
        cmocka_unit_test(dumpcap_into_pcapng),
        cmocka_unit_test(dumpcap_into_pcap),
        cmocka_unit_test(dumpcap_on_any),
        cmocka_unit_test(dumpcap_on_interfaces_of_different_links),
    };
    int fd = unshare(CLONE_NEWNET) == 0 ? socket(AF_INET, SOCK_DGRAM, 0) : -1;
    if (fd < 0 || !set_loopback(fd)) {
        print_message("skipped: no right to make a network namespace\n");
        return 0;
    }
    close(fd);
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
