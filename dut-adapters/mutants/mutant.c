#include "mutant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { ID_MAX = 256, VALUE_MAX = 1024, SENT_KEPT = 64, CHANGES_KEPT = 32, PICKED_KEPT = 32 };

/* What makes a message this one: of a request or a response. `tag` is the phone's own. */
struct identity {
    char branch[ID_MAX], call_id[ID_MAX], tag[ID_MAX], method[32];
    unsigned long cseq;
    unsigned status; /* 0: a request */
};

/* A request of the phone: as it made it, and as it went out. */
struct sent {
    bool used;
    bool changed; /* the two are not the same */
    struct identity phone, wire;
    char via[VALUE_MAX], from[VALUE_MAX], to[VALUE_MAX], to_tag[ID_MAX]; /* the phone's */
};

/* A change that the phone's later messages follow. "" on the wire: left out. */
enum changed_what { CHANGED_BRANCH, CHANGED_CALL_ID, CHANGED_TAG, CHANGED_CSEQ, CHANGED_AUTH };
struct change {
    bool used;
    enum changed_what what;
    char phone[VALUE_MAX], wire[VALUE_MAX];
    char call_id[ID_MAX];      /* the phone's, of CSEQ; the wire's, of TAG */
    unsigned long from, shift; /* CSEQ: from this number on; modulo arithmetic */
};

struct mu_mutant {
    const struct mu_fault *fault;
    struct sent sent[SENT_KEPT];
    size_t sent_next;
    struct change changes[CHANGES_KEPT];
    size_t change_next;
    struct identity picked[PICKED_KEPT]; /* what the selector saw, for its nth */
    size_t picked_count;
};

struct mu_mutant *mu_mutant_new(const struct mu_fault *fault)
{
    struct mu_mutant *m = calloc(1, sizeof *m);
    if (m)
        m->fault = fault;
    return m;
}

void mu_mutant_free(struct mu_mutant *m)
{
    free(m);
}

/* ---- who a message is ---- */

static void read_identity(const struct mu_text *t, struct identity *id)
{
    char status[8];
    id->status = 0;
    if (mu_is_response(t))
        id->status = (unsigned)atoi(mu_copy(t, mu_field(t, "status"), status, sizeof status));
    mu_copy(t, mu_field(t, "via.branch"), id->branch, sizeof id->branch);
    mu_copy(t, mu_header(t, "Call-ID", 0), id->call_id, sizeof id->call_id);
    mu_copy(t, mu_field(t, "cseq.method"), id->method, sizeof id->method);
    mu_copy(t, mu_field(t, id->status ? "To.tag" : "From.tag"), id->tag, sizeof id->tag);
    id->cseq = mu_number(t, mu_field(t, "cseq.number"));
}

static bool is_same(const struct identity *a, const struct identity *b)
{
    return a->status == b->status && a->cseq == b->cseq && !strcmp(a->branch, b->branch) &&
           !strcmp(a->call_id, b->call_id) && !strcmp(a->method, b->method) &&
           !strcmp(a->tag, b->tag);
}

/* ---- which message is meant ---- */

static const struct sent *sent_invite(const struct mu_mutant *m, const char *branch,
                                      const char *call_id)
{
    const struct sent *found = NULL;
    for (size_t i = 0; i < SENT_KEPT; i++) {
        const struct sent *s = &m->sent[(m->sent_next + i) % SENT_KEPT]; /* oldest first */
        if (s->used && !strcmp(s->phone.method, "INVITE") &&
            (!branch || !strcmp(s->phone.branch, branch)) &&
            (!call_id || !strcmp(s->phone.call_id, call_id)))
            found = s;
    }
    return found;
}

static bool has_credentials(const struct mu_text *t)
{
    return mu_header(t, "Authorization", 0).found || mu_header(t, "Proxy-Authorization", 0).found;
}

static unsigned wheres(const struct mu_mutant *m, const struct mu_text *t,
                       const struct identity *id)
{
    unsigned where = mu_field(t, "To.tag").found ? MU_IN : MU_OUT;
    if (has_credentials(t))
        where |= MU_AUTH;
    if (mu_body(t) < t->len)
        where |= MU_SDP;
    if (mu_is_request(t, "ACK"))
        where |= sent_invite(m, id->branch, NULL) ? MU_ACK_ERROR : MU_ACK_2XX;
    return where;
}

/* Which of those that fit this is, from 1; repeats have the number of the first. */
static size_t ordinal(struct mu_mutant *m, const struct identity *id)
{
    for (size_t i = 0; i < m->picked_count && i < PICKED_KEPT; i++)
        if (is_same(&m->picked[i], id))
            return i + 1;
    if (m->picked_count < PICKED_KEPT)
        m->picked[m->picked_count] = *id;
    return ++m->picked_count;
}

static bool is_meant(struct mu_mutant *m, const struct mu_text *t, const struct identity *id)
{
    const struct mu_on *on = &m->fault->on;
    if ((on->kind == MU_RESPONSE) != mu_is_response(t))
        return false;
    if (on->method && strcmp(on->method, id->method) != 0)
        return false;
    if (on->low && (id->status < on->low || id->status > on->high))
        return false;
    if ((wheres(m, t, id) & on->where) != on->where)
        return false;
    return on->nth == 0 || ordinal(m, id) == on->nth;
}

/* ---- the edits ---- */

static void flip_last(struct mu_text *t, struct mu_span s)
{
    if (s.found && s.len)
        t->at[s.at + s.len - 1] = t->at[s.at + s.len - 1] == '7' ? '3' : '7';
}

static const char *credentials_name(const struct mu_text *t)
{
    return mu_header(t, "Proxy-Authorization", 0).found ? "Proxy-Authorization" : "Authorization";
}

static void remove_lines(struct mu_text *t, const char *name)
{
    for (struct mu_span s; (s = mu_header_line(t, name, 0)).found;)
        mu_cut(t, s.at, s.len);
}

static void remove_field(struct mu_text *t, const char *field)
{
    const char *dot = strchr(field, '.');
    char name[64];
    if (!strcmp(field, "auth")) {
        remove_lines(t, "Proxy-Authorization");
        remove_lines(t, "Authorization");
    } else if (!dot) {
        remove_lines(t, field);
    } else {
        snprintf(name, sizeof name, "%.*s", (int)(dot - field), field);
        mu_cut_param(t, mu_header(t, strcmp(name, "auth") ? name : credentials_name(t), 0),
                     dot + 1);
    }
}

static void duplicate_line(struct mu_text *t, const char *name)
{
    char line[VALUE_MAX];
    struct mu_span s = mu_header_line(t, name, 0);
    if (s.found && s.len < sizeof line)
        mu_insert(t, s.at, mu_copy(t, s, line, sizeof line));
}

/* Lines, or where all stand in one line, the values of a list. */
static void swap_first_two(struct mu_text *t, const char *name)
{
    char first[VALUE_MAX], second[VALUE_MAX];
    struct mu_span a = mu_header(t, name, 0), b = mu_header(t, name, 1);
    const char *comma = a.found && !b.found ? memchr(t->at + a.at, ',', a.len) : NULL;
    if (comma) {
        size_t split = (size_t)(comma - t->at), end = a.at + a.len;
        a.len = split - a.at;
        for (split++; split < end && t->at[split] == ' ';)
            split++;
        b = (struct mu_span){split, end - split, true};
    }
    if (!a.found || !b.found || a.len >= sizeof first || b.len >= sizeof second)
        return;
    mu_copy(t, a, first, sizeof first);
    mu_copy(t, b, second, sizeof second);
    mu_put(t, b, first); /* the later place first: the earlier one stays where it is */
    mu_put(t, a, second);
}

static void add_number(struct mu_text *t, const char *field, long number)
{
    struct mu_span s = mu_field(t, field);
    mu_put_number(t, s, mu_number(t, s) + (unsigned long)number);
}

static void edit(const struct mu_mutant *m, const struct identity *id, struct mu_text *t)
{
    const struct mu_fault *f = m->fault;
    const struct sent *invite = sent_invite(m, NULL, id->call_id);
    struct mu_span s;
    switch (f->verb) {
    case MU_SET:
        mu_put(t, mu_field(t, f->field), f->value);
        break;
    case MU_FLIP:
        flip_last(t, mu_field(t, f->field));
        break;
    case MU_STRIP:
        s = mu_field(t, f->field);
        if (s.found && s.len > (size_t)f->number)
            mu_cut(t, s.at, (size_t)f->number);
        break;
    case MU_ADD:
        add_number(t, f->field, f->number);
        break;
    case MU_REMOVE:
        remove_field(t, f->field);
        break;
    case MU_DUPLICATE:
        duplicate_line(t, f->field);
        break;
    case MU_SWAP:
        swap_first_two(t, f->field);
        break;
    case MU_LINE:
        mu_add_header(t, f->value);
        break;
    case MU_OLD_BRANCH:
        if (invite)
            mu_put(t, mu_field(t, "via.branch"), invite->wire.branch);
        break;
    case MU_OLD_CSEQ:
        if (invite)
            mu_put_number(t, mu_field(t, "cseq.number"), invite->wire.cseq);
        break;
    case MU_BODY:
    case MU_SPOIL:
        f->spoil(t);
        if (f->verb == MU_BODY)
            mu_fix_length(t);
        break;
    case MU_DROP:
    case MU_DELAY:
    case MU_HOLD:
    case MU_REPEAT:
    case MU_ELSEWHERE: /* of the plan, not of the bytes */
        break;
    }
}

static void make_plan(const struct mu_fault *f, struct mu_plan *plan)
{
    plan->struck = f->verb >= MU_DROP; /* an edit has struck if it found what to edit */
    plan->drop = f->verb == MU_DROP;
    plan->elsewhere = f->verb == MU_ELSEWHERE;
    plan->hold = f->verb == MU_HOLD;
    plan->delay_ms = f->verb == MU_DELAY ? f->number : 0;
    plan->again = f->verb == MU_REPEAT;
    plan->after_ms = plan->again ? f->number : 0;
}

/* ---- what later messages follow ---- */

static struct change *find_change(struct mu_mutant *m, enum changed_what what, const char *phone)
{
    for (size_t i = 0; i < CHANGES_KEPT; i++)
        if (m->changes[i].used && m->changes[i].what == what && !strcmp(m->changes[i].phone, phone))
            return &m->changes[i];
    return NULL;
}

static struct change *keep_change(struct mu_mutant *m, enum changed_what what, const char *phone,
                                  const char *wire)
{
    struct change *c = find_change(m, what, phone);
    if (!strcmp(phone, wire) || !*phone || c)
        return NULL;
    c = &m->changes[m->change_next++ % CHANGES_KEPT];
    *c = (struct change){.used = true, .what = what};
    snprintf(c->phone, sizeof c->phone, "%s", phone);
    snprintf(c->wire, sizeof c->wire, "%s", wire);
    return c;
}

static void copy_credentials(const struct mu_text *t, char *to)
{
    mu_copy(t, mu_header(t, credentials_name(t), 0), to, VALUE_MAX);
}

static void keep_changes(struct mu_mutant *m, const struct identity *phone,
                         const struct identity *wire, const char *auth, const struct mu_text *t)
{
    char now[VALUE_MAX], number[24];
    struct change *c;
    keep_change(m, CHANGED_BRANCH, phone->branch, wire->branch);
    keep_change(m, CHANGED_CALL_ID, phone->call_id, wire->call_id);
    if ((c = keep_change(m, CHANGED_TAG, phone->tag, wire->tag)))
        snprintf(c->call_id, sizeof c->call_id, "%s", wire->call_id);
    copy_credentials(t, now);
    keep_change(m, CHANGED_AUTH, auth, now);
    snprintf(number, sizeof number, "%lu", phone->cseq);
    if (phone->cseq != wire->cseq && !phone->status &&
        (c = keep_change(m, CHANGED_CSEQ, phone->call_id, number))) {
        snprintf(c->call_id, sizeof c->call_id, "%s", phone->call_id);
        c->from = phone->cseq;
        c->shift = wire->cseq - phone->cseq;
    }
}

static void put_or_cut(struct mu_text *t, const char *field, const char *value)
{
    if (*value)
        mu_put(t, mu_field(t, field), value);
    else
        remove_field(t, field);
}

/* A message that was not picked, but comes after one that was. */
static void follow(struct mu_mutant *m, const struct identity *id, struct mu_text *t)
{
    char auth[VALUE_MAX];
    const struct change *c;
    if (!id->status && (c = find_change(m, CHANGED_BRANCH, id->branch)))
        put_or_cut(t, "via.branch", c->wire);
    if ((c = find_change(m, CHANGED_TAG, id->tag)))
        put_or_cut(t, id->status ? "To.tag" : "From.tag", c->wire);
    if (!id->status && (c = find_change(m, CHANGED_CSEQ, id->call_id)) && id->cseq >= c->from)
        mu_put_number(t, mu_field(t, "cseq.number"), id->cseq + c->shift);
    copy_credentials(t, auth);
    if ((c = find_change(m, CHANGED_AUTH, auth)))
        put_or_cut(t, *c->wire ? credentials_name(t) : "auth", c->wire);
    /* The ACK to the challenge is the old call's, whose INVITE went out unchanged. */
    const struct sent *invite = mu_is_request(t, "ACK") ? sent_invite(m, id->branch, NULL) : NULL;
    if ((c = find_change(m, CHANGED_CALL_ID, id->call_id)) && !(invite && !invite->changed))
        put_or_cut(t, "Call-ID", c->wire);
}

static void keep_sent(struct mu_mutant *m, const struct mu_text *before,
                      const struct identity *phone, const struct mu_text *after)
{
    struct sent *s = NULL;
    for (size_t i = 0; i < SENT_KEPT && !s; i++)
        if (m->sent[i].used && is_same(&m->sent[i].phone, phone))
            s = &m->sent[i];
    if (!s)
        s = &m->sent[m->sent_next++ % SENT_KEPT];
    s->used = true;
    s->phone = *phone;
    read_identity(after, &s->wire);
    mu_copy(before, mu_header_line(before, "Via", 0), s->via, sizeof s->via);
    mu_copy(before, mu_header(before, "From", 0), s->from, sizeof s->from);
    mu_copy(before, mu_header(before, "To", 0), s->to, sizeof s->to);
    mu_copy(before, mu_field(before, "To.tag"), s->to_tag, sizeof s->to_tag);
    s->changed = before->len != after->len || memcmp(before->at, after->at, after->len) != 0;
}

void mu_outgoing(struct mu_mutant *m, struct mu_text *t, struct mu_plan *plan)
{
    struct mu_text before = {0};
    struct identity phone, wire;
    char auth[VALUE_MAX];
    *plan = (struct mu_plan){0};
    mu_text_set(&before, t->at, t->len);
    read_identity(t, &phone);
    copy_credentials(t, auth);
    if (is_meant(m, t, &phone)) {
        edit(m, &phone, t);
        make_plan(m->fault, plan);
        if (before.len != t->len || memcmp(before.at, t->at, t->len) != 0)
            plan->struck = true;
        read_identity(t, &wire);
        if (m->fault->scope == MU_ON)
            keep_changes(m, &phone, &wire, auth, t);
    } else {
        follow(m, &phone, t);
    }
    if (!phone.status && !mu_is_request(&before, "ACK"))
        keep_sent(m, &before, &phone, t);
    mu_text_release(&before);
}

/* ---- the way back ---- */

/* How sure one can be that the response belongs to the request; 0: it does not. */
static int likeness(const struct sent *s, const struct identity *response)
{
    const struct identity *w = &s->wire;
    if (!s->used || strcmp(w->method, response->method) != 0)
        return 0;
    int same_call = !strcmp(w->call_id, response->call_id) && w->cseq == response->cseq;
    if (*w->branch && *response->branch)
        return strcmp(w->branch, response->branch) == 0 ? 2 + same_call : 0;
    return same_call;
}

/* The newest of the likeliest. */
static const struct sent *find_sent(const struct mu_mutant *m, const struct identity *response)
{
    const struct sent *best = NULL;
    int most = 0;
    for (size_t i = 0; i < SENT_KEPT; i++) {
        const struct sent *s = &m->sent[(m->sent_next + i) % SENT_KEPT];
        int like = likeness(s, response);
        if (like && like >= most) {
            best = s;
            most = like;
        }
    }
    return best;
}

/* All Vias of the response go; the phone's own comes back. What servers noted in it is not kept. */
static void restore_via(struct mu_text *t, const struct sent *s)
{
    remove_lines(t, "Via");
    mu_add_header(t, s->via);
}

static void restore_value(struct mu_text *t, const char *name, const char *value)
{
    char line[VALUE_MAX + 32];
    struct mu_span now = mu_header(t, name, 0);
    if (now.found) {
        mu_put(t, now, value);
        return;
    }
    snprintf(line, sizeof line, "%s: %s\r\n", name, value);
    mu_add_header(t, line);
}

static void restore_response(struct mu_text *t, const struct sent *s)
{
    char to[VALUE_MAX], tag[ID_MAX], cseq[64];
    restore_via(t, s);
    restore_value(t, "From", s->from);
    restore_value(t, "Call-ID", s->phone.call_id);
    snprintf(cseq, sizeof cseq, "%lu %s", s->phone.cseq, s->phone.method);
    restore_value(t, "CSeq", cseq);
    mu_copy(t, mu_field(t, "To.tag"), tag, sizeof tag);
    if (*s->to_tag || !*tag) /* in a dialog the tag is known */
        snprintf(to, sizeof to, "%s", s->to);
    else
        snprintf(to, sizeof to, "%.700s;tag=%s", s->to, tag);
    restore_value(t, "To", to);
}

static void restore_request(const struct mu_mutant *m, struct mu_text *t)
{
    char call_id[ID_MAX], tag[ID_MAX], param[VALUE_MAX + 8];
    mu_copy(t, mu_header(t, "Call-ID", 0), call_id, sizeof call_id);
    mu_copy(t, mu_field(t, "To.tag"), tag, sizeof tag);
    for (size_t i = 0; i < CHANGES_KEPT; i++) {
        const struct change *c = &m->changes[i];
        if (!c->used)
            continue;
        if (c->what == CHANGED_CALL_ID && !strcmp(c->wire, call_id))
            mu_put(t, mu_header(t, "Call-ID", 0), c->phone);
        if (c->what != CHANGED_TAG || strcmp(c->wire, tag) != 0)
            continue;
        struct mu_span to = mu_header(t, "To", 0);
        snprintf(param, sizeof param, ";tag=%s", c->phone);
        if (*tag)
            mu_put(t, mu_field(t, "To.tag"), c->phone);
        else if (to.found && !strcmp(c->call_id, call_id))
            mu_insert(t, to.at + to.len, param);
    }
}

void mu_incoming(struct mu_mutant *m, struct mu_text *t)
{
    struct identity id;
    if (!mu_is_response(t)) {
        restore_request(m, t);
        return;
    }
    read_identity(t, &id);
    const struct sent *s = find_sent(m, &id);
    if (s && s->changed)
        restore_response(t, s);
}
