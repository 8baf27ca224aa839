/*
 * reports/text.h - what the files of the text form share. Private to reports/.
 *
 * text.c heads and closes a scenario · rows.c its ladder · findings.c what is said of it ·
 * capture_text.c what is otherwise for a phone of a foreign capture · capture_list.c which of its
 * phones are shown, and how · summary.c the end.
 */
#ifndef OH_REPORTS_TEXT_H
#define OH_REPORTS_TEXT_H

#include "reports/json.h"
#include "reports/ladder.h"

/* One scenario being shown. */
struct oh_view {
    const json_t *scenario;
    const struct oh_report_style *style;
    struct oh_text *out;
};

void oh_text_ladder(const struct oh_view *v);
void oh_text_findings(const struct oh_view *v);
/* One finding behind a mark of the caller's, in full; mark and id take `id_width` columns. */
void oh_text_finding(const struct oh_view *v, const json_t *finding, const char *mark,
                     size_t id_width);
/* Whole messages that findings speak of, and all steps: the verbose part. */
void oh_text_details(const struct oh_view *v);

/* --- a phone of a foreign capture: one that has "capture" --- */
/* The ladders of its calls with findings. */
void oh_text_calls(const struct oh_view *v);
/* A finding before this one says the same of another message, and tells of this one, too. */
bool oh_text_is_told(const json_t *scenario, size_t index);
/* How often this was found, and where; nothing where it was found once. */
void oh_text_times(const struct oh_view *v, const json_t *finding, size_t indent);
void oh_text_capture_notes(const struct oh_view *v);
/* Each capture of the report: what it held, who was not judged, what was passed over. */
void oh_text_captures(const json_t *report, const struct oh_report_style *s, struct oh_text *out);

/* "known until 2026-11-21: reason (link)"; nothing where no list knows it. Appends. */
void oh_text_known(const json_t *finding, struct oh_text *out);

/* How findings and verdicts are marked and painted. */
enum oh_paint oh_text_finding_paint(const json_t *finding);
const char *oh_text_finding_mark(const json_t *finding, const struct oh_glyphs *g);
enum oh_paint oh_text_verdict_paint(const char *word);

/* The entry of "seats" or "phones" (key "name" or "seat") with this name; NULL. */
const json_t *oh_text_seat(const json_t *scenario, const char *name);
/* "baresip 1.0.0 at 127.0.0.2:5060". */
void oh_text_phone(const struct oh_report_style *s, const json_t *phone, struct oh_text *out);

/* Appends a sentence with a capital at its beginning; one that begins with no plain word (a step, a
 * path, a name with digits) stays as it is. */
void oh_text_sentence(const char *sentence, struct oh_text *out);

/* Counts of "fail" and "warn" findings of a scenario; `ours` are those about our own messages. */
struct oh_text_counts {
    size_t must, should, known, ours, unchecked;
};
struct oh_text_counts oh_text_count(const json_t *scenario);

#endif
