/*
 * capture_bytes.h - capture files made of bytes by hand, and what reading them gives, for the tests
 * of trace/capture.h.
 *
 * Functions named `_of` take (and release) the texts that they wrap.
 */
#ifndef OH_TESTS_TRACE_CAPTURE_BYTES_H
#define OH_TESTS_TRACE_CAPTURE_BYTES_H

#include "trace/capture.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MAGIC_MICRO 0xa1b2c3d4u
#define MAGIC_NANO  0xa1b23c4du
enum { ETHERNET = 1, SLL = 113, SLL2 = 276, LINK_NULL = 0, LOOP = 108, RAW = 101 };
enum { LINK_IPV4 = 228, LINK_IPV6 = 229, WLAN = 105 };
enum { UDP = 17, FRAGMENT = 44, HOP_BY_HOP = 0, DESTINATION = 60, ROUTING = 43, TCP = 6 };
enum { SECOND = 1700000000 };

/* --- bytes --- */

static inline void put8(struct oh_text *t, unsigned v)
{
    oh_text_add_char(t, (char)v);
}

static inline void put16(struct oh_text *t, unsigned v) /* network order, as on the wire */
{
    put8(t, v >> 8 & 0xff);
    put8(t, v & 0xff);
}

static inline void put32(struct oh_text *t, uint32_t v)
{
    put16(t, v >> 16);
    put16(t, v & 0xffff);
}

static inline void put_host32(struct oh_text *t,
                              uint32_t v) /* this machine's order, as in capture files */
{
    oh_text_add_span(t, (struct oh_span){(const char *)&v, sizeof v});
}

static inline void put_text(struct oh_text *t, struct oh_text part) /* takes `part` */
{
    oh_text_add_span(t, oh_text_span(&part));
    oh_text_release(&part);
}

static inline struct oh_text message(unsigned number, size_t body_len)
{
    struct oh_text t = {0};
    oh_text_addf(&t,
                 "OPTIONS sip:b SIP/2.0\r\nCall-ID: c\r\nCSeq: %u OPTIONS\r\n"
                 "Content-Length: %zu\r\n\r\n",
                 number, body_len);
    for (size_t i = 0; i < body_len; i++)
        put8(&t, 'a' + (unsigned)(i * 7 % 26));
    return t;
}

static inline struct oh_text udp_of(struct oh_text payload)
{
    struct oh_text t = {0};
    put16(&t, 5070);
    put16(&t, 5060);
    put16(&t, (unsigned)(8 + payload.len));
    put16(&t, 0);
    put_text(&t, payload);
    return t;
}

/* `field`: flags and fragment offset. */
static inline struct oh_text ipv4_of(unsigned protocol, unsigned id, unsigned field,
                                     struct oh_text payload)
{
    struct oh_text t = {0};
    put16(&t, 0x4500);
    put16(&t, (unsigned)(20 + payload.len));
    put16(&t, id);
    put16(&t, field);
    put16(&t, 64 << 8 | protocol);
    put16(&t, 0);
    put32(&t, 0x7f000002);
    put32(&t, 0x7f000001);
    put_text(&t, payload);
    return t;
}

static inline struct oh_text ipv6_of(unsigned next_header, struct oh_text payload)
{
    struct oh_text t = {0};
    put32(&t, 0x60000000);
    put16(&t, (unsigned)payload.len);
    put16(&t, next_header << 8 | 64);
    for (unsigned last = 2; last > 0; last--) { /* 2001:db8::2 -> 2001:db8::1 */
        put32(&t, 0x20010db8);
        put32(&t, 0);
        put32(&t, 0);
        put32(&t, last);
    }
    put_text(&t, payload);
    return t;
}

static inline struct oh_text extension_of(unsigned next_header, unsigned eights,
                                          struct oh_text payload)
{
    struct oh_text t = {0};
    put8(&t, next_header);
    put8(&t, eights);
    for (size_t i = 2; i < (eights + 1) * 8; i++)
        put8(&t, 0);
    put_text(&t, payload);
    return t;
}

static inline struct oh_text sip4(unsigned number)
{
    return ipv4_of(UDP, number, 0, udp_of(message(number, 0)));
}

static inline struct oh_text sip6(unsigned number)
{
    return ipv6_of(UDP, udp_of(message(number, 0)));
}

static inline struct oh_text ether_of(unsigned type, struct oh_text payload)
{
    struct oh_text t = {0};
    for (int i = 0; i < 12; i++)
        put8(&t, 2);
    put16(&t, type);
    put_text(&t, payload);
    return t;
}

/* --- the capture file --- */

static inline struct oh_text capture_of(uint32_t magic, uint32_t link)
{
    struct oh_text t = {0};
    put_host32(&t, magic);
    put_host32(&t, 4u << 16 | 2u); /* version 2.4 on a little-endian machine */
    put_host32(&t, 0);
    put_host32(&t, 0);
    put_host32(&t, 262144);
    put_host32(&t, link);
    return t;
}

/* Takes `frame`; `cut` of its bytes were not captured. */
static inline void add_cut(struct oh_text *file, uint32_t fraction, struct oh_text frame,
                           size_t cut)
{
    put_host32(file, SECOND);
    put_host32(file, fraction);
    put_host32(file, (uint32_t)(frame.len - cut));
    put_host32(file, (uint32_t)frame.len);
    oh_text_add_span(file, oh_span_sub(oh_text_span(&frame), 0, frame.len - cut));
    oh_text_release(&frame);
}

static inline void add(struct oh_text *file, struct oh_text frame)
{
    add_cut(file, 0, frame, 0);
}

struct outcome {
    int status;
    bool truncated;
    struct oh_trace *trace;
    struct oh_error e;
};

static inline struct outcome read_path(const char *path)
{
    struct outcome o = {.trace = oh_trace_new()};
    o.status = oh_capture_read(path, o.trace, &o.truncated, &o.e);
    return o;
}

/* Takes `file`. */
static inline struct outcome read_bytes(struct oh_text file)
{
    char path[] = "/tmp/offhook-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, oh_text_str(&file), file.len), (ssize_t)file.len);
    close(fd);
    oh_text_release(&file);
    struct outcome o = read_path(path);
    unlink(path);
    return o;
}

static inline void assert_message(const struct outcome *o, size_t at, unsigned number,
                                  unsigned frame)
{
    char cseq[32];
    snprintf(cseq, sizeof cseq, "%u OPTIONS", number);
    assert_true(at < o->trace->msg_count);
    const struct oh_trace_msg *m = &o->trace->msgs[at];
    assert_int_equal(m->frame, frame);
    assert_int_equal(m->src.port, 5070);
    assert_int_equal(m->dst.port, 5060);
    assert_int_equal(m->transport, OH_TRANSPORT_UDP);
    assert_int_equal(m->sip->defect_count, 0);
    assert_true(oh_span_is(oh_sip_msg_header(m->sip, OH_SIP_CSEQ, 0)->value, cseq));
}

/* One message, whole, in frame 1, and nothing left over. */
static inline void assert_single(struct outcome o)
{
    char src[OH_ADDR_TEXT], dst[OH_ADDR_TEXT];
    assert_int_equal(o.status, 0);
    assert_false(o.truncated);
    assert_int_equal(o.trace->msg_count, 1);
    assert_int_equal(o.trace->skipped, 0);
    assert_message(&o, 0, 1, 1);
    const struct oh_trace_msg *m = &o.trace->msgs[0];
    bool six = m->src.family == OH_FAMILY_IPV6;
    oh_addr_format(&m->src, src);
    oh_addr_format(&m->dst, dst);
    assert_string_equal(src, six ? "[2001:db8::2]:5070" : "127.0.0.2:5070");
    assert_string_equal(dst, six ? "[2001:db8::1]:5060" : "127.0.0.1:5060");
    oh_trace_free(o.trace);
}

static inline void assert_none(struct outcome o, size_t skipped, bool truncated)
{
    assert_int_equal(o.status, 0);
    assert_int_equal(o.truncated, truncated);
    assert_int_equal(o.trace->msg_count, 0);
    assert_int_equal(o.trace->rtp_count, 0);
    assert_int_equal(o.trace->skipped, skipped);
    oh_trace_free(o.trace);
}

static inline void assert_nothing(struct outcome o, size_t skipped)
{
    assert_none(o, skipped, false);
}

/* There was something, and it is not whole. */
static inline void assert_evidence_missing(struct outcome o, size_t skipped)
{
    assert_none(o, skipped, true);
}

/* Takes `frame`. */
static inline struct outcome read_single(uint32_t link, struct oh_text frame)
{
    struct oh_text file = capture_of(MAGIC_NANO, link);
    add(&file, frame);
    return read_bytes(file);
}

#endif
