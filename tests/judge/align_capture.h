/* A call of readable text (tests/data/captures/call.txt) as a capture, changed as a test wants it,
 * and the flow of a scenario that is looked for there. */
#ifndef OH_TEST_ALIGN_CAPTURE_H
#define OH_TEST_ALIGN_CAPTURE_H

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

#endif
