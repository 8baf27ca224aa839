/* Findings of the flow: what reached its steps, and how. */
#include "judge/internal.h"

#include <stdlib.h>
#include <string.h>

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

const char *oh_flow_source(const struct oh_judging *j)
{
    return j->scenario->source_count ? j->scenario->sources[0] : NULL;
}

/* The first source that is an RFC, else the first. */
static char *clause_of(const struct oh_judging *j)
{
    for (size_t i = 0; i < j->scenario->source_count; i++) {
        if (strncmp(j->scenario->sources[i], "RFC ", 4) == 0)
            return oh_strdup(j->scenario->sources[i]);
    }
    return oh_strdup(oh_flow_source(j));
}

static struct oh_finding *step_finding(struct oh_judging *j, const char *id, enum oh_level level,
                                       int step, const struct oh_trace_msg *m)
{
    struct oh_finding *f = oh_finding_add(j->verdict, id, level, j->options->strict);
    f->step = step;
    f->clause = clause_of(j);
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
        struct oh_finding *f = step_finding(j, id, expect->level, step, m);
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

static void status(struct oh_judging *j, const struct oh_trace_msg *m, int step)
{
    struct oh_finding *f = step_finding(j, "flow.status", OH_LEVEL_MUST, step, m);
    f->field = oh_strdup("status");
    f->bytes_from = oh_sip_msg_offset(m->sip, m->sip->start_line);
    f->bytes_to = f->bytes_from + m->sip->start_line.len;
    f->expected = oh_format("%u", j->scenario->steps[step].status);
    f->observed = oh_format("%u", m->sip->status);
    f->text = oh_format("The flow awaits %u here; the phone answered %u.",
                        j->scenario->steps[step].status, m->sip->status);
}

static void destination(struct oh_judging *j, const struct oh_trace_msg *m, int step)
{
    const struct oh_step *at = &j->scenario->steps[step];
    char got[OH_ADDR_TEXT];
    if (m->to_seat && at->to && strcmp(m->to_seat, at->to) == 0)
        return;
    struct oh_finding *f = step_finding(j, "flow.destination", OH_LEVEL_MUST, step, m);
    f->expected = oh_strdup(at->to);
    f->observed = oh_format("%s%s%s", oh_addr_format(&m->dst, got), m->to_seat ? ", which is " : "",
                            m->to_seat ? m->to_seat : "");
    f->text = oh_format("The message was sent to another address than %s's.", at->to);
}

void oh_flow_reached(struct oh_judging *j, const struct oh_trace_msg *m,
                     struct oh_walk_result reached)
{
    const struct oh_step *step = &j->scenario->steps[reached.step];
    if (reached.other_status) {
        status(j, m, reached.step);
        return; /* the expectations were made for another answer */
    }
    destination(j, m, reached.step);
    if (reached.kind == OH_WALK_LATE) {
        struct oh_finding *f = step_finding(j, "flow.order", OH_LEVEL_SHOULD, reached.step, m);
        f->text = oh_format("%s came after a message that the flow has later.", step->text);
    }
    for (size_t i = 0; i < step->expect_count; i++)
        expectation(j, m, reached.step, &step->expects[i]);
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
    f->clause = clause_of(j);
    struct oh_text line = {0};
    oh_text_add_quoted(&line, m->sip->start_line, 80);
    f->method = oh_span_dup(oh_sip_msg_method(m->sip));
    f->text = oh_format("The flow has no place for this message of the phone: %s", line.at);
    oh_text_release(&line);
}

/* --- media and silence --- */

static int64_t begin_of(const struct oh_judging *j, int step)
{
    for (int i = step - 1; i >= 0; i--) {
        if (j->step_done_ns[i])
            return j->step_done_ns[i];
    }
    return j->zero_ns;
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

/* Only the phone was told our seat's RTP address, so what comes there from elsewhere than our own
 * sockets is the phone's. Its source address proves nothing: RFC 3264 5.1 gives the address to send
 * to, none to send from. */
static size_t count_rtp(const struct oh_judging *j, const struct oh_run_seat *ours, int64_t from_ns,
                        int64_t to_ns)
{
    size_t count = 0;
    for (size_t i = 0; i < j->trace->rtp_count; i++) {
        const struct oh_trace_rtp *r = &j->trace->rtp[i];
        if (r->time_ns >= from_ns && r->time_ns <= to_ns && oh_addr_equal(&r->dst, &ours->rtp) &&
            !is_ours(j, &r->src))
            count++;
    }
    return count;
}

static void media(struct oh_judging *j, int index, int64_t end_ns)
{
    const struct oh_step *step = &j->scenario->steps[index];
    const struct oh_run_seat *from = run_seat(j, step->from), *to = run_seat(j, step->to);
    bool lost = j->run->capture.dropped > 0;
    if (from && to && !from->is_phone && step->media_both_ways) {
        const struct oh_run_seat *other = from;
        from = to;
        to = other;
    }
    if (!from || !to || !from->is_phone) /* our own sending is nothing to judge a phone by */
        return;
    if (count_rtp(j, to, begin_of(j, index), end_ns) > 0)
        return;
    char address[OH_ADDR_TEXT];
    struct oh_finding *f = step_finding(j, "media.rtp-missing", OH_LEVEL_MUST, index, NULL);
    f->time_ns = end_ns - j->zero_ns;
    if (lost)
        f->result = OH_RESULT_NOT_CHECKABLE;
    f->expected = oh_format("RTP to %s", oh_addr_format(&to->rtp, address));
    f->observed = oh_strdup("no RTP packet");
    f->text = oh_format("No RTP packet of the phone reached %s's address while the flow has media.",
                        to->name);
}

static void silence(struct oh_judging *j, int index, int64_t end_ns)
{
    int64_t begin = begin_of(j, index);
    for (size_t i = 0; i < j->trace->msg_count; i++) {
        const struct oh_trace_msg *m = &j->trace->msgs[i];
        if (!m->from_phone || m->time_ns <= begin || m->time_ns > end_ns ||
            m->repeat_of != OH_NONE || m->duplicate_of != OH_NONE || oh_sip_msg_is_final(m->sip))
            continue;
        struct oh_finding *f = step_finding(j, "flow.not-silent", OH_LEVEL_MUST, index, m);
        f->expected = oh_strdup("nothing");
        f->observed = oh_span_dup(m->sip->start_line);
        f->text = oh_strdup("The phone sent a message while the flow awaits silence.");
        return;
    }
}

void oh_flow_media(struct oh_judging *j, int step, int64_t end_ns)
{
    if (j->scenario->steps[step].kind == OH_STEP_MEDIA)
        media(j, step, end_ns);
    else
        silence(j, step, end_ns);
}

/* --- a phone that came to an end by itself --- */

static char *last_words(const struct oh_run *run)
{
    size_t len = run->phone_output ? strlen(run->phone_output) : 0;
    const char *from = run->phone_output;
    if (!len)
        return oh_strdup("it printed nothing");
    return oh_strdup(len > OUTPUT_TAIL ? from + len - OUTPUT_TAIL : from);
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
