/* A phone on a terminal: a shell script with a prompt, where the program need not be there. */
#include "phone_case.h"

/* The script gets each command as a line. `says` is what its terminal shows besides. */
static struct oh_adapter *script_of(const char *before, const char *body, const char *drive)
{
    char *text = oh_format("format: 1\n"
                           "title: script\n"
                           "version: 'script v([0-9.]+)'\n"
                           "start:\n"
                           "  - sh\n"
                           "  - -c\n"
                           "  - |\n"
                           "    echo script v1.2\n"
                           "    %s\n"
                           "    printf 'phone> '\n"
                           "    while read -r line; do\n"
                           "      case $line in\n"
                           "      %s\n"
                           "      quit) exit 0 ;;\n"
                           "      *) echo 'Status: Error'; echo 'Reason: no such command' ;;\n"
                           "      esac\n"
                           "      printf 'phone> '\n"
                           "    done\n"
                           "drive:\n"
                           "  with: terminal\n"
                           "  prompt: 'phone> '\n"
                           "  ok: {Status: Ok}\n"
                           "  reason: Reason\n"
                           "  event: Event\n"
                           "  says: [{begins: 'Event-type: *', until: ''}]\n"
                           "%s"
                           "ready: {within: 10 s}\n"
                           "keep:\n"
                           "  call: {field: Id, of: [{Event: incoming}, {command: 'call *'}]}\n"
                           "verbs:\n"
                           "  dial: {send: 'call ${uri}'}\n"
                           "  answer: {send: 'answer ${kept.call}', within: 10 s}\n"
                           "  hold: {send: hold, ok: {text: '*is held*'}}\n"
                           "  register: {send: [first, second]}\n"
                           "events:\n"
                           "  registered: {Event: registered}\n"
                           "stop: {send: quit, within: 5 s, kill-after: 5 s}\n",
                           before, body, drive);
    struct oh_adapter *a = adapter_of(text);
    free(text);
    return a;
}

static void begin(struct phone_case *c, const char *before, const char *body)
{
    case_begin(c, script_of(before, body, ""));
    case_start(c);
}

#define OK "echo 'Status: Ok'"

static void a_command_is_typed_and_its_answer_read(void **state)
{
    struct phone_case c;
    (void)state;
    begin(&c, ":", "'call sip:x@127.0.0.1') " OK " ; echo; echo 'Id: 7' ;;");
    assert_string_equal(oh_phone_name(c.phone), "script 1.2");
    case_do(&c, OH_VERB_DIAL, "sip:x@127.0.0.1");
    assert_int_equal(c.result, OH_ACTION_TAKEN);
    assert_string_equal(c.answer, "{\"command\":\"call sip:x@127.0.0.1\",\"text\":\"Status: "
                                  "Ok\\n\\nId: 7\",\"Status\":\"Ok\",\"Id\":\"7\"}");
    oh_phone_stop(c.phone);
    case_await(&c, &c.events[OH_PHONE_ENDED], 1);
    assert_string_equal(c.details[OH_PHONE_ENDED], "exited: status 0");
    case_end(&c);
}

static void a_refusal_comes_with_the_phones_words(void **state)
{
    struct phone_case c;
    (void)state;
    begin(&c, ":", "never) ;;");
    case_do(&c, OH_VERB_DIAL, "sip:x@127.0.0.1");
    assert_int_equal(c.result, OH_ACTION_REFUSED);
    assert_string_equal(c.answer, "no such command");
    case_end(&c);
}

/* A phone that says nothing but words is understood by a pattern of its text. */
static void an_answer_can_be_known_by_its_words(void **state)
{
    struct phone_case c;
    (void)state;
    begin(&c, ":", "hold) echo 'call 1'; echo 'the call is held now' ;;");
    case_do(&c, OH_VERB_HOLD, NULL);
    assert_int_equal(c.result, OH_ACTION_TAKEN);
    case_end(&c);
}

static void a_value_of_an_answer_or_event_goes_into_a_later_command(void **state)
{
    struct phone_case c;
    (void)state;
    begin(&c, ":",
          "call*) " OK "; echo 'Id: 7' ;; 'answer 7') " OK "; printf 'Event-type: "
          "call\\nEvent: incoming\\nId: 8\\n\\n' ;; 'answer 8') " OK " ;;");
    case_do(&c, OH_VERB_ANSWER, NULL);
    assert_int_equal(c.result, OH_ACTION_REFUSED); /* nothing was said yet: no fault of the phone */
    assert_string_equal(c.answer, "the phone has not said 'call' yet, which the command needs");
    case_do(&c, OH_VERB_DIAL, "sip:x@127.0.0.1");
    case_do(&c, OH_VERB_ANSWER, NULL);
    assert_int_equal(c.result, OH_ACTION_TAKEN);
    case_do(&c, OH_VERB_ANSWER, NULL);
    assert_int_equal(c.result, OH_ACTION_TAKEN);
    case_end(&c);
}

static void what_the_phone_says_by_itself_is_told(void **state)
{
    struct phone_case c;
    (void)state;
    begin(&c, ":",
          "call*) printf 'Event-type: call\\nEvent: calling\\n\\n'; " OK
          "; printf 'Event-type: account\\nEvent: registered\\n\\n' ;;");
    case_do(&c, OH_VERB_DIAL, "sip:x@127.0.0.1");
    assert_int_equal(c.result, OH_ACTION_TAKEN);
    assert_int_equal(c.events[OH_PHONE_SAYS], 1);
    assert_string_equal(c.details[OH_PHONE_SAYS],
                        "calling {\"text\":\"Event-type: call\\nEvent: "
                        "calling\",\"Event-type\":\"call\",\"Event\":\"calling\"}");
    assert_int_equal(c.events[OH_PHONE_REGISTERED], 1);
    case_end(&c);
}

static void several_commands_wait_for_each_others_prompts(void **state)
{
    struct phone_case c;
    struct oh_error e;
    (void)state;
    begin(&c, ":",
          "first) one=1; " OK " ;; second) [ $one ] && " OK " ;; hold) echo 'it is held' ;;");
    assert_int_equal(oh_phone_do(c.phone, OH_VERB_REGISTER, NULL, on_case_answer, &c, &e), 0);
    assert_int_equal(oh_phone_do(c.phone, OH_VERB_HOLD, NULL, on_case_answer, &c, &e), 0);
    case_await(&c, &c.answered, 2);
    assert_int_equal(c.result, OH_ACTION_TAKEN);
    case_end(&c);
}

/* Its late answer is nobody's: not that of the next command. */
static void an_answer_that_is_late_is_not_the_next_ones(void **state)
{
    struct phone_case c;
    struct oh_error e;
    (void)state;
    struct oh_adapter *a =
        adapter_of("format: 1\n"
                   "title: slow\n"
                   "params: {go: none}\n"
                   "start:\n"
                   "  - sh\n"
                   "  - -c\n"
                   "  - |\n"
                   "    printf '> '\n"
                   "    while read -r line; do\n"
                   "      case $line in\n"
                   "      hold) while [ ! -e ${param.go} ]; do sleep 0.01; done; echo held ;;\n"
                   "      *) echo \"did $line\" ;;\n"
                   "      esac\n"
                   "      printf '> '\n"
                   "    done\n"
                   "drive: {with: terminal, prompt: '> '}\n"
                   "verbs:\n"
                   "  hold: {send: hold, ok: {text: held}, within: 50 ms}\n"
                   "  resume: {send: resume, ok: {text: did resume}}\n");
    case_begin(&c, a);
    char *go = oh_format("%s/go", c.tmp);
    assert_int_equal(oh_adapter_set(a, "go", go, &e), 0);
    case_start(&c);
    case_do(&c, OH_VERB_HOLD, NULL);
    assert_int_equal(c.result, OH_ACTION_HUNG);
    assert_int_equal(oh_phone_do(c.phone, OH_VERB_RESUME, NULL, on_case_answer, &c, &e), 0);
    assert_int_equal(oh_file_write(go, oh_span_of("x"), 0600, &e), 0);
    case_await(&c, &c.answered, 2);
    assert_int_equal(c.result, OH_ACTION_TAKEN);
    assert_int_equal(unlink(go), 0);
    free(go);
    case_end(&c);
}

/* Line editors ask the terminal what it is, and show each key themselves. */
static void the_program_finds_a_wide_terminal_without_echo(void **state)
{
    struct phone_case c;
    (void)state;
    begin(&c, ":",
          "hold) stty -a | grep -q -- '-echo ' && stty size && echo \"$TERM is held\" && "
          "(: </dev/tty) && " OK " ;;");
    case_do(&c, OH_VERB_HOLD, NULL);
    assert_int_equal(c.result, OH_ACTION_TAKEN);
    assert_non_null(strstr(c.answer, "50 1000"));
    assert_non_null(strstr(c.answer, "dumb is held"));
    assert_non_null(strstr(c.answer, "Status: Ok"));
    case_end(&c);
}

static void a_program_that_shows_the_commands_itself_says_so_with_echo(void **state)
{
    struct phone_case c;
    (void)state;
    case_begin(&c, script_of("stty echo", "hold) echo 'it is held' ;;", "  echo: true\n"));
    case_start(&c);
    case_do(&c, OH_VERB_HOLD, NULL);
    assert_int_equal(c.result, OH_ACTION_TAKEN);
    assert_null(strstr(c.answer, "hold\\n"));
    case_end(&c);
}

/* Nobody but the phone's program reads them: no shell, and no pattern. */
static void numbers_with_strange_characters_are_typed_as_they_are(void **state)
{
    static const char uri[] = "sip:\"; $(id) * ? [ ] \\ \\* ' ` # ~ ! %s {a,b} | & < > ^ sip:@x";
    struct phone_case c;
    (void)state;
    case_begin(&c,
               adapter_of("format: 1\n"
                          "title: repeats\n"
                          "start:\n"
                          "  - sh\n"
                          "  - -c\n"
                          "  - |\n"
                          "    printf '> '\n"
                          "    while IFS= read -r line; do\n"
                          "      printf '%s of %s\\n> ' ${user} \"$line\"\n"
                          "    done\n"
                          "drive: {with: terminal, prompt: '> '}\n"
                          "verbs:\n"
                          "  dial: {send: 'call ${uri}', ok: {text: '${user} of call ${uri}'}}\n"
                          "  hold: {send: 'hold x', ok: {text: '${user} of hold \\*'}}\n"
                          "  resume: {send: 'a*b', ok: {text: '* of a\\*b'}}\n"));
    case_start(&c);
    case_do(&c, OH_VERB_DIAL, uri);
    assert_int_equal(c.result, OH_ACTION_TAKEN);
    case_do(&c, OH_VERB_HOLD, NULL); /* a star that stands for itself */
    assert_int_equal(c.result, OH_ACTION_REFUSED);
    case_do(&c, OH_VERB_RESUME, NULL);
    assert_int_equal(c.result, OH_ACTION_TAKEN);
    case_end(&c);
}

static void what_cannot_be_typed_is_refused_and_no_fault_of_the_phone(void **state)
{
    static const char *const strange[] = {"sip:a\nhangup", "sip:a\x03", "sip:\x1b[A"};
    struct phone_case c;
    char longest[5000];
    (void)state;
    begin(&c, ":", "call*) " OK " ;;");
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
        case_do(&c, OH_VERB_DIAL, strange[i]);
        assert_int_equal(c.result, OH_ACTION_REFUSED);
        assert_non_null(strstr(c.answer, "a character that cannot be typed"));
    }
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    case_do(&c, OH_VERB_DIAL, longest);
    assert_int_equal(c.result, OH_ACTION_REFUSED);
    assert_string_equal(c.answer, "the command has 5004 bytes, more than the 4095 of a line");
    case_do(&c, OH_VERB_DIAL, "sip:x@127.0.0.1");
    assert_int_equal(c.result, OH_ACTION_TAKEN);
    case_end(&c);
}

static void a_program_without_a_prompt_is_known_by_its_answers(void **state)
{
    struct phone_case c;
    (void)state;
    case_begin(&c, adapter_of("format: 1\n"
                              "title: terse\n"
                              "start:\n"
                              "  - sh\n"
                              "  - -c\n"
                              "  - |\n"
                              "    while IFS= read -r line; do\n"
                              "      case $line in\n"
                              "      hold) echo 'EVENT held'; echo hm; echo '- ok' ;;\n"
                              "      *) echo '- no such command' ;;\n"
                              "      esac\n"
                              "    done\n"
                              "drive:\n"
                              "  with: terminal\n"
                              "  answer: '- *'\n"
                              "  says: [{begins: 'EVENT *'}]\n"
                              "  ok: {text: '- ok'}\n"
                              "verbs:\n"
                              "  hold: {send: hold}\n"
                              "  resume: {send: resume}\n"));
    case_start(&c);
    case_do(&c, OH_VERB_HOLD, NULL);
    assert_int_equal(c.result, OH_ACTION_TAKEN);
    assert_int_equal(c.events[OH_PHONE_SAYS], 1);
    case_do(&c, OH_VERB_RESUME, NULL);
    assert_int_equal(c.result, OH_ACTION_REFUSED);
    assert_string_equal(c.answer, "- no such command");
    case_end(&c);
}

static void without_a_prompt_it_never_becomes_ready(void **state)
{
    struct phone_case c;
    struct oh_error e;
    (void)state;
    case_begin(&c, adapter_of("format: 1\ntitle: mute\nstart: [sh, -c, 'echo hello; read x']\n"
                              "drive: {with: terminal, prompt: '> '}\n"
                              "ready: {within: 200 ms}\nverbs: {}\n"));
    assert_int_equal(oh_phone_start(c.phone, &e), 0);
    case_await(&c, &c.events[OH_PHONE_FAILED], 1);
    assert_string_equal(
        c.details[OH_PHONE_FAILED],
        "'sh' was not ready within 200 ms: its prompt never came; does 'prompt' fit "
        "what it shows when it waits for a command?; it printed last: hello");
    case_end(&c);
}

static void a_program_that_ends_unasked_has_died(void **state)
{
    struct phone_case c;
    (void)state;
    begin(&c, ":", "hold) echo oh no >&2; exit 7 ;;");
    case_do(&c, OH_VERB_HOLD, NULL);
    assert_int_equal(c.result, OH_ACTION_HUNG);
    assert_int_equal(c.events[OH_PHONE_DIED], 1);
    assert_string_equal(c.details[OH_PHONE_DIED],
                        "exited: status 7; it printed last: script v1.2 | oh no");
    assert_int_equal(c.events[OH_PHONE_HUNG], 0);
    case_start(&c); /* and can be started again */
    case_end(&c);
}

static void a_program_that_floods_its_terminal_is_still_driven(void **state)
{
    struct phone_case c;
    (void)state;
    begin(&c, ":", "hold) seq 1 300000; echo 'it is held' ;; call*) " OK " ;;");
    case_do(&c, OH_VERB_HOLD, NULL); /* what is kept of it ends long before these words */
    assert_int_equal(c.result, OH_ACTION_REFUSED);
    case_do(&c, OH_VERB_DIAL, "sip:x@127.0.0.1");
    assert_int_equal(c.result, OH_ACTION_TAKEN);
    case_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_is_typed_and_its_answer_read),
        cmocka_unit_test(a_refusal_comes_with_the_phones_words),
        cmocka_unit_test(an_answer_can_be_known_by_its_words),
        cmocka_unit_test(a_value_of_an_answer_or_event_goes_into_a_later_command),
        cmocka_unit_test(what_the_phone_says_by_itself_is_told),
        cmocka_unit_test(several_commands_wait_for_each_others_prompts),
        cmocka_unit_test(an_answer_that_is_late_is_not_the_next_ones),
        cmocka_unit_test(the_program_finds_a_wide_terminal_without_echo),
        cmocka_unit_test(a_program_that_shows_the_commands_itself_says_so_with_echo),
        cmocka_unit_test(numbers_with_strange_characters_are_typed_as_they_are),
        cmocka_unit_test(what_cannot_be_typed_is_refused_and_no_fault_of_the_phone),
        cmocka_unit_test(a_program_without_a_prompt_is_known_by_its_answers),
        cmocka_unit_test(without_a_prompt_it_never_becomes_ready),
        cmocka_unit_test(a_program_that_ends_unasked_has_died),
        cmocka_unit_test(a_program_that_floods_its_terminal_is_still_driven),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
