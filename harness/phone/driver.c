#include "phone/driver.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WRITE_PATIENCE_MS 200 /* a program that reads takes its line at once */

#define OH_COLLECT(stem) extern const struct oh_driver_ops oh_driver_##stem;
#include "collected/drivers.def"
#undef OH_COLLECT

static const struct oh_driver_ops *const drivers[] = {
#define OH_COLLECT(stem) &oh_driver_##stem,
#include "collected/drivers.def"
#undef OH_COLLECT
    NULL,
};

const struct oh_driver_ops *const *oh_drivers(void)
{
    return drivers;
}

const struct oh_driver_ops *oh_driver_by_name(const char *name)
{
    for (size_t i = 0; drivers[i]; i++) {
        if (!strcmp(drivers[i]->name, name))
            return drivers[i];
    }
    return NULL;
}

/* write() without the SIGPIPE of a program that is gone. */
static ssize_t write_quietly(int fd, struct oh_span bytes)
{
    sigset_t pipe_set, before, pending;
    sigemptyset(&pipe_set);
    sigaddset(&pipe_set, SIGPIPE);
    sigpending(&pending);
    sigprocmask(SIG_BLOCK, &pipe_set, &before);
    ssize_t put = write(fd, bytes.at, bytes.len);
    int error = errno;
    if (put < 0 && error == EPIPE && !sigismember(&pending, SIGPIPE))
        sigtimedwait(&pipe_set, NULL, &(struct timespec){0});
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return put;
}

int oh_driver_write(int fd, struct oh_span bytes, const char *what, struct oh_error *e)
{
    while (bytes.len) {
        ssize_t put = write_quietly(fd, bytes);
        struct pollfd room = {.fd = fd, .events = POLLOUT};
        if (put >= 0)
            bytes = oh_span_sub(bytes, (size_t)put, bytes.len - (size_t)put);
        else if (errno == EAGAIN && poll(&room, 1, WRITE_PATIENCE_MS) == 0)
            return oh_error_set(e, "%s is not read by the program", what);
        else if (errno != EAGAIN && errno != EINTR)
            return oh_error_set(e, "%s: %s", what, strerror(errno));
    }
    return 0;
}
