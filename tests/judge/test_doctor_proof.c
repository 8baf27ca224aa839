/* What a recording proves of a verb, where times tell: the doctor's room is a program, so its file
 * is taken in here. */
#include "cli/doctor_proof.c"

#include "support/call_407.h"

/* A call that stands, and the phone's BYE on the wire `early_ms` before the user's action is told,
 * though our socket reads it after that. */
static struct recorded *hung_up(int64_t early_ms)
{
    struct recorded *r = recorded_new(CALL_407);
    begins(r);
    r->now += 100 * MS;
    int64_t sent_ns = r->now;
    const char *text = bye(r);
    if (early_ms > 0) {
        recorded_wire(r, &r->phone, &r->proxy, text);
        r->now += early_ms * MS;
    }
    told(r, HANGS_UP);
    if (early_ms <= 0) {
        r->now = sent_ns - early_ms * MS;
        recorded_wire(r, &r->phone, &r->proxy, text);
    }
    r->now += MS / 10;
    oh_run_tap(r->run, r->now, "P", false, &r->proxy, &r->phone, oh_span_of(text));
    confirmed(r, HANGS_UP);
    ends(r, OH_OUTCOME_COMPLETE, "");
    return r;
}

static struct oh_proof proof_of(struct recorded *r)
{
    struct oh_error e = {0};
    r->recording = oh_recording_make(r->run, r->trace, &e);
    assert_non_null(r->recording);
    assert_int_equal(r->recording->scenario->steps[HANGS_UP].verb, OH_VERB_HANGUP);
    return oh_proof_of(r->recording, HANGS_UP);
}

static void a_bye_after_it_was_told_proves_the_verb(void **state)
{
    struct recorded *r = hung_up(-2);
    struct oh_proof p = proof_of(r);
    (void)state;
    assert_int_equal(p.word, OH_PROOF_DONE);
    assert_int_equal(p.after_ns, 2 * MS);
    assert_null(oh_proof_self_end(r->recording));
    recorded_free(r);
}

static void a_bye_before_it_was_told_is_the_phones_own(void **state)
{
    struct recorded *r = hung_up(1);
    struct oh_proof p = proof_of(r);
    (void)state;
    assert_int_equal(p.word, OH_PROOF_GONE);
    assert_int_equal(p.after_ns, -MS);
    assert_ptr_equal(p.message, oh_proof_self_end(r->recording));
    recorded_free(r);
}

/* Then stamps of before and after cannot be compared: the order of our sockets counts. */
static void a_clock_that_was_set_accuses_nobody(void **state)
{
    struct recorded *r = hung_up(1);
    (void)state;
    r->run->clock_step_ns = 5 * MS;
    assert_int_equal(proof_of(r).word, OH_PROOF_DONE);
    recorded_free(r);
}

static void a_phone_that_died_ended_no_call_by_itself(void **state)
{
    struct recorded *r = hung_up(1);
    (void)state;
    r->run->outcome = OH_OUTCOME_PHONE_DIED;
    assert_int_equal(proof_of(r).word, OH_PROOF_DONE);
    recorded_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bye_after_it_was_told_proves_the_verb),
        cmocka_unit_test(a_bye_before_it_was_told_is_the_phones_own),
        cmocka_unit_test(a_clock_that_was_set_accuses_nobody),
        cmocka_unit_test(a_phone_that_died_ended_no_call_by_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
