/* JUnit XML: golden files, what fails a case and what does not, and bytes that XML cannot hold. */
#include "reports/report.h"
#include "reports/xml.h"

#include "golden.h"

static json_t *golden_report(const char *name)
{
    struct oh_error e = {0};
    char *path = oh_file_join(GOLDEN_FOLDER, name);
    json_t *report = oh_report_read(path, &e);
    if (!report)
        fail_msg("%s: %s", path, e.text);
    free(path);
    return report;
}

static char *form_of(const char *form, const json_t *report)
{
    static const struct oh_report_style style = {0};
    struct oh_text out = {0};
    form_named(form)->write(report, &style, &out);
    return oh_text_take(&out);
}

static void each_golden_report_has_its_golden_xml(void **state)
{
    (void)state;
    static const char *const names[] = {"broken-call", "broken-call.known", "silent-phone", "holes",
                                        "many"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *json_name = oh_format("%s.json", names[i]), *name = oh_format("%s.xml", names[i]);
        json_t *report = golden_report(json_name);
        char *xml = form_of("junit", report);
        assert_golden(name, xml);
        free(xml);
        free(name);
        free(json_name);
        json_decref(report);
    }
}

static size_t count(const char *text, const char *word)
{
    size_t found = 0;
    for (const char *at = text; (at = strstr(at, word)); at++)
        found++;
    return found;
}

static void a_property_stands_once_for_a_seat(void **state)
{
    (void)state;
    json_t *report = golden_report("broken-call.json");
    json_t *phones = json_object_get(report, "phones");
    json_t *again = json_deep_copy(json_array_get(phones, 0));
    json_object_set_new(json_array_get(phones, 0), "transport", json_string("udp"));
    json_object_set_new(again, "transport", json_string("tcp"));
    json_array_append_new(phones, again);
    char *xml = form_of("junit", report);
    assert_int_equal(count(xml, "name=\"phone.A.name\""), 1);
    assert_int_equal(count(xml, "name=\"phone.A.transport\" value=\"udp, tcp\""), 1);
    free(xml);
    json_decref(report);
}

static json_t *first(json_t *report)
{
    return json_array_get(json_object_get(report, "scenarios"), 0);
}

/* What the gate holds, the exit status holds: a file without failure and error means 0. */
static void only_a_run_that_ends_with_0_has_neither_failure_nor_error(void **state)
{
    (void)state;
    static const struct {
        const char *verdict, *known;
        bool interrupted;
        size_t failures, errors, skipped;
    } table[] = {
        {"pass", NULL, false, 0, 0, 0},  {"pass", NULL, true, 0, 1, 0},
        {"fail", NULL, false, 1, 0, 0},  {"fail", "known", false, 0, 0, 0},
        {"error", NULL, false, 0, 1, 0}, {"inconclusive", NULL, false, 0, 1, 0},
        {"skip", NULL, false, 0, 1, 1}, /* nothing was judged */
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        json_t *report = golden_report("broken-call.json");
        json_object_set_new(first(report), "verdict", json_string(table[i].verdict));
        json_object_set_new(report, "interrupted", json_boolean(table[i].interrupted));
        json_t *must = json_array_get(json_object_get(first(report), "findings"), 0);
        if (table[i].known)
            json_object_set_new(must, "known", json_string(table[i].known));
        oh_report_set_exit_status(report, oh_report_exit_status(report));
        char *xml = form_of("junit", report);
        bool good = oh_report_exit_status(report) == 0;
        assert_int_equal(good, table[i].failures + table[i].errors == 0);
        if (count(xml, "<failure ") != table[i].failures ||
            count(xml, "<error ") != table[i].errors || count(xml, "<skipped ") != table[i].skipped)
            fail_msg("%s:\n%s", table[i].verdict, xml);
        free(xml);
        json_decref(report);
    }
}

static void a_known_finding_stands_beside_the_case(void **state)
{
    (void)state;
    json_t *report = golden_report("broken-call.json");
    json_t *must = json_array_get(json_object_get(first(report), "findings"), 0);
    json_object_set_new(must, "known", json_string("It makes a new branch."));
    char *xml = form_of("junit", report);
    const char *output = strstr(xml, "<system-out>");
    assert_null(strstr(xml, "<failure"));
    assert_non_null(output);
    assert_non_null(strstr(output, "known: It makes a new branch."));
    assert_non_null(strstr(output, "expect.call-id")); /* a should */
    free(xml);
    json_decref(report);
}

static void names_group_by_phone_and_folder(void **state)
{
    (void)state;
    static const struct {
        const char *id, *adapter, *classname, *name;
    } table[] = {
        {"cisco-7960/call-out", "baresip", "classname=\"baresip.cisco-7960\"", "name=\"call-out\""},
        {"a/b/c", "baresip", "classname=\"baresip.a.b\"", "name=\"c\""},
        {"v1.2/x.y", "my.phone", "classname=\"my_phone.v1_2\"", "name=\"x.y\""},
        {"lone", "p", "classname=\"p.scenarios\"", "name=\"lone\""},
        {"capture/127.0.0.2:5060", NULL, "classname=\"phone.capture\"", "name=\"127.0.0.2:5060\""},
        {"/", "p", "classname=\"p.scenarios\"", "name=\"/\""},
        {"a/", "p", "classname=\"p.a\"", "name=\"a/\""},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        json_t *report = golden_report("broken-call.json");
        json_t *phone = json_array_get(json_object_get(first(report), "phones"), 0);
        json_object_set_new(first(report), "id", json_string(table[i].id));
        json_object_set_new(phone, "adapter",
                            table[i].adapter ? json_string(table[i].adapter) : json_null());
        char *xml = form_of("junit", report);
        if (!strstr(xml, table[i].classname) || !strstr(xml, table[i].name))
            fail_msg("%s:\n%s", table[i].id, xml);
        free(xml);
        json_decref(report);
    }
}

static void two_of_the_same_id_have_two_names(void **state)
{
    (void)state;
    json_t *report = golden_report("broken-call.json");
    json_array_append_new(json_object_get(report, "scenarios"), json_deep_copy(first(report)));
    char *xml = form_of("junit", report);
    assert_int_equal(count(xml, "<testsuite "), 1);
    assert_int_equal(count(xml, "tests=\"2\""), 2);
    assert_int_equal(count(xml, "name=\"authentication-407\""), 1);
    assert_int_equal(count(xml, "name=\"authentication-407~2\""), 1);
    free(xml);
    json_decref(report);
}

/* --- bytes --- */

static char *text_of(const char *bytes, size_t len)
{
    struct oh_text out = {0};
    oh_xml_add_text((struct oh_span){bytes, len}, &out);
    oh_text_add(&out, "");
    return oh_text_take(&out);
}

static void assert_text(const char *bytes, size_t len, const char *wanted)
{
    char *text = text_of(bytes, len);
    assert_string_equal(text, wanted);
    free(text);
}

static void what_xml_cannot_hold_is_shown(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *wanted;
    } table[] = {
        {"a<b>&\"'", "a&lt;b&gt;&amp;\"'"},
        {"]]>", "]]&gt;"},
        {"\x01\x1b[31m\x7f", "\\x01\\x1B[31m\\x7F"},
        {"a\tb\r\nc", "a\tb&#13;\nc"},
        {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"},
        {"\xc2\x85\xc2\x9b", "\\u0085\\u009B"},                /* C1 controls */
        {"\xef\xbf\xbe\xef\xbf\xbf", "\\uFFFE\\uFFFF"},        /* no characters of XML's */
        {"\xef\xbf\xbd", "\xef\xbf\xbd"},                      /* U+FFFD is one */
        {"\xed\xa0\x80", "\\xED\\xA0\\x80"},                   /* a surrogate */
        {"\xc0\xaf\xe0\x80\xaf", "\\xC0\\xAF\\xE0\\x80\\xAF"}, /* overlong */
        {"\xf4\x90\x80\x80", "\\xF4\\x90\\x80\\x80"},          /* above U+10FFFF */
        {"\xc3", "\\xC3"},
        {"\xe2\x82", "\\xE2\\x82"},
        {"\xe2\x28\xa1", "\\xE2(\\xA1"},
        {"\xff\xfe", "\\xFF\\xFE"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_text(table[i].bytes, strlen(table[i].bytes), table[i].wanted);
    assert_text("a\0b", 3, "a\\x00b");
}

static void an_attribute_keeps_its_line_ends_and_quotes(void **state)
{
    (void)state;
    struct oh_text out = {0};
    oh_xml_add_attribute("x", "a\"b\n\tc<d>\x02", &out);
    assert_string_equal(oh_text_str(&out), " x=\"a&quot;b&#10;&#9;c&lt;d&gt;\\x02\"");
    oh_text_clear(&out);
    oh_xml_add_attribute("x", NULL, &out);
    assert_string_equal(oh_text_str(&out), " x=\"\"");
    oh_text_release(&out);
}

/* XML 1.0 production 2, read independently of the code that writes: no byte below space but tab,
 * line feed and carriage return, and nothing that is no UTF-8 (jansson says what is). */
static bool is_clean(const char *text)
{
    json_t *json = json_string(text);
    bool clean = json != NULL;
    for (const char *at = text; *at; at++)
        clean = clean && ((unsigned char)*at >= 0x20 || *at == '\t' || *at == '\n');
    json_decref(json);
    return clean && !strpbrk(text, "<>");
}

static void every_pair_of_bytes_gives_clean_text(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 0x10000; i++) {
        const char bytes[] = {'a', (char)(i >> 8), (char)i, 'z'};
        char *text = text_of(bytes, sizeof bytes);
        if (!is_clean(text) || text[0] != 'a' || text[strlen(text) - 1] != 'z')
            fail_msg("%04X: %s", i, text);
        free(text);
    }
}

/* Any longer mess, made by a small generator of its own so that it is the same each time. */
static void any_mess_gives_clean_text(void **state)
{
    (void)state;
    uint32_t seed = 1;
    for (unsigned round = 0; round < 2000; round++) {
        char bytes[64];
        for (size_t i = 0; i < sizeof bytes; i++) {
            seed = seed * 1664525u + 1013904223u;
            bytes[i] = (char)(seed >> 24);
        }
        char *text = text_of(bytes, sizeof bytes);
        if (!is_clean(text))
            fail_msg("round %u: %s", round, text);
        free(text);
    }
}

/* --- a first list of known findings --- */

static void the_list_made_from_a_report_is_golden(void **state)
{
    (void)state;
    json_t *report = golden_report("silent-phone.json");
    char *yaml = form_of("known", report);
    assert_golden("silent-phone.known.yaml", yaml);
    free(yaml);
    json_decref(report);
}

static struct oh_baseline *load_text(const char *text, struct oh_errors *errors)
{
    char path[] = "/tmp/offhook-known-XXXXXX";
    struct oh_error e = {0};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(oh_file_write(path, oh_span_of(text), 0600, &e), 0);
    struct oh_baseline *b = oh_baseline_load(path, errors);
    unlink(path);
    return b;
}

static char *with_reasons(const char *yaml)
{
    static const char empty[] = "reason: \"\"";
    struct oh_text out = {0};
    for (const char *at = yaml, *next; *at; at = next) {
        next = strstr(at, empty);
        oh_text_add_span(&out, next ? (struct oh_span){at, (size_t)(next - at)} : oh_span_of(at));
        if (next)
            oh_text_add(&out, "reason: looked into");
        next = next ? next + strlen(empty) : at + strlen(at);
    }
    return oh_text_take(&out);
}

/* Refused as it is; with reasons it forgives all that it was made from, in ids of any kind. */
static void the_list_forgives_what_it_was_made_from_once_it_has_reasons(void **state)
{
    (void)state;
    static const char *const ids[] = {"no-ack", "a [b]*?\\c: #\"'\x01\xc2\x85\xe2\x82\xac"};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        struct oh_errors errors = {0};
        json_t *report = golden_report("silent-phone.json");
        json_object_set_new(first(report), "id", json_string(ids[i]));
        char *yaml = form_of("known", report), *filled = with_reasons(yaml);
        assert_null(load_text(yaml, &errors));
        assert_non_null(strstr(errors.items[0].text, "no reason"));
        oh_errors_release(&errors);
        struct oh_baseline *b = load_text(filled, &errors);
        if (!b)
            fail_msg("%u: %s\n%s", errors.items[0].place.line, errors.items[0].text, filled);
        oh_baseline_apply(b, report);
        assert_int_equal(oh_report_exit_status(report), 0);
        char *again = form_of("known", report);
        assert_non_null(strstr(again, "known: []"));
        free(again);
        free(yaml);
        free(filled);
        oh_baseline_free(b);
        oh_errors_release(&errors);
        json_decref(report);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_golden_report_has_its_golden_xml),
        cmocka_unit_test(a_property_stands_once_for_a_seat),
        cmocka_unit_test(only_a_run_that_ends_with_0_has_neither_failure_nor_error),
        cmocka_unit_test(a_known_finding_stands_beside_the_case),
        cmocka_unit_test(names_group_by_phone_and_folder),
        cmocka_unit_test(two_of_the_same_id_have_two_names),
        cmocka_unit_test(what_xml_cannot_hold_is_shown),
        cmocka_unit_test(an_attribute_keeps_its_line_ends_and_quotes),
        cmocka_unit_test(every_pair_of_bytes_gives_clean_text),
        cmocka_unit_test(any_mess_gives_clean_text),
        cmocka_unit_test(the_list_made_from_a_report_is_golden),
        cmocka_unit_test(the_list_forgives_what_it_was_made_from_once_it_has_reasons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
