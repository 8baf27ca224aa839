#include "trace/text_rtp.h"

#include <stddef.h>
#include <string.h>

enum { HEADER = 12 };

static const struct key {
    const char *word;
    size_t at;
    uint64_t most;
} keys[] = {
    {"packets", offsetof(struct oh_text_rtp, packets), 100000},
    {"every-us", offsetof(struct oh_text_rtp, every_us), 100000000},
    {"version", offsetof(struct oh_text_rtp, version), 3},
    {"type", offsetof(struct oh_text_rtp, type), 127},
    {"sequence", offsetof(struct oh_text_rtp, sequence), UINT16_MAX},
    {"sequence-step", offsetof(struct oh_text_rtp, sequence_step), UINT16_MAX},
    {"timestamp", offsetof(struct oh_text_rtp, timestamp), UINT32_MAX},
    {"timestamp-step", offsetof(struct oh_text_rtp, timestamp_step), UINT32_MAX},
    {"ssrc", offsetof(struct oh_text_rtp, ssrc), UINT32_MAX},
    {"length", offsetof(struct oh_text_rtp, length), OH_TEXT_RTP_MAX - HEADER},
    {"event", offsetof(struct oh_text_rtp, event), UINT8_MAX},
    {"volume", offsetof(struct oh_text_rtp, volume), 127}, /* with the R bit */
    {"duration", offsetof(struct oh_text_rtp, duration), UINT16_MAX},
    {"duration-step", offsetof(struct oh_text_rtp, duration_step), UINT16_MAX},
    {"csrcs", offsetof(struct oh_text_rtp, csrcs), 15},
    {"padding", offsetof(struct oh_text_rtp, padding), UINT8_MAX},
};

void oh_text_rtp_begin(struct oh_text_rtp *r)
{
    *r = (struct oh_text_rtp){.packets = 1,
                              .every_us = 20000,
                              .version = 2,
                              .sequence_step = 1,
                              .timestamp_step = 160,
                              .length = 160};
}

static struct oh_span next_word(struct oh_span *rest)
{
    *rest = oh_span_trim(*rest);
    struct oh_span word = oh_span_sub(*rest, 0, oh_span_find(*rest, ' '));
    *rest = oh_span_sub(*rest, word.len, rest->len);
    return word;
}

static const struct key *key_of(struct oh_span word)
{
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (oh_span_is(word, keys[i].word))
            return &keys[i];
    }
    return NULL;
}

const char *oh_text_rtp_line(struct oh_text_rtp *r, struct oh_span line, struct oh_span *bad)
{
    r->marker = r->end = r->is_event = false;
    r->csrcs = r->padding = 0;
    r->packets = 1;
    for (*bad = next_word(&line); bad->len > 0; *bad = next_word(&line)) {
        const struct key *key = key_of(*bad);
        bool marker = oh_span_is(*bad, "marker"), end = oh_span_is(*bad, "end");
        r->marker = r->marker || marker;
        r->end = r->end || end;
        if (marker || end)
            continue;
        if (!key)
            return "this is nothing that a packet has";
        uint64_t value;
        *bad = next_word(&line);
        if (!oh_span_to_u64(*bad, &value) || value > key->most)
            return "no number that fits stands here";
        memcpy((char *)r + key->at, &value, sizeof value);
        r->is_event = r->is_event || strcmp(key->word, "event") == 0;
    }
    return NULL;
}

static void put(unsigned char *at, uint64_t value, size_t len)
{
    for (size_t i = 0; i < len; i++)
        at[i] = (unsigned char)(value >> 8 * (len - 1 - i));
}

size_t oh_text_rtp_next(struct oh_text_rtp *r, unsigned char out[OH_TEXT_RTP_MAX])
{
    size_t len = HEADER + (size_t)(r->is_event ? 4 : r->length);
    memset(out, 0, OH_TEXT_RTP_MAX);
    out[0] = (unsigned char)(r->version << 6 | (r->padding ? 0x20u : 0) | r->csrcs);
    out[1] = (unsigned char)((r->marker ? 0x80u : 0) | r->type);
    put(out + 2, r->sequence, 2);
    put(out + 4, r->timestamp, 4);
    put(out + 8, r->ssrc, 4);
    if (r->is_event) {
        out[HEADER] = (unsigned char)r->event;
        out[HEADER + 1] = (unsigned char)((r->end ? 0x80u : 0) | r->volume);
        put(out + HEADER + 2, r->duration, 2);
    }
    if (r->padding)
        out[len - 1] = (unsigned char)r->padding;
    r->marker = false;
    r->sequence += r->sequence_step;
    r->timestamp += r->timestamp_step;
    r->duration += r->duration_step;
    return len;
}
