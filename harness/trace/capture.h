/*
 * trace/capture.h - packets from libpcap: live, into files; and from files into a trace.
 *
 * Live: one handle for the whole run, buffered (never immediate mode, which loses packets), 1 ms
 * timeout, 8 MiB or more, nanosecond stamps, a kernel filter for the addresses of the bench; each
 * scenario writes its own classic nanosecond pcap. The only room that sees libpcap.
 *
 * Uses: base/, net/ (the loop), trace/trace.h.
 */
#ifndef OH_TRACE_CAPTURE_H
#define OH_TRACE_CAPTURE_H

#include "net/net.h"
#include "trace/trace.h"

struct oh_capture;

/* Opens the interface that carries `hosts` ("lo" for loopback; found by address) and watches it on
 * `net`. NULL without the right to capture or without such an interface: the sentence says so, the
 * remedy how to get it (setcap line, or --no-capture). */
struct oh_capture *oh_capture_open(struct oh_net *net, const struct oh_addr *hosts,
                                   size_t host_count, struct oh_error *e);
void oh_capture_close(struct oh_capture *c); /* NULL is fine; before oh_net_free */
const char *oh_capture_interface(const struct oh_capture *c);

/* From now on packets go to this file; older ones that the kernel still holds are dropped when they
 * come. One file at a time. -1: it cannot be made or written to; no file is open then. */
int oh_capture_begin(struct oh_capture *c, const char *path, struct oh_error *e);
/* The wall clock that the file begins with, and, after oh_capture_end, ends with: what was stamped
 * in between is in it. */
int64_t oh_capture_began_ns(const struct oh_capture *c);
int64_t oh_capture_ended_ns(const struct oh_capture *c);

/* Hands on at once what the kernel's buffer holds, where that can be had (loopback); elsewhere it
 * comes by itself some milliseconds later. */
void oh_capture_flush(struct oh_capture *c);

/* Called for each captured UDP datagram between the hosts, in capture order, for knowing when all
 * has arrived. Only while a file is open; out of oh_net_run, and out of begin and end for what the
 * kernel still held. It may stop the net, not run it, and not call begin, end or close. */
typedef void oh_capture_fn(int64_t wall_ns, const struct oh_addr *src, const struct oh_addr *dst,
                           struct oh_span bytes, void *arg);
void oh_capture_listen(struct oh_capture *c, oh_capture_fn *fn, void *arg);

/* Hands on what the kernel's buffer still holds, closes the file, reads the drop counters since
 * `begin`. -1: the file could not be written whole (disk full); it is then valid up to where it
 * got, and `received` counts what is in it. Also -1: the interface went away. Takes about 20 ms:
 * packets younger than the call are not waited for and not written. */
int oh_capture_end(struct oh_capture *c, uint64_t *received, uint64_t *dropped, struct oh_error *e);

/* A capture file (classic pcap µs and ns, pcapng as far as libpcap reads it) into a trace:
 * Ethernet, Linux cooked v1 and v2, loopback, raw IP; IPv4 and IPv6; UDP, with fragments put
 * together. Frames count from 1. What is no SIP is tried as RTP; oh_trace_seats drops what belongs
 * to no seat. A damaged tail ends reading without an error and sets `*truncated`; so do datagrams
 * of which the capture holds only the beginning (snap length), which are not added. Path "-" is
 * standard input. -1: not a capture, unreadable, a link layer that is not read. */
int oh_capture_read(const char *path, struct oh_trace *t, bool *truncated, struct oh_error *e);

#endif
