/* The text form: ladders and findings from golden reports, read by eye once and kept. */
#include "reports/report.h"

#include "golden.h"

static const struct oh_report_style plain = {.unicode = true};

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

static char *text_of(const json_t *report, const struct oh_report_style *style)
{
    struct oh_text out = {0};
    form_named("text")->write(report, style, &out);
    return oh_text_take(&out);
}

static void assert_golden_text(const char *report_name, const struct oh_report_style *style,
                               const char *name)
{
    json_t *report = golden_report(report_name);
    char *text = text_of(report, style);
    assert_golden(name, text);
    free(text);
    json_decref(report);
}

static void each_golden_report_has_its_golden_text(void **state)
{
    (void)state;
    assert_golden_text("broken-call.json", &plain, "broken-call.txt");
    assert_golden_text("silent-phone.json", &plain, "silent-phone.txt");
    assert_golden_text("holes.json", &plain, "holes.txt");
    assert_golden_text("many.json", &plain, "many.txt");
}

static void styles_have_their_golden_texts(void **state)
{
    (void)state;
    static const struct oh_report_style ascii = {.width = 72},
                                        color = {.color = true, .unicode = true},
                                        verbose = {.unicode = true, .verbose = true};
    assert_golden_text("broken-call.json", &ascii, "broken-call.ascii.txt");
    assert_golden_text("holes.json", &ascii, "holes.ascii.txt");
    assert_golden_text("broken-call.json", &color, "broken-call.color.txt");
    assert_golden_text("broken-call.json", &verbose, "broken-call.verbose.txt");
    assert_golden_text("silent-phone.json", &verbose, "silent-phone.verbose.txt");
    assert_golden_text("holes.json", &verbose, "holes.verbose.txt");
}

/* Where it is not what all take for granted, it is said. */
static void transport_and_fault_stand_beside_the_phone(void **state)
{
    (void)state;
    static const struct {
        const char *transport, *mutant, *says;
    } table[] = {
        {"udp", NULL, "baresip 1.0.0 at 127.0.0.2:5060\n"},
        {"tcp", NULL, "baresip 1.0.0 at 127.0.0.2:5060 over TCP\n"},
        {"udp", "no-bye", "baresip 1.0.0 at 127.0.0.2:5060 with the fault no-bye - a mutant, not"},
        {"tls", "no-bye", "at 127.0.0.2:5060 over TLS with the fault no-bye - a mutant, not"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        json_t *report = golden_report("broken-call.json");
        json_t *phone = json_array_get(json_object_get(report, "phones"), 0);
        struct oh_text summary = {0};
        json_object_set_new(phone, "transport", json_string(table[i].transport));
        json_object_set_new(phone, "mutant",
                            table[i].mutant ? json_string(table[i].mutant) : json_null());
        oh_report_summary_text(report, &plain, &summary);
        if (!strstr(oh_text_str(&summary), table[i].says))
            fail_msg("%s", oh_text_str(&summary));
        oh_text_release(&summary);
        json_decref(report);
    }
}

/* Columns that a line takes, for characters that are one column wide. */
static size_t columns(const char *line, size_t len)
{
    size_t count = 0;
    for (size_t i = 0; i < len; i++)
        count += ((unsigned char)line[i] & 0xc0) != 0x80;
    return count;
}

static size_t widest(const char *text)
{
    size_t most = 0;
    while (*text) {
        size_t len = strcspn(text, "\n");
        most = columns(text, len) > most ? columns(text, len) : most;
        text += len + (text[len] == '\n');
    }
    return most;
}

static void no_line_is_wider_than_the_terminal(void **state)
{
    (void)state;
    static const char *const reports[] = {"broken-call.json", "silent-phone.json", "many.json"};
    for (size_t i = 0; i < 3; i++) {
        json_t *report = golden_report(reports[i]);
        for (unsigned width = 60; width <= 160; width += 10) {
            struct oh_report_style style = {.unicode = true, .width = width};
            char *text = text_of(report, &style);
            if (widest(text) > width)
                fail_msg("%s: %zu columns, not %u:\n%s", reports[i], widest(text), width, text);
            free(text);
        }
        json_decref(report);
    }
}

static void nothing_from_the_wire_steers_the_terminal(void **state)
{
    (void)state;
    json_t *report = golden_report("holes.json");
    struct oh_report_style style = {.unicode = true, .verbose = true};
    char *text = text_of(report, &style);
    assert_null(strchr(text, '\x1b'));
    assert_non_null(strstr(text, "\\x1B[2J"));
    style.unicode = false;
    free(text);
    text = text_of(report, &style);
    for (const char *at = text; *at; at++)
        assert_true(*at == '\n' || (*at >= ' ' && *at <= '~'));
    free(text);
    json_decref(report);
}

static json_t *long_scenario(int messages)
{
    json_t *list = json_array();
    for (int i = 0; i < messages; i++)
        json_array_append_new(
            list, json_pack("{s:i, s:f, s:s, s:s, s:s, s:s}", "frame", i + 1, "time_s", i * 20.5,
                            "from", i % 2 ? "P" : "A", "to", i % 2 ? "A" : "P", "start_line",
                            "OPTIONS sip:a SIP/2.0", "text", "OPTIONS sip:a SIP/2.0\r\n\r\n"));
    return json_pack("{s:s, s:s, s:s, s:[{s:s, s:s, s:b}, {s:s, s:s, s:b}], s:o}", "id", "long",
                     "title", "Long", "verdict", "pass", "seats", "name", "A", "role", "phone",
                     "phone", 1, "name", "P", "role", "proxy", "phone", 0, "messages", list);
}

static void a_long_ladder_keeps_its_columns(void **state)
{
    (void)state;
    json_t *scenario = long_scenario(1200);
    struct oh_text out = {0};
    oh_report_scenario_text(scenario, &plain, &out);
    size_t lines = 0, first = 0;
    for (const char *at = strchr(out.at, '\n'); at; at = strchr(at + 1, '\n')) {
        const char *end = strchr(at + 1, '\n');
        if (!end || !strstr(at + 1, "OPTIONS") || strstr(at + 1, "OPTIONS") > end)
            continue;
        size_t wide = columns(at + 1, (size_t)(end - at - 1));
        first = first ? first : wide;
        assert_int_equal(wide, first);
        lines++;
    }
    assert_int_equal(lines, 1200);
    oh_text_release(&out);
    json_decref(scenario);
}

static void a_live_line_looks_like_that_of_the_text_form(void **state)
{
    (void)state;
    struct oh_text live = {0}, form = {0}, label = {0};
    json_t *scenario = long_scenario(2);
    oh_ladder_head_text("A phone", "P proxy", &plain, &live);
    for (int i = 0; i < 2; i++) {
        oh_text_clear(&label);
        oh_ladder_label_text(oh_span_of("OPTIONS sip:a SIP/2.0\r\n\r\n"), &label);
        struct oh_ladder_line line = {.time_s = i * 20.5,
                                      .label = oh_text_str(&label),
                                      .to_right = i == 0,
                                      .frame = (unsigned)i + 1};
        oh_ladder_line_text(&line, &plain, &live);
    }
    oh_report_scenario_text(scenario, &plain, &form);
    assert_non_null(strstr(oh_text_str(&form), oh_text_str(&live)));
    oh_text_release(&live);
    oh_text_release(&form);
    oh_text_release(&label);
    json_decref(scenario);
}

static void labels_leave_out_the_version_and_tell_credentials(void **state)
{
    (void)state;
    static const struct {
        const char *message, *label;
    } table[] = {
        {"INVITE sip:b SIP/2.0\r\n\r\n", "INVITE sip:b"},
        {"INVITE sip:b SIP/2.0\r\nProxy-Authorization: Digest x\r\n\r\n",
         "INVITE (credentials) sip:b"},
        {"REGISTER sip:b SIP/2.0\r\nauthorization: Digest x\r\n\r\n",
         "REGISTER (credentials) sip:b"},
        {"INVITE sip:b SIP/2.0\r\n\r\nAuthorization: in the body", "INVITE sip:b"},
        {"SIP/2.0 180 Ringing\r\n\r\n", "180 Ringing"},
        {"SIP/2.0 200 \r\n\r\n", "200"},
        {"INVITE\r\n\r\n", "INVITE"},
        {"INVITE SIP/2.0\r\n", "INVITE SIP/2.0"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct oh_text label = {0};
        oh_ladder_label_text(oh_span_of(table[i].message), &label);
        assert_string_equal(oh_text_str(&label), table[i].label);
        oh_text_release(&label);
    }
}

static void the_reference_phone_is_said_not_to_be_yours(void **state)
{
    (void)state;
    json_t *report = golden_report("many.json");
    struct oh_text out = {0};
    oh_report_summary_text(report, &plain, &out);
    assert_non_null(strstr(out.at, "reference phone, not yours"));
    oh_text_release(&out);
    json_decref(report);
    report = golden_report("broken-call.json");
    oh_report_summary_text(report, &plain, &out);
    assert_null(strstr(out.at, "not yours"));
    oh_text_release(&out);
    json_decref(report);
}

/* --- details --- */

/* What the text form of a report says; the report is dropped. */
static void assert_says(json_t *report, const char *wanted, bool is_said)
{
    char *text = text_of(report, &plain);
    if ((strstr(text, wanted) != NULL) != is_said)
        fail_msg("%s: %s\n%s", is_said ? "not said" : "said", wanted, text);
    free(text);
    json_decref(report);
}

static json_t *scenario_of(json_t *report)
{
    return json_array_get(json_object_get(report, "scenarios"), 0);
}

static void a_time_that_rounds_to_nothing_has_no_sign(void **state)
{
    (void)state;
    static const struct {
        double time_s;
        const char *shown;
    } table[] = {{-0.0004, "    0.000 s   ◆ A dials"},
                 {-0.0006, "   -0.001 s   ◆ A dials"},
                 {-0.0, "    0.000 s   ◆ A dials"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        json_t *report = golden_report("broken-call.json");
        json_t *step = json_array_get(json_object_get(scenario_of(report), "steps"), 0);
        json_object_set_new(step, "time_s", json_real(table[i].time_s));
        assert_says(json_incref(report), table[i].shown, true);
        assert_says(report, "-0.000", false);
    }
}

/* Marks the first finding, the only fail, as known. */
static json_t *forgiven(void)
{
    json_t *report = golden_report("broken-call.json");
    json_t *findings = json_object_get(scenario_of(report), "findings");
    json_object_set_new(json_array_get(findings, 0), "known", json_string("It is."));
    return report;
}

static void a_ladder_is_in_the_order_of_time(void **state)
{
    (void)state;
    json_t *report = golden_report("broken-call.json");
    json_t *scenario = json_array_get(json_object_get(report, "scenarios"), 0);
    json_t *list = json_object_get(scenario, "messages");
    json_array_append(list, json_array_get(list, 1)); /* as one that only our sockets saw */
    json_array_remove(list, 1);
    char *text = text_of(report, &plain);
    double before = -1e9;
    size_t lines = 0;
    for (const char *at = text; (at = strchr(at, '\n')); at++) {
        double time_s;
        char unit[2];
        if (at[1] != ' ' || sscanf(at + 1, "%lf %1s", &time_s, unit) != 2 || *unit != 's')
            continue;
        assert_true(time_s >= before);
        before = time_s;
        lines++;
    }
    assert_true(lines > 5);
    free(text);
    json_decref(report);
}

static void a_skip_says_how_to_tell_that_the_phone_can(void **state)
{
    (void)state;
    static const struct {
        const char *reason, *says;
    } table[] = {
        {"the phone lacks the ability 'hangup'", "if it can: add how to hangup under 'verbs:'"},
        {"the phone lacks the ability 'rtp'", "if it can: add rtp under 'abilities:'"},
        {"the phone lacks the ability 'rtp': x is not there; install it", NULL},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        json_t *report = golden_report("many.json");
        json_t *scenarios = json_object_get(report, "scenarios");
        for (size_t s = 0; s < json_array_size(scenarios); s++) {
            json_t *one = json_array_get(scenarios, s);
            if (strcmp(json_string_value(json_object_get(one, "verdict")), "skip") == 0)
                json_object_set_new(one, "reason", json_string(table[i].reason));
        }
        char *text = text_of(report, &plain);
        const char *wanted = table[i].says ? table[i].says : "if it can:";
        assert_int_equal(strstr(text, wanted) != NULL, table[i].says != NULL);
        free(text);
        json_decref(report);
    }
}

static void known_findings_alone_are_told_as_such(void **state)
{
    (void)state;
    json_t *report = forgiven(), *other = golden_report("broken-call.json");
    assert_says(json_incref(report), "FAIL, known: 1 known finding, nothing new but 1 should\n",
                true);
    json_array_remove(json_object_get(scenario_of(report), "findings"), 1);
    assert_says(json_incref(report), "FAIL, known: 1 known finding, nothing new\n", true);
    assert_says(json_incref(report), "0 pass, 1 fail (known findings only)\n", true);
    json_array_append(json_object_get(report, "scenarios"), scenario_of(other));
    json_object_set_new(json_object_get(report, "summary"), "fail", json_integer(2));
    assert_says(report, "0 pass, 2 fail (1 of them: known findings only)\n", true);
    assert_says(other, "known findings only", false);
}

static void sentences_begin_with_a_capital(void **state)
{
    (void)state;
    static const struct {
        const char *reason, *shown;
    } table[] = {{"the port is taken", "ERROR   The port is taken; "},
                 {"baresip, too", "ERROR   Baresip, too; "},
                 {"A -> P: ACK", "ERROR   A -> P: ACK; "},
                 {"my.yaml is gone", "ERROR   my.yaml is gone; "},
                 {"a2b is gone", "ERROR   a2b is gone; "}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        json_t *report = golden_report("broken-call.json");
        json_object_set_new(scenario_of(report), "verdict", json_string("error"));
        json_object_set_new(scenario_of(report), "reason", json_string(table[i].reason));
        assert_says(report, table[i].shown, true);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_golden_report_has_its_golden_text),
        cmocka_unit_test(styles_have_their_golden_texts),
        cmocka_unit_test(transport_and_fault_stand_beside_the_phone),
        cmocka_unit_test(no_line_is_wider_than_the_terminal),
        cmocka_unit_test(nothing_from_the_wire_steers_the_terminal),
        cmocka_unit_test(a_long_ladder_keeps_its_columns),
        cmocka_unit_test(a_live_line_looks_like_that_of_the_text_form),
        cmocka_unit_test(labels_leave_out_the_version_and_tell_credentials),
        cmocka_unit_test(the_reference_phone_is_said_not_to_be_yours),
        cmocka_unit_test(a_time_that_rounds_to_nothing_has_no_sign),
        cmocka_unit_test(a_ladder_is_in_the_order_of_time),
        cmocka_unit_test(a_skip_says_how_to_tell_that_the_phone_can),
        cmocka_unit_test(known_findings_alone_are_told_as_such),
        cmocka_unit_test(sentences_begin_with_a_capital),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
