/* What a rehearsed phone does while a media or silence step stands: voice where the step wants it,
 * none where it wants none, and what a break has it do instead. */
#include "play/mirror.h"

#include "base/file.h"
#include "sip/digest.h"

#include <stdlib.h>
#include <string.h>

#define TICK_NS        (20 * OH_NS_PER_MS)
#define OFF_BEAT_NS    (7 * OH_NS_PER_MS) /* never in the moment in which a step ends */
#define RTP_HEADER_LEN 12
#define PAYLOAD_LEN    160

static bool breaks_now(const struct oh_mirror *m, enum oh_break_kind kind, int step)
{
    return m->broken && m->broken->kind == kind && m->broken->step == step;
}

/* RTP that nothing has agreed upon. */
static void send_loud(struct oh_mirror *m, const struct oh_step *step)
{
    const char *other = strcmp(step->from, m->seat) == 0 ? step->to : step->from;
    const struct oh_seat *to = oh_player_seat(&m->player, other);
    unsigned char packet[RTP_HEADER_LEN + PAYLOAD_LEN] = {0x80};
    struct oh_error e = {0};
    uint32_t timestamp = m->loud_sequence * PAYLOAD_LEN;
    if (!to || !to->rtp_addr.port)
        return;
    packet[2] = (unsigned char)(m->loud_sequence >> 8);
    packet[3] = (unsigned char)m->loud_sequence;
    for (int i = 0; i < 4; i++)
        packet[4 + i] = (unsigned char)(timestamp >> (24 - 8 * i));
    memset(packet + RTP_HEADER_LEN, 0xff, PAYLOAD_LEN);
    m->loud_sequence++;
    m->is_broken = true;
    oh_udp_send(m->bench.home_rtp, &to->rtp_addr,
                (struct oh_span){(const char *)packet, sizeof packet}, &e);
}

/* A message that nobody asked for. */
static void talk(struct oh_mirror *m)
{
    struct oh_player *p = &m->player;
    struct oh_seat *own = oh_player_seat(p, m->seat);
    char id[25], branch[25], tag[17], server[OH_ADDR_TEXT];
    oh_random_hex(id, 12);
    oh_random_hex(branch, 12);
    oh_random_hex(tag, 8);
    char *target = oh_format("sip:%s", oh_addr_format(&m->stage->home_addr, server));
    struct oh_draft *d = oh_draft_request("MESSAGE", target);
    oh_draft_add(d, "Via", "SIP/2.0/%s %s;branch=z9hG4bK%s;rport",
                 oh_wire_via(p, oh_span_of(target)), own->host_port, branch);
    oh_draft_add(d, "Max-Forwards", "70");
    oh_draft_add(d, "From", "<%s>;tag=%s", own->uri, tag);
    oh_draft_add(d, "To", "<%s>", target);
    oh_draft_add(d, "Call-ID", "%s", id);
    oh_draft_add(d, "CSeq", "1 MESSAGE");
    oh_draft_body(d, "text/plain", oh_span_of("not asked for"));
    m->is_broken = true;
    oh_exchange_request(p, own, &m->stage->home_addr, d, OH_NONE, NULL);
    free(target);
}

/* Before the call stands nothing has begun to send: early media is what the step asks for. */
static void speak_up(struct oh_mirror *m, const struct oh_step *step)
{
    struct oh_call *c = m->player.calls;
    if (step->media_none || !c || c->ended || c->media_on || !c->remote_rtp.port)
        return;
    oh_media_start(c);
}

static bool is_about_us(const struct oh_mirror *m, const struct oh_step *step)
{
    return step->kind == OH_STEP_MEDIA &&
           (strcmp(step->from, m->seat) == 0 || step->media_both_ways);
}

/* Up to the step that is to have no media; a packet before it would still be on its way. */
static bool is_silenced(const struct oh_mirror *m, int step)
{
    return m->broken && m->broken->kind == OH_BREAK_NO_MEDIA && step <= m->broken->step;
}

static void look(struct oh_mirror *m)
{
    struct oh_player *p = &m->player;
    int flow_step = oh_walk_next(p->walk);
    if (flow_step >= (int)m->flow.step_count) {
        p->is_muted = false;
        return;
    }
    int index = m->step_of[flow_step];
    const struct oh_step *step = &m->scenario->steps[index];
    bool about_us = is_about_us(m, step);
    p->is_muted = (about_us && step->media_none) || is_silenced(m, index);
    m->is_broken = m->is_broken || breaks_now(m, OH_BREAK_NO_MEDIA, index);
    if (about_us && !p->is_muted)
        speak_up(m, step);
    if (breaks_now(m, OH_BREAK_MEDIA, index))
        send_loud(m, step);
    if (breaks_now(m, OH_BREAK_TALKS, index) && !m->is_broken)
        talk(m);
}

static void on_tick(void *arg)
{
    struct oh_mirror *m = arg;
    look(m);
    m->tick = m->player.ended && !m->broken
                  ? NULL
                  : oh_timer_set(m->bench.net, oh_net_now(m->bench.net) + TICK_NS, on_tick, m);
}

void oh_mirror_watch_media(struct oh_mirror *m)
{
    m->player.is_muted = is_silenced(m, 0);
    for (size_t i = 0; i < m->flow.step_count; i++) {
        if (m->flow.steps[i].kind != OH_STEP_MESSAGE && !m->tick)
            m->tick =
                oh_timer_set(m->bench.net, oh_net_now(m->bench.net) + OFF_BEAT_NS, on_tick, m);
    }
}
