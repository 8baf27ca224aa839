/* The life of one scenario: seats, phone, preconditions, flow, closing, the run folder. */
#include "play/role.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>

#define START_PATIENCE_MS   30000 /* the adapter's own time rules; this is the last resort */
#define CLOSING_PATIENCE_MS 2000
#define REACH_MS            500 /* how often we look whether our network is there */

/* --- seats --- */

struct oh_seat *oh_player_seat(struct oh_player *p, const char *name)
{
    for (size_t i = 0; name && i < p->seat_count; i++) {
        if (strcmp(p->seats[i].name, name) == 0)
            return &p->seats[i];
    }
    return NULL;
}

struct oh_seat *oh_player_seat_of(struct oh_player *p, const struct oh_socket *s)
{
    for (size_t i = 0; i < p->seat_count; i++) {
        if (p->seats[i].sip == s)
            return &p->seats[i];
    }
    return NULL;
}

struct oh_seat *oh_player_seat_at(struct oh_player *p, const struct oh_addr *sip)
{
    for (size_t i = 0; i < p->seat_count; i++) {
        if (!p->seats[i].phone && oh_addr_equal(&p->seats[i].sip_addr, sip))
            return &p->seats[i];
    }
    return NULL;
}

struct oh_seat *oh_player_seat_with(struct oh_player *p, const struct oh_bench_slot *slot)
{
    for (size_t i = 0; i < p->seat_count; i++) {
        if (slot && p->seats[i].phone == slot)
            return &p->seats[i];
    }
    return NULL;
}

const struct oh_sip_msg *oh_player_keep(struct oh_player *p, struct oh_sip_msg *m)
{
    oh_grow(&p->kept, p->kept_count, &p->kept_room, sizeof *p->kept);
    p->kept[p->kept_count++] = m;
    return m;
}

/* The first server of the scenario sits at the address that the phone knows as its registrar and
 * proxy. */
static const struct oh_party *home_party(const struct oh_scenario *s)
{
    for (size_t i = 0; i < s->party_count; i++) {
        enum oh_role role = s->parties[i].role;
        if (role == OH_ROLE_PROXY || role == OH_ROLE_REGISTRAR || role == OH_ROLE_REDIRECT)
            return &s->parties[i];
    }
    return NULL;
}

/* The phone that was given for this seat, else the next of those given for any. */
static struct oh_bench_slot *slot_for(struct oh_bench *b, const char *seat, size_t nth_phone)
{
    for (size_t i = 0; i < b->slot_count; i++) {
        if (!b->slots[i].any_seat && strcmp(b->slots[i].place.seat, seat) == 0)
            return &b->slots[i];
    }
    for (size_t i = 0, nth = 0; i < b->slot_count; i++) {
        if (b->slots[i].any_seat && nth++ == nth_phone)
            return &b->slots[i];
    }
    return NULL;
}

static int seat_phone(struct oh_player *p, struct oh_seat *seat, size_t *nth, struct oh_error *e)
{
    seat->phone = slot_for(p->bench, seat->name, *nth);
    if (seat->phone && seat->phone->any_seat)
        (*nth)++;
    if (!seat->phone)
        return oh_error_set(e, "no phone was given for seat %s", seat->name);
    seat->sip_addr = seat->phone->sip;
    return 0;
}

static int seat_ours(struct oh_player *p, struct oh_seat *seat, bool is_home, size_t *used,
                     struct oh_error *e)
{
    struct oh_bench *b = p->bench;
    if (is_home) {
        seat->sip = b->home;
        seat->sip_addr = b->home_addr;
        seat->rtp = b->home_rtp;
        seat->rtp_addr = b->home_rtp_addr;
        return 0;
    }
    if (oh_bench_seat(b, *used, e) != 0)
        return -1;
    seat->sip = b->sip_sockets[*used];
    seat->rtp = b->rtp_sockets[*used];
    seat->sip_addr = b->seat_sip[*used];
    seat->rtp_addr = b->seat_rtp[*used];
    (*used)++;
    return 0;
}

static void name_seat(struct oh_player *p, struct oh_seat *s)
{
    char server[OH_ADDR_TEXT], host[OH_ADDR_TEXT];
    const struct oh_party *party = s->party;
    const char *user = s->phone ? s->phone->place.user : party ? party->number : NULL;
    const struct oh_addr *domain = s->behind ? &s->behind->sip_addr : &s->sip_addr;
    oh_addr_format(&s->sip_addr, s->host_port);
    if (s->phone)
        domain = &p->bench->home_addr;
    oh_addr_format(domain, server);
    bool is_telephone = user && s->role == OH_ROLE_GATEWAY; /* RFC 3261 19.1.1 */
    s->uri = user ? oh_format("sip:%s@%s%s", user, server, is_telephone ? ";user=phone" : "")
                  : oh_format("sip:%s", server);
    s->transport = p->transport;
    s->contact = oh_format("sip:%s%s%s%s", user ? user : "", user ? "@" : "", s->host_port,
                           oh_seat_uri_params(s));
    if (!p->run)
        return;
    const struct {
        const char *attribute, *value;
    } names[] = {
        {"user", user},
        {"number", user},
        {"uri", s->uri},
        {"contact", s->contact},
        {"address", s->host_port},
        {"host", oh_addr_format_host(&s->sip_addr, host)},
        {"port", strrchr(s->host_port, ':') + 1},
        {"realm", party && party->challenge_count ? party->challenges[0].realm : NULL},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *name = oh_format("%s.%s", s->name, names[i].attribute);
        if (names[i].value)
            oh_run_add_name(p->run, name, names[i].value);
        free(name);
    }
}

static int set_up_seats(struct oh_player *p, struct oh_error *e)
{
    const struct oh_scenario *s = p->scenario;
    const struct oh_party *home = home_party(s);
    size_t phones = 0, used = 0;
    p->seats = oh_alloc((s->party_count + 1) * sizeof *p->seats);
    for (size_t i = 0; i < s->party_count; i++) {
        struct oh_seat *seat = &p->seats[p->seat_count++];
        seat->party = &s->parties[i];
        seat->name = s->parties[i].name;
        seat->role = s->parties[i].role;
        int result = seat->role == OH_ROLE_PHONE
                         ? seat_phone(p, seat, &phones, e)
                         : seat_ours(p, seat, seat->party == home, &used, e);
        if (result != 0)
            return -1;
    }
    if (!home) {
        struct oh_seat *seat = &p->seats[p->seat_count++];
        seat->name = "home";
        seat->role = OH_ROLE_REGISTRAR;
        seat_ours(p, seat, true, &used, e);
    }
    for (size_t i = 0; i < p->seat_count; i++) {
        struct oh_seat *seat = &p->seats[i];
        if (seat->party && seat->party->behind)
            seat->behind = oh_player_seat(p, seat->party->behind);
    }
    for (size_t i = 0; i < p->seat_count; i++)
        name_seat(p, &p->seats[i]);
    return 0;
}

static void record_seats(struct oh_player *p)
{
    for (size_t i = 0; i < p->seat_count; i++) {
        const struct oh_seat *s = &p->seats[i];
        oh_run_add_seat(p->run, s->name, oh_role_name(s->role), s->phone != NULL, &s->sip_addr,
                        s->rtp ? &s->rtp_addr : NULL);
    }
}

static void record_phones(struct oh_player *p)
{
    struct oh_run *r = p->run;
    for (size_t i = 0; i < p->seat_count; i++) {
        const struct oh_bench_slot *slot = p->seats[i].phone;
        if (!slot)
            continue;
        const struct oh_adapter *a = slot->adapter;
        oh_grow(&r->phones, r->phone_count, &r->phone_room, sizeof *r->phones);
        struct oh_run_phone *phone = &r->phones[r->phone_count++];
        phone->seat = oh_strdup(p->seats[i].name);
        phone->adapter = oh_strdup(oh_adapter_name(a));
        phone->name = oh_strdup(oh_phone_name(slot->phone));
        phone->profile = oh_strdup(oh_adapter_profile(a));
        phone->adapter_text = oh_strdup(oh_adapter_text(a));
        phone->mutant = oh_strdup(slot->place.mutant);
        phone->transport = p->transport;
        phone->is_reference = oh_adapter_is_reference(a);
        phone->is_by_hand = oh_adapter_is_by_hand(a);
        phone->ability_count = oh_adapter_ability_count(a);
        phone->abilities = oh_alloc((phone->ability_count + 1) * sizeof *phone->abilities);
        for (size_t k = 0; k < phone->ability_count; k++)
            phone->abilities[k] = oh_strdup(oh_adapter_ability(a, k));
        oh_run_add_secret(r, phone->seat, slot->place.auth_user, slot->place.password);
    }
}

/* A verdict on a phone that is not the mutant that it is said to be would be worth nothing. */
static void end_without_mutant(struct oh_run *r, enum oh_outcome outcome, char *why)
{
    free(r->outcome_text);
    r->outcome = outcome;
    r->outcome_step = OH_NONE;
    r->outcome_text = why;
}

static void record_mutant(struct oh_player *p, struct oh_bench_slot *slot, const char *seat)
{
    struct oh_run *r = p->run;
    const char *name = slot->place.mutant;
    if (!name || r->outcome == OH_OUTCOME_SKIPPED || r->outcome == OH_OUTCOME_BENCH)
        return;
    struct oh_phone_mutant now = oh_phone_mutant(slot->phone);
    size_t struck = now.struck - slot->struck_before;
    slot->struck_before = now.struck;
    oh_run_journal(r, OH_JOURNAL_NOTE, oh_net_wall(p->net), OH_NONE, OH_NONE, seat,
                   "mutant %s: %s, struck %zu times", name,
                   now.in_force ? "in force" : "not in force", struck);
    if (!now.in_force)
        end_without_mutant(r, OH_OUTCOME_BENCH,
                           oh_format("the mutant %s is not in force: the phone's program takes no "
                                     "preloaded library (it is static or setuid) or uses no "
                                     "sockets of its own",
                                     name));
    else if (struck == 0 && r->outcome == OH_OUTCOME_COMPLETE)
        end_without_mutant(r, OH_OUTCOME_PRECONDITION,
                           oh_format("the mutant %s never struck: the phone sent no message in "
                                     "this scenario that it is put upon",
                                     name));
}

static void record_phone_ends(struct oh_player *p)
{
    struct oh_run *r = p->run;
    for (size_t i = 0; i < p->kept_count; i++) {
        const struct oh_sip_header *h = oh_sip_msg_header(p->kept[i], OH_SIP_USER_AGENT, 0);
        if (h && r->phone_count == 1 && !r->phones[0].user_agent) /* of several: receive.c */
            r->phones[0].user_agent = oh_span_dup(h->value);
    }
    for (size_t i = 0, k = 0; i < p->seat_count; i++) {
        struct oh_bench_slot *slot = p->seats[i].phone;
        if (!slot)
            continue;
        record_mutant(p, slot, p->seats[i].name);
        free(r->phones[k].name);
        r->phones[k++].name = oh_strdup(oh_phone_name(slot->phone));
        struct oh_span output = oh_phone_output(slot->phone);
        if (!r->phone_output && output.len)
            r->phone_output = oh_span_dup(output);
    }
}

/* --- progress and end --- */

void oh_player_progress(struct oh_player *p, const struct oh_progress *what)
{
    const struct oh_bench_options *o = &p->bench->options;
    struct oh_progress told = *what;
    if (!o->progress)
        return;
    told.time_s = p->flow_began_ns
                      ? (double)(oh_net_now(p->net) - p->flow_began_ns) / (double)OH_NS_PER_S
                      : 0;
    o->progress(&told, o->progress_arg);
}

void oh_player_progress_text(struct oh_player *p, enum oh_progress_kind kind, int step,
                             const char *text)
{
    oh_player_progress(p, &(struct oh_progress){.kind = kind, .step = step, .text = text});
}

/* What hinders a step that `given` put there is no fault of the flow's. */
static bool is_of_prelude(const struct oh_player *p, enum oh_outcome outcome, int step)
{
    return step != OH_NONE && p->scenario->steps[step].prelude &&
           (outcome == OH_OUTCOME_STUCK || outcome == OH_OUTCOME_ACTION_REFUSED);
}

void oh_player_end(struct oh_player *p, enum oh_outcome outcome, int step, const char *format, ...)
{
    if (p->run && p->run->outcome == OH_OUTCOME_COMPLETE && outcome != OH_OUTCOME_COMPLETE) {
        struct oh_text text = {0};
        va_list args;
        if (is_of_prelude(p, outcome, step)) {
            oh_text_add(&text, "given: the call was not established: ");
            outcome = OH_OUTCOME_PRECONDITION;
        }
        va_start(args, format);
        oh_text_addv(&text, format, args);
        va_end(args);
        p->run->outcome = outcome;
        p->run->outcome_step = step;
        p->run->outcome_text = oh_text_take(&text);
    }
    if (p->phase == OH_PHASE_FLOW && !p->ended) /* what comes from here on belongs to no step */
        oh_record_journal(p, OH_JOURNAL_FLOW_ENDS, OH_NONE, OH_NONE, NULL, NULL);
    p->ended = true;
    oh_bench_wake(p->bench);
}

void oh_player_bench_failed(struct oh_player *p, const struct oh_error *e)
{
    oh_player_end(p, OH_OUTCOME_BENCH, OH_NONE, "%s%s%s", e->text, *e->remedy ? "; " : "",
                  e->remedy);
}

/* --- what must stand before the flow --- */

static bool started(void *arg)
{
    const struct oh_player *p = arg;
    for (size_t i = 0; i < p->seat_count; i++) {
        const struct oh_bench_slot *slot = p->seats[i].phone;
        if (slot && !slot->ready && !slot->failed)
            return p->ended;
    }
    return true;
}

static void start_phones(struct oh_player *p)
{
    for (size_t i = 0; i < p->seat_count && !p->ended; i++) {
        struct oh_bench_slot *slot = p->seats[i].phone;
        struct oh_error e = {0};
        if (!slot || (slot->ready && oh_phone_is_running(slot->phone)))
            continue;
        slot->ready = slot->failed = slot->unfit = false;
        if (!oh_adapter_is_by_hand(slot->adapter)) { /* that one was not away */
            oh_bindings_clear(slot);
            oh_earlier_clear(slot);
        }
        if (oh_bench_has_given_up(slot)) {
            oh_player_end(p, OH_OUTCOME_BENCH, OH_NONE,
                          "the phone could not be started, as before: %s", slot->failure);
            break;
        }
        oh_player_progress_text(p, OH_PROGRESS_PHONE, OH_NONE, "starting");
        if (oh_phone_start(slot->phone, &e) != 0)
            oh_player_bench_failed(p, &e);
    }
    if (!p->ended && !oh_bench_wait(p->bench, started, p, START_PATIENCE_MS))
        oh_player_end(p, OH_OUTCOME_BENCH, OH_NONE, "the phone was not ready after %d s",
                      START_PATIENCE_MS / 1000);
}

/* --- the flow --- */

static bool flow_over(void *arg)
{
    const struct oh_player *p = arg;
    return p->ended;
}

/* Without a network nothing of what does not come is the phone's fault. */
static void on_reach_time(void *arg)
{
    struct oh_player *p = arg;
    struct oh_error e = {0};
    if (!p->bench->options.in_memory && oh_net_reaches(&p->bench->home_addr, &e) != 0)
        oh_player_bench_failed(p, &e);
    p->reach_timer =
        oh_timer_set(p->net, oh_net_now(p->net) + REACH_MS * OH_NS_PER_MS, on_reach_time, p);
}

static void play_flow(struct oh_player *p)
{
    p->phase = OH_PHASE_FLOW;
    p->flow_began_ns = oh_net_now(p->net);
    oh_record_journal(p, OH_JOURNAL_FLOW_BEGINS, OH_NONE, OH_NONE, NULL, NULL);
    oh_player_progress_text(p, OH_PROGRESS_FLOW, OH_NONE, NULL);
    oh_player_advance(p);
    on_reach_time(p);
    while (!p->ended)
        oh_bench_wait(p->bench, flow_over, p, INT64_C(3600000));
    struct oh_error e = {0};
    if (oh_wires_accept(p->bench, &e) != 0) /* the flow ended while it refused them */
        oh_player_bench_failed(p, &e);
    oh_clocks_free(p);
    oh_timer_cancel(p->step_timer);
    oh_timer_cancel(p->hint_timer);
    oh_timer_cancel(p->reach_timer);
    p->step_timer = p->hint_timer = p->reach_timer = NULL;
}

/* Nobody is there to answer any more. */
static bool phone_is_gone(const struct oh_player *p)
{
    enum oh_outcome outcome = p->run->outcome;
    return outcome == OH_OUTCOME_PHONE_DIED || outcome == OH_OUTCOME_PHONE_KILLED;
}

static bool quiet(void *arg)
{
    const struct oh_player *p = arg;
    return oh_bench_hurries(p->bench) || phone_is_gone(p) ||
           (!oh_exchange_pending(p) && !oh_player_actions_pending(p));
}

/* RFC 3261 15: our BYE may have to wait for the ACK to our 2xx; 13.3.1.4 bounds that by 64*T1. No
 * one is waited for who will not come any more. */
static bool no_ack_awaited(void *arg)
{
    const struct oh_player *p = arg;
    if (oh_bench_interrupted(p->bench) || phone_is_gone(p) ||
        p->run->outcome == OH_OUTCOME_PHONE_HUNG)
        return true;
    for (const struct oh_call *c = p->calls; c; c = c->next) {
        const struct oh_exchange *invite = oh_call_their_invite(c);
        if (c->confirmed && !c->ended && invite && oh_exchange_awaits_ack(invite))
            return false;
    }
    return true;
}

static void close_flow(struct oh_player *p)
{
    p->phase = OH_PHASE_CLOSING;
    oh_player_progress_text(p, OH_PROGRESS_CLOSING, OH_NONE, NULL);
    oh_background_finish(p);
    oh_call_close_all(p);
    oh_bench_wait(p->bench, no_ack_awaited, p, OH_T1X64_MS);
    oh_bench_wait(p->bench, quiet, p, CLOSING_PATIENCE_MS);
    for (struct oh_call *c = p->calls; c; c = c->next)
        oh_media_stop(c);
    for (struct oh_exchange *x = p->exchanges; x; x = x->next)
        oh_exchange_stop(x);
    oh_wires_close(p->bench, true);
    oh_record_journal(p, OH_JOURNAL_CLOSED, OH_NONE, OH_NONE, NULL, NULL);
}

/* Two at one address: nobody can tell what is whose. That weighs more than what the flow came to.
 */
static void check_addresses(struct oh_player *p)
{
    struct oh_error e = {0};
    for (size_t i = 0; i < p->seat_count; i++) {
        if (!p->seats[i].phone || oh_phone_is_alone(p->seats[i].phone->phone, &e) == 0)
            continue;
        free(p->run->outcome_text);
        p->run->outcome_text = NULL;
        p->run->outcome = OH_OUTCOME_COMPLETE;
        oh_player_bench_failed(p, &e);
        return;
    }
}

static void check_abilities(struct oh_player *p)
{
    const char *why = NULL, *missing = p->ended ? NULL : oh_player_lacking(p, &why);
    if (missing)
        oh_player_end(p, OH_OUTCOME_SKIPPED, OH_NONE, "the phone lacks the ability '%s'%s%s",
                      missing, why ? ": " : "", why ? why : "");
}

static void play_all(struct oh_player *p)
{
    oh_earlier_record(p);
    start_phones(p);
    check_abilities(p); /* of some more is known now */
    if (!p->ended)
        check_addresses(p);
    if (!p->ended && p->scenario->given_registered)
        oh_player_reach_registered(p);
    if (oh_bench_interrupted(p->bench))
        oh_player_end(p, OH_OUTCOME_INTERRUPTED, OH_NONE, "interrupted by the user");
    if (!p->ended)
        play_flow(p);
    check_addresses(p);
    close_flow(p);
}

void oh_player_release(struct oh_player *p)
{
    oh_player_release_actions(p);
    oh_clocks_free(p);
    oh_walk_free(p->walk);
    oh_match_env_free(p->env);
    oh_exchange_free_all(p);
    oh_call_free_all(p);
    for (size_t i = 0; i < p->kept_count; i++)
        oh_sip_msg_free(p->kept[i]);
    free(p->kept);
    for (size_t i = 0; i < p->seat_count; i++) {
        free(p->seats[i].uri);
        free(p->seats[i].contact);
        free(p->seats[i].nonce);
    }
    free(p->seats);
    oh_run_free(p->run);
}

/* Where `folder` is NULL nothing is written, and the run is the caller's in `*kept`. */
static int play(struct oh_bench *b, const struct oh_scenario *s, const char *folder,
                struct oh_run **kept, struct oh_error *e)
{
    struct oh_player p = {.bench = b, .net = b->net, .scenario = s};
    struct oh_error trouble = {0};
    int result = -1;
    if (folder && oh_file_mkdirs(folder, e) != 0)
        return -1;
    p.transport = s->transport_given ? s->transport : b->options.transport;
    p.run = oh_run_new(s);
    p.run->started_wall_ns = oh_net_wall(b->net);
    p.run->outcome_step = OH_NONE;
    p.env = oh_match_env_new(p.run);
    p.walk = oh_walk_new(s, p.env);
    b->player = &p;
    if (set_up_seats(&p, &trouble) != 0)
        oh_player_bench_failed(&p, &trouble);
    record_seats(&p);
    record_phones(&p);
    check_abilities(&p);
    if (!p.ended)
        oh_player_fit_phones(&p);
    if (!p.ended && oh_record_begin(&p, folder, &trouble) != 0)
        oh_player_bench_failed(&p, &trouble);
    if (!p.ended)
        play_all(&p);
    oh_earlier_remember(&p);
    record_phone_ends(&p);
    result = oh_record_end(&p, folder, e);
    b->player = NULL;
    if (kept) {
        *kept = p.run;
        p.run = NULL;
    }
    oh_player_release(&p);
    return result;
}

int oh_play(struct oh_bench *b, const struct oh_scenario *s, const char *folder, struct oh_error *e)
{
    return play(b, s, folder, NULL, e);
}

struct oh_run *oh_play_unwritten(struct oh_bench *b, const struct oh_scenario *s)
{
    struct oh_run *run = NULL;
    play(b, s, NULL, &run, NULL);
    return run;
}
