/* A program that is told verbs: a shell script that says all that such programs may. */
#include "phone_case.h"

#define ID  "$${line#*:} id=$${id%%%%,*};"
#define OK  "echo \"{\\\"id\\\":$id,\\\"ok\\\":true}\""
#define NO  "echo \"{\\\"id\\\":$id,\\\"ok\\\":false,\\\"why\\\":\\\"no line\\\"}\""
#define NOT "echo \"{\\\"id\\\":$id,\\\"unsupported\\\":true,\\\"why\\\":\\\"no such key\\\"}\""
#define END "exit 0"

/* `body`: cases of a message; `started`: what becomes of the first. */
static void begin(struct phone_case *c, const char *started, const char *body)
{
    char *text =
        oh_format("format: 1\n"
                  "title: script\n"
                  "version: '\"name\":\"([^\"]*)'\n"
                  "params: {heard: none, level: '3'}\n"
                  "start:\n"
                  "  - sh\n"
                  "  - -c\n"
                  "  - |\n"
                  "    while IFS= read -r line; do\n"
                  "      id=" ID "\n"
                  "      case $line in\n"
                  "      *'\"do\":\"start\"'*) %s ;;\n"
                  "      *'\"do\":\"stop\"'*) " END " ;;\n"
                  "      %s\n"
                  "      esac\n"
                  "    done\n"
                  "drive: {with: external}\n"
                  "ready: {within: 10 s}\n"
                  "verbs: {dial: {within: 300 ms}, dtmf: {}, forward: {}, hold: {}, state: {}}\n"
                  "stop: {within: 5 s, kill-after: 5 s}\n",
                  started, body);
    case_begin(c, adapter_of(text));
    free(text);
}

/* What the script has put into the file, which is gone then. The caller frees. */
static char *heard(struct phone_case *c, const char *path)
{
    char *text = NULL;
    struct oh_text bytes = {0};
    struct oh_error e;
    assert_int_equal(oh_file_read(path, 65536, &bytes, &e), 0);
    text = oh_text_take(&bytes);
    assert_int_equal(unlink(path), 0);
    (void)c;
    return text;
}

static char *file_for_what_is_heard(struct phone_case *c)
{
    struct oh_error e;
    char *path = oh_format("%s/heard", c->tmp);
    assert_int_equal(oh_adapter_set(c->adapter, "heard", path, &e), 0);
    return path;
}

#define HEAR "printf '%s\\n' \"$line\" >>'${param.heard}'"

static void it_is_told_where_the_phone_is_and_then_each_verb(void **state)
{
    struct phone_case c;
    struct oh_error e = {0};
    (void)state;
    begin(&c, HEAR "; echo \"{\\\"id\\\":$id,\\\"ok\\\":true,\\\"name\\\":\\\"Desk 7\\\"}\"",
          "*) " HEAR "; " OK " ;;");
    char *path = file_for_what_is_heard(&c);
    case_start(&c);
    assert_string_equal(oh_phone_name(c.phone), "script Desk 7");
    case_do(&c, OH_VERB_DIAL, "sip:1\"; $(id) * ? [ \\ ' %s@x");
    assert_int_equal(c.result, OH_ACTION_TAKEN);
    assert_int_equal(oh_phone_do(c.phone, OH_VERB_DTMF, &(struct oh_action_args){.digits = "12*#"},
                                 on_case_answer, &c, &e),
                     0);
    case_await(&c, &c.answered, 2);
    assert_int_equal(oh_phone_do(c.phone, OH_VERB_FORWARD,
                                 &(struct oh_action_args){.uri = "sip:2@x", .when = "busy"},
                                 on_case_answer, &c, &e),
                     0);
    case_await(&c, &c.answered, 3);
    char *told = heard(&c, path), *newline = strchr(told, '\n');
    assert_non_null(newline);
    *newline = '\0';
    assert_non_null(strstr(told, "{\"id\":1,\"do\":\"start\",\"phone\":{\"address\":\"127."));
    assert_non_null(strstr(told, "\"password\":\"secret \\\"1\\\"\""));
    assert_non_null(strstr(told, "\"level\":\"3\""));
    assert_non_null(strstr(told, "\"verbs\":[\"dial\",\"hold\",\"dtmf\",\"forward\"]}"));
    assert_string_equal(
        newline + 1, "{\"id\":2,\"do\":\"dial\",\"uri\":\"sip:1\\\"; $(id) * ? [ \\\\ ' %s@x\"}\n"
                     "{\"id\":3,\"do\":\"dtmf\",\"digits\":\"12*#\"}\n"
                     "{\"id\":4,\"do\":\"forward\",\"uri\":\"sip:2@x\",\"when\":\"busy\"}\n");
    free(told);
    free(path);
    oh_phone_stop(c.phone);
    case_await(&c, &c.events[OH_PHONE_ENDED], 1);
    assert_string_equal(c.details[OH_PHONE_ENDED], "exited: status 0");
    case_end(&c);
}

static void a_refusal_comes_with_its_words(void **state)
{
    struct phone_case c;
    (void)state;
    begin(&c, OK, "*dial*) " NO " ;;");
    case_start(&c);
    case_do(&c, OH_VERB_DIAL, "sip:x@127.0.0.1");
    assert_int_equal(c.result, OH_ACTION_REFUSED);
    assert_string_equal(c.answer, "no line");
    assert_null(oh_phone_why_lacking(c.phone, "dial"));
    case_end(&c);
}

static void an_answer_belongs_to_its_number(void **state)
{
    struct phone_case c;
    (void)state;
    begin(&c, OK,
          "*dial*) echo '{\"id\":1,\"ok\":false}'; echo '{\"id\":\"2\",\"ok\":false}'; echo "
          "'{\"event\":\"calling\"}'; echo some words; " OK " ;;");
    case_start(&c);
    case_do(&c, OH_VERB_DIAL, "sip:x@127.0.0.1");
    assert_int_equal(c.result, OH_ACTION_TAKEN);
    assert_int_equal(c.events[OH_PHONE_SAYS], 3);
    assert_string_equal(c.details[OH_PHONE_SAYS], "calling {\"event\":\"calling\"}");
    case_end(&c);
}

static void it_may_say_that_the_phone_is_registered(void **state)
{
    struct phone_case c;
    (void)state;
    begin(&c, OK "; echo '{\"event\":\"registered\"}'", "*) : ;;");
    case_start(&c);
    case_await(&c, &c.events[OH_PHONE_REGISTERED], 1);
    case_end(&c);
}

static void a_verb_that_it_does_not_know_is_lacking_from_then_on(void **state)
{
    struct phone_case c;
    (void)state;
    begin(&c, OK, "*hold*) " NOT " ;;");
    case_start(&c);
    assert_null(oh_phone_why_lacking(c.phone, "hold"));
    case_do(&c, OH_VERB_HOLD, NULL);
    assert_int_equal(c.result, OH_ACTION_UNSUPPORTED);
    assert_string_equal(c.answer, "no such key");
    assert_non_null(oh_phone_why_lacking(c.phone, "hold"));
    assert_null(oh_phone_why_lacking(c.phone, "dial"));
    assert_true(oh_phone_is_running(c.phone));
    case_end(&c);
}

static void it_may_say_at_its_start_which_verbs_it_has(void **state)
{
    struct phone_case c;
    struct oh_error e;
    (void)state;
    begin(&c, "echo \"{\\\"id\\\":$id,\\\"ok\\\":true,\\\"verbs\\\":[\\\"dial\\\",\\\"fly\\\"]}\"",
          "*dial*) " OK " ;;");
    case_start(&c);
    assert_null(oh_phone_why_lacking(c.phone, "dial"));
    assert_string_equal(oh_phone_why_lacking(c.phone, "hold"),
                        "the program that drives it says so");
    assert_int_equal(oh_phone_do(c.phone, OH_VERB_HOLD, NULL, on_case_answer, &c, &e), 0);
    assert_int_equal(c.answered, 1);
    assert_int_equal(c.result, OH_ACTION_UNSUPPORTED);
    case_end(&c);
}

static void ask_state(struct phone_case *c)
{
    struct oh_error e = {0};
    int before = c->answered;
    assert_int_equal(oh_phone_ask_state(c->phone, on_case_answer, c, &e), 0);
    case_await(c, &c->answered, before + 1);
}

static void it_can_be_asked_whether_the_phone_is_idle(void **state)
{
    struct phone_case c;
    (void)state;
    begin(&c, OK,
          "*dial*) busy=1; " OK " ;; *state*) if [ $busy ]; then " NO "; else " OK "; fi ;;");
    assert_true(oh_adapter_tells_state(c.adapter));
    case_start(&c);
    ask_state(&c);
    assert_int_equal(c.result, OH_ACTION_TAKEN);
    case_do(&c, OH_VERB_DIAL, "sip:x@127.0.0.1");
    ask_state(&c);
    assert_int_equal(c.result, OH_ACTION_REFUSED);
    assert_string_equal(c.answer, "no line");
    case_end(&c);
}

static void an_end_with_127_at_a_verb_means_unsupported(void **state)
{
    struct phone_case c;
    (void)state;
    begin(&c, OK, "*hold*) echo never learned that >&2; exit 127 ;;");
    case_start(&c);
    case_do(&c, OH_VERB_HOLD, NULL);
    assert_int_equal(c.result, OH_ACTION_UNSUPPORTED);
    assert_string_equal(c.answer,
                        "'sh' exited with status 127, which means unsupported; it printed "
                        "last: never learned that");
    case_await(&c, &c.events[OH_PHONE_UNSUPPORTED], 1);
    assert_int_equal(c.events[OH_PHONE_DIED], 0);
    assert_non_null(oh_phone_why_lacking(c.phone, "hold"));
    case_start(&c); /* and it can be started again */
    case_end(&c);
}

static void an_end_with_127_at_its_start_means_unsupported(void **state)
{
    struct phone_case c;
    struct oh_error e;
    (void)state;
    begin(&c, "echo no IPv6 >&2; exit 127", "*) : ;;");
    assert_int_equal(oh_phone_start(c.phone, &e), 0);
    case_await(&c, &c.events[OH_PHONE_UNSUPPORTED], 1);
    assert_string_equal(c.details[OH_PHONE_UNSUPPORTED],
                        "'sh' exited with status 127, which means unsupported; it printed last: no "
                        "IPv6");
    assert_int_equal(c.events[OH_PHONE_FAILED], 0);
    case_end(&c);
}

static void a_start_that_is_answered_as_unsupported_ends_it(void **state)
{
    struct phone_case c;
    struct oh_error e;
    (void)state;
    begin(&c, NOT, "*) : ;;");
    assert_int_equal(oh_phone_start(c.phone, &e), 0);
    case_await(&c, &c.events[OH_PHONE_UNSUPPORTED], 1);
    assert_non_null(strstr(c.details[OH_PHONE_UNSUPPORTED], "no such key"));
    assert_false(oh_phone_is_running(c.phone));
    case_end(&c);
}

static void a_start_that_is_refused_is_a_failure(void **state)
{
    struct phone_case c;
    struct oh_error e;
    (void)state;
    begin(&c, NO, "*) : ;;");
    assert_int_equal(oh_phone_start(c.phone, &e), 0);
    case_await(&c, &c.events[OH_PHONE_FAILED], 1);
    assert_non_null(strstr(c.details[OH_PHONE_FAILED], "it refuses to start: no line"));
    case_end(&c);
}

/* 127 says something where something was asked; else the phone is gone. */
static void an_end_with_127_out_of_nothing_is_a_phone_that_died(void **state)
{
    struct phone_case c;
    (void)state;
    begin(&c, OK, "*dial*) " OK "; sleep 0.1; exit 127 ;;");
    case_start(&c);
    case_do(&c, OH_VERB_DIAL, "sip:x@127.0.0.1");
    assert_int_equal(c.result, OH_ACTION_TAKEN);
    case_await(&c, &c.events[OH_PHONE_DIED], 1);
    assert_string_equal(c.details[OH_PHONE_DIED], "exited: status 127");
    case_end(&c);
}

static void one_that_dies_at_a_verb_has_died(void **state)
{
    struct phone_case c;
    (void)state;
    begin(&c, OK, "*dial*) kill -SEGV $$ ;;");
    case_start(&c);
    case_do(&c, OH_VERB_DIAL, "sip:x@127.0.0.1");
    assert_int_equal(c.result, OH_ACTION_HUNG);
    assert_int_equal(c.events[OH_PHONE_DIED], 1);
    assert_string_equal(c.details[OH_PHONE_DIED], "crashed: SIGSEGV");
    case_end(&c);
}

static void one_that_hangs_or_says_nonsense_is_named_in_time(void **state)
{
    static const char *const bodies[] = {
        "*dial*) : ;;",
        "*dial*) echo '}{'; echo '[1]'; echo '{\"id\":{},\"ok\":1}'; printf '\\377\\0x' ;;",
        "*dial*) seq 1 300000 ;;",
        "*dial*) head -c 3000000 /dev/zero | tr '\\0' x ;;",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct phone_case c;
        begin(&c, OK, bodies[i]);
        case_start(&c);
        case_do(&c, OH_VERB_DIAL, "sip:x@127.0.0.1");
        assert_int_equal(c.result, OH_ACTION_HUNG);
        assert_string_equal(c.answer, "no answer within 300 ms");
        case_end(&c);
    }
}

static void one_that_never_answers_its_start_fails_in_time(void **state)
{
    struct phone_case c;
    struct oh_error e;
    (void)state;
    case_begin(&c, adapter_of("format: 1\ntitle: deaf\nstart: [sleep, '60']\n"
                              "drive: {with: external}\nready: {within: 100 ms}\nverbs: {}\n"));
    assert_int_equal(oh_phone_start(c.phone, &e), 0);
    case_await(&c, &c.events[OH_PHONE_FAILED], 1);
    assert_string_equal(
        c.details[OH_PHONE_FAILED],
        "'sleep' was not ready within 100 ms: it did not answer {\"id\": 1, \"do\": "
        "\"start\"}");
    case_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_told_where_the_phone_is_and_then_each_verb),
        cmocka_unit_test(a_refusal_comes_with_its_words),
        cmocka_unit_test(an_answer_belongs_to_its_number),
        cmocka_unit_test(it_may_say_that_the_phone_is_registered),
        cmocka_unit_test(a_verb_that_it_does_not_know_is_lacking_from_then_on),
        cmocka_unit_test(it_may_say_at_its_start_which_verbs_it_has),
        cmocka_unit_test(it_can_be_asked_whether_the_phone_is_idle),
        cmocka_unit_test(an_end_with_127_at_a_verb_means_unsupported),
        cmocka_unit_test(an_end_with_127_at_its_start_means_unsupported),
        cmocka_unit_test(a_start_that_is_answered_as_unsupported_ends_it),
        cmocka_unit_test(a_start_that_is_refused_is_a_failure),
        cmocka_unit_test(an_end_with_127_out_of_nothing_is_a_phone_that_died),
        cmocka_unit_test(one_that_dies_at_a_verb_has_died),
        cmocka_unit_test(one_that_hangs_or_says_nonsense_is_named_in_time),
        cmocka_unit_test(one_that_never_answers_its_start_fails_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
