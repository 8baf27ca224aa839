/* What the machine must give before any phone is started. */
#include "cli/doctor.h"

#include "base/file.h"
#include "trace/capture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define HOME_HOST      1 /* 127.x.y.1 and .2, as a run has them */
#define PHONE_HOST     2
#define DATAGRAM_MS    500 /* for one to pass the loopback */
#define LEAST_DISK_MIB 64  /* some hundred scenarios with their captures */

static struct oh_addr host_of(const struct oh_addr *net, uint8_t host)
{
    struct oh_addr a = *net;
    a.ip[3] = host;
    return a;
}

/* --- sockets and capture: one datagram says it all --- */

struct trial {
    struct oh_doctor *doctor;
    struct oh_net *net;
    struct oh_addr loopback;
    struct oh_socket *home, *phone, *rtp;
    unsigned arrived;
};

static void on_datagram(struct oh_socket *s, const struct oh_addr *from, struct oh_span bytes,
                        void *arg)
{
    struct trial *t = arg;
    (void)s, (void)from, (void)bytes;
    t->arrived++;
    oh_net_stop(t->net);
}

/* A socket at a port that was found free: as the phone will bind its own. */
static struct oh_socket *open_at(struct trial *t, const char *label, uint8_t host, bool even,
                                 struct oh_error *e)
{
    struct oh_addr at = host_of(&t->loopback, host);
    at.port = oh_net_free_port(&at, even, e);
    return at.port ? oh_udp_open(t->net, label, &at, on_datagram, t, e) : NULL;
}

static bool open_sockets(struct trial *t)
{
    struct oh_error e = {0};
    t->home = open_at(t, "sip", HOME_HOST, false, &e);
    t->phone = t->home ? open_at(t, "phone", PHONE_HOST, false, &e) : NULL;
    t->rtp = t->phone ? open_at(t, "rtp", PHONE_HOST, true, &e) : NULL;
    if (!t->rtp)
        oh_doctor_tell_error(t->doctor, "ports", &e);
    else
        oh_doctor_tell(t->doctor, OH_DOCTOR_OK, "ports", NULL, "free for SIP and RTP");
    return t->rtp != NULL;
}

static bool pass(struct trial *t, struct oh_socket *to)
{
    static const char bytes[] = "OPTIONS sip:offhook SIP/2.0\r\n\r\n";
    struct oh_error e = {0};
    unsigned before = t->arrived;
    if (oh_udp_send(t->home, oh_socket_local(to), oh_span_of(bytes), &e) != 0) {
        oh_doctor_tell_error(t->doctor, "sockets", &e);
        return false;
    }
    oh_net_run(t->net, oh_net_now(t->net) + DATAGRAM_MS * OH_NS_PER_MS);
    if (t->arrived != before)
        return true;
    oh_doctor_tell(t->doctor, OH_DOCTOR_BAD, "sockets",
                   "a packet filter (nft list ruleset, iptables -L) may drop 127.0.0.0/8",
                   "a datagram on the loopback interface did not arrive");
    return false;
}

static void try_capture(struct trial *t)
{
    struct oh_error e = {0};
    struct oh_addr hosts[] = {host_of(&t->loopback, HOME_HOST), host_of(&t->loopback, PHONE_HOST)};
    struct oh_capture *c = oh_capture_open(t->net, hosts, 2, &e);
    char *path = oh_file_join(t->doctor->folder, "trial.pcap");
    uint64_t received = 0, dropped = 0;
    if (!c || oh_capture_begin(c, path, &e) != 0) {
        oh_doctor_tell_error(t->doctor, "capture", &e);
        t->doctor->no_capture = true;
    } else if (pass(t, t->phone)) {
        oh_capture_flush(c);
        oh_net_run(t->net, oh_net_now(t->net) + 20 * OH_NS_PER_MS);
        if (oh_capture_end(c, &received, &dropped, &e) != 0)
            oh_doctor_tell_error(t->doctor, "capture", &e);
        else if (received == 0)
            oh_doctor_tell(t->doctor, OH_DOCTOR_BAD, "capture", "does 'tcpdump -i lo' see packets?",
                           "a datagram arrived, but the capture of %s did not show it",
                           oh_capture_interface(c));
        else
            oh_doctor_tell(t->doctor, OH_DOCTOR_OK, "capture", NULL,
                           "a datagram on %s was captured", oh_capture_interface(c));
    }
    oh_capture_close(c);
    unlink(path);
    free(path);
}

static void check_wire(struct oh_doctor *d)
{
    struct oh_error e = {0};
    struct trial t = {.doctor = d, .net = oh_net_new(&e)};
    char text[OH_ADDR_TEXT];
    if (!t.net || oh_net_free_loopback(&t.loopback, &e) != 0) {
        oh_doctor_tell_error(d, "addresses", &e);
    } else {
        oh_doctor_tell(d, OH_DOCTOR_OK, "addresses", NULL, "%s/24 of the loopback is free",
                       oh_addr_format_ip(&t.loopback, text));
        if (open_sockets(&t)) {
            bool sip = pass(&t, t.phone), rtp = sip && pass(&t, t.rtp);
            if (rtp)
                oh_doctor_tell(d, OH_DOCTOR_OK, "sockets", NULL, "datagrams for SIP and RTP pass");
            if (rtp && d->no_capture)
                oh_doctor_tell(d, OH_DOCTOR_NOTE, "capture", NULL, "not wanted (--no-capture)");
            else if (rtp)
                try_capture(&t);
        }
    }
    oh_socket_close(t.home);
    oh_socket_close(t.phone);
    oh_socket_close(t.rtp);
    oh_net_free(t.net);
}

/* --- clock and disk --- */

/* A clock before the program's own making is wrong; stamps, expiry dates and reports hang on it. */
static void check_clock(struct oh_doctor *d)
{
    char text[32];
    struct stat st;
    int64_t now_ns = oh_clock_wall_ns();
    bool early = stat("/proc/self/exe", &st) == 0 && now_ns / OH_NS_PER_S < st.st_mtime;
    oh_clock_format(now_ns, text);
    if (early)
        oh_doctor_tell(d, OH_DOCTOR_BAD, "clock", "set it, or have it set by an NTP service",
                       "it says %.19sZ, which is before offhook was built", text);
    else
        oh_doctor_tell(d, OH_DOCTOR_OK, "clock", NULL, "it says %.19sZ", text);
}

/* The nearest folder that is there: a run makes the others. The caller frees. */
static char *existing(const char *path)
{
    char *at = oh_strdup(*path ? path : ".");
    while (!oh_file_is_folder(at) && strcmp(at, ".") != 0 && strcmp(at, "/") != 0) {
        char *slash = strrchr(at, '/');
        if (slash && slash != at)
            *slash = '\0';
        else
            strcpy(at, slash ? "/" : ".");
    }
    return at;
}

static void check_disk(struct oh_doctor *d)
{
    struct statvfs fs;
    char *at = existing(d->out);
    if (oh_file_exists(d->out) && !oh_file_is_folder(d->out)) {
        oh_doctor_tell(d, OH_DOCTOR_BAD, "disk", "choose another folder with -o", "%s is no folder",
                       d->out);
    } else if (access(at, W_OK) != 0 || statvfs(at, &fs) != 0) {
        oh_doctor_tell(d, OH_DOCTOR_BAD, "disk", "choose another folder with -o",
                       "nothing can be written to %s: %s", at, strerror(errno));
    } else {
        unsigned long long mib =
            (unsigned long long)fs.f_bavail * (unsigned long long)fs.f_frsize >> 20;
        bool enough = mib >= LEAST_DISK_MIB;
        oh_doctor_tell(d, enough ? OH_DOCTOR_OK : OH_DOCTOR_BAD, "disk",
                       enough ? NULL
                              : "free some space on the disk, or choose another folder with -o",
                       "%llu MiB free for %s", mib, d->out);
    }
    free(at);
}

void oh_doctor_host(struct oh_doctor *d)
{
    check_wire(d);
    check_clock(d);
    check_disk(d);
}
