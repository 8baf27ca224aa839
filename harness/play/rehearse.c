#include "play/mirror.h"

#include "base/file.h"
#include "scenario/blocks.h"

#include <stdlib.h>
#include <string.h>

#define MOST_PHONES 8
#define SPARE_MS    INT64_C(600000)

/* --- what can be broken --- */

struct breaks {
    struct oh_break *at;
    size_t count, room;
};

static void add(struct breaks *b, enum oh_break_kind kind, int step, int expect)
{
    oh_grow(&b->at, b->count, &b->room, sizeof *b->at);
    b->at[b->count++] = (struct oh_break){kind, step, expect};
}

static bool is_phone(const struct oh_scenario *s, const char *name)
{
    const struct oh_party *p = name ? oh_scenario_party(s, name) : NULL;
    return p && p->role == OH_ROLE_PHONE;
}

/* It begins a round that the phone may leave out. */
static bool begins_round(const struct oh_scenario *s, int step)
{
    for (int at = s->steps[step].group; at != OH_NONE; at = s->groups[at].parent) {
        if (s->groups[at].first == step && oh_block_is_optional(s, at))
            return true;
    }
    return false;
}

static void add_message(struct breaks *b, const struct oh_scenario *s, int i)
{
    const struct oh_step *step = &s->steps[i];
    if (!step->optional && !begins_round(s, i))
        add(b, OH_BREAK_LEFT_OUT, i, OH_NONE);
    if (step->not_before_ms > 0)
        add(b, OH_BREAK_TOO_EARLY, i, OH_NONE);
    if (step->not_after_ms > 0)
        add(b, OH_BREAK_TOO_LATE, i, OH_NONE);
    if (step->retransmits)
        add(b, OH_BREAK_ONCE, i, OH_NONE);
    for (size_t k = 0; k < step->expect_count; k++)
        add(b, OH_BREAK_EXPECTED, i, (int)k);
}

size_t oh_rehearse_breaks(const struct oh_scenario *s, struct oh_break **out)
{
    struct breaks b = {0};
    for (size_t i = 0; i < s->step_count; i++) {
        const struct oh_step *step = &s->steps[i];
        if (step->prelude)
            continue;
        if (step->kind == OH_STEP_SILENCE)
            add(&b, OH_BREAK_TALKS, (int)i, OH_NONE);
        else if (step->kind == OH_STEP_MEDIA && (is_phone(s, step->from) || step->media_both_ways))
            add(&b, step->media_none ? OH_BREAK_MEDIA : OH_BREAK_NO_MEDIA, (int)i, OH_NONE);
        else if (oh_step_is_phones(s, step))
            add_message(&b, s, (int)i);
    }
    *out = b.at;
    return b.count;
}

/* --- what it may choose --- */

size_t oh_rehearse_choices(const struct oh_scenario *s, struct oh_choice **out)
{
    struct oh_choice *list = NULL;
    size_t count = 0, room = 0;
    bool spares = false;
    for (size_t i = 0; i < s->step_count; i++)
        spares = spares || (s->steps[i].optional && oh_step_is_phones(s, &s->steps[i]));
    if (spares) {
        oh_grow(&list, count, &room, sizeof *list);
        list[count++] = (struct oh_choice){.is_sparing = true, .block = OH_NONE};
    }
    for (int i = 0; i < (int)s->group_count; i++) {
        const struct oh_group *g = &s->groups[i];
        for (int k = 1; g->kind == OH_GROUP_EITHER && k < g->branch_count; k++) {
            oh_grow(&list, count, &room, sizeof *list);
            list[count++] = (struct oh_choice){.block = i, .branch = k};
        }
    }
    *out = list;
    return count;
}

/* --- one rehearsal --- */

struct rehearsing {
    const struct oh_scenario *scenario;
    struct oh_bench *bench;
    struct oh_mirror *mirrors[MOST_PHONES];
    struct oh_adapter *adapters[MOST_PHONES];
    size_t count;
};

/* As long as a flow can last where each of its steps takes all of its time. */
static int64_t longest_ms(const struct oh_scenario *s)
{
    int64_t sum = SPARE_MS;
    for (size_t i = 0; i < s->step_count; i++) {
        const struct oh_step *step = &s->steps[i];
        sum += step->after_ms + step->for_ms + oh_step_deadline_ms(step);
        sum += step->not_after_ms > 0 ? step->not_after_ms : 0;
        sum += step->retransmits ? step->retransmits->until_ms : OH_T1X64_MS;
    }
    return sum;
}

/* Time that costs nothing would go on for ever. */
static void on_too_long(void *arg)
{
    struct oh_bench *b = arg;
    if (b->player)
        oh_player_end(b->player, OH_OUTCOME_STUCK, oh_walk_next(b->player->walk),
                      "the flow comes to no end: it waits for what never happens");
}

static void on_progress(const struct oh_progress *told, void *arg)
{
    struct rehearsing *r = arg;
    if (told->kind != OH_PROGRESS_FLOW)
        return;
    int64_t until_ns = oh_net_now(r->bench->net) + longest_ms(r->scenario) * OH_NS_PER_MS;
    oh_timer_set(r->bench->net, until_ns, on_too_long, r->bench);
    for (size_t i = 0; i < r->count; i++)
        oh_mirror_begin(r->mirrors[i]);
}

static void cast(struct rehearsing *r, const struct oh_scenario *s, const struct oh_choice *choice,
                 const struct oh_break *broken, struct oh_bench_phone phones[MOST_PHONES])
{
    for (size_t i = 0; i < s->party_count && r->count < MOST_PHONES; i++) {
        if (s->parties[i].role != OH_ROLE_PHONE)
            continue;
        struct oh_mirror *m = oh_mirror_new(s, s->parties[i].name, choice, broken);
        struct oh_adapter *a = oh_adapter_new_stand_in(&m->stand_in);
        phones[r->count] = (struct oh_bench_phone){s->parties[i].name, a};
        r->adapters[r->count] = a;
        r->mirrors[r->count++] = m;
    }
}

/* The first of them that had trouble, and whether the break took place. */
static void conclude(struct rehearsing *r, struct oh_rehearsal *out)
{
    for (size_t i = 0; i < r->count; i++) {
        struct oh_mirror *m = r->mirrors[i];
        out->is_broken = out->is_broken || m->is_broken;
        if (!m->trouble || out->trouble)
            continue;
        out->trouble = m->trouble;
        out->step = m->trouble_step;
        out->place = m->trouble_place;
        m->trouble = NULL;
    }
}

int oh_rehearse(const struct oh_scenario *s, const struct oh_rehearse_options *options,
                const struct oh_break *broken, struct oh_rehearsal *out, struct oh_error *e)
{
    struct rehearsing r = {.scenario = s};
    struct oh_bench_phone phones[MOST_PHONES];
    struct oh_bench_options how = {.no_capture = true,
                                   .in_memory = !options->on_sockets,
                                   .transport = options->transport,
                                   .program_folder = "",
                                   .progress = on_progress,
                                   .progress_arg = &r,
                                   .interrupt_fd = -1};
    *out = (struct oh_rehearsal){.step = OH_NONE};
    cast(&r, s, options->choice, broken, phones);
    struct oh_bench *b = oh_bench_open(&how, phones, r.count, e);
    r.bench = b;
    for (size_t i = 0; b && i < r.count; i++)
        r.mirrors[i]->stage = b;
    if (b)
        out->run = oh_play_unwritten(b, s);
    for (size_t i = 0; b && i < r.count; i++)
        oh_mirror_quiet(r.mirrors[i]);
    oh_bench_close(b);
    conclude(&r, out);
    for (size_t i = 0; i < r.count; i++) {
        oh_adapter_free(r.adapters[i]);
        oh_mirror_free(r.mirrors[i]);
    }
    return out->run ? 0 : -1;
}

void oh_rehearsal_release(struct oh_rehearsal *r)
{
    oh_run_free(r->run);
    free(r->trouble);
    *r = (struct oh_rehearsal){.step = OH_NONE};
}
