/* Real TCP sockets. */
#include "base/file.h"
#include "net/internal.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define BACKLOG        128
#define CALLS_PER_TURN 16
#define BYTES_PER_TURN 65536

static int new_socket(const struct oh_addr *local, bool reuse, struct sockaddr_storage *name,
                      socklen_t *len)
{
    int on = 1;
    *len = oh_addr_to_sockaddr(local, name);
    int fd = socket(name->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (reuse) /* a port on which connections have just ended is free */
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (local->family == OH_FAMILY_IPV6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)name, *len) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

int oh_tcp_bind(struct oh_listener *l, struct oh_error *e)
{
    struct sockaddr_storage name;
    socklen_t len;
    int fd = new_socket(&l->local, true, &name, &len);
    if (fd < 0)
        return oh_bind_error(e, l->label, &l->local, OH_TRANSPORT_TCP, errno);
    if (listen(fd, BACKLOG) < 0 || getsockname(fd, (struct sockaddr *)&name, &len) < 0) {
        int error = errno;
        close(fd);
        return oh_bind_error(e, l->label, &l->local, OH_TRANSPORT_TCP, error);
    }
    oh_addr_from_sockaddr((struct sockaddr *)&name, &l->local);
    l->fd = fd;
    return 0;
}

/* Messages go out at once and arrive with the kernel's stamp. */
static void set_options(int fd)
{
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
}

int oh_tcp_dial(struct oh_conn *c, struct oh_error *e)
{
    struct sockaddr_storage name;
    socklen_t len;
    int fd = new_socket(&c->local, false, &name, &len);
    if (fd < 0)
        return oh_bind_error(e, c->label, &c->local, OH_TRANSPORT_TCP, errno);
    set_options(fd);
    len = oh_addr_to_sockaddr(&c->remote, &name);
    if (connect(fd, (struct sockaddr *)&name, len) < 0 && errno != EINPROGRESS) {
        oh_conn_error(c, errno, e);
        close(fd);
        return -1;
    }
    len = sizeof name;
    if (getsockname(fd, (struct sockaddr *)&name, &len) == 0)
        oh_addr_from_sockaddr((struct sockaddr *)&name, &c->local);
    c->fd = fd;
    return 0;
}

void oh_tcp_dialled(struct oh_conn *c)
{
    struct sockaddr_storage name;
    socklen_t len = sizeof name, error_len = sizeof(int);
    int error = 0;
    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &error_len) < 0)
        error = errno;
    if (error != 0)
        oh_conn_over(c, error);
    else if (getpeername(c->fd, (struct sockaddr *)&name, &len) == 0)
        oh_conn_connected(c);
}

/* False if nobody calls any more. */
static bool accept_one(struct oh_listener *l)
{
    struct sockaddr_storage name;
    socklen_t len = sizeof name;
    struct oh_addr remote;
    int fd = accept4(l->fd, (struct sockaddr *)&name, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return errno == ECONNABORTED || errno == EINTR;
    oh_addr_from_sockaddr((struct sockaddr *)&name, &remote);
    struct oh_conn *c = oh_conn_accept(l, &l->local, &remote);
    if (!c) {
        close(fd);
        return true;
    }
    set_options(fd);
    c->fd = fd;
    if (oh_tcp_enlist(c) < 0)
        oh_conn_close(c, true);
    else
        oh_conn_accepted(l, c);
    return true;
}

void oh_tcp_accept(struct oh_listener *l)
{
    oh_listener_hold(l);
    for (int i = 0; i < CALLS_PER_TURN && !l->closed; i++) {
        if (!accept_one(l))
            break;
    }
    oh_listener_drop(l);
}

static int64_t arrival(struct msghdr *msg)
{
    for (struct cmsghdr *h = CMSG_FIRSTHDR(msg); h; h = CMSG_NXTHDR(msg, h)) {
        if (h->cmsg_level == SOL_SOCKET && h->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec stamp;
            memcpy(&stamp, CMSG_DATA(h), sizeof stamp);
            if (stamp.tv_sec > 0)
                return (int64_t)stamp.tv_sec * OH_NS_PER_S + stamp.tv_nsec;
        }
    }
    return oh_clock_wall_ns();
}

void oh_tcp_read(struct oh_conn *c)
{
    char buffer[BYTES_PER_TURN];
    union {
        struct cmsghdr aligned;
        char bytes[CMSG_SPACE(sizeof(struct timespec)) + 64];
    } control;
    struct iovec part = {.iov_base = buffer, .iov_len = sizeof buffer};
    struct msghdr msg = {.msg_iov = &part,
                         .msg_iovlen = 1,
                         .msg_control = control.bytes,
                         .msg_controllen = sizeof control.bytes};
    ssize_t len = recvmsg(c->fd, &msg, MSG_DONTWAIT);
    if (len > 0)
        oh_conn_arrived(c, (struct oh_span){buffer, (size_t)len}, arrival(&msg));
    else if (len == 0)
        oh_conn_over(c, 0);
    else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
        oh_conn_over(c, errno);
}

void oh_tcp_write(struct oh_conn *c)
{
    while (c->unsent) {
        const struct oh_unsent *piece = c->unsent;
        int64_t wall_ns = oh_clock_wall_ns();
        ssize_t len = send(c->fd, piece->bytes + piece->sent, oh_unsent_next(piece),
                           MSG_NOSIGNAL | MSG_DONTWAIT);
        if (len < 0) {
            if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
                oh_conn_over(c, errno);
            return;
        }
        oh_conn_sent(c, (size_t)len, wall_ns);
    }
}

void oh_tcp_hang_up(struct oh_conn *c, bool reset)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    if (reset)
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(c->fd);
    c->fd = -1;
}
