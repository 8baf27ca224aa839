#include "base/addr.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/un.h>

#include <cmocka.h>

static struct oh_addr parsed(const char *text)
{
    struct oh_addr a;
    struct oh_error e;
    assert_int_equal(oh_addr_parse(oh_span_of(text), &a, &e), 0);
    return a;
}

static void every_form_is_read_and_written_back(void **state)
{
    (void)state;
    static const char *const forms[] = {"127.0.0.1", "127.0.0.1:5060", "::1", "[::1]:5060",
                                        "2001:db8::7"};
    char text[OH_ADDR_TEXT];
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct oh_addr a = parsed(forms[i]);
        assert_string_equal(oh_addr_format(&a, text), forms[i]);
    }
    struct oh_addr bracketed = parsed("[::1]"), zero = parsed("192.0.2.1:0");
    assert_string_equal(oh_addr_format(&bracketed, text), "::1");
    assert_int_equal(zero.port, 0);
}

static void what_is_no_address_is_told(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",       "localhost", "127.0.0.1:",   "127.0.0.1:65536", "127.0.0.1:-1",
        "1.2.3",  "1.2.3.4.5", "[::1",         "[::1]5060",       "[127.0.0.1]:5060",
        "[::1]:", "::1::2",    "127.0.0.1:5x", " 127.0.0.1",      "127.0.0.1:5060:1",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct oh_addr a = {.port = 77};
        struct oh_error e = {0};
        assert_int_equal(oh_addr_parse(oh_span_of(bad[i]), &a, &e), -1);
        assert_string_not_equal(e.text, "");
        assert_int_equal(a.port, 77);
    }
    struct oh_addr a;
    assert_int_equal(oh_addr_parse((struct oh_span){0}, &a, NULL), -1);
    assert_int_equal(oh_addr_parse((struct oh_span){"127.0.0.1\0", 10}, &a, NULL), -1);
}

static void the_longest_address_fits(void **state)
{
    (void)state;
    char text[OH_ADDR_TEXT];
    struct oh_addr a = parsed("[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:65535");
    oh_addr_format(&a, text);
    assert_true(strlen(text) < OH_ADDR_TEXT);
    assert_int_equal(strcmp(text + strlen(text) - 7, "]:65535"), 0);
}

static void hosts_of_ipv6_stand_in_brackets(void **state)
{
    (void)state;
    char text[OH_ADDR_TEXT];
    struct oh_addr six = parsed("[::1]:5060"), four = parsed("192.0.2.9:1"), none = {0};
    assert_string_equal(oh_addr_format_ip(&six, text), "::1");
    assert_string_equal(oh_addr_format_host(&six, text), "[::1]");
    assert_string_equal(oh_addr_format_host(&four, text), "192.0.2.9");
    assert_string_equal(oh_addr_format(&none, text), "-");
}

static void comparing_tells_address_port_and_family_apart(void **state)
{
    (void)state;
    struct oh_addr a = parsed("192.0.2.1:5060"), b = parsed("192.0.2.1:5062");
    struct oh_addr c = parsed("192.0.2.2:5060"), six = parsed("[::1]:5060"), none = {0};
    assert_true(oh_addr_same_ip(&a, &b));
    assert_false(oh_addr_equal(&a, &b));
    assert_false(oh_addr_same_ip(&a, &c));
    assert_false(oh_addr_same_ip(&a, &six));
    assert_true(oh_addr_equal(&none, &none));
}

static void socket_addresses_go_both_ways(void **state)
{
    (void)state;
    static const char *const forms[] = {"127.0.0.1:5060", "[2001:db8::1]:5061"};
    for (size_t i = 0; i < 2; i++) {
        struct sockaddr_storage storage;
        struct oh_addr a = parsed(forms[i]), back;
        socklen_t len = oh_addr_to_sockaddr(&a, &storage);
        assert_int_equal(len, i ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
        oh_addr_from_sockaddr((struct sockaddr *)&storage, &back);
        assert_true(oh_addr_equal(&a, &back));
    }
    struct sockaddr_storage storage;
    struct oh_addr none = {0}, back = parsed("127.0.0.1");
    assert_int_equal(oh_addr_to_sockaddr(&none, &storage), 0);
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    oh_addr_from_sockaddr((struct sockaddr *)&un, &back);
    assert_int_equal(back.family, OH_FAMILY_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_is_read_and_written_back),
        cmocka_unit_test(what_is_no_address_is_told),
        cmocka_unit_test(the_longest_address_fits),
        cmocka_unit_test(hosts_of_ipv6_stand_in_brackets),
        cmocka_unit_test(comparing_tells_address_port_and_family_apart),
        cmocka_unit_test(socket_addresses_go_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
