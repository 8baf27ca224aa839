/* A foreign capture that lost what nothing tells of: of each captured call of tests/data/kills/ one
 * message is taken away, and two, whichever they are. No must may be found that the whole call does
 * not give. */
#include "judge/rules_script.h"

#define FOLDER     OH_TEST_DATA "/kills/captures"
#define WATCHED_NS (20000 * OH_NS_PER_S) /* long after the last message */

enum { MOST_FOR_PAIRS = 26 };

/* Without two messages; the count of them: none is taken away. */
static struct oh_trace *trace_without(const struct script *s, const char *file, size_t a, size_t b)
{
    struct oh_text text = {0};
    struct oh_error e = {0};
    struct oh_trace *t = oh_trace_new();
    for (size_t i = 0; i < s->count; i++) {
        if (i != a && i != b)
            oh_text_add(&text, s->texts[i]);
    }
    if (oh_trace_read_text(t, file, oh_text_span(&text), &e) < 0)
        fail_msg("%s: %s", file, e.text);
    oh_text_release(&text);
    return t;
}

static struct said judge_without(const struct script *s, const char *file,
                                 const struct oh_addr *phone, size_t a, size_t b)
{
    struct oh_seat_address seat = {.seat = "phone", .is_phone = true, .sip = *phone};
    struct said said = {.recording = oh_alloc(sizeof *said.recording)};
    said.recording->trace = trace_without(s, file, a, b);
    said.recording->until_ns = WATCHED_NS;
    oh_trace_seats(said.recording->trace, &seat, 1);
    oh_trace_link(said.recording->trace);
    judge_again(&said);
    return said;
}

static bool is_must(const struct oh_finding *f)
{
    return f->from_phone && f->level == OH_LEVEL_MUST;
}

static bool has(const struct oh_verdict *v, const char *rule)
{
    for (size_t i = 0; i < v->finding_count; i++) {
        if (is_must(&v->findings[i]) && strcmp(v->findings[i].id, rule) == 0)
            return true;
    }
    return false;
}

/* How many musts are found without those two that are not found in the whole. */
static size_t accused(const struct script *s, const char *file, const struct oh_addr *phone,
                      const struct oh_verdict *whole, size_t a, size_t b)
{
    struct said said = judge_without(s, file, phone, a, b);
    size_t wrong = 0;
    for (size_t i = 0; i < said.verdict->finding_count; i++) {
        const struct oh_finding *f = &said.verdict->findings[i];
        if (!is_must(f) || has(whole, f->id))
            continue;
        print_error("%s without %s, %s: %s: %s\n", strrchr(file, '/') + 1, s->names[a],
                    b == a ? "no other" : s->names[b], f->id, f->text);
        wrong++;
    }
    said_free(&said);
    return wrong;
}

static struct oh_addr phone_of(const char *file)
{
    static const char key[] = "\n# phone: phone ";
    struct oh_text text = {0};
    struct oh_error e = {0};
    struct oh_addr phone;
    assert_int_equal(oh_file_read(file, 1 << 20, &text, &e), 0);
    const char *at = strstr(oh_text_str(&text), key);
    assert_non_null(at);
    at += strlen(key);
    assert_int_equal(oh_addr_parse((struct oh_span){at, strcspn(at, " \n")}, &phone, &e), 0);
    oh_text_release(&text);
    return phone;
}

/* `two`: each pair, of calls that are short; else each message alone. */
static size_t accused_in(const char *file, bool two)
{
    struct script s = {0};
    struct oh_addr phone = phone_of(file);
    size_t wrong = 0;
    script_read_file(&s, file);
    struct said whole = judge_without(&s, file, &phone, s.count, s.count);
    assert_true(whole.verdict->rules_applied > 0);
    for (size_t a = 0; a < s.count && !(two && s.count > MOST_FOR_PAIRS); a++) {
        for (size_t b = two ? a + 1 : a; b < (two ? s.count : a + 1); b++)
            wrong += accused(&s, file, &phone, whole.verdict, a, b);
    }
    said_free(&whole);
    script_free(&s);
    return wrong;
}

static size_t accused_in_all(bool two)
{
    struct oh_error e = {0};
    char **files = oh_file_list(FOLDER, ".txt", &e);
    size_t wrong = 0, count = 0;
    assert_non_null(files);
    for (; files[count]; count++)
        wrong += accused_in(files[count], two);
    oh_file_list_free(files);
    assert_true(count > 0);
    return wrong;
}

static void a_message_that_is_lost_accuses_nobody(void **state)
{
    (void)state;
    assert_int_equal(accused_in_all(false), 0);
}

static void nor_do_two(void **state)
{
    (void)state;
    assert_int_equal(accused_in_all(true), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_that_is_lost_accuses_nobody),
        cmocka_unit_test(nor_do_two),
    };
    (void)ask;
    (void)told;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
