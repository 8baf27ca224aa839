/* A program on pipes: one JSON message a line, both ways. */
#include "phone/driver.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define LINE_MAX_BYTES (1U << 20)
#define READ_BYTES     16384
#define READS_AT_ONCE  8 /* so that timers and sockets get their turn */

struct oh_driver {
    struct oh_net *net;
    struct oh_driver_owner owner;
    int to_phone, from_phone;
    struct oh_watch *watch;
    struct oh_timer *begin;
    struct oh_text line;
    bool skipping; /* the rest of a line that was too long */
};

static void end(struct oh_driver *d, const char *why)
{
    oh_watch_free(d->watch);
    d->watch = NULL;
    if (d->line.len)
        d->owner.got(oh_text_span(&d->line), OH_ANSWERS_SOMETHING, d->owner.arg);
    oh_text_clear(&d->line);
    d->owner.down(why, d->owner.arg);
}

static void take(struct oh_driver *d, struct oh_span bytes)
{
    while (bytes.len) {
        size_t len = oh_span_find(bytes, '\n');
        if (!d->skipping)
            oh_text_add_span(&d->line, oh_span_sub(bytes, 0, len));
        if (d->line.len > LINE_MAX_BYTES) {
            d->skipping = true;
            oh_text_clear(&d->line);
        }
        if (len == bytes.len)
            return;
        if (!d->skipping && oh_span_trim(oh_text_span(&d->line)).len)
            d->owner.got(oh_text_span(&d->line), OH_ANSWERS_SOMETHING, d->owner.arg);
        d->skipping = false;
        oh_text_clear(&d->line);
        bytes = oh_span_sub(bytes, len + 1, bytes.len - len - 1);
    }
}

static void on_readable(int fd, void *arg)
{
    struct oh_driver *d = arg;
    char bytes[READ_BYTES];
    for (int i = 0; i < READS_AT_ONCE; i++) {
        ssize_t got = read(fd, bytes, sizeof bytes);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (got <= 0) {
            end(d, "the program closed its standard output");
            return;
        }
        take(d, (struct oh_span){bytes, (size_t)got});
        if ((size_t)got < sizeof bytes)
            return;
    }
}

static void on_begin(void *arg)
{
    struct oh_driver *d = arg;
    d->begin = NULL;
    d->owner.up(d->owner.arg);
}

static struct oh_driver *json_lines_open(struct oh_net *net, const struct oh_driver_plan *plan,
                                         const struct oh_driver_owner *owner, struct oh_error *e)
{
    struct oh_driver *d = oh_alloc(sizeof *d);
    d->net = net;
    d->owner = *owner;
    d->to_phone = plan->to_phone;
    d->from_phone = plan->from_phone;
    d->watch = oh_watch_new(net, plan->from_phone, on_readable, d);
    if (!d->watch) {
        oh_error_set(e, "the program's standard output cannot be waited for");
        free(d);
        return NULL;
    }
    d->begin = oh_timer_set(net, oh_net_now(net), on_begin, d);
    return d;
}

static int json_lines_send(struct oh_driver *d, uint64_t id, struct oh_span message,
                           struct oh_error *e)
{
    struct oh_text line = {0};
    (void)id;
    oh_text_add_span(&line, message);
    oh_text_add_char(&line, '\n');
    int result =
        oh_driver_write(d->to_phone, oh_text_span(&line), "the program's standard input", e);
    oh_text_release(&line);
    return result;
}

static void json_lines_close(struct oh_driver *d)
{
    if (!d)
        return;
    oh_timer_cancel(d->begin);
    oh_watch_free(d->watch);
    oh_text_release(&d->line);
    free(d);
}

const struct oh_driver_ops oh_driver_json_lines = {
    .name = "json-lines",
    .stdio = OH_STDIO_PIPES,
    .never_up = "it was never begun with",
    .open = json_lines_open,
    .send = json_lines_send,
    .close = json_lines_close,
};
