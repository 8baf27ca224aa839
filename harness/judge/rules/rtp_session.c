/* RTP held against the session: where a phone sends, which payload types, and when it must be
 * silent. RFC 3264 6, 6.1, 7, 8.3.2, 8.4, RFC 3261 15.1 */
#include "judge/media_help.h"
#include "judge/rule_help.h"

#include <stdlib.h>

/* RFC 3550 12.1: RTCP's packet types 192 to 223 look so, where they come by the port of RTP. */
static bool looks_like_rtcp(unsigned payload_type)
{
    return payload_type >= 64 && payload_type < 96;
}

static char *where(const char *what, const struct oh_addr *to)
{
    char address[OH_ADDR_TEXT];
    return oh_format("%s %s", what, oh_addr_format(to, address));
}

/* --- payload types --- */

static bool has_type(const struct oh_said *s, unsigned payload_type)
{
    struct oh_help_types types;
    if (!oh_help_is_rtp(&s->part))
        return true;
    oh_help_read_types(&s->part, &types);
    return types.listed[payload_type];
}

static void say_type(struct oh_rule_view *v, const struct oh_stream_run *run, int64_t time_ns,
                     const struct oh_said *by, uint32_t packets)
{
    char *expected =
        oh_format("one of the payload types %.*s", (int)by->part.formats.len, by->part.formats.at);
    char *observed = oh_format("payload type %u", run->payload_type);
    char *to = where("to", &oh_rule_stream(v)->dst);
    char *text = oh_format("%u RTP packet%s of the phone %s ha%s a payload type that the other "
                           "side's %s does not have: send by the numbers of its description.",
                           packets, packets == 1 ? "" : "s", to, packets == 1 ? "s" : "ve",
                           by->is_answer ? "answer" : "offer");
    struct oh_stream_breach breach = {.frame = oh_rule_frame_at(v, run, time_ns),
                                      .time_ns = time_ns,
                                      .by = {by->msg},
                                      .clause = by->is_answer ? "RFC 3264 5.1" : "RFC 3264 6.1",
                                      .expected = expected,
                                      .observed = observed,
                                      .text = text};
    oh_rule_broken_stream(v, &breach);
    free(text);
    free(to);
    free(observed);
    free(expected);
}

/* Formats are separated by single spaces in what is said: "0, 8" reads better, but it is theirs. */
static void check_payload_type(struct oh_rule_view *v, const struct oh_trace_msg *none)
{
    const struct oh_stream *s = oh_rule_stream(v);
    struct oh_said_question q = {
        .address = &s->dst, .grace_ns = OH_MEDIA_UNDER_WAY_NS, .fits = has_type};
    const struct oh_stream_run *first = NULL;
    const struct oh_said *by = NULL;
    int64_t first_ns = 0;
    uint32_t packets = 0;
    (void)none;
    for (size_t i = 0; i < s->run_count; i++) {
        const struct oh_stream_run *run = &s->runs[i];
        const struct oh_said *forbids;
        int64_t time_ns;
        q.payload_type = run->payload_type;
        if (looks_like_rtcp(run->payload_type) ||
            !oh_sessions_break(oh_rule_sessions(v), &q, run, &time_ns, &forbids))
            continue;
        if (!first) {
            first = run;
            first_ns = time_ns;
            by = forbids;
        }
        packets += run->packets;
    }
    if (first)
        say_type(v, first, first_ns, by, packets);
}

/* --- directions --- */

static bool may_come(const struct oh_said *s, unsigned payload_type)
{
    (void)payload_type;
    return s->receives && !s->is_unspecified;
}

static bool may_go(const struct oh_said *s, unsigned payload_type)
{
    (void)payload_type;
    return s->sends;
}

static bool is_open(const struct oh_said *s, unsigned payload_type)
{
    (void)payload_type;
    return s->address.port != 0 || !oh_span_is(s->part.port, "0");
}

/* The first moment at which any run breaks it. */
static bool first_break(const struct oh_rule_view *v, const struct oh_said_question *q,
                        const struct oh_stream_run **run, int64_t *time_ns,
                        const struct oh_said **by)
{
    const struct oh_stream *s = oh_rule_stream(v);
    for (size_t i = 0; i < s->run_count; i++) {
        *run = &s->runs[i];
        if (!looks_like_rtcp((*run)->payload_type) &&
            oh_sessions_break(oh_rule_sessions(v), q, *run, time_ns, by))
            return true;
    }
    return false;
}

/* The other side has described the session anew, and what came of it is not in the capture. RFC
 * 3264 8: from then on it may be otherwise. */
static bool is_outdated(const struct oh_rule_view *v, const struct oh_said *by, int64_t time_ns)
{
    const struct oh_sessions *all = oh_rule_sessions(v);
    bool open = false;
    for (size_t i = 0; i < all->count && !oh_rule_run(v); i++) {
        const struct oh_said *said = &all->list[i];
        if (said->msg->index <= by->msg->index || said->msg->time_ns > time_ns ||
            !oh_span_equal(said->call_id, by->call_id))
            continue;
        open = said->by_phone != by->by_phone;
    }
    return open;
}

static bool say_break(struct oh_rule_view *v, const struct oh_said_question *q,
                      const char *expected, const char *text)
{
    const struct oh_stream_run *run;
    const struct oh_said *by;
    int64_t time_ns;
    if (!first_break(v, q, &run, &time_ns, &by) || is_outdated(v, by, time_ns))
        return false;
    char *observed = where("RTP to", &oh_rule_stream(v)->dst);
    oh_rule_broken_stream(v, &(struct oh_stream_breach){.frame = oh_rule_frame_at(v, run, time_ns),
                                                        .time_ns = time_ns,
                                                        .by = {by->msg},
                                                        .expected = expected,
                                                        .observed = observed,
                                                        .text = text});
    free(observed);
    return true;
}

/* By what the phone was told; and by its own words, of the medium that the other names so. */
static void check_direction(struct oh_rule_view *v, const struct oh_trace_msg *none)
{
    static const char text[] = "While the session description lets it not send (sendonly or "
                               "inactive of the other side, recvonly or inactive of its own) the "
                               "phone must send no RTP.";
    const struct oh_stream *s = oh_rule_stream(v);
    const struct oh_said *told = oh_sessions_naming(oh_rule_sessions(v), false, &s->dst);
    struct oh_said_question q = {
        .address = &s->dst, .grace_ns = OH_MEDIA_TO_END_NS, .fits = may_come};
    (void)none;
    if (!told || told->moves || say_break(v, &q, "no RTP", text) ||
        !oh_sessions_sole(oh_rule_sessions(v), &s->dst))
        return;
    q = (struct oh_said_question){.by_phone = true,
                                  .call_id = told->call_id,
                                  .place = told->place,
                                  .grace_ns = OH_MEDIA_TO_END_NS,
                                  .fits = may_go};
    (void)say_break(v, &q, "no RTP", text);
}

/* What the phone refused itself it need not first be told of. */
static void check_refused(struct oh_rule_view *v, const struct oh_trace_msg *none)
{
    const struct oh_stream *s = oh_rule_stream(v);
    const struct oh_said *told = oh_sessions_sole(oh_rule_sessions(v), &s->dst);
    (void)none;
    for (int own = 0; told && !told->moves && own < 2; own++) {
        struct oh_said_question q = {.by_phone = own == 1,
                                     .call_id = told->call_id,
                                     .place = told->place,
                                     .grace_ns = OH_MEDIA_TO_END_NS / (own + 1),
                                     .fits = is_open};
        if (say_break(v, &q, "no RTP",
                      "The phone must send no RTP for a stream that either side gave port 0."))
            return;
    }
}

/* --- addresses --- */

/* Latching: the other side sent from there. */
static bool came_from(const struct oh_rule_view *v, const struct oh_addr *a)
{
    const struct oh_streams *all = oh_rule_trace(v)->streams;
    for (size_t i = 0; i < oh_streams_count(all); i++) {
        if (oh_addr_equal(&oh_streams_at(all, i)->src, a))
            return true;
    }
    return false;
}

/* Which of the told addresses a stream from `src` was meant for: one that is known as address and
 * of RTP. NULL: none is, or there may be others. */
static const struct oh_said *meant(const struct oh_sessions *all, const struct oh_stream *s)
{
    const struct oh_said *own = oh_sessions_naming(all, true, &s->src), *found = NULL;
    for (size_t i = 0; i < all->count; i++) {
        const struct oh_said *said = &all->list[i];
        struct oh_addr below = s->dst;
        below.port--;
        if (said->moves ||
            (!said->by_phone && (oh_said_names(said, &below) ||
                                 said->address.family == OH_FAMILY_NONE || said->is_unspecified)))
            return NULL;
        if (!said->by_phone && own && said->place == own->place && said->address.port &&
            oh_span_equal(said->call_id, own->call_id) && said->msg->time_ns <= s->first_ns)
            found = said;
    }
    return found;
}

static void check_destination(struct oh_rule_view *v, const struct oh_trace_msg *none)
{
    enum { FEW = 5 };
    const struct oh_stream *s = oh_rule_stream(v);
    const struct oh_sessions *all = oh_rule_sessions(v);
    const struct oh_said *told = meant(all, s);
    (void)none;
    if (!told || all->truncated || s->packets < FEW || looks_like_rtcp(s->runs[0].payload_type) ||
        oh_sessions_naming(all, false, &s->dst) || came_from(v, &s->dst) ||
        oh_rule_begins_within(v) || oh_rule_evidence_lost(v))
        return;
    char *expected = where("RTP to", &told->address), *observed = where("RTP to", &s->dst);
    oh_rule_broken_stream(v, &(struct oh_stream_breach){.frame = s->first_frame,
                                                        .time_ns = s->first_ns,
                                                        .by = {told->msg},
                                                        .expected = expected,
                                                        .observed = observed,
                                                        .text = "The phone must send RTP to the "
                                                                "address of c= and the port of m= "
                                                                "that the other side gave."});
    free(observed);
    free(expected);
}

/* --- after the end --- */

/* The description by which the stream belongs to the dialog that a BYE ends; NULL: to none, or to
 * another as well. */
static const struct oh_said *ended(const struct oh_rule_view *v, const struct oh_trace_msg *bye,
                                   int64_t time_ns)
{
    const struct oh_sessions *all = oh_rule_sessions(v);
    struct oh_span call = oh_sip_msg_whole(bye->sip, OH_SIP_CALL_ID);
    struct oh_span tag = oh_help_tag(bye->sip, bye->from_phone ? OH_SIP_TO : OH_SIP_FROM);
    const struct oh_said *found = NULL;
    for (size_t i = 0; i < all->count; i++) {
        const struct oh_said *said = &all->list[i];
        if (said->by_phone || !oh_said_names(said, &oh_rule_stream(v)->dst) ||
            said->msg->time_ns > time_ns)
            continue;
        if (!oh_span_equal(said->call_id, call) || !oh_help_same_token(said->tag, tag))
            return NULL;
        found = said;
    }
    return found;
}

static const struct oh_stream_run *run_after(const struct oh_stream *s, int64_t *time_ns)
{
    for (size_t i = 0; i < s->run_count; i++) {
        const struct oh_stream_run *run = &s->runs[i];
        if (run->last_ns <= *time_ns || looks_like_rtcp(run->payload_type))
            continue;
        if (*time_ns < run->first_ns)
            *time_ns = run->first_ns;
        return run;
    }
    return NULL;
}

static void say_after(struct oh_rule_view *v, const struct oh_trace_msg *bye, const char *text)
{
    const struct oh_stream *s = oh_rule_stream(v);
    int64_t time_ns = bye->time_ns + OH_MEDIA_TO_END_NS;
    const struct oh_stream_run *run = run_after(s, &time_ns);
    const struct oh_said *told = run ? ended(v, bye, time_ns) : NULL;
    /* what begins behind it may be of a call that was not captured */
    bool goes_on = oh_rule_run(v) || (s->run_count > 0 && s->runs[0].first_ns < bye->time_ns);
    if (!told || !goes_on)
        return;
    char *observed = where("RTP to", &s->dst);
    oh_rule_broken_stream(v, &(struct oh_stream_breach){.frame = oh_rule_frame_at(v, run, time_ns),
                                                        .time_ns = time_ns,
                                                        .by = {bye},
                                                        .expected = "no RTP",
                                                        .observed = observed,
                                                        .text = text});
    free(observed);
}

static const struct oh_trace_msg *bye_of(const struct oh_rule_view *v, bool from_phone)
{
    const struct oh_trace *t = oh_rule_trace(v);
    const struct oh_said *told =
        oh_sessions_naming(oh_rule_sessions(v), false, &oh_rule_stream(v)->dst);
    for (size_t i = 0; told && i < t->msg_count; i++) {
        const struct oh_trace_msg *m = &t->msgs[i];
        if (oh_help_is_first(m) && oh_help_is_request(m, "BYE") &&
            (from_phone ? m->from_phone : m->to_phone) &&
            oh_span_equal(oh_sip_msg_whole(m->sip, OH_SIP_CALL_ID), told->call_id))
            return m;
    }
    return NULL;
}

static void check_after_own_bye(struct oh_rule_view *v, const struct oh_trace_msg *none)
{
    const struct oh_trace_msg *bye = bye_of(v, true);
    (void)none;
    if (bye)
        say_after(v, bye, "The phone must stop sending RTP as soon as it sends a BYE.");
}

/* One that the phone did not accept has ended nothing. */
static void check_after_bye(struct oh_rule_view *v, const struct oh_trace_msg *none)
{
    const struct oh_trace_msg *bye = bye_of(v, false);
    const struct oh_trace_msg *final = bye ? oh_rule_msg(v, bye->final) : NULL;
    (void)none;
    if (final && final->sip->status / 100 == 2 && !bye_of(v, true))
        say_after(v, bye, "The phone should stop sending RTP when it gets a BYE.");
}

#define RTP(id, level, clause, meaning, covers, check)                                             \
    {                                                                                              \
        id, OH_LEVEL_##level, clause, OH_ON_STREAM | OH_BY_TIME, NULL, meaning, covers, check      \
    }

static const struct oh_rule rules[] = {
    RTP("media.payload-type", MUST, "RFC 3264 6.1",
        "RTP has a payload type that the other side's description has.",
        "rtp.pt-negotiated oa.pt-mapping oa.dtmf-negotiated dtmf.2833.pt", check_payload_type),
    RTP("media.direction", MUST, "RFC 3264 6.1", "A phone on hold sends no RTP.",
        "rtp.stop-on-hold", check_direction),
    RTP("media.refused", MUST, "RFC 3264 6", "No RTP is sent for a stream that was refused.",
        "oa.no-media-when-rejected", check_refused),
    RTP("media.destination", MUST, "RFC 3264 6.1", "RTP goes to the address that was given.",
        "rtp.dest-sdp", check_destination),
    RTP("media.after-own-bye", MUST, "RFC 3261 15.1.1", "RTP stops with the phone's own BYE.",
        "rtp.stop-on-bye", check_after_own_bye),
    RTP("media.after-bye", SHOULD, "RFC 3261 15.1.2", "RTP stops with the other side's BYE.",
        "rtp.stop-on-bye", check_after_bye),
};

const struct oh_rule_family oh_rules_rtp_session = {"rtp-session", rules,
                                                    sizeof rules / sizeof *rules};
