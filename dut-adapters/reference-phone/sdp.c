#include "sdp.h"

#include <sofia-sip/sdp.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { OWN_EVENT_TYPE = 101 };

/* Text that grows in a buffer of the caller's; `full` once something did not fit. */
struct text {
    char *to;
    size_t size;
    size_t len;
    bool full;
};

static void add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(text->to + text->len, text->size - text->len, format, arguments);
    va_end(arguments);
    if (len < 0 || (size_t)len >= text->size - text->len)
        text->full = true;
    else
        text->len += (size_t)len;
}

static void add_session(struct text *text, const struct rp_sdp_local *local)
{
    const char *family = strchr(local->address, ':') ? "IP6" : "IP4";
    add(text, "v=0\r\no=- %u %u IN %s %s\r\ns=-\r\nc=IN %s %s\r\n", local->session_id,
        local->version, family, local->address, family, local->address);
}

static void offer_audio(struct text *text, const struct rp_sdp_local *local, const char *direction)
{
    unsigned events = local->line_count ? local->event_type : OWN_EVENT_TYPE;
    add(text, "m=audio %u RTP/AVP 0 8", local->rtp_port);
    if (events)
        add(text, " %u", events);
    add(text, "\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n");
    if (events)
        add(text, "a=rtpmap:%u telephone-event/8000\r\na=fmtp:%u 0-15\r\n", events, events);
    add(text, "a=ptime:20\r\na=%s\r\n", direction);
}

size_t rp_sdp_offer(char *to, size_t size, const struct rp_sdp_local *local, const char *direction)
{
    struct text text = {to, size, 0, false};
    add_session(&text, local);
    add(&text, "t=0 0\r\n");
    for (unsigned i = 0; i == 0 || i < local->line_count; i++) {
        if (i == local->audio_line)
            offer_audio(&text, local, direction);
        else
            add(&text, "%s", local->refused[i]);
    }
    return text.full ? 0 : text.len;
}

/* ---- what a media line offers ---- */

enum codec { NO_CODEC, PCMU, PCMA, EVENTS };

static enum codec codec_of(const sdp_rtpmap_t *map)
{
    if (!map->rm_encoding || map->rm_rate != 8000)
        return NO_CODEC;
    if (map->rm_params && strcmp(map->rm_params, "1") != 0)
        return NO_CODEC; /* more than one channel */
    if (strcasecmp(map->rm_encoding, "PCMU") == 0)
        return PCMU;
    if (strcasecmp(map->rm_encoding, "PCMA") == 0)
        return PCMA;
    return strcasecmp(map->rm_encoding, "telephone-event") == 0 ? EVENTS : NO_CODEC;
}

static const sdp_rtpmap_t *first_voice(const sdp_media_t *media)
{
    for (const sdp_rtpmap_t *map = media->m_rtpmaps; map; map = map->rm_next)
        if (codec_of(map) == PCMU || codec_of(map) == PCMA)
            return map;
    return NULL;
}

static bool usable(const sdp_media_t *media)
{
    return media->m_type == sdp_media_audio && media->m_proto == sdp_proto_rtp &&
           media->m_port != 0 && !media->m_rejected && first_voice(media);
}

/* Where RTP of the media line goes; false if that is nowhere. */
static bool read_address(const sdp_media_t *media, struct rp_media *to)
{
    const sdp_connection_t *connection = sdp_media_connections(media);
    if (!connection || !connection->c_address)
        return false;
    struct sockaddr_in *v4 = (struct sockaddr_in *)&to->remote;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&to->remote;
    memset(&to->remote, 0, sizeof to->remote);
    if (inet_pton(AF_INET, connection->c_address, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)media->m_port);
        to->remote_len = sizeof *v4;
        return v4->sin_addr.s_addr != INADDR_ANY; /* the old way to hold */
    }
    if (inet_pton(AF_INET6, connection->c_address, &v6->sin6_addr) != 1)
        return false;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons((uint16_t)media->m_port);
    to->remote_len = sizeof *v6;
    return !IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr);
}

/* "0-15,66": RFC 4733 2.4.1; without a list the keys 0 to 15 are meant */
static uint16_t read_events(const char *list)
{
    unsigned events = 0;
    if (!list)
        return 0xffff;
    for (const char *at = list; *at; at += strcspn(at, ","), at += *at == ',') {
        unsigned first, last;
        int found = sscanf(at, "%u-%u", &first, &last);
        for (unsigned i = first; found > 0 && i <= (found == 2 ? last : first) && i < 16; i++)
            events |= 1U << i;
    }
    return (uint16_t)events;
}

/* sdp_mode_t speaks for the sender of the description: it receives if sdp_recvonly is in it. */
static void agree(const sdp_media_t *media, struct rp_media *to)
{
    const sdp_rtpmap_t *voice = first_voice(media);
    memset(to, 0, sizeof *to);
    to->payload_type = (uint8_t)voice->rm_pt;
    to->pcma = codec_of(voice) == PCMA;
    to->send = read_address(media, to) && media->m_mode & sdp_recvonly;
    for (const sdp_rtpmap_t *map = media->m_rtpmaps; map && !to->event_type; map = map->rm_next) {
        if (codec_of(map) == EVENTS) {
            to->event_type = (uint8_t)map->rm_pt;
            to->events = read_events(map->rm_fmtp);
        }
    }
}

/* ---- answering ---- */

static void refuse(struct text *text, const sdp_media_t *media, char *kept, size_t kept_size)
{
    const char *format = "0";
    char number[8];
    if (media->m_rtpmaps) {
        snprintf(number, sizeof number, "%u", (unsigned)media->m_rtpmaps->rm_pt);
        format = number;
    } else if (media->m_format) {
        format = media->m_format->l_text;
    }
    int len = snprintf(kept, kept_size, "m=%s 0 %s %s\r\n", media->m_type_name, media->m_proto_name,
                       format);
    if (len < 0 || (size_t)len >= kept_size)
        text->full = true;
    add(text, "%s", kept);
}

/* RFC 3264 6.1: the mirror of the offered direction, less receiving if the user holds the call. */
static const char *mirrored(sdp_mode_t offered, bool held)
{
    static const char *const names[] = {"inactive", "sendonly", "recvonly", "sendrecv"};
    unsigned send = offered & sdp_recvonly ? 1 : 0;
    unsigned receive = offered & sdp_sendonly && !held ? 2 : 0;
    return names[send | receive];
}

static void accept_media(struct text *text, const sdp_media_t *media, struct rp_sdp_local *local)
{
    local->event_type = 0;
    add(text, "m=audio %u RTP/AVP", local->rtp_port);
    for (const sdp_rtpmap_t *map = media->m_rtpmaps; map; map = map->rm_next)
        if (codec_of(map) != NO_CODEC)
            add(text, " %u", (unsigned)map->rm_pt);
    add(text, "\r\n");
    for (const sdp_rtpmap_t *map = media->m_rtpmaps; map; map = map->rm_next) {
        if (codec_of(map) != NO_CODEC)
            add(text, "a=rtpmap:%u %s/8000\r\n", (unsigned)map->rm_pt, map->rm_encoding);
        if (codec_of(map) == EVENTS) {
            add(text, "a=fmtp:%u 0-15\r\n", (unsigned)map->rm_pt);
            local->event_type = (uint8_t)map->rm_pt;
        }
    }
    add(text, "a=ptime:20\r\na=%s\r\n", mirrored(media->m_mode, local->held));
}

static int answer_session(struct text *text, struct rp_sdp_local *local, const sdp_session_t *offer,
                          struct rp_media *agreed)
{
    bool taken = false;
    unsigned line = 0;
    add_session(text, local);
    add(text, "t=0 0\r\n"); /* RFC 3264 6: the offer's, which for a call is 0 0 */
    for (const sdp_media_t *media = offer->sdp_media; media; media = media->m_next, line++) {
        if (line == RP_SDP_LINES)
            return 0;
        if (taken || !usable(media)) {
            refuse(text, media, local->refused[line], sizeof local->refused[line]);
            continue;
        }
        accept_media(text, media, local);
        agree(media, agreed);
        local->audio_line = line;
        taken = true;
    }
    local->line_count = line;
    if (text->full)
        return -1;
    return taken ? (int)text->len : 0;
}

int rp_sdp_answer(char *to, size_t size, struct rp_sdp_local *local, const char *offer,
                  size_t offer_len, struct rp_media *media)
{
    struct text text = {to, size, 0, false};
    sdp_parser_t *parser = sdp_parse(NULL, offer, (issize_t)offer_len, 0);
    const sdp_session_t *session = sdp_session(parser);
    int len = session ? answer_session(&text, local, session, media) : -1;
    sdp_parser_free(parser);
    return len;
}

int rp_sdp_read_answer(const struct rp_sdp_local *local, const char *answer, size_t len,
                       struct rp_media *media)
{
    sdp_parser_t *parser = sdp_parse(NULL, answer, (issize_t)len, 0);
    const sdp_session_t *session = sdp_session(parser);
    const sdp_media_t *line = session ? session->sdp_media : NULL;
    for (unsigned i = 0; line && i < local->audio_line; i++)
        line = line->m_next;
    int result = line && usable(line) ? 0 : -1;
    if (result == 0)
        agree(line, media);
    sdp_parser_free(parser);
    return result;
}
