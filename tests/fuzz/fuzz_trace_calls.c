/* Anybody's messages and media cut into calls, under small limits. Input: packets, each of a byte
 * that chooses who sends to whom and how, one of seconds that passed (256ths to minutes), two of
 * its length, and its bytes. */
#include "trace/calls.h"

#include "base/file.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LEAD = 4, LIMIT = 20000 };

struct seen {
    size_t views, messages;
};

static bool is_link(const struct oh_trace *t, int link)
{
    return link == OH_NONE || (link >= 0 && (size_t)link < t->msg_count);
}

static void on_call(const struct oh_call *call, void *arg)
{
    struct seen *seen = arg;
    const struct oh_trace *t = call->trace;
    assert(t->msg_count > 0);
    for (size_t i = 0; i < t->msg_count; i++) {
        const struct oh_trace_msg *m = &t->msgs[i];
        assert(m->from_phone || m->to_phone);
        assert(m->index == (int)i && m->time_ns <= call->until_ns);
        assert(is_link(t, m->request) && is_link(t, m->final) && is_link(t, m->ack));
        assert(is_link(t, m->repeat_of) && is_link(t, m->duplicate_of) && is_link(t, m->retry_of));
    }
    for (size_t i = 0; i < oh_streams_count(t->streams); i++) {
        const struct oh_stream *s = oh_streams_at(t->streams, i);
        uint32_t packets = 0;
        for (size_t r = 0; r < s->run_count; r++)
            packets += s->runs[r].packets;
        assert(packets == s->packets);
    }
    seen->views++;
    seen->messages += t->msg_count;
}

static struct oh_addr address(unsigned which)
{
    struct oh_addr a = {.family = OH_FAMILY_IPV4, .ip = {192, 0, 2, (uint8_t)(1 + which / 2)}};
    a.port = (uint16_t)(which % 2 ? 4000 : 5060);
    return a;
}

static size_t take(struct oh_calls *c, const uint8_t *data, size_t size, unsigned frame,
                   int64_t *time_ns)
{
    size_t len = (size_t)data[2] << 8 | data[3];
    len = len < size - LEAD ? len : size - LEAD;
    char *own = malloc(len ? len : 1); /* its end is guarded */
    assert(own);
    memcpy(own, data + LEAD, len);
    struct oh_span bytes = {own, len};
    struct oh_addr src = address(data[0] & 7), dst = address(data[0] >> 3 & 7);
    enum oh_transport transport = data[0] & 0x40 ? OH_TRANSPORT_TCP : OH_TRANSPORT_UDP;
    *time_ns += (int64_t)data[1] * data[1] * OH_NS_PER_S / 256;
    if (data[0] & 0x80 && data[1] == 0xff)
        oh_calls_lost(c);
    if (!oh_calls_message(c, frame, *time_ns, &src, &dst, transport, bytes))
        oh_calls_datagram(c, frame, *time_ns, &src, &dst, bytes);
    free(own);
    return LEAD + len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct seen seen = {0};
    const struct oh_calls_limits limits = {.bytes = LIMIT, .call_messages = 12};
    struct oh_endpoints *e = oh_endpoints_new();
    struct oh_calls *c = oh_calls_new(&limits, e, on_call, &seen);
    int64_t time_ns = 0;
    unsigned frame = 0;
    for (size_t at = 0; size - at > LEAD;)
        at += take(c, data + at, size - at, ++frame, &time_ns);
    oh_calls_end(c);
    struct oh_calls_counts counts = oh_calls_counts(c);
    assert(counts.views == seen.views && counts.calls <= counts.messages);
    assert(seen.messages <= 2 * counts.messages);
    oh_calls_free(c);
    oh_endpoints_free(e);
    return 0;
}
