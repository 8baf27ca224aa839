#include "sip/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void a_challenge_is_written_and_read_back(void **state)
{
    (void)state;
    const struct oh_digest_challenge c = {"a \"b\" \\c\r\nX: y", "n0", "SHA-256",
                                          "auth,auth-int",       "o0", true};
    struct oh_text out = {0};
    struct oh_digest d;
    oh_digest_challenge_format(&c, &out);
    assert_string_equal(oh_text_str(&out),
                        "Digest realm=\"a \\\"b\\\" \\\\cX: y\", nonce=\"n0\", opaque=\"o0\", "
                        "stale=true, algorithm=SHA-256, qop=\"auth,auth-int\"");
    assert_int_equal(oh_digest_parse(oh_text_span(&out), &d), 0);
    assert_true(oh_span_is(d.nonce, "n0"));
    assert_true(oh_span_is(d.qop, "auth,auth-int"));
    assert_true(oh_span_is(d.stale, "true"));
    oh_text_release(&out);
}

static void a_challenge_leaves_out_what_is_not_given(void **state)
{
    (void)state;
    const struct oh_digest_challenge c = {.realm = "r", .nonce = "n"};
    struct oh_text out = {0};
    oh_digest_challenge_format(&c, &out);
    assert_string_equal(oh_text_str(&out), "Digest realm=\"r\", nonce=\"n\"");
    oh_text_release(&out);
}

static void random_hex_has_its_length_and_differs(void **state)
{
    (void)state;
    char a[2 * 40 + 2], b[2 * 40 + 2];
    memset(a, '#', sizeof a);
    oh_random_hex(a, 40);
    oh_random_hex(b, 40);
    assert_int_equal(strlen(a), 80);
    assert_int_equal(strspn(a, "0123456789abcdef"), 80);
    assert_int_equal(a[81], '#');
    assert_string_not_equal(a, b);
    oh_random_hex(a, 0);
    assert_string_equal(a, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_challenge_is_written_and_read_back),
        cmocka_unit_test(a_challenge_leaves_out_what_is_not_given),
        cmocka_unit_test(random_hex_has_its_length_and_differs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
