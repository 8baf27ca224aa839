#include "sip/digest.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define S(text) oh_span_of(text)

#define assert_span(span, text)                                                                    \
    do {                                                                                           \
        char *copy_ = oh_span_dup(span);                                                           \
        assert_string_equal(copy_ ? copy_ : "(absent)", text);                                     \
        free(copy_);                                                                               \
    } while (0)

/* ---- taking apart ---- */

static void credentials_are_taken_apart(void **state)
{
    (void)state;
    struct oh_digest d;
    const char *value =
        "dIgEsT username=\"10\\\"01\", realm = \"a, b\",nonce=\"n=1\",\r\n "
        "uri=\"sip:a@b;x=1\", RESPONSE=\"00ff\",algorithm=MD5 , qop=auth, nc=00000001,"
        "cnonce=\"\",opaque=\"o\",realm=\"second\", unknown=\"x\", userhash=false";
    assert_int_equal(oh_digest_parse(S(value), &d), 0);
    assert_span(d.scheme, "dIgEsT");
    assert_span(d.username, "10\\\"01");
    assert_span(d.realm, "a, b");
    assert_span(d.nonce, "n=1");
    assert_span(d.uri, "sip:a@b;x=1");
    assert_span(d.response, "00ff");
    assert_span(d.algorithm, "MD5");
    assert_span(d.qop, "auth");
    assert_span(d.nc, "00000001");
    assert_span(d.cnonce, "");
    assert_non_null(d.cnonce.at);
    assert_span(d.opaque, "o");
    assert_span(d.userhash, "false");
    assert_null(d.stale.at);
    assert_false(d.qop_quoted || d.nc_quoted || d.algorithm_quoted);
}

static void quotes_where_none_belong_are_told(void **state)
{
    (void)state;
    struct oh_digest d;
    assert_int_equal(
        oh_digest_parse(S("Digest qop=\"auth\", nc=\"00000001\", algorithm=\"MD5\""), &d), 0);
    assert_true(d.qop_quoted);
    assert_true(d.nc_quoted);
    assert_true(d.algorithm_quoted);
    assert_span(d.qop, "auth");
    assert_span(d.nc, "00000001");
}

static void another_scheme_is_named_and_not_read(void **state)
{
    (void)state;
    struct oh_digest d;
    assert_int_equal(oh_digest_parse(S("Basic realm=\"x\""), &d), 0);
    assert_span(d.scheme, "Basic");
    assert_null(d.realm.at);
}

static void a_value_without_a_scheme_is_refused(void **state)
{
    (void)state;
    struct oh_digest d;
    static const char *const bad[] = {"", "   ", "realm=\"x\"", ", Digest", "\"Digest\" realm=1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(oh_digest_parse(S(bad[i]), &d), -1);
    assert_int_equal(oh_digest_parse((struct oh_span){NULL, 0}, &d), -1);
}

static void broken_credentials_are_read_as_far_as_they_go(void **state)
{
    (void)state;
    struct oh_digest d;
    static const char *const broken[] = {
        "Digest",
        "Digest ,,,",
        "Digest realm",
        "Digest realm=",
        "Digest =",
        "Digest realm=\"",
        "Digest realm=\"\\",
        "Digest realm=\"a\\\"",
        "Digest ,=,=",
        "Digest realm=\"a\"b, nonce=\"c\"",
    };
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        /* an exact copy on the heap, so that a sanitizer sees a read past its end */
        size_t len = strlen(broken[i]);
        char *exact = malloc(len);
        assert_non_null(exact);
        memcpy(exact, broken[i], len);
        assert_int_equal(oh_digest_parse((struct oh_span){exact, len}, &d), 0);
        free(exact);
    }
    assert_int_equal(oh_digest_parse(S("Digest realm=\"a\"b, nonce=\"c\""), &d), 0);
    assert_span(d.realm, "a");
    assert_span(d.nonce, "c");
    assert_int_equal(oh_digest_parse(S("Digest realm, nonce=\"c\""), &d), 0);
    assert_null(d.realm.at);
    assert_span(d.nonce, "c");
}

/* ---- the hash ---- */

static void assert_response(const char *credentials, const struct oh_digest_secret *secret,
                            const char *method, const char *body, const char *expected)
{
    struct oh_digest d;
    char out[OH_DIGEST_TEXT];
    struct oh_error e;
    assert_int_equal(oh_digest_parse(S(credentials), &d), 0);
    assert_int_equal(oh_digest_response(&d, secret, S(method), S(body), out, &e), 0);
    assert_string_equal(out, expected);
}

/* Values of RFC 2617 3.5 and RFC 7616 3.9.1. */
static void the_examples_of_the_rfcs_come_out(void **state)
{
    (void)state;
    const struct oh_digest_secret old = {"Mufasa", "Circle Of Life", "testrealm@host.com"};
    assert_response("Digest username=\"Mufasa\", realm=\"testrealm@host.com\","
                    "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"/dir/index.html\","
                    "qop=auth, nc=00000001, cnonce=\"0a4f113b\"",
                    &old, "GET", NULL, "6629fae49393a05397450978507c4ef1");
#define RFC_7616                                                                                   \
    "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", uri=\"/dir/index.html\","        \
    "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", nc=00000001,"                         \
    "cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, algorithm="
    const struct oh_digest_secret new = {"Mufasa", "Circle of Life", "http-auth@example.org"};
    assert_response(RFC_7616 "MD5", &new, "GET", NULL, "8ca523f5e9506fed4657c9700eebdbec");
    assert_response(RFC_7616 "SHA-256", &new, "GET", NULL,
                    "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
}

/* RFC 7616 3.9.2 prints the hash of SHA-512 cut to 256 bits, ae66e67d...; the algorithm that its
 * 6.1 and RFC 8760 2.1 name is SHA-512/256, which gives another. */
static void the_example_of_sha_512_256_is_that_of_the_named_hash(void **state)
{
    (void)state;
    const struct oh_digest_secret secret = {"J\xc3\xa4s\xc3\xb8n Doe", "Secret, or not?",
                                            "api@example.org"};
    assert_response("Digest realm=\"api@example.org\", uri=\"/doe.json\", algorithm=SHA-512-256, "
                    "nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", nc=00000001, "
                    "cnonce=\"NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v\", qop=auth",
                    &secret, "GET", NULL,
                    "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5");
}

/* Computed with another implementation of the hashes. */
static const struct known {
    const char *algorithm, *qop, *response;
} known[] = {
    {"MD5", NULL, "6099519f01180162c2e7344da09a266a"},
    {"MD5", "auth", "e2a1036473262526e9535efba0d3f41d"},
    {"MD5", "auth-int", "4e27de5191594a15de222daf7f8b99e5"},
    {"md5", "auth", "e2a1036473262526e9535efba0d3f41d"},
    {NULL, "auth", "e2a1036473262526e9535efba0d3f41d"},
    {NULL, NULL, "6099519f01180162c2e7344da09a266a"},
    {"MD5-sess", NULL, "cc21eb6b3bb0455f87716a2ff3208144"},
    {"MD5-sess", "auth", "f4e941f8c322f89206b70ac210684066"},
    {"MD5-sess", "auth-int", "7bcb83eb33b6a84b0072563017cfd941"},
    {"SHA-256", NULL, "f8946e242a7e82590317e71a51e1bd477b2d22f5df2be8ad24855feb1d8f8b6b"},
    {"SHA-256", "auth", "cf3416e9d5594cf59b7d7c6b39ab3a90270968777de586abf52226fd988b294f"},
    {"SHA-256", "auth-int", "2aedc67420e91dc77c0f78b19c6f9bd7756f9909bcc4027f45559d70d2cb01b1"},
    {"SHA-256-sess", "auth", "6bb1644a5c77e4c7bae78f44824da39f866ed51f104f3b5e80898d537b754da8"},
    {"SHA-256-sess", "auth-int",
     "ecdb6db5e99cff0ccf88a82d454906ba67519dd93f3ac421c5db0d7ce992aeed"},
    {"SHA-512-256", NULL, "fd657db2f147a78c743b9ebf7d361536942192971ea5f0e1ffea81573deeda70"},
    {"SHA-512-256", "auth", "2daa7d38553884ffa2929df649d5769288bf87a6b9004bbf4ada615571bafcb6"},
    {"SHA-512-256", "auth-int", "571478540c75fccc44c62393ff5bd6a7f59d09e15b78e7e882e15fb36318dfbc"},
    {"SHA-512-256-sess", "auth",
     "1e7d5af9126dec1ba08c1d68697cfbc44f970397c5bc70049e924861a3539491"},
    {"SHA-512-256-sess", "auth-int",
     "0f845cb7439ad40ddca9cb2674a8aad9ad966ac6610fdd600ce3fc07f1fb9e80"},
};
#define KNOWN_COUNT (sizeof known / sizeof known[0])
#define URI         "sip:5551234@192.0.2.1:5060;transport=udp"

/* A call of 1001 as the credentials, the secret and the context tell it; nothing is wrong with it.
 */
struct situation {
    struct oh_digest cred;
    struct oh_digest_secret secret;
    struct oh_digest_context context;
};

static const struct oh_span older_nonces[] = {{"older1", 6}, {"older2", 6}};

static struct situation healthy(const char *algorithm, const char *qop)
{
    struct situation s = {
        .cred = {.scheme = S("Digest"),
                 .username = S("1001"),
                 .realm = S("example.com"),
                 .nonce = S("abcdef0123"),
                 .uri = S(URI),
                 .algorithm = S(algorithm),
                 .qop = S(qop),
                 .nc = S("00000002"),
                 .cnonce = S("0a4f113b")},
        .secret = {"1001", "secret1", "example.com"},
        .context = {.method = S("INVITE"),
                    .request_uri = S("sip:5551234@proxy.example.com"),
                    .body = S("v=0\r\n"),
                    .challenge_realm = S("example.com"),
                    .other_nonces = older_nonces,
                    .other_nonce_count = 2},
    };
    return s;
}

static void respond(const struct situation *s, char out[OH_DIGEST_TEXT])
{
    struct oh_error e;
    assert_int_equal(
        oh_digest_response(&s->cred, &s->secret, s->context.method, s->context.body, out, &e), 0);
}

static enum oh_digest_fault check(struct situation s, const char *response)
{
    s.cred.response = S(response);
    return oh_digest_check(&s.cred, &s.secret, &s.context);
}

static void every_algorithm_and_qop_gives_the_known_response_and_is_right(void **state)
{
    (void)state;
    for (size_t i = 0; i < KNOWN_COUNT; i++) {
        struct situation s = healthy(known[i].algorithm, known[i].qop);
        char out[OH_DIGEST_TEXT];
        respond(&s, out);
        assert_string_equal(out, known[i].response);
        assert_int_equal(check(s, known[i].response), OH_DIGEST_RIGHT);
    }
}

static void auth_int_without_a_body_hashes_nothing(void **state)
{
    (void)state;
    struct situation absent = healthy("SHA-256", "auth-int"), empty = absent;
    char a[OH_DIGEST_TEXT], b[OH_DIGEST_TEXT];
    absent.context.body = S(NULL);
    empty.context.body = S("");
    respond(&absent, a);
    respond(&empty, b);
    assert_string_equal(a, b);
}

static void what_is_missing_or_unknown_is_said(void **state)
{
    (void)state;
    struct oh_error e;
    char out[OH_DIGEST_TEXT];
    struct situation s = healthy("MD5", "auth");
#define REFUSED(change, words)                                                                     \
    do {                                                                                           \
        struct situation x = s;                                                                    \
        change;                                                                                    \
        assert_int_equal(oh_digest_response(&x.cred, &x.secret, S("INVITE"), S(""), out, &e), -1); \
        assert_non_null(strstr(e.text, words));                                                    \
        assert_string_equal(out, "");                                                              \
    } while (0)
    REFUSED(x.cred.algorithm = S("AKAv1-MD5"), "AKAv1-MD5");
    REFUSED(x.cred.qop = S("auth-conf"), "auth-conf");
    REFUSED(x.cred.nc = S(NULL), "nc");
    REFUSED(x.cred.cnonce = S(NULL), "cnonce");
    REFUSED(x.cred.nonce = S(NULL), "nonce");
    REFUSED(x.cred.uri = S(NULL), "uri");
    REFUSED(x.cred.realm = S(NULL), "realm");
    REFUSED(x.secret.username = NULL, "username");
    REFUSED(x.secret.password = NULL, "password");
}

/* ---- what is wrong ---- */

/* The phone computes in the changed situation and sends the healthy parameters. */
static void assert_fault(void (*change)(struct situation *), const char *algorithm, const char *qop,
                         enum oh_digest_fault expected)
{
    struct situation sent = healthy(algorithm, qop), thought = sent;
    char response[OH_DIGEST_TEXT];
    change(&thought);
    respond(&thought, response);
    assert_int_equal(check(sent, response), expected);
}

static void think_register(struct situation *s)
{
    s->context.method = S("REGISTER");
}
static void think_lower_case(struct situation *s)
{
    s->context.method = S("invite");
}
static void think_request_uri(struct situation *s)
{
    s->cred.uri = s->context.request_uri;
}
static void think_uri_without_parameters(struct situation *s)
{
    s->cred.uri = S("sip:5551234@192.0.2.1:5060");
}
static void think_uri_without_user(struct situation *s)
{
    s->cred.uri = S("sip:192.0.2.1:5060;transport=udp");
}
static void think_no_realm(struct situation *s)
{
    s->cred.realm = S("");
}
static void think_quoted_realm(struct situation *s)
{
    s->cred.realm = S("\"example.com\"");
}
static void think_empty_password(struct situation *s)
{
    s->secret.password = "";
}
static void think_older_nonce(struct situation *s)
{
    s->cred.nonce = S("older2");
}
static void think_no_qop(struct situation *s)
{
    s->cred.qop = S(NULL);
}
static void think_auth(struct situation *s)
{
    s->cred.qop = S("auth");
}
static void think_auth_int(struct situation *s)
{
    s->cred.qop = S("auth-int");
}
static void think_first_nc(struct situation *s)
{
    s->cred.nc = S("00000001");
}
static void think_short_nc(struct situation *s)
{
    s->cred.nc = S("2");
}
static void think_md5(struct situation *s)
{
    s->cred.algorithm = S("MD5");
}
static void think_session(struct situation *s)
{
    s->cred.algorithm = S("MD5-sess");
}
static void think_sha_256(struct situation *s)
{
    s->cred.algorithm = S("SHA-256");
}
static void think_other_password(struct situation *s)
{
    s->secret.password = "Secret1";
}
static void think_two_things(struct situation *s)
{
    s->cred.nc = S("00000001");
    s->context.method = S("REGISTER");
}

static void each_wrong_input_is_named(void **state)
{
    (void)state;
    static const struct {
        void (*change)(struct situation *);
        const char *algorithm, *qop;
        enum oh_digest_fault fault;
    } rows[] = {
        {think_register, "MD5", "auth", OH_DIGEST_WRONG_METHOD},
        {think_register, "SHA-512-256-sess", "auth-int", OH_DIGEST_WRONG_METHOD},
        {think_register, NULL, NULL, OH_DIGEST_WRONG_METHOD},
        {think_lower_case, "MD5", "auth", OH_DIGEST_WRONG_METHOD},
        {think_request_uri, "MD5", "auth", OH_DIGEST_WRONG_URI},
        {think_request_uri, "MD5", NULL, OH_DIGEST_WRONG_URI},
        {think_uri_without_parameters, "SHA-256", "auth", OH_DIGEST_WRONG_URI},
        {think_uri_without_user, "SHA-256", "auth", OH_DIGEST_WRONG_URI},
        {think_no_realm, "MD5", "auth", OH_DIGEST_WRONG_REALM},
        {think_quoted_realm, "MD5-sess", "auth", OH_DIGEST_WRONG_REALM},
        {think_empty_password, "MD5", "auth", OH_DIGEST_WRONG_PASSWORD_EMPTY},
        {think_empty_password, "SHA-256", NULL, OH_DIGEST_WRONG_PASSWORD_EMPTY},
        {think_older_nonce, "MD5", "auth", OH_DIGEST_WRONG_NONCE},
        {think_older_nonce, "MD5-sess", "auth", OH_DIGEST_WRONG_NONCE},
        {think_no_qop, "MD5", "auth", OH_DIGEST_WRONG_QOP},
        {think_auth, "MD5", "auth-int", OH_DIGEST_WRONG_QOP},
        {think_auth_int, "SHA-256", "auth", OH_DIGEST_WRONG_QOP},
        {think_auth, "MD5", NULL, OH_DIGEST_WRONG_QOP},
        {think_first_nc, "MD5", "auth", OH_DIGEST_WRONG_NC},
        {think_short_nc, "MD5", "auth", OH_DIGEST_WRONG_NC},
        {think_md5, "SHA-256", "auth", OH_DIGEST_WRONG_ALGORITHM},
        {think_session, "MD5", "auth", OH_DIGEST_WRONG_ALGORITHM},
        {think_sha_256, NULL, "auth", OH_DIGEST_WRONG_ALGORITHM},
        {think_other_password, "MD5", "auth", OH_DIGEST_WRONG_UNKNOWN},
        {think_two_things, "MD5", "auth", OH_DIGEST_WRONG_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_fault(rows[i].change, rows[i].algorithm, rows[i].qop, rows[i].fault);
}

static void a_foreign_username_is_named(void **state)
{
    (void)state;
    struct situation s = healthy("MD5", "auth"), thought = s;
    char response[OH_DIGEST_TEXT];
    s.cred.username = S("2002");
    thought.secret.username = "2002";
    respond(&thought, response);
    assert_int_equal(check(s, response), OH_DIGEST_WRONG_USERNAME);
}

static void a_realm_that_differs_from_the_challenge_is_named(void **state)
{
    (void)state;
    struct situation s = healthy("MD5", "auth");
    char response[OH_DIGEST_TEXT];
    respond(&s, response);
    s.cred.realm = S("elsewhere.example.com");
    assert_int_equal(check(s, response), OH_DIGEST_WRONG_REALM);
}

static void upper_case_digits_are_named(void **state)
{
    (void)state;
    struct situation s = healthy("MD5", "auth");
    char response[OH_DIGEST_TEXT];
    respond(&s, response);
    for (char *c = response; *c; c++)
        *c = (char)toupper((unsigned char)*c);
    assert_int_equal(check(s, response), OH_DIGEST_WRONG_CASE);
}

static void a_response_cut_short_or_missing_is_wrong(void **state)
{
    (void)state;
    struct situation s = healthy("MD5", "auth");
    char response[OH_DIGEST_TEXT];
    respond(&s, response);
    response[31] = '\0';
    assert_int_equal(check(s, response), OH_DIGEST_WRONG_UNKNOWN);
    assert_int_equal(check(s, ""), OH_DIGEST_WRONG_UNKNOWN);
    assert_int_equal(check(s, NULL), OH_DIGEST_WRONG_UNKNOWN);
}

static void a_hash_over_a_missing_parameter_is_never_right(void **state)
{
    (void)state;
    struct situation s = healthy("MD5", "auth");
    char response[OH_DIGEST_TEXT];
    s.cred.cnonce = S("");
    respond(&s, response);
    assert_int_equal(check(s, response), OH_DIGEST_RIGHT);
    s.cred.cnonce = S(NULL);
    assert_int_equal(check(s, response), OH_DIGEST_WRONG_UNKNOWN);
}

static void what_cannot_be_checked_is_said(void **state)
{
    (void)state;
    struct situation s = healthy("AKAv1-MD5", "auth");
    assert_int_equal(check(s, "00"), OH_DIGEST_NOT_CHECKABLE);
    s = healthy("MD5", "auth");
    s.secret.password = NULL;
    assert_int_equal(check(s, known[1].response), OH_DIGEST_NOT_CHECKABLE);
    s = healthy("MD5", "auth");
    assert_int_equal(oh_digest_check(&s.cred, NULL, &s.context), OH_DIGEST_NOT_CHECKABLE);
    s.cred.scheme = S("Basic");
    assert_int_equal(check(s, known[1].response), OH_DIGEST_NOT_CHECKABLE);
}

/* username "a\"b" and realm "x\\y" on the wire; both readings of the RFCs are right. */
static void escapes_may_be_hashed_as_they_stand_or_taken_out(void **state)
{
    (void)state;
    struct situation plain = healthy("MD5", "auth"), raw, wire;
    char response[OH_DIGEST_TEXT];
    plain.secret.username = "a\"b";
    wire = raw = plain;
    plain.cred.realm = S("x\\\\y"); /* oh_digest_response takes the escapes out */
    wire.cred.realm = S("x\\\\y");
    wire.cred.username = S("a\\\"b");
    respond(&plain, response);
    assert_int_equal(check(wire, response), OH_DIGEST_RIGHT);

    raw.secret.username = "a\\\"b";
    raw.cred.realm = S("x\\\\\\\\y"); /* comes out as it stands on the wire */
    respond(&raw, response);
    assert_int_equal(check(wire, response), OH_DIGEST_RIGHT);

    raw.context.method = S("REGISTER");
    respond(&raw, response);
    assert_int_equal(check(wire, response), OH_DIGEST_WRONG_METHOD);
}

static void a_session_key_may_keep_its_first_cnonce(void **state)
{
    (void)state;
    /* H(A1) with cnonce "first", the rest with 0a4f113b; computed with another implementation */
    struct situation s = healthy("MD5-sess", "auth");
    const char *response = "82065136cee47f8d63493c918d2ebf52";
    assert_int_equal(check(s, response), OH_DIGEST_WRONG_UNKNOWN);
    s.context.session_cnonce = S("first");
    assert_int_equal(check(s, response), OH_DIGEST_RIGHT);
    assert_int_equal(check(s, "f4e941f8c322f89206b70ac210684066"), OH_DIGEST_RIGHT);
}

static void every_fault_has_its_own_words(void **state)
{
    (void)state;
    for (int f = OH_DIGEST_RIGHT; f <= OH_DIGEST_NOT_CHECKABLE; f++) {
        const char *text = oh_digest_fault_text((enum oh_digest_fault)f);
        assert_true(strlen(text) > 0);
        for (int g = OH_DIGEST_RIGHT; g < f; g++)
            assert_string_not_equal(text, oh_digest_fault_text((enum oh_digest_fault)g));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_sha_512_256_is_that_of_the_named_hash),
        cmocka_unit_test(credentials_are_taken_apart),
        cmocka_unit_test(quotes_where_none_belong_are_told),
        cmocka_unit_test(another_scheme_is_named_and_not_read),
        cmocka_unit_test(a_value_without_a_scheme_is_refused),
        cmocka_unit_test(broken_credentials_are_read_as_far_as_they_go),
        cmocka_unit_test(the_examples_of_the_rfcs_come_out),
        cmocka_unit_test(every_algorithm_and_qop_gives_the_known_response_and_is_right),
        cmocka_unit_test(auth_int_without_a_body_hashes_nothing),
        cmocka_unit_test(what_is_missing_or_unknown_is_said),
        cmocka_unit_test(each_wrong_input_is_named),
        cmocka_unit_test(a_foreign_username_is_named),
        cmocka_unit_test(a_realm_that_differs_from_the_challenge_is_named),
        cmocka_unit_test(upper_case_digits_are_named),
        cmocka_unit_test(a_response_cut_short_or_missing_is_wrong),
        cmocka_unit_test(a_hash_over_a_missing_parameter_is_never_right),
        cmocka_unit_test(what_cannot_be_checked_is_said),
        cmocka_unit_test(escapes_may_be_hashed_as_they_stand_or_taken_out),
        cmocka_unit_test(a_session_key_may_keep_its_first_cnonce),
        cmocka_unit_test(every_fault_has_its_own_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
