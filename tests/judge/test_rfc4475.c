/* Messages that keep what those of RFC 4475 show: the valid ones are not accused, of each invalid
 * one its fault is told. tests/data/rfc4475/ */
#include "judge/example_sections.h"

#define FOLDER OH_TEST_DATA "/rfc4475"

/* Faults that no rule names yet. */
enum { NOT_FOUND_YET = 0 };

static const struct section sections[] = {
    {"3.1.1.1", 1, 0},  {"3.1.1.2", 1, 0},  {"3.1.1.3", 1, 0},  {"3.1.1.4", 1, 0},
    {"3.1.1.5", 1, 0},  {"3.1.1.6", 1, 0},  {"3.1.1.7", 1, 0},  {"3.1.1.8", 1, 0},
    {"3.1.1.9", 1, 0},  {"3.1.1.10", 1, 0}, {"3.1.1.11", 1, 0}, {"3.1.1.12", 1, 0},
    {"3.1.1.13", 1, 0}, {"3.1.2.1", 0, 1},  {"3.1.2.2", 0, 1},  {"3.1.2.3", 0, 1},
    {"3.1.2.4", 0, 1},  {"3.1.2.5", 0, 1},  {"3.1.2.6", 0, 1},  {"3.1.2.7", 0, 1},
    {"3.1.2.8", 0, 1},  {"3.1.2.9", 0, 1},  {"3.1.2.10", 0, 1}, {"3.1.2.11", 0, 1},
    {"3.1.2.12", 0, 1}, {"3.1.2.13", 0, 1}, {"3.1.2.14", 0, 1}, {"3.1.2.15", 0, 1},
    {"3.1.2.16", 0, 1}, {"3.1.2.17", 0, 1}, {"3.1.2.18", 0, 1}, {"3.1.2.19", 0, 1},
    {"3.2.1", 0, 1},    {"3.3.1", 0, 1},    {"3.3.2", 1, 0},    {"3.3.3", 1, 0},
    {"3.3.4", 0, 1},    {"3.3.5", 1, 0},    {"3.3.6", 1, 0},    {"3.3.7", 1, 0},
    {"3.3.8", 0, 1},    {"3.3.9", 0, 1},    {"3.3.10", 1, 0},   {"3.3.11", 1, 0},
    {"3.3.12", 1, 0},   {"3.3.13", 1, 0},   {"3.3.14", 1, 0},   {"3.3.15", 1, 0},
    {"3.4.1", 1, 0},
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

static void a_phone_of_rfc_2543_is_held_to_rfc_3261_without_its_profile(void **state)
{
    (void)state;
    assert_int_equal(judge_folder(FOLDER, "", NULL, false), 0);
}

static void a_message_with_a_fault_in_it_is_accused(void **state)
{
    struct change change = {"m1", "Max-Forwards: 70\n", ""};
    (void)state;
    assert_true(
        is_told(FOLDER "/3.1.1.6-no-blank-before-bracket.txt", &change, "max-forwards.present"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_section_has_its_message),
        cmocka_unit_test(faults_are_told_and_nothing_else),
        cmocka_unit_test(a_message_with_a_fault_in_it_is_accused),
        cmocka_unit_test(a_phone_of_rfc_2543_is_held_to_rfc_3261_without_its_profile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
