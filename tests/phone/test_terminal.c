/* What a program shows on a terminal, cut into prompts, answers, blocks and the rest. */
#include "phone/terminal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const two_empty_lines[] = {"", ""};
static const struct oh_terminal_block blocks[] = {
    {.begins = "Event-type: *", .until = two_empty_lines, .until_count = 2},
    {.begins = "[*] *"},
};
static const struct oh_terminal_plan plan = {
    .prompt = "phone>",
    .blocks = blocks,
    .block_count = sizeof blocks / sizeof *blocks,
};

/* What was told: "P", "A(text)", "B(text)", "O(text)". */
struct shown {
    struct oh_terminal *t;
    struct oh_text told;
    const char *next; /* a command that is typed at the next prompt, or NULL */
};

static void on_said(enum oh_terminal_kind kind, struct oh_span text, void *arg)
{
    struct shown *s = arg;
    static const char letters[] = {[OH_TERMINAL_PROMPT] = 'P',
                                   [OH_TERMINAL_ANSWER] = 'A',
                                   [OH_TERMINAL_BLOCK] = 'B',
                                   [OH_TERMINAL_OTHER] = 'O'};
    oh_text_add_char(&s->told, letters[kind]);
    if (kind == OH_TERMINAL_PROMPT && s->next) {
        oh_terminal_command(s->t, s->next);
        s->next = NULL;
    }
    if (kind != OH_TERMINAL_PROMPT)
        oh_text_addf(&s->told, "(%.*s)", OH_SPAN_FMT(text));
}

/* All at once, then byte by byte: what is told is the same. */
static void check(const struct oh_terminal_plan *p, const char *command, const char *bytes,
                  const char *told)
{
    for (int i = 0; i < 2; i++) {
        struct shown s = {0};
        s.t = oh_terminal_new(p, on_said, &s);
        if (command)
            oh_terminal_command(s.t, command);
        if (i == 0)
            oh_terminal_take(s.t, oh_span_of(bytes));
        for (const char *c = bytes; i == 1 && *c; c++)
            oh_terminal_take(s.t, (struct oh_span){c, 1});
        assert_string_equal(oh_text_str(&s.told), told);
        oh_terminal_free(s.t);
        oh_text_release(&s.told);
    }
}

static void a_prompt_is_seen_before_its_line_ends(void **state)
{
    (void)state;
    check(&plan, NULL, "welcome\r\n\r\nphone>", "O(welcome)P");
}

static void an_answer_is_what_stands_before_the_next_prompt(void **state)
{
    (void)state;
    check(&plan, "call x", "Status: Ok\n\nId: 1\n\nphone>", "A(Status: Ok\n\nId: 1)P");
    check(&plan, "hold", "phone>", "A()P");
}

static void the_echo_of_a_command_is_no_answer(void **state)
{
    (void)state;
    check(&plan, "call x", "call x\r\nStatus: Ok\r\nphone>", "A(Status: Ok)P");
}

/* A line editor draws prompt and line anew with each key. */
static void an_editor_that_draws_the_prompt_again_asks_for_nothing(void **state)
{
    struct oh_terminal_plan echo = plan;
    (void)state;
    echo.echo = true;
    check(&echo, "ab",
          "\rphone>a\033[0K\r\033[7C\rphone>ab\033[0K\r\033[8C\r\nStatus: Ok\r\nphone>",
          "A(Status: Ok)P");
}

static void a_block_may_stand_before_an_answer_and_within_it(void **state)
{
    const char event[] = "\nEvent-type: call\n\nEvent: Init\nId: 1\n\n\n";
    (void)state;
    char *text = oh_format("%sStatus: Ok\n%s\nId: 1\n\nphone>", event, event);
    check(&plan, "call x", text,
          "B(Event-type: call\n\nEvent: Init\nId: 1)B(Event-type: call\n\nEvent: Init\nId: 1)"
          "A(Status: Ok\n\n\nId: 1)P");
    free(text);
}

static void a_block_without_an_end_is_one_line(void **state)
{
    (void)state;
    check(&plan, "x", "[12:00] call 0 is CONFIRMED\nphone>", "B([12:00] call 0 is CONFIRMED)A()P");
}

static void a_prompt_ends_a_block_that_never_ended(void **state)
{
    (void)state;
    check(&plan, NULL, "Event-type: call\nEvent: Init\nphone>",
          "B(Event-type: call\nEvent: Init)P");
}

static void what_follows_a_prompt_on_its_line_is_shown_by_itself(void **state)
{
    (void)state;
    check(&plan, NULL, "phone>[1] rings\nphone>", "PB([1] rings)P");
}

/* Else what the phone says by itself, with a new prompt after it, would end the answer. */
static void where_answers_have_a_beginning_a_prompt_before_it_ends_none(void **state)
{
    struct oh_terminal_plan begun = plan;
    (void)state;
    begun.answer = "Status: *";
    check(&begun, "call x", "[1] rings\nphone>Status: Ok\nphone>", "B([1] rings)A(Status: Ok)P");
    check(&begun, "call x", "noise\nStatus: Ok\nphone>", "O(noise)A(Status: Ok)P");
}

/* The command was typed when the phone had just begun to tell something, or before. */
static void a_prompt_that_is_drawn_anew_ends_no_answer(void **state)
{
    struct oh_terminal_plan redraws = plan;
    (void)state;
    redraws.redraws = true;
    check(&redraws, "x", "[1] rings\nphone>done\nphone>", "B([1] rings)A(done)P");
    check(&redraws, "x", "[1] rings\ndone\nphone>", "B([1] rings)A(done)P");
    check(&redraws, "x", "done\n[1] rings\nphone>", "B([1] rings)A(done)P");
    check(&redraws, "x", "phone>", "A()P");
    struct shown s = {.next = NULL};
    s.t = oh_terminal_new(&redraws, on_said, &s);
    oh_terminal_take(s.t, oh_span_of("phone>[1] rings\n"));
    oh_terminal_command(s.t, "x");
    oh_terminal_take(s.t, oh_span_of("phone>done\nphone>"));
    assert_string_equal(oh_text_str(&s.told), "PB([1] rings)A(done)P");
    oh_terminal_free(s.t);
    oh_text_release(&s.told);
}

static void what_a_program_asks_for_is_a_prompt_too(void **state)
{
    static const char *const asks[] = {"Number: ", "Sure (*)? "};
    struct oh_terminal_plan asking = plan;
    (void)state;
    asking.asks = asks;
    asking.ask_count = 2;
    asking.answer = "Status: *";
    asking.redraws = true;
    check(&asking, "d", "Number: ", "A()P");
    check(&asking, "d", "[1] rings\nphone>Number: ", "B([1] rings)A()P");
    check(&asking, "q", "Sure (y/n)? ", "A()P");
    check(&asking, "d", "Number: 12\nStatus: Ok\nphone>", "A()PO(12)O(Status: Ok)P");
}

static void a_backslash_makes_a_star_a_star(void **state)
{
    static const struct {
        const char *pattern, *text;
        bool fits;
    } cases[] = {
        {"a*c", "abc", true},      {"a\\*c", "abc", false},     {"a\\*c", "a*c", true},
        {"\\**", "* x", true},     {"\\**", "x *", false},      {"*\\*", "x *", true},
        {"C:\\>", "C:\\>", true},  {"\\\\*", "\\abc", true},    {"\\\\\\*", "\\*", true},
        {"\\\\\\*", "\\x", false}, {"*a*b*", "xxaxxbxx", true}, {"", "", true},
        {"", "x", false},          {"\\", "\\", true},          {"*\\", "\\\\", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (oh_text_fits(cases[i].pattern, cases[i].text) != cases[i].fits)
            fail_msg("\"%s\" and \"%s\"", cases[i].pattern, cases[i].text);
    static const char *const texts[] = {"", "*", "\\", "a*b\\*\\\\c", "plain"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
            struct oh_text pattern = {0};
            oh_text_add_pattern(&pattern, oh_span_of(texts[i]));
            assert_int_equal(oh_text_fits(oh_text_str(&pattern), texts[k]), i == k);
            oh_text_release(&pattern);
        }
}

static void a_pattern_may_hold_another(void **state)
{
    (void)state;
    assert_true(oh_pattern_holds("Status*", "Status: *"));
    assert_true(oh_pattern_holds("*", "a*b"));
    assert_true(oh_pattern_holds("*b", "a*b"));
    assert_false(oh_pattern_holds("Status: Ok", "Status: *"));
    assert_false(oh_pattern_holds("a*b", "*"));
    assert_false(oh_pattern_holds("a\\*", "a*"));
    assert_true(oh_pattern_holds("a\\*", "a\\*"));
}

static void escape_sequences_colours_and_titles_are_dropped(void **state)
{
    (void)state;
    check(&plan, "x",
          "\033]0;a title\007\033[1;32mStatus\033[0m: \033(BOk\033[K\n\033]0;b\033\\\033[1mphone>",
          "A(Status: Ok)P");
}

static void what_is_overwritten_is_not_there(void **state)
{
    (void)state;
    check(&plan, "x", "wait|\b/\b-\rdone\nphone>", "A(done-)P");
    check(&plan, "x", "12345\033[3D\033[KX\nphone>", "A(12X)P");
    check(&plan, "x", "12345\r\033[2KX\nphone>", "A(X)P");
    check(&plan, "x", "12345\033[2GX\nphone>", "A(1X345)P");
}

static void a_prompt_may_vary(void **state)
{
    struct oh_terminal_plan vary = {.prompt = "*(*)# "};
    (void)state;
    check(&vary, "x", "router(config)# ", "A()P");
    check(&vary, "x", "router\nrouter(if 0)# ", "A(router)P");
}

static void a_command_can_be_typed_as_soon_as_the_prompt_is_there(void **state)
{
    struct shown s = {.next = "call x"};
    (void)state;
    s.t = oh_terminal_new(&plan, on_said, &s);
    oh_terminal_take(s.t, oh_span_of("phone>"));
    oh_terminal_take(s.t, oh_span_of("call x\nStatus: Ok\nphone>"));
    assert_string_equal(oh_text_str(&s.told), "PA(Status: Ok)P");
    oh_terminal_free(s.t);
    oh_text_release(&s.told);
}

static void the_end_tells_what_is_open(void **state)
{
    struct shown s = {0};
    (void)state;
    s.t = oh_terminal_new(&plan, on_said, &s);
    oh_terminal_command(s.t, "quit");
    oh_terminal_take(s.t, oh_span_of("Status: Ok\nbye"));
    oh_terminal_end(s.t);
    assert_string_equal(oh_text_str(&s.told), "A(Status: Ok\nbye)");
    oh_terminal_free(s.t);
    oh_text_release(&s.told);
}

static void count_bytes(enum oh_terminal_kind kind, struct oh_span text, void *arg)
{
    size_t *most = arg;
    (void)kind;
    *most = text.len > *most ? text.len : *most;
}

static void however_much_is_shown_little_is_kept(void **state)
{
    size_t most = 0;
    char line[1000];
    struct oh_terminal *t = oh_terminal_new(&plan, count_bytes, &most);
    (void)state;
    memset(line, 'x', sizeof line);
    oh_terminal_command(t, "x");
    for (int i = 0; i < 2000; i++)
        oh_terminal_take(t, (struct oh_span){line, sizeof line});
    oh_terminal_take(t, oh_span_of("\n"));
    line[sizeof line - 1] = '\n';
    for (int i = 0; i < 2000; i++)
        oh_terminal_take(t, (struct oh_span){line, sizeof line});
    oh_terminal_take(t, oh_span_of("phone>"));
    assert_true(most > OH_TERMINAL_TEXT_MAX / 2);
    assert_true(most <= OH_TERMINAL_TEXT_MAX);
    oh_terminal_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_prompt_is_seen_before_its_line_ends),
        cmocka_unit_test(an_answer_is_what_stands_before_the_next_prompt),
        cmocka_unit_test(the_echo_of_a_command_is_no_answer),
        cmocka_unit_test(an_editor_that_draws_the_prompt_again_asks_for_nothing),
        cmocka_unit_test(a_block_may_stand_before_an_answer_and_within_it),
        cmocka_unit_test(a_block_without_an_end_is_one_line),
        cmocka_unit_test(a_prompt_ends_a_block_that_never_ended),
        cmocka_unit_test(what_follows_a_prompt_on_its_line_is_shown_by_itself),
        cmocka_unit_test(a_prompt_that_is_drawn_anew_ends_no_answer),
        cmocka_unit_test(what_a_program_asks_for_is_a_prompt_too),
        cmocka_unit_test(a_backslash_makes_a_star_a_star),
        cmocka_unit_test(a_pattern_may_hold_another),
        cmocka_unit_test(where_answers_have_a_beginning_a_prompt_before_it_ends_none),
        cmocka_unit_test(escape_sequences_colours_and_titles_are_dropped),
        cmocka_unit_test(what_is_overwritten_is_not_there),
        cmocka_unit_test(a_prompt_may_vary),
        cmocka_unit_test(a_command_can_be_typed_as_soon_as_the_prompt_is_there),
        cmocka_unit_test(the_end_tells_what_is_open),
        cmocka_unit_test(however_much_is_shown_little_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
