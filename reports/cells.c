#include "reports/cells.h"

#include <string.h>

#define LEAST_WIDTH   60
#define DEFAULT_WIDTH 100
#define NO_LIMIT      ((size_t)1 << 24)

void oh_cells_paint(const struct oh_report_style *s, enum oh_paint paint, const char *text,
                    struct oh_text *out)
{
    static const char *const codes[] = {
        [OH_PAINT_DIM] = "2",   [OH_PAINT_STRONG] = "1", [OH_PAINT_USER] = "3;36",
        [OH_PAINT_GOOD] = "32", [OH_PAINT_WARN] = "33",  [OH_PAINT_BAD] = "1;31"};
    if (!s->color || paint == OH_PAINT_PLAIN || !*text)
        oh_text_add(out, text);
    else
        oh_text_addf(out, "\033[%sm%s\033[0m", codes[paint], text);
}

const struct oh_glyphs *oh_cells_glyphs(const struct oh_report_style *s)
{
    static const struct oh_glyphs unicode = {.line = "─",
                                             .dash = "╌",
                                             .lifeline = "│",
                                             .head_right = "▶",
                                             .head_left = "◀",
                                             .open_right = "▷",
                                             .open_left = "◁",
                                             .event = "◆",
                                             .dot = "·",
                                             .cut = "…",
                                             .good = "✓",
                                             .warn = "!",
                                             .bad = "✗",
                                             .unknown = "?"};
    static const struct oh_glyphs ascii = {.line = "-",
                                           .dash = ".",
                                           .lifeline = "|",
                                           .head_right = ">",
                                           .head_left = "<",
                                           .open_right = ">",
                                           .open_left = "<",
                                           .event = "*",
                                           .dot = ".",
                                           .cut = "...",
                                           .good = "ok",
                                           .warn = "!",
                                           .bad = "X",
                                           .unknown = "?"};
    return s->unicode ? &unicode : &ascii;
}

unsigned oh_cells_width(const struct oh_report_style *s)
{
    unsigned width = s->width ? s->width : DEFAULT_WIDTH;
    return width < LEAST_WIDTH ? LEAST_WIDTH : width;
}

/* --- columns --- */

static uint32_t decode(const char *at, size_t *len)
{
    unsigned char first = (unsigned char)*at;
    size_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
    uint32_t code = more == 3 ? first & 7u : more == 2 ? first & 15u : more ? first & 31u : first;
    *len = 1;
    for (; more > 0 && ((unsigned char)at[*len] & 0xc0) == 0x80; more--)
        code = (code << 6) | ((unsigned char)at[(*len)++] & 0x3fu);
    return code;
}

static size_t width_of(uint32_t code)
{
    static const struct {
        uint32_t from, to;
        size_t width;
    } ranges[] = {{0x300, 0x36f, 0},    {0x200b, 0x200f, 0},   {0x202a, 0x202e, 0},
                  {0x2060, 0x206f, 0},  {0xfe00, 0xfe0f, 0},   {0xfeff, 0xfeff, 0},
                  {0x1100, 0x115f, 2},  {0x2e80, 0xa4cf, 2},   {0xac00, 0xd7a3, 2},
                  {0xf900, 0xfaff, 2},  {0xfe30, 0xfe6f, 2},   {0xff00, 0xff60, 2},
                  {0xffe0, 0xffe6, 2},  {0x1f300, 0x1f64f, 2}, {0x1f900, 0x1f9ff, 2},
                  {0x20000, 0x3fffd, 2}};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        if (code >= ranges[i].from && code <= ranges[i].to)
            return ranges[i].width;
    }
    return 1;
}

size_t oh_cells_count(const char *text)
{
    size_t columns = 0, len;
    for (; *text; text += len)
        columns += width_of(decode(text, &len));
    return columns;
}

/* Marks that turn the direction of writing would put a line in disorder; they are dropped like all
 * that has no width of its own and is no accent. */
static bool is_invisible(uint32_t code)
{
    return width_of(code) == 0 && !(code >= 0x300 && code <= 0x36f);
}

/* Escaped for one line; without unicode in ASCII alone. */
static void escape(const struct oh_report_style *s, const char *text, struct oh_text *out)
{
    struct oh_text quoted = {0};
    size_t len;
    oh_text_add_quoted(&quoted, oh_span_of(text), NO_LIMIT);
    for (const char *at = oh_text_str(&quoted); *at; at += len) {
        uint32_t code = decode(at, &len);
        if (code < 0x80 || (s->unicode && !is_invisible(code))) {
            oh_text_add_span(out, (struct oh_span){at, len});
            continue;
        }
        for (size_t i = 0; i < len; i++)
            oh_text_addf(out, "\\x%02X", (unsigned)(unsigned char)at[i]);
    }
    oh_text_release(&quoted);
}

/* Bytes of `text` that fit into `columns`. */
static size_t fitting(const char *text, size_t columns)
{
    size_t at = 0, used = 0, len;
    for (; text[at]; at += len) {
        used += width_of(decode(text + at, &len));
        if (used > columns)
            break;
    }
    return at;
}

size_t oh_cells_add(const struct oh_report_style *s, const char *text, size_t columns,
                    struct oh_text *out)
{
    struct oh_text all = {0};
    const char *cut = oh_cells_glyphs(s)->cut;
    size_t dots = oh_cells_count(cut), used;
    escape(s, text, &all);
    used = oh_cells_count(oh_text_str(&all));
    if (used <= columns) {
        oh_text_add(out, oh_text_str(&all));
    } else if (columns < dots) {
        used = columns;
        oh_cells_repeat(".", columns, out);
    } else {
        struct oh_span head = {all.at, fitting(all.at, columns - dots)};
        size_t before = out->len;
        oh_text_add_span(out, head);
        oh_text_add(out, cut);
        used = oh_cells_count(out->at + before);
    }
    oh_text_release(&all);
    return used;
}

size_t oh_cells_add_all(const struct oh_report_style *s, const char *text, struct oh_text *out)
{
    return oh_cells_add(s, text, NO_LIMIT, out);
}

const char *oh_cells_seconds(double time_s, char out[OH_SECONDS_TEXT])
{
    bool nothing = time_s > -0.0005 && time_s < 0.0005; /* -0.0, too */
    snprintf(out, OH_SECONDS_TEXT, "%.3f s", nothing ? 0.0 : time_s);
    return out;
}

void oh_cells_repeat(const char *glyph, size_t times, struct oh_text *out)
{
    for (size_t i = 0; i < times; i++)
        oh_text_add(out, glyph);
}

void oh_cells_pad(size_t columns, struct oh_text *out)
{
    oh_cells_repeat(" ", columns, out);
}

/* --- paragraphs --- */

struct wrapping {
    size_t at, indent, width;
    bool fresh; /* nothing on this line yet */
    struct oh_text *out;
};

static void new_line(struct wrapping *w)
{
    oh_text_add_char(w->out, '\n');
    oh_cells_pad(w->indent, w->out);
    w->at = w->indent;
    w->fresh = true;
}

static void add_word(struct wrapping *w, const char *word)
{
    size_t columns = oh_cells_count(word);
    if (!w->fresh && w->at + 1 + columns > w->width)
        new_line(w);
    if (!w->fresh) {
        oh_text_add_char(w->out, ' ');
        w->at++;
    }
    while (w->at + columns > w->width) {
        size_t bytes = fitting(word, w->width > w->at ? w->width - w->at : 1);
        if (bytes == 0)
            break; /* one wide character in one column */
        oh_text_add_span(w->out, (struct oh_span){word, bytes});
        word += bytes;
        columns = oh_cells_count(word);
        if (columns > 0)
            new_line(w);
        else
            w->at = w->width;
    }
    oh_text_add(w->out, word);
    w->at += columns;
    w->fresh = false;
}

void oh_cells_wrap(const struct oh_report_style *s, const char *text, size_t at, size_t indent,
                   struct oh_text *out)
{
    struct wrapping w = {at, indent, oh_cells_width(s), true, out};
    struct oh_text all = {0};
    char *rest = NULL;
    escape(s, text, &all);
    if (all.at) {
        for (char *word = strtok_r(all.at, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
            add_word(&w, word);
    }
    oh_text_add_char(out, '\n');
    oh_text_release(&all);
}
