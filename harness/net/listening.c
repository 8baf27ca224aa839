/* Which TCP addresses are listened on, asked of the kernel by netlink (sock_diag(7)): a table in
 * /proc names all connections as well, and takes 10 ms and more to read. */
#include "net/internal.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define PATIENCE_S 1 /* the kernel answers at once, or never */

struct question {
    struct nlmsghdr head;
    struct inet_diag_req_v2 body;
};

static int ask(int fd, uint8_t family)
{
    struct question q = {.head = {.nlmsg_len = sizeof q,
                                  .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                                  .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
                         .body = {.sdiag_family = family,
                                  .sdiag_protocol = IPPROTO_TCP,
                                  .idiag_states = 1u << TCP_LISTEN}};
    return send(fd, &q, sizeof q, 0) == (ssize_t)sizeof q ? 0 : -1;
}

static void tell(const struct inet_diag_msg *m, oh_listening_fn *fn, void *arg)
{
    struct oh_addr a = {.family = m->idiag_family == AF_INET ? OH_FAMILY_IPV4 : OH_FAMILY_IPV6,
                        .port = ntohs(m->id.idiag_sport)};
    memcpy(a.ip, m->id.idiag_src, a.family == OH_FAMILY_IPV4 ? 4 : 16);
    fn(&a, arg);
}

/* Takes one answer apart. 1: there is more to come; 0: that was all; -1: the kernel refuses. */
static int take(const char *bytes, size_t len, oh_listening_fn *fn, void *arg)
{
    while (len >= sizeof(struct nlmsghdr)) {
        struct nlmsghdr head;
        memcpy(&head, bytes, sizeof head);
        if (head.nlmsg_len < sizeof head || head.nlmsg_len > len)
            return -1;
        if (head.nlmsg_type == NLMSG_DONE)
            return 0;
        if (head.nlmsg_type != SOCK_DIAG_BY_FAMILY ||
            head.nlmsg_len < NLMSG_LENGTH(sizeof(struct inet_diag_msg)))
            return -1;
        struct inet_diag_msg m;
        memcpy(&m, bytes + NLMSG_HDRLEN, sizeof m);
        tell(&m, fn, arg);
        size_t step = NLMSG_ALIGN(head.nlmsg_len);
        if (step >= len)
            break;
        bytes += step;
        len -= step;
    }
    return 1;
}

static int dump(int fd, uint8_t family, oh_listening_fn *fn, void *arg)
{
    char answer[16384];
    int more = ask(fd, family) == 0 ? 1 : -1;
    while (more > 0) {
        ssize_t got = recv(fd, answer, sizeof answer, 0);
        more = got > 0 ? take(answer, (size_t)got, fn, arg) : -1;
    }
    return more;
}

int oh_net_listening(oh_listening_fn *fn, void *arg)
{
    struct timeval patience = {.tv_sec = PATIENCE_S};
    int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    int result = dump(fd, AF_INET, fn, arg);
    if (result == 0)
        result = dump(fd, AF_INET6, fn, arg);
    close(fd);
    return result;
}
