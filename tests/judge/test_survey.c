/* A whole capture into a verdict on each phone in it. */
#include "base/file.h"
#include "judge/profile.h"
#include "judge/rule.h"
#include "judge/survey.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* --- captures made here: raw IPv4, UDP --- */

struct pcap {
    struct oh_text bytes;
    int64_t time_us;
};

static void add_u32(struct oh_text *t, uint32_t value)
{
    oh_text_add_span(t, (struct oh_span){(const char *)&value, sizeof value});
}

static void add_u16_big(struct oh_text *t, unsigned value)
{
    oh_text_add_char(t, (char)(value >> 8));
    oh_text_add_char(t, (char)value);
}

static void begin(struct pcap *p)
{
    add_u32(&p->bytes, 0xa1b2c3d4);
    add_u32(&p->bytes, 2 | 4 << 16);
    add_u32(&p->bytes, 0);
    add_u32(&p->bytes, 0);
    add_u32(&p->bytes, 65535);
    add_u32(&p->bytes, 101); /* LINKTYPE_RAW */
    p->time_us = INT64_C(1700000000) * 1000000;
}

/* From 192.0.2.`from` to 192.0.2.`to`, 5060 both. */
static void add(struct pcap *p, unsigned from, unsigned to, const char *text)
{
    size_t len = strlen(text);
    p->time_us += 1000;
    add_u32(&p->bytes, (uint32_t)(p->time_us / 1000000));
    add_u32(&p->bytes, (uint32_t)(p->time_us % 1000000));
    add_u32(&p->bytes, (uint32_t)(28 + len));
    add_u32(&p->bytes, (uint32_t)(28 + len));
    oh_text_add_span(&p->bytes, (struct oh_span){"\x45\0", 2});
    add_u16_big(&p->bytes, (unsigned)(28 + len));
    oh_text_add_span(&p->bytes, (struct oh_span){"\0\0\0\0\x40\x11\0\0", 8});
    oh_text_add_span(&p->bytes, (struct oh_span){"\xc0\0\2", 3});
    oh_text_add_char(&p->bytes, (char)from);
    oh_text_add_span(&p->bytes, (struct oh_span){"\xc0\0\2", 3});
    oh_text_add_char(&p->bytes, (char)to);
    add_u16_big(&p->bytes, 5060);
    add_u16_big(&p->bytes, 5060);
    add_u16_big(&p->bytes, (unsigned)(8 + len));
    add_u16_big(&p->bytes, 0);
    oh_text_add(&p->bytes, text);
}

/* An OPTIONS of phone `from` and its answer; `head` is what the request has besides. */
static void add_options(struct pcap *p, unsigned from, unsigned call, const char *head)
{
    char *common = oh_format("Via: SIP/2.0/UDP 192.0.2.%u:5060;branch=z9hG4bK%u\r\n"
                             "From: <sip:a@192.0.2.%u>;tag=f%u\r\n"
                             "To: <sip:b@192.0.2.9>%%s\r\n"
                             "Call-ID: %u@192.0.2.%u\r\n"
                             "CSeq: 1 OPTIONS\r\n",
                             from, call, from, call, call, from);
    char *mark = strstr(common, "%s");
    *mark = '\0';
    char *request = oh_format("OPTIONS sip:b@192.0.2.9 SIP/2.0\r\n%s%s%sContent-Length: 0\r\n\r\n",
                              common, mark + 2, head);
    char *answer =
        oh_format("SIP/2.0 200 OK\r\n%s;tag=t%s"
                  "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\nAccept: application/sdp\r\n"
                  "Accept-Encoding: identity\r\nAccept-Language: en\r\nSupported: replaces\r\n"
                  "Content-Length: 0\r\n\r\n",
                  common, mark + 2);
    add(p, from, 9, request);
    add(p, 9, from, answer);
    free(common);
    free(request);
    free(answer);
}

static const char sound[] =
    "Max-Forwards: 70\r\nContact: <sip:a@192.0.2.7>\r\nAccept: application/sdp\r\n";
static const char faulty[] = "Contact: <sip:a@192.0.2.7>\r\nAccept: application/sdp\r\n";

static struct oh_survey *survey(const struct pcap *p, const struct oh_survey_options *options)
{
    static const struct oh_survey_options none = {0};
    char path[] = "/tmp/offhook-survey-XXXXXX";
    struct oh_error e = {0};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(oh_file_write(path, oh_text_span(&p->bytes), 0600, &e), 0);
    struct oh_survey *s = oh_survey_new(options ? options : &none);
    assert_int_equal(oh_survey_capture(s, path, NULL, NULL, &e), 0);
    unlink(path);
    return s;
}

static const struct oh_surveyed *phone(const struct oh_survey *s, const char *address)
{
    for (size_t i = 0; i < oh_survey_count(s); i++) {
        if (strcmp(oh_survey_at(s, i)->phone->name, address) == 0)
            return oh_survey_at(s, i);
    }
    fail_msg("%s was not judged", address);
    return NULL;
}

/* --- tests --- */

static void each_phone_has_a_verdict_of_its_own(void **state)
{
    struct pcap p = {{0}, 0};
    (void)state;
    begin(&p);
    add_options(&p, 7, 1, sound);
    add_options(&p, 8, 2, faulty);
    struct oh_survey *s = survey(&p, NULL);
    assert_int_equal(oh_survey_count(s), 3);
    assert_int_equal(phone(s, "192.0.2.7:5060")->verdict->word, OH_WORD_PASS);
    const struct oh_surveyed *bad = phone(s, "192.0.2.8:5060");
    assert_int_equal(bad->verdict->word, OH_WORD_FAIL);
    assert_int_equal(bad->findings, 1);
    assert_string_equal(bad->verdict->findings[0].id, "max-forwards.present");
    assert_int_equal(bad->verdict->findings[0].frames[0], 3);
    assert_int_equal(bad->calls, 1);
    assert_int_equal(bad->messages, 1);
    assert_int_equal(phone(s, "192.0.2.9:5060")->calls, 2);
    oh_survey_free(s);
    oh_text_release(&p.bytes);
}

static void the_messages_of_calls_with_findings_are_kept_and_no_others(void **state)
{
    struct pcap p = {{0}, 0};
    (void)state;
    begin(&p);
    add_options(&p, 7, 1, sound);
    add_options(&p, 7, 2, faulty);
    struct oh_survey *s = survey(&p, NULL);
    const struct oh_surveyed *a = phone(s, "192.0.2.7:5060");
    const struct oh_trace *kept = a->verdict->recording->trace;
    assert_int_equal(a->calls, 2);
    assert_int_equal(a->call_count, 1);
    assert_int_equal(kept->msg_count, 2);
    assert_int_equal(kept->msgs[0].frame, 3);
    assert_int_equal(kept->msgs[1].request, 0);
    assert_true(kept->msgs[0].from_phone);
    assert_int_equal(a->verdict->findings[0].msg, 0);
    assert_string_equal(a->call_list[0].call_id, "2@192.0.2.7");
    oh_survey_free(s);
    oh_text_release(&p.bytes);
}

static void findings_alike_are_counted_and_a_few_are_kept(void **state)
{
    struct pcap p = {{0}, 0};
    (void)state;
    begin(&p);
    for (unsigned i = 0; i < 50; i++)
        add_options(&p, 7, i, faulty);
    struct oh_survey *s = survey(&p, NULL);
    const struct oh_surveyed *a = phone(s, "192.0.2.7:5060");
    assert_int_equal(a->findings, 50);
    assert_int_equal(a->musts, 50);
    assert_int_equal(a->kept, 20);
    assert_int_equal(a->kind_count, 1);
    assert_int_equal(a->kinds[0].found, 50);
    assert_int_equal(a->kinds[0].calls, 50);
    assert_int_equal(a->kinds[0].last, 19);
    assert_int_equal(a->verdict->recording->trace->msg_count, 40);
    assert_int_equal(a->left_out, 60);
    oh_survey_free(s);
    oh_text_release(&p.bytes);
}

static void without_room_a_broken_must_still_fails(void **state)
{
    const struct oh_survey_options tight = {.kept_bytes = 1};
    struct pcap p = {{0}, 0};
    (void)state;
    begin(&p);
    add_options(&p, 7, 1, faulty);
    struct oh_survey *s = survey(&p, &tight);
    const struct oh_surveyed *a = phone(s, "192.0.2.7:5060");
    assert_int_equal(a->verdict->word, OH_WORD_FAIL);
    assert_int_equal(a->findings, 1);
    assert_int_equal(a->kept, 0);
    assert_int_equal(a->verdict->recording->trace->msg_count, 0);
    assert_non_null(a->verdict->reason);
    oh_survey_free(s);
    oh_text_release(&p.bytes);
}

static void a_phone_keeps_no_more_findings_than_it_may(void **state)
{
    const struct oh_survey_options few = {.kept_findings = 3};
    struct pcap p = {{0}, 0};
    (void)state;
    begin(&p);
    for (unsigned i = 0; i < 9; i++)
        add_options(&p, 7, i, faulty);
    struct oh_survey *s = survey(&p, &few);
    assert_int_equal(phone(s, "192.0.2.7:5060")->kept, 3);
    assert_int_equal(phone(s, "192.0.2.7:5060")->findings, 9);
    oh_survey_free(s);
    oh_text_release(&p.bytes);
}

static void only_named_phones_are_judged(void **state)
{
    struct oh_addr named;
    struct pcap p = {{0}, 0};
    (void)state;
    begin(&p);
    add_options(&p, 7, 1, sound);
    add_options(&p, 8, 2, faulty);
    assert_int_equal(oh_addr_parse(oh_span_of("192.0.2.8"), &named, NULL), 0);
    const struct oh_survey_options options = {.phones = &named, .phone_count = 1};
    struct oh_survey *s = survey(&p, &options);
    assert_int_equal(oh_survey_count(s), 1);
    assert_string_equal(oh_survey_at(s, 0)->phone->name, "192.0.2.8:5060");
    assert_int_equal(oh_survey_counts(s).not_judged, 3);
    oh_survey_free(s);
    oh_text_release(&p.bytes);
}

static void what_others_did_is_never_the_phones(void **state)
{
    struct oh_addr named;
    struct pcap p = {{0}, 0};
    (void)state;
    begin(&p);
    add_options(&p, 8, 2, faulty);
    assert_int_equal(oh_addr_parse(oh_span_of("192.0.2.9:5060"), &named, NULL), 0);
    const struct oh_survey_options options = {.phones = &named, .phone_count = 1};
    struct oh_survey *s = survey(&p, &options);
    assert_int_equal(phone(s, "192.0.2.9:5060")->findings, 0);
    oh_survey_free(s);
    oh_text_release(&p.bytes);
}

static void strict_makes_a_should_a_fail(void **state)
{
    static const char few_hops[] =
        "Max-Forwards: 30\r\nContact: <sip:a@192.0.2.7>\r\nAccept: application/sdp\r\n";
    const struct oh_survey_options strict = {.strict = true};
    struct pcap p = {{0}, 0};
    (void)state;
    begin(&p);
    add_options(&p, 7, 1, few_hops);
    struct oh_survey *s = survey(&p, NULL);
    assert_int_equal(phone(s, "192.0.2.7:5060")->shoulds, 1);
    assert_int_equal(phone(s, "192.0.2.7:5060")->verdict->word, OH_WORD_PASS);
    oh_survey_free(s);
    s = survey(&p, &strict);
    assert_int_equal(phone(s, "192.0.2.7:5060")->verdict->word, OH_WORD_FAIL);
    oh_survey_free(s);
    oh_text_release(&p.bytes);
}

static void a_profile_silences_its_rules_alone(void **state)
{
    const struct oh_survey_options old = {.profile = "rfc2543"};
    static const char two_faults[] = "Max-Forwards: no\r\nContact: <sip:a@192.0.2.7>\r\n";
    struct pcap p = {{0}, 0};
    (void)state;
    begin(&p);
    add_options(&p, 7, 1, faulty);
    struct oh_survey *s = survey(&p, &old);
    assert_int_equal(phone(s, "192.0.2.7:5060")->musts, 0);
    oh_survey_free(s);
    add_options(&p, 7, 2, two_faults);
    s = survey(&p, &old);
    assert_int_equal(phone(s, "192.0.2.7:5060")->musts, 1);
    oh_survey_free(s);
    oh_text_release(&p.bytes);
}

struct told {
    size_t calls, findings;
};

static void note(const struct oh_endpoint *e, const struct oh_verdict *v, void *arg)
{
    struct told *t = arg;
    assert_string_equal(e->name, "192.0.2.7:5060");
    t->calls++;
    t->findings += v->finding_count;
}

static void each_call_with_findings_is_told_at_once(void **state)
{
    struct told told = {0, 0};
    const struct oh_survey_options options = {.found = note, .found_arg = &told};
    struct pcap p = {{0}, 0};
    (void)state;
    begin(&p);
    for (unsigned i = 0; i < 5; i++)
        add_options(&p, 7, i, i % 2 ? sound : faulty);
    struct oh_survey *s = survey(&p, &options);
    assert_int_equal(told.calls, 3);
    assert_int_equal(told.findings, 3);
    oh_survey_free(s);
    oh_text_release(&p.bytes);
}

static bool is_rule(const char *id)
{
    const struct oh_rule_family *const *families = oh_rule_families();
    for (size_t f = 0; families[f]; f++) {
        for (size_t i = 0; i < families[f]->count; i++) {
            if (strcmp(families[f]->rules[i].id, id) == 0)
                return true;
        }
    }
    return false;
}

static void every_rule_of_a_profile_is_one(void **state)
{
    size_t count = 0;
    (void)state;
    for (const struct oh_profile *const *p = oh_profiles(); *p; p++) {
        assert_ptr_equal(oh_profile_of((*p)->name), *p);
        for (size_t i = 0; i < (*p)->count; i++, count++) {
            if (!is_rule((*p)->rules[i].rule))
                fail_msg("%s: there is no rule %s", (*p)->name, (*p)->rules[i].rule);
            assert_int_equal(strncmp((*p)->rules[i].clause, "RFC ", 4), 0);
            for (size_t k = 0; k < i; k++)
                assert_string_not_equal((*p)->rules[i].rule, (*p)->rules[k].rule);
        }
    }
    assert_true(count > 0);
    assert_null(oh_profile_of("nothing"));
    assert_false(oh_profile_silences(NULL, "via.cookie"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_phone_has_a_verdict_of_its_own),
        cmocka_unit_test(the_messages_of_calls_with_findings_are_kept_and_no_others),
        cmocka_unit_test(findings_alike_are_counted_and_a_few_are_kept),
        cmocka_unit_test(without_room_a_broken_must_still_fails),
        cmocka_unit_test(a_phone_keeps_no_more_findings_than_it_may),
        cmocka_unit_test(only_named_phones_are_judged),
        cmocka_unit_test(what_others_did_is_never_the_phones),
        cmocka_unit_test(strict_makes_a_should_a_fail),
        cmocka_unit_test(a_profile_silences_its_rules_alone),
        cmocka_unit_test(each_call_with_findings_is_told_at_once),
        cmocka_unit_test(every_rule_of_a_profile_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
