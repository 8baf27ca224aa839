#include "base/text.h"
#include "sip/message.h"
#include "sip/uri.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define S(text) oh_span_of(text)

#define INVITE "INVITE sip:2000@192.0.2.9 SIP/2.0\r\n"
#define MUST                                                                                       \
    "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa1\r\n"                                         \
    "Max-Forwards: 70\r\n"                                                                         \
    "From: <sip:1000@192.0.2.9>;tag=f1\r\n"                                                        \
    "To: <sip:2000@192.0.2.9>\r\n"                                                                 \
    "Call-ID: c1@192.0.2.1\r\n"                                                                    \
    "CSeq: 7 INVITE\r\n"

static struct oh_sip_msg *split(const char *text)
{
    struct oh_sip_msg *m = oh_sip_msg_parse(S(text));
    assert_non_null(m);
    return m;
}

static size_t count_of(const struct oh_sip_msg *m, enum oh_sip_defect_kind kind)
{
    size_t n = 0;
    for (size_t i = 0; i < m->defect_count; i++)
        n += m->defects[i].kind == kind;
    return n;
}

/* Exactly one defect, of this kind, on these bytes. */
static void assert_one_defect(struct oh_span bytes, enum oh_sip_defect_kind kind, const char *where)
{
    struct oh_sip_msg *m = oh_sip_msg_parse(bytes);
    assert_non_null(m);
    assert_int_equal(m->defect_count, 1);
    assert_int_equal(m->defects[0].kind, kind);
    assert_true(oh_span_is(m->defects[0].bytes, where));
    assert_true(oh_sip_msg_offset(m, m->defects[0].bytes) <= m->bytes.len);
    oh_sip_msg_free(m);
}

static void a_healthy_request_is_split_without_a_defect(void **state)
{
    (void)state;
    const char *text = INVITE MUST "Content-Length: 4\r\n\r\nv=0\n";
    struct oh_sip_msg *m = split(text);
    assert_int_equal(m->defect_count, 0);
    assert_true(m->is_request);
    assert_true(oh_span_is(m->method, "INVITE"));
    assert_true(oh_span_is(m->request_uri, "sip:2000@192.0.2.9"));
    assert_true(oh_span_is(m->version, "SIP/2.0"));
    assert_true(oh_span_is(m->start_line, "INVITE sip:2000@192.0.2.9 SIP/2.0"));
    assert_int_equal(m->header_count, 7);
    assert_true(oh_span_is(m->body, "v=0\n"));
    assert_true(oh_sip_msg_is_method(m, "INVITE"));
    assert_false(oh_sip_msg_is_method(m, "invite"));
    assert_false(oh_sip_msg_is_final(m));
    assert_true(m->bytes.at != text);
    assert_true(oh_span_is(m->bytes, text));
    oh_sip_msg_free(m);
    oh_sip_msg_free(NULL);
}

static void a_healthy_response_is_split_without_a_defect(void **state)
{
    (void)state;
    struct oh_sip_msg *m =
        split("SIP/2.0 407 Proxy Authentication Required\r\n" MUST "Content-Length: 0\r\n\r\n");
    assert_int_equal(m->defect_count, 0);
    assert_false(m->is_request);
    assert_int_equal(m->status, 407);
    assert_true(oh_span_is(m->reason, "Proxy Authentication Required"));
    assert_null(m->method.at);
    assert_null(m->body.at);
    assert_true(oh_span_is(oh_sip_msg_method(m), "INVITE"));
    assert_true(oh_sip_msg_is_final(m));
    oh_sip_msg_free(m);
}

static void odd_but_legal_grammar_is_no_defect(void **state)
{
    (void)state;
    static const char *const legal[] = {
        "SIP/2.0 100 \r\n" MUST "\r\n", /* an empty reason keeps its space */
        "SIP/2.0 200 = 2**3 * 25 \xd0\xb4\xd0\xb0\r\n" MUST "\r\n",
        "!odd-Method.%*+`'~_ tel:+15551234 SIP/2.0\r\n" MUST "\r\n",
        "OPTIONS soap.beep://192.0.2.7:80 SIP/2.0\r\n" MUST "\r\n",
        INVITE MUST "Subject   :\r\n  folded\r\n\tagain\r\nX-Empty:\r\n\r\n",
        INVITE MUST "x-!.%*+_`'~: \xff\xfe any bytes\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof legal / sizeof legal[0]; i++) {
        struct oh_sip_msg *m = split(legal[i]);
        assert_int_equal(m->defect_count, 0);
        oh_sip_msg_free(m);
    }
    static const char quoted[] =
        INVITE MUST "Subject: \"\\\0\"\r\n\r\n"; /* quoted-pair with a NUL */
    struct oh_sip_msg *m = oh_sip_msg_parse((struct oh_span){quoted, sizeof quoted - 1});
    assert_int_equal(m->defect_count, 0);
    oh_sip_msg_free(m);
}

static void a_folded_header_keeps_its_folds_and_its_lines(void **state)
{
    (void)state;
    struct oh_sip_msg *m = split(INVITE "Subject :  one\r\n two\r\n\tthree \r\n" MUST "\r\n");
    const struct oh_sip_header *h = &m->headers[0];
    assert_true(oh_span_is(h->name, "Subject"));
    assert_true(oh_span_is(h->value, "one\r\n two\r\n\tthree"));
    assert_true(oh_span_is(h->line, "Subject :  one\r\n two\r\n\tthree \r\n"));
    assert_int_equal(oh_sip_msg_offset(m, h->value), strlen(INVITE "Subject :  "));
    oh_sip_msg_free(m);
}

static void compact_forms_and_case_give_the_same_header(void **state)
{
    (void)state;
    struct oh_sip_msg *m = split(INVITE "v: SIP/2.0/UDP a\r\nVIA: SIP/2.0/UDP b\r\nS: hello\r\n"
                                        "SUBJECT: again\r\nk: timer\r\nX-Own: 1\r\n\r\n");
    assert_true(oh_span_is(oh_sip_msg_header(m, OH_SIP_VIA, 0)->name, "v"));
    assert_true(oh_span_is(oh_sip_msg_header(m, OH_SIP_VIA, 1)->value, "SIP/2.0/UDP b"));
    assert_null(oh_sip_msg_header(m, OH_SIP_VIA, 2));
    assert_true(oh_span_is(oh_sip_msg_header_named(m, S("via"), 1)->value, "SIP/2.0/UDP b"));
    assert_true(oh_span_is(oh_sip_msg_header_named(m, S("Subject"), 0)->value, "hello"));
    assert_true(oh_span_is(oh_sip_msg_header_named(m, S("s"), 1)->value, "again"));
    assert_true(oh_span_is(oh_sip_msg_header_named(m, S("x-own"), 0)->value, "1"));
    assert_null(oh_sip_msg_header_named(m, S("x-other"), 0));
    assert_int_equal(oh_sip_msg_header(m, OH_SIP_SUPPORTED, 0)->id, OH_SIP_SUPPORTED);
    oh_sip_msg_free(m);
}

static void every_header_id_has_a_name_that_leads_back(void **state)
{
    (void)state;
    for (int id = OH_SIP_OTHER + 1; id < OH_SIP_HEADER_IDS; id++) {
        const char *name = oh_sip_header_name((enum oh_sip_header_id)id);
        assert_string_not_equal(name, "");
        assert_int_equal(oh_sip_header_id_of(S(name)), id);
    }
    assert_string_equal(oh_sip_header_name(OH_SIP_OTHER), "");
    assert_int_equal(oh_sip_header_id_of(S("X-Nothing")), OH_SIP_OTHER);
    assert_int_equal(oh_sip_header_id_of(S("")), OH_SIP_OTHER);
}

static void known_names_without_an_id_are_known_too(void **state)
{
    static const char *const single[] = {"Date",         "Identity", "Identity-Info",
                                         "Organization", "Reply-To", "subject"};
    static const char *const list[] = {"Accept-Contact", "Allow-Events",        "Content-Encoding",
                                       "Reject-Contact", "Request-Disposition", "X-Own"};
    (void)state;
    for (size_t i = 0; i < sizeof single / sizeof *single; i++) {
        for (int k = 0; k < 2; k++) {
            const char *name = k == 0 ? single[i] : list[i];
            char *text = oh_format(INVITE "%s: a, b\r\n\r\n", name);
            struct oh_sip_msg *m = split(text);
            assert_true(oh_span_is(oh_sip_msg_value_named(m, S(name), 0), k == 0 ? "a, b" : "a"));
            assert_int_equal(oh_sip_msg_value_named(m, S(name), 1).at != NULL, k == 1);
            oh_sip_msg_free(m);
            free(text);
        }
    }
}

static void only_sip_looks_like_sip(void **state)
{
    (void)state;
    static const char *const yes[] = {"OPTIONS sip:a SIP/2.0",
                                      "sip/2.0 200 OK\r\n",
                                      "\r\n\r\nACK sip:a SIP/2.0\r\n",
                                      "SIP/9",
                                      "SIP/2.0",
                                      "BYE sip:a sip/3.14 \r\n",
                                      "A b c SIP/2.0\n"};
    static const char *const no[] = {"",
                                     "\r\n\r\n",
                                     "\r\n",
                                     "GET / HTTP/1.1\r\n",
                                     "x\r\nINVITE sip:a SIP/2.0\r\n",
                                     "a@b sip:a SIP/2.0\r\n",
                                     "INVITE sip:a SIP/2\r\n",
                                     "INVITE sip:a SIP/.0\r\n",
                                     " SIP/2.0\r\n"};
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
        assert_true(oh_sip_looks_like(S(yes[i])));
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++) {
        assert_false(oh_sip_looks_like(S(no[i])));
        assert_null(oh_sip_msg_parse(S(no[i])));
    }
    assert_false(oh_sip_looks_like((struct oh_span){0}));
    assert_false(oh_sip_looks_like((struct oh_span){"\0\1\0\0SIP/2.0", 11})); /* like STUN */
}

static void each_defect_is_found_where_it_stands(void **state)
{
    (void)state;
    static const struct {
        const char *text, *where;
        enum oh_sip_defect_kind kind;
    } cases[] = {
        {"\r\n\r\n" INVITE MUST "\r\n", "\r\n\r\n", OH_SIP_DEFECT_LEADING_BYTES},
        {INVITE MUST "Subject: x\n\r\n", "\n", OH_SIP_DEFECT_BARE_LF},
        {INVITE MUST "Subject: x\ry\r\n\r\n", "\r", OH_SIP_DEFECT_BARE_CR},
        {"INVITE  sip:2000@192.0.2.9 SIP/2.0\r\n" MUST "\r\n", "INVITE  sip:2000@192.0.2.9 SIP/2.0",
         OH_SIP_DEFECT_START_LINE},
        {"INVITE <sip:a> SIP/2.0\r\n" MUST "\r\n", "INVITE <sip:a> SIP/2.0",
         OH_SIP_DEFECT_START_LINE},
        {"INVITE sip:a b SIP/2.0\r\n" MUST "\r\n", "INVITE sip:a b SIP/2.0",
         OH_SIP_DEFECT_START_LINE},
        {"INVITE sip:a SIP/2.0 \r\n" MUST "\r\n", "INVITE sip:a SIP/2.0 ",
         OH_SIP_DEFECT_START_LINE},
        {"INVITE\tsip:a SIP/2.0\r\n" MUST "\r\n", "INVITE\tsip:a SIP/2.0",
         OH_SIP_DEFECT_START_LINE},
        {"INVITE SIP/2.0\r\n" MUST "\r\n", "INVITE SIP/2.0", OH_SIP_DEFECT_START_LINE},
        {"SIP/2.0 200\r\n" MUST "\r\n", "SIP/2.0 200", OH_SIP_DEFECT_START_LINE},
        {"SIP/2.0  200 OK\r\n" MUST "\r\n", "SIP/2.0  200 OK", OH_SIP_DEFECT_START_LINE},
        {"INVITE sip:a SIP/7.0\r\n" MUST "\r\n", "SIP/7.0", OH_SIP_DEFECT_VERSION},
        {"sip/2.0 200 OK\r\n" MUST "\r\n", "sip/2.0", OH_SIP_DEFECT_VERSION},
        {"SIP/2.0 4294967301 No\r\n" MUST "\r\n", "4294967301", OH_SIP_DEFECT_STATUS_CODE},
        {"SIP/2.0 099 No\r\n" MUST "\r\n", "099", OH_SIP_DEFECT_STATUS_CODE},
        {"SIP/2.0 700 No\r\n" MUST "\r\n", "700", OH_SIP_DEFECT_STATUS_CODE},
        {"SIP/2.0 2x0 No\r\n" MUST "\r\n", "2x0", OH_SIP_DEFECT_STATUS_CODE},
        {INVITE MUST "no colon here\r\n\r\n", "no colon here\r\n", OH_SIP_DEFECT_HEADER_LINE},
        {INVITE MUST "two words: x\r\n\r\n", "two words: x\r\n", OH_SIP_DEFECT_HEADER_LINE},
        {INVITE " Lost: fold\r\n" MUST "\r\n", " Lost: fold\r\n", OH_SIP_DEFECT_HEADER_LINE},
        {INVITE MUST ": x\r\n y\r\n\r\n", ": x\r\n y\r\n", OH_SIP_DEFECT_HEADER_LINE},
        {INVITE MUST, "CSeq: 7 INVITE\r\n", OH_SIP_DEFECT_NO_BLANK_LINE},
        {INVITE MUST "Subject: cut", "Subject: cut", OH_SIP_DEFECT_NO_BLANK_LINE},
        {"OPTIONS sip:a SIP/2.0", "OPTIONS sip:a SIP/2.0", OH_SIP_DEFECT_NO_BLANK_LINE},
        {INVITE MUST "l: 5\r\n\r\nabcd", "5", OH_SIP_DEFECT_LENGTH_TOO_LARGE},
        {INVITE MUST "l: 99999999999999999999\r\n\r\nabcd", "99999999999999999999",
         OH_SIP_DEFECT_LENGTH_TOO_LARGE},
        {INVITE MUST "l: 3\r\n\r\nabcd", "3", OH_SIP_DEFECT_LENGTH_TOO_SMALL},
        {INVITE MUST "l: -4\r\n\r\nabcd", "-4", OH_SIP_DEFECT_LENGTH_SYNTAX},
        {INVITE MUST "l:\r\n\r\nabcd", "l:\r\n", OH_SIP_DEFECT_LENGTH_SYNTAX},
        {INVITE MUST "t: <sip:x@y>\r\n\r\n", "t: <sip:x@y>\r\n", OH_SIP_DEFECT_REPEATED_HEADER},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_one_defect(S(cases[i].text), cases[i].kind, cases[i].where);
    static const char nul[] = INVITE MUST "Subject: a\0b\r\n\r\n";
    struct oh_sip_msg *m = oh_sip_msg_parse((struct oh_span){nul, sizeof nul - 1});
    assert_int_equal(m->defect_count, 1);
    assert_int_equal(m->defects[0].kind, OH_SIP_DEFECT_NUL);
    assert_int_equal(oh_sip_msg_offset(m, m->defects[0].bytes), strlen(INVITE MUST "Subject: a"));
    oh_sip_msg_free(m);
}

static void each_once_only_header_is_told_when_it_repeats(void **state)
{
    (void)state;
    static const char *const lines[] = {"From: <sip:x@y>\r\n", "i: other\r\n", "CSEQ: 1 ACK\r\n",
                                        "Max-Forwards: 69\r\n"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char *text = oh_format("%s%s\r\n", INVITE MUST, lines[i]);
        assert_one_defect(S(text), OH_SIP_DEFECT_REPEATED_HEADER, lines[i]);
        free(text);
    }
    assert_one_defect(S(INVITE MUST "l: 0\r\nContent-Length: 0\r\n\r\n"),
                      OH_SIP_DEFECT_REPEATED_HEADER, "Content-Length: 0\r\n");
    struct oh_sip_msg *m = split(INVITE MUST "Via: SIP/2.0/UDP b\r\nContact: <sip:a>\r\n"
                                             "Contact: <sip:b>\r\n\r\n");
    assert_int_equal(m->defect_count, 0);
    oh_sip_msg_free(m);
}

static void a_broken_start_line_still_gives_its_parts(void **state)
{
    (void)state;
    struct oh_sip_msg *m = split("INVITE   <sip:a b>\t SIP/2.0 \r\n" MUST "\r\n");
    assert_true(oh_span_is(m->method, "INVITE"));
    assert_true(oh_span_is(m->request_uri, "<sip:a b>"));
    assert_true(oh_span_is(m->version, "SIP/2.0"));
    oh_sip_msg_free(m);
    m = split("SIP/2.0   603\r\n" MUST "\r\n");
    assert_int_equal(m->status, 603);
    assert_int_equal(m->reason.len, 0);
    oh_sip_msg_free(m);
}

static void the_body_is_what_content_length_and_the_datagram_allow(void **state)
{
    (void)state;
    static const struct {
        const char *text, *body;
    } cases[] = {
        {INVITE MUST "l: 3\r\n\r\nabcd", "abc"},
        {INVITE MUST "l: 9\r\n\r\nabcd", "abcd"},
        {INVITE MUST "\r\nabcd", "abcd"},
        {INVITE MUST "l: x\r\n\r\nabcd", "abcd"},
        {INVITE MUST "l: 0\r\n\r\nabcd", NULL},
        {INVITE MUST "l: 4\r\n\r\n", NULL},
        {INVITE MUST "\r\n", NULL},
        {INVITE MUST, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct oh_sip_msg *m = split(cases[i].text);
        assert_true(oh_span_is(m->body, cases[i].body));
        oh_sip_msg_free(m);
    }
}

static void bytes_of_the_body_are_not_held_against_the_headers(void **state)
{
    (void)state;
    static const char text[] = INVITE MUST "\r\na\nb\rc\0d\n\nno header\r\n";
    struct oh_sip_msg *m = oh_sip_msg_parse((struct oh_span){text, sizeof text - 1});
    assert_int_equal(m->defect_count, 0);
    assert_int_equal(m->body.len, 20);
    oh_sip_msg_free(m);
}

static void a_message_of_bare_lfs_is_read_whole(void **state)
{
    (void)state;
    struct oh_sip_msg *m = split("BYE sip:a SIP/2.0\nCSeq: 2 BYE\nSubject: a\n b\n\nbody");
    assert_int_equal(m->header_count, 2);
    assert_true(oh_span_is(m->headers[1].value, "a\n b"));
    assert_true(oh_span_is(m->body, "body"));
    assert_int_equal(count_of(m, OH_SIP_DEFECT_BARE_LF), 5);
    oh_sip_msg_free(m);
}

static void a_kind_of_defect_is_recorded_so_often_and_no_more(void **state)
{
    (void)state;
    struct oh_text t = {0};
    oh_text_add(&t, INVITE "Subject: ");
    for (int i = 0; i < 100; i++)
        oh_text_add(&t, "\rx");
    oh_text_add(&t, "\r\n\r\n");
    struct oh_sip_msg *m = oh_sip_msg_parse(oh_text_span(&t));
    assert_int_equal(m->defect_count, OH_SIP_MAX_DEFECTS_PER_KIND);
    oh_sip_msg_free(m);
    oh_text_release(&t);
}

static void too_many_headers_are_left_out_and_the_body_is_kept(void **state)
{
    (void)state;
    struct oh_text t = {0};
    oh_text_add(&t, INVITE);
    for (int i = 0; i < OH_SIP_MAX_HEADERS; i++)
        oh_text_addf(&t, "X-%d: y\r\n", i);
    struct oh_text full = {0};
    oh_text_add_span(&full, oh_text_span(&t));
    oh_text_add(&full, "\r\nbody");
    struct oh_sip_msg *m = oh_sip_msg_parse(oh_text_span(&full));
    assert_int_equal(m->header_count, OH_SIP_MAX_HEADERS);
    assert_int_equal(m->defect_count, 0); /* just full is fine */
    oh_sip_msg_free(m);
    oh_text_add(&t, "One-More: z\r\nAnd-More: z\r\n\r\nbody");
    m = oh_sip_msg_parse(oh_text_span(&t));
    assert_int_equal(m->header_count, OH_SIP_MAX_HEADERS);
    assert_int_equal(m->defect_count, 1);
    assert_int_equal(m->defects[0].kind, OH_SIP_DEFECT_LIMIT);
    assert_true(oh_span_is(m->defects[0].bytes, "One-More: z\r\n"));
    assert_true(oh_span_is(m->body, "body"));
    oh_sip_msg_free(m);
    oh_text_release(&t);
    oh_text_release(&full);
}

/* A message of `size` bytes whose Content-Length is right. */
static struct oh_sip_msg *sized(size_t size)
{
    struct oh_text t = {0};
    oh_text_add(&t, INVITE "Content-Length: ");
    oh_text_addf(&t, "%zu\r\n\r\n", size - t.len - 9);
    while (t.len < size)
        oh_text_add_char(&t, 'b');
    struct oh_sip_msg *m = oh_sip_msg_parse(oh_text_span(&t));
    oh_text_release(&t);
    assert_non_null(m);
    return m;
}

static void too_many_bytes_are_cut_with_one_defect(void **state)
{
    (void)state;
    struct oh_sip_msg *m = sized(OH_SIP_MAX_BYTES);
    assert_int_equal(m->defect_count, 0);
    oh_sip_msg_free(m);
    m = sized(OH_SIP_MAX_BYTES + 1);
    assert_int_equal(m->bytes.len, OH_SIP_MAX_BYTES);
    assert_int_equal(m->defect_count, 1);
    assert_int_equal(m->defects[0].kind, OH_SIP_DEFECT_LIMIT);
    assert_int_equal(oh_sip_msg_offset(m, m->defects[0].bytes), OH_SIP_MAX_BYTES);
    oh_sip_msg_free(m);
}

static void a_response_without_a_readable_cseq_has_no_method(void **state)
{
    (void)state;
    static const char *const bad[] = {"SIP/2.0 200 OK\r\n\r\n", "SIP/2.0 200 OK\r\nCSeq: x\r\n\r\n",
                                      "SIP/2.0 200 OK\r\nCSeq: 1\r\n\r\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct oh_sip_msg *m = split(bad[i]);
        assert_null(oh_sip_msg_method(m).at);
        assert_false(oh_sip_msg_is_method(m, "INVITE"));
        oh_sip_msg_free(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_healthy_request_is_split_without_a_defect),
        cmocka_unit_test(a_healthy_response_is_split_without_a_defect),
        cmocka_unit_test(odd_but_legal_grammar_is_no_defect),
        cmocka_unit_test(a_folded_header_keeps_its_folds_and_its_lines),
        cmocka_unit_test(compact_forms_and_case_give_the_same_header),
        cmocka_unit_test(every_header_id_has_a_name_that_leads_back),
        cmocka_unit_test(known_names_without_an_id_are_known_too),
        cmocka_unit_test(only_sip_looks_like_sip),
        cmocka_unit_test(each_defect_is_found_where_it_stands),
        cmocka_unit_test(each_once_only_header_is_told_when_it_repeats),
        cmocka_unit_test(a_broken_start_line_still_gives_its_parts),
        cmocka_unit_test(the_body_is_what_content_length_and_the_datagram_allow),
        cmocka_unit_test(bytes_of_the_body_are_not_held_against_the_headers),
        cmocka_unit_test(a_message_of_bare_lfs_is_read_whole),
        cmocka_unit_test(a_kind_of_defect_is_recorded_so_often_and_no_more),
        cmocka_unit_test(too_many_headers_are_left_out_and_the_body_is_kept),
        cmocka_unit_test(too_many_bytes_are_cut_with_one_defect),
        cmocka_unit_test(a_response_without_a_readable_cseq_has_no_method),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
