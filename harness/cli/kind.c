#include "cli/kind.h"

#include "base/file.h"
#include "cli/cli.h"
#include "scenario/yaml.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *key;
    enum oh_cli_kind kind;
} keys[] = {{"flow", OH_CLI_SCENARIO},  {"start", OH_CLI_ADAPTER},
            {"verbs", OH_CLI_ADAPTER},  {"drive", OH_CLI_ADAPTER},
            {"known", OH_CLI_BASELINE}, {"requirements", OH_CLI_REQUIREMENTS}};

static bool has_key(const struct oh_yaml_node *map, const char *word)
{
    for (size_t i = 0; i < oh_yaml_count(map); i++) {
        const struct oh_yaml_node *key = oh_yaml_key(map, i);
        if (oh_yaml_kind(key) == OH_YAML_SCALAR && strcmp(oh_yaml_scalar(key), word) == 0)
            return true;
    }
    return false;
}

/* By a key at the beginning of a line, where nothing but a key of the whole can stand: nearly all
 * files are told so without being read twice. */
static bool tell_at_once(struct oh_span text, enum oh_cli_kind *found)
{
    while (text.len > 0) {
        struct oh_span line = oh_span_sub(text, 0, oh_span_find(text, '\n'));
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
            size_t len = strlen(keys[i].key);
            if (oh_span_starts_with(line, keys[i].key) && len < line.len && line.at[len] == ':') {
                *found = keys[i].kind;
                return true;
            }
        }
        text = oh_span_sub(text, line.len + 1, text.len);
    }
    return false;
}

enum oh_cli_kind oh_cli_kind(const char *file)
{
    struct oh_errors unused = {0};
    struct oh_error trouble;
    struct oh_text text = {0};
    enum oh_cli_kind found = OH_CLI_SCENARIO;
    bool told = oh_file_read(file, OH_YAML_MAX_BYTES, &text, &trouble) == 0 &&
                tell_at_once(oh_text_span(&text), &found);
    oh_text_release(&text);
    if (told)
        return found;
    struct oh_yaml *y = oh_yaml_load(file, &unused);
    bool known = !y || oh_yaml_kind(oh_yaml_root(y)) != OH_YAML_MAP;
    for (size_t i = 0; !known && i < sizeof keys / sizeof *keys; i++) {
        if ((known = has_key(oh_yaml_root(y), keys[i].key)))
            found = keys[i].kind;
    }
    oh_yaml_free(y);
    oh_errors_release(&unused);
    return found;
}

char *oh_cli_take_row(char *word)
{
    size_t len = strlen(word);
    char *open = strrchr(word, '[');
    if (!open || open == word || word[len - 1] != ']' || oh_file_exists(word))
        return NULL;
    word[len - 1] = '\0';
    *open = '\0';
    return open + 1;
}

char *oh_cli_scenario_path(const char *word)
{
    static const char *const endings[] = {"", ".yaml"};
    char *found = NULL, *folder = oh_cli_data("scenarios");
    bool is_id = *word && *word != '/' && !oh_file_exists(word);
    for (size_t i = 0; is_id && !found && i < sizeof endings / sizeof *endings; i++) {
        char *name = oh_format("%s%s", word, endings[i]);
        char *path = oh_file_join(folder, name);
        if (oh_file_exists(path))
            found = path;
        else
            free(path);
        free(name);
    }
    free(folder);
    return found ? found : oh_strdup(word);
}

int oh_cli_check_row(const char *path, const char *row, struct oh_error *e)
{
    if (!row || !oh_file_is_folder(path))
        return 0;
    oh_error_set(e, "'%s' is a folder, and only a file has a row '%s'", path, row);
    return oh_error_remedy(e, "name the file: '%s/...[%s]'", path, row);
}

char **oh_cli_files(char *word, char **row, struct oh_error *e)
{
    *row = oh_cli_take_row(word);
    char *path = oh_cli_scenario_path(word);
    char **files = oh_cli_check_row(path, *row, e) == 0 ? oh_file_list(path, ".yaml", e) : NULL;
    free(path);
    return files;
}

static void tell_rows(const struct oh_scenario_set *set, const char *row, struct oh_error *e)
{
    struct oh_text list = {0};
    const char **names = oh_alloc((set->count + 1) * sizeof *names);
    for (size_t i = 0; i < set->count && set->scenarios[i]->row; i++) {
        names[i] = set->scenarios[i]->row;
        oh_text_addf(&list, "%s%s", i ? ", " : "", names[i]);
    }
    const char *near = oh_nearest_word(row, names);
    if (near)
        oh_error_remedy(e, "did you mean '[%s]'? Its rows are: %s", near, oh_text_str(&list));
    else if (list.len)
        oh_error_remedy(e, "its rows are: %s", oh_text_str(&list));
    else
        oh_error_remedy(e, "it is no table: leave '[%s]' out", row);
    oh_text_release(&list);
    free(names);
}

static bool is_row(const struct oh_scenario *s, const char *row)
{
    return s->row && strcmp(s->row, row) == 0;
}

struct oh_scenario_set *oh_cli_load_rows(const char *path, const char *row,
                                         const struct oh_param *values, size_t value_count,
                                         struct oh_errors *errors)
{
    struct oh_scenario_set *set = oh_scenario_set_load(path, values, value_count, errors);
    size_t kept = 0;
    for (size_t i = 0; row && set && i < set->count; i++)
        kept += is_row(set->scenarios[i], row);
    if (!row || !set)
        return set;
    if (kept == 0) {
        struct oh_error *e = oh_errors_add(errors);
        oh_error_at(e, path, (struct oh_place){0}, "it has no row '%s'", row);
        tell_rows(set, row, e);
        oh_scenario_set_free(set);
        return NULL;
    }
    kept = 0;
    for (size_t i = 0; i < set->count; i++) {
        struct oh_scenario *s = oh_scenario_set_take(set, i);
        if (is_row(s, row))
            set->scenarios[kept++] = s;
        else
            oh_scenario_free(s);
    }
    set->count = kept;
    return set;
}

struct oh_scenario_set *oh_cli_load_word(const char *word, struct oh_errors *errors)
{
    char *name = oh_strdup(word), *row = oh_cli_take_row(name), *path = oh_cli_scenario_path(name);
    struct oh_scenario_set *set = oh_cli_load_rows(path, row, NULL, 0, errors);
    free(name);
    free(path);
    return set;
}
