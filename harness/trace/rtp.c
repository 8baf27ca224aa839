#include "trace/rtp.h"

#include "trace/index.h"

#include <string.h>

static uint32_t big_endian(const unsigned char *at, size_t len)
{
    uint32_t value = 0;
    for (size_t i = 0; i < len; i++)
        value = value << 8 | at[i];
    return value;
}

/* Bytes before the payload: CSRCs and a header extension count (RFC 3550 5.1, 5.3.1); as far as it
 * is there. */
static size_t header_len(const unsigned char *b, size_t len)
{
    size_t header = OH_RTP_HEADER_LEN + 4u * (b[0] & 0x0fu);
    if ((b[0] & 0x10) && len >= header + 4)
        header += 4 + 4 * (size_t)big_endian(b + header + 2, 2);
    else if (b[0] & 0x10)
        header += 4;
    return header;
}

/* RFC 3550 5.1: the last byte of the padding counts it, itself included */
static size_t padding_len(const unsigned char *b, size_t len)
{
    return b[0] & 0x20 ? b[len - 1] : 0;
}

bool oh_rtp_parse(struct oh_span bytes, struct oh_trace_rtp *out)
{
    const unsigned char *b = (const unsigned char *)bytes.at;
    if (bytes.len < OH_RTP_HEADER_LEN || b[0] >> 6 != 2)
        return false;
    uint8_t type = b[1] & 0x7f;
    if (type >= 72 && type <= 76) /* RTCP packet types 200..204: RFC 3550 5.1, 12.1 */
        return false;
    size_t header = header_len(b, bytes.len), padding = padding_len(b, bytes.len);
    bool padded = (b[0] & 0x20) != 0;
    bool fits = header <= bytes.len && (!padded || (padding > 0 && padding <= bytes.len - header));
    size_t payload = fits ? bytes.len - header - padding : 0;
    out->payload_type = type;
    out->marker = (b[1] & 0x80) != 0;
    out->malformed = !fits;
    memset(out->event, 0, sizeof out->event);
    out->has_event = payload >= sizeof out->event;
    if (out->has_event)
        memcpy(out->event, b + header, sizeof out->event);
    out->sequence = (uint16_t)big_endian(b + 2, 2);
    out->payload_len = (uint16_t)(payload > UINT16_MAX ? UINT16_MAX : payload);
    out->timestamp = big_endian(b + 4, 4);
    out->ssrc = big_endian(b + 8, 4);
    out->digest = oh_index_key_add(oh_index_key(0), bytes);
    return true;
}

bool oh_rtp_is_rtcp(struct oh_span bytes)
{
    const unsigned char *b = (const unsigned char *)bytes.at;
    if (bytes.len < 4 || b[0] >> 6 != 2 || b[1] < 200 || b[1] > 207)
        return false;
    return 4 + 4 * (size_t)big_endian(b + 2, 2) <= bytes.len;
}
