#include "author/explain.h"

#include "author/explain_words.h"
#include "match/walk.h"
#include "scenario/blocks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- lists of sentences --- */

static void say(struct oh_explained *x, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void say(struct oh_explained *x, const char *format, ...)
{
    struct oh_text text = {0};
    va_list args;
    va_start(args, format);
    oh_text_addv(&text, format, args);
    va_end(args);
    x->lines = oh_realloc(x->lines, (x->count + 1) * sizeof *x->lines);
    x->lines[x->count++] = oh_text_take(&text);
}

void oh_explained_release(struct oh_explained *x)
{
    for (size_t i = 0; i < x->count; i++)
        free(x->lines[i]);
    free(x->lines);
    free(x->label);
    *x = (struct oh_explained){0};
}

char *oh_explain_duration(int64_t ms)
{
    struct oh_text text = {0};
    int64_t minutes = ms / 60000, rest = ms % 60000;
    if (ms < 1000)
        return oh_format("%lld ms", (long long)ms);
    if (minutes)
        oh_text_addf(&text, "%lld min", (long long)minutes);
    if (rest || !minutes) {
        oh_text_addf(&text, "%s%lld", minutes ? " " : "", (long long)(rest / 1000));
        int64_t thousandths = rest % 1000;
        if (thousandths && !minutes) {
            char digits[8];
            snprintf(digits, sizeof digits, ".%03d", (int)thousandths);
            while (digits[strlen(digits) - 1] == '0')
                digits[strlen(digits) - 1] = '\0';
            oh_text_add(&text, digits);
        }
        oh_text_add(&text, " s");
    }
    return oh_text_take(&text);
}

/* Says a sentence with one time in it. */
static void say_time(struct oh_explained *x, const char *before, int64_t ms, const char *after)
{
    char *time = oh_explain_duration(ms);
    say(x, "%s%s%s", before, time, after);
    free(time);
}

/* --- one step --- */

static char *label_of(const struct oh_scenario *s, int at)
{
    const struct oh_step *step = &s->steps[at];
    char *time = oh_explain_duration(step->for_ms < 0 ? 0 : step->for_ms), *label;
    const char *credentials = "";
    for (size_t i = 0; i < step->expect_count; i++) {
        if (strstr(step->expects[i].field, "authorization"))
            credentials = " (credentials)";
    }
    if (step->kind == OH_STEP_MEDIA)
        label = oh_format(step->media_none ? "no audio, %s" : "audio, %s", time);
    else if (step->kind == OH_STEP_SILENCE)
        label = oh_format("nothing, %s", time);
    else if (step->kind == OH_STEP_CONNECTION && step->for_ms >= 0)
        label = oh_format("%s, %s", step->text, time);
    else if (step->kind == OH_STEP_ACTION || step->kind == OH_STEP_CONNECTION)
        label = oh_strdup(step->text);
    else if (step->is_request)
        label = oh_format("%s%s", step->method, credentials);
    else
        label = oh_format("%u to %s", step->status,
                          step->method ? step->method : oh_walk_step_method(s, at));
    free(time);
    return label;
}

/* A round of a repeat that the phone may leave out begins with it. */
static bool begins_round(const struct oh_scenario *s, const struct oh_step *step)
{
    int index = (int)(step - s->steps);
    for (int at = step->group; at != OH_NONE; at = s->groups[at].parent) {
        if (s->groups[at].first == index && oh_block_is_optional(s, at))
            return true;
    }
    return false;
}

static void say_awaited(const struct oh_scenario *s, const struct oh_step *step,
                        struct oh_explained *x)
{
    bool is_round = begins_round(s, step);
    const char *lacking = step->prelude
                              ? " after the step before, else nothing is judged: it is given"
                          : step->level == OH_LEVEL_SHOULD
                              ? " after the step before; if it never comes, that is a warning"
                              : " after the step before, else the scenario fails";
    if (is_round && step->within_ms < 0)
        say(x, "may be left out, with its round and those after it, and is not waited for");
    else if (is_round)
        say_time(x, "may be left out, with its round and those after it; it is waited for ",
                 step->within_ms, "");
    else if (step->optional && step->within_ms < 0)
        say(x, "may be left out, and is not waited for");
    else if (step->optional)
        say_time(x, "may be left out; it is waited for ", step->within_ms, "");
    else
        say_time(x, "has to come within ", oh_step_deadline_ms(step), lacking);
    if (step->not_before_ms >= 0)
        say_time(x, "must not come before ", step->not_before_ms, " have gone by");
    if (step->not_after_ms >= 0)
        say_time(x, "must not come after ", step->not_after_ms, "");
}

static void say_schedule(const struct oh_schedule *r, struct oh_explained *x)
{
    char *first = oh_explain_duration(r->first_ms), *until = oh_explain_duration(r->until_ms);
    char *most = r->most_ms >= 0 ? oh_explain_duration(r->most_ms) : NULL;
    say(x,
        "must be sent again after %s, each gap twice the one before%s%s, until %s are over; "
        "tolerance %u %%",
        first, most ? " but at most " : "", most ? most : "", until, r->tolerance_percent);
    if (r->count)
        say(x, "must be sent %u times in all", r->count);
    say_time(x, "is left without an answer for ", r->until_ms, "");
    free(first);
    free(until);
    free(most);
}

static void say_phones(const struct oh_scenario *s, const struct oh_step *step,
                       struct oh_explained *x)
{
    say_awaited(s, step, x);
    for (size_t i = 0; i < step->expect_count; i++) {
        struct oh_text text = {0};
        oh_explain_expect(s, &step->expects[i], &text);
        say(x, "%s", oh_text_str(&text));
        oh_text_release(&text);
    }
    if (step->retransmits)
        say_schedule(step->retransmits, x);
    if (step->lose)
        say(x, "the first %u of its copies %s as if lost on the way", step->lose,
            step->lose == 1 ? "is" : "are");
}

static void say_changes(const struct oh_scenario *s, const struct oh_step *step,
                        struct oh_explained *x)
{
    for (size_t i = 0; i < step->header_count; i++) {
        struct oh_text text = {0};
        oh_explain_text(s, step->headers[i].value, &text);
        say(x, "has %s: %s", step->headers[i].name, oh_text_str(&text));
        oh_text_release(&text);
    }
    for (size_t i = 0; i < step->remove_count; i++)
        say(x, "goes without %s", step->remove[i]);
    for (size_t i = 0; i < step->challenge_count; i++) {
        const struct oh_challenge *c = &step->challenges[i];
        say(x, "asks for credentials of realm \"%s\"%s%s%s", c->realm ? c->realm : "",
            c->algorithm ? ", " : "", c->algorithm ? c->algorithm : "",
            c->stale ? ": the nonce before was too old" : "");
    }
    if (step->sdp.none)
        say(x, "has no description of media");
    if (step->sdp.direction)
        say(x, "its description says %s", step->sdp.direction);
    if (step->sdp.address)
        say(x, "its description has the address %s", step->sdp.address);
    if (step->body)
        say(x, "has the body that the file gives");
    if (step->raw)
        say(x, "is sent as the file has it, byte by byte%s", step->raw_exact ? "" : ", in lines");
    if (step->reliable)
        say(x, "is repeated until the phone acknowledges it by PRACK");
}

static void say_mischief(const struct oh_step *step, struct oh_explained *x)
{
    if (step->lose)
        say(x, "is not sent the first %u time%s that it is due", step->lose,
            step->lose == 1 ? "" : "s");
    if (step->twice_after_ms >= 0)
        say_time(x, "is sent once more after ", step->twice_after_ms, "");
    if (step->swap)
        say(x, "goes out only after our next message");
    if (step->again)
        say(x, "is a second final answer to the same request");
    if (step->fork)
        say(x, "comes from another callee, '%s', with a To tag and a dialog of its own",
            step->fork);
    if (step->pieces)
        say(x, "goes out in %u pieces", step->pieces);
    if (step->cut_count) {
        struct oh_text at = {0};
        for (size_t i = 0; i < step->cut_count; i++)
            oh_text_addf(&at, "%s%u", i ? ", " : "", step->cuts[i]);
        say(x, "goes out in %zu pieces: a new one begins at byte %s", step->cut_count + 1,
            oh_text_str(&at));
        oh_text_release(&at);
    }
}

static void say_ours(const struct oh_scenario *s, const struct oh_step *step,
                     struct oh_explained *x)
{
    if (step->after_ms > 0)
        say_time(x, "is sent ", step->after_ms, " after the step before");
    say_changes(s, step, x);
    say_mischief(step, x);
}

static void say_action(const struct oh_step *step, struct oh_explained *x)
{
    say(x, "offhook tells the phone to: ability '%s'", oh_verb_name(step->verb));
    if (step->call)
        say(x, "it is about the call '%s'", step->call);
    if (step->after_ms > 0)
        say_time(x, "", step->after_ms, " after the step before");
}

static void say_media(const struct oh_step *step, struct oh_explained *x)
{
    if (step->media_none)
        say(x, "must: the phone sends no audio for that time; what comes in the first 200 ms was "
               "under way");
    else
        say(x, step->media_both_ways ? "must: the phone sends audio while it gets ours"
                                     : "must: audio flows this one way");
}

static const char *const of_connections[] = {
    [OH_CLOSES] = "its connections with the phone end in order; what comes later takes a new one",
    [OH_RESETS] = "its connections with the phone are cut off; what comes later takes a new one",
    [OH_REFUSES] = "its connections with the phone end, and for that time it takes no new ones",
    [OH_IS_SILENT] = "for that time it takes nothing in and says nothing, as if it were dead",
};

void oh_explain_step(const struct oh_scenario *s, int at, struct oh_explained *out)
{
    const struct oh_step *step = &s->steps[at];
    *out = (struct oh_explained){.label = label_of(s, at)};
    if (step->kind == OH_STEP_ACTION)
        say_action(step, out);
    else if (step->kind == OH_STEP_MEDIA)
        say_media(step, out);
    else if (step->kind == OH_STEP_CONNECTION)
        say(out, "%s", of_connections[step->act]);
    else if (step->kind == OH_STEP_SILENCE)
        say(out, "must: no message of the phone for that time");
    else if (oh_step_is_phones(s, step))
        say_phones(s, step, out);
    else
        say_ours(s, step, out);
    if (step->save)
        say(out, "is known as '%s' from here on", step->save);
}

/* --- the whole --- */

static void say_list(struct oh_explained *x, const char *before, char *const *words, size_t count)
{
    struct oh_text list = {0};
    for (size_t i = 0; i < count; i++)
        oh_text_addf(&list, "%s%s", i ? ", " : "", words[i]);
    if (count)
        say(x, "%s%s", before, oh_text_str(&list));
    oh_text_release(&list);
}

void oh_explain_head(const struct oh_scenario *s, struct oh_explained *out)
{
    static const char *const others[] = {
        [OH_OTHERS_SHOULD] = "other messages of the phone, which nothing calls for, are a warning",
        [OH_OTHERS_MUST] = "other messages of the phone, which nothing calls for, fail it",
        [OH_OTHERS_TOLERATE] = "other messages of the phone do not matter"};
    *out = (struct oh_explained){0};
    say_list(out, "from: ", s->sources, s->source_count);
    say_list(out, "covers: ", s->covers, s->cover_count);
    say_list(out, "for phones that can: ", s->needs, s->need_count);
    if (s->given_registered)
        say(out, "given: the phone is registered before it begins");
    if (s->transport_given)
        say(out, "carried by %s", s->transport == OH_TRANSPORT_TCP ? "TCP" : "UDP");
    say(out, "%s", others[s->others]);
}

/* --- how long it takes --- */

#define ACTION_MS 50 /* after a message of ours */

struct span {
    int64_t least_ms, most_ms;
};

static bool follows_ours(const struct oh_scenario *s, int at)
{
    return at > 0 &&
           (s->steps[at - 1].kind == OH_STEP_CONNECTION || oh_step_is_ours(s, &s->steps[at - 1]));
}

static struct span time_of(const struct oh_scenario *s, int at)
{
    const struct oh_step *step = &s->steps[at];
    if (step->kind == OH_STEP_CONNECTION) {
        int64_t ms = step->for_ms > 0 ? step->for_ms : step->after_ms;
        return (struct span){ms, ms};
    }
    if (step->kind == OH_STEP_MEDIA || step->kind == OH_STEP_SILENCE)
        return (struct span){step->for_ms, step->for_ms};
    if (step->kind == OH_STEP_ACTION) {
        int64_t ms = step->after_ms > 0 ? step->after_ms : follows_ours(s, at) ? ACTION_MS : 0;
        return (struct span){ms, step->within_ms > ms ? step->within_ms : ms};
    }
    if (oh_step_is_ours(s, step))
        return (struct span){step->after_ms, step->after_ms};
    if (step->optional)
        return (struct span){0, step->within_ms > 0 ? step->within_ms : 0};
    struct span t = {step->not_before_ms > 0 ? step->not_before_ms : 0, oh_step_deadline_ms(step)};
    if (step->retransmits && step->retransmits->until_ms > t.least_ms)
        t.least_ms = step->retransmits->until_ms;
    t.most_ms = t.most_ms > t.least_ms ? t.most_ms : t.least_ms;
    return t;
}

/* Of one of several branches the shortest and the longest; all else one after the other. */
static struct span time_between(const struct oh_scenario *s, int first, int end, int group);

static struct span time_of_group(const struct oh_scenario *s, int index)
{
    const struct oh_group *g = &s->groups[index];
    if (g->kind != OH_GROUP_EITHER)
        return time_between(s, g->first, g->end, index);
    struct span all = {INT64_MAX, 0};
    for (int branch = 0, at = g->first; branch < g->branch_count; branch++) {
        int end = at;
        for (; end < g->end; end++) {
            int inner = end;
            const struct oh_step *step = &s->steps[inner];
            int group = step->group, of = step->branch;
            while (group != index && group != OH_NONE) {
                of = s->groups[group].parent_branch;
                group = s->groups[group].parent;
            }
            if (of != branch)
                break;
        }
        struct span t = time_between(s, at, end, index);
        all.least_ms = t.least_ms < all.least_ms ? t.least_ms : all.least_ms;
        all.most_ms = t.most_ms > all.most_ms ? t.most_ms : all.most_ms;
        at = end;
    }
    return all;
}

/* The group directly within `group` that the step is in; OH_NONE: it is in `group` itself. */
static int child_group(const struct oh_scenario *s, int at, int group)
{
    int child = OH_NONE;
    for (int g = s->steps[at].group; g != group && g != OH_NONE; g = s->groups[g].parent)
        child = g;
    return child;
}

static struct span time_between(const struct oh_scenario *s, int first, int end, int group)
{
    struct span all = {0, 0};
    for (int at = first; at < end;) {
        int child = child_group(s, at, group);
        struct span t = child == OH_NONE ? time_of(s, at) : time_of_group(s, child);
        all.least_ms += t.least_ms;
        all.most_ms += t.most_ms;
        at = child == OH_NONE ? at + 1 : s->groups[child].end;
    }
    return all;
}

/* Up to the first message that the phone owes, and its deadline. */
static int64_t silent_ms(const struct oh_scenario *s)
{
    int64_t before = 0;
    for (int at = 0; at < (int)s->step_count; at++) {
        const struct oh_step *step = &s->steps[at];
        if (step->kind == OH_STEP_MESSAGE && oh_step_is_phones(s, step) && !step->optional)
            return before + time_of(s, at).most_ms;
        before += time_of(s, at).least_ms;
    }
    return -1;
}

struct oh_explain_time oh_explain_time(const struct oh_scenario *s)
{
    struct span all = time_between(s, 0, (int)s->step_count, OH_NONE);
    return (struct oh_explain_time){all.least_ms, all.most_ms, silent_ms(s)};
}
