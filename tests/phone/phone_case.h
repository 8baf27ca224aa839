/*
 * tests/phone/phone_case.h - one phone on a loop of its own, and what it told; nothing of it may
 * remain.
 */
#ifndef OH_TESTS_PHONE_CASE_H
#define OH_TESTS_PHONE_CASE_H

#include "base/file.h"
#include "phone/phone.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_NS (20 * OH_NS_PER_S) /* far above what any case takes */

struct phone_case {
    struct oh_net *net;
    struct oh_adapter *adapter;
    struct oh_phone *phone;
    struct oh_phone_place place;
    char *tmp; /* TMPDIR of the case: empty at its end */
    int events[OH_PHONE_SAYS + 1];
    char *details[OH_PHONE_SAYS + 1]; /* the latest of each */
    int answered;
    enum oh_action_result result;
    char *answer;
};

static inline void on_case_event(struct oh_phone *p, enum oh_phone_event event, const char *detail,
                                 void *arg)
{
    struct phone_case *c = arg;
    (void)p;
    c->events[event]++;
    free(c->details[event]);
    c->details[event] = oh_strdup(detail ? detail : "");
    oh_net_stop(c->net);
}

static inline void on_case_answer(struct oh_phone *p, enum oh_action_result result,
                                  const char *detail, void *arg)
{
    struct phone_case *c = arg;
    (void)p;
    c->answered++;
    c->result = result;
    free(c->answer);
    c->answer = oh_strdup(detail ? detail : "");
    oh_net_stop(c->net);
}

/* An adapter from its text; the file is gone again. */
static inline struct oh_adapter *adapter_of(const char *text)
{
    char path[] = "/tmp/offhook-test-adapter-XXXXXX.yaml";
    struct oh_errors errors = {0};
    struct oh_error e;
    int fd = mkstemps(path, 5);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(oh_file_write(path, oh_span_of(text), 0600, &e), 0);
    struct oh_adapter *a = oh_adapter_load(path, "", &errors);
    unlink(path);
    if (!a) {
        struct oh_text told = {0};
        oh_errors_format(&errors, &told);
        print_error("%s\n", oh_text_str(&told));
        oh_text_release(&told);
    }
    oh_errors_release(&errors);
    assert_non_null(a);
    return a;
}

/* Takes the adapter. */
static inline void case_begin(struct phone_case *c, struct oh_adapter *a)
{
    struct oh_error e;
    char tmp[] = "/tmp/offhook-test-phone-XXXXXX";
    *c = (struct phone_case){.adapter = a};
    assert_non_null(mkdtemp(tmp));
    c->tmp = oh_strdup(tmp);
    setenv("TMPDIR", c->tmp, 1);
    c->net = oh_net_new(&e);
    assert_non_null(c->net);
    assert_int_equal(oh_net_free_loopback(&c->place.sip, &e), 0);
    c->place.server = c->place.sip;
    c->place.sip.ip[3] = 2;
    c->place.server.ip[3] = 1;
    c->place.sip.port = oh_net_free_port(&c->place.sip, false, &e);
    c->place.server.port = oh_net_free_port(&c->place.server, false, &e);
    c->place.rtp_port = oh_net_free_port(&c->place.sip, true, &e);
    c->place.seat = "A";
    c->place.user = "1001";
    c->place.auth_user = "1001";
    c->place.password = "secret \"1\"";
    c->place.realm = "example.com";
    c->place.program_folder = OH_BUILD_DIR;
    c->phone = oh_phone_new(c->net, a, &c->place, on_case_event, c);
    assert_non_null(c->phone);
}

/* Runs until `*count` is at least `wanted`. */
static inline void case_await(struct phone_case *c, const int *count, int wanted)
{
    int64_t end = oh_net_now(c->net) + PATIENCE_NS;
    while (*count < wanted && oh_net_now(c->net) < end)
        oh_net_run(c->net, end);
    if (*count < wanted)
        for (int i = 0; i <= OH_PHONE_SAYS; i++)
            print_error("event %d: %d times, %s\n", i, c->events[i],
                        c->details[i] ? c->details[i] : "-");
    assert_true(*count >= wanted);
}

static inline void case_start(struct phone_case *c)
{
    struct oh_error e = {0};
    if (oh_phone_start(c->phone, &e) != 0)
        print_error("%s; %s\n", e.text, e.remedy);
    assert_string_equal(e.text, "");
    case_await(c, &c->events[OH_PHONE_READY], c->events[OH_PHONE_READY] + 1);
}

static inline void case_do(struct phone_case *c, enum oh_verb verb, const char *uri)
{
    struct oh_error e = {0};
    int before = c->answered;
    assert_int_equal(oh_phone_do(c->phone, verb, &(struct oh_action_args){.uri = uri},
                                 on_case_answer, c, &e),
                     0);
    case_await(c, &c->answered, before + 1);
    assert_int_equal(c->answered, before + 1);
}

static inline bool folder_is_empty(const char *path)
{
    DIR *d = opendir(path);
    size_t count = 0;
    struct dirent *entry;
    assert_non_null(d);
    while ((entry = readdir(d)))
        count += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
    closedir(d);
    return count == 0;
}

/* Frees all, and looks whether something remains: a child, a file. */
static inline void case_end(struct phone_case *c)
{
    oh_phone_free(c->phone);
    oh_net_free(c->net);
    oh_adapter_free(c->adapter);
    assert_true(folder_is_empty(c->tmp));
    assert_int_equal(rmdir(c->tmp), 0);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    for (int i = 0; i <= OH_PHONE_SAYS; i++)
        free(c->details[i]);
    free(c->answer);
    free(c->tmp);
    unsetenv("TMPDIR");
}

#endif
