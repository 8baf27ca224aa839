#include "g711.h"

/* Each law: a sign bit, three bits of segment, four of step, some of them turned over on the wire.
 */
enum { BIAS = 0x84, LOUDEST = 32635, MU_TURNED = 0xff, A_TURNED = 0x55 };

static int16_t decode_mu_law(uint8_t byte)
{
    unsigned bits = byte ^ MU_TURNED, segment = bits >> 4 & 7U;
    int size = (int)((((bits & 15U) << 3) + BIAS) << segment) - BIAS;
    return (int16_t)(bits & 0x80U ? -size : size);
}

static int16_t decode_a_law(uint8_t byte)
{
    unsigned bits = byte ^ A_TURNED, segment = bits >> 4 & 7U;
    unsigned size = ((bits & 15U) << 4) + 8;
    if (segment > 0)
        size = (size + 0x100) << (segment - 1);
    return (int16_t)(bits & 0x80U ? (int)size : -(int)size);
}

int16_t rp_g711_decode(bool pcma, uint8_t byte)
{
    return pcma ? decode_a_law(byte) : decode_mu_law(byte);
}

static unsigned segment_of(unsigned size)
{
    unsigned segment = 0;
    while (segment < 7 && size >> (segment + 8))
        segment++;
    return segment;
}

uint8_t rp_g711_encode(bool pcma, int32_t sample)
{
    bool negative = sample < 0;
    int32_t loud = negative ? -sample : sample;
    unsigned size = loud > LOUDEST ? LOUDEST : (unsigned)loud, segment;
    if (!pcma) {
        size += BIAS;
        segment = segment_of(size);
        return (uint8_t)(((negative ? 0x80U : 0) | segment << 4 | (size >> (segment + 3) & 15U)) ^
                         MU_TURNED);
    }
    segment = segment_of(size);
    unsigned step = size >> (segment ? segment + 3 : 4) & 15U;
    return (uint8_t)(((negative ? 0 : 0x80U) | segment << 4 | step) ^ A_TURNED);
}
