#include "link.h"

#include "libc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    FD_MAX = 4096, /* descriptors above it are left alone */
    DATAGRAM_MAX = 65536,
    PEEK_BYTES = 65536,
    HELD_MAX = 256 * 1024, /* of a stream: a "message" longer than this is none */
};

struct stream {
    bool is_sip;            /* else its first bytes have not yet told */
    struct mu_text out, in; /* the beginning of a message whose end is not there yet */
    struct mu_text unsent;  /* edited, and not yet taken by the socket */
    struct mu_text ready;   /* mapped back, and not yet taken by the phone */
    size_t taken;           /* of `ready` */
    bool owes_byte;         /* the last byte that `ready` was made of is still in the kernel */
};

struct link {
    enum mu_link_kind kind;
    struct stream *stream;
};

/* Functions that stand in for the C library's have no argument that could carry this. */
static struct {
    pthread_mutex_t lock;
    struct mu_mutant *mutant;
    bool told;
    struct link links[FD_MAX];
    bool holds;
    int held_fd;
    struct mu_text held;
    struct sockaddr_storage held_to;
    socklen_t held_to_len;
} all = {.lock = PTHREAD_MUTEX_INITIALIZER};

void mu_link_lock(void)
{
    pthread_mutex_lock(&all.lock);
}

void mu_link_unlock(void)
{
    pthread_mutex_unlock(&all.lock);
}

static pthread_once_t begun = PTHREAD_ONCE_INIT;

static void begin(void)
{
    const char *name = getenv("OFFHOOK_MUTANT");
    const struct mu_fault *fault = name ? mu_fault_named(name) : NULL;
    if (name && !fault)
        mu_report("unknown", name, strlen(name));
    all.mutant = fault ? mu_mutant_new(fault) : NULL;
}

bool mu_link_is_on(void)
{
    pthread_once(&begun, begin);
    return all.mutant != NULL;
}

/* ---- what a descriptor is ---- */

static void free_stream(struct stream *s)
{
    if (!s)
        return;
    mu_text_release(&s->out);
    mu_text_release(&s->in);
    mu_text_release(&s->unsent);
    mu_text_release(&s->ready);
    free(s);
}

static enum mu_link_kind find_kind(int fd)
{
    int domain = 0, type = 0;
    socklen_t len = sizeof domain;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) != 0 ||
        (domain != AF_INET && domain != AF_INET6))
        return MU_ALONE;
    len = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0)
        return MU_ALONE;
    return type == SOCK_DGRAM ? MU_DATAGRAMS : type == SOCK_STREAM ? MU_STREAM : MU_ALONE;
}

/* The phone's own: what it is in force for owns sockets. */
static void tell_in_force(void)
{
    if (all.told)
        return;
    all.told = true;
    mu_report("in-force", "", 0);
}

/* What is no IP socket is looked at each time: files are closed where no wrapper sees it, and the
 * number may be a socket's the next time. */
static enum mu_link_kind get_kind(int fd)
{
    struct link *l = &all.links[fd];
    if (l->kind != MU_UNKNOWN)
        return l->kind;
    enum mu_link_kind kind = find_kind(fd);
    if (kind == MU_ALONE)
        return kind;
    tell_in_force();
    l->kind = kind;
    if (kind == MU_STREAM && !(l->stream = calloc(1, sizeof *l->stream)))
        l->kind = MU_ALONE;
    return l->kind;
}

enum mu_link_kind mu_link_kind(int fd)
{
    int saved = errno;
    if (fd < 0 || fd >= FD_MAX)
        return MU_ALONE;
    mu_link_lock();
    enum mu_link_kind kind = get_kind(fd);
    mu_link_unlock();
    errno = saved;
    return kind;
}

void mu_link_forget(int fd)
{
    if (fd < 0 || fd >= FD_MAX)
        return;
    mu_link_lock();
    mu_worker_drop(fd);
    free_stream(all.links[fd].stream);
    all.links[fd] = (struct link){0};
    mu_link_unlock();
}

/* ---- editing ---- */

static void edit(struct mu_text *t, struct mu_plan *plan)
{
    const char *end;
    mu_outgoing(all.mutant, t, plan);
    if (plan->struck) {
        end = memchr(t->at, '\r', t->len);
        mu_report("struck", t->at, end ? (size_t)(end - t->at) : 0);
    }
}

/* Bytes as they are to stand on the wire. */
void mu_link_put(int fd, const struct mu_text *bytes, const struct sockaddr *to, socklen_t to_len)
{
    struct link *l = fd >= 0 && fd < FD_MAX ? &all.links[fd] : NULL;
    if (l && l->kind == MU_STREAM && l->stream) {
        mu_append(&l->stream->unsent, bytes->at, bytes->len);
        mu_worker_watch();
        return;
    }
    mu_libc()->sendto(fd, bytes->at, bytes->len, MSG_NOSIGNAL | MSG_DONTWAIT, to, to_len);
}

static void hold(int fd, const struct mu_text *t, const struct sockaddr *to, socklen_t to_len)
{
    all.holds = true;
    all.held_fd = fd;
    mu_text_set(&all.held, t->at, t->len);
    all.held_to_len = to && to_len <= sizeof all.held_to ? to_len : 0;
    if (all.held_to_len)
        memcpy(&all.held_to, to, to_len);
}

static void release_held(void)
{
    if (!all.holds)
        return;
    all.holds = false;
    mu_link_put(all.held_fd, &all.held, all.held_to_len ? (struct sockaddr *)&all.held_to : NULL,
                all.held_to_len);
}

/* What a plan wants besides, or instead of, sending at once. Whether to send at once. */
static bool follow_plan(int fd, const struct mu_plan *plan, const struct mu_text *t,
                        const struct sockaddr *to, socklen_t to_len)
{
    if (plan->again)
        mu_worker_send(fd, t, to, to_len, plan->after_ms);
    if (plan->hold)
        hold(fd, t, to, to_len);
    if (plan->delay_ms > 0)
        mu_worker_send(fd, t, to, to_len, plan->delay_ms);
    return !plan->drop && !plan->hold && plan->delay_ms == 0;
}

/* ---- datagrams ---- */

static size_t gather(char *to, size_t room, const struct msghdr *message)
{
    size_t len = 0;
    for (size_t i = 0; i < message->msg_iovlen; i++) {
        size_t part = message->msg_iov[i].iov_len;
        if (part > room - len)
            part = room - len;
        if (part)
            memcpy(to + len, message->msg_iov[i].iov_base, part);
        len += part;
    }
    return len;
}

/* Returns how many bytes found room. */
static size_t scatter(const struct msghdr *message, const char *from, size_t len)
{
    size_t done = 0;
    for (size_t i = 0; i < message->msg_iovlen && done < len; i++) {
        size_t part = message->msg_iov[i].iov_len;
        if (part > len - done)
            part = len - done;
        memcpy(message->msg_iov[i].iov_base, from + done, part);
        done += part;
    }
    return done;
}

/* The address to send to, its port one higher. */
static socklen_t next_port(int fd, const struct msghdr *message, struct sockaddr_storage *to)
{
    socklen_t len = sizeof *to;
    if (message->msg_name && message->msg_namelen <= sizeof *to) {
        memcpy(to, message->msg_name, message->msg_namelen);
        len = message->msg_namelen;
    } else if (getpeername(fd, (struct sockaddr *)to, &len) != 0) {
        return 0;
    }
    in_port_t *port = to->ss_family == AF_INET6 ? &((struct sockaddr_in6 *)(void *)to)->sin6_port
                                                : &((struct sockaddr_in *)(void *)to)->sin_port;
    *port = htons((uint16_t)(ntohs(*port) + 1));
    return len;
}

static ssize_t send_edited(int fd, const struct msghdr *message, const struct mu_text *t,
                           const struct mu_plan *plan, int flags)
{
    struct iovec part = {t->at, t->len};
    struct msghdr changed = *message;
    struct sockaddr_storage to;
    changed.msg_iov = &part;
    changed.msg_iovlen = 1;
    if (plan->elsewhere) {
        changed.msg_name = &to;
        changed.msg_namelen = next_port(fd, message, &to);
    }
    return mu_libc()->sendmsg(fd, &changed, flags);
}

ssize_t mu_datagram_send(int fd, const struct msghdr *message, int flags)
{
    char *bytes = malloc(DATAGRAM_MAX);
    struct mu_text t = {0};
    struct mu_plan plan;
    ssize_t sent = -1;
    size_t len = bytes ? gather(bytes, DATAGRAM_MAX, message) : 0;
    if (!bytes || mu_looks_like_sip(bytes, len) != MU_SIP) {
        free(bytes);
        return mu_libc()->sendmsg(fd, message, flags);
    }
    mu_text_set(&t, bytes, len);
    mu_link_lock();
    edit(&t, &plan);
    bool at_once = follow_plan(fd, &plan, &t, message->msg_name, message->msg_namelen);
    mu_link_unlock();
    sent = at_once ? send_edited(fd, message, &t, &plan, flags) : (ssize_t)len;
    mu_link_lock();
    if (at_once)
        release_held();
    mu_link_unlock();
    mu_text_release(&t);
    free(bytes);
    return sent < 0 ? sent : (ssize_t)len;
}

ssize_t mu_datagram_receive(int fd, struct msghdr *message, int flags)
{
    struct iovec part = {malloc(DATAGRAM_MAX), DATAGRAM_MAX};
    struct msghdr whole = *message;
    struct mu_text t = {0};
    if (!part.iov_base || flags & MSG_ERRQUEUE) { /* that queue has what was sent */
        free(part.iov_base);
        return mu_libc()->recvmsg(fd, message, flags);
    }
    whole.msg_iov = &part;
    whole.msg_iovlen = 1;
    ssize_t got = mu_libc()->recvmsg(fd, &whole, flags);
    if (got >= 0) {
        mu_text_set(&t, part.iov_base, (size_t)got < DATAGRAM_MAX ? (size_t)got : DATAGRAM_MAX);
        if (t.len && mu_looks_like_sip(t.at, t.len) == MU_SIP) {
            mu_link_lock();
            mu_incoming(all.mutant, &t);
            mu_link_unlock();
        }
        size_t taken = scatter(message, t.at, t.len);
        message->msg_namelen = whole.msg_namelen;
        message->msg_controllen = whole.msg_controllen;
        message->msg_flags = whole.msg_flags | (taken < t.len ? MSG_TRUNC : 0);
        got = (ssize_t)(flags & MSG_TRUNC ? t.len : taken);
    }
    mu_text_release(&t);
    free(part.iov_base);
    return got;
}

/* ---- streams, outwards ---- */

/* Gives the socket what it takes. -1: it is broken. */
static int push(int fd, struct stream *s)
{
    while (s->unsent.len > 0) {
        ssize_t sent = mu_libc()->sendto(fd, s->unsent.at, s->unsent.len,
                                         MSG_NOSIGNAL | MSG_DONTWAIT, NULL, 0);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return errno == EAGAIN ? 0 : -1;
        mu_cut(&s->unsent, 0, (size_t)sent);
    }
    return 0;
}

bool mu_link_push_all(void)
{
    bool some = false;
    for (int fd = 0; fd < FD_MAX; fd++) {
        struct stream *s = all.links[fd].stream;
        if (s && s->unsent.len && push(fd, s) == 0)
            some = some || s->unsent.len > 0;
    }
    return some;
}

/* Keep-alives between messages. RFC 5626 3.5.1 */
static size_t line_ends(const struct mu_text *t)
{
    size_t n = 0;
    while (n < t->len && (t->at[n] == '\r' || t->at[n] == '\n'))
        n++;
    return n;
}

static void pass(struct mu_text *from, size_t len, struct mu_text *to)
{
    mu_append(to, from->at, len);
    mu_cut(from, 0, len);
}

static void send_message(int fd, struct stream *s, size_t len)
{
    struct mu_text t = {0};
    struct mu_plan plan;
    mu_text_set(&t, s->out.at, len);
    mu_cut(&s->out, 0, len);
    edit(&t, &plan);
    if (follow_plan(fd, &plan, &t, NULL, 0) && !plan.elsewhere) {
        mu_append(&s->unsent, t.at, t.len);
        release_held();
    }
    mu_text_release(&t);
}

/* Whole messages of `out`, edited, go to `unsent`. */
static void cut_outgoing(int fd, struct link *l)
{
    struct stream *s = l->stream;
    while (s->out.len > 0) {
        pass(&s->out, line_ends(&s->out), &s->unsent);
        enum mu_looks looks = mu_looks_like_sip(s->out.at, s->out.len);
        size_t len = looks == MU_SIP ? mu_message_length(s->out.at, s->out.len) : 0;
        s->is_sip = s->is_sip || looks == MU_SIP;
        if (len)
            send_message(fd, s, len);
        else if (looks == MU_NO || s->out.len > HELD_MAX)
            pass(&s->out, s->out.len, &s->unsent);
        else
            break;
    }
}

static bool is_nonblocking(int fd, int flags)
{
    return flags & MSG_DONTWAIT || fcntl(fd, F_GETFL) & O_NONBLOCK;
}

static void wait_for(int fd, short events)
{
    struct pollfd p = {.fd = fd, .events = events};
    poll(&p, 1, -1);
}

ssize_t mu_stream_send(int fd, const char *bytes, size_t len, int flags)
{
    bool patient = !is_nonblocking(fd, flags);
    int trouble = 0;
    mu_link_lock();
    struct link *l = &all.links[fd];
    struct stream *s = l->stream;
    if (!s || (s->unsent.len > HELD_MAX && !patient)) {
        mu_link_unlock();
        errno = EAGAIN;
        return -1;
    }
    mu_append(&s->out, bytes, len);
    cut_outgoing(fd, l);
    trouble = push(fd, s) != 0 ? errno : 0;
    while (!trouble && patient && all.links[fd].stream == s && s->unsent.len > 0) {
        mu_link_unlock();
        wait_for(fd, POLLOUT);
        mu_link_lock();
        if (all.links[fd].stream == s)
            trouble = push(fd, s) != 0 ? errno : 0;
    }
    if (!trouble && all.links[fd].stream == s && s->unsent.len > 0)
        mu_worker_watch();
    mu_link_unlock();
    errno = trouble ? trouble : errno;
    return trouble ? -1 : (ssize_t)len;
}

void mu_link_flush(int fd)
{
    if (fd < 0 || fd >= FD_MAX)
        return;
    mu_link_lock();
    struct stream *s = all.links[fd].stream;
    if (s) {
        pass(&s->out, s->out.len, &s->unsent);
        push(fd, s);
    }
    mu_link_unlock();
}

/* ---- streams, inwards ---- */

/* Bytes that were looked at are taken off the kernel's hands. */
static void take_off(int fd, size_t len)
{
    char bytes[4096];
    while (len > 0) {
        ssize_t got =
            mu_libc()->recv(fd, bytes, len < sizeof bytes ? len : sizeof bytes, MSG_DONTWAIT);
        if (got <= 0)
            return;
        len -= (size_t)got;
    }
}

/* What is ready goes to the phone. */
static size_t hand_over(int fd, struct stream *s, char *bytes, size_t room, int flags)
{
    size_t len = s->ready.len - s->taken;
    if (len > room)
        len = room;
    memcpy(bytes, s->ready.at + s->taken, len);
    if (flags & MSG_PEEK)
        return len;
    s->taken += len;
    if (s->taken == s->ready.len) {
        s->ready.len = s->taken = 0;
        if (s->owes_byte)
            take_off(fd, 1);
        s->owes_byte = false;
    }
    return len;
}

/* Whole messages at the beginning of `in`, mapped back, go to `ready`. How many bytes they were. */
static size_t cut_incoming(struct stream *s)
{
    size_t before = s->in.len;
    for (;;) {
        pass(&s->in, line_ends(&s->in), &s->ready);
        enum mu_looks looks = mu_looks_like_sip(s->in.at, s->in.len);
        size_t len = looks == MU_SIP ? mu_message_length(s->in.at, s->in.len) : 0;
        struct mu_text t = {0};
        if (len) {
            mu_text_set(&t, s->in.at, len);
            mu_incoming(all.mutant, &t);
            mu_append(&s->ready, t.at, t.len);
            mu_text_release(&t);
            mu_cut(&s->in, 0, len);
        } else if (s->in.len && (looks == MU_NO || s->in.len > HELD_MAX)) {
            pass(&s->in, s->in.len, &s->ready);
        } else {
            return before - s->in.len;
        }
    }
}

/* Bytes that the kernel shows are cut; those of whole messages, and only if there are none all of
 * them, leave it. False: the stream is not SIP's. */
static bool look_at(int fd, struct stream *s, const char *bytes, size_t len, size_t room, int flags)
{
    size_t held = s->in.len;
    if (!s->is_sip && held == 0) {
        enum mu_looks looks = mu_looks_like_sip(bytes, len);
        if (looks == MU_NO && bytes[0] != '\r' && bytes[0] != '\n')
            return false;
        s->is_sip = looks == MU_SIP;
    }
    mu_append(&s->in, bytes, len);
    size_t cut = cut_incoming(s);
    if (s->ready.len == 0) {
        take_off(fd, len);
        return true;
    }
    size_t used = cut > held ? cut - held : 0;
    s->owes_byte = used > 0 && (s->ready.len > room || flags & MSG_PEEK);
    take_off(fd, used - s->owes_byte);
    s->in.len = 0; /* it is still in the kernel */
    return true;
}

static void leave_alone(int fd)
{
    struct stream *s = all.links[fd].stream;
    if (s && s->unsent.len + s->out.len > 0)
        return; /* what was written so far goes first */
    free_stream(s);
    all.links[fd] = (struct link){.kind = MU_ALONE};
}

/* The other side has ended in the midst of a message. */
static bool end_of_stream(struct stream *s)
{
    pass(&s->in, s->in.len, &s->ready);
    return s->ready.len > 0;
}

ssize_t mu_stream_receive(int fd, char *bytes, size_t room, int flags)
{
    char *seen = malloc(PEEK_BYTES);
    ssize_t result = -1;
    for (bool done = seen == NULL; !done;) {
        mu_link_lock();
        struct stream *s = all.links[fd].stream;
        bool ready = s && s->ready.len > 0;
        if (ready)
            result = (ssize_t)hand_over(fd, s, bytes, room, flags);
        mu_link_unlock();
        if (ready)
            break;
        ssize_t got =
            s ? mu_libc()->recv(fd, seen, PEEK_BYTES, (flags & MSG_DONTWAIT) | MSG_PEEK) : 0;
        mu_link_lock();
        s = all.links[fd].stream;
        bool ours = s && got > 0 && look_at(fd, s, seen, (size_t)got, room, flags);
        bool more = s && got == 0 && end_of_stream(s);
        if (s && got > 0 && !ours)
            leave_alone(fd);
        mu_link_unlock();
        if (ours || more)
            continue;
        result = got < 0 ? got : mu_libc()->recv(fd, bytes, room, flags);
        done = true;
    }
    free(seen);
    return result;
}

size_t mu_stream_ready(int fd)
{
    if (fd < 0 || fd >= FD_MAX)
        return 0;
    mu_link_lock();
    struct stream *s = all.links[fd].stream;
    size_t len = s ? s->ready.len - s->taken : 0;
    mu_link_unlock();
    return len;
}
