/*
 * tests/play/twin.h - a seat of ours and a phone on the in-memory net, where 64*T1 costs nothing.
 * What the phone got is kept with its time.
 */
#ifndef OH_TESTS_PLAY_TWIN_H
#define OH_TESTS_PLAY_TWIN_H

#include "base/file.h"
#include "play/player.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct got {
    struct oh_sip_msg *msg;
    int64_t at_ms;
};

struct twin {
    struct oh_bench bench;
    struct oh_bench_slot slot;
    struct oh_player player;
    struct oh_seat seats[2]; /* ours and the phone's */
    struct oh_socket *phone;
    struct got *got;
    size_t got_count, got_room;
};

static inline void on_phone_datagram(struct oh_socket *s, const struct oh_addr *from,
                                     struct oh_span bytes, void *arg)
{
    struct twin *t = arg;
    (void)s;
    (void)from;
    oh_grow(&t->got, t->got_count, &t->got_room, sizeof *t->got);
    t->got[t->got_count++] =
        (struct got){oh_sip_msg_parse(bytes), oh_net_now(t->bench.net) / OH_NS_PER_MS};
    assert_non_null(t->got[t->got_count - 1].msg);
}

static inline struct oh_addr address(const char *text)
{
    struct oh_addr a;
    struct oh_error e = {0};
    assert_int_equal(oh_addr_parse(oh_span_of(text), &a, &e), 0);
    return a;
}

static inline int twin_setup(void **state)
{
    struct twin *t = oh_alloc(sizeof *t);
    struct oh_error e = {0};
    struct oh_addr ours = address("127.9.9.1:5060"), phones = address("127.9.9.2:5060");
    t->bench.net = oh_net_new_memory();
    t->bench.home = oh_udp_open(t->bench.net, "home", &ours, oh_player_datagram, &t->bench, &e);
    t->phone = oh_udp_open(t->bench.net, "phone", &phones, on_phone_datagram, t, &e);
    assert_non_null(t->bench.home);
    assert_non_null(t->phone);
    t->slot = (struct oh_bench_slot){.sip = phones, .bench = &t->bench};
    t->bench.slots = &t->slot;
    t->bench.slot_count = 1;
    t->seats[0] = (struct oh_seat){.name = "P",
                                   .role = OH_ROLE_PROXY,
                                   .sip = t->bench.home,
                                   .sip_addr = ours,
                                   .uri = oh_strdup("sip:2@127.9.9.1:5060"),
                                   .contact = oh_strdup("sip:2@127.9.9.1:5060")};
    t->seats[1] = (struct oh_seat){.name = "A",
                                   .role = OH_ROLE_PHONE,
                                   .sip_addr = phones,
                                   .phone = &t->slot,
                                   .uri = oh_strdup("sip:1@127.9.9.1:5060"),
                                   .contact = oh_strdup("sip:1@127.9.9.2:5060")};
    for (size_t i = 0; i < 2; i++)
        oh_addr_format(&t->seats[i].sip_addr, t->seats[i].host_port);
    t->player = (struct oh_player){.bench = &t->bench,
                                   .net = t->bench.net,
                                   .seats = t->seats,
                                   .seat_count = 2,
                                   .phase = OH_PHASE_CLOSING,
                                   .ended = true};
    t->bench.player = &t->player;
    *state = t;
    return 0;
}

static inline int twin_teardown(void **state)
{
    struct twin *t = *state;
    oh_exchange_free_all(&t->player);
    oh_call_free_all(&t->player);
    for (size_t i = 0; i < t->player.kept_count; i++)
        oh_sip_msg_free(t->player.kept[i]);
    free(t->player.kept);
    for (size_t i = 0; i < t->got_count; i++)
        oh_sip_msg_free(t->got[i].msg);
    free(t->got);
    for (size_t i = 0; i < 2; i++) {
        free(t->seats[i].uri);
        free(t->seats[i].contact);
        free(t->seats[i].nonce);
    }
    oh_bindings_clear(&t->slot);
    oh_net_free(t->bench.net);
    free(t);
    return 0;
}

static inline void run_until_ms(struct twin *t, int64_t ms)
{
    while (oh_net_now(t->bench.net) < ms * OH_NS_PER_MS)
        oh_net_run(t->bench.net, ms * OH_NS_PER_MS);
}

/* What is under way arrives. */
static inline void settle(struct twin *t)
{
    int64_t now = oh_net_now(t->bench.net);
    for (int i = 0; i < 8; i++)
        oh_net_run(t->bench.net, now);
}

static inline void phone_sends(struct twin *t, const char *text)
{
    struct oh_error e = {0};
    assert_int_equal(oh_udp_send(t->phone, &t->seats[0].sip_addr, oh_span_of(text), &e), 0);
    settle(t);
}

/* A request of the phone; `more` are further header lines, each with its line end. */
static inline char *request(const char *method, const char *branch, int cseq, const char *call_id,
                            const char *more)
{
    return oh_format("%s sip:2@127.9.9.1:5060 SIP/2.0\r\n"
                     "Via: SIP/2.0/UDP 127.9.9.2:5060;branch=%s\r\n"
                     "Max-Forwards: 70\r\n"
                     "From: <sip:1@127.9.9.1>;tag=a\r\n"
                     "Call-ID: %s\r\n"
                     "CSeq: %d %s\r\n"
                     "%s%s"
                     "Content-Length: 0\r\n\r\n",
                     method, branch, call_id, cseq, method,
                     strstr(more, "To:") ? "" : "To: <sip:2@127.9.9.1>\r\n", more);
}

static inline void phone_requests(struct twin *t, const char *method, const char *branch, int cseq,
                                  const char *call_id, const char *more)
{
    char *text = request(method, branch, cseq, call_id, more);
    phone_sends(t, text);
    free(text);
}

/* The phone's answer to the latest message that it got, or to the n-th one. */
static inline void phone_answers(struct twin *t, size_t n, unsigned status, const char *more)
{
    const struct oh_sip_msg *m = t->got[n].msg;
    char *tag = strstr(more, "tag:") ? oh_strdup(strstr(more, "tag:") + 4) : oh_strdup("b");
    struct oh_draft *d = oh_draft_response(m, NULL, status, NULL, tag);
    struct oh_text wire = {0};
    oh_draft_add(d, "Contact", "<sip:1@127.9.9.2:5060>");
    oh_draft_format(d, &wire);
    phone_sends(t, oh_text_str(&wire));
    oh_text_release(&wire);
    oh_draft_free(d);
    free(tag);
}

static inline size_t got_of(const struct twin *t, const char *method, unsigned status)
{
    size_t count = 0;
    for (size_t i = 0; i < t->got_count; i++) {
        const struct oh_sip_msg *m = t->got[i].msg;
        count += status ? m->status == status && oh_span_is(oh_sip_msg_method(m), method)
                        : oh_sip_msg_is_method(m, method);
    }
    return count;
}

static inline const struct oh_sip_msg *latest(const struct twin *t)
{
    assert_true(t->got_count > 0);
    return t->got[t->got_count - 1].msg;
}

static inline struct oh_exchange *our_request(struct twin *t, const char *method,
                                              struct oh_call **call)
{
    struct oh_exchange *x = NULL;
    struct oh_call *c = oh_call_outgoing(&t->player, &t->seats[0], &t->seats[0], &t->seats[1]);
    struct oh_draft *d = oh_draft_request(method, t->seats[1].contact);
    oh_draft_add(d, "Via", "SIP/2.0/UDP 127.9.9.1:5060;branch=z9hG4bKour%s", method);
    oh_draft_add(d, "Max-Forwards", "70");
    oh_draft_add(d, "From", "<%s>;tag=%s", t->seats[0].uri, c->local_tag);
    oh_draft_add(d, "To", "<%s>", t->seats[1].uri);
    oh_draft_add(d, "Call-ID", "%s", c->call_id);
    oh_draft_add(d, "CSeq", "1 %s", method);
    oh_draft_add(d, "Contact", "<%s>", t->seats[0].contact);
    assert_non_null(
        oh_exchange_request(&t->player, &t->seats[0], &t->seats[1].sip_addr, d, OH_NONE, &x));
    x->call = c;
    c->invite = x->is_invite ? x : NULL;
    if (call)
        *call = c;
    settle(t);
    return x;
}

#endif
