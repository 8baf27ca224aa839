/* Findings of the flow: what reached its steps, and how. */
#include "judge/internal.h"
#include "scenario/blocks.h"

#include <stdlib.h>
#include <string.h>

#define SHOWN_BYTES 80  /* of a start line in a sentence */
#define NOISE_BYTES 24  /* of a datagram that is no message */
#define OUTPUT_TAIL 400 /* bytes of a dead phone's last words in a finding */

struct oh_finding *oh_finding_add(struct oh_verdict *v, const char *id, enum oh_level level,
                                  bool strict)
{
    oh_grow(&v->findings, v->finding_count, &v->finding_room, sizeof *v->findings);
    struct oh_finding *f = &v->findings[v->finding_count++];
    *f = (struct oh_finding){.id = oh_strdup(id),
                             .level = level,
                             .result =
                                 level == OH_LEVEL_MUST || strict ? OH_RESULT_FAIL : OH_RESULT_WARN,
                             .msg = OH_NONE,
                             .step = OH_NONE,
                             .about = OH_NONE,
                             .from_phone = true};
    return f;
}

void oh_finding_frame(struct oh_finding *f, unsigned frame)
{
    for (size_t i = 0; i < f->frame_count; i++) {
        if (f->frames[i] == frame)
            return;
    }
    if (frame && f->frame_count < OH_FINDING_FRAMES)
        f->frames[f->frame_count++] = frame;
}

void oh_finding_cite(struct oh_judging *j, struct oh_finding *f, const struct oh_trace_msg *m)
{
    if (f->msg == OH_NONE) {
        f->msg = m->index;
        f->time_ns = m->time_ns - j->zero_ns;
    }
    oh_finding_frame(f, m->frame);
}

/* What a scenario asks for is its author's word: the sources that he names, said to be that. */
char *oh_flow_clause(const struct oh_judging *j)
{
    struct oh_text text = {0};
    for (size_t i = 0; i < j->scenario->source_count; i++)
        oh_text_addf(&text, "%s%s", i == 0 ? "Scenario after " : ", ", j->scenario->sources[i]);
    return oh_text_take(&text);
}

char *oh_method_text(const struct oh_trace_msg *m)
{
    struct oh_text text = {0};
    if (!m->sip->is_request)
        oh_text_addf(&text, "%u to ", m->sip->status);
    oh_text_add_quoted(&text, oh_sip_msg_method(m->sip), SHOWN_BYTES);
    return oh_text_take(&text);
}

static char *shown(struct oh_span bytes, size_t limit)
{
    struct oh_text text = {0};
    oh_text_add_quoted(&text, bytes, limit);
    return text.at ? oh_text_take(&text) : oh_strdup("");
}

struct oh_finding *oh_flow_finding(struct oh_judging *j, const char *id, enum oh_level level,
                                   int step, const struct oh_trace_msg *m)
{
    struct oh_finding *f = oh_finding_add(j->verdict, id, level, j->options->strict);
    f->step = step;
    f->clause = oh_flow_clause(j);
    if (m)
        oh_finding_cite(j, f, m);
    return f;
}

/* --- expectations --- */

static void expectation(struct oh_judging *j, const struct oh_trace_msg *m, int step,
                        const struct oh_expect *expect)
{
    struct oh_mismatch why;
    enum oh_fit fit = oh_match_expect(j->env, expect, m->sip, &why);
    if (fit != OH_FIT_YES) {
        char *id = oh_format("expect.%s", expect->field);
        struct oh_finding *f = oh_flow_finding(j, id, expect->level, step, m);
        const char *because = oh_text_str(&why.why);
        free(id);
        if (fit == OH_FIT_UNKNOWN)
            f->result = OH_RESULT_NOT_CHECKABLE;
        f->field = oh_strdup(expect->field);
        if (why.bytes.at) {
            f->bytes_from = oh_sip_msg_offset(m->sip, why.bytes);
            f->bytes_to = f->bytes_from + why.bytes.len;
        }
        f->expected = oh_strdup(oh_text_str(&why.expected));
        f->observed = oh_strdup(oh_text_str(&why.observed));
        f->text = oh_format("The scenario asks for %s to be %s%s%s.", expect->field, f->expected,
                            *because ? "; " : "", because);
    }
    oh_mismatch_release(&why);
}

/* "200"; of an `either` that it decided, "200 or 486": what its branches begin with. */
static char *awaited_statuses(const struct oh_scenario *s, int step)
{
    struct oh_text text = {0};
    int block = s->steps[step].group;
    oh_text_addf(&text, "%u", s->steps[step].status);
    if (block == OH_NONE || s->groups[block].kind != OH_GROUP_EITHER)
        return oh_text_take(&text);
    for (int b = 0; b < s->groups[block].branch_count; b++) {
        struct oh_row row = oh_row_of_branch(s, block, b);
        int i = row.first;
        while (i + 1 < row.end && s->steps[i].optional)
            i++;
        if (i < row.end && oh_steps_relation(s, i, step) == OH_STEP_COMES_INSTEAD &&
            oh_step_is_phones(s, &s->steps[i]) && !s->steps[i].is_request)
            oh_text_addf(&text, " or %u", s->steps[i].status);
    }
    return oh_text_take(&text);
}

static void status(struct oh_judging *j, const struct oh_trace_msg *m, int step)
{
    struct oh_finding *f = oh_flow_finding(j, "flow.status", OH_LEVEL_MUST, step, m);
    f->field = oh_strdup("status");
    f->bytes_from = oh_sip_msg_offset(m->sip, m->sip->start_line);
    f->bytes_to = f->bytes_from + m->sip->start_line.len;
    f->expected = awaited_statuses(j->scenario, step);
    f->observed = oh_format("%u", m->sip->status);
    const char *doubt = oh_crossing_doubt(j, step, m->sip->status);
    f->text = oh_format("The flow awaits %s here; the phone answered %u%s%s.", f->expected,
                        m->sip->status, doubt ? ", but " : "", doubt ? doubt : "");
    if (doubt)
        f->result = OH_RESULT_NOT_CHECKABLE;
    j->derailed = j->derailed || j->scenario->steps[step].status / 100 != m->sip->status / 100;
}

static void destination(struct oh_judging *j, const struct oh_trace_msg *m, int step)
{
    const struct oh_step *at = &j->scenario->steps[step];
    char got[OH_ADDR_TEXT];
    if (m->to_seat && at->to && strcmp(m->to_seat, at->to) == 0)
        return;
    struct oh_finding *f = oh_flow_finding(j, "flow.destination", OH_LEVEL_MUST, step, m);
    f->expected = oh_strdup(at->to);
    f->observed = oh_format("%s%s%s", oh_addr_format(&m->dst, got), m->to_seat ? ", which is " : "",
                            m->to_seat ? m->to_seat : "");
    f->text = oh_format("The message was sent to another address than %s's.", at->to);
}

/* It is what the flow awaits, but answers no request that the phone got: it is of another call. */
static void other_call(struct oh_judging *j, const struct oh_trace_msg *m, int step)
{
    struct oh_finding *f = oh_flow_finding(j, "flow.other-call", OH_LEVEL_MUST, step, m);
    struct oh_span call_id = oh_field_text(m->sip, "call-id");
    free(f->clause);
    f->clause = oh_strdup("RFC 3261 8.2.6.2");
    f->field = oh_strdup("call-id");
    if (call_id.at) {
        f->bytes_from = oh_sip_msg_offset(m->sip, call_id);
        f->bytes_to = f->bytes_from + call_id.len;
    }
    f->expected = oh_strdup("that of a request to the phone");
    f->observed = shown(call_id, SHOWN_BYTES);
    f->text =
        oh_strdup("The response answers none of the requests that were sent to the phone: its "
                  "Via, Call-ID and tags are those of another call.");
}

/* The user's action that `step` comes of, if nothing but optional steps stands between; OH_NONE. */
static int action_before(const struct oh_judging *j, int step)
{
    const struct oh_scenario *s = j->scenario;
    int i = step - 1;
    while (i >= 0 &&
           (!oh_step_precedes(s, i, step) || oh_walk_state(j->walk, i) == OH_STEP_NOT_TAKEN ||
            (s->steps[i].kind == OH_STEP_MESSAGE && s->steps[i].optional)))
        i--;
    return i >= 0 && s->steps[i].kind == OH_STEP_ACTION ? i : OH_NONE;
}

/* Who sits at the phone may have done it before he was asked. */
static void doubt_hand(struct oh_finding *f)
{
    char *text = f->text;
    f->result = OH_RESULT_NOT_CHECKABLE;
    f->text = oh_format("%s Or the person at the phone did it too soon: play it again.", text);
    free(text);
}

/* Messages of a call; others a phone may send whenever it likes. */
static bool is_of_call(const struct oh_sip_msg *m)
{
    static const char *const methods[] = {"INVITE", "BYE", "CANCEL"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (oh_span_is(oh_sip_msg_method(m), methods[i]))
            return true;
    }
    return false;
}

/* Player and walk take what comes after an action for its effect; the wire knows better. Both
 * stamps are of one clock, and the journal has "told" before the driver is given anything: what is
 * older than that was not caused by it, be it by little. */
static bool forestalls(struct oh_judging *j, const struct oh_trace_msg *m, int step)
{
    int action = action_before(j, step);
    int64_t told_ns = action == OH_NONE ? 0 : j->step_done_ns[action];
    if (told_ns <= m->time_ns || !is_of_call(m->sip) || oh_clock_was_set(j->run))
        return false;
    const struct oh_step *at = &j->scenario->steps[step], *user = &j->scenario->steps[action];
    char *what = oh_method_text(m);
    double ms = (double)(told_ns - m->time_ns) / 1e6;
    struct oh_finding *f = oh_flow_finding(j, "flow.early", OH_LEVEL_MUST, step, m);
    f->expected = oh_format("%s after %s", at->text, user->text);
    f->observed = oh_format("%s %.1f ms before it", what, ms);
    f->text =
        oh_format("The phone sent its %s by itself: %.1f ms before %s.", what, ms, user->text);
    if (oh_is_by_hand(j->run, user->from))
        doubt_hand(f);
    free(what);
    return true;
}

void oh_flow_reached(struct oh_judging *j, const struct oh_trace_msg *m,
                     struct oh_walk_result reached)
{
    if (forestalls(j, m, reached.step))
        return;
    const struct oh_step *step = &j->scenario->steps[reached.step];
    if (step->prelude) /* what `given` asks for is no part of what is judged */
        return;
    if (!m->sip->is_request && m->request == OH_NONE) {
        other_call(j, m, reached.step);
        return;
    }
    if (reached.other_status) {
        status(j, m, reached.step);
        return; /* the expectations were made for another answer */
    }
    destination(j, m, reached.step);
    if (reached.kind == OH_WALK_LATE && m->tap != OH_NONE) /* a stray came nowhere */
        oh_flow_lateness(j, m, reached.step);
    else if (reached.kind == OH_WALK_REACHED)
        oh_flow_window(j, m, reached.step);
    for (size_t i = 0; i < step->expect_count; i++)
        expectation(j, m, reached.step, &step->expects[i]);
}

/* The step before `next` at which the user of the sender ended a call, if no BYE or CANCEL of it
 * came since; OH_NONE. */
static int hung_up_before(const struct oh_judging *j, int next, const struct oh_trace_msg *m)
{
    for (int i = next - 1; i >= 0; i--) {
        const struct oh_step *s = &j->scenario->steps[i];
        if (!m->from_seat || !s->from || strcmp(s->from, m->from_seat) != 0)
            continue;
        if (s->kind == OH_STEP_ACTION && s->verb == OH_VERB_HANGUP && j->step_done_ns[i])
            return i;
        if (s->kind == OH_STEP_MESSAGE && s->is_request && j->step_done_ns[i] &&
            (strcmp(s->method, "BYE") == 0 || strcmp(s->method, "CANCEL") == 0))
            return OH_NONE;
    }
    return OH_NONE;
}

void oh_flow_early(struct oh_judging *j, const struct oh_trace_msg *m, int step)
{
    const struct oh_step *at = &j->scenario->steps[step];
    int next = oh_walk_next(j->walk);
    if (j->run->outcome == OH_OUTCOME_PHONE_KILLED) /* it had to: its program was being ended */
        return;
    const char *before = next < step ? j->scenario->steps[next].text : "its time";
    int user = hung_up_before(j, next, m);
    struct oh_finding *f = oh_flow_finding(j, "flow.early", OH_LEVEL_MUST, step, m);
    f->expected = oh_format("%s after %s", at->text, before);
    f->observed = oh_format("%s before it", at->method);
    if (user != OH_NONE) {
        f->result = OH_RESULT_NOT_CHECKABLE;
        f->text = oh_format("The phone did at once what it was told by '%s': its %s came before "
                            "%s. Let the flow await it there.",
                            j->scenario->steps[user].text, at->method, before);
        return;
    }
    f->text =
        oh_format("The phone ended the call by itself: its %s came before %s.", at->method, before);
    if (oh_is_by_hand(j->run, m->from_seat))
        doubt_hand(f);
}

void oh_flow_unexpected(struct oh_judging *j, const struct oh_trace_msg *m)
{
    if (j->scenario->others == OH_OTHERS_TOLERATE)
        return;
    struct oh_finding *f =
        oh_finding_add(j->verdict, "flow.unexpected",
                       j->scenario->others == OH_OTHERS_MUST ? OH_LEVEL_MUST : OH_LEVEL_SHOULD,
                       j->options->strict);
    oh_finding_cite(j, f, m);
    f->clause = oh_flow_clause(j);
    char *line = shown(m->sip->start_line, SHOWN_BYTES), to[OH_ADDR_TEXT];
    f->method = oh_method_text(m);
    f->text = m->to_seat
                  ? oh_format("The flow has no place for this message of the phone: %s", line)
                  : oh_format("The phone sent a message to %s, where no party of the flow is: %s",
                              oh_addr_format(&m->dst, to), line);
    free(line);
}

/* --- media and silence --- */

static int64_t begin_of(const struct oh_judging *j, int step)
{
    int64_t latest_ns = 0;
    for (int i = step - 1; i >= 0; i--) {
        if (!j->step_done_ns[i] || !oh_step_precedes(j->scenario, i, step))
            continue;
        latest_ns = j->step_done_ns[i] > latest_ns ? j->step_done_ns[i] : latest_ns;
        if (j->scenario->steps[i].group == OH_NONE) /* those before it were done before */
            break;
    }
    return latest_ns ? latest_ns : j->zero_ns;
}

static const struct oh_run_seat *run_seat(const struct oh_judging *j, const char *name)
{
    for (size_t i = 0; i < j->run->seat_count; i++) {
        if (strcmp(j->run->seats[i].name, name) == 0)
            return &j->run->seats[i];
    }
    return NULL;
}

static bool is_ours(const struct oh_judging *j, const struct oh_addr *a)
{
    for (size_t i = 0; i < j->run->seat_count; i++) {
        if (!j->run->seats[i].is_phone && oh_addr_equal(&j->run->seats[i].rtp, a))
            return true;
    }
    return false;
}

struct window {
    int64_t from_ns, to_ns;
};

static bool is_within(struct window w, int64_t time_ns)
{
    return time_ns >= w.from_ns && time_ns <= w.to_ns;
}

/* Only the phone was told our seat's RTP address, so what comes there from elsewhere than our own
 * sockets is the phone's. Its source address proves nothing: RFC 3264 5.1 gives the address to send
 * to, none to send from. What our socket got counts even where the capture lost it. */
static bool saw_rtp(const struct oh_judging *j, const struct oh_run_seat *ours, struct window w)
{
    for (size_t i = 0; i < j->trace->rtp_count; i++) {
        const struct oh_trace_rtp *r = &j->trace->rtp[i];
        if (is_within(w, r->time_ns) && oh_addr_equal(&r->dst, &ours->rtp) && !is_ours(j, &r->src))
            return true;
    }
    for (size_t i = 0; i < j->run->tap_count; i++) {
        const struct oh_tap_entry *t = &j->run->tap[i];
        if (t->is_rtp && !t->sent && is_within(w, t->wall_ns) &&
            oh_addr_equal(&t->local, &ours->rtp) && !is_ours(j, &t->remote))
            return true;
    }
    return false;
}

static void rtp_missing(struct oh_judging *j, int index, const struct oh_run_seat *to,
                        int64_t end_ns, const char *doubt)
{
    char address[OH_ADDR_TEXT];
    struct oh_finding *f = oh_flow_finding(j, "media.rtp-missing", OH_LEVEL_MUST, index, NULL);
    f->time_ns = end_ns - j->zero_ns;
    if (doubt)
        f->result = OH_RESULT_NOT_CHECKABLE;
    f->expected = oh_format("RTP to %s", oh_addr_format(&to->rtp, address));
    f->observed = oh_strdup("no RTP packet");
    f->text = oh_format("No RTP packet of the phone reached %s while the flow has media%s%s.",
                        address, doubt ? ", but " : "", doubt ? doubt : "");
}

/* Packets that were under way, or in the phone's hands, when the call was put on hold. */
#define UNDER_WAY_NS INT64_C(200000000)

/* Nothing shows whether what the flow has in this step was so. */
static void not_seen(struct oh_judging *j, int index, const char *id, int64_t end_ns,
                     const char *doubt)
{
    const struct oh_step *step = &j->scenario->steps[index];
    struct oh_finding *f = oh_flow_finding(j, id, OH_LEVEL_MUST, index, NULL);
    f->time_ns = end_ns - j->zero_ns;
    f->result = OH_RESULT_NOT_CHECKABLE;
    f->expected = oh_strdup(step->text);
    f->observed = oh_strdup("not in the capture");
    f->text = oh_format("%s: %s.", step->text, doubt);
}

/* Who captures may leave RTP out, and nobody need keep the flow's times. */
static const char *media_doubt(const struct oh_judging *j, int index, const struct oh_run_seat *to,
                               struct window w)
{
    static const struct window ever = {INT64_MIN, INT64_MAX};
    const struct oh_step *step = &j->scenario->steps[index];
    if (!j->run->foreign)
        return oh_timing_doubt(j, step->for_ms);
    if (step->media_none ? j->trace->rtp_count == 0 : !saw_rtp(j, to, ever))
        return "the capture has no RTP of it at any time";
    return w.to_ns - w.from_ns < step->for_ms * INT64_C(1000000)
               ? "in this capture it was over sooner than the flow has it"
               : oh_timing_doubt(j, step->for_ms);
}

static void rtp_unwanted(struct oh_judging *j, int index, const struct oh_run_seat *to,
                         int64_t end_ns)
{
    char address[OH_ADDR_TEXT];
    struct oh_finding *f = oh_flow_finding(j, "media.rtp-unwanted", OH_LEVEL_MUST, index, NULL);
    f->time_ns = end_ns - j->zero_ns;
    f->expected = oh_strdup("no RTP packet");
    f->observed = oh_format("RTP to %s", oh_addr_format(&to->rtp, address));
    f->text = oh_format("RTP of the phone reached %s, which it may not send to by offer and "
                        "answer.",
                        address);
}

static void media(struct oh_judging *j, int index, int64_t end_ns)
{
    const struct oh_step *step = &j->scenario->steps[index];
    const struct oh_run_seat *from = run_seat(j, step->from), *to = run_seat(j, step->to);
    if (from && to && !from->is_phone && step->media_both_ways) {
        const struct oh_run_seat *other = from;
        from = to;
        to = other;
    }
    if (!from || !to || !from->is_phone) /* our own sending is nothing to judge a phone by */
        return;
    struct window w = {begin_of(j, index), end_ns};
    if (step->media_none) {
        const char *doubt = j->run->foreign ? media_doubt(j, index, to, w) : NULL;
        if (!j->derailed && saw_rtp(j, to, (struct window){w.from_ns + UNDER_WAY_NS, w.to_ns}))
            rtp_unwanted(j, index, to, end_ns);
        else if (doubt)
            not_seen(j, index, "media.rtp-unwanted", end_ns, doubt);
        return;
    }
    if (saw_rtp(j, to, w))
        return;
    if (j->derailed || oh_follows_silence(j, index))
        j->verdict->steps[index].word = OH_STEP_IS_NOT_REACHED; /* there is no call to have media */
    else
        rtp_missing(j, index, to, end_ns, media_doubt(j, index, to, w));
}

void oh_flow_not_silent(struct oh_judging *j, int step, const struct oh_trace_msg *m)
{
    struct oh_finding *f = oh_flow_finding(j, "flow.not-silent", OH_LEVEL_MUST, step, m);
    f->expected = oh_strdup("nothing");
    f->observed = shown(m->sip->start_line, SHOWN_BYTES);
    f->text = oh_strdup("The phone sent a message while the flow awaits silence.");
}

void oh_flow_media(struct oh_judging *j, int step, int64_t end_ns)
{
    const struct oh_step *at = &j->scenario->steps[step];
    bool is_short = end_ns - begin_of(j, step) < at->for_ms * INT64_C(1000000);
    if (at->kind == OH_STEP_MEDIA)
        media(j, step, end_ns);
    else if (j->run->foreign && at->kind == OH_STEP_SILENCE && is_short)
        not_seen(j, step, "flow.not-silent", end_ns,
                 "in this capture it was over sooner than the flow has it");
    else if (j->run->foreign && (at->kind == OH_STEP_MESSAGE || at->kind == OH_STEP_CONNECTION))
        j->verdict->steps[step].word = OH_STEP_IS_UNCLEAR; /* the other side left it out */
}

/* --- what is no message --- */

/* RFC 5626 4.4.1 (CRLF), RFC 5389 7.3 (STUN begins with two zero bits and has its cookie); an empty
 * datagram is used to the same end. */
static bool is_keep_alive(struct oh_span bytes)
{
    static const char cookie[] = {0x21, 0x12, (char)0xa4, 0x42};
    return oh_span_trim(bytes).len == 0 ||
           (bytes.len >= 20 && ((unsigned char)bytes.at[0] & 0xc0) == 0 &&
            memcmp(bytes.at + 4, cookie, sizeof cookie) == 0);
}

static bool is_of_phone(const struct oh_run *run, const struct oh_addr *remote)
{
    for (size_t i = 0; i < run->seat_count; i++) {
        if (run->seats[i].is_phone && oh_addr_same_ip(&run->seats[i].sip, remote))
            return true;
    }
    return false;
}

/* Nothing forbids it, and nothing follows from it; but who looks for a fault wants to know. */
void oh_flow_noise(struct oh_judging *j)
{
    const struct oh_tap_entry *first = NULL;
    size_t count = 0;
    for (size_t i = 0; i < j->run->tap_count; i++) {
        const struct oh_tap_entry *t = &j->run->tap[i];
        if (t->sent || t->is_rtp || oh_sip_looks_like(t->bytes) || is_keep_alive(t->bytes) ||
            !is_of_phone(j->run, &t->remote))
            continue;
        first = first ? first : t;
        count++;
    }
    if (!first)
        return;
    struct oh_finding *f = oh_finding_add(j->verdict, "flow.noise", OH_LEVEL_SHOULD, false);
    f->result = OH_RESULT_INFO;
    f->time_ns = first->wall_ns - j->zero_ns;
    f->observed = shown(first->bytes, NOISE_BYTES);
    f->text = oh_format("%zu datagram%s of the phone to a SIP port %s no SIP message%s; the first "
                        "has %zu bytes.",
                        count, count == 1 ? "" : "s", count == 1 ? "is" : "are",
                        count == 1 ? "" : "s", first->bytes.len);
}

/* --- a phone that came to an end by itself --- */

static char *last_words(const struct oh_run *run)
{
    struct oh_span all = oh_span_trim(oh_span_of(run->phone_output));
    if (!all.len)
        return oh_strdup("it printed nothing");
    if (all.len > OUTPUT_TAIL)
        all = oh_span_sub(all, all.len - OUTPUT_TAIL, OUTPUT_TAIL);
    return shown(all, OUTPUT_TAIL);
}

void oh_flow_end(struct oh_judging *j)
{
    const struct oh_run *run = j->run;
    bool died = run->outcome == OH_OUTCOME_PHONE_DIED, hung = run->outcome == OH_OUTCOME_PHONE_HUNG;
    if (!died && !hung)
        return;
    int step = oh_walk_next(j->walk);
    struct oh_finding *f = oh_finding_add(j->verdict, died ? "phone.died" : "phone.hung",
                                          OH_LEVEL_MUST, j->options->strict);
    f->step = step < (int)j->scenario->step_count ? step : OH_NONE;
    f->time_ns = run->ended_wall_ns - j->zero_ns;
    f->observed = last_words(run);
    f->text =
        oh_format("%s%s%s", run->outcome_text ? run->outcome_text : "The phone's program failed",
                  f->step == OH_NONE ? "" : "; the flow was at: ",
                  f->step == OH_NONE ? "" : j->scenario->steps[f->step].text);
}
