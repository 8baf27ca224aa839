/* Session descriptions by what they say: addresses (RFC 8866 5.2, 5.7), ends of lines and the name
 * of the session (5, 5.3), payload types and their mappings (6.6, 8.2.3, RFC 3551 6), packet times
 * (RFC 3264 5.1), lists of telephone events (RFC 4733 2.4).
 *
 * A value that has no form at all is said with the text of SDP, sdp_syntax.c. */
#include "judge/rule_help.h"
#include "judge/sdp_help.h"

#include <stdlib.h>
#include <string.h>

/* The description; NULL where there is none, or another's. */
static const struct oh_help_description *description(const struct oh_rule_view *v,
                                                     const struct oh_trace_msg *m)
{
    bool own = oh_help_has_sdp(m->sip) && oh_help_originates(v, m);
    return own ? oh_help_description_of(v, m->sip) : NULL;
}

static void say(struct oh_rule_view *v, const struct oh_trace_msg *m, struct oh_span bytes,
                const char *expected, const char *text)
{
    oh_say_broken(v, m,
                  &(struct oh_say){.field = "body",
                                   .bytes = bytes,
                                   .expected = oh_span_of(expected),
                                   .observed = bytes,
                                   .text = text});
}

/* --- ends of lines --- */

static void check_line_ends(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_span body = description(v, m) ? m->sip->body : (struct oh_span){0}, rest = body;
    while (rest.len > 0) {
        size_t end = oh_span_find(rest, '\n');
        bool ends = end > 0 && end < rest.len && rest.at[end - 1] == '\r';
        struct oh_span line = oh_span_sub(rest, 0, end);
        rest = oh_span_sub(rest, end + 1, rest.len);
        if (ends)
            continue;
        say(v, m, line.len ? line : body, "CRLF behind it",
            "Each line of a session description must end in CRLF, the last one too.");
        return;
    }
}

/* Two letters and the end of the line: a single space would do. */
static void check_name(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_span rest = description(v, m) ? m->sip->body : (struct oh_span){0};
    while (rest.len > 0) {
        size_t end = oh_span_find(rest, '\n');
        struct oh_span line = oh_span_sub(rest, 0, end);
        rest = oh_span_sub(rest, end + 1, rest.len);
        if (oh_span_starts_with(line, "m="))
            return;
        if (!oh_span_is(line, "s=\r") && !oh_span_is(line, "s="))
            continue;
        say(v, m, oh_span_sub(line, 0, 2), "s=- or s= and a space",
            "The s= line must not be empty: without a name it is a dash or a space.");
        return;
    }
}

/* --- addresses --- */

/* Nothing but digits and dots: meant as an IPv4 address. */
static bool is_numeric(struct oh_span s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] != '.' && (s.at[i] < '0' || s.at[i] > '9'))
            return false;
    }
    return s.len > 0;
}

static bool is_multicast(const struct oh_addr *a, struct oh_span text)
{
    uint64_t first = 0;
    if (a->family == OH_FAMILY_IPV6)
        return oh_span_is_nocase(oh_span_sub(text, 0, 2), "ff");
    return oh_span_to_u64(oh_span_sub(text, 0, oh_span_find(text, '.')), &first) && first >= 224 &&
           first <= 239;
}

/* What the address should be; NULL: it is. Names are let pass (5.2: FQDN, and 9: extn-addr). */
static const char *address_missed(struct oh_span type, struct oh_span address, bool is_connection)
{
    size_t slash = oh_span_find(address, '/');
    struct oh_span host = oh_span_sub(address, 0, slash);
    struct oh_addr a = {0};
    bool ip4 = oh_span_is_nocase(type, "IP4"), ip6 = oh_span_is_nocase(type, "IP6");
    bool colon = oh_span_find(host, ':') < host.len;
    if (!ip4 && !ip6)
        return NULL;
    if (ip4 ? colon : is_numeric(host))
        return ip4 ? "an address of the type IP4" : "an address of the type IP6";
    if (!colon && !is_numeric(host))
        return NULL;
    if (oh_span_starts_with(host, "[") || oh_addr_parse(host, &a, NULL) < 0)
        return "an IP address";
    if (!is_connection)
        return NULL;
    if (slash < address.len && !is_multicast(&a, host))
        return "no '/' behind a unicast address";
    return ip4 && slash == address.len && is_multicast(&a, host) ? "a TTL behind the address"
                                                                 : NULL;
}

static void check_address(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_help_description *d = description(v, m);
    struct oh_help_walk walk;
    struct oh_span line, words[6], left;
    if (!d)
        return;
    walk = oh_help_lines(d);
    while (oh_help_next(&walk, &line)) {
        bool is_connection = oh_span_starts_with(line, "c=");
        size_t count = 0, wanted = is_connection ? 3 : 6;
        if (!is_connection && !oh_span_starts_with(line, "o="))
            continue;
        left = oh_span_sub(line, 2, line.len);
        while (count < wanted && oh_help_next_word(&left, &words[count]))
            count++;
        if (count < wanted || !oh_span_is_nocase(words[wanted - 3], "IN"))
            continue;
        const char *expected = address_missed(words[wanted - 2], words[wanted - 1], is_connection);
        if (!expected)
            continue;
        say(v, m, words[wanted - 1], expected,
            "The address in o= and c= must be one of the type that stands before it; of c= a "
            "multicast one of IP4 alone has a TTL.");
        return;
    }
}

/* RFC 3264 5: a signed integer of 64 bits. */
static bool fits_63_bits(struct oh_span digits)
{
    uint64_t number = 0;
    return !is_numeric(digits) || oh_span_find(digits, '.') < digits.len ||
           (oh_span_to_u64(digits, &number) && number <= INT64_MAX);
}

static void check_origin_size(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_help_description *d = description(v, m);
    struct oh_span left, word;
    if (!d)
        return;
    left = oh_help_line_of(&d->session, "o=");
    for (int i = 0; i < 3 && oh_help_next_word(&left, &word); i++) {
        if (i == 0 || fits_63_bits(word))
            continue;
        say(v, m, word, "a number below 2 to the power of 63",
            "Session id and version in o= must fit into a signed integer of 64 bits.");
        return;
    }
}

/* --- payload types --- */

enum { TYPES = OH_HELP_TYPES };

/* Walks through the RTP streams of a description that are not refused. */
typedef bool stream_fn(struct oh_rule_view *v, const struct oh_trace_msg *m,
                       const struct oh_help_part *p); /* true: it spoke, and is done */

static void each_stream(struct oh_rule_view *v, const struct oh_trace_msg *m, stream_fn *fn)
{
    const struct oh_help_description *d = description(v, m);
    for (size_t i = 0; d && i < d->count && i < OH_HELP_MEDIA_MAX; i++) {
        const struct oh_help_part *p = &d->media[i];
        if (oh_help_is_rtp(p) && !oh_span_is(p->port, "0") && fn(v, m, p))
            return;
    }
}

static bool wrong_format(struct oh_rule_view *v, const struct oh_trace_msg *m,
                         const struct oh_help_part *p)
{
    struct oh_span left = p->formats, word;
    uint64_t type;
    while (oh_help_next_word(&left, &word)) {
        if (oh_help_is_type(word, &type) || oh_help_token_len(word) < word.len)
            continue; /* what is no token has no form: that is said with the text */
        say(v, m, word, "a payload type, 0 to 127",
            "The formats of an RTP stream must be payload type numbers from 0 to 127.");
        return true;
    }
    return false;
}

static void check_formats(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    each_stream(v, m, wrong_format);
}

static bool mapped_twice(struct oh_rule_view *v, const struct oh_trace_msg *m,
                         const struct oh_help_part *p)
{
    bool seen[TYPES] = {false};
    const struct oh_help_types *types = oh_help_types_of(v, p);
    struct oh_span rest = types->beyond;
    struct oh_help_mapping map;
    size_t n = 0;
    uint64_t type;
    while (oh_help_next_mapping(types, &n, &rest, &map)) {
        if (!oh_help_is_type(map.number, &type))
            continue;
        if (seen[type]) {
            say(v, m, map.line, "one a=rtpmap for each payload type",
                "A payload type must not be mapped a second time within a stream.");
            return true;
        }
        seen[type] = true;
    }
    return false;
}

static void check_mapped_once(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    each_stream(v, m, mapped_twice);
}

static bool unmapped(struct oh_rule_view *v, const struct oh_trace_msg *m,
                     const struct oh_help_part *p)
{
    struct oh_span left = p->formats, word;
    const struct oh_help_types *types = oh_help_types_of(v, p);
    uint64_t type;
    while (oh_help_next_word(&left, &word)) {
        if (!oh_help_is_type(word, &type) || type < 96 || types->mapped[type].at)
            continue;
        say(v, m, word, "an a=rtpmap line for it",
            "A description must have an rtpmap attribute for each dynamic payload type.");
        return true;
    }
    return false;
}

/* What an answer must have is said with answers. */
static void check_mapped(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    if (!oh_help_has_sdp(m->sip) || !oh_help_originates(v, m) || oh_help_offer_of(v, m))
        return;
    each_stream(v, m, unmapped);
}

static bool mapped_unlisted(struct oh_rule_view *v, const struct oh_trace_msg *m,
                            const struct oh_help_part *p)
{
    const struct oh_help_types *types = oh_help_types_of(v, p);
    struct oh_span rest = types->beyond;
    struct oh_help_mapping map;
    size_t n = 0;
    uint64_t type;
    while (oh_help_next_mapping(types, &n, &rest, &map)) {
        if (oh_help_is_type(map.number, &type) && types->listed[type])
            continue;
        say(v, m, map.line, "a payload type that the m= line lists",
            "An rtpmap should be for a payload type that its m= line lists.");
        return true;
    }
    return false;
}

static void check_mapped_listed(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    each_stream(v, m, mapped_unlisted);
}

/* RFC 8866 5.14: without a=rtcp the ports of RTCP follow from those of RTP. With rtcp-mux there are
 * none of its own, and with ICE they are told otherwise. */
static bool has_odd_port(struct oh_rule_view *v, const struct oh_trace_msg *m,
                         const struct oh_help_part *p)
{
    static const char *const told[] = {"a=rtcp:", "a=rtcp-mux", "a=ice-", "a=candidate:"};
    uint64_t port;
    struct oh_span slash = p->port;
    slash.len = oh_span_find(slash, '/');
    if (!oh_span_to_u64(slash, &port) || port % 2 == 0 || oh_help_line_of(p, "a=bundle-only").at)
        return false;
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        if (oh_help_line_of(p, told[i]).at)
            return false;
    }
    say(v, m, p->port, "an even port, or a=rtcp with that of RTCP",
        "With an odd port for RTP a description must say in a=rtcp which one RTCP has.");
    return true;
}

/* An answer to OPTIONS tells of abilities, and of no stream. RFC 3261 11.2, RFC 3264 9 */
static bool tells_abilities(const struct oh_trace_msg *m)
{
    return !m->sip->is_request && oh_sip_msg_is_method(m->sip, "OPTIONS");
}

static void check_port(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_help_description *d = tells_abilities(m) ? NULL : description(v, m);
    if (d && !oh_help_line_of(&d->session, "a=ice-").at &&
        !oh_help_line_of(&d->session, "a=rtcp").at)
        each_stream(v, m, has_odd_port);
}

static void check_abilities(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_help_description *d = tells_abilities(m) ? description(v, m) : NULL;
    for (size_t i = 0; d && i < d->count && i < OH_HELP_MEDIA_MAX; i++) {
        uint64_t port;
        if (!oh_span_to_u64(d->media[i].port, &port) || port == 0)
            continue;
        say(v, m, d->media[i].port, "0",
            "A description that tells abilities, in an answer to OPTIONS, must have the port 0.");
        return;
    }
}

/* --- encodings --- */

/* RFC 3551 4.5, table 1 and 6. Those with a clock of free choice are not here. */
static const struct clock {
    const char *name, *clock;
    size_t len; /* of the name */
} clocks[] = {{"G722", "8000", 4},  {"G723", "8000", 4},    {"G728", "8000", 4},
              {"G729", "8000", 4},  {"G729D", "8000", 5},   {"G729E", "8000", 5},
              {"GSM", "8000", 3},   {"GSM-EFR", "8000", 7}, {"LPC", "8000", 3},
              {"QCELP", "8000", 5}, {"G726-16", "8000", 7}, {"G726-24", "8000", 7},
              {"MPA", "90000", 3},  {"G726-32", "8000", 7}, {"G726-40", "8000", 7},
              {"H261", "90000", 4}};

static bool has_wrong_clock(struct oh_rule_view *v, const struct oh_trace_msg *m,
                            const struct oh_help_part *p)
{
    const struct oh_help_types *types = oh_help_types_of(v, p);
    struct oh_span rest = types->beyond;
    struct oh_help_mapping map;
    size_t n = 0;
    while (oh_help_next_mapping(types, &n, &rest, &map)) {
        for (size_t i = 0; map.clock.len > 0 && i < sizeof clocks / sizeof *clocks; i++) {
            const struct clock *c = &clocks[i];
            if (map.name.len != c->len || (map.name.at[0] | 0x20) != (c->name[0] | 0x20) ||
                !oh_span_is_nocase(map.name, c->name) || oh_span_is(map.clock, c->clock))
                continue;
            char *expected = oh_format("%s/%s", c->name, c->clock);
            say(v, m, map.line, expected,
                "An rtpmap must give the clock rate that its encoding has.");
            free(expected);
            return true;
        }
    }
    return false;
}

static void check_clock(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    each_stream(v, m, has_wrong_clock);
}

/* RFC 3551 3: a static number may be bound anew, but those from 96 to 127 should be used first. */
static bool bound_anew(struct oh_rule_view *v, const struct oh_trace_msg *m,
                       const struct oh_help_part *p)
{
    const struct oh_help_types *types = oh_help_types_of(v, p);
    struct oh_span rest = types->beyond;
    struct oh_help_mapping map;
    size_t n = 0;
    while (oh_help_next_mapping(types, &n, &rest, &map)) {
        uint64_t type;
        struct oh_span known = oh_help_is_type(map.number, &type) ? oh_help_static_encoding(type)
                                                                  : (struct oh_span){0};
        struct oh_span name = oh_span_sub(known, 0, oh_span_find(known, '/'));
        if (!known.at || !map.clock.len || oh_span_equal_nocase(name, map.name))
            continue;
        say(v, m, map.line, known.at,
            "A static payload type should keep its meaning: another encoding should have a number "
            "from 96 to 127.");
        return true;
    }
    return false;
}

static void check_static(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    each_stream(v, m, bound_anew);
}

/* --- packet times --- */

/* "20", "2.5": above zero. */
static bool is_time(struct oh_span s)
{
    bool above = false;
    for (size_t i = 0; i < s.len; i++)
        above = above || (s.at[i] >= '1' && s.at[i] <= '9');
    return above && is_numeric(s) && s.at[0] != '.' &&
           oh_span_find(oh_span_sub(s, oh_span_find(s, '.') + 1, s.len), '.') >=
               oh_span_sub(s, oh_span_find(s, '.') + 1, s.len).len;
}

static void check_packet_time(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    static const char *const begins[] = {"a=ptime:", "a=maxptime:"};
    const struct oh_help_description *d = description(v, m);
    struct oh_help_walk walk;
    struct oh_span line;
    if (!d)
        return;
    walk = oh_help_lines(d);
    while (oh_help_next(&walk, &line)) {
        bool may_be = oh_span_starts_with(line, "a=p") || oh_span_starts_with(line, "a=m");
        for (size_t i = 0; may_be && i < 2; i++) {
            if (!oh_span_starts_with(line, begins[i]) ||
                line.len == strlen(begins[i]) || /* the form says that */
                is_time(oh_span_trim(oh_span_sub(line, strlen(begins[i]), line.len))))
                continue;
            say(v, m, line, "milliseconds above zero",
                "A packet time must be a number of milliseconds above zero.");
            return;
        }
    }
}

/* --- telephone events --- */

/* RFC 4733 2.4: "0-15,66,70": no white space; a range rises; 0 to 255 (2.3.1). */
static bool is_event_list(struct oh_span s)
{
    while (s.at) {
        size_t comma = oh_span_find(s, ',');
        struct oh_span element = oh_span_sub(s, 0, comma);
        size_t hyphen = oh_span_find(element, '-');
        uint64_t first = 0, last = 0;
        if (!oh_span_to_u64(oh_span_sub(element, 0, hyphen), &first) || first > 255)
            return false;
        if (hyphen < element.len &&
            (!oh_span_to_u64(oh_span_sub(element, hyphen + 1, element.len), &last) ||
             last <= first || last > 255))
            return false;
        if (comma == s.len)
            return true;
        s = oh_span_sub(s, comma + 1, s.len);
    }
    return false;
}

static bool wrong_events(struct oh_rule_view *v, const struct oh_trace_msg *m,
                         const struct oh_help_part *p)
{
    struct oh_span rest, word;
    const struct oh_help_types *types = oh_help_types_of(v, p);
    uint64_t type;
    for (rest = p->rest; rest.len > 0;) {
        struct oh_span line = oh_help_next_line(&rest), left;
        if (!oh_span_starts_with(line, "a=fmtp:"))
            continue;
        left = oh_span_sub(line, strlen("a=fmtp:"), line.len);
        if (!oh_help_next_word(&left, &word) || !oh_help_is_type(word, &type) ||
            !oh_help_is_event(types->mapped[type]))
            continue;
        left = oh_span_trim(left);
        if (is_event_list(left))
            continue;
        say(v, m, line, "numbers and rising ranges from 0 to 255, parted by commas alone",
            "The fmtp of telephone-event must be a list of event numbers such as 0-15,66.");
        return true;
    }
    return false;
}

static void check_event_list(struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    each_stream(v, m, wrong_events);
}

#define SDP(id, level, clause, meaning, covers, check)                                             \
    {                                                                                              \
        id, OH_LEVEL_##level, clause, OH_ON_ANY | OH_WITH_SDP, NULL, meaning, covers, check        \
    }

static const struct oh_rule rules[] = {
    SDP("sdp.line-end", MUST, "RFC 8866 5", "Each line of a session description ends in CRLF.",
        "sdp.crlf", check_line_ends),
    SDP("sdp.name", MUST, "RFC 8866 5.3", "The s= line is not empty.", "sdp.s-nonempty",
        check_name),
    SDP("sdp.address", MUST, "RFC 8866 5.7", "An address in o= and c= is of the type given.",
        "sdp.c-form sdp.o-form", check_address),
    SDP("sdp.origin-size", MUST, "RFC 3264 5",
        "Session id and version fit into a signed integer of 64 bits.", "sdp.o-64bit",
        check_origin_size),
    SDP("sdp.payload-types", MUST, "RFC 8866 8.2.3",
        "The formats of an RTP stream are payload types from 0 to 127.", "sdp.m-fmt-listed",
        check_formats),
    SDP("sdp.mapped", MUST, "RFC 8866 8.2.3", "Each dynamic payload type has an rtpmap.",
        "sdp.rtpmap-dynamic", check_mapped),
    SDP("sdp.mapped-once", MUST, "RFC 8866 6.6", "No payload type is mapped twice within a stream.",
        "sdp.rtpmap-unique", check_mapped_once),
    SDP("sdp.mapped-listed", SHOULD, "RFC 8866 6.6",
        "An rtpmap is for a payload type of its m= line.", "sdp.rtpmap-listed",
        check_mapped_listed),
    SDP("sdp.port", MUST, "RFC 8866 5.14", "The port of RTP is even, or a=rtcp tells that of RTCP.",
        "sdp.m-port-even", check_port),
    SDP("sdp.abilities", MUST, "RFC 3264 9", "In an answer to OPTIONS the port of a stream is 0.",
        "opt.in.sdp", check_abilities),
    SDP("sdp.clock", MUST, "RFC 8866 6.6", "An rtpmap has the clock rate of its encoding.",
        "sdp.rtpmap-form", check_clock),
    SDP("sdp.static", SHOULD, "RFC 3551 3", "A static payload type keeps its encoding.",
        "sdp.m-fmt-listed", check_static),
    SDP("sdp.ptime", MUST, "RFC 3264 5.1", "ptime and maxptime are above zero.", "sdp.ptime",
        check_packet_time),
    SDP("sdp.event-list", MUST, "RFC 4733 2.4", "The fmtp of telephone-event lists events.",
        "sdp.fmtp-telephone-event", check_event_list),
};

const struct oh_rule_family oh_rules_sdp_content = {"sdp-content", rules,
                                                    sizeof rules / sizeof *rules};
