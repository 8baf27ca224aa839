#include "trace/fragments.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>

#define UNIT         8 /* fragment offsets count in these: RFC 791 3.1, RFC 8200 4.5 */
#define MAX_DATAGRAM 65535
#define UNITS        (MAX_DATAGRAM / UNIT + 1)
#define FIRST_ROOM   4096
#define PATIENCE_NS  (30 * OH_NS_PER_S)
#define ECHO_NS      (1 * OH_NS_PER_S) /* how far apart a capture has the same frame twice */
#define BUCKETS      512               /* a power of two */
#define ENDED        1024              /* likewise */

/* A datagram of which fragments have come. */
struct part {
    /* contradicting fragments: never given, kept so that its later fragments find it */
    bool spoilt;
    bool is_echo; /* a datagram of this name was whole a moment ago */
    unsigned frame;
    int64_t time_ns;
    struct oh_addr src, dst;
    uint8_t protocol; /* IPv6: of the fragment at offset 0; IPv4: part of the key */
    uint32_t id;
    uint64_t hash;
    char *bytes;
    size_t room;
    size_t total;   /* 0: the last fragment has not come */
    size_t highest; /* the farthest byte that has come */
    size_t units;
    uint8_t have[UNITS / 8]; /* a bit for each unit */
    struct part *next;       /* in the bucket */
    struct part *older, *younger;
};

/* When a datagram was whole last. */
struct ended {
    uint64_t hash;
    int64_t time_ns;
};

struct oh_fragments {
    struct part *buckets[BUCKETS];
    struct part *oldest, *youngest;
    size_t count, echoes, spoilt; /* of those that wait */
    size_t bytes;
    size_t given_up;
    char *whole; /* the datagram given last */
    struct ended ended[ENDED];
};

/* --- the table --- */

/* RFC 791 2.3: source, destination, protocol, identification; RFC 8200 4.5: without the protocol.
 * Fragments carry the same addresses, whose ports are still zero. */
static bool part_fits(const struct part *part, const struct oh_ip *ip)
{
    return part->id == ip->id && oh_addr_equal(&part->src, &ip->src) &&
           oh_addr_equal(&part->dst, &ip->dst) &&
           (ip->src.family == OH_FAMILY_IPV6 || part->protocol == ip->protocol);
}

static uint64_t hash_of(const struct oh_ip *ip)
{
    uint64_t hash = ip->id;
    const struct oh_addr *ends[] = {&ip->src, &ip->dst};
    for (int i = 0; i < 2; i++) {
        for (size_t k = 0; k < sizeof ends[i]->ip; k++)
            hash = (hash ^ ends[i]->ip[k]) * 0x100000001b3u;
    }
    return hash * 0x9e3779b97f4a7c15u;
}

static struct part **bucket_of(struct oh_fragments *f, uint64_t hash)
{
    return &f->buckets[hash >> 32 & (BUCKETS - 1)];
}

static bool is_apart(int64_t a, int64_t b, int64_t ns)
{
    uint64_t distance = a < b ? (uint64_t)b - (uint64_t)a : (uint64_t)a - (uint64_t)b;
    return distance > (uint64_t)ns;
}

static bool is_stale(const struct part *part, int64_t time_ns)
{
    return is_apart(part->time_ns, time_ns, part->is_echo ? ECHO_NS : PATIENCE_NS);
}

/* The caller has its bytes. */
static void forget(struct oh_fragments *f, struct part *part)
{
    struct part **at = bucket_of(f, part->hash);
    while (*at != part)
        at = &(*at)->next;
    *at = part->next;
    *(part->older ? &part->older->younger : &f->oldest) = part->younger;
    *(part->younger ? &part->younger->older : &f->youngest) = part->older;
    f->count--;
    f->echoes -= part->is_echo && !part->spoilt;
    f->spoilt -= part->spoilt;
    f->bytes -= sizeof *part + part->room;
    free(part);
}

static void give_up(struct oh_fragments *f, struct part *part)
{
    f->given_up += !part->spoilt && !part->is_echo;
    free(part->bytes);
    forget(f, part);
}

static bool was_whole(const struct oh_fragments *f, uint64_t hash, int64_t time_ns)
{
    const struct ended *e = &f->ended[hash >> 44 & (ENDED - 1)];
    return e->hash == hash && !is_apart(e->time_ns, time_ns, ECHO_NS);
}

static struct part *begin(struct oh_fragments *f, const struct oh_ip *ip, uint64_t hash,
                          unsigned frame, int64_t time_ns)
{
    struct part *part = oh_alloc(sizeof *part), **bucket = bucket_of(f, hash);
    part->is_echo = was_whole(f, hash, time_ns);
    part->frame = frame;
    part->time_ns = time_ns;
    part->src = ip->src;
    part->dst = ip->dst;
    part->protocol = ip->protocol;
    part->id = ip->id;
    part->hash = hash;
    part->next = *bucket;
    *bucket = part;
    part->older = f->youngest;
    *(f->youngest ? &f->youngest->younger : &f->oldest) = part;
    f->youngest = part;
    f->count++;
    f->echoes += part->is_echo;
    f->bytes += sizeof *part;
    return part;
}

static struct part *find(struct oh_fragments *f, const struct oh_ip *ip, unsigned frame,
                         int64_t time_ns)
{
    uint64_t hash = hash_of(ip);
    struct part *part = *bucket_of(f, hash);
    while (part && !part_fits(part, ip))
        part = part->next;
    if (part && is_stale(part, time_ns)) {
        give_up(f, part);
        part = NULL;
    }
    return part ? part : begin(f, ip, hash, frame, time_ns);
}

/* --- one datagram --- */

static bool has_unit(const struct part *part, size_t unit)
{
    return part->have[unit / 8] & 1u << unit % 8;
}

/* Bytes that came before are the same bytes, and the ends agree. */
static bool agrees(const struct part *part, const struct oh_ip *ip)
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

static void make_room(struct oh_fragments *f, struct part *part, size_t end)
{
    size_t room = part->room ? part->room : FIRST_ROOM;
    while (room < end)
        room *= 2;
    if (room == part->room)
        return;
    part->bytes = oh_realloc(part->bytes, room);
    f->bytes += room - part->room;
    part->room = room;
}

static void put_in(struct oh_fragments *f, struct part *part, const struct oh_ip *ip)
{
    size_t end = ip->from + ip->payload.len;
    make_room(f, part, end);
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

/* Of what is spoilt only its name is kept. */
static void spoil(struct oh_fragments *f, struct part *part)
{
    if (part->spoilt)
        return;
    f->given_up++;
    f->spoilt++;
    f->echoes -= part->is_echo;
    part->spoilt = true;
    f->bytes -= part->room;
    free(part->bytes);
    part->bytes = NULL;
    part->room = 0;
}

static void give(struct oh_fragments *f, struct part *part, struct oh_ip *ip)
{
    free(f->whole);
    f->whole = part->bytes;
    ip->payload = (struct oh_span){part->bytes, part->total};
    ip->protocol = part->protocol;
    ip->fragment = false;
    f->ended[part->hash >> 44 & (ENDED - 1)] = (struct ended){part->hash, part->time_ns};
    forget(f, part);
}

/* --- the contract --- */

struct oh_fragments *oh_fragments_new(void)
{
    return oh_alloc(sizeof(struct oh_fragments));
}

void oh_fragments_free(struct oh_fragments *f)
{
    if (!f)
        return;
    while (f->oldest)
        give_up(f, f->oldest);
    free(f->whole);
    free(f);
}

bool oh_fragments_add(struct oh_fragments *f, struct oh_ip *ip, unsigned *frame, int64_t *time_ns)
{
    struct part *part = find(f, ip, *frame, *time_ns);
    if (part->spoilt || !agrees(part, ip)) {
        spoil(f, part);
        return false;
    }
    put_in(f, part, ip);
    if (part->total > 0 && part->units == (part->total + UNIT - 1) / UNIT) {
        *frame = part->frame;
        *time_ns = part->time_ns;
        give(f, part, ip);
        return true;
    }
    while (f->count > OH_FRAGMENTS_MOST || f->bytes > OH_FRAGMENTS_BYTES)
        give_up(f, f->oldest);
    return false;
}

void oh_fragments_pass(struct oh_fragments *f, int64_t time_ns)
{
    while (f->oldest && is_stale(f->oldest, time_ns))
        give_up(f, f->oldest);
}

size_t oh_fragments_given_up(const struct oh_fragments *f)
{
    return f->given_up;
}

size_t oh_fragments_unfinished(const struct oh_fragments *f)
{
    return f->given_up + f->count - f->echoes - f->spoilt;
}
