#include "base/addr.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

const char *oh_transport_name(enum oh_transport t)
{
    static const char *const names[OH_TRANSPORTS] = {"udp", "tcp", "tls"};
    assert((size_t)t < OH_TRANSPORTS);
    return names[t];
}

/* Four numbers below 256 without zeros before them: what inet_pton takes, without its copy. */
static bool read_ipv4(struct oh_span ip, uint8_t out[4])
{
    size_t at = 0;
    for (size_t n = 0; n < 4; n++) {
        unsigned number = 0;
        size_t first = at;
        for (; at < ip.len && at - first < 3 && ip.at[at] >= '0' && ip.at[at] <= '9'; at++)
            number = number * 10 + (unsigned)(ip.at[at] - '0');
        bool is_padded = at - first > 1 && ip.at[first] == '0';
        if (at == first || is_padded || number > UINT8_MAX ||
            (n < 3 ? at == ip.len || ip.at[at++] != '.' : at != ip.len))
            return false;
        out[n] = (uint8_t)number;
    }
    return true;
}

static int parse_ip(struct oh_span ip, struct oh_addr *out)
{
    char text[INET6_ADDRSTRLEN];
    uint8_t four[4];
    if (ip.len == 0 || ip.len >= sizeof text)
        return -1;
    if (read_ipv4(ip, four)) {
        memcpy(out->ip, four, sizeof four);
        out->family = OH_FAMILY_IPV4;
        return 0;
    }
    memcpy(text, ip.at, ip.len);
    text[ip.len] = '\0';
    if (strlen(text) != ip.len)
        return -1;
    if (inet_pton(AF_INET, text, out->ip) == 1)
        out->family = OH_FAMILY_IPV4;
    else if (inet_pton(AF_INET6, text, out->ip) == 1)
        out->family = OH_FAMILY_IPV6;
    return out->family == OH_FAMILY_NONE ? -1 : 0;
}

static int parse_port(struct oh_span port, struct oh_addr *out)
{
    uint64_t value;
    if (port.len == 0 || port.at[0] != ':')
        return -1;
    if (!oh_span_to_u64(oh_span_sub(port, 1, port.len), &value) || value > UINT16_MAX)
        return -1;
    out->port = (uint16_t)value;
    return 0;
}

/* Cuts "host", "[host]", "host:port" or "[host]:port"; more than one bare colon is all host. */
static bool split(struct oh_span text, struct oh_span *ip, struct oh_span *port)
{
    if (oh_span_starts_with(text, "[")) {
        size_t end = oh_span_find(text, ']');
        *ip = oh_span_sub(text, 1, end - 1);
        *port = oh_span_sub(text, end + 1, text.len);
        return end < text.len && oh_span_find(*ip, ':') < ip->len;
    }
    size_t colon = oh_span_find(text, ':');
    struct oh_span rest = oh_span_sub(text, colon + 1, text.len);
    bool bare_ipv6 = oh_span_find(rest, ':') < rest.len;
    *ip = oh_span_sub(text, 0, bare_ipv6 ? text.len : colon);
    *port = bare_ipv6 ? (struct oh_span){0} : oh_span_sub(text, colon, text.len);
    return true;
}

int oh_addr_parse(struct oh_span text, struct oh_addr *out, struct oh_error *e)
{
    struct oh_addr a = {0};
    struct oh_span ip, port;
    bool whole = text.at && split(text, &ip, &port);
    if (!whole || parse_ip(ip, &a) < 0) {
        struct oh_text shown = {0};
        oh_text_add_quoted(&shown, text, 100);
        oh_error_set(e, "'%s' is no IP address", oh_text_str(&shown));
        oh_text_release(&shown);
        return oh_error_remedy(e, "write it as 192.0.2.1, 192.0.2.1:5060, ::1 or [::1]:5060");
    }
    if (port.len > 0 && parse_port(port, &a) < 0) {
        struct oh_text shown = {0};
        oh_text_add_quoted(&shown, text, 100);
        oh_error_set(e, "'%s' has no port from 0 to 65535 after its address", oh_text_str(&shown));
        oh_text_release(&shown);
        return -1;
    }
    *out = a;
    return 0;
}

static const char *format_ip(const struct oh_addr *a, bool brackets, char out[OH_ADDR_TEXT])
{
    char text[INET6_ADDRSTRLEN];
    if (a->family == OH_FAMILY_NONE) {
        snprintf(out, OH_ADDR_TEXT, "-");
        return out;
    }
    bool six = a->family == OH_FAMILY_IPV6;
    inet_ntop(six ? AF_INET6 : AF_INET, a->ip, text, sizeof text);
    snprintf(out, OH_ADDR_TEXT, six && brackets ? "[%s]" : "%s", text);
    return out;
}

const char *oh_addr_format(const struct oh_addr *a, char out[OH_ADDR_TEXT])
{
    format_ip(a, a->port != 0, out);
    size_t len = strlen(out);
    if (a->family != OH_FAMILY_NONE && a->port != 0)
        snprintf(out + len, OH_ADDR_TEXT - len, ":%u", (unsigned)a->port);
    return out;
}

const char *oh_addr_format_ip(const struct oh_addr *a, char out[OH_ADDR_TEXT])
{
    return format_ip(a, false, out);
}

const char *oh_addr_format_host(const struct oh_addr *a, char out[OH_ADDR_TEXT])
{
    return format_ip(a, true, out);
}

bool oh_addr_same_ip(const struct oh_addr *a, const struct oh_addr *b)
{
    return a->family == b->family && memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

bool oh_addr_equal(const struct oh_addr *a, const struct oh_addr *b)
{
    return oh_addr_same_ip(a, b) && a->port == b->port;
}

socklen_t oh_addr_to_sockaddr(const struct oh_addr *a, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof *out);
    if (a->family == OH_FAMILY_IPV6) {
        struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6, .sin6_port = htons(a->port)};
        memcpy(&sin6.sin6_addr, a->ip, sizeof sin6.sin6_addr);
        memcpy(out, &sin6, sizeof sin6);
        return sizeof sin6;
    }
    if (a->family == OH_FAMILY_IPV4) {
        struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons(a->port)};
        memcpy(&sin.sin_addr, a->ip, sizeof sin.sin_addr);
        memcpy(out, &sin, sizeof sin);
        return sizeof sin;
    }
    return 0;
}

void oh_addr_from_sockaddr(const struct sockaddr *sa, struct oh_addr *out)
{
    *out = (struct oh_addr){0};
    if (sa->sa_family == AF_INET) {
        struct sockaddr_in sin;
        memcpy(&sin, sa, sizeof sin);
        out->family = OH_FAMILY_IPV4;
        memcpy(out->ip, &sin.sin_addr, sizeof sin.sin_addr);
        out->port = ntohs(sin.sin_port);
    } else if (sa->sa_family == AF_INET6) {
        struct sockaddr_in6 sin6;
        memcpy(&sin6, sa, sizeof sin6);
        out->family = OH_FAMILY_IPV6;
        memcpy(out->ip, &sin6.sin6_addr, sizeof sin6.sin6_addr);
        out->port = ntohs(sin6.sin6_port);
    }
}
