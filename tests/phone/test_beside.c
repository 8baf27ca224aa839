/* Programs that run beside a phone: before it, with it, ended with it. */
#include "phone_case.h"

/* The phone says whether the helper's file is there. */
static struct oh_adapter *with_helper(const char *helper, const char *within, const char *more)
{
    char *text = oh_format("format: 1\n"
                           "title: script\n"
                           "%s"
                           "start: [sh, -c, 'printf \"> \"; while read -r l; do ls; printf \"> \"; "
                           "done']\n"
                           "drive: {with: terminal, prompt: '> '}\n"
                           "beside:\n"
                           "  - start: [sh, -c, '%s']\n"
                           "    until: ${folder}/there\n"
                           "    within: %s\n"
                           "    for: rtp\n"
                           "verbs:\n"
                           "  hold: {send: look, ok: {text: '*there*'}}\n",
                           more, helper, within);
    struct oh_adapter *a = adapter_of(text);
    free(text);
    return a;
}

static void a_phone_is_started_when_what_it_needs_beside_it_is_there(void **state)
{
    struct phone_case c;
    (void)state;
    case_begin(&c, with_helper("sleep 0.05; echo > there; exec sleep 100", "10 s",
                               "abilities: [rtp]\n"));
    case_start(&c);
    case_do(&c, OH_VERB_HOLD, NULL);
    assert_int_equal(c.result, OH_ACTION_TAKEN);
    oh_phone_stop(c.phone);
    case_await(&c, &c.events[OH_PHONE_ENDED], 1);
    case_start(&c); /* and again, with one of its own */
    case_end(&c);
}

static void without_the_ability_it_is_not_started(void **state)
{
    struct phone_case c;
    (void)state;
    case_begin(&c, with_helper("echo > there; exec sleep 100", "10 s",
                               "abilities: [rtp: {needs: no-such-program, install: buy it}]\n"));
    assert_false(oh_adapter_can(c.adapter, "rtp"));
    assert_string_equal(oh_adapter_why_lacking(c.adapter, "rtp"),
                        "no-such-program is not there; buy it");
    case_start(&c);
    case_do(&c, OH_VERB_HOLD, NULL);
    assert_int_equal(c.result, OH_ACTION_REFUSED);
    case_end(&c);
}

static void fails(const char *helper, const char *within, const char *why)
{
    struct phone_case c;
    struct oh_error e;
    case_begin(&c, with_helper(helper, within, "abilities: [rtp]\n"));
    assert_int_equal(oh_phone_start(c.phone, &e), 0);
    case_await(&c, &c.events[OH_PHONE_FAILED], 1);
    assert_non_null(strstr(c.details[OH_PHONE_FAILED], why));
    assert_false(oh_phone_is_running(c.phone));
    case_end(&c);
}

static void what_cannot_be_used_in_time_fails_the_start(void **state)
{
    (void)state;
    fails("exec sleep 100", "300 ms",
          "'sh', which runs beside the phone, could not be used within 300 ms");
}

static void what_ends_before_the_phone_fails_it(void **state)
{
    (void)state;
    fails("echo no sound; exit 3", "10 s",
          "'sh', which runs beside the phone, ended, exited: status 3; it printed last: no sound");
    fails("echo > there; sleep 0.2; exit 3", "10 s", "'sh', which runs beside the phone, ended");
}

static void a_phone_can_be_stopped_before_it_began(void **state)
{
    struct phone_case c;
    struct oh_error e;
    (void)state;
    case_begin(&c, with_helper("exec sleep 100", "10 s", "abilities: [rtp]\n"));
    assert_int_equal(oh_phone_start(c.phone, &e), 0);
    oh_phone_stop(c.phone);
    case_await(&c, &c.events[OH_PHONE_ENDED], 1);
    assert_int_equal(c.events[OH_PHONE_FAILED], 0);
    case_end(&c);
}

static void a_missing_program_is_told_at_once(void **state)
{
    struct phone_case c;
    struct oh_error e;
    (void)state;
    case_begin(&c, adapter_of("format: 1\ntitle: x\nstart: [sh]\ninstall: buy it\n"
                              "drive: {with: json-lines}\nverbs: {}\n"
                              "beside: [{start: [no-such-program]}]\n"));
    assert_int_equal(oh_phone_start(c.phone, &e), -1);
    assert_non_null(strstr(e.text, "'no-such-program' cannot be started"));
    assert_string_equal(e.remedy, "the phone needs it beside it; buy it");
    case_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_phone_is_started_when_what_it_needs_beside_it_is_there),
        cmocka_unit_test(without_the_ability_it_is_not_started),
        cmocka_unit_test(what_cannot_be_used_in_time_fails_the_start),
        cmocka_unit_test(what_ends_before_the_phone_fails_it),
        cmocka_unit_test(a_phone_can_be_stopped_before_it_began),
        cmocka_unit_test(a_missing_program_is_told_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
