/* Connections, in both makes of the net: on loopback, and in the in-memory twin. */
#include "base/file.h"
#include "net/internal.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define MS       OH_NS_PER_MS
#define PATIENCE (20000 * MS) /* for what must happen; never waited out where all is well */

#define MESSAGE(n) "OPTIONS sip:" n "@192.0.2.1 SIP/2.0\r\nContent-Length: 0\r\n\r\n"

static struct oh_addr addr(const char *text)
{
    struct oh_addr a;
    assert_int_equal(oh_addr_parse(oh_span_of(text), &a, NULL), 0);
    return a;
}

/* One net with a listener S and a connection C to it. All that happens is written down; the net
 * stops when `awaited` stands at the end of it. */
struct bench {
    struct oh_net *net;
    struct oh_listener *listener;
    struct oh_conn *client, *server; /* NULL once told that it is over */
    struct oh_text log, tap;
    const char *awaited;
    bool close_when_got, nested, answers;
};

static bool ends_with(const struct oh_text *t, const char *tail)
{
    size_t len = strlen(tail);
    return t->len >= len && memcmp(t->at + t->len - len, tail, len) == 0;
}

static void note(struct bench *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void note(struct bench *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    oh_text_addv(&b->log, format, args);
    va_end(args);
    if (b->awaited && ends_with(&b->log, b->awaited)) {
        b->awaited = NULL;
        oh_net_stop(b->net);
    }
}

/* Runs until this is the end of what happened. */
static void await(struct bench *b, const char *what)
{
    if (ends_with(&b->log, what))
        return;
    b->awaited = what;
    if (!oh_net_run(b->net, oh_net_now(b->net) + PATIENCE))
        fail_msg("waiting for '%s', got '%s'", what, oh_text_str(&b->log));
}

static void accepted(struct oh_listener *l, struct oh_conn *c, void *arg)
{
    struct bench *b = arg;
    assert_ptr_equal(l, b->listener);
    assert_true(oh_conn_is_open(c));
    assert_null(oh_conn_data(c));
    oh_conn_set_data(c, b);
    b->server = c;
    note(b, "accepted ");
}

static void connected(struct oh_conn *c, void *arg)
{
    struct bench *b = arg;
    assert_ptr_equal(c, b->client);
    assert_true(oh_conn_is_open(c));
    note(b, "connected ");
}

/* The user part of a request of MESSAGE, else the bytes as they are. */
static struct oh_span short_form(struct oh_span bytes)
{
    if (!oh_span_starts_with(bytes, "OPTIONS sip:"))
        return bytes;
    return oh_span_sub(bytes, 12, oh_span_find(bytes, '@') - 12);
}

static void got(struct oh_conn *c, struct oh_span bytes, void *arg)
{
    struct bench *b = arg;
    const char *side = c == b->client ? "C" : "S";
    struct oh_text text = {0};
    oh_text_add_quoted(&text, short_form(bytes), 24);
    note(b, "%s<%s ", side, oh_text_str(&text));
    if (b->answers)
        assert_int_equal(oh_conn_send(c, oh_span_of("\r\n\r\n"), NULL), 0);
    if (b->nested) {
        const char *outer = b->awaited;
        b->nested = false;
        await(b, "2 ");
        b->awaited = outer;
        note(b, "outer:%s ", oh_text_str(&text));
    }
    if (b->close_when_got) {
        oh_conn_close(c, false);
        *(c == b->client ? &b->client : &b->server) = NULL;
        note(b, "closed ");
    }
    oh_text_release(&text);
}

static void ended(struct oh_conn *c, const char *why, void *arg)
{
    struct bench *b = arg;
    bool is_client = c == b->client;
    assert_false(oh_conn_is_open(c));
    oh_conn_close(c, false); /* nothing happens */
    *(is_client ? &b->client : &b->server) = NULL;
    note(b, "%s-ended%s ", is_client ? "C" : "S", why ? ":" : "");
    if (why)
        note(b, "%s|", strrchr(why, ':') + 2);
}

static void on_tap(const struct oh_tap_event *event, void *arg)
{
    struct bench *b = arg;
    assert_int_equal(event->transport, OH_TRANSPORT_TCP);
    assert_true(event->wall_ns > 0 && event->wall_ns <= oh_net_wall(b->net));
    struct oh_text text = {0};
    oh_text_add_quoted(&text, short_form(event->bytes), 24);
    oh_text_addf(&b->tap, "%s%c%s ", event->label, event->sent ? '>' : '<', oh_text_str(&text));
    oh_text_release(&text);
}

static struct oh_conn_owner owner_of(struct bench *b)
{
    return (struct oh_conn_owner){
        .accepted = accepted, .connected = connected, .got = got, .ended = ended, .arg = b};
}

static void set_up(struct bench *b, void **state, const char *ip)
{
    struct oh_error e = {0};
    struct oh_addr local = addr(ip);
    struct oh_conn_owner owner = owner_of(b);
    bool memory = *(const bool *)*state;
    *b = (struct bench){.net = memory ? oh_net_new_memory() : oh_net_new(&e)};
    assert_non_null(b->net);
    oh_net_tap(b->net, on_tap, b);
    b->listener = oh_tcp_listen(b->net, "S", &local, &owner, &e);
}

static void call(struct bench *b)
{
    struct oh_error e = {0};
    struct oh_conn_owner owner = owner_of(b);
    struct oh_addr local = *oh_listener_local(b->listener);
    local.port = 0;
    b->client = oh_tcp_connect(b->net, "C", &local, oh_listener_local(b->listener), &owner, &e);
    assert_non_null(b->client);
}

/* Both ends know of each other. */
static void meet(struct bench *b)
{
    call(b);
    while (!b->server || !oh_conn_is_open(b->client)) {
        b->awaited = b->server ? "connected " : "accepted ";
        assert_true(oh_net_run(b->net, oh_net_now(b->net) + PATIENCE));
    }
    oh_text_clear(&b->log);
}

static void setup(struct bench *b, void **state)
{
    set_up(b, state, "127.0.0.1");
    assert_non_null(b->listener);
    meet(b);
}

static void teardown(struct bench *b)
{
    oh_net_free(b->net);
    oh_text_release(&b->log);
    oh_text_release(&b->tap);
}

static void say(struct oh_conn *c, const char *text)
{
    struct oh_error e = {0};
    if (oh_conn_send(c, oh_span_of(text), &e) != 0)
        fail_msg("%s", e.text);
}

static void expect_log(const struct bench *b, const char *due)
{
    assert_string_equal(oh_text_str(&b->log), due);
}

static void a_connection_knows_both_of_its_ends(void **state)
{
    struct bench b;
    setup(&b, state);
    assert_true(oh_addr_equal(oh_conn_remote(b.client), oh_listener_local(b.listener)));
    assert_true(oh_addr_equal(oh_conn_local(b.server), oh_listener_local(b.listener)));
    assert_true(oh_addr_equal(oh_conn_remote(b.server), oh_conn_local(b.client)));
    assert_true(oh_conn_local(b.client)->port != 0);
    assert_string_equal(oh_conn_label(b.server), "S");
    assert_string_equal(oh_conn_label(b.client), "C");
    teardown(&b);
}

static void messages_arrive_whole_whatever_the_chunks(void **state)
{
    struct bench b;
    setup(&b, state);
    say(b.client, MESSAGE("1") MESSAGE("2") "\r\n\r\nOPTIONS si");
    await(&b, "S<\\r\\n\\r\\n ");
    say(b.client, "p:3@192.0.2.1 SIP/2.0\r\nContent-Length: 0\r\n\r\nnoise\r\n");
    await(&b, "3 ");
    say(b.client, MESSAGE("4"));
    await(&b, "4 ");
    expect_log(&b, "S<1 S<2 S<\\r\\n\\r\\n S<3 S<noise\\r\\n S<4 ");
    teardown(&b);
}

static void both_sides_may_speak(void **state)
{
    struct bench b;
    setup(&b, state);
    b.answers = true;
    say(b.client, MESSAGE("1"));
    await(&b, "C<\\r\\n\\r\\n ");
    teardown(&b);
}

static void what_is_sent_before_the_connection_stands_goes_out_then(void **state)
{
    struct bench b;
    set_up(&b, state, "127.0.0.1");
    call(&b);
    say(b.client, MESSAGE("1"));
    say(b.client, MESSAGE("2"));
    await(&b, "S<2 ");
    teardown(&b);
}

static void the_tap_sees_every_piece_of_either_side(void **state)
{
    struct bench b;
    setup(&b, state);
    say(b.client, MESSAGE("1") MESSAGE("2"));
    await(&b, "2 ");
    assert_string_equal(oh_text_str(&b.tap), "C>1 S<1 S<2 ");
    say(b.server, "half");
    oh_conn_close(b.server, false);
    await(&b, "C-ended "); /* the rest is no piece for the owner; the record has it */
    assert_string_equal(oh_text_str(&b.tap), "C>1 S<1 S<2 S>half C<half ");
    teardown(&b);
}

static void an_orderly_end_loses_nothing(void **state)
{
    struct bench b;
    setup(&b, state);
    say(b.client, MESSAGE("1") "\r\n\r\n" MESSAGE("2"));
    oh_conn_close(b.client, false);
    b.client = NULL;
    await(&b, "S-ended ");
    expect_log(&b, "S<1 S<\\r\\n\\r\\n S<2 S-ended ");
    teardown(&b);
}

static void a_close_waits_for_what_the_kernel_has_not_taken(void **state)
{
    struct bench b;
    set_up(&b, state, "127.0.0.1");
    char *body = oh_alloc(1000000 + 1);
    memset(body, 'x', 1000000);
    char *text =
        oh_format("OPTIONS sip:big@192.0.2.1 SIP/2.0\r\nContent-Length: 1000000\r\n\r\n%s", body);
    call(&b);
    for (int i = 0; i < 7; i++)
        say(b.client, text);
    oh_conn_close(b.client, false);
    b.client = NULL;
    await(&b, "S-ended ");
    expect_log(&b, "accepted S<big S<big S<big S<big S<big S<big S<big S-ended ");
    free(text);
    free(body);
    teardown(&b);
}

static void who_does_not_read_is_not_sent_more_than_is_kept(void **state)
{
    struct bench b;
    struct oh_error e = {0};
    set_up(&b, state, "127.0.0.1");
    char *text = oh_alloc(1000001);
    memset(text, 'x', 1000000);
    call(&b);
    for (int i = 0; i < 8; i++) /* nothing of it goes out yet */
        say(b.client, text);
    assert_int_equal(oh_conn_send(b.client, oh_span_of(text), &e), -1);
    assert_non_null(strstr(e.text, "does not read what it is sent"));
    assert_null(strstr(oh_text_str(&b.tap), "C>"));
    free(text);
    teardown(&b);
}

static void a_reset_is_told_with_its_reason(void **state)
{
    struct bench b;
    setup(&b, state);
    say(b.client, "OPTIONS sip:half@192.0.2.1 SIP/2.0\r\nConte");
    oh_conn_close(b.client, true);
    b.client = NULL;
    await(&b, "|");
    expect_log(&b, "S-ended: the other side reset the connection|");
    teardown(&b);
}

static void where_nobody_listens_no_connection_is_made(void **state)
{
    struct bench b;
    struct oh_error e = {0};
    set_up(&b, state, "127.0.0.1");
    struct oh_conn_owner owner = owner_of(&b);
    struct oh_addr local = addr("127.0.0.1"), remote = *oh_listener_local(b.listener);
    oh_listener_close(b.listener);
    b.client = oh_tcp_connect(b.net, "C", &local, &remote, &owner, &e);
    if (b.client) { /* some kernels know it at once */
        say(b.client, MESSAGE("1"));
        await(&b, "|");
        expect_log(&b, "C-ended: nobody listens there|");
    } else {
        assert_non_null(strstr(e.text, "nobody listens there"));
    }
    assert_string_equal(oh_text_str(&b.tap), "");
    teardown(&b);
}

static void closing_the_listener_leaves_its_connections(void **state)
{
    struct bench b;
    setup(&b, state);
    oh_listener_close(b.listener);
    say(b.client, MESSAGE("1"));
    await(&b, "S<1 ");
    teardown(&b);
}

static void an_owner_may_close_while_it_is_told(void **state)
{
    struct bench b;
    setup(&b, state);
    b.close_when_got = true;
    say(b.client, MESSAGE("1") MESSAGE("2"));
    await(&b, "C-ended ");
    expect_log(&b, "S<1 closed C-ended ");
    teardown(&b);
}

static void a_nested_run_goes_on_with_the_next_piece(void **state)
{
    struct bench b;
    setup(&b, state);
    b.nested = true;
    say(b.client, MESSAGE("1") MESSAGE("2") MESSAGE("3"));
    await(&b, "3 ");
    expect_log(&b, "S<1 S<2 outer:1 S<3 ");
    teardown(&b);
}

static void stopping_keeps_the_pieces_for_the_next_run(void **state)
{
    struct bench b;
    setup(&b, state);
    say(b.client, MESSAGE("1") MESSAGE("2"));
    await(&b, "1 ");
    expect_log(&b, "S<1 ");
    await(&b, "2 ");
    expect_log(&b, "S<1 S<2 ");
    teardown(&b);
}

static void a_message_that_is_cut_comes_whole(void **state)
{
    struct bench b;
    struct oh_error e = {0};
    setup(&b, state);
    struct oh_span bytes = oh_span_of(MESSAGE("1") MESSAGE("2"));
    assert_int_equal(oh_conn_send_cut(b.client, bytes, (unsigned[]){1, 60, 9999}, 3, &e), 0);
    await(&b, "2 ");
    expect_log(&b, "S<1 S<2 ");
    teardown(&b);
}

static void one_port_serves_UDP_and_TCP(void **state)
{
    struct bench b;
    struct oh_error e = {0};
    set_up(&b, state, "127.0.0.1");
    struct oh_addr local = addr("127.0.0.1");
    struct oh_conn_owner owner = owner_of(&b);
    local.port = oh_net_free_port(&local, false, &e);
    assert_non_null(oh_udp_open(b.net, "U", &local, (oh_datagram_fn *)abort, NULL, &e));
    struct oh_listener *l = oh_tcp_listen(b.net, "T", &local, &owner, &e);
    assert_non_null(l);
    assert_true(oh_addr_equal(oh_listener_local(l), &local));
    teardown(&b);
}

static void a_taken_port_is_told_with_its_transport(void **state)
{
    struct bench b;
    struct oh_error e = {0};
    set_up(&b, state, "127.0.0.1");
    struct oh_conn_owner owner = owner_of(&b);
    assert_null(oh_tcp_listen(b.net, "T", oh_listener_local(b.listener), &owner, &e));
    assert_non_null(strstr(e.text, "another socket has that TCP port"));
    assert_true(*e.remedy);
    struct oh_addr any = addr("0.0.0.0:5060");
    assert_null(oh_tcp_listen(b.net, "T", &any, &owner, &e));
    assert_non_null(strstr(e.text, "every address of this machine"));
    teardown(&b);
}

static void a_port_is_free_again_when_its_connections_have_ended(void **state)
{
    struct bench b;
    struct oh_error e = {0};
    setup(&b, state);
    struct oh_conn_owner owner = owner_of(&b);
    struct oh_addr local = *oh_listener_local(b.listener);
    oh_conn_close(b.server, false); /* who ends first has the port in TIME-WAIT */
    b.server = NULL;
    await(&b, "C-ended ");
    oh_listener_close(b.listener);
    b.listener = oh_tcp_listen(b.net, "S", &local, &owner, &e);
    assert_non_null(b.listener);
    teardown(&b);
}

static void where_nothing_can_be_connected_to_the_sentence_says_so(void **state)
{
    struct bench b;
    struct oh_error e = {0};
    set_up(&b, state, "127.0.0.1");
    struct oh_conn_owner owner = owner_of(&b);
    struct oh_addr local = addr("127.0.0.1"), portless = local, other = addr("[::1]:5060");
    assert_null(oh_tcp_connect(b.net, "C", &local, &portless, &owner, &e));
    assert_non_null(strstr(e.text, "it has no port"));
    assert_null(oh_tcp_connect(b.net, "C", &local, &other, &owner, &e));
    assert_non_null(strstr(e.text, "another address family"));
    teardown(&b);
}

static void IPv6_is_the_same(void **state)
{
    struct bench b;
    set_up(&b, state, "::1");
    if (!b.listener) {
        teardown(&b);
        skip();
    }
    meet(&b);
    say(b.client, MESSAGE("1"));
    await(&b, "S<1 ");
    teardown(&b);
}

/* --- a stranger's socket; the real net alone --- */

static int stranger(struct bench *b)
{
    struct sockaddr_storage name;
    socklen_t len = oh_addr_to_sockaddr(oh_listener_local(b->listener), &name);
    int fd = socket(name.ss_family, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&name, len), 0);
    await(b, "accepted ");
    return fd;
}

static void half_a_message_and_silence_is_nothing_yet(void **state)
{
    struct bench b;
    set_up(&b, state, "127.0.0.1");
    int fd = stranger(&b);
    assert_true(write(fd, "OPTIONS sip:a@192.0.2.1 S", 25) == 25);
    b.awaited = NULL;
    assert_false(oh_net_run(b.net, oh_net_now(b.net) + 20 * MS));
    expect_log(&b, "accepted ");
    assert_true(oh_conn_is_open(b.server));
    close(fd);
    await(&b, "S-ended ");
    assert_string_equal(oh_text_str(&b.tap), "S<a ");
    teardown(&b);
}

/* RFC 9293 3.6: it has no more to say, and may still be spoken to. */
static void who_has_closed_its_half_is_answered_still(void **state)
{
    struct bench b;
    char answer[8] = "";
    set_up(&b, state, "127.0.0.1");
    int fd = stranger(&b);
    b.answers = true;
    assert_true(write(fd, MESSAGE("1"), strlen(MESSAGE("1"))) > 0);
    shutdown(fd, SHUT_WR);
    await(&b, "S-ended ");
    assert_int_equal(read(fd, answer, sizeof answer), 4);
    assert_string_equal(answer, "\r\n\r\n");
    assert_int_equal(read(fd, answer, sizeof answer), 0);
    close(fd);
    teardown(&b);
}

static void an_RST_on_demand_is_one(void **state)
{
    struct bench b;
    char byte;
    set_up(&b, state, "127.0.0.1");
    int fd = stranger(&b);
    oh_conn_close(b.server, true);
    assert_int_equal(read(fd, &byte, 1), -1);
    close(fd);
    teardown(&b);
}

int main(void)
{
    static bool real = false, memory = true;
#define BOTH(test)                                                                                 \
    {"real: " #test, test, NULL, NULL, &real},                                                     \
    {                                                                                              \
        "twin: " #test, test, NULL, NULL, &memory                                                  \
    }
#define REAL(test)                                                                                 \
    {                                                                                              \
        "real: " #test, test, NULL, NULL, &real                                                    \
    }
    const struct CMUnitTest tests[] = {
        BOTH(a_connection_knows_both_of_its_ends),
        BOTH(messages_arrive_whole_whatever_the_chunks),
        BOTH(both_sides_may_speak),
        BOTH(what_is_sent_before_the_connection_stands_goes_out_then),
        BOTH(the_tap_sees_every_piece_of_either_side),
        BOTH(an_orderly_end_loses_nothing),
        BOTH(a_close_waits_for_what_the_kernel_has_not_taken),
        BOTH(who_does_not_read_is_not_sent_more_than_is_kept),
        BOTH(a_reset_is_told_with_its_reason),
        BOTH(where_nobody_listens_no_connection_is_made),
        BOTH(closing_the_listener_leaves_its_connections),
        BOTH(an_owner_may_close_while_it_is_told),
        BOTH(a_nested_run_goes_on_with_the_next_piece),
        BOTH(stopping_keeps_the_pieces_for_the_next_run),
        BOTH(a_message_that_is_cut_comes_whole),
        BOTH(one_port_serves_UDP_and_TCP),
        BOTH(a_taken_port_is_told_with_its_transport),
        BOTH(a_port_is_free_again_when_its_connections_have_ended),
        BOTH(where_nothing_can_be_connected_to_the_sentence_says_so),
        BOTH(IPv6_is_the_same),
        REAL(half_a_message_and_silence_is_nothing_yet),
        REAL(who_has_closed_its_half_is_answered_still),
        REAL(an_RST_on_demand_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
