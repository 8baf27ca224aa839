#include "judge/media_help.h"

#include "judge/rule_help.h"

#include <stdlib.h>
#include <string.h>

/* --- reading --- */

static struct oh_addr address_of(const struct oh_help_description *d, const struct oh_help_part *p)
{
    struct oh_addr a = {0};
    struct oh_span c = oh_help_line_of(p, "c="), word = {0};
    uint64_t port = 0;
    if (!c.at)
        c = oh_help_line_of(&d->session, "c=");
    for (int i = 0; i < 3; i++) {
        if (!oh_help_next_word(&c, &word))
            return (struct oh_addr){0};
    }
    if (oh_addr_parse(word, &a, NULL) < 0)
        a = (struct oh_addr){0};
    if (oh_span_to_u64(p->port, &port) && port <= UINT16_MAX)
        a.port = (uint16_t)port;
    return a;
}

/* In one pass: the last direction and any trace of ICE. */
static void read_attributes(const struct oh_help_part *p, struct oh_said *said)
{
    static const struct {
        const char *line;
        bool sends, receives;
    } directions[] = {{"a=sendrecv", true, true},
                      {"a=sendonly", true, false},
                      {"a=recvonly", false, true},
                      {"a=inactive", false, false}};
    struct oh_span rest = p->rest;
    while (rest.len > 0) {
        struct oh_span line = oh_help_next_line(&rest);
        if (!oh_span_starts_with(line, "a="))
            continue;
        said->moves = said->moves || oh_span_starts_with(line, "a=ice-") ||
                      oh_span_starts_with(line, "a=candidate:");
        for (size_t i = 0; i < sizeof directions / sizeof *directions; i++) {
            if (oh_span_is(line, directions[i].line)) {
                said->sends = directions[i].sends;
                said->receives = directions[i].receives;
            }
        }
    }
}

static bool is_in_session(const struct oh_sip_msg *m)
{
    static const char *const methods[] = {"INVITE", "ACK", "PRACK", "UPDATE"};
    struct oh_span method = oh_sip_msg_method(m);
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (oh_span_is(method, methods[i]))
            return m->is_request || m->status < 300; /* RFC 3261 21.4.26: else abilities only */
    }
    return false;
}

static bool is_answer(const struct oh_trace *t, const struct oh_trace_msg *m)
{
    if (m->sip->is_request)
        return oh_sip_msg_is_method(m->sip, "ACK") || oh_sip_msg_is_method(m->sip, "PRACK");
    return m->request != OH_NONE && oh_help_has_sdp(t->msgs[m->request].sip);
}

/* Is it the phone's, and does the phone send or get it? */
static bool is_of(const struct oh_trace_msg *m, const char *seat, bool by_phone)
{
    const char *whose = by_phone ? m->from_seat : m->to_seat;
    return (by_phone ? m->from_phone : m->to_phone) &&
           (!seat || (whose && strcmp(whose, seat) == 0));
}

static bool describes(const struct oh_trace_msg *m, const char *seat, bool by_phone)
{
    return oh_help_is_first(m) && is_of(m, seat, by_phone) && is_in_session(m->sip) &&
           oh_help_has_sdp(m->sip);
}

static struct oh_span call_of(const struct oh_trace_msg *m)
{
    return oh_sip_msg_whole(m->sip, OH_SIP_CALL_ID);
}

/* When both sides know of it: an offer when the next description of the other side has come. */
static int64_t settled_ns(const struct oh_trace *t, const struct oh_said *s, const char *seat)
{
    const struct oh_trace_msg *m = s->msg;
    if (s->is_answer)
        return m->time_ns;
    if (m->sip->is_request && m->final != OH_NONE && t->msgs[m->final].sip->status >= 300)
        return INT64_MAX; /* RFC 3261 14.1: it has changed nothing */
    for (size_t i = (size_t)m->index + 1; i < t->msg_count; i++) {
        const struct oh_trace_msg *r = &t->msgs[i];
        if (i - (size_t)m->index > OH_HELP_REACH)
            break;
        if (describes(r, seat, !s->by_phone) && oh_span_equal(call_of(r), s->call_id))
            return r->time_ns;
    }
    return INT64_MAX;
}

static bool same_side(const struct oh_said *a, const struct oh_said *b)
{
    return a->by_phone == b->by_phone && oh_span_equal(a->call_id, b->call_id) &&
           (a->by_phone || !a->tag.at || !b->tag.at || oh_help_same_token(a->tag, b->tag));
}

static void supersede(struct oh_sessions *all, const struct oh_said *now)
{
    for (size_t i = 0; i < all->count; i++) {
        struct oh_said *before = &all->list[i];
        if (same_side(before, now) && before->until_ns > now->settled_ns)
            before->until_ns = now->settled_ns;
    }
}

static void add_media(struct oh_sessions *all, const struct oh_help_description *d,
                      const struct oh_said *base)
{
    for (size_t i = 0; i < d->count && i < OH_HELP_MEDIA_MAX; i++) {
        static const unsigned char none[16] = {0};
        struct oh_said said = *base;
        if (all->count == OH_SESSIONS_MAX) {
            all->truncated = true;
            return;
        }
        said.place = i;
        said.part = d->media[i];
        said.address = address_of(d, &d->media[i]);
        said.is_unspecified = said.address.family == OH_FAMILY_IPV4 &&
                              memcmp(said.address.ip, none, sizeof none) == 0;
        read_attributes(&said.part, &said);
        oh_grow(&all->list, all->count, &all->room, sizeof *all->list);
        all->list[all->count++] = said;
    }
}

struct oh_sessions *oh_sessions_new(const struct oh_trace *trace, const char *seat)
{
    struct oh_sessions *all = oh_alloc(sizeof *all);
    for (size_t i = 0; i < trace->msg_count; i++) {
        const struct oh_trace_msg *m = &trace->msgs[i];
        struct oh_help_description d;
        struct oh_said base = {.msg = m,
                               .by_phone = describes(m, seat, true),
                               .is_answer = is_answer(trace, m),
                               .call_id = call_of(m),
                               .tag = oh_help_tag(m->sip,
                                                  m->sip->is_request ? OH_SIP_FROM : OH_SIP_TO),
                               .sends = true,
                               .receives = true,
                               .until_ns = INT64_MAX};
        if (!base.by_phone && !describes(m, seat, false))
            continue;
        oh_help_read_description(m->sip, &d);
        read_attributes(&d.session, &base);
        base.settled_ns = settled_ns(trace, &base, seat);
        supersede(all, &base);
        add_media(all, &d, &base);
    }
    return all;
}

void oh_sessions_free(struct oh_sessions *s)
{
    if (s)
        free(s->list);
    free(s);
}

/* --- asking --- */

bool oh_said_names(const struct oh_said *s, const struct oh_addr *a)
{
    return s->address.port == a->port && s->address.port != 0 &&
           (s->is_unspecified || oh_addr_same_ip(&s->address, a));
}

const struct oh_said *oh_sessions_naming(const struct oh_sessions *s, bool by_phone,
                                         const struct oh_addr *a)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct oh_said *said = &s->list[i];
        if (said->by_phone == by_phone && !said->is_unspecified && oh_said_names(said, a))
            return said;
    }
    return NULL;
}

const struct oh_said *oh_sessions_sole(const struct oh_sessions *s, const struct oh_addr *a)
{
    const struct oh_said *sole = oh_sessions_naming(s, false, a);
    for (size_t i = 0; sole && i < s->count; i++) {
        const struct oh_said *said = &s->list[i];
        if (!said->by_phone && oh_said_names(said, a) &&
            (said->place != sole->place || !oh_span_equal(said->call_id, sole->call_id)))
            return NULL;
    }
    return s->truncated ? NULL : sole;
}

static bool is_asked(const struct oh_said *s, const struct oh_said_question *q)
{
    if (s->by_phone != q->by_phone)
        return false;
    return q->address ? oh_said_names(s, q->address)
                      : s->place == q->place && oh_span_equal(s->call_id, q->call_id);
}

const struct oh_said *oh_sessions_forbidding(const struct oh_sessions *s,
                                             const struct oh_said_question *q, int64_t time_ns)
{
    const struct oh_said *latest = NULL;
    int64_t since_ns = time_ns - q->grace_ns;
    for (size_t i = 0; i < s->count; i++) {
        const struct oh_said *said = &s->list[i];
        if (!is_asked(said, q) || said->msg->time_ns > time_ns || since_ns > said->until_ns)
            continue;
        if (q->fits(said, q->payload_type))
            return NULL;
        if (since_ns > said->msg->time_ns)
            latest = said;
    }
    return latest;
}

/* A run has no pause: it is asked where it begins, where it ends, and just after each change. */
bool oh_sessions_break(const struct oh_sessions *s, const struct oh_said_question *q,
                       const struct oh_stream_run *run, int64_t *time_ns, const struct oh_said **by)
{
    int64_t first = INT64_MAX;
    for (size_t i = 0; i < s->count; i++) {
        const int64_t changes[] = {s->list[i].msg->time_ns, s->list[i].until_ns};
        for (size_t k = 0; k < 2; k++) {
            if (changes[k] > run->last_ns - q->grace_ns - 1)
                continue;
            int64_t at = changes[k] + q->grace_ns + 1;
            if (at > run->first_ns && at < first && oh_sessions_forbidding(s, q, at))
                first = at;
        }
    }
    if (oh_sessions_forbidding(s, q, run->first_ns))
        first = run->first_ns;
    else if (first == INT64_MAX && oh_sessions_forbidding(s, q, run->last_ns))
        first = run->last_ns;
    if (first == INT64_MAX)
        return false;
    *time_ns = first;
    *by = oh_sessions_forbidding(s, q, first);
    return true;
}

struct oh_meaning oh_sessions_meaning(const struct oh_sessions *s, const struct oh_addr *dst,
                                      unsigned payload_type, int64_t time_ns)
{
    struct oh_meaning meaning = {.said = NULL};
    struct oh_help_types types;
    for (size_t i = 0; i < s->count; i++) {
        const struct oh_said *said = &s->list[i];
        if (said->by_phone || !oh_said_names(said, dst) ||
            (meaning.said && said->msg->time_ns > time_ns))
            continue;
        oh_help_read_types(&said->part, &types);
        meaning.said = said;
        if (!types.listed[payload_type])
            continue;
        meaning.encoding = oh_help_encoding_of(&types, payload_type);
        meaning.fmtp = types.fmtp[payload_type];
    }
    struct oh_span clock = meaning.encoding;
    clock = oh_span_sub(clock, oh_span_find(clock, '/') + 1, clock.len);
    if (!oh_span_to_u64(oh_span_sub(clock, 0, oh_span_find(clock, '/')), &meaning.clock_hz))
        meaning.clock_hz = 0;
    meaning.is_audio = meaning.said && oh_span_is_nocase(meaning.said->part.kind, "audio");
    meaning.is_event = oh_help_is_event(meaning.encoding);
    return meaning;
}
