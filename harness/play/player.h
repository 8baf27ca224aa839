/*
 * play/player.h - the player's own structures. Private to play/.
 *
 * A player plays one scenario: seats (our sockets and the phones), exchanges (transactions, either
 * side), calls (one of our sides of a dialog each), the walk, and the run being recorded. All
 * memory lives until the scenario's end, so that saved names and links stay valid.
 *
 * Who does what: play.c the life of one scenario · prepare.c the phones before it · advance.c the
 * flow, step by step · clocks.c its times · receive.c what comes in · wire.c which socket or
 * connection a message goes by · exchange.c transactions and retransmission · second.c what is sent
 * twice on purpose · call.c dialogs · compose.c our steps' messages · background.c what the flow
 * leaves open · bindings.c what a registrar keeps · media.c RTP · earlier.c calls of scenarios
 * before · record.c tap and capture · bench.c what lives for the whole run.
 */
#ifndef OH_PLAY_PLAYER_H
#define OH_PLAY_PLAYER_H

#include "match/walk.h"
#include "play/play.h"
#include "sip/dialog.h"
#include "sip/draft.h"
#include "sip/field.h"
#include "sip/uri.h"
#include "trace/capture.h"

/* How a message goes or came. */
struct oh_way {
    enum oh_transport transport;
    struct oh_addr to;    /* came: from where */
    unsigned wire;        /* of connections: this one, as long as it is open; 0: any */
    unsigned pieces;      /* of connections: segments that it is cut into; 0: none */
    const unsigned *cuts; /* or the bytes where a new one begins; borrowed */
    size_t cut_count;
};

/* A party at its address. The phones' seats have no sockets of ours. */
struct oh_seat {
    const struct oh_party *party; /* NULL: the home server of a scenario that has none */
    const char *name;             /* the party's; "home" without one */
    enum oh_role role;
    struct oh_socket *sip, *rtp; /* borrowed from the bench */
    struct oh_addr sip_addr, rtp_addr;
    struct oh_seat *behind;      /* the proxy that this seat stands behind */
    struct oh_bench_slot *phone; /* phones: who sits here */
    enum oh_transport transport; /* that its Contact and Record-Route ask for */
    char host_port[OH_ADDR_TEXT];
    char *uri;           /* "sip:5551234@127.0.0.1:5060": its address of record */
    char *contact;       /* "sip:5551234@127.0.0.3:5062": where it is */
    char *nonce;         /* of its latest challenge */
    bool others_removed; /* registrars: "Contact: *" took the bindings of other devices too */
};

/* One transaction, seen from our side. */
struct oh_exchange {
    struct oh_exchange *next;
    struct oh_player *player;
    struct oh_seat *seat;       /* our seat */
    struct oh_bench_slot *slot; /* server: the phone; NULL: none of ours */
    struct oh_addr remote;      /* server: where the request came from; client: where it went */
    bool is_server;             /* the phone sent the request */
    bool is_invite;
    const struct oh_sip_msg *request;
    const struct oh_sip_msg *provisional; /* the latest above 100; NULL */
    const struct oh_sip_msg *final;       /* NULL while open */
    struct oh_call *call;                 /* NULL: outside of any */
    char *to_tag;    /* server: the tag that this transaction's own answers bear (challenges) */
    bool acked;      /* server INVITE: the ACK came; client INVITE: we sent it */
    bool proceeding; /* client: a provisional came; 100 counts */
    bool given_up;   /* timers B, F or H fired, or 64*T1 passed without an ACK to our 2xx */
    bool cancelled;  /* server INVITE: a CANCEL came for it */
    uint32_t rseq;   /* server INVITE: of our latest reliable provisional, RFC 3262; 0: none */
    bool agreed;     /* server INVITE: offer and answer went by reliable provisional and PRACK */
    uint64_t branch_key, call_key, number_key, tag_key; /* hashes; tag: our final response's */
    struct oh_exchange *next_in_bucket;
    int step;            /* the flow's step that the request is, OH_NONE: unlisted */
    struct oh_way from;  /* server: what the request came by */
    struct oh_text wire; /* what is repeated: our request, our latest response */
    struct oh_way way;
    unsigned lose;             /* of its next sendings, so many are lost on the way */
    int lost_step;             /* the step whose first sending was; OH_NONE: none's */
    struct oh_timer *loss;     /* until a copy of it has arrived: when that is waited for no more */
    struct oh_second *seconds; /* sent once more, on purpose */
    struct oh_text ack;        /* client INVITE: the ACK to repeat */
    struct oh_way ack_way;
    struct oh_timer *repeat; /* retransmission; NULL: none pending */
    int64_t interval_ms, until_ns;
    struct oh_timer *trying; /* server INVITE: 100 after 200 ms, RFC 3261 17.2.1 */
};

/* A call as our side keeps it: one dialog or the beginning of one. */
struct oh_call {
    struct oh_call *next;
    struct oh_player *player;
    struct oh_seat *seat; /* our user agent in it (B) */
    struct oh_seat *via;  /* the seat whose socket carries it (P), or the same */
    struct oh_seat *phone;
    char *call_id;
    char *name; /* by the scenario's `call`; NULL: none */
    char *fork; /* the callee, where several answer one INVITE; NULL: the one that there is */
    char *local_tag;
    struct oh_dialog *dialog; /* NULL before there is one */
    bool confirmed, ended;
    bool bye_sent, cancel_sent; /* while the scenario closes */
    struct oh_exchange *invite; /* the latest INVITE of either side */
    bool we_called;
    struct oh_text described; /* our latest SDP of either kind, for its version */
    uint64_t sdp_id, sdp_version;
    struct oh_addr remote_rtp;
    unsigned payload_type;
    bool media_on, rtp_first;
    bool silent; /* our latest description does not let us send */
    struct oh_timer *rtp_timer;
    uint16_t rtp_sequence;
    uint32_t rtp_timestamp, rtp_ssrc;
    int64_t rtp_next_ns;
};

#define OH_EXCHANGE_BUCKETS 1024

enum oh_play_phase { OH_PHASE_PREPARING, OH_PHASE_FLOW, OH_PHASE_CLOSING };

struct oh_player {
    struct oh_bench *bench;
    struct oh_net *net;
    const struct oh_scenario *scenario; /* NULL: only answering, while the bench closes */
    struct oh_run *run;
    struct oh_match_env *env;
    struct oh_walk *walk;
    enum oh_play_phase phase;
    enum oh_transport transport; /* of the flow */
    int64_t flow_began_ns;
    struct oh_seat *seats;
    size_t seat_count;
    struct oh_exchange *exchanges;                      /* newest first */
    struct oh_exchange *by_branch[OH_EXCHANGE_BUCKETS]; /* the same, each newest first */
    struct oh_call *calls;                              /* newest first */
    struct oh_sip_msg **kept;                           /* every message of this scenario, owned */
    size_t kept_count, kept_room;
    /* advance.c */
    struct oh_clock *clocks;     /* by step of the flow; clocks.c */
    struct oh_timer *step_timer; /* until the end, once it has derailed */
    bool is_lost;                /* the message being looked at, as the flow has it */
    bool advancing;              /* guards against recursion */
    bool ended;                  /* the flow is over */
    bool derailed;               /* the phone ended the call: nothing more is played in it */
    int derailed_step;
    struct oh_timer *hint_timer;  /* tells what we wait for */
    struct oh_timer *reach_timer; /* looks whether our network is still there */
    struct oh_action *actions;    /* told, not yet answered by the driver */
    /* record.c */
    /* wall clock: what comes before or after is no part of the recording */
    int64_t recorded_from_ns;
    int64_t recorded_until_ns;
    bool is_outside;         /* the datagram being looked at is no part of it */
    int64_t clock_offset_ns; /* of the wall clock, when the recording began */
    /* SIP datagrams: by our sockets; of those, out of the capture so far */
    size_t tapped, captured;
    struct oh_mirror *mirror; /* this player is a rehearsed phone (mirror.h); NULL: it is offhook */
    bool is_muted;            /* rehearsed phones: no call sends media */
};

/* --- bench.c: what lives for the whole run --- */
struct oh_binding {
    char *uri;
    int64_t until_ns;
};

/* See struct oh_run_earlier. */
struct oh_earlier {
    char *call_id;
    char *branch;
};

struct oh_bench_slot { /* a phone of the run */
    const struct oh_adapter *adapter;
    struct oh_phone *phone;
    struct oh_phone_place place;
    struct oh_addr sip;
    bool ready, failed;
    unsigned starts_failed;      /* in a row: each by not becoming ready */
    char *failure;               /* the latest of them, owned */
    struct oh_binding *bindings; /* where it is registered, oldest first */
    size_t binding_count, binding_room;
    struct oh_earlier *earlier; /* its calls of scenarios before, oldest first: 64 at most */
    size_t earlier_count;
    char *user, *password; /* of its account; place points at them */
    bool any_seat;         /* given without a seat: for any phone party */
    char *realm;           /* place.realm, owned; NULL: none yet */
    bool unfit;            /* hung or stopped from outside: not to be used again as it is */
    size_t struck_before;  /* messages that its mutant was put upon before this scenario */
    struct oh_bench *bench;
    bool is_found; /* by hand: its address is known */
};

#define OH_BENCH_SEATS 8 /* seats of ours besides the home server */

struct oh_bench {
    struct oh_bench_options options;
    struct oh_net *net;
    struct oh_capture *capture; /* NULL with no_capture */
    struct oh_addr home_addr;
    struct oh_socket *home, *home_rtp;
    struct oh_addr home_rtp_addr;
    struct oh_addr seat_sip[OH_BENCH_SEATS], seat_rtp[OH_BENCH_SEATS];
    struct oh_socket *sip_sockets[OH_BENCH_SEATS], *rtp_sockets[OH_BENCH_SEATS];
    struct oh_listener *home_listener, *listeners[OH_BENCH_SEATS];
    struct oh_wire *wires; /* connections, newest first */
    unsigned wire_number;
    struct oh_bench_slot *slots;
    size_t slot_count;
    struct oh_player *player; /* who is playing; NULL: nobody listens */
    struct oh_watch *interrupt_watch;
    unsigned interruptions;
};

bool oh_bench_interrupted(const struct oh_bench *b);
/* Interrupted a second time: nothing is waited for any more, phones are killed. */
bool oh_bench_hurries(const struct oh_bench *b);
/* Runs the loop until `done(arg)` is true; false when `timeout_ms` passed first. */
bool oh_bench_wait(struct oh_bench *b, bool (*done)(void *arg), void *arg, int64_t timeout_ms);
void oh_bench_wake(struct oh_bench *b); /* lets oh_bench_wait look again */
/* It did not become ready, and why: kept for the next scenarios. */
void oh_bench_start_failed(struct oh_bench_slot *slot, const char *why);
/* It failed so often that another try would only take its time. */
bool oh_bench_has_given_up(const struct oh_bench_slot *slot);
/* Makes the phone, which does not run, anew for the slot's place. */
void oh_bench_renew_phone(struct oh_bench_slot *slot);
/* A free port there; see oh_net_free_port. */
uint16_t oh_bench_port(const struct oh_bench *b, const struct oh_addr *at, bool even,
                       struct oh_error *e);
/* Answers what comes, as our seats do between scenarios, until `done(arg)` is true. */
void oh_bench_answer(struct oh_bench *b, bool (*done)(void *arg), void *arg);
int oh_bench_open_capture(struct oh_bench *b, struct oh_error *e);
/* Opens the sockets of our n-th seat if they are not open yet. */
int oh_bench_seat(struct oh_bench *b, size_t n, struct oh_error *e);

/* --- play.c --- */
void oh_player_release(struct oh_player *p); /* all that it owns */
struct oh_seat *oh_player_seat(struct oh_player *p, const char *name);
struct oh_seat *oh_player_seat_of(struct oh_player *p, const struct oh_socket *s);
struct oh_seat *oh_player_seat_at(struct oh_player *p, const struct oh_addr *sip); /* ours */
struct oh_seat *oh_player_seat_with(struct oh_player *p, const struct oh_bench_slot *slot);
const struct oh_sip_msg *oh_player_keep(struct oh_player *p, struct oh_sip_msg *m);
void oh_player_progress(struct oh_player *p, const struct oh_progress *what);
void oh_player_progress_text(struct oh_player *p, enum oh_progress_kind kind, int step,
                             const char *text);
/* Ends the flow with this outcome (the first one stays). */
void oh_player_end(struct oh_player *p, enum oh_outcome outcome, int step, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same for trouble of the bench, with its remedy. */
void oh_player_bench_failed(struct oh_player *p, const struct oh_error *e);

/* --- prepare.c --- */
/* The ability that the scenario needs and a phone lacks, or NULL. `why`: what is missing here for
 * it, where the phone has it elsewhere; else NULL. */
const char *oh_player_lacking(const struct oh_player *p, const char **why);
/* Ends the phones, answering them until they are gone, that hung, were stopped, have of an earlier
 * scenario what cannot be undone, or run with a transport or realm that this one cannot use. What
 * does not run is given this one's. */
void oh_player_fit_phones(struct oh_player *p);
/* Tells the phones that are not registered to register, and waits for it; ends the flow where they
 * do not. */
void oh_player_reach_registered(struct oh_player *p);

/* --- advance.c --- */
void oh_player_advance(struct oh_player *p);
/* The phone ended the call before the flow came to that: the flow ends, after a while in which it
 * shows whether the phone's whole program is going down, as it does when someone ends it from
 * outside. */
void oh_player_derail(struct oh_player *p, int step);
/* Something came or was given up: the flow goes on, or the closing does. */
void oh_player_stirred(struct oh_player *p);
void oh_player_release_actions(struct oh_player *p);
bool oh_player_actions_pending(const struct oh_player *p); /* the driver owes an answer */
/* Tells a user action to a phone, outside the flow (preconditions); `step` may be OH_NONE. */
void oh_player_tell(struct oh_player *p, int step, struct oh_seat *phone, enum oh_verb verb,
                    const struct oh_action_args *args);

/* A message came and has its place: what was asked of a person is done if that is what it was for.
 */
void oh_player_came(struct oh_player *p);

/* --- desk.c: phones by hand --- */
/* The step that shows that a user action was done: the phone's next message, if nothing of ours and
 * no other action comes before; OH_NONE. */
int oh_desk_awaited(const struct oh_player *p, int action);
/* Before the action is told: what the wire will show of it. */
void oh_desk_tell(const struct oh_player *p, const struct oh_seat *phone, int awaited);
/* A REGISTER from an address that is nobody's yet: the phone whose account it is; NULL. */
struct oh_bench_slot *oh_desk_claim(struct oh_bench *b, const struct oh_way *from,
                                    const struct oh_sip_msg *m);

/* --- clocks.c: deadlines, delays and durations of the steps at the fronts --- */
/* Starts the clock of `step` if it does not run; says whether it has run out. */
bool oh_clock_is_up(struct oh_player *p, int step, int64_t after_ms);
/* Our step cannot be done without a message that others overtook: whether it has waited for it long
 * enough. */
bool oh_clock_has_waited(struct oh_player *p, int step, int64_t most_ms);
bool oh_clock_is_due(const struct oh_player *p, int step); /* it was started, and ran out */
bool oh_clock_is_started(const struct oh_player *p, int step);
/* A message came that is left unanswered for a time (`retransmits`): its step lasts so long. */
void oh_clock_hold(struct oh_player *p, int step);
bool oh_clock_is_holding(const struct oh_player *p, int step); /* that time runs */
/* A step before this one lasts still. */
bool oh_clock_is_held(const struct oh_player *p, int step);
/* A copy of the step's message was lost (`lose`): the next one is due by the timers of RFC 3261
 * 17.1.1.2, 17.1.2.2. As those may run slower, it is waited for twice as long and T1 more, be the
 * step's own time over or not. */
void oh_clock_await_copy(struct oh_player *p, int step);
bool oh_clock_awaits_copy(const struct oh_player *p, int step);
void oh_clocks_sweep(struct oh_player *p); /* those of steps that are done */
void oh_clocks_free(struct oh_player *p);

/* --- receive.c --- */
void oh_player_datagram(struct oh_socket *s, const struct oh_addr *from, struct oh_span bytes,
                        void *bench);
/* What came for a seat of ours (NULL: for none of this scenario). */
void oh_player_received(struct oh_player *p, struct oh_seat *seat, const struct oh_way *from,
                        struct oh_span bytes);

/* --- wire.c --- */
enum oh_sent { OH_NOT_SENT, OH_SENT, OH_WAITS };
/* Over TCP: by the connection named, else by an open one to that address, else by a new one, else
 * by the latest that the other side has opened to this seat. OH_WAITS: by one that is being made;
 * its journal entry for `step` is written when it has gone out, and where that fails the flow ends.
 */
enum oh_sent oh_wire_send(struct oh_player *p, struct oh_seat *seat, const struct oh_way *way,
                          struct oh_span bytes, int step, struct oh_error *e);
/* Whose `m` is that came this way; NULL: no phone's. By address; a connection may come from an
 * address that its host chose, and is then told by the Via, or by there being one phone alone. */
struct oh_bench_slot *oh_wire_slot(struct oh_bench *b, const struct oh_way *from,
                                   const struct oh_sip_msg *m);
/* By what way the response to `x` goes. RFC 3261 18.2.2, RFC 3581 4 */
void oh_wire_response_way(const struct oh_exchange *x, const struct oh_sip_msg *response,
                          struct oh_way *way);
/* What a request's own Via says that it goes by. */
enum oh_transport oh_wire_transport(const struct oh_player *p, const struct oh_sip_msg *request);
/* "UDP", "TCP": for the Via of a request to this URI. */
const char *oh_wire_via(const struct oh_player *p, struct oh_span target);
const char *oh_seat_uri_params(const struct oh_seat *seat); /* "" or ";transport=tcp" */
/* Opens a UDP socket and a TCP listener at a free port of `at`, which is filled in. */
int oh_wire_listen(struct oh_bench *b, const char *label, struct oh_addr *at,
                   struct oh_socket **udp, struct oh_listener **tcp, struct oh_error *e);
struct oh_conn_owner oh_wire_owner(struct oh_bench *b);
/* Ends connections in order: those that we opened, or all. */
void oh_wires_close(struct oh_bench *b, bool ours_only);
/* The seat's connections that stand, at once. */
void oh_wires_cut(struct oh_bench *b, const struct oh_seat *seat, bool reset);
/* The seat takes no new connections; and all that did not do again. */
void oh_wires_refuse(struct oh_bench *b, const struct oh_seat *seat);
int oh_wires_accept(struct oh_bench *b, struct oh_error *e);

/* --- advance.c --- */
/* The flow has this seat of ours silent now. */
bool oh_player_is_silent(struct oh_player *p, const struct oh_seat *seat);

/* --- second.c --- */
/* What the exchange has just sent goes out once more, as it is now, if its step says `twice`. */
void oh_second_set(struct oh_exchange *x, const struct oh_step *step);
void oh_seconds_free(struct oh_exchange *x);

/* --- exchange.c --- */
struct oh_exchange *oh_exchange_server(struct oh_player *p, struct oh_seat *seat,
                                       const struct oh_addr *from,
                                       const struct oh_sip_msg *request);
/* The server transaction that a request of the phone repeats, or that its ACK or CANCEL belongs to;
 * NULL. */
struct oh_exchange *oh_exchange_of_request(struct oh_player *p, const struct oh_sip_msg *m);
void oh_exchange_cancelled(struct oh_player *p, const struct oh_sip_msg *cancel);
struct oh_exchange *oh_exchange_of_cancel(struct oh_player *p, const struct oh_sip_msg *cancel);
struct oh_exchange *oh_exchange_of_ack(struct oh_player *p, const struct oh_sip_msg *ack);
struct oh_exchange *oh_exchange_of_response(struct oh_player *p, const struct oh_sip_msg *m);
struct oh_exchange *oh_exchange_with(struct oh_player *p, const struct oh_sip_msg *request);
/* Sends a response draft (taken) and repeats it as RFC 3261 says. The message as sent; NULL if it
 * could not be. `step` for the record. */
const struct oh_sip_msg *oh_exchange_respond(struct oh_exchange *x, struct oh_draft *draft,
                                             int step);
/* Another final response to a request that has one: a 2xx of a second callee, repeated until its
 * ACK comes, or one that is only sent. -1: it could not be sent. */
int oh_exchange_respond_again(struct oh_exchange *x, struct oh_call *c, struct oh_draft *draft,
                              int step);
/* Sends a request draft (taken) as a new client transaction and repeats it until it is answered.
 * ACKs have none. */
const struct oh_sip_msg *oh_exchange_request(struct oh_player *p, struct oh_seat *via,
                                             const struct oh_addr *to, struct oh_draft *draft,
                                             int step, struct oh_exchange **out);
/* Sends what is no request that anything answers. */
bool oh_exchange_send_only(struct oh_player *p, struct oh_seat *via, const struct oh_addr *to,
                           struct oh_draft *draft, int step);
/* The latest response of ours again, for a request that came again. */
void oh_exchange_repeat(struct oh_exchange *x);
const struct oh_sip_msg *oh_exchange_ack(struct oh_exchange *x, const struct oh_addr *to,
                                         struct oh_draft *draft, int step);
void oh_exchange_answered(struct oh_exchange *x, const struct oh_sip_msg *response);
void oh_exchange_acked(struct oh_exchange *x);
void oh_exchange_stop(struct oh_exchange *x);
void oh_exchange_free_all(struct oh_player *p);
/* Our final answer to an INVITE still waits for its ACK. */
bool oh_exchange_awaits_ack(const struct oh_exchange *x);
bool oh_exchange_pending(const struct oh_player *p); /* one that still waits for something */

/* --- call.c --- */
/* By Call-ID, and where callees have forked it by our tag. */
struct oh_call *oh_call_of(struct oh_player *p, const struct oh_sip_msg *m);
struct oh_call *oh_call_latest(struct oh_player *p, const struct oh_seat *phone);
/* The latest with the phone that has the name and the callee that the step gives, if it does. */
struct oh_call *oh_call_for(struct oh_player *p, const struct oh_seat *phone,
                            const struct oh_step *step);
/* What the callee `fork` makes of the phone's INVITE: a call of his own. */
struct oh_call *oh_call_fork(struct oh_player *p, struct oh_exchange *invite, const char *fork);
void oh_call_name(struct oh_call *c, const char *name); /* NULL: leaves it */
/* The latest INVITE of either side in the call; NULL. */
struct oh_exchange *oh_call_our_invite(const struct oh_call *c);
struct oh_exchange *oh_call_their_invite(const struct oh_call *c);
struct oh_call *oh_call_incoming(struct oh_player *p, struct oh_exchange *invite);
struct oh_call *oh_call_outgoing(struct oh_player *p, struct oh_seat *from, struct oh_seat *via,
                                 struct oh_seat *phone);
void oh_call_sent_response(struct oh_call *c, struct oh_exchange *x, const struct oh_sip_msg *m);
void oh_call_got_response(struct oh_call *c, struct oh_exchange *x, const struct oh_sip_msg *m);
void oh_call_got_request(struct oh_call *c, const struct oh_sip_msg *m);
void oh_call_ended(struct oh_call *c);
/* Does this PRACK acknowledge our latest reliable provisional? RFC 3262 3 */
bool oh_call_is_prack(const struct oh_call *c, const struct oh_sip_msg *prack);
/* BYE or CANCEL, whatever each needs by now; to be called again whenever something has come. */
void oh_call_close_all(struct oh_player *p);
void oh_call_free_all(struct oh_player *p);
/* An in-dialog request of our side through its proxy; NULL where there is no dialog. */
struct oh_draft *oh_call_request(struct oh_call *c, const char *method, struct oh_addr *to);
/* The ACK that the final response to our INVITE calls for, with the answer where that has the
 * offer; NULL: there is none to send. */
struct oh_draft *oh_call_ack_draft(struct oh_exchange *x, const struct oh_sdp_wish *wish,
                                   struct oh_addr *to);
const struct oh_sip_msg *oh_call_ack(struct oh_exchange *x);

/* --- compose.c --- */
/* Builds and sends our step's message. 1: its first sending is lost on purpose, and the step is
 * done when it goes out at last. -1: it cannot be built, because what it answers never came; or an
 * override names something unbound. */
int oh_compose_step(struct oh_player *p, int step, struct oh_error *e);
/* Our step's time has come but not its turn: a CANCEL waits for a provisional, RFC 3261 9.1. */
bool oh_compose_must_wait(struct oh_player *p, const struct oh_step *step);
/* The PRACK for the latest provisional to our INVITE, with the answer where that has the offer;
 * NULL without a dialog. RFC 3262 4, 5 */
struct oh_draft *oh_compose_prack(struct oh_call *c, const struct oh_sdp_wish *wish,
                                  struct oh_addr *to);
/* A correct response of ours with all that role and call add; `step` that asks for it or NULL. */
struct oh_draft *oh_compose_response(struct oh_player *p, struct oh_exchange *x, unsigned status,
                                     const struct oh_step *step);

/* --- background.c --- */
/* Answers a request that the flow does not (or no longer) answer. */
void oh_background_answer(struct oh_player *p, struct oh_exchange *x);
/* Gives every request of the phone that still has none its final answer. */
void oh_background_finish(struct oh_player *p);

/* --- bindings.c --- */
/* RFC 3261 10.3: does what a REGISTER asks. Returns 200, or 400 for a "*" that is used wrongly. */
unsigned oh_bindings_update(struct oh_bench_slot *slot, struct oh_seat *registrar, int64_t now_ns,
                            const struct oh_sip_msg *request);
/* Adds a Contact for each current binding, those of other devices included. */
void oh_bindings_list(struct oh_bench_slot *slot, const struct oh_seat *registrar, int64_t now_ns,
                      struct oh_draft *draft);
/* What a 423 must say: Min-Expires. RFC 3261 10.3 item 7 */
void oh_bindings_too_brief(const struct oh_seat *registrar, const struct oh_sip_msg *request,
                           struct oh_draft *draft);
/* The URI of the binding that was registered last, NULL without any. */
const char *oh_bindings_contact(struct oh_bench_slot *slot, int64_t now_ns);
void oh_bindings_clear(struct oh_bench_slot *slot);

/* --- earlier.c --- */
/* Late messages of the phones' calls of earlier scenarios are to be known as such: what the bench
 * remembers goes into the record, before the flow. */
void oh_earlier_record(struct oh_player *p);
/* A call that begins outside of the recording is no part of the flow either. */
void oh_earlier_now(struct oh_player *p, const struct oh_exchange *invite);
/* The scenario is over: its calls are remembered for those that follow. */
void oh_earlier_remember(struct oh_player *p);
void oh_earlier_clear(struct oh_bench_slot *slot); /* the phone's program begins anew */

/* --- media.c --- */
void oh_media_offer_answer(struct oh_call *c, const struct oh_sip_msg *remote_sdp);
/* Our SDP in this call: the answer to the offer in `offer`, or an offer of our own where that has
 * none (or is NULL). `wish` NULL: nothing is to be otherwise than usual. */
int oh_media_our_sdp(struct oh_call *c, const struct oh_sdp_wish *wish,
                     const struct oh_sip_msg *offer, struct oh_text *out, struct oh_error *e);
void oh_media_start(struct oh_call *c);
void oh_media_stop(struct oh_call *c);

/* --- record.c --- */
void oh_record_tap(const struct oh_tap_event *event, void *bench);
int oh_record_begin(struct oh_player *p, const char *folder, struct oh_error *e);
int oh_record_end(struct oh_player *p, const char *folder, struct oh_error *e);
/* Our step's message went out, as this entry of the tap (OH_NONE: it is in none); `step` may be
 * OH_NONE, and then nothing is recorded. */
void oh_record_sent(struct oh_player *p, int step, int tap, const char *seat);
void oh_record_journal(struct oh_player *p, enum oh_journal_kind kind, int step, int tap,
                       const char *seat, const char *detail);

#endif
