/* What is shown of a foreign capture: the ladders of the calls in which something was found, what
 * was found once for all calls, and at the end what the capture held. */
#include "reports/build.h"
#include "reports/identity.h"
#include "reports/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALLS_SHOWN    4
#define MESSAGES_SHOWN 40 /* of a call; of a longer one what is around its findings */
#define AROUND         3
#define FRAMES_SHOWN   6
#define METHODS_SHOWN  4

static const json_t *capture_of(const json_t *scenario)
{
    return json_object_get(scenario, "capture");
}

static bool is_alike(const json_t *a, const json_t *b)
{
    static const char *const keys[] = {"id", "result", "known"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (strcmp(oh_json_str(a, keys[i]), oh_json_str(b, keys[i])) != 0)
            return false;
    }
    return true;
}

/* No finding before it says the same. */
static bool is_first(const json_t *scenario, size_t index)
{
    const json_t *finding = oh_json_item(scenario, "findings", index);
    for (size_t i = 0; i < index; i++) {
        if (is_alike(oh_json_item(scenario, "findings", i), finding))
            return false;
    }
    return true;
}

/* --- one call --- */

struct slice {
    size_t first, count; /* of the messages */
};

static struct slice slice_of(const json_t *dialog)
{
    return (struct slice){(size_t)oh_json_integer(dialog, "first", 0),
                          (size_t)oh_json_integer(dialog, "count", 0)};
}

/* The message that a finding is of, or that called for what never came; -1. */
static json_int_t message_of(const json_t *finding)
{
    json_int_t message = oh_json_integer(finding, "message", -1);
    return message >= 0 ? message : oh_json_integer(finding, "about", -1);
}

static bool is_in(const json_t *finding, struct slice s)
{
    json_int_t at = message_of(finding);
    return at >= (json_int_t)s.first && at < (json_int_t)(s.first + s.count);
}

static bool is_near(const json_t *scenario, struct slice s, size_t index)
{
    for (size_t i = 0; i < oh_json_count(scenario, "findings"); i++) {
        const json_t *finding = oh_json_item(scenario, "findings", i);
        json_int_t far = is_in(finding, s) ? message_of(finding) - (json_int_t)index : AROUND + 1;
        if (far >= -AROUND && far <= AROUND)
            return true;
    }
    return false;
}

static void move_index(json_t *finding, const char *key, const size_t *place, struct slice s)
{
    json_int_t at = oh_json_integer(finding, key, -1);
    if (at >= (json_int_t)s.first && at < (json_int_t)(s.first + s.count))
        json_object_set_new(finding, key,
                            json_integer((json_int_t)place[at - (json_int_t)s.first]));
}

/* The scenario with the messages and findings of one call alone; `*hidden` of its messages are left
 * out. */
static json_t *part_of(const json_t *scenario, struct slice s, size_t *hidden)
{
    json_t *part = json_copy((json_t *)scenario); /* shallow */
    json_t *messages = json_array(), *findings = json_array();
    size_t *place = oh_alloc((s.count + 1) * sizeof *place);
    *hidden = 0;
    for (size_t i = 0; i < s.count; i++) {
        place[i] = json_array_size(messages);
        if (s.count <= MESSAGES_SHOWN || is_near(scenario, s, s.first + i))
            json_array_append(messages,
                              json_array_get(json_object_get(scenario, "messages"), s.first + i));
        else
            ++*hidden;
    }
    for (size_t i = 0; i < oh_json_count(scenario, "findings"); i++) {
        const json_t *finding = oh_json_item(scenario, "findings", i);
        if (!is_in(finding, s))
            continue;
        json_t *copy = json_deep_copy(finding);
        move_index(copy, "message", place, s);
        move_index(copy, "about", place, s);
        json_array_append_new(findings, copy);
    }
    free(place);
    json_object_set_new(part, "messages", messages);
    json_object_set_new(part, "findings", findings);
    return part;
}

static void call_title(const struct oh_view *v, const json_t *dialog, size_t hidden)
{
    struct oh_text text = {0};
    json_int_t left_out = oh_json_integer(dialog, "left_out", 0) + (json_int_t)hidden;
    if (oh_json_has(dialog, "call_id"))
        oh_text_addf(&text, "call %s", oh_json_str(dialog, "call_id"));
    else
        oh_text_add(&text, "a call without a Call-ID");
    if (left_out > 0)
        oh_text_addf(&text, " (%lld of its messages are not shown)", (long long)left_out);
    oh_text_add(v->out, "  ");
    oh_cells_wrap(v->style, oh_text_str(&text), 2, 4, v->out);
    oh_text_release(&text);
}

static void show_call(const struct oh_view *v, const json_t *dialog)
{
    size_t hidden;
    json_t *part = part_of(v->scenario, slice_of(dialog), &hidden);
    struct oh_view view = {part, v->style, v->out};
    call_title(v, dialog, hidden);
    if (oh_json_count(part, "messages") > 0)
        oh_text_ladder(&view);
    oh_text_add_char(v->out, '\n');
    json_decref(part);
}

/* Does it show something that no call before it shows? */
static bool is_telling(const json_t *scenario, struct slice s)
{
    for (size_t i = 0; i < oh_json_count(scenario, "findings"); i++) {
        if (is_in(oh_json_item(scenario, "findings", i), s) && is_first(scenario, i))
            return true;
    }
    return false;
}

void oh_text_calls(const struct oh_view *v)
{
    const json_t *capture = capture_of(v->scenario);
    size_t count = oh_json_count(capture, "dialogs"), shown = 0, told;
    size_t most = v->style->verbose ? count : CALLS_SHOWN;
    for (size_t i = 0; i < count && shown < most; i++) {
        const json_t *dialog = oh_json_item(capture, "dialogs", i);
        if (!v->style->verbose && !is_telling(v->scenario, slice_of(dialog)))
            continue;
        show_call(v, dialog);
        shown++;
    }
    told = (size_t)oh_json_integer(capture, "calls_with_findings", 0);
    if (shown > 0 && told > shown)
        oh_text_addf(v->out, "  %zu more call%s with findings %s not shown%s\n\n", told - shown,
                     told - shown == 1 ? "" : "s", told - shown == 1 ? "is" : "are",
                     v->style->verbose ? "" : "; --verbose and report.json have more");
}

/* --- what was found --- */

/* What findings alike have in common, and in what they differ. */
struct alike {
    json_int_t times, calls;
    struct oh_text methods, frames;
    size_t method_count, frame_count;
};

static void add_to_list(struct oh_text *list, size_t *count, size_t most, const char *word)
{
    if (*count < most)
        oh_text_addf(list, "%s%s", *count ? ", " : "", word);
    else if (*count == most)
        oh_text_add(list, ", ...");
    ++*count;
}

/* Is it the first of these of its method? */
static bool is_new_method(const json_t *scenario, const json_t *finding, size_t first, size_t index)
{
    for (size_t i = first; i < index; i++) {
        const json_t *other = oh_json_item(scenario, "findings", i);
        if (is_alike(finding, other) && oh_json_is(other, "method", oh_json_str(finding, "method")))
            return false;
    }
    return *oh_json_str(finding, "method") != '\0';
}

static void add_alike(struct alike *a, const json_t *scenario, size_t first, size_t index)
{
    const json_t *finding = oh_json_item(scenario, "findings", index);
    json_int_t frame = json_integer_value(oh_json_item(finding, "frames", 0));
    json_int_t calls = oh_json_integer(finding, "calls", 1);
    char number[24];
    snprintf(number, sizeof number, "%lld", (long long)frame);
    a->times += oh_report_weight(finding);
    a->calls = calls > a->calls ? calls : a->calls;
    if (frame > 0)
        add_to_list(&a->frames, &a->frame_count, FRAMES_SHOWN, number);
    if (is_new_method(scenario, finding, first, index))
        add_to_list(&a->methods, &a->method_count, METHODS_SHOWN, oh_json_str(finding, "method"));
}

/* "20 times, in 20 calls, of INVITE, BYE: frames 3, 12, ..." */
static void add_times(const json_t *scenario, size_t first, struct oh_text *text)
{
    const json_t *finding = oh_json_item(scenario, "findings", first);
    struct alike a = {0};
    for (size_t i = first; i < oh_json_count(scenario, "findings"); i++) {
        if (is_alike(finding, oh_json_item(scenario, "findings", i)))
            add_alike(&a, scenario, first, i);
    }
    if (a.times > 1) {
        oh_text_addf(text, "%lld times", (long long)a.times);
        if (a.calls > 1)
            oh_text_addf(text, ", in %lld calls", (long long)a.calls);
        if (a.method_count > 1)
            oh_text_addf(text, ", of %s", oh_text_str(&a.methods));
        if (a.frame_count > 0)
            oh_text_addf(text, ": frames %s%s", oh_text_str(&a.frames),
                         a.frame_count <= FRAMES_SHOWN && a.times > (json_int_t)a.frame_count
                             ? ", ..."
                             : "");
    }
    oh_text_release(&a.methods);
    oh_text_release(&a.frames);
}

void oh_text_times(const struct oh_view *v, const json_t *finding, size_t indent)
{
    size_t i = 0, count = oh_json_count(v->scenario, "findings");
    struct oh_text text = {0};
    while (i < count && oh_json_item(v->scenario, "findings", i) != finding)
        i++;
    if (i < count)
        add_times(v->scenario, i, &text);
    if (text.len > 0) {
        oh_cells_pad(indent, v->out);
        oh_cells_wrap(v->style, oh_text_str(&text), indent, indent, v->out);
    }
    oh_text_release(&text);
}

bool oh_text_is_told(const json_t *scenario, size_t index)
{
    return capture_of(scenario) && !is_first(scenario, index);
}

/* What weakens the evidence, and what is not in the report. */
void oh_text_capture_notes(const struct oh_view *v)
{
    const json_t *capture = capture_of(v->scenario);
    struct oh_text text = {0};
    for (size_t i = 0; i < oh_json_count(capture, "missing"); i++)
        oh_text_addf(&text, "%s ", json_string_value(oh_json_item(capture, "missing", i)));
    if (text.len > 0) {
        oh_text_add(&text, "What could not be seen is held against nobody.");
        oh_text_add(v->out, "  evidence: ");
        oh_cells_wrap(v->style, oh_text_str(&text), 12, 12, v->out);
    }
    oh_text_clear(&text);
    if (oh_json_integer(capture, "untold", 0) > 0)
        oh_text_addf(&text, "%lld more findings are only counted: the report is full.",
                     (long long)oh_json_integer(capture, "untold", 0));
    if (text.len > 0) {
        oh_cells_pad(2, v->out);
        oh_cells_wrap(v->style, oh_text_str(&text), 2, 2, v->out);
    }
    oh_text_release(&text);
}

void oh_report_call_text(const json_t *call, const struct oh_report_style *style,
                         struct oh_text *out)
{
    struct oh_view v = {call, style, out};
    const json_t *phone = oh_json_item(call, "phones", 0);
    struct oh_text text = {0};
    oh_text_add(&text, oh_json_str(call, "id"));
    oh_cells_paint(style, OH_PAINT_STRONG, oh_text_str(&text), out);
    oh_text_addf(out, "   ");
    oh_cells_add_all(style, oh_json_str(phone, "name"), out);
    oh_text_add_char(out, '\n');
    oh_text_calls(&v);
    oh_text_findings(&v);
    oh_text_release(&text);
}

/* --- the capture --- */

static void add_part(struct oh_text *text, json_int_t count, const char *one, const char *many)
{
    if (count == 0)
        return;
    oh_text_add(text, text->len ? ", " : "");
    oh_text_addf(text, "%lld %s", (long long)count, count == 1 ? one : many);
}

static void show_skipped(const json_t *capture, const struct oh_report_style *s,
                         struct oh_text *out)
{
    static const struct {
        const char *key, *one, *many;
    } parts[] = {
        {"cut_frames", "frame cut by the snap length", "frames cut by the snap length"},
        {"unfinished_datagrams", "datagram with fragments missing",
         "datagrams with fragments missing"},
        {"tcp_gaps", "gap in a SIP connection", "gaps in SIP connections"},
        {"other_packets", "packet that is neither UDP nor TCP",
         "packets that are neither UDP nor TCP"},
        {"other_datagrams", "datagram that is neither SIP nor media of a call",
         "datagrams that are neither SIP nor media of a call"},
        {"other_tcp", "TCP segment without SIP", "TCP segments without SIP"},
    };
    const json_t *skipped = json_object_get(capture, "skipped");
    struct oh_text text = {0};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        add_part(&text, oh_json_integer(skipped, parts[i].key, 0), parts[i].one, parts[i].many);
    if (text.len > 0) {
        oh_text_add(out, "  passed over: ");
        oh_cells_wrap(s, oh_text_str(&text), 15, 4, out);
    }
    oh_text_clear(&text);
    if (json_is_false(json_object_get(capture, "complete"))) {
        oh_text_add(out, "  ");
        oh_cells_wrap(
            s,
            "The capture is not complete: of what may lie in its gaps, absences and times "
            "are not judged.",
            2, 4, out);
    }
    oh_text_release(&text);
}

static void show_others(const json_t *capture, const struct oh_report_style *s, struct oh_text *out)
{
    size_t count = oh_json_count(capture, "others"), most = s->verbose ? count : 5;
    json_int_t more = oh_json_integer(capture, "more_others", 0);
    struct oh_text text = {0};
    for (size_t i = 0; i < count && i < most; i++) {
        const json_t *other = oh_json_item(capture, "others", i);
        oh_text_addf(&text, "%s%s (%s, %lld message%s)", i ? ", " : "",
                     oh_json_str(other, "address"), oh_json_str(other, "kind"),
                     (long long)oh_json_integer(other, "messages", 0),
                     oh_json_integer(other, "messages", 0) == 1 ? "" : "s");
    }
    if (count > most)
        more += (json_int_t)(count - most);
    if (more > 0)
        oh_text_addf(&text, " and %lld more", (long long)more);
    if (count > 0) {
        oh_text_add(out, "  not judged: ");
        oh_cells_wrap(s, oh_text_str(&text), 14, 4, out);
    }
    oh_text_release(&text);
}

static void show_capture(const json_t *capture, const struct oh_report_style *s,
                         struct oh_text *out)
{
    struct oh_text text = {0};
    const char *file = oh_json_str(capture, "file");
    oh_text_addf(&text, "capture %s: ", strcmp(file, "-") == 0 ? "on standard input" : file);
    struct oh_text parts = {0};
    add_part(&parts, oh_json_integer(capture, "frames", 0), "frame", "frames");
    add_part(&parts, oh_json_integer(capture, "messages", 0), "SIP message", "SIP messages");
    add_part(&parts, oh_json_integer(capture, "calls", 0), "call", "calls");
    add_part(&parts, oh_json_integer(capture, "media_packets", 0), "media packet", "media packets");
    oh_text_addf(&text, "%s; %lld phone%s judged", parts.len ? oh_text_str(&parts) : "no frames",
                 (long long)oh_json_integer(capture, "phones", 0),
                 oh_json_integer(capture, "phones", 0) == 1 ? "" : "s");
    oh_cells_wrap(s, oh_text_str(&text), 0, 2, out);
    oh_text_release(&text);
    oh_text_release(&parts);
    show_others(capture, s, out);
    show_skipped(capture, s, out);
}

void oh_text_captures(const json_t *report, const struct oh_report_style *s, struct oh_text *out)
{
    size_t others = 0;
    for (size_t i = 0; i < oh_json_count(report, "captures"); i++) {
        show_capture(oh_json_item(report, "captures", i), s, out);
        others += oh_json_count(oh_json_item(report, "captures", i), "others");
    }
    if (others > 0)
        oh_text_add(out, "to judge one of those, or one phone alone: --phone-address IP[:PORT]\n");
}
