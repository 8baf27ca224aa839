/* What is sent to the phone, and which answer belongs to it. */
#include "phone/self.h"

#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAYS_BYTES 400 /* of a message in the journal */

#define SAID_BYTES 160 /* of a message, in a sentence */

/* A pattern; `args` are those of the action that it is for, or NULL. */
static json_t *filled(struct oh_phone *p, const struct oh_yaml_node *n,
                      const struct oh_action_args *args)
{
    struct oh_filling filling = {.phone = p, .args = args ? *args : (struct oh_action_args){0}};
    struct oh_template_values values = {oh_phone_pattern_value, &filling};
    return oh_template_json(n, &values);
}

static bool fits_for(struct oh_phone *p, const struct oh_yaml_node *pattern,
                     const struct oh_action_args *args, const json_t *message)
{
    if (!pattern)
        return false;
    json_t *wanted = filled(p, pattern, args);
    bool result = oh_json_fits(wanted, message);
    json_decref(wanted);
    return result;
}

static bool fits(struct oh_phone *p, const struct oh_yaml_node *pattern, const json_t *message)
{
    return fits_for(p, pattern, NULL, message);
}

static char *compact(const json_t *message)
{
    char *text = json_dumps(message, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_ENCODE_ANY);
    struct oh_text quoted = {0};
    oh_text_add_quoted(&quoted, oh_span_of(text ? text : ""), SAYS_BYTES);
    free(text);
    return oh_text_take(&quoted);
}

char *oh_phone_ready_pattern(struct oh_phone *p)
{
    const struct oh_command *ready = &p->a->ready;
    const struct oh_yaml_node *pattern = ready->event ? ready->event
                                         : ready->ok  ? ready->ok
                                                      : p->a->ok;
    json_t *wanted = pattern ? filled(p, pattern, NULL) : NULL;
    char *text = wanted ? compact(wanted) : oh_strdup("an answer");
    json_decref(wanted);
    return text;
}

/* --- sending --- */

static size_t message_count(const struct oh_command *c)
{
    return !c->send ? 0 : oh_yaml_kind(c->send) == OH_YAML_LIST ? oh_yaml_count(c->send) : 1;
}

static const struct oh_yaml_node *message_of(const struct oh_command *c, size_t i)
{
    return oh_yaml_kind(c->send) == OH_YAML_LIST ? oh_yaml_item(c->send, i) : c->send;
}

/* What goes over the link, as JSON or, for drivers of text, as a line. */
static char *message_text(struct oh_pending *c, struct oh_filling *filling)
{
    struct oh_phone *p = c->phone;
    if (p->a->driver->is_told_verbs)
        return oh_phone_told(c);
    const struct oh_yaml_node *n = message_of(c->command, c->message);
    struct oh_template_values values = {oh_phone_value, filling};
    if (p->a->driver->is_text)
        return oh_template_fill(oh_yaml_scalar(n), &values);
    json_t *message = oh_template_json(n, &values);
    snprintf(c->token, sizeof c->token, "offhook-%llu", (unsigned long long)c->id);
    if (p->a->token)
        json_object_set_new(message, p->a->token, json_string(c->token));
    char *text = json_dumps(message, JSON_COMPACT | JSON_PRESERVE_ORDER);
    json_decref(message);
    return text;
}

static void on_late(void *arg);

/* A line that is typed ends where Enter is pressed; keys of control would do something else. */
static bool can_be_typed(const struct oh_driver_ops *driver, const char *text, struct oh_error *e)
{
    for (const char *c = text; driver->enter && *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            oh_error_set(e, "the command has a character that cannot be typed: 0x%02x",
                         (unsigned)(unsigned char)*c);
            return false;
        }
    if (!driver->line_max || strlen(text) <= driver->line_max)
        return true;
    oh_error_set(e, "the command has %zu bytes, more than the %zu of a line", strlen(text),
                 driver->line_max);
    return false;
}

/* It is refused by us, from the loop. */
static void refuse(struct oh_pending *c)
{
    c->is_refused = true;
    oh_timer_cancel(c->late);
    c->late = oh_timer_set(c->phone->net, oh_net_now(c->phone->net), on_late, c);
}

/* Where it cannot be given no answer will come; why, the process's end may tell first. */
static void send_message(struct oh_pending *c)
{
    struct oh_phone *p = c->phone;
    struct oh_error e = {0};
    struct oh_filling filling = {.phone = p, .args = {c->uri, c->digits, c->when}};
    c->id = ++p->sent;
    char *text = message_text(c, &filling);
    int result = 0;
    if (filling.missing) {
        refuse(c);
        result = oh_error_set(&e, "the phone has not said '%s' yet, which the command needs",
                              filling.missing);
    } else if (!can_be_typed(p->a->driver, text, &e)) {
        refuse(c);
        result = -1;
    } else if (!p->driver || !p->link_up) {
        result = oh_error_set(&e, "its control connection is not there");
    } else {
        result = p->a->driver->send(p->driver, c->id, oh_span_of(text), &e);
    }
    if (result != 0) {
        free(c->trouble);
        c->trouble = oh_strdup(e.text);
    }
    free(text);
}

static void unlink_pending(struct oh_pending *c)
{
    struct oh_pending **at = &c->phone->pending;
    while (*at && *at != c)
        at = &(*at)->next;
    if (*at)
        *at = c->next;
    if (c->phone->driver && c->phone->a->driver->drop)
        c->phone->a->driver->drop(c->phone->driver, c->id);
    oh_timer_cancel(c->late);
    c->late = NULL;
}

static void free_pending(struct oh_pending *c)
{
    free(c->uri);
    free(c->digits);
    free(c->when);
    free(c->trouble);
    free(c);
}

static void conclude(struct oh_pending *c, enum oh_action_result result, const char *detail)
{
    struct oh_phone *p = c->phone;
    unlink_pending(c);
    if (c->purpose == OH_FOR_VERB)
        c->done(p, result, detail, c->arg);
    else if (c->purpose == OH_FOR_READY && result == OH_ACTION_TAKEN)
        oh_phone_is_ready(p);
    else if (c->purpose == OH_FOR_READY && result == OH_ACTION_UNSUPPORTED)
        oh_phone_is_unsupported(p, oh_strdup(detail));
    else if (c->purpose == OH_FOR_READY && p->a->driver->is_told_verbs &&
             result == OH_ACTION_REFUSED)
        oh_phone_fail(p, oh_format("it refuses to start: %s", detail));
    else if (c->purpose == OH_FOR_READY)
        oh_phone_ask_ready(p, true);
    free_pending(c);
}

static void on_late(void *arg)
{
    struct oh_pending *c = arg;
    if (c->is_refused) {
        c->late = NULL;
        conclude(c, OH_ACTION_REFUSED, c->trouble);
        return;
    }
    char *why = c->trouble
                    ? oh_format("the command could not be given: %s", c->trouble)
                    : oh_format("no answer within %lld ms", (long long)c->command->within_ms);
    c->late = NULL;
    conclude(c, c->phone->a->driver->is_by_hand ? OH_ACTION_REFUSED : OH_ACTION_HUNG, why);
    free(why);
}

void oh_phone_send(struct oh_phone *p, enum oh_purpose purpose, const struct oh_command *command,
                   const struct oh_action_args *args, oh_action_fn *done, void *arg)
{
    struct oh_pending *c = oh_alloc(sizeof *c), **end = &p->pending;
    *c = (struct oh_pending){.phone = p,
                             .command = command,
                             .purpose = purpose,
                             .uri = oh_strdup(args ? args->uri : NULL),
                             .digits = oh_strdup(args ? args->digits : NULL),
                             .when = oh_strdup(args ? args->when : NULL),
                             .done = done,
                             .arg = arg};
    while (*end)
        end = &(*end)->next;
    *end = c;
    c->late =
        oh_timer_set(p->net, oh_net_now(p->net) + command->within_ms * OH_NS_PER_MS, on_late, c);
    send_message(c);
}

void oh_phone_end_commands(struct oh_phone *p, const char *why)
{
    while (p->pending) {
        struct oh_pending *c = p->pending;
        if (c->purpose == OH_FOR_VERB) {
            conclude(c, OH_ACTION_HUNG, why);
            continue;
        }
        unlink_pending(c);
        free_pending(c);
    }
}

enum oh_verb oh_phone_verb_of(const struct oh_pending *c)
{
    const struct oh_adapter *a = c->phone->a;
    return c->command == &a->state ? OH_VERBS : (enum oh_verb)(c->command - a->verbs);
}

bool oh_phone_cannot_do(struct oh_phone *p, const char *why)
{
    bool any = false;
    struct oh_pending *c = p->pending;
    while (c) {
        struct oh_pending *next = c->next;
        if (c->purpose == OH_FOR_VERB) {
            any = p->lacks[oh_phone_verb_of(c)] = true;
            conclude(c, OH_ACTION_UNSUPPORTED, why);
            next = p->pending; /* what is told may have changed the list */
        }
        c = next;
    }
    return any;
}

void oh_phone_drop_commands(struct oh_phone *p)
{
    while (p->pending) {
        struct oh_pending *c = p->pending;
        unlink_pending(c);
        free_pending(c);
    }
}

void oh_phone_forget_actions(struct oh_phone *p)
{
    struct oh_pending *next;
    for (struct oh_pending *c = p->pending; c; c = next) {
        next = c->next;
        if (c->purpose != OH_FOR_VERB)
            continue;
        unlink_pending(c);
        free_pending(c);
    }
}

/* --- answers --- */

static const struct oh_yaml_node *ok_of(const struct oh_pending *c)
{
    const struct oh_yaml_node *ok = c->command->ok;
    if (ok && oh_yaml_kind(ok) == OH_YAML_LIST)
        return oh_yaml_item(ok, c->message);
    return ok ? ok : c->phone->a->ok;
}

/* Whether it is the answer to `c`, as far as driver and token tell. */
static bool is_for(const struct oh_pending *c, const json_t *message, uint64_t answer_to)
{
    const char *name = c->phone->a->token;
    if (answer_to != OH_ANSWERS_SOMETHING)
        return answer_to == c->id;
    const char *token = name ? json_string_value(json_object_get(message, name)) : NULL;
    return !name || (token && !strcmp(token, c->token));
}

/* Says whether `message` answers `c`, and how. */
static bool answers(struct oh_pending *c, const json_t *message, uint64_t answer_to,
                    enum oh_action_result *result)
{
    struct oh_phone *p = c->phone;
    const struct oh_action_args args = {c->uri, c->digits, c->when};
    if (p->a->driver->is_told_verbs)
        return oh_phone_told_answers(c, message, result);
    bool is_sure = p->a->token || answer_to != OH_ANSWERS_SOMETHING;
    if (!is_for(c, message, answer_to))
        return false;
    if (fits_for(p, ok_of(c), &args, message) || (c->purpose == OH_FOR_STOP && is_sure))
        *result = OH_ACTION_TAKEN;
    else if (p->a->driver->is_by_hand && json_is_true(json_object_get(message, "skipped")))
        *result = OH_ACTION_SKIPPED;
    else if (c->command->refused ? fits_for(p, c->command->refused, &args, message) : is_sure)
        *result = OH_ACTION_REFUSED;
    else
        return false;
    return true;
}

/* The phone's own words, on one line. */
static char *words_of(const struct oh_phone *p, const json_t *message)
{
    const char *field = p->a->reason                  ? p->a->reason
                        : p->a->driver->is_text       ? "text"
                        : p->a->driver->is_told_verbs ? "why"
                                                      : "";
    const json_t *reason = json_object_get(message, field);
    if (!json_is_string(reason))
        return compact(message);
    struct oh_text words = {0};
    struct oh_span text = oh_span_trim(oh_span_of(json_string_value(reason)));
    oh_text_add_quoted(&words, text, SAYS_BYTES);
    return words.len ? oh_text_take(&words) : (oh_text_release(&words), compact(message));
}

static void take_answer(struct oh_pending *c, enum oh_action_result result, const json_t *message)
{
    if (result == OH_ACTION_TAKEN && c->message + 1 < message_count(c->command)) {
        c->message++;
        send_message(c);
        return;
    }
    if (c->purpose == OH_FOR_READY && c->phone->a->driver->is_told_verbs)
        oh_phone_take_verbs(c->phone, message);
    if (c->purpose == OH_FOR_VERB && result == OH_ACTION_UNSUPPORTED)
        c->phone->lacks[oh_phone_verb_of(c)] = true;
    char *words = result == OH_ACTION_TAKEN ? compact(message) : words_of(c->phone, message);
    conclude(c, result, words);
    free(words);
}

static void take_event(struct oh_phone *p, const json_t *message)
{
    if (p->state == OH_PHONE_IS_STARTING && fits(p, p->a->ready.event, message)) {
        oh_phone_is_ready(p);
        return;
    }
    bool is_told = p->a->driver->is_told_verbs;
    const char *field = is_told ? "event" : p->a->event;
    const json_t *name = field ? json_object_get(message, field) : NULL;
    bool registered = is_told && json_is_string(name)
                          ? !strcmp(json_string_value(name), "registered")
                          : fits(p, p->a->registered, message);
    char *whole = compact(message);
    char *text = json_is_string(name) ? oh_format("%s %s", json_string_value(name), whole)
                                      : oh_strdup(whole);
    free(whole);
    oh_phone_tell(p, registered ? OH_PHONE_REGISTERED : OH_PHONE_SAYS, text);
    free(text);
}

static bool is_of(struct oh_phone *p, const struct oh_keep *keep, const json_t *message)
{
    bool is_list = keep->of && oh_yaml_kind(keep->of) == OH_YAML_LIST;
    for (size_t i = 0; is_list && i < oh_yaml_count(keep->of); i++)
        if (fits(p, oh_yaml_item(keep->of, i), message))
            return true;
    return !keep->of || (!is_list && fits(p, keep->of, message));
}

static void keep_values(struct oh_phone *p, const json_t *message)
{
    for (size_t i = 0; i < p->a->keep_count; i++) {
        const json_t *value = json_object_get(message, p->a->keeps[i].field);
        if (!value || !is_of(p, &p->a->keeps[i], message))
            continue;
        free(p->kept[i]);
        p->kept[i] = json_is_string(value) ? oh_strdup(json_string_value(value))
                                           : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    }
}

void oh_phone_got(struct oh_phone *p, struct oh_span bytes, uint64_t answer_to)
{
    json_t *message = json_loadb(bytes.at, bytes.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    enum oh_action_result result = OH_ACTION_HUNG;
    if (!json_is_object(message)) { /* a line that the program prints, not a message */
        oh_process_add_output(p->process, bytes);
        oh_process_add_output(p->process, oh_span_of("\n"));
        json_decref(message);
        return;
    }
    struct oh_text said = {0};
    oh_text_add_quoted(&said, bytes, SAID_BYTES);
    free(p->last_said);
    p->last_said = oh_text_take(&said);
    keep_values(p, message);
    struct oh_pending *c = p->pending;
    while (c && !answers(c, message, answer_to, &result))
        c = c->next;
    if (c)
        take_answer(c, result, message);
    else
        take_event(p, message);
    json_decref(message);
}
