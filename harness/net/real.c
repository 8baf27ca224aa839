/* The real net: Sofia's su_root waits on our sockets, watches and one timer descriptor. */
#include "base/file.h"
#include "net/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <sofia-sip/su.h>
#include <sofia-sip/su_wait.h>

/* How long a single wait may last if no event ends it. What bounds it is the alarm. */
#define LONGEST_WAIT_MS 60000

#define READABLE (SU_WAIT_IN | SU_WAIT_HUP | SU_WAIT_ERR)
#define WRITABLE (READABLE | SU_WAIT_OUT)

struct real {
    struct oh_net net;
    su_root_t *root;
    int alarm_fd; /* wakes the root for the next timer; su_timer counts milliseconds of the wall
                     clock */
    int alarm_registration;
    int64_t alarm_ns; /* what it is set to; INT64_MAX: not set */
};

static struct real *real_of(struct oh_net *n)
{
    return (struct real *)n;
}

/* Not by su_wait_create, which makes the caller's descriptor non-blocking. */
static int enlist(struct real *r, int fd, su_wakeup_f wakeup, void *arg)
{
    su_wait_t wait = SU_WAIT_INIT;
    wait.fd = fd;
    wait.events = READABLE;
    return su_root_register(r->root, &wait, wakeup, arg, su_pri_normal);
}

static void real_free(struct oh_net *n)
{
    struct real *r = real_of(n);
    if (r->alarm_registration > 0)
        su_root_deregister(r->root, r->alarm_registration);
    if (r->alarm_fd >= 0)
        close(r->alarm_fd);
    if (r->root)
        su_root_destroy(r->root);
    su_deinit();
    free(r);
}

static int64_t real_now(const struct oh_net *n)
{
    (void)n;
    return oh_clock_mono_ns();
}

static int64_t real_wall(const struct oh_net *n)
{
    (void)n;
    return oh_clock_wall_ns();
}

static int on_alarm(su_root_magic_t *magic, su_wait_t *wait, su_wakeup_arg_t *arg)
{
    (void)magic;
    (void)wait;
    struct real *r = arg;
    uint64_t count;
    if (read(r->alarm_fd, &count, sizeof count) > 0)
        r->alarm_ns = INT64_MAX;
    return 0;
}

static void set_alarm(struct real *r, int64_t at_ns)
{
    if (at_ns == r->alarm_ns)
        return;
    struct itimerspec when = {0};
    if (at_ns != INT64_MAX) {
        when.it_value.tv_sec = (time_t)(at_ns / OH_NS_PER_S);
        when.it_value.tv_nsec = (long)(at_ns % OH_NS_PER_S);
    }
    timerfd_settime(r->alarm_fd, TFD_TIMER_ABSTIME, &when, NULL);
    r->alarm_ns = at_ns;
}

/* Waits for one event and serves it. */
static void step(struct real *r, int64_t now_ns, int64_t wake_ns)
{
    if (wake_ns > now_ns)
        set_alarm(r, wake_ns);
    su_root_step(r->root, wake_ns > now_ns ? LONGEST_WAIT_MS : 0);
}

static void real_run(struct oh_net *n, const struct oh_run_level *level, int64_t deadline_ns)
{
    struct real *r = real_of(n);
    for (bool first = true;; first = false) {
        oh_timers_fire_due(n, level);
        oh_conns_serve(n, level);
        int64_t now_ns = real_now(n);
        if (level->stopped || (!first && now_ns >= deadline_ns))
            return;
        int64_t next_ns = oh_timers_next(n);
        step(r, now_ns, next_ns < deadline_ns ? next_ns : deadline_ns);
        if (level->stopped)
            return;
    }
}

static int on_datagram(su_root_magic_t *magic, su_wait_t *wait, su_wakeup_arg_t *arg)
{
    (void)magic;
    (void)wait;
    oh_udp_drain(arg);
    return 0;
}

static int real_open(struct oh_socket *s, struct oh_error *e)
{
    if (oh_udp_bind(s, e) < 0)
        return -1;
    s->registration = enlist(real_of(s->net), s->fd, on_datagram, s);
    if (s->registration > 0)
        return 0;
    oh_error_set(e, "'%s' cannot be waited for: %s", s->label, strerror(errno));
    close(s->fd);
    return -1;
}

static void real_close(struct oh_socket *s)
{
    su_root_deregister(real_of(s->net)->root, s->registration);
    close(s->fd);
    s->fd = -1;
}

/* --- TCP --- */

static int on_call(su_root_magic_t *magic, su_wait_t *wait, su_wakeup_arg_t *arg)
{
    (void)magic;
    (void)wait;
    oh_tcp_accept(arg);
    return 0;
}

static int real_listen(struct oh_listener *l, struct oh_error *e)
{
    if (oh_tcp_bind(l, e) < 0)
        return -1;
    l->registration = enlist(real_of(l->net), l->fd, on_call, l);
    if (l->registration > 0)
        return 0;
    oh_error_set(e, "'%s' cannot be waited for: %s", l->label, strerror(errno));
    close(l->fd);
    return -1;
}

static void real_unlisten(struct oh_listener *l)
{
    su_root_deregister(real_of(l->net)->root, l->registration);
    close(l->fd);
    l->fd = -1;
}

static void real_deafen(struct oh_conn *c)
{
    if (c->registration > 0)
        su_root_deregister(real_of(c->net)->root, c->registration);
    c->registration = 0;
}

static void wait_for(struct oh_conn *c)
{
    bool writes = !c->connected || c->unsent;
    if (c->registration > 0)
        su_root_eventmask(real_of(c->net)->root, c->registration, c->fd,
                          writes ? WRITABLE : READABLE);
}

static void real_flush(struct oh_conn *c)
{
    oh_tcp_write(c);
    wait_for(c);
}

static int on_conn(su_root_magic_t *magic, su_wait_t *wait, su_wakeup_arg_t *arg)
{
    (void)magic;
    (void)wait;
    struct oh_conn *c = arg;
    if (!c->connected) {
        oh_tcp_dialled(c);
        return 0;
    }
    if (c->unsent)
        real_flush(c);
    if (!c->over)
        oh_tcp_read(c);
    return 0; /* its owner is told before the next wait */
}

int oh_tcp_enlist(struct oh_conn *c)
{
    c->registration = enlist(real_of(c->net), c->fd, on_conn, c);
    if (c->registration <= 0)
        return -1;
    wait_for(c);
    return 0;
}

static int real_connect(struct oh_conn *c, struct oh_error *e)
{
    if (oh_tcp_dial(c, e) < 0)
        return -1;
    if (oh_tcp_enlist(c) == 0)
        return 0;
    return oh_error_set(e, "'%s' cannot be waited for: %s", c->label, strerror(errno));
}

static void real_disconnect(struct oh_conn *c, bool reset)
{
    real_deafen(c);
    if (c->fd >= 0)
        oh_tcp_hang_up(c, reset);
}

/* --- watches --- */

static int on_readable(su_root_magic_t *magic, su_wait_t *wait, su_wakeup_arg_t *arg)
{
    (void)magic;
    (void)wait;
    struct oh_watch *w = arg;
    w->fn(w->fd, w->arg); /* may free the watch */
    return 0;
}

static bool real_watch(struct oh_watch *w)
{
    struct stat st;
    if (fstat(w->fd, &st) < 0 || S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))
        return false; /* epoll takes none of these, and Sofia would grumble on stderr */
    w->registration = enlist(real_of(w->net), w->fd, on_readable, w);
    return w->registration > 0;
}

static void real_unwatch(struct oh_watch *w)
{
    su_root_deregister(real_of(w->net)->root, w->registration);
}

static const struct oh_net_ops real_ops = {
    .free = real_free,
    .now = real_now,
    .wall = real_wall,
    .run = real_run,
    .open = real_open,
    .close = real_close,
    .send = oh_udp_transmit,
    .listen = real_listen,
    .unlisten = real_unlisten,
    .connect = real_connect,
    .flush = real_flush,
    .deafen = real_deafen,
    .disconnect = real_disconnect,
    .watch = real_watch,
    .unwatch = real_unwatch,
};

struct oh_net *oh_net_new(struct oh_error *e)
{
    struct real *r = oh_alloc(sizeof *r);
    r->net.ops = &real_ops;
    r->alarm_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    r->alarm_ns = INT64_MAX;
    su_init();
    r->root = r->alarm_fd >= 0 ? su_root_create(NULL) : NULL;
    if (r->root) {
        /* One event a step: after a nested run there must be none left that it has served already.
         */
        su_root_multishot(r->root, 0);
        r->alarm_registration = enlist(r, r->alarm_fd, on_alarm, r);
    }
    if (r->alarm_registration > 0)
        return &r->net;
    oh_error_set(e, "the event loop cannot be made: %s", strerror(errno));
    oh_error_remedy(e, "raise the number of open files (ulimit -n)");
    oh_net_free(&r->net);
    return NULL;
}
