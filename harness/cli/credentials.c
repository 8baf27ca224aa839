#include "cli/credentials.h"

#include "scenario/yaml.h"

#include <stdlib.h>
#include <string.h>

static void read_text(struct oh_yaml_reader *r, const struct oh_yaml_node *value, char **to)
{
    if (!*oh_yaml_scalar(value))
        oh_yaml_mistake(r->y, value, r->errors, "this is empty");
    free(*to);
    *to = oh_strdup(oh_yaml_scalar(value));
}

static void read_username(struct oh_yaml_reader *r, const struct oh_yaml_node *v, void *target)
{
    read_text(r, v, &((struct oh_run_secret *)target)->username);
}

static void read_password(struct oh_yaml_reader *r, const struct oh_yaml_node *v, void *target)
{
    struct oh_run_secret *s = target;
    (void)r; /* a password may be empty */
    free(s->password);
    s->password = oh_strdup(oh_yaml_scalar(v));
}

static void read_seat(struct oh_yaml_reader *r, const struct oh_yaml_node *v, void *target)
{
    read_text(r, v, &((struct oh_run_secret *)target)->seat);
}

static const struct oh_yaml_field item_fields[] = {
    {"username", OH_YAML_SCALAR, true, read_username, "as it stands in Authorization"},
    {"password", OH_YAML_SCALAR, true, read_password, "its password"},
    {"seat", OH_YAML_SCALAR, false, read_seat, "in secrets.json of a run; not looked at"},
    {0}};

static bool is_known(const struct oh_credentials *c, const char *username)
{
    for (size_t i = 0; username && i + 1 < c->count; i++) {
        if (c->items[i].username && strcmp(c->items[i].username, username) == 0)
            return true;
    }
    return false;
}

static void read_items(struct oh_yaml_reader *r, const struct oh_yaml_node *list, void *target)
{
    struct oh_credentials *c = target;
    for (size_t i = 0; i < oh_yaml_count(list); i++) {
        const struct oh_yaml_node *node = oh_yaml_item(list, i);
        if (oh_yaml_kind(node) != OH_YAML_MAP) {
            struct oh_error *e = oh_yaml_mistake(r->y, node, r->errors,
                                                 "credentials are a user name and a password");
            oh_error_remedy(e, "write '- username: NAME' and below it 'password: WORD'");
            continue;
        }
        oh_grow(&c->items, c->count, &c->room, sizeof *c->items);
        c->items[c->count++] = (struct oh_run_secret){0};
        oh_yaml_read_map(r, node, "an entry", item_fields, &c->items[c->count - 1]);
        if (is_known(c, c->items[c->count - 1].username))
            oh_yaml_mistake(r->y, node, r->errors, "the user name '%s' stands here twice",
                            c->items[c->count - 1].username);
    }
    if (oh_yaml_count(list) == 0)
        oh_yaml_mistake(r->y, list, r->errors, "this list is empty");
}

static void read_format(struct oh_yaml_reader *r, const struct oh_yaml_node *value, void *target)
{
    (void)target;
    if (strcmp(oh_yaml_scalar(value), "offhook-secrets/1") != 0)
        oh_yaml_mistake(r->y, value, r->errors, "format '%s' is not known here",
                        oh_yaml_scalar(value));
}

static const struct oh_yaml_field file_fields[] = {
    {"credentials", OH_YAML_LIST, true, read_items, "user names and passwords"}, {0}};
static const struct oh_yaml_field secrets_fields[] = {
    {"format", OH_YAML_SCALAR, true, read_format, "offhook-secrets/1"},
    {"secrets", OH_YAML_LIST, true, read_items, "user names and passwords"},
    {0}};

static bool has_key(const struct oh_yaml_node *map, const char *word)
{
    for (size_t i = 0; i < oh_yaml_count(map); i++) {
        const struct oh_yaml_node *key = oh_yaml_key(map, i);
        if (oh_yaml_kind(key) == OH_YAML_SCALAR && strcmp(oh_yaml_scalar(key), word) == 0)
            return true;
    }
    return false;
}

static void read_file(struct oh_yaml_reader *r, struct oh_credentials *c)
{
    const struct oh_yaml_node *root = oh_yaml_root(r->y);
    bool is_map = oh_yaml_kind(root) == OH_YAML_MAP;
    if (is_map && has_key(root, "secrets")) {
        oh_yaml_read_map(r, root, "secrets.json", secrets_fields, c);
    } else if (is_map) {
        oh_yaml_read_map(r, root, "a file of credentials", file_fields, c);
    } else {
        struct oh_error *e = oh_yaml_mistake(r->y, root, r->errors,
                                             "a file of credentials begins with 'credentials:'");
        oh_error_remedy(e, "below it, '- username: NAME' and 'password: WORD' for each");
    }
}

void oh_credentials_release(struct oh_credentials *c)
{
    for (size_t i = 0; i < c->count; i++) {
        free(c->items[i].seat);
        free(c->items[i].username);
        free(c->items[i].password);
    }
    free(c->items);
    *c = (struct oh_credentials){0};
}

int oh_credentials_load(const char *file, struct oh_credentials *c, struct oh_errors *errors)
{
    size_t before = errors->count;
    struct oh_yaml *y = oh_yaml_load(file, errors);
    *c = (struct oh_credentials){0};
    if (!y)
        return -1;
    struct oh_yaml_reader reader = {y, errors};
    read_file(&reader, c);
    oh_yaml_sort_mistakes(errors, before);
    oh_yaml_free(y);
    if (errors->count == before)
        return 0;
    oh_credentials_release(c);
    return -1;
}
