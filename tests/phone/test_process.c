/* A program's life: output, end, signals, and that nothing of it remains. */
#include "phone/process.h"

#include "base/file.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_NS (20 * OH_NS_PER_S)

struct life {
    struct oh_net *net;
    struct oh_process *process;
    int events[3];
    int status;
};

static void on_life(struct oh_process *p, enum oh_process_event event, int status, void *arg)
{
    struct life *l = arg;
    (void)p;
    l->events[event]++;
    l->status = status;
    oh_net_stop(l->net);
}

static int begin_life(void **state)
{
    struct life *l = oh_alloc(sizeof *l);
    l->net = oh_net_new(NULL);
    *state = l;
    return l->net ? 0 : -1;
}

static int end_life(void **state)
{
    struct life *l = *state;
    oh_process_free(l->process);
    oh_net_free(l->net);
    free(l);
    return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD ? 0 : -1;
}

static void start_script(struct life *l, const char *script)
{
    char *argv[] = {oh_strdup("sh"), oh_strdup("-c"), oh_strdup(script), NULL};
    char *environment[] = {oh_strdup("OH_TEST_VALUE=a value"), NULL};
    struct oh_process_plan plan = {.argv = argv, .environment = environment, .folder = "/"};
    struct oh_error e = {0};
    l->process = oh_process_start(l->net, &plan, on_life, l, &e);
    assert_string_equal(e.text, "");
    assert_non_null(l->process);
    for (size_t i = 0; argv[i]; i++)
        free(argv[i]);
    free(environment[0]);
}

static void await_event(struct life *l, enum oh_process_event event)
{
    int64_t end = oh_net_now(l->net) + PATIENCE_NS;
    while (!l->events[event] && oh_net_now(l->net) < end)
        oh_net_run(l->net, end);
    assert_int_equal(l->events[event], 1);
}

static bool printed(struct life *l, const char *word)
{
    return oh_span_search(oh_process_output(l->process), oh_span_of(word)) <
           oh_process_output(l->process).len;
}

/* Until the script has said that it is there. */
static void await_word(struct life *l, const char *word)
{
    int64_t end = oh_net_now(l->net) + PATIENCE_NS;
    while (!printed(l, word) && oh_net_now(l->net) < end)
        oh_net_run(l->net, oh_net_now(l->net) + 5 * OH_NS_PER_MS);
    assert_true(printed(l, word));
}

static void assert_words(int status, const char *wanted)
{
    char *words = oh_process_words(status);
    assert_string_equal(words, wanted);
    free(words);
}

static void an_end_at_once_is_told_with_status_and_output(void **state)
{
    struct life *l = *state;
    start_script(l, "echo out; echo err >&2; echo $OH_TEST_VALUE; pwd; exit 3");
    await_event(l, OH_PROCESS_ENDED);
    assert_words(l->status, "exited: status 3");
    assert_true(printed(l, "out\n"));
    assert_true(printed(l, "err\n"));
    assert_true(printed(l, "a value\n/\n"));
    assert_false(oh_process_is_running(l->process));
}

static void a_missing_program_is_told_at_once(void **state)
{
    struct life *l = *state;
    char name[] = "offhook-test-no-such-program";
    char *argv[] = {name, NULL};
    struct oh_process_plan plan = {.argv = argv, .folder = "/"};
    struct oh_error e = {0};
    assert_null(oh_process_start(l->net, &plan, on_life, l, &e));
    assert_int_equal(errno, ENOENT);
    assert_non_null(strstr(e.text, name));
}

static void of_much_output_the_tail_is_kept(void **state)
{
    struct life *l = *state;
    start_script(l, "i=0; while [ $i -lt 20000 ]; do echo line $i of many; i=$((i+1)); done");
    await_event(l, OH_PROCESS_ENDED);
    assert_int_equal(oh_process_output(l->process).len, 64 * 1024);
    assert_true(printed(l, "line 19999 of many\n"));
    assert_false(printed(l, "line 100 of many\n"));
}

static void it_reads_nothing_and_has_none_of_our_files(void **state)
{
    struct life *l = *state;
    int fds[2];
    assert_int_equal(pipe(fds), 0); /* without CLOEXEC */
    start_script(l, "cat; ls /proc/self/fd | wc -l");
    await_event(l, OH_PROCESS_ENDED);
    assert_true(printed(l, "4\n")); /* three, and the listing's own */
    close(fds[0]);
    close(fds[1]);
}

static void one_that_ignores_sigterm_dies_by_sigkill(void **state)
{
    struct life *l = *state;
    start_script(l, "trap '' TERM; echo ready; while :; do sleep 60; done");
    await_word(l, "ready");
    oh_process_signal(l->process, SIGTERM);
    oh_net_run(l->net, oh_net_now(l->net) + 50 * OH_NS_PER_MS);
    assert_true(oh_process_is_running(l->process));
    oh_process_signal(l->process, SIGKILL);
    await_event(l, OH_PROCESS_ENDED);
    assert_words(l->status, "killed: SIGKILL");
    assert_true(oh_process_was_signalled(l->process));
}

static void a_kill_from_outside_is_none_of_ours(void **state)
{
    struct life *l = *state;
    start_script(l, "echo ready; exec sleep 60");
    await_word(l, "ready");
    kill(oh_process_pid(l->process), SIGTERM);
    await_event(l, OH_PROCESS_ENDED);
    assert_words(l->status, "killed: SIGTERM");
    assert_true(oh_process_is_kill(l->status));
    assert_false(oh_process_was_signalled(l->process));
}

static void a_crash_is_no_kill(void **state)
{
    struct life *l = *state;
    start_script(l, "kill -SEGV $$");
    await_event(l, OH_PROCESS_ENDED);
    assert_words(l->status, "crashed: SIGSEGV");
    assert_false(oh_process_is_kill(l->status));
}

static void stopping_and_continuing_are_seen(void **state)
{
    struct life *l = *state;
    start_script(l, "echo ready; exec sleep 60");
    await_word(l, "ready");
    kill(oh_process_pid(l->process), SIGSTOP);
    await_event(l, OH_PROCESS_STOPPED);
    kill(oh_process_pid(l->process), SIGCONT);
    await_event(l, OH_PROCESS_CONTINUED);
}

/* The kernel tells the latest change alone. */
static void however_short_it_was_stopped_both_are_told_in_order(void **state)
{
    struct life *l = *state;
    start_script(l, "echo ready; exec sleep 60");
    await_word(l, "ready");
    kill(oh_process_pid(l->process), SIGSTOP);
    siginfo_t info; /* until it stands still: what is continued before was never stopped */
    assert_int_equal(waitid(P_PID, (id_t)oh_process_pid(l->process), &info, WSTOPPED | WNOWAIT), 0);
    kill(oh_process_pid(l->process), SIGCONT);
    await_event(l, OH_PROCESS_STOPPED);
    assert_int_equal(l->events[OH_PROCESS_CONTINUED], 0);
    await_event(l, OH_PROCESS_CONTINUED);
    assert_int_equal(l->events[OH_PROCESS_STOPPED], 1);
}

/* Of the child that the script printed the number of. */
static void assert_child_is_gone(struct life *l)
{
    struct oh_span output = oh_process_output(l->process);
    char *text = oh_span_dup(output);
    pid_t child = (pid_t)atol(strstr(text, "child ") + strlen("child "));
    free(text);
    assert_true(child > 1);
    for (int64_t end = oh_net_now(l->net) + PATIENCE_NS;
         oh_net_now(l->net) < end && kill(child, 0) == 0;) {
        char *path = oh_format("/proc/%d/stat", (int)child);
        struct oh_text stat = {0};
        bool gone = oh_file_read(path, 4096, &stat, NULL) != 0 || strstr(oh_text_str(&stat), ") Z");
        oh_text_release(&stat);
        free(path);
        if (gone)
            return; /* a zombie is its new parent's to reap */
        oh_net_run(l->net, oh_net_now(l->net) + 5 * OH_NS_PER_MS);
    }
    assert_int_equal(kill(child, 0), -1);
}

static void its_own_children_go_with_it(void **state)
{
    struct life *l = *state;
    start_script(l, "sleep 60 & echo child $!; exit 0");
    await_event(l, OH_PROCESS_ENDED);
    assert_child_is_gone(l);
}

static void children_that_left_its_session_and_their_parent_go_with_it(void **state)
{
    struct life *l = *state;
    start_script(l, "(setsid sh -c 'trap \"\" TERM HUP; echo child $$ there; exec sleep 60' &); "
                    "exec sleep 60");
    await_word(l, " there");
    kill(oh_process_pid(l->process), SIGKILL);
    await_event(l, OH_PROCESS_ENDED);
    assert_child_is_gone(l);
}

static void one_that_runs_is_killed_when_it_is_freed(void **state)
{
    struct life *l = *state;
    start_script(l, "trap '' TERM; sleep 60; sleep 60");
    pid_t pid = oh_process_pid(l->process);
    oh_process_free(l->process);
    l->process = NULL;
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(l->events[OH_PROCESS_ENDED], 0);
}

#define LIFE(f) cmocka_unit_test_setup_teardown(f, begin_life, end_life)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIFE(an_end_at_once_is_told_with_status_and_output),
        LIFE(a_missing_program_is_told_at_once),
        LIFE(of_much_output_the_tail_is_kept),
        LIFE(it_reads_nothing_and_has_none_of_our_files),
        LIFE(one_that_ignores_sigterm_dies_by_sigkill),
        LIFE(a_kill_from_outside_is_none_of_ours),
        LIFE(a_crash_is_no_kill),
        LIFE(stopping_and_continuing_are_seen),
        LIFE(however_short_it_was_stopped_both_are_told_in_order),
        LIFE(its_own_children_go_with_it),
        LIFE(children_that_left_its_session_and_their_parent_go_with_it),
        LIFE(one_that_runs_is_killed_when_it_is_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
