/* Rules and scenarios against the catalogue of requirements. */
#include "base/file.h"
#include "judge/coverage.h"
#include "scenario/scenario.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct oh_catalogue *load_own(void)
{
    struct oh_errors errors = {0};
    struct oh_catalogue *c = oh_catalogue_load(OH_SOURCE_DIR "/scenarios/requirements", &errors);
    assert_non_null(c);
    oh_errors_release(&errors);
    return c;
}

static void expect_none(struct oh_errors *errors)
{
    for (size_t i = 0; i < errors->count; i++)
        print_error("%s (%s)\n", errors->items[i].text, errors->items[i].remedy);
    assert_int_equal(errors->count, 0);
    oh_errors_release(errors);
}

static void every_id_that_a_rule_covers_is_in_the_catalogue(void **state)
{
    (void)state;
    struct oh_errors errors = {0};
    struct oh_catalogue *c = load_own();
    oh_coverage_check_rules(c, &errors);
    expect_none(&errors);
    oh_catalogue_free(c);
}

static void each_rule_says_what_it_covers(void **state)
{
    (void)state;
    for (size_t f = 0; oh_rule_families()[f]; f++)
        for (size_t i = 0; i < oh_rule_families()[f]->count; i++)
            if (!oh_rule_families()[f]->rules[i].covers)
                fail_msg("%s names no requirement that it covers",
                         oh_rule_families()[f]->rules[i].id);
}

static void an_id_that_is_not_in_the_catalogue_is_told_with_its_rule(void **state)
{
    (void)state;
    struct oh_errors errors = {0};
    struct oh_catalogue *none = oh_catalogue_new();
    size_t rules = 0;
    for (size_t f = 0; oh_rule_families()[f]; f++)
        for (size_t i = 0; i < oh_rule_families()[f]->count; i++)
            rules += oh_rule_families()[f]->rules[i].covers != NULL;
    assert_true(rules > 0);
    assert_int_equal(oh_coverage_check_rules(none, &errors), -1);
    assert_true(errors.count >= rules);
    assert_non_null(strstr(errors.items[0].text, "which is no requirement"));
    oh_errors_release(&errors);
    oh_catalogue_free(none);
}

static void every_id_that_a_scenario_covers_is_in_the_catalogue(void **state)
{
    (void)state;
    struct oh_error e;
    struct oh_catalogue *c = load_own();
    char **files = oh_file_list(OH_SOURCE_DIR "/scenarios", ".yaml", &e);
    size_t unknown = 0, known = 0;
    assert_non_null(files);
    for (size_t i = 0; files[i]; i++) {
        struct oh_errors errors = {0};
        if (strstr(files[i], "/requirements/"))
            continue;
        struct oh_scenario *s = oh_scenario_load(files[i], &errors);
        if (!s)
            fail_msg("%s: %s", files[i], errors.items[0].text);
        for (size_t k = 0; k < s->cover_count; k++) {
            bool found = oh_catalogue_find(c, oh_span_of(s->covers[k])) != NULL;
            if (!found)
                print_error("%s:%u: '%s'\n", s->id, s->cover_places[k].line, s->covers[k]);
            unknown += !found;
            known += found;
        }
        oh_scenario_free(s);
        oh_errors_release(&errors);
    }
    assert_int_equal(unknown, 0);
    assert_true(known > 50);
    oh_file_list_free(files);
    oh_catalogue_free(c);
}

static void no_entry_says_why_it_is_uncovered_if_a_rule_covers_it(void **state)
{
    (void)state;
    struct oh_errors errors = {0};
    struct oh_catalogue *c = load_own();
    oh_coverage_check_reasons(c, &errors);
    expect_none(&errors);
    oh_catalogue_free(c);
}

#define ENTRY(id, kind)                                                                            \
    "  " id                                                                                        \
    ":\n    title: t\n    level: must\n    ground: sentence\n    role: any\n    kind: " kind       \
    "\n    priority: 1\n    stimulus: s\n    expect: e\n    source: RFC 3261 7\n"

/* The first id that any rule covers, and its rule. */
static char *some_covered_id(const struct oh_rule **rule)
{
    for (size_t f = 0; oh_rule_families()[f]; f++) {
        for (size_t i = 0; i < oh_rule_families()[f]->count; i++) {
            struct oh_span id, rest = oh_span_of(oh_rule_families()[f]->rules[i].covers);
            if (!oh_rule_next_covered(&rest, &id))
                continue;
            *rule = &oh_rule_families()[f]->rules[i];
            return oh_span_dup(id);
        }
    }
    fail_msg("no rule covers anything");
    return NULL;
}

static void a_reason_that_does_not_hold_is_told(void **state)
{
    (void)state;
    const struct oh_rule *rule = NULL;
    struct oh_errors errors = {0};
    struct oh_catalogue *c = oh_catalogue_new();
    char *id = some_covered_id(&rule);
    char *file = oh_format("%.*s.yaml", (int)strcspn(id, "."), id);
    char *text = oh_format("title: x\nrequirements:\n" ENTRY("%s", "rule") "    uncovered: "
                                                                           "needs-secret\n",
                           id);
    assert_int_equal(oh_catalogue_parse(c, file, oh_span_of(text), &errors), 0);
    assert_int_equal(oh_coverage_check_reasons(c, &errors), -1);
    assert_int_equal(errors.count, 1);
    assert_non_null(strstr(errors.items[0].text, "says why no rule covers it, but"));
    assert_int_equal(errors.items[0].place.line, 13);
    assert_false(oh_requirement_lacks_rule(oh_catalogue_item(c, 0)));
    assert_ptr_equal(oh_rule_covering(id, 0), rule);
    oh_errors_release(&errors);
    oh_catalogue_free(c);
    free(text);
    free(file);
    free(id);
}

static void a_reason_at_what_is_no_rule_is_told(void **state)
{
    (void)state;
    struct oh_errors errors = {0};
    struct oh_catalogue *c = oh_catalogue_new();
    const char *text = "title: x\nrequirements:\n" ENTRY("zz.one", "flow") "    uncovered: "
                                                                           "not-on-wire\n";
    assert_int_equal(oh_catalogue_parse(c, "zz.yaml", oh_span_of(text), &errors), 0);
    assert_int_equal(oh_coverage_check_reasons(c, &errors), -1);
    assert_non_null(strstr(errors.items[0].text, "of kind flow, which no rule need cover"));
    oh_errors_release(&errors);
    oh_catalogue_free(c);
}

static void ids_are_taken_one_by_one_off_what_a_rule_covers(void **state)
{
    (void)state;
    struct oh_span rest = oh_span_of("  a.one  b.two "), id;
    assert_true(oh_rule_next_covered(&rest, &id) && oh_span_is(id, "a.one"));
    assert_true(oh_rule_next_covered(&rest, &id) && oh_span_is(id, "b.two"));
    assert_false(oh_rule_next_covered(&rest, &id));
    rest = oh_span_of(NULL);
    assert_false(oh_rule_next_covered(&rest, &id));
}

/* All that is missing is printed. */
static void every_rule_of_priority_1_is_covered_or_says_why_not(void **state)
{
    (void)state;
    struct oh_catalogue *c = load_own();
    size_t without_reason = 0, uncovered = 0;
    for (size_t i = 0; i < oh_catalogue_count(c); i++) {
        const struct oh_requirement *q = oh_catalogue_item(c, i);
        if (!oh_requirement_lacks_rule(q))
            continue;
        uncovered++;
        if (q->uncovered == OH_UNCOVERED_NOT_TOLD)
            print_error("no rule covers %s, and no reason is given\n", q->id);
        without_reason += q->uncovered == OH_UNCOVERED_NOT_TOLD;
    }
    oh_catalogue_free(c);
    assert_int_equal(without_reason, 0);
    assert_true(uncovered <= 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_id_that_a_rule_covers_is_in_the_catalogue),
        cmocka_unit_test(each_rule_says_what_it_covers),
        cmocka_unit_test(an_id_that_is_not_in_the_catalogue_is_told_with_its_rule),
        cmocka_unit_test(every_id_that_a_scenario_covers_is_in_the_catalogue),
        cmocka_unit_test(no_entry_says_why_it_is_uncovered_if_a_rule_covers_it),
        cmocka_unit_test(a_reason_that_does_not_hold_is_told),
        cmocka_unit_test(a_reason_at_what_is_no_rule_is_told),
        cmocka_unit_test(ids_are_taken_one_by_one_off_what_a_rule_covers),
        cmocka_unit_test(every_rule_of_priority_1_is_covered_or_says_why_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
