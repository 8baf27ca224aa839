#include "cli/live.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void show(struct oh_live *l, const char *text)
{
    fputs(text, stdout);
    for (; *text; text++)
        l->lines += *text == '\n';
    fflush(stdout);
}

static void drop_hint(struct oh_live *l)
{
    if (!l->hint_shown)
        return;
    fputs("\033[1A\033[2K", stdout);
    l->lines--;
    l->hint_shown = false;
}

void oh_live_begin(struct oh_live *l, const struct oh_scenario *s, const char *phone)
{
    struct oh_text text = {0};
    l->scenario = s;
    l->lines = 0;
    l->hint_shown = false;
    if (!l->on)
        return;
    oh_text_addf(&text, "%s   %s   %s\n", s->id, s->title, phone);
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
    if (!l->on)
        return;
    drop_hint(l);
    if (p->kind == OH_PROGRESS_MESSAGE)
        show_message(l, p);
    else if (words[p->kind])
        show_note(l, p->time_s, words[p->kind], p->text);
    l->hint_shown = p->kind == OH_PROGRESS_WAITING;
}

void oh_live_clear(struct oh_live *l)
{
    struct winsize size = {0};
    if (!l->on || l->lines == 0)
        return;
    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    if (l->lines < size.ws_row) /* what has scrolled away cannot be taken back */
        printf("\033[%uA\033[J", l->lines);
    else
        putchar('\n');
    l->lines = 0;
}
