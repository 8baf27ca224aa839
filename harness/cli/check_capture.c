/* offhook check CAPTURE: judges what anyone captured, with no phone and no lab. */
#include "cli/check.h"

#include "base/file.h"
#include "cli/credentials.h"
#include "cli/interrupt.h"
#include "cli/kind.h"
#include "judge/align.h"
#include "judge/survey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROGRESS_NS (OH_NS_PER_S / 5)

/* All captures of one command. */
struct work {
    const struct oh_check_options *o;
    struct oh_credentials credentials;
    struct oh_scenario_set *flows; /* --scenario: one, or each row of its table; NULL: none */
    struct oh_baseline *baseline;
    struct oh_report *report;
    bool live;    /* standard input: what is found is told as soon as it is known */
    bool stopped; /* a file was not read to its end */
    json_t *told; /* live: kinds of findings that were shown */
    /* progress */
    bool shows_progress, progress_shown;
    int64_t next_ns;
    const char *path;
};

/* --- progress --- */

static void erase_progress(struct work *w)
{
    if (w->progress_shown)
        fputs("\r\033[K", stderr);
    w->progress_shown = false;
}

static void show_progress(struct work *w, uint64_t done, uint64_t of, size_t messages)
{
    int64_t now_ns = oh_clock_mono_ns();
    if (!w->shows_progress || now_ns < w->next_ns)
        return;
    w->next_ns = now_ns + PROGRESS_NS;
    if (of > 0)
        fprintf(stderr, "\r\033[K%s: %u %%, %zu SIP messages", w->path, (unsigned)(100 * done / of),
                messages);
    else
        fprintf(stderr, "\r\033[K%zu SIP messages", messages);
    w->progress_shown = true;
}

/* From standard input all that still comes is read, as long as it comes soon: whoever captures was
 * interrupted by the same key, and hands on what he has. A file is left at once. */
static bool on_progress(uint64_t done, uint64_t of, size_t messages, void *arg)
{
    struct work *w = arg;
    if (of > 0 || messages > 0)
        show_progress(w, done, of, messages);
    if (w->live)
        return !oh_interrupt_is_overdue();
    w->stopped |= *oh_interrupt_flag() != 0;
    return !w->stopped;
}

/* --- telling at once --- */

/* Is any of these findings of a kind that was not shown yet? */
static bool is_new(struct work *w, const struct oh_endpoint *phone, const struct oh_verdict *v)
{
    bool any = false;
    for (size_t i = 0; i < v->finding_count; i++) {
        const struct oh_finding *f = &v->findings[i];
        char *key = oh_format("%s %s %s", phone->name, f->id, f->method ? f->method : "");
        any |= !json_object_get(w->told, key);
        json_object_set_new(w->told, key, json_true());
        free(key);
    }
    return any;
}

/* What was shown before is told in a line. */
static void tell_again(const struct oh_endpoint *phone, const struct oh_verdict *v)
{
    printf("%s  again:", phone->name);
    for (size_t i = 0; i < v->finding_count; i++) {
        const struct oh_finding *f = &v->findings[i];
        printf("%s %s", i ? "," : "", f->id);
        if (f->frame_count > 0)
            printf(" (frame %u)", f->frames[0]);
    }
    putchar('\n');
}

static void on_found(const struct oh_endpoint *phone, const struct oh_verdict *v, void *arg)
{
    struct work *w = arg;
    erase_progress(w);
    if (is_new(w, phone, v)) {
        struct oh_report_style style = oh_cli_style(&w->o->common, STDOUT_FILENO);
        json_t *call = oh_report_call(phone, v);
        struct oh_text text = {0};
        oh_report_call_text(call, &style, &text);
        printf("%s\n", oh_text_str(&text));
        oh_text_release(&text);
        json_decref(call);
    } else {
        tell_again(phone, v);
    }
    fflush(stdout);
}

/* --- what is shown of a capture --- */

static void show_phones(struct work *w, size_t from)
{
    struct oh_report_style style = oh_cli_style(&w->o->common, STDOUT_FILENO);
    struct oh_text text = {0};
    json_t *phones = json_array();
    style.brief = w->live;
    for (size_t i = from; i < oh_report_count(w->report); i++)
        json_array_append_new(phones,
                              oh_baseline_scenario(w->baseline, oh_report_at(w->report, i)));
    oh_report_phones_text(phones, &style, &text);
    fputs(oh_text_str(&text), stdout);
    fflush(stdout);
    json_decref(phones);
    oh_text_release(&text);
}

/* --- nothing was judged --- */

static void add_named(const struct work *w, struct oh_text *text)
{
    char name[OH_ADDR_TEXT];
    for (size_t i = 0; i < w->o->phone_count; i++)
        oh_text_addf(text, "%s%s", i ? " or " : "", oh_addr_format(&w->o->phones[i], name));
}

static void add_seen(const struct oh_survey *s, struct oh_text *text)
{
    const struct oh_endpoints *all = oh_survey_endpoints(s);
    size_t told = 0, count = oh_endpoints_count(all);
    for (size_t i = 0; i < count && told < 10; i++) {
        const struct oh_endpoint *e = oh_endpoints_at(all, i);
        if (e->sent > 0)
            oh_text_addf(text, "%s%s", told++ ? ", " : "", e->name);
    }
    if (count > 10)
        oh_text_add(text, " ...");
}

static void tell_no_phone(const struct work *w, const char *name, size_t messages)
{
    struct oh_error e = {0};
    struct oh_text named = {0};
    add_named(w, &named);
    if (w->o->phone_count > 0)
        oh_error_set(&e, "%s holds no message sent by %s: nothing was judged", name,
                     oh_text_str(&named));
    else if (messages > 0)
        oh_error_set(&e, "%s holds messages of servers alone: nothing was judged", name);
    else
        oh_error_set(&e, "%s holds no SIP message: nothing was judged", name);
    oh_error_remedy(&e, "'offhook check %s' without --scenario tells who speaks in it", name);
    oh_cli_fail(&e, 0);
    oh_text_release(&named);
}

static void tell_nothing_judged(const struct work *w, const struct oh_survey *s, const char *name)
{
    struct oh_survey_counts counts = oh_survey_counts(s);
    struct oh_error e = {0};
    struct oh_text named = {0}, seen = {0};
    add_named(w, &named);
    add_seen(s, &seen);
    if (counts.calls.messages == 0) {
        oh_error_set(&e, "%s holds no SIP message (%zu frame%s): nothing was judged", name,
                     counts.frames, counts.frames == 1 ? "" : "s");
        oh_error_remedy(&e, "capture where the phone's SIP passes, unencrypted and with whole "
                            "packets (tcpdump -s 0)");
    } else if (w->o->phone_count > 0) {
        oh_error_set(&e, "%s holds no message sent by %s: nothing was judged", name,
                     oh_text_str(&named));
        oh_error_remedy(&e, "messages were sent by %s", oh_text_str(&seen));
    } else {
        oh_error_set(&e, "%s holds messages of servers alone: nothing was judged", name);
        oh_error_remedy(&e, "name the phone by --phone-address: messages were sent by %s",
                        oh_text_str(&seen));
    }
    oh_cli_fail(&e, 0);
    oh_text_release(&named);
    oh_text_release(&seen);
}

/* --- one capture --- */

static int judge(struct work *w, const char *path, struct oh_error *e)
{
    const struct oh_check_options *o = w->o;
    bool is_stdin = strcmp(path, "-") == 0;
    const char *name = is_stdin ? "standard input" : path;
    bool tells = is_stdin && !o->common.json;
    struct oh_survey_options options = {.strict = o->common.strict,
                                        .phones = o->phones,
                                        .phone_count = o->phone_count,
                                        .secrets = w->credentials.items,
                                        .secret_count = w->credentials.count,
                                        .profile = o->profile,
                                        .found = tells ? on_found : NULL,
                                        .found_arg = w};
    struct oh_survey *s = oh_survey_new(&options);
    size_t before = oh_report_count(w->report);
    w->live = is_stdin;
    w->path = name;
    int result = oh_survey_capture(s, path, on_progress, w, e);
    erase_progress(w);
    if (result == 0) {
        oh_report_add_capture(w->report, s, path);
        if (!o->common.json)
            show_phones(w, before);
        if (oh_survey_count(s) == 0)
            tell_nothing_judged(w, s, name);
    }
    oh_survey_free(s);
    return result;
}

/* --- one capture against a scenario's flow --- */

static void tell_place(const struct oh_aligned *found)
{
    const struct oh_run *run = found->recording->run;
    char address[OH_ADDR_TEXT];
    if (found->first_frame == 0)
        return;
    printf("the flow as found: frames %u to %u", found->first_frame, found->last_frame);
    for (size_t i = 0; i < run->seat_count; i++) {
        if (run->seats[i].sip.family != OH_FAMILY_NONE)
            printf(", %s is %s", run->seats[i].name, oh_addr_format(&run->seats[i].sip, address));
    }
    putchar('\n');
    if (found->begins > 0)
        printf("it could have begun at %zu other message%s; where it goes furthest was taken\n",
               found->begins, found->begins == 1 ? "" : "s");
}

static void add_aligned(struct work *w, const struct oh_align *a)
{
    for (size_t i = 0; i < oh_align_count(a); i++) {
        const struct oh_aligned *found = oh_align_at(a, i);
        size_t before = oh_report_count(w->report);
        oh_report_add(w->report, found->verdict, NULL);
        if (w->o->common.json)
            continue;
        show_phones(w, before);
        tell_place(found);
        putchar('\n');
    }
    fflush(stdout);
}

static int align(struct work *w, const char *path, struct oh_error *e)
{
    const struct oh_check_options *o = w->o;
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
    struct oh_align_options options = {.scenario = w->flows->scenarios[0],
                                       .rows = w->flows->scenarios,
                                       .row_count = w->flows->count,
                                       .strict = o->common.strict,
                                       .phones = o->phones,
                                       .phone_count = o->phone_count,
                                       .secrets = w->credentials.items,
                                       .secret_count = w->credentials.count,
                                       .profile = o->profile,
                                       .number_from = oh_report_count(w->report)};
    struct oh_align *a = oh_align_new(&options);
    w->live = name != path;
    w->path = name;
    int result = oh_align_capture(a, path, on_progress, w, e);
    erase_progress(w);
    if (result == 0) {
        add_aligned(w, a);
        if (oh_align_count(a) == 0)
            tell_no_phone(w, name, oh_align_messages(a));
        if (oh_align_left_out(a) > 0)
            fprintf(stderr, "%s: the last %zu SIP messages were not looked at, for want of room\n",
                    name, oh_align_left_out(a));
    }
    oh_align_free(a);
    return result;
}

static size_t judge_all(struct work *w, char *const *paths, size_t count)
{
    size_t bad = 0;
    for (size_t i = 0; i < count && !w->stopped; i++) {
        struct oh_error e = {0};
        if ((w->flows ? align : judge)(w, paths[i], &e) == 0)
            continue;
        oh_cli_fail(&e, 0);
        bad++;
    }
    return bad;
}

/* --- the command --- */

static int prepare(struct work *w, struct oh_errors *errors, struct oh_error *e)
{
    const struct oh_check_options *o = w->o;
    if (o->scenario && !(w->flows = oh_cli_load_word(o->scenario, errors)))
        return -1;
    if (o->baseline && !(w->baseline = oh_baseline_load(o->baseline, errors)))
        return -1;
    if (o->credentials && oh_credentials_load(o->credentials, &w->credentials, errors) != 0)
        return -1;
    if (oh_cli_check_profile(o->profile, e) != 0 || oh_cli_prepare_form(o->junit, e) != 0)
        return -1;
    return oh_interrupt_catch_reading(e);
}

int oh_check_captures(char *const *paths, size_t count, const struct oh_check_options *o)
{
    struct oh_error e = {0};
    struct oh_errors errors = {0};
    struct work w = {.o = o,
                     .report = oh_report_new(""),
                     .told = json_object(),
                     .shows_progress = isatty(STDERR_FILENO) != 0};
    int status = OH_EXIT_USAGE;
    if (prepare(&w, &errors, &e) == 0) {
        size_t bad = judge_all(&w, paths, count);
        if (bad == 0 || bad < count)
            status = oh_check_finish(w.report, w.stopped, bad, o, w.baseline);
    } else if (errors.count > 0) {
        oh_cli_fails(&errors, status);
    } else {
        oh_cli_fail(&e, status);
    }
    oh_scenario_set_free(w.flows);
    oh_credentials_release(&w.credentials);
    oh_baseline_free(w.baseline);
    oh_errors_release(&errors);
    oh_report_free(w.report);
    json_decref(w.told);
    return status;
}
