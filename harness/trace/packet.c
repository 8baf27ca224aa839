#include "trace/packet.h"

#include "trace/fragments.h"

#include <assert.h>
#include <stdlib.h>

#define UNIT      8  /* of fragments, but the last: RFC 791 3.2, RFC 8200 4.5 */
#define IP_HEADER 40 /* the longer of the fixed ones: RFC 8200 3 */

struct oh_packets {
    int dlt;
    const struct oh_link *link;
    struct oh_fragments *fragments;
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

/* --- UDP and TCP --- */

static void set_ends(const struct oh_ip *ip, struct oh_packet *out)
{
    out->src = ip->src;
    out->dst = ip->dst;
    out->src.port = be16(ip->payload, 0);
    out->dst.port = be16(ip->payload, 2);
}

static enum oh_packet_kind read_udp(const struct oh_ip *ip, struct oh_packet *out)
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

static enum oh_packet_kind read_tcp(const struct oh_ip *ip, struct oh_packet *out)
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

/* --- one frame --- */

/* OH_PACKET_UDP stands for: whole now. */
static enum oh_packet_kind put_together(struct oh_packets *p, struct oh_ip *ip,
                                        struct oh_packet *out)
{
    if (ip->cut)
        return OH_PACKET_CUT;
    if (ip->payload.len == 0 || (ip->more && ip->payload.len % UNIT != 0))
        return OH_PACKET_OTHER;
    if (!oh_fragments_add(p->fragments, ip, &out->frame, &out->time_ns))
        return OH_PACKET_PART;
    return oh_ip_skip_extensions(ip) && !ip->fragment ? OH_PACKET_UDP : OH_PACKET_OTHER;
}

static enum oh_packet_kind decode(struct oh_packets *p, struct oh_span bytes, struct oh_packet *out)
{
    bool cut = false;
    for (int i = 0; i < OH_PACKET_MOST_IP; i++) {
        struct oh_ip ip;
        if (!oh_ip_read(bytes, &ip))
            return cut && bytes.len < IP_HEADER ? OH_PACKET_CUT : OH_PACKET_OTHER;
        cut |= ip.cut;
        if (ip.fragment) {
            enum oh_packet_kind kind = put_together(p, &ip, out);
            if (kind != OH_PACKET_UDP)
                return kind;
        }
        if (ip.protocol == OH_IP_UDP)
            return read_udp(&ip, out);
        if (ip.protocol == OH_IP_TCP)
            return read_tcp(&ip, out);
        if (!oh_ip_unwrap(&ip, &bytes))
            return ip.cut ? OH_PACKET_CUT : OH_PACKET_OTHER;
    }
    return OH_PACKET_OTHER;
}

enum oh_packet_kind oh_packets_add(struct oh_packets *p, unsigned frame, int64_t time_ns,
                                   struct oh_span bytes, struct oh_packet *out)
{
    struct oh_packet packet = {.frame = frame, .time_ns = time_ns};
    oh_fragments_pass(p->fragments, time_ns);
    if (!oh_link_strip(p->link, &bytes))
        return OH_PACKET_OTHER;
    enum oh_packet_kind kind = decode(p, bytes, &packet);
    if (kind == OH_PACKET_UDP || kind == OH_PACKET_TCP)
        *out = packet;
    return kind;
}

/* --- the contract --- */

struct oh_packets *oh_packets_new(int link)
{
    struct oh_packets *p = oh_alloc(sizeof *p);
    if (oh_packets_set_link(p, link)) {
        p->fragments = oh_fragments_new();
        return p;
    }
    free(p);
    return NULL;
}

void oh_packets_free(struct oh_packets *p)
{
    if (!p)
        return;
    oh_fragments_free(p->fragments);
    free(p);
}

bool oh_packets_set_link(struct oh_packets *p, int link)
{
    const struct oh_link *found = p->link && link == p->dlt ? p->link : oh_link_of(link);
    if (!found)
        return false;
    p->link = found;
    p->dlt = link;
    return true;
}

size_t oh_packets_given_up(const struct oh_packets *p)
{
    return oh_fragments_given_up(p->fragments);
}

size_t oh_packets_unfinished(const struct oh_packets *p)
{
    return oh_fragments_unfinished(p->fragments);
}
