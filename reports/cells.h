/*
 * reports/cells.h - text on a terminal: columns, cutting, padding, colour.
 *
 * What comes from the wire is shown escaped, so that no message can steer the terminal. Columns are
 * counted by character (wide ones as two, combining ones as none), never by byte.
 *
 * Uses: reports/report.h. For reports/ and the live ladder.
 */
#ifndef OH_REPORTS_CELLS_H
#define OH_REPORTS_CELLS_H

#include "reports/report.h"

/* How a piece of text is to be read; without colour all are plain. */
enum oh_paint {
    OH_PAINT_PLAIN,
    OH_PAINT_DIM,
    OH_PAINT_STRONG,
    OH_PAINT_USER, /* what a user does */
    OH_PAINT_GOOD,
    OH_PAINT_WARN,
    OH_PAINT_BAD,
};
void oh_cells_paint(const struct oh_report_style *s, enum oh_paint paint, const char *text,
                    struct oh_text *out);

/* The characters that drawings are made of, as style.unicode says. */
struct oh_glyphs {
    const char *line, *dash, *lifeline, *head_right, *head_left, *open_right, *open_left;
    const char *event, *dot, *cut, *good, *warn, *bad, *unknown;
};
const struct oh_glyphs *oh_cells_glyphs(const struct oh_report_style *s);

unsigned oh_cells_width(const struct oh_report_style *s); /* of the terminal: 60 at least */

/* Columns that a text of ours takes. */
size_t oh_cells_count(const char *text);
/* Appends `text` escaped to one line, cut with an ellipsis to `columns`. Returns the columns it
 * took. */
size_t oh_cells_add(const struct oh_report_style *s, const char *text, size_t columns,
                    struct oh_text *out);
/* The same without a limit. */
size_t oh_cells_add_all(const struct oh_report_style *s, const char *text, struct oh_text *out);
/* "0.012 s"; what rounds to nothing bears no sign. */
#define OH_SECONDS_TEXT 48
const char *oh_cells_seconds(double time_s, char out[OH_SECONDS_TEXT]);
void oh_cells_repeat(const char *glyph, size_t times, struct oh_text *out);
void oh_cells_pad(size_t columns, struct oh_text *out);

/* A paragraph, escaped and broken at spaces, each line but the first indented by `indent` columns;
 * the first one goes on at column `at`. Words longer than a line are broken, not cut. Ends in a
 * newline. */
void oh_cells_wrap(const struct oh_report_style *s, const char *text, size_t at, size_t indent,
                   struct oh_text *out);

#endif
