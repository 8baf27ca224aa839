/* What the phone's voice is made of, held against what we said that we take. RFC 3264 */
#include "judge/internal.h"
#include "judge/sdp_help.h"

#include "sip/sdp.h"

#include <stdlib.h>
#include <string.h>

/* Packets that were under way, or in the phone's hands, when a description came into force. */
#define UNDER_WAY_NS INT64_C(200000000)

/* A description of ours: our seat takes these formats from then until another one of that call has
 * taken its place. */
struct described {
    const struct oh_trace_msg *msg;
    struct oh_span call_id;
    struct oh_sdp_audio audio;
    bool is_answer;
    int64_t until_ns;
};

struct descriptions {
    struct described *list;
    size_t count, room;
};

static bool is_request_with_answer(const struct oh_sip_msg *m)
{
    return oh_sip_msg_is_method(m, "ACK") || oh_sip_msg_is_method(m, "PRACK");
}

/* Else it is an offer. What is taken for one by mistake comes into force later, or never. */
static bool is_answer(const struct oh_judging *j, const struct oh_trace_msg *m)
{
    if (m->sip->is_request)
        return is_request_with_answer(m->sip);
    return m->request != OH_NONE && oh_help_has_sdp(j->trace->msgs[m->request].sip);
}

/* When both sides know of it: an offer when the phone's next description has come; INT64_MAX:
 * never.
 */
static int64_t settled_ns(const struct oh_judging *j, const struct described *d)
{
    if (d->is_answer)
        return d->msg->time_ns;
    for (size_t i = (size_t)d->msg->index + 1; i < j->trace->msg_count; i++) {
        const struct oh_trace_msg *m = &j->trace->msgs[i];
        if (m->from_phone && oh_help_has_sdp(m->sip) &&
            oh_span_equal(oh_field_text(m->sip, "call-id"), d->call_id))
            return m->time_ns;
    }
    return INT64_MAX;
}

static void add_description(const struct oh_judging *j, struct descriptions *all,
                            const struct oh_trace_msg *m)
{
    struct oh_error e = {0};
    struct described d = {.msg = m,
                          .call_id = oh_field_text(m->sip, "call-id"),
                          .is_answer = is_answer(j, m),
                          .until_ns = INT64_MAX};
    if (oh_sdp_audio_parse(m->sip->body, &d.audio, &e) != 0 || !d.audio.address.port)
        return;
    int64_t now_ns = settled_ns(j, &d);
    for (size_t i = 0; i < all->count; i++) {
        struct described *before = &all->list[i];
        if (oh_span_equal(before->call_id, d.call_id) && before->until_ns > now_ns)
            before->until_ns = now_ns;
    }
    oh_grow(&all->list, all->count, &all->room, sizeof *all->list);
    all->list[all->count++] = d;
}

static struct descriptions find_descriptions(const struct oh_judging *j)
{
    struct descriptions all = {0};
    for (size_t i = 0; i < j->trace->msg_count; i++) {
        const struct oh_trace_msg *m = &j->trace->msgs[i];
        if (!m->from_phone && m->from_seat && m->repeat_of == OH_NONE &&
            m->duplicate_of == OH_NONE && oh_help_has_sdp(m->sip))
            add_description(j, &all, m);
    }
    return all;
}

static bool has_format(const struct oh_sdp_audio *audio, unsigned type)
{
    for (size_t i = 0; i < audio->format_count; i++) {
        if (audio->formats[i] == type)
            return true;
    }
    return audio->format_count == OH_SDP_MAX_FORMATS; /* there may be more than were read */
}

static bool is_for(const struct described *d, const struct oh_trace_rtp *r)
{
    const struct oh_addr *at = &d->audio.address;
    return at->port == r->dst.port && (d->audio.on_hold_2543 || oh_addr_same_ip(at, &r->dst));
}

/* The description that does not allow the packet, which is the latest that stands; NULL: some
 * allows it, or none is known to be for it. */
static const struct described *forbidding(const struct descriptions *all,
                                          const struct oh_trace_rtp *r)
{
    const struct described *latest = NULL;
    for (size_t i = 0; i < all->count; i++) {
        const struct described *d = &all->list[i];
        if (!is_for(d, r) || d->msg->time_ns > r->time_ns ||
            r->time_ns - UNDER_WAY_NS > d->until_ns)
            continue;
        if (has_format(&d->audio, r->payload_type))
            return NULL;
        latest = d;
    }
    return latest && r->time_ns - UNDER_WAY_NS > latest->msg->time_ns ? latest : NULL;
}

/* RFC 3550 12.1: RTCP's packet types 192 to 223 look so, where they come by the port of RTP. */
static bool is_rtcp(const struct oh_trace_rtp *r)
{
    return r->payload_type >= 64 && r->payload_type < 96;
}

static const struct oh_run_seat *seat_at(const struct oh_run *run, const struct oh_addr *rtp)
{
    for (size_t i = 0; i < run->seat_count; i++) {
        if (!run->seats[i].is_phone && oh_addr_equal(&run->seats[i].rtp, rtp))
            return &run->seats[i];
    }
    return NULL;
}

/* The media step that was the flow's at that time; OH_NONE. */
static int media_step_at(const struct oh_judging *j, int64_t time_ns)
{
    for (size_t i = 0; i < j->scenario->step_count; i++) {
        if (j->step_done_ns[i] >= time_ns)
            return j->scenario->steps[i].kind == OH_STEP_MEDIA ? (int)i : OH_NONE;
    }
    return OH_NONE;
}

struct wrong {
    const struct oh_trace_rtp *first;
    const struct described *by;
    int step;
    size_t count;
};

/* The first one counts, and better the first in a step that is about media. */
static void note_wrong(const struct oh_judging *j, struct wrong *w, const struct oh_trace_rtp *r,
                       const struct described *by)
{
    int step = w->step == OH_NONE ? media_step_at(j, r->time_ns) : OH_NONE;
    if (!w->first || step != OH_NONE) {
        w->first = r;
        w->by = by;
        w->step = step;
    }
    w->count++;
}

static char *formats_text(const struct oh_sdp_audio *audio)
{
    struct oh_text text = {0};
    for (size_t i = 0; i < audio->format_count; i++)
        oh_text_addf(&text, "%s%u", i ? ", " : "", audio->formats[i]);
    return oh_text_take(&text);
}

static void payload_type(struct oh_judging *j, const struct oh_run_seat *to, const struct wrong *w)
{
    char address[OH_ADDR_TEXT], *formats = formats_text(&w->by->audio);
    struct oh_finding *f =
        oh_finding_add(j->verdict, "media.payload-type", OH_LEVEL_MUST, j->options->strict);
    f->step = w->step;
    f->time_ns = w->first->time_ns - j->zero_ns;
    oh_finding_frame(f, w->first->frame);
    oh_finding_frame(f, w->by->msg->frame);
    f->clause = oh_strdup(w->by->is_answer ? "RFC 3264 5.1" : "RFC 3264 6.1");
    f->expected = oh_format("one of the payload types %s", formats);
    f->observed = oh_format("payload type %u", w->first->payload_type);
    f->text = oh_format("%zu RTP packet%s of the phone to %s ha%s a payload type that our %s does "
                        "not have: send by the numbers of the other side's description.",
                        w->count, w->count == 1 ? "" : "s", oh_addr_format(&to->rtp, address),
                        w->count == 1 ? "s" : "ve", w->by->is_answer ? "answer" : "offer");
    free(formats);
}

void oh_flow_payload_types(struct oh_judging *j)
{
    struct descriptions all = find_descriptions(j);
    for (size_t s = 0; all.count && s < j->run->seat_count; s++) {
        const struct oh_run_seat *to = &j->run->seats[s];
        struct wrong wrong = {.step = OH_NONE};
        for (size_t i = 0; !to->is_phone && i < j->trace->rtp_count; i++) {
            const struct oh_trace_rtp *r = &j->trace->rtp[i];
            const struct described *by = NULL;
            if (oh_addr_equal(&r->dst, &to->rtp) && !seat_at(j->run, &r->src) && !is_rtcp(r))
                by = forbidding(&all, r);
            if (by)
                note_wrong(j, &wrong, r, by);
        }
        if (wrong.first)
            payload_type(j, to, &wrong);
    }
    free(all.list);
}
