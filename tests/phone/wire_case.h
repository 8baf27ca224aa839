/*
 * tests/phone/wire_case.h - a driver that connects to an endpoint in the test.
 */
#ifndef OH_TESTS_WIRE_CASE_H
#define OH_TESTS_WIRE_CASE_H

#include "phone/driver.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_NS (20 * OH_NS_PER_S)

struct wire {
    struct oh_net *net;
    const struct oh_driver_ops *ops;
    const struct oh_terminal_plan *terminal; /* of drivers of text */
    struct oh_addr at;
    int listener, peer;
    struct oh_driver *driver;
    int ups, downs;
    struct oh_text got; /* messages, each followed by a newline */
    char *why;
};

static inline void on_got(struct oh_span message, uint64_t answer_to, void *arg)
{
    struct wire *w = arg;
    if (!w->ops->is_text)
        assert_int_equal(answer_to, OH_ANSWERS_SOMETHING);
    else if (answer_to != OH_ANSWERS_NOTHING)
        oh_text_addf(&w->got, "%u: ", (unsigned)answer_to);
    oh_text_add_span(&w->got, message);
    oh_text_add_char(&w->got, '\n');
    oh_net_stop(w->net);
}

static inline void on_up(void *arg)
{
    struct wire *w = arg;
    w->ups++;
    oh_net_stop(w->net);
}

static inline void on_down(const char *why, void *arg)
{
    struct wire *w = arg;
    w->downs++;
    free(w->why);
    w->why = oh_strdup(why);
    oh_net_stop(w->net);
}

/* Set-up and tear-down of a test. */
static inline int begin_wire_of(void **state, const char *driver)
{
    struct wire *w = oh_alloc(sizeof *w);
    *state = w;
    w->ops = oh_driver_by_name(driver);
    w->listener = w->peer = -1;
    w->net = oh_net_new(NULL);
    if (!w->net || oh_net_free_loopback(&w->at, NULL) != 0)
        return -1;
    w->at.ip[3] = 2;
    w->at.port = oh_net_free_port(&w->at, false, NULL);
    return w->at.port ? 0 : -1;
}

static inline int end_wire(void **state)
{
    struct wire *w = *state;
    w->ops->close(w->driver);
    if (w->peer >= 0)
        close(w->peer);
    if (w->listener >= 0)
        close(w->listener);
    oh_net_free(w->net);
    oh_text_release(&w->got);
    free(w->why);
    free(w);
    return 0;
}

static inline void open_driver(struct wire *w)
{
    char text[OH_ADDR_TEXT];
    struct oh_error e = {0};
    struct oh_driver_owner owner = {on_got, on_up, on_down, w};
    struct oh_driver_plan plan = {.connect = oh_addr_format(&w->at, text), .terminal = w->terminal};
    w->driver = w->ops->open(w->net, &plan, &owner, &e);
    assert_non_null(w->driver);
}

static inline void listen_now(struct wire *w)
{
    struct sockaddr_storage name;
    socklen_t len = oh_addr_to_sockaddr(&w->at, &name);
    int on = 1;
    w->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(w->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    assert_int_equal(bind(w->listener, (struct sockaddr *)&name, len), 0);
    assert_int_equal(listen(w->listener, 1), 0);
}

static inline void await_count(struct wire *w, const int *count)
{
    int64_t end = oh_net_now(w->net) + PATIENCE_NS;
    while (!*count && oh_net_now(w->net) < end)
        oh_net_run(w->net, end);
    assert_int_equal(*count, 1);
}

static inline void await_text(struct wire *w, const char *wanted)
{
    int64_t end = oh_net_now(w->net) + PATIENCE_NS;
    while (w->got.len < strlen(wanted) && oh_net_now(w->net) < end)
        oh_net_run(w->net, end);
    assert_string_equal(oh_text_str(&w->got), wanted);
}

static inline void connect_all(struct wire *w)
{
    listen_now(w);
    open_driver(w);
    await_count(w, &w->ups);
    w->peer = accept(w->listener, NULL, NULL);
    assert_true(w->peer >= 0);
}

static inline void say(struct wire *w, const char *bytes)
{
    assert_int_equal(send(w->peer, bytes, strlen(bytes), MSG_NOSIGNAL), (ssize_t)strlen(bytes));
}

/* What has come from the driver, so many bytes. */
static inline void hear(struct wire *w, const char *wanted)
{
    char bytes[1024] = "";
    size_t len = 0;
    while (len < strlen(wanted)) {
        ssize_t got = recv(w->peer, bytes + len, sizeof bytes - 1 - len, 0);
        assert_true(got > 0);
        len += (size_t)got;
    }
    assert_string_equal(bytes, wanted);
}

static inline void tell_phone(struct wire *w, uint64_t id, const char *message)
{
    struct oh_error e = {0};
    assert_int_equal(w->ops->send(w->driver, id, oh_span_of(message), &e), 0);
}

#define WIRE(f) cmocka_unit_test_setup_teardown(f, begin_wire, end_wire)

#endif
