/* Frames of any link layer into datagrams and segments. Input: the kind of link, then frames, each
 * led by its length (two bytes, the high one first) and a byte of seconds that passed. */
#include "trace/packet.h"

#include "base/file.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LEAD = 3 };

/* Reads every byte given, so that one outside the packet is noticed. */
static void touch(const struct oh_packet *packet, unsigned last_frame)
{
    unsigned sum = 0;
    for (size_t i = 0; i < packet->bytes.len; i++)
        sum += (uint8_t)packet->bytes.at[i];
    assert(sum <= packet->bytes.len * 255);
    assert(packet->bytes.len <= 65535 - 8);
    assert(packet->frame >= 1 && packet->frame <= last_frame);
    assert(packet->src.family == packet->dst.family && packet->src.family != OH_FAMILY_NONE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int links[] = {1, 113, 276, 0, 108, 12, 228, 229, 9, 50, 51, 104};
    struct oh_packet packet;
    int64_t time_ns = 0;
    unsigned frame = 0;
    if (size == 0)
        return 0;
    struct oh_packets *p = oh_packets_new(links[data[0] % (sizeof links / sizeof *links)]);
    for (size_t at = 1; at + LEAD <= size;) {
        size_t len = (size_t)data[at] << 8 | data[at + 1];
        time_ns += data[at + 2] * OH_NS_PER_S;
        at += LEAD;
        len = len < size - at ? len : size - at;
        char *own = malloc(len ? len : 1); /* its end is guarded */
        assert(own);
        memcpy(own, data + at, len);
        enum oh_packet_kind kind =
            oh_packets_add(p, ++frame, time_ns, (struct oh_span){own, len}, &packet);
        if (kind == OH_PACKET_UDP || kind == OH_PACKET_TCP)
            touch(&packet, frame);
        free(own);
        at += len;
    }
    assert(oh_packets_given_up(p) <= oh_packets_unfinished(p));
    assert(oh_packets_unfinished(p) <= frame);
    oh_packets_free(p);
    return 0;
}
