/* Bursts of RTP packets in the readable text of a trace. */
#include "trace/trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEADING "1.5 127.0.0.2:4000 -> 127.0.0.3:4002 rtp\n"

static struct oh_trace *read_of(const char *text, struct oh_error *e)
{
    struct oh_trace *t = oh_trace_new();
    if (oh_trace_read_text(t, "x.txt", oh_span_of(text), e) == 0)
        return t;
    oh_trace_free(t);
    return NULL;
}

static void a_line_makes_packets_that_go_on_from_one_another(void **state)
{
    struct oh_error e = {0};
    (void)state;
    struct oh_trace *t =
        read_of(HEADING "packets 2 type 8 sequence 65535 timestamp 4294967200 ssrc 7 marker\n"
                        "type 101 event 5 duration 160 volume 10 end\n.\n",
                &e);
    assert_non_null(t);
    assert_int_equal(t->rtp_count, 3);
    const struct oh_trace_rtp *p = t->rtp;
    assert_true(p[0].marker && !p[1].marker && !p[2].marker);
    assert_int_equal(p[0].time_ns, 1500000000);
    assert_int_equal(p[2].time_ns, 1540000000);
    assert_int_equal(p[1].payload_type, 8);
    assert_int_equal(p[2].payload_type, 101);
    assert_int_equal(p[1].sequence, 0);
    assert_int_equal(p[1].timestamp, 64);
    assert_int_equal(p[2].ssrc, 7);
    assert_int_equal(p[0].payload_len, 160);
    assert_int_equal(p[2].payload_len, 4);
    assert_memory_equal(p[2].event, "\x05\x8a\x00\xa0", 4);
    assert_int_equal(p[2].frame, 3);
    assert_int_equal(p[2].dst.port, 4002);
    oh_trace_free(t);
}

static void what_is_wrong_with_a_line_is_told_with_its_place(void **state)
{
    static const struct {
        const char *text, *told;
        unsigned line, column;
    } cases[] = {
        {HEADING "packets 2 tipe 8\n.\n", "this is nothing that a packet has", 2, 11},
        {HEADING "packets 2\ntype 128\n.\n", "no number that fits stands here", 3, 6},
        {HEADING "packets many\n.\n", "no number that fits stands here", 2, 9},
        {HEADING "packets 2\n", "the packets that begin here do not end", 1, 1},
        {HEADING "packets 100000\npackets 1\n.\n", "these are too many packets", 3, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct oh_error e = {0};
        assert_null(read_of(cases[i].text, &e));
        assert_non_null(strstr(e.text, cases[i].told));
        assert_int_equal(e.place.line, cases[i].line);
        assert_int_equal(e.place.column, cases[i].column);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_makes_packets_that_go_on_from_one_another),
        cmocka_unit_test(what_is_wrong_with_a_line_is_told_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
