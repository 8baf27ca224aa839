/* What is sent to a phone and awaited from it, read by table. */
#include "phone/adapter_reader.h"

#include <stdlib.h>
#include <string.h>

/* --- drive --- */

#define WAYS_MAX 32

static void read_with(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_adapter *a = target;
    struct oh_text list = {0};
    const char *words[WAYS_MAX + 1] = {0};
    for (size_t i = 0; i < WAYS_MAX && oh_drivers()[i]; i++) {
        words[i] = oh_drivers()[i]->name;
        oh_text_addf(&list, "%s%s", list.len ? ", " : "", words[i]);
    }
    oh_yaml_tell_sort(r->y, OH_YAML_WORD, words);
    a->driver = oh_driver_by_name(oh_yaml_scalar(n));
    if (!a->driver)
        oh_error_remedy(oh_yaml_mistake(r->y, n, r->errors, "no way of driving is called '%s'",
                                        oh_yaml_scalar(n)),
                        "there are: %s", oh_text_str(&list));
    oh_text_release(&list);
}

/* Keys that some ways of driving have no use for; `with` is read before them. */
static void refuse_unfit(struct oh_yaml_reader *r, const struct oh_yaml_node *n,
                         const struct oh_adapter *a, bool fits, const char *why)
{
    if (a->driver && !fits)
        oh_yaml_mistake(r->y, n, r->errors, "'%s' %s", a->driver->name, why);
}

/* Where offhook says by itself what is sent, and how it is answered. */
static void refuse_if_told(struct oh_yaml_reader *r, const struct oh_yaml_node *n,
                           const struct oh_adapter *a)
{
    refuse_unfit(r, n, a, a->driver && !a->driver->is_told_verbs,
                 "has its own messages, which the adapter does not choose");
}

static void read_connect(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_adapter *a = target;
    bool fits = a->driver && a->driver->stdio == OH_STDIO_NONE;
    oh_adapter_read_text(r, n, &a->connect);
    refuse_unfit(r, n, a, fits,
                 "goes over the program's own input and output and connects to nothing");
}

static void read_token(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_adapter *a = target;
    oh_adapter_read_text(r, n, &a->token);
    refuse_unfit(r, n, a, a->driver && !a->driver->is_text,
                 "knows its answers by the prompts and has no token");
    refuse_if_told(r, n, a);
}

static void refuse_unless_text(struct oh_yaml_reader *r, const struct oh_yaml_node *n,
                               const struct oh_adapter *a)
{
    refuse_unfit(r, n, a, a->driver && a->driver->is_text, "has messages and no lines of text");
}

static void refuse_endless(struct oh_yaml_reader *r, const struct oh_yaml_node *n,
                           const char *prompt)
{
    if (*prompt && prompt[strlen(prompt) - 1] == '*')
        oh_error_remedy(oh_yaml_mistake(r->y, n, r->errors, "a prompt that ends in '*' has no end"),
                        "end it in the character after which commands are typed; a space counts");
}

static void read_prompt(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_adapter *a = target;
    oh_adapter_read_text(r, n, &a->prompt);
    refuse_unless_text(r, n, a);
    refuse_endless(r, n, a->prompt);
}

static void read_asks(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_adapter *a = target;
    oh_adapter_read_words(r, n, "a prompt", &a->asks);
    refuse_unless_text(r, n, a);
    for (size_t i = 0; i < a->asks.count; i++) {
        refuse_endless(r, n, a->asks.at[i]);
        if (!*a->asks.at[i])
            oh_yaml_mistake(r->y, n, r->errors, "an empty text");
    }
    if (!a->prompt)
        oh_yaml_mistake(r->y, n, r->errors, "'asks' is there beside 'prompt' alone");
}

static void read_answer(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_adapter *a = target;
    oh_adapter_read_text(r, n, &a->answer);
    refuse_unless_text(r, n, a);
}

static void read_echo(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_adapter *a = target;
    a->echo = oh_adapter_read_bool(r, n);
    refuse_unless_text(r, n, a);
}

static void read_redraws(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_adapter *a = target;
    a->redraws = oh_adapter_read_bool(r, n);
    refuse_unless_text(r, n, a);
}

static void read_ends(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_adapter *a = target;
    oh_adapter_read_words(r, n, "a last line", &a->ends);
    refuse_unless_text(r, n, a);
    if (a->prompt)
        oh_yaml_mistake(r->y, n, r->errors, "answers end with the prompt, where there is one");
}

static void read_enter(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    static const char *const words[] = {"cr", "lf", "crlf", NULL}, *const keys[] = {"\r", "\n",
                                                                                    "\r\n"};
    struct oh_adapter *a = target;
    oh_yaml_tell_sort(r->y, OH_YAML_WORD, words);
    refuse_unless_text(r, n, a);
    for (size_t i = 0; words[i]; i++)
        if (!strcmp(words[i], oh_yaml_scalar(n)))
            a->enter = keys[i];
    if (!a->enter)
        oh_error_remedy(oh_yaml_mistake(r->y, n, r->errors, "'%s' is not known here",
                                        oh_yaml_scalar(n)),
                        "there are: cr, lf, crlf");
}

static void read_begins(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    oh_adapter_read_text(r, n, &((struct oh_says *)target)->begins);
}

static void read_until(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    oh_adapter_read_words(r, n, "a last line", &((struct oh_says *)target)->until);
}

static const struct oh_yaml_field says_fields[] = {
    {"begins", OH_YAML_SCALAR, true, read_begins, "the line that it begins with, a pattern"},
    {"until", OH_YAML_SCALAR | OH_YAML_LIST, false, read_until,
     "the last line, a pattern; several: a list"},
    {0},
};

static void read_says(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_adapter *a = target;
    refuse_unless_text(r, n, a);
    for (size_t i = 0; i < oh_yaml_count(n); i++) {
        const struct oh_yaml_node *item = oh_yaml_item(n, i);
        if (oh_yaml_kind(item) != OH_YAML_MAP)
            oh_yaml_mistake(r->y, item, r->errors, "an entry of 'says' is a map");
        else if (a->says_count == OH_ADAPTER_SAYS)
            oh_yaml_mistake(r->y, item, r->errors, "more than %d entries", OH_ADAPTER_SAYS);
        else
            oh_yaml_read_map(r, item, "an entry of 'says'", says_fields, &a->says[a->says_count++]);
    }
}

static void read_reason(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    oh_adapter_read_text(r, n, &((struct oh_adapter *)target)->reason);
    refuse_if_told(r, n, target);
}

static void read_drive_event(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    oh_adapter_read_text(r, n, &((struct oh_adapter *)target)->event);
    refuse_if_told(r, n, target);
}

static void read_drive_ok(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    ((struct oh_adapter *)target)->ok = n;
    refuse_if_told(r, n, target);
}

static const struct oh_yaml_field drive_fields[] = {
    {"with", OH_YAML_SCALAR, true, read_with, "the way of driving"},
    {"connect", OH_YAML_SCALAR, false, read_connect, "address and port that the phone listens on"},
    {"token", OH_YAML_SCALAR, false, read_token,
     "the field that a command bears and its answer repeats"},
    {"reason", OH_YAML_SCALAR, false, read_reason, "the field in which a refusal tells why"},
    {"event", OH_YAML_SCALAR, false, read_drive_event,
     "the field that names what the phone says by itself"},
    {"ok", OH_YAML_MAP, false, read_drive_ok, "what an answer has if the command was taken"},
    {"prompt", OH_YAML_SCALAR, false, read_prompt,
     "what the program shows when it waits, a pattern"},
    {"asks", OH_YAML_SCALAR | OH_YAML_LIST, false, read_asks,
     "further prompts, at which more is asked"},
    {"answer", OH_YAML_SCALAR, false, read_answer, "the line that each answer begins with"},
    {"ends", OH_YAML_SCALAR | OH_YAML_LIST, false, read_ends,
     "without a prompt: the last line of each answer; several: a list"},
    {"enter", OH_YAML_SCALAR, false, read_enter, "what ends a command"},
    {"echo", OH_YAML_SCALAR, false, read_echo, "true: the program shows each command again"},
    {"redraws", OH_YAML_SCALAR, false, read_redraws,
     "true: the prompt is shown anew after what it says by itself"},
    {"says", OH_YAML_LIST, false, read_says, "a list of what it says by itself"},
    {0},
};

void oh_adapter_read_drive(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_adapter *a = target;
    size_t before = r->errors->count;
    oh_yaml_read_map(r, n, "'drive'", drive_fields, a);
    if (!a->driver || r->errors->count > before)
        return;
    if (a->driver->stdio == OH_STDIO_NONE && !a->driver->is_by_hand && !a->connect)
        oh_error_remedy(oh_yaml_mistake(r->y, n, r->errors, "'%s' needs 'connect'",
                                        a->driver->name),
                        "as in connect: ${phone.address}:${free-port.control}");
    if (a->driver->is_text && !a->prompt && !a->answer && !a->driver->needs_no_prompt)
        oh_error_remedy(
            oh_yaml_mistake(r->y, n, r->errors, "'%s' needs 'prompt'", a->driver->name),
            "what the program shows when it waits for a command, as in prompt: '> '; or "
            "'answer', if it shows nothing then");
}

/* --- commands --- */

static void read_send(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    ((struct oh_command *)target)->send = n;
    if (oh_yaml_kind(n) == OH_YAML_LIST && oh_yaml_count(n) == 0)
        oh_yaml_mistake(r->y, n, r->errors, "'send' sends nothing");
}

/* What is sent to a program that is told verbs, and what it answers, the adapter has no say in. */
static void refuse_messages(struct oh_yaml_reader *r, const struct oh_adapter *a,
                            const struct oh_command *c)
{
    const struct oh_yaml_node *messages[] = {c->send, c->ok, c->refused, c->event};
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
        if (messages[i])
            refuse_if_told(r, messages[i], a);
}

/* Whether what is sent is what this way of driving sends. */
static void check_send(struct oh_yaml_reader *r, const struct oh_adapter *a,
                       const struct oh_command *c)
{
    if (a->driver && a->driver->is_told_verbs) {
        refuse_messages(r, a, c);
        return;
    }
    if (c->send && c->ok && oh_yaml_kind(c->ok) == OH_YAML_LIST &&
        (oh_yaml_kind(c->send) != OH_YAML_LIST || oh_yaml_count(c->send) != oh_yaml_count(c->ok)))
        oh_yaml_mistake(r->y, c->ok, r->errors, "'ok' has as many patterns as 'send' has messages");
    bool is_list = c->send && oh_yaml_kind(c->send) == OH_YAML_LIST;
    enum oh_yaml_kind wanted = a->driver && a->driver->is_text ? OH_YAML_SCALAR : OH_YAML_MAP;
    size_t count = !c->send || !a->driver ? 0 : is_list ? oh_yaml_count(c->send) : 1;
    for (size_t i = 0; i < count; i++) {
        const struct oh_yaml_node *message = is_list ? oh_yaml_item(c->send, i) : c->send;
        if (oh_yaml_kind(message) == wanted)
            continue;
        struct oh_error *e =
            oh_yaml_mistake(r->y, message, r->errors, "a message over '%s' is a %s",
                            a->driver->name, wanted == OH_YAML_MAP ? "map" : "text");
        oh_error_remedy(e, wanted == OH_YAML_MAP ? "as in send: {command: answer}"
                                                 : "as in send: answer");
    }
}

static void read_patterns(struct oh_yaml_reader *r, const struct oh_yaml_node *n)
{
    for (size_t i = 0; oh_yaml_kind(n) == OH_YAML_LIST && i < oh_yaml_count(n); i++)
        if (oh_yaml_kind(oh_yaml_item(n, i)) != OH_YAML_MAP)
            oh_yaml_mistake(r->y, oh_yaml_item(n, i), r->errors, "a pattern is a map");
}

static void read_ok(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    ((struct oh_command *)target)->ok = n;
    read_patterns(r, n);
}

static void read_refused(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    (void)r;
    ((struct oh_command *)target)->refused = n;
}

static void read_event(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    (void)r;
    ((struct oh_command *)target)->event = n;
}

static void read_within(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    oh_adapter_read_duration(r, n, &((struct oh_command *)target)->within_ms);
}

static void read_kill_after(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    oh_adapter_read_duration(r, n, &((struct oh_command *)target)->kill_after_ms);
}

static const char sent[] = "the message to the phone; several: a list";
static const char length[] = "a length of time, as in 5 s";

static const struct oh_yaml_field verb_fields[] = {
    {"send", OH_YAML_SCALAR | OH_YAML_MAP | OH_YAML_LIST, false, read_send, sent},
    {"ok", OH_YAML_MAP | OH_YAML_LIST, false, read_ok,
     "what the answer has if the phone took the action; several: of each message one"},
    {"refused", OH_YAML_MAP, false, read_refused, "what the answer has if it did not"},
    {"within", OH_YAML_SCALAR, false, read_within, length},
    {0},
};

static const struct oh_yaml_field ready_fields[] = {
    {"event", OH_YAML_MAP, false, read_event, "what the phone says when it is ready"},
    {"send", OH_YAML_SCALAR | OH_YAML_MAP, false, read_send,
     "what it is asked until the answer fits 'ok'"},
    {"ok", OH_YAML_MAP, false, read_ok, "what the answer has if it is ready"},
    {"within", OH_YAML_SCALAR, false, read_within, length},
    {0},
};

static const struct oh_yaml_field stop_fields[] = {
    {"send", OH_YAML_SCALAR | OH_YAML_MAP | OH_YAML_LIST, false, read_send, sent},
    {"within", OH_YAML_SCALAR, false, read_within, length},
    {"kill-after", OH_YAML_SCALAR, false, read_kill_after, length},
    {0},
};

void oh_adapter_read_ready(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_command *c = &((struct oh_adapter *)target)->ready;
    oh_yaml_read_map(r, n, "'ready'", ready_fields, c);
    c->given = true;
    check_send(r, target, c);
    if (c->send && c->event)
        oh_yaml_mistake(r->y, n, r->errors, "'ready' has 'event' and 'send', where one is wanted");
}

void oh_adapter_read_stop(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_command *c = &((struct oh_adapter *)target)->stop;
    oh_yaml_read_map(r, n, "'stop'", stop_fields, c);
    c->given = true;
    check_send(r, target, c);
}

static void read_verb(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_command *c = target;
    c->given = true;
    oh_yaml_read_map(r, n, "a verb", verb_fields, c);
}

static void tell_unknown_verb(struct oh_yaml_reader *r, const struct oh_yaml_node *key)
{
    const char *words[OH_VERBS + 2] = {0};
    struct oh_text list = {0};
    for (int v = 0; v <= OH_VERBS; v++) {
        words[v] = v < OH_VERBS ? oh_verb_name((enum oh_verb)v) : OH_STATE_VERB;
        oh_text_addf(&list, "%s%s", v ? ", " : "", words[v]);
    }
    struct oh_error *e =
        oh_yaml_mistake(r->y, key, r->errors, "no verb is called '%s'", oh_yaml_scalar(key));
    const char *near = oh_nearest_word(oh_yaml_scalar(key), words);
    if (near)
        oh_error_remedy(e, "did you mean '%s'?", near);
    else
        oh_error_remedy(e, "there are: %s", oh_text_str(&list));
    oh_text_release(&list);
}

static void check_verb(struct oh_yaml_reader *r, const struct oh_adapter *a,
                       const struct oh_yaml_node *key, const struct oh_command *c, bool was_read)
{
    bool is_told = a->driver && a->driver->is_told_verbs;
    check_send(r, a, c);
    if (!c->send && !is_told && was_read)
        oh_error_remedy(oh_yaml_mistake(r->y, key, r->errors,
                                        "'%s' sends nothing: 'send' is missing",
                                        oh_yaml_scalar(key)),
                        "%s; leave out a verb that the phone does not have", sent);
    else if (c->send && !c->ok && !a->ok && !is_told && c != &a->state)
        oh_error_remedy(oh_yaml_mistake(r->y, key, r->errors, "nothing says how '%s' is confirmed",
                                        oh_yaml_scalar(key)),
                        "add 'ok' to it, or to 'drive' for all");
}

void oh_adapter_read_verbs(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_adapter *a = target;
    for (size_t i = 0; i < oh_yaml_count(n); i++) {
        const struct oh_yaml_node *key = oh_yaml_key(n, i);
        int verb = oh_verb_of(oh_yaml_scalar(key));
        bool is_state = !strcmp(oh_yaml_scalar(key), OH_STATE_VERB);
        struct oh_command *command = is_state ? &a->state : verb < 0 ? NULL : &a->verbs[verb];
        if (!command) {
            tell_unknown_verb(r, key);
            continue;
        }
        size_t before = r->errors->count;
        read_verb(r, oh_yaml_value(n, i), command);
        check_verb(r, a, key, command, r->errors->count == before);
        if (is_state && command->send && !command->ok && a->driver && !a->driver->is_told_verbs)
            oh_error_remedy(oh_yaml_mistake(r->y, key, r->errors,
                                            "nothing says how an idle phone answers 'state'"),
                            "add 'ok' to it, as in ok: {calls: []}");
    }
}

/* --- what it says --- */

static void read_registered(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    (void)r;
    ((struct oh_adapter *)target)->registered = n;
}

static const struct oh_yaml_field event_fields[] = {
    {"registered", OH_YAML_MAP, false, read_registered,
     "what the phone says when it is registered"},
    {0},
};

void oh_adapter_read_events(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    oh_yaml_read_map(r, n, "'events'", event_fields, target);
}

/* --- what is kept of what it says --- */

static void read_keep_field(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    oh_adapter_read_text(r, n, &((struct oh_keep *)target)->field);
}

static void read_keep_of(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    ((struct oh_keep *)target)->of = n;
    read_patterns(r, n);
}

static const struct oh_yaml_field keep_fields[] = {
    {"field", OH_YAML_SCALAR, true, read_keep_field, "the field that has the value"},
    {"of", OH_YAML_MAP | OH_YAML_LIST, false, read_keep_of,
     "a pattern of the messages that it is taken from; several: a list"},
    {0},
};

void oh_adapter_read_keep(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_adapter *a = target;
    for (size_t i = 0; i < oh_yaml_count(n); i++) {
        const struct oh_yaml_node *key = oh_yaml_key(n, i), *value = oh_yaml_value(n, i);
        if (!oh_adapter_is_word(oh_yaml_scalar(key)))
            oh_yaml_mistake(r->y, key, r->errors, "'%s' cannot be the name of a value",
                            oh_yaml_scalar(key));
        else if (oh_yaml_kind(value) != OH_YAML_MAP)
            oh_yaml_mistake(r->y, key, r->errors, "what is kept is told by a map");
        else if (a->keep_count == OH_ADAPTER_KEPT)
            oh_yaml_mistake(r->y, key, r->errors, "more than %d values", OH_ADAPTER_KEPT);
        else {
            struct oh_keep *keep = &a->keeps[a->keep_count++];
            keep->name = oh_strdup(oh_yaml_scalar(key));
            oh_yaml_read_map(r, value, "a value that is kept", keep_fields, keep);
        }
    }
}
