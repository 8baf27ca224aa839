#include "base/span.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define S(text) oh_span_of(text)

static void a_part_is_cut_to_what_there_is(void **state)
{
    (void)state;
    assert_true(oh_span_is(oh_span_sub(S("abcdef"), 2, 3), "cde"));
    assert_true(oh_span_is(oh_span_sub(S("abcdef"), 4, 100), "ef"));
    assert_true(oh_span_is(oh_span_sub(S("abcdef"), 4, SIZE_MAX), "ef"));
    struct oh_span behind = oh_span_sub(S("abc"), 9, 1);
    assert_non_null(behind.at);
    assert_int_equal(behind.len, 0);
    assert_null(oh_span_sub((struct oh_span){0}, 1, 2).at);
}

static void trimming_takes_folds_and_keeps_inner_space(void **state)
{
    (void)state;
    assert_true(oh_span_is(oh_span_trim(S("\r\n \ta b\t\r\n")), "a b"));
    struct oh_span nothing = oh_span_trim(S(" \t "));
    assert_int_equal(nothing.len, 0);
    assert_non_null(nothing.at);
}

static void absent_and_empty_are_not_equal(void **state)
{
    (void)state;
    struct oh_span absent = {0};
    assert_true(oh_span_equal(absent, oh_span_of(NULL)));
    assert_false(oh_span_equal(absent, S("")));
    assert_false(oh_span_equal_nocase(absent, S("")));
    assert_true(oh_span_equal(S(""), S("")));
}

static void equality_minds_case_length_and_nuls(void **state)
{
    (void)state;
    struct oh_span a = {"a\0b", 3}, b = {"a\0c", 3};
    assert_false(oh_span_equal(a, b));
    assert_true(oh_span_equal(a, (struct oh_span){"a\0b", 3}));
    assert_false(oh_span_is(S("Via"), "via"));
    assert_true(oh_span_is_nocase(S("Via"), "vIA"));
    assert_false(oh_span_is_nocase(S("Via"), "Via:"));
    assert_false(oh_span_is_nocase(S("@"), "`")); /* 0x20 apart, but no letters */
    assert_true(oh_span_starts_with(S("SIP/2.0"), "SIP/"));
    assert_false(oh_span_starts_with(S("SI"), "SIP/"));
}

static void searching_gives_the_length_where_nothing_is_found(void **state)
{
    (void)state;
    assert_int_equal(oh_span_find(S("a:b:c"), ':'), 1);
    assert_int_equal(oh_span_find(S("abc"), ':'), 3);
    assert_int_equal(oh_span_find((struct oh_span){0}, ':'), 0);
    assert_int_equal(oh_span_search(S("hay needle"), S("needle")), 4);
    assert_int_equal(oh_span_search(S("need"), S("needle")), 4);
    assert_int_equal(oh_span_search(S("abc"), S("")), 0);
}

static void numbers_are_digits_only_and_do_not_overflow(void **state)
{
    (void)state;
    uint64_t n = 0;
    assert_true(oh_span_to_u64(S("0068"), &n));
    assert_int_equal(n, 68);
    assert_true(oh_span_to_u64(S("18446744073709551615"), &n));
    assert_true(n == UINT64_MAX);
    static const char *const bad[] = {
        "", "18446744073709551616", "99999999999999999999", "-1", "+1", " 1", "1a", "0x1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(oh_span_to_u64(S(bad[i]), &n));
}

static void a_copy_ends_in_nul(void **state)
{
    (void)state;
    char *copy = oh_span_dup(oh_span_sub(S("abcdef"), 0, 3));
    assert_string_equal(copy, "abc");
    free(copy);
    copy = oh_span_dup((struct oh_span){0});
    assert_string_equal(copy, "");
    free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_part_is_cut_to_what_there_is),
        cmocka_unit_test(trimming_takes_folds_and_keeps_inner_space),
        cmocka_unit_test(absent_and_empty_are_not_equal),
        cmocka_unit_test(equality_minds_case_length_and_nuls),
        cmocka_unit_test(searching_gives_the_length_where_nothing_is_found),
        cmocka_unit_test(numbers_are_digits_only_and_do_not_overflow),
        cmocka_unit_test(a_copy_ends_in_nul),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
