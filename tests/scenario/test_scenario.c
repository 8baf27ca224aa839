/* What the model holds after a good file. */
#include "base/file.h"
#include "scenario/scenario.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct oh_scenario *parsed(const char *file, const char *text)
{
    struct oh_errors errors = {0};
    struct oh_text told = {0};
    struct oh_scenario *s = oh_scenario_parse(file, oh_span_of(text), &errors);
    oh_errors_format(&errors, &told);
    if (!s)
        print_error("%s\n", oh_text_str(&told));
    assert_non_null(s);
    assert_int_equal(errors.count, 0);
    oh_text_release(&told);
    return s;
}

static const char good[] =
    "format: 1\n"
    "title: All that can be said\n"
    "source: [RFC 3261 13.2, a guide]\n"
    "covers: [call.out.basic, bye.out]\n"
    "needs: [register, dial, hangup, rtp, digest-sha-256]\n"
    "given: registered\n"
    "others: tolerate\n"
    "flow:\n"
    "  - A registers\n"
    "  - A dials B:\n"
    "    within: 5 s\n"
    "  - A -> P: INVITE\n"
    "    should: {call-id: [a, \"b\"]}\n"
    "    must:\n"
    "      request-uri.user: $B.number\n"
    "      cseq.number: {above: 0, below: 2147483648}\n"
    "      subject: absent\n"
    "      date: \"absent\"\n"
    "      user-agent: {matches: \"a+$\", not: x, starts with: $$a}\n"
    "      allow: {contains: [INVITE, $B.number]}\n"
    "      route.count: {below: 2}\n"
    "    save: first\n"
    "    optional: true\n"
    "    within: T1\n"
    "  - P -> A: 407\n"
    "    headers: {Subject: \"$first.call-id is $$5\", X-Empty: \"\"}\n"
    "    remove: Date\n"
    "    body: \"\"\n"
    "    reason: Authentication Error\n"
    "    after: 1.5 s\n"
    "  - A->P: ACK\n"
    "  - P -> A: 200 to INVITE\n"
    "  - A <-> B: RTP\n"
    "    for: 1 s\n"
    "  - A -> B: RTP\n"
    "    for: 20 ms\n"
    "  - nothing for: 64*T1\n"
    "  - A hangs up\n"
    "parties:\n"
    "  A: phone\n"
    "  P: {role: proxy, record-route: false, challenge: {realm: r, qop: auth,\n"
    "      algorithm: SHA-256, opaque: \"\\\"\"}}\n"
    "  B: {behind: P, number: \"0049\"}\n"
    "  R: registrar\n";

static void the_head_of_a_file_is_held(void **state)
{
    (void)state;
    struct oh_scenario *s = parsed("x.yaml", good);
    assert_string_equal(s->title, "All that can be said");
    assert_int_equal(s->source_count, 2);
    assert_string_equal(s->sources[1], "a guide");
    assert_int_equal(s->cover_count, 2);
    assert_string_equal(s->covers[0], "call.out.basic");
    assert_int_equal(s->need_count, 5);
    assert_true(s->given_registered);
    assert_int_equal(s->others, OH_OTHERS_TOLERATE);
    assert_string_equal(s->source_text, good);
    assert_string_equal(s->file, "x.yaml");
    oh_scenario_free(s);
}

static void parties_are_held_with_their_places(void **state)
{
    (void)state;
    struct oh_scenario *s = parsed("x.yaml", good);
    assert_int_equal(s->party_count, 4);
    assert_int_equal(oh_scenario_party(s, "A")->role, OH_ROLE_PHONE);
    const struct oh_party *p = oh_scenario_party(s, "P"), *b = oh_scenario_party(s, "B");
    assert_int_equal(p->role, OH_ROLE_PROXY);
    assert_int_equal(p->record_route, OH_ROUTE_NONE);
    assert_true(p->challenge_count == 1);
    assert_int_equal(p->challenges[0].status, 407);
    assert_string_equal(p->challenges[0].realm, "r");
    assert_string_equal(p->challenges[0].algorithm, "SHA-256");
    assert_string_equal(p->challenges[0].qop, "auth");
    assert_string_equal(p->challenges[0].opaque, "\"");
    assert_int_equal(b->role, OH_ROLE_PEER);
    assert_string_equal(b->behind, "P");
    assert_string_equal(b->number, "0049");
    assert_false(b->challenge_count > 0);
    assert_int_equal(oh_scenario_party(s, "R")->record_route, OH_ROUTE_LOOSE);
    assert_int_equal(p->place.line, 41);
    assert_int_equal(p->place.column, 3);
    assert_null(oh_scenario_party(s, "Q"));
    assert_null(oh_scenario_party(s, NULL));
    oh_scenario_free(s);
}

static void steps_are_held_in_order_with_what_they_are(void **state)
{
    (void)state;
    struct oh_scenario *s = parsed("x.yaml", good);
    static const struct {
        enum oh_step_kind kind;
        const char *text, *from, *to;
        unsigned line;
    } wanted[] = {
        {OH_STEP_ACTION, "A registers", "A", NULL, 9},
        {OH_STEP_ACTION, "A dials B", "A", "B", 10},
        {OH_STEP_MESSAGE, "A -> P: INVITE", "A", "P", 12},
        {OH_STEP_MESSAGE, "P -> A: 407", "P", "A", 25},
        {OH_STEP_MESSAGE, "A->P: ACK", "A", "P", 31},
        {OH_STEP_MESSAGE, "P -> A: 200 to INVITE", "P", "A", 32},
        {OH_STEP_MEDIA, "A <-> B: RTP", "A", "B", 33},
        {OH_STEP_MEDIA, "A -> B: RTP", "A", "B", 35},
        {OH_STEP_SILENCE, "nothing for: 64*T1", NULL, NULL, 37},
        {OH_STEP_ACTION, "A hangs up", "A", NULL, 38},
    };
    assert_int_equal(s->step_count, sizeof wanted / sizeof *wanted);
    for (size_t i = 0; i < s->step_count; i++) {
        const struct oh_step *step = &s->steps[i];
        assert_int_equal(step->kind, wanted[i].kind);
        assert_string_equal(step->text, wanted[i].text);
        assert_true(oh_span_equal(oh_span_of(step->from), oh_span_of(wanted[i].from)));
        assert_true(oh_span_equal(oh_span_of(step->to), oh_span_of(wanted[i].to)));
        assert_int_equal(step->place.line, wanted[i].line);
        assert_int_equal(step->place.column, 5);
        assert_int_equal(oh_step_is_phones(s, step), i == 2 || i == 4);
        assert_int_equal(oh_step_is_ours(s, step), i == 3 || i == 5);
    }
    assert_int_equal(s->steps[0].verb, OH_VERB_REGISTER);
    assert_int_equal(s->steps[1].verb, OH_VERB_DIAL);
    assert_int_equal(s->steps[9].verb, OH_VERB_HANGUP);
    oh_scenario_free(s);
}

static void a_message_of_the_phone_is_held_with_its_keys(void **state)
{
    (void)state;
    struct oh_scenario *s = parsed("x.yaml", good);
    const struct oh_step *step = &s->steps[2];
    assert_true(step->is_request);
    assert_string_equal(step->method, "INVITE");
    assert_int_equal(step->status, 0);
    assert_string_equal(step->save, "first");
    assert_true(step->optional);
    assert_int_equal(step->within_ms, 500);
    assert_int_equal(step->after_ms, 0);
    assert_int_equal(step->for_ms, -1);
    assert_null(step->body);
    oh_scenario_free(s);
}

static void expectations_are_held_with_level_field_and_predicates(void **state)
{
    (void)state;
    struct oh_scenario *s = parsed("x.yaml", good);
    static const struct {
        enum oh_level level;
        const char *field;
        enum oh_predicate_kind kinds[3];
        size_t count;
        unsigned line, column;
    } wanted[] = {
        {OH_LEVEL_MUST, "request-uri.user", {OH_IS_EQUAL}, 1, 15, 7},
        {OH_LEVEL_MUST, "cseq.number", {OH_IS_ABOVE, OH_IS_BELOW}, 2, 16, 7},
        {OH_LEVEL_MUST, "subject", {OH_IS_ABSENT}, 1, 17, 7},
        {OH_LEVEL_MUST, "date", {OH_IS_EQUAL}, 1, 18, 7},
        {OH_LEVEL_MUST, "user-agent", {OH_IS_MATCHING, OH_IS_NOT, OH_IS_STARTING_WITH}, 3, 19, 7},
        {OH_LEVEL_MUST, "allow", {OH_IS_CONTAINING}, 1, 20, 7},
        {OH_LEVEL_MUST, "route.count", {OH_IS_BELOW}, 1, 21, 7},
        {OH_LEVEL_SHOULD, "call-id", {OH_IS_ANY_OF}, 1, 13, 14},
    };
    const struct oh_step *step = &s->steps[2];
    assert_int_equal(step->expect_count, sizeof wanted / sizeof *wanted);
    for (size_t i = 0; i < step->expect_count; i++) {
        const struct oh_expect *x = &step->expects[i];
        assert_int_equal(x->level, wanted[i].level);
        assert_string_equal(x->field, wanted[i].field);
        assert_int_equal(x->place.line, wanted[i].line);
        assert_int_equal(x->place.column, wanted[i].column);
        assert_int_equal(x->predicate_count, wanted[i].count);
        for (size_t j = 0; j < x->predicate_count; j++)
            assert_int_equal(x->predicates[j].kind, wanted[i].kinds[j]);
    }
    oh_scenario_free(s);
}

static void assert_operand(const struct oh_operand *o, const char *text, bool is_name,
                           bool is_number, uint64_t number)
{
    assert_string_equal(o->text, text);
    assert_int_equal(o->is_name, is_name);
    assert_int_equal(o->is_number, is_number);
    assert_int_equal(o->number, number);
}

static void operands_are_names_numbers_or_text(void **state)
{
    (void)state;
    struct oh_scenario *s = parsed("x.yaml", good);
    const struct oh_expect *x = s->steps[2].expects;
    assert_operand(x[0].predicates[0].operands, "B.number", true, false, 0);
    assert_operand(x[1].predicates[0].operands, "0", false, true, 0);
    assert_operand(x[1].predicates[1].operands, "2147483648", false, true, 2147483648u);
    assert_int_equal(x[2].predicates[0].operand_count, 0);
    assert_operand(x[3].predicates[0].operands, "absent", false, false, 0);
    assert_operand(x[4].predicates[0].operands, "a+$", false, false, 0);
    assert_operand(x[4].predicates[2].operands, "$a", false, false, 0);
    assert_int_equal(x[5].predicates[0].operand_count, 2);
    assert_operand(&x[5].predicates[0].operands[0], "INVITE", false, false, 0);
    assert_operand(&x[5].predicates[0].operands[1], "B.number", true, false, 0);
    assert_int_equal(x[7].predicates[0].operand_count, 2);
    assert_operand(&x[7].predicates[0].operands[1], "b", false, false, 0);
    assert_int_equal(x[0].predicates[0].operands[0].place.column, 25);
    oh_scenario_free(s);
}

static void a_message_of_ours_is_held_with_its_overrides(void **state)
{
    (void)state;
    struct oh_scenario *s = parsed("x.yaml", good);
    const struct oh_step *step = &s->steps[3];
    assert_false(step->is_request);
    assert_int_equal(step->status, 407);
    assert_null(step->method);
    assert_string_equal(step->reason, "Authentication Error");
    assert_int_equal(step->header_count, 2);
    assert_string_equal(step->headers[0].name, "Subject");
    assert_string_equal(step->headers[0].value, "$first.call-id is $$5");
    assert_string_equal(step->headers[1].value, "");
    assert_int_equal(step->remove_count, 1);
    assert_string_equal(step->remove[0], "Date");
    assert_string_equal(step->body, "");
    assert_int_equal(step->after_ms, 1500);
    assert_int_equal(step->within_ms, -1);
    assert_string_equal(s->steps[5].method, "INVITE");
    assert_int_equal(s->steps[5].status, 200);
    assert_true(s->steps[6].media_both_ways);
    assert_false(s->steps[7].media_both_ways);
    assert_int_equal(s->steps[7].for_ms, 20);
    assert_int_equal(s->steps[8].for_ms, 32000);
    assert_int_equal(s->steps[1].within_ms, 5000);
    oh_scenario_free(s);
}

static void what_is_not_said_has_its_default(void **state)
{
    (void)state;
    struct oh_scenario *s = parsed("x.yaml", "title: t\nsource: s\nneeds: [answer]\n"
                                             "parties:\n  A: phone\n  P: proxy\n"
                                             "  R: {role: registrar, challenge: {realm: x}}\n"
                                             "flow:\n  - A answers\n");
    assert_int_equal(s->others, OH_OTHERS_SHOULD);
    assert_false(s->given_registered);
    assert_int_equal(s->cover_count, 0);
    assert_int_equal(oh_scenario_party(s, "P")->record_route, OH_ROUTE_LOOSE);
    const struct oh_challenge *c = &oh_scenario_party(s, "R")->challenges[0];
    assert_int_equal(c->status, 401);
    assert_null(c->qop);
    assert_null(c->algorithm);
    assert_null(c->opaque);
    oh_scenario_free(s);
}

static void the_id_is_the_path_below_scenarios(void **state)
{
    (void)state;
    static const char *const ids[][2] = {
        {"scenarios/cisco-7960/x.yaml", "cisco-7960/x"},
        {"/a/scenarios/b/scenarios/rfc/y.yaml", "rfc/y"},
        {"./scenarios/z.yaml", "z"},
        {"/tmp/my-scenarios/z.yaml", "z"},
        {"z.yaml", "z"},
        {"dir/z.yml", "z.yml"},
    };
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        struct oh_scenario *s = parsed(ids[i][0], good);
        assert_string_equal(s->id, ids[i][1]);
        oh_scenario_free(s);
    }
}

static void durations_are_numbers_with_units_and_sip_timers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } rows[] = {
        {"500 ms", 500},  {"500ms", 500},  {"2 s", 2000},        {"0.25 s", 250},
        {"1 min", 60000}, {"1.5 s", 1500}, {"1 h", 3600000},     {"T1", 500},
        {"T2", 4000},     {"T4", 5000},    {"64*T1", 32000},     {"64 * T1", 32000},
        {"0 s", 0},       {"0 ms", 0},     {" 3 s ", 3000},      {"24 h", 86400000},
        {"", -1},         {"5", -1},       {"-2 s", -1},         {"s", -1},
        {"2 sec", -1},    {"T3", -1},      {"64*", -1},          {"*T1", -1},
        {"1. s", -1},     {".5 s", -1},    {"25 h", -1},         {"99999999999999999999 s", -1},
        {"2 s 3", -1},    {"1e3 s", -1},   {"999999999*T4", -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (oh_duration_ms(rows[i].text) != rows[i].ms)
            print_error("'%s'\n", rows[i].text);
        assert_int_equal(oh_duration_ms(rows[i].text), rows[i].ms);
    }
}

static void a_text_with_names_is_taken_apart(void **state)
{
    (void)state;
    static const struct {
        bool is_name;
        const char *text;
    } wanted[] = {{false, "<"},   {true, "first.contact.uri"},
                  {false, ">, "}, {true, "B.number"},
                  {false, ". "},  {false, "$"},
                  {false, "5 "},  {true, ""}};
    struct oh_span rest = oh_span_of("<$first.contact.uri>, $B.number. $$5 $");
    struct oh_piece piece;
    size_t count = 0;
    for (; oh_scenario_next_piece(&rest, &piece); count++) {
        assert_true(count < sizeof wanted / sizeof *wanted);
        assert_int_equal(piece.is_name, wanted[count].is_name);
        assert_true(oh_span_is(piece.text, wanted[count].text));
    }
    assert_int_equal(count, sizeof wanted / sizeof *wanted);
}

static void names_of_roles_predicates_and_verbs_are_words_of_the_language(void **state)
{
    (void)state;
    assert_string_equal(oh_role_name(OH_ROLE_REGISTRAR), "registrar");
    assert_string_equal(oh_predicate_name(OH_IS_ANY_OF), "any of");
    for (int v = 0; v < OH_VERBS; v++)
        assert_int_equal(oh_verb_of(oh_verb_name((enum oh_verb)v)), v);
    assert_int_equal(oh_verb_of("fly"), -1);
}

static void every_scenario_of_the_project_is_read_without_mistake(void **state)
{
    (void)state;
    struct oh_error e;
    char **files = oh_file_list(OH_SOURCE_DIR "/scenarios", ".yaml", &e);
    assert_non_null(files);
    size_t count = 0;
    for (size_t i = 0; files[i]; i++) {
        struct oh_errors errors = {0};
        struct oh_text told = {0};
        if (strstr(files[i], "/requirements/"))
            continue;
        struct oh_scenario *s = oh_scenario_load(files[i], &errors);
        oh_errors_format(&errors, &told);
        if (!s)
            print_error("%s", oh_text_str(&told));
        assert_non_null(s);
        assert_true(s->cover_count > 0);
        count++;
        oh_scenario_free(s);
        oh_errors_release(&errors);
        oh_text_release(&told);
    }
    assert_true(count >= 5);
    oh_file_list_free(files);
}

static void the_407_flow_is_the_page_of_the_guide(void **state)
{
    (void)state;
    static const char *const texts[] = {"A dials B",   "A -> P: INVITE", "P -> A: 407",
                                        "A -> P: ACK", "A -> P: INVITE", "P -> A: 180",
                                        "P -> A: 200", "A -> P: ACK",    "A <-> B: RTP",
                                        "A hangs up",  "A -> P: BYE",    "P -> A: 200"};
    struct oh_errors errors = {0};
    struct oh_scenario *s =
        oh_scenario_load(OH_SOURCE_DIR "/scenarios/cisco-7960/authentication-407.yaml", &errors);
    assert_non_null(s);
    assert_string_equal(s->id, "cisco-7960/authentication-407");
    assert_int_equal(s->step_count, sizeof texts / sizeof *texts);
    for (size_t i = 0; i < s->step_count; i++)
        assert_string_equal(s->steps[i].text, texts[i]);
    oh_scenario_free(s);
}

static void what_roles_can_do_is_held(void **state)
{
    (void)state;
    struct oh_scenario *s =
        parsed("x.yaml",
               "title: t\nsource: s\nneeds: [dial, hold, resume, tcp, rtp]\ntransport: tcp\n"
               "parties:\n"
               "  A: phone\n"
               "  P:\n"
               "    role: proxy\n"
               "    record-route: strict\n"
               "    challenge:\n"
               "      - {realm: r, algorithm: SHA-256}\n"
               "      - {realm: r, opaque: o}\n"
               "  R: {role: registrar, expires: 8, min-expires: 60,\n"
               "      contacts: [sip:1@192.0.2.1, \"sips:1@192.0.2.2:5061;transport=tcp\"]}\n"
               "  B: {behind: P, number: \"2\"}\n"
               "flow:\n"
               "  - A dials B\n"
               "  - A -> P: INVITE\n"
               "  - P -> A: 407\n"
               "    challenge: {realm: r, stale: true}\n"
               "  - A -> P: ACK\n"
               "  - A -> P: INVITE\n"
               "  - P -> A: 200\n"
               "    sdp: {direction: recvonly, address: 0.0.0.0, formats: [8, 101]}\n"
               "  - A holds:\n"
               "    after: 2 s\n"
               "  - A -> B: no RTP\n"
               "    for: 1 s\n"
               "  - A resumes\n"
               "  - P -> A: INVITE\n"
               "    sdp: none\n");
    const struct oh_party *p = oh_scenario_party(s, "P"), *r = oh_scenario_party(s, "R");
    assert_true(s->transport_given);
    assert_int_equal(s->transport, OH_TRANSPORT_TCP);
    assert_int_equal(p->record_route, OH_ROUTE_STRICT);
    assert_int_equal(p->challenge_count, 2);
    assert_int_equal(p->challenges[1].status, 407);
    assert_string_equal(p->challenges[1].opaque, "o");
    assert_int_equal(r->expires_s, 8);
    assert_int_equal(r->min_expires_s, 60);
    assert_int_equal(r->contact_count, 2);
    assert_string_equal(r->contacts[0], "sip:1@192.0.2.1");
    const struct oh_step *refused = &s->steps[2], *ok = &s->steps[5], *held = &s->steps[6];
    assert_int_equal(refused->challenge_count, 1);
    assert_int_equal(refused->challenges[0].status, 407);
    assert_true(refused->challenges[0].stale && !refused->challenges[0].keep_nonce);
    assert_true(ok->sdp.given && !ok->sdp.none);
    assert_string_equal(ok->sdp.direction, "recvonly");
    assert_string_equal(ok->sdp.address, "0.0.0.0");
    assert_int_equal(ok->sdp.format_count, 2);
    assert_int_equal(ok->sdp.formats[1], 101);
    assert_int_equal(held->verb, OH_VERB_HOLD);
    assert_int_equal(held->after_ms, 2000);
    assert_true(s->steps[7].kind == OH_STEP_MEDIA && s->steps[7].media_none);
    assert_int_equal(s->steps[8].verb, OH_VERB_RESUME);
    assert_true(s->steps[9].sdp.none);
    oh_scenario_free(s);
}

static void abilities_have_names_and_indices(void **state)
{
    (void)state;
    assert_int_equal(oh_ability_index("register"), OH_VERB_REGISTER);
    assert_string_equal(oh_ability_name(oh_ability_index("digest-auth-int")), "digest-auth-int");
    assert_int_equal(oh_ability_index("fly"), -1);
    assert_null(oh_ability_name(-1));
    assert_null(oh_ability_name(1000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_roles_can_do_is_held),
        cmocka_unit_test(abilities_have_names_and_indices),
        cmocka_unit_test(the_head_of_a_file_is_held),
        cmocka_unit_test(parties_are_held_with_their_places),
        cmocka_unit_test(steps_are_held_in_order_with_what_they_are),
        cmocka_unit_test(a_message_of_the_phone_is_held_with_its_keys),
        cmocka_unit_test(expectations_are_held_with_level_field_and_predicates),
        cmocka_unit_test(operands_are_names_numbers_or_text),
        cmocka_unit_test(a_message_of_ours_is_held_with_its_overrides),
        cmocka_unit_test(what_is_not_said_has_its_default),
        cmocka_unit_test(the_id_is_the_path_below_scenarios),
        cmocka_unit_test(durations_are_numbers_with_units_and_sip_timers),
        cmocka_unit_test(a_text_with_names_is_taken_apart),
        cmocka_unit_test(names_of_roles_predicates_and_verbs_are_words_of_the_language),
        cmocka_unit_test(every_scenario_of_the_project_is_read_without_mistake),
        cmocka_unit_test(the_407_flow_is_the_page_of_the_guide),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
