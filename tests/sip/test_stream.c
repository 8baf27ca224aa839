#include "sip/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define S(text) oh_span_of(text)

#define OPTIONS "OPTIONS sip:a@192.0.2.1 SIP/2.0\r\nCSeq: 1 OPTIONS\r\n"
#define EMPTY   OPTIONS "Content-Length: 0\r\n\r\n"
#define REPLY   "SIP/2.0 200 OK\r\nCSeq: 1 OPTIONS\r\nContent-Length: 4\r\n\r\nv=0\n"

#define M OH_SIP_CUT_MESSAGE
#define K OH_SIP_CUT_KEEPALIVE
#define N OH_SIP_CUT_NOISE

/* A piece that is due; one of kind NOTHING is the rest when the stream ends. */
struct due {
    enum oh_sip_cut cut;
    struct oh_span bytes;
};

#define MOST_DUE 12

/* Cuts `all`, given in chunks of this length, and holds the pieces against those due. */
static void expect_chunked(struct oh_span all, size_t chunk, const struct due due[MOST_DUE])
{
    struct oh_sip_stream *s = oh_sip_stream_new();
    struct oh_span piece;
    uint64_t offset = 0, at_offset = 0;
    size_t n = 0;
    enum oh_sip_cut cut;
    for (size_t at = 0; at < all.len; at += chunk) {
        oh_sip_stream_add(s, oh_span_sub(all, at, chunk));
        while ((cut = oh_sip_stream_next(s, &piece, &offset)) != OH_SIP_CUT_NOTHING) {
            assert_int_equal(cut, due[n].cut);
            assert_true(oh_span_equal(piece, due[n].bytes));
            assert_int_equal(offset, at_offset);
            at_offset += piece.len;
            n++;
        }
    }
    piece = oh_sip_stream_rest(s, &offset);
    if (due[n].bytes.at) {
        assert_int_equal(due[n].cut, OH_SIP_CUT_NOTHING);
        assert_true(oh_span_equal(piece, due[n].bytes));
        assert_int_equal(offset, at_offset);
        n++;
    } else {
        assert_null(piece.at);
    }
    assert_null(due[n].bytes.at);
    oh_sip_stream_free(s);
}

/* However the stream is split, the same comes out of it. */
static void expect(struct oh_span all, const struct due due[MOST_DUE])
{
    for (size_t chunk = 1; chunk <= all.len; chunk++)
        expect_chunked(all, chunk, due);
}

#define EXPECT(text, ...) expect(S(text), (const struct due[MOST_DUE]){__VA_ARGS__})

static void a_message_ends_where_its_length_says(void **state)
{
    (void)state;
    EXPECT(EMPTY, {M, S(EMPTY)});
    EXPECT(REPLY, {M, S(REPLY)});
    EXPECT(REPLY EMPTY REPLY, {M, S(REPLY)}, {M, S(EMPTY)}, {M, S(REPLY)});
}

static void two_chunks_split_at_any_byte_give_the_same_messages(void **state)
{
    (void)state;
    struct oh_span all = S(REPLY "\r\n\r\n" EMPTY "x\r\n" REPLY);
    const enum oh_sip_cut due[] = {M, K, M, N, M};
    for (size_t at = 1; at < all.len; at++) {
        struct oh_sip_stream *s = oh_sip_stream_new();
        struct oh_span piece;
        enum oh_sip_cut cut;
        size_t n = 0;
        oh_sip_stream_add(s, oh_span_sub(all, 0, at));
        for (int turn = 0; turn < 2; turn++) {
            while ((cut = oh_sip_stream_next(s, &piece, NULL)) != OH_SIP_CUT_NOTHING)
                assert_int_equal(cut, due[n++]);
            if (turn == 0)
                oh_sip_stream_add(s, oh_span_sub(all, at, all.len));
        }
        assert_int_equal(n, 5);
        oh_sip_stream_free(s);
    }
}

static void the_length_is_known_in_every_form_of_its_header(void **state)
{
    (void)state;
    static const char *const forms[] = {
        "l: 4\r\n",
        "L:4\r\n",
        "content-length:4\r\n",
        "CONTENT-LENGTH \t: \t4 \r\n",
        "Content-Length:\r\n  4\r\n",
        "Content-Length: 0004\r\n",
        "Subject: l: 9\r\nl: 4\r\n",
        "X: a\r\n Content-Length: 9\r\nl: 4\r\n",
        "l: 4\r\nContent-Length: 9\r\n",
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        char text[512], first[256];
        snprintf(first, sizeof first, OPTIONS "%s\r\nv=0\n", forms[i]);
        snprintf(text, sizeof text, "%s" EMPTY, first);
        EXPECT(text, {M, S(first)}, {M, S(EMPTY)});
    }
}

/* RFC 3261 18.3: on a stream the length MUST be told; without it nothing after the headers is known
 * to be a body. */
static void without_a_number_the_message_ends_with_its_headers(void **state)
{
    (void)state;
    static const char *const forms[] = {
        "", "l: -1\r\n", "l:\r\n", "l: 4x\r\n", "l: four\r\n", "l 4\r\n", "l: 4 4\r\n"};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        char text[512], first[256];
        snprintf(first, sizeof first, OPTIONS "%s\r\n", forms[i]);
        snprintf(text, sizeof text, "%sv=0\r\n" EMPTY, first);
        EXPECT(text, {M, S(first)}, {N, S("v=0\r\n")}, {M, S(EMPTY)});
    }
}

static void a_length_over_the_limit_is_noise_up_to_the_next_start_line(void **state)
{
    (void)state;
    static const char *const lengths[] = {"1048577", "4294967300", "18446744073709551617",
                                          "99999999999999999999999999"};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        char text[512], first[256];
        snprintf(first, sizeof first, OPTIONS "l: %s\r\n\r\nv=0\r\n", lengths[i]);
        snprintf(text, sizeof text, "%s" EMPTY, first);
        EXPECT(text, {N, S(first)}, {M, S(EMPTY)});
    }
}

static void a_length_too_large_waits_and_is_the_rest_at_the_end(void **state)
{
    (void)state;
    EXPECT(OPTIONS "l: 5\r\n\r\nv=0\n", {OH_SIP_CUT_NOTHING, S(OPTIONS "l: 5\r\n\r\nv=0\n")});
    EXPECT(EMPTY OPTIONS, {M, S(EMPTY)}, {OH_SIP_CUT_NOTHING, S(OPTIONS)});
}

static void line_ends_between_messages_are_keepalives(void **state)
{
    (void)state;
    EXPECT("\r\n\r\n", {K, S("\r\n\r\n")});
    EXPECT("\r\n\r\n\r\n" EMPTY, {K, S("\r\n\r\n")}, {K, S("\r\n")}, {M, S(EMPTY)});
    EXPECT(EMPTY "\r\n" REPLY "\r\n\r\n", {M, S(EMPTY)}, {K, S("\r\n")}, {M, S(REPLY)},
           {K, S("\r\n\r\n")});
    /* one alone may become two */
    EXPECT(EMPTY "\r\n", {M, S(EMPTY)}, {OH_SIP_CUT_NOTHING, S("\r\n")});
    EXPECT("\r" EMPTY, {N, S("\r")}, {M, S(EMPTY)});
    EXPECT("\n" EMPTY, {N, S("\n")}, {M, S(EMPTY)});
}

static void noise_does_not_take_the_rest_of_the_stream_with_it(void **state)
{
    (void)state;
    EXPECT("noise\r\n" EMPTY, {N, S("noise\r\n")}, {M, S(EMPTY)});
    EXPECT("GET / HTTP/1.1\r\nHost: a\r\n\r\n" EMPTY REPLY,
           {N, S("GET / HTTP/1.1\r\nHost: a\r\n\r\n")}, {M, S(EMPTY)}, {M, S(REPLY)});
    EXPECT(REPLY "v=0\r\n" REPLY, {M, S(REPLY)}, {N, S("v=0\r\n")}, {M, S(REPLY)});
    EXPECT("only noise", {OH_SIP_CUT_NOTHING, S("only noise")});
}

static void a_message_of_bare_line_feeds_is_still_one(void **state)
{
    (void)state;
    EXPECT("BYE sip:a SIP/2.0\nl: 2\n\nab" EMPTY, {M, S("BYE sip:a SIP/2.0\nl: 2\n\nab")},
           {M, S(EMPTY)});
    EXPECT("BYE sip:a SIP/2.0\nl: 0\r\n\r\n" EMPTY, {M, S("BYE sip:a SIP/2.0\nl: 0\r\n\r\n")},
           {M, S(EMPTY)});
}

static void a_NUL_ends_nothing(void **state)
{
    (void)state;
    static const char text[] = "\0\0\r\n" EMPTY "BYE sip:a SIP/2.0\r\nX: \0\r\nl: 3\r\n\r\n\0\0\0";
    struct oh_span all = {text, sizeof text - 1};
    size_t bye = 4 + sizeof EMPTY - 1;
    const struct due due[MOST_DUE] = {
        {N, oh_span_sub(all, 0, 4)}, {M, S(EMPTY)}, {M, oh_span_sub(all, bye, all.len)}};
    expect(all, due);
}

static char *fill(size_t len, char c, const char *tail)
{
    char *text = oh_alloc(len + strlen(tail) + 1);
    memset(text, c, len);
    memcpy(text + len, tail, strlen(tail));
    return text;
}

static void noise_without_end_is_cut_at_the_limit(void **state)
{
    (void)state;
    char *text = fill(OH_SIP_STREAM_MOST + 10, 'x', "\r\n" EMPTY);
    const struct due due[MOST_DUE] = {
        {N, {text, OH_SIP_STREAM_MOST}}, {N, {text + OH_SIP_STREAM_MOST, 12}}, {M, S(EMPTY)}};
    expect_chunked(S(text), strlen(text), due);
    expect_chunked(S(text), 65521, due);
    free(text);
}

static void headers_without_end_are_noise(void **state)
{
    (void)state;
    char *headers = fill(OH_SIP_STREAM_MOST, 'x', "");
    memcpy(headers, OPTIONS, sizeof OPTIONS - 1);
    char *text = oh_format("%s\r\n" EMPTY, headers);
    const struct due due[MOST_DUE] = {
        {N, {text, OH_SIP_STREAM_MOST}}, {N, S("\r\n")}, {M, S(EMPTY)}};
    expect_chunked(S(text), strlen(text), due);
    expect_chunked(S(text), 65521, due);
    free(text);
    free(headers);
}

static void a_message_of_just_the_limit_is_one(void **state)
{
    (void)state;
    char head[256];
    size_t len = (size_t)snprintf(head, sizeof head, OPTIONS "l: %07zu\r\n\r\n", (size_t)0);
    snprintf(head, sizeof head, OPTIONS "l: %07zu\r\n\r\n", OH_SIP_STREAM_MOST - len);
    char *text = fill(OH_SIP_STREAM_MOST, 'x', EMPTY);
    memcpy(text, head, len);
    const struct due due[MOST_DUE] = {{M, {text, OH_SIP_STREAM_MOST}}, {M, S(EMPTY)}};
    expect_chunked(S(text), strlen(text), due);
    expect_chunked(S(text), 65521, due);
    free(text);
}

static void after_a_gap_cutting_goes_on_at_a_start_line(void **state)
{
    (void)state;
    struct oh_span piece;
    uint64_t offset;
    struct oh_sip_stream *s = oh_sip_stream_new();
    oh_sip_stream_add(s, S(OPTIONS "l: 100\r\n\r\nlost with it"));
    assert_int_equal(oh_sip_stream_next(s, &piece, &offset), OH_SIP_CUT_NOTHING);
    oh_sip_stream_skip(s, 1000);
    oh_sip_stream_add(s, S("\r\n\r\nof some body\r\n" EMPTY));
    assert_int_equal(oh_sip_stream_next(s, &piece, &offset), OH_SIP_CUT_NOISE);
    assert_true(oh_span_is(piece, "\r\n\r\nof some body\r\n"));
    assert_int_equal(offset, strlen(OPTIONS "l: 100\r\n\r\nlost with it") + 1000);
    assert_int_equal(oh_sip_stream_next(s, &piece, NULL), OH_SIP_CUT_MESSAGE);
    oh_sip_stream_skip(s, 1);
    oh_sip_stream_add(s, S(EMPTY));
    assert_int_equal(oh_sip_stream_next(s, &piece, NULL), OH_SIP_CUT_MESSAGE);
    assert_true(oh_span_is(piece, EMPTY));
    oh_sip_stream_free(s);
}

static void nothing_gives_nothing(void **state)
{
    (void)state;
    struct oh_span piece;
    struct oh_sip_stream *s = oh_sip_stream_new();
    assert_int_equal(oh_sip_stream_next(s, &piece, NULL), OH_SIP_CUT_NOTHING);
    assert_null(oh_sip_stream_rest(s, NULL).at);
    oh_sip_stream_add(s, (struct oh_span){0});
    oh_sip_stream_skip(s, 5);
    assert_null(oh_sip_stream_rest(s, NULL).at);
    oh_sip_stream_free(s);
    oh_sip_stream_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_ends_where_its_length_says),
        cmocka_unit_test(two_chunks_split_at_any_byte_give_the_same_messages),
        cmocka_unit_test(the_length_is_known_in_every_form_of_its_header),
        cmocka_unit_test(without_a_number_the_message_ends_with_its_headers),
        cmocka_unit_test(a_length_over_the_limit_is_noise_up_to_the_next_start_line),
        cmocka_unit_test(a_length_too_large_waits_and_is_the_rest_at_the_end),
        cmocka_unit_test(line_ends_between_messages_are_keepalives),
        cmocka_unit_test(noise_does_not_take_the_rest_of_the_stream_with_it),
        cmocka_unit_test(a_message_of_bare_line_feeds_is_still_one),
        cmocka_unit_test(a_NUL_ends_nothing),
        cmocka_unit_test(noise_without_end_is_cut_at_the_limit),
        cmocka_unit_test(headers_without_end_are_noise),
        cmocka_unit_test(a_message_of_just_the_limit_is_one),
        cmocka_unit_test(after_a_gap_cutting_goes_on_at_a_start_line),
        cmocka_unit_test(nothing_gives_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
