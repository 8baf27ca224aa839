/*
 * reports/ladder.h - drawing a ladder: lifelines, arrows, notes. Private to reports/.
 *
 * The same drawing serves live progress (two columns) and the text form (up to four).
 */
#ifndef OH_REPORTS_LADDER_H
#define OH_REPORTS_LADDER_H

#include "reports/cells.h"

#define OH_LADDER_MAX_COLUMNS 4

struct oh_ladder {
    const struct oh_report_style *style;
    size_t columns;
    size_t gap; /* between two lifelines */
};
struct oh_ladder oh_ladder_of(const struct oh_report_style *style, size_t columns);

struct oh_ladder_row {
    double time_s;
    bool has_time;
    size_t from, to;     /* lifelines; an arrow where they differ */
    const char *label;   /* plain or from the wire: it is escaped and cut */
    bool dashed;         /* what never came */
    bool dim;            /* outside the flow, or a repeat */
    enum oh_paint paint; /* of the label */
    unsigned frame;      /* 0: none */
    const char *mark;    /* remark at the right; NULL */
    enum oh_paint mood;  /* of the mark */
};
/* An arrow from one lifeline to another. */
void oh_ladder_arrow(const struct oh_ladder *l, const struct oh_ladder_row *row,
                     struct oh_text *out);
/* Something that happens at one lifeline (`from`). */
void oh_ladder_event(const struct oh_ladder *l, const struct oh_ladder_row *row,
                     struct oh_text *out);
/* Between two lifelines, as a line of dots: media. */
void oh_ladder_dots(const struct oh_ladder *l, const struct oh_ladder_row *row,
                    struct oh_text *out);
/* A cut through all lifelines, with a word in it. */
void oh_ladder_cut(const struct oh_ladder *l, const char *word, struct oh_text *out);
/* Names over the lifelines, and a line of lifelines. */
void oh_ladder_names(const struct oh_ladder *l, const char *const *names, struct oh_text *out);

#endif
