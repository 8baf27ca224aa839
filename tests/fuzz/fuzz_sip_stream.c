/* A byte stream into messages. Input: a byte of how the rest is split, then the stream. However it
 * is split, the same pieces come out, and together they are the stream. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sip/message.h"
#include "sip/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_PIECES = 4096 };

struct pieces {
    size_t count;
    uint64_t offsets[MOST_PIECES];
    enum oh_sip_cut cuts[MOST_PIECES];
};

static void look(struct pieces *p, struct oh_span all, enum oh_sip_cut cut, struct oh_span piece,
                 uint64_t offset)
{
    assert(piece.len > 0);
    assert(offset + piece.len <= all.len);
    assert(memcmp(all.at + offset, piece.at, piece.len) == 0);
    assert(cut != OH_SIP_CUT_MESSAGE || oh_sip_looks_like(piece));
    assert(cut != OH_SIP_CUT_KEEPALIVE || piece.len == 2 || piece.len == 4);
    if (p->count < MOST_PIECES) {
        p->offsets[p->count] = offset;
        p->cuts[p->count++] = cut;
    }
}

static void cut_all(struct oh_span all, size_t chunk, struct pieces *p)
{
    struct oh_sip_stream *s = oh_sip_stream_new();
    struct oh_span piece;
    uint64_t offset, due = 0;
    enum oh_sip_cut cut;
    for (size_t at = 0; at < all.len; at += chunk) {
        oh_sip_stream_add(s, oh_span_sub(all, at, chunk));
        while ((cut = oh_sip_stream_next(s, &piece, &offset)) != OH_SIP_CUT_NOTHING) {
            assert(offset == due);
            due += piece.len;
            look(p, all, cut, piece, offset);
        }
    }
    piece = oh_sip_stream_rest(s, &offset);
    if (piece.len) {
        assert(offset == due);
        due += piece.len;
        look(p, all, OH_SIP_CUT_NOTHING, piece, offset);
    }
    assert(due == all.len);
    oh_sip_stream_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pieces whole, split;
    if (size < 2)
        return 0;
    struct oh_span all = {.at = (const char *)data + 1, .len = size - 1};
    whole.count = split.count = 0;
    cut_all(all, all.len, &whole);
    cut_all(all, (size_t)data[0] % 64 + 1, &split);
    assert(whole.count == split.count);
    for (size_t i = 0; i < whole.count; i++)
        assert(whole.offsets[i] == split.offsets[i] && whole.cuts[i] == split.cuts[i]);
    return 0;
}
