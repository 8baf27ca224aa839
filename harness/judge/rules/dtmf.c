/* Telephone events in RTP, RFC 4733: how the packets of one event are made, and which events may be
 * sent. Whether a key becomes its event is for a flow that presses it.
 *
 * What lacks packets is not judged by what is missing. */
#include "judge/media_help.h"
#include "judge/rule_help.h"

#include <stdlib.h>

enum { LONGEST = 0xffff }; /* 2.5.1.3: longer ones come in segments */

/* An event that the other side's description names as one. */
struct seen {
    const struct oh_stream_event *event, *next; /* the one that goes on with it; NULL */
    struct oh_meaning meaning;
    bool goes_on; /* with the one before it */
    bool is_over; /* the stream went on after it */
};

/* The repeats of a last packet, under another timestamp: not an event of their own. */
static bool is_repeat(const struct oh_stream_event *before, const struct oh_stream_event *e)
{
    return before->payload_type == e->payload_type && before->code == e->code &&
           before->last_duration == e->first_duration && e->ends == e->packets && !e->marked &&
           (uint16_t)(before->last_sequence + 1) == e->first_sequence;
}

typedef bool event_fn(struct oh_rule_view *v, const struct seen *e); /* true: it spoke */

static void each_event(struct oh_rule_view *v, event_fn *fn)
{
    const struct oh_stream *s = oh_rule_stream(v);
    for (size_t i = 0; i < s->event_count; i++) {
        const struct oh_stream_event *event = &s->events[i];
        struct seen e = {.event = event};
        e.meaning =
            oh_sessions_meaning(oh_rule_sessions(v), &s->dst, event->payload_type, event->first_ns);
        if (i + 1 < s->event_count &&
            (s->events[i + 1].goes_on || is_repeat(event, &s->events[i + 1])))
            e.next = &s->events[i + 1];
        e.goes_on = event->goes_on || (i > 0 && is_repeat(&s->events[i - 1], event));
        e.is_over = s->last_ns > event->last_ns;
        if (e.meaning.is_event && fn(v, &e))
            return;
    }
}

static bool say(struct oh_rule_view *v, const struct seen *e, unsigned frame, const char *expected,
                const char *observed, const char *text)
{
    oh_rule_broken_stream(v, &(struct oh_stream_breach){.frame = frame,
                                                        .frame_too = e->event->first_frame != frame
                                                                         ? e->event->first_frame
                                                                         : 0,
                                                        .time_ns = e->event->first_ns,
                                                        .by = {e->meaning.said->msg},
                                                        .expected = expected,
                                                        .observed = observed,
                                                        .text = text});
    return true;
}

/* --- marker --- */

static bool has_wrong_marker(struct oh_rule_view *v, const struct seen *e)
{
    const struct oh_stream_event *event = e->event;
    if (event->begin_seen && !event->marked && !e->goes_on)
        return say(v, e, event->first_frame, "the marker bit", "a first packet without it",
                   "The first packet of an event must have the marker bit.");
    if (event->marked_late_frame)
        return say(v, e, event->marked_late_frame, "no marker bit", "a later packet with it",
                   "Only the first packet of an event may have the marker bit.");
    return false;
}

static void check_marker(struct oh_rule_view *v, const struct oh_trace_msg *none)
{
    (void)none;
    each_event(v, has_wrong_marker);
}

/* --- timestamp and duration --- */

/* Before a segment that goes on stands one of the longest duration, and no timestamp but that of
 * its end. 2.5.1.2, 2.5.1.3 */
static bool moves(struct oh_rule_view *v, const struct seen *e)
{
    const struct oh_stream_event *event = e->event, *next = e->next;
    if (!next || event->last_duration == LONGEST || next->marked)
        return false;
    return say(v, e, next->first_frame, "the timestamp of its first packet", "another one",
               "All packets of an event must have the timestamp of its first one.");
}

static void check_timestamp(struct oh_rule_view *v, const struct oh_trace_msg *none)
{
    (void)none;
    each_event(v, moves);
}

static bool has_wrong_duration(struct oh_rule_view *v, const struct seen *e)
{
    enum { SOME = 3 };
    const struct oh_stream_event *event = e->event;
    if (event->shorter_frame)
        return say(v, e, event->shorter_frame, "a duration that grows", "a shorter one",
                   "The duration of an event must grow from packet to packet.");
    if (event->packets >= event->ends + SOME && event->first_duration == event->last_duration &&
        !event->gaps)
        return say(v, e, event->last_frame, "a duration that grows", "always the same",
                   "The duration of an event must grow from packet to packet.");
    return false;
}

static void check_duration(struct oh_rule_view *v, const struct oh_trace_msg *none)
{
    (void)none;
    each_event(v, has_wrong_duration);
}

/* Of the keys of a telephone none is a state. 2.3.5, 3.2 */
static bool has_no_duration(struct oh_rule_view *v, const struct seen *e)
{
    const struct oh_stream_event *event = e->event;
    if (event->code > 15 || event->first_duration != 0)
        return false;
    return say(v, e, event->first_frame, "a duration above zero", "0",
               "The duration of a key's event must not be zero: it is how long it has lasted.");
}

static void check_zero(struct oh_rule_view *v, const struct oh_trace_msg *none)
{
    (void)none;
    each_event(v, has_no_duration);
}

/* --- end --- */

/* States need no end (2.5.1.2): what follows the keys' codes is not asked. */
static bool has_no_end(struct oh_rule_view *v, const struct seen *e)
{
    const struct oh_stream_event *event = e->event;
    if (event->open_frame)
        return say(v, e, event->open_frame, "the E bit, once it was set", "a packet without it",
                   "Once a packet of an event has the E bit all that follow must have it.");
    if (event->ends > 0 || event->gaps || !e->is_over || e->next || event->code > 15 ||
        event->last_duration == LONGEST || oh_rule_stream(v)->lost > 0 || oh_rule_evidence_lost(v))
        return false;
    return say(v, e, event->last_frame, "a last packet with the E bit", "none",
               "The last packet of an event must have the E bit.");
}

static void check_end(struct oh_rule_view *v, const struct oh_trace_msg *none)
{
    (void)none;
    each_event(v, has_no_end);
}

/* The E bit may be put off until the last packet is repeated (2.5.1.4): two of three then have it.
 */
static bool ends_once(struct oh_rule_view *v, const struct seen *e)
{
    const struct oh_stream_event *event = e->event;
    if (event->ends != 1 || event->gaps || e->next || e->goes_on || !e->is_over ||
        oh_rule_stream(v)->lost > 0 || oh_rule_evidence_lost(v))
        return false;
    return say(v, e, event->end_frame, "the last packet three times", "once",
               "The last packet of an event should be sent three times.");
}

static void check_repeats(struct oh_rule_view *v, const struct oh_trace_msg *none)
{
    (void)none;
    each_event(v, ends_once);
}

/* --- which events, and from whom --- */

/* "0-15,66" */
static bool lists(struct oh_span events, uint8_t code)
{
    while (events.len > 0) {
        size_t comma = oh_span_find(events, ',');
        struct oh_span element = oh_span_trim(oh_span_sub(events, 0, comma));
        size_t hyphen = oh_span_find(element, '-');
        uint64_t first = 0, last = 0;
        bool range = hyphen < element.len;
        if (!oh_span_to_u64(oh_span_sub(element, 0, hyphen), &first) ||
            (range && !oh_span_to_u64(oh_span_sub(element, hyphen + 1, element.len), &last)))
            return true; /* what cannot be read forbids nothing */
        if (code == first || (range && code >= first && code <= last))
            return true;
        events = oh_span_sub(events, comma + 1, events.len);
    }
    return false;
}

static bool is_not_listed(struct oh_rule_view *v, const struct seen *e)
{
    if (!e->meaning.fmtp.len || lists(e->meaning.fmtp, e->event->code))
        return false;
    char *expected = oh_format("an event of %.*s", (int)e->meaning.fmtp.len, e->meaning.fmtp.at);
    char *observed = oh_format("event %u", e->event->code);
    bool spoke = say(v, e, e->event->first_frame, expected, observed,
                     "The phone must send only events that the other side's fmtp lists.");
    free(observed);
    free(expected);
    return spoke;
}

static void check_listed(struct oh_rule_view *v, const struct oh_trace_msg *none)
{
    (void)none;
    each_event(v, is_not_listed);
}

/* A stream of events alone, while another from and to the same ports has the voice. */
static bool comes_from_elsewhere(struct oh_rule_view *v, const struct seen *e)
{
    const struct oh_stream *s = oh_rule_stream(v);
    const struct oh_streams *all = oh_rule_trace(v)->streams;
    uint32_t of_events = 0;
    for (size_t i = 0; i < s->event_count; i++)
        of_events += s->events[i].packets;
    for (size_t i = 0; of_events == s->packets && i < oh_streams_count(all); i++) {
        const struct oh_stream *voice = oh_streams_at(all, i);
        if (voice == s || !oh_addr_equal(&voice->src, &s->src) ||
            !oh_addr_equal(&voice->dst, &s->dst) || voice->first_ns > e->event->first_ns ||
            voice->last_ns < e->event->first_ns)
            continue;
        char *expected = oh_format("SSRC %08x", voice->ssrc);
        char *observed = oh_format("SSRC %08x", s->ssrc);
        bool spoke = say(v, e, e->event->first_frame, expected, observed,
                         "Events must be part of the voice: of its SSRC, sequence numbers and "
                         "timestamps.");
        free(observed);
        free(expected);
        return spoke;
    }
    return false;
}

static void check_source(struct oh_rule_view *v, const struct oh_trace_msg *none)
{
    (void)none;
    each_event(v, comes_from_elsewhere);
}

#define DTMF(id, level, clause, meaning, covers, check)                                            \
    {                                                                                              \
        id, OH_LEVEL_##level, clause, OH_ON_STREAM, NULL, meaning, covers, check                   \
    }

static const struct oh_rule rules[] = {
    DTMF("dtmf.marker", MUST, "RFC 4733 2.5.1.2",
         "The first packet of an event, and it alone, has the marker bit.", "dtmf.2833.marker",
         check_marker),
    DTMF("dtmf.timestamp", MUST, "RFC 4733 2.5.1.2", "All packets of an event have one timestamp.",
         "dtmf.2833.ts", check_timestamp),
    DTMF("dtmf.duration", MUST, "RFC 4733 2.5.1.2", "The duration of an event grows.",
         "dtmf.2833.duration", check_duration),
    DTMF("dtmf.zero-duration", MUST, "RFC 4733 2.3.5", "The duration of a key's event is not zero.",
         "dtmf.2833.duration", check_zero),
    DTMF("dtmf.end", MUST, "RFC 4733 2.5.1.2", "The last packet of an event has the E bit.",
         "dtmf.2833.end", check_end),
    DTMF("dtmf.repeats", SHOULD, "RFC 4733 2.5.1.4",
         "The last packet of an event is sent three times.", "dtmf.2833.end", check_repeats),
    DTMF("dtmf.listed", MUST, "RFC 4733 2.5.1.1", "Only events that the other side lists are sent.",
         "oa.dtmf-negotiated", check_listed),
    DTMF("dtmf.source", MUST, "RFC 4733 2.5.1.2", "Events come from the source of the voice.",
         "dtmf.2833.same-ssrc", check_source),
};

const struct oh_rule_family oh_rules_dtmf = {"dtmf", rules, sizeof rules / sizeof *rules};
