/* Which requirements of the catalogue a flow shows: what its messages are, and what became of them.
 * An id that nothing bears out is worse than none. */
#include "author/record_private.h"

#include "sip/field.h"

#include <string.h>

struct request {
    const struct oh_recorded *r;
    int step; /* of the request */
    const struct oh_trace_msg *m;
    const struct oh_trace_msg *final; /* its answer, if that is a step; NULL */
    bool in_dialog;
};

static const struct oh_trace_msg *msg(const struct request *q, int index)
{
    return index == OH_NONE ? NULL : &q->r->heard->trace->msgs[index];
}

static bool is_step(const struct request *q, int index)
{
    return index != OH_NONE && q->r->step_of[index] != OH_NONE;
}

static bool has(const struct oh_trace_msg *m, const char *field)
{
    return m && oh_field_text(m->sip, field).at;
}

static bool same_call(const struct oh_trace_msg *a, const struct oh_trace_msg *b)
{
    return oh_span_equal(oh_field_text(a->sip, "call-id"), oh_field_text(b->sip, "call-id"));
}

/* The next request of this method, by the phone or to it, in the same call and behind `after`;
 * NULL. */
static const struct oh_trace_msg *next(const struct request *q, int after, const char *method,
                                       bool from_phone)
{
    const struct oh_trace *t = q->r->heard->trace;
    for (size_t i = (size_t)after + 1; i < t->msg_count; i++) {
        const struct oh_trace_msg *b = &t->msgs[i];
        if (is_step(q, b->index) && b->sip->is_request && b->from_phone == from_phone &&
            oh_sip_msg_is_method(b->sip, method) && same_call(b, q->m))
            return b;
    }
    return NULL;
}

/* --- what may be wanted of a request --- */

static bool is_anything(const struct request *q)
{
    (void)q;
    return true;
}

static bool is_acked(const struct request *q)
{
    return is_step(q, q->final->ack);
}

static const struct oh_trace_msg *cancel_of(const struct request *q)
{
    const struct oh_trace_msg *c = next(q, q->m->index, "CANCEL", q->m->from_phone);
    return c && c->request == q->m->index && is_step(q, c->final) ? c : NULL;
}

static bool is_cancelled(const struct request *q)
{
    return cancel_of(q) && is_acked(q);
}

/* Was a 101 to 199 sent between the request and this message? */
static bool rang_before(const struct request *q, int end)
{
    for (int i = q->m->index + 1; i < end; i++) {
        const struct oh_trace_msg *b = msg(q, i);
        if (is_step(q, i) && !b->sip->is_request && b->request == q->m->index &&
            b->sip->status < 200)
            return true;
    }
    return false;
}

static bool is_cancelled_ringing(const struct request *q)
{
    return is_cancelled(q) && rang_before(q, cancel_of(q)->index);
}

/* The answer came all the same, and the call was ended. RFC 3261 9.1 */
static bool is_cancelled_late(const struct request *q)
{
    return is_cancelled(q) && cancel_of(q)->index < q->final->index &&
           next(q, q->final->ack, "BYE", q->m->from_phone);
}

static bool rings(const struct request *q)
{
    return rang_before(q, q->final->index);
}

/* The phone's offer comes in its 200, and ours in the ACK answers it. RFC 3261 13.2.1 */
static bool is_late_offer(const struct request *q)
{
    return is_acked(q) && !has(q->m, "sdp.audio.port") && has(q->final, "sdp.audio.port") &&
           has(msg(q, q->final->ack), "sdp.audio.port");
}

static bool is_rejected(const struct request *q)
{
    int step = q->r->step_of[q->final->index];
    unsigned status = q->final->sip->status;
    return step > 0 && (status == 486 || status == 603) &&
           !strcmp(q->r->steps[step - 1].text, "A rejects");
}

static bool names_unsupported(const struct request *q)
{
    return has(q->m, "require") && has(q->final, "unsupported");
}

static bool challenged_by(const struct request *q, unsigned status)
{
    return is_step(q, q->m->retry_of) && is_step(q, q->m->challenge) &&
           msg(q, q->m->challenge)->sip->status == status;
}

static bool answers_401(const struct request *q)
{
    return challenged_by(q, 401);
}

static bool answers_407(const struct request *q)
{
    return challenged_by(q, 407);
}

/* The user hung up in a standing call. */
static bool is_hung_up(const struct request *q)
{
    return q->step > 0 && !strcmp(q->r->steps[q->step - 1].text, "A hangs up");
}

static bool is_callers(const struct request *q)
{
    const struct oh_trace_msg *first = next(q, -1, "INVITE", true);
    const struct oh_trace_msg *other = next(q, -1, "INVITE", false);
    return is_hung_up(q) && first && (!other || first->index < other->index);
}

static bool is_callees(const struct request *q)
{
    return is_hung_up(q) && !is_callers(q);
}

static bool offers(const struct request *q, const char *direction)
{
    return oh_span_is(oh_field_text(q->m->sip, "sdp.audio.direction"), direction);
}

static bool is_answered(const struct request *q, const char *direction)
{
    return oh_span_is(oh_field_text(q->final->sip, "sdp.audio.direction"), direction);
}

/* RFC 3264 6.1 */
static bool is_held(const struct request *q)
{
    return offers(q, "sendonly") && (is_answered(q, "recvonly") || is_answered(q, "inactive"));
}

static bool is_held_both_ways(const struct request *q)
{
    return offers(q, "inactive") && is_answered(q, "inactive");
}

static bool is_held_by_address(const struct request *q)
{
    return oh_span_is(oh_field_text(q->m->sip, "sdp.audio.connection"), "0.0.0.0") &&
           has(q->final, "sdp.audio.port");
}

static bool is_listened_to(const struct request *q)
{
    return offers(q, "recvonly") && (is_answered(q, "sendonly") || is_answered(q, "inactive"));
}

static bool is_without_offer(const struct request *q)
{
    return !has(q->m, "sdp.audio.port") && has(q->final, "sdp.audio.port");
}

static bool is_behind(const struct request *q, const char *action)
{
    return q->step > 0 && !strcmp(q->r->steps[q->step - 1].text, action);
}

static bool holds(const struct request *q)
{
    return is_behind(q, "A holds") && (offers(q, "sendonly") || offers(q, "inactive"));
}

static bool resumes(const struct request *q)
{
    return is_behind(q, "A resumes") &&
           (offers(q, "sendrecv") || !has(q->m, "sdp.audio.direction"));
}

static bool transfers(const struct request *q)
{
    return q->step > 0 && !strncmp(q->r->steps[q->step - 1].text, "A transfers to ", 15) &&
           next(q, q->m->index, "NOTIFY", false);
}

static bool follows_refer(const struct request *q)
{
    const struct oh_trace *t = q->r->heard->trace;
    bool called = false;
    for (size_t i = (size_t)q->m->index; i < t->msg_count; i++)
        called |= is_step(q, (int)i) && t->msgs[i].from_phone && t->msgs[i].sip->is_request &&
                  oh_sip_msg_is_method(t->msgs[i].sip, "INVITE") && !has(&t->msgs[i], "to.tag");
    return called && next(q, q->m->index, "NOTIFY", true);
}

/* Sent once more after that answer. */
static bool is_sent_again(const struct request *q)
{
    return next(q, q->final->index, "REGISTER", true);
}

static bool unregisters(const struct request *q)
{
    return is_behind(q, "A unregisters");
}

/* RFC 3261 8.1.3.4 */
static bool is_followed(const struct request *q)
{
    return is_acked(q) && next(q, q->final->index, "INVITE", true);
}

/* --- the table --- */

enum place { FIRST, LATER }; /* begins something; within a dialog */

struct sight {
    const char *method;
    bool from_phone;
    enum place place;
    unsigned from, to; /* status of its final answer; 0: whatever became of it */
    bool (*holds)(const struct request *q);
    const char *covers;
};

static const struct sight sights[] = {
    {"INVITE", true, FIRST, 200, 299, is_acked, "call.out.basic"},
    {"INVITE", true, FIRST, 486, 486, is_acked, "call.out.busy"},
    {"INVITE", true, FIRST, 480, 480, is_acked, "call.out.480"},
    {"INVITE", true, FIRST, 500, 503, is_acked, "call.out.500-503"},
    {"INVITE", true, FIRST, 600, 606, is_acked, "call.out.600-603-604-606"},
    {"INVITE", true, FIRST, 300, 399, is_acked, "call.out.3xx-ack"},
    {"INVITE", true, FIRST, 302, 302, is_followed, "call.out.302"},
    {"INVITE", true, FIRST, 487, 487, is_cancelled, "call.out.487-after-cancel"},
    {"INVITE", true, FIRST, 487, 487, is_cancelled_ringing, "call.out.no-answer"},
    {"INVITE", true, FIRST, 200, 299, is_cancelled_late, "call.out.200-after-cancel"},
    {"CANCEL", true, FIRST, 0, 0, is_anything, "lint.cancel.match"},
    {"INVITE", true, FIRST, 0, 0, answers_407, "auth.invite.407-retry"},
    {"INVITE", true, FIRST, 0, 0, answers_401, "auth.invite.401-retry"},
    {"INVITE", true, LATER, 0, 0, answers_407, "auth.reinvite.407"},
    {"BYE", true, LATER, 0, 0, answers_407, "auth.bye.407"},
    {"REFER", true, LATER, 0, 0, answers_407, "auth.refer.407"},
    {"REGISTER", true, FIRST, 0, 0, answers_401, "auth.register.401-retry"},
    {"REGISTER", true, FIRST, 403, 403, is_anything, "reg.403"},
    {"REGISTER", true, FIRST, 423, 423, is_sent_again, "reg.423"},
    {"REGISTER", true, FIRST, 200, 200, answers_401, "reg.new-challenge"},
    {"REGISTER", true, FIRST, 200, 200, unregisters, "reg.cancel"},
    {"INVITE", false, FIRST, 200, 299, rings, "call.in.basic"},
    {"INVITE", false, FIRST, 200, 299, is_late_offer, "call.in.late-offer"},
    {"INVITE", false, FIRST, 486, 603, is_rejected, "call.in.reject-user"},
    {"INVITE", false, FIRST, 487, 487, is_cancelled, "call.in.cancel"},
    {"INVITE", false, FIRST, 420, 420, names_unsupported, "call.in.420"},
    {"INVITE", false, LATER, 200, 299, is_held, "mod.hold.in-sendonly"},
    {"INVITE", false, LATER, 200, 299, is_held_both_ways, "mod.hold.in-inactive"},
    {"INVITE", false, LATER, 200, 299, is_held_by_address, "mod.hold.in-zero"},
    {"INVITE", false, LATER, 200, 299, is_listened_to, "mod.hold.recvonly-offer"},
    {"INVITE", false, LATER, 200, 299, is_without_offer, "mod.reinvite.offerless"},
    {"INVITE", false, LATER, 491, 491, is_anything, "mod.reinvite.glare-in"},
    {"INVITE", true, LATER, 200, 299, holds, "mod.hold.out-sendonly"},
    {"INVITE", true, LATER, 200, 299, resumes, "mod.hold.resume"},
    {"PRACK", true, LATER, 200, 299, is_anything, "mod.prack.uac"},
    {"PRACK", false, LATER, 200, 299, is_anything, "mod.prack.uas-200"},
    {"REFER", true, LATER, 200, 299, transfers, "refer.out.blind"},
    {"REFER", false, LATER, 200, 299, follows_refer, "refer.in.blind"},
    {"OPTIONS", false, FIRST, 200, 200, is_anything, "opt.in.idle"},
    {"OPTIONS", false, LATER, 200, 200, is_anything, "opt.in.in-dialog"},
    {"MESSAGE", false, FIRST, 200, 202, is_anything, "msg.in"},
    {"BYE", true, LATER, 200, 299, is_callers, "bye.out"},
    {"BYE", true, LATER, 200, 299, is_callees, "bye.callee-out"},
    {"BYE", false, LATER, 200, 299, is_anything, "bye.in"},
};

static bool shows(const struct request *q, const struct sight *s)
{
    unsigned status = q->final ? q->final->sip->status : 0;
    return oh_span_is(q->m->sip->method, s->method) && q->m->from_phone == s->from_phone &&
           q->in_dialog == (s->place == LATER) &&
           (s->to == 0 || (status >= s->from && status <= s->to)) && s->holds(q);
}

static bool is_shown(const struct oh_recorded *r, const struct sight *s)
{
    for (size_t i = 0; i < r->count; i++) {
        const struct oh_recorded_step *step = &r->steps[i];
        struct request q = {.r = r, .step = (int)i};
        if (step->msg == OH_NONE)
            continue;
        q.m = msg(&q, step->msg);
        q.final = is_step(&q, q.m->final) ? msg(&q, q.m->final) : NULL;
        q.in_dialog = has(q.m, "to.tag");
        if (q.m->sip->is_request && shows(&q, s))
            return true;
    }
    return false;
}

void oh_recorded_suggest_covers(struct oh_recorded *r)
{
    struct oh_text list = {0};
    for (size_t k = 0; k < sizeof sights / sizeof *sights; k++) {
        if (is_shown(r, &sights[k]))
            oh_text_addf(&list, "%s%s", list.len ? ", " : "", sights[k].covers);
    }
    r->covers = list.len ? oh_text_take(&list) : NULL;
    oh_text_release(&list);
}
