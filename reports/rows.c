/* The ladder of one scenario: its messages, and what happened between them, in order of time. */
#include "reports/text.h"

#include <stdlib.h>
#include <string.h>

/* --- lifelines --- */

struct parties {
    const char *names[OH_LADDER_MAX_COLUMNS];
    size_t count, phones;
    bool folded; /* more parties than columns: all that are no phones share the last one */
};

static size_t index_of(const struct parties *p, const char *name)
{
    size_t i = 0;
    while (i < p->count && strcmp(p->names[i], name) != 0)
        i++;
    return i;
}

static void add_party(struct parties *p, const char *name)
{
    if (!*name || index_of(p, name) < p->count)
        return;
    if (p->count == OH_LADDER_MAX_COLUMNS) {
        p->folded = true;
        return;
    }
    p->names[p->count++] = name;
}

static bool is_phone(const json_t *scenario, const char *name)
{
    return oh_json_flag(oh_text_seat(scenario, name), "phone");
}

static bool is_hidden(const json_t *message)
{
    return json_object_get(message, "duplicate_of") != NULL;
}

/* Those that a message touches; phones first. */
static void add_touched(struct parties *p, const json_t *scenario, bool phones)
{
    static const char *const ends[] = {"from", "to"};
    for (size_t i = 0; i < oh_json_count(scenario, "messages"); i++) {
        const json_t *message = oh_json_item(scenario, "messages", i);
        for (size_t k = 0; k < 2 && !is_hidden(message); k++) {
            const char *name = oh_json_str(message, ends[k]);
            if (is_phone(scenario, name) == phones)
                add_party(p, name);
        }
    }
}

/* A ladder has two sides, whoever spoke. */
static void fill_up(struct parties *p, const json_t *scenario)
{
    for (size_t i = 0; p->count < 2 && i < oh_json_count(scenario, "seats"); i++)
        add_party(p, oh_json_str(oh_json_item(scenario, "seats", i), "name"));
    while (p->count < 2)
        p->names[p->count] = p->count == 0 ? "phone" : "offhook", p->count++;
}

static struct parties parties_of(const json_t *scenario)
{
    struct parties p = {.count = 0};
    for (size_t i = 0; i < oh_json_count(scenario, "seats"); i++) {
        const json_t *seat = oh_json_item(scenario, "seats", i);
        if (oh_json_flag(seat, "phone"))
            add_party(&p, oh_json_str(seat, "name"));
    }
    add_touched(&p, scenario, true);
    p.phones = p.count;
    add_touched(&p, scenario, false);
    fill_up(&p, scenario);
    if (p.folded) {
        p.phones = p.phones < OH_LADDER_MAX_COLUMNS ? p.phones : OH_LADDER_MAX_COLUMNS - 1;
        p.phones = p.phones ? p.phones : 1;
        p.count = p.phones + 1;
        p.names[p.phones] = "others";
    }
    return p;
}

/* Parties that no message touches stand behind the first that is no phone. */
static size_t column_of(const struct parties *p, const char *name)
{
    size_t i = index_of(p, name);
    if (i < p->count)
        return i;
    return p->folded || p->phones >= p->count ? p->count - 1 : p->phones;
}

/* --- what is drawn between messages --- */

enum row_kind { ROW_STEP, ROW_ABSENCE, ROW_EVENT };

struct row {
    enum row_kind kind;
    double time_s;
    size_t order;
    const json_t *json;
};

struct drawing {
    const struct oh_view *view;
    struct parties parties;
    struct oh_ladder ladder;
    const struct oh_glyphs *glyphs;
    struct row *rows;
    size_t row_count, row_room, next_row;
    int phase; /* reached so far; -1: none */
};

static const json_t *step_of_finding(const json_t *scenario, const json_t *finding)
{
    json_int_t line = oh_json_integer(finding, "line", -1);
    for (size_t i = 0; i < oh_json_count(scenario, "steps"); i++) {
        const json_t *step = oh_json_item(scenario, "steps", i);
        if (oh_json_integer(step, "line", -2) == line)
            return step;
    }
    return NULL;
}

static bool is_between(const json_t *step) /* media and silence: no message, no action */
{
    return oh_json_is(step, "kind", "media") || oh_json_is(step, "kind", "silence");
}

static void add_row(struct drawing *d, enum row_kind kind, const json_t *json)
{
    oh_grow(&d->rows, d->row_count, &d->row_room, sizeof *d->rows);
    d->rows[d->row_count] = (struct row){kind, oh_json_number(json, "time_s"), d->row_count, json};
    d->row_count++;
}

/* What befell the phone's program, and what it refused; the rest only on demand. */
static bool is_event_shown(const struct drawing *d, const json_t *event)
{
    static const char *const troubles[] = {"failed",  "exited",    "killed",
                                           "stopped", "continued", "hung"};
    const char *detail = oh_json_str(event, "detail");
    if (oh_json_is(event, "event", "refused"))
        return true;
    for (size_t i = 0; i < sizeof troubles / sizeof *troubles; i++) {
        size_t len = strlen(troubles[i]);
        if (oh_json_is(event, "event", "phone") && strncmp(detail, troubles[i], len) == 0 &&
            (!detail[len] || detail[len] == ':'))
            return true;
    }
    bool is_step = oh_json_is(event, "event", "told") && oh_json_has(event, "step");
    return d->view->style->verbose && !is_step;
}

static int by_time(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    if (x->time_s < y->time_s || x->time_s > y->time_s)
        return x->time_s < y->time_s ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

static void collect_rows(struct drawing *d)
{
    const json_t *scenario = d->view->scenario;
    for (size_t i = 0; i < oh_json_count(scenario, "steps"); i++) {
        const json_t *step = oh_json_item(scenario, "steps", i);
        if (!oh_json_is(step, "kind", "message") && oh_json_has(step, "time_s"))
            add_row(d, ROW_STEP, step);
    }
    for (size_t i = 0; i < oh_json_count(scenario, "findings"); i++) {
        const json_t *finding = oh_json_item(scenario, "findings", i);
        const json_t *step = step_of_finding(scenario, finding);
        bool on_step = is_between(step) && oh_json_has(step, "time_s");
        if (!oh_json_has(finding, "message") && !on_step)
            add_row(d, ROW_ABSENCE, finding);
    }
    for (size_t i = 0; i < oh_json_count(scenario, "events"); i++) {
        const json_t *event = oh_json_item(scenario, "events", i);
        if (is_event_shown(d, event))
            add_row(d, ROW_EVENT, event);
    }
    if (d->row_count > 1)
        qsort(d->rows, d->row_count, sizeof *d->rows, by_time);
}

/* --- remarks --- */

/* "ack.branch, ack.cseq" of the findings for which `key` is `value`, with the mark of the gravest.
 */
static void add_remark(const struct drawing *d, const char *key, json_int_t value,
                       struct oh_text *mark, enum oh_paint *mood)
{
    static const enum oh_paint grave[] = {OH_PAINT_BAD, OH_PAINT_WARN, OH_PAINT_DIM};
    const json_t *scenario = d->view->scenario;
    for (size_t g = 0; g < sizeof grave / sizeof *grave; g++) {
        for (size_t i = 0; i < oh_json_count(scenario, "findings"); i++) {
            const json_t *finding = oh_json_item(scenario, "findings", i);
            if (oh_json_integer(finding, key, -1) != value ||
                oh_text_finding_paint(finding) != grave[g])
                continue;
            if (mark->len == 0) {
                *mood = grave[g];
                oh_text_addf(mark, "%s ", oh_text_finding_mark(finding, d->glyphs));
            } else {
                oh_text_add(mark, ", ");
            }
            oh_text_add(mark, oh_json_str(finding, "id"));
        }
    }
}

/* A phone's message that did all that its step asks for. */
static bool is_fine(const json_t *scenario, const json_t *message, size_t index)
{
    if (!is_phone(scenario, oh_json_str(message, "from")))
        return false;
    for (size_t i = 0; i < oh_json_count(scenario, "steps"); i++) {
        const json_t *step = oh_json_item(scenario, "steps", i);
        if (oh_json_integer(step, "message", -1) == (json_int_t)index)
            return oh_json_is(step, "verdict", "pass");
    }
    return false;
}

static void add_word(struct oh_text *mark, const char *word)
{
    if (mark->len > 0)
        oh_text_add(mark, ", ");
    oh_text_add(mark, word);
}

static void remark(const struct drawing *d, const json_t *message, size_t index,
                   struct oh_text *mark, enum oh_paint *mood)
{
    *mood = OH_PAINT_DIM;
    add_remark(d, "message", (json_int_t)index, mark, mood);
    if (mark->len == 0 && is_fine(d->view->scenario, message, index)) {
        *mood = OH_PAINT_GOOD;
        oh_text_add(mark, d->glyphs->good);
    }
    if (json_object_get(message, "repeat_of"))
        add_word(mark, "repeat");
    if (oh_json_flag(message, "stray"))
        add_word(mark, "stray: not at a socket of ours");
    if (oh_json_flag(message, "lost"))
        add_word(mark, "not in the capture");
}

/* --- drawing --- */

static const char *const phases[] = {"preparing", "flow", "closing"};

/* Draws the borders between preparing, flow and closing; phases never go back. */
static void enter(struct drawing *d, const char *phase)
{
    static const char *const words[] = {"preparing", "the flow", "closing"};
    for (int i = 0; i < 3; i++) {
        if (strcmp(phase, phases[i]) != 0 || i <= d->phase)
            continue;
        if (d->phase >= 0 || i == 0)
            oh_ladder_cut(&d->ladder, words[i], d->view->out);
        d->phase = i;
        return;
    }
}

/* The part of "A -> P: ACK" behind the colon. */
static const char *what(const char *step_text)
{
    const char *colon = strstr(step_text, ": ");
    return colon ? colon + 2 : step_text;
}

static size_t packets(const json_t *scenario, const char *from, const char *to)
{
    size_t count = 0;
    for (size_t i = 0; i < oh_json_count(scenario, "media"); i++) {
        const json_t *stream = oh_json_item(scenario, "media", i);
        if (oh_json_is(stream, "from", from) && oh_json_is(stream, "to", to))
            count += (size_t)oh_json_integer(stream, "packets", 0);
    }
    return count;
}

static void draw_media(struct drawing *d, const json_t *step, struct oh_ladder_row *row)
{
    const json_t *scenario = d->view->scenario;
    const char *from = oh_json_str(step, "from"), *to = oh_json_str(step, "to");
    bool both = strstr(oh_json_str(step, "text"), "<->") != NULL;
    bool turned = both && !is_phone(scenario, from);
    const char *phone = turned ? to : from, *other = turned ? from : to;
    const char *name = what(oh_json_str(step, "text")); /* the counts are the whole call's */
    char *label = strcmp(name, "RTP") != 0 ? oh_strdup(name)
                  : both ? oh_format("RTP: %zu sent, %zu received", packets(scenario, phone, other),
                                     packets(scenario, other, phone))
                         : oh_format("RTP: %zu sent", packets(scenario, from, to));
    row->label = label;
    row->from = column_of(&d->parties, from);
    row->to = column_of(&d->parties, to);
    oh_ladder_dots(&d->ladder, row, d->view->out);
    free(label);
}

static void draw_action(struct drawing *d, const json_t *step, struct oh_ladder_row *row)
{
    const char *number = oh_json_str(step, "number");
    char *label = oh_format("%s%s%s%s", oh_json_str(step, "text"), *number ? " (" : "", number,
                            *number ? ")" : "");
    row->label = label;
    row->paint = OH_PAINT_USER;
    row->from = column_of(&d->parties, oh_json_str(step, "from"));
    oh_ladder_event(&d->ladder, row, d->view->out);
    free(label);
}

static void draw_step(struct drawing *d, const json_t *step, struct oh_ladder_row *row)
{
    struct oh_text mark = {0};
    row->mood = OH_PAINT_DIM;
    enter(d, "flow");
    if (is_between(step))
        add_remark(d, "line", oh_json_integer(step, "line", -2), &mark, &row->mood);
    row->mark = oh_text_str(&mark);
    if (oh_json_is(step, "kind", "action")) {
        draw_action(d, step, row);
    } else if (oh_json_is(step, "kind", "media")) {
        draw_media(d, step, row);
    } else {
        row->label = oh_json_str(step, "text");
        if (oh_json_is(step, "kind", "connection"))
            row->from = column_of(&d->parties, oh_json_str(step, "from"));
        oh_ladder_event(&d->ladder, row, d->view->out);
    }
    oh_text_release(&mark);
}

static void draw_absence(struct drawing *d, const json_t *finding, struct oh_ladder_row *row)
{
    const json_t *step = step_of_finding(d->view->scenario, finding);
    const char *name = what(oh_json_str(finding, "step"));
    char *mark;
    enter(d, "flow");
    row->paint = row->mood = oh_text_finding_paint(finding);
    if (oh_json_is(finding, "id", "flow.missing") && step) {
        mark = oh_format("%s %s never came", oh_text_finding_mark(finding, d->glyphs), name);
        row->label = name;
        row->dashed = true;
        row->from = column_of(&d->parties, oh_json_str(step, "from"));
        row->to = column_of(&d->parties, oh_json_str(step, "to"));
    } else {
        mark = oh_strdup(oh_text_finding_mark(finding, d->glyphs));
        row->label = oh_json_str(finding, "id");
    }
    row->mark = mark;
    oh_ladder_arrow(&d->ladder, row, d->view->out);
    free(mark);
}

static void draw_event(struct drawing *d, const json_t *event, struct oh_ladder_row *row)
{
    const char *kind = oh_json_str(event, "event"), *detail = oh_json_str(event, "detail");
    bool ended = strncmp(oh_json_str(d->view->scenario, "outcome"), "phone-", 6) == 0;
    char *label = oh_format("%s%s%s", kind, *detail ? ": " : "", detail);
    row->label = label;
    row->paint = ended && oh_json_is(event, "event", "phone") ? OH_PAINT_BAD : OH_PAINT_DIM;
    size_t column = index_of(&d->parties, oh_json_str(event, "seat"));
    row->from = column < d->parties.count ? column : 0;
    oh_ladder_event(&d->ladder, row, d->view->out);
    free(label);
}

static void draw_row(struct drawing *d, const struct row *r)
{
    struct oh_ladder_row row = {.time_s = r->time_s, .has_time = true};
    if (r->kind == ROW_STEP)
        draw_step(d, r->json, &row);
    else if (r->kind == ROW_ABSENCE)
        draw_absence(d, r->json, &row);
    else
        draw_event(d, r->json, &row);
}

static void draw_message(struct drawing *d, const json_t *message, size_t index)
{
    struct oh_text label = {0}, mark = {0};
    bool in_flow = !oh_json_has(message, "phase") || oh_json_is(message, "phase", "flow");
    struct oh_ladder_row row = {
        .time_s = oh_json_number(message, "time_s"),
        .has_time = true,
        .from = column_of(&d->parties, oh_json_str(message, "from")),
        .to = column_of(&d->parties, oh_json_str(message, "to")),
        .dim = !in_flow || json_object_get(message, "repeat_of") != NULL,
        .frame = (unsigned)oh_json_integer(message, "frame", 0),
    };
    enter(d, oh_json_str(message, "phase"));
    oh_ladder_label_text(oh_span_of(oh_json_str(message, "text")), &label);
    if (label.len == 0)
        oh_text_add(&label, oh_json_str(message, "start_line"));
    remark(d, message, index, &mark, &row.mood);
    row.label = oh_text_str(&label);
    row.mark = oh_text_str(&mark);
    oh_ladder_arrow(&d->ladder, &row, d->view->out);
    oh_text_release(&label);
    oh_text_release(&mark);
}

static void draw_rows_until(struct drawing *d, double time_s, bool all)
{
    for (; d->next_row < d->row_count; d->next_row++) {
        if (!all && d->rows[d->next_row].time_s > time_s)
            return;
        draw_row(d, &d->rows[d->next_row]);
    }
}

static void draw_names(struct drawing *d)
{
    char *names[OH_LADDER_MAX_COLUMNS];
    const char *shown[OH_LADDER_MAX_COLUMNS];
    for (size_t i = 0; i < d->parties.count; i++) {
        const char *name = d->parties.names[i];
        const char *role = oh_json_str(oh_text_seat(d->view->scenario, name), "role");
        names[i] = oh_format("%s%s%s", name, *role ? " " : "", role);
        shown[i] = names[i];
    }
    oh_ladder_names(&d->ladder, shown, d->view->out);
    for (size_t i = 0; i < d->parties.count; i++)
        free(names[i]);
}

/* Steps that the flow did not come to. */
static void draw_unreached(const struct oh_view *v)
{
    const json_t *first = NULL;
    size_t count = 0;
    for (size_t i = 0; i < oh_json_count(v->scenario, "steps"); i++) {
        const json_t *step = oh_json_item(v->scenario, "steps", i);
        if (!oh_json_is(step, "verdict", "not-reached"))
            continue;
        first = first ? first : step;
        count++;
    }
    if (count == 0)
        return;
    char *text = count == 1 ? oh_format("not reached: %s", oh_json_str(first, "text"))
                            : oh_format("not reached: %zu steps, the first is %s", count,
                                        oh_json_str(first, "text"));
    oh_cells_pad(14, v->out);
    oh_cells_wrap(v->style, text, 14, 14, v->out);
    free(text);
}

/* Messages as they passed on the wire: by time, and where that is the same as they are listed. */
static size_t *order_of(const json_t *scenario, size_t count)
{
    size_t *order = oh_alloc((count + 1) * sizeof *order);
    for (size_t i = 0; i < count; i++) {
        double time_s = oh_json_number(oh_json_item(scenario, "messages", i), "time_s");
        size_t at = i;
        for (; at > 0; at--) {
            const json_t *before = oh_json_item(scenario, "messages", order[at - 1]);
            if (oh_json_number(before, "time_s") <= time_s)
                break;
            order[at] = order[at - 1];
        }
        order[at] = i;
    }
    return order;
}

void oh_text_ladder(const struct oh_view *v)
{
    struct drawing d = {.view = v,
                        .parties = parties_of(v->scenario),
                        .glyphs = oh_cells_glyphs(v->style),
                        .phase = -1};
    d.ladder = oh_ladder_of(v->style, d.parties.count);
    collect_rows(&d);
    size_t messages = oh_json_count(v->scenario, "messages");
    size_t *order = order_of(v->scenario, messages);
    if (messages > 0 || d.row_count > 0)
        draw_names(&d);
    for (size_t i = 0; i < messages; i++) {
        const json_t *message = oh_json_item(v->scenario, "messages", order[i]);
        if (is_hidden(message))
            continue;
        draw_rows_until(&d, oh_json_number(message, "time_s"), false);
        draw_message(&d, message, order[i]);
    }
    free(order);
    draw_rows_until(&d, 0, true);
    if (messages > 0 || d.row_count > 0)
        draw_unreached(v);
    free(d.rows);
}
