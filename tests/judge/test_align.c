/* A scenario's flow found in a capture. Each test takes a sound call (tests/data/captures/call.txt,
 * or the same seen from the other side), changes its text, makes a capture of it and asks what was
 * found where. */
#include "base/file.h"
#include "judge/align.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define PHONE_CALLS                                                                                \
    "format: 1\n"                                                                                  \
    "title: A calls B\n"                                                                           \
    "source: [RFC 3261 13.2]\n"                                                                    \
    "covers: [call.out.basic]\n"                                                                   \
    "needs: [dial, hangup]\n"                                                                      \
    "parties:\n"                                                                                   \
    "  A: phone\n"                                                                                 \
    "  B: {role: peer, number: \"5551234\"}\n"                                                     \
    "flow:\n"                                                                                      \
    "  - A dials B\n"                                                                              \
    "  - A -> B: INVITE\n"                                                                         \
    "    save: call\n"                                                                             \
    "  - B -> A: 180\n"                                                                            \
    "  - B -> A: 200\n"                                                                            \
    "  - A -> B: ACK\n"                                                                            \
    "    must: {request-uri: $B.contact, cseq.number: $call.cseq.number}\n"                        \
    "  - A hangs up\n"                                                                             \
    "  - A -> B: BYE\n"                                                                            \
    "    must: {request-uri: $B.contact, route: absent}\n"                                         \
    "  - B -> A: 200\n"

#define PHONE_IS_CALLED                                                                            \
    "format: 1\n"                                                                                  \
    "title: B calls A, and hangs up\n"                                                             \
    "source: [RFC 3261 13.2]\n"                                                                    \
    "covers: [call.out.basic]\n"                                                                   \
    "needs: [answer]\n"                                                                            \
    "parties:\n"                                                                                   \
    "  A: phone\n"                                                                                 \
    "  B: {role: peer, number: \"5551234\"}\n"                                                     \
    "flow:\n"                                                                                      \
    "  - B -> A: INVITE\n"                                                                         \
    "  - A -> B: 180\n"                                                                            \
    "  - A answers\n"                                                                              \
    "  - A -> B: 200\n"                                                                            \
    "  - B -> A: ACK\n"                                                                            \
    "  - B -> A: BYE\n"                                                                            \
    "  - A -> B: 200\n"

/* The steps of PHONE_CALLS */
enum { DIAL, INVITE, RINGING, ANSWER, ACK, HANG_UP, BYE, BYE_ANSWER, STEPS };

#define ALICE "192.0.2.7:5060"
#define BOB   "192.0.2.8:5060"

/* --- a capture of text --- */

struct edit {
    const char *find, *put; /* every place */
};

static char *edited(char *text, const struct edit *edits)
{
    for (; edits && edits->find; edits++) {
        struct oh_text out = {0};
        const char *at = text, *hit;
        assert_non_null(strstr(text, edits->find));
        while ((hit = strstr(at, edits->find)) != NULL) {
            oh_text_add_span(&out, (struct oh_span){at, (size_t)(hit - at)});
            oh_text_add(&out, edits->put);
            at = hit + strlen(edits->find);
        }
        oh_text_add(&out, at);
        free(text);
        text = oh_text_take(&out);
    }
    return text;
}

static void put32(struct oh_text *t, uint32_t value)
{
    oh_text_add_span(t, (struct oh_span){(const char *)&value, sizeof value});
}

static void put16_big(struct oh_text *t, size_t value)
{
    oh_text_add_char(t, (char)(value >> 8));
    oh_text_add_char(t, (char)value);
}

/* Raw IPv4, UDP without a checksum. */
static void put_message(struct oh_text *out, const struct oh_trace_msg *m, int64_t later_ns)
{
    const struct oh_span bytes = m->sip->bytes;
    const uint32_t len = (uint32_t)(28 + bytes.len);
    const int64_t at_us = INT64_C(1700000000000000) + (m->time_ns + later_ns) / 1000;
    put32(out, (uint32_t)(at_us / 1000000));
    put32(out, (uint32_t)(at_us % 1000000));
    put32(out, len);
    put32(out, len);
    oh_text_add_span(out, (struct oh_span){"\x45\0", 2});
    put16_big(out, len);
    oh_text_add_span(out, (struct oh_span){"\0\0\0\0\x40\x11\0\0", 8});
    oh_text_add_span(out, (struct oh_span){(const char *)m->src.ip, 4});
    oh_text_add_span(out, (struct oh_span){(const char *)m->dst.ip, 4});
    put16_big(out, m->src.port);
    put16_big(out, m->dst.port);
    put16_big(out, 8 + bytes.len);
    put16_big(out, 0);
    oh_text_add_span(out, bytes);
}

struct capture {
    struct oh_text bytes;
};

static void begin(struct capture *c)
{
    static const uint32_t head[] = {0xa1b2c3d4, 2 | 4 << 16, 0, 0, 65535, 101};
    oh_text_add_span(&c->bytes, (struct oh_span){(const char *)head, sizeof head});
}

/* Messages of the sound call from the `from`-th to before the `to`-th, `later_s` after their time.
 */
static void add_call(struct capture *c, const struct edit *edits, size_t from, size_t to,
                     double later_s)
{
    struct oh_text text = {0};
    struct oh_error e = {0};
    assert_int_equal(oh_file_read(OH_TEST_DATA "/captures/call.txt", 1 << 20, &text, &e), 0);
    char *own = edited(oh_text_take(&text), edits);
    struct oh_trace *t = oh_trace_new();
    if (oh_trace_read_text(t, "call.txt", oh_span_of(own), &e) < 0)
        fail_msg("%s", e.text);
    for (size_t i = from; i < to && i < t->msg_count; i++)
        put_message(&c->bytes, &t->msgs[i], (int64_t)(later_s * (double)OH_NS_PER_S));
    oh_trace_free(t);
    free(own);
}

/* --- a flow in it --- */

struct found {
    struct oh_scenario *scenario;
    struct oh_align *align;
};

static struct found look_from(struct capture *c, const char *flow, const char *phone,
                              size_t number_from)
{
    struct found f = {0};
    struct oh_errors errors = {0};
    struct oh_error e = {0};
    struct oh_addr addr;
    char path[] = "/tmp/offhook-align-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(oh_file_write(path, oh_text_span(&c->bytes), 0600, &e), 0);
    f.scenario = oh_scenario_parse("flow.yaml", oh_span_of(flow), &errors);
    if (!f.scenario)
        fail_msg("%s", errors.count ? errors.items[0].text : "no scenario");
    if (phone)
        assert_int_equal(oh_addr_parse(oh_span_of(phone), &addr, &e), 0);
    struct oh_align_options options = {.scenario = f.scenario,
                                       .phones = &addr,
                                       .phone_count = phone != NULL,
                                       .number_from = number_from};
    f.align = oh_align_new(&options);
    if (oh_align_capture(f.align, path, NULL, NULL, &e) != 0)
        fail_msg("%s", e.text);
    unlink(path);
    oh_text_release(&c->bytes);
    oh_errors_release(&errors);
    return f;
}

static struct found look(struct capture *c, const char *flow, const char *phone)
{
    return look_from(c, flow, phone, 0);
}

/* In the sound call, changed, the phone is Alice. */
static struct found look_in_call(const struct edit *edits, size_t to)
{
    struct capture c = {0};
    begin(&c);
    add_call(&c, edits, 0, to, 0);
    return look(&c, PHONE_CALLS, ALICE);
}

static const struct oh_aligned *only(const struct found *f)
{
    assert_int_equal(oh_align_count(f->align), 1);
    return oh_align_at(f->align, 0);
}

static void release(struct found *f)
{
    oh_align_free(f->align);
    oh_scenario_free(f->scenario);
}

static void expect_verdict(const struct oh_aligned *a, enum oh_word word, const char *reason)
{
    if (a->verdict->word != word)
        fail_msg("%s, not %s: %s", oh_word_name(a->verdict->word), oh_word_name(word),
                 a->verdict->reason ? a->verdict->reason : "-");
    if (reason && !strstr(a->verdict->reason, reason))
        fail_msg("the reason should say: %s\nbut is: %s", reason, a->verdict->reason);
}

/* By the flow, or by a rule that says the same as it. */
static const struct oh_finding *finding_at(const struct oh_aligned *a, int step)
{
    for (size_t i = 0; i < a->verdict->finding_count; i++) {
        if (a->verdict->findings[i].step == step)
            return &a->verdict->findings[i];
    }
    fail_msg("step %d has no finding", step);
    return NULL;
}

static size_t flow_fails(const struct oh_aligned *a)
{
    size_t count = 0;
    for (size_t i = 0; i < a->verdict->finding_count; i++)
        count += a->verdict->findings[i].step != OH_NONE &&
                 a->verdict->findings[i].result == OH_RESULT_FAIL;
    return count;
}

static unsigned frame_of(const struct oh_aligned *a, int step)
{
    const struct oh_step_result *s = &a->verdict->steps[step];
    return s->frame_count ? s->frames[0] : 0;
}

/* --- the flow is there --- */

static void a_sound_call_passes_and_each_step_has_its_frame(void **state)
{
    static const unsigned frames[STEPS] = {0, 1, 3, 4, 5, 0, 6, 7};
    struct found f = look_in_call(NULL, SIZE_MAX);
    const struct oh_aligned *a = only(&f);
    (void)state;
    expect_verdict(a, OH_WORD_PASS, NULL);
    for (int i = 0; i < STEPS; i++)
        assert_int_equal(frame_of(a, i), frames[i]);
    assert_int_equal(a->first_frame, 1);
    assert_int_equal(a->last_frame, 7);
    assert_int_equal(a->steps, 6);
    assert_int_equal(a->begins, 0);
    assert_false(a->is_off);
    assert_int_equal(oh_align_messages(f.align), 7);
    assert_int_equal(oh_align_left_out(f.align), 0);
    release(&f);
}

static void nobody_named_the_phone_is_who_went_through_the_flow(void **state)
{
    struct capture c = {0};
    (void)state;
    begin(&c);
    add_call(&c, NULL, 0, SIZE_MAX, 0);
    struct found f = look(&c, PHONE_CALLS, NULL);
    const struct oh_aligned *a = only(&f);
    assert_string_equal(a->phone->name, ALICE);
    expect_verdict(a, OH_WORD_PASS, NULL);
    release(&f);
}

static void who_is_called_is_found_by_a_flow_of_his_own(void **state)
{
    static const struct edit bob_hangs_up[] = {
        /* the call is Bob's to Alice */
        {ALICE " -> " BOB, "192.0.2.9:5060 -> " BOB},
        {BOB " -> " ALICE, BOB " -> 192.0.2.9:5060"},
        {"192.0.2.7", "192.0.2.9"},
        {NULL, NULL},
    };
    struct capture c = {0};
    (void)state;
    begin(&c);
    add_call(&c, bob_hangs_up, 0, SIZE_MAX, 0);
    struct found f = look(&c, PHONE_IS_CALLED, NULL);
    const struct oh_aligned *a = only(&f);
    assert_string_equal(a->phone->name, BOB);
    expect_verdict(a, OH_WORD_PASS, NULL);
    assert_int_equal(frame_of(a, 1), 3);
    release(&f);
}

static void a_fault_is_found_at_its_step_with_its_frame(void **state)
{
    static const struct edit elsewhere[] = {
        {"BYE sip:bob@192.0.2.8:5060", "BYE sip:bob@192.0.2.99"}, {NULL, NULL}};
    struct found f = look_in_call(elsewhere, SIZE_MAX);
    const struct oh_aligned *a = only(&f);
    (void)state;
    expect_verdict(a, OH_WORD_FAIL, NULL);
    assert_int_equal(flow_fails(a), 1);
    assert_int_equal(finding_at(a, BYE)->frames[0], 6);
    assert_string_equal(finding_at(a, BYE)->field, "request-uri");
    assert_string_equal(finding_at(a, BYE)->expected, "sip:bob@192.0.2.8:5060");
    assert_false(a->is_off);
    release(&f);
}

static void a_message_sent_again_is_of_its_step(void **state)
{
    struct capture c = {0};
    (void)state;
    begin(&c);
    add_call(&c, NULL, 0, 1, 0);
    add_call(&c, NULL, 0, 1, 0.5);
    add_call(&c, NULL, 1, SIZE_MAX, 1);
    struct found f = look(&c, PHONE_CALLS, ALICE);
    const struct oh_aligned *a = only(&f);
    expect_verdict(a, OH_WORD_PASS, NULL);
    assert_int_equal(a->verdict->steps[INVITE].frame_count, 2);
    assert_int_equal(a->begins, 0);
    release(&f);
}

/* --- where it is --- */

static const struct edit another[] = {
    {"call1@", "other@"}, {"tag=f1", "tag=f9"}, {"tag=t1", "tag=t9"}, {"bKa", "bKb"}, {NULL, NULL}};

static void of_two_calls_the_one_that_goes_further_is_the_flow(void **state)
{
    struct capture c = {0};
    (void)state;
    begin(&c);
    add_call(&c, another, 0, 4, 0);
    add_call(&c, NULL, 0, SIZE_MAX, 100);
    struct found f = look(&c, PHONE_CALLS, ALICE);
    const struct oh_aligned *a = only(&f);
    expect_verdict(a, OH_WORD_PASS, NULL);
    assert_int_equal(a->first_frame, 5);
    assert_int_equal(a->last_frame, 11);
    assert_int_equal(a->begins, 1);
    release(&f);
}

static void among_equals_the_earliest_is_the_flow(void **state)
{
    struct capture c = {0};
    (void)state;
    begin(&c);
    add_call(&c, another, 0, SIZE_MAX, 0);
    add_call(&c, NULL, 0, SIZE_MAX, 100);
    struct found f = look(&c, PHONE_CALLS, ALICE);
    assert_int_equal(only(&f)->first_frame, 1);
    assert_int_equal(only(&f)->begins, 1);
    release(&f);
}

static void a_call_beside_the_flow_is_passed_over(void **state)
{
    struct capture c = {0};
    (void)state;
    begin(&c);
    add_call(&c, NULL, 0, 5, 0);
    add_call(&c, another, 0, 4, 3); /* while the first goes on */
    add_call(&c, NULL, 5, SIZE_MAX, 0);
    struct found f = look(&c, PHONE_CALLS, ALICE);
    const struct oh_aligned *a = only(&f);
    expect_verdict(a, OH_WORD_PASS, NULL);
    assert_int_equal(frame_of(a, BYE), 10);
    release(&f);
}

static const struct edit other_call_id[] = {{"call1@192.0.2.7", "call9@192.0.2.7"}, {NULL, NULL}};

/* A refusal behind the answer, which no step of the flow is, and the phone's ACK to it. */
static void what_the_flow_does_not_list_is_judged_though_its_call_id_is_wrong(void **state)
{
    static const struct edit refusal[] = {
        {"SIP/2.0 200 OK\nVia: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bKa1", /* the INVITE's */
         "SIP/2.0 486 Busy\nVia: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bKa1"},
        {NULL, NULL}};
    static const struct edit ack[] = {{"ACK sip:bob@192.0.2.8:5060", "ACK sip:bob@192.0.2.8"},
                                      {"z9hG4bKa2", "z9hG4bKa1"},
                                      {"call1@192.0.2.7", "call9@192.0.2.7"},
                                      {NULL, NULL}};
    struct capture c = {0};
    (void)state;
    begin(&c);
    add_call(&c, NULL, 0, 5, 0);
    add_call(&c, refusal, 3, 4, 1);
    add_call(&c, ack, 4, 5, 1);
    add_call(&c, NULL, 5, SIZE_MAX, 0);
    struct found f = look(&c, PHONE_CALLS, ALICE);
    const struct oh_aligned *a = only(&f);
    expect_verdict(a, OH_WORD_FAIL, NULL);
    assert_int_equal(a->verdict->finding_count, 1);
    assert_string_equal(a->verdict->findings[0].id, "ack.call-id");
    assert_int_equal(a->verdict->findings[0].frames[0], 7);
    release(&f);
}

static void another_call_with_the_same_tag_has_no_part_in_it(void **state)
{
    struct capture c = {0};
    (void)state;
    begin(&c);
    add_call(&c, NULL, 0, SIZE_MAX, 0);
    add_call(&c, other_call_id, 0, SIZE_MAX, 20);
    struct found f = look(&c, PHONE_CALLS, ALICE);
    const struct oh_aligned *a = only(&f);
    expect_verdict(a, OH_WORD_PASS, NULL);
    assert_int_equal(a->recording->trace->msg_count, 7);
    release(&f);
}

static void a_further_result_of_the_same_scenario_has_a_number(void **state)
{
    struct capture c = {0};
    (void)state;
    begin(&c);
    add_call(&c, NULL, 0, SIZE_MAX, 0);
    struct found f = look_from(&c, PHONE_CALLS, ALICE, 1);
    const char *id = only(&f)->recording->run->scenario_id;
    assert_string_equal(id + strlen(id) - 2, "~2");
    release(&f);
}

/* --- what a capture cannot know --- */

static void a_flow_that_is_not_there_is_inconclusive(void **state)
{
    struct capture c = {0};
    (void)state;
    begin(&c);
    add_call(&c, NULL, 5, SIZE_MAX, 0);
    struct found f = look(&c, PHONE_CALLS, ALICE);
    const struct oh_aligned *a = only(&f);
    expect_verdict(a, OH_WORD_INCONCLUSIVE, "the flow is not in the capture");
    assert_int_equal(a->first_frame, 0);
    assert_true(a->is_off);
    assert_int_equal(a->verdict->finding_count, 0);
    release(&f);
}

static void a_capture_that_ends_early_accuses_nobody(void **state)
{
    static const struct {
        size_t messages;
        const char *reason;
    } ends[] = {{1, "the capture ends before 'B -> A: 180'"},
                {3, "the capture ends before 'B -> A: 200'"},
                {4, "the capture ends before 'A -> B: ACK'"},
                {5, "the capture ends before 'A hangs up'"},
                {6, "the capture ends before 'B -> A: 200'"}};
    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct found f = look_in_call(NULL, ends[i].messages);
        expect_verdict(only(&f), OH_WORD_INCONCLUSIVE, ends[i].reason);
        assert_int_equal(flow_fails(only(&f)), 0);
        release(&f);
    }
}

static void what_the_other_side_did_otherwise_ends_the_flow_and_names_the_frame(void **state)
{
    static const struct edit refused[] = {
        {"2.000 192.0.2.8:5060 -> 192.0.2.7:5060\nSIP/2.0 200 OK",
         "2.000 192.0.2.8:5060 -> 192.0.2.7:5060\nSIP/2.0 486 Busy Here"},
        {"ACK sip:bob@192.0.2.8:5060 ", "ACK sip:bob@192.0.2.8 "},
        {"bKa2;rport", "bKa1;rport"},
        {NULL, NULL}};
    struct found f = look_in_call(refused, 5);
    const struct oh_aligned *a = only(&f);
    (void)state;
    expect_verdict(a, OH_WORD_INCONCLUSIVE, "frame 4 is 486 to INVITE");
    assert_true(a->is_off);
    assert_int_equal(flow_fails(a), 0);
    release(&f);
}

static void what_the_user_did_otherwise_is_not_the_phones_fault(void **state)
{
    struct capture c = {0};
    (void)state;
    begin(&c);
    add_call(&c, NULL, 0, 3, 0);
    add_call(&c, NULL, 5, SIZE_MAX, 0); /* a BYE in the early dialog: RFC 3261 15 has it lawful */
    struct found f = look(&c, PHONE_CALLS, ALICE);
    const struct oh_aligned *a = only(&f);
    expect_verdict(a, OH_WORD_INCONCLUSIVE, "what the user of the phone did");
    assert_true(a->is_off);
    assert_int_equal(flow_fails(a), 0);
    release(&f);
}

static void a_phone_without_an_ability_that_is_needed_is_skipped_over(void **state)
{
    struct capture c = {0};
    (void)state;
    begin(&c);
    add_call(&c, NULL, 0, SIZE_MAX, 0);
    char *flow = edited(oh_strdup(PHONE_CALLS), (const struct edit[]){
                                                    {"[dial, hangup]", "[dial, hangup, 100rel]"},
                                                    {NULL, NULL},
                                                });
    struct found f = look(&c, flow, ALICE);
    expect_verdict(only(&f), OH_WORD_INCONCLUSIVE, "needs the ability '100rel'");
    assert_true(only(&f)->is_off);
    release(&f);
    free(flow);
}

/* --- what it can know --- */

/* The 2xx until 64*T1 without its ACK. RFC 3261 13.3.1.4 */
static void add_unacknowledged(struct capture *c)
{
    static const double later_s[] = {0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5};
    add_call(c, NULL, 0, 3, 0);
    for (size_t i = 0; i < sizeof later_s / sizeof *later_s; i++)
        add_call(c, NULL, 3, 4, later_s[i]);
}

static void what_the_phone_owed_to_a_message_that_it_reacted_to_is_missing(void **state)
{
    struct capture c = {0};
    (void)state;
    begin(&c);
    add_unacknowledged(&c);
    add_call(&c, NULL, 5, SIZE_MAX, 26);
    struct found f = look(&c, PHONE_CALLS, ALICE);
    const struct oh_aligned *a = only(&f);
    expect_verdict(a, OH_WORD_FAIL, NULL);
    assert_string_equal(finding_at(a, ACK)->id, "flow.missing");
    assert_int_equal(frame_of(a, BYE), 15);
    release(&f);
}

static void what_it_owed_to_a_message_that_may_never_have_arrived_is_not(void **state)
{
    struct capture c = {0};
    (void)state;
    begin(&c);
    add_unacknowledged(&c);
    struct found f = look(&c, PHONE_CALLS, ALICE);
    expect_verdict(only(&f), OH_WORD_INCONCLUSIVE, "nothing shows that the phone got the message");
    assert_int_equal(flow_fails(only(&f)), 0);
    release(&f);
}

static void where_frames_were_lost_an_absence_proves_nothing(void **state)
{
    struct capture c = {0};
    (void)state;
    begin(&c);
    add_unacknowledged(&c);
    add_call(&c, NULL, 5, SIZE_MAX, 26);
    c.bytes.len -= 10; /* it breaks off in the last frame */
    struct found f = look(&c, PHONE_CALLS, ALICE);
    expect_verdict(only(&f), OH_WORD_INCONCLUSIVE, NULL);
    assert_int_equal(flow_fails(only(&f)), 0);
    release(&f);
}

static void nobody_is_found_in_a_capture_without_sip(void **state)
{
    struct capture c = {0};
    (void)state;
    begin(&c);
    struct found f = look(&c, PHONE_CALLS, NULL);
    assert_int_equal(oh_align_count(f.align), 0);
    assert_int_equal(oh_align_messages(f.align), 0);
    release(&f);
}

/* --- how long it waits --- */

#define ACK_STEP                                                                                   \
    "  - A -> B: ACK\n    must: {request-uri: $B.contact, cseq.number: $call.cseq.number}\n"

/* The ACK comes two seconds late, and all that follows it. */
static struct found look_for_late_ack(const char *in_place)
{
    const struct edit edits[] = {{ACK_STEP, in_place}, {NULL, NULL}};
    struct capture c = {0};
    char *flow = edited(oh_strdup(PHONE_CALLS), edits);
    begin(&c);
    add_call(&c, NULL, 0, 4, 0);
    add_call(&c, NULL, 4, SIZE_MAX, 2);
    struct found f = look(&c, flow, ALICE);
    free(flow);
    return f;
}

static void an_either_is_over_with_the_longest_of_its_ways(void **state)
{
    (void)state;
    struct found f = look_for_late_ack("  - either:\n      - A -> B: INFO\n        within: 1 s\n"
                                       "    or:\n      - A -> B: ACK\n        within: 10 s\n");
    assert_int_equal(flow_fails(only(&f)), 0);
    expect_verdict(only(&f), OH_WORD_PASS, NULL);
    release(&f);
}

static void what_follows_an_optional_step_that_may_take_longer_is_not_late(void **state)
{
    (void)state;
    struct found f = look_for_late_ack("  - A -> B: INFO\n    optional: true\n    within: 10 s\n"
                                       "  - A -> B: ACK\n    within: 1 s\n");
    assert_int_equal(flow_fails(only(&f)), 0);
    expect_verdict(only(&f), OH_WORD_PASS, NULL);
    release(&f);
}

static void what_follows_an_optional_step_has_its_deadline(void **state)
{
    (void)state;
    struct found f = look_for_late_ack("  - A -> B: INFO\n    optional: true\n"
                                       "  - A -> B: ACK\n    within: 1 s\n");
    expect_verdict(only(&f), OH_WORD_FAIL, NULL);
    assert_string_equal(finding_at(only(&f), ACK + 1)->id, "flow.late");
    release(&f);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_call_passes_and_each_step_has_its_frame),
        cmocka_unit_test(nobody_named_the_phone_is_who_went_through_the_flow),
        cmocka_unit_test(who_is_called_is_found_by_a_flow_of_his_own),
        cmocka_unit_test(a_fault_is_found_at_its_step_with_its_frame),
        cmocka_unit_test(a_message_sent_again_is_of_its_step),
        cmocka_unit_test(of_two_calls_the_one_that_goes_further_is_the_flow),
        cmocka_unit_test(among_equals_the_earliest_is_the_flow),
        cmocka_unit_test(a_call_beside_the_flow_is_passed_over),
        cmocka_unit_test(what_the_flow_does_not_list_is_judged_though_its_call_id_is_wrong),
        cmocka_unit_test(another_call_with_the_same_tag_has_no_part_in_it),
        cmocka_unit_test(a_further_result_of_the_same_scenario_has_a_number),
        cmocka_unit_test(a_flow_that_is_not_there_is_inconclusive),
        cmocka_unit_test(a_capture_that_ends_early_accuses_nobody),
        cmocka_unit_test(what_the_other_side_did_otherwise_ends_the_flow_and_names_the_frame),
        cmocka_unit_test(what_the_user_did_otherwise_is_not_the_phones_fault),
        cmocka_unit_test(a_phone_without_an_ability_that_is_needed_is_skipped_over),
        cmocka_unit_test(what_the_phone_owed_to_a_message_that_it_reacted_to_is_missing),
        cmocka_unit_test(what_it_owed_to_a_message_that_may_never_have_arrived_is_not),
        cmocka_unit_test(where_frames_were_lost_an_absence_proves_nothing),
        cmocka_unit_test(nobody_is_found_in_a_capture_without_sip),
        cmocka_unit_test(an_either_is_over_with_the_longest_of_its_ways),
        cmocka_unit_test(what_follows_an_optional_step_that_may_take_longer_is_not_late),
        cmocka_unit_test(what_follows_an_optional_step_has_its_deadline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
