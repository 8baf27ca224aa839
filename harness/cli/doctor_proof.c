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

/* RFC 3515 2.1 */
static bool shows_transfer(const struct oh_sip_msg *m)
{
    return is_request(m, "REFER") && oh_field_text(m, "refer-to").at != NULL;
}

/* RFC 5589 7: whom was consulted is handed over. */
static bool shows_complete(const struct oh_sip_msg *m)
{
    struct oh_span to = oh_field_text(m, "refer-to");
    return shows_transfer(m) && oh_span_search(to, oh_span_of("Replaces")) < to.len;
}

static bool comes_of_transfer(const struct oh_sip_msg *m)
{
    return is_request(m, "REFER");
}

static bool shows_info(const struct oh_sip_msg *m)
{
    return is_request(m, "INFO");
}

static bool shows_forward(const struct oh_sip_msg *m)
{
    return is_answer_to_invite(m, 300, 399) || is_answer_to_invite(m, 181, 181) || shows_dial(m);
}

static bool shows_ringing(const struct oh_sip_msg *m)
{
    return is_answer_to_invite(m, 180, 180) || is_answer_to_invite(m, 183, 183) ||
           is_answer_to_invite(m, 200, 299);
}

static bool comes_of_call(const struct oh_sip_msg *m)
{
    return is_answer_to_invite(m, 180, 699);
}

/* Its RTP does. */
static bool shows_nothing(const struct oh_sip_msg *m)
{
    (void)m;
    return false;
}

/* What a phone that goes down does first; one that does not has its calls die. */
static bool shows_restart(const struct oh_sip_msg *m)
{
    return is_request(m, "BYE") || shows_unregister(m);
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
    [OH_VERB_TRANSFER] = {shows_transfer, comes_of_transfer, "a REFER with Refer-To"},
    [OH_VERB_CONSULT] = {shows_dial, shows_dial, "an INVITE that begins a second call"},
    [OH_VERB_COMPLETE_TRANSFER] = {shows_complete, comes_of_transfer,
                                   "a REFER with Replaces in its Refer-To"},
    [OH_VERB_JOIN] = {shows_resume, is_offer, "an INVITE whose audio is not held"},
    [OH_VERB_DTMF] = {shows_info, shows_info, "a telephone event in its RTP, or INFO"},
    [OH_VERB_FORWARD] = {shows_forward, comes_of_call, "a 3xx to the INVITE, or one of its own"},
    [OH_VERB_FORWARD_OFF] = {shows_ringing, comes_of_call, "a 180 to the INVITE"},
    [OH_VERB_DND] = {shows_reject, comes_of_call, "a 4xx, 5xx or 6xx to the INVITE"},
    [OH_VERB_DND_OFF] = {shows_ringing, comes_of_call, "a 180 to the INVITE"},
    [OH_VERB_MUTE] = {shows_nothing, shows_nothing, "a silence in its RTP"},
    [OH_VERB_UNMUTE] = {shows_nothing, shows_nothing, "a sound in its RTP"},
    [OH_VERB_REDIAL] = {shows_dial, shows_dial, "an INVITE"},
    [OH_VERB_RESTART] = {shows_restart, shows_restart, "a BYE or un-REGISTER before it goes down"},
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

/* A user had told it what ends a call. */
static bool was_told_to_end(const struct oh_recording *r, const struct oh_trace_msg *m)
{
    for (size_t i = 0; i < r->run->journal_count; i++) {
        const struct oh_journal_entry *e = &r->run->journal[i];
        if (e->kind != OH_JOURNAL_TOLD || e->step < 0)
            continue;
        enum oh_verb verb = r->scenario->steps[e->step].verb;
        if ((verb == OH_VERB_HANGUP || verb == OH_VERB_RESTART ||
             verb == OH_VERB_COMPLETE_TRANSFER) &&
            is_after(m, e) && !comes_before(r, m, e))
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

static bool is_ours(const struct oh_run *run, const struct oh_addr *a)
{
    for (size_t i = 0; i < run->seat_count; i++) {
        const struct oh_run_seat *s = &run->seats[i];
        if (!s->is_phone && (oh_addr_same_ip(&s->sip, a) || oh_addr_same_ip(&s->rtp, a)))
            return true;
    }
    return false;
}

/* --- RTP --- */

#define UNDER_WAY_NS INT64_C(200000000) /* packets in the phone's hands when it was told */

struct sound {
    size_t loud, silent, events;
    size_t headless; /* nothing is known of what they hold */
};

/* PCMU and PCMA. What is silent repeats one byte. RFC 3551 4.5.14; events: RFC 4733 2.3 */
static void hear(const struct oh_trace_rtp *p, struct sound *to)
{
    bool plain = p->payload_type == 0 || p->payload_type == 8;
    to->headless += plain && !p->has_event;
    if (!p->has_event)
        return;
    bool same =
        p->event[0] == p->event[1] && p->event[1] == p->event[2] && p->event[2] == p->event[3];
    to->events += p->payload_type >= 96 && p->payload_len == 4;
    to->silent += plain && same;
    to->loud += plain && !same;
}

static struct sound heard(const struct oh_recording *r, int64_t from_ns, int64_t to_ns)
{
    struct sound all = {0};
    for (size_t i = 0; i < r->trace->rtp_count; i++) {
        const struct oh_trace_rtp *p = &r->trace->rtp[i];
        if (p->time_ns >= from_ns && p->time_ns < to_ns && is_ours(r->run, &p->dst) &&
            !is_ours(r->run, &p->src))
            hear(p, &all);
    }
    return all;
}

static const char *media_proof(const struct oh_recording *r, enum oh_verb verb,
                               const struct oh_journal_entry *told,
                               const struct oh_journal_entry *next)
{
    int64_t to_ns = next ? next->wall_ns : INT64_MAX, then_ns = told->wall_ns;
    struct sound before = heard(r, 0, then_ns), after = heard(r, then_ns + UNDER_WAY_NS, to_ns);
    if (verb == OH_VERB_DTMF && heard(r, then_ns, to_ns).events > 0)
        return "telephone events in its RTP";
    if (verb == OH_VERB_MUTE && before.loud > 0 && after.loud == 0)
        return "its RTP fell silent";
    return verb == OH_VERB_UNMUTE && after.loud > 0 ? "sound in its RTP" : NULL;
}

/* Without a capture our sockets alone tell of it. */
static bool is_unseen(const struct oh_recording *r, enum oh_verb verb)
{
    struct sound all = heard(r, 0, INT64_MAX);
    return (verb == OH_VERB_DTMF || verb == OH_VERB_MUTE || verb == OH_VERB_UNMUTE) &&
           all.headless > 0;
}

struct oh_proof oh_proof_of(const struct oh_recording *r, int step)
{
    const struct oh_step *s = &r->scenario->steps[step];
    const struct oh_journal_entry *told = entry(r->run, step, OH_JOURNAL_TOLD);
    const struct oh_journal_entry *refused = entry(r->run, step, OH_JOURNAL_REFUSED);
    const struct oh_journal_entry *next = next_of(r->run, step);
    const struct oh_trace_msg *end = oh_proof_self_end(r);
    struct oh_proof p = {.word = OH_PROOF_UNTOLD};
    if (!told) {
        p.message = end;
        p.word = end ? OH_PROOF_GONE : OH_PROOF_UNTOLD;
        return p;
    }
    p.message = find(r, told, next, verbs[s->verb].shows);
    p.word = OH_PROOF_DONE;
    if (!p.message)
        p.media = media_proof(r, s->verb, told, next);
    if (p.media)
        return p;
    if (!p.message && !end && !refused && is_unseen(r, s->verb)) {
        p.word = OH_PROOF_UNSEEN;
        return p;
    }
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
