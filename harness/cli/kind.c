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
