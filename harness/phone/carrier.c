#include "phone/carrier.h"

#include "base/file.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_BYTES    16384
#define READS_AT_ONCE 8 /* so that timers and sockets get their turn */
#define RETRY_MS      20

static const struct {
    const char *to, *from, *closed;
} words[] = {
    [OH_STDIO_NONE] = {"the phone's control connection", "the phone's control connection",
                       "the phone closed its control connection"},
    [OH_STDIO_PIPES] = {"the program's standard input", "the program's standard output",
                        "the program closed its standard output"},
    [OH_STDIO_TERMINAL] = {"the program's terminal", "the program's terminal",
                           "the program closed its terminal"},
};

struct oh_carrier {
    struct oh_net *net;
    struct oh_carrier_owner owner;
    enum oh_driver_stdio stdio;
    struct oh_addr address; /* of the connection */
    int to, from;           /* -1: none; the connection is both, and ours to close */
    bool is_up;
    struct oh_watch *watch;
    struct oh_timer *timer; /* tries again, or tells that it is up */
};

/* --- reading --- */

static void hang_up(struct oh_carrier *c)
{
    oh_watch_free(c->watch);
    c->watch = NULL;
    if (c->stdio == OH_STDIO_NONE && c->from >= 0)
        close(c->from);
    if (c->stdio == OH_STDIO_NONE)
        c->to = c->from = -1;
    c->is_up = false;
}

void oh_carrier_give_up(struct oh_carrier *c, const char *why)
{
    hang_up(c);
    c->owner.down(why, c->owner.arg);
}

/* Without waiting on either side: an answer that comes in two segments would come 40 ms late. The
 * kernel forgets the second wish after a while. */
static void at_once(const struct oh_carrier *c)
{
    int on = 1;
    if (c->stdio != OH_STDIO_NONE)
        return;
    setsockopt(c->from, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(c->from, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

/* A terminal that nobody has open any more cannot be read: EIO. */
static const char *why_ended(const struct oh_carrier *c, ssize_t got, int error)
{
    return got < 0 && c->stdio == OH_STDIO_NONE ? strerror(error) : words[c->stdio].closed;
}

static void on_readable(int fd, void *arg)
{
    struct oh_carrier *c = arg;
    char bytes[READ_BYTES];
    for (int i = 0; i < READS_AT_ONCE && c->watch; i++) {
        ssize_t got = read(fd, bytes, sizeof bytes);
        int error = errno;
        at_once(c);
        if (got < 0 && (error == EAGAIN || error == EINTR))
            return;
        if (got <= 0) {
            oh_carrier_give_up(c, why_ended(c, got, error));
            return;
        }
        c->owner.bytes((struct oh_span){bytes, (size_t)got}, c->owner.arg);
        if ((size_t)got < sizeof bytes && c->stdio != OH_STDIO_TERMINAL)
            return;
    }
}

/* --- the connection --- */

static void try_connect(void *arg);

static void try_later(struct oh_carrier *c)
{
    c->timer = oh_timer_set(c->net, oh_net_now(c->net) + RETRY_MS * OH_NS_PER_MS, try_connect, c);
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

static void made(struct oh_carrier *c)
{
    c->watch = is_self(c->from) ? NULL : oh_watch_new(c->net, c->from, on_readable, c);
    if (!c->watch) {
        hang_up(c);
        try_later(c);
        return;
    }
    at_once(c);
    c->is_up = true;
    c->owner.up(c->owner.arg);
}

static void try_connect(void *arg)
{
    struct oh_carrier *c = arg;
    struct sockaddr_storage to;
    socklen_t len = oh_addr_to_sockaddr(&c->address, &to);
    c->timer = NULL;
    if (c->from < 0)
        c->from = c->to = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->from >= 0) {
        int result = connect(c->from, (struct sockaddr *)&to, len);
        if (result == 0 || errno == EISCONN) {
            made(c);
            return;
        }
        if (errno != EINPROGRESS && errno != EALREADY)
            hang_up(c);
    }
    try_later(c);
}

static int begin_connecting(struct oh_carrier *c, const char *connect, struct oh_error *e)
{
    if (oh_addr_parse(oh_span_of(connect), &c->address, e) != 0)
        return -1;
    if (c->address.port == 0)
        return oh_error_set(e, "'%s', where the phone is driven, has no port", connect);
    c->to = c->from = -1;
    c->timer = oh_timer_set(c->net, oh_net_now(c->net), try_connect, c);
    return 0;
}

/* --- the whole --- */

static void on_begin(void *arg)
{
    struct oh_carrier *c = arg;
    c->timer = NULL;
    c->is_up = true;
    c->owner.up(c->owner.arg);
}

static int begin_reading(struct oh_carrier *c, const struct oh_driver_plan *plan,
                         struct oh_error *e)
{
    c->to = plan->to_phone;
    c->from = plan->from_phone;
    c->watch = oh_watch_new(c->net, c->from, on_readable, c);
    if (!c->watch)
        return oh_error_set(e, "%s cannot be waited for", words[c->stdio].from);
    c->timer = oh_timer_set(c->net, oh_net_now(c->net), on_begin, c);
    return 0;
}

struct oh_carrier *oh_carrier_open(struct oh_net *net, enum oh_driver_stdio stdio,
                                   const struct oh_driver_plan *plan,
                                   const struct oh_carrier_owner *owner, struct oh_error *e)
{
    struct oh_carrier *c = oh_alloc(sizeof *c);
    *c = (struct oh_carrier){.net = net, .owner = *owner, .stdio = stdio};
    int result =
        stdio == OH_STDIO_NONE ? begin_connecting(c, plan->connect, e) : begin_reading(c, plan, e);
    if (result == 0)
        return c;
    free(c);
    return NULL;
}

int oh_carrier_write(struct oh_carrier *c, struct oh_span bytes, struct oh_error *e)
{
    if (c->stdio == OH_STDIO_NONE && !c->is_up)
        return oh_error_set(e, "%s is not there", words[c->stdio].to);
    return oh_driver_write(c->to, bytes, words[c->stdio].to, e);
}

void oh_carrier_close(struct oh_carrier *c)
{
    if (!c)
        return;
    oh_timer_cancel(c->timer);
    hang_up(c);
    free(c);
}
