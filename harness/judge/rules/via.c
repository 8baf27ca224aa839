/* The topmost Via of a request: its sender's own. RFC 3261 8.1.1.7, 18.1.1
 *
 * An ACK to a refusal and a CANCEL copy their INVITE's, which the rules on them compare. */
#include "judge/unseen.h"
#include "sip/facts.h"

#include <string.h>

/* How far back a branch is looked for: every request is compared with all these. */
enum { REACH = 512 };

static bool read_via(const struct oh_trace_msg *m, struct oh_span *value, struct oh_sip_via *via)
{
    const struct oh_sip_facts *f = oh_sip_msg_facts(m->sip);
    *value = f->top_via;
    *via = f->via;
    return via->host.at != NULL;
}

static void check_present(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (!oh_sip_msg_facts(m->sip)->top_via.at)
        oh_say_broken(v, m,
                      &(struct oh_say){.field = "via",
                                       .bytes = m->sip->start_line,
                                       .expected = oh_span_of("a Via"),
                                       .text = "Every request must carry a Via."});
}

/* Those that copy their INVITE have rules of their own. */
static void check_single(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (oh_sip_msg_facts(m->sip)->via_count < 2 || oh_help_is_copy(v, m) ||
        !oh_help_originates(v, m))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "via",
                                   .bytes = oh_sip_msg_value(m->sip, OH_SIP_VIA, 1),
                                   .expected = oh_span_of("a single Via"),
                                   .observed = oh_span_of("more than one Via"),
                                   .text = "A new request must carry one Via, its sender's own."});
}

/* "SIP", "2.0" and the transport's name, white space around the slashes let be. */
static bool split_protocol(struct oh_span value, struct oh_span part[3])
{
    for (size_t i = 0; i < 2; i++) {
        size_t slash = oh_span_find(value, '/');
        if (slash == value.len)
            return false;
        part[i] = oh_span_trim(oh_span_sub(value, 0, slash));
        value = oh_span_trim(oh_span_sub(value, slash + 1, value.len));
    }
    size_t len = 0;
    while (len < value.len && !strchr(" \t\r\n", value.at[len]))
        len++;
    part[2] = oh_span_sub(value, 0, len);
    return len > 0;
}

static void check_protocol(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_span value = oh_sip_msg_facts(m->sip)->top_via, part[3];
    if (!value.at || (split_protocol(value, part) && oh_span_is_nocase(part[0], "SIP") &&
                      oh_span_is(part[1], "2.0")))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "via.protocol",
                                   .expected = oh_span_of("SIP/2.0 and a transport"),
                                   .observed = value,
                                   .text = "The Via must begin with the protocol SIP/2.0 and the "
                                           "transport."});
}

/* A foreign capture may hold what was deciphered, as TCP. RFC 7118 for WebSocket */
static bool is_decrypted(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                         struct oh_span named)
{
    return !oh_rule_run(v) && m->transport == OH_TRANSPORT_TCP &&
           (oh_span_is_nocase(named, "TLS") || oh_span_is_nocase(named, "WS") ||
            oh_span_is_nocase(named, "WSS"));
}

static void check_transport(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_span value = oh_sip_msg_facts(m->sip)->top_via, part[3];
    const char *used = oh_transport_name(m->transport);
    if (!value.at || !split_protocol(value, part) || oh_span_is_nocase(part[2], used) ||
        is_decrypted(v, m, part[2]))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "via.transport",
                                   .expected = oh_span_of(used),
                                   .observed = part[2],
                                   .text = "The Via must name the transport that the request is "
                                           "sent over."});
}

static void check_sent_by(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_span value, part[3];
    struct oh_sip_via via;
    if (read_via(m, &value, &via) || !value.at || !split_protocol(value, part))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "via.host",
                                   .expected = oh_span_of("a host, and a port if it is not 5060"),
                                   .observed = value,
                                   .text = "The Via must say by host and port where responses are "
                                           "to be sent."});
}

static void check_branch(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_span value;
    struct oh_sip_via via;
    if (oh_help_is_copy(v, m) || !read_via(m, &value, &via) || oh_help_branch(m->sip).len > 0)
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "via.branch",
                                   .bytes = value,
                                   .expected = oh_span_of("a branch"),
                                   .text = "The Via must carry a branch parameter."});
}

static void check_cookie(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_span branch = oh_help_branch(m->sip);
    bool cookie = branch.len > 7 && oh_span_is_nocase(oh_span_sub(branch, 0, 7), "z9hG4bK");
    if (oh_help_is_copy(v, m) || branch.len == 0 || cookie)
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "via.branch",
                                   .expected = oh_span_of("z9hG4bK and more behind it"),
                                   .observed = branch,
                                   .text = "The branch must begin with z9hG4bK and go on with "
                                           "what makes it unique."});
}

/* Another rule tells these: the repeated request and the one repeated, the ACK to a 2xx and its
 * INVITE. */
static bool told_elsewhere(const struct oh_rule_view *v, const struct oh_trace_msg *m, int other)
{
    const struct oh_trace_msg *final = oh_rule_msg(v, m->answered);
    return m->retry_of == other || (final && final->request == other);
}

/* Of an ACK without its response, or a CANCEL without its INVITE, it is not known whose branch it
 * should have: those are not in the capture. */
static bool may_be_copy(const struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    return oh_help_is_copy(v, m) || oh_help_is_request(m, "CANCEL") ||
           (oh_help_is_request(m, "ACK") && !oh_unseen_acknowledged(v, m));
}

static void check_unique(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_span branch = oh_help_branch(m->sip);
    if (branch.len == 0 || may_be_copy(v, m))
        return;
    for (int i = m->index - 1; i >= 0 && i > m->index - REACH; i--) {
        const struct oh_trace_msg *other = oh_rule_msg(v, i);
        if (!other->sip->is_request || !oh_help_is_first(other) ||
            !oh_help_same_end(m, true, other, true) ||
            !oh_span_equal(branch, oh_help_branch(other->sip)) || may_be_copy(v, other))
            continue;
        if (oh_help_same_request(m->sip, other->sip) || told_elsewhere(v, m, i))
            return;
        oh_say_broken(v, m,
                      &(struct oh_say){.field = "via.branch",
                                       .expected = oh_span_of("a new branch"),
                                       .observed = branch,
                                       .text = "Each request must have a branch of its own; this "
                                               "one was used before.",
                                       .also = other});
        return;
    }
}

/* --- rport, RFC 3581 --- */

static void check_rport(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_span value, rport;
    struct oh_sip_via via;
    if (oh_help_is_copy(v, m) || !read_via(m, &value, &via))
        return;
    rport = oh_sip_msg_facts(m->sip)->rport;
    if (rport.len == 0 || !oh_help_originates(v, m))
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "via.rport",
                                   .expected = oh_span_of("rport without a value"),
                                   .observed = rport,
                                   .text = "The rport of a request must have no value: the server "
                                           "fills it in."});
}

/* A final response that came to where the request came from. */
static bool is_answer_to_source(const struct oh_trace_msg *m, const struct oh_trace_msg *r)
{
    return !r->sip->is_request && r->request == m->index && oh_sip_msg_is_final(r->sip) &&
           r->duplicate_of == OH_NONE && oh_addr_equal(&r->dst, &m->src);
}

/* Sent from another port than Via names, with rport, and again and again although each time a final
 * response came back to that port: it does not listen there. Where an address was translated on
 * the way the response may not have come through. */
static void check_heard(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    enum { ENOUGH = 3 };
    struct oh_span value;
    struct oh_sip_via via;
    struct oh_addr named;
    const struct oh_trace_msg *answer = NULL;
    int unheard = 0, end = (int)oh_rule_trace(v)->msg_count;
    if (m->transport != OH_TRANSPORT_UDP || !read_via(m, &value, &via) ||
        !oh_sip_msg_facts(m->sip)->rport.at ||
        oh_sip_host_addr(via.host, via.port, &named, NULL) < 0 ||
        !oh_addr_same_ip(&named, &m->src) || (via.port ? via.port : 5060) == m->src.port ||
        m->final == OH_NONE || !oh_help_originates(v, m))
        return;
    bool answered = false;
    for (int i = m->final; i < end && i < m->index + OH_HELP_REACH && unheard < ENOUGH; i++) {
        const struct oh_trace_msg *next = oh_rule_msg(v, i);
        if (is_answer_to_source(m, next)) {
            answer = next;
            answered = true;
        } else if (next->repeat_of == m->index && next->duplicate_of == OH_NONE && answered) {
            unheard++;
            answered = false;
        }
    }
    if (unheard < ENOUGH)
        return;
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "via.rport",
                                   .bytes = value,
                                   .expected = oh_span_of("responses taken at the port that it was "
                                                          "sent from"),
                                   .observed = oh_span_of("sent again after each response to that "
                                                          "port"),
                                   .text =
                                       "Who asks by rport for responses to the source port must "
                                       "listen there: send from the port that is listened on.",
                                   .also = answer});
}

#define VIA(id, clause, meaning, covers, check)                                                    \
    {                                                                                              \
        id, OH_LEVEL_MUST, clause, OH_ON_REQUEST, NULL, meaning, covers, check                     \
    }

static const struct oh_rule rules[] = {
    VIA("via.present", "RFC 3261 8.1.1.7", "A request has a Via.",
        "lint.via.present-topmost lint.hdr.request-mandatory", check_present),
    VIA("via.single", "RFC 3261 8.1.1.7", "A new request has one Via.", "lint.via.present-topmost",
        check_single),
    VIA("via.protocol", "RFC 3261 8.1.1.7", "The Via's protocol is SIP/2.0.", "lint.via.protocol",
        check_protocol),
    VIA("via.transport", "RFC 3261 18.1.1", "The Via names the transport that is used.",
        "lint.via.protocol", check_transport),
    VIA("via.sent-by", "RFC 3261 18.1.1", "The Via has a host to send responses to.",
        "lint.via.sent-by-matches", check_sent_by),
    VIA("via.branch-present", "RFC 3261 8.1.1.7", "The Via has a branch.", "lint.via.branch-cookie",
        check_branch),
    VIA("via.cookie", "RFC 3261 8.1.1.7", "The branch begins with z9hG4bK and goes on.",
        "lint.via.branch-cookie", check_cookie),
    VIA("via.branch-unique", "RFC 3261 8.1.1.7", "A branch is used for one request only.",
        "lint.via.branch-unique", check_unique),
    VIA("via.rport", "RFC 3581 3", "The rport of a request has no value.", "lint.via.rport-flag",
        check_rport),
    VIA("via.heard", "RFC 3581 3", "Who asks for responses to the source port takes them there.",
        "tr.nat.symmetric-sig", check_heard),
};

const struct oh_rule_family oh_rules_via = {"via", rules, sizeof rules / sizeof *rules};
