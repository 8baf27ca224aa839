/* A person at a prompt, played: commands are lines, each typed once the program waits for it; of
 * what it shows answers and blocks become objects: {"text": all of it}, in answers "command", and a
 * member for each line "NAME: VALUE" in it. */
#include "phone/framing.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 40  /* of a member */
#define MEMBERS_MAX    200 /* of an object */

struct line {
    struct line *next;
    uint64_t id;
    char *text;
};

struct oh_framing {
    struct oh_framing_owner owner;
    const struct oh_terminal_plan *plan;
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

bool oh_text_is_member(const char *name)
{
    static const char known[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_ ";
    size_t len = strlen(name);
    return len > 0 && len <= NAME_MAX_BYTES && strspn(name, known) == len;
}

static void add_member(json_t *object, struct oh_span line)
{
    size_t colon = oh_span_find(line, ':');
    if (colon == line.len || json_object_size(object) > MEMBERS_MAX)
        return;
    char *key = oh_span_dup(oh_span_trim(oh_span_sub(line, 0, colon)));
    if (oh_text_is_member(key) && !json_object_get(object, key)) /* of several the first */
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
static void tell(struct oh_framing *f, struct oh_span text, const struct line *line)
{
    json_t *object = object_of(text, line ? line->text : NULL);
    char *json = json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER);
    json_decref(object);
    f->owner.got(oh_span_of(json), line ? line->id : OH_ANSWERS_NOTHING, f->owner.arg);
    free(json);
}

static void tell_answer(struct oh_framing *f, struct oh_span text)
{
    struct line *line = f->typed;
    f->typed = NULL;
    tell(f, text, line);
    free_line(line);
}

/* --- commands --- */

/* Types the next line, if the program waits for one. */
static int type(struct oh_framing *f, struct oh_error *e)
{
    struct line *line = f->lines;
    struct oh_text typed = {0};
    if (!line || !f->waits)
        return 0;
    f->lines = line->next;
    if (!f->lines)
        f->last = &f->lines;
    f->waits = false;
    free_line(f->typed);
    f->typed = line;
    oh_terminal_command(f->terminal, line->text);
    oh_text_addf(&typed, "%s%s", line->text, f->plan->enter);
    int result = f->owner.put(oh_text_span(&typed), f->owner.arg, e);
    oh_text_release(&typed);
    return result;
}

static int send_message(struct oh_framing *f, uint64_t id, struct oh_span message,
                        struct oh_error *e)
{
    struct line *line = oh_alloc(sizeof *line);
    *line = (struct line){.id = id, .text = oh_span_dup(message)};
    *f->last = line;
    f->last = &line->next;
    return type(f, e);
}

static void on_said(enum oh_terminal_kind kind, struct oh_span text, void *arg)
{
    struct oh_framing *f = arg;
    if (kind == OH_TERMINAL_ANSWER)
        tell_answer(f, text);
    else if (kind == OH_TERMINAL_BLOCK)
        tell(f, text, NULL);
    else if (kind == OH_TERMINAL_OTHER)
        f->owner.got(text, OH_ANSWERS_NOTHING, f->owner.arg);
    else {
        bool was_up = f->is_up;
        f->is_up = f->waits = true;
        if (!was_up)
            f->owner.up(f->owner.arg);
        type(f, NULL);
    }
}

/* --- the framing --- */

static struct oh_framing *open_typist(const struct oh_driver_plan *plan,
                                      const struct oh_framing_owner *owner)
{
    struct oh_framing *f = oh_alloc(sizeof *f);
    *f = (struct oh_framing){.owner = *owner, .plan = plan->terminal};
    f->last = &f->lines;
    f->terminal = oh_terminal_new(plan->terminal, on_said, f);
    return f;
}

/* A program without a prompt may be told something at once. */
static void begin(struct oh_framing *f)
{
    if (!f->plan->prompt)
        on_said(OH_TERMINAL_PROMPT, (struct oh_span){0}, f);
}

static int take(struct oh_framing *f, struct oh_span bytes, struct oh_error *e)
{
    (void)e;
    oh_terminal_take(f->terminal, bytes);
    return 0;
}

static void end(struct oh_framing *f)
{
    f->waits = false;
    oh_terminal_end(f->terminal);
    f->waits = false;
}

static void close_typist(struct oh_framing *f)
{
    if (!f)
        return;
    oh_terminal_free(f->terminal);
    while (f->lines) {
        struct line *line = f->lines;
        f->lines = line->next;
        free_line(line);
    }
    free_line(f->typed);
    free(f);
}

const struct oh_framing_ops oh_framing_text = {
    .open = open_typist,
    .begin = begin,
    .take = take,
    .send = send_message,
    .end = end,
    .close = close_typist,
};
