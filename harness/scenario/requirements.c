/* The catalogue: from YAML by tables of keys, then found by id. */
#include "scenario/requirements.h"

#include "base/file.h"
#include "scenario/reader.h"

#include <stdlib.h>
#include <string.h>

struct oh_catalogue {
    struct oh_requirement **items;
    size_t count, room;
    struct oh_requirement **sorted; /* the same by id */
    size_t sorted_room;
    char **files;
    size_t file_count, file_room;
};

/* One file being read. */
struct reading {
    struct oh_catalogue *c;
    const char *file;
    struct oh_span group;       /* the file's base name: what its ids begin with */
    struct oh_requirement *now; /* the entry being read */
};

/* --- words --- */

static const struct oh_word levels[] = {{"must", OH_REQUIRES_MUST},
                                        {"should", OH_REQUIRES_SHOULD},
                                        {"may", OH_REQUIRES_MAY},
                                        {NULL, 0}};
static const struct oh_word kinds[] = {
    {"rule", OH_REQUIREMENT_RULE},       {"flow", OH_REQUIREMENT_FLOW},
    {"timer", OH_REQUIREMENT_TIMER},     {"media", OH_REQUIREMENT_MEDIA},
    {"torture", OH_REQUIREMENT_TORTURE}, {NULL, 0}};
static const struct oh_word grounds[] = {{"sentence", OH_GROUND_SENTENCE},
                                         {"grammar", OH_GROUND_GRAMMAR},
                                         {"state-machine", OH_GROUND_STATE_MACHINE},
                                         {"example", OH_GROUND_EXAMPLE},
                                         {"guide", OH_GROUND_GUIDE},
                                         {"unread", OH_GROUND_UNREAD},
                                         {NULL, 0}};
static const struct oh_word reasons[] = {{"needs-stimulus", OH_UNCOVERED_NEEDS_STIMULUS},
                                         {"needs-secret", OH_UNCOVERED_NEEDS_SECRET},
                                         {"not-on-wire", OH_UNCOVERED_NOT_ON_WIRE},
                                         {"needs-several-calls", OH_UNCOVERED_NEEDS_SEVERAL_CALLS},
                                         {"needs-configuration", OH_UNCOVERED_NEEDS_CONFIGURATION},
                                         {"duplicate", OH_UNCOVERED_DUPLICATE},
                                         {NULL, 0}};
static const struct oh_word roles[] = {
    {"uac", 0}, {"uas", 0}, {"registrant", 0}, {"any", 0}, {NULL, 0}};

static const char *name_of(const struct oh_word *words, int value)
{
    while (words->word && words->value != value)
        words++;
    return words->word;
}

const char *oh_requirement_level_name(enum oh_requirement_level level)
{
    return name_of(levels, (int)level);
}

const char *oh_requirement_kind_name(enum oh_requirement_kind kind)
{
    return name_of(kinds, (int)kind);
}

const char *oh_requirement_ground_name(enum oh_requirement_ground ground)
{
    return name_of(grounds, (int)ground);
}

const char *oh_uncovered_name(enum oh_uncovered reason)
{
    return reason == OH_UNCOVERED_NOT_TOLD ? "" : name_of(reasons, (int)reason);
}

/* "RFC 3261" of "RFC 3261 17.1"; else all before the last word, or before a colon. */
struct oh_span oh_requirement_document(const char *source)
{
    struct oh_span whole = oh_span_of(source);
    size_t colon = oh_span_find(whole, ':');
    if (colon < whole.len)
        return oh_span_sub(whole, 0, colon);
    const char *last = strrchr(source, ' ');
    if (oh_span_starts_with(whole, "RFC ")) {
        size_t number = strcspn(source + 4, " ");
        return oh_span_sub(whole, 0, 4 + number);
    }
    return last ? oh_span_sub(whole, 0, (size_t)(last - source)) : whole;
}

/* --- the keys of an entry --- */

static void read_title(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    ((struct reading *)target)->now->title = oh_read_line(r, n, "the title");
}

static void read_level(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    int value = oh_read_word(r, n, "level", levels);
    if (value >= 0)
        ((struct reading *)target)->now->level = (enum oh_requirement_level)value;
}

static void read_ground(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    int value = oh_read_word(r, n, "ground", grounds);
    if (value >= 0)
        ((struct reading *)target)->now->ground = (enum oh_requirement_ground)value;
}

static void read_clause(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_requirement *q = ((struct reading *)target)->now;
    oh_read_lines(r, n, "a clause", &q->clauses, &q->clause_count);
}

static void read_sentence(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    ((struct reading *)target)->now->sentence = oh_read_line(r, n, "the sentence");
}

static void read_role(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    if (oh_read_word(r, n, "role", roles) >= 0)
        ((struct reading *)target)->now->role = oh_strdup(oh_yaml_scalar(n));
}

static void read_kind(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    int value = oh_read_word(r, n, "kind", kinds);
    if (value >= 0)
        ((struct reading *)target)->now->kind = (enum oh_requirement_kind)value;
}

static void read_priority(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    static const struct oh_word words[] = {{"1", 1}, {"2", 2}, {"3", 3}, {NULL, 0}};
    int value = oh_read_word(r, n, "priority", words);
    if (value >= 0)
        ((struct reading *)target)->now->priority = (unsigned)value;
}

static void read_stimulus(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    ((struct reading *)target)->now->stimulus = oh_read_line(r, n, "the stimulus");
}

static void read_expect(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    ((struct reading *)target)->now->expect = oh_read_line(r, n, "what is expected");
}

static void read_source(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_requirement *q = ((struct reading *)target)->now;
    oh_read_lines(r, n, "a source", &q->sources, &q->source_count);
}

static void read_note(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    ((struct reading *)target)->now->note = oh_read_line(r, n, "the note");
}

static void read_same_as(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_requirement *q = ((struct reading *)target)->now;
    q->same_as = oh_read_line(r, n, "the other entry");
    q->same_as_place = oh_yaml_place(r->y, n);
}

static void read_uncovered(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct oh_requirement *q = ((struct reading *)target)->now;
    int value = oh_read_word(r, n, "reason", reasons);
    q->uncovered_place = oh_yaml_place(r->y, n);
    if (value >= 0)
        q->uncovered = (enum oh_uncovered)value;
    if (value == OH_UNCOVERED_DUPLICATE && !q->same_as) {
        struct oh_error *e =
            oh_yaml_mistake(r->y, n, r->errors, "a duplicate says which entry it duplicates");
        oh_error_remedy(e, "add 'same-as': the id of the other entry");
    }
}

/* In the order of reading: same-as comes before what asks for it. */
static const struct oh_yaml_field entry_keys[] = {
    {"title", OH_YAML_SCALAR, true, read_title, "one line that says what is required"},
    {"level", OH_YAML_SCALAR, true, read_level, "must, should or may"},
    {"ground", OH_YAML_SCALAR, true, read_ground,
     "what the level was taken from: sentence, grammar, state-machine, example, guide or unread"},
    {"clause", OH_YAML_SCALAR | OH_YAML_LIST, false, read_clause,
     "the clause, or a list of them: RFC 3261 17.1.1.3"},
    {"sentence", OH_YAML_SCALAR, false, read_sentence,
     "where in the clause the level stands, in own words"},
    {"role", OH_YAML_SCALAR, true, read_role, "the phone's part: uac, uas, registrant or any"},
    {"kind", OH_YAML_SCALAR, true, read_kind, "rule, flow, timer, media or torture"},
    {"priority", OH_YAML_SCALAR, true, read_priority, "1 every phone, 2 common, 3 rare"},
    {"stimulus", OH_YAML_SCALAR, true, read_stimulus, "what makes it seen"},
    {"expect", OH_YAML_SCALAR, true, read_expect, "what must then be seen"},
    {"source", OH_YAML_SCALAR | OH_YAML_LIST, true, read_source, "where the entry comes from"},
    {"note", OH_YAML_SCALAR, false, read_note, "what to mind"},
    {"same-as", OH_YAML_SCALAR, false, read_same_as, "the id of the entry that says the same"},
    {"uncovered", OH_YAML_SCALAR, false, read_uncovered, "why no rule covers it"},
    {NULL, 0, false, NULL, NULL},
};

/* --- a file --- */

static void free_lines(char **lines, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(lines[i]);
    free(lines);
}

static void free_entry(struct oh_requirement *q)
{
    char *texts[] = {q->id,       q->title,  q->sentence, q->role,
                     q->stimulus, q->expect, q->note,     q->same_as};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    free_lines(q->clauses, q->clause_count);
    free_lines(q->sources, q->source_count);
    free(q);
}

/* Index of the first entry by id that does not come before `id`. */
static size_t place_in_order(const struct oh_catalogue *c, struct oh_span id)
{
    size_t low = 0, high = c->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct oh_span other = oh_span_of(c->sorted[middle]->id);
        size_t common = other.len < id.len ? other.len : id.len;
        int order = memcmp(other.at, id.at, common);
        if (order < 0 || (order == 0 && other.len < id.len))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void add_entry(struct oh_catalogue *c, struct oh_requirement *q)
{
    size_t at = place_in_order(c, oh_span_of(q->id));
    oh_grow(&c->sorted, c->count, &c->sorted_room, sizeof(void *));
    memmove(&c->sorted[at + 1], &c->sorted[at], (c->count - at) * sizeof(void *));
    c->sorted[at] = q;
    oh_grow(&c->items, c->count, &c->room, sizeof(void *));
    c->items[c->count++] = q;
}

bool oh_is_requirement_id(const char *text)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
    return strspn(text, letters) == strlen(text) && *text != '.' && strchr(text, '.') &&
           !strstr(text, "..") && text[strlen(text) - 1] != '.';
}

/* The first word is the file's name. */
static bool check_id(struct oh_yaml_reader *r, const struct reading *g,
                     const struct oh_yaml_node *key)
{
    const char *id = oh_yaml_scalar(key);
    struct oh_error *e = NULL;
    if (!oh_is_requirement_id(id)) {
        e = oh_yaml_mistake(r->y, key, r->errors, "'%s' cannot be the id of a requirement", id);
        oh_error_remedy(e, "ids are words joined by dots, as in 'auth.invite.407-retry'");
    } else if (strncmp(id, g->group.at, g->group.len) != 0 || id[g->group.len] != '.') {
        e = oh_yaml_mistake(r->y, key, r->errors, "'%s' does not belong in this file", id);
        oh_error_remedy(e, "here stand ids that begin with '%.*s.'", OH_SPAN_FMT(g->group));
    } else if (oh_catalogue_find(g->c, oh_span_of(id))) {
        e = oh_yaml_mistake(r->y, key, r->errors, "'%s' stands in another file already", id);
    } else if (g->c->count >= OH_REQUIREMENTS_MOST) {
        e = oh_yaml_mistake(r->y, key, r->errors, "more than %d requirements",
                            OH_REQUIREMENTS_MOST);
    }
    return !e;
}

static void read_requirements(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    struct reading *g = target;
    for (size_t i = 0; i < oh_yaml_count(n); i++) {
        const struct oh_yaml_node *key = oh_yaml_key(n, i);
        if (!check_id(r, g, key))
            continue;
        g->now = oh_alloc(sizeof *g->now);
        g->now->id = oh_strdup(oh_yaml_scalar(key));
        g->now->file = g->file;
        g->now->place = oh_yaml_place(r->y, key);
        char *what = oh_format("'%s'", g->now->id);
        oh_yaml_read_map(r, oh_yaml_value(n, i), what, entry_keys, g);
        free(what);
        add_entry(g->c, g->now);
    }
}

static void read_name(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    (void)target;
    free(oh_read_line(r, n, "the title"));
}

static const struct oh_yaml_field file_keys[] = {
    {"title", OH_YAML_SCALAR, true, read_name, "one line that says what the file holds"},
    {"requirements", OH_YAML_MAP, true, read_requirements, "the entries, by id"},
    {NULL, 0, false, NULL, NULL},
};

/* "auth" of "a/auth.yaml" */
static struct oh_span group_of(const char *file)
{
    const char *slash = strrchr(file, '/');
    const char *name = slash ? slash + 1 : file;
    return (struct oh_span){name, strcspn(name, ".")};
}

static int read_document(struct oh_catalogue *c, struct oh_yaml *y, struct oh_errors *errors,
                         size_t before)
{
    if (y) {
        oh_grow(&c->files, c->file_count, &c->file_room, sizeof *c->files);
        char *file = c->files[c->file_count++] = oh_strdup(oh_yaml_file(y));
        struct reading g = {.c = c, .file = file, .group = group_of(file)};
        struct oh_yaml_reader r = {.y = y, .errors = errors};
        oh_yaml_read_map(&r, oh_yaml_root(y), "the file of requirements", file_keys, &g);
        oh_yaml_sort_mistakes(errors, before);
    }
    oh_yaml_free(y);
    return errors->count == before ? 0 : -1;
}

int oh_catalogue_parse(struct oh_catalogue *c, const char *file, struct oh_span text,
                       struct oh_errors *errors)
{
    size_t before = errors->count;
    return read_document(c, oh_yaml_parse(file, text, errors), errors, before);
}

int oh_catalogue_read(struct oh_catalogue *c, const char *file, struct oh_errors *errors)
{
    size_t before = errors->count;
    return read_document(c, oh_yaml_load(file, errors), errors, before);
}

/* --- the whole --- */

struct oh_catalogue *oh_catalogue_new(void)
{
    return oh_alloc(sizeof(struct oh_catalogue));
}

void oh_catalogue_free(struct oh_catalogue *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->count; i++)
        free_entry(c->items[i]);
    free(c->items);
    free(c->sorted);
    free_lines(c->files, c->file_count);
    free(c);
}

struct oh_error *oh_requirement_mistake(const struct oh_requirement *q, struct oh_place place,
                                        struct oh_errors *errors, const char *format, ...)
{
    struct oh_errors unused = {0};
    struct oh_yaml *y = oh_yaml_load(q->file, &unused);
    struct oh_text text = {0};
    va_list args;
    va_start(args, format);
    oh_text_addv(&text, format, args);
    va_end(args);
    struct oh_error *e;
    if (y) {
        e = oh_yaml_mistake_at(y, place, errors, "%s", oh_text_str(&text));
    } else {
        e = oh_errors_add(errors);
        oh_error_at(e, q->file, place, "%s", oh_text_str(&text));
    }
    oh_text_release(&text);
    oh_errors_release(&unused);
    oh_yaml_free(y);
    return e;
}

int oh_catalogue_check(const struct oh_catalogue *c, const struct oh_catalogue *others,
                       struct oh_errors *errors)
{
    size_t before = errors->count;
    for (size_t i = 0; i < c->count; i++) {
        const struct oh_requirement *q = c->items[i];
        struct oh_span id = oh_span_of(q->same_as);
        const struct oh_requirement *other = q->same_as ? oh_catalogue_find(c, id) : NULL;
        if (q->same_as && !other && others)
            other = oh_catalogue_find(others, id);
        if (!q->same_as || (other && other != q))
            continue;
        struct oh_error *e = oh_requirement_mistake(q, q->same_as_place, errors,
                                                    other ? "'%s' is said to duplicate itself"
                                                          : "no requirement is called '%s'",
                                                    q->same_as);
        if (!other)
            oh_catalogue_suggest(others ? others : c, q->same_as, e);
    }
    return errors->count == before ? 0 : -1;
}

struct oh_catalogue *oh_catalogue_load(const char *folder, struct oh_errors *errors)
{
    size_t before = errors->count;
    struct oh_error e = {0};
    char **files = oh_file_list(folder, ".yaml", &e);
    if (!files) {
        *oh_errors_add(errors) = e;
        return NULL;
    }
    struct oh_catalogue *c = oh_catalogue_new();
    for (size_t i = 0; files[i]; i++)
        oh_catalogue_read(c, files[i], errors);
    oh_file_list_free(files);
    if (errors->count == before)
        oh_catalogue_check(c, NULL, errors);
    if (errors->count == before)
        return c;
    oh_catalogue_free(c);
    return NULL;
}

size_t oh_catalogue_count(const struct oh_catalogue *c)
{
    return c->count;
}

const struct oh_requirement *oh_catalogue_item(const struct oh_catalogue *c, size_t i)
{
    return c->items[i];
}

const struct oh_requirement *oh_catalogue_find(const struct oh_catalogue *c, struct oh_span id)
{
    size_t at = place_in_order(c, id);
    return at < c->count && oh_span_equal(oh_span_of(c->sorted[at]->id), id) ? c->sorted[at] : NULL;
}

const char *oh_catalogue_nearest(const struct oh_catalogue *c, const char *id)
{
    const char **words = oh_alloc((c->count + 1) * sizeof *words);
    for (size_t i = 0; i < c->count; i++)
        words[i] = c->sorted[i]->id;
    const char *near = oh_nearest_word(id, words);
    free(words);
    return near;
}

void oh_catalogue_suggest(const struct oh_catalogue *c, const char *id, struct oh_error *e)
{
    const char *near = oh_catalogue_nearest(c, id);
    if (near)
        oh_error_remedy(e, "did you mean '%s'?", near);
    else
        oh_error_remedy(e, "'offhook list requirements' names them all");
}
