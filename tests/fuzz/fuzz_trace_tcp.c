/* Segments of TCP connections into messages. Input: segments, each of a byte that chooses the
 * connection and direction, one of flags, two of how far from the next number it lies (signed), one
 * of milliseconds that passed, one of what is missing, two of the payload's length, the payload. */
#include "trace/tcp.h"

#include "base/file.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LEAD = 8, WAYS = 8 };

struct seen {
    unsigned frame;
    size_t bytes;
};

static void on_message(const struct oh_tcp_message *m, void *arg)
{
    const struct seen *seen = arg;
    unsigned sum = 0;
    for (size_t i = 0; i < m->bytes.len; i++)
        sum += (uint8_t)m->bytes.at[i]; /* one outside is noticed */
    assert(sum <= m->bytes.len * 255);
    assert(m->bytes.len > 0 && m->bytes.len <= seen->bytes);
    assert(m->frame >= 1 && m->frame <= seen->frame);
}

static struct oh_addr address(unsigned which)
{
    struct oh_addr a = {.family = OH_FAMILY_IPV4, .ip = {127, 0, 0, 1}};
    a.port = (uint16_t)(which == 0 ? 5060 : 40000 + which);
    return a;
}

static size_t take(struct oh_tcp *t, const uint8_t *data, size_t size, uint32_t next[WAYS],
                   struct oh_packet *p)
{
    unsigned way = data[0] % WAYS;
    size_t len = (size_t)data[6] << 8 | data[7];
    len = len < size - LEAD ? len : size - LEAD;
    char *own = malloc(len ? len : 1); /* its end is guarded */
    assert(own);
    memcpy(own, data + LEAD, len);
    p->frame++;
    p->time_ns += data[4] * OH_NS_PER_MS;
    p->src = address(way & 1 ? 0 : way / 2 + 1);
    p->dst = address(way & 1 ? way / 2 + 1 : 0);
    p->tcp_flags = data[1];
    p->sequence = next[way] + (uint32_t)(int32_t)(int16_t)(data[2] << 8 | data[3]);
    p->acknowledgement = next[way ^ 1];
    p->missing = data[5] & 0x80 ? data[5] : 0;
    p->bytes = (struct oh_span){own, len};
    next[way] =
        p->sequence + (uint32_t)(len + p->missing) + !!(data[1] & (OH_TCP_SYN | OH_TCP_FIN));
    oh_tcp_add(t, p);
    free(own);
    return LEAD + len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oh_packet p = {0};
    struct seen seen = {0};
    uint32_t next[WAYS] = {1000, 0xfffffff0};
    struct oh_addr sip = address(0);
    if (size == 0)
        return 0;
    struct oh_tcp *t = oh_tcp_new(&sip, data[0] & 1, on_message, &seen);
    for (size_t at = 1; at + LEAD <= size;) {
        seen.frame++;
        seen.bytes = size;
        at += take(t, data + at, size - at, next, &p);
    }
    oh_tcp_end(t);
    assert(oh_tcp_others(t) <= 2 * size && oh_tcp_gaps(t) <= 3 * size);
    oh_tcp_free(t);
    return 0;
}
