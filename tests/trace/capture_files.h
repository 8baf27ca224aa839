/*
 * capture_files.h - whole capture files made by hand: pcapng of either byte order, gzip; and what
 * scanning them tells.
 */
#ifndef OH_TESTS_TRACE_CAPTURE_FILES_H
#define OH_TESTS_TRACE_CAPTURE_FILES_H

#include "trace/capture_bytes.h"

#include <zlib.h>

/* --- pcapng --- */

/* A file in the making; `swapped`: of a machine of the other byte order. */
struct ng {
    struct oh_text file;
    bool swapped;
};

static inline void ng32(const struct ng *ng, struct oh_text *t, uint32_t v)
{
    put_host32(t, ng->swapped ? __builtin_bswap32(v) : v);
}

static inline void ng16(const struct ng *ng, struct oh_text *t, unsigned v)
{
    uint16_t own = (uint16_t)v, other = __builtin_bswap16(own);
    oh_text_add_span(t, (struct oh_span){(const char *)(ng->swapped ? &other : &own), 2});
}

static inline void pad(struct oh_text *t)
{
    while (t->len % 4 != 0)
        put8(t, 0);
}

/* Takes `body`. */
static inline void block(struct ng *ng, uint32_t type, struct oh_text body)
{
    pad(&body);
    uint32_t len = 12 + (uint32_t)body.len;
    ng32(ng, &ng->file, type);
    ng32(ng, &ng->file, len);
    put_text(&ng->file, body);
    ng32(ng, &ng->file, len);
}

static inline void section(struct ng *ng)
{
    struct oh_text t = {0};
    ng32(ng, &t, 0x1a2b3c4d);
    ng16(ng, &t, 1);
    ng16(ng, &t, 0);
    ng32(ng, &t, UINT32_MAX);
    ng32(ng, &t, UINT32_MAX);
    block(ng, 0x0a0d0d0a, t);
}

static inline struct ng new_ng(bool swapped)
{
    struct ng ng = {.swapped = swapped};
    section(&ng);
    return ng;
}

/* `resolution` and `offset_s`: 6 and 0 are not written. */
static inline void interface(struct ng *ng, unsigned link, unsigned resolution, uint32_t offset_s)
{
    struct oh_text t = {0};
    ng16(ng, &t, link);
    ng16(ng, &t, 0);
    ng32(ng, &t, 262144);
    if (resolution != 6) {
        ng16(ng, &t, 9);
        ng16(ng, &t, 1);
        put8(&t, resolution);
        pad(&t);
    }
    if (offset_s) {
        ng16(ng, &t, 14);
        ng16(ng, &t, 8);
        ng32(ng, &t, ng->swapped ? 0 : offset_s);
        ng32(ng, &t, ng->swapped ? offset_s : 0);
    }
    block(ng, 1, t);
}

/* Takes `frame`. `kind`: 6, or 2 for the obsolete form. */
static inline void packet_of_kind(struct ng *ng, unsigned kind, unsigned which, uint64_t units,
                                  struct oh_text frame)
{
    struct oh_text t = {0};
    if (kind == 2) {
        ng16(ng, &t, which);
        ng16(ng, &t, 0xffff);
    } else {
        ng32(ng, &t, which);
    }
    ng32(ng, &t, (uint32_t)(units >> 32));
    ng32(ng, &t, (uint32_t)units);
    ng32(ng, &t, (uint32_t)frame.len);
    ng32(ng, &t, (uint32_t)frame.len);
    put_text(&t, frame);
    block(ng, kind, t);
}

static inline void packet(struct ng *ng, unsigned which, uint64_t units, struct oh_text frame)
{
    packet_of_kind(ng, 6, which, units, frame);
}

/* --- gzip --- */

/* Takes `plain`; one member. */
static inline struct oh_text gzip_of(struct oh_text plain)
{
    struct oh_text t = {0};
    z_stream z = {.next_in = (Bytef *)plain.at, .avail_in = (uInt)plain.len};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    char some[4096];
    int status;
    do {
        z.next_out = (Bytef *)some;
        z.avail_out = sizeof some;
        status = deflate(&z, Z_FINISH);
        oh_text_add_span(&t, (struct oh_span){some, sizeof some - z.avail_out});
    } while (status == Z_OK);
    assert_int_equal(status, Z_STREAM_END);
    deflateEnd(&z);
    oh_text_release(&plain);
    return t;
}

/* --- scanning --- */

struct told {
    int status;
    size_t datagrams, messages, lost, lost_before; /* before: the first message */
    size_t asked;
    size_t stop_after; /* questions; 0: never */
    uint64_t read, in_all;
    struct oh_capture_counts counts;
    struct oh_error e;
};

static inline void on_datagram(unsigned frame, int64_t time_ns, const struct oh_addr *src,
                               const struct oh_addr *dst, struct oh_span bytes, void *arg)
{
    struct told *t = arg;
    (void)frame, (void)time_ns, (void)src, (void)dst, (void)bytes;
    t->datagrams++;
}

static inline void on_message(unsigned frame, int64_t time_ns, const struct oh_addr *src,
                              const struct oh_addr *dst, struct oh_span bytes, void *arg)
{
    struct told *t = arg;
    (void)frame, (void)time_ns, (void)src, (void)dst, (void)bytes;
    if (t->messages++ == 0)
        t->lost_before = t->lost;
}

static inline void on_lost(void *arg)
{
    struct told *t = arg;
    t->lost++;
}

static inline bool on_question(uint64_t bytes_read, uint64_t bytes_in_all, void *arg)
{
    struct told *t = arg;
    assert_true(bytes_read >= t->read);
    assert_true(bytes_in_all == 0 || bytes_read <= bytes_in_all);
    t->read = bytes_read;
    t->in_all = bytes_in_all;
    t->asked++;
    return t->asked != t->stop_after;
}

static inline void scan_path(struct told *t, const char *path)
{
    const struct oh_capture_sink sink = {.datagram = on_datagram,
                                         .tcp_message = on_message,
                                         .lost = on_lost,
                                         .go_on = on_question,
                                         .arg = t};
    t->status = oh_capture_scan(path, NULL, 0, &sink, &t->counts, &t->e);
}

/* Takes `file`. */
static inline void scan(struct told *t, struct oh_text file)
{
    char path[] = "/tmp/offhook-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, oh_text_str(&file), file.len), (ssize_t)file.len);
    close(fd);
    oh_text_release(&file);
    scan_path(t, path);
    unlink(path);
}

#endif
