/* Where a response goes and comes from: what the server adds to the topmost Via, and the address it
 * answers from. RFC 3261 18.2.1, RFC 3581 4
 *
 * What counts is the source address as the server saw it. A capture may have been taken before an
 * address was translated, so where that can be, nothing is said. */
#include "judge/rule_help.h"
#include "sip/facts.h"

#include <stdio.h>

struct hop {
    const struct oh_trace_msg *request;
    const struct oh_sip_facts *asked, *told; /* of request and response: the topmost Via */
};

static bool read_hop(const struct oh_rule_view *v, const struct oh_trace_msg *m, struct hop *h)
{
    h->request = oh_rule_msg(v, m->request);
    if (!h->request)
        return false;
    h->asked = oh_sip_msg_facts(h->request->sip);
    h->told = oh_sip_msg_facts(m->sip);
    return h->asked->via.host.at && oh_help_same_token(h->asked->via.host, h->told->via.host) &&
           !h->asked->received.at && !h->asked->maddr.at &&
           oh_help_same_end(m, true, h->request, false) && oh_help_originates(v, m);
}

/* Addresses that are translated on the way to the net: RFC 1918, RFC 6598, RFC 4193, and those of
 * one link. */
static bool is_private(const struct oh_addr *a)
{
    const uint8_t *ip = a->ip;
    if (a->family == OH_FAMILY_IPV6)
        return (ip[0] & 0xfe) == 0xfc || (ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80);
    return ip[0] == 10 || (ip[0] == 172 && (ip[1] & 0xf0) == 16) ||
           (ip[0] == 192 && ip[1] == 168) || (ip[0] == 100 && (ip[1] & 0xc0) == 64) ||
           (ip[0] == 169 && ip[1] == 254);
}

/* The source is a private address and Via says another one: the server may have seen that. It may
 * be private, too: between two such nets addresses are translated as well. */
static bool may_be_translated(const struct oh_rule_view *v, const struct hop *h)
{
    struct oh_addr named;
    return !oh_rule_run(v) && is_private(&h->request->src) &&
           oh_sip_host_addr(h->asked->via.host, h->asked->via.port, &named, NULL) == 0 &&
           !oh_addr_same_ip(&named, &h->request->src);
}

static bool is_from_elsewhere(const struct hop *h)
{
    struct oh_addr named;
    return oh_sip_host_addr(h->asked->via.host, h->asked->via.port, &named, NULL) < 0 ||
           !oh_addr_same_ip(&named, &h->request->src);
}

/* A filled rport without received has a rule of its own. */
static void check_received(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct hop h;
    char wanted[OH_ADDR_TEXT];
    if (!read_hop(v, m, &h) || h.told->received.at || h.told->rport.len > 0 ||
        !is_from_elsewhere(&h))
        return;
    if (may_be_translated(v, &h)) {
        oh_rule_not_checkable(v);
        return;
    }
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "via.received",
                                   .bytes = h.told->top_via,
                                   .expected =
                                       oh_span_of(oh_addr_format_ip(&h.request->src, wanted)),
                                   .text = "Where the Via of a request names a host, or another "
                                           "address than it came from, the server must add that "
                                           "address as received.",
                                   .also = h.request});
}

/* Has the sender of this response shown that it knows rport, by filling it in elsewhere? That it
 * asks for it as a client does not show that. */
static bool knows_rport(const struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    int end = (int)oh_rule_trace(v)->msg_count;
    int from = m->index > OH_HELP_REACH ? m->index - OH_HELP_REACH : 0;
    for (int i = from; i < end && i < m->index + OH_HELP_REACH; i++) {
        const struct oh_trace_msg *other = oh_rule_msg(v, i);
        if (!other->sip->is_request && oh_sip_msg_facts(other->sip)->rport.len > 0 &&
            oh_help_same_end(m, true, other, true))
            return true;
    }
    return false;
}

/* Did the server see the source that is captured here? Over TCP the answer may take another
 * connection than the request did, and which of several copies it is to is not known. */
static bool port_is_known(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                          const struct hop *h)
{
    struct oh_addr told;
    if (m->transport != OH_TRANSPORT_UDP && !oh_addr_equal(&m->dst, &h->request->src))
        return false;
    return oh_rule_run(v) || (oh_sip_host_addr(h->told->received, 0, &told, NULL) == 0 &&
                              oh_addr_same_ip(&told, &h->request->src));
}

static void say_rport(struct oh_rule_view *v, const struct oh_trace_msg *m, const struct hop *h,
                      const char *field, const char *expected, struct oh_span observed)
{
    oh_say_broken(v, m,
                  &(struct oh_say){.field = field,
                                   .bytes = h->told->top_via,
                                   .expected = oh_span_of(expected),
                                   .observed = observed,
                                   .text = "Where the Via of a request has an empty rport, the "
                                           "server must set it to the source port and add the "
                                           "source address as received.",
                                   .also = h->request});
}

/* As it is written without zeros before it. */
static bool tells(struct oh_span text, unsigned port)
{
    uint64_t number;
    bool is_padded = text.len > 1 && text.at[0] == '0';
    return !is_padded && oh_span_to_u64(text, &number) && number == port;
}

static void check_rport(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct hop h;
    char port[16], ip[OH_ADDR_TEXT];
    if (!read_hop(v, m, &h) || !h.asked->rport.at || h.asked->rport.len > 0)
        return;
    struct oh_span filled = h.told->rport;
    struct oh_span received = h.told->received;
    if (filled.len == 0 && !knows_rport(v, m)) {
        oh_rule_not_checkable(v); /* a server of RFC 3261 alone passes over it */
    } else if (filled.len == 0 ||
               (port_is_known(v, m, &h) && !tells(filled, h.request->src.port))) {
        snprintf(port, sizeof port, "%u", h.request->src.port);
        say_rport(v, m, &h, "via.rport", port, filled);
    } else if (!received.at) {
        say_rport(v, m, &h, "via.received", oh_addr_format_ip(&h.request->src, ip), received);
    }
}

/* A copy of the request that came to this address: the capture saw it before and behind a
 * translation. */
static bool came_to(const struct oh_rule_view *v, const struct oh_trace_msg *request,
                    const struct oh_addr *address)
{
    int end = (int)oh_rule_trace(v)->msg_count;
    for (int i = request->index; i < end && i < request->index + OH_HELP_REACH; i++) {
        const struct oh_trace_msg *copy = oh_rule_msg(v, i);
        bool same = i == request->index || copy->repeat_of == request->index ||
                    copy->duplicate_of == request->index;
        if (same && oh_addr_equal(&copy->dst, address))
            return true;
    }
    return false;
}

/* By RFC 3581, which who fills in rport follows. */
static void check_source(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *request = oh_rule_msg(v, m->request);
    char wanted[OH_ADDR_TEXT], observed[OH_ADDR_TEXT];
    if (!request || m->transport != OH_TRANSPORT_UDP || request->transport != OH_TRANSPORT_UDP ||
        oh_addr_equal(&request->dst, &m->src) || oh_sip_msg_facts(m->sip)->rport.len == 0 ||
        came_to(v, request, &m->src) || !oh_help_originates(v, m))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.bytes = m->sip->start_line,
                                   .expected = oh_span_of(oh_addr_format(&request->dst, wanted)),
                                   .observed = oh_span_of(oh_addr_format(&m->src, observed)),
                                   .text = "A response to a request with rport must be sent from "
                                           "the address and port that the request came to.",
                                   .also = request});
}

#define SYMMETRIC(id, clause, meaning, covers, check)                                              \
    {                                                                                              \
        id, OH_LEVEL_MUST, clause, OH_ON_RESPONSE, NULL, meaning, covers, check                    \
    }

static const struct oh_rule rules[] = {
    SYMMETRIC("response.received", "RFC 3261 18.2.1",
              "The server adds the source address where the Via does not name it.",
              "lint.via.received-added", check_received),
    SYMMETRIC("response.rport", "RFC 3581 4",
              "The server fills in an empty rport and adds the source address.",
              "lint.via.rport-filled", check_rport),
    SYMMETRIC("response.source", "RFC 3581 4", "A response leaves from where its request came to.",
              "tr.udp.response-source", check_source),
};

const struct oh_rule_family oh_rules_symmetric = {"symmetric", rules, sizeof rules / sizeof *rules};
