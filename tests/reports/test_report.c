/* Verdicts into report.json: the fields, the sums, the exit status. The golden JSONs are what the
 * text form and the schema are tested with. */
#include "stage.h"

#define PHONE "127.0.0.2:5060"
#define PROXY "127.0.0.1:5060"

static const char call_text[] = "title: The proxy challenges the INVITE with 407\n"
                                "source: [Cisco 7960 guide B-71, RFC 3261 22.3]\n"
                                "covers: [auth.invite.407-retry]\n"
                                "needs: [dial, hangup, rtp]\n"
                                "parties:\n"
                                "  A: phone\n"
                                "  P: {role: proxy, challenge: {status: 407, realm: example.com}}\n"
                                "  B: {behind: P, number: \"5551234\"}\n"
                                "flow:\n"
                                "  - A dials B\n"
                                "  - A -> P: INVITE\n"
                                "  - P -> A: 407\n"
                                "  - A -> P: ACK\n"
                                "  - A -> P: INVITE\n"
                                "    should: {call-id: present}\n"
                                "  - P -> A: 180\n"
                                "  - P -> A: 200\n"
                                "  - A -> P: ACK\n"
                                "  - A <-> B: RTP\n"
                                "    for: 1 s\n"
                                "  - A hangs up\n"
                                "  - A -> P: BYE\n"
                                "  - P -> A: 200\n";

enum { DIAL, INVITE, CHALLENGE, ACK, RETRY, RINGING, OK, ACK2, RTP, HANGUP, BYE, BYE_OK };

static struct stage call_stage(const char *id)
{
    struct stage st = stage_new(id, call_text);
    stage_seat(&st, "A", "phone", PHONE, NULL);
    stage_seat(&st, "P", "proxy", PROXY, NULL);
    stage_seat(&st, "B", "peer", "127.0.0.3:5060", "127.0.0.3:4000");
    oh_run_add_name(st.run, "B.number", "5551234");
    return st;
}

#define INVITE_LINE "INVITE sip:5551234@127.0.0.1:5060;transport=udp SIP/2.0"
#define CREDENTIALS "Proxy-Authorization: Digest username=\"alice\", realm=\"example.com\"\r\n"

static void whole_call(struct stage *st)
{
    stage_journal(st, OH_JOURNAL_PHONE, 2, OH_NONE, "A", "started");
    stage_msg(st, 1, 10, PHONE, PROXY, "REGISTER sip:127.0.0.1 SIP/2.0", "1 REGISTER", "");
    stage_msg(st, 2, 11, PROXY, PHONE, "SIP/2.0 200 OK", "1 REGISTER", "");
    stage_journal(st, OH_JOURNAL_FLOW_BEGINS, 20, OH_NONE, NULL, NULL);
    stage_journal(st, OH_JOURNAL_TOLD, 100, DIAL, "A", "dial 5551234");
    stage_journal(st, OH_JOURNAL_CONFIRMED, 101, DIAL, "A", NULL);
    stage_msg(st, 3, 112, PHONE, PROXY, INVITE_LINE, "7 INVITE", "");
    stage_journal(st, OH_JOURNAL_PHONE, 112, OH_NONE, "A", "says: {\"event\":\"calling\"}");
    stage_msg(st, 4, 113, PROXY, PHONE, "SIP/2.0 407 Proxy Authentication Required", "7 INVITE",
              "");
    stage_msg(st, 5, 114, PHONE, PROXY, "ACK sip:5551234@127.0.0.1:5060 SIP/2.0", "7 ACK", "");
    stage_msg(st, 6, 116, PHONE, PROXY, INVITE_LINE, "8 INVITE", CREDENTIALS);
    stage_msg(st, 7, 117, PROXY, PHONE, "SIP/2.0 180 Ringing", "8 INVITE", "");
    stage_msg(st, 8, 118, PROXY, PHONE, "SIP/2.0 200 OK", "8 INVITE", "");
    stage_msg(st, 9, 618, PROXY, PHONE, "SIP/2.0 200 OK", "8 INVITE", "");
    stage_msg(st, 10, 620, PHONE, PROXY, "ACK sip:5551234@127.0.0.1:5060 SIP/2.0", "8 ACK", "");
    stage_rtp(st, 11, 630, "127.0.0.2:7000", "127.0.0.3:4000", 50);
    stage_rtp(st, 61, 635, "127.0.0.3:4000", "127.0.0.2:7000", 49);
    stage_journal(st, OH_JOURNAL_MEDIA, 1630, RTP, NULL, NULL);
    stage_journal(st, OH_JOURNAL_TOLD, 1631, HANGUP, "A", "hangup");
    stage_msg(st, 110, 1640, PHONE, PROXY, "BYE sip:5551234@127.0.0.1:5060 SIP/2.0", "9 BYE", "");
    stage_msg(st, 111, 1641, PROXY, PHONE, "SIP/2.0 200 OK", "9 BYE", "");
    stage_journal(st, OH_JOURNAL_FLOW_ENDS, 1642, OH_NONE, NULL, NULL);
    stage_msg(st, 112, 1700, PHONE, PROXY, "REGISTER sip:127.0.0.1 SIP/2.0", "2 REGISTER", "");
    stage_msg(st, 113, 1701, PROXY, PHONE, "SIP/2.0 200 OK", "2 REGISTER", "");
    stage_journal(st, OH_JOURNAL_CLOSED, 1800, OH_NONE, NULL, NULL);
}

/* Messages are 0 and 1 preparing, 2.. the flow; message 8 repeats message 7. */
static void whole_call_steps(struct stage *st)
{
    static const int msgs[] = {OH_NONE, 2, 3, 4, 5, 6, 7, 9, OH_NONE, OH_NONE, 10, 11};
    for (int i = 0; i <= BYE_OK; i++)
        stage_step(st, i, OH_STEP_IS_PASS, msgs[i]);
}

static void add_ack_branch(struct stage *st)
{
    struct oh_finding *f = stage_finding(
        st, "ack.branch", OH_LEVEL_MUST, OH_RESULT_FAIL, 4, 0,
        "The ACK to a 407 belongs to the INVITE's transaction and repeats its branch.");
    f->is_rule = true;
    f->clause = oh_strdup("RFC 3261 17.1.1.3");
    f->field = oh_strdup("via.branch");
    f->method = oh_strdup("ACK");
    f->bytes_from = 74;
    f->bytes_to = 92;
    f->expected = oh_strdup("z9hG4bK74bf9 (the INVITE's)");
    f->observed = oh_strdup("z9hG4bK8812");
    f->frames[f->frame_count++] = 3;
    f->step = ACK;
    st->verdict->steps[ACK].word = OH_STEP_IS_FAIL;
}

static void add_call_id(struct stage *st)
{
    struct oh_finding *f =
        stage_finding(st, "expect.call-id", OH_LEVEL_SHOULD, OH_RESULT_WARN, 5, 0,
                      "The scenario asks for call-id to be that of the first INVITE.");
    f->clause = oh_strdup("RFC 3261 22.3");
    f->field = oh_strdup("call-id");
    f->expected = oh_strdup("c1@example.com");
    f->observed = oh_strdup("c2@example.com");
    f->step = RETRY;
    st->verdict->steps[RETRY].word = OH_STEP_IS_WARN;
}

static json_t *report_of(struct stage *st, size_t count, bool interrupted)
{
    struct oh_report *r = oh_report_new("out");
    for (size_t i = 0; i < count; i++) {
        char *folder = oh_format("out/%s", st[i].run->scenario_id);
        oh_report_add(r, st[i].verdict, folder);
        assert_non_null(oh_report_last(r));
        free(folder);
    }
    json_t *json = oh_report_json(r, interrupted);
    oh_report_free(r);
    for (size_t i = 0; i < count; i++)
        stage_free(&st[i]);
    return json;
}

static json_t *broken_call(void)
{
    struct stage st = call_stage("cisco-7960/authentication-407");
    stage_phone(&st, "baresip", "baresip 1.0.0", false);
    whole_call(&st);
    stage_judge(&st, 112, OH_WORD_FAIL, "ack.branch: The ACK belongs to the INVITE.");
    whole_call_steps(&st);
    add_ack_branch(&st);
    add_call_id(&st);
    return report_of(&st, 1, false);
}

/* --- fields --- */

static const json_t *at(const json_t *json, const char *list, size_t i)
{
    const json_t *item = json_array_get(json_object_get(json, list), i);
    assert_non_null(item);
    return item;
}

static const char *str(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));
    return text ? text : "(none)";
}

static json_int_t whole(const json_t *json, const char *key)
{
    assert_true(json_is_integer(json_object_get(json, key)));
    return json_integer_value(json_object_get(json, key));
}

static void assert_near(const json_t *json, const char *key, double wanted)
{
    double value = json_number_value(json_object_get(json, key));
    assert_true(json_is_number(json_object_get(json, key)));
    assert_true(value > wanted - 1e-9 && value < wanted + 1e-9);
}

static void the_report_names_run_phone_and_sums(void **state)
{
    (void)state;
    json_t *report = broken_call();
    const json_t *summary = json_object_get(report, "summary");
    const json_t *sums = json_object_get(summary, "findings");
    assert_string_equal(str(report, "format"), "offhook-report/1");
    assert_string_equal(str(report, "started"), "2026-11-22T10:00:00.000Z");
    assert_near(report, "duration_s", 2.1);
    assert_string_equal(str(json_object_get(report, "harness"), "version"), OH_VERSION);
    assert_string_equal(str(at(report, "phones", 0), "address"), PHONE);
    assert_string_equal(str(at(report, "phones", 0), "user_agent"), "test/1");
    assert_true(json_is_null(json_object_get(at(report, "phones", 0), "profile")));
    assert_int_equal(whole(summary, "fail"), 1);
    assert_int_equal(whole(summary, "pass"), 0);
    assert_int_equal(whole(sums, "must"), 1);
    assert_int_equal(whole(sums, "should"), 1);
    assert_int_equal(whole(sums, "known"), 0);
    json_decref(report);
}

static void a_scenario_is_given_with_its_folder_relative_to_the_runs(void **state)
{
    (void)state;
    json_t *report = broken_call();
    const json_t *s = at(report, "scenarios", 0);
    assert_string_equal(str(s, "id"), "cisco-7960/authentication-407");
    assert_string_equal(str(s, "folder"), "cisco-7960/authentication-407");
    assert_string_equal(str(s, "title"), "The proxy challenges the INVITE with 407");
    assert_string_equal(str(s, "verdict"), "fail");
    assert_string_equal(str(s, "outcome"), "complete");
    assert_string_equal(str(json_object_get(s, "evidence"), "source"), "capture");
    assert_int_equal(whole(json_object_get(s, "rules"), "applied"), 34);
    assert_int_equal(json_array_size(json_object_get(s, "covers")), 1);
    json_decref(report);
}

static void steps_have_line_text_verdict_frames_and_time(void **state)
{
    (void)state;
    json_t *report = broken_call();
    const json_t *s = at(report, "scenarios", 0), *dial = at(s, "steps", DIAL),
                 *ack = at(s, "steps", ACK);
    assert_int_equal(whole(dial, "line"), 10);
    assert_string_equal(str(dial, "text"), "A dials B");
    assert_string_equal(str(dial, "number"), "5551234");
    assert_near(dial, "time_s", -0.012); /* by the journal; zero is the flow's first message */
    assert_string_equal(str(ack, "verdict"), "fail");
    assert_int_equal(json_integer_value(at(ack, "frames", 0)), 5);
    assert_near(ack, "time_s", 0.002);
    assert_near(at(s, "steps", RTP), "time_s", 1.518);
    json_decref(report);
}

static void findings_say_where_what_and_by_which_clause(void **state)
{
    (void)state;
    json_t *report = broken_call();
    const json_t *f = at(at(report, "scenarios", 0), "findings", 0);
    assert_string_equal(str(f, "id"), "ack.branch");
    assert_string_equal(str(f, "level"), "must");
    assert_string_equal(str(f, "result"), "fail");
    assert_string_equal(str(f, "by"), "rule");
    assert_string_equal(str(f, "clause"), "RFC 3261 17.1.1.3");
    assert_string_equal(str(f, "method"), "ACK");
    assert_string_equal(str(f, "direction"), "from-phone");
    assert_string_equal(str(f, "step"), "A -> P: ACK");
    assert_int_equal(whole(f, "line"), 13);
    assert_int_equal(whole(f, "message"), 4);
    assert_int_equal(json_array_size(json_object_get(f, "frames")), 2);
    assert_int_equal(json_integer_value(at(f, "bytes", 0)), 74);
    assert_int_equal(json_integer_value(at(f, "bytes", 1)), 92);
    assert_true(json_is_null(json_object_get(f, "about")));
    json_decref(report);
}

static void messages_of_all_phases_are_there_with_repeats_told(void **state)
{
    (void)state;
    json_t *report = broken_call();
    const json_t *s = at(report, "scenarios", 0), *invite = at(s, "messages", 2);
    assert_int_equal(json_array_size(json_object_get(s, "messages")), 14);
    assert_string_equal(str(at(s, "messages", 0), "phase"), "preparing");
    assert_near(at(s, "messages", 0), "time_s", -0.102);
    assert_string_equal(str(invite, "phase"), "flow");
    assert_string_equal(str(invite, "from"), "A");
    assert_string_equal(str(invite, "to"), "P");
    assert_string_equal(str(invite, "source"), PHONE);
    assert_string_equal(str(invite, "transport"), "udp");
    assert_string_equal(str(invite, "start_line"), INVITE_LINE);
    assert_int_equal(whole(invite, "frame"), 3);
    assert_int_equal(whole(invite, "step"), 11);
    assert_int_equal(whole(at(s, "messages", 8), "repeat_of"), 8);
    assert_null(json_object_get(invite, "repeat_of"));
    assert_string_equal(str(at(s, "messages", 13), "phase"), "closing");
    json_decref(report);
}

static void media_is_told_as_streams_between_seats(void **state)
{
    (void)state;
    json_t *report = broken_call();
    const json_t *s = at(report, "scenarios", 0);
    assert_int_equal(json_array_size(json_object_get(s, "media")), 2);
    assert_string_equal(str(at(s, "media", 0), "from"), "A");
    assert_string_equal(str(at(s, "media", 0), "to"), "B");
    assert_int_equal(whole(at(s, "media", 0), "packets"), 50);
    assert_int_equal(whole(at(s, "media", 1), "packets"), 49);
    json_decref(report);
}

static void media_from_another_address_than_the_phones_is_the_only_phones(void **state)
{
    (void)state;
    struct stage st = call_stage("nat");
    stage_rtp(&st, 1, 10, "127.0.0.77:7000", "127.0.0.3:4000", 3);
    stage_judge(&st, 10, OH_WORD_PASS, NULL);
    json_t *report = report_of(&st, 1, false);
    const json_t *stream = at(at(report, "scenarios", 0), "media", 0);
    assert_string_equal(str(stream, "from"), "A");
    assert_string_equal(str(stream, "source"), "127.0.0.77:7000");
    assert_int_equal(whole(stream, "packets"), 3);
    json_decref(report);
}

static void bytes_that_are_not_utf8_are_escaped_and_said_to_be(void **state)
{
    (void)state;
    static const char bytes[] = "INVITE sip:b SIP/2.0\r\nSubject: \\caf\xe9 \xc3\xa9\0x\r\n\r\n";
    struct stage st = call_stage("odd");
    stage_bytes(&st, 1, 5, PHONE, PROXY, (struct oh_span){bytes, sizeof bytes - 1}, true);
    stage_journal(&st, OH_JOURNAL_FLOW_BEGINS, 1, OH_NONE, NULL, NULL);
    stage_judge(&st, 5, OH_WORD_PASS, NULL);
    json_t *report = report_of(&st, 1, false);
    const json_t *m = at(at(report, "scenarios", 0), "messages", 0);
    assert_string_equal(str(m, "encoding"), "escaped");
    assert_string_equal(str(m, "text"), "INVITE sip:b SIP/2.0\r\nSubject: \\x5Ccaf\\xE9 \xc3\xa9"
                                        "\\x00x\r\n\r\n");
    assert_true(json_is_true(json_object_get(m, "stray")));
    json_decref(report);
}

/* --- exit status --- */

static json_t *report_with(const char *verdicts, bool known)
{
    json_t *scenarios = json_array();
    char *all = oh_strdup(verdicts), *rest = NULL;
    for (char *word = strtok_r(all, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        json_t *f = json_pack("{s:s, s:s}", "result", "fail", "level", "must");
        if (known)
            json_object_set_new(f, "known", json_string("seen before"));
        json_array_append_new(scenarios,
                              json_pack("{s:s, s:o}", "verdict", word, "findings",
                                        strcmp(word, "fail") ? json_array() : json_pack("[o]", f)));
        if (strcmp(word, "fail"))
            json_decref(f);
    }
    free(all);
    return json_pack("{s:o}", "scenarios", scenarios);
}

static void the_exit_status_follows_the_gravest_verdict(void **state)
{
    (void)state;
    static const struct {
        const char *verdicts;
        bool known;
        int status;
    } table[] = {
        {"pass", false, 0},
        {"pass skip", false, 0},
        {"fail", false, 1},
        {"pass fail", false, 1},
        {"error fail", false, 1},
        {"error", false, 3},
        {"pass error", false, 3},
        {"inconclusive", false, 3},
        {"pass inconclusive", false, 3},
        {"skip", false, 3},
        {"skip skip", false, 3},
        {"", false, 3},
        {"fail", true, 0},
        {"fail pass", true, 0},
        {"fail error", true, 3},
        {"fail inconclusive", true, 3},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        json_t *report = report_with(table[i].verdicts, table[i].known);
        int status = oh_report_exit_status(report);
        if (status != table[i].status)
            fail_msg("'%s': %d, not %d", table[i].verdicts, status, table[i].status);
        json_decref(report);
    }
}

static void one_unknown_finding_beside_known_ones_fails(void **state)
{
    (void)state;
    json_t *report = report_with("fail", true);
    json_t *findings =
        json_object_get(json_array_get(json_object_get(report, "scenarios"), 0), "findings");
    json_array_append_new(findings, json_pack("{s:s}", "result", "fail"));
    assert_int_equal(oh_report_exit_status(report), 1);
    json_decref(report);
}

static void a_fail_without_any_finding_is_not_forgiven(void **state)
{
    (void)state;
    json_t *report = json_pack("{s:[{s:s, s:[]}]}", "scenarios", "verdict", "fail", "findings");
    assert_int_equal(oh_report_exit_status(report), 1);
    json_decref(report);
}

static void an_interrupted_run_that_passed_so_far_is_no_pass(void **state)
{
    (void)state;
    json_t *report = report_with("pass", false);
    json_object_set_new(report, "interrupted", json_true());
    assert_int_equal(oh_report_exit_status(report), 3);
    json_decref(report);
}

/* --- golden reports --- */

static void a_broken_call_makes_its_golden_report(void **state)
{
    (void)state;
    assert_golden_report("broken-call.json", broken_call());
}

/* The 407 is never acknowledged: the proxy repeats it, the flow cannot go on; the phone dies of it.
 */
static struct stage silent_stage(void)
{
    struct stage st = call_stage("no-ack");
    static const int times[] = {513, 1513, 3513, 7513, 11513, 15513, 19513, 23513, 27513, 31513};
    stage_phone(&st, "reference-phone", "reference phone 0.1.0", true);
    stage_journal(&st, OH_JOURNAL_FLOW_BEGINS, 1, OH_NONE, NULL, NULL);
    stage_journal(&st, OH_JOURNAL_TOLD, 10, DIAL, "A", "dial 5551234");
    stage_msg(&st, 1, 12, PHONE, PROXY, INVITE_LINE, "7 INVITE", "");
    stage_msg(&st, 2, 13, PROXY, PHONE, "SIP/2.0 407 Proxy Authentication Required", "7 INVITE",
              "");
    for (unsigned i = 0; i < 10; i++)
        stage_msg(&st, 3 + i, times[i], PROXY, PHONE, "SIP/2.0 407 Proxy Authentication Required",
                  "7 INVITE", "");
    stage_journal(&st, OH_JOURNAL_MISSED, 32013, ACK, NULL, NULL);
    stage_journal(&st, OH_JOURNAL_PHONE, 32020, OH_NONE, "A", "exited: signal 11");
    stage_journal(&st, OH_JOURNAL_FLOW_ENDS, 32030, OH_NONE, NULL, NULL);
    st.run->ended_wall_ns = stage_ns(32030);
    st.run->outcome = OH_OUTCOME_PHONE_DIED;
    st.run->outcome_text = oh_strdup("the phone's program exited: signal 11");
    st.run->phone_output = oh_strdup("ready\nSegmentation fault \x1b[31m\n");
    stage_judge(&st, 12, OH_WORD_FAIL, "flow.missing, and 1 more: A -> P: ACK never came");
    stage_step(&st, DIAL, OH_STEP_IS_PASS, OH_NONE);
    stage_step(&st, INVITE, OH_STEP_IS_PASS, 0);
    stage_step(&st, CHALLENGE, OH_STEP_IS_PASS, 1);
    stage_step(&st, ACK, OH_STEP_IS_MISSED, OH_NONE);
    struct oh_finding *f =
        stage_finding(&st, "flow.missing", OH_LEVEL_MUST, OH_RESULT_FAIL, OH_NONE, 32013,
                      "A -> P: ACK never came after P -> A: 407; waited 32.0 s.");
    f->clause = oh_strdup("RFC 3261 17.1.1.3");
    f->expected = oh_strdup("A -> P: ACK");
    f->observed = oh_strdup("it never came");
    f->step = ACK;
    f->about = 1;
    f->frames[f->frame_count++] = 2;
    f = stage_finding(&st, "phone.died", OH_LEVEL_MUST, OH_RESULT_FAIL, OH_NONE, 32020,
                      "the phone's program exited: signal 11; the flow was at: A -> P: INVITE");
    f->step = RETRY;
    f->observed = oh_strdup("ready\nSegmentation fault \x1b[31m\n");
    return st;
}

static void a_phone_that_falls_silent_and_dies_makes_its_golden_report(void **state)
{
    (void)state;
    struct stage st = silent_stage();
    assert_golden_report("silent-phone.json", report_of(&st, 1, false));
}

#define PHONE6 "[2001:db8::2]:5060"
#define PROXY6 "[2001:db8::1]:5060"
#define PEER6  "[2001:db8::3]:5060"

/* Two of our seats, IPv6, long URIs, evidence with holes, a stray, bytes that would steer a
 * terminal. */
static struct stage holes_stage(void)
{
    static const char odd[] =
        "BYE sip:\xe2\x98\x8e\xe6\x97\xa5\xe6\x9c\xac@[2001:db8::3] SIP/2.0\r\n"
        "Subject: \x1b[2J caf\xe9\r\n\r\n";
    struct stage st = stage_new("rfc/long-and-odd", call_text);
    stage_seat(&st, "A", "phone", PHONE6, NULL);
    stage_seat(&st, "P", "proxy", PROXY6, NULL);
    stage_seat(&st, "B", "peer", PEER6, "[2001:db8::3]:4000");
    stage_phone(&st, "desk", "Desk phone with quite a long name, revision 12", false);
    st.run->capture.complete = false;
    st.run->capture.dropped = 7;
    stage_journal(&st, OH_JOURNAL_FLOW_BEGINS, 1, OH_NONE, NULL, NULL);
    stage_journal(&st, OH_JOURNAL_TOLD, 2, DIAL, "A", "dial 5551234");
    stage_msg(&st, 98765, 10, PHONE6, PROXY6,
              "INVITE sip:5551234@a.very.long.name.of.a.proxy.example.com:5060;user=phone SIP/2.0",
              "7 INVITE", CREDENTIALS);
    stage_msg(&st, 0, 11, PROXY6, PHONE6, "SIP/2.0 200 OK", "7 INVITE", "");
    stage_msg(&st, 98767, 12, PHONE6, PEER6, "ACK sip:5551234@[2001:db8::3] SIP/2.0", "7 ACK", "");
    stage_bytes(&st, 98768, 13, PHONE6, "[2001:db8::9]:5062", (struct oh_span){odd, sizeof odd - 1},
                true);
    stage_msg(&st, 98769, 20, PEER6, PHONE6,
              "SIP/2.0 481 Call/Transaction Does Not Exist, says a "
              "server that likes to explain itself",
              "8 BYE", "");
    stage_judge(&st, 10, OH_WORD_INCONCLUSIVE,
                "A -> P: BYE never came, but frames were lost in the capture, so that an absence "
                "proves nothing");
    stage_step(&st, DIAL, OH_STEP_IS_PASS, OH_NONE);
    stage_step(&st, INVITE, OH_STEP_IS_PASS, 0);
    struct oh_finding *f =
        stage_finding(&st, "flow.missing", OH_LEVEL_MUST, OH_RESULT_NOT_CHECKABLE, OH_NONE, 2000,
                      "A -> P: BYE never came, but frames were lost.");
    f->step = BYE;
    f = stage_finding(&st, "flow.unexpected", OH_LEVEL_SHOULD, OH_RESULT_WARN, 3, 0,
                      "The flow has no place for this message of the phone: BYE");
    f->method = oh_strdup("BYE");
    f->observed = oh_strdup("\x1b[2J caf\xe9 and a value that has no space in it anywhere: "
                            "0123456789012345678901234567890123456789012345678901234567890123456789"
                            "012345678901234567890123456789012345678901234567890123456789");
    stage_finding(&st, "info.note", OH_LEVEL_SHOULD, OH_RESULT_INFO, 0, 0, "Only told.");
    return st;
}

static void evidence_with_holes_makes_its_golden_report(void **state)
{
    (void)state;
    struct stage st = holes_stage();
    assert_golden_report("holes.json", report_of(&st, 1, false));
}

/* Five verdicts in one, judged by the tap. */
static void a_run_of_many_verdicts_makes_its_golden_report(void **state)
{
    (void)state;
    static const struct {
        const char *id;
        enum oh_word word;
        enum oh_outcome outcome;
        const char *reason;
    } rows[] = {
        {"many/passes", OH_WORD_PASS, OH_OUTCOME_COMPLETE, NULL},
        {"many/skips", OH_WORD_SKIP, OH_OUTCOME_SKIPPED, "the phone lacks the ability 'hangup'"},
        {"many/errs", OH_WORD_ERROR, OH_OUTCOME_BENCH,
         "port 127.0.0.1:5060 is taken; end the program that has it (pid 17) or give another one"},
        {"many/stops", OH_WORD_INCONCLUSIVE, OH_OUTCOME_INTERRUPTED, "interrupted"},
    };
    struct stage st[4];
    for (size_t i = 0; i < 4; i++) {
        st[i] = call_stage(rows[i].id);
        stage_phone(&st[i], "reference-phone", "reference phone 0.1.0", true);
        st[i].run->evidence = OH_EVIDENCE_TAP;
        st[i].run->outcome = rows[i].outcome;
        free(st[i].run->capture.interface);
        st[i].run->capture.interface = NULL;
        if (rows[i].word == OH_WORD_PASS)
            whole_call(&st[i]);
        oh_trace_free(st[i].trace); /* no capture: the tap is all */
        st[i].trace = oh_trace_new();
        stage_judge(&st[i], 112, rows[i].word, rows[i].reason);
        if (rows[i].word == OH_WORD_PASS)
            whole_call_steps(&st[i]);
    }
    assert_golden_report("many.json", report_of(st, 4, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_report_names_run_phone_and_sums),
        cmocka_unit_test(a_scenario_is_given_with_its_folder_relative_to_the_runs),
        cmocka_unit_test(steps_have_line_text_verdict_frames_and_time),
        cmocka_unit_test(findings_say_where_what_and_by_which_clause),
        cmocka_unit_test(messages_of_all_phases_are_there_with_repeats_told),
        cmocka_unit_test(media_is_told_as_streams_between_seats),
        cmocka_unit_test(media_from_another_address_than_the_phones_is_the_only_phones),
        cmocka_unit_test(bytes_that_are_not_utf8_are_escaped_and_said_to_be),
        cmocka_unit_test(the_exit_status_follows_the_gravest_verdict),
        cmocka_unit_test(one_unknown_finding_beside_known_ones_fails),
        cmocka_unit_test(a_fail_without_any_finding_is_not_forgiven),
        cmocka_unit_test(an_interrupted_run_that_passed_so_far_is_no_pass),
        cmocka_unit_test(a_broken_call_makes_its_golden_report),
        cmocka_unit_test(a_phone_that_falls_silent_and_dies_makes_its_golden_report),
        cmocka_unit_test(evidence_with_holes_makes_its_golden_report),
        cmocka_unit_test(a_run_of_many_verdicts_makes_its_golden_report),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
