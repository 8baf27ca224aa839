/* One message against one expectation: each predicate holding, not holding, not to be told. */
#include "match/match.h"

#include "sip/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char head[] =
    "INVITE sip:5551234@Example.com;user=phone SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bKAbc\r\nFrom: \"Al\" <sip:al@x>;tag=T1\r\n"
    "To: <sip:5551234@x>\r\nCall-ID: cAll\r\nCSeq: 0007 INVITE\r\nMax-Forwards: 70\r\n"
    "Supported: 100rel, Replaces\r\nAccept: application/sdp;level=1, Text/Plain\r\nSubject: a "
    "b\r\nX-Empty:\r\nContact: <sip:al@127.0.0.2>\r\n";
static const char sdp[] = "Content-Type: application/sdp\r\n\r\n"
                          "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nc=IN IP4 1.2.3.4\r\nt=0 0\r\n"
                          "m=audio 4000 RTP/AVP 0 8\r\na=rtpmap:0 PCMU/8000\r\n";

struct asked {
    struct oh_scenario *scenario;
    struct oh_run *run;
    struct oh_match_env *env;
    struct oh_sip_msg *msg;
    struct oh_mismatch why;
    enum oh_fit fit;
};

/* `expectation`: "field: what is wanted", of a later request; `first` is saved before it. */
static struct oh_scenario *scenario_with(const char *expectation)
{
    struct oh_errors errors = {0};
    char *text =
        oh_format("title: t\nsource: s\nneeds: [dial]\nparties: {A: phone, P: {role: proxy,"
                  " challenge: {realm: r}}, B: {behind: P, number: \"5551234\"}}\n"
                  "flow:\n  - A dials B\n  - A -> P: INVITE\n    save: first\n"
                  "  - A -> P: INVITE\n    must: {%s}\n",
                  expectation);
    struct oh_scenario *s = oh_scenario_parse("flow.yaml", oh_span_of(text), &errors);
    if (!s)
        fail_msg("%s", errors.items[0].text);
    oh_errors_release(&errors);
    free(text);
    return s;
}

static struct asked ask_with(const char *expectation, const char *message,
                             const struct oh_sip_msg *first)
{
    struct asked a = {.scenario = scenario_with(expectation)};
    a.run = oh_run_new(NULL);
    oh_run_add_name(a.run, "B.number", "5551234");
    a.env = oh_match_env_new(a.run);
    a.msg = oh_sip_msg_parse(oh_span_of(message));
    if (first)
        oh_match_env_save(a.env, "first", first);
    a.fit = oh_match_expect(a.env, &a.scenario->steps[2].expects[0], a.msg, &a.why);
    return a;
}

static void release(struct asked *a)
{
    oh_mismatch_release(&a->why);
    oh_match_env_free(a->env);
    oh_run_free(a->run);
    oh_sip_msg_free(a->msg);
    oh_scenario_free(a->scenario);
}

static void expect_fit(const char *expectation, enum oh_fit wanted)
{
    char *message = oh_format("%s%s", head, sdp);
    struct asked a = ask_with(expectation, message, NULL);
    if (a.fit != wanted)
        fail_msg("%s: %d, wanted %d", expectation, a.fit, wanted);
    release(&a);
    free(message);
}

static void each_predicate_holds_and_does_not(void **state)
{
    (void)state;
    static const struct {
        const char *expectation;
        enum oh_fit fit;
    } cases[] = {
        {"call-id: cAll", OH_FIT_YES},
        {"call-id: call", OH_FIT_NO},
        {"route: x", OH_FIT_NO},
        {"call-id: {not: other}", OH_FIT_YES},
        {"call-id: {not: cAll}", OH_FIT_NO},
        {"route: {not: x}", OH_FIT_YES},
        {"subject: present", OH_FIT_YES},
        {"route: present", OH_FIT_NO},
        {"x-empty: present", OH_FIT_YES},
        {"route: absent", OH_FIT_YES},
        {"subject: absent", OH_FIT_NO},
        {"contact.uri: valid", OH_FIT_YES},
        {"route: valid", OH_FIT_NO},
        {"subject: [x, a b]", OH_FIT_YES},
        {"subject: [x, y]", OH_FIT_NO},
        {"cseq.number: {above: 6}", OH_FIT_YES},
        {"cseq.number: {above: 7}", OH_FIT_NO},
        {"cseq.number: {below: 8}", OH_FIT_YES},
        {"cseq.number: {below: 7}", OH_FIT_NO},
        {"expires: {below: 7}", OH_FIT_NO},
        {"subject: {matches: \"a .\"}", OH_FIT_YES},
        {"subject: {matches: \"x|a b\"}", OH_FIT_YES},
        {"subject: {matches: \"a\"}", OH_FIT_NO}, /* as a whole */
        {"route: {matches: \".*\"}", OH_FIT_NO},
        {"via.branch: {starts with: z9hG4bK}", OH_FIT_YES},
        {"via.branch: {starts with: z9hG4bKAbcd}", OH_FIT_NO},
        {"subject: {contains: a b}", OH_FIT_YES},
        {"subject: {contains: \" \"}", OH_FIT_YES},
        {"subject: {contains: [b, a]}", OH_FIT_YES}, /* each, wherever */
        {"subject: {contains: [b, c]}", OH_FIT_NO},
        {"subject: {contains: B}", OH_FIT_NO},
        {"subject: {contains: a b c}", OH_FIT_NO},
        {"x-empty: {contains: a}", OH_FIT_NO},
        {"route: {contains: a}", OH_FIT_NO},
        {"request-uri: {contains: \";user=\"}", OH_FIT_YES},
        {"contact.count: 1", OH_FIT_YES},
        {"contact.count: 2", OH_FIT_NO},
        {"route.count: 0", OH_FIT_YES},
        {"route.count: {above: 0}", OH_FIT_NO},
        {"supported.count: {above: 1, below: 3}", OH_FIT_YES},
        {"x-empty.count: 0", OH_FIT_YES}, /* as of any list, an empty value is none */
        {"via.count: [2, 3]", OH_FIT_NO},
        {"cseq.number: {above: 6, below: 8}", OH_FIT_YES},
        {"cseq.number: {above: 6, below: 7}", OH_FIT_NO},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_fit(cases[i].expectation, cases[i].fit);
}

static void a_field_is_compared_by_its_own_rule(void **state)
{
    (void)state;
    expect_fit("request-uri: \"sip:5551234@example.COM;user=phone\"", OH_FIT_YES); /* 19.1.4 */
    expect_fit("request-uri: \"sip:5551235@example.com;user=phone\"", OH_FIT_NO);
    expect_fit("request-uri.host: EXAMPLE.com", OH_FIT_YES);
    expect_fit("cseq.number: 7", OH_FIT_YES);
    expect_fit("from.tag: t1", OH_FIT_YES); /* tokens: RFC 3261 7.3.1 */
    expect_fit("via.branch: Z9HG4BKabc", OH_FIT_YES);
    expect_fit("from.display: al", OH_FIT_NO);
    expect_fit("method: invite", OH_FIT_NO);
    expect_fit("sdp.audio.rtpmap: 0 pcmu/8000", OH_FIT_YES);
}

static void a_list_holds_a_value_wherever_it_stands(void **state)
{
    (void)state;
    expect_fit("supported: replaces", OH_FIT_YES);
    expect_fit("supported: {not: replaces}", OH_FIT_NO);
    expect_fit("supported: {not: timer}", OH_FIT_YES);
    expect_fit("sdp.audio.formats: [8, 18]", OH_FIT_YES);
    expect_fit("sdp.audio.formats: [9, 18]", OH_FIT_NO);
}

static void a_list_contains_whole_values_and_not_parts_of_them(void **state)
{
    (void)state;
    expect_fit("supported: {contains: replaces}", OH_FIT_YES);
    expect_fit("supported: {contains: [replaces, 100REL]}", OH_FIT_YES);
    expect_fit("supported: {contains: [replaces, timer]}", OH_FIT_NO);
    expect_fit("supported: {contains: replace}", OH_FIT_NO);
    expect_fit("\"supported[2]\": {contains: replace}",
               OH_FIT_NO); /* one value: a text, by its case */
    expect_fit("\"supported[2]\": {contains: Replace}", OH_FIT_YES);
    expect_fit("sdp.audio.formats: {contains: 8}", OH_FIT_YES);
    expect_fit("sdp.audio.formats: {contains: [0, 18]}", OH_FIT_NO);
    expect_fit("sdp.audio.rtpmap: {contains: pcmu/8000}", OH_FIT_YES); /* of "0 PCMU/8000" */
    expect_fit("sdp.audio.rtpmap: {contains: PCMA}", OH_FIT_NO);
    expect_fit("allow: {contains: INVITE}", OH_FIT_NO);
    expect_fit("accept: {contains: Application/SDP}", OH_FIT_YES);
    expect_fit("accept: {contains: text/plain}", OH_FIT_YES);
    expect_fit("accept: {contains: text}", OH_FIT_NO);
}

/* A list of which the end is not read: what is not found may stand there. */
static void what_stands_behind_the_values_that_are_read_is_not_known(void **state)
{
    (void)state;
    struct oh_text message = {0};
    oh_text_add(&message, "INVITE sip:b SIP/2.0\r\nAllow: M0");
    for (int i = 1; i < OH_FIELD_MAX_ITEMS + 1; i++)
        oh_text_addf(&message, ", M%d", i);
    oh_text_add(&message, "\r\n\r\n");
    static const struct {
        const char *expectation;
        enum oh_fit fit;
    } cases[] = {
        {"allow: {contains: M1}", OH_FIT_YES},
        {"allow: M1", OH_FIT_YES},
        {"allow: {contains: INVITE}", OH_FIT_UNKNOWN},
        {"allow: INVITE", OH_FIT_UNKNOWN},
        {"allow: {not: INVITE}", OH_FIT_UNKNOWN},
        {"allow: {not: M1}", OH_FIT_NO},
        {"allow.count: 33", OH_FIT_YES},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct asked a = ask_with(cases[i].expectation, oh_text_str(&message), NULL);
        if (a.fit != cases[i].fit)
            fail_msg("%s: %d", cases[i].expectation, a.fit);
        release(&a);
    }
    oh_text_release(&message);
}

static void a_name_is_its_value_and_unbound_it_proves_nothing(void **state)
{
    (void)state;
    struct oh_sip_msg *first = oh_sip_msg_parse(oh_span_of(
        "INVITE sip:b SIP/2.0\r\nCall-ID: cAll\r\nCSeq: 6 INVITE\r\nFrom: <sip:a@x>\r\n\r\n"));
    static const struct {
        const char *expectation;
        bool bound;
        enum oh_fit fit;
    } cases[] = {
        {"request-uri.user: $B.number", false, OH_FIT_YES},
        {"call-id: $first.call-id", true, OH_FIT_YES},
        {"call-id: $first.call-id", false, OH_FIT_UNKNOWN},
        {"call-id: {not: $first.call-id}", false, OH_FIT_UNKNOWN},
        {"call-id: [$first.call-id, cAll]", false, OH_FIT_YES},
        {"call-id: [$first.call-id, x]", false, OH_FIT_UNKNOWN},
        {"cseq.number: {above: $first.cseq.number}", true, OH_FIT_YES},
        {"cseq.number: {above: $first.cseq.number}", false, OH_FIT_UNKNOWN},
        {"from.tag: $first.from.tag", true, OH_FIT_UNKNOWN}, /* the saved message has none */
        {"route: $first.call-id", false, OH_FIT_NO},         /* absent, whatever the name is */
        /* one that surely does not hold decides */
        {"cseq.number: {above: $first.cseq.number, below: 3}", false, OH_FIT_NO},
    };
    char *message = oh_format("%s%s", head, sdp);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct asked a = ask_with(cases[i].expectation, message, cases[i].bound ? first : NULL);
        if (a.fit != cases[i].fit)
            fail_msg("%s: %d", cases[i].expectation, a.fit);
        release(&a);
    }
    free(message);
    oh_sip_msg_free(first);
}

static void a_mismatch_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *expectation, *expected, *observed, *bytes;
    } cases[] = {
        {"request-uri.user: \"99\"", "99", "5551234", "5551234"},
        {"cseq.number: {above: 9}", "above 9", "0007", "0007"},
        {"subject: [x, y]", "any of x, y", "a b", "a b"},
        {"supported: timer", "timer", "100rel, Replaces", "100rel, Replaces"},
        {"route: present", "present", "absent", NULL},
        {"supported: {contains: [timer, path]}", "contains timer, path", "100rel, Replaces",
         "100rel, Replaces"},
        {"supported.count: 3", "3", "2", "100rel, Replaces"},
        {"route.count: {above: 0}", "above 0", "0", NULL},
        {"call-id: $first.call-id", "$first.call-id (not bound)", "cAll", "cAll"},
    };
    char *message = oh_format("%s%s", head, sdp);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct asked a = ask_with(cases[i].expectation, message, NULL);
        assert_true(a.fit != OH_FIT_YES);
        assert_string_equal(oh_text_str(&a.why.expected), cases[i].expected);
        assert_string_equal(oh_text_str(&a.why.observed), cases[i].observed);
        assert_int_equal(a.why.bytes.at != NULL, cases[i].bytes != NULL);
        if (cases[i].bytes)
            assert_true(oh_span_is(a.why.bytes, cases[i].bytes));
        release(&a);
    }
    free(message);
}

static void a_part_that_cannot_be_read_does_not_fit_and_is_shown(void **state)
{
    (void)state;
    struct asked a =
        ask_with("cseq.number: 7", "INVITE sip:b SIP/2.0\r\nCSeq: x INVITE\r\n\r\n", NULL);
    assert_int_equal(a.fit, OH_FIT_NO);
    assert_non_null(strstr(oh_text_str(&a.why.observed), "(cannot be read)"));
    release(&a);
}

/* --- credentials --- */

enum secret { NO_SECRET, THE_SECRET, TWO_OTHERS };

struct attempt {
    const char *nonce, *realm, *username, *password, *method; /* as hashed and sent */
    const char *algorithm, *cnonce;
    enum secret secret;
};

static char *credentials_of(const struct attempt *a)
{
    char response[OH_DIGEST_TEXT];
    struct oh_digest d;
    struct oh_digest_secret secret = {a->username, a->password, a->realm};
    char *open = oh_format("Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\"sip:b\", "
                           "qop=auth, nc=00000001, cnonce=\"%s\"%s%s",
                           a->username, a->realm, a->nonce, a->cnonce,
                           a->algorithm ? ", algorithm=" : "", a->algorithm ? a->algorithm : "");
    assert_int_equal(oh_digest_parse(oh_span_of(open), &d), 0);
    assert_int_equal(oh_digest_response(&d, &secret, oh_span_of(a->method), (struct oh_span){0},
                                        response, NULL),
                     0);
    char *whole = oh_format("%s, response=\"%s\"", open, response);
    free(open);
    return whole;
}

static enum oh_fit fit_of(const struct attempt *attempt, const char *method, struct oh_text *why)
{
    struct oh_run *run = oh_run_new(NULL);
    struct oh_scenario *s = scenario_with("proxy-authorization: valid");
    struct oh_match_env *env = oh_match_env_new(run);
    char *credentials = credentials_of(attempt);
    char *text =
        oh_format("%s sip:b SIP/2.0\r\nProxy-Authorization: %s\r\n\r\n", method, credentials);
    struct oh_sip_msg *m = oh_sip_msg_parse(oh_span_of(text));
    struct oh_sip_msg *challenge = oh_sip_msg_parse(oh_span_of(
        "SIP/2.0 407 No\r\nProxy-Authenticate: Digest realm=\"r\", nonce=\"n0\", qop=\"auth\"\r\n"
        "Proxy-Authenticate: Digest realm=\"r\", nonce=\"n1\", qop=\"auth\"\r\n\r\n"));
    struct oh_mismatch mismatch;
    if (attempt->secret == THE_SECRET)
        oh_run_add_secret(run, "A", "al", "pw");
    for (int i = 0; attempt->secret == TWO_OTHERS && i < 2; i++)
        oh_run_add_secret(run, i ? "C" : "B", i ? "cy" : "bo", "pw");
    oh_match_env_saw(env, challenge);
    enum oh_fit fit = oh_match_expect(env, &s->steps[2].expects[0], m, &mismatch);
    oh_text_clear(why);
    oh_text_add(why, oh_text_str(&mismatch.why));
    oh_mismatch_release(&mismatch);
    oh_match_env_free(env);
    oh_run_free(run);
    oh_scenario_free(s);
    oh_sip_msg_free(challenge);
    oh_sip_msg_free(m);
    free(text);
    free(credentials);
    return fit;
}

static void credentials_are_valid_or_it_is_told_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        struct attempt attempt;
        const char *method;
        enum oh_fit fit;
        const char *why;
    } cases[] = {
        {{"n1", "r", "al", "pw", "INVITE", NULL, "c", THE_SECRET}, "INVITE", OH_FIT_YES, ""},
        {{"n0", "r", "al", "pw", "INVITE", "MD5", "c", THE_SECRET}, "INVITE", OH_FIT_YES, ""},
        {{"n1", "r", "al", "pw", "INVITE", NULL, "c", THE_SECRET}, "ACK", OH_FIT_YES, ""},
        {{"n1", "r", "al", "pw", "REGISTER", NULL, "c", THE_SECRET},
         "INVITE",
         OH_FIT_NO,
         "another method"},
        {{"n1", "r", "al", "", "INVITE", NULL, "c", THE_SECRET},
         "INVITE",
         OH_FIT_NO,
         "empty password"},
        {{"n1", "r", "al", "no", "INVITE", NULL, "c", THE_SECRET},
         "INVITE",
         OH_FIT_NO,
         "no single wrong input"},
        {{"n9", "r", "al", "pw", "INVITE", NULL, "c", THE_SECRET},
         "INVITE",
         OH_FIT_NO,
         "none that was offered"},
        {{"n1", "other", "al", "pw", "INVITE", NULL, "c", THE_SECRET},
         "INVITE",
         OH_FIT_NO,
         "realm"},
        {{"n1", "r", "al", "pw", "INVITE", NULL, "c", NO_SECRET},
         "INVITE",
         OH_FIT_UNKNOWN,
         "not known here"},
        {{"n9", "r", "al", "pw", "INVITE", NULL, "c", NO_SECRET},
         "INVITE",
         OH_FIT_NO, /* needs no secret */
         "none that was offered"},
        {{"n1", "r", "al", "pw", "INVITE", NULL, "c", TWO_OTHERS},
         "INVITE",
         OH_FIT_NO,
         "none that was given out"},
    };
    struct oh_text why = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(fit_of(&cases[i].attempt, cases[i].method, &why), cases[i].fit);
        assert_non_null(strstr(oh_text_str(&why), cases[i].why));
    }
    oh_text_release(&why);
}

static void of_several_credentials_one_that_is_right_is_enough(void **state)
{
    (void)state;
    struct attempt right = {"n1", "r", "al", "pw", "INVITE", NULL, "c", THE_SECRET};
    struct oh_run *run = oh_run_new(NULL);
    struct oh_match_env *env = oh_match_env_new(run);
    struct oh_scenario *s = scenario_with("authorization: valid");
    char *credentials = credentials_of(&right);
    char *text = oh_format("INVITE sip:b SIP/2.0\r\nAuthorization: Basic abc\r\n"
                           "Authorization: %s\r\nWWW-Authenticate: Digest realm=\"r\", "
                           "nonce=\"n1\"\r\n\r\n",
                           credentials);
    struct oh_sip_msg *m = oh_sip_msg_parse(oh_span_of(text));
    struct oh_mismatch why;
    oh_run_add_secret(run, "A", "al", "pw");
    oh_match_env_saw(env, m);
    assert_int_equal(oh_match_expect(env, &s->steps[2].expects[0], m, &why), OH_FIT_YES);
    oh_mismatch_release(&why);
    oh_sip_msg_free(m);
    free(text);
    free(credentials);
    oh_scenario_free(s);
    oh_match_env_free(env);
    oh_run_free(run);
}

/* --- names in free text --- */

static void free_text_is_expanded(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expanded;
    } cases[] = {
        {"about $first.call-id.", "about cAll."},
        {"$$5 to $B.number", "$5 to 5551234"},
        {"$first.via[1].branch!", "z9hG4bKAbc!"},
        {"plain", "plain"},
        {"$first.route", NULL},
        {"$nobody.call-id", NULL},
        {"cost: $", NULL},
    };
    struct oh_run *run = oh_run_new(NULL);
    struct oh_match_env *env = oh_match_env_new(run);
    struct oh_sip_msg *first = oh_sip_msg_parse(oh_span_of(head));
    struct oh_text out = {0};
    oh_run_add_name(run, "B.number", "5551234");
    oh_match_env_save(env, "first", first);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct oh_error e = {0};
        oh_text_clear(&out);
        int result = oh_match_expand(env, cases[i].text, &out, &e);
        assert_int_equal(result, cases[i].expanded ? 0 : -1);
        if (cases[i].expanded)
            assert_string_equal(oh_text_str(&out), cases[i].expanded);
        else
            assert_non_null(strstr(e.text, "has no value here"));
    }
    oh_text_release(&out);
    oh_sip_msg_free(first);
    oh_match_env_free(env);
    oh_run_free(run);
}

static void a_name_bound_again_is_the_newer_message(void **state)
{
    (void)state;
    struct oh_match_env *env = oh_match_env_new(NULL);
    struct oh_sip_msg *old =
        oh_sip_msg_parse(oh_span_of("BYE sip:b SIP/2.0\r\nCall-ID: o\r\n\r\n"));
    struct oh_sip_msg *new =
        oh_sip_msg_parse(oh_span_of("BYE sip:b SIP/2.0\r\nCall-ID: n\r\n\r\n"));
    struct oh_text out = {0};
    oh_match_env_save(env, "x", old);
    oh_match_env_save(env, "x", new);
    assert_int_equal(oh_match_expand(env, "$x.call-id", &out, NULL), 0);
    assert_string_equal(oh_text_str(&out), "n");
    oh_text_release(&out);
    oh_sip_msg_free(old);
    oh_sip_msg_free(new);
    oh_match_env_free(env);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_predicate_holds_and_does_not),
        cmocka_unit_test(a_field_is_compared_by_its_own_rule),
        cmocka_unit_test(a_list_holds_a_value_wherever_it_stands),
        cmocka_unit_test(a_list_contains_whole_values_and_not_parts_of_them),
        cmocka_unit_test(what_stands_behind_the_values_that_are_read_is_not_known),
        cmocka_unit_test(a_name_is_its_value_and_unbound_it_proves_nothing),
        cmocka_unit_test(a_mismatch_is_told),
        cmocka_unit_test(a_part_that_cannot_be_read_does_not_fit_and_is_shown),
        cmocka_unit_test(credentials_are_valid_or_it_is_told_what_is_wrong),
        cmocka_unit_test(of_several_credentials_one_that_is_right_is_enough),
        cmocka_unit_test(free_text_is_expanded),
        cmocka_unit_test(a_name_bound_again_is_the_newer_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
