#include "sip/via.h"

#include <string.h>

/* A NUL ends a word, too. */
static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

/* Cuts all up to the first `c` off the front of `*rest`, and `c` with it. */
static int cut(struct oh_span *rest, char c, struct oh_span *out)
{
    size_t n = oh_span_find(*rest, c);
    if (n == rest->len)
        return -1;
    *out = oh_span_trim(oh_span_sub(*rest, 0, n));
    *rest = oh_span_sub(*rest, n + 1, rest->len);
    return out->len > 0 ? 0 : -1;
}

static int parse_sent_by(struct oh_span text, struct oh_sip_via *out)
{
    size_t n = text.len > 0 && text.at[0] == '[' ? oh_span_find(text, ']') : 0;
    uint64_t port = 0;

    if (n == text.len)
        return -1;
    struct oh_span rest = oh_span_sub(text, n, text.len);
    size_t colon = n + oh_span_find(rest, ':');
    out->host = oh_span_trim(oh_span_sub(text, 0, colon));
    if (out->host.len == 0)
        return -1;
    if (colon == text.len)
        return 0;
    struct oh_span digits = oh_span_trim(oh_span_sub(text, colon + 1, text.len));
    if (!oh_span_to_u64(digits, &port) || port > UINT16_MAX)
        return -1;
    out->port = (unsigned)port;
    return 0;
}

int oh_sip_via_parse(struct oh_span value, struct oh_sip_via *out)
{
    struct oh_span rest = oh_span_trim(value), name, version;
    size_t semicolon = oh_span_find(rest, ';');

    memset(out, 0, sizeof(*out));
    if (semicolon < rest.len)
        out->params = oh_span_sub(rest, semicolon + 1, rest.len);
    rest = oh_span_sub(rest, 0, semicolon);
    if (cut(&rest, '/', &name) < 0 || cut(&rest, '/', &version) < 0)
        return -1;
    rest = oh_span_trim(rest);
    size_t n = 0;
    while (n < rest.len && !is_blank(rest.at[n]))
        n++;
    out->transport = oh_span_sub(rest, 0, n);
    if (n == 0)
        return -1;
    return parse_sent_by(oh_span_trim(oh_span_sub(rest, n, rest.len)), out);
}

int oh_sip_host_addr(struct oh_span host, unsigned port, struct oh_addr *out, struct oh_error *e)
{
    struct oh_addr addr;
    if (host.len >= 2 && host.at[0] == '[' && host.at[host.len - 1] == ']')
        host = oh_span_sub(host, 1, host.len - 2);
    if (oh_addr_parse(host, &addr, NULL) < 0 || addr.port != 0)
        return oh_error_set(e, "'%.*s' is not a literal IP address", OH_SPAN_FMT(host));
    addr.port = (uint16_t)port;
    *out = addr;
    return 0;
}
