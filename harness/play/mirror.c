#include "play/mirror.h"

#include "base/file.h"
#include "sip/digest.h"

#include <stdlib.h>
#include <string.h>

/* --- at the phone's address --- */

static struct oh_bench_slot *slot_of(struct oh_mirror *m)
{
    const struct oh_seat *seat = oh_player_seat(m->stage->player, m->seat);
    return seat ? seat->phone : NULL;
}

static int open_sockets(struct oh_mirror *m, struct oh_error *e)
{
    struct oh_bench *b = &m->bench;
    struct oh_bench_slot *slot = slot_of(m);
    struct oh_conn_owner owner = oh_wire_owner(b);
    b->net = m->stage->net;
    b->options.in_memory = m->stage->options.in_memory;
    b->options.interrupt_fd = -1;
    b->home_addr = slot->sip;
    b->home_rtp_addr = slot->sip;
    b->home_rtp_addr.port = slot->place.rtp_port;
    b->home = oh_udp_open(b->net, "rehearsed", &b->home_addr, oh_player_datagram, b, e);
    b->home_listener =
        b->home ? oh_tcp_listen(b->net, "rehearsed", &b->home_addr, &owner, e) : NULL;
    b->home_rtp = b->home_listener ? oh_udp_open(b->net, "rehearsed rtp", &b->home_rtp_addr,
                                                 oh_player_datagram, b, e)
                                   : NULL;
    return b->home_rtp ? 0 : -1;
}

/* Offhook's seats are the others for a phone: who may call it, and whom it calls. */
static void seat_all(struct oh_mirror *m)
{
    const struct oh_player *stage = m->stage->player;
    struct oh_player *p = &m->player;
    struct oh_bench *b = &m->bench;
    p->seats = oh_alloc((stage->seat_count + 1) * sizeof *p->seats);
    b->slots = oh_alloc((stage->seat_count + 1) * sizeof *b->slots);
    for (size_t i = 0; i < stage->seat_count; i++) {
        const struct oh_seat *s = &stage->seats[i];
        bool own = strcmp(s->name, m->seat) == 0;
        if (s->phone && !own) /* the other phones: nothing goes between them directly */
            continue;
        struct oh_seat *seat = &p->seats[p->seat_count++];
        *seat = (struct oh_seat){.party = s->party,
                                 .name = s->name,
                                 .role = own ? OH_ROLE_PEER : OH_ROLE_PHONE,
                                 .sip_addr = s->sip_addr,
                                 .rtp_addr = own ? b->home_rtp_addr : s->rtp_addr,
                                 .transport = s->transport,
                                 .uri = oh_strdup(s->uri),
                                 .contact = oh_strdup(s->contact)};
        memcpy(seat->host_port, s->host_port, sizeof seat->host_port);
        if (own) {
            seat->sip = b->home;
            seat->rtp = b->home_rtp;
            continue;
        }
        seat->phone = &b->slots[b->slot_count++];
        seat->phone->sip = s->sip_addr;
        seat->phone->bench = b;
    }
}

/* What the file's names are, and the account that it was given. */
static void learn(struct oh_mirror *m)
{
    const struct oh_run *known = m->stage->player->run;
    struct oh_run *run = m->player.run;
    for (size_t i = 0; i < known->name_count; i++)
        oh_run_add_name(run, known->names[i].name, known->names[i].value);
    for (size_t i = 0; i < known->secret_count; i++)
        oh_run_add_secret(run, known->secrets[i].seat, known->secrets[i].username,
                          known->secrets[i].password);
}

static int start(void *arg, struct oh_error *e)
{
    struct oh_mirror *m = arg;
    struct oh_player *p = &m->player;
    if (open_sockets(m, e) != 0)
        return -1;
    *p = (struct oh_player){.bench = &m->bench,
                            .net = m->bench.net,
                            .scenario = &m->flow,
                            .transport = m->stage->player->transport,
                            .recorded_until_ns = INT64_MAX,
                            .mirror = m};
    seat_all(m);
    p->run = oh_run_new(NULL);
    p->run->outcome_step = OH_NONE;
    learn(m);
    p->env = oh_match_env_new(p->run);
    p->walk = oh_walk_new(&m->flow, p->env);
    m->bench.player = p;
    return 0;
}

/* --- the user --- */

static int next_action(const struct oh_mirror *m, enum oh_verb verb)
{
    for (size_t i = 0; i < m->scenario->step_count; i++) {
        const struct oh_step *step = &m->scenario->steps[i];
        if (step->kind == OH_STEP_ACTION && step->verb == verb && m->told_ns[i] < 0 &&
            strcmp(step->from, m->seat) == 0)
            return (int)i;
    }
    return OH_NONE;
}

static int act(enum oh_verb verb, const char *uri, void *arg, struct oh_error *e)
{
    struct oh_mirror *m = arg;
    if (m->stage->player->phase != OH_PHASE_FLOW)
        return verb == OH_VERB_REGISTER ? oh_mirror_register(m, e) : 0;
    int step = next_action(m, verb);
    if (step == OH_NONE)
        return oh_error_set(e, "the flow has no such action");
    m->told_ns[step] = oh_net_now(m->bench.net);
    m->uri_of[step] = oh_strdup(uri);
    oh_player_advance(&m->player);
    return 0;
}

/* --- life --- */

struct oh_mirror *oh_mirror_new(const struct oh_scenario *s, const char *seat,
                                const struct oh_choice *choice, const struct oh_break *broken)
{
    struct oh_mirror *m = oh_alloc(sizeof *m);
    m->scenario = s;
    m->seat = seat;
    m->broken = broken;
    m->stand_in = (struct oh_stand_in){.start = start, .act = act, .arg = m};
    m->told_ns = oh_alloc((s->step_count + 1) * sizeof *m->told_ns);
    m->uri_of = oh_alloc((s->step_count + 1) * sizeof *m->uri_of);
    for (size_t i = 0; i < s->step_count; i++)
        m->told_ns[i] = -1;
    m->trouble_step = m->front = OH_NONE;
    m->expires_s = 3600;
    oh_random_hex(m->register_tag, 8);
    oh_mirror_choose(m, choice);
    oh_mirror_make_flow(m);
    return m;
}

void oh_mirror_begin(struct oh_mirror *m)
{
    if (!m->player.walk) /* it never sat down */
        return;
    m->player.phase = OH_PHASE_FLOW;
    m->player.flow_began_ns = oh_net_now(m->bench.net);
    oh_mirror_watch_media(m);
    oh_player_advance(&m->player);
}

void oh_mirror_quiet(struct oh_mirror *m)
{
    struct oh_player *p = &m->player;
    struct oh_timer **timers[] = {&m->wake, &m->tick, &p->step_timer, &p->hint_timer,
                                  &p->reach_timer};
    for (size_t i = 0; i < sizeof timers / sizeof *timers; i++) {
        oh_timer_cancel(*timers[i]);
        *timers[i] = NULL;
    }
    oh_wires_close(&m->bench, false);
    for (size_t i = 0; i < p->seat_count; i++) /* offhook's seats are no phones that are driven */
        p->seats[i].phone = NULL;
    if (m->bench.player)
        oh_player_release(p);
    m->bench.player = NULL;
    oh_listener_close(m->bench.home_listener);
    oh_socket_close(m->bench.home_rtp);
    oh_socket_close(m->bench.home);
    for (size_t i = 0; i < m->bench.slot_count; i++) {
        oh_bindings_clear(&m->bench.slots[i]);
        oh_earlier_clear(&m->bench.slots[i]);
    }
    free(m->bench.slots);
    m->bench = (struct oh_bench){0};
}

void oh_mirror_free(struct oh_mirror *m)
{
    if (!m)
        return;
    oh_mirror_release_flow(m);
    for (size_t i = 0; i < m->scenario->step_count; i++)
        free(m->uri_of[i]);
    for (size_t i = 0; i < m->nonce_count; i++)
        free(m->nonces[i].nonce);
    free(m->nonces);
    free(m->uri_of);
    free(m->told_ns);
    free(m->register_id);
    free(m->trouble);
    free(m);
}

void oh_mirror_trouble(struct oh_mirror *m, int step, struct oh_place place, const char *format,
                       ...)
{
    struct oh_text text = {0};
    va_list args;
    if (m->trouble)
        return;
    va_start(args, format);
    oh_text_addv(&text, format, args);
    va_end(args);
    m->trouble = oh_text_take(&text);
    m->trouble_step = step;
    m->trouble_place = place;
}
