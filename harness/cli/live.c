#include "cli/live.h"

#include "reports/cells.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define DEFAULT_WIDTH 100 /* as the text form takes, where the terminal tells none */

/* Columns of a line; colours (ESC [ ... m) take none. */
static size_t columns(const char *line, size_t len)
{
    char *plain = oh_alloc(len + 1);
    size_t used = 0;
    for (size_t i = 0; i < len; i++) {
        if (line[i] != '\033') {
            plain[used++] = line[i];
            continue;
        }
        while (i + 1 < len && line[i] != 'm')
            i++;
    }
    used = oh_cells_count(plain);
    free(plain);
    return used;
}

/* Rows that whole lines take on the terminal, those included that it breaks itself. */
static unsigned rows(const struct oh_live *l, const char *text)
{
    size_t width = l->style.width ? l->style.width : DEFAULT_WIDTH, count = 0;
    for (const char *end; (end = strchr(text, '\n')); text = end + 1) {
        size_t used = columns(text, (size_t)(end - text));
        count += used > width ? (used + width - 1) / width : 1;
    }
    return (unsigned)count;
}

/* Over what the terminal may have put at the beginning of the line: the ^C of an interruption. */
static void show(struct oh_live *l, const char *text)
{
    fputs("\r\033[K", stdout);
    fputs(text, stdout);
    l->lines += rows(l, text);
    fflush(stdout);
}

static void drop_hint(struct oh_live *l)
{
    if (l->hint == 0)
        return;
    printf("\r\033[%uA\033[J", l->hint);
    l->lines -= l->hint;
    l->hint = 0;
}

void oh_live_begin(struct oh_live *l, const struct oh_scenario *s, const char *phone)
{
    struct oh_text text = {0};
    l->scenario = s;
    l->lines = 0;
    l->hint = 0;
    if (!l->on)
        return;
    char *title = oh_format("%s   %s   %s", s->id, s->title, phone);
    oh_cells_add(&l->style, title, l->style.width ? l->style.width : DEFAULT_WIDTH, &text);
    oh_text_add_char(&text, '\n');
    free(title);
    oh_ladder_head_text("phone", "offhook", &l->style, &text);
    show(l, oh_text_str(&text));
    oh_text_release(&text);
}

static void show_message(struct oh_live *l, const struct oh_progress *p)
{
    struct oh_text label = {0}, line = {0};
    oh_ladder_label_text(p->msg->bytes, &label);
    if (p->is_repeat)
        oh_text_add(&label, " (repeat)");
    struct oh_ladder_line ladder = {
        .time_s = p->time_s, .label = oh_text_str(&label), .to_right = p->from_phone};
    oh_ladder_line_text(&ladder, &l->style, &line);
    show(l, oh_text_str(&line));
    oh_text_release(&label);
    oh_text_release(&line);
}

static void show_note(struct oh_live *l, double time_s, const char *what, const char *text)
{
    struct oh_text note = {0}, line = {0};
    oh_text_addf(&note, "%s%s", what, text ? text : "");
    oh_ladder_note_text(time_s, oh_text_str(&note), &l->style, &line);
    show(l, oh_text_str(&line));
    oh_text_release(&note);
    oh_text_release(&line);
}

void oh_live_progress(const struct oh_progress *p, void *live)
{
    static const char *const words[] = {
        [OH_PROGRESS_PHONE] = "phone ",        [OH_PROGRESS_FLOW] = NULL,
        [OH_PROGRESS_MESSAGE] = NULL,          [OH_PROGRESS_ACTION] = "",
        [OH_PROGRESS_MISSED] = "never came: ", [OH_PROGRESS_WAITING] = "waiting for ",
        [OH_PROGRESS_CLOSING] = NULL,
    };
    struct oh_live *l = live;
    if (!l->on || !l->scenario) /* phones end between scenarios, too */
        return;
    drop_hint(l);
    unsigned before = l->lines;
    if (p->kind == OH_PROGRESS_MESSAGE)
        show_message(l, p);
    else if (words[p->kind])
        show_note(l, p->time_s, words[p->kind], p->text);
    if (p->kind == OH_PROGRESS_WAITING)
        l->hint = l->lines - before;
}

void oh_live_clear(struct oh_live *l)
{
    struct winsize size = {0};
    l->scenario = NULL;
    if (!l->on)
        return;
    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    if (l->lines == 0)
        fputs("\r\033[K", stdout);
    else if (l->lines < size.ws_row) /* what has scrolled away cannot be taken back */
        printf("\r\033[%uA\033[J", l->lines);
    else
        fputs("\r\033[K\n", stdout);
    l->lines = l->hint = 0;
}
