#include "trace/capture.h"

#include "trace/frames.h"
#include "trace/tcp.h"

#include <pcap.h>
#include <stdio.h>

#define GO_ON_FRAMES 1024 /* between two questions, where the bytes are there already */

struct scan {
    struct oh_frames *frames;
    struct oh_packets *packets; /* NULL: no frame yet whose link layer is read */
    struct oh_tcp *tcp;
    const struct oh_capture_sink *sink;
    struct oh_capture_counts counts;
    int unread_link; /* the first that is not read */
    size_t unread;   /* frames with such a one */
};

/* --- what the sink is told --- */

static bool goes_on(void *arg)
{
    const struct scan *s = arg;
    if (!s->sink->go_on)
        return true;
    if (!s->frames) /* being opened */
        return s->sink->go_on(0, 0, s->sink->arg);
    const struct oh_input *in = oh_frames_input(s->frames);
    return s->sink->go_on(oh_input_bytes_read(in), oh_input_bytes_in_all(in), s->sink->arg);
}

static void take_message(const struct oh_tcp_message *m, void *arg)
{
    const struct scan *s = arg;
    s->sink->tcp_message(m->frame, m->time_ns, &m->src, &m->dst, m->bytes, s->sink->arg);
}

static void lose(struct scan *s)
{
    s->counts.truncated = true;
    if (s->sink->lost)
        s->sink->lost(s->sink->arg);
}

/* Evidence may turn out to be missing long after it should have come. */
static void tell_losses(struct scan *s)
{
    size_t unfinished = s->packets ? oh_packets_given_up(s->packets) : 0;
    size_t gaps = oh_tcp_gaps(s->tcp);
    if (unfinished > s->counts.unfinished || gaps > s->counts.tcp_gaps)
        lose(s);
    s->counts.unfinished = unfinished;
    s->counts.tcp_gaps = gaps;
}

/* --- frames --- */

static bool set_link(struct scan *s, int link)
{
    if (s->packets && oh_packets_set_link(s->packets, link))
        return true;
    if (!s->packets && (s->packets = oh_packets_new(link)))
        return true;
    if (s->unread++ == 0)
        s->unread_link = link;
    return false;
}

static void take_frame(struct scan *s, const struct oh_frame *f)
{
    struct oh_packet packet;
    unsigned number = (unsigned)++s->counts.frames;
    enum oh_packet_kind kind = OH_PACKET_OTHER;
    if (set_link(s, f->link))
        kind = oh_packets_add(s->packets, number, f->time_ns, f->bytes, &packet);
    switch (kind) {
    case OH_PACKET_PART:
        break;
    case OH_PACKET_CUT:
        s->counts.cut++;
        lose(s);
        break;
    case OH_PACKET_UDP:
        s->sink->datagram(packet.frame, packet.time_ns, &packet.src, &packet.dst, packet.bytes,
                          s->sink->arg);
        break;
    case OH_PACKET_TCP:
        oh_tcp_add(s->tcp, &packet);
        break;
    case OH_PACKET_OTHER:
        s->counts.other++;
    }
    tell_losses(s);
}

static enum oh_frames_got take_frames(struct scan *s)
{
    struct oh_frame frame;
    enum oh_frames_got got;
    do {
        got = oh_frames_next(s->frames, &frame);
        if (got == OH_FRAMES_ONE)
            take_frame(s, &frame);
    } while (got == OH_FRAMES_ONE && (s->counts.frames % GO_ON_FRAMES != 0 || goes_on(s)));
    return got;
}

/* --- the end --- */

static int refuse_link(const struct scan *s, const char *path, struct oh_error *e)
{
    const char *name = pcap_datalink_val_to_description_or_dlt(s->unread_link);
    oh_error_set(e, "%s was captured on a link of the kind '%s', which is not read", path, name);
    return oh_error_remedy(e, "capture on Ethernet, loopback, 'any' or a raw IP interface");
}

/* What still waited is told, and counted. */
static void settle(struct scan *s)
{
    oh_tcp_end(s->tcp);
    tell_losses(s);
    s->counts.tcp_other = oh_tcp_others(s->tcp);
    s->counts.dropped = oh_frames_dropped(s->frames);
    size_t unfinished = s->packets ? oh_packets_unfinished(s->packets) : 0;
    if (s->counts.dropped > 0 || unfinished > s->counts.unfinished)
        lose(s);
    s->counts.unfinished = unfinished;
}

static int read_all(struct scan *s, const char *path, struct oh_error *e)
{
    enum oh_frames_got got = take_frames(s);
    settle(s);
    if (s->counts.frames > 0 && s->unread == s->counts.frames)
        return refuse_link(s, path, e);
    if (got != OH_FRAMES_DAMAGED)
        return 0;
    if (s->counts.frames == 0 && !oh_frames_is_short(s->frames))
        return oh_input_refuse(path, oh_frames_trouble(s->frames), e);
    lose(s);
    return 0;
}

int oh_capture_scan(const char *path, const struct oh_addr *at, size_t count,
                    const struct oh_capture_sink *sink, struct oh_capture_counts *counts,
                    struct oh_error *e)
{
    struct scan s = {.sink = sink};
    int status = -1;
    s.frames = oh_frames_open(path, goes_on, &s, e);
    s.tcp = oh_tcp_new(at, count, take_message, &s);
    if (s.frames)
        status = read_all(&s, path, e);
    *counts = s.counts;
    oh_tcp_free(s.tcp);
    oh_packets_free(s.packets);
    oh_frames_free(s.frames);
    return status;
}

/* --- into a trace --- */

static void add_datagram(unsigned frame, int64_t time_ns, const struct oh_addr *src,
                         const struct oh_addr *dst, struct oh_span bytes, void *arg)
{
    struct oh_trace *t = arg;
    if (!oh_trace_add(t, frame, time_ns, src, dst, OH_TRANSPORT_UDP, bytes) &&
        !oh_trace_add_rtp(t, frame, time_ns, src, dst, bytes))
        t->skipped++;
}

static void add_message(unsigned frame, int64_t time_ns, const struct oh_addr *src,
                        const struct oh_addr *dst, struct oh_span bytes, void *arg)
{
    oh_trace_add(arg, frame, time_ns, src, dst, OH_TRANSPORT_TCP, bytes);
}

int oh_capture_read_sip_at(const char *path, const struct oh_addr *at, size_t count,
                           struct oh_trace *t, bool *truncated, struct oh_error *e)
{
    const struct oh_capture_sink sink = {
        .datagram = add_datagram, .tcp_message = add_message, .arg = t};
    struct oh_capture_counts c;
    int status = oh_capture_scan(path, at, count, &sink, &c, e);
    *truncated = c.truncated;
    t->frames = c.frames;
    t->skipped += c.cut + c.unfinished + c.other + c.tcp_other;
    return status;
}

int oh_capture_read(const char *path, struct oh_trace *t, bool *truncated, struct oh_error *e)
{
    return oh_capture_read_sip_at(path, NULL, 0, t, truncated, e);
}
