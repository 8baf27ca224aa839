/* The reference phone: options in, event loop, exit status out. */
#define SU_WAKEUP_ARG_T struct rp_phone
#include "phone.h"

#include "control.h"
#include "log.h"
#include "options.h"

#include <sofia-sip/su.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { EXIT_USAGE = 2, SIGNAL_STATUS = 128 }; /* as shells tell a signal: 143 for SIGTERM */

static int open_signals(void)
{
    sigset_t set;
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int on_signal(su_root_magic_t *root, su_wait_t *wait, struct rp_phone *phone)
{
    struct signalfd_siginfo info;
    (void)root;
    if (read(su_wait_socket(wait), &info, sizeof info) == (ssize_t)sizeof info) {
        rp_log("signal %u; quitting", info.ssi_signo);
        phone->signalled = (int)info.ssi_signo;
        rp_phone_quit(phone);
    }
    return 0;
}

/* A phone that is started anew is the same process, with the same input and output. */
static int start_anew(char **argv)
{
    fflush(NULL);
    closefrom(STDERR_FILENO + 1);
    execv("/proc/self/exe", argv);
    fprintf(stderr, "offhook-reference-phone: cannot start anew: %s\n", strerror(errno));
    return EXIT_FAILURE;
}

static int run(const struct rp_options *options, su_root_t *root, int signals, char **argv)
{
    struct rp_phone phone;
    su_wait_t wait[1];
    int status = EXIT_FAILURE;
    su_wait_create(wait, signals, SU_WAIT_IN);
    if (rp_phone_init(&phone, options, root) == 0) {
        int registered = su_root_register(root, wait, on_signal, &phone, 0);
        rp_control_begin(phone.control);
        su_root_run(root);
        su_root_deregister(root, registered);
        status = phone.signalled ? SIGNAL_STATUS + phone.signalled : EXIT_SUCCESS;
    }
    rp_phone_release(&phone);
    if (phone.restarting && !phone.signalled)
        _exit(start_anew(argv));
    if (!phone.shut_down) {
        fflush(NULL);
        _exit(status); /* a stack that is not shut down, or not wholly up, cannot be taken down */
    }
    su_root_destroy(root);
    return status;
}

int main(int argc, char **argv)
{
    struct rp_options options;
    if (rp_options_parse(&options, argc, argv) < 0)
        return EXIT_USAGE;
    if (options.listed)
        return EXIT_SUCCESS;
    if (rp_log_open(options.log_path) < 0) {
        fprintf(stderr, "offhook-reference-phone: --log: %s: %s\n", options.log_path,
                strerror(errno));
        return EXIT_FAILURE;
    }
    int signals = open_signals();
    su_init();
    su_root_t *root = su_root_create(NULL);
    int status = EXIT_FAILURE;
    if (root && signals >= 0) {
        su_root_threading(root, 0); /* the stack runs in this thread */
        status = run(&options, root, signals, argv);
    }
    if (signals >= 0)
        close(signals);
    rp_log_close();
    return status;
}
