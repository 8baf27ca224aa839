/* What a program printed, cut down to what may say why it ended: for a sentence. */
#include "phone/self.h"

#include <ctype.h>
#include <string.h>

#define ESCAPE     '\033'
#define MOST_LINES 3
#define MOST_BYTES 200 /* of one line */

/* Behind the escape sequence at `i`: "ESC [ 1 ; 31 m", "ESC ] title BEL", "ESC ( B". */
static size_t behind_escape(struct oh_span s, size_t i)
{
    char kind = ++i < s.len ? s.at[i] : '\0';
    if (kind == '[') {
        while (++i < s.len && (s.at[i] < '@' || s.at[i] > '~'))
            ;
    } else if (kind == ']') {
        while (++i < s.len && s.at[i] != '\a' && s.at[i] != ESCAPE)
            ;
        i += i < s.len && s.at[i] == ESCAPE; /* ESC \ ends it, too */
    } else {
        while (i < s.len && s.at[i] >= ' ' && s.at[i] <= '/')
            i++;
    }
    return i < s.len ? i + 1 : s.len;
}

static void add_plain(struct oh_span s, struct oh_text *out)
{
    for (size_t i = 0; i < s.len;) {
        if (s.at[i] == ESCAPE) {
            i = behind_escape(s, i);
            continue;
        }
        oh_text_add_char(out, s.at[i] == '\r' || s.at[i] == '\0' ? '\n' : s.at[i]);
        i++;
    }
}

static bool has_word(struct oh_span line, const char *word)
{
    size_t len = strlen(word);
    for (size_t i = 0; i + len <= line.len; i++) {
        if (oh_span_is_nocase(oh_span_sub(line, i, len), word))
            return true;
    }
    return false;
}

static bool complains(struct oh_span line)
{
    static const char *const words[] = {"error",   "cannot",  "can't",  "could not", "fail",
                                        "fatal",   "no such", "unable", "not found", "denied",
                                        "refused", "invalid", "abort",  "assert",    "panic"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (has_word(line, words[i]))
            return true;
    }
    return false;
}

/* The last lines that are not empty, those that complain alone if there are any. */
struct lines {
    struct oh_span at[MOST_LINES];
    size_t count;
    bool complaining;
    bool to_the_end; /* nothing was printed after them */
};

static void take_line(struct lines *l, struct oh_span line)
{
    bool complaining = complains(line);
    l->to_the_end = complaining || !l->complaining;
    if (!l->to_the_end)
        return;
    if (complaining && !l->complaining)
        l->count = 0;
    l->complaining |= complaining;
    if (l->count == MOST_LINES)
        memmove(l->at, l->at + 1, (--l->count) * sizeof *l->at);
    l->at[l->count++] = line;
}

void oh_phone_add_last_words(struct oh_span output, struct oh_text *out)
{
    struct oh_text plain = {0};
    struct lines lines = {0};
    add_plain(output, &plain);
    struct oh_span rest = oh_text_span(&plain);
    while (rest.len) {
        size_t end = oh_span_find(rest, '\n');
        struct oh_span line = oh_span_trim(oh_span_sub(rest, 0, end));
        if (line.len)
            take_line(&lines, line);
        rest = end < rest.len ? oh_span_sub(rest, end + 1, rest.len) : (struct oh_span){0};
    }
    for (size_t i = 0; i < lines.count; i++) {
        oh_text_add(out, i ? " | " : lines.to_the_end ? "; it printed last: " : "; it printed: ");
        oh_text_add_quoted(out, lines.at[i], MOST_BYTES);
    }
    oh_text_release(&plain);
}
