/* run.json and secrets.json: what is written comes back the same, and damage is told, not believed.
 */
#include "trace/run_json.h"

#include "base/file.h"
#include "trace/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct oh_addr addr(const char *text)
{
    struct oh_addr a;
    assert_int_equal(oh_addr_parse(oh_span_of(text), &a, NULL), 0);
    return a;
}

static void add_phone(struct oh_run *r)
{
    oh_grow(&r->phones, r->phone_count, &r->phone_room, sizeof *r->phones);
    struct oh_run_phone *p = &r->phones[r->phone_count++];
    *p = (struct oh_run_phone){.seat = oh_strdup("A"),
                               .adapter = oh_strdup("reference-phone"),
                               .name = oh_strdup("reference phone"),
                               .user_agent = oh_strdup("caf\xc3\xa9 \xff"),
                               .adapter_text = oh_strdup("format: 1\n"),
                               .abilities = oh_alloc(2 * sizeof(char *)),
                               .ability_count = 2,
                               .is_reference = true,
                               .mutant = oh_strdup("ack.cseq"),
                               .transport = OH_TRANSPORT_TCP};
    p->abilities[0] = oh_strdup("dial");
    p->abilities[1] = oh_strdup("rtp");
}

/* One with every field filled. */
static struct oh_run *full_run(void)
{
    static const char rtp[] = "\x80\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03payload";
    const struct oh_scenario s = {.id = (char[]){"a/b"},
                                  .file = (char[]){"x/a/b.yaml"},
                                  .source_text = (char[]){"title: \"t\"\n"}};
    struct oh_run *r = oh_run_new(&s);
    struct oh_addr a = addr("127.0.0.2:5060"), p = addr("[::1]:5060"),
                   media = addr("127.0.0.1:4000");
    r->started_wall_ns = 1795341600123456789;
    r->ended_wall_ns = 1795341602000000001;
    r->evidence = OH_EVIDENCE_TAP;
    r->capture = (struct oh_capture_counters){12, 3, true, oh_strdup("lo")};
    r->worst_late_ns = 1234;
    r->outcome = OH_OUTCOME_PHONE_DIED;
    r->outcome_step = 4;
    r->outcome_text = oh_strdup("it is gone");
    r->phone_output = oh_strdup("bytes \xfe\xff of a program\n");
    oh_run_add_seat(r, "A", "phone", true, &a, NULL);
    oh_run_add_seat(r, "P", "proxy", false, &p, &media);
    add_phone(r);
    oh_run_add_name(r, "B.number", "5551234");
    oh_run_add_earlier(r, "c0@127.0.0.2", "z9hG4bKthen");
    oh_run_add_earlier(r, "ours@127.0.0.1", NULL);
    oh_run_add_conn(r, "A", &media);
    oh_run_add_conn(r, "A", &media); /* once */
    oh_run_add_secret(r, "A", "alice", "pass\"word");
    oh_run_journal(r, OH_JOURNAL_FLOW_BEGINS, 1, OH_NONE, OH_NONE, NULL, NULL);
    oh_run_journal(r, OH_JOURNAL_TOLD, 2, 0, OH_NONE, "A", "dial %d", 5);
    oh_run_tap(r, 3, "P", false, &p, &a, oh_span_of("INVITE sip:b SIP/2.0\r\n\r\n"));
    oh_run_journal(r, OH_JOURNAL_GOT, 4, 1, 0, NULL, NULL);
    oh_run_tap(r, 5, "P", true, &p, &a, (struct oh_span){"SIP/2.0 200 O\0\xff", 15});
    r->tap[1].ours_on_purpose = true;
    r->tap[1].transport = OH_TRANSPORT_TCP;
    oh_run_tap(r, 6, "B rtp", true, &media, &a, (struct oh_span){rtp, sizeof rtp - 1});
    oh_run_tap(r, 7, "P", false, &p, &a, oh_span_of(""));
    oh_run_journal(r, OH_JOURNAL_PHONE, 8, OH_NONE, OH_NONE, "A", "exited: status 1");
    return r;
}

static void assert_same_text(const char *a, const char *b)
{
    assert_int_equal(!a, !b);
    if (a)
        assert_string_equal(a, b);
}

static void assert_same_head(const struct oh_run *x, const struct oh_run *y)
{
    assert_same_text(x->scenario_id, y->scenario_id);
    assert_same_text(x->scenario_file, y->scenario_file);
    assert_same_text(x->scenario_text, y->scenario_text);
    assert_int_equal(x->started_wall_ns, y->started_wall_ns);
    assert_int_equal(x->ended_wall_ns, y->ended_wall_ns);
    assert_int_equal(x->evidence, y->evidence);
    assert_int_equal(x->capture.received, y->capture.received);
    assert_int_equal(x->capture.dropped, y->capture.dropped);
    assert_int_equal(x->capture.complete, y->capture.complete);
    assert_same_text(x->capture.interface, y->capture.interface);
    assert_int_equal(x->worst_late_ns, y->worst_late_ns);
    assert_int_equal(x->outcome, y->outcome);
    assert_int_equal(x->outcome_step, y->outcome_step);
    assert_same_text(x->outcome_text, y->outcome_text);
    assert_same_text(x->phone_output, y->phone_output);
}

static void assert_same_parties(const struct oh_run *x, const struct oh_run *y)
{
    assert_int_equal(x->earlier_count, y->earlier_count);
    for (size_t i = 0; i < x->earlier_count; i++) {
        assert_string_equal(x->earlier[i].call_id, y->earlier[i].call_id);
        assert_same_text(x->earlier[i].branch, y->earlier[i].branch);
    }
    assert_int_equal(x->conn_count, y->conn_count);
    for (size_t i = 0; i < x->conn_count; i++) {
        assert_string_equal(x->conns[i].seat, y->conns[i].seat);
        assert_true(oh_addr_equal(&x->conns[i].remote, &y->conns[i].remote));
    }
    assert_int_equal(x->seat_count, y->seat_count);
    for (size_t i = 0; i < x->seat_count; i++) {
        assert_same_text(x->seats[i].name, y->seats[i].name);
        assert_same_text(x->seats[i].role, y->seats[i].role);
        assert_int_equal(x->seats[i].is_phone, y->seats[i].is_phone);
        assert_true(oh_addr_equal(&x->seats[i].sip, &y->seats[i].sip));
        assert_true(oh_addr_equal(&x->seats[i].rtp, &y->seats[i].rtp));
    }
    assert_int_equal(x->phone_count, y->phone_count);
    for (size_t i = 0; i < x->phone_count; i++) {
        const struct oh_run_phone *p = &x->phones[i], *q = &y->phones[i];
        assert_same_text(p->seat, q->seat);
        assert_same_text(p->adapter, q->adapter);
        assert_same_text(p->name, q->name);
        assert_same_text(p->profile, q->profile);
        assert_same_text(p->user_agent, q->user_agent);
        assert_same_text(p->adapter_text, q->adapter_text);
        assert_int_equal(p->is_reference, q->is_reference);
        assert_same_text(p->mutant, q->mutant);
        assert_int_equal(p->transport, q->transport);
        assert_int_equal(p->ability_count, q->ability_count);
        for (size_t k = 0; k < p->ability_count; k++)
            assert_same_text(p->abilities[k], q->abilities[k]);
    }
}

static void assert_same_lists(const struct oh_run *x, const struct oh_run *y)
{
    assert_int_equal(x->name_count, y->name_count);
    for (size_t i = 0; i < x->name_count; i++) {
        assert_same_text(x->names[i].name, y->names[i].name);
        assert_same_text(x->names[i].value, y->names[i].value);
    }
    assert_int_equal(x->journal_count, y->journal_count);
    for (size_t i = 0; i < x->journal_count; i++) {
        const struct oh_journal_entry *j = &x->journal[i], *k = &y->journal[i];
        assert_int_equal(j->kind, k->kind);
        assert_int_equal(j->wall_ns, k->wall_ns);
        assert_int_equal(j->step, k->step);
        assert_int_equal(j->tap, k->tap);
        assert_int_equal(j->tap_before, k->tap_before);
        assert_same_text(j->seat, k->seat);
        assert_same_text(j->detail, k->detail);
    }
    assert_int_equal(x->tap_count, y->tap_count);
    for (size_t i = 0; i < x->tap_count; i++) {
        const struct oh_tap_entry *t = &x->tap[i], *u = &y->tap[i];
        assert_int_equal(t->wall_ns, u->wall_ns);
        assert_same_text(t->label, u->label);
        assert_int_equal(t->sent, u->sent);
        assert_true(oh_addr_equal(&t->local, &u->local));
        assert_true(oh_addr_equal(&t->remote, &u->remote));
        assert_true(oh_span_equal(t->bytes, u->bytes));
        assert_int_equal(t->whole_len, u->whole_len);
        assert_int_equal(t->transport, u->transport);
        assert_int_equal(t->is_rtp, u->is_rtp);
        assert_int_equal(t->ours_on_purpose, u->ours_on_purpose);
    }
    assert_int_equal(x->secret_count, y->secret_count);
    for (size_t i = 0; i < x->secret_count; i++) {
        assert_same_text(x->secrets[i].seat, y->secrets[i].seat);
        assert_same_text(x->secrets[i].username, y->secrets[i].username);
        assert_same_text(x->secrets[i].password, y->secrets[i].password);
    }
}

static int make_folder(void **state)
{
    char path[] = "/tmp/offhook-test-run-XXXXXX";
    *state = mkdtemp(path) ? oh_strdup(path) : NULL;
    return *state ? 0 : -1;
}

static int remove_folder(void **state)
{
    oh_file_remove_tree(*state);
    free(*state);
    return 0;
}

static void a_run_written_and_read_is_the_same_run(void **state)
{
    struct oh_error e = {0};
    char *folder = oh_file_join(*state, "deep/below");
    struct oh_run *r = full_run();
    assert_int_equal(oh_run_write(r, folder, &e), 0);
    struct oh_run *again = oh_run_read(folder, &e);
    if (!again)
        fail_msg("%s", e.text);
    assert_same_head(r, again);
    assert_same_parties(r, again);
    assert_same_lists(r, again);
    assert_true(again->has_secrets);

    struct oh_text first = {0}, second = {0};
    oh_run_format(r, &first);
    oh_run_format(again, &second);
    assert_string_equal(oh_text_str(&first), oh_text_str(&second));
    oh_text_release(&first);
    oh_text_release(&second);
    oh_run_free(again);
    oh_run_free(r);
    free(folder);
}

static void every_journal_kind_and_outcome_comes_back(void **state)
{
    for (int i = 0; i < OH_JOURNAL_KINDS || i < OH_OUTCOMES; i++) {
        struct oh_error e = {0};
        struct oh_run *r = full_run();
        r->outcome = (enum oh_outcome)(i % OH_OUTCOMES);
        r->journal[0].kind = (enum oh_journal_kind)(i % OH_JOURNAL_KINDS);
        assert_int_equal(oh_run_write(r, *state, &e), 0);
        struct oh_run *again = oh_run_read(*state, &e);
        assert_non_null(again);
        assert_int_equal(again->outcome, r->outcome);
        assert_int_equal(again->journal[0].kind, r->journal[0].kind);
        oh_run_free(again);
        oh_run_free(r);
    }
}

static void secrets_lie_apart_and_are_for_their_owner_only(void **state)
{
    struct oh_error e = {0};
    struct oh_run *r = full_run();
    struct oh_text text = {0};
    struct stat st;
    assert_int_equal(oh_run_write(r, *state, &e), 0);
    char *secrets = oh_file_join(*state, OH_SECRETS_FILE), *run = oh_file_join(*state, OH_RUN_FILE);
    assert_int_equal(stat(secrets, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(oh_file_read(run, 1 << 20, &text, &e), 0);
    assert_null(strstr(oh_text_str(&text), "pass\\\"word"));
    assert_int_equal(unlink(secrets), 0);
    struct oh_run *again = oh_run_read(*state, &e);
    assert_non_null(again);
    assert_false(again->has_secrets);
    assert_int_equal(again->secret_count, 0);
    oh_run_free(again);
    oh_run_free(r);
    oh_text_release(&text);
    free(secrets);
    free(run);
}

static void damaged_secrets_are_told(void **state)
{
    struct oh_error e = {0};
    struct oh_run *r = full_run();
    assert_int_equal(oh_run_write(r, *state, &e), 0);
    char *secrets = oh_file_join(*state, OH_SECRETS_FILE);
    const char *text = "{\"format\": \"offhook-secrets/1\", \"secrets\": [{\"username\": 7}]}";
    assert_int_equal(oh_file_write(secrets, oh_span_of(text), 0600, &e), 0);
    assert_null(oh_run_read(*state, &e));
    assert_non_null(strstr(e.text, "secrets[0].username"));
    assert_string_equal(e.file, secrets);
    oh_run_free(r);
    free(secrets);
}

static void the_file_is_there_for_people(void **state)
{
    (void)state;
    struct oh_run *r = full_run();
    struct oh_text text = {0};
    oh_run_format(r, &text);
    const char *s = oh_text_str(&text);
    assert_int_equal(strncmp(s, "{\n  \"format\": \"offhook-run/1\",\n", 31), 0);
    assert_non_null(strstr(s, "\"version\": \"" OH_VERSION "\""));
    assert_non_null(strstr(s, "\"started\": \"2026-11-22T10:00:00.123Z\""));
    assert_non_null(strstr(s, "\"text\": \"INVITE sip:b SIP/2.0\\r\\n\\r\\n\""));
    assert_non_null(strstr(s, "\"base64\": \"U0lQLzIuMCAyMDAgTwD/\""));
    assert_non_null(strstr(s, "\"local\": \"[::1]:5060\""));
    assert_non_null(strstr(s, "\"kind\": \"flow-begins\""));
    oh_text_release(&text);
    oh_run_free(r);
}

static void the_journal_knows_how_much_was_tapped_before(void **state)
{
    (void)state;
    struct oh_run *r = full_run();
    static const int before[] = {0, 0, 1, 4};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(r->journal[i].tap_before, before[i]);
    assert_string_equal(r->journal[1].detail, "dial 5");
    assert_null(r->journal[0].detail);
    oh_run_free(r);
}

static void the_tap_keeps_of_rtp_its_header_only(void **state)
{
    (void)state;
    struct oh_run *r = full_run();
    assert_false(r->tap[0].is_rtp);
    assert_int_equal(r->tap[0].whole_len, r->tap[0].bytes.len);
    assert_true(r->tap[2].is_rtp);
    assert_int_equal(r->tap[2].bytes.len, 12);
    assert_int_equal(r->tap[2].whole_len, 19);
    oh_run_free(r);
}

static void names_are_looked_up(void **state)
{
    (void)state;
    struct oh_run *r = full_run();
    assert_string_equal(oh_run_name_value(r, "B.number"), "5551234");
    assert_null(oh_run_name_value(r, "C.number"));
    oh_run_free(r);
}

/* The full run with the first `from` replaced by `to`. */
static char *edited(const char *from, const char *to)
{
    struct oh_run *r = full_run();
    struct oh_text text = {0}, out = {0};
    oh_run_format(r, &text);
    struct oh_span all = oh_text_span(&text);
    size_t at = oh_span_search(all, oh_span_of(from));
    if (at == all.len)
        fail_msg("nothing to edit: %s", from);
    oh_text_add_span(&out, oh_span_sub(all, 0, at));
    oh_text_add(&out, to);
    oh_text_add_span(&out, oh_span_sub(all, at + strlen(from), all.len));
    oh_text_release(&text);
    oh_run_free(r);
    return oh_text_take(&out);
}

static void a_run_that_names_no_transport_used_udp(void **state)
{
    (void)state;
    struct oh_error e = {0};
    char *text = edited("\"transport\": \"tcp\"", "\"mutant\": null");
    char *mutant = strstr(text, "\"mutant\": \"");
    assert_non_null(mutant);
    memcpy(mutant, "\"former\"", 8);
    struct oh_run *r = oh_run_parse("run.json", oh_span_of(text), &e);
    if (!r)
        fail_msg("%s", e.text);
    assert_int_equal(r->phones[0].transport, OH_TRANSPORT_UDP);
    assert_null(r->phones[0].mutant);
    assert_int_equal(r->tap[0].transport, OH_TRANSPORT_UDP);
    assert_int_equal(r->tap[1].transport, OH_TRANSPORT_TCP);
    oh_run_free(r);
    free(text);
}

static void damage_is_told_with_its_path(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *says;
    } cases[] = {
        {"offhook-run/1", "offhook-run/2", "not of the format 'offhook-run/1'"},
        {"\"format\"", "\"former\"", "format is missing"},
        {"{", "[{}] {", "not JSON"},
        {"\"evidence\": \"tap\"", "\"evidence\": \"ear\"", "evidence is none of the words"},
        {"\"outcome\": \"phone-died\"", "\"outcome\": 3", "outcome is none of the words"},
        {"\"received\": 12", "\"received\": -1", "capture.received is out of range"},
        {"\"received\": 12", "\"received\": 1.5", "capture.received is not a whole number"},
        {"\"complete\": true", "\"complete\": 1", "capture.complete is neither"},
        {"\"capture\": {", "\"capture\": 3, \"x\": {", "capture is not an object"},
        {"\"id\": \"a/b\"", "\"id\": null", "scenario.id is missing"},
        {"\"id\": \"a/b\"", "\"id\": 7", "scenario.id is not a text"},
        {"\"seats\": [", "\"seats\": {}, \"x\": [", "seats is not a list"},
        {"\"seats\": [", "\"seats\": [7,", "seats[0] is not an object"},
        {"\"sip\": \"127.0.0.2:5060\"", "\"sip\": \"nowhere\"", "seats[0].sip is not an address"},
        {"\"sip\": \"127.0.0.2:5060\"", "\"sip\": 1", "seats[0].sip is not an address"},
        {"\"dial\",", "null,", "phones[0].abilities holds a null"},
        {"\"dial\",", "5,", "phones[0].abilities is not a text"},
        {"\"user_agent\": {", "\"user_agent\": {\"x\": 1}, \"y\": {",
         "phones[0].user_agent is not base64"},
        {"\"value\": \"5551234\"", "\"worth\": 1", "names[0].value is missing"},
        {"\"kind\": \"told\"", "\"kind\": \"tolled\"", "journal[1].kind is none of the words"},
        {"\"tap\": 0", "\"tap\": 4", "journal[2].tap is out of range"},
        {"\"tap_before\": 4", "\"tap_before\": 5", "journal[3].tap_before is out of range"},
        {"\"step\": 1", "\"step\": -2", "journal[2].step is out of range"},
        {"\"t_ns\": 5", "\"t_ns\": \"5\"", "tap[1].t_ns is not a whole number"},
        {"\"t_ns\": 5", "\"t_ns\": 9000000000000000000", "tap[1].t_ns is out of range"},
        {"U0lQLzIuMCAyMDAgTwD/", "U0lQLzIuMCAyMDAgTwD", "tap[1].base64 is not base64"},
        {"\"mutant\": \"ack.cseq\"", "\"mutant\": 1", "phones[0].mutant is not a text"},
        {"\"call_id\": \"c0@127.0.0.2\"", "\"call_id\": 1",
         "earlier_calls[0].call_id is not a text"},
        {"\"transport\": \"tcp\"", "\"transport\": \"sctp\"",
         "phones[0].transport is none of the words"},
        {"\"t_ns\": 3", "\"transport\": 6, \"t_ns\": 3", "tap[0].transport is none of the words"},
        {"\"whole_len\": 19", "\"whole_len\": 11", "tap[2].whole_len is out of range"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct oh_error e = {0};
        char *text = edited(cases[i].from, cases[i].to);
        assert_null(oh_run_parse("run.json", oh_span_of(text), &e));
        if (!strstr(e.text, cases[i].says))
            fail_msg("wanted '%s', got '%s'", cases[i].says, e.text);
        assert_string_equal(e.file, "run.json");
        free(text);
    }
}

static void a_file_cut_off_anywhere_is_refused(void **state)
{
    (void)state;
    char *text = edited("\"A\"", "\"A\"");
    size_t len = strlen(text);
    for (size_t cut = 0; cut + 2 < len; cut += 7) {
        struct oh_error e = {0};
        assert_null(oh_run_parse("run.json", (struct oh_span){text, cut}, &e));
        assert_true(e.text[0] != '\0');
    }
    free(text);
}

static void unknown_keys_are_passed_over(void **state)
{
    (void)state;
    struct oh_error e = {0};
    char *text = edited("\"evidence\"", "\"of a later version\": [1], \"evidence\"");
    struct oh_run *r = oh_run_parse("run.json", oh_span_of(text), &e);
    assert_non_null(r);
    assert_int_equal(r->evidence, OH_EVIDENCE_TAP);
    oh_run_free(r);
    free(text);
}

static void a_folder_without_a_run_is_told(void **state)
{
    struct oh_error e = {0};
    assert_null(oh_run_read(*state, &e));
    assert_non_null(strstr(e.text, "run.json"));
    assert_null(oh_run_read("/nowhere/at/all", &e));
    assert_true(e.text[0] != '\0');
}

static void a_folder_that_cannot_be_made_is_told(void **state)
{
    struct oh_error e = {0};
    struct oh_run *r = full_run();
    char *file = oh_file_join(*state, "file"), *below = oh_file_join(file, "run");
    assert_int_equal(oh_file_write(file, oh_span_of("x"), 0644, &e), 0);
    assert_int_equal(oh_run_write(r, below, &e), -1);
    assert_true(e.text[0] != '\0');
    oh_run_free(r);
    free(below);
    free(file);
}

static void base64_goes_and_comes_back(void **state)
{
    (void)state;
    static const struct {
        const char *plain, *coded;
    } cases[] = {{"", ""},
                 {"f", "Zg=="},
                 {"fo", "Zm8="},
                 {"foo", "Zm9v"},
                 {"foob", "Zm9vYg=="},
                 {"fooba", "Zm9vYmE="},
                 {"foobar", "Zm9vYmFy"}}; /* RFC 4648 10 */
    static const char *const bad[] = {"Z", "Zg=", "Zg==Zg==", "=AAA", "Z===", "Zm9*", "Zg=a"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct oh_text coded = {0}, plain = {0};
        oh_base64_add(&coded, oh_span_of(cases[i].plain));
        assert_string_equal(oh_text_str(&coded), cases[i].coded);
        assert_true(oh_base64_decode(oh_span_of(cases[i].coded), &plain));
        assert_string_equal(oh_text_str(&plain), cases[i].plain);
        oh_text_release(&coded);
        oh_text_release(&plain);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct oh_text plain = {0};
        assert_false(oh_base64_decode(oh_span_of(bad[i]), &plain));
        oh_text_release(&plain);
    }
}

int main(void)
{
#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_run_written_and_read_is_the_same_run),
        IN_FOLDER(every_journal_kind_and_outcome_comes_back),
        IN_FOLDER(secrets_lie_apart_and_are_for_their_owner_only),
        IN_FOLDER(damaged_secrets_are_told),
        cmocka_unit_test(the_file_is_there_for_people),
        cmocka_unit_test(the_journal_knows_how_much_was_tapped_before),
        cmocka_unit_test(the_tap_keeps_of_rtp_its_header_only),
        cmocka_unit_test(names_are_looked_up),
        cmocka_unit_test(a_run_that_names_no_transport_used_udp),
        cmocka_unit_test(damage_is_told_with_its_path),
        cmocka_unit_test(a_file_cut_off_anywhere_is_refused),
        cmocka_unit_test(unknown_keys_are_passed_over),
        IN_FOLDER(a_folder_without_a_run_is_told),
        IN_FOLDER(a_folder_that_cannot_be_made_is_told),
        cmocka_unit_test(base64_goes_and_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
