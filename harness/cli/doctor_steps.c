/* What a flow's recording proves, line by line: the verbs, the password, the sound. */
#include "cli/doctor.h"
#include "cli/doctor_flows.h"
#include "cli/doctor_proof.h"

#include <stdlib.h>
#include <string.h>

#define KEEP "; --keep DIR keeps the recordings"

/* --- which lines a flow has --- */

/* That it dials, answers, registers and consults is told once; other flows build on it. */
static bool is_told_elsewhere(enum oh_verb verb, const char *flow)
{
    return (verb == OH_VERB_DIAL || verb == OH_VERB_ANSWER || verb == OH_VERB_REGISTER ||
            verb == OH_VERB_CONSULT) &&
           strcmp(flow, oh_verb_name(verb)) != 0;
}

static bool tells_rtp(const struct oh_doctor *d, const char *flow, const struct oh_scenario *s)
{
    bool media = false;
    for (size_t i = 0; i < s->step_count; i++)
        media |= s->steps[i].kind == OH_STEP_MEDIA;
    return media && (strcmp(flow, "call") == 0 || !oh_adapter_can(d->adapter, "dial"));
}

/* The step whose credentials are looked at; NULL: none. */
static const struct oh_step *step_with_credentials(const struct oh_scenario *s)
{
    for (size_t i = 0; i < s->step_count; i++) {
        if (s->steps[i].expect_count)
            return &s->steps[i];
    }
    return NULL;
}

void oh_doctor_untried(struct oh_doctor *d, const char *flow, const struct oh_scenario *s,
                       const char *why)
{
    for (size_t i = 0; i < s->step_count; i++) {
        const struct oh_step *step = &s->steps[i];
        if (step->kind == OH_STEP_ACTION && !is_told_elsewhere(step->verb, flow))
            oh_doctor_tell(d, OH_DOCTOR_UNTRIED, oh_verb_name(step->verb), NULL, "not tried: %s",
                           why);
    }
    if (step_with_credentials(s))
        oh_doctor_tell(d, OH_DOCTOR_UNTRIED, "password", NULL, "not tried: %s", why);
    if (tells_rtp(d, flow, s))
        oh_doctor_tell(d, OH_DOCTOR_UNTRIED, "rtp", NULL, "not tried: %s", why);
}

/* --- one verb --- */

static const char *check_adapter(const struct oh_doctor *d, enum oh_verb verb, struct oh_text *text)
{
    oh_text_addf(text, "look at 'verbs: %s' in %s%s", oh_verb_name(verb),
                 oh_adapter_file(d->adapter), d->keep ? " and at the recording" : KEEP);
    return oh_text_str(text);
}

/* "INVITE", "486 Busy Here". */
static struct oh_span what_of(const struct oh_sip_msg *m)
{
    struct oh_span line = m->start_line;
    size_t blank = oh_span_find(line, ' ');
    return m->is_request ? m->method : oh_span_sub(line, blank + 1, line.len);
}

static void tell_done(struct oh_doctor *d, const char *check, const char *line,
                      const struct oh_proof *p)
{
    if (p->media)
        oh_doctor_tell(d, OH_DOCTOR_OK, check, NULL, "%s", p->media);
    else if (p->message->transport != d->transport)
        oh_doctor_tell(d, OH_DOCTOR_BAD, check, "look for ${transport} in the adapter",
                       "%s came over %s, not %s", line, oh_transport_name(p->message->transport),
                       oh_transport_name(d->transport));
    else
        oh_doctor_tell(d, OH_DOCTOR_OK, check, NULL, "%s, %.0f ms after it was told", line,
                       (double)p->after_ns / 1e6);
}

static void tell_gone(struct oh_doctor *d, const char *check, const char *line,
                      const struct oh_proof *p)
{
    static const char remedy[] = "a call is to stand until a user ends it: does the phone lack a "
                                 "sound source, or a codec?";
    const char *todo = d->keep ? remedy : NULL;
    char *longer = oh_format("%s%s", remedy, KEEP);
    if (p->after_ns < 0)
        oh_doctor_tell(d, OH_DOCTOR_BAD, check, todo ? todo : longer,
                       "the phone ended the call by itself (%s), %.1f ms before it was told", line,
                       (double)-p->after_ns / 1e6);
    else
        oh_doctor_tell(d, OH_DOCTOR_BAD, check, todo ? todo : longer,
                       "the phone ended the call by itself (%s), before it could be told", line);
    free(longer);
}

static void tell_untold(struct oh_doctor *d, const char *check, const struct oh_recording *r)
{
    const char *why = r->run->outcome_text;
    if (r->run->outcome == OH_OUTCOME_PHONE_DIED || r->run->outcome == OH_OUTCOME_PHONE_KILLED)
        why = "the phone's program was gone";
    oh_doctor_tell(d, OH_DOCTOR_UNTRIED, check, NULL, "not tried: %s",
                   why && *why ? why : "the flow did not come to it");
}

static void tell_proof(struct oh_doctor *d, const struct oh_recording *r, enum oh_verb verb,
                       const struct oh_proof *p)
{
    const char *check = oh_verb_name(verb), *wanted = oh_proof_wanted(verb);
    const char *detail = p->detail ? p->detail : "it does not say why";
    const char *bare = strchr(wanted, ' ') + 1; /* without its article */
    struct oh_text remedy = {0}, line = {0};
    if (p->message)
        oh_text_add_quoted(&line, what_of(p->message->sip), SIZE_MAX);
    const char *todo = check_adapter(d, verb, &remedy);
    switch (p->word) {
    case OH_PROOF_DONE:
        tell_done(d, check, oh_text_str(&line), p);
        break;
    case OH_PROOF_OTHERWISE:
        oh_doctor_tell(d, OH_DOCTOR_BAD, check, todo, "it sent %s; wanted is %s",
                       oh_text_str(&line), wanted);
        break;
    case OH_PROOF_NOTHING:
        oh_doctor_tell(d, OH_DOCTOR_BAD, check, todo,
                       "the driver confirmed it, but the wire does not show it: no %s within %d s",
                       bare, OH_DOCTOR_WITHIN_S);
        break;
    case OH_PROOF_UNTAKEN:
        oh_doctor_tell(d, OH_DOCTOR_BAD, check, todo,
                       "the driver never said that the phone took it, and no %s came", bare);
        break;
    case OH_PROOF_REFUSED:
        oh_doctor_tell(d, OH_DOCTOR_BAD, check, todo, "the phone refused: %s", detail);
        break;
    case OH_PROOF_GONE:
        tell_gone(d, check, oh_text_str(&line), p);
        break;
    case OH_PROOF_UNTOLD:
        tell_untold(d, check, r);
        break;
    case OH_PROOF_UNSEEN:
        oh_doctor_tell(d, OH_DOCTOR_NOTE, check, NULL,
                       "what its RTP holds is not seen without a capture");
        break;
    }
    oh_text_release(&remedy);
    oh_text_release(&line);
}

/* --- the password --- */

/* Only with a challenge does it show whether the phone got the account that it was given. */
static void tell_password(struct oh_doctor *d, const struct oh_recording *r,
                          const struct oh_step *step)
{
    struct oh_proof_password p = oh_proof_password(r);
    char *todo = oh_format("look at ${auth-user} and ${password} in %s: are the quotes around them "
                           "closed?",
                           oh_adapter_file(d->adapter));
    unsigned status = strcmp(step->method, "REGISTER") == 0 ? 401 : 407;
    if (!p.came)
        oh_doctor_tell(d, OH_DOCTOR_BAD, "password", todo,
                       "no %s with credentials came within %d s of a %u", step->method,
                       OH_DOCTOR_WITHIN_S, status);
    else if (p.fit == OH_FIT_NO)
        oh_doctor_tell(d, OH_DOCTOR_BAD, "password", todo,
                       "the credentials of the %s after a %u are not those of its account: %s",
                       step->method, status, oh_text_str(&p.why));
    else if (p.fit == OH_FIT_UNKNOWN)
        oh_doctor_tell(d, OH_DOCTOR_NOTE, "password", NULL,
                       "the credentials of the %s cannot be checked: %s", step->method,
                       oh_text_str(&p.why));
    else
        oh_doctor_tell(d, OH_DOCTOR_OK, "password", NULL,
                       "a %u was answered with right credentials", status);
    oh_text_release(&p.why);
    free(todo);
}

/* A phone that is registered need not send anything when it is told so again. */
static void tell_challenged(struct oh_doctor *d, const struct oh_recording *r, enum oh_verb verb,
                            const struct oh_proof *p)
{
    const struct oh_step *step = step_with_credentials(r->scenario);
    if (p->word == OH_PROOF_DONE)
        tell_password(d, r, step);
    else
        oh_doctor_tell(d, verb == OH_VERB_REGISTER ? OH_DOCTOR_NOTE : OH_DOCTOR_UNTRIED, "password",
                       NULL, "not tried with a %s: told again to %s, the phone sent none",
                       step->method, oh_verb_name(verb));
}

/* --- the flow --- */

static void tell_rtp(struct oh_doctor *d, const struct oh_recording *r)
{
    struct oh_addr from = {0};
    char text[OH_ADDR_TEXT];
    size_t packets = oh_proof_rtp(r, &from);
    if (packets > 0 && oh_addr_same_ip(&from, &d->phone))
        oh_doctor_tell(d, OH_DOCTOR_OK, "rtp", NULL, "%zu packets from the phone", packets);
    else if (packets > 0)
        oh_doctor_tell(d, OH_DOCTOR_OK, "rtp", NULL,
                       "%zu packets from the phone, though sent from %s and not its own address",
                       packets, oh_addr_format(&from, text));
    else if (!oh_proof_had_media(r))
        tell_untold(d, "rtp", r);
    else
        oh_doctor_tell(d, OH_DOCTOR_BAD, "rtp",
                       "without a sound device the phone needs a source of sound of its own, or "
                       "take rtp off 'abilities'",
                       "no packet of the phone came in half a second of talk");
}

/* Its call is gone: the first verb that shows it is not ok, those after it are not tried. */
static void tell_verb(struct oh_doctor *d, const char *flow, const struct oh_recording *r,
                      enum oh_verb verb, const struct oh_proof *p, bool *gone)
{
    bool works = p->word == OH_PROOF_DONE && (p->media || p->message->transport == d->transport);
    bool again = is_told_elsewhere(verb, flow);
    bool challenged = again && step_with_credentials(r->scenario);
    if (p->word == OH_PROOF_GONE && *gone) {
        oh_doctor_tell(d, OH_DOCTOR_UNTRIED, oh_verb_name(verb), NULL,
                       "not tried: the phone had ended the call by itself");
        return;
    }
    *gone |= p->word == OH_PROOF_GONE;
    if (!works && !challenged && p->word != OH_PROOF_UNSEEN)
        json_object_set_new(d->broken, oh_verb_name(verb), json_true());
    if (challenged)
        tell_challenged(d, r, verb, p);
    else if (!again || p->word != OH_PROOF_DONE)
        tell_proof(d, r, verb, p);
}

void oh_doctor_steps(struct oh_doctor *d, const char *flow, const struct oh_recording *r)
{
    bool gone = false;
    for (size_t i = 0; i < r->scenario->step_count; i++) {
        const struct oh_step *step = &r->scenario->steps[i];
        if (step->kind != OH_STEP_ACTION)
            continue;
        struct oh_proof proof = oh_proof_of(r, (int)i);
        tell_verb(d, flow, r, step->verb, &proof, &gone);
    }
    if (!gone && oh_proof_self_end(r)) {
        struct oh_proof proof = {.word = OH_PROOF_GONE, .message = oh_proof_self_end(r)};
        struct oh_text line = {0};
        oh_text_add_quoted(&line, what_of(proof.message->sip), SIZE_MAX);
        tell_gone(d, flow, oh_text_str(&line), &proof);
        oh_text_release(&line);
    }
    if (tells_rtp(d, flow, r->scenario))
        tell_rtp(d, r);
}
