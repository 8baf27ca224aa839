/* Lines of text over a connection: with a prompt as on a terminal, and without one. */
#include "wire_case.h"

static int begin_wire(void **state)
{
    return begin_wire_of(state, "tcp-lines");
}

static const struct oh_terminal_plan with_prompt = {.prompt = "phone> ", .enter = "\r\n"};

static const struct oh_terminal_block event = {.begins = "EVENT *"};

static const struct oh_terminal_plan one_line = {
    .answer = "[*", .enter = "\n", .blocks = &event, .block_count = 1};
static const char *const dot[] = {"."};
static const struct oh_terminal_plan up_to_a_dot = {.ends = dot, .end_count = 1, .enter = "\n"};

/* connect_all, for a plan. `greets`: what the phone says first. */
static void connect_as(struct wire *w, const struct oh_terminal_plan *plan, const char *greets)
{
    w->terminal = plan;
    listen_now(w);
    open_driver(w);
    if (*greets) { /* it is not up before that */
        oh_net_run(w->net, oh_net_now(w->net) + 30 * OH_NS_PER_MS);
        w->peer = accept(w->listener, NULL, NULL);
        assert_true(w->peer >= 0);
        oh_net_run(w->net, oh_net_now(w->net) + 30 * OH_NS_PER_MS);
        assert_int_equal(w->ups, 0);
        say(w, greets);
        await_count(w, &w->ups);
        return;
    }
    await_count(w, &w->ups);
    w->peer = accept(w->listener, NULL, NULL);
    assert_true(w->peer >= 0);
}

static void a_command_is_given_once_the_prompt_has_come(void **state)
{
    struct wire *w = *state;
    connect_as(w, &with_prompt, "welcome\r\nphone> ");
    tell_phone(w, 7, "call 12; $(id) * ? [ \\ ' \" %s");
    hear(w, "call 12; $(id) * ? [ \\ ' \" %s\r\n");
    say(w, "Status: Ok\r\npho");
    say(w, "ne> ");
    await_text(
        w, "welcome\n7: {\"command\":\"call 12; $(id) * ? [ \\\\ ' \\\" %s\",\"text\":\"Status: "
           "Ok\",\"Status\":\"Ok\"}\n");
}

static void without_a_prompt_an_answer_is_a_line(void **state)
{
    struct wire *w = *state;
    connect_as(w, &one_line, "");
    say(w, "EVENT by itself\nEVENT half");
    await_text(w, "{\"text\":\"EVENT by itself\"}\n");
    oh_text_clear(&w->got);
    tell_phone(w, 1, "first");
    tell_phone(w, 2, "second"); /* waits for the first one's answer */
    hear(w, "first\n");
    say(w, " said\nsome words\n[ok] 1\n");
    await_text(w, "{\"text\":\"EVENT half said\"}\nsome words\n"
                  "1: {\"command\":\"first\",\"text\":\"[ok] 1\"}\n");
    hear(w, "second\n");
    say(w, "EVENT between\n[no] 2\n[ok] 3\n");
    oh_text_clear(&w->got);
    await_text(w, "{\"text\":\"EVENT between\"}\n"
                  "2: {\"command\":\"second\",\"text\":\"[no] 2\"}\n[ok] 3\n");
}

static void without_a_prompt_an_answer_may_end_with_a_line(void **state)
{
    struct wire *w = *state;
    connect_as(w, &up_to_a_dot, "");
    tell_phone(w, 1, "list");
    hear(w, "list\n");
    say(w, "\nCall: 1\nState: up\n..\n.\nlater\n");
    await_text(w,
               "1: {\"command\":\"list\",\"text\":\"Call: 1\\nState: up\\n..\\n.\",\"Call\":\"1\","
               "\"State\":\"up\"}\nlater\n");
}

static void a_closed_connection_is_told(void **state)
{
    struct wire *w = *state;
    connect_as(w, &one_line, "");
    close(w->peer);
    w->peer = -1;
    await_count(w, &w->downs);
    assert_string_equal(w->why, "the phone closed its control connection");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WIRE(a_command_is_given_once_the_prompt_has_come),
        WIRE(without_a_prompt_an_answer_is_a_line),
        WIRE(without_a_prompt_an_answer_may_end_with_a_line),
        WIRE(a_closed_connection_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
