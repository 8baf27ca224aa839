/* Flows that keep what those of RFC 3665, sections 2 and 3, show: no must finding on either phone.
 * tests/data/rfc3665/ */
#define USER     "mira"
#define PASSWORD "apple-tree-4"

#include "judge/examples.h"

#define FOLDER OH_TEST_DATA "/rfc3665"

static const struct section sections[] = {
    {"2.1", 1, 0}, {"2.2", 1, 0}, {"2.3", 1, 0},  {"2.4", 1, 0},  {"2.5", 1, 0}, {"3.1", 1, 0},
    {"3.2", 1, 0}, {"3.3", 1, 0}, {"3.4", 1, 0},  {"3.5", 1, 0},  {"3.6", 1, 0}, {"3.7", 1, 0},
    {"3.8", 1, 0}, {"3.9", 1, 0}, {"3.10", 1, 0}, {"3.11", 1, 0},
};

static struct oh_run_secret account(void)
{
    static char username[] = USER, password[] = PASSWORD;
    return (struct oh_run_secret){.username = username, .password = password};
}

static void each_section_has_its_flow(void **state)
{
    (void)state;
    assert_int_equal(hold_sections(FOLDER, sections, sizeof sections / sizeof *sections), 0);
}

static void the_flows_are_not_accused(void **state)
{
    (void)state;
    assert_int_equal(judge_folder(FOLDER, NULL, true), 0);
}

static void the_flows_are_not_accused_where_the_password_is_known(void **state)
{
    struct oh_run_secret secret = account();
    (void)state;
    assert_int_equal(judge_folder(FOLDER, &secret, true), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_section_has_its_flow),
        cmocka_unit_test(the_flows_are_not_accused),
        cmocka_unit_test(the_flows_are_not_accused_where_the_password_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
