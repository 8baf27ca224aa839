/* Messages with IPv6 that keep what those of RFC 5118 show. tests/data/rfc5118/ */
#include "judge/example_sections.h"

#define FOLDER OH_TEST_DATA "/rfc5118"

/* Faults that no rule names yet. */
enum { NOT_FOUND_YET = 0 };

static const struct section sections[] = {
    {"4.1", 1, 0}, {"4.2", 0, 1}, {"4.3", 1, 0}, {"4.4", 1, 0}, {"4.5", 2, 1},
    {"4.6", 1, 0}, {"4.7", 1, 0}, {"4.8", 1, 0}, {"4.9", 1, 0}, {"4.10", 2, 0},
};

static void each_section_has_its_message(void **state)
{
    (void)state;
    assert_int_equal(hold_sections(FOLDER, sections, sizeof sections / sizeof *sections),
                     NOT_FOUND_YET);
}

static void faults_are_told_and_nothing_else(void **state)
{
    (void)state;
    assert_int_equal(judge_folder(FOLDER, "", NULL, true), 0);
}

static void a_message_with_a_fault_in_it_is_accused(void **state)
{
    struct change change = {"m1", "c=IN IP6 2001", "c=IN IP4 2001"};
    (void)state;
    assert_true(is_told(FOLDER "/4.6-ipv6-in-sdp.txt", &change, "sdp.address"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_section_has_its_message),
        cmocka_unit_test(faults_are_told_and_nothing_else),
        cmocka_unit_test(a_message_with_a_fault_in_it_is_accused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
