/* Lists of known findings: read, laid over a report, and told when they are out of date. */
#include "judge/rule.h"
#include "reports/report.h"

#include "golden.h"

#include <unistd.h>

static struct oh_baseline *load(const char *text, struct oh_errors *errors)
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

static struct oh_baseline *load_good(const char *text)
{
    struct oh_errors errors = {0};
    struct oh_baseline *b = load(text, &errors);
    if (!b)
        fail_msg("%u: %s", errors.items[0].place.line, errors.items[0].text);
    assert_int_equal(errors.count, 0);
    return b;
}

static json_t *broken_call(void)
{
    struct oh_error e = {0};
    json_t *report = oh_report_read(GOLDEN_FOLDER "/broken-call.json", &e);
    if (!report)
        fail_msg("%s", e.text);
    return report;
}

/* The golden report with the list laid over it. */
static json_t *applied(const char *text)
{
    struct oh_baseline *b = load_good(text);
    json_t *report = broken_call();
    oh_baseline_apply(b, report);
    oh_baseline_free(b);
    return report;
}

static json_t *finding(json_t *report, size_t i)
{
    json_t *scenario = json_array_get(json_object_get(report, "scenarios"), 0);
    json_t *f = json_array_get(json_object_get(scenario, "findings"), i);
    assert_non_null(f);
    return f;
}

static size_t told(const json_t *report, const char *list)
{
    const json_t *all = json_object_get(json_object_get(report, "baseline"), list);
    assert_true(json_is_array(all));
    return json_array_size(all);
}

static json_int_t sum(const json_t *report, const char *key)
{
    return json_integer_value(
        json_object_get(json_object_get(json_object_get(report, "summary"), "findings"), key));
}

static bool is_known(json_t *report, size_t i)
{
    return json_object_get(finding(report, i), "known") != NULL;
}

static void a_known_rule_finding_is_marked_and_forgiven(void **state)
{
    (void)state;
    json_t *report = applied("known:\n"
                             "  - finding: ack.branch\n"
                             "    scenario: cisco-7960/*\n"
                             "    method: ACK\n"
                             "    reason: It makes a new branch.\n"
                             "    clause: RFC 3261 17.1.1.3\n");
    assert_string_equal(json_string_value(json_object_get(finding(report, 0), "known")),
                        "It makes a new branch.");
    assert_false(is_known(report, 1));
    assert_int_equal(sum(report, "must"), 0);
    assert_int_equal(sum(report, "should"), 1);
    assert_int_equal(sum(report, "known"), 1);
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(report, "baseline"), "known")), 1);
    assert_int_equal(oh_report_exit_status(report), 0);
    assert_string_equal(json_string_value(json_object_get(
                            json_array_get(json_object_get(report, "scenarios"), 0), "verdict")),
                        "fail"); /* verdicts stay */
    json_decref(report);
}

static void a_known_flow_finding_is_identified_by_its_step(void **state)
{
    (void)state;
    json_t *report = applied("known:\n"
                             "  - finding: expect.call-id\n"
                             "    step: \"A -> P: INVITE\"\n"
                             "    nth: 2\n"
                             "    reason: Another call.\n");
    assert_true(is_known(report, 1));
    assert_int_equal(told(report, "gone"), 0);
    assert_int_equal(oh_report_exit_status(report), 1);
    json_decref(report);
}

static void a_list_for_one_phone_says_nothing_of_another(void **state)
{
    (void)state;
    static const char entries[] = "known:\n"
                                  "  - {finding: ack.branch, method: ACK, reason: R}\n"
                                  "  - {finding: ack.cseq, method: ACK, reason: R}\n";
    static const struct {
        const char *phone;
        bool known;
        size_t gone;
    } table[] = {{"baresip", true, 1}, {"linphone", false, 0}};
    for (size_t i = 0; i < 2; i++) {
        char *text = oh_format("phone: %s\n%s", table[i].phone, entries);
        struct oh_baseline *b = load_good(text);
        json_t *report = broken_call();
        json_t *shown =
            oh_baseline_scenario(b, json_array_get(json_object_get(report, "scenarios"), 0));
        oh_baseline_apply(b, report);
        assert_string_equal(oh_baseline_phone(b), table[i].phone);
        assert_int_equal(is_known(report, 0), table[i].known);
        assert_int_equal(told(report, "gone"), table[i].gone);
        json_t *f = json_array_get(json_object_get(shown, "findings"), 0);
        assert_int_equal(json_object_get(f, "known") != NULL, table[i].known);
        struct oh_text summary = {0};
        static const struct oh_report_style plain = {.unicode = true};
        oh_report_summary_text(report, &plain, &summary);
        assert_int_equal(strstr(oh_text_str(&summary), "played nothing here") != NULL,
                         !table[i].known);
        oh_text_release(&summary);
        oh_baseline_free(b);
        json_decref(report);
        json_decref(shown);
        free(text);
    }
}

static void an_entry_for_something_else_forgives_nothing(void **state)
{
    (void)state;
    static const char *const entries[] = {
        "finding: ack.cseq, method: ACK",
        "finding: ack.branch, method: INVITE",
        "finding: ack.branch, method: ACK, scenario: rfc3665/*",
        "finding: expect.call-id, step: 'A -> P: ACK'",
        "finding: expect.call-id, step: 'A -> P: INVITE'", /* it is at the second one */
        "finding: expect.call-id, step: 'A -> P: INVITE', nth: 3",
        "finding: ack.branch, method: ACK, expires: 2026-11-21",
    };
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        char *text = oh_format("known:\n  - {%s, reason: none}\n", entries[i]);
        json_t *report = applied(text);
        if (is_known(report, 0) || is_known(report, 1))
            fail_msg("%s", entries[i]);
        assert_int_equal(oh_report_exit_status(report), 1);
        json_decref(report);
        free(text);
    }
}

static void what_could_have_appeared_and_did_not_is_gone(void **state)
{
    (void)state;
    static const struct {
        const char *entry;
        size_t gone;
    } table[] = {
        {"finding: route.set, method: BYE", 1},
        {"finding: expect.via.branch, step: 'A -> P: BYE'", 1},
        {"finding: phone.died", 1},
        {"finding: via.single, method: PRACK", 0},        /* none was sent */
        {"finding: expect.x, step: 'A -> P: CANCEL'", 0}, /* no such step */
        {"finding: route.set, method: BYE, scenario: other/*", 0},
        {"finding: ack.branch, method: ACK", 0},    /* it did appear */
        {"finding: ack.branch, method: INVITE", 0}, /* it did, at another place */
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char *text = oh_format("known:\n  - {%s, reason: none}\n", table[i].entry);
        json_t *report = applied(text);
        if (told(report, "gone") != table[i].gone)
            fail_msg("%s: %zu", table[i].entry, told(report, "gone"));
        json_decref(report);
        free(text);
    }
}

static void what_an_entry_leaves_out_may_be_anything(void **state)
{
    (void)state;
    static const struct {
        const char *entry;
        size_t knows;
    } table[] = {{"finding: ack.branch", 0},
                 {"finding: ack.branch, scenario: cisco-7960/authentication-407", 0},
                 {"finding: expect.call-id, step: 'A -> P: INVITE', nth: 2", 1},
                 {"finding: expect.call-id, step: 'A -> P: INVITE', nth: 2, scenario: 'cisco*'",
                  1}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char *text = oh_format("known:\n  - {%s, reason: none}\n", table[i].entry);
        json_t *report = applied(text);
        if (!is_known(report, table[i].knows) || is_known(report, 1 - table[i].knows))
            fail_msg("%s", table[i].entry);
        assert_int_equal(told(report, "gone"), 0);
        assert_int_equal(told(report, "unplayed"), 0);
        json_decref(report);
        free(text);
    }
}

static const char *told_text(const json_t *report, struct oh_text *out)
{
    static const struct oh_report_style plain = {.unicode = true, .width = 200};
    oh_text_clear(out);
    oh_report_summary_text(report, &plain, out);
    return oh_text_str(out);
}

static void a_finding_at_another_place_is_not_told_as_gone(void **state)
{
    (void)state;
    struct oh_text out = {0};
    json_t *report = applied("known:\n"
                             "  - {finding: ack.branch, method: INVITE, reason: none}\n"
                             "  - {finding: expect.call-id, step: 'A -> P: ACK', reason: none}\n");
    assert_int_equal(told(report, "elsewhere"), 2);
    assert_int_equal(told(report, "gone"), 0);
    assert_non_null(strstr(told_text(report, &out),
                           "ack.branch (*, INVITE): not met, but it appeared at another place; "
                           "correct the entry: cisco-7960/authentication-407: ACK from the phone"));
    assert_non_null(strstr(oh_text_str(&out), "A -> P: INVITE, the 2nd of these\n"));
    json_decref(report);
    report = applied("known:\n"
                     "  - {finding: ack.branch, method: BYE, reason: none}\n"
                     "  - {finding: ack.branch, method: ACK, reason: none}\n");
    assert_int_equal(told(report, "elsewhere"), 0); /* another entry knows it */
    assert_int_equal(told(report, "gone"), 1);
    json_decref(report);
    oh_text_release(&out);
}

static void an_entry_of_a_scenario_that_was_not_played_is_told(void **state)
{
    (void)state;
    struct oh_text out = {0};
    json_t *report = applied("known: [{finding: ack.to, scenario: no/such, reason: none}]\n");
    assert_int_equal(told(report, "unplayed"), 1);
    assert_int_equal(told(report, "gone"), 0);
    assert_non_null(
        strstr(told_text(report, &out), "not met: its scenario was not played: ack.to (no/such)"));
    json_decref(report);
    struct oh_text list = {0};
    oh_text_add(&list, "known:\n");
    for (int i = 0; i < 9; i++)
        oh_text_addf(&list, "  - {finding: ack.to, scenario: no/such-%d, reason: none}\n", i);
    report = applied(oh_text_str(&list));
    assert_int_equal(told(report, "unplayed"), 9);
    assert_non_null(strstr(told_text(report, &out), "9 not met: their scenarios were not played"));
    assert_non_null(strstr(oh_text_str(&out), "and 6 more"));
    assert_null(strstr(oh_text_str(&out), "such-5"));
    json_decref(report);
    oh_text_release(&list);
    oh_text_release(&out);
}

static void a_finding_of_our_own_message_is_neither_counted_nor_known(void **state)
{
    (void)state;
    struct oh_baseline *b = load_good("known: [{finding: ack.branch, reason: none}]\n");
    json_t *report = broken_call();
    json_object_set_new(finding(report, 0), "direction", json_string("to-phone"));
    json_object_set_new(finding(report, 0), "level", json_string("should"));
    json_object_set_new(finding(report, 0), "result", json_string("warn"));
    oh_baseline_apply(b, report);
    assert_false(is_known(report, 0));
    assert_int_equal(sum(report, "ours"), 1);
    assert_int_equal(sum(report, "must"), 0);
    assert_int_equal(sum(report, "should"), 1); /* expect.call-id */
    struct oh_text out = {0};
    assert_non_null(
        strstr(told_text(report, &out), "about offhook's own messages, not the phone's: 1\n"));
    oh_text_clear(&out);
    static const struct oh_report_style plain = {.unicode = true};
    form_named("text")->write(report, &plain, &out);
    assert_non_null(strstr(oh_text_str(&out), "0 must broken, 1 should; 1 about offhook's own"));
    assert_non_null(strstr(oh_text_str(&out), "  ours ack.branch   "));
    oh_text_clear(&out);
    form_named("junit")->write(report, &plain, &out);
    assert_null(strstr(oh_text_str(&out), "  ours ack.branch   "));
    oh_text_clear(&out);
    form_named("known")->write(report, &plain, &out);
    assert_null(strstr(oh_text_str(&out), "ack.branch"));
    oh_text_release(&out);
    oh_baseline_free(b);
    json_decref(report);
}

static void what_fails_by_known_findings_alone_stands_last_and_bears_the_word(void **state)
{
    (void)state;
    struct oh_baseline *b =
        load_good("known: [{finding: ack.branch, scenario: 'cisco*', reason: none}]\n");
    json_t *report = broken_call(), *scenarios = json_object_get(report, "scenarios");
    json_t *other = json_deep_copy(json_array_get(scenarios, 0));
    json_object_set_new(other, "id", json_string("other/call"));
    json_array_append_new(scenarios, other);
    oh_baseline_apply(b, report);
    struct oh_text out = {0};
    const char *text = told_text(report, &out);
    const char *fail = strstr(text, "\n  fail          other/call:");
    const char *known = strstr(text, "\n  known         cisco-7960/authentication-407:");
    assert_non_null(fail);
    assert_non_null(known);
    assert_true(fail < known);
    oh_text_release(&out);
    oh_baseline_free(b);
    json_decref(report);
}

static void the_link_of_an_entry_stands_beside_its_finding(void **state)
{
    (void)state;
    json_t *report = applied("known:\n"
                             "  - {finding: ack.branch, reason: A new branch., link: T-17}\n"
                             "  - {finding: expect.call-id, step: 'A -> P: INVITE', nth: 2, "
                             "reason: Another call., link: T-18, "
                             "expires: 2026-11-21}\n");
    struct oh_text out = {0};
    static const struct oh_report_style plain = {.unicode = true};
    assert_string_equal(json_string_value(json_object_get(finding(report, 0), "link")), "T-17");
    assert_false(is_known(report, 1));
    static const char *const forms[] = {"text", "junit"};
    for (size_t i = 0; i < 2; i++) {
        oh_text_clear(&out);
        form_named(forms[i])->write(report, &plain, &out);
        assert_non_null(strstr(oh_text_str(&out), "known: A new branch. (T-17)"));
        assert_non_null(strstr(oh_text_str(&out), "known until 2026-11-21: Another call. (T-18)"));
    }
    oh_text_release(&out);
    json_decref(report);
}

static void one_scenario_can_be_marked_before_the_report_is_whole(void **state)
{
    (void)state;
    struct oh_baseline *b =
        load_good("known:\n"
                  "  - {finding: ack.branch, method: ACK, reason: none}\n"
                  "  - {finding: expect.call-id, step: 'A -> P: INVITE', nth: 2, "
                  "reason: none, expires: 2026-11-21}\n");
    const struct oh_report_style style = {.unicode = true};
    struct oh_text out = {0};
    json_t *report = broken_call();
    const json_t *scenario = json_array_get(json_object_get(report, "scenarios"), 0);
    json_t *marked = oh_baseline_scenario(b, scenario);
    const json_t *findings = json_object_get(marked, "findings");
    assert_non_null(json_object_get(json_array_get(findings, 0), "known"));
    assert_null(json_object_get(json_array_get(findings, 1), "known"));
    assert_false(is_known(report, 0)); /* it is a copy */
    oh_report_scenario_text(marked, &style, &out);
    assert_non_null(strstr(out.at, "FAIL, known: 1 known finding, nothing new but 1 should"));
    oh_text_release(&out);
    json_decref(marked);
    marked = oh_baseline_scenario(NULL, scenario);
    assert_true(json_equal(marked, scenario));
    json_decref(marked);
    json_decref(report);
    oh_baseline_free(b);
}

static void nothing_is_gone_from_a_scenario_that_was_not_played_to_a_verdict(void **state)
{
    (void)state;
    struct oh_baseline *b = load_good(
        "known: [{finding: phone.died, reason: none}, {finding: via.single, reason: y}]\n");
    json_t *report = broken_call();
    json_object_set_new(json_array_get(json_object_get(report, "scenarios"), 0), "verdict",
                        json_string("inconclusive"));
    oh_baseline_apply(b, report);
    assert_int_equal(told(report, "gone"), 0);
    oh_baseline_free(b);
    json_decref(report);
}

static void an_entry_counts_to_the_end_of_its_last_day(void **state)
{
    (void)state;
    json_t *report = applied("known:\n  - {finding: ack.branch, method: ACK, reason: none, "
                             "expires: 2026-11-22}\n"); /* the day of the run */
    assert_true(is_known(report, 0));
    assert_int_equal(told(report, "expired"), 0);
    json_decref(report);
    report = applied("known:\n  - {finding: ack.branch, method: ACK, reason: none, "
                     "expires: 2026-11-21}\n");
    assert_false(is_known(report, 0));
    assert_int_equal(told(report, "expired"), 1);
    assert_int_equal(told(report, "gone"), 0);
    json_decref(report);
}

static void mistakes_in_the_list_are_all_told_with_their_lines(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
        unsigned line;
    } table[] = {
        {"known:\n  - finding: ack.to\n", "reason", 2},
        {"known:\n  - reason: x\n", "finding", 2},
        {"known:\n  - {finding: ack.to, reason: b}\n  - finding: ack.to\n    reson: b\n    reason: "
         "c\n",
         "reson", 4},
        {"known:\n  - finding: ack.to\n    reason: b\n    step: s\n    method: ACK\n", "exclude",
         2},
        {"known:\n  - finding: ack.to\n    reason: b\n    direction: from-phone\n", "direction", 2},
        {"known:\n  - finding: ack.to\n    reason: b\n    method: ACK\n    direction: left\n",
         "left", 5},
        {"known:\n  - finding: ack.to\n    reason: b\n    expires: tomorrow\n", "tomorrow", 4},
        {"known:\n  - finding: ack.to\n    reason: b\n    expires: 2027-13-01\n", "2027-13-01", 4},
        {"known:\n  - finding: ack.to\n    reason: \"\"\n", "no reason", 3},
        {"known:\n  - finding: ack.to\n    reason: \"  \"\n", "no reason", 3},
        {"known:\n  - finding: ack.to\n    reason: b\n    expires: 2027-02-29\n", "2027-02-29", 4},
        {"known:\n  - finding: ack.to\n    reason: b\n    expires: 2027-04-31\n", "2027-04-31", 4},
        {"phone: \"\"\nknown: []\n", "empty", 1},
        {"known:\n  - just a text\n", "map", 2},
        {"known: none\n", "known", 1},
        {"- finding: ack.to\n", "known:", 1},
        {"format: 2\nknown: []\n", "format", 1},
        {"known:\n  - finding: ack.brunch\n    reason: b\n", "ack.brunch", 2},
        {"known:\n  - finding: expect.\n    reason: b\n", "expect.", 2},
        {"other: 1\n", "other", 1},
        {"known:\n  - finding: ack.to\n    reason: b\n    method: ACKK\n", "'ACKK'", 4},
        {"known:\n  - finding: ack.to\n    reason: b\n    method: 2000 to ACK\n", "2000", 4},
        {"known:\n  - finding: ack.to\n    reason: b\n    method: 200 INVITE\n", "200 INV", 4},
        {"known:\n  - finding: expect.to\n    reason: b\n    step: \"A -> P ACK\"\n",
         "what is sent", 4},
        {"known:\n  - finding: flow.missing\n    reason: b\n    method: ACK\n", "of the flow", 4},
        {"known:\n  - finding: flow.missing\n    reason: b\n", "at every step", 2},
        {"known:\n  - finding: ack.to\n    reason: b\n    nth: 2\n", "beside 'step'", 2},
        {"known:\n  - finding: flow.missing\n    reason: b\n    step: \"A -> P: ACK\"\n    nth: "
         "no\n",
         "no place among", 5},
        {"known:\n  - finding: expect.to\n    reason: b\n    method: ACK\n", "of the flow", 4},
        {"known:\n  - finding: ack.to\n    reason: b\n    step: \"A -> P: ACK\"\n", "of a rule", 4},
        {"known:\n  - finding: ack.to\n    reason: b\n    method: ACK\n    direction: to-phone\n",
         "offhook's own", 5},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct oh_errors errors = {0};
        struct oh_baseline *b = load(table[i].text, &errors);
        if (b || errors.count == 0)
            fail_msg("read without a mistake:\n%s", table[i].text);
        if (!strstr(errors.items[0].text, table[i].says) ||
            errors.items[0].place.line != table[i].line)
            fail_msg("%s\n%u: %s", table[i].text, errors.items[0].place.line, errors.items[0].text);
        oh_errors_release(&errors);
    }
}

static void two_mistakes_are_told_in_one_go(void **state)
{
    (void)state;
    struct oh_errors errors = {0};
    assert_null(load("known:\n  - finding: ack.to\n    expires: x\n", &errors));
    assert_int_equal(errors.count, 2);
    oh_errors_release(&errors);
}

static void a_misspelt_id_is_told_with_the_nearest(void **state)
{
    (void)state;
    static const struct {
        const char *id, *remedy;
    } table[] = {{"ack.brunch", "did you mean 'ack.branch'?"},
                 {"flow.mising", "did you mean 'flow.missing'?"},
                 {"via.branch", "there are 'via.branch-present', 'via.branch-unique'"},
                 {"register.whatever-it-may-be", "there are 'register.request-uri'"},
                 {"fone.dead-as-a-doornail", "copy the id from a report"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct oh_errors errors = {0};
        char *text = oh_format("known: [{finding: %s, reason: none}]\n", table[i].id);
        assert_null(load(text, &errors));
        assert_int_equal(errors.count, 1);
        if (!strstr(errors.items[0].remedy, table[i].remedy))
            fail_msg("%s: %s", table[i].id, errors.items[0].remedy);
        oh_errors_release(&errors);
        free(text);
    }
}

static void every_id_that_a_finding_can_have_may_be_known(void **state)
{
    (void)state;
    const struct oh_rule_family *const *families = oh_rule_families();
    struct oh_text list = {0};
    oh_text_add(&list, "known:\n  - {finding: expect.via.branch, step: s, reason: none}\n"
                       "  - {finding: media.rtp-missing, step: s, reason: none}\n");
    for (size_t f = 0; families[f]; f++) {
        for (size_t i = 0; i < families[f]->count; i++)
            oh_text_addf(&list, "  - {finding: %s, reason: none}\n", families[f]->rules[i].id);
    }
    oh_baseline_free(load_good(oh_text_str(&list)));
    oh_text_release(&list);
}

static void an_empty_list_is_a_list(void **state)
{
    (void)state;
    json_t *report = applied("format: 1\nknown: []\n");
    assert_int_equal(told(report, "gone"), 0);
    assert_int_equal(sum(report, "must"), 1);
    json_decref(report);
}

static void a_list_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    struct oh_errors errors = {0};
    assert_null(oh_baseline_load("/nonexistent/known.yaml", &errors));
    assert_int_equal(errors.count, 1);
    oh_errors_release(&errors);
}

static void known_gone_and_expired_stand_in_report_and_text(void **state)
{
    (void)state;
    json_t *report = applied("known:\n"
                             "  - {finding: ack.branch, method: ACK, reason: A new branch.}\n"
                             "  - {finding: phone.died, scenario: cisco*, reason: none}\n"
                             "  - {finding: phone.hung, reason: none, expires: 2020-01-01}\n");
    const struct oh_report_style style = {.unicode = true};
    struct oh_text out = {0};
    json_object_set_new(json_object_get(report, "baseline"), "file", json_string("my.known.yaml"));
    form_named("text")->write(report, &style, &out);
    assert_golden("broken-call.known.txt", oh_text_str(&out));
    oh_text_release(&out);
    assert_golden_report("broken-call.known.json", report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_rule_finding_is_marked_and_forgiven),
        cmocka_unit_test(a_known_flow_finding_is_identified_by_its_step),
        cmocka_unit_test(an_entry_for_something_else_forgives_nothing),
        cmocka_unit_test(a_list_for_one_phone_says_nothing_of_another),
        cmocka_unit_test(what_could_have_appeared_and_did_not_is_gone),
        cmocka_unit_test(what_an_entry_leaves_out_may_be_anything),
        cmocka_unit_test(a_finding_at_another_place_is_not_told_as_gone),
        cmocka_unit_test(an_entry_of_a_scenario_that_was_not_played_is_told),
        cmocka_unit_test(a_finding_of_our_own_message_is_neither_counted_nor_known),
        cmocka_unit_test(what_fails_by_known_findings_alone_stands_last_and_bears_the_word),
        cmocka_unit_test(the_link_of_an_entry_stands_beside_its_finding),
        cmocka_unit_test(one_scenario_can_be_marked_before_the_report_is_whole),
        cmocka_unit_test(nothing_is_gone_from_a_scenario_that_was_not_played_to_a_verdict),
        cmocka_unit_test(an_entry_counts_to_the_end_of_its_last_day),
        cmocka_unit_test(mistakes_in_the_list_are_all_told_with_their_lines),
        cmocka_unit_test(two_mistakes_are_told_in_one_go),
        cmocka_unit_test(a_misspelt_id_is_told_with_the_nearest),
        cmocka_unit_test(every_id_that_a_finding_can_have_may_be_known),
        cmocka_unit_test(an_empty_list_is_a_list),
        cmocka_unit_test(a_list_that_is_not_there_is_an_error),
        cmocka_unit_test(known_gone_and_expired_stand_in_report_and_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
