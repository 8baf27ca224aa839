/* 120 edits of what a sound phone sent, drawn by tests/edits/draw.py, each with what the RFCs say
 * of it (tests/data/edits/list.txt): what breaks a clause is found, what a clause allows is not. */
#include "base/file.h"
#include "judge/rule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { EDITS = 120, CAPTURES = 12, ROW_FIELDS = 8 };

/* --- the three files --- */

static char *read_data(const char *name)
{
    struct oh_text text = {0};
    struct oh_error e = {0};
    char *path = oh_file_join(OH_TEST_DATA "/edits", name);
    if (oh_file_read(path, 1 << 20, &text, &e) < 0)
        fail_msg("%s", e.text);
    free(path);
    return oh_text_take(&text);
}

/* The line at `at`, and what follows it. */
static struct oh_span take_line(const char **at)
{
    struct oh_span line = {*at, strcspn(*at, "\n")};
    *at += line.len + ((*at)[line.len] == '\n');
    return line;
}

/* From the line behind "MARK NAME" to the next such mark; the caller frees. */
static char *section_of(const char *all, const char *mark, const char *name)
{
    char *head = oh_format("\n%s%s\n", mark, name), *next = oh_format("\n%s", mark);
    const char *at = strstr(all, head);
    if (!at)
        fail_msg("there is no '%s%s'", mark, name);
    at += strlen(head) - 1;
    const char *end = strstr(at, next);
    char *section = end ? oh_format("%.*s\n", (int)(end - at - 1), at + 1) : oh_strdup(at + 1);
    free(head);
    free(next);
    return section;
}

struct row {
    char *line, *head;
    char *fields[ROW_FIELDS]; /* of the line: number, capture, message, field, kind, due ... */
    unsigned message;
};

static struct row row_of(struct oh_span line)
{
    struct row row = {.line = oh_format("%.*s", (int)line.len, line.at)};
    char *at = row.line;
    for (size_t i = 0; i < ROW_FIELDS; i++) {
        char *bar = strstr(at, " | ");
        row.fields[i] = at;
        if (i == 5)
            row.head = oh_format("%.*s", (int)(at - 3 - row.line), line.at);
        if (i + 1 == ROW_FIELDS)
            break;
        if (!bar)
            fail_msg("%.*s: has not %d fields", (int)line.len, line.at, ROW_FIELDS);
        *bar = '\0';
        at = bar + 3;
    }
    row.message = (unsigned)strtoul(row.fields[2], NULL, 10);
    return row;
}

static void row_free(struct row *row)
{
    free(row->line);
    free(row->head);
}

/* --- editing --- */

/* The lines of the draw behind "@ NUMBER"; NULL: it leaves that line of the message alone. */
static const char *hunk_at(const char *draw, unsigned number)
{
    char *mark = oh_format("@ %u\n", number);
    const char *at = draw;
    while (*at && strncmp(at, mark, strlen(mark)) != 0)
        (void)take_line(&at);
    at = *at ? at + strlen(mark) : NULL;
    free(mark);
    return at;
}

/* Puts a hunk for what it takes away at `at`; how many lines of the message that was. */
static unsigned put_hunk(const char *hunk, const char **at, struct oh_text *out)
{
    unsigned taken = 0;
    while (*hunk == '-' || *hunk == '+') {
        struct oh_span line = take_line(&hunk), text = oh_span_sub(line, 1, line.len);
        if (line.at[0] == '-') {
            struct oh_span old = take_line(at);
            if (!oh_span_equal(old, text))
                fail_msg("the draw is of another capture: %.*s", (int)line.len, line.at);
            taken++;
        } else {
            oh_text_add_span(out, text);
            oh_text_add(out, "\n");
        }
    }
    return taken;
}

/* The capture with message `number` edited; 0: as it is. */
static char *edited(const char *capture, unsigned number, const char *draw)
{
    struct oh_text out = {0};
    unsigned message = 0, line_number = 0;
    bool inside = false;
    while (*capture) {
        const char *hunk = inside && message == number ? hunk_at(draw, line_number + 1) : NULL;
        if (hunk) {
            line_number += put_hunk(hunk, &capture, &out);
            continue;
        }
        struct oh_span line = take_line(&capture);
        if (!inside && line.len > 0 && line.at[0] != '#') {
            inside = true;
            message++;
            line_number = 0;
        } else {
            line_number++;
            inside = inside && !oh_span_is(line, ".");
        }
        oh_text_add_span(&out, line);
        oh_text_add(&out, "\n");
    }
    return oh_text_take(&out);
}

/* --- judging --- */

static void add_seat(struct oh_run *run, const char *name, const char *address)
{
    struct oh_addr sip, none = {0};
    struct oh_error e = {0};
    assert_int_equal(oh_addr_parse(oh_span_of(address), &sip, &e), 0);
    bool is_phone = strcmp(name, "A") == 0;
    (void)oh_run_add_seat(run, name, is_phone ? "phone" : "proxy", is_phone, &sip, &none);
}

/* Seats and account, as the comments of the capture tell them. */
static struct oh_run *run_of(const char *capture)
{
    struct oh_run *run = oh_run_new(NULL);
    while (*capture == '#') {
        char a[64], b[64], c[64];
        struct oh_span line = take_line(&capture);
        char *text = oh_format("%.*s", (int)line.len, line.at);
        if (sscanf(text, "# seat %63s %63s", a, b) == 2)
            add_seat(run, a, b);
        else if (sscanf(text, "# phone %63s %63s %63s", a, b, c) == 3)
            oh_run_add_secret(run, a, b, c);
        free(text);
    }
    run->capture.complete = true;
    return run;
}

struct said {
    struct oh_recording *recording;
    struct oh_verdict *verdict;
};

static struct said judge(const char *capture)
{
    struct said said = {0};
    struct oh_error e = {0};
    struct oh_trace *trace = oh_trace_new();
    if (oh_trace_read_text(trace, "captures.txt", oh_span_of(capture), &e) < 0)
        fail_msg("line %u: %s", e.place.line, e.text);
    said.recording = oh_recording_make(run_of(capture), trace, &e);
    assert_non_null(said.recording);
    said.verdict = oh_alloc(sizeof *said.verdict);
    said.verdict->recording = said.recording;
    oh_rules_apply(said.verdict, said.recording, false);
    return said;
}

static void said_free(struct said *s)
{
    oh_verdict_free(s->verdict);
    oh_recording_free(s->recording);
}

static bool cites(const struct oh_finding *f, unsigned frame)
{
    for (size_t i = 0; i < f->frame_count; i++) {
        if (f->frames[i] == frame)
            return true;
    }
    return false;
}

/* A finding against the phone of that level, or a graver one, that cites the message. */
static bool is_found(const struct oh_verdict *v, unsigned frame, bool must)
{
    for (size_t i = 0; i < v->finding_count; i++) {
        const struct oh_finding *f = &v->findings[i];
        if (f->from_phone && cites(f, frame) && (!must || f->level == OH_LEVEL_MUST))
            return true;
    }
    return false;
}

static void tell(struct oh_text *out, const struct oh_verdict *v)
{
    for (size_t i = 0; i < v->finding_count; i++) {
        const struct oh_finding *f = &v->findings[i];
        oh_text_addf(out, "    %s %s at frame %u: %s\n",
                     f->level == OH_LEVEL_MUST ? "must" : "should", f->id, f->frames[0], f->text);
    }
    if (v->finding_count == 0)
        oh_text_add(out, "    nothing is found\n");
}

struct count {
    unsigned due, found, lawful, silent;
    struct oh_text differences;
};

static void hold(struct count *count, const struct row *row, const struct oh_verdict *v)
{
    bool lawful = strcmp(row->fields[5], "silent") == 0;
    bool right = lawful ? v->finding_count == 0
                        : is_found(v, row->message, strcmp(row->fields[5], "must") == 0);
    count->due += !lawful;
    count->found += !lawful && right;
    count->lawful += lawful;
    count->silent += lawful && right;
    if (right)
        return;
    oh_text_addf(&count->differences, "  %s | %s | %s\n", row->head, row->fields[5],
                 row->fields[6]);
    tell(&count->differences, v);
}

/* --- tests --- */

static void the_captures_as_recorded_are_silent(void **state)
{
    (void)state;
    char *captures = read_data("captures.txt");
    unsigned count = 0;
    for (const char *at = strstr(captures, "\n# = "); at; at = strstr(at + 1, "\n# = ")) {
        const char *name_at = at + 5;
        struct oh_span line = take_line(&name_at);
        char *name = oh_format("%.*s", (int)line.len, line.at);
        char *capture = section_of(captures, "# = ", name);
        struct said said = judge(capture);
        struct oh_text told = {0};
        tell(&told, said.verdict);
        if (said.verdict->finding_count > 0)
            fail_msg("%s:\n%s", name, oh_text_str(&told));
        oh_text_release(&told);
        said_free(&said);
        free(capture);
        free(name);
        count++;
    }
    assert_int_equal(count, CAPTURES);
    free(captures);
}

static void what_breaks_a_clause_is_found_and_what_is_allowed_is_not(void **state)
{
    (void)state;
    char *captures = read_data("captures.txt"), *drawn = read_data("drawn.txt");
    char *list = read_data("list.txt");
    struct count count = {0};
    for (const char *at = list; *at;) {
        struct oh_span line = take_line(&at);
        if (line.len == 0 || line.at[0] == '#')
            continue;
        struct row row = row_of(line);
        char *draw = section_of(drawn, "= ", row.head);
        char *capture = section_of(captures, "# = ", row.fields[1]);
        char *text = edited(capture, row.message, draw);
        struct said said = judge(text);
        hold(&count, &row, said.verdict);
        said_free(&said);
        free(text);
        free(capture);
        free(draw);
        row_free(&row);
    }
    print_message("%u of %u found, %u of %u silent\n", count.found, count.due, count.silent,
                  count.lawful);
    fputs(oh_text_str(&count.differences), stderr); /* longer than a message of cmocka */
    assert_int_equal(count.due + count.lawful, EDITS);
    assert_int_equal(count.found, count.due);
    assert_int_equal(count.silent, count.lawful);
    oh_text_release(&count.differences);
    free(list);
    free(drawn);
    free(captures);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_captures_as_recorded_are_silent),
        cmocka_unit_test(what_breaks_a_clause_is_found_and_what_is_allowed_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
