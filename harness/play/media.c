/* Media of our seats: SDP offers and answers, and G.711 silence at 50 packets a second. RFC 3264,
 * 3550, 3551. */
#include "play/player.h"

#include "base/file.h"
#include "sip/digest.h"
#include "sip/sdp.h"

#include <stdlib.h>
#include <string.h>

#define PACKET_NS      (20 * OH_NS_PER_MS)
#define PACKET_SAMPLES 160
#define RTP_HEADER_LEN 12

static const unsigned our_formats[] = {0, 8, 101}; /* PCMU, PCMA, telephone-event */

#define MOST_FORMATS 32

/* Octet that is silence in G.711: mu-law 0xff, A-law 0xd5. */
static uint8_t silence_of(unsigned payload_type)
{
    return payload_type == 8 ? 0xd5 : 0xff;
}

static enum oh_sdp_direction direction_of(const char *word)
{
    static const char *const words[] = {[OH_SDP_SENDRECV] = "sendrecv",
                                        [OH_SDP_SENDONLY] = "sendonly",
                                        [OH_SDP_RECVONLY] = "recvonly",
                                        [OH_SDP_INACTIVE] = "inactive"};
    for (size_t i = 0; word && i < sizeof words / sizeof *words; i++) {
        if (strcmp(word, words[i]) == 0)
            return (enum oh_sdp_direction)i;
    }
    return OH_SDP_SENDRECV;
}

/* `formats` is room for those that are wished. */
static struct oh_sdp_local local_sdp(const struct oh_call *c, const struct oh_sdp_wish *wish,
                                     unsigned formats[MOST_FORMATS])
{
    struct oh_error e = {0};
    struct oh_sdp_local local = {.rtp = c->seat->rtp_addr,
                                 .session_id = c->sdp_id,
                                 .version = c->sdp_version,
                                 .formats = our_formats,
                                 .format_count = sizeof our_formats / sizeof *our_formats,
                                 .direction = direction_of(wish ? wish->direction : NULL)};
    if (wish && wish->address)
        oh_addr_parse(oh_span_of(wish->address), &local.connection, &e);
    if (wish && wish->formats) {
        local.formats = formats;
        local.format_count = wish->format_count < MOST_FORMATS ? wish->format_count : MOST_FORMATS;
        for (size_t i = 0; i < local.format_count; i++)
            formats[i] = wish->formats[i];
    }
    return local;
}

static int format_sdp(const struct oh_call *c, const struct oh_sdp_wish *wish,
                      const struct oh_sip_msg *offer, struct oh_text *out, struct oh_error *e)
{
    unsigned formats[MOST_FORMATS];
    struct oh_sdp_local local = local_sdp(c, wish, formats);
    if (offer && offer->body.len)
        return oh_sdp_answer_format(offer->body, &local, out, e);
    if (c->described.len) {
        struct oh_sdp_local again = local;
        again.format_count = local.formats == our_formats ? 0 : local.format_count;
        if (oh_sdp_reoffer_format(oh_text_span(&c->described), &again, out, e) == 0)
            return 0;
    }
    oh_sdp_offer_format(&local, out);
    return 0;
}

/* RFC 3264 8: the version goes up by one with each change, and not without. */
int oh_media_our_sdp(struct oh_call *c, const struct oh_sdp_wish *wish,
                     const struct oh_sip_msg *offer, struct oh_text *out, struct oh_error *e)
{
    struct oh_text text = {0};
    int result = format_sdp(c, wish, offer, &text, e);
    if (result == 0 && c->described.len &&
        !oh_span_equal(oh_text_span(&text), oh_text_span(&c->described))) {
        c->sdp_version++;
        oh_text_clear(&text);
        result = format_sdp(c, wish, offer, &text, e);
    }
    if (result == 0) {
        struct oh_sdp_audio said;
        c->silent = oh_sdp_audio_parse(oh_text_span(&text), &said, e) == 0 &&
                    said.direction != OH_SDP_SENDRECV && said.direction != OH_SDP_SENDONLY;
        oh_text_add_span(out, oh_text_span(&text));
        oh_text_clear(&c->described);
        oh_text_add_span(&c->described, oh_text_span(&text));
    }
    oh_text_release(&text);
    return result;
}

void oh_media_offer_answer(struct oh_call *c, const struct oh_sip_msg *remote_sdp)
{
    struct oh_sdp_audio audio;
    struct oh_error e = {0};
    if (!remote_sdp->body.len || oh_sdp_audio_parse(remote_sdp->body, &audio, &e) != 0)
        return;
    bool may_send = audio.direction == OH_SDP_SENDRECV || audio.direction == OH_SDP_RECVONLY;
    c->remote_rtp = audio.address;
    if (!may_send || audio.on_hold_2543)
        c->remote_rtp.port = 0;
    for (size_t i = 0; i < audio.format_count; i++) {
        if (audio.formats[i] == 0 || audio.formats[i] == 8) {
            c->payload_type = audio.formats[i];
            return;
        }
    }
    c->remote_rtp.port = 0; /* nothing that we can send */
}

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void send_packet(struct oh_call *c)
{
    uint8_t packet[RTP_HEADER_LEN + PACKET_SAMPLES];
    struct oh_error e = {0};
    packet[0] = 0x80; /* version 2 */
    packet[1] = (uint8_t)(c->payload_type | (c->rtp_first ? 0x80U : 0U));
    put16(packet + 2, c->rtp_sequence);
    put16(packet + 4, c->rtp_timestamp >> 16);
    put16(packet + 6, c->rtp_timestamp & 0xffff);
    put16(packet + 8, c->rtp_ssrc >> 16);
    put16(packet + 10, c->rtp_ssrc & 0xffff);
    memset(packet + RTP_HEADER_LEN, silence_of(c->payload_type), PACKET_SAMPLES);
    c->rtp_first = false;
    c->rtp_sequence++;
    c->rtp_timestamp += PACKET_SAMPLES;
    if (c->remote_rtp.port && !c->silent && !c->player->is_muted)
        oh_udp_send(c->seat->rtp, &c->remote_rtp,
                    (struct oh_span){(const char *)packet, sizeof packet}, &e);
}

static void on_packet_time(void *arg)
{
    struct oh_call *c = arg;
    c->rtp_timer = NULL;
    send_packet(c);
    c->rtp_next_ns += PACKET_NS;
    c->rtp_timer = oh_timer_set(c->player->net, c->rtp_next_ns, on_packet_time, c);
}

void oh_media_start(struct oh_call *c)
{
    uint32_t chance[3];
    char hex[2 * sizeof chance + 1];
    if (c->media_on || !c->seat->rtp)
        return;
    oh_random_hex(hex, sizeof chance); /* RFC 3550 5.1: random SSRC, sequence and timestamp */
    for (size_t i = 0; i < 3; i++) {
        char part[9] = {0};
        memcpy(part, hex + 8 * i, 8);
        chance[i] = (uint32_t)strtoul(part, NULL, 16);
    }
    c->rtp_ssrc = chance[0];
    c->rtp_sequence = (uint16_t)(chance[1] & 0x7fff);
    c->rtp_timestamp = chance[2];
    c->media_on = true;
    c->rtp_next_ns = oh_net_now(c->player->net);
    c->rtp_first = true;
    c->rtp_timer = oh_timer_set(c->player->net, c->rtp_next_ns, on_packet_time, c);
}

void oh_media_stop(struct oh_call *c)
{
    oh_timer_cancel(c->rtp_timer);
    c->rtp_timer = NULL;
    c->media_on = false;
}
