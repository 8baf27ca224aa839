/* Messages into steps, and between them what the user must have done. */
#include "author/record_private.h"

#include "sip/field.h"
#include "sip/uri.h"

#include <stdlib.h>
#include <string.h>

#define PAUSE_NS (OH_NS_PER_S)     /* a shorter one is nobody's wish */
#define LONGEST  10                /* seconds of a pause that a scenario repeats */
#define TALK_NS  (OH_NS_PER_S / 2) /* media for less is not worth a step */

static const struct oh_trace_msg *at(const struct oh_recorded *r, int index)
{
    return &r->heard->trace->msgs[index];
}

static bool is(const struct oh_trace_msg *m, const char *method)
{
    return oh_span_is(oh_sip_msg_method(m->sip), method);
}

static bool in_dialog(const struct oh_trace_msg *m)
{
    return oh_field_text(m->sip, "to.tag").at != NULL;
}

void oh_recorded_release(struct oh_recorded *r)
{
    for (size_t i = 0; i < r->count; i++) {
        struct oh_recorded_step *s = &r->steps[i];
        for (size_t k = 0; k < s->check_count; k++) {
            free(s->checks[k].field);
            free(s->checks[k].value);
        }
        free(s->checks);
        free(s->text);
        free(s->value);
        free(s->save);
        free(s->lines);
    }
    free(r->steps);
    free(r->step_of);
    free(r->covers);
    oh_cast_release(&r->cast);
}

static struct oh_recorded_step *add_step(struct oh_recorded *r, char *text)
{
    oh_grow(&r->steps, r->count, &r->room, sizeof *r->steps);
    struct oh_recorded_step *s = &r->steps[r->count++];
    *s = (struct oh_recorded_step){.text = text, .msg = OH_NONE, .for_ms = -1, .callee = OH_NONE};
    return s;
}

/* --- what the user did --- */

/* Of two messages of the same call the phone's latest before `m` that is such a request. */
static const struct oh_trace_msg *before(const struct oh_recorded *r, const struct oh_trace_msg *m,
                                         const char *method, bool from_phone)
{
    for (int i = m->index - 1; i >= 0; i--) {
        const struct oh_trace_msg *b = at(r, i);
        if (r->step_of[i] != OH_NONE && b->sip->is_request && b->from_phone == from_phone &&
            is(b, method) &&
            oh_span_equal(oh_field_text(b->sip, "call-id"), oh_field_text(m->sip, "call-id")))
            return b;
    }
    return NULL;
}

static unsigned final_status(const struct oh_recorded *r, const struct oh_trace_msg *request)
{
    return request && request->final != OH_NONE ? at(r, request->final)->sip->status : 0;
}

/* Sent again by itself: challenged, redirected, told that something was too short. */
static bool is_again(const struct oh_recorded *r, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *b = before(r, m, m->sip->is_request ? "INVITE" : "", true);
    unsigned status = final_status(r, b);
    return m->retry_of != OH_NONE || (b && status >= 300 && status < 500 && status != 486);
}

/* Has the other side asked the phone to call: REFER, in any call (RFC 3515). */
static bool is_referred(const struct oh_recorded *r, const struct oh_trace_msg *m)
{
    for (int i = 0; i < m->index; i++) {
        const struct oh_trace_msg *b = at(r, i);
        if (r->step_of[i] != OH_NONE && !b->from_phone && b->sip->is_request && is(b, "REFER"))
            return true;
    }
    return false;
}

static bool is_held(const struct oh_trace_msg *m)
{
    struct oh_span direction = oh_field_text(m->sip, "sdp.audio.direction");
    return oh_span_is(direction, "sendonly") || oh_span_is(direction, "inactive") ||
           oh_span_is(oh_field_text(m->sip, "sdp.audio.connection"), "0.0.0.0");
}

/* A re-INVITE's meaning shows beside the phone's description before it. RFC 3264 8.4 */
static int hold_verb(const struct oh_recorded *r, const struct oh_trace_msg *m)
{
    bool was_held = false;
    for (int i = 0; i < m->index; i++) {
        const struct oh_trace_msg *b = at(r, i);
        if (b->from_phone && oh_field_text(b->sip, "sdp.audio.port").at &&
            oh_span_equal(oh_field_text(b->sip, "call-id"), oh_field_text(m->sip, "call-id")))
            was_held = is_held(b);
    }
    if (m->retry_of != OH_NONE || is_held(m) == was_held)
        return OH_NONE;
    return was_held ? OH_VERB_RESUME : OH_VERB_HOLD;
}

static int register_verb(const struct oh_recorded *r, const struct oh_trace_msg *m)
{
    static const unsigned asked_again[] = {401, 407, 423};
    uint64_t expires = 1;
    const struct oh_trace_msg *b = before(r, m, "REGISTER", true);
    for (size_t i = 0; i < sizeof asked_again / sizeof *asked_again; i++) {
        if (final_status(r, b) == asked_again[i])
            return OH_NONE;
    }
    if (m->retry_of != OH_NONE)
        return OH_NONE;
    if (!oh_field_number(m->sip, "contact.expires", &expires))
        oh_field_number(m->sip, "expires", &expires);
    return expires == 0 ? OH_VERB_UNREGISTER : OH_VERB_REGISTER;
}

/* RFC 5589 6, 7 */
static int transfer_verb(const struct oh_recorded *r, const struct oh_trace_msg *m)
{
    struct oh_span target = oh_field_text(m->sip, "refer-to");
    if (m->retry_of != OH_NONE || !in_dialog(m))
        return OH_NONE;
    if (oh_span_search(target, oh_span_of("Replaces=")) < target.len)
        return OH_VERB_COMPLETE_TRANSFER;
    bool has_name = oh_cast_number(&r->cast, oh_field_text(m->sip, "refer-to.user")) != NULL;
    return has_name ? OH_VERB_TRANSFER : OH_NONE;
}

static int request_verb(const struct oh_recorded *r, const struct oh_trace_msg *m)
{
    if (is(m, "INVITE") && in_dialog(m))
        return hold_verb(r, m);
    if (is(m, "INVITE"))
        return is_again(r, m) || is_referred(r, m) ? OH_NONE : OH_VERB_DIAL;
    if (is(m, "BYE") || is(m, "CANCEL"))
        return before(r, m, "CANCEL", true) || oh_recorded_is_one_too_many(r, m) ? OH_NONE
                                                                                 : OH_VERB_HANGUP;
    if (is(m, "REFER"))
        return transfer_verb(r, m);
    if (is(m, "REGISTER"))
        return register_verb(r, m);
    return OH_NONE;
}

static int response_verb(const struct oh_recorded *r, const struct oh_trace_msg *m)
{
    static const unsigned refusals[] = {480, 486, 600, 603};
    const struct oh_trace_msg *request = oh_heard_request(r->heard, m);
    if (!is(m, "INVITE") || in_dialog(request) || m->sip->status < 200)
        return OH_NONE;
    if (m->sip->status < 300)
        return OH_VERB_ANSWER;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        if (m->sip->status == refusals[i])
            return OH_VERB_REJECT;
    }
    return OH_NONE;
}

static const char *words_of(enum oh_verb verb)
{
    static const char *const words[] = {[OH_VERB_REGISTER] = "registers",
                                        [OH_VERB_UNREGISTER] = "unregisters",
                                        [OH_VERB_DIAL] = "dials",
                                        [OH_VERB_ANSWER] = "answers",
                                        [OH_VERB_REJECT] = "rejects",
                                        [OH_VERB_HANGUP] = "hangs up",
                                        [OH_VERB_HOLD] = "holds",
                                        [OH_VERB_RESUME] = "resumes",
                                        [OH_VERB_TRANSFER] = "transfers to",
                                        [OH_VERB_COMPLETE_TRANSFER] = "completes transfer"};
    return words[verb];
}

static int64_t pause_ms(int64_t ns)
{
    int64_t seconds = (ns + OH_NS_PER_S / 2) / OH_NS_PER_S;
    return ns < PAUSE_NS ? 0 : (seconds > LONGEST ? LONGEST : seconds) * 1000;
}

static void add_action(struct oh_recorded *r, const struct oh_trace_msg *m, int64_t since_ns)
{
    int verb = m->sip->is_request ? request_verb(r, m) : response_verb(r, m);
    if (verb == OH_NONE)
        return;
    const struct oh_cast_party *whom = NULL;
    const char *words = words_of((enum oh_verb)verb);
    if (verb == OH_VERB_DIAL) {
        whom = oh_cast_number(&r->cast, oh_field_text(m->sip, "request-uri.user"));
        whom = whom ? whom : oh_cast_other(&r->cast, m);
    }
    if (verb == OH_VERB_TRANSFER)
        whom = oh_cast_number(&r->cast, oh_field_text(m->sip, "refer-to.user"));
    struct oh_recorded_step *s =
        add_step(r, oh_format("A %s%s%s", words, whom ? " " : "", whom ? whom->name : ""));
    s->after_ms = since_ns < 0 ? 0 : pause_ms(m->time_ns - since_ns);
    r->needs[verb] = true;
}

/* --- media --- */

/* Audio both ways between two steps. */
static void add_media(struct oh_recorded *r, int64_t from_ns, int64_t to_ns)
{
    const struct oh_trace *t = r->heard->trace;
    int64_t first_ns[2] = {0, 0}, last_ns[2] = {0, 0};
    const struct oh_cast_party *peer = NULL;
    for (size_t i = 0; i < t->rtp_count; i++) {
        const struct oh_trace_rtp *p = &t->rtp[i];
        bool sent = oh_addr_same_ip(&p->src, &r->heard->phone->addr);
        if (p->time_ns < from_ns || p->time_ns > to_ns ||
            sent == oh_addr_same_ip(&p->dst, &r->heard->phone->addr))
            continue;
        first_ns[sent] = first_ns[sent] ? first_ns[sent] : p->time_ns;
        last_ns[sent] = p->time_ns;
    }
    for (size_t i = 1; i < r->cast.count && !peer; i++)
        peer = r->cast.parties[i].role == OH_ROLE_PEER ? &r->cast.parties[i] : NULL;
    if (!peer || last_ns[0] - first_ns[0] < TALK_NS || last_ns[1] - first_ns[1] < TALK_NS)
        return;
    struct oh_recorded_step *s = add_step(r, oh_format("A <-> %s", peer->name));
    s->value = oh_strdup("RTP");
    s->for_ms = 300;
    r->needs_rtp = true;
}

/* --- messages --- */

/* Would "200" alone be taken for the answer to another request? */
static bool is_ambiguous(const struct oh_recorded *r, const struct oh_trace_msg *m)
{
    const struct oh_trace_msg *request = oh_heard_request(r->heard, m);
    for (int i = m->index - 1; i > request->index; i--) {
        const struct oh_trace_msg *b = at(r, i);
        if (r->step_of[i] == OH_NONE || !b->sip->is_request || b->from_phone == m->from_phone ||
            is(b, "ACK"))
            continue;
        return true;
    }
    return false;
}

static char *value_of(const struct oh_recorded *r, const struct oh_trace_msg *m)
{
    if (m->sip->is_request)
        return oh_format("%.*s", OH_SPAN_FMT(m->sip->method));
    bool again;
    if (is_ambiguous(r, m) || oh_recorded_is_sent_beside(r, m, &again))
        return oh_format("%u to %.*s", m->sip->status, OH_SPAN_FMT(oh_sip_msg_method(m->sip)));
    return oh_format("%u", m->sip->status);
}

static char *name_of(const struct oh_recorded *r, const struct oh_trace_msg *m)
{
    static const struct {
        unsigned from, to;
        const char *name;
    } rows[] = {{180, 180, "ringing"},  {181, 199, "progress"},  {200, 299, "answer"},
                {300, 399, "redirect"}, {401, 401, "challenge"}, {407, 407, "challenge"},
                {400, 699, "refusal"}};
    struct oh_text base = {0};
    for (size_t i = 0; !m->sip->is_request && i < sizeof rows / sizeof *rows; i++) {
        if (m->sip->status >= rows[i].from && m->sip->status <= rows[i].to && !base.len)
            oh_text_add(&base, is(m, "INVITE") || m->sip->status >= 300 ? rows[i].name : "ok");
    }
    struct oh_span method = m->sip->method;
    for (size_t i = 0; m->sip->is_request && i < method.len; i++) {
        char c = method.at[i];
        if (c >= 'A' && c <= 'Z')
            oh_text_add_char(&base, (char)(c + 32));
    }
    if (!base.len)
        oh_text_add(&base, "message");
    size_t same = 0, len = base.len;
    for (size_t i = 0; i < r->count; i++)
        same += r->steps[i].save && !strncmp(r->steps[i].save, base.at, len) &&
                (r->steps[i].save[len] == '\0' ||
                 (r->steps[i].save[len] >= '2' && r->steps[i].save[len] <= '9'));
    if (same)
        oh_text_addf(&base, "%zu", same + 1);
    return oh_text_take(&base);
}

/* --- what is otherwise in our messages --- */

static void add_description(const struct oh_recorded *r, const struct oh_trace_msg *m,
                            struct oh_text *out)
{
    struct oh_span direction = oh_field_text(m->sip, "sdp.audio.direction");
    bool zero = oh_span_is(oh_field_text(m->sip, "sdp.audio.connection"), "0.0.0.0");
    const struct oh_trace_msg *request = oh_heard_request(r->heard, m);
    bool answers = !m->sip->is_request && oh_field_text(request->sip, "sdp.audio.port").at;
    if (m->sip->is_request && is(m, "INVITE") && !m->sip->body.len) {
        oh_text_add(out, "sdp: none\n");
        return;
    }
    bool odd = direction.at && !oh_span_is(direction, "sendrecv") && !answers;
    if (odd && zero)
        oh_text_addf(out, "sdp: {direction: %.*s, address: 0.0.0.0}\n", OH_SPAN_FMT(direction));
    else if (odd)
        oh_text_addf(out, "sdp: {direction: %.*s}\n", OH_SPAN_FMT(direction));
    else if (zero)
        oh_text_add(out, "sdp: {address: 0.0.0.0}\n");
}

static void add_header(const char *name, struct oh_span value, struct oh_text *list)
{
    if (!value.len || oh_span_find(value, '$') < value.len || oh_span_find(value, '\n') < value.len)
        return;
    oh_text_addf(list, "%s%s: ", list->len ? ", " : "", name);
    oh_record_quote(value, list);
}

/* Whom it speaks of, as a name: what a redirect server tells is said of the party. */
static void add_named(const struct oh_recorded *r, const struct oh_trace_msg *m,
                      const struct oh_cast_party *from, struct oh_text *list)
{
    bool redirects = m->sip->status / 100 == 3 && from->role != OH_ROLE_REDIRECT;
    const struct oh_cast_party *target =
        oh_cast_number(&r->cast, oh_field_text(m->sip, "refer-to.user"));
    const struct oh_cast_party *elsewhere =
        redirects ? oh_cast_number(&r->cast, oh_field_text(m->sip, "contact.user")) : NULL;
    if (target)
        oh_text_addf(list, "%sRefer-To: \"<$%s.uri>\"", list->len ? ", " : "", target->name);
    if (elsewhere)
        oh_text_addf(list, "%sContact: \"<$%s.uri>\"", list->len ? ", " : "", elsewhere->name);
}

/* Header fields that make a message what it is, and that offhook does not put by itself. */
static void add_headers(const struct oh_trace_msg *m, bool is_reliable, struct oh_text *list)
{
    static const char *const names[] = {
        "Retry-After",        "Reason",   "Warning",         "Unsupported", "Alert-Info", "Event",
        "Subscription-State", "Replaces", "Session-Expires", "Min-SE"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct oh_sip_header *h = oh_sip_msg_header_named(m->sip, oh_span_of(names[i]), 0);
        add_header(names[i], h ? h->value : oh_span_of(""), list);
    }
    if (!is_reliable)
        add_header("Require", oh_sip_msg_whole(m->sip, OH_SIP_REQUIRE), list);
    /* who refreshes hangs on whether the other side can: RFC 4028 9 */
    if (oh_sip_msg_header_named(m->sip, oh_span_of("Session-Expires"), 0))
        add_header("Supported", oh_sip_msg_whole(m->sip, OH_SIP_SUPPORTED), list);
}

#define MOST_BODY 400

/* A short text that is no session description. */
static void add_body(const struct oh_trace_msg *m, struct oh_text *list, struct oh_text *out)
{
    struct oh_span type = oh_sip_msg_whole(m->sip, OH_SIP_CONTENT_TYPE), body = m->sip->body;
    bool is_text = body.len > 0 && body.len <= MOST_BODY && type.len > 0 &&
                   oh_span_search(type, oh_span_of("sdp")) == type.len &&
                   oh_span_find(body, '$') == body.len;
    for (size_t i = 0; is_text && i < body.len; i++) {
        char c = body.at[i];
        is_text = c == '\r' || c == '\n' || c == '\t' || (c >= ' ' && c <= '~');
    }
    size_t before = list->len;
    if (is_text)
        add_header("Content-Type", type, list);
    if (list->len == before)
        return;
    oh_text_add(out, "body: ");
    oh_record_quote(body, out);
    oh_text_add_char(out, '\n');
}

/* The way through several proxies; the address of the one that speaks is a name. RFC 3261 16.6 */
static void add_route(const struct oh_recorded *r, const struct oh_trace_msg *m,
                      const struct oh_cast_party *from, struct oh_text *list)
{
    struct oh_text all = {0};
    struct oh_span own = oh_span_of(oh_heard_other(r->heard, m)->name);
    bool dialog = oh_span_is(oh_sip_msg_method(m->sip), "INVITE") && m->sip->status < 300;
    size_t count = oh_sip_msg_value_count(m->sip, OH_SIP_RECORD_ROUTE);
    for (size_t n = 0; n < count; n++)
        oh_text_addf(&all, "%s%.*s", n ? ", " : "",
                     OH_SPAN_FMT(oh_span_trim(oh_sip_msg_value(m->sip, OH_SIP_RECORD_ROUTE, n))));
    struct oh_span rest = oh_text_span(&all);
    if (dialog && oh_field_text(m->sip, "record-route[2].uri").at &&
        oh_span_find(rest, '$') == rest.len && oh_span_find(rest, '"') == rest.len &&
        oh_span_find(rest, '\n') == rest.len) {
        oh_text_addf(list, "%sRecord-Route: \"", list->len ? ", " : "");
        while (rest.len) {
            size_t at_own = oh_span_search(rest, own);
            oh_text_add_span(list, oh_span_sub(rest, 0, at_own));
            if (at_own < rest.len)
                oh_text_addf(list, "$%s.address", from->name);
            rest = oh_span_sub(rest, at_own < rest.len ? at_own + own.len : rest.len, rest.len);
        }
        oh_text_add_char(list, '"');
    }
    oh_text_release(&all);
}

static void add_changes(struct oh_recorded *r, struct oh_recorded_step *s,
                        const struct oh_trace_msg *m, const struct oh_cast_party *from)
{
    struct oh_text out = {0}, list = {0};
    struct oh_span require = oh_sip_msg_whole(m->sip, OH_SIP_REQUIRE);
    uint64_t rseq;
    bool again, is_reliable = !m->sip->is_request && m->sip->status < 200 && is(m, "INVITE") &&
                              oh_span_search(require, oh_span_of("100rel")) < require.len &&
                              oh_field_number(m->sip, "rseq", &rseq);
    oh_recorded_is_sent_beside(r, m, &again);
    if (again)
        oh_text_add(&out, "again: true\n");
    if (!m->sip->is_request && (m->sip->status == 401 || m->sip->status == 407)) {
        char *challenge = oh_cast_challenge(m->sip);
        if (challenge && from->challenge && strcmp(challenge, from->challenge))
            oh_text_addf(&out, "challenge: %s\n", challenge);
        free(challenge);
    }
    if (is_reliable) {
        oh_text_add(&out, "reliable: true\n");
        r->needs_100rel = true;
    }
    add_description(r, m, &out);
    add_route(r, m, from, &list);
    add_named(r, m, from, &list);
    add_headers(m, is_reliable, &list);
    add_body(m, &list, &out);
    if (list.len)
        oh_text_addf(&out, "headers: {%s}\n", oh_text_str(&list));
    oh_text_release(&list);
    s->lines = out.len ? oh_text_take(&out) : NULL;
    oh_text_release(&out);
}

static void add_message(struct oh_recorded *r, const struct oh_trace_msg *m, int64_t since_ns)
{
    const struct oh_cast_party *other = oh_cast_other(&r->cast, m);
    struct oh_recorded_step *s = add_step(r, m->from_phone ? oh_format("A -> %s", other->name)
                                                           : oh_format("%s -> A", other->name));
    s->value = value_of(r, m);
    s->msg = m->index;
    s->from_phone = m->from_phone;
    r->step_of[m->index] = (int)r->count - 1;
    s->save = name_of(r, m);
    s->callee = oh_recorded_callee(r, m);
    /* RFC 3261 13.3.1.1: whether a phone rings by 180, 183 or neither is its own affair */
    s->is_free = m->from_phone && !m->sip->is_request && m->sip->status < 200;
    int64_t gap_ms = since_ns < 0 ? 0 : (m->time_ns - since_ns) / OH_NS_PER_MS;
    if (m->from_phone && gap_ms > OH_T1X64_MS / 2) /* half as long again, in whole seconds */
        s->within_ms = (gap_ms * 3 / 2 / 1000 + 1) * 1000;
    if (m->from_phone)
        return;
    s->after_ms = since_ns < 0 ? 0 : pause_ms(m->time_ns - since_ns);
    add_changes(r, s, m, other);
}

/* --- several calls with the same party --- */

struct span_of_call {
    struct oh_span id;
    int party, first, last; /* steps */
};

static size_t find_calls(const struct oh_recorded *r, struct span_of_call *calls, size_t room)
{
    size_t count = 0;
    for (size_t i = 0; i < r->count; i++) {
        const struct oh_recorded_step *s = &r->steps[i];
        size_t k = 0;
        if (s->msg == OH_NONE)
            continue;
        struct oh_span id = oh_field_text(at(r, s->msg)->sip, "call-id");
        while (k < count &&
               (calls[k].party != r->cast.of_msg[s->msg] || !oh_span_equal(calls[k].id, id)))
            k++;
        if (k == room)
            continue;
        if (k == count)
            calls[count++] = (struct span_of_call){id, r->cast.of_msg[s->msg], (int)i, (int)i};
        calls[k].last = (int)i;
    }
    return count;
}

/* Calls that go on at the same time bear names, or nobody could tell whose a message is. */
static void name_calls(struct oh_recorded *r)
{
    struct span_of_call calls[OH_CAST_MOST];
    bool many[OH_CAST_MOST] = {false};
    size_t count = find_calls(r, calls, OH_CAST_MOST);
    for (size_t a = 0; a < count; a++) {
        for (size_t b = a + 1; b < count; b++) {
            if (calls[a].party == calls[b].party && calls[b].first < calls[a].last)
                many[calls[a].party] = true;
        }
    }
    for (size_t i = 0; i < r->count; i++) {
        struct oh_recorded_step *s = &r->steps[i];
        int party = s->msg == OH_NONE ? OH_NONE : r->cast.of_msg[s->msg], number = 0;
        for (size_t k = 0; party != OH_NONE && many[party] && k < count; k++) {
            number += calls[k].party == party;
            if (calls[k].party == party &&
                oh_span_equal(oh_field_text(at(r, s->msg)->sip, "call-id"), calls[k].id))
                s->call = number;
        }
    }
}

/* --- the whole --- */

/* A phone that is called has told where it is; one that registers only for that need not say so. */
static bool is_called_first(const struct oh_recorded *r)
{
    for (size_t i = 0; i < r->count; i++) {
        const struct oh_recorded_step *s = &r->steps[i];
        if (s->msg != OH_NONE)
            return !s->from_phone;
    }
    return false;
}

static void find_digests(struct oh_recorded *r)
{
    for (size_t i = 0; i < r->cast.count; i++) {
        const char *c = r->cast.parties[i].challenge;
        if (!c || *c == '[')
            continue;
        r->needs_digest[0] |= strstr(c, "\"SHA-256") != NULL;
        r->needs_digest[1] |= strstr(c, "\"SHA-512-256") != NULL;
        r->needs_digest[2] |= strcasestr(c, "\"MD5-sess") != NULL;
        r->needs_digest[3] |=
            strstr(c, "qop: \"auth-int\"") && !strstr(c, "\"SHA") && !strcasestr(c, "-sess");
    }
}

/* The ACK to a refusal that came behind the final answer: nobody is told to send it. RFC 3261
 * 17.1.1.2 */
static bool is_uncalled_for(const struct oh_recorded *r, const struct oh_trace_msg *m)
{
    bool again = false;
    if (!m->from_phone || !m->sip->is_request || !is(m, "ACK") || m->answered == OH_NONE)
        return false;
    const struct oh_trace_msg *final = at(r, m->answered);
    return final->sip->status >= 300 && oh_recorded_is_sent_beside(r, final, &again) && again;
}

void oh_recorded_make(struct oh_recorded *r, const struct oh_heard *h, const bool *chosen)
{
    const struct oh_trace *t = h->trace;
    int64_t since_ns = -1;
    *r = (struct oh_recorded){.heard = h};
    r->step_of = oh_alloc((t->msg_count + 1) * sizeof *r->step_of);
    for (size_t i = 0; i < t->msg_count; i++)
        r->step_of[i] = OH_NONE;
    oh_cast_make(&r->cast, h, chosen);
    oh_recorded_find_callees(r, chosen);
    for (size_t i = 0; i < t->msg_count; i++) {
        const struct oh_trace_msg *m = &t->msgs[i];
        if (!chosen[i] || is_uncalled_for(r, m))
            continue;
        if (since_ns >= 0 && m->time_ns - since_ns > TALK_NS)
            add_media(r, since_ns, m->time_ns);
        if (m->from_phone)
            add_action(r, m, since_ns);
        add_message(r, m, since_ns);
        r->is_tcp = r->is_tcp || m->transport == OH_TRANSPORT_TCP;
        r->first_frame = r->first_frame ? r->first_frame : m->frame;
        r->last_frame = m->frame;
        since_ns = m->time_ns;
    }
    name_calls(r);
    r->registered = is_called_first(r);
    find_digests(r);
}
