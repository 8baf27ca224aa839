/* What is shown of what a program printed: lines that say something, and those that complain first.
 */
#include "phone/self.h"

#include "phone_case.h"

#include <sys/socket.h>

static void shows(const char *printed, const char *expected)
{
    struct oh_text text = {0};
    oh_phone_add_last_words(oh_span_of(printed), &text);
    assert_string_equal(oh_text_str(&text), expected);
    oh_text_release(&text);
}

static void the_last_lines_that_are_not_empty_are_shown(void **state)
{
    (void)state;
    shows("", "");
    shows(" \n\n", "");
    shows("oh no", "; it printed last: oh no");
    shows("one\ntwo\n\nthree\nfour\n \n", "; it printed last: two | three | four");
}

static void lines_that_complain_come_before_all_others(void **state)
{
    (void)state;
    shows("loading\ncannot open a.so\nx\nNo such file\nbaresip is ready.\n",
          "; it printed: cannot open a.so | No such file");
    shows("loading\nERROR: port taken\n", "; it printed last: ERROR: port taken");
    shows("failed 1\nfailed 2\nfailed 3\nfailed 4\n",
          "; it printed last: failed 2 | failed 3 | failed 4");
}

static void what_only_moves_the_cursor_or_colours_is_left_out(void **state)
{
    (void)state;
    shows("\033[1;31mport taken\033[0m\n\033[;m", "; it printed last: port taken");
    shows("\033]0;title\aone\r\n\033]0;title\033\\two\033(B\rthree\033[K",
          "; it printed last: one | two | three");
    shows("\033", "");
    shows("\033[", "");
    shows("\033]x", "");
    shows("a\tb", "; it printed last: a\\tb");
}

/* A control connection that stands, to an adapter that waits for what never comes over it. */
static void a_pattern_that_never_came_is_named_with_what_may_have_been_missed(void **state)
{
    struct phone_case c;
    struct oh_error e;
    struct oh_addr at;
    char text[OH_ADDR_TEXT];
    (void)state;
    struct oh_net *net = oh_net_new(&e);
    static const struct oh_conn_owner nobody = {0};
    assert_int_equal(oh_net_free_loopback(&at, &e), 0);
    at.port = oh_net_free_port(&at, false, &e);
    struct oh_listener *l = oh_tcp_listen(net, "control", &at, &nobody, &e);
    assert_non_null(l);
    char *adapter = oh_format("format: 1\ntitle: x\nstart: [sleep, \"60\"]\n"
                              "drive: {with: tcp-netstring, connect: \"%s\"}\n"
                              "ready: {event: {event: ready}, within: 200 ms}\nverbs: {}\n",
                              oh_addr_format(&at, text));
    case_begin(&c, adapter_of(adapter));
    assert_int_equal(oh_phone_start(c.phone, &e), 0);
    case_await(&c, &c.events[OH_PHONE_FAILED], 1);
    assert_string_equal(
        c.details[OH_PHONE_FAILED],
        "'sleep' was not ready within 200 ms: the connection stands, but 'ready: event: "
        "{\"event\":\"ready\"}' never came; it may have come before the connection: 'ready: {send: "
        "...}', a command that is answered, cannot miss it");
    case_end(&c);
    oh_listener_close(l);
    oh_net_free(net);
    free(adapter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_lines_that_are_not_empty_are_shown),
        cmocka_unit_test(lines_that_complain_come_before_all_others),
        cmocka_unit_test(what_only_moves_the_cursor_or_colours_is_left_out),
        cmocka_unit_test(a_pattern_that_never_came_is_named_with_what_may_have_been_missed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
