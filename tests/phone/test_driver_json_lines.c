/* A phone that is a shell script on pipes: every way in which a verb and a life can go. */
#include "phone_case.h"

/* The script gets each command as a line, and echoes its token. */
static char *script_of(const char *ready, const char *body)
{
    return oh_format(
        "format: 1\n"
        "title: script\n"
        "version: 'script v([0-9.]+)'\n"
        "start:\n"
        "  - sh\n"
        "  - -c\n"
        "  - |\n"
        "    echo script v1.2 >&2\n"
        "    echo some words\n"
        "    %s\n"
        "    while read -r line; do\n"
        "      t=\"offhook-$(echo \"$line\" | sed 's/.*offhook-\\([0-9]*\\).*/\\1/')\"\n"
        "      case $line in\n"
        "      %s\n"
        "      *quit*) exit 0 ;;\n"
        "      esac\n"
        "    done\n"
        "drive: {with: json-lines, token: id, ok: {ok: true}, reason: why, event: event}\n"
        "ready: {event: {event: ready}, within: 10 s}\n"
        "verbs:\n"
        "  dial: {send: {do: dial, to: \"${uri}\"}}\n"
        "  answer: {send: {do: answer}, within: 200 ms}\n"
        "  register: {send: [{do: first}, {do: second}]}\n"
        "stop: {send: {do: quit}, within: 5 s, kill-after: 5 s}\n",
        ready, body);
}

#define READY  "echo '{\"event\":\"ready\"}'"
#define SAY_OK "echo \"{\\\"id\\\":\\\"$t\\\",\\\"ok\\\":true}\""
#define SAY_NO "echo \"{\\\"id\\\":\\\"$t\\\",\\\"ok\\\":false,\\\"why\\\":\\\"no line\\\"}\""

static void begin_script(struct phone_case *c, const char *ready, const char *body)
{
    char *text = script_of(ready, body);
    case_begin(c, adapter_of(text));
    free(text);
}

static void an_action_is_taken_when_its_answer_says_so(void **state)
{
    struct phone_case c;
    (void)state;
    begin_script(&c, READY,
                 "*sip:x*dial*|*dial*sip:x*) echo '{\"id\":\"other\",\"ok\":false}'; "
                 "echo '{\"event\":\"calling\"}'; " SAY_OK " ;;");
    case_start(&c);
    assert_string_equal(oh_phone_name(c.phone), "script 1.2");
    case_do(&c, OH_VERB_DIAL, "sip:x@127.0.0.1");
    assert_int_equal(c.result, OH_ACTION_TAKEN);
    assert_int_equal(c.events[OH_PHONE_SAYS], 2);
    assert_string_equal(c.details[OH_PHONE_SAYS], "calling {\"event\":\"calling\"}");
    oh_phone_stop(c.phone);
    case_await(&c, &c.events[OH_PHONE_ENDED], 1);
    char *output = oh_span_dup(oh_phone_output(c.phone));
    assert_non_null(strstr(output, "some words\n"));
    assert_non_null(strstr(output, "script v1.2\n"));
    free(output);
    case_end(&c);
}

/* It is the same text that the program reads, and the pattern of its answer fits no other. */
static void numbers_with_strange_characters_are_data(void **state)
{
    struct phone_case c;
    (void)state;
    case_begin(&c, adapter_of("format: 1\n"
                              "title: repeats\n"
                              "start: [sh, -c, 'while IFS= read -r l; do printf \"%s\\n\" \"$l\"; "
                              "done']\n"
                              "drive: {with: json-lines}\n"
                              "verbs:\n"
                              "  dial: {send: {to: '<${uri}>'}, ok: {to: '<${uri}>'}}\n"
                              "  transfer: {send: {to: x}, ok: {to: '${uri}'}, within: 200 ms}\n"));
    case_start(&c);
    case_do(&c, OH_VERB_DIAL, "sip:\"; $(id) * ? [ ] \\ \\* ' ` {} %s \t@x");
    assert_int_equal(c.result, OH_ACTION_TAKEN);
    assert_string_equal(c.answer, "{\"to\":\"<sip:\\\"; $(id) * ? [ ] \\\\ \\\\* ' ` {} %s "
                                  "\\t@x>\"}");
    case_do(&c, OH_VERB_TRANSFER, "*"); /* is not any text */
    assert_int_equal(c.result, OH_ACTION_HUNG);
    case_end(&c);
}

static void a_refusal_comes_with_the_phones_words(void **state)
{
    struct phone_case c;
    (void)state;
    begin_script(&c, READY, "*dial*) " SAY_NO " ;;");
    case_start(&c);
    case_do(&c, OH_VERB_DIAL, "sip:x@127.0.0.1");
    assert_int_equal(c.result, OH_ACTION_REFUSED);
    assert_string_equal(c.answer, "no line");
    case_end(&c);
}

static void no_answer_in_time_is_a_hung_phone(void **state)
{
    struct phone_case c;
    (void)state;
    begin_script(&c, READY, "*answer*) : ;;");
    case_start(&c);
    case_do(&c, OH_VERB_ANSWER, NULL);
    assert_int_equal(c.result, OH_ACTION_HUNG);
    assert_string_equal(c.answer, "no answer within 200 ms");
    assert_int_equal(c.events[OH_PHONE_HUNG], 0);
    case_end(&c);
}

static void several_messages_go_one_after_another(void **state)
{
    struct phone_case c;
    (void)state;
    begin_script(&c, READY, "*first*) one=1; " SAY_OK " ;; *second*) [ $one ] && " SAY_OK " ;;");
    case_start(&c);
    case_do(&c, OH_VERB_REGISTER, NULL);
    assert_int_equal(c.result, OH_ACTION_TAKEN);
    case_end(&c);
}

static void the_first_refusal_of_several_refuses(void **state)
{
    struct phone_case c;
    (void)state;
    begin_script(&c, READY, "*first*) " SAY_NO " ;;");
    case_start(&c);
    case_do(&c, OH_VERB_REGISTER, NULL);
    assert_int_equal(c.result, OH_ACTION_REFUSED);
    case_end(&c);
}

static void a_program_that_ends_unasked_has_died(void **state)
{
    struct phone_case c;
    (void)state;
    begin_script(&c, READY, "*dial*) echo oh no >&2; exit 7 ;;");
    case_start(&c);
    case_do(&c, OH_VERB_DIAL, "sip:x@127.0.0.1");
    assert_int_equal(c.result, OH_ACTION_HUNG);
    assert_int_equal(c.events[OH_PHONE_DIED], 1);
    assert_int_equal(c.events[OH_PHONE_HUNG], 0);
    assert_string_equal(c.details[OH_PHONE_DIED],
                        "exited: status 7; it printed last: script v1.2 | some words | oh no");
    assert_false(oh_phone_is_running(c.phone));
    case_start(&c); /* and can be started again */
    case_end(&c);
}

static void a_program_killed_by_someone_was_killed(void **state)
{
    struct phone_case c;
    (void)state;
    begin_script(&c, READY, "*dial*) kill -KILL $$ ;;");
    case_start(&c);
    case_do(&c, OH_VERB_DIAL, "sip:x@127.0.0.1");
    assert_int_equal(c.events[OH_PHONE_KILLED], 1);
    assert_int_equal(c.events[OH_PHONE_DIED], 0);
    case_end(&c);
}

static void a_program_that_closes_its_output_hangs(void **state)
{
    struct phone_case c;
    (void)state;
    begin_script(&c, READY, "*dial*) exec >/dev/null; sleep 60 ;;");
    case_start(&c);
    case_do(&c, OH_VERB_DIAL, "sip:x@127.0.0.1");
    assert_int_equal(c.result, OH_ACTION_HUNG);
    assert_int_equal(c.events[OH_PHONE_HUNG], 1);
    case_end(&c);
}

static void a_stop_and_a_continue_are_told(void **state)
{
    struct phone_case c;
    (void)state;
    begin_script(&c, READY, "*dial*) " SAY_OK "; (sleep 0.3; kill -CONT $$) & kill -STOP $$ ;;");
    case_start(&c);
    case_do(&c, OH_VERB_DIAL, "sip:x@127.0.0.1");
    case_await(&c, &c.events[OH_PHONE_STOPPED], 1);
    case_await(&c, &c.events[OH_PHONE_CONTINUED], 1);
    case_end(&c);
}

static void an_end_before_it_is_ready_is_a_failure(void **state)
{
    struct phone_case c;
    struct oh_error e;
    (void)state;
    case_begin(&c, adapter_of("format: 1\ntitle: taken\n"
                              "start: [sh, -c, \"echo port taken >&2; exit 4\"]\n"
                              "drive: {with: json-lines}\n"
                              "ready: {event: {event: ready}}\nverbs: {}\n"));
    assert_int_equal(oh_phone_start(c.phone, &e), 0);
    case_await(&c, &c.events[OH_PHONE_FAILED], 1);
    assert_string_equal(c.details[OH_PHONE_FAILED],
                        "'sh' ended before it was ready, exited: status 4; it printed last: port "
                        "taken");
    case_end(&c);
}

static void one_that_never_gets_ready_fails_in_time_and_is_gone(void **state)
{
    struct phone_case c;
    struct oh_error e;
    (void)state;
    case_begin(&c, adapter_of("format: 1\ntitle: slow\nstart: [sleep, \"60\"]\n"
                              "drive: {with: json-lines}\n"
                              "ready: {event: {event: ready}, within: 100 ms}\nverbs: {}\n"));
    assert_int_equal(oh_phone_start(c.phone, &e), 0);
    case_await(&c, &c.events[OH_PHONE_FAILED], 1);
    assert_string_equal(
        c.details[OH_PHONE_FAILED],
        "'sleep' was not ready within 100 ms: the connection stands, but 'ready: event: "
        "{\"event\":\"ready\"}' never came");
    assert_false(oh_phone_is_running(c.phone));
    case_end(&c);
}

static void one_that_does_not_stop_is_killed(void **state)
{
    struct phone_case c;
    (void)state;
    case_begin(&c, adapter_of("format: 1\ntitle: deaf\n"
                              "start: [sh, -c, \"trap '' TERM; echo '{\\\"up\\\":1}'; sleep 60\"]\n"
                              "drive: {with: json-lines}\nready: {event: {up: 1}}\nverbs: {}\n"
                              "stop: {send: {q: 1}, within: 50 ms, kill-after: 50 ms}\n"));
    case_start(&c);
    oh_phone_stop(c.phone);
    case_await(&c, &c.events[OH_PHONE_ENDED], 1);
    assert_string_equal(c.details[OH_PHONE_ENDED], "killed: SIGKILL");
    case_end(&c);
}

static void a_missing_program_comes_with_its_remedy(void **state)
{
    struct phone_case c;
    struct oh_error e = {0};
    (void)state;
    case_begin(&c, adapter_of("format: 1\ntitle: none\nstart: [offhook-test-no-such]\n"
                              "install: get it somewhere\ndrive: {with: json-lines}\nverbs: {}\n"));
    assert_int_equal(oh_phone_start(c.phone, &e), -1);
    assert_non_null(strstr(e.text, "offhook-test-no-such"));
    assert_string_equal(e.remedy, "get it somewhere");
    assert_false(oh_phone_is_running(c.phone));
    case_end(&c);
}

static void a_forgotten_action_calls_nobody(void **state)
{
    struct phone_case c;
    struct oh_error e;
    (void)state;
    begin_script(&c, READY, "*dial*) " SAY_OK "; echo '{\"event\":\"later\"}' ;;");
    case_start(&c);
    assert_int_equal(oh_phone_do(c.phone, OH_VERB_DIAL,
                                 &(struct oh_action_args){"sip:x@127.0.0.1", NULL, NULL},
                                 on_case_answer, &c, &e),
                     0);
    oh_phone_forget_actions(c.phone);
    case_await(&c, &c.events[OH_PHONE_SAYS], 2); /* the answer is but a message now */
    assert_int_equal(c.answered, 0);
    case_end(&c);
}

static void what_cannot_be_done_is_said_at_once(void **state)
{
    struct phone_case c;
    struct oh_error e;
    (void)state;
    begin_script(&c, READY, "*) : ;;");
    assert_int_equal(oh_phone_do(c.phone, OH_VERB_DIAL, NULL, on_case_answer, &c, &e), -1);
    assert_non_null(strstr(e.text, "does not run"));
    case_start(&c);
    assert_int_equal(oh_phone_do(c.phone, OH_VERB_REJECT, NULL, on_case_answer, &c, &e), -1);
    assert_non_null(strstr(e.text, "no such verb"));
    assert_int_equal(oh_phone_start(c.phone, &e), -1);
    case_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_action_is_taken_when_its_answer_says_so),
        cmocka_unit_test(numbers_with_strange_characters_are_data),
        cmocka_unit_test(a_refusal_comes_with_the_phones_words),
        cmocka_unit_test(no_answer_in_time_is_a_hung_phone),
        cmocka_unit_test(several_messages_go_one_after_another),
        cmocka_unit_test(the_first_refusal_of_several_refuses),
        cmocka_unit_test(a_program_that_ends_unasked_has_died),
        cmocka_unit_test(a_program_killed_by_someone_was_killed),
        cmocka_unit_test(a_program_that_closes_its_output_hangs),
        cmocka_unit_test(a_stop_and_a_continue_are_told),
        cmocka_unit_test(an_end_before_it_is_ready_is_a_failure),
        cmocka_unit_test(one_that_never_gets_ready_fails_in_time_and_is_gone),
        cmocka_unit_test(one_that_does_not_stop_is_killed),
        cmocka_unit_test(a_missing_program_comes_with_its_remedy),
        cmocka_unit_test(a_forgotten_action_calls_nobody),
        cmocka_unit_test(what_cannot_be_done_is_said_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
