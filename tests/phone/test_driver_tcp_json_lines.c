/* The driver against an endpoint in the test: lines whole, in parts, several at once, too long, and
 * a last one without its end. */
#include "wire_case.h"

static int begin_wire(void **state)
{
    return begin_wire_of(state, "tcp-json-lines");
}

static void messages_are_lines(void **state)
{
    struct wire *w = *state;
    connect_all(w);
    tell_phone(w, 1, "{\"a\":1}");
    tell_phone(w, 2, "{\"b\":\"\\n; $(id) * ? [ \\\\ ' \\\" %s\"}");
    hear(w, "{\"a\":1}\n{\"b\":\"\\n; $(id) * ? [ \\\\ ' \\\" %s\"}\n");
}

static void lines_come_several_at_once_and_in_parts(void **state)
{
    struct wire *w = *state;
    connect_all(w);
    say(w, "{}\n\r\n  \n{\"a\":");
    await_text(w, "{}\n");
    oh_net_run(w->net, oh_net_now(w->net) + 20 * OH_NS_PER_MS);
    assert_string_equal(oh_text_str(&w->got), "{}\n");
    say(w, "1}\r\n");
    await_text(w, "{}\n{\"a\":1}\n");
    assert_int_equal(w->downs, 0);
}

/* It costs no more than its limit, and what follows is heard again. */
static void a_line_that_is_too_long_is_passed_over(void **state)
{
    struct wire *w = *state;
    char flood[4096];
    memset(flood, 'x', sizeof flood);
    connect_all(w);
    for (size_t sent = 0; sent < 3U << 20; sent += sizeof flood) {
        assert_int_equal(send(w->peer, flood, sizeof flood, MSG_NOSIGNAL), sizeof flood);
        oh_net_run(w->net, oh_net_now(w->net));
    }
    say(w, "\n{\"after\":1}\n");
    await_text(w, "{\"after\":1}\n");
    assert_int_equal(w->downs, 0);
}

static void the_last_line_may_lack_its_end(void **state)
{
    struct wire *w = *state;
    connect_all(w);
    say(w, "{\"bye\":1}");
    close(w->peer);
    w->peer = -1;
    await_count(w, &w->downs);
    assert_string_equal(oh_text_str(&w->got), "{\"bye\":1}\n");
    assert_string_equal(w->why, "the phone closed its control connection");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WIRE(messages_are_lines),
        WIRE(lines_come_several_at_once_and_in_parts),
        WIRE(a_line_that_is_too_long_is_passed_over),
        WIRE(the_last_line_may_lack_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
