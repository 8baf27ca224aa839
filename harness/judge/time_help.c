#include "judge/time_help.h"

#include "judge/internal.h"
#include "judge/rule_help.h"
#include "judge/rule_view.h"

#include <string.h>

/* Farther than any transaction's repeats reach, T1 being twice its default. */
#define REACH_NS (4 * OH_HELP_T1X64_NS)

int64_t oh_help_slack_ns(int64_t interval_ns)
{
    return interval_ns / 4 + INT64_C(100000000);
}

bool oh_help_time_in_doubt(const struct oh_rule_view *v, int64_t interval_ns)
{
    const struct oh_run *run = oh_rule_run(v);
    int64_t bound_ns = interval_ns / 10 > OH_STALL_NS ? interval_ns / 10 : OH_STALL_NS;
    if (oh_rule_evidence_lost(v) || oh_rule_one_sided(v))
        return true;
    return run &&
           (run->worst_late_ns > bound_ns || oh_clock_was_set(run) || !run->capture.complete);
}

static bool silences(const struct oh_journal_entry *e, const struct oh_trace_msg *m)
{
    bool own = !e->seat || !m->from_seat || strcmp(e->seat, m->from_seat) == 0;
    return e->kind == OH_JOURNAL_FLOW_ENDS ||
           (own && (e->kind == OH_JOURNAL_PHONE || e->kind == OH_JOURNAL_TOLD));
}

int64_t oh_help_heard_until(const struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    const struct oh_run *run = oh_rule_run(v);
    int64_t until_ns = oh_rule_watched_until(v);
    for (size_t i = 0; run && i < run->journal_count; i++) {
        const struct oh_journal_entry *e = &run->journal[i];
        if (silences(e, m) && e->wall_ns > m->time_ns && e->wall_ns < until_ns)
            until_ns = e->wall_ns;
    }
    if (run && oh_outcome_silences(run->outcome) && oh_silent_after(oh_rule_trace(v), m->time_ns))
        return INT64_MIN / 2;
    return until_ns;
}

static bool is_sending_of(const struct oh_trace_msg *r, const struct oh_trace_msg *m)
{
    if (r->duplicate_of != OH_NONE || r->sip->is_request != m->sip->is_request ||
        !oh_help_same_end(m, true, r, true) || !oh_help_same_end(m, false, r, false))
        return false;
    if (r->repeat_of == m->index)
        return true;
    if (!m->sip->is_request)
        return r->request == m->request && m->request != OH_NONE &&
               r->sip->status == m->sip->status &&
               oh_span_equal(oh_sip_msg_whole(r->sip, OH_SIP_CSEQ),
                             oh_sip_msg_whole(m->sip, OH_SIP_CSEQ));
    struct oh_span branch = oh_help_branch(m->sip);
    return branch.at && oh_span_equal(r->sip->method, m->sip->method) &&
           oh_help_same_token(branch, oh_help_branch(r->sip));
}

/* Shorter than any interval of a phone that takes T1 to be 500 ms. */
#define AT_ONCE_NS (OH_HELP_T1_NS / 2)

static bool came_at_once(const struct oh_help_sendings *s, size_t n)
{
    return n > 0 && n < s->count && oh_help_gap_ns(s, n) < AT_ONCE_NS;
}

/* The way of a frame may double it, and bring the second later than the capture can know for one
 * seen twice. Three short intervals in a row are the sender's own. */
static bool repeats_at_once(const struct oh_help_sendings *s)
{
    for (size_t n = 3; n < s->count; n++) {
        if (came_at_once(s, n) && came_at_once(s, n - 1) && came_at_once(s, n - 2))
            return true;
    }
    return false;
}

static void drop_doubles(struct oh_help_sendings *s)
{
    size_t kept = 1;
    if (repeats_at_once(s))
        return;
    for (size_t n = 1; n < s->count; n++) {
        if (s->at[n]->time_ns - s->at[kept - 1]->time_ns >= AT_ONCE_NS)
            s->at[kept++] = s->at[n];
    }
    s->count = kept;
}

static void find_copies(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                        struct oh_help_sendings *out)
{
    int end = (int)oh_rule_trace(v)->msg_count;
    *out = (struct oh_help_sendings){.at = {m}, .count = 1};
    for (int i = m->index + 1; i < end && i < m->index + OH_HELP_REACH; i++) {
        const struct oh_trace_msg *r = oh_rule_msg(v, i);
        if (out->count == OH_HELP_SENDINGS || r->time_ns - m->time_ns > REACH_NS)
            return;
        if (is_sending_of(r, m) &&
            r->time_ns - out->at[out->count - 1]->time_ns >= OH_HELP_TWICE_NS)
            out->at[out->count++] = r;
    }
}

bool oh_help_is_repeated(const struct oh_rule_view *v, const struct oh_trace_msg *m)
{
    struct oh_help_sendings s;
    find_copies(v, m, &s);
    return s.count > 1;
}

static void find_sendings(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                          struct oh_help_sendings *out)
{
    find_copies(v, m, out);
    if (!oh_rule_run(v))
        drop_doubles(out);
}

/* One rule after another asks for those of the same message. */
void oh_help_find_sendings(const struct oh_rule_view *v, const struct oh_trace_msg *m,
                           struct oh_help_sendings *out)
{
    if (!v->sendings) {
        find_sendings(v, m, out);
        return;
    }
    if (v->sendings->count == 0 || v->sendings->at[0] != m)
        find_sendings(v, m, v->sendings);
    *out = *v->sendings;
}

int64_t oh_help_gap_ns(const struct oh_help_sendings *s, size_t n)
{
    return s->at[n]->time_ns - s->at[n - 1]->time_ns;
}
