/* One file, many scenarios: parameters, their values from outside, and tables. */
#include "scenario/scenario.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FLOW                                                                                       \
    "needs: [dial]\nparties:\n  A: phone\n  P: proxy\n  B: {behind: P, number: \"${number}\"}\n"   \
    "flow:\n  - A dials B\n  - A -> P: INVITE\n  - P -> A: ${status}\n  - A -> P: ACK\n"

static const char table[] = "title: ends with ${status}, not $${status}\nsource: x\n"
                            "params: {number: \"0049\"}\n"
                            "each:\n  - {status: 486}\n  - {row: odd, status: 599}\n" FLOW;

static struct oh_scenario_set *read_set(const char *text, const struct oh_param *values,
                                        size_t count)
{
    struct oh_errors errors = {0};
    struct oh_scenario_set *set =
        oh_scenario_set_parse("scenarios/x/table.yaml", oh_span_of(text), values, count, &errors);
    for (size_t i = 0; i < errors.count; i++)
        print_error("%s\n", errors.items[i].text);
    oh_errors_release(&errors);
    return set;
}

static void each_row_is_a_scenario_with_an_id_of_its_own(void **state)
{
    (void)state;
    struct oh_scenario_set *set = read_set(table, NULL, 0);
    assert_non_null(set);
    assert_int_equal(set->count, 2);
    assert_string_equal(set->scenarios[0]->id, "x/table[486]");
    assert_string_equal(set->scenarios[1]->id, "x/table[odd]");
    assert_string_equal(set->scenarios[1]->title, "ends with 599, not ${status}");
    assert_int_equal(set->scenarios[0]->steps[2].status, 486);
    assert_int_equal(set->scenarios[1]->steps[2].status, 599);
    assert_string_equal(set->scenarios[1]->steps[2].text, "P -> A: 599");
    assert_string_equal(oh_scenario_party(set->scenarios[0], "B")->number, "0049");
    oh_scenario_set_free(set);
}

static void a_value_from_outside_stays_text_where_the_default_is_text(void **state)
{
    (void)state;
    struct oh_param values[] = {{(char *)(uintptr_t) "number", (char *)(uintptr_t) "0815", true}};
    struct oh_scenario_set *set = read_set(table, values, 1);
    assert_non_null(set);
    assert_string_equal(oh_scenario_party(set->scenarios[1], "B")->number, "0815");
    oh_scenario_set_free(set);
}

static void a_judge_reads_a_row_again_by_its_values(void **state)
{
    (void)state;
    struct oh_errors errors = {0};
    struct oh_scenario_set *set = read_set(table, NULL, 0);
    const struct oh_scenario *row = set->scenarios[1];
    struct oh_scenario *again = oh_scenario_parse_row(
        row->file, oh_span_of(row->source_text), row->row, row->params, row->param_count, &errors);
    assert_non_null(again);
    assert_string_equal(again->id, row->id);
    assert_int_equal(again->steps[2].status, 599);
    oh_scenario_free(again);
    oh_scenario_set_free(set);
    oh_errors_release(&errors);
}

static void a_table_without_bound_is_refused(void **state)
{
    (void)state;
    struct oh_text text = {0};
    struct oh_errors errors = {0};
    oh_text_add(&text, "title: x\nsource: x\nparams: {number: \"1\"}\neach:\n");
    for (int i = 0; i <= 1000; i++)
        oh_text_addf(&text, "  - {row: r%d, status: 486}\n", i);
    oh_text_add(&text, FLOW);
    assert_null(oh_scenario_set_parse("x.yaml", oh_text_span(&text), NULL, 0, &errors));
    assert_int_equal(errors.count, 1);
    assert_string_equal(errors.items[0].text, "more than 1000 rows");
    oh_errors_release(&errors);
    oh_text_release(&text);
}

static void a_given_call_stands_before_the_flow_and_is_marked(void **state)
{
    (void)state;
    struct oh_scenario_set *set = read_set(
        "title: x\nsource: x\nneeds: [dial]\ngiven: call established A-B\nparties:\n"
        "  A: phone\n  P: proxy\n  B: {behind: P, number: \"12\"}\nflow:\n"
        "  - P -> A: BYE\n    headers: {Subject: $given-invite.call-id}\n  - A -> P: 200\n",
        NULL, 0);
    assert_non_null(set);
    const struct oh_scenario *s = set->scenarios[0];
    assert_int_equal(s->step_count, 7);
    for (size_t i = 0; i < s->step_count; i++)
        assert_int_equal(s->steps[i].prelude, i < 5);
    assert_string_equal(s->steps[1].save, "given-invite");
    assert_string_equal(s->steps[3].save, "given-answer");
    oh_scenario_set_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_is_a_scenario_with_an_id_of_its_own),
        cmocka_unit_test(a_value_from_outside_stays_text_where_the_default_is_text),
        cmocka_unit_test(a_judge_reads_a_row_again_by_its_values),
        cmocka_unit_test(a_table_without_bound_is_refused),
        cmocka_unit_test(a_given_call_stands_before_the_flow_and_is_marked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
