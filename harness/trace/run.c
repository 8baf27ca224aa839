#include "trace/run.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

const char *oh_journal_name(enum oh_journal_kind k)
{
    static const char *const names[OH_JOURNAL_KINDS] = {
        [OH_JOURNAL_FLOW_BEGINS] = "flow-begins",
        [OH_JOURNAL_FLOW_ENDS] = "flow-ends",
        [OH_JOURNAL_CLOSED] = "closed",
        [OH_JOURNAL_TOLD] = "told",
        [OH_JOURNAL_CONFIRMED] = "confirmed",
        [OH_JOURNAL_REFUSED] = "refused",
        [OH_JOURNAL_SENT] = "sent",
        [OH_JOURNAL_GOT] = "got",
        [OH_JOURNAL_MISSED] = "missed",
        [OH_JOURNAL_MEDIA] = "media",
        [OH_JOURNAL_PHONE] = "phone",
        [OH_JOURNAL_NOTE] = "note",
    };
    assert((size_t)k < OH_JOURNAL_KINDS);
    return names[k];
}

const char *oh_outcome_name(enum oh_outcome o)
{
    static const char *const names[OH_OUTCOMES] = {
        [OH_OUTCOME_COMPLETE] = "complete",
        [OH_OUTCOME_STUCK] = "stuck",
        [OH_OUTCOME_PRECONDITION] = "precondition",
        [OH_OUTCOME_INTERRUPTED] = "interrupted",
        [OH_OUTCOME_PHONE_DIED] = "phone-died",
        [OH_OUTCOME_PHONE_HUNG] = "phone-hung",
        [OH_OUTCOME_PHONE_KILLED] = "phone-killed",
        [OH_OUTCOME_ACTION_REFUSED] = "action-refused",
        [OH_OUTCOME_BENCH] = "bench",
        [OH_OUTCOME_SKIPPED] = "skipped",
    };
    assert((size_t)o < OH_OUTCOMES);
    return names[o];
}

void oh_run_add_param(struct oh_run *r, const char *name, const char *value, bool plain)
{
    oh_grow(&r->params, r->param_count, &r->param_room, sizeof *r->params);
    r->params[r->param_count++] = (struct oh_param){oh_strdup(name), oh_strdup(value), plain};
}

struct oh_run *oh_run_new(const struct oh_scenario *s)
{
    struct oh_run *r = oh_alloc(sizeof *r);
    r->outcome_step = OH_NONE;
    if (s) {
        r->scenario_id = oh_strdup(s->id);
        r->scenario_file = oh_strdup(s->file);
        r->scenario_text = oh_strdup(s->source_text);
        r->scenario_row = oh_strdup(s->row);
        for (size_t i = 0; i < s->param_count; i++)
            oh_run_add_param(r, s->params[i].name, s->params[i].value, s->params[i].plain);
    }
    return r;
}

static void free_phone(struct oh_run_phone *p)
{
    for (size_t i = 0; i < p->ability_count; i++)
        free(p->abilities[i]);
    free(p->abilities);
    free(p->seat);
    free(p->adapter);
    free(p->name);
    free(p->profile);
    free(p->user_agent);
    free(p->adapter_text);
    free(p->mutant);
}

static void free_lists(struct oh_run *r)
{
    for (size_t i = 0; i < r->seat_count; i++) {
        free(r->seats[i].name);
        free(r->seats[i].role);
    }
    for (size_t i = 0; i < r->conn_count; i++)
        free(r->conns[i].seat);
    for (size_t i = 0; i < r->phone_count; i++)
        free_phone(&r->phones[i]);
    for (size_t i = 0; i < r->earlier_count; i++) {
        free(r->earlier[i].call_id);
        free(r->earlier[i].branch);
    }
    for (size_t i = 0; i < r->name_count; i++) {
        free(r->names[i].name);
        free(r->names[i].value);
    }
    for (size_t i = 0; i < r->journal_count; i++) {
        free(r->journal[i].seat);
        free(r->journal[i].detail);
    }
    for (size_t i = 0; i < r->tap_count; i++) {
        free(r->tap[i].label);
        free((char *)(uintptr_t)r->tap[i].bytes.at);
    }
    for (size_t i = 0; i < r->secret_count; i++) {
        free(r->secrets[i].seat);
        free(r->secrets[i].username);
        free(r->secrets[i].password);
    }
}

void oh_run_free(struct oh_run *r)
{
    if (!r)
        return;
    free_lists(r);
    free(r->seats);
    free(r->conns);
    free(r->phones);
    free(r->earlier);
    free(r->names);
    free(r->journal);
    free(r->tap);
    free(r->secrets);
    free(r->scenario_id);
    free(r->scenario_file);
    free(r->scenario_text);
    free(r->scenario_row);
    for (size_t i = 0; i < r->param_count; i++) {
        free(r->params[i].name);
        free(r->params[i].value);
    }
    free(r->params);
    free(r->capture.interface);
    free(r->outcome_text);
    free(r->phone_output);
    free(r);
}

int oh_run_journal(struct oh_run *r, enum oh_journal_kind kind, int64_t wall_ns, int step, int tap,
                   const char *seat, const char *detail, ...)
{
    struct oh_text text = {0};
    if (detail) {
        va_list args;
        va_start(args, detail);
        oh_text_addv(&text, detail, args);
        va_end(args);
    }
    assert(r->journal_count < INT_MAX && tap < (int)r->tap_count);
    oh_grow(&r->journal, r->journal_count, &r->journal_room, sizeof *r->journal);
    r->journal[r->journal_count] = (struct oh_journal_entry){
        .kind = kind,
        .wall_ns = wall_ns,
        .step = step,
        .tap = tap,
        .tap_before = (int)r->tap_count,
        .seat = oh_strdup(seat),
        .detail = detail ? oh_text_take(&text) : NULL,
    };
    return (int)r->journal_count++;
}

/* RFC 3550 5.1: version 2, and no RTCP. No SIP message begins so. */
static bool looks_like_rtp(struct oh_span bytes)
{
    unsigned type = bytes.len >= 12 ? (unsigned char)bytes.at[1] & 0x7fu : 0;
    return bytes.len >= 12 && (unsigned char)bytes.at[0] >> 6 == 2 && (type < 72 || type > 76);
}

int oh_run_tap(struct oh_run *r, int64_t wall_ns, const char *label, bool sent,
               const struct oh_addr *local, const struct oh_addr *remote, struct oh_span bytes)
{
    bool is_rtp = looks_like_rtp(bytes);
    struct oh_span kept = is_rtp ? oh_span_sub(bytes, 0, 12) : bytes;
    assert(r->tap_count < INT_MAX);
    oh_grow(&r->tap, r->tap_count, &r->tap_room, sizeof *r->tap);
    r->tap[r->tap_count] = (struct oh_tap_entry){
        .wall_ns = wall_ns,
        .label = oh_strdup(label),
        .sent = sent,
        .local = *local,
        .remote = *remote,
        .bytes = {oh_span_dup(kept), kept.len},
        .whole_len = bytes.len,
        .is_rtp = is_rtp,
    };
    return (int)r->tap_count++;
}

struct oh_run_seat *oh_run_add_seat(struct oh_run *r, const char *name, const char *role,
                                    bool is_phone, const struct oh_addr *sip,
                                    const struct oh_addr *rtp)
{
    oh_grow(&r->seats, r->seat_count, &r->seat_room, sizeof *r->seats);
    struct oh_run_seat *seat = &r->seats[r->seat_count++];
    *seat = (struct oh_run_seat){
        .name = oh_strdup(name), .role = oh_strdup(role), .is_phone = is_phone};
    if (sip)
        seat->sip = *sip;
    if (rtp)
        seat->rtp = *rtp;
    return seat;
}

void oh_run_add_conn(struct oh_run *r, const char *seat, const struct oh_addr *remote)
{
    for (size_t i = 0; i < r->conn_count; i++) {
        if (oh_addr_equal(&r->conns[i].remote, remote))
            return;
    }
    oh_grow(&r->conns, r->conn_count, &r->conn_room, sizeof *r->conns);
    r->conns[r->conn_count++] = (struct oh_run_conn){oh_strdup(seat), *remote};
}

void oh_run_add_earlier(struct oh_run *r, const char *call_id, const char *branch)
{
    oh_grow(&r->earlier, r->earlier_count, &r->earlier_room, sizeof *r->earlier);
    r->earlier[r->earlier_count++] = (struct oh_run_earlier){oh_strdup(call_id), oh_strdup(branch)};
}

void oh_run_add_name(struct oh_run *r, const char *name, const char *value)
{
    oh_grow(&r->names, r->name_count, &r->name_room, sizeof *r->names);
    r->names[r->name_count++] = (struct oh_run_name){oh_strdup(name), oh_strdup(value)};
}

void oh_run_add_secret(struct oh_run *r, const char *seat, const char *username,
                       const char *password)
{
    oh_grow(&r->secrets, r->secret_count, &r->secret_room, sizeof *r->secrets);
    r->secrets[r->secret_count++] =
        (struct oh_run_secret){oh_strdup(seat), oh_strdup(username), oh_strdup(password)};
}

const char *oh_run_name_value(const struct oh_run *r, const char *name)
{
    for (size_t i = r->name_count; i > 0; i--) { /* the latest wins */
        if (strcmp(r->names[i - 1].name, name) == 0)
            return r->names[i - 1].value;
    }
    return NULL;
}
