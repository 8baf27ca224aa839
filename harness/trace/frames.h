/*
 * trace/frames.h - a capture file into frames: classic pcap of either byte order, with micro- or
 * nanoseconds, and pcapng with any number of sections and interfaces, each with its own link layer
 * and clock. libpcap reads the latter only where all interfaces are alike; dumpcap and Wireshark,
 * asked for several, write them otherwise.
 *
 * Invariants: lengths of the file are never trusted; a frame is given only where all of its record
 * is there. What stands behind a damaged record is not looked for: where the next one begins would
 * be a guess.
 *
 * Private to trace/. Uses: trace/input.h.
 */
#ifndef OH_TRACE_FRAMES_H
#define OH_TRACE_FRAMES_H

#include "trace/input.h"

/* A longer frame is damage: no capturing program writes one. */
#define OH_FRAME_MOST ((size_t)256 << 10)

struct oh_frame {
    int link;             /* DLT_ value of libpcap */
    int64_t time_ns;      /* 0: the file tells none */
    struct oh_span bytes; /* captured; valid until the next one */
};

/* The DLT_ value of a file's LINKTYPE_ value: bare IP packets have another
 * number there; of what trace/layers.h reads, all others have the same. */
int oh_frame_link(unsigned linktype);

/* A stamp out of what a file tells; never out of range. */
int64_t oh_frame_time_ns(int64_t seconds, uint64_t ns);

struct oh_frames;

/* As oh_input_open. NULL also where it is no capture. */
struct oh_frames *oh_frames_open(const char *path, oh_input_go_on_fn *go_on, void *arg,
                                 struct oh_error *e);
void oh_frames_free(struct oh_frames *f); /* NULL is fine */

enum oh_frames_got {
    OH_FRAMES_ONE,
    OH_FRAMES_END,    /* the file's, or `go_on` ended it */
    OH_FRAMES_DAMAGED /* no more can be read; oh_frames_trouble says why */
};
enum oh_frames_got oh_frames_next(struct oh_frames *f, struct oh_frame *out);
const char *oh_frames_trouble(const struct oh_frames *f);
/* The trouble is that the file ends too early, as one does that is still being written. */
bool oh_frames_is_short(const struct oh_frames *f);

/* How many frames the capturing program says it lost, as far as was read (pcapng only). */
uint64_t oh_frames_dropped(const struct oh_frames *f);

const struct oh_input *oh_frames_input(const struct oh_frames *f);

#endif
