#include "trace/capture.h"

#include "base/file.h"
#include "trace/tcp.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <pcap.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define SNAP_LEN       262144
#define TIMEOUT_MS     40
#define BUFFER_BYTES   (32 * 1024 * 1024)
#define PENDING_BYTES  (256 * 1024)
#define QUIET_MS       60
#define DRAIN_LIMIT_MS 250
/* The kernel cuts its buffer into blocks of 256 KiB, and each TIMEOUT_MS that had a packet uses up
 * one: 32 MiB bear our own stall for 5 s whatever the traffic, unless it is more than 6 MiB a
 * second. Nobody waits for a block but who flushes. QUIET_MS is TIMEOUT_MS and two ticks of the
 * slowest usual kernel clock, in which any block is handed on. */

/* Where we can send packets of our own, on loopback, the block is filled with these: what is older
 * comes at once. They are known by their last bytes and go to no file. */
#define FILLER_BYTES    1200 /* below the MTU of any loopback interface */
#define FILLER_MARK     16
#define FILLERS_A_TURN  16
#define FILLERS_AT_MOST 1024 /* then the clock is waited for after all */

/* The file of one scenario. Libpcap formats into memory; whole records only are handed to the file,
 * so that a disk that fills up leaves a file that reads. */
struct file {
    int fd; /* -1: no file is open */
    char *path;
    pcap_dumper_t *dumper; /* onto `memory` */
    FILE *memory;
    char *bytes; /* what `memory` holds */
    size_t len;
    size_t pending_bytes, pending_packets;
    off_t whole; /* length of the file up to its last whole record */
    uint64_t packets;
    int trouble; /* errno of the first write that failed */
};

struct oh_capture {
    char interface[IF_NAMESIZE];
    pcap_t *pcap;
    pcap_t *format;         /* what the files are like */
    int64_t ns_per_unit;    /* of the handle's stamps: 1, or 1000 without nanoseconds */
    struct oh_watch *watch; /* NULL after the interface went away */
    struct oh_packets *packets;
    struct oh_tcp *tcp; /* of the file's time; NULL while none is open */
    struct oh_addr *sip_at;
    size_t sip_at_count;
    struct file file;
    int64_t from_ns,
        until_ns; /* packets outside are not written: they belong to another scenario */
    int64_t last_ns;
    struct pcap_stat before;
    unsigned frame;
    int filler_fd;          /* sends to itself; -1: fillers cannot be sent */
    char mark[FILLER_MARK]; /* random */
    uint64_t flushes, seen; /* of how many flushes fillers were sent, and which came out last */
    bool from_settled;      /* a packet of this file was seen: older ones cannot come any more */
    oh_capture_fn *listener;
    void *listener_arg;
    bool dispatching;
    char broken[PCAP_ERRBUF_SIZE]; /* why the capture ended by itself; "" while it runs */
};

/* --- which interface --- */

static bool is_loopback(const struct oh_addr *a)
{
    static const uint8_t six[16] = {[15] = 1};
    return a->family == OH_FAMILY_IPV4 ? a->ip[0] == 127 : memcmp(a->ip, six, sizeof six) == 0;
}

/* The interface that has this address; NULL where none has. */
static const char *carrier(const struct ifaddrs *list, const struct oh_addr *host)
{
    for (const struct ifaddrs *i = list; i; i = i->ifa_next) {
        struct oh_addr a;
        if (!i->ifa_addr)
            continue;
        oh_addr_from_sockaddr(i->ifa_addr, &a);
        if (a.family != OH_FAMILY_NONE && oh_addr_same_ip(&a, host))
            return i->ifa_name;
    }
    return NULL;
}

static const char *loopback(const struct ifaddrs *list)
{
    for (const struct ifaddrs *i = list; i; i = i->ifa_next)
        if ((i->ifa_flags & IFF_LOOPBACK) && (i->ifa_flags & IFF_UP))
            return i->ifa_name;
    return NULL;
}

static int no_interface(const struct oh_addr *host, struct oh_error *e)
{
    char text[OH_ADDR_TEXT];
    oh_error_set(e, "no interface of this machine carries %s", oh_addr_format_ip(host, text));
    return oh_error_remedy(
        e, "use an address that 'ip address' lists and bring its interface up, or use "
           "--no-capture, which judges what offhook's own sockets saw and says so "
           "in the report");
}

/* Packets between two addresses of one machine pass its loopback interface, whatever interface has
 * the addresses; an alias such as 127.20.3.4 is on no list at all. */
static int choose_interface(const struct ifaddrs *list, const struct oh_addr *hosts, size_t count,
                            char name[IF_NAMESIZE], struct oh_error *e)
{
    const char *chosen = NULL;
    const struct oh_addr *remote = NULL;
    for (size_t i = 0; i < count; i++) {
        const char *found = is_loopback(&hosts[i]) ? NULL : carrier(list, &hosts[i]);
        if (found && chosen && strcmp(found, chosen) != 0) {
            oh_error_set(e, "the addresses of the bench lie on two interfaces, %s and %s", chosen,
                         found);
            return oh_error_remedy(e, "give all parties addresses of one interface");
        }
        if (found)
            chosen = found;
        else if (!is_loopback(&hosts[i]) && !remote)
            remote = &hosts[i];
    }
    if (!remote)
        chosen = loopback(list);
    if (!chosen)
        return no_interface(remote ? remote : &hosts[0], e);
    snprintf(name, IF_NAMESIZE, "%s", chosen);
    return 0;
}

static int find_interface(const struct oh_addr *hosts, size_t count, char name[IF_NAMESIZE],
                          struct oh_error *e)
{
    struct ifaddrs *list;
    if (getifaddrs(&list) < 0)
        return oh_error_set(e, "the interfaces of this machine cannot be listed: %s",
                            strerror(errno));
    int status = choose_interface(list, hosts, count, name, e);
    freeifaddrs(list);
    return status;
}

/* --- the handle --- */

static int no_right(const char *interface, struct oh_error *e)
{
    char self[256] = "";
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    oh_error_set(e, "no right to capture on %s", interface);
    return oh_error_remedy(
        e,
        "run as root, or give the binary the right: sudo setcap cap_net_raw+ep %s, "
        "or use --no-capture, which judges what offhook's own sockets saw and says "
        "so in the report",
        len > 0 && (size_t)len < sizeof self - 1 ? self : "OFFHOOK");
}

static int activate(struct oh_capture *c, struct oh_error *e)
{
    pcap_set_snaplen(c->pcap, SNAP_LEN);
    pcap_set_timeout(c->pcap, TIMEOUT_MS);
    pcap_set_buffer_size(c->pcap, BUFFER_BYTES);
    pcap_set_tstamp_precision(c->pcap, PCAP_TSTAMP_PRECISION_NANO); /* else it stays micro */
    int status = pcap_activate(c->pcap);
    if (status == PCAP_ERROR_PERM_DENIED || status == PCAP_ERROR_PROMISC_PERM_DENIED)
        return no_right(c->interface, e);
    if (status < 0) {
        const char *why = status == PCAP_ERROR ? pcap_geterr(c->pcap) : pcap_statustostr(status);
        oh_error_set(e, "cannot capture on %s: %s", c->interface, why);
        return oh_error_remedy(e, "bring the interface up, or use --no-capture");
    }
    bool nano = pcap_get_tstamp_precision(c->pcap) == PCAP_TSTAMP_PRECISION_NANO;
    c->ns_per_unit = nano ? 1 : 1000;
    return 0;
}

/* No ports: fragments after the first have none, and a stray connection has one that nobody
 * expects. IPv6 may put headers between its own and UDP's. */
static int set_filter(struct oh_capture *c, const struct oh_addr *hosts, size_t count,
                      struct oh_error *e)
{
    struct oh_text text = {0};
    struct bpf_program program;
    char ip[OH_ADDR_TEXT];
    oh_text_add(&text,
                "(udp or tcp or ip6 proto 44 or ip6 proto 0 or ip6 proto 43 or ip6 proto 60) "
                "and (");
    for (size_t i = 0; i < count; i++)
        oh_text_addf(&text, "%shost %s", i ? " or " : "", oh_addr_format_ip(&hosts[i], ip));
    oh_text_add(&text, ")");
    int status = pcap_compile(c->pcap, &program, oh_text_str(&text), 1, PCAP_NETMASK_UNKNOWN);
    if (status == 0) {
        status = pcap_setfilter(c->pcap, &program);
        pcap_freecode(&program);
    }
    oh_text_release(&text);
    if (status < 0)
        oh_error_set(e, "cannot filter on %s: %s", c->interface, pcap_geterr(c->pcap));
    return status < 0 ? -1 : 0;
}

/* --- the file --- */

/* How many of the bytes were written: fewer with errno set. */
static size_t write_most(int fd, const char *bytes, size_t len)
{
    size_t written = 0;
    while (written < len) {
        ssize_t done = write(fd, bytes + written, len - written);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            break;
        written += (size_t)done;
    }
    return written;
}

/* How many of these bytes are whole records, of which `packets` counts them. */
static size_t whole_records(const char *bytes, size_t len, uint64_t *packets)
{
    struct {
        uint32_t seconds, fraction, caplen, len;
    } head; /* as pcap_dump writes it, in our own byte order */
    size_t whole = 0;
    while (len - whole >= sizeof head) {
        memcpy(&head, bytes + whole, sizeof head);
        if (len - whole - sizeof head < head.caplen)
            break;
        whole += sizeof head + head.caplen;
        ++*packets;
    }
    return whole;
}

static void file_flush(struct file *f)
{
    if (f->fd < 0 || f->trouble)
        return;
    bool gathered = fflush(f->memory) == 0;
    size_t written = gathered ? write_most(f->fd, f->bytes, f->len) : 0;
    if (!gathered || written < f->len) {
        f->trouble = errno ? errno : EIO;
        if (f->pending_packets)
            f->whole += (off_t)whole_records(f->bytes, written, &f->packets);
        (void)!ftruncate(f->fd, f->whole); /* a pipe or device: nothing can be taken back */
        return;
    }
    f->whole += (off_t)f->len;
    f->packets += f->pending_packets;
    f->pending_packets = f->pending_bytes = 0;
    rewind(f->memory);
}

static void file_add(struct file *f, const struct pcap_pkthdr *head, const u_char *data)
{
    if (f->trouble)
        return;
    pcap_dump((u_char *)f->dumper, head, data);
    f->pending_packets++;
    f->pending_bytes += sizeof *head + head->caplen;
    if (f->pending_bytes >= PENDING_BYTES)
        file_flush(f);
}

static int file_trouble(const struct file *f, const char *path, struct oh_error *e)
{
    oh_error_set(e, "the capture file %s could not be written whole: %s", path,
                 strerror(f->trouble));
    return oh_error_remedy(e, "make room there, or choose another folder with -o");
}

/* Writes what is left. What close tells (quotas, network drives) counts as well. */
static void file_finish(struct file *f)
{
    file_flush(f);
    if (f->fd >= 0 && close(f->fd) < 0 && !f->trouble)
        f->trouble = errno;
    f->fd = -1;
}

static void file_release(struct file *f)
{
    file_finish(f);
    if (f->dumper)
        pcap_dump_close(f->dumper); /* and `memory` */
    else if (f->memory)
        fclose(f->memory);
    free(f->bytes);
    free(f->path);
    *f = (struct file){.fd = -1};
}

static int file_open(struct file *f, pcap_t *format, const char *path, struct oh_error *e)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) {
        oh_error_set(e, "the capture file %s cannot be made: %s", path, strerror(errno));
        return oh_error_remedy(e, "choose another folder with -o");
    }
    *f = (struct file){.fd = fd, .path = oh_strdup(path)};
    f->memory = open_memstream(&f->bytes, &f->len);
    f->dumper = f->memory ? pcap_dump_fopen(format, f->memory) : NULL;
    if (!f->dumper)
        f->trouble = ENOMEM;
    file_flush(f); /* the header, so that the file reads from now on */
    if (!f->trouble)
        return 0;
    file_trouble(f, path, e);
    file_release(f);
    return -1;
}

/* --- packets --- */

/* A filler ends in the number of its flush and the mark. */
static bool is_filler(struct oh_capture *c, const struct pcap_pkthdr *head, const u_char *data)
{
    if (head->caplen < FILLER_BYTES || c->filler_fd < 0 ||
        memcmp(data + head->caplen - FILLER_MARK, c->mark, FILLER_MARK) != 0)
        return false;
    memcpy(&c->seen, data + head->caplen - FILLER_MARK - sizeof c->seen, sizeof c->seen);
    return true;
}

/* Does a packet of this moment go to the file? Before `from_ns` it belongs to an earlier one, until
 * a younger one was seen: from then on the wall clock may be set back and nothing is lost. */
static bool is_within(struct oh_capture *c)
{
    if (c->file.fd < 0 || c->last_ns > c->until_ns || (!c->from_settled && c->last_ns < c->from_ns))
        return false;
    c->from_settled = true;
    return true;
}

static void tell_message(const struct oh_tcp_message *m, void *arg)
{
    struct oh_capture *c = arg;
    if (c->listener)
        c->listener(m->time_ns, &m->src, &m->dst, OH_TRANSPORT_TCP, m->bytes, c->listener_arg);
}

static void take_packet(u_char *arg, const struct pcap_pkthdr *head, const u_char *data)
{
    struct oh_capture *c = (struct oh_capture *)(void *)arg;
    struct oh_packet packet;
    struct pcap_pkthdr nano = *head;
    nano.ts.tv_usec *= c->ns_per_unit;
    c->last_ns = nano.ts.tv_sec * OH_NS_PER_S + nano.ts.tv_usec;
    if (is_filler(c, head, data) || !is_within(c))
        return;
    file_add(&c->file, &nano, data);
    struct oh_span bytes = {(const char *)data, head->caplen};
    c->frame++;
    enum oh_packet_kind kind = oh_packets_add(c->packets, c->frame, c->last_ns, bytes, &packet);
    if (kind == OH_PACKET_TCP)
        oh_tcp_add(c->tcp, &packet);
    else if (kind == OH_PACKET_UDP && c->listener)
        c->listener(packet.time_ns, &packet.src, &packet.dst, OH_TRANSPORT_UDP, packet.bytes,
                    c->listener_arg);
}

static void dispatch(struct oh_capture *c)
{
    if (c->broken[0])
        return;
    assert(!c->dispatching); /* begin, end and close are not for the listener to call */
    c->dispatching = true;
    int status = pcap_dispatch(c->pcap, -1, take_packet, (u_char *)c);
    c->dispatching = false;
    file_flush(&c->file);
    if (status >= 0)
        return;
    snprintf(c->broken, sizeof c->broken, "%s", pcap_geterr(c->pcap));
    oh_watch_free(c->watch);
    c->watch = NULL;
}

static void on_readable(int fd, void *arg)
{
    (void)fd;
    dispatch(arg);
}

/* Fills the kernel's block until one of the fillers comes out; false if none does. */
static bool push(struct oh_capture *c)
{
    char filler[FILLER_BYTES] = {0};
    if (c->filler_fd < 0 || c->broken[0])
        return false;
    uint64_t number = ++c->flushes;
    memcpy(filler + FILLER_BYTES - FILLER_MARK, c->mark, FILLER_MARK);
    memcpy(filler + FILLER_BYTES - FILLER_MARK - sizeof number, &number, sizeof number);
    for (int sent = 0; sent < FILLERS_AT_MOST && c->seen != number && !c->broken[0]; sent++) {
        if (send(c->filler_fd, filler, sizeof filler, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
            return false;
        if (sent % FILLERS_A_TURN == FILLERS_A_TURN - 1)
            dispatch(c);
    }
    return c->seen == number;
}

/* Takes all packets that are older than this call. The kernel hands a block on when it is full or
 * some milliseconds old, so the buffer is empty when a packet younger than the call was seen, or
 * when nothing came for QUIET_MS. */
static void drain(struct oh_capture *c, int64_t asked_ns)
{
    if (push(c))
        return;
    struct pollfd pollfd = {.fd = pcap_get_selectable_fd(c->pcap), .events = POLLIN};
    int64_t limit_ns = oh_clock_mono_ns() + DRAIN_LIMIT_MS * OH_NS_PER_MS;
    c->last_ns = 0;
    do
        dispatch(c);
    while (!c->broken[0] && c->last_ns <= asked_ns && oh_clock_mono_ns() < limit_ns &&
           poll(&pollfd, 1, QUIET_MS) != 0);
}

/* --- the contract --- */

static int open_handle(struct oh_capture *c, const struct oh_addr *hosts, size_t count,
                       struct oh_error *e)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    if (find_interface(hosts, count, c->interface, e) < 0)
        return -1;
    c->pcap = pcap_create(c->interface, why);
    if (!c->pcap)
        return oh_error_set(e, "cannot capture on %s: %s", c->interface, why);
    if (activate(c, e) < 0 || set_filter(c, hosts, count, e) < 0)
        return -1;
    if (pcap_setnonblock(c->pcap, 1, why) < 0)
        return oh_error_set(e, "cannot capture on %s: %s", c->interface, why);
    fcntl(pcap_get_selectable_fd(c->pcap), F_SETFD, FD_CLOEXEC); /* phone programs get none of it */
    c->packets = oh_packets_new(pcap_datalink(c->pcap));
    if (!c->packets)
        return oh_error_set(e, "cannot capture on %s: its link layer '%s' is not read",
                            c->interface,
                            pcap_datalink_val_to_description_or_dlt(pcap_datalink(c->pcap)));
    c->format = pcap_open_dead_with_tstamp_precision(pcap_datalink(c->pcap), SNAP_LEN,
                                                     PCAP_TSTAMP_PRECISION_NANO);
    return 0;
}

/* A socket that sends to itself, on loopback alone: elsewhere packets would go to the network. It
 * keeps next to nothing of what it gets. */
static void open_filler(struct oh_capture *c, const struct oh_addr *host)
{
    struct sockaddr_storage name;
    struct oh_addr local = *host;
    int least = 0;
    c->filler_fd = -1;
    local.port = 0;
    socklen_t len = oh_addr_to_sockaddr(&local, &name);
    if (!is_loopback(host) || getrandom(c->mark, sizeof c->mark, 0) != (ssize_t)sizeof c->mark)
        return;
    int fd = socket(name.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof least);
    if (bind(fd, (struct sockaddr *)&name, len) == 0 &&
        getsockname(fd, (struct sockaddr *)&name, &len) == 0 &&
        connect(fd, (struct sockaddr *)&name, len) == 0)
        c->filler_fd = fd;
    else
        close(fd);
}

struct oh_capture *oh_capture_open(struct oh_net *net, const struct oh_addr *hosts,
                                   size_t host_count, struct oh_error *e)
{
    assert(host_count > 0);
    struct oh_capture *c = oh_alloc(sizeof *c);
    c->file.fd = -1;
    open_filler(c, &hosts[0]);
    if (open_handle(c, hosts, host_count, e) < 0) {
        oh_capture_close(c);
        return NULL;
    }
    c->watch = oh_watch_new(net, pcap_get_selectable_fd(c->pcap), on_readable, c);
    if (c->watch)
        return c;
    oh_error_set(e, "cannot wait for packets on %s", c->interface);
    oh_capture_close(c);
    return NULL;
}

void oh_capture_close(struct oh_capture *c)
{
    if (!c)
        return;
    assert(!c->dispatching);
    oh_watch_free(c->watch);
    if (c->filler_fd >= 0)
        close(c->filler_fd);
    file_release(&c->file);
    oh_tcp_free(c->tcp);
    oh_packets_free(c->packets);
    free(c->sip_at);
    if (c->format)
        pcap_close(c->format);
    if (c->pcap)
        pcap_close(c->pcap);
    free(c);
}

const char *oh_capture_interface(const struct oh_capture *c)
{
    return c->interface;
}

int oh_capture_begin(struct oh_capture *c, const char *path, struct oh_error *e)
{
    assert(c->file.fd < 0);
    if (file_open(&c->file, c->format, path, e) < 0)
        return -1;
    c->frame = 0;
    c->from_ns = oh_clock_wall_ns();
    c->until_ns = INT64_MAX;
    c->from_settled = false;
    c->tcp = oh_tcp_new(c->sip_at, c->sip_at_count, tell_message, c);
    if (!c->broken[0])
        pcap_stats(c->pcap, &c->before);
    return 0;
}

int64_t oh_capture_began_ns(const struct oh_capture *c)
{
    return c->from_ns;
}

int64_t oh_capture_ended_ns(const struct oh_capture *c)
{
    return c->until_ns;
}

void oh_capture_flush(struct oh_capture *c)
{
    push(c);
}

void oh_capture_listen(struct oh_capture *c, oh_capture_fn *fn, void *arg)
{
    c->listener = fn;
    c->listener_arg = arg;
}

void oh_capture_sip_at(struct oh_capture *c, const struct oh_addr *at, size_t count)
{
    free(c->sip_at);
    c->sip_at = oh_alloc(count * sizeof *at);
    c->sip_at_count = count;
    if (count > 0)
        memcpy(c->sip_at, at, count * sizeof *at);
}

static int read_counters(struct oh_capture *c, uint64_t *dropped, struct oh_error *e)
{
    struct pcap_stat now;
    *dropped = 0;
    if (c->broken[0])
        return oh_error_set(e, "the capture on %s ended by itself: %s", c->interface, c->broken);
    if (pcap_stats(c->pcap, &now) < 0)
        return oh_error_set(e, "the drop counters of %s cannot be read: %s", c->interface,
                            pcap_geterr(c->pcap));
    /* unsigned counters may wrap; their differences do not mind */
    *dropped = (uint64_t)(now.ps_drop - c->before.ps_drop) + (now.ps_ifdrop - c->before.ps_ifdrop);
    return 0;
}

int oh_capture_end(struct oh_capture *c, uint64_t *received, uint64_t *dropped, struct oh_error *e)
{
    assert(c->file.fd >= 0);
    c->until_ns = oh_clock_wall_ns();
    drain(c, c->until_ns);
    file_finish(&c->file);
    *received = c->file.packets;
    int status = read_counters(c, dropped, e);
    if (c->file.trouble)
        status = file_trouble(&c->file, c->file.path, e);
    file_release(&c->file);
    oh_tcp_free(c->tcp);
    c->tcp = NULL;
    return status;
}
