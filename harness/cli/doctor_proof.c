#include "cli/doctor_proof.h"

#include "sip/field.h"

#include <string.h>

/* --- messages --- */

static bool is_request(const struct oh_sip_msg *m, const char *method)
{
    return m->is_request && oh_sip_msg_is_method(m, method);
}

static bool is_number(const struct oh_sip_msg *m, const char *path, uint64_t wanted)
{
    uint64_t number;
    return oh_field_number(m, path, &number) && number == wanted;
}

/* RFC 3261 10.2.2: an expiry of 0, or "Contact: *" which goes with one. */
static bool removes_binding(const struct oh_sip_msg *m)
{
    const struct oh_sip_header *contact = oh_sip_msg_header(m, OH_SIP_CONTACT, 0);
    return (contact && oh_span_is(contact->value, "*")) || is_number(m, "contact.expires", 0) ||
           is_number(m, "expires", 0);
}

static bool has_text(const struct oh_sip_msg *m, const char *path, const char *wanted)
{
    struct oh_field field;
    bool same = oh_field_get(m, oh_span_of(path), &field) == 0 && field.state == OH_FIELD_PRESENT &&
                field.count == 1 && oh_span_is(field.items[0].text, wanted);
    oh_field_release(&field);
    return same;
}

/* RFC 3264 8.4: sendonly or inactive; 0.0.0.0 is how RFC 2543 did it. */
static bool holds(const struct oh_sip_msg *m)
{
    return has_text(m, "sdp.audio.direction", "sendonly") ||
           has_text(m, "sdp.audio.direction", "inactive") ||
           has_text(m, "sdp.audio.connection", "0.0.0.0");
}

static bool is_offer(const struct oh_sip_msg *m)
{
    return (is_request(m, "INVITE") || is_request(m, "UPDATE")) &&
           oh_field_text(m, "to.tag").at != NULL;
}

static bool is_answer_to_invite(const struct oh_sip_msg *m, unsigned from, unsigned to)
{
    return !m->is_request && oh_sip_msg_is_method(m, "INVITE") && m->status >= from &&
           m->status <= to;
}

/* --- verbs --- */

static bool shows_register(const struct oh_sip_msg *m)
{
    return is_request(m, "REGISTER") && !removes_binding(m);
}

static bool shows_unregister(const struct oh_sip_msg *m)
{
    return is_request(m, "REGISTER") && removes_binding(m);
}

static bool comes_of_register(const struct oh_sip_msg *m)
{
    return is_request(m, "REGISTER");
}

static bool shows_dial(const struct oh_sip_msg *m)
{
    return is_request(m, "INVITE") && oh_field_text(m, "to.tag").at == NULL;
}

static bool shows_answer(const struct oh_sip_msg *m)
{
    return is_answer_to_invite(m, 200, 299);
}

static bool shows_reject(const struct oh_sip_msg *m)
{
    return is_answer_to_invite(m, 400, 699);
}

static bool comes_of_ringing(const struct oh_sip_msg *m)
{
    return is_answer_to_invite(m, 200, 699);
}

static bool shows_hangup(const struct oh_sip_msg *m)
{
    return is_request(m, "BYE") || is_request(m, "CANCEL");
}

static bool shows_hold(const struct oh_sip_msg *m)
{
    return is_offer(m) && holds(m);
}

static bool shows_resume(const struct oh_sip_msg *m)
{
    return is_offer(m) && !holds(m);
}

static const struct {
    bool (*shows)(const struct oh_sip_msg *m);
    bool (*comes_of)(const struct oh_sip_msg *m); /* also what is not it, to be named */
    const char *wanted;
} verbs[OH_VERBS] = {
    [OH_VERB_REGISTER] = {shows_register, comes_of_register, "a REGISTER"},
    [OH_VERB_UNREGISTER] = {shows_unregister, comes_of_register, "a REGISTER with an expiry of 0"},
    [OH_VERB_DIAL] = {shows_dial, shows_dial, "an INVITE"},
    [OH_VERB_ANSWER] = {shows_answer, comes_of_ringing, "a 200 to the INVITE"},
    [OH_VERB_REJECT] = {shows_reject, comes_of_ringing, "a 4xx, 5xx or 6xx to the INVITE"},
    [OH_VERB_HANGUP] = {shows_hangup, shows_hangup, "a BYE or CANCEL"},
    [OH_VERB_HOLD] = {shows_hold, is_offer, "an INVITE with sendonly or inactive audio"},
    [OH_VERB_RESUME] = {shows_resume, is_offer, "an INVITE whose audio is not held"},
};

const char *oh_proof_wanted(enum oh_verb verb)
{
    return verbs[verb].wanted;
}

/* --- recordings --- */

static const struct oh_journal_entry *entry(const struct oh_run *run, int step,
                                            enum oh_journal_kind kind)
{
    for (size_t i = 0; i < run->journal_count; i++) {
        if (run->journal[i].step == step && run->journal[i].kind == kind)
            return &run->journal[i];
    }
    return NULL;
}

/* By the order in which our sockets saw it; what they did not see, by its time. */
static bool is_after(const struct oh_trace_msg *m, const struct oh_journal_entry *told)
{
    return m->tap == OH_NONE ? m->time_ns >= told->wall_ns : m->tap >= told->tap_before;
}

static const struct oh_trace_msg *find(const struct oh_recording *r,
                                       const struct oh_journal_entry *told,
                                       const struct oh_journal_entry *next,
                                       bool (*fits)(const struct oh_sip_msg *m))
{
    for (size_t i = 0; i < r->trace->msg_count; i++) {
        const struct oh_trace_msg *m = &r->trace->msgs[i];
        if (m->from_phone && m->repeat_of == OH_NONE && m->duplicate_of == OH_NONE &&
            is_after(m, told) && !(next && is_after(m, next)) && fits(m->sip))
            return m;
    }
    return NULL;
}

/* What ends the time in which an action is to show: the next one is told, or the flow is over and
 * our side ends the call. */
static const struct oh_journal_entry *next_of(const struct oh_run *run, int step)
{
    for (size_t i = 0; i < run->journal_count; i++) {
        const struct oh_journal_entry *e = &run->journal[i];
        if (e->kind == OH_JOURNAL_FLOW_ENDS || (e->kind == OH_JOURNAL_TOLD && e->step > step))
            return e;
    }
    return NULL;
}

/* By its own stamp; a clock that was set meanwhile is not believed. */
static bool comes_before(const struct oh_recording *r, const struct oh_trace_msg *m,
                         const struct oh_journal_entry *told)
{
    return told->wall_ns - m->time_ns > r->run->clock_step_ns;
}

/* A user had told it to hang up. */
static bool was_told_to_end(const struct oh_recording *r, const struct oh_trace_msg *m)
{
    for (size_t i = 0; i < r->run->journal_count; i++) {
        const struct oh_journal_entry *e = &r->run->journal[i];
        if (e->kind == OH_JOURNAL_TOLD && e->step >= 0 &&
            r->scenario->steps[e->step].verb == OH_VERB_HANGUP && is_after(m, e) &&
            !comes_before(r, m, e))
            return true;
    }
    return false;
}

const struct oh_trace_msg *oh_proof_self_end(const struct oh_recording *r)
{
    const struct oh_journal_entry *over = NULL;
    if (r->run->outcome == OH_OUTCOME_PHONE_DIED || r->run->outcome == OH_OUTCOME_PHONE_KILLED)
        return NULL; /* it went down, and its calls with it */
    for (size_t i = 0; i < r->run->journal_count; i++) {
        if (r->run->journal[i].kind == OH_JOURNAL_FLOW_ENDS)
            over = &r->run->journal[i];
    }
    for (size_t i = 0; i < r->trace->msg_count; i++) {
        const struct oh_trace_msg *m = &r->trace->msgs[i];
        if (m->from_phone && m->repeat_of == OH_NONE && m->duplicate_of == OH_NONE &&
            shows_hangup(m->sip) && !(over && is_after(m, over)) && !was_told_to_end(r, m))
            return m;
    }
    return NULL;
}

struct oh_proof oh_proof_of(const struct oh_recording *r, int step)
{
    const struct oh_step *s = &r->scenario->steps[step];
    const struct oh_journal_entry *told = entry(r->run, step, OH_JOURNAL_TOLD);
    const struct oh_journal_entry *refused = entry(r->run, step, OH_JOURNAL_REFUSED);
    const struct oh_journal_entry *next = next_of(r->run, step);
    const struct oh_trace_msg *end = oh_proof_self_end(r);
    struct oh_proof p = {OH_PROOF_UNTOLD, NULL, NULL, 0};
    if (!told) {
        p.message = end;
        p.word = end ? OH_PROOF_GONE : OH_PROOF_UNTOLD;
        return p;
    }
    p.message = find(r, told, next, verbs[s->verb].shows);
    p.word = OH_PROOF_DONE;
    if ((!p.message || p.message == end) && end) {
        p.message = end;
        p.word = comes_before(r, end, told) ? OH_PROOF_GONE : OH_PROOF_OTHERWISE;
    } else if (!p.message) {
        p.message = find(r, told, next, verbs[s->verb].comes_of);
        p.word = p.message                                   ? OH_PROOF_OTHERWISE
                 : refused                                   ? OH_PROOF_REFUSED
                 : entry(r->run, step, OH_JOURNAL_CONFIRMED) ? OH_PROOF_NOTHING
                                                             : OH_PROOF_UNTAKEN;
        p.detail = refused ? refused->detail : NULL;
    }
    if (p.message)
        p.after_ns = p.message->time_ns - told->wall_ns;
    return p;
}

static bool is_ours(const struct oh_run *run, const struct oh_addr *a)
{
    for (size_t i = 0; i < run->seat_count; i++) {
        const struct oh_run_seat *s = &run->seats[i];
        if (!s->is_phone && (oh_addr_same_ip(&s->sip, a) || oh_addr_same_ip(&s->rtp, a)))
            return true;
    }
    return false;
}

size_t oh_proof_rtp(const struct oh_recording *r, struct oh_addr *from)
{
    size_t count = 0;
    for (size_t i = 0; i < r->trace->rtp_count; i++) {
        const struct oh_trace_rtp *p = &r->trace->rtp[i];
        if (!is_ours(r->run, &p->dst) || is_ours(r->run, &p->src))
            continue;
        *from = p->src;
        count++;
    }
    return count;
}

bool oh_proof_had_media(const struct oh_recording *r)
{
    for (size_t i = 0; i < r->run->journal_count; i++) {
        if (r->run->journal[i].kind == OH_JOURNAL_MEDIA)
            return true;
    }
    return false;
}

/* --- credentials --- */

static const struct oh_expect *expected_credentials(const struct oh_scenario *s,
                                                    const struct oh_step **step)
{
    for (size_t i = 0; i < s->step_count; i++) {
        *step = &s->steps[i];
        if ((*step)->expect_count)
            return (*step)->expects;
    }
    return NULL;
}

/* What was sent before any challenge may answer one of an earlier call. */
struct oh_proof_password oh_proof_password(const struct oh_recording *r)
{
    struct oh_proof_password p = {.fit = OH_FIT_NO};
    const struct oh_step *step = NULL;
    const struct oh_expect *expect = expected_credentials(r->scenario, &step);
    struct oh_match_env *env = oh_match_env_new(r->run);
    bool challenged = false;
    for (size_t i = 0; expect && i < r->trace->msg_count && p.fit != OH_FIT_YES; i++) {
        const struct oh_trace_msg *m = &r->trace->msgs[i];
        enum oh_sip_header_id id = oh_sip_header_id_of(oh_span_of(expect->field));
        oh_match_env_saw(env, m->sip);
        challenged |= m->to_phone && (m->sip->status == 401 || m->sip->status == 407);
        if (!challenged || !m->from_phone || !is_request(m->sip, step->method) ||
            !oh_sip_msg_header(m->sip, id, 0))
            continue;
        struct oh_mismatch mismatch = {0};
        p.came = true;
        p.fit = oh_match_expect(env, expect, m->sip, &mismatch);
        oh_text_clear(&p.why);
        oh_text_add_span(&p.why, oh_text_span(&mismatch.why));
        oh_mismatch_release(&mismatch);
    }
    oh_match_env_free(env);
    return p;
}
