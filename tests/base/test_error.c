#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void assert_formatted(const struct oh_error *e, const char *expected)
{
    struct oh_text out = {0};
    oh_error_format(e, &out);
    assert_string_equal(oh_text_str(&out), expected);
    oh_text_release(&out);
}

static void an_error_with_a_place_shows_line_caret_and_remedy(void **state)
{
    (void)state;
    struct oh_error e;
    struct oh_place place = {.line = 4, .column = 5, .width = 5};
    assert_int_equal(oh_error_at(&e, "call.yaml", place, "unknown key '%s'", "musst"), -1);
    snprintf(e.excerpt, sizeof e.excerpt, "    musst: {status: 200}");
    assert_int_equal(oh_error_remedy(&e, "did you mean '%s'?", "must"), -1);
    assert_formatted(&e, "call.yaml:4:5: error: unknown key 'musst'\n"
                         "      musst: {status: 200}\n"
                         "      ^~~~~\n"
                         "  did you mean 'must'?\n");
}

static void parts_that_are_unknown_are_left_out(void **state)
{
    (void)state;
    struct oh_error e;
    oh_error_set(&e, "no capture right");
    assert_formatted(&e, "error: no capture right\n");
    oh_error_at(&e, "a.yaml", (struct oh_place){0}, "empty file");
    assert_formatted(&e, "a.yaml: error: empty file\n");
    oh_error_at(&e, "a.yaml", (struct oh_place){.line = 2}, "odd");
    assert_formatted(&e, "a.yaml:2: error: odd\n");
}

static void tabs_and_wide_characters_keep_the_caret_in_place(void **state)
{
    (void)state;
    struct oh_error e;
    oh_error_at(&e, "a", (struct oh_place){.line = 1, .column = 6, .width = 1}, "odd");
    snprintf(e.excerpt, sizeof e.excerpt, "\t\xc3\xbc\xc3\xa4x\x1b");
    assert_formatted(&e, "a:1:6: error: odd\n   \xc3\xbc\xc3\xa4x?\n     ^\n");
}

static void a_caret_outside_the_excerpt_is_not_drawn(void **state)
{
    (void)state;
    struct oh_error e;
    oh_error_at(&e, "a", (struct oh_place){.line = 1, .column = 9, .width = 3}, "odd");
    snprintf(e.excerpt, sizeof e.excerpt, "abc");
    assert_formatted(&e, "a:1:9: error: odd\n  abc\n");
    e.place = (struct oh_place){.line = 1, .column = 4, .width = 9}; /* just behind the end */
    assert_formatted(&e, "a:1:4: error: odd\n  abc\n     ^\n");
}

static void a_new_error_empties_the_old_one_and_may_quote_it(void **state)
{
    (void)state;
    struct oh_error e;
    oh_error_at(&e, "f", (struct oh_place){1, 2, 3}, "first");
    oh_error_remedy(&e, "help");
    assert_int_equal(oh_error_set(&e, "second after %s", e.text), -1);
    assert_string_equal(e.text, "second after first");
    assert_string_equal(e.file, "");
    assert_string_equal(e.remedy, "");
    assert_int_equal(e.place.line, 0);
}

static void nobody_asking_is_fine(void **state)
{
    (void)state;
    assert_int_equal(oh_error_set(NULL, "x"), -1);
    assert_int_equal(oh_error_at(NULL, "f", (struct oh_place){0}, "x"), -1);
    assert_int_equal(oh_error_remedy(NULL, "x"), -1);
}

static void too_long_a_sentence_is_cut(void **state)
{
    (void)state;
    struct oh_error e;
    oh_error_set(&e, "%02000d", 1);
    assert_int_equal(strlen(e.text), sizeof e.text - 1);
}

static void several_errors_come_in_order(void **state)
{
    (void)state;
    struct oh_errors list = {0};
    for (int i = 0; i < 20; i++)
        oh_error_set(oh_errors_add(&list), "number %d", i);
    assert_int_equal(list.count, 20);
    assert_string_equal(list.items[19].text, "number 19");
    list.count = 2;
    struct oh_text out = {0};
    oh_errors_format(&list, &out);
    assert_string_equal(oh_text_str(&out), "error: number 0\nerror: number 1\n");
    oh_text_release(&out);
    oh_errors_release(&list);
    oh_errors_release(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_with_a_place_shows_line_caret_and_remedy),
        cmocka_unit_test(parts_that_are_unknown_are_left_out),
        cmocka_unit_test(tabs_and_wide_characters_keep_the_caret_in_place),
        cmocka_unit_test(a_caret_outside_the_excerpt_is_not_drawn),
        cmocka_unit_test(a_new_error_empties_the_old_one_and_may_quote_it),
        cmocka_unit_test(nobody_asking_is_fine),
        cmocka_unit_test(too_long_a_sentence_is_cut),
        cmocka_unit_test(several_errors_come_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
