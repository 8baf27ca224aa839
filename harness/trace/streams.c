#include "trace/streams.h"

#include "base/file.h"
#include "base/text.h"
#include "trace/stream_events.h"

#include <stdlib.h>

/* RFC 3550 A.1 */
#define MAX_DROPOUT  3000
#define MAX_MISORDER 100

#define DUPLICATE_NS (10 * OH_NS_PER_MS)
#define PAUSE_NS     (OH_STREAM_PAUSE_MS * OH_NS_PER_MS)
#define RECENT       16
#define RTCP_MAX     16

/* A packet of late, for telling copies, and what came out of turn. */
struct recent {
    int64_t time_ns;
    uint64_t digest;
    uint16_t sequence;
    bool used;
};

struct track {
    struct oh_stream stream;
    size_t run_room, event_room;
    struct recent recent[RECENT];
    unsigned next_recent;
    uint16_t newest_sequence; /* the highest, as RFC 3550 A.1 has it */
    uint32_t newest_timestamp;
    bool newest_is_event;
    uint32_t expected; /* packets from the first to the newest, in stretches without a jump */
    uint32_t in_stretch, in_earlier_stretches;
    uint32_t alike; /* votes for the run's step */
};

struct oh_streams {
    struct track *tracks[OH_STREAMS_MAX];
    size_t count;
    size_t newest; /* most packets are of the stream of the packet before */
    struct oh_stream_rtcp rtcp[RTCP_MAX];
    size_t rtcp_count;
    size_t left_out;
    size_t bytes;
};

struct oh_streams *oh_streams_new(void)
{
    struct oh_streams *s = oh_alloc(sizeof *s);
    s->bytes = sizeof *s;
    return s;
}

void oh_streams_free(struct oh_streams *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->count; i++) {
        free(s->tracks[i]->stream.runs);
        free(s->tracks[i]->stream.events);
        free(s->tracks[i]);
    }
    free(s);
}

/* --- runs --- */

static struct oh_stream_run *last_run(const struct track *t)
{
    return t->stream.run_count ? &t->stream.runs[t->stream.run_count - 1] : NULL;
}

/* The most frequent step in one pass: votes for it, and against. */
static void vote(struct track *t, struct oh_stream_run *run, uint32_t step, unsigned frame)
{
    run->steps++;
    if (run->steps == 1 || t->alike == 0) {
        run->step = step;
        run->odd_steps = run->steps - 1;
        t->alike = 1;
    } else if (step == run->step) {
        t->alike++;
        return;
    } else {
        t->alike--;
        run->odd_steps++;
    }
    if (run->steps > 1 && !run->odd_step_frame)
        run->odd_step_frame = frame;
}

static void grow_run(struct track *t, struct oh_stream_run *run, const struct oh_trace_rtp *p)
{
    if ((uint16_t)(run->last_sequence + 1) == p->sequence && run->payload_type == p->payload_type)
        vote(t, run, p->timestamp - run->last_timestamp, p->frame);
    int64_t late_ns = p->time_ns - run->last_ns - OH_STREAM_LATE_MS * OH_NS_PER_MS;
    run->late_ns += late_ns > 0 ? late_ns : 0;
    run->last_frame = p->frame;
    run->last_ns = p->time_ns;
    run->last_sequence = p->sequence;
    run->last_timestamp = p->timestamp;
    run->packets++;
}

static void add_to_runs(struct oh_streams *s, struct track *t, const struct oh_trace_rtp *p)
{
    struct oh_stream *stream = &t->stream;
    struct oh_stream_run *run = last_run(t);
    bool same =
        run && run->payload_type == p->payload_type && p->time_ns - run->last_ns <= PAUSE_NS;
    if (run && !same && stream->run_count == OH_STREAM_RUNS) {
        stream->merged = true;
        same = true;
    }
    if (same) {
        grow_run(t, run, p);
        return;
    }
    size_t room = t->run_room;
    oh_grow(&stream->runs, stream->run_count, &t->run_room, sizeof *stream->runs);
    s->bytes += (t->run_room - room) * sizeof *stream->runs;
    t->alike = 0;
    stream->runs[stream->run_count++] = (struct oh_stream_run){
        .payload_type = p->payload_type,
        .marked = p->marker,
        .first_frame = p->frame,
        .last_frame = p->frame,
        .first_ns = p->time_ns,
        .last_ns = p->time_ns,
        .first_sequence = p->sequence,
        .last_sequence = p->sequence,
        .first_timestamp = p->timestamp,
        .last_timestamp = p->timestamp,
        .packets = 1,
    };
}

/* --- numbers --- */

static void note(unsigned *frame, const struct oh_trace_rtp *p)
{
    if (*frame == 0)
        *frame = p->frame;
}

/* True: a copy of a packet that was seen just now. */
static bool is_copy(struct track *t, const struct oh_trace_rtp *p)
{
    for (size_t i = 0; i < RECENT; i++) {
        const struct recent *r = &t->recent[i];
        int64_t apart = p->time_ns - r->time_ns;
        if (!r->used || r->sequence != p->sequence)
            continue;
        if (r->digest == p->digest && apart <= DUPLICATE_NS)
            return true;
        if (apart <= OH_NS_PER_S)
            note(r->digest == p->digest ? &t->stream.repeated_frame
                                        : &t->stream.same_sequence_frame,
                 p);
    }
    t->recent[t->next_recent] = (struct recent){p->time_ns, p->digest, p->sequence, true};
    t->next_recent = (t->next_recent + 1) % RECENT;
    return false;
}

static void count_lost(struct track *t)
{
    uint32_t earlier = t->in_earlier_stretches;
    t->stream.lost = earlier + (t->expected > t->in_stretch ? t->expected - t->in_stretch : 0);
}

/* The numbers began anew: what is missing before stays missing. */
static void begin_stretch(struct track *t)
{
    t->in_earlier_stretches = t->stream.lost;
    t->expected = 1;
    t->in_stretch = 1;
}

static void set_newest(struct track *t, const struct oh_trace_rtp *p)
{
    t->newest_sequence = p->sequence;
    t->newest_timestamp = p->timestamp;
    t->newest_is_event = oh_stream_has_event_form(p);
}

static void follow_numbers(struct track *t, const struct oh_trace_rtp *p)
{
    struct oh_stream *stream = &t->stream;
    uint16_t ahead = (uint16_t)(p->sequence - t->newest_sequence);
    bool paused = p->time_ns - stream->last_ns > PAUSE_NS;
    if (ahead > 0 && ahead <= MAX_DROPOUT) {
        t->in_stretch++;
        t->expected += ahead;
        bool back = (int32_t)(p->timestamp - t->newest_timestamp) < 0;
        if (back && !t->newest_is_event && !oh_stream_has_event_form(p))
            note(&stream->timestamp_back_frame, p);
        set_newest(t, p);
    } else if (ahead == 0 || ahead >= (uint16_t)(0x10000 - MAX_MISORDER)) {
        t->in_stretch += ahead != 0;
        stream->reordered += ahead != 0;
    } else {
        if (!paused)
            note(&stream->sequence_jump_frame, p);
        begin_stretch(t);
        set_newest(t, p);
    }
    count_lost(t);
}

/* --- streams --- */

static bool is_of(const struct oh_stream *s, const struct oh_trace_rtp *p)
{
    return s->ssrc == p->ssrc && oh_addr_equal(&s->src, &p->src) && oh_addr_equal(&s->dst, &p->dst);
}

static struct track *new_track(struct oh_streams *s, const struct oh_trace_rtp *p)
{
    struct track *t = oh_alloc(sizeof *t);
    s->bytes += sizeof *t;
    s->newest = s->count;
    s->tracks[s->count++] = t;
    t->stream = (struct oh_stream){
        .src = p->src,
        .dst = p->dst,
        .ssrc = p->ssrc,
        .first_frame = p->frame,
        .first_ns = p->time_ns,
        .first_sequence = p->sequence,
        .first_timestamp = p->timestamp,
    };
    begin_stretch(t);
    set_newest(t, p);
    return t;
}

static struct track *track_of(struct oh_streams *s, const struct oh_trace_rtp *p)
{
    if (s->newest < s->count && is_of(&s->tracks[s->newest]->stream, p))
        return s->tracks[s->newest];
    for (size_t i = 0; i < s->count; i++) {
        if (is_of(&s->tracks[i]->stream, p)) {
            s->newest = i;
            return s->tracks[i];
        }
    }
    return s->count < OH_STREAMS_MAX ? new_track(s, p) : NULL;
}

void oh_streams_take(struct oh_streams *s, const struct oh_trace_rtp *p)
{
    struct track *t = track_of(s, p);
    if (!t) {
        s->left_out++;
        return;
    }
    struct oh_stream *stream = &t->stream;
    if (is_copy(t, p)) {
        stream->duplicates++;
        return;
    }
    bool follows = stream->packets > 0 && (uint16_t)(t->newest_sequence + 1) == p->sequence;
    if (stream->packets > 0)
        follow_numbers(t, p);
    if (p->malformed)
        note(&stream->malformed_frame, p);
    size_t room = t->event_room;
    oh_stream_events_take(stream, &t->event_room, p, follows);
    s->bytes += (t->event_room - room) * sizeof *stream->events;
    add_to_runs(s, t, p);
    stream->packets++;
    stream->last_frame = p->frame;
    stream->last_ns = p->time_ns;
}

static void take_rtcp(struct oh_streams *s, unsigned frame, int64_t time_ns,
                      const struct oh_addr *src, const struct oh_addr *dst)
{
    size_t i = 0;
    while (i < s->rtcp_count &&
           !(oh_addr_equal(&s->rtcp[i].src, src) && oh_addr_equal(&s->rtcp[i].dst, dst)))
        i++;
    if (i == RTCP_MAX) {
        s->left_out++;
        return;
    }
    struct oh_stream_rtcp *r = &s->rtcp[i];
    if (i == s->rtcp_count) {
        s->rtcp_count++;
        *r = (struct oh_stream_rtcp){
            .src = *src, .dst = *dst, .first_frame = frame, .first_ns = time_ns};
    }
    r->last_frame = frame;
    r->last_ns = time_ns;
    r->packets++;
}

enum oh_stream_kind oh_streams_add(struct oh_streams *s, unsigned frame, int64_t time_ns,
                                   const struct oh_addr *src, const struct oh_addr *dst,
                                   struct oh_span bytes)
{
    struct oh_trace_rtp p = {.frame = frame, .time_ns = time_ns, .src = *src, .dst = *dst};
    if (oh_rtp_is_rtcp(bytes)) {
        take_rtcp(s, frame, time_ns, src, dst);
        return OH_STREAM_RTCP;
    }
    if (!oh_rtp_parse(bytes, &p))
        return OH_STREAM_NONE;
    oh_streams_take(s, &p);
    return OH_STREAM_RTP;
}

size_t oh_streams_count(const struct oh_streams *s)
{
    return s ? s->count : 0;
}

const struct oh_stream *oh_streams_at(const struct oh_streams *s, size_t index)
{
    return &s->tracks[index]->stream;
}

size_t oh_streams_rtcp_count(const struct oh_streams *s)
{
    return s ? s->rtcp_count : 0;
}

const struct oh_stream_rtcp *oh_streams_rtcp_at(const struct oh_streams *s, size_t index)
{
    return &s->rtcp[index];
}

size_t oh_streams_left_out(const struct oh_streams *s)
{
    return s->left_out;
}

size_t oh_streams_bytes(const struct oh_streams *s)
{
    return s->bytes;
}
