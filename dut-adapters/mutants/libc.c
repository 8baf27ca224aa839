#include "libc.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Functions that stand in for the C library's have no argument that could carry this. */
static struct mu_libc real;
static pthread_once_t looked_up = PTHREAD_ONCE_INIT;

static void look_up(void)
{
    const struct {
        const char *name;
        void *at;
    } functions[] = {
        {"sendto", &real.sendto},     {"sendmsg", &real.sendmsg}, {"recvmsg", &real.recvmsg},
        {"recv", &real.recv},         {"write", &real.write},     {"read", &real.read},
        {"writev", &real.writev},     {"readv", &real.readv},     {"sendmmsg", &real.sendmmsg},
        {"recvmmsg", &real.recvmmsg}, {"close", &real.close},     {"shutdown", &real.shutdown},
        {"bind", &real.bind},         {"connect", &real.connect}, {"dup2", &real.dup2},
        {"dup3", &real.dup3},         {"socket", &real.socket},   {"accept", &real.accept},
        {"accept4", &real.accept4},   {"ioctl", &real.ioctl},
    };
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        void *function = dlsym(RTLD_NEXT, functions[i].name);
        if (!function)
            abort();
        memcpy(functions[i].at, &function, sizeof function);
    }
}

const struct mu_libc *mu_libc(void)
{
    pthread_once(&looked_up, look_up);
    return &real;
}

void mu_report(const char *word, const char *text, size_t len)
{
    char line[400];
    const char *path = getenv("OFFHOOK_MUTANT_REPORT");
    int saved = errno;
    if (!path)
        return;
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0) {
        int n = snprintf(line, sizeof line, "%s %.*s", word, (int)(len < 300 ? len : 300), text);
        line[n] = '\n';
        long written = syscall(SYS_write, fd, line, (size_t)n + 1);
        (void)written;
        syscall(SYS_close, fd);
    }
    errno = saved;
}
