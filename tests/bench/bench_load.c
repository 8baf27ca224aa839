/* bench_load [CALLS-PER-SECOND [SECONDS]]: SIPp calls us, and nothing of it may get lost.
 *
 * Our socket answers as a peer would (180, 200, 200 to BYE), while the tap keeps every datagram and
 * libpcap writes every packet; then the capture is read and held against the tap. One line of
 * figures for each part. Exit status 1 where a frame was dropped, or a message lost: whether all
 * calls complete is a matter of the machine (SIPp must bear the rate as well), and only told. */
#include "base/file.h"
#include "sip/draft.h"
#include "trace/capture.h"
#include "trace/run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOOK_MS    20
#define AFTER_MS   300   /* for what the kernel still holds */
#define PATIENT_MS 20000 /* beyond what the calls take, on a slow machine */

struct load {
    struct oh_net *net;
    struct oh_socket *socket;
    struct oh_run *run;
    pid_t sipp;
    int sipp_status;
    uint64_t requests, answers, byes;
    int64_t from_ns, until_ns;
};

static void answer(struct load *l, const struct oh_addr *from, const struct oh_sip_msg *m,
                   unsigned status)
{
    struct oh_error e = {0};
    struct oh_text wire = {0};
    struct oh_draft *d = oh_draft_response(m, from, status, NULL, "callee");
    if (status == 200 && oh_sip_msg_is_method(m, "INVITE"))
        oh_draft_add(d, "Contact", "<sip:bench@127.0.0.1>");
    oh_draft_format(d, &wire);
    oh_draft_free(d);
    if (oh_udp_send(l->socket, from, oh_text_span(&wire), &e) == 0)
        l->answers++;
    oh_text_release(&wire);
}

static void on_datagram(struct oh_socket *s, const struct oh_addr *from, struct oh_span bytes,
                        void *arg)
{
    struct load *l = arg;
    struct oh_sip_msg *m = oh_sip_msg_parse(bytes);
    (void)s;
    if (!m)
        return;
    l->requests++;
    if (oh_sip_msg_is_method(m, "INVITE"))
        answer(l, from, m, 180);
    if (!oh_sip_msg_is_method(m, "ACK"))
        answer(l, from, m, 200);
    l->byes += oh_sip_msg_is_method(m, "BYE");
    oh_sip_msg_free(m);
}

static void on_tap(const struct oh_tap_event *event, void *arg)
{
    struct load *l = arg;
    if (event->wall_ns >= l->from_ns && event->wall_ns <= l->until_ns)
        oh_run_tap(l->run, event->wall_ns, "peer", event->sent, &event->local, &event->remote,
                   event->bytes);
}

static pid_t start_sipp(const struct oh_addr *us, const struct oh_addr *caller, unsigned rate,
                        unsigned calls)
{
    char target[OH_ADDR_TEXT], host[OH_ADDR_TEXT], port[8], rate_text[16], calls_text[16];
    oh_addr_format(us, target);
    oh_addr_format_ip(caller, host);
    snprintf(port, sizeof port, "%u", caller->port);
    snprintf(rate_text, sizeof rate_text, "%u", rate);
    snprintf(calls_text, sizeof calls_text, "%u", calls);
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr) ||
        !freopen("/dev/null", "r", stdin))
        _exit(126);
    execlp("sipp", "sipp", target, "-sn", "uac", "-i", host, "-p", port, "-r", rate_text, "-m",
           calls_text, "-l", "15000", "-d", "0", "-nostdin", "-buff_size", "8000000", (char *)NULL);
    _exit(127);
}

static void look(void *arg)
{
    struct load *l = arg;
    if (waitpid(l->sipp, &l->sipp_status, WNOHANG) == l->sipp) {
        l->sipp = 0;
        oh_net_stop(l->net);
        return;
    }
    oh_timer_set(l->net, oh_net_now(l->net) + LOOK_MS * OH_NS_PER_MS, look, l);
}

static double seconds(int64_t since_ns)
{
    return (double)(oh_clock_mono_ns() - since_ns) / 1e9;
}

static double cpu_seconds(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static long peak_mib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
}

/* The recording as the judge reads it: capture against tap. */
static int reconcile(struct load *l, const char *path, uint64_t received)
{
    struct oh_error e = {0};
    bool truncated = false;
    int64_t began = oh_clock_mono_ns();
    struct oh_trace *trace = oh_trace_new();
    if (oh_capture_read(path, trace, &truncated, &e) != 0) {
        fprintf(stderr, "%s\n", e.text);
        return 1;
    }
    struct oh_recording *r = oh_recording_make(l->run, trace, &e);
    l->run = NULL;
    if (!r) {
        fprintf(stderr, "%s\n", e.text);
        return 1;
    }
    printf("capture against tap  %zu messages of %llu packets in %.2f s, lost %zu, not ours %zu, "
           "peak %ld MiB\n",
           r->trace->msg_count, (unsigned long long)received, seconds(began), r->lost, r->strays,
           peak_mib());
    int status = r->lost || r->strays || truncated;
    oh_recording_free(r);
    return status;
}

static int play(struct load *l, struct oh_capture *capture, const char *path, unsigned rate,
                unsigned calls, const struct oh_addr *caller)
{
    struct oh_error e = {0};
    uint64_t received = 0, dropped = 0;
    if (oh_capture_begin(capture, path, &e) != 0) {
        fprintf(stderr, "%s\n", e.text);
        return 1;
    }
    l->from_ns = oh_capture_began_ns(capture);
    l->until_ns = INT64_MAX;
    int64_t began = oh_clock_mono_ns();
    l->sipp = start_sipp(oh_socket_local(l->socket), caller, rate, calls);
    look(l);
    oh_net_run(l->net, oh_net_now(l->net) + calls / rate * OH_NS_PER_S + PATIENT_MS * OH_NS_PER_MS);
    double took = seconds(began), cpu = cpu_seconds();
    if (l->sipp) {
        kill(l->sipp, SIGKILL);
        waitpid(l->sipp, &l->sipp_status, 0);
    }
    oh_net_run(l->net, oh_net_now(l->net) + AFTER_MS * OH_NS_PER_MS);
    int ended = oh_capture_end(capture, &received, &dropped, &e);
    l->until_ns = oh_capture_ended_ns(capture);
    bool all = WIFEXITED(l->sipp_status) && WEXITSTATUS(l->sipp_status) == 0 && l->byes >= calls;
    printf("calls                %u at %u/s in %.2f s, %s; %llu messages in, %llu out, %.1f us CPU "
           "a call\n",
           calls, rate, took, all ? "all completed" : "NOT all completed",
           (unsigned long long)l->requests, (unsigned long long)l->answers, cpu * 1e6 / calls);
    printf("capture              %llu packets, dropped %llu\n", (unsigned long long)received,
           (unsigned long long)dropped);
    if (ended != 0)
        fprintf(stderr, "%s\n", e.text);
    return reconcile(l, path, received) || dropped || ended != 0;
}

int main(int argc, char **argv)
{
    unsigned rate = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 20000;
    unsigned calls = rate * (argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 5);
    char folder[] = "/tmp/offhook-bench-XXXXXX";
    struct load l = {0};
    struct oh_error e = {0};
    struct oh_addr hosts[2];
    int status = 1;
    struct oh_capture *capture = NULL;
    if (!mkdtemp(folder)) {
        perror(folder);
        return 1;
    }
    l.net = oh_net_new(&e);
    l.run = oh_run_new(NULL);
    if (!l.net || oh_net_free_loopback(&hosts[0], &e) != 0)
        goto out;
    hosts[1] = hosts[0];
    hosts[0].ip[3] = 1;
    hosts[1].ip[3] = 2;
    l.socket = oh_udp_open(l.net, "peer", &hosts[0], on_datagram, &l, &e);
    if (!l.socket || !(hosts[1].port = oh_net_free_port(&hosts[1], false, &e)))
        goto out;
    hosts[0] = *oh_socket_local(l.socket);
    capture = oh_capture_open(l.net, hosts, 2, &e);
    if (!capture)
        goto out;
    oh_net_tap(l.net, on_tap, &l);
    char *path = oh_file_join(folder, "capture.pcap");
    status = play(&l, capture, path, rate, calls, &hosts[1]);
    free(path);
out:
    if (*e.text)
        fprintf(stderr, "bench_load: %s\n", e.text);
    oh_capture_close(capture);
    oh_socket_close(l.socket);
    oh_net_free(l.net);
    oh_run_free(l.run);
    oh_file_remove_tree(folder);
    return status;
}
