/*
 * The seam between the layers of the SIP stack: its user agent above, its transactions below.
 *
 * What the stack does by itself and offers no setting for is made here: seam.c defines a few of the
 * library's own functions, which the library then calls in place of its own (its calls go by the
 * dynamic linker), and which pass on to those. No function of the C library is among them, so a
 * preloaded library sees all that is sent and received.
 */
#ifndef RP_SEAM_H
#define RP_SEAM_H

#include "phone.h"

/* The phone whose stack this is. Call before nua_create. */
void rp_seam_set(const struct rp_phone *phone);

#endif
