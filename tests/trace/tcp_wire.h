/*
 * tcp_wire.h - captures of TCP connections made by hand, for the tests of trace/tcp.h.
 *
 * Takers of a struct oh_text release it.
 */
#ifndef OH_TESTS_TRACE_TCP_WIRE_H
#define OH_TESTS_TRACE_TCP_WIRE_H

#include "trace/capture_bytes.h"
#include "trace/packet.h"

enum { FIN = OH_TCP_FIN, SYN = OH_TCP_SYN, RST = OH_TCP_RST, ACK = OH_TCP_ACK };
#define CLIENT_ISN 1000u
#define SERVER_ISN 0xffffff00u /* wraps early */
enum { MS = 1000000 };

/* A capture of connections between 127.0.0.2:40000 (the client) and 127.0.0.1:5060. */
struct wire {
    struct oh_text file;
    uint32_t client, server; /* what each sends next */
    uint32_t now;            /* nanoseconds */
    unsigned client_port;
    bool ipv6;
};

static inline struct wire new_wire(void)
{
    return (struct wire){.file = capture_of(MAGIC_NANO, RAW),
                         .client = CLIENT_ISN,
                         .server = SERVER_ISN,
                         .client_port = 40000};
}

static inline void swap(char *a, char *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char c = a[i];
        a[i] = b[i];
        b[i] = c;
    }
}

/* Takes `payload`; `cut` bytes of it are not captured. */
static inline void put_segment(struct wire *w, bool by_client, uint32_t seq, uint32_t ack,
                               unsigned flags, struct oh_text payload, size_t cut)
{
    struct oh_text t = {0};
    put16(&t, by_client ? w->client_port : 5060);
    put16(&t, by_client ? 5060 : w->client_port);
    put32(&t, seq);
    put32(&t, ack);
    put16(&t, 0x8000 | flags); /* with 12 bytes of options */
    put16(&t, 65535);
    put32(&t, 0);
    for (int i = 0; i < 12; i++)
        put8(&t, 1);
    put_text(&t, payload);
    struct oh_text frame = w->ipv6 ? ipv6_of(TCP, t) : ipv4_of(TCP, 1, 0, t);
    size_t from = w->ipv6 ? 8 : 12, len = w->ipv6 ? 16 : 4;
    if (!by_client)
        swap(frame.at + from, frame.at + from + len, len);
    w->now += MS;
    add_cut(&w->file, w->now, frame, cut);
}

static inline struct oh_text part_of(const struct oh_text *whole, size_t from, size_t len)
{
    struct oh_text t = {0};
    oh_text_add_span(&t, oh_span_sub(oh_text_span(whole), from, len));
    return t;
}

static inline struct oh_text text_of(const char *text)
{
    struct oh_text t = {0};
    oh_text_add(&t, text);
    return t;
}

static inline void hello(struct wire *w)
{
    put_segment(w, true, w->client++, 0, SYN, (struct oh_text){0}, 0);
    put_segment(w, false, w->server++, w->client, SYN | ACK, (struct oh_text){0}, 0);
    put_segment(w, true, w->client, w->server, ACK, (struct oh_text){0}, 0);
}

/* The client's next bytes in a segment of their own; takes `payload`. */
static inline void says(struct wire *w, struct oh_text payload)
{
    uint32_t len = (uint32_t)payload.len;
    put_segment(w, true, w->client, w->server, ACK, payload, 0);
    w->client += len;
}

static inline void answers(struct wire *w, struct oh_text payload)
{
    uint32_t len = (uint32_t)payload.len;
    put_segment(w, false, w->server, w->client, ACK, payload, 0);
    w->server += len;
}

static inline void acknowledges(struct wire *w)
{
    put_segment(w, false, w->server, w->client, ACK, (struct oh_text){0}, 0);
}

/* The segment is not captured. */
static inline void says_unseen(struct wire *w, struct oh_text payload)
{
    w->client += (uint32_t)payload.len;
    oh_text_release(&payload);
}

static inline struct outcome read_wire(struct wire *w)
{
    return read_bytes(w->file);
}

/* Told where SIP is listened for. */
static inline struct outcome read_wire_at(struct wire *w, const char *sip_at)
{
    struct outcome o = {.trace = oh_trace_new()};
    struct oh_addr at;
    char path[] = "/tmp/offhook-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, oh_text_str(&w->file), w->file.len), (ssize_t)w->file.len);
    close(fd);
    oh_text_release(&w->file);
    assert_int_equal(oh_addr_parse(oh_span_of(sip_at), &at, NULL), 0);
    o.status = oh_capture_read_sip_at(path, &at, 1, o.trace, &o.truncated, &o.e);
    unlink(path);
    return o;
}

static inline void assert_tcp(const struct outcome *o, size_t at, unsigned number, unsigned frame,
                              unsigned whole_in)
{
    char cseq[32];
    snprintf(cseq, sizeof cseq, "%u OPTIONS", number);
    assert_true(at < o->trace->msg_count);
    const struct oh_trace_msg *m = &o->trace->msgs[at];
    assert_int_equal(m->transport, OH_TRANSPORT_TCP);
    assert_true(oh_span_is(oh_sip_msg_header(m->sip, OH_SIP_CSEQ, 0)->value, cseq));
    assert_int_equal(m->sip->defect_count, 0);
    assert_int_equal(m->frame, frame);
    assert_int_equal(m->time_ns, SECOND * OH_NS_PER_S + (int64_t)whole_in * MS);
}

/* Messages 1 to `count`, nothing lost and nothing left over. */
static inline void assert_messages(struct outcome o, size_t count)
{
    assert_int_equal(o.status, 0);
    assert_false(o.truncated);
    assert_int_equal(o.trace->skipped, 0);
    assert_int_equal(o.trace->msg_count, count);
    for (size_t i = 0; i < count; i++) {
        const struct oh_trace_msg *m = &o.trace->msgs[i];
        assert_tcp(&o, i, (unsigned)i + 1, m->frame,
                   (unsigned)((m->time_ns - SECOND * OH_NS_PER_S) / MS));
    }
    oh_trace_free(o.trace);
}

/* `count` messages of more. */
static inline void assert_lost(struct wire *w, size_t count)
{
    struct outcome o = read_wire(w);
    assert_int_equal(o.status, 0);
    assert_true(o.truncated);
    assert_int_equal(o.trace->msg_count, count);
    oh_trace_free(o.trace);
}

static inline void bye(struct wire *w)
{
    put_segment(w, true, w->client++, w->server, FIN | ACK, (struct oh_text){0}, 0);
    put_segment(w, false, w->server++, w->client, FIN | ACK, (struct oh_text){0}, 0);
    put_segment(w, true, w->client, w->server, ACK, (struct oh_text){0}, 0);
}

#endif
