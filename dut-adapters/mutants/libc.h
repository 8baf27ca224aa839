/*
 * libc.h - the C library's own functions, which this library's of the same names stand before; and
 * the file in which it tells that it is in force and when it strikes.
 */
#ifndef MUTANT_LIBC_H
#define MUTANT_LIBC_H

#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

struct mu_libc {
    ssize_t (*sendto)(int, const void *, size_t, int, const struct sockaddr *, socklen_t);
    ssize_t (*sendmsg)(int, const struct msghdr *, int);
    ssize_t (*recvmsg)(int, struct msghdr *, int);
    ssize_t (*recv)(int, void *, size_t, int);
    ssize_t (*write)(int, const void *, size_t);
    ssize_t (*read)(int, void *, size_t);
    ssize_t (*writev)(int, const struct iovec *, int);
    ssize_t (*readv)(int, const struct iovec *, int);
    int (*sendmmsg)(int, struct mmsghdr *, unsigned, int);
    int (*recvmmsg)(int, struct mmsghdr *, unsigned, int, struct timespec *);
    int (*socket)(int, int, int);
    int (*accept)(int, struct sockaddr *, socklen_t *);
    int (*accept4)(int, struct sockaddr *, socklen_t *, int);
    int (*close)(int);
    int (*shutdown)(int, int);
    int (*bind)(int, const struct sockaddr *, socklen_t);
    int (*connect)(int, const struct sockaddr *, socklen_t);
    int (*dup2)(int, int);
    int (*dup3)(int, int, int);
    int (*ioctl)(int, unsigned long, void *);
};

/* Looked up at the first call; never NULL, nor are its functions. */
const struct mu_libc *mu_libc(void);

/* One line at the end of the file that OFFHOOK_MUTANT_REPORT names; nothing without it. errno
 * stays. */
void mu_report(const char *word, const char *text, size_t len);

#endif
