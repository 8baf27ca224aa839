#include "trace/capture.h"

#include "base/file.h"
#include "trace/tcp.h"

#include <errno.h>
#include <pcap.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct reading {
    pcap_t *pcap;
    FILE *file; /* the pcap's */
    struct oh_packets *packets;
    struct oh_tcp *tcp;
    struct oh_trace *trace;
    unsigned frame;
    bool truncated;
};

static int no_capture(const char *path, const char *why, struct oh_error *e)
{
    oh_error_set(e, "%s is no capture that can be read: %s", path, why);
    return oh_error_remedy(
        e, "a pcap or pcapng file is wanted, as tcpdump, dumpcap and Wireshark write");
}

static int open_file(struct reading *r, const char *path, struct oh_error *e)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    struct stat st = {0};
    r->file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe");
    if (!r->file)
        return oh_error_set(e, "%s cannot be opened: %s", path, strerror(errno));
    if (fstat(fileno(r->file), &st) == 0 && S_ISDIR(st.st_mode))
        snprintf(why, sizeof why, "it is a folder");
    else
        r->pcap =
            pcap_fopen_offline_with_tstamp_precision(r->file, PCAP_TSTAMP_PRECISION_NANO, why);
    if (!r->pcap) {
        bool empty = feof(r->file) && S_ISREG(st.st_mode) && st.st_size == 0;
        if (r->file != stdin)
            fclose(r->file);
        return no_capture(path, empty ? "it is empty" : why, e);
    }
    r->packets = oh_packets_new(pcap_datalink(r->pcap));
    if (r->packets)
        return 0;
    const char *name = pcap_datalink_val_to_description_or_dlt(pcap_datalink(r->pcap));
    oh_error_set(e, "%s was captured on a link of the kind '%s', which is not read", path, name);
    return oh_error_remedy(e, "capture on Ethernet, loopback, 'any' or a raw IP interface");
}

static int64_t stamp_ns(const struct timeval *ts)
{
    const int64_t most = INT64_MAX / OH_NS_PER_S - 1;
    int64_t s = ts->tv_sec < 0 ? 0 : ts->tv_sec > most ? most : ts->tv_sec;
    int64_t ns = ts->tv_usec < 0 || ts->tv_usec >= OH_NS_PER_S ? 0 : ts->tv_usec; /* nano handle */
    return s * OH_NS_PER_S + ns;
}

static void take_message(const struct oh_tcp_message *m, void *arg)
{
    struct reading *r = arg;
    oh_trace_add(r->trace, m->frame, m->time_ns, &m->src, &m->dst, OH_TRANSPORT_TCP, m->bytes);
}

static void take_frame(struct reading *r, const struct pcap_pkthdr *head, const u_char *data)
{
    struct oh_packet packet;
    struct oh_span bytes = {(const char *)data, head->caplen};
    r->frame++;
    switch (oh_packets_add(r->packets, r->frame, stamp_ns(&head->ts), bytes, &packet)) {
    case OH_PACKET_PART:
        return;
    case OH_PACKET_CUT:
        r->truncated = true;
        break;
    case OH_PACKET_UDP:
        if (oh_trace_add(r->trace, packet.frame, packet.time_ns, &packet.src, &packet.dst,
                         OH_TRANSPORT_UDP, packet.bytes) ||
            oh_trace_add_rtp(r->trace, packet.frame, packet.time_ns, &packet.src, &packet.dst,
                             packet.bytes))
            return;
        break;
    case OH_PACKET_TCP:
        oh_tcp_add(r->tcp, &packet); /* and counts what is skipped */
        return;
    case OH_PACKET_OTHER:
        break;
    }
    r->trace->skipped++;
}

/* Libpcap tells a damaged record by words only. At the end of the file, or with packets read before
 * it, it is a damaged tail; trouble before the first packet is a file of a make that libpcap does
 * not read. */
static int read_frames(struct reading *r, const char *path, struct oh_error *e)
{
    struct pcap_pkthdr *head;
    const u_char *data;
    int got;
    while ((got = pcap_next_ex(r->pcap, &head, &data)) == 1)
        take_frame(r, head, data);
    oh_tcp_end(r->tcp);
    r->trace->skipped += oh_packets_unfinished(r->packets) + oh_tcp_others(r->tcp);
    if (got == PCAP_ERROR && r->frame == 0 && !feof(r->file))
        return no_capture(path, pcap_geterr(r->pcap), e);
    r->truncated |= got == PCAP_ERROR || oh_tcp_gaps(r->tcp) > 0;
    return 0;
}

int oh_capture_read(const char *path, struct oh_trace *t, bool *truncated, struct oh_error *e)
{
    return oh_capture_read_sip_at(path, NULL, 0, t, truncated, e);
}

int oh_capture_read_sip_at(const char *path, const struct oh_addr *at, size_t count,
                           struct oh_trace *t, bool *truncated, struct oh_error *e)
{
    struct reading r = {.trace = t};
    r.tcp = oh_tcp_new(at, count, take_message, &r);
    int status = open_file(&r, path, e);
    if (status == 0)
        status = read_frames(&r, path, e);
    *truncated = r.truncated;
    t->frames = r.frame;
    oh_tcp_free(r.tcp);
    oh_packets_free(r.packets);
    if (r.pcap)
        pcap_close(r.pcap); /* and the file */
    return status;
}
