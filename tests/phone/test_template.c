/* "${name}" in texts, YAML maps as JSON, and which JSON fits which. */
#include "phone/template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void value(struct oh_span name, struct oh_text *out, void *arg)
{
    (void)arg;
    if (oh_span_is(name, "user"))
        oh_text_add(out, "10\"01\\");
    else
        oh_text_addf(out, "<%.*s>", OH_SPAN_FMT(name));
}

static const struct oh_template_values values = {value, NULL};

static void names_are_replaced_and_all_else_is_kept(void **state)
{
    static const struct {
        const char *text, *filled;
    } cases[] = {
        {"", ""},
        {"plain", "plain"},
        {"${a.b}", "<a.b>"},
        {"x${a}y${b}z", "x<a>y<b>z"},
        {"$5 and $$ and {a}", "$5 and $$ and {a}"},
        {"$${a} is ${a}", "${a} is <a>"},
        {"costs $", "costs $"},
        {"${}", "<>"},
        {"${open", "${open"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *filled = oh_template_fill(cases[i].text, &values);
        assert_string_equal(filled, cases[i].filled);
        free(filled);
    }
}

static void an_unclosed_name_is_a_broken_piece(void **state)
{
    struct oh_span rest = oh_span_of("a${b");
    struct oh_template_piece piece;
    (void)state;
    assert_true(oh_template_next(&rest, &piece));
    assert_false(piece.is_broken);
    assert_true(oh_template_next(&rest, &piece));
    assert_true(piece.is_broken);
    assert_false(oh_template_next(&rest, &piece));
}

static json_t *json_of(const char *yaml)
{
    struct oh_errors errors = {0};
    struct oh_yaml *y = oh_yaml_parse("test", oh_span_of(yaml), &errors);
    assert_non_null(y);
    json_t *json = oh_template_json(oh_yaml_root(y), &values);
    oh_yaml_free(y);
    oh_errors_release(&errors);
    return json;
}

static void yaml_becomes_the_json_that_it_looks_like(void **state)
{
    json_t *json = json_of("{t: true, f: false, n: null, i: -12, big: 99999999999999999999,\n"
                           " s: word, q: \"12\", l: [1, {a: b}], e: \"\", minus: \"-\"}");
    char *text = json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER);
    (void)state;
    assert_string_equal(text, "{\"t\":true,\"f\":false,\"n\":null,\"i\":-12,"
                              "\"big\":\"99999999999999999999\",\"s\":\"word\",\"q\":\"12\","
                              "\"l\":[1,{\"a\":\"b\"}],\"e\":\"\",\"minus\":\"-\"}");
    free(text);
    json_decref(json);
}

static void values_cannot_break_out_of_their_string(void **state)
{
    json_t *json = json_of("{user: \"${user}\"}");
    char *text = json_dumps(json, JSON_COMPACT);
    (void)state;
    assert_string_equal(text, "{\"user\":\"10\\\"01\\\\\"}");
    free(text);
    json_decref(json);
}

static void a_pattern_fits_what_has_at_least_its_parts(void **state)
{
    static const struct {
        const char *pattern, *message;
        bool fits;
    } cases[] = {
        {"{}", "{\"a\":1}", true},
        {"{\"a\":1}", "{\"a\":1,\"b\":2}", true},
        {"{\"a\":1}", "{\"a\":2}", false},
        {"{\"a\":1}", "{\"a\":\"1\"}", false},
        {"{\"a\":true}", "{\"a\":false}", false},
        {"{\"a\":null}", "{}", false},
        {"{\"a\":null}", "{\"a\":null}", true},
        {"{\"a\":{\"b\":\"x*\"}}", "{\"a\":{\"b\":\"xyz\",\"c\":1}}", true},
        {"{\"a\":\"*\"}", "{\"a\":\"\"}", true},
        {"{\"a\":\"*\"}", "{\"a\":1}", false},
        {"{\"a\":\"*OK*\"}", "{\"a\":\"it is OK now\"}", true},
        {"{\"a\":\"*ab\"}", "{\"a\":\"aab\"}", true},
        {"{\"a\":\"*ab\"}", "{\"a\":\"aba\"}", false},
        {"{\"a\":\"a\"}", "{\"a\":\"ab\"}", false},
        {"{\"a\":[1,\"*\"]}", "{\"a\":[1,\"x\"]}", true},
        {"{\"a\":[1]}", "{\"a\":[1,2]}", false},
        {"{\"a\":[1]}", "{\"a\":{}}", false},
        {"{\"a\":{}}", "{\"a\":[]}", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *pattern = json_loads(cases[i].pattern, 0, NULL);
        json_t *message = json_loads(cases[i].message, 0, NULL);
        if (oh_json_fits(pattern, message) != cases[i].fits)
            print_error("%s against %s\n", cases[i].pattern, cases[i].message);
        assert_int_equal(oh_json_fits(pattern, message), cases[i].fits);
        json_decref(pattern);
        json_decref(message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_replaced_and_all_else_is_kept),
        cmocka_unit_test(an_unclosed_name_is_a_broken_piece),
        cmocka_unit_test(yaml_becomes_the_json_that_it_looks_like),
        cmocka_unit_test(values_cannot_break_out_of_their_string),
        cmocka_unit_test(a_pattern_fits_what_has_at_least_its_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
