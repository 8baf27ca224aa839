/* Reading reports: good ones come back the same, damaged ones are told with a sentence and bring
 * nothing down. */
#include "reports/report.h"

#include "golden.h"

#include <stdio.h>
#include <unistd.h>

static char temporary[] = "/tmp/offhook-read-XXXXXX";

static int make_temporary(void **state)
{
    (void)state;
    int fd = mkstemp(temporary);
    return fd < 0 ? -1 : close(fd);
}

static int remove_temporary(void **state)
{
    (void)state;
    return unlink(temporary);
}

/* The writer syncs each file, which is not needed for thousands of them. */
static json_t *read_text(struct oh_span text, struct oh_error *e)
{
    FILE *file = fopen(temporary, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text.at, 1, text.len, file), text.len);
    fclose(file);
    return oh_report_read(temporary, e);
}

static json_t *golden(const char *name)
{
    struct oh_error e = {0};
    char *path = oh_file_join(GOLDEN_FOLDER, name);
    json_t *report = oh_report_read(path, &e);
    if (!report)
        fail_msg("%s: %s", path, e.text);
    free(path);
    return report;
}

static void what_is_written_is_read_back_the_same(void **state)
{
    (void)state;
    static const char *const names[] = {"broken-call.known.json", "silent-phone.json", "holes.json",
                                        "many.json"};
    for (size_t i = 0; i < 4; i++) {
        struct oh_error e = {0};
        json_t *report = golden(names[i]);
        assert_int_equal(oh_report_write(report, temporary, &e), 0);
        json_t *again = oh_report_read(temporary, &e);
        assert_true(json_equal(report, again));
        json_decref(report);
        json_decref(again);
    }
}

static void what_is_no_report_is_told_so(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } table[] = {
        {"", "no JSON"},
        {"{", "no JSON"},
        {"[]", "no report"},
        {"{}", "no report"},
        {"{\"format\": 1}", "no report"},
        {"{\"format\": \"offhook-run/1\"}", "offhook-run/1"},
        {"{\"format\": \"offhook-report/2\"}", "offhook-report/2"},
        {"{\"format\": \"offhook-report/1\"}", "started is missing"},
        {"{\"format\": \"offhook-report/1\", \"started\": 1}", "started is not a text"},
        {"{\"format\": \"a\", \"format\": \"b\"}", "no JSON"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct oh_error e = {0};
        assert_null(read_text(oh_span_of(table[i].text), &e));
        if (!strstr(e.text, table[i].says))
            fail_msg("%s: %s", table[i].text, e.text);
        assert_string_equal(e.file, temporary);
    }
}

static void a_report_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    struct oh_error e = {0};
    assert_null(oh_report_read("/nonexistent/report.json", &e));
    assert_true(e.text[0]);
}

static void damage_is_told_with_its_place(void **state)
{
    (void)state;
    struct oh_error e = {0};
    json_t *report = golden("broken-call.json");
    json_t *scenario = json_array_get(json_object_get(report, "scenarios"), 0);
    json_object_set_new(json_array_get(json_object_get(scenario, "findings"), 1), "id",
                        json_integer(3));
    char *text = json_dumps(report, 0);
    assert_null(read_text(oh_span_of(text), &e));
    assert_string_equal(e.text, "the report is damaged: scenarios[0].findings[1].id is not a text");
    free(text);
    json_decref(report);
}

/* --- mutations --- */

static uint32_t next_random(uint32_t *seed) /* xorshift: the same each time */
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    return *seed ^= *seed << 5;
}

/* All forms of a report, and its exit status: none may crash, whatever is in it. */
static void use(const json_t *report)
{
    struct oh_report_style styles[] = {{.unicode = true, .verbose = true, .color = true},
                                       {.width = 60}};
    for (size_t i = 0; i < 2; i++) {
        struct oh_text out = {0};
        form_named("text")->write(report, &styles[i], &out);
        assert_true(out.len > 0);
        oh_text_release(&out);
    }
    assert_true(oh_report_exit_status(report) >= 0);
}

static json_t *some_value(uint32_t random)
{
    switch (random % 9) {
    case 0:
        return json_null();
    case 1:
        return json_integer((json_int_t)random * 2147483647);
    case 2:
        return json_integer(-1);
    case 3:
        return json_string("");
    case 4:
        return json_string("\xe2\x97\x86 \x1b[2J A -> P: \xe6\x97\xa5 a text that goes on and on "
                           "and on and on and on and on and on and on");
    case 5:
        return json_array();
    case 6:
        return json_pack("[i,s,{}]", 1, "x");
    case 7:
        return json_real(-1e300);
    default:
        return json_object();
    }
}

/* Replaces or removes one value somewhere inside. */
static void mutate(json_t *value, uint32_t *seed)
{
    size_t count = json_is_object(value) ? json_object_size(value) : json_array_size(value);
    if (count == 0)
        return;
    size_t chosen = next_random(seed) % count;
    const char *key = NULL;
    json_t *inner = json_array_get(value, chosen);
    if (json_is_object(value)) {
        void *at = json_object_iter(value);
        for (size_t i = 0; i < chosen; i++)
            at = json_object_iter_next(value, at);
        key = json_object_iter_key(at);
        inner = json_object_iter_value(at);
    }
    bool deeper = (json_is_object(inner) || json_is_array(inner)) && next_random(seed) % 5;
    if (deeper)
        mutate(inner, seed);
    else if (!key)
        json_array_set_new(value, chosen, some_value(next_random(seed)));
    else if (next_random(seed) % 4 == 0)
        json_object_del(value, key);
    else
        json_object_set_new(value, key, some_value(next_random(seed)));
}

static void mutated_values_never_bring_a_form_down(void **state)
{
    (void)state;
    static const char *const names[] = {"broken-call.known.json", "silent-phone.json", "holes.json",
                                        "many.json"};
    uint32_t seed = 2463534242u;
    size_t refused = 0;
    for (size_t i = 0; i < 2000; i++) {
        json_t *report = golden(names[i % 4]);
        for (uint32_t k = next_random(&seed) % 4; k < 4; k++)
            mutate(report, &seed);
        use(report); /* even without being read and checked */
        char *text = json_dumps(report, JSON_ENCODE_ANY);
        struct oh_error e = {0};
        json_t *again = read_text(oh_span_of(text), &e);
        if (!again)
            refused++;
        assert_true(again || e.text[0]);
        free(text);
        json_decref(again);
        json_decref(report);
    }
    assert_true(refused > 200);
    assert_true(refused < 2000);
}

static void mutated_bytes_are_refused_or_read(void **state)
{
    (void)state;
    struct oh_text text = {0};
    struct oh_error e = {0};
    uint32_t seed = 88172645u;
    assert_int_equal(oh_file_read(GOLDEN_FOLDER "/holes.json", (size_t)1 << 24, &text, &e), 0);
    for (size_t i = 0; i < 2000; i++) {
        char *copy = oh_alloc(text.len);
        memcpy(copy, text.at, text.len);
        for (int k = 0; k < 3; k++)
            copy[next_random(&seed) % text.len] = (char)next_random(&seed);
        size_t len = i % 3 ? text.len : next_random(&seed) % text.len;
        e = (struct oh_error){0};
        json_t *report = read_text((struct oh_span){copy, len}, &e);
        if (report)
            use(report);
        assert_true(report || e.text[0]);
        json_decref(report);
        free(copy);
    }
    oh_text_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back_the_same),
        cmocka_unit_test(what_is_no_report_is_told_so),
        cmocka_unit_test(a_report_that_is_not_there_is_an_error),
        cmocka_unit_test(damage_is_told_with_its_place),
        cmocka_unit_test(mutated_values_never_bring_a_form_down),
        cmocka_unit_test(mutated_bytes_are_refused_or_read),
    };
    return cmocka_run_group_tests(tests, make_temporary, remove_temporary);
}
