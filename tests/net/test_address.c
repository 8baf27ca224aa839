/* Choosing free ports and a free loopback network. */
#include "net/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct oh_addr addr(const char *text)
{
    struct oh_addr a;
    assert_int_equal(oh_addr_parse(oh_span_of(text), &a, NULL), 0);
    return a;
}

/* A socket bound to `a`; -1 where that cannot be. */
static int bound(const struct oh_addr *a, int type)
{
    struct sockaddr_storage name;
    socklen_t len = oh_addr_to_sockaddr(a, &name);
    int fd = socket(name.ss_family, type | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&name, len) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void a_free_port_can_be_bound_by_udp_and_tcp(void **state)
{
    (void)state;
    struct oh_error e;
    struct oh_addr a = addr("127.0.0.1");
    a.port = oh_net_free_port(&a, false, &e);
    assert_true(a.port != 0);
    int udp = bound(&a, SOCK_DGRAM), tcp = bound(&a, SOCK_STREAM);
    assert_true(udp >= 0);
    assert_true(tcp >= 0);
    close(udp);
    close(tcp);
}

static void an_even_port_has_a_free_successor(void **state)
{
    (void)state;
    struct oh_error e;
    struct oh_addr rtp = addr("127.0.0.1");
    for (int i = 0; i < 20; i++) {
        rtp.port = oh_net_free_port(&rtp, true, &e);
        assert_true(rtp.port != 0);
        assert_int_equal(rtp.port % 2, 0);
        struct oh_addr rtcp = rtp;
        rtcp.port++;
        int one = bound(&rtp, SOCK_DGRAM), two = bound(&rtcp, SOCK_DGRAM);
        assert_true(one >= 0);
        assert_true(two >= 0);
        close(one);
        close(two);
    }
}

static void ports_are_chosen_by_chance(void **state)
{
    (void)state;
    struct oh_error e;
    struct oh_addr a = addr("127.0.0.1");
    uint16_t first = oh_net_free_port(&a, false, &e);
    int others = 0;
    for (int i = 0; i < 8; i++)
        others += oh_net_free_port(&a, false, &e) != first;
    assert_true(others > 0);
}

static void no_port_is_found_on_another_machine_s_address(void **state)
{
    (void)state;
    struct oh_error e;
    struct oh_addr a = addr("192.0.2.1");
    assert_int_equal(oh_net_free_port(&a, false, &e), 0);
    assert_non_null(strstr(e.text, "192.0.2.1: this machine has no such address"));
    assert_non_null(strstr(e.remedy, "name an address of this machine"));
}

static void a_loopback_network_is_chosen_by_chance_and_can_be_bound(void **state)
{
    (void)state;
    struct oh_error e;
    struct oh_addr first, a;
    int others = 0;
    assert_int_equal(oh_net_free_loopback(&first, &e), 0);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(oh_net_free_loopback(&a, &e), 0);
        assert_int_equal(a.family, OH_FAMILY_IPV4);
        assert_int_equal(a.ip[0], 127);
        assert_in_range(a.ip[1], 1, 254);
        assert_int_equal(a.ip[3], 0);
        assert_int_equal(a.port, 0);
        others += !oh_addr_equal(&a, &first);
    }
    assert_true(others > 0);
    a.ip[3] = 2;
    a.port = 5060;
    int fd = bound(&a, SOCK_DGRAM);
    assert_true(fd >= 0);
    close(fd);
}

/* Whether `net24` counts as free while a socket is bound to `a`. */
static bool free_beside(const struct oh_addr *net24, const struct oh_addr *a, int type, bool *had)
{
    int fd = bound(a, type);
    *had = fd >= 0;
    if (*had && type == SOCK_STREAM)
        assert_int_equal(listen(fd, 1), 0);
    bool is_free = oh_loopback_is_free(net24);
    if (*had)
        close(fd);
    return is_free;
}

static void a_network_with_a_socket_in_it_is_not_free(void **state)
{
    (void)state;
    struct oh_error e;
    struct oh_addr net24, host, mapped = addr("::ffff:0.0.0.0");
    bool had;
    assert_int_equal(oh_net_free_loopback(&net24, &e), 0);
    host = net24;
    host.ip[3] = 77;
    assert_false(free_beside(&net24, &host, SOCK_DGRAM, &had));
    assert_true(had);
    assert_false(free_beside(&net24, &host, SOCK_STREAM, &had));
    assert_true(had);
    memcpy(mapped.ip + 12, host.ip, 4);
    bool is_free = free_beside(&net24, &mapped, SOCK_STREAM, &had);
    assert_int_equal(is_free, !had); /* a machine without IPv6 has no such socket */
    is_free = free_beside(&net24, &mapped, SOCK_DGRAM, &had);
    assert_int_equal(is_free, !had);

    struct oh_addr neighbour = host, any = addr("0.0.0.0");
    neighbour.ip[2] ^= 1;
    assert_true(free_beside(&net24, &neighbour, SOCK_DGRAM, &had));
    assert_true(free_beside(&net24, &any, SOCK_DGRAM, &had));
    assert_true(oh_loopback_is_free(&net24));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_free_port_can_be_bound_by_udp_and_tcp),
        cmocka_unit_test(an_even_port_has_a_free_successor),
        cmocka_unit_test(ports_are_chosen_by_chance),
        cmocka_unit_test(no_port_is_found_on_another_machine_s_address),
        cmocka_unit_test(a_loopback_network_is_chosen_by_chance_and_can_be_bound),
        cmocka_unit_test(a_network_with_a_socket_in_it_is_not_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
