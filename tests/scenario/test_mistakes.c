/* Every kind of mistake in a scenario file, and the exact text that its writer gets to see. */
#include "base/file.h"
#include "scenario/scenario.h"
#include "scenario/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char folder[] = OH_TEST_DATA "/scenarios-bad";

/* What is told of the file, which is named by its base name so that the text is the same
 * everywhere. */
static char *told_of(const char *path)
{
    struct oh_text source = {0}, told = {0};
    struct oh_errors errors = {0};
    struct oh_error e;
    assert_int_equal(oh_file_read(path, OH_YAML_MAX_BYTES, &source, &e), 0);
    struct oh_scenario_set *s =
        oh_scenario_set_parse(strrchr(path, '/') + 1, oh_text_span(&source), NULL, 0, &errors);
    if (s)
        print_error("%s was read without a mistake\n", path);
    assert_null(s);
    assert_true(errors.count > 0);
    oh_errors_format(&errors, &told);
    oh_errors_release(&errors);
    oh_text_release(&source);
    return oh_text_take(&told);
}

static char *golden_path(const char *path)
{
    return oh_format("%.*s.txt", (int)(strlen(path) - strlen(".yaml")), path);
}

static bool same_as_golden(const char *path)
{
    char *told = told_of(path), *golden = golden_path(path);
    struct oh_text wanted = {0};
    struct oh_error e;
    if (getenv("OH_GOLDEN_UPDATE"))
        assert_int_equal(oh_file_write(golden, oh_span_of(told), 0644, &e), 0);
    assert_int_equal(oh_file_read(golden, OH_YAML_MAX_BYTES, &wanted, &e), 0);
    bool same = !strcmp(oh_text_str(&wanted), told);
    if (!same)
        print_error("%s: wanted\n%s\ntold\n%s\n", path, oh_text_str(&wanted), told);
    oh_text_release(&wanted);
    free(told);
    free(golden);
    return same;
}

static void every_mistaken_file_is_told_as_its_golden_text_says(void **state)
{
    (void)state;
    struct oh_error e;
    size_t count = 0, different = 0;
    char **files = oh_file_list(folder, ".yaml", &e);
    assert_non_null(files);
    for (; files[count]; count++)
        different += !same_as_golden(files[count]);
    oh_file_list_free(files);
    assert_true(count >= 40);
    assert_int_equal(different, 0);
}

static void every_golden_text_has_its_file(void **state)
{
    (void)state;
    struct oh_error e;
    char **files = oh_file_list(folder, ".txt", &e);
    assert_non_null(files);
    for (size_t i = 0; files[i]; i++) {
        char *source = oh_format("%.*s.yaml", (int)(strlen(files[i]) - strlen(".txt")), files[i]);
        assert_true(oh_file_exists(source));
        free(source);
    }
    oh_file_list_free(files);
}

static void every_mistake_has_its_place_and_the_line(void **state)
{
    (void)state;
    struct oh_errors errors = {0};
    assert_null(oh_scenario_load(OH_TEST_DATA "/scenarios-bad/step-unknown-key.yaml", &errors));
    assert_int_equal(errors.count, 1);
    assert_int_equal(errors.items[0].place.line, 12);
    assert_int_equal(errors.items[0].place.column, 5);
    assert_int_equal(errors.items[0].place.width, 5);
    assert_string_equal(errors.items[0].excerpt, "    musst: {subject: x}");
    assert_string_equal(errors.items[0].text, "unknown key 'musst' in a step");
    assert_string_equal(errors.items[0].remedy, "did you mean 'must'?");
    oh_errors_release(&errors);
}

static void mistakes_stand_in_the_order_of_lines(void **state)
{
    (void)state;
    struct oh_errors errors = {0};
    assert_null(oh_scenario_load(OH_TEST_DATA "/scenarios-bad/many-at-once.yaml", &errors));
    assert_true(errors.count >= 7);
    for (size_t i = 1; i < errors.count; i++)
        assert_true(errors.items[i - 1].place.line <= errors.items[i].place.line);
    oh_errors_release(&errors);
}

/* They can be read, so that a recording of one is judged; nobody may play one. */
static void a_flow_that_cannot_go_is_told_of_a_file_and_not_of_a_recording(void **state)
{
    (void)state;
    static const struct {
        const char *name, *says, *remedy;
    } table[] = {
        {"invite-nobody-dials", "10:5: error: nothing before this INVITE makes the phone call",
         "A dials B"},
        {"ringing-after-answer", "14:5: error: the INVITE has its final answer already",
         "it is 'P -> A: 200', on line 12"},
        {"two-byes", "16:5: error: the call was ended by a BYE of ours already",
         "it is on line 14"},
        {"cancel-of-nothing", "13:5: error: there is no INVITE of ours that this CANCEL could end",
         "it needs 'P -> A: INVITE' before it"},
        {"answer-after-final",
         "13:5: error: this cannot come: what it answers has its final answer",
         "it is 'A -> P: 486', on line 11"},
        {"answer-to-nothing-open", "12:5: error: this answers nothing: every request has its final",
         "for lack of an ACK is no step"},
        {"ack-to-nothing", "13:5: error: there is no final answer to an INVITE that this ACK is to",
         "as in 'P -> A: 200'"},
        {"past-the-proxy", "10:5: error: this message cannot go past the proxy",
         "B stands behind P: write 'A -> P: ...'"},
        {"ways-alike", "15:9: error: this way is never taken: one before it begins alike",
         "it is on line 12"},
        {"swap-with-the-phone",
         "15:5: error: 'swap' has no message of ours behind it to change with",
         "the next step is 'A -> P: ACK', on line 17"},
        {"swap-at-the-end", "14:9: error: 'swap' has no message of ours behind it to change with",
         "or take 'swap' out"},
        {"answer-of-one-way", "19:5: error: only one way of an 'either' has what this answers",
         "the 'either' is on line 14"},
        {"ack-of-one-way", "21:5: error: only one way of an 'either' has what this ACK is to",
         "the 'either' is on line 14"},
        {"media-with-a-proxy", "14:5: error: 'P' is a proxy, and no media goes there",
         "name who is talked to: 'B' in place of 'P'"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char *path = oh_format(OH_TEST_DATA "/scenarios-stuck/%s.yaml", table[i].name);
        struct oh_errors errors = {0}, none = {0};
        struct oh_text source = {0}, told = {0};
        struct oh_error e;
        assert_null(oh_scenario_load(path, &errors));
        assert_int_equal(errors.count, 1);
        oh_errors_format(&errors, &told);
        if (!strstr(oh_text_str(&told), table[i].says) ||
            !strstr(oh_text_str(&told), table[i].remedy))
            fail_msg("%s", oh_text_str(&told));
        assert_int_equal(oh_file_read(path, OH_YAML_MAX_BYTES, &source, &e), 0);
        struct oh_scenario *s = oh_scenario_parse(path, oh_text_span(&source), &none);
        assert_non_null(s);
        oh_scenario_free(s);
        oh_text_release(&source);
        oh_text_release(&told);
        oh_errors_release(&errors);
        free(path);
    }
}

/* The other side of it: what each way has, or what stands before them, is not told. */
static void what_each_way_has_can_be_built_on(void **state)
{
    static const char head[] = "title: t\nsource: s\nneeds: [dial, hangup]\nparties: {A: phone, "
                               "P: proxy, B: {behind: P, number: \"1\"}}\nflow:\n";
    static const char *const flows[] = {
        "  - A dials B\n  - A -> P: INVITE\n    save: first\n  - P -> A: 180\n  - A hangs up\n"
        "  - either:\n      - A -> P: CANCEL\n        save: end\n    or:\n      - A -> P: BYE\n"
        "        save: end\n  - P -> A: 200\n    headers: {Subject: \"$end.cseq.number\"}\n"
        "  - P -> A: 487 to INVITE\n  - A -> P: ACK\n    must: {call-id: $end.call-id, "
        "via.branch: $first.via.branch}\n",
        /* the rounds that the phone leaves out */
        "  - A dials B\n  - repeat: 1 .. 3\n    flow:\n      - A -> P: INVITE\n"
        "        save: try\n      - P -> A: 503\n      - A -> P: ACK\n"
        "        must: {call-id: $try.call-id}\n  - P -> A: OPTIONS\n"
        "    headers: {Subject: \"$try.call-id\"}\n  - A -> P: 200\n",
        "  - A dials B\n  - repeat: 1 .. 3\n    flow:\n      - A -> P: INVITE\n  - P -> A: 486\n"
        "  - A -> P: ACK\n",
        /* both members come to pass, and a way within a way */
        "  - A dials B\n  - A -> P: INVITE\n    save: first\n  - any order:\n"
        "      - - P -> A: OPTIONS\n          save: ping\n        - A -> P: 200 to OPTIONS\n"
        "          save: pong\n"
        "      - - either:\n            - A -> P: CANCEL\n            - P -> A: 200 to CANCEL\n"
        "          or:\n            - A -> P: BYE\n            - P -> A: 200 to BYE\n"
        "  - P -> A: 487 to INVITE\n    headers: {Subject: \"$ping.call-id $pong.call-id\"}\n"
        "  - A -> P: ACK\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof flows / sizeof *flows; i++) {
        char *text = oh_format("%s%s", head, flows[i]);
        struct oh_errors errors = {0};
        struct oh_text told = {0};
        struct oh_scenario_set *set =
            oh_scenario_set_parse("x.yaml", oh_span_of(text), NULL, 0, &errors);
        oh_errors_format(&errors, &told);
        if (!set)
            fail_msg("%zu: %s", i, oh_text_str(&told));
        oh_scenario_set_free(set);
        oh_text_release(&told);
        oh_errors_release(&errors);
        free(text);
    }
}

static void a_missing_file_and_a_folder_are_mistakes(void **state)
{
    (void)state;
    struct oh_errors errors = {0};
    assert_null(oh_scenario_load(OH_TEST_DATA "/no-such-file.yaml", &errors));
    assert_int_equal(errors.count, 1);
    assert_null(oh_scenario_load(OH_TEST_DATA, &errors));
    assert_int_equal(errors.count, 2);
    oh_errors_release(&errors);
}

static void errors_of_files_read_before_are_kept(void **state)
{
    (void)state;
    struct oh_errors errors = {0};
    oh_error_set(oh_errors_add(&errors), "from before");
    assert_null(oh_scenario_load(OH_TEST_DATA "/scenarios-bad/many-at-once.yaml", &errors));
    assert_string_equal(errors.items[0].text, "from before");
    oh_errors_release(&errors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mistaken_file_is_told_as_its_golden_text_says),
        cmocka_unit_test(every_golden_text_has_its_file),
        cmocka_unit_test(every_mistake_has_its_place_and_the_line),
        cmocka_unit_test(mistakes_stand_in_the_order_of_lines),
        cmocka_unit_test(a_flow_that_cannot_go_is_told_of_a_file_and_not_of_a_recording),
        cmocka_unit_test(what_each_way_has_can_be_built_on),
        cmocka_unit_test(a_missing_file_and_a_folder_are_mistakes),
        cmocka_unit_test(errors_of_files_read_before_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
