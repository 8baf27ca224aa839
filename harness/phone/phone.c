#include "phone/self.h"

#include "base/file.h"
#include "phone/marked.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define ASK_AGAIN_MS       50
#define UNSUPPORTED_STATUS 127
#define LINK_GRACE_MS                                                                              \
    300 /* a connection that is lost may be the first sign of the program's end                    \
         */

void oh_phone_tell(struct oh_phone *p, enum oh_phone_event event, const char *detail)
{
    p->fn(p, event, detail, p->arg);
}

static int64_t in_ms(const struct oh_phone *p, int64_t ms)
{
    return oh_net_now(p->net) + ms * OH_NS_PER_MS;
}

static void cancel(struct oh_timer **t)
{
    oh_timer_cancel(*t);
    *t = NULL;
}

/* --- making --- */

struct oh_phone *oh_phone_new(struct oh_net *net, const struct oh_adapter *a,
                              const struct oh_phone_place *place, oh_phone_event_fn *fn, void *arg)
{
    struct oh_phone *p = oh_alloc(sizeof *p);
    const char **texts[] = {&p->place.seat,     &p->place.user,  &p->place.auth_user,
                            &p->place.password, &p->place.realm, &p->place.program_folder,
                            &p->place.mutant};
    p->net = net;
    p->a = a;
    p->place = *place;
    p->fn = fn;
    p->arg = arg;
    p->name = oh_strdup(a->title);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = p->texts[i] = oh_strdup(*texts[i]);
    return p;
}

/* Nothing goes over the driver any more. */
static void cut_link(struct oh_phone *p)
{
    if (p->driver)
        p->a->driver->close(p->driver);
    p->driver = NULL;
    oh_phone_forget_terminal(p);
    p->link_up = false;
    free(p->link_lost);
    free(p->last_said);
    p->last_said = NULL;
    p->link_lost = NULL;
    cancel(&p->lost);
    cancel(&p->ask_again);
    cancel(&p->deadline);
}

static void forget_kept(struct oh_phone *p)
{
    for (size_t i = 0; i < OH_ADAPTER_KEPT; i++) {
        free(p->kept[i]);
        p->kept[i] = NULL;
    }
}

void oh_phone_free(struct oh_phone *p)
{
    if (!p)
        return;
    oh_phone_drop_commands(p);
    cut_link(p);
    oh_process_free(p->process);
    oh_phone_end_beside(p);
    forget_kept(p);
    oh_phone_remove_folder(p);
    for (size_t i = 0; i < sizeof p->texts / sizeof *p->texts; i++)
        free(p->texts[i]);
    for (size_t i = 0; i < p->port_count; i++) {
        free(p->ports[i].name);
        free(p->ports[i].value);
    }
    free(p->name);
    free(p->failure);
    free(p);
}

/* --- the end --- */

static enum oh_phone_event end_event(const struct oh_phone *p, enum oh_phone_state before,
                                     int status)
{
    if (before == OH_PHONE_IS_STOPPING)
        return OH_PHONE_ENDED;
    if (before == OH_PHONE_IS_STARTING || before == OH_PHONE_IS_FAILING)
        return p->is_unsupported ? OH_PHONE_UNSUPPORTED : OH_PHONE_FAILED;
    bool from_outside = oh_process_is_kill(status) && !oh_process_was_signalled(p->process);
    return from_outside ? OH_PHONE_KILLED : OH_PHONE_DIED;
}

/* The program as people call it: without the folder, which may be a name in braces. */
static const char *program_name(const struct oh_phone *p)
{
    if (!p->a->start.count)
        return p->a->title;
    const char *slash = strrchr(p->a->start.at[0], '/');
    return slash ? slash + 1 : p->a->start.at[0];
}

/* Nothing of it runs any more; `detail` may be of the phone. */
static void settle(struct oh_phone *p, enum oh_phone_event event, const char *detail)
{
    p->state = OH_PHONE_IS_IDLE;
    cut_link(p);
    oh_phone_end_beside(p);
    oh_phone_remove_folder(p);
    oh_phone_tell(p, event, detail);
    oh_phone_end_commands(p, detail);
}

/* The status by which a program that is told verbs says that it cannot do what it was told last. */
static bool says_unsupported(const struct oh_phone *p, int status)
{
    return p->a->driver->is_told_verbs && p->pending && WIFEXITED(status) &&
           WEXITSTATUS(status) == UNSUPPORTED_STATUS &&
           (p->state == OH_PHONE_IS_STARTING || p->state == OH_PHONE_IS_UP);
}

/* `settle` with its words. */
static void end_unsupported(struct oh_phone *p)
{
    struct oh_text detail = {0};
    oh_text_addf(&detail, "'%s' exited with status %d, which means unsupported", program_name(p),
                 UNSUPPORTED_STATUS);
    oh_phone_add_last_words(oh_phone_output(p), &detail);
    oh_phone_cannot_do(p, oh_text_str(&detail));
    settle(p, OH_PHONE_UNSUPPORTED, oh_text_str(&detail));
    oh_text_release(&detail);
}

static void ended(struct oh_phone *p, int status)
{
    if (says_unsupported(p, status)) {
        end_unsupported(p);
        return;
    }
    enum oh_phone_state before = p->state;
    enum oh_phone_event event = end_event(p, before, status);
    struct oh_text detail = {0};
    char *words = oh_process_words(status);
    if (p->failure)
        oh_text_add(&detail, p->failure);
    else if (event == OH_PHONE_FAILED)
        oh_text_addf(&detail, "'%s' ended before it was ready, %s", program_name(p), words);
    else
        oh_text_add(&detail, words);
    if (event != OH_PHONE_ENDED)
        oh_phone_add_last_words(oh_phone_output(p), &detail);
    settle(p, event, oh_text_str(&detail));
    oh_text_release(&detail);
    free(words);
}

static void on_process(struct oh_process *process, enum oh_process_event event, int status,
                       void *arg)
{
    struct oh_phone *p = arg;
    (void)process;
    if (event == OH_PROCESS_ENDED)
        ended(p, status);
    else if (p->state == OH_PHONE_IS_STOPPING || p->state == OH_PHONE_IS_FAILING)
        return; /* our own signals continue it */
    else if (event == OH_PROCESS_STOPPED)
        oh_phone_tell(p, OH_PHONE_STOPPED, "stopped by a signal from outside");
    else
        oh_phone_tell(p, OH_PHONE_CONTINUED, "continued");
}

void oh_phone_is_unsupported(struct oh_phone *p, char *why)
{
    p->is_unsupported = true;
    oh_phone_fail(p, why);
}

/* The program's end, if it runs, is told as the failure. */
void oh_phone_fail(struct oh_phone *p, char *why)
{
    if (p->state != OH_PHONE_IS_STARTING && p->state != OH_PHONE_IS_UP) {
        free(why);
        return;
    }
    free(p->failure);
    p->failure = why;
    p->state = OH_PHONE_IS_FAILING;
    if (oh_process_is_running(p->process))
        oh_process_signal(p->process, SIGKILL);
    else
        settle(p, OH_PHONE_FAILED, p->failure);
}

/* --- the beginning --- */

static bool find_version_in(struct oh_phone *p, struct oh_span said)
{
    regmatch_t groups[2];
    char *text = oh_span_dup(said);
    bool found = regexec(&p->a->version, text, 2, groups, 0) == 0 && groups[1].rm_so >= 0;
    if (found) {
        free(p->name);
        p->name = oh_format("%s %.*s", p->a->title, (int)(groups[1].rm_eo - groups[1].rm_so),
                            text + groups[1].rm_so);
    }
    free(text);
    return found;
}

static void find_version(struct oh_phone *p)
{
    if (p->a->has_version && !find_version_in(p, oh_phone_output(p)) && p->last_said)
        find_version_in(p, oh_span_of(p->last_said));
}

void oh_phone_is_ready(struct oh_phone *p)
{
    if (p->state != OH_PHONE_IS_STARTING)
        return;
    p->state = OH_PHONE_IS_UP;
    cancel(&p->deadline);
    cancel(&p->ask_again);
    find_version(p);
    oh_phone_tell(p, OH_PHONE_READY, p->name);
}

static void on_ask(void *arg)
{
    struct oh_phone *p = arg;
    p->ask_again = NULL;
    oh_phone_ask_ready(p, false);
}

void oh_phone_ask_ready(struct oh_phone *p, bool again)
{
    if (p->state != OH_PHONE_IS_STARTING)
        return;
    if (again)
        p->ask_again = oh_timer_set(p->net, in_ms(p, ASK_AGAIN_MS), on_ask, p);
    else
        oh_phone_send(p, OH_FOR_READY, &p->a->ready, NULL, NULL, NULL);
}

/* What came, or did not, against what was waited for. */
static void add_unfit(const struct oh_phone *p, const char *wanted, struct oh_text *text)
{
    if (p->a->driver->is_told_verbs) {
        oh_text_addf(text, "it did not answer {\"id\": 1, \"do\": \"start\"}%s%s",
                     p->last_said ? "; it said " : "", p->last_said ? p->last_said : "");
    } else if (p->last_said) {
        oh_text_addf(text, "it said %s, which does not fit ", p->last_said);
        if (p->a->ready.event)
            oh_text_addf(text, "'ready: event: %s'", wanted);
        else
            oh_text_addf(text, "%s, the answer to 'ready: send' that is wanted", wanted);
    } else if (p->a->ready.event) {
        oh_text_addf(text, "the connection stands, but 'ready: event: %s' never came", wanted);
        if (p->a->driver->stdio == OH_STDIO_NONE)
            oh_text_add(text, "; it may have come before the connection: 'ready: {send: ...}', a "
                              "command that is answered, cannot miss it");
    } else {
        oh_text_addf(text,
                     "the connection stands, but nothing came in answer to 'ready: send'; wanted "
                     "is %s",
                     wanted);
    }
}

/* What an adapter's author needs to know: did the link come about, and what was said over it? */
static void on_not_ready(void *arg)
{
    struct oh_phone *p = arg;
    struct oh_text text = {0};
    p->deadline = NULL;
    oh_text_addf(&text, "'%s' was not ready within %lld ms: ", program_name(p),
                 (long long)p->a->ready.within_ms);
    char *wanted = oh_phone_ready_pattern(p);
    if (p->link_lost)
        oh_text_add(&text, p->link_lost);
    else if (!p->link_up)
        oh_text_add(&text, p->a->driver->never_up);
    else
        add_unfit(p, wanted, &text);
    free(wanted);
    oh_phone_fail(p, oh_text_take(&text));
}

/* --- the link --- */

static void on_up(void *arg)
{
    struct oh_phone *p = arg;
    p->link_up = true;
    if (p->a->ready.send || p->a->driver->is_told_verbs)
        oh_phone_ask_ready(p, false);
    else if (!p->a->ready.event)
        oh_phone_is_ready(p);
}

static void on_lost(void *arg)
{
    struct oh_phone *p = arg;
    p->lost = NULL;
    char *why = oh_strdup(p->link_lost);
    if (p->state == OH_PHONE_IS_STARTING) {
        oh_phone_fail(p, why);
        return;
    }
    if (p->state == OH_PHONE_IS_UP) {
        oh_phone_tell(p, OH_PHONE_HUNG, why);
        oh_phone_end_commands(p, why);
    }
    free(why);
}

static void on_down(const char *why, void *arg)
{
    struct oh_phone *p = arg;
    p->link_up = false;
    free(p->link_lost);
    p->link_lost = oh_strdup(why);
    cancel(&p->lost);
    p->lost = oh_timer_set(p->net, in_ms(p, LINK_GRACE_MS), on_lost, p);
}

static void on_got(struct oh_span message, uint64_t answer_to, void *arg)
{
    oh_phone_got(arg, message, answer_to);
}

static int open_link(struct oh_phone *p, struct oh_error *e)
{
    struct oh_driver_owner owner = {.got = on_got, .up = on_up, .down = on_down, .arg = p};
    char *connect = p->a->connect ? oh_phone_fill(p, p->a->connect) : NULL;
    struct oh_driver_plan plan = {.person = p->place.person,
                                  .seat = p->place.seat,
                                  .user = p->place.user,
                                  .connect = connect,
                                  .to_phone = p->process ? oh_process_to(p->process) : -1,
                                  .from_phone = p->process ? oh_process_from(p->process) : -1,
                                  .terminal = &p->terminal};
    oh_phone_plan_terminal(p);
    p->driver = p->a->driver->open(p->net, &plan, &owner, e);
    free(connect);
    return p->driver ? 0 : -1;
}

static int start_process(struct oh_phone *p, struct oh_error *e)
{
    char **words = oh_phone_words(p, &p->a->start), **environment = oh_phone_environment(p);
    struct oh_process_plan plan = {.argv = words,
                                   .environment = environment,
                                   .folder = p->folder,
                                   .on_pipes = p->a->driver->stdio == OH_STDIO_PIPES,
                                   .on_pty = p->a->driver->stdio == OH_STDIO_TERMINAL};
    bool fit = oh_phone_add_mutant(p, &environment, e) == 0;
    plan.environment = environment;
    if (fit && *p->port_trouble.text) {
        if (e)
            *e = p->port_trouble;
    } else if (fit) {
        p->process = oh_process_start(p->net, &plan, on_process, p, e);
        if (!p->process && (errno == ENOENT || errno == EACCES))
            oh_error_remedy(e, "%s", p->a->install ? p->a->install : "is the program installed?");
    }
    oh_phone_free_words(words);
    oh_phone_free_words(environment);
    return p->process ? 0 : -1;
}

static int begin(struct oh_phone *p, struct oh_error *e)
{
    if ((!p->a->driver->is_by_hand && start_process(p, e) != 0) || open_link(p, e) != 0)
        return -1;
    p->deadline = oh_timer_set(p->net, in_ms(p, p->a->ready.within_ms), on_not_ready, p);
    return 0;
}

void oh_phone_begin(struct oh_phone *p)
{
    struct oh_error e = {0};
    if (begin(p, &e) != 0)
        oh_phone_fail(p, oh_format("%s%s%s", e.text, *e.remedy ? "; " : "", e.remedy));
}

int oh_phone_start(struct oh_phone *p, struct oh_error *e)
{
    if (p->state != OH_PHONE_IS_IDLE)
        return oh_error_set(e, "'%s' runs already", p->name);
    if (p->a->stand_in)
        return oh_phone_start_stand_in(p, e);
    oh_process_free(p->process);
    p->process = NULL;
    free(p->failure);
    p->failure = NULL;
    forget_kept(p);
    p->asked_to_end = p->is_worn = p->is_unsupported = false;
    p->port_trouble = (struct oh_error){0};
    int ready = oh_adapter_is_by_hand(p->a)  ? 1
                : oh_phone_render(p, e) != 0 ? -1
                                             : oh_phone_start_beside(p, e);
    p->state = OH_PHONE_IS_STARTING;
    if (ready >= 0 && (ready == 0 || begin(p, e) == 0))
        return 0;
    p->state = OH_PHONE_IS_IDLE;
    cut_link(p);
    oh_process_free(p->process);
    p->process = NULL;
    oh_phone_end_beside(p);
    oh_phone_remove_folder(p);
    return -1;
}

/* --- verbs --- */

int oh_phone_do(struct oh_phone *p, enum oh_verb verb, const struct oh_action_args *args,
                oh_action_fn *done, void *arg, struct oh_error *e)
{
    const struct oh_command *command = &p->a->verbs[verb];
    if (p->a->stand_in)
        return oh_phone_tell_stand_in(p, verb, args ? args->uri : NULL, done, arg, e);
    if (!command->given)
        return oh_error_set(e, "'%s' cannot %s: its adapter has no such verb", p->name,
                            oh_verb_name(verb));
    if (p->state != OH_PHONE_IS_UP)
        return oh_error_set(e, "'%s' cannot %s: it %s", p->name, oh_verb_name(verb),
                            p->state == OH_PHONE_IS_IDLE ? "does not run" : "is not ready");
    const char *lacks = oh_phone_why_lacking(p, oh_verb_name(verb));
    if (lacks) {
        done(p, OH_ACTION_UNSUPPORTED, lacks, arg);
        return 0;
    }
    p->is_worn = p->is_worn || (p->a->anew_after_register && verb == OH_VERB_REGISTER);
    oh_phone_send(p, OH_FOR_VERB, command, args, done, arg);
    return 0;
}

void oh_phone_awaits(struct oh_phone *p, const char *seat, const char *what)
{
    if (p->driver && p->a->driver->awaits)
        p->a->driver->awaits(p->driver, seat, what);
}

void oh_phone_came(struct oh_phone *p)
{
    if (p->driver && p->a->driver->came)
        p->a->driver->came(p->driver);
}

int oh_phone_ask_state(struct oh_phone *p, oh_action_fn *done, void *arg, struct oh_error *e)
{
    if (!p->a->state.given)
        return oh_error_set(
            e, "'%s' cannot be asked whether it is idle: its adapter has no 'state'", p->name);
    if (p->state != OH_PHONE_IS_UP)
        return oh_error_set(e, "'%s' cannot be asked whether it is idle: it is not ready", p->name);
    oh_phone_send(p, OH_FOR_VERB, &p->a->state, NULL, done, arg);
    return 0;
}

/* --- stopping --- */

static void on_stop_time(void *arg)
{
    struct oh_phone *p = arg;
    if (!oh_process_is_running(p->process)) { /* stopped before it began */
        p->deadline = NULL;
        settle(p, OH_PHONE_ENDED,
               p->a->driver->is_by_hand ? "nothing more is to be done" : "it had not begun");
        return;
    }
    oh_process_signal(p->process, p->asked_to_end ? SIGKILL : SIGTERM);
    p->deadline = p->asked_to_end
                      ? NULL
                      : oh_timer_set(p->net, in_ms(p, p->a->stop.kill_after_ms), on_stop_time, p);
    p->asked_to_end = true;
}

void oh_phone_stop(struct oh_phone *p)
{
    if (p->state == OH_PHONE_IS_IDLE || p->state == OH_PHONE_IS_STOPPING)
        return;
    if (p->a->stand_in) {
        settle(p, OH_PHONE_ENDED, "the rehearsal is over");
        return;
    }
    bool can_ask = p->state == OH_PHONE_IS_UP && p->link_up &&
                   (p->a->stop.send || p->a->driver->is_told_verbs);
    oh_phone_drop_commands(p);
    cancel(&p->lost);
    cancel(&p->ask_again);
    cancel(&p->deadline);
    free(p->failure);
    p->failure = NULL;
    oh_timer_cancel(p->look_beside);
    p->look_beside = NULL;
    p->state = OH_PHONE_IS_STOPPING;
    if (can_ask) {
        oh_process_continue(p->process);
        oh_phone_send(p, OH_FOR_STOP, &p->a->stop, NULL, NULL, NULL);
    }
    p->deadline =
        oh_timer_set(p->net, in_ms(p, can_ask ? p->a->stop.within_ms : 0), on_stop_time, p);
}

int oh_phone_is_alone(const struct oh_phone *p, struct oh_error *e)
{
    struct oh_addr at = p->place.sip;
    char text[OH_ADDR_TEXT], ip[OH_ADDR_TEXT];
    if (!oh_process_is_running(p->process))
        return 0;
    at.port =
        (uint16_t)oh_marked_stranger(oh_process_mark(p->process), oh_process_pid(p->process), &at);
    if (at.port == 0)
        return 0;
    oh_error_set(e, "another program listens at %s, the address of %s", oh_addr_format(&at, text),
                 p->name);
    return oh_error_remedy(e, "end it ('ss -ulnp src %s' names it), or have it listen elsewhere",
                           oh_addr_format_ip(&at, ip));
}

bool oh_phone_is_running(const struct oh_phone *p)
{
    return p->state != OH_PHONE_IS_IDLE;
}

bool oh_phone_is_worn(const struct oh_phone *p)
{
    return oh_phone_is_running(p) && p->is_worn;
}

const char *oh_phone_name(const struct oh_phone *p)
{
    return p->name;
}

struct oh_span oh_phone_output(const struct oh_phone *p)
{
    return p->process ? oh_process_output(p->process) : (struct oh_span){0};
}
