#include "play/player.h"

#include "base/file.h"
#include "sip/digest.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HOME_HOST  1  /* 127.x.y.1: registrar, proxy */
#define PHONE_HOST 2  /* 127.x.y.2 and up: the phones */
#define SEAT_HOST  11 /* 127.x.y.11 and up: our other seats */

#define MEMORY_SIP_PORT 5060
#define SIP_PORT        5060
#define MEMORY_RTP_PORT 4000

#define FIRST_USER 1001 /* each phone has an account of its own */

#define PORTS_APART 64 /* between the phone's SIP port and its RTP range */

#define MOST_STARTS 2 /* that fail in a row, with the same values in the adapter */

#define STOP_PATIENCE_MS 40000 /* a phone may wait 64*T1 for the answer to its last request */

static struct oh_addr host_of(const struct oh_addr *net, unsigned host)
{
    struct oh_addr a = *net;
    a.ip[3] = (uint8_t)host;
    a.port = 0;
    return a;
}

/* On a network of others we have one address. */
static struct oh_addr our_host(const struct oh_bench *b, const struct oh_addr *net, unsigned host)
{
    struct oh_addr a = *net;
    a.port = 0;
    return b->options.address.family == OH_FAMILY_NONE ? host_of(net, host) : a;
}

bool oh_bench_hurries(const struct oh_bench *b)
{
    return b->interruptions > 1;
}

bool oh_bench_interrupted(const struct oh_bench *b)
{
    return b->options.interrupted && *b->options.interrupted != 0;
}

void oh_bench_wake(struct oh_bench *b)
{
    oh_net_stop(b->net);
}

bool oh_bench_wait(struct oh_bench *b, bool (*done)(void *arg), void *arg, int64_t timeout_ms)
{
    int64_t deadline = oh_net_now(b->net) + timeout_ms * OH_NS_PER_MS;
    while (!done(arg)) {
        if (!oh_net_run(b->net, deadline) && oh_net_now(b->net) >= deadline)
            return done(arg);
    }
    return true;
}

static void on_interrupt(int fd, void *arg)
{
    struct oh_bench *b = arg;
    char bytes[8]; /* one a signal; what the pipe still holds comes next */
    ssize_t got = read(fd, bytes, sizeof bytes);
    if (got <= 0) {
        oh_watch_free(b->interrupt_watch);
        b->interrupt_watch = NULL;
    } else {
        b->interruptions += (unsigned)got;
    }
    if (b->player && b->player->phase != OH_PHASE_CLOSING)
        oh_player_end(b->player, OH_OUTCOME_INTERRUPTED, OH_NONE, "interrupted by the user");
    oh_bench_wake(b);
}

void oh_bench_start_failed(struct oh_bench_slot *slot, const char *why)
{
    char *copy = oh_strdup(why);
    free(slot->failure);
    slot->failure = copy;
    slot->starts_failed++;
}

bool oh_bench_has_given_up(const struct oh_bench_slot *slot)
{
    return slot->starts_failed >= MOST_STARTS;
}

static const char *const event_words[] = {
    [OH_PHONE_READY] = "ready",
    [OH_PHONE_FAILED] = "failed",
    [OH_PHONE_REGISTERED] = "registered",
    [OH_PHONE_DIED] = "exited",
    [OH_PHONE_KILLED] = "killed",
    [OH_PHONE_STOPPED] = "stopped",
    [OH_PHONE_CONTINUED] = "continued",
    [OH_PHONE_HUNG] = "hung",
    [OH_PHONE_ENDED] = "ended",
    [OH_PHONE_SAYS] = "says",
    [OH_PHONE_UNSUPPORTED] = "unsupported",
};

static bool is_seated(const struct oh_player *p, const struct oh_bench_slot *slot)
{
    for (size_t i = 0; p && i < p->seat_count; i++) {
        if (p->seats[i].phone == slot)
            return true;
    }
    return false;
}

/* What a phone's event means for the scenario being played. */
static void phone_trouble(struct oh_bench_slot *slot, enum oh_phone_event event, const char *detail)
{
    static const struct {
        enum oh_phone_event event;
        enum oh_outcome outcome;
        const char *what;
    } troubles[] = {
        {OH_PHONE_FAILED, OH_OUTCOME_BENCH, "the phone could not be started"},
        {OH_PHONE_UNSUPPORTED, OH_OUTCOME_SKIPPED, "the phone cannot be driven"},
        {OH_PHONE_DIED, OH_OUTCOME_PHONE_DIED, "the phone program ended unasked"},
        {OH_PHONE_KILLED, OH_OUTCOME_PHONE_KILLED, "the phone program was killed from outside"},
        {OH_PHONE_STOPPED, OH_OUTCOME_PHONE_KILLED, "the phone program was stopped from outside"},
        {OH_PHONE_HUNG, OH_OUTCOME_PHONE_HUNG, "the phone program answers no more"},
    };
    struct oh_player *p = slot->bench->player;
    struct oh_text text = {0};
    if (!is_seated(p, slot)) /* no part in this scenario */
        return;
    oh_text_add(&text, detail && *detail ? detail : "no more is known");
    if (event == OH_PHONE_FAILED && oh_phone_output(slot->phone).len)
        oh_text_add(&text, "; all that it printed is 'phone_output' in run.json");
    if (event == OH_PHONE_FAILED)
        oh_bench_start_failed(slot, oh_text_str(&text));
    for (size_t i = 0; i < sizeof troubles / sizeof *troubles; i++) {
        if (troubles[i].event == event)
            oh_player_end(p, troubles[i].outcome, OH_NONE, "%s: %s", troubles[i].what,
                          oh_text_str(&text));
    }
    oh_text_release(&text);
}

/* The party that the phone is in the scenario being played; its own seat's name between scenarios.
 */
static const char *seat_name(const struct oh_player *p, const struct oh_bench_slot *slot)
{
    for (size_t i = 0; p && i < p->seat_count; i++) {
        if (p->seats[i].phone == slot)
            return p->seats[i].name;
    }
    return slot->place.seat;
}

static void on_phone(struct oh_phone *phone, enum oh_phone_event event, const char *detail,
                     void *arg)
{
    struct oh_bench_slot *slot = arg;
    struct oh_player *p = slot->bench->player;
    char *text = oh_format("%s: %s", event_words[event], detail ? detail : "");
    (void)phone;
    if (event == OH_PHONE_READY) {
        slot->ready = true;
        slot->starts_failed = 0;
    }
    if (event == OH_PHONE_FAILED || event == OH_PHONE_DIED || event == OH_PHONE_KILLED ||
        event == OH_PHONE_ENDED || event == OH_PHONE_UNSUPPORTED) {
        slot->ready = false;
        slot->failed = true;
        slot->unfit = false;
    }
    if (event == OH_PHONE_STOPPED || event == OH_PHONE_HUNG)
        slot->unfit = true;
    if (p && p->run)
        oh_record_journal(p, OH_JOURNAL_PHONE, OH_NONE, OH_NONE, seat_name(p, slot), text);
    if (p && event != OH_PHONE_SAYS)
        oh_player_progress_text(p, OH_PROGRESS_PHONE, OH_NONE, text);
    free(text);
    phone_trouble(slot, event, detail);
    oh_bench_wake(slot->bench);
}

/* In memory each address is its owner's alone. */
uint16_t oh_bench_port(const struct oh_bench *b, const struct oh_addr *at, bool even,
                       struct oh_error *e)
{
    if (b->options.in_memory)
        return even ? MEMORY_RTP_PORT : MEMORY_SIP_PORT;
    return oh_net_free_port(at, even, e);
}

static int choose_net(const struct oh_bench *b, struct oh_addr *out, struct oh_error *e)
{
    if (b->options.address.family != OH_FAMILY_NONE) {
        *out = b->options.address;
        return 0;
    }
    if (b->options.in_memory)
        return oh_addr_parse(oh_span_of("127.0.0.0"), out, e);
    return oh_net_free_loopback(out, e);
}

static int no_address(const struct oh_bench_slot *slot, struct oh_error *e)
{
    oh_error_set(e,
                 "the phone %s is at an address of its own, and cannot reach offhook on loopback",
                 oh_adapter_name(slot->adapter));
    return oh_error_remedy(e, "say where offhook is to listen: --interface NAME or --address IP");
}

/* What the phone has already is its account; the rest is chosen. */
static void give_account(struct oh_bench_slot *slot, unsigned nth)
{
    char password[17];
    oh_random_hex(password, 8);
    slot->user = oh_adapter_account_user(slot->adapter);
    slot->password = oh_adapter_account_password(slot->adapter);
    if (!slot->user)
        slot->user = oh_format("%u", FIRST_USER + nth);
    if (!slot->password)
        slot->password = oh_strdup(password);
}

/* Who starts nothing needs no ports chosen. */
static int place_by_hand(struct oh_bench *b, struct oh_bench_slot *slot, const char *seat,
                         unsigned nth, struct oh_error *e)
{
    slot->bench = b;
    if (b->options.address.family == OH_FAMILY_NONE)
        return no_address(slot, e);
    give_account(slot, nth);
    if (nth == 0 && b->options.phone_address.family != OH_FAMILY_NONE) {
        slot->sip = b->options.phone_address;
        slot->sip.port = slot->sip.port ? slot->sip.port : SIP_PORT;
        slot->is_found = true;
    }
    slot->place = (struct oh_phone_place){.seat = *seat ? seat : "the phone",
                                          .sip = slot->sip,
                                          .server = b->home_addr,
                                          .user = slot->user,
                                          .auth_user = slot->user,
                                          .password = slot->password,
                                          .realm = "",
                                          .person = b->options.person,
                                          .program_folder = b->options.program_folder};
    return 0;
}

static int place_slot(struct oh_bench *b, struct oh_bench_slot *slot, const char *seat,
                      const struct oh_addr *net, unsigned host, struct oh_error *e)
{
    if (oh_adapter_is_by_hand(slot->adapter))
        return place_by_hand(b, slot, seat, host - PHONE_HOST, e);
    if (b->options.address.family != OH_FAMILY_NONE)
        return oh_error_set(e,
                            "%s is started by offhook, at an address of its own on loopback; "
                            "--interface and --address are for phones that stand elsewhere",
                            oh_adapter_name(slot->adapter));
    slot->bench = b;
    slot->sip = host_of(net, host);
    slot->sip.port = oh_bench_port(b, &slot->sip, false, e);
    uint16_t rtp = 0;
    for (int tries = 0; tries < 16 && slot->sip.port; tries++) {
        rtp = oh_bench_port(b, &slot->sip, true, e);
        if (!rtp || abs((int)rtp - (int)slot->sip.port) > PORTS_APART)
            break;
    }
    if (!slot->sip.port || !rtp)
        return -1;
    give_account(slot, host - PHONE_HOST);
    slot->place = (struct oh_phone_place){.seat = *seat ? seat : "phone",
                                          .sip = slot->sip,
                                          .server = b->home_addr,
                                          .rtp_port = rtp,
                                          .user = slot->user,
                                          .auth_user = slot->user,
                                          .password = slot->password,
                                          .realm = "",
                                          .program_folder = b->options.program_folder,
                                          .mutant = b->options.mutant};
    return 0;
}

void oh_bench_renew_phone(struct oh_bench_slot *slot)
{
    oh_phone_free(slot->phone);
    slot->ready = false;
    slot->struck_before = 0;
    slot->phone = oh_phone_new(slot->bench->net, slot->adapter, &slot->place, on_phone, slot);
}

static int place_slots(struct oh_bench *b, const struct oh_bench_phone *phones, size_t count,
                       const struct oh_addr *net, struct oh_error *e)
{
    b->slots = oh_alloc((count ? count : 1) * sizeof *b->slots);
    b->slot_count = count;
    for (size_t i = 0; i < count; i++) {
        struct oh_bench_slot *slot = &b->slots[i];
        slot->adapter = phones[i].adapter;
        slot->any_seat = !*phones[i].seat;
        if (place_slot(b, slot, phones[i].seat, net, PHONE_HOST + (unsigned)i, e) != 0)
            return -1;
        oh_bench_renew_phone(slot);
    }
    return 0;
}

/* Phones expect their server at 5060; one that was told another port is told for good. */
static int listen_at(struct oh_bench *b, const struct oh_addr *at, struct oh_error *e)
{
    struct oh_conn_owner owner = oh_wire_owner(b);
    b->home = oh_udp_open(b->net, "home", at, oh_player_datagram, b, e);
    b->home_listener = b->home ? oh_tcp_listen(b->net, "home", at, &owner, e) : NULL;
    if (b->home_listener) {
        b->home_addr = *at;
        return 0;
    }
    oh_socket_close(b->home);
    b->home = NULL;
    return -1;
}

static int listen_home(struct oh_bench *b, const struct oh_addr *net, struct oh_error *e)
{
    struct oh_addr usual = *net;
    struct oh_error taken;
    bool is_lan = b->options.address.family != OH_FAMILY_NONE;
    usual.port = usual.port ? usual.port : SIP_PORT;
    if (is_lan && listen_at(b, &usual, net->port ? e : &taken) == 0)
        return 0;
    if (is_lan && net->port)
        return -1;
    b->home_addr = our_host(b, net, HOME_HOST);
    return oh_wire_listen(b, "home", &b->home_addr, &b->home, &b->home_listener, e);
}

static int open_home(struct oh_bench *b, const struct oh_addr *net, struct oh_error *e)
{
    if (listen_home(b, net, e) != 0)
        return -1;
    b->home_rtp_addr = our_host(b, net, HOME_HOST);
    b->home_rtp_addr.port = oh_bench_port(b, &b->home_rtp_addr, true, e);
    if (b->home_rtp_addr.port)
        b->home_rtp = oh_udp_open(b->net, "home rtp", &b->home_rtp_addr, oh_player_datagram, b, e);
    if (!b->home_rtp)
        return -1;
    for (unsigned i = 0; i < OH_BENCH_SEATS; i++)
        b->seat_sip[i] = b->seat_rtp[i] = our_host(b, net, SEAT_HOST + i);
    return 0;
}

int oh_bench_seat(struct oh_bench *b, size_t n, struct oh_error *e)
{
    if (n >= OH_BENCH_SEATS)
        return oh_error_set(e,
                            "a scenario can have at most %d parties of ours besides its first "
                            "server",
                            OH_BENCH_SEATS);
    if (b->sip_sockets[n])
        return 0;
    if (oh_wire_listen(b, "seat", &b->seat_sip[n], &b->sip_sockets[n], &b->listeners[n], e) != 0)
        return -1;
    b->seat_rtp[n].port = oh_bench_port(b, &b->seat_rtp[n], true, e);
    if (!b->seat_rtp[n].port)
        return -1;
    b->rtp_sockets[n] = oh_udp_open(b->net, "seat rtp", &b->seat_rtp[n], oh_player_datagram, b, e);
    return b->rtp_sockets[n] ? 0 : -1;
}

int oh_bench_open_capture(struct oh_bench *b, struct oh_error *e)
{
    struct oh_addr hosts[OH_BENCH_SEATS + 1 + 8];
    size_t count = 0;
    for (size_t i = 0; i < b->slot_count; i++) {
        if (oh_adapter_is_by_hand(b->slots[i].adapter) && !b->slots[i].is_found)
            return 0; /* oh_bench_find_phones */
    }
    if (b->options.no_capture)
        return 0;
    hosts[count++] = b->home_addr;
    for (size_t i = 0; i < OH_BENCH_SEATS; i++)
        hosts[count++] = b->seat_sip[i];
    for (size_t i = 0; i < b->slot_count && count < sizeof hosts / sizeof *hosts; i++)
        hosts[count++] = b->slots[i].sip;
    b->capture = oh_capture_open(b->net, hosts, count, e);
    return b->capture ? 0 : -1;
}

struct oh_bench *oh_bench_open(const struct oh_bench_options *options,
                               const struct oh_bench_phone *phones, size_t phone_count,
                               struct oh_error *e)
{
    struct oh_bench *b = oh_alloc(sizeof *b);
    struct oh_addr net;
    b->options = *options;
    b->net = options->in_memory ? oh_net_new_memory() : oh_net_new(e);
    if (!b->net || choose_net(b, &net, e) != 0 || open_home(b, &net, e) != 0 ||
        place_slots(b, phones, phone_count, &net, e) != 0 || oh_bench_open_capture(b, e) != 0) {
        oh_bench_close(b);
        return NULL;
    }
    oh_net_tap(b->net, oh_record_tap, b);
    if (options->interrupt_fd >= 0)
        b->interrupt_watch = oh_watch_new(b->net, options->interrupt_fd, on_interrupt, b);
    return b;
}

static bool phones_gone(void *arg)
{
    const struct oh_bench *b = arg;
    for (size_t i = 0; !oh_bench_hurries(b) && i < b->slot_count; i++) {
        if (b->slots[i].phone && oh_phone_is_running(b->slots[i].phone))
            return false;
    }
    return true;
}

/* Our seats as they answer while the phones end: all that have a socket. Returns their number. */
static size_t seat_answering(const struct oh_bench *b, struct oh_seat seats[OH_BENCH_SEATS + 1])
{
    size_t count = 0;
    seats[count++] = (struct oh_seat){
        .name = "home", .role = OH_ROLE_REGISTRAR, .sip = b->home, .sip_addr = b->home_addr};
    for (size_t i = 0; i < OH_BENCH_SEATS && b->sip_sockets[i]; i++)
        seats[count++] = (struct oh_seat){.name = "seat",
                                          .role = OH_ROLE_PEER,
                                          .sip = b->sip_sockets[i],
                                          .sip_addr = b->seat_sip[i]};
    for (size_t i = 0; i < count; i++)
        oh_addr_format(&seats[i].sip_addr, seats[i].host_port);
    return count;
}

static void answer(struct oh_bench *b, bool (*done)(void *arg), void *arg, int64_t timeout_ms)
{
    struct oh_seat seats[OH_BENCH_SEATS + 1];
    struct oh_player answering = {.bench = b,
                                  .net = b->net,
                                  .seats = seats,
                                  .seat_count = seat_answering(b, seats),
                                  .phase = OH_PHASE_CLOSING,
                                  .ended = true};
    b->player = &answering;
    oh_bench_wait(b, done, arg, timeout_ms);
    oh_exchange_free_all(&answering);
    oh_call_free_all(&answering);
    for (size_t i = 0; i < answering.kept_count; i++)
        oh_sip_msg_free(answering.kept[i]);
    free(answering.kept);
    for (size_t i = 0; i < answering.seat_count; i++)
        free(seats[i].nonce);
    b->player = NULL;
}

void oh_bench_answer(struct oh_bench *b, bool (*done)(void *arg), void *arg)
{
    answer(b, done, arg, INT64_C(3600000));
}

/* They are answered until the last one is gone: a phone that hears nothing waits 64*T1 for it. */
static void stop_phones(struct oh_bench *b)
{
    for (size_t i = 0; i < b->slot_count; i++) {
        if (b->slots[i].phone && oh_phone_is_running(b->slots[i].phone))
            oh_phone_stop(b->slots[i].phone);
    }
    answer(b, phones_gone, b, STOP_PATIENCE_MS);
}

void oh_bench_close(struct oh_bench *b)
{
    if (!b)
        return;
    if (b->slots && b->net && b->home)
        stop_phones(b);
    for (size_t i = 0; i < b->slot_count; i++) {
        oh_phone_free(b->slots[i].phone);
        oh_bindings_clear(&b->slots[i]);
        oh_earlier_clear(&b->slots[i]);
        free(b->slots[i].realm);
        free(b->slots[i].user);
        free(b->slots[i].password);
        free(b->slots[i].failure);
    }
    free(b->slots);
    oh_watch_free(b->interrupt_watch);
    oh_capture_close(b->capture);
    oh_wires_close(b, false);
    oh_listener_close(b->home_listener);
    for (size_t i = 0; i < OH_BENCH_SEATS; i++) {
        oh_listener_close(b->listeners[i]);
        oh_socket_close(b->sip_sockets[i]);
        oh_socket_close(b->rtp_sockets[i]);
    }
    oh_socket_close(b->home_rtp);
    oh_socket_close(b->home);
    oh_net_free(b->net);
    free(b);
}
