/* offhook run: the playing. */
#include "cli/session.h"

#include "base/file.h"
#include "cli/interrupt.h"
#include "cli/order.h"
#include "cli/reserve.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static bool is_interrupted(void)
{
    return *oh_interrupt_flag() != 0;
}

static bool is_by_hand(const struct oh_session *s)
{
    for (size_t i = 0; i < s->phone_count; i++) {
        if (oh_adapter_is_by_hand(s->adapters[i]))
            return true;
    }
    return false;
}

static void on_progress(const struct oh_progress *p, void *session)
{
    struct oh_session *s = session;
    oh_live_progress(p, &s->live);
    if (s->desk.person)
        oh_desk_progress(&s->desk, p);
}

/* Who sits at the phone has the terminal for himself while a scenario is played. */
static void open_desk(struct oh_session *s)
{
    if (!is_by_hand(s))
        return;
    s->live.on = false;
    oh_desk_open(&s->desk, &s->options->common);
    oh_order_scenarios(s->scenarios, s->scenario_count);
}

static int open_bench(struct oh_session *s)
{
    struct oh_error e = {0};
    if (oh_interrupt_catch(&e) != 0)
        return oh_cli_fail(&e, -1);
    open_desk(s);
    struct oh_bench_options options = {.no_capture = s->options->no_capture,
                                       .program_folder = s->program_folder,
                                       .mutant = s->options->mutant,
                                       .transport = s->options->transport,
                                       .address = s->address,
                                       .phone_address = s->phone_address,
                                       .person = s->desk.person,
                                       .progress = on_progress,
                                       .progress_arg = s,
                                       .interrupted = oh_interrupt_flag(),
                                       .interrupt_fd = oh_interrupt_fd()};
    s->bench = oh_bench_open(&options, s->phones, s->phone_count, &e);
    if (s->bench && oh_bench_find_phones(s->bench, &e) == 0)
        return 0;
    oh_bench_close(s->bench);
    s->bench = NULL;
    return oh_cli_fail(&e, -1);
}

/* Two files may have the same id (other folders): the second is told apart by "~2". */
static char *folder_name(const struct oh_session *s, size_t index)
{
    unsigned nth = 1;
    for (size_t i = 0; i < index; i++)
        nth += strcmp(s->scenarios[i]->id, s->scenarios[index]->id) == 0;
    return nth == 1 ? oh_strdup(s->scenarios[index]->id)
                    : oh_format("%s~%u", s->scenarios[index]->id, nth);
}

/* Shows the verdict; whether the person wants the scenario played again. */
static bool wants_again(struct oh_session *s, const char *folder, const char *name)
{
    struct oh_error e = {0};
    if (!s->desk.person || is_interrupted())
        return false;
    if (oh_person_wants_again(s->desk.person))
        return true;
    struct oh_report *trial = oh_report_new(s->options->out);
    int result = oh_cli_judge_folder(trial, folder, name, &s->options->common, s->baseline, &e);
    const json_t *verdict = result == 0 ? json_object_get(oh_report_last(trial), "verdict") : NULL;
    bool again = verdict && oh_desk_asks_again(&s->desk, json_string_value(verdict));
    oh_report_free(trial);
    return again;
}

/* What `quiet` judges was shown before. */
static int judge_one(struct oh_session *s, const char *folder, const char *name, bool quiet,
                     struct oh_error *e)
{
    struct oh_cli_common common = s->options->common;
    common.json = common.json || quiet;
    return oh_cli_judge_folder(s->report, folder, name, &common, s->baseline, e);
}

static size_t todo_before(const struct oh_session *s, size_t index)
{
    size_t count = 0;
    for (size_t i = 0; i < index; i++)
        count += !s->is_done[i];
    return count;
}

/* By how long it took so far, where that is known. */
static double seconds_left(const struct oh_session *s, size_t index)
{
    double seconds = 0;
    for (size_t i = index; i < s->scenario_count; i++)
        seconds += s->is_done[i] ? 0 : oh_order_estimate(s->scenarios[i]);
    return s->estimated_s > 0 ? seconds * s->taken_s / s->estimated_s : seconds;
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int play_one(struct oh_session *s, size_t index)
{
    struct oh_error e = {0};
    const struct oh_scenario *scenario = s->scenarios[index];
    char *name = folder_name(s, index);
    char *folder = oh_file_join(s->options->out, name);
    bool done = s->is_done[index];
    int result = 0;
    unsigned times = 0;
    double began_s = now_s();
    do {
        if (done)
            break;
        oh_desk_begin(&s->desk, scenario, todo_before(s, index) + 1,
                      todo_before(s, s->scenario_count), times++, seconds_left(s, index));
        oh_live_begin(&s->live, scenario, oh_adapter_title(s->adapters[0]));
        result = oh_play(s->bench, scenario, folder, &e);
        oh_live_clear(&s->live);
    } while (result == 0 && wants_again(s, folder, name));
    s->taken_s += done ? 0 : now_s() - began_s;
    s->estimated_s += done ? 0 : oh_order_estimate(scenario);
    if (result == 0)
        result = judge_one(s, folder, name, done || (s->desk.person && !is_interrupted()), &e);
    if (result != 0)
        oh_cli_fail(&e, 0);
    free(folder);
    free(name);
    return result;
}

static int finish(struct oh_session *s, bool damaged)
{
    struct oh_error e = {0};
    json_t *json = oh_report_json(s->report, is_interrupted() || damaged);
    char *path = oh_file_join(s->options->out, "report.json");
    if (s->baseline)
        oh_baseline_apply(s->baseline, json);
    int status = oh_report_exit_status(json);
    if ((damaged || is_interrupted()) && status == OH_EXIT_OK)
        status = OH_EXIT_UNDECIDED;
    oh_report_set_exit_status(json, status);
    if (*oh_interrupt_flag() == SIGINT && !s->live.on && isatty(STDERR_FILENO))
        fputc('\n', stderr); /* behind the terminal's ^C */
    oh_reserve_release(s->reserve);
    bool written = oh_report_write(json, path, &e) == 0;
    if (!written ||
        (s->options->junit && oh_cli_write_form(json, "junit", s->options->junit, &e) != 0))
        status = oh_cli_fail(&e, status == OH_EXIT_FAIL ? status : OH_EXIT_UNDECIDED);
    oh_cli_print_end(json, &s->options->common);
    if (written && !s->options->common.json)
        printf("report: %s\n", path);
    free(path);
    json_decref(json);
    return status;
}

/* What a run that is taken up again has a verdict on already. */
static void note_done(struct oh_session *s)
{
    size_t done = 0;
    s->is_done = oh_alloc((s->scenario_count + 1) * sizeof *s->is_done);
    for (size_t i = 0; s->resume && i < s->scenario_count; i++) {
        char *name = folder_name(s, i);
        s->is_done[i] = oh_resume_has(s->resume, s->scenarios[i], name, s->adapters[0]);
        done += s->is_done[i];
        free(name);
    }
    if (s->resume && !s->options->common.json)
        printf("taken up again: %zu of %zu scenarios have their verdict\n", done,
               s->scenario_count);
}

int oh_session_play(struct oh_session *s)
{
    bool damaged = false;
    struct oh_error e = {0};
    if ((s->reserve = oh_reserve_take(s->options->out, s->scenario_count, &e)) < -1)
        return oh_cli_fail(&e, OH_EXIT_UNDECIDED);
    if (open_bench(s) != 0) {
        oh_reserve_release(s->reserve);
        return OH_EXIT_UNDECIDED;
    }
    note_done(s);
    for (size_t i = 0; i < s->scenario_count && !is_interrupted() && !damaged; i++)
        damaged = play_one(s, i) != 0;
    oh_bench_close(s->bench);
    s->bench = NULL;
    return finish(s, damaged);
}
