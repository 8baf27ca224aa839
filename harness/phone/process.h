/*
 * phone/process.h - a program that we started: its life, its output, its end. Private to phone/.
 *
 * In a session and process group of its own; dies with us; gets none of our file descriptors. What
 * it prints is read always, and the last 64 KiB kept. Before its end is told its group is killed,
 * and whatever of its children left the group: they are known by OFFHOOK_PHONE in their
 * environment.
 *
 * Uses: net/.
 */
#ifndef OH_PHONE_PROCESS_H
#define OH_PHONE_PROCESS_H

#include "net/net.h"

#include <sys/types.h>

struct oh_process;

enum oh_process_event { OH_PROCESS_ENDED, OH_PROCESS_STOPPED, OH_PROCESS_CONTINUED };
/* `status` as of waitpid. After ENDED nothing follows. The process may be freed from within. */
typedef void oh_process_fn(struct oh_process *p, enum oh_process_event event, int status,
                           void *arg);

struct oh_process_plan {
    char *const *argv;        /* NULL-ended; [0] is looked for in PATH if it has no slash */
    char *const *environment; /* NULL-ended "NAME=VALUE", put over our own */
    const char *folder;       /* where it runs */
    /* Its standard input and output are ours to use, as pipes or as a terminal (its controlling
     * one, without echo, lines ended by LF); else it reads nothing, and stdout is kept. stderr is
     * kept always. */
    bool on_pipes, on_pty;
};

/* NULL where it cannot be started; `e` says why, and errno is the reason (ENOENT: no such program).
 */
struct oh_process *oh_process_start(struct oh_net *net, const struct oh_process_plan *plan,
                                    oh_process_fn *fn, void *arg, struct oh_error *e);
/* Kills what runs still and waits for it. */
void oh_process_free(struct oh_process *p);

bool oh_process_is_running(const struct oh_process *p); /* until ENDED is told; NULL: false */
pid_t oh_process_pid(const struct oh_process *p);
/* What all its children inherit in their environment: phone/marked.h. */
const char *oh_process_mark(const struct oh_process *p);
/* To the whole group; a stopped one is continued as well. Its end by this signal is ours. */
void oh_process_signal(struct oh_process *p, int signal);
void oh_process_continue(struct oh_process *p); /* if something has stopped it */
/* The process's end of life was of our making. */
bool oh_process_was_signalled(const struct oh_process *p);

int oh_process_to(const struct oh_process *p);   /* its standard input, non-blocking; -1 */
int oh_process_from(const struct oh_process *p); /* its standard output, non-blocking; -1. At the
                                                    end of a terminal reading fails with EIO */

/* The tail of what it printed; borrowed until more comes. */
struct oh_span oh_process_output(const struct oh_process *p);
void oh_process_add_output(struct oh_process *p, struct oh_span bytes);

/* "exited: status 1", "crashed: SIGSEGV", "killed: SIGKILL". */
char *oh_process_words(int status);
/* Whether the status tells of a signal that users and systems end programs with, not faults: killed
 * by it, or exited with 128 and its number. */
bool oh_process_is_kill(int status);

#endif
