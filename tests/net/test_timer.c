/* Timers and running, in both makes of a net. */
#include "base/file.h"
#include "net/net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MS OH_NS_PER_MS

static struct oh_net *new_real(void)
{
    struct oh_error e;
    struct oh_net *n = oh_net_new(&e);
    assert_non_null(n);
    return n;
}

/* What the callbacks write down, and what they may do. */
struct note {
    struct oh_net *net;
    char log[64];
    struct oh_timer *other;
    int64_t fired_ns;
};

static void add(struct note *note, char c)
{
    size_t len = strlen(note->log);
    assert_true(len + 1 < sizeof note->log);
    note->log[len] = c;
}

static void say_a(void *arg)
{
    add(arg, 'a');
}

static void say_b(void *arg)
{
    add(arg, 'b');
}

static void say_c(void *arg)
{
    add(arg, 'c');
}

static void stop(void *arg)
{
    struct note *note = arg;
    add(note, '.');
    note->fired_ns = oh_net_now(note->net);
    oh_net_stop(note->net);
}

static void cancel_other(void *arg)
{
    struct note *note = arg;
    add(note, 'x');
    oh_timer_cancel(note->other);
    note->other = NULL;
}

static void set_again(void *arg)
{
    struct note *note = arg;
    add(note, 'a');
    if (strlen(note->log) < 4)
        oh_timer_set(note->net, oh_net_now(note->net) + MS, set_again, note);
}

static void run_inner(void *arg)
{
    struct note *note = arg;
    add(note, '(');
    oh_timer_set(note->net, oh_net_now(note->net) + MS, stop, note);
    assert_true(oh_net_run(note->net, oh_net_now(note->net) + 10000 * MS));
    add(note, ')');
}

static void block_6_ms(void *arg)
{
    (void)arg;
    int64_t until = oh_clock_mono_ns() + 6 * MS;
    while (oh_clock_mono_ns() < until)
        continue;
}

static void check_order(struct oh_net *n)
{
    struct note note = {.net = n};
    int64_t now = oh_net_now(n);
    oh_timer_set(n, now + 3 * MS, say_c, &note);
    oh_timer_set(n, now + 2 * MS, say_a, &note);
    oh_timer_set(n, now + 1 * MS, say_b, &note);
    oh_timer_set(n, now + 2 * MS, say_b, &note);
    oh_timer_set(n, now + 2 * MS, say_c, &note);
    oh_timer_set(n, now + 3 * MS, stop, &note);
    assert_true(oh_net_run(n, now + 10000 * MS));
    assert_string_equal(note.log, "babcc.");
    oh_net_free(n);
}

static void timers_fire_in_the_order_of_their_times_and_then_of_their_setting(void **state)
{
    (void)state;
    check_order(oh_net_new_memory());
    check_order(new_real());
}

static void check_cancel(struct oh_net *n)
{
    struct note note = {.net = n};
    int64_t now = oh_net_now(n);
    oh_timer_cancel(NULL);
    oh_timer_cancel(oh_timer_set(n, now, say_a, &note));
    oh_timer_set(n, now + 1 * MS, cancel_other, &note);
    note.other = oh_timer_set(n, now + 1 * MS, say_b, &note);
    oh_timer_set(n, now + 2 * MS, stop, &note);
    assert_true(oh_net_run(n, now + 10000 * MS));
    assert_string_equal(note.log, "x.");

    note.other = oh_timer_set(n, now, cancel_other, &note); /* itself */
    assert_false(oh_net_run(n, oh_net_now(n)));
    assert_string_equal(note.log, "x.x");
    oh_net_free(n);
}

static void a_timer_may_be_cancelled_by_another_and_by_itself(void **state)
{
    (void)state;
    check_cancel(oh_net_new_memory());
    check_cancel(new_real());
}

static void check_set_again(struct oh_net *n)
{
    struct note note = {.net = n};
    oh_timer_set(n, oh_net_now(n), set_again, &note);
    oh_timer_set(n, oh_net_now(n) + 200 * MS, stop, &note);
    assert_true(oh_net_run(n, oh_net_now(n) + 10000 * MS));
    assert_string_equal(note.log, "aaaa.");
    oh_net_free(n);
}

static void a_timer_may_be_set_again_from_its_callback(void **state)
{
    (void)state;
    check_set_again(oh_net_new_memory());
    check_set_again(new_real());
}

static void check_nested(struct oh_net *n)
{
    struct note note = {.net = n};
    int64_t now = oh_net_now(n);
    oh_timer_set(n, now, run_inner, &note);
    oh_timer_set(n, now, say_a, &note); /* fires inside the inner run */
    oh_timer_set(n, now + 100 * MS, stop, &note);
    assert_true(oh_net_run(n, now + 10000 * MS));
    assert_string_equal(note.log, "(a.).");
    oh_net_free(n);
}

static void a_stop_ends_the_innermost_of_nested_runs_only(void **state)
{
    (void)state;
    check_nested(oh_net_new_memory());
    check_nested(new_real());
}

static void check_deadline(struct oh_net *n)
{
    struct note note = {.net = n};
    int64_t deadline = oh_net_now(n) + 2 * MS;
    oh_timer_set(n, deadline, say_a, &note);
    oh_timer_set(n, deadline + 1000000 * MS, say_b, &note);
    oh_net_stop(n); /* outside of a run: nothing */
    assert_false(oh_net_run(n, deadline));
    assert_true(oh_net_now(n) >= deadline);
    assert_string_equal(note.log, "a");

    oh_timer_set(n, 0, say_c, &note);
    assert_false(oh_net_run(n, 0));
    assert_string_equal(note.log, "ac");
    oh_net_free(n); /* with a timer still set */
}

static void a_run_calls_what_is_due_by_its_deadline_and_ends_there(void **state)
{
    (void)state;
    check_deadline(oh_net_new_memory());
    check_deadline(new_real());
}

static void the_twin_spends_no_time_on_64_times_t1(void **state)
{
    (void)state;
    struct oh_net *n = oh_net_new_memory();
    struct note note = {.net = n};
    int64_t began = oh_clock_mono_ns();
    assert_int_equal(oh_net_now(n), 0);
    oh_timer_set(n, 32000 * MS, stop, &note);
    assert_true(oh_net_run(n, 64000 * MS));
    assert_int_equal(oh_net_now(n), 32000 * MS);
    assert_int_equal(note.fired_ns, 32000 * MS);
    assert_false(oh_net_run(n, 64000 * MS));
    assert_int_equal(oh_net_now(n), 64000 * MS);
    assert_false(oh_net_run(n, INT64_MAX)); /* nothing left: no moment to jump to */
    assert_int_equal(oh_net_now(n), 64000 * MS);
    assert_int_equal(oh_net_worst_late_ns(n), 0);
    assert_true(oh_clock_mono_ns() - began < 20000 * MS);
    oh_net_free(n);
}

static void real_timers_are_never_early_and_exact_to_a_millisecond(void **state)
{
    (void)state;
    struct oh_net *n = new_real();
    struct note note = {.net = n};
    int64_t least_late = INT64_MAX;
    for (int i = 0; i < 20; i++) { /* the best of them, as other programs may hold the processor */
        int64_t at = oh_net_now(n) + 2 * MS + 300000;
        note.log[0] = '\0';
        oh_timer_set(n, at, stop, &note);
        assert_true(oh_net_run(n, at + 10000 * MS));
        assert_true(note.fired_ns >= at);
        if (note.fired_ns - at < least_late)
            least_late = note.fired_ns - at;
    }
    assert_true(least_late < MS);
    assert_true(oh_net_worst_late_ns(n) > 0);
    oh_net_free(n);
}

static void lateness_is_measured_from_when_a_timer_could_have_fired(void **state)
{
    (void)state;
    struct oh_net *n = new_real();
    struct note note = {.net = n};
    int64_t now = oh_net_now(n);
    oh_timer_set(n, now, block_6_ms, NULL);
    oh_timer_set(n, now + 1 * MS, say_a, &note);
    assert_false(oh_net_run(n, now));
    assert_false(oh_net_run(n, oh_net_now(n)));
    assert_string_equal(note.log, "a");
    assert_true(oh_net_worst_late_ns(n) >= 4 * MS);

    oh_net_reset_late(n);
    assert_int_equal(oh_net_worst_late_ns(n), 0);
    now = oh_net_now(n);
    oh_timer_set(n, now - 3600000 * MS, say_b, &note); /* an hour ago, but set just now */
    assert_false(oh_net_run(n, now));
    assert_string_equal(note.log, "ab");
    assert_true(oh_net_worst_late_ns(n) < 60000 * MS);
    oh_net_free(n);
}

#define MANY 1000

struct many {
    struct oh_net *net;
    size_t fired;
};

struct one {
    struct many *many;
    struct oh_timer *timer;
    int64_t at_ns;
};

static void count(void *arg)
{
    struct one *one = arg;
    assert_int_equal(oh_net_now(one->many->net), one->at_ns); /* none was kept behind a later one */
    one->many->fired++;
}

static void a_thousand_timers_half_of_them_cancelled_fire_each_at_its_moment(void **state)
{
    (void)state;
    struct many many = {.net = oh_net_new_memory()};
    struct one ones[MANY];
    uint32_t number = 1;
    for (size_t i = 0; i < MANY; i++) {
        number = number * 1664525u + 1013904223u;
        ones[i] = (struct one){.many = &many, .at_ns = number >> 20};
        ones[i].timer = oh_timer_set(many.net, ones[i].at_ns, count, &ones[i]);
    }
    for (size_t i = 0; i < MANY; i += 2)
        oh_timer_cancel(ones[MANY - 1 - i].timer);
    assert_false(oh_net_run(many.net, 1 << 20));
    assert_int_equal(many.fired, MANY / 2);
    oh_net_free(many.net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_fire_in_the_order_of_their_times_and_then_of_their_setting),
        cmocka_unit_test(a_timer_may_be_cancelled_by_another_and_by_itself),
        cmocka_unit_test(a_timer_may_be_set_again_from_its_callback),
        cmocka_unit_test(a_stop_ends_the_innermost_of_nested_runs_only),
        cmocka_unit_test(a_run_calls_what_is_due_by_its_deadline_and_ends_there),
        cmocka_unit_test(the_twin_spends_no_time_on_64_times_t1),
        cmocka_unit_test(real_timers_are_never_early_and_exact_to_a_millisecond),
        cmocka_unit_test(lateness_is_measured_from_when_a_timer_could_have_fired),
        cmocka_unit_test(a_thousand_timers_half_of_them_cancelled_fire_each_at_its_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
