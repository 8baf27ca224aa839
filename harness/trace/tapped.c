#include "trace/tapped.h"

#include "sip/stream.h"

#include <stdlib.h>
#include <string.h>

static const struct oh_addr *source(const struct oh_tap_entry *t)
{
    return t->sent ? &t->local : &t->remote;
}

static const struct oh_addr *destination(const struct oh_tap_entry *t)
{
    return t->sent ? &t->remote : &t->local;
}

static struct oh_tapped_message *add(struct oh_tapped *t, const struct oh_run *run, size_t tap,
                                     struct oh_span bytes)
{
    const struct oh_tap_entry *entry = &run->tap[tap];
    oh_grow(&t->messages, t->count, &t->room, sizeof *t->messages);
    t->messages[t->count] = (struct oh_tapped_message){
        .src = *source(entry),
        .dst = *destination(entry),
        .transport = entry->transport,
        .bytes = bytes,
        .time_ns = entry->wall_ns,
        .tap = (int)tap,
    };
    return &t->messages[t->count++];
}

/* --- TCP --- */

/* An entry and the place that it came from in the sorting. */
struct part {
    const struct oh_tap_entry *entry;
    size_t tap;
};

static int compare_addr(const struct oh_addr *a, const struct oh_addr *b)
{
    int order = (a->port > b->port) - (a->port < b->port);
    return order ? order : memcmp(a->ip, b->ip, sizeof a->ip);
}

static int compare_way(const struct part *a, const struct part *b)
{
    int order = compare_addr(source(a->entry), source(b->entry));
    return order ? order : compare_addr(destination(a->entry), destination(b->entry));
}

static int compare_part(const void *x, const void *y)
{
    const struct part *a = x, *b = y;
    int order = compare_way(a, b);
    return order ? order : (a->tap > b->tap) - (a->tap < b->tap);
}

/* Takes what `part`, of which the first byte is at `begins`, makes whole. */
static void cut(struct oh_tapped *t, const struct oh_run *run, const struct part *part,
                struct oh_sip_stream *stream, uint64_t begins)
{
    struct oh_span piece;
    uint64_t offset;
    enum oh_sip_cut kind;
    while ((kind = oh_sip_stream_next(stream, &piece, &offset)) != OH_SIP_CUT_NOTHING) {
        if (kind != OH_SIP_CUT_MESSAGE)
            continue;
        if (offset >= begins) {
            struct oh_span bytes = part->entry->bytes;
            add(t, run, part->tap, oh_span_sub(bytes, (size_t)(offset - begins), piece.len));
            continue;
        }
        char *own = oh_span_dup(piece);
        add(t, run, part->tap, (struct oh_span){own, piece.len})->owned = own;
    }
}

/* Everything that went one way between two ports. */
static void cut_way(struct oh_tapped *t, const struct oh_run *run, const struct part *parts,
                    size_t count)
{
    struct oh_sip_stream *stream = oh_sip_stream_new();
    uint64_t begins = 0;
    for (size_t i = 0; i < count; i++) {
        struct oh_span bytes = parts[i].entry->bytes;
        size_t left_out = parts[i].entry->whole_len - bytes.len;
        oh_sip_stream_add(stream, bytes);
        cut(t, run, &parts[i], stream, begins);
        if (left_out > 0)
            oh_sip_stream_skip(stream, left_out);
        begins += parts[i].entry->whole_len;
    }
    oh_sip_stream_free(stream);
}

static void add_streams(struct oh_tapped *t, const struct oh_run *run)
{
    struct part *parts = oh_alloc(run->tap_count * sizeof *parts);
    size_t count = 0, same = 0;
    for (size_t i = 0; i < run->tap_count; i++) {
        if (run->tap[i].transport == OH_TRANSPORT_TCP)
            parts[count++] = (struct part){&run->tap[i], i};
    }
    if (count > 1)
        qsort(parts, count, sizeof *parts, compare_part);
    for (size_t from = 0; from < count; from += same) {
        for (same = 1; from + same < count; same++) {
            if (compare_way(&parts[from], &parts[from + same]) != 0)
                break;
        }
        cut_way(t, run, parts + from, same);
    }
    free(parts);
}

/* --- all --- */

/* Of several in one entry the one that began before it is first. */
static int compare_tap(const void *x, const void *y)
{
    const struct oh_tapped_message *a = x, *b = y;
    int order = (a->tap > b->tap) - (a->tap < b->tap);
    if (order == 0)
        order = !a->owned - !b->owned;
    return order ? order : (a->bytes.at > b->bytes.at) - (a->bytes.at < b->bytes.at);
}

void oh_tapped_init(struct oh_tapped *t, const struct oh_run *run)
{
    *t = (struct oh_tapped){0};
    for (size_t i = 0; i < run->tap_count; i++) {
        const struct oh_tap_entry *entry = &run->tap[i];
        if (entry->transport != OH_TRANSPORT_TCP && !entry->is_rtp &&
            oh_sip_looks_like(entry->bytes))
            add(t, run, i, entry->bytes);
    }
    size_t datagrams = t->count;
    add_streams(t, run);
    if (t->count > datagrams)
        qsort(t->messages, t->count, sizeof *t->messages, compare_tap);
}

void oh_tapped_release(struct oh_tapped *t)
{
    for (size_t i = 0; i < t->count; i++)
        free(t->messages[i].owned);
    free(t->messages);
    *t = (struct oh_tapped){0};
}
