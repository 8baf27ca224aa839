#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void an_empty_text_can_be_printed(void **state)
{
    (void)state;
    struct oh_text t = {0};
    assert_string_equal(oh_text_str(&t), "");
    assert_int_equal(oh_text_span(&t).len, 0);
    oh_text_release(&t);
    oh_text_release(NULL);
    char *taken = oh_text_take(&t);
    assert_string_equal(taken, "");
    free(taken);
}

static void text_grows_and_stays_nul_ended(void **state)
{
    (void)state;
    struct oh_text t = {0};
    for (int i = 0; i < 1000; i++)
        oh_text_addf(&t, "%d,", i);
    assert_int_equal(t.len, 3890);
    assert_int_equal(strlen(t.at), t.len);
    assert_int_equal(strncmp(t.at + t.len - 8, "998,999,", 8), 0);
    oh_text_clear(&t);
    oh_text_add(&t, "x");
    oh_text_add_char(&t, '\0');
    oh_text_add_span(&t, (struct oh_span){"yz", 1});
    assert_int_equal(t.len, 3);
    assert_memory_equal(t.at, "x\0y", 4);
    char *taken = oh_text_take(&t);
    assert_null(t.at);
    free(taken);
}

static void a_long_formatted_piece_is_not_cut(void **state)
{
    (void)state;
    char *made = oh_format("%0500d|%s", 7, "end");
    assert_int_equal(strlen(made), 504);
    assert_string_equal(made + 499, "7|end");
    free(made);
}

static void assert_quoted(struct oh_span s, size_t limit, const char *expected)
{
    struct oh_text t = {0};
    oh_text_add_quoted(&t, s, limit);
    assert_string_equal(oh_text_str(&t), expected);
    oh_text_release(&t);
}

static void bytes_for_the_eye_hold_no_controls(void **state)
{
    (void)state;
    assert_quoted(oh_span_of("a\r\n\tb"), 99, "a\\r\\n\\tb");
    assert_quoted((struct oh_span){"\0\x1b\x7f", 3}, 99, "\\x00\\x1B\\x7F");
    assert_quoted(oh_span_of("gr\xc3\xbc\xc3\x9f"), 99, "gr\xc3\xbc\xc3\x9f");
    assert_quoted(oh_span_of("\xc2\x9b"), 99, "\\xC2\\x9B");          /* a C1 control */
    assert_quoted(oh_span_of("\xff\xc3"), 99, "\\xFF\\xC3");          /* no UTF-8 */
    assert_quoted(oh_span_of("\xc0\xaf"), 99, "\\xC0\\xAF");          /* overlong */
    assert_quoted(oh_span_of("\xed\xa0\x80"), 99, "\\xED\\xA0\\x80"); /* a surrogate */
}

static void too_long_bytes_end_in_an_ellipsis_between_characters(void **state)
{
    (void)state;
    assert_quoted(oh_span_of("abcdef"), 6, "abcdef");
    assert_quoted(oh_span_of("abcdef"), 5, "abcde\xe2\x80\xa6");
    assert_quoted(oh_span_of("ab\xc3\xbc"), 3, "ab\xe2\x80\xa6");
}

static void new_array_room_is_zeroed(void **state)
{
    (void)state;
    int *array = NULL;
    size_t room = 0;
    for (size_t i = 0; i < 100; i++) {
        oh_grow(&array, i, &room, sizeof *array);
        assert_true(room > i);
        assert_int_equal(array[i], 0);
        array[i] = (int)i + 1;
    }
    assert_int_equal(array[99], 100);
    assert_int_equal(array[0], 1);
    free(array);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_text_can_be_printed),
        cmocka_unit_test(text_grows_and_stays_nul_ended),
        cmocka_unit_test(a_long_formatted_piece_is_not_cut),
        cmocka_unit_test(bytes_for_the_eye_hold_no_controls),
        cmocka_unit_test(too_long_bytes_end_in_an_ellipsis_between_characters),
        cmocka_unit_test(new_array_room_is_zeroed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
