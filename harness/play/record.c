/* What is recorded: the tap of our sockets, the journal, the capture file; and their being whole at
 * the end. */
#include "play/player.h"

#include "base/file.h"
#include "sip/stream.h"

#include <stdlib.h>
#include <string.h>

#define RTP_HEADER_LEN      12                   /* RFC 3550 5.1 */
#define CLOCK_SET_NS        (100 * OH_NS_PER_MS) /* more than two readings of it can lie apart */
#define LAST_ROUNDS         16                   /* of the loop, which serves one socket in each */
#define CAPTURE_PATIENCE_MS 500 /* for the last packets to come out of the kernel's buffer */

static bool is_rtp_socket(const struct oh_player *p, const struct oh_addr *local)
{
    for (size_t i = 0; i < p->seat_count; i++) {
        if (p->seats[i].rtp && oh_addr_equal(&p->seats[i].rtp_addr, local))
            return true;
    }
    return false;
}

/* RFC 3550 5.1: version 2. Else it is STUN (RFC 8445) or the like, which phones send to where their
 * voice goes, and which is no voice. */
static bool is_rtp(struct oh_span bytes)
{
    return bytes.len >= RTP_HEADER_LEN && (unsigned char)bytes.at[0] >> 6 == 2;
}

/* Each seat has an IP address of its own; a connection that it opened has any port there. */
static bool is_at(const struct oh_seat *s, enum oh_transport transport, const struct oh_addr *a)
{
    if (s->phone)
        return false;
    return transport == OH_TRANSPORT_TCP ? oh_addr_same_ip(&s->sip_addr, a)
                                         : oh_addr_equal(&s->sip_addr, a);
}

static const char *seat_label(const struct oh_player *p, const struct oh_tap_event *event)
{
    for (size_t i = 0; i < p->seat_count; i++) {
        const struct oh_seat *s = &p->seats[i];
        if (is_at(s, event->transport, &event->local) ||
            (!s->phone && oh_addr_equal(&s->rtp_addr, &event->local)))
            return s->name;
    }
    return event->label;
}

/* What the capture tells of: of connections whole messages alone (trace/capture.h). */
static bool is_counted(const struct oh_tap_event *event)
{
    struct oh_span piece = {0};
    if (event->transport == OH_TRANSPORT_UDP)
        return true;
    struct oh_sip_stream *s = oh_sip_stream_new();
    oh_sip_stream_add(s, event->bytes);
    bool whole =
        oh_sip_stream_next(s, &piece, NULL) == OH_SIP_CUT_MESSAGE && piece.len == event->bytes.len;
    oh_sip_stream_free(s);
    return whole;
}

static int64_t clock_offset(const struct oh_player *p)
{
    return oh_net_wall(p->net) - oh_net_now(p->net);
}

/* All stamps are the wall clock's, which someone may set; our timers go by another. */
static void watch_clock(struct oh_player *p)
{
    int64_t step_ns = clock_offset(p) - p->clock_offset_ns;
    step_ns = step_ns < 0 ? -step_ns : step_ns;
    if (p->clock_offset_ns && step_ns > p->run->clock_step_ns)
        p->run->clock_step_ns = step_ns;
}

/* A clock that was set tells nothing of before and after. */
static bool came_before(const struct oh_player *p, int64_t wall_ns)
{
    return wall_ns < p->recorded_from_ns && p->run->clock_step_ns < CLOCK_SET_NS;
}

/* A phone with a stand-in has sockets on our net: they are not ours all the same. */
static bool is_stand_in(const struct oh_bench *b, const struct oh_addr *local)
{
    for (size_t i = 0; i < b->slot_count; i++) {
        if (oh_adapter_is_stand_in(b->slots[i].adapter) && oh_addr_same_ip(&b->slots[i].sip, local))
            return true;
    }
    return false;
}

void oh_record_tap(const struct oh_tap_event *event, void *bench)
{
    struct oh_bench *b = bench;
    struct oh_player *p = b->player;
    if (!p || !p->run || is_stand_in(b, &event->local))
        return;
    watch_clock(p);
    p->is_outside = came_before(p, event->wall_ns) || event->wall_ns > p->recorded_until_ns;
    if (p->is_outside)
        return;
    bool rtp = event->transport == OH_TRANSPORT_UDP && is_rtp_socket(p, &event->local);
    struct oh_span bytes = event->bytes;
    if (rtp && !is_rtp(bytes))
        return;
    if (rtp)
        bytes = oh_span_sub(bytes, 0, RTP_HEADER_LEN);
    int i = oh_run_tap(p->run, event->wall_ns, seat_label(p, event), event->sent, &event->local,
                       &event->remote, bytes);
    p->run->tap[i].transport = event->transport;
    p->run->tap[i].is_rtp = rtp;
    p->run->tap[i].whole_len = event->bytes.len;
    if (!rtp && is_counted(event))
        p->tapped++;
}

/* Each tapped SIP message must come out of the capture too; counting is enough to know when to
 * stop waiting - the judge's side matches them one by one. */
static void on_captured(int64_t wall_ns, const struct oh_addr *src, const struct oh_addr *dst,
                        enum oh_transport transport, struct oh_span bytes, void *arg)
{
    struct oh_bench *b = arg;
    struct oh_player *p = b->player;
    (void)wall_ns;
    (void)bytes;
    if (!p || is_rtp_socket(p, src) || is_rtp_socket(p, dst))
        return;
    bool ours = false;
    for (size_t i = 0; i < p->seat_count && !ours; i++)
        ours = is_at(&p->seats[i], transport, src) || is_at(&p->seats[i], transport, dst);
    p->captured += ours;
    if (ours && p->captured == p->tapped)
        oh_bench_wake(b);
}

static void tell_capture_of_seats(const struct oh_player *p)
{
    struct oh_addr *at = oh_alloc((p->seat_count + 1) * sizeof *at);
    for (size_t i = 0; i < p->seat_count; i++)
        at[i] = p->seats[i].sip_addr;
    oh_capture_sip_at(p->bench->capture, at, p->seat_count);
    free(at);
}

int oh_record_begin(struct oh_player *p, const char *folder, struct oh_error *e)
{
    struct oh_bench *b = p->bench;
    p->run->evidence = b->capture ? OH_EVIDENCE_CAPTURE : OH_EVIDENCE_TAP;
    oh_net_reset_late(p->net);
    p->recorded_from_ns = oh_net_wall(p->net);
    p->recorded_until_ns = INT64_MAX;
    p->clock_offset_ns = clock_offset(p);
    if (!b->capture)
        return 0;
    tell_capture_of_seats(p);
    char *path = oh_file_join(folder, "capture.pcap");
    int result = oh_capture_begin(b->capture, path, e);
    free(path);
    if (result != 0)
        return -1;
    p->recorded_from_ns = oh_capture_began_ns(b->capture);
    oh_capture_listen(b->capture, on_captured, b);
    p->run->capture.interface = oh_strdup(oh_capture_interface(b->capture));
    return 0;
}

static bool all_captured(void *arg)
{
    const struct oh_player *p = arg;
    return p->captured >= p->tapped; /* either may come first: the capture's view or our socket's */
}

/* What our sockets got before the capture ended is in it, and is tapped as well. */
static void tap_the_rest(struct oh_player *p, int64_t until_ns)
{
    p->recorded_until_ns = until_ns;
    for (int i = 0; i < LAST_ROUNDS; i++)
        oh_net_run(p->net, oh_net_now(p->net));
}

int oh_record_end(struct oh_player *p, const char *folder, struct oh_error *e)
{
    struct oh_bench *b = p->bench;
    struct oh_run *run = p->run;
    struct oh_error trouble = {0};
    run->worst_late_ns = oh_net_worst_late_ns(p->net);
    watch_clock(p);
    if (b->capture && run->capture.interface) {
        oh_capture_flush(b->capture);
        run->capture.complete = oh_bench_wait(b, all_captured, p, CAPTURE_PATIENCE_MS);
        oh_capture_listen(b->capture, NULL, NULL);
        if (oh_capture_end(b->capture, &run->capture.received, &run->capture.dropped, &trouble) !=
            0)
            oh_player_bench_failed(p, &trouble);
        tap_the_rest(p, oh_capture_ended_ns(b->capture));
    }
    run->ended_wall_ns = oh_net_wall(p->net);
    return folder ? oh_run_write(run, folder, e) : 0;
}

void oh_record_journal(struct oh_player *p, enum oh_journal_kind kind, int step, int tap,
                       const char *seat, const char *detail)
{
    if (!p->run)
        return;
    watch_clock(p);
    oh_run_journal(p->run, kind, oh_net_wall(p->net), step, tap, seat, detail ? "%s" : NULL,
                   detail);
}

/* What the writer set by hand is not held against us by the always-on rules. */
static bool is_on_purpose(const struct oh_step *step)
{
    bool no_answer = step->sdp.none && (!step->is_request || strcmp(step->method, "ACK") == 0);
    return step->header_count || step->remove_count || step->body || no_answer || step->raw ||
           step->again;
}

void oh_record_sent(struct oh_player *p, int step, int tap, const char *seat)
{
    if (!p->run || step == OH_NONE)
        return;
    if (tap != OH_NONE)
        p->run->tap[tap].ours_on_purpose = is_on_purpose(&p->scenario->steps[step]);
    oh_record_journal(p, OH_JOURNAL_SENT, step, tap, seat, NULL);
}
