/* Calls as readable text, and reading them: shared by the tests of linking. */
#ifndef OH_TESTS_TRACE_LINK_TEXT_H
#define OH_TESTS_TRACE_LINK_TEXT_H

#include "trace/trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define A "127.0.0.2:5060"
#define P "127.0.0.1:5060"
#define B "127.0.0.3:5060"

#define MESSAGE_MORE(time, src, dst, start, branch, call, from, to, cseq, more)                    \
    time " " src " -> " dst "\n" start "\n"                                                        \
         "Via: SIP/2.0/UDP 127.0.0.2:5060" branch "\n"                                             \
         "From: <sip:alice@example.com>" from "\n"                                                 \
         "To: <sip:bob@example.com>" to "\n"                                                       \
         "Call-ID: " call "\n"                                                                     \
         "CSeq: " cseq "\n" more "Content-Length: *\n"                                             \
         "\n"                                                                                      \
         ".\n"
#define MESSAGE(time, src, dst, start, branch, call, from, to, cseq)                               \
    MESSAGE_MORE(time, src, dst, start, branch, call, from, to, cseq, "")

#define INVITE "INVITE sip:bob@example.com SIP/2.0"
#define ACK    "ACK sip:bob@example.com SIP/2.0"
#define BYE    "BYE sip:bob@example.com SIP/2.0"
#define CANCEL "CANCEL sip:bob@example.com SIP/2.0"
#define OK     "SIP/2.0 200 OK"
#define RINGS  "SIP/2.0 180 Ringing"
#define DEMAND "SIP/2.0 407 Proxy Authentication Required"
#define GONE   "SIP/2.0 487 Request Terminated"

#define BR1 ";branch=z9hG4bKone"
#define BR2 ";branch=z9hG4bKtwo"
#define BR3 ";branch=z9hG4bKthree"
#define BR9 ";branch=z9hG4bKnine"
#define FT  ";tag=fa"
#define TT1 ";tag=first"
#define TT2 ";tag=second"

static inline struct oh_trace *read_only(const char *text)
{
    struct oh_error e = {0};
    struct oh_trace *t = oh_trace_new();
    if (oh_trace_read_text(t, "trace", oh_span_of(text), &e) < 0)
        fail_msg("%u:%u: %s", e.place.line, e.place.column, e.text);
    return t;
}

static inline struct oh_trace *linked(const char *text)
{
    struct oh_trace *t = read_only(text);
    oh_trace_link(t);
    return t;
}

#define CALL_HEAD                                                                                  \
    MESSAGE("0.000", A, P, INVITE, BR1, "c1", FT, "", "1 INVITE")                                  \
    MESSAGE("0.010", P, A, DEMAND, BR1, "c1", FT, TT1, "1 INVITE")
#define ACK_RIGHT MESSAGE("0.020", A, P, ACK, BR1, "c1", FT, TT1, "1 ACK")

#endif
