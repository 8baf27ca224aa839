/*
 * phone/terminal.h - what a program shows on a terminal, cut into what it means. Private to phone/.
 *
 * Bytes become lines as on a screen: carriage returns, backspaces and the escape sequences of line
 * editors move within the line, all else of that kind is dropped. Lines become
 *
 *   prompts   the program waits for a command. One without prompts waits when it has answered;
 *   answers   what stands between a command and the next prompt, or from a line that fits to one
 *             that fits;
 *   blocks    what the program says by itself: begins with a line that fits, ends with lines that
 *             fit; may stand anywhere, within an answer, too;
 *   others    what is none of these.
 *
 * Patterns are texts in which '*' stands for any characters, "\*" for a star and "\\" for a
 * backslash. Knows no file descriptors; whatever is shown, what is kept of it is bounded.
 *
 * Uses: base/.
 */
#ifndef OH_PHONE_TERMINAL_H
#define OH_PHONE_TERMINAL_H

#include "base/text.h"

#define OH_TERMINAL_LINE_MAX   (64U * 1024)  /* of a line; the rest is dropped */
#define OH_TERMINAL_TEXT_MAX   (256U * 1024) /* of an answer or block; likewise */
#define OH_TERMINAL_PROMPT_MAX 1024U         /* a longer line is no prompt */

struct oh_terminal_block {
    const char *begins;       /* its first line */
    const char *const *until; /* its last lines, one after the other; none: the first is all */
    size_t until_count;
};

struct oh_terminal_plan {
    const char *prompt;      /* all of a line that is not ended; does not end in '*'. NULL: none */
    const char *const *asks; /* further prompts, at which something is asked in the middle of a */
    size_t ask_count;        /* command: they end an answer that has not begun, too */
    const char *answer;      /* the line that each answer begins with; NULL: any */
    const char *const *ends; /* without a prompt: the last lines of each answer, one after the */
    size_t end_count;        /* other; none: the first is all */
    bool redraws;            /* the prompt is drawn anew after a block: that one ends no answer of
                                which nothing has come */
    bool echo;               /* the program shows each command, though the terminal does not */
    const char *enter;       /* what is put behind a command */
    const struct oh_terminal_block *blocks;
    size_t block_count;
};

enum oh_terminal_kind {
    OH_TERMINAL_PROMPT, /* without text */
    OH_TERMINAL_ANSWER, /* comes before the prompt that ends it */
    OH_TERMINAL_BLOCK,
    OH_TERMINAL_OTHER, /* one line */
};
/* `text` is valid during the call; its lines are parted by LF, and empty ones at its ends are gone.
 * oh_terminal_command may be called from within. */
typedef void oh_terminal_fn(enum oh_terminal_kind kind, struct oh_span text, void *arg);

struct oh_terminal;

/* The plan, and what it points at, must outlive the terminal. */
struct oh_terminal *oh_terminal_new(const struct oh_terminal_plan *plan, oh_terminal_fn *fn,
                                    void *arg);
void oh_terminal_free(struct oh_terminal *t); /* not from within its callback */

void oh_terminal_take(struct oh_terminal *t, struct oh_span bytes);

/* A command is being typed, and Enter pressed: what comes now is its answer. */
void oh_terminal_command(struct oh_terminal *t, const char *command);

/* Nothing more will come: tells what is open. */
void oh_terminal_end(struct oh_terminal *t);

/* '*' in `pattern` stands for any characters, also none; a backslash before '*' or a backslash
 * makes that one stand for itself, and stands for itself before anything else. */
bool oh_text_fits(const char *pattern, const char *text);
/* Appends the pattern that fits `text` alone. */
void oh_text_add_pattern(struct oh_text *pattern, struct oh_span text);
/* Whether all that fits `narrow` fits `wide` as well, as far as can be told by their stars. */
bool oh_pattern_holds(const char *wide, const char *narrow);

#endif
