#include "trace/stream_events.h"

#include "base/file.h"
#include "base/text.h"

#define EVENT_LEN 4
/* A repeat of the last packet of an event comes soon: RFC 4733 2.5.1.2 wants 50 ms. */
#define REPEAT_NS (5 * OH_NS_PER_S)
/* How many events back a late packet is looked for. */
#define REACH 4

/* RFC 4733 2.3 */
struct report {
    uint8_t code, volume;
    bool end, reserved;
    uint16_t duration;
};

static struct report read_report(const struct oh_trace_rtp *p)
{
    const uint8_t *b = p->event;
    return (struct report){
        .code = b[0],
        .end = (b[1] & 0x80) != 0,
        .reserved = (b[1] & 0x40) != 0,
        .volume = b[1] & 0x3f,
        .duration = (uint16_t)(b[2] << 8 | b[3]),
    };
}

bool oh_stream_has_event_form(const struct oh_trace_rtp *p)
{
    return p->payload_type >= 96 && p->payload_len == EVENT_LEN;
}

static void note(unsigned *frame, const struct oh_trace_rtp *p)
{
    if (*frame == 0)
        *frame = p->frame;
}

static struct oh_stream_event *event_of(struct oh_stream *s, const struct oh_trace_rtp *p)
{
    for (size_t i = s->event_count; i > 0 && s->event_count - i < REACH; i--) {
        struct oh_stream_event *e = &s->events[i - 1];
        if (e->payload_type == p->payload_type && e->timestamp == p->timestamp &&
            p->time_ns - e->last_ns <= REPEAT_NS)
            return e;
    }
    return NULL;
}

static bool is_next(const struct oh_stream_event *e, const struct oh_trace_rtp *p)
{
    return (uint16_t)(e->last_sequence + 1) == p->sequence;
}

/* What can be said of packets in their order alone. */
static void follow(struct oh_stream_event *e, const struct oh_trace_rtp *p, const struct report *r,
                   bool follows)
{
    e->gaps |= !follows;
    e->interleaved |= follows && !is_next(e, p);
    if (p->marker)
        note(&e->marked_late_frame, p);
    if (r->duration < e->last_duration)
        note(&e->shorter_frame, p);
    if (e->ends > 0 && !r->end)
        note(&e->open_frame, p);
    if (e->ends > 0 && r->end && r->duration != e->last_duration)
        note(&e->end_differs_frame, p);
    e->last_duration = r->duration;
    e->last_sequence = p->sequence;
}

static void grow_event(struct oh_stream_event *e, const struct oh_trace_rtp *p, bool follows)
{
    struct report r = read_report(p);
    if ((int16_t)(p->sequence - e->last_sequence) > 0)
        follow(e, p, &r, follows);
    else if ((int16_t)(p->sequence - e->first_sequence) < 0)
        e->begin_seen = false; /* what was first seen is not the first */
    if (r.code != e->code)
        note(&e->code_frame, p);
    if (r.end)
        note(&e->end_frame, p);
    e->ends += r.end;
    e->reserved_bit |= r.reserved;
    e->packets++;
    e->last_frame = p->frame;
    e->last_ns = p->time_ns;
}

static void begin_event(struct oh_stream *s, size_t *room, const struct oh_trace_rtp *p,
                        bool follows)
{
    struct report r = read_report(p);
    const struct oh_stream_event *before = s->event_count ? &s->events[s->event_count - 1] : NULL;
    bool goes_on = before && before->payload_type == p->payload_type && before->code == r.code &&
                   before->ends == 0 && is_next(before, p);
    if (s->event_count == OH_STREAM_EVENTS) {
        s->more_events = true;
        return;
    }
    oh_grow(&s->events, s->event_count, room, sizeof *s->events);
    s->events[s->event_count++] = (struct oh_stream_event){
        .payload_type = p->payload_type,
        .code = r.code,
        .volume = r.volume,
        .reserved_bit = r.reserved,
        .begin_seen = follows,
        .marked = p->marker,
        .goes_on = goes_on,
        .timestamp = p->timestamp,
        .first_frame = p->frame,
        .last_frame = p->frame,
        .first_ns = p->time_ns,
        .last_ns = p->time_ns,
        .first_duration = r.duration,
        .last_duration = r.duration,
        .first_sequence = p->sequence,
        .last_sequence = p->sequence,
        .packets = 1,
        .ends = r.end,
        .end_frame = r.end ? p->frame : 0,
    };
}

void oh_stream_events_take(struct oh_stream *stream, size_t *room, const struct oh_trace_rtp *p,
                           bool follows)
{
    if (!p->has_event || !oh_stream_has_event_form(p))
        return;
    struct oh_stream_event *e = event_of(stream, p);
    if (e)
        grow_event(e, p, follows);
    else
        begin_event(stream, room, p, follows);
}
