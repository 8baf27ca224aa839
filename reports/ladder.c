#include "reports/ladder.h"

#include <string.h>

/* "  0.000 s     |": the first lifeline's column. */
#define MARGIN      14
#define FRAME_WIDTH 6 /* with its space */
#define MARK_GAP    3
#define MARK_ROOM   18
#define LEAST_GAP   16

/* Two lifelines take about half of the width; more of them leave room for a short mark. */
struct oh_ladder oh_ladder_of(const struct oh_report_style *style, size_t columns)
{
    struct oh_ladder l = {style, columns < 2 ? 2 : columns, 0};
    size_t width = oh_cells_width(style), spans = l.columns - 1;
    size_t others = MARGIN + l.columns + FRAME_WIDTH + MARK_GAP + MARK_ROOM;
    size_t arrows = spans == 1 ? width * 46 / 100 : width > others ? width - others : 0;
    l.gap = arrows / spans > LEAST_GAP ? arrows / spans : LEAST_GAP;
    return l;
}

/* Columns between the lifelines `from` and `to`, crossed ones included. */
static size_t inner(const struct oh_ladder *l, size_t from, size_t to)
{
    size_t spans = to > from ? to - from : from - to;
    return spans * l->gap + spans - 1;
}

static const char *lifeline(const struct oh_ladder *l)
{
    return oh_cells_glyphs(l->style)->lifeline;
}

static void add_time(const struct oh_ladder *l, const struct oh_ladder_row *row,
                     struct oh_text *out)
{
    char time[OH_SECONDS_TEXT] = "", text[64];
    if (row->has_time)
        oh_cells_seconds(row->time_s, time);
    snprintf(text, sizeof text, "%11s", time);
    oh_cells_paint(l->style, OH_PAINT_DIM, text, out);
    oh_cells_pad(strlen(text) < MARGIN ? MARGIN - strlen(text) : 1, out);
}

/* Lifelines from column `from` up to but not including `to`, each with the gap after it. */
static void add_lifelines(const struct oh_ladder *l, size_t from, size_t to, struct oh_text *out)
{
    for (size_t i = from; i < to; i++) {
        oh_cells_paint(l->style, OH_PAINT_DIM, lifeline(l), out);
        oh_cells_pad(l->gap, out);
    }
}

/* From lifeline `at` to the end of the line: lifelines, frame, mark. */
static void finish(const struct oh_ladder *l, size_t at, const struct oh_ladder_row *row,
                   struct oh_text *out)
{
    char frame[16] = "";
    if (at < l->columns) {
        add_lifelines(l, at, l->columns - 1, out);
        oh_cells_paint(l->style, OH_PAINT_DIM, lifeline(l), out);
    }
    if (row->frame)
        snprintf(frame, sizeof frame, "%*u", FRAME_WIDTH, row->frame);
    if (row->mark && *row->mark) {
        size_t used = MARGIN + l->columns + (l->columns - 1) * l->gap + FRAME_WIDTH + MARK_GAP;
        size_t width = oh_cells_width(l->style);
        struct oh_text mark = {0};
        oh_text_addf(out, "%*s%*s", FRAME_WIDTH, frame, MARK_GAP, "");
        oh_cells_add(l->style, row->mark, width > used + 8 ? width - used : 8, &mark);
        oh_cells_paint(l->style, row->mood, oh_text_str(&mark), out);
        oh_text_release(&mark);
    } else {
        oh_text_add(out, frame);
    }
    oh_text_add_char(out, '\n');
}

/* --- arrows --- */

/* "── label ─────▶" or "◀── label ─────", `columns` wide. */
static void add_shaft(const struct oh_ladder *l, const struct oh_ladder_row *row, size_t columns,
                      struct oh_text *out)
{
    const struct oh_glyphs *g = oh_cells_glyphs(l->style);
    const char *line = row->dashed ? g->dash : g->line;
    bool right = row->to > row->from;
    enum oh_paint shaft = row->dim ? OH_PAINT_DIM : row->dashed ? row->paint : OH_PAINT_PLAIN;
    struct oh_text before = {0}, label = {0}, after = {0};
    size_t used = oh_cells_add(l->style, row->label, columns - 6, &label);
    if (!right)
        oh_text_add(&before, row->dashed ? g->open_left : g->head_left);
    oh_cells_repeat(line, 2, &before);
    oh_text_add_char(&before, ' ');
    oh_text_add_char(&after, ' ');
    oh_cells_repeat(line, columns - used - 5, &after);
    if (right)
        oh_text_add(&after, row->dashed ? g->open_right : g->head_right);
    oh_cells_paint(l->style, shaft, oh_text_str(&before), out);
    oh_cells_paint(l->style, row->dim ? OH_PAINT_DIM : row->paint, oh_text_str(&label), out);
    oh_cells_paint(l->style, shaft, oh_text_str(&after), out);
    oh_text_release(&before);
    oh_text_release(&label);
    oh_text_release(&after);
}

void oh_ladder_arrow(const struct oh_ladder *l, const struct oh_ladder_row *row,
                     struct oh_text *out)
{
    size_t left = row->from < row->to ? row->from : row->to;
    size_t right = row->from < row->to ? row->to : row->from;
    if (left == right) {
        oh_ladder_event(l, row, out);
        return;
    }
    add_time(l, row, out);
    add_lifelines(l, 0, left, out);
    oh_cells_paint(l->style, OH_PAINT_DIM, lifeline(l), out);
    add_shaft(l, row, inner(l, left, right), out);
    finish(l, right, row, out);
}

/* --- other rows --- */

void oh_ladder_event(const struct oh_ladder *l, const struct oh_ladder_row *row,
                     struct oh_text *out)
{
    /* the text may run through the lifelines right of it, but not beyond the last */
    size_t at = row->from < l->columns ? row->from : l->columns - 1;
    bool last = at + 1 == l->columns;
    size_t room = last ? l->gap : inner(l, at, l->columns - 1) - 2;
    struct oh_text label = {0};
    add_time(l, row, out);
    add_lifelines(l, 0, at, out);
    size_t used = oh_cells_add(l->style, row->label, room, &label);
    oh_cells_paint(l->style, row->paint, oh_cells_glyphs(l->style)->event, out);
    oh_text_add_char(out, ' ');
    oh_cells_paint(l->style, row->paint, oh_text_str(&label), out);
    oh_text_release(&label);
    size_t next = at + 1;
    for (; next < l->columns && used + 1 > inner(l, at, next); next++)
        ;
    if (!last)
        oh_cells_pad(inner(l, at, next) - used - 1, out);
    finish(l, last ? l->columns : next, row, out);
}

void oh_ladder_dots(const struct oh_ladder *l, const struct oh_ladder_row *row, struct oh_text *out)
{
    size_t left = row->from < row->to ? row->from : row->to;
    size_t right = row->from < row->to ? row->to : row->from;
    const char *dot = oh_cells_glyphs(l->style)->dot;
    if (left == right) {
        oh_ladder_event(l, row, out);
        return;
    }
    size_t columns = inner(l, left, right);
    struct oh_text line = {0};
    for (int i = 0; i < 3; i++)
        oh_text_addf(&line, " %s", dot);
    oh_text_add_char(&line, ' ');
    size_t used = 7 + oh_cells_add(l->style, row->label, columns - 10, &line);
    oh_text_add_char(&line, ' ');
    used++;
    for (; used + 2 <= columns; used += 2)
        oh_text_addf(&line, "%s ", dot);
    oh_cells_pad(columns - used, &line);
    add_time(l, row, out);
    add_lifelines(l, 0, left, out);
    oh_cells_paint(l->style, OH_PAINT_DIM, lifeline(l), out);
    oh_cells_paint(l->style, row->paint, oh_text_str(&line), out);
    oh_text_release(&line);
    finish(l, right, row, out);
}

void oh_ladder_cut(const struct oh_ladder *l, const char *word, struct oh_text *out)
{
    const struct oh_glyphs *g = oh_cells_glyphs(l->style);
    size_t columns = inner(l, 0, l->columns - 1) + 2, used = oh_cells_count(word) + 2;
    struct oh_text line = {0};
    oh_cells_repeat(g->dash, (columns - used) / 2, &line);
    oh_text_addf(&line, " %s ", word);
    oh_cells_repeat(g->dash, columns - used - (columns - used) / 2, &line);
    oh_cells_pad(MARGIN, out);
    oh_cells_paint(l->style, OH_PAINT_DIM, oh_text_str(&line), out);
    oh_text_add_char(out, '\n');
    oh_text_release(&line);
}

void oh_ladder_names(const struct oh_ladder *l, const char *const *names, struct oh_text *out)
{
    struct oh_text line = {0};
    struct oh_ladder_row none = {0};
    size_t at = 0;
    for (size_t i = 0; i < l->columns; i++) {
        struct oh_text name = {0};
        size_t room = i == 0 ? 2 * MARGIN : l->gap - 2;
        size_t used = oh_cells_add(l->style, names[i], room, &name);
        size_t middle = MARGIN + i * (l->gap + 1), half = used / 2;
        size_t begin = middle > half + at ? middle - half : at;
        oh_cells_pad(begin - at, &line);
        oh_text_add(&line, oh_text_str(&name));
        at = begin + used;
        oh_text_release(&name);
    }
    oh_cells_paint(l->style, OH_PAINT_STRONG, oh_text_str(&line), out);
    oh_text_add_char(out, '\n');
    oh_text_release(&line);
    oh_cells_pad(MARGIN, out);
    finish(l, 0, &none, out);
}

/* --- live progress --- */

void oh_ladder_head_text(const char *left, const char *right, const struct oh_report_style *style,
                         struct oh_text *out)
{
    struct oh_ladder l = oh_ladder_of(style, 2);
    const char *names[] = {left, right};
    oh_ladder_names(&l, names, out);
}

static enum oh_paint paint_of(int mood)
{
    static const enum oh_paint paints[] = {[OH_MARK_NONE] = OH_PAINT_DIM,
                                           [OH_MARK_GOOD] = OH_PAINT_GOOD,
                                           [OH_MARK_WARN] = OH_PAINT_WARN,
                                           [OH_MARK_BAD] = OH_PAINT_BAD};
    return paints[mood];
}

void oh_ladder_line_text(const struct oh_ladder_line *line, const struct oh_report_style *style,
                         struct oh_text *out)
{
    struct oh_ladder l = oh_ladder_of(style, 2);
    struct oh_ladder_row row = {.time_s = line->time_s,
                                .has_time = true,
                                .from = line->to_right ? 0 : 1,
                                .to = line->to_right ? 1 : 0,
                                .label = line->label ? line->label : "",
                                .frame = line->frame,
                                .mark = line->mark,
                                .mood = paint_of((int)line->mood)};
    oh_ladder_arrow(&l, &row, out);
}

void oh_ladder_note_text(double time_s, const char *text, const struct oh_report_style *style,
                         struct oh_text *out)
{
    struct oh_ladder l = oh_ladder_of(style, 2);
    struct oh_ladder_row row = {
        .time_s = time_s, .has_time = true, .label = text, .paint = OH_PAINT_USER};
    oh_ladder_event(&l, &row, out);
}

/* Credentials are worth a word: they tell the first try from the second. */
static bool has_credentials(struct oh_span message)
{
    static const char *const names[] = {"\nproxy-authorization:", "\nauthorization:"};
    for (size_t i = 0; i < message.len; i++) {
        struct oh_span rest = oh_span_sub(message, i, message.len);
        if (*rest.at != '\n')
            continue;
        if (rest.len > 2 && (rest.at[1] == '\r' || rest.at[1] == '\n'))
            return false; /* the headers end */
        for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
            struct oh_span head = oh_span_sub(rest, 0, strlen(names[k]));
            if (oh_span_is_nocase(head, names[k]))
                return true;
        }
    }
    return false;
}

void oh_ladder_label_text(struct oh_span message, struct oh_text *out)
{
    static const char version[] = "SIP/2.0 ";
    struct oh_span line = oh_span_trim(oh_span_sub(message, 0, oh_span_find(message, '\n')));
    size_t method = oh_span_find(line, ' '), end = line.len;
    if (oh_span_starts_with(line, version)) {
        oh_text_add_span(out, oh_span_sub(line, strlen(version), line.len));
        return;
    }
    while (end > 0 && line.at[end - 1] != ' ')
        end--;
    if (end > method + 1 && oh_span_starts_with(oh_span_sub(line, end, line.len), "SIP/"))
        line.len = end - 1;
    oh_text_add_span(out, oh_span_sub(line, 0, method));
    if (has_credentials(message)) /* before the URI, which may be cut */
        oh_text_add(out, " (credentials)");
    oh_text_add_span(out, oh_span_sub(line, method, line.len));
}
