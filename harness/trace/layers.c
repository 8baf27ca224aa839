#include "trace/layers.h"

#include <assert.h>
#include <pcap/dlt.h>
#include <string.h>

#define UNIT       8  /* fragment offsets count in these: RFC 791 3.1, RFC 8200 4.5 */
#define MOST_STEPS 16 /* tags, labels and frames within frames, before one IP header */

enum {
    TYPE_V4 = 0x0800,
    TYPE_V6 = 0x86dd,
    TYPE_ETHERNET = 0x6558, /* a whole frame, in GRE */
    TYPE_PPPOE = 0x8864,
    TYPE_PPP = 0x880b
};
enum { IP_IN_IP = 4, IPV6_IN_IP = 41, GRE = 47, AUTHENTICATION = 51, MPLS_IN_IP = 137 };

/* What follows a link header. */
enum next { NEXT_IP, NEXT_TYPE, NEXT_PPP, NEXT_PPPOE };

struct oh_link {
    int dlt;
    size_t header_len;
    enum next next;
    size_t type_at; /* where the EtherType stands */
};

static const struct oh_link links[] = {
    {DLT_EN10MB, 14, NEXT_TYPE, 12},    {DLT_LINUX_SLL, 16, NEXT_TYPE, 14},
    {DLT_LINUX_SLL2, 20, NEXT_TYPE, 0}, {DLT_NULL, 4, NEXT_IP, 0},
    {DLT_LOOP, 4, NEXT_IP, 0},          {DLT_RAW, 0, NEXT_IP, 0},
    {DLT_IPV4, 0, NEXT_IP, 0},          {DLT_IPV6, 0, NEXT_IP, 0},
    {DLT_PPP, 0, NEXT_PPP, 0},          {DLT_PPP_SERIAL, 0, NEXT_PPP, 0},
    {DLT_PPP_ETHER, 0, NEXT_PPPOE, 0},  {DLT_C_HDLC, 4, NEXT_TYPE, 2},
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

static bool skip(struct oh_span *bytes, size_t len)
{
    if (bytes->len < len)
        return false;
    *bytes = (struct oh_span){bytes->at + len, bytes->len - len};
    return true;
}

/* --- link layers --- */

const struct oh_link *oh_link_of(int dlt)
{
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        if (links[i].dlt == dlt)
            return &links[i];
    }
    return NULL;
}

static bool is_ip(unsigned type)
{
    return type == TYPE_V4 || type == TYPE_V6;
}

static bool is_vlan_tag(unsigned type)
{
    return type == 0x8100 || type == 0x88a8 || type == 0x9100 || type == 0x9200;
}

static bool is_mpls(unsigned type)
{
    return type == 0x8847 || type == 0x8848;
}

/* RFC 1661 2, RFC 1662 3.1: address and control, and the high byte of the protocol, may be left
 * out. */
static bool strip_ppp(struct oh_span *bytes)
{
    if (bytes->len >= 2 && be16(*bytes, 0) == 0xff03)
        skip(bytes, 2);
    if (bytes->len < 2)
        return false;
    bool is_short = byte_at(*bytes, 0) & 1;
    unsigned protocol = is_short ? byte_at(*bytes, 0) : be16(*bytes, 0);
    skip(bytes, is_short ? 1 : 2);
    return protocol == 0x0021 || protocol == 0x0057; /* IPv4, IPv6 */
}

/* RFC 2516 4: version, type, code 0 (session data), session, length. */
static bool strip_pppoe(struct oh_span *bytes)
{
    if (bytes->len < 6 || byte_at(*bytes, 0) != 0x11 || byte_at(*bytes, 1) != 0)
        return false;
    *bytes = oh_span_sub(*bytes, 6, be16(*bytes, 4)); /* padding behind it is dropped */
    return strip_ppp(bytes);
}

/* RFC 3032 2.1: labels to the bottom of the stack. What is under them is not told; IP is known by
 * its version. */
static bool strip_mpls(struct oh_span *bytes)
{
    bool is_last = false;
    for (int i = 0; i < MOST_STEPS && !is_last; i++) {
        is_last = bytes->len >= 4 && (byte_at(*bytes, 2) & 1);
        if (!skip(bytes, 4))
            return false;
    }
    return is_last;
}

static bool is_snap(struct oh_span bytes)
{
    return bytes.len >= 8 && memcmp(bytes.at, "\xaa\xaa\x03\0\0\0", 6) == 0;
}

/* From behind an EtherType to an IP header. */
static bool strip_type(unsigned type, struct oh_span *bytes)
{
    for (int i = 0; i < MOST_STEPS && !is_ip(type); i++) {
        size_t len = 0, type_at = 0;
        if (is_mpls(type))
            return strip_mpls(bytes);
        if (type == TYPE_PPPOE)
            return strip_pppoe(bytes);
        if (type == TYPE_PPP)
            return strip_ppp(bytes);
        if (is_vlan_tag(type))
            len = 4, type_at = 2;
        else if (type == TYPE_ETHERNET)
            len = 14, type_at = 12;
        else if (type < 0x0600 && is_snap(*bytes)) /* a length, of IEEE 802.2: RFC 1042 */
            len = 8, type_at = 6;
        if (len == 0 || bytes->len < len)
            return false;
        type = be16(*bytes, type_at);
        skip(bytes, len);
    }
    return is_ip(type);
}

bool oh_link_strip(const struct oh_link *link, struct oh_span *bytes)
{
    struct oh_span head = *bytes;
    if (!skip(bytes, link->header_len))
        return false;
    switch (link->next) {
    case NEXT_TYPE:
        return strip_type(be16(head, link->type_at), bytes);
    case NEXT_PPP:
        return strip_ppp(bytes);
    case NEXT_PPPOE:
        return strip_pppoe(bytes);
    case NEXT_IP:
        break;
    }
    return true;
}

/* --- IP --- */

/* Cuts `payload` at the length that the header tells; says whether the capture has less. A told
 * length of 0 is left by hardware that splits the packet after the capture: then all that is there
 * counts. */
static void bound_payload(struct oh_ip *ip, struct oh_span rest, size_t told, size_t header_len)
{
    size_t len = told == 0 ? rest.len : told - header_len;
    ip->cut = len > rest.len;
    ip->missing = ip->cut ? len - rest.len : 0;
    ip->payload = oh_span_sub(rest, 0, len);
}

static bool is_carried(uint8_t protocol)
{
    return protocol == OH_IP_UDP || protocol == OH_IP_TCP || protocol == IP_IN_IP ||
           protocol == IPV6_IN_IP || protocol == GRE || protocol == MPLS_IN_IP;
}

static void set_address(struct oh_addr *a, enum oh_family family, const char *ip)
{
    *a = (struct oh_addr){.family = (uint8_t)family};
    memcpy(a->ip, ip, family == OH_FAMILY_IPV4 ? 4 : 16);
}

static bool read_ipv4(struct oh_span b, struct oh_ip *ip)
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
    if (ip->fragment)
        return is_carried(ip->protocol) || ip->protocol == AUTHENTICATION;
    return oh_ip_skip_extensions(ip);
}

enum extension { NO_EXTENSION, SIZED_IN_8, SIZED_IN_4, FRAGMENT };

static enum extension extension_of(const struct oh_ip *ip)
{
    if (ip->protocol == AUTHENTICATION) /* RFC 4302 2.2 */
        return SIZED_IN_4;
    if (ip->src.family == OH_FAMILY_IPV4)
        return NO_EXTENSION;
    switch (ip->protocol) {
    case 0:   /* hop-by-hop options: RFC 8200 4.3 */
    case 43:  /* routing: 4.4 */
    case 60:  /* destination options: 4.6 */
    case 135: /* mobility: RFC 6275 6.1 */
    case 139: /* host identity: RFC 7401 5.1 */
    case 140: /* shim6: RFC 5533 5.1 */
        return SIZED_IN_8;
    case 44:
        return FRAGMENT;
    default:
        return NO_EXTENSION;
    }
}

static bool read_fragment_header(struct oh_ip *ip)
{
    if (ip->payload.len < 8 || ip->fragment)
        return false;
    uint16_t field = be16(ip->payload, 2);
    ip->protocol = byte_at(ip->payload, 0);
    ip->from = field & 0xfff8u;
    ip->more = field & 1;
    ip->id = be32(ip->payload, 4);
    skip(&ip->payload, 8);
    ip->fragment = ip->more || ip->from > 0; /* neither: whole already, RFC 6946 */
    return true;
}

/* To the first header that is no extension, or to behind a fragment header. */
bool oh_ip_skip_extensions(struct oh_ip *ip)
{
    enum extension kind;
    while (!ip->fragment && (kind = extension_of(ip)) != NO_EXTENSION) {
        if (kind == FRAGMENT) {
            if (!read_fragment_header(ip))
                return false;
            continue;
        }
        if (ip->payload.len < 8)
            return false;
        size_t count = byte_at(ip->payload, 1);
        size_t len = kind == SIZED_IN_8 ? (count + 1) * 8 : (count + 2) * 4;
        uint8_t protocol = byte_at(ip->payload, 0);
        if (!skip(&ip->payload, len))
            return false;
        ip->protocol = protocol;
    }
    return is_carried(ip->protocol) ||
           (ip->fragment && (ip->from > 0 || extension_of(ip) != NO_EXTENSION));
}

static bool read_ipv6(struct oh_span b, struct oh_ip *ip)
{
    if (b.len < 40)
        return false;
    set_address(&ip->src, OH_FAMILY_IPV6, b.at + 8);
    set_address(&ip->dst, OH_FAMILY_IPV6, b.at + 24);
    ip->protocol = byte_at(b, 6);
    bound_payload(ip, oh_span_sub(b, 40, b.len), be16(b, 4), 0);
    return oh_ip_skip_extensions(ip);
}

bool oh_ip_read(struct oh_span bytes, struct oh_ip *ip)
{
    *ip = (struct oh_ip){0};
    if (bytes.len == 0)
        return false;
    unsigned version = byte_at(bytes, 0) >> 4;
    return version == 4 ? read_ipv4(bytes, ip) : version == 6 && read_ipv6(bytes, ip);
}

/* --- tunnels --- */

/* RFC 2784 2.1, RFC 2890 2: flags, version 0, EtherType; checksum, key and number where flags say
 * so. One with a source route (RFC 1701) is not read. */
static bool strip_gre(struct oh_span *bytes)
{
    enum { CHECKSUM = 0x8000, ROUTING = 0x4000, KEY = 0x2000, NUMBER = 0x1000, VERSION = 7 };
    if (bytes->len < 4)
        return false;
    unsigned flags = be16(*bytes, 0), type = be16(*bytes, 2);
    if (flags & (ROUTING | VERSION))
        return false;
    size_t len = 4 + 4 * (size_t)(!!(flags & CHECKSUM) + !!(flags & KEY) + !!(flags & NUMBER));
    return skip(bytes, len) && strip_type(type, bytes);
}

bool oh_ip_unwrap(const struct oh_ip *ip, struct oh_span *inner)
{
    *inner = ip->payload;
    switch (ip->protocol) {
    case IP_IN_IP:
    case IPV6_IN_IP:
        return true;
    case GRE:
        return strip_gre(inner);
    case MPLS_IN_IP:
        return strip_mpls(inner);
    default:
        return false;
    }
}
