/*
 * G.711: one sample as a byte and as a number (ITU-T G.711). Needed where voices are mixed.
 */
#ifndef RP_G711_H
#define RP_G711_H

#include <stdbool.h>
#include <stdint.h>

/* A-law if `pcma`, else mu-law; numbers have 16 bits, of which the laws keep 13 and 14. */
int16_t rp_g711_decode(bool pcma, uint8_t byte);
uint8_t rp_g711_encode(bool pcma, int32_t sample); /* what is too loud is cut off */

#endif
