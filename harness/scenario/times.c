/* When a message comes, and how often: after, retransmits, lose. */
#include "scenario/blocks.h"
#include "scenario/reader.h"

#include <stdlib.h>
#include <string.h>

/* --- after: 2 s, after: 180 s .. 200 s --- */

static int64_t read_part(struct oh_yaml_reader *r, const struct oh_yaml_node *n,
                         struct oh_span part)
{
    char *text = oh_span_dup(oh_span_trim(part));
    int64_t ms = oh_duration_ms(text);
    if (ms < 0) {
        struct oh_error *e = oh_yaml_mistake(
            r->y, n, r->errors, "'%s' has no time at one of its ends", oh_yaml_scalar(n));
        oh_error_remedy(e, "wanted: the earliest and the latest, each with its unit, as in '180 s "
                           ".. 200 s'");
    }
    free(text);
    return ms;
}

static void read_window(struct oh_reading *g, const struct oh_yaml_node *n, const char *dots)
{
    struct oh_span text = oh_span_of(oh_yaml_scalar(n));
    size_t at = (size_t)(dots - text.at);
    struct oh_error *e;
    if (!oh_step_is_phones(g->s, g->step)) {
        e = oh_yaml_mistake(g->r->y, n, g->r->errors, "only a message of the phone has a window");
        oh_error_remedy(e, "what is ours or the user's is done at one time: 'after: 2 s'");
        return;
    }
    int64_t from_ms = read_part(g->r, n, oh_span_sub(text, 0, at));
    int64_t to_ms = from_ms < 0 ? -1 : read_part(g->r, n, oh_span_sub(text, at + 2, text.len));
    if (to_ms >= 0 && to_ms <= from_ms) {
        e = oh_yaml_mistake(g->r->y, n, g->r->errors, "this window ends before it begins");
        oh_error_remedy(e, "the earliest time stands first: '180 s .. 200 s'");
        return;
    }
    g->step->not_before_ms = from_ms;
    g->step->not_after_ms = to_ms;
}

void oh_read_after(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_reading *g = target;
    const char *dots = strstr(oh_yaml_scalar(n), "..");
    if (g->role_unclear)
        return;
    if (dots) {
        read_window(g, n, dots);
        return;
    }
    int64_t ms = oh_read_duration(r, n);
    if (oh_step_is_phones(g->s, g->step))
        g->step->not_before_ms = ms;
    else
        g->step->after_ms = ms < 0 ? 0 : ms;
}

/* --- lose: 2 --- */

/* RFC 3261 17.1.1.2, 17.1.2.2, 17.2.1; but 13.3.1.4 and RFC 3262 3 */
static void check_comes_again(struct oh_reading *g, const struct oh_yaml_node *n)
{
    const struct oh_step *step = g->step;
    bool again = !step->is_request && step->status > 100 && step->status < 300;
    if (again || !oh_step_is_ours(g->s, step) || !g->s->transport_given ||
        g->s->transport != OH_TRANSPORT_TCP)
        return;
    struct oh_error *e =
        oh_yaml_mistake(g->r->y, n, g->r->errors, "over TCP nothing sends '%s' again", step->text);
    oh_error_remedy(e, "take 'lose' out, or 'transport: tcp' in the head of the file");
}

void oh_read_lose(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_reading *g = target;
    uint64_t count = 0;
    if (oh_span_to_u64(oh_span_of(oh_yaml_scalar(n)), &count) && count > 0 && count <= 10) {
        g->step->lose = (unsigned)count;
        check_comes_again(g, n);
        return;
    }
    struct oh_error *e =
        oh_yaml_mistake(r->y, n, r->errors, "'%s' is no number of lost copies", oh_yaml_scalar(n));
    oh_error_remedy(e, "wanted: how many of the first copies are lost, 1 to 10");
}

/* --- retransmits: {first: T1, doubling to: T2, until: 64*T1, tolerance: 10 %} --- */

struct schedule {
    struct oh_reading *g;
    struct oh_schedule *to;
    bool until_given;
};

static int64_t read_time(struct oh_yaml_reader *r, const struct oh_yaml_node *n)
{
    int64_t ms = oh_read_duration(r, n);
    if (ms == 0)
        oh_yaml_mistake(r->y, n, r->errors, "no time at all lies between two copies then");
    return ms;
}

static void read_first(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct schedule *s = target;
    s->to->first_ms = read_time(r, n);
}

static void read_most(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct schedule *s = target;
    s->to->most_ms = read_time(r, n);
    if (s->to->most_ms > 0 && s->to->most_ms < s->to->first_ms)
        oh_error_remedy(oh_yaml_mistake(r->y, n, r->errors,
                                        "the time that it doubles to is shorter than the first"),
                        "the first is %lld ms", (long long)s->to->first_ms);
}

static void read_until(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct schedule *s = target;
    s->to->until_ms = read_time(r, n);
    s->until_given = true;
}

static void read_tolerance(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct schedule *s = target;
    struct oh_span text = oh_span_of(oh_yaml_scalar(n));
    uint64_t percent = 0;
    bool has_sign = text.len > 0 && text.at[text.len - 1] == '%';
    if (has_sign && oh_span_to_u64(oh_span_trim(oh_span_sub(text, 0, text.len - 1)), &percent) &&
        percent > 0 && percent < 50) {
        s->to->tolerance_percent = (unsigned)percent;
        return;
    }
    oh_error_remedy(oh_yaml_mistake(r->y, n, r->errors, "'%s' is no tolerance", oh_yaml_scalar(n)),
                    "wanted: 1 %% to 49 %%, as in '10 %%'");
}

static void read_count(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct schedule *s = target;
    uint64_t count = 0;
    if (oh_span_to_u64(oh_span_of(oh_yaml_scalar(n)), &count) && count > 0 &&
        count <= OH_SCHEDULE_MOST_COPIES) {
        s->to->count = (unsigned)count;
        return;
    }
    oh_error_remedy(oh_yaml_mistake(r->y, n, r->errors, "'%s' is no number of copies",
                                    oh_yaml_scalar(n)),
                    "wanted: how often it is sent in all, 1 to %d", OH_SCHEDULE_MOST_COPIES);
}

/* In the order of reading: what is held against the first gap comes after it. */
static const struct oh_yaml_field schedule_keys[] = {
    {"first", OH_YAML_SCALAR, false, read_first, "the time to the first repeat, as in 'T1'"},
    {"doubling to", OH_YAML_SCALAR, false, read_most,
     "the time that each further one doubles to, as in 'T2'"},
    {"until", OH_YAML_SCALAR, false, read_until, "how long it is left unanswered, as in '64*T1'"},
    {"tolerance", OH_YAML_SCALAR, false, read_tolerance, "how far a time may be off, as in '10 %'"},
    {"count", OH_YAML_SCALAR, false, read_count, "how often it is sent, the first time included"},
    {NULL, 0, false, NULL, NULL},
};

/* The method that a response of the phone answers; of a request, its own. */
static const char *method_of(const struct oh_reading *g)
{
    int step = (int)(g->step - g->s->steps);
    if (g->step->method)
        return g->step->method;
    int request = oh_step_request(g->s, step);
    return request == OH_NONE ? NULL : g->s->steps[request].method;
}

/* Which messages are sent again by a timer: RFC 3261 17.1.1.2, 17.1.2.2, 17.2.1, 13.3.1.4, RFC 3262
 * 3. */
static bool has_timer(const struct oh_reading *g, const char *method)
{
    const struct oh_step *step = g->step;
    bool invite = method && strcmp(method, "INVITE") == 0;
    if (step->is_request)
        return strcmp(step->method, "ACK") != 0;
    return !method || (invite && step->status > 100);
}

void oh_read_retransmits(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_reading *g = target;
    const char *method = method_of(g);
    bool invite = method && strcmp(method, "INVITE") == 0;
    bool freely = invite && (g->step->is_request || g->step->status < 200);
    struct oh_schedule *to = oh_alloc(sizeof *to);
    struct schedule s = {.g = g, .to = to};
    if (g->step->retransmits || !oh_step_is_phones(g->s, g->step) || g->role_unclear) {
        free(to); /* told elsewhere */
        return;
    }
    *to = (struct oh_schedule){.place = oh_yaml_place(r->y, n),
                               .first_ms = OH_T1_MS,
                               .most_ms = freely ? -1 : OH_T2_MS,
                               .until_ms = OH_T1X64_MS,
                               .tolerance_percent = 10};
    g->step->retransmits = to;
    oh_yaml_read_map(r, n, "'retransmits'", schedule_keys, &s);
    if (!has_timer(g, method)) {
        struct oh_error *e =
            oh_yaml_mistake(r->y, n, r->errors, "no timer has this message sent again");
        oh_error_remedy(e, "requests but ACK are, and final answers to INVITE");
    }
    if (to->count && !s.until_given) { /* until the last of them has come at the latest */
        int64_t last_ms = 0;
        for (unsigned i = 1; i < to->count; i++)
            last_ms += oh_schedule_gap_ms(to, i);
        to->until_ms = last_ms + last_ms * to->tolerance_percent / 100 + OH_T1_MS / 5;
    }
}
