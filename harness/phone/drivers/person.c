/* A person: each command is a sentence that says what to do at the phone. No program runs. */
#include "phone/person.h"
#include "phone/driver.h"

#include "base/file.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct asked {
    struct asked *next;
    struct oh_driver *driver;
    uint64_t id;
    struct oh_person_request *request;
};

struct oh_driver {
    struct oh_net *net;
    struct oh_driver_owner owner;
    struct oh_person *person;
    char *seat, *user;
    char *coming_seat, *coming; /* of the next command: oh_driver_ops.awaits */
    struct oh_timer *begin;
    struct asked *asked;
};

static void on_begin(void *arg)
{
    struct oh_driver *d = arg;
    d->begin = NULL;
    d->owner.up(d->owner.arg);
}

static struct oh_driver *person_open(struct oh_net *net, const struct oh_driver_plan *plan,
                                     const struct oh_driver_owner *owner, struct oh_error *e)
{
    if (!plan->person) {
        oh_error_set(e, "nobody is there to do what is to be done at the phone");
        return NULL;
    }
    struct oh_driver *d = oh_alloc(sizeof *d);
    d->net = net;
    d->owner = *owner;
    d->person = plan->person;
    d->seat = oh_strdup(plan->seat);
    d->user = oh_strdup(plan->user);
    oh_person_join(d->person, net);
    d->begin = oh_timer_set(net, oh_net_now(net), on_begin, d);
    return d;
}

static void unlink_asked(struct asked *a)
{
    struct asked **at = &a->driver->asked;
    while (*at != a)
        at = &(*at)->next;
    *at = a->next;
}

static void on_answer(enum oh_person_answer answer, const char *words, void *arg)
{
    struct asked *a = arg;
    struct oh_driver *d = a->driver;
    uint64_t id = a->id;
    bool done = answer == OH_PERSON_DONE || answer == OH_PERSON_SEEN;
    json_t *message = json_pack("{s:b, s:s}", "done", done, "text", words);
    if (answer == OH_PERSON_SKIPS)
        json_object_set_new(message, "skipped", json_true());
    char *text = json_dumps(message, JSON_COMPACT | JSON_PRESERVE_ORDER);
    unlink_asked(a);
    free(a);
    d->owner.got(oh_span_of(text), id, d->owner.arg);
    free(text);
    json_decref(message);
}

static int person_send(struct oh_driver *d, uint64_t id, struct oh_span message, struct oh_error *e)
{
    struct asked *a = oh_alloc(sizeof *a);
    char *sentence = oh_span_dup(message);
    struct oh_person_view what = {.seat = d->coming_seat ? d->coming_seat : d->seat,
                                  .user = d->user,
                                  .sentence = sentence,
                                  .awaited = d->coming};
    (void)e;
    *a = (struct asked){.next = d->asked, .driver = d, .id = id};
    d->asked = a;
    a->request = oh_person_ask(d->person, &what, on_answer, a);
    free(sentence);
    return 0;
}

static void person_awaits(struct oh_driver *d, const char *seat, const char *what)
{
    free(d->coming_seat);
    free(d->coming);
    d->coming_seat = oh_strdup(seat);
    d->coming = oh_strdup(what);
}

static void person_came(struct oh_driver *d)
{
    struct asked *first = d->asked; /* the oldest is the last of the list */
    while (first && first->next)
        first = first->next;
    if (first)
        oh_person_saw(first->request);
}

static void person_drop(struct oh_driver *d, uint64_t id)
{
    struct asked *a = d->asked;
    while (a && a->id != id)
        a = a->next;
    if (!a)
        return;
    oh_person_withdraw(a->request);
    unlink_asked(a);
    free(a);
}

static void person_close(struct oh_driver *d)
{
    if (!d)
        return;
    while (d->asked)
        person_drop(d, d->asked->id);
    oh_timer_cancel(d->begin);
    oh_person_leave(d->person);
    free(d->seat);
    free(d->user);
    free(d->coming_seat);
    free(d->coming);
    free(d);
}

const struct oh_driver_ops oh_driver_person = {
    .name = "person",
    .is_text = true,
    .needs_no_prompt = true,
    .is_by_hand = true,
    .never_up = "nobody is there",
    .open = person_open,
    .send = person_send,
    .close = person_close,
    .awaits = person_awaits,
    .came = person_came,
    .drop = person_drop,
};
