/* A program on a terminal: commands are lines as if typed, one after another, each once the program
 * waits for it; of what it shows answers and blocks become objects: {"text": all of it}, in
 * answers "command", and a member for each line "NAME: VALUE" in it. */
#include "phone/driver.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_BYTES     16384
#define READS_AT_ONCE  8   /* so that timers and sockets get their turn */
#define NAME_MAX_BYTES 40  /* of a member */
#define MEMBERS_MAX    200 /* of an object */

struct line {
    struct line *next;
    uint64_t id;
    char *text;
};

struct oh_driver {
    struct oh_driver_owner owner;
    int to_phone;
    struct oh_watch *watch;
    struct oh_terminal *terminal;
    bool is_up, waits;  /* the program waits for a command */
    struct line *typed; /* the command that waits for its answer, or NULL */
    struct line *lines, **last;
};

/* --- from text to objects --- */

/* Text that is no UTF-8 loses its strange bytes. */
static json_t *string_of(struct oh_span text)
{
    json_t *string = json_stringn(text.at ? text.at : "", text.len);
    if (string)
        return string;
    char *plain = oh_span_dup(text);
    for (char *c = plain; *c; c++)
        *c = (unsigned char)*c < 0x80 ? *c : '?';
    string = json_string(plain);
    free(plain);
    return string;
}

static bool is_name(struct oh_span name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_ ",
                    name.at[i]))
            return false;
    return name.len > 0 && name.len <= NAME_MAX_BYTES;
}

static void add_member(json_t *object, struct oh_span line)
{
    size_t colon = oh_span_find(line, ':');
    struct oh_span name = oh_span_trim(oh_span_sub(line, 0, colon));
    if (colon == line.len || !is_name(name) || json_object_size(object) > MEMBERS_MAX)
        return;
    char *key = oh_span_dup(name);
    if (!json_object_get(object, key)) /* of several the first */
        json_object_set_new(object, key,
                            string_of(oh_span_trim(oh_span_sub(line, colon + 1, line.len))));
    free(key);
}

/* `command`: that it answers, or NULL. */
static json_t *object_of(struct oh_span text, const char *command)
{
    json_t *object = json_object();
    if (command)
        json_object_set_new(object, "command", string_of(oh_span_of(command)));
    json_object_set_new(object, "text", string_of(text));
    while (text.len) {
        size_t len = oh_span_find(text, '\n');
        add_member(object, oh_span_sub(text, 0, len));
        text = oh_span_sub(text, len + 1, text.len);
    }
    return object;
}

static void free_line(struct line *line)
{
    if (line)
        free(line->text);
    free(line);
}

/* `line`: that it answers, or NULL. */
static void tell(struct oh_driver *d, struct oh_span text, const struct line *line)
{
    json_t *object = object_of(text, line ? line->text : NULL);
    char *json = json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER);
    json_decref(object);
    d->owner.got(oh_span_of(json), line ? line->id : OH_ANSWERS_NOTHING, d->owner.arg);
    free(json);
}

static void tell_answer(struct oh_driver *d, struct oh_span text)
{
    struct line *line = d->typed;
    d->typed = NULL;
    tell(d, text, line);
    free_line(line);
}

/* --- commands --- */

/* Types the next line, if the program waits for one. */
static int type(struct oh_driver *d, struct oh_error *e)
{
    struct line *line = d->lines;
    struct oh_text typed = {0};
    if (!line || !d->waits)
        return 0;
    d->lines = line->next;
    if (!d->lines)
        d->last = &d->lines;
    d->waits = false;
    free_line(d->typed);
    d->typed = line;
    oh_terminal_command(d->terminal, line->text);
    oh_text_addf(&typed, "%s\r", line->text); /* as the key Enter */
    int result = oh_driver_write(d->to_phone, oh_text_span(&typed), "the program's terminal", e);
    oh_text_release(&typed);
    return result;
}

static int pty_send(struct oh_driver *d, uint64_t id, struct oh_span message, struct oh_error *e)
{
    struct line *line = oh_alloc(sizeof *line);
    if (oh_span_find(message, '\n') < message.len || oh_span_find(message, '\r') < message.len) {
        free(line);
        return oh_error_set(e, "a command is one line");
    }
    *line = (struct line){.id = id, .text = oh_span_dup(message)};
    *d->last = line;
    d->last = &line->next;
    return type(d, e);
}

static void on_said(enum oh_terminal_kind kind, struct oh_span text, void *arg)
{
    struct oh_driver *d = arg;
    if (kind == OH_TERMINAL_ANSWER)
        tell_answer(d, text);
    else if (kind == OH_TERMINAL_BLOCK)
        tell(d, text, NULL);
    else if (kind == OH_TERMINAL_OTHER)
        d->owner.got(text, OH_ANSWERS_NOTHING, d->owner.arg);
    else {
        bool was_up = d->is_up;
        d->is_up = d->waits = true;
        if (!was_up)
            d->owner.up(d->owner.arg);
        type(d, NULL);
    }
}

/* --- the terminal --- */

static void on_readable(int fd, void *arg)
{
    struct oh_driver *d = arg;
    char bytes[READ_BYTES];
    for (int i = 0; i < READS_AT_ONCE; i++) {
        ssize_t got = read(fd, bytes, sizeof bytes);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (got <= 0) { /* EIO: nobody has the terminal open any more */
            oh_watch_free(d->watch);
            d->watch = NULL;
            d->waits = false;
            oh_terminal_end(d->terminal);
            d->owner.down("the program closed its terminal", d->owner.arg);
            return;
        }
        oh_terminal_take(d->terminal, (struct oh_span){bytes, (size_t)got});
    }
}

static struct oh_driver *pty_open(struct oh_net *net, const struct oh_driver_plan *plan,
                                  const struct oh_driver_owner *owner, struct oh_error *e)
{
    struct oh_driver *d = oh_alloc(sizeof *d);
    *d = (struct oh_driver){.owner = *owner, .to_phone = plan->to_phone, .last = NULL};
    d->last = &d->lines;
    d->watch = oh_watch_new(net, plan->from_phone, on_readable, d);
    if (!d->watch) {
        oh_error_set(e, "the program's terminal cannot be waited for");
        free(d);
        return NULL;
    }
    d->terminal = oh_terminal_new(plan->terminal, on_said, d);
    return d;
}

static void pty_close(struct oh_driver *d)
{
    if (!d)
        return;
    oh_watch_free(d->watch);
    oh_terminal_free(d->terminal);
    while (d->lines) {
        struct line *line = d->lines;
        d->lines = line->next;
        free_line(line);
    }
    free_line(d->typed);
    free(d);
}

const struct oh_driver_ops oh_driver_pty = {
    .name = "terminal",
    .stdio = OH_STDIO_TERMINAL,
    .is_text = true,
    .never_up = "its prompt never came; does 'prompt' fit what it shows when it waits for a "
                "command?",
    .open = pty_open,
    .send = pty_send,
    .close = pty_close,
};
