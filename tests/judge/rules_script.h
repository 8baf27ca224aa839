/* A readable trace as named messages that a test edits, and what the always-on rules say of it.
 *
 * Data: tests/data/rules/. An edit finds a text in one message ("a1-ack") or in all whose names
 * begin alike ("a2*") and puts another in its place; digests are computed after the edits. */
#ifndef OH_TEST_RULES_SCRIPT_H
#define OH_TEST_RULES_SCRIPT_H

#include "judge/rule.h"
#include "judge/script.h"

#include <glob.h>

struct edit {
    const char *in;
    const char *find; /* NULL: the whole message is taken away */
    const char *put;  /* NULL: the line with it is taken away */
};

enum { MAX_EDITS = 12 };

/* `files` is a pattern: "healthy*.txt" is all of them, one after another. */
static void script_read(struct script *s, const char *files)
{
    glob_t found;
    char *pattern = oh_file_join(OH_TEST_DATA "/rules", files);
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    *s = (struct script){0};
    for (size_t i = 0; i < found.gl_pathc; i++)
        script_read_file(s, found.gl_pathv[i]);
    globfree(&found);
    free(pattern);
}

/* --- editing --- */

static bool is_named(const char *name, const char *in)
{
    size_t len = strlen(in);
    return len > 0 && in[len - 1] == '*' ? strncmp(name, in, len - 1) == 0 : strcmp(name, in) == 0;
}

/* Puts `put` for each `find`; how often. */
static size_t replace(char **text, const char *find, const char *put)
{
    struct oh_text out = {0};
    size_t hits = 0;
    const char *at = *text, *hit;
    for (; (hit = strstr(at, find)) != NULL; hits++) {
        const char *from = hit, *to = hit + strlen(find);
        if (!put) {
            while (from > at && from[-1] != '\n')
                from--;
            to = strchr(to, '\n') + 1;
        }
        oh_text_add_span(&out, (struct oh_span){at, (size_t)(from - at)});
        oh_text_add(&out, put ? put : "");
        at = to;
    }
    oh_text_add(&out, at);
    free(*text);
    *text = oh_text_take(&out);
    return hits;
}

static void script_edit(struct script *s, const struct edit *e)
{
    size_t hits = 0;
    for (size_t i = 0; i < s->count; i++) {
        if (!is_named(s->names[i], e->in))
            continue;
        if (e->find) {
            hits += replace(&s->texts[i], e->find, e->put);
        } else {
            s->texts[i][0] = '\0';
            hits++;
        }
    }
    if (hits == 0)
        fail_msg("nothing to edit in %s: %s", e->in, e->find ? e->find : "(the message)");
}

/* --- judging --- */

struct said {
    struct oh_recording *recording;
    struct oh_verdict *verdict;
};

static void said_free(struct said *s)
{
    oh_verdict_free(s->verdict);
    oh_recording_free(s->recording);
}

static struct oh_run *run_of_house(void)
{
    struct oh_run *run = oh_run_new(NULL);
    struct oh_addr none = {0}, phone, proxy, other;
    struct oh_error e = {0};
    assert_int_equal(oh_addr_parse(oh_span_of("127.0.0.2:5060"), &phone, &e), 0);
    assert_int_equal(oh_addr_parse(oh_span_of("127.0.0.1:5060"), &proxy, &e), 0);
    assert_int_equal(oh_addr_parse(oh_span_of("127.0.0.3:5060"), &other, &e), 0);
    (void)oh_run_add_seat(run, "A", "phone", true, &phone, &none);
    (void)oh_run_add_seat(run, "P", "proxy", false, &proxy, &none);
    (void)oh_run_add_seat(run, "B", "phone", true, &other, &none);
    oh_run_add_secret(run, "A", USER, PASSWORD);
    run->capture.complete = true;
    run->ended_wall_ns = 20000 * OH_NS_PER_S; /* watched for long after the last message */
    return run;
}

static void over_tcp(struct oh_trace *t, const char *call_id)
{
    for (size_t i = 0; i < t->msg_count; i++) {
        const struct oh_sip_header *h = oh_sip_msg_header(t->msgs[i].sip, OH_SIP_CALL_ID, 0);
        if (h && oh_span_is(h->value, call_id))
            t->msgs[i].transport = OH_TRANSPORT_TCP;
    }
}

static void judge_again(struct said *s)
{
    s->verdict = oh_alloc(sizeof *s->verdict);
    s->verdict->recording = s->recording;
    oh_rules_apply(s->verdict, s->recording, false);
}

/* Edits a trace and asks the rules. `tcp`: the Call-ID of messages that go over TCP. */
static struct said ask_of(const char *file, const struct edit *edits, size_t count, const char *tcp)
{
    struct script s;
    struct oh_text text = {0};
    struct oh_error e = {0};
    script_read(&s, file);
    for (size_t i = 0; i < count && edits[i].in; i++)
        script_edit(&s, &edits[i]);
    compute_all(&s);
    for (size_t i = 0; i < s.count; i++) {
        copy_credentials(&s, i);
        oh_text_add(&text, s.texts[i]);
    }
    struct oh_trace *trace = oh_trace_new();
    if (oh_trace_read_text(trace, file, oh_text_span(&text), &e) < 0)
        fail_msg("%s", e.text);
    if (tcp)
        over_tcp(trace, tcp);
    struct said said = {.recording = oh_recording_make(run_of_house(), trace, &e)};
    assert_non_null(said.recording);
    judge_again(&said);
    oh_text_release(&text);
    script_free(&s);
    return said;
}

static struct said ask(const struct edit *edits, size_t count, const char *tcp)
{
    return ask_of("healthy*.txt", edits, count, tcp);
}

/* Its findings as text. Free it. */
static char *told(const struct oh_verdict *v)
{
    struct oh_text text = {0};
    for (size_t i = 0; i < v->finding_count; i++)
        oh_text_addf(&text, "\n    %s at frame %u: %s (expected %s, observed %s)",
                     v->findings[i].id, v->findings[i].frames[0], v->findings[i].text,
                     v->findings[i].expected ? v->findings[i].expected : "-",
                     v->findings[i].observed ? v->findings[i].observed : "-");
    oh_text_add(&text, "");
    return text.at ? oh_text_take(&text) : oh_strdup("\n    nothing");
}

#endif
