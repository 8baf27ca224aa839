/* Real UDP sockets. */
#include "base/file.h"
#include "net/internal.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define KERNEL_BUFFER_BYTES (4 * 1024 * 1024)
#define DATAGRAM_BYTES      65536 /* more than any datagram has */
#define DATAGRAMS_PER_TURN  64
#define FULL_BUFFER_WAIT_MS 50

/* The forced option passes the system's limit and needs the right to. */
static void enlarge(int fd, int forced_option, int option)
{
    int size = KERNEL_BUFFER_BYTES;
    if (setsockopt(fd, SOL_SOCKET, forced_option, &size, sizeof size) < 0)
        setsockopt(fd, SOL_SOCKET, option, &size, sizeof size);
}

/* All of these are best effort: without them a socket still works. */
static void set_options(int fd, int family)
{
    int on = 1, no_discovery = IP_PMTUDISC_DONT, no_discovery6 = IPV6_PMTUDISC_DONT;
    enlarge(fd, SO_RCVBUFFORCE, SO_RCVBUF);
    enlarge(fd, SO_SNDBUFFORCE, SO_SNDBUF);
    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    if (family == OH_FAMILY_IPV6) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
        setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &no_discovery6, sizeof no_discovery6);
    } else {
        setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &no_discovery, sizeof no_discovery);
    }
}

int oh_udp_bind(struct oh_socket *s, struct oh_error *e)
{
    struct sockaddr_storage name;
    socklen_t len = oh_addr_to_sockaddr(&s->local, &name);
    int fd = socket(name.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return oh_bind_error(e, s->label, &s->local, OH_TRANSPORT_UDP, errno);
    set_options(fd, s->local.family);
    if (bind(fd, (struct sockaddr *)&name, len) < 0 ||
        getsockname(fd, (struct sockaddr *)&name, &len) < 0) {
        int error = errno;
        close(fd);
        return oh_bind_error(e, s->label, &s->local, OH_TRANSPORT_UDP, error);
    }
    oh_addr_from_sockaddr((struct sockaddr *)&name, &s->local);
    s->fd = fd;
    return 0;
}

static ssize_t send_once(int fd, const struct msghdr *msg)
{
    ssize_t sent;
    do {
        sent = sendmsg(fd, msg, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent;
}

int oh_udp_transmit(struct oh_socket *s, const struct oh_addr *to, struct oh_span bytes,
                    int64_t *wall_ns, struct oh_error *e)
{
    struct sockaddr_storage name;
    struct iovec part = {.iov_base = (void *)(uintptr_t)bytes.at, .iov_len = bytes.len};
    struct msghdr msg = {.msg_name = &name,
                         .msg_namelen = oh_addr_to_sockaddr(to, &name),
                         .msg_iov = &part,
                         .msg_iovlen = 1};
    /* Before the call: on loopback the receiver's stamp is taken within it. */
    *wall_ns = oh_clock_wall_ns();
    if (send_once(s->fd, &msg) >= 0)
        return 0;
    /* The failure may be an old one, of another datagram (ICMP); or the buffer is full for a
     * moment. */
    if (errno == EAGAIN || errno == ENOBUFS)
        poll(&(struct pollfd){.fd = s->fd, .events = POLLOUT}, 1, FULL_BUFFER_WAIT_MS);
    *wall_ns = oh_clock_wall_ns();
    if (send_once(s->fd, &msg) >= 0)
        return 0;
    char from_text[OH_ADDR_TEXT], to_text[OH_ADDR_TEXT];
    return oh_error_set(e, "nothing can be sent from %s to %s: %s",
                        oh_addr_format(&s->local, from_text), oh_addr_format(to, to_text),
                        strerror(errno));
}

static int64_t arrival(struct msghdr *msg)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec stamp;
            memcpy(&stamp, CMSG_DATA(c), sizeof stamp);
            return (int64_t)stamp.tv_sec * OH_NS_PER_S + stamp.tv_nsec;
        }
    }
    return oh_clock_wall_ns();
}

/* False if nothing is there any more. */
static bool receive_one(struct oh_socket *s, char *buffer)
{
    struct sockaddr_storage name = {0};
    union {
        struct cmsghdr aligned;
        char bytes[CMSG_SPACE(sizeof(struct timespec)) + 64];
    } control;
    struct iovec part = {.iov_base = buffer, .iov_len = DATAGRAM_BYTES};
    struct msghdr msg = {.msg_name = &name,
                         .msg_namelen = sizeof name,
                         .msg_iov = &part,
                         .msg_iovlen = 1,
                         .msg_control = control.bytes,
                         .msg_controllen = sizeof control.bytes};
    ssize_t len = recvmsg(s->fd, &msg, MSG_DONTWAIT);
    if (len <
        0) /* anything but "nothing there" is an ICMP error about a datagram sent; it is gone now */
        return errno != EAGAIN && errno != EWOULDBLOCK;
    struct oh_addr from;
    oh_addr_from_sockaddr((struct sockaddr *)&name, &from);
    oh_socket_deliver(s, &from, (struct oh_span){buffer, (size_t)len}, arrival(&msg));
    return true;
}

/* A nested run finds the spare buffer in use and makes another. */
void oh_udp_drain(struct oh_socket *s)
{
    struct oh_net *n = s->net;
    const struct oh_run_level *level = n->level;
    char *buffer = n->spare_buffer ? n->spare_buffer : oh_alloc(DATAGRAM_BYTES);
    n->spare_buffer = NULL;
    oh_socket_hold(s);
    for (int i = 0; i < DATAGRAMS_PER_TURN && !s->closed && !level->stopped; i++)
        if (!receive_one(s, buffer))
            break;
    oh_socket_drop(s);
    if (n->spare_buffer)
        free(buffer);
    else
        n->spare_buffer = buffer;
}
