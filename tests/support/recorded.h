/*
 * support/recorded.h - recordings made by hand, entry by entry as the player writes them.
 *
 * A phone A at 127.0.0.2:5060, a proxy P at 127.0.0.1:5060, a peer B behind it at 127.0.0.3:5070
 * with RTP at 127.0.0.3:4000. Time runs by itself: each message comes 10 ms after what stands
 * before it. What is sent is on the wire (capture) and at our socket (tap) unless a test says
 * otherwise; the journal entry follows the tap entry, as play/receive.c and play/exchange.c do it.
 *
 * Everything is static inline: each test program has its own.
 */
#ifndef OH_TEST_SUPPORT_RECORDED_H
#define OH_TEST_SUPPORT_RECORDED_H

#include "judge/judge.h"
#include "sip/digest.h"
#include "sip/draft.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MS             INT64_C(1000000)
#define RECORDED_START INT64_C(1700000000000000000)
#define RECORDED_TEXTS 64

struct recorded {
    struct oh_run *run;
    struct oh_trace *trace;
    int64_t now;
    unsigned frame;
    struct oh_addr phone, proxy, peer, peer_rtp, nowhere;
    bool uncaptured; /* what is sent next is not in the capture */
    char *texts[RECORDED_TEXTS];
    size_t text_count;
    struct oh_recording *recording;
    struct oh_verdict *verdict;
};

static inline struct oh_addr recorded_addr(const char *text)
{
    struct oh_addr a = {0};
    assert_int_equal(oh_addr_parse(oh_span_of(text), &a, NULL), 0);
    return a;
}

static inline struct recorded *recorded_new(const char *scenario)
{
    struct recorded *r = oh_alloc(sizeof *r);
    r->phone = recorded_addr("127.0.0.2:5060");
    r->proxy = recorded_addr("127.0.0.1:5060");
    r->peer = recorded_addr("127.0.0.3:5070");
    r->peer_rtp = recorded_addr("127.0.0.3:4000");
    r->nowhere = recorded_addr("127.0.0.9:5099");
    r->run = oh_run_new(NULL);
    r->run->scenario_id = oh_strdup("test/flow");
    r->run->scenario_file = oh_strdup("flow.yaml");
    r->run->scenario_text = oh_strdup(scenario);
    r->run->evidence = OH_EVIDENCE_CAPTURE;
    r->run->capture.complete = true;
    r->run->outcome_step = OH_NONE;
    r->run->started_wall_ns = r->now = RECORDED_START;
    r->trace = oh_trace_new();
    oh_run_add_seat(r->run, "A", "phone", true, &r->phone, NULL);
    oh_run_add_seat(r->run, "P", "proxy", false, &r->proxy, NULL);
    oh_run_add_seat(r->run, "B", "peer", false, &r->peer, &r->peer_rtp);
    oh_run_add_name(r->run, "B.number", "5551234");
    oh_run_add_name(r->run, "A.user", "alice");
    oh_run_add_secret(r->run, "A", "alice", "secret");
    return r;
}

static inline void recorded_free(struct recorded *r)
{
    oh_verdict_free(r->verdict);
    oh_recording_free(r->recording);
    if (!r->recording) {
        oh_run_free(r->run);
        oh_trace_free(r->trace);
    }
    for (size_t i = 0; i < r->text_count; i++)
        free(r->texts[i]);
    free(r);
}

static inline const char *recorded_keep(struct recorded *r, char *text)
{
    assert_true(r->text_count < RECORDED_TEXTS);
    r->texts[r->text_count++] = text;
    return text;
}

/* `text` with the first `from` made `to`; the test fails where there is none. */
static inline const char *edited(struct recorded *r, const char *text, const char *from,
                                 const char *to)
{
    const char *at = strstr(text, from);
    assert_non_null(at);
    return recorded_keep(r, oh_format("%.*s%s%s", (int)(at - text), text, to, at + strlen(from)));
}

/* --- the wire --- */

static inline void recorded_wire(struct recorded *r, const struct oh_addr *src,
                                 const struct oh_addr *dst, const char *text)
{
    if (!r->uncaptured)
        assert_non_null(oh_trace_add(r->trace, ++r->frame, r->now, src, dst, OH_TRANSPORT_UDP,
                                     oh_span_of(text)));
}

static inline void recorded_journal(struct recorded *r, enum oh_journal_kind kind, int step,
                                    int tap)
{
    oh_run_journal(r->run, kind, r->now, step, tap, NULL, NULL);
}

/* The phone's message arrives at our socket `at`; it reaches `step` (OH_NONE: none). */
static inline void gets_at(struct recorded *r, const struct oh_addr *at, int step, const char *text)
{
    r->now += 10 * MS;
    recorded_wire(r, &r->phone, at, text);
    int tap = oh_run_tap(r->run, r->now + MS / 20, "P", false, at, &r->phone, oh_span_of(text));
    r->now += MS / 10;
    if (step != OH_NONE)
        recorded_journal(r, OH_JOURNAL_GOT, step, tap);
}

static inline void gets(struct recorded *r, int step, const char *text)
{
    gets_at(r, &r->proxy, step, text);
}

static inline void sends(struct recorded *r, int step, const char *text)
{
    r->now += 10 * MS;
    int tap =
        oh_run_tap(r->run, r->now - MS / 20, "P", true, &r->proxy, &r->phone, oh_span_of(text));
    recorded_wire(r, &r->proxy, &r->phone, text);
    r->now += MS / 10;
    if (step != OH_NONE)
        recorded_journal(r, OH_JOURNAL_SENT, step, tap);
}

/* On the wire alone: to an address where no socket of ours is. */
static inline void strays(struct recorded *r, const char *text)
{
    r->now += 10 * MS;
    recorded_wire(r, &r->phone, &r->nowhere, text);
}

static inline void rtp_from(struct recorded *r, const struct oh_addr *src)
{
    static const char packet[172] = {'\x80', 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3};
    struct oh_span bytes = {packet, sizeof packet};
    r->now += MS;
    if (!r->uncaptured)
        assert_true(oh_trace_add_rtp(r->trace, ++r->frame, r->now, src, &r->peer_rtp, bytes));
    oh_run_tap(r->run, r->now, "B", false, &r->peer_rtp, src, bytes);
}

static inline void rtp(struct recorded *r)
{
    struct oh_addr src = r->phone;
    src.port = 16384;
    rtp_from(r, &src);
}

/* --- the journal --- */

static inline void begins(struct recorded *r)
{
    recorded_journal(r, OH_JOURNAL_FLOW_BEGINS, OH_NONE, OH_NONE);
}

static inline void told(struct recorded *r, int step)
{
    recorded_journal(r, OH_JOURNAL_TOLD, step, OH_NONE);
}

static inline void confirmed(struct recorded *r, int step)
{
    recorded_journal(r, OH_JOURNAL_CONFIRMED, step, OH_NONE);
}

static inline void misses(struct recorded *r, int step, int64_t after_ms)
{
    r->now += after_ms * MS;
    recorded_journal(r, OH_JOURNAL_MISSED, step, OH_NONE);
}

static inline void media_over(struct recorded *r, int step, int64_t after_ms)
{
    r->now += after_ms * MS;
    recorded_journal(r, OH_JOURNAL_MEDIA, step, OH_NONE);
}

static inline void ends(struct recorded *r, enum oh_outcome outcome, const char *text)
{
    recorded_journal(r, OH_JOURNAL_FLOW_ENDS, OH_NONE, OH_NONE);
    r->run->outcome = outcome;
    r->run->outcome_text = oh_strdup(text);
    r->now += 10 * MS;
    r->run->ended_wall_ns = r->now;
}

/* --- the verdict --- */

static inline const struct oh_verdict *judge_with(struct recorded *r, bool strict)
{
    struct oh_judge_options options = {.strict = strict};
    struct oh_error e = {0};
    if (!r->recording) {
        r->recording = oh_recording_make(r->run, r->trace, &e);
        if (!r->recording) {
            r->run = NULL;
            r->trace = NULL;
            fail_msg("%s:%u: %s", e.file, e.place.line, e.text);
        }
    }
    oh_verdict_free(r->verdict);
    r->verdict = oh_judge(r->recording, &options);
    return r->verdict;
}

static inline const struct oh_verdict *judged(struct recorded *r)
{
    return judge_with(r, false);
}

static inline const struct oh_finding *finding(const struct oh_verdict *v, const char *id)
{
    for (size_t i = 0; i < v->finding_count; i++) {
        if (strcmp(v->findings[i].id, id) == 0)
            return &v->findings[i];
    }
    return NULL;
}

static inline void print_verdict(const struct oh_verdict *v)
{
    print_message("%s: %s\n", oh_word_name(v->word), v->reason ? v->reason : "-");
    for (size_t i = 0; i < v->finding_count; i++)
        print_message("  %s %s step %d: %s\n", oh_result_name(v->findings[i].result),
                      v->findings[i].id, v->findings[i].step, v->findings[i].text);
}

/* This verdict, with just these findings (ids, NULL-ended) in any order. */
static inline void expect_verdict(const struct oh_verdict *v, enum oh_word word, ...)
{
    va_list ids;
    size_t count = 0;
    const char *id;
    bool found = v->word == word;
    va_start(ids, word);
    for (; (id = va_arg(ids, const char *)) != NULL; count++)
        found = found && finding(v, id);
    va_end(ids);
    if (found && count == v->finding_count)
        return;
    print_verdict(v);
    assert_string_equal(oh_word_name(v->word), oh_word_name(word));
    assert_int_equal(v->finding_count, count);
    fail_msg("other findings than awaited");
}

#endif
