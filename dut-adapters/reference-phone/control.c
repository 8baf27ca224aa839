#define SU_WAKEUP_ARG_T struct rp_control
#define SU_TIMER_ARG_T  struct rp_control
#include "control.h"

#include "calls.h"
#include "log.h"
#include "registration.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MAX_LEN = 65536 };

/* What was read already when the phone was told to start anew. */
#define TOLD "OFFHOOK_PHONE_TOLD"

struct rp_control {
    struct rp_phone *phone;
    su_wait_t wait[1];
    int registered;    /* index in the root, or -1 */
    su_timer_t *timer; /* reads where the input cannot be waited for, as a file */
    size_t len;
    bool skipping; /* the rest of a line that was too long */
    json_t *held;  /* while a command runs: its events, to follow the answer; else NULL */
    char line[LINE_MAX_LEN];
};

/* ---- writing ---- */

static void write_line(struct rp_control *control, json_t *object)
{
    bool written = json_dumpf(object, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER) == 0 &&
                   putchar('\n') != EOF && fflush(stdout) == 0;
    json_decref(object);
    if (!written) {
        rp_log("standard output is closed; quitting");
        clearerr(stdout);
        rp_phone_quit(control->phone);
    }
}

void rp_control_event(struct rp_control *control, const char *event, json_t *values)
{
    if (!control) {
        json_decref(values);
        return;
    }
    json_t *object = json_pack("{s:s}", "event", event);
    if (values)
        json_object_update(object, values);
    json_decref(values);
    if (control->held)
        json_array_append_new(control->held, object);
    else
        write_line(control, object);
}

static void release_held(struct rp_control *control)
{
    json_t *held = control->held, *object;
    size_t i;
    control->held = NULL;
    json_array_foreach(held, i, object) write_line(control, json_incref(object));
    json_decref(held);
}

static void answer(struct rp_control *control, const json_t *id, const char *error, json_t *values)
{
    json_t *object = json_pack("{s:O?, s:b}", "id", id ? id : json_null(), "ok", error == NULL);
    if (error)
        json_object_set_new(object, "error", json_string(error));
    else if (values)
        json_object_update(object, values);
    json_decref(values);
    write_line(control, object);
}

/* ---- commands: each returns NULL, or a sentence saying why not ---- */

typedef const char *command(struct rp_phone *phone, const json_t *request, json_t *values);

static const char *wanted_call(const json_t *request)
{
    return json_string_value(json_object_get(request, "call"));
}

static const char *do_register(struct rp_phone *phone, const json_t *request, json_t *values)
{
    (void)request;
    (void)values;
    return rp_registration_start(phone->registration);
}

static const char *do_unregister(struct rp_phone *phone, const json_t *request, json_t *values)
{
    (void)request;
    (void)values;
    return rp_registration_stop(phone->registration);
}

static const char *do_dial(struct rp_phone *phone, const json_t *request, json_t *values)
{
    const char *to = json_string_value(json_object_get(request, "to"));
    const char *call = NULL;
    if (!to)
        return "The command dial needs \"to\", a SIP URI.";
    const char *error = rp_calls_dial(phone, to, &call);
    if (!error)
        json_object_set_new(values, "call", json_string(call));
    return error;
}

static const char *do_answer(struct rp_phone *phone, const json_t *request, json_t *values)
{
    (void)values;
    return rp_calls_answer(phone, wanted_call(request));
}

static const char *do_reject(struct rp_phone *phone, const json_t *request, json_t *values)
{
    const json_t *status = json_object_get(request, "status");
    json_int_t number = status ? json_integer_value(status) : 486;
    (void)values;
    if (number < 300 || number > 699)
        return "The status of a rejection is a number from 300 to 699.";
    return rp_calls_reject(phone, wanted_call(request), (int)number);
}

static const char *do_hangup(struct rp_phone *phone, const json_t *request, json_t *values)
{
    (void)values;
    return rp_calls_hangup(phone, wanted_call(request));
}

static const char *do_hold(struct rp_phone *phone, const json_t *request, json_t *values)
{
    (void)values;
    return rp_calls_hold(phone, wanted_call(request));
}

static const char *do_resume(struct rp_phone *phone, const json_t *request, json_t *values)
{
    (void)values;
    return rp_calls_resume(phone, wanted_call(request));
}

static const char *wanted_text(const json_t *request, const char *key)
{
    return json_string_value(json_object_get(request, key));
}

static const char *do_transfer(struct rp_phone *phone, const json_t *request, json_t *values)
{
    const char *to = wanted_text(request, "to");
    (void)values;
    return to ? rp_calls_transfer(phone, wanted_call(request), to)
              : "The command transfer needs \"to\", a SIP URI.";
}

static const char *do_consult(struct rp_phone *phone, const json_t *request, json_t *values)
{
    const char *to = wanted_text(request, "to"), *call = NULL;
    if (!to)
        return "The command consult needs \"to\", a SIP URI.";
    const char *error = rp_calls_consult(phone, to, &call);
    if (!error)
        json_object_set_new(values, "call", json_string(call));
    return error;
}

static const char *do_complete_transfer(struct rp_phone *phone, const json_t *request,
                                        json_t *values)
{
    (void)request;
    (void)values;
    return rp_calls_complete(phone);
}

static const char *do_join(struct rp_phone *phone, const json_t *request, json_t *values)
{
    (void)request;
    (void)values;
    return rp_calls_join(phone);
}

static const char *do_dtmf(struct rp_phone *phone, const json_t *request, json_t *values)
{
    const char *keys = wanted_text(request, "keys");
    (void)values;
    return keys ? rp_calls_press(phone, wanted_call(request), keys)
                : "The command dtmf needs \"keys\", such as \"12#\".";
}

static const char *do_update(struct rp_phone *phone, const json_t *request, json_t *values)
{
    (void)values;
    return rp_calls_update(phone, wanted_call(request),
                           json_is_true(json_object_get(request, "offer")));
}

static const char *do_forward(struct rp_phone *phone, const json_t *request, json_t *values)
{
    const char *to = wanted_text(request, "to"), *when = wanted_text(request, "when");
    (void)values;
    return to ? rp_services_forward(phone, when ? when : "all", to)
              : "The command forward needs \"to\", a SIP URI.";
}

static const char *do_forward_off(struct rp_phone *phone, const json_t *request, json_t *values)
{
    (void)request;
    (void)values;
    return rp_services_forward(phone, NULL, NULL);
}

static const char *do_dnd(struct rp_phone *phone, const json_t *request, json_t *values)
{
    (void)request;
    (void)values;
    return rp_services_not_disturb(phone, true);
}

static const char *do_dnd_off(struct rp_phone *phone, const json_t *request, json_t *values)
{
    (void)request;
    (void)values;
    return rp_services_not_disturb(phone, false);
}

static const char *do_mute(struct rp_phone *phone, const json_t *request, json_t *values)
{
    (void)request;
    (void)values;
    return rp_services_mute(phone, true);
}

static const char *do_unmute(struct rp_phone *phone, const json_t *request, json_t *values)
{
    (void)request;
    (void)values;
    return rp_services_mute(phone, false);
}

static const char *do_redial(struct rp_phone *phone, const json_t *request, json_t *values)
{
    const char *call = NULL;
    (void)request;
    const char *error = rp_services_redial(phone, &call);
    if (!error)
        json_object_set_new(values, "call", json_string(call));
    return error;
}

static const char *do_state(struct rp_phone *phone, const json_t *request, json_t *values)
{
    (void)request;
    json_object_set_new(values, "registration",
                        json_string(rp_registration_state(phone->registration)));
    json_object_set_new(values, "calls", rp_calls_state(phone));
    json_object_set_new(values, "services", rp_services_state(phone));
    return NULL;
}

static const char *do_restart(struct rp_phone *phone, const json_t *request, json_t *values)
{
    (void)request;
    (void)values;
    phone->restarting = true;
    return NULL; /* once the answer is written */
}

static const char *do_quit(struct rp_phone *phone, const json_t *request, json_t *values)
{
    (void)phone;
    (void)request;
    (void)values;
    return NULL; /* once the answer is written */
}

static const struct {
    const char *name;
    command *run;
} commands[] = {
    {"register", do_register},
    {"unregister", do_unregister},
    {"dial", do_dial},
    {"answer", do_answer},
    {"reject", do_reject},
    {"hangup", do_hangup},
    {"hold", do_hold},
    {"resume", do_resume},
    {"transfer", do_transfer},
    {"consult", do_consult},
    {"complete-transfer", do_complete_transfer},
    {"join", do_join},
    {"dtmf", do_dtmf},
    {"update", do_update},
    {"forward", do_forward},
    {"forward-off", do_forward_off},
    {"dnd", do_dnd},
    {"dnd-off", do_dnd_off},
    {"mute", do_mute},
    {"unmute", do_unmute},
    {"redial", do_redial},
    {"restart", do_restart},
    {"state", do_state},
    {"quit", do_quit},
};

static command *find_command(const char *name)
{
    for (size_t i = 0; name && i < sizeof commands / sizeof *commands; i++)
        if (strcmp(commands[i].name, name) == 0)
            return commands[i].run;
    return NULL;
}

static void stop_reading(struct rp_control *control)
{
    if (control->registered >= 0)
        su_root_deregister(control->phone->root, control->registered);
    control->registered = -1;
}

static void obey(struct rp_control *control, const json_t *request)
{
    const json_t *id = json_object_get(request, "id");
    const char *name = json_string_value(json_object_get(request, "command"));
    command *run = find_command(name);
    char error[160];
    if (!run) {
        snprintf(error, sizeof error, name ? "There is no command \"%.60s\"." : "%s",
                 name ? name : "The request has no \"command\".");
        answer(control, id, error, NULL);
        return;
    }
    json_t *values = json_object();
    control->held = json_array();
    const char *refusal =
        control->phone->quitting ? "The phone is quitting." : run(control->phone, request, values);
    answer(control, id, refusal, values);
    release_held(control);
    if (run == do_restart)
        stop_reading(control); /* what is written now is for the phone that comes */
    if (run == do_quit || run == do_restart)
        rp_phone_quit(control->phone);
}

/* ---- reading ---- */

static void take_line(struct rp_control *control, const char *line, size_t len)
{
    json_error_t trouble;
    char error[220];
    if (strspn(line, " \t\r") == len)
        return;
    json_t *request = json_loadb(line, len, JSON_REJECT_DUPLICATES, &trouble);
    if (!json_is_object(request)) {
        snprintf(error, sizeof error, "The line is not a JSON object: %.150s.",
                 request ? "it is another value" : trouble.text);
        answer(control, NULL, error, NULL);
    } else {
        obey(control, request);
    }
    json_decref(request);
}

static void take_lines(struct rp_control *control)
{
    char *end;
    while (!control->phone->restarting && (end = memchr(control->line, '\n', control->len))) {
        size_t len = (size_t)(end - control->line);
        *end = '\0';
        if (!control->skipping)
            take_line(control, control->line, len);
        control->skipping = false;
        control->len -= len + 1;
        memmove(control->line, end + 1, control->len);
    }
    if (control->len == LINE_MAX_LEN) {
        if (!control->skipping)
            answer(control, NULL, "The line is longer than 65535 bytes.", NULL);
        control->skipping = true;
        control->len = 0;
    }
}

/* Returns false once there is no more input. */
static bool read_some(struct rp_control *control)
{
    ssize_t got = read(STDIN_FILENO, control->line + control->len, LINE_MAX_LEN - control->len);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return true;
    if (got > 0) {
        control->len += (size_t)got;
        take_lines(control);
        return true;
    }
    rp_log("standard input has ended; quitting");
    return false;
}

static void end_of_input(struct rp_control *control)
{
    stop_reading(control);
    rp_phone_quit(control->phone);
}

static int on_input(su_root_magic_t *root, su_wait_t *wait, struct rp_control *control)
{
    (void)root;
    (void)wait;
    if (!read_some(control))
        end_of_input(control);
    return 0;
}

static void on_timer(su_root_magic_t *root, su_timer_t *timer, struct rp_control *control)
{
    (void)root;
    if (control->phone->restarting)
        return;
    if (read_some(control))
        su_timer_set(timer, on_timer, control);
    else
        end_of_input(control);
}

struct rp_control *rp_control_new(struct rp_phone *phone)
{
    struct rp_control *control = calloc(1, sizeof *control);
    if (!control)
        return NULL;
    control->phone = phone;
    su_wait_create(control->wait, STDIN_FILENO, SU_WAIT_IN);
    control->registered = su_root_register(phone->root, control->wait, on_input, control, 0);
    if (control->registered < 0) {
        control->timer = su_timer_create(su_root_task(phone->root), 1);
        su_timer_set(control->timer, on_timer, control);
    }
    return control;
}

void rp_control_begin(struct rp_control *control)
{
    const char *told = getenv(TOLD);
    rp_control_event(control, "ready", NULL);
    if (!told)
        return;
    control->len = strlen(told) < LINE_MAX_LEN ? strlen(told) : LINE_MAX_LEN - 1;
    memcpy(control->line, told, control->len);
    unsetenv(TOLD);
    take_lines(control);
}

void rp_control_hand_over(struct rp_control *control)
{
    control->line[control->len < LINE_MAX_LEN ? control->len : LINE_MAX_LEN - 1] = '\0';
    setenv(TOLD, control->line, 1);
}

void rp_control_free(struct rp_control *control)
{
    if (!control)
        return;
    stop_reading(control);
    su_timer_destroy(control->timer);
    free(control);
}
