/* Streams of RTP by their own numbers: header, source, sequence, timestamp, packet time.
 * RFC 3550 3, 5.1, RFC 3264 6.1 */
#include "base/file.h"
#include "judge/media_help.h"
#include "judge/rule_help.h"

#include <stdlib.h>

/* RFC 3550 12.1: RTCP by the port of RTP. */
static bool looks_like_rtcp(const struct oh_stream_run *run)
{
    return run->payload_type >= 64 && run->payload_type < 96;
}

static const struct oh_stream_run *run_with(const struct oh_stream *s, unsigned frame)
{
    for (size_t i = 0; i < s->run_count; i++) {
        if (s->runs[i].last_frame >= frame)
            return &s->runs[i];
    }
    return &s->runs[s->run_count - 1];
}

/* What a frame of the stream shows. */
static void say_frame(struct oh_rule_view *v, unsigned frame, const char *expected,
                      const char *observed, const char *text)
{
    const struct oh_stream_run *run = run_with(oh_rule_stream(v), frame);
    oh_rule_broken_stream(v, &(struct oh_stream_breach){.frame = frame,
                                                        .time_ns = run->first_ns,
                                                        .expected = expected,
                                                        .observed = observed,
                                                        .text = text});
}

/* SRTP encrypts the padding and its count (RFC 3711 3.1): nothing can be said of them. */
static bool is_plain(const struct oh_rule_view *v, const struct oh_stream_run *run)
{
    const struct oh_said *said = oh_sessions_meaning(oh_rule_sessions(v), &oh_rule_stream(v)->dst,
                                                     run->payload_type, run->first_ns)
                                     .said;
    return said &&
           oh_span_search(said->part.protocol, oh_span_of("SAVP")) == said->part.protocol.len &&
           !said->moves && !oh_help_line_of(&said->part, "a=crypto:").at &&
           !oh_help_line_of(&said->part, "a=fingerprint:").at;
}

static void check_header(struct oh_rule_view *v, const struct oh_trace_msg *none)
{
    const struct oh_stream *s = oh_rule_stream(v);
    (void)none;
    if (s->malformed_frame && !looks_like_rtcp(run_with(s, s->malformed_frame)) &&
        is_plain(v, run_with(s, s->malformed_frame)))
        say_frame(v, s->malformed_frame, "CSRCs, extension and padding within the packet",
                  "more of them than the packet has bytes",
                  "The RTP header must count CSRCs, extension and padding as they are.");
}

/* --- numbers --- */

static void check_sequence(struct oh_rule_view *v, const struct oh_trace_msg *none)
{
    const struct oh_stream *s = oh_rule_stream(v);
    (void)none;
    if (looks_like_rtcp(&s->runs[0]))
        return;
    if (s->same_sequence_frame)
        say_frame(v, s->same_sequence_frame, "the next sequence number",
                  "one that another packet had just before",
                  "The sequence number must rise by one with each RTP packet.");
    else if (s->sequence_jump_frame)
        say_frame(v, s->sequence_jump_frame, "the next sequence number", "one far from it",
                  "The sequence number must rise by one with each RTP packet; it jumped without a "
                  "pause.");
}

/* The clock that all its audio has; 0: it is unknown, or there are several (each with its own
 * count), or it is no audio. */
static uint64_t clock_of(const struct oh_rule_view *v)
{
    const struct oh_stream *s = oh_rule_stream(v);
    uint64_t clock_hz = 0;
    for (size_t i = 0; i < s->run_count; i++) {
        struct oh_meaning m = oh_sessions_meaning(oh_rule_sessions(v), &s->dst,
                                                  s->runs[i].payload_type, s->runs[i].first_ns);
        if (!m.is_audio || !m.clock_hz || (clock_hz && clock_hz != m.clock_hz))
            return 0;
        clock_hz = m.clock_hz;
    }
    return clock_hz;
}

/* How far the timestamp is from what the clock would show, in long enough a run: RFC 3550 5.1, a
 * clock that increments linearly in time. Half as much and half as much again are let pass: no
 * clock is so wrong, but packets may come in bursts. Nor is a sender slow that was held up, for
 * the time that it lost. */
static bool has_wrong_rate(const struct oh_rule_view *v, const struct oh_stream_run *run,
                           uint64_t clock_hz, uint64_t *shown_hz)
{
    int64_t lasted_ms = (run->last_ns - run->first_ns) / OH_NS_PER_MS;
    if (lasted_ms < 900 || run->packets < 25 || !clock_hz ||
        oh_sessions_meaning(oh_rule_sessions(v), &oh_rule_stream(v)->dst, run->payload_type,
                            run->first_ns)
            .is_event)
        return false;
    uint64_t ticks = (uint64_t)(run->last_timestamp - run->first_timestamp) * 1000;
    uint64_t awake_ms = (uint64_t)(lasted_ms - run->late_ns / OH_NS_PER_MS);
    *shown_hz = ticks / (uint64_t)lasted_ms;
    return ticks * 10 < clock_hz * 6 * awake_ms || *shown_hz * 10 > clock_hz * 16;
}

static void check_timestamp(struct oh_rule_view *v, const struct oh_trace_msg *none)
{
    const struct oh_stream *s = oh_rule_stream(v);
    uint64_t clock_hz = clock_of(v), shown_hz;
    (void)none;
    if (!clock_hz)
        return;
    for (size_t i = 0; i < s->run_count && !(s->merged && i + 1 == s->run_count); i++) {
        if (!has_wrong_rate(v, &s->runs[i], clock_hz, &shown_hz))
            continue;
        char *expected = oh_format("about %llu in a second", (unsigned long long)clock_hz);
        char *observed = oh_format("%llu", (unsigned long long)shown_hz);
        oh_rule_broken_stream(
            v, &(struct oh_stream_breach){.frame = s->runs[i].first_frame,
                                          .frame_too = s->runs[i].last_frame,
                                          .time_ns = s->runs[i].first_ns,
                                          .expected = expected,
                                          .observed = observed,
                                          .text = "The timestamp must count the samples that each "
                                                  "packet holds, by the clock of the codec."});
        free(observed);
        free(expected);
        return;
    }
    if (s->timestamp_back_frame)
        say_frame(v, s->timestamp_back_frame, "a later timestamp than the packet's before",
                  "an earlier one", "The timestamp of audio must not run back.");
}

/* --- the source --- */

static bool is_beside(const struct oh_stream *a, const struct oh_stream *b)
{
    return a != b && a->ssrc != b->ssrc && oh_addr_equal(&a->src, &b->src) &&
           oh_addr_equal(&a->dst, &b->dst);
}

/* RFC 3550 8.2: a source whose identifier another has taken as well must change it. */
static bool has_collided(const struct oh_streams *all, const struct oh_stream *s)
{
    for (size_t i = 0; i < oh_streams_count(all); i++) {
        const struct oh_stream *other = oh_streams_at(all, i);
        if (other->ssrc == s->ssrc && !oh_addr_equal(&other->src, &s->src))
            return true;
    }
    return false;
}

/* Is there a description in the second before? A new session may bring a new source. */
static bool is_near_description(const struct oh_sessions *all, int64_t time_ns)
{
    for (size_t i = 0; i < all->count; i++) {
        int64_t ago_ns = time_ns - all->list[i].msg->time_ns;
        if (ago_ns > -OH_MEDIA_UNDER_WAY_NS && ago_ns < OH_MEDIA_TO_END_NS)
            return true;
    }
    return false;
}

/* Both at a time, or the later one where the earlier has just ended. */
static bool replaces(const struct oh_stream *later, const struct oh_stream *earlier)
{
    return later->first_ns > earlier->first_ns &&
           later->first_ns - earlier->last_ns < OH_MEDIA_UNDER_WAY_NS;
}

static void check_source(struct oh_rule_view *v, const struct oh_trace_msg *none)
{
    enum { FEW = 5 };
    const struct oh_stream *s = oh_rule_stream(v);
    const struct oh_streams *all = oh_rule_trace(v)->streams;
    struct oh_meaning m =
        oh_sessions_meaning(oh_rule_sessions(v), &s->dst, s->runs[0].payload_type, s->first_ns);
    (void)none;
    if (!m.is_audio || m.is_event || looks_like_rtcp(&s->runs[0]) ||
        is_near_description(oh_rule_sessions(v), s->first_ns))
        return;
    for (size_t i = 0; i < oh_streams_count(all); i++) {
        const struct oh_stream *before = oh_streams_at(all, i);
        if (!is_beside(s, before) || !replaces(s, before) || before->packets < FEW ||
            s->packets < FEW || has_collided(all, before))
            continue;
        char *expected = oh_format("SSRC %08x", before->ssrc);
        char *observed = oh_format("SSRC %08x", s->ssrc);
        oh_rule_broken_stream(
            v, &(struct oh_stream_breach){.frame = s->first_frame,
                                          .frame_too = before->last_frame,
                                          .time_ns = s->first_ns,
                                          .expected = expected,
                                          .observed = observed,
                                          .text = "The packets of one source should keep its "
                                                  "SSRC: another came without a new session "
                                                  "description and without a collision."});
        free(observed);
        free(expected);
        return;
    }
}

/* --- packet time --- */

/* Milliseconds by an attribute of the stream; 0: not said, or with a fraction. */
static uint64_t milliseconds(const struct oh_said *said, const char *begins)
{
    uint64_t value = 0;
    return oh_span_to_u64(oh_span_trim(oh_help_line_of(&said->part, begins)), &value) ? value : 0;
}

/* One sample to a tick: packets of any length can be made of these. RFC 3551 4.5 */
static bool is_sampled(struct oh_span encoding)
{
    static const char *const names[] = {"PCMU", "PCMA", "G722", "L16"};
    struct oh_span name = oh_span_sub(encoding, 0, oh_span_find(encoding, '/'));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (oh_span_is_nocase(name, names[i]))
            return true;
    }
    return false;
}

static void check_packet_time(struct oh_rule_view *v, const struct oh_trace_msg *none)
{
    const struct oh_stream *s = oh_rule_stream(v);
    (void)none;
    for (size_t i = 0; i < s->run_count && !(s->merged && i + 1 == s->run_count); i++) {
        const struct oh_stream_run *run = &s->runs[i];
        struct oh_meaning m =
            oh_sessions_meaning(oh_rule_sessions(v), &s->dst, run->payload_type, run->first_ns);
        uint64_t shown_hz, wanted_ms = m.said ? milliseconds(m.said, "a=ptime:") : 0;
        if (!wanted_ms || !m.is_audio || !is_sampled(m.encoding) || run->steps < 25 ||
            run->odd_steps * 2 > run->steps ||
            (uint64_t)run->step * 1000 == wanted_ms * m.clock_hz ||
            run->first_ns - m.said->msg->time_ns < OH_MEDIA_TO_END_NS / 2 ||
            has_wrong_rate(v, run, m.clock_hz, &shown_hz))
            continue;
        char *expected = oh_format("%llu ms in a packet", (unsigned long long)wanted_ms);
        char *observed =
            oh_format("%llu ms", (unsigned long long)((uint64_t)run->step * 1000 / m.clock_hz));
        oh_rule_broken_stream(
            v, &(struct oh_stream_breach){.frame = run->first_frame,
                                          .time_ns = run->first_ns,
                                          .by = {m.said->msg},
                                          .expected = expected,
                                          .observed = observed,
                                          .text = "The packets should be as long as the ptime of "
                                                  "the other side's description says."});
        free(observed);
        free(expected);
        return;
    }
}

#define RTP(id, level, clause, meaning, covers, check)                                             \
    {                                                                                              \
        id, OH_LEVEL_##level, clause, OH_ON_STREAM | OH_BY_TIME, NULL, meaning, covers, check      \
    }

static const struct oh_rule rules[] = {
    RTP("rtp.header", MUST, "RFC 3550 5.1", "The counts of an RTP header are those of the packet.",
        "rtp.version", check_header),
    RTP("rtp.sequence", MUST, "RFC 3550 5.1", "The sequence number rises by one each packet.",
        "rtp.seq-plus-one dtmf.2833.seq", check_sequence),
    RTP("rtp.timestamp", MUST, "RFC 3550 5.1", "The timestamp runs by the clock of the codec.",
        "rtp.ts-step", check_timestamp),
    RTP("rtp.source", SHOULD, "RFC 3550 3", "A source keeps its SSRC.", "rtp.ssrc-stable",
        check_source),
    RTP("rtp.packet-time", SHOULD, "RFC 3264 6.1",
        "Packets are as long as the other side's ptime says.", "sdp.ptime rtp.ptime-followed",
        check_packet_time),
};

const struct oh_rule_family oh_rules_rtp = {"rtp", rules, sizeof rules / sizeof *rules};
