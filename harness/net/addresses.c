/* Which addresses and ports are free, and the sentences about those that are not. */
#include "net/internal.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

/* Below the ports that the kernel hands out by itself (32768 and up), so that no chance socket
 * takes one between our choice and the phone's bind. */
#define FIRST_PORT     10000
#define PORT_COUNT     22000
#define PORT_TRIES     1000
#define LOOPBACK_TRIES 200

/* Every socket of this machine that is bound, as far as the kernel tells us. */
struct bound {
    struct oh_addr *items;
    size_t count, room;
};

static const char *const udp_tables[] = {"/proc/net/udp", "/proc/net/udp6", NULL};
static const char *const tcp_tables[] = {"/proc/net/tcp", "/proc/net/tcp6", NULL};

/* ::ffff:127.0.0.1 is the socket's name for 127.0.0.1. RFC 4291 2.5.5.2 */
static void unmap(struct oh_addr *a)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff}; /* ::ffff:0:0/96 */
    if (a->family != OH_FAMILY_IPV6 || memcmp(a->ip, mapped, sizeof mapped) != 0)
        return;
    memmove(a->ip, a->ip + sizeof mapped, 4);
    memset(a->ip + 4, 0, sizeof a->ip - 4);
    a->family = OH_FAMILY_IPV4;
}

static void add_bound(const struct oh_addr *a, void *arg)
{
    struct bound *list = arg;
    oh_grow(&list->items, list->count, &list->room, sizeof *list->items);
    list->items[list->count] = *a;
    unmap(&list->items[list->count++]);
}

/* "0100007F" is 127.0.0.1 on a little-endian machine: 32-bit words as they lie in memory. */
static bool parse_words(const char *hex, struct oh_addr *out)
{
    size_t words = strlen(hex) / 8;
    if (strlen(hex) % 8 != 0 || (words != 1 && words != 4))
        return false;
    for (size_t i = 0; i < words; i++) {
        char digits[9] = {0};
        memcpy(digits, hex + 8 * i, 8);
        uint32_t word = (uint32_t)strtoul(digits, NULL, 16);
        memcpy(out->ip + 4 * i, &word, sizeof word);
    }
    out->family = words == 1 ? OH_FAMILY_IPV4 : OH_FAMILY_IPV6;
    return true;
}

static void read_bound(const char *const *tables, struct bound *list)
{
    for (; *tables; tables++) {
        FILE *file = fopen(*tables, "re");
        if (!file)
            continue;
        char *line = NULL;
        size_t room = 0;
        while (getline(&line, &room, file) >= 0) {
            char hex[33];
            unsigned port;
            struct oh_addr a = {0};
            if (sscanf(line, " %*u: %32[0-9A-F]:%4x", hex, &port) != 2 || !parse_words(hex, &a))
                continue;
            a.port = (uint16_t)port;
            add_bound(&a, list);
        }
        free(line);
        fclose(file);
    }
}

/* How surely the socket on `a` is the one in the way of `wanted`; 0: it is not. */
static int in_the_way(const struct oh_addr *a, const struct oh_addr *wanted)
{
    if (a->port != wanted->port)
        return 0;
    if (oh_addr_same_ip(a, wanted))
        return 3;
    if (!oh_addr_is_wildcard(a))
        return 0;
    return a->family == wanted->family ? 2 : 1;
}

static struct oh_addr find_holder(const struct oh_addr *wanted, enum oh_transport transport)
{
    struct bound list = {0};
    struct oh_addr holder = {0};
    int best = 0;
    read_bound(transport == OH_TRANSPORT_UDP ? udp_tables : tcp_tables, &list);
    for (size_t i = 0; i < list.count; i++) {
        int sure = in_the_way(&list.items[i], wanted);
        if (sure > best) {
            best = sure;
            holder = list.items[i];
        }
    }
    free(list.items);
    return holder;
}

int oh_taken_error(struct oh_error *e, const char *label, const struct oh_addr *local,
                   enum oh_transport transport, const struct oh_addr *holder)
{
    const char *kind = transport == OH_TRANSPORT_UDP ? "UDP" : "TCP";
    char text[OH_ADDR_TEXT], by[OH_ADDR_TEXT];
    oh_addr_format(local, text);
    oh_addr_format(holder, by);
    if (holder->family == OH_FAMILY_NONE || oh_addr_equal(holder, local))
        oh_error_set(e, "'%s' cannot be bound to %s: another socket has that %s port", label, text,
                     kind);
    else
        oh_error_set(e, "'%s' cannot be bound to %s: a socket on %s has that %s port", label, text,
                     by, kind);
    return oh_error_remedy(e, "end the program that has it, or choose another port or address; "
                              "port 0 takes a free one");
}

int oh_bind_error(struct oh_error *e, const char *label, const struct oh_addr *local,
                  enum oh_transport transport, int error)
{
    static const struct {
        int error;
        const char *text, *remedy;
    } known[] = {
        {EADDRNOTAVAIL, "this machine has no such address",
         "name an address of this machine, or give it this one"},
        {EACCES, "the port is kept for root", "choose a port from 1024 up, or run as root"},
        {EAFNOSUPPORT, "this machine does not speak that address family",
         "use an IPv4 address, or switch IPv6 on"},
        {EMFILE, "too many files are open", "raise the number of open files (ulimit -n)"},
    };
    if (error == EADDRINUSE) {
        struct oh_addr holder = find_holder(local, transport);
        return oh_taken_error(e, label, local, transport, &holder);
    }
    const char *text = strerror(error), *remedy = NULL;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].error == error) {
            text = known[i].text;
            remedy = known[i].remedy;
        }
    }
    char address[OH_ADDR_TEXT];
    oh_error_set(e, "'%s' cannot be bound to %s: %s", label, oh_addr_format(local, address), text);
    return remedy ? oh_error_remedy(e, "%s", remedy) : -1;
}

/* 0 where a socket of this type can be bound now, else the reason. */
static int try_bind(const struct oh_addr *ip, unsigned port, int type)
{
    struct oh_addr a = *ip;
    struct sockaddr_storage name;
    int on = 1, result = 0;
    a.port = (uint16_t)port;
    socklen_t len = oh_addr_to_sockaddr(&a, &name);
    int fd = socket(name.ss_family, type | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    if (a.family == OH_FAMILY_IPV6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&name, len) < 0)
        result = errno;
    close(fd);
    return result;
}

static uint32_t chance(uint32_t below)
{
    uint32_t value = 0;
    ssize_t got = getrandom(&value, sizeof value, 0);
    assert(got == (ssize_t)sizeof value);
    (void)got;
    return value % below;
}

static int try_ports(const struct oh_addr *ip, unsigned port, bool pair)
{
    for (unsigned p = port; p <= port + (pair ? 1 : 0); p++) {
        int error = try_bind(ip, p, SOCK_DGRAM);
        if (error == 0)
            error = try_bind(ip, p, SOCK_STREAM);
        if (error != 0)
            return error;
    }
    return 0;
}

uint16_t oh_net_free_port(const struct oh_addr *ip, bool even, struct oh_error *e)
{
    char text[OH_ADDR_TEXT];
    for (int i = 0; i < PORT_TRIES; i++) {
        unsigned port = FIRST_PORT + chance(PORT_COUNT);
        if (even)
            port -= port % 2;
        int error = try_ports(ip, port, even);
        if (error == 0)
            return (uint16_t)port;
        if (error != EADDRINUSE) {
            oh_bind_error(e, "a free port", ip, OH_TRANSPORT_UDP, error);
            return 0;
        }
    }
    oh_error_set(e, "no free port was found on %s in %d tries", oh_addr_format_ip(ip, text),
                 PORT_TRIES);
    oh_error_remedy(e, "choose another address");
    return 0;
}

static bool holds_none(const struct bound *list, const struct oh_addr *net24)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].family == net24->family && memcmp(list->items[i].ip, net24->ip, 3) == 0)
            return false;
    return true;
}

bool oh_loopback_is_free(const struct oh_addr *net24)
{
    struct bound list = {0};
    read_bound(udp_tables, &list);
    if (oh_net_listening(add_bound, &list) != 0)
        read_bound(tcp_tables, &list);
    bool free_now = holds_none(&list, net24);
    free(list.items);
    return free_now;
}

int oh_net_free_loopback(struct oh_addr *out, struct oh_error *e)
{
    int error = 0;
    for (int i = 0; i < LOOPBACK_TRIES; i++) {
        struct oh_addr net24 = {.family = OH_FAMILY_IPV4,
                                .ip = {127, (uint8_t)(1 + chance(254)), (uint8_t)chance(256)}};
        struct oh_addr host = net24;
        host.ip[3] = 1;
        if (!oh_loopback_is_free(&net24))
            continue;
        error = try_bind(&host, 0, SOCK_DGRAM);
        if (error == 0) {
            *out = net24;
            return 0;
        }
    }
    oh_error_set(e, "no free network was found in 127.0.0.0/8: %s",
                 error ? strerror(error) : "programs are bound in all that were tried");
    return oh_error_remedy(e, "see that the loopback interface is up (ip link set lo up)");
}
