#include "phone/process.h"

#include "base/file.h"
#include "phone/marked.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define TAIL_BYTES    (64U * 1024)
#define READ_BYTES    16384
#define READS_AT_ONCE 8
#define LOOK_MS       100 /* how often we look whether it was stopped */
#define LAST_WORDS_MS 20  /* after its end, for what it wrote before */

#define TERMINAL_ROWS    50
#define TERMINAL_COLUMNS 1000

struct oh_process {
    struct oh_net *net;
    oh_process_fn *fn;
    void *arg;
    pid_t pid; /* also its group's; 0 once reaped */
    int pidfd, to, from, output;
    struct oh_watch *pid_watch, *output_watch;
    struct oh_timer *look, *last_words;
    bool signalled, is_stopped, owes_continued;
    char mark[OH_MARK_BYTES]; /* of all that comes of it */
    char tail[2 * TAIL_BYTES];
    size_t tail_len;
};

struct pipe {
    int read, write;
};

enum { ERROR_FD = 3 }; /* where the child tells why it could not begin */

/* --- the child --- */

#define SIGNAL_STATUS 128 /* exit status of a program that a signal ended, plus the signal */

static void child_fail(int error)
{
    ssize_t put = write(ERROR_FD, &error, sizeof error);
    (void)put;
    _exit(127);
}

static void child_signals(void)
{
    sigset_t none;
    struct sigaction standard = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++)
        sigaction(number, &standard, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* All standard fds and the error pipe first above what is overwritten, then into their places. */
static void child_fds(int input, int out, int err, int error)
{
    int from[] = {input, out, err, error};
    for (size_t i = 0; i < sizeof from / sizeof *from; i++)
        from[i] = fcntl(from[i], F_DUPFD, 10);
    for (int i = 0; i < (int)(sizeof from / sizeof *from); i++)
        if (from[i] < 0 || dup2(from[i], i) < 0)
            _exit(127);
    fcntl(ERROR_FD, F_SETFD, FD_CLOEXEC);
    close_range(ERROR_FD + 1, ~0U, 0);
}

static void child_run(const struct oh_process_plan *plan, char **environment, pid_t parent)
{
    setsid();
    if (plan->on_pty && ioctl(STDIN_FILENO, TIOCSCTTY, 0) != 0)
        child_fail(errno);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
        child_fail(ECHILD);
    child_signals();
    if (plan->folder && chdir(plan->folder) != 0)
        child_fail(errno);
    execvpe(plan->argv[0], plan->argv, environment);
    child_fail(errno);
}

/* --- starting --- */

static size_t name_len(const char *variable)
{
    const char *equals = strchr(variable, '=');
    return equals ? (size_t)(equals - variable) : strlen(variable);
}

static bool is_set_in(char *const *list, const char *variable)
{
    size_t len = name_len(variable);
    for (; list && *list; list++)
        if (name_len(*list) == len && !strncmp(*list, variable, len))
            return true;
    return false;
}

static char dumb_terminal[] = "TERM=dumb"; /* one that programs do not draw on */

/* Ours with the plan's put over it, and the mark; the array alone is to be freed. */
static char **joined_environment(const struct oh_process_plan *plan, char *mark)
{
    size_t count = 0, room = 0;
    char **joined = NULL, *const *own = plan->environment;
    for (char **v = environ; *v; v++) {
        if (is_set_in(own, *v) || is_set_in((char *const[]){mark, NULL}, *v) ||
            (plan->on_pty && !strncmp(*v, "TERM=", 5)))
            continue;
        oh_grow(&joined, count, &room, sizeof *joined);
        joined[count++] = *v;
    }
    if (plan->on_pty && !is_set_in(own, dumb_terminal)) {
        oh_grow(&joined, count, &room, sizeof *joined);
        joined[count++] = dumb_terminal;
    }
    for (; own && *own; own++) {
        oh_grow(&joined, count, &room, sizeof *joined);
        joined[count++] = (char *)(uintptr_t)*own;
    }
    oh_grow(&joined, count, &room, sizeof *joined);
    joined[count++] = mark;
    oh_grow(&joined, count, &room, sizeof *joined);
    joined[count] = NULL;
    return joined;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static int open_pipe(struct pipe *p)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0)
        return -1;
    p->read = fds[0];
    p->write = fds[1];
    return 0;
}

static void close_pipe(struct pipe *p)
{
    close_fd(&p->read);
    close_fd(&p->write);
}

/* What the child says before it is the program; 0 once it is. */
static int child_error(int fd)
{
    int error = 0;
    ssize_t got;
    do
        got = read(fd, &error, sizeof error);
    while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof error ? error : 0;
}

/* A terminal without echo and without changes to what is shown; wide, so that nothing is wrapped.
 */
static int open_terminal(struct pipe *in, struct pipe *out)
{
    struct winsize size = {.ws_row = TERMINAL_ROWS, .ws_col = TERMINAL_COLUMNS};
    struct termios mode;
    int ours, theirs;
    if (openpty(&ours, &theirs, NULL, NULL, &size) != 0)
        return -1;
    fcntl(ours, F_SETFD, FD_CLOEXEC);
    fcntl(theirs, F_SETFD, FD_CLOEXEC);
    *in = (struct pipe){.read = theirs, .write = ours};
    out->read = fcntl(ours, F_DUPFD_CLOEXEC, 0);
    out->write = fcntl(theirs, F_DUPFD_CLOEXEC, 0);
    if (out->read < 0 || out->write < 0 || tcgetattr(theirs, &mode) != 0)
        return -1;
    mode.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL | ECHOCTL);
    mode.c_oflag &= ~(tcflag_t)OPOST;
    mode.c_iflag |= ICRNL;
    return tcsetattr(theirs, TCSANOW, &mode);
}

static void own_end(int *keep, int *fd)
{
    *keep = *fd;
    *fd = -1;
    fcntl(*keep, F_SETFL, fcntl(*keep, F_GETFL) | O_NONBLOCK);
}

static int spawn(struct oh_process *p, const struct oh_process_plan *plan)
{
    struct pipe in = {-1, -1}, out = {-1, -1}, kept = {-1, -1}, error = {-1, -1};
    char **environment = NULL;
    pid_t parent = getpid();
    int trouble = 0;
    bool is_ours = plan->on_pipes || plan->on_pty;
    if ((plan->on_pipes && (open_pipe(&in) != 0 || open_pipe(&out) != 0)) ||
        (plan->on_pty && open_terminal(&in, &out) != 0) || open_pipe(&kept) != 0 ||
        open_pipe(&error) != 0 ||
        (!is_ours && (in.read = open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0)) {
        trouble = errno;
        goto out;
    }
    oh_mark_make(p->mark);
    environment = joined_environment(plan, p->mark);
    p->pid = fork();
    if (p->pid == 0) {
        child_fds(in.read, is_ours ? out.write : kept.write, kept.write, error.write);
        child_run(plan, environment, parent);
    }
    if (p->pid < 0) {
        p->pid = 0;
        trouble = errno;
        goto out;
    }
    close_fd(&error.write);
    trouble = child_error(error.read);
    own_end(&p->output, &kept.read);
    if (is_ours) {
        own_end(&p->to, &in.write);
        own_end(&p->from, &out.read);
    }
out:
    free(environment);
    close_pipe(&in);
    close_pipe(&out);
    close_pipe(&kept);
    close_pipe(&error);
    return trouble;
}

/* --- its output --- */

void oh_process_add_output(struct oh_process *p, struct oh_span bytes)
{
    if (bytes.len > TAIL_BYTES)
        bytes = oh_span_sub(bytes, bytes.len - TAIL_BYTES, TAIL_BYTES);
    if (p->tail_len + bytes.len > sizeof p->tail) {
        memmove(p->tail, p->tail + p->tail_len - TAIL_BYTES, TAIL_BYTES);
        p->tail_len = TAIL_BYTES;
    }
    if (bytes.len)
        memcpy(p->tail + p->tail_len, bytes.at, bytes.len);
    p->tail_len += bytes.len;
}

struct oh_span oh_process_output(const struct oh_process *p)
{
    size_t len = p->tail_len < TAIL_BYTES ? p->tail_len : TAIL_BYTES;
    return (struct oh_span){p->tail + p->tail_len - len, len};
}

static void on_output(int fd, void *arg)
{
    struct oh_process *p = arg;
    char bytes[READ_BYTES];
    for (int i = 0; i < READS_AT_ONCE; i++) {
        ssize_t got = read(fd, bytes, sizeof bytes);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (got <= 0) {
            oh_watch_free(p->output_watch);
            p->output_watch = NULL;
            return;
        }
        oh_process_add_output(p, (struct oh_span){bytes, (size_t)got});
    }
}

/* --- its life --- */

static void let_go(struct oh_process *p)
{
    oh_timer_cancel(p->look);
    oh_timer_cancel(p->last_words);
    oh_watch_free(p->pid_watch);
    oh_watch_free(p->output_watch);
    p->look = p->last_words = NULL;
    p->pid_watch = p->output_watch = NULL;
    close_fd(&p->pidfd);
    close_fd(&p->output);
}

/* The group goes while its leader is not yet reaped: until then its number is nobody else's. */
static int reap(struct oh_process *p)
{
    int status = 0;
    kill(-p->pid, SIGKILL);
    while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
        ;
    p->pid = 0;
    oh_marked_kill(p->mark);
    return status;
}

static void on_last_words(void *arg)
{
    struct oh_process *p = arg;
    p->last_words = NULL;
    if (p->output_watch)
        on_output(p->output, p);
    int status = reap(p);
    let_go(p);
    p->fn(p, OH_PROCESS_ENDED, status, p->arg);
}

static void note_end(struct oh_process *p)
{
    oh_watch_free(p->pid_watch);
    p->pid_watch = NULL;
    oh_timer_cancel(p->look);
    p->look = NULL;
    p->last_words =
        oh_timer_set(p->net, oh_net_now(p->net) + LAST_WORDS_MS * OH_NS_PER_MS, on_last_words, p);
}

static void on_pid(int fd, void *arg)
{
    (void)fd;
    note_end(arg);
}

/* Without reaping it. */
static bool has_ended(const struct oh_process *p)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid;
}

/* The kernel tells the latest change alone: what is continued was stopped before. Of two things to
 * tell the second waits for the next look: told the first, its owner may have freed the process. */
static void tell_look(struct oh_process *p, int code, int status)
{
    bool was_stopped = p->is_stopped;
    p->is_stopped = code == CLD_STOPPED || (code == CLD_CONTINUED && !was_stopped);
    p->owes_continued = code == CLD_CONTINUED && !was_stopped;
    if (p->is_stopped)
        p->fn(p, OH_PROCESS_STOPPED, status, p->arg);
    else
        p->fn(p, OH_PROCESS_CONTINUED, status, p->arg);
}

static void on_look(void *arg)
{
    struct oh_process *p = arg;
    siginfo_t info = {0};
    p->look = NULL;
    if (p->pidfd < 0 && has_ended(p)) {
        note_end(p);
        return;
    }
    p->look = oh_timer_set(p->net, oh_net_now(p->net) + LOOK_MS * OH_NS_PER_MS, on_look, p);
    if (waitid(P_PID, (id_t)p->pid, &info, WSTOPPED | WCONTINUED | WNOHANG) != 0)
        return;
    if (info.si_code == CLD_STOPPED || info.si_code == CLD_CONTINUED)
        tell_look(p, info.si_code, info.si_status);
    else if (p->owes_continued)
        tell_look(p, CLD_CONTINUED, SIGCONT);
}

static bool observe(struct oh_process *p)
{
    p->pidfd = pidfd_open(p->pid, 0);
    if (p->pidfd < 0 && errno != ENOSYS) /* older kernels, valgrind: on_look sees the end */
        return false;
    p->pid_watch = p->pidfd < 0 ? NULL : oh_watch_new(p->net, p->pidfd, on_pid, p);
    p->output_watch = oh_watch_new(p->net, p->output, on_output, p);
    p->look = oh_timer_set(p->net, oh_net_now(p->net) + LOOK_MS * OH_NS_PER_MS, on_look, p);
    return (p->pidfd < 0 || p->pid_watch) && p->output_watch;
}

struct oh_process *oh_process_start(struct oh_net *net, const struct oh_process_plan *plan,
                                    oh_process_fn *fn, void *arg, struct oh_error *e)
{
    struct oh_process *p = oh_alloc(sizeof *p);
    p->net = net;
    p->fn = fn;
    p->arg = arg;
    p->pidfd = p->to = p->from = p->output = -1;
    int trouble = spawn(p, plan);
    if (!trouble && !observe(p))
        trouble = errno ? errno : EIO;
    if (!trouble)
        return p;
    oh_error_set(e, "'%s' cannot be started: %s", plan->argv[0], strerror(trouble));
    oh_process_free(p);
    errno = trouble;
    return NULL;
}

void oh_process_free(struct oh_process *p)
{
    if (!p)
        return;
    if (p->pid)
        reap(p);
    let_go(p);
    close_fd(&p->to); /* who drives it may wait for these until now */
    close_fd(&p->from);
    free(p);
}

bool oh_process_is_running(const struct oh_process *p)
{
    return p && p->pid;
}

pid_t oh_process_pid(const struct oh_process *p)
{
    return p->pid;
}

void oh_process_signal(struct oh_process *p, int signal)
{
    if (!p->pid)
        return;
    p->signalled = true;
    kill(-p->pid, signal);
    kill(-p->pid, SIGCONT);
}

void oh_process_continue(struct oh_process *p)
{
    if (p->pid)
        kill(-p->pid, SIGCONT);
}

const char *oh_process_mark(const struct oh_process *p)
{
    return p->mark;
}

bool oh_process_was_signalled(const struct oh_process *p)
{
    return p->signalled;
}

int oh_process_to(const struct oh_process *p)
{
    return p->to;
}

int oh_process_from(const struct oh_process *p)
{
    return p->from;
}

/* --- words --- */

static bool is_killing(int signal)
{
    return signal == SIGKILL || signal == SIGTERM || signal == SIGHUP || signal == SIGINT;
}

bool oh_process_is_kill(int status)
{
    if (WIFEXITED(status)) /* it handled the signal, and says so as shells do */
        return WEXITSTATUS(status) > SIGNAL_STATUS &&
               is_killing(WEXITSTATUS(status) - SIGNAL_STATUS);
    return WIFSIGNALED(status) && is_killing(WTERMSIG(status));
}

char *oh_process_words(int status)
{
    if (WIFSIGNALED(status)) {
        const char *name = sigabbrev_np(WTERMSIG(status));
        return oh_format("%s: SIG%s", is_killing(WTERMSIG(status)) ? "killed" : "crashed",
                         name ? name : "?");
    }
    return oh_format("exited: status %d", WEXITSTATUS(status));
}
