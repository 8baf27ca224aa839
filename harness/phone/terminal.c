#include "phone/terminal.h"

#include <stdlib.h>
#include <string.h>

#define ESCAPE '\033'
#define BELL   '\a'

enum sequence {
    SEQUENCE_NONE,
    SEQUENCE_BEGUN,  /* ESC */
    SEQUENCE_CSI,    /* ESC [ */
    SEQUENCE_STRING, /* ESC ] and the like, up to BEL or ESC \ */
    SEQUENCE_SHORT,  /* ESC ( and the like: one character more */
};

struct oh_terminal {
    const struct oh_terminal_plan *plan;
    oh_terminal_fn *fn;
    void *arg;
    enum sequence sequence;
    unsigned number; /* the latest of an escape sequence */
    struct oh_text line;
    size_t cursor;
    bool prompted;                         /* this line's prompt was told; it may be drawn again */
    const struct oh_terminal_block *block; /* that is open, or NULL */
    size_t until;                          /* how many of its last lines have come */
    struct oh_text block_text;
    bool redraw_due; /* a block has ended since the last prompt */
    char *command;   /* that waits for its answer, or NULL */
    bool echo_due;   /* the next line shows the command */
    bool answer_begun;
    size_t ends; /* how many of its last lines have come */
    struct oh_text answer;
};

/* --- patterns --- */

enum { ANY = 256 }; /* of a pattern; others are a character */

/* The next of a pattern, and how long it is there. */
static int next_of(const char *pattern, size_t *len)
{
    bool is_escaped = pattern[0] == '\\' && (pattern[1] == '*' || pattern[1] == '\\');
    *len = is_escaped ? 2 : 1;
    return pattern[0] == '*' ? ANY : (unsigned char)pattern[is_escaped];
}

static int next_character(const char *text, size_t *len)
{
    *len = 1;
    return (unsigned char)*text;
}

/* What an ANY of the text stands for only one of the pattern fits. */
static bool fits(const char *pattern, const char *text, int (*read)(const char *, size_t *))
{
    const char *star = NULL, *retry = NULL;
    size_t len, text_len;
    while (*text) {
        int wanted = next_of(pattern, &len), found = read(text, &text_len);
        if (wanted == ANY) {
            star = pattern += len;
            retry = text;
        } else if (*pattern && wanted == found) {
            pattern += len;
            text += text_len;
        } else if (star) {
            read(retry, &text_len);
            pattern = star;
            text = retry += text_len;
        } else {
            return false;
        }
    }
    return pattern[strspn(pattern, "*")] == '\0';
}

bool oh_text_fits(const char *pattern, const char *text)
{
    return fits(pattern, text, next_character);
}

bool oh_pattern_holds(const char *wide, const char *narrow)
{
    return fits(wide, narrow, next_of);
}

void oh_text_add_pattern(struct oh_text *pattern, struct oh_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '*' || text.at[i] == '\\')
            oh_text_add_char(pattern, '\\');
        oh_text_add_char(pattern, text.at[i]);
    }
}

/* --- telling --- */

static struct oh_span without_empty_lines(struct oh_span text)
{
    while (text.len && text.at[0] == '\n')
        text = oh_span_sub(text, 1, text.len - 1);
    while (text.len && text.at[text.len - 1] == '\n')
        text.len--;
    return text;
}

/* `text` is emptied before it is told, since the callback may begin anew. */
static void tell(struct oh_terminal *t, enum oh_terminal_kind kind, struct oh_text *text)
{
    struct oh_text told = *text;
    *text = (struct oh_text){0};
    t->fn(kind, without_empty_lines(oh_text_span(&told)), t->arg);
    oh_text_release(&told);
}

static void add_line(struct oh_text *text, const struct oh_text *line)
{
    if (text->len + line->len >= OH_TERMINAL_TEXT_MAX)
        return;
    oh_text_add_span(text, oh_text_span(line));
    oh_text_add_char(text, '\n');
}

static void forget_command(struct oh_terminal *t)
{
    free(t->command);
    t->command = NULL;
    t->echo_due = t->answer_begun = false;
    t->ends = 0;
}

static void end_block(struct oh_terminal *t)
{
    t->block = NULL;
    t->redraw_due = true;
    tell(t, OH_TERMINAL_BLOCK, &t->block_text);
}

/* --- lines --- */

/* Whether the line is the block's first: of those that fit, the one named first. */
static const struct oh_terminal_block *begins(const struct oh_terminal *t)
{
    for (size_t i = 0; i < t->plan->block_count; i++)
        if (oh_text_fits(t->plan->blocks[i].begins, oh_text_str(&t->line)))
            return &t->plan->blocks[i];
    return NULL;
}

/* How many of the last lines have come in a row, this one being the next. */
static size_t count_last(const char *const *last, size_t so_far, const char *line)
{
    if (!oh_text_fits(last[so_far], line))
        so_far = 0;
    return so_far + oh_text_fits(last[so_far], line);
}

static void take_block_line(struct oh_terminal *t)
{
    const struct oh_terminal_block *b = t->block;
    bool is_first = t->block_text.len == 0;
    add_line(&t->block_text, &t->line);
    if (!is_first)
        t->until = count_last(b->until, t->until, oh_text_str(&t->line));
    if (t->until == b->until_count)
        end_block(t);
}

/* Without a prompt the program waits for the next command as soon as it has answered. */
static void end_answer(struct oh_terminal *t)
{
    forget_command(t);
    tell(t, OH_TERMINAL_ANSWER, &t->answer);
    t->fn(OH_TERMINAL_PROMPT, (struct oh_span){0}, t->arg);
}

static void take_answer_line(struct oh_terminal *t, bool is_first)
{
    const struct oh_terminal_plan *plan = t->plan;
    add_line(&t->answer, &t->line);
    if (plan->prompt)
        return;
    if (!is_first && plan->end_count)
        t->ends = count_last(plan->ends, t->ends, oh_text_str(&t->line));
    if (t->ends == plan->end_count)
        end_answer(t);
}

/* Without `echo` in the plan it is the first line or none. */
static bool is_echo(struct oh_terminal *t)
{
    struct oh_span line = oh_text_span(&t->line);
    size_t len = t->command ? strlen(t->command) : 0;
    bool is = t->echo_due && line.len >= len && (line.len == len || t->plan->echo) &&
              !strcmp(oh_text_str(&t->line) + (line.len - len), t->command);
    if (is || !t->plan->echo)
        t->echo_due = false;
    return is;
}

static void take_line(struct oh_terminal *t)
{
    if (is_echo(t))
        return;
    if (!t->block && (t->block = begins(t)))
        t->until = 0;
    if (t->block) {
        take_block_line(t);
        return;
    }
    bool had_begun = t->answer_begun, is_any = !t->plan->answer && (t->plan->prompt || t->line.len);
    if (t->command && !had_begun)
        t->answer_begun =
            is_any || (t->plan->answer && oh_text_fits(t->plan->answer, oh_text_str(&t->line)));
    if (t->command && t->answer_begun)
        take_answer_line(t, !had_begun);
    else if (t->line.len)
        t->fn(OH_TERMINAL_OTHER, oh_text_span(&t->line), t->arg);
}

static void clear_line(struct oh_terminal *t)
{
    oh_text_clear(&t->line);
    t->cursor = 0;
}

static void end_line(struct oh_terminal *t)
{
    t->prompted = false;
    take_line(t);
    clear_line(t);
}

/* --- the prompt --- */

static void take_prompt(struct oh_terminal *t, bool asks)
{
    clear_line(t);
    t->prompted = true;
    if (t->block)
        end_block(t);
    bool is_redrawn = t->plan->redraws && t->redraw_due && !t->answer.len;
    t->redraw_due = false;
    if (t->command && !asks && ((t->plan->answer && !t->answer_begun) || is_redrawn))
        return;
    if (t->command)
        end_answer(t);
    else
        t->fn(OH_TERMINAL_PROMPT, (struct oh_span){0}, t->arg);
}

static bool is_prompt(const struct oh_terminal *t, const char *prompt)
{
    return prompt && t->line.at[t->line.len - 1] == prompt[strlen(prompt) - 1] &&
           oh_text_fits(prompt, oh_text_str(&t->line));
}

/* Asked after each character: a prompt ends at the first that makes it one. */
static void look_for_prompt(struct oh_terminal *t)
{
    bool is_main = false, asks = false;
    if (t->cursor != t->line.len || t->line.len > OH_TERMINAL_PROMPT_MAX ||
        (t->echo_due && t->plan->echo))
        return;
    is_main = is_prompt(t, t->plan->prompt);
    for (size_t i = 0; !is_main && !asks && i < t->plan->ask_count; i++)
        asks = is_prompt(t, t->plan->asks[i]);
    if (!is_main && !asks)
        return;
    if (t->prompted && !asks)
        clear_line(t);
    else
        take_prompt(t, asks);
}

/* --- characters --- */

static void put(struct oh_terminal *t, char c)
{
    if (t->cursor >= OH_TERMINAL_LINE_MAX)
        return;
    if (t->cursor < t->line.len)
        t->line.at[t->cursor] = c;
    else
        oh_text_add_char(&t->line, c);
    t->cursor++;
    look_for_prompt(t);
}

/* The end of ESC [ ...: what line editors draw with. */
static void take_csi(struct oh_terminal *t, char c)
{
    size_t by = t->number ? t->number : 1;
    if (c == 'C') {
        t->cursor = t->cursor + by < t->line.len ? t->cursor + by : t->line.len;
    } else if (c == 'D') {
        t->cursor = by < t->cursor ? t->cursor - by : 0;
    } else if (c == 'G') {
        t->cursor = by - 1 < t->line.len ? by - 1 : t->line.len;
    } else if (c == 'K' && t->number != 1) {
        size_t from = t->number == 2 ? 0 : t->cursor;
        while (t->line.len > from)
            t->line.at[--t->line.len] = '\0';
        t->cursor = t->cursor < from ? t->cursor : from;
    }
}

static void take_sequence(struct oh_terminal *t, char c)
{
    enum sequence was = t->sequence;
    bool is_digit = c >= '0' && c <= '9';
    if (was == SEQUENCE_BEGUN) {
        t->number = 0;
        t->sequence = c == '['                    ? SEQUENCE_CSI
                      : c && strchr("]PX^_", c)   ? SEQUENCE_STRING
                      : c && strchr("()*+#% ", c) ? SEQUENCE_SHORT
                                                  : SEQUENCE_NONE;
    } else if (was == SEQUENCE_CSI && c >= 0x20 && c < 0x40) {
        t->number = is_digit && t->number < OH_TERMINAL_LINE_MAX
                        ? t->number * 10 + (unsigned)(c - '0')
                    : is_digit ? t->number
                               : 0;
    } else if (was == SEQUENCE_STRING) {
        t->sequence = c == BELL ? SEQUENCE_NONE : c == ESCAPE ? SEQUENCE_BEGUN : SEQUENCE_STRING;
    } else {
        t->sequence = SEQUENCE_NONE;
        if (was == SEQUENCE_CSI)
            take_csi(t, c);
    }
}

static void take_character(struct oh_terminal *t, char c)
{
    if (t->sequence != SEQUENCE_NONE)
        take_sequence(t, c);
    else if (c == ESCAPE)
        t->sequence = SEQUENCE_BEGUN;
    else if (c == '\n')
        end_line(t);
    else if (c == '\r')
        t->cursor = 0;
    else if (c == '\b')
        t->cursor -= t->cursor > 0;
    else if (c == '\t' || (unsigned char)c >= 0x20)
        put(t, c);
}

void oh_terminal_take(struct oh_terminal *t, struct oh_span bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        take_character(t, bytes.at[i]);
}

/* --- the whole --- */

void oh_terminal_command(struct oh_terminal *t, const char *command)
{
    forget_command(t);
    if (t->plan->prompt) /* else something may be half said */
        clear_line(t);
    oh_text_clear(&t->answer);
    t->prompted = false;
    t->command = oh_strdup(command);
    t->echo_due = true;
}

void oh_terminal_end(struct oh_terminal *t)
{
    if (t->line.len)
        end_line(t);
    if (t->block)
        end_block(t);
    if (t->command && t->answer.len) {
        forget_command(t);
        tell(t, OH_TERMINAL_ANSWER, &t->answer);
    }
}

struct oh_terminal *oh_terminal_new(const struct oh_terminal_plan *plan, oh_terminal_fn *fn,
                                    void *arg)
{
    struct oh_terminal *t = oh_alloc(sizeof *t);
    t->plan = plan;
    t->fn = fn;
    t->arg = arg;
    return t;
}

void oh_terminal_free(struct oh_terminal *t)
{
    if (!t)
        return;
    free(t->command);
    oh_text_release(&t->line);
    oh_text_release(&t->block_text);
    oh_text_release(&t->answer);
    free(t);
}
