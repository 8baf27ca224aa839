/* What is sent later, by a thread of its own that begins when there is something. */
#include "libc.h"
#include "link.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS_PER_S  1000000000LL
#define NS_PER_MS 1000000LL

enum { PUSH_AGAIN_MS = 5 };

static struct mu_late *waiting;
static bool watching; /* streams with unsent bytes */
static bool running;
static pthread_mutex_t bell_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t bell;
static bool rung;

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* Takes out what is due. */
static struct mu_late *take_due(int64_t now)
{
    for (struct mu_late **at = &waiting; *at; at = &(*at)->next) {
        struct mu_late *found = *at;
        if (found->due_ns > now)
            continue;
        *at = found->next;
        return found;
    }
    return NULL;
}

/* When to look again; -1: when the bell rings. */
static int64_t do_what_is_due(void)
{
    int64_t now = now_ns(), next = -1;
    mu_link_lock();
    for (struct mu_late *l; (l = take_due(now));) {
        mu_link_put(l->fd, &l->bytes, l->to_len ? (struct sockaddr *)&l->to : NULL, l->to_len);
        mu_text_release(&l->bytes);
        free(l);
    }
    watching = mu_link_push_all();
    for (struct mu_late *l = waiting; l; l = l->next)
        if (next < 0 || l->due_ns < next)
            next = l->due_ns;
    if (watching)
        next = now + PUSH_AGAIN_MS * NS_PER_MS;
    mu_link_unlock();
    return next;
}

static void *work(void *unused)
{
    for (;;) {
        int64_t next = do_what_is_due();
        struct timespec until = {next / NS_PER_S, next % NS_PER_S};
        int trouble = 0;
        pthread_mutex_lock(&bell_lock);
        while (!rung && trouble == 0)
            trouble = next < 0 ? pthread_cond_wait(&bell, &bell_lock)
                               : pthread_cond_timedwait(&bell, &bell_lock, &until);
        rung = false;
        pthread_mutex_unlock(&bell_lock);
    }
    return unused;
}

/* With all signals blocked: they are the phone's. */
static void begin(void)
{
    pthread_condattr_t attributes;
    pthread_t thread;
    sigset_t all, before;
    running = true;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&bell, &attributes);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&thread, NULL, work, NULL) != 0)
        abort();
    pthread_detach(thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void ring(void)
{
    if (!running)
        begin();
    pthread_mutex_lock(&bell_lock);
    rung = true;
    pthread_cond_signal(&bell);
    pthread_mutex_unlock(&bell_lock);
}

void mu_worker_send(int fd, const struct mu_text *bytes, const struct sockaddr *to,
                    socklen_t to_len, long after_ms)
{
    struct mu_late *l = calloc(1, sizeof *l);
    if (!l)
        abort();
    l->fd = fd;
    l->due_ns = now_ns() + after_ms * NS_PER_MS;
    mu_text_set(&l->bytes, bytes->at, bytes->len);
    if (to && to_len <= sizeof l->to) {
        memcpy(&l->to, to, to_len);
        l->to_len = to_len;
    }
    l->next = waiting;
    waiting = l;
    ring();
}

void mu_worker_drop(int fd)
{
    for (struct mu_late **at = &waiting; *at;) {
        struct mu_late *l = *at;
        if (l->fd != fd) {
            at = &l->next;
            continue;
        }
        *at = l->next;
        mu_text_release(&l->bytes);
        free(l);
    }
}

void mu_worker_watch(void)
{
    if (!watching)
        ring();
    watching = true;
}
