#include "trace/pcapng.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>

enum {
    SECTION = 0x0a0d0d0a,
    INTERFACE = 1,
    OLD_PACKET = 2,
    SIMPLE_PACKET = 3,
    STATISTICS = 5,
    PACKET = 6
};
enum { BLOCK_HEADER = 8, BLOCK_END = 4, BLOCK_LEAST = 12 };
enum { OPT_END = 0, IF_TSRESOL = 9, IF_TSOFFSET = 14, ISB_IFDROP = 5, ISB_OSDROP = 7 };
#define BYTE_ORDER_MAGIC 0x1a2b3c4du

struct interface {
    int link;
    uint32_t snap_len; /* 0: none */
    uint8_t resolution;
    int64_t offset_s;
    uint64_t dropped; /* as told last */
};

struct oh_pcapng {
    bool swapped;
    struct interface *interfaces; /* of this section; owned */
    size_t interface_count, interface_room;
    uint64_t dropped_before; /* in earlier sections */
    uint64_t done;           /* bytes of the block given last, not taken yet */
    const char *trouble;
    bool is_short;
};

/* --- numbers --- */

static uint32_t u32(const struct oh_pcapng *p, struct oh_span s, size_t at)
{
    uint32_t v;
    memcpy(&v, s.at + at, sizeof v);
    return p->swapped ? __builtin_bswap32(v) : v;
}

static uint16_t u16(const struct oh_pcapng *p, struct oh_span s, size_t at)
{
    uint16_t v;
    memcpy(&v, s.at + at, sizeof v);
    return p->swapped ? __builtin_bswap16(v) : v;
}

static uint64_t u64(const struct oh_pcapng *p, struct oh_span s, size_t at)
{
    uint64_t v;
    memcpy(&v, s.at + at, sizeof v);
    return p->swapped ? __builtin_bswap64(v) : v;
}

struct stamp {
    uint64_t seconds, ns;
};

/* In units of 2^-power s; finer ones than a 64th power count nothing. */
static struct stamp of_binary(uint64_t units, unsigned power)
{
    if (power >= 64)
        return (struct stamp){0};
    uint64_t part = units & ((1ULL << power) - 1);
    unsigned fine = power > 32 ? power - 32 : 0; /* more than nanoseconds need */
    return (struct stamp){units >> power, (part >> fine) * OH_NS_PER_S >> (power - fine)};
}

/* In units of 10^-power s; finer than 10^-19 likewise. */
static struct stamp of_decimal(uint64_t units, unsigned power)
{
    uint64_t per_second = 1;
    if (power > 19)
        return (struct stamp){0};
    for (unsigned k = 0; k < power; k++)
        per_second *= 10;
    uint64_t part = units % per_second;
    uint64_t ns = per_second > OH_NS_PER_S ? part / (per_second / OH_NS_PER_S)
                                           : part * (OH_NS_PER_S / per_second);
    return (struct stamp){units / per_second, ns};
}

/* `resolution`: the power, with the highest bit set for one of 2. */
static int64_t time_of(const struct interface *i, uint64_t units)
{
    const int64_t most = INT64_MAX / 2;
    unsigned power = i->resolution & 0x7f;
    struct stamp s = i->resolution & 0x80 ? of_binary(units, power) : of_decimal(units, power);
    int64_t seconds = s.seconds > (uint64_t)most ? most : (int64_t)s.seconds;
    int64_t offset = i->offset_s > most ? most : i->offset_s < -most ? -most : i->offset_s;
    return oh_frame_time_ns(seconds + offset, s.ns);
}

/* --- blocks --- */

/* Calls `take` for each option of `options`. */
typedef void option_fn(struct oh_pcapng *p, struct interface *i, unsigned code,
                       struct oh_span value);

static void each_option(struct oh_pcapng *p, struct interface *i, struct oh_span options,
                        option_fn *take)
{
    while (options.len >= 4) {
        unsigned code = u16(p, options, 0);
        size_t len = u16(p, options, 2), padded = (len + 3) & ~(size_t)3;
        if (code == OPT_END || padded > options.len - 4)
            return;
        take(p, i, code, oh_span_sub(options, 4, len));
        options = oh_span_sub(options, 4 + padded, options.len);
    }
}

static void take_interface_option(struct oh_pcapng *p, struct interface *i, unsigned code,
                                  struct oh_span value)
{
    if (code == IF_TSRESOL && value.len == 1)
        i->resolution = (uint8_t)value.at[0];
    else if (code == IF_TSOFFSET && value.len == 8)
        i->offset_s = (int64_t)u64(p, value, 0);
}

static bool take_interface(struct oh_pcapng *p, struct oh_span body)
{
    if (body.len < 8 || p->interface_count == OH_PCAPNG_INTERFACES)
        return false;
    oh_grow(&p->interfaces, p->interface_count, &p->interface_room, sizeof *p->interfaces);
    struct interface *i = &p->interfaces[p->interface_count++];
    *i = (struct interface){
        .link = oh_frame_link(u16(p, body, 0)), .snap_len = u32(p, body, 4), .resolution = 6};
    each_option(p, i, oh_span_sub(body, 8, body.len), take_interface_option);
    return true;
}

/* Both count what was lost since the interface was opened; one may be told without the other. */
static void take_statistic(struct oh_pcapng *p, struct interface *i, unsigned code,
                           struct oh_span value)
{
    if ((code == ISB_IFDROP || code == ISB_OSDROP) && value.len == 8 && u64(p, value, 0) > 0)
        i->dropped += u64(p, value, 0);
}

static void take_statistics(struct oh_pcapng *p, struct oh_span body)
{
    uint32_t which = body.len >= 12 ? u32(p, body, 0) : UINT32_MAX;
    if (which >= p->interface_count)
        return;
    p->interfaces[which].dropped = 0;
    each_option(p, &p->interfaces[which], oh_span_sub(body, 12, body.len), take_statistic);
}

static void end_section(struct oh_pcapng *p)
{
    for (size_t i = 0; i < p->interface_count; i++)
        p->dropped_before += p->interfaces[i].dropped;
    p->interface_count = 0;
}

/* A new section may be of another machine: the byte order is told before the block's length. */
static bool begin_section(struct oh_pcapng *p, struct oh_span block)
{
    end_section(p);
    p->swapped = false;
    if (u32(p, block, 8) == BYTE_ORDER_MAGIC)
        return true;
    p->swapped = true;
    return u32(p, block, 8) == BYTE_ORDER_MAGIC;
}

static bool take_section(const struct oh_pcapng *p, struct oh_span body)
{
    return body.len >= 16 && u16(p, body, 4) == 1;
}

/* --- packets --- */

/* Enhanced and obsolete ones: the latter tell the interface in 16 bits. */
static bool take_packet(const struct oh_pcapng *p, bool is_old, struct oh_span body,
                        struct oh_frame *out)
{
    const size_t header_len = 20;
    if (body.len < header_len)
        return false;
    size_t which = is_old ? u16(p, body, 0) : u32(p, body, 0), len = u32(p, body, 12);
    if (which >= p->interface_count || len > OH_FRAME_MOST || len > body.len - header_len)
        return false;
    const struct interface *i = &p->interfaces[which];
    uint64_t units = (uint64_t)u32(p, body, 4) << 32 | u32(p, body, 8);
    *out = (struct oh_frame){i->link, time_of(i, units), oh_span_sub(body, header_len, len)};
    return true;
}

/* Of the first interface; its captured length is not told, but follows. No stamp. */
static bool take_simple_packet(const struct oh_pcapng *p, struct oh_span body, struct oh_frame *out)
{
    if (body.len < 4 || p->interface_count == 0)
        return false;
    size_t len = u32(p, body, 0), most = p->interfaces[0].snap_len;
    if (most > 0 && len > most)
        len = most;
    if (len > body.len - 4 || len > OH_FRAME_MOST)
        return false;
    *out = (struct oh_frame){p->interfaces[0].link, 0, oh_span_sub(body, 4, len)};
    return true;
}

/* --- walking --- */

enum took { DAMAGE, PASSED, FRAME };

static enum took take_body(struct oh_pcapng *p, uint32_t type, struct oh_span body,
                           struct oh_frame *out)
{
    switch (type) {
    case SECTION:
        return take_section(p, body) ? PASSED : DAMAGE;
    case INTERFACE:
        return take_interface(p, body) ? PASSED : DAMAGE;
    case STATISTICS:
        take_statistics(p, body);
        return PASSED;
    case PACKET:
        return take_packet(p, false, body, out) ? FRAME : DAMAGE;
    case OLD_PACKET:
        return take_packet(p, true, body, out) ? FRAME : DAMAGE;
    case SIMPLE_PACKET:
        return take_simple_packet(p, body, out) ? FRAME : DAMAGE;
    default:
        return PASSED;
    }
}

static bool is_known(uint32_t type)
{
    return type == SECTION || (type >= INTERFACE && type <= PACKET && type != 4);
}

static enum oh_frames_got ended(struct oh_pcapng *p, const struct oh_input *in, size_t left)
{
    if (oh_input_is_stopped(in))
        return OH_FRAMES_END;
    p->trouble = oh_input_trouble(in);
    p->is_short = !p->trouble && left > 0;
    if (p->is_short)
        p->trouble = "it ends within a block";
    return p->trouble ? OH_FRAMES_DAMAGED : OH_FRAMES_END;
}

static enum oh_frames_got damaged(struct oh_pcapng *p)
{
    p->trouble = "a block is damaged";
    return OH_FRAMES_DAMAGED;
}

/* What is passed over may be of any length. */
static enum oh_frames_got skip_block(struct oh_pcapng *p, struct oh_input *in, uint32_t len)
{
    return oh_input_take(in, len) ? OH_FRAMES_ONE : ended(p, in, 1);
}

static enum oh_frames_got next_block(struct oh_pcapng *p, struct oh_input *in, enum took *took,
                                     struct oh_frame *out)
{
    struct oh_span block = oh_input_see(in, BLOCK_LEAST);
    if (block.len < BLOCK_LEAST)
        return ended(p, in, block.len);
    uint32_t type = u32(p, block, 0);
    if (type == SECTION && !begin_section(p, block))
        return damaged(p);
    uint32_t len = u32(p, block, 4);
    if (len < BLOCK_LEAST || len % 4 != 0)
        return damaged(p);
    if (!is_known(type))
        return skip_block(p, in, len);
    if (len > OH_INPUT_MOST)
        return damaged(p);
    block = oh_input_see(in, len);
    if (block.len < len)
        return ended(p, in, block.len);
    p->done = len;
    if (u32(p, block, len - BLOCK_END) == len)
        *took = take_body(p, type, oh_span_sub(block, BLOCK_HEADER, len - BLOCK_LEAST), out);
    else
        *took = DAMAGE;
    return *took == DAMAGE ? damaged(p) : OH_FRAMES_ONE;
}

enum oh_frames_got oh_pcapng_next(struct oh_pcapng *p, struct oh_input *in, struct oh_frame *out)
{
    enum took took = PASSED;
    enum oh_frames_got got = OH_FRAMES_ONE;
    while (got == OH_FRAMES_ONE && took != FRAME) {
        oh_input_take(in, p->done);
        p->done = 0;
        got = next_block(p, in, &took, out);
    }
    return got;
}

/* --- the contract --- */

struct oh_pcapng *oh_pcapng_new(void)
{
    return oh_alloc(sizeof(struct oh_pcapng));
}

void oh_pcapng_free(struct oh_pcapng *p)
{
    if (!p)
        return;
    free(p->interfaces);
    free(p);
}

const char *oh_pcapng_trouble(const struct oh_pcapng *p)
{
    return p->trouble;
}

bool oh_pcapng_is_short(const struct oh_pcapng *p)
{
    return p->is_short;
}

uint64_t oh_pcapng_dropped(const struct oh_pcapng *p)
{
    uint64_t sum = p->dropped_before;
    for (size_t i = 0; i < p->interface_count; i++)
        sum += p->interfaces[i].dropped;
    return sum;
}

bool oh_pcapng_begins(struct oh_span bytes)
{
    return memcmp(bytes.at, "\x0a\x0d\x0d\x0a", 4) == 0;
}
