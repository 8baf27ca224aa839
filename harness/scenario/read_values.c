#include "scenario/reader.h"

#include <stdlib.h>
#include <string.h>

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool oh_is_name(struct oh_span text)
{
    if (text.len == 0 || text.len > 64 || !is_letter(text.at[0]))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!is_letter(text.at[i]) && !(text.at[i] >= '0' && text.at[i] <= '9') &&
            text.at[i] != '_')
            return false;
    return true;
}

int oh_read_word(struct oh_yaml_reader *r, const struct oh_yaml_node *n, const char *what,
                 const struct oh_word *words)
{
    const char *names[16] = {0};
    size_t found = sizeof names / sizeof *names;
    for (size_t i = 0; words[i].word; i++) {
        if (!strcmp(words[i].word, oh_yaml_scalar(n)))
            found = i;
        names[i] = words[i].word;
    }
    oh_yaml_tell_sort(r->y, OH_YAML_WORD, names);
    if (found < sizeof names / sizeof *names)
        return words[found].value;
    struct oh_text list = {0};
    for (size_t i = 0; names[i]; i++)
        oh_text_addf(&list, "%s%s", i == 0 ? "" : names[i + 1] ? ", " : " or ", names[i]);
    struct oh_error *e = oh_yaml_mistake(r->y, n, r->errors, "'%s' is no %s: wanted %s",
                                         oh_yaml_scalar(n), what, oh_text_str(&list));
    const char *near = oh_nearest_word(oh_yaml_scalar(n), names);
    if (near && is_letter(near[0]))
        oh_error_remedy(e, "did you mean '%s'?", near);
    oh_text_release(&list);
    return -1;
}

bool oh_read_bool(struct oh_yaml_reader *r, const struct oh_yaml_node *n, bool otherwise)
{
    static const struct oh_word words[] = {{"true", 1}, {"false", 0}, {NULL, 0}};
    int value = oh_read_word(r, n, "truth value", words);
    return value < 0 ? otherwise : value == 1;
}

char *oh_read_line(struct oh_yaml_reader *r, const struct oh_yaml_node *n, const char *what)
{
    const char *text = oh_yaml_scalar(n);
    if (oh_yaml_kind(n) != OH_YAML_SCALAR) {
        oh_yaml_mistake(r->y, n, r->errors, "%s is %s, where a single value is wanted", what,
                        oh_yaml_kind(n) == OH_YAML_LIST ? "a list" : "a map");
        return NULL;
    }
    if (oh_span_trim(oh_span_of(text)).len == 0) {
        struct oh_error *e = oh_yaml_mistake(r->y, n, r->errors, "%s is empty", what);
        oh_yaml_blame_comment(r->y, oh_yaml_place(r->y, n), e);
        return NULL;
    }
    for (const char *c = text; *c; c++) {
        if ((unsigned char)*c >= 0x20 && *c != 0x7f)
            continue;
        oh_yaml_mistake(r->y, n, r->errors, "%s holds a line break or another control character",
                        what);
        return NULL;
    }
    return oh_strdup(text);
}

int64_t oh_read_duration(struct oh_yaml_reader *r, const struct oh_yaml_node *n)
{
    const char *text = oh_yaml_scalar(n);
    int64_t ms = oh_duration_ms(text);
    oh_yaml_tell_sort(r->y, OH_YAML_TIME, NULL);
    if (ms >= 0)
        return ms;
    struct oh_span number = oh_span_of(text);
    uint64_t value;
    struct oh_error *e;
    if (oh_span_to_u64(number, &value)) {
        e = oh_yaml_mistake(r->y, n, r->errors, "'%s' is a number without a unit", text);
        oh_error_remedy(e, "did you mean '%s s'?", text);
        return -1;
    }
    if (number.len > 0 && number.at[0] == '-')
        e = oh_yaml_mistake(r->y, n, r->errors, "'%s' is a negative time", text);
    else
        e = oh_yaml_mistake(r->y, n, r->errors, "'%s' is no time", text);
    oh_error_remedy(e,
                    "wanted: a number with its unit up to 24 h, as in '500 ms', '2 s', '1 min', or "
                    "a SIP timer: 'T1', '64*T1'");
    return -1;
}

int64_t oh_read_seconds(struct oh_yaml_reader *r, const struct oh_yaml_node *n)
{
    uint64_t seconds = 0;
    oh_yaml_tell_sort(r->y, OH_YAML_SECONDS, NULL);
    if (oh_span_to_u64(oh_span_of(oh_yaml_scalar(n)), &seconds) && seconds > 0 &&
        seconds <= UINT32_MAX) /* RFC 3261 20.19 */
        return (int64_t)seconds;
    struct oh_error *e =
        oh_yaml_mistake(r->y, n, r->errors, "'%s' is no number of seconds", oh_yaml_scalar(n));
    oh_error_remedy(e, "wanted: the number alone, as the header field has it: '60'");
    return -1;
}

static void add_line(struct oh_yaml_reader *r, const struct oh_yaml_node *n, const char *what,
                     char ***lines, size_t *count)
{
    char *line = oh_read_line(r, n, what);
    if (!line)
        return;
    *lines = oh_realloc(*lines, (*count + 1) * sizeof **lines);
    (*lines)[(*count)++] = line;
}

void oh_read_lines(struct oh_yaml_reader *r, const struct oh_yaml_node *n, const char *what,
                   char ***lines, size_t *count)
{
    if (oh_yaml_kind(n) != OH_YAML_LIST) {
        add_line(r, n, what, lines, count);
        return;
    }
    for (size_t i = 0; i < oh_yaml_count(n); i++)
        add_line(r, oh_yaml_item(n, i), what, lines, count);
}

const struct oh_yaml_node *oh_find_key(const struct oh_yaml_node *map, const char *key)
{
    for (size_t i = 0; i < oh_yaml_count(map); i++)
        if (!strcmp(oh_yaml_scalar(oh_yaml_key(map, i)), key))
            return oh_yaml_key(map, i);
    return NULL;
}

static void list_parties(const struct oh_scenario *s, struct oh_text *out)
{
    for (size_t i = 0; i < s->party_count; i++)
        oh_text_addf(out, "%s%s", i ? ", " : "", s->parties[i].name);
}

void oh_suggest_party(const struct oh_scenario *s, const char *word, struct oh_error *e)
{
    const char *names[OH_SCENARIO_MAX_PARTIES + 1] = {0};
    for (size_t i = 0; i < s->party_count; i++)
        names[i] = s->parties[i].name;
    const char *near = oh_nearest_word(word, names);
    struct oh_text list = {0};
    list_parties(s, &list);
    if (near)
        oh_error_remedy(e, "did you mean '%s'?", near);
    else if (list.len > 0)
        oh_error_remedy(e, "the parties are: %s", oh_text_str(&list));
    oh_text_release(&list);
}
