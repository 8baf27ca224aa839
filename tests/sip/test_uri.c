#include "sip/uri.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define S(text) oh_span_of(text)

static struct oh_sip_uri uri(const char *text)
{
    struct oh_sip_uri u;
    assert_int_equal(oh_sip_uri_parse(S(text), &u), 0);
    return u;
}

static void a_full_uri_falls_into_its_parts(void **state)
{
    (void)state;
    struct oh_sip_uri u =
        uri("SIP:anna:se%63ret@pbx.example.net:5062;transport=tcp;lr?Subject=x&a=b");
    assert_true(oh_span_is(u.scheme, "SIP"));
    assert_true(oh_span_is(u.user, "anna"));
    assert_true(oh_span_is(u.password, "se%63ret"));
    assert_true(oh_span_is(u.host, "pbx.example.net"));
    assert_true(oh_span_is(u.port_text, "5062"));
    assert_int_equal(u.port, 5062);
    assert_true(oh_span_is(u.params, "transport=tcp;lr"));
    assert_true(oh_span_is(u.headers, "Subject=x&a=b"));
}

static void parts_that_are_not_there_are_absent(void **state)
{
    (void)state;
    struct oh_sip_uri u = uri("sips:example.net");
    assert_null(u.user.at);
    assert_null(u.password.at);
    assert_null(u.params.at);
    assert_null(u.headers.at);
    assert_null(u.port_text.at);
    assert_int_equal(u.port, 0);
}

static void delimiters_in_the_user_part_belong_to_it(void **state)
{
    (void)state;
    struct oh_sip_uri u = uri("sip:1;day=tue?x/$,&=+@192.0.2.7;lr");
    assert_true(oh_span_is(u.user, "1;day=tue?x/$,&=+"));
    assert_true(oh_span_is(u.host, "192.0.2.7"));
    assert_true(oh_span_is(u.params, "lr"));
    u = uri("sip:*70#@192.0.2.7"); /* not legal unescaped, yet plain to read */
    assert_true(oh_span_is(u.user, "*70#"));
}

static void ipv6_hosts_keep_their_brackets(void **state)
{
    (void)state;
    struct oh_sip_uri u = uri("sip:a@[2001:db8::1]:5070;x");
    assert_true(oh_span_is(u.host, "[2001:db8::1]"));
    assert_int_equal(u.port, 5070);
    u = uri("sip:[::1]");
    assert_true(oh_span_is(u.host, "[::1]"));
}

static void tel_uris_have_the_number_as_user(void **state)
{
    (void)state;
    struct oh_sip_uri u = uri("tel:+1-555-1234;phone-context=example.net");
    assert_true(oh_span_is(u.user, "+1-555-1234"));
    assert_null(u.host.at);
    assert_true(oh_span_is(oh_sip_uri_param(&u, "phone-context", NULL), "example.net"));
}

static void what_is_no_such_uri_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",           "sip:",         "sip",           "sip:@host",   "sip:a@",         "sip:a@b@c",
        "sip:a@b:",   "sip:a@b:x",    "sip:a@b:65536", "sip:a b@c",   "<sip:a@b>",      "http://a",
        "sip:a@[::1", "sip:a@[::1]x", "sip:a@[zz]",    "sip:a@b:-1",  "sip:a@b\r\n c",  "tel:",
        "tel:;a=b",   "sip:a@h!st",   "sip:;lr",       "sip:a@:5060", "sip:a@[1.2.3.4]"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct oh_sip_uri u;
        assert_int_equal(oh_sip_uri_parse(S(bad[i]), &u), -1);
    }
    struct oh_sip_uri u;
    assert_int_equal(oh_sip_uri_parse((struct oh_span){0}, &u), -1);
    assert_int_equal(oh_sip_uri_parse((struct oh_span){"sip:a\0@b", 8}, &u), -1);
}

static void a_parameter_without_value_is_told_from_none(void **state)
{
    (void)state;
    struct oh_sip_uri u = uri("sip:p.example.net;LR;user=phone");
    bool has = false;
    assert_int_equal(oh_sip_uri_param(&u, "lr", &has).len, 0);
    assert_true(has);
    assert_null(oh_sip_uri_param(&u, "transport", &has).at);
    assert_false(has);
    assert_true(oh_span_is(oh_sip_uri_param(&u, "user", &has), "phone"));
}

static void assert_compared(const char *a, const char *b, bool equal)
{
    assert_int_equal(oh_sip_uri_equal(S(a), S(b)), equal);
    assert_int_equal(oh_sip_uri_equal(S(b), S(a)), equal);
}

static void equal_uris_are_equal(void **state) /* RFC 3261 19.1.4 */
{
    (void)state;
    static const char *const pairs[][2] = {
        {"sip:%6d%61x@example.net", "SIP:max@EXAMPLE.net"},
        {"sip:a%3Bb@h", "sip:a%3bb@h"},
        {"sip:max@h;Transport=TCP", "sip:max@h;transport=tcp"},
        {"sip:max@h;x=1", "sip:max@h"},
        {"sip:max@h;x=1;y=2", "sip:max@h;y=2;x=1"},
        {"sip:max@h;lr", "sip:max@h"},
        {"sip:h;method=INVITE;ttl=3?to=sip:a%40b", "sip:h;ttl=3;method=INVITE?to=sip:a%40b"},
        {"sip:h?a=1&b=x%20y", "sip:h?B=x%20y&A=1"},
        {"sip:[2001:DB8::1]", "sip:[2001:db8::1]"},
        {"tel:+1-555.12(34)", "tel:+15551234"},
        {"tel:99;phone-context=a.net;isub=1", "tel:99;isub=1;Phone-Context=A.net"},
        {"urn:service:sos", "urn:service:sos"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        assert_compared(pairs[i][0], pairs[i][1], true);
}

static void different_uris_are_different(void **state) /* RFC 3261 19.1.4 */
{
    (void)state;
    static const char *const pairs[][2] = {
        {"sip:max@h", "sips:max@h"},
        {"sip:Max@h", "sip:max@h"},
        {"sip:max:pw@h", "sip:max:PW@h"},
        {"sip:max:pw@h", "sip:max@h"},
        {"sip:max@h", "sip:h"},
        {"sip:max@h", "sip:max@h:5060"},
        {"sip:max@h:5060", "sip:max@h:5061"},
        {"sip:max@h", "sip:max@h;transport=udp"},
        {"sip:max@h", "sip:max@h;user=ip"},
        {"sip:max@h", "sip:max@h;ttl=1"},
        {"sip:max@h", "sip:max@h;method=INVITE"},
        {"sip:max@h;method=invite", "sip:max@h;method=INVITE"},
        {"sip:max@h;maddr=192.0.2.1", "sip:max@h"},
        {"sip:max@h;x=1", "sip:max@h;x=2"},
        {"sip:max@h;x", "sip:max@h;x=2"},
        {"sip:max@h?a=1", "sip:max@h"},
        {"sip:max@h?a=1", "sip:max@h?a=2"},
        {"sip:max@h?a=1&a=1&a=2", "sip:max@h?a=1&a=2&a=2"},
        {"sip:a%40b@h", "sip:a%2540b@h"},
        {"sip:a;b@h", "sip:a%3Bb@h"}, /* reserved: its escape is another character */
        {"sip:phone.example.net", "sip:192.0.2.4"},
        {"tel:+15551234", "tel:15551234"},
        {"tel:99;isub=1", "tel:99"},
        {"urn:service:sos", "urn:service:SOS"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        assert_compared(pairs[i][0], pairs[i][1], false);
}

static void unknown_parameters_make_equality_intransitive(void **state)
{
    (void)state;
    assert_compared("sip:max@h;x=1", "sip:max@h", true);
    assert_compared("sip:max@h", "sip:max@h;x=2", true);
    assert_compared("sip:max@h;x=1", "sip:max@h;x=2", false);
}

static void uris_with_masses_of_parameters_are_compared_by_bytes(void **state)
{
    (void)state;
    struct oh_text a = {0}, b = {0};
    oh_text_add(&a, "sip:max@h");
    oh_text_add(&b, "sip:MAX@h");
    b.at[4] = 'm', b.at[5] = 'a', b.at[6] = 'x', b.at[8] = 'H';
    for (int i = 0; i < 65; i++) {
        oh_text_addf(&a, ";p%d", i);
        oh_text_addf(&b, ";p%d", i);
    }
    assert_true(oh_sip_uri_equal(oh_text_span(&a), oh_text_span(&a)));
    assert_false(oh_sip_uri_equal(oh_text_span(&a), oh_text_span(&b)));
    oh_text_release(&a);
    oh_text_release(&b);
}

static void assert_address(const char *value, const char *display, const char *expected,
                           const char *params, bool bracketed)
{
    struct oh_sip_name_addr a;
    assert_int_equal(oh_sip_name_addr_parse(S(value), &a), 0);
    assert_true(oh_span_is(a.display, display));
    assert_true(oh_span_is(a.uri, expected));
    assert_true(oh_span_is(a.params, params));
    assert_int_equal(a.bracketed, bracketed);
}

static void addresses_are_read_in_every_form(void **state)
{
    (void)state;
    assert_address("<sip:a@b>", NULL, "sip:a@b", NULL, true);
    assert_address("Anna K. <sip:a@b;lr>;tag=1", "Anna K.", "sip:a@b;lr", "tag=1", true);
    assert_address("\"K, A <x> \\\" y\"<sip:a@b>  ;  tag=1 ; q = 0.5", "\"K, A <x> \\\" y\"",
                   "sip:a@b", "tag=1 ; q = 0.5", true);
    assert_address("sip:a@b;tag=1;x", NULL, "sip:a@b", "tag=1;x", false);
    assert_address("  sip:a@b ; tag=1", NULL, "sip:a@b", "tag=1", false);
    assert_address("Anna\r\n <sip:a@b>\r\n ;tag=1", "Anna", "sip:a@b", "tag=1", true);
    assert_address("<tel:+1;x=y>", NULL, "tel:+1;x=y", NULL, true);
    assert_address("<urn:service:sos>", NULL, "urn:service:sos", NULL, true);
}

static void broken_addresses_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",      "*",         "Anna",          "<sip:a@b",
                                      "<>",    "<sip:a b>", "<sip:a@b> x",   "\"Anna <sip:a@b>",
                                      "<a@b>", "<sip:>",    "sip:a b;tag=1", ";tag=1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct oh_sip_name_addr a;
        assert_int_equal(oh_sip_name_addr_parse(S(bad[i]), &a), -1);
    }
}

static void an_ipv6_reference_may_have_a_third_colon_before_an_ipv4_address(void **state)
{
    static const char *const good[] = {"[2001:db8::192.0.2.1]", "[2001:db8:::192.0.2.1]", "[::]"};
    static const char *const bad[] = {"[2001:db8:::1]",
                                      "[2001:db8:::1:192.0.2.1]",
                                      "2001:db8::1",
                                      "[2001:db8::::192.0.2.1]",
                                      "[192.0.2.1]",
                                      "[:::]",
                                      "[]"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(oh_sip_is_ipv6_reference(S(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(oh_sip_is_ipv6_reference(S(bad[i])));
    struct oh_sip_uri u = uri("sip:a@[2001:db8:::192.0.2.1]:5070");
    assert_true(oh_span_is(u.host, "[2001:db8:::192.0.2.1]"));
    assert_int_equal(u.port, 5070);
}

static void cseq_is_a_number_and_a_method(void **state)
{
    (void)state;
    struct oh_sip_cseq c;
    assert_int_equal(oh_sip_cseq_parse(S("0009\r\n  INVITE"), &c), 0);
    assert_int_equal(c.number, 9);
    assert_true(oh_span_is(c.number_text, "0009"));
    assert_true(oh_span_is(c.method, "INVITE"));
    assert_int_equal(oh_sip_cseq_parse(S("18446744073709551616 ACK"), &c), 0);
    assert_true(c.number == UINT64_MAX);
    assert_true(oh_span_is(c.number_text, "18446744073709551616"));
    static const char *const bad[] = {"",           "INVITE", "1",     "1INVITE",
                                      "1 INVITE x", "-1 ACK", "1 A@B", " ACK"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(oh_sip_cseq_parse(S(bad[i]), &c), -1);
}

static void parameters_are_found_past_quotes_and_space(void **state)
{
    (void)state;
    struct oh_span p = S("a=1 ; B = \"x;c=no\" ;\r\n c = 3;d;e=;c=4");
    assert_true(oh_span_is(oh_sip_param(p, "A"), "1"));
    assert_true(oh_span_is(oh_sip_param(p, "b"), "\"x;c=no\""));
    assert_true(oh_span_is(oh_sip_param(p, "c"), "3")); /* the first counts */
    assert_true(oh_span_is(oh_sip_param(p, "d"), ""));
    assert_true(oh_span_is(oh_sip_param(p, "e"), ""));
    assert_null(oh_sip_param(p, "x").at);
    assert_null(oh_sip_param((struct oh_span){0}, "a").at);
    struct oh_span digest = S("realm=\"a, nonce=no\", nonce=\"n\\\",x\",qop=auth");
    assert_true(oh_span_is(oh_sip_param_named(digest, ',', S("nonce")), "\"n\\\",x\""));
    assert_true(oh_span_is(oh_sip_param_named(digest, ',', S("qop")), "auth"));
}

static void several_parameters_are_read_in_one_pass_as_one_by_one(void **state)
{
    static const char *const lists[] = {"a=1;b;c=\"x;b=2\"", "", ";;=;A=1;a=2", " b = 3 ; a",
                                        "bb=1"};
    static const struct oh_span names[] = {{"a", 1}, {"b", 1}, {"c", 1}};
    struct oh_span values[3];
    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        oh_sip_params(oh_span_of(lists[i]), names, 3, values);
        for (size_t k = 0; k < 3; k++)
            assert_true(oh_span_equal(values[k], oh_sip_param(oh_span_of(lists[i]), names[k].at)));
    }
    oh_sip_params(oh_span_of("B=1;a"), names, 3, values);
    assert_true(oh_span_is(values[0], "") && oh_span_is(values[1], "1") && !values[2].at);
}

static void lists_are_counted_past_quotes_brackets_and_comments(void **state)
{
    (void)state;
    struct oh_span v = S("\"a, \\\" b\" <sip:x,y@z>;p=1 ,, c (d, (e, f)) ,\r\n g(");
    assert_true(oh_span_is(oh_sip_list_item(v, 0), "\"a, \\\" b\" <sip:x,y@z>;p=1"));
    assert_true(oh_span_is(oh_sip_list_item(v, 1), "c (d, (e, f))"));
    assert_true(oh_span_is(oh_sip_list_item(v, 2), "g("));
    assert_null(oh_sip_list_item(v, 3).at);
    assert_null(oh_sip_list_item(S(""), 0).at);
    assert_null(oh_sip_list_item(S(" , ,"), 0).at);
    assert_true(oh_span_is(oh_sip_list_item(S("a(,b"), 1), "b")); /* never closes: no comment */
    assert_true(oh_span_is(oh_sip_list_item(S("a<b,c"), 0), "a<b,c"));
}

static void values_are_counted_over_lines_and_commas_alike(void **state)
{
    (void)state;
    struct oh_sip_msg *m =
        oh_sip_msg_parse(S("OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a, SIP/2.0/UDP b\r\n"
                           "Date: Sat, 13 Nov 2010 23:29:00 GMT\r\nv: SIP/2.0/UDP c\r\n"
                           "Authorization: Digest a=\"1\", b=2\r\nAuthorization: Digest c=3\r\n"
                           "Supported:\r\nX-List: one, two\r\n\r\n"));
    assert_int_equal(oh_sip_msg_value_count(m, OH_SIP_VIA), 3);
    assert_true(oh_span_is(oh_sip_msg_value(m, OH_SIP_VIA, 1), "SIP/2.0/UDP b"));
    assert_true(oh_span_is(oh_sip_msg_value(m, OH_SIP_VIA, 2), "SIP/2.0/UDP c"));
    assert_null(oh_sip_msg_value(m, OH_SIP_VIA, 3).at);
    assert_int_equal(oh_sip_msg_value_count(m, OH_SIP_AUTHORIZATION), 2);
    assert_true(oh_span_is(oh_sip_msg_value(m, OH_SIP_AUTHORIZATION, 0), "Digest a=\"1\", b=2"));
    assert_int_equal(oh_sip_msg_value_count(m, OH_SIP_SUPPORTED), 0);
    assert_int_equal(oh_sip_msg_value_count(m, OH_SIP_ROUTE), 0);
    assert_null(oh_sip_msg_value(m, OH_SIP_OTHER, 0).at);
    assert_true(
        oh_span_is(oh_sip_msg_value_named(m, S("date"), 0), "Sat, 13 Nov 2010 23:29:00 GMT"));
    assert_true(oh_span_is(oh_sip_msg_value_named(m, S("x-list"), 1), "two"));
    oh_sip_msg_free(m);
}

static void tokens_are_made_of_token_characters(void **state)
{
    (void)state;
    assert_true(oh_sip_is_token(S("aZ09-.!%*_+`'~")));
    static const char *const bad[] = {"", "a b", "a@b", "a:b", "a\"", "\xc3\xa4", "a/b", "<a>"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(oh_sip_is_token(S(bad[i])));
    assert_false(oh_sip_is_token((struct oh_span){"a\0b", 3}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_uri_falls_into_its_parts),
        cmocka_unit_test(parts_that_are_not_there_are_absent),
        cmocka_unit_test(delimiters_in_the_user_part_belong_to_it),
        cmocka_unit_test(ipv6_hosts_keep_their_brackets),
        cmocka_unit_test(an_ipv6_reference_may_have_a_third_colon_before_an_ipv4_address),
        cmocka_unit_test(tel_uris_have_the_number_as_user),
        cmocka_unit_test(what_is_no_such_uri_is_refused),
        cmocka_unit_test(a_parameter_without_value_is_told_from_none),
        cmocka_unit_test(equal_uris_are_equal),
        cmocka_unit_test(different_uris_are_different),
        cmocka_unit_test(unknown_parameters_make_equality_intransitive),
        cmocka_unit_test(uris_with_masses_of_parameters_are_compared_by_bytes),
        cmocka_unit_test(addresses_are_read_in_every_form),
        cmocka_unit_test(broken_addresses_are_refused),
        cmocka_unit_test(cseq_is_a_number_and_a_method),
        cmocka_unit_test(parameters_are_found_past_quotes_and_space),
        cmocka_unit_test(several_parameters_are_read_in_one_pass_as_one_by_one),
        cmocka_unit_test(lists_are_counted_past_quotes_brackets_and_comments),
        cmocka_unit_test(values_are_counted_over_lines_and_commas_alike),
        cmocka_unit_test(tokens_are_made_of_token_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
