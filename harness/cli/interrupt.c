#include "cli/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define PATIENT_SIGNALS 2 /* the next one ends the program as it stands */

static volatile int interrupted;
static volatile int interruptions;
static volatile sig_atomic_t overdue;
static void (*also)(void);
static int wake_pipe[2] = {-1, -1};

static void on_signal(int signo)
{
    int saved = errno;
    ssize_t written = write(wake_pipe[1], "x", 1);
    (void)written;
    if (also)
        also();
    if (++interruptions == PATIENT_SIGNALS)
        signal(signo, SIG_DFL);
    interrupted = signo;
    errno = saved;
}

void oh_interrupt_also(void (*fn)(void))
{
    also = fn;
}

int oh_interrupt_catch(struct oh_error *e)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = on_signal}, before;
    if (pipe2(wake_pipe, O_CLOEXEC | O_NONBLOCK) != 0)
        return oh_error_set(e, "no pipe could be made: %s", strerror(errno));
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (sigaction(signals[i], NULL, &before) == 0 &&
            (signals[i] != SIGHUP || before.sa_handler != SIG_IGN)) /* nohup stays */
            sigaction(signals[i], &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    return 0;
}

/* Once set it fires on: the first may come just before a read begins. */
static void on_alarm(int signo)
{
    (void)signo;
    overdue = 1;
}

static void on_signal_while_reading(int signo)
{
    static const struct itimerval soon = {{0, 100000}, {1, 0}}, now = {{0, 100000}, {0, 1}};
    if (++interruptions > PATIENT_SIGNALS)
        signal(signo, SIG_DFL);
    setitimer(ITIMER_REAL, interruptions == 1 ? &soon : &now, NULL);
    interrupted = signo;
}

int oh_interrupt_catch_reading(struct oh_error *e)
{
    struct sigaction action = {.sa_handler = on_signal_while_reading, .sa_flags = SA_RESTART};
    struct sigaction alarmed = {.sa_handler = on_alarm};
    if (sigaction(SIGINT, &action, NULL) != 0 || sigaction(SIGTERM, &action, NULL) != 0 ||
        sigaction(SIGALRM, &alarmed, NULL) != 0)
        return oh_error_set(e, "signals cannot be caught: %s", strerror(errno));
    signal(SIGPIPE, SIG_IGN);
    return 0;
}

bool oh_interrupt_is_overdue(void)
{
    return overdue != 0;
}

const volatile int *oh_interrupt_flag(void)
{
    return &interrupted;
}

int oh_interrupt_fd(void)
{
    return wake_pipe[0];
}
