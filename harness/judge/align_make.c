/* From an alignment to a recording as a run would have left it, and to its verdict. */
#include "judge/align_private.h"
#include "sip/digest.h"

#include <stdlib.h>
#include <string.h>

#define TAKEN_MESSAGES 5000 /* of the flow's calls; what comes behind them is left out */
#define MOST_CONTACTS  16   /* of a redirection */
#define CALL_REACH     2000 /* messages to either side within which a call shows that it is another */

/* All that is made of one alignment. */
struct making {
    const struct oh_align_source *source;
    const struct oh_scenario *scenario;
    const char *phone; /* its party */
    struct oh_trace *trace;
    const struct oh_endpoint **peers; /* by message of the trace, before it is linked */
    struct oh_run *run;
    const struct oh_endpoint **seats; /* by party; NULL: nobody yet */
    int begin;
    bool left_out;
};

/* --- the messages of the flow's calls --- */

/* Does anyone else use this Call-ID, or does the phone begin something by it? */
static bool is_of_another_call(const struct oh_trace *t, const struct oh_trace_msg *m)
{
    struct oh_span id = oh_field_text(m->sip, "call-id");
    size_t from = m->index > CALL_REACH ? (size_t)m->index - CALL_REACH : 0;
    size_t to = (size_t)m->index + CALL_REACH;
    for (size_t i = from; i < to && i < t->msg_count; i++) {
        const struct oh_trace_msg *b = &t->msgs[i];
        bool begins = b->sip->is_request && !oh_field_text(b->sip, "to.tag").at;
        if ((begins || !b->from_phone) && oh_span_equal(oh_field_text(b->sip, "call-id"), id))
            return true;
    }
    return false;
}

/* A message of the phone in the flow's calls whose Call-ID is wrong: its own tag is unique (RFC
 * 3261 19.3), and no other call has that Call-ID. */
static bool is_astray(const struct oh_trace *t, const struct oh_align_walk *first,
                      const struct oh_trace_msg *m)
{
    return m->from_phone && oh_align_is_of_flow(first, m) && !is_of_another_call(t, m);
}

static bool is_taken(const struct oh_trace *t, const struct oh_align_walk *first,
                     const struct oh_trace_msg *m)
{
    struct oh_span id = oh_field_text(m->sip, "call-id");
    for (size_t i = 0; id.at && i < first->step_msg_count; i++) {
        const struct oh_sip_msg *of = t->msgs[first->step_msgs[i]].sip;
        if (oh_span_equal(oh_field_text(of, "call-id"), id))
            return true;
    }
    return first->step_of[m->index] != OH_NONE || m->index == first->begin ||
           (id.at && oh_span_equal(oh_field_text(t->msgs[first->begin].sip, "call-id"), id)) ||
           is_astray(t, first, m);
}

static void add_message(struct making *k, const struct oh_trace_msg *m)
{
    struct oh_trace *t = k->trace;
    oh_grow(&t->msgs, t->msg_count, &t->msg_room, sizeof *t->msgs);
    struct oh_trace_msg *to = &t->msgs[t->msg_count];
    *to = oh_trace_msg_of(m->frame, m->time_ns, &m->src, &m->dst, m->transport, m->sip);
    to->from_seat = m->from_phone ? k->source->phone->name : m->from_seat; /* as linked by */
    to->to_seat = m->to_seat;
    to->from_phone = m->from_phone;
    to->to_phone = m->to_phone;
    to->index = (int)t->msg_count++;
    if (m->duplicate_of == OH_NONE) {
        const struct oh_addr *local = m->from_phone ? &m->dst : &m->src;
        to->tap = oh_run_tap(k->run, m->time_ns, "", !m->from_phone, local,
                             m->from_phone ? &m->src : &m->dst, m->sip->bytes);
        k->run->tap[to->tap].transport = m->transport;
    }
}

static void take_messages(struct making *k, const struct oh_align_walk *first)
{
    const struct oh_trace *whole = k->source->whole;
    size_t room = whole->msg_count < TAKEN_MESSAGES ? whole->msg_count : TAKEN_MESSAGES;
    k->peers = oh_alloc((room + 1) * sizeof *k->peers);
    k->trace->borrows_messages = true;
    for (size_t i = 0; i < whole->msg_count; i++) {
        const struct oh_trace_msg *m = &whole->msgs[i];
        if (!is_taken(whole, first, m))
            continue;
        if (k->trace->msg_count == room) {
            k->left_out = true;
            break;
        }
        if (m->index == first->begin)
            k->begin = (int)k->trace->msg_count;
        k->peers[k->trace->msg_count] = k->source->peers[i];
        add_message(k, m);
    }
}

/* --- their media --- */

#define NAMED 64 /* addresses for audio, in all descriptions of a flow */

static bool is_among(const struct oh_addr *all, size_t count, const struct oh_addr *a)
{
    for (size_t i = 0; i < count; i++) {
        if (oh_addr_equal(&all[i], a))
            return true;
    }
    return false;
}

/* Where a description has its audio go to. */
static bool audio_of(const struct oh_sip_msg *m, struct oh_addr *out)
{
    uint64_t port;
    struct oh_error e = {0};
    struct oh_span host = oh_field_text(m, "sdp.audio.connection");
    if (!oh_field_number(m, "sdp.audio.port", &port) || port == 0 || port > UINT16_MAX ||
        !host.at || oh_addr_parse(host, out, &e) != 0)
        return false;
    out->port = (uint16_t)port;
    return true;
}

static void take_media(struct making *k)
{
    struct oh_addr named[NAMED];
    size_t count = 0;
    for (size_t i = 0; i < k->trace->msg_count && count < NAMED; i++) {
        if (audio_of(k->trace->msgs[i].sip, &named[count]) &&
            !is_among(named, count, &named[count]))
            count++;
    }
    for (size_t i = 0; i < k->source->rtp_count; i++) {
        const struct oh_trace_rtp *r = &k->source->rtp[i];
        if (!is_among(named, count, &r->dst))
            continue;
        oh_grow(&k->trace->rtp, k->trace->rtp_count, &k->trace->rtp_room, sizeof *k->trace->rtp);
        k->trace->rtp[k->trace->rtp_count++] = *r;
    }
}

/* --- names --- */

static void add_name(struct making *k, const char *party, const char *attribute,
                     struct oh_span value)
{
    char *name = oh_format("%s.%s", party, attribute), *text = oh_span_dup(value);
    if (value.len > 0 && !oh_run_name_value(k->run, name))
        oh_run_add_name(k->run, name, text);
    free(name);
    free(text);
}

static void add_number(struct making *k, const char *party, struct oh_span number)
{
    add_name(k, party, "number", number);
    add_name(k, party, "user", number);
}

/* The only peer; NULL: there are several, or none. */
static const char *only_peer(const struct oh_scenario *s)
{
    const char *peer = NULL;
    for (size_t i = 0; i < s->party_count; i++) {
        if (s->parties[i].role != OH_ROLE_PEER)
            continue;
        if (peer)
            return NULL;
        peer = s->parties[i].name;
    }
    return peer;
}

/* Whom the phone's user called with this INVITE; NULL. */
static const char *dialled(const struct oh_scenario *s, int step)
{
    for (int i = step - 1; i >= 0; i--) {
        if (s->steps[i].kind == OH_STEP_ACTION && s->steps[i].verb == OH_VERB_DIAL)
            return s->steps[i].to;
    }
    return NULL;
}

static struct oh_span realm_in(const struct oh_sip_msg *m)
{
    static const enum oh_sip_header_id ids[] = {OH_SIP_PROXY_AUTHENTICATE, OH_SIP_WWW_AUTHENTICATE};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        const struct oh_sip_header *h = oh_sip_msg_header(m, ids[i], 0);
        struct oh_digest d;
        if (h && oh_digest_parse(h->value, &d) == 0)
            return d.realm;
    }
    return (struct oh_span){0};
}

/* RFC 3261 20.10: in thousandths; 1 where it says none. */
static unsigned preference_of(const struct oh_sip_msg *m, size_t nth)
{
    char *path = oh_format("contact[%zu].q", nth + 1);
    struct oh_span q = oh_field_text(m, path);
    unsigned value = q.at && q.len > 0 && q.at[0] == '0' ? 0 : 1000, weight = 100;
    for (size_t i = 2; value < 1000 && i < q.len && q.at[i] >= '0' && q.at[i] <= '9'; i++) {
        value += weight * (unsigned)(q.at[i] - '0');
        weight /= 10;
    }
    free(path);
    return value;
}

/* The contacts of a redirect server stand for its parties, in order of preference. */
static void redirected(struct making *k, const struct oh_party *server, const struct oh_sip_msg *m)
{
    bool taken[MOST_CONTACTS] = {false};
    for (size_t i = 0; i < server->contact_count && i < MOST_CONTACTS; i++) {
        size_t best = 0;
        bool found = false;
        for (size_t n = 0; n < server->contact_count && n < MOST_CONTACTS; n++) {
            if (taken[n] || (found && preference_of(m, n) <= preference_of(m, best)))
                continue;
            best = n;
            found = true;
        }
        taken[best] = true;
        char *path = oh_format("contact[%zu].uri", best + 1);
        if (oh_scenario_party(k->scenario, server->contacts[i]))
            add_name(k, server->contacts[i], "contact", oh_field_text(m, path));
        free(path);
    }
}

static void names_in(struct making *k, const struct oh_trace_msg *m, int step)
{
    const struct oh_scenario *s = k->scenario;
    const char *peer = only_peer(s), *called = dialled(s, step);
    bool invite = oh_sip_msg_is_method(m->sip, "INVITE") && !oh_field_text(m->sip, "to.tag").at;
    if (m->from_phone && invite && called)
        add_number(k, called, oh_field_text(m->sip, "request-uri.user"));
    if (m->from_phone)
        return;
    if (invite) {
        add_number(k, k->phone, oh_field_text(m->sip, "to.user"));
        if (peer)
            add_number(k, peer, oh_field_text(m->sip, "from.user"));
    }
    if (peer && oh_span_is(oh_sip_msg_method(m->sip), "INVITE"))
        add_name(k, peer, "contact", oh_field_text(m->sip, "contact.uri"));
    add_name(k, s->steps[step].from, "realm", realm_in(m->sip));
    const struct oh_party *from = oh_scenario_party(s, s->steps[step].from);
    if (from && from->role == OH_ROLE_REDIRECT && m->sip->status / 100 == 3)
        redirected(k, from, m->sip);
}

/* --- who is who --- */

static const char *phone_of(const struct oh_scenario *s)
{
    for (size_t i = 0; i < s->party_count; i++) {
        if (s->parties[i].role == OH_ROLE_PHONE)
            return s->parties[i].name;
    }
    return "";
}

static int party_index(const struct oh_scenario *s, const char *name)
{
    for (size_t i = 0; name && i < s->party_count; i++) {
        if (strcmp(s->parties[i].name, name) == 0)
            return (int)i;
    }
    return OH_NONE;
}

static void seat_peer(struct making *k, const struct oh_trace_msg *m, int step,
                      const struct oh_endpoint *peer)
{
    const struct oh_step *at = &k->scenario->steps[step];
    int party = party_index(k->scenario, m->from_phone ? at->to : at->from);
    if (party != OH_NONE && !k->seats[party])
        k->seats[party] = peer;
}

/* Where the phone was told to send audio to. */
static struct oh_addr told_audio(const struct making *k)
{
    struct oh_addr a;
    for (size_t i = 0; i < k->trace->msg_count; i++) {
        const struct oh_trace_msg *m = &k->trace->msgs[i];
        if (!m->from_phone && audio_of(m->sip, &a))
            return a;
    }
    return (struct oh_addr){0};
}

static void add_seats(struct making *k)
{
    const struct oh_scenario *s = k->scenario;
    struct oh_addr audio = told_audio(k), none = {0};
    const char *peer = only_peer(s);
    for (size_t i = 0; i < s->party_count; i++) {
        const struct oh_party *p = &s->parties[i];
        bool is_phone = p->role == OH_ROLE_PHONE;
        const struct oh_endpoint *at = is_phone ? k->source->phone : k->seats[i];
        char host[OH_ADDR_TEXT];
        bool has_audio = peer && strcmp(peer, p->name) == 0;
        oh_run_add_seat(k->run, p->name, oh_role_name(p->role), is_phone, at ? &at->addr : &none,
                        has_audio ? &audio : &none);
        if (!at || is_phone)
            continue;
        add_name(k, p->name, "address", oh_span_of(at->name));
        add_name(k, p->name, "host", oh_span_of(oh_addr_format_host(&at->addr, host)));
    }
}

/* Names of the parties in place of those of addresses. What reached a step came to its party. */
static void put_seats(struct making *k, const struct oh_align_walk *w)
{
    const struct oh_scenario *s = k->scenario;
    for (size_t i = 0; i < k->trace->msg_count; i++) {
        struct oh_trace_msg *m = &k->trace->msgs[i];
        int step = w->step_of[i];
        const char **other = m->from_phone ? &m->to_seat : &m->from_seat;
        const char *address = *other;
        *(m->from_phone ? &m->from_seat : &m->to_seat) = k->phone;
        *other = step == OH_NONE ? NULL : m->from_phone ? s->steps[step].to : s->steps[step].from;
        for (size_t p = 0; !*other && p < s->party_count; p++) {
            if (k->seats[p] && k->seats[p]->name == address)
                *other = s->parties[p].name;
        }
        if (!*other)
            *other = address;
    }
}

/* --- accounts --- */

static bool is_known(const struct oh_align_options *o, struct oh_span username)
{
    for (size_t i = 0; i < o->secret_count; i++) {
        if (oh_span_is(username, o->secrets[i].username))
            return true;
    }
    return false;
}

/* The matcher takes the accounts of a run for all that there are: so either each user name that the
 * phone names is known, or none. */
static void add_accounts(struct making *k)
{
    static const enum oh_sip_header_id ids[] = {OH_SIP_PROXY_AUTHORIZATION, OH_SIP_AUTHORIZATION};
    const struct oh_align_options *o = k->source->options;
    for (size_t i = 0; i < k->trace->msg_count; i++) {
        const struct oh_trace_msg *m = &k->trace->msgs[i];
        for (size_t h = 0; m->from_phone && h < sizeof ids / sizeof *ids; h++) {
            const struct oh_sip_header *header;
            for (size_t n = 0; (header = oh_sip_msg_header(m->sip, ids[h], n)) != NULL; n++) {
                struct oh_digest d;
                if (oh_digest_parse(header->value, &d) != 0 || !is_known(o, d.username))
                    return;
            }
        }
    }
    for (size_t i = 0; i < o->secret_count; i++)
        oh_run_add_secret(k->run, k->phone, o->secrets[i].username, o->secrets[i].password);
}

/* --- the recording --- */

static void begin_making(struct making *k, const struct oh_align_source *source)
{
    *k = (struct making){.source = source, .scenario = source->options->scenario};
    k->phone = phone_of(k->scenario);
    k->trace = oh_trace_new();
    k->run = oh_run_new(k->scenario);
    k->run->foreign = true;
    k->run->evidence = OH_EVIDENCE_CAPTURE;
    k->run->capture.complete = !source->lost;
    k->run->capture.received = k->trace->frames = source->frames;
    k->run->capture.dropped = source->lost;
    k->run->outcome = OH_OUTCOME_STUCK;
    k->run->outcome_step = OH_NONE;
    k->run->ended_wall_ns = source->until_ns;
    k->seats = oh_alloc((k->scenario->party_count + 1) * sizeof *k->seats);
}

static void add_phone(struct making *k)
{
    struct oh_run *run = k->run;
    const struct oh_endpoint *e = k->source->phone;
    oh_grow(&run->phones, run->phone_count, &run->phone_room, sizeof *run->phones);
    run->phones[run->phone_count++] = (struct oh_run_phone){
        .seat = oh_strdup(k->phone),
        .adapter = oh_strdup("capture"),
        .name = oh_strdup(e->user_agent ? e->user_agent : e->name),
        .user_agent = oh_strdup(e->user_agent),
        .profile = oh_strdup(k->source->options->profile),
        .transport = k->trace->msg_count ? k->trace->msgs[0].transport : OH_TRANSPORT_UDP,
    };
}

static bool begins_within(const struct oh_trace *t)
{
    for (size_t i = 0; i < t->msg_count; i++) {
        const struct oh_sip_msg *m = t->msgs[i].sip;
        struct oh_span id = oh_field_text(m, "call-id");
        bool first = true;
        for (size_t n = 0; first && n < i; n++)
            first = !oh_span_equal(oh_field_text(t->msgs[n].sip, "call-id"), id);
        if (first && (!m->is_request || oh_field_text(m, "to.tag").at ||
                      oh_span_is(m->method, "ACK") || oh_span_is(m->method, "CANCEL")))
            return true;
    }
    return false;
}

static bool is_one_sided(const struct oh_trace *t)
{
    bool sent = false, got = false;
    for (size_t i = 0; i < t->msg_count; i++) {
        sent |= t->msgs[i].from_phone;
        got |= t->msgs[i].to_phone;
    }
    return !(sent && got);
}

static void finish(struct making *k, struct oh_aligned *to)
{
    const struct oh_align_options *o = k->source->options;
    struct oh_judge_options options = {.strict = o->strict};
    add_phone(k);
    to->recording = oh_alloc(sizeof *to->recording);
    *to->recording = (struct oh_recording){.run = k->run,
                                           .trace = k->trace,
                                           .scenario = (struct oh_scenario *)o->scenario,
                                           .until_ns = k->source->until_ns,
                                           .begins_within = begins_within(k->trace),
                                           .one_sided = is_one_sided(k->trace),
                                           .secrets = o->secrets,
                                           .secret_count = o->secret_count,
                                           .profile = o->profile};
    to->verdict = oh_judge(to->recording, &options);
    to->phone = k->source->phone;
    free(k->peers);
    free(k->seats);
}

static void write_end(struct making *k, struct oh_align_walk *w, struct oh_aligned *to)
{
    struct oh_run *run = k->run;
    const struct oh_trace_msg *begin = &k->trace->msgs[w->begin];
    const struct oh_trace_msg *last = w->last == OH_NONE ? begin : &k->trace->msgs[w->last];
    size_t end = (size_t)w->end;
    while (end < k->trace->msg_count && k->trace->msgs[end].tap == OH_NONE)
        end++;
    bool behind = end < k->trace->msg_count;
    int id = oh_run_journal(run, OH_JOURNAL_FLOW_ENDS,
                            behind ? k->trace->msgs[end].time_ns : k->source->until_ns, OH_NONE,
                            OH_NONE, NULL, NULL);
    run->journal[id].tap_before = behind ? k->trace->msgs[end].tap : (int)run->tap_count;
    run->started_wall_ns = begin->time_ns;
    run->outcome = w->complete ? OH_OUTCOME_COMPLETE : OH_OUTCOME_STUCK;
    run->outcome_step = w->stopped < (int)k->scenario->step_count ? w->stopped : OH_NONE;
    run->outcome_text = oh_strdup(w->why);
    oh_run_journal(run, OH_JOURNAL_NOTE, begin->time_ns, OH_NONE, OH_NONE, NULL,
                   "the flow stands in frames %u to %u", begin->frame, last->frame);
    to->first_frame = begin->frame;
    to->last_frame = last->frame;
    to->steps = w->reached;
}

void oh_align_judge(const struct oh_align_source *source, const struct oh_align_walk *first,
                    struct oh_aligned *to)
{
    struct making k;
    begin_making(&k, source);
    take_messages(&k, first);
    take_media(&k);
    for (size_t i = 0, n = 0; i < source->whole->msg_count && n < k.trace->msg_count; i++) {
        const struct oh_trace_msg *m = &source->whole->msgs[i];
        if (m->sip != k.trace->msgs[n].sip)
            continue;
        if (first->step_of[i] != OH_NONE) {
            seat_peer(&k, m, first->step_of[i], k.peers[n]);
            names_in(&k, m, first->step_of[i]);
        }
        n++;
    }
    add_seats(&k);
    add_accounts(&k);
    oh_trace_link(k.trace);
    for (size_t i = 0; i < k.trace->msg_count; i++) {
        if (k.trace->msgs[i].from_phone)
            k.trace->msgs[i].from_seat = k.phone;
    }
    struct oh_align_walk w = {.scenario = k.scenario,
                              .trace = k.trace,
                              .run = k.run,
                              .begin = k.begin,
                              .until_ns = source->until_ns,
                              .alone = true};
    oh_align_walk(&w);
    put_seats(&k, &w);
    write_end(&k, &w, to);
    to->is_off = !w.complete && w.end < (int)k.trace->msg_count;
    finish(&k, to);
    free(w.step_of);
    free(w.step_msgs);
    free(w.why);
}

void oh_align_judge_absent(const struct oh_align_source *source, const char *why,
                           struct oh_aligned *to)
{
    struct making k;
    begin_making(&k, source);
    add_seats(&k);
    k.run->started_wall_ns = source->until_ns;
    k.run->outcome_text = oh_strdup(why);
    to->is_off = true;
    finish(&k, to);
}
