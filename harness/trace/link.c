/*
 * How messages are linked: each is compared with the few earlier ones that share a text with it
 * (Call-ID, branch, a tag), newest first and at most CHAIN_LIMIT of each, and linked to the one
 * that scores best. A part that agrees adds to the score; none is needed by itself. What is too
 * unlike is not linked at all (the `plausible` functions).
 */
#include "scenario/scenario.h"
#include "sip/digest.h"
#include "trace/index.h"
#include "trace/ledger.h"
#include "trace/link_keys.h"
#include "trace/order.h"

#include <stdlib.h>
#include <string.h>

/* Only messages that agree in a whole key are counted, so a call needs more open requests than this
 * to suffer. */
#define CHAIN_LIMIT 64

/* A second sighting this soon is the capture's doing, not a retransmission's: T1 is 500 ms (RFC
 * 3261 17.1.1.1). With a tap only copies that the tap does not account for are looked at, so more
 * room does no harm. */
#define DUPLICATE_NS     500000
#define DUPLICATE_TAP_NS 1000000
#define OUT_OF_QUESTION  (-1)

#define KEY_HEAD 256
#define KEY_TAIL 64

enum key_kind {
    KEY_BYTES, /* first sendings */
    KEY_REQUEST_CALL,
    KEY_REQUEST_BRANCH,
    KEY_REQUEST_FROM_TAG,
    KEY_FINAL_CALL, /* final responses to INVITE */
    KEY_FINAL_BRANCH,
    KEY_FINAL_FROM_TAG,
    KEY_FINAL_TO_TAG,
    KEY_REFUSED, /* requests answered with 401 or 407 */
};

struct linker {
    struct oh_trace *trace;
    struct oh_link_keys *keys; /* by message; of first sendings only */
    int *newest_copy;          /* by first sending: the latest repeat that is no duplicate */
    bool *retried;             /* by request: some retry_of says so */
    bool has_tap, has_keys;
    struct oh_index index;
};

static struct oh_trace_msg *msg(const struct linker *l, int i)
{
    return &l->trace->msgs[i];
}

static const struct oh_link_keys *keys(const struct linker *l, int i)
{
    return &l->keys[i];
}

static bool is_method(const struct linker *l, int i, const char *method)
{
    const struct oh_sip_msg *sip = msg(l, i)->sip;
    return sip->is_request && oh_span_is(sip->method, method);
}

static int near_ends(const struct linker *l, int a, bool a_source, int b, bool b_source)
{
    const struct oh_trace_msg *x = msg(l, a), *y = msg(l, b);
    return oh_link_near(a_source ? x->from_seat : x->to_seat, a_source ? &x->src : &x->dst,
                        b_source ? y->from_seat : y->to_seat, b_source ? &y->src : &y->dst);
}

/* How well `b` goes back where `a` came from, 0..4; 0 too where it rather goes the same way. */
static int opposite(const struct linker *l, int a, int b)
{
    int back = near_ends(l, a, true, b, false) + near_ends(l, a, false, b, true);
    int same = near_ends(l, a, true, b, true) + near_ends(l, a, false, b, false);
    return same > back ? 0 : back;
}

static bool from_same_sender(const struct linker *l, int a, int b)
{
    return near_ends(l, a, true, b, true) == 2;
}

/* --- the best of those that share a key --- */

struct hint {
    enum key_kind kind;
    struct oh_span text;
};

typedef int score_fn(const struct linker *l, int candidate, int i);

static uint64_t key_of(enum key_kind kind, struct oh_span text)
{
    return oh_index_key_add(oh_index_key(kind), text);
}

static void best_of_chain(const struct linker *l, int i, struct hint hint, score_fn *score,
                          int *best, int *best_score)
{
    if (!hint.text.at)
        return;
    unsigned seen = 0;
    const struct oh_index_node *n = oh_index_first(&l->index, key_of(hint.kind, hint.text));
    for (; n && seen < CHAIN_LIMIT; n = oh_index_next(&l->index, n), seen++) {
        int s = score(l, n->message, i);
        if (s > *best_score || (s == *best_score && n->message > *best)) {
            *best = n->message;
            *best_score = s;
        }
    }
}

static int best_of(const struct linker *l, int i, const struct hint *hints, size_t count,
                   score_fn *score)
{
    int best = OH_NONE, best_score = 0;
    for (size_t h = 0; h < count; h++)
        best_of_chain(l, i, hints[h], score, &best, &best_score);
    return best;
}

static void remember(struct linker *l, enum key_kind kind, struct oh_span text, int i)
{
    if (text.at)
        oh_index_add(&l->index, key_of(kind, text), i);
}

/* --- repeats and duplicates --- */

/* Of a long message both ends, where copies differ if at all: who has the key is compared. */
static uint64_t bytes_key(const struct oh_trace_msg *m)
{
    const struct oh_addr *ends[] = {&m->src, &m->dst};
    struct oh_span bytes = m->sip->bytes;
    uint64_t key = oh_index_key_mix(oh_index_key(KEY_BYTES), bytes.len);
    key = oh_index_key_add(key, oh_span_sub(bytes, 0, KEY_HEAD));
    if (bytes.len > KEY_HEAD + KEY_TAIL)
        key = oh_index_key_add(key, oh_span_sub(bytes, bytes.len - KEY_TAIL, KEY_TAIL));
    for (size_t i = 0; i < 2; i++) {
        struct oh_span ip = {(const char *)ends[i]->ip, sizeof ends[i]->ip};
        struct oh_span port = {(const char *)&ends[i]->port, sizeof ends[i]->port};
        key = oh_index_key_add(key, ip);
        if (m->transport == OH_TRANSPORT_UDP)
            key = oh_index_key_add(key, port);
    }
    return key;
}

/* Over TCP a message sent again may come on another connection, from any port. */
static bool is_copy(const struct oh_trace_msg *a, const struct oh_trace_msg *b)
{
    bool same_way = a->transport == OH_TRANSPORT_UDP
                        ? oh_addr_equal(&a->src, &b->src) && oh_addr_equal(&a->dst, &b->dst)
                        : oh_addr_same_ip(&a->src, &b->src) && oh_addr_same_ip(&a->dst, &b->dst);
    return a->transport == b->transport && same_way && oh_span_equal(a->sip->bytes, b->sip->bytes);
}

static bool is_duplicate(const struct linker *l, const struct oh_trace_msg *earlier,
                         const struct oh_trace_msg *m)
{
    int64_t apart = m->time_ns - earlier->time_ns;
    if (m->transport != OH_TRANSPORT_UDP || (l->has_tap && m->tap != OH_NONE))
        return false;
    return apart <= (l->has_tap ? DUPLICATE_TAP_NS : DUPLICATE_NS);
}

/* True where message `i` was seen before: as a retransmission, or twice by the capture. */
static bool link_copy(struct linker *l, int i)
{
    uint64_t key = bytes_key(msg(l, i));
    const struct oh_index_node *n = oh_index_first(&l->index, key);
    while (n && !is_copy(msg(l, n->message), msg(l, i)))
        n = oh_index_next(&l->index, n);
    if (!n) {
        oh_index_add(&l->index, key, i);
        l->newest_copy[i] = i;
        return false;
    }
    int first = n->message, newest = l->newest_copy[first];
    if (is_duplicate(l, msg(l, newest), msg(l, i))) {
        msg(l, i)->duplicate_of = newest;
    } else {
        msg(l, i)->repeat_of = first;
        l->newest_copy[first] = i;
    }
    return true;
}

/* --- responses --- */

static int score_request(const struct linker *l, int request, int response)
{
    const struct oh_link_keys *q = keys(l, request), *r = keys(l, response);
    int way = opposite(l, request, response);
    bool open = msg(l, request)->final == OH_NONE;
    bool call = oh_link_same(q->call_id, r->call_id);
    bool branch = oh_link_same_token(q->branch, r->branch);
    bool from = oh_link_same_token(q->from_tag, r->from_tag);
    bool number = oh_link_same_number(q, r);
    bool method = oh_link_same(msg(l, request)->sip->method, r->cseq_method);
    bool plausible = (branch && (number || call || from)) || (number && method && (call || from)) ||
                     (method && call && open);
    if (way == 0 || !plausible)
        return OUT_OF_QUESTION;
    return way + 8 * branch + 6 * number + 5 * method + 4 * call + 3 * from + 4 * open;
}

static void link_response(struct linker *l, int i)
{
    const struct oh_link_keys *k = keys(l, i);
    struct oh_trace_msg *m = msg(l, i);
    const struct hint hints[] = {{KEY_REQUEST_BRANCH, k->branch},
                                 {KEY_REQUEST_CALL, k->call_id},
                                 {KEY_REQUEST_FROM_TAG, k->from_tag}};
    m->request = best_of(l, i, hints, 3, score_request);
    if (m->request == OH_NONE || !oh_sip_msg_is_final(m->sip))
        return;
    struct oh_trace_msg *request = msg(l, m->request);
    if (request->final == OH_NONE)
        request->final = i;
    if (!is_method(l, m->request, "INVITE"))
        return;
    remember(l, KEY_FINAL_CALL, k->call_id, i);
    remember(l, KEY_FINAL_BRANCH, keys(l, m->request)->branch, i);
    remember(l, KEY_FINAL_FROM_TAG, k->from_tag, i);
    remember(l, KEY_FINAL_TO_TAG, k->to_tag, i);
}

/* --- ACK and CANCEL --- */

/* RFC 3261 17.1.1.3 (ACK to 300..699: the INVITE's branch, To tag of the response) and 13.2.2.4
 * (ACK to 2xx: a transaction of its own, perhaps sent elsewhere), of which any may be wrong. */
static int score_final(const struct linker *l, int final, int ack)
{
    const struct oh_trace_msg *f = msg(l, final);
    const struct oh_link_keys *r = keys(l, final), *a = keys(l, ack), *q = keys(l, f->request);
    int way = near_ends(l, final, false, ack, true);
    bool success = f->sip->status < 300, open = f->ack == OH_NONE;
    bool call = oh_link_same(a->call_id, r->call_id);
    bool tag = oh_link_same_token(a->to_tag, r->to_tag);
    bool from = oh_link_same_token(a->from_tag, r->from_tag);
    bool branch = oh_link_same_token(a->branch, q->branch);
    bool number = oh_link_same_number(a, q);
    bool plausible = open ? call + tag + from + branch + number >= 2 : (tag && number) || branch;
    if (way == 0 || near_ends(l, final, true, ack, true) > way || !plausible)
        return OUT_OF_QUESTION;
    int by_branch = success ? 3 * !branch : 8 * branch;
    return way + 8 * tag + by_branch + 6 * call + 6 * number + 3 * from + 7 * open;
}

static int score_invite(const struct linker *l, int invite, int i)
{
    const struct oh_link_keys *q = keys(l, invite), *k = keys(l, i);
    int way = near_ends(l, invite, true, i, true);
    bool open = msg(l, invite)->final == OH_NONE;
    bool call = oh_link_same(q->call_id, k->call_id);
    bool branch = oh_link_same_token(q->branch, k->branch);
    bool from = oh_link_same_token(q->from_tag, k->from_tag);
    bool number = oh_link_same_number(q, k);
    bool plausible =
        (branch && (number || call || from)) || (call && (number || open)) || (number && from);
    if (way == 0 || !plausible || !is_method(l, invite, "INVITE"))
        return OUT_OF_QUESTION;
    return way + 8 * branch + 6 * number + 5 * call + 3 * from + 2 * open;
}

/* CANCEL copies the INVITE's Request-URI, Call-ID, To, From, CSeq number and branch: RFC 3261 9.1
 */
static int invite_of(const struct linker *l, int i)
{
    const struct oh_link_keys *k = keys(l, i);
    const struct hint hints[] = {{KEY_REQUEST_BRANCH, k->branch},
                                 {KEY_REQUEST_CALL, k->call_id},
                                 {KEY_REQUEST_FROM_TAG, k->from_tag}};
    return best_of(l, i, hints, 3, score_invite);
}

static void link_ack(struct linker *l, int i)
{
    const struct oh_link_keys *k = keys(l, i);
    struct oh_trace_msg *m = msg(l, i);
    const struct hint hints[] = {{KEY_FINAL_CALL, k->call_id},
                                 {KEY_FINAL_BRANCH, k->branch},
                                 {KEY_FINAL_FROM_TAG, k->from_tag},
                                 {KEY_FINAL_TO_TAG, k->to_tag}};
    m->answered = best_of(l, i, hints, 4, score_final);
    if (m->answered == OH_NONE) {
        m->request = invite_of(l, i);
        return;
    }
    struct oh_trace_msg *final = msg(l, m->answered);
    m->request = final->request;
    if (final->ack == OH_NONE)
        final->ack = i;
}

/* --- requests sent again after a challenge --- */

static bool in_dialog(const struct linker *l, int i)
{
    return keys(l, i)->to_tag.at != NULL;
}

static bool is_same_kind(const struct linker *l, int a, int b)
{
    return oh_link_same(msg(l, a)->sip->method, msg(l, b)->sip->method) &&
           oh_span_equal_nocase(keys(l, a)->to_tag, keys(l, b)->to_tag) &&
           from_same_sender(l, a, b);
}

static bool is_challenged(const struct linker *l, int request)
{
    int final = msg(l, request)->final;
    if (final == OH_NONE)
        return false;
    unsigned status = msg(l, final)->sip->status;
    return status == 401 || status == 407;
}

static struct oh_span nonce_of(const struct oh_sip_header *h)
{
    struct oh_digest d;
    return oh_digest_parse(h->value, &d) == 0 ? d.nonce : (struct oh_span){NULL, 0};
}

/* Credentials of this kind for what was offered: its nonce, or one side without any. */
static bool answers(const struct oh_sip_msg *m, enum oh_sip_header_id in,
                    const struct oh_sip_msg *challenge, enum oh_sip_header_id from)
{
    const struct oh_sip_header *given, *offered;
    for (size_t i = 0; (given = oh_sip_msg_header(m, in, i)) != NULL; i++) {
        bool other = false;
        for (size_t k = 0; (offered = oh_sip_msg_header(challenge, from, k)) != NULL; k++) {
            struct oh_span a = nonce_of(given), b = nonce_of(offered);
            if (a.at && oh_span_equal(a, b))
                return true;
            other = other || (a.at && b.at);
        }
        if (!other)
            return true;
    }
    return false;
}

/* As an answer to the challenge always; without credentials or with cached ones only as long as the
 * caller may be taken to be still at it. */
static bool is_timely(const struct linker *l, int refused, int i)
{
    const struct oh_trace_msg *m = msg(l, i), *challenge = msg(l, msg(l, refused)->final);
    return m->time_ns - challenge->time_ns <= OH_T1X64_MS * 1000000LL ||
           answers(m->sip, OH_SIP_AUTHORIZATION, challenge->sip, OH_SIP_WWW_AUTHENTICATE) ||
           answers(m->sip, OH_SIP_PROXY_AUTHORIZATION, challenge->sip, OH_SIP_PROXY_AUTHENTICATE);
}

static void set_retry(struct linker *l, int refused, int i)
{
    msg(l, i)->retry_of = refused;
    msg(l, i)->challenge = msg(l, refused)->final;
    l->retried[refused] = true;
}

static int predecessor(const struct linker *l, int i)
{
    const struct oh_link_keys *k = keys(l, i);
    unsigned seen = 0;
    if (!k->call_id.at)
        return OH_NONE;
    const struct oh_index_node *n = oh_index_first(&l->index, key_of(KEY_REQUEST_CALL, k->call_id));
    for (; n && seen < CHAIN_LIMIT; n = oh_index_next(&l->index, n), seen++) {
        if (oh_link_same(keys(l, n->message)->call_id, k->call_id) &&
            is_same_kind(l, n->message, i))
            return n->message;
    }
    return OH_NONE;
}

/* RFC 3261 8.1.3.5: the same Call-ID, From and To - should. */
static void link_retry_in_call(struct linker *l, int i)
{
    int before = predecessor(l, i);
    l->keys[i].begins_call = before == OH_NONE;
    if (before != OH_NONE && is_challenged(l, before) && is_timely(l, before, i))
        set_retry(l, before, i);
}

static uint64_t refused_key(const struct oh_sip_msg *sip)
{
    return oh_index_key_add(key_of(KEY_REFUSED, sip->method), oh_link_from_user(sip));
}

static void link_retry_in_new_call(struct linker *l, int i)
{
    unsigned seen = 0;
    const struct oh_index_node *n = oh_index_first(&l->index, refused_key(msg(l, i)->sip));
    for (; n && seen < CHAIN_LIMIT; n = oh_index_next(&l->index, n), seen++) {
        int refused = n->message;
        if (!l->retried[refused] && is_same_kind(l, refused, i) && is_timely(l, refused, i) &&
            oh_link_same_target(msg(l, refused)->sip, msg(l, i)->sip)) {
            set_retry(l, refused, i);
            return;
        }
    }
}

/* Those who took a new Call-ID: after all others are linked, so that nobody's own repetition is
 * taken away. */
static void link_retries_in_new_calls(struct linker *l)
{
    for (int i = 0; i < (int)l->trace->msg_count; i++) {
        const struct oh_trace_msg *m = msg(l, i);
        if (m->repeat_of != OH_NONE || m->duplicate_of != OH_NONE)
            continue;
        if (m->sip->is_request) {
            if (keys(l, i)->begins_call && m->retry_of == OH_NONE && !in_dialog(l, i))
                link_retry_in_new_call(l, i);
        } else if (m->request != OH_NONE && msg(l, m->request)->final == i &&
                   is_challenged(l, m->request) && !l->retried[m->request] &&
                   !in_dialog(l, m->request)) {
            oh_index_add(&l->index, refused_key(msg(l, m->request)->sip), m->request);
        }
    }
}

/* --- all --- */

static void link_first_sending(struct linker *l, int i)
{
    const struct oh_sip_msg *sip = msg(l, i)->sip;
    if (!l->has_keys)
        l->keys[i] = oh_link_keys_read(sip);
    if (!sip->is_request) {
        link_response(l, i);
        return;
    }
    if (is_method(l, i, "ACK")) {
        link_ack(l, i); /* nothing answers it: not remembered */
        return;
    }
    if (is_method(l, i, "CANCEL"))
        msg(l, i)->request = invite_of(l, i); /* cannot be challenged: RFC 3261 22.1 */
    else
        link_retry_in_call(l, i);
    remember(l, KEY_REQUEST_CALL, keys(l, i)->call_id, i);
    remember(l, KEY_REQUEST_BRANCH, keys(l, i)->branch, i);
    remember(l, KEY_REQUEST_FROM_TAG, keys(l, i)->from_tag, i);
}

static void inherit_links(struct oh_trace *t)
{
    for (size_t i = 0; i < t->msg_count; i++) {
        struct oh_trace_msg *m = &t->msgs[i];
        int first = m->repeat_of != OH_NONE ? m->repeat_of : m->duplicate_of;
        if (first == OH_NONE)
            continue;
        m->request = t->msgs[first].request;
        m->answered = t->msgs[first].answered;
        m->retry_of = t->msgs[first].retry_of;
        m->challenge = t->msgs[first].challenge;
        m->final = t->msgs[first].final;
        m->ack = t->msgs[first].ack;
    }
}

/* --- beyond links --- */

static uint64_t sender_of(const struct oh_trace_msg *m)
{
    if (m->from_seat)
        return oh_index_key_add(oh_index_key(0), oh_span_of(m->from_seat));
    struct oh_span ip = {(const char *)m->src.ip, sizeof m->src.ip};
    return oh_index_key_add(oh_index_key(m->src.port), ip);
}

/* Of a recording that is one trace; a capture's calls bring it with them. */
static void look_back(struct linker *l)
{
    struct oh_trace *t = l->trace;
    size_t rows = t->msg_count * 4 < OH_LEDGER_ROWS ? t->msg_count * 4 : OH_LEDGER_ROWS;
    struct oh_ledger *ledger = oh_ledger_new(rows);
    for (size_t i = 0; i < t->msg_count; i++) {
        struct oh_trace_msg *m = &t->msgs[i];
        if (m->repeat_of == OH_NONE && m->duplicate_of == OH_NONE)
            oh_ledger_take(ledger, sender_of(m), &l->keys[i], m);
    }
    oh_ledger_free(ledger);
}

static void make_streams(struct oh_trace *t)
{
    t->streams = oh_streams_new();
    for (size_t i = 0; i < t->rtp_count; i++)
        oh_streams_take(t->streams, &t->rtp[i]);
}

void oh_trace_link(struct oh_trace *t)
{
    oh_trace_link_by(t, NULL);
}

void oh_trace_link_by(struct oh_trace *t, struct oh_link_keys *keys)
{
    struct linker l = {
        .trace = t,
        .newest_copy = oh_alloc(t->msg_count * sizeof *l.newest_copy),
        .retried = oh_alloc(t->msg_count * sizeof *l.retried),
    };
    l.has_keys = !oh_trace_order(t) && keys;
    l.keys = l.has_keys ? keys : oh_alloc(t->msg_count * sizeof *l.keys);
    oh_index_init(&l.index, t->msg_count * 4);
    for (size_t i = 0; i < t->msg_count; i++)
        l.has_tap = l.has_tap || t->msgs[i].tap != OH_NONE;
    for (int i = 0; i < (int)t->msg_count; i++) {
        if (!link_copy(&l, i))
            link_first_sending(&l, i);
    }
    link_retries_in_new_calls(&l);
    inherit_links(t);
    if (!t->knows_before)
        look_back(&l);
    if (!t->streams && t->rtp_count > 0)
        make_streams(t);
    oh_index_release(&l.index);
    free(l.retried);
    free(l.newest_copy);
    if (!l.has_keys)
        free(l.keys);
}
