/* A person at a phone: what is asked, keys and lines over a pipe, and what the wire confirms. */
#include "phone/person.h"
#include "phone_case.h"

struct desk {
    struct phone_case c;
    struct oh_person *person;
    int keys[2];
    char *sentence, *awaited, *note, *words;
    enum oh_person_state state;
    int shown, overs, quits;
    enum oh_person_answer answer;
    bool deaf;
};

static void keep(char **text, const char *value)
{
    free(*text);
    *text = oh_strdup(value);
}

static void on_show(const struct oh_person_view *v, void *arg)
{
    struct desk *d = arg;
    d->shown++;
    d->state = v->state;
    d->deaf = v->deaf;
    keep(&d->sentence, v->sentence);
    keep(&d->awaited, v->awaited);
    keep(&d->note, v->note);
    assert_string_equal(v->user, "1001");
    oh_net_stop(d->c.net);
}

static void on_over(enum oh_person_answer answer, const char *words, void *arg)
{
    struct desk *d = arg;
    d->overs++;
    d->answer = answer;
    keep(&d->words, words);
}

static void on_quit(void *arg)
{
    struct desk *d = arg;
    d->quits++;
    oh_net_stop(d->c.net);
}

static const char adapter[] = "format: 1\n"
                              "title: desk\n"
                              "account: {password: secret}\n"
                              "drive: {with: person, ok: {done: true}, reason: text}\n"
                              "verbs:\n"
                              "  dial: {send: \"dial ${number}\"}\n"
                              "  dtmf: {send: \"press ${digits}\"}\n"
                              "  hangup: {send: hang up, within: 300 ms}\n";

static void begin(struct desk *d, bool by_line)
{
    struct oh_error e = {0};
    *d = (struct desk){0};
    assert_int_equal(pipe(d->keys), 0);
    case_begin(&d->c, adapter_of(adapter));
    d->person = oh_person_new(&(struct oh_person_plan){.keys = d->keys[0],
                                                       .by_line = by_line,
                                                       .show = on_show,
                                                       .over = on_over,
                                                       .quit = on_quit,
                                                       .arg = d});
    oh_phone_free(d->c.phone);
    d->c.place.person = d->person;
    d->c.phone = oh_phone_new(d->c.net, d->c.adapter, &d->c.place, on_case_event, &d->c);
    assert_int_equal(oh_phone_start(d->c.phone, &e), 0);
    while (!d->c.events[OH_PHONE_READY])
        assert_true(oh_net_run(d->c.net, oh_net_now(d->c.net) + PATIENCE_NS));
}

static void end(struct desk *d)
{
    oh_phone_free(d->c.phone);
    d->c.phone = NULL;
    oh_person_free(d->person);
    close(d->keys[0]);
    if (d->keys[1] >= 0)
        close(d->keys[1]);
    free(d->sentence);
    free(d->awaited);
    free(d->note);
    free(d->words);
    case_end(&d->c);
}

static void ask(struct desk *d, enum oh_verb verb, const char *awaited)
{
    struct oh_error e = {0};
    struct oh_action_args args = {.uri = "sip:2002@127.0.0.1:5060", .digits = "12#"};
    oh_phone_awaits(d->c.phone, "A", awaited);
    assert_int_equal(oh_phone_do(d->c.phone, verb, &args, on_case_answer, &d->c, &e), 0);
}

static void press(struct desk *d, const char *keys)
{
    assert_int_equal(write(d->keys[1], keys, strlen(keys)), strlen(keys));
}

static void until_answered(struct desk *d)
{
    int64_t deadline = oh_net_now(d->c.net) + PATIENCE_NS;
    while (!d->c.answered && oh_net_now(d->c.net) < deadline)
        oh_net_run(d->c.net, deadline);
    assert_int_equal(d->c.answered, 1);
}

static void until_state(struct desk *d, enum oh_person_state state)
{
    int64_t deadline = oh_net_now(d->c.net) + PATIENCE_NS;
    while (d->state != state && oh_net_now(d->c.net) < deadline)
        oh_net_run(d->c.net, deadline);
    assert_int_equal(d->state, state);
}

static void nothing_is_started_and_the_number_is_told(void **state)
{
    struct desk d;
    (void)state;
    begin(&d, false);
    assert_true(oh_adapter_is_by_hand(d.c.adapter));
    ask(&d, OH_VERB_DIAL, "INVITE");
    assert_string_equal(d.sentence, "dial 2002");
    assert_string_equal(d.awaited, "INVITE");
    assert_int_equal(oh_phone_output(d.c.phone).len, 0);
    end(&d);
}

static void what_the_wire_shows_needs_no_key(void **state)
{
    struct desk d;
    (void)state;
    begin(&d, false);
    ask(&d, OH_VERB_DIAL, "INVITE");
    oh_phone_came(d.c.phone);
    assert_int_equal(d.c.answered, 1);
    assert_int_equal(d.c.result, OH_ACTION_TAKEN);
    assert_non_null(strstr(d.c.answer, "seen on the wire: INVITE"));
    assert_int_equal(d.answer, OH_PERSON_SEEN);
    end(&d);
}

static void a_key_ends_what_the_wire_cannot_show(void **state)
{
    struct desk d;
    (void)state;
    begin(&d, false);
    ask(&d, OH_VERB_DTMF, NULL);
    assert_string_equal(d.sentence, "press 12#");
    press(&d, "xyz\n");
    until_answered(&d);
    assert_int_equal(d.c.result, OH_ACTION_TAKEN);
    end(&d);
}

static void done_is_asked_twice_where_the_wire_shows_nothing(void **state)
{
    struct desk d;
    (void)state;
    begin(&d, false);
    ask(&d, OH_VERB_DIAL, "INVITE");
    press(&d, "\n\n\n"); /* leaning on the key is no second answer */
    until_state(&d, OH_PERSON_WAITS);
    assert_int_equal(d.c.answered, 0);
    until_state(&d, OH_PERSON_DOUBTS);
    assert_int_equal(d.c.answered, 0);
    press(&d, "d");
    until_answered(&d);
    assert_int_equal(d.c.result, OH_ACTION_TAKEN);
    assert_non_null(strstr(d.c.answer, "asked twice"));
    end(&d);
}

static void skipping_is_no_refusal_of_the_phone(void **state)
{
    struct desk d;
    (void)state;
    begin(&d, false);
    ask(&d, OH_VERB_DIAL, "INVITE");
    press(&d, "s");
    until_answered(&d);
    assert_int_equal(d.c.result, OH_ACTION_SKIPPED);
    assert_string_equal(d.c.answer, "the person skipped it");
    end(&d);
}

static void a_note_tells_what_went_wrong(void **state)
{
    struct desk d;
    (void)state;
    begin(&d, false);
    ask(&d, OH_VERB_DIAL, "INVITE");
    press(&d, "wno\x7fo \xc3\xbc\x7ftone q\n");
    until_answered(&d);
    assert_int_equal(d.c.result, OH_ACTION_REFUSED);
    assert_string_equal(d.c.answer, "the person says that something went wrong: no tone q");
    assert_int_equal(d.quits, 0);
    end(&d);
}

static void a_note_is_taken_back_by_escape(void **state)
{
    struct desk d;
    (void)state;
    begin(&d, false);
    ask(&d, OH_VERB_DIAL, "INVITE");
    press(&d, "wnot so");
    until_state(&d, OH_PERSON_NOTES);
    press(&d, "\x1b");
    until_state(&d, OH_PERSON_ASKED);
    assert_int_equal(d.c.answered, 0);
    press(&d, "s");
    until_answered(&d);
    assert_int_equal(d.c.result, OH_ACTION_SKIPPED);
    end(&d);
}

static void again_is_remembered_once(void **state)
{
    struct desk d;
    (void)state;
    begin(&d, false);
    ask(&d, OH_VERB_DIAL, "INVITE");
    press(&d, "a");
    until_answered(&d);
    assert_int_equal(d.c.result, OH_ACTION_REFUSED);
    assert_true(oh_person_wants_again(d.person));
    assert_false(oh_person_wants_again(d.person));
    end(&d);
}

static void the_run_can_be_ended_at_any_time(void **state)
{
    struct desk d;
    (void)state;
    begin(&d, false);
    press(&d, "q");
    while (!d.quits)
        assert_true(oh_net_run(d.c.net, oh_net_now(d.c.net) + PATIENCE_NS));
    end(&d);
}

static void lines_are_kept_for_the_question_that_they_answer(void **state)
{
    struct desk d;
    (void)state;
    begin(&d, true);
    press(&d, "done\nwrong line is busy\n");
    ask(&d, OH_VERB_DTMF, NULL);
    until_answered(&d);
    assert_int_equal(d.c.result, OH_ACTION_TAKEN);
    d.c.answered = 0;
    ask(&d, OH_VERB_DIAL, "INVITE");
    until_answered(&d);
    assert_int_equal(d.c.result, OH_ACTION_REFUSED);
    assert_string_equal(d.c.answer, "the person says that something went wrong: line is busy");
    end(&d);
}

static void without_keys_only_what_needs_one_is_refused(void **state)
{
    struct desk d;
    (void)state;
    begin(&d, true);
    close(d.keys[1]);
    d.keys[1] = -1;
    ask(&d, OH_VERB_DIAL, "INVITE");
    while (!d.deaf)
        assert_true(oh_net_run(d.c.net, oh_net_now(d.c.net) + PATIENCE_NS));
    assert_int_equal(d.c.answered, 0);
    oh_phone_came(d.c.phone);
    assert_int_equal(d.c.result, OH_ACTION_TAKEN);
    d.c.answered = 0;
    ask(&d, OH_VERB_DTMF, NULL);
    until_answered(&d);
    assert_int_equal(d.c.result, OH_ACTION_REFUSED);
    assert_non_null(strstr(d.c.answer, "standard input has ended"));
    end(&d);
}

static void what_nobody_does_in_time_is_no_hung_phone(void **state)
{
    struct desk d;
    (void)state;
    begin(&d, false);
    ask(&d, OH_VERB_HANGUP, "BYE");
    until_answered(&d);
    assert_int_equal(d.c.result, OH_ACTION_REFUSED);
    assert_int_equal(d.overs, 1); /* it is no longer asked */
    press(&d, "s");
    assert_false(oh_net_run(d.c.net, oh_net_now(d.c.net) + 50 * OH_NS_PER_MS));
    assert_int_equal(d.c.answered, 1);
    end(&d);
}

static void one_thing_is_asked_at_a_time(void **state)
{
    struct desk d;
    (void)state;
    begin(&d, false);
    ask(&d, OH_VERB_DIAL, "INVITE");
    ask(&d, OH_VERB_DTMF, NULL);
    assert_string_equal(d.sentence, "dial 2002");
    oh_phone_came(d.c.phone);
    assert_string_equal(d.sentence, "press 12#");
    d.c.answered = 0;
    press(&d, "d");
    until_answered(&d);
    end(&d);
}

static void without_a_person_it_does_not_start(void **state)
{
    struct phone_case c;
    struct oh_error e = {0};
    (void)state;
    case_begin(&c, adapter_of(adapter));
    assert_int_equal(oh_phone_start(c.phone, &e), -1);
    assert_non_null(strstr(e.text, "nobody is there"));
    case_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_started_and_the_number_is_told),
        cmocka_unit_test(what_the_wire_shows_needs_no_key),
        cmocka_unit_test(a_key_ends_what_the_wire_cannot_show),
        cmocka_unit_test(done_is_asked_twice_where_the_wire_shows_nothing),
        cmocka_unit_test(skipping_is_no_refusal_of_the_phone),
        cmocka_unit_test(a_note_tells_what_went_wrong),
        cmocka_unit_test(a_note_is_taken_back_by_escape),
        cmocka_unit_test(again_is_remembered_once),
        cmocka_unit_test(the_run_can_be_ended_at_any_time),
        cmocka_unit_test(lines_are_kept_for_the_question_that_they_answer),
        cmocka_unit_test(without_keys_only_what_needs_one_is_refused),
        cmocka_unit_test(what_nobody_does_in_time_is_no_hung_phone),
        cmocka_unit_test(one_thing_is_asked_at_a_time),
        cmocka_unit_test(without_a_person_it_does_not_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
