/*
 * trace/capture.h - packets from libpcap: live, into files; and from files into a trace.
 *
 * Live: one handle for the whole run, buffered (never immediate mode, which loses packets), 40 ms
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

/* Called for each captured UDP datagram between the hosts, and for each whole SIP message that a
 * TCP connection between them carried (`src` and `dst` are the connection's ends, `wall_ns` the
 * stamp of the segment that made it whole), in capture order, for knowing when all has arrived.
 *
 * Of TCP messages only are told, no keep-alives and no noise: those become whole when something
 * follows them, which may be never. So whoever counts against a tap counts, of its TCP entries,
 * messages: what oh_sip_looks_like and has all its bytes. An entry sent as a part of a message on
 * purpose, or as several at once, is no message; what the connection makes of it is cut from all
 * that was sent on it (sip/stream.h), here as in oh_recording_make.
 *
 * Only while a file is open; out of oh_net_run, and out of begin and end for what the kernel still
 * held. It may stop the net, not run it, and not call begin, end or close. */
typedef void oh_capture_fn(int64_t wall_ns, const struct oh_addr *src, const struct oh_addr *dst,
                           enum oh_transport transport, struct oh_span bytes, void *arg);
void oh_capture_listen(struct oh_capture *c, oh_capture_fn *fn, void *arg);

/* Where SIP is listened for over TCP (the seats' SIP addresses, with ports; copied), from the next
 * oh_capture_begin on. See "Which connections are SIP" below; without it live messages are told by
 * the rules for a capture of strangers. What is written to the file does not depend on it. */
void oh_capture_sip_at(struct oh_capture *c, const struct oh_addr *at, size_t count);

/* Hands on what the kernel's buffer still holds, closes the file, reads the drop counters since
 * `begin`. -1: the file could not be written whole (disk full); it is then valid up to where it
 * got, and `received` counts what is in it. Also -1: the interface went away. Takes about 20 ms:
 * packets younger than the call are not waited for and not written. */
int oh_capture_end(struct oh_capture *c, uint64_t *received, uint64_t *dropped, struct oh_error *e);

/* --- reading files --- */

/* What is read of a capture, in its order; `bytes` are valid during the call. */
struct oh_capture_sink {
    /* A datagram, or a whole SIP message cut from a TCP connection. */
    void (*datagram)(unsigned frame, int64_t time_ns, const struct oh_addr *src,
                     const struct oh_addr *dst, struct oh_span bytes, void *arg);
    void (*tcp_message)(unsigned frame, int64_t time_ns, const struct oh_addr *src,
                        const struct oh_addr *dst, struct oh_span bytes, void *arg);
    /* Evidence is missing here, or was missing a while ago (what never came is waited for): see
     * `truncated` of oh_capture_read; NULL: not told. */
    void (*lost)(void *arg);
    /* Before each wait for bytes (every 64 KiB of a file; of a live capture whenever all that came
     * has been told, so that what is shown is up to date), after a signal that interrupted one, and
     * every 1,024 frames. `bytes_in_all` is 0 where nobody knows. False ends reading, without an
     * error. NULL: goes on. */
    bool (*go_on)(uint64_t bytes_read, uint64_t bytes_in_all, void *arg);
    void *arg;
};

struct oh_capture_counts {
    size_t frames;
    size_t cut;        /* of which the capture holds only the beginning (snap length) */
    size_t unfinished; /* datagrams of which fragments are missing, or contradict one another */
    size_t other; /* neither UDP nor TCP, or with damaged headers, or of a link layer that is not
                     read beside others that are */
    uint64_t dropped; /* that the capturing program says it lost (pcapng) */
    size_t tcp_gaps;  /* stretches of SIP connections that the capture lacks */
    size_t tcp_other; /* segments on connections that are not SIP, stretches of noise */
    bool truncated;   /* any of what makes `truncated` of oh_capture_read */
};

/* Reads a capture of any length, frame by frame: each is told before more bytes are waited for, so
 * `tcpdump -U -w - | ...` is read as it comes. Memory is bounded. `at`: as in
 * oh_capture_read_sip_at. -1: as oh_capture_read; what was read before has been told. */
int oh_capture_scan(const char *path, const struct oh_addr *at, size_t count,
                    const struct oh_capture_sink *sink, struct oh_capture_counts *counts,
                    struct oh_error *e);

/* A capture file into a trace: classic pcap of either byte order, with micro- or nanoseconds;
 * pcapng, with several interfaces of different link layers, too; both also gzip'd. Ethernet, Linux
 * cooked v1 and v2, loopback, raw IP, PPP; VLAN tags, PPPoE, MPLS; IPv4 and IPv6, in one another
 * and in GRE, too; UDP and TCP, with fragments put together. The addresses are those of the
 * innermost IP header. Frames count from 1. UDP that is no SIP is tried as RTP; oh_trace_seats
 * drops what belongs to no seat. Path "-" is standard input. -1: not a capture, unreadable, no
 * frame of a link layer that is read.
 *
 * Evidence that is missing sets `*truncated`: a damaged tail, which ends reading without an error;
 * datagrams of which the capture holds only the beginning (snap length) or not all fragments, or
 * fragments that contradict one another, which are not added; bytes of a SIP connection that its
 * receiver acknowledged or its sender went on behind, and that no frame of the capture holds;
 * frames that the capturing program says it lost.
 *
 * A TCP message has the number of the first frame that carries a byte of it and the time of the
 * segment that made it whole (in the order of the stream: what waited for an earlier segment was
 * whole with that one). A connection that was there before the capture begins at its first segment
 * and, within a message, at the next start line. */
int oh_capture_read(const char *path, struct oh_trace *t, bool *truncated, struct oh_error *e);

/* The same, told where SIP is listened for over TCP (`count` addresses with ports).
 *
 * Which connections are SIP: those with an end at such an address, whatever they begin with. Others
 * where their beginning is in the capture and looks so: a start line, perhaps behind empty lines.
 * Without such addresses also those that were there before, once a whole message is cut from them.
 * So a phone's control connection, which has the same IP addresses, is told from SIP even where its
 * text quotes SIP; and a SIP connection to where nobody expected it is still found. A kernel filter
 * on ports could not do that: it would hide just the stray connection, and must be made before the
 * ports are known. */
int oh_capture_read_sip_at(const char *path, const struct oh_addr *at, size_t count,
                           struct oh_trace *t, bool *truncated, struct oh_error *e);

#endif
