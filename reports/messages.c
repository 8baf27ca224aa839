/* The evidence of a scenario as JSON: its SIP messages, and its RTP as streams. */
#include "reports/build.h"

#include <stdlib.h>

/* --- which part of the run a message belongs to --- */

static const struct oh_journal_entry *first_entry(const struct oh_run *run,
                                                  enum oh_journal_kind kind)
{
    for (size_t i = 0; i < run->journal_count; i++) {
        if (run->journal[i].kind == kind)
            return &run->journal[i];
    }
    return NULL;
}

/* Tapped messages by their place in the player's order, others by time. */
static bool is_before(const struct oh_trace_msg *m, const struct oh_journal_entry *e)
{
    return m->tap != OH_NONE ? m->tap < e->tap_before : m->time_ns < e->wall_ns;
}

static const char *phase(const struct oh_run *run, const struct oh_trace_msg *m)
{
    if (!run)
        return "flow";
    const struct oh_journal_entry *begins = first_entry(run, OH_JOURNAL_FLOW_BEGINS);
    const struct oh_journal_entry *ends = first_entry(run, OH_JOURNAL_FLOW_ENDS);
    bool played = run->journal_count > 0;
    if (played && (!begins || is_before(m, begins)))
        return "preparing";
    return ends && !is_before(m, ends) ? "closing" : "flow";
}

/* --- messages --- */

/* No socket of ours sent or got it, though we played. */
static bool is_stray(const struct oh_run *run, const struct oh_trace_msg *m)
{
    bool played = run && (run->journal_count > 0 || run->tap_count > 0);
    return played && m->tap == OH_NONE && m->duplicate_of == OH_NONE &&
           (m->from_phone || m->to_phone);
}

/* Marks that a message bears only where they are true. */
static void add_marks(json_t *json, const struct oh_verdict *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *all = v->recording->trace->msgs;
    const struct oh_scenario *s = v->recording->scenario;
    int step = v->step_of_msg ? v->step_of_msg[m->index] : OH_NONE;
    if (s && step >= 0 && (size_t)step < s->step_count)
        json_object_set_new(json, "step", json_integer(s->steps[step].place.line));
    if (m->repeat_of != OH_NONE)
        json_object_set_new(json, "repeat_of", oh_json_frame(all[m->repeat_of].frame));
    if (m->duplicate_of != OH_NONE)
        json_object_set_new(json, "duplicate_of", oh_json_frame(all[m->duplicate_of].frame));
    if (m->tap_only)
        json_object_set_new(json, "lost", json_true());
    if (is_stray(v->recording->run, m))
        json_object_set_new(json, "stray", json_true());
}

/* The end of a message by name: the phone's, the seat's, the address. */
static const char *name_of(bool is_phone, const char *phone, const char *seat, const char *address)
{
    if (phone && is_phone)
        return phone;
    return seat ? seat : address;
}

static json_t *message(const struct oh_verdict *v, const struct oh_trace_msg *m, const char *phone)
{
    char source[OH_ADDR_TEXT], destination[OH_ADDR_TEXT];
    bool escaped;
    json_t *json = json_object(), *text = oh_json_bytes(m->sip->bytes, &escaped);
    oh_addr_format(&m->src, source);
    oh_addr_format(&m->dst, destination);
    json_object_set_new(json, "frame", oh_json_frame(m->frame));
    json_object_set_new(json, "time_s", oh_json_seconds(m->time_ns - v->zero_ns));
    json_object_set_new(json, "from",
                        oh_json_text(name_of(m->from_phone, phone, m->from_seat, source)));
    json_object_set_new(json, "to",
                        oh_json_text(name_of(m->to_phone, phone, m->to_seat, destination)));
    json_object_set_new(json, "source", oh_json_text(source));
    json_object_set_new(json, "destination", oh_json_text(destination));
    json_object_set_new(json, "transport", oh_json_text(oh_transport_name(m->transport)));
    json_object_set_new(json, "phase", oh_json_text(phase(v->recording->run, m)));
    add_marks(json, v, m);
    json_object_set_new(json, "start_line", oh_json_bytes(m->sip->start_line, NULL));
    if (escaped)
        json_object_set_new(json, "encoding", json_string("escaped"));
    json_object_set_new(json, "text", text);
    return json;
}

json_t *oh_report_messages(const struct oh_verdict *v, const char *phone)
{
    json_t *list = json_array();
    for (size_t i = 0; i < v->recording->trace->msg_count; i++)
        json_array_append_new(list, message(v, &v->recording->trace->msgs[i], phone));
    return list;
}

/* --- media --- */

struct stream {
    struct oh_addr src, dst;
    uint32_t ssrc;
    uint8_t payload_type;
    size_t packets;
    int64_t first_ns, last_ns;
};

#define MAX_STREAMS 64 /* more than these are noise; the rest is left out */

static struct stream *stream_of(struct stream *all, size_t *count, const struct oh_trace_rtp *r)
{
    for (size_t i = 0; i < *count; i++) {
        if (all[i].ssrc == r->ssrc && all[i].payload_type == r->payload_type &&
            oh_addr_equal(&all[i].src, &r->src) && oh_addr_equal(&all[i].dst, &r->dst))
            return &all[i];
    }
    if (*count == MAX_STREAMS)
        return NULL;
    all[*count] = (struct stream){r->src, r->dst, r->ssrc, r->payload_type, 0, r->time_ns, 0};
    return &all[(*count)++];
}

static const char *our_media_seat(const struct oh_run *run, const struct oh_addr *a)
{
    for (size_t i = 0; i < run->seat_count; i++) {
        if (!run->seats[i].is_phone && oh_addr_equal(&run->seats[i].rtp, a))
            return run->seats[i].name;
    }
    return NULL;
}

/* A phone's media may come from another address than its SIP: who else than the only phone would
 * talk to us? */
static const char *phone_seat(const struct oh_run *run, const struct oh_addr *a)
{
    const char *only = NULL;
    size_t phones = 0;
    for (size_t i = 0; i < run->seat_count; i++) {
        if (!run->seats[i].is_phone)
            continue;
        if (oh_addr_same_ip(&run->seats[i].sip, a))
            return run->seats[i].name;
        only = run->seats[i].name;
        phones++;
    }
    return phones == 1 ? only : NULL;
}

static json_t *stream_json(const struct oh_verdict *v, const struct stream *s)
{
    const struct oh_run *run = v->recording->run;
    char source[OH_ADDR_TEXT], destination[OH_ADDR_TEXT];
    const char *from = our_media_seat(run, &s->src), *to = our_media_seat(run, &s->dst);
    if (!from && to)
        from = phone_seat(run, &s->src);
    else if (from && !to)
        to = phone_seat(run, &s->dst);
    json_t *json = json_object();
    oh_addr_format(&s->src, source);
    oh_addr_format(&s->dst, destination);
    json_object_set_new(json, "from", oh_json_text(from ? from : source));
    json_object_set_new(json, "to", oh_json_text(to ? to : destination));
    json_object_set_new(json, "source", oh_json_text(source));
    json_object_set_new(json, "destination", oh_json_text(destination));
    json_object_set_new(json, "ssrc", json_integer(s->ssrc));
    json_object_set_new(json, "payload_type", json_integer(s->payload_type));
    json_object_set_new(json, "packets", json_integer((json_int_t)s->packets));
    json_object_set_new(json, "first_s", oh_json_seconds(s->first_ns - v->zero_ns));
    json_object_set_new(json, "last_s", oh_json_seconds(s->last_ns - v->zero_ns));
    return json;
}

json_t *oh_report_media(const struct oh_verdict *v)
{
    const struct oh_trace *t = v->recording->trace;
    struct stream *all = oh_alloc(MAX_STREAMS * sizeof *all);
    json_t *list = json_array();
    size_t count = 0;
    for (size_t i = 0; i < t->rtp_count; i++) {
        struct stream *s = stream_of(all, &count, &t->rtp[i]);
        if (!s)
            continue;
        s->packets++;
        s->last_ns = t->rtp[i].time_ns;
    }
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, stream_json(v, &all[i]));
    free(all);
    return list;
}
