#include "trace/frames.h"

#include "base/file.h"
#include "trace/pcapng.h"

#include <pcap/dlt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_HEADER   24
#define RECORD_HEADER 16
#define LINKTYPE_RAW  101

struct oh_frames {
    struct oh_input *in;
    struct oh_pcapng *pcapng; /* NULL: a classic file */
    bool swapped;
    uint64_t ns_per_unit;
    size_t record_header;
    int link;
    uint64_t done; /* bytes of the record given last, not taken yet */
    const char *trouble;
    bool is_short;
};

/* Written in the byte order of the machine that captured. */
struct magic {
    uint32_t value;
    uint64_t ns_per_unit;
    size_t record_header;
};

static const struct magic magics[] = {
    {0xa1b2c3d4, 1000, RECORD_HEADER},
    {0xa1b23c4d, 1, RECORD_HEADER},
    {0xa1b2cd34, 1000, RECORD_HEADER + 8}, /* of a kernel patch of old: more of each record */
};

/* What is no capture for a reason that can be told. */
static const struct {
    const char *begins;
    size_t len;
    const char *why;
} others[] = {
    {"\x28\xb5\x2f\xfd", 4, "it is compressed by zstd; unpack it first"},
    {"\x04\x22\x4d\x18", 4, "it is compressed by lz4; unpack it first"},
    {"\xfd"
     "7zXZ",
     5, "it is compressed by xz; unpack it first"},
    {"BZh", 3, "it is compressed by bzip2; unpack it first"},
    {"PK\x03\x04", 4, "it is a zip archive; unpack it first"},
    {"snoop", 5, "it is a snoop capture; make a pcap of it by editcap"},
};

int oh_frame_link(unsigned linktype)
{
    return linktype == LINKTYPE_RAW ? DLT_RAW : (int)linktype;
}

int64_t oh_frame_time_ns(int64_t seconds, uint64_t ns)
{
    const int64_t most = INT64_MAX / OH_NS_PER_S - 1;
    int64_t s = seconds < 0 ? 0 : seconds > most ? most : seconds;
    return s * OH_NS_PER_S + (ns < OH_NS_PER_S ? (int64_t)ns : 0);
}

/* --- classic --- */

static uint32_t u32(const struct oh_frames *f, const char *at)
{
    uint32_t v;
    memcpy(&v, at, sizeof v);
    return f->swapped ? __builtin_bswap32(v) : v;
}

static unsigned u16(const struct oh_frames *f, const char *at)
{
    uint16_t v;
    memcpy(&v, at, sizeof v);
    return f->swapped ? __builtin_bswap16(v) : v;
}

static bool read_magic(struct oh_frames *f, const char *at)
{
    for (size_t i = 0; i < 2 * (sizeof magics / sizeof *magics); i++) {
        const struct magic *m = &magics[i / 2];
        f->swapped = i % 2;
        f->ns_per_unit = m->ns_per_unit;
        f->record_header = m->record_header;
        if (u32(f, at) == m->value)
            return true;
    }
    return false;
}

static const char *why_not(struct oh_span first)
{
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (first.len >= others[i].len && memcmp(first.at, others[i].begins, others[i].len) == 0)
            return others[i].why;
    }
    return "it does not begin as one";
}

static int read_file_header(struct oh_frames *f, const char *path, struct oh_error *e)
{
    struct oh_span head = oh_input_see(f->in, FILE_HEADER);
    const char *trouble = oh_input_trouble(f->in);
    if (head.len >= 4 && oh_pcapng_begins(head)) {
        f->pcapng = oh_pcapng_new();
        return 0;
    }
    if (head.len < 4 || !read_magic(f, head.at))
        return oh_input_refuse(path, trouble ? trouble : why_not(head), e);
    if (head.len < FILE_HEADER)
        return oh_input_refuse(path, trouble ? trouble : "it ends within its header", e);
    if (u16(f, head.at + 4) != 2) {
        char why[64];
        snprintf(why, sizeof why, "it is of version %u.%u", u16(f, head.at + 4),
                 u16(f, head.at + 6));
        return oh_input_refuse(path, why, e);
    }
    f->link = oh_frame_link(u32(f, head.at + 20) & 0xffff); /* above: a frame check sequence */
    f->done = FILE_HEADER;
    return 0;
}

static enum oh_frames_got ended(struct oh_frames *f, size_t left)
{
    if (oh_input_is_stopped(f->in))
        return OH_FRAMES_END;
    f->trouble = oh_input_trouble(f->in);
    f->is_short = !f->trouble && left > 0;
    if (f->is_short)
        f->trouble = "it ends within a record";
    return f->trouble ? OH_FRAMES_DAMAGED : OH_FRAMES_END;
}

static enum oh_frames_got next_record(struct oh_frames *f, struct oh_frame *out)
{
    oh_input_take(f->in, f->done);
    f->done = 0;
    struct oh_span record = oh_input_see(f->in, f->record_header);
    if (record.len < f->record_header)
        return ended(f, record.len);
    size_t len = u32(f, record.at + 8);
    if (len > OH_FRAME_MOST) {
        f->trouble = "a record is damaged";
        return OH_FRAMES_DAMAGED;
    }
    record = oh_input_see(f->in, f->record_header + len);
    if (record.len < f->record_header + len)
        return ended(f, record.len);
    f->done = f->record_header + len;
    out->link = f->link;
    out->time_ns = oh_frame_time_ns(u32(f, record.at), u32(f, record.at + 4) * f->ns_per_unit);
    out->bytes = oh_span_sub(record, f->record_header, len);
    return OH_FRAMES_ONE;
}

/* --- the contract --- */

struct oh_frames *oh_frames_open(const char *path, oh_input_go_on_fn *go_on, void *arg,
                                 struct oh_error *e)
{
    struct oh_input *in = oh_input_open(path, go_on, arg, e);
    if (!in)
        return NULL;
    struct oh_frames *f = oh_alloc(sizeof *f);
    f->in = in;
    if (read_file_header(f, path, e) == 0)
        return f;
    oh_frames_free(f);
    return NULL;
}

void oh_frames_free(struct oh_frames *f)
{
    if (!f)
        return;
    oh_pcapng_free(f->pcapng);
    oh_input_free(f->in);
    free(f);
}

enum oh_frames_got oh_frames_next(struct oh_frames *f, struct oh_frame *out)
{
    if (f->trouble)
        return OH_FRAMES_DAMAGED;
    if (!f->pcapng)
        return next_record(f, out);
    enum oh_frames_got got = oh_pcapng_next(f->pcapng, f->in, out);
    if (got == OH_FRAMES_DAMAGED)
        f->trouble = oh_pcapng_trouble(f->pcapng);
    return got;
}

const char *oh_frames_trouble(const struct oh_frames *f)
{
    return f->trouble;
}

bool oh_frames_is_short(const struct oh_frames *f)
{
    return f->pcapng ? oh_pcapng_is_short(f->pcapng) : f->is_short;
}

uint64_t oh_frames_dropped(const struct oh_frames *f)
{
    return f->pcapng ? oh_pcapng_dropped(f->pcapng) : 0;
}

const struct oh_input *oh_frames_input(const struct oh_frames *f)
{
    return f->in;
}
