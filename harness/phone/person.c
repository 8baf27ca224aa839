#include "phone/person.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REMIND_MS  30000
#define SHOW_UP_MS 4000 /* for what a phone sends after the key that says so */
#define NOTE_MAX   400
#define FILE_MAX   (1U << 20)

static const char no_keys[] = "nobody can press a key any more: standard input has ended";

struct oh_person_request {
    struct oh_person_request *next;
    struct oh_person *person;
    char *seat, *user, *sentence, *awaited;
    enum oh_person_state state;
    unsigned reminders;
    oh_person_fn *fn;
    void *arg;
};

struct oh_person {
    struct oh_person_plan plan;
    struct oh_net *net; /* NULL: nobody has joined */
    unsigned joined;
    struct oh_watch *watch;
    struct oh_timer *timer; /* reminds, doubts, or tells that no keys come */
    struct oh_person_request *front;
    struct oh_text line;  /* of by_line: what has come of it; else the note being typed */
    struct oh_text early; /* lines that came while nothing was asked */
    bool deaf, again;
};

struct oh_person *oh_person_new(const struct oh_person_plan *plan)
{
    struct oh_person *p = oh_alloc(sizeof *p);
    p->plan = *plan;
    p->deaf = plan->keys < 0;
    return p;
}

static void free_request(struct oh_person_request *r)
{
    free(r->seat);
    free(r->user);
    free(r->sentence);
    free(r->awaited);
    free(r);
}

void oh_person_free(struct oh_person *p)
{
    if (!p)
        return;
    oh_timer_cancel(p->timer);
    oh_watch_free(p->watch);
    while (p->front) {
        struct oh_person_request *r = p->front;
        p->front = r->next;
        free_request(r);
    }
    oh_text_release(&p->line);
    oh_text_release(&p->early);
    free(p);
}

bool oh_person_wants_again(struct oh_person *p)
{
    bool again = p->again;
    p->again = false;
    return again;
}

/* --- what is shown --- */

/* No keys come any more, and none are kept. */
static bool is_deaf(const struct oh_person *p)
{
    return p->deaf && p->early.len == 0;
}

static void on_time(void *arg);

static void set_timer(struct oh_person *p)
{
    const struct oh_person_request *r = p->front;
    int64_t ms = !r                            ? -1
                 : r->state == OH_PERSON_WAITS ? SHOW_UP_MS
                 : is_deaf(p) && !r->awaited   ? 0
                                               : REMIND_MS;
    oh_timer_cancel(p->timer);
    p->timer = ms < 0 || !p->net
                   ? NULL
                   : oh_timer_set(p->net, oh_net_now(p->net) + ms * OH_NS_PER_MS, on_time, p);
}

static void show(struct oh_person *p)
{
    const struct oh_person_request *r = p->front;
    if (!r)
        return;
    struct oh_person_view view = {.seat = r->seat,
                                  .user = r->user,
                                  .sentence = r->sentence,
                                  .awaited = r->awaited,
                                  .state = r->state,
                                  .note = oh_text_str(&p->line),
                                  .reminders = r->reminders,
                                  .deaf = is_deaf(p)};
    p->plan.show(&view, p->plan.arg);
}

static void take_early(struct oh_person *p);

static void next_front(struct oh_person *p)
{
    set_timer(p);
    show(p);
}

static void unlink_request(struct oh_person_request *r)
{
    struct oh_person_request **at = &r->person->front;
    while (*at != r)
        at = &(*at)->next;
    *at = r->next;
}

/* The request is over; its callback may ask the next thing. */
static void end_front(struct oh_person *p, enum oh_person_answer answer, const char *words)
{
    struct oh_person_request *r = p->front;
    char *copy = oh_strdup(words);
    p->front = r->next;
    oh_text_clear(&p->line);
    p->plan.over(answer, copy, p->plan.arg);
    next_front(p);
    r->fn(answer, copy, r->arg);
    free(copy);
    free_request(r);
}

static void on_time(void *arg)
{
    struct oh_person *p = arg;
    struct oh_person_request *r = p->front;
    p->timer = NULL;
    if (is_deaf(p) && !r->awaited) {
        end_front(p, OH_PERSON_FAILED, no_keys);
        return;
    }
    if (r->state == OH_PERSON_WAITS)
        r->state = OH_PERSON_DOUBTS;
    else
        r->reminders++;
    set_timer(p);
    show(p);
    if (r->state == OH_PERSON_DOUBTS)
        take_early(p);
}

/* --- keys --- */

static void say_done(struct oh_person *p)
{
    struct oh_person_request *r = p->front;
    if (!r->awaited) {
        end_front(p, OH_PERSON_DONE, "the person says that it is done");
    } else if (r->state == OH_PERSON_DOUBTS) {
        char *words =
            oh_format("the person says, asked twice, that it is done; %s did not come", r->awaited);
        end_front(p, OH_PERSON_DONE, words);
        free(words);
    } else if (r->state == OH_PERSON_ASKED) {
        r->state = OH_PERSON_WAITS;
        next_front(p);
    }
}

static void say_wrong(struct oh_person *p, struct oh_span note)
{
    struct oh_text words = {0};
    note = oh_span_trim(note);
    oh_text_add(&words, "the person says that something went wrong");
    if (note.len) {
        oh_text_add(&words, ": ");
        oh_text_add_quoted(&words, note, NOTE_MAX);
    }
    end_front(p, OH_PERSON_FAILED, oh_text_str(&words));
    oh_text_release(&words);
}

static void begin_note(struct oh_person *p)
{
    p->front->state = OH_PERSON_NOTES;
    oh_text_clear(&p->line);
    next_front(p);
}

static void say_again(struct oh_person *p)
{
    p->again = true;
    end_front(p, OH_PERSON_FAILED, "the person wants it played again");
}

/* `note`: the rest of its line; {NULL} for a single key. Other keys mean nothing. */
static void take_key(struct oh_person *p, char key, struct oh_span note)
{
    if (key == 'q' || key == 'Q') {
        p->plan.quit(p->plan.arg);
        return;
    }
    if (!p->front)
        return;
    switch (key) {
    case '\r':
    case '\n':
    case 'd':
    case 'D':
        say_done(p);
        break;
    case 's':
    case 'S':
        end_front(p, OH_PERSON_SKIPS, "the person skipped it");
        break;
    case 'w':
    case 'W':
        if (note.at)
            say_wrong(p, note);
        else
            begin_note(p);
        break;
    case 'a':
    case 'A':
        say_again(p);
        break;
    default:
        break;
    }
}

/* The last one, all of its bytes (UTF-8). */
static void erase_character(struct oh_text *t)
{
    while (t->len && ((unsigned char)t->at[t->len - 1] & 0xc0) == 0x80)
        t->at[--t->len] = '\0';
    if (t->len)
        t->at[--t->len] = '\0';
}

static void take_note_byte(struct oh_person *p, char c)
{
    bool erases = c == 0x7f || c == '\b';
    if (c == '\r' || c == '\n') {
        char *note = oh_strdup(oh_text_str(&p->line));
        say_wrong(p, oh_span_of(note));
        free(note);
        return;
    }
    if (c == 0x1b) { /* Escape: it was not meant */
        p->front->state = OH_PERSON_ASKED;
        oh_text_clear(&p->line);
    }
    if (erases)
        erase_character(&p->line);
    if ((unsigned char)c >= ' ' && !erases && p->line.len < NOTE_MAX)
        oh_text_add_char(&p->line, c);
    show(p);
}

static void take_line(struct oh_person *p, struct oh_span line)
{
    line = oh_span_trim(line);
    char key = line.len ? line.at[0] : '\n';
    struct oh_span rest = line.len ? oh_span_sub(line, 1, line.len - 1) : oh_span_of("");
    size_t word = 0; /* "wrong the display stays dark": the whole word is the key */
    while (word < rest.len && rest.at[word] >= 'a' && rest.at[word] <= 'z')
        word++;
    rest = oh_span_sub(rest, word, rest.len - word);
    take_key(p, key, rest.at ? rest : oh_span_of(""));
}

/* Whether a line can be taken now: each line is the answer to one question. */
static bool is_asking(const struct oh_person *p)
{
    return p->front && p->front->state != OH_PERSON_WAITS;
}

/* Lines that were there before the question. */
static void take_early(struct oh_person *p)
{
    while (is_asking(p) && p->early.len) {
        struct oh_span all = oh_text_span(&p->early);
        size_t end = oh_span_find(all, '\n');
        if (end == all.len)
            return;
        char *line = oh_span_dup(oh_span_sub(all, 0, end));
        char *rest = oh_span_dup(oh_span_sub(all, end + 1, all.len - end - 1));
        oh_text_clear(&p->early);
        oh_text_add(&p->early, rest);
        free(rest);
        take_line(p, oh_span_of(line));
        free(line);
    }
}

static void end_of_keys(struct oh_person *p)
{
    oh_watch_free(p->watch);
    p->watch = NULL;
    p->deaf = true;
    if (p->early.len && p->early.at[p->early.len - 1] != '\n')
        oh_text_add_char(&p->early, '\n');
    take_early(p);
    if (is_deaf(p))
        next_front(p);
}

/* A regular file cannot be waited for, and is there whole. */
static void read_file(struct oh_person *p)
{
    char bytes[512];
    ssize_t got;
    while (p->early.len < FILE_MAX && (got = read(p->plan.keys, bytes, sizeof bytes)) > 0)
        oh_text_add_span(&p->early, (struct oh_span){bytes, (size_t)got});
    end_of_keys(p);
}

static void on_keys(int fd, void *arg)
{
    struct oh_person *p = arg;
    char bytes[256];
    ssize_t got = read(fd, bytes, sizeof bytes);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        end_of_keys(p);
        return;
    }
    if (p->plan.by_line) {
        oh_text_add_span(&p->early, (struct oh_span){bytes, (size_t)got});
        take_early(p);
        return;
    }
    for (ssize_t i = 0; i < got; i++) {
        if (p->front && p->front->state == OH_PERSON_NOTES)
            take_note_byte(p, bytes[i]);
        else
            take_key(p, bytes[i], (struct oh_span){0});
    }
}

/* --- for the driver --- */

void oh_person_join(struct oh_person *p, struct oh_net *net)
{
    if (p->joined++ > 0)
        return;
    p->net = net;
    if (!p->deaf && !(p->watch = oh_watch_new(net, p->plan.keys, on_keys, p)))
        read_file(p);
}

void oh_person_leave(struct oh_person *p)
{
    if (--p->joined > 0)
        return;
    oh_timer_cancel(p->timer);
    p->timer = NULL;
    oh_watch_free(p->watch);
    p->watch = NULL;
    p->net = NULL;
}

static void on_asked(void *arg)
{
    struct oh_person *p = arg;
    p->timer = NULL;
    set_timer(p);
    take_early(p);
}

struct oh_person_request *oh_person_ask(struct oh_person *p, const struct oh_person_view *what,
                                        oh_person_fn *fn, void *arg)
{
    struct oh_person_request *r = oh_alloc(sizeof *r), **end = &p->front;
    *r = (struct oh_person_request){.person = p,
                                    .seat = oh_strdup(what->seat),
                                    .user = oh_strdup(what->user),
                                    .sentence = oh_strdup(what->sentence),
                                    .awaited = oh_strdup(what->awaited),
                                    .fn = fn,
                                    .arg = arg};
    while (*end)
        end = &(*end)->next;
    *end = r;
    if (p->front != r)
        return r;
    next_front(p);
    if (p->early.len) { /* scripted: in a turn of its own */
        oh_timer_cancel(p->timer);
        p->timer = oh_timer_set(p->net, oh_net_now(p->net), on_asked, p);
    }
    return r;
}

void oh_person_saw(struct oh_person_request *r)
{
    struct oh_person *p = r->person;
    char *words = oh_format("seen on the wire: %s", r->awaited ? r->awaited : "it");
    if (p->front == r) {
        end_front(p, OH_PERSON_SEEN, words);
    } else { /* not its turn yet, and done all the same */
        unlink_request(r);
        r->fn(OH_PERSON_SEEN, words, r->arg);
        free_request(r);
    }
    free(words);
}

void oh_person_withdraw(struct oh_person_request *r)
{
    struct oh_person *p = r->person;
    bool was_front = p->front == r;
    unlink_request(r);
    free_request(r);
    if (!was_front)
        return;
    oh_text_clear(&p->line);
    p->plan.over(OH_PERSON_FAILED, "it is no longer asked for", p->plan.arg);
    next_front(p);
}
