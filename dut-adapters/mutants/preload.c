/* The C library's functions that phones send and receive with, each before the real one. */
#include "libc.h"
#include "link.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

/* glibc's own declarations give addresses a type that takes any of them. */
static const struct sockaddr *address(__CONST_SOCKADDR_ARG a)
{
    return a.__sockaddr__;
}

static ssize_t gather_and_send(int fd, const struct msghdr *message, int flags)
{
    struct mu_text t = {0};
    for (size_t i = 0; i < message->msg_iovlen; i++)
        mu_append(&t, message->msg_iov[i].iov_base, message->msg_iov[i].iov_len);
    ssize_t sent = mu_stream_send(fd, t.at ? t.at : "", t.len, flags);
    int saved = errno;
    mu_text_release(&t);
    errno = saved;
    return sent;
}

/* Into the first part that has room: a stream may always give less. */
static ssize_t receive_into_first(int fd, struct msghdr *message, int flags)
{
    for (size_t i = 0; i < message->msg_iovlen; i++) {
        if (message->msg_iov[i].iov_len == 0)
            continue;
        message->msg_namelen = 0;
        message->msg_controllen = 0;
        message->msg_flags = 0;
        return mu_stream_receive(fd, message->msg_iov[i].iov_base, message->msg_iov[i].iov_len,
                                 flags);
    }
    return mu_libc()->recvmsg(fd, message, flags);
}

static enum mu_link_kind kind_of(int fd)
{
    return mu_link_is_on() ? mu_link_kind(fd) : MU_ALONE;
}

/* ---- sending ---- */

EXPORT ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    switch (kind_of(fd)) {
    case MU_DATAGRAMS:
        return mu_datagram_send(fd, message, flags);
    case MU_STREAM:
        return gather_and_send(fd, message, flags);
    default:
        return mu_libc()->sendmsg(fd, message, flags);
    }
}

EXPORT ssize_t sendto(int fd, const void *bytes, size_t len, int flags, __CONST_SOCKADDR_ARG to,
                      socklen_t to_len)
{
    struct iovec part = {(void *)(uintptr_t)bytes, len};
    struct msghdr message = {.msg_name = (void *)(uintptr_t)address(to),
                             .msg_namelen = to_len,
                             .msg_iov = &part,
                             .msg_iovlen = 1};
    if (kind_of(fd) == MU_ALONE)
        return mu_libc()->sendto(fd, bytes, len, flags, address(to), to_len);
    return sendmsg(fd, &message, flags);
}

EXPORT ssize_t send(int fd, const void *bytes, size_t len, int flags)
{
    const struct sockaddr *nowhere = NULL;
    return sendto(fd, bytes, len, flags, nowhere, 0);
}

EXPORT ssize_t write(int fd, const void *bytes, size_t len)
{
    if (kind_of(fd) == MU_ALONE)
        return mu_libc()->write(fd, bytes, len);
    return send(fd, bytes, len, 0);
}

EXPORT ssize_t writev(int fd, const struct iovec *parts, int count)
{
    struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)parts,
                             .msg_iovlen = (size_t)(count > 0 ? count : 0)};
    if (count <= 0 || kind_of(fd) == MU_ALONE)
        return mu_libc()->writev(fd, parts, count);
    return sendmsg(fd, &message, 0);
}

EXPORT int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
    unsigned done = 0;
    if (kind_of(fd) == MU_ALONE)
        return mu_libc()->sendmmsg(fd, messages, count, flags);
    for (; done < count; done++) {
        ssize_t sent = sendmsg(fd, &messages[done].msg_hdr, flags);
        if (sent < 0)
            break;
        messages[done].msg_len = (unsigned)sent;
    }
    return done || !count ? (int)done : -1;
}

/* ---- receiving ---- */

EXPORT ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    switch (kind_of(fd)) {
    case MU_DATAGRAMS:
        return mu_datagram_receive(fd, message, flags);
    case MU_STREAM:
        return receive_into_first(fd, message, flags);
    default:
        return mu_libc()->recvmsg(fd, message, flags);
    }
}

EXPORT ssize_t recvfrom(int fd, void *bytes, size_t room, int flags, __SOCKADDR_ARG from,
                        socklen_t *from_len)
{
    struct iovec part = {bytes, room};
    struct msghdr message = {.msg_name = from.__sockaddr__,
                             .msg_namelen = from.__sockaddr__ && from_len ? *from_len : 0,
                             .msg_iov = &part,
                             .msg_iovlen = 1};
    ssize_t got = recvmsg(fd, &message, flags);
    if (got >= 0 && from.__sockaddr__ && from_len)
        *from_len = message.msg_namelen;
    return got;
}

EXPORT ssize_t recv(int fd, void *bytes, size_t room, int flags)
{
    struct sockaddr *nobody = NULL;
    if (kind_of(fd) == MU_ALONE)
        return mu_libc()->recv(fd, bytes, room, flags);
    return recvfrom(fd, bytes, room, flags, nobody, NULL);
}

EXPORT ssize_t read(int fd, void *bytes, size_t room)
{
    if (kind_of(fd) == MU_ALONE)
        return mu_libc()->read(fd, bytes, room);
    return recv(fd, bytes, room, 0);
}

EXPORT ssize_t readv(int fd, const struct iovec *parts, int count)
{
    struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)parts,
                             .msg_iovlen = (size_t)(count > 0 ? count : 0)};
    if (count <= 0 || kind_of(fd) == MU_ALONE)
        return mu_libc()->readv(fd, parts, count);
    return recvmsg(fd, &message, 0);
}

/* What is there at once, behind the first; a timeout is left to the first's own patience. */
EXPORT int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags,
                    struct timespec *timeout)
{
    unsigned done = 0;
    if (kind_of(fd) == MU_ALONE)
        return mu_libc()->recvmmsg(fd, messages, count, flags, timeout);
    for (; done < count; done++) {
        int how = (flags & ~MSG_WAITFORONE) | (done ? MSG_DONTWAIT : 0);
        ssize_t got = recvmsg(fd, &messages[done].msg_hdr, how);
        if (got < 0)
            break;
        messages[done].msg_len = (unsigned)got;
    }
    return done || !count ? (int)done : -1;
}

/* The same, as compilers call them that check the room. */
EXPORT ssize_t __recv_chk(int fd, void *bytes, size_t room, size_t true_room, int flags);
EXPORT ssize_t __recvfrom_chk(int fd, void *bytes, size_t room, size_t true_room, int flags,
                              __SOCKADDR_ARG from, socklen_t *from_len);
EXPORT ssize_t __read_chk(int fd, void *bytes, size_t room, size_t true_room);

ssize_t __recv_chk(int fd, void *bytes, size_t room, size_t true_room, int flags)
{
    return recv(fd, bytes, room < true_room ? room : true_room, flags);
}

ssize_t __recvfrom_chk(int fd, void *bytes, size_t room, size_t true_room, int flags,
                       __SOCKADDR_ARG from, socklen_t *from_len)
{
    return recvfrom(fd, bytes, room < true_room ? room : true_room, flags, from, from_len);
}

ssize_t __read_chk(int fd, void *bytes, size_t room, size_t true_room)
{
    return read(fd, bytes, room < true_room ? room : true_room);
}

/* The length of the next datagram as the phone will have it. */
static int datagram_length(int fd, int otherwise)
{
    char byte;
    struct iovec part = {&byte, sizeof byte};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    int saved = errno;
    ssize_t len = mu_datagram_receive(fd, &message, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
    errno = saved;
    return len < 0 ? otherwise : (int)len;
}

/* How much there is to read: stacks make their room by it. */
EXPORT int ioctl(int fd, unsigned long request, ...)
{
    va_list args;
    va_start(args, request);
    void *argument = va_arg(args, void *);
    va_end(args);
    int result = mu_libc()->ioctl(fd, request, argument), *length = argument;
    if (result != 0 || request != FIONREAD || !argument)
        return result;
    enum mu_link_kind kind = kind_of(fd);
    if (kind == MU_DATAGRAMS)
        *length = datagram_length(fd, *length);
    else if (kind == MU_STREAM)
        *length += (int)mu_stream_ready(fd);
    return result;
}

/* ---- a descriptor's life ---- */

/* A number that was something else before, whose end no wrapper saw. */
static int new_descriptor(int fd)
{
    if (fd >= 0 && mu_link_is_on())
        mu_link_forget(fd);
    return fd;
}

EXPORT int socket(int domain, int type, int protocol)
{
    return new_descriptor(mu_libc()->socket(domain, type, protocol));
}

EXPORT int accept(int fd, __SOCKADDR_ARG from, socklen_t *len)
{
    return new_descriptor(mu_libc()->accept(fd, from.__sockaddr__, len));
}

EXPORT int accept4(int fd, __SOCKADDR_ARG from, socklen_t *len, int flags)
{
    return new_descriptor(mu_libc()->accept4(fd, from.__sockaddr__, len, flags));
}

EXPORT int bind(int fd, __CONST_SOCKADDR_ARG to, socklen_t len)
{
    kind_of(fd);
    return mu_libc()->bind(fd, address(to), len);
}

EXPORT int connect(int fd, __CONST_SOCKADDR_ARG to, socklen_t len)
{
    kind_of(fd);
    return mu_libc()->connect(fd, address(to), len);
}

EXPORT int close(int fd)
{
    if (mu_link_is_on()) {
        mu_link_flush(fd);
        mu_link_forget(fd);
    }
    return mu_libc()->close(fd);
}

EXPORT int shutdown(int fd, int how)
{
    if (mu_link_is_on() && how != SHUT_RD)
        mu_link_flush(fd);
    return mu_libc()->shutdown(fd, how);
}

EXPORT int dup2(int from, int to)
{
    if (mu_link_is_on() && from != to)
        mu_link_forget(to);
    return mu_libc()->dup2(from, to);
}

EXPORT int dup3(int from, int to, int flags)
{
    if (mu_link_is_on())
        mu_link_forget(to);
    return mu_libc()->dup3(from, to, flags);
}
