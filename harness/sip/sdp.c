#include "sip/sdp.h"

#include <sofia-sip/sdp.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TELEPHONE_EVENT      101 /* our own payload number for it */
#define TELEPHONE_EVENT_NAME "telephone-event/8000"
#define NAME_SIZE            sizeof(((struct oh_sdp_audio *)0)->names[0])

/* ---- reading ---- */

struct reader {
    su_home_t *home;
    sdp_parser_t *parser;
};

static void reader_close(struct reader *r)
{
    if (r->parser)
        sdp_parser_free(r->parser);
    if (r->home)
        su_home_unref(r->home);
}

/* The session, which lives until reader_close; NULL with a sentence where it is none. */
static sdp_session_t *reader_open(struct reader *r, struct oh_span body, struct oh_error *e)
{
    /* without mode_manual Sofia takes the direction attributes away and calls port 0 inactive */
    const int lenient = sdp_f_c_missing | sdp_f_insane | sdp_f_mode_manual;
    *r = (struct reader){NULL, NULL};
    if (body.len == 0 || body.len > OH_SIP_MAX_BYTES) {
        oh_error_set(e, body.len == 0 ? "there is no SDP body" : "the SDP body is too large");
        return NULL;
    }
    if (!oh_sdp_is_harmless(body)) {
        oh_error_set(e, "the body is not SDP: an m= line is not media, port, protocol and tokens");
        return NULL;
    }
    r->home = su_home_new(sizeof(*r->home));
    r->parser = r->home ? sdp_parse(r->home, body.at, (issize_t)body.len, lenient) : NULL;
    sdp_session_t *session = r->parser ? sdp_session(r->parser) : NULL;
    if (!session) {
        const char *why = r->parser ? sdp_parsing_error(r->parser) : NULL;
        oh_error_set(e, "the body is not SDP: %s", why ? why : "out of memory");
    }
    return session;
}

static void name_of_rtpmap(const sdp_rtpmap_t *map, char out[NAME_SIZE])
{
    const char *channels = map->rm_params ? map->rm_params : "1";
    bool named = map->rm_encoding && map->rm_encoding[0];
    bool mono = strcmp(channels, "1") == 0; /* RFC 4566 6: may be left out */
    int len = snprintf(out, NAME_SIZE, "%s/%lu%s%s", named ? map->rm_encoding : "", map->rm_rate,
                       mono ? "" : "/", mono ? "" : channels);
    if (!named || len < 0 || (size_t)len >= NAME_SIZE)
        out[0] = '\0'; /* no codec that we know is that long */
}

/* RFC 3551 6 */
static void name_of_static(unsigned long type, char out[NAME_SIZE])
{
    out[0] = '\0';
    if (type < 96 && sdp_rtpmap_well_known[type])
        name_of_rtpmap(sdp_rtpmap_well_known[type], out);
}

/* a=rtpmap of a stream for which Sofia made no maps; `out` stays where there is none. */
static void name_of_attribute(const sdp_media_t *m, uint64_t type, char out[NAME_SIZE])
{
    for (const sdp_attribute_t *a = m->m_attributes; a; a = a->a_next) {
        struct oh_span value = oh_span_of(a->a_value);
        struct oh_span digits = oh_span_sub(value, 0, oh_span_find(value, ' '));
        struct oh_span name = oh_span_trim(oh_span_sub(value, digits.len, value.len));
        uint64_t mapped;
        if (!oh_span_is(oh_span_of(a->a_name), "rtpmap") || !oh_span_to_u64(digits, &mapped))
            continue;
        if (mapped == type && name.len > 0 && name.len < NAME_SIZE)
            snprintf(out, NAME_SIZE, "%.*s", OH_SPAN_FMT(name));
    }
}

static void add_format(struct oh_sdp_audio *audio, unsigned type, const char *name)
{
    if (audio->format_count == OH_SDP_MAX_FORMATS)
        return;
    audio->formats[audio->format_count] = type;
    snprintf(audio->names[audio->format_count], NAME_SIZE, "%s", name);
    audio->format_count++;
}

/* Sofia makes maps for RTP/AVP and RTP/SAVP; of other profiles it keeps the bare words. */
static void read_formats(const sdp_media_t *m, struct oh_sdp_audio *out)
{
    char name[NAME_SIZE];
    for (const sdp_rtpmap_t *map = m->m_rtpmaps; map; map = map->rm_next) {
        name_of_rtpmap(map, name);
        add_format(out, map->rm_pt, name);
    }
    for (const sdp_list_t *l = m->m_format; !m->m_rtpmaps && l; l = l->l_next) {
        uint64_t type;
        if (!oh_span_to_u64(oh_span_of(l->l_text), &type) || type > 127)
            continue;
        name_of_static((unsigned long)type, name);
        name_of_attribute(m, type, name);
        add_format(out, (unsigned)type, name);
    }
}

/* A bit set in the sense of Sofia's sdp_mode_t: 1 they send, 2 they receive. */
static enum oh_sdp_direction direction_of(unsigned mode)
{
    static const enum oh_sdp_direction table[] = {
        [sdp_inactive] = OH_SDP_INACTIVE,
        [sdp_sendonly] = OH_SDP_SENDONLY,
        [sdp_recvonly] = OH_SDP_RECVONLY,
        [sdp_sendrecv] = OH_SDP_SENDRECV,
    };
    return table[mode & 3];
}

static unsigned mode_of(enum oh_sdp_direction direction)
{
    static const unsigned table[] = {
        [OH_SDP_SENDRECV] = sdp_sendrecv,
        [OH_SDP_SENDONLY] = sdp_sendonly,
        [OH_SDP_RECVONLY] = sdp_recvonly,
        [OH_SDP_INACTIVE] = sdp_inactive,
    };
    return table[direction];
}

static enum oh_sdp_direction read_direction(const sdp_session_t *s, const sdp_media_t *m)
{
    sdp_mode_t session = sdp_attribute_mode(s->sdp_attributes, sdp_sendrecv);
    return direction_of(sdp_attribute_mode(m->m_attributes, session));
}

static void read_address(const sdp_media_t *m, struct oh_sdp_audio *out)
{
    const sdp_connection_t *c = sdp_media_connections(m);
    if (c && c->c_address && oh_addr_parse(oh_span_of(c->c_address), &out->address, NULL) < 0)
        memset(&out->address, 0, sizeof(out->address));
    out->address.port = (uint16_t)m->m_port;
    out->on_hold_2543 = c && c->c_address && strcmp(c->c_address, "0.0.0.0") == 0;
}

static int check_ports(const sdp_session_t *s, struct oh_error *e)
{
    for (const sdp_media_t *m = s->sdp_media; m; m = m->m_next)
        if (m->m_port > UINT16_MAX)
            return oh_error_set(e, "the m= line has the port %lu", m->m_port);
    return 0;
}

int oh_sdp_audio_parse(struct oh_span body, struct oh_sdp_audio *out, struct oh_error *e)
{
    struct reader r;
    int result = -1;

    memset(out, 0, sizeof(*out));
    const sdp_session_t *s = reader_open(&r, body, e);
    if (!s || check_ports(s, e) < 0)
        goto out;
    const sdp_media_t *m = s->sdp_media;
    while (m && m->m_type != sdp_media_audio)
        m = m->m_next;
    if (!m) {
        oh_error_set(e, "the SDP has no audio stream");
        goto out;
    }
    read_address(m, out);
    read_formats(m, out);
    out->direction = read_direction(s, m);
    result = 0;
out:
    reader_close(&r);
    return result;
}

/* ---- writing ---- */

static void add_session(struct oh_text *out, const struct oh_sdp_local *local, unsigned long start,
                        unsigned long stop)
{
    char ip[OH_ADDR_TEXT], where[OH_ADDR_TEXT];
    const struct oh_addr *c = local->connection.family ? &local->connection : &local->rtp;
    int version = local->rtp.family == OH_FAMILY_IPV6 ? 6 : 4;
    oh_addr_format_ip(&local->rtp, ip);
    oh_addr_format_ip(c, where);
    oh_text_addf(out,
                 "v=0\r\n"
                 "o=- %" PRIu64 " %" PRIu64 " IN IP%d %s\r\n"
                 "s=-\r\n"
                 "c=IN IP%d %s\r\n"
                 "t=%lu %lu\r\n",
                 local->session_id, local->version, version, ip,
                 c->family == OH_FAMILY_IPV6 ? 6 : 4, where, start, stop);
}

static bool is_event(const char *name)
{
    return oh_span_is_nocase(oh_span_of(name), TELEPHONE_EVENT_NAME);
}

static void add_audio(struct oh_text *out, const struct oh_sdp_local *local,
                      const struct oh_sdp_audio *formats)
{
    static const char *const directions[] = {
        [OH_SDP_SENDRECV] = "sendrecv",
        [OH_SDP_SENDONLY] = "sendonly",
        [OH_SDP_RECVONLY] = "recvonly",
        [OH_SDP_INACTIVE] = "inactive",
    };
    oh_text_addf(out, "m=audio %u RTP/AVP", (unsigned)local->rtp.port);
    for (size_t i = 0; i < formats->format_count; i++)
        oh_text_addf(out, " %u", formats->formats[i]);
    oh_text_add(out, "\r\n");
    for (size_t i = 0; i < formats->format_count; i++) {
        if (formats->names[i][0])
            oh_text_addf(out, "a=rtpmap:%u %s\r\n", formats->formats[i], formats->names[i]);
        if (is_event(formats->names[i]))
            oh_text_addf(out, "a=fmtp:%u 0-15\r\n", formats->formats[i]); /* RFC 4733 2.4.1 */
    }
    oh_text_addf(out, "a=%s\r\n", directions[formats->direction]);
}

static void read_local(const struct oh_sdp_local *local, struct oh_sdp_audio *out)
{
    char name[NAME_SIZE];
    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < local->format_count; i++) {
        name_of_static(local->formats[i], name);
        add_format(out, local->formats[i],
                   local->formats[i] == TELEPHONE_EVENT ? TELEPHONE_EVENT_NAME : name);
    }
    out->direction = local->direction;
}

void oh_sdp_offer_format(const struct oh_sdp_local *local, struct oh_text *out)
{
    struct oh_sdp_audio audio;
    read_local(local, &audio);
    add_session(out, local, 0, 0);
    add_audio(out, local, &audio);
}

/* ---- answering, RFC 3264 6.1 ---- */

static bool can_do(const struct oh_sdp_audio *ours, const char *name)
{
    for (size_t i = 0; name[0] && i < ours->format_count; i++)
        if (oh_span_is_nocase(oh_span_of(name), ours->names[i]))
            return true;
    return false;
}

static enum oh_sdp_direction mirrored(enum oh_sdp_direction theirs, enum oh_sdp_direction ours)
{
    unsigned mode = mode_of(theirs);
    unsigned swapped = ((mode & 1u) << 1) | ((mode >> 1) & 1u);
    return direction_of(swapped & mode_of(ours));
}

/* Fills `common` for a stream that we take; false where it has no codec of ours. */
static bool take_stream(const sdp_session_t *s, const sdp_media_t *m,
                        const struct oh_sdp_audio *ours, struct oh_sdp_audio *common)
{
    struct oh_sdp_audio theirs;
    bool codec = false;

    memset(&theirs, 0, sizeof(theirs));
    memset(common, 0, sizeof(*common));
    if (m->m_type != sdp_media_audio || m->m_proto != sdp_proto_rtp || m->m_port == 0)
        return false;
    read_formats(m, &theirs);
    for (size_t i = 0; i < theirs.format_count; i++) {
        if (!can_do(ours, theirs.names[i]))
            continue;
        add_format(common, theirs.formats[i], theirs.names[i]);
        codec = codec || !is_event(theirs.names[i]);
    }
    common->direction = mirrored(read_direction(s, m), ours->direction);
    return codec;
}

static void refuse_stream(struct oh_text *out, const sdp_media_t *m)
{
    oh_text_addf(out, "m=%s 0 %s", m->m_type_name, m->m_proto_name);
    for (const sdp_rtpmap_t *map = m->m_rtpmaps; map; map = map->rm_next)
        oh_text_addf(out, " %u", (unsigned)map->rm_pt);
    for (const sdp_list_t *l = m->m_format; !m->m_rtpmaps && l; l = l->l_next)
        oh_text_addf(out, " %s", l->l_text);
    oh_text_add(out, m->m_rtpmaps || m->m_format ? "\r\n" : " 0\r\n");
}

static int answer_streams(const sdp_session_t *s, const struct oh_sdp_local *local,
                          struct oh_text *out, struct oh_error *e)
{
    struct oh_sdp_audio ours, common;
    bool wanted = false, taken = false;

    read_local(local, &ours);
    for (const sdp_media_t *m = s->sdp_media; m; m = m->m_next) {
        wanted = wanted || m->m_port != 0;
        if (!taken && take_stream(s, m, &ours, &common)) {
            add_audio(out, local, &common);
            taken = true;
        } else {
            refuse_stream(out, m);
        }
    }
    if (wanted && !taken)
        return oh_error_set(e, "the offer has no audio format that this seat can do");
    return 0;
}

/* ---- offering again, RFC 3264 8 ---- */

static bool offer_streams(const sdp_session_t *s, const struct oh_sdp_local *local,
                          struct oh_text *out)
{
    bool offered = false;
    for (const sdp_media_t *m = s->sdp_media; m; m = m->m_next) {
        struct oh_sdp_audio audio = {0};
        if (offered || m->m_type != sdp_media_audio) {
            refuse_stream(out, m);
            continue;
        }
        if (local->format_count)
            read_local(local, &audio);
        else
            read_formats(m, &audio);
        audio.direction = local->direction;
        add_audio(out, local, &audio);
        offered = true;
    }
    return offered;
}

int oh_sdp_reoffer_format(struct oh_span before, const struct oh_sdp_local *local,
                          struct oh_text *out, struct oh_error *e)
{
    struct reader r;
    struct oh_text offer = {0};
    int result = -1;

    const sdp_session_t *s = reader_open(&r, before, e);
    if (!s)
        goto out;
    add_session(&offer, local, 0, 0);
    if (offer_streams(s, local, &offer)) {
        oh_text_add_span(out, oh_text_span(&offer));
        result = 0;
    } else {
        oh_error_set(e, "the description before has no audio stream");
    }
out:
    oh_text_release(&offer);
    reader_close(&r);
    return result;
}

int oh_sdp_answer_format(struct oh_span offer, const struct oh_sdp_local *local,
                         struct oh_text *out, struct oh_error *e)
{
    struct reader r;
    struct oh_text answer = {0};
    int result = -1;

    const sdp_session_t *s = reader_open(&r, offer, e);
    if (!s || check_ports(s, e) < 0)
        goto out;
    const sdp_time_t *t = s->sdp_time;
    add_session(&answer, local, t ? t->t_start : 0, t ? t->t_stop : 0);
    result = answer_streams(s, local, &answer, e);
    if (result == 0)
        oh_text_add_span(out, oh_text_span(&answer));
out:
    oh_text_release(&answer);
    reader_close(&r);
    return result;
}
