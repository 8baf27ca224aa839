#include "scenario/reader.h"

#include "sip/field.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

/* How many operands a word of a predicate map takes, and of which sort. */
enum operands { ONE, SEVERAL, ONE_NUMBER, ONE_PATTERN, ONE_OR_ALL };

static const struct {
    const char *word;
    enum oh_predicate_kind kind;
    enum operands operands;
} words[] = {
    {"equals", OH_IS_EQUAL, ONE},
    {"not", OH_IS_NOT, ONE},
    {"any of", OH_IS_ANY_OF, SEVERAL},
    {"above", OH_IS_ABOVE, ONE_NUMBER},
    {"below", OH_IS_BELOW, ONE_NUMBER},
    {"matches", OH_IS_MATCHING, ONE_PATTERN},
    {"starts with", OH_IS_STARTING_WITH, ONE},
    {"contains", OH_IS_CONTAINING, ONE_OR_ALL},
};
enum { WORDS = sizeof words / sizeof *words };

/* Words that stand alone, without quotes. */
static const struct {
    const char *word;
    enum oh_predicate_kind kind;
} lone_words[] = {
    {"present", OH_IS_PRESENT},
    {"absent", OH_IS_ABSENT},
    {"valid", OH_IS_VALID},
};
enum { LONE_WORDS = sizeof lone_words / sizeof *lone_words };

static struct oh_predicate *add_predicate(struct oh_expect *x, enum oh_predicate_kind kind)
{
    x->predicates = oh_realloc(x->predicates, (x->predicate_count + 1) * sizeof *x->predicates);
    struct oh_predicate *p = &x->predicates[x->predicate_count++];
    *p = (struct oh_predicate){.kind = kind};
    return p;
}

static struct oh_operand *add_operand(struct oh_predicate *p, struct oh_place place,
                                      const char *text)
{
    p->operands = oh_realloc(p->operands, (p->operand_count + 1) * sizeof *p->operands);
    struct oh_operand *o = &p->operands[p->operand_count++];
    *o = (struct oh_operand){.place = place, .text = oh_strdup(text)};
    return o;
}

static void read_number(struct oh_reading *g, const struct oh_yaml_node *n, struct oh_operand *o)
{
    o->is_number = oh_yaml_is_plain(n) && oh_span_to_u64(oh_span_of(o->text), &o->number);
    if (!o->is_number || o->text[0] != '0' || !o->text[1])
        return;
    struct oh_error *e =
        oh_yaml_mistake(g->r->y, n, g->r->errors,
                        "%s without quotes is a number and loses its leading zero", o->text);
    oh_error_remedy(e, "for text, put it in quotes: \"%s\"; for a number, leave the zero out",
                    o->text);
}

static void read_operand(struct oh_reading *g, const struct oh_yaml_node *n, struct oh_predicate *p)
{
    const char *text = oh_yaml_scalar(n);
    struct oh_place place = oh_yaml_place(g->r->y, n);
    if (oh_yaml_kind(n) != OH_YAML_SCALAR || oh_yaml_is_null(n)) {
        struct oh_error *e =
            oh_yaml_mistake(g->r->y, n, g->r->errors, "a single value is wanted here");
        if (oh_yaml_is_null(n) && !oh_yaml_blame_comment(g->r->y, place, e))
            oh_error_remedy(
                e, "for an empty text write \"\"; for a field that is not there, 'absent'");
        else if (oh_yaml_kind(n) == OH_YAML_LIST)
            oh_error_remedy(e, "for one of several write {any of: [...]}");
        return;
    }
    if (text[0] == '$' && text[1] != '$') {
        add_operand(p, place, text + 1)->is_name = true;
        oh_check_name(g, place, oh_span_of(text + 1));
        return;
    }
    struct oh_operand *o = add_operand(p, place, text[0] == '$' ? text + 1 : text);
    read_number(g, n, o);
}

static void read_several(struct oh_reading *g, const struct oh_yaml_node *n, struct oh_expect *x)
{
    struct oh_predicate *p = add_predicate(x, OH_IS_ANY_OF);
    if (oh_yaml_kind(n) != OH_YAML_LIST || oh_yaml_count(n) == 0) {
        struct oh_error *e =
            oh_yaml_mistake(g->r->y, n, g->r->errors, "'any of' wants a list of values");
        oh_error_remedy(e, "as in {any of: [0, 8, 18]}");
        return;
    }
    for (size_t i = 0; i < oh_yaml_count(n); i++)
        read_operand(g, oh_yaml_item(n, i), p);
}

static void read_one_number(struct oh_reading *g, const struct oh_yaml_node *n, const char *word,
                            struct oh_predicate *p)
{
    read_operand(g, n, p);
    if (p->operand_count == 0 || p->operands[0].is_number || p->operands[0].is_name)
        return;
    uint64_t value;
    const char *text = p->operands[0].text;
    struct oh_error *e =
        oh_yaml_mistake(g->r->y, n, g->r->errors, "'%s' compares numbers, and this is text", word);
    if (oh_span_to_u64(oh_span_of(text), &value))
        oh_error_remedy(e, "take the quotes off: %s: %s", word, text);
    else
        oh_error_remedy(e, "wanted: a number, or a name such as $first.cseq.number");
}

enum { LONGEST_PATTERN = 200, MOST_REPEATS = 1000 };

/* Compiled repetitions are copies: "(a{999}){999}" is a million states. */
static bool repeats_too_much(const char *pattern)
{
    unsigned long product = 1;
    for (const char *c = strchr(pattern, '{'); c; c = strchr(c + 1, '{')) {
        char *end;
        unsigned long count = strtoul(c + 1, &end, 10);
        if (*end == ',')
            count = strtoul(end + 1, NULL, 10) > count ? strtoul(end + 1, NULL, 10) : count;
        if (count > MOST_REPEATS)
            return true;
        product *= count > 1 ? count : 1;
        if (product > MOST_REPEATS)
            return true;
    }
    return false;
}

static void read_pattern(struct oh_reading *g, const struct oh_yaml_node *n, struct oh_predicate *p)
{
    if (oh_yaml_kind(n) != OH_YAML_SCALAR || !*oh_yaml_scalar(n)) {
        oh_yaml_mistake(g->r->y, n, g->r->errors, "'matches' wants a regular expression");
        return;
    }
    const char *pattern = oh_yaml_scalar(n);
    add_operand(p, oh_yaml_place(g->r->y, n), pattern);
    if (strlen(pattern) > LONGEST_PATTERN || repeats_too_much(pattern)) {
        oh_yaml_mistake(g->r->y, n, g->r->errors,
                        "this regular expression is too large: at most %d bytes and %d repetitions",
                        LONGEST_PATTERN, MOST_REPEATS);
        return;
    }
    regex_t compiled;
    int code = regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB);
    if (code) {
        char why[128];
        regerror(code, &compiled, why, sizeof why);
        struct oh_error *e =
            oh_yaml_mistake(g->r->y, n, g->r->errors, "this is no regular expression: %s", why);
        oh_error_remedy(
            e, "wanted: a POSIX extended regular expression; it must match the whole value");
    } else {
        regfree(&compiled);
    }
}

/* One value, or a list of which each is to be there. */
static void read_contained(struct oh_reading *g, const struct oh_yaml_node *n,
                           struct oh_predicate *p)
{
    bool is_list = oh_yaml_kind(n) == OH_YAML_LIST;
    size_t count = is_list ? oh_yaml_count(n) : 1;
    for (size_t i = 0; i < count; i++) {
        const struct oh_yaml_node *item = is_list ? oh_yaml_item(n, i) : n;
        size_t before = p->operand_count;
        read_operand(g, item, p);
        if (p->operand_count > before && !*p->operands[before].text)
            oh_error_remedy(oh_yaml_mistake(g->r->y, item, g->r->errors,
                                            "an empty text is contained in everything"),
                            "wanted: what is to be there, as in {contains: 100rel}");
    }
    if (count == 0)
        oh_error_remedy(oh_yaml_mistake(g->r->y, n, g->r->errors,
                                        "'contains' wants a value, or a list of values"),
                        "as in {contains: INVITE}, {contains: [INVITE, ACK]}");
}

static void read_word(struct oh_reading *g, const struct oh_yaml_node *key,
                      const struct oh_yaml_node *value, struct oh_expect *x)
{
    const char *names[WORDS + 1] = {0};
    for (size_t i = 0; i < WORDS; i++) {
        names[i] = words[i].word;
        if (strcmp(words[i].word, oh_yaml_scalar(key)))
            continue;
        if (words[i].operands == SEVERAL)
            read_several(g, value, x);
        else if (words[i].operands == ONE_NUMBER)
            read_one_number(g, value, words[i].word, add_predicate(x, words[i].kind));
        else if (words[i].operands == ONE_PATTERN)
            read_pattern(g, value, add_predicate(x, words[i].kind));
        else if (words[i].operands == ONE_OR_ALL)
            read_contained(g, value, add_predicate(x, words[i].kind));
        else
            read_operand(g, value, add_predicate(x, words[i].kind));
        return;
    }
    struct oh_error *e =
        oh_yaml_mistake(g->r->y, key, g->r->errors, "unknown comparison '%s'", oh_yaml_scalar(key));
    const char *near = oh_nearest_word(oh_yaml_scalar(key), names);
    for (size_t i = 0; i < LONE_WORDS; i++)
        if (!strcmp(lone_words[i].word, oh_yaml_scalar(key))) {
            oh_error_remedy(e, "'%s' stands alone: %s: %s", oh_yaml_scalar(key), x->field,
                            oh_yaml_scalar(key));
            return;
        }
    if (near)
        oh_error_remedy(e, "did you mean '%s'?", near);
    else
        oh_error_remedy(e, "the comparisons are: equals, not, any of, above, below, matches, "
                           "starts with, contains");
}

/* "above 1" of what reads "above 1" without braces; NULL: it begins with no such word. */
static const char *comparison_in(const char *text, size_t *len)
{
    for (size_t i = 0; i < WORDS; i++) {
        *len = strlen(words[i].word);
        if (!strncmp(text, words[i].word, *len) && text[*len] == ' ')
            return words[i].word;
    }
    return NULL;
}

/* "first.call-id" without its dollar. */
static bool tell_name(struct oh_reading *g, const struct oh_yaml_node *n)
{
    const char *text = oh_yaml_scalar(n);
    if (!oh_yaml_is_plain(n) || !oh_names_something(g, oh_span_of(text)))
        return false;
    struct oh_error *e = oh_yaml_mistake(g->r->y, n, g->r->errors, "'%s' is text here", text);
    oh_error_remedy(e, "did you mean '$%s'? What is text stands in quotes", text);
    return true;
}

static void read_lone(struct oh_reading *g, const struct oh_yaml_node *n, struct oh_expect *x)
{
    for (size_t i = 0; i < LONE_WORDS; i++)
        if (oh_yaml_is_plain(n) && !strcmp(oh_yaml_scalar(n), lone_words[i].word)) {
            add_predicate(x, lone_words[i].kind);
            return;
        }
    size_t len;
    const char *word = oh_yaml_is_plain(n) ? comparison_in(oh_yaml_scalar(n), &len) : NULL;
    if (word && g->is_file) {
        struct oh_error *e =
            oh_yaml_mistake(g->r->y, n, g->r->errors, "'%s' is text here", oh_yaml_scalar(n));
        oh_error_remedy(e, "a comparison stands in braces: {%s: %s}; what is text stands in quotes",
                        word, oh_span_trim(oh_span_of(oh_yaml_scalar(n) + len)).at);
        return;
    }
    if (!g->is_file || !tell_name(g, n))
        read_operand(g, n, add_predicate(x, OH_IS_EQUAL));
}

/* A field must be known, and a part of this sort of message. */
static void check_field(struct oh_reading *g, const struct oh_yaml_node *key)
{
    bool in_requests = true, in_responses = true;
    struct oh_span path = oh_span_of(oh_yaml_scalar(key));
    struct oh_error *e;
    const char *near = oh_yaml_is_plain(key) ? oh_misspelt_header(path) : NULL;
    if (near) {
        e = oh_yaml_mistake(g->r->y, key, g->r->errors, "unknown field '%s'", path.at);
        oh_error_remedy(e, "did you mean '%s'? A header of this very name is written in quotes",
                        near);
    } else if (!oh_field_known(path, &in_requests, &in_responses)) {
        e = oh_yaml_mistake(g->r->y, key, g->r->errors, "unknown field '%s'", path.at);
        near = oh_field_suggest(path);
        if (near)
            oh_error_remedy(e, "did you mean '%s'?", near);
        else
            oh_error_remedy(e,
                            "fields are headers and their parts, as in 'call-id', 'cseq.number'");
    } else if (g->step->is_request ? !in_requests : !in_responses) {
        e = oh_yaml_mistake(g->r->y, key, g->r->errors, "a %s has no '%s'",
                            g->step->is_request ? "request" : "response", path.at);
        oh_error_remedy(e, "only a %s has one, and this step is '%s'",
                        g->step->is_request ? "response" : "request", g->step->text);
    }
}

static void check_operand_is_number(struct oh_reading *g, const struct oh_expect *x,
                                    const struct oh_operand *o)
{
    uint64_t value;
    if (o->is_name || oh_span_to_u64(oh_span_of(o->text), &value) || !*o->text)
        return;
    struct oh_error *e = oh_yaml_mistake_at(
        g->r->y, o->place, g->r->errors, "'%s' is a number, and '%s' is none", x->field, o->text);
    oh_error_remedy(e, "wanted: a number, a name, or a comparison as in {above: 1}");
}

/* What such a field can never be. */
static void check_sort(struct oh_reading *g, const struct oh_expect *x)
{
    struct oh_span field = oh_span_of(x->field);
    for (size_t i = 0; i < x->predicate_count; i++) {
        const struct oh_predicate *p = &x->predicates[i];
        bool whole = p->kind == OH_IS_EQUAL || p->kind == OH_IS_ANY_OF || p->kind == OH_IS_NOT;
        for (size_t k = 0; whole && oh_field_is_number(field) && k < p->operand_count; k++)
            check_operand_is_number(g, x, &p->operands[k]);
        if (!oh_field_is_count(field) ||
            (p->kind != OH_IS_PRESENT && p->kind != OH_IS_ABSENT && p->kind != OH_IS_VALID))
            continue;
        struct oh_error *e = oh_yaml_mistake_at(g->r->y, x->place, g->r->errors,
                                                "'%s' is a number, and always there", x->field);
        oh_error_remedy(e, "write '%.*s: %s', or how many there are to be",
                        (int)strcspn(x->field, "."), x->field, oh_predicate_name(p->kind));
    }
}

static void read_expect(struct oh_reading *g, const struct oh_yaml_node *key,
                        const struct oh_yaml_node *value)
{
    struct oh_step *step = g->step;
    step->expects = oh_realloc(step->expects, (step->expect_count + 1) * sizeof *step->expects);
    struct oh_expect *x = &step->expects[step->expect_count++];
    *x = (struct oh_expect){.place = oh_yaml_place(g->r->y, key),
                            .level = g->level,
                            .field = oh_strdup(oh_yaml_scalar(key))};
    check_field(g, key);
    if (oh_yaml_is_null(value)) {
        struct oh_error *e =
            oh_yaml_mistake(g->r->y, key, g->r->errors, "nothing is said of '%s'", x->field);
        if (!oh_yaml_blame_comment(g->r->y, x->place, e))
            oh_error_remedy(e,
                            "wanted: a value, present, absent, valid, or a comparison in braces");
        return;
    }
    if (oh_yaml_kind(value) == OH_YAML_SCALAR)
        read_lone(g, value, x);
    else if (oh_yaml_kind(value) == OH_YAML_LIST)
        read_several(g, value, x);
    for (size_t i = 0; oh_yaml_kind(value) == OH_YAML_MAP && i < oh_yaml_count(value); i++)
        read_word(g, oh_yaml_key(value, i), oh_yaml_value(value, i), x);
    if (oh_yaml_kind(value) == OH_YAML_MAP && oh_yaml_count(value) == 0)
        oh_yaml_mistake(g->r->y, value, g->r->errors, "nothing is said of '%s'", x->field);
    if (g->is_file)
        check_sort(g, x);
}

static void read_level(struct oh_reading *g, const struct oh_yaml_node *n, enum oh_level level)
{
    g->level = level;
    if (oh_yaml_count(n) == 0)
        oh_yaml_mistake(g->r->y, n, g->r->errors, "no field is named here");
    for (size_t i = 0; i < oh_yaml_count(n); i++)
        read_expect(g, oh_yaml_key(n, i), oh_yaml_value(n, i));
}

void oh_read_must(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    (void)r;
    read_level(target, n, OH_LEVEL_MUST);
}

void oh_read_should(struct oh_yaml_reader *r, const struct oh_yaml_node *n, void *target)
{
    (void)r;
    read_level(target, n, OH_LEVEL_SHOULD);
}
