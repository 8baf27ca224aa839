/* A TCP connection to the program; each JSON message a netstring, "LEN:JSON,". */
#include "phone/driver.h"

#include "base/file.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MESSAGE_MAX_BYTES (1U << 20)
#define READ_BYTES        16384
#define READS_AT_ONCE     8
#define RETRY_MS          20

struct oh_driver {
    struct oh_net *net;
    struct oh_driver_owner owner;
    struct oh_addr to;
    int fd; /* -1: none */
    bool connected;
    struct oh_watch *watch;
    struct oh_timer *timer;
    struct oh_text got;
};

static void hang_up(struct oh_driver *d)
{
    oh_watch_free(d->watch);
    d->watch = NULL;
    if (d->fd >= 0)
        close(d->fd);
    d->fd = -1;
    d->connected = false;
}

static void lost(struct oh_driver *d, const char *why)
{
    hang_up(d);
    oh_text_clear(&d->got);
    d->owner.down(why, d->owner.arg);
}

/* Length of the netstring at the front of `s` with its frame; 0: not yet whole; -1: none. */
static ssize_t frame(struct oh_span s, struct oh_span *message)
{
    uint64_t len;
    size_t colon = oh_span_find(s, ':');
    if (colon == s.len)
        return s.len > 8 ? -1 : 0;
    if (colon > 8 || !oh_span_to_u64(oh_span_sub(s, 0, colon), &len) || len > MESSAGE_MAX_BYTES)
        return -1;
    size_t whole = colon + 1 + (size_t)len + 1;
    if (s.len < whole)
        return 0;
    *message = oh_span_sub(s, colon + 1, (size_t)len);
    return s.at[whole - 1] == ',' ? (ssize_t)whole : -1;
}

/* Returns false if the bytes are no netstrings. */
static bool take(struct oh_driver *d)
{
    struct oh_text bytes = d->got;
    struct oh_span rest = oh_text_span(&bytes), message;
    ssize_t len = 0;
    d->got = (struct oh_text){0};
    while (rest.len && (len = frame(rest, &message)) > 0) {
        d->owner.got(message, OH_ANSWERS_SOMETHING, d->owner.arg);
        rest = oh_span_sub(rest, (size_t)len, rest.len - (size_t)len);
    }
    oh_text_add_span(&d->got, rest);
    oh_text_release(&bytes);
    return len >= 0;
}

/* Without waiting on either side: an answer that comes in two segments would come 40 ms late. The
 * kernel forgets the second wish after a while. */
static void at_once(int fd)
{
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

static void on_readable(int fd, void *arg)
{
    struct oh_driver *d = arg;
    char bytes[READ_BYTES];
    for (int i = 0; i < READS_AT_ONCE; i++) {
        ssize_t got = recv(fd, bytes, sizeof bytes, 0);
        at_once(fd);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (got <= 0) {
            lost(d, got ? strerror(errno) : "the phone closed its control connection");
            return;
        }
        oh_text_add_span(&d->got, (struct oh_span){bytes, (size_t)got});
        if (!take(d)) {
            lost(d, "what came on the control connection is no netstring");
            return;
        }
        if ((size_t)got < sizeof bytes)
            return;
    }
}

static void try_connect(void *arg);

static void try_later(struct oh_driver *d)
{
    d->timer = oh_timer_set(d->net, oh_net_now(d->net) + RETRY_MS * OH_NS_PER_MS, try_connect, d);
}

/* A port that nobody listens on yet can be connected to itself. */
static bool is_self(int fd)
{
    struct sockaddr_storage here, there;
    socklen_t here_len = sizeof here, there_len = sizeof there;
    struct oh_addr a, b;
    if (getsockname(fd, (struct sockaddr *)&here, &here_len) != 0 ||
        getpeername(fd, (struct sockaddr *)&there, &there_len) != 0)
        return true;
    oh_addr_from_sockaddr((struct sockaddr *)&here, &a);
    oh_addr_from_sockaddr((struct sockaddr *)&there, &b);
    return oh_addr_equal(&a, &b);
}

static void made(struct oh_driver *d)
{
    d->watch = is_self(d->fd) ? NULL : oh_watch_new(d->net, d->fd, on_readable, d);
    if (!d->watch) {
        hang_up(d);
        try_later(d);
        return;
    }
    at_once(d->fd);
    d->connected = true;
    d->owner.up(d->owner.arg);
}

static void try_connect(void *arg)
{
    struct oh_driver *d = arg;
    struct sockaddr_storage to;
    socklen_t len = oh_addr_to_sockaddr(&d->to, &to);
    d->timer = NULL;
    if (d->fd < 0)
        d->fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (d->fd >= 0) {
        int result = connect(d->fd, (struct sockaddr *)&to, len);
        if (result == 0 || errno == EISCONN) {
            made(d);
            return;
        }
        if (errno != EINPROGRESS && errno != EALREADY)
            hang_up(d);
    }
    try_later(d);
}

static struct oh_driver *tcp_netstring_open(struct oh_net *net, const struct oh_driver_plan *plan,
                                            const struct oh_driver_owner *owner, struct oh_error *e)
{
    struct oh_addr to;
    if (oh_addr_parse(oh_span_of(plan->connect), &to, e) != 0)
        return NULL;
    if (to.port == 0) {
        oh_error_set(e, "'%s', where the phone is driven, has no port", plan->connect);
        return NULL;
    }
    struct oh_driver *d = oh_alloc(sizeof *d);
    d->net = net;
    d->owner = *owner;
    d->to = to;
    d->fd = -1;
    d->timer = oh_timer_set(net, oh_net_now(net), try_connect, d);
    return d;
}

static int tcp_netstring_send(struct oh_driver *d, uint64_t id, struct oh_span message,
                              struct oh_error *e)
{
    struct oh_text framed = {0};
    (void)id;
    if (!d->connected)
        return oh_error_set(e, "the phone's control connection is not there");
    oh_text_addf(&framed, "%zu:", message.len);
    oh_text_add_span(&framed, message);
    oh_text_add_char(&framed, ',');
    int result = oh_driver_write(d->fd, oh_text_span(&framed), "the phone's control connection", e);
    oh_text_release(&framed);
    return result;
}

static void tcp_netstring_close(struct oh_driver *d)
{
    if (!d)
        return;
    oh_timer_cancel(d->timer);
    hang_up(d);
    oh_text_release(&d->got);
    free(d);
}

const struct oh_driver_ops oh_driver_tcp_netstring = {
    .name = "tcp-netstring",
    .stdio = OH_STDIO_NONE,
    .never_up = "its control connection was never made; does 'connect' name the port that the "
                "program listens on?",
    .open = tcp_netstring_open,
    .send = tcp_netstring_send,
    .close = tcp_netstring_close,
};
