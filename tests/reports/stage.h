/* Verdicts put together by hand, for tests: a scenario's text, a run, messages, and what a judge
 * might say. */
#ifndef OH_TEST_REPORTS_STAGE_H
#define OH_TEST_REPORTS_STAGE_H

#include "judge/verdict.h"
#include "reports/report.h"

#include "golden.h"

#define STAGE_START_NS (INT64_C(1795341600) * OH_NS_PER_S) /* 2026-11-22T10:00:00Z */

struct stage {
    struct oh_run *run;
    struct oh_trace *trace;
    struct oh_recording *recording;
    struct oh_verdict *verdict;
};

static inline struct oh_addr stage_addr(const char *text)
{
    struct oh_addr a = {0};
    assert_int_equal(oh_addr_parse(oh_span_of(text), &a, NULL), 0);
    return a;
}

static inline int64_t stage_ns(int ms)
{
    return STAGE_START_NS + ms * OH_NS_PER_MS;
}

/* `text` is the scenario's source; its id is given apart. */
static inline struct stage stage_new(const char *id, const char *text)
{
    struct stage st = {.run = oh_run_new(NULL), .trace = oh_trace_new()};
    st.run->scenario_id = oh_strdup(id);
    st.run->scenario_file = oh_format("scenarios/%s.yaml", id);
    st.run->scenario_text = oh_strdup(text);
    st.run->started_wall_ns = STAGE_START_NS;
    st.run->ended_wall_ns = stage_ns(2100);
    st.run->capture.complete = true;
    st.run->capture.interface = oh_strdup("lo");
    st.run->outcome_step = OH_NONE;
    return st;
}

static inline void stage_seat(struct stage *st, const char *name, const char *role, const char *sip,
                              const char *rtp)
{
    struct oh_addr a = stage_addr(sip), media = rtp ? stage_addr(rtp) : (struct oh_addr){0};
    oh_run_add_seat(st->run, name, role, strcmp(role, "phone") == 0, &a, rtp ? &media : NULL);
}

static inline void stage_phone(struct stage *st, const char *adapter, const char *name,
                               bool is_reference)
{
    struct oh_run *r = st->run;
    oh_grow(&r->phones, r->phone_count, &r->phone_room, sizeof *r->phones);
    r->phones[r->phone_count++] = (struct oh_run_phone){.seat = oh_strdup("A"),
                                                        .adapter = oh_strdup(adapter),
                                                        .name = oh_strdup(name),
                                                        .user_agent = oh_strdup("test/1"),
                                                        .adapter_text = oh_strdup("format: 1\n"),
                                                        .is_reference = is_reference};
}

/* A message at `ms`, seen by the capture as `frame` (0: by our sockets alone) and known to our
 * sockets unless `stray`.
 */
static inline void stage_bytes(struct stage *st, unsigned frame, int ms, const char *from,
                               const char *to, struct oh_span bytes, bool stray)
{
    struct oh_addr src = stage_addr(from), dst = stage_addr(to);
    bool sent = strncmp(from, "127.0.0.2", 9) != 0 && strncmp(from, "[2001:db8::2", 12) != 0;
    if (frame)
        assert_non_null(
            oh_trace_add(st->trace, frame, stage_ns(ms), &src, &dst, OH_TRANSPORT_UDP, bytes));
    if (!stray)
        oh_run_tap(st->run, stage_ns(ms), "P", sent, sent ? &src : &dst, sent ? &dst : &src, bytes);
}

/* `start` and headers; From, To, Call-ID and CSeq are the same in all messages but for the CSeq's
 * number and method. */
static inline void stage_msg(struct stage *st, unsigned frame, int ms, const char *from,
                             const char *to, const char *start, const char *cseq, const char *more)
{
    char *text = oh_format("%s\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%.1s\r\n"
                           "From: <sip:alice@example.com>;tag=a1\r\n"
                           "To: <sip:5551234@example.com>\r\nCall-ID: c1@example.com\r\n"
                           "CSeq: %s\r\n%sContent-Length: 0\r\n\r\n",
                           start, from, cseq, cseq, more);
    stage_bytes(st, frame, ms, from, to, oh_span_of(text), false);
    free(text);
}

static inline void stage_rtp(struct stage *st, unsigned frame, int ms, const char *from,
                             const char *to, int packets)
{
    struct oh_addr src = stage_addr(from), dst = stage_addr(to);
    for (int i = 0; i < packets; i++) {
        const char packet[] = {'\x80', 0, 0, (char)i, 0, 0, 0, 1, 0, 0, 0, 7, 'x'};
        assert_true(oh_trace_add_rtp(st->trace, frame + (unsigned)i, stage_ns(ms + 20 * i), &src,
                                     &dst, (struct oh_span){packet, sizeof packet}));
    }
}

/* The journal's entry happens after what was tapped so far. */
static inline void stage_journal(struct stage *st, enum oh_journal_kind kind, int ms, int step,
                                 const char *seat, const char *detail)
{
    oh_run_journal(st->run, kind, stage_ns(ms), step, OH_NONE, seat, detail ? "%s" : NULL, detail);
}

/* From here on the recording stands; the verdict is empty: pass, every step not reached. */
static inline void stage_judge(struct stage *st, int zero_ms, enum oh_word word, const char *reason)
{
    struct oh_error e = {0};
    st->recording = oh_recording_make(st->run, st->trace, &e);
    if (!st->recording)
        fail_msg("%s:%u: %s", e.file, e.place.line, e.text);
    size_t steps = st->recording->scenario->step_count, msgs = st->recording->trace->msg_count;
    struct oh_verdict *v = oh_alloc(sizeof *v);
    v->recording = st->recording;
    v->word = word;
    v->reason = oh_strdup(reason);
    v->zero_ns = stage_ns(zero_ms);
    v->steps = oh_alloc((steps + 1) * sizeof *v->steps);
    v->step_of_msg = oh_alloc((msgs + 1) * sizeof *v->step_of_msg);
    v->rules_applied = 34;
    v->rules_not_checkable = 2;
    for (size_t i = 0; i < steps; i++)
        v->steps[i] = (struct oh_step_result){OH_STEP_IS_NOT_REACHED, {0}, 0, -1, OH_NONE};
    for (size_t i = 0; i < msgs; i++)
        v->step_of_msg[i] = OH_NONE;
    st->verdict = v;
}

static inline void stage_step(struct stage *st, int step, enum oh_step_word word, int msg)
{
    struct oh_step_result *r = &st->verdict->steps[step];
    r->word = word;
    r->msg = msg;
    if (msg == OH_NONE)
        return;
    const struct oh_trace_msg *m = &st->recording->trace->msgs[msg];
    r->time_ns = m->time_ns - st->verdict->zero_ns;
    st->verdict->step_of_msg[msg] = step;
    if (m->frame)
        r->frames[r->frame_count++] = m->frame;
}

/* A finding at message `msg`, or at `ms` where it is OH_NONE. Further members are the caller's to
 * fill. */
static inline struct oh_finding *stage_finding(struct stage *st, const char *id,
                                               enum oh_level level, enum oh_result result, int msg,
                                               int ms, const char *text)
{
    struct oh_verdict *v = st->verdict;
    oh_grow(&v->findings, v->finding_count, &v->finding_room, sizeof *v->findings);
    struct oh_finding *f = &v->findings[v->finding_count++];
    *f = (struct oh_finding){.id = oh_strdup(id),
                             .level = level,
                             .result = result,
                             .msg = msg,
                             .step = OH_NONE,
                             .about = OH_NONE,
                             .from_phone = true,
                             .text = oh_strdup(text)};
    f->time_ns = stage_ns(ms) - v->zero_ns;
    if (msg != OH_NONE) {
        const struct oh_trace_msg *m = &st->recording->trace->msgs[msg];
        f->time_ns = m->time_ns - v->zero_ns;
        if (m->frame)
            f->frames[f->frame_count++] = m->frame;
    }
    return f;
}

static inline void stage_free(struct stage *st)
{
    oh_verdict_free(st->verdict);
    if (st->recording) {
        oh_recording_free(st->recording);
        return;
    }
    oh_run_free(st->run);
    oh_trace_free(st->trace);
}

#endif
