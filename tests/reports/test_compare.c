/* Two reports side by side: what is new, gone, unchanged, and which scenarios are worse. */
#include "reports/compare.h"

#include "golden.h"

/* --- reports put together by hand --- */

/* A finding: "rule ID METHOD" from the phone, or "flow ID STEP"; '+' before it: a known one, '?'
 * before it: one that could not be checked, '!' before it: one of a message of ours. */
static json_t *finding(const char *text)
{
    bool known = *text == '+', unchecked = *text == '?', ours = *text == '!';
    char by[8] = "", id[64] = "", place[64] = "";
    assert_true(sscanf(text + (known || unchecked || ours), "%7s %63s %63[^\n]", by, id, place) >=
                2);
    bool flow = strcmp(by, "flow") == 0;
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:s, s:n, s:[i], s:f, s:s, s:n, s:n, s:n, s:n, s:s}", "id", id,
                  "level", "must", "result", unchecked ? "not-checkable" : "fail", "by", by,
                  "clause", "frames", 3, "time_s", 0.5, "direction", "from-phone", "field", "bytes",
                  "expected", "observed", "text", "it is so");
    assert_non_null(json);
    json_object_set_new(json, flow ? "step" : "method", *place ? json_string(place) : json_null());
    json_object_set_new(json, flow ? "method" : "step", json_null());
    if (ours)
        json_object_set_new(json, "direction", json_string("to-phone"));
    if (known)
        json_object_set_new(json, "known", json_string("it is known"));
    return json;
}

/* "ID VERDICT FINDING; FINDING ..."; its steps are "A -> P: INVITE" (passed) and "A -> P: BYE" (not
 * reached); its messages an INVITE and an ACK of the phone. */
static json_t *scenario(const char *text)
{
    char id[64], verdict[16];
    int used = 0;
    assert_int_equal(sscanf(text, "%63s %15s %n", id, verdict, &used), 2);
    json_t *json = json_pack("{s:s, s:s, s:n, s:s, s:s, s:f, s:n, s:[], s:[]}", "id", id, "title",
                             "T", "file", "verdict", verdict, "reason", "because", "duration_s",
                             1.0, "folder", "phones", "findings");
    json_object_set_new(json, "seats",
                        json_pack("[{s:s, s:s, s:b}]", "name", "A", "role", "phone", "phone", 1));
    json_object_set_new(json, "steps",
                        json_pack("[{s:s, s:s}, {s:s, s:s}]", "text", "A -> P: INVITE", "verdict",
                                  "pass", "text", "A -> P: BYE", "verdict", "not-reached"));
    json_object_set_new(json, "messages",
                        json_pack("[{s:s, s:s}, {s:s, s:s}]", "from", "A", "start_line",
                                  "INVITE sip:b@c SIP/2.0", "from", "A", "start_line",
                                  "ACK sip:b@c SIP/2.0"));
    for (const char *at = text + used; *at; at += strspn(at, "; ")) {
        size_t len = strcspn(at, ";");
        char *one = oh_span_dup(oh_span_trim((struct oh_span){at, len}));
        json_array_append_new(json_object_get(json, "findings"), finding(one));
        free(one);
        at += len;
    }
    return json;
}

/* Scenarios parted by '|'. */
static json_t *report(const char *text)
{
    json_t *json =
        json_pack("{s:s, s:b, s:[{s:s, s:s}], s:[]}", "started", "2026-11-22T10:00:00Z",
                  "interrupted", 0, "phones", "seat", "A", "name", "a phone", "scenarios");
    for (const char *at = text; *at; at += strspn(at, "| ")) {
        size_t len = strcspn(at, "|");
        char *one = oh_span_dup(oh_span_trim((struct oh_span){at, len}));
        json_array_append_new(json_object_get(json, "scenarios"), scenario(one));
        free(one);
        at += len;
    }
    return json;
}

static json_t *compared(const char *older, const char *newer)
{
    json_t *a = report(older), *b = report(newer);
    json_t *json = oh_compare_reports(a, "old.json", b, "new.json");
    json_decref(a);
    json_decref(b);
    return json;
}

static json_int_t sum(const json_t *comparison, const char *key)
{
    const json_t *value = json_object_get(json_object_get(comparison, "summary"), key);
    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

static void assert_sums(const char *older, const char *newer, const char *key, int count,
                        int status)
{
    json_t *json = compared(older, newer);
    if (sum(json, key) != count || oh_compare_exit_status(json) != status)
        fail_msg("%s\n%s\n%s is %d, status %d", older, newer, key, (int)sum(json, key),
                 oh_compare_exit_status(json));
    json_decref(json);
}

/* --- findings --- */

/* The finding of the newer report alone bears this. */
static json_int_t new_ones_where(const char *key, json_t *value)
{
    json_t *a = report("s fail flow flow.missing A -> P: ACK"),
           *b = report("s fail flow flow.missing A -> P: ACK");
    json_t *changed = json_array_get(
        json_object_get(json_array_get(json_object_get(b, "scenarios"), 0), "findings"), 0);
    if (key)
        json_object_set_new(changed, key, value);
    json_t *json = oh_compare_reports(a, "old.json", b, "new.json");
    json_int_t count = sum(json, "new");
    assert_int_equal(oh_compare_exit_status(json), count > 0);
    json_decref(json);
    json_decref(a);
    json_decref(b);
    return count;
}

static void a_second_step_alike_and_another_level_are_told_apart(void **state)
{
    (void)state;
    assert_int_equal(new_ones_where(NULL, NULL), 0);
    assert_int_equal(new_ones_where("nth", json_integer(2)), 1);
    assert_int_equal(new_ones_where("level", json_string("should")), 1);
}

static void findings_are_told_by_scenario_id_and_place(void **state)
{
    (void)state;
    static const struct {
        const char *older, *newer, *key;
        int count, status;
    } table[] = {
        {"a fail rule ack.to ACK", "a fail rule ack.to ACK", "unchanged", 1, 0},
        {"a fail rule ack.to ACK", "a fail rule ack.to ACK", "new", 0, 0},
        {"a pass", "a fail rule ack.to ACK", "new", 1, 1},
        {"a pass", "a pass !rule ack.to ACK", "new", 0, 0},
        {"a pass !rule ack.to ACK", "a pass", "gone", 0, 0},
        {"a fail rule ack.to ACK", "a fail rule ack.to INVITE", "new", 1, 1},
        {"a fail rule ack.to ACK", "a fail rule ack.cseq ACK", "new", 1, 1},
        {"a fail rule ack.to ACK | b pass", "a pass | b fail rule ack.to ACK", "new", 1, 1},
        {"a fail flow flow.late A -> P: INVITE", "a fail flow flow.late A -> P: INVITE",
         "unchanged", 1, 0},
        {"a fail flow flow.late A -> P: INVITE", "a fail flow flow.late A -> P: BYE", "new", 1, 1},
        {"a fail rule ack.to ACK", "a pass", "gone", 1, 0},
        {"a fail flow phone.died", "a pass", "gone", 1, 0},
        {"a pass", "a pass", "same", 1, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_sums(table[i].older, table[i].newer, table[i].key, table[i].count, table[i].status);
}

static void how_many_there_are_counts(void **state)
{
    (void)state;
    const char *one = "a fail rule ack.to ACK", *two = "a fail rule ack.to ACK; rule ack.to ACK";
    assert_sums(one, two, "new", 1, 1);
    assert_sums(one, two, "unchanged", 1, 1);
    assert_sums(two, one, "gone", 1, 0);
    assert_sums(two, two, "unchanged", 2, 0);
}

static void line_and_frame_do_not_matter(void **state)
{
    (void)state;
    json_t *a = report("a fail flow flow.late A -> P: INVITE"), *b = json_deep_copy(a);
    json_t *moved = json_array_get(
        json_object_get(json_array_get(json_object_get(b, "scenarios"), 0), "findings"), 0);
    json_object_set_new(moved, "line", json_integer(99));
    json_object_set_new(moved, "frames", json_pack("[i]", 77));
    json_object_set_new(moved, "observed", json_string("something else"));
    json_t *json = oh_compare_reports(a, "a", b, "b");
    assert_int_equal(sum(json, "unchanged"), 1);
    assert_int_equal(sum(json, "new"), 0);
    json_decref(a);
    json_decref(b);
    json_decref(json);
}

static void a_known_finding_is_not_new(void **state)
{
    (void)state;
    assert_sums("a pass", "a fail +rule ack.to ACK", "known", 1, 0);
    assert_sums("a pass", "a fail +rule ack.to ACK", "worse", 0, 0);
    assert_sums("a pass", "a fail +rule ack.to ACK; rule ack.cseq ACK", "new", 1, 1);
    assert_sums("a fail +rule ack.to ACK", "a fail rule ack.to ACK", "unchanged", 1, 1);
    assert_sums("a fail +rule ack.to ACK", "a fail rule ack.to ACK", "worse", 1, 1);
}

/* Good news needs evidence. */
static void what_could_not_show_itself_is_not_gone(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"a fail flow flow.late A -> P: BYE", "a pass"}, /* the step was not reached */
        {"a fail rule bye.to BYE", "a pass"},            /* there was no BYE */
        {"a fail rule ack.to ACK", "a inconclusive"},    /* not judged */
        {"a fail rule ack.to ACK", "a error"},
        {"a fail rule ack.to ACK", "a skip"},
        {"a fail rule ack.to ACK | b pass", "b pass"}, /* not there */
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        json_t *json = compared(pairs[i][0], pairs[i][1]);
        if (sum(json, "gone") != 0 || sum(json, "not-seen") != 1)
            fail_msg("%s, %s: gone", pairs[i][0], pairs[i][1]);
        json_decref(json);
    }
}

static void what_was_not_checkable_is_no_finding(void **state)
{
    (void)state;
    assert_sums("a pass", "a pass ?rule ack.to ACK", "new", 0, 0);
    assert_sums("a pass ?rule ack.to ACK", "a pass", "gone", 0, 0);
}

/* --- verdicts --- */

static void each_change_of_verdict_is_worse_or_it_is_not(void **state)
{
    (void)state;
    static const char *const words[] = {"pass", "fail", "inconclusive", "error", "skip"};
    /* rows: old; columns: new, as above. A fail of known findings stands for 'fail' nowhere here.
     */
    static const int worse[5][5] = {
        {0, 1, 1, 1, 1}, /* pass */
        {0, 0, 1, 1, 1}, /* fail */
        {0, 1, 0, 1, 0}, /* inconclusive */
        {0, 0, 0, 0, 0}, /* error */
        {0, 1, 1, 1, 0}, /* skip */
    };
    for (size_t a = 0; a < 5; a++) {
        for (size_t b = 0; b < 5; b++) {
            char *older = oh_format("x %s", words[a]), *newer = oh_format("x %s", words[b]);
            assert_sums(older, newer, "worse", worse[a][b], worse[a][b]);
            free(older);
            free(newer);
        }
    }
}

static void a_scenario_that_is_only_on_one_side_is_told(void **state)
{
    (void)state;
    assert_sums("a pass", "a pass | b pass", "added", 1, 0);
    assert_sums("a pass", "a pass | b skip", "added", 1, 0);
    assert_sums("a pass", "a pass | b inconclusive", "worse", 1, 1);
    assert_sums("a pass", "a pass | b error", "worse", 1, 1);
    assert_sums("a pass", "a pass | b fail rule ack.to ACK", "new", 1, 1);
    assert_sums("a pass | b pass", "a pass", "missing", 1, 0);
    assert_sums("a pass | b fail rule ack.to ACK", "a pass", "not-seen", 1, 0);
}

static void what_an_interrupted_run_did_not_come_to_is_worse(void **state)
{
    (void)state;
    json_t *a = report("a pass | b pass | c skip"), *b = report("a pass");
    json_object_set_new(b, "interrupted", json_true());
    json_t *json = oh_compare_reports(a, "a", b, "b");
    assert_int_equal(sum(json, "worse"), 1); /* b; c was not judged before either */
    assert_int_equal(sum(json, "missing"), 1);
    assert_int_equal(oh_compare_exit_status(json), 1);
    json_decref(a);
    json_decref(b);
    json_decref(json);
}

static void several_of_the_same_id_are_paired_in_their_order(void **state)
{
    (void)state;
    const char *older = "a pass | a fail rule ack.to ACK";
    assert_sums(older, "a pass | a fail rule ack.to ACK", "unchanged", 1, 0);
    assert_sums(older, "a fail rule ack.to ACK | a pass", "new", 1, 1);
    assert_sums(older, "a pass", "missing", 1, 0);
}

/* --- forms --- */

static void the_text_names_what_is_new_and_ends_in_one_line(void **state)
{
    (void)state;
    static const struct oh_report_style plain = {.unicode = true};
    struct oh_text text = {0};
    json_t *json = compared("a pass | b fail rule ack.to ACK | c pass | d pass",
                            "a fail rule ack.cseq ACK; +rule ack.to ACK; ?rule x Y | b pass | "
                            "c inconclusive | e pass");
    oh_compare_text(json, &plain, &text);
    assert_golden("compare.txt", oh_text_str(&text));
    oh_text_release(&text);
    json_decref(json);
}

static void nothing_new_is_told_in_few_lines(void **state)
{
    (void)state;
    static const struct oh_report_style plain = {.unicode = true},
                                        verbose = {.unicode = true, .verbose = true};
    struct oh_text text = {0};
    json_t *json = compared("a fail rule ack.to ACK", "a fail rule ack.to ACK");
    oh_compare_text(json, &plain, &text);
    assert_non_null(strstr(oh_text_str(&text), "NOTHING NEW"));
    assert_null(strstr(oh_text_str(&text), "ack.to"));
    oh_text_clear(&text);
    oh_compare_text(json, &verbose, &text);
    assert_non_null(strstr(oh_text_str(&text), "unchanged ack.to"));
    oh_text_release(&text);
    json_decref(json);
}

static void what_is_only_missing_shares_a_line(void **state)
{
    (void)state;
    static const struct oh_report_style plain = {.unicode = true},
                                        verbose = {.unicode = true, .verbose = true};
    struct oh_text text = {0};
    json_t *json = compared("a pass | b pass | c pass | d skip | e fail rule ack.to ACK", "c pass");
    oh_compare_text(json, &plain, &text);
    assert_non_null(strstr(oh_text_str(&text), "3 scenarios of the old report are not in the new "
                                               "one: 2 pass, 1 skip; --verbose names them\n"));
    assert_null(strstr(oh_text_str(&text), "pass -> not in the new report"));
    assert_non_null(strstr(oh_text_str(&text), "fail -> not in the new report")); /* unseen */
    assert_non_null(strstr(oh_text_str(&text), "not seen ack.to"));
    oh_text_clear(&text);
    oh_compare_text(json, &verbose, &text);
    assert_non_null(strstr(oh_text_str(&text), "pass -> not in the new report"));
    assert_null(strstr(oh_text_str(&text), "--verbose"));
    oh_text_release(&text);
    json_decref(json);
}

static void reports_in_the_wrong_order_are_told(void **state)
{
    (void)state;
    static const struct oh_report_style plain = {0};
    static const char *const days[] = {"2026-11-21T10:00:00Z", "2026-11-22T10:00:00Z",
                                       "2026-11-23T10:00:00Z", "2026-11-22T10:00:00.900Z"};
    for (size_t i = 0; i < 4; i++) {
        json_t *a = report("a pass"), *b = report("a pass");
        json_object_set_new(a, "started", json_string(days[i]));
        json_object_set_new(b, "started", json_string("2026-11-22T10:00:00.100Z"));
        json_t *json = oh_compare_reports(a, "a", b, "b");
        struct oh_text text = {0};
        oh_compare_text(json, &plain, &text);
        assert_int_equal(strstr(oh_text_str(&text), "the first one is the newer") != NULL, i == 2);
        oh_text_release(&text);
        json_decref(a);
        json_decref(b);
        json_decref(json);
    }
}

static void empty_reports_are_alike(void **state)
{
    (void)state;
    assert_sums("", "", "same", 0, 0);
    assert_sums("", "a fail rule ack.to ACK", "new", 1, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings_are_told_by_scenario_id_and_place),
        cmocka_unit_test(a_second_step_alike_and_another_level_are_told_apart),
        cmocka_unit_test(how_many_there_are_counts),
        cmocka_unit_test(line_and_frame_do_not_matter),
        cmocka_unit_test(a_known_finding_is_not_new),
        cmocka_unit_test(what_could_not_show_itself_is_not_gone),
        cmocka_unit_test(what_was_not_checkable_is_no_finding),
        cmocka_unit_test(each_change_of_verdict_is_worse_or_it_is_not),
        cmocka_unit_test(a_scenario_that_is_only_on_one_side_is_told),
        cmocka_unit_test(what_an_interrupted_run_did_not_come_to_is_worse),
        cmocka_unit_test(several_of_the_same_id_are_paired_in_their_order),
        cmocka_unit_test(the_text_names_what_is_new_and_ends_in_one_line),
        cmocka_unit_test(nothing_new_is_told_in_few_lines),
        cmocka_unit_test(what_is_only_missing_shares_a_line),
        cmocka_unit_test(reports_in_the_wrong_order_are_told),
        cmocka_unit_test(empty_reports_are_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
