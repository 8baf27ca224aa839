#include "cli/desk.h"

#include "cli/interrupt.h"
#include "reports/cells.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define DEFAULT_WIDTH  80
#define DEFAULT_HEIGHT 24
#define INDENT         6
#define ASK_AGAIN_MS   30000

static const char keys[] = "Enter: done | s: skip | w: something went wrong | a: play it again | "
                           "q: end the run";

/* --- the terminal's mode --- */

static struct termios before, during;
static volatile sig_atomic_t is_changed;

static void restore(void)
{
    if (is_changed)
        tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

static void on_continued(int signo)
{
    (void)signo;
    if (is_changed)
        tcsetattr(STDIN_FILENO, TCSANOW, &during);
}

static void on_fatal(int signo)
{
    restore();
    raise(signo); /* the handler is gone by now: SA_RESETHAND */
}

static void catch_ends(void)
{
    static const int fatal[] = {SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    struct sigaction action = {.sa_handler = on_fatal, .sa_flags = (int)SA_RESETHAND}, now;
    struct sigaction continued = {.sa_handler = on_continued, .sa_flags = SA_RESTART};
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
        if (sigaction(fatal[i], NULL, &now) == 0 && now.sa_handler == SIG_DFL)
            sigaction(fatal[i], &action, NULL);
    sigaction(SIGCONT, &continued, NULL);
    oh_interrupt_also(restore);
    atexit(restore);
}

/* Each key at once, and unseen. */
static void take_single_keys(void)
{
    if (tcgetattr(STDIN_FILENO, &before) != 0)
        return;
    during = before;
    during.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    during.c_cc[VMIN] = 1;
    during.c_cc[VTIME] = 0;
    if (tcsetattr(STDIN_FILENO, TCSANOW, &during) == 0)
        is_changed = 1;
    catch_ends();
}

/* --- what is shown --- */

static void size_of(const struct oh_desk *d, size_t *width, size_t *height)
{
    struct winsize size = {0};
    *width = DEFAULT_WIDTH;
    *height = DEFAULT_HEIGHT;
    if (ioctl(fileno(d->out), TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return;
    *width = size.ws_col;
    *height = size.ws_row ? size.ws_row : DEFAULT_HEIGHT;
}

/* By words, to the width, each line indented. */
static void add_wrapped(struct oh_text *out, const char *text, size_t indent, size_t width)
{
    size_t room = width > indent + 10 ? width - indent - 1 : 10, used = 0;
    char *copy = oh_strdup(text), *rest = NULL;
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        size_t cells = oh_cells_count(word);
        if (used && used + 1 + cells > room) {
            oh_text_add_char(out, '\n');
            used = 0;
        }
        if (used)
            oh_text_add_char(out, ' ');
        else
            oh_text_addf(out, "%*s", (int)indent, "");
        oh_text_add(out, word);
        used += cells + (used > 0);
    }
    oh_text_add_char(out, '\n');
    free(copy);
}

/* What was there scrolls away; what stands there already is drawn anew. */
static void fresh_screen(struct oh_desk *d, size_t height)
{
    if (!d->is_screen) {
        fputs("\n", d->out);
        return;
    }
    if (d->is_shown) {
        fputs("\033[H\033[J", d->out);
        return;
    }
    fprintf(d->out, "\033[%zu;1H", height);
    for (size_t i = 0; i < height; i++)
        fputc('\n', d->out);
    fputs("\033[H\033[J", d->out);
}

static void add_sentence(const struct oh_desk *d, const struct oh_person_view *v, size_t width,
                         struct oh_text *out)
{
    char *sentence = *v->seat ? oh_format("On %s%s%s%s: %s", v->seat, v->user ? " (" : "",
                                          v->user ? v->user : "", v->user ? ")" : "", v->sentence)
                              : oh_strdup(v->sentence);
    oh_text_add(out, d->style.color ? "\033[1m" : "");
    add_wrapped(out, sentence, INDENT, width);
    oh_text_add(out, d->style.color ? "\033[0m" : "");
    free(sentence);
}

/* What happens next, and what the keys are. */
static void add_hint(const struct oh_person_view *v, size_t width, struct oh_text *out)
{
    char *hint = NULL;
    if (v->state == OH_PERSON_NOTES)
        hint = oh_format("What went wrong? Enter ends the note, Escape takes it back: %s", v->note);
    else if (v->state == OH_PERSON_WAITS)
        hint = oh_format("Done. Waiting for %s ...", v->awaited);
    else if (v->state == OH_PERSON_DOUBTS)
        hint = oh_format("%s did not come. Was it really done? Enter: yes, the phone did not send "
                         "it | a: no, play it again | s: skip | w: something went wrong | q: end "
                         "the run",
                         v->awaited);
    else if (v->awaited)
        hint = oh_format("Waiting for %s: when it comes, no key is needed.", v->awaited);
    if (hint)
        add_wrapped(out, hint, 2, width);
    if (v->deaf)
        add_wrapped(out, "No keys can be read any more; only what the wire shows goes on.", 2,
                    width);
    else if (v->state == OH_PERSON_ASKED || v->state == OH_PERSON_WAITS)
        add_wrapped(out, keys, 2, width);
    free(hint);
}

static void show(const struct oh_person_view *v, void *arg)
{
    struct oh_desk *d = arg;
    size_t width, height;
    struct oh_text text = {0};
    bool repeats = v->reminders > d->reminders;
    d->was_asked = true;
    d->reminders = v->reminders;
    size_of(d, &width, &height);
    if (!d->is_screen && v->state == OH_PERSON_NOTES && *v->note)
        return; /* no line for each letter */
    fresh_screen(d, height);
    if (d->is_screen || v->state == OH_PERSON_ASKED) {
        if (d->is_screen && d->about)
            add_wrapped(&text, d->about, 2, width);
        if (d->is_screen && d->left)
            add_wrapped(&text, d->left, 2, width);
        oh_text_add(&text, "\n\n");
        add_sentence(d, v, width, &text);
        oh_text_add(&text, "\n\n");
    }
    add_hint(v, width, &text);
    fputs(oh_text_str(&text), d->out);
    if (repeats && isatty(fileno(d->out)))
        fputc('\a', d->out);
    fflush(d->out);
    oh_text_release(&text);
    d->is_shown = true;
}

static void over(enum oh_person_answer answer, const char *words, void *arg)
{
    struct oh_desk *d = arg;
    (void)answer;
    if (d->is_shown)
        fprintf(d->out, "\n  %s\n", words);
    fflush(d->out);
    d->is_shown = false;
    d->reminders = 0;
}

static void quit(void *arg)
{
    struct oh_desk *d = arg;
    fputs("\n  the run is ended; --continue takes it up again\n", d->out);
    fflush(d->out);
    raise(SIGINT);
}

/* --- its life --- */

static bool can_move_cursor(int fd)
{
    const char *term = getenv("TERM");
    return isatty(fd) && term && *term && strcmp(term, "dumb") != 0;
}

void oh_desk_open(struct oh_desk *d, const struct oh_cli_common *o)
{
    bool on_stderr = o->json || (!isatty(STDOUT_FILENO) && isatty(STDERR_FILENO));
    bool single = isatty(STDIN_FILENO) != 0;
    d->out = on_stderr ? stderr : stdout;
    d->style = oh_cli_style(o, fileno(d->out));
    d->is_screen = can_move_cursor(fileno(d->out));
    if (!d->is_screen && !(o->color && strcmp(o->color, "always") == 0))
        d->style.color = false;
    d->person = oh_person_new(&(struct oh_person_plan){.keys = STDIN_FILENO,
                                                       .by_line = !single,
                                                       .show = show,
                                                       .over = over,
                                                       .quit = quit,
                                                       .arg = d});
    if (single)
        take_single_keys();
}

void oh_desk_close(struct oh_desk *d)
{
    restore();
    is_changed = 0;
    oh_person_free(d->person);
    d->person = NULL;
    free(d->about);
    free(d->left);
    d->about = d->left = NULL;
}

char *oh_desk_duration(double seconds)
{
    long minutes = (long)(seconds / 60 + 0.5);
    return minutes < 1    ? oh_strdup("less than a minute")
           : minutes < 90 ? oh_format("about %ld min", minutes)
                          : oh_format("about %ld h %ld min", minutes / 60, minutes % 60);
}

void oh_desk_begin(struct oh_desk *d, const struct oh_scenario *s, size_t nth, size_t count,
                   unsigned times, double left_s)
{
    if (!d->person)
        return;
    char *time = oh_desk_duration(left_s);
    free(d->about);
    free(d->left);
    d->about = oh_format("Scenario %zu of %zu%s: %s, %s", nth, count,
                         times == 0   ? ""
                         : times == 1 ? ", again"
                                      : ", once more",
                         s->id, s->title);
    d->left = oh_format("%s left, %zu scenario%s", time, count - nth + 1, count == nth ? "" : "s");
    d->left[0] = (char)(d->left[0] == 'a' ? 'A' : d->left[0] == 'l' ? 'L' : d->left[0]);
    d->was_asked = d->is_shown = false;
    fprintf(d->out, "\n  %s\n  %s\n", d->about, d->left);
    fflush(d->out);
    free(time);
}

void oh_desk_progress(struct oh_desk *d, const struct oh_progress *p)
{
    const char *what = p->kind == OH_PROGRESS_WAITING  ? "waiting for "
                       : p->kind == OH_PROGRESS_MISSED ? "never came: "
                                                       : NULL;
    if (!what || d->is_shown || !isatty(fileno(d->out)))
        return;
    fprintf(d->out, "  %s%s\n", what, p->text ? p->text : "");
    fflush(d->out);
}

bool oh_desk_asks_again(struct oh_desk *d, const char *verdict)
{
    struct pollfd key = {.fd = STDIN_FILENO, .events = POLLIN};
    char c = '\n';
    if (!d->person || !d->was_asked || !is_changed || strcmp(verdict, "pass") == 0 ||
        strcmp(verdict, "skip") == 0 || *oh_interrupt_flag())
        return false;
    fprintf(d->out,
            "Enter: go on   a: play it again   q: end the run (goes on by itself in %d s)\n",
            ASK_AGAIN_MS / 1000);
    fflush(d->out);
    tcflush(STDIN_FILENO, TCIFLUSH); /* of before it could be read */
    do {
        if (poll(&key, 1, ASK_AGAIN_MS) <= 0 || read(STDIN_FILENO, &c, 1) != 1)
            return false;
    } while (!strchr("\r\naAqQd", c));
    if (c == 'q' || c == 'Q')
        quit(d);
    return c == 'a' || c == 'A';
}
