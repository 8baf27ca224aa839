/* The phone: started, told each thing that its adapter claims, and ended; all of it seen on the
 * wire. */
#include "cli/doctor.h"
#include "cli/doctor_flows.h"
#include "cli/interrupt.h"

#include "base/file.h"
#include "judge/judge.h"
#include "play/play.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MOST_MOMENTS 50 /* of 10 ms, for the phone's last process to go */

/* Seen as it happens. */
struct watch {
    struct oh_doctor *doctor;
    const char *flow;              /* being played */
    int64_t starting_ns, ready_ns; /* monotonic; 0: not yet */
    char *ended;                   /* "exited: status 0" */
};

struct visit {
    struct oh_doctor *doctor;
    struct oh_bench *bench;
    struct watch watch;
    bool told_start, by_itself;
    bool listens; /* where it was told to */
    size_t musts, shoulds, ours;
    json_t *ids; /* of the rules broken in passing */
};

static void on_progress(const struct oh_progress *p, void *arg)
{
    static const char ready[] = "ready: ", ended[] = "ended: ";
    struct watch *w = arg;
    if (p->kind == OH_PROGRESS_WAITING)
        oh_doctor_hint(w->doctor, w->flow, "waiting for %s", p->text);
    if (p->kind != OH_PROGRESS_PHONE)
        return;
    if (strcmp(p->text, "starting") == 0) {
        oh_doctor_hint(w->doctor, "starts", "waiting until the phone is ready");
        w->starting_ns = oh_clock_mono_ns();
        w->ready_ns = 0;
        free(w->ended);
        w->ended = NULL;
    } else if (strncmp(p->text, ready, strlen(ready)) == 0) {
        w->ready_ns = oh_clock_mono_ns();
    } else if (strncmp(p->text, ended, strlen(ended)) == 0) {
        free(w->ended);
        w->ended = oh_strdup(p->text + strlen(ended));
    }
}

static bool can(const char *ability, const void *adapter)
{
    return oh_adapter_can(adapter, ability);
}

/* --- one flow --- */

/* "offhook run" says who is right; here it is only said that there is something. */
static void count_rules(struct visit *v, const struct oh_recording *r)
{
    struct oh_judge_options options = {0};
    struct oh_verdict *verdict = oh_judge(r, &options);
    for (size_t i = 0; i < verdict->finding_count; i++) {
        const struct oh_finding *f = &verdict->findings[i];
        bool broken = f->result == OH_RESULT_FAIL || f->result == OH_RESULT_WARN;
        if (!f->is_rule || !broken)
            continue;
        v->ours += !f->from_phone;
        v->musts += f->from_phone && f->level == OH_LEVEL_MUST;
        v->shoulds += f->from_phone && f->level == OH_LEVEL_SHOULD;
        json_object_set_new(v->ids, f->id, json_true());
    }
    oh_verdict_free(verdict);
}

/* --- start --- */

static void on_nothing(struct oh_socket *s, const struct oh_addr *from, struct oh_span bytes,
                       void *arg)
{
    (void)s, (void)from, (void)bytes, (void)arg;
}

static bool is_bindable(const struct oh_addr *at, enum oh_transport transport, struct oh_error *e)
{
    static const struct oh_conn_owner nobody = {0};
    struct oh_net *net = oh_net_new(e);
    bool bindable = false;
    if (net && transport == OH_TRANSPORT_UDP) {
        struct oh_socket *s = oh_udp_open(net, "phone", at, on_nothing, NULL, e);
        bindable = s != NULL;
        oh_socket_close(s);
    } else if (net) {
        struct oh_listener *l = oh_tcp_listen(net, "phone", at, &nobody, e);
        bindable = l != NULL;
        oh_listener_close(l);
    }
    oh_net_free(net);
    return bindable;
}

static bool started_badly(const struct oh_run *run, const struct watch *w)
{
    return run->outcome == OH_OUTCOME_BENCH && w->ready_ns == 0;
}

/* Where it was told to listen, while it runs: what nobody else has bound is not listened at. */
static void tell_listens(struct visit *v)
{
    struct oh_error e = {0};
    char text[OH_ADDR_TEXT];
    oh_addr_format(&v->doctor->phone, text);
    const char *kind = v->doctor->transport == OH_TRANSPORT_UDP ? "UDP" : "TCP";
    v->listens = !is_bindable(&v->doctor->phone, v->doctor->transport, &e);
    if (!v->listens)
        oh_doctor_tell(v->doctor, OH_DOCTOR_BAD, "listens",
                       "give it ${phone.address} and ${phone.port} in 'start' or 'files'",
                       "nothing has %s port %s, where the phone was told to be", kind, text);
    else
        oh_doctor_tell(v->doctor, OH_DOCTOR_OK, "listens", NULL, "at %s port %s", kind, text);
}

static void tell_start(struct visit *v, const struct oh_run *run)
{
    const struct oh_run_phone *p = run->phone_count ? &run->phones[0] : NULL;
    const char *name = p && p->name ? p->name : "";
    double ms = (double)(v->watch.ready_ns - v->watch.starting_ns) / 1e6;
    v->told_start = true;
    oh_doctor_tell(v->doctor, OH_DOCTOR_OK, "starts", NULL, "ready after %.0f ms", ms);
    for (size_t i = 0; i < run->seat_count; i++) {
        if (run->seats[i].is_phone)
            v->doctor->phone = run->seats[i].sip;
    }
    tell_listens(v);
    if (strcmp(name, oh_adapter_title(v->doctor->adapter)) == 0)
        oh_doctor_tell(v->doctor, OH_DOCTOR_NOTE, "version", NULL,
                       "%s; the adapter does not tell which", name);
    else
        oh_doctor_tell(v->doctor, OH_DOCTOR_OK, "version", NULL, "%s", name);
}

static void tell_failed_start(struct visit *v, const struct oh_run *run)
{
    struct oh_text remedy = {0};
    oh_text_addf(&remedy, "look at 'start', 'ready' and 'drive' in %s",
                 oh_adapter_file(v->doctor->adapter));
    if (run->phone_output && v->doctor->keep)
        oh_text_addf(&remedy, "; that run.json is %s/idle/run.json", v->doctor->keep);
    else if (run->phone_output)
        oh_text_add(&remedy, "; --keep DIR keeps that run.json");
    oh_doctor_tell(v->doctor, OH_DOCTOR_BAD, "starts", oh_text_str(&remedy), "%s",
                   run->outcome_text ? run->outcome_text : "the phone could not be started");
    oh_text_release(&remedy);
}

/* --- all flows --- */

static char *recording_folder(const struct oh_doctor *d, const char *flow)
{
    char *runs = d->keep ? oh_strdup(d->keep) : oh_file_join(d->folder, "runs");
    char *folder = oh_file_join(runs, flow);
    free(runs);
    return folder;
}

/* Registers itself though nobody told it: seen while nothing was to happen. */
static void look_for_register(struct visit *v, const struct oh_recording *r)
{
    for (size_t i = 0; i < r->trace->msg_count; i++) {
        const struct oh_trace_msg *m = &r->trace->msgs[i];
        v->by_itself |=
            m->from_phone && m->sip->is_request && oh_sip_msg_is_method(m->sip, "REGISTER");
    }
}

/* False where there is no use in going on. */
static bool look_at(struct visit *v, const char *flow, const struct oh_recording *r)
{
    if (started_badly(r->run, &v->watch)) {
        tell_failed_start(v, r->run);
        return false;
    }
    if (r->run->outcome == OH_OUTCOME_SKIPPED) {
        oh_doctor_tell(v->doctor, OH_DOCTOR_BAD, "abilities", NULL, "%s",
                       r->run->outcome_text ? r->run->outcome_text : "the phone lacks one");
        return false;
    }
    if (!v->told_start && v->watch.ready_ns)
        tell_start(v, r->run);
    if (r->run->outcome == OH_OUTCOME_INTERRUPTED)
        return false;
    if (strcmp(flow, "idle") == 0)
        look_for_register(v, r);
    if (r->run->outcome == OH_OUTCOME_PHONE_DIED || r->run->outcome == OH_OUTCOME_PHONE_HUNG ||
        r->run->outcome == OH_OUTCOME_PHONE_KILLED)
        oh_doctor_tell(v->doctor, OH_DOCTOR_BAD, flow, NULL, "%s", r->run->outcome_text);
    oh_doctor_steps(v->doctor, flow, r);
    count_rules(v, r);
    return true;
}

static bool record(struct visit *v, const char *flow, const struct oh_scenario *s)
{
    struct oh_error e = {0};
    char *folder = recording_folder(v->doctor, flow);
    struct oh_recording *r = NULL;
    bool go_on = false;
    v->watch.flow = flow;
    oh_doctor_hint(v->doctor, flow, "%s", s->title);
    if (oh_play(v->bench, s, folder, &e) != 0 || !(r = oh_recording_read(folder, &e)))
        oh_doctor_tell_error(v->doctor, flow, &e);
    else
        go_on = look_at(v, flow, r);
    oh_recording_free(r);
    free(folder);
    return go_on;
}

/* What stands before flow `i`; NULL: nothing. The caller frees. */
static char *obstacle(const struct visit *v, size_t i)
{
    const char *basis = oh_doctor_flow_basis(i, can, v->doctor->adapter);
    if (basis && json_object_get(v->doctor->broken, basis))
        return oh_format("%s does not work", basis);
    if (v->told_start && !v->listens && oh_doctor_flow_calls_phone(i, can, v->doctor->adapter))
        return oh_strdup("it does not listen");
    return NULL;
}

static bool play(struct visit *v, size_t i, const char *text)
{
    struct oh_errors errors = {0};
    const char *flow = oh_doctor_flow_name(i);
    char *file = oh_format("doctor/%s.yaml", flow), *why = obstacle(v, i);
    struct oh_scenario *s = oh_scenario_parse(file, oh_span_of(text), &errors);
    bool go_on = s != NULL;
    if (!s)
        oh_doctor_tell_error(v->doctor, flow, &errors.items[0]);
    else if (why)
        oh_doctor_untried(v->doctor, flow, s, why);
    else
        go_on = record(v, flow, s);
    oh_scenario_free(s);
    oh_errors_release(&errors);
    free(file);
    free(why);
    return go_on;
}

static void tell_unclaimed(const struct visit *v)
{
    struct oh_text text = {0};
    for (int i = 0; i < OH_VERBS; i++) {
        if (!oh_adapter_can(v->doctor->adapter, oh_verb_name((enum oh_verb)i)))
            oh_text_addf(&text, "%s%s", text.len ? ", " : "", oh_verb_name((enum oh_verb)i));
    }
    if (!oh_adapter_can(v->doctor->adapter, "rtp"))
        oh_text_addf(&text, "%srtp", text.len ? ", " : "");
    if (text.len)
        oh_doctor_tell(v->doctor, OH_DOCTOR_NOTE, "unclaimed", NULL,
                       "scenarios that need these are skipped: %s", oh_text_str(&text));
    if (v->by_itself)
        oh_doctor_tell(v->doctor, OH_DOCTOR_NOTE, "registers", NULL, "by itself, untold");
    oh_text_release(&text);
}

static void tell_rules(const struct visit *v)
{
    struct oh_text ids = {0};
    const char *id;
    json_t *unused;
    json_object_foreach(v->ids, id, unused) oh_text_addf(&ids, "%s%s", ids.len ? ", " : "", id);
    if (v->ours)
        oh_doctor_tell(v->doctor, OH_DOCTOR_BAD, "rules", "this is a fault of offhook's",
                       "%zu of offhook's own messages break a rule: %s", v->ours,
                       oh_text_str(&ids));
    else if (v->musts + v->shoulds > 0)
        oh_doctor_tell(v->doctor, OH_DOCTOR_NOTE, "rules", NULL,
                       "in passing, %zu must and %zu should of RFCs were broken: %s; 'offhook run' "
                       "tells more",
                       v->musts, v->shoulds, oh_text_str(&ids));
    oh_text_release(&ids);
}

/* --- the end --- */

/* The ids of processes that bear our mark, but for ourselves. */
static void list_marked(const char *mark, struct oh_text *out)
{
    DIR *folder = opendir("/proc");
    struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        char *path = oh_format("/proc/%s/environ", entry->d_name);
        struct oh_text text = {0};
        bool own = atol(entry->d_name) == (long)getpid();
        if (atol(entry->d_name) > 0 && !own &&
            oh_file_read(path, (size_t)1 << 20, &text, NULL) == 0 &&
            oh_span_search(oh_text_span(&text), oh_span_of(mark)) < text.len)
            oh_text_addf(out, "%s%s", out->len ? " " : "", entry->d_name);
        oh_text_release(&text);
        free(path);
    }
    if (folder)
        closedir(folder);
}

/* One that was killed is gone a moment later. */
static void wait_for_marked(const char *mark, struct oh_text *out)
{
    const struct timespec moment = {.tv_nsec = 10 * OH_NS_PER_MS};
    for (int tries = 0; tries < MOST_MOMENTS; tries++) {
        oh_text_clear(out);
        list_marked(mark, out);
        if (!out->len)
            return;
        nanosleep(&moment, NULL);
    }
}

static void tell_leftovers(const struct visit *v)
{
    struct oh_doctor *d = v->doctor;
    struct oh_error e = {0};
    struct oh_text pids = {0};
    char *tmp = oh_file_join(d->folder, "tmp"), **files = oh_file_list(tmp, "", NULL);
    wait_for_marked(d->mark, &pids);
    if (pids.len)
        oh_doctor_tell(d, OH_DOCTOR_BAD, "leaves", "end them by hand; does it start daemons?",
                       "processes of it still run: %s", oh_text_str(&pids));
    else if (files && files[0])
        oh_doctor_tell(d, OH_DOCTOR_BAD, "leaves", NULL, "it left files in TMPDIR: %s",
                       files[0] + strlen(d->folder));
    else if (v->told_start && !is_bindable(&v->doctor->phone, OH_TRANSPORT_UDP, &e))
        oh_doctor_tell_error(d, "leaves", &e);
    else
        oh_doctor_tell(d, OH_DOCTOR_OK, "leaves", NULL, "no process, no file, no port");
    oh_file_list_free(files);
    oh_text_release(&pids);
    free(tmp);
}

static void end_phone(struct visit *v)
{
    struct oh_doctor *d = v->doctor;
    int64_t began_ns = oh_clock_mono_ns();
    oh_doctor_hint(d, "stops", "waiting for the phone to end");
    bool ran = v->watch.ready_ns != 0 && !v->watch.ended;
    oh_bench_close(v->bench);
    v->bench = NULL;
    double ms = (double)(oh_clock_mono_ns() - began_ns) / 1e6;
    const char *how = v->watch.ended;
    if (ran && how && strstr(how, "SIGKILL"))
        oh_doctor_tell(d, OH_DOCTOR_BAD, "stops",
                       "look at 'stop' in the adapter: what it sends, and the times it gives",
                       "it did not end in its time and was killed after %.0f ms", ms);
    else if (ran && how)
        oh_doctor_tell(d, OH_DOCTOR_OK, "stops", NULL, "after %.0f ms: %s", ms, how);
    else if (ran)
        oh_doctor_tell(d, OH_DOCTOR_BAD, "stops", NULL, "nobody saw its end");
    tell_leftovers(v);
}

static void prove(struct visit *v)
{
    bool go_on = true;
    for (size_t i = 0; go_on && i < oh_doctor_flow_count(); i++) {
        char *text = oh_doctor_flow_text(i, can, v->doctor->adapter);
        if (text)
            go_on = play(v, i, text);
        free(text);
        go_on = go_on && *oh_interrupt_flag() == 0;
    }
    if (*oh_interrupt_flag() != 0)
        oh_doctor_tell(v->doctor, OH_DOCTOR_BAD, "interrupted", NULL, "not all was tried");
    if (v->told_start) {
        tell_unclaimed(v);
        tell_rules(v);
    }
}

void oh_doctor_phone(struct oh_doctor *d)
{
    struct oh_error e = {0};
    struct visit v = {.doctor = d, .watch.doctor = d, .ids = json_object()};
    struct oh_bench_phone phone = {.seat = "", .adapter = d->adapter};
    struct oh_bench_options options = {.no_capture = d->no_capture,
                                       .transport = d->transport,
                                       .program_folder = d->programs,
                                       .progress = on_progress,
                                       .progress_arg = &v.watch,
                                       .interrupted = oh_interrupt_flag(),
                                       .interrupt_fd = oh_interrupt_fd()};
    v.bench = oh_bench_open(&options, &phone, 1, &e);
    if (v.bench) {
        prove(&v);
        end_phone(&v);
    } else {
        oh_doctor_tell_error(d, "bench", &e);
    }
    free(v.watch.ended);
    json_decref(v.ids);
}
