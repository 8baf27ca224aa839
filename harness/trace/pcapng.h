/*
 * trace/pcapng.h - the blocks of a pcapng file into frames. Sections, interface descriptions,
 * enhanced, simple and obsolete packets, and how many packets an interface lost; the others (names,
 * secrets, comments) are passed over, whatever their length.
 *
 * Private to trace/, behind trace/frames.h.
 */
#ifndef OH_TRACE_PCAPNG_H
#define OH_TRACE_PCAPNG_H

#include "trace/frames.h"

#define OH_PCAPNG_INTERFACES 4096 /* of one section; more are damage */

struct oh_pcapng;

struct oh_pcapng *oh_pcapng_new(void);
void oh_pcapng_free(struct oh_pcapng *p); /* NULL is fine */

/* As oh_frames_next. */
enum oh_frames_got oh_pcapng_next(struct oh_pcapng *p, struct oh_input *in, struct oh_frame *out);
const char *oh_pcapng_trouble(const struct oh_pcapng *p);
bool oh_pcapng_is_short(const struct oh_pcapng *p);
uint64_t oh_pcapng_dropped(const struct oh_pcapng *p);

/* Do these four bytes begin one? */
bool oh_pcapng_begins(struct oh_span bytes);

#endif
