#include "scenario/yaml_tree.h"

#include "base/file.h"

#include <libfyaml.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The tree is built from libfyaml's events, not from its documents: so every limit, every key given
 * twice and every place is told in our own words. */
struct builder {
    struct oh_yaml *y;
    struct oh_errors *errors;
    struct oh_yaml_node *open[OH_YAML_MAX_DEPTH];
    size_t depth;
    unsigned last_line; /* of the node added last */
    bool failed;
    bool stuck; /* too deep to go on */
};

static struct oh_place place_of_offset(const struct oh_yaml *y, size_t offset, unsigned width)
{
    size_t low = 0, high = y->line_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (y->line_starts[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    return (struct oh_place){.line = (unsigned)low + 1,
                             .column = (unsigned)(offset - y->line_starts[low]) + 1,
                             .width = width};
}

/* The token's first line is what the caret stands under. */
static struct oh_place place_of_token(const struct oh_yaml *y, struct fy_token *token)
{
    const struct fy_mark *start = token ? fy_token_start_mark(token) : NULL;
    const struct fy_mark *end = token ? fy_token_end_mark(token) : NULL;
    if (!start || start->input_pos > y->len)
        return (struct oh_place){0};
    size_t from = start->input_pos;
    size_t to =
        end && end->input_pos > from && end->input_pos <= y->len ? end->input_pos : from + 1;
    if (from > 0 && (y->text[from - 1] == '"' || y->text[from - 1] == '\'')) { /* not in the mark */
        from--;
        to += to < y->len && y->text[to] == y->text[from];
    }
    struct oh_place place = place_of_offset(y, from, 1);
    struct oh_span line = oh_yaml_line(y, place.line);
    size_t width = to - from;
    if (place.column - 1 + width > line.len && line.len >= place.column)
        width = line.len - (place.column - 1);
    place.width = (unsigned)width;
    return place;
}

static void fail_at(struct builder *b, struct oh_place place, const char *text, const char *remedy)
{
    struct oh_error *e = oh_yaml_mistake_at(b->y, place, b->errors, "%s", text);
    if (remedy)
        oh_error_remedy(e, "%s", remedy);
    b->failed = true;
}

/* A key is a text, and stands once. */
static void check_key(struct builder *b, const struct oh_yaml_node *map,
                      const struct oh_yaml_node *key)
{
    if (key->kind != OH_YAML_SCALAR) {
        fail_at(b, key->place, "a key is a text, not a list or a map", NULL);
        return;
    }
    if (map->item_count / 2 >= OH_YAML_MAX_PAIRS) {
        fail_at(b, key->place, "a map of more than 1024 keys", NULL);
        return;
    }
    for (size_t i = 0; i < map->item_count; i += 2) {
        const char *other = map->items[i]->text; /* NULL for what is no text, told already */
        if (!other || !key->text || strcmp(other, key->text))
            continue;
        struct oh_error *e = oh_yaml_mistake_at(b->y, key->place, b->errors,
                                                "key '%s' is given twice in one map", key->text);
        oh_error_remedy(e, "it stands on line %u already; join the two or rename one",
                        map->items[i]->place.line);
        b->failed = true;
        return;
    }
}

/* A value that is not there has no mark: its key is pointed at, or its dash, which stands alone on
 * a line after all that was read so far. */
static struct oh_place place_of_nothing(const struct builder *b, const struct oh_yaml_node *parent)
{
    if (parent->kind == OH_YAML_MAP)
        return parent->items[parent->item_count - 1]->place;
    for (unsigned line = b->last_line + 1; line <= b->y->line_count; line++) {
        struct oh_span text = oh_yaml_line(b->y, line), trimmed = oh_span_trim(text);
        if (!oh_span_is(trimmed, "-") && !oh_span_starts_with(trimmed, "- #"))
            continue;
        return (struct oh_place){line, (unsigned)(trimmed.at - text.at) + 1, 1};
    }
    return parent->place;
}

static void attach(struct builder *b, struct oh_yaml_node *node)
{
    if (b->depth == 0) {
        if (!b->y->root)
            b->y->root = node;
        return;
    }
    struct oh_yaml_node *parent = b->open[b->depth - 1];
    bool is_key = parent->kind == OH_YAML_MAP && parent->item_count % 2 == 0;
    if (is_key)
        check_key(b, parent, node);
    else if (node->null && node->place.width <= 1)
        node->place = place_of_nothing(b, parent);
    if (node->place.line > 0)
        b->last_line = node->place.line;
    oh_grow(&parent->items, parent->item_count, &parent->item_room, sizeof(void *));
    parent->items[parent->item_count++] = node;
}

static void refuse_extras(struct builder *b, struct fy_token *anchor, struct fy_token *tag)
{
    if (anchor)
        fail_at(b, place_of_token(b->y, anchor), "anchors ('&name') are not used here",
                "write the value out where it is needed, or put it in quotes if it is text");
    if (tag)
        fail_at(b, place_of_token(b->y, tag), "tags ('!name') are not used here",
                "put the value in quotes if it is text");
}

static void add_scalar(struct builder *b, struct fy_event *whole)
{
    const struct fy_event_scalar_data *event = &whole->scalar;
    size_t len = 0;
    const char *text = event->value ? fy_token_get_text(event->value, &len) : "";
    struct oh_place place = place_of_token(b->y, event->value);
    const struct fy_mark *mark = fy_event_start_mark(whole);
    if (place.line == 0 && mark && mark->input_pos <= b->y->len)
        place = place_of_offset(b->y, mark->input_pos, 1);
    if (!text || memchr(text, '\0', len)) {
        fail_at(b, place, "a NUL byte cannot stand in a text", NULL);
        return;
    }
    struct oh_yaml_node *node = oh_yaml_add_node(b->y, OH_YAML_SCALAR, place);
    node->text = oh_span_dup((struct oh_span){text, len});
    node->plain = !event->value || fy_token_scalar_style(event->value) == FYSS_PLAIN;
    node->null = node->plain && oh_yaml_is_null_word(node->text);
    if (node->null)
        node->text[0] = '\0';
    attach(b, node);
    refuse_extras(b, event->anchor, event->tag);
}

static void open_node(struct builder *b, enum oh_yaml_kind kind, struct fy_token *token)
{
    struct oh_place place = place_of_token(b->y, token);
    place.width = 1;
    if (b->depth == OH_YAML_MAX_DEPTH) {
        fail_at(b, place, "lists and maps are too deep within each other", NULL);
        b->stuck = true;
        return;
    }
    struct oh_yaml_node *node = oh_yaml_add_node(b->y, kind, place);
    attach(b, node);
    b->open[b->depth++] = node;
}

static void take_event(struct builder *b, struct fy_event *event)
{
    switch (event->type) {
    case FYET_SCALAR:
        add_scalar(b, event);
        break;
    case FYET_SEQUENCE_START:
        open_node(b, OH_YAML_LIST, event->sequence_start.sequence_start);
        refuse_extras(b, event->sequence_start.anchor, event->sequence_start.tag);
        break;
    case FYET_MAPPING_START:
        open_node(b, OH_YAML_MAP, event->mapping_start.mapping_start);
        refuse_extras(b, event->mapping_start.anchor, event->mapping_start.tag);
        break;
    case FYET_SEQUENCE_END:
    case FYET_MAPPING_END:
        b->depth--;
        break;
    case FYET_ALIAS:
        fail_at(b, place_of_token(b->y, event->alias.anchor), "aliases ('*name') are not used here",
                "write the value out, or put it in quotes if it is text");
        attach(b, oh_yaml_add_node(b->y, OH_YAML_SCALAR, (struct oh_place){0}));
        break;
    case FYET_DOCUMENT_START:
        if (b->y->root)
            fail_at(b, place_of_token(b->y, event->document_start.document_start),
                    "a second document begins here", "one file holds one document");
        break;
    default:
        break;
    }
}

static void no_output(struct fy_diag *diag, void *user, const char *text, size_t len)
{
    (void)diag, (void)user, (void)text, (void)len;
}

static struct fy_diag *new_diag(void)
{
    struct fy_diag_cfg cfg;
    fy_diag_cfg_default(&cfg);
    cfg.fp = NULL;
    cfg.output_fn = no_output;
    cfg.colorize = false;
    struct fy_diag *diag = fy_diag_create(&cfg);
    if (diag)
        fy_diag_set_collect_errors(diag, true);
    return diag;
}

/* What a writer most likely did when the parser complains so. */
static const struct {
    const char *part; /* of the complaint */
    const char *remedy;
} syntax_remedies[] = {
    {"missing comma",
     "entries are separated by ', '; quotes hold the whole of a value or none of it"},
    {"multiline plain key",
     "keys of one map stand exactly under each other; a step with keys has a ':', as in 'A dials "
     "B:'"},
    {"extra closing", "nothing that it could close is open"},
    {"indentation in mapping", "keys of one map stand exactly under each other"},
    {"in sequence while", "the '- ' of one list stand exactly under each other"},
    {"expected ':'", "a key ends in ':'"},
    {"end of block sequence",
     "a list item begins with '- '; the keys of an item stand under its first letter"},
    {"nested block mapping",
     "text that holds ': ' must stand in quotes, a map on one line in braces: {key: value}"},
    {"'-' indicator",
     "a list item begins with '- '; the keys of an item stand under its first letter"},
    {"expected key", "a list stands below a key of its own, as in 'flow:'"},
    {"block mapping", "keys of one map stand exactly under each other"},
    {"flow mapping", "is a '}' missing above?"},
    {"flow sequence", "is a ']' missing above?"},
    {"trailing content", "quotes hold the whole of a value or none of it"},
    {"quoted", "is the closing quote missing?"},
    {"plain scalar", "put the text in quotes"},
    {"tab", "YAML is indented by spaces, never by tabs"},
};

/* The parser counts characters, we count bytes. */
static struct oh_place place_of_error(const struct oh_yaml *y, const struct fy_diag_error *error)
{
    if (error->line <= 0)
        return (struct oh_place){0};
    struct oh_span line = oh_yaml_line(y, (unsigned)error->line);
    size_t at = 0;
    for (int characters = 1; characters < error->column && at < line.len; characters++)
        do
            at++;
        while (at < line.len && ((unsigned char)line.at[at] & 0xc0) == 0x80);
    return (struct oh_place){(unsigned)error->line, (unsigned)at + 1, 1};
}

/* "contact[2]" at its bracket. */
static bool is_index(struct oh_span line, unsigned column)
{
    struct oh_span rest = oh_span_sub(line, column > 0 ? column - 1 : 0, line.len);
    return column > 1 && rest.len > 1 && rest.at[0] == '[' && isdigit((unsigned char)rest.at[1]) &&
           isalpha((unsigned char)line.at[column - 2]);
}

/* The parser's own complaint: only its first, what follows it is confusion. */
static void tell_syntax(struct builder *b, struct fy_diag *diag)
{
    void *at = NULL;
    struct fy_diag_error *error = fy_diag_errors_iterate(diag, &at);
    const char *complaint = error && error->msg ? error->msg : "cannot be read";
    struct oh_place place = error ? place_of_error(b->y, error) : (struct oh_place){0};
    struct oh_error *e =
        oh_yaml_mistake_at(b->y, place, b->errors, "this is not YAML: %s", complaint);
    for (size_t i = 0; i < sizeof syntax_remedies / sizeof *syntax_remedies; i++) {
        if (!strstr(complaint, syntax_remedies[i].part))
            continue;
        oh_error_remedy(e, "%s", syntax_remedies[i].remedy);
        break;
    }
    if (is_index(oh_yaml_line(b->y, place.line), place.column))
        oh_error_remedy(e, "in braces a name with [ ] stands in quotes, as in {\"contact[2].uri\": "
                           "present}");
    /* A comment may have swallowed what closes the line, or the line above. */
    for (unsigned line = place.line; line > 0 && line + 1 >= place.line; line--)
        if (oh_yaml_blame_comment(b->y, (struct oh_place){.line = line, .column = 1}, e))
            return;
}

static void build(struct builder *b)
{
    struct fy_diag *diag = new_diag();
    struct fy_parse_cfg cfg = {.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_JSON_NONE |
                                        FYPCF_DEFAULT_VERSION_1_2,
                               .diag = diag};
    struct fy_parser *parser = diag ? fy_parser_create(&cfg) : NULL;
    bool ended = false;
    if (!parser || fy_parser_set_string(parser, b->y->text, b->y->len))
        goto out;
    while (!ended && !b->stuck) {
        struct fy_event *event = fy_parser_parse(parser);
        if (!event)
            break;
        ended = event->type == FYET_STREAM_END;
        take_event(b, event);
        fy_parser_event_free(parser, event);
    }
    if (!ended && !b->stuck)
        tell_syntax(b, diag);
out:
    b->failed = b->failed || !ended;
    if (parser)
        fy_parser_destroy(parser);
    if (diag)
        fy_diag_destroy(diag);
}

static bool fit_to_parse(struct builder *b, struct oh_span text)
{
    if (text.len > OH_YAML_MAX_BYTES) {
        fail_at(b, (struct oh_place){0}, "the file is too large: more than 1 MiB", NULL);
        return false;
    }
    size_t bad = oh_yaml_bad_utf8(text);
    if (bad < text.len) {
        fail_at(b, place_of_offset(b->y, bad, 1), "this is not UTF-8", "save the file as UTF-8");
        return false;
    }
    size_t nul = oh_span_find(text, '\0');
    if (nul < text.len) {
        fail_at(b, place_of_offset(b->y, nul, 1), "a NUL byte: this is not a text file", NULL);
        return false;
    }
    return true;
}

struct oh_yaml *oh_yaml_parse(const char *file, struct oh_span text, struct oh_errors *errors)
{
    bool fits = text.len <= OH_YAML_MAX_BYTES;
    struct builder b = {.y = oh_yaml_new(file, fits ? text : (struct oh_span){"", 0}),
                        .errors = errors};
    if (fit_to_parse(&b, text))
        build(&b);
    if (!b.failed && (!b.y->root || b.y->root->null))
        fail_at(&b, (struct oh_place){0}, "the file is empty", NULL);
    if (!b.failed)
        return b.y;
    oh_yaml_free(b.y);
    return NULL;
}

struct oh_yaml *oh_yaml_load(const char *file, struct oh_errors *errors)
{
    struct oh_text text = {0};
    struct oh_error trouble;
    struct oh_yaml *y = NULL;
    if (oh_file_read(file, OH_YAML_MAX_BYTES, &text, &trouble))
        *oh_errors_add(errors) = trouble;
    else
        y = oh_yaml_parse(file, oh_text_span(&text), errors);
    oh_text_release(&text);
    return y;
}
