/* The kill matrix: what a sound phone was captured with, one edit of it for each rule, which gives
 * this rule's finding and no other must, and the capture as it was, silent.
 *
 * Data: tests/data/kills/. A capture is readable text as tests/kills/captures.py wrote it, judged
 * as a stranger's, without a run. OFFHOOK_KILL_MATRIX in the environment: rule x capture is
 * printed. */
static const char *user = "", *password = "";
#define USER     user
#define PASSWORD password

#include "judge/rules_script.h"

#include <stdio.h>

#define FOLDER OH_TEST_DATA "/kills"

enum { MAX_ROWS = 1024, MAX_RULES = 512, FIELDS = 5 };

#define WATCHED_NS (20000 * OH_NS_PER_S) /* long after the last message */
#define IN_RUN     ", in a run"

/* --- captures --- */

struct capture {
    char *name, *text;
    char *phone, *user, *password; /* address; account, empty: none is known */
};

static struct capture *captures;
static size_t capture_count, capture_room;

static char *read_all(const char *path)
{
    struct oh_text text = {0};
    struct oh_error e = {0};
    if (oh_file_read(path, 1 << 20, &text, &e) < 0)
        fail_msg("%s: %s", path, e.text);
    return oh_text_take(&text);
}

/* The n-th word behind "# KEY: " in the head. The caller frees. */
static char *head_word(const char *text, const char *key, size_t n)
{
    char *mark = oh_format("\n# %s:", key);
    const char *at = strstr(text, mark);
    at = at ? at + strlen(mark) : "\n";
    for (; *at == ' ' && n > 0; n--)
        at += 1 + strcspn(at + 1, " \n");
    char *word = oh_format("%.*s", *at == ' ' ? (int)strcspn(at + 1, " \n") : 0, at + 1);
    free(mark);
    return word;
}

static int read_captures(void **state)
{
    struct oh_error e = {0};
    char **files = oh_file_list(FOLDER "/captures", ".txt", &e);
    (void)state;
    assert_non_null(files);
    for (size_t i = 0; files[i]; i++) {
        oh_grow(&captures, capture_count, &capture_room, sizeof *captures);
        struct capture *c = &captures[capture_count++];
        const char *name = strrchr(files[i], '/') + 1;
        c->text = read_all(files[i]);
        c->name = oh_format("%.*s", (int)(strlen(name) - 4), name);
        c->phone = head_word(c->text, "phone", 1);
        c->user = head_word(c->text, "account", 0);
        c->password = head_word(c->text, "account", 1);
    }
    oh_file_list_free(files);
    return 0;
}

static const struct capture *capture_named(const char *name)
{
    for (size_t i = 0; i < capture_count; i++) {
        if (strcmp(captures[i].name, name) == 0)
            return &captures[i];
    }
    fail_msg("there is no capture %s", name);
    return NULL;
}

/* --- rows --- */

struct row {
    char *rule, *capture; /* in the first row of an edit; empty: it goes on */
    char *message, *find, *put;
    char *line;
    bool in_run; /* the rule speaks only where the player's journal and sockets stand behind it */
};

static struct row rows[MAX_ROWS];
static size_t row_count;
static char *hand_written[MAX_RULES]; /* "rule | why" */
static size_t hand_written_count;

/* "¶" is the end of a line; "(message)" and "(line)": it is taken away. */
static char *field_of(const char *from, size_t len)
{
    struct oh_text out = {0};
    while (len > 0 && from[len - 1] == ' ')
        len--;
    oh_text_add(&out, "");
    for (size_t i = 0; i < len; i++) {
        bool is_end = i + 1 < len && memcmp(from + i, "\xc2\xb6", 2) == 0;
        oh_text_add_span(&out, is_end ? oh_span_of("\n") : (struct oh_span){from + i, 1});
        i += is_end;
    }
    return oh_text_take(&out);
}

static void read_row(const char *line)
{
    char *fields[FIELDS] = {NULL};
    struct row *row = &rows[row_count];
    const char *at = line;
    for (size_t i = 0; i < FIELDS; i++) {
        const char *end = strstr(at, " | ");
        size_t len = end && i + 1 < FIELDS ? (size_t)(end - at) : strlen(at);
        fields[i] = field_of(at, len);
        if (i == 1 && strcmp(fields[1], "hand-written") == 0) {
            hand_written[hand_written_count++] = fields[0];
            free(fields[1]);
            return;
        }
        if (!end && i + 1 < FIELDS)
            fail_msg("%s: has not %d fields", line, FIELDS);
        at = end ? end + 3 : at;
    }
    char *in_run = strstr(fields[1], IN_RUN);
    *row = (struct row){fields[0], fields[1],       fields[2],     fields[3],
                        fields[4], oh_strdup(line), in_run != NULL};
    if (in_run)
        *in_run = '\0';
    assert_in_range(++row_count, 1, MAX_ROWS - 1);
}

static int read_rows(void **state)
{
    char *text = read_all(FOLDER "/kills.txt");
    (void)read_captures(state);
    for (const char *at = text; *at; at += strcspn(at, "\n") + 1) {
        char *line = oh_format("%.*s", (int)strcspn(at, "\n"), at);
        if (*line && *line != '#')
            read_row(line);
        free(line);
    }
    free(text);
    return 0;
}

static int forget_all(void **state)
{
    (void)state;
    for (size_t i = 0; i < row_count; i++) {
        free(rows[i].rule);
        free(rows[i].capture);
        free(rows[i].message);
        free(rows[i].find);
        free(rows[i].put);
        free(rows[i].line);
    }
    for (size_t i = 0; i < hand_written_count; i++)
        free(hand_written[i]);
    for (size_t i = 0; i < capture_count; i++) {
        free(captures[i].name);
        free(captures[i].text);
        free(captures[i].phone);
        free(captures[i].user);
        free(captures[i].password);
    }
    free(captures);
    return 0;
}

/* --- judging --- */

/* What is known of a phone, with its clause: dut-adapters/PHONE.known.yaml. */
static bool is_known(const struct capture *c, const char *rule)
{
    char *path = oh_format(OH_SOURCE_DIR "/dut-adapters/%.*s.known.yaml",
                           (int)strcspn(c->name, "-"), c->name);
    char *find = oh_format("finding: %s\n", rule);
    struct oh_text text = {0};
    struct oh_error e = {0};
    bool hit = oh_file_read(path, 1 << 20, &text, &e) == 0 && strstr(oh_text_str(&text), find);
    oh_text_release(&text);
    free(find);
    free(path);
    return hit;
}

static struct oh_trace *trace_of(const struct capture *c, struct script *s)
{
    struct oh_text text = {0};
    struct oh_error e = {0};
    struct oh_trace *t = oh_trace_new();
    user = c->user;
    password = c->password;
    compute_all(s);
    for (size_t i = 0; i < s->count; i++)
        oh_text_add(&text, s->texts[i]);
    if (oh_trace_read_text(t, c->name, oh_text_span(&text), &e) < 0)
        fail_msg("%s: %s", c->name, e.text);
    oh_text_release(&text);
    return t;
}

static void edit_by(struct script *s, const struct row *row)
{
    const char *find = strcmp(row->find, "(message)") == 0 ? NULL : row->find;
    const char *put = strcmp(row->put, "(line)") == 0 ? NULL : row->put;
    for (const char *in = row->message; *in;) {
        char *name = oh_format("%.*s", (int)strcspn(in, ","), in);
        struct edit edit = {name, find, put};
        script_edit(s, &edit);
        free(name);
        in += strcspn(in, ",");
        in += *in ? 2 : 0;
    }
}

/* As in a run: the phone, its account, and who it talked to. */
static struct oh_run *run_of(const struct capture *c, const struct oh_trace *t)
{
    struct oh_run *run = oh_run_new(NULL);
    struct oh_addr phone, none = {0}, known[8];
    struct oh_error e = {0};
    size_t count = 0;
    assert_int_equal(oh_addr_parse(oh_span_of(c->phone), &phone, &e), 0);
    (void)oh_run_add_seat(run, "A", "phone", true, &phone, &none);
    for (size_t i = 0; i < 2 * t->msg_count; i++) {
        const struct oh_addr *a = i % 2 ? &t->msgs[i / 2].dst : &t->msgs[i / 2].src;
        bool is_new = !oh_addr_same_ip(a, &phone) && count < 8;
        for (size_t k = 0; k < count; k++)
            is_new = is_new && !oh_addr_equal(a, &known[k]);
        if (is_new)
            known[count++] = *a;
    }
    for (size_t k = 0; k < count; k++) {
        char name[] = {(char)('P' + k), '\0'};
        (void)oh_run_add_seat(run, name, "proxy", false, &known[k], &none);
    }
    if (*c->user)
        oh_run_add_secret(run, "A", c->user, c->password);
    run->capture.complete = true;
    run->ended_wall_ns = WATCHED_NS;
    return run;
}

static struct oh_recording *stranger_of(const struct capture *c, struct oh_trace *t,
                                        const struct oh_run_secret *secret)
{
    struct oh_recording *r = oh_alloc(sizeof *r);
    struct oh_seat_address seat = {.seat = "phone", .is_phone = true};
    struct oh_error e = {0};
    assert_int_equal(oh_addr_parse(oh_span_of(c->phone), &seat.sip, &e), 0);
    oh_trace_seats(t, &seat, 1);
    oh_trace_link(t);
    *r = (struct oh_recording){.trace = t, .until_ns = WATCHED_NS, .secrets = secret};
    r->secret_count = *c->user ? 1 : 0;
    return r;
}

/* The rows [from, to) as edits of a capture; none: as it was. */
static struct said judge(const struct capture *c, bool in_run, const struct row *from,
                         const struct row *to)
{
    struct script s = {0};
    struct oh_error e = {0};
    struct said said = {0};
    struct oh_run_secret secret = {.username = c->user, .password = c->password};
    char *path = oh_format(FOLDER "/captures/%s.txt", c->name);
    script_read_file(&s, path);
    for (const struct row *row = from; row < to; row++)
        edit_by(&s, row);
    struct oh_trace *t = trace_of(c, &s);
    said.recording = in_run ? oh_recording_make(run_of(c, t), t, &e) : stranger_of(c, t, &secret);
    assert_non_null(said.recording);
    judge_again(&said);
    said.recording->secrets = NULL;
    said.recording->secret_count = 0;
    script_free(&s);
    free(path);
    return said;
}

static bool has(const struct oh_verdict *v, const char *rule)
{
    for (size_t i = 0; i < v->finding_count; i++) {
        if (strcmp(v->findings[i].id, rule) == 0)
            return true;
    }
    return false;
}

/* How many must findings on the phone are neither of this rule nor known of the phone. */
static size_t others(const struct capture *c, const struct oh_verdict *v, const char *rule)
{
    size_t count = 0;
    for (size_t i = 0; i < v->finding_count; i++) {
        const struct oh_finding *f = &v->findings[i];
        count += f->from_phone && f->level == OH_LEVEL_MUST &&
                 (!rule || strcmp(f->id, rule) != 0) && !is_known(c, f->id);
    }
    return count;
}

/* --- the tests --- */

static void a_capture_as_it_was_breaks_no_must_but_what_is_known_of_its_phone(void **state)
{
    size_t wrong = 0;
    (void)state;
    assert_true(capture_count > 0);
    for (size_t i = 0; i < 2 * capture_count; i++) {
        const struct capture *c = &captures[i / 2];
        struct said s = judge(c, i % 2, NULL, NULL);
        if (others(c, s.verdict, NULL) > 0) {
            char *text = told(s.verdict);
            print_error("%s%s gives:%s\n", c->name, i % 2 ? IN_RUN : "", text);
            free(text);
            wrong++;
        }
        assert_true(s.verdict->rules_applied > 0);
        said_free(&s);
    }
    assert_int_equal(wrong, 0);
}

/* The rows of one edit begin at `i`: to where. */
static size_t edit_end(size_t i)
{
    for (i++; i < row_count && !*rows[i].rule; i++)
        ;
    return i;
}

static void each_edit_gives_the_finding_of_its_rule_and_no_other_must(void **state)
{
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < row_count; i = edit_end(i)) {
        const struct capture *c = capture_named(rows[i].capture);
        struct said healthy = judge(c, rows[i].in_run, NULL, NULL);
        struct said s = judge(c, rows[i].in_run, &rows[i], &rows[edit_end(i)]);
        bool was = has(healthy.verdict, rows[i].rule);
        if (was || !has(s.verdict, rows[i].rule) || others(c, s.verdict, rows[i].rule) > 0) {
            char *text = told(s.verdict);
            print_error("%s\n  %s gives:%s\n", rows[i].line, was ? "as it was has it, and" : "",
                        text);
            free(text);
            wrong++;
        }
        said_free(&s);
        said_free(&healthy);
    }
    assert_int_equal(wrong, 0);
    assert_true(row_count > 0);
}

/* A capture's sign in the matrix: a letter, the same again in the next block of columns. */
static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
#define BLOCK (sizeof letters - 1)

static bool is_broken_in(const char *rule, const struct capture *c)
{
    for (size_t i = 0; i < row_count; i = edit_end(i)) {
        if (strcmp(rows[i].rule, rule) == 0 && capture_named(rows[i].capture) == c)
            return true;
    }
    return false;
}

/* The captures in which a rule is broken, as letters; blocks of them are parted by blanks.
 * `*count`: how many they are. Free it. */
static char *cells_of(const char *rule, size_t *count)
{
    struct oh_text cells = {0};
    *count = 0;
    oh_text_add(&cells, "");
    for (size_t i = 0; i < capture_count; i++) {
        bool is = is_broken_in(rule, &captures[i]);
        char cell[] = {is ? letters[i % BLOCK] : '.', '\0'};
        oh_text_add(&cells, i > 0 && i % BLOCK == 0 ? " " : "");
        oh_text_add(&cells, cell);
        *count += is;
    }
    return oh_text_take(&cells);
}

static bool is_hand_written(const char *rule)
{
    for (size_t i = 0; i < hand_written_count; i++) {
        if (strcmp(hand_written[i], rule) == 0)
            return true;
    }
    return false;
}

static void print_head(void)
{
    puts("The kill matrix: each letter is an edit of that capture that gives the rule's finding "
         "and no "
         "other must.");
    for (size_t i = 0; i < capture_count; i++)
        printf("%s  %c  %s\n", i > 0 && i % BLOCK == 0 ? "\n" : "", letters[i % BLOCK],
               captures[i].name);
}

static void every_rule_is_broken_in_a_capture_or_has_its_reason(void **state)
{
    const struct oh_rule_family *const *families = oh_rule_families();
    bool prints = getenv("OFFHOOK_KILL_MATRIX") != NULL;
    size_t wrong = 0, count = 0, killed = 0;
    (void)state;
    if (prints)
        print_head();
    for (; *families; families++) {
        for (size_t i = 0; i < (*families)->count; i++, count++) {
            size_t cell_count;
            const char *rule = (*families)->rules[i].id;
            char *cells = cells_of(rule, &cell_count);
            bool is_killed = cell_count > 0, by_hand = is_hand_written(rule);
            if (prints)
                printf("%-28s%s%s\n", rule, cells, by_hand ? " hand-written trace" : "");
            if (is_killed == by_hand)
                print_error("%s: %s\n", rule, by_hand ? "has a row and a reason" : "has no row");
            wrong += is_killed == by_hand;
            killed += is_killed;
            free(cells);
        }
    }
    printf(
        "%zu of %zu rules are broken by an edit of a captured call, %zu by one of a hand-written "
        "trace\n",
        killed, count, count - killed);
    assert_int_equal(wrong, 0);
    assert_int_equal(killed + hand_written_count, count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_capture_as_it_was_breaks_no_must_but_what_is_known_of_its_phone),
        cmocka_unit_test(each_edit_gives_the_finding_of_its_rule_and_no_other_must),
        cmocka_unit_test(every_rule_is_broken_in_a_capture_or_has_its_reason),
    };
    (void)ask;
    return cmocka_run_group_tests(tests, read_rows, forget_all);
}
