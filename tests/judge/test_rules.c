/* Every always-on rule, seen to fail: the healthy trace with one fault gives this rule's finding
 * and no other. What the RFCs allow is in test_rules_allowed.c. */
#include "judge/rules_faults.h"

#include <stdio.h>

static bool only(const struct oh_verdict *v, const char *rule)
{
    for (size_t i = 0; i < v->finding_count; i++) {
        if (strcmp(v->findings[i].id, rule) != 0)
            return false;
    }
    return v->finding_count > 0;
}

static void each_fault_gives_the_finding_of_its_rule_and_no_other(void **state)
{
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < FAULT_COUNT; i++) {
        struct said s = ask(faults[i].edits, MAX_EDITS, faults[i].tcp);
        if (!only(s.verdict, faults[i].rule)) {
            char *text = told(s.verdict);
            print_error("%s, edit of %s (%s), gives:%s\n", faults[i].rule, faults[i].edits[0].in,
                        faults[i].edits[0].find ? faults[i].edits[0].find : "taken away", text);
            free(text);
            wrong++;
        }
        said_free(&s);
    }
    assert_int_equal(wrong, 0);
}

static bool has_edit(const char *rule)
{
    for (size_t i = 0; i < FAULT_COUNT; i++) {
        if (strcmp(faults[i].rule, rule) == 0)
            return true;
    }
    return false;
}

static void every_rule_has_an_edit_that_breaks_it(void **state)
{
    const struct oh_rule_family *const *families = oh_rule_families();
    size_t wrong = 0, count = 0;
    (void)state;
    for (; *families; families++) {
        for (size_t i = 0; i < (*families)->count; i++, count++) {
            if (has_edit((*families)->rules[i].id))
                continue;
            print_error("no edit breaks %s\n", (*families)->rules[i].id);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
    assert_true(count > 0);
}

static void every_rule_has_an_id_of_its_own_a_clause_and_a_meaning(void **state)
{
    const struct oh_rule_family *const *families = oh_rule_families();
    const char *ids[1024];
    size_t count = 0;
    (void)state;
    for (; *families; families++) {
        for (size_t i = 0; i < (*families)->count; i++) {
            const struct oh_rule *r = &(*families)->rules[i];
            for (size_t k = 0; k < count; k++)
                assert_string_not_equal(ids[k], r->id);
            ids[count++] = r->id;
            assert_int_equal(strncmp(r->clause, "RFC ", 4), 0);
            assert_true(r->meaning[strlen(r->meaning) - 1] == '.');
            assert_non_null(r->check);
        }
    }
}

/* --- times that prove nothing --- */

/* Words that end in a full stop are families. */
static bool is_one_of(const char *id, const char *const *words)
{
    for (; *words; words++) {
        size_t len = strlen(*words);
        if (strncmp(id, *words, len) == 0 && (id[len] == '\0' || (*words)[len - 1] == '.'))
            return true;
    }
    return false;
}

static size_t findings_of(const struct oh_verdict *v, const char *rule)
{
    size_t count = 0;
    for (size_t i = 0; i < v->finding_count; i++)
        count += strcmp(v->findings[i].id, rule) == 0;
    return count;
}

/* Judges each of these faults once more in a run of which that is so; how many are still told. */
static size_t still_told(const char *const *rules, int64_t step_ns, int64_t late_ns)
{
    size_t still = 0, asked = 0;
    for (size_t i = 0; i < FAULT_COUNT; i++) {
        if (!is_one_of(faults[i].rule, rules))
            continue;
        struct said s = ask(faults[i].edits, MAX_EDITS, faults[i].tcp);
        assert_true(findings_of(s.verdict, faults[i].rule) > 0);
        size_t before = s.verdict->rules_not_checkable;
        oh_verdict_free(s.verdict);
        s.recording->run->clock_step_ns = step_ns;
        s.recording->run->worst_late_ns = late_ns;
        judge_again(&s);
        if (findings_of(s.verdict, faults[i].rule) > 0) {
            print_error("%s is still told\n", faults[i].rule);
            still++;
        }
        asked++;
        assert_true(s.verdict->rules_not_checkable >= before);
        said_free(&s);
    }
    assert_true(asked > 0);
    return still;
}

static void where_the_clock_was_set_no_rule_speaks_that_goes_by_times(void **state)
{
    static const char *const rules[] = {"media.",
                                        "rtp.",
                                        "timer.",
                                        "dtmf.",
                                        "session.refresh",
                                        "session.refresh-half",
                                        "session.bye",
                                        "refused.retry-after",
                                        "refused.forbidden",
                                        "refer.notify",
                                        "reinvite.",
                                        "offer.open",
                                        "bye.",
                                        "ack.missing",
                                        "ack2xx.missing",
                                        "register.pending",
                                        "status.early-100",
                                        "retry.call-id",
                                        "route.request-uri",
                                        NULL};
    (void)state;
    assert_int_equal(still_told(rules, 3600 * OH_NS_PER_S, 0), 0);
}

/* Half a minute voids all that RFC 3261 measures. */
static void where_our_host_stalled_none_speaks_that_measures_them(void **state)
{
    static const char *const rules[] = {"media.",
                                        "timer.trying",
                                        "timer.t1",
                                        "timer.invite",
                                        "timer.after-response",
                                        "timer.after-final",
                                        NULL};
    (void)state;
    assert_int_equal(still_told(rules, 0, 30 * OH_NS_PER_S), 0);
}

/* --- what is allowed --- */

static void the_healthy_trace_breaks_no_rule(void **state)
{
    (void)state;
    struct said s = ask(NULL, 0, NULL);
    char *text = told(s.verdict);
    if (s.verdict->finding_count > 0)
        fail_msg("it gives:%s", text);
    assert_true(s.verdict->rules_applied > 0);
    free(text);
    said_free(&s);
}

static void calls_through_the_proxy_and_forked_ones_break_no_rule(void **state)
{
    (void)state;
    struct said s = ask_of("through.txt", NULL, 0, NULL);
    char *text = told(s.verdict);
    if (s.verdict->finding_count > 0)
        fail_msg("they give:%s", text);
    assert_int_equal(s.recording->trace->msg_count, 23);
    free(text);
    said_free(&s);
}

/* One fault of a phone that the proxy passes on is found once, and with the phone. */
static void a_fault_that_is_passed_on_is_the_phones_alone(void **state)
{
    static const struct {
        struct edit edit;
        const char *rule;
    } passed_on[] = {
        {{"t-inv*", "Contact: ", NULL}, "contact.one"},
        {{"t-180*", "Contact: ", NULL}, "response.contact"},
        {{"t-bye*", ";tag=one", ";tag=none"}, "dialog.to-tag"},
        {{"t-ack*", "CSeq: 5 ACK", "CSeq: 6 ACK"}, "ack2xx.cseq"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof passed_on / sizeof *passed_on; i++) {
        struct said s = ask_of("through.txt", &passed_on[i].edit, 1, NULL);
        char *text = told(s.verdict);
        if (s.verdict->finding_count != 1 ||
            strcmp(s.verdict->findings[0].id, passed_on[i].rule) != 0 ||
            !s.verdict->findings[0].from_phone)
            fail_msg("%s, passed on, gives:%s", passed_on[i].rule, text);
        free(text);
        said_free(&s);
    }
}

/* --- what the findings say --- */

static const struct oh_finding *only_finding(const struct said *s)
{
    assert_int_equal(s->verdict->finding_count, 1);
    return &s->verdict->findings[0];
}

static void a_finding_cites_message_field_values_and_frames(void **state)
{
    const struct edit edit = {"a1-ack", "branch=z9hG4bKa1", "branch=z9hG4bKnew"};
    (void)state;
    struct said s = ask(&edit, 1, NULL);
    const struct oh_finding *f = only_finding(&s);
    const struct oh_trace_msg *m = &s.recording->trace->msgs[f->msg];
    assert_true(oh_sip_msg_is_method(m->sip, "ACK"));
    assert_string_equal(f->field, "via.branch");
    assert_string_equal(f->expected, "z9hG4bKa1");
    assert_string_equal(f->observed, "z9hG4bKnew");
    assert_string_equal(f->clause, "RFC 3261 17.1.1.3");
    assert_string_equal(f->method, "ACK");
    assert_int_equal(f->level, OH_LEVEL_MUST);
    assert_int_equal(f->result, OH_RESULT_FAIL);
    assert_true(f->is_rule && f->from_phone);
    assert_int_equal(f->frame_count, 3); /* the ACK, its INVITE, the response */
    assert_int_equal(f->frames[0], m->frame);
    assert_memory_equal(m->sip->bytes.at + f->bytes_from, "z9hG4bKnew",
                        f->bytes_to - f->bytes_from);
    said_free(&s);
}

/* The digest response of the credentials in a message, had it been edited so. Free it. */
static char *response_of(const char *name, const struct edit *edits, size_t count)
{
    struct script s;
    char *found = NULL;
    script_read(&s, "healthy.txt");
    for (size_t i = 0; i < count && edits[i].in; i++)
        script_edit(&s, &edits[i]);
    compute_all(&s);
    for (size_t i = 0; i < s.count; i++) {
        const char *at = strcmp(s.names[i], name) == 0 ? strstr(s.texts[i], "response=\"") : NULL;
        if (at)
            found = oh_format("%.*s", (int)strcspn(at + 10, "\""), at + 10);
    }
    script_free(&s);
    return found;
}

static void a_wrong_response_names_the_input_that_is_wrong(void **state)
{
    static const struct {
        struct edit edits[2];
        const char *word;
    } cases[] = {
        {{{"a2-invite", "INVITE sip:200@", "BYE sip:200@"}, {0}}, "method"},
        {{{"a2-invite", "uri=\"sip:200@127.0.0.1\"", "uri=\"sip:127.0.0.1\""}, {0}}, "URI"},
        {{{"a2-invite", "realm=\"house\"", "realm=\"\""}, {0}}, "realm"},
        {{{"a2-invite", "nonce=\"n-call\"", "nonce=\"n-two\""}, {0}}, "nonce"},
        {{{"a2-invite", "nc=00000001", "nc=1"}, {0}}, "nonce count"},
        {{{"a2-invite", "algorithm=MD5", "algorithm=SHA-256"}, {0}}, "algorithm"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct edit edits[2] = {{0}};
        char *response = response_of("a2-invite", cases[i].edits, 2);
        char *put = oh_format("response=\"%s\"", response);
        edits[0] = (struct edit){"a2-invite", "response=\"@\"", put};
        struct said s = ask(edits, 2, NULL);
        const struct oh_finding *f = only_finding(&s);
        assert_string_equal(f->id, "digest.response");
        if (!strstr(f->text, cases[i].word))
            fail_msg("no word of %s: %s", cases[i].word, f->text);
        said_free(&s);
        free(put);
        free(response);
    }
}

static void our_own_fault_is_found_and_not_laid_to_the_phone(void **state)
{
    const struct edit edit = {"b-ack", "branch=z9hG4bKb-p", "branch=z9hG4bKnew"};
    (void)state;
    struct said s = ask(&edit, 1, NULL);
    const struct oh_finding *f = only_finding(&s);
    assert_string_equal(f->id, "ack.branch");
    assert_false(f->from_phone);
    said_free(&s);
}

static void a_missing_ack_is_told_of_the_response_that_called_for_it(void **state)
{
    const struct edit edit = {"a1-ack", NULL, NULL};
    (void)state;
    struct said s = ask(&edit, 1, NULL);
    const struct oh_finding *f = only_finding(&s);
    assert_int_equal(f->msg, OH_NONE);
    assert_int_equal(s.recording->trace->msgs[f->about].sip->status, 407);
    assert_true(f->from_phone);
    said_free(&s);
}

static void lost_evidence_silences_the_rules_of_absence(void **state)
{
    static const char *const absent[] = {"a1-ack", "a2-ack"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct edit edit = {absent[i], NULL, NULL};
        struct said s = ask(&edit, 1, NULL);
        (void)only_finding(&s);
        oh_verdict_free(s.verdict);
        s.recording->run->capture.dropped = 1;
        judge_again(&s);
        assert_int_equal(s.verdict->finding_count, 0);
        said_free(&s);
    }
}

static void without_the_password_a_response_is_not_checkable(void **state)
{
    const struct edit edit = {"a2-invite", "response=\"@\"", "response=\"00\""};
    (void)state;
    struct said s = ask(&edit, 1, NULL);
    assert_string_equal(only_finding(&s)->id, "digest.response");
    oh_verdict_free(s.verdict);
    s.recording->run->secret_count = 0;
    judge_again(&s);
    size_t unknown = s.verdict->rules_not_checkable;
    s.recording->run->secret_count = 1;
    assert_int_equal(s.verdict->finding_count, 0);
    assert_true(unknown > 0);
    said_free(&s);
}

static size_t count_repeats(const struct oh_trace *t)
{
    size_t count = 0;
    for (size_t i = 0; i < t->msg_count; i++)
        count += t->msgs[i].repeat_of != OH_NONE;
    return count;
}

static void retransmissions_are_not_accused(void **state)
{
    struct edit edit = {"a2-ack", "\n.\n", NULL};
    struct oh_text again = {0};
    struct script s;
    (void)state;
    script_read(&s, "healthy.txt");
    oh_text_add(&again, "\n.\n");
    for (size_t i = 0; i < s.count; i++) {
        char *at = strstr(s.texts[i], " 127");
        if (strcmp(s.names[i], "a2-200") == 0 || strcmp(s.names[i], "a1-ack") == 0)
            oh_text_addf(&again, "1.6%s", at);
    }
    edit.put = oh_text_str(&again);
    struct said plain = ask(NULL, 0, NULL), said = ask(&edit, 1, NULL);
    assert_int_equal(count_repeats(said.recording->trace),
                     count_repeats(plain.recording->trace) + 2);
    said_free(&plain);
    assert_int_equal(said.verdict->finding_count, 0);
    said_free(&said);
    script_free(&s);
    oh_text_release(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_the_clock_was_set_no_rule_speaks_that_goes_by_times),
        cmocka_unit_test(where_our_host_stalled_none_speaks_that_measures_them),
        cmocka_unit_test(the_healthy_trace_breaks_no_rule),
        cmocka_unit_test(each_fault_gives_the_finding_of_its_rule_and_no_other),
        cmocka_unit_test(every_rule_has_an_edit_that_breaks_it),
        cmocka_unit_test(every_rule_has_an_id_of_its_own_a_clause_and_a_meaning),
        cmocka_unit_test(calls_through_the_proxy_and_forked_ones_break_no_rule),
        cmocka_unit_test(a_fault_that_is_passed_on_is_the_phones_alone),
        cmocka_unit_test(a_finding_cites_message_field_values_and_frames),
        cmocka_unit_test(a_wrong_response_names_the_input_that_is_wrong),
        cmocka_unit_test(our_own_fault_is_found_and_not_laid_to_the_phone),
        cmocka_unit_test(a_missing_ack_is_told_of_the_response_that_called_for_it),
        cmocka_unit_test(lost_evidence_silences_the_rules_of_absence),
        cmocka_unit_test(without_the_password_a_response_is_not_checkable),
        cmocka_unit_test(retransmissions_are_not_accused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
