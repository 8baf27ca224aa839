#include "sip/field.h"

#include "sip/field_table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* "contact[2].param.expires" cut into its words. */
struct path {
    struct oh_span root; /* "contact" */
    size_t index;        /* 2; 0 where there is none */
    struct oh_span rest; /* ".param.expires", or empty */
};

static bool split_index(struct oh_span *text, size_t *index)
{
    uint64_t value;
    size_t close = oh_span_find(*text, ']');
    struct oh_span digits = oh_span_sub(*text, 1, close - 1);
    if (close == text->len || !oh_span_to_u64(digits, &value) || value == 0 || value > UINT32_MAX)
        return false;
    *index = (size_t)value;
    *text = oh_span_sub(*text, close + 1, text->len);
    return true;
}

static bool split_path(struct oh_span text, struct path *out)
{
    size_t end = 0;
    while (end < text.len && text.at[end] != '.' && text.at[end] != '[')
        end++;
    *out = (struct path){.root = oh_span_sub(text, 0, end)};
    out->rest = oh_span_sub(text, end, text.len);
    if (oh_span_starts_with(out->rest, "[") && !split_index(&out->rest, &out->index))
        return false;
    return oh_sip_is_token(out->root);
}

/* Does the row's path name this one? Sets `*name` to what stands for its NAME. */
static bool row_fits(const struct oh_field_row *row, const struct path *path, struct oh_span *name)
{
    if ((row->path[0] | 0x20) != (path->root.at[0] | 0x20)) /* most rows, cheaply */
        return false;
    struct oh_span text = oh_span_of(row->path);
    if (!oh_span_equal_nocase(oh_span_sub(text, 0, path->root.len), path->root))
        return false;
    struct oh_span rest = oh_span_sub(text, path->root.len, text.len);
    bool any_name = rest.len > 4 && oh_span_is(oh_span_sub(rest, rest.len - 4, 4), "NAME");
    if (!any_name)
        return oh_span_equal_nocase(rest, path->rest);
    rest.len -= 4;
    *name = oh_span_sub(path->rest, rest.len, path->rest.len);
    return oh_span_equal_nocase(oh_span_sub(path->rest, 0, rest.len), rest) &&
           oh_sip_is_token(*name);
}

/* A field by one word that is a thing of the message itself, and no header: "method", "sdp". */
static bool is_no_header(struct oh_span root)
{
    for (size_t i = 0; i < oh_field_row_count; i++) {
        const struct oh_field_row *row = &oh_field_rows[i];
        if (row->open != oh_field_open_header && oh_span_is_nocase(root, row->path))
            return true;
    }
    return false;
}

/* The row for a path: of the table, or the one for any header. NULL where there is no such field.
 */
static const struct oh_field_row *find_row(struct oh_span text, struct oh_field_query *q)
{
    struct path path;
    if (!split_path(text, &path))
        return NULL;
    q->index = path.index;
    for (size_t i = 0; i < oh_field_row_count; i++) {
        const struct oh_field_row *row = &oh_field_rows[i];
        if (row_fits(row, &path, &q->name))
            return path.index == 0 || (row->flags & OH_FIELD_INDEXED) ? row : NULL;
    }
    q->name = path.root;
    if (path.rest.len == 0)
        return &oh_field_any_header;
    bool counts = path.index == 0 && oh_span_is_nocase(path.rest, ".count");
    return counts && !is_no_header(path.root) ? &oh_field_any_count : NULL;
}

bool oh_field_is_list(struct oh_span path)
{
    struct oh_field_query q = {0};
    const struct oh_field_row *row = find_row(path, &q);
    return row && (row->flags & OH_FIELD_LIST) && q.index == 0;
}

bool oh_field_is_number(struct oh_span path)
{
    struct oh_field_query q = {0};
    const struct oh_field_row *row = find_row(path, &q);
    return row && (row->flags & OH_FIELD_NUMBER);
}

bool oh_field_is_count(struct oh_span path)
{
    struct oh_field_query q = {0};
    const struct oh_field_row *row = find_row(path, &q);
    return row && row->open == oh_field_open_count;
}

static bool is_inside(const struct oh_sip_msg *m, struct oh_span s)
{
    uintptr_t start = (uintptr_t)m->bytes.at, at = (uintptr_t)s.at;
    return at >= start && at + s.len <= start + m->bytes.len;
}

/* Texts in the store never move: it gets all its room at once, and no item is longer than the bytes
 * of the message that it stands for. */
static struct oh_span store(const struct oh_sip_msg *m, struct oh_field *out, struct oh_span text)
{
    if (!out->store.at) {
        out->store.room = m->bytes.len + 64;
        out->store.at = oh_alloc(out->store.room);
    }
    assert(out->store.len + text.len < out->store.room);
    size_t from = out->store.len;
    oh_text_add_span(&out->store, text);
    return (struct oh_span){out->store.at + from, text.len};
}

static bool is_lws(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* How many bytes of white space with a line end in it stand at `from`; 0 for none. RFC 3261 7.3.1
 */
static size_t fold_len(struct oh_span s, size_t from)
{
    size_t len = 0;
    bool folds = false;
    while (from + len < s.len && is_lws(s.at[from + len])) {
        folds = folds || s.at[from + len] == '\n';
        len++;
    }
    return folds ? len : 0;
}

/* Folds become one space; escapes lose their backslash, all white space goes where that is wanted.
 */
static void mend(struct oh_span s, bool escapes, bool squeeze, struct oh_text *out)
{
    for (size_t i = 0; i < s.len; i++) {
        size_t fold = fold_len(s, i);
        if (squeeze && is_lws(s.at[i]))
            continue;
        if (fold > 0) {
            oh_text_add_char(out, ' ');
            i += fold - 1;
            continue;
        }
        if (escapes && s.at[i] == '\\' && i + 1 < s.len)
            i++;
        oh_text_add_char(out, s.at[i]);
    }
}

static bool needs_mending(struct oh_span s, bool escapes, bool squeeze)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        if (c == '\n' || (escapes && c == '\\') || (squeeze && is_lws(c)))
            return true;
    }
    return false;
}

/* Takes the quotes off a quoted-string; -1 where the closing one is missing or not the last byte.
 */
static int unquote(struct oh_span *s)
{
    size_t i = 1;
    while (i < s->len && s->at[i] != '"')
        i += s->at[i] == '\\' ? 2 : 1;
    if (i + 1 != s->len)
        return -1;
    *s = oh_span_sub(*s, 1, i - 1);
    return 0;
}

static int make_item(const struct oh_field_query *q, struct oh_span raw, struct oh_field *out)
{
    unsigned flags = q->row->flags;
    struct oh_field_item *item = &out->items[out->count];
    bool quoted = (flags & OH_FIELD_UNQUOTE) && oh_span_starts_with(raw, "\"");
    bool squeeze = (flags & OH_FIELD_SQUEEZE) != 0;
    if (quoted && unquote(&raw) < 0)
        return -1;
    item->text = raw;
    if (flags & (OH_FIELD_NUMBER | OH_FIELD_NUMBER_IF_ANY))
        item->is_number = oh_span_to_u64(raw, &item->number);
    bool may_be_empty = raw.len == 0 && (flags & OH_FIELD_MAY_BE_EMPTY);
    if ((flags & OH_FIELD_NUMBER) && !item->is_number && !may_be_empty)
        return -1;
    if (!(flags & OH_FIELD_RAW) && needs_mending(raw, quoted, squeeze)) {
        struct oh_text mended = {0};
        mend(raw, quoted, squeeze, &mended);
        item->text = store(q->m, out, oh_text_span(&mended));
        oh_text_release(&mended);
    } else if (!is_inside(q->m, raw)) {
        item->text = store(q->m, out, raw);
    }
    out->count++;
    return 0;
}

struct oh_span oh_field_covering(struct oh_span first, struct oh_span last)
{
    uintptr_t from = (uintptr_t)first.at, to = (uintptr_t)last.at;
    return to < from ? first : (struct oh_span){first.at, to - from + last.len};
}

static void read_items(const struct oh_field_query *q, const struct oh_field_view *v,
                       struct oh_field *out)
{
    size_t most = q->row->flags & OH_FIELD_LIST ? OH_FIELD_MAX_ITEMS : 1;
    struct oh_span first = {0}, raw;
    out->bytes = v->whole;
    while (out->count < most && (raw = q->row->pick(q, v, out->count)).at) {
        if (raw.len > 0 && is_inside(q->m, raw)) {
            first = first.at ? first : raw;
            out->bytes = oh_field_covering(first, raw);
        }
        if (make_item(q, raw, out) < 0) {
            out->state = OH_FIELD_BROKEN;
            out->count = 0;
            return;
        }
    }
    bool empty_list = (q->row->flags & OH_FIELD_LIST) && q->row->open == oh_field_open_header;
    out->state = out->count > 0 || empty_list ? OH_FIELD_PRESENT : OH_FIELD_ABSENT;
    if (out->state == OH_FIELD_ABSENT)
        out->bytes = (struct oh_span){0};
}

int oh_field_get(const struct oh_sip_msg *m, struct oh_span path, struct oh_field *out)
{
    struct oh_field_query q = {.m = m};
    struct oh_field_view v = {0};
    memset(out, 0, sizeof *out);
    q.row = find_row(path, &q);
    if (!q.row)
        return -1;
    out->state = q.row->open(&q, &v);
    if (out->state == OH_FIELD_PRESENT)
        read_items(&q, &v, out);
    else if (out->state == OH_FIELD_BROKEN)
        out->bytes = v.whole;
    return 0;
}

void oh_field_release(struct oh_field *f)
{
    if (!f)
        return;
    oh_text_release(&f->store);
    memset(f, 0, sizeof *f);
}

struct oh_span oh_field_text(const struct oh_sip_msg *m, const char *path)
{
    struct oh_field f;
    int known = oh_field_get(m, oh_span_of(path), &f);
    assert(known == 0); /* a path of ours */
    (void)known;
    struct oh_span text = {0};
    if (f.state == OH_FIELD_PRESENT && f.count > 0 && is_inside(m, f.items[0].text))
        text = f.items[0].text;
    oh_field_release(&f);
    return text;
}

bool oh_field_number(const struct oh_sip_msg *m, const char *path, uint64_t *out)
{
    struct oh_field f;
    int known = oh_field_get(m, oh_span_of(path), &f);
    assert(known == 0);
    (void)known;
    bool number = f.state == OH_FIELD_PRESENT && f.count > 0 && f.items[0].is_number;
    if (number)
        *out = f.items[0].number;
    oh_field_release(&f);
    return number;
}

bool oh_field_known(struct oh_span path, bool *in_requests, bool *in_responses)
{
    struct oh_field_query q = {0};
    const struct oh_field_row *row = find_row(path, &q);
    if (in_requests)
        *in_requests = row && (row->flags & OH_FIELD_IN_REQUESTS);
    if (in_responses)
        *in_responses = row && (row->flags & OH_FIELD_IN_RESPONSES);
    return row != NULL;
}

/* Longer paths than any of the table are not compared. */
enum { LONGEST = 64 };

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Edit distance without regard to case; both at most LONGEST long. */
static size_t distance(struct oh_span a, struct oh_span b)
{
    size_t row[LONGEST + 1];
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t above = row[j];
            size_t best = diagonal + (lower(a.at[i - 1]) != lower(b.at[j - 1]));
            best = above + 1 < best ? above + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            row[j] = best;
            diagonal = above;
        }
    }
    return row[b.len];
}

const char *oh_field_suggest(struct oh_span path)
{
    const char *best = NULL;
    size_t limit = path.len / 3 > 2 ? path.len / 3 : 2; /* farther off it is another word */
    limit = limit < path.len / 2 ? limit : path.len / 2;
    size_t open = oh_span_find(path, '['), close = oh_span_find(path, ']');
    char plain[LONGEST];
    if (path.len > LONGEST)
        return NULL;
    size_t len = 0;
    for (size_t i = 0; i < path.len; i++) { /* without its index */
        if (i < open || i > close)
            plain[len++] = path.at[i];
    }
    for (size_t i = 0; i < oh_field_row_count; i++) {
        struct oh_span known = oh_span_of(oh_field_rows[i].path);
        size_t d = known.len <= LONGEST ? distance((struct oh_span){plain, len}, known) : SIZE_MAX;
        if (d == 0 && len < path.len) /* it has no second one */
            return oh_field_rows[i].path;
        if (d > 0 && d <= limit) {
            best = oh_field_rows[i].path;
            limit = d - 1;
        }
    }
    return best;
}

const char *oh_field_list(size_t n, const char **meaning)
{
    if (n >= oh_field_row_count)
        return NULL;
    if (meaning)
        *meaning = oh_field_rows[n].meaning;
    return oh_field_rows[n].path;
}
