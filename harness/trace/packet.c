#include "trace/packet.h"

#include "base/file.h"

#include <assert.h>
#include <pcap/dlt.h>
#include <stdlib.h>
#include <string.h>

#define UNIT          8 /* fragment offsets count in these: RFC 791 3.1, RFC 8200 4.5 */
#define MAX_DATAGRAM  65535
#define UNITS         (MAX_DATAGRAM / UNIT + 1)
#define PATIENCE_NS   (30 * OH_NS_PER_S)
#define NO_TYPE_FIELD SIZE_MAX

enum { PROTOCOL_TCP = 6, PROTOCOL_UDP = 17 };
enum { ETHERTYPE_V4 = 0x0800, ETHERTYPE_V6 = 0x86dd };

struct link_layer {
    int link;
    size_t header_len;
    size_t type_at; /* where the EtherType stands */
};

static const struct link_layer link_layers[] = {
    {DLT_EN10MB, 14, 12},         {DLT_LINUX_SLL, 16, 14},      {DLT_LINUX_SLL2, 20, 0},
    {DLT_NULL, 4, NO_TYPE_FIELD}, {DLT_LOOP, 4, NO_TYPE_FIELD}, {DLT_RAW, 0, NO_TYPE_FIELD},
    {DLT_IPV4, 0, NO_TYPE_FIELD}, {DLT_IPV6, 0, NO_TYPE_FIELD},
};

/* An IP packet taken apart. */
struct ip {
    struct oh_addr src, dst;
    uint8_t protocol;
    struct oh_span payload;
    bool cut;
    size_t missing; /* how much, where it is cut */
    bool fragment;
    bool more; /* fragments follow */
    uint32_t id;
    size_t from; /* where in the datagram this fragment's payload belongs */
};

/* A datagram of which fragments have come. */
struct part {
    bool used;
    /* contradicting fragments: never given, kept so that its later fragments find it */
    bool spoilt;
    uint64_t turn;
    unsigned frame;
    int64_t time_ns;
    struct oh_addr src, dst;
    uint8_t protocol; /* IPv6: of the fragment at offset 0; IPv4: part of the key */
    uint32_t id;
    char *bytes;
    size_t room;
    size_t total;   /* 0: the last fragment has not come */
    size_t highest; /* the farthest byte that has come */
    size_t units;
    uint8_t *have; /* a bit for each unit */
};

struct oh_packets {
    const struct link_layer *layer;
    struct part *parts;
    uint64_t turn;
    size_t spoilt_and_gone;
    char *whole; /* the datagram given last */
};

static uint8_t byte_at(struct oh_span s, size_t at)
{
    assert(at < s.len);
    return (uint8_t)s.at[at];
}

static uint16_t be16(struct oh_span s, size_t at)
{
    return (uint16_t)(byte_at(s, at) << 8 | byte_at(s, at + 1));
}

static uint32_t be32(struct oh_span s, size_t at)
{
    return (uint32_t)be16(s, at) << 16 | be16(s, at + 2);
}

/* --- link layer --- */

static bool is_vlan_tag(uint16_t type)
{
    return type == 0x8100 || type == 0x88a8 || type == 0x9100;
}

static bool strip_link(const struct link_layer *layer, struct oh_span *bytes)
{
    if (bytes->len < layer->header_len)
        return false;
    struct oh_span rest = oh_span_sub(*bytes, layer->header_len, bytes->len);
    if (layer->type_at != NO_TYPE_FIELD) {
        uint16_t type = be16(*bytes, layer->type_at);
        while (is_vlan_tag(type) && rest.len >= 4) {
            type = be16(rest, 2);
            rest = oh_span_sub(rest, 4, rest.len);
        }
        if (type != ETHERTYPE_V4 && type != ETHERTYPE_V6)
            return false;
    }
    *bytes = rest;
    return true;
}

/* --- IP --- */

/* Cuts `payload` at the length that the header tells; says whether the capture has less. A told
 * length of 0 is left by hardware that splits the packet after the capture: then all that is there
 * counts. */
static void bound_payload(struct ip *ip, struct oh_span rest, size_t told, size_t header_len)
{
    size_t len = told == 0 ? rest.len : told - header_len;
    ip->cut = len > rest.len;
    ip->missing = ip->cut ? len - rest.len : 0;
    ip->payload = oh_span_sub(rest, 0, len);
}

static bool is_transport(uint8_t protocol)
{
    return protocol == PROTOCOL_UDP || protocol == PROTOCOL_TCP;
}

static void set_address(struct oh_addr *a, enum oh_family family, const char *ip)
{
    *a = (struct oh_addr){.family = (uint8_t)family};
    memcpy(a->ip, ip, family == OH_FAMILY_IPV4 ? 4 : 16);
}

static bool read_ipv4(struct oh_span b, struct ip *ip)
{
    if (b.len < 20)
        return false;
    size_t header_len = (size_t)(byte_at(b, 0) & 0x0f) * 4;
    size_t told = be16(b, 2);
    if (header_len < 20 || b.len < header_len || (told != 0 && told < header_len))
        return false;
    set_address(&ip->src, OH_FAMILY_IPV4, b.at + 12);
    set_address(&ip->dst, OH_FAMILY_IPV4, b.at + 16);
    ip->protocol = byte_at(b, 9);
    uint16_t flags = be16(b, 6);
    ip->from = (size_t)(flags & 0x1fff) * UNIT;
    ip->more = flags & 0x2000;
    ip->fragment = ip->more || ip->from > 0;
    ip->id = be16(b, 4);
    bound_payload(ip, oh_span_sub(b, header_len, b.len), told, header_len);
    return is_transport(ip->protocol);
}

enum extension { NO_EXTENSION, SIZED_IN_8, SIZED_IN_4, FRAGMENT };

static enum extension extension_of(uint8_t protocol)
{
    switch (protocol) {
    case 0:   /* hop-by-hop options: RFC 8200 4.3 */
    case 43:  /* routing: 4.4 */
    case 60:  /* destination options: 4.6 */
    case 135: /* mobility: RFC 6275 6.1 */
    case 139: /* host identity: RFC 7401 5.1 */
    case 140: /* shim6: RFC 5533 5.1 */
        return SIZED_IN_8;
    case 51: /* authentication: RFC 4302 2.2 */
        return SIZED_IN_4;
    case 44:
        return FRAGMENT;
    default:
        return NO_EXTENSION;
    }
}

static bool read_fragment_header(struct ip *ip)
{
    if (ip->payload.len < 8 || ip->fragment)
        return false;
    uint16_t field = be16(ip->payload, 2);
    ip->protocol = byte_at(ip->payload, 0);
    ip->from = field & 0xfff8u;
    ip->more = field & 1;
    ip->id = be32(ip->payload, 4);
    ip->payload = oh_span_sub(ip->payload, 8, ip->payload.len);
    ip->fragment = ip->more || ip->from > 0; /* neither: whole already, RFC 6946 */
    return true;
}

/* Walks the extension headers to the first that is none, or to behind a fragment header. */
static bool skip_extensions(struct ip *ip)
{
    enum extension kind;
    while (!ip->fragment && (kind = extension_of(ip->protocol)) != NO_EXTENSION) {
        if (kind == FRAGMENT) {
            if (!read_fragment_header(ip))
                return false;
            continue;
        }
        if (ip->payload.len < 8)
            return false;
        size_t count = byte_at(ip->payload, 1);
        size_t len = kind == SIZED_IN_8 ? (count + 1) * 8 : (count + 2) * 4;
        if (len > ip->payload.len)
            return false;
        ip->protocol = byte_at(ip->payload, 0);
        ip->payload = oh_span_sub(ip->payload, len, ip->payload.len);
    }
    return is_transport(ip->protocol) ||
           (ip->fragment && (ip->from > 0 || extension_of(ip->protocol) != NO_EXTENSION));
}

static bool read_ipv6(struct oh_span b, struct ip *ip)
{
    if (b.len < 40)
        return false;
    set_address(&ip->src, OH_FAMILY_IPV6, b.at + 8);
    set_address(&ip->dst, OH_FAMILY_IPV6, b.at + 24);
    ip->protocol = byte_at(b, 6);
    bound_payload(ip, oh_span_sub(b, 40, b.len), be16(b, 4), 0);
    return skip_extensions(ip);
}

static bool read_ip(struct oh_span b, struct ip *ip)
{
    if (b.len == 0)
        return false;
    unsigned version = byte_at(b, 0) >> 4;
    return version == 4 ? read_ipv4(b, ip) : version == 6 && read_ipv6(b, ip);
}

/* --- fragments --- */

static bool part_fits(const struct part *part, const struct ip *ip)
{
    /* RFC 791 2.3: source, destination, protocol, identification; RFC 8200 4.5: without the
     * protocol. Fragments carry the same addresses, whose ports are still zero. */
    return part->used && part->id == ip->id && oh_addr_equal(&part->src, &ip->src) &&
           oh_addr_equal(&part->dst, &ip->dst) &&
           (ip->src.family == OH_FAMILY_IPV6 || part->protocol == ip->protocol);
}

static bool is_stale(const struct part *part, int64_t time_ns)
{
    int64_t early = part->time_ns < time_ns ? part->time_ns : time_ns;
    int64_t late = part->time_ns < time_ns ? time_ns : part->time_ns;
    return (uint64_t)late - (uint64_t)early > (uint64_t)PATIENCE_NS;
}

static void drop_part(struct oh_packets *p, struct part *part)
{
    p->spoilt_and_gone++;
    free(part->bytes);
    free(part->have);
    *part = (struct part){0};
}

/* The datagram's place in the table: its own, else a free one, else the oldest one's. */
static struct part *find_part(struct oh_packets *p, const struct ip *ip, unsigned frame,
                              int64_t time_ns)
{
    struct part *place = &p->parts[0];
    for (size_t i = 0; i < OH_PACKET_MAX_PARTS; i++) {
        struct part *part = &p->parts[i];
        if (part_fits(part, ip) && !is_stale(part, time_ns))
            return part;
        if (part_fits(part, ip))
            drop_part(p, part);
        if (place->used && (!part->used || part->turn < place->turn))
            place = part;
    }
    if (place->used)
        drop_part(p, place);
    *place = (struct part){.used = true,
                           .turn = ++p->turn,
                           .frame = frame,
                           .time_ns = time_ns,
                           .src = ip->src,
                           .dst = ip->dst,
                           .protocol = ip->protocol,
                           .id = ip->id,
                           .have = oh_alloc(UNITS / 8 + 1)};
    return place;
}

static bool has_unit(const struct part *part, size_t unit)
{
    return part->have[unit / 8] & 1u << unit % 8;
}

/* Bytes that came before are the same bytes, and the ends agree. */
static bool agrees(const struct part *part, const struct ip *ip)
{
    size_t end = ip->from + ip->payload.len;
    if (end > MAX_DATAGRAM || (part->total && end > part->total))
        return false;
    if (!ip->more && (end < part->highest || (part->total && end != part->total)))
        return false;
    for (size_t at = 0; at < ip->payload.len; at += UNIT) {
        size_t len = ip->payload.len - at < UNIT ? ip->payload.len - at : UNIT;
        if (has_unit(part, (ip->from + at) / UNIT) &&
            memcmp(part->bytes + ip->from + at, ip->payload.at + at, len) != 0)
            return false;
    }
    return true;
}

static void put_in(struct part *part, const struct ip *ip)
{
    size_t end = ip->from + ip->payload.len;
    if (end > part->room) {
        part->room = end < 4096 ? 4096 : MAX_DATAGRAM;
        part->bytes = oh_realloc(part->bytes, part->room);
    }
    memcpy(part->bytes + ip->from, ip->payload.at, ip->payload.len);
    for (size_t at = 0; at < ip->payload.len; at += UNIT) {
        size_t unit = (ip->from + at) / UNIT;
        part->units += !has_unit(part, unit);
        part->have[unit / 8] |= (uint8_t)(1u << unit % 8);
    }
    if (end > part->highest)
        part->highest = end;
    if (!ip->more)
        part->total = end;
    if (ip->from == 0)
        part->protocol = ip->protocol;
}

/* True if the datagram is whole now: then it stands in `ip` and `out`, its bytes owned by p->whole.
 */
static bool reassemble(struct oh_packets *p, struct ip *ip, struct oh_packet *out)
{
    struct part *part = find_part(p, ip, out->frame, out->time_ns);
    if (!part->spoilt && !agrees(part, ip))
        part->spoilt = true;
    if (part->spoilt)
        return false;
    put_in(part, ip);
    if (part->total == 0 || part->units != (part->total + UNIT - 1) / UNIT)
        return false;
    free(p->whole);
    p->whole = part->bytes;
    out->frame = part->frame;
    out->time_ns = part->time_ns;
    ip->payload = (struct oh_span){part->bytes, part->total};
    ip->protocol = part->protocol;
    ip->fragment = false;
    free(part->have);
    *part = (struct part){0};
    return ip->src.family == OH_FAMILY_IPV4 || (skip_extensions(ip) && !ip->fragment);
}

/* --- UDP and TCP --- */

static void set_ends(const struct ip *ip, struct oh_packet *out)
{
    out->src = ip->src;
    out->dst = ip->dst;
    out->src.port = be16(ip->payload, 0);
    out->dst.port = be16(ip->payload, 2);
}

static enum oh_packet_kind read_udp(const struct ip *ip, struct oh_packet *out)
{
    if (ip->payload.len < 8)
        return ip->cut ? OH_PACKET_CUT : OH_PACKET_OTHER;
    size_t len = be16(ip->payload, 4); /* RFC 768: header included */
    if (len < 8)
        return OH_PACKET_OTHER;
    if (len > ip->payload.len)
        return ip->cut ? OH_PACKET_CUT : OH_PACKET_OTHER;
    set_ends(ip, out);
    out->bytes = oh_span_sub(ip->payload, 8, len - 8);
    return OH_PACKET_UDP;
}

static enum oh_packet_kind read_tcp(const struct ip *ip, struct oh_packet *out)
{
    size_t header_len = ip->payload.len < 20 ? 20 : (size_t)(byte_at(ip->payload, 12) >> 4) * 4;
    if (header_len > ip->payload.len)
        return ip->cut ? OH_PACKET_CUT : OH_PACKET_OTHER;
    if (header_len < 20) /* RFC 9293 3.1: data offset */
        return OH_PACKET_OTHER;
    set_ends(ip, out);
    out->sequence = be32(ip->payload, 4);
    out->acknowledgement = be32(ip->payload, 8);
    out->tcp_flags = byte_at(ip->payload, 13);
    out->bytes = oh_span_sub(ip->payload, header_len, ip->payload.len);
    out->missing = ip->missing;
    return OH_PACKET_TCP;
}

struct oh_packets *oh_packets_new(int link)
{
    for (size_t i = 0; i < sizeof link_layers / sizeof *link_layers; i++) {
        if (link_layers[i].link != link)
            continue;
        struct oh_packets *p = oh_alloc(sizeof *p);
        p->layer = &link_layers[i];
        p->parts = oh_alloc(OH_PACKET_MAX_PARTS * sizeof *p->parts);
        return p;
    }
    return NULL;
}

void oh_packets_free(struct oh_packets *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < OH_PACKET_MAX_PARTS; i++) {
        free(p->parts[i].bytes);
        free(p->parts[i].have);
    }
    free(p->parts);
    free(p->whole);
    free(p);
}

enum oh_packet_kind oh_packets_add(struct oh_packets *p, unsigned frame, int64_t time_ns,
                                   struct oh_span bytes, struct oh_packet *out)
{
    struct ip ip = {0};
    struct oh_packet packet = {.frame = frame, .time_ns = time_ns};
    if (!strip_link(p->layer, &bytes) || !read_ip(bytes, &ip))
        return OH_PACKET_OTHER;
    if (ip.fragment) {
        if (ip.cut)
            return OH_PACKET_CUT;
        if (ip.payload.len == 0 || (ip.more && ip.payload.len % UNIT != 0))
            return OH_PACKET_OTHER;
        if (!reassemble(p, &ip, &packet))
            return OH_PACKET_PART;
    }
    enum oh_packet_kind kind =
        ip.protocol == PROTOCOL_TCP ? read_tcp(&ip, &packet) : read_udp(&ip, &packet);
    if (kind == OH_PACKET_UDP || kind == OH_PACKET_TCP)
        *out = packet;
    return kind;
}

size_t oh_packets_unfinished(const struct oh_packets *p)
{
    size_t count = p->spoilt_and_gone;
    for (size_t i = 0; i < OH_PACKET_MAX_PARTS; i++)
        count += p->parts[i].used;
    return count;
}
