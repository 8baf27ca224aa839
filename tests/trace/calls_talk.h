/* A capture said message by message, and what becomes of it: shared by the tests of calls. */
#ifndef OH_TESTS_TRACE_CALLS_TALK_H
#define OH_TESTS_TRACE_CALLS_TALK_H

#include "base/file.h"
#include "trace/calls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PHONE  "192.0.2.1:5060"
#define OTHER  "192.0.2.2:5060"
#define PROXY  "192.0.2.9:5060"
#define SECOND "192.0.2.8:5060"

enum { MAX_SEEN = 64 };

/* A view that was handed out. */
struct seen {
    char phone[OH_ADDR_TEXT];
    char *words; /* "INVITE 100 200 ACK", and links: "200<INVITE" where it answers that */
    bool begins_within, cut, one_sided, lost;
    size_t messages, streams;
    int64_t until_ms;
    struct oh_before last_before; /* of its last message */
    unsigned repeats, duplicates;
};

struct talk {
    struct oh_endpoints *endpoints;
    struct oh_calls *calls;
    struct seen seen[MAX_SEEN];
    size_t seen_count, handed;
    unsigned frame;
    enum oh_transport transport;
};

static inline struct oh_addr addr_of(const char *text)
{
    struct oh_addr a;
    assert_int_equal(oh_addr_parse(oh_span_of(text), &a, NULL), 0);
    return a;
}

static inline void word_of(struct oh_text *out, const struct oh_trace *t,
                           const struct oh_trace_msg *m)
{
    if (out->len)
        oh_text_add_char(out, ' ');
    if (m->repeat_of != OH_NONE)
        oh_text_add_char(out, '+');
    if (m->duplicate_of != OH_NONE)
        oh_text_add_char(out, '=');
    oh_text_add_char(out, m->from_phone ? '>' : '<');
    if (m->sip->is_request)
        oh_text_add_span(out, m->sip->method);
    else
        oh_text_addf(out, "%u", m->sip->status);
    if (!m->sip->is_request && m->request == OH_NONE)
        oh_text_add_char(out, '?');
    assert_true(m->request < (int)t->msg_count);
}

static inline void note_view(const struct oh_call *call, void *arg)
{
    struct talk *k = arg;
    k->handed++;
    if (k->seen_count == MAX_SEEN)
        return;
    struct seen *s = &k->seen[k->seen_count++];
    struct oh_text words = {0};
    const struct oh_trace *t = call->trace;
    assert_int_not_equal(t->msg_count, 0);
    for (size_t i = 0; i < t->msg_count; i++) {
        assert_true(t->msgs[i].from_phone || t->msgs[i].to_phone);
        word_of(&words, t, &t->msgs[i]);
        s->repeats += t->msgs[i].repeat_of != OH_NONE;
        s->duplicates += t->msgs[i].duplicate_of != OH_NONE;
    }
    snprintf(s->phone, sizeof s->phone, "%s", call->phone->name);
    s->words = oh_text_take(&words);
    s->begins_within = call->begins_within;
    s->cut = call->cut;
    s->one_sided = call->one_sided;
    s->lost = call->lost;
    s->messages = t->msg_count;
    s->streams = oh_streams_count(t->streams);
    s->until_ms = call->until_ns / OH_NS_PER_MS;
    s->last_before = t->msgs[t->msg_count - 1].before;
}

static inline void talk_begin_with(struct talk *k, const struct oh_calls_limits *limits)
{
    *k = (struct talk){.endpoints = oh_endpoints_new()};
    k->calls = oh_calls_new(limits, k->endpoints, note_view, k);
}

static inline void talk_begin(struct talk *k)
{
    talk_begin_with(k, NULL);
}

static inline void talk_end(struct talk *k)
{
    oh_calls_free(k->calls);
    oh_endpoints_free(k->endpoints);
    for (size_t i = 0; i < k->seen_count; i++)
        free(k->seen[i].words);
}

/* What is not said is usual: Via is the client's address, branch "b1", Call-ID "c1", From tag "f",
 * CSeq 1 and the method of the start line. `from` is where the packet comes from, `via` what the
 * client calls itself. */
struct part {
    const char *call, *via, *branch, *from_tag, *to_tag, *method, *more, *body;
    unsigned cseq;
};

static inline const char *or_else(const char *given, const char *usual)
{
    return given ? given : usual;
}

static inline bool say(struct talk *k, int64_t ms, const char *src, const char *dst,
                       const char *start, struct part p)
{
    bool is_request = strncmp(start, "SIP/2.0", 7) != 0;
    struct oh_text m = {0};
    struct oh_addr from = addr_of(src), to = addr_of(dst);
    char method[32] = "INVITE";
    if (is_request)
        snprintf(method, sizeof method, "%.*s", (int)strcspn(start, " "), start);
    oh_text_addf(&m, "%s%s\r\n", start, is_request ? " SIP/2.0" : "");
    oh_text_addf(&m, "Via: SIP/2.0/UDP %s;branch=z9hG4bK%s\r\n",
                 or_else(p.via, is_request ? src : dst), or_else(p.branch, "b1"));
    oh_text_addf(&m, "From: <sip:a@example.com>;tag=%s\r\n", or_else(p.from_tag, "f"));
    oh_text_addf(&m, "To: <sip:b@example.com>%s%s\r\n", p.to_tag ? ";tag=" : "",
                 or_else(p.to_tag, ""));
    if (!p.call || p.call[0])
        oh_text_addf(&m, "Call-ID: %s\r\n", or_else(p.call, "c1"));
    oh_text_addf(&m, "CSeq: %u %s\r\n%s", p.cseq ? p.cseq : 1, or_else(p.method, method),
                 or_else(p.more, ""));
    if (p.body)
        oh_text_add(&m, "Content-Type: application/sdp\r\n");
    oh_text_addf(&m, "Content-Length: %zu\r\n\r\n%s", p.body ? strlen(p.body) : 0,
                 or_else(p.body, ""));
    bool is_sip = oh_calls_message(k->calls, ++k->frame, ms * OH_NS_PER_MS, &from, &to,
                                   k->transport, oh_text_span(&m));
    oh_text_release(&m);
    return is_sip;
}

/* A call from `a` to `b` that is answered and hung up, in 2 s from `ms` on. */
static inline void say_call(struct talk *k, int64_t ms, const char *a, const char *b,
                            const char *call)
{
    struct part p = {.call = call};
    say(k, ms, a, b, "INVITE sip:b@example.com", p);
    p.to_tag = "t";
    say(k, ms + 100, b, a, "SIP/2.0 180 Ringing", p);
    say(k, ms + 500, b, a, "SIP/2.0 200 OK", p);
    p.branch = "b2";
    say(k, ms + 600, a, b, "ACK sip:b@example.com", p);
    p.branch = "b3";
    p.cseq = 2;
    say(k, ms + 1900, a, b, "BYE sip:b@example.com", p);
    p.method = "BYE";
    say(k, ms + 2000, b, a, "SIP/2.0 200 OK", p);
}

static inline const struct seen *view_of(const struct talk *k, const char *phone, size_t n)
{
    for (size_t i = 0; i < k->seen_count; i++) {
        if (strcmp(k->seen[i].phone, phone) == 0 && n-- == 0)
            return &k->seen[i];
    }
    fail_msg("%s has no such view", phone);
    return NULL;
}

static inline size_t views_of(const struct talk *k, const char *phone)
{
    size_t count = 0;
    for (size_t i = 0; i < k->seen_count; i++)
        count += strcmp(k->seen[i].phone, phone) == 0;
    return count;
}

#endif
